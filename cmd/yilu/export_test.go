package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
	"yilu/migrations/pgtest"
)

// TestExportFromTheShell takes a county's procurement and site to files, and the
// procurement back into a book of its own. It sets the environment, so it is not
// parallel.
func TestExportFromTheShell(t *testing.T) {
	db := pgtest.New(t)
	dir := inShell(t, db, "C")
	t.Chdir(dir)
	want := func(code int, says string, args ...string) string {
		t.Helper()
		got, out, errs := yilu(args...)
		if got != code || !strings.Contains(out+errs, says) {
			t.Fatalf("%q: code %d, want %d with %q:\n%s%s", args, got, code, says, out, errs)
		}
		return out
	}
	l := emptyBook(t, db, nil)
	want(exitRefused, "no tender or contract", "export", "ocds")
	want(exitUsage, "releases or records", "export", "ocds", "--kind", "x")
	want(exitUsage, "--out", "export", "site")
	tendered(t, l)
	out := want(exitOK, `"ocid":"ocds-unregistered-411025-ZB-1"`, "export", "ocds", "--kind", "releases", "--project", "P1")
	if !json.Valid([]byte(out)) {
		t.Errorf("no JSON: %.200s", out)
	}
	want(exitOK, "", "export", "ocds", "-o", "records.json")
	want(exitOK, "1 processes", "import", "ocds", "records.json", "--book", "ocds-cn", "--currency", "CNY", "--user", "u1", "--unit", "411025-SJ")
	rows, err := l.Records(t.Context(), "ocds-cn", "ocds-unregistered-411025-ZB-1")
	if err != nil || len(rows) != 3 {
		t.Fatalf("%+v %v", rows, err)
	}
	for _, r := range rows {
		e, err := l.Entry(t.Context(), "ocds-cn", r.Seq)
		if err != nil {
			t.Fatal(err)
		}
		switch b := e.Body.(type) {
		case *ledger.ProcessTender:
			if b.Amount.String() != "900000.00" || b.Name != "一标段" || b.Status != "active" {
				t.Errorf("%+v", b)
			}
		case *ledger.ProcessBid:
			if !strings.HasPrefix(b.Amount.String(), "88000") || b.Bidders[0].Name == "" {
				t.Errorf("%+v", b)
			}
		}
	}
	s := want(exitOK, `"files":`, "export", "site", "--out", "copy", "--public-url", "https://example.gov.cn/zt/", "--base-path", "/zt", "--json")
	want(exitOK, " files, ", "export", "site", "--out", "copy")
	for _, name := range []string{"index.html", "en/index.html", "p/P1/index.html", "p/P1/ocds/records.json", "projects/list.xlsx", "SHA256SUMS", "sitemap.xml", "data/index.html"} {
		if _, err := os.Stat(filepath.Join("copy", name)); err != nil {
			t.Errorf("%v (%s)", err, s)
		}
	}
	if err := os.Mkdir("mine", 0o755); err == nil {
		err = os.WriteFile("mine/file", []byte("x"), 0o600)
		if err != nil {
			t.Fatal(err)
		}
	}
	want(exitRefused, "something else", "export", "site", "--out", "mine")
}

// tendered makes a project with a tender and two bids.
func tendered(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	maker := ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "maker-1"}
	n := 0
	draft := func(kind ledger.Kind, b ledger.Body) ledger.Draft {
		n++
		return ledger.Draft{ID: "x" + string(rune('a'+n)), Kind: kind, On: "2020-03-18", By: maker, Corrects: ledger.None, Body: b}
	}
	if _, err := l.Submit(t.Context(), "411025", "S1", ledger.SubmissionMade{Submission: "S1", Title: "批复"}, []ledger.Draft{
		draft("fund.received", &ledger.FundReceived{Fund: "F1", Document: "豫财农〔2019〕112号", Name: "专项资金", Level: "central", Amount: 500000000, Issued: "2020-01-07", Year: "2020"}),
		draft("project.approved", &ledger.ProjectApproved{
			Project: "P1", Name: "道路硬化", Document: "襄扶〔2020〕3号", Content: "硬化", Targets: "出行", Type: "construction", Place: "411025103205", PlaceName: "颍阳镇后楚村",
			Unit: "颍阳镇人民政府", Responsible: ledger.Person{Name: "王建设"}, Start: "2020-03-01", Finish: "2020-06-30", Budget: []ledger.BudgetLine{{Fund: "F1", Amount: 100000000}},
		})}); err != nil {
		t.Fatal(err)
	}
	sub, err := l.Submission(t.Context(), "411025", "S1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Approve(t.Context(), "411025", "S1-ok", "S1", sub.ContentHash, "2020-03-18", ledger.By{Role: ledger.Checker, Unit: "411025-CZ", User: "checker-1"}); err != nil {
		t.Fatal(err)
	}
	deadline := time.Date(2020, 4, 20, 1, 0, 0, 0, time.UTC)
	for _, d := range []ledger.Draft{
		draft("tender.announced", &ledger.TenderAnnounced{Tender: "ZB-1", Project: "P1", Name: "一标段", Method: "open", Category: "works", Estimate: 90000000, Deadline: ledger.Instant(deadline)}),
		draft("tender.bid", &ledger.TenderBid{Tender: "ZB-1", Bidder: ledger.Party{Name: "许昌恒通路桥工程有限公司", Code: "91350100M000100Y43"}, Amount: 8800001, At: ledger.Instant(deadline.Add(-time.Hour))}),
		draft("tender.bid", &ledger.TenderBid{Tender: "ZB-1", Bidder: ledger.Party{Name: "河南广厦建设有限公司"}, Amount: 8800002, At: ledger.Instant(deadline.Add(-time.Hour))}),
	} {
		if _, err := l.Post(t.Context(), "411025", d); err != nil {
			t.Fatal(err)
		}
	}
}
