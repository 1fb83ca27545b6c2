package web

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"yilu/alerts"
	"yilu/ledger"
	"yilu/ledger/sheet"
)

// reportView is 预警办理情况: warnings by the month in which they were raised and by
// township. Each figure leads to the list of just those that it counts.
type reportView struct {
	*officer
	From, To ledger.Date
	Cells    []reportCell
	Months   []reportCell
	Places   []reportCell
	Total    alerts.Cell
	// Today is the day as of which steps are overdue.
	Today ledger.Date
}

// reportCell is a line of the report, with the address of its warnings.
type reportCell struct {
	alerts.Cell
	Place string
	// All is the list of them, Open that of those that are not ended.
	All, Open string
}

// reportMonths is how many months back the report begins unless asked for others.
const reportMonths = 12

// readReport reads the report of some days.
func (s *server) readReport(c *call, o *officer) (*reportView, error) {
	o.template = "report"
	q := c.query("from", "to")
	p := &reportView{officer: o, From: q.day("from"), To: q.day("to"), Today: ledger.DateOf(s.Now())}
	if err := q.err(); err != nil {
		return nil, err
	}
	p.From, p.To = cmp.Or(p.From, monthsBefore(p.Today, reportMonths-1)), cmp.Or(p.To, p.Today)
	cells, err := alerts.Summarise(c.ctx(), s.Alerts.Pool, s.Book, alerts.Filter{From: p.From, To: p.To}, p.Today)
	if err != nil {
		return nil, err
	}
	months, places := map[string]*alerts.Cell{}, map[string]*alerts.Cell{}
	for _, x := range cells {
		p.Total.Add(x)
		addTo(months, x.Month, alerts.Cell{Month: x.Month}, x)
		addTo(places, x.Township, alerts.Cell{Township: x.Township}, x)
		p.Cells = append(p.Cells, p.cell(x))
	}
	for _, month := range slices.Backward(slices.Sorted(maps.Keys(months))) {
		p.Months = append(p.Months, p.cell(*months[month]))
	}
	for _, place := range slices.Sorted(maps.Keys(places)) {
		p.Places = append(p.Places, p.cell(*places[place]))
	}
	return p, nil
}

func addTo(sums map[string]*alerts.Cell, key string, empty, x alerts.Cell) {
	if sums[key] == nil {
		sums[key] = &empty
	}
	sums[key].Add(x)
}

// monthsBefore is the first day of the month so many before that of a day.
func monthsBefore(day ledger.Date, months int) ledger.Date {
	year, _ := strconv.Atoi(string(day[:4]))
	month, _ := strconv.Atoi(string(day[5:7]))
	n := year*12 + month - 1 - months
	return ledger.Date(fmt.Sprintf("%04d-%02d-01", n/12, n%12+1))
}

// cell names the place of a line and leads to its warnings.
func (p *reportView) cell(x alerts.Cell) reportCell {
	from, to := p.From, p.To
	if x.Month != "" {
		first := ledger.Date(x.Month + "-01")
		from, to = max(from, first), min(to, monthsBefore(first, -1).AddDays(-1))
	}
	link := func(state string) string {
		only := ""
		if x.Township == string(p.Book) { // of the county as a whole
			only = "1"
		}
		return p.site.live(p.lang, "/alerts", "state", state, "region", x.Township, "only", only, "from", from, "to", to)
	}
	r := reportCell{Cell: x, All: link("all"), Open: link("")}
	if x.Township != "" {
		r.Place = p.division(x.Township)
	}
	return r
}

// File is the address of the report as a sheet.
func (p *reportView) File() string {
	return p.site.live(p.lang, "/desk/reports/list.xlsx", "from", p.From, "to", p.To)
}

