package alerts

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"yilu/alerts/fact"
	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// Finding is one result of a rule that is kept: a hit, an input that was missing, or
// a deadline that began to run.
type Finding struct {
	Code    string       `json:"code"`
	Version ledger.Count `json:"version"`
	// State is flag or not_evaluable.
	State  rule.State `json:"state"`
	Reason string     `json:"reason,omitzero"`
	// Handling is B, A, W, N or L, Level red to blue, as of the band that holds.
	Handling string   `json:"handling"`
	Level    string   `json:"level"`
	Subject  []string `json:"subject,omitzero"`
	Window   string   `json:"window,omitzero"`
	// Fingerprint is hex; see rule.Fingerprint.
	Fingerprint string      `json:"fingerprint"`
	Value       string      `json:"value,omitzero"`
	Limit       string      `json:"limit,omitzero"`
	Sentence    ledger.Text `json:"sentence"`
	Suppressed  string      `json:"suppressed_by,omitzero"`
	Shadow      bool        `json:"shadow,omitzero"`
	// Due is the last day of a deadline, Match what will meet it, Term what Due is
	// computed from.
	Due   ledger.Date `json:"due,omitzero"`
	Match string      `json:"match,omitzero"`
	Term  *Term       `json:"term,omitzero"`
	// Waiting is the deadline that began to run though its last day cannot be told
	// yet: the working days of that year are not known.
	Waiting *Finding `json:"waiting,omitzero"`
	// Acknowledged is set when the unit explained the hit with a file.
	Acknowledged bool `json:"acknowledged,omitzero"`
	// Facts are the inputs of the rule, Steps the parts of its condition: the evidence.
	Facts []Input `json:"facts,omitzero"`
	Steps []Input `json:"steps,omitzero"`
}

// Input is a named value of the evidence.
type Input struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Term is how long a deadline runs: so many days (d), working days (wd) or months (mo)
// after From.
type Term struct {
	From   ledger.Date  `json:"from"`
	Length ledger.Count `json:"length"`
	Unit   string       `json:"unit"`
}

// Note is what is kept of all findings at one entry.
type Note struct {
	Region   string    `json:"region"`
	Findings []Finding `json:"findings,omitzero"`
	// Met are the deadlines that the entry meets: the rule's code and what matched.
	Met []Input `json:"met,omitzero"`
	// Project is that of deadlines that began, Cancelled the one that ended with the
	// entry, and with it all its deadlines.
	Project   string `json:"project,omitzero"`
	Cancelled string `json:"cancelled,omitzero"`
	// Reversed is the entry that was taken back, and with it what it began or ended.
	Reversed string `json:"reversed,omitzero"`
}

// Judge is the ledger's judge by these rules.
func (r *Rules) Judge() *ledger.Judge {
	return &ledger.Judge{
		Touch: func(v ledger.View, e *ledger.Entry) bool {
			row, ok := v.Rulebook()
			if !ok {
				return true
			}
			f := r.cached(v.Book(), row)
			if f == nil { // the files of the rules have to be known first
				return !r.kinds[e.Kind]
			}
			if k := f.kinds[e.Kind]; k != nil {
				k.reading().Touch(v, e)
				fact.Region(v, e)
			}
			return true
		},
		Weigh: r.weigh,
	}
}

// weigh judges one entry by the rules in force.
func (r *Rules) weigh(v ledger.View, e *ledger.Entry) ledger.Verdict {
	problems := r.wrongParameter(v, e)
	row, ok := v.Rulebook()
	if !ok {
		return ledger.Verdict{Problems: problems}
	}
	note := ending(e)
	if r.kinds[e.Kind] { // else 199 rules that come in force together would be read 199 times
		f, err := r.inForceOf(v.Book(), row, inView(v))
		if err != nil {
			panic(err) // a view has no other error than that there is none
		}
		if k := f.kinds[e.Kind]; k != nil {
			problems = append(problems, k.weigh(v, e, &note)...)
		}
	}
	if note.nothing() {
		return ledger.Verdict{Problems: problems}
	}
	text, err := json.Marshal(&note, json.Deterministic(true))
	if err != nil {
		panic(fmt.Errorf("alerts: write a verdict: %w", err))
	}
	return ledger.Verdict{Problems: problems, Note: text}
}

