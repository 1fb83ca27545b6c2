package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"yilu/account"
	"yilu/ledger"
)

// apiRoutes is the JSON API. Reading is public, but for what says who a private
// person is; writing needs a token of the book.
func (s *server) apiRoutes(g *echo.Group) {
	get := func(g *echo.Group, path string, h echo.HandlerFunc) {
		g.Match([]string{http.MethodGet, http.MethodHead}, path, h)
	}
	get(g, "/openapi.json", s.document("application/json"))
	get(g, "/openapi.yaml", s.document("application/yaml")) // JSON is YAML
	get(g, "/books", s.listBooks)
	b := g.Group("/books/:book")

	b.POST("/precheck", s.inside(s.precheck, tokenRoles...))
	b.POST("/entries", s.writing(s.postEntry))
	b.POST("/units", s.writing(s.unit(s.post)))
	b.POST("/submissions", s.writing(s.postSubmission))
	b.POST("/submissions/:submission/approve", s.writing(s.approveSubmission))
	b.POST("/submissions/:submission/reject", s.writing(s.rejectSubmission))
	b.POST("/payments/:payment/approve", s.writing(s.approvePayment))
	b.POST("/payments/:payment/reject", s.writing(s.rejectPayment))

	get(b, "/head", s.reading(s.getHead))
	get(b, "/kinds", s.reading(s.listKinds))
	get(b, "/entries", s.reading(s.listEntries))
	get(b, "/entries/:seq", s.reading(s.getEntry))
	get(b, "/entries/:seq/leaf", s.reading(s.getLeaf))
	get(b, "/ids/:id", s.inside(s.getOutcome, tokenRoles...))
	get(b, "/submissions", s.reading(s.listSubmissions))
	get(b, "/submissions/:submission", s.reading(s.getSubmission))
	get(b, "/funds", s.reading(s.listFunds))
	get(b, "/funds/trace", s.reading(s.traceDocument))
	get(b, "/funds/:fund", s.reading(s.getFund))
	get(b, "/funds/:fund/trace", s.reading(s.traceFund))
	get(b, "/projects", s.reading(s.listProjects))
	get(b, "/projects/:project", s.reading(s.getProject))
	get(b, "/projects/:project/timeline", s.reading(s.getTimeline))
	get(b, "/projects/:project/trace", s.reading(s.traceProject))
	get(b, "/payments", s.reading(s.listPayments))
	get(b, "/payments/:payment", s.reading(s.getPayment))
	get(b, "/payments/:payment/lines", s.reading(s.listLines))
	get(b, "/payees", s.reading(s.listPayees))
	get(b, "/payees/:payee", s.reading(s.getPayee))
	get(b, "/payees/:payee/trace", s.reading(s.tracePayee))
	b.POST("/persons/trace", s.inside(s.tracePerson, ledger.Maker, ledger.Checker, ledger.Auditor))
	get(b, "/notices", s.reading(s.listNotices))
	get(b, "/notices/:notice", s.reading(s.getNotice))
	get(b, "/objections", s.reading(s.listObjections))
	get(b, "/objections/:objection", s.reading(s.getObjection))
	get(b, "/balances", s.reading(s.listBalances))
	get(b, "/summary", s.reading(s.getSummary))
	get(b, "/flows", s.reading(s.listFlows))

	get(b, "/alerts", s.warned(s.listAlerts))
	get(b, "/alerts/feed", s.warned(s.listFeed))
	b.GET("/alerts/stream", s.warned(s.streamFeed))
	get(b, "/alerts/:alert", s.warned(s.getAlert))
	b.POST("/alerts/steps", s.writing(s.handling(s.unit(s.take))))
	b.POST("/alerts/:alert/steps", s.writing(s.handling(s.takeStep)))
}

// call is one request to a book.
type call struct {
	echo.Context
	book ledger.Book
	// who asks, nil for the public.
	who *actor
}

// ctx ends when the caller hangs up. A post that has been taken goes on.
func (c *call) ctx() context.Context { return c.Request().Context() }

// reading lets everybody ask about a book that exists. A token is not needed,
// but a bad one is refused, lest its owner take the public view for the whole.
func (s *server) reading(handle func(*call) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := &call{Context: c, book: ledger.Book(c.Param("book"))}
		if err := s.identify(r); err != nil && !errors.Is(err, errNoToken) {
			return err
		}
		if err := s.known(r.ctx(), r.book); err != nil {
			return err
		}
		return handle(r)
	}
}

