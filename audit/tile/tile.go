// Package tile keeps the public files of one log: its checkpoint, tiles of
// hashes and bundles of entries, at the paths of c2sp.org/tlog-tiles.
//
//	checkpoint            the newest checkpoint that may be shown, replaced last
//	policy, status.json   whom to believe, and how the log is doing
//	tile/0/x001/067       256 leaf hashes
//	tile/0/x001/068.p/5   the last tile of a level, as wide as the checkpoint says
//	tile/entries/x001/067 the 256 entries behind a tile of level 0
//
// The signer writes (Extend, then Publish), the web server and any static file
// server read. What is guaranteed: everything up to the size of checkpoint is on
// disk before checkpoint says so, whatever crashes; and tiles are made from the
// entries' bytes and fit the signed root, or are not published.
//
// The files are a copy: all of them can be made again from the entries.
package tile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/durable"
	"yilu/audit/proof"
)

// ErrRoot is returned, wrapped, by Extend when what lies in the folder, with the
// entries on top, does not give the signed root: the folder holds another log or
// was damaged. Extend from 0 writes it anew.
var ErrRoot = errors.New("public files do not fit the signed root")

// Dir is the folder of one log's public files. It holds no state: everything it
// knows is on disk.
type Dir string

// path of a file in the folder; names have slashes.
func (d Dir) path(name string) string { return filepath.Join(string(d), filepath.FromSlash(name)) }

// Checkpoint is the published checkpoint, or fs.ErrNotExist, wrapped, before the
// first.
func (d Dir) Checkpoint() ([]byte, error) {
	b, err := os.ReadFile(d.path("checkpoint"))
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	return b, nil
}

// Size is the published size, 0 before the first checkpoint.
func (d Dir) Size() (uint64, error) {
	b, err := d.Checkpoint()
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if lines := bytes.SplitN(b, []byte("\n"), 3); len(lines) == 3 {
		if size, err := strconv.ParseUint(string(lines[1]), 10, 63); err == nil {
			return size, nil
		}
	}
	return 0, fmt.Errorf("the file checkpoint is none: %.80q", b)
}

// Read returns a tile or a bundle if the published log has it, and otherwise
// fs.ErrNotExist, wrapped. A tile narrower than the one on disk is cut from it:
// whoever holds an older checkpoint may ask for it for ever.
func (d Dir) Read(t tlog.Tile) ([]byte, error) {
	var err error
	for range 3 { // the file may be replaced by a wider one meanwhile
		var size uint64
		if size, err = d.Size(); err != nil {
			return nil, err
		}
		if !proof.HasTile(size, t) {
			return nil, fmt.Errorf("%s of a log of %d entries: %w", proof.TilePath(t), size, fs.ErrNotExist)
		}
		var b []byte
		if b, err = d.readAt(t, size); !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return nil, err
}

// readAt reads a tile or a bundle as it is stored in a log of that size.
func (d Dir) readAt(t tlog.Tile, size uint64) ([]byte, error) {
	b, err := os.ReadFile(d.path(proof.TilePath(stored(t, size))))
	if err != nil {
		return nil, fmt.Errorf("read tile: %w", err)
	}
	return cut(b, t)
}

// stored is the tile on disk, in a log of that size, that begins with t.
func stored(t tlog.Tile, size uint64) tlog.Tile {
	level := max(t.L, 0) // bundles are as wide as tiles of level 0
	count := size >> (proof.TileHeight * level)
	t.W = int(min(count-uint64(t.N)<<proof.TileHeight, proof.TileWidth))
	return t
}

// cut returns the first t.W hashes or entries of a stored tile or bundle.
func cut(b []byte, t tlog.Tile) ([]byte, error) {
	end := t.W * len(proof.Hash{})
	if t.L == proof.Entries {
		end = 0
		for range t.W {
			if end+2 > len(b) {
				return nil, fmt.Errorf("%s is torn", proof.TilePath(t))
			}
			end += 2 + int(b[end])<<8 + int(b[end+1])
		}
	}
	if end > len(b) {
		return nil, fmt.Errorf("%s is torn", proof.TilePath(t))
	}
	return b[:end], nil
}

// Begin is the entry from which Extend must be given the leaves: the first of the
// last tile of a log of that size.
func Begin(old uint64) uint64 { return old &^ (proof.TileWidth - 1) }

// Extend writes the tiles and bundles that a log of size entries has and one of
// old entries had not. leaves yields the entries from Begin(old) on. Nothing is
// public before Publish. It may be repeated after any error or crash.
func (d Dir) Extend(ctx context.Context, old, size uint64, root proof.Hash, leaves iter.Seq2[[]byte, error]) error {
	w := &writer{dir: d, n: Begin(old)}
	defer w.files.Drop()
	if err := w.load(old); err != nil {
		return fmt.Errorf("extend public files from %d: %w", old, err)
	}
	for leaf, err := range leaves {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = w.add(leaf)
		}
		if err != nil {
			return fmt.Errorf("extend public files at %d: %w", w.n, err)
		}
		if w.n == size {
			break
		}
	}
	if w.n != size {
		return fmt.Errorf("extend public files to %d: only %d entries were given", size, w.n)
	}
	if err := w.flush(); err != nil {
		return fmt.Errorf("extend public files to %d: %w", size, err)
	}
	if w.root() != root {
		return fmt.Errorf("extend public files from %d to %d: %w", old, size, ErrRoot)
	}
	return nil
}

// Publish puts a checkpoint in place, for which Extend has written everything,
// and then removes the partial tiles that wider ones have replaced.
func (d Dir) Publish(checkpoint []byte) error {
	old, err := d.Size()
	if err != nil {
		return fmt.Errorf("publish checkpoint: %w", err)
	}
	if err := d.WriteFile("checkpoint", checkpoint); err != nil {
		return fmt.Errorf("publish checkpoint: %w", err)
	}
	size, err := d.Size()
	if err != nil {
		return fmt.Errorf("publish checkpoint: %w", err)
	}
	for _, t := range proof.Tiles(0, old) {
		if t.W == proof.TileWidth || stored(t, size).W == t.W {
			continue
		}
		for _, stale := range []tlog.Tile{t, proof.Bundle(t)} {
			if stale.L <= 0 || t.L > 0 { // only level 0 has bundles
				if err := os.Remove(d.path(proof.TilePath(stale))); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("remove a replaced tile: %w", err)
				}
			}
		}
	}
	return nil
}

// WriteFile replaces one of the small files of the log.
func (d Dir) WriteFile(name string, data []byte) error {
	if err := durable.MkdirAll(string(d), 0o755); err != nil {
		return err
	}
	return durable.WriteFile(d.path(name), data, 0o644)
}

// ReplaceFile is WriteFile for what is news and no evidence: after a power failure
// it may be gone.
func (d Dir) ReplaceFile(name string, data []byte) error {
	if err := durable.MkdirAll(string(d), 0o755); err != nil {
		return err
	}
	return durable.ReplaceFile(d.path(name), data, 0o644)
}

// ReadFile reads one of the small files of the log.
func (d Dir) ReadFile(name string) ([]byte, error) { return os.ReadFile(d.path(name)) }
