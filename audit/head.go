package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yilu/audit/proof"
	"yilu/audit/rowset"
)

// ErrNoBook is returned for a book that was never created.
var ErrNoBook = errors.New("no such book")

// ErrMoved is returned when the head is not where the caller left it: some
// other transaction has entered since, so the numbers given are not free.
var ErrMoved = errors.New("the head of the book has moved")

// Querier is what reading needs: a pool, a connection or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Head is the state of a book's log: how many entries there are and the right
// edge of their tree. It is a value: a copy kept aside stays as it was while
// another is appended to, so a group can be tried and dropped.
type Head struct {
	Book string
	// Size is the number of entries, and so the seq of the next.
	Size uint64
	Edge proof.Edge
	// LastAt is the instant of the last entry; no later entry may be before.
	LastAt time.Time
}

// Row is one entry as stored.
type Row struct {
	Seq uint64
	// ID is the client's id, kept beside the leaf for the unique index.
	ID string
	// Leaf is the entry's exact bytes.
	Leaf     []byte
	LeafHash proof.Hash
	// Nodes is the concatenation, bottom up, of the interior hashes that this
	// leaf completes: 32 bytes for each trailing 1-bit of Seq.
	Nodes []byte
}

// CreateBook opens an empty log. It is an explicit act of an operator, so that
// a mistyped book is refused instead of quietly becoming a log of its own.
// Creating a book that is there already changes nothing.
func CreateBook(ctx context.Context, tx pgx.Tx, book string) error {
	_, err := tx.Exec(ctx, `
		insert into log.head (book) values ($1)
		on conflict (book) do nothing`, book)
	if err != nil {
		return fmt.Errorf("create book %s: %w", book, err)
	}
	return nil
}

// lockHead takes the append lock of a book. The row orders everything that is
// ever entered in it: who holds it is the only one to give out numbers, so
// they have no gaps, commit order is seq order, and no sequence or advisory
// lock is needed. It is held to the end of the transaction. Whoever locks
// several books does so in ascending order.
const lockHead = `
	select size, edge, last_at from only log.head
	where book = $1
	for update`

// Lock takes the append lock of a book and returns its head. Different books
// do not wait for each other.
func Lock(ctx context.Context, tx pgx.Tx, book string) (Head, error) {
	h := Head{Book: book}
	err := h.scan(tx.QueryRow(ctx, lockHead, book))
	return h, err
}

// QueueLock is Lock as part of a batch, so that the loads that follow the lock
// share its round trip. PostgreSQL runs a batch in order: in READ COMMITTED
// what is queued after sees all that earlier holders of the lock committed.
// *h is filled in when the batch is read.
func QueueLock(b *pgx.Batch, book string, h *Head) {
	*h = Head{Book: book}
	b.Queue(lockHead, book).QueryRow(h.scan)
}

// ReadHead returns the head without locking it: for readers, who must know
// that it may be behind at once.
func ReadHead(ctx context.Context, q Querier, book string) (Head, error) {
	h := Head{Book: book}
	err := h.scan(q.QueryRow(ctx, `
		select size, edge, last_at from only log.head
		where book = $1`, book))
	return h, err
}

// scan fills the head from the columns size, edge and last_at.
func (h *Head) scan(row pgx.Row) error {
	var edge []byte
	var at time.Time
	switch err := row.Scan(&h.Size, &edge, &at); {
	case errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("read head of book %s: %w", h.Book, ErrNoBook)
	case err != nil:
		return fmt.Errorf("read head of book %s: %w", h.Book, err)
	}
	h.LastAt = at.UTC()
	h.Edge = splitEdge(edge)
	if len(edge)%32 != 0 || !h.Edge.Fits(h.Size) {
		return fmt.Errorf("read head of book %s: edge of %d bytes does not fit size %d", h.Book, len(edge), h.Size)
	}
	return nil
}

