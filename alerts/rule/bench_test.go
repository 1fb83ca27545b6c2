package rule

import (
	"testing"

	"yilu/alerts/formula"
)

// row is an input as an engine has it: values wrapped once, found by position.
type row struct{ amount, paid, contract, id, progressed formula.Value }

func (r *row) Fact(name string) (formula.Value, bool) {
	switch name {
	case "contract.paid":
		return r.paid, true
	case "entry.amount":
		return r.amount, true
	case "contract.amount":
		return r.contract, true
	case "contract.progressed":
		return r.progressed, true
	case "contract.id":
		return r.id, true
	}
	return formula.Value{}, false
}

func BenchmarkEval(b *testing.B) {
	c := compileRule(b, Surroundings{})
	for _, bench := range []struct {
		name       string
		amount     int64
		progressed bool
		want       State
	}{{"not_applicable", 1, true, NotApplicable}, {"clear", 300_000_00, false, Clear}, {"flag", 300_000_01, false, Flag}} {
		b.Run(bench.name, func(b *testing.B) {
			a := act(&row{formula.Yuan(bench.amount), formula.Yuan(0), formula.Yuan(1_000_000_00), formula.String("K1"), formula.True(bench.progressed)})
			b.ReportAllocs()
			for b.Loop() {
				if r := c.Eval(a); r.State != bench.want {
					b.Fatal(r.State, r.Reason)
				}
			}
		})
	}
}

func BenchmarkExplain(b *testing.B) {
	c := compileRule(b, Surroundings{})
	a := act(&row{formula.Yuan(300_000_01), formula.Yuan(0), formula.Yuan(1_000_000_00), formula.String("K1"), formula.True(false)})
	for b.Loop() {
		if _, err := c.Explain(a); err != nil {
			b.Fatal(err)
		}
	}
}
