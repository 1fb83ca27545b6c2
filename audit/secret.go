package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// secretSize is the length of the secret all sealing keys come from.
const secretSize = 32

// LoadOrCreateSecret reads the sealing secret from a file, or writes a fresh
// one on first use. The file is readable by its owner alone, and one that is
// not is refused: it may have been copied. A new secret is on disk before any
// value is sealed with it, and never replaces one that is there.
func LoadOrCreateSecret(path string) ([]byte, error) {
	secret, err := loadSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	if err := createSecret(path); err != nil {
		return nil, fmt.Errorf("create sealing secret: %w", err)
	}
	return loadSecret(path)
}

// loadSecret reads and checks the file.
func loadSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open sealing secret: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("stat sealing secret: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("sealing secret %s has mode %o, want 600", path, info.Mode().Perm())
	}
	if info.Size() != secretSize {
		return nil, fmt.Errorf("sealing secret %s has %d bytes instead of %d", path, info.Size(), secretSize)
	}
	secret := make([]byte, secretSize)
	if _, err := f.ReadAt(secret, 0); err != nil {
		return nil, fmt.Errorf("read sealing secret: %w", err)
	}
	return secret, nil
}

// createSecret writes a random secret beside path and links it into place:
// unlike a rename, a link fails if another process was first, and then that
// one's secret holds.
func createSecret(path string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	secret := make([]byte, secretSize)
	rand.Read(secret) // never fails since Go 1.24
	if _, err := tmp.Write(secret); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// HasSealed says whether any value is sealed, which a new secret would not open.
func HasSealed(ctx context.Context, q Querier) (sealed bool, err error) {
	if err := q.QueryRow(ctx, `select exists (select from only seal.private_field)`).Scan(&sealed); err != nil {
		return false, fmt.Errorf("look for sealed values: %w", err)
	}
	return sealed, nil
}
