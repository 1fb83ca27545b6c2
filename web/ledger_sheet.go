package web

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// 台账: what offices keep on paper of a fund and of a project, on sheets that print on A4
// and go out as files with exactly the rows that are seen.

// ledgersView finds a fund or a project.
type ledgersView struct {
	*officer
	Funds       []ledger.Fund
	Text        string
	Projects    []ledger.Project
	Next, First string
}

func (s *server) ledgersPage(c *call, o *officer) error {
	o.template = "ledgers"
	if err := c.query("text", "after").err(); err != nil {
		return err
	}
	p := &ledgersView{officer: o, Text: clip(c.QueryParam("text"), 100)}
	var err error
	if p.Funds, err = fundsInOrder(c.ctx(), s.ledger, s.Book); err != nil {
		return err
	}
	var next string
	p.Projects, next, err = s.ledger.Projects(c.ctx(), s.Book, ledger.ProjectFilter{Text: p.Text, Place: c.who.Area}, ledger.Page{After: c.QueryParam("after")})
	if err != nil {
		return err
	}
	if next != "" {
		p.Next = o.site.live(o.lang, "/desk/ledger", "text", p.Text, "after", next)
	}
	if c.QueryParam("after") != "" {
		p.First = o.site.live(o.lang, "/desk/ledger", "text", p.Text)
	}
	return s.showStaff(c, http.StatusOK, p)
}

// ledgerSheet is a sheet for paper.
type ledgerSheet struct {
	*officer
	// Heading and About are what it is of, Facts its figures.
	Heading, About string
	Facts          []fact
	// Sum is what is paid, which also stands in capital numerals.
	Sum    ledger.Amount
	Tables []table
	// Cut says that there are more rows than a sheet holds.
	Cut bool
	// Made is when it was made.
	Made string
}

// mostSheetRows bounds a table of a sheet.
const mostSheetRows = 3000

// fundRow is a project in a fund's sheet.
type fundRow struct {
	ledger.FundQuota
	Contracts ledger.Amount
	Unit      string
	Document  string
	Times     int64
}

// fundSheet is 资金台账: the projects of a fund with what they were given and paid.
var fundSheet = &listing[fundRow]{
	Title: "ledger.fund", Caption: "ledger.fund_projects",
	Columns: []column[fundRow]{
		{"name", "col.project", "", false, func(f *frame, r fundRow) cell { return f.linkCell(r.ProjectName, "/p/", r.Project) }},
		{"project", "field.project", "", true, func(_ *frame, r fundRow) cell { return cell{Text: r.Project} }},
		{"unit", "project.unit", "", false, func(_ *frame, r fundRow) cell { return bookCell(r.Unit) }},
		{"document", "project.approval", "", false, func(_ *frame, r fundRow) cell { return bookCell(r.Document) }},
		{"state", "col.state", "lv", false, func(f *frame, r fundRow) cell { return codeCell(f, "state", r.State) }},
		{"budget", "col.budget", "n", false, func(_ *frame, r fundRow) cell { return amountCell(r.Budget) }},
		{"allocated", "col.allocated", "n", false, func(_ *frame, r fundRow) cell { return amountCell(r.Allocated) }},
		{"contracts", "project.contracts", "n", false, func(_ *frame, r fundRow) cell { return amountCell(r.Contracts) }},
		{"times", "ledger.times", "n", false, func(_ *frame, r fundRow) cell { return countCell(r.Times) }},
		{"paid", "col.paid", "n", false, func(_ *frame, r fundRow) cell { return amountCell(r.Paid) }},
		{"share", "ledger.share", "n", false, func(_ *frame, r fundRow) cell { return cell{Text: r.Paid.Percent(r.Budget)} }},
		{"left", "ledger.left", "n", false, func(_ *frame, r fundRow) cell { return amountCell(r.Allocated - r.Paid) }},
	},
}

// statementRow is a movement with what it was for.
type statementRow struct {
	ledger.Leg
	Kind ledger.Kind
	What string
}

