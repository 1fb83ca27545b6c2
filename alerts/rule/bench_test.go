package rule

import "testing"

// row is an input as an engine has it: values wrapped once, found by position.
type row struct{ amount, paid, contract, id, progressed Value }

func (r *row) Fact(name string) (Value, bool) {
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
	return Value{}, false
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
			a := act(&row{Yuan(bench.amount), Yuan(0), Yuan(1_000_000_00), String("K1"), True(bench.progressed)})
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
	a := act(&row{Yuan(300_000_01), Yuan(0), Yuan(1_000_000_00), String("K1"), True(false)})
	for b.Loop() {
		if _, err := c.Explain(a); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoop(b *testing.B) {
	c := condition(b, "tender.bids.exists(x, x == entry.amount)", "tender.bids", "entry.amount")
	a := act(atTheLimit.with("tender.bids", Fens([]int64{1, 2, 3, 4, 5})))
	b.ReportAllocs()
	for b.Loop() {
		if r := c.Eval(a); r.State != Clear {
			b.Fatal(r.State, r.Reason, r.Err)
		}
	}
}
