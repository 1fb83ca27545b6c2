package ledger

import (
	"fmt"
	"strconv"
)

// 验收: works start, go on and end; they are accepted, settled, and become
// assets; papers are filed (一项一档).
var acceptanceKinds = []Spec{
	{Kind: "works.started", Stage: StageAcceptance, Text: Text{"开工", "works started"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(WorksStarted) }},
	{Kind: "works.progressed", Stage: StageAcceptance, Text: Text{"施工进度", "works progressed"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(WorksProgressed) }},
	{Kind: "works.completed", Stage: StageAcceptance, Text: Text{"完工", "works completed"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(WorksCompleted) }},
	{Kind: "acceptance.passed", Stage: StageAcceptance, Text: Text{"验收合格", "acceptance passed"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(AcceptancePassed) }},
	{Kind: "acceptance.failed", Stage: StageAcceptance, Text: Text{"验收不合格", "acceptance failed"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(AcceptanceFailed) }},
	{Kind: "settlement.audited", Stage: StageAcceptance, Text: Text{"结算审核", "settlement audited"}, TwoPersons: true, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(SettlementAudited) }},
	{Kind: "asset.registered", Stage: StageAcceptance, Text: Text{"资产登记", "asset registered"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(AssetRegistered) }},
	{Kind: "asset.disposed", Stage: StageAcceptance, Text: Text{"资产处置", "asset disposed of"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(AssetDisposed) }},
	{Kind: "document.filed", Stage: StageAcceptance, Text: Text{"资料归档", "document filed"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(DocumentFiled) }},
	{Kind: "document.waived", Stage: StageAcceptance, Text: Text{"资料不适用", "paper not applicable"}, Roles: []Role{Maker, ProjectOfficer}, Sealed: []string{fieldNote}, new: func() Body { return new(DocumentWaived) }},
}

// advance moves an approved project that is not cancelled to its next state,
// from one of the given ones, or refuses.
func (s *state) advance(e *Entry, project, to string, a Amount, from ...string) {
	p := s.needApproved("body.project", project)
	if p == nil {
		return
	}
	for _, f := range from {
		if p.State == f {
			p = s.projects.edit(project)
			p.State, p.Trail = to, p.Trail.step(e.Seq, p.State, to)
			s.event(e, project, a)
			return
		}
	}
	s.refuseState("body.project", p.State, from)
}

// WorksStarted records the start of works (开工).
//
// Effect: the project is started. Refused unless approved and not started, or
// under a contract that is not the project's.
type WorksStarted struct {
	Contract string `json:"contract,omitzero"`
	Project  string `json:"project"`
}

func (b *WorksStarted) check(c *checker) {
	c.id("project", b.Project)
	c.optionalID("contract", b.Contract)
}

func (b *WorksStarted) touch(s *state, _ *Entry) {
	s.project(b.Project)
	if b.Contract != "" {
		s.contract(b.Contract)
	}
}

func (b *WorksStarted) apply(s *state, e *Entry) {
	if b.Contract != "" {
		if k := s.needContract("body.contract", b.Contract); k == nil {
			return
		} else if k.Project != b.Project {
			s.refuse("body.contract", "other_project", "合同不属于该项目", "the contract belongs to project "+k.Project)
			return
		}
	}
	s.advance(e, b.Project, StateStarted, 0, StateApproved)
}

func (b *WorksStarted) revert(s *state, e *Entry) { s.revertProject(b.Project, e.Corrects) }

// WorksProgressed records how far the works are (形象进度, 已完成产值).
type WorksProgressed struct {
	Content string `json:"content"`
	Files   []File `json:"files,omitzero"`
	// Percent is the physical progress, 0 to 100.
	Percent Count  `json:"percent"`
	Project string `json:"project"`
	// Value is the value of work done so far.
	Value Amount `json:"value"`
}

