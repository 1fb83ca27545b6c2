package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
)

// TestDecodingIsStrict sends what a lenient decoder would take.
func TestDecodingIsStrict(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.settle("S1", fundEntry+","+projectEntry+","+allocateEntry)
	good := requestEntry("r1", "Z1", "1.00")
	change := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	for _, c := range []struct {
		what   string
		body   string
		status int
		field  any
	}{
		{"unknown member", change(`"kind"`, `"extra":1,"kind"`), 422, "extra"},
		{"unknown member of the body", change(`"purpose"`, `"extra":"1","purpose"`), 422, "body.extra"},
		{"wrong case", change(`"kind"`, `"Kind"`), 422, "Kind"},
		{"wrong case in the body", change(`"amount"`, `"Amount"`), 422, "body.Amount"},
		{"by from the caller", change(`"kind"`, `"by":{"user":"u9"},"kind"`), 422, "by"},
		{"name twice", change(`"kind"`, `"id":"r2","kind"`), 400, nil},
		{"name twice in the body", change(`"amount":"1.00"`, `"amount":"1.00","amount":"2.00"`), 400, nil},
		{"number for amount", change(`"1.00"`, `1.00`), 422, "body.amount"},
		{"amount with exponent", change(`"1.00"`, `"1E2"`), 422, "body.amount"},
		{"amount of one decimal", change(`"1.00"`, `"1.0"`), 422, "body.amount"},
		{"amount of three decimals", change(`"1.00"`, `"1.000"`), 422, "body.amount"},
		{"negative amount", change(`"1.00"`, `"-1.00"`), 422, "body.amount"},
		{"amount NaN", change(`"1.00"`, `"NaN"`), 422, "body.amount"},
		{"amount in full width", change(`"1.00"`, `"１.00"`), 422, "body.amount"},
		{"null", change(`"1.00"`, `null`), 422, "body.amount"},
		{"null outside", change(`"r1"`, `null`), 422, "id"},
		{"null corrects", change(`"kind"`, `"corrects":null,"kind"`), 422, "corrects"},
		{"corrects as text", change(`"kind"`, `"corrects":"1","kind"`), 422, "corrects"},
		{"corrects with decimals", change(`"kind"`, `"corrects":1.5,"kind"`), 422, "corrects"},
		{"corrects below zero", change(`"kind"`, `"corrects":-1,"kind"`), 422, "corrects"},
		{"number for id", change(`"r1"`, `1`), 422, "id"},
		{"array for body", `{"id":"r1","kind":"payment.requested","on":"2020-03-18","body":[]}`, 422, "body"},
		{"no body", `{"id":"r1","kind":"payment.requested","on":"2020-03-18"}`, 422, "body"},
		{"no kind", `{"id":"r1","on":"2020-03-18","body":{}}`, 422, "kind"},
		{"unknown kind", change("payment.requested", "payment.invented"), 422, "kind"},
		{"no such day", change("2020-03-18", "2020-02-30"), 422, "on"},
		{"sealed as text", change(`"kind"`, `"sealed":"x","kind"`), 422, "sealed"},
		{"sealed that the kind has not", change(`"kind"`, `"sealed":{"phone":"1"},"kind"`), 422, "sealed.phone"},
		{"trailing data", good + "{}", 400, nil},
		{"trailing comma", change(`"kind"`, `,"kind"`), 400, nil},
		{"array", "[" + good + "]", 422, ""},
		{"text", `"x"`, 422, ""},
		{"empty", " ", 400, nil},
		{"cut", good[:len(good)-3], 400, nil},
		{"not UTF-8", change("进度款", "\xff"), 400, nil},
		{"lone surrogate", change("进度款", `\ud800`), 400, nil},
		{"NUL", change("进度款", `进\u0000款`), 422, "body.purpose"},
		{"bidi escaped", change("进度款", `进\u2067款`), 422, "body.purpose"},
		{"bidi", change("进度款", "进\u202e款"), 422, "body.purpose"},
		{"line separator", change("进度款", "进\u2028款"), 422, "body.purpose"},
		{"ID number in public text", change("进度款", "进度款"+secretNumber), 422, "body.purpose"},
		{"deep", `{"body":` + strings.Repeat("[", 20000), 400, nil},
		{"deep body", change(`"1.00"`, strings.Repeat("[", 9000)+strings.Repeat("]", 9000)), 422, "body.amount"},
	} {
		w := a.try("POST", book("/entries"), a.tokens[ledger.Maker], c.body)
		if w.Code != c.status || c.field != nil && w.field("/problems/0/field") != c.field {
			t.Errorf("%s: status %d, %s; want %d, field %v", c.what, w.Code, w.Body, c.status, c.field)
		}
		for _, foreign := range []string{"Go ", "ledger.", "web.", "json:", "jsontext", "SQLSTATE"} {
			if strings.Contains(w.Body.String(), foreign) {
				t.Errorf("%s: the answer has words that are not ours: %s", c.what, w.Body)
			}
		}
	}
	if size := a.get("/head").field("/size"); size != 5.0 {
		t.Errorf("something was posted: size %v", size)
	}
	w := a.post(422, ledger.Maker, "/units", `{"entries":[`+good+`,`+strings.Replace(good, `"1.00"`, `1`, 1)+`,{"id":"x","on":"2020-03-18","kind":"nil","body":{}}]}`)
	if w.field("/problems/0/index") != 1.0 || w.field("/problems/1/index") != 2.0 || w.field("/problems/1/field") != "kind" {
		t.Errorf("unit: %s", w.Body)
	}
	w = a.post(422, ledger.Maker, "/units", `{"entries":[`+good+`,{"id":7}]}`)
	if w.field("/problems/0/index") != 1.0 || w.field("/problems/0/field") != "id" {
		t.Errorf("unit: %s", w.Body)
	}
}

