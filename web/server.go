package web

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// Config is what the server needs; cmd/yilu fills it.
type Config struct {
	Ledger *ledger.Ledger
	// Pool reads tokens; it connects as the service role.
	Pool *pgxpool.Pool
	Log  *slog.Logger
	Now  func() time.Time
	// Book is the county that "/" leads to, such as "411025".
	Book ledger.Book
	// BasePath is where a portal mounts the public part, "" or "/yilu".
	BasePath string
	// Demo marks every page as made-up data.
	Demo bool
}

// server holds what handlers share.
type server struct {
	Config
	ledger *ledger.Ledger
}

// New returns the public handler: pages and API.
func New(c Config) http.Handler {
	s := &server{Config: c, ledger: c.Ledger}
	e := echo.New()
	e.HideBanner = true
	e.IPExtractor = echo.ExtractIPDirect()
	s.apiRoutes(e.Group(c.BasePath + "/api/v1"))
	s.pageRoutes(e.Group(c.BasePath))
	return e
}
