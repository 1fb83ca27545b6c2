package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"yilu/alerts"
	"yilu/alerts/rule"
	"yilu/ledger"
	"yilu/web"
)

// figReplayRules judges the history of the county, and of what else the book has, by every
// rule that looks at entries.
func figReplayRules(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.county(ctx); err != nil {
		return "", false, err
	}
	if _, err := b.published(ctx); err != nil { // the signer is at rest
		return "", false, err
	}
	rules := slices.DeleteFunc(b.env.rules.Known(), func(r *rule.Rule) bool { return r.Kind != rule.OnEvent })
	entries, took, err := b.judgePast(ctx, rules)
	if err != nil {
		return "", false, err
	}
	rate := entries * int64(time.Second) / int64(took)
	b.note("%d rules, %d entries in %s", len(rules), entries, took)
	return strconv.FormatInt(rate, 10), rate >= 20_000, nil
}

// figBacktest5M judges the large book's history by one rule.
func figBacktest5M(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.grow(ctx, b.entries); err != nil {
		return "", false, err
	}
	if _, err := b.published(ctx); err != nil {
		return "", false, err
	}
	rules := slices.DeleteFunc(b.env.rules.Known(), func(r *rule.Rule) bool { return r.Code != "P02" })
	entries, took, err := b.judgePast(ctx, rules)
	b.note("%d entries in %s", entries, took)
	return seconds(took), took <= 90*time.Second, err
}

// figSweep5M runs every sweep over the large book, as of the last day of its year: all
// that it has lies within their terms then.
func figSweep5M(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.grow(ctx, b.entries); err != nil {
		return "", false, err
	}
	if err := b.county(ctx); err != nil {
		return "", false, err
	}
	if _, err := b.published(ctx); err != nil {
		return "", false, err
	}
	if err := b.putRules(ctx, active); err != nil {
		return "", false, err
	}
	book := ledger.Book(b.env.Book)
	begun := time.Now()
	last, sweeps, failed := begun, 0, []string{}
	err := b.env.engine(b.ledger, b.env.rules).SweepAll(ctx, book, "2020-12-31", func(s alerts.Swept) {
		b.note("%s: %s, %d found", s.Code, time.Since(last), len(s.Findings))
		last, sweeps = time.Now(), sweeps+1
		if s.Outcome == "error" {
			failed = append(failed, s.Code)
		}
	})
	if err != nil {
		return "", false, err
	}
	took := time.Since(begun)
	if err := b.putRules(ctx, frozen); err != nil {
		return "", false, err
	}
	b.note("%d sweeps in %s, not run to the end: %q", sweeps, took, failed)
	return seconds(took), took <= 300*time.Second && len(failed) == 0, nil
}

// judgePast back-tests rules over all that the book has.
func (b *bench) judgePast(ctx context.Context, rules []*rule.Rule) (entries int64, took time.Duration, err error) {
	test := alerts.BackTest{Rules: rules, From: "2000-01-01", To: "2099-12-31", Progress: b.env.progress("backtest")}
	holdBook()
	begun := time.Now()
	report, err := test.Run(ctx, b.env.engine(b.ledger, b.env.rules), ledger.Book(b.env.Book))
	if err != nil {
		return 0, 0, err
	}
	return int64(report.Entries), time.Since(begun), nil
}

// seconds writes a duration to the tenth.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) }

const (
	openWarnings = 10_000
	feedReaders  = 200
)

