package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
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
	get("/photos/:name", s.showPicture)
	if s.BasePath != "" {
		get("", func(c echo.Context) error { return c.Redirect(http.StatusMovedPermanently, site.href(chinese, "/")) })
	}
	get("/en", func(c echo.Context) error { return c.Redirect(http.StatusMovedPermanently, site.href(english, "/")) })
	for _, l := range languages {
		at := func(path, template, section string, v view) { get(l.Prefix+path, s.serve(template, section, v)) }
		at("/", "county", "county", s.countyPage)
		at("/about", "about", "about", s.aboutPage)
		at("/flow", "flow", "county", s.flowPage)
		at("/funds", "funds", "funds", s.fundsPage)
		at("/funds/:fund", "fund", "funds", s.fundPage)
		at("/documents", "documents", "documents", s.documentsPage)
		at("/places/:code", "place", "county", s.placePage)
		at("/projects", "projects", "projects", s.projectsPage)
		at("/p/:project", "project", "projects", s.projectPage)
		at("/payments", "payments", "payments", s.paymentsPage)
		at("/payments/:payment", "payment", "payments", s.paymentPage)
		at("/payees", "list", "payees", listPage(payeeList))
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
		get(l.Prefix+"/mine", s.minePage)
		g.POST(l.Prefix+"/mine", s.minePage)
		at("/coverage", "coverage", "notices", s.coveragePage)
		at("/c", "paper", "notices", s.paperPage)
		at("/c/:code", "paper", "notices", s.paperPage)
		at("/entries", "entries", "entries", s.entriesPage)
		at("/entries/:seq", "entry", "entries", s.entryPage)
		at("/allocations", "list", "allocations", listPage(allocationList))
		at("/grants", "list", "payments", listPage(grantList))
		at("/tenders", "list", "contracts", listPage(tenderList))
		at("/bids", "list", "contracts", listPage(bidList))
		at("/contracts", "list", "contracts", listPage(contractList))
		at("/bidders", "list", "contracts", listPage(bidderList))
		at("/bidders/:bidder", "bidder", "contracts", s.bidderPage)
		at("/data", "data", "data", s.dataPage)
		for _, x := range outlets {
			for _, format := range fileFormats {
				get(l.Prefix+x.path()+"/list."+format.name, s.serveFile(x, format))
			}
		}
		at("/search", "search", "search", s.searchPage)
		at("/check", "check", "check", s.checkPage)
		s.ocdsRoutes(get, l)
		s.feedRoutes(get, l)
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
	// HasRules is set where there are rules and warnings to link to.
	HasRules bool
	// Head is the state of the book that the figures show; Known is false on
	// pages that did not ask for it.
	Head  ledger.Head
	Known bool
	// Day is the day of the last entry in Shanghai, "" in an empty book.
	Day ledger.Date
	// Feed is the address of the feed about what the page shows, "" for none.
	Feed string
	// Unfiltered is set where a form's address was asked for without its fields: what
	// answers so is a copy that cannot filter.
	Unfiltered bool
	// currency is that of the book, such as "CNY".
	currency string
	// licence is the address of the licence of the data.
	licence string
	// ledger is what the page reads from: one state of the book. names are those of its
	// places.
	ledger *ledger.Ledger
	names  ledger.Places
	// Origin is Config.Origin, before the addresses that search engines want in full.
	Origin string
	// UploadMB is the largest file that is taken, in megabytes; zero takes none.
	UploadMB int64
	// status is that of the answer, if the page is about something wrong.
	status int
	// script lets the page run our own script, and that ask us for files.
	script bool
}

