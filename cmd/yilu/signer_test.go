package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yilu/audit/proof"
	"yilu/migrations/pgtest"
)

// server is a yilu serve of a test.
type server struct {
	t      *testing.T
	addr   string
	admin  string
	note   string // sealed into each post
	out    lockedBuffer
	stderr lockedBuffer
	stop   func() int
}

// lockedBuffer may be read while the server writes.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends.
func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func serve(t *testing.T, data string, args ...string) *server {
	t.Helper()
	s := &server{t: t, addr: freeAddress(t), admin: freeAddress(t)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"serve", "--data", data, "--listen", s.addr, "--admin", s.admin, "--interval", "20ms"}, args...), &s.out, &s.stderr)
	}()
	s.stop = func() int { cancel(); return <-ended }
	for _, url := range []string{"http://" + s.admin + "/livez", "/en/log"} {
		s.until(url, func() bool { code, _ := s.get(url); return code == 200 })
	}
	return s
}

func (s *server) until(what string, done func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s: never; the server said %s", what, s.stderr.String())
		}
	}
}

func (s *server) get(url string) (int, string) {
	if strings.HasPrefix(url, "/") {
		url = "http://" + s.addr + url
	}
	r, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(b)
}

func (s *server) post(token string, n int) (int, string) {
	s.t.Helper()
	sealed := ""
	if s.note != "" {
		sealed = `,"sealed":{"note":"` + s.note + `"}`
	}
	body := fmt.Sprintf(`{"id":"L%d","kind":"project.listed","on":"2020-03-18","body":{"project":"P%d","name":"路","content":"修路","type":"construction","place":"411025103205","place_name":"村","unit":"镇","estimate":"100.00"}%s}`, n, n, sealed)
	r, err := http.NewRequest(http.MethodPost, "http://"+s.addr+"/api/v1/books/411025/entries", strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(b)
}

// signed waits until the public checkpoint has a size.
func (s *server) signed(size uint64) {
	s.t.Helper()
	s.until(fmt.Sprintf("checkpoint %d", size), func() bool {
		code, text := s.get("/log/411025/checkpoint")
		body, _, _ := strings.Cut(text, "\n\n")
		c, err := proof.ParseCheckpoint(body + "\n")
		return code == 200 && err == nil && c.Size >= size // a warning may have been entered beside it
	})
}

// TestServeSigns is the story of a log: a brand-new book signs by itself; an old
// backup is noticed, nothing is entered until two persons bring the rest back.
func TestServeSigns(t *testing.T) {
	db := pgtest.Empty(t)
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("LC_ALL", "C")
	data := filepath.Join(t.TempDir(), "data")
	s := serve(t, data)
	if !strings.Contains(s.out.String(), "localhost:8080/log/411025+") {
		t.Errorf("no key is printed: %s", s.out.String())
	}
	code, token, said := yilu("token", "--data", data, "--user", "u", "--unit", "z", "--role", "project")
	if code != exitOK {
		t.Fatal(said)
	}
	token = strings.TrimSpace(token)
	for n := range 5 {
		if code, said := s.post(token, n); code != 201 {
			t.Fatalf("post: %d %s", code, said)
		}
	}
	s.signed(5)
	if code, page := s.get("/en/log"); code != 200 || !strings.Contains(page, "<dd>5</dd>") {
		t.Errorf("page: %d %s", code, page)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("serve ended with %d: %s", code, s.stderr.String())
	}
	// A second signer on the same book, and an init, are refused.
	if code, _, said := yilu("signer", "init", "--data", data); code == exitOK || !strings.Contains(said, "already") {
		t.Errorf("init again: %d %s", code, said)
	}

	// The tail is cut as by an old backup.
	if _, err := db.Owner.Exec(t.Context(), `
		alter table log.entry disable trigger all; alter table log.head disable trigger all; alter table log.checkpoint disable trigger all;
		delete from log.checkpoint;
		update log.head set size = 4, last_at = (select max(last_at) from log.head), edge = (select substr(leaf_hash || nodes, 1 + 32 * 2, 32) from log.entry where seq = 3);
		delete from log.entry where seq >= 4`); err != nil {
		t.Fatal(err)
	}
	s = serve(t, data)
	if code, said := s.post(token, 9); code != 503 || !strings.Contains(said, "recover") {
		t.Errorf("post after an old backup: %d %s", code, said)
	}
	if code, said := s.get("http://" + s.admin + "/readyz"); code != 503 || !strings.Contains(said, "missing") {
		t.Errorf("ready: %d %s", code, said)
	}
	s.signed(5) // the public keeps what was signed
	s.stop()
	if code, _, said := yilu("erase", "0", "note", "--ground", "order", "--user", "a", "--unit", "z", "--data", data); code != exitRefused || !strings.Contains(said, "missing") {
		t.Errorf("a command that posts, after an old backup: %d %s", code, said)
	}
	if code, _, _ := yilu("signer", "recover", "--data", data, "--first", "a", "--second", "a"); code != exitUsage {
		t.Errorf("one person alone: %d", code)
	}
	code, out, said := yilu("signer", "recover", "--data", data, "--first", "a", "--second", "b")
	if code != exitOK || !strings.Contains(out, "1 entries are back") {
		t.Fatalf("recover: %d %s %s", code, out, said)
	}
	if code, _, said := yilu("verify", "--data", data); code != exitOK {
		t.Errorf("verify: %s", said)
	}
	if code, _, said := yilu("rebuild", "--replace", "--data", data); code != exitOK {
		t.Errorf("rebuild: %s", said)
	}
	// Whole again, but for the guards that were taken off: each is named.
	if code, _, said := yilu("verify", "--all", "--data", data); code != exitDiverged || !strings.Contains(said, "missing: trigger on log.entry: CREATE TRIGGER entry_unchanged") || strings.Contains(said, "entries") {
		t.Errorf("verify --all: %d %s", code, said)
	}
	s = serve(t, data)
	if code, said := s.post(token, 9); code != 201 {
		t.Errorf("post: %d %s", code, said)
	}
	s.signed(6)
	s.until("the page names the guards", func() bool { _, page := s.get("/en/log"); return strings.Contains(page, "✗ our own check found") })
	s.stop()
}

// TestSignerApart signs by a process of its own, which may be another user's or on
// another host; a second one on the same state is refused.
func TestSignerApart(t *testing.T) {
	db := pgtest.Empty(t)
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("LC_ALL", "C")
	data := filepath.Join(t.TempDir(), "data")
	s := serve(t, data, "--sign=false")
	code, token, said := yilu("token", "--data", data, "--user", "u", "--unit", "z", "--role", "project")
	if code != exitOK {
		t.Fatal(said)
	}
	if code, _, said := yilu("signer", "--data", data); code == exitOK || !strings.Contains(said, "key") {
		t.Errorf("signed without a key: %d %s", code, said)
	}
	if code, out, said := yilu("signer", "init", "--data", data); code != exitOK || !strings.Contains(out, "+") {
		t.Fatalf("init: %d %s", code, said)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var out, stderr lockedBuffer
	go func() { ended <- run(ctx, []string{"signer", "--data", data, "--interval", "20ms"}, &out, &stderr) }()
	if code, said := s.post(strings.TrimSpace(token), 1); code != 201 {
		t.Fatalf("post: %d %s", code, said)
	}
	s.signed(1)
	if code, _, said := yilu("signer", "--data", data); code == exitOK || !strings.Contains(said, "another signer") {
		t.Errorf("a second signer: %d %s", code, said)
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("signer ended with %d: %s", code, stderr.String())
	}
	s.stop()
}

func TestPolicyWithoutLogs(t *testing.T) {
	const policy = "# keys\nlog a.example/1+00000001+AQ==\n\twitness w k\n log b\nquorum none\n"
	if got := withoutLogs(policy); got != "# keys\n\twitness w k\nquorum none\n" {
		t.Errorf("%q", got)
	}
}
