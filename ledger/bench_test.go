package ledger

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"yilu/audit"
	"yilu/migrations/pgtest"
)

// durableLedger is a ledger with one funded project on a cluster with fsync on.
func durableLedger(b *testing.B) *Ledger {
	b.Helper()
	c := pgtest.Durable(b)
	pool, err := OpenPool(b.Context(), c.ServiceURL(), 8, time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(pool.Close)
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	l := New(Config{Pool: pool, Sealer: sealer, Now: time.Now})
	b.Cleanup(l.Close)
	if err := l.CreateBook(b.Context(), testBook); err != nil {
		b.Fatal(err)
	}
	const much = MaxAmount
	settle(b, l, "S1",
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "财政专项扶贫资金", Level: "central", Amount: much, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("p1", approvedProject("P1", "F1", much), maker),
		draft("a1", &FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕1号", Amount: much}, maker))
	return l
}

// BenchmarkPost posts single payment requests from 32 callers at once.
func BenchmarkPost(b *testing.B) {
	l := durableLedger(b)
	var n atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			id := fmt.Sprintf("Z%d", n.Add(1))
			if _, err := l.Post(b.Context(), testBook, draft(id, request(id, 100), maker)); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkPostBatch posts payment requests in units of 1,000.
func BenchmarkPostBatch(b *testing.B) {
	l := durableLedger(b)
	batch := 0
	for b.Loop() {
		drafts := make([]Draft, 1000)
		for i := range drafts {
			id := fmt.Sprintf("B%d-%d", batch, i)
			drafts[i] = draft(id, request(id, 100), maker)
		}
		batch++
		if _, err := l.Post(b.Context(), testBook, drafts...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
}
