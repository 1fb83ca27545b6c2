package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The figures of story, by hand: P1 is given 800,000 and pays 1,000.00 and 500
// of grants of which 100 come back, 250.50 that are reversed, and a yuan for each
// further payment; P2 is given 2,000 by a unit that got 5,000 of the hand; 3,000
// go back to the province.
func wantFigures(payments int) ([]fundFigure, []projectFigure) {
	paid := fen(1400_00 + 100*payments)
	return []fundFigure{{"F1", "1000000.00", "192000.00", (805000_00 - paid).String(), paid.String(), "3000.00"}},
		[]projectFigure{
			{"P1", "950000.00", "800000.00", "250.50", paid.String(), "500000.00"},
			{"P2", "0.00", "2000.00", "0.00", "0.00", "0.00"},
		}
}

// payments counts those of story beyond the first two.
func payments(c *county) (n int) {
	for _, leaf := range c.leaves {
		if bytes.Contains(leaf, []byte(`"amount":"1.00","fund":"F1","payee"`)) {
			n++
		}
	}
	return n
}

// What entries may not say, though every hash is right.
func TestEntriesAreJudged(t *testing.T) {
	k := newKeys(t, "")
	for _, tc := range []struct {
		name string
		do   func(c *county)
		want string
	}{
		{"two persons missing", func(c *county) { c.post(act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`)) }, "only by a second person"},
		{"self approval", func(c *county) {
			c.approve("9", c.made("9", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`)), "u1")
		}, "approves what they submitted themselves"},
		{"approved twice", func(c *county) {
			hash := c.made("9", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`))
			c.approve("9", hash, "u2")
			c.approve("9", hash, "u2")
		}, "not open"},
		{"other content approved", func(c *county) {
			c.made("9", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`))
			c.approve("9", b64(make([]byte, 32)), "u2")
		}, "other content"},
		{"paid without approval", func(c *county) {
			c.post(act("X", "payment.requested", "u1", "", `{"amount":"1.00","fund":"F1","payment":"X","project":"P1"}`))
			c.post(act("Y", "payment.paid", "u3", "", `{"payment":"X"}`))
		}, "not approved"},
		{"requester approves", func(c *county) {
			hash := c.post(act("X", "payment.requested", "u1", "", `{"amount":"1.00","fund":"F1","payment":"X","project":"P1"}`))
			c.post(act("Y", "payment.approved", "u1", "", `{"hash":"`+b64(hash[:])+`","payment":"X"}`))
		}, "approves what they requested themselves"},
		{"paid twice", func(c *county) { c.post(act("X", "payment.paid", "u3", "", `{"payment":"PAY-1"}`)) }, "paid already"},
		{"more than allocated", func(c *county) { c.pay("X", "P1", "F1", "799999.99") }, "project P1 has 800000.00 yuan of fund F1"},
		{"more than received", func(c *county) {
			c.submit("9", act("X", "fund.allocated", "u1", "", `{"amount":"300000.00","fund":"F1","unit":"U"}`))
		}, "what is in hand of fund F1 is 200000.00 yuan"},
		{"more than approved", func(c *county) {
			c.submit("9", act("X", "fund.allocated", "u1", "", `{"amount":"150000.00","fund":"F1","project":"P1"}`))
		}, "approved for 900000.00 yuan of fund F1"},
		{"returned beyond paid", func(c *county) {
			c.post(act("X", "payment.returned", "u3", "", `{"amount":"1000.01","payment":"PAY-1","reason":"returned"}`))
		}, "of 1000.00"},
		{"no such fund", func(c *county) {
			c.submit("9", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F9"}`))
		}, `fund "F9"`},
		{"no such project", func(c *county) {
			c.submit("9", act("X", "fund.allocated", "u1", "", `{"amount":"1.00","fund":"F1","project":"P9"}`))
		}, `there is no project "P9"`},
		{"listed twice", func(c *county) { c.post(act("X", "project.listed", "u1", "", `{"project":"P2"}`)) }, "project P2 is listed twice"},
		{"reversed twice", func(c *county) {
			c.submit("9", act("X", "entry.reversed", "u1", "8", `{"reason":"amount"}`), act("Y", "entry.reversed", "u1", "8", `{"reason":"amount"}`))
		}, "entry 8 is reversed a second time"},
		{"reversal of nothing", func(c *county) {
			c.made("8", act("X", "fund.adjusted", "u1", "", `{"amount":"1.00","fund":"F1"}`))
			c.submit("9", act("Y", "entry.reversed", "u1", fmt.Sprint(len(c.leaves)-1), `{"reason":"amount"}`))
		}, "never had effect"},
		{"a change with another after it", func(c *county) {
			first := c.change("7", "910000.00")
			c.change("8", "920000.00")
			c.submit("9", act("Y", "entry.reversed", "u1", fmt.Sprint(first), `{"reason":"other"}`))
		}, "it is not the last change that stands"},
		{"a change whose budget is used", func(c *county) {
			first := c.change("7", "960000.00")
			c.submit("8", act("X", "fund.allocated", "u1", "", `{"amount":"155000.00","document":"文","fund":"F1","project":"P1"}`))
			c.submit("9", act("Y", "entry.reversed", "u1", fmt.Sprint(first), `{"reason":"other"}`))
		}, "approved for"},
		{"corrects itself", func(c *county) {
			c.post(act("X", "document.filed", "u1", fmt.Sprint(len(c.leaves)), `{"title":"x"}`))
		}, "which is not before it"},
		{"corrects what stands", func(c *county) { c.post(act("X", "document.filed", "u1", "3", `{"title":"x"}`)) }, "was not reversed"},
		{"lines missing", func(c *county) { c.submit("9", grants("X", "P1", "F1", 3)[:3]...) }, "ends before the lines"},
		{"lines of another sum", func(c *county) {
			acts := grants("X", "P1", "F1", 3)
			acts[0] = strings.Replace(acts[0], `"300.00"`, `"301.00"`, 1)
			c.submit("9", acts...)
		}, "add up to 300.00"},
		{"lines swapped", func(c *county) {
			acts := grants("X", "P1", "F1", 3)
			acts[1], acts[2] = acts[2], acts[1]
			c.submit("9", acts...)
		}, "line 2 of the batch, want 1"},
		{"another book", func(c *county) {
			c.leaves = append(c.leaves, nil)
			other := newCounty()
			other.at = c.at
			other.leaves = make([][]byte, len(c.leaves)-1)
			other.post(strings.Replace(act("X", "document.filed", "u1", "", `{}`), testBook, "411026", 1))
			c.leaves[len(c.leaves)-1] = other.leaves[len(other.leaves)-1]
		}, "a leaf of book 411026"},
		{"another number", func(c *county) { c.leaves = append(c.leaves, c.leaves[len(c.leaves)-1]) }, "it says that it is entry"},
		{"clock set back", func(c *county) {
			c.at = c.at.Add(-time.Hour)
			c.post(act("X", "document.filed", "u1", "", `{}`))
		}, "before the entry in front of it"},
		{"not canonical", func(c *county) {
			last := len(c.leaves) - 1
			c.leaves[last] = bytes.Replace(c.leaves[last], []byte(`,"book"`), []byte(`, "book"`), 1)
		}, "not the canonical form"},
		{"amount no leaf may have", func(c *county) {
			c.post(act("X", "payment.requested", "u1", "", `{"amount":"1","fund":"F1","payment":"X","project":"P1"}`))
		}, "want yuan with two decimals"},
	} {
		c := newCounty()
		c.beginnings("1000000.00", "900000.00", "800000.00")
		c.pay("PAY-1", "P1", "F1", "1000.00")
		before := len(c.leaves)
		tc.do(c)
		f, _ := publish(t, c.leaves, k.log, k.witness)
		r := inspect(t, f, k.policy)
		if r.exit() != exitWrong || r.FirstBad == nil || !strings.Contains(r.FirstBad.What.En, tc.want) || int(r.FirstBad.Seq) < before-1 {
			t.Errorf("%s: %s, want %q", tc.name, r.Sentence.En, tc.want)
		}
	}
}