func TestSizeAndMediaType(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	maker := a.tokens[ledger.Maker]
	a.send(413, "POST", book("/entries"), maker, strings.Repeat(" ", maxBody+1))
	a.send(413, "POST", book("/entries"), maker, `{"id":"`+strings.Repeat("x", maxBody)+`"}`)
	a.send(415, "POST", book("/entries"), maker, "{}", "Content-Type", "text/plain")
	a.send(415, "POST", book("/entries"), maker, "{}", "Content-Type", "application/x-www-form-urlencoded")
	a.send(415, "POST", book("/entries"), maker, "{}", "Content-Type", "")
	a.send(415, "POST", book("/entries"), maker, "{}", "Content-Type", "application/json; charset=gb18030")
	a.send(415, "POST", book("/entries"), maker, "{}", "Content-Encoding", "gzip")
	a.send(422, "POST", book("/entries"), maker, "{}", "Content-Type", "application/json; charset=UTF-8")
	a.send(422, "POST", book("/entries"), maker, `{"id":"x","kind":"works.completed","on":"2020-03-18","body":{"project":"P","content":"`+strings.Repeat("长", 40000)+`"}}`)
}

func TestOtherSitesMayNotWrite(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	maker := a.tokens[ledger.Maker]
	a.send(403, "POST", book("/entries"), maker, "{}", "Sec-Fetch-Site", "cross-site")
	a.send(403, "POST", book("/entries"), maker, "{}", "Origin", "https://elsewhere.example")
	a.send(422, "POST", book("/entries"), maker, "{}", "Sec-Fetch-Site", "same-origin")
}

func TestAddressesAndMethods(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.send(404, "GET", "/nowhere", "", "")
	a.send(404, "GET", "/books/999999/head", "", "")
	a.send(404, "GET", "/books/x'%20or%201=1/head", "", "")
	for _, path := range []string{"/funds/none", "/funds/none/trace", "/projects/none", "/projects/none/timeline", "/projects/none/trace", "/payments/none",
		"/payments/none/lines", "/payees/none", "/payees/none/trace", "/submissions/none", "/entries/99", "/entries/99/leaf", "/entries/-1", "/entries/01", "/entries/x/leaf",
		"/funds/%00", "/funds/a%2Fb", "/projects/" + strings.Repeat("x", 200)} {
		w := a.send(404, "GET", book(path), "", "")
		if w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s", path, w.Header())
		}
	}
	w := a.send(405, "DELETE", book("/entries"), "", "")
	if !strings.Contains(w.Header().Get("Allow"), "POST") || w.field("/type") != "urn:yilu:problem:method" {
		t.Errorf("405: %v %s", w.Header(), w.Body)
	}
	zh, en := a.send(404, "GET", "/nowhere", "", ""), a.send(404, "GET", "/nowhere", "", "", "Accept-Language", "en-GB,zh;q=0.5")
	if zh.field("/title") != "没有找到" || en.field("/title") != "not found" || en.Header().Get("Content-Language") != "en" {
		t.Errorf("languages: %s %s", zh.Body, en.Body)
	}
	if id := a.send(404, "GET", "/nowhere", "", "", "X-Request-Id", "abc-1").field("/request"); id != "abc-1" {
		t.Errorf("request id %v", id)
	}
	if id := a.send(404, "GET", "/nowhere", "", "", "X-Request-Id", "a b\u202e").field("/request"); id == "a b\u202e" {
		t.Errorf("request id %v was taken", id)
	}
}

