package signer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/audit/proof"
	"yilu/audit/rowset"
	"yilu/audit/tile"
	"yilu/migrations/pgtest"
)

const (
	testBook   = "411025"
	testOrigin = "fund.example.gov.cn/411025"
)

// rig is a book with a signer whose every part a test may break.
type rig struct {
	t      testing.TB
	db     *pgtest.DB
	dir    string
	config Config
	now    time.Time
}

func newRig(t testing.TB, witnesses string) *rig {
	t.Helper()
	r := &rig{t: t, db: pgtest.New(t), dir: t.TempDir(), now: time.Date(2020, 6, 30, 1, 0, 0, 0, time.UTC)}
	r.inTx(func(tx pgx.Tx) error { return audit.CreateBook(t.Context(), tx, testBook) })
	key, err := CreateKey(filepath.Join(r.dir, "key"), testOrigin)
	if err != nil {
		t.Fatal(err)
	}
	r.config = Config{
		Book: testBook, Origin: testOrigin, Keys: []Key{key}, State: filepath.Join(r.dir, "signer", "state"), Public: tile.Dir(filepath.Join(r.dir, "public")),
		Pool: r.db.Pool, Witnesses: witnesses, Now: func() time.Time { return r.now }, Log: slog.New(slog.DiscardHandler),
	}
	if err := Init(t.Context(), r.config); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) inTx(do func(pgx.Tx) error) {
	r.t.Helper()
	if err := pgx.BeginFunc(r.t.Context(), r.db.Pool, do); err != nil {
		r.t.Fatal(err)
	}
}

// enter appends n entries to the book.
func (r *rig) enter(n int) {
	r.t.Helper()
	if err := enter(r.t.Context(), r.db.Pool, n); err != nil {
		r.t.Fatal(err)
	}
}

func enter(ctx context.Context, pool *pgxpool.Pool, n int) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		h, err := audit.Lock(ctx, tx, testBook)
		if err != nil {
			return err
		}
		var rows []audit.Row
		for range n {
			p, err := audit.Prepare(audit.Act{
				Book: testBook, ID: fmt.Sprint("PAY-", h.Size), Kind: "payment.paid", On: "2020-03-18",
				By: audit.By{Role: "payer", Unit: "411025-CZ", User: "u17"}, Body: fmt.Appendf(nil, `{"amount":"%d.00","payment":"P"}`, h.Size+1),
			})
			if err != nil {
				return err
			}
			rows = append(rows, h.Append(p, time.Date(2020, 3, 18, 1, 0, 0, 0, time.UTC)))
		}
		if err := rowset.Learn(ctx, tx.Conn()); err != nil {
			return err
		}
		var b pgx.Batch
		audit.QueueAppend(&b, h, rows)
		return tx.SendBatch(ctx, &b).Close()
	})
}

// open opens a signer, which is closed with the test if not before.
func (r *rig) open() *Signer {
	r.t.Helper()
	s, err := Open(r.config)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = s.Close() })
	return s
}

// round opens a signer, lets it work once and closes it, as a restart does.
func (r *rig) round() error {
	r.t.Helper()
	s := r.open()
	defer s.Close()
	return s.Round(r.t.Context())
}

// signs wants a round that leaves the public log at a size, true to the entries.
func (r *rig) signs(size uint64) {
	r.t.Helper()
	if err := r.round(); err != nil {
		r.t.Fatal(err)
	}
	r.published(size)
}

// published checks everything that is public against the database: the checkpoint
// is signed and its root that of the bundles, and they are the entries.
func (r *rig) published(size uint64) {
	r.t.Helper()
	policy, err := proof.ParsePolicy([]byte(r.config.policyText()))
	if err != nil {
		r.t.Fatal(err)
	}
	signed, err := r.config.Public.Checkpoint()
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := policy.Open(signed)
	if err != nil || c.Size != size || c.CheckQuorum(policy) != nil {
		r.t.Fatalf("published %+v, want size %d with a quorum: %v", c, size, err)
	}
	var edge proof.Edge
	var n uint64
	for _, t := range proof.Tiles(0, size) {
		if t.L > 0 {
			continue
		}
		b, err := r.config.Public.Read(proof.Bundle(t))
		if err != nil {
			r.t.Fatal(err)
		}
		leaves, err := proof.ReadBundle(b, t.W)
		if err != nil {
			r.t.Fatal(err)
		}
		for _, leaf := range leaves {
			if row, err := audit.ReadLeaf(r.t.Context(), r.db.Pool, testBook, n); err != nil || !bytes.Equal(row.Leaf, leaf) {
				r.t.Fatalf("entry %d is published otherwise: %v", n, err)
			}
			edge, _ = edge.Append(n, proof.LeafHash(leaf))
			n++
		}
	}
	if n != size || edge.Root() != c.Root {
		r.t.Fatalf("%d entries are published, want %d with the signed root", n, size)
	}
	last, err := audit.LastNote(r.t.Context(), r.db.Pool, testBook)
	if err != nil || last.Size < size {
		r.t.Fatalf("table at %d, published %d: %v", last.Size, size, err)
	}
}