// A kind of a later program is named, and then not all money was recomputed.
func TestUnknownKindIsSaid(t *testing.T) {
	k := newKeys(t, "")
	c := story(100)
	c.post(act("X", "alert.raised", "u1", "", `{}`)) // moves no money
	f, _ := publish(t, c.leaves, k.log, k.witness)
	if r := inspect(t, f, k.policy); r.exit() != exitPassed {
		t.Error(r.Sentence.En)
	}
	c.post(act("Y", "fund.lent", "u1", "", `{"amount":"1.00"}`))
	f, _ = publish(t, c.leaves, k.log, k.witness)
	if r := inspect(t, f, k.policy); r.exit() != exitNotChecked || !strings.Contains(r.Sentence.En, "fund.lent (entry 101)") {
		t.Error(r.Sentence.En)
	}
}

// The signature of a unit is not ours to verify, and not to be passed over.
func TestUnitSignatureIsSaid(t *testing.T) {
	k := newKeys(t, "")
	c := story(60)
	c.leaves[59] = bytes.Replace(c.leaves[59], []byte(`,"sm3"`), []byte(`,"sig":"MEUCIQ==","sm3"`), 1)
	f, _ := publish(t, c.leaves, k.log, k.witness)
	if r := inspect(t, f, k.policy); r.exit() != exitNotChecked || !strings.Contains(r.Sentence.En, "1 entries carry an SM2 signature") {
		t.Error(r.Sentence.En)
	}
}

