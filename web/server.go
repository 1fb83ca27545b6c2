package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"yilu/account"
	"yilu/alerts"
	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/publicity"
	"yilu/publicity/workday"
)

const (
	// maxBody is the longest request in bytes: a thousand entries of a kilobyte.
	maxBody = 1 << 20
	// formRoom is how much longer a request that brings a file may be than the file.
	formRoom = 64 << 10
	// slow is how long a request may take before it is logged.
	slow = time.Second
)

// SelfFault is what is wrong with an entry, ledger.None for the log as a whole.
type SelfFault struct {
	Entry ledger.Seq
	Text  ledger.Text
}

// SelfCheck is the service's own check of every stored entry, each night and when an
// administrator or auditor asks for it.
type SelfCheck interface {
	// Found is what the last check found, nothing if all is well.
	Found() []SelfFault
	// Last is when it ended, zero before the first, and whether one is under way.
	Last() (ended time.Time, running bool)
	// Ask starts one soon.
	Ask()
}

// Config is what the server needs; cmd/yilu fills it.
type Config struct {
	Ledger *ledger.Ledger
	// Accounts are who logs in; nil means that there are no pages of officers.
	Accounts *account.Accounts
	// Pool reads tokens; it connects as the service role.
	Pool *pgxpool.Pool
	Log  *slog.Logger
	Now  func() time.Time
	// Book is the county that "/" leads to, such as "411025".
	Book ledger.Book
	// BasePath is where a portal mounts the public part, "" or "/yilu".
	BasePath string
	// PageAge is how long a page may be shown after the book has moved; zero asks the
	// book at every request. Each page says as of when it is.
	PageAge time.Duration
	// Origin is where the public finds this server, such as https://example.gov.cn, for
	// what must name itself in full; "" for what each reader calls it. Pages, which are
	// kept for all readers and exported without any, then name no address in full.
	Origin string
	// Prefix begins the ids of contracting processes; "" says that none is registered.
	Prefix string
	// Patience is how long a request for a file waits until fewer are being made; zero is
	// as long as a reader waits.
	Patience time.Duration
	// Licence is the address of the licence that the county publishes its data under;
	// "" if it has chosen none.
	Licence string
	// Proxies are the networks of reverse proxies that are believed who a visitor is;
	// without any it is whoever connects.
	Proxies []*net.IPNet
	// Demo marks every page as made-up data.
	Demo bool
	// Public is the folder of the public logs, one folder per book in it; "" serves
	// none.
	Public string
	// Held says why nothing may be entered now, or the zero Text. It is asked before
	// every post; nil never holds.
	Held func() ledger.Text
	// SelfCheck is our own check of the book, for the pages; it may be nil.
	SelfCheck SelfCheck
	// Alerts reads warnings and takes the steps of their cases; nil means that there
	// are no warnings here.
	Alerts *alerts.Engine
	// Raised says by a send that the engine may have raised warnings, so that streams
	// need not wait for their next look, each second. It may be nil.
	Raised <-chan struct{}
	// Duties says what must be published; nil makes one of Ledger and Pool.
	Duties *publicity.Duties
	// Print prints a page that stands in a file as PDF; nil where there is nothing to
	// print with.
	Print func(ctx context.Context, page string) ([]byte, error)
	// Health looks at what the server stands on, for the administrator's page; it may be
	// nil.
	Health func(ctx context.Context) []HealthLine
	// PublicURL is our address as others reach it, with the path a portal mounts us at,
	// for posters; "" leaves the host out.
	PublicURL string
	// BoardNames says how names of households stand on printed lists: one of
	// publicity.BoardNames, "" for masked. On pages they never stand.
	BoardNames string
	// Limits bound what the public forms take of an address.
	Limits Limits
	// Trail keeps who did what; nil makes one of Ledger and Pool.
	Trail *Trail
	// Files keeps documents and uploads; nil means that there are none here.
	Files *document.Store
	// Metrics counts what New serves and Admin shows; nil counts for nobody.
	Metrics *Metrics
	// Collectors are further figures for Admin, such as of disks and backups; Unready
	// lists further reasons why nobody should be sent here. Both may be nil.
	Collectors []prometheus.Collector
	Unready    func() []string
	// Stopping is closed when the server is told to stop: Admin then says "not
	// ready", so that nobody new is sent here. It may be nil.
	Stopping <-chan struct{}
}

