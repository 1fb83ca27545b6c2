package gate

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
)

var catalogue = rule.Catalogue{"payment.approved": {
	{Name: "entry.amount", Type: formula.Amount, Unit: "元", Source: "amount of the payment"},
	{Name: "contract.id", Type: formula.Text, Source: "its contract"},
	{Name: "contract.amount", Type: formula.Amount, Unit: "元", Source: "contract with amendments"},
	{Name: "contract.paid", Type: formula.Amount, Unit: "元", Source: "paid under it"},
	{Name: "contract.progressed", Type: formula.Bool, Source: "whether works have progressed"},
}}

const advance = `code: P08
version: 3
kind: event
stage: payment
name: {zh: 预付高, en: high advance}
kinds: [payment.approved]
handling: "A"
level: orange
category: 量
basis: 财建〔2004〕369号
formula: {zh: 首次进度前付款不超过合同的一定比例, en: payments before the first progress stay within a share of the contract}
facts: [contract.id, contract.amount, contract.paid, contract.progressed, entry.amount]
params: {p: share}
defaults:
  - {param: p, value: "0.10", basis: 财建〔2004〕369号}
applies: "!contract.progressed"
when: "contract.paid + entry.amount > contract.amount * param.p"
value: "contract.paid + entry.amount"
limit: "contract.amount * param.p"
subject: [contract.id]
window: none
message: {zh: "已付{value}元,上限{limit}元,请核实", en: "{value} yuan paid, the limit is {limit} yuan, please verify"}
`

const tests = `rule: P08@3
start: "2026-03-02T09:00:00+08:00"
params: {p: "0.30"}
facts: {contract.id: C1, contract.amount: "1000000.00", contract.paid: "100000.00", contract.progressed: "false", entry.amount: "200000.00"}
cases:
  - name: at the limit
    expect: [{result: clear, value: "300000"}]
  - name: one fen over
    facts: {entry.amount: "200000.01"}
    expect: [{result: flag, subject: C1, value: "300000.01", limit: "300000.00"}]
  - name: after progress
    facts: {entry.amount: "200000.01", contract.progressed: "true"}
    expect: [{result: not_applicable}]
  - name: missing amount (old import) is no pass
    facts: {contract.amount: ~}
    expect: [{result: not_evaluable, field: contract.amount}]
`

