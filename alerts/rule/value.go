package rule

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
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

// paramTypes are those a threshold can have.
var paramTypes = []Type{Amount, Share, Count, Days, Workdays, Months, Text, Texts}

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
// rule that reads it. The zero Value is nothing.
type Value struct{ v ref.Val }

// Yuan is an amount of money, given in 分.
func Yuan(n int64) Value { return Value{fen(n)} }

// Number is a share or an amount.
func Number(d *Decimal) Value { return Value{d} }

// Whole is a count, or a number of days or months.
func Whole(n int64) Value { return Value{types.Int(n)} }

// String is a text.
func String(s string) Value { return Value{types.String(s)} }

// Strings is a list of texts. Their order is part of the value: callers give
// them in the order of the entries, or sorted.
func Strings(s []string) Value { return Value{types.NewStringList(types.DefaultTypeAdapter, s)} }

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
		list[i] = fen(a)
	}
	return Value{types.NewRefValList(types.DefaultTypeAdapter, list)}
}

// Unfit is an input that is there but cannot be used, for a reason of the data
// gate: dates, value, currency, dup, placeholder, checksum, zone, stale:….
// A rule that needs it is not evaluable for that reason.
func Unfit(reason string) Value { return Value{trail(reason)} }

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
func (v Value) String() string { return v.show("", Bare) }

// Bare, Chinese and English are the ways a value is written.
type language int

// The languages of sentences; Bare is for files and hashes.
const (
	Bare language = iota
	Chinese
	English
)

// show writes the value for people, a decimal by its type.
func (v Value) show(t Type, in language) string {
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
		return x.Time.In(shanghai).Format("2006-01-02T15:04:05.999999-07:00")
	case types.Int:
		return strconv.FormatInt(int64(x), 10)
	case types.String:
		return string(x)
	case types.Bool:
		return [][]string{{"false", "true"}, {"否", "是"}, {"no", "yes"}}[in][map[types.Bool]int{true: 1}[x]]
	case interface {
		Size() ref.Val
		Get(ref.Val) ref.Val
	}:
		var parts []string
		for i := types.Int(0); i < x.Size().(types.Int); i++ {
			parts = append(parts, Value{x.Get(i)}.show(t, in))
		}
		return strings.Join(parts, []string{", ", "、", ", "}[in])
	}
	return []string{"", "（缺）", "(missing)"}[in]
}
