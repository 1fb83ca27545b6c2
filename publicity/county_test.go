package publicity

import (
	"context"
	"encoding/base64"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
	"yilu/publicity/workday"
)

const testBook = ledger.Book("411025")

var (
	maker  = ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "u1"}
	second = ledger.By{Role: ledger.Checker, Unit: "411025-CZ", User: "u2"}
	payer  = ledger.By{Role: ledger.Payer, Unit: "411025-GK", User: "u3"}
)

// county posts as officers would, and follows what must be published.
type county struct {
	t     testing.TB
	l     *ledger.Ledger
	d     *Duties
	owner *pgxpool.Pool
	day   ledger.Date
	n     int
}

func newCounty(t testing.TB) *county {
	t.Helper()
	db := pgtest.New(t)
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	return &county{t: t, l: l, d: &Duties{Ledger: l, Pool: db.Pool, Calendar: workday.StateCouncil()}, owner: db.Owner, day: "2020-03-18"}
}

var kindOf = func() map[reflect.Type]ledger.Kind {
	m := map[reflect.Type]ledger.Kind{}
	for _, k := range ledger.Kinds() {
		m[reflect.TypeOf(ledger.NewBody(k.Kind))] = k.Kind
	}
	return m
}()

func (c *county) draft(b ledger.Body, by ledger.By) ledger.Draft {
	c.n++
	return ledger.Draft{ID: "e" + strconv.Itoa(c.n), Kind: kindOf[reflect.TypeOf(b)], On: c.day, By: by, Corrects: ledger.None, Body: b}
}

func (c *county) post(b ledger.Body, by ledger.By) ledger.Seq {
	c.t.Helper()
	r, err := c.l.Post(context.Background(), testBook, c.draft(b, by))
	if err != nil {
		c.t.Fatalf("%T: %v", b, err)
	}
	return r[0].Seq
}

// settle has entries approved and returns where they stand.
func (c *county) settle(bodies ...ledger.Body) []ledger.Seq {
	c.t.Helper()
	var drafts []ledger.Draft
	for _, b := range bodies {
		drafts = append(drafts, c.draft(b, maker))
	}
	return c.settleDrafts(drafts...)
}

func (c *county) settleDrafts(drafts ...ledger.Draft) []ledger.Seq {
	c.t.Helper()
	c.n++
	id := "S" + strconv.Itoa(c.n)
	r, err := c.l.Submit(context.Background(), testBook, id, ledger.SubmissionMade{Submission: id, Title: "测试"}, drafts)
	if err != nil {
		c.t.Fatal(err)
	}
	sub, err := c.l.Submission(context.Background(), testBook, id)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.l.Approve(context.Background(), testBook, id+"-ok", id, sub.ContentHash, c.day, second); err != nil {
		c.t.Fatal(err)
	}
	var seqs []ledger.Seq
	for _, x := range r[1:] {
		seqs = append(seqs, x.Seq)
	}
	return seqs
}

func (c *county) reverse(target ledger.Seq) {
	c.t.Helper()
	d := c.draft(&ledger.EntryReversed{Reason: "other"}, maker)
	d.Corrects = target
	c.settleDrafts(d)
}

// pay asks for, approves and pays, and returns the entry of the payment.
func (c *county) pay(id, project string, a ledger.Amount) ledger.Seq {
	c.t.Helper()
	d := c.draft(&ledger.PaymentRequested{Payment: id, Project: project, Fund: "F1", Amount: a, Purpose: "进度款", Payee: ledger.Party{Name: "某公司"}}, maker)
	r, err := c.l.Post(context.Background(), testBook, d)
	if err != nil {
		c.t.Fatal(err)
	}
	c.post(&ledger.PaymentApproved{Payment: id, Hash: base64.StdEncoding.EncodeToString(r[0].Hash[:])}, second)
	return c.post(&ledger.PaymentPaid{Payment: id}, payer)
}

