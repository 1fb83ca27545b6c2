package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/ledger"
)

// Watch follows the feed of books for any number of readers. While a book has
// readers one goroutine asks the database for its new events, at each wake and each
// second, and all readers take them from one buffer in memory: 200 readers cost one
// query.
//
// Events of a book are committed in the order of their seqs, since each rides in the
// transaction that holds the book's head. So whoever has read up to a seq has missed
// nothing before it.
type Watch struct {
	Pool *pgxpool.Pool
	Log  *slog.Logger
	// Render writes an event as readers send it: once for all of them.
	Render func(Event) []byte

	mu    sync.Mutex
	tails map[ledger.Book]*tail
}

const (
	// keptEvents is how many events a reader may lag behind.
	keptEvents = 4096
	// feedPage is how many events are read at once.
	feedPage = 1000
	// watchDeadline bounds one look at the table.
	watchDeadline = 10 * time.Second
)

// tail is the end of one book's feed. Events after start up to the last are in the
// buffer.
type tail struct {
	readers int
	stop    context.CancelFunc
	wake    chan struct{}
	// moved is closed and replaced whenever events came.
	moved  chan struct{}
	known  bool
	start  ledger.Seq
	events []Line
}

// Line is an event as it is sent.
type Line struct {
	Event
	Data []byte
}

// ErrBehind is returned to readers of what is no longer in the buffer.
var ErrBehind = errors.New("the reader is behind the buffer")

// Join begins to follow a book; whoever joins leaves again.
func (w *Watch) Join(book ledger.Book) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.tails == nil {
		w.tails = map[ledger.Book]*tail{}
	}
	t := w.tails[book]
	if t == nil {
		ctx, stop := context.WithCancel(context.Background())
		t = &tail{stop: stop, wake: make(chan struct{}, 1), moved: make(chan struct{})}
		w.tails[book] = t
		go w.follow(ctx, book, t)
	}
	t.readers++
}

// Leave ends what Join began.
func (w *Watch) Leave(book ledger.Book) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tails[book]
	if t.readers--; t.readers == 0 {
		t.stop()
		delete(w.tails, book)
	}
}

// Wake has all books looked at now: something was posted.
func (w *Watch) Wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.tails {
		select {
		case t.wake <- struct{}{}:
		default: // a wake is waiting already
		}
	}
}

// Since returns the events after a seq, and a channel that is closed when there are
// more. ErrBehind means that some of them are no longer in memory, or not known yet:
// Feed has them. The reader has joined.
func (w *Watch) Since(book ledger.Book, after ledger.Seq) ([]Line, <-chan struct{}, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.tails[book]
	if !t.known || after < t.start {
		return nil, t.moved, ErrBehind
	}
	n := len(t.events)
	for n > 0 && t.events[n-1].Seq > after {
		n--
	}
	return t.events[n:len(t.events):len(t.events)], t.moved, nil
}

// follow asks for new events until the last reader has left.
func (w *Watch) follow(ctx context.Context, book ledger.Book, t *tail) {
	timer := time.NewTicker(pollEvery)
	defer timer.Stop()
	failed := false
	for {
		err := w.look(ctx, book, t)
		if err != nil && ctx.Err() == nil && !failed { // once until it works again
			w.Log.ErrorContext(ctx, "follow warnings", "book", string(book), "error", err)
		}
		failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-timer.C:
		}
	}
}

// look reads what came since the last look.
func (w *Watch) look(ctx context.Context, book ledger.Book, t *tail) error {
	ctx, cancel := context.WithTimeout(ctx, watchDeadline)
	defer cancel()
	if !t.known { // only this goroutine changes it
		var last ledger.Seq
		if err := w.Pool.QueryRow(ctx, `select coalesce(max(seq), -1) from alert.event where book = $1`, book).Scan(&last); err != nil {
			return fmt.Errorf("read end of feed: %w", err)
		}
		w.add(t, func() { t.known, t.start = true, last })
	}
	for {
		after := t.start
		if n := len(t.events); n > 0 {
			after = t.events[n-1].Seq
		}
		page, err := Feed(ctx, w.Pool, book, Reader{}, after, feedPage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return nil
		}
		lines := make([]Line, len(page))
		for i, e := range page {
			lines[i] = Line{e, w.Render(e)}
		}
		w.add(t, func() {
			t.events = append(t.events, lines...)
			if over := len(t.events) - keptEvents; over > 0 {
				t.start = t.events[over-1].Seq
				t.events = append([]Line(nil), t.events[over:]...) // readers may hold the old ones
			}
		})
		if len(page) < feedPage {
			return nil
		}
	}
}

// add changes what readers see, and tells them.
func (w *Watch) add(t *tail, change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	close(t.moved)
	t.moved = make(chan struct{})
}
