package web

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// searchView is the page of search: what was found, by kind. In a copy of the site
// it stands without a question, and says that only the original can search.
type searchView struct {
	*frame
	Text string
	// Kind is the one kind that is shown, "" for the first of each.
	Kind   string
	Groups []hitGroup
	// Nearly are searches that find something, where this one finds nothing.
	Nearly []string
	// Newer and Older are the addresses of the pages before and after.
	Newer, Older string
}

// hitGroup is what was found of one kind.
type hitGroup struct {
	Kind string
	// Count is how many were found, Full that there may be more.
	Count int
	Full  bool
	Hits  []hitLine
	// All is the address of all of them, "" where they are shown.
	All string
}

// hitLine is a hit with its address.
type hitLine struct {
	ledger.Hit
	To string
}

// hitKinds are the kinds in the order in which they are shown.
var hitKinds = []string{"place", "fund", "project", "firm", "contract", "tender"}

const (
	hitsOfEach  = 5
	hitsPerPage = 20
	// mostNearly is how many other searches are offered, and longestNearly of how many
	// characters a search may be for which they are looked for.
	mostNearly    = 3
	longestNearly = 12
	// longestSearch is how many characters are searched for.
	longestSearch = 60
)

func (s *server) searchPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &searchView{frame: f, Text: clip(c.QueryParam("q"), longestSearch), Kind: c.QueryParam("kind")}
	q := &query{values: c.QueryParams()}
	word(q, "kind", hitKinds)
	if p.Text == "" || q.err() != nil {
		return p, q.err()
	}
	hits, err := f.ledger.Search(ctx, s.Book, p.Text)
	if err != nil {
		return nil, err
	}
	at, _ := strconv.Atoi(c.QueryParam("page")) // what is no number is the first page
	for _, kind := range hitKinds {
		if p.Kind != "" && p.Kind != kind {
			continue
		}
		g := hitGroup{Kind: kind}
		for _, h := range hits {
			if h.Kind == kind {
				g.Hits = append(g.Hits, hitLine{h, p.address(h)})
			}
		}
		g.Count = len(g.Hits)
		g.Full = g.Count >= ledger.MostHits
		if p.Kind != "" {
			p.turn(&g, max(at, 0))
		} else if g.Count > hitsOfEach {
			g.Hits, g.All = g.Hits[:hitsOfEach], f.site.live(f.lang, "/search", "q", p.Text, "kind", kind)
		}
		if g.Count > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	if len(hits) == 0 {
		p.Nearly, err = p.nearly(ctx, s.Book)
	}
	return p, err
}

// nearly finds searches that leave out one character, which may be mistyped, and find
// something: those without one of the last characters first.
func (p *searchView) nearly(ctx context.Context, book ledger.Book) ([]string, error) {
	typed := []rune(p.Text)
	if len(typed) > longestNearly {
		return nil, nil
	}
	var others []string
	for i := len(typed) - 1; i >= 0; i-- {
		words := slices.DeleteFunc(strings.Fields(string(typed[:i])+" "+string(typed[i+1:])), func(w string) bool {
			return utf8.RuneCountInString(w) < 2 // found only by reading everything
		})
		if other := strings.Join(words, " "); other != "" && !slices.Contains(others, other) {
			others = append(others, other)
		}
	}
	return p.ledger.Finds(ctx, book, others, mostNearly)
}

// Other is the address of another search.
func (p *searchView) Other(text string) string { return p.site.live(p.lang, "/search", "q", text) }

// turn leaves the hits of one page.
func (p *searchView) turn(g *hitGroup, at int) {
	from := min(at*hitsPerPage, len(g.Hits))
	to := min(from+hitsPerPage, len(g.Hits))
	link := func(n int) string {
		return p.site.live(p.lang, "/search", "q", p.Text, "kind", p.Kind, "page", strconv.Itoa(n))
	}
	if at > 0 {
		p.Newer = link(at - 1)
	}
	if to < len(g.Hits) {
		p.Older = link(at + 1)
	}
	g.Hits = g.Hits[from:to]
}

// address is where a hit leads.
func (p *searchView) address(h ledger.Hit) string {
	href := func(to string, part string) string { return p.site.href(p.lang, to, part) }
	switch h.Kind {
	case "place":
		return href("/places/", h.ID)
	case "fund":
		return href("/funds/", h.ID)
	case "firm":
		if h.Of == "paid" {
			return href("/payees/", h.ID)
		}
		return href("/bidders/", h.ID)
	case "project":
		return href("/p/", h.ID)
	}
	return href("/p/", h.Of) // tenders and contracts stand on their project's page
}
