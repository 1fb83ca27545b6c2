package alerts

import (
	"fmt"
	"slices"
	"testing"

	"yilu/ledger"
)

// TestMissingLimitIsSaidOnceAMonth: a rule whose limit nobody has set leaves nothing beside
// the entries, and says so once a month; once the limit is set it judges.
func TestMissingLimitIsSaidOnceAMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.at("2020-03-18T12:00:00")
	for i := range 2 {
		r := w.post(w.draft(fmt.Sprint("z", i), w.request(fmt.Sprint("Z", i), 10001*(1+ledger.Amount(i))), maker))
		if said := w.noted(r[0].Seq); slices.Contains(said, "P16?") || slices.Contains(said, "P16") {
			t.Fatalf("said of a payment: %q", said)
		}
	}
	unsaid := func(when string, want int) {
		t.Helper()
		w.at(when)
		page, err := List(t.Context(), w.db.Pool, testBook, Filter{Code: "P16"}, -1, 10)
		if err != nil || len(page) != want {
			t.Fatalf("as of %s: %+v %v", when, page, err)
		}
		for _, c := range page {
			if c.State != Recorded || c.Outcome != "not_evaluable" || c.Reason != "param:limit" {
				t.Errorf("as of %s: %+v", when, c)
			}
		}
	}
	unsaid("2020-03-18T13:00:00", 0)
	unsaid("2020-03-19T09:00:00", 1)
	unsaid("2020-03-20T09:00:00", 1)
	unsaid("2020-04-01T09:00:00", 2)
	w.set("P16", "limit", "", "250.00")
	w.tells("two of one day over a limit that is set", "P16", w.draft("x", w.request("X", 15000), maker))
	w.replays()
	w.rebuilds()
}
