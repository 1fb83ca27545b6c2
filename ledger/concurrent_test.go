package ledger

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/migrations/pgtest"
)

// eventually waits until a condition holds, at most half a minute.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// holdBook keeps the book's head locked until the returned function is called.
func holdBook(t testing.TB, db *pgtest.DB, book Book) (release func()) {
	t.Helper()
	tx, err := db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select from log.head where book = $1 for update`, book); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(context.Background()); err != nil && err != pgx.ErrTxClosed {
			t.Errorf("release book: %v", err)
		}
	}
}

// inOneGroup runs posts at once, so that they wait together, in their order,
// and are then posted as one group. It returns when all are answered.
func inOneGroup(t testing.TB, l *Ledger, db *pgtest.DB, posts ...func()) {
	t.Helper()
	release := holdBook(t, db, testBook)
	defer release()
	answered := make(chan struct{}, len(posts)+1)
	run := func(post func()) { go func() { post(); answered <- struct{}{} }() }
	// The first unit is taken at once; all others then wait for its commit.
	run(func() { _, _ = l.Post(t.Context(), testBook, draft("none", &PaymentPaid{Payment: "none"}, payer)) })
	eventually(t, "the worker has taken the first unit", func() bool { return working(l) && l.Waiting() == 0 })
	for _, post := range posts {
		before := units(l)
		run(post)
		eventually(t, "the unit waits", func() bool { return units(l) > before })
	}
	release()
	for range len(posts) + 1 {
		<-answered
	}
}

func working(l *Ledger) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[testBook]
	return q != nil && q.working
}

// units is how many units wait for the test's book.
func units(l *Ledger) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q := l.queues[testBook]; q != nil {
		return len(q.units)
	}
	return 0
}