// weigh judges an entry by the rules for its kind.
func (k *kindRules) weigh(v ledger.View, e *ledger.Entry, note *Note) (problems []ledger.Problem) {
	if !fact.Judged(v, e) {
		return nil
	}
	facts := k.gather(v, e)
	act := actOf(v, e, facts)
	note.Region = act.Region
	for _, x := range k.rules {
		f, found := x.judge(act)
		if !found {
			continue
		}
		f.Acknowledged = acknowledged(v, e, f)
		if p, stops := f.problem(); stops && !v.Recorded(e) {
			problems = append(problems, p)
		}
		if f.Term != nil || f.Waiting != nil {
			note.Project = fact.Project(v, e)
		}
		note.Findings = append(note.Findings, f)
	}
	for _, x := range k.closes {
		if key, ok := matchOf(facts, x.match); ok {
			note.Met = append(note.Met, Input{x.Code, key})
		}
	}
	return problems
}

// actOf is an entry as rules judge it.
func actOf(v ledger.View, e *ledger.Entry, facts rule.Facts) rule.Act {
	return rule.Act{Book: string(v.Book()), Day: fact.Day(e.On), Region: fact.Region(v, e), AfterFact: v.AfterFact(e), Foreign: v.Foreign(e), Facts: facts}
}

// ending notes what ends with an entry, whatever rules there are.
func ending(e *ledger.Entry) (n Note) {
	switch b := e.Body.(type) {
	case *ledger.ProjectCancelled:
		n.Cancelled = b.Project
	case *ledger.EntryReversed:
		n.Reversed = strconv.FormatInt(int64(e.Corrects), 10)
	}
	return n
}

// nothing says whether there is nothing to keep.
func (n Note) nothing() bool {
	return n.Findings == nil && n.Met == nil && n.Cancelled == "" && n.Reversed == ""
}

// judge applies one rule. found is false when there is nothing to keep.
func (x *active) judge(act rule.Act) (f Finding, found bool) {
	compiled := x.compiled()
	if compiled == nil {
		return x.broken(act), true
	}
	res := compiled.Eval(act)
	if res.State != rule.Flag && res.State != rule.NotEvaluable {
		return Finding{}, false
	}
	f = Finding{
		Code: res.Code, Version: ledger.Count(res.Version), State: res.State, Reason: res.Reason, Handling: res.Handling, Level: res.Level,
		Subject: res.Subject, Window: res.Window, Fingerprint: hex.EncodeToString(res.Fingerprint[:]), Value: res.Value.String(), Limit: res.Limit.String(),
		Sentence: ledger.Text{Zh: res.Message.Zh, En: res.Message.En}, Suppressed: res.SuppressedBy, Shadow: x.State == "shadow",
	}
	if res.State == rule.NotEvaluable {
		f.notEvaluable(act)
		return f, true
	}
	for _, name := range compiled.Facts {
		if v, ok := act.Facts.Fact(name); ok {
			f.Facts = append(f.Facts, Input{name, v.String()})
		}
	}
	if steps, err := compiled.Explain(act); err == nil {
		for _, s := range steps {
			f.Steps = append(f.Steps, Input{s.Expression, s.Value.String()})
		}
	}
	if compiled.Kind == rule.OnDeadline {
		f.open(compiled, act)
	}
	return f, true
}

// broken is the finding of a rule that is in force and cannot be judged at all.
func (x *active) broken(act rule.Act) Finding {
	f := Finding{Code: x.Code, Version: x.Version, State: rule.NotEvaluable, Reason: "error", Handling: "L", Level: "orange", Shadow: x.State == "shadow"}
	f.notEvaluable(act)
	return f
}

