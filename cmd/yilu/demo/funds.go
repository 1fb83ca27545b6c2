package demo

import (
	"yilu/ledger"
)

// The five lines of the year, in the order of the notice.
const (
	centralFund = iota
	minorityFund
	cityFund
	provinceFund
	countyFund
)

// fundLine is one line of the county's money.
type fundLine struct {
	id, document, name, level string
	amount                    ledger.Amount
	// reserve stays in hand when the year's plan is made.
	reserve ledger.Amount
}

// fundLines are G1's five sums [doc]; which level and document each came by is
// not printed there [assumed].
var fundLines = [5]fundLine{
	{"ZJ2020-1", "豫财农〔2019〕9001号", "中央财政专项扶贫资金（发展资金）", "central", wan(1245), wan(16)},
	{"ZJ2020-2", "豫财农〔2019〕9002号", "中央财政专项扶贫资金（少数民族发展资金）", "central", wan(54), wan(1)},
	{"ZJ2020-3", "许财农〔2019〕9003号", "市级财政专项扶贫资金", "city", wan(50), wan(1)},
	{"ZJ2020-4", "豫财农〔2019〕9004号", "省级财政专项扶贫资金", "province", wan(1200), wan(30)},
	{"ZJ2020-5", "襄财预〔2020〕9005号", "县级统筹整合财政涉农资金", "county", wan(8000), wan(390)},
}

const principle = "演示数据：金额取自襄城县2019年公告的五笔合计10549万元，级次、名称、文号均为虚构。分配原则：现行标准下脱贫不返贫，资金到项目、到村、到户。"

func received(line int) *ledger.FundReceived {
	f := fundLines[line]
	return &ledger.FundReceived{
		Fund: f.id, Document: f.document, Name: f.name, Level: f.level, Amount: f.amount, FunctionCode: functionCode,
		Issued: "2020-01-02", Year: "2020", Principle: principle, Files: []ledger.File{paper("指标文" + f.document)},
	}
}

// functionCode is 其他扶贫支出 of 2020 [doc domain §5].
const functionCode = "2130599"

// tellFunds has the documents arrive in the first week, and changes the county's
// own line twice in the year, by sums that cancel out.
func (y *year) tellFunds() {
	s := y.story
	for line := range fundLines {
		s.submit("shouwen", "2020年指标文登记", newAct("2020-01-07", financeMaker, "F.received."+fundLines[line].id, received(line)))
	}
	fund := fundLines[countyFund].id
	s.submit("tiaozheng", "县级预算调整", newAct("2020-04-15", financeMaker, "F.adjusted.1", &ledger.FundAdjusted{
		Fund: fund, Amount: -wan(30), Document: "襄财预〔2020〕9031号", Files: []ledger.File{paper("县级预算调整方案（调减）")}}))
	s.submit("tiaozheng", "县级预算调整", newAct("2020-09-16", financeMaker, "F.adjusted.2", &ledger.FundAdjusted{
		Fund: fund, Amount: wan(30), Document: "襄财预〔2020〕9087号", Files: []ledger.File{paper("县级预算调整方案（调增）")}}))
}

// returnSurplus sends back to its source what stays unused at the end of the
// year, but for a rest in hand that the next plan begins with.
func (y *year) returnSurplus() {
	for line, a := range [5]ledger.Amount{wan(62), yuan(49_300), yuan(61_225), wan(84), wan(546)} {
		y.story.submit("shangjiao", "年末结余上缴", newAct("2020-12-16", financeMaker, "F.returned."+fundLines[line].id, &ledger.FundRecalled{
			Fund: fundLines[line].id, Amount: a, Document: "襄财预〔2020〕9126号", Reason: "plan"}))
	}
}

// purse is what is left of the five lines to plan with.
type purse [5]ledger.Amount

func newPurse() *purse {
	var p purse
	for i, f := range fundLines {
		p[i] = f.amount - f.reserve
	}
	return &p
}

// sliver is the least share of a project that is worth a line of its own.
const sliver = 30_000_00

// take gives a project its money: from the lines it prefers, then the county's.
// A line that is nearly used up is left alone.
func (p *purse) take(a ledger.Amount, prefer ...int) []holding {
	var out []holding
	for _, line := range append(prefer, countyFund) {
		part := min(p[line], a)
		if part < a && (part < sliver || a-part < sliver) || part == 0 || len(out) == 1 && part < a {
			continue
		}
		p[line] -= part
		out = append(out, holding{line: line, budget: part})
		if a -= part; a == 0 {
			return out
		}
	}
	panic("demo: the year's plan is larger than its money") // a bug of the story
}
