package rule

import (
	"strings"
	"testing"
)

// refused says whether a rule with this condition fails to load, and why.
func refused(t *testing.T, when, why string, reads ...string) {
	t.Helper()
	_, err := tryCondition(t, when, reads...)
	if err == nil {
		t.Errorf("%s loads", when)
	} else if !strings.Contains(err.Error(), "P08.yaml: when: ") || !strings.Contains(err.Error(), why) {
		t.Errorf("%s: %v, want %q", when, err, why)
	}
}

func TestNumbersDoNotMix(t *testing.T) {
	refused(t, "entry.amount > 100", "no matching overload", "entry.amount")
	refused(t, "entry.amount > 100.0", "no matching overload", "entry.amount")
	refused(t, "entry.amount == 100", "no matching overload", "entry.amount")
	refused(t, "entry.amount * 2 > entry.amount", "no matching overload", "entry.amount")
	refused(t, "entry.amount in [1, 2]", "no matching overload", "entry.amount")
	refused(t, "tender.deadline > entry.on", "no matching overload", "tender.deadline", "entry.on")
}

func TestDoublesAndDynDoNotLoad(t *testing.T) {
	refused(t, "dyn(entry.amount) > 100", "undeclared reference to 'dyn'", "entry.amount")
	refused(t, "1.5 == 2.5", "double is not used in formulas")
	refused(t, "size([1.5]) == tender.bidders", "is not used in formulas", "tender.bidders")
	refused(t, "size([1, 'a']) == tender.bidders", "is not used in formulas", "tender.bidders")
	refused(t, "size([]) == tender.bidders", "is not used in formulas", "tender.bidders")
	refused(t, "entry.amount == null", "null_type is not used in formulas", "entry.amount")
	refused(t, "contract.id == null", "no matching overload", "contract.id")
	refused(t, "size({'a': 1}) == tender.bidders", "no matching overload", "tender.bidders")
	refused(t, "double(tender.bidders) > 1.0", "undeclared reference to 'double'", "tender.bidders")
	refused(t, "uint(tender.bidders) > 1u", "undeclared reference to 'uint'", "tender.bidders")
}

func TestNoDivisionNoRegex(t *testing.T) {
	refused(t, "tender.bidders / 2 > 1", "undeclared reference to '_/_'", "tender.bidders")
	refused(t, "entry.amount / entry.amount > entry.amount", "undeclared reference to '_/_'", "entry.amount")
	refused(t, "tender.bidders % 2 == 0", "undeclared reference to '_%_'", "tender.bidders")
	refused(t, "contract.id.matches('(a+)+$')", "undeclared reference to 'matches'", "contract.id")
}

func TestDecimalLiterals(t *testing.T) {
	for _, literal := range []string{"abc", "NaN", "Infinity", "1e400", "1E+3", "", "01", "1.", ".5", "+1", "1,000", strings.Repeat("9", 40)} {
		refused(t, "entry.amount > dec('"+literal+"')", "want plain digits", "entry.amount")
	}
	refused(t, "entry.amount > dec(contract.id)", "dec() takes a literal", "entry.amount", "contract.id")
	c := condition(t, "entry.amount == dec('300000') && entry.amount in [dec('300000.0')]", "entry.amount")
	if r := c.Eval(act(atTheLimit)); r.State != Flag {
		t.Errorf("300000.00 is not 300000: %+v", r)
	}
}

func TestSumsAreExactOrNotAtAll(t *testing.T) {
	a, b := must(ParseDecimal("0.1")), must(ParseDecimal("0.2"))
	if sum := a.Add(b).(*Decimal).String(); sum != "0.3" {
		t.Errorf("0.1 + 0.2 = %s", sum)
	}
	long := must(ParseDecimal("0.1234567890123456789012345678"))
	if product, rounded := long.Multiply(long).(*Decimal); rounded {
		t.Errorf("a product of 56 digits was rounded to %s", product)
	}
}

// TestUnknownDecidesOnlyWhereTheRestDoes is the trap of err == nil.
func TestUnknownDecidesOnlyWhereTheRestDoes(t *testing.T) {
	gone := atTheLimit.with("contract.amount", Value{})
	for _, test := range []struct {
		when  string
		state State
	}{
		{"contract.amount > entry.amount", NotEvaluable},
		{"!(contract.amount > entry.amount)", NotEvaluable},
		{"contract.amount == entry.amount", NotEvaluable},
		{"contract.amount != entry.amount", NotEvaluable},
		{"contract.amount in [entry.amount]", NotEvaluable},
		{"[contract.amount].exists(x, x == entry.amount)", NotEvaluable},
		{"contract.amount > entry.amount && entry.amount > dec('0')", NotEvaluable},
		{"contract.amount > entry.amount && entry.amount < dec('0')", Clear},
		{"entry.amount < dec('0') && contract.amount > entry.amount", Clear},
		{"contract.amount > entry.amount || entry.amount > dec('0')", Flag},
		{"contract.amount > entry.amount || entry.amount < dec('0')", NotEvaluable},
		{"contract.amount > entry.amount ? true : true", NotEvaluable},
		{"entry.amount > dec('0') ? true : contract.amount > entry.amount", Flag},
	} {
		c := condition(t, test.when, "contract.amount", "entry.amount")
		if r := c.Eval(act(gone)); r.State != test.state || (r.State == NotEvaluable && r.Reason != "field:contract.amount") {
			t.Errorf("%s: %s(%s), want %s", test.when, r.State, r.Reason, test.state)
		}
	}
}

