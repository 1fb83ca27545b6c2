package web

import (
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// longAfter is when the public pages of the fixture are read: all that the county has to
// publish is due, and the day that pages show stays what the golden files have.
var longAfter = time.Date(2026, 11, 30, 2, 0, 0, 0, time.UTC)

// site serves the county's pages without a network.
func (x *countyFixture) site(base string) http.Handler {
	return New(Config{
		Ledger: x.l, Pool: x.db.Pool, Log: slog.New(slog.DiscardHandler), Now: always(longAfter), Book: pageBook, BasePath: base, Demo: true,
	})
}

// answerTo asks for a path.
func answerTo(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func plainText(s string) string { return s }

// hostile makes a text that breaks pages which do not escape, wrap or count
// characters: markup, a very long word, rare characters.
func hostile(s string) string {
	return s + `<script>alert("1")</script>&amp;'"` + strings.Repeat("长", 20) + "𬴊𫟅鿍𠅤"
}

// goldenPages are one address per template, for the small county.
var goldenPages = map[string]string{
	"county": "/", "flow": "/flow", "about": "/about", "funds": "/funds", "fund": "/funds/2020-SJ-1", "document": "/documents?no=" + url.QueryEscape("豫财农〔2019〕112号"),
	"documents": "/documents", "township": "/places/411025101", "village": "/places/411025103205", "projects": "/projects?type=guarantees",
	"project": "/p/XC2020-001", "grants": "/p/XC2020-002", "payments": "/payments?state=paid", "payment": "/payments/ZF-0003", "batch": "/payments/DF-0001",
	"payees": "/payees", "payee": "/payees/91350100M000100Y43", "entries": "/entries", "entry": "/entries/10", "reversed": "/entries/25",
	"open": "/entries/142", "missing": "/p/none",
	"notices": "/notices?stage=P3", "notice": "/notices/GS-001", "copy": "/notices/GG-001", "coverage": "/coverage?place=411025103", "paper": "/c", "poster": "/notices/GS-001/poster",
	"posters": "/posters?place=411025103", "objections": "/objections", "mine": "/mine",
	"data": "/data", "check": "/check", "contracts": "/contracts", "tenders": "/tenders", "bids": "/bids",
	"bidders": "/bidders", "bidder": "/bidders/91350100M000100Y43", "allocations": "/allocations/-/fund=2020-SJ-1", "grantlist": "/grants", "projectscopy": "/projects/-/",
	"search": "/search?q=" + url.QueryEscape("后楚"), "searchall": "/search?q=" + url.QueryEscape("村") + "&kind=project", "searchnone": "/search",
}

// emptyPages are the addresses that an empty county answers.
var emptyPages = map[string]string{
	"county": "/", "flow": "/flow", "funds": "/funds", "documents": "/documents", "township": "/places/411025101", "projects": "/projects",
	"payments": "/payments", "payees": "/payees", "entries": "/entries", "notices": "/notices", "coverage": "/coverage", "objections": "/objections",
	"contracts": "/contracts", "bidders": "/bidders", "allocations": "/allocations", "data": "/data",
}

func TestPagesAreAsBefore(t *testing.T) {
	t.Parallel()
	for _, county := range []struct {
		name  string
		make  func(testing.TB, func(string) string) *countyFixture
		dress func(string) string
		pages map[string]string
	}{
		{"empty", newFixture, plainText, emptyPages},
		{"typical", newTypical, plainText, goldenPages},
		{"hostile", newTypical, hostile, goldenPages},
	} {
		t.Run(county.name, func(t *testing.T) {
			t.Parallel()
			h := county.make(t, county.dress).site("")
			for name, path := range county.pages {
				for _, l := range languages {
					got := answerTo(h, l.Prefix+path).Body.String()
					lookSafe(t, l.Prefix+path, got)
					if l == chinese || county.name == "typical" && slices.Contains([]string{"county", "project", "entry"}, name) {
						golden(t, county.name+"_"+l.Code+"_"+name+".html", mainOf(got))
					}
				}
			}
		})
	}
}

// lookSafe holds a page to what no page may have, whatever is in the book.
func lookSafe(t *testing.T, path, page string) {
	t.Helper()
	for _, bad := range []string{"<script", "style=", "onclick", "javascript:", "ZgotmplZ", "<no value>", "%!", "maker-1", "checker-1", "payer-1", "p-0", "张1", "李一", "6200000000000005"} {
		if strings.Contains(page, bad) {
			t.Errorf("%s holds %q", path, bad)
		}
	}
	if n := strings.Count(page, "<h1"); n != 1 {
		t.Errorf("%s has %d h1", path, n)
	}
}

var (
	hashes = regexp.MustCompile(`[A-Za-z0-9+/]{43}=|[A-Za-z0-9&#;+/]{43,70}=`)
	roots  = regexp.MustCompile(`\b[0-9a-f]{12}\b`)
	ids    = regexp.MustCompile(`<span class="hash">[^<]*</span>`)
)

// mainOf cuts the part between the navigation and the footer, with what differs
// from run to run made equal: salts make every hash of the book a new one.
func mainOf(page string) string {
	_, page, _ = strings.Cut(page, "<main")
	page, _, _ = strings.Cut(page, "</main>")
	page = regexp.MustCompile(`<dd class="hash">[^<]*</dd>`).ReplaceAllString(page, `<dd class="hash">HASH</dd>`)
	page = hashes.ReplaceAllString(page, "HASH")
	page = ids.ReplaceAllString(page, `<span class="hash">ID</span>`)
	return "<main" + roots.ReplaceAllString(page, "ROOT") + "</main>\n"
}

// golden compares with a file of testdata/pages, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", "pages", name)
	if os.Getenv("YILU_GOLDEN") == "write" {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatalf("%v (make golden writes it)", err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestEveryLinkLeadsSomewhere follows every link of the county, in both
// languages, under a base path, and counts bytes.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	t.Parallel()
	const base = "/zt/yilu"
	x := newTypical(t, plainText)
	h := x.site(base)
	link := regexp.MustCompile(`href="([^"#]*)[^"]*"`)
	queue, seen := []string{base + "/"}, map[string]bool{}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		if path == "" || seen[path] {
			continue
		}
		seen[path] = true
		w := answerTo(h, path, "Accept-Encoding", "gzip")
		if to := w.Header().Get("Location"); w.Code == http.StatusFound && strings.HasSuffix(to, "/proof") {
			queue = append(queue, to)
			continue
		}
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
			continue
		}
		if strings.HasPrefix(path, base+"/a/") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			continue
		}
		most := 25 << 10
		if strings.Contains(path, "/p/") {
			most = 14 << 10
		}
		if w.Body.Len() > most {
			t.Errorf("%s has %d bytes, at most %d", path, w.Body.Len(), most)
		}
		for _, found := range link.FindAllStringSubmatch(unzip(t, w.Body), -1) {
			if strings.HasPrefix(found[1], "tel:") {
				continue
			}
			to, err := url.Parse(strings.ReplaceAll(found[1], "&amp;", "&"))
			if err != nil || !strings.HasPrefix(to.Path, base+"/") && found[1] != "" {
				t.Errorf("%s links to %s: %v", path, found[1], err)
				continue
			}
			queue = append(queue, to.String())
		}
	}
	if len(seen) < 300 {
		t.Errorf("only %d pages found", len(seen))
	}
}

