package signer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"yilu/audit/durable"
	"yilu/audit/proof"
)

// A change of keys has three steps, each its own start of the signer: NextKey makes
// the new key, an entry key.rotated that the old key signs announces it; both sign
// for the announced time; Retire drops the old. Its public half stays published
// with the size up to which it signed.

// OldKey is a key that signs no more.
type OldKey struct {
	Key string `json:"key"`
	// Until is the size of the last checkpoint that it signed.
	Until uint64 `json:"until,string"`
}

// NextKey is the key beside path that will follow, made if it is not there.
func NextKey(path, origin string) (Key, error) {
	k, err := LoadKey(path + ".next")
	if errors.Is(err, fs.ErrNotExist) {
		return CreateKey(path+".next", origin)
	}
	return k, err
}

// Retire makes the next key the only one. It is refused before the next key has
// signed, and while a signer runs.
func Retire(c Config, path string) error {
	lock, err := lockState(c.State)
	if err != nil {
		return fmt.Errorf("retire key: %w", err)
	}
	defer unlock(lock)
	key, err := LoadKey(path + ".next")
	if err != nil {
		return fmt.Errorf("retire key: there is no next one: %w", err)
	}
	next, err := proof.ParsePolicy([]byte("log " + key.VerifierKey() + "\nquorum none\n"))
	if err != nil {
		return fmt.Errorf("retire key: %w", err)
	}
	s, err := load(c.State, next)
	if err != nil || s.note.Size == 0 {
		return fmt.Errorf("retire key: the next key has not signed yet: restart the signer, and let both sign for the announced time (%w)", err)
	}
	// The list first: a crash in between leaves both keys signing.
	old := c.Keys[0].VerifierKey()
	list, err := os.ReadFile(path + ".old")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("retire key: %w", err)
	}
	if !strings.Contains(string(list), old+" ") {
		list = append(list, old+" "+strconv.FormatUint(s.note.Size, 10)+"\n"...)
		if err := durable.WriteFile(path+".old", list, 0o600); err != nil {
			return fmt.Errorf("retire key: %w", err)
		}
	}
	if err := os.Rename(path+".next", path); err != nil {
		return fmt.Errorf("retire key: %w", err)
	}
	return nil
}

// readOld reads the list that Retire writes.
func readOld(path string) ([]OldKey, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read old keys: %w", err)
	}
	var old []OldKey
	for line := range strings.Lines(string(b)) {
		key, until, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		size, err := strconv.ParseUint(until, 10, 63)
		if err != nil {
			return nil, fmt.Errorf("read old keys %s: the line %.80q", path, line)
		}
		old = append(old, OldKey{key, size})
	}
	return old, nil
}
