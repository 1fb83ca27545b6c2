package fact

import (
	"testing"

	"yilu/ledger"
)

func TestPeriodStart(t *testing.T) {
	t.Parallel()
	for period, want := range map[string]ledger.Date{
		"": "2020-05-06", "2020": "2020-01-01", "2020-Q1": "2020-01-01", "2020-Q2": "2020-04-01", "2020-Q3": "2020-07-01", "2020-Q4": "2020-10-01",
		"2020-01": "2020-01-01", "2019-12": "2019-12-01",
	} {
		if got := periodStart(period, "2020-05-06"); got != want {
			t.Errorf("%q begins on %s, want %s", period, got, want)
		}
	}
}

// TestAge: a year is full on the birthday, of a leap day on the first of March.
func TestAge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id   string
		on   ledger.Date
		want string
	}{
		{"411025199001010012", "2019-12-31", "29"}, {"411025199001010012", "2020-01-01", "30"},
		{"41102519720229004X", "2020-02-28", "47"}, {"41102519720229004X", "2020-02-29", "48"},
		{"41102519720229004X", "2021-02-28", "48"}, {"41102519720229004X", "2021-03-01", "49"},
		{"", "2020-01-01", ""}, {"411025199001010013", "2020-01-01", ""},
	} {
		s := &subject{e: &ledger.Entry{Draft: ledger.Draft{On: c.on, Sealed: map[string]string{"id_number": c.id}}}}
		if got := personAge(s); got.IsZero() != (c.want == "") || !got.IsZero() && got.String() != c.want {
			t.Errorf("born by %q, on %s: %s, want %s", c.id, c.on, got, c.want)
		}
	}
}
