package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// 招投标: tenders, bids, results, exemptions and contracts.
var tenderKinds = []Spec{
	{Kind: "tender.announced", Stage: StageTender, Text: Text{"招标公告", "tender announced"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(TenderAnnounced) }},
	{Kind: "tender.changed", Stage: StageTender, Text: Text{"招标文件澄清、修改", "tender documents changed"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(TenderChanged) }},
	{Kind: "tender.bid", Stage: StageTender, Text: Text{"投标", "bid received"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(TenderBid) }},
	{Kind: "tender.evaluator", Stage: StageTender, Text: Text{"评标委员会成员", "member of the evaluation committee"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldPerson, fieldIDNumber, fieldNote}, new: func() Body { return new(TenderEvaluator) }},
	{Kind: "tender.opened", Stage: StageTender, Text: Text{"开标", "bids opened"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(TenderOpened) }},
	{Kind: "tender.candidates", Stage: StageTender, Text: Text{"中标候选人", "candidates named"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(TenderCandidates) }},
	{Kind: "tender.awarded", Stage: StageTender, Text: Text{"中标", "tender awarded"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(TenderAwarded) }},
	{Kind: "tender.failed", Stage: StageTender, Text: Text{"流标、废标", "tender failed"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(TenderFailed) }},
	{Kind: "tender.exempted", Stage: StageTender, Text: Text{"免于招标", "tender exempted"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(TenderExempted) }},
	{Kind: "contract.signed", Stage: StageTender, Text: Text{"签订合同", "contract signed"}, TwoPersons: true, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldAccount, fieldBank, fieldNote}, new: func() Body { return new(ContractSigned) }},
	{Kind: "contract.amended", Stage: StageTender, Text: Text{"合同变更", "contract amended"}, TwoPersons: true, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(ContractAmended) }},
	{Kind: "contract.subcontracted", Stage: StageTender, Text: Text{"分包、转包", "contract subcontracted"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(ContractSubcontracted) }},
}

// Methods are the ways of buying (采购方式) [law 招标投标法, 政府采购法].
var Methods = codes{
	"open":         {"公开招标", "open tender"},
	"invited":      {"邀请招标", "invited tender"},
	"negotiation":  {"竞争性谈判", "competitive negotiation"},
	"consultation": {"竞争性磋商", "competitive consultation"},
	"inquiry":      {"询价", "request for quotations"},
	"single":       {"单一来源", "single source"},
	"self_built":   {"村民自建", "built by villagers"},
	"direct":       {"直接发包", "direct contract"},
}

// Categories are what a tender buys; the limits of 发改委令16号 differ by it.
var Categories = codes{
	"works":    {"施工", "works"},
	"goods":    {"货物", "goods"},
	"services": {"勘察、设计、监理等服务", "services"},
}

// instant is a moment in the canonical form of the log: UTC, microseconds. Law
// compares bid times and deadlines as instants, never as texts.
type instant string

var errInstant = errors.New("want an instant with offset, such as 2020-03-18T09:00:00+08:00")

const instantForm = "2006-01-02T15:04:05.000000Z"

// UnmarshalText reads RFC 3339 with an offset and keeps it in UTC.
func (t *instant) UnmarshalText(b []byte) error {
	v, err := time.Parse(time.RFC3339Nano, string(b))
	if y := v.UTC().Year(); err != nil || y < 1949 || y > 2199 { // else UTC may have a year of five digits
		return errInstant
	}
	*t = instant(v.UTC().Truncate(time.Microsecond).Format(instantForm))
	return nil
}

// MarshalText writes the instant as it is kept.
func (t instant) MarshalText() ([]byte, error) { return []byte(t), nil }

// Instant makes the body form of a time.
func Instant(t time.Time) instant {
	return instant(t.UTC().Truncate(time.Microsecond).Format(instantForm))
}

func (c *checker) instant(field string, t instant) {
	if _, err := time.Parse(instantForm, string(t)); err != nil {
		c.bad(field, "必填，须带时区，如 2020-03-18T09:00:00+08:00", "is required, with an offset, such as 2020-03-18T09:00:00+08:00")
	}
}

