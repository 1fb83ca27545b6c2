package web

import (
	"cmp"
	"context"
	"slices"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/publicity"
)

// money is where the money of a fund, a document or the county is. The equation
// that every page shows is worked out here, from the figures that stand on it.
type money struct{ Received, InHand, Allocated, Paid, Returned ledger.Amount }

// Sum is the right side of the equation; it should be Received.
func (m money) Sum() ledger.Amount { return m.InHand + m.Allocated + m.Paid + m.Returned }

// Balanced says whether the equation holds to the fen.
func (m money) Balanced() bool { return m.Sum() == m.Received }

func (m money) plus(f ledger.Fund) money {
	return money{m.Received + f.Received, m.InHand + f.InHand, m.Allocated + f.Allocated, m.Paid + f.Paid, m.Returned + f.Returned}
}

func moneyOf(funds []ledger.Fund) money {
	var m money
	for _, f := range funds {
		m = m.plus(f)
	}
	return m
}

// check is one comparison that a page shows with both sides worked out.
type check struct {
	// Key names the sentence that says what is compared.
	Key         string
	Left, Right ledger.Amount
}

// Equal says whether both sides agree to the fen.
func (c check) Equal() bool { return c.Left == c.Right }

// countyView is the first page: where the county's money is.
type countyView struct {
	*frame
	Summary ledger.Summary
	Money   money
	Funds   []ledger.Fund
	// FundTable is what stands on the page.
	FundTable table
	// Picture and Narrow are those of flowView, whose table they lead to.
	Picture, Narrow *picture
	Townships       []townshipSum
	TownshipTotal   townshipSum
	// Published is how much of what must be public is.
	Published publicity.Coverage
}

// townshipSum is what a township's projects have, from the flows of the book.
type townshipSum struct {
	Code            string
	Allocated, Paid ledger.Amount
	ToHouseholds    ledger.Amount
	ToFirms         ledger.Amount
}

// Unpaid is what the township's projects hold and have not paid.
func (t townshipSum) Unpaid() ledger.Amount { return t.Allocated - t.Paid }

func (s *server) countyPage(ctx context.Context, _ echo.Context, f *frame) (page, error) {
	f.Feed = f.site.href(f.lang, "/feed.atom")
	p := &countyView{frame: f}
	var err error
	if p.Summary, err = f.ledger.Summary(ctx, s.Book); err != nil {
		return nil, err
	}
	p.Money = money{p.Summary.Received, p.Summary.InHand, p.Summary.Allocated, p.Summary.Paid, p.Summary.Returned}
	var flows []ledger.Flow
	if p.Funds, flows, err = s.fundsAndFlows(ctx, f); err != nil {
		return nil, err
	}
	p.FundTable = fundTable(f, p.Funds)
	p.Townships, p.TownshipTotal = townshipSums(f.names.Townships(s.Book), flows)
	published, err := s.coverage(ctx, f, publicity.ByCounty, publicity.Filter{})
	if err != nil {
		return nil, err
	}
	if len(published) > 0 {
		p.Published = published[0]
	}
	if p.Summary.Received > 0 {
		bands := bandsOf(p.Funds, flows)
		p.Picture, p.Narrow = f.countyPicture(bands), f.narrowPicture(bands)
	}
	return p, nil
}

// fundsAndFlows reads what the picture of the county is drawn from.
func (s *server) fundsAndFlows(ctx context.Context, f *frame) ([]ledger.Fund, []ledger.Flow, error) {
	funds, err := fundsInOrder(ctx, f.ledger, s.Book)
	if err != nil {
		return nil, nil, err
	}
	flows, err := f.ledger.Flows(ctx, s.Book)
	return funds, flows, err
}

// flowView is the picture of the first page with every figure of it (资金流向).
type flowView struct {
	*frame
	Picture, Narrow *picture
	Bands           []band
	// BandTotal is the sum of the bands: all that came.
	BandTotal ledger.Amount
}

// flowPage stands apart because its table is longer than the rest of the first page,
// which every reader loads, and few read it.
func (s *server) flowPage(ctx context.Context, _ echo.Context, f *frame) (page, error) {
	p := &flowView{frame: f}
	funds, flows, err := s.fundsAndFlows(ctx, f)
	if err != nil {
		return nil, err
	}
	p.Bands = bandsOf(funds, flows)
	for _, b := range p.Bands {
		p.BandTotal += b.Amount
	}
	if p.BandTotal > 0 {
		p.Picture, p.Narrow = f.countyPicture(p.Bands), f.narrowPicture(p.Bands)
	}
	return p, nil
}

