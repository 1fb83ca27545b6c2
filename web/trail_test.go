package web

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// trailRows are the rows of the trail as text.
func trailRows(t *testing.T, x *countyFixture) []string {
	t.Helper()
	var rows []string
	if err := x.db.Pool.QueryRow(t.Context(), `select array_agg(a::text order by seq) from web.act a where book = $1`, pageBook).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestTrailIsFollowedOnce: several processes that follow at once make each row once, with
// what the list of one's own looks for.
func TestTrailIsFollowedOnce(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = (&Trail{Ledger: x.l, Pool: x.db.Pool}).CatchUp(t.Context(), pageBook) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	head, err := x.l.Head(t.Context(), pageBook)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := x.l.Entries(t.Context(), pageBook, 0, int(head.Size))
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, e := range entries {
		if !ledger.IsLine(e.Kind) && e.By.Role != ledger.Engine {
			want++
		}
	}
	if got := len(trailRows(t, x)); got != want {
		t.Errorf("%d acts, want %d", got, want)
	}
	var amount int64
	err = x.db.Pool.QueryRow(t.Context(), `select amount from web.act where book = $1 and kind = 'payment.requested' and strpos(words, 'ZF-0003') > 0`, pageBook).Scan(&amount)
	if err != nil || amount <= 0 {
		t.Errorf("ZF-0003: %d %v", amount, err)
	}
}

// TestTrailIsRebuilt: a row that somebody changed is found, and made anew if so wished.
func TestTrailIsRebuilt(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	trail := &Trail{Ledger: x.l, Pool: x.db.Pool}
	rebuild := func(replace bool) error {
		_, err := trail.Rebuild(t.Context(), x.db.Owner, pageBook, replace)
		return err
	}
	if err := rebuild(false); err != nil { // nothing was followed yet
		t.Fatal(err)
	}
	want := trailRows(t, x)
	if _, err := x.db.Owner.Exec(t.Context(), `update web.act set by_user = 'nobody' where book = $1 and seq = 3`, pageBook); err != nil {
		t.Fatal(err)
	}
	changed := trailRows(t, x)
	if err := rebuild(false); !errors.Is(err, ErrTrailDiverged) {
		t.Errorf("a changed row: %v", err)
	}
	if d := cmp.Diff(changed, trailRows(t, x)); d != "" {
		t.Errorf("what was not asked for was done:\n%s", d)
	}
	if err := rebuild(true); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, trailRows(t, x)); d != "" {
		t.Errorf("made anew:\n%s", d)
	}
	if _, err := x.db.Pool.Exec(t.Context(), `delete from web.act`); err == nil {
		t.Error("the service may delete acts")
	}
}
