package notify

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

func TestEnqueueStandsAndFallsWithItsTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, r := newHook(t, w, "s")
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "s"))
	tx, err := w.db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Enqueue(t.Context(), tx, message(1, Red)); err != nil {
		t.Fatal(err)
	}
	n.rounds(t, "webhook") // nothing can be seen yet
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.rounds(t, "webhook")
	if len(h.got) != 0 {
		t.Error("told of a warning that was never raised")
	}
	again := message(2, Red)
	again.Sentence.Zh = "换了说法"
	other := message(2, Red)
	other.Event = DueSoon
	n.enqueue(t, message(2, Red), message(2, Red), other)
	n.enqueue(t, again)
	n.rounds(t, "webhook")
	n.enqueue(t, message(2, Red))
	n.rounds(t, "webhook")
	if len(h.got) != 2 || h.got[0].Sentence != message(2, Red).Sentence || h.got[0].Event == h.got[1].Event {
		t.Errorf("one event of one version is told once: %+v", h.got)
	}
}

func TestMessagesOfTheWrongFormAreRefusedBeforeAnythingIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.notifier(t)
	for name, spoil := range map[string]func(*Message){
		"book": func(m *Message) { m.Book = "41" }, "alert": func(m *Message) { m.Alert = "" }, "alert, two lines": func(m *Message) { m.Alert = "a\nb" },
		"event": func(m *Message) { m.Event = "dismissed" }, "code": func(m *Message) { m.Code = "" }, "level": func(m *Message) { m.Level = 4 },
		"region": func(m *Message) { m.Region = "襄城县" }, "link": func(m *Message) { m.Link = "/alerts/1" },
	} {
		m := message(1, Red)
		spoil(&m)
		err := pgx.BeginFunc(t.Context(), w.db.Pool, func(tx pgx.Tx) error {
			if err := n.Enqueue(t.Context(), tx, m); err == nil {
				t.Errorf("%s: taken", name)
			}
			_, err := tx.Exec(t.Context(), "select 1") // the caller's transaction still works
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	long := message(1, Red)
	long.Sentence.Zh = strings.Repeat("请核实\u202e\n", 1000)
	m, err := long.tidied()
	if err != nil || len(m.Sentence.Zh) > mostSentence || strings.ContainsAny(m.Sentence.Zh, "\n\u202e") {
		t.Errorf("a long sentence is cut and cleaned, not refused: %v %q", err, m.Sentence.Zh)
	}
}

func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		route Route
		want  bool
	}{
		{Route{}, true},
		{Route{Levels: []Level{Red, Orange}}, true},
		{Route{Levels: []Level{Blue}}, false},
		{Route{Regions: []string{"4110"}}, true},
		{Route{Regions: []string{"411024", "411025"}}, true},
		{Route{Regions: []string{"411025200205"}}, false},
		{Route{Codes: []string{"P"}}, true},
		{Route{Codes: []string{"P09", "A"}}, false},
		{Route{Events: []Event{Overdue}}, false},
		{Route{Levels: []Level{Orange}, Regions: []string{"411025"}, Codes: []string{"P08"}, Events: []Event{Raised}}, true},
	} {
		m := message(0, Orange)
		if got := c.route.takes(m); got != c.want {
			t.Errorf("%+v: %v", c.route, got)
		}
	}
}

// TestReceiverDownForADay: four levels wait, in a jumble, while the receiver is
// away for a day; none is lost, and all come in order of level once it is back.
func TestReceiverDownForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, r := newHook(t, w, "s")
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "s"))
	h.set(func() { h.status = http.StatusServiceUnavailable })
	const all = 40
	for i := range all {
		n.enqueue(t, message(i, Level((i*7+3)%4)))
	}
	for range 24 * 60 {
		n.rounds(t, "webhook")
		w.clock.move(time.Minute)
	}
	if s := n.status(t, "webhook"); s.Waiting != all || s.Failed != 0 || s.FailingSince.IsZero() || !strings.Contains(s.Reason, "503") {
		t.Fatalf("after a day: %+v", s)
	}
	if h.requests > 200 {
		t.Errorf("a dead receiver was called %d times", h.requests)
	}
	h.set(func() { h.status = 0 })
	for range 12 {
		n.rounds(t, "webhook")
		w.clock.move(time.Minute)
	}
	if s := n.status(t, "webhook"); s.Waiting+s.Failed != 0 || !s.FailingSince.IsZero() || len(h.got) != all || len(h.seen) != all {
		t.Fatalf("back: %+v, %d arrived", s, len(h.got))
	}
	var order []int
	for _, m := range h.got {
		order = append(order, int(m.Level))
	}
	if !slices.IsSorted(order) {
		t.Error("levels in order of arrival:", order)
	}
}

