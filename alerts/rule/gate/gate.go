package gate

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
)

// World posts entries to a ledger of its own, given first and unjudged, and
// answers with what the rule said of each in when.
type World func(r *rule.Compiled, start time.Time, given, when []Event) ([]Outcome, error)

// Sweeps runs a sweep over what a test plants, and answers with its rows' verdicts in
// the order of their subjects.
type Sweeps func(r *rule.Compiled, a rule.Act, p Planted) ([]rule.Result, error)

// ErrNotRun is the answer of a Sweeps that has no ledger for a case that posts entries.
var ErrNotRun = errors.New("not run: there is no ledger to post entries to")

// Planted is what a sweep's test gives: rows of views, or entries to be posted to a
// ledger from Start on.
type Planted struct {
	Rows  []map[string]string // by key: the view's name under "", and its columns
	Given []Event
	Start time.Time
	Upto  int64
}

// Outcome is a verdict, which episode of its alert it belongs to, and for a
// deadline that opens its last day, or why that cannot be said.
type Outcome struct {
	rule.Result
	Episode int
	Due     string
}

// Report is what the gate found of one rule.
type Report struct {
	Code  string
	Cases int
	// Failures are cases that gave something else.
	Failures []string
	// Missing are the kinds of cases that a rule must have.
	Missing []string
	// Mutants counts the changed rules; Survivors are those that no case noticed.
	Mutants   int
	Survivors []string
	// Equivalent counts the survivors that the test file explains.
	Equivalent int
	// NotRun is set for a sweep when there is no database to run it in; Skipped counts
	// the cases that there was no ledger for.
	NotRun  bool
	Skipped int
}

// Passed says whether the rule may be activated as far as its tests go.
func (r Report) Passed() bool {
	return len(r.Failures)+len(r.Missing)+len(r.Survivors) == 0
}

