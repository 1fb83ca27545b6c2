package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// errorView tells a reader in plain words that there is nothing here, or that we
// failed. It names no cause: causes are for the log.
type errorView struct {
	*frame
	Status int
	// Key names the sentences of the page.
	Key string
	// Request is the id under which the log knows more.
	Request string
	// Problems name what is wrong with the address, Bare is the same page without what it was
	// asked, "" for none.
	Problems []ledger.Problem
	Bare     string
}

// Say is a text of two languages in the page's.
func (p *errorView) Say(t ledger.Text) string { return p.lang.pick(t) }

// renderError shows an error of a page's path in the language of its URL; fail
// has logged what needs logging. It asks the database nothing, since that may be
// what failed.
func (s *server) renderError(c echo.Context, p *problem) error {
	key := "error"
	switch {
	case p.Status == http.StatusNotFound, p.Status == http.StatusMethodNotAllowed:
		key = "missing"
	case p.Status == http.StatusRequestEntityTooLarge:
		key = "large"
	case p.Status == http.StatusUnsupportedMediaType:
		key = "media"
	case p.Status == http.StatusServiceUnavailable:
		key = "busy"
	case p.Status == http.StatusForbidden:
		key = "forbidden"
	case p.Status < http.StatusInternalServerError:
		key = "refused"
	}
	page := &errorView{frame: s.newFrame(c, "error", ""), Status: p.Status, Key: key, Request: p.Request, Problems: p.Problems}
	if r := c.Request(); p.Status == http.StatusUnprocessableEntity && r.Method == http.MethodGet && r.URL.RawQuery != "" {
		page.Bare = r.URL.EscapedPath()
	}
	return s.render(c, p.Status, page)
}
