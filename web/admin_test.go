package web

import (
	"net/http"
	"net/http/httptest"
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
	a := newAPI(t)
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
		`go_goroutines`,
	} {
		if !strings.Contains(figures, want) {
			t.Errorf("no %s in:\n%s", want, figures)
		}
	}
	label := regexp.MustCompile(`[{,]([a-z_]+)="([^"]*)"`)
	for _, found := range label.FindAllStringSubmatch(figures, -1) {
		switch found[1] {
		case "book", "route", "status", "outcome", "le", "quantile", "version", "pool":
		default:
			t.Errorf("label %s=%q", found[1], found[2])
		}
		if strings.Contains(found[2], secretNumber) {
			t.Errorf("label %s=%q", found[1], found[2])
		}
	}
}