func (s *server) reportPage(c *call, o *officer) error {
	p, err := s.readReport(c, o)
	if err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// reportHeads are the keys of the report's columns.
var reportHeads = []string{"report.month", "report.place", "report.raised", "report.open", "report.overdue", "report.dismissed", "report.closed", "report.recorded",
	"report.to_return", "report.returned", "report.to_adjust", "report.adjusted", "report.other"}

// line is a cell as a sheet has it.
func (r reportCell) line() []string {
	out := []string{r.Month, r.Place}
	for _, n := range []int64{r.Raised, r.Cell.Open, r.Overdue, r.Dismissed, r.Closed, r.Recorded} {
		out = append(out, strconv.FormatInt(n, 10))
	}
	for _, a := range []ledger.Amount{r.ToReturn, r.Returned, r.ToAdjust, r.Adjusted, r.Other} {
		out = append(out, a.String())
	}
	return out
}

// lines are the report as a sheet has it, the total last.
func (p *reportView) lines() iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		var heads []string
		for _, key := range reportHeads {
			heads = append(heads, p.t(key))
		}
		if !yield(heads, nil) {
			return
		}
		for _, r := range p.Cells {
			if !yield(r.line(), nil) {
				return
			}
		}
		total := reportCell{Cell: p.Total}.line()
		total[0] = p.t("report.total")
		yield(total, nil)
	}
}

func (s *server) reportFile(c *call, o *officer) error {
	p, err := s.readReport(c, o)
	if err != nil {
		return err
	}
	title := o.t("report.title")
	return s.sendStaff(c, fmt.Sprintf("%s%s_%s_%s.xlsx", o.County, title, p.From, p.To), xlsxType, func(w io.Writer) error {
		return sheet.WriteLines(w, sheet.XLSX, title, p.lines())
	})
}

const (
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	csvType  = "text/csv; charset=utf-8"
)

// precisionView is 误报统计: how often each rule was right, by what people decided.
type precisionView struct {
	*officer
	From, To ledger.Date
	Rules    []precisionRow
	// Grounds are the grounds of dismissal that occur, in the order of their columns.
	Grounds []string
	Months  []alerts.MonthPrecision
}

// precisionRow is one rule's.
type precisionRow struct {
	alerts.Precision
	Name string
	Hits alertCounts
}

// Share is the share of dismissed cases in percent, Ground the count of one ground.
func (r precisionRow) Share() string            { return basisPointsText(r.FalseShare()) }
func (r precisionRow) Ground(name string) int64 { return r.Grounds[name] }

func basisPointsText(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }

func (s *server) precisionPage(c *call, o *officer) error {
	o.template = "precision"
	q := c.query("from", "to")
	today := ledger.DateOf(s.Now())
	p := &precisionView{officer: o, From: cmp.Or(q.day("from"), monthsBefore(today, reportMonths-1)), To: cmp.Or(q.day("to"), today)}
	if err := q.err(); err != nil {
		return err
	}
	found, err := s.Alerts.Precisions(c.ctx(), s.Book, p.From, p.To)
	if err != nil {
		return err
	}
	past, err := s.tallies(c.ctx())
	if err != nil {
		return err
	}
	names, grounds, months := s.ruleNames(o.lang), map[string]bool{}, map[string]*alerts.MonthPrecision{}
	for _, x := range found {
		p.Rules = append(p.Rules, precisionRow{x, names[x.Code], past[x.Code]})
		for ground := range x.Grounds {
			grounds[ground] = true
		}
		for _, m := range x.Months {
			if months[m.Month] == nil {
				months[m.Month] = &alerts.MonthPrecision{Month: m.Month}
			}
			months[m.Month].Confirmed += m.Confirmed
			months[m.Month].Dismissed += m.Dismissed
		}
	}
	slices.SortStableFunc(p.Rules, func(a, b precisionRow) int { return cmp.Compare(b.FalseShare(), a.FalseShare()) })
	p.Grounds = slices.Sorted(maps.Keys(grounds))
	for _, month := range slices.Backward(slices.Sorted(maps.Keys(months))) {
		p.Months = append(p.Months, *months[month])
	}
	return s.showStaff(c, http.StatusOK, p)
}
