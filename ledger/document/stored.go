package document

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"yilu/audit/durable"
	"yilu/ledger"
	"yilu/publicity/scan"
)

// Stored is a document that a unit handed in.
type Stored struct {
	SHA256 []byte `db:"sha256"`
	Unit   string `db:"unit"`
	User   string `db:"user_id"`
	// Name is its title as filed.
	Name string `db:"name"`
	// Kind is the file's sort, such as "pdf"; see Kinds.
	Kind string `db:"kind"`
	Size int64  `db:"size"`
	SM3  []byte `db:"sm3"`
	// Readable says whether its text was searched for personal numbers, Found which
	// kinds of them it holds.
	Readable bool        `db:"readable"`
	Found    []scan.Kind `db:"found"`
	At       time.Time   `db:"stored_at"`
}

// File names the document as entries do.
func (f Stored) File() ledger.File {
	return ledger.File{Name: f.Name, SHA256: f.Hash(), SM3: base64.StdEncoding.EncodeToString(f.SM3), Size: ledger.Count(f.Size)}
}

// Hash is the base64 SHA-256 by which entries name the document.
func (f Stored) Hash() string { return base64.StdEncoding.EncodeToString(f.SHA256) }

// Put stores a document: its bytes, and who handed it in. The same content
// handed in by the same unit again is the same document, under its first name and with the
// time of the last.
func (s *Store) Put(ctx context.Context, book ledger.Book, f Stored, r io.Reader) (Stored, error) {
	name, err := cleanName(f.Name)
	if err != nil {
		return Stored{}, err
	}
	in, err := s.receive(r, "")
	if err != nil {
		return Stored{}, err
	}
	defer in.drop()
	f.Name, f.Size, f.SHA256, f.SM3 = name, in.size, in.sum.Sum(nil), in.national.Sum(nil)
	if f.Kind, err = judge(name, in.file, in.size); err != nil {
		return Stored{}, err
	}
	if f.Found, f.Readable, err = numbersIn(f.Kind, in.file, in.size); err != nil {
		return Stored{}, err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		// The row first: its lock on the table keeps Prune from removing the same bytes. It
		// is seen by nobody before they are there.
		_, err := tx.Exec(ctx, `
			insert into files.stored (book, sha256, unit, user_id, name, kind, size, sm3, readable, found, stored_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (book, sha256, unit) do update
			set removed_at = null, stored_at = greatest(stored.stored_at, excluded.stored_at)`,
			book, f.SHA256, f.Unit, f.User, f.Name, f.Kind, f.Size, f.SM3, f.Readable, kindNames(f.Found), f.At)
		if err != nil {
			return err
		}
		return in.keep(storedAt(f.SHA256))
	})
	if err != nil {
		return Stored{}, fmt.Errorf("store file: %w", err)
	}
	return s.Find(ctx, book, f.Hash(), f.Unit)
}

func kindNames(kinds []scan.Kind) []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return names
}

// columns are those of a Stored.
const columns = `sha256, unit, user_id, name, kind, size, sm3, readable, found, stored_at`

// FindMany returns documents by their base64 SHA-256, as one unit handed them in, or
// whichever did first (""). Those that are not there are left out.
func (s *Store) FindMany(ctx context.Context, book ledger.Book, hashes []string, unit string) (map[string]Stored, error) {
	var sums [][]byte
	for _, hash := range hashes {
		if sum, err := base64.StdEncoding.DecodeString(hash); err == nil {
			sums = append(sums, sum)
		}
	}
	rows, err := s.pool.Query(ctx, `
		select distinct on (sha256) `+columns+` from files.stored
		where book = $1 and sha256 = any($2) and ($3 = '' or unit = $3) and removed_at is null order by sha256, stored_at`, book, sums, unit)
	if err != nil {
		return nil, fmt.Errorf("find files: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[Stored])
	if err != nil {
		return nil, fmt.Errorf("find files: %w", err)
	}
	found := make(map[string]Stored, len(list))
	for _, f := range list {
		found[f.Hash()] = f
	}
	return found, nil
}

// Find returns a document by its base64 SHA-256, as one unit handed it in, or whichever
// did first ("").
func (s *Store) Find(ctx context.Context, book ledger.Book, hash, unit string) (Stored, error) {
	sum, err := base64.StdEncoding.DecodeString(hash)
	if err != nil || len(sum) != sha256.Size {
		return Stored{}, fmt.Errorf("file: %w", ledger.ErrNotFound)
	}
	rows, err := s.pool.Query(ctx, `select `+columns+` from files.stored where book = $1 and sha256 = $2 and ($3 = '' or unit = $3) and removed_at is null order by stored_at limit 1`, book, sum, unit)
	if err != nil {
		return Stored{}, fmt.Errorf("find file: %w", err)
	}
	f, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Stored])
	if errors.Is(err, pgx.ErrNoRows) {
		return Stored{}, fmt.Errorf("file: %w", ledger.ErrNotFound)
	}
	if err != nil {
		return Stored{}, fmt.Errorf("find file: %w", err)
	}
	return f, nil
}

// perPage is how many documents List returns at most.
const perPage = 50

// List lists what a unit handed in, or all ("") units, newest first: what is older than
// before. text narrows it to names that hold it.
func (s *Store) List(ctx context.Context, book ledger.Book, unit, text string, before time.Time) (list []Stored, more bool, err error) {
	rows, err := s.pool.Query(ctx, `select `+columns+` from files.stored
		where book = $1 and stored_at < $2 and ($3 = '' or unit = $3) and ($4 = '' or strpos(name, $4) > 0) and removed_at is null
		order by stored_at desc, sha256 limit $5`, book, before, unit, text, perPage+1)
	if err != nil {
		return nil, false, fmt.Errorf("list files: %w", err)
	}
	list, err = pgx.CollectRows(rows, pgx.RowToStructByName[Stored])
	if err != nil {
		return nil, false, fmt.Errorf("list files: %w", err)
	}
	return list[:min(len(list), perPage)], len(list) > perPage, nil
}

// Content opens a document's bytes, once they are known to be what they were.
func (s *Store) Content(f Stored) (*os.File, error) {
	file, err := s.root.Open(storedAt(f.SHA256))
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	sum, _, err := durable.CopyHashed(io.Discard, file)
	if err == nil && sum != hex.EncodeToString(f.SHA256) {
		err = errors.New("its bytes are not those that were handed in")
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open file %s: %w", f.Hash(), err), file.Close())
	}
	return file, nil
}

// maxName is how long a title may be, in characters: as long as in entries.
const maxName = 200

// cleanName makes a title of a file's name: without a path and invisible characters. A
// name that holds personal numbers is refused, since it stands in public entries.
func cleanName(name string) (string, error) {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Cf), r == '\u2028', r == '\u2029':
			return -1
		}
		return r
	}, name)), " ")
	if name == "" || strings.Trim(name, ". ") == "" {
		return "", bad("文件没有名称", "the file has no name")
	}
	if r := []rune(name); len(r) > maxName {
		return "", bad(fmt.Sprintf("文件名最多 %d 字", maxName), fmt.Sprintf("a file's name has at most %d characters", maxName))
	}
	if found := scan.Numbers(name); len(found) > 0 {
		return "", bad("文件名会公开，不得含"+string(found[0])+"，请改名后再上传", "the file's name is public and must not hold "+found[0].English()+": rename it")
	}
	return name, nil
}
