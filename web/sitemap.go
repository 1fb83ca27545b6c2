package web

import (
	"context"
	"encoding/xml"
	"io"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// siteMap is a map of the site (sitemaps.org), or the list of its parts: at most
// 50,000 addresses each.
type siteMap struct {
	XMLName xml.Name
	Pages   []mapped `xml:"url"`
	Parts   []mapped `xml:"sitemap"`
}

type mapped struct {
	Address string `xml:"loc"`
}

const mapSpace = "http://www.sitemaps.org/schemas/sitemap/0.9"

// mostMapped is how many addresses a part of the map holds, by the protocol.
const mostMapped = 50_000

// drawMap makes a map, or part of it; at is the ledger it reads.
type drawMap func(ctx context.Context, c echo.Context, f *frame) (siteMap, error)

func (s *server) serveMap(draw drawMap) echo.HandlerFunc {
	return func(c echo.Context) error {
		f := s.newFrame(c, "", "")
		return s.send(c, sending{mediaType: "application/xml; charset=utf-8"}, func(ctx context.Context, w io.Writer, at *ledger.Ledger, _ ledger.Head) error {
			if err := s.read(ctx, f, at); err != nil {
				return err
			}
			m, err := draw(ctx, c, f)
			if err != nil {
				return err
			}
			return writeXML(w, m)
		})
	}
}

// mapIndex names the parts of the map: the lists, the payees, and each township's
// projects.
func (s *server) mapIndex(_ context.Context, c echo.Context, f *frame) (siteMap, error) {
	m := siteMap{XMLName: xml.Name{Space: mapSpace, Local: "sitemapindex"}}
	add := func(at string) { m.Parts = append(m.Parts, mapped{s.originOf(c) + at}) }
	add(f.site.href(chinese, "/sitemap/pages.xml"))
	add(f.site.href(chinese, "/sitemap/payees.xml"))
	for _, code := range f.townships() {
		add(f.site.address(chinese, "/sitemap", url.Values{"place": {code}}, "projects.xml"))
	}
	return m, nil
}

// townships are the codes of all townships, and that of the county itself.
func (f *frame) townships() []string {
	codes := []string{string(f.Book) + "000"}
	for _, d := range f.names.Townships(f.Book) {
		codes = append(codes, d.Code)
	}
	return codes
}

// mapPart lists the pages of a part.
func (s *server) mapPart(ctx context.Context, c echo.Context, f *frame) (siteMap, error) {
	m := siteMap{XMLName: xml.Name{Space: mapSpace, Local: "urlset"}}
	add := func(at string) {
		if len(m.Pages) < mostMapped {
			m.Pages = append(m.Pages, mapped{s.originOf(c) + at})
		}
	}
	switch place := c.QueryParam("place"); c.Param("part") {
	case "pages.xml":
		return m, s.mapPages(ctx, f, add)
	case "payees.xml":
		for cells, err := range payeeList.rows(ctx, f, f.ledger, nil) {
			if err != nil {
				return m, err
			}
			if strings.Contains(cells[0].To, "/payees/") {
				add(cells[0].To)
			}
		}
		return m, nil
	case "projects.xml":
		if !s.isPlace(place) {
			return m, echo.ErrNotFound
		}
		for cells, err := range projectList.rows(ctx, f, f.ledger, url.Values{"place": {place}}) {
			if err != nil {
				return m, err
			}
			add(cells[0].To)
		}
		return m, nil
	}
	return m, echo.ErrNotFound
}

// mapPages lists the fixed pages, the lists, and what money came by.
func (s *server) mapPages(ctx context.Context, f *frame, add func(string)) error {
	for _, at := range []string{"/", "/flow", "/about", "/data", "/check", "/documents", "/search", "/coverage", "/objections"} {
		add(f.site.href(chinese, at))
	}
	for _, x := range outlets {
		if x.path() != traceList.Path {
			add(f.site.href(chinese, x.path()))
		}
	}
	for _, code := range f.townships()[1:] {
		add(f.site.href(chinese, "/places/", code))
	}
	funds, err := f.ledger.Funds(ctx, s.Book)
	for _, fund := range funds {
		add(f.site.href(chinese, "/funds/", fund.Fund))
		add(f.site.query(chinese, "/documents", "no", fund.Document))
	}
	return err
}
