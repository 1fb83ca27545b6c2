package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// fundsView lists every fund line of the county with its equation.
type fundsView struct {
	*frame
	Funds []ledger.Fund
	Table table
	Total money
}

func (s *server) fundsPage(ctx context.Context, _ echo.Context, f *frame) (page, error) {
	funds, err := fundsInOrder(ctx, f.ledger, s.Book)
	if err != nil {
		return nil, err
	}
	return &fundsView{f, funds, fundTable(f, funds), moneyOf(funds)}, nil
}

// fundsInOrder lists the funds as people name them: newest year first, then from
// the highest level of government down.
func fundsInOrder(ctx context.Context, l *ledger.Ledger, book ledger.Book) ([]ledger.Fund, error) {
	funds, err := l.Funds(ctx, book)
	slices.SortStableFunc(funds, func(a, b ledger.Fund) int {
		return cmp.Or(cmp.Compare(b.Year, a.Year), cmp.Compare(slices.Index(levelOrder, a.Level), slices.Index(levelOrder, b.Level)),
			cmp.Compare(a.Issued, b.Issued), cmp.Compare(a.Fund, b.Fund))
	})
	return funds, err
}

// fundView follows one fund line, or all lines of a document, down to who was
// paid.
type fundView struct {
	*frame
	Document string
	// Fund is the id of the line, "" for a whole document.
	Fund      string
	Trace     documentTrace
	FundTable table
	// Allocations are the files of what the line was allocated to.
	Allocations files
}

// documentTrace is the trace of a document with its totals worked out from the
// rows that are shown.
type documentTrace struct {
	Document   string
	Funds      []ledger.Fund
	Total      money
	Quotas     []ledger.FundQuota
	QuotaTotal ledger.Quota
	// MoreQuotas is how many are not shown, MoreTotal what they have together.
	MoreQuotas int64
	MoreTotal  ledger.Quota
	Units      []unitHolding
	UnitTotal  ledger.Amount
	Shares     shareTable
	Checks     []check
	Picture    *picture
}

// Given is what projects and units were given, the total of the table of projects.
func (t documentTrace) Given() ledger.Amount { return t.QuotaTotal.Allocated + t.UnitTotal }

// unitHolding is money that a township or department holds and has not yet
// given to a project.
type unitHolding struct {
	Unit, Fund string
	Amount     ledger.Amount
}

func (s *server) fundPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	id := c.Param("fund")
	t, err := s.trace(ctx, f, id)
	if err != nil {
		return nil, err
	}
	if len(t.Funds) != 1 || t.Funds[0].Fund != id {
		return nil, echo.ErrNotFound
	}
	return &fundView{frame: f, Document: t.Funds[0].Document, Fund: id, Trace: t, Allocations: allocationList.files(f, url.Values{"fund": {id}})}, nil
}

// documentPage follows a whole document by its number (文号).
func (s *server) documentPage(ctx context.Context, f *frame, no string) (page, error) {
	t, err := s.trace(ctx, f, no)
	if err != nil {
		return nil, err
	}
	if t.Funds[0].Document != no {
		return nil, echo.ErrNotFound
	}
	return &fundView{frame: f, Document: no, Trace: t, FundTable: fundTable(f, t.Funds)}, nil
}

// mostShares is how many rows of projects, and of payees, one page holds; the rest stands
// as one row, so that the column still adds up.
const mostShares = 250

