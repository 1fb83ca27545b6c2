package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
)

const testBook = ledger.Book("411025")

// Values that must never be seen again once they are posted.
const (
	secretName    = "张三丰"
	secretNumber  = "11010519491231002X"
	secretAccount = "6217000010001234567"
)

// api is a server on a database of its own, with a token for each role.
type api struct {
	t      testing.TB
	db     *pgtest.DB
	ledger *ledger.Ledger
	server *server
	echo   *echo.Echo
	http   http.Handler
	log    *bytes.Buffer
	tokens map[ledger.Role]string
	clock  time.Time
	ctx    context.Context
	// answered, if set, sees every answer.
	answered func(r *http.Request, body []byte, w *httptest.ResponseRecorder)
}

func newAPI(t testing.TB, change ...func(*ledger.Config)) *api {
	t.Helper()
	db := pgtest.New(t)
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	c := ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now, Judge: testRules().Judge()}
	for _, f := range change {
		f(&c)
	}
	l := ledger.New(c)
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	a := &api{t: t, db: db, ledger: l, log: &bytes.Buffer{}, tokens: map[ledger.Role]string{}, clock: time.Now(), ctx: t.Context()}
	a.server, a.echo = newServer(Config{
		Ledger: l, Pool: db.Pool, Log: slog.New(slog.NewJSONHandler(a.log, nil)), Now: func() time.Time { return a.clock }, Book: testBook,
		Alerts: testEngine(l, db),
	})
	a.http = a.echo
	t.Cleanup(a.server.attempting.Wait)
	for i, role := range tokenRoles {
		a.tokens[role] = a.token(Token{Book: testBook, User: fmt.Sprintf("u%d", i), Unit: "411025-CZ", Role: role, Created: a.clock, Expires: a.clock.Add(time.Hour)})
	}
	return a
}

func (a *api) token(tk Token) string {
	a.t.Helper()
	secret, err := CreateToken(context.Background(), a.db.Owner, tk)
	if err != nil {
		a.t.Fatal(err)
	}
	return secret
}

// answered is what came back.
type answered struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// into decodes the answer.
func (w answered) into(v any) {
	w.t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		w.t.Fatalf("answer %s: %v", w.Body, err)
	}
}

// field reads one member of the answer by its JSON pointer.
func (w answered) field(pointer jsontext.Pointer) any {
	w.t.Helper()
	var v any
	w.into(&v)
	for name := range pointer.Tokens() {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			n, ok := smallNumber(name)
			if !ok || n >= len(x) {
				return nil
			}
			v = x[n]
		default:
			return nil
		}
	}
	return v
}

// send makes one request below /api/v1 and holds the status. Headers come as
// name, value, ….
func (a *api) send(status int, method, path, token, body string, headers ...string) answered {
	a.t.Helper()
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body)).WithContext(a.ctx)
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.http.ServeHTTP(w, r)
	if w.Code != status {
		a.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	if a.answered != nil {
		again := httptest.NewRequest(method, "http://localhost/api/v1"+path, io.NopCloser(strings.NewReader(body)))
		again.Header = r.Header
		a.answered(again, []byte(body), w)
	}
	return answered{w, a.t}
}

// book is the path of the test's book.
func book(path string) string { return "/books/" + string(testBook) + path }

// get asks as the public.
func (a *api) get(path string) answered { a.t.Helper(); return a.send(200, "GET", book(path), "", "") }

// post writes as a role.
func (a *api) post(status int, role ledger.Role, path, body string) answered {
	a.t.Helper()
	return a.send(status, "POST", book(path), a.tokens[role], body)
}

// settle submits entries as the maker and approves them as the checker.
func (a *api) settle(id, entries string) {
	a.t.Helper()
	a.post(201, ledger.Maker, "/submissions", `{"submission":"`+id+`","title":"测试","entries":[`+entries+`]}`)
	hash := a.get("/submissions/" + id).field("/content_hash")
	a.post(201, ledger.Checker, "/submissions/"+id+"/approve", fmt.Sprintf(`{"id":"%s-ok","content_hash":"%s","on":"2020-03-18"}`, id, hash))
}

