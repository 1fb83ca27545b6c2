package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/alerts/rules"
	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
	"yilu/publicity/workday"
)

const testBook = ledger.Book("411025")

var (
	maker   = ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "u0"}
	checker = ledger.By{Role: ledger.Checker, Unit: "411025-CZ", User: "u1"}
	payer   = ledger.By{Role: ledger.Payer, Unit: "411025-CZ", User: "u2"}
	auditor = ledger.By{Role: ledger.Auditor, Unit: "411025-SJ", User: "a1"}
	second  = ledger.By{Role: ledger.Auditor, Unit: "411025-SJ", User: "a2"}
	builder = ledger.Party{Name: "某建筑公司", Code: "91350100M000100Y43"}
	paper   = ledger.File{Name: "说明", SHA256: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Size: 10}
)

// world is a book with the real rules in force and an engine.
type world struct {
	*testing.T
	db     *pgtest.DB
	ledger *ledger.Ledger
	engine *Engine
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2020, 3, 18, 4, 0, 0, 0, time.UTC)}
	w.db = pgtest.Filled(t, "world", func(db *pgtest.DB) {
		first := &world{T: t, db: db, now: w.now}
		first.start(programRules(t))
		first.adopt()
		first.ledger.Close()
	})
	w.start(programRules(t))
	return w
}

// programRules are the rules of the program, for one world: some change what they say.
func programRules(t *testing.T) *Rules {
	t.Helper()
	known, err := LoadRules(rules.Files, workday.StateCouncil())
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// adopt opens the book and puts rules in force, all if none is named.
func (w *world) adopt(codes ...string) {
	w.Helper()
	if err := w.ledger.CreateBook(w.Context(), testBook); err != nil {
		w.Fatal(err)
	}
	var drafts []ledger.Draft
	for i, a := range w.engine.Rules.Activations() {
		if len(codes) > 0 && !slices.Contains(codes, a.Code) {
			continue
		}
		a.State = "active"
		drafts = append(drafts, w.draft(fmt.Sprintf("rule-%d", i), a, maker))
	}
	w.settle("rules", drafts...)
}

// start makes the ledger and the engine of a process.
func (w *world) start(known *Rules) {
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		w.Fatal(err)
	}
	w.ledger = ledger.New(ledger.Config{Pool: w.db.Pool, Sealer: sealer, Now: func() time.Time { return w.now }, Judge: known.Judge()})
	w.Cleanup(w.ledger.Close)
	w.engine = &Engine{Ledger: w.ledger, Pool: w.db.Pool, Rules: known, Calendar: workday.StateCouncil(), Link: func(a string) string { return "/alerts/" + a }}
}

func (w *world) draft(id string, b ledger.Body, by ledger.By) ledger.Draft {
	return ledger.Draft{ID: id, Kind: ledger.KindOf(b), On: "2020-03-18", By: by, Corrects: ledger.None, Body: b}
}

func (w *world) post(drafts ...ledger.Draft) []ledger.Receipt {
	w.Helper()
	r, err := w.ledger.Post(w.Context(), testBook, drafts...)
	if err != nil {
		w.Fatalf("post %s: %v", drafts[0].ID, err)
	}
	return r
}

// settle submits drafts and has a second person approve them.
func (w *world) settle(id string, drafts ...ledger.Draft) {
	w.Helper()
	if _, err := w.ledger.Submit(w.Context(), testBook, id, ledger.SubmissionMade{Submission: id, Title: "测试"}, drafts); err != nil {
		w.Fatalf("submit %s: %v", id, err)
	}
	sub, err := w.ledger.Submission(w.Context(), testBook, id)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := w.ledger.Approve(w.Context(), testBook, id+"-ok", id, sub.ContentHash, "2020-03-18", checker); err != nil {
		w.Fatalf("approve %s: %v", id, err)
	}
}

// run judges everything there is.
func (w *world) run() {
	w.Helper()
	if err := w.engine.catchUp(w.Context(), testBook); err != nil {
		w.Fatal(err)
	}
}