// TenderAnnounced opens a tender, one entry per lot (标段). Sale of documents
// lasts at least 5 days (招条16), bids have at least 20 days (招24): too little
// is a suspicion, not refused here, since the announcement is a fact.
//
// Effect: bids may come. Refused: unknown or cancelled project, id taken.
type TenderAnnounced struct {
	// Ceiling is the highest accepted price (最高限价), zero if none.
	Ceiling  Amount  `json:"ceiling,omitzero"`
	Category string  `json:"category"`
	Deadline instant `json:"deadline"`
	Estimate Amount  `json:"estimate"`
	Method   string  `json:"method"`
	Name     string  `json:"name"`
	Platform string  `json:"platform,omitzero"`
	Project  string  `json:"project"`
	SaleFrom Date    `json:"sale_from,omitzero"`
	SaleTo   Date    `json:"sale_to,omitzero"`
	Tender   string  `json:"tender"`
}

func (b *TenderAnnounced) check(c *checker) {
	c.id("tender", b.Tender)
	c.id("project", b.Project)
	c.text("name", b.Name, 200)
	c.oneOf("method", b.Method, Methods)
	c.oneOf("category", b.Category, Categories)
	c.positive("estimate", b.Estimate)
	c.notNegative("ceiling", b.Ceiling)
	c.instant("deadline", b.Deadline)
	c.optional("platform", b.Platform, 200)
	c.optionalDay("sale_from", b.SaleFrom)
	c.optionalDay("sale_to", b.SaleTo)
	c.order(b.SaleFrom, b.SaleTo, "sale_to")
}

func (b *TenderAnnounced) touch(s *state, _ *Entry) {
	s.project(b.Project)
	s.tender(b.Tender)
}

func (b *TenderAnnounced) apply(s *state, e *Entry) {
	if s.needLiving("body.project", b.Project) == nil {
		return
	}
	if s.tender(b.Tender) != nil {
		s.refuse("body.tender", "exists", "招标编号 "+b.Tender+" 已存在", "tender "+b.Tender+" exists")
		return
	}
	s.tendersOf.add(b.Project, b.Tender)
	s.tenders.add(b.Tender, Tender{
		Tender: b.Tender, Project: b.Project, Name: b.Name, Method: b.Method, Category: b.Category,
		Estimate: b.Estimate, State: StateAnnounced, Seq: e.Seq, Awarded: None,
	})
	s.event(e, b.Project, b.Estimate)
}

func (b *TenderAnnounced) revert(s *state, e *Entry) {
	t := s.needTender(b.Tender, StateAnnounced)
	if t != nil && t.Bids == 0 {
		s.tenders.edit(b.Tender).State = StateWithdrawn
	} else if t != nil {
		s.refuse("corrects", "in_use", "已有投标，不能冲销公告；请登记流标", "bids exist; record the tender as failed")
	}
}

// TenderChanged tells the bidders of a clarification or change of the documents (澄清、
// 修改): one that may concern their bids comes at least 15 days before the deadline, or
// the deadline is put off (招23). Too late a change is a suspicion, not refused here.
//
// Effect: bids are due by the new deadline, if there is one. Refused: a tender that is
// not open for bids.
type TenderChanged struct {
	Content string `json:"content"`
	// Deadline is the new one, empty if it stays.
	Deadline instant `json:"deadline,omitzero"`
	Files    []File  `json:"files,omitzero"`
	Tender   string  `json:"tender"`
}

func (b *TenderChanged) check(c *checker) {
	c.id("tender", b.Tender)
	c.text("content", b.Content, 500)
	if b.Deadline != "" {
		c.instant("deadline", b.Deadline)
	}
	c.files("files", b.Files)
}

func (b *TenderChanged) touch(s *state, _ *Entry) { s.touchTender(b.Tender) }

func (b *TenderChanged) apply(s *state, e *Entry) {
	if t := s.needTender(b.Tender, StateAnnounced); t != nil {
		s.event(e, t.Project, 0)
	}
}

func (b *TenderChanged) revert(s *state, _ *Entry) { s.needTender(b.Tender, StateAnnounced) }