// writing wants a token of the book that may write. Which kinds its role may
// post is for the ledger to say.
func (s *server) writing(handle func(*call) error) echo.HandlerFunc {
	return s.inside(func(c *call) error {
		if err := s.mayEnter(); err != nil {
			return err
		}
		return handle(c)
	}, tokenRoles...)
}

// mayEnter says why nothing may be entered now.
func (s *server) mayEnter() error {
	if s.Held == nil {
		return nil
	}
	if why := s.Held(); why != (ledger.Text{}) {
		return &held{why}
	}
	return nil
}

// held is the answer to posts while the book is not what was published of it.
type held struct{ why ledger.Text }

func (h *held) Error() string { return "nothing may be entered: " + h.why.En }

// inside wants a token of the book with one of the roles. Whether the book exists
// need not be asked: a token is for one.
func (s *server) inside(handle func(*call) error, roles ...ledger.Role) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := &call{Context: c, book: ledger.Book(c.Param("book"))}
		if err := s.identify(r); err != nil {
			return err
		}
		if !slices.Contains(roles, r.who.Role) {
			return errRole
		}
		return handle(r)
	}
}

// identify finds out whose token a call carries.
func (s *server) identify(r *call) error {
	token, err := s.tokens.verify(r.ctx(), r.Request().Header.Get("Authorization"))
	if errors.Is(err, errNoToken) && strings.HasSuffix(r.Path(), "/alerts/stream") { // a browser's EventSource sends cookies only
		err = s.identifyPerson(r)
		if errors.Is(err, account.ErrNoSession) {
			return errNoToken
		}
		if err != nil || r.who.Book == r.book && r.who.session != nil && !s.Accounts.NeedsFactor(r.who.session) && !s.Accounts.NeedsPassword(r.who.session) {
			return err
		}
		return errOtherBook
	}
	if err != nil {
		return err
	}
	if token.Book != r.book {
		return errOtherBook
	}
	r.who = token.actor()
	return nil
}

// name is a path parameter that names something in the book. What cannot be a
// name is not found.
func (c *call) name(param string) (string, error) {
	v := c.Param(param)
	if c.Request().URL.RawPath != "" {
		unescaped, err := url.PathUnescape(v)
		if err != nil {
			return "", fmt.Errorf("%s: %w", param, ledger.ErrNotFound)
		}
		v = unescaped
	}
	// A payee's key is an id with two more characters in front.
	if v == "" || len(v) > 66 || !plain(v) {
		return "", fmt.Errorf("%s: %w", param, ledger.ErrNotFound)
	}
	return v, nil
}

// buffers are reused for request bodies.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// decode reads a JSON request strictly: one object in UTF-8, every name known
// and given once in its exact case, no null, nothing behind. What is wrong with
// a member is a *ledger.Invalid that names it.
func (c *call) decode(into any) error {
	r := c.Request()
	media, parameters, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	utf8 := parameters == "" || strings.EqualFold(strings.TrimSpace(parameters), "charset=utf-8")
	if !strings.EqualFold(strings.TrimSpace(media), "application/json") || !utf8 || r.Header.Get("Content-Encoding") != "" {
		return errMediaType
	}
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if _, err := b.ReadFrom(r.Body); err != nil {
		return readError(err)
	}
	return decode(b.Bytes(), into)
}

// readError tells a body that is too long, or never came, from our own faults.
func readError(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return err
	}
	return fmt.Errorf("read request: %w: %w", &unreadable{}, err)
}

// decode is call.decode without HTTP, for the fuzzer.
func decode(body []byte, into any) error {
	if p, found := findUnwanted(body); found {
		return &ledger.Invalid{Problems: []ledger.Problem{p}}
	}
	err := json.Unmarshal(body, into, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	if broken, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		return &unreadable{broken.ByteOffset}
	}
	if wrong, ok := errors.AsType[*json.SemanticError](err); ok {
		return invalidMember(wrong)
	}
	return &unreadable{} // io.EOF and the like: an empty or cut body
}

// suspects are the bytes without which a body has nothing unwanted: most have
// none, and need no second look.
var suspects = [][]byte{[]byte("null"), []byte("\xe2\x80"), []byte("\xe2\x81"), []byte("\xd8\x9c"), []byte(`\u2`), []byte(`\u06`)}

