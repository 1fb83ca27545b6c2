package demo

import (
	"fmt"

	"yilu/ledger"
)

// holding is what a project has of one fund line.
type holding struct {
	line        int
	budget      ledger.Amount
	given, used ledger.Amount
}

// project is one project of the year and what the story knows of its money.
type project struct {
	id, name, kind, subtype string
	content, standard       string
	targets, linkage        string
	unit, department        string
	place, placeName        string
	town                    *township
	holdings                []holding
	start, finish           ledger.Date
	beneficiaries, poor     int
	responsible             ledger.Person
	// economic is the class its payments are booked under.
	economic string
	// keep is owed and not yet due, such as retentions: it is not recalled.
	keep ledger.Amount
}

func (p *project) budget() ledger.Amount {
	var sum ledger.Amount
	for _, h := range p.holdings {
		sum += h.budget
	}
	return sum
}

// by is the project's officer.
func (p *project) by() ledger.By { return officer(p.town.Code) }

// year is the story of 2020 with what its parts share.
type year struct {
	*story
	towns    []*township
	purse    *purse
	projects []*project
	// late are those of the second plan, in October.
	late []*project
	// misled is the project whose money was first given to misledTo.
	misled, misledTo *project
	// lending gets its money through an office.
	lending *project
	// rules are the versions of the rules in force.
	rules map[string]ledger.Count
}

// tell writes the whole story.
func tell(rules []*ledger.RuleActivated) *story {
	y := &year{story: newStory(), purse: newPurse()}
	y.adoptRules(rules)
	y.towns = y.newCounty()
	y.namePlaces()
	y.tellFunds()
	others := y.planOthers()
	works := y.planWorks()
	grants := y.planGrants()
	y.misled, y.misledTo = works[misledProject].project, works[misledTo].project
	y.lending = others.interest
	y.listProjects()
	y.approveProjects()
	y.allocateProjects()
	for i, w := range works {
		y.tellWorks(i, w)
	}
	for _, g := range grants {
		y.tellGrants(g)
	}
	y.tellOthers(others)
	y.tellMistakes(works, grants)
	y.tellFlagged(works, grants)
	y.lists(grants)
	y.banFirm()
	y.firmLists()
	y.bankList()
	y.measureList()
	y.entitledList(grants)
	y.recallSavings()
	y.returnSurplus()
	y.tellNotices()
	return y.story
}

// listProjects puts every project into the library in the first days.
func (y *year) listProjects() {
	for i, p := range y.projects {
		on := []ledger.Date{"2020-01-02", "2020-01-03", "2020-01-06"}[i%3]
		y.post(on, p.by(), p.id+".listed", p.listing())
		y.file(on, p, 5, "立项申报表")
		y.file(workdays(on, 2), p, 10, "入库批复")
	}
}

// listing is what the library says of the project.
func (p *project) listing() *ledger.ProjectListed {
	return &ledger.ProjectListed{
		Project: p.id, Name: p.name, Type: p.kind, Subtype: p.subtype, Content: p.content, Nature: "新建",
		Place: p.place, PlaceName: p.placeName, Unit: p.unit, Estimate: p.budget(), Sources: "财政专项扶贫资金",
		Start: p.start, Finish: p.finish, Targets: p.targets, Linkage: p.linkage, Beneficiaries: ledger.Count(p.beneficiaries), Poor: ledger.Count(p.poor),
	}
}

// file puts a paper into the project's folder (一项一档).
func (y *year) file(on ledger.Date, p *project, item int, name string) {
	y.post(on, p.by(), fmt.Sprintf("%s.file%02d-%s", p.id, item, on), &ledger.DocumentFiled{
		Project: p.id, Item: ledger.Count(item), File: paper(p.id + name),
	})
}

const remark = "演示数据：预算、村名、单位和人员均为虚构"

// approveProjects is the county's plan of the year (年度计划).
func (y *year) approveProjects() {
	for _, p := range y.projects {
		y.submit("jihua", "2020年度扶贫项目计划", newAct("2020-01-09", reliefMaker, p.id+".approved", p.approval()))
	}
}

func (p *project) approval() *ledger.ProjectApproved {
	b := &ledger.ProjectApproved{
		Project: p.id, Name: p.name, Document: "襄扶组〔2020〕9001号", Content: p.content, Type: p.kind, Subtype: p.subtype,
		Standard: p.standard, Targets: p.targets, Linkage: p.linkage, Place: p.place, PlaceName: p.placeName,
		Unit: p.unit, Department: p.department, Responsible: p.responsible, Start: p.start, Finish: p.finish,
		Beneficiaries: ledger.Count(p.beneficiaries), Poor: ledger.Count(p.poor), Remark: remark,
	}
	for _, h := range p.holdings {
		b.Budget = append(b.Budget, ledger.BudgetLine{Fund: fundLines[h.line].id, Amount: h.budget})
	}
	return b
}

// allocateProjects gives the projects their money in three documents, all within
// 30 days of the funds' arrival.
func (y *year) allocateProjects() {
	for i, p := range y.projects {
		on := []ledger.Date{"2020-01-14", "2020-01-17", "2020-01-22"}[i%3]
		switch p {
		case y.misled:
			y.allocateWrongly(p)
			continue
		case y.lending:
			y.allocateByUnit(p)
			continue
		}
		for n := range p.holdings {
			y.allocate(on, p, n, p.holdings[n].budget)
		}
	}
}

// allocate gives a project part of one of its lines.
func (y *year) allocate(on ledger.Date, p *project, n int, a ledger.Amount) {
	h := &p.holdings[n]
	h.given += a
	y.submit("fenpei", "项目资金分配", newAct(on, financeMaker, fmt.Sprintf("%s.allocated%d", p.id, n+1), allocation(p, n, on, a)))
}

func allocation(p *project, n int, on ledger.Date, a ledger.Amount) *ledger.FundAllocated {
	return &ledger.FundAllocated{
		Fund: fundLines[p.holdings[n].line].id, Project: p.id, Amount: a, Document: "襄财农〔2020〕9" + string(on[5:7]+on[8:]) + "号",
		Files: []ledger.File{paper("资金分配文件" + string(on))},
	}
}

// draw is part of a payment, from one line.
type draw struct {
	line   int
	amount ledger.Amount
}

// draw takes money for a payment from the project's lines in their order.
func (p *project) draw(a ledger.Amount) []draw {
	var out []draw
	for i := range p.holdings {
		h := &p.holdings[i]
		if part := min(a, h.given-h.used); part > 0 {
			h.used += part
			a -= part
			out = append(out, draw{h.line, part})
		}
	}
	if a > 0 {
		panic("demo: " + p.id + " pays more than it has") // a bug of the story
	}
	return out
}

// recall takes savings of a project back into the county's hand.
func (y *year) recall(on ledger.Date, p *project, a ledger.Amount) {
	for i := len(p.holdings) - 1; i >= 0 && a > 0; i-- {
		h := &p.holdings[i]
		part := min(a, h.given-h.used)
		if part <= 0 {
			continue
		}
		h.given -= part
		a -= part
		y.submit("shouhui", "项目结余收回", newAct(on, financeMaker, fmt.Sprintf("%s.recalled%d-%s", p.id, i+1, on), &ledger.FundRecalled{
			Fund: fundLines[h.line].id, Project: p.id, Amount: part, Document: "襄财农〔2020〕9" + string(on[5:7]+on[8:]) + "号", Reason: "plan"}))
	}
}
