package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/audit/proof"
)

// MaxUnit is the most entries that are posted together or not at all. Posting so
// many takes 4 KB of memory for each, and keeps others from the book meanwhile.
const MaxUnit = 120_002

// groupSize is how many entries share one transaction, if they do not belong to
// one larger unit. More would not make the commit cheaper.
const groupSize = 1000

// Config is what a Ledger needs.
type Config struct {
	// Pool connects as the service role, for posting; see OpenPool.
	Pool *pgxpool.Pool
	// Read is the pool for reading, so that a crowd of readers never keeps a post
	// waiting for a connection; nil means Pool.
	Read   *pgxpool.Pool
	Sealer *audit.Sealer
	// Now is the server's clock.
	Now func() time.Time
	Log *slog.Logger
	// Judge weighs entries by rules; nil for none.
	Judge *Judge
	// Held says why nothing may be entered now, or nil; it is asked before every post.
	// It may be nil.
	Held func() error
	// Committed is told of each group of entries that a book has new, after their commit
	// and before their callers are answered. It must not wait for anything. May be nil.
	Committed func(book Book, entries int)
	// MaxWaiting bounds the entries that wait for one book; zero means 20,000.
	MaxWaiting int
}

// Ledger posts to and reads from the books of one database. Several processes
// may each have one: the head row of a book orders them.
type Ledger struct {
	Config
	// Read answers questions: the pool for reading, or one transaction; see Snapshot.
	Read Reader
	// frozen is the state that all reading is of, kept what was read of it; see Freeze.
	frozen *frozen
	kept   *kept
	// commitWithin is 0 for commitDeadline, or less in tests that wait for it to pass.
	commitWithin time.Duration

	mu      sync.Mutex
	queues  map[Book]*queue
	closed  bool
	workers sync.WaitGroup
}

