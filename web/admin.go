package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yilu/account"
	"yilu/ledger"
	"yilu/migrations"
)

// Metrics counts what the public handler does, for Admin to show. Labels name
// books, routes and statuses: never a user, an id or a path.
type Metrics struct {
	requests *prometheus.CounterVec
	posts    *prometheus.HistogramVec
	logins   *prometheus.CounterVec
	streams  prometheus.Gauge
	groups   *prometheus.HistogramVec
}

// NewMetrics returns Metrics at zero; one goes to New and to Admin.
func NewMetrics() *Metrics {
	return &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yilu_http_requests_total", Help: "Answered requests by route and status; no route is an unknown address.",
		}, []string{"route", "status"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{Name: "yilu_alert_streams", Help: "Readers of the stream of warnings."}),
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yilu_logins_total", Help: "Log-ins by outcome: good, wrong, delayed or failed (a fault of ours). Wrong ones that rise are somebody guessing.",
		}, []string{"outcome"}),
		posts: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "yilu_post_seconds", Help: "How long callers waited for a post, by what became of it.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 20},
		}, []string{"book", "outcome"}),
		groups: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "yilu_group_entries", Help: "Entries that were committed together.",
			Buckets: []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 120_000},
		}, []string{"book"}),
	}
}

// Group counts entries that were committed together.
func (m *Metrics) Group(book ledger.Book, entries int) {
	m.groups.WithLabelValues(string(book)).Observe(float64(entries))
}

// Admin returns the operator's handler: health and figures. It belongs on a
// listener that only the operator's network reaches.
func Admin(c Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		showReadiness(w, c.notReady(r.Context()))
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(c.registry(), promhttp.HandlerOpts{}))
	return mux
}

// notReady lists the reasons why the server should not be sent anybody. It asks
// both pools, since a replica may answer readers while nothing can be posted.
func (c Config) notReady(ctx context.Context) []string {
	var reasons []string
	select {
	case <-c.Stopping: // nil blocks: never stopping
		reasons = append(reasons, "stopping")
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := errors.Join(c.Pool.Ping(ctx), c.Ledger.Pool.Ping(ctx)); err != nil {
		return append(reasons, "database not reachable")
	}
	if err := migrations.Check(ctx, c.Pool); err != nil {
		reasons = append(reasons, "database schema: "+err.Error())
	}
	if c.Held != nil {
		if why := c.Held(); why != (ledger.Text{}) {
			reasons = append(reasons, why.En)
		}
	}
	if c.Unready != nil {
		reasons = append(reasons, c.Unready()...)
	}
	return reasons
}

// showReadiness answers a load balancer by the status and its operator by the
// reasons.
func showReadiness(w http.ResponseWriter, reasons []string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if len(reasons) > 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.MarshalWrite(w, struct { // a caller that hung up needs no answer
		Ready   bool     `json:"ready"`
		Reasons []string `json:"reasons"`
	}{len(reasons) == 0, reasons})
}

// registry gathers all figures; those of the pool and the queue are read when
// they are asked for.
func (c Config) registry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &figures{c})
	r.MustRegister(c.Collectors...)
	if c.Metrics != nil {
		r.MustRegister(c.Metrics.requests, c.Metrics.posts, c.Metrics.logins, c.Metrics.streams, c.Metrics.groups)
	}
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yilu_waiting_entries", Help: "Entries that wait for their book."},
		func() float64 { return float64(c.Ledger.Waiting()) }))
	for name, pool := range map[string]*pgxpool.Pool{"write": c.Ledger.Pool, "read": c.Pool} {
		gauge := func(what, help string, value func(*pgxpool.Stat) int64) {
			r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yilu_pool_" + what, Help: help, ConstLabels: prometheus.Labels{"pool": name}},
				func() float64 { return float64(value(pool.Stat())) }))
		}
		gauge("connections", "Connections to PostgreSQL.", func(s *pgxpool.Stat) int64 { return int64(s.TotalConns()) })
		gauge("acquired", "Connections in use.", func(s *pgxpool.Stat) int64 { return int64(s.AcquiredConns()) })
		gauge("max", "The most connections there may be.", func(s *pgxpool.Stat) int64 { return int64(s.MaxConns()) })
		gauge("waited", "How often a connection had to be waited for since the start.", (*pgxpool.Stat).EmptyAcquireCount)
	}
	return r
}

// entered counts a log-in.
func (m *Metrics) entered(err error) {
	outcome := "failed"
	_, delayed := errors.AsType[*account.Delayed](err)
	switch {
	case err == nil:
		outcome = "good"
	case delayed:
		outcome = "delayed"
	case errors.Is(err, account.ErrWrong):
		outcome = "wrong"
	}
	m.logins.WithLabelValues(outcome).Inc()
}