// check runs the gate with pairs of texts replaced in the tests.
func check(t *testing.T, world World, replace ...string) Report {
	t.Helper()
	text := tests
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("the tests have no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	g, err := New(rule.Surroundings{Catalogue: catalogue}, world)
	if err != nil {
		t.Fatal(err)
	}
	reports, err := g.Folder(fstest.MapFS{"P08.yaml": {Data: []byte(advance)}, "P08.test.yaml": {Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return reports[0]
}

func TestGoodTestsPass(t *testing.T) {
	r := check(t, nil)
	if !r.Passed() || r.Cases != 4 || r.Mutants < 15 {
		t.Error(r)
	}
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"a wrong expectation", `result: flag, subject: C1`, `result: flag, subject: C2`, `one fen over: subject is "C1", want "C2"`},
		{"a wrong limit", `limit: "300000.00"`, `limit: "300000.01"`, `limit is "300000.0000"`},
		{"a wrong reason", `field: contract.amount`, `field: contract.paid`, `reason is "field:contract.amount"`},
		{"an undeclared fact", `contract.paid:`, `contract.pad:`, "the rule declares no fact contract.pad"},
		{"a fact of another type", `contract.amount: "1000000.00"`, `contract.amount: "1 Mio"`, "contract.amount: want plain digits"},
		{"no boundary", `facts: {entry.amount: "200000.01"}`, `facts: {entry.amount: "900000.00", contract.paid: "0.00"}`, "no boundary pair"},
		{"no missing input", "facts: {contract.amount: ~}\n    expect: [{result: not_evaluable, field: contract.amount}]", "expect: [{result: clear}]", "no case expects not_evaluable"},
		{"no flag", `facts: {entry.amount: "200000.01"}`, `facts: {entry.amount: "200000.01"}` + "\n    expect: [{result: clear}]\n  - name: x", "one fen over: result is"},
		{"nothing is looked at after progress", `contract.progressed: "true"}`, `contract.amount: "9000000.00"}`, "after progress: result is"},
		{"facts and entries in one case", `facts: {contract.amount: ~}`, "facts: {contract.amount: ~}\n    when: [{at: 1d, post: {kind: payment.approved}}]", ""},
		{"posted without a world", `facts: {contract.amount: ~}`, `when: [{at: 1d, post: {kind: payment.approved}}]`, "there is no world"},
		{"an excuse for nothing", "cases:", "equivalent: {\"when: false\": because}\ncases:", "equivalent: it lists mutants"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.want == "" {
				if _, err := Parse("P08.test.yaml", []byte(strings.Replace(tests, test.old, test.new, 1))); err == nil {
					t.Error("facts and entries are mixed")
				}
				return
			}
			if r := check(t, nil, test.old, test.new); r.Passed() || !strings.Contains(r.String(), test.want) {
				t.Errorf("%v\nwant %s", r, test.want)
			}
		})
	}
}

// TestSurvivorsAreListed weakens the tests until one kind of mutant after the
// other goes unnoticed.
func TestSurvivorsAreListed(t *testing.T) {
	for _, test := range []struct {
		name     string
		replace  []string
		survivor string
	}{
		{"as much was paid before as now", []string{`"0.30"`, `"0.40"`, `contract.paid: "100000.00"`, `contract.paid: "200000.00"`, `value: "300000"`, `value: "400000"`, `value: "300000.01", limit: "300000.00"`, `value: "400000.01", limit: "400000.00"`},
			"when: entry.amount + entry.amount > contract.amount * param.p"},
		{"the exact limit is not tried", []string{`value: "300000"`, `value: "299999.99"`, `"200000.00"}`, `"199999.99"}`, `"200000.01"}`, `"200000.00"}`, "flag", "clear"}, ""},
		{"progress is not tried", []string{`facts: {entry.amount: "200000.01", contract.progressed: "true"}` + "\n    expect: [{result: not_applicable}]", "facts: {entry.amount: \"300000.00\"}\n    expect: [{result: flag}]"},
			"applies: to all"},
		{"the value is not compared", []string{`[{result: clear, value: "300000"}]`, "[{result: clear}]", `, value: "300000.01", limit: "300000.00"`, ""},
			"value: contract.amount + entry.amount"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := check(t, nil, test.replace...)
			if test.survivor == "" {
				if r.Passed() {
					t.Errorf("it passes: %v", r)
				}
			} else if !slices.ContainsFunc(r.Survivors, func(s string) bool { return strings.Contains(s, test.survivor) }) {
				t.Errorf("no %s in\n%v", test.survivor, r)
			}
		})
	}
}

func TestBoundaries(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"1.00", "1.01", true}, {"1.01", "1.00", true}, {"1.00", "1.02", false}, {"0.30", "0.31", true}, {"-0.01", "0.00", true},
		{"3", "2", true}, {"3", "1", false}, {"2020-03-01", "2020-02-29", true}, {"2020-03-01", "2020-03-03", false},
		{"2020-03-18T09:00:00+08:00", "2020-03-18T01:00:01Z", true}, {"2020-03-18T09:00:00+08:00", "2020-03-18T09:00:02+08:00", false},
		{"open", "invited", false}, {"", "1", false},
	} {
		if got := nextTo(test.a, test.b); got != test.want {
			t.Errorf("%q and %q: %t", test.a, test.b, got)
		}
	}
}

