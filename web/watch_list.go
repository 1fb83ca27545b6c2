package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts"
	"yilu/ledger"
)

// warningRow is a warning in a list.
type warningRow struct {
	alerts.Current
	Name     string
	Sentence string
	// Late is set when the step was due before today, Day is that of the warning.
	Late bool
	Day  ledger.Date
	// Take says that the officer may take it over: the unit's is another one.
	Take bool
}

// Pick is what a box of the list sends: which case, in which version it was seen.
func (r warningRow) Pick() string { return r.Alert + "~" + strconv.FormatInt(r.Step, 10) }

// watchFilter is what narrows the list, as its address has it.
type watchFilter struct {
	alerts.Filter
	// Show is the filter of states as the form has it: "" for what is not ended, "all",
	// or a state.
	Show string
	// Queue is mine (我的待办), soon (即将超期), late or "" for all. Days is how many
	// working days ahead soon looks.
	Queue string
	Days  int64
	// By is how groups are made: "" by rule, or one of alerts.Ways.
	By string
	// Sort is the order that was asked for, "" for the list's own.
	Sort string
	// PayeeOf and HouseholdOf name a warning in place of a person, whom no address may name.
	PayeeOf, HouseholdOf string
	Size                 int64
}

var (
	queues = []string{"mine", "soon", "late"}
	// newestFirst asks for the newest first in a queue that has another order.
	newestFirst = "new"
	// sorts are the orders as an address names them.
	sorts     = []string{newestFirst, "level", "amount", "due"}
	pageSizes = []int64{20, 50, 100, 200}
)

// watchParameters are the parameters of the list's addresses.
var watchParameters = []string{"state", "level", "code", "region", "unit", "project", "from", "to", "payee_of", "household_of", "queue", "days", "by", "sort", "only", "size",
	"before", "past", "upto", "after", "active"}

const (
	warningsPerPage = 50
	mostNewer       = 100
	// soonDays is how many working days ahead 即将超期 looks, mostDays the most.
	soonDays, mostDays = 3, 30
)

// watchFilter reads the filter of a list, which may be behind the address of a warning
// too.
func (s *server) watchFilter(c *call, values url.Values) (f watchFilter, err error) {
	q := knownQuery(maps.Clone(values), watchParameters...)
	f.Show = q.text("state")
	delete(q.values, "state")
	switch f.Show {
	case "":
		q.values.Set("active", "true")
	case "all":
	default:
		q.values.Set("state", f.Show)
	}
	f.Days, f.Size = q.number("days", soonDays), q.number("size", warningsPerPage)
	f.Queue, f.By, f.Sort = word(q, "queue", queues), word(q, "by", alerts.Ways()), word(q, "sort", sorts)
	if !slices.Contains(pageSizes, f.Size) {
		all := strings.ReplaceAll(strings.Trim(fmt.Sprint(pageSizes), "[]"), " ", ", ")
		q.bad("size", "可用："+all, "there are: "+all)
	}
	if f.Days < 1 || f.Days > mostDays {
		q.bad("days", "须为1–"+strconv.Itoa(mostDays), "want 1 to "+strconv.Itoa(mostDays))
	}
	if f.Order() == (watchFilter{Queue: f.Queue}).Order() { // the list's own
		f.Sort = ""
	}
	f.PayeeOf, f.HouseholdOf = q.text("payee_of"), q.text("household_of")
	project, from, to := q.id("project"), q.day("from"), q.day("to")
	if f.Filter, err = s.filter(c, q); err != nil {
		return f, err
	}
	f.Project, f.From, f.To, f.Only = project, from, to, q.values.Get("only") != ""
	if err := s.findPersons(c, &f); err != nil {
		return f, err
	}
	return f, s.queue(c, &f)
}

// day is a day, or "" for none.
func (q *query) day(name string) ledger.Date {
	v := q.values.Get(name)
	if v == "" {
		return ""
	}
	day, err := ledger.ParseDate(v)
	if err != nil {
		q.bad(name, "须为日期，如 2020-03-18", "want a day such as 2020-03-18")
	}
	return day
}