func unzip(t *testing.T, r io.Reader) string {
	t.Helper()
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPagesAreKeptUntilTheBookMoves(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	h := x.site("")
	first := answerTo(h, "/funds")
	tag := first.Header().Get("ETag")
	if first.Code != http.StatusOK || tag == "" || !strings.Contains(first.Header().Get("Cache-Control"), "max-age=60") {
		t.Fatalf("%d %v", first.Code, first.Header())
	}
	again := answerTo(h, "/funds", "If-None-Match", tag)
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("unchanged: %d, %d bytes", again.Code, again.Body.Len())
	}
	x.funds()
	moved := answerTo(h, "/funds", "If-None-Match", tag)
	if moved.Code != http.StatusOK || !strings.Contains(moved.Body.String(), "豫财农〔2019〕112号") {
		t.Errorf("changed: %d", moved.Code)
	}
	for header, want := range map[string]string{
		"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Vary": "Accept-Encoding", "Content-Language": "zh-CN", "Content-Type": "text/html; charset=utf-8",
	} {
		if got := moved.Header().Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}

// TestPagesNameTheirAddress holds what search engines are told: in full where we know our
// own address, in both languages, however the page was asked for; else nothing.
func TestPagesNameTheirAddress(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	if got := answerTo(x.site(""), "/projects").Body.String(); strings.Contains(got, "<link rel=\"canonical\"") || strings.Contains(got, "<link rel=\"alternate\" hreflang") {
		t.Error("a page whose address is not known names one")
	}
	h := New(Config{Ledger: x.l, Log: slog.New(slog.DiscardHandler), Now: always(longAfter), Book: pageBook, BasePath: "/zt", Origin: "https://example.gov.cn"})
	for path, own := range map[string]string{"/zt/": "/zt/", "/zt/en/": "/zt/en/", "/zt/en/projects?state=approved": "/zt/en/projects/-/state=approved"} {
		zh := strings.Replace(own, "/en/", "/", 1)
		got := answerTo(h, path).Body.String()
		for _, want := range []string{
			`<link rel="canonical" href="https://example.gov.cn` + own + `">`,
			`<link rel="alternate" hreflang="zh-CN" href="https://example.gov.cn` + zh + `">`,
			`<link rel="alternate" hreflang="en" href="https://example.gov.cn` + strings.Replace(zh, "/zt/", "/zt/en/", 1) + `">`,
		} {
			if !strings.Contains(strings.ReplaceAll(got, "&#43;", "+"), want) {
				t.Errorf("%s lacks %s", path, want)
			}
		}
	}
}

func TestPrivatePersonsHaveNoPage(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.site("")
	payment, err := x.l.Payment(t.Context(), pageBook, "ZF-0100")
	if err != nil {
		t.Fatal(err)
	}
	if !isPrivate(payment.Payee) {
		t.Fatalf("payee %q", payment.Payee)
	}
	for _, path := range []string{"/payees/" + payment.Payee, "/payments?payee=" + payment.Payee} {
		if w := answerTo(h, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/payments/ZF-0100", "/p/XC2020-002", "/payments", "/funds/2020-SJ-1", "/payees"} {
		if w := answerTo(h, path); w.Code != http.StatusOK || strings.Contains(w.Body.String(), payment.Payee) {
			t.Errorf("%s: %d, or shows the person's token", path, w.Code)
		}
	}
}

func TestErrorsAreSaidInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	h := x.site("")
	for path, want := range map[string]string{"/nothing": "没有这个页面", "/en/nothing": "There is no such page", "/entries/x": "没有这个页面", "/en/places/999": "There is no such page"} {
		w := answerTo(h, path)
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), want) || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	for _, path := range []string{"/search?q=a%00b", "/projects?place=%00", "/coverage?place=%00", "/posters?place=%00", "/object?project=%00", "/p/%00", "/funds/%00"} {
		if w := answerTo(h, path); w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), "是我们的问题") {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	s, e := newServer(Config{Ledger: x.l, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: pageBook})
	for status, want := range map[int]string{500: "Something went wrong", 503: "Not available right now", 400: "The request is not right", 403: "Not yours to do"} {
		w := httptest.NewRecorder()
		if err := s.renderError(e.NewContext(httptest.NewRequest(http.MethodGet, "/en/funds", nil), w), &problem{Status: status, Request: "r1"}); err != nil {
			t.Fatal(err)
		}
		if w.Code != status || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Body.String(), "r1") {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
	}
	again := &againView{officer: &officer{frame: s.newFrame(e.NewContext(httptest.NewRequest(http.MethodGet, "/desk/import", nil), httptest.NewRecorder()), "again", "")}}
	for name, want := range map[string]string{"sheetform": "表种", "valid_to": "有效期截止日（名单）", "nothing": "nothing"} {
		if got := again.Label(name); got != want {
			t.Errorf("input %s is called %s, want %s", name, got, want)
		}
	}
	if w := answerTo(h, "/api/v1/none"); !strings.Contains(w.Header().Get("Content-Type"), "json") {
		t.Errorf("a program got %s", w.Header().Get("Content-Type"))
	}
}