const (
	fundEntry     = `{"id":"f1","kind":"fund.received","on":"2020-03-18","body":{"fund":"F1","document":"豫财农〔2019〕1号","name":"财政专项扶贫资金","level":"central","amount":"1000.00","issued":"2020-01-07","year":"2020"}}`
	projectEntry  = `{"id":"p1","kind":"project.approved","on":"2020-03-18","body":{"project":"P1","name":"道路硬化","document":"襄扶〔2020〕3号","content":"硬化道路1公里","targets":"通行改善","type":"construction","place":"411025103205","place_name":"颍阳镇某村","unit":"颍阳镇政府","responsible":{"name":"张某"},"start":"2020-03-01","finish":"2020-06-30","budget":[{"fund":"F1","amount":"800.00"}]}}`
	allocateEntry = `{"id":"a1","kind":"fund.allocated","on":"2020-03-18","body":{"fund":"F1","project":"P1","document":"襄财〔2020〕1号","amount":"600.00"}}`
	tenderEntry   = `{"id":"t1","kind":"tender.announced","on":"2020-03-18","body":{"tender":"T1","project":"P1","name":"一标段","method":"open","category":"works","estimate":"500.00","deadline":"2020-04-18T09:00:00+08:00"}}`
	bidEntry      = `{"id":"b1","kind":"tender.bid","on":"2020-03-18","body":{"tender":"T1","bidder":{"name":"某建筑公司","code":"91350100M000100Y43"},"amount":"480.00","at":"2020-04-17T09:00:00+08:00"}}`
	contractEntry = `{"id":"k1","kind":"contract.signed","on":"2020-03-18","body":{"contract":"K1","project":"P1","tender":"T1","name":"施工合同","supplier":{"name":"某建筑公司","code":"91350100M000100Y43"},"amount":"480.00"}}`
	personEntry   = `{"id":"r2","kind":"payment.requested","on":"2020-03-19","body":{"payment":"Z2","project":"P1","fund":"F1","amount":"50.00","purpose":"补助"},"sealed":{"payee_name":"` + secretName + `","id_number":"` + secretNumber + `","payee_account":"` + secretAccount + `"}}`
	grantEntries  = `{"id":"g1","kind":"grant.requested","on":"2020-03-20","body":{"payment":"Z3","project":"P1","fund":"F1","amount":"30.00","item":"产业奖补","lines":"1"}},` +
		`{"id":"g1-1","kind":"grant.line","on":"2020-03-20","body":{"payment":"Z3","line":"1","place":"411025103205","standard":"10.00","quantity":"3","amount":"30.00"},"sealed":{"payee_name":"` + secretName + `","id_number":"` + secretNumber + `"}}`
)

func requestEntry(id, payment, amount string) string {
	return `{"id":"` + id + `","kind":"payment.requested","on":"2020-03-18","body":{"payment":"` + payment + `","project":"P1","fund":"F1","amount":"` + amount + `","purpose":"进度款","payee":{"name":"某建筑公司","code":"91350100M000100Y43"}}}`
}

// paid takes a requested payment through approval to the bank.
func (a *api) paid(payment string) {
	a.t.Helper()
	hash := a.get("/payments/" + payment).field("/hash")
	a.post(201, ledger.Checker, "/payments/"+payment+"/approve", fmt.Sprintf(`{"id":"%s-ok","content_hash":"%s","on":"2020-03-21"}`, payment, hash))
	a.post(201, ledger.Payer, "/entries", `{"id":"`+payment+`-paid","kind":"payment.paid","on":"2020-03-22","body":{"payment":"`+payment+`"}}`)
}

// fill walks money all the way: to a firm, a person and a household.
func (a *api) fill() {
	a.t.Helper()
	a.settle("S1", fundEntry+","+projectEntry+","+allocateEntry)
	a.post(201, ledger.ProjectOfficer, "/units", `{"entries":[`+tenderEntry+","+bidEntry+`]}`)
	a.settle("S2", contractEntry)
	a.post(201, ledger.Maker, "/entries", requestEntry("r1", "Z1", "200.00"))
	a.post(201, ledger.Maker, "/entries", personEntry)
	a.post(201, ledger.Maker, "/units", `{"entries":[`+grantEntries+`]}`)
	for _, payment := range []string{"Z1", "Z2", "Z3"} {
		a.paid(payment)
	}
	a.post(201, ledger.Maker, "/submissions", `{"submission":"S3","title":"待批","entries":[`+strings.NewReplacer(`"a1"`, `"a2"`, "600.00", "10.00").Replace(allocateEntry)+`]}`)
}

type recorder = httptest.ResponseRecorder

func pointer(s string) jsontext.Pointer { return jsontext.Pointer(s) }

// try is send without a wanted status, for use by several goroutines.
func (a *api) try(method, path, token, body string) answered {
	r := httptest.NewRequest(method, "/api/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	a.http.ServeHTTP(w, r)
	return answered{w, a.t}
}

// publicPaths asks for everything fill posted.
func publicPaths() []string {
	return []string{
		"/head", "/kinds", "/entries?limit=500", "/entries/0", "/entries/12", "/entries/12/leaf", "/entries/14/leaf", "/submissions", "/submissions/S1",
		"/funds", "/funds/F1", "/funds/F1/trace", "/funds/trace?document=F1", "/projects", "/projects/P1", "/projects/P1/timeline", "/projects/P1/trace",
		"/payments", "/payments/Z1", "/payments/Z2", "/payments/Z3", "/payments/Z3/lines", "/payees", "/payees/91350100M000100Y43",
		"/payees/91350100M000100Y43/trace", "/payees/g-Z3", "/payees/g-Z3/trace", "/balances", "/balances?prefix=payee/", "/balances?as_of_seq=12",
		"/balances?as_of_day=2021-01-01", "/summary", "/flows", "/notices?state=posted&place=411025", "/objections?state=received",
	}
}
