package audit

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"yilu/audit/rowset"
)

// Token stands for a person: a keyed hash of the ID number, cut short. It lets
// one person's entries be found without storing the number, and is never part
// of a leaf. The zero Token means no person.
type Token [16]byte

// Field is a private value to be sealed. Name is a key as in a leaf; Person is
// set on the fields by which a person shall be found.
type Field struct {
	Name, Value string
	Person      Token
}

// PrivateRow is a sealed field on its way into seal.private_field. The caller
// sets Seq when the entry is numbered.
type PrivateRow struct {
	Seq      uint64
	Name     string
	ValueEnc []byte
	Salt     Salt
	Person   Token
}

// Opened is a private value with the salt that proves it against the leaf.
type Opened struct {
	Value string
	Salt  Salt
}

// ErrUnsealable is returned when a stored private value cannot be opened: the
// row was changed or moved, or the secret is another one.
var ErrUnsealable = errors.New("private value does not open")

// The first byte of value_enc names the algorithm, so that a certified cipher
// can follow without rewriting old rows.
const algAES256GCM = 1

// nonceSize is that of GCM. Nonces are random: one secret is good for 2^32
// values, far beyond a province.
const nonceSize = 12

// maxValue is the longest private value in bytes. It is refused here, where
// one act fails, and not by the table's CHECK, where its whole group would.
const maxValue = 65000

// Sealer encrypts private values and makes person tokens, under keys derived
// from one secret that is kept outside the database: a copy of the database
// alone opens nothing. Safe for concurrent use.
type Sealer struct {
	values   cipher.AEAD
	tokenKey []byte
}

// NewSealer derives the keys. The secret has 32 random bytes; losing it loses
// every private value, but no proof.
func NewSealer(secret []byte) (*Sealer, error) {
	if len(secret) != secretSize {
		return nil, fmt.Errorf("sealing secret of %d bytes instead of %d", len(secret), secretSize)
	}
	valueKey, err := hkdf.Key(sha256.New, secret, nil, "yilu private values v1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive value key: %w", err)
	}
	tokenKey, err := hkdf.Key(sha256.New, secret, nil, "yilu person tokens v1", 32)
	if err != nil {
		return nil, fmt.Errorf("derive token key: %w", err)
	}
	block, err := aes.NewCipher(valueKey)
	if err != nil {
		return nil, fmt.Errorf("set up AES: %w", err)
	}
	values, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("set up GCM: %w", err)
	}
	return &Sealer{values: values, tokenKey: tokenKey}, nil
}

// Token computes the token of an ID number. Blanks are dropped, full-width
// digits and a small x made plain first, as all are typed for the same number.
func (s *Sealer) Token(idNumber string) Token {
	mac := hmac.New(sha256.New, s.tokenKey)
	mac.Write([]byte(normalID(idNumber)))
	return Token(mac.Sum(nil)[:len(Token{})])
}

// normalID is the one spelling of an ID number.
func normalID(id string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case r >= '！' && r <= '～': // the full-width copies of ASCII
			r -= '！' - '!'
		}
		return unicode.ToUpper(r)
	}, id)
}

