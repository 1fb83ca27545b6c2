package web

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"
)

// The auditor's workbench: the list of warnings as it grows, a warning's page with all
// that an auditor asks next, its case file, and what is told of the whole county.

// watchRoutes are its pages in one language.
func (s *server) watchRoutes(g *echo.Group, l language) {
	get := func(path string, want right, section string, handle func(*call, *officer) error) {
		g.Match([]string{http.MethodGet, http.MethodHead}, l.Prefix+path, s.staff(want, section, handle))
	}
	post := func(path string, want right, section string, handle func(*call, *officer) error) {
		g.POST(l.Prefix+path, s.staff(want, section, handle))
	}
	get("/alerts", readWarnings, "alerts", s.alertsPage)
	post("/alerts", readWarnings, "alerts", s.stepsPage)
	get("/alerts/:alert", readWarnings, "alerts", s.alertPage)
	post("/alerts/:alert", readWarnings, "alerts", s.stepPage)
	post("/alerts/:alert/reveal", inspect, "alerts", s.revealPage)
	get("/alerts/:alert/package.zip", inspect, "alerts", s.packageFile)
	get("/desk/reports", oversee, "reports", s.reportPage)
	get("/desk/reports/list.xlsx", oversee, "reports", s.reportFile)
	get("/desk/precision", oversee, "precision", s.precisionPage)
	get("/desk/acts", oversee, "acts", s.actsPage)
	get("/desk/acts/list.csv", oversee, "acts", s.actsFile("csv"))
	get("/desk/acts/list.xlsx", oversee, "acts", s.actsFile("xlsx"))
	get("/desk/rules", oversee, "proposals", s.proposalsPage)
	post("/desk/rules", changeRules, "proposals", s.decideProposal)
	get("/desk/rules/:code", changeRules, "proposals", s.proposePage)
	post("/desk/rules/:code", changeRules, "proposals", s.proposeStep)
	get("/desk/health", operate, "health", s.healthPage)
	post("/desk/health", operate, "health", s.healthStep)
}

// renderPart answers with one template of a page, without what stands around it: for
// our own script.
func (s *server) renderPart(c echo.Context, p page, part string) error {
	f := p.base()
	var b bytes.Buffer
	if err := f.site.pages[f.lang][f.template].ExecuteTemplate(&b, part, p); err != nil {
		return fmt.Errorf("render %s of %s: %w", part, f.template, err)
	}
	h := pageHeaders(c, f.Lang)
	h.Set("Content-Length", fmt.Sprint(b.Len()))
	c.Response().WriteHeader(http.StatusOK)
	_, err := b.WriteTo(c.Response())
	return err
}

// staffTime is how long making a file for an officer may take.
const staffTime = 2 * time.Minute

// sendStaff makes a file for one officer and sends it. Nobody keeps it on the way, and
// nobody gets half of it.
func (s *server) sendStaff(c *call, name, mediaType string, write func(w io.Writer) error) error {
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	case <-c.ctx().Done():
		return c.ctx().Err()
	case <-time.After(s.Patience):
		return errMaking
	}
	var made spool
	defer func() { _ = made.Close() }()                                                   // nameless: nothing is left
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(s.Now().Add(staffTime)) // none to set in tests
	if err := write(&made); err != nil {
		return err
	}
	file, err := made.rewound()
	if err != nil {
		return err
	}
	c.Set(lasting, true)
	h := c.Response().Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Content-Length", fmt.Sprint(made.size))
	_, err = io.Copy(c.Response(), file)
	return gone(err)
}
