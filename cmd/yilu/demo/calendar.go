package demo

import (
	"time"

	"yilu/ledger"
)

// restDays2020 are the weekdays of 2020 that nobody worked [国办发明电〔2019〕16号,
// 〔2020〕1号]. Weekends that were worked are left out: nobody misses them here.
var restDays2020 = map[ledger.Date]bool{
	"2020-01-01": true,
	"2020-01-24": true, "2020-01-27": true, "2020-01-28": true, "2020-01-29": true, "2020-01-30": true, "2020-01-31": true,
	"2020-04-06": true,
	"2020-05-01": true, "2020-05-04": true, "2020-05-05": true,
	"2020-06-25": true, "2020-06-26": true,
	"2020-10-01": true, "2020-10-02": true, "2020-10-05": true, "2020-10-06": true, "2020-10-07": true, "2020-10-08": true,
}

func timeOf(d ledger.Date) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), ledger.Shanghai)
	if err != nil {
		panic("demo: " + err.Error()) // a day of this package: a bug
	}
	return t
}

// after is n calendar days later.
func after(d ledger.Date, n int) ledger.Date { return ledger.DateOf(timeOf(d).AddDate(0, 0, n)) }

func isWorkday(d ledger.Date) bool {
	w := timeOf(d).Weekday()
	return w != time.Saturday && w != time.Sunday && !restDays2020[d]
}

// workday is d, or the next day that is worked.
func workday(d ledger.Date) ledger.Date {
	for !isWorkday(d) {
		d = after(d, 1)
	}
	return d
}

// workdays is n working days after d.
func workdays(d ledger.Date, n int) ledger.Date {
	for range n {
		d = workday(after(d, 1))
	}
	return d
}

// payday is the next day on which the bureau gathers payment requests: a
// Wednesday, or the day after one that was not worked.
func payday(d ledger.Date) ledger.Date {
	for timeOf(d).Weekday() != time.Wednesday {
		d = after(d, 1)
	}
	return workday(d)
}

// clock is an instant of a day.
func clock(d ledger.Date, hour, minute int) time.Time {
	return timeOf(d).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}
