package publicity

import (
	"slices"
	"testing"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// TestDeadlines has the vectors of domain §2 over make-up days, a prolonged holiday
// and a leap year.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	c := workday.StateCouncil()
	for _, x := range []struct {
		stage, level string
		on, want     ledger.Date
	}{
		{"P1", "county", "2019-01-07", "2019-01-28"},
		{"P3", "county", "2019-01-07", "2019-02-02"}, // a Saturday that is worked
		{"P1", "county", "2020-01-20", "2020-02-18"}, // the Spring Festival of 2020
		{"P3", "village", "2020-01-20", "2020-02-25"},
		{"P1", "county", "2024-09-27", "2024-10-23"},
		{"P3", "county", "2024-09-27", "2024-10-30"},
		{"P1", "county", "2026-02-10", "2026-03-09"},
		{"P7", "county", "2026-02-10", "2026-03-16"},
		{"P5b", "unit", "2020-02-26", "2020-03-02"}, // day 3 is Saturday 29 February
		{"P5c", "unit", "2020-04-30", "2020-05-07"},
		{"P1", "county", "2035-01-05", ""}, // nobody knows its holidays
	} {
		d, ok := DutyOf(x.stage, x.level, x.on)
		if got := d.due(c, x.on); !ok || got != x.want {
			t.Errorf("%s %s from %s: due %s, want %s", x.stage, x.level, x.on, got, x.want)
		}
	}
}

// TestYears: the plan of a year is told of within 20 working days of its end, arrears by
// 31 March whatever day that is.
func TestYears(t *testing.T) {
	t.Parallel()
	c := workday.StateCouncil()
	for _, x := range []struct {
		stage, level string
		on           ledger.Date
		period       string
		want         ledger.Date
	}{
		{"P9", "county", "2019-07-01", "2019", "2020-02-05"}, // the Spring Festival of 2020 was prolonged
		{"P9", "village", "2020-12-31", "2020", "2021-01-29"},
		{"P9", "county", "2019-01-01", "2019", "2020-02-05"},
		{"P9", "county", "2034-05-05", "2034", ""}, // nobody knows the holidays of 2035
		{"P11", "county", "2020-10-01", "2020", "2021-03-31"},
		{"P11", "county", "2023-12-31", "2023", "2024-03-31"}, // a Sunday
		{"P6", "village", "2020-02-29", "2020-Q1", "2020-04-10"},
	} {
		d, ok := DutyOf(x.stage, x.level, x.on)
		period, last := d.period(x.on)
		if got := d.dueAfter(c, last); !ok || got != x.want || period != x.period {
			t.Errorf("%s %s of %s: %s due %s, want %s due %s", x.stage, x.level, x.on, period, got, x.period, x.want)
		}
	}
	if _, ok := DutyOf("P11", "county", "2020-08-31"); ok {
		t.Error("arrears before the act was in force")
	}
}

func TestQuarters(t *testing.T) {
	t.Parallel()
	for on, want := range map[ledger.Date][2]string{"2020-01-01": {"2020-Q1", "2020-03-31"}, "2020-03-31": {"2020-Q1", "2020-03-31"}, "2020-04-01": {"2020-Q2", "2020-06-30"}, "2020-12-31": {"2020-Q4", "2020-12-31"}, "2021-09-30": {"2021-Q3", "2021-09-30"}} {
		if q, last := quarter(on); q != want[0] || string(last) != want[1] {
			t.Errorf("%s: %s %s", on, q, last)
		}
	}
}

// TestPostingsHangLongEnough has G8, G9 and G14 of domain §9.
func TestPostingsHangLongEnough(t *testing.T) {
	t.Parallel()
	c := workday.StateCouncil()
	for _, x := range []struct {
		starts, ends      ledger.Date
		strict, inclusive bool
	}{
		{"2024-08-09", "2024-08-18", false, true},  // G8 大冶: 10 days inclusive, 9 strict
		{"2024-08-09", "2024-08-19", true, true},   // what strict asks for
		{"2023-12-01", "2023-12-06", false, false}, // G9 大冶: 6 days
		{"2018-12-14", "2019-01-14", true, true},   // G14 牟定: 32 days
		{"2024-09-22", "2024-10-02", false, true},  // day 10 in the holiday: moved to 10-08
		{"2024-09-22", "2024-10-08", true, true},
		{"2024-08-09", "", true, true}, // it stays
	} {
		if got := LongEnough(c, x.starts, x.ends, 10, workday.Strict); got != x.strict {
			t.Errorf("%s to %s strictly: %v", x.starts, x.ends, got)
		}
		if got := LongEnough(c, x.starts, x.ends, 10, workday.Inclusive); got != x.inclusive {
			t.Errorf("%s to %s inclusively: %v", x.starts, x.ends, got)
		}
	}
}

// TestPolicyIsWhole: each line names stages, levels, channels and fields that there are,
// has a term and a basis, and no two lines say different things of one case.
func TestPolicyIsWhole(t *testing.T) {
	t.Parallel()
	for i, d := range Policy {
		if _, ok := ledger.NoticeStages[d.Stage]; !ok || d.Basis == "" || d.Publisher.Zh == "" || len(d.Fields) == 0 || len(d.Kinds) == 0 {
			t.Errorf("line %d: %+v", i, d)
		}
		terms := 0
		for _, has := range []bool{d.DueAt != "", d.Days != 0, d.Until != ""} {
			if has {
				terms++
			}
		}
		if terms != 1 || d.Days != 0 && d.Unit != "wd" && d.Unit != "d" {
			t.Errorf("%s %s has no term, or two", d.Stage, d.Level)
		}
		for _, f := range d.Fields {
			if _, ok := ledger.NoticeFields[f]; !ok {
				t.Errorf("%s %s: no field %s", d.Stage, d.Level, f)
			}
		}
		for _, c := range d.Channels {
			if _, ok := ledger.NoticeChannels[c]; !ok {
				t.Errorf("%s %s: no channel %s", d.Stage, d.Level, c)
			}
		}
		for _, k := range append(slices.Clone(d.Kinds), d.DueAt) {
			if _, ok := ledger.SpecOf(k); !ok && k != "" {
				t.Errorf("%s %s: no kind %s", d.Stage, d.Level, k)
			}
		}
		for _, o := range Policy[i+1:] {
			if o.Stage == d.Stage && o.Level == d.Level && slices.ContainsFunc(o.Kinds, func(k ledger.Kind) bool { return slices.Contains(d.Kinds, k) }) && (d.To == "" || d.To >= o.From) {
				t.Errorf("%s %s stands twice", d.Stage, d.Level)
			}
		}
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	board, _ := DutyOf("P3", "township", "2020-01-01")
	for place, want := range map[string]string{"411025103205": "village", "411025103000": "township", "411025000000": "", "411025": ""} {
		if got := board.levelAt(place); got != want {
			t.Errorf("%s: %q, want %q", place, got, want)
		}
	}
	if d, _ := DutyOf("P8", "village", "2018-06-01"); d.Minimum != 7 {
		t.Error("the days of 2018:", d.Minimum)
	}
	if _, ok := DutyOf("P10", "county", "2020-01-01"); ok {
		t.Error("P10 arises from no entry")
	}
}
