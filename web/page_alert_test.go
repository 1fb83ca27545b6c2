package web

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"yilu/account"
	"yilu/alerts"
	"yilu/alerts/rule"
	"yilu/alerts/rules"
	"yilu/ledger"
)

var (
	pageAuditor = ledger.By{Role: ledger.Auditor, Unit: "411025-SJ", User: "auditor-1"}
	// pageNow is when the pages of the fixture are read.
	pageNow = time.Date(2020, 6, 30, 2, 0, 0, 0, time.UTC)
)

// warned puts the rules in force and makes warnings in several states: twins of a
// payment, one of them on its way, and an attempt on a blocking rule.
func (x *countyFixture) warned() {
	x.t.Helper()
	activate(x.t, x.l, pageBook)
	g := testEngine(x.l, x.db)
	x.day = "2020-06-22"
	pay := func(id string, a ledger.Amount, invoice ledger.Invoice) ledger.Draft {
		return x.draft(&ledger.PaymentRequested{Payment: id, Project: "XC2020-020", Fund: "2020-SJ-1", Amount: a, Purpose: x.dress("水表采购款"), Payee: ledger.Party{Name: x.dress("襄城县惠民水务设备有限公司")}, Invoice: invoice}, pageMaker)
	}
	x.mustPost(pay("ZF-0300", yuan(3000), ledger.Invoice{}))
	for _, id := range []string{"ZF-0301", "ZF-0302", "ZF-0303"} {
		d := pay(id, yuan(3000), ledger.Invoice{})
		ack := x.draft(&ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: d.ID, Ground: "agreed", File: ledger.File{Name: x.dress("说明.pdf"), SHA256: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Size: 10}}, pageMaker)
		x.mustPost(ack, d)
	}
	over := pay("ZF-0304", yuan(901), ledger.Invoice{Amount: yuan(900), Number: "12345678"})
	_, err := x.l.Post(context.Background(), pageBook, over)
	refused, ok := errors.AsType[*ledger.Refused](err)
	if !ok {
		x.t.Fatalf("over the invoice: %v", err)
	}
	if err := g.Attempt(context.Background(), pageBook, refused, over); err != nil {
		x.t.Fatal(err)
	}
	for more := true; more; {
		if more, err = g.Step(context.Background(), pageBook); err != nil {
			x.t.Fatal(err)
		}
	}
	c := x.warning("P13", 0)
	x.take(g, pageAuditor, &ledger.AlertAssigned{Step: at(c, 1), Unit: pageMaker.Unit}, "请核实是否为同一笔")
	x.take(g, ledger.By{Role: ledger.Checker, Unit: pageMaker.Unit, User: "checker-9"}, &ledger.AlertAnswered{Step: at(c, 2)}, "两笔分属两个批次，附入库单")
	x.take(g, pageAuditor, &ledger.AlertConfirmed{Step: at(c, 3), Violation: "V05", Return: yuan(3000)}, "批次相同，应退回")
}

func (x *countyFixture) mustPost(ds ...ledger.Draft) {
	x.t.Helper()
	if _, err := x.l.Post(context.Background(), pageBook, ds...); err != nil {
		x.t.Fatal(err)
	}
}

func at(c alerts.Current, seen int64) ledger.Step {
	return ledger.Step{Alert: c.Alert, Seen: ledger.Count(seen)}
}

func (x *countyFixture) take(g *alerts.Engine, by ledger.By, b ledger.Body, opinion string) {
	x.t.Helper()
	d := x.draft(b, by)
	d.Sealed = map[string]string{"opinion": x.dress(opinion)}
	if _, err := g.Take(context.Background(), pageBook, d); err != nil {
		x.t.Fatal(err)
	}
}

// warning is the nth of a rule.
func (x *countyFixture) warning(code string, n int) alerts.Current {
	x.t.Helper()
	list, err := alerts.List(context.Background(), x.db.Pool, pageBook, alerts.Filter{Code: code}, ledger.None, 100)
	if err != nil || len(list) <= n {
		x.t.Fatalf("%d warnings of %s: %v", len(list), code, err)
	}
	return list[n]
}

// officerPassword is that of every account of the tests.
const officerPassword = "Fu-Pin,2020 yi lu"

