package publicity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger"
	"yilu/publicity/workday"
)

// ErrDiverged is a table of obligations that is not what the log says.
var ErrDiverged = errors.New("obligations differ from the log")

// Duties keeps what must be published (公开义务) beside the log: each entry that takes
// effect once, in the order of the log, in the transaction that moves the cursor. Any
// number of processes may call it.
type Duties struct {
	Ledger *ledger.Ledger
	// Pool writes schema publicity, as the service role; nil reads what is there.
	Pool     *pgxpool.Pool
	Calendar workday.Calendar
}

// chunk is how many entries are followed in one transaction.
const chunk = 5000

// CatchUp follows the log to its present end.
func (d *Duties) CatchUp(ctx context.Context, book ledger.Book) error {
	if d.Pool == nil {
		return nil
	}
	head, err := d.Ledger.Head(ctx, book)
	if err != nil {
		return err
	}
	var next int64
	err = d.Pool.QueryRow(ctx, `select next_seq from publicity.cursor where book = $1`, book).Scan(&next)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read cursor of publicity: %w", err)
	}
	for more := next < int64(head.Size); more; {
		err := pgx.BeginFunc(ctx, d.Pool, func(tx pgx.Tx) (err error) {
			more, err = d.step(ctx, tx, book)
			return err
		})
		if err != nil {
			return fmt.Errorf("follow book %s: %w", book, err)
		}
	}
	return nil
}

// followEvery is how often Run looks: pages that need it follow by themselves.
const followEvery = 2 * time.Second

