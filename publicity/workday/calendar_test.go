package workday

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"yilu/ledger"
)

// TestNotices asks for the days on which the week would be wrong.
func TestNotices(t *testing.T) {
	for _, c := range []struct {
		day   ledger.Date
		works bool
	}{
		{"2018-02-11", true}, {"2018-02-15", false}, {"2018-02-24", true}, {"2018-04-06", false}, {"2018-09-30", true},
		{"2018-12-29", true}, {"2018-12-31", false}, // given by the notice for 2019
		{"2019-01-01", false}, {"2019-02-02", true}, {"2019-02-03", true}, {"2019-02-08", false},
		{"2019-04-28", true}, {"2019-05-02", false}, {"2019-05-03", false}, {"2019-05-05", true}, // amended in March
		{"2020-01-19", true}, {"2020-01-31", false}, {"2020-02-01", false}, {"2020-02-02", false}, {"2020-02-03", true},
		{"2020-06-26", false}, {"2020-06-28", true}, {"2020-10-08", false}, {"2020-10-10", true},
		{"2021-02-07", true}, {"2021-02-20", true}, {"2021-09-18", true}, {"2021-09-20", false},
		{"2022-01-03", false}, {"2022-04-02", true}, {"2022-04-24", true}, {"2022-10-09", true},
		{"2023-01-02", false}, {"2023-01-28", true}, {"2023-06-25", true}, {"2023-10-06", false}, {"2023-10-07", true},
		{"2024-02-04", true}, {"2024-02-09", true}, {"2024-02-18", true}, {"2024-04-07", true}, {"2024-09-29", true}, {"2024-10-12", true},
		{"2025-01-26", true}, {"2025-02-04", false}, {"2025-02-08", true}, {"2025-06-02", false}, {"2025-10-08", false}, {"2025-10-11", true},
		{"2026-01-02", false}, {"2026-01-04", true}, {"2026-02-14", true}, {"2026-02-23", false}, {"2026-02-28", true}, {"2026-09-20", true},
		{"2026-09-25", false}, {"2026-10-10", true}, {"2026-11-28", false}, {"2026-11-30", true},
	} {
		if works, err := StateCouncil().IsWorkday(c.day); err != nil || works != c.works {
			t.Errorf("%s: %v, %v, want %v", c.day, works, err, c.works)
		}
	}
	if diff := cmp.Diff([]int{2017, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025, 2026}, StateCouncil().Years()); diff != "" {
		t.Error(diff)
	}
}

// TestYearsHaveTheirDays counts in another way: whatever is moved about, a year
// has its weekdays less the statutory holidays (全国年节及纪念日放假办法: 11, since
// 2025 13). Only 2020 gave two more: 01-31, and 02-01 that was to be worked.
func TestYearsHaveTheirDays(t *testing.T) {
	for _, year := range StateCouncil().Years() {
		want := -11
		if year >= 2025 {
			want = -13
		}
		if year == 2020 {
			want -= 2
		}
		got := 0
		for day := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
			works, err := StateCouncil().IsWorkday(civil(day))
			if err != nil {
				t.Fatal(err)
			}
			if works {
				got++
			}
			if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
				want++
			}
		}
		if got != want {
			t.Errorf("%d has %d working days, want %d", year, got, want)
		}
	}
}

// TestAdd holds the cases in which a list without make-up days or amendments goes wrong.
func TestAdd(t *testing.T) {
	for _, c := range []struct {
		start ledger.Date
		n     int
		want  ledger.Date
	}{
		{"2019-01-07", 15, "2019-01-28"}, {"2019-01-07", 20, "2019-02-02"},
		{"2020-01-20", 15, "2020-02-18"}, {"2020-01-20", 20, "2020-02-25"},
		{"2024-09-27", 15, "2024-10-23"}, {"2024-09-27", 20, "2024-10-30"},
		{"2026-02-10", 15, "2026-03-09"}, {"2026-02-10", 20, "2026-03-16"},
		{"2024-10-01", 0, "2024-10-01"}, {"2024-10-01", 1, "2024-10-08"},
	} {
		if got, err := StateCouncil().Add(c.start, c.n); err != nil || got != c.want {
			t.Errorf("%s + %d: %s, %v, want %s", c.start, c.n, got, err, c.want)
		}
	}
}

