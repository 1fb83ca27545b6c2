package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// listBooks answers with the size and root of every book: what a monitor asks
// first.
func (s *server) listBooks(c echo.Context) error {
	r := &call{Context: c}
	books, err := s.ledger.Books(r.ctx())
	if err != nil {
		return err
	}
	heads := make([]ledger.Head, len(books))
	for i, b := range books {
		if heads[i], err = s.ledger.Head(r.ctx(), b); err != nil {
			return err
		}
	}
	return r.answer(list[ledger.Head]{Items: heads}, nil)
}

// getHead says how far the book has come.
func (s *server) getHead(c *call) error { return c.answer(s.ledger.Head(c.ctx(), c.book)) }

// listKinds is the book's vocabulary: what a form must know before it is drawn.
func (s *server) listKinds(c *call) error {
	return c.answer(list[ledger.Spec]{Items: ledger.Kinds()}, nil)
}

// listEntries is the log itself, in order: whoever follows a book reads it page
// by page and misses nothing.
func (s *server) listEntries(c *call) error {
	q := c.query("from", "limit")
	from, limit := ledger.Seq(q.number("from", 0)), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	return c.answer(s.entries(c, from, limit))
}

// entries reads a page of the log; next is the seq the next page begins with.
func (s *server) entries(c *call, from ledger.Seq, limit int) (list[*ledger.Entry], error) {
	es, err := s.ledger.Entries(c.ctx(), c.book, from, limit)
	l := list[*ledger.Entry]{Items: es}
	if len(es) == limit {
		l.Next = strconv.FormatInt(int64(es[limit-1].Seq)+1, 10)
	}
	return l, err
}

// seq is the path parameter; what is no number is not found.
func (c *call) seq() (ledger.Seq, error) {
	var q ledger.Seq
	if err := q.UnmarshalText([]byte(c.Param("seq"))); err != nil {
		return 0, ledger.ErrNotFound
	}
	return q, nil
}

// getEntry shows one entry as it stands; getLeaf has the bytes that prove it.
func (s *server) getEntry(c *call) error {
	q, err := c.seq()
	if err != nil {
		return err
	}
	return c.answer(s.ledger.Entry(c.ctx(), c.book, q))
}

// getLeaf gives the bytes that were hashed, not one more or less.
func (s *server) getLeaf(c *call) error {
	q, err := c.seq()
	if err != nil {
		return err
	}
	leaf, err := s.ledger.Leaf(c.ctx(), c.book, q)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, "application/json", leaf)
}

// getOutcome says what became of an id. It waits for the posts under way on the
// book's head row, so it is not for the public: strangers could hold up posting.
func (s *server) getOutcome(c *call) error {
	id, err := c.name("id")
	if err != nil {
		return err
	}
	return c.answer(s.ledger.Outcome(c.ctx(), c.book, id))
}

// listSubmissions shows the public, too, what waits for whom: entries stand in
// the log before they are approved.
func (s *server) listSubmissions(c *call) error {
	q := c.query("state", "after", "limit")
	state, page := word(q, "state", submissionStates), q.numbered()
	if err := q.err(); err != nil {
		return err
	}
	rows, next, err := s.ledger.Submissions(c.ctx(), c.book, state, page)
	return c.answer(list[ledger.Submission]{rows, next}, err)
}

// submissionPage is a submission with a page of its entries.
type submissionPage struct {
	ledger.Submission
	Entries []*ledger.Entry `json:"items"`
	Next    string          `json:"next,omitzero"`
}

// getSubmission is what an approver reads before approving. Its entries come in
// pages, since an imported sheet has up to 50,000.
func (s *server) getSubmission(c *call) error {
	q := c.query("from", "limit")
	from, limit := ledger.Seq(q.number("from", 0)), q.limit()
	if err := q.err(); err != nil {
		return err
	}
	name, err := c.name("submission")
	if err != nil {
		return err
	}
	sub, err := s.ledger.Submission(c.ctx(), c.book, name)
	if err != nil {
		return err
	}
	from = max(from, sub.First)
	l, err := s.entries(c, from, min(limit, max(0, int(sub.Last-from)+1)))
	if err == nil && from+ledger.Seq(len(l.Items)) > sub.Last {
		l.Next = ""
	}
	return c.answer(submissionPage{sub, l.Items, l.Next}, err)
}

// listFunds gives all lines at once: a county has tens a year.
func (s *server) listFunds(c *call) error {
	q := c.query()
	if err := q.err(); err != nil {
		return err
	}
	rows, err := s.ledger.Funds(c.ctx(), c.book)
	return c.answer(list[ledger.Fund]{Items: rows}, err)
}

// getFund says where the money of one line is, to the fen.
func (s *server) getFund(c *call) error {
	id, err := c.name("fund")
	if err != nil {
		return err
	}
	return c.answer(s.ledger.Fund(c.ctx(), c.book, id))
}

