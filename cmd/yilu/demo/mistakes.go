package demo

import (
	"fmt"

	"yilu/ledger"
)

// The mistakes of the year. Each was honest, was seen by somebody, and was put
// right by an entry that names the wrong one; both stay in the book.
//
//	January    a fund typed in 元 where 万元 was meant     sent back, entered anew
//	           a project listed twice                      reversed
//	           money given to the wrong project            reversed, given to the right one
//	February   a tender announced with a wrong deadline    reversed, announced anew
//	           a tender with two bidders                   failed, announced anew
//	March      a contract with a slip in its amount        reversed, signed anew
//	           a payment asked for twice                   sent back as a duplicate
//	           a payment asked for without its papers      withdrawn
//	June       20 households' cards misspelt               returned by the bank, paid anew
//	           an acceptance that failed                   mended, passed
//
// The numbers are the positions of the works projects they happened to.
const (
	doubledProject   = 2
	duplicatePayment = 3
	misledProject    = 14
	misledTo         = 15
	wrongDeadline    = 10
	failedTender     = 16
	withdrawnPayment = 19
	mistypedContract = 22
	failedAcceptance = 25
	// forgottenAccounts never filed its final accounts, and nobody noticed but a rule.
	forgottenAccounts = 30
)

// reversal is the entry that takes back another (红字冲销).
func reversal(on ledger.Date, by ledger.By, target, reason string) act {
	a := newAct(on, by, target+".reversed", &ledger.EntryReversed{Reason: reason})
	a.corrects = idPrefix + target
	return a
}

// correcting marks an act as the right entry in place of a reversed one.
func correcting(a act, target string) act {
	a.corrects = idPrefix + target
	return a
}

// tellMistakes tells those that are not part of another story.
func (y *year) tellMistakes(works []*works, grants []*grants) {
	y.mistakeUnit()
	y.listTwice(works[doubledProject].project)
	y.announceWrongly(works[wrongDeadline])
	y.payTwice(works[duplicatePayment])
	y.payTooEarly(works[withdrawnPayment])
	for i, n := range []int{7, 7, 6} {
		y.returnLines(grants[4*i+1], n)
	}
}

// mistakeUnit enters the first fund as 1245 yuan instead of 万元.
func (y *year) mistakeUnit() {
	wrong := received(centralFund)
	wrong.Amount = yuan(1245)
	y.reject("taizhang", "资金台账", "amount", newAct("2020-01-06", financeMaker, "F.received."+wrong.Fund+".wrong", wrong))
}

// listTwice puts a project into the library a second time.
func (y *year) listTwice(p *project) {
	id := p.id + "-CF"
	y.post("2020-01-07", p.by(), id+".listed", &ledger.ProjectListed{
		Project: id, Name: p.name, Type: p.kind, Subtype: p.subtype, Content: p.content, Nature: "新建",
		Place: p.place, PlaceName: p.placeName, Unit: p.unit, Estimate: p.budget(),
	})
	y.submit("gengzheng", "更正：重复入库", reversal("2020-01-08", p.by(), id+".listed", "duplicate"))
}

// allocateWrongly gives a project's money to its neighbour, which has not got its
// own yet, and puts that right.
func (y *year) allocateWrongly(p *project) {
	h := &p.holdings[0]
	wrong := allocation(p, 0, "2020-01-14", h.budget)
	wrong.Project = y.misledTo.id
	entry := p.id + ".allocated.wrong"
	y.submit("fenpei", "项目资金分配", newAct("2020-01-14", financeMaker, entry, wrong))
	h.given = h.budget
	right := newAct("2020-01-16", financeMaker, p.id+".allocated1", allocation(p, 0, "2020-01-16", h.budget))
	y.submit("gengzheng", "更正：分配到错误项目", reversal("2020-01-16", financeMaker, entry, "project"), correcting(right, entry))
}

// announceWrongly announces a tender with a window that is too short, and takes
// the announcement back before anybody bid.
func (y *year) announceWrongly(w *works) {
	l := lot{project: w.project, id: w.id + "-ZB0", method: "open", category: "works", estimate: w.estimate}
	y.add(y.explained("fact", announcement(l, "2020-02-06", "2020-02-20"), "T07")...)
	y.submit("gengzheng", "更正：投标截止时间", reversal("2020-02-06", w.by(), l.id+".announced", "date"))
}

