package ledger

import (
	"fmt"
	"strconv"
)

// 预警办理: the steps of a case, 疑似违规 → 核实 → 认定 → 整改 → 复核 → 销号. Which
// step may follow which, and who may take it, package alerts holds in the same
// transaction; here stands what each step says.
var caseKinds = []Spec{
	{Kind: "alert.assigned", Stage: StageAlert, Text: Text{"交办核实", "case assigned"}, Roles: []Role{Auditor}, Sealed: stepSealed, new: func() Body { return new(AlertAssigned) }},
	{Kind: "alert.answered", Stage: StageAlert, Text: Text{"核实反馈", "case answered"}, Roles: []Role{Maker, ProjectOfficer, Checker}, Sealed: stepSealed, new: func() Body { return new(AlertAnswered) }},
	{Kind: "alert.dismissed", Stage: StageAlert, Text: Text{"认定正常", "case dismissed"}, Roles: []Role{Auditor}, Sealed: stepSealed, new: func() Body { return new(AlertDismissed) }},
	{Kind: "alert.seconded", Stage: StageAlert, Text: Text{"第二人同意", "dismissal seconded"}, Roles: []Role{Auditor}, Sealed: stepSealed, new: func() Body { return new(AlertSeconded) }},
	{Kind: "alert.confirmed", Stage: StageAlert, Text: Text{"认定属实", "case confirmed"}, Roles: []Role{Auditor}, Sealed: stepSealed, new: func() Body { return new(AlertConfirmed) }},
	{Kind: "alert.rectified", Stage: StageAlert, Text: Text{"整改完成", "case rectified"}, Roles: []Role{Maker, ProjectOfficer, Checker}, Sealed: stepSealed, new: func() Body { return new(AlertRectified) }},
	{Kind: "alert.returned", Stage: StageAlert, Text: Text{"复核退回", "rectification returned"}, Roles: []Role{Auditor}, Sealed: stepSealed, new: func() Body { return new(AlertReturned) }},
	{Kind: "alert.closed", Stage: StageAlert, Text: Text{"销号", "case closed"}, Roles: []Role{Auditor}, Sealed: stepSealed, new: func() Body { return new(AlertClosed) }},
	{Kind: "alert.reopened", Stage: StageAlert, Text: Text{"重新核查", "case reopened"}, Roles: []Role{Auditor}, Sealed: stepSealed, new: func() Body { return new(AlertReopened) }},
	{Kind: "alert.escalated", Stage: StageAlert, Text: Text{"逾期上报", "case escalated"}, Roles: []Role{Engine, Auditor}, Sealed: stepSealed, new: func() Body { return new(AlertEscalated) }},
	{Kind: "alert.commented", Stage: StageAlert, Text: Text{"办理意见", "comment on a case"}, Roles: []Role{Auditor, Maker, ProjectOfficer, Checker}, Sealed: stepSealed, new: func() Body { return new(AlertCommented) }},
	{Kind: "alert.silenced", Stage: StageAlert, Text: Text{"暂停提醒", "case silenced"}, Roles: []Role{Auditor}, Sealed: stepSealed, new: func() Body { return new(AlertSilenced) }},
}

var stepSealed = []string{fieldOpinion}

// Step is what every step of a case begins with: which case, and in which version
// it was seen. Of two who act on the same version one is told to look again.
type Step struct {
	Alert string `json:"alert"`
	// Seen is the version of the case that was seen, from 1.
	Seen Count `json:"seen"`
}

// Case returns the step itself: what all steps of cases have.
func (s Step) Case() Step { return s }

func (s Step) check(c *checker) {
	c.id("alert", s.Alert)
	if s.Seen < 1 {
		c.bad("seen", "须为所见的版本，从1起", "want the version that was seen, from 1")
	}
}

func (s Step) touch(*state, *Entry) {}
func (s Step) apply(*state, *Entry) {}

// CaseStep is a body that is a step of a case.
type CaseStep interface {
	Body
	Case() Step
}

// DismissGrounds are why a warning is found to be none (认定正常).
var DismissGrounds = codes{
	"lawful":     {"符合规定", "lawful"},
	"data":       {"数据有误，已更正", "wrong data, corrected"},
	"explained":  {"有合理解释并附证明", "explained and proved"},
	"duplicate":  {"与其他预警为同一事项", "the same matter as another warning"},
	"rule":       {"规则不适用于此情形", "the rule does not fit the case"},
	"small":      {"影响轻微，已提醒", "slight, the unit was reminded"},
	"superseded": {"已另案处理", "handled elsewhere"},
}

// Violations are the kinds of a confirmed finding (违规类型) [assumed, after
// 财政违法行为处罚处分条例 6–9 and 国务院扶贫开发领导小组办公室's classes].
var Violations = codes{
	"V01": {"截留、滞留资金", "money withheld or held up"},
	"V02": {"挤占、挪用资金", "money put to another use"},
	"V03": {"骗取、套取资金", "money obtained by false papers"},
	"V04": {"违规招标采购", "unlawful tender or purchase"},
	"V05": {"超进度、超合同支付", "paid ahead of works or beyond the contract"},
	"V06": {"虚报工程量、验收不实", "false quantities or acceptance"},
	"V07": {"优亲厚友、对象不准", "wrong beneficiaries"},
	"V08": {"未按规定公开公示", "not published as required"},
	"V09": {"资产管理不规范", "assets not kept as required"},
	"V10": {"资料、手续不全", "papers missing"},
	"V99": {"其他", "other"},
}

