package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"yilu/audit"
)

// 规则与参数: which rules are in force, with which limits. Both are set by two
// persons and hold for the entries after.
var rulebookKinds = []Spec{
	{Kind: "rule.activated", Stage: StageGovernance, Text: Text{"规则启用", "rule activated"}, TwoPersons: true, Roles: []Role{Auditor, Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(RuleActivated) }},
	{Kind: "parameter.set", Stage: StageGovernance, Text: Text{"参数设定", "parameter set"}, TwoPersons: true, Roles: []Role{Auditor, Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(ParameterSet) }},
	{Kind: "exemption.set", Stage: StageGovernance, Text: Text{"白名单", "exemption set"}, TwoPersons: true, Roles: []Role{Auditor, Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(ExemptionSet) }},
	{Kind: "freeze.set", Stage: StageGovernance, Text: Text{"冻结、解冻", "freeze set"}, TwoPersons: true, Roles: []Role{Auditor, Maker}, Sealed: []string{fieldNote}, new: func() Body { return new(FreezeSet) }},
}

var (
	rulePattern      = regexp.MustCompile(`^[A-Z][0-9]{2}$`)
	parameterPattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,30}$`)
)

// RuleStates are how a rule is in force.
var RuleStates = codes{
	"active":  {"启用", "active"},
	"shadow":  {"试运行", "shadow: recorded, not notified"},
	"frozen":  {"冻结", "frozen"},
	"retired": {"停用", "retired"},
}

// RuleActivated puts a version of a rule in force, or freezes or retires it (规则
// 启用).
//
// Effect: entries after the approval are judged by it. Nothing is judged again.
type RuleActivated struct {
	Code string `json:"code"`
	// FileHash and TestHash are base64 SHA-256 of the rule's file and of its tests,
	// ReportHash of the back-test that was looked at, if there is one.
	FileHash string `json:"file_hash"`
	// FileLines are the lines of the file, each of which ends with a line feed that is
	// not written here: so what was judged by it can be judged again when there are
	// newer files. Who has the log has the rules. They may be left out for a rule that
	// is frozen or retired.
	FileLines  []string `json:"file_lines,omitzero"`
	ReportHash string   `json:"report_hash,omitzero"`
	// State is one of RuleStates.
	State    string `json:"state"`
	TestHash string `json:"test_hash"`
	Version  Count  `json:"version"`
}

func (b *RuleActivated) check(c *checker) {
	c.rulePart(b.Code, b.Version)
	c.hash("file_hash", b.FileHash)
	c.hash("test_hash", b.TestHash)
	if b.ReportHash != "" {
		c.hash("report_hash", b.ReportHash)
	}
	c.oneOf("state", b.State, RuleStates)
	b.checkFile(c)
}

// maxRuleFile bounds a rule's file: with it the entry still fits a leaf.
const maxRuleFile = 48 << 10

// text is the file as its lines give it.
func (b *RuleActivated) text() string {
	if len(b.FileLines) == 0 {
		return ""
	}
	return strings.Join(b.FileLines, "\n") + "\n"
}

// checkFile holds the file to its hash.
func (b *RuleActivated) checkFile(c *checker) {
	text := b.text()
	if text == "" {
		if b.State == "active" || b.State == "shadow" {
			c.bad("file_lines", "启用规则须附规则文件原文，逐行", "a rule is put in force with the lines of its file")
		}
		return
	}
	sum := sha256.Sum256([]byte(text))
	switch {
	case len(text) > maxRuleFile:
		c.bad("file_lines", fmt.Sprintf("最多%d字节，现有%d字节", maxRuleFile, len(text)), fmt.Sprintf("at most %d bytes, has %d", maxRuleFile, len(text)))
	case !utf8.ValidString(text) || slices.ContainsFunc(b.FileLines, func(line string) bool { return strings.ContainsFunc(line, unicode.IsControl) }):
		c.bad("file_lines", "须为UTF-8文本，不得含控制字符", "want UTF-8 text without control characters")
	case base64.StdEncoding.EncodeToString(sum[:]) != b.FileHash:
		c.bad("file_lines", "与file_hash不符", "their SHA-256, each with a line feed, is not file_hash")
	default:
		c.optional("file_lines", text, maxRuleFile)
	}
}

func (b *RuleActivated) touch(s *state, _ *Entry) {
	s.touchRulebook()
	s.rulebooks.get(fileKey(b.FileHash))
}

func (b *RuleActivated) apply(s *state, e *Entry) {
	if len(b.FileLines) > 0 && s.rulebooks.get(fileKey(b.FileHash)) == nil {
		s.rulebooks.add(fileKey(b.FileHash), Rulebook{Key: fileKey(b.FileHash), Rules: []byte(b.text()), Seq: s.at(e)})
	}
	inForce := *b
	inForce.FileLines = nil // it stands in a row of its own, which is read when it is needed
	s.editRulebook(e, RuleChange{Rule: &inForce}, func(r *Rules) {
		for i := range r.Rules {
			if r.Rules[i].Code == b.Code {
				r.Rules[i] = inForce
				return
			}
		}
		r.Rules = append(r.Rules, inForce)
	})
}

// ParameterSet sets a limit of a rule for a region, a category and a time (参数设定),
// with its basis. The most specific one holds on the day of the act.
//
// Effect: entries after the approval are judged by it.
type ParameterSet struct {
	// Basis is the document that gives the value (依据).
	Basis string `json:"basis"`
	// Category narrows it to one of Categories or ProjectTypes, empty for all.
	Category string `json:"category,omitzero"`
	Code     string `json:"code"`
	// From and To are the days of acts for which it holds; no To means until further
	// notice.
	From Date   `json:"from"`
	Name string `json:"name"`
	// Region is a division code or its beginning, empty for the whole country.
	Region string `json:"region,omitzero"`
	To     Date   `json:"to,omitzero"`
	// Value is written as the rule's file writes it; the texts of a list have commas
	// between them.
	Value string `json:"value"`
}

func (b *ParameterSet) check(c *checker) {
	if !rulePattern.MatchString(b.Code) {
		c.bad("code", "规则编号须形如 P01", "want a rule's code such as P01")
	}
	if !parameterPattern.MatchString(b.Name) {
		c.bad("name", "参数名须为小写字母、数字和下划线", "want a parameter's name in small letters, digits and underscores")
	}
	c.text("basis", b.Basis, 200)
	c.text("value", b.Value, 2000)
	c.optional("category", b.Category, 40)
	if len(b.Region) > 12 || digitCount(b.Region) != len(b.Region) {
		c.bad("region", "须为区划代码或其前几位", "want a division code or its beginning")
	}
	c.day("from", b.From)
	c.optionalDay("to", b.To)
	c.order(b.From, b.To, "to")
}

func (b *ParameterSet) touch(s *state, _ *Entry) { s.touchRulebook() }

func (b *ParameterSet) apply(s *state, e *Entry) {
	s.editRulebook(e, RuleChange{Parameter: b}, func(r *Rules) {
		for i, p := range r.Parameters {
			if p.Code == b.Code && p.Name == b.Name && p.Region == b.Region && p.Category == b.Category && p.From == b.From {
				r.Parameters[i] = *b
				return
			}
		}
		r.Parameters = append(r.Parameters, *b)
	})
}

// ExemptionSet puts something on the white list of a rule (白名单): hits that
// concern it are kept and notify nobody. Private persons cannot stand there.
//
// Effect: entries after the approval are judged by it.
type ExemptionSet struct {
	Basis string `json:"basis"`
	Code  string `json:"code"`
	// Fact is the input that has the text, such as project.id or entry.purpose.
	Fact string `json:"fact"`
	From Date   `json:"from"`
	// Text is a project's id, a firm's code, or a word.
	Text string `json:"text"`
	// To is the last day; an exemption ends.
	To Date `json:"to"`
}

var factPattern = regexp.MustCompile(`^[a-z][a-z0-9_.]{0,60}$`)

func (b *ExemptionSet) check(c *checker) {
	if !rulePattern.MatchString(b.Code) {
		c.bad("code", "规则编号须形如 P01", "want a rule's code such as P01")
	}
	if !factPattern.MatchString(b.Fact) {
		c.bad("fact", "须为规则的一项输入，如 project.id", "want an input of the rule such as project.id")
	}
	c.text("basis", b.Basis, 200)
	c.text("text", b.Text, 200)
	c.day("from", b.From)
	c.day("to", b.To)
	c.order(b.From, b.To, "to")
}

func (b *ExemptionSet) touch(s *state, _ *Entry) { s.touchRulebook() }

func (b *ExemptionSet) apply(s *state, e *Entry) {
	s.editRulebook(e, RuleChange{Exemption: b}, func(r *Rules) { r.Exemptions = append(r.Exemptions, *b) })
}

// Rules are the rules and parameters in force in a book.
type Rules struct {
	Rules      []RuleActivated `json:"rules"`
	Parameters []ParameterSet  `json:"parameters"`
	Exemptions []ExemptionSet  `json:"exemptions"`
}

// RuleChange is one change of the rules in force: what was set, and by which entries.
type RuleChange struct {
	// Entry set it, Seq put it in effect. On is the day of the entry.
	Entry Seq  `json:"entry"`
	Seq   Seq  `json:"seq"`
	On    Date `json:"on"`
	// One of these is set.
	Rule      *RuleActivated `json:"rule,omitzero"`
	Parameter *ParameterSet  `json:"parameter,omitzero"`
	Exemption *ExemptionSet  `json:"exemption,omitzero"`
}

// Code is the rule that was changed.
func (c RuleChange) Code() string {
	switch {
	case c.Rule != nil:
		return c.Rule.Code
	case c.Parameter != nil:
		return c.Parameter.Code
	case c.Exemption != nil:
		return c.Exemption.Code
	}
	return ""
}

// Rulebook is a row of what rules there are: those in force as JSON, their history as
// JSON, or the text of one file. Seq is the entry by which it was last changed.
type Rulebook struct {
	Key   string `db:"rulebook" json:"-"`
	Rules []byte `db:"rules" json:"rules"`
	Seq   Seq    `db:"seq" json:"seq"`
}

func (r Rulebook) key() string { return r.Key }

// Read returns the rules of the row.
func (r Rulebook) Read() (Rules, error) {
	var rules Rules
	err := json.Unmarshal(r.Rules, &rules)
	return rules, err
}

// The rows of a book: what is in force, which is read with every entry, and how it
// came about, which is not.
const (
	rulebookKey = "rules"
	historyKey  = "history"
)

// fileKey is the row of a rule's file, by the hash of its text.
func fileKey(hash string) string { return "file/" + hash }

// touchRulebook asks for both.
func (s *state) touchRulebook() {
	s.rulebook()
	s.rulebooks.get(historyKey)
}

func (s *state) rulebook() *Rulebook { return s.rulebooks.get(rulebookKey) }

// inForce are the rules and parameters that hold, none without a rulebook.
func (s *state) inForce() (rules Rules) {
	row := s.rulebook()
	if row == nil {
		return rules
	}
	rules, err := row.Read()
	if err != nil {
		panic(fmt.Errorf("ledger: a rulebook that we wrote: %w", err)) // a bug
	}
	return rules
}

// setting is the value of a parameter that the book itself holds entries to, as two
// persons have set it for the county or a wider region and a day; the narrowest holds.
func (r Rules) setting(book Book, code, name string, on Date) (value string, set bool) {
	region := ""
	for _, p := range r.Parameters {
		holds := p.From <= on && (p.To == "" || on <= p.To) && p.Category == "" && InRegion(string(book), p.Region)
		if p.Code == code && p.Name == name && holds && (!set || len(p.Region) > len(region)) {
			value, region, set = p.Value, p.Region, true
		}
	}
	return value, set
}

// editRulebook changes the rules in force. Many changes of one submission are many
// rewritings of one row, written once.
func (s *state) editRulebook(e *Entry, c RuleChange, change func(*Rules)) {
	s.keepChange(e, c)
	if s.rulebook() == nil {
		s.rulebooks.add(rulebookKey, Rulebook{Key: rulebookKey, Seq: None})
	}
	row := s.rulebooks.edit(rulebookKey)
	change(s.rulesRead.of(row.Rules))
	row.Rules, row.Seq = s.rulesRead.text(), s.at(e)
}

// read is what was read of a row last, or written to it: of many changes of one submission
// the first alone reads the row.
type read[T any] struct {
	from  []byte
	value T
}

// of reads a text of ours; none is nothing.
func (r *read[T]) of(text []byte) *T {
	if len(text) == 0 || len(r.from) != len(text) || &r.from[0] != &text[0] {
		r.from, r.value = text, *new(T)
		if len(text) > 0 {
			if err := json.Unmarshal(text, &r.value); err != nil {
				panic(err) // we wrote it
			}
		}
	}
	return &r.value
}

// text is what is written of the value.
func (r *read[T]) text() []byte {
	text, err := json.Marshal(&r.value, json.Deterministic(true))
	if err != nil {
		panic(err)
	}
	r.from = text
	return text
}

// keepChange adds a change to the history of the rules.
func (s *state) keepChange(e *Entry, c RuleChange) {
	c.Entry, c.Seq, c.On = e.Seq, s.at(e), e.On
	if s.rulebooks.get(historyKey) == nil {
		s.rulebooks.add(historyKey, Rulebook{Key: historyKey, Seq: None})
	}
	row := s.rulebooks.edit(historyKey)
	all := s.changesRead.of(row.Rules)
	*all = append(*all, c)
	row.Rules, row.Seq = s.changesRead.text(), c.Seq
}

// RulesOf returns the rules and parameters in force in a book, and all changes of
// them, oldest first.
func (l *Ledger) RulesOf(ctx context.Context, book Book) (Rules, []RuleChange, error) {
	rows, err := l.Read.Query(ctx, `select rulebook, rules from proj.rulebook where book = $1 and rulebook in ('rules', 'history')`, book)
	if err != nil {
		return Rules{}, nil, fmt.Errorf("read rules of book %s: %w", book, err)
	}
	var rules Rules
	var changes []RuleChange
	var key string
	var text []byte
	_, err = pgx.ForEachRow(rows, []any{&key, &text}, func() error {
		if key == historyKey {
			return json.Unmarshal(text, &changes)
		}
		return json.Unmarshal(text, &rules)
	})
	if err != nil {
		return Rules{}, nil, fmt.Errorf("read rules of book %s: %w", book, err)
	}
	return rules, changes, nil
}

// InRegion says whether a place lies in a region: both are division codes. The region's
// may be cut, or end in the zeros of levels that it does not name.
func InRegion(place, region string) bool { return strings.HasPrefix(place, RegionPrefix(region)) }

// RegionPrefix is what the codes of all places in a region begin with: 410000 is a
// province, 411000 and 4110 the city of 许昌, and 411100 another one.
func RegionPrefix(region string) string {
	for _, level := range []int{9, 6, 4, 2, 0} { // the township, county, city, province, all
		if len(region) > level && strings.Trim(region[level:], "0") == "" {
			region = region[:level]
		}
	}
	return region
}

// Rulebook returns the rules in force in a book; without any it is empty.
func (l *Ledger) Rulebook(ctx context.Context, book Book) (Rulebook, error) {
	row, err := one[Rulebook](ctx, l.Read, rulebookSchema, "rulebook", book, rulebookKey)
	if errors.Is(err, ErrNotFound) {
		return Rulebook{Key: rulebookKey, Rules: []byte("{}"), Seq: None}, nil
	}
	return row, err
}

// RuleFile returns the text of a file that was put in force in a book, by its hash, or
// ErrNotFound.
func (l *Ledger) RuleFile(ctx context.Context, book Book, hash string) ([]byte, error) {
	row, err := one[Rulebook](ctx, l.Read, rulebookSchema, "file of a rule", book, fileKey(hash))
	return row.Rules, err
}

// RulesChanged is the entry that last changed the rules of a book, None if none did, as
// of the transaction that is asked.
func RulesChanged(ctx context.Context, q audit.Querier, book Book) (Seq, error) {
	var seq Seq
	err := q.QueryRow(ctx, `select coalesce(max(seq), -1) from proj.rulebook where book = $1 and rulebook = 'history'`, book).Scan(&seq)
	if err != nil {
		return None, fmt.Errorf("read when rules of book %s were changed: %w", book, err)
	}
	return seq, nil
}

// ParameterChanges lists the parameters of one rule that were put in effect, oldest
// first, as of the transaction that is asked.
func ParameterChanges(ctx context.Context, q audit.Querier, book Book, code string) ([]RuleChange, error) {
	rows, err := q.Query(ctx, `
		select c.change::text from proj.rulebook r
		cross join lateral json_array_elements(convert_from(r.rules, 'UTF8')::json) with ordinality as c(change, place)
		where r.book = $1 and r.rulebook = 'history' and c.change -> 'parameter' ->> 'code' = $2
		order by c.place`, book, code)
	if err != nil {
		return nil, fmt.Errorf("read parameters of %s: %w", code, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c RuleChange, err error) {
		var text []byte
		if err = row.Scan(&text); err == nil {
			err = json.Unmarshal(text, &c)
		}
		return c, err
	})
}
