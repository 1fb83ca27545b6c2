package formula

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// Type is what a fact or a parameter holds, with its unit.
type Type string

// The types. Parameters have those up to Texts, facts all but Workdays.
const (
	Amount   Type = "amount"   // yuan, exact to the 分
	Share    Type = "share"    // 0.30 is 30 %
	Count    Type = "count"    // a whole number
	Days     Type = "days"     // calendar days
	Workdays Type = "workdays" // working days
	Months   Type = "months"   // calendar months
	Text     Type = "text"     // empty is a value: "none"
	Texts    Type = "list"     // texts in a fixed order
	Civil    Type = "day"      // a day in Shanghai
	Instant  Type = "instant"  // a moment, read only with an offset
	Bool     Type = "bool"
	Amounts  Type = "amounts" // list of amounts
)

// Known says whether there is such a type.
func (t Type) Known() bool { return t.cel() != nil }

func (t Type) cel() *cel.Type {
	switch t {
	case Amount, Share:
		return decimalType
	case Count, Days, Workdays, Months:
		return cel.IntType
	case Text:
		return cel.StringType
	case Texts:
		return cel.ListType(cel.StringType)
	case Civil:
		return dayType
	case Instant:
		return cel.TimestampType
	case Bool:
		return cel.BoolType
	case Amounts:
		return cel.ListType(decimalType)
	}
	return nil
}

// Value is one typed input or result, wrapped once and then shared by every
// formula that reads it. The zero Value is nothing.
type Value struct{ v ref.Val }

// IsZero says that it is nothing.
func (v Value) IsZero() bool { return v.v == nil }

// Is says whether the value is of a type, or unfit. Those who provide facts owe
// values of the declared types: an amount is equal to no text, and no error.
func (v Value) Is(t Type) bool {
	switch v.v.(type) {
	case nil:
		return false
	case *types.Unknown:
		return true
	case traits.Lister:
		return t == Texts || t == Amounts
	}
	return t.Known() && t.cel().IsExactType(v.v.Type().(*types.Type))
}

