package rule

import (
	"crypto/sha256"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"yilu/alerts/formula"
)

// over is a hit of the rule of the tests.
var over = atTheLimit.with("entry.amount", formula.Yuan(300_000_01))

func TestParametersAreChosenByPlaceAndDay(t *testing.T) {
	c := compileRule(t, Surroundings{Settings: []Setting{
		{Code: "P08", Param: "p", Value: Words{"0.40"}, Region: "41", Basis: "省"},
		{Code: "P08", Param: "p", Value: Words{"0.20"}, Region: "411623", From: day("2020-01-01"), To: day("2020-06-30"), Basis: "县"},
		{Code: "P08", Param: "p", Value: Words{"0.25"}, Region: "411623", From: day("2020-07-01"), Basis: "县"},
		{Code: "P08", Param: "p", Value: Words{"0.10"}, Region: "411623100", From: day("2020-03-02"), To: day("2020-03-02"), Basis: "乡"},
		{Code: "P09", Param: "p", Value: Words{"0.99"}, Basis: "另一规则"},
	}})
	for _, test := range []struct{ region, on, limit string }{
		{"420000", "2020-03-02", "300000"},
		{"", "2020-03-02", "300000"},
		{"410100", "2020-03-02", "400000"},
		{"411623", "2019-12-31", "400000"},
		{"411623", "2020-01-01", "200000"},
		{"411623", "2020-06-30", "200000"},
		{"411623", "2020-07-01", "250000"},
		{"411623100", "2020-03-01", "200000"},
		{"411623100", "2020-03-02", "100000"},
		{"411623100205", "2020-03-02", "100000"},
		{"411623101", "2020-03-02", "200000"},
	} {
		a := act(atTheLimit.with("entry.amount", formula.Yuan(900_000_00)))
		a.Region, a.Day = test.region, day(test.on)
		if r := c.Eval(a); !r.Limit.Equal(formula.Number(must(formula.ParseDecimal(test.limit)))) {
			t.Errorf("%s on %s: %s(%s), limit %s, want %s", test.region, test.on, r.State, r.Reason, r.Limit, test.limit)
		}
	}
}

func TestParameterThatIsNowhere(t *testing.T) {
	c := compileRule(t, Surroundings{}, "defaults:\n  - {param: p, value: \"0.30\", basis: 财建〔2004〕369号}\n", "")
	if r := c.Eval(act(over)); r.State != NotEvaluable || r.Reason != "param:p" {
		t.Errorf("%s(%s)", r.State, r.Reason)
	}
}

