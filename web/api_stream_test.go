package web

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// streamed is a real server, whose own limits of a request would end a stream.
func (a *api) streamed() *httptest.Server {
	a.t.Helper()
	srv := httptest.NewUnstartedServer(a.http)
	srv.Config.ReadTimeout, srv.Config.WriteTimeout = 2*time.Second, 2*time.Second
	srv.Start()
	a.t.Cleanup(srv.Close)
	return srv
}

// listen opens a stream.
func listen(ctx context.Context, url, token string, after int64, resume bool) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1"+book("/alerts/stream"), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if resume {
		r.Header.Set("Last-Event-ID", strconv.FormatInt(after, 10))
	} else if after >= 0 {
		r.URL.RawQuery = "after=" + strconv.FormatInt(after, 10)
	}
	w, err := http.DefaultClient.Do(r)
	if err == nil && w.StatusCode != http.StatusOK {
		w.Body.Close()
		err = fmt.Errorf("status %d", w.StatusCode)
	}
	return w, err
}

// seqs reads ids off a stream until it ends, and hands each to take, which may end it.
func seqs(body io.ReadCloser, take func(seq int64) (more bool)) error {
	defer body.Close()
	lines := bufio.NewScanner(body)
	id := int64(-1)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "id: "):
			n, err := strconv.ParseInt(line[4:], 10, 64)
			if err != nil {
				return err
			}
			id = n
		case strings.HasPrefix(line, "data: "):
			if !strings.HasPrefix(line, `data: {"seq":`+strconv.FormatInt(id, 10)+`,`) {
				return fmt.Errorf("id %d beside %s", id, line)
			}
		case line == "" && id >= 0: // an event counts when it is whole
			if !take(id) {
				return nil
			}
			id = -1
		}
	}
	return lines.Err()
}

// addEvents writes events of one warning straight into the feed, as the engine's
// transactions do: in order, some at a time.
func (a *api) addEvents(alert string, from, n int) {
	for n > 0 {
		some := min(n, 1+rand.IntN(40))
		batch := &pgx.Batch{}
		for i := range some {
			batch.Queue(`insert into alert.event (book, seq, alert, kind, at, by_user, unit) values ($1, $2, $3, 'alert.commented', now(), 'u', '411025-SJ')`, testBook, from+i, alert)
		}
		if err := a.db.Owner.SendBatch(context.Background(), batch).Close(); err != nil {
			a.t.Error(err)
			return
		}
		from, n = from+some, n-some
		a.server.watch.Wake()
	}
}

// TestStreamLosesAndRepeatsNothing: 200 readers, 2,000 events, and connections that
// are cut anywhere, also in the middle of an event.
func TestStreamLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := a.warn(1)[0]
	srv := a.streamed()
	token, _, _ := a.auditors()
	const readers, events, first = 200, 2000, 100000
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
	defer cancel()
	var all sync.WaitGroup
	var cuts atomic.Int64
	for range readers {
		all.Go(func() {
			next, last := int64(first), int64(c.Last)
			for resume := false; next < first+events; resume = true {
				one, cut := context.WithCancel(ctx)
				w, err := listen(one, srv.URL, token, last, resume)
				if err != nil {
					cut()
					if ctx.Err() != nil {
						t.Errorf("a reader got to %d: %v", next, ctx.Err())
						return
					}
					continue
				}
				patience := 300 + rand.IntN(2500)
				err = seqs(w.Body, func(seq int64) bool {
					if seq != next {
						t.Errorf("got %d, want %d", seq, next)
						return false
					}
					next, last = seq+1, seq
					patience--
					if patience == 0 {
						cut()
						cuts.Add(1)
					}
					return next < first+events
				})
				cut()
				if t.Failed() {
					return
				}
				if err != nil && !errors.Is(err, context.Canceled) && ctx.Err() != nil {
					t.Errorf("a reader got to %d: %v", next, err)
					return
				}
			}
		})
	}
	a.addEvents(c.Alert, first, events)
	all.Wait()
	t.Logf("%d connections were cut", cuts.Load())
}

// TestReadersShareOneQuery: of 50 readers that wait, the database hears one.
func TestReadersShareOneQuery(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := a.warn(1)[0]
	srv := a.streamed()
	token, _, _ := a.auditors()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var heard atomic.Int64
	for range 50 {
		w, err := listen(ctx, srv.URL, token, int64(c.Last), false)
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() { _ = seqs(w.Body, func(int64) bool { heard.Add(1); return true }) })
	}
	until(t, func() bool { return a.server.streams.Load() == 50 })
	a.addEvents(c.Alert, 5000, 1)
	until(t, func() bool { return heard.Load() == 50 })
	before := a.db.Pool.Stat().AcquireCount()
	a.addEvents(c.Alert, 6000, 1)
	until(t, func() bool { return heard.Load() == 100 })
	if n := a.db.Pool.Stat().AcquireCount() - before; n > 5 {
		t.Errorf("%d queries for 50 readers", n)
	}
	cancel()
	all.Wait()
	until(t, func() bool { return a.server.streams.Load() == 0 })
}

// until waits for a condition.
func until(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// TestStreamOutlivesTheLimitsOfARequest, keeps to the unit, and ends with the server
// or the token.
func TestStreamOutlivesTheLimitsOfARequest(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	found := a.warn(2)
	stopping := make(chan struct{})
	a.server.Stopping = stopping
	auditor, _, _ := a.auditors()
	a.send(201, "POST", book("/alerts/"+found[0].Alert+"/steps"), auditor, caseStep("s1", "assigned", `"unit":"411025-CZ",`, 1))
	srv := a.streamed()
	w, err := listen(t.Context(), srv.URL, a.tokens[ledger.Maker], -1, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Header.Get("Content-Type") + w.Header.Get("X-Accel-Buffering") + w.Header.Get("Cache-Control"); got != "text/event-stream; charset=utf-8nono-store" {
		t.Errorf("headers %s", got)
	}
	got := make(chan int64, 10)
	ended := make(chan error, 1)
	go func() { ended <- seqs(w.Body, func(seq int64) bool { got <- seq; return true }) }()
	if first, second := <-got, <-got; first != int64(found[0].Raised) || second <= first { // raised and assigned; not the other warning
		t.Errorf("events %d, %d", first, second)
	}
	time.Sleep(2500 * time.Millisecond) // more than both limits of the server
	a.addEvents(found[1].Alert, 7000, 1)
	a.addEvents(found[0].Alert, 8000, 1)
	if seq := <-got; seq != 8000 {
		t.Errorf("event %d", seq)
	}
	close(stopping)
	if err := <-ended; err != nil {
		t.Errorf("at the end: %v", err)
	}
	if strings.Contains(a.log.String(), `"request","request"`) {
		t.Errorf("a stream was logged as slow: %s", a.log)
	}
	a.send(422, "GET", book("/alerts/stream"), auditor, "", "Last-Event-ID", "x")
	a.send(422, "GET", book("/alerts/stream?after=x"), auditor, "")
}