// figFeedMissed raises many warnings while many readers follow the feed, and counts
// what they did not see: an event that one of them missed or was sent twice.
func figFeedMissed(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.start(ctx); err != nil {
		return "", false, err
	}
	if err := b.putRules(ctx, active); err != nil {
		return "", false, err
	}
	now := time.Now()
	token, err := web.CreateToken(ctx, b.pool, web.Token{Book: ledger.Book(b.env.Book), User: "feed", Unit: "bench", Role: ledger.Auditor, Created: now, Expires: now.AddDate(0, 0, 1)})
	if err != nil {
		return "", false, err
	}
	before, err := b.ledger.Head(ctx, ledger.Book(b.env.Book))
	if err != nil {
		return "", false, err
	}
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	readers := make([]*follower, feedReaders)
	ended := make(chan error, feedReaders)
	for i := range readers {
		readers[i] = &follower{url: "http://" + b.addr + b.path("alerts/stream"), token: token, after: before.Size - 1}
		go func() { ended <- readers[i].follow(ctx) }()
	}
	if err := b.postStale(ctx); err != nil {
		return "", false, err
	}
	begun := time.Now()
	var missed, twice, again int64
	for range readers {
		err = errors.Join(err, <-ended)
	}
	for _, r := range readers {
		missed += openWarnings - min(openWarnings, r.seen.Load())
		twice, again = twice+r.twice, again+r.connected-1
	}
	b.note("%d warnings to %d readers, the last %s after the last post; %d sent twice, %d came again", openWarnings, feedReaders, time.Since(begun), twice, again)
	if err != nil && ctx.Err() == nil {
		return "", false, err
	}
	if err := b.putRules(context.WithoutCancel(ctx), frozen); err != nil {
		return "", false, err
	}
	return strconv.FormatInt(missed+twice, 10), missed+twice == 0, nil
}

// postStale posts as many payments on invoices that are too old, each a warning of
// its own that stops nothing.
func (b *bench) postStale(ctx context.Context) error {
	b.round++
	by := ledger.By{Role: ledger.Maker, Unit: "bench", User: "bench"}
	for n := 0; n < openWarnings; n += 100 {
		drafts := make([]ledger.Draft, 100)
		for i := range drafts {
			id := fmt.Sprintf("stale-%d-%d", b.round, n+i)
			drafts[i] = ledger.Draft{ID: id, Kind: "payment.requested", On: "2020-03-18", By: by, Corrects: ledger.None, Body: &ledger.PaymentRequested{
				Payment: id, Fund: "F0", Project: "P0-0", Purpose: "工程进度款", Amount: ledger.Amount(100*b.round + n + i + 1), Payee: ledger.Party{Name: "某建筑工程有限公司" + id},
				Invoice: ledger.Invoice{Number: fmt.Sprintf("%d%06d", b.round, n+i), Amount: 1_000_000, On: "2018-01-05"}, Files: []ledger.File{{Name: "bench", SHA256: benchHash, Size: 1}},
			}}
		}
		if _, err := b.ledger.Post(ctx, ledger.Book(b.env.Book), drafts...); err != nil {
			return err
		}
	}
	return nil
}

const benchHash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

// follower reads the feed as a browser does: when it is cut off it comes again and
// says where it was.
type follower struct {
	url, token string
	after      int64
	seen       atomic.Int64
	// twice counts events that it had seen, connected how often it came.
	twice, connected int64
}

// follow returns once it has seen all warnings.
func (f *follower) follow(ctx context.Context) error {
	for f.seen.Load() < openWarnings {
		if err := f.connect(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (f *follower) connect(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return fmt.Errorf("follow the feed: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+f.token)
	r.Header.Set("Last-Event-ID", strconv.FormatInt(f.after, 10))
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("follow the feed: %w", err)
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusOK {
		return fmt.Errorf("the feed answered %s", w.Status)
	}
	f.connected++
	lines := bufio.NewScanner(w.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		id, isID := strings.CutPrefix(lines.Text(), "id: ")
		switch {
		case isID:
			n, err := strconv.ParseInt(id, 10, 64)
			if err != nil {
				return fmt.Errorf("follow the feed: %w", err)
			}
			if n <= f.after {
				f.twice++
			}
			f.after = max(f.after, n)
		case strings.HasPrefix(lines.Text(), "data: ") && strings.Contains(lines.Text(), `"alert.raised"`) && strings.Contains(lines.Text(), `"P21"`):
			if f.seen.Add(1) == openWarnings {
				return nil
			}
		}
	}
	return ctx.Err() // cut off: come again
}
