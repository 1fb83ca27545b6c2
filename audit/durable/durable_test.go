package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "x")
	for _, want := range []string{"first", "second, longer", ""} {
		if err := WriteFile(path, []byte(want), 0o640); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v %v", info.Mode(), err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
	if err := WriteFile(filepath.Join(dir, "none", "x"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
	if err := WriteFile(dir, nil, 0o600); err == nil {
		t.Error("a file replaced a folder")
	}
	if got := names(t, filepath.Dir(dir)); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

func TestReplaceFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, want := range []string{"first", "second"} {
		if err := ReplaceFile(filepath.Join(dir, "x"), []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, "x")); err != nil || string(got) != want {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	if err := ReplaceFile(dir, nil, 0o600); err == nil {
		t.Error("a file replaced a folder")
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("left behind: %v", got)
	}
}

// Nothing is seen before Commit, everything after it, nothing after Drop.
func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var f Files
	for _, name := range []string{"a", "b", "c"} {
		if err := f.Write(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); f.Len() != 3 || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("before Commit: %d waiting, %v", f.Len(), err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 3 || got[0] != "a" {
		t.Errorf("after Commit: %v", got)
	}
	if err := f.Write(filepath.Join(dir, "d"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f.Drop()
	if got := names(t, dir); len(got) != 3 || f.Len() != 0 {
		t.Errorf("after Drop: %v", got)
	}
}
