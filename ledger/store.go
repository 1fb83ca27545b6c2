package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/audit/rowset"
)

// syncCancelled marks a connection on which a COMMIT was cancelled while it
// waited for a standby: PostgreSQL then reports success.
const syncCancelled = "yilu_sync_cancelled"

// OpenPool connects as the service role, with at most so many connections whose
// statements end after a time. pgx's default handler of cancelled contexts is
// kept: it closes the connection, so that an outcome is unknown rather than
// wrong.
func OpenPool(ctx context.Context, url string, most int32, statements time.Duration) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	c.MaxConns = most
	c.ConnConfig.RuntimeParams["application_name"] = "yilu"
	c.ConnConfig.RuntimeParams["synchronous_commit"] = "on"
	c.ConnConfig.RuntimeParams["statement_timeout"] = strconv.FormatInt(statements.Milliseconds(), 10)
	c.ConnConfig.OnNotice = func(conn *pgconn.PgConn, n *pgconn.Notice) {
		if n.Code == "01000" && n.Severity == "WARNING" {
			conn.CustomData()[syncCancelled] = true
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	return pool, nil
}

// queueLoad asks for everything that is wanted. Once the batch has been read,
// each function it returns puts what was read into the state.
func (s *state) queueLoad(b *pgx.Batch) (keep []func()) {
	for _, t := range s.tables {
		if k := t.queueLoad(b, s.book); k != nil {
			keep = append(keep, k)
		}
	}
	for _, t := range s.lookups {
		if k := t.queueLoad(b, s.book); k != nil {
			keep = append(keep, k)
		}
	}
	if len(s.wantEntry) > 0 {
		s.queueEntries(b)
	}
	if len(s.wantCovers) > 0 {
		s.queueCovers(b)
	}
	return keep
}

// load reads everything that is wanted in one round trip and says whether there
// was anything.
func (s *state) load(ctx context.Context, tx pgx.Tx) (loaded bool, err error) {
	b := &pgx.Batch{}
	keep := s.queueLoad(b)
	if b.Len() == 0 {
		return false, nil
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return false, fmt.Errorf("load: %w", err)
	}
	for _, k := range keep {
		k()
	}
	return true, nil
}

func (s *state) queueEntries(b *pgx.Batch) {
	seqs := make([]uint64, 0, len(s.wantEntry))
	for q := range s.wantEntry {
		s.entries[q] = nil
		if q >= 0 {
			seqs = append(seqs, uint64(q))
		}
	}
	clear(s.wantEntry)
	slices.Sort(seqs)
	audit.QueueRows(b, string(s.book), seqs, func(r audit.Row) error {
		e, err := DecodeEntry(r.Leaf)
		if err != nil {
			return err
		}
		e.LeafHash = r.LeafHash
		s.entries[e.Seq] = e
		return nil
	})
	audit.QueueSealed(b, string(s.book), seqs, openedFields, func(r audit.PrivateRow) error {
		if e := s.entries[Seq(r.Seq)]; e != nil {
			return unseal(s.sealer, e, r)
		}
		return nil
	})
}

func (s *state) queueCovers(b *pgx.Batch) {
	seqs := make([]int64, 0, len(s.wantCovers))
	for q := range s.wantCovers {
		s.covers[q] = ""
		seqs = append(seqs, int64(q))
	}
	clear(s.wantCovers)
	b.Queue(`
		select w.seq, v.submission
		from unnest($2::bigint[]) as w(seq)
		cross join lateral (
			select submission, first_seq from proj.submission
			where book = $1 and last_seq >= w.seq and last_seq >= 0 order by last_seq limit 1
		) v
		where v.first_seq <= w.seq`, s.book, seqs).Query(func(rows pgx.Rows) error {
		var q int64
		var id string
		_, err := pgx.ForEachRow(rows, []any{&q, &id}, func() error {
			s.covers[Seq(q)] = id
			return nil
		})
		return err
	})
}

// writer sends writes to a book in as few round trips as their size allows. While one
// part is on its way the next is made.
type writer struct {
	tx    pgx.Tx
	book  Book
	batch pgx.Batch
	rows  int
	// sending is told what became of the part that is on its way.
	sending chan error
}

// writeChunk is how many rows go in one round trip: enough to make the trip
// cheap, few enough for a large unit not to stand in memory twice.
const writeChunk = 1000

// writeRows queues rows for a statement that takes a row set.
func writeRows[R any](ctx context.Context, w *writer, t *rowset.Table[R], sql string, rows []*R) error {
	for chunk := range slices.Chunk(rows, writeChunk) {
		w.batch.Queue(sql, t.Set(string(w.book), chunk))
		if err := w.queued(ctx, len(chunk)); err != nil {
			return err
		}
	}
	return nil
}

// queued counts rows that were queued, and sends when they are many.
func (w *writer) queued(ctx context.Context, rows int) error {
	if w.rows += rows; w.rows < writeChunk {
		return nil
	}
	if err := w.wait(); err != nil {
		return err
	}
	batch, sent := w.batch, make(chan error, 1)
	w.batch, w.rows, w.sending = pgx.Batch{}, 0, sent
	go func() { sent <- w.tx.SendBatch(ctx, &batch).Close() }()
	return nil
}

// wait returns when nothing is on its way: before that the transaction is not to be
// used otherwise.
func (w *writer) wait() error {
	if w.sending == nil {
		return nil
	}
	err := <-w.sending
	w.sending = nil
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// flush sends what is queued and waits for it.
func (w *writer) flush(ctx context.Context) error {
	if err := w.wait(); err != nil || w.batch.Len() == 0 {
		return err
	}
	err := w.tx.SendBatch(ctx, &w.batch).Close()
	w.batch, w.rows = pgx.Batch{}, 0
	if err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

// addTurnover adds to what the day has already.
var addTurnover = turnoverTable.Insert + ` on conflict (book, account, on_day) do update set amount = turnover.amount + excluded.amount`

// save writes every changed row, the legs, turnovers and events, and deletes what is to be
// erased. When it returns nothing is on its way, whatever the outcome.
func (s *state) save(ctx context.Context, w *writer) error {
	err := s.queueSave(ctx, w)
	if err == nil {
		err = w.flush(ctx)
	}
	return errors.Join(err, w.wait())
}

func (s *state) queueSave(ctx context.Context, w *writer) error {
	for _, t := range s.tables {
		if err := t.save(ctx, w); err != nil {
			return err
		}
	}
	if err := writeRows(ctx, w, legTable, legTable.Insert, pointers(s.legs)); err != nil {
		return err
	}
	if err := writeRows(ctx, w, turnoverTable, addTurnover, s.turnovers()); err != nil {
		return err
	}
	if err := writeRows(ctx, w, eventTable, eventTable.Insert, pointers(s.events)); err != nil {
		return err
	}
	if err := writeRows(ctx, w, noteTable, noteTable.Insert, pointers(s.notes)); err != nil {
		return err
	}
	for _, x := range s.erasures {
		audit.QueueErase(&w.batch, string(s.book), uint64(x.seq), x.field)
		if err := w.queued(ctx, 1); err != nil {
			return err
		}
	}
	return nil
}

// turnovers sums the changes of accounts by day.
func (s *state) turnovers() []*turnover {
	sums := map[turnover]*turnover{}
	var rows []*turnover
	for _, l := range s.legs {
		day := turnover{Account: l.Account, On: l.On}
		if sums[day] == nil {
			sums[day] = &turnover{Account: l.Account, On: l.On}
			rows = append(rows, sums[day])
		}
		sums[day].Amount += l.Amount
	}
	return rows
}

func pointers[R any](rows []R) []*R {
	out := make([]*R, len(rows))
	for i := range rows {
		out[i] = &rows[i]
	}
	return out
}
