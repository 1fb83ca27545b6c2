package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"yilu/account"
	"yilu/alerts"
	"yilu/ledger"
	"yilu/ledger/document"
)

// staffOf is a server with accounts, and its router.
func (x *countyFixture) staffOf(now func() time.Time, demo bool) (*server, *echo.Echo) {
	x.t.Helper()
	store, err := document.Open(x.t.TempDir(), x.db.Pool, x.l.Sealer)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = store.Close() })
	return newServer(Config{
		Ledger: x.l, Pool: x.db.Pool, Log: slog.New(slog.DiscardHandler), Now: now, Book: pageBook, Demo: true, Alerts: testEngine(x.l, x.db), Accounts: x.accounts(now, demo), Files: store,
	})
}

func always(at time.Time) func() time.Time { return func() time.Time { return at } }

// formWord is the session's word for forms, from any page.
func formWord(t *testing.T, page string) string {
	t.Helper()
	for _, found := range hidden.FindAllStringSubmatch(page, -1) {
		if found[1] == "form" {
			return found[2]
		}
	}
	t.Fatal("the page has no form")
	return ""
}

// staffRights are the rights that each page of officers asks for: written down a second
// time, so that a page that asks for another, or a new one, is looked at.
var staffRights = map[string]right{
	"GET /alerts": readWarnings, "POST /alerts": readWarnings, "GET /alerts/:alert": readWarnings, "POST /alerts/:alert": readWarnings, "POST /alerts/:alert/reveal": inspect, "GET /alerts/:alert/package.zip": inspect,
	"GET /desk/reports": oversee, "GET /desk/reports/list.xlsx": oversee, "GET /desk/precision": oversee, "GET /desk/acts": oversee, "GET /desk/acts/list.csv": oversee, "GET /desk/acts/list.xlsx": oversee,
	"GET /desk/rules": oversee, "POST /desk/rules": changeRules, "GET /desk/rules/:code": changeRules, "POST /desk/rules/:code": changeRules, "GET /desk/health": operate, "POST /desk/health": operate,
	"GET /desk/me": ownAccount, "POST /desk/me/role": ownAccount, "POST /desk/me/session": ownAccount,
	"GET /desk/rights": seeRights, "GET /desk/tokens": seePeople, "GET /desk/trail": readTrail,
	"GET /desk/people": seePeople, "POST /desk/people": keepAccounts, "GET /desk/people/:person": seePeople, "POST /desk/people/:person": keepAccounts,
	"POST /desk/people/:person/release": decideRoles, "POST /desk/people/:person/grant": proposeRoles, "POST /desk/people/:person/revoke": proposeRoles,
	"POST /desk/roles": proposeRoles, "POST /desk/roles/:submission": decideRoles,
	"GET /desk": useDesk, "GET /desk/new": enterForms, "GET /desk/new/:kind": enterForms, "POST /desk/form": enterForms, "GET /desk/rest": enterForms, "GET /desk/mend/:submission": enterForms,
	"GET /desk/drafts": enterForms, "POST /desk/drafts": enterForms, "GET /desk/drafts/:draft": enterForms,
	"GET /desk/approvals": useDesk, "POST /desk/approvals": decide, "GET /desk/submissions/:submission": useDesk, "POST /desk/submissions/:submission": decide,
	"GET /desk/submissions/:submission/undo": enterForms, "POST /desk/submissions/:submission/undo": enterForms,
	"GET /desk/payments/:payment": useDesk, "POST /desk/payments/:payment": decide, "GET /desk/payments/:payment/voucher": useDesk, "GET /desk/pay": pay,
	"GET /desk/entries": useDesk, "POST /desk/entries": useDesk, "GET /desk/entries/:seq": useDesk, "GET /desk/entries/list.csv": useDesk, "GET /desk/entries/list.xlsx": useDesk,
	"GET /desk/objections": answerObjections, "GET /desk/objections/:objection": answerObjections, "POST /desk/objections/:objection": answerObjections,
	"GET /desk/notices": publish, "POST /desk/notices": publish, "GET /desk/notices/:notice/hung": publish, "POST /desk/notices/:notice/hung": publish,
	"GET /desk/photos": publish, "GET /desk/photos/:entry/:hash": publish, "POST /desk/photos/:entry/:hash": publish,
	"GET /desk/slips": enterForms, "GET /desk/slips/:payment": enterForms, "POST /desk/slips/:payment": enterForms,
	"GET /desk/import": enterForms, "POST /desk/import": enterForms, "GET /desk/import/template/:form": enterForms, "GET /desk/import/:upload": enterForms, "POST /desk/import/:upload": enterForms,
	"GET /desk/import/:upload/errors.xlsx": enterForms, "GET /desk/batches/:submission": useDesk, "POST /desk/batches/:submission": enterForms, "GET /desk/grid": enterForms, "POST /desk/grid": enterForms,
	"GET /desk/ledger": useDesk, "GET /desk/ledger/funds/:fund": useDesk, "GET /desk/ledger/funds/:fund/list.csv": useDesk, "GET /desk/ledger/funds/:fund/list.xlsx": useDesk,
	"GET /desk/ledger/projects/:project": useDesk, "GET /desk/ledger/projects/:project/list.csv": useDesk, "GET /desk/ledger/projects/:project/list.xlsx": useDesk,
	"GET /desk/bank": useDesk, "GET /desk/bank/:payment": useDesk, "POST /desk/bank/:payment": pay, "POST /desk/bank/:payment/again": enterForms, "GET /desk/bank/:payment/bank.csv": pay, "GET /desk/bank/:payment/bank.xlsx": pay,
	"GET /desk/return/:upload": pay, "POST /desk/return/:upload": pay,
	"GET /desk/files": useDesk, "POST /desk/files": useDesk, "GET /desk/files/:hash": useDesk, "GET /desk/dossier": useDesk, "GET /desk/dossier/:project": useDesk, "POST /desk/dossier/:project": enterForms, "POST /desk/dossier/:project/waive": enterForms,
	"GET /desk/dossier/:project/dossier.zip": useDesk,
	"GET /desk/password":                     ownAccount, "POST /desk/password": ownAccount, "GET /desk/factor": ownAccount, "POST /desk/factor": ownAccount, "POST /desk/leave": ownAccount,
}

