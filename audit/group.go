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

// QueueSealed queues the reading of sealed fields of entries that were not erased: those
// of the given names, and those by which a person is found. The seq of each is set.
func QueueSealed(b *pgx.Batch, book string, seqs []uint64, names []string, each func(PrivateRow) error) {
	b.Queue(`
		select p.seq, p.name, p.value_enc, p.salt, p.person
		from unnest($2::bigint[]) as w(seq)
		cross join lateral (
			select seq, name, value_enc, salt, person from only seal.private_field
			where book = $1 and seq = w.seq and (person is not null or name = any($3)) offset 0
		) p
		order by p.seq, p.name`, book, seqs, names).Query(func(rows pgx.Rows) error {
		var r PrivateRow
		var salt, person []byte
		_, err := pgx.ForEachRow(rows, []any{&r.Seq, &r.Name, &r.ValueEnc, &salt, &person}, func() error {
			row := r
			if len(salt) != len(Salt{}) || person != nil && len(person) != len(Token{}) {
				return fmt.Errorf("field %s of entry %d: %w", r.Name, r.Seq, ErrUnsealable)
			}
			row.Salt = Salt(salt)
			if person != nil {
				row.Person = Token(person)
			}
			r.ValueEnc = nil // the next row gets bytes of its own
			return each(row)
		})
		if err != nil {
			return fmt.Errorf("read sealed fields of book %s: %w", book, err)
		}
		return nil
	})
}

// OpenRow opens one stored field of an entry and holds it against the entry's leaf.
func (s *Sealer) OpenRow(leaf Leaf, r PrivateRow) (string, error) {
	o, err := s.open(leaf, r.Name, r.ValueEnc, r.Salt[:])
	if err != nil {
		return "", fmt.Errorf("entry %d: %w", r.Seq, err)
	}
	return o.Value, nil
}