func TestTwelveTriesThenFailedUntilAnOperatorAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, r := newHook(t, w, "s")
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "s"))
	h.set(func() { h.status = http.StatusBadRequest })
	n.enqueue(t, message(1, Red))
	start := w.clock.now()
	for i := range mostTries {
		n.rounds(t, "webhook")
		if h.requests != i+1 {
			t.Fatalf("%d tries after %s, want %d", h.requests, w.clock.now().Sub(start), i+1)
		}
		if i < len(backoff) {
			w.clock.move(backoff[i] - time.Second)
			n.rounds(t, "webhook") // a second too early
			w.clock.move(time.Second)
		}
	}
	if took := w.clock.now().Sub(start); took < 48*time.Hour || took > 60*time.Hour {
		t.Errorf("twelve tries took %s", took)
	}
	w.clock.move(48 * time.Hour)
	n.rounds(t, "webhook")
	failed, err := n.Failed(t.Context(), "411025")
	if err != nil || len(failed) != 1 || failed[0].Tries != mostTries || failed[0].Alert != "a0001" || !strings.Contains(failed[0].Reason, "400") || h.requests != mostTries {
		t.Fatalf("%+v, %v, %d requests", failed, err, h.requests)
	}
	if s := n.status(t, "webhook"); s.Failed != 1 || s.Waiting != 0 || !s.Oldest.IsZero() {
		t.Errorf("%+v", s)
	}
	h.set(func() { h.status = 0 })
	if _, err := n.Requeue(t.Context(), "411025", " ", failed[0].ID); err == nil {
		t.Error("requeued by nobody")
	}
	if got, err := n.Requeue(t.Context(), "411025", "李", failed[0].ID, "unknown"); err != nil || got != 1 {
		t.Fatal(got, err)
	}
	if got, err := n.Requeue(t.Context(), "411025", "李", failed[0].ID); err != nil || got != 0 {
		t.Error("requeued what waits already:", got, err)
	}
	n.rounds(t, "webhook")
	want := append(slices.Repeat([]string{"refused"}, mostTries), "requeued", "sent")
	if diff := cmp.Diff(want, n.outcomes(t, "a0001")); diff != "" || len(h.got) != 1 {
		t.Error(diff)
	}
}

// TestStoppedWhileSending: the receiver has it, the worker is told to stop before
// it hears so. The next one sends it again under the same delivery id.
func TestStoppedWhileSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, r := newHook(t, w, "s")
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "s"))
	ctx, stop := context.WithCancel(t.Context())
	h.set(func() {
		h.meet = func(r *http.Request) {
			stop()
			<-r.Context().Done()
			// TLS says good-bye before the connection is gone: an answer could still arrive.
			panic(http.ErrAbortHandler)
		}
	})
	n.enqueue(t, message(1, Red), message(2, Red))
	n.Run(ctx)
	h.set(func() { h.meet = nil })
	if len(h.got) != 1 || n.status(t, "webhook").Waiting != 2 {
		t.Fatalf("%d arrived, %+v", len(h.got), n.status(t, "webhook"))
	}
	n.rounds(t, "webhook")
	if diff := cmp.Diff([]string{"interrupted", "sent"}, n.outcomes(t, "a0001")); diff != "" {
		t.Error(diff)
	}
	if len(h.got) != 3 || h.seen[message(1, Red).deliveryID("webhook")] != 2 || h.seen[message(2, Red).deliveryID("webhook")] != 1 {
		t.Errorf("%+v", h.seen)
	}
}

// TestDatabaseLostBetweenSendingAndSettling: the connection dies while the
// receiver answers, and with it the worker's knowledge. Until the lease ends
// nobody touches the row; then it is sent once more, as the same delivery.
func TestDatabaseLostBetweenSendingAndSettling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, r := newHook(t, w, "s")
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "s"))
	database := pgx.Identifier{w.db.Name}.Sanitize()
	h.set(func() {
		h.meet = func(*http.Request) {
			ctx := context.WithoutCancel(t.Context())
			if _, err := w.db.Owner.Exec(ctx, `revoke connect on database `+database+` from yilu_service`); err != nil {
				t.Error(err)
			}
			_, err := w.db.Owner.Exec(ctx, `
				select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename = 'yilu_service'`, w.db.Name)
			if err != nil {
				t.Error(err)
			}
		}
	})
	n.enqueue(t, message(1, Red))
	if _, err := n.round(t.Context(), n.channel("webhook")); err == nil {
		t.Fatal("settled without a database")
	}
	h.set(func() { h.meet = nil })
	if _, err := w.db.Owner.Exec(t.Context(), `grant connect on database `+database+` to yilu_service`); err != nil {
		t.Fatal(err)
	}
	n.rounds(t, "webhook")
	w.clock.move(lease - time.Second)
	n.rounds(t, "webhook")
	if len(h.got) != 1 {
		t.Fatalf("taken within the lease: %d arrived", len(h.got))
	}
	w.clock.move(time.Second)
	n.rounds(t, "webhook")
	if len(h.got) != 2 || len(h.seen) != 1 || n.status(t, "webhook").Waiting != 0 {
		t.Errorf("%d arrived as %d deliveries", len(h.got), len(h.seen))
	}
	if diff := cmp.Diff([]string{"lost", "sent"}, n.outcomes(t, "a0001")); diff != "" {
		t.Error(diff)
	}
}

