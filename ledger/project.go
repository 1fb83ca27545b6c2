package ledger

import (
	"fmt"
	"strconv"
)

// 项目安排: projects enter the library, are approved, changed or cancelled.
var projectKinds = []Spec{
	{Kind: "project.listed", Stage: StageProject, Text: Text{"项目入库", "project listed"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(ProjectListed) }},
	{Kind: "project.approved", Stage: StageProject, Text: Text{"项目批复", "project approved"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(ProjectApproved) }},
	{Kind: "project.changed", Stage: StageProject, Text: Text{"项目变更", "project changed"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(ProjectChanged) }},
	{Kind: "project.cancelled", Stage: StageProject, Text: Text{"项目取消", "project cancelled"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(ProjectCancelled) }},
}

// ProjectListed puts a project into the county's library (项目库入库). Fields:
// domain §2 P2. Old libraries lack targets and the rest: that is for the notice
// of the listing to complain of, so only what names the project is required.
//
// Effect: the project exists, without a budget. Refused when the id exists.
type ProjectListed struct {
	// Beneficiaries is how many households benefit (受益对象), Poor how many of
	// them are 脱贫户 or 监测户.
	Beneficiaries Count  `json:"beneficiaries,omitzero"`
	Content       string `json:"content"`
	Estimate      Amount `json:"estimate,omitzero"`
	// Finish and Start are the planned days (时间进度).
	Finish Date `json:"finish,omitzero"`
	// Linkage is the mechanism that lets poor households share (利益联结机制).
	Linkage string `json:"linkage,omitzero"`
	Name    string `json:"name"`
	// Nature is 建设性质 (新建, 续建, 改扩建).
	Nature string `json:"nature,omitzero"`
	// Place is the 12-digit division code of the village or township.
	Place     string `json:"place"`
	PlaceName string `json:"place_name"`
	Poor      Count  `json:"poor,omitzero"`
	Project   string `json:"project"`
	// Sources says where the money shall come from (筹资方式), in words: funds
	// are named by the approval.
	Sources string `json:"sources,omitzero"`
	Start   Date   `json:"start,omitzero"`
	Subtype string `json:"subtype,omitzero"`
	// Targets are the performance targets (绩效目标).
	Targets string `json:"targets,omitzero"`
	// Type is one of ProjectTypes.
	Type string `json:"type"`
	// Unit is the responsible unit (责任单位).
	Unit string `json:"unit"`
}

func (b *ProjectListed) check(c *checker) {
	c.id("project", b.Project)
	c.text("name", b.Name, 200)
	c.text("content", b.Content, MaxText)
	c.oneOf("type", b.Type, ProjectTypes)
	c.optional("subtype", b.Subtype, 100)
	c.optional("nature", b.Nature, 50)
	c.place("place", b.Place)
	c.text("place_name", b.PlaceName, 100)
	c.text("unit", b.Unit, 100)
	c.notNegative("estimate", b.Estimate)
	c.optionalDay("start", b.Start)
	c.optionalDay("finish", b.Finish)
	c.order(b.Start, b.Finish, "finish")
	c.optional("targets", b.Targets, MaxText)
	c.optional("linkage", b.Linkage, MaxText)
	c.optional("sources", b.Sources, 200)
	c.households(b.Beneficiaries, b.Poor)
}

// households holds how many benefit and how many of them are poor; the first
// may be unknown.
func (c *checker) households(all, poor Count) {
	c.count("beneficiaries", all)
	c.count("poor", poor)
	if all > 0 && poor > all {
		c.bad("poor", "脱贫户、监测户不能多于受益户", "more poor households than households")
	}
}

func (b *ProjectListed) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *ProjectListed) apply(s *state, e *Entry) {
	p := s.project(b.Project)
	if p != nil && !p.neverWas() {
		s.refuse("body.project", "exists", "项目编号 "+b.Project+" 已存在", "project "+b.Project+" exists")
		return
	}
	if p == nil {
		s.projects.add(b.Project, ProjectFacts{Project: b.Project, Approved: None, Exempted: None})
	}
	p = s.projects.edit(b.Project)
	p.State, p.Listed, p.Name, p.Type, p.Subtype = StateListed, e.Seq, b.Name, b.Type, b.Subtype
	p.Place, p.PlaceName, p.Content, p.Unit = b.Place, b.PlaceName, b.Content, b.Unit
	p.Start, p.Finish, p.Targets, p.Linkage, p.Beneficiaries = b.Start, b.Finish, b.Targets, b.Linkage, int64(b.Beneficiaries)
	p.Responsible, p.Document = "", ""
	s.event(e, b.Project, b.Estimate)
}