// findPersons turns the warnings that stand for persons into these.
func (s *server) findPersons(c *call, f *watchFilter) error {
	if f.PayeeOf != "" {
		of, err := s.findAlert(c, f.PayeeOf)
		if err != nil || of.Payee == "" {
			return errors.Join(err, missingIf(err == nil))
		}
		f.Payee = of.Payee
	}
	if f.HouseholdOf != "" {
		of, err := s.findAlert(c, f.HouseholdOf)
		if err != nil {
			return err
		}
		if f.Household, err = alerts.PersonOf(c.ctx(), s.Alerts.Pool, s.Book, of.Alert); err != nil || f.Household == "" {
			return errors.Join(err, missingIf(err == nil))
		}
	}
	return nil
}

func missingIf(missing bool) error {
	if missing {
		return ledger.ErrNotFound
	}
	return nil
}

// queue narrows the filter to a queue.
func (s *server) queue(c *call, f *watchFilter) error {
	today := ledger.DateOf(s.Now())
	switch f.Queue {
	case "mine":
		f.Desk = &alerts.Desk{User: c.who.User, Unit: c.who.Unit, Auditor: unitOf(c.who) == ""}
	case "late":
		f.Active, f.DueBy = true, today.AddDays(-1)
	case "soon":
		f.Active, f.DueBy = true, today.AddDays(int(f.Days))
		if due, err := s.Alerts.Calendar.Add(today, int(f.Days)); err == nil { // else the calendar is not known yet: days
			f.DueBy = due
		}
	}
	return nil
}

// Values are the filter as an address has it, with changes, names and values in turn.
func (f watchFilter) Values(everything bool, changes ...any) []any {
	unit := f.Unit
	if !everything {
		unit = ""
	}
	pairs := []any{"state", f.Show, "level", f.Level, "code", f.Code, "region", f.Region, "unit", unit, "project", f.Project, "from", f.From, "to", f.To,
		"payee_of", f.PayeeOf, "household_of", f.HouseholdOf, "queue", f.Queue, "by", f.By, "sort", f.Sort}
	if f.Only {
		pairs = append(pairs, "only", "1")
	}
	if f.Size != warningsPerPage {
		pairs = append(pairs, "size", f.Size)
	}
	if f.Queue == "soon" && f.Days != soonDays {
		pairs = append(pairs, "days", f.Days)
	}
	for i := 0; i < len(changes); i += 2 {
		for j := 0; j < len(pairs); j += 2 {
			if pairs[j] == changes[i] {
				pairs[j+1] = ""
			}
		}
	}
	return append(pairs, changes...)
}

// Order is how the list is sorted: as was asked for, else what waits for a day by days,
// and all other lists with the newest first.
func (f watchFilter) Order() alerts.Order {
	switch {
	case f.Sort == newestFirst:
		return alerts.ByNewest
	case f.Sort == "" && (f.Queue == "soon" || f.Queue == "late"):
		return alerts.ByDue
	}
	return alerts.Order(f.Sort)
}

// alertsView is the list of warnings, in groups and one by one.
type alertsView struct {
	*officer
	Filter watchFilter
	Groups []groupRow
	// Clusters are groups by project, payee or household.
	Clusters []clusterRow
	Rows     []warningRow
	States   []alerts.State
	// Codes are the rules that the form offers.
	Codes []groupRow
	// Total is how many the filter leaves, on all pages.
	Total int
	// Upto is the last warning raised when the list was opened, Newer says that there
	// are more by now. After is where the feed goes on.
	Upto, After ledger.Seq
	Newer       int
	// Before is where the next page begins, None at the end; Past is that of a list that
	// is sorted in another way.
	Before ledger.Seq
	Past   alerts.Place
	First  bool
	// Counts are how many wait in each queue.
	Counts map[string]int
	// Bulk is the form for many.
	Bulk *bulkForm
}

// Levels are the levels, the most severe first.
func (p *alertsView) Levels() []string { return alertLevels }

// Queues, Ways and Sizes are what the list can be asked for.
func (p *alertsView) Queues() []string { return queues }
func (p *alertsView) Ways() []string   { return alerts.Ways() }
func (p *alertsView) Sizes() []int64   { return pageSizes }

// Everything says whether the officer sees the warnings of all units.
func (p *alertsView) Everything() bool { return unitOf(p.Who) == "" }

// Link is the list with changes of its filter, from its beginning.
func (p *alertsView) Link(changes ...any) string {
	return p.site.live(p.lang, "/alerts", p.Filter.Values(p.Everything(), changes...)...)
}

// Of is the list of one rule, Older the next page.
func (p *alertsView) Of(code string) string { return p.Link("code", code) }
func (p *alertsView) Older() string {
	if p.Sorted() {
		return p.Link("past", string(p.Past))
	}
	return p.Link("before", p.Before, "upto", p.Upto)
}

