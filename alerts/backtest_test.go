package alerts

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/alerts/rule"
	"yilu/alerts/rules"
	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
	"yilu/publicity/workday"
)

// busy posts payments of which some are twins, approves, rejects, reverses and pays.
func (w *world) busy() {
	w.Helper()
	w.funded()
	for i := range 30 {
		z := w.draft(fmt.Sprintf("z%d", i), w.request(fmt.Sprintf("Z%d", i), ledger.Amount(1000+i%7)), maker)
		why := w.draft("why-"+z.ID, &ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: z.ID, Ground: "agreed", File: paper}, maker)
		r := w.post(why, z)
		ok := &ledger.PaymentApproved{Payment: fmt.Sprintf("Z%d", i), Hash: base64.StdEncoding.EncodeToString(r[1].Hash[:])}
		switch i % 3 {
		case 0:
			w.post(w.draft("ok-"+z.ID, ok, checker))
			w.post(w.draft("paid-"+z.ID, &ledger.PaymentPaid{Payment: ok.Payment}, payer))
		case 1:
			w.post(w.draft("no-"+z.ID, &ledger.PaymentRejected{Payment: ok.Payment, Reason: "amount"}, checker))
		}
	}
}

// TestFoldJudgesAsThePostDid: on a book in memory every entry gets the verdict that
// was stored beside it when it was posted.
func TestFoldJudgesAsThePostDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.busy()
	verdicts, err := ledger.ReadVerdicts(t.Context(), w.db.Pool, testBook, -1, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	stored := verdicts.Notes
	var folded []ledger.Note
	judge := w.engine.Rules.Judge()
	fold := ledger.NewFold(testBook, &ledger.Judge{Weigh: func(v ledger.View, e *ledger.Entry) ledger.Verdict {
		verdict := judge.Weigh(v, e)
		if verdict.Note != nil {
			at := e.Seq
			if a := v.Approval(); a != nil {
				at = a.Seq
			}
			folded = append(folded, ledger.Note{At: at, Entry: e.Seq, Note: verdict.Note})
		}
		return ledger.Verdict{}
	}})
	if err := w.ledger.FoldUpTo(t.Context(), fold, verdicts.Until, nil); err != nil {
		t.Fatal(err)
	}
	if len(stored) == 0 {
		t.Fatal("no verdicts")
	}
	if diff := cmp.Diff(notesAsText(stored), notesAsText(folded)); diff != "" {
		t.Error(diff)
	}
}

func notesAsText(notes []ledger.Note) (all []string) {
	for _, n := range notes {
		all = append(all, fmt.Sprintf("%d %d %s", n.At, n.Entry, n.Note))
	}
	return all
}

// TestBackTestFindsWhatWasSaid: the rule in force finds the same matters over the past
// as live, a stricter one fewer; the same range gives the same bytes.
func TestBackTestFindsWhatWasSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.busy()
	w.run()
	file := w.engine.Rules.files["P13@1"]
	test := BackTest{Rules: []*rule.Rule{file}, From: "2020-01-01", To: "2020-12-31", Live: true}
	report, err := test.Run(t.Context(), w.engine, testBook)
	if err != nil {
		t.Fatal(err)
	}
	p13 := report.Rules[0]
	if p13.Hits == 0 || *p13.New != 0 || *p13.Lost != 0 || *p13.Same != p13.Matters || len(p13.Examples) == 0 || p13.ByRegion["411025103"] != p13.Hits {
		t.Errorf("%+v, new %d lost %d same %d", p13, *p13.New, *p13.Lost, *p13.Same)
	}
	one, err := report.Text()
	if err != nil {
		t.Fatal(err)
	}
	again, err := test.Run(t.Context(), w.engine, testBook)
	if err != nil {
		t.Fatal(err)
	}
	if two, err := again.Text(); err != nil || Hash(one) != Hash(two) {
		t.Errorf("another hash: %v\n%s", err, cmp.Diff(string(one), string(two)))
	}
	stricter := *file
	stricter.Version, stricter.When = 2, "twin.invoiced > param.most && twin.exists && dd(twin.on, entry.on) <= param.d"
	test.Rules = []*rule.Rule{&stricter}
	if report, err = test.Run(t.Context(), w.engine, testBook); err != nil {
		t.Fatal(err)
	}
	if r := report.Rules[0]; r.Hits != 0 || *r.Lost != *p13.Same {
		t.Errorf("the stricter rule: %+v", r)
	}
	test.Rules, test.To = []*rule.Rule{file}, "2020-03-17"
	if report, err = test.Run(t.Context(), w.engine, testBook); err != nil || report.Rules[0].Hits != 0 || *report.Rules[0].Lost != 0 {
		t.Errorf("before the first: %+v %v", report, err)
	}
}

// TestBackTestOfASweep goes slot by slot over the past.
func TestBackTestOfASweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.funded()
	test := BackTest{Rules: []*rule.Rule{w.engine.Rules.files["A05@1"]}, From: "2021-01-01", To: "2022-03-31"}
	report, err := test.Run(t.Context(), w.engine, testBook)
	if err != nil {
		t.Fatal(err)
	}
	if r := report.Rules[0]; r.Hits != 1 || r.ByMonth["2021-11"] != 1 || r.Examples[0].Value != "10000.00" {
		t.Errorf("%+v", r)
	}
}

