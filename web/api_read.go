package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// query reads the parameters of a GET strictly and gathers what is wrong.
type query struct {
	values   url.Values
	problems []ledger.Problem
}

// query takes the parameters a handler knows; others, and any given twice, are
// wrong: a misspelt filter must not show everything.
func (c *call) query(names ...string) *query {
	q := &query{}
	var err error
	if q.values, err = url.ParseQuery(c.Request().URL.RawQuery); err != nil {
		q.bad("query", "查询串不合格式", "the query string is malformed")
	}
	for name, v := range q.values {
		switch {
		case !slices.Contains(names, name):
			q.bad("query", "没有这个参数，可用："+strings.Join(names, ", "), "there is no such parameter; there are: "+strings.Join(names, ", "))
		case len(v) > 1:
			q.bad(name, "只能给一次", "give it once")
		}
	}
	return q
}

func (q *query) bad(field, zh, en string) {
	q.problems = append(q.problems, one(field, zh, en).Problems...)
}

func (q *query) err() error {
	if len(q.problems) > 0 {
		return &ledger.Invalid{Problems: q.problems}
	}
	return nil
}

// text is a filter: short, UTF-8, without control characters, which PostgreSQL
// would not take.
func (q *query) text(name string) string {
	v := q.values.Get(name)
	if !utf8.ValidString(v) || utf8.RuneCountInString(v) > 200 || strings.IndexFunc(v, unicode.IsControl) >= 0 {
		q.bad(name, "最多200字，不得含控制字符", "at most 200 characters, no control characters")
		return ""
	}
	return v
}

var (
	digits      = regexp.MustCompile(`^[0-9]{0,18}$`)
	placeDigits = regexp.MustCompile(`^[0-9]{0,12}$`)
)

// number is a whole number, or otherwise where there is none.
func (q *query) number(name string, otherwise int64) int64 {
	v := q.values.Get(name)
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case v == "":
		return otherwise
	case err != nil || !digits.MatchString(v):
		q.bad(name, "须为数字", "want digits")
		return otherwise
	}
	return n
}

// place is a division code or the beginning of one.
func (q *query) place(name string) string {
	v := q.values.Get(name)
	if !placeDigits.MatchString(v) {
		q.bad(name, "须为区划代码或其前几位", "want a division code or the beginning of one")
	}
	return v
}

// payee is a filter by a payee that may be known.
func (q *query) payee(name string) string {
	v := q.text(name)
	if isPrivate(v) {
		q.bad(name, "不能按个人查询", "private persons cannot be asked for")
	}
	return v
}

func (q *query) limit() int {
	n := q.number("limit", 50)
	if n < 1 || n > ledger.MaxPage {
		q.bad("limit", "须为1–"+strconv.Itoa(ledger.MaxPage), "want 1 to "+strconv.Itoa(ledger.MaxPage))
	}
	return int(n)
}

// page is where a list goes on. A cursor is whatever the page before said.
func (q *query) page() ledger.Page { return ledger.Page{After: q.text("after"), Limit: q.limit()} }

// numbered is a page of a list whose cursors are numbers.
func (q *query) numbered() ledger.Page {
	q.number("after", 0)
	return q.page()
}

// heads answers with the size and root of every book.
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

func (s *server) getHead(c *call) error { return c.answer(s.ledger.Head(c.ctx(), c.book)) }

func (s *server) listKinds(c *call) error {
	return c.answer(list[ledger.Spec]{Items: ledger.Kinds()}, nil)
}

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

func (s *server) listSubmissions(c *call) error {
	q := c.query("state", "after", "limit")
	state, page := q.text("state"), q.numbered()
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

func (s *server) listFunds(c *call) error {
	q := c.query()
	if err := q.err(); err != nil {
		return err
	}
	rows, err := s.ledger.Funds(c.ctx(), c.book)
	return c.answer(list[ledger.Fund]{Items: rows}, err)
}

func (s *server) getFund(c *call) error {
	id, err := c.name("fund")
	if err != nil {
		return err
	}
	return c.answer(s.ledger.Fund(c.ctx(), c.book, id))
}

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

func (s *server) listProjects(c *call) error {
	q := c.query("place", "type", "state", "fund", "q", "after", "limit")
	f := ledger.ProjectFilter{Place: q.place("place"), Type: q.text("type"), State: q.text("state"), Fund: q.text("fund"), Text: q.text("q")}
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

type tenderBids struct {
	ledger.Tender
	Bids []ledger.Bid `json:"bid_list"`
}

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

func (s *server) listPayments(c *call) error {
	q := c.query("project", "fund", "payee", "contract", "state", "after", "limit")
	f := ledger.PaymentFilter{Project: q.text("project"), Fund: q.text("fund"), Payee: q.payee("payee"), Contract: q.text("contract"), State: q.text("state")}
	page := q.numbered()
	if err := q.err(); err != nil {
		return err
	}
	rows, next, err := s.ledger.Payments(c.ctx(), c.book, f, page)
	return c.answer(list[ledger.Payment]{rows, next}, err)
}

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
	if c.token != nil {
		if p.Items, p.Next, err = s.ledger.Lines(c.ctx(), c.book, id, page); err != nil {
			return err
		}
	}
	return c.answer(p, nil)
}

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

func (s *server) getPayee(c *call) error {
	key, err := c.payeeName()
	if err != nil {
		return err
	}
	return c.answer(s.ledger.Payee(c.ctx(), c.book, key))
}

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
	s.Log.InfoContext(c.ctx(), "person traced", "request", requestIDOf(c), "book", string(c.book), "token", c.token.ID)
	return c.answer(list[ledger.PersonShare]{Items: rows}, nil)
}

const (
	privateAccounts = "payee/" + privatePayee
	// afterPrivate follows every private payee's account and no other.
	afterPrivate = "payee/p."
)

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

func (s *server) getSummary(c *call) error { return c.answer(s.ledger.Summary(c.ctx(), c.book)) }

func (s *server) listFlows(c *call) error {
	rows, err := s.ledger.Flows(c.ctx(), c.book)
	return c.answer(list[ledger.Flow]{Items: rows}, err)
}
