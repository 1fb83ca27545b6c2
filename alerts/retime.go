package alerts

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// runCalendar computes the last days of deadlines and of steps anew by the calendar of
// now: those that waited for the State Council's notice of a year begin to run, and those
// that a later notice moved are moved. What it did is the outcome of its slot.
func (g *Engine) runCalendar(ctx context.Context, s slot) error {
	return takenBack(pgx.BeginFunc(ctx, g.Pool, func(tx pgx.Tx) error {
		timers, err := g.retimeTimers(ctx, tx, s.book)
		if err != nil {
			return err
		}
		steps, err := g.retimeSteps(ctx, tx, s.book)
		if err != nil {
			return err
		}
		return record(ctx, tx, s, fmt.Sprintf("%d deadlines, %d steps", timers, steps))
	}))
}

// retimeTimers moves the deadlines that do not end when they are kept to.
func (g *Engine) retimeTimers(ctx context.Context, tx pgx.Tx, book ledger.Book) (moved int, err error) {
	rows, err := tx.Query(ctx, `
		select code, match, opened_seq, coalesce(due::text, '') as due, finding from alert.timer
		where book || '' = $1 and state in ('running', 'waiting') for update`, book)
	if err != nil {
		return 0, fmt.Errorf("read deadlines: %w", err)
	}
	type timer struct {
		Code, Match string
		Opened      ledger.Seq
		Due         string
		Finding     []byte
	}
	timers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[timer])
	if err != nil {
		return 0, fmt.Errorf("read deadlines: %w", err)
	}
	for _, t := range timers {
		var f Finding
		if err := json.Unmarshal(t.Finding, &f); err != nil {
			return 0, fmt.Errorf("read deadline of rule %s: %w", t.Code, err)
		}
		due, err := f.retimed(g.Rules)
		if err != nil {
			return 0, fmt.Errorf("deadline of rule %s: %w", t.Code, err)
		}
		if due == "" || string(due) == t.Due {
			continue
		}
		f.Due = due
		text, err := json.Marshal(&f, json.Deterministic(true))
		if err != nil {
			return 0, fmt.Errorf("write deadline of rule %s: %w", t.Code, err)
		}
		if _, err := tx.Exec(ctx, `
			update alert.timer set due = $5::date, finding = $6, state = 'running'
			where book = $1 and code = $2 and match = $3 and opened_seq = $4`, book, t.Code, t.Match, t.Opened, string(due), text); err != nil {
			return 0, fmt.Errorf("move deadline of rule %s: %w", t.Code, err)
		}
		moved++
	}
	return moved, nil
}

// retimeSteps gives their last day to steps of cases that had none since the calendar
// was not known.
func (g *Engine) retimeSteps(ctx context.Context, tx pgx.Tx, book ledger.Book) (moved int, err error) {
	list, err := cases(ctx, tx, `
		select `+columns+` from alert.current
		where book = $1 and raised_seq >= 0 and due is null and state not in ('dismissed', 'closed', 'recorded')`, book)
	if err != nil || len(list) == 0 {
		return 0, err
	}
	t, err := g.terms(ctx, tx, book)
	if err != nil {
		return 0, err
	}
	for _, c := range list {
		var began string
		err := tx.QueryRow(ctx, `
			select (max(at) at time zone 'Asia/Shanghai')::date::text from alert.event
			where alert = $2 and book = $1 and kind <> 'alert.repeated'`, book, c.Alert).Scan(&began)
		if err != nil {
			return 0, fmt.Errorf("read steps of %s: %w", c.Alert, err)
		}
		due := t.dueAfter(ledger.Date(began), c)
		if due == "" {
			continue
		}
		if _, err := tx.Exec(ctx, `update alert.current set due = $3::date where book = $1 and alert = $2 and due is null`, book, c.Alert, string(due)); err != nil {
			return 0, fmt.Errorf("store last day of %s: %w", c.Alert, err)
		}
		moved++
	}
	return moved, nil
}