// openToAll are the pages below the desk that nobody needs a session for.
var openToAll = []string{"GET /desk/enter", "POST /desk/enter", "GET /desk/begin", "POST /desk/begin"}

// TestEveryRouteByEveryRole visits every page of officers as every role, and as nobody.
// A route that is new has to be added to staffRights.
func TestEveryRouteByEveryRole(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	_, e := x.staffOf(always(pageNow), true)
	warning := x.warning("P13", 0).Alert
	staff := map[string]bool{}
	for _, r := range e.Routes() {
		name := r.Method + " " + r.Path
		isStaff := strings.HasPrefix(r.Path, "/alerts") || strings.HasPrefix(r.Path, "/desk")
		if !isStaff || r.Method == http.MethodHead || slices.Contains(openToAll, name) {
			continue
		}
		staff[name] = true
		if _, known := staffRights[name]; !known {
			t.Errorf("%s: say in staffRights who may", name)
		}
	}
	for name := range staffRights {
		if !staff[name] {
			t.Errorf("%s is no route (any more)", name)
		}
	}
	visit := func(b *browser, name, word string) *httptest.ResponseRecorder {
		method, path, _ := strings.Cut(name, " ")
		path = strings.NewReplacer(":alert", warning, ":person", "nobody-1", ":code", "P13", ":submission", "none-1").Replace(path)
		return b.do(method, path, url.Values{"form": {word}})
	}
	x.token(ledger.Maker, "nobody-1", "411025-CZ", pageNow)
	nobody := &browser{t: t, h: e}
	for name := range staffRights {
		for _, prefix := range []string{"", "/en"} {
			method, path, _ := strings.Cut(name, " ")
			if w := visit(nobody, method+" "+prefix+path, ""); w.Code != http.StatusUnauthorized || w.Header().Get("Cache-Control") != "private, no-store" {
				t.Errorf("%s as nobody: %d", name, w.Code)
			}
		}
	}
	for i, role := range append([]ledger.Role{noRole}, roleOrder...) {
		unit := "411025-SJ"
		user := x.token(role, fmt.Sprintf("every-%d", i), unit, pageNow)
		b := &browser{t: t, h: e}
		word := formWord(t, b.enter(user, "/desk/me").Body.String())
		for name, want := range staffRights {
			if name == "POST /desk/leave" {
				continue // it would end the visits
			}
			w := visit(b, name, word)
			refused := w.Code == http.StatusForbidden && !strings.Contains(name, "/desk/password") && !strings.Contains(name, "/desk/factor")
			if allowed := slices.Contains(rights[want], role); allowed == refused || w.Code == http.StatusUnauthorized || w.Code >= 500 {
				t.Errorf("%s as %q: %d, allowed %v", name, role, w.Code, allowed)
			}
			if w.Header().Get("Cache-Control") != "private, no-store" && w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s may be kept: %s", name, w.Header().Get("Cache-Control"))
			}
			if strings.HasPrefix(name, "POST") {
				if w := visit(b, name, "another"); w.Code != http.StatusForbidden {
					t.Errorf("%s as %q with another word: %d", name, role, w.Code)
				}
			}
		}
	}
}

// TestRightsAreWhole: each right is on the page, and each role has a name.
func TestRightsAreWhole(t *testing.T) {
	t.Parallel()
	m := mustLocale(t, chinese)
	for r := range rights {
		if !slices.Contains(rightOrder, r) || !m.has("right."+string(r)) {
			t.Errorf("right %s is not on the page", r)
		}
	}
	for role := range ledger.Roles {
		if !slices.Contains(roleOrder, ledger.Role(role)) {
			t.Errorf("role %s is not on the page", role)
		}
	}
	for _, item := range menu {
		if !m.has(item.Key()) {
			t.Errorf("menu lacks %s", item.Key())
		}
	}
	for _, what := range account.EventKinds {
		if !m.has(eventRows([]account.Event{{What: what}})[0].Key) {
			t.Errorf("no sentence for %q", what)
		}
	}
}

// earnest is a person with password and second factor, in a server that is no demonstration.
type earnest struct {
	*browser
	x        *countyFixture
	clock    *time.Time
	accounts *account.Accounts
	id       string
	secret   string
}