// trace reads the whole trace of a fund line or document and works out every
// total and check.
func (s *server) trace(ctx context.Context, f *frame, fundOrDocument string) (documentTrace, error) {
	full, err := f.ledger.TraceFund(ctx, s.Book, fundOrDocument)
	if err != nil {
		return documentTrace{}, err
	}
	units, err := f.unitHoldings(ctx)
	if err != nil {
		return documentTrace{}, err
	}
	filter := url.Values{"no": {fundOrDocument}}
	if len(full.Funds) == 1 && full.Funds[0].Fund == fundOrDocument {
		filter = url.Values{"fund": {fundOrDocument}}
	}
	t := documentTrace{Document: full.Funds[0].Document, Funds: full.Funds, Quotas: full.Quotas, Shares: f.sharesOf(full.Shares, mostShares, filter)}
	for _, q := range t.Quotas {
		give(&t.QuotaTotal, q.Quota)
	}
	t.addUp(units)
	if t.Total.Received > 0 {
		t.Picture = f.documentPicture(&t, full.Shares)
	}
	t.shorten(mostShares)
	return t, nil
}

// give adds what a project, or all projects, have to a total.
func give(total *ledger.Quota, q ledger.Quota) {
	total.Budget += q.Budget
	total.Allocated += q.Allocated
	total.Paid += q.Paid
}

// shorten moves the projects beyond some number into the row of the rest.
func (t *documentTrace) shorten(most int) {
	if len(t.Quotas) <= most {
		return
	}
	for _, q := range t.Quotas[most:] {
		t.MoreQuotas++
		give(&t.MoreTotal, q.Quota)
	}
	t.Quotas = t.Quotas[:most]
}

// addUp works out what follows from the funds, the quotas and the shares, and from what
// units hold of whatever fund.
func (t *documentTrace) addUp(units []unitHolding) {
	t.Total = moneyOf(t.Funds)
	for _, u := range units {
		if slices.ContainsFunc(t.Funds, func(x ledger.Fund) bool { return x.Fund == u.Fund }) {
			t.Units = append(t.Units, u)
			t.UnitTotal += u.Amount
		}
	}
	t.Checks = []check{
		{"check.payees", t.Shares.Paid, t.Total.Paid},
		{"check.projects", t.QuotaTotal.Allocated - t.QuotaTotal.Paid + t.UnitTotal, t.Total.Allocated},
	}
}

// unitHoldings lists what units hold. Their accounts are few: townships and
// departments, each by fund.
func (f *frame) unitHoldings(ctx context.Context) ([]unitHolding, error) {
	var holdings []unitHolding
	for after := ""; ; {
		accounts, next, err := f.ledger.Balances(ctx, f.Book, "unit/", ledger.As{}, ledger.Page{After: after, Limit: ledger.MaxPage})
		if err != nil {
			return nil, err
		}
		for _, a := range accounts {
			part := strings.Split(a.Account, "/") // unit/UNIT/FUND
			if len(part) == 3 && a.Balance != 0 {
				holdings = append(holdings, unitHolding{part[1], part[2], a.Balance})
			}
		}
		if next == "" {
			return holdings, nil
		}
		after = next
	}
}

// shareTable is the last step of a trace: rows of payees with their sum.
type shareTable struct {
	Rows []share
	// Rest is how many rows are not shown, RestPaid and RestReturned their sums.
	Rest                   int64
	RestPaid, RestReturned ledger.Amount
	Paid, Returned         ledger.Amount
	// Table is what stands on the page.
	Table table
}

// share is a step of a trace as it may be shown. Private persons of one fund and
// project stand as one row, with their number.
type share struct {
	ledger.Share
	Persons int64
}

// sharesOf prepares the rows of a trace: persons joined, at most some rows, and
// sums over all of them.
func (f *frame) sharesOf(rows []ledger.Share, most int, filter url.Values) shareTable {
	t := joinPersons(rows)
	t.Table = traceList.table(f, t.Rows[:min(len(t.Rows), most)], filter)
	return f.shorten(t, most)
}