func (b *WorksProgressed) check(c *checker) {
	c.id("project", b.Project)
	c.text("content", b.Content, 500)
	c.notNegative("value", b.Value)
	c.files("files", b.Files)
	if b.Percent < 0 || b.Percent > 100 {
		c.bad("percent", "须为0–100", "want 0 to 100")
	}
}

func (b *WorksProgressed) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *WorksProgressed) apply(s *state, e *Entry) {
	s.advance(e, b.Project, StateStarted, b.Value, StateStarted, StateApproved)
}

func (b *WorksProgressed) revert(s *state, e *Entry) { s.revertProject(b.Project, e.Corrects) }

// WorksCompleted records that the works are done (完工), with the quantity that
// was finished: “completed” alone is not enough [doc one county].
type WorksCompleted struct {
	Content string `json:"content"`
	Project string `json:"project"`
}

func (b *WorksCompleted) check(c *checker) {
	c.id("project", b.Project)
	c.text("content", b.Content, 500)
}

func (b *WorksCompleted) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *WorksCompleted) apply(s *state, e *Entry) {
	s.advance(e, b.Project, StateCompleted, 0, StateStarted, StateApproved)
}

func (b *WorksCompleted) revert(s *state, e *Entry) { s.revertProject(b.Project, e.Corrects) }

// AcceptancePassed records a passed acceptance (验收合格), township's first
// (乡镇初验) or county's (县级验收).
type AcceptancePassed struct {
	// Acceptors are the units that took part in the acceptance (参加验收单位).
	Acceptors  []Party `json:"acceptors,omitzero"`
	Conclusion string  `json:"conclusion"`
	Files      []File  `json:"files,omitzero"`
	Level      string  `json:"level"`
	Project    string  `json:"project"`
	// Quantities is how much of each contract's items was found done (验收工程量).
	Quantities []AcceptedQuantity `json:"quantities,omitzero"`
}

// AcceptanceLevels are who accepts.
var AcceptanceLevels = codes{
	"township":   {"乡镇初验", "township"},
	"county":     {"县级验收", "county"},
	"department": {"主管部门验收", "department"},
}

func (b *AcceptancePassed) check(c *checker) {
	c.id("project", b.Project)
	c.oneOf("level", b.Level, AcceptanceLevels)
	c.text("conclusion", b.Conclusion, 500)
	c.files("files", b.Files)
	if len(b.Acceptors) > 20 {
		c.bad("acceptors", "最多20个单位", "at most 20 units")
	}
	for i, p := range b.Acceptors {
		c.party("acceptors."+strconv.Itoa(i), p)
	}
	c.accepted("quantities", b.Quantities)
}

func (b *AcceptancePassed) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *AcceptancePassed) apply(s *state, e *Entry) {
	to := StateAccepted
	if b.Level == "township" {
		to = StateCompleted
	}
	s.advance(e, b.Project, to, 0, StateCompleted)
}

func (b *AcceptancePassed) revert(s *state, e *Entry) { s.revertProject(b.Project, e.Corrects) }

// AcceptanceFailed records a failed acceptance with what is to be mended.
//
// Effect: the project is under way again.
type AcceptanceFailed struct {
	// Acceptors are the units that took part in the acceptance.
	Acceptors  []Party `json:"acceptors,omitzero"`
	Conclusion string  `json:"conclusion"`
	Files      []File  `json:"files,omitzero"`
	Level      string  `json:"level"`
	Project    string  `json:"project"`
	// Quantities is how much of each contract's items was found done.
	Quantities []AcceptedQuantity `json:"quantities,omitzero"`
}

func (b *AcceptanceFailed) check(c *checker) { (*AcceptancePassed)(b).check(c) }

func (b *AcceptanceFailed) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *AcceptanceFailed) apply(s *state, e *Entry) {
	s.advance(e, b.Project, StateStarted, 0, StateCompleted)
}

func (b *AcceptanceFailed) revert(s *state, e *Entry) { s.revertProject(b.Project, e.Corrects) }

