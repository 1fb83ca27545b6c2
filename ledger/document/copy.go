package document

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
	"yilu/audit/durable"
)

// A copy of a store, for a backup: the same folders, and a list of all files with their
// SHA-256, as sha256sum reads it. The list is written last, and a hash of it is kept by
// who asked for the copy.

// listFile is the list of a copy.
const listFile = "SHA256SUMS"

// copiedPath is what a file of a store is called: no other name of a list reaches the
// disk. An upload in clear is in copies of programs before.
var (
	copiedPath = regexp.MustCompile(`^(stored/([0-9a-f]{2})/([0-9a-f]{64})|waiting/[0-9a-f]{32}(\.sealed|\.note|\.json)?)$`)
	clearPath  = regexp.MustCompile(`^waiting/[0-9a-f]{32}(\.json)?$`)
)

// Copied says what a copy of a store holds.
type Copied struct {
	// Documents and Uploads are how many there are, Bytes how much that is.
	Documents int   `json:"documents"`
	Uploads   int   `json:"uploads"`
	Bytes     int64 `json:"bytes"`
	// SHA256 is the hash of the list.
	SHA256 string `json:"sha256"`
	// Damaged are documents that were left out: their bytes are not those of their name.
	Damaged []string `json:"damaged,omitzero"`
}

// copiedFile is a line of the list.
type copiedFile struct{ path, sum string }

// Copy copies the store in a folder, beside a working server too, into a new folder. A
// folder that no document was ever put into is an empty store. What is handed in
// meanwhile may be in the copy or not; what was there before is in it, but for an upload
// that a program before left in clear and the server has not sealed yet.
func Copy(ctx context.Context, dir, to string) (c Copied, err error) {
	if err := os.Mkdir(to, 0o700); err != nil {
		return c, fmt.Errorf("copy files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return c, c.writeList(to, nil)
	}
	if err != nil {
		return c, fmt.Errorf("copy files: %w", err)
	}
	defer func() { _ = root.Close() }() // reading only
	var list []copiedFile
	err = fs.WalkDir(root.FS(), ".", func(at string, entry fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || !copiedPath.MatchString(at) || clearPath.MatchString(at) {
			return err
		}
		sum, err := c.take(root, at, path.Join(to, at))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // an upload that went meanwhile
		}
		if err == nil && sum != "" {
			list = append(list, copiedFile{at, sum})
		}
		return err
	})
	if err != nil {
		return c, fmt.Errorf("copy files: %w", err)
	}
	return c, c.writeList(to, list)
}

// take copies one file and counts it, or leaves out a document that is not what its name
// says: sum is "" then.
func (c *Copied) take(root *os.Root, at, to string) (sum string, err error) {
	in, err := root.Open(at)
	if err != nil {
		return "", err
	}
	defer func() { _ = in.Close() }() // reading only
	sum, n, err := copyFile(in, to)
	if err != nil {
		return "", err
	}
	name := copiedPath.FindStringSubmatch(at)
	switch {
	case name[3] != "" && name[3] != sum:
		c.Damaged = append(c.Damaged, name[3])
		return "", os.Remove(to)
	case name[3] != "":
		c.Documents++
	case name[4] == sealedExt:
		c.Uploads++
	}
	c.Bytes += n
	return sum, nil
}

// copyFile writes a new file, durably, and says its hash.
func copyFile(in io.Reader, to string) (sum string, n int64, err error) {
	if err := os.MkdirAll(path.Dir(to), 0o700); err != nil {
		return "", 0, err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", 0, err
	}
	sum, n, err = durable.CopyHashed(out, in)
	return sum, n, errors.Join(err, out.Sync(), out.Close())
}

// writeList writes the list of a copy, which makes it one.
func (c *Copied) writeList(to string, list []copiedFile) error {
	var text bytes.Buffer
	for _, f := range list {
		fmt.Fprintf(&text, "%s  %s\n", f.sum, f.path)
	}
	sum := sha256.Sum256(text.Bytes())
	c.SHA256 = hex.EncodeToString(sum[:])
	return durable.WriteFile(path.Join(to, listFile), text.Bytes(), 0o600)
}

