package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger"
)

// nightly checks every stored byte once a night, and the guards also at the start.
// What it finds is logged and kept for the page until a later check finds nothing.
type nightly struct {
	pool   *pgxpool.Pool
	public string
	log    *slog.Logger
	// rented is a PostgreSQL that gives nobody a superuser: its guards are partial.
	rented bool

	mu    sync.Mutex
	found []ledger.Text
}

// nightHour is when nobody works, in Shanghai.
const nightHour = 3

// run checks until ctx ends.
func (n *nightly) run(ctx context.Context) {
	n.note(ctx, n.guards(ctx))
	for ctx.Err() == nil {
		now := time.Now().In(ledger.Shanghai)
		next := time.Date(now.Year(), now.Month(), now.Day(), nightHour, 0, 0, 0, ledger.Shanghai)
		if !next.After(now) {
			next = next.AddDate(0, 0, 1)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next.Sub(now)):
		}
		n.note(ctx, errors.Join(verifyBooks(ctx, n.pool, n.public), n.guards(ctx)))
	}
}

// guards compares the database's guards with our migrations'.
func (n *nightly) guards(ctx context.Context) error {
	differences, err := audit.CheckSchema(ctx, n.pool)
	for _, d := range differences {
		n.log.WarnContext(ctx, "guards of the database are not whole", "difference", d)
	}
	if err == nil && len(differences) > 0 && !(n.rented && audit.Partial(differences)) {
		err = errGuards
	}
	return err
}

// note keeps and logs what a check found, or that it found nothing.
func (n *nightly) note(ctx context.Context, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.found = nil
	if err == nil || ctx.Err() != nil {
		return
	}
	n.log.ErrorContext(ctx, "check of the log", "error", err)
	if _, tampered := errors.AsType[*audit.Tampered](err); !tampered && !errors.Is(err, errGuards) {
		return // the check could not be made: nobody's business but the operator's
	}
	n.found = []ledger.Text{{Zh: "自查发现问题，已报告管理员：" + err.Error(), En: "our own check found a fault: " + err.Error()}}
}

// warnings are what the last check found.
func (n *nightly) warnings() []ledger.Text {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.found
}
