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

// nightly checks every stored byte once a night and when somebody asks for it, and the
// guards and documents also at the start. It gives up what was kept for as long as it has
// to be. What it finds is logged and kept for the page until a later check finds nothing.
// It is a web.SelfCheck.
type nightly struct {
	pool   *pgxpool.Pool
	public string
	log    *slog.Logger
	// rented is a PostgreSQL that gives nobody a superuser: its guards are partial.
	rented bool

	// files is the folder of documents.
	files     string
	retention *web.Retention

	// asked, of one place, has a value when somebody wants a check of all entries.
	asked chan struct{}

	mu    sync.Mutex
	found []web.SelfFault
	// ended is when the last check of all entries that could be made did, running whether
	// one is under way or wanted.
	ended   time.Time
	running bool
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
		case <-n.asked:
			n.checkBooks(ctx)
		case <-time.After(next.Sub(now)):
			n.checkBooks(ctx)
			n.prune(ctx)
			n.checkDocuments(ctx)
		}
	}
}

// checkBooks reads every stored byte of every book.
func (n *nightly) checkBooks(ctx context.Context) {
	n.mu.Lock()
	n.running = true
	n.mu.Unlock()
	made := n.note(ctx, errors.Join(verifyBooks(ctx, n.pool, n.public), n.guards(ctx)))
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.running = false; made {
		n.ended = time.Now()
	}
}

// Ask wants all entries checked now, unless that is under way.
func (n *nightly) Ask() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.running {
		n.running = true
		n.asked <- struct{}{}
	}
}

// Last is when the last check of all entries ended, zero before the first.
func (n *nightly) Last() (ended time.Time, running bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ended, n.running
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

// note keeps and logs what a check found, or that it found nothing. It is false for a check
// that could not be made: what is known stays then, and only the operator is told.
func (n *nightly) note(ctx context.Context, err error) (made bool) {
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		n.log.ErrorContext(ctx, "check of the log", "error", err)
	}
	var found []web.SelfFault
	if t, ok := errors.AsType[*audit.Tampered](err); ok {
		found = append(found, web.SelfFault{Entry: n.entryOf(ctx, t), Text: ledger.Text{Zh: "自查发现问题：" + t.Zh(), En: "our own check found a fault: " + t.Error()}})
	}
	if errors.Is(err, errGuards) {
		found = append(found, web.SelfFault{Entry: ledger.None, Text: ledger.Text{Zh: "自查发现问题：数据库防护不完整", En: "our own check found a fault: " + errGuards.Error()}})
	}
	if err != nil && found == nil {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.found = found
	return true
}

// entryOf is the entry that was altered, if it is one of the book that is served and there.
func (n *nightly) entryOf(ctx context.Context, t *audit.Tampered) ledger.Seq {
	if t.Book != string(n.retention.Book) {
		return ledger.None
	}
	if _, err := audit.ReadLeaf(ctx, n.pool, t.Book, t.Seq); err != nil {
		return ledger.None
	}
	return ledger.Seq(t.Seq)
}

// Found is what the last check found.
func (n *nightly) Found() []web.SelfFault {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.found
}
