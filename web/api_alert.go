package web

import (
	"cmp"
	"errors"
	"reflect"
	"regexp"
	"strconv"

	"github.com/labstack/echo/v4"

	"yilu/alerts"
	"yilu/ledger"
)

// Warnings are a reason to look, not a finding: the public reads none of them, an
// auditor all of a book, and an officer those that his unit has been given.

// alertStates are the states of a case in the order in which it takes them.
var alertStates = []alerts.State{alerts.Open, alerts.Verifying, alerts.Dismissing, alerts.Dismissed, alerts.Rectifying, alerts.Review, alerts.Closed, alerts.Recorded}

// alertLevels are the levels of a warning, the most severe first.
var alertLevels = []string{"red", "orange", "yellow", "blue"}

// warned is inside for readers of warnings. A server without any has no such address.
func (s *server) warned(handle func(*call) error) echo.HandlerFunc {
	return s.inside(s.handling(handle), rights[readWarnings]...)
}

// handling is for servers that have warnings.
func (s *server) handling(handle func(*call) error) func(*call) error {
	return func(c *call) error {
		if s.Alerts == nil {
			return ledger.ErrNotFound
		}
		return handle(c)
	}
}

// unitOf is the unit whose warnings somebody may see, "" for those of all.
func unitOf(a *actor) string {
	if a.Role == ledger.Auditor || a.Role == ledger.Leader {
		return ""
	}
	return a.Unit
}

// mayRead says whether somebody may see a warning.
func mayRead(a *actor, c alerts.Current) bool {
	unit := unitOf(a)
	return (unit == "" || unit == c.Unit) && a.in(c.Region)
}

// readerOf is what somebody hears of the feed: what they may read.
func readerOf(a *actor) alerts.Reader { return alerts.Reader{Unit: unitOf(a), Region: a.region()} }

// filter reads what narrows a list of warnings. An officer asking for another unit's
// is refused, and told so: an empty list would look like good news.
func (s *server) filter(c *call, q *query) (alerts.Filter, error) {
	a := c.who
	f := alerts.Filter{Code: q.text("code"), Level: word(q, "level", alertLevels), State: word(q, "state", alertStates), Unit: q.text("unit"), Region: q.place("region")}
	f.Active = word(q, "active", []string{"true", "false"}) == "true"
	if err := s.mustKnow(c, q, f.Code); err != nil {
		return f, err
	}
	if own := unitOf(a); own != "" {
		if f.Unit != "" && f.Unit != own {
			return f, errRole
		}
		f.Unit = own
	}
	if a.Area != "" {
		if f.Region != "" && !a.in(f.Region) {
			return f, errRole
		}
		f.Region = cmp.Or(f.Region, a.region())
	}
	return f, q.err()
}

// mustKnow holds a filter to rules that there are, or of which the book has warnings.
func (s *server) mustKnow(c *call, q *query, code string) error {
	if _, known := s.ruleNames(chinese)[code]; known || code == "" {
		return nil
	}
	past, err := alerts.Count(c.ctx(), s.Alerts.Pool, c.book, alerts.Filter{Code: code})
	if past == 0 {
		q.bad("code", "没有规则“"+code+"”，规则编号如 P02", "there is no rule "+strconv.Quote(code)+"; codes are such as P02")
	}
	return err
}

// afterSeq is a cursor of a list that begins before its first entry.
func (q *query) afterSeq() ledger.Seq { return ledger.Seq(q.number("after", int64(ledger.None))) }

// listAlerts lists warnings in the order in which they were raised.
func (s *server) listAlerts(c *call) error {
	q := c.query("after", "limit", "code", "level", "state", "unit", "region", "active")
	after, limit := q.afterSeq(), q.limit()
	f, err := s.filter(c, q)
	if err != nil {
		return err
	}
	rows, err := alerts.List(c.ctx(), s.Alerts.Pool, c.book, f, after, limit)
	for i := range rows {
		hideCase(&rows[i])
	}
	l := list[alerts.Current]{Items: rows}
	if len(rows) == limit {
		l.Next = strconv.FormatInt(int64(rows[limit-1].Raised), 10)
	}
	return c.answer(l, err)
}

// listFeed lists the entries about warnings: what a stream sends, page by page.
func (s *server) listFeed(c *call) error {
	q := c.query("after", "limit")
	after, limit := q.afterSeq(), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	rows, err := alerts.Feed(c.ctx(), s.Alerts.Pool, c.book, readerOf(c.who), after, limit)
	l := list[alerts.Event]{Items: rows}
	if len(rows) == limit {
		l.Next = strconv.FormatInt(int64(rows[limit-1].Seq), 10)
	}
	return c.answer(l, err)
}

// findAlert reads a warning that the token may see; others are not found.
func (s *server) findAlert(c *call, alert string) (alerts.Current, error) {
	found, err := alerts.Find(c.ctx(), s.Alerts.Pool, c.book, alert)
	if err == nil && !mayRead(c.who, found) {
		err = ledger.ErrNotFound
	}
	return found, err
}