// Seal commits to the private fields of one entry and encrypts them. It needs
// no lock: rows are bound to book, id and name, all known before the number,
// so that none can be moved to another entry or field. random is
// crypto/rand.Reader but in tests.
func (s *Sealer) Seal(book, id string, fields []Field, random io.Reader) (map[string]Commitment, []PrivateRow, error) {
	const each = len(Salt{}) + nonceSize
	noise := make([]byte, each*len(fields))
	if _, err := io.ReadFull(random, noise); err != nil {
		return nil, nil, fmt.Errorf("seal fields of %s: %w", id, err)
	}
	sealed := make(map[string]Commitment, len(fields))
	rows := make([]PrivateRow, len(fields))
	for i, f := range fields {
		_, twice := sealed[f.Name]
		switch {
		case twice:
			return nil, nil, &Malformed{"/sealed/" + f.Name, "given twice"}
		case len(f.Value) > maxValue:
			return nil, nil, &Malformed{"/sealed/" + f.Name, fmt.Sprintf("longer than %d bytes", maxValue)}
		case !utf8.ValidString(f.Value):
			return nil, nil, &Malformed{"/sealed/" + f.Name, "not valid UTF-8"}
		}
		salt, nonce := Salt(noise[each*i:]), noise[each*i+len(Salt{}):each*(i+1)]
		sealed[f.Name] = Commit(f.Name, f.Value, salt)
		b := make([]byte, 0, 1+nonceSize+len(f.Value)+s.values.Overhead())
		b = append(append(b, algAES256GCM), nonce...)
		b = s.values.Seal(b, nonce, []byte(f.Value), boundTo(book, id, f.Name))
		rows[i] = PrivateRow{Name: f.Name, ValueEnc: b, Salt: salt, Person: f.Person}
	}
	return sealed, rows, nil
}

// boundTo is the additional data that ties a value to its place. The parts
// are told apart by a byte that no string of a leaf may hold.
func boundTo(book, id, name string) []byte {
	return []byte(book + "\x00" + id + "\x00" + name)
}

// QueuePrivate queues the insertion of sealed fields into the group's batch.
func QueuePrivate(b *pgx.Batch, book string, rows []PrivateRow) {
	if len(rows) == 0 {
		return
	}
	stored := make([]*privateRow, len(rows))
	for i := range rows {
		r := &rows[i]
		stored[i] = &privateRow{int64(r.Seq), r.Name, r.ValueEnc, r.Salt[:], nil}
		if r.Person != (Token{}) {
			stored[i].Person = r.Person[:]
		}
	}
	b.Queue(privateTable.Insert, privateTable.Set(book, stored))
}

// privateRow is a PrivateRow as the table has it.
type privateRow struct {
	Seq      int64  `db:"seq"`
	Name     string `db:"name"`
	ValueEnc []byte `db:"value_enc"`
	Salt     []byte `db:"salt"`
	Person   []byte `db:"person"`
}

var privateTable = rowset.Of[privateRow]("seal.private_field")

