package audit

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
)

// pageSize is how many entries one query of a long read fetches.
const pageSize = 1000

// ReadLeaves yields up to limit entries of a book from a number on, in order;
// limit 0 means all. It reads by pages and holds no cursor, so the body of the
// loop may use the same transaction. Outside one it also yields entries
// committed while it runs. It ends after the first error.
func ReadLeaves(ctx context.Context, q Querier, book string, from, limit uint64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for left := limit; ; {
			n := uint64(pageSize)
			if limit > 0 {
				n = min(n, left)
			}
			page, err := readPage(ctx, q, book, from, n)
			if err != nil {
				yield(Row{}, err)
				return
			}
			for _, row := range page {
				if !yield(row, nil) {
					return
				}
				from = row.Seq + 1
			}
			left -= uint64(len(page))
			if uint64(len(page)) < n || limit > 0 && left == 0 {
				return
			}
		}
	}
}

// readPage reads up to n entries from a number on.
func readPage(ctx context.Context, q Querier, book string, from, n uint64) ([]Row, error) {
	rows, err := q.Query(ctx, `
		select seq, id, leaf, leaf_hash, nodes from only log.entry
		where book = $1 and seq >= $2
		order by seq
		limit $3`, book, int64(from), int64(n))
	if err == nil {
		var page []Row
		page, err = pgx.CollectRows(rows, scanRow)
		if err == nil {
			return page, nil
		}
	}
	return nil, fmt.Errorf("read entries of book %s from %d: %w", book, from, err)
}

// scanRow reads the columns seq, id, leaf, leaf_hash and nodes.
func scanRow(r pgx.CollectableRow) (Row, error) {
	var row Row
	var hash []byte
	if err := r.Scan(&row.Seq, &row.ID, &row.Leaf, &hash, &row.Nodes); err != nil {
		return row, err
	}
	copy(row.LeafHash[:], hash)
	return row, nil
}

// ReadLeaf returns one entry, or pgx.ErrNoRows, wrapped, past the end. A question of its
// own: that of a page has a limit, for which PostgreSQL plans anew each time.
func ReadLeaf(ctx context.Context, q Querier, book string, seq uint64) (Row, error) {
	rows, err := q.Query(ctx, `
		select seq, id, leaf, leaf_hash, nodes from only log.entry
		where book = $1 and seq = $2`, book, int64(seq))
	if err == nil {
		var row Row
		if row, err = pgx.CollectExactlyOneRow(rows, scanRow); err == nil {
			return row, nil
		}
	}
	return Row{}, fmt.Errorf("read entry %d of book %s: %w", seq, book, err)
}

// findIDs looks up entries by the ids their clients gave, one by one. While the
// table's statistics are young, "id = any($2)" and also "book = $1 and id = …" are
// planned as a reading of the whole book (the primary key begins with book), and
// a prepared statement keeps that plan: so the id leads and the book is written
// such that no index serves it.
const findIDs = `
	select e.seq, e.id, e.leaf, e.leaf_hash, e.nodes
	from unnest($2::text[]) as w(id)
	cross join lateral (
		select seq, id, leaf, leaf_hash, nodes from only log.entry
		where id = w.id and book || '' = $1 limit 1
	) e`

// FindIDs returns the entries of a book that carry one of the ids, by id: what
// became of a post whose answer was lost, and which of a group are repeats.
func FindIDs(ctx context.Context, q Querier, book string, ids []string) (map[string]Row, error) {
	rows, err := q.Query(ctx, findIDs, book, ids)
	if err != nil {
		return nil, fmt.Errorf("find ids in book %s: %w", book, err)
	}
	found := make(map[string]Row)
	return found, collectIDs(rows, book, found)
}

// QueueFindIDs is FindIDs as part of a batch, to run right after QueueLock in
// its round trip. found is filled in when the batch is read.
func QueueFindIDs(b *pgx.Batch, book string, ids []string, found map[string]Row) {
	b.Queue(findIDs, book, ids).Query(func(rows pgx.Rows) error {
		return collectIDs(rows, book, found)
	})
}

// collectIDs puts rows into found by their ids.
func collectIDs(rows pgx.Rows, book string, found map[string]Row) error {
	list, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return fmt.Errorf("find ids in book %s: %w", book, err)
	}
	for _, row := range list {
		found[row.ID] = row
	}
	return nil
}

// HashReader reads the stored hashes of a book for the proofs of
// x/mod/sumdb/tlog. There is no table of hashes: the hash of level l, number n
// was completed by entry (n+1)·2^l − 1 and stands there, as leaf_hash for
// level 0, else in nodes at 32·(l−1). The reader lives as long as its context.
func HashReader(ctx context.Context, q Querier, book string) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := readHashes(ctx, q, book, indexes)
		if err != nil {
			return nil, fmt.Errorf("read hashes of book %s: %w", book, err)
		}
		return hashes, nil
	})
}

// readHashes fetches the hashes at stored indexes, in the order asked for.
func readHashes(ctx context.Context, q Querier, book string, indexes []int64) ([]tlog.Hash, error) {
	seqs := make([]int64, len(indexes))
	levels := make([]int, len(indexes))
	for i, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		levels[i], seqs[i] = level, (n+1)<<level-1
	}
	rows, err := q.Query(ctx, `
		select w.place, e.leaf_hash || e.nodes
		from unnest($2::bigint[]) with ordinality as w(seq, place)
		join only log.entry e on e.book = $1 and e.seq = w.seq`, book, seqs)
	if err != nil {
		return nil, err
	}
	hashes := make([]tlog.Hash, len(indexes))
	var place, count int
	var stored []byte
	_, err = pgx.ForEachRow(rows, []any{&place, &stored}, func() error {
		level := levels[place-1]
		if len(stored) < 32*(level+1) {
			return fmt.Errorf("entry %d has no hash of level %d", seqs[place-1], level)
		}
		hashes[place-1] = proof.Hash(stored[32*level : 32*(level+1)])
		count++
		return nil
	})
	if err == nil && count != len(seqs) {
		err = fmt.Errorf("%d of %d entries found", count, len(seqs))
	}
	return hashes, err
}

// QueueExtent asks, as part of a batch, for the last entry after a number and up to
// another, and how many there are: fewer than the distance if some are missing. Of
// none the last is the number itself.
func QueueExtent(b *pgx.Batch, book string, after, until int64, told func(last, entries int64)) {
	b.Queue(`
		select coalesce(max(seq), $2), count(*) from only log.entry
		where book = $1 and seq > $2 and seq <= $3`, book, after, until).QueryRow(func(row pgx.Row) error {
		var last, entries int64
		if err := row.Scan(&last, &entries); err != nil {
			return err
		}
		told(last, entries)
		return nil
	})
}
