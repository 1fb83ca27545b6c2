package alerts

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jackc/pgx/v5"

	"yilu/alerts/fact"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// BackTest judges the past of a book by rules that are proposed: read-only, by the
// evaluator that judges live, on a book in memory that is folded from the first entry.
// Parameters and white list are those that the entries had set by then.
type BackTest struct {
	Rules []*rule.Rule
	// From and To bound the days of the acts that are counted.
	From, To ledger.Date
	// Live compares with what the rules of the same codes said when the entries were
	// posted; a rule that was not in force then said nothing.
	Live bool
	// Propose and Exempt are limits and exemptions that are proposed: the past is judged
	// as if they had held in all of it, in place of what held for the same case.
	Propose []ledger.ParameterSet
	Exempt  []ledger.ExemptionSet
	// Progress, which may be nil, is told how many entries are done.
	Progress func(done, of int64)
}

// Report is what a back-test found. Its hash goes into the activation: the same log,
// rules and range give the same bytes.
type Report struct {
	Book    ledger.Book    `json:"book"`
	From    ledger.Date    `json:"from"`
	To      ledger.Date    `json:"to"`
	Entries ledger.Seq     `json:"entries"`
	Rules   []TestedReport `json:"rules"`
}

// TestedReport is what was found of one rule.
type TestedReport struct {
	Code     string `json:"code"`
	Version  int    `json:"version"`
	FileHash string `json:"file_hash"`
	// Hits counts flags, Matters those with a fingerprint of their own, NotEvaluable
	// by reason.
	Hits         int64            `json:"hits"`
	Matters      int              `json:"matters"`
	Suppressed   int64            `json:"suppressed"`
	NotEvaluable map[string]int64 `json:"not_evaluable"`
	ByRegion     map[string]int64 `json:"by_region"`
	ByMonth      map[string]int64 `json:"by_month"`
	// New, Lost and Same compare matters with those that were said live.
	New  *int `json:"new,omitzero"`
	Lost *int `json:"lost,omitzero"`
	Same *int `json:"same,omitzero"`
	// Confirmed and Dismissed are the matters found whose cases people have decided.
	Confirmed int       `json:"confirmed"`
	Dismissed int       `json:"dismissed"`
	Examples  []Example `json:"examples"`
}

// Example is one hit.
type Example struct {
	Entry    ledger.Seq  `json:"entry"`
	On       ledger.Date `json:"on"`
	Level    string      `json:"level"`
	Subject  []string    `json:"subject"`
	Value    string      `json:"value,omitzero"`
	Limit    string      `json:"limit,omitzero"`
	Sentence ledger.Text `json:"sentence"`
}

// mostExamples are shown of each rule: the first ones.
const mostExamples = 10

