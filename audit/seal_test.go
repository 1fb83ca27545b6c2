package audit

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"yilu/migrations/pgtest"
)

// testSealer derives its keys from a fixed secret.
func testSealer(t testing.TB) *Sealer {
	s, err := NewSealer(bytes.Repeat([]byte{7}, secretSize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// grant is the private part of a household grant.
func grant(s *Sealer) []Field {
	const number = "41102519700101123X"
	return []Field{
		{Name: "payee_name", Value: "张三"},
		{Name: "payee_id", Value: number, Person: s.Token(number)},
		{Name: "note", Value: ""},
	}
}

// enterSealed enters one act per id, each with the same private fields.
func enterSealed(t *testing.T, db *pgtest.DB, s *Sealer, ids ...string) {
	t.Helper()
	inTx(t, db.Pool, func(tx pgx.Tx) error {
		h, err := Lock(t.Context(), tx, testBook)
		if err != nil {
			return err
		}
		var rows []Row
		var private []PrivateRow
		for _, id := range ids {
			a := goldenAct()
			a.ID = id
			sealed, fields, err := s.Seal(testBook, id, grant(s), rand.Reader)
			if err != nil {
				return err
			}
			a.Sealed = sealed
			row := h.Append(prepare(t, a), goldenAt)
			for i := range fields {
				fields[i].Seq = row.Seq
			}
			rows, private = append(rows, row), append(private, fields...)
		}
		return send(t.Context(), tx, func(b *pgx.Batch) {
			QueueAppend(b, h, rows)
			QueuePrivate(b, testBook, private)
		})
	})
}

// The length prefixes keep name and value apart.
func TestCommitSeparates(t *testing.T) {
	salt := goldenSalt()
	seen := map[Commitment]string{}
	for _, p := range [][2]string{{"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {"ab", "c\x00"}} {
		c := Commit(p[0], p[1], salt)
		if other, ok := seen[c]; ok {
			t.Errorf("%v commits like %s", p, other)
		}
		seen[c] = fmt.Sprint(p)
	}
	if Commit("a", "b", salt) == Commit("a", "b", Salt{}) {
		t.Error("the salt does not count")
	}
}

func TestTokenNormalises(t *testing.T) {
	s := testSealer(t)
	want := s.Token("41102519700101123X")
	for _, id := range []string{"41102519700101123x", " 411025 19700101 123X\n", "４１１０２５１９７００１０１１２３Ｘ", "　41102519700101123ｘ"} {
		if s.Token(id) != want {
			t.Errorf("%q is another person", id)
		}
	}
	if s.Token("411025197001011231") == want {
		t.Error("two persons share a token")
	}
	other, err := NewSealer(bytes.Repeat([]byte{8}, secretSize))
	if err != nil {
		t.Fatal(err)
	}
	if other.Token("41102519700101123X") == want {
		t.Error("the token does not depend on the secret")
	}
}

func TestSealRefuses(t *testing.T) {
	s := testSealer(t)
	for reason, fields := range map[string][]Field{
		"twice":  {{Name: "a"}, {Name: "a"}},
		"longer": {{Name: "a", Value: strings.Repeat("x", maxValue+1)}},
		"UTF-8":  {{Name: "a", Value: "\xff"}},
	} {
		_, _, err := s.Seal(testBook, "X", fields, rand.Reader)
		var bad *Malformed
		if !errors.As(err, &bad) || bad.Path != "/sealed/a" || !strings.Contains(bad.Reason, reason) {
			t.Errorf("%s: %v", reason, err)
		}
	}
	if _, _, err := s.Seal(testBook, "X", []Field{{Name: "a"}}, strings.NewReader("short")); err == nil {
		t.Error("sealed without enough randomness")
	}
	if _, err := NewSealer(make([]byte, 16)); err == nil {
		t.Error("took a short secret")
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	s := testSealer(t)
	enterSealed(t, db, s, "G-1", "G-2")
	for seq := range uint64(2) {
		opened, err := s.Open(t.Context(), db.Pool, testBook, seq)
		if err != nil {
			t.Fatal(err)
		}
		if len(opened) != 3 || opened["payee_name"].Value != "张三" || opened["note"].Value != "" {
			t.Errorf("entry %d opens to %v", seq, opened)
		}
	}
	person, stranger := s.Token("41102519700101123x"), s.Token("411025197001011231")
	found, err := FindPersons(t.Context(), db.Pool, testBook, []Token{person, stranger})
	if err != nil || len(found) != 1 || !slices.Equal(found[person], []uint64{0, 1}) {
		t.Errorf("the person's entries are %v (%v)", found, err)
	}
	many, err := s.OpenMany(t.Context(), db.Pool, testBook, []uint64{1, 0, 7})
	if err != nil || len(many) != 2 || many[1]["payee_name"].Value != "张三" {
		t.Errorf("opened %v (%v)", many, err)
	}
	testQueuedReads(t, db, person)
	var leaked bool
	err = db.Owner.QueryRow(t.Context(), `
		select exists (select from seal.private_field
			where position(convert_to('张三', 'UTF8') in value_enc) > 0
				or position(convert_to('19700101', 'UTF8') in value_enc) > 0)`).Scan(&leaked)
	if err != nil || leaked {
		t.Errorf("values are stored in the clear: %v (%v)", leaked, err)
	}
	if _, err := s.Open(t.Context(), db.Pool, testBook, 9); !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("opened an entry that is not there: %v", err)
	}
}

// testQueuedReads reads the entries of TestOpen as a caller's batch does.
func testQueuedReads(t *testing.T, db *pgtest.DB, person Token) {
	t.Helper()
	var ids []string
	persons := map[uint64]Token{}
	var b pgx.Batch
	QueueRows(&b, testBook, []uint64{1, 0, 7}, func(r Row) error {
		ids = append(ids, r.ID)
		return nil
	})
	QueueSealed(&b, testBook, []uint64{1, 7}, nil, func(r PrivateRow) error {
		persons[r.Seq] = r.Person
		return nil
	})
	if err := db.Pool.SendBatch(t.Context(), &b).Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(ids, []string{"G-1", "G-2"}) || len(persons) != 1 || persons[1] != person {
		t.Errorf("read entries %v, persons %v", ids, persons)
	}
	stop := errors.New("stop")
	b = pgx.Batch{}
	QueueRows(&b, testBook, []uint64{0}, func(Row) error { return stop })
	if err := db.Pool.SendBatch(t.Context(), &b).Close(); !errors.Is(err, stop) {
		t.Errorf("the caller's error became %v", err)
	}
}

// A corrupt leaf is refused before anything of it is opened, and an entry with
// nothing sealed opens to nothing.
func TestOpenChecksTheLeaf(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	s := testSealer(t)
	fill(t, db, "A", 1)
	if opened, err := s.Open(t.Context(), db.Pool, testBook, 0); err != nil || len(opened) != 0 {
		t.Errorf("an entry with nothing kept opens to %v (%v)", opened, err)
	}
	_, err := db.Owner.Exec(t.Context(), `
		alter table log.entry disable trigger all;
		update log.entry set leaf = 'x', leaf_hash = sha256('\x0078')`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), db.Pool, testBook, 0); err == nil {
		t.Error("opened an entry whose leaf is not one")
	}
}

// Moving a value to another entry or field, exchanging a salt, changing a byte
// or having another secret: none opens.
func TestSealedRowsCannotBeSwapped(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	s := testSealer(t)
	enterSealed(t, db, s, "G-1", "G-2")
	for _, sql := range []string{
		`update seal.private_field p set value_enc = o.value_enc, salt = o.salt from seal.private_field o
			where p.seq = 0 and o.seq = 1 and p.name = o.name`,
		`update seal.private_field p set value_enc = o.value_enc, salt = o.salt from seal.private_field o
			where p.seq = 0 and o.seq = 0 and p.name = 'payee_name' and o.name = 'payee_id'`,
		`update seal.private_field p set salt = o.salt from seal.private_field o
			where p.seq = 0 and o.seq = 1 and p.name = o.name`,
		`update seal.private_field set value_enc = set_byte(value_enc, 15, get_byte(value_enc, 15) # 1)`,
		`update seal.private_field set value_enc = set_byte(value_enc, 0, 2)`,
		`update seal.private_field set name = 'other' where name = 'payee_name'`,
	} {
		tx, err := db.Owner.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Open(t.Context(), tx, testBook, 0); !errors.Is(err, ErrUnsealable) {
			t.Errorf("%s: %v", sql, err)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	other, err := NewSealer(bytes.Repeat([]byte{8}, secretSize))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Open(t.Context(), db.Pool, testBook, 0); !errors.Is(err, ErrUnsealable) {
		t.Errorf("another secret: %v", err)
	}
}

// Erasure takes the value and leaves the log as verifiable as before.
func TestErase(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	s := testSealer(t)
	enterSealed(t, db, s, "G-1", "G-2")
	inTx(t, db.Pool, func(tx pgx.Tx) error {
		n, err := Erase(t.Context(), tx, testBook, 0, []string{"payee_id", "payee_name", "unknown"})
		if n != 2 {
			t.Errorf("erased %d fields, want 2", n)
		}
		return err
	})
	opened, err := s.Open(t.Context(), db.Pool, testBook, 0)
	if err != nil || len(opened) != 1 {
		t.Errorf("after erasure the entry opens to %v (%v)", opened, err)
	}
	if opened, err = s.Open(t.Context(), db.Pool, testBook, 1); err != nil || len(opened) != 3 {
		t.Errorf("the other entry opens to %v (%v)", opened, err)
	}
	if err := VerifyBook(t.Context(), db.Pool, testBook, nil); err != nil {
		t.Error(err)
	}
}

// The same request sent again has fresh salts, yet is the same.
func TestRepeats(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	s := testSealer(t)
	enterSealed(t, db, s, "G-1")
	row, err := ReadLeaf(t.Context(), db.Pool, testBook, 0)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ParseLeaf(row.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	again := func(change func(*Act), fields []Field) bool {
		t.Helper()
		a := goldenAct()
		a.ID = "G-1"
		change(&a)
		same, err := s.Repeats(t.Context(), db.Pool, leaf, prepare(t, a).Act, fields)
		if err != nil {
			t.Fatal(err)
		}
		return same
	}
	unchanged := func(*Act) {}
	changed := grant(s)
	changed[0].Value = "李四"
	renamed := grant(s)
	renamed[2].Name = "remark"
	if !again(unchanged, grant(s)) {
		t.Error("the same request is not a repeat")
	}
	if again(func(a *Act) { a.On = "2020-03-19" }, grant(s)) {
		t.Error("a request of another day is a repeat")
	}
	for what, fields := range map[string][]Field{"changed": changed, "renamed": renamed, "missing": grant(s)[:2]} {
		if again(unchanged, fields) {
			t.Errorf("a request with a %s field is a repeat", what)
		}
	}
	inTx(t, db.Pool, func(tx pgx.Tx) error {
		_, err := Erase(t.Context(), tx, testBook, 0, []string{"payee_name"})
		return err
	})
	if !again(unchanged, changed) {
		t.Error("an erased field was compared")
	}
}

func TestSecretFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "seal.key")
	secret, err := LoadOrCreateSecret(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadOrCreateSecret(path)
	if err != nil || !bytes.Equal(secret, again) || len(secret) != secretSize {
		t.Errorf("read %x, then %x (%v)", secret, again, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v (%v)", info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".secret-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	if err := createSecret(path); err != nil {
		t.Fatal(err)
	}
	if kept, err := LoadOrCreateSecret(path); err != nil || !bytes.Equal(kept, secret) {
		t.Errorf("a second creation replaced the secret (%v)", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateSecret(path); err == nil {
		t.Error("took a secret that others may read")
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, secret[:31], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateSecret(path); err == nil {
		t.Error("took a short secret")
	}
	if _, err := LoadOrCreateSecret(filepath.Join(path, "below")); err == nil {
		t.Error("created a secret below a file")
	}
	if _, err := LoadOrCreateSecret(filepath.Join(t.TempDir(), "no", "folder")); err == nil {
		t.Error("created a secret in no folder")
	}
}

// One op is a batch of 50,000 fields, as an import of grants has.
func BenchmarkSeal50000(b *testing.B) {
	s := testSealer(b)
	fields := []Field{{Name: "payee_id", Value: "41102519700101123X"}, {Name: "payee_name", Value: "张三"}}
	for b.Loop() {
		for range 25000 {
			if _, _, err := s.Seal(testBook, "PAY-1", fields, rand.Reader); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkToken(b *testing.B) {
	s := testSealer(b)
	for b.Loop() {
		s.Token("41102519700101123X")
	}
}
