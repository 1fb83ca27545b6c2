package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
	"yilu/audit/rowset"
	"yilu/migrations/pgtest"
)

const testBook = "411025"

// beginner is a pool or a connection.
type beginner interface {
	Begin(context.Context) (pgx.Tx, error)
}

// newLog is a database with one empty book.
func newLog(t testing.TB) *pgtest.DB {
	db := pgtest.New(t)
	inTx(t, db.Pool, func(tx pgx.Tx) error { return CreateBook(t.Context(), tx, testBook) })
	return db
}

// inTx commits what do does, which must succeed.
func inTx(t testing.TB, pool beginner, do func(pgx.Tx) error) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), pool, do); err != nil {
		t.Fatal(err)
	}
}

// acts prepares n acts with ids of their own, of different lengths.
func acts(t testing.TB, prefix string, n int) []*Prepared {
	list := make([]*Prepared, n)
	for i := range list {
		a := goldenAct()
		a.ID = fmt.Sprint(prefix, "-", i)
		a.Body = fmt.Appendf(nil, `{"note":"%s"}`, strings.Repeat("字", i%50))
		list[i] = prepare(t, a)
	}
	return list
}

// enter appends a group in a transaction, the way the ledger does: one round
// trip for the lock, one for the writes.
func enter(ctx context.Context, tx pgx.Tx, group []*Prepared) (Head, error) {
	var h Head
	var lock pgx.Batch
	found := make(map[string]Row)
	QueueLock(&lock, testBook, &h)
	QueueFindIDs(&lock, testBook, []string{group[0].Act.ID}, found)
	if err := tx.SendBatch(ctx, &lock).Close(); err != nil {
		return h, err
	}
	if len(found) > 0 {
		return h, errors.New("entered before")
	}
	rows := make([]Row, len(group))
	for i, p := range group {
		rows[i] = h.Append(p, goldenAt.Add(time.Duration(h.Size)*time.Second))
	}
	return h, send(ctx, tx, func(b *pgx.Batch) { QueueAppend(b, h, rows) })
}

// send runs a batch that may hold row sets.
func send(ctx context.Context, tx pgx.Tx, queue func(b *pgx.Batch)) error {
	if err := rowset.Learn(ctx, tx.Conn()); err != nil {
		return err
	}
	b := &pgx.Batch{}
	queue(b)
	return tx.SendBatch(ctx, b).Close()
}

// fill enters n acts in one group.
func fill(t testing.TB, db *pgtest.DB, prefix string, n int) (h Head) {
	t.Helper()
	inTx(t, db.Pool, func(tx pgx.Tx) (err error) {
		h, err = enter(t.Context(), tx, acts(t, prefix, n))
		return err
	})
	return h
}

// wantCode checks that an error comes from PostgreSQL with a SQLSTATE.
func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != code {
		t.Errorf("%s: want SQLSTATE %s, got %v", what, code, err)
	}
}

const (
	denied  = "42501"
	checked = "23514"
	twice   = "23505"
)

func TestAppendAndRead(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	ctx := t.Context()
	var h Head
	for i, n := range []int{1, 2, 1500, 3} {
		h = fill(t, db, fmt.Sprint("G", i), n)
	}
	var naive Head
	var want uint64
	for row, err := range ReadLeaves(ctx, db.Pool, testBook, 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := ParseLeaf(row.Leaf)
		if err != nil || leaf.Seq != want || row.Seq != want || leaf.ID != row.ID {
			t.Fatalf("entry %d: read seq %d, leaf %d %s (%v)", want, row.Seq, leaf.Seq, leaf.ID, err)
		}
		naive.appendLeaf(row.Leaf)
		want++
	}
	stored, err := ReadHead(ctx, db.Pool, testBook)
	if err != nil {
		t.Fatal(err)
	}
	if want != 1506 || stored.Size != want || naive.Root() != stored.Root() || h.Root() != stored.Root() {
		t.Errorf("%d entries read, head counts %d, roots %x %x %x", want, stored.Size, naive.Root(), stored.Root(), h.Root())
	}
	if !stored.LastAt.Equal(h.LastAt) {
		t.Errorf("last at %v, want %v", stored.LastAt, h.LastAt)
	}
	var done uint64
	if err := VerifyBook(ctx, db.Pool, testBook, func(n uint64) { done = n }); err != nil || done != want {
		t.Errorf("verified %d: %v", done, err)
	}
	testRanges(t, db)
	testFindIDs(t, db)
}