func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d cases, %d mutants, %d survive, %d equivalent", r.Code, r.Cases, r.Mutants, len(r.Survivors), r.Equivalent)
	switch {
	case r.NotRun:
		b.WriteString(", not run")
	case r.Skipped > 0:
		fmt.Fprintf(&b, ", %d cases not run", r.Skipped)
	}
	b.WriteByte('\n')
	for _, lines := range [][]string{r.Failures, r.Missing, r.Survivors} {
		for _, line := range lines {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	return b.String()
}

// Gate checks rules in given surroundings.
type Gate struct {
	compiler *rule.Compiler
	world    World
	// Sweeps runs sweeps; without it only the form of their tests is looked at.
	Sweeps Sweeps
}

// New makes a gate. Without a world, cases that post entries fail.
func New(s rule.Surroundings, world World) (*Gate, error) {
	compiler, err := rule.NewCompiler(s)
	return &Gate{compiler: compiler, world: world}, err
}

// Folder checks every rule of a folder against its test file.
func (g *Gate) Folder(folder fs.FS) ([]Report, error) {
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the rules: %w", err)
	}
	var reports []Report
	for _, name := range names {
		if strings.HasSuffix(name, ".test.yaml") {
			continue
		}
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		r, err := rule.Parse(path.Base(name), text)
		if err != nil {
			return nil, err
		}
		tests := strings.TrimSuffix(name, ".yaml") + ".test.yaml"
		if text, err = fs.ReadFile(folder, tests); err != nil {
			return nil, fmt.Errorf("rule %s has no tests: %w", r.Code, err)
		}
		f, err := Parse(path.Base(tests), text)
		if err != nil {
			return nil, err
		}
		report, err := g.Check(r, f)
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// Check runs the cases, and then the mutants if all cases hold.
func (g *Gate) Check(r *rule.Rule, f *File) (Report, error) {
	report := Report{Code: r.Code, Cases: len(f.Cases)}
	if !f.ofRule(r) {
		return report, &rule.Invalid{File: f.name, Key: "rule", Reason: fmt.Sprintf("it tests %s, the rule is %s@%d", f.Rule, r.Code, r.Version)}
	}
	r, err := f.withParams(r)
	if err != nil {
		return report, err
	}
	compiled, wrong := g.compiler.Compile(r)
	if len(wrong) > 0 {
		return report, errors.Join(wrong...)
	}
	report.Missing = f.missing(r)
	if report.NotRun = r.Kind == rule.OnSweep && g.Sweeps == nil; report.NotRun {
		return report, nil
	}
	report.Failures, report.Skipped = g.run(compiled, f)
	if len(report.Failures) > 0 {
		return report, nil
	}
	mutants, err := mutate(r)
	if err != nil {
		return report, err
	}
	for _, m := range mutants {
		changed, wrong := g.compiler.CompileMutant(m.rule)
		if len(wrong) > 0 {
			continue // what does not compile needs no test
		}
		report.Mutants++
		why, excused := f.Equivalent[m.what]
		failures, _ := g.run(changed, f)
		switch survives := len(failures) == 0; {
		case survives && (!excused || why == ""):
			report.Survivors = append(report.Survivors, "survives: "+m.what)
		case survives:
			report.Equivalent++
		}
	}
	if report.Equivalent != len(f.Equivalent) {
		report.Failures = append(report.Failures, "equivalent: it lists mutants that a case notices, or that there are not")
	}
	return report, nil
}

// Cases runs the cases of a test file alone and lists those that gave something else:
// for files beside the rule's own, of which no completeness is asked.
func (g *Gate) Cases(r *rule.Rule, f *File) ([]string, error) {
	if !f.ofRule(r) {
		return nil, &rule.Invalid{File: f.name, Key: "rule", Reason: fmt.Sprintf("it tests %s, the rule is %s@%d", f.Rule, r.Code, r.Version)}
	}
	if r.Kind == rule.OnSweep && g.Sweeps == nil {
		return nil, &rule.Invalid{File: f.name, Key: "rule", Reason: "a sweep is tested with a database"}
	}
	r, err := f.withParams(r)
	if err != nil {
		return nil, err
	}
	compiled, wrong := g.compiler.Compile(r)
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	failures, skipped := g.run(compiled, f)
	if skipped > 0 {
		failures = append(failures, fmt.Sprintf("%d cases: %v", skipped, ErrNotRun))
	}
	return failures, nil
}

// withParams puts the values of the test file in the place of the defaults.
func (f *File) withParams(r *rule.Rule) (*rule.Rule, error) {
	changed := *r
	for _, name := range slices.Sorted(maps.Keys(f.Params)) { // mutants are named by their place
		value := f.Params[name]
		if r.Params[name] == "" {
			return nil, &rule.Invalid{File: f.name, Key: "params." + name, Reason: "the rule has no such parameter"}
		}
		changed.Defaults = slices.DeleteFunc(slices.Clone(changed.Defaults), func(s rule.Setting) bool { return s.Param == name })
		changed.Defaults = append(changed.Defaults, rule.Setting{Param: name, Value: value, Basis: f.name})
	}
	return &changed, nil
}

// run judges every case, lists those that differ and counts those that nothing could
// run.
func (g *Gate) run(c *rule.Compiled, f *File) (failures []string, skipped int) {
	for i := range f.Cases {
		test := &f.Cases[i]
		outcomes, err := g.judge(c, f, test)
		if errors.Is(err, ErrNotRun) {
			skipped++
			continue
		}
		if err == nil && len(outcomes) != len(test.Expect) {
			err = fmt.Errorf("%d verdicts, want %d", len(outcomes), len(test.Expect))
		}
		for n := 0; err == nil && n < len(outcomes); n++ {
			err = test.Expect[n].differs(&outcomes[n])
		}
		if err != nil {
			failures = append(failures, fmt.Sprintf("%s: %v", test.Name, err))
		}
	}
	return failures, skipped
}

// given is the direct form of facts.
type given map[string]formula.Value

// Fact looks the fact up.
func (g given) Fact(name string) (formula.Value, bool) {
	v, ok := g[name]
	return v, ok
}

func (g *Gate) judge(c *rule.Compiled, f *File, test *Case) ([]Outcome, error) {
	if c.Kind == rule.OnSweep {
		return g.sweep(c, f, test)
	}
	if len(test.When) > 0 {
		if g.world == nil {
			return nil, errors.New("there is no world to post entries to")
		}
		return g.world(c, f.start, slices.Concat(f.Given, test.Given), test.When)
	}
	facts := given{}
	for name, in := range f.facts(test) {
		known, ok := g.compiler.Catalogue.Fact(c.JudgedAt()[0], name)
		if !ok || !slices.Contains(c.Facts, name) {
			return nil, fmt.Errorf("the rule declares no fact %s", name)
		}
		if in.Unfit != "" {
			facts[name] = formula.Unfit(in.Unfit)
			continue
		}
		v, err := formula.ParseValue(known.Type, in.Texts...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		facts[name] = v
	}
	a := rule.Act{Book: "test", Day: test.Day, Region: test.Region, AfterFact: test.AfterFact, Facts: facts}
	if a.Day == 0 {
		a.Day = formula.DayOf(f.start)
	}
	if a.Region == "" {
		a.Region = f.Region
	}
	outcome := Outcome{Result: c.Eval(a), Episode: 1}
	switch {
	case outcome.State == rule.Clear:
		outcome.Value, outcome.Limit = c.Measure(a)
	case outcome.State == rule.Flag && c.Kind == rule.OnDeadline:
		due, reason, err := c.Due(a)
		if err != nil {
			return nil, err
		}
		if outcome.Due = reason; reason == "" {
			outcome.Due = due.String()
		}
	}
	return []Outcome{outcome}, nil
}

// sweep runs a sweep over the rows of a case. Nothing found is clear.
func (g *Gate) sweep(c *rule.Compiled, f *File, test *Case) ([]Outcome, error) {
	p := Planted{Given: slices.Concat(f.Given, test.Given), Start: f.start, Upto: cmp.Or(test.Upto, 1000)}
	for _, rows := range []Rows{f.Rows, test.Rows} {
		for _, view := range slices.Sorted(maps.Keys(rows)) {
			for _, row := range rows[view] {
				planted, err := repeat(view, row)
				if err != nil {
					return nil, err
				}
				p.Rows = append(p.Rows, planted...)
			}
		}
	}
	a := rule.Act{Book: "411025", Day: test.Day, Region: cmp.Or(test.Region, f.Region, "411025")}
	if a.Day == 0 {
		a.Day = formula.DayOf(f.start)
	}
	results, err := g.Sweeps(c, a, p)
	if err != nil {
		return nil, err
	}
	if len(results) == 0 {
		return []Outcome{{Result: rule.Result{State: rule.Clear}}}, nil
	}
	outcomes := make([]Outcome, len(results))
	for i, r := range results {
		outcomes[i] = Outcome{Result: r, Episode: 1}
	}
	return outcomes, nil
}

// repeat writes out a row with times.
func repeat(view string, row map[string]string) (rows []map[string]string, err error) {
	n := 1
	if times, ok := row["times"]; ok {
		if n, err = strconv.Atoi(times); err != nil || n < 0 || n > 10_000 {
			return nil, fmt.Errorf("times: %q: want a number up to 10000", times)
		}
	}
	for i := 1; i <= n; i++ {
		one := map[string]string{"": view}
		for column, text := range row {
			if column != "times" {
				one[column] = strings.ReplaceAll(text, "{i}", strconv.Itoa(i))
			}
		}
		rows = append(rows, one)
	}
	return rows, nil
}

// differs compares what is expected with what came. Decimals compare by value.
func (e *Expect) differs(o *Outcome) error {
	reason := e.Reason
	if e.Field != "" {
		reason = "field:" + e.Field
	}
	for _, pair := range []struct {
		what, got, want string
		always          bool
	}{
		{"result", string(o.State), string(e.Result), true},
		{"reason", o.Reason, reason, false},
		{"subject", strings.Join(o.Subject, " "), strings.Join(e.Subject, " "), false},
		{"handling", o.Handling, e.Handling, false},
		{"level", o.Level, e.Level, false},
		{"suppressed_by", o.SuppressedBy, e.SuppressedBy, true},
		{"due", o.Due, e.Due, o.Due != ""},
		{"value", o.Value.String(), e.Value, false},
		{"limit", o.Limit.String(), e.Limit, false},
		{"message.zh", o.Message.Zh, e.Message.Zh, false},
		{"message.en", o.Message.En, e.Message.En, false},
	} {
		if (pair.always || pair.want != "") && pair.got != pair.want && !equalDecimals(pair.got, pair.want) {
			return fmt.Errorf("%s is %q, want %q (%s %s %v)", pair.what, pair.got, pair.want, o.State, o.Reason, o.Err)
		}
	}
	if e.Episode != 0 && e.Episode != o.Episode {
		return fmt.Errorf("episode is %d, want %d", o.Episode, e.Episode)
	}
	return nil
}

func equalDecimals(a, b string) bool {
	x, errX := formula.ParseDecimal(a)
	y, errY := formula.ParseDecimal(b)
	return errX == nil && errY == nil && formula.Number(x).Equal(formula.Number(y))
}

// missing lists the kinds of cases that are not there. A deadline is never clear
// when it opens; its boundary is the last day, which each flag must give. A sweep is
// not evaluable only where its query says so, and turning each of its comparisons finds
// the boundaries that no case stands on.
func (f *File) missing(r *rule.Rule) (missing []string) {
	needs := []rule.State{rule.Flag, rule.NotEvaluable, rule.Clear}
	switch {
	case r.Kind == rule.OnDeadline:
		needs = needs[:2]
	case r.Kind == rule.OnSweep && !strings.Contains(r.SQL, "reason"): // it has no least number
		needs = []rule.State{rule.Flag, rule.Clear}
	}
	for _, need := range needs {
		if !slices.ContainsFunc(f.Cases, func(c Case) bool { return c.Expect[len(c.Expect)-1].Result == need }) {
			missing = append(missing, "no case expects "+string(need))
		}
	}
	if r.Kind == rule.OnEvent && !f.hasBoundary(orders.MatchString(r.When)) {
		missing = append(missing, "no boundary pair: a flag and a clear that differ in one input by its smallest step")
	}
	return missing
}

// orders finds a comparison of sizes.
var orders = regexp.MustCompile(`[<>]`)

func (f *File) hasBoundary(sizes bool) bool {
	for i := range f.Cases {
		for j := range f.Cases {
			a, b := &f.Cases[i], &f.Cases[j]
			if a.Expect[len(a.Expect)-1].Result == rule.Flag && b.Expect[len(b.Expect)-1].Result == rule.Clear && oneStep(f.flat(a), f.flat(b), sizes) {
				return true
			}
		}
	}
	return false
}

// oneStep says whether two cases differ in one input only, and by no more than
// its smallest step if sizes are compared.
func oneStep(a, b map[string]string, sizes bool) bool {
	var one []string
	for key, text := range a {
		if other, ok := b[key]; !ok || other != text {
			one = append(one, key)
		}
	}
	for key := range b {
		if _, ok := a[key]; !ok {
			one = append(one, key)
		}
	}
	if len(one) != 1 || !sizes {
		return len(one) == 1
	}
	return nextTo(a[one[0]], b[one[0]])
}

// nextTo says whether two texts are a 分, a day, a second or a piece apart.
func nextTo(a, b string) bool {
	if x, err := formula.ParseDay(a); err == nil {
		y, err := formula.ParseDay(b)
		return err == nil && (x-y == 1 || y-x == 1)
	}
	if x, err := time.Parse(time.RFC3339, a); err == nil {
		y, err := time.Parse(time.RFC3339, b)
		return err == nil && x.Sub(y).Abs() <= time.Second
	}
	step := "1"
	if _, fraction, ok := strings.Cut(a, "."); ok {
		step = "0." + strings.Repeat("0", len(fraction)-1) + "1"
	}
	return equalDecimals(moved(a, step), b) || equalDecimals(moved(b, step), a)
}
