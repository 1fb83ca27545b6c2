package ledger

import (
	"strconv"
)

// 预警: what the rules found, and what officers said to it before it was posted.
// The steps of a case stand in case.go.
var alertKinds = []Spec{
	{Kind: "alert.raised", Stage: StageAlert, Text: Text{"预警", "warning raised"}, Roles: []Role{Engine}, Sealed: alertSealed, new: func() Body { return new(AlertRaised) }},
	{Kind: "alert.repeated", Stage: StageAlert, Text: Text{"预警再次出现", "warning repeated"}, Roles: []Role{Engine}, Sealed: alertSealed, new: func() Body { return new(AlertRepeated) }},
	{Kind: "alert.acknowledged", Stage: StageAlert, Text: Text{"预警说明", "warning acknowledged"}, Roles: []Role{Maker, ProjectOfficer, Payer}, Sealed: []string{fieldNote}, new: func() Body { return new(AlertAcknowledged) }},
	{Kind: "alert.summary", Stage: StageAlert, Text: Text{"预警日报", "daily summary of rules"}, Roles: []Role{Engine}, new: func() Body { return new(AlertSummary) }},
}

// Names of the sealed fields of warnings. A subject can be guessed and a
// fingerprint tried, so both are sealed; a sentence and the values may name people.
const (
	fieldSubject     = "subject"     // 对象
	fieldFingerprint = "fingerprint" // 指纹
	fieldEvidence    = "evidence"    // 证据, JSON
	fieldSentenceZh  = "sentence_zh" // 说明
	fieldSentenceEn  = "sentence_en"
	fieldOpinion     = "opinion" // 意见
)

// maxEvidence bounds what a rule shows for a hit, in runes.
const maxEvidence = 20_000

var alertSealed = []string{fieldSubject, fieldFingerprint, fieldEvidence, fieldSentenceZh, fieldSentenceEn}

// AlertLevels are the levels of a warning, the most severe first (红橙黄蓝).
var AlertLevels = codes{
	"red":    {"红", "red"},
	"orange": {"橙", "orange"},
	"yellow": {"黄", "yellow"},
	"blue":   {"蓝", "blue"},
}

// Handlings are what a rule's hit does [rules §6].
var Handlings = codes{
	"B": {"拦截", "refused"},
	"A": {"预警需附件", "held until explained with a file"},
	"W": {"预警", "warning"},
	"N": {"提醒", "notice"},
	"L": {"记录", "record"},
}

// Origins are how a warning came about.
var Origins = codes{
	"live":     {"实时", "as the entry took effect"},
	"attempt":  {"被拦截的提交", "a refused attempt"},
	"deadline": {"期限届满", "a deadline that passed"},
	"sweep":    {"定期扫描", "a scheduled sweep"},
	"backfill": {"补评", "judged later"},
	"system":   {"系统自查", "the service's own checks"},
}

// Outcomes are the results of a rule that are raised: a hit, or an input that was
// missing.
var Outcomes = codes{
	"flag":          {"命中", "flagged"},
	"not_evaluable": {"无法判定", "not evaluable"},
}

// AlertRaised is a warning (疑似违规): which rule, in which version, found what. It
// is a reason to look, never a verdict on anyone. Whoever knows the log, the rules
// and the disclosed values gets the same warning.
//
// Effect: none on money. The case begins (package alerts).
type AlertRaised struct {
	// Alert names the case: a hash of book, code, version, entry and fingerprint.
	Alert string `json:"alert"`
	// Code and Version name the rule, RuleHash is base64 SHA-256 of its file.
	Code string `json:"code"`
	// Episode counts the cases about the same matter, from 1.
	Episode  Count  `json:"episode"`
	Handling string `json:"handling"`
	Level    string `json:"level"`
	Origin   string `json:"origin"`
	// Outcome is one of Outcomes, Reason why it was not evaluable.
	Outcome string `json:"outcome"`
	// Parent is the warning that tells of this one together with many others of its
	// rule, which nobody is told of by themselves.
	Parent   string `json:"parent,omitzero"`
	Reason   string `json:"reason,omitzero"`
	RuleHash string `json:"rule_hash"`
	// Shadow marks a rule on trial: recorded, and nobody is notified.
	Shadow bool `json:"shadow,omitzero"`
	// Suppressed is the basis of the white list that keeps it quiet.
	Suppressed string `json:"suppressed_by,omitzero"`
	Version    Count  `json:"version"`
}