// TenderBid is one bid (投标): who, how much, when it was received.
//
// Effect: counts to the tender. Refused: unknown tender, one no longer open,
// the bidder's second bid in it.
type TenderBid struct {
	Amount Amount  `json:"amount"`
	At     instant `json:"at"`
	Bidder Party   `json:"bidder"`
	// Bond is the bid bond (投标保证金), at most 2 % of the estimate (招条26).
	Bond Amount `json:"bond,omitzero"`
	// BondPayer is the holder of the account that the bond came from (保证金付款账户户名):
	// two bidders' bonds must not come from one (招条40(六)).
	BondPayer Party  `json:"bond_payer,omitzero"`
	Tender    string `json:"tender"`
}

func (b *TenderBid) check(c *checker) {
	if b.BondPayer != (Party{}) {
		c.party("bond_payer", b.BondPayer)
	}
	c.id("tender", b.Tender)
	c.party("bidder", b.Bidder)
	c.positive("amount", b.Amount)
	c.notNegative("bond", b.Bond)
	c.instant("at", b.At)
}

func (b *TenderBid) touch(s *state, _ *Entry) {
	if t := s.tender(b.Tender); t != nil {
		s.project(t.Project)
	}
	s.bid(b.Tender, payeeKey(b.Bidder))
}

func (b *TenderBid) apply(s *state, e *Entry) {
	t := s.needTender(b.Tender, StateAnnounced)
	if t == nil {
		return
	}
	key := payeeKey(b.Bidder)
	if old := s.bid(b.Tender, key); old != nil && !old.Withdrawn {
		s.refuse("body.bidder", "duplicate", "该投标人在此标段已有投标", "this bidder already has a bid in the tender")
		return
	}
	if s.bid(b.Tender, key) == nil {
		s.bidsOf.add(b.Tender, bidKey(b.Tender, key))
	}
	s.editBid(b.Tender, key, Bid{Tender: b.Tender, Bidder: key, Name: b.Bidder.Name, Amount: b.Amount, At: string(b.At), Seq: e.Seq})
	s.tenders.edit(b.Tender).Bids++
	s.event(e, t.Project, b.Amount)
}

func (b *TenderBid) revert(s *state, e *Entry) {
	if s.needTender(b.Tender, StateAnnounced) == nil {
		return
	}
	s.bids.edit(bidKey(b.Tender, payeeKey(b.Bidder))).Withdrawn = true
	s.tenders.edit(b.Tender).Bids--
}

// TenderEvaluator names a member of the evaluation committee (评标委员会成员). Names are
// secret until the result (招37) and numbers for good: both are sealed, and the person is
// found by the keyed token of the number alone.
//
// Effect: it stands in the project's timeline. Refused: an unknown tender, one that is
// decided or failed.
type TenderEvaluator struct {
	// Expert says that the member was drawn from the list of experts (评标专家).
	Expert bool   `json:"expert,omitzero"`
	Tender string `json:"tender"`
}

func (b *TenderEvaluator) check(c *checker) { c.id("tender", b.Tender) }

func (b *TenderEvaluator) checkSealed(c *checker, sealed map[string]string) {
	if sealed[fieldPerson] == "" || sealed[fieldIDNumber] == "" {
		c.bad(fieldIDNumber, "须同时填写姓名与身份证号", "both name and ID number are required")
	}
}

func (b *TenderEvaluator) touch(s *state, _ *Entry) { s.touchTender(b.Tender) }

func (b *TenderEvaluator) apply(s *state, e *Entry) {
	if t := s.needTender(b.Tender, StateAnnounced, StateOpened, StateCandidates); t != nil {
		s.event(e, t.Project, 0)
	}
}

func (b *TenderEvaluator) revert(*state, *Entry) {}

// TenderOpened is the opening of bids (开标), which the law puts at the
// deadline (招34). Fewer than three bidders may not be opened (招28): that is
// flagged by a rule, since a wrong opening is a fact that must be recorded.
type TenderOpened struct {
	At instant `json:"at"`
	// Experts and Members count the evaluation committee (招37).
	Experts Count  `json:"experts,omitzero"`
	Members Count  `json:"members,omitzero"`
	Place   string `json:"place,omitzero"`
	// Rejected are the bids that were found invalid (否决投标), each with why.
	Rejected []RejectedBid `json:"rejected,omitzero"`
	Tender   string        `json:"tender"`
}

// RejectedBid is a bid that the committee found invalid (招条51).
type RejectedBid struct {
	Bidder Party `json:"bidder"`
	// Ground is one of RejectGrounds.
	Ground string `json:"ground"`
}

