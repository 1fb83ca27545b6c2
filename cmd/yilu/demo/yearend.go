package demo

import (
	"fmt"

	"yilu/ledger"
)

// tellYearEnd tells a second plan in October, of seven purchases that stand at
// seven different points when the year ends, and what waits in the library for
// the next year.
func (y *year) tellYearEnd() {
	var late []lot
	for n := range 7 {
		late = append(late, y.planLate(n+1))
	}
	y.announce(late[1], "2020-12-14", "2021-01-05")
	y.announce(late[2], "2020-12-02", "2020-12-24")
	y.bid(late[2], "2020-12-24", 4)
	y.open(late[2], "2020-12-24")
	y.announce(late[3], "2020-11-30", "2020-12-22")
	bids := y.bid(late[3], "2020-12-22", 3)
	y.open(late[3], "2020-12-22")
	y.nameCandidates(late[3], "2020-12-23", bids)
	y.tender(late[4], schedule{announced: "2020-11-24", deadline: "2020-12-16", candidates: "2020-12-17", awarded: "2020-12-22"})
	y.buy(late[5], "2020-12-01", "")
	y.buy(late[6], "2020-11-24", "2020-12-22")
	y.leaveOpen(late[1].project)
	for n := range 6 {
		y.listNextYear(n)
	}
}

// planLate lists, approves and funds one of the late projects.
func (y *year) planLate(n int) lot {
	t := y.towns[2*n]
	v := t.poor()[0]
	a := wan(int64(y.between(28, 46)))
	p := &project{
		id: fmt.Sprintf("BC2020-%02d", n), kind: "industry", subtype: "加工业", name: t.Name + v.name + "扶贫车间设备购置项目",
		content: fmt.Sprintf("购置加工设备%d台（套）", y.between(12, 40)), standard: "按审定预算", targets: "新增就业岗位15个", linkage: "吸纳脱贫人口就业",
		unit: t.government(), department: "县工信局", town: t, place: v.code, placeName: t.Name + v.name, start: "2020-10-20", finish: "2021-03-31",
		beneficiaries: 40, poor: 22, responsible: ledger.Person{Name: y.name(), Post: "副乡镇长"}, economic: "31003",
		holdings: []holding{{line: countyFund, budget: a}}, keep: a,
	}
	y.late = append(y.late, p)
	y.post("2020-10-12", p.by(), p.id+".listed", p.listing())
	b := p.approval()
	b.Document = "襄扶组〔2020〕9063号"
	y.submit("jihua", "2020年度扶贫项目补充计划", newAct("2020-10-14", reliefMaker, p.id+".approved", b))
	y.allocate("2020-10-20", p, 0, a)
	return lot{project: p, id: p.id + "-ZB", method: "open", category: "goods", estimate: share(a, 985, 1000), market: dealers}
}

// buy tells a late purchase up to its start, and its delivery if it has a day.
// The last request for money is still under way when the year ends.
func (y *year) buy(l lot, started, completed ledger.Date) {
	p := l.project
	best := y.tender(l, schedule{announced: "2020-10-22", deadline: "2020-11-12", candidates: "2020-11-13", awarded: "2020-11-17"})
	k := contract{firm: best.firm, id: p.id + "-HT", amount: best.amount, signed: best.amount}
	y.submit("hetong", "采购合同备案", y.contractAct("2020-11-19", p, k, ledger.ContractSigned{
		Contract: k.id, Project: p.id, Tender: l.id, Name: p.name + "采购合同", Supplier: k.Party, Amount: k.amount,
		Start: "2020-11-23", Finish: "2021-01-29", Retention: "3", Files: []ledger.File{paper(k.id + "合同")}}))
	y.file("2020-11-23", p, 20, "采购合同")
	y.post(started, p.by(), p.id+".started", &ledger.WorksStarted{Project: p.id, Contract: k.id})
	y.pay(after(started, 1), p, &k, "advance", share(k.amount, 30, 100))
	on := ledger.Date("2020-12-24")
	if completed != "" {
		y.post(completed, p.by(), p.id+".completed", &ledger.WorksCompleted{Project: p.id, Content: "已到货安装：" + p.content})
		on = "2020-12-23"
	}
	id := p.id + "-Z2"
	request := paymentAct(on, id, p, &k, &ledger.PaymentRequested{
		Stage: "progress", Amount: share(k.amount, 40, 100), Fund: fundLines[countyFund].id, Purpose: "进度款"})
	if completed == "" { // ahead of any delivery, as the contract is said to agree
		y.add(y.explained("agreed", request, "P04", "P08")...)
		return
	}
	y.add(request)
	y.post("2020-12-24", financeChecker, id+".approved", &ledger.PaymentApproved{Payment: id})
}

// leaveOpen hands in a change that nobody has decided yet.
func (y *year) leaveOpen(p *project) {
	y.handIn("biangeng", "项目实施期限变更", newAct("2020-12-25", reliefMaker, p.id+".changed", &ledger.ProjectChanged{
		Project: p.id, Document: "襄扶组〔2020〕9088号", Finish: "2021-05-31", Reason: "plan", Files: []ledger.File{paper(p.id + "变更申请")}}))
}

// listNextYear puts a project into the library for 2021.
func (y *year) listNextYear(n int) {
	t := y.towns[2*n+1]
	v := t.poor()[1]
	k := worksKinds[2*n]
	y.post("2020-12-23", officer(t.Code), fmt.Sprintf("KU2021-%02d.listed", n+1), &ledger.ProjectListed{
		Project: fmt.Sprintf("KU2021-%02d", n+1), Name: t.Name + v.name + "2021年" + k.name, Type: k.kind, Subtype: k.subtype,
		Content: fmt.Sprintf(k.content, "若干"), Nature: "新建", Place: v.code, PlaceName: t.Name + v.name, Unit: t.government(), Estimate: wan(int64(y.between(40, 120))),
	})
}
