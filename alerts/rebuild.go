package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger"
)

// ErrDiverged is a case that is not what its entries say.
var ErrDiverged = errors.New("cases differ from the log")

// Rebuild makes the cases and the feed of a book anew from its entries, its deadlines
// and counts from the verdicts beside them, and says whether they were what these say.
// It needs the owner's rights, is one transaction, and changes nothing when they
// differ, unless told to replace them. Values that were erased by law stay empty.
func (g *Engine) Rebuild(ctx context.Context, owner *pgxpool.Pool, book ledger.Book, replace bool) (cases int, err error) {
	err = pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local role yilu_owner`); err != nil {
			return fmt.Errorf("become owner: %w", err)
		}
		head, err := audit.Lock(ctx, tx, string(book))
		if err != nil {
			return err
		}
		before, err := digest(ctx, tx, book)
		if err != nil {
			return err
		}
		for _, sql := range []string{`delete from alert.current where book = $1`, `delete from alert.event where book = $1`} {
			if _, err := tx.Exec(ctx, sql, book); err != nil {
				return fmt.Errorf("clear cases: %w", err)
			}
		}
		if cases, err = g.replay(ctx, tx, book, head.Size); err != nil {
			return err
		}
		after, err := digest(ctx, tx, book)
		if err != nil {
			return err
		}
		if before != after && !replace {
			return ErrDiverged
		}
		return g.rebuildTimers(ctx, tx, book, replace)
	})
	return cases, err
}

// digest sums up the cases and the feed of a book in a way that does not depend on
// the order of rows.
func digest(ctx context.Context, tx pgx.Tx, book ledger.Book) (string, error) {
	var sum string
	err := tx.QueryRow(ctx, `
		select (select count(*) || ':' || coalesce(sum(hashtextextended(c::text, 0)::numeric), 0) from alert.current c where book = $1)
			|| ' ' || (select count(*) || ':' || coalesce(sum(hashtextextended(e::text, 0)::numeric), 0) from alert.event e where book = $1)`, book).Scan(&sum)
	if err != nil {
		return "", fmt.Errorf("digest cases: %w", err)
	}
	return sum, nil
}

// replay takes every step again that the log holds.
func (g *Engine) replay(ctx context.Context, tx pgx.Tx, book ledger.Book, size uint64) (cases int, err error) {
	changes, err := ledger.ParameterChanges(ctx, tx, book, termsCode)
	if err != nil {
		return 0, err
	}
	var t *terms
	for row, err := range audit.ReadLeaves(ctx, tx, string(book), 0, size) {
		if err != nil {
			return cases, err
		}
		if !strings.Contains(string(row.Leaf), `"kind":"alert.`) {
			continue
		}
		e, err := ledger.DecodeEntry(row.Leaf)
		if err != nil {
			return cases, err
		}
		if t == nil || len(changes) > 0 { // the limits of then
			then := slices.DeleteFunc(slices.Clone(changes), func(c ledger.RuleChange) bool { return c.Seq > e.Seq })
			if t, err = newTerms(g.Calendar, then); err != nil {
				return cases, err
			}
		}
		if err := g.again(ctx, tx, t, book, e); err != nil {
			return cases, fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		if e.Kind == "alert.raised" {
			cases++
		}
	}
	return cases, nil
}

// again does to the cases what an entry did.
func (g *Engine) again(ctx context.Context, tx pgx.Tx, t *terms, book ledger.Book, e *ledger.Entry) error {
	alert := alertOf(e.Body)
	if alert == "" {
		return nil
	}
	r := ledger.Receipt{ID: e.ID, Seq: e.Seq, At: e.At}
	var err error
	switch b := e.Body.(type) {
	case *ledger.AlertRaised:
		err = g.raiseAgain(ctx, tx, t, book, b, r)
	case *ledger.AlertRepeated:
		_, err = tx.Exec(ctx, `update alert.current set count = $3, level = $4, last_seq = $5 where book = $1 and alert = $2`, book, b.Alert, int64(b.Count), b.Level, e.Seq)
	default:
		err = stepAgain(ctx, tx, t, book, e, r)
	}
	if err != nil {
		return err
	}
	return send(ctx, tx, func(q *pgx.Batch) { queueEvent(q, book, alert, e.Kind, e.By, r) })
}

func (g *Engine) raiseAgain(ctx context.Context, tx pgx.Tx, t *terms, book ledger.Book, b *ledger.AlertRaised, r ledger.Receipt) error {
	m := matter{origin: b.Origin}
	what, _, err := g.unseal(ctx, tx, book, r.Seq, &m.Finding)
	if err != nil {
		return err
	}
	m.region, m.at, m.entry, m.makers = what.Region, ledger.Seq(what.At), ledger.Seq(what.Entry), what.Makers
	c := g.newCase(book, m, int64(b.Episode))
	c.Alert, c.Parent = b.Alert, b.Parent
	return send(ctx, tx, func(q *pgx.Batch) { queueCase(q, book, c.raised(t, r)) })
}

// unseal reads what a warning was raised on and concerns; there is false when it was
// erased.
func (g *Engine) unseal(ctx context.Context, tx pgx.Tx, book ledger.Book, seq ledger.Seq, f *Finding) (what about, there bool, err error) {
	opened, err := g.Ledger.Sealer.Open(ctx, tx, string(book), uint64(seq))
	if err != nil {
		return what, false, err
	}
	for field, into := range map[string]any{"evidence": f, "subject": &what} {
		v, ok := opened[field]
		if !ok {
			continue
		}
		if err := json.Unmarshal([]byte(v.Value), into); err != nil {
			return what, false, fmt.Errorf("read %s: %w", field, err)
		}
		there = true
	}
	return what, there, nil
}

func stepAgain(ctx context.Context, tx pgx.Tx, t *terms, book ledger.Book, e *ledger.Entry, r ledger.Receipt) error {
	c, err := Find(ctx, tx, book, alertOf(e.Body))
	if err != nil {
		return err
	}
	next, err := c.apply(t, e.Draft, ledger.DateOf(r.At))
	if err != nil {
		return err
	}
	next.Last = r.Seq
	_, err = update(ctx, tx, book, next)
	return err
}