// RejectGrounds are why a bid is invalid (招条51).
var RejectGrounds = codes{
	"late":          {"逾期送达", "received late"},
	"seal":          {"未密封、未签章", "not sealed or signed"},
	"qualification": {"资格条件不符", "not qualified"},
	"bond":          {"投标保证金不符", "bond missing or short"},
	"price":         {"低于成本或高于最高限价", "below cost or above the ceiling"},
	"response":      {"未响应实质性要求", "does not meet the requirements"},
	"withdrawn":     {"投标人撤回", "withdrawn by the bidder"},
	"other":         {"其他", "other"},
}

func (b *TenderOpened) check(c *checker) {
	c.id("tender", b.Tender)
	if len(b.Rejected) > 100 {
		c.bad("rejected", "最多100家", "at most 100 bids")
	}
	for i, x := range b.Rejected {
		at := "rejected." + strconv.Itoa(i)
		c.party(at+".bidder", x.Bidder)
		c.oneOf(at+".ground", x.Ground, RejectGrounds)
	}
	c.instant("at", b.At)
	c.count("members", b.Members)
	c.count("experts", b.Experts)
	if b.Members > 0 && b.Experts > b.Members {
		c.bad("experts", "专家不能多于评标委员会成员", "more experts than members")
	}
	c.optional("place", b.Place, 200)
}

func (b *TenderOpened) touch(s *state, _ *Entry) { s.touchTender(b.Tender) }

func (b *TenderOpened) apply(s *state, e *Entry) {
	s.advanceTender(e, b.Tender, 0, StateOpened, StateAnnounced)
}

func (b *TenderOpened) revert(s *state, e *Entry) { s.revertTender(b.Tender, e.Corrects) }

// advanceTender moves a tender to its next state from one of the given ones.
func (s *state) advanceTender(e *Entry, tender string, a Amount, to string, from ...string) *Tender {
	t := s.needTender(tender, from...)
	if t == nil {
		return nil
	}
	s.event(e, t.Project, a)
	t = s.tenders.edit(tender)
	t.State, t.Trail = to, t.Trail.step(e.Seq, t.State, to)
	return t
}

func (s *state) touchTender(tender string) {
	if t := s.tender(tender); t != nil {
		s.project(t.Project)
	}
}

// Candidate is one ranked candidate (中标候选人).
type Candidate struct {
	Amount Amount `json:"amount"`
	Bidder Party  `json:"bidder"`
}

// maxCandidates bounds a list. How many there may be is the parameter most of rule T20;
// where nobody has set it, three (招条53).
const maxCandidates, fewCandidates = 10, 3

// TenderCandidates names the ranked candidates, at most three, to be posted for at
// least three days (招条53, 54).
type TenderCandidates struct {
	Candidates []Candidate `json:"candidates"`
	// Reported is the day of the committee's report (评标报告), from which the days of the
	// posting count; empty if not stated.
	Reported Date   `json:"reported_on,omitzero"`
	Tender   string `json:"tender"`
}

func (b *TenderCandidates) check(c *checker) {
	c.id("tender", b.Tender)
	if len(b.Candidates) == 0 || len(b.Candidates) > maxCandidates {
		c.bad("candidates", "须有1–10名候选人", "want 1 to 10 candidates")
	}
	c.optionalDay("reported_on", b.Reported)
	for i, x := range b.Candidates {
		at := "candidates." + strconv.Itoa(i)
		c.party(at+".bidder", x.Bidder)
		c.positive(at+".amount", x.Amount)
		if i > 0 && i < maxCandidates && slices.ContainsFunc(b.Candidates[:i], func(y Candidate) bool { return payeeKey(x.Bidder) == payeeKey(y.Bidder) }) {
			c.bad(at+".bidder", "同一投标人只能出现一次", "a bidder may appear once")
		}
	}
}

func (b *TenderCandidates) touch(s *state, _ *Entry) {
	s.touchTender(b.Tender)
	s.rulebook()
}

