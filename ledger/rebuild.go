package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/audit/rowset"
)

// projections are the tables that Rebuild drops and makes again.
var projections = []string{
	"proj.fund", "proj.project", "proj.project_total", "proj.quota", "proj.account", "proj.leg", "proj.turnover", "proj.tender", "proj.bid",
	"proj.project_changes", "proj.contract", "proj.payment", "proj.payee", "proj.grant_line", "proj.submission", "proj.reversal", "proj.period", "proj.event",
	"proj.rulebook", "proj.verdict", "proj.record", "proj.register", "proj.register_member", "proj.role", "proj.holder",
	"proj.notice", "proj.notice_version", "proj.notice_project", "proj.notice_proof", "proj.objection", "proj.photo", "proj.place",
}

// Rebuilt is what a rebuild found.
type Rebuilt struct {
	Entries int64 `json:"entries"`
	Rows    int64 `json:"rows"`
	// Differing names the projections that were not what the entries say.
	Differing []string `json:"differing"`
}

// Replay says how to rebuild.
type Replay struct {
	// Judge is the judge of those who posted: its notes are made again too.
	Judge *Judge
	// Sealer is the sealer of those who posted: what depends on sealed values, such as
	// the members of registers, is made again from them. Without it they are unknown,
	// and what depends on them differs.
	Sealer *audit.Sealer
	// Replace keeps the replayed result, which is the true one, if it differs.
	Replace bool
	// Progress, which may be nil, is told how many entries are done.
	Progress func(done, of int64)
}

// replayChunk is how many entries are replayed between two writes.
const replayChunk = 2000

// Rebuild drops all projections of a book, replays its log and compares the
// result with what was there. It needs the owner's rights, holds the book's
// lock, and is one transaction: if the two differ nothing changes and the error
// is ErrDiverged.
func Rebuild(ctx context.Context, owner *pgxpool.Pool, book Book, how Replay) (Rebuilt, error) {
	var r Rebuilt
	err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local role yilu_owner`); err != nil {
			return fmt.Errorf("become owner: %w", err)
		}
		if err := rowset.Learn(ctx, tx.Conn()); err != nil {
			return err
		}
		head, err := audit.Lock(ctx, tx, string(book))
		if err != nil {
			return err
		}
		r.Entries = int64(head.Size)
		before, _, err := digests(ctx, tx, book)
		if err != nil {
			return err
		}
		for _, name := range projections {
			if _, err := tx.Exec(ctx, `delete from `+name+` where book = $1`, book); err != nil {
				return fmt.Errorf("clear %s: %w", name, err)
			}
		}
		if err := replay(ctx, tx, fresh(book, how), r.Entries, how.Progress); err != nil {
			return err
		}
		after, rows, err := digests(ctx, tx, book)
		if err != nil {
			return err
		}
		r.Rows = rows
		for _, name := range projections {
			if before[name] != after[name] {
				r.Differing = append(r.Differing, name)
			}
		}
		if len(r.Differing) > 0 && !how.Replace {
			return fmt.Errorf("%w: %s", ErrDiverged, strings.Join(r.Differing, ", "))
		}
		return nil
	})
	if errors.Is(err, audit.ErrNoBook) {
		err = fmt.Errorf("book %s: %w", book, ErrNotFound)
	}
	return r, err
}

// digests sums up each projection of a book in a way that does not depend on
// the order of rows, and counts all rows.
func digests(ctx context.Context, tx pgx.Tx, book Book) (map[string]string, int64, error) {
	out := map[string]string{}
	var rows int64
	for _, name := range projections {
		var sum string
		var n int64
		err := tx.QueryRow(ctx, `
			select count(*), count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)
			from `+name+` t where book = $1`, book).Scan(&n, &sum)
		if err != nil {
			return nil, 0, fmt.Errorf("digest %s: %w", name, err)
		}
		out[name] = sum
		rows += n
	}
	return out, rows, nil
}

// fresh is an empty state of a replay.
func fresh(book Book, how Replay) *state {
	s := newState(book)
	s.trial, s.rules, s.sealer = false, how.Judge, how.Sealer
	return s
}

// replay applies every entry of a book to empty projections.
func replay(ctx context.Context, tx pgx.Tx, s *state, size int64, progress func(done, of int64)) error {
	for from := int64(0); from < size; from += replayChunk {
		chunk, err := readChunk(ctx, tx, s.book, s.sealer, from)
		if err != nil {
			return err
		}
		if s, err = replayEntries(ctx, tx, s, chunk); err != nil {
			return err
		}
		if progress != nil {
			progress(min(from+replayChunk, size), size)
		}
	}
	return nil
}

// readChunk reads the next entries with what their effect reads of what they seal.
func readChunk(ctx context.Context, tx pgx.Tx, book Book, sealer *audit.Sealer, from int64) ([]*Entry, error) {
	seqs := make([]uint64, replayChunk)
	for i := range seqs {
		seqs[i] = uint64(from) + uint64(i)
	}
	var entries []*Entry
	b := &pgx.Batch{}
	audit.QueueRows(b, string(book), seqs, func(r audit.Row) error {
		e, err := DecodeEntry(r.Leaf)
		if err != nil {
			return err
		}
		e.LeafHash = r.LeafHash
		entries = append(entries, e)
		return nil
	})
	audit.QueueSealed(b, string(book), seqs, openedFields, func(r audit.PrivateRow) error {
		return unseal(sealer, entries[int64(r.Seq)-from], r)
	})
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("read entries from %d: %w", from, err)
	}
	return entries, nil
}

// replayEntries applies entries and writes what follows. It returns the state
// to go on with.
func replayEntries(ctx context.Context, tx pgx.Tx, s *state, entries []*Entry) (*state, error) {
	for range 5 {
		for _, e := range entries {
			s.touch(e)
		}
		if loaded, err := s.load(ctx, tx); err != nil {
			return nil, err
		} else if !loaded {
			break
		}
	}
	for _, e := range entries {
		if err := replayOne(ctx, tx, s, e); err != nil {
			return nil, err
		}
	}
	if err := s.save(ctx, &writer{tx: tx, book: s.book}); err != nil {
		return nil, err
	}
	s.forget()
	if s.rows() > keptRows {
		next := fresh(s.book, Replay{Judge: s.rules, Sealer: s.sealer})
		next.cover, next.batch = s.cover, s.batch
		return next, nil
	}
	return s, nil
}

// replayOne applies one entry, loading what turns out to be missing.
func replayOne(ctx context.Context, tx pgx.Tx, s *state, e *Entry) error {
	cover, batch, mark := s.cover, s.batch, len(s.undo)
	for range 50 {
		s.problems, s.approvedBy, s.cover, s.batch = nil, nil, cover, batch
		if complete, err := s.attempt(mark, func() { s.judge(e) }); err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		} else if complete {
			if len(s.problems) > 0 {
				return fmt.Errorf("%w: entry %d would be refused: %s", ErrDiverged, e.Seq, list(s.problems))
			}
			return nil
		}
		// A submission made in this chunk names its entries only now: ask for
		// all of them at once.
		s.touch(e)
		// A look-up reads the tables: what this chunk has made so far must stand there.
		if s.wantsLookups() {
			if err := s.save(ctx, &writer{tx: tx, book: s.book}); err != nil {
				return err
			}
			s.forget()
			mark = 0
			s.touch(e)
		}
		if _, err := s.load(ctx, tx); err != nil {
			return err
		}
	}
	return fmt.Errorf("entry %d: %w", e.Seq, &bugError{"rows are missing after every load"})
}