func TestPostingEnd(t *testing.T) {
	for _, c := range []struct {
		start ledger.Date
		days  int
		mode  Mode
		want  ledger.Date
	}{
		{"2024-08-09", 10, Strict, "2024-08-19"},
		{"2024-08-09", 10, Inclusive, "2024-08-18"},
		{"2024-09-22", 10, Strict, "2024-10-08"},    // day 10 is 10-02
		{"2023-12-01", 5, Strict, "2023-12-06"},     // as a county counted it
		{"2023-12-01", 6, Inclusive, "2023-12-06"},  //
		{"2018-12-14", 31, Strict, "2019-01-14"},    // the same
		{"2018-12-14", 32, Inclusive, "2019-01-14"}, //
		{"2020-01-22", 10, Strict, "2020-02-03"},    // day 10 is the cancelled 02-01
	} {
		if got, err := StateCouncil().PostingEnd(c.start, c.days, c.mode); err != nil || got != c.want {
			t.Errorf("%d days from %s, %s: %s, %v, want %s", c.days, c.start, c.mode, got, err, c.want)
		}
	}
	for _, bad := range []struct {
		start ledger.Date
		days  int
		mode  Mode
	}{{"2024-08-09", 0, Strict}, {"2024-08-09", -1, Strict}, {"2024-08-09", 1 << 30, Inclusive}, {"2024-08-9", 1, Strict}, {"2024-08-09", 1, "lax"}} {
		if got, err := StateCouncil().PostingEnd(bad.start, bad.days, bad.mode); err == nil {
			t.Errorf("%+v: %s, want an error", bad, got)
		}
	}
}

func TestUnknownYearIsSaid(t *testing.T) {
	calls := map[string]func(Calendar) error{
		"add over the end":       func(c Calendar) error { _, err := c.Add("2026-12-30", 3); return err },
		"between over the end":   func(c Calendar) error { _, err := c.Between("2026-12-30", "2027-01-04"); return err },
		"between, backwards":     func(c Calendar) error { _, err := c.Between("2027-01-04", "2026-12-30"); return err },
		"a Saturday of 2027":     func(c Calendar) error { _, err := c.IsWorkday("2027-01-09"); return err },
		"roll in 2027":           func(c Calendar) error { _, err := c.Roll("2027-03-01"); return err },
		"posting strictly":       func(c Calendar) error { _, err := c.PostingEnd("2026-12-28", 10, Strict); return err },
		"anything at all, empty": func(Calendar) error { _, err := Calendar{}.IsWorkday("2027-06-01"); return err },
	}
	for name, call := range calls {
		if unknown := (*UnknownYear)(nil); !errors.As(call(StateCouncil()), &unknown) || unknown.Year != 2027 {
			t.Errorf("%s: %v, want the year 2027", name, call(StateCouncil()))
		}
	}
	if got, err := StateCouncil().PostingEnd("2026-12-28", 10, Inclusive); err != nil || got != "2027-01-06" {
		t.Errorf("inclusive needs no calendar: %s, %v", got, err)
	}
}

