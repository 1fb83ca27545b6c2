package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"yilu/audit"
	"yilu/ledger"
)

// apiDoc is the document as the server gives it.
func (a *api) apiDoc() *openapi3.T {
	a.t.Helper()
	body := a.send(200, "GET", "/openapi.json", "", "").Body.Bytes()
	doc, err := openapi3.NewLoader().LoadFromData(body)
	if err != nil {
		a.t.Fatalf("load: %v", err)
	}
	if err := doc.Validate(a.t.Context()); err != nil {
		a.t.Fatalf("validate: %v", err)
	}
	return doc
}

// TestDocumentListsEveryRoute compares the router with the document, both ways. What can be
// got answers HEAD too, but for the stream, which has no end.
func TestDocumentListsEveryRoute(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var routes, documented, heads []string
	for _, r := range a.echo.Routes() {
		if path, ok := strings.CutPrefix(r.Path, "/api/v1"); ok {
			segments := strings.Split(path, "/")
			for i, s := range segments {
				if name, ok := strings.CutPrefix(s, ":"); ok {
					segments[i] = "{" + name + "}"
				}
			}
			if r.Method == http.MethodHead {
				heads = append(heads, strings.Join(segments, "/"))
				continue
			}
			routes = append(routes, r.Method+" "+strings.Join(segments, "/"))
		}
	}
	for path, item := range a.apiDoc().Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
			if method == http.MethodGet && path != "/books/{book}/alerts/stream" && !slices.Contains(heads, path) {
				t.Errorf("%s answers GET and not HEAD", path)
			}
		}
	}
	slices.Sort(routes)
	slices.Sort(documented)
	if diff := cmp.Diff(routes, documented); diff != "" {
		t.Errorf("routes of the server (-) and of openapi.json (+):\n%s", diff)
	}
}

// route finds the operation of a request; a literal segment wins.
func route(doc *openapi3.T, r *http.Request) (*routers.Route, map[string]string) {
	got := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v1"), "/")
	var best *routers.Route
	var found map[string]string
	for path, item := range doc.Paths.Map() {
		want := strings.Split(path, "/")
		params := map[string]string{}
		if item.GetOperation(r.Method) == nil || len(want) != len(got) {
			continue
		}
		fits := true
		for i, s := range want {
			if strings.HasPrefix(s, "{") {
				params[strings.Trim(s, "{}")] = got[i]
			} else if s != got[i] {
				fits = false
			}
		}
		if fits && (best == nil || len(params) < len(found)) {
			best, found = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)}, params
		}
	}
	return best, found
}

