package formula

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Day is a civil day in Asia/Shanghai, counted from 1970-01-01. In a formula
// days compare with days, and an instant is made a day by day(t) only.
type Day int32

// Shanghai is the zone of all days. There has been no summer time since 1991.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

var errDay = errors.New("want a day such as 2020-03-18")

// ParseDay reads the strict form YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, errDay
	}
	return civil(t), nil
}

// DayOf is the day in Shanghai at an instant.
func DayOf(t time.Time) Day {
	y, m, d := t.In(Shanghai).Date()
	return civil(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

func civil(midnight time.Time) Day { return Day(midnight.Unix() / (24 * 60 * 60)) }

// Year is the calendar year.
func (d Day) Year() int { return d.time().Year() }

// AddMonths is the same day n months later, or the month's last day where it has
// no such day (民法典 202).
func (d Day) AddMonths(n int) Day {
	t := d.time()
	last := time.Date(t.Year(), t.Month()+time.Month(n)+1, 0, 0, 0, 0, 0, time.UTC)
	return civil(last.AddDate(0, 0, min(t.Day(), last.Day())-last.Day()))
}

func (d Day) time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// UnmarshalText reads YYYY-MM-DD.
func (d *Day) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDay(string(b))
	return err
}

func (d Day) String() string { return d.time().Format(time.DateOnly) }

// ConvertToNative serves cel-go only.
func (d Day) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a day is no %v", t)
}

// ConvertToType refuses: a day is nothing else.
func (d Day) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("a day is no %s", t.TypeName())
}

// Equal says whether both are the same day.
func (d Day) Equal(other ref.Val) ref.Val { return types.Bool(other == ref.Val(d)) }

// Type says that this is a day.
func (d Day) Type() ref.Type { return dayType }

// Value is the day itself.
func (d Day) Value() any { return d }

// Compare orders days.
func (d Day) Compare(other ref.Val) ref.Val {
	o, ok := other.(Day)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Int(d - o).Compare(types.IntZero)
}

// Calendar counts the working days after from up to and including to, by the
// State Council's calendar with its make-up days. It answers [YearUnknown] when
// a year has not been published; a rule is then not evaluable, never guessed.
type Calendar func(from, to Day) (int, error)

// YearUnknown is the year that a calendar does not hold.
type YearUnknown int

func (y YearUnknown) Error() string {
	return "no working-day calendar for " + strconv.Itoa(int(y))
}

const calendarReason = "calendar:"

// between is wd(a, b).
func (c Calendar) between(from, to ref.Val) ref.Val {
	a, b := from.(Day), to.(Day)
	if c == nil {
		return Unfit(calendarReason + strconv.Itoa(b.Year())).v
	}
	n, err := c(a, b)
	var unknown YearUnknown
	switch {
	case errors.As(err, &unknown):
		return Unfit(calendarReason + strconv.Itoa(int(unknown))).v
	case err != nil:
		return types.WrapErr(err)
	}
	return types.Int(n)
}

// daysBetween is dd(a, b): the days after a up to and including b.
func daysBetween(from, to ref.Val) ref.Val { return types.Int(to.(Day) - from.(Day)) }

// monthsBetween is months(a, b): the whole months from a to b, as AddMonths
// counts them; below zero when b is before a.
func monthsBetween(from, to ref.Val) ref.Val {
	a, b := from.(Day), to.(Day)
	if a > b {
		return types.Int(0).Subtract(monthsBetween(to, from))
	}
	n := (b.Year()-a.Year())*12 + int(b.time().Month()-a.time().Month())
	if a.AddMonths(n) > b {
		n--
	}
	return types.Int(n)
}

// dayOf is day(t): the day in Shanghai at an instant.
func dayOf(t ref.Val) ref.Val { return DayOf(t.(types.Timestamp).Time) }
