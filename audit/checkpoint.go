package audit

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/audit/proof"
)

// ErrOtherNote is returned when another text is stored for a size that was
// signed: two signers, or somebody with rights on the table.
var ErrOtherNote = errors.New("another note is stored for this size")

// SignedNote is a checkpoint as it was signed.
type SignedNote struct {
	Size uint64
	// Note is the signed text, byte for byte, without cosignatures.
	Note string
	// At is when it was signed, by the signer's clock.
	At time.Time
}

// LastNote returns the newest checkpoint of a book, the zero SignedNote if there
// is none. What the table says is a copy: it is worth its signature.
func LastNote(ctx context.Context, q Querier, book string) (SignedNote, error) {
	var n SignedNote
	err := q.QueryRow(ctx, `
		select size, note, at from only log.checkpoint
		where book = $1
		order by size desc limit 1`, book).Scan(&n.Size, &n.Note, &n.At)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return n, fmt.Errorf("read last checkpoint of book %s: %w", book, err)
	}
	return n, nil
}

// ReadNotes yields the checkpoints of a book, the oldest first, by pages. It ends
// after the first error.
func ReadNotes(ctx context.Context, q Querier, book string) iter.Seq2[SignedNote, error] {
	return func(yield func(SignedNote, error) bool) {
		for after := uint64(0); ; {
			page, err := notesAfter(ctx, q, book, after)
			if err != nil {
				yield(SignedNote{}, err)
				return
			}
			for _, n := range page {
				if !yield(n, nil) {
					return
				}
				after = n.Size
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}

func notesAfter(ctx context.Context, q Querier, book string, size uint64) ([]SignedNote, error) {
	rows, err := q.Query(ctx, `
		select size, note, at from only log.checkpoint
		where book = $1 and size > $2
		order by size
		limit $3`, book, int64(size), pageSize)
	if err == nil {
		var page []SignedNote
		if page, err = pgx.CollectRows(rows, pgx.RowToStructByPos[SignedNote]); err == nil {
			return page, nil
		}
	}
	return nil, fmt.Errorf("read checkpoints of book %s after %d: %w", book, size, err)
}

// InsertNote stores a signed checkpoint. The same one again changes nothing;
// another text for its size is ErrOtherNote.
func InsertNote(ctx context.Context, tx pgx.Tx, book string, n SignedNote) error {
	_, err := tx.Exec(ctx, `
		insert into log.checkpoint (book, size, note, at)
		select $1, $2, $3, $4
		where not exists (select from only log.checkpoint where book = $1 and size = $2)`,
		book, int64(n.Size), n.Note, n.At)
	if err != nil {
		return fmt.Errorf("store checkpoint %d of book %s: %w", n.Size, book, err)
	}
	var stored string
	err = tx.QueryRow(ctx, `
		select note from only log.checkpoint
		where book = $1 and size = $2`, book, int64(n.Size)).Scan(&stored)
	if err == nil && stored != n.Note {
		err = ErrOtherNote
	}
	if err != nil {
		return fmt.Errorf("store checkpoint %d of book %s: %w", n.Size, book, err)
	}
	return nil
}

// InsertCosignature keeps a witness's signature line under a checkpoint that is
// stored, the first that it gave. The caller has verified it.
func InsertCosignature(ctx context.Context, tx pgx.Tx, book string, size uint64, witness, line string) error {
	_, err := tx.Exec(ctx, `
		insert into log.cosignature (book, size, witness, line) values ($1, $2, $3, $4)
		on conflict (book, size, witness) do nothing`, book, int64(size), witness, line)
	if err != nil {
		return fmt.Errorf("store cosignature of %s under checkpoint %d of book %s: %w", witness, size, book, err)
	}
	return nil
}

// Cosignatures returns the signature lines under a checkpoint by witness.
func Cosignatures(ctx context.Context, q Querier, book string, size uint64) (map[string]string, error) {
	rows, err := q.Query(ctx, `
		select witness, line from only log.cosignature
		where book = $1 and size = $2`, book, int64(size))
	if err != nil {
		return nil, fmt.Errorf("read cosignatures of book %s: %w", book, err)
	}
	lines := map[string]string{}
	var witness, line string
	_, err = pgx.ForEachRow(rows, []any{&witness, &line}, func() error {
		lines[witness] = line
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read cosignatures of book %s: %w", book, err)
	}
	return lines, nil
}

// LastCosigned returns, by witness, the largest size it has cosigned.
func LastCosigned(ctx context.Context, q Querier, book string) (map[string]uint64, error) {
	rows, err := q.Query(ctx, `
		select witness, max(size) from only log.cosignature
		where book = $1
		group by witness`, book)
	if err != nil {
		return nil, fmt.Errorf("read cosigned sizes of book %s: %w", book, err)
	}
	sizes := map[string]uint64{}
	var witness string
	var size uint64
	_, err = pgx.ForEachRow(rows, []any{&witness, &size}, func() error {
		sizes[witness] = size
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read cosigned sizes of book %s: %w", book, err)
	}
	return sizes, nil
}

// Barrier commits something that writes WAL, so that all that was visible before
// is as durable as a commit can be: with a synchronous standby a row can be seen
// before the standby has it, and a fail-over would take it back. Whoever signs
// what was read passes it first.
func Barrier(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `select pg_logical_emit_message(true, 'yilu', '')`); err != nil {
		return fmt.Errorf("pass the barrier: %w", err)
	}
	return nil
}

// PassBarrier is Barrier as a transaction of its own. It says whether it saw an entry
// where it was written: what was committed up to there is then as durable as itself.
func PassBarrier(ctx context.Context, q Querier, book string, seq uint64, leaf proof.Hash) (there bool, err error) {
	err = q.QueryRow(ctx, `
		select exists (select from only log.entry where book = $1 and seq = $2 and leaf_hash = $3),
			pg_logical_emit_message(true, 'yilu', '') is not null`, book, int64(seq), leaf[:]).Scan(&there, new(bool))
	if err != nil {
		return false, fmt.Errorf("pass the barrier: %w", err)
	}
	return there, nil
}