// notes are all stored checkpoints.
func (r *rig) notes() (notes []audit.SignedNote, err error) {
	for n, err := range audit.ReadNotes(r.t.Context(), r.db.Pool, testBook) {
		if err != nil {
			return nil, err
		}
		notes = append(notes, n)
	}
	return notes, nil
}

// halts wants a round that halts for a reason, and one after it that still does.
func (r *rig) halts(reason Reason) *Halt {
	r.t.Helper()
	s := r.open()
	defer s.Close()
	var halt *Halt
	for range 2 {
		err := s.Round(r.t.Context())
		var ok bool
		if halt, ok = errors.AsType[*Halt](err); !ok || halt.Reason != reason || s.Halted() != halt {
			r.t.Fatalf("want a halt for %s, got %v", reason, err)
		}
	}
	for _, text := range []string{halt.Error(), halt.Zh()} {
		if strings.Contains(text, "%!") || strings.Contains(text, "EXTRA") {
			r.t.Errorf("a broken sentence: %s", text)
		}
	}
	return halt
}

// tamper runs statements as a superuser who first takes the guards off.
func (r *rig) tamper(sql string) {
	r.t.Helper()
	_, err := r.db.Owner.Exec(r.t.Context(), `
		alter table log.entry disable trigger all;
		alter table log.head disable trigger all;
		alter table log.checkpoint disable trigger all;
		alter table log.cosignature disable trigger all;`+sql)
	if err != nil {
		r.t.Fatal(err)
	}
}

// rebuild makes leaf hashes, nodes and head fit the bodies that are there, as one
// does who covers his tracks.
func (r *rig) rebuild() {
	r.t.Helper()
	h := audit.Head{Book: testBook}
	var edge proof.Edge
	for row, err := range audit.ReadLeaves(r.t.Context(), r.db.Owner, testBook, 0, 0) {
		if err != nil {
			r.t.Fatal(err)
		}
		hash := proof.LeafHash(row.Leaf)
		var nodes []proof.Hash
		edge, nodes = edge.Append(h.Size, hash)
		b := []byte{}
		for _, n := range nodes {
			b = append(b, n[:]...)
		}
		if _, err := r.db.Owner.Exec(r.t.Context(), `alter table log.entry disable trigger all`); err != nil {
			r.t.Fatal(err)
		}
		if _, err := r.db.Owner.Exec(r.t.Context(), `update log.entry set leaf_hash = $2, nodes = $3 where seq = $1`, int64(row.Seq), hash[:], b); err != nil {
			r.t.Fatal(err)
		}
		h.Size++
	}
	var b []byte
	for _, e := range edge {
		b = append(b, e[:]...)
	}
	if _, err := r.db.Owner.Exec(r.t.Context(), `update log.head set size = $1, edge = $2`, int64(h.Size), b); err != nil {
		r.t.Fatal(err)
	}
}

// rewrite changes the amount of one entry, so that the leaf is still one that the
// log could have written, and every hash after it.
func (r *rig) rewrite(seq uint64) {
	r.t.Helper()
	row, err := audit.ReadLeaf(r.t.Context(), r.db.Owner, testBook, seq)
	if err != nil {
		r.t.Fatal(err)
	}
	leaf, err := audit.ParseLeaf(row.Leaf)
	if err != nil {
		r.t.Fatal(err)
	}
	leaf.Body = []byte(`{"amount":"999999.00","payment":"P"}`)
	p, err := audit.Prepare(audit.Act(leaf.Act))
	if err != nil {
		r.t.Fatal(err)
	}
	forged := p.Leaf(leaf.At, seq)
	hash := proof.LeafHash(forged)
	r.tamper(``)
	if _, err := r.db.Owner.Exec(r.t.Context(), `update log.entry set leaf = $2, leaf_hash = $3 where seq = $1`, int64(seq), forged, hash[:]); err != nil {
		r.t.Fatal(err)
	}
	r.rebuild()
	if err := audit.VerifyBook(r.t.Context(), r.db.Owner, testBook, nil); err != nil {
		r.t.Fatalf("the forged book contradicts itself: %v", err)
	}
}

