package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// mayEscalate holds what a person reports to what can be so: to another unit, of the county,
// its townships and villages or above, or one in which somebody has a role; and of a day
// that has come since the warning.
func (g *Engine) mayEscalate(ctx context.Context, book ledger.Book, c Current, b *ledger.AlertEscalated) error {
	today, raised := ledger.DateOf(g.Ledger.Now().UTC()), ledger.DateOf(c.RaisedAt.UTC())
	why := &ledger.Refused{}
	no := func(field, zh, en string) {
		why.Problems = append(why.Problems, ledger.Problem{Field: "body." + field, Rule: "escalated", Text: ledger.Text{Zh: zh, En: en}})
	}
	if b.To == c.Unit {
		no("to_unit", "该预警已在 "+b.To+"，须写上一级单位", "the case is with "+b.To+" already, want the unit above")
	} else if !within(book, b.To) {
		roles, err := g.Ledger.Holdings(ctx, book, "")
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(roles, func(r ledger.Holding) bool { return r.Unit == b.To && r.InForce(today) }) {
			no("to_unit", fmt.Sprintf("没有单位 %s：须为有人员授权的单位，或以本县、乡镇、村或上级区划代码开头，如 %s", b.To, above(book, string(book)+"-CZ")),
				fmt.Sprintf("there is no unit %s: want one in which somebody has a role, or one that begins with the code of the county, a place in it or above, such as %s", b.To, above(book, string(book)+"-CZ")))
		}
	}
	if b.Overdue < raised || b.Overdue > today {
		no("due", fmt.Sprintf("须为预警之日（%s）至今天（%s）之间已到的期限", raised, today), fmt.Sprintf("want a day from that of the warning (%s) to today (%s): what was due has to be past", raised, today))
	}
	if len(why.Problems) > 0 {
		return why
	}
	return nil
}

// within says whether a unit is one of the county, of a place in it, or of a region above.
func within(book ledger.Book, unit string) bool {
	region, _, _ := strings.Cut(unit, "-")
	if strings.HasPrefix(region, string(book)) && strings.Trim(region, "0123456789") == "" {
		return slices.Contains([]int{6, 9, 12}, len(region))
	}
	for up := above(book, string(book)); ; up = above(book, up) {
		if region == up {
			return true
		}
		if up == above(book, up) {
			return false
		}
	}
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