func (b *TenderCandidates) apply(s *state, e *Entry) {
	most := fewCandidates
	if text, set := s.inForce().setting(s.book, "T20", "most", e.On); set {
		if n, err := strconv.Atoi(text); err == nil {
			most = n
		}
	}
	if len(b.Candidates) > most {
		s.refuse("body.candidates", "too_many", fmt.Sprintf("中标候选人不得超过%d名（招标投标法实施条例53）", most), fmt.Sprintf("at most %d candidates are allowed", most))
		return
	}
	s.advanceTender(e, b.Tender, 0, StateCandidates, StateAnnounced, StateOpened)
}

func (b *TenderCandidates) revert(s *state, e *Entry) { s.revertTender(b.Tender, e.Corrects) }

// TenderAwarded names the winner and the price (中标).
//
// Effect: the tender is decided. Refused when it is decided already, or when
// bids are recorded and the winner is not among them.
type TenderAwarded struct {
	Amount Amount `json:"amount"`
	Files  []File `json:"files,omitzero"`
	Tender string `json:"tender"`
	Winner Party  `json:"winner"`
}

func (b *TenderAwarded) check(c *checker) {
	c.id("tender", b.Tender)
	c.party("winner", b.Winner)
	c.positive("amount", b.Amount)
	c.files("files", b.Files)
}

func (b *TenderAwarded) touch(s *state, _ *Entry) {
	s.touchTender(b.Tender)
	s.bid(b.Tender, payeeKey(b.Winner))
}

func (b *TenderAwarded) apply(s *state, e *Entry) {
	t := s.needTender(b.Tender, StateAnnounced, StateOpened, StateCandidates)
	if t == nil {
		return
	}
	if bid := s.bid(b.Tender, payeeKey(b.Winner)); t.Bids > 0 && (bid == nil || bid.Withdrawn) {
		s.refuse("body.winner", "not_a_bidder", "中标人不在投标人之中", "the winner is not among the bidders")
		return
	}
	s.event(e, t.Project, b.Amount)
	t = s.tenders.edit(b.Tender)
	t.Trail = t.Trail.step(e.Seq, t.State, StateAwarded)
	t.State, t.Winner, t.WinnerName, t.Price, t.Awarded = StateAwarded, payeeKey(b.Winner), b.Winner.Name, b.Amount, e.Seq
}

// revert leaves a contract alone that was signed since: a price that was typed
// wrong is found there, and the contract stands by itself.
func (b *TenderAwarded) revert(s *state, e *Entry) {
	if t := s.revertTender(b.Tender, e.Corrects); t != nil {
		t.Winner, t.WinnerName, t.Price, t.Awarded = "", "", 0, None
	}
}

// TenderFailed ends a tender without a winner (流标, 废标).
type TenderFailed struct {
	Reason string `json:"reason"`
	Tender string `json:"tender"`
}

// FailReasons are why a tender ends without a winner.
var FailReasons = codes{
	"bidders":   {"投标人少于三家", "fewer than three bidders"},
	"rejected":  {"有效投标不足", "too few valid bids"},
	"over":      {"报价均超过最高限价", "all bids above the ceiling"},
	"complaint": {"质疑、投诉成立", "complaint upheld"},
	"changed":   {"项目变更或取消", "project changed or cancelled"},
	"other":     {"其他", "other"},
}

func (b *TenderFailed) check(c *checker) {
	c.id("tender", b.Tender)
	c.oneOf("reason", b.Reason, FailReasons)
}

func (b *TenderFailed) touch(s *state, _ *Entry) { s.touchTender(b.Tender) }

func (b *TenderFailed) apply(s *state, e *Entry) {
	s.advanceTender(e, b.Tender, 0, StateFailed, StateAnnounced, StateOpened, StateCandidates)
}

func (b *TenderFailed) revert(s *state, e *Entry) { s.revertTender(b.Tender, e.Corrects) }

// TenderExempted records the ground on which a project is not tendered (招66,
// 招条9), such as 以工代赈 with rural labour.
type TenderExempted struct {
	Ground  string `json:"ground"`
	Files   []File `json:"files,omitzero"`
	Method  string `json:"method"`
	Project string `json:"project"`
}

