package main

import (
	"bytes"
	"context"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
)

// tower rebuilds a log's tree from the leaves up, in order, and compares every
// tile of the upper levels with what is published. It holds the tiles that are
// not full yet, the tree's edge, and the root of every full bundle, by which an
// entry can be read once more later: 32 bytes for 256 entries.
type tower struct {
	from source
	// open are the hashes of the tile under way, by level from 1 on.
	open [8][]proof.Hash
	// done counts the full tiles by level.
	done [8]int64
	edge proof.Edge // of the tree whose leaves are full bundles
	// bundles are the roots of the full bundles.
	bundles []proof.Hash
	rest    []proof.Hash // leaf hashes of the last bundle, if it is partial
	buf     []byte
	again   bundle // the one that was read once more
}

// bundle is a bundle that was found unchanged.
type bundle struct {
	tile    tlog.Tile
	bundle  []byte
	entries [][]byte
}

// size is how many entries the tower has taken.
func (t *tower) size() uint64 { return uint64(len(t.bundles))*proof.TileWidth + uint64(len(t.rest)) }

// add takes the next chunk.
func (t *tower) add(ctx context.Context, c *chunk) error {
	if c.tile.W < proof.TileWidth {
		t.rest = slices.Clone(c.sums)
		return nil
	}
	t.edge, _ = t.edge.Append(uint64(len(t.bundles)), c.root)
	t.bundles = append(t.bundles, c.root)
	h := c.root
	for level := 1; ; level++ {
		t.open[level] = append(t.open[level], h)
		if len(t.open[level]) < proof.TileWidth {
			return nil
		}
		if err := t.compare(ctx, level); err != nil {
			return err
		}
		h = rootOf(t.open[level])
		t.open[level] = t.open[level][:0]
		t.done[level]++
	}
}

// finish compares the partial tiles of the upper levels.
func (t *tower) finish(ctx context.Context) error {
	for level := range t.open {
		if len(t.open[level]) > 0 {
			if err := t.compare(ctx, level); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare holds the published tile under way to the hashes we have.
func (t *tower) compare(ctx context.Context, level int) (err error) {
	tile := tlog.Tile{H: proof.TileHeight, L: level, N: t.done[level], W: len(t.open[level])}
	if t.buf, err = readTile(ctx, t.from, tile, t.buf); err != nil {
		return err
	}
	for i, h := range t.open[level] {
		if !bytes.Equal(h[:], t.buf[i*len(h):(i+1)*len(h)]) {
			span := int64(1) << (proof.TileHeight * level)
			return fault((tile.N*proof.TileWidth+int64(i))*span, proof.TilePath(tile), "瓦片中自此起各分录的哈希不是它们的", "the tile's hash over the entries from here on is not theirs")
		}
	}
	return nil
}

// root is the root of the tree of the first n entries. Those beyond the full
// bundles must be among sums, the leaf hashes after them.
func (t *tower) root(n uint64, sums []proof.Hash) proof.Hash {
	var tail proof.Edge
	for i := range n % proof.TileWidth {
		tail, _ = tail.Append(i, sums[i])
	}
	return slices.Concat(t.edge, tail).Root()
}

// entry reads an earlier entry once more. Its bundle has to give the root it had
// when it was first read, so that nobody can show us two. The last bundle is
// kept: whoever takes back one entry often takes back its neighbours.
func (t *tower) entry(ctx context.Context, seq uint64) (proof.LeafText, error) {
	tile := tlog.Tile{H: proof.TileHeight, L: proof.Entries, N: int64(seq / proof.TileWidth), W: proof.TileWidth}
	if int(tile.N) == len(t.bundles) {
		tile.W = len(t.rest)
	}
	if t.again.tile == tile {
		return proof.CutLeaf(t.again.entries[seq%proof.TileWidth])
	}
	t.again.tile = tlog.Tile{}
	b, entries, err := readBundle(ctx, t.from, tile, t.again.bundle)
	if err != nil {
		return proof.LeafText{}, err
	}
	var sums []proof.Hash
	for _, e := range entries {
		sums = append(sums, proof.LeafHash(e))
	}
	same := slices.Equal(sums, t.rest)
	if tile.W == proof.TileWidth {
		same = rootOf(sums) == t.bundles[tile.N]
	}
	if !same {
		return proof.LeafText{}, fault(int64(seq), proof.TilePath(tile), "核验期间该文件发生变化", "the bundle has changed while it was read")
	}
	t.again = bundle{tile, b, entries}
	return proof.CutLeaf(entries[seq%proof.TileWidth])
}