// readList reads the list of a copy and holds it to its hash.
func (c Copied) readList(from string) ([]copiedFile, error) {
	text, err := os.ReadFile(path.Join(from, listFile))
	if err != nil {
		return nil, fmt.Errorf("read list of files: %w", err)
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != c.SHA256 {
		return nil, fmt.Errorf("%s is not the list that was made: its hash is %x, should be %s", path.Join(from, listFile), sum, c.SHA256)
	}
	var list []copiedFile
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		sum, at, _ := strings.Cut(lines.Text(), "  ")
		name := copiedPath.FindStringSubmatch(at)
		if name == nil || name[3] != "" && name[3] != sum {
			return nil, fmt.Errorf("%s: %q names no file of a store", path.Join(from, listFile), lines.Text())
		}
		list = append(list, copiedFile{at, sum})
	}
	return list, nil
}

// Verify reads a copy and says what differs from its list.
func (c Copied) Verify(from string) error {
	return c.each(from, func(_ copiedFile, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
}

// Restore puts the files of a copy into the store in a folder, and makes that if it is not
// there. What is there stays as it is: done again after it was cut off, it goes on.
func (c Copied) Restore(from, dir string) error {
	s, err := openFolder(dir)
	if err != nil {
		return err
	}
	return errors.Join(c.each(from, s.putBack), s.Close())
}

// each hands out the files of a copy in the order of its list, and fails at one that is
// not as listed once it was read.
func (c Copied) each(from string, do func(copiedFile, io.Reader) error) error {
	list, err := c.readList(from)
	if err != nil {
		return err
	}
	for _, f := range list {
		in, err := os.Open(path.Join(from, f.path))
		if err != nil {
			return fmt.Errorf("read copy of files: %w", err)
		}
		h := sha256.New()
		err = do(f, &checked{io.TeeReader(in, h), func() error {
			if sum := hex.EncodeToString(h.Sum(nil)); sum != f.sum {
				return fmt.Errorf("%s has hash %s, should be %s", path.Join(from, f.path), sum, f.sum)
			}
			return io.EOF
		}})
		if err = errors.Join(err, in.Close()); err != nil {
			return fmt.Errorf("read copy of files: %w", err)
		}
	}
	return nil
}

// checked is a reader whose end is an error when what was read is not what it should be.
type checked struct {
	io.Reader
	end func() error
}

func (r *checked) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err == io.EOF {
		err = r.end()
	}
	return n, err
}

// putBack puts one file of a copy in its place.
func (s *Store) putBack(f copiedFile, r io.Reader) error {
	there, err := s.has(f.path)
	if err != nil || there {
		return err
	}
	in, err := s.arriving()
	if err != nil {
		return err
	}
	defer in.drop()
	if _, err := io.Copy(in.file, r); err != nil {
		return err
	}
	return in.keep(f.path)
}

// Fault is a document that officers handed in and that is not there as they did.
type Fault struct {
	Hash string `json:"hash"`
	Name string `json:"name"`
	// Missing says that it is gone; else its bytes differ from its hash.
	Missing bool `json:"missing"`
}

// Check holds the store in a folder to what officers handed in, in all books: every
// document is read. q may read the table as any role.
func Check(ctx context.Context, q audit.Querier, dir string) (faults []Fault, documents int, err error) {
	rows, err := q.Query(ctx, `select distinct on (sha256) sha256, name from files.stored order by sha256, stored_at`)
	if err != nil {
		return nil, 0, fmt.Errorf("check files: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[Stored]) // read before the files: no query waits for a disk
	if err != nil {
		return nil, 0, fmt.Errorf("check files: %w", err)
	}
	for _, f := range all {
		sum, err := durable.HashFile(path.Join(dir, storedAt(f.SHA256)))
		missing := errors.Is(err, fs.ErrNotExist)
		if err = errors.Join(err, ctx.Err()); err != nil && !missing {
			return nil, 0, fmt.Errorf("check files: %w", err)
		}
		if missing || sum != hex.EncodeToString(f.SHA256) {
			faults = append(faults, Fault{f.Hash(), f.Name, missing})
		}
	}
	return faults, len(all), nil
}
