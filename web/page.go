package web

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// The public pages: read-only, rendered here, without JavaScript, in Chinese
// under / and in English under /en/. They show what the book says and nothing
// of a private person.

// pageRoutes is the map of the public pages.
func (s *server) pageRoutes(g *echo.Group) {
	site := siteOf(s.BasePath) // parse everything before the first reader comes
	s.errorPage = s.renderError
	get := func(path string, h echo.HandlerFunc) { g.Match([]string{http.MethodGet, http.MethodHead}, path, h) }
	get("/a/:hash/:name", s.showAsset)
	if s.BasePath != "" {
		get("", func(c echo.Context) error { return c.Redirect(http.StatusMovedPermanently, site.href(chinese, "/")) })
	}
	get("/en", func(c echo.Context) error { return c.Redirect(http.StatusMovedPermanently, site.href(english, "/")) })
	for _, l := range languages {
		at := func(path, template, section string, v view) { get(l.Prefix+path, s.serve(template, section, v)) }
		at("/", "county", "county", s.countyPage)
		at("/about", "about", "about", s.aboutPage)
		at("/funds", "funds", "funds", s.fundsPage)
		at("/funds/:fund", "fund", "funds", s.fundPage)
		at("/documents", "documents", "documents", s.documentsPage)
		at("/places/:code", "place", "county", s.placePage)
		at("/projects", "projects", "projects", s.projectsPage)
		at("/p/:project", "project", "projects", s.projectPage)
		at("/payments", "payments", "payments", s.paymentsPage)
		at("/payments/:payment", "payment", "payments", s.paymentPage)
		at("/payees", "payees", "payees", s.payeesPage)
		at("/payees/:payee", "payee", "payees", s.payeePage)
		at("/notices", "notices", "notices", s.noticesPage)
		at("/notices/:notice", "notice", "notices", s.noticePage)
		at("/notices/:notice/poster", "poster", "notices", s.posterPage)
		at("/posters", "posters", "notices", s.postersPage)
		at("/objections", "objections", "notices", s.objectionsPage)
		get(l.Prefix+"/object", s.showObjectionForm)
		g.POST(l.Prefix+"/object", s.takeObjection)
		get(l.Prefix+"/receipt", s.receiptPage)
		g.POST(l.Prefix+"/receipt", s.receiptPage)
		at("/coverage", "coverage", "notices", s.coveragePage)
		at("/check", "check", "notices", s.checkPage)
		at("/c/:code", "check", "notices", s.checkPage)
		at("/entries", "entries", "entries", s.entriesPage)
		at("/entries/:seq", "entry", "entries", s.entryPage)
		s.staffRoutes(g, l)
		get(l.Prefix+"/log", s.showLog)
		get(l.Prefix+"/entries/:seq/proof", s.showProofPage)
	}
}

// frame is what every page shows around its own content.
type frame struct {
	site     *site
	lang     language
	template string
	// Lang is the language of the page as HTML names it.
	Lang string
	// Section is the item of the navigation that the page belongs to.
	Section string
	// Zh and En are the addresses of this page in the two languages.
	Zh, En string
	County string
	Book   ledger.Book
	Demo   bool
	// Rules is set where there are rules and warnings to link to.
	Rules bool
	// Head is the state of the book that the figures show; Known is false on
	// pages that did not ask for it.
	Head  ledger.Head
	Known bool
	// Day is the day of the last entry in Shanghai, "" in an empty book.
	Day ledger.Date
	// script lets the page run our own script, and that ask us for files.
	script bool
}

