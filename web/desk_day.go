package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"

	"yilu/alerts"
	"yilu/ledger"
	"yilu/publicity"
)

// 我的一天: what waits for the officer, what is late, where the money is. Everything leads
// to where it is dealt with.

// dayView is the desk.
type dayView struct {
	*officer
	Today   ledger.Date
	Waiting ledger.Waiting
	// Open and Requests are the first of what waits for a decision.
	Open     []ledger.Submission
	Requests []ledger.Payment
	Payable  []ledger.Payment
	// Mend are the officer's submissions that were sent back, Mine those that wait.
	Mend   []ledger.Submission
	Back   []ledger.Payment
	Mine   []ledger.Submission
	Drafts []draftLine
	// Duties are what should be public by now, Late are warnings of the unit whose step
	// was due.
	Duties []publicity.Obligation
	Late   []warningRow
	Due    []warningRow
	Funds  []ledger.Fund
	InHand ledger.Amount
	Pace   *pace
}

// pace is the payment progress of a budget year against the calendar (序时进度).
type pace struct {
	Year           string
	Received, Paid ledger.Amount
	// Done is paid ÷ received, Should the share of the year that has passed by months,
	// both in percent.
	Done, Should string
	// Bar and Mark are the same in thousandths, for the picture.
	Bar, Mark int64
	Behind    bool
}

// mostOfDay is how many of each are shown.
const mostOfDay = 6

