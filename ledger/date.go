package ledger

import (
	"errors"
	"time"
)

// Date is a civil day in Asia/Shanghai, "2020-03-18"; "" is no day. Days compare
// as strings. It is never a time at midnight.
type Date string

var errDate = errors.New("want a day of the calendar such as 2020-03-18")

// ParseDate reads the strict form YYYY-MM-DD of a real day, 1949 to 2199.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1949 || t.Year() > 2199 {
		return "", errDate
	}
	return Date(s), nil
}

// Shanghai is the zone of all days and deadlines. China has had no summer time
// since 1991, so a fixed offset needs no zone database.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// DateOf is the day in Shanghai at an instant.
func DateOf(t time.Time) Date { return Date(t.In(Shanghai).Format(time.DateOnly)) }

// Month is the period (会计期间) the day lies in, "2020-03".
func (d Date) Month() string {
	if len(d) < 7 {
		return ""
	}
	return string(d[:7])
}

// UnmarshalText reads the strict form of ParseDate.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// AddDays is the day n calendar days later.
func (d Date) AddDays(n int) Date {
	t, err := parseDay(string(d))
	if err != nil {
		return d
	}
	return Date(t.AddDate(0, 0, n).Format(time.DateOnly))
}

// MarshalText writes the day as it is kept.
func (d Date) MarshalText() ([]byte, error) { return []byte(d), nil }

// parseDay reads YYYY-MM-DD of any year.
func parseDay(s string) (time.Time, error) { return time.Parse(time.DateOnly, s) }