// SettlementAudited fixes the final price of a contract (结算审核, 审定价).
//
// Effect: the settled price replaces the contract's amount as the limit of
// payment. Refused below what is paid or requested.
type SettlementAudited struct {
	Amount   Amount `json:"amount"`
	Auditor  Party  `json:"auditor"`
	Contract string `json:"contract"`
	Document string `json:"document"`
	Files    []File `json:"files,omitzero"`
}

func (b *SettlementAudited) check(c *checker) {
	c.id("contract", b.Contract)
	c.positive("amount", b.Amount)
	c.party("auditor", b.Auditor)
	c.text("document", b.Document, 100)
	c.files("files", b.Files)
}

func (b *SettlementAudited) touch(s *state, _ *Entry) {
	if k := s.contract(b.Contract); k != nil {
		s.project(k.Project)
	}
}

func (b *SettlementAudited) apply(s *state, e *Entry) {
	k := s.needContract("body.contract", b.Contract)
	if k == nil {
		return
	}
	if k.Settled != 0 {
		s.refuse("body.contract", "exists", "合同已审定，请先冲销", "the contract is already settled; reverse that first")
		return
	}
	if b.Amount < k.Paid+k.Requested {
		s.refuse("body.amount", "below_paid",
			fmt.Sprintf("已支付及申请 %s 元，审定价不能少于此数", (k.Paid+k.Requested).Comma()),
			fmt.Sprintf("%s yuan are paid or requested", (k.Paid+k.Requested).Comma()))
		return
	}
	s.contracts.edit(b.Contract).Settled = b.Amount
	s.event(e, k.Project, b.Amount)
}

func (b *SettlementAudited) revert(s *state, _ *Entry) {
	k := s.needContract("corrects", b.Contract)
	if k == nil {
		return
	}
	if k.Amount < k.Paid+k.Requested {
		s.refuse("corrects", "below_paid", "冲销后合同额低于已支付数", "the contract's own amount is below what is paid")
		return
	}
	s.contracts.edit(b.Contract).Settled = 0
}

// AssetClasses are the classes of assets (国办函〔2021〕51号 [doc, title]).
var AssetClasses = codes{
	"operating": {"经营性", "operating"},
	"public":    {"公益性", "public benefit"},
	"household": {"到户类", "household"},
}

// AssetStates are what becomes of an asset (状态).
var AssetStates = codes{
	"used":     {"正常使用", "in use"},
	"idle":     {"闲置", "idle"},
	"damaged":  {"损毁", "damaged"},
	"disposed": {"已处置", "disposed of"},
}

// AssetRegistered records what the project left behind (资产登记, 确权). Fields:
// domain §6 资产台账.
type AssetRegistered struct {
	Asset string `json:"asset"`
	Class string `json:"class"`
	// Income says what the asset earns and who gets it (收益及分配).
	Income string `json:"income,omitzero"`
	Keeper string `json:"keeper,omitzero"`
	Name   string `json:"name"`
	// Operator holds the right to run it (经营权, 承包人); a firm or collective.
	Operator string `json:"operator,omitzero"`
	Owner    string `json:"owner"`
	Place    string `json:"place"`
	Project  string `json:"project"`
	// State is one of AssetStates, "" is in use.
	State string `json:"state,omitzero"`
	Value Amount `json:"value"`
}

func (b *AssetRegistered) check(c *checker) {
	c.id("asset", b.Asset)
	c.id("project", b.Project)
	c.text("name", b.Name, 200)
	c.oneOf("class", b.Class, AssetClasses)
	c.text("owner", b.Owner, 100)
	c.optional("keeper", b.Keeper, 100)
	c.optional("operator", b.Operator, 100)
	c.optional("income", b.Income, 500)
	if b.State != "" {
		c.oneOf("state", b.State, AssetStates)
	}
	c.place("place", b.Place)
	c.positive("value", b.Value)
}