// errStopping is why work behind a request has ended before its time.
var errStopping = errors.New("the server stops")

// behind is the context of work that goes on behind its request: for so long at most, and
// not longer than the server, whose end waits for the connections that such work holds.
func behind(ctx context.Context, stopping <-chan struct{}, within time.Duration) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	ctx, cancel := context.WithTimeout(ctx, within)
	go func() {
		defer stop(nil)
		select {
		case <-stopping: // nil blocks: never stopping
			stop(errStopping)
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// stopped says that such work has ended with its server.
func stopped(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errStopping) }

// server holds what handlers share.
type server struct {
	Config
	ledger *ledger.Ledger
	tokens *tokens
	origin *http.CrossOriginProtection
	// books are those known to exist. A book never goes away.
	books sync.Map
	// money is the book's currency once it is known, see currency.
	money atomic.Pointer[string]
	// watch follows the feed of warnings for all streams; streams counts them.
	watch   *alerts.Watch
	streams atomic.Int64
	// attempts are the refused posts that are being kept, attempting waits for them.
	attempts   chan struct{}
	attempting sync.WaitGroup
	// objections and slips bound what the public forms take.
	objections, slips *quota
	// past are the proposed changes that are tried on the past.
	past pastTests
	// machine is what the slow checks of health said.
	machine     checks
	posterCodes qrCodes
	// picturing lets one photograph at a time be read.
	picturing chan struct{}
	// names are the names of places that were read last.
	names atomic.Pointer[placeNames]
	// keep holds rendered pages, making bounds the files that are being made.
	keep   *keep
	making chan struct{}
	// large are the routes that take a file, readings the uploads that are being read.
	large    map[string]bool
	readings readings
	// served numbers the requests of this process.
	served atomic.Int64
	// started tells the requests of two processes apart.
	started string
	// errorPage shows an error to people; pageRoutes sets it. Programs, and all
	// while it is nil, get problem+json.
	errorPage func(c echo.Context, p *problem) error
}

// New returns the public handler: pages and API.
func New(c Config) http.Handler {
	_, e := newServer(c)
	return e
}

// newServer is New for tests, which look inside.
func newServer(c Config) (*server, *echo.Echo) {
	if c.Metrics == nil {
		c.Metrics = NewMetrics()
	}
	if c.Duties == nil {
		c.Duties = &publicity.Duties{Ledger: c.Ledger, Pool: c.Pool, Calendar: workday.StateCouncil()}
	}
	if c.Trail == nil && c.Ledger != nil {
		c.Trail = &Trail{Ledger: c.Ledger, Pool: c.Ledger.Pool}
	}
	if c.Patience == 0 {
		c.Patience = makingWait
	}
	s := &server{
		Config: c, ledger: c.Ledger, tokens: newTokens(c.Pool, c.Now), origin: http.NewCrossOriginProtection(),
		started: strconv.FormatInt(c.Now().UnixMilli(), 36), attempts: make(chan struct{}, maxAttempts),
		objections: newQuota(c.Limits.Objections, c.Limits.ObjectionsEach, objectionsPerHour, objectionsEach),
		slips:      newQuota(c.Limits.Slips, c.Limits.SlipsEach, slipsPerHour, slipsEach),
		keep:       newKeep(c.PageAge, c.Now), making: make(chan struct{}, mostMaking), picturing: make(chan struct{}, 1),
		large: map[string]bool{}, readings: newReadings(c.Stopping),
	}
	s.watchAlerts()
	e := echo.New()
	e.HideBanner = true
	e.IPExtractor = addresses(c.Proxies)
	e.HTTPErrorHandler = s.fail
	e.Pre(readFilterPath)
	e.Use(s.guard)
	s.apiRoutes(e.Group(c.BasePath + "/api/v1"))
	s.logRoutes(e.Group(c.BasePath + "/log/:book"))
	s.pageRoutes(e.Group(c.BasePath))
	return s, e
}

// addresses tells a visitor's address. Only the named proxies are believed: not
// whoever connects from the office's own network.
func addresses(proxies []*net.IPNet) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range proxies {
		trust = append(trust, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

// Values of headers that are the same for all: net/http only reads them.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	// pagePolicy is the strict policy of ui.md §8; nothing needs an exception.
	pagePolicy = []string{"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"}
)

// guard is the one middleware, around every handler: headers, the limit of a
// body, other sites' forms, panics, the one error handler, counting and logging.
func (s *server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := s.Now()
		r, w := c.Request(), c.Response()
		h := w.Header()
		h["X-Content-Type-Options"] = noSniff
		h["Referrer-Policy"] = noReferrer
		h["Content-Security-Policy"] = pagePolicy
		h["X-Request-Id"] = []string{s.requestID(r)}
		if r.ContentLength != 0 {
			most := int64(maxBody)
			if s.large[c.Path()] {
				most = s.Files.MaxFile + formRoom
			}
			r.Body = http.MaxBytesReader(w.Writer, r.Body, most)
		}
		err := s.origin.Check(r)
		if err != nil {
			err = errCrossOrigin
		} else {
			err = s.safely(next, c)
		}
		if err != nil {
			s.fail(err, c)
		}
		s.observe(c, s.Now().Sub(began))
		return nil
	}
}

// safely turns a panic of a handler into an error, except the one by which
// net/http is told to drop the connection.
func (s *server) safely(next echo.HandlerFunc, c echo.Context) (err error) {
	defer func() {
		if r := recover(); r == http.ErrAbortHandler {
			panic(r)
		} else if r != nil {
			err = &panicked{fmt.Sprint(r), debug.Stack()}
		}
	}()
	return next(c)
}

// panicked is a bug, with where it happened for the log.
type panicked struct {
	value string
	stack []byte
}

func (e *panicked) Error() string { return "panic: " + e.value }

// requestID is the caller's own id, if it looks like one, or a new one.
func (s *server) requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 64 && plain(id) {
		return id
	}
	return s.started + "-" + strconv.FormatInt(s.served.Add(1), 36)
}

