package web

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
)

// sendForm posts a form from our own page.
func sendForm(h http.Handler, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var hiddenForm = regexp.MustCompile(`name="form" value="([^"]+)"`)

// TestVillagerObjectsAndGetsAnAnswer: without scripts and without a name, from the
// notice to the answer.
func TestVillagerObjectsAndGetsAnAnswer(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	x.l.Now = always(longAfter) // as the page's
	h := x.site("")
	if page := answerTo(h, "/notices/GS-001").Body.String(); !strings.Contains(page, "/object?notice=GS-001") {
		t.Fatal("the notice does not lead to the form")
	}
	w := answerTo(h, "/object?notice=GS-001")
	form := hiddenForm.FindStringSubmatch(w.Body.String())
	if w.Code != 200 || form == nil || w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Body.String(), "颍阳镇后楚村2020年项目公示") {
		t.Fatal(w.Code, w.Body)
	}
	typed := url.Values{"form": {form[1]}, "notice": {"GS-001"}, "topic": {"unpaid"}, "text": {"我家的补助没到\n身份证 411025 19900101 0012"}, "contact": {"张三 13800138000"}}
	first := sendForm(h, "/object", typed)
	number := regexp.MustCompile(`[A-Z2-7]{4}(-[A-Z2-7]{4}){3}`).FindString(first.Body.String())
	if first.Code != 200 || number == "" || !strings.Contains(first.Body.String(), "已密封") || !strings.Contains(first.Body.String(), `<a href="/receipt">`) {
		t.Fatal(first.Code, first.Body)
	}
	if again := sendForm(h, "/object", typed); !strings.Contains(again.Body.String(), number) {
		t.Error("sent twice: another receipt")
	}
	var objection ledger.Objection
	all, _, err := x.l.Objections(t.Context(), pageBook, "GS-001", ledger.Page{})
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	objection = all[0]
	e, err := x.l.Entry(t.Context(), pageBook, objection.Seq)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(e.Body)
	if err != nil || strings.Contains(string(raw), "补助没到") || e.By.Role != ledger.Public {
		t.Error("the leaf holds what was typed:", string(raw), err)
	}
	for _, path := range []string{"/notices/GS-001", "/objections", "/entries/" + itoa(objection.Seq)} {
		if page := answerTo(h, path).Body.String(); strings.Contains(page, "补助没到") || strings.Contains(page, number) || strings.Contains(page, "13800138000") {
			t.Errorf("%s shows what was typed", path)
		}
	}
	look := func() string {
		return sendForm(h, "/receipt", url.Values{"number": {strings.ToLower(strings.ReplaceAll(number, "-", " "))}}).Body.String()
	}
	if page := look(); !strings.Contains(page, objection.Objection) || !strings.Contains(page, "前答复") {
		t.Error(page)
	}
	x.day = "2020-06-30"
	x.post(pageMaker, &ledger.ObjectionAnswered{Objection: objection.Objection, Question: "补助未到账", Answer: "卡号有误，已补发", Unit: "颍阳镇人民政府", Outcome: "upheld"})
	if page := look(); !strings.Contains(page, "卡号有误，已补发") || !strings.Contains(page, "属实") {
		t.Error("the answer:", page)
	}
	if page := answerTo(h, "/notices/GS-001").Body.String(); !strings.Contains(page, "卡号有误，已补发") {
		t.Error("the public answer is not on the notice")
	}
}

func itoa(q ledger.Seq) string { b, _ := q.MarshalText(); return string(b) }

// TestObjectionsThatAreNotTaken keep what was typed, and say what is wrong.
func TestObjectionsThatAreNotTaken(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.site("")
	good := func() url.Values {
		form := hiddenForm.FindStringSubmatch(answerTo(h, "/object").Body.String())
		return url.Values{"form": {form[1]}, "topic": {"other"}, "text": {"路没有修"}}
	}
	for what, change := range map[string]func(url.Values){
		"请选择反映的类别":  func(v url.Values) { v.Set("topic", "x") },
		"请写明反映的内容":  func(v url.Values) { v.Set("text", "\n \r\n") },
		"请减少 1 字":   func(v url.Values) { v.Set("text", strings.Repeat("长", maxObjection+1)) },
		"联系方式最多100": func(v url.Values) { v.Set("contact", strings.Repeat("1", maxContact+1)) },
		"打开太久了":     func(v url.Values) { v.Set("form", "<script>") },
	} {
		v := good()
		v.Set("contact", "记得我")
		change(v)
		w := sendForm(h, "/object", v)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), what) || strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s: %d %s", what, w.Code, w.Body)
		}
	}
	if w := sendForm(h, "/object", url.Values{"notice": {"none"}}); w.Code != http.StatusNotFound {
		t.Error("no such notice:", w.Code)
	}
	if w := sendForm(h, "/receipt", url.Values{"number": {"ABCD-EFGH-2345-NONE"}}); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "没有这个回执号") {
		t.Error("no such receipt:", w.Code)
	}
	r := httptest.NewRequest(http.MethodPost, "/object", strings.NewReader(good().Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Error("another site's form:", w.Code)
	}
	busy := 0
	for range objectionsEach + 1 {
		if sendForm(h, "/object", good()).Code == http.StatusTooManyRequests {
			busy++
		}
	}
	if busy == 0 {
		t.Error("nothing bounds what one address sends")
	}
	held := New(Config{Ledger: x.l, Pool: x.db.Pool, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: pageBook, Held: func() ledger.Text { return ledger.Text{Zh: "停", En: "held"} }})
	if w := sendForm(held, "/object", good()); w.Code != http.StatusServiceUnavailable {
		t.Error("while nothing may be entered:", w.Code)
	}
}

