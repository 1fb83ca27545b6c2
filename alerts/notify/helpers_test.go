package notify

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
	"yilu/migrations/pgtest"
)

// world is one test's database, clock and log.
type world struct {
	db    *pgtest.DB
	clock *clock
	log   *safeBuffer
	dir   string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{pgtest.New(t), &clock{at: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}, &safeBuffer{}, t.TempDir()}
}

// clock stands until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// secret puts a value into a file of its own.
func (w *world) secret(t *testing.T, value string) Secret {
	t.Helper()
	f, err := os.CreateTemp(w.dir, "secret")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(value + "\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return Secret{File: f.Name()}
}

// everything is a route.
var everything = []Route{{}}

// receiver is a web server on this machine that speaks TLS.
type receiver struct {
	*httptest.Server
	caFile string
}

func newReceiver(t *testing.T, h http.HandlerFunc) *receiver {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return &receiver{s, writeCA(t, s)}
}

func writeCA(t *testing.T, s *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// channelTo describes a channel to a receiver here.
func (w *world) channelTo(t *testing.T, kind Kind, r *receiver, path string, secrets ...string) Channel {
	t.Helper()
	c := Channel{Name: string(kind), Kind: kind, Routes: everything, URL: w.secret(t, r.URL+path), CAFile: r.caFile, Private: loopback}
	for _, s := range secrets {
		c.Secrets = append(c.Secrets, w.secret(t, s))
	}
	return c
}

func (w *world) notifier(t *testing.T, channels ...Channel) *Notifier {
	t.Helper()
	n, err := New(w.db.Pool, Config{List: "https://yilu.example/alerts", Channels: channels}, w.clock.now,
		slog.New(slog.NewJSONHandler(w.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// message makes one to tell; its sentence names what mails must not hold.
func message(i int, level Level) Message {
	return Message{
		Book: "411025", Alert: fmt.Sprintf("a%04d", i), Version: 1, Event: Raised, Seq: ledger.Seq(i), Code: "P08", Level: level,
		Region:   []string{"411025", "411025001", "411025200205"}[i%3],
		Sentence: ledger.Text{Zh: "首次进度前已付 300000.01 元，上限 300000.00 元，请核实", En: "paid 300000.01 before progress, limit 300000.00, please verify"},
		Link:     fmt.Sprintf("https://yilu.example/alerts/a%04d", i), Due: "2026-03-05",
	}
}

func (n *Notifier) enqueue(t *testing.T, messages ...Message) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), n.pool, func(tx pgx.Tx) error { return n.Enqueue(t.Context(), tx, messages...) }); err != nil {
		t.Fatal(err)
	}
}

// rounds runs one channel until nothing is left to do now.
func (n *Notifier) rounds(t *testing.T, name string) {
	t.Helper()
	for {
		more, err := n.round(t.Context(), n.channel(name))
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func (n *Notifier) channel(name string) *channel {
	return n.channels[slices.IndexFunc(n.channels, func(c *channel) bool { return c.Name == name })]
}

func (n *Notifier) status(t *testing.T, name string) Status {
	t.Helper()
	all, err := n.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		if s.Channel == name {
			return s
		}
	}
	t.Fatalf("no status of %s in %+v", name, all)
	return Status{}
}

// outcomes lists what was tried to tell of one warning.
func (n *Notifier) outcomes(t *testing.T, alert string) []string {
	t.Helper()
	history, err := n.History(t.Context(), "411025", alert)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, a := range history {
		found = append(found, a.Outcome)
	}
	return found
}

// holds fails if a secret stands in the log or anywhere in the database.
func (w *world) holdsNo(t *testing.T, secrets ...string) {
	t.Helper()
	var all string
	err := w.db.Owner.QueryRow(t.Context(), `
		select coalesce((select string_agg(o::text, ' ') from notify.outbox o), '')
			|| coalesce((select string_agg(a::text, ' ') from notify.attempt a), '')
			|| coalesce((select string_agg(c::text, ' ') from notify.channel c), '')`).Scan(&all)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range secrets {
		if strings.Contains(all, s) || strings.Contains(w.log.String(), s) {
			t.Errorf("%s… is in the database or the log", s[:4])
		}
	}
}

// until waits for a condition.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.Done():
			t.Fatalf("waited too long for %s", what)
		case <-tick.C:
		}
	}
}

func readAll(t *testing.T, r io.Reader) []byte {
	t.Helper()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Error(err)
	}
	return data
}
