package rule

import (
	"errors"
	"fmt"

	"yilu/alerts/formula"
)

// Term is how long a deadline runs: so many d, wd or mo after a day that is not
// counted (民法典 201).
type Term struct {
	From   formula.Day
	Length int64
	Unit   string
}

// Term is that of the deadline that the act opens. Where it cannot be said, reason is
// that of a rule that is not evaluable.
func (c *Compiled) Term(a Act) (t Term, reason string, err error) {
	if c.Kind != OnDeadline {
		return t, "", fmt.Errorf("%s is no deadline", c.Code)
	}
	in := newInputs(c)
	in.act = a
	length := in.Input(paramPrefix + c.Within.Param)
	n, ok := length.Int()
	if !ok {
		return t, length.Reason(), nil
	}
	from := a.Day
	if c.Within.From != "" {
		v := in.Input(c.Within.From)
		if from, ok = v.Day(); !ok {
			return t, v.Reason(), nil
		}
	}
	return Term{from, n, c.Within.Unit}, "", nil
}

// Due is the last day of a deadline that the act opens. Where it cannot be said,
// reason is that of a rule that is not evaluable, such as calendar:2027: the term must
// then be kept and its end computed when the calendar comes.
func (c *Compiled) Due(a Act) (due formula.Day, reason string, err error) {
	t, reason, err := c.Term(a)
	if err != nil || reason != "" {
		return 0, reason, err
	}
	return t.End(c.calendar)
}

// End is the last day of a term. One of days or months that would end on a rest day
// ends on the next working day (民法典 203).
func (t Term) End(calendar formula.Calendar) (due formula.Day, reason string, err error) {
	switch t.Unit {
	case "wd":
		due, err = workdaysLater(calendar, t.From, t.Length)
	case "mo":
		due, err = workdaysLater(calendar, t.From.AddMonths(int(t.Length))-1, 1)
	default:
		due, err = workdaysLater(calendar, t.From+formula.Day(t.Length)-1, 1)
	}
	var unknown formula.YearUnknown
	if errors.As(err, &unknown) {
		return 0, fmt.Sprintf("calendar:%d", int(unknown)), nil
	}
	return due, "", err
}

// workdaysLater is the n-th working day after a day.
func workdaysLater(calendar formula.Calendar, day formula.Day, n int64) (formula.Day, error) {
	if calendar == nil {
		return 0, formula.YearUnknown(day.Year())
	}
	longest := day + formula.Day(n*7+60) // no holiday makes up more than that
	for d := day + 1; d <= longest; d++ {
		counted, err := calendar(day, d)
		if err != nil {
			return 0, fmt.Errorf("count working days from %s: %w", day, err)
		}
		if int64(counted) >= n {
			return d, nil
		}
	}
	return 0, fmt.Errorf("the calendar has no %d working days between %s and %s", n, day, longest)
}
