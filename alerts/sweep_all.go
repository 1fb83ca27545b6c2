package alerts

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/alerts/fact"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// Swept is what one sweep finds as of a day (全面扫描): hits, and what could not be
// judged.
type Swept struct {
	Code     string
	Findings []Finding
	// regions are those of the findings.
	regions []string
}

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
		if x.compiled() == nil {
			each(Swept{Code: code, Findings: []Finding{x.broken(sweepAct(book, day))}, regions: []string{string(book)}})
			continue
		}
		swept, err := g.sweepAsOf(ctx, x, sweepAct(book, day), ledger.Seq(head.Size)-1)
		if err != nil {
			return fmt.Errorf("sweep %s: %w", code, err)
		}
		each(swept)
	}
	return nil
}

// sweepAct is what a sweep of a day judges.
func sweepAct(book ledger.Book, day ledger.Date) rule.Act {
	return rule.Act{Book: string(book), Day: fact.Day(day), Region: string(book)}
}

// sweepAsOf runs a sweep over the entries up to one of them.
func (g *Engine) sweepAsOf(ctx context.Context, x *active, act rule.Act, upto ledger.Seq) (s Swept, err error) {
	s.Code = x.Code
	q, state, reason := x.compiled().Query(act, int64(upto))
	switch state {
	case rule.NotApplicable:
		return s, nil
	case rule.NotEvaluable:
		s.Findings, s.regions = []Finding{x.unjudged(act, reason)}, []string{act.Region}
		return s, nil
	}
	if err := measure(ctx, g.Pool); err != nil {
		return s, err
	}
	var rows []rule.Row
	err = readViews(ctx, g.Pool, func(tx pgx.Tx) (err error) {
		rows, err = readRows(ctx, tx, q)
		return err
	})
	if err != nil {
		return s, err
	}
	for _, row := range rows {
		f, err := x.find(act, row)
		if err != nil {
			return s, err
		}
		s.Findings, s.regions = append(s.Findings, f), append(s.regions, cmp.Or(row.Region, act.Region))
	}
	return s, nil
}

// lastSeqAt is the last entry recorded at or before an instant.
func (g *Engine) lastSeqAt(ctx context.Context, book ledger.Book, at time.Time) (seq ledger.Seq, err error) {
	if err := g.Pool.QueryRow(ctx, `select rules_v1.last_seq($1, $2)`, book, at).Scan(&seq); err != nil {
		return seq, fmt.Errorf("find the last entry at %s: %w", at.Format(time.RFC3339), err)
	}
	return seq, nil
}