// accounts are the county's accounts as a server with this clock has them. Its hashes are
// cheap, and in a demonstration no second factor is asked for.
func (x *countyFixture) accounts(now func() time.Time, demo bool) *account.Accounts {
	x.t.Helper()
	a, err := account.New(account.Config{
		Pool: x.db.Pool, Book: pageBook, Secret: make([]byte, 32), Now: now, Demo: demo, Cost: account.Cost{Passes: 1, MemoryKiB: 64, Threads: 1},
	})
	if err != nil {
		x.t.Fatal(err)
	}
	return a
}

var (
	pageSecurity = ledger.By{Role: ledger.SecurityAdmin, Unit: "411025-BM", User: "sec-0"}
	pageOverseer = ledger.By{Role: ledger.AuditAdmin, Unit: "411025-BM", User: "aud-0"}
)

// granted gives an account a role, by two administrators.
func (x *countyFixture) granted(user, unit string, role ledger.Role, area string) {
	x.t.Helper()
	held, err := x.l.Holdings(context.Background(), pageBook, user)
	if err != nil {
		x.t.Fatal(err)
	}
	for _, h := range held {
		if h.Role == role && h.Unit == unit && h.Area == area {
			return
		}
	}
	sub, _ := x.submit("授权", x.draft(&ledger.RoleGranted{Grant: "G-" + user + "-" + string(role) + area, Person: user, Role: role, Unit: unit, Area: area}, pageSecurity))
	x.n++
	if _, err := x.l.Approve(context.Background(), pageBook, "ok"+strconv.Itoa(x.n), sub.Submission, sub.ContentHash, x.day, pageOverseer); err != nil {
		x.t.Fatal(err)
	}
}

// token makes an account that has a role, and returns what browser.enter takes: its name.
func (x *countyFixture) token(role ledger.Role, user, unit string, now time.Time) string {
	x.t.Helper()
	return x.person(role, user, unit, "", now)
}

// person is token for an area.
func (x *countyFixture) person(role ledger.Role, user, unit, area string, now time.Time) string {
	x.t.Helper()
	a := x.accounts(func() time.Time { return now }, true)
	if err := a.SetDemo(context.Background(), officerPassword, account.Person{ID: user, Duty: ledger.DutyOf(role), Name: "王小明", Unit: unit}); err != nil {
		x.t.Fatal(err)
	}
	if role != noRole {
		x.granted(user, unit, role, area)
	}
	return user
}

// browser keeps the cookie of one officer.
type browser struct {
	t      *testing.T
	h      http.Handler
	cookie string
}

func (x *countyFixture) officers(base string, now func() time.Time) http.Handler {
	return New(Config{
		Ledger: x.l, Pool: x.db.Pool, Log: slog.New(slog.DiscardHandler), Now: now, Book: pageBook, BasePath: base, Demo: true, Alerts: testEngine(x.l, x.db),
		Accounts: x.accounts(now, true),
	})
}

func (b *browser) do(method, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if b.cookie != "" {
		r.Header.Set("Cookie", sessionCookie+"="+b.cookie)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookie = c.Value
	}
	return w
}

// enter logs in as an account and follows to the page that was asked for.
func (b *browser) enter(user, to string) *httptest.ResponseRecorder {
	b.t.Helper()
	w := b.do("POST", "/desk/enter", url.Values{"account": {user}, "password": {officerPassword}, "to": {to}})
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("enter: %d %s", w.Code, w.Body)
	}
	return b.do("GET", w.Header().Get("Location"), nil)
}

var hidden = regexp.MustCompile(`name="(form|id|seen)" value="([^"]*)"`)

// hiddenOf reads the hidden inputs of the form for a kind of step.
func hiddenOf(t *testing.T, page, kind string) url.Values {
	t.Helper()
	for part := range strings.SplitSeq(page, "<form ") {
		if !strings.Contains(part, `value="`+kind+`"`) {
			continue
		}
		form := url.Values{"kind": {kind}}
		for _, found := range hidden.FindAllStringSubmatch(part, -1) {
			form.Set(found[1], found[2])
		}
		return form
	}
	t.Fatalf("no form for %s", kind)
	return nil
}

