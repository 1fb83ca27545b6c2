// Package durable writes files that survive a crash whole or not at all.
//
// It is for what must not be torn, lost or forgotten once it was acted upon: the
// signer's state and key, and published files that may never change.
package durable

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// WriteFile puts data at path, replacing what is there, and returns once it
// would still be there after a power failure: it writes a temporary file beside
// it, syncs that, renames it, and syncs the folder. A reader sees the old bytes
// or the new ones. After an error, either may be there.
func WriteFile(path string, data []byte, mode os.FileMode) error {
	var f Files
	defer f.Drop()
	if err := f.Write(path, data, mode); err != nil {
		return err
	}
	return f.Commit()
}

// ReplaceFile is WriteFile for what may be lost: a reader sees the old bytes or the
// new ones, a power failure may leave neither, and no disk is waited for.
func ReplaceFile(path string, data []byte, mode os.FileMode) error {
	var f Files
	defer f.Drop()
	if err := f.Write(path, data, mode); err != nil {
		return err
	}
	if err := f.written[0].file.Close(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err := f.place()
	return err
}

// Files are files that are written together: one after the other each would wait
// for the disk by itself, all at once they share what it does. The zero value is
// ready. It is for one goroutine.
type Files struct{ written []written }

// written is a temporary file and where it belongs.
type written struct {
	file *os.File
	path string
}

// Len is how many files wait for Commit.
func (f *Files) Len() int { return len(f.written) }

// Write writes a file beside its place. Nobody sees it there before Commit.
func (f *Files) Write(path string, data []byte, mode os.FileMode) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	f.written = append(f.written, written{tmp, path})
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(mode)); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Commit puts all files in place, each as WriteFile does. After an error some may
// be there.
func (f *Files) Commit() error {
	if err := f.sync(); err != nil {
		return err
	}
	folders, err := f.place()
	if err != nil {
		return err
	}
	for dir := range folders {
		if err := SyncFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

// place renames all files to where they belong and says in which folders that is.
func (f *Files) place() (folders map[string]bool, err error) {
	folders = map[string]bool{}
	for _, w := range f.written {
		if err := os.Rename(w.file.Name(), w.path); err != nil {
			return nil, fmt.Errorf("write %s: %w", w.path, err)
		}
		folders[filepath.Dir(w.path)] = true
	}
	f.written = nil
	return folders, nil
}

// syncsAtOnce bounds the disk's queue: whoever commits a payment waits behind it.
const syncsAtOnce = 2

// sync makes the bytes durable, some files at the same time.
func (f *Files) sync() error {
	errs := make([]error, len(f.written))
	var wait sync.WaitGroup
	turn := make(chan struct{}, syncsAtOnce)
	for i, w := range f.written {
		wait.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			if errs[i] = errors.Join(w.file.Sync(), w.file.Close()); errs[i] != nil {
				errs[i] = fmt.Errorf("write %s: %w", w.path, errs[i])
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// Drop removes what was written and not committed; after Commit it does nothing.
func (f *Files) Drop() {
	for _, w := range f.written {
		_ = w.file.Close() // it may be closed already
		_ = os.Remove(w.file.Name())
	}
	f.written = nil
}

// MkdirAll makes a folder and those above it, and returns once they would still
// be there after a power failure.
func MkdirAll(dir string, mode os.FileMode) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := MkdirAll(parent, mode); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, mode); err != nil && !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make folder: %w", err)
	}
	return SyncFolder(parent)
}

// SyncFolder makes the names in a folder durable.
func SyncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}