// begun makes an account, sets its password by the pages, and enrols its phone.
func (x *countyFixture) begun(h http.Handler, clock *time.Time, id, duty string) *earnest {
	x.t.Helper()
	a := x.accounts(func() time.Time { return *clock }, false)
	code, err := a.Create(context.Background(), "test", account.Person{ID: id, Duty: duty, Name: "王小明", Unit: "411025-BM"})
	if err != nil {
		x.t.Fatal(err)
	}
	p := &earnest{&browser{t: x.t.(*testing.T), h: h}, x, clock, a, id, ""}
	w := p.do("POST", "/desk/begin", url.Values{"account": {id}, "code": {code}, "password": {officerPassword}, "again": {officerPassword}})
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/factor" {
		x.t.Fatalf("begin: %d %s", w.Code, w.Body)
	}
	if w := p.do("GET", "/desk/me", nil); w.Header().Get("Location") != "/desk/factor" {
		x.t.Errorf("without a second factor: %d to %q", w.Code, w.Header().Get("Location"))
	}
	page := p.do("GET", "/desk/factor", nil).Body.String()
	found := regexp.MustCompile(`<span class="hash">([A-Z2-7 ]+)</span>`).FindStringSubmatch(page)
	if found == nil || !strings.Contains(page, "<svg") {
		x.t.Fatalf("no secret: %s", page)
	}
	p.secret = found[1]
	before := p.cookie
	w = p.do("POST", "/desk/factor", url.Values{"form": {formWord(p.t, page)}, "code": {p.code()}})
	if w.Code != http.StatusSeeOther || p.cookie == before {
		x.t.Fatalf("enrol: %d", w.Code)
	}
	return p
}

func (p *earnest) code() string {
	p.t.Helper()
	code, err := account.Code(p.secret, *p.clock)
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// wait moves the clock.
func (p *earnest) wait(d time.Duration) { *p.clock = p.clock.Add(d) }

// TestTheFirstDay: from an empty book to officers with roles, by two administrators.
func TestTheFirstDay(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	clock := pageNow
	_, e := x.staffOf(func() time.Time { return clock }, false)
	sec, aud := x.begun(e, &clock, "sec", ledger.DutySecurity), x.begun(e, &clock, "aud", ledger.DutyAudit)
	sys := x.begun(e, &clock, "sys", ledger.DutySystem)
	if w := sys.do("GET", "/desk/people", nil); w.Code != http.StatusForbidden {
		t.Errorf("the system administrator before he is one: %d", w.Code)
	}
	page := sec.do("GET", "/desk/people", nil).Body.String()
	if !strings.Contains(page, "提出首批授权") {
		t.Fatal("the first grants are not offered")
	}
	form := hiddenOf(t, strings.Replace(page, `action="/desk/roles"`, `value="first"`, 1), "first")
	form.Del("kind")
	if w := sec.do("POST", "/desk/roles", form); w.Code != http.StatusSeeOther {
		t.Fatalf("propose: %d %s", w.Code, w.Body)
	}
	if page := sec.do("GET", "/desk/people", nil).Body.String(); !strings.Contains(page, "由您提出") || strings.Contains(page, `value="approve"`) {
		t.Error("who proposed may decide")
	}
	aud.decide(t, "approve")
	if w := sys.do("GET", "/desk/people", nil); w.Code != http.StatusOK {
		t.Errorf("the system administrator: %d", w.Code)
	}
	// An account, and a role for it.
	word := formWord(t, sys.do("GET", "/desk/people", nil).Body.String())
	w := sys.do("POST", "/desk/people", url.Values{"form": {word}, "account": {"li"}, "name": {"李<b>四"}, "unit": {"411025-103"}, "duty": {"business"}})
	code := regexp.MustCompile(`[A-Z2-7]{4}(-[A-Z2-7]{4}){4}`).FindString(w.Body.String())
	if w.Code != http.StatusCreated || code == "" || strings.Contains(w.Body.String(), "<b>四") {
		t.Fatalf("create: %d %s", w.Code, w.Body)
	}
	for _, bad := range []url.Values{{"account": {"li"}, "name": {"李"}, "unit": {"U"}, "duty": {"audit"}}, {"account": {"王"}, "name": {"王"}, "unit": {"U"}, "duty": {"business"}}} {
		bad.Set("form", word)
		if w := sys.do("POST", "/desk/people", bad); w.Code != http.StatusConflict && w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="`+bad.Get("account")+`"`) {
			t.Errorf("%v: %d", bad, w.Code)
		}
	}
	page = sec.do("GET", "/desk/people/li", nil).Body.String()
	grant := func(changes ...string) *httptest.ResponseRecorder {
		form := hiddenOf(t, strings.Replace(page, `action="/desk/people/li/grant"`, `value="grant"`, 1), "grant")
		form.Set("role", "project")
		form.Set("unit", "411025-103")
		form.Set("area", "411025103")
		for i := 0; i < len(changes); i += 2 {
			form.Set(changes[i], changes[i+1])
		}
		return sec.do("POST", "/desk/people/li/grant", form)
	}
	if w := grant("area", "411026103"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "不在本县") || !strings.Contains(w.Body.String(), `value="411026103"`) {
		t.Errorf("another county's area: %d", w.Code)
	}
	if w := grant("role", "engine"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a role of nobody: %d", w.Code)
	}
	for range 2 { // a form that is sent twice is one proposal
		if w := grant(); w.Code != http.StatusSeeOther {
			t.Fatalf("grant: %d %s", w.Code, w.Body)
		}
	}
	clock = clock.Add(account.DefaultLimits.Proof) // a decision wants a fresh code now
	aud.decide(t, "approve")
	held, err := x.l.Holdings(t.Context(), pageBook, "li")
	if err != nil || len(held) != 1 || held[0].Role != ledger.ProjectOfficer || held[0].Area != "411025103" {
		t.Errorf("li holds %+v: %v", held, err)
	}
	// It is taken back, first in vain.
	page = sec.do("GET", "/desk/people/li", nil).Body.String()
	revoke := hiddenOf(t, strings.Replace(page, `action="/desk/people/li/revoke"`, `value="revoke"`, 1), "revoke")
	revoke.Set("grant", held[0].Grant)
	revoke.Set("ground", "moved")
	if w := sec.do("POST", "/desk/people/li/revoke", revoke); w.Code != http.StatusSeeOther {
		t.Fatalf("revoke: %d %s", w.Code, w.Body)
	}
	aud.decide(t, "reject")
	if held, _ := x.l.Holdings(t.Context(), pageBook, "li"); held[0].Revoked != ledger.None {
		t.Error("a rejected revocation took effect")
	}
	if events := aud.do("GET", "/desk/trail", nil).Body.String(); !strings.Contains(events, "新建账号") || !strings.Contains(events, "sys") {
		t.Error("the trail does not tell who made the account")
	}
}

// decide approves or rejects the one proposal that waits.
func (p *earnest) decide(t *testing.T, decision string) {
	t.Helper()
	page := p.do("GET", "/desk/people", nil).Body.String()
	action := regexp.MustCompile(`action="(/desk/roles/[^"]+)"`).FindStringSubmatch(page)
	if action == nil {
		t.Fatalf("nothing waits for %s", p.id)
	}
	form := url.Values{"form": {formWord(t, page)}, "decision": {decision}, "reason": {"other"}}
	part := page[strings.Index(page, action[0]):]
	for _, name := range []string{"id", "hash"} {
		form.Set(name, strings.ReplaceAll(regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(part)[1], "&#43;", "+"))
	}
	w := p.do("POST", action[1], form)
	if strings.Contains(w.Body.String(), `name="confirm_code"`) {
		if !strings.Contains(w.Body.String(), `name="decision" value="`+decision+`"`) {
			t.Error("the form is lost while the code is asked for")
		}
		form.Set("confirm_code", "000000")
		if w := p.do("POST", action[1], form); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), `name="confirm_code"`) {
			t.Errorf("a wrong code: %d", w.Code)
		}
		p.wait(time.Minute)
		form.Set("confirm_code", p.code())
		w = p.do("POST", action[1], form)
	}
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%s: %d %s", decision, w.Code, w.Body)
	}
}