func (b *ProjectListed) revert(s *state, e *Entry) {
	p := s.needProject(b.Project)
	if p == nil {
		return
	}
	if p.State != StateListed || s.total(b.Project).Allocated != 0 {
		s.refuse("corrects", "in_use", "项目已批复或已分配资金，不能冲销入库", "the project has been approved or funded")
		return
	}
	s.projects.edit(b.Project).State = StateWithdrawn
}

// BudgetLine is one fund's share of an approved budget (资金来源及规模).
type BudgetLine struct {
	Amount Amount `json:"amount"`
	Fund   string `json:"fund"`
}

// Person is an officer in a public post (责任人): named as officials are.
type Person struct {
	Name string `json:"name"`
	Post string `json:"post,omitzero"`
}

// ProjectApproved is the county's decision on a project (批复) with the nine
// facts of the public plan, PLAN9 of domain §2: name, place, task, standard,
// sources, period, unit and person responsible, targets, linkage.
//
// Effect: the project may be paid; its budget by fund is the limit of
// allocation. Refused: an unknown fund, a cancelled or already approved
// project. A project not listed before is taken as well, since old plans come
// without a library; taken back, it is no project until it is listed or approved.
type ProjectApproved struct {
	// Beneficiaries is how many households benefit, Poor how many of them are
	// 脱贫户 or 监测户.
	Beneficiaries Count        `json:"beneficiaries,omitzero"`
	Budget        []BudgetLine `json:"budget"`
	Content       string       `json:"content"`
	Department    string       `json:"department,omitzero"`
	// Document is the approval's number (批复文号).
	Document string `json:"document"`
	Files    []File `json:"files,omitzero"`
	// Finish and Start are the planned days (实施期限).
	Finish Date `json:"finish"`
	// Linkage is the mechanism that lets poor households share (联农带农机制).
	Linkage     string `json:"linkage,omitzero"`
	Name        string `json:"name"`
	Place       string `json:"place"`
	PlaceName   string `json:"place_name"`
	Poor        Count  `json:"poor,omitzero"`
	Project     string `json:"project"`
	Remark      string `json:"remark,omitzero"`
	Responsible Person `json:"responsible"`
	Standard    string `json:"standard,omitzero"`
	Start       Date   `json:"start"`
	Subtype     string `json:"subtype,omitzero"`
	// Targets are the performance targets (绩效目标); none, no budget
	// (国办发〔2018〕35号, title).
	Targets string `json:"targets"`
	Type    string `json:"type"`
	Unit    string `json:"unit"`
}

const maxBudgetLines = 50

func (b *ProjectApproved) check(c *checker) {
	c.id("project", b.Project)
	c.text("name", b.Name, 200)
	c.text("document", b.Document, 100)
	c.text("content", b.Content, MaxText)
	c.text("targets", b.Targets, MaxText)
	c.optional("linkage", b.Linkage, MaxText)
	c.optional("standard", b.Standard, 500)
	c.optional("remark", b.Remark, 500)
	c.optional("department", b.Department, 100)
	c.oneOf("type", b.Type, ProjectTypes)
	c.optional("subtype", b.Subtype, 100)
	c.place("place", b.Place)
	c.text("place_name", b.PlaceName, 100)
	c.text("unit", b.Unit, 100)
	c.text("responsible.name", b.Responsible.Name, 50)
	c.optional("responsible.post", b.Responsible.Post, 50)
	c.day("start", b.Start)
	c.day("finish", b.Finish)
	c.order(b.Start, b.Finish, "finish")
	c.households(b.Beneficiaries, b.Poor)
	c.files("files", b.Files)
	c.budget("budget", b.Budget)
}

func (c *checker) budget(field string, lines []BudgetLine) {
	if len(lines) == 0 || len(lines) > maxBudgetLines {
		c.bad(field, "须有1–50行资金来源", "want 1 to 50 lines")
	}
	seen := map[string]bool{}
	for i, l := range lines {
		at := field + "." + strconv.Itoa(i)
		c.id(at+".fund", l.Fund)
		c.positive(at+".amount", l.Amount)
		if seen[l.Fund] {
			c.bad(at+".fund", "同一资金只能出现一行", "a fund may appear once")
		}
		seen[l.Fund] = true
	}
}

func (b *ProjectApproved) touch(s *state, _ *Entry) {
	s.project(b.Project)
	s.changes.get(b.Project)
	for _, l := range b.Budget {
		s.fund(l.Fund)
		s.quota(b.Project, l.Fund)
	}
}

