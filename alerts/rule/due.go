package rule

import (
	"errors"
	"fmt"

	"yilu/alerts/formula"
)

// Due is the last day of a deadline that the act opens. The day of the act is
// not counted (民法典 201), nor is the day of a fact that the rule counts from; a deadline of days or months that would end on a rest
// day ends on the next working day (民法典 203). Where it cannot be said, reason
// is that of a rule that is not evaluable, such as calendar:2027: the timer must
// then be kept and computed anew when the calendar comes.
func (c *Compiled) Due(a Act) (due formula.Day, reason string, err error) {
	if c.Kind != OnDeadline {
		return 0, "", fmt.Errorf("%s is no deadline", c.Code)
	}
	in := newInputs(c)
	in.act = a
	length := in.Input(paramPrefix + c.Within.Param)
	n, ok := length.Int()
	if !ok {
		return 0, length.Reason(), nil
	}
	from := a.Day
	if c.Within.From != "" {
		v := in.Input(c.Within.From)
		if from, ok = v.Day(); !ok {
			return 0, v.Reason(), nil
		}
	}
	switch c.Within.Unit {
	case "wd":
		due, err = c.workdaysLater(from, n)
	case "mo":
		due, err = c.workdaysLater(from.AddMonths(int(n))-1, 1)
	default:
		due, err = c.workdaysLater(from+formula.Day(n)-1, 1)
	}
	var unknown formula.YearUnknown
	if errors.As(err, &unknown) {
		return 0, fmt.Sprintf("calendar:%d", int(unknown)), nil
	}
	return due, "", err
}

// workdaysLater is the n-th working day after a day.
func (c *Compiled) workdaysLater(day formula.Day, n int64) (formula.Day, error) {
	if c.calendar == nil {
		return 0, formula.YearUnknown(day.Year())
	}
	longest := day + formula.Day(n*7+60) // no holiday makes up more than that
	for d := day + 1; d <= longest; d++ {
		counted, err := c.calendar(day, d)
		if err != nil {
			return 0, fmt.Errorf("count working days from %s: %w", day, err)
		}
		if int64(counted) >= n {
			return d, nil
		}
	}
	return 0, fmt.Errorf("the calendar has no %d working days between %s and %s", n, day, longest)
}
