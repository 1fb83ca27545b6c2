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
	"yilu/ledger/document"
	"yilu/web"
)

// nightly checks every stored byte once a night, and the guards and documents also at the
// start. It gives up what was kept for as long as it has to be.
// What it finds is logged and kept for the page until a later check finds nothing.
type nightly struct {
	pool   *pgxpool.Pool
	public string
	log    *slog.Logger
	// rented is a PostgreSQL that gives nobody a superuser: its guards are partial.
	rented bool

	// files is the folder of documents.
	files     string
	retention *web.Retention

	mu    sync.Mutex
	found []ledger.Text
	// stored is what the last check of documents found, nil before the first.
	stored *storedCheck
}

// storedCheck is the result of a check of all documents.
type storedCheck struct {
	faults []document.Fault
	n      int
}

// nightHour is when nobody works, in Shanghai.
const nightHour = 3

// run checks until ctx ends.
func (n *nightly) run(ctx context.Context) {
	n.note(ctx, n.guards(ctx))
	n.checkDocuments(ctx)
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
		n.prune(ctx)
		n.checkDocuments(ctx)
	}
}

// prune gives up what was kept for long enough.
func (n *nightly) prune(ctx context.Context) {
	g, err := n.retention.Prune(ctx, time.Now())
	n.log.InfoContext(ctx, "kept for long enough", "sessions", g.Sessions, "attempts", g.Attempts, "events", g.Events, "drafts", g.Drafts,
		"documents_hidden", g.Files.Hidden, "documents", g.Files.Rows, "files", g.Files.Files)
	if err != nil && ctx.Err() == nil {
		n.log.ErrorContext(ctx, "give up what was kept for long enough", "error", err)
	}
}

// checkDocuments reads every document and keeps what it found for the page of health.
func (n *nightly) checkDocuments(ctx context.Context) {
	faults, count, err := document.Check(ctx, n.pool, n.files)
	if err != nil {
		if ctx.Err() == nil {
			n.log.ErrorContext(ctx, "check of documents", "error", err)
		}
		return
	}
	for _, f := range faults {
		n.log.ErrorContext(ctx, "document is not as it was handed in", "sha256", f.Hash, "missing", f.Missing)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stored = &storedCheck{faults, count}
}

// documents is what the last check of documents found.
func (n *nightly) documents() (faults []document.Fault, count int, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stored == nil {
		return nil, 0, false
	}
	return n.stored.faults, n.stored.n, true
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
