package ledger

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"strings"

	"yilu/audit"
)

// 比对名单: lists of persons, firms and accounts that payments and awards are held against. A
// load is a header with one entry for each member right behind it, bound by count and
// hash, so that approving the header approves every member.
var registerKinds = []Spec{
	{Kind: "register.loaded", Stage: StageGovernance, Text: Text{"比对名单登记", "comparison register loaded"}, TwoPersons: true, Roles: []Role{Auditor, Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(RegisterLoaded) }},
	{Kind: "register.person", Stage: StageGovernance, Text: Text{"名单人员", "person of a register"}, Roles: []Role{Auditor, Maker}, Sealed: []string{fieldPerson, fieldIDNumber, fieldHousehold, fieldClass, fieldPost, fieldDied, fieldFirst, fieldLast, fieldNote},
		opened: []string{fieldHousehold, fieldClass, fieldDied, fieldFirst, fieldLast}, new: func() Body { return new(RegisterPerson) }},
	{Kind: "register.supplier", Stage: StageGovernance, Text: Text{"名单供应商", "supplier of a register"}, Roles: []Role{Auditor, Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(RegisterSupplier) }},
	{Kind: "register.account", Stage: StageGovernance, Text: Text{"名单账户", "account of a register"}, Roles: []Role{Auditor, Maker}, Sealed: []string{fieldAccount, fieldPerson, fieldIDNumber, fieldNote}, opened: []string{fieldAccount}, new: func() Body { return new(RegisterAccount) }},
}

// The lists that rules know.
const (
	ListPoor     = "poor"
	ListPayroll  = "payroll"
	ListCadres   = "cadres"
	ListDeceased = "deceased"
	ListDebarred = "debarred"
	ListFirms    = "firms"
	ListPersons  = "firm_persons"
	ListAccounts = "accounts"
	ListMeasures = "measures"
	ListEntitled = "entitled"
)

// Lists are the comparison lists (比对名单). Those of debarred suppliers (政府采购法实施条例
// 73) and of registered firms (企业信息公示暂行条例 6) are published anyway; all others are
// of private persons and sealed. Persons of firms are 法定代表人、股东、高管; opened accounts
// are those of one bank or of all, as it hands them over. Measures (帮扶措施)
// are what a household is helped by; entitled is who may have what a policy gives: 低保,
// 特困供养, 临时救助 (社会救助暂行办法), 残疾人两项补贴, 危房改造, 雨露计划, 医保参保资助.
var Lists = codes{
	ListPoor:     {"脱贫户、监测户名单", "households lifted out of poverty or under watch"},
	ListPayroll:  {"财政供养人员名单", "persons paid by the budget"},
	ListCadres:   {"村干部名单", "village cadres"},
	ListDeceased: {"死亡人员名单", "deceased persons"},
	ListDebarred: {"禁入供应商名单", "debarred suppliers"},
	ListFirms:    {"市场主体登记名单", "registered firms"},
	ListPersons:  {"企业关联人员名单", "persons of firms"},
	ListAccounts: {"银行开户清单", "opened bank accounts"},
	ListMeasures: {"帮扶措施台账", "measures for households"},
	ListEntitled: {"应享政策名单", "persons entitled by a policy"},
}

// MemberKind is the kind of the entries that a list consists of.
func MemberKind(list string) Kind {
	switch list {
	case ListDebarred, ListFirms:
		return "register.supplier"
	case ListAccounts:
		return "register.account"
	}
	return "register.person"
}

// RegisterLoaded is the header of one load of a comparison list (比对名单登记). Its
// members follow it at once, in the same unit.
//
// Effect: from its first valid day the load stands in the place of every earlier one of
// the same list and region; what was judged before stays as it was. After its last day
// the list is out of date, and rules that need it are not evaluable. Refused: an id
// that exists, a list that states a later day than the entry's, a region outside the
// county. A reversal puts the load before it in force again.
type RegisterLoaded struct {
	Files []File `json:"files,omitzero"`
	// From and To are the first and last day of acts that are held against it.
	From Date `json:"from"`
	// List is one of Lists.
	List string `json:"list"`
	// Lines is the number of its members, LinesHash base64 SHA-256 over their content
	// hashes in order.
	Lines     Count  `json:"lines"`
	LinesHash string `json:"lines_hash"`
	// Region is the division code of what it covers, all of it: the county (6 digits),
	// a township (9) or a village (12).
	Region   string `json:"region"`
	Register string `json:"register"`
	// Source is the office that the list comes from (数据来源).
	Source string `json:"source"`
	// Stated is the day whose state it tells (数据截止日).
	Stated Date `json:"stated"`
	To     Date `json:"to"`
}