// TestLogInWithCodes: a code is good once, who guesses waits, and the page says nothing.
func TestLogInWithCodes(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	clock := pageNow
	_, e := x.staffOf(func() time.Time { return clock }, false)
	p := x.begun(e, &clock, "wang", ledger.DutyBusiness)
	in := func(password, code string) *httptest.ResponseRecorder {
		b := &browser{t: t, h: e}
		return b.do("POST", "/desk/enter", url.Values{"account": {"wang"}, "password": {password}, "code": {code}})
	}
	p.wait(time.Minute)
	code := p.code()
	if w := in(officerPassword, code); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/desk/me" {
		t.Fatalf("log in: %d %s", w.Code, w.Body)
	}
	texts := map[string]bool{}
	for _, try := range [][2]string{{officerPassword, code}, {officerPassword, ""}, {"wrong", ""}} {
		w := in(try[0], try[1])
		if w.Code != http.StatusForbidden || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%v: %d", try, w.Code)
		}
		texts[mainOf(w.Body.String())] = true
	}
	if len(texts) != 1 {
		t.Error("the page tells what was wrong")
	}
	in("wrong", "")
	in("wrong", "")
	if w := in(officerPassword, p.code()); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
		t.Errorf("after five failures: %d", w.Code)
	}
	if w := p.do("GET", "/desk/me", nil); w.Code != http.StatusOK {
		t.Errorf("the session of before: %d", w.Code)
	}
}

