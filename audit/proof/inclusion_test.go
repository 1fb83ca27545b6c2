package proof

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
)

// Any byte of a proof, its checkpoint and its signatures that is changed, left
// out or put in is noticed, whatever it is changed to. One place is nobody's
// business: a signature line that names no known key is somebody else's, so a
// flip in the names or key ids makes the quorum fail and not the parser.
func TestEveryByteOfAProofCounts(t *testing.T) {
	f, p, leaf := goldenFile(t)
	text := f.Text()
	if err := check(text, p, leaf); err != nil {
		t.Fatal(err)
	}
	for i := range text {
		for bit := range 8 {
			flipped := bytes.Clone(text)
			flipped[i] ^= 1 << bit
			if check(flipped, p, leaf) == nil {
				t.Errorf("byte %d (%q) flipped to %q was not noticed", i, text[i], flipped[i])
			}
		}
		if check(slices.Delete(bytes.Clone(text), i, i+1), p, leaf) == nil {
			t.Errorf("byte %d (%q) left out was not noticed", i, text[i])
		}
	}
	if check(text, p, LeafHash([]byte("other"))) == nil {
		t.Error("the proof proves another entry")
	}
}

func storedOf(t testing.TB, size uint64) stored {
	t.Helper()
	var all stored
	var edge Edge
	for i := range size {
		h := LeafHash(leaf(i))
		var nodes []Hash
		edge, nodes = edge.Append(i, h)
		all = append(all, h)
		for _, n := range nodes {
			all = append(all, n)
		}
	}
	return all
}

// naive is RFC 6962 as it stands in the text: the hash of a list of leaves, the
// audit path and the consistency proof, by recursion over the leaves' hashes.
type naive []Hash

func (d naive) split() int {
	k := 1
	for k*2 < len(d) {
		k *= 2
	}
	return k
}

func (d naive) hash() Hash {
	switch len(d) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return d[0]
	}
	k := d.split()
	return NodeHash(d[:k].hash(), d[k:].hash())
}

func (d naive) path(m int) []Hash {
	if len(d) == 1 {
		return nil
	}
	if k := d.split(); m < k {
		return append(d[:k].path(m), d[k:].hash())
	} else {
		return append(d[k:].path(m-k), d[:k].hash())
	}
}

func (d naive) consistency(m int, whole bool) []Hash {
	if m == len(d) {
		if whole {
			return nil
		}
		return []Hash{d.hash()}
	}
	if k := d.split(); m <= k {
		return append(d[:k].consistency(m, whole), d[k:].hash())
	} else {
		return append(d[k:].consistency(m-k, false), d[:k].hash())
	}
}

// Every size to 600 against the naive tree; for each, some entries and older
// sizes, all of them for the small and the round ones. Each proof must also fail
// against a changed hash, a wrong place, and a wrong root.
func TestProofsAgainstNaiveTree(t *testing.T) {
	const last = 600
	hashes := storedOf(t, last)
	leaves := make(naive, last)
	roots := make([]Hash, last+1)
	for i := range leaves {
		leaves[i] = LeafHash(leaf(uint64(i)))
	}
	for n := range roots {
		roots[n] = leaves[:n].hash()
	}
	for n := 0; n <= last; n++ {
		step := 1 + n/10
		if n == 255 || n == 256 || n == 257 || n == last {
			step = 1
		}
		for m := n % step; m <= n; m += step {
			compareInclusion(t, leaves[:n], m, hashes, roots[n])
			compareConsistency(t, leaves[:n], m, hashes, roots)
		}
	}
}

func compareInclusion(t *testing.T, d naive, m int, r stored, root Hash) {
	t.Helper()
	size, index := uint64(len(d)), uint64(m)
	got, err := ProveInclusion(size, index, r)
	if m == len(d) {
		if err == nil || CheckInclusion(nil, size, root, index, Hash{}) == nil {
			t.Fatalf("size %d: an entry beyond it was proven", size)
		}
		return
	}
	leaf := d[m]
	if want := d.path(m); err != nil || !slices.Equal(got, want) || CheckInclusion(got, size, root, index, leaf) != nil {
		t.Fatalf("inclusion of %d in %d: %v", m, size, err)
	}
	spoilt := [][]Hash{append(slices.Clone(got), Hash{})}
	if len(got) > 0 {
		spoilt = append(spoilt, got[1:], slices.Clone(got))
		spoilt[2][m%len(got)][m%32] ^= 1
	}
	for _, s := range spoilt {
		if !errors.Is(CheckInclusion(s, size, root, index, leaf), ErrProof) {
			t.Fatalf("inclusion of %d in %d: a spoilt proof was accepted", m, size)
		}
	}
	if CheckInclusion(got, size, Hash{}, index, leaf) == nil || m > 0 && CheckInclusion(got, size, root, index-1, leaf) == nil {
		t.Fatalf("inclusion of %d in %d: proves what it should not", m, size)
	}
}

func compareConsistency(t *testing.T, d naive, m int, r stored, roots []Hash) {
	t.Helper()
	size, old := uint64(len(d)), uint64(m)
	got, err := ProveConsistency(size, old, r)
	var want []Hash
	if m > 0 {
		want = d.consistency(m, true)
	}
	if err != nil || !slices.Equal(got, want) || CheckConsistency(got, size, roots[size], old, roots[old]) != nil {
		t.Fatalf("consistency of %d with %d: %v", m, size, err)
	}
	if CheckConsistency(append(slices.Clone(got), Hash{}), size, roots[size], old, roots[old]) == nil ||
		CheckConsistency(got, size, roots[size], old, Hash{9}) == nil || old > 0 && CheckConsistency(got, size, Hash{9}, old, roots[old]) == nil {
		t.Fatalf("consistency of %d with %d: proves what it should not", m, size)
	}
	if old < size && CheckConsistency(got, old, roots[old], size, roots[size]) == nil {
		t.Fatalf("a tree of %d shrank to %d", size, old)
	}
}

// Tiles are what the naive tree has at their level.
func TestRenderTile(t *testing.T) {
	const size = 600
	r := storedOf(t, size)
	leaves := make(naive, size)
	for i := range leaves {
		leaves[i] = LeafHash(leaf(uint64(i)))
	}
	for _, tile := range Tiles(0, size) {
		got, err := RenderTile(tile, r)
		if err != nil {
			t.Fatal(err)
		}
		span := 1 << (tile.L * TileHeight)
		var want []byte
		for i := range tile.W {
			from := (int(tile.N)*TileWidth + i) * span
			h := leaves[from : from+span].hash()
			want = append(want, h[:]...)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs", TilePath(tile))
		}
	}
}