func (b *RegisterLoaded) check(c *checker) {
	c.id("register", b.Register)
	c.oneOf("list", b.List, Lists)
	c.text("source", b.Source, 200)
	c.day("stated", b.Stated)
	c.day("from", b.From)
	c.day("to", b.To)
	c.order(b.From, b.To, "to")
	c.order(b.Stated, b.To, "to")
	c.hash("lines_hash", b.LinesHash)
	c.files("files", b.Files)
	if n := len(b.Region); n != 6 && n != 9 && n != 12 || digitCount(b.Region) != n {
		c.bad("region", "须为6位县、9位乡镇或12位村的区划代码", "want the division code of a county (6 digits), township (9) or village (12)")
	}
	if b.Lines < 0 || b.Lines > MaxUnit-2 {
		c.bad("lines", fmt.Sprintf("须有0–%d人（户、家、个账户）", MaxUnit-2), fmt.Sprintf("want 0 to %d members", MaxUnit-2))
	}
}

func (b *RegisterLoaded) covers() int  { return int(b.Lines) }
func (b *RegisterLoaded) hash() string { return b.LinesHash }
func (b *RegisterLoaded) withHash(hash string) Body {
	c := *b
	c.LinesHash = hash
	return &c
}

func (b *RegisterLoaded) touch(s *state, _ *Entry) { s.registers.get(b.Register) }

func (b *RegisterLoaded) apply(s *state, e *Entry) {
	if s.registers.get(b.Register) != nil {
		s.refuse("body.register", "exists", "名单编号 "+b.Register+" 已存在", "register "+b.Register+" exists")
		return
	}
	if b.Stated > e.On {
		s.refuse("body.stated", "future", "数据截止日不得晚于登记日 "+string(e.On), "a list cannot state a day after the entry's, "+string(e.On))
	}
	if !strings.HasPrefix(b.Region, string(s.book)) {
		s.refuse("body.region", "place", "不在本县（"+string(s.book)+"）", "is not in this county ("+string(s.book)+")")
	}
	s.registers.add(b.Register, Register{
		Register: b.Register, List: b.List, Region: b.Region, Source: b.Source, Stated: b.Stated, From: b.From, To: b.To,
		Members: int64(b.Lines), Seq: e.Seq, At: s.at(e),
	})
	s.loadsOf.add(loadsKey(b.List, b.Region), b.Register)
	s.batch = &openBatch{of: b.Register, line: MemberKind(b.List), list: b.List, stated: b.Stated, left: int(b.Lines), linesHash: b.LinesHash, hash: sha256.New(), members: map[string]Count{}}
	if b.Lines == 0 {
		s.closeBatch()
	}
}

func (b *RegisterLoaded) revert(s *state, _ *Entry) { s.registers.edit(b.Register).Withdrawn = true }

// loadsKey is what the loads of one list for one region have in common.
func loadsKey(list, region string) string { return list + "/" + region }

// RegisterPerson is one person of a comparison list (名单人员). Sealed: name, ID number,
// and by list the household's number and class (脱贫户、监测户), post (职务), day of death, or
// a measure or policy, as the class, with its first and last day. Matching goes by the
// keyed token of the ID number alone.
//
// Effect: the person is a member of the load. Refused outside of it, twice in it (for the
// same measure or policy from the same day on), and without what the list is about.
type RegisterPerson struct {
	// Firm is the credit code of the firm that the person belongs to, in a list of those.
	Firm string `json:"firm,omitzero"`
	Line Count  `json:"line"`
	// Place is the 12-digit code of the village of residence, empty if not stated.
	Place    string `json:"place,omitzero"`
	Register string `json:"register"`
}

func (b *RegisterPerson) check(c *checker) {
	c.registerLine(b.Register, b.Line)
	if b.Firm != "" {
		c.party("firm", Party{Name: b.Firm, Code: b.Firm})
	}
	if b.Place != "" {
		c.place("place", b.Place)
	}
}

