package ledger

import "fmt"

// 资金分配: fund documents arrive, are adjusted or recalled, and are allocated.
var fundKinds = []Spec{
	{Kind: "fund.received", Stage: StageFund, Text: Text{"指标下达（收文）", "fund received"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(FundReceived) }},
	{Kind: "fund.adjusted", Stage: StageFund, Text: Text{"指标调整", "fund adjusted"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(FundAdjusted) }},
	{Kind: "fund.recalled", Stage: StageFund, Text: Text{"指标收回", "fund recalled"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(FundRecalled) }},
	{Kind: "fund.allocated", Stage: StageFund, Text: Text{"资金分配", "fund allocated"}, TwoPersons: true, Roles: []Role{Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(FundAllocated) }},
}

// FundReceived records one line of a fund document (指标文) from above: the
// money of one level of government enters the county's hand. Fields: domain §6
// 资金台账 (资金文号, 资金名称, 级次, 下达日期, 指标金额, 功能科目); the document
// must be published within 15 working days of 下达 [doc Henan].
//
// Effect: source/F → hand/F. Refused when the fund id exists.
type FundReceived struct {
	Amount Amount `json:"amount"`
	// Document is the number of the document (文号), such as 豫财农〔2019〕12号.
	Document string `json:"document"`
	Files    []File `json:"files,omitzero"`
	// FunctionCode is the functional account (功能科目) of the document's year.
	FunctionCode string `json:"function_code,omitzero"`
	Fund         string `json:"fund"`
	// Issued is the day of the document (下达日期).
	Issued Date `json:"issued"`
	// Level is the level of government the money comes from; see Levels.
	Level string `json:"level"`
	Name  string `json:"name"`
	// Principle is the rule of allocation (分配原则), part of the public notice.
	Principle string `json:"principle,omitzero"`
	// Uses limits the project types the money may serve; empty means any.
	Uses []string `json:"uses,omitzero"`
	// Year is the budget year (预算年度).
	Year string `json:"year"`
}

func (b *FundReceived) check(c *checker) {
	c.id("fund", b.Fund)
	c.text("document", b.Document, 100)
	c.text("name", b.Name, 200)
	c.oneOf("level", b.Level, Levels)
	c.positive("amount", b.Amount)
	c.function("function_code", b.FunctionCode)
	c.day("issued", b.Issued)
	c.year("year", b.Year)
	c.optional("principle", b.Principle, MaxText)
	c.files("files", b.Files)
	for i, u := range b.Uses {
		c.oneOf(fmt.Sprintf("uses.%d", i), u, ProjectTypes)
	}
}

func (c *checker) year(field, v string) {
	if _, err := ParseDate(v + "-01-01"); err != nil {
		c.bad(field, "须为四位年份", "want a year of four digits")
	}
}

func (b *FundReceived) touch(s *state, _ *Entry) {
	s.fund(b.Fund)
	s.touchMove(sourceAccount(b.Fund), handAccount(b.Fund))
}

func (b *FundReceived) apply(s *state, e *Entry) {
	if s.fund(b.Fund) != nil {
		s.refuse("body.fund", "exists", "资金编号 "+b.Fund+" 已登记", "fund "+b.Fund+" is already recorded")
		return
	}
	s.receipts.add(b.Document, b.Fund)
	s.funds.add(b.Fund, Fund{
		Fund: b.Fund, Document: b.Document, Name: b.Name, Level: b.Level, Year: b.Year,
		FunctionCode: b.FunctionCode, Principle: b.Principle, Issued: b.Issued, Seq: e.Seq,
	})
	s.receive(e, b.Fund, b.Amount)
}

func (b *FundReceived) revert(s *state, e *Entry) { s.receive(e, b.Fund, -b.Amount) }

// receive moves money between the source and the county's hand and keeps the
// fund's received total.
func (s *state) receive(e *Entry, fund string, a Amount) {
	if !s.move(e, fund, sourceAccount(fund), handAccount(fund), a) {
		return
	}
	f := s.funds.edit(fund)
	f.Received += a
	f.InHand += a
}