// Run follows all books until ctx ends, so that no page has to catch up with much and
// sweeps find what fell due. What goes wrong is logged and tried again.
func (d *Duties) Run(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		books, err := d.Ledger.Books(ctx)
		for _, book := range books {
			err = errors.Join(err, d.CatchUp(ctx, book))
		}
		if err != nil && ctx.Err() == nil {
			d.Ledger.Log.WarnContext(ctx, "follow what must be published", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// step follows one chunk. The cursor's row orders those who do it at once.
func (d *Duties) step(ctx context.Context, tx pgx.Tx, book ledger.Book) (more bool, err error) {
	if _, err := tx.Exec(ctx, `insert into publicity.cursor (book, next_seq, covered_until) values ($1, 0, -1) on conflict do nothing`, book); err != nil {
		return false, err
	}
	f := &follower{Duties: d, Ledger: d.Ledger.In(tx), tx: tx, book: book, places: map[string]string{}}
	if err := tx.QueryRow(ctx, `select next_seq, covered_until from publicity.cursor where book = $1 for update`, book).Scan(&f.next, &f.covered); err != nil {
		return false, err
	}
	if f.terms, err = readTerms(ctx, tx, book); err != nil {
		return false, err
	}
	var rows []audit.Row // all first: what they need is asked for in the same transaction
	for row, err := range audit.ReadLeaves(ctx, tx, string(book), uint64(f.next), chunk) {
		if err != nil {
			return false, err
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		if err := f.take(ctx, row); err != nil {
			return false, fmt.Errorf("entry %d: %w", row.Seq, err)
		}
		f.next++
	}
	if err := f.flush(ctx); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `update publicity.cursor set next_seq = $2, covered_until = $3 where book = $1`, book, f.next, f.covered)
	return len(rows) == chunk, err
}

// Rebuild makes the obligations of a book anew and says whether they were what the log
// says. It needs the owner's rights, and is one transaction, which ErrDiverged undoes
// unless told to replace.
func (d *Duties) Rebuild(ctx context.Context, owner *pgxpool.Pool, book ledger.Book, replace bool) (rows int64, err error) {
	err = pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local role yilu_owner`); err != nil {
			return fmt.Errorf("become owner: %w", err)
		}
		for more := true; more; { // what was there is compared at the log's end
			var err error
			if more, err = d.step(ctx, tx, book); err != nil {
				return err
			}
		}
		before, _, err := digest(ctx, tx, book)
		if err != nil {
			return err
		}
		for _, sql := range []string{
			`delete from publicity.obligation where book = $1`, `delete from publicity.project where book = $1`,
			`delete from publicity.term where book = $1`, `delete from publicity.cursor where book = $1`,
		} {
			if _, err := tx.Exec(ctx, sql, book); err != nil {
				return err
			}
		}
		for more := true; more; {
			if more, err = d.step(ctx, tx, book); err != nil {
				return err
			}
		}
		after, n, err := digest(ctx, tx, book)
		if rows = n; err == nil && before != after && !replace {
			err = ErrDiverged
		}
		return err
	})
	return rows, err
}

// digest sums up the obligations and what they follow from, whatever their order.
func digest(ctx context.Context, tx pgx.Tx, book ledger.Book) (sum string, rows int64, err error) {
	err = tx.QueryRow(ctx, `
		select concat_ws(' ',
			(select coalesce(sum(hashtextextended(o::text, 0)::numeric), 0) from publicity.obligation o where book = $1),
			(select coalesce(sum(hashtextextended(p::text, 0)::numeric), 0) from publicity.project p where book = $1),
			(select coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) from publicity.term t where book = $1)),
			(select count(*) from publicity.obligation where book = $1)`, book).Scan(&sum, &rows)
	return sum, rows, err
}

// follower is one step on its way through the log.
type follower struct {
	*Duties
	// Ledger reads in tx.
	Ledger *ledger.Ledger
	tx     pgx.Tx
	book   ledger.Book
	// next is the entry at hand; entries up to covered wait for a second person.
	next, covered int64
	terms         []term
	// places are those of projects that were asked for.
	places map[string]string
	batch  pgx.Batch
}

func (f *follower) flush(ctx context.Context) error {
	if f.batch.Len() == 0 {
		return nil
	}
	err := f.tx.SendBatch(ctx, &f.batch).Close()
	f.batch = pgx.Batch{}
	return err
}

// followed are the kinds that matter here: all others are not decoded.
var followed = func() map[string]bool {
	all := map[string]bool{"submission.made": true, "submission.approved": true, "entry.reversed": true, "works.started": true, "payment.rejected": true}
	for _, spec := range ledger.Kinds() {
		all[string(spec.Kind)] = all[string(spec.Kind)] || spec.Stage == ledger.StageNotice
	}
	for _, d := range Policy {
		for _, k := range d.Kinds {
			all[string(k)] = true
		}
	}
	return all
}()

// take follows one entry of the log.
func (f *follower) take(ctx context.Context, row audit.Row) error {
	if !matters(row.Leaf) {
		return nil
	}
	e, err := ledger.DecodeEntry(row.Leaf)
	if err != nil {
		return err
	}
	switch b := e.Body.(type) {
	case *ledger.SubmissionMade:
		f.covered = f.next + int64(b.Entries)
		return nil
	case *ledger.SubmissionApproved:
		sub, err := f.Ledger.Submission(ctx, f.book, b.Submission)
		if err != nil {
			return err
		}
		return f.approve(ctx, sub)
	}
	if f.next <= f.covered {
		return nil
	}
	return f.effect(ctx, e)
}

// approve lets the entries of a submission take effect.
func (f *follower) approve(ctx context.Context, sub ledger.Submission) error {
	for row, err := range audit.ReadLeaves(ctx, f.tx, string(f.book), uint64(sub.First), uint64(sub.Last-sub.First+1)) {
		if err != nil {
			return err
		}
		if !matters(row.Leaf) {
			continue
		}
		e, err := ledger.DecodeEntry(row.Leaf)
		if err != nil {
			return err
		}
		if err := f.effect(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// matters looks for the kind in the leaf's canonical bytes. No member of a body is
// called so, and words cannot pretend to be one: their quotes are escaped.
func matters(leaf []byte) bool {
	_, rest, _ := bytes.Cut(leaf, []byte(`"kind":"`))
	kind, _, _ := bytes.Cut(rest, []byte(`"`))
	return followed[string(kind)]
}