func TestCostIsBounded(t *testing.T) {
	condition(t, "tender.bids.exists(x, tender.bids.exists_one(y, x == y))", "tender.bids")
	refused(t, "tender.bids.exists(x, tender.bids.exists(y, payee.names.exists(z, x == y && z == contract.id)))", "nesting limit", "tender.bids", "payee.names", "contract.id")
	refused(t, "payee.names.exists(x, payee.names.exists(y, sim(x, y) > dec('0.9')))", "it may take", "payee.names")
	refused(t, strings.Repeat("!(", 60)+"true"+strings.Repeat(")", 60), "recursion")
	refused(t, "contract.id == '"+strings.Repeat("长", 2100)+"'", "limit", "contract.id")

	c := condition(t, "tender.bids.exists(x, tender.bids.exists(y, x == y && x != y))", "tender.bids")
	many := make([]int64, 2000)
	for i := range many {
		many[i] = int64(i)
	}
	if r := c.Eval(act(atTheLimit.with("tender.bids", Fens(many)))); r.State != NotEvaluable || r.Reason != "error" || r.Err == nil {
		t.Errorf("a loop over 4 million pairs: %s(%s)", r.State, r.Reason)
	}
}

func TestInstants(t *testing.T) {
	c := condition(t, "tender.bid_at > tender.deadline", "tender.bid_at", "tender.deadline")
	for _, test := range []struct {
		name, bid, deadline string
		state               State
		reason              string
	}{
		{"one second late, across zones", "2020-03-18T01:00:01Z", "2020-03-18T09:00:00+08:00", Flag, ""},
		{"later as a string, earlier as an instant", "2020-03-18T09:59:00+09:00", "2020-03-18T09:00:00+08:00", Clear, ""},
		{"the same instant", "2020-03-18T01:00:00Z", "2020-03-18T09:00:00+08:00", Clear, ""},
		{"no offset", "2020-03-18T09:00:01", "2020-03-18T09:00:00+08:00", NotEvaluable, "zone"},
	} {
		bid, deadline := must(ParseValue(Instant, test.bid)), must(ParseValue(Instant, test.deadline))
		if r := c.Eval(act(atTheLimit.with("tender.bid_at", bid).with("tender.deadline", deadline))); r.State != test.state || r.Reason != test.reason {
			t.Errorf("%s: %s(%s), want %s(%s)", test.name, r.State, r.Reason, test.state, test.reason)
		}
	}
}

func TestWorkingDays(t *testing.T) {
	c := condition(t, "wd(entry.on, day(tender.deadline)) < 3", "entry.on", "tender.deadline")
	for _, test := range []struct {
		deadline string
		state    State
		reason   string
	}{
		{"2020-03-05T09:00:00+08:00", Clear, ""}, // from Monday the 2nd: 3, 4, 5
		{"2020-03-04T23:59:59+08:00", Flag, ""},
		{"2020-03-04T16:00:00Z", Clear, ""}, // already the 5th in Shanghai
		{"2021-01-04T09:00:00+08:00", NotEvaluable, "calendar:2021"},
	} {
		f := atTheLimit.with("tender.deadline", must(ParseValue(Instant, test.deadline)))
		if r := c.Eval(act(f)); r.State != test.state || r.Reason != test.reason {
			t.Errorf("%s: %s(%s) %v, want %s(%s)", test.deadline, r.State, r.Reason, r.Err, test.state, test.reason)
		}
	}
}

// panics is an input with a bug.
type panics struct{ facts }

func (p panics) Fact(name string) (Value, bool) {
	if name == "contract.paid" {
		panic("index out of range")
	}
	return p.facts.Fact(name)
}

func TestPanicHarmsNoOther(t *testing.T) {
	c := compileRule(t, Surroundings{})
	if r := c.Eval(act(panics{atTheLimit})); r.State != NotEvaluable || r.Reason != "error" || r.Err == nil {
		t.Errorf("%+v", r)
	}
	if r := c.Eval(act(atTheLimit)); r.State != Clear {
		t.Errorf("after the panic: %+v", r)
	}
}