// splitEdge cuts the column edge into its hashes.
func splitEdge(b []byte) proof.Edge {
	edge := make(proof.Edge, len(b)/32)
	for i := range edge {
		copy(edge[i][:], b[32*i:])
	}
	return edge
}

// joinHashes is the reverse of splitEdge.
func joinHashes(hashes []proof.Hash) []byte {
	b := make([]byte, 0, 32*len(hashes))
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

// Instant is the one that an entry gets which is recorded now: cut to microseconds
// and, should the clock have gone back (时钟倒退), raised to the last entry's. So a
// clock that is wrong stops nobody and loses nothing.
func (h Head) Instant(now time.Time) time.Time {
	at := now.UTC().Truncate(time.Microsecond)
	if at.Before(h.LastAt) {
		return h.LastAt
	}
	return at
}

// Append enters a prepared act as the next entry, in memory: it gives it the
// next number, hashes it and folds it into the edge. Its instant is that of
// [Head.Instant]; h.LastAt is then what was written. An act of another book is a bug.
func (h *Head) Append(p *Prepared, now time.Time) Row {
	if p.Act.Book != h.Book {
		panic("audit: act of book " + p.Act.Book + " appended to book " + h.Book)
	}
	at := h.Instant(now)
	row := h.appendLeaf(p.Leaf(at, h.Size))
	row.ID = p.Act.ID
	h.LastAt = at
	return row
}

// appendLeaf numbers, hashes and folds exact bytes.
func (h *Head) appendLeaf(leaf []byte) Row {
	row := Row{Seq: h.Size, Leaf: leaf, LeafHash: proof.LeafHash(leaf)}
	edge, nodes := h.Edge.Append(h.Size, row.LeafHash)
	row.Nodes = joinHashes(nodes)
	h.Edge, h.Size = edge, h.Size+1
	return row
}

// Root is the hash of the whole tree, which checkpoints sign.
func (h Head) Root() proof.Hash {
	return h.Edge.Root()
}

// QueueAppend queues the writes of a group of rows, the head's new state
// first: after is the head once all rows were appended. The update is a
// compare-and-swap on the size, and one insert takes all rows, so the caller can
// pipeline its own writes in the same round trip. Reading the batch fails with
// ErrMoved when the head had another size; the caller must read the batch before
// it commits. The connection must have learned row sets ([rowset.Learn]).
func QueueAppend(b *pgx.Batch, after Head, rows []Row) {
	if len(rows) == 0 {
		return
	}
	before := after.Size - uint64(len(rows))
	b.Queue(`
		update only log.head set size = $3, edge = $4, last_at = $5
		where book = $1 and size = $2`,
		after.Book, before, after.Size, joinHashes(after.Edge), after.LastAt,
	).Exec(func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() != 1 {
			return fmt.Errorf("append to book %s at %d: %w", after.Book, before, ErrMoved)
		}
		return nil
	})
	stored := make([]*entryRow, len(rows))
	for i := range rows {
		r := &rows[i]
		stored[i] = &entryRow{int64(r.Seq), r.ID, r.Leaf, r.LeafHash[:], r.Nodes}
	}
	b.Queue(entryTable.Insert, entryTable.Set(after.Book, stored))
}

// entryRow is a Row as the table has it.
type entryRow struct {
	Seq      int64  `db:"seq"`
	ID       string `db:"id"`
	Leaf     []byte `db:"leaf"`
	LeafHash []byte `db:"leaf_hash"`
	Nodes    []byte `db:"nodes"`
}

var entryTable = rowset.Of[entryRow]("log.entry")

// Books lists the books that have a log, by code.
func Books(ctx context.Context, q Querier) ([]string, error) {
	rows, err := q.Query(ctx, `
		select book from only log.head order by book`)
	if err != nil {
		return nil, fmt.Errorf("list books: %w", err)
	}
	books, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list books: %w", err)
	}
	return books, nil
}
