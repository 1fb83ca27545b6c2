package alerts

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// add queues a draft of the engine and what it leaves behind.
func (b *batch) add(d ledger.Draft, then func(context.Context, pgx.Tx, ledger.Receipt) error) {
	d.On, d.Corrects = ledger.DateOf(b.now), ledger.None
	d.By = ledger.By{Role: ledger.Engine, Unit: string(b.book), User: "engine"}
	b.drafts = append(b.drafts, d)
	b.then = append(b.then, then)
}

// post enters the warnings, with the cursor and all that follows in one transaction.
func (b *batch) post(ctx context.Context) error {
	return b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error { return moveCursor(ctx, tx, b.book, b.from, b.until) })
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

// leave stores what the drafts, timers and counts of the batch leave behind.
func (b *batch) leave(ctx context.Context, tx pgx.Tx, receipts []ledger.Receipt) error {
	for i, r := range receipts {
		if err := b.then[i](ctx, tx, r); err != nil {
			return err
		}
		d := b.drafts[i]
		if err := insertEvent(ctx, tx, b.book, alertOf(d.Body), d.Kind, d.By, r); err != nil {
			return err
		}
	}
	for _, do := range b.timers {
		if err := do(ctx, tx); err != nil {
			return err
		}
	}
	for k, n := range b.tally {
		if err := addTally(ctx, tx, b.book, k, n); err != nil {
			return err
		}
	}
	return nil
}

// addTally adds to a count.
func addTally(ctx context.Context, tx pgx.Tx, book ledger.Book, k tallyKey, n int64) error {
	_, err := tx.Exec(ctx, `
		insert into alert.tally (book, month, code, state, count) values ($1, $2, $3, $4, $5)
		on conflict (book, month, code, state) do update set count = tally.count + excluded.count`, book, k.month, k.code, k.state, n)
	if err != nil {
		return fmt.Errorf("count results: %w", err)
	}
	return nil
}