func (b *AssetRegistered) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *AssetRegistered) apply(s *state, e *Entry) {
	if s.needApproved("body.project", b.Project) != nil {
		s.event(e, b.Project, b.Value)
	}
}

func (b *AssetRegistered) revert(*state, *Entry) {}

// DisposalWays are how an asset is given up (处置方式).
var DisposalWays = codes{
	"sold":        {"出售、出让", "sold"},
	"transferred": {"划转、移交", "handed over"},
	"exchanged":   {"置换", "exchanged"},
	"scrapped":    {"报废、拆除", "scrapped"},
	"lost":        {"报损、灭失", "lost"},
}

// AssetDisposed records that an asset of a project is given up (资产处置). It takes a
// decision of those who own it (村24, 罚8); without one it is recorded all the same.
//
// Effect: it stands in the project's timeline. Refused: a project that is not approved.
type AssetDisposed struct {
	Asset string `json:"asset"`
	// Decision is the approval or resolution (处置批复、民主决议).
	Decision string `json:"decision,omitzero"`
	Files    []File `json:"files,omitzero"`
	// Proceeds is what came in, zero for nothing.
	Proceeds Amount `json:"proceeds,omitzero"`
	Project  string `json:"project"`
	// Value is the original value of what is given up (原值).
	Value Amount `json:"value"`
	// Way is one of DisposalWays.
	Way string `json:"disposal_way"`
}

func (b *AssetDisposed) check(c *checker) {
	c.id("asset", b.Asset)
	c.id("project", b.Project)
	c.optional("decision", b.Decision, 200)
	c.files("files", b.Files)
	c.notNegative("proceeds", b.Proceeds)
	c.positive("value", b.Value)
	c.oneOf("disposal_way", b.Way, DisposalWays)
}

func (b *AssetDisposed) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *AssetDisposed) apply(s *state, e *Entry) {
	if s.needApproved("body.project", b.Project) != nil {
		s.event(e, b.Project, b.Value)
	}
}

func (b *AssetDisposed) revert(*state, *Entry) {}

// DocumentFiled files one paper of a project (一项一档): its place in the list
// of 27 [doc 郧阳; editable] and its content's hash.
type DocumentFiled struct {
	File File `json:"file"`
	// Item is the paper's number in the list, 1 to 27; 0 is outside the list.
	Item    Count  `json:"item"`
	Project string `json:"project"`
}

func (b *DocumentFiled) check(c *checker) {
	c.id("project", b.Project)
	c.file("file", b.File)
	if b.Item < 0 || b.Item > 27 {
		c.bad("item", "须为0–27（一项一档目录）", "want 0 to 27")
	}
}

func (b *DocumentFiled) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *DocumentFiled) apply(s *state, e *Entry) {
	if s.needProject(b.Project) != nil {
		s.event(e, b.Project, 0)
	}
}

func (b *DocumentFiled) revert(*state, *Entry) {}

// DocumentWaived says that a paper of the list of 27 does not apply to a project (不适用),
// and why. It holds until it is reversed, or until the paper is filed after all.
type DocumentWaived struct {
	// Explanation is why, in words that everybody may read.
	Explanation string `json:"explanation"`
	// Item is the paper's number in the list.
	Item    Count  `json:"item"`
	Project string `json:"project"`
}

func (b *DocumentWaived) check(c *checker) {
	c.text("explanation", b.Explanation, 200)
	c.id("project", b.Project)
	if b.Item < 1 || b.Item > 27 {
		c.bad("item", "须为1–27（一项一档目录）", "want 1 to 27")
	}
}

func (b *DocumentWaived) touch(s *state, _ *Entry) { s.project(b.Project) }

func (b *DocumentWaived) apply(s *state, e *Entry) {
	if s.needProject(b.Project) != nil {
		s.event(e, b.Project, 0)
	}
}

func (b *DocumentWaived) revert(*state, *Entry) {}