// getAlert opens what is sealed about a warning. Who did is logged.
func (s *server) getAlert(c *call) error {
	alert, err := c.name("alert")
	if err != nil {
		return err
	}
	if _, err := s.findAlert(c, alert); err != nil {
		return err
	}
	return c.answer(s.openAlert(c, alert))
}

func (s *server) openAlert(c *call, alert string) (alerts.Detail, error) {
	d, err := s.Alerts.Open(c.ctx(), c.book, alert)
	if err == nil {
		hideCase(&d.Current)
		for i := range d.Evidence {
			hideFinding(&d.Evidence[i].Finding)
		}
		s.Log.InfoContext(c.ctx(), "warning opened", "request", requestIDOf(c), "book", string(c.book), "token", c.who.ID, "alert", d.Raised)
	}
	return d, err
}

// takeStep takes one step of the case that the path names. The body's own "alert"
// may be left out.
func (s *server) takeStep(c *call) error {
	alert, err := c.name("alert")
	if err != nil {
		return err
	}
	var in entryRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	if in.ID, err = c.idempotencyKey(in.ID); err != nil {
		return err
	}
	d, err := in.draft(c.who.by())
	if err != nil {
		return err
	}
	if err := aboutCase(d.Body, alert); err != nil {
		return err
	}
	r, err := s.take(c, d)
	if err != nil {
		return err
	}
	return c.write(created(r), r[0])
}

// aboutCase makes a step that of the case which the path names.
func aboutCase(b ledger.Body, alert string) error {
	step, ok := b.(ledger.CaseStep)
	switch {
	case !ok:
		return one("kind", "不是预警办理事项", "is no step of a case")
	case step.Case().Alert != "" && step.Case().Alert != alert:
		return one("body.alert", "与地址中的预警不一致", "is not the warning of the address")
	}
	reflect.ValueOf(b).Elem().FieldByName("Step").FieldByName("Alert").SetString(alert)
	return nil
}

// moved is the answer to a step of a case that somebody else has taken further.
type moved struct {
	problems []ledger.Problem
	cases    []alerts.Moved
}

func (m *moved) Error() string { return "the case has moved on since it was seen" }

// take takes steps of cases that the token may act on, up to 200, all or none. A refusal
// names every one that stands against it, by its index.
func (s *server) take(c *call, ds ...ledger.Draft) ([]ledger.Receipt, error) {
	if err := s.mayTake(c, ds); err != nil {
		return nil, err
	}
	began := s.Now()
	r, err := s.Alerts.Take(c.ctx(), c.book, ds...)
	s.Metrics.posted(c.book, s.Now().Sub(began), err)
	s.watch.Wake()
	if _, refused := errors.AsType[*ledger.Refused](err); !refused {
		return r, err
	}
	all, cases, again := s.Alerts.Review(c.ctx(), c.book, ds...)
	switch {
	case again != nil || len(all.Problems) == 0: // moved once more meanwhile
		return nil, err
	case len(cases) > 0:
		for i := range cases {
			hideCase(&cases[i].Current)
		}
		return nil, &moved{all.Problems, cases}
	}
	return nil, all
}

// mayTake refuses steps of cases that are not the token's to see. That the case goes
// to another unit in between is seen by its version.
func (s *server) mayTake(c *call, ds []ledger.Draft) error {
	if unitOf(c.who) == "" && c.who.Area == "" {
		return nil
	}
	wrong := &ledger.Refused{}
	for i, d := range ds {
		step, ok := d.Body.(ledger.CaseStep)
		if !ok {
			continue // Take says so
		}
		switch _, err := s.findAlert(c, step.Case().Alert); {
		case errors.Is(err, ledger.ErrNotFound):
			wrong.Problems = append(wrong.Problems, ledger.Problem{Index: i, Field: "body.alert", Rule: "not_found", Text: ledger.Text{
				Zh: "没有这件预警，或不由贵单位办理", En: "there is no such warning, or your unit does not have it",
			}})
		case err != nil:
			return err
		}
	}
	if len(wrong.Problems) > 0 {
		return wrong
	}
	return nil
}

// privateKey is the key of a private person wherever it stands.
var privateKey = regexp.MustCompile(`\b` + privatePayee + `[0-9a-f]{16,}`)

// hideKey takes the keys of private persons out of a text: they link one person's
// payments.
func hideKey(s string) string { return privateKey.ReplaceAllString(s, "…") }

// hideCase takes them out of a case.
func hideCase(c *alerts.Current) {
	for i, s := range c.Subject {
		c.Subject[i] = hideKey(s)
	}
	for _, s := range []*string{&c.Zh, &c.En, &c.Value, &c.Limit} {
		*s = hideKey(*s)
	}
}

// hideFinding takes them out of a finding.
func hideFinding(f *alerts.Finding) {
	for i, s := range f.Subject {
		f.Subject[i] = hideKey(s)
	}
	for _, s := range []*string{&f.Sentence.Zh, &f.Sentence.En, &f.Value, &f.Limit, &f.Match} {
		*s = hideKey(*s)
	}
	for _, inputs := range [][]alerts.Input{f.Facts, f.Steps} {
		for i := range inputs {
			inputs[i].Value = hideKey(inputs[i].Value)
		}
	}
}