func (s *server) newFrame(c echo.Context, template, section string) *frame {
	currency := s.currency(c.Request().Context())
	site := siteIn(s.BasePath, currency)
	u := *c.Request().URL
	path := strings.TrimPrefix(u.EscapedPath(), s.BasePath)
	l := chinese
	if path == english.Prefix || strings.HasPrefix(path, english.Prefix+"/") {
		l, path = english, strings.TrimPrefix(path, english.Prefix)
	}
	at := func(l language) string {
		if seq := u.Query().Get("entry"); seq != "" && path == "/entries" {
			return site.entry(l, seq)
		}
		return site.address(l, path, u.Query(), "")
	}
	f := &frame{
		site: site, lang: l, template: template, Lang: l.Tag, Section: section, Book: s.Book, Demo: s.Demo, HasRules: s.Alerts != nil,
		Zh: at(chinese), En: at(english), Unfiltered: c.Get(unfiltered) == true, ledger: s.ledger, licence: s.Licence, Origin: s.Origin, currency: currency,
	}
	if known := s.names.Load(); known != nil {
		f.names = known.names
	}
	f.County = f.division(string(s.Book))
	if s.Files != nil {
		f.UploadMB = s.Files.MaxFile >> 20
	}
	return f
}

// t is a sentence for the Go side of a page.
func (f *frame) t(key string, args ...any) string {
	text, err := f.site.locales[f.lang].text(key, args...)
	if err != nil {
		panic("web: " + err.Error()) // the test of the locales holds every key
	}
	return text
}

// span is a length of time in whole hours, or else in minutes.
func (f *frame) span(d time.Duration) string {
	if d >= time.Hour && d%time.Hour == 0 {
		return f.t("span.hours", int(d/time.Hour))
	}
	return f.t("span.minutes", int(d/time.Minute))
}

// name is the name of a code in the page's language.
func (f *frame) name(list, code string) string { return f.lang.pick(codeNames[list](code)) }

// Live is the address of a page that only a running server can answer, in full if we
// know our own: a copy of the site leads there.
func (f *frame) Live(to string, pairs ...any) string {
	return f.Origin + f.site.live(f.lang, to, pairs...)
}

// Refused says that a filter asks for what there is not, so that nothing was looked for.
func (f *frame) Refused() bool { return f.status != 0 }

// base tells render which template to take, and in which language.
func (f *frame) base() *frame { return f }

// Root is the beginning of the root of the book's tree, enough to compare by eye.
func (f *frame) Root() string { return hexText(f.Head.Root[:6]) }

// Scripted says whether the page runs our own script.
func (f *frame) Scripted() bool { return f.script }

func hexText(b []byte) string { return hex.EncodeToString(b) }

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

// elsewhere is the answer of a view whose page stands at another address.
type elsewhere struct{ to string }

func (e *elsewhere) Error() string { return "see " + e.to }

// serve answers with a page, from the pages kept if the book has not moved. A page
// is several queries, and its sums must agree to the fen: so all of them see one
// snapshot, whose head also names the page for the browser's next question.
func (s *server) serve(template, section string, v view) echo.HandlerFunc {
	return func(c echo.Context) error {
		draw := func(ctx context.Context) (drawn, error) { return s.draw(ctx, c, s.newFrame(c, template, section), v) }
		page, err := drawn{}, error(nil)
		packed := acceptsGzip(c.Request())
		if packed {
			page, err = s.keep.get(c.Request().Context(), keyOf(c), s.headTag, draw, func() drawPage {
				later := detach(c)
				return func(ctx context.Context) (drawn, error) {
					return s.draw(ctx, later, s.newFrame(later, template, section), v)
				}
			})
		} else {
			page, err = draw(c.Request().Context())
		}
		if to, ok := errors.AsType[*elsewhere](err); ok {
			return c.Redirect(http.StatusFound, to.to)
		}
		if err != nil {
			return err
		}
		s.cacheHeaders(c, page.tag)
		if strings.Contains(c.Request().Header.Get("If-None-Match"), page.tag) {
			return c.NoContent(http.StatusNotModified)
		}
		h := pageHeaders(c, page.language)
		if packed {
			h.Set("Content-Encoding", "gzip")
		}
		c.Response().WriteHeader(page.status)
		_, err = c.Response().Write(page.body)
		return err
	}
}