// testRanges reads parts of a log of 1,506 entries.
func testRanges(t *testing.T, db *pgtest.DB) {
	for _, r := range []struct{ from, limit, first, n uint64 }{
		{0, 1, 0, 1}, {5, 10, 5, 10}, {0, 1000, 0, 1000}, {500, 1001, 500, 1001},
		{1500, 100, 1500, 6}, {1506, 0, 0, 0}, {2000, 10, 0, 0},
	} {
		var seqs []uint64
		for row, err := range ReadLeaves(t.Context(), db.Pool, testBook, r.from, r.limit) {
			if err != nil {
				t.Fatal(err)
			}
			seqs = append(seqs, row.Seq)
		}
		if uint64(len(seqs)) != r.n || r.n > 0 && (seqs[0] != r.first || seqs[r.n-1] != r.first+r.n-1) {
			t.Errorf("from %d limit %d: read %d entries", r.from, r.limit, len(seqs))
		}
	}
	for range ReadLeaves(t.Context(), db.Pool, testBook, 0, 0) {
		break
	}
	if _, err := ReadLeaf(t.Context(), db.Pool, testBook, 1506); !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("entry past the end: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range ReadLeaves(cancelled, db.Pool, testBook, 0, 0) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled read: %v", err)
		}
	}
}

// testFindIDs looks up entries of the log of TestAppendAndRead.
func testFindIDs(t *testing.T, db *pgtest.DB) {
	found, err := FindIDs(t.Context(), db.Pool, testBook, []string{"G1-1", "G3-0", "unknown"})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || found["G1-1"].Seq != 2 || found["G3-0"].Seq != 1503 {
		t.Errorf("found %v", found)
	}
	group := acts(t, "G1", 2)
	if !group[1].Same(found["G1-1"].Leaf) || group[0].Same(found["G1-1"].Leaf) {
		t.Error("a found leaf is not told to be the same act")
	}
	err = pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
		_, err := enter(t.Context(), tx, group[:1])
		return err
	})
	if err == nil {
		t.Error("the same act entered twice")
	}
}

// The clock may go back; the log may not.
func TestAppendKeepsInstantsInOrder(t *testing.T) {
	h := Head{Book: testBook}
	p := prepare(t, goldenAct())
	h.Append(p, goldenAt.Add(1500*time.Nanosecond))
	row := h.Append(p, goldenAt.Add(-time.Hour))
	leaf, err := ParseLeaf(row.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	if want := goldenAt.Add(time.Microsecond); !leaf.At.Equal(want) || !h.LastAt.Equal(want) {
		t.Errorf("entry at %v, head at %v, want %v", leaf.At, h.LastAt, want)
	}
}

// A head kept aside stays what it was, whatever is appended to copies of it.
func TestHeadIsAValue(t *testing.T) {
	h := Head{Book: testBook}
	for i := range 70 {
		kept := h
		root := kept.Root()
		one, other := h, h
		one.appendLeaf([]byte("one"))
		other.appendLeaf([]byte("other"))
		h.appendLeaf([]byte{byte(i)})
		if kept.Root() != root || one.Root() == other.Root() {
			t.Fatalf("copies share an edge at size %d", i)
		}
	}
}

func TestHashReaderProves(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	const size = 77
	h := fill(t, db, "P", size)
	reader := HashReader(t.Context(), db.Pool, testBook)
	root, err := tlog.TreeHash(size, reader)
	if err != nil || root != tlog.Hash(h.Root()) {
		t.Fatalf("tree hash %v, root %x (%v)", root, h.Root(), err)
	}
	old := Head{Book: testBook}
	for row, err := range ReadLeaves(t.Context(), db.Pool, testBook, 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		record, err := tlog.ProveRecord(size, int64(row.Seq), reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(record, size, root, int64(row.Seq), tlog.RecordHash(row.Leaf)); err != nil {
			t.Errorf("inclusion of %d: %v", row.Seq, err)
		}
		old.appendLeaf(row.Leaf)
		tree, err := tlog.ProveTree(size, int64(old.Size), reader)
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckTree(tree, size, root, int64(old.Size), tlog.Hash(old.Root())); err != nil {
			t.Errorf("consistency with %d: %v", old.Size, err)
		}
	}
	if _, err := tlog.TreeHash(size+1, reader); err == nil {
		t.Error("a tree hash beyond the end")
	}
}

func TestUnknownBook(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
		_, err := Lock(t.Context(), tx, testBook)
		return err
	})
	if !errors.Is(err, ErrNoBook) {
		t.Errorf("lock: %v", err)
	}
	if err := VerifyBook(t.Context(), db.Pool, testBook, nil); !errors.Is(err, ErrNoBook) {
		t.Errorf("verify: %v", err)
	}
}

