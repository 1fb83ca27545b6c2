package alerts

import (
	"context"
	"time"

	"yilu/ledger"
)

// pollEvery is how often the engine looks when nobody wakes it: other processes
// post to the same books.
const pollEvery = time.Second

// Run judges all books until ctx ends: at each wake, and every second, when it also
// fires what is due; beside that it runs the scheduled jobs. What goes wrong is logged
// and tried again; a book with a gap in its log stands still, and says so each minute.
func (g *Engine) Run(ctx context.Context, wake <-chan struct{}) {
	if err := g.Rules.CheckSweeps(ctx, g.Pool); err != nil && ctx.Err() == nil {
		g.Log.ErrorContext(ctx, "sweeps that cannot run", "error", err)
	}
	pumping := make(chan struct{})
	go func() {
		defer close(pumping)
		g.Pump(ctx)
	}()
	defer func() { <-pumping }()
	timer := time.NewTicker(pollEvery)
	defer timer.Stop()
	quiet := map[ledger.Book]time.Time{}
	var books []ledger.Book
	for woken := false; ; {
		work := g.judge
		if !woken {
			work, books = g.catchUp, g.books(ctx, books)
		}
		for _, book := range books {
			if err := work(ctx, book); err != nil && ctx.Err() == nil && g.Ledger.Now().Sub(quiet[book]) > time.Minute {
				quiet[book] = g.Ledger.Now()
				g.Log.ErrorContext(ctx, "raise warnings", "book", string(book), "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
			woken = true
		case <-timer.C:
			woken = false
		}
	}
}

// books lists the books, or those known so far.
func (g *Engine) books(ctx context.Context, known []ledger.Book) []ledger.Book {
	books, err := g.Ledger.Books(ctx)
	if err != nil {
		if ctx.Err() == nil {
			g.Log.WarnContext(ctx, "list books", "error", err)
		}
		return known
	}
	return books
}

// judge turns what a book has into warnings. That a few entries warned of nothing is
// stored by the next catchUp.
func (g *Engine) judge(ctx context.Context, book ledger.Book) error {
	for {
		if more, err := g.advance(ctx, book, batchSize); err != nil || !more {
			return err
		}
	}
}

// catchUp judges what a book has, then fires what is due and reports what is overdue.
func (g *Engine) catchUp(ctx context.Context, book ledger.Book) error {
	for more := true; more; {
		var err error
		if more, err = g.Step(ctx, book); err != nil {
			return err
		}
	}
	for {
		fired, err := g.Fire(ctx, book)
		if err != nil {
			return err
		}
		late, err := g.Escalate(ctx, book)
		if err != nil || !fired && late == 0 {
			return err
		}
		if _, err := g.Step(ctx, book); err != nil { // its own entries move the head
			return err
		}
	}
}
