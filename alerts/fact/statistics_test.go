package fact

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"yilu/alerts/formula"
)

func TestStatisticsOfBids(t *testing.T) {
	for _, c := range []struct {
		name                        string
		bids                        []int64
		cv, deviation, gap, percent string
		unit                        string
	}{
		{"none", nil, "", "", "", "", ""},
		{"one", []int64{100}, "", "", "", "", "1.00"},
		{"equal", []int64{500, 500, 500}, "0", "0.00", "s0", "s0", "1.00"},
		{"two", []int64{10000, 10300}, "0.020899", "2.12", "", "0", "1.00"},
		{"regular", []int64{10300, 10000, 10100, 10200}, "0.012719", "1.29", "0", "0", "1.00"},
		{"one fen off", []int64{10000, 10100, 10201}, "0.009950", "1.00", "0.004976", "0.0001", "0.01"},
		{"round", []int64{100000000, 250000000, 300000000}, "0.480384", "1040832.99", "0.5", "0", "100000.00"},
	} {
		b := screenOf(c.bids)
		for what, pair := range map[string][2]string{
			"cv": {show(b.cv()), c.cv}, "deviation": {show(b.deviation()), c.deviation}, "gap": {show(b.gapDeviation()), c.gap},
			"percent": {show(b.percentDeviation()), c.percent}, "unit": {show(b.unit()), c.unit},
		} {
			if !same(pair[0], pair[1]) {
				t.Errorf("%s: %s is %s, want %s", c.name, what, pair[0], pair[1])
			}
		}
	}
}

func show(v formula.Value) string {
	if v.Reason() != "" {
		return v.Reason()
	}
	return v.String()
}

func same(a, b string) bool {
	x, errX := formula.ParseDecimal(a)
	y, errY := formula.ParseDecimal(b)
	return a == b || errX == nil && errY == nil && x.Cmp(y) == 0
}

// TestStatisticsAreThoseOfTheTextbook compares with floats, and shuffles.
func TestStatisticsAreThoseOfTheTextbook(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		bids := make([]int64, 3+random.IntN(8))
		for i := range bids {
			bids[i] = 10_000_000 + random.Int64N(90_000_000)
		}
		b := screenOf(bids)
		mean, square := 0.0, 0.0
		for _, x := range bids {
			mean += float64(x) / float64(len(bids))
		}
		for _, x := range bids {
			square += (float64(x) - mean) * (float64(x) - mean)
		}
		s := math.Sqrt(square / float64(len(bids)-1))
		for what, pair := range map[string][3]float64{"cv": {number(t, b.cv()), s / mean, 1.01e-6}, "deviation": {number(t, b.deviation()) * 100, s, 1.01}} {
			if got, want := pair[0], pair[1]; got > want+1e-9*want || got < want-pair[2] {
				t.Fatalf("%v: %s is %v, want %v cut", bids, what, got, want)
			}
		}
		slices.Reverse(bids)
		if r := screenOf(bids); show(r.cv()) != show(b.cv()) || show(r.gapDeviation()) != show(b.gapDeviation()) {
			t.Fatalf("%v: the order matters", bids)
		}
	}
}

func number(t *testing.T, v formula.Value) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(v.String(), 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPercentages(t *testing.T) {
	for text, want := range map[string]string{"3": "0.03", "3.5": "0.035", "0.25": "0.0025", "100": "1", "": ""} {
		if got := show(percent(text)); !same(got, want) {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