func TestSignsWhatIsNew(t *testing.T) {
	t.Parallel()
	r := newRig(t, "quorum none\n")
	if err := r.round(); err != nil { // an empty book
		t.Fatal(err)
	}
	if _, err := r.config.Public.Checkpoint(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an empty book is published: %v", err)
	}
	size := uint64(0)
	for _, n := range []int{1, 2, 300, 1, 1700} {
		r.enter(n)
		size += uint64(n)
		r.signs(size)
		r.signs(size) // nothing new
	}
	notes, err := r.notes()
	if err != nil || len(notes) != 5 {
		t.Errorf("%d notes: %v", len(notes), err)
	}
	st, err := ReadStatus(r.config.Public)
	if err != nil || st.Size != "2004" || st.Origin != testOrigin || len(st.Keys) != 1 || st.At != "2020-06-30T01:00:00Z" {
		t.Errorf("status %+v %v", st, err)
	}
}

// TestFoundAndDone is the table of audit-log.md §5, row by row.
func TestFoundAndDone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, r *rig){
		"state ahead of the table": func(t *testing.T, r *rig) {
			before := readFile(t, r.config.State)
			r.tamper(`delete from log.checkpoint`)
			r.signs(7)
			if last, _ := audit.LastNote(t.Context(), r.db.Pool, testBook); !strings.HasSuffix(before, last.Note) || last.Size != 7 {
				t.Error("not the same note again")
			}
		},
		"state ahead of the entries": func(t *testing.T, r *rig) {
			r.tamper(`delete from log.checkpoint; delete from log.entry where seq >= 5`)
			r.rebuild()
			if h := r.halts(EntriesMissing); !h.StopsPosting() || !strings.Contains(h.Error(), "entries 5 to 6 are missing") || !strings.Contains(h.Zh(), "第 5 至 6 号") {
				t.Errorf("%v %s", h, h.Zh())
			}
		},
		"cut tail with other entries on top": func(t *testing.T, r *rig) {
			r.tamper(`delete from log.checkpoint; delete from log.entry where seq >= 5`)
			r.rebuild()
			r.enter(1)
			r.tamper(`update log.entry set id = 'X', leaf = replace(convert_from(leaf, 'UTF8'), 'PAY-5', 'PAY-X')::bytea,
				leaf_hash = sha256('\x00' || replace(convert_from(leaf, 'UTF8'), 'PAY-5', 'PAY-X')::bytea) where seq = 5`)
			r.enter(3)
			r.rebuild()
			r.halts(HistoryChanged)
		},
		"table ahead of the state": func(t *testing.T, r *rig) {
			old := readFile(t, r.config.State)
			r.enter(2)
			r.signs(9)
			writeFile(t, r.config.State, old)
			r.halts(StateOld)
		},
		"public files ahead of the state": func(t *testing.T, r *rig) {
			old := readFile(t, r.config.State)
			r.enter(2)
			r.signs(9)
			r.tamper(`delete from log.checkpoint where size = 9`)
			writeFile(t, r.config.State, old)
			r.halts(StateOld)
		},
		"another note for the size": func(t *testing.T, r *rig) {
			r.tamper(`update log.checkpoint set note = note || 'x'`)
			r.halts(Forked)
		},
		"no state": func(t *testing.T, r *rig) {
			if err := os.Remove(r.config.State); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(r.config); !errors.Is(err, ErrNoState) {
				t.Errorf("opened: %v", err)
			}
			if err := Init(t.Context(), r.config); err == nil {
				t.Error("made a new state for a log that was signed")
			}
		},
		"head without its entries": func(t *testing.T, r *rig) {
			r.enter(2)
			r.tamper(`delete from log.entry where seq = 8`)
			if h := r.halts(HeadWrong); !h.StopsPosting() {
				t.Error("posting goes on")
			}
		},
		"entries beyond the head": func(t *testing.T, r *rig) {
			var edge []byte
			if err := r.db.Owner.QueryRow(t.Context(), `select edge from log.head`).Scan(&edge); err != nil {
				t.Fatal(err)
			}
			r.enter(1)
			r.tamper(fmt.Sprintf(`update log.head set size = 7, edge = '\x%x'`, edge))
			r.halts(HeadWrong)
		},
		"an entry that no log writes": func(t *testing.T, r *rig) {
			r.enter(1)
			r.tamper(`update log.entry set leaf = '{}'::bytea, leaf_hash = sha256('\x00' || '{}'::bytea) where seq = 7`)
			r.rebuild()
			if h := r.halts(LeafWrong); h.StopsPosting() || !strings.Contains(h.Error(), "entry 7") {
				t.Errorf("%v", h)
			}
		},
		"an entry of another book": func(t *testing.T, r *rig) {
			r.enter(1)
			r.tamper(`update log.entry set leaf = e.leaf, leaf_hash = e.leaf_hash from log.entry e where log.entry.seq = 7 and e.seq = 3`)
			r.rebuild()
			r.halts(LeafWrong)
		},
		"a gap": func(t *testing.T, r *rig) {
			r.enter(3)
			r.tamper(`delete from log.entry where seq = 8`)
			r.halts(HeadWrong)
		},
		"signed, not rendered": func(t *testing.T, r *rig) {
			if err := os.RemoveAll(string(r.config.Public)); err != nil {
				t.Fatal(err)
			}
			r.signs(7)
		},
		"a rendered tile is damaged": func(t *testing.T, r *rig) {
			r.enter(600)
			r.signs(607)
			writeFile(t, string(r.config.Public)+"/tile/1/000.p/2", strings.Repeat("x", 64))
			r.enter(1)
			r.signs(608)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "quorum none\n")
			r.enter(7)
			r.signs(7)
			test(t, r)
		})
	}
}