// findUnwanted looks for what a decoder would let pass: null, which it takes
// for "", and characters that make a text look other than it is (bidirectional
// controls, separators of lines), in a book that everybody reads and nobody can
// change.
func findUnwanted(body []byte) (ledger.Problem, bool) {
	if !slices.ContainsFunc(suspects, func(s []byte) bool { return bytes.Contains(body, s) }) {
		return ledger.Problem{}, false
	}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	for {
		t, err := d.ReadToken()
		if err != nil {
			return ledger.Problem{}, false // Unmarshal will say what is wrong
		}
		p := ledger.Problem{Rule: "form"}
		switch {
		case t.Kind() == 'n':
			p.Text = ledger.Text{Zh: "不接受 null，请省略该字段", En: "null is not accepted, leave the member out"}
		case t.Kind() == '"' && strings.ContainsFunc(t.String(), isMisleading):
			p.Text = ledger.Text{Zh: "不得含双向控制符或行分隔符", En: "must not hold bidirectional controls or line separators"}
		default:
			continue
		}
		p.Index, p.Field = place(d.StackPointer())
		return p, true
	}
}

// isMisleading follows Unicode's own list, UAX 9, and adds what browsers and
// terminals break lines at.
func isMisleading(r rune) bool {
	return r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// place turns a JSON pointer into an entry's index and the field inside it:
// /entries/3/on is "on" of the fourth.
func place(at jsontext.Pointer) (index int, field string) {
	tokens := slices.Collect(at.Tokens())
	if len(tokens) >= 2 && tokens[0] == "entries" {
		if n, ok := smallNumber(tokens[1]); ok {
			index, tokens = n, tokens[2:]
		}
	}
	return index, strings.Join(tokens, ".")
}

// smallNumber reads an index; what is longer is no index of ours.
func smallNumber(s string) (int, bool) {
	if s == "" || len(s) > 6 {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// invalidMember says in our own words what is wrong with a member: those of the
// decoder name Go types, and are in one language.
func invalidMember(wrong *json.SemanticError) *ledger.Invalid {
	index, field := place(wrong.JSONPointer)
	p := ledger.Problem{Index: index, Field: field, Rule: "form", Text: ledger.Text{Zh: "类型不对", En: "wrong type"}}
	goType := ""
	if wrong.GoType != nil {
		goType = wrong.GoType.String()
	}
	switch {
	case errors.Is(wrong.Err, json.ErrUnknownName):
		p.Text = ledger.Text{Zh: "没有这个字段（注意大小写）", En: "there is no such member (case counts)"}
	case goType == "ledger.Amount":
		p.Text = ledger.Text{Zh: "须为金额（元）的字符串，两位小数，如 \"1234.56\"", En: "want yuan as a string with two decimals, such as \"1234.56\""}
	case goType == "ledger.Count":
		p.Text = ledger.Text{Zh: "须为整数的字符串，如 \"12\"", En: "want a whole number as a string, such as \"12\""}
	case goType == "ledger.instant":
		p.Text = ledger.Text{Zh: "须为带时区的时刻，如 \"2020-03-18T09:00:00+08:00\"", En: "want an instant with offset, such as \"2020-03-18T09:00:00+08:00\""}
	case goType == "ledger.Date":
		p.Text = ledger.Text{Zh: "须为日期，如 \"2020-03-18\"", En: "want a day such as \"2020-03-18\""}
	case strings.Contains(goType, "int64"):
		p.Text = ledger.Text{Zh: "须为不带小数的数字", En: "want a whole number"}
	case goType == "string" || goType == "ledger.Kind":
		p.Text = ledger.Text{Zh: "须为字符串", En: "want a string"}
	case strings.HasPrefix(goType, "[]"):
		p.Text = ledger.Text{Zh: "须为数组", En: "want an array"}
	case wrong.GoType != nil && (wrong.GoType.Kind() == reflect.Map || wrong.GoType.Kind() == reflect.Struct):
		p.Text = ledger.Text{Zh: "须为对象", En: "want an object"}
	}
	return &ledger.Invalid{Problems: []ledger.Problem{p}}
}

// list is one page of a list. Next is the cursor of the page after, none at the
// end.
type list[R any] struct {
	Items []R    `json:"items"`
	Next  string `json:"next,omitzero"`
}

// answer renders what a call to the ledger returned. It is public data that
// changes with the next entry: caches must ask again.
func (c *call) answer(v any, err error) error {
	if err != nil {
		return err
	}
	return c.write(http.StatusOK, v)
}

// write renders first and sends then, so that a fault can still be answered.
func (c *call) write(status int, v any) error {
	body, err := json.Marshal(v, rendering)
	if err != nil {
		return fmt.Errorf("render: %w", err)
	}
	c.Response().Header().Set("Cache-Control", cacheControl(c.who != nil || status != http.StatusOK))
	return c.Blob(status, "application/json", body)
}

// cacheControl keeps answers to a token, and receipts, out of every cache.
func cacheControl(private bool) string {
	if private {
		return "no-store"
	}
	return "no-cache"
}
