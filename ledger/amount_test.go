package ledger

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseAmount(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Amount{
		"0": 0, "0.00": 0, "0.01": 1, "-0.05": -5, "1": 100, "1234.56": 123456, "-1234": -123400,
		"9999999999999999.99": 999999999999999999,
	} {
		got, err := ParseAmount(s)
		if err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "-", ".", "-.", "1.", ".10", "1.2", "1.234", "01", "00", "-0", "-0.00", "+1", " 1", "1 ", "1,000", "1e3", "0x10", "NaN", "Infinity",
		"１", "1.２3", "--1", "1.-1", "1.2.3", "10000000000000000", "1\x00", "壹元整",
	} {
		if got, err := ParseAmount(s); err == nil {
			t.Errorf("%q is taken as %d", s, got)
		}
	}
}

func TestParseWan(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Amount{
		"0": 0, "1": 1000000, "0.000001": 1, "1286.35": 1286350000, "1.0000000": 1000000, "0.0000000": 0, "1e2": 100000000,
		// The golden notices of domain §9: G1 and G4.
		"10549": 10549000000, "2101.905898": 2101905898, "2069.985898": 2069985898, "24.444082": 24444082, "-5.675918": -5675918,
	} {
		got, err := ParseWan(s)
		if err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"0.0000001", "1.0000005", "2101.9058981", "", "万", "1,000", "NaN", "sNaN", "Infinity", "-inf", "1e300", "1e-300", "10000000.000001", "１"} {
		if got, err := ParseWan(s); err == nil {
			t.Errorf("%q is taken as %d", s, got)
		}
	}
	// G1: five lines add up to the notice's total in 分.
	var sum Amount
	for _, s := range []string{"1245", "54", "50", "1200", "8000"} {
		a, err := ParseWan(s)
		if err != nil {
			t.Fatal(err)
		}
		sum += a
	}
	if sum != 10549000000 || sum.Wan() != "10549" {
		t.Errorf("G1 adds up to %d, %s", sum, sum.Wan())
	}
}

func TestParseYuan(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]Amount{"12.5": 1250, "12.500": 1250, "1E+3": 100000, "-0.01": -1, "007": 700} {
		got, err := ParseYuan(s)
		if err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{"0.001", "1.005", "100000000000.01", "-100000000000.01", "1e999999999"} {
		if got, err := ParseYuan(s); err == nil {
			t.Errorf("%q is taken as %d", s, got)
		}
	}
}

func TestAmountAsText(t *testing.T) {
	t.Parallel()
	for a, want := range map[Amount][3]string{
		0:             {"0.00", "0.00", "0"},
		5:             {"0.05", "0.05", "0.000005"},
		-5:            {"-0.05", "-0.05", "-0.000005"},
		99999:         {"999.99", "999.99", "0.099999"},
		100000:        {"1000.00", "1,000.00", "0.1"},
		1286350000:    {"12863500.00", "12,863,500.00", "1286.35"},
		-123456789:    {"-1234567.89", "-1,234,567.89", "-123.456789"},
		math.MaxInt64: {"92233720368547758.07", "92,233,720,368,547,758.07", "9223372036854.775807"},
		math.MinInt64: {"-92233720368547758.08", "-92,233,720,368,547,758.08", "-9223372036854.775808"},
	} {
		if diff := cmp.Diff(want, [3]string{a.String(), a.Comma(), a.Wan()}); diff != "" {
			t.Errorf("%d (-want +got):\n%s", int64(a), diff)
		}
	}
}

func TestAmountInJSON(t *testing.T) {
	t.Parallel()
	type paper struct{ A Amount }
	raw, err := json.Marshal(paper{123456})
	if err != nil || string(raw) != `{"A":"1234.56"}` {
		t.Errorf("%s %v", raw, err)
	}
	var p paper
	if err := json.Unmarshal([]byte(`{"A":"-1.00"}`), &p); err != nil || p.A != -100 {
		t.Errorf("%v %v", p, err)
	}
	for _, s := range []string{`{"A":1.5}`, `{"A":"NaN"}`, `{"A":"1.5"}`, `{"A":""}`} {
		if err := json.Unmarshal([]byte(s), &p); err == nil {
			t.Errorf("%s is taken as %s", s, p.A)
		}
	}
}

func TestAmountAdd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b, want Amount
		fits       bool
	}{
		{1, 2, 3, true}, {-1, 1, 0, true}, {math.MaxInt64, 0, math.MaxInt64, true}, {math.MaxInt64, 1, 0, false},
		{math.MinInt64, -1, 0, false}, {math.MinInt64, math.MaxInt64, -1, true}, {1, math.MaxInt64, 0, false},
	} {
		if got, fits := c.a.Add(c.b); got != c.want || fits != c.fits {
			t.Errorf("%d + %d = %d, %v", c.a, c.b, got, fits)
		}
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, whole Amount
		want     string
	}{
		{1045, 1245, "83.94%"}, // the vector of domain §3
		{1, 3, "33.33%"}, {2, 3, "66.67%"}, {1, 800, "0.13%"}, {1, 1600, "0.06%"}, {3, 3, "100.00%"}, {6, 3, "200.00%"}, {0, 3, "0.00%"},
		{-1, 800, "-0.13%"}, {1, 0, "—"}, {1, -5, "—"}, {math.MaxInt64, math.MaxInt64, "100.00%"},
		// G11 of domain §9: these four add up to 100.00 only before rounding to tenths.
		{1250, 20388, "6.13%"}, {5263, 20388, "25.81%"}, {13500, 20388, "66.22%"}, {375, 20388, "1.84%"},
		{436500, 500000, "87.30%"}, {299370, 527300, "56.77%"},
	} {
		if got := c.a.Percent(c.whole); got != c.want {
			t.Errorf("%d of %d is %s, want %s", c.a, c.whole, got, c.want)
		}
	}
}

