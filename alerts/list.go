package alerts

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Filter narrows a list of warnings; empty members take all.
type Filter struct {
	Code   string
	Level  string
	State  State
	Unit   string
	Region string
	// Active leaves out what has ended and what was only recorded.
	Active bool
}

// List returns warnings raised after a seq, in the order in which they were raised,
// at most so many. After -1 it begins at the first.
func List(ctx context.Context, q querier, book ledger.Book, f Filter, after ledger.Seq, limit int) ([]Current, error) {
	rows, err := q.Query(ctx, `
		select `+columns+` from alert.current
		where book = $1 and raised_seq > $2 and raised_seq >= 0
			and ($3 = '' or code = $3) and ($4 = '' or level = $4) and ($5 = '' or state = $5) and ($6 = '' or unit = $6)
			and ($7 = '' or region like $7 || '%') and (not $8 or state not in ('dismissed', 'closed', 'recorded'))
		order by raised_seq limit $9`, book, after, f.Code, f.Level, f.State, f.Unit, f.Region, f.Active, limit)
	if err != nil {
		return nil, fmt.Errorf("list warnings: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Current])
	if err != nil {
		return nil, fmt.Errorf("list warnings: %w", err)
	}
	return list, nil
}

// Event is one entry about a warning.
type Event struct {
	Seq   ledger.Seq  `db:"seq" json:"seq"`
	Alert string      `db:"alert" json:"alert"`
	Kind  ledger.Kind `db:"kind" json:"kind"`
	At    time.Time   `db:"at" json:"at"`
	User  string      `db:"by_user" json:"user"`
	Unit  string      `db:"unit" json:"unit"`
}

// Events lists the entries about one warning, oldest first.
func Events(ctx context.Context, q querier, book ledger.Book, alert string) ([]Event, error) {
	return events(ctx, q, `select seq, alert, kind, at, by_user, unit from alert.event where alert = $2 and book = $1 order by seq`, book, alert)
}

// Feed lists entries about warnings after a seq, oldest first, at most so many.
func Feed(ctx context.Context, q querier, book ledger.Book, after ledger.Seq, limit int) ([]Event, error) {
	return events(ctx, q, `select seq, alert, kind, at, by_user, unit from alert.event where book = $1 and seq > $2 order by seq limit $3`, book, after, limit)
}

func events(ctx context.Context, q querier, sql string, args ...any) ([]Event, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read events of warnings: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Event])
	if err != nil {
		return nil, fmt.Errorf("read events of warnings: %w", err)
	}
	return list, nil
}
