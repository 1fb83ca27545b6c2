package alerts

import (
	"context"
	"log/slog"
	"time"

	"github.com/robfig/cron/v3"

	"yilu/ledger"
)

// pumpEvery is how often the pump looks for slots that are due.
const pumpEvery = 10 * time.Second

// Pump runs the scheduled jobs of all books until ctx ends. A round that lasts longer
// than the pause between two is not run twice at once, and one that panics does not
// end the pump: so SkipIfStillRunning is outermost and Recover innermost.
func (g *Engine) Pump(ctx context.Context) {
	log := pumpLog{ctx, g.Log}
	c := cron.New(cron.WithLocation(ledger.Shanghai), cron.WithLogger(cron.DiscardLogger), cron.WithChain(cron.SkipIfStillRunning(cron.DiscardLogger), cron.Recover(log)))
	c.Schedule(cron.Every(pumpEvery), cron.FuncJob(func() { g.tickAll(ctx) }))
	c.Start()
	<-ctx.Done()
	<-c.Stop().Done()
}

// tickAll runs what is due in every book.
func (g *Engine) tickAll(ctx context.Context) {
	books, err := g.Ledger.Books(ctx)
	if err != nil && ctx.Err() == nil {
		g.Log.WarnContext(ctx, "list books", "error", err)
	}
	for _, book := range books {
		if err := g.Tick(ctx, book); err != nil && ctx.Err() == nil {
			g.Log.ErrorContext(ctx, "run scheduled jobs", "book", string(book), "error", err)
		}
	}
}

// pumpLog tells our log what cron recovered from.
type pumpLog struct {
	ctx context.Context
	log *slog.Logger
}

// Info is not told: cron reports every tick.
func (l pumpLog) Info(string, ...any) {}

// Error is told.
func (l pumpLog) Error(err error, message string, pairs ...any) {
	l.log.ErrorContext(l.ctx, "scheduled job: "+message, append(pairs, "error", err)...)
}
