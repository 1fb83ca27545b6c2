package demo

import (
	"fmt"

	"yilu/ledger"
)

// others are the projects that are neither works nor grants.
type others struct {
	fee, interest, training, leaders, cancelled *project
}

// planOthers makes up the rest of the year's plan.
func (y *year) planOthers() *others {
	o := &others{}
	o.fee = y.other(1, project{kind: "management", subtype: "项目管理费", name: "2020年度项目管理费", content: "项目评审、招标代理、检查验收和绩效评价", targets: "项目验收合格率100%", linkage: "用于项目管理，不直接带动",
		department: "县扶贫办", economic: "30227"}, wan(12), centralFund)
	o.interest = y.other(2, project{kind: "industry", subtype: "金融扶贫", name: "扶贫小额信贷贴息项目", content: "对脱贫户扶贫小额信贷按季贴息", targets: "贴息及时率100%", linkage: "支持脱贫户发展产业",
		department: "县金融工作局", economic: "31204"}, wan(180), countyFund)
	o.training = y.other(3, project{kind: "employment", subtype: "技能培训", name: "致富带头人培训项目", content: "培训致富带头人400人次", targets: "培训合格率95%以上", linkage: "带动脱贫户增收",
		department: "县人社局", economic: "30216"}, wan(36), provinceFund)
	o.leaders = y.other(4, project{kind: "industry", subtype: "带贫奖补", name: "带贫能人奖补项目", content: "对带动脱贫户增收的个人奖补", targets: "带动脱贫户80户以上", linkage: "每名能人带动脱贫户10户以上",
		department: "县扶贫办", economic: "30399"}, wan(12), countyFund)
	o.cancelled = y.other(5, project{kind: "industry", subtype: "休闲农业与乡村旅游", name: "乡村民宿设备购置项目", content: "购置乡村民宿设备60套", targets: "年接待游客5000人次", linkage: "吸纳脱贫户就业",
		department: "县文化广电和旅游局", economic: "31003"}, wan(46), countyFund)
	return o
}

// other completes a project that the county itself carries out.
func (y *year) other(n int, p project, a ledger.Amount, line int) *project {
	t := y.towns[n-1]
	p.id, p.town, p.unit = fmt.Sprintf("QT2020-%02d", n), t, p.department
	p.place, p.placeName, p.standard = t.Code+"000", t.Name, "按审定方案"
	p.start, p.finish, p.responsible = "2020-03-02", "2020-12-20", ledger.Person{Name: y.name(), Post: "副局长"}
	p.beneficiaries, p.poor = 80*n, 60*n
	p.holdings = y.purse.take(a, line)
	y.projects = append(y.projects, &p)
	return &p
}

// tellOthers tells them, the closing of January, and what is still under way at
// the end of the year.
func (y *year) tellOthers(o *others) {
	for n, a := range []ledger.Amount{yuan(47_860) + 40, yuan(46_215) + 75} {
		k := &contract{firm: advisers[n], payments: n}
		y.pay([]ledger.Date{"2020-05-18", "2020-10-12"}[n], o.fee, k, "other", a)
	}
	o.fee.keep = o.fee.budget() - yuan(94_075) - 115
	k := &contract{firm: lender}
	for n, a := range []ledger.Amount{yuan(431_207) + 16, yuan(440_518) + 92, yuan(446_033) + 47, yuan(438_961) + 5} {
		y.pay([]ledger.Date{"2020-04-13", "2020-07-13", "2020-10-13", "2020-12-14"}[n], o.interest, k, "other", a)
	}
	y.tellTraining(o.training)
	y.tellLeaders(o.leaders)
	y.cancel(o.cancelled)
	y.submit("jiezhang", "1月份结账", newAct("2020-02-11", financeMaker, "closed.2020-01", &ledger.PeriodClosed{Period: "2020-01"}))
	y.tellYearEnd()
}

