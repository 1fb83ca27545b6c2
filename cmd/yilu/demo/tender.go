package demo

import (
	"fmt"

	"yilu/ledger"
)

const platform = "公共资源交易平台（演示）"

// lot is what one tender buys.
type lot struct {
	project          *project
	id               string
	method, category string
	estimate         ledger.Amount
	market           []firm
}

// offer is one firm's bid.
type offer struct {
	firm
	amount ledger.Amount
}

// tender tells a lot from its announcement to its award, which goes to the
// lowest bid.
func (y *year) tender(l lot, c schedule) offer {
	y.announce(l, c.announced, c.deadline)
	bids := y.bid(l, c.deadline, y.between(3, 6))
	if l.project.id == cameLate {
		y.comeLate(l, c.deadline, bids[0])
	}
	y.open(l, c.deadline)
	y.nameCandidates(l, c.candidates, bids)
	y.award(l, c.awarded, bids[0])
	return bids[0]
}

func (y *year) announce(l lot, on, deadline ledger.Date) { y.add(announcement(l, on, deadline)) }

func announcement(l lot, on, deadline ledger.Date) act {
	return newAct(on, l.project.by(), l.id+".announced", &ledger.TenderAnnounced{
		Tender: l.id, Project: l.project.id, Name: l.project.name, Method: l.method, Category: l.category, Estimate: l.estimate, Ceiling: l.estimate,
		Deadline: ledger.Instant(clock(deadline, 9, 30)), Platform: platform, SaleFrom: on, SaleTo: after(on, 7),
	})
}

// bid has n firms bid, lowest first: the winner 8 to 14 % below the ceiling, the
// others unevenly up to it, none within a percent of the next.
func (y *year) bid(l lot, on ledger.Date, n int) []offer {
	low := y.between(860_000, 920_000)
	var bids []offer
	for i, f := range y.bidders(l.market, n) {
		ratio := low
		if i > 0 {
			step := (988_000 - low) / (n - 1)
			ratio += step*i - y.between(0, step/3)
		}
		bids = append(bids, offer{f, share(l.estimate, int64(ratio), 1_000_000) + ledger.Amount(y.between(1, 99))})
	}
	for i, k := range y.rand.Perm(n) {
		at := clock(on, 9, 25).AddDate(0, 0, -i%3).Add(-minutes(y.between(5, 70)))
		y.post(on, l.project.by(), fmt.Sprintf("%s.bid%d", l.id, i+1), &ledger.TenderBid{
			Tender: l.id, Bidder: bids[k].Party, Amount: bids[k].amount, At: ledger.Instant(at), Bond: share(l.estimate, 15, 1000) / 10_000 * 10_000, BondPayer: bids[k].Party})
	}
	return bids
}

// open opens the bids at the deadline, as the law has it.
func (y *year) open(l lot, on ledger.Date) { y.add(opening(l, on)) }

func opening(l lot, on ledger.Date) act {
	members := ledger.Count(5)
	if l.estimate >= wan(400) {
		members = 7
	}
	return newAct(on, l.project.by(), l.id+".opened", &ledger.TenderOpened{
		Tender: l.id, At: ledger.Instant(clock(on, 9, 30)), Members: members, Experts: members - 1, Place: "公共资源交易中心（演示）"})
}

func (y *year) nameCandidates(l lot, on ledger.Date, bids []offer) {
	var named []ledger.Candidate
	for _, b := range bids[:min(3, len(bids))] {
		named = append(named, ledger.Candidate{Bidder: b.Party, Amount: b.amount})
	}
	y.post(on, l.project.by(), l.id+".candidates", &ledger.TenderCandidates{Tender: l.id, Candidates: named, Reported: on})
}

func (y *year) award(l lot, on ledger.Date, best offer) {
	award := newAct(on, l.project.by(), l.id+".awarded", &ledger.TenderAwarded{
		Tender: l.id, Winner: best.Party, Amount: best.amount, Files: []ledger.File{paper(l.id + "中标通知书")}})
	acts := []act{award}
	if l.project.id == cameLate {
		acts = y.explained("fact", award, "B12")
	}
	y.add(acts...)
	y.file(on, l.project, 18, "招标实施手续")
}
