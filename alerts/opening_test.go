package alerts

import (
	"slices"
	"testing"

	"yilu/ledger"
)

// openings lists what the sweeps are told of the openings: whose bids were rejected.
func (w *world) openings() (rejected [][]string) {
	w.Helper()
	rows, err := w.db.Pool.Query(w.Context(), `select rejected from rules_v1.opening where book = $1 and tender = 'T1' and on_day = '2020-03-18' order by at_seq`, testBook)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var keys []string
		if err := rows.Scan(&keys); err != nil {
			w.Fatal(err)
		}
		rejected = append(rejected, keys)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return rejected
}

// TestSweepsSeeOpenings: the rejected bidders have the keys of their bids, also without a
// code; who took the bid back was not rejected, and an opening taken back is none.
func TestSweepsSeeOpenings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	unknown := ledger.Party{Name: "某施工队"}
	w.post(w.announce("T1"))
	for i, p := range []ledger.Party{builder, rival, third, unknown} {
		w.post(w.bid("T1", p, ledger.Amount(80000+100*i), "2020-04-10T08:00:00+08:00"))
	}
	w.post(w.draft("open", &ledger.TenderOpened{Tender: "T1", At: ledger.Instant(moment("2020-04-10T09:00:00+08:00")), Rejected: []ledger.RejectedBid{
		{Bidder: rival, Ground: "seal"}, {Bidder: third, Ground: "withdrawn"}, {Bidder: unknown, Ground: "response"},
	}}, maker))
	want := []string{rival.Code, ledger.PayeeKey(unknown)}
	if got := w.openings(); len(got) != 1 || !slices.Equal(got[0], want) {
		t.Errorf("rejected at the opening: %v, want %v", got, want)
	}
	w.reverse("undo", "open")
	if got := w.openings(); len(got) != 0 {
		t.Errorf("of an opening taken back: %v", got)
	}
}

// TestSweepsSeeFailures: a lot that failed is told with its day, one whose failure was
// taken back is not.
func TestSweepsSeeFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.announce("T1"))
	w.post(w.draft("fail", &ledger.TenderFailed{Tender: "T1", Reason: "bidders"}, maker))
	failed := func() (n int) {
		t.Helper()
		err := w.db.Pool.QueryRow(t.Context(), `
			select count(*) from rules_v1.failure f join rules_v1.tender t on t.book = f.book and t.tender = f.tender
			where f.book = $1 and f.tender = 'T1' and f.on_day = '2020-03-18' and t.name = '道路施工'`, testBook).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := failed(); n != 1 {
		t.Errorf("%d failures, want 1", n)
	}
	w.reverse("undo", "fail")
	if n := failed(); n != 0 {
		t.Errorf("%d failures once it is taken back, want none", n)
	}
}