// Creating a book twice does no harm, and a head that contradicts itself is
// refused before anything is built on it.
func TestBooks(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	fill(t, db, "A", 5)
	for _, book := range []string{testBook, "411024"} {
		inTx(t, db.Pool, func(tx pgx.Tx) error { return CreateBook(t.Context(), tx, book) })
	}
	books, err := Books(t.Context(), db.Pool)
	if err != nil || !slices.Equal(books, []string{"411024", testBook}) {
		t.Errorf("books %v (%v)", books, err)
	}
	if h, err := ReadHead(t.Context(), db.Pool, testBook); err != nil || h.Size != 5 {
		t.Errorf("head after creating again: size %d (%v)", h.Size, err)
	}
	err = pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
		return CreateBook(t.Context(), tx, strings.Repeat("x", 33))
	})
	wantCode(t, "a book with a long name", err, checked)
	_, err = db.Owner.Exec(t.Context(), `
		alter table log.head disable trigger all, drop constraint head_edge_fits_size;
		update log.head set edge = sha256('') where size = 5`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadHead(t.Context(), db.Pool, testBook); err == nil {
		t.Error("took a head whose edge does not fit its size")
	}
}

// Several servers post to one book: the head row orders them.
func TestAppendersTakeTurns(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	const writers, groups = 4, 10
	var wg sync.WaitGroup
	failed := make(chan error, writers*groups)
	for w := range writers {
		wg.Go(func() {
			for g := range groups {
				failed <- pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
					_, err := enter(t.Context(), tx, acts(t, fmt.Sprintf("W%d-%d", w, g), 1+g%3))
					return err
				})
			}
		})
	}
	wg.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			t.Error(err)
		}
	}
	if err := VerifyBook(t.Context(), db.Pool, testBook, nil); err != nil {
		t.Error(err)
	}
}

// Two groups in one transaction pass the check at commit, which looks at the
// last state only; a group undone to a savepoint leaves no gap behind.
func TestGroupsInOneTransaction(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	inTx(t, db.Pool, func(tx pgx.Tx) error {
		if _, err := enter(t.Context(), tx, acts(t, "A", 3)); err != nil {
			return err
		}
		undo := errors.New("undo")
		err := pgx.BeginFunc(t.Context(), tx, func(inner pgx.Tx) error {
			if _, err := enter(t.Context(), inner, acts(t, "B", 4)); err != nil {
				return err
			}
			return undo
		})
		if !errors.Is(err, undo) {
			return err
		}
		_, err = enter(t.Context(), tx, acts(t, "C", 2))
		return err
	})
	h, err := ReadHead(t.Context(), db.Pool, testBook)
	if err != nil || h.Size != 5 {
		t.Errorf("head counts %d entries, want 5 (%v)", h.Size, err)
	}
	if err := VerifyBook(t.Context(), db.Pool, testBook, nil); err != nil {
		t.Error(err)
	}
}

