package web

import (
	"cmp"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// What is new, as Atom feeds (RFC 4287) for the county and each of its places, and
// the map of the site for search engines. Both name pages in full, by Origin or as
// the reader calls us, and so are kept nowhere.

// news is one thing that happened, as a feed tells it.
type news struct {
	// ID tells it from all others for good, such as "p/XC2020-001".
	ID          string
	Title, Text string
	// To is the path of its page.
	To string
	At time.Time
}

// newsSource tells what is new in a place, a division code or the beginning of one.
type newsSource func(ctx context.Context, f *frame, place string) ([]news, error)

// newsSources are all that feeds tell of. Whoever publishes another kind of thing
// adds it here.
var newsSources = []newsSource{ledgerNews, noticeNews, objectionNews}

// ledgerNews tells of projects and payments, by the time at which they took effect.
func ledgerNews(ctx context.Context, f *frame, place string) ([]news, error) {
	payments, projects, err := f.ledger.NewsIn(ctx, f.Book, place)
	if err != nil {
		return nil, err
	}
	var seqs []ledger.Seq
	for _, p := range payments {
		seqs = append(seqs, max(p.Paid, p.Approved, p.Requested))
	}
	projects = slices.DeleteFunc(projects, func(p ledger.Project) bool { // neither stands any more
		return p.Listed == ledger.None && p.Approved == ledger.None
	})
	for _, p := range projects {
		seqs = append(seqs, max(p.Listed, p.Approved))
	}
	entries, err := f.ledger.EntriesAt(ctx, f.Book, slices.Compact(slices.Sorted(slices.Values(seqs))))
	if err != nil {
		return nil, err
	}
	at := func(seq ledger.Seq) time.Time {
		if e := entries[seq]; e != nil {
			return e.At
		}
		return time.Time{}
	}
	var all []news
	for _, p := range payments {
		payee := f.payeeCell(p.Payee, p.PayeeName, p.Lines).Text
		all = append(all, news{
			ID: "payments/" + p.Payment + "/" + p.State, Title: f.name("state", p.State) + " " + f.t("yuan", p.Amount.Comma()) + " · " + p.Purpose,
			Text: payee, To: "/payments/" + p.Payment, At: at(max(p.Paid, p.Approved, p.Requested)),
		})
	}
	for _, p := range projects {
		all = append(all, news{
			ID: "p/" + p.Project + "/" + p.State, Title: f.name("state", p.State) + " · " + p.Name,
			Text: p.PlaceName + "。" + p.Content, To: "/p/" + p.Project, At: at(max(p.Listed, p.Approved)),
		})
	}
	return all, nil
}

// mostInFeed is how many things a feed tells of.
const mostInFeed = 50

// atomFeed and its parts are a feed as it is written.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Summary string   `xml:"summary"`
}

// feedRoutes are the feeds in one language, and the map of the site.
func (s *server) feedRoutes(get func(path string, h echo.HandlerFunc), l language) {
	get(l.Prefix+"/feed.atom", s.serveFeed)
	get(l.Prefix+"/places/:code/feed.atom", s.serveFeed)
	if l == chinese {
		get("/robots.txt", s.showRobots)
		get("/sitemap.xml", s.serveMap(s.mapIndex))
		get("/sitemap/:part", s.serveMap(s.mapPart))
	}
}

// serveFeed tells what is new in the county or a place.
func (s *server) serveFeed(c echo.Context) error {
	f := s.newFrame(c, "", "")
	place, page := c.Param("code"), "/"
	if place != "" {
		if !s.isPlace(place) {
			return echo.ErrNotFound
		}
		page = "/places/" + place
	}
	return s.send(c, sending{mediaType: "application/atom+xml; charset=utf-8"}, func(ctx context.Context, w io.Writer, at *ledger.Ledger, head ledger.Head) error {
		if err := s.read(ctx, f, at); err != nil {
			return err
		}
		f.setHead(head)
		var all []news
		for _, source := range newsSources {
			told, err := source(ctx, f, cmp.Or(place, string(s.Book)))
			if err != nil {
				return err
			}
			all = append(all, told...)
		}
		slices.SortStableFunc(all, func(a, b news) int { return b.At.Compare(a.At) })
		return writeXML(w, s.feedOf(c, f, page, all[:min(len(all), mostInFeed)]))
	})
}

// noticeNews tells of notices, by the time at which they were posted.
func noticeNews(ctx context.Context, f *frame, place string) ([]news, error) {
	notices, _, err := f.ledger.Notices(ctx, f.Book, ledger.NoticeFilter{Place: place}, ledger.Page{Limit: mostInFeed})
	if err != nil {
		return nil, err
	}
	seqs := make([]ledger.Seq, len(notices))
	for i, n := range notices {
		seqs[i] = n.Posted
	}
	entries, err := f.ledger.EntriesAt(ctx, f.Book, seqs)
	if err != nil {
		return nil, err
	}
	var all []news
	for _, n := range notices {
		if e := entries[n.Posted]; e != nil {
			all = append(all, news{ID: "notices/" + n.Notice, Title: n.Title, Text: n.Issuer, To: "/notices/" + n.Notice, At: e.At})
		}
	}
	return all, nil
}

// isPlace says whether a code can be that of a township or village of the county.
func (s *server) isPlace(code string) bool {
	return (len(code) == 9 || len(code) == 12) && isDigits(code) && strings.HasPrefix(code, string(s.Book))
}

func (s *server) feedOf(c echo.Context, f *frame, page string, all []news) atomFeed {
	origin := s.originOf(c)
	id := "tag:yilu," + "2020:" + string(s.Book) + f.lang.Prefix
	title := f.t("site.title", f.County)
	if page != "/" {
		title = f.Called(strings.TrimPrefix(page, "/places/")) + " · " + title
	}
	feed := atomFeed{
		Lang: f.Lang, ID: id + page, Title: title, Updated: cmp.Or(f.Head.At, "2020-01-01T00:00:00Z"), Author: f.t("site.title", f.County),
		Links: []atomLink{
			{Rel: "self", Type: "application/atom+xml", Href: origin + f.site.href(f.lang, strings.TrimSuffix(page, "/")+"/feed.atom")},
			{Rel: "alternate", Type: "text/html", Href: origin + f.site.href(f.lang, page)},
		},
	}
	for _, n := range all {
		feed.Entries = append(feed.Entries, atomEntry{
			ID: id + "/" + n.ID, Title: n.Title, Updated: n.At.UTC().Format(time.RFC3339Nano), Summary: n.Text,
			Link: atomLink{Rel: "alternate", Type: "text/html", Href: origin + f.site.href(f.lang, n.To)},
		})
	}
	return feed
}

// originOf is where the reader finds us. Only what is written for this one reader
// may say so.
func (s *server) originOf(c echo.Context) string {
	r := c.Request()
	switch {
	case s.Origin != "":
		return s.Origin
	case r.Host == "":
		return ""
	case r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https":
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

func writeXML(w io.Writer, v any) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", " ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("write XML: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// showRobots lets search engines have all but what only officers use.
func (s *server) showRobots(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=3600")
	text := "User-agent: *\nDisallow: " + s.BasePath + "/api/\n"
	for _, l := range languages {
		for _, desk := range desks {
			text += "Disallow: " + s.BasePath + l.Prefix + desk + "\n"
		}
	}
	if origin := s.originOf(c); origin != "" {
		text += "Sitemap: " + origin + s.BasePath + "/sitemap.xml\n"
	}
	return c.String(http.StatusOK, text)
}
