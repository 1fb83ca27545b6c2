package demo

import (
	"context"
	"testing"
	"time"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
)

func newLedger(t testing.TB) (*ledger.Ledger, *pgtest.DB) {
	t.Helper()
	db := pgtest.New(t)
	return ledgerOn(t, db), db
}

func ledgerOn(t testing.TB, db *pgtest.DB) *ledger.Ledger {
	t.Helper()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	return l
}

func load(t testing.TB, ctx context.Context, l *ledger.Ledger) {
	t.Helper()
	begun := time.Now()
	n := 0
	if err := Load(ctx, l, func(done, _ int) { n = done }); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d entries in %.1f s", n, time.Since(begun).Seconds())
}

func TestLoad(t *testing.T) {
	t.Parallel()
	l, _ := newLedger(t)
	load(t, t.Context(), l)
	funds, err := l.Funds(t.Context(), Book)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range funds {
		t.Log(f.Fund, f.Received.Wan(), f.InHand.Wan(), f.Allocated.Wan(), f.Paid.Wan(), f.Returned.Wan())
	}
	t.Log(l.Summary(t.Context(), Book))
}
