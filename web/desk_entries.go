package web

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// bodyValue is the struct of a body.
func bodyValue(b ledger.Body) reflect.Value { return reflect.ValueOf(b).Elem() }

// deskEntriesView lists what was entered, by me or by my unit.
type deskEntriesView struct {
	*officer
	Filter url.Values
	// Whose is "mine", "unit" or "all".
	Whose       string
	Table       table
	First, Next string
	Kinds       []kindGroup
	// Behind is how many entries the list does not know yet.
	Behind int64
	Saved  []savedFilter
	// Query is the filter as it is saved, Problem what is wrong with it.
	Query, Problem string
}

// savedFilter is a filter with a name.
type savedFilter struct{ Name, Query, To string }

// mostFilters bounds those of one user.
const mostFilters = 30

// filterOf reads the filters of the list out of an address, and adds whose entries
// they are.
func (s *server) filterOf(c *call) (filter url.Values, whose string, err error) {
	q := c.query(append([]string{"after"}, enteredFilters...)...)
	filter = url.Values{}
	for _, name := range enteredFilters {
		v := q.text(name)
		if slices.Contains(idFilters, name) {
			v = typedID(v)
		}
		if v != "" && name != "whose" {
			filter.Set(name, v)
		}
	}
	q.number("after", 0)
	for _, name := range []string{"from", "to"} {
		if v := filter.Get(name); v != "" {
			filter.Set(name, plainDate(v))
			if _, err := ledger.ParseDate(plainDate(v)); err != nil {
				q.bad(name, "日期须形如 2020-03-18，且确有这一天", "want a day of the calendar such as 2020-03-18")
			}
		}
	}
	if _, err := typedAmount(filter.Get("amount")); err != nil {
		q.bad("amount", "金额须形如 1234.56，最多两位小数", "want an amount such as 1234.56, with at most two decimals")
	}
	if kind := filter.Get("kind"); kind != "" && ledger.NewBody(ledger.Kind(kind)) == nil {
		q.bad("kind", "没有这种业务", "there is no such kind")
	}
	whose = cmp.Or(word(q, "whose", []string{"mine", "unit", "all"}), "mine")
	return filter, whose, q.err()
}

// own narrows a filter to what is the officer's.
func own(filter url.Values, whose string, who *actor) url.Values {
	narrowed := url.Values{}
	for name, v := range filter {
		narrowed[name] = v
	}
	switch whose {
	case "mine":
		narrowed.Set("user", who.User)
	case "unit":
		narrowed.Set("unit", who.Unit)
	}
	return narrowed
}

