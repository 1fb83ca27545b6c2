package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

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

// openTimer lets a deadline run that an entry began, or wait until its last day can
// be told.
func (b *batch) openTimer(j judged, f Finding) func(*pgx.Batch) {
	text, err := json.Marshal(&f, json.Deterministic(true))
	if err != nil {
		panic(fmt.Errorf("alerts: write a deadline: %w", err)) // a struct of ours
	}
	state := timerRunning
	if f.Due == "" {
		state = timerWaiting
	}
	return func(q *pgx.Batch) {
		q.Queue(`
			insert into alert.timer (book, code, match, opened_seq, entry_seq, project, due, finding, region, makers, state, origin)
			values ($1, $2, $3, $4, $5, $6, nullif($7, '')::date, $8, $9, $10, $11, $12)
			on conflict do nothing`, b.book, f.Code, f.Match, j.at, j.entry, j.Project, string(f.Due), text, j.Region, j.makers, state, b.origin)
	}
}

// The states of a deadline.
const (
	timerRunning = "running"
	timerWaiting = "waiting"
	timerMet     = "met"
	timerEnded   = "ended"
	timerFired   = "fired"
)

// meetTimer ends the deadlines that an entry meets.
func (b *batch) meetTimer(j judged, met Input) func(*pgx.Batch) {
	return b.closeTimers(`
		update alert.timer set state = 'met', closed_entry = $5
		where book = $1 and code = $2 and match = $3 and opened_seq <= $4 and state in ('running', 'waiting')`, met.Name, met.Value, j.at, j.entry)
}

// cancelTimers ends the deadlines of a project that is cancelled.
func (b *batch) cancelTimers(j judged) func(*pgx.Batch) {
	return b.closeTimers(`
		update alert.timer set state = 'ended', closed_entry = $4
		where book || '' = $1 and project = $2 and project <> '' and opened_seq <= $3 and state in ('running', 'waiting')`, j.Cancelled, j.at, j.entry)
}

// reverseTimers ends the deadlines that a reversed entry began, and lets those run
// again that it met or ended.
func (b *batch) reverseTimers(j judged) (all []func(*pgx.Batch)) {
	target, err := strconv.ParseInt(j.Reversed, 10, 64)
	if err != nil {
		return nil
	}
	return []func(*pgx.Batch){
		b.closeTimers(`
			update alert.timer set state = 'ended', closed_entry = $3
			where book || '' = $1 and entry_seq = $2 and state in ('running', 'waiting')`, target, j.entry),
		b.closeTimers(`
			update alert.timer set state = case when due is null then 'waiting' else 'running' end, closed_entry = -1
			where book || '' = $1 and closed_entry = $2 and closed_entry >= 0 and state in ('met', 'ended')`, target),
	}
}

func (b *batch) closeTimers(sql string, args ...any) func(*pgx.Batch) {
	return func(q *pgx.Batch) { q.Queue(sql, append([]any{b.book}, args...)...) }
}

// dueTimer is a deadline that has passed.
type dueTimer struct {
	Code    string
	Match   string
	Opened  ledger.Seq
	Entry   ledger.Seq
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
		select code, match, opened_seq, entry_seq, finding, region, makers from alert.timer
		where due < $2::date and book = $1 and state = 'running'
		order by due, opened_seq, code limit 200`, book, string(ledger.DateOf(now)))
	if err != nil {
		return false, fmt.Errorf("read timers: %w", err)
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[dueTimer])
	if err != nil {
		return false, fmt.Errorf("read timers: %w", err)
	}
	if len(due) == 0 {
		return false, nil
	}
	err = g.fire(ctx, book, pos, due)
	for _, t := range due {
		if errors.Is(err, errRaced) && len(due) > 1 { // one of them is no longer to be fired: each by itself
			if one := g.fire(ctx, book, pos, []dueTimer{t}); one != nil && !errors.Is(one, errRaced) {
				return false, one
			}
		}
	}
	if err != nil && !errors.Is(err, errRaced) {
		return false, err
	}
	return true, nil
}

// fire raises the warnings of deadlines that have passed, unless one of them has moved
// meanwhile or an entry after the cursor would end it.
func (g *Engine) fire(ctx context.Context, book ledger.Book, pos ledger.Seq, due []dueTimer) error {
	b := g.newBatch(book, "deadline")
	for _, t := range due {
		m := matter{origin: b.origin, region: t.Region, at: t.Opened, entry: t.Entry, makers: t.Makers}
		if err := json.Unmarshal(t.Finding, &m.Finding); err != nil {
			return fmt.Errorf("read deadline of rule %s: %w", t.Code, err)
		}
		if err := b.raise(ctx, m); err != nil {
			return err
		}
	}
	if err := b.calm(ctx); err != nil {
		return err
	}
	err := b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := stillDue(ctx, tx, book, pos, due); err != nil {
			return err
		}
		for _, t := range due {
			tag, err := tx.Exec(ctx, `
				update alert.timer set state = 'fired'
				where book = $1 and code = $2 and match = $3 and opened_seq = $4 and state = 'running'`, book, t.Code, t.Match, t.Opened)
			if err != nil {
				return fmt.Errorf("fire timer: %w", err)
			}
			if tag.RowsAffected() != 1 {
				return &ledger.TakeBack{Reason: errRaced}
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errRaced) {
		return fmt.Errorf("fire deadlines: %w", err)
	}
	return err
}

// stillDue looks, under the book's lock, at what was posted since the cursor was read:
// an entry that ends one of the deadlines comes before their warnings.
func stillDue(ctx context.Context, tx pgx.Tx, book ledger.Book, pos ledger.Seq, due []dueTimer) error {
	v, err := ledger.ReadVerdicts(ctx, tx, book, pos, 1<<30)
	if err != nil {
		return err
	}
	for _, n := range v.Notes {
		note, err := readNote(n)
		if err != nil {
			return err
		}
		met := slices.ContainsFunc(due, func(t dueTimer) bool { return slices.Contains(note.Met, Input{t.Code, t.Match}) })
		if met || note.Cancelled != "" || note.Reversed != "" {
			return &ledger.TakeBack{Reason: errRaced}
		}
	}
	return nil
}
