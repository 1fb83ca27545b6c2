package ledger

import (
	"errors"
	"strings"
	"time"
)

// Moment is a time as somebody else told it (所报时间): a day, a time without a
// zone, or a time with its offset, and never more than was told:
//
//	2020-03-18    2020-03-18T09:00:00    2020-03-18T09:00:00.5+08:00    2020-03-18T01:00:00Z
//
// Seconds always stand, a fraction has at most six digits and no zero at its
// end. What the book itself knows is an instant in UTC; a Moment stands only in
// records of what others published, where to add a zone would be to invent it.
type Moment string

var errMoment = errors.New("want a day, a time, or a time with its offset, such as 2020-03-18T09:00:00+08:00")

// momentForms are the forms of a Moment without its fraction.
var momentForms = []string{time.DateOnly, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00"}

// ParseMoment reads the strict form, of a day from 1949 to 2199.
func ParseMoment(s string) (Moment, error) {
	for _, form := range momentForms {
		t, err := time.Parse(form, s) // takes a fraction where the form has none
		if err != nil {
			continue
		}
		if len(form) > len(time.DateOnly) {
			form = strings.Replace(form, ":05", ":05.999999", 1)
		}
		if t.Format(form) != s || t.Year() < 1949 || t.Year() > 2199 {
			return "", errMoment
		}
		return Moment(s), nil
	}
	return "", errMoment
}

// Day is the day as told, on the clock of whoever told it, or "".
func (m Moment) Day() Date {
	if len(m) < len(time.DateOnly) {
		return ""
	}
	return Date(m[:len(time.DateOnly)])
}

// Instant is the moment in UTC, and false if no offset was told: such a time is
// none that can be compared with another.
func (m Moment) Instant() (time.Time, bool) {
	t, err := time.Parse(momentForms[2], string(m))
	return t.UTC(), err == nil
}

// UnmarshalText reads the strict form of ParseMoment.
func (m *Moment) UnmarshalText(b []byte) error {
	v, err := ParseMoment(string(b))
	if err != nil {
		return err
	}
	*m = v
	return nil
}

// MarshalText writes the moment as it is kept.
func (m Moment) MarshalText() ([]byte, error) { return []byte(m), nil }

// optionalMoment refuses what could not be read back from the leaf.
func (c *checker) optionalMoment(field string, m Moment) {
	if _, err := ParseMoment(string(m)); m != "" && err != nil {
		c.bad(field, "时间须为日期、时间或带时区的时间，如 2020-03-18T09:00:00+08:00", errMoment.Error())
	}
}