// detach is a context that says what c says of its request, and outlives it. Views
// read the address and nothing else.
func detach(c echo.Context) echo.Context {
	later := c.Echo().NewContext(c.Request().Clone(context.Background()), nil)
	later.SetPath(c.Path())
	later.SetParamNames(slices.Clone(c.ParamNames())...)
	later.SetParamValues(slices.Clone(c.ParamValues())...)
	later.Set(unfiltered, c.Get(unfiltered))
	return later
}

// drawn is a rendered page; kept ones are compressed.
type drawn struct {
	// tag names the state of the book that the page shows.
	tag, language string
	status        int
	body          []byte
}

// followed are the templates of pages that show what must be published. Only they wait
// until that has followed the log, which takes a lock and a commit of its own.
var followed = []string{"county", "coverage"}

// draw reads and renders a page from one snapshot.
func (s *server) draw(ctx context.Context, c echo.Context, f *frame, v view) (drawn, error) {
	var d drawn
	if slices.Contains(followed, f.template) {
		if err := s.Duties.CatchUp(ctx, s.Book); err != nil {
			return d, err
		}
	}
	err := s.ledger.Snapshot(ctx, s.Book, func(at *ledger.Ledger, head ledger.Head) error {
		if err := s.read(ctx, f, at); err != nil {
			return err
		}
		f.setHead(head)
		p, err := v(ctx, c, f)
		if err != nil {
			return err
		}
		body, err := f.site.render(p)
		if err != nil {
			return err
		}
		d = drawn{s.tag(f.site, head), f.Lang, cmp.Or(f.status, http.StatusOK), body}
		return nil
	})
	return d, err
}

// headTag names the book's present state, as pages are tagged by.
func (s *server) headTag(ctx context.Context) (string, error) {
	head, err := s.ledger.Head(ctx, s.Book)
	return s.tag(siteOf(s.BasePath), head), err
}

// tag names the state of the book and of the program that a page shows, and the day,
// by which postings end and duties fall due.
func (s *server) tag(site *site, h ledger.Head) string {
	return fmt.Sprintf(`W/"%d-%x-%s-%t-%s"`, h.Size, h.Root[:4], site.version, s.Demo, s.today())
}

func (s *server) cacheHeaders(c echo.Context, tag string) {
	h := c.Response().Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", "public, max-age=60, stale-while-revalidate=600")
	h.Set("Vary", "Accept-Encoding")
}

// contentPolicy lets a public page load our stylesheet and pictures, send forms
// to us, and nothing else. It is stricter than what guard sets: no scripts. What asks us
// in the page's name, as checkers of sites ask for robots.txt, may.
const contentPolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"

// render makes a page's bytes: whole, or none when a template has a fault.
func (s *site) render(p page) ([]byte, error) {
	f := p.base()
	var b bytes.Buffer
	if err := s.pages[f.lang][f.template].ExecuteTemplate(&b, "layout", p); err != nil {
		return nil, fmt.Errorf("render %s: %w", f.template, err)
	}
	return b.Bytes(), nil
}

// render answers with a page that is not kept.
func (s *server) render(c echo.Context, status int, p page) error {
	f := p.base()
	body, err := f.site.render(p)
	if err != nil {
		return err
	}
	h := pageHeaders(c, f.Lang)
	if f.script {
		h.Set("Content-Security-Policy", contentPolicy+"; script-src 'self'")
	}
	if acceptsGzip(c.Request()) {
		h.Set("Content-Encoding", "gzip")
		body = compress(body)
	}
	c.Response().WriteHeader(status)
	_, err = c.Response().Write(body)
	return err
}

// pageHeaders sets what every page's answer says of itself.
func pageHeaders(c echo.Context, tag string) http.Header {
	h := c.Response().Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", tag)
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Vary", "Accept-Encoding")
	return h
}
