package ledger

import (
	"context"
	"fmt"
)

// HouseholdGrant is one grant of one household (一户一笔补助), without a word of who it
// is: what a slip's code may show.
type HouseholdGrant struct {
	Line
	// Item, Project and the rest are those of its batch.
	Item    string
	Project string
	Fund    string
	State   string
	On      Date
	PaidOn  Date
	// PaidBy is the entry of the payment, or None.
	PaidBy Seq
	// Standard is yuan a unit, Quantity the units.
	Standard Amount
	Quantity string
}

// Net is what is paid and was not returned.
func (g HouseholdGrant) Net() Amount { return g.Amount - g.Returned }

// mostHousehold is how many grants of one household are shown.
const mostHousehold = 200

// HouseholdGrants lists the grants of the household that a line of a batch is of, the
// newest first: those under the same ID number, and of one whose number is erased the
// line alone. Batches that were never approved, rejected or withdrawn are among them.
func (l *Ledger) HouseholdGrants(ctx context.Context, book Book, payment string, line int64) ([]HouseholdGrant, error) {
	lines, err := collect[Line](ctx, l.Read, "lines of a household", lineSchema.read+` where book = $1 and line_key in (
			select $2 || '/' || $3::bigint::text
			union
			select g.line_key from proj.grant_line own join proj.grant_line g on g.person = own.person and g.book = own.book
			where own.book = $1 and own.payment = $2 and own.line = $3 and own.person <> '' and g.person <> ''
		) order by seq desc limit $4`, book, payment, line, mostHousehold)
	if err != nil {
		return nil, err
	}
	seqs := make([]Seq, len(lines))
	for i, x := range lines {
		seqs[i] = x.Seq
	}
	entries, err := l.EntriesAt(ctx, book, seqs)
	if err != nil {
		return nil, err
	}
	grants := make([]HouseholdGrant, 0, len(lines))
	batches := map[string]Payment{}
	for _, x := range lines {
		p, ok := batches[x.Payment]
		if !ok {
			if p, err = l.Payment(ctx, book, x.Payment); err != nil {
				return nil, err
			}
			batches[x.Payment] = p
		}
		g := HouseholdGrant{Line: x, Item: p.Purpose, Project: p.Project, Fund: p.Fund, State: p.State, On: p.On, PaidOn: p.PaidOn, PaidBy: p.Paid}
		e := entries[x.Seq]
		if e == nil {
			return nil, fmt.Errorf("entry %d of a grant: %w", x.Seq, ErrNotFound)
		}
		if b, ok := e.Body.(*GrantLine); ok {
			g.Standard, g.Quantity = b.Standard, b.Quantity
		}
		grants = append(grants, g)
	}
	return grants, nil
}

// LinesIn lists the lines of a batch in one village, without personal values, in their
// order; line is one of them, or 0 for all.
func (l *Ledger) LinesIn(ctx context.Context, book Book, payment, place string, line int64) ([]Line, error) {
	return collect[Line](ctx, l.Read, "lines of a village", lineSchema.read+`
		where book = $1 and payment = $2 and place = $3 and ($4 = 0 or line = $4) order by line`, book, payment, place, line)
}

// GrantBatches lists the batches of grants that have lines in a place, a division code
// or the beginning of one, newest first, without those that came to nothing.
func (l *Ledger) GrantBatches(ctx context.Context, book Book, place string, p Page) ([]Payment, string, error) {
	rows, err := collect[Payment](ctx, l.Read, "batches of grants", paymentSchema.read+` p
		where book = $1 and lines > 0 and requested_seq < $2 and state in ('requested', 'approved', 'paid')
			and exists (select from proj.grant_line g where g.payment = p.payment and g.book = p.book and starts_with(g.place, $3))
		order by requested_seq desc limit $4`, book, p.before(), place, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Payment) string { return seqKey(r.Requested) })
	return rows, next, nil
}
