package web

import (
	"context"
	"strings"

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
	Next     string
	After    string
	// Total is of the projects shown.
	Total      ledger.Quota
	Villages   []villageSum
	Grants     []villageGrant
	GrantTotal ledger.PlaceSum
}

// villageSum is a village among the projects shown.
type villageSum struct{ Code, Name string }

// villageGrant is what one batch of grants brought to one village.
type villageGrant struct {
	ledger.PlaceSum
	Village string
	Payment ledger.Payment
	Project string
}

func (s *server) placePage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	code := c.Param("code")
	if (len(code) != 9 && len(code) != 12) || !isDigits(code) || !strings.HasPrefix(code, string(s.Book)) {
		return nil, echo.ErrNotFound
	}
	p := &placeView{frame: f, Code: code, After: c.QueryParam("after")}
	var err error
	if p.Name, err = placeName(f.lang, f.site.locales[f.lang], code); err != nil {
		return nil, err
	}
	if p.Projects, p.Next, err = s.ledger.Projects(ctx, s.Book, ledger.ProjectFilter{Place: code}, ledger.Page{After: p.After}); err != nil {
		return nil, err
	}
	around := p.Projects
	if len(code) == 12 {
		p.Township = code[:9]
		// Grants to a village mostly come through a project of its township.
		if around, _, err = s.ledger.Projects(ctx, s.Book, ledger.ProjectFilter{Place: p.Township}, ledger.Page{Limit: ledger.MaxPage}); err != nil {
			return nil, err
		}
	}
	names := villageNames(around)
	if len(code) == 12 {
		p.Name = nameOf(names, code)
	}
	for _, v := range p.Projects {
		p.Total.Budget += v.Budget
		p.Total.Allocated += v.Allocated
		p.Total.Paid += v.Paid
		if len(code) == 9 && isVillage(v.Place) && (len(p.Villages) == 0 || p.Villages[len(p.Villages)-1].Code != v.Place) {
			p.Villages = append(p.Villages, villageSum{v.Place, v.PlaceName})
		}
	}
	if err := s.readGrants(ctx, p, around, names); err != nil {
		return nil, err
	}
	if len(p.Projects) == 0 && len(p.Grants) == 0 && p.After == "" && p.Name == code {
		return nil, echo.ErrNotFound
	}
	return p, nil
}

// readGrants sums the paid grant batches of the projects by village.
func (s *server) readGrants(ctx context.Context, p *placeView, projects []ledger.Project, names map[string]string) error {
	for _, v := range projects {
		if v.Paid == 0 {
			continue
		}
		payments, _, err := s.ledger.Payments(ctx, s.Book, ledger.PaymentFilter{Project: v.Project, State: ledger.StatePaid}, ledger.Page{Limit: ledger.MaxPage})
		if err != nil {
			return err
		}
		for _, pay := range payments {
			if pay.Lines == 0 {
				continue
			}
			sums, err := s.ledger.LinesByPlace(ctx, s.Book, pay.Payment)
			if err != nil {
				return err
			}
			for _, sum := range sums {
				if !strings.HasPrefix(sum.Place, p.Code) {
					continue
				}
				p.Grants = append(p.Grants, villageGrant{sum, nameOf(names, sum.Place), pay, v.Name})
				p.GrantTotal.Households += sum.Households
				p.GrantTotal.Amount += sum.Amount
				p.GrantTotal.Returned += sum.Returned
			}
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

// nameOf is the village's name, or its code where no project names it.
func nameOf(names map[string]string, code string) string {
	if n := names[code]; n != "" {
		return n
	}
	return code
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
