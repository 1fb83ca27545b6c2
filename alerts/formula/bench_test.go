package formula

import "testing"

func BenchmarkFormula(b *testing.B) {
	f := must(compile(b, "contract.amount + entry.amount > contract.amount * param.p"))
	a := &Activation{ordinary}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Eval(a); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecimal(b *testing.B) {
	x, y, p := Hundredths(300_000_00), Hundredths(1_000_000_00), must(ParseDecimal("0.30"))
	b.ReportAllocs()
	for b.Loop() {
		if x.Add(y).(*Decimal).Cmp(y.Multiply(p).(*Decimal)) <= 0 {
			b.Fatal()
		}
	}
}

func BenchmarkLoop(b *testing.B) {
	f := must(compile(b, "tender.bids.exists(x, x == entry.amount)"))
	a := &Activation{ordinary.with("tender.bids", Fens([]int64{1, 2, 3, 4, 5}))}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Eval(a); err != nil {
			b.Fatal(err)
		}
	}
}
