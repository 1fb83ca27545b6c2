package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
	"yilu/web"
)

// TestCheckThatCouldNotBeMade neither says that all is well nor forgets what was found.
func TestCheckThatCouldNotBeMade(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := ledger.New(ledger.Config{Pool: db.Pool})
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), "411025"); err != nil {
		t.Fatal(err)
	}
	n := &nightly{pool: db.Pool, public: t.TempDir(), log: slog.New(slog.DiscardHandler), retention: &web.Retention{Book: "411025"}, asked: make(chan struct{}, 1)}
	n.Ask()
	n.Ask() // the same check
	if _, running := n.Last(); !running || len(n.asked) != 1 {
		t.Fatal("a check that was asked for is not under way")
	}
	<-n.asked
	n.checkBooks(t.Context())
	first, running := n.Last()
	if first.IsZero() || running || len(n.Found()) != 0 {
		t.Fatal(first, running, n.Found())
	}
	if !n.note(t.Context(), fmt.Errorf("book: %w", &audit.Tampered{Book: "411025", Seq: 3, Reason: "other", ReasonZh: "不同"})) || len(n.Found()) != 1 || n.Found()[0].Entry != ledger.None {
		t.Error(n.Found()) // there is no entry 3
	}
	if n.note(t.Context(), errors.New("the database is away")) || len(n.Found()) != 1 {
		t.Error("what was found is forgotten", n.Found())
	}
	db.Pool.Close()
	n.checkBooks(t.Context())
	if ended, _ := n.Last(); !ended.Equal(first) {
		t.Error("a check that failed counts")
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if n.note(stopped, nil) || len(n.Found()) != 1 {
		t.Error("a check that was cut off counts")
	}
	if !n.note(t.Context(), nil) || len(n.Found()) != 0 {
		t.Error(n.Found())
	}
}
