package formula

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"github.com/cockroachdb/apd/v3"
)

// exact computes without rounding: a result of more than 38 digits is an error
// and never a nearby number.
var exact = func() *apd.Context {
	c := apd.BaseContext.WithPrecision(38)
	c.Traps |= apd.Inexact | apd.Rounded
	return c
}()

// Decimal is an exact number in a formula: yuan, or a share. It is immutable.
// Formulas add, subtract, multiply and compare decimals with decimals only;
// there is no division, so that nothing is ever rounded.
type Decimal struct{ n apd.Decimal }

// decimalPattern leaves out what apd would read besides: NaN, Infinity, 1e400.
var decimalPattern = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

var errDecimal = errors.New(`want plain digits such as "1250.00", at most 30 of them`)

// ParseDecimal reads plain digits with an optional fraction.
func ParseDecimal(s string) (*Decimal, error) {
	const most = 32 // with sign and point; 38 digits leave room to add and multiply
	if len(s) > most || !decimalPattern.MatchString(s) {
		return nil, errDecimal
	}
	d := new(Decimal)
	if _, _, err := exact.SetString(&d.n, s); err != nil {
		return nil, errDecimal
	}
	return d, nil
}

// Hundredths makes yuan of 分, and a share of per cent.
func Hundredths(n int64) *Decimal {
	d := new(Decimal)
	d.n.SetFinite(n, -2)
	return d
}

func (d *Decimal) String() string { return d.n.Text('f') }

// Yuan writes an amount for people: thousands separated, two decimals. What has
// parts of a 分, as a limit computed from a share may, is cut towards zero.
func (d *Decimal) Yuan() string {
	whole, fraction, _ := strings.Cut(d.String(), ".")
	sign := ""
	if rest, negative := strings.CutPrefix(whole, "-"); negative {
		sign, whole = "-", rest
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + "." + (fraction + "00")[:2]
}

// Percent writes a share for people, exactly: 0.305 is 30.5%.
func (d *Decimal) Percent() string {
	var p apd.Decimal
	if _, err := exact.Mul(&p, &d.n, apd.New(100, 0)); err != nil {
		return d.String()
	}
	text := p.Text('f')
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + "%"
}

var (
	// decimalType has no relation to int and double: mixing is a compile error.
	decimalType = cel.ObjectType("decimal", traits.AdderType, traits.SubtractorType, traits.MultiplierType, traits.ComparerType)
	// dayType is a civil day; see Day.
	dayType = cel.ObjectType("day", traits.ComparerType)
)

// ConvertToNative serves cel-go only.
func (d *Decimal) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a decimal is no %v", t)
}

// ConvertToType refuses: there are no conversions between numbers.
func (d *Decimal) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("a decimal is no %s", t.TypeName())
}

// Equal compares by value: 1 equals 1.00.
func (d *Decimal) Equal(other ref.Val) ref.Val {
	o, ok := other.(*Decimal)
	return types.Bool(ok && d.n.Cmp(&o.n) == 0)
}

// Type says that this is a decimal.
func (d *Decimal) Type() ref.Type { return decimalType }

// Value is the decimal itself.
func (d *Decimal) Value() any { return d }

// Cmp is -1, 0 or 1 as d is less than, equal to or more than o.
func (d *Decimal) Cmp(o *Decimal) int { return d.n.Cmp(&o.n) }

// Compare orders decimals.
func (d *Decimal) Compare(other ref.Val) ref.Val {
	o, ok := other.(*Decimal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Int(d.n.Cmp(&o.n))
}

// Add returns the exact sum.
func (d *Decimal) Add(other ref.Val) ref.Val { return d.compute(exact.Add, other) }

// Subtract returns the exact difference.
func (d *Decimal) Subtract(other ref.Val) ref.Val { return d.compute(exact.Sub, other) }

// Multiply returns the exact product.
func (d *Decimal) Multiply(other ref.Val) ref.Val { return d.compute(exact.Mul, other) }

func (d *Decimal) compute(op func(z, x, y *apd.Decimal) (apd.Condition, error), other ref.Val) ref.Val {
	o, ok := other.(*Decimal)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	z := new(Decimal)
	if _, err := op(&z.n, &d.n, &o.n); err != nil {
		return types.WrapErr(fmt.Errorf("more than 38 digits: %w", err))
	}
	return z
}
