package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
	"yilu/audit/rowset"
)

// Tried is what would become of a unit if it were posted now.
type Tried struct {
	// Problems are everything that refuses it, constraints and rules; empty for a
	// unit that would be posted. Post itself names rules only where no constraint
	// refuses first.
	Problems []Problem
	// Heard is what the judge said of each entry that would take effect.
	Heard []Heard
	// Repeated is set when the unit is in the book already, with the same content:
	// posting it again changes nothing, and nothing was judged.
	Repeated bool
	// Size is the size of the book that it was judged on.
	Size int64
}

// Try judges drafts as Post would, on the book as it is now, and writes nothing. It
// takes no lock and no place in the queue, so the answer can be out of date when it
// arrives: Post judges again.
//
// Errors are *Invalid or *Conflict, ErrNotFound for a book that does not exist, or a
// fault of the database.
func (l *Ledger) Try(ctx context.Context, book Book, drafts ...Draft) (Tried, error) {
	if len(drafts) == 0 || len(drafts) > MaxUnit {
		return Tried{}, &Invalid{[]Problem{problem("entries", fmt.Sprintf("须有1–%d条", MaxUnit), fmt.Sprintf("want 1 to %d entries", MaxUnit))}}
	}
	items, err := l.prepareAll(book, drafts)
	if err != nil {
		return Tried{}, err
	}
	if invalid := needsRider(drafts); invalid != nil {
		return Tried{}, invalid
	}
	conn, err := l.Config.Read.Acquire(ctx)
	if err != nil {
		return Tried{}, fmt.Errorf("try: %w: %w", ErrUnavailable, err)
	}
	defer conn.Release()
	if err := rowset.Learn(ctx, conn.Conn()); err != nil {
		return Tried{}, err
	}
	g := &group{l: l, book: book, units: []*unit{{items: items}}, state: l.newState(book), answers: make([]answer, 1)}
	g.state.keepAll = true
	// One snapshot: rows read one after the other must be of the same moment.
	err = pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error { return g.try(ctx, tx) })
	if errors.Is(err, audit.ErrNoBook) {
		return Tried{}, fmt.Errorf("book %s: %w", book, ErrNotFound)
	}
	if err != nil {
		return Tried{}, fmt.Errorf("try: %w", err)
	}
	tried := Tried{Heard: g.state.heard, Repeated: g.answers[0].done, Size: int64(g.head.Size)}
	if refused, ok := errors.AsType[*Refused](g.answers[0].err); ok {
		tried.Problems = refused.Problems
		return tried, suggest(ctx, conn, book, drafts, tried.Problems)
	}
	return tried, g.answers[0].err
}

// try is load and judge without a lock.
func (g *group) try(ctx context.Context, tx pgx.Tx) error {
	var err error
	if g.head, err = audit.ReadHead(ctx, tx, string(g.book)); err != nil {
		return err
	}
	g.at = g.head.Instant(g.l.Now())
	if g.found, err = audit.FindIDs(ctx, tx, string(g.book), g.unitIDs()); err != nil {
		return err
	}
	if err := g.answerRepeats(ctx, tx); err != nil || g.answers[0].err != nil {
		return err
	}
	return g.judge(ctx, tx)
}
