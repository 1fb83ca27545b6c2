package alerts

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// overInvoiced is a part of an invoice one fen over its total, and the refusal that
// it gets.
func (w *world) overInvoiced(id string) (ledger.Draft, *ledger.Refused) {
	w.Helper()
	b := w.request(id, 30001)
	b.Invoice = ledger.Invoice{Amount: 30000, Number: "12345678"}
	d := w.draft(id, b, maker)
	_, err := w.ledger.Post(w.Context(), testBook, d)
	refused, ok := errors.AsType[*ledger.Refused](err)
	if !ok || len(refused.Problems) != 1 || refused.Problems[0].Rule != "P12" {
		w.Fatalf("post %s: %v", id, err)
	}
	return d, refused
}

// TestAttemptIsKeptOnceADay: however often and by how many it is tried, whatever the
// state of its case, and again the next day.
func TestAttemptIsKeptOnceADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	d, refused := w.overInvoiced("Z1")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := w.engine.Attempt(t.Context(), testBook, refused, d); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	c := w.find("P12")
	if c.Origin != "attempt" || c.State != Open || c.Count != 1 || c.Entry != ledger.None || c.At != ledger.None || c.Makers[0] != maker.User || c.Region != "411025103205" || c.Value != "300.01" {
		t.Errorf("the case: %+v", c)
	}
	if events, err := Events(t.Context(), w.db.Pool, testBook, c.Alert); err != nil || len(events) != 1 {
		t.Errorf("events %+v %v", events, err)
	}
	w.now = w.now.Add(24 * time.Hour)
	for range 2 {
		if err := w.engine.Attempt(t.Context(), testBook, refused, d); err != nil {
			t.Fatal(err)
		}
	}
	if c := w.find("P12"); c.Count != 2 {
		t.Errorf("the next day: %d hits", c.Count)
	}
	if _, err := w.engine.Rebuild(t.Context(), w.db.Owner, testBook, false); err != nil {
		t.Errorf("rebuild: %v", err)
	}
	w.run() // its own entries are judged and raise nothing
	if c := w.find("P12"); c.Count != 2 {
		t.Errorf("after the engine: %d hits", c.Count)
	}
}

// TestHeldIsNoAttempt: what an explanation would let pass is no attempt on a rule; what
// arithmetic refuses before the rules can is one on each that blocks it.
func TestHeldIsNoAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	over := w.request("Z3", 900001)
	over.Invoice = ledger.Invoice{Amount: 30000, Number: "12345678"}
	for _, d := range []ledger.Draft{w.draft("z2", w.request("Z2", 10000), maker), w.draft("z3", over, maker)} {
		_, err := w.ledger.Post(t.Context(), testBook, d)
		refused, ok := errors.AsType[*ledger.Refused](err)
		if !ok {
			t.Fatal(err)
		}
		if err := w.engine.Attempt(t.Context(), testBook, refused, d); err != nil {
			t.Fatal(err)
		}
	}
	var kept []string
	for _, c := range w.cases() {
		kept = append(kept, c[:3])
	}
	slices.Sort(kept)
	if diff := cmp.Diff([]string{"P02", "P12"}, kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

// TestCheckNamesEverything: a held payment, a refused one and one that is fine, and
// equal digests for equal findings.
func TestCheckNamesEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	twin := w.draft("z2", w.request("Z2", 10000), maker)
	p, err := Check(t.Context(), w.ledger, testBook, twin)
	if err != nil || p.Accepted || len(p.Problems) != 1 {
		t.Fatalf("%+v %v", p, err)
	}
	var held *Checked
	for i := range p.Findings {
		if p.Findings[i].Code == "P13" {
			held = &p.Findings[i]
		}
	}
	if held == nil || held.Needs != "acknowledgement" || held.Value != "100.00" || held.Sentence.En == "" || len(held.Facts) == 0 {
		t.Fatalf("findings %+v", p.Findings)
	}
	again, err := Check(t.Context(), w.ledger, testBook, twin)
	if err != nil || again.Digest != p.Digest {
		t.Errorf("the same unit again: %v", err)
	}
	why := w.draft("why", &ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: "z2", Ground: "agreed", File: paper}, maker)
	explained, err := Check(t.Context(), w.ledger, testBook, why, twin)
	if err != nil || !explained.Accepted || explained.Digest != p.Digest {
		t.Errorf("explained: %+v %v", explained, err)
	}
	fine, err := Check(t.Context(), w.ledger, testBook, w.draft("z3", w.request("Z3", 777), maker))
	if err != nil || !fine.Accepted || fine.Digest == p.Digest {
		t.Errorf("another: %+v %v", fine, err)
	}
}