// TestAnswersAreAsDocumented validates every answer of a whole story, and every
// request that was taken, and wants each operation to occur.
func TestAnswersAreAsDocumented(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	doc := a.apiDoc()
	seen := map[string]bool{"openapi": true, "openapiYaml": true}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	a.answered = func(r *http.Request, body []byte, w *recorder) {
		at, params := route(doc, r)
		if at == nil {
			return
		}
		request := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: at, Options: options}
		if w.Code < 300 {
			seen[at.Operation.OperationID] = true
			r.Body = io.NopCloser(bytes.NewReader(body))
			if err := openapi3filter.ValidateRequest(t.Context(), request); err != nil {
				t.Errorf("%s %s %s was taken, but: %v", r.Method, r.URL, body, err)
			}
		}
		answer := &openapi3filter.ResponseValidationInput{RequestValidationInput: request, Status: w.Code, Header: w.Header(), Options: options}
		answer.SetBodyBytes(w.Body.Bytes())
		if err := openapi3filter.ValidateResponse(t.Context(), answer); err != nil {
			t.Errorf("%s %s: %d %s: %v", r.Method, r.URL, w.Code, w.Body, err)
		}
	}
	openapi3filter.RegisterBodyDecoder("text/event-stream", openapi3filter.FileBodyDecoder)
	c := a.warn(1)[0]
	auditor, second, _ := a.auditors()
	a.send(200, "GET", book("/alerts?active=true"), auditor, "")
	a.send(200, "GET", book("/alerts/"+c.Alert), auditor, "")
	a.send(200, "GET", book("/alerts/feed"), auditor, "")
	streamed, cut := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cut()
	a.ctx = streamed
	a.send(200, "GET", book("/alerts/stream"), auditor, "")
	a.ctx = t.Context()
	a.send(201, "POST", book("/alerts/"+c.Alert+"/steps"), auditor, caseStep("step-1", "assigned", `"unit":"411025-CZ",`, 1))
	a.send(409, "POST", book("/alerts/"+c.Alert+"/steps"), second, caseStep("step-2", "assigned", `"unit":"411025-CZ",`, 1))
	a.send(201, "POST", book("/alerts/steps"), auditor, `{"entries":[`+caseStep("step-3", "commented", `"alert":"`+c.Alert+`",`, 2)+`]}`)
	a.post(200, ledger.Maker, "/precheck", requestEntry("w9", "W9", "1.00"))
	a.post(200, ledger.Maker, "/precheck", `{"submission":"S8","title":"测试","entries":[`+requestEntry("w9", "W9", "1.00")+`]}`)
	a.post(409, ledger.Maker, "/entries", requestEntry("w9", "W9", "1.00"))
	a.objected()
	for _, path := range append(publicPaths(), "/notices/N1", "/objections/YJ-1") {
		a.get(path)
	}
	a.send(200, "GET", "/books", "", "")
	a.send(200, "GET", book("/ids/f1"), auditor, "")
	a.send(200, "GET", book("/payments/Z3/lines"), a.tokens[ledger.Auditor], "")
	a.post(200, ledger.Checker, "/persons/trace", `{"id_number":"`+secretNumber+`"}`)
	a.post(201, ledger.Checker, "/submissions/S3/reject", `{"id":"S3-no","reason":"plan","on":"2020-03-23"}`)
	a.post(201, ledger.Maker, "/entries", requestEntry("r9", "Z9", "3.00"))
	a.post(201, ledger.Checker, "/payments/Z9/reject", `{"id":"Z9-no","reason":"payee","on":"2020-03-23"}`)
	a.post(200, ledger.Maker, "/entries", requestEntry("r9", "Z9", "3.00"))
	a.post(409, ledger.Maker, "/entries", requestEntry("r9", "Z8", "1.00"))
	a.post(422, ledger.Maker, "/entries", requestEntry("r10", "Z8", "1000.00"))
	a.post(400, ledger.Maker, "/entries", `{`)
	a.post(403, ledger.Payer, "/entries", requestEntry("r10", "Z8", "1.00"))
	a.send(401, "POST", book("/entries"), "", "{}")
	a.send(415, "POST", book("/entries"), a.tokens[ledger.Maker], "{}", "Content-Type", "text/plain")
	a.send(404, "GET", book("/funds/none"), "", "")
	a.send(422, "GET", book("/funds?x=1"), "", "")
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if !seen[op.OperationID] {
				t.Errorf("operation %s was never answered", op.OperationID)
			}
		}
	}
}

// TestFiltersKnowTheirWords: a filter that the document gives a list of words takes each of
// them, and refuses another by name rather than finding nothing.
func TestFiltersKnowTheirWords(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.warn(1)
	auditor, _, _ := a.auditors()
	filters := 0
	for path, item := range a.apiDoc().Paths.Map() {
		if item.Get == nil {
			continue
		}
		for _, p := range item.Get.Parameters {
			words := p.Value.Schema.Value.Enum
			if p.Value.In != "query" || len(words) == 0 {
				continue
			}
			filters++
			at := strings.ReplaceAll(path, "{book}", "411025") + "?" + p.Value.Name + "="
			refused := a.send(422, "GET", at+"no-such", auditor, "")
			said := refused.Body.String()
			for _, word := range words {
				a.send(200, "GET", at+word.(string), auditor, "")
				if !strings.Contains(said, word.(string)) {
					t.Errorf("%s: %s does not name %s", at, refused.Body, word)
				}
			}
			if refused.field("/problems/0/field") != p.Value.Name {
				t.Errorf("%s: %s", at, refused.Body)
			}
		}
	}
	if filters < 10 {
		t.Errorf("%d filters have words", filters)
	}
}

// objected posts a notice, an objection to it, and its answer.
func (a *api) objected() {
	a.t.Helper()
	officer := ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "u0"}
	post := func(by ledger.By, b ledger.Body, sealed map[string]string) {
		a.t.Helper()
		d := ledger.Draft{ID: "n-" + string(pageKinds[reflect.TypeOf(b)]), Kind: pageKinds[reflect.TypeOf(b)], On: "2020-03-23", By: by, Corrects: ledger.None, Body: b, Sealed: sealed}
		if _, err := a.ledger.Post(a.t.Context(), testBook, d); err != nil {
			a.t.Fatal(err)
		}
	}
	post(officer, &ledger.NoticePosted{Notice: "N1", Content: ledger.NoticeContent{
		Channel: "board", Columns: []string{"name"}, Contacts: ledger.NoticeContacts{Hotline: "12317"}, Facts: []ledger.NoticeFact{{Field: "document", Value: "襄扶〔2020〕3号"}}, Issuer: "颍阳镇政府", Level: "village",
		Lines: []ledger.NoticeLine{{Amount: 100, Values: []string{"道路"}}}, Place: "411025103205", PlaceName: "某村", Signed: "2020-03-20", Stage: "P3", Starts: "2020-03-20", Ends: "2020-04-01", Title: "公示", Total: 100,
	}}, nil)
	post(officer, &ledger.NoticeHung{Notice: "N1", Board: "公示栏", Hanger: ledger.Person{Name: "楚某"}, Photo: ledger.File{Name: "照片.jpg", SHA256: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Size: 1}, Place: "411025103205"}, nil)
	post(ledger.By{Role: ledger.Public, Unit: "411025", User: "public"}, &ledger.ObjectionReceived{CodeHash: hashOfReceipt("A"), Notice: "N1", Objection: "YJ-1", Topic: "other", Track: "general"}, map[string]string{"note": secretNumber})
	post(officer, &ledger.ObjectionAnswered{Objection: "YJ-1", Question: "路在哪里", Answer: "村东", Unit: "颍阳镇政府", Outcome: "explained"}, nil)
}

