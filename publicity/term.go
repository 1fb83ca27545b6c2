package publicity

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// term is a local term of publication (公开时限规定): the entry notice.required that
// two persons made.
type term struct {
	Seq                  int64
	Stage, Level, Region string
	Days                 int64
	Unit                 string
	Minimum              int64
	Mode                 string
	From                 ledger.Date
	To                   ledger.Date
	Basis                string
}

// querier is what reading needs: a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// readTerms reads a book's terms, the latest first.
func readTerms(ctx context.Context, q querier, book ledger.Book) ([]term, error) {
	rows, err := q.Query(ctx, `
		select seq, stage, level, region, days, unit, minimum, mode, from_day::text, coalesce(to_day::text, ''), basis
		from publicity.term where book = $1 order by seq desc`, book)
	if err != nil {
		return nil, fmt.Errorf("read terms: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[term])
}

// require puts a term in force for what comes after it.
func (f *follower) require(e *ledger.Entry, b *ledger.NoticeRequired) error {
	f.terms = append([]term{{int64(e.Seq), b.Stage, b.Level, b.Region, int64(b.Days), b.Unit, int64(b.Minimum), b.Mode, b.From, b.To, b.Basis}}, f.terms...)
	f.batch.Queue(`
		insert into publicity.term (book, seq, stage, level, region, days, unit, minimum, mode, from_day, to_day, basis)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, nullif($11, '')::date, $12)`,
		f.book, e.Seq, b.Stage, b.Level, b.Region, int64(b.Days), b.Unit, int64(b.Minimum), b.Mode, b.From, string(b.To), b.Basis)
	return nil
}

// local is the duty as the place's own term has it: the narrowest region, and of one
// region the latest.
func local(terms []term, d Duty, level, place string, on ledger.Date) Duty {
	best := -1
	for i, t := range terms {
		if t.Stage != d.Stage || t.Level != level || on < t.From || t.To != "" && on > t.To || !ledger.InRegion(place, t.Region) {
			continue
		}
		if best < 0 || len(t.Region) > len(terms[best].Region) {
			best = i
		}
	}
	if best >= 0 {
		t := terms[best]
		d.Days, d.Unit, d.Minimum, d.Mode, d.Basis = int(t.Days), t.Unit, int(t.Minimum), workday.Mode(t.Mode), t.Basis
	}
	return d
}
