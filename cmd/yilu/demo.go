package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/cmd/yilu/demo"
	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/migrations"
)

// runDemo writes the demonstration county into an empty book, or finishes a load
// that was cut off.
func runDemo(ctx context.Context, env *environment, args []string) (err error) {
	if len(args) > 0 && args[0] == "alter" {
		return alterDemo(ctx, env, args[1:])
	}
	if err := env.parse(env.flags("demo"), args); err != nil {
		return err
	}
	db, err := env.makeDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.stop()) }()
	if err := migrations.Up(ctx, db.owner); err != nil {
		return err
	}
	l, closePools, err := env.ledger(ctx, db, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer closePools()
	files, err := document.Open(filepath.Join(env.Data, filesFolder), l.Config.Pool, l.Sealer)
	if err != nil {
		return err
	}
	defer files.Close()
	return loadDemo(ctx, env, db, l, files)
}

// alterDemo changes an entry of the demonstration in the database, or puts it back, so that
// one sees it found. It works beside a running server.
func alterDemo(ctx context.Context, env *environment, args []string) error {
	if err := env.parse(env.flags("demo alter"), args); err != nil {
		return err
	}
	if err := env.isDemo(); err != nil {
		return err
	}
	known, err := loadRules()
	if err != nil {
		return err
	}
	return env.asOwner(ctx, func(owner *pgxpool.Pool) error {
		a, err := demo.Alter(ctx, owner, known.Activations())
		if errors.Is(err, demo.ErrForeign) {
			return &coded{exitRefused, fmt.Errorf("%s: %w", env.say("只改动演示县的账套", "only the demonstration's book is altered"), err)}
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, env.say("已绕过程序和全部防护，把第 %d 号分录的金额由 %s 元改为 %s 元；再运行一次即改回\n", "past the program and all guards, the amount of entry %d was changed from %s to %s yuan; run this again to put it back\n"), a.Seq, a.Was, a.Is)
		return nil
	})
}

// isDemo refuses another book than the demonstration's.
func (env *environment) isDemo() error {
	if env.Book != string(demo.Book) {
		return &coded{exitUsage, fmt.Errorf("%s %s", env.say("演示县的账套是", "the demonstration's book is"), demo.Book)}
	}
	return nil
}

// loadDemo loads the demonstration county and says what it is, on stderr: serve
// calls it as well. It does nothing but that when the book holds it already.
func loadDemo(ctx context.Context, env *environment, db *database, l *ledger.Ledger, files *document.Store) error {
	if err := env.isDemo(); err != nil {
		return err
	}
	bulkMemory()
	defer func() { serveMemory(); debug.FreeOSMemory() }()
	begun := time.Now()
	progress, engine := env.progress("demo"), env.engine(l, env.rules)
	tried := func(ctx context.Context, refused *ledger.Refused, drafts ...ledger.Draft) error {
		return engine.Attempt(ctx, demo.Book, refused, drafts...)
	}
	err := demo.Load(ctx, l, demo.Options{Rules: env.rules.Activations(), Files: files, Tried: tried, Progress: func(done, of int) { progress(int64(done), int64(of)) }})
	if errors.Is(err, demo.ErrForeign) {
		return &coded{exitRefused, err}
	}
	if err != nil {
		return err
	}
	if err := demo.Sweep(ctx, engine); err != nil {
		return err
	}
	if err := withPool(ctx, db.owner, func(owner *pgxpool.Pool) error { return demo.Intrude(ctx, owner, engine) }); err != nil {
		return err
	}
	return env.describeDemo(ctx, l, time.Since(begun))
}

// describeDemo prints where the five fund lines' money is.
func (env *environment) describeDemo(ctx context.Context, l *ledger.Ledger, took time.Duration) error {
	head, err := l.Head(ctx, demo.Book)
	if err != nil {
		return err
	}
	funds, err := l.Funds(ctx, demo.Book)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, env.say("演示县（襄城县2020年，数据为虚构）：%d 条分录，%.1f 秒\n", "demonstration county (襄城县 2020, made up): %d entries, %.1f s\n"), head.Size, took.Seconds())
	w := tabwriter.NewWriter(env.Stderr, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, env.say("资金\t收\t在手\t已分配未付\t已付\t已退回\t", "fund\treceived\tin hand\tallocated\tpaid\treturned\t"))
	var sum ledger.Fund
	for _, f := range funds {
		row(w, f.Fund, f)
		sum.Received, sum.InHand, sum.Allocated = sum.Received+f.Received, sum.InHand+f.InHand, sum.Allocated+f.Allocated
		sum.Paid, sum.Returned = sum.Paid+f.Paid, sum.Returned+f.Returned
	}
	row(w, "Σ", sum)
	return w.Flush()
}

func row(w *tabwriter.Writer, name string, f ledger.Fund) {
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", name, f.Received.Comma(), f.InHand.Comma(), f.Allocated.Comma(), f.Paid.Comma(), f.Returned.Comma())
}