// Grounds are the lawful grounds for not tendering.
var Grounds = codes{
	"work_relief":  {"扶贫资金实行以工代赈、需要使用农民工（招标投标法66）", "work relief with rural labour"},
	"below_limit":  {"未达必须招标限额（发改委令16号）", "below the limit of compulsory tender"},
	"patent":       {"需采用不可替代的专利或专有技术（招标投标法实施条例9）", "irreplaceable patent or know-how"},
	"own_capacity": {"采购人自身能够建设、生产或提供（招标投标法实施条例9）", "the buyer can do it itself"},
	"emergency":    {"抢险救灾（招标投标法66）", "emergency"},
	"self_built":   {"村民自建（四议两公开）", "built by villagers themselves"},
	"other":        {"国家规定的其他情形", "other lawful ground"},
}

func (b *TenderExempted) check(c *checker) {
	c.id("project", b.Project)
	c.oneOf("ground", b.Ground, Grounds)
	c.oneOf("method", b.Method, Methods)
	c.files("files", b.Files)
}

func (b *TenderExempted) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *TenderExempted) apply(s *state, e *Entry) {
	if s.needLiving("body.project", b.Project) == nil {
		return
	}
	if p := s.projects.edit(b.Project); p.Exempted == None {
		p.Exempted = e.Seq
	}
	s.event(e, b.Project, 0)
}

// revert leaves the project exempted if another entry says so.
func (b *TenderExempted) revert(s *state, e *Entry) {
	if p := s.project(b.Project); p != nil && p.Exempted == e.Corrects {
		s.projects.edit(b.Project).Exempted = None
	}
}

// ContractSigned records a contract (合同) of a project: its amount limits what
// may be paid under it. It is due within 30 days of the award notice (招46).
//
// Effect: the contract exists. Refused: unknown or cancelled project, unknown
// tender, id taken.
type ContractSigned struct {
	Amount Amount `json:"amount"`
	// Category is what a contract without a tender buys; see Categories.
	Category string `json:"category,omitzero"`
	Contract string `json:"contract"`
	Files    []File `json:"files,omitzero"`
	Finish   Date   `json:"finish,omitzero"`
	// Bill is the priced bill (工程量清单) of a contract by unit prices.
	Bill []ContractItem `json:"bill,omitzero"`
	// LabourMonths is after how many months at most wages are paid (人工费拨付周期), and
	// LabourShare their part in percent (人工费占比) (农24).
	LabourMonths Count  `json:"labour_months,omitzero"`
	LabourShare  string `json:"labour_share,omitzero"`
	Name         string `json:"name"`
	// PaymentDays is within how many days of delivery it is to be paid (付款期限), 0 if not
	// stated.
	PaymentDays Count  `json:"payment_days,omitzero"`
	Pricing     string `json:"pricing,omitzero"`
	Project     string `json:"project"`
	// Retention is the quality retention in percent (质量保证金), such as "3".
	Retention string `json:"retention,omitzero"`
	// SettledByAudit says that what an audit office finds is the price (以审计结果作为结算依据).
	SettledByAudit bool `json:"settled_by_audit,omitzero"`
	// SME says that the supplier is a small or medium enterprise (中小企业), which is
	// to be paid within the days of 保障中小企业款项支付条例.
	SME      bool   `json:"sme,omitzero"`
	Start    Date   `json:"start,omitzero"`
	Supplier Party  `json:"supplier"`
	Tender   string `json:"tender,omitzero"`
	// WageAccount says that wages go through a special account (农民工工资专用账户) (农26).
	WageAccount bool `json:"wage_account,omitzero"`
}

func (b *ContractSigned) check(c *checker) {
	b.terms(c)
	c.id("contract", b.Contract)
	c.id("project", b.Project)
	c.optionalID("tender", b.Tender)
	c.text("name", b.Name, 200)
	c.party("supplier", b.Supplier)
	c.positive("amount", b.Amount)
	if b.Category != "" {
		c.oneOf("category", b.Category, Categories)
	}
	c.optionalDay("start", b.Start)
	c.optionalDay("finish", b.Finish)
	c.order(b.Start, b.Finish, "finish")
	c.files("files", b.Files)
	if b.Retention != "" && !percentPattern.MatchString(b.Retention) {
		c.bad("retention", "须为百分数，如 3", "want a percentage, such as 3")
	}
}

func (b *ContractSigned) touch(s *state, _ *Entry) {
	s.project(b.Project)
	s.contract(b.Contract)
	if b.Tender != "" {
		s.tender(b.Tender)
	}
}