// TestRewriteBySuperuser: one amount changed and every hash recomputed, so that
// the database agrees with itself.
func TestRewriteBySuperuser(t *testing.T) {
	t.Parallel()
	r := newRig(t, "quorum none\n")
	r.enter(2)
	r.signs(2)
	r.enter(18)
	r.signs(20)
	policy, err := proof.ParsePolicy([]byte(r.config.policyText()))
	if err != nil {
		t.Fatal(err)
	}
	if err := audit.VerifySigned(t.Context(), r.db.Pool, testBook, policy, nil); err != nil {
		t.Error(err)
	}
	r.rewrite(3)
	bad, ok := errors.AsType[*audit.Tampered](audit.VerifySigned(t.Context(), r.db.Pool, testBook, policy, nil))
	if !ok || bad.Seq != 2 || !strings.Contains(bad.Reason, "2 to 19") {
		t.Errorf("held to the checkpoints: %v", bad)
	}
	r.halts(HistoryChanged)
	r.enter(3)
	r.halts(HistoryChanged)
	if size, err := r.config.Public.Size(); size != 20 || err != nil {
		t.Errorf("published %d, %v", size, err)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestLeastRights signs as yilu_signer, who can neither enter nor open anything.
func TestLeastRights(t *testing.T) {
	t.Parallel()
	w := newWitness(t)
	r := newRig(t, w.policy())
	w.knows(r)
	config, err := pgxpool.ParseConfig(r.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `set session authorization yilu_signer`)
		return err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	r.enter(300)
	r.config.Pool = pool
	r.signs(300)
	r.enter(5)
	r.signs(305)
	for _, sql := range []string{`insert into log.head (book) values ('000000')`, `delete from log.checkpoint`, `select value_enc from seal.private_field`, `create table log.x (x int)`} {
		if _, err := pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("yilu_signer may: %s", sql)
		}
	}
}

// TestSignsNothingThatIsGone: an entry can be seen before the disk has it. If a crash
// takes it between reading and signing, nothing is signed, and the next round reads
// again.
func TestSignsNothingThatIsGone(t *testing.T) {
	t.Parallel()
	r := newRig(t, "quorum none\n")
	r.enter(3)
	s, err := Open(r.config)
	if err != nil {
		t.Fatal(err)
	}
	size, edge, err := s.extend(t.Context())
	if err != nil || size != 3 {
		t.Fatalf("read %d entries: %v", size, err)
	}
	s.recent.leaves[2] = []byte("what was there before the crash")
	if err := s.sign(t.Context(), size, edge); err == nil {
		t.Error("signed an entry that is gone")
	}
	if notes, err := r.notes(); s.state.note.Size != 0 || len(notes) != 0 || err != nil {
		t.Errorf("%d is signed, %d notes: %v", s.state.note.Size, len(notes), err)
	}
	if err := s.Round(t.Context()); err != nil || s.state.note.Size != 3 {
		t.Errorf("the next round signed %d: %v", s.state.note.Size, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
