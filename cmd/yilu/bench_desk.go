package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"yilu/alerts"
	"yilu/ledger"
	"yilu/web"
)

// The figures of the staff side: what an auditor waits for.

const (
	// deskReaders are at work at once, and look at a page for deskThink each.
	deskReaders = 50
	deskThink   = 2 * time.Second
	// deskWarnings is how many warnings the list has.
	deskWarnings = 2000
	screenFeeds  = 200
	screenEvents = 40
)

// auditorToken makes a token of an auditor.
func (b *bench) auditorToken(ctx context.Context, user string) (string, error) {
	now := time.Now()
	return web.CreateToken(ctx, b.pool, web.Token{Book: ledger.Book(b.env.Book), User: user, Unit: "bench", Role: ledger.Auditor, Created: now, Expires: now.AddDate(0, 0, 1)})
}

// figDeskPages is the 95th percentile of the slowest of three pages of an auditor: the
// list, a warning's page, and who did what, while fifty people work.
func figDeskPages(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.large(ctx); err != nil {
		return "", false, err
	}
	alert, err := b.warned(ctx)
	if err != nil {
		return "", false, err
	}
	pages := []string{"/alerts", "/alerts/" + alert, "/desk/acts"}
	trail := web.Trail{Ledger: b.ledger, Pool: b.ledger.Pool}
	if err := trail.CatchUp(ctx, ledger.Book(b.env.Book)); err != nil {
		return "", false, err
	}
	cookies := make([]string, deskReaders)
	for i := range cookies {
		if cookies[i], err = b.enter(ctx, fmt.Sprintf("desk-%d", i), ledger.Auditor); err != nil {
			return "", false, err
		}
	}
	took := make([][][]time.Duration, deskReaders)
	errs := make([]error, deskReaders)
	var all sync.WaitGroup
	until := time.Now().Add(max(b.seconds, 10*deskThink))
	for i := range deskReaders {
		took[i] = make([][]time.Duration, len(pages))
		all.Go(func() { errs[i] = b.workAtDesk(ctx, i, cookies[i], pages, until, took[i]) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return "", false, err
	}
	worst := time.Duration(0)
	for n, page := range pages {
		var times []time.Duration
		for i := range took {
			times = append(times, took[i][n]...)
		}
		if len(times) == 0 {
			return "", false, fmt.Errorf("%s was not viewed", page)
		}
		slices.Sort(times)
		p95 := times[len(times)*95/100]
		b.note("%s: %d views, p50 %s, p95 %s, most %s", page, len(times), times[len(times)/2], p95, times[len(times)-1])
		worst = max(worst, p95)
	}
	ms := (worst + time.Millisecond - 1).Milliseconds()
	return strconv.FormatInt(ms, 10), ms <= 300, nil
}

// warned raises warnings until the list has enough, and names one.
func (b *bench) warned(ctx context.Context) (string, error) {
	if err := b.putRules(ctx, active); err != nil {
		return "", err
	}
	for n := 0; n < deskWarnings; n += openWarnings {
		if err := b.postStale(ctx); err != nil {
			return "", err
		}
	}
	book := ledger.Book(b.env.Book)
	for {
		list, err := alerts.List(ctx, b.ledger.Read, book, alerts.Filter{Code: "P21"}, ledger.None, deskWarnings)
		if err != nil {
			return "", err
		}
		if len(list) == deskWarnings {
			return list[0].Alert, b.putRules(ctx, frozen)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// workAtDesk is one auditor, who has signed in: looks at the pages in turn, and thinks.
func (b *bench) workAtDesk(ctx context.Context, n int, cookie string, pages []string, until time.Time, took [][]time.Duration) error {
	client := &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	time.Sleep(deskThink * time.Duration(n) / deskReaders)
	for i := n; time.Now().Before(until); i++ {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.addr+pages[i%len(pages)], nil)
		if err != nil {
			return err
		}
		r.Header.Set("Cookie", cookie)
		began := time.Now()
		w, err := client.Do(r)
		if err != nil {
			return fmt.Errorf("view %s: %w", pages[i%len(pages)], err)
		}
		_, err = io.Copy(io.Discard, w.Body)
		w.Body.Close()
		if err != nil || w.StatusCode != http.StatusOK {
			return errors.Join(err, fmt.Errorf("view %s: %s", pages[i%len(pages)], w.Status))
		}
		took[i%len(pages)] = append(took[i%len(pages)], time.Since(began))
		time.Sleep(deskThink)
	}
	return nil
}

// figFeedScreen is how long after the commit of its entry a warning is a line of the
// last of 200 open feeds: what a browser has to do then is its own.
func figFeedScreen(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.start(ctx); err != nil {
		return "", false, err
	}
	if err := b.putRules(ctx, active); err != nil {
		return "", false, err
	}
	token, err := b.auditorToken(ctx, "screens")
	if err != nil {
		return "", false, err
	}
	head, err := b.ledger.Head(ctx, ledger.Book(b.env.Book))
	if err != nil {
		return "", false, err
	}
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	open := make(chan error, screenFeeds)
	seen := make([]chan time.Time, screenFeeds)
	for i := range seen {
		seen[i] = make(chan time.Time, screenEvents)
		go b.screen(ctx, token, head.Size-1, open, seen[i])
	}
	for range seen {
		err = errors.Join(err, <-open)
	}
	if err != nil {
		return "", false, err
	}
	times, err := b.showWarnings(ctx, seen)
	if err != nil {
		return "", false, err
	}
	slices.Sort(times)
	most := times[len(times)-1]
	b.note("%d warnings on %d feeds: p50 %s, most %s", len(times), screenFeeds, times[len(times)/2], most)
	if err := b.putRules(ctx, frozen); err != nil {
		return "", false, err
	}
	ms := (most + time.Millisecond - 1).Milliseconds()
	return strconv.FormatInt(ms, 10), ms <= 1000, nil
}

// showWarnings posts warnings one after the other, and times each until the last feed
// has its line.
func (b *bench) showWarnings(ctx context.Context, seen []chan time.Time) (times []time.Duration, err error) {
	b.round++
	for n := range screenEvents {
		id := fmt.Sprintf("screen-%d-%d", b.round, n)
		if err := b.postOverHTTP(ctx, fmt.Sprintf(`{"id":"%s","kind":"payment.requested","on":"2020-03-18","body":{"amount":"%d.00","files":[{"name":"bench","sha256":"%s","size":"1"}],"fund":"F0",`+
			`"invoice":{"amount":"10000.00","number":"%d%06d","on":"2018-01-05"},"payee":{"name":"某建筑工程有限公司%s"},"payment":"%s","project":"P0-0","purpose":"工程进度款"}}`, id, n+1, benchHash, b.round, n, id, id)); err != nil {
			return nil, err
		}
		committed, last := time.Now(), time.Time{}
		for _, feed := range seen {
			select {
			case at := <-feed:
				if at.After(last) {
					last = at
				}
			case <-ctx.Done():
				return nil, fmt.Errorf("warning %d is not on all feeds: %w", n, ctx.Err())
			}
		}
		times = append(times, max(0, last.Sub(committed)))
		time.Sleep(100 * time.Millisecond)
	}
	return times, nil
}

// postOverHTTP posts an entry as an officer's program does: an entry that another
// process posts is seen by the engine at its next look only.
func (b *bench) postOverHTTP(ctx context.Context, entry string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.addr+b.path("entries"), strings.NewReader(entry))
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	r.Header.Set("Content-Type", "application/json")
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("post: %w", err)
	}
	defer w.Body.Close()
	if answer, err := io.ReadAll(w.Body); err != nil || w.StatusCode != http.StatusCreated {
		return errors.Join(err, fmt.Errorf("post: %s %s", w.Status, answer))
	}
	return nil
}

// screen is one open feed: it says when each warning of the rule is a line of it.
func (b *bench) screen(ctx context.Context, token string, after int64, open chan<- error, seen chan<- time.Time) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.addr+b.path("alerts/stream")+"?after="+strconv.FormatInt(max(after, 0), 10), nil)
	if err != nil {
		open <- err
		return
	}
	r.Header.Set("Authorization", "Bearer "+token)
	w, err := http.DefaultClient.Do(r)
	if err == nil && w.StatusCode != http.StatusOK {
		err = fmt.Errorf("the feed answered %s", w.Status)
	}
	open <- err
	if err != nil {
		return
	}
	defer w.Body.Close()
	lines := bufio.NewScanner(w.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if line := lines.Text(); strings.HasPrefix(line, "data: ") && strings.Contains(line, `"alert.raised"`) && strings.Contains(line, `"P21"`) {
			seen <- time.Now()
		}
	}
}
