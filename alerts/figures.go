package alerts

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Figures are how the engine and its cases stand in a book, for whoever watches the
// server.
type Figures struct {
	// Lag is how many entries were committed and are not judged yet.
	Lag int64
	// Cases are the open ones of every level, by its code.
	Cases []LevelFigures
	// Overdue are the deadlines that have passed and were neither met nor raised.
	Overdue int64
}

// LevelFigures are the open cases of one level.
type LevelFigures struct {
	Level string
	Open  int64
	// Oldest is the age of the oldest, zero if there is none.
	Oldest time.Duration
}

// Figures reads how a book stands. They are of one moment each, not of the same.
func (g *Engine) Figures(ctx context.Context, book ledger.Book) (Figures, error) {
	var f Figures
	at, err := g.position(ctx, book)
	if err != nil {
		return f, err
	}
	head, err := g.Ledger.Head(ctx, book)
	if err != nil {
		return f, err
	}
	f.Lag = max(0, head.Size-1-int64(at.seen))
	rows, err := g.Pool.Query(ctx, `
		select l.level, count(c.alert) as open,
			coalesce(extract(epoch from clock_timestamp() - min(c.raised_at)), 0)::bigint * 1000000000 as oldest
		from unnest($2::text[]) as l (level)
		left join alert.current c on c.book = $1 and c.level = l.level and not c.shadow and c.state not in ('dismissed', 'closed', 'recorded')
		group by l.level order by l.level`, book, slices.Sorted(maps.Keys(ledger.AlertLevels)))
	if err != nil {
		return f, fmt.Errorf("count open cases: %w", err)
	}
	if f.Cases, err = pgx.CollectRows(rows, pgx.RowToStructByPos[LevelFigures]); err != nil {
		return f, fmt.Errorf("count open cases: %w", err)
	}
	// As Fire does it: the day counts in Shanghai.
	err = g.Pool.QueryRow(ctx, `
		select count(*) from alert.timer
		where due < $2::date and book = $1 and state = 'running'`, book, string(ledger.DateOf(g.Ledger.Now()))).Scan(&f.Overdue)
	if err != nil {
		return f, fmt.Errorf("count overdue deadlines: %w", err)
	}
	return f, nil
}
