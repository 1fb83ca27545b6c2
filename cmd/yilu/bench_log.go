package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"yilu/audit/proof"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

// figPostSigned compares, in one run, what is posted while a log is signed and
// published with what is posted in the moments in which its signer rests. Two runs
// after one another differ by more than a signer costs. The signer is here in our
// own process, as `yilu signer` is in its own, since that knows when it works.
func figPostSigned(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.start(ctx); err != nil {
		return "", false, err
	}
	if err := b.restart(ctx, "--sign=false"); err != nil {
		return "", false, err
	}
	whole := b.seconds
	b.seconds *= 8 // some twenty signatures
	l, rounds, err := b.postsBesideSigner(ctx)
	b.seconds = whole
	if err != nil {
		return "", false, err
	}
	if len(rounds) < 3 {
		return "", false, fmt.Errorf("only %d signatures in that time: give more --seconds", len(rounds))
	}
	var rest time.Duration
	var resting int64
	for k, r := range rounds[:len(rounds)-1] {
		rest += rounds[k+1].begin - r.end
		resting += l.between(r.end, rounds[k+1].begin)
	}
	begin, end := rounds[0].begin, rounds[len(rounds)-1].begin
	signed := l.between(begin, end) * int64(time.Second) / int64(end-begin)
	unsigned := resting * int64(time.Second) / int64(rest)
	b.note("%d signatures, %s of work each: %d posts/s, and %d posts/s while the signer rests", len(rounds), ((end - begin - rest) / time.Duration(len(rounds)-1)).Round(time.Millisecond), signed, unsigned)
	r, text := ratio(signed, unsigned)
	if err := b.restart(ctx); err != nil { // what comes after is signed
		return "", false, err
	}
	return text, r >= 950, nil
}

// span is when something was done, from the begin of a load.
type span struct{ begin, end time.Duration }

// postsBesideSigner posts as 32 clients do and signs meanwhile as a signer does, and
// returns when it signed.
func (b *bench) postsBesideSigner(ctx context.Context) (load, []span, error) {
	s := &signing{interval: signEvery}
	s.fill(b.env)
	c, err := s.config(b.env, b.pool, slog.New(slog.NewJSONHandler(b.env.Stderr, nil)))
	if err != nil {
		return load{}, nil, err
	}
	worker, err := signer.Open(c)
	if err != nil {
		return load{}, nil, err
	}
	if err := worker.Round(ctx); err != nil { // what was there before is no part of it
		return load{}, nil, errors.Join(err, worker.Close())
	}
	var rounds []span
	var failed error
	ended := make(chan struct{})
	var wait sync.WaitGroup
	begun := time.Now()
	wait.Go(func() {
		timer := time.NewTicker(s.interval)
		defer timer.Stop()
		for failed == nil {
			select {
			case <-ended:
				return
			case <-timer.C:
			}
			begin := time.Since(begun)
			failed = worker.Round(ctx)
			rounds = append(rounds, span{begin, time.Since(begun)})
		}
	})
	l, err := b.posts(ctx, 32, benchFunds)
	close(ended)
	wait.Wait()
	return l, rounds, errors.Join(err, failed, worker.Close())
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
