package demo

import "yilu/ledger"

// What an auditor is shown at work. Each was tried or done in good faith, was held or
// flagged by a rule, and came to nothing unless it says that it stands:
//
//	January    a project approved that is in no library    taken back (J01)
//	February   a hospital's works offered to three firms   taken back, tendered (T01)
//	           two firms at one price, bonds from one      opened with two, failed (B01, B03, B20)
//	           account
//	           more allocated than the fund has            refused (A01)
//	           a winner's bid a minute after the deadline  explained, and stands (B12)
//	           a household's grant of the month once more  refused (E03)
//	March      a contract grown by a third                 taken back (C04, J09)
//	           most of a contract asked for too early      sent back (P05)
//	           progress paid to a township's finance       sent back (P09, P24, D10), its
//	           office, for patients by their illness       own officer's approval refused (L09)
//	           more asked than the contract, the project   refused (P01, P02, P12)
//	           or the invoice has, and money dated before  refused (P03)
//	           the contract
//	           a contract's notice copied by a portal      stands (D04)
//	           with a slip in its total
//	August     a small firm not paid in thirty days        paid late (P27)
//	all year   a township's works offered to chosen firms  stand (T02)
//	           in four lots, each below the limit and
//	           together above it
const (
	// boughtApart is the fourth of them.
	boughtApart = "GC2020-038"
	// paidAhead is asked for most of its money before there are works.
	paidAhead = 41
	// cameLate is the project whose winner came late, paidLate the works whose small firm
	// was.
	cameLate = "GC2020-044"
	paidLate = 44
	// overAsked is asked for more than there is.
	overAsked = 40
	// miscopied is the contract whose notice a portal copied with a slip.
	miscopied = "GC2020-002-HT.signed"
	// hospital is the first of the county's works.
	hospital = 52
)

// tellFlagged tells them, but for the tender that failed.
func (y *year) tellFlagged(works []*works, grants []*grants) {
	y.approveUnlisted(works[doubledProject].project)
	y.offerPrivately(works[hospital])
	y.growContract(works[hospital])
	y.payOffice(works[hospital])
	y.payAhead(works[paidAhead])
	y.askTooMuch(works[overAsked])
	y.grantTwice(grants[0])
}

// approveUnlisted approves a project by the number of another plan, which is in no
// library.
func (y *year) approveUnlisted(p *project) {
	plan := p.approval()
	plan.Project, plan.Files = "WR2020-01", []ledger.File{paper("补报项目批复")}
	entry := plan.Project + ".approved"
	y.submit("pifu", "补报项目批复", y.explained("approved", newAct("2020-01-10", reliefMaker, entry, plan), "J01")...)
	y.submit("gengzheng", "更正：未入库项目", reversal("2020-01-14", reliefMaker, entry, "project"))
}

// offerPrivately offers works beyond the limit of compulsory tender to chosen firms.
func (y *year) offerPrivately(w *works) {
	l := lot{project: w.project, id: w.id + "-ZB0", method: "negotiation", category: "works", estimate: w.estimate}
	y.add(y.explained("other", announcement(l, "2020-02-06", "2020-02-27"), "T01")...)
	y.submit("gengzheng", "更正：应当招标", reversal("2020-02-06", w.by(), l.id+".announced", "other"))
}

// bidAlike has the last of the two who bid that day offer what the other does, with a bond
// from the other's account, and opens their bids though they are too few.
func (y *year) bidAlike(l lot, on ledger.Date) {
	d := y.day(on)
	one, other := d.acts[len(d.acts)-2], d.acts[len(d.acts)-1]
	first, second := one.Body.(*ledger.TenderBid), other.Body.(*ledger.TenderBid)
	second.Amount, second.BondPayer = first.Amount, first.BondPayer
	d.acts = append(d.acts[:len(d.acts)-1], y.explained("fact", other, "B20")...)
	y.add(y.explained("fact", opening(l, on), "B01")...)
}

// comeLate has the winner's bid come a minute after the deadline.
func (y *year) comeLate(l lot, on ledger.Date, winner offer) {
	for _, a := range y.day(on).acts {
		if b, ok := a.Body.(*ledger.TenderBid); ok && b.Tender == l.id && b.Bidder == winner.Party {
			b.At = ledger.Instant(clock(on, 9, 31))
		}
	}
}

// copyWrongly has the county's portal copy a notice with a slip in its total.
func (y *year) copyWrongly(on ledger.Date, id string, by ledger.By, of announced) {
	of.copied, of.slip = "襄城县人民政府门户网站（演示）", yuan(9_000)
	a := newAct(on, by, id+"F.posted", &ledger.NoticePosted{Notice: id + "F"})
	a.notice = &of
	y.day(on).notices = append(y.day(on).notices, a)
}

