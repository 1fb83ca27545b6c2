package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"yilu/alerts"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// frozen, blocking and active say in what state a rule is while something is measured.
func frozen(*rule.Rule) string { return "frozen" }
func active(*rule.Rule) string { return "active" }

// blocking has only those in force that can stop a post: refused, or held until it is
// explained.
func blocking(r *rule.Rule) string {
	if r.Handling == "B" || r.Handling == "A" {
		return "active"
	}
	return "frozen"
}

// putRules puts each rule in a state: how a book with warnings is compared with one
// without.
func (b *bench) putRules(ctx context.Context, state func(*rule.Rule) string) error {
	b.round++
	var drafts []ledger.Draft
	by := ledger.By{Role: ledger.Auditor, Unit: "bench", User: "auditor"}
	states := map[string]string{}
	for _, r := range b.env.rules.Known() {
		states[r.Code] = state(r)
	}
	for _, a := range b.env.rules.Activations() {
		a.State = states[a.Code]
		drafts = append(drafts, ledger.Draft{ID: fmt.Sprintf("rule-%d-%s", b.round, a.Code), Kind: "rule.activated", On: "2020-01-07", By: by, Corrects: ledger.None, Body: a})
	}
	id, book := fmt.Sprintf("rules-%d", b.round), ledger.Book(b.env.Book)
	if _, err := b.ledger.Submit(ctx, book, id, ledger.SubmissionMade{Submission: id, Title: "bench"}, drafts); err != nil {
		return err
	}
	sub, err := b.ledger.Submission(ctx, book, id)
	if err != nil {
		return err
	}
	_, err = b.ledger.Approve(ctx, book, id+"-ok", id, sub.ContentHash, "2020-01-08", ledger.By{Role: ledger.Auditor, Unit: "bench", User: "second"})
	return err
}

// distinct writes a payment request that no rule takes for another one.
func (b *bench) distinct(buf []byte, id string, fund, project, n int) []byte {
	buf = append(buf, `{"id":"`+id+`","kind":"payment.requested","on":"2020-03-18","body":{"amount":"`...)
	buf = strconv.AppendInt(buf, int64(n/100+1), 10)
	buf = append(buf, '.')
	buf = append(buf, byte('0'+n/10%10), byte('0'+n%10))
	return append(buf, fmt.Sprintf(`","files":[{"name":"bench","sha256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","size":"1"}],"fund":"F%d","payee":{"code":"91350100M000100Y43","name":"某建筑工程有限公司"},"payment":"%s","project":"P%d-%d","purpose":"工程进度款"}}`, fund, id, fund, project)...)
}

// figPostRules compares posting with the rules in force that can stop a post and with
// all frozen, in turn: the median of the pairs. What it comes to with every rule in
// force stands beside it.
func figPostRules(ctx context.Context, b *bench) (string, bool, error) {
	if err := b.start(ctx); err != nil {
		return "", false, err
	}
	var some, all []int64
	for range 5 {
		without, err := b.postsUnder(ctx, "frozen", frozen)
		if err != nil {
			return "", false, err
		}
		stopping, err := b.postsUnder(ctx, "that stop in force", blocking)
		if err != nil {
			return "", false, err
		}
		every, err := b.postsUnder(ctx, "all in force", active)
		if err != nil {
			return "", false, err
		}
		r, _ := ratio(stopping, without)
		q, _ := ratio(every, without)
		some, all = append(some, r), append(all, q)
	}
	if err := b.putRules(ctx, frozen); err != nil { // other figures post the same again and again
		return "", false, err
	}
	slices.Sort(some)
	slices.Sort(all)
	_, text := ratio(all[len(all)/2], 1000)
	b.note("with all rules in force: %s", text)
	r, text := ratio(some[len(some)/2], 1000)
	return text, r >= 800, nil
}

// postsUnder is how many posts a second 32 clients reach under some rules.
func (b *bench) postsUnder(ctx context.Context, name string, state func(*rule.Rule) string) (int64, error) {
	if err := b.putRules(ctx, state); err != nil {
		return 0, err
	}
	b.round++
	round := b.round
	before := b.cpu()
	l, err := b.drive(32, b.seconds, func(client, n int, buf []byte) request {
		return request{b.path("entries"), b.distinct(buf, fmt.Sprintf("%d-%d-%d", round, client, n), (client*31+n)%benchFunds, (client+n)%benchProjects, (round*64+client)*100_000+n)}
	})
	if err != nil {
		return 0, err
	}
	b.note("rules %s: %d posts/s, p99 %s; %s", name, l.perSecond, l.p99, b.cpu().since(before, l.requests))
	return l.perSecond, nil
}