// FundAdjusted changes the amount of a received document by a later one (指标
// 追加、追减): positive adds, negative takes back what is still in hand.
//
// Effect: source/F ↔ hand/F. Refused beyond what is in hand.
type FundAdjusted struct {
	Amount   Amount `json:"amount"`
	Document string `json:"document"`
	Files    []File `json:"files,omitzero"`
	Fund     string `json:"fund"`
}

func (b *FundAdjusted) check(c *checker) {
	c.id("fund", b.Fund)
	c.text("document", b.Document, 100)
	c.nonZero("amount", b.Amount)
	c.files("files", b.Files)
}

func (b *FundAdjusted) touch(s *state, _ *Entry) {
	s.fund(b.Fund)
	s.touchMove(sourceAccount(b.Fund), handAccount(b.Fund))
}

func (b *FundAdjusted) apply(s *state, e *Entry) {
	if s.needFund(b.Fund) != nil {
		s.receive(e, b.Fund, b.Amount)
	}
}

func (b *FundAdjusted) revert(s *state, e *Entry) { s.receive(e, b.Fund, -b.Amount) }

// FundRecalled takes unspent money back (收回): from a project or unit into the
// county's hand, or from the hand to the level it came from (上缴), e.g. 结余
// after two years (预算法 42).
//
// Effect: project/P/F or unit/U/F → hand/F, or hand/F → source/F with the
// fund's returned total. Refused beyond the unpaid, unrequested rest.
type FundRecalled struct {
	Amount   Amount `json:"amount"`
	Document string `json:"document"`
	Fund     string `json:"fund"`
	Project  string `json:"project,omitzero"`
	Reason   string `json:"reason"`
	Unit     string `json:"unit,omitzero"`
}

func (b *FundRecalled) check(c *checker) {
	c.id("fund", b.Fund)
	c.text("document", b.Document, 100)
	c.positive("amount", b.Amount)
	c.optionalID("project", b.Project)
	c.optionalID("unit", b.Unit)
	c.oneOf("reason", b.Reason, Reasons)
	if b.Project != "" && b.Unit != "" {
		c.bad("unit", "项目与单位只能填一个", "name a project or a unit, not both")
	}
}

func (b *FundRecalled) touch(s *state, _ *Entry) {
	s.fund(b.Fund)
	s.touchMove(sourceAccount(b.Fund), handAccount(b.Fund))
	s.touchHolder(b.Project, b.Unit, b.Fund)
}

func (b *FundRecalled) apply(s *state, e *Entry)  { b.back(s, e, b.Amount) }
func (b *FundRecalled) revert(s *state, e *Entry) { b.back(s, e, -b.Amount) }

func (b *FundRecalled) back(s *state, e *Entry, a Amount) {
	if s.needFund(b.Fund) == nil {
		return
	}
	if b.Project != "" || b.Unit != "" {
		if a < 0 && b.Project != "" && !s.withinBudget(b.Project, b.Fund, -a) {
			return // taking a recall back allocates again
		}
		s.allocate(e, allocation{fund: b.Fund, project: b.Project, unit: b.Unit, amount: -a})
		return
	}
	if !s.move(e, b.Fund, handAccount(b.Fund), sourceAccount(b.Fund), a) {
		return
	}
	f := s.funds.edit(b.Fund)
	f.InHand -= a
	f.Returned += a
}

// FundAllocated gives money of one fund to a project, or to a unit (乡镇, 部门)
// that allocates it further with from_unit. Fields: domain §6 资金分配表. A
// county splits what it received within 30 days [assumed].
//
// Effect: hand/F (or unit/U/F) → project/P/F or unit/U/F. Refused: more than is
// there (预算法 13), a project that is unknown or cancelled, or more than the
// approved budget of the project for this fund.
type FundAllocated struct {
	Amount Amount `json:"amount"`
	// Document is the county's own allocation document (分配文号).
	Document string `json:"document"`
	Files    []File `json:"files,omitzero"`
	FromUnit string `json:"from_unit,omitzero"`
	Fund     string `json:"fund"`
	Project  string `json:"project,omitzero"`
	Unit     string `json:"unit,omitzero"`
}

