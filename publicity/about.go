package publicity

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// Unpublished lists the entries of a project, or of all (""), that a matter at a level has to tell of and
// no notice has told of, in their order. What is told of by the quarter or year is not
// among them: its entries are those of the period.
func (d *Duties) Unpublished(ctx context.Context, book ledger.Book, stage, level, project string) ([]ledger.Seq, error) {
	if err := d.CatchUp(ctx, book); err != nil {
		return nil, err
	}
	rows, err := d.Ledger.Read.Query(ctx, `
		select distinct entry_seq from publicity.obligation
		where book = $1 and stage = $2 and level = $3 and ($4 = '' or project = $4) and entry_seq >= 0 and met_seq is null and ended_how = ''
		order by entry_seq`, book, stage, level, project)
	if err != nil {
		return nil, fmt.Errorf("list what is unpublished: %w", err)
	}
	seqs, err := pgx.CollectRows(rows, pgx.RowTo[ledger.Seq])
	if err != nil {
		return nil, fmt.Errorf("list what is unpublished: %w", err)
	}
	return seqs, nil
}

// UnpublishedOf is Unpublished for a fund document, by its number (文号) or the fund's id.
func (d *Duties) UnpublishedOf(ctx context.Context, book ledger.Book, stage, level, document string) ([]ledger.Seq, error) {
	seqs, err := d.Unpublished(ctx, book, stage, level, "")
	if err != nil {
		return nil, err
	}
	entries, err := d.Ledger.EntriesAt(ctx, book, seqs)
	if err != nil {
		return nil, err
	}
	var of []ledger.Seq
	for _, seq := range seqs {
		fund, own := fundOf(entries[seq].Body)
		if fund == document || own == document {
			of = append(of, seq)
			continue
		}
		if fund == "" {
			continue
		}
		f, err := d.Ledger.Fund(ctx, book, fund)
		if err != nil {
			return nil, err
		}
		if f.Document == document {
			of = append(of, seq)
		}
	}
	return of, nil
}

// fundOf is the fund that an entry of a document moves, and the document it names.
func fundOf(b ledger.Body) (fund, document string) {
	switch b := b.(type) {
	case *ledger.FundReceived:
		return b.Fund, b.Document
	case *ledger.FundAdjusted:
		return b.Fund, b.Document
	case *ledger.FundAllocated:
		return b.Fund, b.Document
	case *ledger.FundRecalled:
		return b.Fund, b.Document
	}
	return "", ""
}