// New returns a Ledger on a migrated database.
func New(c Config) *Ledger {
	if c.MaxWaiting == 0 {
		c.MaxWaiting = 20_000
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Read == nil {
		c.Read = c.Pool
	}
	return &Ledger{Config: c, Read: c.Read, queues: map[Book]*queue{}}
}

// queue holds what waits for one book. At most one goroutine works on it, and
// only while something waits. state is what the last group left, good for as
// long as the tree ends as it left it (edge); ahead is what was read for the next.
type queue struct {
	book    Book
	units   []*unit
	entries int
	working bool
	state   *state
	edge    proof.Edge
	ahead   *ahead
	// mark is what the last group rests on that is not known to be durable yet;
	// settling are groups that wait for that, room bounds them.
	mark       *mark
	settling   []settling
	confirming bool
	room       chan struct{}
	// behind is set while the clock is behind the last entry.
	behind bool
}

// unit is entries that are posted together or not at all, with its answer.
type unit struct {
	items    []*prepared
	rider    Rider
	taken    atomic.Bool
	receipts []Receipt
	err      error
	done     chan struct{}
	// again counts how often it was posted without being known to be durable, first are
	// the receipts it had then.
	again int
	first []Receipt
}

// Post enters drafts into a book, all of them or none, and returns where they
// stand once they are durable. It is the only write path.
//
// Posting an id again with the same content gives the first receipt. Errors are
// *Invalid, *Refused, *Conflict or *Busy, ErrUnavailable, ErrUnknown, or the
// context's while nothing had been done yet.
func (l *Ledger) Post(ctx context.Context, book Book, drafts ...Draft) ([]Receipt, error) {
	return l.PostWith(ctx, book, nil, drafts...)
}

// post queues a prepared unit and waits for its answer.
func (l *Ledger) post(ctx context.Context, book Book, u *unit) ([]Receipt, error) {
	if err := l.enqueue(book, u); err != nil {
		return nil, err
	}
	select {
	case <-u.done:
		return u.receipts, u.err
	case <-ctx.Done():
	}
	if u.taken.CompareAndSwap(false, true) {
		return nil, fmt.Errorf("gave up before posting: %w", context.Cause(ctx))
	}
	select {
	case <-u.done:
		return u.receipts, u.err
	default:
		return nil, ErrUnknown
	}
}

// prepareAll prepares drafts on all processors and gathers every problem.
// Headers come last, from the end: their hash is over what follows them.
func (l *Ledger) prepareAll(book Book, drafts []Draft) ([]*prepared, error) {
	items := make([]*prepared, len(drafts))
	errs := make([]error, len(drafts))
	inParallel(len(drafts), func(i int) {
		if _, ok := drafts[i].Body.(header); !ok {
			items[i], errs[i] = l.prepare(book, i, drafts[i])
		}
	})
	if err := gather(drafts, errs); err != nil {
		return nil, err
	}
	for i := len(drafts) - 1; i >= 0; i-- {
		if h, ok := drafts[i].Body.(header); ok {
			d := drafts[i]
			if h.hash() == "" {
				d.Body = h.withHash(hashOver(items[i+1 : i+1+min(max(h.covers(), 0), len(items)-i-1)]))
			}
			if items[i], errs[i] = l.prepare(book, i, d); errs[i] != nil {
				return nil, gather(drafts, errs)
			}
		}
	}
	return items, nil
}

// gather joins what is wrong with the drafts of a unit into one error.
func gather(drafts []Draft, errs []error) error {
	invalid := &Invalid{}
	ids := make(map[string]int, len(drafts))
	for i, err := range errs {
		if bad, ok := errors.AsType[*Invalid](err); ok {
			invalid.Problems = append(invalid.Problems, bad.Problems...)
		} else if err != nil {
			return err
		}
		if first, twice := ids[drafts[i].ID]; twice {
			p := problem("id", fmt.Sprintf("与第%d条编号相同", first+1), fmt.Sprintf("same id as entry %d", first+1))
			p.Index = i
			invalid.Problems = append(invalid.Problems, p)
		}
		ids[drafts[i].ID] = i
	}
	if len(invalid.Problems) > 0 {
		return invalid
	}
	return nil
}

// inParallel calls do for 0 to n-1, on all processors if that is worth it.
func inParallel(n int, do func(i int)) {
	if n < 64 {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

// enqueue puts a unit into the queue of its book and starts a worker if none is
// at it. A full queue is an answer, not a wait.
func (l *Ledger) enqueue(book Book, u *unit) error {
	if l.Held != nil && len(u.items) > 0 {
		if err := l.Held(); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[book]
	if q == nil {
		q = &queue{book: book, room: make(chan struct{}, mostSettling)}
		l.queues[book] = q
	}
	if l.closed || q.entries > 0 && q.entries+len(u.items) > l.MaxWaiting {
		return &Busy{RetryAfter: time.Second}
	}
	q.units = append(q.units, u)
	q.entries += len(u.items)
	if !q.working {
		q.working = true
		l.workers.Add(1)
		go l.work(q)
	}
	return nil
}

// work posts group after group until nothing waits. There is no pause: what
// came in during one commit is the next group.
func (l *Ledger) work(q *queue) {
	defer l.workers.Done()
	for {
		units := l.take(q)
		if units == nil {
			return
		}
		l.postGroup(q, units)
		l.settle(q, units)
	}
}

// take removes the next group from the queue, without units whose callers gave
// up. It ends the worker when the queue is empty.
func (l *Ledger) take(q *queue) []*unit {
	l.mu.Lock()
	defer l.mu.Unlock()
	var units []*unit
	n, used := 0, 0
	for _, u := range q.units {
		if n > 0 && (n+len(u.items) > groupSize || u.rider != nil || units[0].rider != nil) {
			break
		}
		used++
		q.entries -= len(u.items)
		if u.again > 0 || u.taken.CompareAndSwap(false, true) {
			units = append(units, u)
			n += len(u.items)
		}
	}
	clear(q.units[:used])
	q.units = q.units[used:]
	if len(q.units) == 0 {
		q.units = nil
	}
	if len(units) > 0 {
		return units
	}
	q.working = false
	if q.state == nil && !q.confirming { // nothing learned: the book may not even exist
		delete(l.queues, q.book)
	}
	return nil
}

// Close refuses new posts and waits until those that wait are answered.
func (l *Ledger) Close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.workers.Wait()
}

func (l *Ledger) isClosed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

// Waiting is how many entries wait for their book, for metrics.
func (l *Ledger) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, q := range l.queues {
		n += q.entries
	}
	return n
}
