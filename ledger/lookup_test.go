package ledger

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestLookupsSeeWhatWasJustPosted compares what the look-ups say with the rows that
// really are there: within a group, across groups, after refusals, and in a ledger
// that has kept nothing.
func TestLookupsSeeWhatWasJustPosted(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	seen := map[string]string{}
	look := &Judge{Weigh: func(v View, e *Entry) Verdict {
		b, ok := e.Body.(*PaymentRequested)
		if !ok {
			return Verdict{}
		}
		var twins, invoiced []string
		for p := range v.Twins(PayeeKey(b.Payee), b.Amount) {
			twins = append(twins, p.Payment+" "+p.State)
		}
		for p := range v.Invoiced(b.Invoice.Key()) {
			invoiced = append(invoiced, p.Payment)
		}
		seen[e.ID] = fmt.Sprint(twins, invoiced)
		return Verdict{}
	}}
	look.Touch = func(v View, e *Entry) bool { look.Weigh(v, e); return true }
	l.Judge = look
	funded(t, l)
	pay := func(id string, a Amount, number string) Draft {
		b := request(id, a)
		b.Invoice = Invoice{Amount: 1000, Number: number}
		return draft(id, b, maker)
	}
	mustPost(t, l, pay("Z1", 100, "1"), pay("Z2", 100, "1"), pay("Z3", 200, "1"))
	if _, err := l.Post(t.Context(), testBook, pay("Z4", 100, "2"), pay("Z5", 100000, "2")); err == nil {
		t.Fatal("more than there is was requested")
	}
	mustPost(t, l, draft("no", &PaymentRejected{Payment: "Z1", Reason: "amount"}, second))
	mustPost(t, l, pay("Z6", 100, "2"))
	fresh := ledgerOn(t, db)
	fresh.Judge = look
	mustPost(t, fresh, pay("Z7", 100, "1"))
	want := map[string]string{
		"Z1": "[] []", "Z2": "[Z1 requested] [Z1]", "Z3": "[] [Z1 Z2]",
		"Z6": "[Z1 rejected Z2 requested] []", "Z7": "[Z1 rejected Z2 requested Z6 requested] [Z1 Z2 Z3]",
	}
	for id, says := range want {
		if seen[id] != says {
			t.Errorf("%s saw %s, want %s", id, seen[id], says)
		}
	}
	bid := func(n int, a Amount) Draft {
		return draft(fmt.Sprintf("bid%d", n), &TenderBid{Tender: "T1", Bidder: Party{Name: fmt.Sprintf("公司%d", n)}, Amount: a, At: "2020-03-18T04:00:00.000000Z"}, maker)
	}
	var bids []string
	l.Judge = &Judge{Weigh: func(v View, e *Entry) Verdict {
		bids = nil
		for _, b := range v.Bids("T1") {
			bids = append(bids, b.Name+" "+b.Amount.String())
		}
		return Verdict{}
	}}
	again := ledgerOn(t, db)
	again.Judge = l.Judge
	tender := samples()["tender.announced"]
	tender.ID = "t1"
	mustPost(t, again, tender, bid(1, 100), bid(2, 200))
	r := mustPost(t, again, bid(3, 300))
	if err := reverse(t, again, "x", r[0].Seq); err != nil {
		t.Fatal(err)
	}
	back := bid(3, 250)
	back.ID = "bid3-again"
	mustPost(t, again, back)
	mustPost(t, again, draft("doc", &DocumentFiled{File: paper, Item: 1, Project: "P1"}, maker))
	if got := strings.Join(bids, ", "); got != "公司1 1.00, 公司2 2.00, 公司3 2.50" || !slices.IsSorted(bids) {
		t.Errorf("bids %s", got)
	}
}

// TestLooksBackTheSameWay asks for a project's events, a day's payments and a
// person's grants, of a ledger that has kept all and of one that has kept nothing,
// with entries of the same unit and without what was taken back.
func TestLooksBackTheSameWay(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	var said string
	look := func(v View, e *Entry) Verdict {
		var all []string
		for _, x := range v.Events("P1", "works.progressed") {
			all = append(all, fmt.Sprint(x.Body.(*WorksProgressed).Percent))
		}
		for p := range v.PaidOn(PayeeKey(builder), "2020-03-18") {
			all = append(all, p.Payment)
		}
		who, known := PersonOf(e)
		for _, x := range v.Grants(who) {
			all = append(all, x.Key)
		}
		said = fmt.Sprint(all, known)
		return Verdict{}
	}
	watch := func(l *Ledger) *Ledger {
		l.Judge = &Judge{Weigh: look, Touch: func(v View, e *Entry) bool { look(v, e); return true }}
		return l
	}
	watch(l)
	funded(t, l)
	progress := func(id string, percent Count) Draft {
		return draft(id, &WorksProgressed{Project: "P1", Percent: percent, Value: 1, Content: "路基"}, maker)
	}
	paid := func(id, day string, a Amount) Draft {
		d := draft(id, request(id, a), maker)
		d.On = Date(day)
		return d
	}
	hears := func(what, want string) {
		t.Helper()
		if said != want {
			t.Errorf("%s: %s, want %s", what, said, want)
		}
	}
	mustPost(t, l, progress("w1", 10), progress("w2", 20))
	hears("the second of a unit", "[10] false")
	seq := mustPost(t, l, progress("w3", 30))[0].Seq
	hears("the next", "[10 20] false")
	if err := reverse(t, l, "x", seq); err != nil {
		t.Fatal(err)
	}
	mustPost(t, l, paid("Z1", "2020-03-18", 100))
	hears("one taken back", "[10 20] false")
	mustPost(t, l, paid("Z2", "2020-03-19", 100))
	if _, err := l.Post(t.Context(), testBook, progress("w4", 40), paid("Z3", "2020-03-18", 10000000)); err == nil {
		t.Fatal("more than there is was requested")
	}
	mustPost(t, l, batch("b1", "G1", 2)...)
	hears("a first grant", "[10 20 Z1] true")
	mustPost(t, l, batch("b2", "G2", 2)...)
	hears("a second grant to the person", "[10 20 Z1 G1/2] true")
	fresh := watch(ledgerOn(t, db))
	mustPost(t, fresh, batch("b3", "G3", 2)...)
	hears("a ledger that has kept nothing", "[10 20 Z1 G1/2 G2/2] true")
}

// TestRulesKnownLate: a judge that knows only from the first entry on what it will read,
// as in a program that has just begun, is asked again, and costs no round for each line.
func TestRulesKnownLate(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	fresh, known, weighed := ledgerOn(t, db), false, 0
	fresh.Judge = &Judge{
		Touch: func(v View, e *Entry) bool {
			if known {
				v.Events(e.ID, "works.progressed")
			}
			return known
		},
		Weigh: func(v View, e *Entry) Verdict {
			known = true
			weighed++
			v.Events(e.ID, "works.progressed")
			return Verdict{}
		},
	}
	lines := batch("b1", "G1", 40)
	mustPost(t, fresh, lines...)
	if weighed > 4*len(lines) {
		t.Errorf("%d entries were weighed %d times", len(lines), weighed)
	}
}
