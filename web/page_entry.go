package web

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// entriesView lists entries of the log, newest first, all of them: nothing in
// the book is without its line here.
type entriesView struct {
	*frame
	Entries table
	// Older and Newer are the cursors of the neighbouring pages, or -1.
	Older, Newer int64
}

const entriesPerPage = 50

func (s *server) entriesPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	if seq := c.QueryParam("entry"); seq != "" {
		f.template = "entry"
		return s.readEntry(ctx, seq, f)
	}
	p := &entriesView{frame: f, Older: -1, Newer: -1}
	end := f.Head.Size // one past the newest entry shown
	if n, err := strconv.ParseInt(c.QueryParam("before"), 10, 64); err == nil && n > 0 && n < end {
		end = n
		if p.Newer = end + entriesPerPage; p.Newer >= f.Head.Size {
			p.Newer = 0 // the newest have one address
		}
	}
	from := max(end-entriesPerPage, 0)
	if from > 0 {
		p.Older = from
	}
	rows, err := entryRows(ctx, f.ledger, s.Book, ledger.Seq(from), int(end-from))
	if err != nil {
		return nil, err
	}
	slices.Reverse(rows)
	p.Entries = entryList.table(f, rows, nil)
	return p, nil
}

// entryRows reads entries with what became of them, in the order of the log.
func entryRows(ctx context.Context, l *ledger.Ledger, book ledger.Book, from ledger.Seq, limit int) ([]entryRow, error) {
	entries, err := l.Entries(ctx, book, from, limit)
	if err != nil {
		return nil, err
	}
	seqs := make([]ledger.Seq, len(entries))
	for i, e := range entries {
		seqs[i] = e.Seq
	}
	gone, err := l.Withdrawn(ctx, book, seqs)
	if err != nil {
		return nil, err
	}
	rows := make([]entryRow, len(entries))
	for i, e := range entries {
		rows[i] = entryRow{Entry: e, Void: gone[e.Seq]}
		rows[i].Amount, rows[i].HasAmount = amountOf(e.Body)
	}
	return rows, nil
}

// readEntryRows is a page of the file of all entries, oldest first: as the log is.
func readEntryRows(ctx context.Context, l *ledger.Ledger, book ledger.Book, _ url.Values, p ledger.Page) ([]entryRow, string, error) {
	from, _ := strconv.ParseInt(p.After, 10, 64) // "" begins
	rows, err := entryRows(ctx, l, book, ledger.Seq(from), p.Limit)
	if err != nil || len(rows) < p.Limit {
		return rows, "", err
	}
	return rows, strconv.FormatInt(from+int64(p.Limit), 10), nil
}

// amountOf is the amount a body states, if it states one. A record of what others
// published may have none.
func amountOf(b ledger.Body) (ledger.Amount, bool) {
	v := reflect.ValueOf(b).Elem()
	if field := v.FieldByName("Amount"); field.IsValid() {
		a, ok := field.Interface().(ledger.Amount)
		return a, ok && (a != 0 || ledger.RecordedOf(b) == nil)
	}
	return 0, false
}

// entryView is one entry in plain words, with what became of it.
type entryView struct {
	*frame
	Entry *ledger.Entry
	// At is when it was recorded, in Shanghai.
	At    string
	Facts []fact
	// Sealed names the private fields; their values are not here.
	Sealed []string
	// Hash is what a second person signs off, Leaf the entry's hash in the log.
	Hash, Leaf string
	// Cover is the submission the entry was posted in, nil if none.
	Cover *ledger.Submission
	// ReversedBy took its effect back, or is ledger.None.
	ReversedBy ledger.Seq
	// Withdrawn is set when it has no effect any more, or never had.
	Withdrawn      bool
	Previous, Next ledger.Seq
}

// InEffect says whether the entry counts.
func (p *entryView) InEffect() bool {
	return (p.Cover == nil || p.Cover.State == ledger.StateApproved) && !p.Withdrawn
}

// Rejected says whether a second person sent the entry back.
func (p *entryView) Rejected() bool { return p.Cover != nil && p.Cover.State == ledger.StateRejected }

// fact is one field of an entry's body with its label.
type fact struct {
	Label string
	// Kind says how the value is shown: text, amount, day, fund, project, payment,
	// payee, document, place, file or list.
	Kind  string
	Value string
	// Key is the id behind a value that is a link.
	Key    string
	Amount ledger.Amount
	// To is where an officer opens a file that is kept here, "" elsewhere.
	To string
	// List holds the parts of a field of many.
	List []fact
}

func (s *server) entryPage(ctx context.Context, c echo.Context, f *frame) (page, error) {
	return s.readEntry(ctx, c.Param("seq"), f)
}

