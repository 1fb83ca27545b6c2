package alerts

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Cell is one month and township of the report on warnings: what was raised then and
// there, and what has become of just these by now. Every warning that a list shows is
// counted in one cell, those that were only recorded included.
type Cell struct {
	// Month is that in which they were raised, Township the first nine digits of the
	// place, or the county's six.
	Month    string `db:"month"`
	Township string `db:"township"`
	Raised   int64  `db:"raised"`
	// Raised = Open + Dismissed + Closed + Recorded; Overdue are of the open ones.
	Open      int64 `db:"open"`
	Overdue   int64 `db:"overdue"`
	Dismissed int64 `db:"dismissed"`
	Closed    int64 `db:"closed"`
	Recorded  int64 `db:"recorded"`
	// The amounts are those that decisions name, and what was returned and moved so far.
	ToReturn ledger.Amount `db:"to_return"`
	Returned ledger.Amount `db:"returned"`
	ToAdjust ledger.Amount `db:"to_adjust"`
	Adjusted ledger.Amount `db:"adjusted"`
	Other    ledger.Amount `db:"other"`
}

// Handled counts those that were decided and are done with.
func (c Cell) Handled() int64 { return c.Dismissed + c.Closed }

// Add adds another cell's figures to these.
func (c *Cell) Add(o Cell) {
	c.Raised += o.Raised
	c.Open += o.Open
	c.Overdue += o.Overdue
	c.Dismissed += o.Dismissed
	c.Closed += o.Closed
	c.Recorded += o.Recorded
	c.ToReturn += o.ToReturn
	c.Returned += o.Returned
	c.ToAdjust += o.ToAdjust
	c.Adjusted += o.Adjusted
	c.Other += o.Other
}

// Summarise counts the warnings of a filter by month and township, as of a day.
func Summarise(ctx context.Context, q querier, book ledger.Book, f Filter, today ledger.Date) ([]Cell, error) {
	condition, args := f.condition(book)
	args = append(args, string(today))
	rows, err := q.Query(ctx, `
		select to_char(c.raised_at at time zone interval '8 hours', 'YYYY-MM') as month, left(c.region, 9) as township, count(*) as raised,
			count(*) filter (where c.state not in ('dismissed', 'closed', 'recorded')) as open,
			count(*) filter (where c.state not in ('dismissed', 'closed', 'recorded') and c.due < $`+fmt.Sprint(len(args))+`::date) as overdue,
			count(*) filter (where c.state = 'dismissed') as dismissed, count(*) filter (where c.state = 'closed') as closed,
			count(*) filter (where c.state = 'recorded') as recorded,
			sum(c.to_return)::bigint as to_return, sum(c.returned)::bigint as returned,
			sum(c.to_adjust)::bigint as to_adjust, sum(c.adjusted)::bigint as adjusted, sum(c.to_other)::bigint as other
		from alert.current c`+condition+` group by 1, 2 order by 1 desc, 2`, args...)
	if err != nil {
		return nil, fmt.Errorf("summarise warnings: %w", err)
	}
	cells, err := pgx.CollectRows(rows, pgx.RowToStructByName[Cell])
	if err != nil {
		return nil, fmt.Errorf("summarise warnings: %w", err)
	}
	return cells, nil
}