// TestSessionsOfAPerson: listed, ended one by one, and all at once when the account is
// disabled; the roles of the log are those of the next request.
func TestSessionsOfAPerson(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	s, e := x.staffOf(always(pageNow), true)
	user := x.token(ledger.Auditor, "auditor-7", "411025-SJ", pageNow)
	one, two := &browser{t: t, h: e}, &browser{t: t, h: e}
	one.enter(user, "/desk/me")
	two.enter(user, "/desk/me")
	page := one.do("GET", "/desk/me", nil).Body.String()
	ids := regexp.MustCompile(`name="session" value="([A-Z2-7]+)"`).FindAllStringSubmatch(page, -1)
	if len(ids) != 2 {
		t.Fatalf("%d sessions: %s", len(ids), page)
	}
	for _, id := range ids {
		if w := one.do("POST", "/desk/me/session", url.Values{"form": {formWord(t, page)}, "session": {id[1]}}); w.Header().Get("Location") == "/desk/me" {
			break // the other one
		} else if w.Code != http.StatusSeeOther {
			t.Fatalf("end: %d", w.Code)
		}
		one.enter(user, "/desk/me")
		page = one.do("GET", "/desk/me", nil).Body.String()
	}
	if w := two.do("GET", "/alerts", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("the session that was ended: %d", w.Code)
	}
	if w := one.do("POST", "/desk/me/session", url.Values{"form": {formWord(t, page)}, "session": {"AAAAAAAAAAAA"}}); w.Code != http.StatusNotFound {
		t.Errorf("no session: %d", w.Code)
	}
	held, err := x.l.Holdings(t.Context(), pageBook, user)
	if err != nil {
		t.Fatal(err)
	}
	x.granted("sec-9", "U", ledger.SecurityAdmin, "")
	x.granted("aud-9", "U", ledger.AuditAdmin, "")
	sub, _ := x.submit("收回", x.draft(&ledger.RoleRevoked{Grant: held[0].Grant, Ground: "left"}, pageSecurity))
	if _, err := x.l.Approve(t.Context(), pageBook, "gone", sub.Submission, sub.ContentHash, x.day, pageOverseer); err != nil {
		t.Fatal(err)
	}
	if w := one.do("GET", "/alerts", nil); w.Code != http.StatusForbidden {
		t.Errorf("after the role was taken back: %d", w.Code)
	}
	if err := s.Accounts.Disable(t.Context(), "test", user); err != nil {
		t.Fatal(err)
	}
	if w := one.do("GET", "/desk/me", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("disabled: %d", w.Code)
	}
	if w := one.do("POST", "/desk/enter", url.Values{"account": {user}, "password": {officerPassword}}); w.Code != http.StatusForbidden {
		t.Errorf("disabled, logging in: %d", w.Code)
	}
}

// TestRoleSwitch: one role at a time, under a new session, and only one's own.
func TestRoleSwitch(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	_, e := x.staffOf(always(pageNow), true)
	user := x.token(ledger.Payer, "many-1", "411025-GK", pageNow)
	x.granted(user, "411025-SJ", ledger.Auditor, "")
	b := &browser{t: t, h: e}
	page := b.enter(user, "/desk/me").Body.String()
	if w := b.do("GET", "/alerts", nil); w.Code != http.StatusForbidden {
		t.Errorf("as payer: %d", w.Code)
	}
	before := b.cookie
	if w := b.do("POST", "/desk/me/role", url.Values{"form": {formWord(t, page)}, "grant": {"G-auditor-1-auditor"}}); w.Code != http.StatusNotFound {
		t.Errorf("another's grant: %d", w.Code)
	}
	if w := b.do("POST", "/desk/me/role", url.Values{"form": {formWord(t, page)}, "grant": {"G-many-1-auditor"}}); w.Code != http.StatusSeeOther || b.cookie == before {
		t.Fatalf("switch: %d", w.Code)
	}
	if w := b.do("GET", "/alerts", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "411025-SJ · 审计监督") {
		t.Errorf("as auditor: %d", w.Code)
	}
	now := b.cookie
	b.cookie = before
	if w := b.do("GET", "/alerts", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("the session of before the switch: %d", w.Code)
	}
	b.cookie = now
	path := "/alerts/" + x.warning("P13", 1).Alert
	form := hiddenOf(t, b.do("GET", path, nil).Body.String(), "alert.commented")
	form.Set("opinion", "以审计身份写的")
	x.granted("sec-9", "U", ledger.SecurityAdmin, "")
	x.granted("aud-9", "U", ledger.AuditAdmin, "")
	sub, _ := x.submit("收回", x.draft(&ledger.RoleRevoked{Grant: "G-many-1-auditor", Ground: "moved"}, pageSecurity))
	if _, err := x.l.Approve(t.Context(), pageBook, "moved", sub.Submission, sub.ContentHash, x.day, pageOverseer); err != nil {
		t.Fatal(err)
	}
	if w := b.do("POST", path, form); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "以审计身份写的") {
		t.Errorf("a form of a role that is gone, as another: %d", w.Code)
	}
}

// TestKeptForm: what was typed when the session ended comes back to whoever typed it, and
// to nobody else.
func TestKeptForm(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	clock := pageNow
	_, e := x.staffOf(func() time.Time { return clock }, true)
	mine, other := x.token(ledger.Auditor, "auditor-1", "411025-SJ", clock), x.token(ledger.Auditor, "auditor-2", "411025-SJ", clock)
	path := "/alerts/" + x.warning("P13", 1).Alert
	b := &browser{t: t, h: e}
	form := hiddenOf(t, b.enter(mine, path).Body.String(), "alert.commented")
	form.Set("opinion", "写了很久的<b>意见</b>")
	form.Set("password", "never-kept")
	clock = clock.Add(account.DefaultLimits.Idle + time.Second)
	w := b.do("POST", path, form)
	page := w.Body.String()
	kept := regexp.MustCompile(`name="kept" value="([^"]+)"`).FindStringSubmatch(page)
	if w.Code != http.StatusUnauthorized || kept == nil || strings.Contains(page, "意见") || !strings.Contains(page, "没有丢失") {
		t.Fatalf("the entrance: %d %s", w.Code, page)
	}
	in := func(user, kept, password string) *httptest.ResponseRecorder {
		return b.do("POST", "/desk/enter", url.Values{"account": {user}, "password": {password}, "kept": {kept}})
	}
	if w := in(mine, kept[1], "wrong"); !strings.Contains(w.Body.String(), kept[1]) {
		t.Error("a wrong password loses the form")
	}
	for name, w := range map[string]*httptest.ResponseRecorder{"another account": in(other, kept[1], officerPassword), "a forged one": in(mine, strings.Repeat("A", 200), officerPassword)} {
		if page := w.Body.String(); w.Code != http.StatusOK || strings.Contains(page, "意见") || !strings.Contains(page, "没有保留") {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	w = in(mine, kept[1], officerPassword)
	page = w.Body.String()
	if w.Code != http.StatusOK || !strings.Contains(page, "写了很久的&lt;b&gt;意见&lt;/b&gt;</dd>") || strings.Contains(page, "never-kept") {
		t.Fatalf("offered again: %d %s", w.Code, page)
	}
	again := hiddenOf(t, page, "alert.commented")
	again.Set("opinion", form.Get("opinion"))
	if again.Get("id") != form.Get("id") || again.Get("form") == form.Get("form") {
		t.Errorf("offered %v for %v", again, form)
	}
	if w := b.do("POST", path, again); w.Code != http.StatusSeeOther {
		t.Errorf("sent again: %d %s", w.Code, w.Body)
	}
	// A second tab, that does not know of the new session.
	stale := url.Values{"form": {form.Get("form")}, "kind": {"alert.commented"}, "id": {"x"}, "seen": {"3"}, "opinion": {"第二个标签页"}}
	if w := b.do("POST", path, stale); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "第二个标签页") {
		t.Errorf("another tab: %d", w.Code)
	}
	big := url.Values{"form": {form.Get("form")}, "opinion": {strings.Repeat("长", longestForm)}}
	b.cookie = ""
	if w := b.do("POST", path, big); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), `name="kept"`) {
		t.Errorf("a form beyond the bound: %d", w.Code)
	}
}