func (s *server) dayPage(c *call, o *officer) error {
	o.template = "desk"
	p := &dayView{officer: o, Today: s.today()}
	if err := errors.Join(s.readWaiting(c, p), s.readMine(c, p), s.readLate(c, p), s.readMoney(c, p)); err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// Decides, Fills and Pays are the rights by which parts of the page are shown.
func (p *dayView) Decides() bool { return p.Who.may(decide) }
func (p *dayView) Fills() bool   { return p.Who.may(enterForms) }
func (p *dayView) Pays() bool    { return p.Who.may(pay) }

// Nothing says that nothing waits.
func (p *dayView) Nothing() bool {
	return len(p.Open)+len(p.Requests)+len(p.Mend)+len(p.Back)+len(p.Drafts)+len(p.Mine) == 0 && (!p.Pays() || len(p.Payable) == 0)
}

// readWaiting reads what waits for the officer's decision or payment.
func (s *server) readWaiting(c *call, p *dayView) (err error) {
	if p.Waiting, err = s.ledger.WaitingFor(c.ctx(), s.Book, c.who.User); err != nil {
		return err
	}
	page := ledger.Page{Limit: mostOfDay}
	if p.Decides() {
		if p.Open, _, err = s.ledger.FindSubmissions(c.ctx(), s.Book, ledger.SubmissionFilter{State: ledger.StateOpen, NotBy: c.who.User}, page); err != nil {
			return err
		}
		if c.who.Role == ledger.Auditor { // decides on rules, not on money
			p.Open, p.Waiting = nil, ledger.Waiting{}
			return nil
		}
		if p.Requests, _, err = s.ledger.Payments(c.ctx(), s.Book, ledger.PaymentFilter{State: ledger.StateRequested}, page); err != nil {
			return err
		}
		p.Requests = slices.DeleteFunc(p.Requests, func(r ledger.Payment) bool { return r.RequestedBy == c.who.User })
	}
	if p.Pays() {
		p.Payable, _, err = s.ledger.Payments(c.ctx(), s.Book, ledger.PaymentFilter{State: ledger.StateApproved}, page)
	}
	return err
}

// readMine reads what the officer has under way.
func (s *server) readMine(c *call, p *dayView) error {
	if !p.Fills() {
		return nil
	}
	page := ledger.Page{Limit: mostOfDay}
	var err error
	if p.Mend, _, err = s.ledger.FindSubmissions(c.ctx(), s.Book, ledger.SubmissionFilter{State: ledger.StateRejected, Maker: c.who.User}, page); err != nil {
		return err
	}
	if p.Mine, _, err = s.ledger.FindSubmissions(c.ctx(), s.Book, ledger.SubmissionFilter{State: ledger.StateOpen, Maker: c.who.User}, page); err != nil {
		return err
	}
	if p.Back, _, err = s.ledger.Payments(c.ctx(), s.Book, ledger.PaymentFilter{State: ledger.StateRejected, Maker: c.who.User}, page); err != nil {
		return err
	}
	rows, err := s.drafts().list(c.ctx(), c.who)
	for _, r := range rows[:min(len(rows), mostOfDay)] {
		p.Drafts = append(p.Drafts, p.draftLine(r))
	}
	return err
}

// readLate reads what should have been done by now.
func (s *server) readLate(c *call, p *dayView) error {
	filter := publicity.Filter{}
	if unit := c.who.Unit; len(unit) >= 9 && isDigits(unit[:9]) { // a township's
		filter.Place = unit[:9]
	}
	if c.who.Area != "" {
		filter.Place = c.who.Area
	}
	var err error
	if p.Fills() || p.Decides() {
		if p.Duties, _, err = s.Duties.Obligations(c.ctx(), s.Book, filter, true, p.Today, ledger.Page{Limit: mostOfDay}); err != nil {
			return err
		}
	}
	if s.Alerts == nil || !c.who.may(readWarnings) {
		return nil
	}
	rows, err := alerts.Newest(c.ctx(), s.Alerts.Pool, s.Book, alerts.Filter{Unit: unitOf(c.who), Active: true}, 1<<62, 200)
	if err != nil {
		return err
	}
	names := s.ruleNames(p.lang)
	soon := p.Today.AddDays(3)
	for _, r := range rows {
		if r.Due == "" || r.Due > soon {
			continue
		}
		hideCase(&r)
		row := warningRow{r, names[r.Code], p.lang.pick(ledger.Text{Zh: r.Zh, En: r.En}), r.Due < p.Today, ledger.DateOf(r.RaisedAt), false}
		if row.Late && len(p.Late) < mostOfDay {
			p.Late = append(p.Late, row)
		} else if !row.Late && len(p.Due) < mostOfDay {
			p.Due = append(p.Due, row)
		}
	}
	return nil
}

// readMoney reads where the money is, and how far the newest budget year has come.
func (s *server) readMoney(c *call, p *dayView) error {
	funds, err := s.ledger.Funds(c.ctx(), s.Book)
	if err != nil {
		return err
	}
	if len(funds) > 0 {
		p.Pace = paceOf(funds, funds[0].Year, p.Today)
	}
	for _, f := range funds {
		p.InHand += f.InHand
		if f.InHand > 0 {
			p.Funds = append(p.Funds, f)
		}
	}
	slices.SortStableFunc(p.Funds, func(a, b ledger.Fund) int {
		switch {
		case a.InHand > b.InHand:
			return -1
		case a.InHand < b.InHand:
			return 1
		}
		return 0
	})
	p.Funds = p.Funds[:min(len(p.Funds), 2*mostOfDay)]
	return nil
}

// paceOf holds what is paid of a year's funds against the months that have passed: of a
// year that is over, all of them.
func paceOf(funds []ledger.Fund, year string, today ledger.Date) *pace {
	x := &pace{Year: year}
	for _, f := range funds {
		if f.Year == year {
			x.Received += f.Received - f.Returned
			x.Paid += f.Paid
		}
	}
	if x.Received <= 0 {
		return nil
	}
	months := 12
	if today.Month()[:4] == year {
		months, _ = strconv.Atoi(today.Month()[5:])
	} else if today.Month()[:4] < year {
		months = 0
	}
	x.Done, x.Should = x.Paid.Percent(x.Received), ledger.Amount(months).Percent(12)
	x.Bar, x.Mark = int64(x.Paid)/max(int64(x.Received)/1000, 1), int64(months)*1000/12
	x.Bar = min(x.Bar, 1000)
	x.Behind = x.Bar < x.Mark
	return x
}