// cases lists the warnings as "CODE state count", in the order in which they were
// raised.
func (w *world) cases() []string {
	w.Helper()
	page, err := List(w.Context(), w.db.Pool, testBook, Filter{}, -1, 1000)
	if err != nil {
		w.Fatal(err)
	}
	var out []string
	for _, c := range page {
		out = append(out, fmt.Sprintf("%s %s %d", c.Code, c.State, c.Count))
	}
	return out
}

// funded makes fund F1 with 10,000 yuan, of which 9,000 are in the listed and
// approved project P1.
func (w *world) funded() { w.fund(1000000) }

// rich is funded with money for any load.
func (w *world) rich() { w.fund(ledger.MaxAmount) }

func (w *world) fund(a ledger.Amount) {
	w.Helper()
	project := &ledger.ProjectApproved{
		Project: "P1", Name: "道路硬化", Document: "襄扶〔2020〕3号", Content: "硬化道路1公里", Targets: "通行改善", Type: "construction",
		Place: "411025103205", PlaceName: "颍阳镇某村", Unit: "颍阳镇政府", Responsible: ledger.Person{Name: "张某"}, Start: "2020-03-01", Finish: "2020-06-30",
		Budget: []ledger.BudgetLine{{Fund: "F1", Amount: a / 10 * 9}}, Files: []ledger.File{paper},
	}
	w.post(w.draft("l1", &ledger.ProjectListed{Project: "P1", Name: "道路硬化", Content: "硬化道路1公里", Type: "construction", Place: "411025103205", PlaceName: "颍阳镇某村", Unit: "颍阳镇政府", Estimate: a / 10 * 9}, maker))
	w.settle("S1",
		w.draft("f1", &ledger.FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "财政专项扶贫资金", Level: "central", Amount: a, Issued: "2020-01-07", Year: "2020"}, maker),
		w.draft("p1", project, maker),
		w.draft("a1", &ledger.FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕1号", Amount: a / 10 * 9, Files: []ledger.File{paper}}, maker))
}

func (w *world) request(id string, a ledger.Amount) *ledger.PaymentRequested {
	return &ledger.PaymentRequested{Payment: id, Project: "P1", Fund: "F1", Amount: a, Purpose: "进度款", Payee: builder, Files: []ledger.File{paper}}
}

func refusedBy(err error) []string {
	var refused *ledger.Refused
	if !errors.As(err, &refused) {
		return nil
	}
	var out []string
	for _, p := range refused.Problems {
		out = append(out, strings.TrimSpace(p.Rule+" "+p.Needs))
	}
	return out
}

// TestWarningAllTheWay: a duplicate is held, posted with an explanation, found in the
// list, answered, confirmed, mended and closed by others than made it.
func TestWarningAllTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	twin := w.draft("z2", w.request("Z2", 10000), maker)
	_, err := w.ledger.Post(t.Context(), testBook, twin)
	if diff := cmp.Diff([]string{"P13 acknowledgement"}, refusedBy(err)); diff != "" {
		t.Fatalf("a twin without a word: %v\n%s", err, diff)
	}
	w.post(w.draft("why", &ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: "z2", Ground: "agreed", File: paper}, maker), twin)
	w.run()
	if got := w.cases(); !slices.Contains(got, "P13 open 1") {
		t.Fatalf("warnings %q", got)
	}
	c := w.find("P13")
	if c.Level != "orange" || c.Region != "411025103205" || c.Due != "2020-03-25" || !strings.Contains(c.Zh, "100.00") || c.Episode != 1 || c.Entry == c.Raised {
		t.Errorf("the case: %+v", c)
	}
	take := func(by ledger.By, b func(ledger.Step) ledger.Body) error {
		c := w.find("P13")
		body := b(ledger.Step{Alert: c.Alert, Seen: ledger.Count(c.Step)})
		_, err := w.engine.Take(t.Context(), testBook, w.draft(fmt.Sprintf("step-%s-%d", ledger.KindOf(body), c.Step), body, by))
		return err
	}
	steps := []struct {
		by   ledger.By
		b    func(ledger.Step) ledger.Body
		want string
	}{
		{auditor, func(s ledger.Step) ledger.Body { return &ledger.AlertClosed{Step: s} }, "state"},
		{auditor, func(s ledger.Step) ledger.Body { return &ledger.AlertAssigned{Step: s, Unit: "411025-CZ"} }, ""},
		{checker, func(s ledger.Step) ledger.Body { return &ledger.AlertAnswered{Step: s} }, ""},
		{auditor, func(s ledger.Step) ledger.Body { return &ledger.AlertDismissed{Step: s, Ground: "lawful"} }, ""},
		{auditor, func(s ledger.Step) ledger.Body { return &ledger.AlertSeconded{Step: s} }, "second_person"},
		{second, func(s ledger.Step) ledger.Body { return &ledger.AlertReturned{Step: s, Reason: "incomplete"} }, ""},
		{auditor, func(s ledger.Step) ledger.Body {
			return &ledger.AlertConfirmed{Step: s, Violation: "V05", Return: 10000}
		}, ""},
		{ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "a2"}, func(s ledger.Step) ledger.Body {
			return &ledger.AlertRectified{Step: s, Files: []ledger.File{paper}, Returned: 10000}
		}, ""},
		{second, func(s ledger.Step) ledger.Body { return &ledger.AlertClosed{Step: s} }, "second_person"},
		{auditor, func(s ledger.Step) ledger.Body { return &ledger.AlertClosed{Step: s} }, ""},
	}
	for i, s := range steps {
		err := take(s.by, s.b)
		if got := strings.Join(refusedBy(err), ","); got != s.want || err != nil && s.want == "" {
			t.Fatalf("step %d: %v, want %q", i, err, s.want)
		}
	}
	if c := w.find("P13"); c.State != Closed || c.Returned != 10000 || c.Due != "" {
		t.Errorf("at the end: %+v", c)
	}
	w.rebuilds()
	events, err := Events(t.Context(), w.db.Pool, testBook, c.Alert)
	if err != nil || len(events) != 8 || events[0].Kind != "alert.raised" || events[7].Kind != "alert.closed" {
		t.Errorf("events %+v %v", events, err)
	}
}