// TestLetterThatKillsItsWorker: claimed and never settled, twelve times over.
func TestLetterThatKillsItsWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, r := newHook(t, w, "s")
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "s"))
	n.enqueue(t, message(1, Red))
	for range mostTries {
		parcels, err := n.claim(t.Context(), n.channel("webhook"), n.instant())
		if err != nil || len(parcels) != 1 {
			t.Fatal(len(parcels), err)
		}
		w.clock.move(lease)
	}
	n.rounds(t, "webhook")
	if diff := cmp.Diff(slices.Repeat([]string{"lost"}, mostTries), n.outcomes(t, "a0001")); diff != "" || n.status(t, "webhook").Failed != 1 {
		t.Error(diff)
	}
}

// TestLateWorkerDoesNotOverrule: a worker that wakes after its lease settles
// nothing that another has taken since.
func TestLateWorkerDoesNotOverrule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, r := newHook(t, w, "s")
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "s"))
	n.enqueue(t, message(1, Red))
	c := n.channel("webhook")
	slow, err := n.claim(t.Context(), c, n.instant())
	if err != nil {
		t.Fatal(err)
	}
	w.clock.move(lease)
	quick, err := n.claim(t.Context(), c, n.instant())
	if err != nil || len(quick) != 1 {
		t.Fatal(len(quick), err)
	}
	late := outcome{verdict: refused, reason: "late"}
	if err := n.settle(t.Context(), c, slow[0].rows, late); err != nil {
		t.Fatal(err)
	}
	w.clock.move(backoff[1])
	n.rounds(t, "webhook") // by the late word it would be due again
	if err := n.settle(t.Context(), c, quick[0].rows, outcome{verdict: sent}); err != nil {
		t.Fatal(err)
	}
	if err := n.settle(t.Context(), c, slow[0].rows, late); err != nil {
		t.Fatal(err)
	}
	if s := n.status(t, "webhook"); s.Waiting+s.Failed != 0 || len(h.got) != 0 {
		t.Errorf("%+v, %d sent", s, len(h.got))
	}
}

// TestTwoWorkersSendEachRowOnce runs four, as two processes would, on real time.
func TestTwoWorkersSendEachRowOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, r := newHook(t, w, "s")
	c := w.channelTo(t, Webhook, r, "/in", "s")
	c.Limits = []Limit{{Burst: 1000, Every: Span(time.Millisecond), MaxBytes: 60_000, Pause: Span(time.Second), Basis: "a test"}}
	const all = 300
	n := w.notifier(t, c)
	ctx, stop := context.WithCancel(t.Context())
	var running atomic.Int32
	for range 4 {
		worker := w.notifier(t, c)
		running.Add(1)
		go func() { worker.Run(ctx); running.Add(-1) }()
	}
	for i := 0; i < all; i += 10 {
		var ten []Message
		for j := range 10 {
			ten = append(ten, message(i+j, Level(j%4)))
		}
		n.enqueue(t, ten...)
	}
	until(t, "all to be sent", func() bool { return n.status(t, "webhook").Waiting == 0 })
	stop()
	until(t, "the workers to end", func() bool { return running.Load() == 0 })
	if len(h.got) != all || len(h.seen) != all {
		t.Errorf("%d arrived as %d deliveries, want %d", len(h.got), len(h.seen), all)
	}
}

// TestDeadReceiverHoldsUpNobodyElse runs a live and a dead channel together.
func TestDeadReceiverHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h, r := newHook(t, w, "s")
	live := w.channelTo(t, Webhook, r, "/in", "s")
	block := make(chan struct{})
	dead := w.channelTo(t, Webhook, newReceiver(t, func(http.ResponseWriter, *http.Request) { <-block }), "/in", "s")
	dead.Name = "dead"
	n := w.notifier(t, dead, live)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { n.Run(ctx); close(done) }()
	for i := range 5 {
		n.enqueue(t, message(i, Red))
		n.Wake()
	}
	until(t, "the live channel", func() bool { return n.status(t, "webhook").Waiting == 0 })
	if s := n.status(t, "dead"); s.Waiting != 5 || len(h.seen) != 5 {
		t.Errorf("%+v, %d", s, len(h.seen))
	}
	stop()
	<-done
	close(block)
}

func TestStatusShowsRowsThatNobodySends(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, r := newHook(t, w, "s")
	old := w.channelTo(t, Webhook, r, "/in", "s")
	old.Name = "renamed-since"
	w.notifier(t, old).enqueue(t, message(1, Red))
	n := w.notifier(t, w.channelTo(t, Webhook, r, "/in", "s"))
	if s := n.status(t, "renamed-since"); s.Configured || s.Waiting != 1 || !s.Oldest.Equal(w.clock.now()) {
		t.Errorf("%+v", s)
	}
	if s := n.status(t, "webhook"); !s.Configured || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
}

// TestServiceMayNotForget: what was tried can be neither changed nor deleted by
// the server.
func TestServiceMayNotForget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, statement := range []string{
		"delete from notify.outbox", "delete from notify.attempt", "update notify.attempt set reason = ''", "truncate notify.outbox cascade",
		"delete from notify.channel",
	} {
		if _, err := w.db.Pool.Exec(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Error(statement, fmt.Sprint(err))
		}
	}
}
