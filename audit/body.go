package audit

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5/pgtype"
)

// bodyPage is how many bodies one query of ReadBodies sends. While statistics are
// young PostgreSQL expects a handful and sorts them, which must fit its memory.
const bodyPage = 1000

// Body is the exact bytes of an entry and its number, and nothing else that the
// database says of it.
type Body struct {
	Seq uint64
	// Leaf is good until the next one is asked for.
	Leaf []byte
}

// ReadBodies yields the bodies of the entries from..to of a book, in order, without
// their stored hashes: for those who compute every hash themselves. A gap ends a
// page early and shows as a number that does not follow. The body of the loop must
// not use the same transaction. It ends after the first error.
func ReadBodies(ctx context.Context, q Querier, book string, from, to uint64) iter.Seq2[Body, error] {
	return func(yield func(Body, error) bool) {
		for from < to {
			n, more, err := yieldBodies(ctx, q, book, from, min(to-from, bodyPage), yield)
			if err != nil {
				yield(Body{}, fmt.Errorf("read bodies of book %s from %d: %w", book, from, err))
				return
			}
			if !more || n == 0 {
				return
			}
			from += n
		}
	}
}

// yieldBodies yields one page and says how many there were and whether more are
// wanted.
func yieldBodies(ctx context.Context, q Querier, book string, from, limit uint64, yield func(Body, error) bool) (n uint64, more bool, err error) {
	rows, err := q.Query(ctx, `
		select seq, leaf from only log.entry
		where book = $1 and seq >= $2 and seq < $2 + $3
		order by seq`, book, int64(from), int64(limit))
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var b Body
		if err := rows.Scan(&b.Seq, (*pgtype.DriverBytes)(&b.Leaf)); err != nil {
			return n, false, err
		}
		n++
		if !yield(b, nil) {
			return n, false, nil
		}
	}
	return n, true, rows.Err()
}
