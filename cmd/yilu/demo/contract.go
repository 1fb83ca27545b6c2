package demo

import (
	"fmt"
	"time"

	"yilu/ledger"
)

func minutes(n int) time.Duration { return time.Duration(n) * time.Minute }

// contract is a contract of the story and how much was asked for under it.
type contract struct {
	firm
	id string
	// signed is the first amount, amount with changes, asked what was requested.
	signed, amount, asked ledger.Amount
	// payments counts requests, for their ids.
	payments int
}

// sign has the contract signed at the price of the award, with a plan of the
// works' days.
func (y *year) sign(i int, w *works, tender string, k contract) *contract {
	c := w.schedule
	k.id, k.signed = w.id+"-HT", k.amount
	body := ledger.ContractSigned{
		Contract: k.id, Project: w.id, Tender: tender, Name: w.name + "施工合同", Supplier: k.Party, Amount: k.amount,
		Start: c.started, Finish: "2020-06-30", Retention: "3", Pricing: "lump", PaymentDays: 30, LabourShare: "18", LabourMonths: 1, WageAccount: true, SME: i == paidLate, Files: []ledger.File{paper(k.id + "合同")},
	}
	if i == mistypedContract {
		y.mistypeContract(w, &k, body)
	} else {
		y.submit("hetong", "施工合同备案", y.contractAct(c.signed, w.project, k, body))
	}
	y.file(workdays(c.signed, 2), w.project, 20, "施工合同")
	return &k
}

// contractAct is the entry of a contract; the supplier's account is sealed.
func (y *year) contractAct(on ledger.Date, p *project, k contract, body ledger.ContractSigned) act {
	a := newAct(on, p.by(), body.Contract+".signed", &body)
	a.Sealed = map[string]string{"payee_account": k.account, "payee_bank": k.bank}
	return a
}

// pay asks for money under a contract on the next pay day, and has it approved
// and paid on the two days after. It returns the day it was paid.
func (y *year) pay(from ledger.Date, p *project, k *contract, stage string, a ledger.Amount) ledger.Date {
	on := payday(from)
	k.asked += a
	k.payments++
	for n, d := range p.draw(a) {
		id := fmt.Sprintf("%s-Z%d", p.id, k.payments)
		if n > 0 {
			id += "b"
		}
		y.submit("zhifu", "资金支付申请", paymentAct(on, id, p, k, &ledger.PaymentRequested{
			Stage: stage, Amount: d.amount, Fund: fundLines[d.line].id, Purpose: ledger.PayStages.Name(stage).Zh}))
		y.post(workdays(on, 2), treasury, id+".paid", &ledger.PaymentPaid{Payment: id, Voucher: voucher(id)})
	}
	return workdays(on, 2)
}

// paymentAct fills in what all requests to a firm share.
func paymentAct(on ledger.Date, id string, p *project, k *contract, body *ledger.PaymentRequested) act {
	body.Payment, body.Project, body.Contract, body.Payee = id, p.id, k.id, k.Party
	body.FunctionCode, body.Method = functionCode, "direct"
	if body.EconomicCode == "" {
		body.EconomicCode = p.economic
	}
	body.Files = []ledger.File{paper(id + "拨付申请书"), paper(id + "发票")}
	a := newAct(on, financeMaker, id+".requested", body)
	a.Sealed = map[string]string{"payee_account": k.account, "payee_bank": k.bank}
	return a
}

// voucher is the treasury's number of a payment.
func voucher(payment string) string { return "PZ-" + payment }

