package tile

import (
	"errors"
	"io/fs"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
)

// publishSigned publishes with a checkpoint that Prove can read.
func publishSigned(t *testing.T, d Dir, m *made, old, size int) {
	t.Helper()
	if err := d.Extend(t.Context(), uint64(old), uint64(size), m.root(t, size), m.from(Begin(uint64(old)))); err != nil {
		t.Fatal(err)
	}
	c := proof.Checkpoint{Origin: "o", Size: uint64(size), Root: m.root(t, size)}
	if err := d.Publish([]byte(c.Text() + "\n— o AAAAAAAA\n")); err != nil {
		t.Fatal(err)
	}
}

// Every entry is proven at every size, and none beyond it.
func TestProve(t *testing.T) {
	t.Parallel()
	m := &made{}
	m.grow(t, 66_000)
	d := Dir(t.TempDir())
	if _, err := d.Prove(0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a checkpoint: %v", err)
	}
	old := 0
	for _, size := range []int{1, 2, 255, 256, 257, 300, 66_000} {
		publishSigned(t, d, m, old, size)
		old = size
		for _, index := range []int{0, 1, 254, 255, 256, 299, size / 2, size - 1} {
			if index >= size {
				continue
			}
			p, err := d.Prove(uint64(index))
			if err != nil || string(p.Leaf) != string(m.leaves[index]) || p.Checkpoint.Size != uint64(size) {
				t.Fatalf("entry %d of %d: %q %v", index, size, p.Leaf, err)
			}
			if err := proof.CheckInclusion(p.Hashes, uint64(size), m.root(t, size), uint64(index), proof.LeafHash(m.leaves[index])); err != nil {
				t.Errorf("entry %d of %d: %v", index, size, err)
			}
		}
		if _, err := d.Prove(uint64(size)); !errors.Is(err, ErrUnpublished) {
			t.Errorf("entry %d of %d: %v", size, size, err)
		}
	}
}

// Who began to read a log finds its tiles also when it has grown meanwhile and the
// partial ones are gone.
func TestReadWhileTheLogGrows(t *testing.T) {
	t.Parallel()
	m := &made{}
	m.grow(t, 900)
	d := Dir(t.TempDir())
	publish(t, d, m, 0, 300)
	r := reader{d, 300}
	publish(t, d, m, 300, 900)
	if _, err := d.readAt(tlog.Tile{H: 8, L: 0, N: 1, W: 44}, 300); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("the partial tile is still there: %v", err)
	}
	tree := tlog.Tree{N: 300, Hash: tlog.Hash(m.root(t, 300))}
	if hashes, err := proof.ProveInclusion(300, 299, tlog.TileHashReader(tree, r)); err != nil || len(hashes) == 0 {
		t.Errorf("prove entry 299 of 300: %v", err)
	}
	if leaf, err := r.leaf(299); err != nil || string(leaf) != string(m.leaves[299]) {
		t.Errorf("entry 299: %q %v", leaf, err)
	}
}
