package proof

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ErrProof is returned, wrapped, for a proof that does not prove what it is held
// against. Whoever wrote it may have erred; nothing follows about the log.
var ErrProof = errors.New("the proof does not fit")

// ProveInclusion makes the proof that entry index stands in the tree of that
// size: the hashes of its siblings, from the leaf's up to the root's child (RFC
// 6962 §2.1.1). r holds the stored hashes of a tree at least as large.
func ProveInclusion(size, index uint64, r tlog.HashReader) ([]Hash, error) {
	if size > MaxSize || index >= size {
		return nil, fmt.Errorf("prove inclusion of entry %d: the tree has %d entries", index, size)
	}
	p, err := tlog.ProveRecord(int64(size), int64(index), r)
	if err != nil {
		return nil, fmt.Errorf("prove inclusion of entry %d in %d: %w", index, size, err)
	}
	return fromTlog(p), nil
}

// CheckInclusion returns nil only if the proof shows that a leaf with this hash
// stands at index in the tree of that size and root.
func CheckInclusion(proof []Hash, size uint64, root Hash, index uint64, leaf Hash) error {
	if size > MaxSize || index >= size {
		return fmt.Errorf("inclusion of entry %d: the tree has %d entries: %w", index, size, ErrProof)
	}
	if err := tlog.CheckRecord(toTlog(proof), int64(size), root, int64(index), leaf); err != nil {
		return fmt.Errorf("inclusion of entry %d in %d: %w", index, size, ErrProof)
	}
	return nil
}

// ProveConsistency makes the proof that the tree of old entries is the beginning
// of the tree of size entries (RFC 6962 §2.1.2). It is empty when old is zero or
// size, as witnesses want it.
func ProveConsistency(size, old uint64, r tlog.HashReader) ([]Hash, error) {
	if size > MaxSize || old > size {
		return nil, fmt.Errorf("prove consistency of %d with %d: a tree does not shrink", old, size)
	}
	if old == 0 || old == size {
		return nil, nil
	}
	p, err := tlog.ProveTree(int64(size), int64(old), r)
	if err != nil {
		return nil, fmt.Errorf("prove consistency of %d with %d: %w", old, size, err)
	}
	return fromTlog(p), nil
}

// CheckConsistency returns nil only if the proof shows that the tree of old
// entries with oldRoot is the beginning of the tree of size entries with root:
// nothing in it was changed, dropped, moved or slipped in. Everything begins
// with the empty tree.
func CheckConsistency(proof []Hash, size uint64, root Hash, old uint64, oldRoot Hash) error {
	fits := false
	switch {
	case size > MaxSize || old > size:
	case old == 0:
		fits = len(proof) == 0 && oldRoot == Edge(nil).Root() && (size > 0 || root == oldRoot)
	case old == size:
		fits = len(proof) == 0 && root == oldRoot
	default:
		fits = tlog.CheckTree(toTlog(proof), int64(size), root, int64(old), oldRoot) == nil
	}
	if !fits {
		return fmt.Errorf("consistency of %d with %d: %w", old, size, ErrProof)
	}
	return nil
}

// toTlog and fromTlog cross to the named type of x/mod/sumdb/tlog, which slices
// do not by themselves.
func toTlog(hashes []Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(hashes))
	for i, h := range hashes {
		out[i] = h
	}
	return out
}

func fromTlog(hashes []tlog.Hash) []Hash {
	out := make([]Hash, len(hashes))
	for i, h := range hashes {
		out[i] = h
	}
	return out
}