// build tells the works: start, advance, two stages of progress, the end.
func (y *year) build(i int, w *works) {
	by, c, k := w.by(), w.schedule, w.contract
	y.post(c.started, by, w.id+".started", &ledger.WorksStarted{Project: w.id, Contract: k.id})
	y.pay(after(c.started, 2), w.project, k, "advance", share(k.amount, 30, 100))
	if i%9 == 4 {
		y.amend(w, after(c.started, 33), k)
	}
	days := int(timeOf(c.completed).Sub(timeOf(c.started)).Hours()) / 24
	for n, part := range []int{46, 84} {
		on := workday(after(c.started, days*part/100))
		percent := []int{y.between(50, 58), y.between(84, 92)}[n]
		y.post(on, by, fmt.Sprintf("%s.progress%d", w.id, n+1), &ledger.WorksProgressed{
			Project: w.id, Percent: ledger.Count(percent), Value: share(k.amount, int64(percent), 100),
			Content: fmt.Sprintf("完成工程量的%d%%", percent), Files: []ledger.File{paper(fmt.Sprintf("%s进度照片%d", w.id, n+1))}})
		upTo := []int64{52, 78}[n]
		y.pay(after(on, 2), w.project, k, "progress", share(k.amount, upTo, 100)-k.asked)
	}
	y.post(c.completed, by, w.id+".completed", &ledger.WorksCompleted{Project: w.id, Content: "已完成：" + w.content})
	y.file(c.completed, w.project, 24, "施工前中后照片")
}

// amend lets a contract grow a little for work that turned out to be needed.
func (y *year) amend(w *works, on ledger.Date, k *contract) {
	on = workday(on)
	a := share(k.amount, int64(y.between(28, 74)), 1000)
	k.amount += a
	y.submit("biangeng", "合同变更备案", newAct(on, w.by(), k.id+".amended", &ledger.ContractAmended{
		Contract: k.id, Amount: a, Document: "补充协议（演示）" + w.id, Reason: "plan", Files: []ledger.File{paper(k.id + "补充协议")}}))
}

// close tells acceptance by township and county, settlement, the final payment,
// and what the county has in the end.
func (y *year) close(i int, w *works) {
	by, c, k := w.by(), w.schedule, w.contract
	y.post(c.township, by, w.id+".accepted.township", &ledger.AcceptancePassed{
		Project: w.id, Level: "township", Conclusion: "乡镇初验合格", Acceptors: acceptors(w.project), Files: []ledger.File{paper(w.id + "初验表")}})
	if i == failedAcceptance {
		y.failAcceptance(w)
		c = w.schedule
	}
	y.post(c.county, by, w.id+".accepted.county", &ledger.AcceptancePassed{
		Project: w.id, Level: "county", Conclusion: "工程量属实，质量合格", Acceptors: acceptors(w.project), Files: []ledger.File{paper(w.id + "竣工验收表")}})
	y.file(c.county, w.project, 23, "竣工验收表")
	settled := share(k.amount, int64(y.between(9_610, 9_990)), 10_000)
	y.submit("shending", "结算审核", newAct(c.settled, by, k.id+".settled", &ledger.SettlementAudited{
		Contract: k.id, Amount: settled, Auditor: pick(y.story, auditors).Party, Document: "审字（演示）" + w.id, Files: []ledger.File{paper(w.id + "结算审核报告")}}))
	y.file(workdays(c.settled, 1), w.project, 25, "结算审核报告")
	pays := workdays(c.settled, 2)
	if i == paidLate {
		pays = workdays(c.settled, 20)
	}
	y.pay(pays, w.project, k, "final", share(settled, 97, 100)-k.asked)
	y.post(workdays(c.settled, 6), by, w.id+".asset", &ledger.AssetRegistered{
		Asset: w.id + "-ZC", Project: w.id, Name: w.name, Class: w.sort.asset, Owner: w.placeName + "集体", Keeper: w.placeName + "村委会", Place: w.place, Value: settled})
	y.file(workdays(c.settled, 6), w.project, 26, "确权移交书")
	if i != forgottenAccounts {
		y.file(workdays(c.settled, 8), w.project, 22, "竣工财务决算表")
	}
	k.amount = settled
	if w.sort.price == 3_180 { // lamps are guaranteed for half a year only
		y.pay("2020-12-14", w.project, k, "retention", settled-k.asked)
	}
	w.keep = settled - k.asked
}

// acceptors are who accepts works: the offices that watch over them, and the village's
// own people.
func acceptors(p *project) []ledger.Party {
	return []ledger.Party{{Name: "襄城县扶贫办（演示）"}, {Name: "襄城县财政局（演示）"}, {Name: p.placeName + "村务监督委员会"}}
}