// TestKeptRows: a whole grid comes back, row by row and by its own words, and so does a form of
// the desk.
func TestKeptRows(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	clock := pageNow
	_, e := x.staffOf(func() time.Time { return clock }, true)
	maker := x.token(ledger.Maker, "maker-1", "411025-CZ", clock)
	for path, c := range map[string]struct {
		typed         url.Values
		want, without []string
	}{
		"/desk/grid": {url.Values{"rows": {"200"}, "do": {"check"}}, []string{"<dt>第 2 行 · 金额</dt><dd>2.00</dd>", "<dt>第 200 行 · 金额</dt><dd>200.00</dd>"}, []string{"<dt>do</dt>", "<dt>rows</dt>", "amount-2</dt>"}},
		"/desk/form": {
			url.Values{"act": {"check"}, "0.kind": {"payment.requested"}, "0.body.amount": {"12"}, "0.body.payee.name": {"某公司"}, "0.ack.P30.ground": {"agreed"}, "0.ack.P30.version": {"1"}},
			[]string{"<dt>支付金额</dt><dd>12</dd>", "<dt>收款单位（收款人为个人时不填） › 单位全称</dt><dd>某公司</dd>", "<dt>说明理由</dt><dd>agreed</dd>"},
			[]string{"<dt>act</dt>", "0.kind</dt>", "version</dt>"},
		},
	} {
		b := &browser{t: t, h: e}
		c.typed.Set("form", formWord(t, b.enter(maker, "/desk").Body.String()))
		for n := 1; path == "/desk/grid" && n <= 200; n++ {
			for _, column := range gridColumns {
				c.typed.Set(column.Name+"-"+strconv.Itoa(n), "")
			}
			c.typed.Set("amount-"+strconv.Itoa(n), strconv.Itoa(n)+".00")
			c.typed.Set("payee-"+strconv.Itoa(n), "某某水务设备有限公司")
		}
		clock = clock.Add(account.DefaultLimits.Idle + time.Second)
		kept := regexp.MustCompile(`name="kept" value="([^"]+)"`).FindStringSubmatch(b.do("POST", path, c.typed).Body.String())
		if kept == nil {
			t.Errorf("%s is lost", path)
			continue
		}
		page := b.do("POST", "/desk/enter", url.Values{"account": {maker}, "password": {officerPassword}, "kept": {kept[1]}}).Body.String()
		want(t, page, c.want...)
		for _, not := range c.without {
			if strings.Contains(page, not) {
				t.Errorf("%s shows %s", path, not)
			}
		}
		if i, j := strings.Index(page, "第 9 行"), strings.Index(page, "第 10 行"); path == "/desk/grid" && i > j {
			t.Error("row 10 stands before row 9")
		}
	}
}

