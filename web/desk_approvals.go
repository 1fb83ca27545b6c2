package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"yilu/ledger"
)

// approvalsView lists what waits for a decision, or was decided.
type approvalsView struct {
	*officer
	// What is "submission" or "payment", Show the state, Text what is looked for.
	What, Show, Text, Project, Fund string
	Rows                            []approvalRow
	// First and Next are where the list begins and goes on, "" for nowhere.
	First, Next string
	States      []string
	Reasons     []option
	FormID      string
	// Results are what became of each item of a decision on many.
	Results []bulkResult
	Problem string
}

// approvalRow is a submission or payment in a list.
type approvalRow struct {
	What, ID, Title, State, Maker string
	On                            ledger.Date
	Amount                        ledger.Amount
	HasAmount                     bool
	Entries                       int64
	// Item is what a decision on many sends of it: what, id and content hash.
	Item string
	// Own is set for what the officer entered.
	Own bool
	To  string
}

// bulkResult is what became of one item.
type bulkResult struct {
	What, ID, Title string
	Good            bool
	Said            []string
	To              string
}

// mostBulk bounds a decision on many.
const mostBulk = 50

var submissionStates = []string{ledger.StateOpen, ledger.StateApproved, ledger.StateRejected}

func (s *server) approvalsPage(c *call, o *officer) error {
	p, err := s.readApprovals(c, o)
	if err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// readApprovals reads a page of the list; its filters are in the address.
func (s *server) readApprovals(c *call, o *officer) (*approvalsView, error) {
	o.template, o.script = "deskapprovals", true
	q := c.query("what", "state", "text", "project", "fund", "after")
	p := &approvalsView{officer: o, What: word(q, "what", []string{"submission", "payment"}), Show: word(q, "state", slices.Concat(submissionStates, paymentStates)), Text: q.text("text"), Project: q.id("project"), Fund: q.id("fund"), FormID: newID(), Reasons: o.reasonsFor("")}
	page := ledger.Page{After: q.text("after"), Limit: mostBulk}
	q.number("after", 0)
	if err := q.err(); err != nil {
		return nil, err
	}
	if p.What != "payment" {
		p.What = "submission"
	}
	return p, s.fillApprovals(c, p, page)
}

func (s *server) fillApprovals(c *call, p *approvalsView, page ledger.Page) error {
	var next string
	if p.What == "payment" {
		p.States = paymentStates
		p.Show = orDefault(p.Show, ledger.StateRequested, paymentStates)
		rows, after, err := s.ledger.Payments(c.ctx(), s.Book, ledger.PaymentFilter{State: p.Show, Project: p.Project, Fund: p.Fund}, page)
		if err != nil {
			return err
		}
		next = after
		for _, r := range rows {
			p.Rows = append(p.Rows, p.paymentRow(r, c.who))
		}
	} else {
		p.States = submissionStates
		p.Show = orDefault(p.Show, ledger.StateOpen, submissionStates)
		rows, after, err := s.ledger.FindSubmissions(c.ctx(), s.Book, ledger.SubmissionFilter{State: p.Show, Text: p.Text}, page)
		if err != nil {
			return err
		}
		next = after
		for _, r := range rows {
			p.Rows = append(p.Rows, p.submissionRow(r, c.who))
		}
	}
	if next != "" {
		p.Next = p.link("after", next)
	}
	if page.After != "" {
		p.First = p.link()
	}
	return nil
}

// link is the list with its filters and more.
func (p *approvalsView) link(more ...any) string {
	return p.site.live(p.lang, "/desk/approvals", append([]any{"what", p.What, "state", p.Show, "text", p.Text, "project", p.Project, "fund", p.Fund}, more...)...)
}

// Of is the list of the other things.
func (p *approvalsView) Of(what string) string {
	return p.site.live(p.lang, "/desk/approvals", "what", what)
}

// Here is the list as it is, for its form.
func (p *approvalsView) Here() string { return p.link() }

// Bulk says whether the officer decides on rows of this list.
func (p *approvalsView) Bulk() bool {
	open := p.Show == ledger.StateOpen || p.Show == ledger.StateRequested
	return open && p.Who.may(decide) && slices.ContainsFunc(p.Rows, func(r approvalRow) bool { return !r.Own })
}

func orDefault(v, otherwise string, all []string) string {
	if slices.Contains(all, v) {
		return v
	}
	return otherwise
}

func (p *approvalsView) paymentRow(r ledger.Payment, who *actor) approvalRow {
	hash := base64.StdEncoding.EncodeToString(r.Hash)
	return approvalRow{
		What: "payment", ID: r.Payment, Title: r.Purpose, State: r.State, Maker: r.RequestedBy, On: r.On, Amount: r.Amount, HasAmount: true, Entries: r.Lines + 1,
		Item: "payment/" + r.Payment + "/" + hash, Own: r.RequestedBy == who.User, To: p.site.href(p.lang, "/desk/payments/", r.Payment),
	}
}

func (p *approvalsView) submissionRow(r ledger.Submission, who *actor) approvalRow {
	return approvalRow{
		What: "submission", ID: r.Submission, Title: r.Title, State: r.State, Maker: r.Maker, On: r.On, Entries: int64(r.Last-r.First) + 1,
		Item: "submission/" + r.Submission + "/" + r.ContentHash, Own: r.Maker == who.User, To: p.site.href(p.lang, "/desk/submissions/", r.Submission),
	}
}

// bulkPage decides on many, one by one: what stands against one hinders no other. What
// the rules have found something in is to be looked at by itself.
func (s *server) bulkPage(c *call, o *officer) error {
	p, err := s.readApprovals(c, o)
	if err != nil {
		return err
	}
	form, err := c.FormParams()
	if err != nil {
		return readError(err)
	}
	items := form["item"]
	approve := c.FormValue("act") == "approve"
	switch {
	case len(items) == 0:
		p.Problem = p.t("bulk.none")
	case len(items) > mostBulk:
		p.Problem = p.t("bulk.many", mostBulk)
	case !approve && c.FormValue("reason") == "":
		p.Problem = p.t("decide.reason_missing")
	}
	if p.Problem != "" {
		return s.showStaff(c, http.StatusUnprocessableEntity, p)
	}
	id := c.FormValue("id")
	if !formID.MatchString(id) {
		id = newID()
	}
	for n, item := range items {
		result, err := s.decideItem(c, o, item, approve, id+"-"+nth(n))
		if err != nil {
			return err
		}
		p.Results = append(p.Results, result)
	}
	p.Rows = nil
	if err := s.fillApprovals(c, p, ledger.Page{Limit: mostBulk}); err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// decideItem decides on one item of many.
func (s *server) decideItem(c *call, o *officer, item string, approve bool, id string) (bulkResult, error) {
	what, rest, _ := strings.Cut(item, "/")
	name, hash, _ := strings.Cut(rest, "/")
	r := bulkResult{What: what, ID: name}
	if what != "payment" && what != "submission" || !plain(name) || name == "" {
		return bulkResult{ID: clip(name, 64), Said: []string{o.t("bulk.unknown")}}, nil
	}
	read := readDecision(s.readSubmission)
	if what == "payment" {
		read = s.readPayment
	}
	p, err := read(c, o, name)
	if problem := problemOf(err); err != nil && problem.Status == http.StatusNotFound {
		r.Said = []string{o.t("bulk.unknown")}
		return r, nil
	} else if err != nil {
		return r, err
	}
	r.Title, r.To = p.Title, o.site.href(o.lang, "/desk/"+what+"s/", url.PathEscape(name))
	p.Hash, p.FormID, p.Reason = hash, id, c.FormValue("reason")
	if approve && p.Open() {
		shown := p.Hash
		if err := s.weigh(c, p); err != nil {
			return r, err
		}
		p.Hash = shown
		if len(p.Refused) == 0 && len(p.Now) > 0 {
			r.Said = []string{o.t("bulk.findings", len(p.Now))}
			return r, nil
		}
	}
	_, r.Said, err = s.settle(c, p, approve)
	r.Good = len(r.Said) == 0
	return r, err
}

// payView lists what is approved and not yet paid.
type payView struct {
	*officer
	Rows        []approvalRow
	First, Next string
	Waiting     ledger.Waiting
}

// payPage lists what the payer has to pay; each leads to its form.
func (s *server) payPage(c *call, o *officer) error {
	o.template = "deskpay"
	q := c.query("after")
	q.number("after", 0)
	page := ledger.Page{After: q.text("after"), Limit: mostBulk}
	if err := q.err(); err != nil {
		return err
	}
	p := &payView{officer: o}
	rows, next, err := s.ledger.Payments(c.ctx(), s.Book, ledger.PaymentFilter{State: ledger.StateApproved}, page)
	if err != nil {
		return err
	}
	if p.Waiting, err = s.ledger.WaitingFor(c.ctx(), s.Book, c.who.User); err != nil {
		return err
	}
	list := &approvalsView{officer: o}
	for _, r := range rows {
		p.Rows = append(p.Rows, list.paymentRow(r, c.who))
	}
	if next != "" {
		p.Next = o.site.live(o.lang, "/desk/pay", "after", next)
	}
	if page.After != "" {
		p.First = o.site.href(o.lang, "/desk/pay")
	}
	return s.showStaff(c, http.StatusOK, p)
}
