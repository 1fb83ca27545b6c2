package web

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"yilu/alerts"
	"yilu/alerts/rules"
	"yilu/ledger"
	"yilu/migrations/pgtest"
	"yilu/publicity/workday"
)

// testRules are the rules of the program. A book has none in force until its entries
// say so.
var testRules = sync.OnceValue(func() *alerts.Rules {
	r, err := alerts.LoadRules(rules.Files, workday.StateCouncil())
	if err != nil {
		panic(err)
	}
	return r
})

func testEngine(l *ledger.Ledger, db *pgtest.DB) *alerts.Engine {
	return &alerts.Engine{
		Ledger: l, Pool: db.Pool, Rules: testRules(), Calendar: workday.StateCouncil(), Link: func(a string) string { return "/alerts/" + a },
		Log: slog.New(slog.DiscardHandler),
	}
}

const (
	ackEntry     = `{"id":"why-%[1]s","kind":"alert.acknowledged","on":"2020-03-18","body":{"code":"P13","version":"1","of":"%[1]s","ground":"agreed","file":` + paperFile + `}}`
	paperFile    = `{"name":"说明","sha256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","size":"10"}`
	invoiceEntry = `{"id":"i1","kind":"payment.requested","on":"2020-03-18","body":{"payment":"I1","project":"P1","fund":"F1","amount":"30.01","purpose":"进度款","payee":{"name":"某建筑公司","code":"91350100M000100Y43"},"invoice":{"number":"12345678","amount":"30.00"}}}`
)

// activate puts the rules in force that these tests are about.
func activate(t testing.TB, l *ledger.Ledger, book ledger.Book) {
	t.Helper()
	activateSome(t, l, book, "rules", "P12", "P13")
}