func (c *checker) registerLine(register string, line Count) {
	c.id("register", register)
	if line < 1 {
		c.bad("line", "行号从1起", "lines count from 1")
	}
}

func (b *RegisterPerson) checkSealed(c *checker, sealed map[string]string) {
	if sealed[fieldPerson] == "" {
		c.bad(fieldPerson, "姓名必填", "the name is required")
	}
	if sealed[fieldIDNumber] == "" {
		c.bad(fieldIDNumber, "身份证号必填", "the ID number is required")
	}
	if died := sealed[fieldDied]; died != "" {
		_, err := ParseDate(died)
		born := BirthDay(sealed[fieldIDNumber])
		switch {
		case err != nil:
			c.bad(fieldDied, "死亡日期须形如 2020-03-18，且确有这一天", "want a day of death of the calendar such as 2020-03-18")
		case born != "" && died < string(born):
			c.bad(fieldDied, "死亡日期早于出生日期", "is before the day of birth")
		}
	}
	for _, field := range []string{fieldFirst, fieldLast} {
		if day := sealed[field]; day != "" {
			if _, err := ParseDate(day); err != nil {
				c.bad(field, "日期须形如 2020-03-18，且确有这一天", "want a day of the calendar such as 2020-03-18")
				return
			}
		}
	}
	if first, last := sealed[fieldFirst], sealed[fieldLast]; last != "" && last < first {
		c.bad(fieldLast, "截止日期早于起始日期", "is before the first day")
	}
}

func (b *RegisterPerson) touch(*state, *Entry) {}

// sealedOf lists what each list of persons cannot do without.
var sealedOf = map[string][]string{
	ListPoor: {fieldHousehold, fieldClass}, ListDeceased: {fieldDied}, ListMeasures: {fieldHousehold, fieldClass, fieldFirst}, ListEntitled: {fieldClass, fieldFirst},
}

func (b *RegisterPerson) apply(s *state, e *Entry) {
	if !s.takeLine(e, b.Register, b.Line) {
		return
	}
	if died := e.Sealed[fieldDied]; died > string(s.batch.stated) {
		s.refuse("sealed."+fieldDied, "future", "死亡日期晚于数据截止日 "+string(s.batch.stated), "is after the day that the list states, "+string(s.batch.stated))
	}
	for _, field := range sealedOf[s.batch.list] {
		if _, ok := e.Commitments[field]; !ok {
			s.refuse("sealed."+field, "required", "“"+Lists.Name(s.batch.list).Zh+"”须填写此项", "is required in a list of "+Lists.Name(s.batch.list).En)
		}
	}
	if firms := s.batch.list == ListPersons; firms != (b.Firm != "") {
		s.refuse("body.firm", "firm", "企业关联人员须填写、其他名单不得填写所属企业的统一社会信用代码", "the credit code of the firm goes with persons of firms, and with them alone")
	}
	s.takeMember(Member{
		Member: lineKey(b.Register, b.Line), Register: b.Register, Line: int64(b.Line), Who: personOrNone(e.Person), Household: cmp.Or(b.Firm, e.Sealed[fieldHousehold]),
		Class: e.Sealed[fieldClass], Place: b.Place, From: Date(cmp.Or(e.Sealed[fieldDied], e.Sealed[fieldFirst])), To: Date(e.Sealed[fieldLast]), Seq: e.Seq,
	})
}

// RegisterSupplier is one firm on a list: of debarred suppliers (禁入供应商), which is a
// public decision (政府采购法77, 招标投标法53), or of those that are registered (市场主体登记).
//
// Effect: the firm is a member of the load. Refused outside of it, twice in it, and a
// ban without its decision.
type RegisterSupplier struct {
	// Address is that of a registered firm (住所).
	Address string `json:"address,omitzero"`
	// Basis is the decision of a ban (处罚决定书).
	Basis string `json:"basis,omitzero"`
	// From is the first day of a ban, or the day of registration (成立日期).
	From     Date   `json:"from"`
	Line     Count  `json:"line"`
	Register string `json:"register"`
	// Supplier has its credit code, by which it is found.
	Supplier Party `json:"supplier"`
	// To is the last day of the ban or of the registration (注销日期), empty for none.
	To Date `json:"to,omitzero"`
}