// tellTraining buys a service below the limit of tender, and says so.
func (y *year) tellTraining(p *project) {
	y.post("2020-03-10", p.by(), p.id+".exempted", &ledger.TenderExempted{
		Project: p.id, Ground: "below_limit", Method: "direct", Files: []ledger.File{paper(p.id + "采购方式说明")}})
	k := contract{firm: school, id: p.id + "-HT", amount: yuan(352_400)}
	y.submit("hetong", "服务合同备案", y.contractAct("2020-03-16", p, k, ledger.ContractSigned{
		Contract: k.id, Project: p.id, Name: p.name + "服务合同", Supplier: k.Party, Amount: k.amount, Start: "2020-05-11", Finish: "2020-10-30", Files: []ledger.File{paper(k.id + "合同")}}))
	y.file("2020-03-18", p, 18, "采购合同备案")
	y.post("2020-05-11", p.by(), p.id+".started", &ledger.WorksStarted{Project: p.id, Contract: k.id})
	y.pay("2020-05-18", p, &k, "advance", share(k.amount, 30, 100))
	y.post("2020-10-28", p.by(), p.id+".completed", &ledger.WorksCompleted{Project: p.id, Content: "完成培训412人次"})
	y.post("2020-11-05", p.by(), p.id+".accepted", &ledger.AcceptancePassed{
		Acceptors: acceptors(p),
		Project:   p.id, Level: "department", Conclusion: "人次属实，合格率97%", Files: []ledger.File{paper(p.id + "验收单")}})
	y.pay("2020-11-09", p, &k, "final", k.amount-k.asked)
	y.file("2020-11-16", p, 22, "决算表")
}

// tellLeaders pays eight private persons, who are sealed; these requests are
// typed in one by one and approved one by one.
func (y *year) tellLeaders(p *project) {
	for n := range 8 {
		on := workdays("2020-08-17", n/3)
		id := fmt.Sprintf("%s-Z%d", p.id, n+1)
		a := yuan(int64(y.between(8, 15)) * 1000)
		d := p.draw(a)
		request := newAct(on, financeMaker, id+".requested", &ledger.PaymentRequested{
			Payment: id, Project: p.id, Fund: fundLines[d[0].line].id, Amount: a, Purpose: "带贫奖补", Stage: "whole", Method: "direct",
			FunctionCode: functionCode, EconomicCode: p.economic, Files: []ledger.File{paper(id + "公示照片")}})
		number := households + n + 1
		request.Sealed = map[string]string{"payee_name": y.name(), "id_number": IDNumber(number), "payee_account": Card(number)}
		y.add(request)
		y.post(workdays(on, 1), financeChecker, id+".approved", &ledger.PaymentApproved{Payment: id})
		y.post(workdays(on, 2), treasury, id+".paid", &ledger.PaymentPaid{Payment: id, Voucher: voucher(id)})
	}
}

// cancel ends a project that the epidemic made pointless, once its money is back.
func (y *year) cancel(p *project) {
	y.recall("2020-04-08", p, p.budget())
	y.submit("quxiao", "项目取消", newAct("2020-04-10", reliefMaker, p.id+".cancelled", &ledger.ProjectCancelled{
		Project: p.id, Document: "襄扶组〔2020〕9017号", Reason: "plan"}))
}

// lendingUnit is an office that gets its money first and gives it to a project
// later, as far as it is needed.
const lendingUnit = "411025-JR"

// allocateByUnit gives a project its money through an office, which hands the
// county most of the rest back at the end of the year.
func (y *year) allocateByUnit(p *project) {
	fund := fundLines[p.holdings[0].line].id
	given := newAct("2020-01-14", financeMaker, p.id+".allocated.unit", &ledger.FundAllocated{
		Fund: fund, Unit: lendingUnit, Amount: p.budget() + wan(20), Document: "襄财农〔2020〕90114号", Files: []ledger.File{paper("资金分配文件（部门）")}})
	y.submit("bumen", "资金分配到部门", given)
	passed := allocation(p, 0, "2020-01-17", p.budget())
	passed.FromUnit = lendingUnit
	y.submit("bumen", "部门资金分配到项目", newAct("2020-01-17", financeMaker, p.id+".allocated1", passed))
	p.holdings[0].given = p.budget()
	y.submit("shouhui", "结余收回", newAct("2020-12-11", financeMaker, p.id+".recalled.unit", &ledger.FundRecalled{
		Fund: fund, Unit: lendingUnit, Amount: wan(12), Document: "襄财农〔2020〕91211号", Reason: "plan"}))
}

// recallSavings takes back what settled projects do not need.
func (y *year) recallSavings() {
	for _, p := range y.projects {
		var rest ledger.Amount
		for _, h := range p.holdings {
			rest += h.given - h.used
		}
		if rest > p.keep {
			y.recall("2020-12-11", p, rest-p.keep)
		}
	}
}
