package workday

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"yilu/ledger"
)

// Day says what one notice makes of one day.
type Day struct {
	On      ledger.Date
	Work    bool   // a make-up working day; else a day of rest
	Holiday string // 春节
	Notice  Notice
	Source  string // where the notice can be read
}

// Calendar knows the working days of some years. The zero Calendar knows none.
type Calendar struct {
	days map[ledger.Date]Day // what the latest notice says; all else follows the week
}

// UnknownYear is a question about a year whose notice the calendar has not got.
type UnknownYear struct{ Year int }

func (e *UnknownYear) Error() string {
	return fmt.Sprintf("the working days of %d are not known: import the State Council's notice for that year", e.Year)
}

// ErrConflict says that two notices contradict each other about a day and their
// numbers do not tell which is the later one.
var ErrConflict = errors.New("notices contradict each other")

// With returns the calendar with more notices laid over it. For each day the
// later notice holds, in whatever order they come: what is laid over twice or
// out of turn changes nothing. On an error the calendar is as it was.
func (c Calendar) With(days ...Day) (Calendar, error) {
	merged := maps.Clone(c.days)
	if merged == nil {
		merged = make(map[ledger.Date]Day, len(days))
	}
	for _, d := range days {
		if _, err := ledger.ParseDate(string(d.On)); err != nil {
			return c, fmt.Errorf("lay day %q over the calendar: %w", d.On, err)
		}
		if !d.Notice.valid() {
			return c, fmt.Errorf("lay %s over the calendar: no notice number %q", d.On, d.Notice)
		}
		held, ok := merged[d.On]
		switch order, comparable := d.Notice.compare(held.Notice); {
		case !ok, comparable && order > 0:
			merged[d.On] = d
		case held.Work != d.Work && (order == 0 || !comparable):
			return c, fmt.Errorf("%w: %s is %s by %s and %s by %s", ErrConflict, d.On,
				status(held.Work), held.Notice, status(d.Work), d.Notice)
		}
	}
	return Calendar{merged}, nil
}

// Years lists the years the calendar knows.
func (c Calendar) Years() []int {
	var years []int
	for day := range c.days {
		if t := instant(day); t.YearDay() == 1 {
			years = append(years, t.Year())
		}
	}
	slices.Sort(years)
	return years
}

// Lookup returns what the latest notice says of a day; ok is false where none
// does and the week decides.
func (c Calendar) Lookup(day ledger.Date) (d Day, ok bool) {
	d, ok = c.days[day]
	return d, ok
}

// IsWorkday says whether a day is worked.
func (c Calendar) IsWorkday(day ledger.Date) (bool, error) {
	if _, err := ledger.ParseDate(string(day)); err != nil {
		return false, fmt.Errorf("working day %q: %w", day, err)
	}
	return c.works(instant(day))
}

// works judges a midnight. A day that a notice names is known also where the
// rest of its year is not: the notice for 2019 gave 2018-12-31 off.
func (c Calendar) works(t time.Time) (bool, error) {
	if d, ok := c.days[civil(t)]; ok {
		return d.Work, nil
	}
	if _, ok := c.days[civil(time.Date(t.Year(), time.January, 1, 0, 0, 0, 0, time.UTC))]; !ok {
		return false, &UnknownYear{t.Year()}
	}
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday, nil
}

// mostDays bounds all spans, so that a mistyped parameter ends in an error.
const mostDays = 40_000

// Add returns the n-th working day after a day. The day itself is not counted
// (民法典 201); n = 0 gives it back, working day or not.
func (c Calendar) Add(day ledger.Date, n int) (ledger.Date, error) {
	if err := span(day, n); err != nil {
		return "", fmt.Errorf("%d working days after %q: %w", n, day, err)
	}
	t := instant(day)
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		works, err := c.works(t)
		if err != nil {
			return "", fmt.Errorf("%d more working days after %s: %w", n, day, err)
		}
		if works {
			n--
		}
	}
	return civil(t), nil
}

// Between counts the working days after from up to and including to. It is
// negative if to is the earlier one: Between(a, b) = −Between(b, a).
func (c Calendar) Between(from, to ledger.Date) (int, error) {
	if to < from {
		n, err := c.Between(to, from)
		return -n, err
	}
	if err := errors.Join(span(from, 0), span(to, 0)); err != nil {
		return 0, fmt.Errorf("working days from %q to %q: %w", from, to, err)
	}
	n := 0
	for t, end := instant(from), instant(to); t.Before(end); {
		t = t.AddDate(0, 0, 1)
		works, err := c.works(t)
		if err != nil {
			return 0, fmt.Errorf("working days from %s to %s: %w", from, to, err)
		}
		if works {
			n++
		}
	}
	return n, nil
}

// Roll returns the day itself if it is worked, else the next one that is: a term
// that ends on a day of rest ends on the day after it (民法典 203).
func (c Calendar) Roll(day ledger.Date) (ledger.Date, error) {
	if err := span(day, 0); err != nil {
		return "", fmt.Errorf("next working day of %q: %w", day, err)
	}
	for t := instant(day); ; t = t.AddDate(0, 0, 1) {
		works, err := c.works(t)
		if err != nil {
			return "", fmt.Errorf("next working day of %s: %w", day, err)
		}
		if works {
			return civil(t), nil
		}
	}
}

// Mode is how the days of a posting (公示) are counted.
type Mode string

const (
	// Strict counts as the law does: the first day is not counted, and a posting
	// that would end on a day of rest ends on the next working day (民法典 201, 203).
	Strict Mode = "strict"
	// Inclusive counts as most notices print it: the first day is day 1, and the
	// last one stands as it is, be it a Sunday.
	Inclusive Mode = "inclusive"
)

// PostingEnd returns the last day on which a posting of so many calendar days
// must still hang. Ten days from 2024-08-09 end on 08-19 strictly, and on 08-18,
// a Sunday, inclusively.
func (c Calendar) PostingEnd(start ledger.Date, days int, mode Mode) (ledger.Date, error) {
	if err := span(start, days); err != nil {
		return "", fmt.Errorf("posting of %d days from %q: %w", days, start, err)
	}
	if days == 0 {
		return "", fmt.Errorf("posting from %q: %w", start, errSpan)
	}
	switch mode {
	case Strict:
		return c.Roll(civil(instant(start).AddDate(0, 0, days)))
	case Inclusive:
		return civil(instant(start).AddDate(0, 0, days-1)), nil
	}
	return "", fmt.Errorf("posting counted %q: want %s or %s", mode, Strict, Inclusive)
}

var errSpan = fmt.Errorf("want 1 to %d days", mostDays)

// span refuses what is no day or no sensible number of days.
func span(day ledger.Date, n int) error {
	if _, err := ledger.ParseDate(string(day)); err != nil {
		return err
	}
	if n < 0 || n > mostDays {
		return errSpan
	}
	return nil
}

// instant and civil go between a day and its midnight in UTC, on which the
// arithmetic is done; no zone has a part in it.
func instant(day ledger.Date) time.Time {
	t, err := time.Parse(time.DateOnly, string(day))
	if err != nil {
		panic("workday: unchecked day " + string(day)) // a bug: every way in checks
	}
	return t
}

func civil(t time.Time) ledger.Date { return ledger.Date(t.Format(time.DateOnly)) }