// readEntry is the page of the entry with a number.
func (s *server) readEntry(ctx context.Context, number string, f *frame) (page, error) {
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 0 || strconv.FormatInt(seq, 10) != number {
		return nil, echo.ErrNotFound
	}
	p := &entryView{frame: f, ReversedBy: ledger.None, Previous: ledger.Seq(seq - 1), Next: ledger.None}
	if p.Entry, err = f.ledger.Entry(ctx, s.Book, ledger.Seq(seq)); err != nil {
		return nil, err
	}
	if seq+1 < f.Head.Size {
		p.Next = ledger.Seq(seq + 1)
	}
	p.At = inShanghai(p.Entry.At)
	for _, name := range slices.Sorted(maps.Keys(p.Entry.Commitments)) {
		p.Sealed = append(p.Sealed, f.t("sealed."+name))
	}
	p.Hash = base64.StdEncoding.EncodeToString(p.Entry.Hash[:])
	p.Leaf = base64.StdEncoding.EncodeToString(p.Entry.LeafHash[:])
	if err := errors.Join(s.readCover(ctx, p), s.readReversal(ctx, p)); err != nil {
		return nil, err
	}
	p.Facts = f.facts(p.Entry)
	if p.Cover != nil && p.Cover.State != ledger.StateApproved {
		unlink(p.Facts) // what it names may never have come to be
	}
	return p, nil
}

// unlink shows facts without links.
func unlink(facts []fact) {
	for i := range facts {
		if linkedFields[facts[i].Kind] != "" {
			facts[i].Kind, facts[i].Key = "text", ""
		}
		unlink(facts[i].List)
	}
}

// readCover finds the submission an entry was posted in: the newest one made
// before the entry, if it reaches that far.
func (s *server) readCover(ctx context.Context, p *entryView) error {
	subs, _, err := p.ledger.Submissions(ctx, s.Book, "", ledger.Page{After: strconv.FormatInt(int64(p.Entry.Seq), 10), Limit: 1})
	if err != nil {
		return err
	}
	if len(subs) > 0 && subs[0].Last >= p.Entry.Seq {
		p.Cover = &subs[0]
	}
	return nil
}

// readReversal finds out whether the entry's effect was taken back and, where a
// timeline tells, by which entry.
func (s *server) readReversal(ctx context.Context, p *entryView) error {
	gone, err := p.ledger.Withdrawn(ctx, s.Book, []ledger.Seq{p.Entry.Seq})
	if err != nil || !gone[p.Entry.Seq] {
		return err
	}
	p.Withdrawn = true
	project, err := p.projectOf(ctx, p.Entry.Body)
	if err != nil || project == "" {
		return err
	}
	events, err := p.ledger.Timeline(ctx, s.Book, project)
	for _, e := range events {
		if e.Entry == p.Entry.Seq {
			p.ReversedBy = e.ReversedBy
		}
	}
	return err
}

// projectOf is the project a body is about, itself or through its contract or
// tender; "" if it is about none.
func (f *frame) projectOf(ctx context.Context, b ledger.Body) (string, error) {
	v := reflect.ValueOf(b).Elem()
	text := func(name string) string {
		if field := v.FieldByName(name); field.IsValid() {
			return field.String()
		}
		return ""
	}
	if project := text("Project"); project != "" {
		return project, nil
	}
	if id := text("Contract"); id != "" {
		k, err := f.ledger.Contract(ctx, f.Book, id)
		return k.Project, ignoreMissing(err)
	}
	if id := text("Payment"); id != "" {
		pay, err := f.ledger.Payment(ctx, f.Book, id)
		return pay.Project, ignoreMissing(err)
	}
	return "", nil
}

// ignoreMissing drops the error of a thing that never came to be, because the
// entry that names it was not approved.
func ignoreMissing(err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}

// codedFields are the fields that hold a code of a closed list, by kind and name
// or by name alone.
var codedFields = map[string]string{
	"level": "level", "acceptance.passed level": "acceptance", "acceptance.failed level": "acceptance",
	"type": "type", "uses": "type", "reason": "reason", "tender.failed reason": "failure",
	"method": "method", "payment.requested method": "pay_method", "tender.announced category": "category", "contract.signed category": "category",
	"ground": "ground", "stage": "part", "class": "asset", "asset.registered state": "condition", "erasure_ground": "erasure", "list": "list",
	"role.granted role": "role", "revoke_ground": "revoke_ground",
	"pricing": "pricing", "subcontract_part": "subpart", "disposal_way": "disposal",
	"alert.raised level": "alert_level", "alert.repeated level": "alert_level", "handling": "handling", "origin": "origin", "outcome": "outcome",
	"alert.acknowledged ground": "ack", "rule.activated state": "rule_state", "frozen_kind": "frozen", "dismiss_ground": "dismissal", "violation": "violation", "silence_ground": "silence",
	"matter": "notice_stage", "publisher_level": "notice_level", "notice_outcome": "notice_outcome", "day_count": "day_count", "term_unit": "term_unit",
	"topic": "topic", "track": "track", "photo_check": "photo_check", "photo_ground": "photo_ground", "objection_outcome": "objection_outcome",
	"process.tender category": "category", "way": "way", "process.tender status_told": "tender_status", "process.bid status_told": "bid_status",
	"process.award status_told": "award_status", "process.contract status_told": "contract_status",
}