// TestEveryErrorHasItsAnswer goes through the one table.
func TestEveryErrorHasItsAnswer(t *testing.T) {
	t.Parallel()
	role := one("by.role", "", "")
	role.Problems[0].Rule = "role"
	for _, c := range []struct {
		err    error
		status int
		kind   string
		retry  string
	}{
		{one("x", "错", "wrong"), 422, "invalid", ""},
		{role, 403, "forbidden", ""},
		{fmt.Errorf("post: %w", &ledger.Refused{}), 422, "refused", ""},
		{&ledger.Conflict{ID: "a", Seq: 3}, 409, "conflict", ""},
		{&ledger.Busy{RetryAfter: 1500 * time.Millisecond}, 503, "busy", "2"},
		{fmt.Errorf("post: %w", ledger.ErrUnavailable), 503, "unavailable", "5"},
		{ledger.ErrUnknown, 503, "unknown-outcome", "1"},
		{fmt.Errorf("fund x: %w", ledger.ErrNotFound), 404, "not-found", ""},
		{errNoToken, 401, "unauthenticated", ""},
		{errBadToken, 401, "unauthenticated", ""},
		{errOtherBook, 403, "forbidden", ""},
		{errRole, 403, "forbidden", ""},
		{errCrossOrigin, 403, "forbidden", ""},
		{errMediaType, 415, "media-type", ""},
		{&http.MaxBytesError{}, 413, "too-large", ""},
		{&unreadable{}, 400, "unreadable", ""},
		{readError(io.ErrUnexpectedEOF), 400, "unreadable", ""},
		{echo.ErrMethodNotAllowed, 405, "method", ""},
		{echo.ErrNotFound, 404, "not-found", ""},
		{errors.New("pq: password=hunter2"), 500, "internal", ""},
		{&panicked{value: "boom"}, 500, "internal", ""},
	} {
		a := &server{}
		e := echo.New()
		w := httptest.NewRecorder()
		log := &strings.Builder{}
		a.Config.Log = testLog(log)
		a.fail(c.err, e.NewContext(httptest.NewRequest("GET", "/api/v1/x", nil), w))
		if w.Code != c.status || !strings.Contains(w.Body.String(), `"urn:yilu:problem:`+c.kind+`"`) || w.Header().Get("Retry-After") != c.retry {
			t.Errorf("%v: %d %v %s", c.err, w.Code, w.Header(), w.Body)
		}
		if c.status == 401 && !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%v: no challenge", c.err)
		}
		if strings.Contains(w.Body.String(), "hunter2") || (c.status == 500) != (log.Len() > 0) {
			t.Errorf("%v: answer %s, log %s", c.err, w.Body, log)
		}
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	log := &strings.Builder{}
	_, e := newServer(Config{Log: testLog(log), Now: time.Now})
	e.GET("/api/v1/crash", func(echo.Context) error { panic("boom") })
	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest("GET", "/api/v1/crash?id_number="+secretNumber, nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "boom") || !strings.Contains(log.String(), "panic: boom") || !strings.Contains(log.String(), "error_test.go") {
		t.Errorf("%d %s, log %s", w.Code, w.Body, log)
	}
	if strings.Contains(log.String(), secretNumber) {
		t.Errorf("the log has the query: %s", log)
	}
}

// TestFullQueueIsAnAnswer fills the queue behind a held head row.
func TestFullQueueIsAnAnswer(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(c *ledger.Config) { c.MaxWaiting = 1 })
	a.settle("S1", fundEntry+","+projectEntry+","+allocateEntry)
	tx, err := a.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `select size from log.head where book = $1 for update`, string(testBook)); err != nil {
		t.Fatal(err)
	}
	answers := make(chan answered)
	send := func(n int) {
		id := fmt.Sprintf("r%d", n)
		answers <- a.try("POST", book("/entries"), a.tokens[ledger.Maker], requestEntry(id, "Z"+id, "1.00"))
	}
	const sent = 6
	for n := range sent {
		go send(n)
	}
	w := <-answers // only a refusal can come while the row is held
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" || w.field("/type") != "urn:yilu:problem:busy" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	codes := map[int]int{w.Code: 1}
	for range sent - 1 {
		w := <-answers
		codes[w.Code]++
	}
	if codes[201] == 0 || codes[201]+codes[503] != sent {
		t.Errorf("codes %v", codes)
	}
	if strings.Contains(a.log.String(), `"status":503`) {
		t.Errorf("back-pressure fills the log: %s", a.log)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{fundEntry, projectEntry, personEntry, grantEntries, tenderEntry, bidEntry, contractEntry, requestEntry("r1", "Z1", "1.00"),
		`{"id":null}`, `{"entries":[{"id":1}]}`, `{"corrects":1e400}`, "{", "", "[]", `{"body":{"x":"` + "\xff" + `"}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in entryRequest
		err := decode(body, &in)
		if err == nil {
			_, err = in.draft(ledger.By{Role: ledger.Maker, Unit: "x", User: "u"})
		}
		if err == nil {
			return
		}
		if p := problemOf(err); p.Status != 400 && p.Status != 422 {
			t.Errorf("%q: %v is answered with %d", body, err, p.Status)
		}
	})
}

// TestDetailOfTheWhole: what is wrong with a request as a whole names no member.
func TestDetailOfTheWhole(t *testing.T) {
	t.Parallel()
	if got := problemOf(one("", "须为对象", "want an object")).detail; got.Zh != "须为对象" || got.En != "want an object" {
		t.Errorf("detail %+v", got)
	}
}
