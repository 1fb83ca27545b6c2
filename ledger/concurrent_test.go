package ledger

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
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

// linkedLedger is a ledger over a link that can be cut.
func linkedLedger(t testing.TB, db *pgtest.DB) (*Ledger, *link) {
	t.Helper()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	cut := &link{}
	l := New(Config{Pool: linkedPool(t, db, cut), Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	return l, cut
}

// TestOutcomeSeesPostUnderWay asks while the post that was cut off is between
// two tries, when nobody holds the book's lock: "not found" would be wrong a
// moment later.
func TestOutcomeSeesPostUnderWay(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	cutOff, cut := linkedLedger(t, db)
	for n := range 5 {
		id := fmt.Sprintf("z%d", n)
		ctx, cancel := context.WithCancel(t.Context())
		cut.arm(beforeCommit)
		got := make(chan error, 1)
		go func() {
			_, err := cutOff.Post(ctx, testBook, draft(id, request(id, 1), maker))
			got <- err
		}()
		eventually(t, "the commit is cut", func() bool { return cut.peek() == never })
		cancel()
		if err := <-got; err != nil && !errors.Is(err, ErrUnknown) {
			t.Fatalf("cut off: %v", err)
		}
		if _, err := cutOff.Outcome(t.Context(), testBook, id); err != nil {
			t.Errorf("outcome of %s: %v", id, err)
		}
	}
}