// The rows may be read while the same transaction writes: that is how a
// rebuild goes through the log.
func TestReadLeavesLeavesTheTransactionFree(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	fill(t, db, "A", 3)
	inTx(t, db.Pool, func(tx pgx.Tx) error {
		var n uint64
		for row, err := range ReadLeaves(t.Context(), tx, testBook, 0, 0) {
			if err != nil {
				return err
			}
			if _, err := ReadLeaf(t.Context(), tx, testBook, row.Seq); err != nil {
				return err
			}
			n++
		}
		if n != 3 {
			t.Errorf("read %d entries, want 3", n)
		}
		return nil
	})
}

// Who appends without the lock from a state that is no longer the last is
// told, and nothing of the group stays.
func TestStaleHeadIsRefused(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	stale := Head{Book: testBook}
	fill(t, db, "A", 3)
	rows := []Row{stale.Append(acts(t, "B", 1)[0], goldenAt)}
	err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
		return send(t.Context(), tx, func(b *pgx.Batch) { QueueAppend(b, stale, rows) })
	})
	if !errors.Is(err, ErrMoved) {
		t.Errorf("want ErrMoved, got %v", err)
	}
	if err := VerifyBook(t.Context(), db.Pool, testBook, nil); err != nil {
		t.Error(err)
	}
}

// Nobody changes, removes or slips in anything: neither the server's role,
// which lacks the right, nor a superuser, whom triggers and CHECKs stop until
// he takes them off.
func TestGuardsRefuse(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	fill(t, db, "A", 5)
	for _, tc := range []struct {
		sql            string
		service, super string
	}{
		{`update log.entry set leaf = leaf`, denied, denied},
		{`update log.entry set id = id || 'x' where seq = 4`, denied, denied},
		{`delete from log.entry where seq = 4`, denied, denied},
		{`truncate log.entry`, denied, denied},
		{`truncate log.head`, denied, denied},
		{`truncate log.entry, log.head`, denied, denied},
		{`delete from log.head`, denied, denied},
		{`update log.head set book = 'other'`, denied, checked},
		{`update log.head set size = size`, checked, checked},
		{`update log.head set size = 4, edge = substr(edge, 1, 32)`, checked, checked},
		{`update log.head set size = 6, last_at = 'epoch'`, checked, checked},
		{`update log.head set size = 9`, checked, checked}, // the edge fits, the last entry is missing
		{`update log.head set size = 7`, checked, checked}, // the edge does not fit
		{`insert into log.head (book, size, edge) values ('other', 1, sha256(''))`, checked, checked},
		{`update seal.private_field set salt = salt`, denied, ""},
		{`truncate seal.private_field`, denied, ""},
	} {
		_, err := db.Pool.Exec(t.Context(), tc.sql)
		wantCode(t, "as service: "+tc.sql, err, tc.service)
		if tc.super != "" {
			// The triggers are ALWAYS: replica mode does not silence them.
			_, err = db.Owner.Exec(t.Context(), `set session_replication_role = replica; `+tc.sql)
			wantCode(t, "as superuser: "+tc.sql, err, tc.super)
		}
	}
	if err := VerifyBook(t.Context(), db.Pool, testBook, nil); err != nil {
		t.Error(err)
	}
}

// stored returns an entry as a statement's arguments, to be spoilt by change.
func stored(row Row, change func(*Row)) []any {
	change(&row)
	return []any{testBook, int64(row.Seq), row.ID, row.Leaf, row.LeafHash[:], row.Nodes}
}

