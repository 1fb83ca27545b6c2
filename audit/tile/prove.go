package tile

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
)

// ErrUnpublished is returned for an entry that the public checkpoint does not
// cover. It is an fs.ErrNotExist.
var ErrUnpublished = fmt.Errorf("the entry is not published: %w", fs.ErrNotExist)

// Proven is an entry of the published log and the proof that it is in it.
type Proven struct {
	proof.File
	Checkpoint proof.Checkpoint
	// Leaf is the entry's exact bytes.
	Leaf []byte
}

// Prove makes the proof of an entry from the files alone. What it returns fits the
// root of the public checkpoint, or is an error.
func (d Dir) Prove(index uint64) (Proven, error) {
	signed, err := d.Checkpoint()
	if err != nil {
		return Proven{}, err
	}
	p := Proven{File: proof.File{Index: index, Note: signed}}
	if p.Checkpoint, err = proof.Unsigned(signed); err != nil {
		return Proven{}, err
	}
	size, root := p.Checkpoint.Size, p.Checkpoint.Root
	if index >= size {
		return Proven{}, ErrUnpublished
	}
	files := reader{d, size}
	tree := tlog.Tree{N: int64(size), Hash: tlog.Hash(root)}
	if p.Hashes, err = proof.ProveInclusion(size, index, tlog.TileHashReader(tree, files)); err == nil {
		p.Leaf, err = files.leaf(index)
	}
	if err == nil {
		err = proof.CheckInclusion(p.Hashes, size, root, index, proof.LeafHash(p.Leaf))
	}
	if err != nil {
		return Proven{}, fmt.Errorf("prove entry %d of %d: %w", index, size, err)
	}
	return p, nil
}

// reader reads the files as they are in a log of one size. It lets x/mod read
// tiles, which holds each of them to the signed root.
type reader struct {
	dir  Dir
	size uint64
}

// Height is that of C2SP's tiles.
func (r reader) Height() int { return proof.TileHeight }

// ReadTiles reads some tiles.
func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, t := range tiles {
		var err error
		if out[i], err = r.read(t); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// SaveTiles does nothing: they are on disk.
func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

// read reads a tile or bundle. A partial one may just have been replaced by a wider
// one.
func (r reader) read(t tlog.Tile) ([]byte, error) {
	b, err := r.dir.readAt(t, r.size)
	if errors.Is(err, fs.ErrNotExist) {
		return r.dir.Read(t)
	}
	return b, err
}

// leaf cuts an entry out of its bundle.
func (r reader) leaf(index uint64) ([]byte, error) {
	n := index / proof.TileWidth
	width := int(min(r.size-n*proof.TileWidth, proof.TileWidth))
	b, err := r.read(tlog.Tile{H: proof.TileHeight, L: proof.Entries, N: int64(n), W: width})
	if err != nil {
		return nil, err
	}
	leaves, err := proof.ReadBundle(b, width)
	if err != nil {
		return nil, err
	}
	return leaves[index%proof.TileWidth], nil
}
