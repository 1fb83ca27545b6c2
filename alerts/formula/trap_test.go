package formula

import (
	"strings"
	"testing"
)

func TestNumbersDoNotMix(t *testing.T) {
	refuse(t, "entry.amount > 100", "no matching overload")
	refuse(t, "entry.amount > 100.0", "no matching overload")
	refuse(t, "entry.amount == 100", "no matching overload")
	refuse(t, "entry.amount * 2 > entry.amount", "no matching overload")
	refuse(t, "entry.amount in [1, 2]", "no matching overload")
	refuse(t, "tender.deadline > entry.on", "no matching overload")
	refuse(t, "entry.on == entry.amount", "no matching overload")
	refuse(t, "entry.amount", "want [bool]")
}

func TestDoublesAndDynDoNotCompile(t *testing.T) {
	refuse(t, "dyn(entry.amount) > 100", "undeclared reference to 'dyn'")
	refuse(t, "1.5 == 2.5", "double is not used in formulas")
	refuse(t, "size([1.5]) == tender.bidders", "is not used in formulas")
	refuse(t, "size([1, 'a']) == tender.bidders", "is not used in formulas")
	refuse(t, "size([]) == tender.bidders", "is not used in formulas")
	refuse(t, "size({'a': 1}) == tender.bidders", "no matching overload")
	refuse(t, "entry.amount == null", "null_type is not used in formulas")
	refuse(t, "contract.id == null", "no matching overload")
	refuse(t, "double(tender.bidders) > 1.0", "undeclared reference to 'double'")
	refuse(t, "uint(tender.bidders) > 1u", "undeclared reference to 'uint'")
	refuse(t, "type(entry.amount) == type(entry.amount)", "undeclared reference to 'type'")
	refuse(t, "has(entry.amount)", "")
}

func TestNoDivisionNoRegex(t *testing.T) {
	refuse(t, "tender.bidders / 2 > 1", "undeclared reference to '_/_'")
	refuse(t, "entry.amount / entry.amount > entry.amount", "undeclared reference to '_/_'")
	refuse(t, "tender.bidders % 2 == 0", "undeclared reference to '_%_'")
	refuse(t, "contract.id.matches('(a+)+$')", "undeclared reference to 'matches'")
	refuse(t, "tender.bids[0] == entry.amount", "undeclared reference to '_[_]'")
}

func TestDecimalLiterals(t *testing.T) {
	for _, literal := range []string{"abc", "NaN", "Infinity", "1e400", "1E+3", "", "01", "1.", ".5", "+1", "1,000", strings.Repeat("9", 40)} {
		refuse(t, "entry.amount > dec('"+literal+"')", "want plain digits")
	}
	refuse(t, "entry.amount > dec(contract.id)", "dec() takes a literal")
	for _, equal := range []string{"entry.amount == dec('300000')", "entry.amount in [dec('300000.0')]", "!(entry.amount != dec('300000.000'))"} {
		if got := eval(t, equal, ordinary); got != "true" {
			t.Errorf("%s is %s", equal, got)
		}
	}
}

func TestSumsAreExactOrNotAtAll(t *testing.T) {
	if got := eval(t, "dec('0.1') + dec('0.2') == dec('0.3')", ordinary); got != "true" {
		t.Errorf("0.1 + 0.2 == 0.3 is %s", got)
	}
	long := ordinary.with("entry.amount", Number(must(ParseDecimal("0.1234567890123456789012345678"))))
	for _, text := range []string{
		"entry.amount * entry.amount > dec('0')",
		"dec('123456789012345678901') + entry.amount > dec('0')",
		"dec('123456789012345678901') - entry.amount > dec('0')",
	} {
		if got := eval(t, text, long); got != "error" {
			t.Errorf("%s is %s, though it has more than 38 digits", text, got)
		}
	}
}