// notEvaluable makes a missing verdict a matter of its rule, its reason and its day: a
// thousand entries without an input are one warning. What the county lacks as a whole, a
// list, a limit or a calendar, is a matter of its month.
func (f *Finding) notEvaluable(act rule.Act) {
	f.Subject, f.Window = []string{f.Reason}, act.Day.String()
	if ofCounty(f.Reason) {
		f.Window = ledger.Date(f.Window).Month()
	}
	print := rule.Fingerprint(act.Book, f.Code, f.Subject, f.Window)
	f.Fingerprint = hex.EncodeToString(print[:])
	why := lacks(f.Reason)
	f.Sentence = ledger.Text{
		Zh: fmt.Sprintf("规则%s无法判定：%s", f.Code, why.Zh),
		En: fmt.Sprintf("rule %s cannot be judged: %s", f.Code, why.En),
	}
}

// ofCounty says whether what is missing is nothing of the entry's own.
func ofCounty(reason string) bool {
	for part := range strings.SplitSeq(reason, ", ") {
		if cause, _, _ := strings.Cut(part, ":"); !slices.Contains([]string{"register", "param", "calendar", "grants"}, cause) && part != "stale:register" {
			return false
		}
	}
	return true
}

// open says until when a deadline runs. One whose last day cannot be told yet waits.
func (f *Finding) open(c *rule.Compiled, act rule.Act) {
	f.Match, _ = matchOf(act.Facts, c.Match)
	term, reason, err := c.Term(act)
	if err == nil && reason == "" {
		f.Term = &Term{ledger.Date(term.From.String()), ledger.Count(term.Length), term.Unit}
		var due formula.Day
		if due, reason, err = c.Due(act); err == nil && reason == "" {
			f.Due = ledger.Date(due.String())
			return
		}
	}
	if f.Term != nil && err == nil {
		waiting := *f
		f.Waiting = &waiting
	}
	f.State, f.Reason, f.Term, f.Match = rule.NotEvaluable, reason, nil, ""
	if err != nil {
		f.Reason = "error"
	}
	f.notEvaluable(act)
}

// matchOf is what the opening and the closing entry of a deadline have in common.
func matchOf(facts rule.Facts, names []string) (string, bool) {
	var key []byte
	for _, name := range names {
		v, ok := facts.Fact(name)
		if !ok || v.Reason() != "" {
			return "", false
		}
		key = fmt.Appendf(key, "%d:%s", len(v.String()), v.String())
	}
	return string(key), true
}

// problem is how a finding stops its entry, if it does: B is refused, A is held until
// explained with a file. A rule on trial, on the white list or of a deadline stops
// nothing.
func (f Finding) problem() (ledger.Problem, bool) {
	if f.Shadow || f.Suppressed != "" || f.Due != "" || f.Acknowledged {
		return ledger.Problem{}, false
	}
	p := ledger.Problem{Field: "body", Rule: f.Code, Text: f.Sentence}
	switch {
	case f.Handling == "B" && f.State == rule.Flag:
		return p, true
	case f.Handling == "B" || f.Handling == "A" && f.State == rule.Flag:
		p.Needs = "acknowledgement"
		return p, true
	}
	return ledger.Problem{}, false
}

// acknowledged says whether the unit explains the finding.
func acknowledged(v ledger.View, e *ledger.Entry, f Finding) bool {
	if f.Handling == "B" && f.State == rule.Flag {
		return false
	}
	return slices.ContainsFunc(v.Acknowledged(e.ID), func(a *ledger.AlertAcknowledged) bool { return a.Code == f.Code && a.Version == f.Version })
}

// Today is a day of the ledger as rules have it.
func Today(d ledger.Date) formula.Day { return fact.Day(d) }

// FindingOf opens what a warning was raised on: the finding as the rule made it.
func FindingOf(ctx context.Context, l *ledger.Ledger, book ledger.Book, c Current) (Finding, error) {
	var f Finding
	opened, err := l.Sealer.Open(ctx, l.Read, string(book), uint64(max(c.Raised, 0)))
	if err != nil {
		return f, fmt.Errorf("open evidence of %s: %w", c.Alert, err)
	}
	value, ok := opened["evidence"]
	if !ok {
		return f, fmt.Errorf("evidence of %s: %w", c.Alert, ledger.ErrNotFound)
	}
	if err := json.Unmarshal([]byte(value.Value), &f); err != nil {
		return f, fmt.Errorf("read evidence of %s: %w", c.Alert, err)
	}
	return f, nil
}