func (b *RegisterSupplier) check(c *checker) {
	c.registerLine(b.Register, b.Line)
	c.party("supplier", b.Supplier)
	if b.Supplier.Code == "" {
		c.bad("supplier.code", "统一社会信用代码必填", "the credit code is required")
	}
	c.optional("basis", b.Basis, 200)
	c.optional("address", b.Address, 200)
	c.day("from", b.From)
	c.optionalDay("to", b.To)
	c.order(b.From, b.To, "to")
}

func (b *RegisterSupplier) touch(*state, *Entry) {}

func (b *RegisterSupplier) apply(s *state, e *Entry) {
	if !s.takeLine(e, b.Register, b.Line) {
		return
	}
	if s.batch.list == ListDebarred && strings.TrimSpace(b.Basis) == "" {
		s.refuse("body.basis", "required", "“"+Lists.Name(ListDebarred).Zh+"”须填写此项", "is required in a list of "+Lists.Name(ListDebarred).En)
	}
	s.takeMember(Member{
		Member: lineKey(b.Register, b.Line), Register: b.Register, Line: int64(b.Line), Who: payeeKey(b.Supplier), From: b.From, To: b.To, Address: b.Address, Seq: e.Seq,
	})
}

// RegisterAccount is one account that a bank opened (名单账户): where, on which day, and as
// which of the accounts of that day. Sealed: the account number, by whose keyed token it is
// found, and name and ID number of whoever it belongs to, where the bank tells them.
//
// Effect: the account is a member of the load. Refused outside of it, twice in it, and
// opened after the day that the list states.
type RegisterAccount struct {
	// Branch is the branch of the bank (开户网点).
	Branch string `json:"branch"`
	Line   Count  `json:"line"`
	// Opened is the day on which the account was opened.
	Opened   Date   `json:"opened"`
	Register string `json:"register"`
	// Serial is its number among what the branch opened (开户序号): accounts that were opened
	// one after the other have consecutive ones.
	Serial Count `json:"serial"`
}

func (b *RegisterAccount) check(c *checker) {
	c.registerLine(b.Register, b.Line)
	c.text("branch", b.Branch, 100)
	c.day("opened", b.Opened)
	if b.Serial < 1 {
		c.bad("serial", "开户序号须为正整数", "want a positive whole number")
	}
}

func (b *RegisterAccount) checkSealed(c *checker, sealed map[string]string) {
	if sealed[fieldAccount] == "" {
		c.bad(fieldAccount, "账号必填", "the account number is required")
	}
}

func (b *RegisterAccount) touch(*state, *Entry) {}

func (b *RegisterAccount) apply(s *state, e *Entry) {
	if !s.takeLine(e, b.Register, b.Line) {
		return
	}
	if b.Opened > s.batch.stated {
		s.refuse("body.opened", "future", "开户日期晚于数据截止日 "+string(s.batch.stated), "is after the day that the list states, "+string(s.batch.stated))
	}
	s.takeMember(Member{
		Member: lineKey(b.Register, b.Line), Register: b.Register, Line: int64(b.Line), Who: accountOrNone(e.Account), From: b.Opened, Branch: b.Branch, Serial: int64(b.Serial), Seq: e.Seq,
	})
}

// takeMember adds a member to the load that is coming. A firm may be banned twice, by
// two decisions, a person may belong to two firms, and have several measures or policies,
// each again from another day on; else one is a member once.
func (s *state) takeMember(m Member) {
	o := s.batch
	if m.Who != "" {
		once := m.Who
		switch o.list {
		case ListDebarred:
			once += "/" + string(m.From)
		case ListPersons:
			once += "/" + m.Household
		case ListMeasures, ListEntitled:
			once += "/" + m.Class + "/" + string(m.From)
		}
		if first := o.members[once]; first != 0 {
			s.refuse("body.line", "duplicate", fmt.Sprintf("与第 %d 行是同一人、同一账户（同一决定、同一措施或政策）", first), fmt.Sprintf("is the same as line %d", first))
		}
		o.members[once] = Count(m.Line)
		s.membersOf.add(memberKey(m.Register, m.Who), m.Member)
	}
	if m.Household != "" {
		s.homesOf.add(memberKey(m.Register, m.Household), m.Member)
	}
	s.members.add(m.Member, m)
	if o.left == 0 {
		s.closeBatch()
	}
}