// FindPersons returns the numbers of the entries that have a field of one of
// these persons, ascending. Erased fields are no longer found.
func FindPersons(ctx context.Context, q Querier, book string, persons []Token) (map[Token][]uint64, error) {
	tokens := make([][]byte, len(persons))
	for i := range persons {
		tokens[i] = persons[i][:]
	}
	rows, err := q.Query(ctx, `
		select distinct person, seq from only seal.private_field
		where book = $1 and person = any($2)
		order by person, seq`, book, tokens)
	if err != nil {
		return nil, fmt.Errorf("find persons in book %s: %w", book, err)
	}
	found := make(map[Token][]uint64)
	var person []byte
	var seq uint64
	_, err = pgx.ForEachRow(rows, []any{&person, &seq}, func() error {
		found[Token(person)] = append(found[Token(person)], seq)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find persons in book %s: %w", book, err)
	}
	return found, nil
}

// Open returns the private values of one entry that were not erased, by name.
func (s *Sealer) Open(ctx context.Context, q Querier, book string, seq uint64) (map[string]Opened, error) {
	opened, err := s.OpenMany(ctx, q, book, []uint64{seq})
	if err == nil && opened[seq] == nil {
		err = fmt.Errorf("open entry %d of book %s: %w", seq, book, pgx.ErrNoRows)
	}
	return opened[seq], err
}

// OpenMany is Open for many entries in one query; numbers that are not there
// are left out. Each value is checked against the commitment in its leaf, so
// what comes back is what was entered.
func (s *Sealer) OpenMany(ctx context.Context, q Querier, book string, seqs []uint64) (map[uint64]map[string]Opened, error) {
	rows, err := q.Query(ctx, `
		select e.seq, e.leaf, coalesce(p.name, ''), p.value_enc, p.salt
		from only log.entry e
		left join only seal.private_field p on p.book = e.book and p.seq = e.seq
		where e.book = $1 and e.seq = any($2)
		order by e.seq`, book, seqs)
	if err != nil {
		return nil, fmt.Errorf("open entries of book %s: %w", book, err)
	}
	opened := make(map[uint64]map[string]Opened)
	var leaf Leaf
	var seq uint64
	var name string
	var text, enc, salt []byte
	_, err = pgx.ForEachRow(rows, []any{&seq, &text, &name, &enc, &salt}, func() (err error) {
		if opened[seq] == nil {
			opened[seq] = make(map[string]Opened)
			if leaf, err = ParseLeaf(text); err != nil {
				return fmt.Errorf("entry %d: %w", seq, err)
			}
		}
		if name == "" { // nothing sealed, or all erased
			return nil
		}
		if opened[seq][name], err = s.open(leaf, name, enc, salt); err != nil {
			return fmt.Errorf("entry %d: %w", seq, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open entries of book %s: %w", book, err)
	}
	return opened, nil
}

// open decrypts one value and holds it against the leaf.
func (s *Sealer) open(leaf Leaf, name string, enc, salt []byte) (Opened, error) {
	if len(enc) < 1+nonceSize || enc[0] != algAES256GCM || len(salt) != len(Salt{}) {
		return Opened{}, fmt.Errorf("field %s: %w", name, ErrUnsealable)
	}
	value, err := s.values.Open(nil, enc[1:1+nonceSize], enc[1+nonceSize:], boundTo(leaf.Book, leaf.ID, name))
	if err != nil {
		return Opened{}, fmt.Errorf("field %s: %w", name, ErrUnsealable)
	}
	o := Opened{Value: string(value), Salt: Salt(salt)}
	if c, ok := leaf.Sealed[name]; !ok || c != Commit(name, o.Value, o.Salt) {
		return Opened{}, fmt.Errorf("field %s does not match its commitment: %w", name, ErrUnsealable)
	}
	return o, nil
}

// Repeats reports whether an act with these private fields is the one already
// entered as leaf, for a client that sends the same id again: salts are fresh
// each time, so the acts' bytes differ though their content is the same. An
// erased field cannot be compared and counts as equal.
func (s *Sealer) Repeats(ctx context.Context, q Querier, leaf Leaf, again Act, fields []Field) (bool, error) {
	if !samePublic(leaf.Act, again) || len(fields) != len(leaf.Sealed) {
		return false, nil
	}
	opened, err := s.Open(ctx, q, leaf.Book, leaf.Seq)
	if err != nil {
		return false, err
	}
	for _, f := range fields {
		if _, ok := leaf.Sealed[f.Name]; !ok {
			return false, nil
		}
		if o, ok := opened[f.Name]; ok && o.Value != f.Value {
			return false, nil
		}
	}
	return true, nil
}

// samePublic compares two acts, bodies in canonical form, without what is sealed.
func samePublic(a, b Act) bool {
	return a.Book == b.Book && a.ID == b.ID && a.Kind == b.Kind && a.On == b.On &&
		a.By == b.By && a.Corrects == b.Corrects && string(a.Body) == string(b.Body)
}

// QueueErase is Erase of one field as part of a batch.
func QueueErase(b *pgx.Batch, book string, seq uint64, name string) {
	b.Queue(`
		delete from only seal.private_field
		where book = $1 and seq = $2 and name = $3`, book, int64(seq), name)
}

// Erase deletes private fields of an entry for good and says how many there
// were. The leaf keeps its commitments and every proof stays valid. The caller
// enters seal.erased in the same transaction. Backups still hold the values
// until they expire.
func Erase(ctx context.Context, tx pgx.Tx, book string, seq uint64, names []string) (int64, error) {
	tag, err := tx.Exec(ctx, `
		delete from only seal.private_field
		where book = $1 and seq = $2 and name = any($3)`, book, int64(seq), names)
	if err != nil {
		return 0, fmt.Errorf("erase fields of entry %d of book %s: %w", seq, book, err)
	}
	return tag.RowsAffected(), nil
}