// change changes the budget of P1 and says which entry does.
func (c *county) change(submission, amount string) int {
	c.submit(submission, act("C"+submission, "project.changed", "u1", "", `{"budget":[{"amount":"`+amount+`","fund":"F1"}],"document":"文","project":"P1","reason":"plan"}`))
	return len(c.leaves) - 2
}

// Changes that are taken back leave the budget of before, one after the other.
func TestReversedChanges(t *testing.T) {
	k := newKeys(t, "")
	c := newCounty()
	c.beginnings("1000000.00", "900000.00", "800000.00")
	first, second := c.change("7", "910000.00"), c.change("8", "920000.00")
	for i, seq := range []int{second, first} {
		c.submit(fmt.Sprint(9+i), act(fmt.Sprint("Y", i), "entry.reversed", "u1", fmt.Sprint(seq), `{"reason":"other"}`))
	}
	c.submit("11", act("X", "fund.allocated", "u1", "", `{"amount":"100000.00","document":"文","fund":"F1","project":"P1"}`))
	f, _ := publish(t, c.leaves, k.log, k.witness)
	if r := inspect(t, f, k.policy); r.exit() != exitPassed {
		t.Error(r.Sentence.En)
	}
	c.submit("12", act("Z", "fund.allocated", "u1", "", `{"amount":"0.01","document":"文","fund":"F1","project":"P1"}`))
	f, _ = publish(t, c.leaves, k.log, k.witness)
	if r := inspect(t, f, k.policy); r.exit() == exitPassed || !strings.Contains(r.Sentence.En, "approved for 900000.00 yuan of fund F1") {
		t.Error(r.Sentence.En)
	}
}

// Reversals of what moves no money are followed as well.
func TestReversalWithoutMoney(t *testing.T) {
	k := newKeys(t, "")
	c := newCounty()
	c.beginnings("1000000.00", "900000.00", "800000.00")
	c.submit("9", act("X", "project.cancelled", "u1", "", `{"project":"P2"}`))
	c.submit("10", act("Y", "entry.reversed", "u1", fmt.Sprint(len(c.leaves)-2), `{"reason":"other"}`))
	f, _ := publish(t, c.leaves, k.log, k.witness)
	if r := inspect(t, f, k.policy); r.exit() != exitPassed {
		t.Error(r.Sentence.En)
	}
}
