package web

import (
	"context"
	"maps"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// placeView is a township or a village: its projects, and what grants brought to
// each of its villages, never to whom.
type placeView struct {
	*frame
	Code string
	Name string
	// Township is the code of the township a village lies in, "" on its own page.
	Township string
	Projects []ledger.Project
	Table    table
	// After is the cursor that the page began at; First and Next are the addresses of
	// the list's other pages.
	After, First, Next string
	// Total is of the projects shown.
	Total      ledger.Quota
	Villages   []villageSum
	GrantTable table
	// Granted is what households of a village kept of grants that came through other projects,
	// mostly its township's: they are not among the payments above.
	Granted ledger.Amount
}

// villageSum is a village with its name.
type villageSum struct{ Code, Name string }

// villageGrant is what a batch of grants brought to one village.
type villageGrant struct {
	ledger.PlaceSum
	Village string
}

func (s *server) placePage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	code := c.Param("code")
	if !s.isPlace(code) {
		return nil, echo.ErrNotFound
	}
	f.Feed = f.site.href(f.lang, "/places/", code) + "/feed.atom"
	p := &placeView{frame: f, Code: code, After: c.QueryParam("after")}
	var next string
	var err error
	if p.Projects, next, err = f.ledger.Projects(ctx, s.Book, ledger.ProjectFilter{Place: code}, ledger.Page{After: p.After}); err != nil {
		return nil, err
	}
	p.Table = projectList.table(f, p.Projects, url.Values{"place": {code}})
	p.First, p.Next = f.pager("/places/"+code, nil, p.After, next)
	around := p.Projects
	if len(code) == 12 {
		p.Township = code[:9]
		// Grants to a village mostly come through a project of its township.
		if around, _, err = f.ledger.Projects(ctx, s.Book, ledger.ProjectFilter{Place: p.Township}, ledger.Page{Limit: ledger.MaxPage}); err != nil {
			return nil, err
		}
	}
	told := villageNames(around)
	if p.Name = f.Called(code); len(code) == 12 {
		p.Name = f.village(told, code)
	}
	for _, v := range p.Projects {
		p.Total.Budget += v.Budget
		p.Total.Allocated += v.Allocated
		p.Total.Paid += v.Paid
	}
	if len(code) == 9 {
		p.Villages = f.villagesOf(code, told)
	}
	if err := s.readGrants(ctx, p); err != nil {
		return nil, err
	}
	if len(p.Projects) == 0 && len(p.GrantTable.Rows) == 0 && p.After == "" && p.Name == code {
		return nil, echo.ErrNotFound
	}
	return p, nil
}

// readGrants shows what grants brought to the place, by batch and village.
func (s *server) readGrants(ctx context.Context, p *placeView) error {
	filter := url.Values{"place": {p.Code}}
	sums, next, err := p.ledger.GrantSums(ctx, s.Book, "", p.Code, ledger.Page{Limit: ledger.MaxPage})
	if err != nil {
		return err
	}
	p.GrantTable = grantList.table(p.frame, sums, filter)
	if next != "" {
		p.GrantTable.Note = p.t("place.more_grants") + p.GrantTable.Note
		return nil
	}
	var total ledger.PlaceSum
	for _, sum := range sums {
		total.Households += sum.Households
		total.Amount += sum.Amount
		total.Returned += sum.Returned
		if p.Township != "" && !slices.ContainsFunc(p.Projects, func(v ledger.Project) bool { return v.Project == sum.Project }) {
			p.Granted += sum.Amount - sum.Returned
		}
	}
	p.GrantTable = p.GrantTable.total(p.frame, map[string]ledger.Amount{"amount": total.Amount, "returned": total.Returned})
	for i := range p.GrantTable.Foot {
		if p.GrantTable.Heads[i].Code == "households" {
			p.GrantTable.Foot[i].Text = p.t("place.times", countText(total.Households)) // one that got two grants counts twice
		}
	}
	return nil
}

// villageNames are the names of villages as projects give them.
func villageNames(projects []ledger.Project) map[string]string {
	names := map[string]string{}
	for _, p := range projects {
		if isVillage(p.Place) {
			names[p.Place] = p.PlaceName
		}
	}
	return names
}

// villagesOf are the villages of a township: those with names, and those that projects
// tell of besides.
func (f *frame) villagesOf(township string, told map[string]string) []villageSum {
	codes := slices.Collect(maps.Keys(told))
	for _, d := range f.names.Villages(township) {
		codes = append(codes, d.Code)
	}
	slices.Sort(codes)
	var villages []villageSum
	for _, code := range slices.Compact(codes) {
		villages = append(villages, villageSum{code, f.village(told, code)})
	}
	return villages
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