// rebuilds wants the cases to be what the entries say, and a change of one to be
// found.
func (w *world) rebuilds() {
	w.Helper()
	cases := len(w.cases())
	if n, err := w.engine.Rebuild(w.Context(), w.db.Owner, testBook, false); err != nil || n != cases {
		w.Errorf("rebuild: %d cases, want %d: %v", n, cases, err)
	}
	if _, err := w.db.Owner.Exec(w.Context(), `update alert.current set state = 'dismissed', dismisser = 'x' where book = $1`, testBook); err != nil {
		w.Fatal(err)
	}
	if _, err := w.engine.Rebuild(w.Context(), w.db.Owner, testBook, false); !errors.Is(err, ErrDiverged) {
		w.Errorf("a case that was closed by a superuser: %v", err)
	}
	if _, err := w.engine.Rebuild(w.Context(), w.db.Owner, testBook, true); err != nil {
		w.Error(err)
	}
}

func (w *world) find(code string) Current {
	w.Helper()
	page, err := List(w.Context(), w.db.Pool, testBook, Filter{Code: code}, -1, 10)
	if err != nil || len(page) != 1 {
		w.Fatalf("%d warnings by %s: %v", len(page), code, err)
	}
	return page[0]
}

// TestBlockingRule: a third part of an invoice over its total is refused, with and
// without an explanation.
func TestBlockingRule(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	part := func(id string, a ledger.Amount) ledger.Draft {
		b := w.request(id, a)
		b.Invoice = ledger.Invoice{Amount: 30000, Number: "12345678"}
		return w.draft(id, b, maker)
	}
	w.post(part("Z1", 10000), part("Z2", 15000))
	over := part("Z3", 5001)
	ack := w.draft("why", &ledger.AlertAcknowledged{Code: "P12", Version: 1, Of: "Z3", Ground: "other", File: paper}, maker)
	for _, unit := range [][]ledger.Draft{{over}, {ack, over}} {
		if _, err := w.ledger.Post(t.Context(), testBook, unit...); cmp.Diff([]string{"P12"}, refusedBy(err)) != "" {
			t.Errorf("one fen over the invoice: %v", err)
		}
	}
	w.post(part("Z3", 5000))
}

