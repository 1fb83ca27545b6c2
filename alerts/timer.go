package alerts

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yilu/ledger"
)

// taken says whether a unique index refused a row.
func taken(err error) bool {
	p, ok := errors.AsType[*pgconn.PgError](err)
	return ok && p.Code == "23505"
}

// openTimer lets a deadline run that an entry began.
func (b *batch) openTimer(j judged, f Finding) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		text, err := json.Marshal(&f, json.Deterministic(true))
		if err != nil {
			return fmt.Errorf("open timer: %w", err)
		}
		_, err = tx.Exec(ctx, `
			insert into alert.timer (book, code, match, opened_seq, due, finding, region, makers, state)
			values ($1, $2, $3, $4, $5::date, $6, $7, $8, 'running')
			on conflict do nothing`, b.book, f.Code, f.Match, j.at, string(f.Due), text, j.Region, j.makers)
		if err != nil {
			return fmt.Errorf("open timer of rule %s: %w", f.Code, err)
		}
		return nil
	}
}

// meetTimer ends the deadlines that an entry meets.
func (b *batch) meetTimer(j judged, met Input) func(context.Context, pgx.Tx) error {
	return func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			update alert.timer set state = 'met'
			where book = $1 and code = $2 and match = $3 and opened_seq <= $4 and state = 'running'`, b.book, met.Name, met.Value, j.at)
		if err != nil {
			return fmt.Errorf("meet timer of rule %s: %w", met.Name, err)
		}
		return nil
	}
}

// dueTimer is a deadline that has passed.
type dueTimer struct {
	Code    string
	Match   string
	Opened  ledger.Seq
	Finding []byte
	Region  string
	Makers  []string
}

// Fire raises the warnings of deadlines that have passed and were not met. It waits
// until the engine has judged every entry there is: one of them may meet a deadline.
// It says whether it raised any.
func (g *Engine) Fire(ctx context.Context, book ledger.Book) (bool, error) {
	pos, err := g.cursor(ctx, book)
	if err != nil {
		return false, err
	}
	head, err := g.Ledger.Head(ctx, book)
	if err != nil {
		return false, err
	}
	if int64(pos) != head.Size-1 {
		return false, nil
	}
	now := g.Ledger.Now().UTC()
	rows, err := g.Pool.Query(ctx, `
		select code, match, opened_seq, finding, region, makers from alert.timer
		where due < $2::date and book = $1 and state = 'running'
		order by due, opened_seq, code limit 200`, book, string(ledger.DateOf(now)))
	if err != nil {
		return false, fmt.Errorf("read timers: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[dueTimer])
	if err != nil {
		return false, fmt.Errorf("read timers: %w", err)
	}
	for _, t := range due {
		if err := g.fireOne(ctx, book, pos, t); err != nil && !errors.Is(err, errRaced) {
			return false, fmt.Errorf("fire deadline of rule %s: %w", t.Code, err)
		}
	}
	return len(due) > 0, nil
}

// fireOne raises one warning, unless the timer or the cursor has moved meanwhile.
func (g *Engine) fireOne(ctx context.Context, book ledger.Book, pos ledger.Seq, t dueTimer) error {
	b := &batch{g: g, book: book, now: g.Ledger.Now().UTC(), known: map[string]*Current{}}
	m := matter{origin: "deadline", region: t.Region, at: t.Opened, entry: t.Opened, makers: t.Makers}
	if err := json.Unmarshal(t.Finding, &m.Finding); err != nil {
		return fmt.Errorf("read timer: %w", err)
	}
	if err := b.raise(ctx, m); err != nil {
		return err
	}
	return b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			update alert.timer set state = 'fired'
			where book = $1 and code = $2 and match = $3 and opened_seq = $4 and state = 'running'`, book, t.Code, t.Match, t.Opened)
		if err != nil {
			return fmt.Errorf("fire timer: %w", err)
		}
		if tag.RowsAffected() != 1 {
			return &ledger.TakeBack{Reason: errRaced}
		}
		return nil
	})
}
