package tile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/durable"
	"yilu/audit/proof"
)

// writer makes tiles from entries, bottom up. A full tile goes to disk and its
// root into the tile above, so that only the last tile of each level is held.
type writer struct {
	dir Dir
	// n is the number of entries so far.
	n uint64
	// bundle is the last bundle; levels the hashes of each level's last tile.
	bundle []byte
	levels []level
	files  durable.Files
}

type level struct {
	// number of the tile in its level.
	number int64
	hashes []proof.Hash
}

// load reads the last tiles of a log of old entries, but for level 0, which is
// made from the entries anew.
func (w *writer) load(old uint64) error {
	w.levels = []level{{number: int64(w.n >> proof.TileHeight)}}
	for l := 1; w.n>>(proof.TileHeight*l) > 0; l++ {
		count := w.n >> (proof.TileHeight * l)
		last := level{number: int64(count >> proof.TileHeight)}
		if width := int(count % proof.TileWidth); width > 0 {
			t := stored(tlog.Tile{H: proof.TileHeight, L: l, N: last.number}, old)
			b, err := os.ReadFile(w.dir.path(proof.TilePath(t)))
			if err != nil {
				return err
			}
			if b, err = cut(b, tlog.Tile{H: proof.TileHeight, L: l, N: last.number, W: width}); err != nil {
				return err
			}
			for hash := range slices.Chunk(b, len(proof.Hash{})) {
				last.hashes = append(last.hashes, proof.Hash(hash))
			}
		}
		w.levels = append(w.levels, last)
	}
	return nil
}

// add appends one entry.
func (w *writer) add(leaf []byte) error {
	if len(leaf) == 0 || len(leaf) > proof.MaxEntry {
		return fmt.Errorf("an entry of %d bytes", len(leaf))
	}
	w.bundle = proof.AppendBundle(w.bundle, leaf)
	w.n++
	return w.push(0, proof.LeafHash(leaf))
}

// push appends a hash to a level and writes the tile it fills.
func (w *writer) push(l int, h proof.Hash) error {
	if l == len(w.levels) {
		w.levels = append(w.levels, level{})
	}
	last := &w.levels[l]
	last.hashes = append(last.hashes, h)
	if len(last.hashes) < proof.TileWidth {
		return nil
	}
	if err := w.write(l); err != nil {
		return err
	}
	root := edgeOf(last.hashes).Root()
	*last = level{number: last.number + 1}
	return w.push(l+1, root)
}

// write puts the last tile of a level on disk and, at level 0, its bundle.
func (w *writer) write(l int) error {
	last := w.levels[l]
	t := tlog.Tile{H: proof.TileHeight, L: l, N: last.number, W: len(last.hashes)}
	if l == 0 {
		if err := w.file(proof.Bundle(t), w.bundle); err != nil {
			return err
		}
		w.bundle = w.bundle[:0]
	}
	b := make([]byte, 0, len(last.hashes)*len(proof.Hash{}))
	for _, h := range last.hashes {
		b = append(b, h[:]...)
	}
	return w.file(t, b)
}

func (w *writer) file(t tlog.Tile, b []byte) error {
	path := w.dir.path(proof.TilePath(t))
	if err := durable.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := w.files.Write(path, b, 0o644); err != nil {
		return err
	}
	if w.files.Len() < filesAtOnce {
		return nil
	}
	return w.files.Commit()
}

// filesAtOnce bounds the open files of a long extension.
const filesAtOnce = 128

// flush writes the tiles that are not full.
func (w *writer) flush() error {
	for l := range w.levels {
		if len(w.levels[l].hashes) == 0 {
			continue
		}
		if err := w.write(l); err != nil {
			return err
		}
	}
	return w.files.Commit()
}

// root is that of the whole tree. The edge of the tree is the edges of the last
// tiles, the highest level first.
func (w *writer) root() proof.Hash {
	var edge proof.Edge
	for _, last := range slices.Backward(w.levels) {
		edge = append(edge, edgeOf(last.hashes)...)
	}
	return edge.Root()
}

// edgeOf is the edge of a tree whose leaves are these hashes.
func edgeOf(hashes []proof.Hash) proof.Edge {
	var edge proof.Edge
	for n, h := range hashes {
		edge, _ = edge.Append(uint64(n), h)
	}
	return edge
}