// Text is the report as it is hashed and kept.
func (r *Report) Text() ([]byte, error) {
	text, err := json.Marshal(r, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	return append(text, '\n'), nil
}

// Hash is base64 SHA-256 of a report's text, for rule.activated.
func Hash(text []byte) string {
	sum := sha256.Sum256(text)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Run runs a back-test.
func (t *BackTest) Run(ctx context.Context, g *Engine, book ledger.Book) (*Report, error) {
	head, err := g.Ledger.Head(ctx, book)
	if err != nil {
		return nil, err
	}
	t = t.proposed()
	run := &backRun{BackTest: t, rules: g.Rules, found: map[string]*tested{}, sweeps: map[string]*active{}}
	for _, file := range t.Rules {
		run.found[file.Code] = &tested{file: file, prints: map[fingerprint]bool{}, timers: map[string]*timer{}, report: TestedReport{
			Code: file.Code, Version: file.Version, FileHash: encodeHash(file.Hash),
			NotEvaluable: map[string]int64{}, ByRegion: map[string]int64{}, ByMonth: map[string]int64{}, Examples: []Example{}}}
	}
	judged := run.judgeBeside()
	fold := ledger.NewFold(book, &ledger.Judge{Weigh: run.weigh})
	err = g.Ledger.FoldUpTo(ctx, fold, ledger.Seq(head.Size)-1, func(e *ledger.Entry) error {
		run.within = append(run.within, t.From <= e.On && e.On <= t.To)
		if t.Progress != nil && (e.Seq%1000 == 999 || int64(e.Seq) == head.Size-1) {
			t.Progress(int64(e.Seq)+1, head.Size)
		}
		return nil
	})
	run.send()
	close(run.gathered)
	<-judged
	if err = errors.Join(err, run.err); err != nil {
		return nil, fmt.Errorf("back-test book %s: %w", book, err)
	}
	run.expire()
	if err := run.sweepAll(ctx, g, book); err != nil {
		return nil, err
	}
	report := &Report{Book: book, From: t.From, To: t.To, Entries: ledger.Seq(head.Size), Rules: []TestedReport{}}
	for _, code := range slices.Sorted(maps.Keys(run.found)) {
		x := run.found[code]
		if err := x.compare(ctx, g, book, run); err != nil {
			return nil, err
		}
		report.Rules = append(report.Rules, x.report)
	}
	return report, nil
}

// always is a day before all acts.
const always = ledger.Date("1949-10-01")

// proposed is the test with the defaults that a proposed limit takes the place of left
// out of the rules' files.
func (t *BackTest) proposed() *BackTest {
	out := *t
	out.Rules = nil
	for _, file := range t.Rules {
		changed := *file
		changed.Defaults = slices.DeleteFunc(slices.Clone(file.Defaults), func(s rule.Setting) bool {
			return slices.ContainsFunc(t.Propose, func(p ledger.ParameterSet) bool {
				return p.Code == file.Code && p.Name == s.Param && ledger.RegionPrefix(p.Region) == s.Region && p.Category == s.Category
			})
		})
		out.Rules = append(out.Rules, &changed)
	}
	return &out
}

// overlay puts what is proposed in the place of what is in force.
func (t *BackTest) overlay(book ledger.Rules) ledger.Rules {
	for _, p := range t.Propose {
		book.Parameters = slices.DeleteFunc(slices.Clone(book.Parameters), func(o ledger.ParameterSet) bool {
			return p.Code == o.Code && p.Name == o.Name && ledger.RegionPrefix(p.Region) == ledger.RegionPrefix(o.Region) && p.Category == o.Category
		})
		p.From, p.To = always, ""
		book.Parameters = append(book.Parameters, p)
	}
	for _, x := range t.Exempt {
		x.From, x.To = always, "2199-12-31"
		book.Exemptions = append(slices.Clone(book.Exemptions), x)
	}
	return book
}

// backRun is a back-test under way.
type backRun struct {
	*BackTest
	rules *Rules
	// kinds are the tested rules by kind, compiled with the parameters of text.
	text  []byte
	ready bool
	kinds *inForce
	// states are those of rules that are not taken for active.
	states map[string]string
	found  map[string]*tested
	sweeps map[string]*active
	err    error
	// within says of each entry whether its day lies in the range.
	within []bool
	// batch are acts to be judged next, gathered those on their way to judgeBeside.
	batch    []gathered
	gathered chan []gathered
}

// gathered is an entry with the facts that the tested rules ask for.
type gathered struct {
	entry *ledger.Entry
	kind  *kindRules
	act   rule.Act
}

// gatheredBatch is how many acts go from one processor to the other at once.
const gatheredBatch = 256

// tested is what was found of one rule so far.
type tested struct {
	file   *rule.Rule
	prints map[fingerprint]bool
	// timers are the deadlines that run, by what will meet them.
	timers map[string]*timer
	report TestedReport
}

type fingerprint = [sha256.Size]byte

// hit is what is counted of one: there may be as many as entries.
type hit struct {
	entry      ledger.Seq
	on         ledger.Date
	region     string
	print      fingerprint
	suppressed bool
}

// timer is a deadline that runs. Its finding is kept while examples are wanted.
type timer struct {
	hit
	due     ledger.Date
	finding *Finding
}

// compile makes the tested rules ready with the parameters of a rulebook, once an entry
// comes that one of them judges: of many changes in a row the last one counts.
func (r *backRun) compile(row ledger.Rulebook, of ledger.Kind) error {
	if r.ready && (r.kinds.kinds[of] == nil || string(r.text) == string(row.Rules)) {
		return nil
	}
	var book ledger.Rules
	if len(row.Rules) > 0 {
		var err error
		if book, err = row.Read(); err != nil {
			return fmt.Errorf("read rulebook: %w", err)
		}
	}
	book = r.overlay(book)
	files := map[string]*rule.Rule{}
	for _, file := range r.Rules {
		files[file.Code] = file
	}
	compiler, err := rule.NewCompiler(r.rules.surroundings(book, files))
	if err != nil {
		return err
	}
	r.ready, r.text = true, slices.Clone(row.Rules)
	r.kinds = &inForce{rules: map[string]*active{}, kinds: map[ledger.Kind]*kindRules{}}
	for _, file := range r.Rules {
		compiled, problems := compiler.Compile(file)
		if len(problems) > 0 {
			return errors.Join(problems...)
		}
		x := &active{RuleActivated: ledger.RuleActivated{Code: file.Code, Version: ledger.Count(file.Version), State: cmp.Or(r.states[file.Code], "active")}, file: file, compiled: func() *rule.Compiled { return compiled }}
		r.kinds.rules[file.Code] = x
		r.kinds.place(x, file)
	}
	return nil
}

// weigh gathers the facts of one entry for the tested rules, and never refuses it:
// that needs the book as it was then. Judging does not, and is done beside.
func (r *backRun) weigh(v ledger.View, e *ledger.Entry) ledger.Verdict {
	if r.err != nil {
		return ledger.Verdict{}
	}
	row, _ := v.Rulebook()
	if r.err = r.compile(row, e.Kind); r.err != nil {
		return ledger.Verdict{}
	}
	k := r.kinds.kinds[e.Kind]
	if k == nil || e.On > r.To || !fact.Judged(v, e) {
		return ledger.Verdict{}
	}
	if r.batch = append(r.batch, gathered{e, k, actOf(v, e, k.gather(v, e))}); len(r.batch) == gatheredBatch {
		r.send()
	}
	return ledger.Verdict{}
}

// send hands on what was gathered.
func (r *backRun) send() {
	r.gathered <- r.batch
	r.batch = make([]gathered, 0, gatheredBatch)
}

// judgeBeside judges what is gathered, in order, until that ends; done is closed then.
func (r *backRun) judgeBeside() (done chan struct{}) {
	r.gathered, done = make(chan []gathered, 4), make(chan struct{})
	go func() {
		defer close(done)
		for batch := range r.gathered {
			for _, g := range batch {
				r.judge(g)
			}
		}
	}()
	return done
}

// judge judges one entry by the tested rules.
func (r *backRun) judge(g gathered) {
	for _, x := range g.kind.rules {
		if g.entry.On < r.From {
			break
		}
		res := x.compiled().Weigh(g.act)
		switch found := r.found[x.Code]; res.State {
		case rule.NotEvaluable:
			found.report.NotEvaluable[res.Reason]++
		case rule.Flag:
			found.flag(x, g, res)
		}
	}
	for _, x := range g.kind.closes {
		if key, ok := matchOf(g.act.Facts, x.match); ok {
			r.found[x.Code].meet(key, ledger.DateOf(g.entry.At))
		}
	}
}

// flag counts a hit; a deadline that opens waits for what meets it.
func (x *tested) flag(by *active, g gathered, res rule.Result) {
	h := hit{entry: g.entry.Seq, on: g.entry.On, region: g.act.Region, print: res.Fingerprint, suppressed: res.SuppressedBy != ""}
	if by.compiled().Kind != rule.OnDeadline {
		x.hit(h, func() Finding { return by.finding(g.act, res) })
		return
	}
	f := by.finding(g.act, res)
	f.open(by.compiled(), g.act)
	if f.State == rule.NotEvaluable {
		x.report.NotEvaluable[f.Reason]++
		return
	}
	timer := &timer{hit: h, due: f.Due}
	if len(x.report.Examples) < mostExamples {
		timer.finding = &f
	}
	x.timers[f.Match] = timer
}

// finding is a flag in words, without the evidence.
func (x *active) finding(act rule.Act, res rule.Result) Finding {
	x.compiled().Say(act, &res)
	return Finding{
		Code: res.Code, Version: ledger.Count(res.Version), State: res.State, Handling: res.Handling, Level: res.Level, Subject: res.Subject, Window: res.Window,
		Fingerprint: hex.EncodeToString(res.Fingerprint[:]), Value: res.Value.String(), Limit: res.Limit.String(),
		Sentence: ledger.Text{Zh: res.Message.Zh, En: res.Message.En}, Suppressed: res.SuppressedBy,
	}
}

// meet ends a deadline, in time or late.
func (x *tested) meet(match string, on ledger.Date) {
	t := x.timers[match]
	if t == nil {
		return
	}
	delete(x.timers, match)
	if on > t.due {
		x.late(t)
	}
}

// late counts a deadline that passed. Examples are only added to: one that is still
// wanted was wanted when the deadline began.
func (x *tested) late(t *timer) { x.hit(t.hit, func() Finding { return *t.finding }) }

// expire counts the deadlines that nothing has met until the end of the range.
func (r *backRun) expire() {
	for _, x := range r.found {
		for _, match := range slices.Sorted(maps.Keys(x.timers)) {
			if t := x.timers[match]; t.due < r.To {
				x.late(t)
			}
		}
	}
}

// hit counts one; words are its example, if there are not enough of them yet.
func (x *tested) hit(h hit, words func() Finding) {
	x.report.Hits++
	if h.suppressed {
		x.report.Suppressed++
	}
	x.prints[h.print] = true
	x.report.ByRegion[h.region[:min(9, len(h.region))]]++
	x.report.ByMonth[h.on.Month()]++
	if len(x.report.Examples) < mostExamples {
		f := words()
		x.report.Examples = append(x.report.Examples, Example{h.entry, h.on, f.Level, f.Subject, f.Value, f.Limit, f.Sentence})
	}
}

// sweepAll runs the tested sweeps slot by slot, as far as the views keep history.
func (r *backRun) sweepAll(ctx context.Context, g *Engine, book ledger.Book) error {
	for _, file := range r.Rules {
		if file.Kind != rule.OnSweep || r.kinds == nil {
			continue
		}
		if err := r.sweep(ctx, g, book, r.kinds.rules[file.Code]); err != nil {
			return fmt.Errorf("back-test %s: %w", file.Code, err)
		}
	}
	return nil
}

func (r *backRun) sweep(ctx context.Context, g *Engine, book ledger.Book, x *active) error {
	found := r.found[x.Code]
	slots, err := slotsBetween(x.compiled().Schedule, r.From, r.To)
	if err != nil {
		return err
	}
	for _, at := range slots {
		upto, err := g.lastSeqAt(ctx, book, at)
		if err != nil {
			return err
		}
		day := ledger.DateOf(at)
		swept, err := g.sweepAsOf(ctx, x, book, day, upto)
		if err != nil {
			return err
		}
		for i, f := range swept.Findings {
			if f.State == rule.NotEvaluable {
				found.report.NotEvaluable[f.Reason]++
			} else if print := printOf(f.Fingerprint); !found.prints[print] { // that it is still so is no news
				found.hit(hit{upto, day, swept.rows[i].Region, print, f.Suppressed != ""}, func() Finding { return f })
			}
		}
	}
	return nil
}

// printOf reads a fingerprint as findings and cases have it: hex, that we wrote.
func printOf(text string) (f fingerprint) {
	_, _ = hex.Decode(f[:], []byte(text))
	return f
}

// decided is a case of a tested rule.
type decided struct {
	Fingerprint string
	State       State
	Violation   string
	Entry       ledger.Seq
	Raised      time.Time
}

// in says whether the case is about something in the range of a back-test.
func (c decided) in(run *backRun) bool {
	if c.Entry >= 0 && int(c.Entry) < len(run.within) {
		return run.within[c.Entry]
	}
	day := ledger.DateOf(c.Raised)
	return run.From <= day && day <= run.To
}

// compare counts what is new and lost against what was said live, and what became of
// the cases. The warning that tells of a storm is none of them: its parts are.
func (x *tested) compare(ctx context.Context, g *Engine, book ledger.Book, run *backRun) error {
	x.report.Matters = len(x.prints)
	rows, err := g.Pool.Query(ctx, `
		select c.fingerprint, c.state, c.violation, c.entry_seq, c.raised_at from alert.current c
		where c.book = $1 and c.code = $2 and c.outcome = 'flag' and c.subject <> $3 order by c.fingerprint, c.episode`, book, x.file.Code, stormy)
	if err != nil {
		return fmt.Errorf("read cases of %s: %w", x.file.Code, err)
	}
	cases, err := pgx.CollectRows(rows, pgx.RowToStructByPos[decided])
	if err != nil {
		return fmt.Errorf("read cases of %s: %w", x.file.Code, err)
	}
	live := map[fingerprint]bool{}
	for _, c := range cases {
		if !c.in(run) {
			continue
		}
		print := printOf(c.Fingerprint)
		live[print] = true
		if !x.prints[print] {
			continue
		}
		switch {
		case c.State == Dismissed:
			x.report.Dismissed++
		case c.Violation != "":
			x.report.Confirmed++
		}
	}
	if !run.Live {
		return nil
	}
	var fresh, lost, same int
	for print := range x.prints {
		if live[print] {
			same++
		} else {
			fresh++
		}
	}
	for print := range live {
		if !x.prints[print] {
			lost++
		}
	}
	x.report.New, x.report.Lost, x.report.Same = &fresh, &lost, &same
	return nil
}