func TestLaterNoticeHolds(t *testing.T) {
	day := func(on ledger.Date, works bool, notice Notice) Day {
		return Day{on, works, "元旦", notice, "https://www.gov.cn/"}
	}
	first := day("2027-01-01", false, "国办发明电〔2026〕9号")
	amended := day("2026-12-26", true, "国办发明电〔2026〕10号")
	both, err := StateCouncil().With(amended, day("2026-12-26", false, "国办发明电〔2026〕9号"), first)
	if err != nil {
		t.Fatal(err)
	}
	if d, ok := both.Lookup("2026-12-26"); !ok || d.Notice != amended.Notice || !d.Work {
		t.Errorf("2026-12-26 remembers %+v", d)
	}
	if works, err := both.IsWorkday("2027-01-04"); err != nil || !works {
		t.Errorf("2027 is known with its 元旦: %v, %v", works, err)
	}
	if works, err := StateCouncil().IsWorkday("2026-12-26"); err != nil || works {
		t.Errorf("the calendar laid under has changed: %v, %v", works, err)
	}
	for name, bad := range map[string][]Day{
		"same notice, both ways":            {amended, day(amended.On, false, amended.Notice)},
		"numbers that cannot be compared":   {amended, day(amended.On, false, "国发明电〔2026〕11号")},
		"no number":                         {day("2026-12-26", true, "通知")},
		"no day":                            {day("2026-12-32", true, amended.Notice)},
		"a number that begins with nothing": {day("2026-12-26", true, "国办发明电〔2026〕01号")},
	} {
		if got, err := StateCouncil().With(bad...); err == nil || len(got.days) != len(StateCouncil().days) {
			t.Errorf("%s: taken, or half of it: %v", name, err)
		}
	}
	if _, err := StateCouncil().With(amended, day(amended.On, true, "国发明电〔2026〕1号")); err != nil {
		t.Errorf("two that agree: %v", err)
	}
}

// TestOrderOfNoticesDoesNotMatter lays the whole file over nothing in random order.
func TestOrderOfNoticesDoesNotMatter(t *testing.T) {
	days := builtInDays(t)
	for range 20 {
		rand.Shuffle(len(days), func(i, j int) { days[i], days[j] = days[j], days[i] })
		c, err := Calendar{}.With(days...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(StateCouncil().days, c.days); diff != "" {
			t.Fatal(diff)
		}
	}
}

// known draws a day whose neighbourhood is known.
var known = rapid.Custom(func(t *rapid.T) ledger.Date {
	first := time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
	return civil(first.AddDate(0, 0, rapid.IntRange(0, 3500).Draw(t, "day")))
})

func TestAddAndBetweenAreInverse(t *testing.T) {
	c := StateCouncil()
	rapid.Check(t, func(t *rapid.T) {
		a, n := known.Draw(t, "a"), rapid.IntRange(0, 60).Draw(t, "n")
		b, err := c.Add(a, n)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Between(a, b); err != nil || got != n {
			t.Fatalf("%s + %d = %s, but %d between them: %v", a, n, b, got, err)
		}
		if works, err := c.IsWorkday(b); err != nil || n > 0 && !works {
			t.Fatalf("%s + %d = %s is no working day: %v", a, n, b, err)
		}
		if m, err := c.Add(b, 7); err != nil {
			t.Fatal(err)
		} else if whole, err := c.Add(a, n+7); err != nil || m != whole {
			t.Fatalf("%s + %d + 7 = %s, + %d = %s: %v", a, n, m, n+7, whole, err)
		}
	})
}

func TestBetweenAddsUp(t *testing.T) {
	c := StateCouncil()
	rapid.Check(t, func(t *rapid.T) {
		days := []ledger.Date{known.Draw(t, "a"), known.Draw(t, "b"), known.Draw(t, "c")}
		between := func(i, j int) int {
			n, err := c.Between(days[i], days[j])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if between(0, 1)+between(1, 2) != between(0, 2) || between(0, 1) != -between(1, 0) || between(0, 0) != 0 {
			t.Fatalf("%v: %d, %d, %d", days, between(0, 1), between(1, 2), between(0, 2))
		}
	})
}

func TestRollIsTheNextWorkday(t *testing.T) {
	c := StateCouncil()
	rapid.Check(t, func(t *rapid.T) {
		day := known.Draw(t, "day")
		rolled, err := c.Roll(day)
		if err != nil {
			t.Fatal(err)
		}
		if works, err := c.IsWorkday(rolled); err != nil || !works || rolled < day {
			t.Fatalf("%s rolls to %s: %v", day, rolled, err)
		}
		yesterday := civil(instant(day).AddDate(0, 0, -1))
		if next, err := c.Add(yesterday, 1); err == nil && next != rolled {
			t.Fatalf("%s rolls to %s, but the next working day is %s", day, rolled, next)
		}
	})
}

func TestYearsAreSorted(t *testing.T) {
	if !slices.IsSorted(StateCouncil().Years()) || (Calendar{}).Years() != nil {
		t.Error(StateCouncil().Years())
	}
}
