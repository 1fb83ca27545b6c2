package web

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/audit/proof"
	"yilu/ledger"
)

// Trail keeps who did what (谁做了什么) beside the log: the entries that people made, by
// user, unit and kind, in the order of the log and in the transaction that moves its
// cursor. The log is the truth; these rows only find its entries. Any number of
// processes may follow it.
type Trail struct {
	Ledger *ledger.Ledger
	// Pool writes schema web, as the service role.
	Pool *pgxpool.Pool
}

const (
	// trailChunk is how many entries are followed in one transaction, trailSteps how many
	// of these a page waits for: a book that was just taken over is followed by Run.
	trailChunk = 1000
	trailSteps = 10
	trailEvery = 2 * time.Second
	// trailTurns is how many of these Run follows each time: officers who post come first,
	// and a page that is looked at follows the rest.
	trailTurns = 1
)

// act is one row: who entered what.
type act struct {
	Seq  ledger.Seq  `db:"seq"`
	At   time.Time   `db:"at"`
	On   ledger.Date `db:"on_day"`
	User string      `db:"by_user"`
	Unit string      `db:"unit"`
	Role ledger.Role `db:"role"`
	Kind ledger.Kind `db:"kind"`
	ID   string      `db:"id"`
}

// Run follows all books until ctx ends. What goes wrong is logged and tried again.
func (t *Trail) Run(ctx context.Context) {
	tick := time.NewTicker(trailEvery)
	defer tick.Stop()
	for {
		books, err := t.Ledger.Books(ctx)
		for _, book := range books {
			more := true
			for n := 0; more && n < trailTurns && err == nil && ctx.Err() == nil; n++ {
				more, err = t.step(ctx, book)
			}
		}
		if err != nil && ctx.Err() == nil {
			t.Ledger.Log.WarnContext(ctx, "follow who did what", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// CatchUp follows a book to its present end, however long that takes.
func (t *Trail) CatchUp(ctx context.Context, book ledger.Book) error {
	for more := true; more; {
		var err error
		if more, err = t.step(ctx, book); err != nil {
			return err
		}
	}
	return nil
}

// catchUp follows a book as far as a page can wait for, and says how far that is.
func (t *Trail) catchUp(ctx context.Context, book ledger.Book) (until ledger.Seq, err error) {
	more := true
	for n := 0; more && n < trailSteps; n++ {
		if more, err = t.step(ctx, book); err != nil {
			return 0, err
		}
	}
	err = t.Pool.QueryRow(ctx, `select coalesce(max(next_seq), 0) - 1 from web.act_cursor where book = $1`, book).Scan(&until)
	if err != nil {
		return 0, fmt.Errorf("read how far the trail is: %w", err)
	}
	return until, nil
}

// step follows one chunk, and says whether there may be more.
func (t *Trail) step(ctx context.Context, book ledger.Book) (more bool, err error) {
	var next int64
	err = t.Pool.QueryRow(ctx, `select next_seq from web.act_cursor where book = $1`, book).Scan(&next)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, fmt.Errorf("read cursor of the trail: %w", err)
	}
	head, err := t.Ledger.Head(ctx, book)
	if err != nil || next >= head.Size {
		return false, err
	}
	err = pgx.BeginFunc(ctx, t.Pool, func(tx pgx.Tx) (err error) {
		more, err = follow(ctx, tx, book)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("follow who did what in book %s: %w", book, err)
	}
	return more, nil
}

// follow adds the acts of one chunk. The cursor's row orders those who do it at once.
func follow(ctx context.Context, tx pgx.Tx, book ledger.Book) (more bool, err error) {
	if _, err := tx.Exec(ctx, `insert into web.act_cursor (book, next_seq) values ($1, 0) on conflict do nothing`, book); err != nil {
		return false, err
	}
	var next int64
	if err := tx.QueryRow(ctx, `select next_seq from web.act_cursor where book = $1 for update`, book).Scan(&next); err != nil {
		return false, err
	}
	var acts [][]any
	n := 0
	for row, err := range audit.ReadLeaves(ctx, tx, string(book), uint64(next), trailChunk) {
		if err != nil {
			return false, err
		}
		e, err := proof.ParseLeaf(row.Leaf) // who and what, without the body
		if err != nil {
			return false, fmt.Errorf("entry %d: %w", row.Seq, err)
		}
		n++
		if ledger.IsLine(ledger.Kind(e.Kind)) || ledger.Role(e.By.Role) == ledger.Engine {
			continue
		}
		on, err := time.Parse(time.DateOnly, e.On)
		if err != nil {
			return false, fmt.Errorf("entry %d: %w", row.Seq, err)
		}
		acts = append(acts, []any{string(book), int64(e.Seq), e.At, on, e.By.User, e.By.Unit, e.By.Role, e.Kind, e.ID})
	}
	if _, err := tx.CopyFrom(ctx, pgx.Identifier{"web", "act"}, []string{"book", "seq", "at", "on_day", "by_user", "unit", "role", "kind", "id"}, pgx.CopyFromRows(acts)); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `update web.act_cursor set next_seq = $2 where book = $1`, book, next+int64(n))
	return n == trailChunk, err
}

// actFilter narrows the trail; empty members take all.
type actFilter struct {
	User, Unit, Kind string
	// First and Last bound the entries.
	First, Last ledger.Seq
}

// list returns acts before an entry, the newest first.
func (t *Trail) list(ctx context.Context, book ledger.Book, f actFilter, before ledger.Seq, limit int) ([]act, error) {
	sql := `select seq, at, on_day::text as on_day, by_user, unit, role, kind, id from web.act where book = $1 and seq < $2 and seq >= $3 and seq <= $4`
	args := []any{book, before, f.First, f.Last}
	for _, c := range []struct{ column, value string }{{"by_user", f.User}, {"unit", f.Unit}, {"kind", f.Kind}} {
		if c.value != "" {
			args = append(args, c.value)
			sql += " and " + c.column + " = $" + strconv.Itoa(len(args))
		}
	}
	args = append(args, limit)
	rows, err := t.Pool.Query(ctx, sql+" order by seq desc limit $"+strconv.Itoa(len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("list acts: %w", err)
	}
	acts, err := pgx.CollectRows(rows, pgx.RowToStructByName[act])
	if err != nil {
		return nil, fmt.Errorf("list acts: %w", err)
	}
	return acts, nil
}
