package rules_test

import (
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"yilu/alerts/fact"
	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/alerts/rules"
)

// drawn are inputs by name.
type drawn map[string]formula.Value

func (d drawn) Input(name string) formula.Value { return d[name] }

// plainSamples are values of each type, with those next to one another that a boundary
// lies between, and one so large that a product has more than 38 digits.
var plainSamples = map[formula.Type][]string{
	formula.Amount: {"0", "0.00", "0.01", "100", "100.00", "99999999999999999999.99", "-1"}, formula.Share: {"0", "0.05", "0.3", "1", "1.0"},
	formula.Count: {"0", "1", "2", "3", "30"}, formula.Days: {"0", "1", "30"}, formula.Workdays: {"0", "5", "20"}, formula.Months: {"0", "1", "24"},
	formula.Text: {"", "open", "works", "S1", "某建筑公司", "411025", "工程进度款"}, formula.Civil: {"2020-01-31", "2020-02-29", "2020-03-01", "2021-01-01"},
	formula.Instant: {"2020-03-18T09:00:00+08:00", "2020-03-17T23:59:59Z", "2020-03-18T09:00:00"}, formula.Bool: {"true", "false"},
}

// draw makes a value of a type, now and then one that is missing.
func draw(t *testing.T, r *rand.Rand, of formula.Type, name string) formula.Value {
	if r.IntN(5) == 0 {
		return formula.Unfit("field:" + name)
	}
	one, several := of, r.IntN(3)
	switch of {
	case formula.Texts:
		one = formula.Text
	case formula.Amounts:
		one = formula.Amount
	default:
		several = 1
	}
	var texts []string
	for range several {
		texts = append(texts, plainSamples[one][r.IntN(len(plainSamples[one]))])
	}
	v, err := formula.ParseValue(of, texts...)
	if err != nil {
		t.Fatal(of, texts, err)
	}
	return v
}

// typesOf are the types of what a rule's formulas read.
func typesOf(r *rule.Rule) map[string]formula.Type {
	types, catalogue := map[string]formula.Type{}, fact.Catalogue()
	for _, kind := range r.JudgedAt() {
		for _, name := range r.Facts {
			f, _ := catalogue.Fact(kind, name)
			types[name] = f.Type
		}
	}
	for name, of := range r.Params {
		types["param."+name] = of
	}
	return types
}

// TestFormulasAreAsCELHasThem runs each formula of each rule by its own steps and by
// cel-go, with inputs of all kinds, missing ones among them: value, reason and error are
// the same.
func TestFormulasAreAsCELHasThem(t *testing.T) {
	language, err := formula.NewLanguage(workdays)
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(rules.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	compared, decided := 0, 0
	for _, name := range names {
		if strings.HasSuffix(name, ".test.yaml") {
			continue
		}
		data, err := fs.ReadFile(rules.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := rule.Parse(name, data)
		if err != nil {
			t.Fatal(err)
		}
		types := typesOf(file)
		own, err := language.With(types)
		if err != nil {
			t.Fatal(err)
		}
		texts := []string{file.Applies, file.When, file.Value, file.Limit}
		for _, b := range file.Bands {
			texts = append(texts, b.When, b.Limit)
		}
		for _, text := range texts {
			if text == "" {
				continue
			}
			f, err := own.Compile(text, formula.Bool, formula.Amount, formula.Civil, formula.Count, formula.Text, formula.Instant)
			if err != nil {
				t.Fatal(name, err)
			}
			for range 200 {
				in := drawn{}
				for input, of := range types {
					in[input] = draw(t, r, of, input)
				}
				compared++
				if sameOutcome(t, text, f, in) {
					decided++
				}
			}
		}
	}
	t.Logf("%d runs, %d of them with a value", compared, decided)
}

// sameOutcome compares both ways, and says whether there is a value.
func sameOutcome(t *testing.T, text string, f *formula.Formula, in drawn) bool {
	t.Helper()
	a := &formula.Activation{Inputs: in}
	plain, failed := f.Eval(a)
	general, refused := f.Interpret(a)
	switch {
	case (failed == nil) != (refused == nil):
		t.Errorf("%s of %v: %v, by cel-go %v", text, in, failed, refused)
	case failed != nil:
	case plain.Reason() != general.Reason():
		t.Errorf("%s of %v: %q, by cel-go %q", text, in, plain.Reason(), general.Reason())
	case plain.Reason() == "" && !plain.Equal(general):
		t.Errorf("%s of %v: %s, by cel-go %s", text, in, plain, general)
	}
	return failed == nil && plain.Reason() == ""
}