// activateSome puts some rules in force, by a submission of that id.
func activateSome(t testing.TB, l *ledger.Ledger, book ledger.Book, id string, codes ...string) {
	t.Helper()
	var ds []ledger.Draft
	for i, r := range testRules().Activations() {
		if !slices.Contains(codes, r.Code) {
			continue
		}
		r.State = "active"
		ds = append(ds, ledger.Draft{ID: fmt.Sprint("rule-", i), Kind: "rule.activated", On: "2020-03-18", By: ledger.By{Role: ledger.Maker, Unit: "u", User: "m"}, Corrects: ledger.None, Body: r})
	}
	ctx := context.Background()
	if _, err := l.Submit(ctx, book, id, ledger.SubmissionMade{Submission: id, Title: "启用规则"}, ds); err != nil {
		t.Fatal(err)
	}
	sub, err := l.Submission(ctx, book, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Approve(ctx, book, id+"-ok", id, sub.ContentHash, "2020-03-18", ledger.By{Role: ledger.Checker, Unit: "u", User: "c"}); err != nil {
		t.Fatal(err)
	}
}

// raise has the engine judge everything there is.
func (a *api) raise() {
	a.t.Helper()
	for {
		more, err := a.server.Alerts.Step(context.Background(), testBook)
		if err != nil {
			a.t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

// warn fills the book, puts the rules in force and has a twin of a payment raised as
// many times as asked. It returns the warnings.
func (a *api) warn(twins int) []alerts.Current {
	a.t.Helper()
	a.fill()
	activate(a.t, a.ledger, testBook)
	a.post(201, ledger.Maker, "/entries", requestEntry("w0", "W0", "1.00"))
	for i := 1; i <= twins; i++ {
		id := fmt.Sprint("w", i)
		a.post(201, ledger.Maker, "/units", `{"entries":[`+fmt.Sprintf(ackEntry, id)+","+requestEntry(id, strings.ToUpper(id), "1.00")+`]}`)
	}
	a.raise()
	return a.warnings("P13")
}

func (a *api) warnings(code string) []alerts.Current {
	a.t.Helper()
	list, err := alerts.List(context.Background(), a.db.Pool, testBook, alerts.Filter{Code: code}, ledger.None, 1000)
	if err != nil {
		a.t.Fatal(err)
	}
	return list
}

// caseStep writes a step of a case.
func caseStep(id, kind, members string, seen int64) string {
	return fmt.Sprintf(`{"id":"%s","kind":"alert.%s","on":"2020-03-24","body":{%s"seen":"%d"}}`, id, kind, members, seen)
}

// auditors are tokens of two auditors and of an officer of another unit.
func (a *api) auditors() (first, second, stranger string) {
	make := func(user, unit string, role ledger.Role) string {
		return a.token(Token{Book: testBook, User: user, Unit: unit, Role: role, Created: a.clock, Expires: a.clock.Add(time.Hour)})
	}
	return make("a1", "411025-SJ", ledger.Auditor), make("a2", "411025-SJ", ledger.Auditor), make("m9", "411025-NY", ledger.Maker)
}

// TestPrecheckSaysWhatPostingWould: for an entry, a unit and a submission.
func TestPrecheckSaysWhatPostingWould(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.warn(0)
	twin := requestEntry("w1", "W1", "1.00")
	held := a.post(200, ledger.Maker, "/precheck", twin)
	if held.field("/accepted") != false || held.field("/problems/0/needs") != "acknowledgement" {
		t.Fatalf("a twin: %s", held.Body)
	}
	var p alerts.Precheck
	held.into(&p)
	found := map[string]string{}
	for _, f := range p.Findings {
		found[f.Code] = f.Needs + " " + f.Value + " " + string(f.State)
	}
	if found["P13"] != "acknowledgement 1.00 flag" {
		t.Errorf("findings %v", found)
	}
	explained := a.post(200, ledger.Maker, "/precheck", `{"entries":[`+fmt.Sprintf(ackEntry, "w1")+","+twin+`]}`)
	if explained.field("/accepted") != true || explained.field("/digest") != held.field("/digest") {
		t.Errorf("explained: %s", explained.Body)
	}
	submitted := a.post(200, ledger.Maker, "/precheck", `{"submission":"S9","title":"测试","entries":[`+twin+`]}`)
	if submitted.field("/problems/0/index") != 0.0 || submitted.field("/findings/0/index") != 0.0 || submitted.field("/findings/0/entry") != nil {
		t.Errorf("as a submission: %s", submitted.Body)
	}
	blocked := a.post(200, ledger.Maker, "/precheck", strings.Replace(invoiceEntry, "30.01", "900.00", 1))
	if !strings.Contains(blocked.Body.String(), `"rule":"P12"`) || !strings.Contains(blocked.Body.String(), `"rule":"over_`) {
		t.Errorf("constraint and rule at once: %s", blocked.Body)
	}
	a.post(422, ledger.Maker, "/precheck", `{"kind":"payment.requested","entries":[`+twin+`]}`)
	a.post(422, ledger.Maker, "/precheck", `{}`)
	a.send(401, "POST", book("/precheck"), "", twin)
	if got := a.get("/payments?project=P1").Body.String(); strings.Contains(got, `"W1"`) {
		t.Error("a pre-check posted")
	}
}

// TestChangedAfterPrecheck: what was fine when it was looked at is held when it is
// posted, with the list, and nothing is posted.
func TestChangedAfterPrecheck(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.warn(0)
	mine := requestEntry("w1", "W1", "7.00")
	before := a.post(200, ledger.Maker, "/precheck", mine)
	if before.field("/accepted") != true {
		t.Fatalf("before: %s", before.Body)
	}
	a.post(201, ledger.Maker, "/entries", requestEntry("w2", "W2", "7.00"))
	w := a.post(409, ledger.Maker, "/entries", mine)
	if w.field("/type") != "urn:yilu:problem:acknowledge" || w.field("/problems/0/rule") != "P13" || w.field("/problems/0/needs") != "acknowledgement" {
		t.Errorf("held: %s", w.Body)
	}
	w = a.post(409, ledger.Maker, "/submissions", `{"submission":"S9","title":"测试","entries":[`+mine+`]}`)
	if w.field("/problems/0/index") != 0.0 {
		t.Errorf("held in a submission: %s", w.Body)
	}
	a.post(201, ledger.Maker, "/units", `{"entries":[`+fmt.Sprintf(ackEntry, "w1")+","+mine+`]}`)
}

// TestAttemptIsKeptBesideTheAnswer: a blocking rule answers 422, and the attempt is a
// warning, once.
func TestAttemptIsKeptBesideTheAnswer(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.warn(0)
	for range 5 {
		if w := a.post(422, ledger.Maker, "/entries", invoiceEntry); w.field("/problems/0/rule") != "P12" {
			t.Fatalf("%s", w.Body)
		}
	}
	a.post(422, ledger.Maker, "/submissions", `{"submission":"S9","title":"测试","entries":[`+invoiceEntry+`]}`)
	a.post(422, ledger.Maker, "/precheck", `{}`)
	a.post(200, ledger.Maker, "/precheck", invoiceEntry)
	a.server.attempting.Wait()
	found := a.warnings("P12")
	if len(found) != 1 || found[0].Origin != "attempt" || found[0].Count != 1 {
		t.Errorf("%+v", found)
	}
	a.raise()
	if strings.Contains(a.log.String(), "not kept") {
		t.Errorf("log: %s", a.log)
	}
	auditor, _, _ := a.auditors()
	d := a.send(200, "GET", book("/alerts/"+found[0].Alert), auditor, "")
	if d.field("/entry") != nil || d.field("/evidence/0/value") != "30.01" || d.field("/origin") != "attempt" {
		t.Errorf("detail: %s", d.Body)
	}
}

// TestWhoReadsWarnings holds every address to the roles.
func TestWhoReadsWarnings(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	found := a.warn(3)
	auditor, _, stranger := a.auditors()
	mine := found[0].Alert
	a.send(201, "POST", book("/alerts/"+mine+"/steps"), auditor, caseStep("s1", "assigned", `"unit":"411025-CZ",`, 1))
	count := func(w answered) int {
		items, _ := w.field("/items").([]any)
		return len(items)
	}
	for _, c := range []struct {
		who    string
		token  string
		status int
		alerts int
		feed   int
		other  int // status of a case that another unit has
	}{
		{"public", "", 401, 0, 0, 401},
		{"payer", a.tokens[ledger.Payer], 403, 0, 0, 403},
		{"maker", a.tokens[ledger.Maker], 200, 1, 2, 404},
		{"checker", a.tokens[ledger.Checker], 200, 1, 2, 404},
		{"project officer", a.tokens[ledger.ProjectOfficer], 200, 1, 2, 404},
		{"stranger", stranger, 200, 0, 0, 404},
		{"auditor", auditor, 200, 3, 4, 200},
	} {
		list := a.send(c.status, "GET", book("/alerts?code=P13"), c.token, "")
		feed := a.send(c.status, "GET", book("/alerts/feed"), c.token, "")
		own := c.status
		if c.who == "stranger" {
			own = 404
		}
		a.send(own, "GET", book("/alerts/"+mine), c.token, "")
		a.send(c.other, "GET", book("/alerts/"+found[1].Alert), c.token, "")
		if c.status == 200 && (count(list) != c.alerts || count(feed) < c.feed) {
			t.Errorf("%s: %d warnings, %d events", c.who, count(list), count(feed))
		}
		if c.status != 200 {
			a.send(c.status, "GET", book("/alerts/stream"), c.token, "")
		}
	}
	a.send(403, "GET", book("/alerts?unit=411025-NY"), a.tokens[ledger.Maker], "")
	for _, bad := range []string{"level=pink", "state=x", "active=1", "region=x", "after=x", "limit=0", "kode=P13"} {
		a.send(422, "GET", book("/alerts?"+bad), auditor, "")
	}
	for _, none := range []string{"state=closed", "level=red", "region=4110252", "unit=411025-NY"} {
		if w := a.send(200, "GET", book("/alerts?code=P13&"+none), auditor, ""); count(w) != 0 {
			t.Errorf("%s: %s", none, w.Body)
		}
	}
}

// TestPagesOfWarningsNeverMove: page by page, with new warnings in between, every one
// is seen once.
func TestPagesOfWarningsNeverMove(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.warn(5)
	auditor, _, _ := a.auditors()
	for _, path := range []string{"/alerts", "/alerts/feed"} {
		var seen []string
		after := ""
		for {
			w := a.send(200, "GET", book(path+"?limit=2"+after), auditor, "")
			items, _ := w.field("/items").([]any)
			for _, item := range items {
				seen = append(seen, fmt.Sprint(item.(map[string]any)["alert"]))
			}
			next, more := w.field("/next").(string)
			if !more {
				break
			}
			after = "&after=" + next
		}
		if got := dedup(seen); len(got) != len(seen) || len(seen) < 5 {
			t.Errorf("%s: %q", path, seen)
		}
	}
}

func dedup(list []string) map[string]bool {
	m := map[string]bool{}
	for _, s := range list {
		m[s] = true
	}
	return m
}

// TestCaseThroughTheAPI walks a case to its end, tells what was found and done, and
// shows who may not.
func TestCaseThroughTheAPI(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := a.warn(1)[0]
	first, second, stranger := a.auditors()
	at := book("/alerts/" + c.Alert + "/steps")
	take := func(status int, token, id, kind, members string, seen int64) answered {
		t.Helper()
		return a.send(status, "POST", at, token, caseStep(id, kind, members, seen))
	}
	maker := a.tokens[ledger.Maker]
	take(422, maker, "s0", "answered", "", 1)
	take(422, maker, "s0", "assigned", `"unit":"411025-CZ",`, 1)
	take(201, first, "s1", "assigned", `"unit":"411025-CZ",`, 1)
	if w := take(200, first, "s1", "assigned", `"unit":"411025-CZ",`, 1); w.field("/repeated") != true {
		t.Errorf("sent again: %s", w.Body)
	}
	take(422, stranger, "s2", "answered", "", 2)
	a.send(201, "POST", at, maker, `{"id":"s2","kind":"alert.answered","on":"2020-03-24","body":{"seen":"2","files":[`+paperFile+`]},"sealed":{"opinion":"两笔分属两段工程"}}`)
	w := take(409, second, "s3", "dismissed", `"dismiss_ground":"explained",`, 2)
	if w.field("/type") != "urn:yilu:problem:moved" || w.field("/cases/0/step") != 3.0 || w.field("/cases/0/since/0/kind") != "alert.answered" || w.field("/cases/0/since/0/user") != "u0" {
		t.Errorf("moved: %s", w.Body)
	}
	take(201, first, "s3", "dismissed", `"dismiss_ground":"explained",`, 3)
	if w := take(422, first, "s4", "seconded", "", 4); w.field("/problems/0/rule") != "second_person" {
		t.Errorf("alone: %s", w.Body)
	}
	take(201, second, "s4", "seconded", "", 4)
	a.send(422, "POST", at, first, fundEntry)
	a.send(422, "POST", at, first, caseStep("s9", "reopened", `"alert":"a-other",`, 5))
	a.send(422, "POST", book("/alerts/a-none/steps"), first, caseStep("s9", "reopened", "", 5))
	d := a.send(200, "GET", book("/alerts/"+c.Alert), maker, "")
	var detail struct {
		State    string `json:"state"`
		Step     int    `json:"step"`
		Evidence []struct {
			Entry int64          `json:"entry"`
			Value string         `json:"value"`
			Facts []alerts.Input `json:"facts"`
		} `json:"evidence"`
		History []struct {
			Opinion string      `json:"opinion"`
			Role    ledger.Role `json:"role"`
		} `json:"history"`
	}
	d.into(&detail)
	if detail.State != "dismissed" || detail.Step != 5 || len(detail.History) != 5 || detail.History[2].Opinion != "两笔分属两段工程" || detail.History[2].Role != "maker" {
		t.Errorf("detail %+v", detail)
	}
	if len(detail.Evidence) != 1 || detail.Evidence[0].Value != "1.00" || detail.Evidence[0].Entry == 0 || len(detail.Evidence[0].Facts) == 0 {
		t.Errorf("evidence %+v", detail.Evidence)
	}
	if !strings.Contains(a.log.String(), `"warning opened"`) || strings.Contains(a.log.String(), "两段") {
		t.Errorf("log: %s", a.log)
	}
}

// TestStepsInBulk: all or none, and an answer for each.
func TestStepsInBulk(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	found := a.warn(4)
	auditor, second, _ := a.auditors()
	bulk := func(seen ...int64) string {
		var steps []string
		for i, n := range seen {
			steps = append(steps, caseStep(fmt.Sprintf("b%d-%d", i, n), "assigned", fmt.Sprintf(`"alert":"%s","unit":"411025-CZ",`, found[i].Alert), n))
		}
		return `{"entries":[` + strings.Join(steps, ",") + `]}`
	}
	w := a.send(409, "POST", book("/alerts/steps"), auditor, bulk(1, 2, 1, 3))
	var p struct {
		Problems []ledger.Problem `json:"problems"`
		Cases    []struct{}       `json:"cases"`
	}
	w.into(&p)
	var said []string
	for _, x := range p.Problems {
		said = append(said, fmt.Sprint(x.Index, " ", x.Rule))
	}
	if diff := cmp.Diff([]string{"1 moved", "3 moved"}, said); diff != "" || len(p.Cases) != 2 {
		t.Errorf("%s\n%s", diff, w.Body)
	}
	for _, c := range a.warnings("P13") {
		if c.Step != 1 {
			t.Errorf("%s moved", c.Alert)
		}
	}
	if w := a.send(201, "POST", book("/alerts/steps"), auditor, bulk(1, 1, 1, 1)); w.field("/receipts/3/seq") == nil {
		t.Errorf("%s", w.Body)
	}
	a.send(200, "POST", book("/alerts/steps"), auditor, bulk(1, 1, 1, 1))
	a.send(409, "POST", book("/alerts/steps"), second, strings.ReplaceAll(bulk(1, 1), `"id":"b`, `"id":"c`))
	a.send(422, "POST", book("/alerts/steps"), auditor, `{"entries":[]}`)
	a.send(422, "POST", book("/alerts/steps"), auditor, `{"entries":[`+fundEntry+`]}`)
	many := make([]string, 201)
	for i := range many {
		many[i] = caseStep(fmt.Sprint("x", i), "commented", `"alert":"a-x",`, 1)
	}
	a.send(422, "POST", book("/alerts/steps"), auditor, `{"entries":[`+strings.Join(many, ",")+`]}`)
	a.send(403, "POST", book("/alerts/steps"), a.tokens[ledger.Maker], strings.ReplaceAll(bulk(2), `"id":"b`, `"id":"m`))
}

// TestTwoReviewersAtOnce: of many who act on what they saw one can, and the others see
// what it was.
func TestTwoReviewersAtOnce(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	c := a.warn(1)[0]
	first, second, _ := a.auditors()
	var all sync.WaitGroup
	codes := make([]int, 8)
	for i := range codes {
		all.Go(func() {
			token := []string{first, second}[i%2]
			codes[i] = a.try("POST", book("/alerts/"+c.Alert+"/steps"), token, caseStep(fmt.Sprint("r", i), "assigned", `"unit":"411025-CZ",`, 1)).Code
		})
	}
	all.Wait()
	n := map[int]int{}
	for _, code := range codes {
		n[code]++
	}
	if n[201] != 1 || n[409] != len(codes)-1 {
		t.Errorf("answers %v", n)
	}
}

// TestNoWarningsHere: a server without an engine has no such addresses, and posts as
// before.
func TestNoWarningsHere(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.server.Alerts = nil
	auditor, _, _ := a.auditors()
	for _, path := range []string{"/alerts", "/alerts/feed", "/alerts/stream", "/alerts/a-1"} {
		a.send(404, "GET", book(path), auditor, "")
	}
	a.send(404, "POST", book("/alerts/steps"), auditor, `{"entries":[]}`)
	a.fill()
	if w := a.post(200, ledger.Maker, "/precheck", requestEntry("w1", "W1", "1.00")); w.field("/accepted") != true {
		t.Errorf("%s", w.Body)
	}
}

// TestPrivateKeysAreHidden: what links one person's payments is in no warning.
func TestPrivateKeysAreHidden(t *testing.T) {
	key := privatePayee + strings.Repeat("0a", 16)
	c := alerts.Current{Subject: []string{key, "Z1"}, Zh: "收款人" + key + "，请核实", Value: key}
	f := alerts.Finding{Subject: []string{key}, Facts: []alerts.Input{{Name: "payment.payee", Value: key}}, Steps: []alerts.Input{{Name: "x", Value: "[" + key + "]"}}, Match: "34:" + key}
	hideCase(&c)
	hideFinding(&f)
	text, err := json.Marshal([]any{c, f}, rendering)
	if err != nil || strings.Contains(string(text), key) || !strings.Contains(string(text), "Z1") {
		t.Errorf("%s %v", text, err)
	}
}
