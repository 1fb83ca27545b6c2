package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// catalogue of the tests: one kind with a fact of each type.
var catalogue = Catalogue{
	"payment.approved": {
		{"entry.amount", Amount, "元", "amount of the payment"},
		{"entry.on", Civil, "", "day of the entry"},
		{"contract.id", Text, "", "its contract"},
		{"contract.amount", Amount, "元", "contract with amendments"},
		{"contract.paid", Amount, "元", "paid under it"},
		{"contract.progressed", Bool, "", "whether works have progressed"},
		{"tender.deadline", Instant, "", "end of the bidding"},
		{"tender.bid_at", Instant, "", "when the bid came"},
		{"tender.bidders", Count, "家", "distinct bidders"},
		{"tender.bids", Amounts, "元", "amounts of the bids"},
		{"payee.names", Texts, "", "names of the payee"},
		{"entry.payee", Text, "", "payee"},
		{"purchase.category", Text, "", "works, goods, services"},
	},
	"works.completed":   {{"project.id", Text, "", "the project"}},
	"acceptance.passed": {{"project.id", Text, "", "the project"}},
}

// advance is the rule of the tests; some replace parts of it.
const advance = `code: P08
version: 3
kind: event
stage: payment
state: active
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
  - {param: p, value: "0.30", basis: 财建〔2004〕369号}
applies: "!contract.progressed"
when: "contract.paid + entry.amount > contract.amount * param.p"
value: "contract.paid + entry.amount"
limit: "contract.amount * param.p"
subject: [contract.id]
window: none
message: {zh: "首次进度前已付{value}元,上限{limit}元({param.p}),请核实", en: "{value} yuan paid before any progress, the limit is {limit} yuan, please verify"}
`

// facts is an input made of a map; what is not in it is missing.
type facts map[string]Value

func (f facts) Fact(name string) (Value, bool) {
	v, ok := f[name]
	return v, ok
}

// with is a copy with some facts changed; a nil value removes one.
func (f facts) with(name string, v Value) facts {
	g := facts{}
	for n, x := range f {
		g[n] = x
	}
	g[name] = v
	if v == (Value{}) {
		delete(g, name)
	}
	return g
}

var atTheLimit = facts{
	"contract.id": String("K1"), "contract.amount": Yuan(1_000_000_00), "contract.paid": Yuan(0),
	"contract.progressed": True(false), "entry.amount": Yuan(300_000_00), "entry.on": On(day("2020-03-02")),
}