func (b *ProjectApproved) apply(s *state, e *Entry) {
	p := s.project(b.Project)
	if p != nil && p.State != StateListed && !p.neverWas() {
		s.refuse("body.project", "state", "项目 "+b.Project+" "+States.Name(p.State).Zh+"，只有已入库项目可以批复", "project "+b.Project+" is "+p.State+", only a listed project can be approved")
		return
	}
	if p == nil {
		s.projects.add(b.Project, ProjectFacts{Project: b.Project, Listed: None, Exempted: None})
	}
	p = s.projects.edit(b.Project)
	p.State, p.Approved, p.Name, p.Type, p.Subtype = StateApproved, e.Seq, b.Name, b.Type, b.Subtype
	p.Place, p.PlaceName, p.Content, p.Unit = b.Place, b.PlaceName, b.Content, b.Unit
	p.Responsible, p.Start, p.Finish, p.Targets, p.Linkage = b.Responsible.Name, b.Start, b.Finish, b.Targets, b.Linkage
	p.Beneficiaries, p.Document = int64(b.Beneficiaries), b.Document
	s.forgetChanges(b.Project)
	s.setBudget(b.Project, b.Budget)
	b.coverAllocated(s)
	s.event(e, b.Project, s.total(b.Project).Budget)
}

// coverAllocated holds the budget to name every fund that the project was given
// while it was only listed.
func (b *ProjectApproved) coverAllocated(s *state) {
	missing := s.total(b.Project).Allocated
	for _, l := range b.Budget {
		if q := s.quota(b.Project, l.Fund); q != nil {
			missing -= q.Allocated
		}
	}
	if missing > 0 {
		s.refuse("body.budget", "below_allocated",
			fmt.Sprintf("另有 %s 元已从未列入批复的资金分配到该项目，请列入或先收回", missing.Comma()),
			fmt.Sprintf("%s yuan are allocated from funds that the budget does not name; name or recall them", missing.Comma()))
	}
}

// setBudget replaces budget lines of a project; lines of other funds stay.
func (s *state) setBudget(project string, lines []BudgetLine) {
	t := s.editTotal(project)
	for i, l := range lines {
		at := "body.budget." + strconv.Itoa(i)
		if s.fund(l.Fund) == nil {
			s.refuse(at+".fund", "not_found", "没有资金 "+l.Fund, "there is no fund "+l.Fund)
			continue
		}
		q := s.editQuota(project, l.Fund)
		if l.Amount < q.Allocated {
			s.refuse(at+".amount", "below_allocated",
				fmt.Sprintf("资金 %s 已分配 %s 元，批复不能少于此数", l.Fund, q.Allocated.Comma()),
				fmt.Sprintf("%s yuan of fund %s are already allocated", q.Allocated.Comma(), l.Fund))
			continue
		}
		t.Budget += l.Amount - q.Budget
		q.Budget = l.Amount
	}
}

func (b *ProjectApproved) revert(s *state, e *Entry) {
	p := s.needProject(b.Project)
	if p == nil {
		return
	}
	if t := s.total(b.Project); p.State != StateApproved || t.Allocated != 0 || t.Contracts != 0 || t.Requested != 0 || !b.isBudget(s) {
		s.refuse("corrects", "in_use", "项目已分配资金、签订合同、变更或开工，不能冲销批复；请用项目变更或取消", "the project has been funded, contracted, changed or started; change or cancel it instead")
		return
	}
	p = s.projects.edit(b.Project)
	p.State, p.Approved = StateListed, None
	if p.Listed == None {
		p.State = StateWithdrawn
	}
	t := s.editTotal(b.Project)
	for _, l := range b.Budget {
		q := s.editQuota(b.Project, l.Fund)
		t.Budget -= q.Budget
		q.Budget = 0
	}
}

// neverWas says of a project that it came without a library and its approval was taken
// back: it may come anew, the proper way.
func (r ProjectFacts) neverWas() bool { return r.State == StateWithdrawn && r.Listed == None }

// isBudget says whether the project's budget is still the one approved here: a
// change may have added funds that this entry does not know.
func (b *ProjectApproved) isBudget(s *state) bool {
	rest := s.total(b.Project).Budget
	for _, l := range b.Budget {
		if q := s.quota(b.Project, l.Fund); q == nil || q.Budget != l.Amount {
			return false
		}
		rest -= l.Amount
	}
	return rest == 0
}