func (b *FundAllocated) check(c *checker) {
	c.id("fund", b.Fund)
	c.text("document", b.Document, 100)
	c.positive("amount", b.Amount)
	c.optionalID("project", b.Project)
	c.optionalID("unit", b.Unit)
	c.optionalID("from_unit", b.FromUnit)
	c.files("files", b.Files)
	if (b.Project == "") == (b.Unit == "") {
		c.bad("project", "项目与单位须填且只填一个", "name either a project or a unit")
	}
	if b.FromUnit != "" && b.FromUnit == b.Unit {
		c.bad("from_unit", "不能从单位分给自己", "a unit cannot allocate to itself")
	}
}

func (b *FundAllocated) touch(s *state, _ *Entry) {
	s.fund(b.Fund)
	s.account(handAccount(b.Fund))
	s.touchHolder(b.Project, b.Unit, b.Fund)
	s.touchHolder("", b.FromUnit, b.Fund)
}

// touchHolder asks for the rows of whoever holds allocated money.
func (s *state) touchHolder(project, unit, fund string) {
	if project != "" {
		s.project(project)
		s.quota(project, fund)
		s.account(projectAccount(project, fund))
	}
	if unit != "" {
		s.account(unitAccount(unit, fund))
	}
}

func (b *FundAllocated) apply(s *state, e *Entry) {
	if s.needFund(b.Fund) == nil {
		return
	}
	if b.Project != "" && !s.withinBudget(b.Project, b.Fund, b.Amount) {
		return
	}
	s.allocate(e, allocation{b.Fund, b.Project, b.Unit, b.FromUnit, b.Amount})
}

// withinBudget holds the project's state and its approved budget line.
func (s *state) withinBudget(project, fund string, a Amount) bool {
	p := s.needLiving("body.project", project)
	if p == nil {
		return false
	}
	q := s.quota(project, fund)
	if p.State == StateListed {
		return true
	}
	var budget, allocated Amount
	if q != nil {
		budget, allocated = q.Budget, q.Allocated
	}
	if allocated+a > budget {
		s.refuse("body.amount", "over_budget",
			fmt.Sprintf("超过批复：项目 %s 批复使用本资金 %s 元，已分配 %s 元，本次 %s 元", project, budget.Comma(), allocated.Comma(), a.Comma()),
			fmt.Sprintf("project %s is approved for %s yuan of fund %s, has %s, asked %s more", project, budget.Comma(), fund, allocated.Comma(), a.Comma()))
		return false
	}
	return true
}

func (b *FundAllocated) revert(s *state, e *Entry) {
	s.allocate(e, allocation{b.Fund, b.Project, b.Unit, b.FromUnit, -b.Amount})
}

type allocation struct {
	fund, project, unit, from string
	amount                    Amount
}

// allocate moves money between the hand (or a unit) and its next holder, and
// keeps the totals of fund and quota. A negative amount goes the other way.
func (s *state) allocate(e *Entry, a allocation) {
	from, to := handAccount(a.fund), unitAccount(a.unit, a.fund)
	if a.from != "" {
		from = unitAccount(a.from, a.fund)
	}
	if a.project != "" {
		to = projectAccount(a.project, a.fund)
		q := s.quota(a.project, a.fund)
		if a.amount < 0 && (q == nil || q.Available() < -a.amount) {
			var rest Amount
			if q != nil {
				rest = q.Available()
			}
			s.refuse("body.amount", "not_available",
				fmt.Sprintf("项目 %s 可收回 %s 元（已拨付和已申请的除外），本次 %s 元", a.project, rest.Comma(), (-a.amount).Comma()),
				fmt.Sprintf("project %s has %s yuan neither paid nor requested, asked %s", a.project, rest.Comma(), (-a.amount).Comma()))
			return
		}
	}
	if !s.move(e, a.fund, from, to, a.amount) {
		return
	}
	if a.from == "" {
		f := s.funds.edit(a.fund)
		f.InHand -= a.amount
		f.Allocated += a.amount
	}
	if a.project != "" {
		s.editQuota(a.project, a.fund).Allocated += a.amount
		s.editTotal(a.project).Allocated += a.amount
	}
}
