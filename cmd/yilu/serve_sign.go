package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"yilu/audit/signer"
	"yilu/ledger"
	"yilu/web"
)

// begin makes the key and state of a brand-new book, or of the demonstration: of
// no other, since a log that was signed and has lost its state must not begin anew.
func (s *signing) begin(ctx context.Context, env *environment, o serveOptions, l *ledger.Ledger) error {
	if _, err := os.Lstat(s.state); !o.sign || err == nil {
		return nil
	}
	head, err := l.Head(ctx, ledger.Book(env.Book))
	if err != nil || head.Size > 0 && !o.demo {
		return err
	}
	return s.create(ctx, env, l.Pool)
}

// start lets the signer work beside the server until the returned func is called,
// and fills in what the server asks before it takes entries: whether the book has
// all that was signed and published of it.
func (s *signing) start(ctx context.Context, env *environment, o serveOptions, l *ledger.Ledger, log *slog.Logger, config *web.Config) (stop func(), err error) {
	published, err := s.held(ctx, env, l.Pool)
	if err != nil {
		return nil, err
	}
	config.Held = func() ledger.Text { return published }
	if !o.sign {
		if published == (ledger.Text{}) {
			err = s.release(ctx, env, nil, log)
		}
		return func() {}, err
	}
	c, err := s.config(env, l.Pool, log)
	if errors.Is(err, fs.ErrNotExist) {
		log.WarnContext(ctx, "this book is not signed: run yilu signer init", "book", env.Book)
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	worker, err := signer.Open(c)
	if errors.Is(err, signer.ErrNoState) {
		log.ErrorContext(ctx, "nothing is signed: the state file is lost, put the newest back", "book", env.Book, "error", err)
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	config.Held = func() ledger.Text {
		if halt := worker.Halted(); halt != nil && halt.StopsPosting() {
			return ledger.Text{Zh: halt.Zh(), En: halt.Error()}
		}
		return published
	}
	err = worker.Check(ctx)
	if err == nil && published == (ledger.Text{}) {
		err = s.release(ctx, env, worker, log)
	}
	if err != nil && worker.Halted() == nil {
		return nil, errors.Join(err, worker.Close())
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { worker.Run(ctx, s.interval, nil) })
	return func() {
		cancel()
		done.Wait()
		_ = worker.Close() // the lock ends with the process anyway
	}, nil
}