// memberKey is what the lines of one load have in common that are about one person or
// firm, or about one household.
func memberKey(register, of string) string { return register + "/" + of }

// forget drops from the projections what was known by a sealed value that goes.
func (s *state) forgetValue(target *Entry, field string) {
	switch b := target.Body.(type) {
	case *GrantLine:
		if s.line(b.Payment, b.Line) == nil {
			return
		}
		switch field {
		case fieldIDNumber:
			s.lines.edit(lineKey(b.Payment, b.Line)).Person = "" // nobody's, also here
		case fieldAccount:
			s.lines.edit(lineKey(b.Payment, b.Line)).Account = ""
		case fieldPhone:
			s.lines.edit(lineKey(b.Payment, b.Line)).Phone = ""
		}
	case *PaymentRequested:
		key, _ := b.payee(target)
		if field == fieldAccount && s.payee(key) != nil { // also what was known by a later one
			y := s.payees.edit(key)
			y.Account, y.AccountOn = "", ""
		}
	case *RegisterAccount:
		if field == fieldAccount && s.members.get(lineKey(b.Register, b.Line)) != nil {
			s.members.edit(lineKey(b.Register, b.Line)).Who = ""
		}
	case *RegisterPerson:
		if s.members.get(lineKey(b.Register, b.Line)) == nil {
			return
		}
		m := s.members.edit(lineKey(b.Register, b.Line))
		switch field {
		case fieldIDNumber:
			m.Who = ""
		case fieldHousehold:
			m.Household = ""
		case fieldClass:
			m.Class = ""
		case fieldDied, fieldFirst:
			m.From = ""
		case fieldLast:
			m.To = ""
		}
	}
}

// touchValue asks for the row that forgetValue changes.
func (s *state) touchValue(target *Entry) {
	switch b := target.Body.(type) {
	case *GrantLine:
		s.line(b.Payment, b.Line)
	case *PaymentRequested:
		key, _ := b.payee(target)
		s.payee(key)
	case *RegisterPerson:
		s.members.get(lineKey(b.Register, b.Line))
	case *RegisterAccount:
		s.members.get(lineKey(b.Register, b.Line))
	}
}

// Registers returns the loads of a list that hold for acts of a day at a place: of each
// region that the place lies in the one with the latest first day, which may be out of
// date by then. None means that no list is loaded.
func (v View) Registers(list, place string, on Date) []Register {
	var held []Register
	for _, n := range []int{6, 9, 12} {
		if n > len(place) {
			break
		}
		var last Register
		for r := range rowsOf(v.s.loadsOf, loadsKey(list, place[:n]), v.s.registers) {
			if !r.Withdrawn && r.From <= on && (last.Register == "" || r.From > last.From || r.From == last.From && r.At >= last.At) {
				last = r
			}
		}
		if last.Register != "" {
			held = append(held, last)
		}
	}
	return held
}

// Members returns the lines of a load about a person or firm, by its key: none if it is
// not on the list.
func (v View) Members(register, who string) []Member {
	if who == "" {
		return nil
	}
	var found []Member
	for m := range rowsOf(v.s.membersOf, memberKey(register, who), v.s.members) {
		if m.Who == who { // else it was erased
			found = append(found, m)
		}
	}
	return found
}

// Household returns the lines of a load about one household (户), by its number.
func (v View) Household(register, household string) []Member {
	if household == "" {
		return nil
	}
	var found []Member
	for m := range rowsOf(v.s.homesOf, memberKey(register, household), v.s.members) {
		if m.Household == household { // else it was erased
			found = append(found, m)
		}
	}
	return found
}

// PersonOf is the key of the person that an entry is sealed for, and whether one is
// known.
func PersonOf(e *Entry) (string, bool) { return personOrNone(e.Person), e.Person != (audit.Token{}) }

// AccountOf is the key of the account number that an entry seals, empty when there is
// none or it was erased.
func AccountOf(e *Entry) string { return accountOrNone(e.Account) }
