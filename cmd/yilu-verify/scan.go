package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
)

// wrong is a fault of the log itself: the first thing in it that is not what it
// must be. All else that can happen is only a failure to check.
type wrong struct {
	// seq is the first entry concerned, or -1 if it is none.
	seq int64
	// path is the file of the log, "" if it is none.
	path string
	what text
}

// fault makes a wrong whose texts take the same arguments.
func fault(seq int64, path, zh, en string, args ...any) *wrong {
	return &wrong{seq, path, text{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}}
}

// malformed is the fault of bytes that audit/proof refuses; it speaks English.
func malformed(seq int64, path string, err error) *wrong {
	return fault(seq, path, "格式不符：%v", "%v", err)
}

// text says where it is and what, in both languages.
func (w *wrong) text() text {
	place := text{}
	switch {
	case w.seq >= 0 && w.path != "":
		place = text{fmt.Sprintf("第 %d 号分录（%s）：", w.seq, w.path), fmt.Sprintf("entry %d (%s): ", w.seq, w.path)}
	case w.seq >= 0:
		place = text{fmt.Sprintf("第 %d 号分录：", w.seq), fmt.Sprintf("entry %d: ", w.seq)}
	case w.path != "":
		place = text{w.path + "：", w.path + ": "}
	}
	return text{place.Zh + w.what.Zh, place.En + w.what.En}
}

func (w *wrong) Error() string { return w.text().En }

// chunk is one bundle with its tile of leaf hashes, on its way through a worker.
type chunk struct {
	tile    tlog.Tile // of level 0
	ready   chan struct{}
	bundle  []byte
	hashes  []byte
	leaves  []proof.LeafText
	sums    []proof.Hash // the leaves' hashes, from the bundle
	root    proof.Hash   // of the tile, if it is full
	failure error        // *wrong, or why it could not be read
	// unlike is the first entry whose hash is not the tile's, -1 for none.
	unlike int
}

// first is the number of the chunk's first entry.
func (c *chunk) first() uint64 { return uint64(c.tile.N) * proof.TileWidth }

// changed is the fault of the first entry whose hash is not the tile's.
func (c *chunk) changed() *wrong {
	return fault(int64(c.first())+int64(c.unlike), proof.TilePath(proof.Bundle(c.tile)),
		"内容被改：与 %s 中的哈希不符", "its bytes were changed: they do not give the hash in %s", proof.TilePath(c.tile))
}

// work reads a bundle and its tile, hashes and cuts every leaf: all that needs
// no other chunk.
func (c *chunk) work(ctx context.Context, from source) {
	c.failure, c.unlike = nil, -1
	c.leaves, c.sums = c.leaves[:0], c.sums[:0]
	var err error
	bundlePath := proof.TilePath(proof.Bundle(c.tile))
	if c.hashes, err = readTile(ctx, from, c.tile, c.hashes); err != nil {
		c.failure = err
		return
	}
	var entries [][]byte
	c.bundle, entries, err = readBundle(ctx, from, proof.Bundle(c.tile), c.bundle)
	for i, entry := range entries {
		sum := proof.LeafHash(entry)
		c.sums = append(c.sums, sum)
		if c.unlike < 0 && !bytes.Equal(sum[:], c.hashes[i*len(sum):(i+1)*len(sum)]) {
			c.unlike = i
		}
	}
	switch {
	case err != nil && c.unlike >= 0:
		c.failure = c.changed()
		return
	case err != nil:
		c.failure = err
		return
	}
	for i, entry := range entries {
		if i == c.unlike { // what follows is read for the root alone
			break
		}
		leaf, err := proof.CutLeaf(entry)
		if err != nil {
			c.failure = malformed(int64(c.first())+int64(i), bundlePath, err)
			return
		}
		c.leaves = append(c.leaves, leaf)
	}
	if c.tile.W == proof.TileWidth {
		c.root = rootOf(c.sums)
	}
}