func (b *ContractSigned) apply(s *state, e *Entry) {
	if s.needLiving("body.project", b.Project) == nil {
		return
	}
	if s.contract(b.Contract) != nil {
		s.refuse("body.contract", "exists", "合同编号 "+b.Contract+" 已存在", "contract "+b.Contract+" exists")
		return
	}
	if b.Tender != "" {
		if t := s.tender(b.Tender); t == nil || t.Project != b.Project || t.State == StateWithdrawn {
			s.refuse("body.tender", "not_found", "项目没有招标 "+b.Tender, "the project has no tender "+b.Tender)
			return
		}
	}
	s.contracts.add(b.Contract, Contract{
		Contract: b.Contract, Project: b.Project, Tender: b.Tender, Name: b.Name,
		Supplier: payeeKey(b.Supplier), SupplierName: b.Supplier.Name, Signed: b.Amount, Amount: b.Amount, On: e.On, Seq: e.Seq,
	})
	s.editTotal(b.Project).Contracts += b.Amount
	s.event(e, b.Project, b.Amount)
}

func (b *ContractSigned) revert(s *state, e *Entry) {
	k := s.contract(b.Contract)
	if k == nil || k.Requested != 0 || k.Paid != 0 || k.Amount != k.Signed || k.Settled != 0 {
		s.refuse("corrects", "in_use", "合同已有支付申请、支付、变更或审定价，不能冲销", "the contract has requests, payments, amendments or a settled price")
		return
	}
	s.contracts.edit(b.Contract).Amount = 0
	s.contracts.edit(b.Contract).Withdrawn = true
	s.editTotal(b.Project).Contracts -= b.Amount
}

// ContractAmended changes a contract's amount or days (合同变更, 补充协议).
// Supplements of a procurement contract are held to 10 % in all (采49): a rule,
// not refused here.
//
// Effect: the limit moves by amount. Refused below what is paid or requested.
type ContractAmended struct {
	// Amount is added to the contract; it may be negative or zero.
	Amount   Amount `json:"amount"`
	Contract string `json:"contract"`
	Document string `json:"document"`
	Files    []File `json:"files,omitzero"`
	Finish   Date   `json:"finish,omitzero"`
	// Bill has the items whose quantity or price is another from now on, as they are then.
	Bill   []ContractItem `json:"bill,omitzero"`
	Reason string         `json:"reason"`
}

func (b *ContractAmended) check(c *checker) {
	c.id("contract", b.Contract)
	c.text("document", b.Document, 100)
	c.oneOf("reason", b.Reason, Reasons)
	c.files("files", b.Files)
	if b.Amount == 0 && b.Finish == "" && len(b.Bill) == 0 {
		c.bad("amount", "金额、完工日期、清单项至少变更一项", "change the amount, the finish day or an item")
	}
	c.items("bill", b.Bill)
	c.size("amount", b.Amount)
	c.optionalDay("finish", b.Finish)
}

func (b *ContractAmended) touch(s *state, _ *Entry) {
	if k := s.contract(b.Contract); k != nil {
		s.project(k.Project)
	}
}

func (b *ContractAmended) apply(s *state, e *Entry)  { b.by(s, e, b.Amount) }
func (b *ContractAmended) revert(s *state, e *Entry) { b.by(s, e, -b.Amount) }

func (b *ContractAmended) by(s *state, e *Entry, a Amount) {
	k := s.needContract("body.contract", b.Contract)
	if k == nil {
		return
	}
	// A settled price is the limit of payment, whatever the contract says.
	if least := k.Paid + k.Requested; k.Amount+a < 0 || k.Settled == 0 && k.Amount+a < least {
		s.refuse("body.amount", "below_paid",
			fmt.Sprintf("合同现为 %s 元，已支付及申请 %s 元，变更后不能少于此数", k.Amount.Comma(), least.Comma()),
			fmt.Sprintf("the contract is %s yuan, %s are paid or requested under it", k.Amount.Comma(), least.Comma()))
		return
	}
	changed := s.contracts.edit(b.Contract)
	changed.Amount += a
	if b.Amount > 0 {
		changed.Increases += a
	}
	s.editTotal(k.Project).Contracts += a
	s.event(e, k.Project, a)
}
