package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// listView is the page of a list that needs nothing but its table.
type listView struct {
	*frame
	Title string
	Table table
	// First and Next are the addresses of other pages of it, "" where there is none.
	First, Next string
	// Related are lists that belong together.
	Related []outlet
	Fund    string
	Funds   []ledger.Fund
}

// Path and Name let the template link a related list.
func (p *listView) Path(x outlet) string { return x.path() }
func (p *listView) Name(x outlet) string { return x.title() }

// listPage shows a list page by page.
func listPage[R any](x *listing[R]) view {
	return func(ctx context.Context, c echo.Context, f *frame) (page, error) {
		filter := known(x, c.QueryParams())
		if err := closed(x, filter); err != nil {
			return nil, err
		}
		p := &listView{frame: f, Title: x.Title, Fund: filter.Get("fund")}
		rows, next, err := x.Read(ctx, f.ledger, f.Book, filter, ledger.Page{After: c.QueryParam("after")})
		if err != nil {
			return nil, err
		}
		p.Table = x.table(f, rows, filter)
		p.First, p.Next = f.pager(x.Path, filter, c.QueryParam("after"), next)
		switch x.Path {
		case "/tenders", "/bids", "/bidders", "/contracts":
			p.Related = []outlet{tenderList, contractList, bidderList, bidList}
		case "/allocations":
			p.Funds, err = fundsInOrder(ctx, f.ledger, f.Book)
		}
		return p, err
	}
}

// idFilters are filters by an id.
var idFilters = []string{"project", "fund", "contract", "payment", "notice", "payee", "supplier", "bidder"}

// known are the filters that a list understands.
func known(x outlet, values url.Values) url.Values {
	filter := url.Values{}
	for _, name := range x.filters() {
		if v := values.Get(name); v != "" {
			if filter.Set(name, clip(v, 100)); slices.Contains(idFilters, name) {
				filter.Set(name, typedID(filter.Get(name)))
			}
		}
	}
	return filter
}

// closed holds filters to the words that a list knows.
func closed(x outlet, filter url.Values) error {
	q := &query{values: filter}
	for _, name := range x.filters() {
		if words, ok := x.words()[name]; ok {
			word(q, name, words)
		}
	}
	return q.err()
}

// wordFilter is a filter by a word of a closed list, as a form has it.
type wordFilter struct {
	// Name is that of the parameter, Label the key of its heading, List that of the names.
	Name, Label, List string
	Words             []string
	// Value is what was asked for, Wrong what is wrong with it.
	Value, Wrong string
}

// choose is a filter of a list; a word that there is not makes the page an error.
func (f *frame) choose(x outlet, filter url.Values, name, label, list string) wordFilter {
	c := wordFilter{Name: name, Label: label, List: list, Words: x.words()[name], Value: filter.Get(name)}
	if c.Value == "" || slices.Contains(c.Words, c.Value) {
		return c
	}
	c.Wrong, f.status = f.t("filter.unknown", c.Value), http.StatusUnprocessableEntity
	return c
}

// pager are the addresses of a list's first page, where this is not it, and of the
// next.
func (f *frame) pager(path string, filter url.Values, after, next string) (first, following string) {
	if after != "" {
		first = f.site.address(f.lang, path, filter, "")
	}
	if next != "" {
		more := url.Values{"after": {next}}
		for name, v := range filter {
			more[name] = v
		}
		following = f.site.address(f.lang, path, more, "")
	}
	return first, following
}

// bidderView is a bidder with all its bids and contracts.
type bidderView struct {
	*frame
	Bidder string
	Name   string
	// Paid is set when it was paid too, and has a page as a payee.
	Paid            bool
	Bids, Contracts table
	More            bool
}

func (s *server) bidderPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	p := &bidderView{frame: f, Bidder: c.Param("bidder")}
	filter := url.Values{"bidder": {p.Bidder}}
	bids, moreBids, err := f.ledger.BidLines(ctx, f.Book, ledger.BidFilter{Bidder: p.Bidder}, ledger.Page{})
	if err != nil {
		return nil, err
	}
	contracts, moreContracts, err := f.ledger.ContractLines(ctx, f.Book, ledger.TenderFilter{Supplier: p.Bidder}, ledger.Page{})
	if err != nil {
		return nil, err
	}
	switch {
	case len(bids) > 0:
		p.Name = bids[0].Name
	case len(contracts) > 0:
		p.Name = contracts[0].SupplierName
	default:
		return nil, echo.ErrNotFound
	}
	_, err = f.ledger.Payee(ctx, f.Book, p.Bidder)
	if p.Paid = err == nil; err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return nil, err
	}
	p.More = moreBids != "" || moreContracts != ""
	p.Bids = bidList.table(f, bids, filter)
	p.Contracts = contractList.table(f, contracts, url.Values{"supplier": {p.Bidder}})
	return p, nil
}

// dataView lists every file that the public may take.
type dataView struct {
	*frame
	// Licence is the address of the licence, "" if none is chosen.
	Licence string
	Lists   []dataList
	// Tendered is set when there are tenders or contracts.
	Tendered bool
}

// dataList is a list with its files and columns.
type dataList struct {
	Title, Path, Note string
	Files             files
	Columns           []dataColumn
	Filters           []string
}

// dataColumn is a column as programs and people call it.
type dataColumn struct{ Name, Head string }

func (s *server) dataPage(ctx context.Context, _ echo.Context, f *frame) (page, error) {
	tendered, err := f.ledger.TenderedProjects(ctx, s.Book, "")
	if err != nil {
		return nil, err
	}
	p := &dataView{frame: f, Licence: s.Licence, Tendered: len(tendered) > 0}
	for _, x := range outlets {
		l := dataList{Title: f.t(x.title()), Path: x.path(), Filters: x.filters()}
		l.Files = filesAt(func(name string) string { return f.site.href(f.lang, x.path()+"/"+name) })
		if x.note() != "" {
			l.Note = f.t(x.note())
		}
		names, heads := x.columns(f)
		for i := range names {
			l.Columns = append(l.Columns, dataColumn{names[i], heads[i]})
		}
		p.Lists = append(p.Lists, l)
	}
	return p, nil
}
