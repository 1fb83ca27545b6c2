package proof

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// A log is published as files that never change (c2sp.org/tlog-tiles): tiles
// of 256 hashes, and for each tile of leaf hashes a bundle of the 256 entries
// behind it. The last of a level is partial and named by its width:
//
//	tile/0/x001/x234/067        256 leaf hashes, from entry 1234067·256 on
//	tile/1/000                  hashes of the 256 full tiles of level 0
//	tile/entries/x001/x234/067  the entries of the first
//	tile/0/x001/x234/068.p/5    the five leaf hashes after it
const (
	// TileHeight is the height of a tile, TileWidth its hashes when full.
	TileHeight = 8
	TileWidth  = 1 << TileHeight
	// Entries is the level, in a tlog.Tile, that stands for an entry bundle.
	Entries = -1
)

// MaxEntry is the longest entry in bytes: a bundle gives the length in 16 bits.
const MaxEntry = math.MaxUint16

// TilePath is the path of a tile or, at level Entries, of a bundle, below the
// log's URL and without a slash in front.
func TilePath(t tlog.Tile) string {
	if t.L == Entries {
		return "tile/entries/" + strings.TrimPrefix(t.Path(), "tile/8/data/")
	}
	return "tile/" + strings.TrimPrefix(t.Path(), "tile/8/")
}

// ParseTilePath reads a path and accepts only what TilePath writes. Whether a
// log of some size has the tile is for HasTile to say.
func ParseTilePath(path string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(path, "tile/entries/")
	if ok {
		rest = "data/" + rest
	} else {
		rest = strings.TrimPrefix(path, "tile/")
	}
	t, err := tlog.ParseTilePath("tile/8/" + rest)
	if err != nil || t.L > 63 || TilePath(t) != path {
		return tlog.Tile{}, fmt.Errorf("parse tile path: %.80q, want one like tile/0/x001/067 or tile/entries/000.p/5", path)
	}
	return t, nil
}

// HasTile says whether a log of size entries holds the whole tile: whether it
// may be served. Narrower tiles than the log has now are served for ever, since
// somebody may hold an older checkpoint. Level -1 are the bundles.
func HasTile(size uint64, t tlog.Tile) bool {
	level := max(t.L, 0)
	if t.H != TileHeight || t.L < Entries || t.N < 0 || t.W < 1 || t.W > TileWidth || level*TileHeight > 63 {
		return false
	}
	there := size >> (level * TileHeight) // hashes of this level
	return uint64(t.N) <= there/TileWidth && uint64(t.W) <= there-min(there, uint64(t.N)*TileWidth)
}

// Tiles lists the tiles of hashes that a log of size entries has and one of old
// entries had not, level by level: what a publisher writes after signing, and
// with old = 0 what a verifier reads. Only the last tile of a level can be
// partial. Each tile of level 0 has its bundle, see Bundle.
func Tiles(old, size uint64) []tlog.Tile {
	return tlog.NewTiles(TileHeight, int64(old), int64(size))
}

// Bundle is the entry bundle that belongs to a tile of level 0.
func Bundle(t tlog.Tile) tlog.Tile {
	t.L = Entries
	return t
}

// RenderTile makes the bytes of a tile of hashes: 32 bytes for each.
func RenderTile(t tlog.Tile, r tlog.HashReader) ([]byte, error) {
	b, err := tlog.ReadTileData(t, r)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", TilePath(t), err)
	}
	return b, nil
}

// AppendBundle appends an entry to a bundle: its length in two bytes, high one
// first, then its bytes. An entry that is empty or longer than MaxEntry is a
// bug: none such was ever appended to a log.
func AppendBundle(bundle, entry []byte) []byte {
	if len(entry) == 0 || len(entry) > MaxEntry {
		panic(fmt.Sprintf("proof: entry of %d bytes in a bundle", len(entry)))
	}
	return append(binary.BigEndian.AppendUint16(bundle, uint16(len(entry))), entry...)
}

// ReadBundle cuts a bundle into its width entries, which share its memory. It
// accepts only what AppendBundle writes: no entry less, no byte more. With an
// error come the entries before the place where it breaks, for whoever wants to
// know which of them was changed.
func ReadBundle(bundle []byte, width int) ([][]byte, error) {
	entries := make([][]byte, 0, width)
	rest := bundle
	for len(entries) < width {
		if len(rest) < 2 {
			return entries, fmt.Errorf("read bundle: it ends after %d entries, want %d", len(entries), width)
		}
		n := int(binary.BigEndian.Uint16(rest))
		if n == 0 || n > len(rest)-2 {
			return entries, fmt.Errorf("read bundle: entry %d at byte %d says it has %d bytes, %d are left", len(entries), len(bundle)-len(rest), n, len(rest)-2)
		}
		entries = append(entries, rest[2:2+n:2+n])
		rest = rest[2+n:]
	}
	if len(rest) > 0 {
		return entries, fmt.Errorf("read bundle: %d bytes after the last of %d entries", len(rest), width)
	}
	return entries, nil
}
