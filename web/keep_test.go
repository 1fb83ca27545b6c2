package web

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// noise is a page that does not get smaller.
var noise = func() (b [1000]byte) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}()

// keepHarness is a keep with a clock and a book of its own.
type keepHarness struct {
	*keep
	clock  time.Time
	tag    string
	draws  atomic.Int64
	asked  int
	broken error
}

func newHarness(fresh time.Duration) *keepHarness {
	h := &keepHarness{clock: time.Unix(0, 0), tag: "t1"}
	h.keep = newKeep(fresh, func() time.Time { return h.clock })
	return h
}

func (h *keepHarness) ask(t *testing.T, key string) drawn {
	t.Helper()
	draw := func(context.Context) (drawn, error) {
		h.draws.Add(1)
		return drawn{tag: h.tag, body: noise[:]}, h.broken
	}
	k, err := h.get(t.Context(), key, func(context.Context) (string, error) {
		h.asked++
		return h.tag, nil
	}, draw, func() drawPage { return draw })
	h.refreshes.Wait()
	if !errors.Is(err, h.broken) {
		t.Fatal(err)
	}
	return k
}

func TestPagesAreKept(t *testing.T) {
	t.Parallel()
	h := newHarness(time.Second)
	for _, c := range []struct {
		after        time.Duration
		tag          string
		draws, asked int64
		want         string
	}{
		{0, "t1", 1, 0, "t1"},
		{999 * time.Millisecond, "t2", 1, 0, "t1"}, // fresh: nobody asks the book
		{time.Millisecond, "t1", 1, 1, "t1"},       // unmoved: good for another second
		{999 * time.Millisecond, "t2", 1, 1, "t1"},
		{time.Millisecond, "t2", 2, 2, "t1"}, // shown once more while it is drawn
		{0, "t2", 2, 2, "t2"},
		{mostStale, "t3", 3, 3, "t3"}, // too old to be shown
	} {
		h.clock, h.tag = h.clock.Add(c.after), c.tag
		if k := h.ask(t, "/"); k.tag != c.want || h.draws.Load() != c.draws || h.asked != int(c.asked) {
			t.Errorf("%s: page of %s, %d draws, %d questions, want %+v", h.clock, k.tag, h.draws.Load(), h.asked, c)
		}
	}
	h.broken = errors.New("broken")
	h.ask(t, "/new")
	h.broken = nil
	if h.ask(t, "/new"); h.draws.Load() != 5 {
		t.Errorf("an error was kept: %d draws", h.draws.Load())
	}
}

func TestKeepIsBounded(t *testing.T) {
	t.Parallel()
	h := newHarness(time.Hour)
	h.most = 10_000
	for n := range 100 {
		h.ask(t, fmt.Sprint("/", n))
		h.ask(t, "/0") // never the longest unasked
		if h.bytes > h.most || len(h.pages) != h.order.Len() {
			t.Fatalf("%d bytes, %d pages, %d in order", h.bytes, len(h.pages), h.order.Len())
		}
	}
	if h.draws.Load() != 100 {
		t.Errorf("%d draws of 100 pages", h.draws.Load())
	}
}

// TestManyAskAtOnce: a page that all want is drawn once.
func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(time.Hour)
	var all sync.WaitGroup
	start := make(chan struct{})
	for range 50 {
		all.Go(func() {
			<-start
			h.ask(t, "/")
		})
	}
	close(start)
	all.Wait()
	if n := h.draws.Load(); n != 1 {
		t.Errorf("%d draws", n)
	}
}
