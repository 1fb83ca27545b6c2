package web

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/publicity"
	"yilu/publicity/workday"
)

// calendar is the working-day calendar by which terms are counted.
func (s *server) calendar() workday.Calendar { return s.Duties.Calendar }

// duties are what must be published, of the state of the book that a page shows.
func (s *server) duties(f *frame) *publicity.Duties {
	return &publicity.Duties{Ledger: f.ledger, Calendar: s.Duties.Calendar}
}

func isNotFound(err error) bool { return errors.Is(err, ledger.ErrNotFound) }

// coverageView says how much of what must be public is, and what is missing.
type coverageView struct {
	*frame
	Today     ledger.Date
	Filter    publicity.Filter
	Total     publicity.Coverage
	Stages    []publicity.Coverage
	Levels    []publicity.Coverage
	Townships []publicity.Coverage
	Villages  []villageCoverage
	Months    []publicity.Coverage
	Missing   []publicity.Obligation
	Next      string
	After     string
}

// villageCoverage is a village with its name, if a project has told it.
type villageCoverage struct {
	publicity.Coverage
	Name string
}

func (s *server) coveragePage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	q := &query{values: c.QueryParams()}
	word(q, "stage", noticeStages)
	word(q, "level", noticeLevels)
	if err := q.err(); err != nil {
		return nil, err
	}
	p := &coverageView{frame: f, Today: s.today(), After: c.QueryParam("after"), Filter: publicity.Filter{
		Stage: c.QueryParam("stage"), Level: c.QueryParam("level"), Place: c.QueryParam("place"), Month: c.QueryParam("month"),
	}}
	total, err := s.coverage(ctx, f, publicity.ByCounty, p.Filter)
	if err != nil {
		return nil, err
	}
	if len(total) > 0 {
		p.Total = total[0]
	}
	for by, into := range map[publicity.By]*[]publicity.Coverage{
		publicity.ByStage: &p.Stages, publicity.ByLevel: &p.Levels, publicity.ByTownship: &p.Townships, publicity.ByMonth: &p.Months,
	} {
		if *into, err = s.coverage(ctx, f, by, p.Filter); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(p.Stages, func(a, b publicity.Coverage) int {
		return slices.Index(noticeStages, a.Key) - slices.Index(noticeStages, b.Key)
	})
	if len(p.Filter.Place) >= 9 {
		if p.Villages, err = s.villageCoverage(ctx, f, p.Filter); err != nil {
			return nil, err
		}
	}
	p.Missing, p.Next, err = s.duties(f).Obligations(ctx, s.Book, p.Filter, true, p.Today, ledger.Page{After: p.After, Limit: 30})
	return p, err
}

func (s *server) coverage(ctx context.Context, f *frame, by publicity.By, filter publicity.Filter) ([]publicity.Coverage, error) {
	return s.duties(f).Coverage(ctx, s.Book, by, filter, s.today())
}

// villageCoverage counts the villages of a township.
func (s *server) villageCoverage(ctx context.Context, f *frame, filter publicity.Filter) ([]villageCoverage, error) {
	rows, err := s.coverage(ctx, f, publicity.ByVillage, filter)
	if err != nil {
		return nil, err
	}
	projects, _, err := f.ledger.Projects(ctx, s.Book, ledger.ProjectFilter{Place: filter.Place}, ledger.Page{Limit: ledger.MaxPage})
	if err != nil {
		return nil, err
	}
	told := villageNames(projects)
	villages := make([]villageCoverage, len(rows))
	for i, r := range rows {
		villages[i] = villageCoverage{r, f.village(told, r.Key)}
	}
	return villages, nil
}

// coverageTable is a table of coverage, its rows with labels and where they lead.
type coverageTable struct {
	Head string
	Rows []coverageRow
}

type coverageRow struct {
	publicity.Coverage
	Label, To string
}

// table labels the rows of one way to count, and links each to itself alone.
func (p *coverageView) table(head string, rows []publicity.Coverage, label func(string) string, link func(string) publicity.Filter) coverageTable {
	t := coverageTable{Head: head}
	for _, r := range rows {
		f := link(r.Key)
		to := ""
		if f != p.Filter {
			to = p.link(f, "")
		}
		t.Rows = append(t.Rows, coverageRow{r, label(r.Key), to})
	}
	return t
}

// link is the address of the page with a filter. Filters can be joined in thousands of
// ways, which a copy of the site need not have one by one: of more than one it asks a
// running server.
func (p *coverageView) link(f publicity.Filter, after string) string {
	pairs, joined := []any{"stage", f.Stage, "level", f.Level, "place", f.Place, "month", f.Month, "after", after}, 0
	for _, part := range []string{f.Stage, f.Level, f.Place, f.Month} {
		if part != "" {
			joined++
		}
	}
	if joined > 1 {
		return p.site.live(p.lang, "/coverage"+mark, pairs...)
	}
	return p.site.query(p.lang, "/coverage", pairs...)
}

// Link is the list of what is missing from a cursor on.
func (p *coverageView) Link(after string) string { return p.link(p.Filter, after) }

// Filtered says whether the page shows a part.
func (p *coverageView) Filtered() bool { return p.Filter != publicity.Filter{} }

// Narrowed is what the page is narrowed to, in words.
func (p *coverageView) Narrowed() string {
	var words []string
	if p.Filter.Stage != "" {
		words = append(words, p.name("notice_stage", p.Filter.Stage))
	}
	if p.Filter.Level != "" {
		words = append(words, p.name("notice_level", p.Filter.Level))
	}
	if p.Filter.Place != "" {
		words = append(words, p.placeLabel(p.Filter.Place))
	}
	return strings.Join(append(words, p.Filter.Month), " ")
}

func (p *coverageView) placeLabel(code string) string {
	if len(code) >= 9 && code[6:9] == "000" {
		return p.t("coverage.county_level")
	}
	for _, v := range p.Villages {
		if v.Key == code {
			return v.Name
		}
	}
	return p.Called(code)
}

// The tables of the page.
func (p *coverageView) ByStage() coverageTable {
	return p.table(p.t("notice.matter"), p.Stages, func(k string) string { return p.name("notice_stage", k) }, func(k string) publicity.Filter { f := p.Filter; f.Stage = k; return f })
}

func (p *coverageView) ByLevel() coverageTable {
	return p.table(p.t("notice.publisher"), p.Levels, func(k string) string { return p.name("notice_level", k) }, func(k string) publicity.Filter { f := p.Filter; f.Level = k; return f })
}

func (p *coverageView) ByTownship() coverageTable {
	return p.table(p.t("col.township"), p.Townships, p.placeLabel, p.inPlace)
}

func (p *coverageView) ByVillage() coverageTable {
	var rows []publicity.Coverage
	for _, v := range p.Villages {
		rows = append(rows, v.Coverage)
	}
	return p.table(p.t("col.village"), rows, p.placeLabel, p.inPlace)
}

func (p *coverageView) ByMonth() coverageTable {
	return p.table(p.t("coverage.month"), p.Months, func(k string) string { return k }, func(k string) publicity.Filter { f := p.Filter; f.Month = k; return f })
}

// inPlace narrows to a place within the present one.
func (p *coverageView) inPlace(code string) publicity.Filter {
	f := p.Filter
	if strings.HasPrefix(code, f.Place) {
		f.Place = code
	}
	return f
}
