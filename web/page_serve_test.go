package web

import (
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"yilu/ledger"
)

// TestServeForBrowser serves the small county of the tests to a browser at
// YILU_SERVE, such as 127.0.0.1:28080, until the process is stopped.
func TestServeForBrowser(t *testing.T) {
	at := os.Getenv("YILU_SERVE")
	if at == "" {
		t.Skip("YILU_SERVE is not set")
	}
	dress := plainText
	if os.Getenv("YILU_HOSTILE") != "" {
		dress = hostile
	}
	x := newWarned(t, dress)
	ln, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	h := New(Config{Ledger: x.l, Pool: x.db.Pool, Log: slog.Default(), Now: time.Now, Book: pageBook, Demo: true, Alerts: testEngine(x.l, x.db)})
	if file := os.Getenv("YILU_TOKEN_FILE"); file != "" {
		if err := os.WriteFile(file, []byte(x.token(ledger.Auditor, "auditor-1", "411025-SJ", time.Now())), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Log(http.Serve(ln, h))
}