func TestPagesOfOfficersAreAsBefore(t *testing.T) {
	t.Parallel()
	for name, dress := range map[string]func(string) string{"warned": plainText, "warnedhostile": hostile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newWarned(t, dress)
			b := &browser{t: t, h: x.officers("", func() time.Time { return pageNow })}
			token := x.token(ledger.Auditor, "auditor-1", "411025-SJ", pageNow)
			pages := map[string]string{
				"enter": "/alerts?code=P13", "alerts": "/alerts", "all": "/alerts?state=all&level=orange", "none": "/alerts?state=closed",
				"alert": "/alerts/" + x.warning("P13", 0).Alert, "open": "/alerts/" + x.warning("P13", 1).Alert, "attempt": "/alerts/" + x.warning("P12", 0).Alert, "rules": "/rules", "rule": "/rules/P13",
				"objectionsdesk": "/desk/objections?state=all", "objectiondesk": "/desk/objections/YJ-2",
			}
			for page, path := range pages {
				for _, l := range languages {
					b.cookie = ""
					w := b.do("GET", l.Prefix+path, nil)
					if page != "enter" && page != "rules" && page != "rule" {
						if w.Code != http.StatusUnauthorized {
							t.Errorf("%s without a session: %d", path, w.Code)
						}
						w = b.enter(token, l.Prefix+path)
					}
					got := w.Body.String()
					if page != "rules" && page != "rule" && w.Header().Get("Cache-Control") != "private, no-store" {
						t.Errorf("%s may be kept: %v", path, w.Header())
					}
					policy := contentPolicy
					if strings.Contains(got, "feed.js") { // the list runs our one script, and nothing else does
						policy += "; script-src 'self'"
						got = strings.Replace(got, `<script src="`+siteOf("").assets["feed.js"].url+`" defer></script>`, "SCRIPT", 1)
					}
					if w.Header().Get("Content-Security-Policy") != policy {
						t.Errorf("%s: policy %s", path, w.Header().Get("Content-Security-Policy"))
					}
					for _, bad := range []string{"<script", "style=", "onclick", "javascript:", "ZgotmplZ", "<no value>", "%!", "maker-1"} {
						if strings.Contains(got, bad) {
							t.Errorf("%s holds %q", l.Prefix+path, bad)
						}
					}
					if strings.Count(got, "<h1") != 1 {
						t.Errorf("%s has %d h1", path, strings.Count(got, "<h1"))
					}
					if l == chinese || page == "alert" && name == "warned" {
						got = hidden.ReplaceAllString(mainOf(got), `name="$1" value="HIDDEN"`)
						if page == "rules" { // others come and go
							_, got, _ = strings.Cut(got, `<tr><th scope="row"><a href="`+l.Prefix+`/rules/P13">`)
							got, _, _ = strings.Cut(got, `</tr>`)
						}
						golden(t, name+"_"+l.Code+"_"+page+".html", got)
					}
				}
			}
		})
	}
}

