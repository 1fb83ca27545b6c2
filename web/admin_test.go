package web

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	stopping := make(chan struct{})
	c := a.server.Config
	c.Stopping = stopping
	admin := Admin(c)
	ask := func(path string) *recorder {
		w := httptest.NewRecorder()
		admin.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	if w := ask("/livez"); w.Code != 200 {
		t.Errorf("livez %d", w.Code)
	}
	if w := ask("/readyz"); w.Code != 200 || w.Body.String() != `{"ready":true,"reasons":[]}` {
		t.Errorf("readyz %d %s", w.Code, w.Body)
	}
	if _, err := a.db.Owner.Exec(t.Context(), `insert into public.goose_db_version (version_id, is_applied) values (99999, true)`); err != nil {
		t.Fatal(err)
	}
	if w := ask("/readyz"); w.Code != 503 || !strings.Contains(w.Body.String(), "newer") {
		t.Errorf("readyz on a newer schema: %d %s", w.Code, w.Body)
	}
	close(stopping)
	if w := ask("/readyz"); w.Code != 503 || !strings.Contains(w.Body.String(), "stopping") {
		t.Errorf("readyz while stopping: %d %s", w.Code, w.Body)
	}
	c.Stopping = nil
	unreachable, err := ledger.OpenPool(t.Context(), "postgres://yilu_service@127.0.0.1:1/none", 1, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer unreachable.Close()
	c.Pool = unreachable
	admin = Admin(c)
	if w := ask("/readyz"); w.Code != 503 || !strings.Contains(w.Body.String(), "database not reachable") {
		t.Errorf("readyz without a database: %d %s", w.Code, w.Body)
	}
	if w := ask("/livez"); w.Code != 200 {
		t.Errorf("livez without a database: %d", w.Code)
	}
}

// TestMetricsNameNobody fills a book and looks at every label.
func TestMetricsNameNobody(t *testing.T) {
	t.Parallel()
	var a *api
	a = newAPI(t, func(c *ledger.Config) {
		c.Committed = func(book ledger.Book, entries int) { a.server.Metrics.Group(book, entries) }
	})
	a.fill()
	a.send(404, "GET", book("/projects/"+secretNumber), "", "")
	a.send(404, "GET", "/"+secretNumber, "", "")
	a.post(409, ledger.Maker, "/entries", requestEntry("r1", "Z7", "1.00"))
	w := httptest.NewRecorder()
	Admin(a.server.Config).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	figures := w.Body.String()
	for _, want := range []string{
		`yilu_book_entries{book="411025"} 22`,
		`yilu_waiting_entries 0`,
		`yilu_post_seconds_count{book="411025",outcome="conflict"} 1`,
		`yilu_http_requests_total{route="/api/v1/books/:book/projects/:project",status="404"} 1`,
		`yilu_http_requests_total{route="",status="404"} 1`,
		`yilu_pool_connections{pool="write"}`,
		`yilu_group_entries_sum{book="411025"} 22`,
		`yilu_unjudged_entries{book="411025"} 22`,
		`yilu_alerts_open{book="411025",level="red"} 0`,
		`yilu_timers_overdue{book="411025"} 0`,
		`go_goroutines`,
	} {
		if !strings.Contains(figures, want) {
			t.Errorf("no %s in:\n%s", want, figures)
		}
	}
	label := regexp.MustCompile(`[{,]([a-z_]+)="([^"]*)"`)
	for _, found := range label.FindAllStringSubmatch(figures, -1) {
		switch found[1] {
		case "book", "route", "status", "outcome", "le", "quantile", "version", "pool", "level", "job", "disk":
		default:
			t.Errorf("label %s=%q", found[1], found[2])
		}
		if strings.Contains(found[2], secretNumber) {
			t.Errorf("label %s=%q", found[1], found[2])
		}
	}
}

// TestFiguresOfPublishing plants public files of a log that has more than the book,
// whose signer has halted and of whose two witnesses one refuses.
func TestFiguresOfPublishing(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.fill()
	c := a.server.Config
	c.Public = t.TempDir()
	c.Held = func() ledger.Text { return ledger.Text{Zh: "缺", En: "missing"} }
	c.SelfCheck = &selfCheck{found: make([]SelfFault, 2)}
	c.Unready = func() []string { return []string{"the disk of data is full"} }
	dir := filepath.Join(c.Public, string(testBook))
	plant := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	checkpoint := func(size string) string {
		return "log.example/411025\n" + size + "\n" + base64.StdEncoding.EncodeToString(make([]byte, 32)) + "\n\n— log.example/411025 AAAAAAA=\n"
	}
	plant("checkpoint", checkpoint("30"))
	plant("status.json", `{"origin":"log.example/411025","keys":[],"size":"31","root":"","at":"","halted":"why","witnesses":[{"name":"w","key":"k","refused":true},{"name":"v","key":"k","trouble":"away"}]}`)
	ask := func(path string) string {
		w := httptest.NewRecorder()
		Admin(c).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Body.String()
	}
	want := func(figures string, lines ...string) {
		t.Helper()
		for _, line := range lines {
			if !strings.Contains(figures, line+"\n") {
				t.Errorf("no %s in %s", line, regexp.MustCompile(`(?m)^(#|go_|process_).*\n`).ReplaceAllString(figures, ""))
			}
		}
	}
	want(ask("/metrics"), `yilu_held 1`, `yilu_own_check_faults 2`, `yilu_published_entries{book="411025"} 30`, `yilu_published_beyond_head{book="411025"} 1`,
		`yilu_signed_entries{book="411025"} 31`, `yilu_signer_halted{book="411025"} 1`, `yilu_witnesses_refusing{book="411025"} 1`,
		`yilu_witnesses_silent{book="411025"} 1`, `yilu_unpublished_seconds{book="411025"} 0`)
	plant("checkpoint", checkpoint("20"))
	first, err := a.ledger.Entry(t.Context(), testBook, 20)
	if err != nil {
		t.Fatal(err)
	}
	c.Now = func() time.Time { return first.At.Add(7 * time.Minute) }
	want(ask("/metrics"), `yilu_published_beyond_head{book="411025"} 0`, `yilu_unpublished_seconds{book="411025"} 420`)
	if ready := ask("/readyz"); ready != `{"ready":false,"reasons":["missing","the disk of data is full"]}` {
		t.Errorf("readyz %s", ready)
	}
}