// TestEachVerdictOnce: steps that stop at any point and are tried again, and two
// engines at once, raise each warning once.
func TestEachVerdictOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	const twins = 12
	for i := range twins {
		z := w.draft(fmt.Sprintf("z%d", i), w.request(fmt.Sprintf("Z%d", i), 1000), maker)
		w.post(w.draft("why-"+z.ID, &ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: z.ID, Ground: "agreed", File: paper}, maker), z)
	}
	other := *w
	other.start(w.engine.Rules)
	done := make(chan error, 2)
	for _, g := range []*Engine{w.engine, other.engine} {
		go func() { done <- g.catchUp(context.WithoutCancel(t.Context()), testBook) }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, c := range w.cases() {
		if c == "P13 open 1" {
			n++
		}
	}
	if n != twins-1 { // a subject each: the payment
		t.Errorf("%d warnings, want %d: %q", n, twins-1, w.cases())
	}
	w.run()
	if again := len(w.cases()); again != len(other.cases()) {
		t.Errorf("judged again: %d", again)
	}
}

// TestOverdueGoesUp: a case that nobody answers goes one level up, once for each day
// it was due, and no further when it has an answer in time.
func TestOverdueGoesUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	z := w.draft("z2", w.request("Z2", 10000), maker)
	w.post(w.draft("z1", w.request("Z1", 10000), maker))
	w.post(w.draft("why", &ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: "z2", Ground: "agreed", File: paper}, maker), z)
	w.run()
	c := w.find("P13")
	assign := &ledger.AlertAssigned{Step: ledger.Step{Alert: c.Alert, Seen: ledger.Count(c.Step)}, Unit: "411025103-CZ"}
	if _, err := w.engine.Take(t.Context(), testBook, w.draft("assign", assign, auditor)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		day, unit string
		due       ledger.Date
	}{
		{"2020-03-25", "411025103-CZ", "2020-03-25"},
		{"2020-03-26", "411025-CZ", "2020-04-02"},
		{"2020-04-02", "411025-CZ", "2020-04-02"},
		{"2020-04-03", "411000-CZ", "2020-04-13"}, // 04-06 is a holiday
	} {
		day, err := time.Parse(time.DateOnly, want.day)
		if err != nil {
			t.Fatal(err)
		}
		w.now = day.Add(4 * time.Hour)
		w.run()
		w.run()
		if c := w.find("P13"); c.Unit != want.unit || c.Due != want.due || c.State != Verifying {
			t.Errorf("on %s: unit %s, due %s, %s", want.day, c.Unit, c.Due, c.State)
		}
	}
	w.rebuilds()
}

// TestFaultsAreRaisedOnce: a fault of the log is a red case until it is closed, and
// nothing is entered while the ledger is held.
func TestFaultsAreRaisedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fault := Fault{Code: "L08", Subject: "witness w", Entry: ledger.None, Sentence: ledger.Text{Zh: "见证方拒绝联署", En: "a witness refuses"}}
	held := errors.New("held")
	w.ledger.Held = func() error { return held }
	if err := w.engine.Report(t.Context(), testBook, fault); !errors.Is(err, held) {
		t.Errorf("while held: %v", err)
	}
	w.ledger.Held = nil
	for range 2 {
		if err := w.engine.Report(t.Context(), testBook, fault); err != nil {
			t.Fatal(err)
		}
	}
	if c := w.find("L08"); c.Level != "red" || c.State != Open || c.Origin != "system" || c.Count != 1 || c.Due == "" {
		t.Errorf("%+v", c)
	}
	w.rebuilds()
}