// grants asks for a batch to two households and pays it, and returns its header.
func (c *county) grants(id, project string) ledger.Seq {
	c.t.Helper()
	drafts := []ledger.Draft{c.draft(&ledger.GrantRequested{Payment: id, Project: project, Fund: "F1", Item: "产业奖补", Lines: 2, Amount: 3000}, maker)}
	for i, number := range []string{"411025199001010012", "11010519491231002X"} {
		d := c.draft(&ledger.GrantLine{Payment: id, Line: ledger.Count(i + 1), Place: "411025103205", Standard: 1500, Quantity: "1", Amount: 1500, Category: "脱贫户"}, maker)
		d.Sealed = map[string]string{"payee_name": "张三", "id_number": number, "payee_account": "6200000000000005"}
		drafts = append(drafts, d)
	}
	r, err := c.l.Post(context.Background(), testBook, drafts...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.post(&ledger.PaymentApproved{Payment: id, Hash: base64.StdEncoding.EncodeToString(r[0].Hash[:])}, second)
	return r[0].Seq
}

func plan9Project(id, place string, a ledger.Amount) *ledger.ProjectApproved {
	return &ledger.ProjectApproved{
		Project: id, Name: "道路硬化" + id, Document: "襄扶〔2020〕3号", Content: "硬化道路1公里", Targets: "通行改善", Type: "construction", Standard: "每公里30万元", Linkage: "务工就业",
		Place: place, PlaceName: "颍阳镇某村", Unit: "颍阳镇政府", Responsible: ledger.Person{Name: "张某", Post: "副镇长"}, Start: "2020-03-01", Finish: "2020-06-30",
		Beneficiaries: 120, Poor: 40, Budget: []ledger.BudgetLine{{Fund: "F1", Amount: a}},
	}
}

// funded is a county with a fund and a project P1 of a village that has its money.
func funded(t testing.TB) (*county, []ledger.Seq) {
	t.Helper()
	c := newCounty(t)
	return c, c.settle(
		&ledger.FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "财政专项扶贫资金", Level: "central", Amount: 1_000_000, Issued: "2020-01-07", Year: "2020", Principle: "按脱贫人口"},
		plan9Project("P1", "411025103205", 80000),
		&ledger.FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕1号", Amount: 60000})
}

var contacts = ledger.NoticeContacts{Hotline: "12317", Phone: "0374-3560000", Mail: "fupin@example.gov.cn", Address: "襄城县文化路1号"}

// announce composes and posts a notice and returns its entry.
func (c *county) announce(id, stage, level, channel string, entries ...ledger.Seq) ledger.Seq {
	c.t.Helper()
	return c.post(&ledger.NoticePosted{Notice: id, Content: c.compose(Order{Stage: stage, Level: level, Channel: channel, Entries: entries})}, maker)
}

func (c *county) compose(o Order) ledger.NoticeContent {
	c.t.Helper()
	o.Issuer, o.Contacts, o.Signed, o.Starts = "襄城县财政局", contacts, c.day, c.day
	content, err := c.d.Compose(context.Background(), testBook, o)
	if err != nil {
		c.t.Fatal(err)
	}
	return content
}

// states are all obligations on a day, as "stage level on due state".
func (c *county) states(today ledger.Date) map[string]string {
	c.t.Helper()
	list, _, err := c.d.Obligations(context.Background(), testBook, Filter{}, false, today, ledger.Page{Limit: 500})
	if err != nil {
		c.t.Fatal(err)
	}
	out := map[string]string{}
	for _, o := range list {
		out[o.Obligation] = string(o.Due) + " " + o.State(today)
	}
	return out
}

// holds wants the table to be what the log says.
func (c *county) holds() {
	c.t.Helper()
	if _, err := c.d.Rebuild(context.Background(), c.owner, testBook, false); err != nil {
		c.t.Errorf("rebuild: %v", err)
	}
}

func itoa(q ledger.Seq) string { return strconv.FormatInt(int64(q), 10) }
