package web

import (
	"log/slog"
	"net"
	"net/http"
	"os"
	"testing"
	"time"
)

// TestServeForBrowser serves the small county of the tests to a browser at
// YILU_SERVE, such as 127.0.0.1:28080, until the process is stopped.
func TestServeForBrowser(t *testing.T) {
	at := os.Getenv("YILU_SERVE")
	if at == "" {
		t.Skip("YILU_SERVE is not set")
	}
	x := newFixture(t, func(s string) string { return s }).typical()
	ln, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	h := New(Config{Ledger: x.l, Log: slog.Default(), Now: time.Now, Book: pageBook, Demo: true})
	t.Log(http.Serve(ln, h))
}