// TestQuota counts by the hour.
func TestQuota(t *testing.T) {
	t.Parallel()
	now := time.Date(2020, 6, 30, 1, 0, 0, 0, time.UTC)
	q := newQuota(0, 0, objectionsPerHour, objectionsEach)
	taken := 0
	for i := range 2 * objectionsPerHour {
		if q.take("192.0.2."+string(rune('0'+i%60)), now) {
			taken++
		}
	}
	if taken != objectionsPerHour || q.take("192.0.2.200", now.Add(time.Hour-time.Second)) || !q.take("192.0.2.200", now.Add(time.Hour)) {
		t.Error(taken)
	}
}

// TestPostersAreChecked: the code on paper leads to what changed since it was printed.
func TestPostersAreChecked(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := New(Config{Ledger: x.l, Pool: x.db.Pool, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: pageBook, PublicURL: "https://fund.example.gov.cn"})
	versions, err := x.l.NoticeVersions(t.Context(), pageBook, "GS-001")
	if err != nil || len(versions) != 3 {
		t.Fatal(versions, err)
	}
	printed := answerTo(h, "/notices/GS-001/poster").Body.String()
	for _, want := range []string{"https://fund.example.gov.cn/c/" + versions[2].Code, grouped(versions[2].Code), "壹佰玖拾万元整", "张贴人", "12317", "2020-02-10 至 2020-03-02", "<path d=\"M4 4h7"} {
		if !strings.Contains(printed, want) {
			t.Errorf("the poster lacks %q", want)
		}
	}
	for path, want := range map[string][]string{
		"/c/" + versions[2].Code: {"与网上一致"},
		"/c?code=" + url.QueryEscape(strings.ToUpper(grouped(versions[0].Code))): {"打印以后改过 2 次", "216户出行", "2020-02-25", "2020-03-02"},
		"/c/" + versions[1].Code:    {"打印以后改过 1 次"},
		"/c?code=000000000000":      {"没有这个核验码"},
		"/c":                        {"核验码印在"},
		"/en/c/" + versions[2].Code: {"As on the web"},
	} {
		w := answerTo(h, path)
		for _, text := range want {
			if w.Code != 200 || !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s: %d, lacks %q", path, w.Code, text)
			}
		}
	}
	x.reverse(notPosted(t, x, "GG-001"), "other")
	gone, err := x.l.Notice(t.Context(), pageBook, "GG-001")
	if err != nil {
		t.Fatal(err)
	}
	if page := answerTo(h, "/c/"+gone.Code).Body.String(); !strings.Contains(page, "已撤回") {
		t.Error("a notice that was withdrawn:", page)
	}
}

func notPosted(t *testing.T, x *countyFixture, notice string) ledger.Seq {
	t.Helper()
	n, err := x.l.Notice(t.Context(), pageBook, notice)
	if err != nil {
		t.Fatal(err)
	}
	return n.Posted
}

// TestNoPublicAddressShowsWhatIsSealed crawls everything that the public can reach:
// pages in both languages, files of every format, feeds, maps and the API; and looks in
// each for every value that is sealed in the book.
func TestNoPublicAddressShowsWhatIsSealed(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	h := x.site("")
	sealed := x.sealedValues(t)
	queue, seen := []string{"/", "/en/", "/feed.atom", "/sitemap.xml", "/robots.txt", "/object", "/receipt", "/mine", "/c", "/posters?place=411025103", "/search?q=" + url.QueryEscape("颍阳")}, map[string]bool{}
	for _, path := range []string{"/entries?limit=500", "/submissions", "/payments", "/payments/DF-0001", "/payments/DF-0001/lines", "/payees", "/notices", "/notices/GS-001", "/objections", "/objections/YJ-1", "/balances", "/flows"} {
		queue = append(queue, "/api/v1/books/411025"+path)
	}
	link := regexp.MustCompile(`(?:href="|<loc>(?:http://example.com)?)([^"#<]*)`)
	for len(queue) > 0 {
		path := strings.ReplaceAll(queue[0], "&amp;", "&")
		queue = queue[1:]
		if seen[path] || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "/a/") || strings.HasPrefix(path, "/en/entries") { // they say the same
			continue
		}
		seen[path] = true
		w := answerTo(h, path)
		if to := w.Header().Get("Location"); to != "" {
			queue = append(queue, to)
		}
		if w.Code >= 400 {
			t.Errorf("%s: %d", path, w.Code)
		}
		body := w.Body.String()
		if strings.HasSuffix(path, ".xlsx") {
			body = unpacked(t, w.Body.Bytes())
		}
		for _, value := range sealed {
			if strings.Contains(body, value) {
				t.Errorf("%s shows %q", path, value)
			}
		}
		for _, found := range link.FindAllStringSubmatch(body, -1) {
			queue = append(queue, found[1])
		}
	}
	if len(seen) < 400 || len(sealed) < 50 {
		t.Errorf("only %d addresses and %d values", len(seen), len(sealed))
	}
}

// sealedValues opens all that is sealed in the book.
func (x *countyFixture) sealedValues(t *testing.T) []string {
	t.Helper()
	head, err := x.l.Head(t.Context(), pageBook)
	if err != nil {
		t.Fatal(err)
	}
	seqs := make([]uint64, head.Size)
	for i := range seqs {
		seqs[i] = uint64(i)
	}
	opened, err := x.l.Sealer.OpenMany(t.Context(), x.db.Pool, string(pageBook), seqs)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, fields := range opened {
		for _, f := range fields {
			all = append(all, f.Value)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

// unpacked is the text of a workbook.
func unpacked(t *testing.T, book []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(&text, r); err != nil {
			t.Fatal(err)
		}
		_ = r.Close() // read to its end
	}
	return text.String()
}