// TestAreas: an officer of a township sees and enters what lies in it. What lies elsewhere
// is not there.
func TestAreas(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	s, e := x.staffOf(always(pageNow), true)
	var inside, outside alerts.Current
	for _, c := range x.warnings() {
		if strings.HasPrefix(c.Region, "411025103") {
			inside = c
		} else if c.Region != "" {
			outside = c
		}
	}
	elsewhere := "411025104"
	if outside.Region != "" {
		elsewhere = outside.Region[:9]
	}
	home := inside
	if home.Region == "" {
		home, elsewhere = outside, "411025103"
	}
	near := x.person(ledger.Auditor, "near-1", "411025-SJ", home.Region[:9], pageNow)
	far := x.person(ledger.Auditor, "far-1", "411025-SJ", elsewhereOf(home.Region[:9], elsewhere), pageNow)
	for user, want := range map[string]int{near: http.StatusOK, far: http.StatusNotFound} {
		b := &browser{t: t, h: e}
		if w := b.enter(user, "/alerts/"+home.Alert); w.Code != want {
			t.Errorf("%s: %d, want %d", user, w.Code, want)
		}
		list := b.do("GET", "/alerts?state=all", nil).Body.String()
		if strings.Contains(list, home.Alert) != (want == http.StatusOK) {
			t.Errorf("%s has it in the list: %v", user, want != http.StatusOK)
		}
		word := formWord(t, list)
		if w := b.do("POST", "/alerts/"+home.Alert, url.Values{"form": {word}, "kind": {"alert.commented"}, "seen": {"1"}, "id": {"A"}, "opinion": {"x"}}); (w.Code == http.StatusNotFound) != (want == http.StatusNotFound) {
			t.Errorf("%s comments: %d", user, w.Code)
		}
	}
	c := &call{Context: e.NewContext(httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()), book: pageBook, who: &actor{Role: ledger.ProjectOfficer, Area: "411025103"}}
	project, err := x.l.Project(t.Context(), pageBook, "XC2020-001")
	if err != nil || !strings.HasPrefix(project.Place, "411025103") {
		t.Fatalf("XC2020-001 lies in %s: %v", project.Place, err)
	}
	for name, test := range map[string]struct {
		body     ledger.Body
		corrects ledger.Seq
		fine     bool
	}{
		"works here":                 {&ledger.WorksStarted{Project: "XC2020-001"}, ledger.None, true},
		"a new project here":         {&ledger.ProjectListed{Project: "NEW", Place: "411025103205"}, ledger.None, true},
		"a new project elsewhere":    {&ledger.ProjectListed{Project: "NEW", Place: "411025104205"}, ledger.None, false},
		"a project moved away":       {&ledger.ProjectChanged{Project: "XC2020-001", Place: "411025104205"}, ledger.None, false},
		"a payment of here":          {&ledger.PaymentApproved{Payment: "ZF-0001"}, ledger.None, true},
		"a payment that is not":      {&ledger.PaymentApproved{Payment: "ZF-9999"}, ledger.None, false},
		"a contract of here":         {&ledger.ContractAmended{Contract: "HT-001"}, ledger.None, true},
		"a tender of here":           {&ledger.TenderFailed{Tender: "ZB-001"}, ledger.None, true},
		"a notice of here":           {&ledger.NoticeEnded{Notice: "GS-001"}, ledger.None, true},
		"an objection of here":       {&ledger.ObjectionAnswered{Objection: "YJ-1"}, ledger.None, true},
		"money of the county":        {&ledger.FundAllocated{Fund: "2020-ZY-1", Unit: "U"}, ledger.None, false},
		"a month of the county":      {&ledger.PeriodClosed{Period: "2020-01"}, ledger.None, false},
		"a reversal of the county's": {&ledger.EntryReversed{}, 1, false},
		"a submission that is not":   {&ledger.SubmissionApproved{Submission: "none"}, ledger.None, false},
		"funds in a submission":      {&ledger.SubmissionApproved{Submission: "S2"}, ledger.None, false},
	} {
		err := s.mayTouch(c, []ledger.Draft{{Kind: ledger.KindOf(test.body), Body: test.body, Corrects: test.corrects}})
		if (err == nil) != test.fine {
			t.Errorf("%s: %v", name, err)
		}
		if _, bad := errors.AsType[*ledger.Invalid](err); err != nil && !bad && !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, body := range []ledger.Body{&ledger.PaymentApproved{Payment: "\x00"}, &ledger.SubmissionApproved{Submission: "\x00"}, &ledger.AlertCommented{Step: ledger.Step{Alert: "\x00"}}} {
		err := s.mayTouch(c, []ledger.Draft{{Kind: ledger.KindOf(body), Body: body, Corrects: ledger.None}})
		if p := problemOf(err); p.Status/100 != 4 {
			t.Errorf("an id that is no text: %d %v", p.Status, err)
		}
	}
	batch := []ledger.Draft{
		{Kind: "grant.requested", Body: &ledger.GrantRequested{Payment: "G-NEW", Project: "XC2020-001"}, Corrects: ledger.None},
		{Kind: "grant.line", Body: &ledger.GrantLine{Payment: "G-NEW", Place: "411025103205"}, Corrects: ledger.None},
	}
	if err := s.mayTouch(c, batch); err != nil {
		t.Errorf("a batch of here: %v", err)
	}
	for _, area := range []string{"411026103", "4110251", "x"} {
		if _, err := CreateToken(t.Context(), x.db.Owner, Token{Book: pageBook, User: "t1", Unit: "U", Role: ledger.Maker, Area: area, Created: pageNow, Expires: pageNow.Add(time.Hour)}); !errors.Is(err, ErrToken) {
			t.Errorf("a token for %s: %v", area, err)
		}
	}
}

// elsewhereOf is a township that is not the given one.
func elsewhereOf(home, other string) string {
	if home == other {
		return "411025104"
	}
	return other
}

// warnings are all of the fixture's.
func (x *countyFixture) warnings() []alerts.Current {
	x.t.Helper()
	list, err := alerts.List(context.Background(), x.db.Pool, pageBook, alerts.Filter{}, ledger.None, 500)
	if err != nil {
		x.t.Fatal(err)
	}
	return list
}

// TestResetByTwo on the pages: who asks does not release, and the code opens the account.
func TestResetByTwo(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	clock := pageNow
	_, e := x.staffOf(func() time.Time { return clock }, true)
	lost := x.begun(e, &clock, "lost", ledger.DutyBusiness)
	sys, sec := &browser{t: t, h: e}, &browser{t: t, h: e}
	word := formWord(t, sys.enter(x.token(ledger.SystemAdmin, "sys", "U", clock), "/desk/people/lost").Body.String())
	secWord := formWord(t, sec.enter(x.token(ledger.SecurityAdmin, "sec", "U", clock), "/desk/people/lost").Body.String())
	if w := sec.do("POST", "/desk/people/lost/release", url.Values{"form": {secWord}, "person": {"lost"}}); w.Code != http.StatusConflict {
		t.Errorf("nobody asked: %d", w.Code)
	}
	if w := sys.do("POST", "/desk/people/sys", url.Values{"form": {word}, "act": {"disable"}}); w.Code != http.StatusConflict {
		t.Errorf("oneself: %d", w.Code)
	}
	if w := sys.do("POST", "/desk/people/lost", url.Values{"form": {word}, "act": {"reset"}}); w.Code != http.StatusSeeOther {
		t.Fatalf("ask: %d", w.Code)
	}
	if w := sys.do("POST", "/desk/people/lost/release", url.Values{"form": {word}, "person": {"lost"}}); w.Code != http.StatusForbidden {
		t.Errorf("who asked releases: %d", w.Code)
	}
	w := sec.do("POST", "/desk/people/lost/release", url.Values{"form": {secWord}, "person": {"lost"}})
	code := regexp.MustCompile(`[A-Z2-7]{4}(-[A-Z2-7]{4}){4}`).FindString(w.Body.String())
	if w.Code != http.StatusCreated || code == "" {
		t.Fatalf("release: %d %s", w.Code, w.Body)
	}
	if w := lost.do("GET", "/desk/me", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("the sessions live: %d", w.Code)
	}
	again := url.Values{"account": {"lost"}, "code": {code}, "password": {"Another,2020 word"}, "again": {"other"}}
	if w := lost.do("POST", "/desk/begin", again); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), code) {
		t.Errorf("two passwords: %d", w.Code)
	}
	again.Set("again", "Another,2020 word")
	if w := lost.do("POST", "/desk/begin", again); w.Code != http.StatusSeeOther {
		t.Errorf("begin anew: %d", w.Code)
	}
	if w := lost.do("POST", "/desk/begin", again); w.Code != http.StatusForbidden {
		t.Errorf("the code twice: %d", w.Code)
	}
}

