package signer

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"yilu/audit/durable"
)

// Key signs and says by which key others can check that. A file, an agent, a
// hardware module or, beside an Ed25519 key, an SM2 device can stand behind it.
type Key interface {
	note.Signer
	// VerifierKey is the text by which verifiers and witnesses know the key:
	// NAME+HASH+BASE64.
	VerifierKey() string
}

// fileKey is an Ed25519 key that was read from a file.
type fileKey struct {
	note.Signer
	public string
}

// VerifierKey is the public half.
func (k *fileKey) VerifierKey() string { return k.public }

// CreateKey writes a new Ed25519 key for a log, readable by its owner alone. It
// never replaces a file. The caller holds the folder to itself.
func CreateKey(path, origin string) (Key, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("create signing key: %s is there already", path)
	}
	if err := durable.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("create signing key: %w", err)
	}
	private, _, err := note.GenerateKey(nil, origin) // nil is crypto/rand
	if err != nil {
		return nil, fmt.Errorf("create signing key: %w", err)
	}
	if err := durable.WriteFile(path, []byte(private+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("create signing key: %w", err)
	}
	return LoadKey(path)
}

// LoadKey reads a key file. One that others can read is refused: it may have been
// copied.
func LoadKey(path string) (Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("signing key %s has mode %o, want 600", path, info.Mode().Perm())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read signing key: %w", err)
	}
	k, err := parseKey(strings.TrimSuffix(string(b), "\n"))
	if err != nil { // never with the text itself
		return nil, fmt.Errorf("read signing key %s: not a key of the form PRIVATE+KEY+NAME+HASH+BASE64", path)
	}
	return k, nil
}

func parseKey(private string) (Key, error) {
	s, err := note.NewSigner(private)
	if err != nil {
		return nil, err
	}
	// PRIVATE+KEY+NAME+HASH+BASE64, as note.NewSigner has checked; the last part
	// may hold plus signs of its own.
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(private, "+", 5)[4])
	if err != nil {
		return nil, err
	}
	public, err := note.NewEd25519VerifierKey(s.Name(), ed25519.NewKeyFromSeed(seed[1:]).Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	return &fileKey{s, public}, nil
}

// LoadKeys reads the keys of a log. Beside the file of the key there may be the
// next one (path.next), which signs too while both are announced, and a list of
// those that signed before (path.old), a line each: see Retire.
func LoadKeys(path string) (keys []Key, old []OldKey, err error) {
	k, err := LoadKey(path)
	if err != nil {
		return nil, nil, err
	}
	keys = []Key{k}
	switch next, err := LoadKey(path + ".next"); {
	case err == nil:
		keys = append(keys, next)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, nil, err
	}
	old, err = readOld(path + ".old")
	return keys, old, err
}
