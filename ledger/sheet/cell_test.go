package sheet

import (
	"testing"

	"yilu/ledger"
)

func TestParseAmount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		wan  bool
		want ledger.Amount
		ok   bool
	}{
		{"1234.5", false, 123450, true},
		{"１，２３４．５０", false, 123450, true},
		{"￥1 234.50元", false, 123450, true},
		{"0.000001", true, 1, true},
		{"0.0000001", true, 0, false},
		{"0.001", false, 0, false},
		{"54.270000000000003", false, 5427, true},
		{"54.269999999999996", false, 5427, true},
		{"1.2345E-2", true, 12345, true},
		{"2069.9858979999999", true, 2069985898, true},
		{"2069.98589799", true, 0, false},
		{"12.5万元", false, 12_500_000, true},
		{"1,000万", false, 1_000_000_000, true},
		{"300元", true, 30000, true},
		{"1,23", false, 0, false},
		{"-5", false, -500, true},
		{"#REF!", false, 0, false},
		{"1e999", false, 0, false},
		{"NaN", false, 0, false},
		{"约100", false, 0, false},
	} {
		got, bad := parseAmount(c.in, c.wan)
		if (bad == nil) != c.ok || got != c.want && c.ok {
			t.Errorf("parseAmount(%q, %v) = %d, %v", c.in, c.wan, got, bad)
		}
	}
}

func TestWordsOfAColumn(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"预付款": "advance", "预付": "advance", " 进 度 ": "progress", "结算": "final", "质保": "retention", "质量保证金": "retention", "一次付清": "whole", "advance": "advance",
		"尾款": "", "保证金": "", "付": "", "": "",
	} {
		if got, ok := Word("款项性质", ledger.PayStages, word); got != want || ok != (want != "") {
			t.Errorf("%q is %q, want %q", word, got, want)
		}
	}
	for column, list := range map[string]map[string]ledger.Text{"款项性质": ledger.PayStages, "支付方式": ledger.PayMethods} {
		seen := map[string]string{}
		for code, words := range Synonyms(column) {
			for _, word := range words {
				if _, own := lookup(list, word); own || seen[word] != "" || list[code].Zh == "" {
					t.Errorf("%s: %q of %s and %s", column, word, code, seen[word])
				}
				seen[word] = code
			}
		}
	}
}

func TestParseDay(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]ledger.Date{
		"2020-3-1": "2020-03-01", "2020/3/1": "2020-03-01", "2020.3.1": "2020-03-01", "2020年3月1日": "2020-03-01", "2020年3月1号": "2020-03-01", "20200301": "2020-03-01",
		"２０２０－３－１": "2020-03-01", "43891": "2020-03-01", "43891.75": "2020-03-01", "2020-03-01 00:00:00": "2020-03-01", "2020-02-29": "2020-02-29",
		"2020-02-30": "", "2020": "", "3月1日": "", "99999999": "", "2019-02-29": "", "2020-13-01": "",
	} {
		if got, bad := parseDay(in, false); got != want || (bad == nil) != (want != "") {
			t.Errorf("parseDay(%q) = %q, %v; want %q", in, got, bad, want)
		}
	}
}

func TestParsePeriod(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]ledger.Date{
		"2020/3-2020/6": {"2020-03-01", "2020-06-30"}, "2020年1月-2月": {"2020-01-01", "2020-02-29"}, "2020.3—2021.12": {"2020-03-01", "2021-12-31"},
		"2020年3月至2020年6月底": {"2020-03-01", "2020-06-30"}, "2020-03-05至2020-06-20": {"2020-03-05", "2020-06-20"}, "2020年": {"2020-01-01", "2020-12-31"},
		"2020/6-2020/3": {}, "6月底前": {}, "2020/0-2020/3": {},
	} {
		from, until, bad := parsePeriod(in)
		if (bad == nil) != (want[0] != "") || bad == nil && [2]ledger.Date{from, until} != want {
			t.Errorf("parsePeriod(%q) = %s %s, %v; want %v", in, from, until, bad, want)
		}
	}
}

// TestTurned: what copies carry to turn the direction of text is left out, as nobody sees it.
func TestTurned(t *testing.T) {
	t.Parallel()
	if got := clean("\u202d道路\u202c 001"); got != "道路 001" {
		t.Errorf("clean: %q", got)
	}
	if got, bad := parseAmount("\u202d1,234.50\u202c", false); bad != nil || got != 123450 {
		t.Errorf("amount: %s %v", got, bad)
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"=1+1", "+86", "-a", "@x", "＝1", "＋1", "－1", "＠x"} {
		if s != "+86" && guard(s) != "'"+s {
			t.Errorf("guard(%q) = %q", s, guard(s))
		}
		if got := clean(guard(s)); got != s {
			t.Errorf("clean(guard(%q)) = %q", s, got)
		}
	}
	for _, s := range []string{"-5.00", "1+1", "", "'quoted'"} {
		if guard(s) != s || clean(s) != s {
			t.Errorf("guard(%q) = %q, clean %q", s, guard(s), clean(s))
		}
	}
}
