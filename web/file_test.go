package web

import (
	"bytes"
	"encoding/csv"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"yilu/ledger"
)

// lines gets a list's file as lines of a table, headings first.
func (x *countyFixture) lines(h http.Handler, path, format string) [][]string {
	x.t.Helper()
	w := answerTo(h, escapedPath(path)+"/list."+format)
	if w.Code != http.StatusOK {
		x.t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	if format == "csv" {
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(w.Body.String(), "\ufeff"))).ReadAll()
		if err != nil {
			x.t.Fatal(err)
		}
		return rows
	}
	f, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		x.t.Fatal(err)
	}
	rows, err := f.GetRows(f.GetSheetName(0))
	if err != nil {
		x.t.Fatal(err)
	}
	return rows
}

// items gets a list's file for programs.
func (x *countyFixture) items(h http.Handler, path string) []map[string]any {
	x.t.Helper()
	w := answerTo(h, escapedPath(path)+"/list.json")
	var got struct {
		Items []map[string]any `json:"items"`
		Size  int64            `json:"log_size"`
		Unit  string           `json:"unit"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); w.Code != http.StatusOK || err != nil || got.Size == 0 || got.Unit != "CNY" {
		x.t.Fatalf("%s: %d %v %.300s", path, w.Code, err, w.Body)
	}
	return got.Items
}

// TestFilesHoldTheWholeList: the three formats of every list say the same, in both
// languages, and no file says what no page may.
func TestFilesHoldTheWholeList(t *testing.T) {
	t.Parallel()
	x := newTypical(t, hostile)
	h := x.site("/zt")
	unmark := func(s string) string {
		if len(s) > 1 && s[0] == '\'' {
			return s[1:]
		}
		return s
	}
	for _, o := range outlets {
		for _, l := range languages {
			path := "/zt" + l.Prefix + o.path()
			table, items := x.lines(h, path, "csv"), x.items(h, path)
			if len(table) < 2 || len(table) != len(items)+1 {
				t.Errorf("%s: %d lines, %d items", path, len(table), len(items))
				continue
			}
			sheet := x.lines(h, path, "xlsx")
			for i := range table {
				for j := range table[i] {
					table[i][j] = unmark(table[i][j])
				}
				for len(sheet[i]) < len(table[i]) { // empty cells at the end
					sheet[i] = append(sheet[i], "")
				}
			}
			if diff := cmp.Diff(table, sheet); diff != "" {
				t.Errorf("%s: CSV and XLSX (-csv +xlsx):\n%.1000s", path, diff)
			}
			for _, format := range fileFormats {
				body := answerTo(h, path+"/list."+format.name).Body.String()
				for _, bad := range []string{"maker-1", "checker-1", "p-0", "张1", "李一", "6200000000000005"} {
					if strings.Contains(body, bad) {
						t.Errorf("%s/list.%s holds %q", path, format.name, bad)
					}
				}
			}
		}
	}
}

// TestFilesAddUp holds what can be summed to the book.
func TestFilesAddUp(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.site("")
	sum := func(path, column string) ledger.Amount {
		var total ledger.Amount
		for _, item := range x.items(h, path) {
			text, ok := item[column].(string)
			a, err := ledger.ParseAmount(text)
			if ok && err != nil {
				t.Fatal(err)
			}
			total += a
		}
		return total
	}
	s, err := x.l.Summary(t.Context(), pageBook)
	if err != nil {
		t.Fatal(err)
	}
	if got := sum("/funds", "received"); got != s.Received {
		t.Errorf("funds add up to %s, the county got %s", got, s.Received)
	}
	if got := sum("/allocations", "allocated"); got != s.Allocated+s.Paid {
		t.Errorf("allocations add up to %s, allocated is %s", got, s.Allocated+s.Paid)
	}
	if got := sum("/trace", "paid"); got != s.Paid {
		t.Errorf("the trace adds up to %s, paid is %s", got, s.Paid)
	}
	if got := sum("/grants", "amount"); got != yuan(36000) {
		t.Errorf("grants add up to %s", got)
	}
	funds, err := x.l.Funds(t.Context(), pageBook)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range funds {
		if got := sum("/allocations/-/fund="+f.Fund, "allocated"); got != f.Allocated+f.Paid {
			t.Errorf("%s: allocations add up to %s, want %s", f.Fund, got, f.Allocated+f.Paid)
		}
		if got := sum("/trace/-/fund="+f.Fund, "paid"); got != f.Paid {
			t.Errorf("%s: trace adds up to %s, want %s", f.Fund, got, f.Paid)
		}
	}
	head, err := x.l.Head(t.Context(), pageBook)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(x.items(h, "/entries")); int64(n) != head.Size {
		t.Errorf("%d entries, the book has %d", n, head.Size)
	}
}

// TestFilesTakeThePagesFilters: what a page shows under a filter, its file holds.
func TestFilesTakeThePagesFilters(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.site("")
	for path, want := range map[string]int{
		"/projects/-/type=guarantees":              4,
		"/projects/-/place=411025103205":           1,
		"/payments/-/project=XC2020-001":           4,
		"/payments/-/state=rejected":               1,
		"/trace/-/no=豫财农〔2019〕112号":                2,
		"/tenders/-/project=XC2020-001":            1,
		"/tenders/-/project=XC2020-002":            0,
		"/bids/-/bidder=91350100M000100Y43":        1,
		"/contracts/-/supplier=91350100M000100Y43": 1,
		"/grants/-/payment=DF-0001":                3,
		"/grants/-/place=411025101202":             1,
	} {
		if got := len(x.items(h, path)); got != want {
			t.Errorf("%s: %d items, want %d", path, got, want)
		}
		list, filter, _ := strings.Cut(path, "/-/")
		if answerTo(h, list+"/list.json?"+escapeFilter(filter)).Body.String() != answerTo(h, escapedPath(path)+"/list.json").Body.String() {
			t.Errorf("%s says another thing as a query", path)
		}
	}
	if wide := answerTo(h, "/payments/list.json?"+escapeFilter("project=ＸＣ2020－001")).Body.String(); wide != answerTo(h, "/payments/list.json?project=XC2020-001").Body.String() {
		t.Errorf("an id in full width: %s", wide)
	}
	payment, err := x.l.Payment(t.Context(), pageBook, "ZF-0100")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/payments/list.csv?payee=" + payment.Payee, "/trace/list.json?payee=" + payment.Payee} {
		if w := answerTo(h, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestUnknownWordOfAFilter: a list of a state that there is not is an error by the filter,
// which keeps what was asked for, and no empty list.
func TestUnknownWordOfAFilter(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.site("")
	for path, filter := range map[string]string{
		"/projects": "state", "/en/projects": "type", "/payments": "state", "/notices": "state", "/en/notices": "stage", "/notices?place=411025": "level",
	} {
		at, _, _ := strings.Cut(path, "?")
		w := answerTo(h, at+"?"+filter+"=no-such")
		page := w.Body.String()
		wrong := regexp.MustCompile(`<select id="` + filter + `" name="` + filter + `" aria-invalid="true" aria-describedby="` + filter + `-e">.*<option selected>no-such</option></select><p class="no" id="` + filter + `-e">✗ .*no-such.*</p>`)
		if w.Code != http.StatusUnprocessableEntity || !wrong.MatchString(page) || strings.Contains(page, "<table") {
			t.Errorf("%s by %s: %d %s", path, filter, w.Code, page)
		}
	}
	for _, path := range []string{"/en/projects/list.csv?state=no-such", "/en/objections/list.json?state=no-such", "/en/coverage?level=no-such", "/en/search?q=a&kind=no-such"} {
		w := answerTo(h, path)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "there is no &#34;no-such&#34;; there are: ") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func escapedPath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// escapeFilter writes filters of a path as a query.
func escapeFilter(filter string) string {
	v := url.Values{}
	for pair := range strings.SplitSeq(filter, "/") {
		name, value, _ := strings.Cut(pair, "=")
		v.Set(name, value)
	}
	return v.Encode()
}

func TestFilesAreNamedByTheHead(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	x.funds()
	h := x.site("")
	first := answerTo(h, "/funds/list.csv")
	tag := first.Header().Get("ETag")
	if tag == "" || !strings.HasPrefix(first.Header().Get("Content-Type"), "text/csv") || first.Header().Get("Content-Length") == "" {
		t.Fatalf("%v", first.Header())
	}
	if name, _ := url.PathUnescape(first.Header().Get("Content-Disposition")); name != "attachment; filename*=UTF-8''襄城县资金.csv" {
		t.Error(name)
	}
	if page := answerTo(h, "/funds").Header().Get("ETag"); page != tag {
		t.Errorf("the page is of %s, the file of %s", page, tag)
	}
	if again := answerTo(h, "/funds/list.csv", "If-None-Match", tag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("unchanged: %d", again.Code)
	}
	zipped := answerTo(h, "/funds/list.csv", "Accept-Encoding", "gzip")
	if unzip(t, zipped.Body) != first.Body.String() {
		t.Error("packed and plain differ")
	}
	x.post(pageMaker, &ledger.ProjectListed{Project: "P1", Name: "村道", Content: "路", Type: "other", Place: "411025103205", PlaceName: "村", Unit: "镇"})
	if moved := answerTo(h, "/funds/list.csv", "If-None-Match", tag); moved.Code != http.StatusOK {
		t.Errorf("changed: %d", moved.Code)
	}
}

// TestFilesAreMadeOneByOne: who asks while enough are being made is told to come
// again.
func TestFilesAreMadeOneByOne(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	s, e := newServer(Config{Ledger: x.l, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: pageBook})
	s.Patience = time.Millisecond
	for range mostMaking {
		s.making <- struct{}{}
	}
	if w := answerTo(e, "/funds/list.csv"); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") != "5" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	<-s.making
	if w := answerTo(e, "/funds/list.csv"); w.Code != http.StatusOK {
		t.Errorf("%d", w.Code)
	}
}

// TestEveryListIsOnThePageOfData, with each of its columns.
func TestEveryListIsOnThePageOfData(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	page := answerTo(x.site(""), "/data").Body.String()
	for _, o := range outlets {
		names, heads := o.columns(&frame{site: siteOf(""), lang: chinese})
		for _, format := range fileFormats {
			if !strings.Contains(page, `href="`+o.path()+"/list."+format.name+`"`) {
				t.Errorf("no link to %s.%s", o.path(), format.name)
			}
		}
		for i, name := range names {
			if !strings.Contains(page, ">"+name+"<") || !strings.Contains(page, ">"+heads[i]+"<") {
				t.Errorf("%s: no word of %s", o.path(), name)
			}
		}
		if slices.Contains(heads, "") {
			t.Errorf("%s has a column without a heading", o.path())
		}
	}
}