// Sorted says that the list is not in the order of the newest first.
func (p *alertsView) Sorted() bool { return p.Filter.Order() != alerts.ByNewest }

// Sorts are the orders, Is says which one is the list's.
func (p *alertsView) Sorts() []string { return sorts }
func (p *alertsView) Is(sort string) bool {
	return p.Filter.Order() == alerts.Order(strings.TrimPrefix(sort, newestFirst))
}

// SortedBy is the list in another order, from its beginning.
func (p *alertsView) SortedBy(sort string) string { return p.Link("sort", sort) }

// More says whether there is another page.
func (p *alertsView) More() bool { return p.Before != ledger.None || p.Past != "" }

// Open is the page of a warning that knows its list.
func (p *alertsView) Open(alert string) string {
	return p.site.live(p.lang, "/alerts/"+alert, p.Filter.Values(p.Everything())...)
}

// Stream is what our script listens to.
func (p *alertsView) Stream() string {
	return p.site.base + "/api/v1/books/" + string(p.Book) + "/alerts/stream"
}

// groupRow counts a rule's warnings.
type groupRow struct {
	alerts.Group
	Name string
}

// clusterRow counts those about one project, payee or household.
type clusterRow struct {
	alerts.Cluster
	Name string
	// To is the list of these, Page the public page about it, "" for none.
	To, Page string
}

// alertsPage lists warnings. All of the filter is in the address, and a page is read
// back from where it began: what came since is said, and not put in between.
func (s *server) alertsPage(c *call, o *officer) error {
	if c.QueryParams().Has("after") {
		return s.newRows(c, o)
	}
	p, err := s.readAlerts(c, o, c.QueryParams())
	if err != nil {
		return err
	}
	units, err := s.units(c.ctx())
	if err != nil {
		return err
	}
	p.Bulk = p.newBulk(units)
	return s.showStaff(c, http.StatusOK, p)
}

// readAlerts reads a page of the list.
func (s *server) readAlerts(c *call, o *officer, values url.Values) (*alertsView, error) {
	o.template, o.script = "alerts", true
	p := &alertsView{officer: o, States: alertStates, Before: ledger.None, Counts: map[string]int{}}
	var err error
	if p.Filter, err = s.watchFilter(c, values); err != nil {
		return nil, err
	}
	if p.After, err = alerts.LastEvent(c.ctx(), s.Alerts.Pool, s.Book); err != nil { // before the rows: what comes meanwhile is asked for again
		return nil, err
	}
	if err := errors.Join(s.readGroups(c, p), s.countQueues(c, p)); err != nil {
		return nil, err
	}
	return p, s.readRows(c, p, values)
}

// readGroups reads the groups that are asked for.
func (s *server) readGroups(c *call, p *alertsView) error {
	pool := s.Alerts.Pool
	groups, err := alerts.Groups(c.ctx(), pool, s.Book, p.Filter.Filter)
	if err != nil {
		return err
	}
	names := s.ruleNames(p.lang)
	for _, g := range groups {
		p.Codes = append(p.Codes, groupRow{g, names[g.Code]})
		p.Upto = max(p.Upto, g.Newest)
	}
	listed := p.Codes
	if code := p.Filter.Code; code != "" && !slices.ContainsFunc(listed, func(g groupRow) bool { return g.Code == code }) {
		p.Codes = append(slices.Clip(listed), groupRow{alerts.Group{Code: code}, names[code]}) // or the form would ask for all rules next
	}
	if p.Filter.By == "" {
		p.Groups = listed
		return nil
	}
	found, err := alerts.Clusters(c.ctx(), pool, s.Book, p.Filter.Filter, p.Filter.By)
	if err != nil {
		return err
	}
	for _, x := range found {
		row, err := s.clusterRow(c, p, x)
		if err != nil {
			return err
		}
		p.Clusters = append(p.Clusters, row)
	}
	return nil
}