// capitals are amounts in 大写: the one form we write, then other forms that
// notices use (支付结算办法 附一: 正, 圓 and traditional characters count as well).
var capitals = map[Amount][]string{
	0:          {"零元整", "零元", "零圆正"},
	1:          {"壹分"},
	50:         {"伍角", "伍角整", "零元伍角"},
	57:         {"伍角柒分"},
	100:        {"壹元整", "壹圆正", "壹圓整", "人民币壹元整", "人民币：壹元整", "人民币 壹元整"},
	1000:       {"壹拾元整", "拾元整"},
	140950:     {"壹仟肆佰零玖元伍角", "壹仟肆佰零玖元伍角整", "人民币壹仟肆佰零玖圆伍角正"},
	600714:     {"陆仟零柒元壹角肆分", "陸仟零柒圓壹角肆分"},
	1640902:    {"壹万陆仟肆佰零玖元零贰分", "壹萬陸仟肆佰零玖圓零貳分", "壹万陆仟肆佰零玖元零角贰分"},
	168032:     {"壹仟陆佰捌拾元零叁角贰分", "壹仟陆佰捌拾元叁角贰分"},
	10700053:   {"壹拾万柒仟元零伍角叁分", "壹拾万零柒仟元伍角叁分", "壹拾万零柒仟元零伍角叁分"},
	10549e6:    {"壹亿零伍佰肆拾玖万元整", "壹億零伍佰肆拾玖萬元整", "壹亿零伍佰肆拾玖万圆正"},
	2101905898: {"贰仟壹佰零壹万玖仟零伍拾捌元玖角捌分"},
	20000000500: {
		"贰亿零伍元整", "贰亿零伍元",
	},
	32504:          {"叁佰贰拾伍元零肆分"},
	10000100:       {"壹拾万零壹元整"},
	100203000:      {"壹佰万贰仟零叁拾元整", "壹佰万零贰仟零叁拾元整"},
	1002030000:     {"壹仟零贰万零叁佰元整"},
	10000001000:    {"壹亿零壹拾元整"},
	10001000000:    {"壹亿零壹万元整"},
	10000100000000: {"壹仟亿零壹佰万元整"},
	-168032:        {"负壹仟陆佰捌拾元零叁角贰分"},
}

func TestUpper(t *testing.T) {
	t.Parallel()
	for a, forms := range capitals {
		if got := a.Upper(); got != forms[0] {
			t.Errorf("%s is written %s, want %s", a, got, forms[0])
		}
		for _, s := range forms {
			if got, err := ParseUpper(s); (err != nil || got != a) && a <= MaxAmount {
				t.Errorf("%s is read as %s, %v; want %s", s, got, err, a)
			}
		}
	}
	// Sums may be larger than any entry.
	for a, want := range map[Amount]string{
		1e14:                "壹万亿元整",
		1_5000_0000_0000_00: "壹万伍仟亿元整",
		1_0003_0000_0000_00: "壹万零叁亿元整",
		2_0000_0000_0005_00: "贰万亿零伍元整",
		math.MinInt64:       "负玖亿贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零捌分",
	} {
		if got := a.Upper(); got != want {
			t.Errorf("%s is written %s, want %s", a, got, want)
		}
	}
}

func TestParseUpperRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "人民币", "元整", "整", "壹", "壹佰", "壹佰贰", "佰元整", "壹贰元整", "壹元贰元整", "壹角元", "壹分壹角", "壹拾拾元", "壹拾佰元", "壹佰壹仟元整",
		"壹万壹亿元整", "壹万壹万元整", "壹亿壹亿元整", "壹亿亿亿亿元整", "一百元整", "100元", "壹元整壹", "壹元x", "负", "壹仟零元负", "贰仟亿元整",
		strings.Repeat("壹亿", 40) + "元整",
	} {
		if got, err := ParseUpper(s); err == nil {
			t.Errorf("%q is taken as %s", s, got)
		}
	}
}

// TestUpperIsRead writes and reads amounts of every shape of zeros.
func TestUpperIsRead(t *testing.T) {
	t.Parallel()
	for _, digits := range []Amount{1, 10, 11, 100, 101, 110, 111, 9} {
		for _, scale := range []Amount{1, 10, 1e2, 1e3, 1e5, 1e6, 1e7, 1e9, 1e10} {
			for _, more := range []Amount{0, 3, 40, 500, 70000, 2000000, 10000000000} {
				a := digits*scale + more
				if got, err := ParseUpper(a.Upper()); err != nil || got != a {
					t.Errorf("%s is written %s and read as %s, %v", a, a.Upper(), got, err)
				}
			}
		}
	}
}