// TestEveryColumnAddsUp reads the figures off the page of all documents, as a
// reader with a calculator would.
func TestEveryColumnAddsUp(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	page := answerTo(x.site(""), "/documents").Body.String()
	amount := func(s string) ledger.Amount {
		a, err := ledger.ParseAmount(strings.ReplaceAll(s, ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	cell := regexp.MustCompile(`data-l="(收款人合计|已支付)">([0-9,.]+)<`)
	sums := map[string][]ledger.Amount{}
	for _, found := range cell.FindAllStringSubmatch(page, -1) {
		sums[found[1]] = append(sums[found[1]], amount(found[2]))
	}
	for name, column := range sums {
		var sum ledger.Amount
		for _, a := range column[:len(column)-1] {
			sum += a
		}
		if total := column[len(column)-1]; sum != total || total == 0 {
			t.Errorf("%s: rows add up to %s, the total says %s", name, sum, total)
		}
	}
	if strings.Contains(page, "两边不等") || strings.Count(page, "两边相等，一分不差") < 10 {
		t.Error("an equation on the page does not hold")
	}
}

// TestPageIsReadAtOneState lets the book move while a page is read: the page is of
// the state it began with, and the next answer of the next.
func TestPageIsReadAtOneState(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	s, _ := newServer(Config{Ledger: x.l, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: pageBook})
	reads := 0
	h := s.serve("projects", "projects", func(ctx context.Context, c echo.Context, f *frame) (page, error) {
		if reads++; reads == 1 {
			x.post(pageMaker, &ledger.ProjectListed{Project: "P1", Name: "村道", Content: "路", Type: "other", Place: "411025103205", PlaceName: "村", Unit: "镇"})
		}
		return s.projectsPage(ctx, c, f)
	})
	ask := func() *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/projects", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		if err := h(echo.New().NewContext(r, w)); err != nil {
			t.Fatal(err)
		}
		return w
	}
	first := ask()
	if strings.Contains(unzip(t, first.Body), "村道") || !strings.HasPrefix(first.Header().Get("ETag"), `W/"0-`) {
		t.Errorf("the page saw what was posted while it was read: %s", first.Header().Get("ETag"))
	}
	second := ask()
	if !strings.Contains(unzip(t, second.Body), "村道") || !strings.HasPrefix(second.Header().Get("ETag"), `W/"1-`) || reads != 2 {
		t.Errorf("after %d reads: %s", reads, second.Header().Get("ETag"))
	}
	if ask(); reads != 2 {
		t.Error("a page was drawn again though the book has not moved")
	}
}

// TestMovedPagesAreDrawnBehind: whoever asks soon after the book moved sees the page
// as it was, and the next reader the new one; nobody waits.
func TestMovedPagesAreDrawnBehind(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	var clock atomic.Int64
	clock.Store(time.Date(2020, 7, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	s, h := newServer(Config{Ledger: x.l, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(0, clock.Load()) }, Book: pageBook, PageAge: time.Second})
	ask := func() string {
		w := answerTo(h, "/projects/-/place=411025103", "Accept-Encoding", "gzip")
		if w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
		page := unzip(t, w.Body)
		s.keep.refreshes.Wait()
		return page
	}
	ask()
	x.post(pageMaker, &ledger.ProjectListed{Project: "P1", Name: "新村道", Content: "路", Type: "other", Place: "411025103205", PlaceName: "村", Unit: "镇"})
	for n, want := range []bool{false, false, true} {
		if got := strings.Contains(ask(), "新村道"); got != want {
			t.Errorf("answer %d has the new project: %t", n+1, got)
		}
		if n == 0 {
			clock.Add(int64(2 * time.Second))
		}
	}
}

// TestVillageSaysWhatItsHouseholdsGot: grants that came through a project of the township
// stand beside the village's own money, and the page leads to notices and objections.
func TestVillageSaysWhatItsHouseholdsGot(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.site("")
	village := answerTo(h, "/places/411025101202").Body.String()
	want(t, village, "<dt>到户补助（另计）</dt><dd>", `href="/notices/-/place=411025101202"`, `href="/object"`, " 户次</td>")
	got := regexp.MustCompile(`<dt>到户补助（另计）</dt><dd>([0-9,.]+)</dd>`).FindStringSubmatch(village)
	foot := regexp.MustCompile(`data-l="退回">([0-9,.]+)</td><td class="n" data-l="金额">([0-9,.]+)</td></tr></tfoot>`).FindStringSubmatch(village)
	if got == nil || foot == nil {
		t.Fatalf("no figures: %v %v", got, foot)
	}
	sum := func(s string) ledger.Amount {
		a, err := ledger.ParseAmount(strings.ReplaceAll(s, ",", ""))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	if sum(got[1]) != sum(foot[2])-sum(foot[1]) || sum(got[1]) == 0 {
		t.Errorf("households got %s, the table says %s less %s", got[1], foot[2], foot[1])
	}
	if township := answerTo(h, "/places/411025101").Body.String(); strings.Contains(township, "另计") {
		t.Error("a township's grants are among its projects' payments already")
	}
}