// statement is 明细账: the movements of an account.
var statement = &listing[statementRow]{
	Title: "ledger.project", Caption: "ledger.statement",
	Columns: []column[statementRow]{
		{"day", "col.day", "", false, func(_ *frame, r statementRow) cell { return dayCell(r.On) }},
		{"entry", "col.entry", "lv", false, func(f *frame, r statementRow) cell { return f.entryCell(r.Entry) }},
		{"kind", "col.kind", "", false, func(f *frame, r statementRow) cell { return codeCell(f, "kind", string(r.Kind)) }},
		{"what", "ledger.what", "", false, func(_ *frame, r statementRow) cell { return bookCell(r.What) }},
		{"in", "ledger.in", "n", false, func(_ *frame, r statementRow) cell { return someAmount(max(r.Amount, 0)) }},
		{"out", "ledger.out", "n", false, func(_ *frame, r statementRow) cell { return someAmount(max(-r.Amount, 0)) }},
		{"balance", "ledger.balance", "n", false, func(_ *frame, r statementRow) cell { return amountCell(r.Balance) }},
	},
}

// someAmount is an amount, empty for zero.
func someAmount(a ledger.Amount) cell {
	if a == 0 {
		return cell{}
	}
	return amountCell(a)
}

// statementOf reads the movements of an account; more says that there are others.
func (s *server) statementOf(ctx context.Context, f *frame, account string, payments map[string]ledger.Payment) (rows []statementRow, more bool, err error) {
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		legs, next, err := s.ledger.Statement(ctx, s.Book, account, page)
		if err != nil {
			return nil, false, err
		}
		seqs := make([]ledger.Seq, len(legs))
		for i, g := range legs {
			seqs[i] = g.Entry
		}
		entries, err := s.ledger.EntriesAt(ctx, s.Book, seqs)
		if err != nil {
			return nil, false, err
		}
		for _, g := range legs {
			e := entries[g.Entry]
			rows = append(rows, statementRow{Leg: g, Kind: e.Kind, What: f.whatFor(e, payments)})
		}
		if page.After = next; next == "" || len(rows) >= mostSheetRows {
			return rows, next != "", nil
		}
	}
}

// whatFor says what a movement was for: the purpose of a payment and who got it, or the
// document of an allocation.
func (f *frame) whatFor(e *ledger.Entry, payments map[string]ledger.Payment) string {
	payment := ""
	switch b := e.Body.(type) {
	case *ledger.PaymentPaid:
		payment = b.Payment
	case *ledger.PaymentReturned:
		payment = b.Payment
	case *ledger.FundAllocated:
		return joined(b.Document, cmp.Or(b.Project, b.Unit))
	case *ledger.FundReceived:
		return joined(b.Document, b.Name)
	}
	p, ok := payments[payment]
	if !ok {
		return payment
	}
	return joined(p.Purpose, f.payeeCell(p.Payee, p.PayeeName, p.Lines).Text)
}

// paymentsOf are the payments of a project by their ids.
func (s *server) paymentsOf(ctx context.Context, project string) (map[string]ledger.Payment, error) {
	out := map[string]ledger.Payment{}
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		list, next, err := s.ledger.Payments(ctx, s.Book, ledger.PaymentFilter{Project: project}, page)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			out[p.Payment] = p
		}
		if page.After = next; next == "" || len(out) > mostSheetRows {
			return out, nil
		}
	}
}

