package tile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
)

// made is a log in memory to compare with: the plain way of x/mod/sumdb/tlog.
type made struct {
	leaves [][]byte
	hashes []tlog.Hash
}

func (m *made) grow(t testing.TB, size int) {
	t.Helper()
	for n := len(m.leaves); n < size; n++ {
		leaf := fmt.Appendf(nil, "entry %d%s", n, bytes.Repeat([]byte("x"), n%7))
		hashes, err := tlog.StoredHashes(int64(n), leaf, m)
		if err != nil {
			t.Fatal(err)
		}
		m.leaves, m.hashes = append(m.leaves, leaf), append(m.hashes, hashes...)
	}
}

func (m *made) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		out = append(out, m.hashes[i])
	}
	return out, nil
}

func (m *made) root(t testing.TB, size int) proof.Hash {
	t.Helper()
	root, err := tlog.TreeHash(int64(size), m)
	if err != nil {
		t.Fatal(err)
	}
	return proof.Hash(root)
}

func (m *made) from(n uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, leaf := range m.leaves[n:] {
			if !yield(leaf, nil) {
				return
			}
		}
	}
}

func publish(t testing.TB, d Dir, m *made, old, size int) {
	t.Helper()
	if err := d.Extend(t.Context(), uint64(old), uint64(size), m.root(t, size), m.from(Begin(uint64(old)))); err != nil {
		t.Fatalf("%d to %d: %v", old, size, err)
	}
	if err := d.Publish(fmt.Appendf(nil, "o\n%d\nroot\n", size)); err != nil {
		t.Fatal(err)
	}
}

// TestTilesAreThoseOfTheTree: whatever steps it grew in, the folder holds the
// tiles that x/mod/sumdb/tlog makes, and every narrower one, and no more.
func TestTilesAreThoseOfTheTree(t *testing.T) {
	t.Parallel()
	m := &made{}
	m.grow(t, 66_000)
	for _, steps := range [][]int{{1}, {255, 256, 257}, {1, 2, 300, 512, 700}, {65_535, 65_536, 65_537, 66_000}, {66_000}} {
		d := Dir(t.TempDir())
		old := 0
		for _, size := range steps {
			publish(t, d, m, old, size)
			old = size
		}
		files := 0
		for _, want := range proof.Tiles(0, uint64(old)) {
			files += checkTile(t, d, m, want)
		}
		found := 0
		_ = filepath.WalkDir(string(d), func(_ string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				found++
			}
			return err
		})
		if found != files+1 {
			t.Errorf("%v: %d files besides the checkpoint, want %d", steps, found-1, files)
		}
		for _, beyond := range []tlog.Tile{{H: 8, L: 0, N: int64(old / 256), W: old%256 + 1}, {H: 8, L: proof.Entries, N: int64(old/256) + 1, W: 1}, {H: 8, L: 3, W: 1}} {
			if _, err := d.Read(beyond); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%v: %v: want fs.ErrNotExist, got %v", steps, beyond, err)
			}
		}
	}
}

// checkTile compares a tile and its bundle in all widths (some, if it is full).
func checkTile(t *testing.T, d Dir, m *made, want tlog.Tile) (files int) {
	t.Helper()
	full := want.W
	for want.W = 1; want.W <= full; want.W += 1 + want.W/40 {
		b, err := tlog.ReadTileData(want, m)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := d.Read(want); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%s: %d bytes, want %d: %v", proof.TilePath(want), len(got), len(b), err)
		}
		if want.L > 0 {
			continue
		}
		var bundle []byte
		for _, leaf := range m.leaves[want.N*256 : want.N*256+int64(want.W)] {
			bundle = proof.AppendBundle(bundle, leaf)
		}
		if got, err := d.Read(proof.Bundle(want)); err != nil || !bytes.Equal(got, bundle) {
			t.Fatalf("%s: %d bytes, want %d: %v", proof.TilePath(proof.Bundle(want)), len(got), len(bundle), err)
		}
	}
	if want.L > 0 {
		return 1
	}
	return 2
}

func TestExtendRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	m := &made{}
	m.grow(t, 1000)
	d := Dir(t.TempDir())
	publish(t, d, m, 0, 600)
	err := d.Extend(t.Context(), 600, 1000, m.root(t, 999), m.from(512))
	if !errors.Is(err, ErrRoot) {
		t.Errorf("another root: %v", err)
	}
	if err := d.Extend(t.Context(), 600, 1001, m.root(t, 1000), m.from(512)); err == nil {
		t.Error("an entry was missing and Extend did not notice")
	}
	// A changed tile on disk does not fit; written anew from 0 it does.
	name := filepath.Join(string(d), "tile/1/000.p/2")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[3] ^= 1
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := d.Extend(t.Context(), 600, 1000, m.root(t, 1000), m.from(512)); !errors.Is(err, ErrRoot) {
		t.Errorf("a changed tile: %v", err)
	}
	if size, err := d.Size(); size != 600 || err != nil {
		t.Errorf("published %d after failures, %v", size, err)
	}
	publish(t, d, m, 0, 1000)
}

// BenchmarkRead is what one request for a tile costs, without HTTP.
func BenchmarkRead(b *testing.B) {
	m := &made{}
	m.grow(b, 5000)
	d := Dir(b.TempDir())
	publish(b, d, m, 0, 5000)
	b.ResetTimer()
	for n := range b.N {
		if _, err := d.Read(tlog.Tile{H: 8, L: 0, N: int64(n % 19), W: 256}); err != nil {
			b.Fatal(err)
		}
	}
}
