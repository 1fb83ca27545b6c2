package site

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// place is where a copy is made, and what it will replace.
type place struct {
	// folder is beside target, on the same file system.
	folder, target string
	lock           *os.File
}

// ErrNotACopy says that a folder holds something that is no copy of a site, which is
// left alone.
var ErrNotACopy = errors.New("the folder holds something else than a copy of the site; name another, or an empty one")

// ErrUnderWay says that another copying into the folder is under way.
var ErrUnderWay = errors.New("another copying into this folder is under way")

// begin makes room beside the target. What a copying that was killed has left there
// goes away.
func begin(target string) (*place, error) {
	target, err := filepath.Abs(target)
	if err != nil {
		return nil, fmt.Errorf("folder of the copy: %w", err)
	}
	if err := isCopy(target); err != nil {
		return nil, err
	}
	parent, name := filepath.Split(target)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return nil, fmt.Errorf("folder of the copy: %w", err)
	}
	p := &place{folder: filepath.Join(parent, "."+name+".part"), target: target}
	if p.lock, err = os.OpenFile(filepath.Join(parent, "."+name+".lock"), os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		return nil, fmt.Errorf("folder of the copy: %w", err)
	}
	if err := syscall.Flock(int(p.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = p.lock.Close()
		return nil, ErrUnderWay
	}
	if err := errors.Join(os.RemoveAll(p.folder), os.Mkdir(p.folder, 0o755)); err != nil {
		p.end()
		return nil, fmt.Errorf("folder of the copy: %w", err)
	}
	return p, nil
}

// isCopy refuses a folder that we have not made.
func isCopy(target string) error {
	found, err := os.ReadDir(target)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("folder of the copy: %w", err)
	case len(found) == 0:
		return nil
	}
	if _, err := os.Stat(filepath.Join(target, sumsFile)); err != nil {
		return fmt.Errorf("%s: %w", target, ErrNotACopy)
	}
	return nil
}

// replace puts the copy in its place once it is safe on disk. Where there is an
// older one the two change places, which the kernel does in one step.
func (p *place) replace() error {
	if d, err := os.Open(p.folder); err == nil {
		err = unix.Syncfs(int(d.Fd()))
		if err = errors.Join(err, d.Close()); err != nil {
			return fmt.Errorf("sync copy: %w", err)
		}
	}
	err := unix.Renameat2(unix.AT_FDCWD, p.folder, unix.AT_FDCWD, p.target, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.ENOENT) {
		err = os.Rename(p.folder, p.target)
	}
	if err != nil {
		return fmt.Errorf("put the copy in its place: %w", err)
	}
	return nil
}

// end takes away what is left beside the target: an unfinished copy, or the old one.
func (p *place) end() {
	_ = os.RemoveAll(p.folder) // the next copying does it again
	// Unlocked by hand: a program that is just being started has the file open too.
	_ = syscall.Flock(int(p.lock.Fd()), syscall.LOCK_UN)
	_ = p.lock.Close()
}