// fundLedger reads the sheet of a fund.
func (s *server) fundLedger(c *call, o *officer) (*ledgerSheet, error) {
	t, err := s.ledger.TraceFund(c.ctx(), s.Book, c.Param("fund"))
	if err != nil {
		return nil, err
	}
	if len(t.Funds) != 1 || t.Funds[0].Fund != c.Param("fund") || c.who.Area != "" { // of all of the county
		return nil, ledger.ErrNotFound
	}
	f := t.Funds[0]
	p := &ledgerSheet{officer: o, Heading: o.t("ledger.fund"), About: f.Name, Sum: f.Paid}
	p.Facts = []fact{
		{Label: o.t("col.document"), Value: f.Document}, {Label: o.t("col.level"), Value: o.name("level", f.Level)}, {Label: o.t("field.issued"), Kind: "day", Value: string(f.Issued)},
		{Label: o.t("field.function_code"), Value: f.FunctionCode}, {Label: o.t("money.received"), Kind: "amount", Amount: f.Received}, {Label: o.t("money.hand"), Kind: "amount", Amount: f.InHand},
		{Label: o.t("money.allocated"), Kind: "amount", Amount: f.Allocated}, {Label: o.t("money.paid"), Kind: "amount", Amount: f.Paid}, {Label: o.t("money.returned"), Kind: "amount", Amount: f.Returned},
	}
	rows, err := s.fundRows(c.ctx(), f, t.Quotas)
	if err != nil {
		return nil, err
	}
	p.Cut = len(rows) > mostSheetRows
	rows = rows[:min(len(rows), mostSheetRows)]
	sums := map[string]ledger.Amount{}
	for _, r := range rows {
		sums["budget"] += r.Budget
		sums["allocated"] += r.Allocated
		sums["paid"] += r.Paid
		sums["left"] += r.Allocated - r.Paid
	}
	legs, more, err := s.statementOf(c.ctx(), o.frame, ledger.HandAccount(f.Fund), nil)
	p.Cut = p.Cut || more
	p.Tables = []table{fundSheet.table(o.frame, rows, nil).total(o.frame, sums), statement.table(o.frame, legs, nil)}
	return p, err
}

