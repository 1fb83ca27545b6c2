package audit

import (
	"fmt"

	"github.com/jackc/pgx/v5"
)

// QueueRows queues the reading of entries by number, in order, as part of a
// caller's batch. each is called for every entry that exists when the batch is
// read; numbers past the end are left out.
func QueueRows(b *pgx.Batch, book string, seqs []uint64, each func(Row) error) {
	b.Queue(`
		select e.seq, e.id, e.leaf, e.leaf_hash, e.nodes
		from unnest($2::bigint[]) as w(seq)
		cross join lateral (
			select seq, id, leaf, leaf_hash, nodes from only log.entry
			where book = $1 and seq = w.seq limit 1
		) e
		order by e.seq`, book, seqs).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			r, err := scanRow(rows)
			if err != nil {
				return fmt.Errorf("read entries of book %s: %w", book, err)
			}
			if err := each(r); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// QueuePersons queues the reading of the person tokens of entries, for those
// that have one that was not erased.
func QueuePersons(b *pgx.Batch, book string, seqs []uint64, each func(seq uint64, person Token)) {
	b.Queue(`
		select p.seq, p.person
		from unnest($2::bigint[]) as w(seq)
		cross join lateral (
			select seq, person from only seal.private_field
			where book = $1 and seq = w.seq and person is not null limit 1
		) p
		order by p.seq`, book, seqs).Query(func(rows pgx.Rows) error {
		var seq uint64
		var person []byte
		_, err := pgx.ForEachRow(rows, []any{&seq, &person}, func() error {
			each(seq, Token(person)) // the table's CHECK holds its length
			return nil
		})
		if err != nil {
			return fmt.Errorf("read persons of book %s: %w", book, err)
		}
		return nil
	})
}