func day(s string) Day {
	d, err := ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func act(f Facts) Act { return Act{Book: "411623", Day: day("2020-03-02"), Region: "411623", Facts: f} }

// calendar knows 2020 only, and no holidays but Saturdays and Sundays.
func calendar(from, to Day) (int, error) {
	n := 0
	for d := from + 1; d <= to; d++ {
		if y := d.time().Year(); y != 2020 {
			return 0, fmt.Errorf("count working days: %w", YearUnknown(y))
		}
		if w := d.time().Weekday(); w != time.Saturday && w != time.Sunday {
			n++
		}
	}
	return n, nil
}

func load(s Surroundings, files map[string]string) (*Set, error) {
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	if s.Catalogue == nil {
		s.Catalogue = catalogue
	}
	return Load(folder, s)
}

// compileRule loads the rule of the tests with pairs of texts replaced.
func compileRule(t testing.TB, s Surroundings, replace ...string) *Compiled {
	t.Helper()
	set, err := load(s, map[string]string{"P08.yaml": replaced(t, replace...)})
	if err != nil {
		t.Fatal(err)
	}
	return set.Rule("P08")
}

func replaced(t testing.TB, replace ...string) string {
	t.Helper()
	text := advance
	for i := 0; i+1 < len(replace); i += 2 {
		if !strings.Contains(text, replace[i]) {
			t.Fatalf("the rule has no %q", replace[i])
		}
		text = strings.Replace(text, replace[i], replace[i+1], 1)
	}
	return text
}

// condition makes a rule of one expression over any facts, in terms of which
// ones it reads.
func condition(t testing.TB, when string, reads ...string) *Compiled {
	t.Helper()
	c, err := tryCondition(t, when, reads...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tryCondition(t testing.TB, when string, reads ...string) (*Compiled, error) {
	t.Helper()
	if !slices.Contains(reads, "contract.id") {
		reads = append(reads, "contract.id")
	}
	text := replaced(t,
		"facts: [contract.id, contract.amount, contract.paid, contract.progressed, entry.amount]", "facts: ["+strings.Join(reads, ", ")+"]",
		"params: {p: share}\ndefaults:\n  - {param: p, value: \"0.30\", basis: 财建〔2004〕369号}\napplies: \"!contract.progressed\"\n", "",
		`when: "contract.paid + entry.amount > contract.amount * param.p"`, "when: >-\n  "+when,
		`value: "contract.paid + entry.amount"`+"\n", "", `limit: "contract.amount * param.p"`+"\n", "",
		"{value}", "", "{limit}", "", "({param.p})", "", "{value}", "", "{limit}", "")
	set, err := load(Surroundings{Calendar: calendar}, map[string]string{"P08.yaml": text})
	if err != nil {
		return nil, err
	}
	return set.Rule("P08"), nil
}

func TestVerdicts(t *testing.T) {
	c := compileRule(t, Surroundings{})
	for _, test := range []struct {
		name   string
		facts  facts
		state  State
		reason string
	}{
		{"exactly at the limit", atTheLimit, Clear, ""},
		{"one fen over", atTheLimit.with("entry.amount", Yuan(300_000_01)), Flag, ""},
		{"after progress", atTheLimit.with("contract.progressed", True(true)), NotApplicable, ""},
		{"missing amount is no pass", atTheLimit.with("contract.amount", Value{}), NotEvaluable, "field:contract.amount"},
		{"missing in the predicate", atTheLimit.with("contract.progressed", Value{}), NotEvaluable, "field:contract.progressed"},
		{"foreign currency", atTheLimit.with("entry.amount", Unfit("currency")), NotEvaluable, "currency"},
		{"two are missing", atTheLimit.with("entry.amount", Value{}).with("contract.amount", Value{}), NotEvaluable, "field:contract.amount, field:entry.amount"},
		{"no subject is no flag", atTheLimit.with("entry.amount", Yuan(300_000_01)).with("contract.id", Value{}), NotEvaluable, "field:contract.id"},
		{"too many digits", atTheLimit.with("entry.amount", Number(must(ParseDecimal("12345678901234567890.12")))).with("contract.paid", Number(must(ParseDecimal("0.12345678901234567890123456789")))), NotEvaluable, "error"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := c.Eval(act(test.facts))
			if r.State != test.state || r.Reason != test.reason {
				t.Errorf("%s(%s) %v, want %s(%s)", r.State, r.Reason, r.Err, test.state, test.reason)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestFlag(t *testing.T) {
	c := compileRule(t, Surroundings{})
	r := c.Eval(act(atTheLimit.with("entry.amount", Yuan(300_000_01))))
	if r.Value.String() != "300000.01" || !r.Limit.Equal(Yuan(300_000_00)) {
		t.Errorf("value %s, limit %s", r.Value, r.Limit)
	}
	if want := "首次进度前已付300,000.01元,上限300,000.00元(30%),请核实"; r.Message.Zh != want {
		t.Errorf("%s, want %s", r.Message.Zh, want)
	}
	if want := "300,000.01 yuan paid before any progress, the limit is 300,000.00 yuan, please verify"; r.Message.En != want {
		t.Errorf("%s, want %s", r.Message.En, want)
	}
	if r.Fingerprint != Fingerprint("411623", "P08", []string{"K1"}, "") || r.Handling != "A" || r.Level != "orange" {
		t.Errorf("%+v", r)
	}
	steps, err := c.Explain(act(atTheLimit.with("entry.amount", Yuan(300_000_01))))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range steps {
		lines = append(lines, s.Expression+" = "+s.Value.String())
	}
	want := `contract.paid = 0.00
entry.amount = 300000.01
contract.paid + entry.amount = 300000.01
contract.amount = 1000000.00
param.p = 0.30
contract.amount * param.p = 300000.0000
contract.paid + entry.amount > contract.amount * param.p = true`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("explained\n%s\nwant\n%s", got, want)
	}
}

