package formula

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// known are the inputs of the tests.
var known = map[string]Type{
	"entry.amount": Amount, "entry.on": Civil, "contract.id": Text, "contract.amount": Amount,
	"tender.deadline": Instant, "tender.bid_at": Instant, "tender.bidders": Count, "tender.bids": Amounts,
	"payee.names": Texts, "param.p": Share,
}

// values is an input made of a map; what is not in it is missing.
type values map[string]Value

func (v values) Input(name string) Value {
	if x, ok := v[name]; ok {
		return x
	}
	return Unfit("field:" + name)
}

// with is a copy with one value changed.
func (v values) with(name string, x Value) values {
	w := values{name: x}
	for n, y := range v {
		if n != name {
			w[n] = y
		}
	}
	return w
}

// without is a copy with one value missing.
func (v values) without(name string) values {
	w := v.with(name, Value{})
	delete(w, name)
	return w
}

var ordinary = values{
	"entry.amount": Yuan(300_000_00), "entry.on": On(day("2020-03-02")), "contract.id": String("K1"),
	"contract.amount": Yuan(1_000_000_00), "param.p": must(ParseValue(Share, "0.30")),
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func day(s string) Day { return must(ParseDay(s)) }

// weekdays is a calendar of 2020 in which Mondays to Fridays are working days.
func weekdays(from, to Day) (int, error) {
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

func compile(t testing.TB, text string) (*Formula, error) {
	t.Helper()
	language := must(must(NewLanguage(weekdays)).With(known))
	return language.Compile(text, Bool)
}

// eval gives the outcome of a condition: true, false, error or a reason.
func eval(t testing.TB, text string, in values) string {
	t.Helper()
	f, err := compile(t, text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return outcome(f, in)
}

func outcome(f *Formula, in values) string {
	v, err := f.Eval(&Activation{in})
	switch yes, ok := v.Bool(); {
	case err != nil:
		return "error"
	case ok:
		return fmt.Sprint(yes)
	}
	return v.Reason()
}

// refuse says that a condition does not compile, and why.
func refuse(t *testing.T, text, why string) {
	t.Helper()
	if _, err := compile(t, text); err == nil {
		t.Errorf("%.60s compiles", text)
	} else if !strings.Contains(err.Error(), why) {
		t.Errorf("%.60s: %v, want %q", text, err, why)
	}
}

func TestInputsAreListed(t *testing.T) {
	f := must(compile(t, "tender.bids.exists(x, x > entry.amount * param.p) && entry.amount > dec('0')"))
	if want := []string{"entry.amount", "param.p", "tender.bids"}; !slices.Equal(f.Inputs(), want) {
		t.Errorf("%v, want %v", f.Inputs(), want)
	}
}

func TestNumbersAreListed(t *testing.T) {
	f := must(compile(t, "size(tender.bids) > 2 && entry.amount in [dec('5.00'), dec('0')] && contract.id != '7' && tender.bids.exists(x, x > dec('3'))"))
	if got := strings.Join(f.Numbers(), " "); got != "0 2 3 5.00" {
		t.Error(got)
	}
}

func TestExplain(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"entry.amount > contract.amount * param.p", `entry.amount = 300000.00
contract.amount = 1000000.00
param.p = 0.30
contract.amount * param.p = 300000.0000
entry.amount > contract.amount * param.p = false`},
		{"!(contract.id in ['K1', 'K2']) || entry.amount > dec('5')", `contract.id = K1
["K1", "K2"] = K1, K2
contract.id in ["K1", "K2"] = true
!(contract.id in ["K1", "K2"]) = false
entry.amount = 300000.00
entry.amount > dec("5") = true
!(contract.id in ["K1", "K2"]) || entry.amount > dec("5") = true`},
		{"tender.bidders > 1 && entry.amount > dec('5')", "entry.amount = 300000.00\nentry.amount > dec(\"5\") = true"},
		{"[entry.amount].exists(x, x == contract.amount)", "[entry.amount].exists(x, x == contract.amount) = false"},
	} {
		f := must(compile(t, test.text))
		var lines []string
		for _, s := range must(f.Explain(&Activation{ordinary})) {
			lines = append(lines, s.Expression+" = "+s.Value.String())
		}
		if got := strings.Join(lines, "\n"); got != test.want {
			t.Errorf("%s\n%s\nwant\n%s", test.text, got, test.want)
		}
	}
}

func TestMutants(t *testing.T) {
	got, err := Mutants("entry.amount + contract.amount > dec('5') && !(contract.id in ['a']) && tender.bids.exists(x, x >= entry.amount)", []string{"entry.amount", "contract.amount"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`entry.amount + contract.amount >= dec('5') && !(contract.id in ['a']) && tender.bids.exists(x, x >= entry.amount)`,
		`entry.amount - contract.amount > dec('5') && !(contract.id in ['a']) && tender.bids.exists(x, x >= entry.amount)`,
		`contract.amount + contract.amount > dec('5') && !(contract.id in ['a']) && tender.bids.exists(x, x >= entry.amount)`,
		`entry.amount + contract.amount > dec('5') && contract.id in ['a'] && tender.bids.exists(x, x >= entry.amount)`,
		`entry.amount + contract.amount > dec('5') && !(contract.id in []) && tender.bids.exists(x, x >= entry.amount)`,
		`entry.amount + contract.amount > dec('5') && !(contract.id in ['a']) && tender.bids.exists(x, x > entry.amount)`,
		`entry.amount + contract.amount > dec('5') && !(contract.id in ['a']) && tender.bids.exists(x, x >= contract.amount)`,
		`entry.amount + contract.amount > dec('5') && !(contract.id in ['a'])`,
		`tender.bids.exists(x, x >= entry.amount)`,
	} {
		plain := func(s string) string { return strings.ReplaceAll(s, "\"", "'") }
		if !slices.ContainsFunc(got, func(s string) bool { return plain(s) == want }) {
			t.Errorf("no mutant %s in\n%s", want, strings.Join(got, "\n"))
		}
	}
}
