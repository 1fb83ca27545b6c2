package document

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/emmansun/gmsm/sm3"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger"
)

// MaxFile is the largest document or upload in bytes, if a county sets no other limit;
// LargestFile is the largest that it may set, since texts are read as a whole.
const (
	MaxFile     = 10 << 20
	LargestFile = 32 << 20
)

// Store is the folder and the table of documents. Several processes may share it.
type Store struct {
	// MaxFile is the largest document or upload in bytes; Open sets the default.
	MaxFile int64

	root   *os.Root
	pool   *pgxpool.Pool
	sealer *audit.Sealer
}

// folders are those of a store.
const (
	storedFolder   = "stored"
	waitingFolder  = "waiting"
	incomingFolder = "incoming"
)

// Open opens the store in a folder, and makes it if it is not there. pool connects as
// the service role. sealer seals uploads that wait, and at once those that a program
// before left in clear.
func Open(dir string, pool *pgxpool.Pool, sealer *audit.Sealer) (*Store, error) {
	s, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	s.pool, s.sealer = pool, sealer
	if err := s.sealClear(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openFolder opens the folder of a store, and makes it if it is not there.
func openFolder(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open files: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open files: %w", err)
	}
	s := &Store{MaxFile: MaxFile, root: root}
	for _, folder := range []string{storedFolder, waitingFolder, incomingFolder} {
		if err := root.MkdirAll(folder, 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("open files: %w", err), root.Close())
		}
	}
	return s, nil
}

// Close gives the folder back.
func (s *Store) Close() error { return s.root.Close() }

// incoming is a file on its way in, with its size and sums.
type incoming struct {
	store         *Store
	file          *os.File
	name          string
	size          int64
	sum, national hash.Hash
}

// arriving is an empty file on its way in, in a nameless place on the disk.
func (s *Store) arriving() (*incoming, error) {
	name := path.Join(incomingFolder, newID())
	f, err := s.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("receive file: %w", err)
	}
	return &incoming{store: s, file: f, name: name, sum: sha256.New(), national: sm3.New()}, nil
}

// receive writes what comes to the disk, never to memory: as it is, or sealed as the
// upload of an id.
func (s *Store) receive(r io.Reader, sealedAs string) (*incoming, error) {
	in, err := s.arriving()
	if err != nil {
		return nil, err
	}
	limited := io.LimitReader(r, s.MaxFile+1)
	if sealedAs == "" {
		in.size, err = io.Copy(io.MultiWriter(in.file, in.sum, in.national), limited)
	} else {
		to := &sealing{to: in.file, sealer: s.sealer, id: sealedAs}
		in.size, err = io.Copy(to, limited)
		err = errors.Join(err, to.Close())
	}
	switch {
	case err != nil:
		err = fmt.Errorf("receive file: %w", err)
	case in.size == 0:
		err = bad("文件是空的", "the file is empty")
	case in.size > s.MaxFile:
		err = bad(fmt.Sprintf("文件超过 %d MB", s.MaxFile>>20), fmt.Sprintf("the file is larger than %d MB", s.MaxFile>>20))
	}
	if err != nil {
		in.drop()
		return nil, err
	}
	return in, nil
}

// place moves it to where it belongs, once it would survive a power failure.
func (in *incoming) place(to string) error {
	if err := in.file.Sync(); err != nil {
		return fmt.Errorf("store file: %w", err)
	}
	if err := in.store.root.Rename(in.name, to); err != nil {
		return fmt.Errorf("store file: %w", err)
	}
	return in.store.syncFolder(path.Dir(to))
}

// keep places a document, unless it stands in its place already.
func (in *incoming) keep(at string) error {
	there, err := in.store.has(at)
	if err != nil || there {
		return err
	}
	if err := in.store.root.MkdirAll(path.Dir(at), 0o700); err != nil {
		return err
	}
	return in.place(at)
}

// drop closes the file and removes what was not placed.
func (in *incoming) drop() {
	_ = in.file.Close()
	_ = in.store.root.Remove(in.name) // it may have been placed
}

// syncFolder makes the names in a folder durable.
func (s *Store) syncFolder(name string) error {
	d, err := s.root.Open(name)
	if err != nil {
		return fmt.Errorf("store file: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// storedAt is where a document of a hash stands.
func storedAt(sum []byte) string {
	name := hex.EncodeToString(sum)
	return path.Join(storedFolder, name[:2], name)
}

// has says whether a document stands in its place.
func (s *Store) has(at string) (bool, error) {
	_, err := s.root.Lstat(at)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// bad is a file that is not taken, with a reason that an officer can act on.
func bad(zh, en string) error {
	return &ledger.Invalid{Problems: []ledger.Problem{{Field: "file", Rule: "form", Text: ledger.Text{Zh: zh, En: en}}}}
}
