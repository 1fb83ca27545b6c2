package rule

import (
	"strings"
	"testing"
	"testing/fstest"

	"yilu/alerts/formula"
)

// catalogue of the tests: one kind with a fact of each type.
var catalogue = Catalogue{
	"payment.approved": {
		{"entry.amount", formula.Amount, "元", "amount of the payment"},
		{"entry.on", formula.Civil, "", "day of the entry"},
		{"contract.id", formula.Text, "", "its contract"},
		{"contract.amount", formula.Amount, "元", "contract with amendments"},
		{"contract.paid", formula.Amount, "元", "paid under it"},
		{"contract.progressed", formula.Bool, "", "whether works have progressed"},
		{"tender.deadline", formula.Instant, "", "end of the bidding"},
		{"tender.bid_at", formula.Instant, "", "when the bid came"},
		{"tender.bidders", formula.Count, "家", "distinct bidders"},
		{"tender.bids", formula.Amounts, "元", "amounts of the bids"},
		{"payee.names", formula.Texts, "", "names of the payee"},
		{"entry.payee", formula.Text, "", "payee"},
		{"purchase.category", formula.Text, "", "works, goods, services"},
	},
	"works.completed":   {{"project.id", formula.Text, "", "the project"}, {"project.finish", formula.Civil, "", "planned end"}},
	"acceptance.passed": {{"project.id", formula.Text, "", "the project"}},
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
type facts map[string]formula.Value

func (f facts) Fact(name string) (formula.Value, bool) {
	v, ok := f[name]
	return v, ok
}

// with is a copy with some facts changed; a nil value removes one.
func (f facts) with(name string, v formula.Value) facts {
	g := facts{}
	for n, x := range f {
		g[n] = x
	}
	g[name] = v
	if v == (formula.Value{}) {
		delete(g, name)
	}
	return g
}

var atTheLimit = facts{
	"contract.id": formula.String("K1"), "contract.amount": formula.Yuan(1_000_000_00), "contract.paid": formula.Yuan(0),
	"contract.progressed": formula.True(false), "entry.amount": formula.Yuan(300_000_00), "entry.on": formula.On(day("2020-03-02")),
}

func day(s string) formula.Day {
	d, err := formula.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func act(f Facts) Act { return Act{Book: "411623", Day: day("2020-03-02"), Region: "411623", Facts: f} }

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

func TestVerdicts(t *testing.T) {
	c := compileRule(t, Surroundings{})
	for _, test := range []struct {
		name   string
		facts  facts
		state  State
		reason string
	}{
		{"exactly at the limit", atTheLimit, Clear, ""},
		{"one fen over", atTheLimit.with("entry.amount", formula.Yuan(300_000_01)), Flag, ""},
		{"after progress", atTheLimit.with("contract.progressed", formula.True(true)), NotApplicable, ""},
		{"missing amount is no pass", atTheLimit.with("contract.amount", formula.Value{}), NotEvaluable, "field:contract.amount"},
		{"missing in the predicate", atTheLimit.with("contract.progressed", formula.Value{}), NotEvaluable, "field:contract.progressed"},
		{"foreign currency", atTheLimit.with("entry.amount", formula.Unfit("currency")), NotEvaluable, "currency"},
		{"two are missing", atTheLimit.with("entry.amount", formula.Value{}).with("contract.amount", formula.Value{}), NotEvaluable, "field:contract.amount, field:entry.amount"},
		{"no subject is no flag", atTheLimit.with("entry.amount", formula.Yuan(300_000_01)).with("contract.id", formula.Value{}), NotEvaluable, "field:contract.id"},
		{"too many digits", atTheLimit.with("entry.amount", formula.Number(must(formula.ParseDecimal("12345678901234567890.12")))).with("contract.paid", formula.Number(must(formula.ParseDecimal("0.12345678901234567890123456789")))), NotEvaluable, "error"},
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
	r := c.Eval(act(atTheLimit.with("entry.amount", formula.Yuan(300_000_01))))
	if r.Value.String() != "300000.01" || !r.Limit.Equal(formula.Yuan(300_000_00)) {
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
	steps, err := c.Explain(act(atTheLimit.with("entry.amount", formula.Yuan(300_000_01))))
	if err != nil {
		t.Fatal(err)
	}
	if last := steps[len(steps)-1]; len(steps) != 7 || last.Expression != c.When || last.Value.String() != "true" {
		t.Errorf("explained as %v", steps)
	}
}