// traceFund follows one line's money forward (正查).
func (s *server) traceFund(c *call) error {
	id, err := c.name("fund")
	if err != nil {
		return err
	}
	return c.answer(s.ledger.TraceFund(c.ctx(), c.book, id))
}

// traceDocument follows all lines of a document (文号), whose number is not fit
// for a path.
func (s *server) traceDocument(c *call) error {
	q := c.query("document")
	document := q.text("document")
	if document == "" {
		q.bad("document", "必填：文号，如 豫财农〔2019〕12号", "is required: the number of the document")
	}
	if err := q.err(); err != nil {
		return err
	}
	return c.answer(s.ledger.TraceFund(c.ctx(), c.book, document))
}

// listProjects searches the library of projects.
func (s *server) listProjects(c *call) error {
	q := c.query("place", "type", "state", "fund", "q", "after", "limit")
	f := ledger.ProjectFilter{Place: q.place("place"), Type: word(q, "type", projectTypes()), State: word(q, "state", projectStates), Fund: q.text("fund"), Text: q.text("q")}
	page := q.page()
	if err := q.err(); err != nil {
		return err
	}
	rows, next, err := s.ledger.Projects(c.ctx(), c.book, f, page)
	return c.answer(list[ledger.Project]{rows, next}, err)
}

// projectPage is a project with everything that hangs on it but its payments.
type projectPage struct {
	ledger.Project
	Quotas    []ledger.Quota    `json:"quotas"`
	Tenders   []tenderBids      `json:"tenders"`
	Contracts []ledger.Contract `json:"contract_list"`
}

// tenderBids is a tender and who bid in it.
type tenderBids struct {
	ledger.Tender
	Bids []ledger.Bid `json:"bid_list"`
}

// getProject reads everything about a project. The reads are one after the
// other, not one snapshot: an entry may be committed between two of them.
func (s *server) getProject(c *call) error {
	id, err := c.name("project")
	if err != nil {
		return err
	}
	var p projectPage
	if p.Project, err = s.ledger.Project(c.ctx(), c.book, id); err != nil {
		return err
	}
	if p.Quotas, err = s.ledger.Quotas(c.ctx(), c.book, id); err != nil {
		return err
	}
	if p.Contracts, err = s.ledger.Contracts(c.ctx(), c.book, id); err != nil {
		return err
	}
	tenders, err := s.ledger.Tenders(c.ctx(), c.book, id)
	if err != nil {
		return err
	}
	for _, t := range tenders {
		bids, err := s.ledger.Bids(c.ctx(), c.book, t.Tender)
		if err != nil {
			return err
		}
		p.Tenders = append(p.Tenders, tenderBids{t, bids})
	}
	return c.answer(p, nil)
}

// getTimeline tells a project's story in the order of its days.
func (s *server) getTimeline(c *call) error {
	id, err := c.name("project")
	if err != nil {
		return err
	}
	rows, err := s.ledger.Timeline(c.ctx(), c.book, id)
	if err == nil && len(rows) == 0 { // an unknown project is not an empty one
		_, err = s.ledger.Project(c.ctx(), c.book, id)
	}
	return c.answer(list[ledger.TimelineEvent]{Items: rows}, err)
}

// traceProject says who was paid from which fund through a project.
func (s *server) traceProject(c *call) error {
	id, err := c.name("project")
	if err != nil {
		return err
	}
	rows, err := s.ledger.TraceProject(c.ctx(), c.book, id)
	if err == nil && len(rows) == 0 {
		_, err = s.ledger.Project(c.ctx(), c.book, id)
	}
	return c.answer(list[ledger.Share]{Items: rows}, err)
}

// listPayments shows the newest payments first; a private payee has no name and
// no key here.
func (s *server) listPayments(c *call) error {
	q := c.query("project", "fund", "payee", "contract", "state", "after", "limit")
	f := ledger.PaymentFilter{Project: q.text("project"), Fund: q.text("fund"), Payee: q.payee("payee"), Contract: q.text("contract"), State: word(q, "state", paymentStates)}
	page := q.numbered()
	if err := q.err(); err != nil {
		return err
	}
	rows, next, err := s.ledger.Payments(c.ctx(), c.book, f, page)
	return c.answer(list[ledger.Payment]{rows, next}, err)
}

// getPayment includes the hash that an approver signs off.
func (s *server) getPayment(c *call) error {
	id, err := c.name("payment")
	if err != nil {
		return err
	}
	return c.answer(s.ledger.Payment(c.ctx(), c.book, id))
}

// linePage is what a grant batch brought: sums by village for everybody, and
// its lines, without personal values, for those with a token.
type linePage struct {
	Places []ledger.PlaceSum `json:"places"`
	Items  []ledger.Line     `json:"items,omitzero"`
	Next   string            `json:"next,omitzero"`
}

