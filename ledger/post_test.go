package ledger

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
	"yilu/migrations/pgtest"
)

const testBook = Book("411025")

var (
	maker  = By{Role: Maker, Unit: "411025-CZ", User: "u1"}
	second = By{Role: Checker, Unit: "411025-CZ", User: "u2"}
	payer  = By{Role: Payer, Unit: "411025-GK", User: "u3"}
)

// testLedger is a ledger on a database of its own, with the book open.
func testLedger(t testing.TB) (*Ledger, *pgtest.DB) {
	t.Helper()
	db := pgtest.New(t)
	return ledgerOn(t, db), db
}

func ledgerOn(t testing.TB, db *pgtest.DB) *Ledger {
	t.Helper()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := New(Config{Pool: db.Pool, Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	return l
}

func draft(id string, body Body, by By) Draft {
	return Draft{ID: id, Kind: kindOf[reflect.TypeOf(body)], On: "2020-03-18", By: by, Corrects: None, Body: body}
}

var kindOf = func() map[reflect.Type]Kind {
	m := map[reflect.Type]Kind{}
	for k, spec := range kinds {
		m[reflect.TypeOf(spec.new())] = k
	}
	return m
}()

// settle submits drafts and has them approved by the second person.
func settle(t testing.TB, l *Ledger, id string, drafts ...Draft) []Receipt {
	t.Helper()
	ctx := context.Background()
	r, err := l.Submit(ctx, testBook, id, SubmissionMade{Submission: id, Title: "测试"}, drafts)
	if err != nil {
		t.Fatalf("submit %s: %v", id, err)
	}
	sub, err := l.Submission(ctx, testBook, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Approve(ctx, testBook, id+"-ok", id, sub.ContentHash, "2020-03-18", second); err != nil {
		t.Fatalf("approve %s: %v", id, err)
	}
	return r[1:]
}

// funded makes fund F1 with 1,000 yuan, 600 of them in project P1.
func funded(t testing.TB, l *Ledger) {
	t.Helper()
	settle(t, l, "S1",
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "财政专项扶贫资金", Level: "central", Amount: 100000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("p1", approvedProject("P1", "F1", 80000), maker),
		draft("a1", &FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕1号", Amount: 60000}, maker))
}

func approvedProject(id, fund string, a Amount) *ProjectApproved {
	return &ProjectApproved{
		Project: id, Name: "道路硬化", Document: "襄扶〔2020〕3号", Content: "硬化道路1公里", Targets: "通行改善", Type: "construction",
		Place: "411025103205", PlaceName: "颍阳镇某村", Unit: "颍阳镇政府", Responsible: Person{Name: "张某"}, Start: "2020-03-01", Finish: "2020-06-30",
		Budget: []BudgetLine{{Fund: fund, Amount: a}},
	}
}

func request(id string, a Amount) *PaymentRequested {
	return &PaymentRequested{Payment: id, Project: "P1", Fund: "F1", Amount: a, Purpose: "进度款", Payee: Party{Name: "某建筑公司", Code: "91350100M000100Y43"}}
}

func TestOnePaymentAllTheWay(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	r, err := l.Post(ctx, testBook, draft("r1", request("Z1", 20000), maker))
	if err != nil {
		t.Fatal(err)
	}
	pay, err := l.Payment(ctx, testBook, "Z1")
	if err != nil {
		t.Fatal(err)
	}
	hash := encodeHash(pay.Hash)
	if hash != encodeHash(r[0].Hash[:]) {
		t.Errorf("payment keeps hash %s, receipt says %s", hash, encodeHash(r[0].Hash[:]))
	}
	if _, err := l.Post(ctx, testBook, draft("ok1", &PaymentApproved{Payment: "Z1", Hash: hash}, second)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Post(ctx, testBook, draft("z1", &PaymentPaid{Payment: "Z1"}, payer)); err != nil {
		t.Fatal(err)
	}
	f, err := l.Fund(ctx, testBook, "F1")
	if err != nil {
		t.Fatal(err)
	}
	got := [5]Amount{f.Received, f.InHand, f.Allocated, f.Paid, f.Returned}
	if diff := cmp.Diff([5]Amount{100000, 40000, 40000, 20000, 0}, got); diff != "" {
		t.Error("fund (-want +got):\n" + diff)
	}
}

func TestOverPaymentIsRefused(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	_, err := l.Post(t.Context(), testBook, draft("r1", request("Z1", 60001), maker))
	refused, ok := errors.AsType[*Refused](err)
	if !ok || refused.Problems[0].Rule != "over_payment" {
		t.Fatalf("got %v, want over_payment", err)
	}
}

func TestTraceAddsUp(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	r, err := l.Post(ctx, testBook, draft("r1", request("Z1", 20000), maker))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []Draft{
		draft("ok1", &PaymentApproved{Payment: "Z1", Hash: encodeHash(r[0].Hash[:])}, second),
		draft("z1", &PaymentPaid{Payment: "Z1"}, payer),
		draft("z1b", &PaymentReturned{Payment: "Z1", Amount: 500, Reason: "account"}, payer),
	} {
		if _, err := l.Post(ctx, testBook, d); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := l.TraceFund(ctx, testBook, "豫财农〔2019〕1号")
	if err != nil {
		t.Fatal(err)
	}
	if len(tr.Shares) != 1 || tr.Shares[0].Paid != 19500 || tr.Funds[0].Paid != 19500 || tr.Quotas[0].Available() != 40500 {
		t.Errorf("trace %+v", tr)
	}
	back, err := l.TracePayee(ctx, testBook, "91350100M000100Y43")
	if err != nil || len(back) != 1 || back[0].Document != "豫财农〔2019〕1号" {
		t.Errorf("back trace %+v %v", back, err)
	}
	for _, as := range []As{{}, {Seq: 1000, Given: true}, {Day: "2020-12-31"}} {
		b, _, err := l.Balances(ctx, testBook, "hand/", as, Page{})
		if err != nil || len(b) != 1 || b[0].Balance != 40000 {
			t.Errorf("balances as %+v: %+v %v", as, b, err)
		}
	}
	if s, err := l.Summary(ctx, testBook); err != nil || s.Received != 100000 || s.Paid != 19500 || s.Projects != 1 {
		t.Errorf("summary %+v %v", s, err)
	}
	if f, err := l.Flows(ctx, testBook); err != nil || len(f) != 2 {
		t.Errorf("flows %+v %v", f, err)
	}
	if ev, err := l.Timeline(ctx, testBook, "P1"); err != nil || len(ev) != 2 {
		t.Errorf("timeline %+v %v", ev, err)
	}
	if ps, next, err := l.Projects(ctx, testBook, ProjectFilter{Place: "411025", Fund: "F1", Text: "道路"}, Page{Limit: 1}); err != nil || len(ps) != 1 || next != "" {
		t.Errorf("projects %+v %q %v", ps, next, err)
	}
	if ps, _, err := l.Payments(ctx, testBook, PaymentFilter{Project: "P1"}, Page{}); err != nil || len(ps) != 1 {
		t.Errorf("payments %+v %v", ps, err)
	}
	if ys, _, err := l.Payees(ctx, testBook, Page{}); err != nil || len(ys) != 1 {
		t.Errorf("payees %+v %v", ys, err)
	}
	if got, err := Rebuild(ctx, db.Owner, testBook, Replay{}); err != nil {
		t.Errorf("rebuild: %+v %v", got, err)
	}
	if r, err := l.Outcome(ctx, testBook, "z1"); err != nil || r.Seq < 0 {
		t.Errorf("outcome %+v %v", r, err)
	}
}

// A unit may name what an earlier unit of the same group has just made: an
// approval its submission, a reversal an entry that has no effect yet.
func TestUnitsOfOneGroupSeeEachOther(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	tx, err := db.Owner.Begin(ctx) // holds the head, so that what follows waits and is one group
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(ctx, `select from log.head where book = $1 for update`, testBook); err != nil {
		t.Fatal(err)
	}
	adjust := draft("g-a", &FundAdjusted{Fund: "F1", Document: "豫财农〔2020〕9号", Amount: 700}, maker)
	p, err := l.prepare(testBook, 0, adjust)
	if err != nil {
		t.Fatal(err)
	}
	hash := hashOver([]*prepared{p})
	head, err := l.Head(ctx, testBook)
	if err != nil {
		t.Fatal(err)
	}
	reverse := draft("g-r", &EntryReversed{Reason: "amount"}, maker)
	reverse.Corrects = Seq(head.Size) + 2 // the adjustment, behind the first post and the submission
	errs := make(chan error, 4)
	post := func(want int, drafts ...Draft) {
		go func() {
			_, err := l.Post(ctx, testBook, drafts...)
			errs <- err
		}()
		for l.queued(testBook) < want {
			if ctx.Err() != nil {
				t.Fatal(ctx.Err())
			}
			runtime.Gosched()
		}
	}
	first := draft("g-0", request("G0", 1), maker) // the worker takes this one alone
	go func() { _, err := l.Post(ctx, testBook, first); errs <- err }()
	for !l.busy(testBook) || l.queued(testBook) > 0 {
		runtime.Gosched()
	}
	post(2, draft("g-s", &SubmissionMade{Submission: "GS", Title: "同组", Entries: 1}, maker), adjust)
	post(4, draft("g-t", &SubmissionMade{Submission: "GT", Title: "同组冲销", Entries: 1}, maker), reverse)
	post(5, draft("g-ok", &SubmissionApproved{Submission: "GS", ContentHash: hash}, second))
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	var refused int
	for range 4 {
		if err := <-errs; err != nil {
			r, ok := errors.AsType[*Refused](err)
			if !ok || r.Problems[0].Rule != "no_effect" {
				t.Errorf("got %v, want the reversal alone refused for no_effect", err)
			}
			refused++
		}
	}
	f, err := l.Fund(ctx, testBook, "F1")
	if err != nil || f.Received != 100700 || refused != 1 {
		t.Errorf("received %s, %d refused, %v", f.Received, refused, err)
	}
	if _, err := Rebuild(ctx, db.Owner, testBook, Replay{}); err != nil {
		t.Error(err)
	}
}

// queued is how many entries wait for a book; busy whether a worker is at it.
func (l *Ledger) queued(book Book) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if q := l.queues[book]; q != nil {
		return q.entries
	}
	return 0
}

func (l *Ledger) busy(book Book) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.queues[book]
	return q != nil && q.working
}