func TestSpoiltInsertsAreRefused(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	h := fill(t, db, "A", 5)
	after := h
	row := after.Append(acts(t, "B", 1)[0], goldenAt)
	moveHead := func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `
			update log.head set size = $1, edge = $2`, after.Size, joinHashes(after.Edge))
		return err
	}
	for _, tc := range []struct {
		what, code string
		moved      bool
		change     func(*Row)
	}{
		{"beyond the head", checked, false, func(*Row) {}},
		{"a gap", checked, true, func(r *Row) { r.Seq += 3; r.Nodes = []byte{} }},
		{"a used number", twice, true, func(r *Row) { r.Seq = 0; r.Nodes = []byte{} }},
		{"a negative number", checked, true, func(r *Row) { r.Seq = 1<<64 - 1 }},
		{"a used id", twice, true, func(r *Row) { r.ID = "A-1" }},
		{"no id", checked, true, func(r *Row) { r.ID = "" }},
		{"a forged hash", checked, true, func(r *Row) { r.LeafHash[3] ^= 1 }},
		{"a changed leaf", checked, true, func(r *Row) { r.Leaf = append([]byte("x"), r.Leaf...) }},
		{"a missing node", checked, true, func(r *Row) { r.Nodes = []byte{} }},
		{"a node too many", checked, true, func(r *Row) { r.Nodes = make([]byte, 64) }},
		{"an empty leaf", checked, true, func(r *Row) { r.Leaf, r.LeafHash = []byte{}, proof.LeafHash(nil) }},
		{"a leaf too long", checked, true, func(r *Row) {
			r.Leaf = make([]byte, proof.MaxEntry+1)
			r.LeafHash = proof.LeafHash(r.Leaf)
		}},
	} {
		err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
			if tc.moved {
				if err := moveHead(tx); err != nil {
					t.Fatal(err)
				}
			}
			_, err := tx.Exec(t.Context(), `
				insert into log.entry (book, seq, id, leaf, leaf_hash, nodes)
				values ($1, $2, $3, $4, $5, $6)`, stored(row, tc.change)...)
			return err
		})
		wantCode(t, tc.what, err, tc.code)
	}
	err := pgx.BeginFunc(t.Context(), db.Pool, moveHead)
	wantCode(t, "a head without its entry", err, checked)
}