// ProjectChanged changes an approved project with a new approval (变更批复).
// Empty fields stay as they are; budget lines replace those of their funds. Each
// of the nine public facts (PLAN9) can change, and is published anew. A
// change of place or of much scope needs prior approval (政府投资条例 21).
//
// Effect: the new values and limits hold. Refused below what is allocated. The last change
// that stands can be reversed: see revert in change.go.
type ProjectChanged struct {
	Budget    []BudgetLine `json:"budget,omitzero"`
	Content   string       `json:"content,omitzero"`
	Document  string       `json:"document"`
	Files     []File       `json:"files,omitzero"`
	Finish    Date         `json:"finish,omitzero"`
	Linkage   string       `json:"linkage,omitzero"`
	Name      string       `json:"name,omitzero"`
	Place     string       `json:"place,omitzero"`
	PlaceName string       `json:"place_name,omitzero"`
	Project   string       `json:"project"`
	Reason    string       `json:"reason"`
	// Responsible is the new person responsible (责任人).
	Responsible Person `json:"responsible,omitzero"`
	Standard    string `json:"standard,omitzero"`
	Start       Date   `json:"start,omitzero"`
	Targets     string `json:"targets,omitzero"`
	Unit        string `json:"unit,omitzero"`
}

func (b *ProjectChanged) check(c *checker) {
	c.id("project", b.Project)
	c.text("document", b.Document, 100)
	c.optional("content", b.Content, MaxText)
	c.optional("name", b.Name, 200)
	c.oneOf("reason", b.Reason, Reasons)
	c.files("files", b.Files)
	c.optionalDay("start", b.Start)
	c.optionalDay("finish", b.Finish)
	c.order(b.Start, b.Finish, "finish")
	if (b.Place == "") != (b.PlaceName == "") {
		c.bad("place", "区划代码与地名须同时填写", "give the code and the name of the place together")
	}
	if b.Place != "" {
		c.place("place", b.Place)
		c.optional("place_name", b.PlaceName, 100)
	}
	if len(b.Budget) > 0 {
		c.budget("budget", b.Budget)
	}
	c.optional("targets", b.Targets, MaxText)
	c.optional("linkage", b.Linkage, MaxText)
	c.optional("standard", b.Standard, 500)
	c.optional("unit", b.Unit, 100)
	if b.Responsible != (Person{}) {
		c.text("responsible.name", b.Responsible.Name, 50)
		c.optional("responsible.post", b.Responsible.Post, 50)
	}
}

func (b *ProjectChanged) touch(s *state, _ *Entry) {
	s.project(b.Project)
	s.changes.get(b.Project)
	for _, l := range b.Budget {
		s.fund(l.Fund)
		s.quota(b.Project, l.Fund)
	}
}

func (b *ProjectChanged) apply(s *state, e *Entry) {
	if s.needApproved("body.project", b.Project) == nil {
		return
	}
	s.noteChange(b, e.Seq)
	p := s.projects.edit(b.Project)
	p.Content = or(b.Content, p.Content)
	p.Name = or(b.Name, p.Name)
	p.Place, p.PlaceName = or(b.Place, p.Place), or(b.PlaceName, p.PlaceName)
	p.Start, p.Finish = or(b.Start, p.Start), or(b.Finish, p.Finish)
	p.Targets, p.Linkage = or(b.Targets, p.Targets), or(b.Linkage, p.Linkage)
	p.Unit, p.Responsible = or(b.Unit, p.Unit), or(b.Responsible.Name, p.Responsible)
	s.setBudget(b.Project, b.Budget)
	s.event(e, b.Project, s.total(b.Project).Budget)
}

func or[T ~string](v, otherwise T) T {
	if v == "" {
		return otherwise
	}
	return v
}

// ProjectCancelled ends a project for good (取消).
//
// Effect: nothing can be allocated, requested or paid any more. Refused while
// money is allocated and not yet recalled, so that no fen is stranded.
type ProjectCancelled struct {
	Document string `json:"document"`
	Project  string `json:"project"`
	Reason   string `json:"reason"`
}

func (b *ProjectCancelled) check(c *checker) {
	c.id("project", b.Project)
	c.text("document", b.Document, 100)
	c.oneOf("reason", b.Reason, Reasons)
}

func (b *ProjectCancelled) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *ProjectCancelled) apply(s *state, e *Entry) {
	p := s.needProject(b.Project)
	if p == nil {
		return
	}
	if p.State == StateCancelled || p.State == StateWithdrawn {
		s.refuse("body.project", "state", "项目已取消或已冲销", "the project is already "+p.State)
		return
	}
	if t := s.total(b.Project); t.Allocated != t.Paid || t.Requested != 0 {
		s.refuse("body.project", "in_use",
			fmt.Sprintf("还有 %s 元已分配未拨付，请先收回并处理在途申请", (t.Allocated-t.Paid).Comma()),
			fmt.Sprintf("%s yuan are allocated and unpaid; recall them and settle open requests first", (t.Allocated-t.Paid).Comma()))
		return
	}
	p = s.projects.edit(b.Project)
	p.State, p.Trail = StateCancelled, p.Trail.step(e.Seq, p.State, StateCancelled)
	s.event(e, b.Project, 0)
}

func (b *ProjectCancelled) revert(s *state, e *Entry) { s.revertProject(b.Project, e.Corrects) }