// TestChangeOfPassword on the pages, also of one that is too old.
func TestChangeOfPassword(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	clock := pageNow
	_, e := x.staffOf(func() time.Time { return clock }, false)
	p := x.begun(e, &clock, "wang", ledger.DutyBusiness)
	word := formWord(t, p.do("GET", "/desk/password", nil).Body.String())
	change := func(old, next, again string) *httptest.ResponseRecorder {
		return p.do("POST", "/desk/password", url.Values{"form": {word}, "old_password": {old}, "password": {next}, "again": {again}})
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"differ": change(officerPassword, "Abc,123 def ghi", "x"), "wrong": change("x", "Abc,123 def ghi", "Abc,123 def ghi"), "weak": change(officerPassword, "short", "short"),
	} {
		if w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), officerPassword) || !strings.Contains(w.Body.String(), `role="alert"`) {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	before := p.cookie
	if w := change(officerPassword, "Abc,123 def ghi", "Abc,123 def ghi"); w.Code != http.StatusSeeOther || p.cookie == before {
		t.Fatalf("change: %d %s", w.Code, w.Body)
	}
	clock = clock.Add(account.MLPS3.Longest + time.Hour)
	w := p.do("POST", "/desk/enter", url.Values{"account": {"wang"}, "password": {"Abc,123 def ghi"}, "code": {p.code()}})
	if w.Code != http.StatusSeeOther {
		t.Fatalf("log in after 90 days: %d", w.Code)
	}
	if w := p.do("GET", "/desk/me", nil); w.Header().Get("Location") != "/desk/password" {
		t.Errorf("an old password opens the desk: %d", w.Code)
	}
}

// TestManyLogInsAtOnce: each gets a session of its own. Beyond five that are open some
// would have to wait.
func TestManyLogInsAtOnce(t *testing.T) {
	t.Parallel()
	x := newFixture(t, plainText)
	_, e := x.staffOf(always(pageNow), true)
	user := x.token(ledger.Maker, "maker-5", "411025-CZ", pageNow)
	var all sync.WaitGroup
	cookies := make([]string, 4)
	for i := range cookies {
		all.Go(func() {
			r := httptest.NewRequest("POST", "/desk/enter", strings.NewReader(url.Values{"account": {user}, "password": {officerPassword}}.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			e.ServeHTTP(w, r)
			for _, c := range w.Result().Cookies() {
				cookies[i] = c.Value
			}
		})
	}
	all.Wait()
	slices.Sort(cookies)
	opened := slices.DeleteFunc(slices.Compact(cookies), func(c string) bool { return c == "" })
	for _, c := range opened {
		b := &browser{t: t, h: e, cookie: c}
		if w := b.do("GET", "/desk/me", nil); w.Code != http.StatusOK {
			t.Errorf("a session of many: %d", w.Code)
		}
	}
	if len(opened) != len(cookies) {
		t.Errorf("%d of %d log-ins at once", len(opened), len(cookies))
	}
}