// A superuser takes the guards off and tampers so that every CHECK still
// holds. Verification names the first entry that is wrong.
func TestVerifyNamesFirstBadEntry(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	fill(t, db, "A", 40)
	const rehash = `, leaf_hash = sha256('\x00'::bytea || `
	for _, tc := range []struct {
		sql    string
		seq    uint64
		reason string
	}{
		{`update log.entry set leaf = replaced.leaf` + rehash + `replaced.leaf)
			from (select convert_to(replace(convert_from(leaf, 'UTF8'), '03-18","sealed', '03-19","sealed'), 'UTF8') as leaf
				from log.entry where seq = 7) replaced
			where seq = 7`, 7, "sm3"},
		{`update log.entry set leaf = leaf || ' '` + rehash + `leaf || ' ') where seq in (12, 30)`, 12, "canonical"},
		{`update log.entry set leaf = 'x'` + rehash + `'x') where seq = 39`, 39, "parse leaf"},
		{`update log.entry set id = 'changed' where seq = 5`, 5, "id"},
		{`update log.entry set nodes = sha256('') where seq = 13`, 13, "node hashes"},
		{`update log.entry set nodes = nodes || nodes where seq = 13`, 13, "node hashes"},
		{`update log.entry set leaf_hash = sha256('') where seq = 21`, 21, "leaf hash"},
		{`delete from log.entry where seq = 3`, 3, "missing"},
		{`delete from log.entry where seq = 39`, 39, "missing"},
		{`delete from log.entry`, 0, "missing"},
		{`update log.entry e set leaf = o.leaf, leaf_hash = o.leaf_hash, id = o.id || 'x' from log.entry o
			where e.seq in (8, 10) and o.seq = 18 - e.seq`, 8, "the leaf of entry 10"},
		{`update log.entry e set leaf = o.leaf, leaf_hash = o.leaf_hash from log.entry o
			where e.seq = 9 and o.seq = 8`, 9, "the leaf of entry 8"},
		{`insert into log.entry select book, seq + 32, id || 'x', leaf, leaf_hash, nodes from log.entry where seq = 8`, 40, "beyond"},
		{`insert into log.entry select book, -1, 'x', leaf, leaf_hash, '' from log.entry where seq = 8`, 40, "beyond"},
		{`update log.head set edge = sha256('') || sha256('')`, 40, "edge"},
		{`update log.head set last_at = last_at + interval '1 s'`, 40, "instant"},
		{`update log.head set size = 34, edge = substr(edge, 1, 64)`, 34, "beyond"},
	} {
		tx, err := db.Owner.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.Exec(t.Context(), `
			alter table log.entry disable trigger all, drop constraint entry_leaf_hash,
				drop constraint entry_nodes_length, drop constraint entry_seq_not_negative;
			alter table log.head disable trigger all;`+tc.sql)
		if err != nil {
			t.Fatalf("%s: %v", tc.sql, err)
		}
		err = VerifyBook(t.Context(), tx, testBook, nil)
		var bad *Tampered
		if !errors.As(err, &bad) || bad.Seq != tc.seq || !strings.Contains(bad.Reason, tc.reason) {
			t.Errorf("%s: want entry %d, %q; got %v", tc.sql, tc.seq, tc.reason, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// Leaves that are well-formed but do not fit where they stand.
func TestFollowRefusesMisplaced(t *testing.T) {
	t.Parallel()
	first := prepare(t, goldenAct())
	for _, tc := range []struct {
		reason string
		change func(*Act)
		at     time.Time
	}{
		{"a leaf of book 411024", func(a *Act) { a.Book = "411024" }, goldenAt},
		{"before the entry in front", func(*Act) {}, goldenAt.Add(-time.Microsecond)},
		{"corrects entry 1", func(a *Act) { a.Corrects = "1" }, goldenAt},
		{"", func(a *Act) { a.Corrects = "0" }, goldenAt},
	} {
		h := Head{Book: testBook}
		h.Append(first, goldenAt)
		a := goldenAct()
		tc.change(&a)
		writer := h
		row := writer.appendLeaf(prepare(t, a).Leaf(tc.at, 1))
		row.ID = a.ID
		switch got := h.follow(row); {
		case tc.reason == "":
			if got != nil {
				t.Errorf("want nothing, got %v", got)
			}
		case got == nil || !strings.Contains(got.Reason, tc.reason) || got.Zh() == got.Error():
			t.Errorf("want %q, got %v", tc.reason, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("an act was appended to another book")
		}
	}()
	(&Head{Book: "other"}).Append(first, goldenAt)
}

// A row of a child table would show in a plain select; ours read FROM ONLY.
func TestChildTableIsNotRead(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	fill(t, db, "A", 3)
	_, err := db.Owner.Exec(t.Context(), `
		create table public.fake () inherits (log.entry);
		insert into public.fake (book, seq, id, leaf, leaf_hash, nodes)
		values ('411025', 3, 'F', 'fake', sha256('\x0066616b65'), sha256('') || sha256(''));
		grant select on public.fake to yilu_service`)
	if err != nil {
		t.Fatal(err)
	}
	var seqs []uint64
	for row, err := range ReadLeaves(t.Context(), db.Pool, testBook, 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		seqs = append(seqs, row.Seq)
	}
	if !slices.Equal(seqs, []uint64{0, 1, 2}) {
		t.Errorf("read entries %v", seqs)
	}
	if found, err := FindIDs(t.Context(), db.Pool, testBook, []string{"F"}); err != nil || len(found) > 0 {
		t.Errorf("found %v (%v)", found, err)
	}
}

// One op is a book of 5,000 entries.
func BenchmarkVerifyBook5000(b *testing.B) {
	db := newLog(b)
	fill(b, db, "A", 5000)
	for b.Loop() {
		if err := VerifyBook(b.Context(), db.Pool, testBook, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// benchmarkEnter measures whole durable groups, lock to commit.
func benchmarkEnter(b *testing.B, size int) {
	db := newLog(b)
	n := 0
	for b.Loop() {
		b.StopTimer()
		group := acts(b, fmt.Sprint("B", n), size)
		b.StartTimer()
		inTx(b, db.Pool, func(tx pgx.Tx) error {
			_, err := enter(b.Context(), tx, group)
			return err
		})
		n++
	}
}

func BenchmarkEnter1(b *testing.B)    { benchmarkEnter(b, 1) }
func BenchmarkEnter1000(b *testing.B) { benchmarkEnter(b, 1000) }