// alertRate is how many entries a second are posted while warnings are timed, and
// one of alertEvery is a payment that looks like the one before.
const (
	alertRate  = 300
	alertEvery = 10
)

// latencies posts at a steady rate with all rules in force, and times how long after
// the answer that its entry is committed each warning can be read.
func (b *bench) latencies(ctx context.Context) error {
	if b.kept["alert_p50"] != 0 {
		return nil
	}
	if err := b.start(ctx); err != nil {
		return err
	}
	if err := b.putRules(ctx, active); err != nil {
		return err
	}
	b.round++
	watch := &watcher{b: b, posted: map[string]time.Time{}, read: map[string]time.Time{}}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watching := make(chan error, 1)
	go func() { watching <- watch.run(ctx) }()
	if err := b.postSteadily(ctx, watch); err != nil {
		return err
	}
	if err := b.putRules(ctx, frozen); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	stop()
	if err := <-watching; err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	var all []time.Duration
	for id, posted := range watch.posted {
		if read, ok := watch.read[id]; ok {
			all = append(all, max(read.Sub(posted), 0)) // it may have been read before the answer was
		}
	}
	if len(all) == 0 || len(all) < len(watch.posted) {
		return fmt.Errorf("%d of %d warnings were read", len(all), len(watch.posted))
	}
	slices.Sort(all)
	b.kept["alert_p50"], b.kept["alert_p99"] = int64(all[len(all)/2]), int64(all[len(all)*99/100])
	b.note("%d warnings: p50 %s, p99 %s, most %s", len(all), all[len(all)/2], all[len(all)*99/100], all[len(all)-1])
	return nil
}

// postSteadily has clients post alertRate entries a second between them over HTTP, one
// after the other: each client a payment and, one time in alertEvery, its twin with an
// explanation.
func (b *bench) postSteadily(ctx context.Context, watch *watcher) error {
	const clients = 10
	const every = time.Second / alertRate
	begin := time.Now()
	errs := make([]error, clients)
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			errs[client] = b.postEach(begin.Add(time.Duration(client)*every), clients*every, func(n int) (string, bool, request) {
				twin := (n+client)%alertEvery == alertEvery-1
				k := n
				if twin {
					k--
				}
				id := fmt.Sprintf("%d-w-%d-%d", b.round, client, n)
				pay := b.distinct(nil, id, 0, 0, (b.round*64+client)*100_000+k)
				if !twin || n == 0 {
					return id, false, request{b.path("entries"), pay}
				}
				unit := fmt.Appendf(nil, `{"entries":[{"id":"%s-a","kind":"alert.acknowledged","on":"2020-03-18","body":{"code":"P13","file":{"name":"bench","sha256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","size":"1"},"ground":"agreed","of":"%s","version":"1"}},`, id, id)
				return id, true, request{b.path("units"), append(append(unit, pay...), `]}`...)}
			}, watch)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// postEach posts at a rhythm, and notes when it was answered of what a warning is
// expected.
func (b *bench) postEach(begin time.Time, every time.Duration, next func(n int) (id string, warns bool, r request), watch *watcher) error {
	c, err := newCaller(b.addr, b.token)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	for n := 0; time.Duration(n)*every < b.seconds; n++ {
		time.Sleep(time.Until(begin.Add(time.Duration(n) * every)))
		id, warns, r := next(n)
		status, err := c.send(r)
		if err != nil {
			return err
		}
		if status != http.StatusOK && status != http.StatusCreated {
			return fmt.Errorf("%s answered %d", r.path, status)
		}
		if warns {
			watch.expect(id, time.Now())
		}
	}
	return nil
}

// watcher reads the feed as often as it can.
type watcher struct {
	b  *bench
	mu sync.Mutex
	// posted and read are when a payment was answered and its warning read.
	posted, read map[string]time.Time
}

func (w *watcher) expect(payment string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posted[payment] = at
}

func (w *watcher) run(ctx context.Context) error {
	after := ledger.None
	for {
		list, err := alerts.List(ctx, w.b.ledger.Read, ledger.Book(w.b.env.Book), alerts.Filter{Code: "P13"}, after, 1000)
		if err != nil {
			return err
		}
		now := time.Now()
		w.mu.Lock()
		for _, c := range list {
			after = c.Raised
			w.read[c.Subject[0]] = now
		}
		w.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func figAlert(name string, most time.Duration) func(context.Context, *bench) (string, bool, error) {
	return func(ctx context.Context, b *bench) (string, bool, error) {
		if err := b.latencies(ctx); err != nil {
			return "", false, err
		}
		took := time.Duration(b.kept[name])
		return strconv.FormatInt(int64((took+time.Millisecond-1)/time.Millisecond), 10), took <= most, nil
	}
}
