package fact

import (
	"math/big"
	"slices"

	"yilu/alerts/formula"
)

// The statistics of bids. They are exact: a number that has no end is cut, or
// raised, at its sixth decimal, so that comparing it with a threshold of up to six
// decimals gives what the number itself would give. No float is needed, and the
// result is the same on every machine and in every order of the bids.

// micro is one in the units of a share with six decimals.
const micro = 1_000_000

// zeroSpread is why nothing can be said of bids that are all equal.
var zeroSpread = formula.Unfit("s0")

// screen is the valid bids of one lot in 分, the lowest first, one a bidder.
type screen []int64

func screenOf(amounts []int64) screen { return slices.Sorted(slices.Values(amounts)) }

func (b screen) spread() int64 { return b[len(b)-1] - b[0] }

// cv is the coefficient of variation, s over the mean with s the sample deviation
// (n−1), cut at the sixth decimal: with S = Σb and Q = Σb² it is
// √(n(nQ−S²) / ((n−1)S²)).
func (b screen) cv() formula.Value {
	if len(b) < 2 {
		return nothing
	}
	n, sum, squares := int64(len(b)), new(big.Int), new(big.Int)
	for _, x := range b {
		y := big.NewInt(x)
		sum.Add(sum, y)
		squares.Add(squares, y.Mul(y, y))
	}
	if sum.Sign() <= 0 {
		return formula.Unfit("value")
	}
	square := new(big.Int).Mul(sum, sum)
	above := squares.Mul(squares, big.NewInt(n))
	above.Sub(above, square).Mul(above, big.NewInt(n*micro)).Mul(above, big.NewInt(micro))
	below := square.Mul(square, big.NewInt(n-1))
	return share(above.Sqrt(above.Quo(above, below)))
}

// deviation is the sample deviation (n−1), cut to the 分: what is a whole number of
// 分 is above it exactly if it is above the uncut one.
func (b screen) deviation() formula.Value {
	if len(b) < 2 {
		return nothing
	}
	n, sum, squares := int64(len(b)), new(big.Int), new(big.Int)
	for _, x := range b {
		y := big.NewInt(x)
		sum.Add(sum, y)
		squares.Add(squares, y.Mul(y, y))
	}
	squares.Mul(squares, big.NewInt(n)).Sub(squares, sum.Mul(sum, sum))
	squares.Sqrt(squares.Quo(squares, big.NewInt(n*(n-1))))
	if !squares.IsInt64() {
		return formula.Unfit("value")
	}
	return formula.Yuan(squares.Int64())
}

// gapDeviation is how far the gap between two neighbours is from the mean gap at
// most, as a share of it, raised at the sixth decimal.
func (b screen) gapDeviation() formula.Value {
	if len(b) < 3 {
		return nothing
	}
	if b.spread() == 0 {
		return zeroSpread
	}
	gaps, most := int64(len(b)-1), new(big.Int)
	for i := range gaps {
		off := new(big.Int).Mul(big.NewInt(b[i+1]-b[i]), big.NewInt(gaps))
		off.Abs(off.Sub(off, big.NewInt(b.spread())))
		if off.Cmp(most) > 0 {
			most = off
		}
	}
	return share(raised(most.Mul(most, big.NewInt(micro)), big.NewInt(b.spread())))
}

// percentDeviation is how far any bid over the lowest, less one, is from a whole
// percentage at most, raised at the sixth decimal.
func (b screen) percentDeviation() formula.Value {
	if len(b) < 2 || b[0] <= 0 {
		return nothing
	}
	if b.spread() == 0 {
		return zeroSpread
	}
	lowest, most := big.NewInt(b[0]), new(big.Int)
	for _, x := range b[1:] {
		_, rest := new(big.Int).QuoRem(new(big.Int).Mul(big.NewInt(x), big.NewInt(100)), lowest, new(big.Int))
		if other := new(big.Int).Sub(lowest, rest); other.Cmp(rest) < 0 {
			rest = other
		}
		if rest.Cmp(most) > 0 {
			most = rest
		}
	}
	return share(raised(most.Mul(most, big.NewInt(micro/100)), lowest))
}

// unit is the largest power of ten yuan, or the 分, that all bids are whole
// multiples of.
func (b screen) unit() formula.Value {
	if len(b) == 0 {
		return nothing
	}
	for unit := int64(1_000_000_000_000_00); unit > 1; unit /= 10 {
		if !slices.ContainsFunc(b, func(x int64) bool { return x%unit != 0 }) {
			return formula.Yuan(unit)
		}
	}
	return formula.Yuan(1)
}

// raised is a quotient rounded up.
func raised(a, b *big.Int) *big.Int {
	q, rest := a.QuoRem(a, b, new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// share is a number of millionths.
func share(millionths *big.Int) formula.Value {
	whole, rest := new(big.Int).QuoRem(millionths, big.NewInt(micro), new(big.Int))
	digits := rest.Add(rest, big.NewInt(micro)).String() // a one and six digits
	d, err := formula.ParseDecimal(whole.String() + "." + digits[1:])
	if err != nil {
		return formula.Unfit("value")
	}
	return formula.Number(d)
}