func (s *server) newFrame(c echo.Context, template, section string) *frame {
	site := siteOf(s.BasePath)
	u := *c.Request().URL
	path := strings.TrimPrefix(u.EscapedPath(), s.BasePath)
	l := chinese
	if path == english.Prefix || strings.HasPrefix(path, english.Prefix+"/") {
		l, path = english, strings.TrimPrefix(path, english.Prefix)
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return &frame{
		site: site, lang: l, template: template, Lang: l.Tag, Section: section, Book: s.Book, Demo: s.Demo, Rules: s.Alerts != nil,
		Zh: site.href(chinese, path), En: site.href(english, path), County: l.division(string(s.Book)),
	}
}

// t is a sentence for the Go side of a page.
func (f *frame) t(key string, args ...any) string {
	text, err := f.site.locales[f.lang].text(key, args...)
	if err != nil {
		panic("web: " + err.Error()) // the test of the locales holds every key
	}
	return text
}

// name is the name of a code in the page's language.
func (f *frame) name(list, code string) string { return f.lang.pick(codeNames[list](code)) }

// base tells render which template to take, and in which language.
func (f *frame) base() *frame { return f }

// Root is the beginning of the root of the book's tree, enough to compare by eye.
func (f *frame) Root() string { return hex.EncodeToString(f.Head.Root[:6]) }

// setHead says which state of the book the page shows.
func (f *frame) setHead(h ledger.Head) {
	f.Head, f.Known, f.Day = h, true, ""
	if at, err := time.Parse(time.RFC3339Nano, h.At); err == nil && h.Size > 0 {
		f.Day = ledger.DateOf(at)
	}
}

// Last is the seq of the last entry; the book is not empty.
func (f *frame) Last() ledger.Seq { return ledger.Seq(f.Head.Size - 1) }

// view reads what one page shows.
type view func(ctx context.Context, c echo.Context, f *frame) (page, error)

// page is the typed content of a template with a frame around it.
type page interface{ base() *frame }

// attempts is how often a page is read again when the book moved meanwhile.
const attempts = 3

// serve answers with a page. A page is several queries, and its sums must agree
// to the fen: so the head is read before and after, and while it moved the page
// is read again. The head also names the page for the browser's next question;
// a page read at moving heads is shown without that name.
func (s *server) serve(template, section string, v view) echo.HandlerFunc {
	return func(c echo.Context) error {
		ctx := c.Request().Context()
		head, err := s.ledger.Head(ctx, s.Book)
		if err != nil {
			return err
		}
		f := s.newFrame(c, template, section)
		for n := 1; ; n++ {
			tag := s.tag(f, head)
			if n == 1 && strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
				s.cacheHeaders(c, tag)
				return c.NoContent(http.StatusNotModified)
			}
			f.setHead(head)
			p, err := v(ctx, c, f)
			if err != nil {
				return err
			}
			if c.Response().Committed { // the view sent the reader elsewhere
				return nil
			}
			after, err := s.ledger.Head(ctx, s.Book)
			switch {
			case err != nil:
				return err
			case after.Size == head.Size:
				s.cacheHeaders(c, tag)
			case n < attempts:
				head = after
				continue
			default:
				c.Response().Header().Set("Cache-Control", "no-store")
			}
			return s.render(c, http.StatusOK, p)
		}
	}
}

// tag names the state of the book and of the program that a page shows, and the day,
// by which postings end and duties fall due.
func (s *server) tag(f *frame, h ledger.Head) string {
	return fmt.Sprintf(`W/"%d-%x-%s-%t-%s"`, h.Size, h.Root[:4], f.site.version, s.Demo, s.today())
}

func (s *server) cacheHeaders(c echo.Context, tag string) {
	h := c.Response().Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "public, max-age=60, stale-while-revalidate=600")
	h.Set("Vary", "Accept-Encoding")
}

// contentPolicy lets a public page load our stylesheet and pictures, send forms
// to us, and nothing else. It is stricter than what guard sets: no scripts.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

// render writes a page once it is whole: a fault in a template never leaves half
// a page behind.
func (s *server) render(c echo.Context, status int, p page) error {
	f := p.base()
	var b bytes.Buffer
	if err := f.site.pages[f.lang][f.template].ExecuteTemplate(&b, "layout", p); err != nil {
		return fmt.Errorf("render %s: %w", f.template, err)
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", f.Lang)
	h.Set("Content-Security-Policy", contentPolicy)
	if f.script {
		h.Set("Content-Security-Policy", contentPolicy+"; script-src 'self'; connect-src 'self'")
	}
	h.Set("Vary", "Accept-Encoding")
	body := b.Bytes()
	if acceptsGzip(c.Request()) {
		h.Set("Content-Encoding", "gzip")
		body = compress(body)
	}
	c.Response().WriteHeader(status)
	_, err := c.Response().Write(body)
	return err
}
