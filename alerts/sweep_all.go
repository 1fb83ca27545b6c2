package alerts

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/alerts/rule"
	"yilu/ledger"
)

// SweepAll runs every sweep in force over all that a book has, as of a day, one after
// the other, and tells of what each found. It belongs to no slot: nothing is raised
// and nothing stored.
func (g *Engine) SweepAll(ctx context.Context, book ledger.Book, day ledger.Date, each func(Swept)) error {
	rules, err := g.inForce(ctx, book)
	if err != nil {
		return err
	}
	head, err := g.Ledger.Head(ctx, book)
	if err != nil {
		return err
	}
	for _, code := range slices.Sorted(maps.Keys(rules.rules)) {
		x := rules.rules[code]
		if x.file == nil || x.file.Kind != rule.OnSweep {
			continue
		}
		swept, err := g.sweepAsOf(ctx, x, book, day, ledger.Seq(head.Size)-1)
		if err != nil {
			return fmt.Errorf("sweep %s: %w", code, err)
		}
		each(swept)
	}
	return nil
}

// sweepAsOf runs a sweep as of a day over the entries up to one of them, for no slot.
func (g *Engine) sweepAsOf(ctx context.Context, x *active, book ledger.Book, day ledger.Date, upto ledger.Seq) (Swept, error) {
	act, err := g.sweepAct(ctx, book, day)
	if err != nil {
		return Swept{}, err
	}
	return g.sweep(ctx, x, act, upto, func(do func(pgx.Tx) error) error { return readViews(ctx, g.Pool, do) })
}

// lastSeqAt is the last entry recorded at or before an instant.
func (g *Engine) lastSeqAt(ctx context.Context, book ledger.Book, at time.Time) (seq ledger.Seq, err error) {
	if err := g.Pool.QueryRow(ctx, `select rules_v1.last_seq($1, $2)`, book, at).Scan(&seq); err != nil {
		return seq, fmt.Errorf("find the last entry at %s: %w", at.Format(time.RFC3339), err)
	}
	return seq, nil
}
