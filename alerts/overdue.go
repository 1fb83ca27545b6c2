package alerts

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Escalate reports the cases whose step is overdue one level up (逾期上报, L18), each
// once for each day it was due. It says how many.
func (g *Engine) Escalate(ctx context.Context, book ledger.Book) (int, error) {
	today := ledger.DateOf(g.Ledger.Now())
	rows, err := g.Pool.Query(ctx, `
		select `+columns+` from alert.current
		where due < $2::date and due is not null and book || '' = $1 and state not in ('dismissed', 'closed', 'recorded')
		order by due, raised_seq limit 200`, book, string(today))
	if err != nil {
		return 0, fmt.Errorf("read overdue cases: %w", err)
	}
	overdue, err := pgx.CollectRows(rows, pgx.RowToStructByName[Current])
	if err != nil {
		return 0, fmt.Errorf("read overdue cases: %w", err)
	}
	for _, c := range overdue {
		_, err := g.Take(ctx, book, ledger.Draft{
			ID: hashID("e", c.Alert, fmt.Sprint(c.Step)), Kind: "alert.escalated", On: today, Corrects: ledger.None,
			By:   ledger.By{Role: ledger.Engine, Unit: string(book), User: "engine"},
			Body: &ledger.AlertEscalated{Step: ledger.Step{Alert: c.Alert, Seen: ledger.Count(c.Step)}, Overdue: c.Due, To: above(book, c.Unit)},
		})
		if _, moved := errors.AsType[*ledger.Refused](err); err != nil && !moved {
			return 0, fmt.Errorf("escalate %s: %w", c.Alert, err)
		}
	}
	return len(overdue), nil
}

// above is the unit one level up: that of the same office in the region above, as
// unit codes begin with a division code. A township's is the county's, a county's
// the city's; a case that nobody has goes to the county itself.
func above(book ledger.Book, unit string) string {
	region, office, _ := strings.Cut(unit, "-")
	switch {
	case unit == "":
		return string(book)
	case len(region) > 6:
		region = region[:6]
	case len(region) == 6 && !strings.HasSuffix(region, "00"):
		region = region[:4] + "00"
	case len(region) == 6 && !strings.HasSuffix(region, "0000"):
		region = region[:2] + "0000"
	}
	if office == "" {
		return region
	}
	return region + "-" + office
}
