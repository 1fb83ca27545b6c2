package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
	"yilu/migrations/pgtest"
	"yilu/web"
)

// TestSlipsFromTheShell prints the slips of a batch into files, and a villager types the
// code of one.
func TestSlipsFromTheShell(t *testing.T) {
	db := pgtest.New(t)
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("LC_ALL", "C")
	data, out := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "out")
	env := newEnvironment(io.Discard, io.Discard)
	env.Data, env.Book = data, "411025"
	l, closeLedger, err := env.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer closeLedger()
	grantTwo(t, l)

	slip := func(args ...string) (int, string, string) {
		return yilu(append([]string{"slip", "--data", data, "--payment", "G1", "--out", out, "--user", "u1", "--unit", "411025-CZ"}, args...)...)
	}
	code, files, said := slip("--public-url", "https://fund.example.gov.cn")
	if code != exitOK || len(strings.Fields(files)) != 2 {
		t.Fatal(code, files, said)
	}
	path := filepath.Join(out, "G1-411025103205-slips.html")
	page := string(mustRead(t, path))
	printed := regexp.MustCompile(`[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]{5}`).FindString(page)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(page, "张三") || strings.Contains(page, "李四") || !strings.Contains(page, "https://fund.example.gov.cn/mine") {
		t.Fatal(info, err, page)
	}
	h := web.New(web.Config{Ledger: l, Pool: db.Pool, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: "411025"})
	look := func() int {
		r := httptest.NewRequest(http.MethodPost, "/mine", strings.NewReader(url.Values{"code": {printed}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	if got := look(); got != http.StatusOK {
		t.Error("the code on the slip:", got)
	}
	if code, files, said := slip("--place", "411025103206", "--line", "2"); code != exitOK || len(strings.Fields(files)) != 1 || look() != http.StatusOK {
		t.Error("another household's slip:", code, files, said)
	}
	if code, _, said := slip("--place", "411025103205"); code != exitOK || look() != http.StatusNotFound || !strings.Contains(said, "--public-url") {
		t.Error("printed again:", code, said)
	}
	if code, _, said := slip("--list"); code != exitOK || said != "" || !strings.Contains(string(mustRead(t, filepath.Join(out, "G1-411025103205-list.html"))), "张*") {
		t.Error("the list:", code, said)
	}
	for want, args := range map[int][][]string{
		exitRefused: {{"--payment", "none"}, {"--place", "411025103299"}, {"--place", "411025103205", "--line", "2"}},
		exitUsage:   {{"--line", "2"}, {"--out", ""}, {"--board-names", "x"}, {"--place", "411025103205", "--line", "1", "--list"}, {"--user", ""}},
	} {
		for _, more := range args {
			if code, _, said := slip(more...); code != want {
				t.Errorf("%v: %d %s", more, code, said)
			}
		}
	}
}

// grantTwo asks for grants to two households in two villages.
func grantTwo(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	maker, second := ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "u1"}, ledger.By{Role: ledger.Checker, Unit: "411025-CZ", User: "u2"}
	draft := func(id string, kind ledger.Kind, b ledger.Body) ledger.Draft {
		return ledger.Draft{ID: id, Kind: kind, On: "2020-03-18", By: maker, Corrects: ledger.None, Body: b}
	}
	if err := l.CreateBook(t.Context(), "411025"); err != nil {
		t.Fatal(err)
	}
	_, err := l.Submit(t.Context(), "411025", "S1", ledger.SubmissionMade{Submission: "S1", Title: "批复"}, []ledger.Draft{
		draft("f", "fund.received", &ledger.FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "专项", Level: "central", Amount: 100000, Issued: "2020-01-07", Year: "2020"}),
		draft("p", "project.approved", &ledger.ProjectApproved{Project: "P1", Name: "产业奖补", Document: "襄扶〔2020〕3号", Content: "奖补", Targets: "增收", Type: "industry", Place: "411025103000", PlaceName: "颍阳镇", Unit: "颍阳镇政府",
			Responsible: ledger.Person{Name: "张某", Post: "副镇长"}, Start: "2020-03-01", Finish: "2020-06-30", Budget: []ledger.BudgetLine{{Fund: "F1", Amount: 50000}}}),
		draft("a", "fund.allocated", &ledger.FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕1号", Amount: 50000})})
	if err != nil {
		t.Fatal(err)
	}
	sub, err := l.Submission(t.Context(), "411025", "S1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Approve(t.Context(), "411025", "ok", "S1", sub.ContentHash, "2020-03-18", second); err != nil {
		t.Fatal(err)
	}
	grants := []ledger.Draft{draft("g", "grant.requested", &ledger.GrantRequested{Payment: "G1", Project: "P1", Fund: "F1", Item: "产业奖补", Lines: 2, Amount: 3000})}
	for i, h := range [][2]string{{"张三", "411025199001010012"}, {"李四", "11010519491231002X"}} {
		d := draft("g"+h[1], "grant.line", &ledger.GrantLine{Payment: "G1", Line: ledger.Count(i + 1), Place: "41102510320" + string('5'+rune(i)), Standard: 1500, Quantity: "1", Amount: 1500})
		d.Sealed = map[string]string{"payee_name": h[0], "id_number": h[1]}
		grants = append(grants, d)
	}
	if _, err := l.Post(t.Context(), "411025", grants...); err != nil {
		t.Fatal(err)
	}
}

// TestFormSettings reads limits, and refuses what is none.
func TestFormSettings(t *testing.T) {
	t.Parallel()
	env := newEnvironment(io.Discard, io.Discard)
	good := formOptions{objections: "5/50", slips: "1/1", names: "full"}
	var c web.Config
	if err := good.fill(env, &c); err != nil || c.Limits != (web.Limits{Objections: 50, ObjectionsEach: 5, Slips: 1, SlipsEach: 1}) || c.BoardNames != "full" {
		t.Error(c.Limits, err)
	}
	for what, change := range map[string]func(*formOptions){
		"no limit": func(o *formOptions) { o.slips = "" }, "one number": func(o *formOptions) { o.slips = "5" }, "zero": func(o *formOptions) { o.objections = "0/5" },
		"less in all": func(o *formOptions) { o.objections = "9/5" }, "more behind": func(o *formOptions) { o.objections = "5/50x" },
		"names": func(o *formOptions) { o.names = "some" },
	} {
		bad := good
		change(&bad)
		if err := bad.fill(env, &web.Config{}); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}
