package alerts

import (
	"slices"
	"strings"
	"testing"
)

// TestRulesEasedBeforeAPayment: a payment that a rule would have hit before it was frozen
// is found by night, with how many days lie between; one after the days that count is not,
// nor one that the rule would have let pass anyway.
func TestRulesEasedBeforeAPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.at("2020-03-18T12:00:00")
	w.funded()
	w.at("2020-03-30T12:00:00")
	w.settle("ease", w.frozen("P13", "frozen"))
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	w.at("2020-04-06T12:00:00")
	w.post(w.draft("z2", w.request("Z2", 10000), maker))
	w.at("2020-04-07T03:00:00")
	w.wantCase("L15", "7", "P13", "参数或规则")
	c := w.find("L15")
	if c.Project != "P1" || !slices.Equal(c.Makers, []string{"u0", "u1"}) {
		t.Errorf("about project %q, of %q", c.Project, c.Makers)
	}
	if c.Level != "orange" || c.Zh != "规则与改动P13、参数或规则：改动生效后7天即有付款因此不作预警，线为7天，请核实" {
		t.Errorf("%+v", c)
	}

	late := newWorld(t)
	late.at("2020-03-18T12:00:00")
	late.funded()
	late.at("2020-03-30T12:00:00")
	late.settle("ease", late.frozen("P13", "frozen"))
	late.post(late.draft("z1", late.request("Z1", 10000), maker))
	late.at("2020-04-07T12:00:00")
	late.post(late.draft("z2", late.request("Z2", 10000), maker))
	late.at("2020-04-08T03:00:00")
	if got := late.cases(); slices.ContainsFunc(got, func(c string) bool { return strings.HasPrefix(c, "L15") }) {
		t.Errorf("eight days later: %q", got)
	}
}