func (b *AlertRaised) check(c *checker) {
	c.id("alert", b.Alert)
	c.rulePart(b.Code, b.Version)
	c.hash("rule_hash", b.RuleHash)
	c.oneOf("level", b.Level, AlertLevels)
	c.oneOf("handling", b.Handling, Handlings)
	c.oneOf("origin", b.Origin, Origins)
	c.oneOf("outcome", b.Outcome, Outcomes)
	c.optionalID("parent", b.Parent)
	c.optional("reason", b.Reason, 100)
	c.optional("suppressed_by", b.Suppressed, 200)
	if b.Episode < 1 {
		c.bad("episode", "从1起", "counts from 1")
	}
}

// rulePart holds the name of a rule, such as P01, and its version.
func (c *checker) rulePart(code string, version Count) {
	if !rulePattern.MatchString(code) {
		c.bad("code", "规则编号须形如 P01", "want a rule's code such as P01")
	}
	if version < 1 {
		c.bad("version", "版本从1起", "versions count from 1")
	}
}

func (b *AlertRaised) touch(*state, *Entry) {}
func (b *AlertRaised) apply(*state, *Entry) {}

// AlertRepeated adds new evidence to an open warning instead of raising another.
//
// Effect: none on money.
type AlertRepeated struct {
	Alert string `json:"alert"`
	// Count is how often it was found so far, the first time included.
	Count Count  `json:"count"`
	Level string `json:"level"`
}

func (b *AlertRepeated) check(c *checker) {
	c.id("alert", b.Alert)
	c.count("count", b.Count)
	c.oneOf("level", b.Level, AlertLevels)
}

func (b *AlertRepeated) touch(*state, *Entry) {}
func (b *AlertRepeated) apply(*state, *Entry) {}

// AlertAcknowledged is an officer's answer to a warning that holds an entry
// (预警需附件): the reason in a code and a sealed note, and the file that supports
// it. It stands before the entry it is about, in the same unit, so that whoever
// approves sees both.
//
// Effect: the named rule does not hold the entry back.
type AlertAcknowledged struct {
	Code string `json:"code"`
	File File   `json:"file"`
	// Of is the id of the entry.
	Of string `json:"of"`
	// Ground is one of AckGrounds.
	Ground  string `json:"ground"`
	Version Count  `json:"version"`
}

// AckGrounds are why an entry is right though a rule holds it.
var AckGrounds = codes{
	"approved":  {"已另行批准", "approved separately"},
	"agreed":    {"合同或协议另有约定", "agreed otherwise in the contract"},
	"corrected": {"系更正以前的记录", "corrects an earlier record"},
	"fact":      {"既成事实，如实登记", "a fact that is recorded as it is"},
	"other":     {"其他", "other"},
}

func (b *AlertAcknowledged) check(c *checker) {
	c.rulePart(b.Code, b.Version)
	c.id("of", b.Of)
	c.oneOf("ground", b.Ground, AckGrounds)
	c.file("file", b.File)
}

func (b *AlertAcknowledged) touch(*state, *Entry) {}

func (b *AlertAcknowledged) apply(s *state, _ *Entry) {
	if s.acks == nil {
		s.acks = map[string][]*AlertAcknowledged{}
	}
	s.acks[b.Of] = append(s.acks[b.Of], b)
}

// AlertSummary says once a day how far the rules have judged (预警日报), so that
// silence is provable too.
//
// Effect: none on money.
type AlertSummary struct {
	// Day is the day that is summed up, Until the last entry judged.
	Day Date `json:"day"`
	// Flagged and NotEvaluable count results of the day, Judged its entries.
	Flagged      Count `json:"flagged"`
	Judged       Count `json:"judged"`
	NotEvaluable Count `json:"not_evaluable"`
	// Rules is base64 SHA-256 over the files of the rules in force.
	Rules string `json:"rules_hash"`
	Until Count  `json:"until"`
}

func (b *AlertSummary) check(c *checker) {
	c.day("day", b.Day)
	c.hash("rules_hash", b.Rules)
	for field, n := range map[string]Count{"flagged": b.Flagged, "judged": b.Judged, "not_evaluable": b.NotEvaluable, "until": b.Until} {
		c.count(field, n)
	}
}

func (b *AlertSummary) touch(*state, *Entry) {}
func (b *AlertSummary) apply(*state, *Entry) {}

// Version writes a rule with its version, as in P01@3.
func Version(code string, version Count) string {
	return code + "@" + strconv.FormatInt(int64(version), 10)
}
