package web

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
)

// BenchmarkPost posts payment requests through HTTP over TCP, from 32 clients,
// to a PostgreSQL that syncs: client, server and database share the cores.
func BenchmarkPost(b *testing.B) {
	cluster := pgtest.Durable(b)
	ctx := b.Context()
	pool, err := ledger.OpenPool(ctx, cluster.ServiceURL(), 8, time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	owner, err := pgxpool.New(ctx, cluster.OwnerURL())
	if err != nil {
		b.Fatal(err)
	}
	defer owner.Close()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: pool, Sealer: sealer, Now: time.Now})
	defer l.Close()
	if err := l.CreateBook(ctx, testBook); err != nil {
		b.Fatal(err)
	}
	secret, err := CreateToken(ctx, owner, Token{Book: testBook, User: "u0", Unit: "x", Role: ledger.Maker, Created: time.Now(), Expires: time.Now().Add(time.Hour)})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(New(Config{Ledger: l, Pool: pool, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: testBook}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	var n atomic.Int64
	b.SetParallelism(16)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			id := fmt.Sprintf("p%d", n.Add(1))
			body := fmt.Sprintf(`{"id":"%s","kind":"project.listed","on":"2020-03-18","body":{"project":"%s","name":"道路硬化","content":"硬化道路1公里","type":"construction","place":"411025103205","place_name":"某村","unit":"镇政府","estimate":"100.00"}}`, id, id)
			r, _ := http.NewRequest("POST", server.URL+"/api/v1/books/411025/entries", bytes.NewReader([]byte(body)))
			r.Header.Set("Authorization", "Bearer "+secret)
			r.Header.Set("Content-Type", "application/json")
			w, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			answer, _ := io.ReadAll(w.Body)
			w.Body.Close()
			if w.StatusCode != 201 {
				b.Errorf("%d %s", w.StatusCode, answer)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

// BenchmarkPostCost is what HTTP, the token and JSON cost without the ledger: a
// whole request whose post is refused before any lock.
func BenchmarkPostCost(b *testing.B) {
	a := newAPI(b)
	body := requestEntry("r1", "Z1", "1.00")
	body = `{"id":"",` + body[len(`{"id":"r1",`):]
	header := http.Header{"Authorization": {"Bearer " + a.tokens[ledger.Maker]}, "Content-Type": {"application/json"}}
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		r := httptest.NewRequest("POST", "/api/v1/books/411025/entries", bytes.NewReader([]byte(body)))
		r.Header = header
		w := httptest.NewRecorder()
		a.http.ServeHTTP(w, r)
		if w.Code != 422 {
			b.Fatal(w.Code, w.Body)
		}
	}
}