// TestUnknownDecidesOnlyWhereTheRestDoes is the trap of err == nil.
func TestUnknownDecidesOnlyWhereTheRestDoes(t *testing.T) {
	const missing = "field:contract.amount"
	for _, test := range []struct{ text, want string }{
		{"contract.amount > entry.amount", missing},
		{"!(contract.amount > entry.amount)", missing},
		{"contract.amount == entry.amount", missing},
		{"contract.amount != entry.amount", missing},
		{"contract.amount in [entry.amount]", missing},
		{"entry.amount in [contract.amount]", missing},
		{"[contract.amount].exists(x, x == entry.amount)", missing},
		{"contract.amount > entry.amount && entry.amount > dec('0')", missing},
		{"contract.amount > entry.amount && entry.amount < dec('0')", "false"},
		{"entry.amount < dec('0') && contract.amount > entry.amount", "false"},
		{"contract.amount > entry.amount || entry.amount > dec('0')", "true"},
		{"contract.amount > entry.amount || entry.amount < dec('0')", missing},
		{"contract.amount > entry.amount ? true : true", missing},
		{"entry.amount > dec('0') ? true : contract.amount > entry.amount", "true"},
		{"contract.amount > entry.amount || tender.bidders > 1", missing + ", field:tender.bidders"},
		{"tender.bids.all(x, x > entry.amount)", "field:tender.bids"},
		{"sim(contract.id, contract.id) == contract.amount", missing},
	} {
		if got := eval(t, test.text, ordinary.without("contract.amount")); got != test.want {
			t.Errorf("%s is %s, want %s", test.text, got, test.want)
		}
	}
}

func TestCostIsBounded(t *testing.T) {
	refuse(t, "tender.bids.exists(x, tender.bids.exists(y, payee.names.exists(z, x == y && z == contract.id)))", "nesting limit")
	refuse(t, "payee.names.exists(x, payee.names.exists(y, sim(x, y) > dec('0.9')))", "it may take")
	refuse(t, strings.Repeat("!(", 60)+"true"+strings.Repeat(")", 60), "recursion")
	refuse(t, "contract.id == '"+strings.Repeat("长", 2100)+"'", "limit")

	pairs := must(compile(t, "tender.bids.exists(x, tender.bids.exists(y, x == y && x != y))"))
	many := make([]int64, 2000)
	for i := range many {
		many[i] = int64(i)
	}
	if got := outcome(pairs, ordinary.with("tender.bids", Fens(many[:200]))); got != "false" {
		t.Errorf("a loop over 40,000 pairs: %s", got)
	}
	if got := outcome(pairs, ordinary.with("tender.bids", Fens(many))); got != "error" {
		t.Errorf("a loop over 4 million pairs: %s", got)
	}
}

func TestInstants(t *testing.T) {
	for _, test := range []struct{ name, bid, want string }{
		{"one second late, across zones", "2020-03-18T01:00:01Z", "true"},
		{"later as a string, earlier as an instant", "2020-03-18T09:59:00+09:00", "false"},
		{"the same instant", "2020-03-18T01:00:00Z", "false"},
		{"no offset", "2020-03-18T09:00:01", "zone"},
	} {
		in := ordinary.with("tender.bid_at", must(ParseValue(Instant, test.bid))).with("tender.deadline", must(ParseValue(Instant, "2020-03-18T09:00:00+08:00")))
		if got := eval(t, "tender.bid_at > tender.deadline", in); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestWorkingDays(t *testing.T) {
	for deadline, want := range map[string]string{
		"2020-03-05T09:00:00+08:00": "false", // from Monday the 2nd: 3, 4, 5
		"2020-03-04T23:59:59+08:00": "true",
		"2020-03-04T16:00:00Z":      "false", // already the 5th in Shanghai
		"2021-01-04T09:00:00+08:00": "calendar:2021",
	} {
		in := ordinary.with("tender.deadline", must(ParseValue(Instant, deadline)))
		if got := eval(t, "wd(entry.on, day(tender.deadline)) < 3", in); got != want {
			t.Errorf("%s: %s, want %s", deadline, got, want)
		}
	}
	none := must(must(NewLanguage(nil)).With(known))
	f := must(none.Compile("wd(entry.on, entry.on) < 3", Bool))
	if got := outcome(f, ordinary); got != "calendar:2020" {
		t.Errorf("without any calendar: %s", got)
	}
}

func TestTexts(t *testing.T) {
	in := ordinary.with("payee.names", Strings([]string{"华益建筑有限公司"}))
	for text, want := range map[string]string{
		"norm('华益 建筑有限公司') == '华益建筑'":                                    "true",
		"payee.names.exists(n, norm(n) == '华益建筑')":                       "true",
		"payee.names.exists(n, sim(n, '华益建筑') >= dec('0.85'))":           "true",
		"holds('购置办公楼', ['公务用车', '办公楼'])":                                "true",
		"holds('办公', ['公务用车', '办公楼'])":                                   "false",
		"begins('30215', ['30212', '302'])":                              "true",
		"begins('x302', ['30212', '302']) || holds('', payee.names)":     "false",
		"contract.id.startsWith('K') && size(contract.id) == 2":          "true",
		"months(entry.on, entry.on) == 0 && dd(entry.on, entry.on) == 0": "true",
	} {
		if got := eval(t, text, in); got != want {
			t.Errorf("%s is %s", text, got)
		}
	}
}
