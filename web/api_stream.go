package web

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"yilu/alerts"
	"yilu/ledger"
)

const (
	// heartbeat is after how long without an event a stream says that it lives.
	heartbeat = 15 * time.Second
	// writeWithin is how long a reader may take to take what was written.
	writeWithin = 20 * time.Second
	// maxStreams bounds the connections that streams hold.
	maxStreams = 2000
	// replayPage is how many events are read from the table at once.
	replayPage = 500
)

// watchAlerts prepares what streams share. It starts nothing but the one goroutine
// that hears of new warnings, which ends when its channel is closed.
func (s *server) watchAlerts() {
	if s.Alerts == nil {
		return
	}
	s.watch = &alerts.Watch{Pool: s.Alerts.Pool, Log: s.Log, Render: renderEvent}
	if s.Raised != nil {
		go func() {
			for range s.Raised {
				s.watch.Wake()
			}
		}()
	}
}

// renderEvent writes an event as the stream sends it.
func renderEvent(e alerts.Event) []byte {
	data, err := json.Marshal(e, rendering)
	if err != nil {
		panic(fmt.Errorf("render an event: %w", err)) // a struct of ours
	}
	return fmt.Appendf(nil, "id: %d\ndata: %s\n\n", e.Seq, data)
}

// stream is one reader of the feed of a book.
type stream struct {
	s  *server
	c  *call
	w  http.ResponseWriter
	rc *http.ResponseController
	// of is what the reader may hear, as of the last look at its token or session.
	of alerts.Reader
	// after is the last event that was sent, or passed over.
	after ledger.Seq
	beat  *time.Ticker
}

// streamFeed sends the entries about warnings as they come (server-sent events). The
// id of an event is its seq, so that a client which was cut off says where it was and
// misses nothing and gets nothing twice: what lies behind comes from the table, the
// rest from what all readers share. A reader that cannot keep up is closed and comes
// again.
func (s *server) streamFeed(c *call) error {
	q := c.query("after")
	after := q.afterSeq()
	if err := q.err(); err != nil {
		return err
	}
	if last := c.Request().Header.Get("Last-Event-ID"); last != "" { // a client that reconnects says both
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < 0 {
			return one("Last-Event-ID", "须为上次收到的序号", "want the seq of the last event")
		}
		after = ledger.Seq(n)
	}
	if s.streams.Add(1) > maxStreams {
		s.streams.Add(-1)
		return &ledger.Busy{RetryAfter: heartbeat}
	}
	defer s.streams.Add(-1)
	x := &stream{s: s, c: c, w: c.Response(), rc: http.NewResponseController(c.Response()), of: readerOf(c.who), after: after, beat: time.NewTicker(heartbeat)}
	defer x.beat.Stop()
	s.Metrics.streams.Inc()
	defer s.Metrics.streams.Dec()
	s.watch.Join(c.book)
	defer s.watch.Leave(c.book)
	c.Set(lasting, true)
	// The answer has begun: nothing more can be said but by closing.
	_ = x.run()
	return nil
}

// errOver ends a stream that did nothing wrong.
var errOver = errors.New("the stream is over")

// run sends until the reader, its token or the server is gone.
func (x *stream) run() error {
	h := x.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	// The server's own limit of a request is not for this one.
	if err := x.rc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if err := x.write([]byte("retry: 2000\n\n")); err != nil {
		return err
	}
	tailing := false
	for {
		events, more, err := x.s.watch.Since(x.c.book, x.after)
		switch {
		case err == nil:
			tailing = true
		case tailing: // too slow
			return err
		default:
			if events, err = x.replay(); err != nil {
				return err
			}
		}
		if len(events) == 0 {
			if err := x.wait(more); err != nil {
				return err
			}
			continue
		}
		if err := x.send(events); err != nil {
			return err
		}
	}
}

// replay reads what lies further back than the buffer.
func (x *stream) replay() ([]alerts.Line, error) {
	page, err := alerts.Feed(x.c.ctx(), x.s.Alerts.Pool, x.c.book, alerts.Reader{}, x.after, replayPage)
	lines := make([]alerts.Line, len(page))
	for i, e := range page {
		lines[i] = alerts.Line{Event: e, Data: renderEvent(e)}
	}
	return lines, err
}

// send writes the events that the reader may see.
func (x *stream) send(events []alerts.Line) error {
	var b bytes.Buffer
	for _, e := range events {
		x.after = e.Seq
		if x.of.Hears(e.Event) {
			b.Write(e.Data)
		}
	}
	if b.Len() == 0 {
		return nil
	}
	x.beat.Reset(heartbeat)
	return x.write(b.Bytes())
}

// wait returns when there may be more, and else says now and then that the stream
// lives. A token that ended in the meantime ends it too.
func (x *stream) wait(more <-chan struct{}) error {
	select {
	case <-more:
		return nil
	case <-x.c.ctx().Done():
		return errOver
	case <-x.s.Stopping:
		return errOver
	case <-x.beat.C:
	}
	if err := x.s.identify(x.c); err != nil {
		return err
	}
	if !x.c.who.may(readWarnings) { // the role was taken back
		return errOver
	}
	x.of = readerOf(x.c.who)
	return x.write([]byte(": \n\n")) // no id: a control frame is no event
}

// write sends and flushes, each time within a limit of its own: the server's limit
// is for answers that end.
func (x *stream) write(b []byte) error {
	if err := x.rc.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := x.w.Write(b); err != nil {
		return err
	}
	return x.rc.Flush()
}