// failTender tells a tender that only two firms came to, and leaves the lot to be
// announced once more.
func (y *year) failTender(l *lot) {
	y.announce(*l, "2020-01-15", "2020-02-10")
	y.bid(*l, "2020-02-10", 2)
	y.bidAlike(*l, "2020-02-10")
	y.post("2020-02-10", l.project.by(), l.id+".failed", &ledger.TenderFailed{Tender: l.id, Reason: "bidders"})
	l.id += "2"
}

// mistypeContract records a contract with two digits in the wrong order, and
// signs the right one under a new number.
func (y *year) mistypeContract(w *works, k *contract, body ledger.ContractSigned) {
	on := w.schedule.signed
	wrong := body
	wrong.Amount -= yuan(27_000)
	entry := wrong.Contract + ".signed"
	y.submit("hetong", "施工合同备案", y.explained("agreed", y.contractAct(on, w.project, *k, wrong), "C03")...)
	k.id += "2"
	body.Contract = k.id
	on = workdays(on, 2)
	y.submit("gengzheng", "更正：合同金额录入错误", reversal(on, w.by(), entry, "amount"), correcting(y.contractAct(on, w.project, *k, body), entry))
}

// payTwice asks once more for an advance that was paid; the checker sees it.
func (y *year) payTwice(w *works) {
	on := workdays(payday(after(w.schedule.started, 2)), 3)
	id := w.id + "-Z1C"
	again := paymentAct(on, id, w.project, w.contract, &ledger.PaymentRequested{
		Stage: "advance", Amount: share(w.contract.signed, 30, 100), Fund: fundLines[w.holdings[0].line].id, Purpose: "预付款"})
	y.add(y.explained("other", again, "P04", "P08", "P13")...)
	y.post(workdays(on, 1), financeChecker, id+".rejected", &ledger.PaymentRejected{Payment: id, Reason: "duplicate"})
}

// payTooEarly asks for progress money before the papers are there, and takes the
// request back.
func (y *year) payTooEarly(w *works) {
	on := workdays(payday(after(w.schedule.started, 2)), 4)
	id := w.id + "-Z1C"
	early := paymentAct(on, id, w.project, w.contract, &ledger.PaymentRequested{
		Stage: "progress", Amount: share(w.contract.signed, 20, 100), Fund: fundLines[w.holdings[0].line].id, Purpose: "进度款"})
	y.add(y.explained("other", early, "P04", "P08")...)
	y.submit("gengzheng", "更正：支付申请资料不全", reversal(workdays(on, 1), financeMaker, id+".requested", "incomplete"))
}

// failAcceptance has the county send works back, which pass three weeks later.
func (y *year) failAcceptance(w *works) {
	c := &w.schedule
	y.post(c.county, w.by(), w.id+".accepted.failed", &ledger.AcceptanceFailed{
		Project: w.id, Level: "county", Conclusion: "路面平整度不足、三处裂缝，限期返工", Files: []ledger.File{paper(w.id + "验收整改通知")}})
	y.post(workdays(c.county, 14), w.by(), w.id+".completed2", &ledger.WorksCompleted{Project: w.id, Content: "返工完成：" + w.content})
	c.county = workdays(c.county, 19)
	c.settled = workdays(c.county, 10)
}

// reissuedCards begins the numbers of the cards that replace the misspelt ones.
const reissuedCards = 50_000

// returnLines has the bank send back n lines of a township's first batch, whose
// households get their money by a new batch with their cards put right.
func (y *year) returnLines(g *grants, n int) {
	batch := g.id + "-P1"
	on := paidOut(workdays(g.item.days[0], g.townIndex()%5), batch)
	again := grantBatch{fund: fundLines[g.holdings[0].line].id}
	for i := range n {
		at := 5 + 13*i
		l := g.rounds[0][at]
		l.account = Card(reissuedCards + l.number)
		again.lines, again.sum = append(again.lines, l), again.sum+l.amount()
		y.post(workdays(on, 3), treasury, fmt.Sprintf("%s.returned%d", batch, i+1), &ledger.PaymentReturned{
			Payment: batch, Line: ledger.Count(at + 1), Amount: l.amount(), Reason: "account"})
	}
	y.batch(workdays(on, 8), batch+"BF", g, again)
}