// TestEveryKindIsDescribed wants the body of every kind, every member of every
// shape in words, and no words for members that are gone.
func TestEveryKindIsDescribed(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	doc := a.apiDoc()
	members, texts := map[string]bool{}, fieldTexts(t)
	for name, schema := range doc.Components.Schemas {
		for member := range schema.Value.Properties {
			members[member] = true
			if !strings.Contains(texts[member], " / ") {
				t.Errorf("%s.%s: say what it is under x-fields of openapi.json, in Chinese / English", name, member)
			}
		}
	}
	for member := range texts {
		if !members[member] {
			t.Errorf("x-fields: no shape has a member %q", member)
		}
	}
	var described []string
	for _, of := range doc.Components.Schemas["KindAndBody"].Value.OneOf {
		described = append(described, fmt.Sprint(of.Value.Properties["kind"].Value.Const))
	}
	var kinds []string
	for _, spec := range ledger.Kinds() {
		kinds = append(kinds, string(spec.Kind))
	}
	if diff := cmp.Diff(kinds, described); diff != "" {
		t.Error(diff)
	}
}

// TestCodesAreThoseOfTheLedger fills every text of every body with a word that
// is on no list: the ledger names the lists it holds a member to, and the
// document must have the same.
func TestCodesAreThoseOfTheLedger(t *testing.T) {
	t.Parallel()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Sealer: sealer})
	held := map[string]string{}
	for _, spec := range ledger.Kinds() {
		body := ledger.NewBody(spec.Kind)
		v := reflect.ValueOf(body).Elem()
		for i := range v.NumField() {
			switch f := v.Field(i); {
			case f.Kind() == reflect.String:
				f.SetString("no-such-word")
			case f.Type() == reflect.TypeFor[[]string]():
				f.Set(reflect.ValueOf([]string{"no-such-word"}))
			}
		}
		_, err := l.Post(t.Context(), testBook, ledger.Draft{Kind: spec.Kind, On: "2020-03-18", By: ledger.By{Role: spec.Roles[0], Unit: "u", User: "u"}, Corrects: ledger.None, Body: body})
		bad, ok := err.(*ledger.Invalid)
		if !ok {
			t.Fatalf("%s: %v", spec.Kind, err)
		}
		for _, p := range bad.Problems {
			if words, ok := strings.CutPrefix(p.En, "want one of "); ok {
				at := v.Type().Name() + "." + strings.TrimSuffix(strings.TrimPrefix(p.Field, "body."), ".0")
				if _, member, nested := strings.Cut(at, ".announcement."); nested {
					at = "NoticeContent." + member
				}
				held[at] = words
			}
		}
	}
	documented := map[string]string{}
	for at, words := range codes {
		documented[at] = strings.Join(slices.Sorted(maps.Keys(words)), ", ")
	}
	if diff := cmp.Diff(held, documented); diff != "" {
		t.Errorf("lists of the ledger (-) and of the document (+):\n%s", diff)
	}
}

// fieldTexts reads x-fields, which the served document has no more.
func fieldTexts(t *testing.T) map[string]string {
	t.Helper()
	var file struct {
		Fields map[string]string `json:"x-fields"`
	}
	if err := json.Unmarshal(openAPI, &file); err != nil {
		t.Fatal(err)
	}
	return file.Fields
}

// TestOtherIsLast: 其他 stands behind the words that it is other than, in every choice.
func TestOtherIsLast(t *testing.T) {
	t.Parallel()
	for name, words := range map[string]map[string]ledger.Text{"reasons": ledger.Reasons, "stages": ledger.PayStages, "grounds": ledger.AckGrounds} {
		if got := sortedWords(words); got[len(got)-1] != "other" {
			t.Errorf("%s: %v", name, got)
		}
	}
}
