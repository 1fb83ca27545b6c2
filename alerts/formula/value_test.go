package formula

import (
	"strings"
	"testing"
	"time"
)

func TestParseDecimal(t *testing.T) {
	for _, text := range []string{"0", "0.00", "-0.01", "1250.00", "100000000000.00", "12345678901234567890123456789.01"} {
		d, err := ParseDecimal(text)
		if err != nil || d.String() != text {
			t.Errorf("%s is read as %v, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "NaN", "Infinity", "-Infinity", "1e400", "1E+3", "+1", "01", "1.", ".5", "1,000", " 1", "1 ", "１", "0x10", strings.Repeat("9", 33)} {
		if d, err := ParseDecimal(text); err == nil {
			t.Errorf("%q is read as %s", text, d)
		}
	}
}

func FuzzParseDecimal(f *testing.F) {
	for _, text := range []string{"0", "-1.50", "NaN", "1e9", "999999999999999999999999999999.99"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDecimal(text)
		if err != nil {
			return
		}
		if d.String() != text && text != "-0" && !strings.HasPrefix(text, "-0.") {
			t.Fatalf("%q is written as %q", text, d)
		}
		double, ok := d.Add(d).(*Decimal)
		if !ok || double.Subtract(d).(*Decimal).Cmp(d) != 0 {
			t.Fatalf("%s + %s is not exact", d, d)
		}
		d.Yuan()
		d.Percent()
	})
}

func TestWrittenForPeople(t *testing.T) {
	for text, want := range map[string]string{
		"0": "0.00", "1": "1.00", "999.5": "999.50", "1000": "1,000.00", "1234567.891": "1,234,567.89",
		"-1234567.89": "-1,234,567.89", "-123.4": "-123.40", "100000000000.00": "100,000,000,000.00", "0.999": "0.99",
	} {
		if got := must(ParseDecimal(text)).Yuan(); got != want {
			t.Errorf("%s is written %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{"0.30": "30%", "0.305": "30.5%", "1": "100%", "0": "0%", "0.0005": "0.05%", "1.20": "120%", "-0.1": "-10%"} {
		if got := must(ParseDecimal(text)).Percent(); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	if got := True(true).Show(Bool, Chinese) + True(false).Show(Bool, English) + True(true).String(); got != "是notrue" {
		t.Error(got)
	}
	if got := Strings([]string{"a", "b"}).Show(Texts, Chinese) + Fens([]int64{100, 123456}).Show(Amounts, English); got != "a、b1.00, 1,234.56" {
		t.Error(got)
	}
	if got := (Value{}).Show(Amount, Chinese) + (Value{}).Show(Amount, English); got != "（缺）(missing)" {
		t.Error(got)
	}
	if got := At(time.Date(2020, 3, 18, 1, 0, 1, 500_000_000, time.UTC)).String(); got != "2020-03-18T09:00:01.5+08:00" {
		t.Error(got)
	}
}

func TestParseValue(t *testing.T) {
	for _, test := range []struct {
		of    Type
		texts []string
		want  string // "" is refused
	}{
		{Amount, []string{"12.50"}, "12.50"}, {Amount, []string{"12,50"}, ""}, {Amount, nil, ""}, {Amount, []string{"1", "2"}, ""},
		{Share, []string{"0.1"}, "0.1"}, {Count, []string{"3"}, "3"}, {Count, []string{"03"}, ""}, {Days, []string{"1.5"}, ""},
		{Text, []string{""}, ""}, {Texts, []string{"a", "b"}, "a, b"}, {Civil, []string{"2020-02-29"}, "2020-02-29"},
		{Civil, []string{"2021-02-29"}, ""}, {Bool, []string{"true"}, "true"}, {Bool, []string{"yes"}, ""},
		{Amounts, []string{"1.00", "2.00"}, "1.00, 2.00"}, {Amounts, []string{"x"}, ""}, {"money", []string{"1"}, ""},
		{Instant, []string{"2020-03-18"}, ""}, {Instant, []string{"2020-03-18T01:00:00Z"}, "2020-03-18T09:00:00+08:00"},
	} {
		v, err := ParseValue(test.of, test.texts...)
		if (err != nil) != (test.want == "" && test.of != Text) || err == nil && v.String() != test.want {
			t.Errorf("%s %q: %s, %v, want %q", test.of, test.texts, v, err, test.want)
		}
	}
	if v := must(ParseValue(Instant, "2020-03-18T09:00:00")); v.Reason() != "zone" {
		t.Errorf("an instant without offset: %q", v.Reason())
	}
}

func TestValues(t *testing.T) {
	if !Number(must(ParseDecimal("1"))).Equal(Yuan(100)) || Yuan(100).Equal(Yuan(101)) || Yuan(100).Equal(Value{}) || !(Value{}).Equal(Value{}) {
		t.Error("values do not compare by value")
	}
	if !String("a").Holds("a") || !Strings([]string{"b", "a"}).Holds("a") || Strings(nil).Holds("") || Yuan(1).Holds("1") {
		t.Error("Holds")
	}
	for of, v := range map[Type]Value{
		Amount: Yuan(1), Share: Yuan(1), Count: Whole(1), Text: String(""), Texts: Strings(nil), Amounts: Fens(nil),
		Civil: On(1), Instant: At(time.Time{}), Bool: True(true), Days: Unfit("dates"),
	} {
		if !v.Is(of) || (v.Reason() == "" && v.Is("money")) || (Value{}).Is(of) {
			t.Errorf("%s is not %s", v, of)
		}
	}
	if Yuan(1).Is(Text) || String("1").Is(Amount) || Whole(1).Is(Amount) {
		t.Error("types are mixed up")
	}
	if n, ok := Whole(3).Int(); n != 3 || !ok {
		t.Error("Int")
	}
	if _, ok := Yuan(3).Int(); ok {
		t.Error("an amount is a whole number")
	}
}

func TestDays(t *testing.T) {
	for _, test := range []struct {
		from, to string
		dd, mo   int64
	}{
		{"2020-08-09", "2020-08-19", 10, 0},
		{"2020-02-28", "2020-03-01", 2, 0},
		{"2020-01-31", "2020-02-29", 29, 1},
		{"2021-01-31", "2021-02-28", 28, 1},
		{"2020-01-31", "2020-02-28", 28, 0},
		{"2020-03-15", "2021-03-14", 364, 11},
		{"2020-03-15", "2021-03-15", 365, 12},
		{"2020-03-15", "2020-03-15", 0, 0},
		{"2020-03-15", "2020-02-15", -29, -1},
		{"1965-01-01", "1965-02-01", 31, 1},
	} {
		a, b := day(test.from), day(test.to)
		if dd, mo := (Value{daysBetween(a, b)}), (Value{monthsBetween(a, b)}); !dd.Equal(Whole(test.dd)) || !mo.Equal(Whole(test.mo)) {
			t.Errorf("%s to %s: %s days, %s months, want %d, %d", a, b, dd, mo, test.dd, test.mo)
		}
	}
	for d := day("2019-12-25"); d < day("2020-03-05"); d++ {
		for n := range 30 {
			later := d.AddMonths(n)
			if m := (Value{monthsBetween(d, later)}); !m.Equal(Whole(int64(n))) {
				t.Errorf("%s and %d months is %s, %s months later", d, n, later, m)
			}
			if m := (Value{monthsBetween(d, later-1)}); n > 0 && m.Equal(Whole(int64(n))) {
				t.Errorf("%d months from %s end before %s", n, d, later)
			}
		}
	}
	late := time.Date(2020, 3, 1, 23, 30, 0, 0, time.UTC)
	if DayOf(late) != day("2020-03-02") || day("1965-01-01").String() != "1965-01-01" {
		t.Error("days are not those of Shanghai")
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"淮滨县 华益建筑有限公司": "淮滨县华益建筑", "华益（集团）": "华益(集团)", "ＡＢＣ有限责任公司": "abc", "公司": "公司",
		"王店乡\u3000农民专业合作社": "王店乡", "": "",
	} {
		if got := NormalName(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, test := range []struct{ a, b, want string }{
		{"淮滨华益建筑有限公司", "淮滨华益建筑有限责任公司", "1.0000"},
		{"华益建筑", "", "0"},
		{"", "", "0"},
		{"abcd", "abce", "0.4285"}, // 3 of 7, as pg_trgm has it
		{"道路硬化", "道路硬化工程", "0.5000"},
	} {
		if got := Similarity(test.a, test.b); got.Cmp(must(ParseDecimal(test.want))) != 0 {
			t.Errorf("%s, %s: %s, want %s", test.a, test.b, got, test.want)
		}
	}
}