// TestEntrance: who gets in, with what cookie, to where, and for how long.
func TestEntrance(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	now := pageNow
	h := x.officers("", func() time.Time { return now })
	auditor := x.token(ledger.Auditor, "auditor-1", "411025-SJ", now)
	b := &browser{t: t, h: h}
	for _, bad := range []url.Values{{}, {"account": {auditor}, "password": {"wrong"}}, {"account": {"nobody"}, "password": {officerPassword}}, {"token": {"yilu_" + strings.Repeat("0", tokenDigits)}}} {
		if w := b.do("POST", "/desk/enter", bad); w.Code != http.StatusForbidden || b.cookie != "" || strings.Contains(w.Body.String(), officerPassword) {
			t.Errorf("%v: %d", bad, w.Code)
		}
	}
	for to, want := range map[string]string{
		"": "/desk", "/en/alerts?code=P13": "/en/alerts?code=P13", "/alerts/a-1": "/alerts/a-1", "https://example.com/alerts": "/desk", "//example.com/alerts": "/desk",
		"/alerts/../funds": "/desk", "/funds": "/desk", "/desk/enter": "/desk", "/en/desk/leave": "/desk", "/alerts//x": "/desk", `/\example.com`: "/desk", "javascript:alert(1)": "/desk", "/desk/me": "/desk/me",
	} {
		before := b.cookie
		w := b.do("POST", "/desk/enter", url.Values{"account": {auditor}, "password": {officerPassword}, "to": {to}})
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("to %q: %q", to, got)
		}
		if b.cookie == before {
			t.Error("a log-in keeps the session of before")
		}
		cookie := w.Header().Get("Set-Cookie")
		for _, part := range []string{"__Host-yilu=", "Path=/", "HttpOnly", "Secure", "SameSite=Strict"} {
			if !strings.Contains(cookie, part) {
				t.Errorf("cookie %s lacks %s", cookie, part)
			}
		}
		if strings.Contains(cookie, auditor) || strings.Contains(cookie, "Max-Age") {
			t.Errorf("cookie %s", cookie)
		}
	}
	if w := b.do("GET", "/alerts", nil); w.Code != http.StatusOK {
		t.Fatalf("inside: %d", w.Code)
	}
	payer := &browser{t: t, h: h}
	if w := payer.enter(x.token(ledger.Payer, "payer-1", "411025-GK", now), "/alerts"); w.Code != http.StatusForbidden {
		t.Errorf("a payer reads warnings: %d", w.Code)
	}
	if w := b.do("POST", "/desk/leave", url.Values{"form": {"x"}}); w.Code != http.StatusForbidden {
		t.Errorf("a form of another session: %d", w.Code)
	}
	if w := b.do("POST", "/desk/leave", nil, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("a form of another site: %d", w.Code)
	}
	now = now.Add(account.DefaultLimits.Idle + time.Second)
	if w := b.do("GET", "/alerts", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("after a while without use: %d", w.Code)
	}
	page := b.enter(auditor, "/alerts").Body.String()
	kept := b.cookie
	if w := b.do("POST", "/desk/leave", hiddenOf(t, strings.Replace(page, "<form ", `<form value="leave"`, 1), "leave")); w.Code != http.StatusSeeOther || b.cookie != "" {
		t.Errorf("leave: %d", w.Code)
	}
	b.cookie = kept
	if w := b.do("GET", "/alerts", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("the cookie of a session that was left: %d", w.Code)
	}
	maker := &browser{t: t, h: h}
	if w := maker.enter(x.token(ledger.Maker, "m8", pageMaker.Unit, now), "/alerts?state=all"); strings.Count(w.Body.String(), `href="/alerts/a-`) != 1 {
		t.Errorf("a maker sees %d warnings", strings.Count(w.Body.String(), `href="/alerts/a-`))
	}
	if w := maker.do("GET", "/alerts/"+x.warning("P13", 1).Alert, nil); w.Code != http.StatusNotFound {
		t.Errorf("another unit's warning: %d", w.Code)
	}
	if w := answerTo(x.site(""), "/alerts"); w.Code != http.StatusNotFound {
		t.Errorf("a server without warnings: %d", w.Code)
	}
}