// joinPersons joins the private persons of each fund and project.
func joinPersons(rows []ledger.Share) shareTable {
	var t shareTable
	persons := map[string]int{}
	for _, r := range rows {
		t.Paid += r.Paid
		t.Returned += r.Returned
		if !isPrivate(r.Payee) {
			t.Rows = append(t.Rows, share{Share: r})
			continue
		}
		key := r.Fund + "/" + r.Project
		i, ok := persons[key]
		if !ok {
			i = len(t.Rows)
			persons[key] = i
			t.Rows = append(t.Rows, share{Share: ledger.Share{
				Document: r.Document, Fund: r.Fund, FundName: r.FundName, Level: r.Level,
				Project: r.Project, ProjectName: r.ProjectName, Place: r.Place, Payee: "p-",
			}})
		}
		joined := &t.Rows[i]
		joined.Persons++
		joined.Payments += r.Payments
		joined.Paid += r.Paid
		joined.Returned += r.Returned
	}
	return t
}

// documentsView is the trace of every document of the county down to its payees,
// adding up to the fen.
type documentsView struct {
	*frame
	Traces []documentTrace
	Total  money
	// Payees is the sum of all rows of payees.
	Payees ledger.Amount
	Checks []check
}

// mostSharesEach is how many rows of payees each document has on the page of all.
const mostSharesEach = 40

func (s *server) documentsPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	if no := c.QueryParam("no"); no != "" {
		f.template = "fund"
		return s.documentPage(ctx, f, no)
	}
	traces, err := s.traces(ctx, f)
	if err != nil {
		return nil, err
	}
	p := &documentsView{frame: f, Traces: traces}
	for _, t := range traces {
		p.Payees += t.Shares.Paid
		for _, fund := range t.Funds {
			p.Total = p.Total.plus(fund)
		}
	}
	p.Checks = []check{{"check.all_payees", p.Payees, p.Total.Paid}}
	return p, nil
}

// traces are those of all documents, each without its projects. They are read together:
// the questions of trace for each of a hundred documents took seconds.
func (s *server) traces(ctx context.Context, f *frame) ([]documentTrace, error) {
	funds, err := fundsInOrder(ctx, f.ledger, s.Book)
	if err != nil {
		return nil, err
	}
	quotas, err := f.ledger.QuotaSums(ctx, s.Book)
	if err != nil {
		return nil, err
	}
	units, err := f.unitHoldings(ctx)
	if err != nil {
		return nil, err
	}
	shares, err := f.ledger.Trace(ctx, s.Book)
	if err != nil {
		return nil, err
	}
	of := map[string][]ledger.Share{}
	for _, x := range shares {
		of[x.Document] = append(of[x.Document], x)
	}
	var traces []documentTrace
	at := map[string]int{}
	for _, fund := range funds {
		i, known := at[fund.Document]
		if !known {
			i = len(traces)
			at[fund.Document] = i
			traces = append(traces, documentTrace{Document: fund.Document, Shares: f.sharesOf(of[fund.Document], mostSharesEach, url.Values{"no": {fund.Document}})})
		}
		traces[i].Funds = append(traces[i].Funds, fund)
		give(&traces[i].QuotaTotal, quotas[fund.Fund])
	}
	for i := range traces {
		slices.SortFunc(traces[i].Funds, func(a, b ledger.Fund) int { return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Fund, b.Fund)) })
		traces[i].addUp(units)
	}
	return traces, nil
}

// shorten moves the rows beyond some number into the row of the rest, and adds the
// totals.
func (f *frame) shorten(t shareTable, most int) shareTable {
	if len(t.Rows) > most {
		for _, r := range t.Rows[most:] {
			t.Rest++
			t.RestPaid += r.Paid
			t.RestReturned += r.Returned
		}
		t.Rows, t.Table.Rows = t.Rows[:most], t.Table.Rows[:most]
	}
	rest := t.Table.total(f, map[string]ledger.Amount{"returned": t.RestReturned, "paid": t.RestPaid}).Foot
	rest[0].Text = f.t("shares.rest", t.Rest)
	if t.Rest > 0 {
		t.Table.Rows = append(slices.Clip(t.Table.Rows), tableRow{Cells: rest})
	}
	t.Table = t.Table.total(f, map[string]ledger.Amount{"returned": t.Returned, "paid": t.Paid})
	return t
}