func TestEqualParametersAreRefused(t *testing.T) {
	county := Setting{Code: "P08", Param: "p", Value: Words{"0.20"}, Region: "411623", From: day("2020-01-01"), Basis: "县"}
	for _, test := range []struct {
		name   string
		change func(*Setting)
		want   string
	}{
		{"the same twice", func(*Setting) {}, "two values for region"},
		{"one day of both", func(s *Setting) { s.From, s.To = day("2019-01-01"), day("2020-01-01") }, "two values for region"},
		{"ended before", func(s *Setting) { s.From, s.To = day("2019-01-01"), day("2019-12-31") }, ""},
		{"another county", func(s *Setting) { s.Region = "411624" }, ""},
		{"no such code", func(s *Setting) { s.Region = "41162" }, "administrative code"},
		{"backwards", func(s *Setting) { s.To = day("2019-01-01") }, "want the first day before the last"},
		{"a category without a scope", func(s *Setting) { s.Category = "works" }, "P08.yaml: scope: "},
	} {
		other := county
		test.change(&other)
		_, err := load(Surroundings{Settings: []Setting{county, other}}, map[string]string{"P08.yaml": advance})
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
}

func TestParametersByCategory(t *testing.T) {
	c := compileRule(t, Surroundings{},
		"facts: [", "scope: purchase.category\nfacts: [purchase.category, ",
		"defaults:\n", "defaults:\n  - {param: p, value: \"0.10\", category: works, basis: b}\n  - {param: p, value: \"0.50\", category: works, region: \"41\", basis: b}\n")
	for _, test := range []struct {
		category formula.Value
		region   string
		want     string
	}{
		{formula.String("works"), "42", "100000.0000"},
		{formula.String("works"), "41", "500000.0000"},
		{formula.String("goods"), "41", "300000.0000"},
		{formula.Value{}, "41", "field:purchase.category"},
	} {
		a := act(atTheLimit.with("entry.amount", formula.Yuan(900_000_00)).with("purchase.category", test.category))
		a.Region = test.region
		if r := c.Eval(a); r.Limit.String()+r.Reason != test.want {
			t.Errorf("%s in %s: limit %s, %s, want %s", test.category, test.region, r.Limit, r.Reason, test.want)
		}
	}
}

func TestDatesOfTheRule(t *testing.T) {
	c := compileRule(t, Surroundings{}, "window: none", "window: none\nfrom: 2018-06-01\nto: 2020-12-31")
	for on, want := range map[string]State{"2018-05-31": NotApplicable, "2018-06-01": Flag, "2020-12-31": Flag, "2021-01-01": NotApplicable} {
		a := act(over)
		if a.Day = day(on); c.Eval(a).State != want {
			t.Errorf("%s: %s, want %s", on, c.Eval(a).State, want)
		}
	}
}

func TestGate(t *testing.T) {
	c := compileRule(t, Surroundings{}, "facts: [", "required: [contract.amount]\nminimum: {fact: tender.bidders, n: 3}\nfacts: [tender.bidders, ")
	three := over.with("tender.bidders", formula.Whole(3))
	for _, test := range []struct {
		name  string
		facts facts
		want  string
	}{
		{"enough", three, "flag"},
		{"too few", three.with("tender.bidders", formula.Whole(2)), "n<3"},
		{"how many is not known", over, "field:tender.bidders"},
		{"required and missing, though it would not apply", three.with("contract.amount", formula.Value{}).with("contract.progressed", formula.True(true)), "field:contract.amount"},
		{"required and unfit", three.with("contract.amount", formula.Unfit("currency")), "currency"},
	} {
		r := c.Eval(act(test.facts))
		if got := r.Reason; got != test.want && (r.State != Flag || test.want != "flag") {
			t.Errorf("%s: %s(%s), want %s", test.name, r.State, r.Reason, test.want)
		}
	}
}

func TestAfterTheFactNothingIsBlocked(t *testing.T) {
	c := compileRule(t, Surroundings{}, `handling: "A"`, `handling: "B"`)
	a := act(over)
	if r := c.Eval(a); r.Handling != "B" || r.Level != "orange" {
		t.Errorf("before: %s %s", r.Handling, r.Level)
	}
	a.AfterFact = true
	if r := c.Eval(a); r.Handling != "A" || r.Level != "red" {
		t.Errorf("after: %s %s", r.Handling, r.Level)
	}
}

func TestBands(t *testing.T) {
	c := compileRule(t, Surroundings{}, "subject:", `bands:
  - {when: "contract.paid + entry.amount > contract.amount", handling: "B", level: red, limit: contract.amount, message: {zh: "超过{limit}", en: "over {limit}"}}
  - {when: "entry.amount == contract.amount", handling: "W", level: blue}
subject:`)
	for _, test := range []struct {
		amount int64
		want   string
	}{
		{300_000_01, "A orange 300000.0000 首次"}, {1_000_000_00, "W blue 300000.0000 首次"}, {1_000_000_01, "B red 1000000.00 超过1,"},
	} {
		r := c.Eval(act(atTheLimit.with("entry.amount", formula.Yuan(test.amount))))
		if got := strings.Join([]string{r.Handling, r.Level, r.Limit.String(), r.Message.Zh}, " "); !strings.HasPrefix(got, test.want) {
			t.Errorf("%d: %s, want %s", test.amount, got, test.want)
		}
	}
}

func TestWhiteListKeepsTheHit(t *testing.T) {
	c := compileRule(t, Surroundings{Exemptions: []Exemption{
		{Code: "P08", Fact: "contract.id", Text: "K1", Basis: "县常务会议纪要〔2020〕3号", From: day("2020-01-01"), To: day("2020-06-30")},
		{Code: "P09", Fact: "entry.payee", Text: "S1", Basis: "别的规则"},
	}})
	a := act(over)
	if r := c.Eval(a); r.State != Flag || r.SuppressedBy != "县常务会议纪要〔2020〕3号" || r.Message.Zh == "" {
		t.Errorf("%+v", r)
	}
	if a.Day = day("2020-07-01"); c.Eval(a).SuppressedBy != "" {
		t.Error("the line has expired")
	}
	if r := c.Eval(act(over.with("contract.id", formula.String("K2")))); r.SuppressedBy != "" {
		t.Error("another contract")
	}
	if _, err := load(Surroundings{Exemptions: []Exemption{{Code: "P08", Fact: "entry.amount"}}}, map[string]string{"P08.yaml": advance}); err == nil {
		t.Error("an amount is on the white list")
	}
}

func TestFingerprint(t *testing.T) {
	want := sha256.Sum256([]byte("\x00\x00\x00\x01B\x00\x00\x00\x03P01\x00\x00\x00\x02K1\x00\x00\x00\x00"))
	if Fingerprint("B", "P01", []string{"K1"}, "") != want {
		t.Error("the bytes are not those of the comment")
	}
	if Fingerprint("B", "P01", []string{"K", "1"}, "") == Fingerprint("B", "P01", []string{"K1"}, "") ||
		Fingerprint("B", "P01", []string{"K1", ""}, "") == Fingerprint("B", "P01", []string{"K1"}, "") {
		t.Error("different subjects have one fingerprint")
	}
	for window, want := range map[string]string{"none": "", "day": "2020-03-02", "month": "2020-03", "fiscal_year": "2020"} {
		r := compileRule(t, Surroundings{}, "window: none", "window: "+window).Eval(act(over))
		if r.Window != want || r.Fingerprint != Fingerprint("411623", "P08", []string{"K1"}, want) {
			t.Errorf("%s: %s", window, r.Window)
		}
	}
	versions := []*Compiled{compileRule(t, Surroundings{}), compileRule(t, Surroundings{}, "version: 3", "version: 4", "首次进度前", "在首次进度前")}
	if versions[0].Eval(act(over)).Fingerprint != versions[1].Eval(act(over)).Fingerprint {
		t.Error("a new version or wording makes another matter")
	}
}

// TestOrderDoesNotMatter loads files, settings and facts in many orders.
func TestOrderDoesNotMatter(t *testing.T) {
	settings := []Setting{
		{Code: "P08", Param: "p", Value: Words{"0.40"}, Region: "41", Basis: "b"},
		{Code: "P08", Param: "p", Value: Words{"0.20"}, Region: "411623", Basis: "b"},
		{Code: "P08", Param: "p", Value: Words{"0.10"}, Region: "411623100", Basis: "b"},
		{Code: "P08", Param: "p", Value: Words{"0.60"}, Region: "42", Basis: "b"},
	}
	var first Result
	for i := range 50 {
		rand.Shuffle(len(settings), func(i, j int) { settings[i], settings[j] = settings[j], settings[i] })
		set, err := load(Surroundings{Settings: settings}, map[string]string{"P08.yaml": advance, "V07.yaml": acceptanceDeadline, "A04.yaml": idleSweep})
		if err != nil {
			t.Fatal(err)
		}
		shuffled := facts{}
		for name, v := range over { // in the random order of a map
			shuffled[name] = v
		}
		r := set.Rule("P08").Eval(act(shuffled))
		if i == 0 {
			first = r
		}
		if !reflect.DeepEqual(r, first) {
			t.Fatalf("%+v\nis not\n%+v", r, first)
		}
	}
}

// panics is an input with a bug.
type panics struct{ facts }

func (p panics) Fact(name string) (formula.Value, bool) {
	if name == "contract.paid" || name == "contract.id" {
		panic("index out of range")
	}
	return p.facts.Fact(name)
}

func TestPanicHarmsNoOther(t *testing.T) {
	c := compileRule(t, Surroundings{})
	simple := compileRule(t, Surroundings{}, `when: "contract.paid + entry.amount > contract.amount * param.p"`, `when: "entry.amount > contract.amount * param.p"`)
	for _, c := range []*Compiled{c, simple} { // in the formula, and outside of it
		if r := c.Eval(act(panics{over})); r.State != NotEvaluable || r.Reason != "error" || r.Err == nil {
			t.Errorf("%+v", r)
		}
	}
	if r := c.Eval(act(atTheLimit)); r.State != Clear {
		t.Errorf("after the panic: %+v", r)
	}
}

// TestManyAtOnce is for the race detector.
func TestManyAtOnce(t *testing.T) {
	c := compileRule(t, Surroundings{})
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for i := range int64(200) {
				want := Clear
				if i%2 == 1 {
					want = Flag
				}
				if r := c.Eval(act(atTheLimit.with("entry.amount", formula.Yuan(300_000_00+i%2)))); r.State != want {
					t.Errorf("%s, want %s", r.State, want)
				}
			}
		})
	}
}

func TestMeasure(t *testing.T) {
	value, limit := compileRule(t, Surroundings{}).Measure(act(atTheLimit))
	if !value.Equal(formula.Yuan(300_000_00)) || !limit.Equal(formula.Yuan(300_000_00)) {
		t.Errorf("%s of %s", value, limit)
	}
	value, _ = compileRule(t, Surroundings{}).Measure(act(facts{}))
	if !value.IsZero() {
		t.Errorf("a value of nothing: %s", value)
	}
}