// clusterRow names a project or a firm; a private person is named by nothing.
func (s *server) clusterRow(c *call, p *alertsView, x alerts.Cluster) (clusterRow, error) {
	row := clusterRow{Cluster: x}
	switch p.Filter.By {
	case "project":
		project, err := s.ledger.Project(c.ctx(), s.Book, x.Key)
		if ignoreMissing(err) != nil {
			return row, err
		}
		row.Name, row.To = x.Key+" "+project.Name, p.Link("project", x.Key, "by", "")
		if err == nil {
			row.Page = p.site.href(p.lang, "/p/", x.Key)
		}
	case "payee":
		row.To = p.Link("payee_of", x.Example, "by", "")
		if isPrivate(x.Key) {
			row.Name = p.t("watch.person")
			break
		}
		payee, err := s.ledger.Payee(c.ctx(), s.Book, x.Key)
		if ignoreMissing(err) != nil {
			return row, err
		}
		row.Name, row.Page = payee.Name, p.site.href(p.lang, "/payees/", x.Key)
	default:
		row.Name, row.To = p.t("watch.household"), p.Link("household_of", x.Example, "by", "")
	}
	row.Key = "" // never shown
	return row, nil
}

// countQueues says how many wait in each queue, whatever else the filter says.
func (s *server) countQueues(c *call, p *alertsView) error {
	var unit string
	if !p.Everything() {
		unit = c.who.Unit
	}
	for _, queue := range queues {
		f := watchFilter{Filter: alerts.Filter{Unit: unit}, Queue: queue, Days: p.Filter.Days}
		if err := s.queue(c, &f); err != nil {
			return err
		}
		var err error
		if p.Counts[queue], err = alerts.Count(c.ctx(), s.Alerts.Pool, s.Book, f.Filter); err != nil {
			return err
		}
	}
	return nil
}

// readRows reads the rows of one page.
func (s *server) readRows(c *call, p *alertsView, values url.Values) error {
	q := &query{values: values}
	before, upto, past, order := ledger.Seq(q.number("before", 1<<62)), ledger.Seq(q.number("upto", -1)), alerts.Place(q.text("past")), p.Filter.Order()
	if past != "" && !order.Holds(past) {
		q.bad("past", "没有这一页，请从第一页看起", "there is no such page, begin at the first")
	}
	if err := q.err(); err != nil {
		return err
	}
	pool, f := s.Alerts.Pool, p.Filter.Filter
	var err error
	if p.Total, err = alerts.Count(c.ctx(), pool, s.Book, f); err != nil {
		return err
	}
	p.First = values.Has("before") || past != ""
	if values.Has("upto") {
		newer, err := alerts.List(c.ctx(), pool, s.Book, f, upto, mostNewer)
		if err != nil {
			return err
		}
		p.Newer, p.Upto = len(newer), upto
		before = min(before, upto+1)
	}
	var rows []alerts.Current
	if p.Sorted() {
		rows, err = order.Past(c.ctx(), pool, s.Book, f, past, int(p.Filter.Size))
	} else {
		rows, err = alerts.Newest(c.ctx(), pool, s.Book, f, before, int(p.Filter.Size))
	}
	if err != nil {
		return err
	}
	s.addRows(p, rows)
	switch last := len(rows) - 1; {
	case int64(len(rows)) < p.Filter.Size:
	case p.Sorted():
		p.Past = order.Of(rows[last])
	default:
		p.Before = rows[last].Raised
	}
	return nil
}

// addRows puts cases in words.
func (s *server) addRows(p *alertsView, rows []alerts.Current) {
	today, names := ledger.DateOf(s.Now()), s.ruleNames(p.lang)
	for _, r := range rows {
		hideCase(&r)
		take := r.Unit != p.Who.Unit && slices.Contains(r.Steps(p.Who.Role), "alert.assigned")
		p.Rows = append(p.Rows, warningRow{r, names[r.Code], p.lang.pick(ledger.Text{Zh: r.Zh, En: r.En}), r.Due != "" && r.Due < today, ledger.DateOf(r.RaisedAt), take})
	}
}

// newRows answers our script with the rows that were raised after the last one that it
// has, the newest first.
func (s *server) newRows(c *call, o *officer) error {
	o.template = "alerts"
	p := &alertsView{officer: o}
	q := &query{values: c.QueryParams()}
	after := q.afterSeq()
	if err := q.err(); err != nil {
		return err
	}
	var err error
	if p.Filter, err = s.watchFilter(c, c.QueryParams()); err != nil {
		return err
	}
	rows, err := alerts.List(c.ctx(), s.Alerts.Pool, s.Book, p.Filter.Filter, after, warningsPerPage)
	if err != nil {
		return err
	}
	slices.Reverse(rows)
	s.addRows(p, rows)
	return s.renderPart(c, p, "rows")
}
