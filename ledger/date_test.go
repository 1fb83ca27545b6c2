package ledger

import (
	"encoding/json"
	"testing"
	"time"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"2020-03-18", "2020-02-29", "1949-10-01", "2199-12-31"} {
		if d, err := ParseDate(s); err != nil || string(d) != s {
			t.Errorf("%q: %q %v", s, d, err)
		}
	}
	for _, s := range []string{"", "2020-2-3", "2019-02-29", "2020-13-01", "2020-00-10", "1948-12-31", "2200-01-01", "20200318", "2020/03/18", "2020-03-18 ", "2020-03-18T00:00:00Z", "二〇二〇-03-18"} {
		if d, err := ParseDate(s); err == nil {
			t.Errorf("%q is taken as %q", s, d)
		}
	}
}

func TestDateOfIsTheDayInShanghai(t *testing.T) {
	t.Parallel()
	for instant, want := range map[string]Date{
		"2020-03-17T15:59:59Z":      "2020-03-17",
		"2020-03-17T16:00:00Z":      "2020-03-18",
		"2020-03-18T00:00:00+08:00": "2020-03-18",
		"2019-12-31T20:00:00-05:00": "2020-01-01",
	} {
		at, err := time.Parse(time.RFC3339, instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := DateOf(at); got != want {
			t.Errorf("%s is %s, want %s", instant, got, want)
		}
	}
}

func TestMonth(t *testing.T) {
	t.Parallel()
	if m := Date("2020-03-18").Month(); m != "2020-03" {
		t.Error(m)
	}
	if m := Date("").Month(); m != "" {
		t.Error(m)
	}
}

func TestDateInJSON(t *testing.T) {
	t.Parallel()
	var d Date
	if err := json.Unmarshal([]byte(`"2020-03-18"`), &d); err != nil || d != "2020-03-18" {
		t.Error(d, err)
	}
	for _, s := range []string{`""`, `"2020-02-30"`, `20200318`} {
		if err := json.Unmarshal([]byte(s), &d); err == nil {
			t.Errorf("%s is taken", s)
		}
	}
}