// linkedFields are the fields that name another thing with a page of its own.
var linkedFields = map[string]string{"fund": "fund", "project": "project", "payment": "payment", "document": "document", "place": "place", "notice": "notice"}

// facts are the fields of an entry's body that may be shown, in the order of the
// body. A household's class is public only in sums.
func (f *frame) facts(e *ledger.Entry) []fact {
	var out []fact
	v := reflect.ValueOf(e.Body).Elem()
	for _, field := range reflect.VisibleFields(v.Type()) {
		value := v.FieldByIndex(field.Index)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" || value.IsZero() || e.Kind == "grant.line" && name == "category" {
			continue
		}
		x := f.fact(string(e.Kind), name, value)
		x.Label = f.t("field." + name)
		out = append(out, x)
	}
	return out
}

// fact shows one value by its type.
func (f *frame) fact(kind, name string, v reflect.Value) fact {
	switch x := v.Interface().(type) {
	case ledger.Amount:
		return fact{Kind: "amount", Amount: x}
	case ledger.Date:
		return fact{Kind: "day", Value: string(x)}
	case ledger.Count:
		return fact{Kind: "text", Value: strconv.FormatInt(int64(x), 10)}
	case ledger.Party:
		return fact{Kind: "text", Value: x.Name, Key: x.Code}
	case ledger.Person:
		return fact{Kind: "text", Value: strings.TrimSpace(x.Name + " " + x.Post)}
	case ledger.File:
		return fact{Kind: "file", Value: x.Name, Key: x.SHA256}
	case ledger.BudgetLine:
		return fact{Kind: "fund", Value: x.Fund, Key: x.Fund, Amount: x.Amount}
	case ledger.Invoice:
		return fact{Kind: "text", Value: x.Key(), Amount: x.Amount}
	case ledger.RejectedBid:
		return fact{Kind: "text", Value: x.Bidder.Name + " " + f.name("rejection", x.Ground)}
	case ledger.Candidate:
		return fact{Kind: "text", Value: x.Bidder.Name, Amount: x.Amount}
	case ledger.ContractItem:
		return fact{Kind: "text", Value: joined(x.Item, x.Quantity+x.Unit), Amount: x.Price}
	case ledger.AcceptedQuantity:
		return fact{Kind: "text", Value: joined(x.Contract, x.Item, x.Quantity)}
	case ledger.NoticeContent:
		return fact{Kind: "text", Value: x.Title, Amount: x.Total}
	case ledger.Seq:
		return fact{Kind: "text", Value: strconv.FormatInt(int64(x), 10)}
	case ledger.Moment: // as it was told: no zone is added
		return fact{Kind: "text", Value: string(x)}
	case ledger.Participant:
		return fact{Kind: "text", Value: cmp.Or(x.Name, x.Code), Key: x.Code}
	case ledger.ProcessItem:
		return fact{Kind: "text", Value: joined(x.Class, x.Name, x.Quantity, x.Unit)}
	case ledger.ProcessAmendment:
		return fact{Kind: "text", Value: joined(string(x.At), x.Reason)}
	case ledger.ProcessValue:
		return fact{Kind: "text", Value: string(x.Released), Amount: x.Amount}
	case ledger.FindingCount:
		return fact{Kind: "text", Value: x.Code + " × " + strconv.FormatInt(int64(x.Count), 10)}
	case ledger.Finding:
		return fact{Kind: "text", Value: joined(x.Code, x.Path, x.Found, x.Made)}
	}
	if v.Kind() == reflect.Bool { // false is left out
		return fact{Kind: "text", Value: f.t("yes")}
	}
	if v.Kind() == reflect.Slice {
		all := fact{Kind: "list"}
		for i := range v.Len() {
			all.List = append(all.List, f.fact(kind, name, v.Index(i)))
		}
		return all
	}
	return f.word(kind, name, v.String())
}

// joined is what there is of some texts, in one line.
func joined(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(t string) bool { return t == "" }), " · ")
}

// word shows a field of text: a code by its name, an id as a link, an instant in
// Shanghai's time.
func (f *frame) word(kind, name, value string) fact {
	list := codedFields[kind+" "+name]
	if list == "" {
		list = codedFields[name]
	}
	if list != "" {
		return fact{Kind: "text", Value: f.name(list, value)}
	}
	if name == "area" {
		return fact{Kind: "text", Value: f.division(value) + " " + value}
	}
	if at, err := time.Parse(time.RFC3339Nano, value); err == nil {
		return fact{Kind: "text", Value: inShanghai(at)}
	}
	if to := linkedFields[name]; to != "" && !(to == "place" && !isDigits(value)) && !(to == "document" && !strings.HasPrefix(kind, "fund.received")) {
		if to == "place" {
			return fact{Kind: to, Value: f.Called(value), Key: value}
		}
		return fact{Kind: to, Value: value, Key: value}
	}
	return fact{Kind: "text", Value: value}
}
