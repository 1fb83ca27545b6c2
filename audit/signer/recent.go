package signer

import (
	"iter"

	"yilu/audit/tile"
)

const (
	// mostRecent bounds the bytes of the leaves that are kept: three seconds of 13,000
	// entries each.
	mostRecent = 24 << 20
	// recentBlock is how many bytes are taken at once for them: a leaf of its own each
	// would keep the garbage collector busy.
	recentBlock = 256 << 10
)

// recent are the leaves that were folded last, one after the other: those that the
// tiles are extended with a moment later, so that the table is read once.
type recent struct {
	from   uint64
	leaves [][]byte
	bytes  int
	// block is where the next leaf goes.
	block []byte
}

// add keeps one more leaf. A gap, or too many, and the others are forgotten.
func (r *recent) add(seq uint64, leaf []byte) {
	if seq != r.from+uint64(len(r.leaves)) || r.bytes+len(leaf) > mostRecent {
		*r = recent{from: seq}
	}
	if len(r.block)+len(leaf) > cap(r.block) {
		r.block = make([]byte, 0, max(recentBlock, len(leaf)))
	}
	begin := len(r.block)
	r.block = append(r.block, leaf...)
	r.leaves = append(r.leaves, r.block[begin:len(r.block):len(r.block)])
	r.bytes += len(leaf)
}

// last is the leaf that was folded last.
func (r *recent) last() []byte { return r.leaves[len(r.leaves)-1] }

// between yields the leaves from..to, and ok is whether all of them are here.
func (r *recent) between(from, to uint64) (leaves iter.Seq2[[]byte, error], ok bool) {
	if from < r.from || to > r.from+uint64(len(r.leaves)) || from > to {
		return nil, false
	}
	return func(yield func([]byte, error) bool) {
		for _, leaf := range r.leaves[from-r.from : to-r.from] {
			if !yield(leaf, nil) {
				return
			}
		}
	}, true
}

// published forgets what the next tile does not need.
func (r *recent) published(size uint64) {
	begin := tile.Begin(size)
	if begin <= r.from || begin > r.from+uint64(len(r.leaves)) {
		return
	}
	for _, leaf := range r.leaves[:begin-r.from] {
		r.bytes -= len(leaf)
	}
	r.leaves = append([][]byte(nil), r.leaves[begin-r.from:]...)
	r.from = begin
}