// TestStepByForm: what is typed is never lost, two officers cannot both act, and a
// form that is sent twice is one step.
func TestStepByForm(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	h := x.officers("", func() time.Time { return pageNow })
	c := x.warning("P13", 1)
	path := "/alerts/" + c.Alert
	one, two := &browser{t: t, h: h}, &browser{t: t, h: h}
	mine := one.enter(x.token(ledger.Auditor, "auditor-1", "411025-SJ", pageNow), path).Body.String()
	theirs := two.enter(x.token(ledger.Auditor, "auditor-2", "411025-SJ", pageNow), path).Body.String()

	form := hiddenOf(t, mine, "alert.assigned")
	form.Set("opinion", `请<b>核实</b>"两笔"`)
	w := one.do("POST", path, form)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "请&lt;b&gt;核实&lt;/b&gt;&#34;两笔&#34;</textarea>") || !strings.Contains(w.Body.String(), `<li><a href="#unit-assigned">承办单位代码：请填写</a></li>`) || !strings.Contains(w.Body.String(), `<details id="step-alert.assigned" open`) {
		t.Fatalf("without a unit: %d %s", w.Code, w.Body)
	}
	form = hiddenOf(t, w.Body.String(), "alert.assigned")
	form.Set("opinion", "请核实\r\n\u202e两笔")
	form.Set("unit", pageMaker.Unit)
	for range 2 {
		if w := one.do("POST", path, form); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), path) {
			t.Fatalf("assign: %d %s", w.Code, w.Body)
		}
	}
	form = hiddenOf(t, theirs, "alert.assigned")
	form.Set("unit", "411025-NY")
	form.Set("opinion", "交农业农村局")
	w = two.do("POST", path, form)
	if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "交农业农村局</textarea>") || !strings.Contains(w.Body.String(), `value="411025-NY"`) || !strings.Contains(w.Body.String(), "现为第 2 步") || strings.Contains(w.Body.String(), "请刷新") || !strings.Contains(w.Body.String(), `<a href="#step-alert.assigned">`) || !strings.Contains(w.Body.String(), `<details id="step-alert.assigned" open>`) {
		t.Fatalf("the second: %d %s", w.Code, w.Body)
	}
	if got := x.warning("P13", 1); got.Unit != pageMaker.Unit || got.Step != 2 {
		t.Errorf("the case: %+v", got)
	}
	page := one.do("GET", path, nil).Body.String()
	if !strings.Contains(page, ">请核实　两笔</blockquote>") {
		t.Error("an opinion of two lines is not taken")
	}
	if !strings.Contains(page, `list="unit-assigned-list"`) || !strings.Contains(page, `<option value="411025-SJ">`) || !strings.Contains(page, "这个单位没有人有角色") {
		t.Error("a unit without anybody is not told of, or others are not suggested")
	}
	x.token(ledger.Maker, "m9", pageMaker.Unit, pageNow)
	if page := one.do("GET", path, nil).Body.String(); strings.Contains(page, "这个单位没有人有角色") {
		t.Error("the unit has an officer now")
	}
	form = hiddenOf(t, page, "alert.confirmed")
	form.Set("violation", "V05")
	form.Set("return_amount", "三千")
	form.Set("opinion", "属实")
	if w := one.do("POST", path, form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="三千"`) || !strings.Contains(w.Body.String(), "1234.56") {
		t.Errorf("an amount in words: %d", w.Code)
	}
	form.Set("return_amount", "3,000.00")
	if w := one.do("POST", path, form); w.Code != http.StatusSeeOther {
		t.Errorf("confirm: %d %s", w.Code, w.Body)
	}
	form = hiddenOf(t, page, "alert.commented") // seen before that
	form.Set("opinion", "我的意见很长")
	if w := two.do("POST", path, form); w.Code != http.StatusForbidden {
		t.Errorf("a form of the other session: %d", w.Code)
	}
	if got := x.warning("P13", 1); got.State != alerts.Rectifying || got.ToReturn != yuan(3000) {
		t.Errorf("the case: %+v", got)
	}
	for _, bad := range []url.Values{{}, {"kind": {"fund.received"}, "seen": {"1"}}, {"kind": {"alert.closed"}, "seen": {"x"}}} {
		bad.Set("form", form.Get("form"))
		if w := one.do("POST", path, bad); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, w.Code)
		}
	}
}

// TestMoreThanIsDueIsAskedAbout: who says that more came back than was found to be due is
// asked, beside the amount, and may say so.
func TestMoreThanIsDueIsAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	c := w.warning("P13", 0)
	path := "/alerts/" + c.Alert
	b := &browser{t: t, h: w.officers("", func() time.Time { return pageNow })}
	page := b.enter(w.token(ledger.Maker, "maker-9", c.Unit, pageNow), path).Body.String()
	form := hiddenOf(t, page, "alert.rectified")
	form.Set("correcting_entries", "1")
	form.Set("opinion", "已退回")
	form.Set("returned_amount", "30000")
	got := b.do("POST", path, form)
	if body := got.Body.String(); got.Code != http.StatusUnprocessableEntity || !strings.Contains(body, `id="returned_amount-rectified-e">✗ 应退 3,000.00 元，此前已退 0.00 元，加上本次共 30,000.00 元`) || !strings.Contains(body, `name="more" value="1"`) {
		t.Fatalf("more than is due: %d %s", got.Code, mainOf(body))
	}
	form.Set("returned_amount", "3000.01")
	form.Set("more", "1")
	if got := b.do("POST", path, form); got.Code != http.StatusSeeOther {
		t.Fatalf("when it is so: %d %s", got.Code, mainOf(got.Body.String()))
	}
	if now := w.warning("P13", 0); now.Returned != yuan(3000)+1 || now.State != alerts.Review {
		t.Errorf("the case: %+v", now)
	}
}

// TestMistypedFiltersOfDesksAreRefused: a list that ignores one shows everything, and its
// reader believes it filtered. What messengers hang on a link that is sent on is no filter,
// and public pages ignore what they do not know.
func TestMistypedFiltersOfDesksAreRefused(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	b := &browser{t: t, h: x.officers("", func() time.Time { return pageNow })}
	b.enter(x.token(ledger.Auditor, "auditor-1", "411025-SJ", pageNow), "/alerts")
	path := "/alerts/" + x.warning("P13", 1).Alert
	for at, code := range map[string]int{
		"/alerts?levle=red": 422, "/alerts?after=0&levle=red": 422, "/alerts?code=P13&code=P02": 422, path + "?levle=red": 422,
		"/desk/acts?usr=a": 422, "/desk/acts/list.csv?usr=a": 422, "/desk/reports?form=2020-01-01": 422, "/desk/precision?form=2020-01-01": 422,
		"/alerts?code=P13&from=singlemessage&isappinstalled=0": 200, path + "?state=all&utm_source=weixin": 200, "/desk/acts?from=timeline&scene=1": 200,
		"/desk/reports?from=groupmessage": 200, "/alerts?from=2020-01-01": 200, "/alerts?from=yesterday": 422,
		"/funds?nosuch=1&from=singlemessage": 200, "/search?q=1&utm_source=weixin": 200, "/projects?nosuch=1": 200,
	} {
		w := b.do("GET", at, nil)
		if w.Code != code {
			t.Errorf("%s: %d, want %d", at, w.Code, code)
		}
		if at == "/alerts?levle=red" {
			want(t, w.Body.String(), "没有参数“levle”", "level", `<a href="/alerts">去掉筛选条件，重新打开</a>`)
		}
		if strings.HasPrefix(at, "/alerts?code=P13&from=single") && strings.Contains(w.Body.String(), "singlemessage") {
			t.Error("the links of the list carry it on")
		}
	}
}

// TestListOfWarningsStays: new warnings are said and not put in between, and filters
// are in every link.
func TestListOfWarningsStays(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	b := &browser{t: t, h: x.officers("", func() time.Time { return pageNow })}
	newest := x.warning("P13", 2)
	w := b.enter(x.token(ledger.Auditor, "auditor-1", "411025-SJ", pageNow), "/alerts?code=P13&state=all")
	if !strings.Contains(w.Body.String(), newest.Alert) || strings.Contains(w.Body.String(), "件新预警") {
		t.Errorf("the list: %s", w.Body)
	}
	older := b.do("GET", "/alerts?code=P13&state=all&upto="+strings.TrimSpace(seqText(newest.Raised-1)), nil).Body.String()
	if strings.Contains(older, newest.Alert) || !strings.Contains(older, "又有 1 件新预警") || !strings.Contains(older, `href="/alerts?code=P13&amp;state=all"`) {
		t.Errorf("as it was: %s", older)
	}
	if w := b.do("GET", "/alerts?level=pink", nil); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("no such level: %d", w.Code)
	}
}

func seqText(q ledger.Seq) string {
	b, _ := q.MarshalText()
	return string(b)
}

// TestMeasuredInWords: what a sweep gives as a value is said in the reader's language, and
// a number as a number.
func TestMeasuredInWords(t *testing.T) {
	text, err := fs.ReadFile(rules.Files, "T15.yaml")
	if err != nil {
		t.Fatal(err)
	}
	relaunch, err := rule.Parse("T15.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ value, zh, en string }{
		{"failed 12", "流标后12日", "failed 12 days before"},
		{"open", "前一个尚未开标", "still open for bids"},
		{"1234.50", "1,234.50", "1,234.50"},
		{"opened", "opened", "opened"},
		{"", "", ""},
	} {
		for lang, want := range map[language]string{chinese: c.zh, english: c.en} {
			p := &alertView{officer: &officer{frame: &frame{site: siteIn("", "CNY"), lang: lang}}, Rule: relaunch}
			if got := p.Measured(c.value); got != want {
				t.Errorf("%q is %q, want %q", c.value, got, want)
			}
		}
	}
}

// TestAlertValues: what a rule read stands on the page as people write it.
func TestAlertValues(t *testing.T) {
	p := &alertView{officer: &officer{frame: &frame{site: siteIn("", "CNY"), lang: chinese}}}
	for _, c := range []struct{ fact, value, want string }{
		{"contract.paid", "79325.22", "79,325.22\u00a0元"},
		{"contract.paid", "", ""},
		{"contract.amount", "（缺）", "（缺）"},
		{"contract.retention", "0.03", "3%"},
		{"works.percent", "0.305", "30.5%"},
		{"contract.id", "2020.10", "2020.10"},
		{"tender.bidders", "12345", "12345"},
		{"person.dead", "true", "是"},
		{"gone.fact", "264417.40", "264,417.40"},
		{"", "79325.2200", "79,325.22"},
		{"", "0.123456", "0.123456"},
	} {
		if got := p.Value(alerts.Input{Name: c.fact, Value: c.value}); got != c.want {
			t.Errorf("%s %q is shown as %q, want %q", c.fact, c.value, got, c.want)
		}
	}
}