// rootOf folds the hashes of a full tile into their root, in a copy.
func rootOf(hashes []proof.Hash) proof.Hash {
	var row [proof.TileWidth]proof.Hash
	n := copy(row[:], hashes)
	for ; n > 1; n /= 2 {
		for i := range n / 2 {
			row[i] = proof.NodeHash(row[2*i], row[2*i+1])
		}
	}
	return row[0]
}

// readTile reads a tile of hashes and holds it to its width.
func readTile(ctx context.Context, from source, t tlog.Tile, buf []byte) ([]byte, error) {
	path := proof.TilePath(t)
	b, width, err := fetch(ctx, from, t, buf)
	if err != nil {
		return nil, missing(err, firstOf(t), path)
	}
	if len(b) != width*tlog.HashSize {
		return nil, fault(firstOf(t), path, "瓦片有 %d 字节，应为 %d", "the tile has %d bytes, want %d", len(b), width*tlog.HashSize)
	}
	return b[:t.W*tlog.HashSize], nil
}

// readBundle reads a bundle and cuts it. With an error of its bytes come the
// entries in front of it.
func readBundle(ctx context.Context, from source, t tlog.Tile, buf []byte) (bundle []byte, entries [][]byte, err error) {
	path := proof.TilePath(t)
	b, width, err := fetch(ctx, from, t, buf)
	if err != nil {
		return nil, nil, missing(err, firstOf(t), path)
	}
	entries, err = proof.ReadBundle(b, width)
	if err != nil {
		err = malformed(firstOf(t)+int64(len(entries)), path, err)
	}
	return b, entries[:min(len(entries), t.W)], err
}

// fetch reads a tile or bundle and says how wide it is: a log may drop a partial
// one when the full one is there.
func fetch(ctx context.Context, from source, t tlog.Tile, buf []byte) (b []byte, width int, err error) {
	b, err = from.read(ctx, proof.TilePath(t), buf)
	if full := t; errors.Is(err, errNotThere) && t.W < proof.TileWidth {
		full.W = proof.TileWidth
		if whole, err := from.read(ctx, proof.TilePath(full), buf); err == nil {
			return whole, full.W, nil
		}
	}
	return b, t.W, err
}

// firstOf is the first entry below a tile.
func firstOf(t tlog.Tile) int64 { return t.N << (proof.TileHeight * (max(t.L, 0) + 1)) }

// missing turns the absence of a file that a checkpoint promises into a fault.
func missing(err error, seq int64, path string) error {
	if errors.Is(err, errNotThere) {
		return fault(seq, path, "检查点所承诺的文件不存在", "the checkpoint promises this file and it is not there")
	}
	return err
}

// scan reads every bundle of a log of that size and hands the chunks to take in
// order; take must not keep them. A few workers read and hash ahead, so memory
// does not grow with the log.
func scan(ctx context.Context, from source, size uint64, take func(*chunk) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers := from.workers(runtime.GOMAXPROCS(0))
	ahead := 2 * workers
	todo, ordered, free := make(chan *chunk, ahead), make(chan *chunk, ahead), make(chan *chunk, ahead)
	for range ahead {
		free <- &chunk{}
	}
	go func() {
		defer close(todo)
		defer close(ordered)
		for n := range (size + proof.TileWidth - 1) / proof.TileWidth {
			select {
			case c := <-free:
				c.ready = make(chan struct{})
				c.tile = tlog.Tile{H: proof.TileHeight, N: int64(n), W: int(min(proof.TileWidth, size-n*proof.TileWidth))}
				todo <- c
				ordered <- c
			case <-ctx.Done():
				return
			}
		}
	}()
	for range workers {
		go func() {
			for c := range todo {
				if ctx.Err() == nil {
					c.work(ctx, from)
				}
				close(c.ready)
			}
		}()
	}
	for c := range ordered {
		<-c.ready
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.failure != nil {
			return c.failure
		}
		if err := take(c); err != nil {
			return err
		}
		free <- c
	}
	return ctx.Err()
}