// townshipSums adds up the flows by township: every township of the county, also
// those without a project, then whatever else the projects' codes say.
func townshipSums(townships []ledger.Division, flows []ledger.Flow) ([]townshipSum, townshipSum) {
	var sums []townshipSum
	at := map[string]int{}
	for _, d := range townships {
		at[d.Code] = len(sums)
		sums = append(sums, townshipSum{Code: d.Code})
	}
	var total townshipSum
	for _, flow := range flows {
		i, ok := at[flow.Township]
		if !ok {
			i = len(sums)
			at[flow.Township] = i
			sums = append(sums, townshipSum{Code: flow.Township})
		}
		for _, t := range []*townshipSum{&sums[i], &total} {
			t.add(flow)
		}
	}
	return sums, total
}

func (t *townshipSum) add(flow ledger.Flow) {
	t.Allocated += flow.Amount
	if flow.Class == "" {
		return
	}
	t.Paid += flow.Amount
	if flow.Class == "household" || flow.Class == "person" {
		t.ToHouseholds += flow.Amount
	} else {
		t.ToFirms += flow.Amount
	}
}

// band is one line of the table behind the picture: money of one fund that went
// one way, or stays.
type band struct {
	Level, Fund, FundName string
	// Township is "" for money that is not in a project.
	Township string
	// Class is who got it: firm, household, person, or where it stays: unpaid,
	// unit, hand, returned.
	Class  string
	Amount ledger.Amount
}

// bandsOf completes the flows of the book with what is not in a project, so that
// the bands of a fund add up to all that came: what units hold, what is in hand
// and what went back.
func bandsOf(funds []ledger.Fund, flows []ledger.Flow) []band {
	var bands []band
	projects := map[string]ledger.Amount{}
	for _, x := range flows {
		class := cmp.Or(x.Class, "unpaid")
		projects[x.Fund] += x.Amount
		bands = append(bands, band{x.Level, x.Fund, x.FundName, x.Township, class, x.Amount})
	}
	for _, f := range funds {
		for _, rest := range []band{
			{Class: "unit", Amount: f.Allocated + f.Paid - projects[f.Fund]},
			{Class: "hand", Amount: f.InHand},
			{Class: "returned", Amount: f.Returned},
		} {
			if rest.Amount != 0 {
				bands = append(bands, band{f.Level, f.Fund, f.Name, "", rest.Class, rest.Amount})
			}
		}
	}
	slices.SortStableFunc(bands, func(a, b band) int {
		return cmp.Or(
			cmp.Compare(slices.Index(levelOrder, a.Level), slices.Index(levelOrder, b.Level)),
			cmp.Compare(a.Fund, b.Fund),
			cmp.Compare(afterAll(a.Township), afterAll(b.Township)),
			cmp.Compare(slices.Index(classOrder, a.Class), slices.Index(classOrder, b.Class)))
	})
	return bands
}

// levelOrder and classOrder are the orders of the picture from top to bottom.
var (
	levelOrder = []string{"central", "province", "city", "county", "other"}
	classOrder = []string{"firm", "household", "person", "unpaid", "unit", "hand", "returned"}
)

// afterAll sorts money without a township behind the townships.
func afterAll(township string) string { return cmp.Or(township, "~") }

// aboutView explains how to read the figures, and what is not shown.
type aboutView struct{ *frame }

// checkView explains how anybody can check us (怎样核验).
type checkView struct {
	*frame
	// Command checks the whole book.
	Command string
}

// checkPage also takes the number of an entry, and leads to its proof: proofs follow
// the public log, which only a running server knows.
func (s *server) checkPage(_ context.Context, c echo.Context, f *frame) (page, error) {
	if seq := c.QueryParam("entry"); seq != "" && len(seq) < 19 && isDigits(seq) {
		return nil, &elsewhere{f.site.href(f.lang, "/entries/", seq) + "/proof"}
	}
	return &checkView{f, "yilu-verify log " + s.Origin + s.BasePath + "/log/" + string(s.Book) + " --policy policy.txt"}, nil
}

func (s *server) aboutPage(_ context.Context, _ echo.Context, f *frame) (page, error) {
	return &aboutView{f}, nil
}