// listLines adds the lines only for a token of the book: in a village, an amount
// and a day can be enough to know a household by.
func (s *server) listLines(c *call) error {
	q := c.query("after", "limit")
	page := q.numbered()
	if err := q.err(); err != nil {
		return err
	}
	id, err := c.name("payment")
	if err != nil {
		return err
	}
	if _, err := s.ledger.Payment(c.ctx(), c.book, id); err != nil {
		return err
	}
	var p linePage
	if p.Places, err = s.ledger.LinesByPlace(c.ctx(), c.book, id); err != nil {
		return err
	}
	if c.who != nil {
		if p.Items, p.Next, err = s.ledger.Lines(c.ctx(), c.book, id, page); err != nil {
			return err
		}
	}
	return c.answer(p, nil)
}

// listPayees has firms, offices and grant batches, most paid first.
func (s *server) listPayees(c *call) error {
	q := c.query("after", "limit")
	page := q.page()
	if err := q.err(); err != nil {
		return err
	}
	rows, next, err := s.ledger.Payees(c.ctx(), c.book, page)
	return c.answer(list[ledger.Payee]{rows, next}, err)
}

// payeeName is the path parameter; private persons are not found.
func (c *call) payeeName() (string, error) {
	key, err := c.name("payee")
	if err == nil && isPrivate(key) {
		err = ledger.ErrNotFound
	}
	return key, err
}

// getPayee sums up what one payee got.
func (s *server) getPayee(c *call) error {
	key, err := c.payeeName()
	if err != nil {
		return err
	}
	return c.answer(s.ledger.Payee(c.ctx(), c.book, key))
}

// tracePayee follows a payee's money back to its documents (反查).
func (s *server) tracePayee(c *call) error {
	key, err := c.payeeName()
	if err != nil {
		return err
	}
	rows, err := s.ledger.TracePayee(c.ctx(), c.book, key)
	if err == nil && len(rows) == 0 {
		_, err = s.ledger.Payee(c.ctx(), c.book, key)
	}
	return c.answer(list[ledger.Share]{Items: rows}, err)
}

// personRequest carries what may be in no address and no log.
type personRequest struct {
	IDNumber string `json:"id_number"`
}

// tracePerson follows a person's money back to its documents. The number comes
// in the body, so that it is in no log of addresses; who asked is logged.
func (s *server) tracePerson(c *call) error {
	var in personRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	rows, err := s.ledger.TracePerson(c.ctx(), c.book, in.IDNumber)
	if err != nil {
		return err
	}
	s.Log.InfoContext(c.ctx(), "person traced", "request", requestIDOf(c), "book", string(c.book), "token", c.who.ID)
	return c.answer(list[ledger.PersonShare]{Items: rows}, nil)
}

const (
	privateAccounts = "payee/" + privatePayee
	// afterPrivate follows every private payee's account and no other.
	afterPrivate = "payee/p."
)

// listBalances shows accounts now, after an entry or at the end of a day. Private
// accounts are left out, and no cursor may name one, so a page can be shorter
// than its limit: only a missing next means the end.
func (s *server) listBalances(c *call) error {
	q := c.query("prefix", "as_of_seq", "as_of_day", "after", "limit")
	prefix, page := q.text("prefix"), q.page()
	var as ledger.As
	if q.values.Has("as_of_seq") {
		as.Seq, as.Given = ledger.Seq(q.number("as_of_seq", 0)), true
	}
	if q.values.Has("as_of_day") {
		if err := as.Day.UnmarshalText([]byte(q.values.Get("as_of_day"))); err != nil {
			q.bad("as_of_day", "须为日期，如 2020-03-18", "want a day such as 2020-03-18")
		}
		if as.Given {
			q.bad("as_of_day", "as_of_seq 与 as_of_day 只能给一个", "give as_of_seq or as_of_day, not both")
		}
	}
	if as.Given {
		head, err := s.ledger.Head(c.ctx(), c.book)
		if err != nil {
			return err
		}
		if int64(as.Seq) >= head.Size {
			q.bad("as_of_seq", fmt.Sprintf("本账簿有 %d 条分录，序号从 0 起", head.Size), fmt.Sprintf("the book has %d entries, numbered from 0", head.Size))
		}
	}
	if strings.HasPrefix(prefix, privateAccounts) || strings.HasPrefix(page.After, privateAccounts) {
		q.bad("prefix", "不能查询个人账户", "private persons' accounts cannot be asked for")
	}
	if err := q.err(); err != nil {
		return err
	}
	rows, next, err := s.ledger.Balances(c.ctx(), c.book, prefix, as, page)
	rows = slices.DeleteFunc(rows, func(a ledger.Account) bool { return strings.HasPrefix(a.Account, privateAccounts) })
	if strings.HasPrefix(next, privateAccounts) {
		next = afterPrivate
	}
	return c.answer(list[ledger.Account]{rows, next}, err)
}

// getSummary is the whole book in nine figures.
func (s *server) getSummary(c *call) error { return c.answer(s.ledger.Summary(c.ctx(), c.book)) }

// listFlows is what the picture of the flow of funds is drawn from.
func (s *server) listFlows(c *call) error {
	rows, err := s.ledger.Flows(c.ctx(), c.book)
	return c.answer(list[ledger.Flow]{Items: rows}, err)
}
