package proof

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"
)

// leaf is the i-th test entry; lengths differ.
func leaf(i uint64) []byte {
	b := binary.BigEndian.AppendUint64(nil, i*0x9e3779b97f4a7c15)
	return bytes.Repeat(b, int(i%13))
}

// stored is the list of all hashes in tlog's order, as a tlog.HashReader.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = s[index]
	}
	return hashes, nil
}

// Three implementations must agree on every size: this one, Go's checksum
// database and transparency-dev's compact ranges.
func TestEdgeAgainstTlogAndMerkle(t *testing.T) {
	last := uint64(5000) + rand.Uint64N(10000)
	var (
		edge  Edge
		ours  stored
		other = (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	)
	for n := range last {
		if !edge.Fits(n) {
			t.Fatalf("edge of %d hashes at size %d", len(edge), n)
		}
		if n <= 5000 || n == last-1 {
			compareRoots(t, n, edge, ours, other)
		}
		theirs, err := tlog.StoredHashes(int64(n), leaf(n), ours)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := int64(len(ours)), tlog.StoredHashIndex(0, int64(n)); got != want {
			t.Fatalf("entry %d starts at stored hash %d, want %d", n, got, want)
		}
		before := slices.Clone(edge)
		next, nodes := edge.Append(n, LeafHash(leaf(n)))
		if !slices.Equal(before, edge) {
			t.Fatalf("appending %d changed the edge it started from", n)
		}
		edge = next
		ours = append(ours, LeafHash(leaf(n)))
		for _, h := range nodes {
			ours = append(ours, h)
		}
		if !slices.Equal(ours[len(ours)-len(theirs):], stored(theirs)) || len(theirs) != 1+Completes(n) {
			t.Fatalf("stored hashes of entry %d differ from tlog's", n)
		}
		if err := other.Append(rfc6962.DefaultHasher.HashLeaf(leaf(n)), nil); err != nil {
			t.Fatal(err)
		}
	}
}

// compareRoots compares the edge and the root at one size.
func compareRoots(t *testing.T, n uint64, edge Edge, ours stored, other *compact.Range) {
	t.Helper()
	root := edge.Root()
	want, err := tlog.TreeHash(int64(n), ours)
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		want = tlog.Hash(rfc6962.DefaultHasher.EmptyRoot()) // tlog gives zeros
	}
	if root != want {
		t.Fatalf("root at size %d is not tlog's", n)
	}
	for i, h := range other.Hashes() {
		if !bytes.Equal(edge[i][:], h) {
			t.Fatalf("edge at size %d is not merkle's", n)
		}
	}
	if b, err := other.GetRootHash(nil); err != nil || n > 0 && !bytes.Equal(root[:], b) {
		t.Fatalf("root at size %d is not merkle's (%v)", n, err)
	}
}
