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
	work := g.catchUp
	for {
		books, err := g.Ledger.Books(ctx)
		if err != nil && ctx.Err() == nil {
			g.Log.WarnContext(ctx, "list books", "error", err)
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
			work = g.judge
		case <-timer.C:
			work = g.catchUp
		}
	}
}

// judge turns what a book has into warnings.
func (g *Engine) judge(ctx context.Context, book ledger.Book) error {
	for {
		if more, err := g.Step(ctx, book); err != nil || !more {
			return err
		}
	}
}

// catchUp judges what a book has, then fires what is due and reports what is overdue.
func (g *Engine) catchUp(ctx context.Context, book ledger.Book) error {
	if err := g.judge(ctx, book); err != nil {
		return err
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
