package alerts

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yilu/ledger"
)

// add queues a draft of the engine and what it leaves behind.
func (b *batch) add(d ledger.Draft, then func(*pgx.Batch, ledger.Receipt)) {
	d.On, d.Corrects = ledger.DateOf(b.now), ledger.None
	d.By = ledger.By{Role: ledger.Engine, Unit: string(b.book), User: "engine"}
	b.drafts = append(b.drafts, d)
	b.then = append(b.then, then)
}

// post enters the warnings, with the cursor and all that follows in one transaction.
func (b *batch) post(ctx context.Context) error {
	b.move = func(q *pgx.Batch) { moveCursor(q, b.book, b.from, b.until) }
	return b.enter(ctx, unmarked)
}

// enter enters the warnings, with what marks them as raised in the same transaction.
func (b *batch) enter(ctx context.Context, mark func(context.Context, pgx.Tx) error) error {
	ride := func(ctx context.Context, tx pgx.Tx, receipts []ledger.Receipt) error {
		if err := mark(ctx, tx); err != nil {
			return err
		}
		if len(receipts) > 0 {
			var err error
			if b.terms, err = b.g.terms(ctx, tx, b.book); err != nil {
				return err
			}
		}
		return b.leave(ctx, tx, receipts)
	}
	if len(b.drafts) == 0 {
		return takenBack(pgx.BeginFunc(ctx, b.g.Pool, func(tx pgx.Tx) error {
			// That there was nothing to raise may be forgotten in a crash: it is found again.
			if _, err := tx.Exec(ctx, `set local synchronous_commit = off`); err != nil {
				return fmt.Errorf("move on: %w", err)
			}
			return ride(ctx, tx, nil)
		}))
	}
	_, err := b.g.Ledger.PostWith(ctx, b.book, ride, b.drafts...)
	if _, other := errors.AsType[*ledger.Conflict](err); other { // it saw what we did not
		return errRaced
	}
	if err == nil {
		b.g.raised()
	}
	return err
}

// unmarked is for warnings that nothing but themselves marks as raised.
func unmarked(context.Context, pgx.Tx) error { return nil }

// raised wakes those who tell of warnings.
func (g *Engine) raised() {
	if g.Notify != nil {
		g.Notify.Wake()
	}
	select {
	case g.Raised <- struct{}{}:
	default: // nobody listens, or somebody was told already
	}
}

// leave moves the cursor and stores what the drafts, timers and counts of the batch
// leave behind, in one round trip.
func (b *batch) leave(ctx context.Context, tx pgx.Tx, receipts []ledger.Receipt) error {
	b.told = nil // a post may be tried again
	err := send(ctx, tx, func(q *pgx.Batch) {
		if b.move != nil {
			b.move(q)
		}
		for i, r := range receipts {
			d := b.drafts[i]
			b.then[i](q, r)
			queueEvent(q, b.book, alertOf(d.Body), d.Kind, d.By, r)
		}
		for _, do := range b.timers {
			do(q)
		}
		for k, n := range b.tally {
			queueTally(q, b.book, k, n)
		}
	})
	if taken(err) { // somebody has raised the same since we looked
		return &ledger.TakeBack{Reason: errRaced}
	}
	if err != nil {
		return err
	}
	if b.quiet {
		return nil
	}
	return b.g.tell(ctx, tx, b.book, b.told...)
}

// onlyOne takes the batch back when its statement did not find the one row that it
// changes as it was seen.
func onlyOne(tag pgconn.CommandTag) error {
	if tag.RowsAffected() != 1 {
		return &ledger.TakeBack{Reason: errRaced}
	}
	return nil
}

// queueTally adds to a count.
func queueTally(q *pgx.Batch, book ledger.Book, k tallyKey, n int64) {
	q.Queue(`
		insert into alert.tally (book, month, code, state, count) values ($1, $2, $3, $4, $5)
		on conflict (book, month, code, state) do update set count = tally.count + excluded.count`, book, k.month, k.code, k.state, n)
}
