package workday

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func builtInDays(t testing.TB) []Day {
	t.Helper()
	days, err := Read(bytes.NewReader(builtIn))
	if err != nil {
		t.Fatal(err)
	}
	return days
}

// TestNoticesChangeTheWeek: a make-up day falls on a weekend, except where it
// takes back an earlier notice. A slip of the pen would show here.
func TestNoticesChangeTheWeek(t *testing.T) {
	for _, d := range builtInDays(t) {
		if weekday := instant(d.On).Weekday(); d.Work && weekday != 0 && weekday != 6 {
			t.Errorf("%s is worked anyway", d.On)
		}
		if !strings.Contains(d.Source, "gov.cn/") || !strings.HasPrefix(string(d.Notice), "国办发明电〔") {
			t.Errorf("%s: %s, %s", d.On, d.Notice, d.Source)
		}
	}
}

const good = "2020-02-01,休,春节,国办发明电〔2020〕1号,http://www.gov.cn/zhengce/content/2020-01/27/content_5472352.htm\n"

func TestReadNamesAllBadRows(t *testing.T) {
	head := strings.Join(columns, ",") + "\n"
	for _, c := range []struct {
		name, file string
		want       []BadRow // without their texts
	}{
		{"empty", "", []BadRow{{Line: 1}}},
		{"only the head", head, []BadRow{{Line: 1}}},
		{"no head", good, []BadRow{{Line: 1}}},
		{"not UTF-8", head + "2020-02-01,\xd0\xdd,\n", []BadRow{{Line: 1}}},
		{"too long", head + strings.Repeat(good, 20_000), []BadRow{{Line: 1}}},
		{"too few columns", head + good + "2020-02-02,休\n" + "2020-02-02\n", []BadRow{{Line: 3}, {Line: 4}}},
		{"several in a row", head + "2020-2-1,rest,,国办发明电[2020]1号,www.gov.cn\n",
			[]BadRow{{Line: 2, Column: "day"}, {Line: 2, Column: "status"}, {Line: 2, Column: "holiday"}, {Line: 2, Column: "notice"}, {Line: 2, Column: "source"}}},
		{"no such day", head + strings.Replace(good, "02-01", "02-30", 1), []BadRow{{Line: 2, Column: "day"}}},
		{"blanks", head + strings.Replace(good, "休", " 休", 1), []BadRow{{Line: 2, Column: "status"}}},
		{"hidden sign", head + strings.Replace(good, "春节", "春\u200b节", 1), []BadRow{{Line: 2, Column: "holiday"}}},
		{"twice", head + good + "\n" + good, []BadRow{{Line: 4, Column: "day"}}},
		{"quote", head + good + "\"2020-02-02,休\n", []BadRow{{Line: 3}}},
		{"script", head + strings.Replace(good, "http:", "javascript:", 1), []BadRow{{Line: 2, Column: "source"}}},
	} {
		days, err := Read(strings.NewReader(c.file))
		bad := (*BadFile)(nil)
		if !errors.As(err, &bad) || days != nil {
			t.Errorf("%s: %v, %v", c.name, days, err)
			continue
		}
		for i, r := range bad.Rows {
			if r.Zh == "" || r.En == "" {
				t.Errorf("%s: row %d does not say what would be right", c.name, r.Line)
			}
			bad.Rows[i].Zh, bad.Rows[i].En = "", ""
		}
		if diff := cmp.Diff(c.want, bad.Rows); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestReadTakesWhatSpreadsheetsWrite(t *testing.T) {
	file := "\xEF\xBB\xBF" + strings.ReplaceAll(strings.Join(columns, ",")+"\n"+good, "\n", "\r\n")
	days, err := Read(strings.NewReader(file))
	want := []Day{{"2020-02-01", false, "春节", "国办发明电〔2020〕1号", "http://www.gov.cn/zhengce/content/2020-01/27/content_5472352.htm"}}
	if diff := cmp.Diff(want, days); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// FuzzRead: what is taken can be written and read again, and a calendar either
// takes it or says what contradicts; what is refused names a line.
func FuzzRead(f *testing.F) {
	f.Add(builtIn[:2000])
	f.Add([]byte(strings.Join(columns, ",") + "\n" + good))
	f.Add([]byte("day,status\n\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		days, err := Read(bytes.NewReader(data))
		if err != nil {
			if bad := (*BadFile)(nil); !errors.As(err, &bad) || len(bad.Rows) == 0 || bad.Rows[0].Line < 1 || err.Error() == "" {
				t.Fatalf("refused without a place: %v", err)
			}
			return
		}
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		lines := [][]string{columns}
		for _, d := range days {
			lines = append(lines, []string{string(d.On), status(d.Work), d.Holiday, string(d.Notice), d.Source})
		}
		if err := w.WriteAll(lines); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&out)
		if diff := cmp.Diff(days, again); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
		if _, err := StateCouncil().With(days...); err != nil && !errors.Is(err, ErrConflict) {
			t.Fatal(err)
		}
	})
}