// plain says whether s has only the characters of ids, which are safe in logs,
// paths and headers.
func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c == '.' || c == '_') {
			return false
		}
	}
	return true
}

// quiet marks an answer that needs no line in the log, lasting one that is meant to
// take long.
const (
	quiet   = "quiet"
	lasting = "lasting"
)

// observe counts every request and logs the slow and the failed ones. The log
// names the route, never the path: a path holds what people type.
func (s *server) observe(c echo.Context, took time.Duration) {
	w := c.Response()
	s.Metrics.requests.WithLabelValues(c.Path(), strconv.Itoa(w.Status)).Inc()
	if c.Get(lasting) == true || took < slow && (w.Status < http.StatusInternalServerError || c.Get(quiet) == true) { // a stream is no slow answer
		return
	}
	s.Log.LogAttrs(context.WithoutCancel(c.Request().Context()), slog.LevelWarn, "request", slog.String("request", requestIDOf(c)),
		slog.String("method", c.Request().Method), slog.String("route", c.Path()), slog.Int("status", w.Status),
		slog.Int64("milliseconds", took.Milliseconds()))
}

// requestIDOf is the id that the answer names and the log can be searched for.
func requestIDOf(c echo.Context) string { return c.Response().Header().Get("X-Request-Id") }

// known refuses a book that does not exist. It asks the database once a book.
func (s *server) known(ctx context.Context, book ledger.Book) error {
	if _, ok := s.books.Load(book); ok {
		return nil
	}
	if !book.Valid() {
		return fmt.Errorf("book: %w", ledger.ErrNotFound)
	}
	if _, err := s.ledger.Head(ctx, book); err != nil {
		return err
	}
	s.books.Store(book, true)
	return nil
}
