package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
	"yilu/audit/tile"
	"yilu/ledger"
)

// figPostSigned compares posting with and without a signer, in turn: the median of
// the pairs, since other work on the machine hits one half of a pair or the other.
func figPostSigned(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.start(ctx); err != nil {
		return "", false, err
	}
	var pairs []int64
	for range 5 {
		var posts [2]int64
		for i, sign := range []string{"--sign=false", "--sign=true"} { // at the end it signs again
			if err := b.restart(ctx, sign); err != nil {
				return "", false, err
			}
			if i == 1 { // what was posted unsigned is no part of what is measured
				if _, err := b.published(ctx); err != nil {
					return "", false, err
				}
			}
			b.note("%s", sign)
			l, err := b.posts(ctx, 32, benchFunds)
			if err != nil {
				return "", false, err
			}
			posts[i] = l.perSecond
		}
		r, _ := ratio(posts[1], posts[0])
		pairs = append(pairs, r)
	}
	slices.Sort(pairs)
	r, text := ratio(pairs[len(pairs)/2], 1000)
	return text, r >= 950, nil
}

// published waits until the public log has all entries there are now, and returns
// how many.
func (b *bench) published(ctx context.Context) (int64, error) {
	h, err := b.ledger.Head(ctx, ledger.Book(b.env.Book))
	if err != nil {
		return 0, err
	}
	d := tile.Dir(filepath.Join(b.dir, "public", b.env.Book))
	for {
		size, err := d.Size()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		if size >= uint64(h.Size) {
			return h.Size, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// figTiles asks for tiles and bundles of a log of 100,000 entries at random.
func figTiles(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.grow(ctx, small); err != nil {
		return "", false, err
	}
	size, err := b.published(ctx)
	if err != nil {
		return "", false, err
	}
	log := "/log/" + b.env.Book + "/"
	l, err := b.drive(32, b.seconds, func(int, int, []byte) request {
		t := tlog.Tile{H: 8, N: rand.Int64N(size / 256), W: 256}
		if t.N%2 == 0 {
			t = proof.Bundle(t)
		}
		return request{path: log + proof.TilePath(t)}
	})
	if err != nil {
		return "", false, err
	}
	b.note("tiles: %d/s, p99 %s", l.perSecond, l.p99)
	return strconv.FormatInt(l.perSecond, 10), l.perSecond >= 5000, nil
}

// figProofPage asks for the proofs of entries at random.
func figProofPage(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.large(ctx); err != nil {
		return "", false, err
	}
	size, err := b.published(ctx)
	if err != nil {
		return "", false, err
	}
	l, err := b.drive(2, b.seconds, func(int, int, []byte) request {
		return request{path: fmt.Sprintf("/entries/%d/proof", rand.Int64N(size))}
	})
	if err != nil {
		return "", false, err
	}
	b.note("proof pages: %d/s, p99 %s", l.perSecond, l.p99)
	ms := (l.p99 + time.Millisecond - 1).Milliseconds()
	return strconv.FormatInt(ms, 10), ms <= 20, nil
}
