package alerts

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Precision says how often a rule was right, of the cases that people decided in some
// time (误报统计). A case is decided by the second person's consent to its dismissal, or
// by the first step that confirms it; one that was opened again counts once more.
type Precision struct {
	Code string
	// Confirmed and Dismissed count decisions, Grounds the dismissals by their ground.
	Confirmed, Dismissed int64
	Grounds              map[string]int64
	// Months are the same by month, the latest first.
	Months []MonthPrecision
}

// MonthPrecision is the part of one month.
type MonthPrecision struct {
	Month                string
	Confirmed, Dismissed int64
}

// Decided counts all decisions.
func (p Precision) Decided() int64 { return p.Confirmed + p.Dismissed }

// FalseShare is how many of ten thousand decided cases were none.
func (p Precision) FalseShare() int64 { return p.Dismissed * 10_000 / max(p.Decided(), 1) }

// decision is one entry that decides a case.
type decision struct {
	Code  string
	Alert string
	Kind  ledger.Kind
	Seq   ledger.Seq
	Month string
}

// mostDecisions bounds what one page adds up.
const mostDecisions = 100_000

// Precisions adds up the decisions of some days by rule.
func (g *Engine) Precisions(ctx context.Context, book ledger.Book, from, to ledger.Date) ([]Precision, error) {
	rows, err := g.Pool.Query(ctx, `
		select c.code, e.alert, e.kind, e.seq, to_char(e.at at time zone interval '8 hours', 'YYYY-MM')
		from alert.event e join alert.current c on c.book = e.book and c.alert = e.alert
		where e.book = $1 and e.kind in ('alert.dismissed', 'alert.seconded', 'alert.confirmed') and e.at >= $2::timestamptz and e.at < $3::timestamptz
		order by e.seq limit $4`, book, beginOf(from), endOf(to), mostDecisions)
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[decision])
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	grounds, err := g.grounds(ctx, book, all)
	if err != nil {
		return nil, err
	}
	found := map[string]*Precision{}
	proposed := map[string]ledger.Seq{} // the dismissal that a second person may share
	for _, d := range all {
		p := found[d.Code]
		if p == nil {
			p = &Precision{Code: d.Code, Grounds: map[string]int64{}}
			found[d.Code] = p
		}
		switch d.Kind {
		case "alert.dismissed":
			proposed[d.Alert] = d.Seq
		case "alert.seconded":
			p.month(d.Month).Dismissed++
			p.Dismissed++
			if ground := grounds[proposed[d.Alert]]; ground != "" {
				p.Grounds[ground]++
			} else {
				p.Grounds["unknown"]++ // proposed before these days
			}
		case "alert.confirmed":
			p.month(d.Month).Confirmed++
			p.Confirmed++
		}
	}
	var out []Precision
	for _, code := range slices.Sorted(maps.Keys(found)) {
		if p := found[code]; p.Decided() > 0 {
			slices.Reverse(p.Months)
			out = append(out, *p)
		}
	}
	return out, nil
}

// month is the part of a month; they come in order.
func (p *Precision) month(of string) *MonthPrecision {
	if n := len(p.Months); n == 0 || p.Months[n-1].Month != of {
		p.Months = append(p.Months, MonthPrecision{Month: of})
	}
	return &p.Months[len(p.Months)-1]
}

// grounds reads why dismissals were proposed, by their entries.
func (g *Engine) grounds(ctx context.Context, book ledger.Book, all []decision) (map[ledger.Seq]string, error) {
	var seqs []ledger.Seq
	for _, d := range all {
		if d.Kind == "alert.dismissed" {
			seqs = append(seqs, d.Seq)
		}
	}
	grounds := map[ledger.Seq]string{}
	for part := range slices.Chunk(seqs, 1000) {
		entries, err := g.Ledger.EntriesAt(ctx, book, part)
		if err != nil {
			return nil, err
		}
		for seq, e := range entries {
			if b, ok := e.Body.(*ledger.AlertDismissed); ok {
				grounds[seq] = b.Ground
			}
		}
	}
	return grounds, nil
}