// fundRows joins what a fund's projects were given with what they are.
func (s *server) fundRows(ctx context.Context, f ledger.Fund, quotas []ledger.FundQuota) ([]fundRow, error) {
	times, err := s.ledger.PaidTimes(ctx, s.Book, f.Fund)
	if err != nil {
		return nil, err
	}
	projects := map[string]ledger.Project{}
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		list, next, err := s.ledger.Projects(ctx, s.Book, ledger.ProjectFilter{Fund: f.Fund}, page)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			projects[p.Project] = p
		}
		if page.After = next; next == "" {
			break
		}
	}
	var rows []fundRow
	for _, q := range quotas {
		r := fundRow{FundQuota: q, Contracts: projects[q.Project].Contracts, Unit: projects[q.Project].Unit, Document: projects[q.Project].Document}
		if i := slices.IndexFunc(times, func(t ledger.PaidTimes) bool { return t.Project == q.Project }); i >= 0 {
			r.Times = times[i].Times
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// projectLedger reads the sheet of a project: its money, fund by fund.
func (s *server) projectLedger(c *call, o *officer) (*ledgerSheet, error) {
	project, err := s.projectIn(c.ctx(), c.who, s.ledger, c.Param("project"))
	if err != nil {
		return nil, err
	}
	p := &ledgerSheet{officer: o, Heading: o.t("ledger.project"), About: project.Name, Sum: project.Paid}
	p.Facts = []fact{
		{Label: o.t("field.project"), Value: project.Project}, {Label: o.t("col.place"), Value: project.PlaceName}, {Label: o.t("project.unit"), Value: project.Unit},
		{Label: o.t("project.approval"), Value: project.Document}, {Label: o.t("col.state"), Value: o.name("state", project.State)}, {Label: o.t("col.budget"), Kind: "amount", Amount: project.Budget},
		{Label: o.t("col.allocated"), Kind: "amount", Amount: project.Allocated}, {Label: o.t("project.contracts"), Kind: "amount", Amount: project.Contracts}, {Label: o.t("col.paid"), Kind: "amount", Amount: project.Paid},
	}
	payments, err := s.paymentsOf(c.ctx(), project.Project)
	if err != nil {
		return nil, err
	}
	quotas, err := s.ledger.Quotas(c.ctx(), s.Book, project.Project)
	if err != nil {
		return nil, err
	}
	for _, q := range quotas {
		fund, err := s.ledger.Fund(c.ctx(), s.Book, q.Fund)
		if err != nil {
			return nil, err
		}
		rows, more, err := s.statementOf(c.ctx(), o.frame, ledger.ProjectAccount(project.Project, q.Fund), payments)
		if err != nil {
			return nil, err
		}
		p.Cut = p.Cut || more
		var in, out ledger.Amount
		for _, r := range rows {
			in, out = in+max(r.Amount, 0), out+max(-r.Amount, 0)
		}
		t := statement.table(o.frame, rows, nil).total(o.frame, map[string]ledger.Amount{"in": in, "out": out, "balance": in - out})
		t.Caption = o.t("ledger.of_fund", fund.Name, fund.Document)
		p.Tables = append(p.Tables, t)
	}
	return p, nil
}

// sheetPage shows a sheet; its files stand below it.
func (s *server) sheetPage(read func(c *call, o *officer) (*ledgerSheet, error)) func(c *call, o *officer) error {
	return func(c *call, o *officer) error {
		o.template = "ledgersheet"
		p, err := read(c, o)
		if err != nil {
			return err
		}
		p.Made = inShanghai(s.Now())
		for i := range p.Tables {
			p.Tables[i].Files = nil
		}
		return s.showStaff(c, http.StatusOK, p)
	}
}

// Here is the address of a file of the sheet.
func (p *ledgerSheet) Here(name string) string {
	at := p.Zh
	if p.lang == english {
		at = p.En
	}
	return strings.TrimSuffix(at, "/") + "/" + name
}

// sheetFile gives a sheet as a file: what is seen, row by row.
func (s *server) sheetFile(format sheet.Format, read func(c *call, o *officer) (*ledgerSheet, error)) func(c *call, o *officer) error {
	return func(c *call, o *officer) error {
		p, err := read(c, o)
		if err != nil {
			return err
		}
		var made spool
		defer func() { _ = made.Close() }() // nameless: nothing is left
		if err := p.writeTo(&made, format); err != nil {
			return err
		}
		mediaType := mediaXLSX
		if format == sheet.CSV {
			mediaType = "text/csv; charset=utf-8"
		}
		return sendSpool(c, &made, p.Heading+"-"+clip(p.About, 40)+"."+string(format), mediaType)
	}
}

// writeTo writes the rows of the page, one table below the other.
func (p *ledgerSheet) writeTo(w io.Writer, format sheet.Format) error {
	stopped := errors.New("stopped")
	err := sheet.WriteLines(w, format, p.Heading, func(yield func([]string, error) bool) {
		put := func(line ...string) error {
			if !yield(line, nil) {
				return stopped
			}
			return nil
		}
		_ = p.lines(put) // whoever stops it knows
	})
	return err
}

func (p *ledgerSheet) lines(put func(line ...string) error) error {
	if err := put(p.Heading, p.About); err != nil {
		return err
	}
	for _, x := range p.Facts {
		value := x.Value
		if x.Kind == "amount" {
			value = x.Amount.String()
		}
		if err := put(x.Label, value); err != nil {
			return err
		}
	}
	for _, t := range p.Tables {
		if err := errors.Join(put(), put(t.Caption), put(textsOf(t.Heads, false)...)); err != nil {
			return err
		}
		for _, r := range t.Rows {
			if err := put(textsOf(r.Cells, true)...); err != nil {
				return err
			}
		}
		if len(t.Foot) > 0 {
			if err := put(textsOf(t.Foot, true)...); err != nil {
				return err
			}
		}
	}
	return nil
}

func textsOf(cells []cell, file bool) []string {
	var out []string
	for _, c := range cells {
		text := c.Text
		if file {
			text = c.inFile()
		}
		out = append(out, text)
	}
	return out
}