func (s *server) entriesDesk(c *call, o *officer) error {
	o.template = "deskentries"
	filter, whose, err := s.filterOf(c)
	if err != nil {
		return err
	}
	p := &deskEntriesView{officer: o, Filter: filter, Whose: whose, Kinds: kindsFor(c.who.Role)}
	until, err := s.Trail.catchUp(c.ctx(), s.Book)
	if err != nil {
		return err
	}
	head, err := s.ledger.Head(c.ctx(), s.Book)
	if err != nil {
		return err
	}
	p.Behind = max(head.Size-1-int64(until), 0)
	after := c.QueryParam("after")
	rows, next, err := readEntered(c.ctx(), s.ledger, s.Book, own(filter, whose, c.who), ledger.Page{After: after})
	if err != nil {
		return err
	}
	p.Table = enteredList.table(o.frame, rows, nil)
	p.Query = p.query()
	p.Table.Files = nil
	for _, format := range fileFormats[:2] {
		p.Table.Files = append(p.Table.Files, fileLink{strings.ToUpper(format.name), o.site.href(o.lang, "/desk/entries/list."+format.name) + p.mark()})
	}
	if next != "" {
		p.Next = p.link("after", next)
	}
	if after != "" {
		p.First = p.link()
	}
	if p.Saved, err = s.savedFilters(c.ctx(), o); err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// query is the filter as an address has it.
func (p *deskEntriesView) query() string {
	v := url.Values{"whose": {p.Whose}}
	for name := range p.Filter {
		v.Set(name, p.Filter.Get(name))
	}
	return v.Encode()
}

func (p *deskEntriesView) mark() string { return "?" + p.query() }

func (p *deskEntriesView) link(more ...string) string {
	v, _ := url.ParseQuery(p.query())
	for pair := range slices.Chunk(more, 2) {
		v.Set(pair[0], pair[1])
	}
	return p.site.href(p.lang, "/desk/entries") + "?" + v.Encode()
}

// Of is a filter as it was typed.
func (p *deskEntriesView) Of(name string) string { return p.Filter.Get(name) }

// entriesFile is the list as it is seen, as a file.
func (s *server) entriesFile(format fileFormat) func(*call, *officer) error {
	return func(c *call, o *officer) error {
		filter, whose, err := s.filterOf(c)
		if err != nil {
			return err
		}
		if _, err := s.Trail.catchUp(c.ctx(), s.Book); err != nil {
			return err
		}
		filter = own(filter, whose, c.who)
		name := o.County + o.t("menu.entered") + "." + format.name
		return s.send(c, sending{name: name, mediaType: format.mediaType, packed: format.packed, private: true}, func(ctx context.Context, w io.Writer, at *ledger.Ledger, head ledger.Head) error {
			o.setHead(head)
			return format.write(w, o.frame, enteredList, filter, enteredList.rows(ctx, o.frame, at, filter))
		})
	}
}

// savedFilters are those of the officer.
func (s *server) savedFilters(ctx context.Context, o *officer) ([]savedFilter, error) {
	rows, err := s.Pool.Query(ctx, `select name, query from web.saved_filter where book = $1 and user_id = $2 order by name`, s.Book, o.Who.User)
	if err != nil {
		return nil, fmt.Errorf("list filters: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (f savedFilter, err error) {
		err = row.Scan(&f.Name, &f.Query)
		f.To = o.site.href(o.lang, "/desk/entries") + "?" + f.Query
		return f, err
	})
}

// keepFilter gives the filter at hand a name, or takes a name away.
func (s *server) keepFilter(c *call, o *officer) error {
	name := clip(oneLine(c.FormValue("name")), 40)
	query, err := url.ParseQuery(clip(c.FormValue("query"), 1000))
	if err != nil {
		query = url.Values{}
	}
	kept := url.Values{}
	for _, filter := range enteredFilters {
		if v := query.Get(filter); v != "" {
			kept.Set(filter, v)
		}
	}
	switch {
	case c.FormValue("act") == "forget":
		_, err = s.Pool.Exec(c.ctx(), `delete from web.saved_filter where book = $1 and user_id = $2 and name = $3`, s.Book, c.who.User, name)
	case name != "" && len(kept.Encode()) <= 1000:
		_, err = s.Pool.Exec(c.ctx(), `
			insert into web.saved_filter (book, user_id, name, query)
			select $1, $2, $3, $4 where (select count(*) from web.saved_filter where book = $1 and user_id = $2 and name <> $3) < $5
			on conflict (book, user_id, name) do update set query = excluded.query`, s.Book, c.who.User, name, kept.Encode(), mostFilters)
	}
	if err != nil {
		return fmt.Errorf("keep filter: %w", err)
	}
	return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/entries")+"?"+kept.Encode())
}

// deskEntryView is an entry as officers see it: with who entered it, what is sealed, what
// it moved, and the ways to correct it.
type deskEntryView struct {
	*officer
	E      *entryView
	Sealed []sealedLine
	Moved  []ledger.Leg
	// Reverse says that the officer may take it back, Anew that it may be entered anew,
	// Payment is the payment that it is about.
	Reverse bool
	Payment string
	Done    bool
}

func (s *server) entryDesk(c *call, o *officer) error {
	o.template = "deskentry"
	e, err := s.readDeskEntry(c, o)
	if err != nil {
		return err
	}
	if err := s.openFiles(c, e.Facts); err != nil {
		return err
	}
	p := &deskEntryView{officer: o, E: e, Done: c.QueryParam("done") != ""}
	sealed, err := s.sealedOf(c, []*ledger.Entry{e.Entry})
	if err != nil {
		return err
	}
	p.Sealed = sealed[e.Entry.Seq]
	if p.Moved, err = s.moved(c.ctx(), e); err != nil {
		return err
	}
	spec, _ := ledger.SpecOf(e.Entry.Kind)
	reversal, _ := ledger.SpecOf("entry.reversed")
	p.Reverse = e.InEffect() && ledger.Reversible(e.Entry.Kind) && slices.Contains(spec.Roles, c.who.Role) && mayFill(reversal, c.who.Role)
	values := url.Values{}
	typeBody(values, bodyValue(e.Entry.Body), "x")
	p.Payment = values.Get("x.payment")
	return s.showStaff(c, http.StatusOK, p)
}

// readDeskEntry reads an entry with its cover.
func (s *server) readDeskEntry(c *call, o *officer) (*entryView, error) {
	seq, err := c.name("seq")
	if err != nil {
		return nil, err
	}
	head, err := s.ledger.Head(c.ctx(), s.Book)
	if err != nil {
		return nil, err
	}
	o.setHead(head)
	view, err := s.readEntry(c.ctx(), seq, o.frame)
	if err != nil {
		if err == echo.ErrNotFound {
			err = ledger.ErrNotFound
		}
		return nil, err
	}
	return view.(*entryView), nil
}

// moved are the movements of an entry that took effect.
func (s *server) moved(ctx context.Context, e *entryView) ([]ledger.Leg, error) {
	at := e.Entry.Seq
	if e.Cover != nil {
		if at = e.Cover.Decided; e.Cover.State != ledger.StateApproved {
			return nil, nil
		}
	}
	return s.ledger.Movements(ctx, s.Book, e.Entry, at)
}

// Account names an account for people.
func (f *frame) Account(name string) string {
	parts := strings.Split(name, "/")
	switch parts[0] {
	case "source", "hand":
		return f.t("account."+parts[0], parts[1])
	case "unit", "project":
		return f.t("account."+parts[0], parts[1], parts[len(parts)-1])
	}
	if len(parts) > 1 && isPrivate(parts[1]) {
		return f.t("account.private")
	}
	return f.t("account.payee", strings.TrimPrefix(name, "payee/"))
}

// undoView is the reversal of a whole submission (整批冲销): what it would take back, and
// what stands against it.
type undoView struct {
	*officer
	Submission ledger.Submission
	Entries    []entryLine
	Reasons    []option
	Reason     string
	FormID     string
	Problems   []string
	Findings   []findingLine
	Sum        ledger.Amount
}

func (s *server) readUndo(c *call, o *officer) (*undoView, error) {
	o.template = "deskundo"
	id, err := c.name("submission")
	if err != nil {
		return nil, err
	}
	p := &undoView{officer: o, FormID: newID(), Reasons: o.reasonsFor("")}
	if p.Submission, err = s.ledger.Submission(c.ctx(), s.Book, id); err != nil {
		return nil, err
	}
	if p.Submission.State != ledger.StateApproved || p.Submission.Last-p.Submission.First >= mostReversed {
		return nil, ledger.ErrNotFound
	}
	entries, err := s.undoable(c.ctx(), p.Submission)
	if err != nil {
		return nil, err
	}
	for i, e := range entries {
		line := entryLine{Entry: e, N: i, Facts: o.facts(e)}
		line.Amount, line.Has = amountOf(e.Body)
		p.Sum += line.Amount
		p.Entries = append(p.Entries, line)
	}
	return p, nil
}

func (s *server) undoPage(c *call, o *officer) error {
	p, err := s.readUndo(c, o)
	if err != nil {
		return err
	}
	return s.showStaff(c, http.StatusOK, p)
}

// undoSubmission submits one reversal for each entry, to be approved as a whole.
func (s *server) undoSubmission(c *call, o *officer) error {
	p, err := s.readUndo(c, o)
	if err != nil {
		return err
	}
	if id := c.FormValue("id"); formID.MatchString(id) {
		p.FormID = id
	}
	f := &deskForm{values: url.Values{}, id: p.FormID}
	p.Reason = c.FormValue("reason")
	p.Reasons = o.reasonsFor(p.Reason)
	u := &unitOfForm{submission: "TJ-" + f.id}
	for i, e := range p.Entries {
		u.drafts = append(u.drafts, ledger.Draft{ID: "web-" + f.id + "-" + nth(i), Kind: "entry.reversed", On: s.today(), By: c.who.by(), Corrects: e.Seq, Body: &ledger.EntryReversed{Reason: p.Reason}})
		u.at = append(u.at, nth(i))
	}
	if len(u.drafts) == 0 {
		p.Problems = []string{o.t("undo.nothing")}
		return s.showStaff(c, http.StatusUnprocessableEntity, p)
	}
	made := ledger.SubmissionMade{Submission: u.submission, Title: clip(o.site.sentence(chinese, "undo.title")+p.Submission.Title, 200)}
	u.drafts = ledger.Submitted("web-"+f.id, made, u.drafts)
	return s.postUndo(c, p, u)
}