// TestPostedEntries runs the same rule through a world that keeps books of its
// own: a stand-in for the ledger.
func TestPostedEntries(t *testing.T) {
	posted := strings.Replace(tests, tests[strings.Index(tests, "facts:"):], `given:
  - {at: 0d, post: {kind: contract.signed, id: C1, amount: "1000000.00"}}
cases:
  - name: at the limit
    when: [{at: 1d, post: {kind: payment.approved, contract: C1, amount: "300000.00"}}]
    expect: [{result: clear}]
  - name: one fen over, in two parts
    given: [{at: 1d, post: {kind: payment.approved, contract: C1, amount: "100000.00"}}]
    when:
      - {at: 2d, post: {kind: payment.approved, contract: C1, amount: "200000.00"}}
      - {at: 3d, post: {kind: payment.approved, contract: C1, amount: "0.01"}}
    expect: [{result: clear}, {result: flag, subject: C1, episode: 1, value: "300000.01", limit: "300000.00"}]
  - name: one fen over
    when: [{at: 1d, post: {kind: payment.approved, contract: C1, amount: "300000.01"}}]
    expect: [{result: flag, value: "300000.01", limit: "300000.00"}]
  - name: after progress
    given: [{at: 1d, post: {kind: works.progressed, contract: C1}}]
    when: [{at: 1d, post: {kind: payment.approved, contract: C1, amount: "300000.01"}}]
    expect: [{result: not_applicable}]
  - name: no such contract
    when: [{at: 1d, post: {kind: payment.approved, contract: C2, amount: "300000.01"}}]
    expect: [{result: not_evaluable, field: contract.amount}]
`, 1)
	f, err := Parse("P08.test.yaml", []byte(posted))
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(rule.Surroundings{Catalogue: catalogue}, smallLedger)
	if err != nil {
		t.Fatal(err)
	}
	r, err := rule.Parse("P08.yaml", []byte(advance))
	if err != nil {
		t.Fatal(err)
	}
	if report, err := g.Check(r, f); err != nil || !report.Passed() {
		t.Errorf("%v %v", err, report)
	}
	alone, err := New(rule.Surroundings{Catalogue: catalogue}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if report, err := alone.Check(r, f); err != nil || len(report.Failures) != 5 {
		t.Errorf("without a world: %v %v", err, report)
	}
}

// smallLedger knows contracts, progress and payments.
func smallLedger(c *rule.Compiled, start time.Time, before, when []Event) ([]Outcome, error) {
	state := given{"contract.progressed": formula.True(false), "contract.paid": formula.Yuan(0)}
	contracts := map[string]formula.Value{}
	paid, _ := formula.ParseDecimal("0")
	var outcomes []Outcome
	for i, e := range append(append([]Event{}, before...), when...) {
		var post struct{ Kind, ID, Contract, Amount string }
		if err := e.Post.Load(&post); err != nil {
			return nil, err
		}
		switch post.Kind {
		case "contract.signed":
			amount, err := formula.ParseDecimal(post.Amount)
			if err != nil {
				return nil, err
			}
			contracts[post.ID] = formula.Number(amount)
		case "works.progressed":
			state["contract.progressed"] = formula.True(true)
		case "payment.approved":
			amount, err := formula.ParseDecimal(post.Amount)
			if err != nil {
				return nil, err
			}
			state["entry.amount"], state["contract.paid"] = formula.Number(amount), formula.Number(paid)
			state["contract.id"], state["contract.amount"] = formula.String(post.Contract), contracts[post.Contract]
			if i >= len(before) {
				outcomes = append(outcomes, Outcome{Result: c.Eval(rule.Act{Day: formula.DayOf(start), Facts: state}), Episode: 1})
			}
			paid = paid.Add(amount).(*formula.Decimal)
		default:
			return nil, errors.New("no kind " + post.Kind)
		}
	}
	return outcomes, nil
}

const lateAcceptance = `code: V07
version: 1
kind: deadline
stage: acceptance
name: {zh: 验收迟, en: late acceptance}
handling: "W"
level: yellow
category: 速
basis: 投25[a]
formula: {zh: 完工后一定天数内验收, en: acceptance within some days of completion}
facts: [project.id, project.accepted]
params: {t: days}
defaults: [{param: t, value: "60", basis: "[assumed]"}]
applies: "!project.accepted"
subject: [project.id]
message: {zh: "项目{project.id}完工后{param.t}天未见验收,请核实", en: "project {project.id}: no acceptance within {param.t} days, please verify"}
start: works.completed
expect: acceptance.passed
match: [project.id]
within: {param: t, unit: d}
`

const lateAcceptanceTests = `rule: V07@1
start: "2020-03-02T09:00:00+08:00"
facts: {project.id: X1, project.accepted: "false"}
cases:
  - name: it opens
    expect: [{result: flag, subject: X1, due: 2020-05-01}]
  - name: it ends on a rest day
    day: 2020-03-04
    expect: [{result: flag, due: 2020-05-04}]
  - name: the calendar is not out yet
    day: 2020-12-01
    expect: [{result: flag, due: "calendar:2021"}]
  - name: accepted before it was completed
    facts: {project.accepted: "true"}
    expect: [{result: not_applicable}]
  - name: nobody knows
    facts: {project.accepted: ~}
    expect: [{result: not_evaluable, field: project.accepted}]
`

func TestDeadlines(t *testing.T) {
	project := []rule.Fact{
		{Name: "project.id", Type: formula.Text, Source: "the project"},
		{Name: "project.accepted", Type: formula.Bool, Source: "accepted"},
	}
	weekdays := func(from, to formula.Day) (n int, err error) {
		for d := from + 1; d <= to; d++ {
			if d.Year() != 2020 {
				return 0, formula.YearUnknown(d.Year())
			}
			if w := (int(d) + 4) % 7; w != 0 && w != 6 { // 1970-01-01 was a Thursday
				n++
			}
		}
		return n, nil
	}
	g, err := New(rule.Surroundings{Catalogue: rule.Catalogue{"works.completed": project, "acceptance.passed": project}, Calendar: weekdays}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for tests, passes := range map[string]bool{
		lateAcceptanceTests: true,
		strings.ReplaceAll(lateAcceptanceTests, ", due: 2020-05-04", ""):              false,
		strings.ReplaceAll(lateAcceptanceTests, "due: 2020-05-01", "due: 2020-05-02"): false,
	} {
		reports, err := g.Folder(fstest.MapFS{"V07.yaml": {Data: []byte(lateAcceptance)}, "V07.test.yaml": {Data: []byte(tests)}})
		if err != nil {
			t.Fatal(err)
		}
		if reports[0].Passed() != passes || passes && reports[0].Mutants < 4 {
			t.Errorf("passes: %t\n%v", reports[0].Passed(), reports[0])
		}
	}
}

func TestFilesAreReadStrictly(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{"cases:", "case:", "P08.test.yaml: case: line 5: unknown key; known are rule, start"},
		{"start: \"2026-03-02T09:00:00+08:00\"", "start: \"2026-03-02T09:00:00\"", "P08.test.yaml: start: want an instant with offset"},
		{"expect: [{result: clear, value: \"300000\"}]", "facts: {}", "want name and expect"},
		{"[{result: clear, value: \"300000\"}]", "[{result: clear}, {result: clear}]", "want one expectation"},
		{"result: clear", "result: clear, valeu: 1", "unknown key"},
	} {
		_, err := Parse("P08.test.yaml", []byte(strings.Replace(tests, test.old, test.new, 1)))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v, want %s", err, test.want)
		}
	}
	g, err := New(rule.Surroundings{Catalogue: catalogue}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Folder(fstest.MapFS{"P08.yaml": {Data: []byte(advance)}}); err == nil || !strings.Contains(err.Error(), "rule P08 has no tests") {
		t.Error(err)
	}
	old := strings.Replace(tests, "P08@3", "P08@2", 1)
	if _, err := g.Folder(fstest.MapFS{"P08.yaml": {Data: []byte(advance)}, "P08.test.yaml": {Data: []byte(old)}}); err == nil || !strings.Contains(err.Error(), "it tests P08@2, the rule is P08@3") {
		t.Error(err)
	}
}