// Reason says why a value cannot be used, or "" for one that can. A formula
// that could not be decided has the reasons of all it lacked, in alphabetical
// order.
func (v Value) Reason() string {
	u, ok := v.v.(*types.Unknown)
	if !ok {
		return ""
	}
	var all []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			all = append(all, t.Variable())
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// Bool is the value of a condition.
func (v Value) Bool() (yes, ok bool) {
	b, ok := v.v.(types.Bool)
	return bool(b), ok
}

// Int is a whole number.
func (v Value) Int() (int64, bool) {
	n, ok := v.v.(types.Int)
	return int64(n), ok
}

// Day is a day.
func (v Value) Day() (Day, bool) {
	d, ok := v.v.(Day)
	return d, ok
}

// Text is a text.
func (v Value) Text() (string, bool) {
	s, ok := v.v.(types.String)
	return string(s), ok
}

// Texts is a list of texts.
func (v Value) Texts() ([]string, bool) {
	list, ok := v.v.(traits.Lister)
	if !ok {
		return nil, false
	}
	texts := make([]string, 0, 8)
	for i := types.Int(0); i < list.Size().(types.Int); i++ {
		text, ok := list.Get(i).(types.String)
		if !ok {
			return nil, false
		}
		texts = append(texts, string(text))
	}
	return texts, true
}

// Holds says whether a text is s, or a list of texts contains it.
func (v Value) Holds(s string) bool {
	if text, ok := v.Text(); ok {
		return text == s
	}
	list, ok := v.v.(traits.Lister)
	return ok && list.Contains(types.String(s)) == types.True
}

// Yuan is an amount of money, given in 分.
func Yuan(n int64) Value { return Value{Hundredths(n)} }

// Number is a share or an amount.
func Number(d *Decimal) Value { return Value{d} }

// Whole is a count, or a number of days or months.
func Whole(n int64) Value { return Value{types.Int(n)} }

// String is a text.
func String(s string) Value { return Value{types.String(s)} }

// Strings is a list of texts. Their order is part of the value: callers give
// them in the order of the entries, or sorted.
func Strings(s []string) Value {
	list := make([]ref.Val, len(s)) // wrapped once: a list is read more often than made
	for i, text := range s {
		list[i] = types.String(text)
	}
	return Value{types.NewRefValList(types.DefaultTypeAdapter, list)}
}

// On is a day.
func On(d Day) Value { return Value{d} }

// At is an instant.
func At(t time.Time) Value { return Value{types.Timestamp{Time: t.UTC()}} }

// True is a yes or no.
func True(b bool) Value { return Value{types.Bool(b)} }

// Fens is a list of amounts, given in 分.
func Fens(n []int64) Value {
	list := make([]ref.Val, len(n))
	for i, a := range n {
		list[i] = Hundredths(a)
	}
	return Value{types.NewRefValList(types.DefaultTypeAdapter, list)}
}

// Unfit is an input that is there but cannot be used, for a reason of the data
// gate: dates, value, currency, dup, placeholder, checksum, zone, stale:….
// A formula that needs it cannot be decided, for that reason.
func Unfit(reason string) Value {
	return Value{types.NewUnknown(0, types.NewAttributeTrail(reason))}
}

var errOneValue = errors.New("want one value, not a list")

// ParseValue reads a value as rule files, parameters and tests write it: one
// text, or several for a list. An instant without offset is read as unfit.
func ParseValue(t Type, texts ...string) (Value, error) {
	switch t {
	case Texts:
		return Strings(texts), nil
	case Amounts:
		list := make([]ref.Val, len(texts))
		for i, s := range texts {
			d, err := ParseDecimal(s)
			if err != nil {
				return Value{}, err
			}
			list[i] = d
		}
		return Value{types.NewRefValList(types.DefaultTypeAdapter, list)}, nil
	}
	if len(texts) != 1 {
		return Value{}, errOneValue
	}
	return parseOne(t, texts[0])
}

func parseOne(t Type, s string) (Value, error) {
	switch t {
	case Amount, Share:
		d, err := ParseDecimal(s)
		return Value{d}, err
	case Count, Days, Workdays, Months:
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || strconv.FormatInt(n, 10) != s {
			return Value{}, errors.New(`want a whole number such as "30"`)
		}
		return Whole(n), nil
	case Text:
		return String(s), nil
	case Civil:
		d, err := ParseDay(s)
		return On(d), err
	case Instant:
		return parseInstant(s)
	case Bool:
		if s != "true" && s != "false" {
			return Value{}, errors.New("want true or false")
		}
		return True(s == "true"), nil
	}
	return Value{}, errors.New("no such type: " + string(t))
}

func parseInstant(s string) (Value, error) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return At(t), nil
	}
	if _, err := time.Parse("2006-01-02T15:04:05", s); err == nil {
		return Unfit("zone"), nil
	}
	return Value{}, errors.New("want an instant with offset, such as 2020-03-18T09:00:00+08:00")
}

// Equal compares by value, so that 1 yuan is 1.00 yuan.
func (v Value) Equal(w Value) bool {
	if v.v == nil || w.v == nil {
		return v.v == w.v
	}
	return v.v.Equal(w.v) == types.True
}

// String writes the value plainly; "" for nothing.
func (v Value) String() string { return v.Show("", Bare) }

// Reader is for whom a value is written.
type Reader int

// The readers; Bare is for files and hashes.
const (
	Bare Reader = iota
	Chinese
	English
)

// Show writes the value, a decimal by its type: 1,234.50 or 30%.
func (v Value) Show(t Type, in Reader) string {
	switch x := v.v.(type) {
	case *Decimal:
		switch t {
		case Share:
			return x.Percent()
		case Amount, Amounts:
			return x.Yuan()
		}
		return x.String()
	case Day:
		return x.String()
	case types.Timestamp:
		return x.Time.In(Shanghai).Format("2006-01-02T15:04:05.999999-07:00")
	case types.Int:
		return strconv.FormatInt(int64(x), 10)
	case types.String:
		return string(x)
	case types.Bool:
		return [][]string{{"false", "true"}, {"否", "是"}, {"no", "yes"}}[in][map[types.Bool]int{true: 1}[x]]
	case traits.Lister:
		var parts []string
		for i := types.Int(0); i < x.Size().(types.Int); i++ {
			parts = append(parts, Value{x.Get(i)}.Show(t, in))
		}
		return strings.Join(parts, []string{", ", "、", ", "}[in])
	}
	return []string{"", "（缺）", "(missing)"}[in]
}

// Figure is a number in a text that may be an amount: thousands separated if it has no
// parts of a 分, else exactly as it is.
func Figure(text string) string {
	d, err := ParseDecimal(text)
	_, fraction, has := strings.Cut(text, ".")
	if err != nil || !has || len(fraction) > 2 && strings.Trim(fraction[2:], "0") != "" {
		return text
	}
	return d.Yuan()
}
