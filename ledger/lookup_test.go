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
		for _, p := range v.Twins(PayeeKey(b.Payee), b.Amount) {
			twins = append(twins, p.Payment+" "+p.State)
		}
		for _, p := range v.Invoiced(b.Invoice.Key()) {
			invoiced = append(invoiced, p.Payment)
		}
		seen[e.ID] = fmt.Sprint(twins, invoiced)
		return Verdict{}
	}}
	look.Touch = func(v View, e *Entry) { look.Weigh(v, e) }
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