// SilenceGrounds are why a case need not remind anybody for a while.
var SilenceGrounds = codes{
	"season":  {"受季节、天气影响", "season or weather"},
	"waiting": {"等待外部材料", "waiting for papers from outside"},
	"court":   {"司法程序中", "before a court"},
	"planned": {"已列入整改计划", "planned already"},
}

// AlertAssigned hands a case to the unit that shall answer (交办, 问询单), or to
// another one.
type AlertAssigned struct {
	Step
	Unit string `json:"unit"`
}

func (b *AlertAssigned) check(c *checker) {
	b.Step.check(c)
	c.id("unit", b.Unit)
}

// AlertAnswered is the unit's answer (核实反馈).
type AlertAnswered struct {
	Step
	Files []File `json:"files,omitzero"`
}

func (b *AlertAnswered) check(c *checker) {
	b.Step.check(c)
	c.files("files", b.Files)
}

// AlertDismissed proposes to find the matter in order (认定正常). A second person's
// AlertSeconded makes it so.
type AlertDismissed struct {
	Step
	Files []File `json:"files,omitzero"`
	// Ground is one of DismissGrounds.
	Ground string `json:"dismiss_ground"`
}

func (b *AlertDismissed) check(c *checker) {
	b.Step.check(c)
	c.oneOf("dismiss_ground", b.Ground, DismissGrounds)
	c.files("files", b.Files)
}

// AlertSeconded is the second person's consent to a dismissal (第二人同意).
type AlertSeconded struct{ Step }

// AlertConfirmed finds the matter to be a violation (认定属实): of which kind, and
// what money is to be returned, moved to where it belongs, or otherwise concerned.
type AlertConfirmed struct {
	Step
	Adjust Amount `json:"adjust,omitzero"`
	Files  []File `json:"files,omitzero"`
	Other  Amount `json:"other_amount,omitzero"`
	Return Amount `json:"return_amount,omitzero"`
	// Violation is one of Violations.
	Violation string `json:"violation"`
}

func (b *AlertConfirmed) check(c *checker) {
	b.Step.check(c)
	c.oneOf("violation", b.Violation, Violations)
	c.notNegative("adjust", b.Adjust)
	c.notNegative("return_amount", b.Return)
	c.notNegative("other_amount", b.Other)
	c.files("files", b.Files)
}

// AlertRectified says what was done (整改): by correcting entries of this book, or
// by a file.
type AlertRectified struct {
	Step
	// Adjusted and Returned are what was moved and what came back.
	Adjusted Amount `json:"adjusted,omitzero"`
	// Entries are the seqs of the correcting entries.
	Entries  []Count `json:"correcting_entries,omitzero"`
	Files    []File  `json:"files,omitzero"`
	Returned Amount  `json:"returned_amount,omitzero"`
}

const maxCorrecting = 100

func (b *AlertRectified) check(c *checker) {
	b.Step.check(c)
	c.notNegative("adjusted", b.Adjusted)
	c.notNegative("returned_amount", b.Returned)
	c.files("files", b.Files)
	if len(b.Entries)+len(b.Files) == 0 || len(b.Entries) > maxCorrecting {
		c.bad("correcting_entries", "须列明1–100条更正分录，或附文件", "name 1 to 100 correcting entries, or add a file")
	}
	for i, seq := range b.Entries {
		c.count("correcting_entries."+strconv.Itoa(i), seq)
	}
}

func (b *AlertRectified) touch(s *state, _ *Entry) {
	for _, seq := range b.Entries {
		s.entry(Seq(seq))
	}
}

// apply refuses to name entries that are not there.
func (b *AlertRectified) apply(s *state, e *Entry) {
	for i, seq := range b.Entries {
		if target := s.entry(Seq(seq)); target == nil || target.Seq >= e.Seq {
			s.refuse("body.correcting_entries."+strconv.Itoa(i), "not_found", fmt.Sprintf("没有第 %d 号分录", seq), fmt.Sprintf("there is no entry %d before this one", seq))
		}
	}
}

// AlertReturned sends a rectification back (复核退回).
type AlertReturned struct {
	Step
	Reason string `json:"reason"`
}

func (b *AlertReturned) check(c *checker) {
	b.Step.check(c)
	c.oneOf("reason", b.Reason, Reasons)
}

// AlertClosed closes a case after review (复核销号): by someone else than who
// rectified, and nobody whom it is about.
type AlertClosed struct{ Step }

// AlertReopened opens a dismissed or closed case again, with the reason as sealed
// opinion.
type AlertReopened struct{ Step }

// AlertEscalated reports a case that is overdue one level up (逾期上报).
type AlertEscalated struct {
	Step
	// Overdue is the day on which the step was due.
	Overdue Date `json:"due"`
	// To is the unit above.
	To string `json:"to_unit"`
}

func (b *AlertEscalated) check(c *checker) {
	b.Step.check(c)
	c.id("to_unit", b.To)
	c.day("due", b.Overdue)
}

// AlertCommented is an opinion without a decision.
type AlertCommented struct {
	Step
	Files []File `json:"files,omitzero"`
}

func (b *AlertCommented) check(c *checker) {
	b.Step.check(c)
	c.files("files", b.Files)
}

// AlertSilenced keeps a case from reminding anybody until a day, at most 30 days
// ahead, with a reason. A red one cannot be silenced.
type AlertSilenced struct {
	Step
	// Ground is one of SilenceGrounds.
	Ground string `json:"silence_ground"`
	Until  Date   `json:"until"`
}

func (b *AlertSilenced) check(c *checker) {
	b.Step.check(c)
	c.oneOf("silence_ground", b.Ground, SilenceGrounds)
	c.day("until", b.Until)
}