// BenchmarkBackTest measures entries a second over a book of 210,000 entries, with one
// rule and with all.
func BenchmarkBackTest(b *testing.B) {
	known, err := LoadRules(rules.Files, workday.StateCouncil())
	if err != nil {
		b.Fatal(err)
	}
	g := manyEntries(b, known, 100_000)
	var events []*rule.Rule
	for _, f := range known.Known() {
		if f.Kind != rule.OnSweep {
			events = append(events, f)
		}
	}
	head, err := g.Ledger.Head(b.Context(), testBook)
	if err != nil {
		b.Fatal(err)
	}
	for name, tested := range map[string][]*rule.Rule{"one": {known.files["P13@1"]}, "all": events, "none": nil} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				test := BackTest{Rules: tested, From: "2020-01-01", To: "2020-12-31"}
				if _, err := test.Run(b.Context(), g, testBook); err != nil {
					b.Fatal(err)
				}
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(head.Size)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			b.ReportMetric(float64(m.HeapSys)/float64(head.Size), "heapbytes/entry")
		})
	}
}

// manyEntries makes a book of so many payments that are asked for and approved, for
// 200 projects with contracts.
func manyEntries(b *testing.B, known *Rules, payments int) *Engine {
	b.Helper()
	db := pgtest.New(b)
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	now := time.Date(2020, 3, 18, 4, 0, 0, 0, time.UTC)
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: func() time.Time { return now }})
	b.Cleanup(l.Close)
	if err := l.CreateBook(b.Context(), testBook); err != nil {
		b.Fatal(err)
	}
	on := func(id string, body ledger.Body, by ledger.By) ledger.Draft {
		return ledger.Draft{ID: id, Kind: ledger.KindOf(body), On: "2020-03-18", By: by, Corrects: ledger.None, Body: body}
	}
	const projects = 200
	const much = 100_000_000_00
	drafts := []ledger.Draft{on("f1", &ledger.FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "财政专项扶贫资金", Level: "central", Amount: projects * much, Issued: "2020-01-07", Year: "2020"}, maker)}
	for i := range projects {
		p := fmt.Sprintf("P%d", i)
		drafts = append(drafts,
			on("p-"+p, &ledger.ProjectApproved{Project: p, Name: "道路硬化", Document: "襄扶〔2020〕3号", Content: "硬化道路1公里", Targets: "通行改善", Type: "construction",
				Place: "411025103205", PlaceName: "颍阳镇某村", Unit: "颍阳镇政府", Responsible: ledger.Person{Name: "张某"}, Start: "2020-03-01", Finish: "2020-06-30",
				Budget: []ledger.BudgetLine{{Fund: "F1", Amount: much}}}, maker),
			on("a-"+p, &ledger.FundAllocated{Fund: "F1", Project: p, Document: "襄财〔2020〕1号", Amount: much}, maker),
			on("k-"+p, &ledger.ContractSigned{Contract: "K" + p, Project: p, Name: "施工合同", Supplier: builder, Amount: much}, maker))
	}
	for i := range projects {
		if p := fmt.Sprintf("P%d", i); i >= 0 {
			listed := on("l-"+p, &ledger.ProjectListed{Project: p, Name: "道路硬化", Content: "硬化道路1公里", Type: "construction", Place: "411025103205", PlaceName: "颍阳镇某村", Unit: "颍阳镇政府", Estimate: much}, maker)
			if _, err := l.Post(b.Context(), testBook, listed); err != nil {
				b.Fatal(err)
			}
		}
	}
	if _, err := l.Submit(b.Context(), testBook, "S1", ledger.SubmissionMade{Submission: "S1", Title: "测试"}, drafts); err != nil {
		b.Fatal(err)
	}
	sub, err := l.Submission(b.Context(), testBook, "S1")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := l.Approve(b.Context(), testBook, "S1-ok", "S1", sub.ContentHash, "2020-03-18", checker); err != nil {
		b.Fatal(err)
	}
	for n := 0; n < payments; n += 1000 {
		asked := make([]ledger.Draft, 1000)
		for i := range asked {
			p := fmt.Sprintf("P%d", (n+i)%projects)
			asked[i] = on(fmt.Sprintf("z%d", n+i), &ledger.PaymentRequested{Payment: fmt.Sprintf("Z%d", n+i), Project: p, Fund: "F1", Contract: "K" + p, Amount: ledger.Amount(100 + n + i), Purpose: "进度款", Payee: builder,
				Invoice: ledger.Invoice{Number: fmt.Sprint(10_000_000 + n + i), Amount: ledger.Amount(100 + n + i)}}, maker)
		}
		receipts, err := l.Post(b.Context(), testBook, asked...)
		if err != nil {
			b.Fatal(err)
		}
		for i, r := range receipts {
			asked[i] = on(fmt.Sprintf("y%d", n+i), &ledger.PaymentApproved{Payment: fmt.Sprintf("Z%d", n+i), Hash: base64.StdEncoding.EncodeToString(r.Hash[:])}, checker)
		}
		if _, err := l.Post(b.Context(), testBook, asked...); err != nil {
			b.Fatal(err)
		}
	}
	return &Engine{Ledger: l, Pool: db.Pool, Rules: known, Calendar: workday.StateCouncil()}
}