// grantTwice has a household stand in a second batch of the same month.
func (y *year) grantTwice(g *grants) {
	line := g.rounds[0][0]
	on := workdays(g.item.days[0], g.townIndex()%5+2)
	y.try(on, "E03", batchActs(on, g.id+"-P1C", g, grantBatch{fund: fundLines[g.holdings[0].line].id, lines: []grantLine{line}, sum: line.amount()})...)
}

// growContract has a supplement approved of a third of the contract.
func (y *year) growContract(w *works) {
	k, on := w.contract, workdays(w.schedule.started, 8)
	entry := k.id + ".grown"
	y.submit("biangeng", "合同变更备案", y.explained("agreed", newAct(on, w.by(), entry, &ledger.ContractAmended{
		Contract: k.id, Amount: share(k.signed, 33, 100), Document: "补充协议（演示）" + w.id + "-2", Reason: "design", Files: []ledger.File{paper(k.id + "补充协议2")}}), "C04", "J09", "C12")...)
	y.submit("gengzheng", "更正：补充协议未经批准", reversal(workdays(on, 2), w.by(), entry, "design"))
}

// payOffice asks to pay the works' progress to the township's finance office, with words
// that nobody's neighbours should read.
func (y *year) payOffice(w *works) {
	on := workdays(payday(after(w.schedule.started, 2)), 5)
	id := w.id + "-Z1C"
	ask := paymentAct(on, id, w.project, w.contract, &ledger.PaymentRequested{
		Stage: "progress", Amount: share(w.contract.signed, 10, 100), Fund: fundLines[w.holdings[0].line].id, Purpose: "精神病患者病区改造进度款"})
	ask.Body.(*ledger.PaymentRequested).Payee = ledger.Party{Name: w.town.Name + "财政所（演示）"}
	ask.Sealed = map[string]string{"payee_account": "41001530000000000990", "payee_bank": "演示银行"}
	y.add(y.explained("other", ask, "P04", "P08", "P09", "P24", "D10")...)
	own := financeMaker
	own.Role = ledger.Checker
	y.try(on, "L09", newAct(on, own, id+".own", &ledger.PaymentApproved{Payment: id}))
	y.post(workdays(on, 1), financeChecker, id+".rejected", &ledger.PaymentRejected{Payment: id, Reason: "payee"})
}

// payAhead asks for most of a contract's money when the works have hardly begun.
func (y *year) payAhead(w *works) {
	on := workdays(payday(after(w.schedule.started, 2)), 5)
	id := w.id + "-Z1C"
	ask := paymentAct(on, id, w.project, w.contract, &ledger.PaymentRequested{
		Stage: "progress", Amount: share(w.contract.signed, 55, 100), Fund: fundLines[w.holdings[0].line].id, Purpose: "进度款"})
	y.add(y.explained("other", ask, "P04", "P08")...)
	y.post(workdays(on, 1), financeChecker, id+".rejected", &ledger.PaymentRejected{Payment: id, Reason: "incomplete"})
}

// askTooMuch asks for more than there is, of each kind, and too early, and allocates more
// than came.
func (y *year) askTooMuch(w *works) {
	y.try("2020-02-03", "A01", newAct("2020-02-03", financeMaker, w.id+".A01", allocation(w.project, 0, "2020-02-03", wan(20_000))))
	on := workdays(payday(after(w.schedule.started, 2)), 6)
	ask := func(code string, dated ledger.Date, contract string, a ledger.Amount, bill ledger.Invoice) {
		asked := paymentAct(dated, w.id+"-"+code, w.project, w.contract, &ledger.PaymentRequested{
			Stage: "progress", Amount: a, Fund: fundLines[w.holdings[0].line].id, Purpose: "进度款", Invoice: bill})
		asked.Body.(*ledger.PaymentRequested).Contract = contract
		y.try(on, code, asked)
	}
	ask("P01", on, w.contract.id, w.contract.signed+1, ledger.Invoice{})
	ask("P02", on, "", w.holdings[0].budget+1, ledger.Invoice{})
	ask("P03", after(w.schedule.signed, -1), w.contract.id, yuan(10_000), ledger.Invoice{})
	ask("P12", on, w.contract.id, yuan(10_000)+1, ledger.Invoice{Amount: yuan(10_000), Number: "20200990", Code: "041001900104"})
}
