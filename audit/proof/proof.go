// Package proof is what a verifier has to know: the arithmetic of the tree, the
// bytes of a leaf, and the texts in which a log is published and its proofs are
// kept. It knows no database, no clock and no server of ours, so that a verifier
// built on it needs to trust none of them. What an entry means is not its matter.
//
//	proof       the tree: leaf and node hashes, its right edge, its root
//	inclusion   proofs that an entry stands in a tree, and a tree in a later one
//	leaf, text  the one form of an entry's bytes; commitments to private values
//	tile        the files of a published log: tiles of hashes, bundles of entries
//	checkpoint  what a log signs; signed, key, policy: who signed, and is it enough
//	file        a proof that one can keep; witness: how a cosignature is asked for
//
// Each text has one writer and one parser, and the parser takes only what is
// written: a byte that nobody reads is a byte that anybody can change. The formats
// are those of C2SP (tlog-tiles, tlog-checkpoint, tlog-proof, tlog-witness,
// tlog-cosignature, tlog-policy, signed-note), so that programs of others read
// our log, and this one reads theirs.
//
// The tree is RFC 6962 over SHA-256, as Certificate Transparency and Go's
// checksum database use it. A leaf and an interior node are hashed with different
// first bytes, so a node can never be passed off as an entry:
//
//	leaf hash = SHA-256(00, leaf)
//	node hash = SHA-256(01, left, right)
//
// A tree of n leaves is a row of perfect subtrees, one for each 1-bit of n.
// Their roots are the tree's right edge; here is n = 7 = 111 in binary:
//
//	     e0
//	   /    \
//	  o      o       e1
//	 / \    / \     /  \
//	0   1  2   3   4    5   6=e2       root = node(e0, node(e1, e2))
//
// The edge is all that is needed to append and to compute the root.
package proof

import (
	"crypto/sha256"
	"math/bits"
)

// Hash is one SHA-256 value: of a leaf, a node or a whole tree. It is an
// alias so that the hashes of x/mod/sumdb/tlog pass in and out unconverted.
type Hash = [sha256.Size]byte

// Edge holds the roots of the perfect subtrees of a tree, largest first. Its
// length is the number of 1-bits of the tree's size.
type Edge []Hash

// LeafHash hashes an entry's exact bytes.
func LeafHash(leaf []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(leaf)
	var sum Hash
	h.Sum(sum[:0])
	return sum
}

// NodeHash hashes two neighbouring subtrees into their parent.
func NodeHash(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// Completes says how many interior nodes the leaf numbered seq completes: the
// trailing 1-bits of seq, for each of them joins two subtrees of equal size.
func Completes(seq uint64) int {
	return bits.TrailingZeros64(^seq)
}

// Append returns the edge after the leaf numbered size, and the interior
// hashes that leaf completes, bottom up. After the leaf hash these are the
// next hashes in the stored order of x/mod/sumdb/tlog. The receiver must be the
// edge of a tree of that size; it is left as it was, shared with nobody.
func (e Edge) Append(size uint64, leaf Hash) (Edge, []Hash) {
	keep := len(e)
	h := leaf
	var nodes []Hash
	if n := Completes(size); n > 0 {
		nodes = make([]Hash, 0, n)
	}
	for range Completes(size) {
		keep--
		h = NodeHash(e[keep], h)
		nodes = append(nodes, h)
	}
	next := make(Edge, keep+1)
	copy(next, e[:keep])
	next[keep] = h
	return next, nodes
}

// Root folds the edge from the right into the root of the whole tree. The
// empty tree's root is the hash of no bytes, as RFC 6962 has it.
func (e Edge) Root() Hash {
	if len(e) == 0 {
		return sha256.Sum256(nil)
	}
	root := e[len(e)-1]
	for i := len(e) - 2; i >= 0; i-- {
		root = NodeHash(e[i], root)
	}
	return root
}

// Fits reports whether the edge has as many roots as a tree of that size.
func (e Edge) Fits(size uint64) bool {
	return len(e) == bits.OnesCount64(size)
}
