package web

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"yilu/alerts"
	"yilu/ledger"
	"yilu/ledger/sheet"
)

// watching is a county with warnings and its officers.
type watching struct {
	*countyFixture
	h http.Handler
	// server is its inside.
	server *server
	t      *testing.T
}

func newWatching(t *testing.T, change func(*Config)) *watching {
	t.Helper()
	x := newWarned(t, plainText)
	c := Config{Ledger: x.l, Pool: x.db.Pool, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return pageNow }, Book: pageBook, Alerts: testEngine(x.l, x.db), Accounts: x.accounts(func() time.Time { return pageNow }, true)}
	if change != nil {
		change(&c)
	}
	s, h := newServer(c)
	return &watching{x, h, s, t}
}

// officer is a browser of somebody at a page.
func (w *watching) officer(role ledger.Role, user, unit, to string) (*browser, string) {
	w.t.Helper()
	b := &browser{t: w.t, h: w.h}
	return b, b.enter(w.token(role, user, unit, pageNow), to).Body.String()
}

func (w *watching) auditor(user, to string) (*browser, string) {
	return w.officer(ledger.Auditor, user, "411025-SJ", to)
}

var (
	pickBox  = regexp.MustCompile(`name="pick" value="([^"]+)"`)
	rowSeqs  = regexp.MustCompile(`data-seq="(\d+)"`)
	problems = regexp.MustCompile(`<span class="bad">✗ [^<]+`)
)

func picks(page string) (all []string) {
	for _, found := range pickBox.FindAllStringSubmatch(page, -1) {
		all = append(all, found[1])
	}
	return all
}

// TestWatchNarrows: queues, groups and places are in the address, and what an address
// names of a person is a warning.
func TestWatchNarrows(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	one, all := w.auditor("auditor-1", "/alerts?state=all")
	if n := len(picks(all)); n < 4 || !strings.Contains(all, fmt.Sprintf("预警清单，共 %d 件", n)) {
		t.Fatalf("%d warnings in %s", n, all)
	}
	confirmed := w.warning("P13", 0)
	for query, want := range map[string]int{
		"project=XC2020-020&state=all": 3, "project=none&state=all": 0, "state=all&payee_of=" + confirmed.Alert: 3, "queue=mine": 3, "queue=late": 0, "queue=soon&days=30": 4, "queue=soon&days=1": 0,
		"state=all&from=2020-06-30&to=2020-06-30": 4, "state=all&from=2020-07-01": 0, "state=all&to=2020-06-29": 0, "unit=411025-CZ": 1, "state=all&size=20": 4,
	} {
		page := one.do("GET", "/alerts?"+query, nil).Body.String()
		if got := len(picks(page)); got != want {
			t.Errorf("%s: %d warnings, want %d", query, got, want)
		}
	}
	if page := one.do("GET", "/alerts?state=all&code=P13&from=2030-01-01", nil).Body.String(); !strings.Contains(page, `<option value="P13" selected>`) {
		t.Error("the rule that is asked for is not chosen in the form when nothing is found")
	}
	if got := w.warning("P13", 0); got.Project != "XC2020-020" || !strings.HasPrefix(got.Payee, "n-") {
		t.Errorf("project %q payee %q", got.Project, got.Payee)
	}
	for _, by := range alerts.Ways() {
		page := one.do("GET", "/alerts?state=all&by="+by, nil)
		if page.Code != http.StatusOK {
			t.Errorf("by %s: %d", by, page.Code)
		}
		if by == "payee" && (!strings.Contains(page.Body.String(), "惠民水务") || !strings.Contains(page.Body.String(), "payee_of=a-")) {
			t.Errorf("by payee: %s", page.Body)
		}
		if by == "project" && !strings.Contains(page.Body.String(), "project=XC2020-020") {
			t.Errorf("by project: %s", page.Body)
		}
	}
	for _, bad := range []string{"queue=theirs", "by=name", "size=7", "days=0", "from=yesterday"} {
		if got := one.do("GET", "/alerts?"+bad, nil).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", bad, got)
		}
	}
	for query, said := range map[string]string{"code=X99": "没有规则“X99”", "by=x": "没有“x”，可用：project, payee, household", "level=x": "没有“x”，可用：red", "state=x": "没有“x”，可用：open", "by=project&by=payee": "只能给一次"} {
		if page := one.do("GET", "/alerts?"+query, nil); page.Code != http.StatusUnprocessableEntity || !strings.Contains(page.Body.String(), said) {
			t.Errorf("%s: %d %s", query, page.Code, mainOf(page.Body.String()))
		}
	}
	if got := one.do("GET", "/alerts?code=P02", nil).Code; got != http.StatusOK {
		t.Errorf("a rule without a warning: %d", got)
	}
	if got := one.do("GET", "/alerts?payee_of=a-none", nil).Code; got != http.StatusNotFound {
		t.Errorf("the payee of no warning: %d", got)
	}
	maker, mine := w.officer(ledger.Maker, "m8", pageMaker.Unit, "/alerts?queue=mine")
	if len(picks(mine)) != 1 {
		t.Errorf("a maker's work: %d", len(picks(mine)))
	}
	for _, path := range []string{"/alerts?payee_of=" + w.warning("P13", 1).Alert, "/alerts/" + w.warning("P13", 1).Alert} {
		if got := maker.do("GET", path, nil).Code; got != http.StatusNotFound {
			t.Errorf("%s of another unit: %d", path, got)
		}
	}
	for _, path := range []string{"/desk/reports", "/desk/precision", "/desk/acts", "/desk/acts/list.csv", "/desk/rules", "/desk/rules/P13", "/desk/health", "/alerts/" + confirmed.Alert + "/package.zip"} {
		if got := maker.do("GET", path, nil).Code; got != http.StatusForbidden {
			t.Errorf("a maker at %s: %d", path, got)
		}
		if got := (&browser{t: t, h: w.h}).do("GET", path, nil).Code; got != http.StatusUnauthorized {
			t.Errorf("nobody at %s: %d", path, got)
		}
	}
}

// TestListIsSorted: by level, amount and day, page after page without a gap whatever
// happens between two clicks, and a warning's page goes on in the same order.
func TestListIsSorted(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	if _, err := w.db.Owner.Exec(t.Context(), `
		update alert.current set level = (array['blue', 'red', 'yellow', 'orange'])[1 + raised_seq % 4],
			due = case when raised_seq % 3 = 0 then null else date '2020-07-01' + (raised_seq % 5)::integer end`); err != nil {
		t.Fatal(err)
	}
	all, err := alerts.Newest(t.Context(), w.db.Pool, pageBook, alerts.Filter{}, 1<<62, 1000)
	if err != nil || len(all) < 4 {
		t.Fatalf("%d warnings, %v", len(all), err)
	}
	if !slices.ContainsFunc(all, func(c alerts.Current) bool { return c.Amount > 0 }) {
		t.Error("no warning has an amount")
	}
	severity := func(c alerts.Current) int { return slices.Index([]string{"red", "orange", "yellow", "blue"}, c.Level) }
	day := func(c alerts.Current) string { return cmp.Or(string(c.Due), "z") }
	newest := func(a, b alerts.Current) int { return cmp.Compare(b.Raised, a.Raised) }
	b, _ := w.auditor("auditor-1", "/alerts")
	for sort, by := range map[string]func(a, b alerts.Current) int{
		"new": newest,
		"level": func(a, b alerts.Current) int {
			return cmp.Or(cmp.Compare(severity(a), severity(b)), cmp.Compare(day(a), day(b)), newest(a, b))
		},
		"amount": func(a, b alerts.Current) int { return cmp.Or(cmp.Compare(b.Amount, a.Amount), newest(a, b)) },
		"due":    func(a, b alerts.Current) int { return cmp.Or(cmp.Compare(day(a), day(b)), newest(a, b)) },
	} {
		want := slices.SortedFunc(slices.Values(all), by)
		var seqs []string
		for _, c := range want {
			seqs = append(seqs, fmt.Sprint(c.Raised))
		}
		order := alerts.Order(strings.TrimPrefix(sort, "new"))
		var paged []string
		for at := alerts.Place(""); ; {
			page, err := order.Past(t.Context(), w.db.Pool, pageBook, alerts.Filter{}, at, 2)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page {
				paged = append(paged, fmt.Sprint(c.Raised))
			}
			if len(page) < 2 {
				break
			}
			at = order.Of(page[1])
		}
		if diff := slices.Compare(seqs, paged); diff != 0 {
			t.Errorf("%s, two by two: %v, want %v", sort, paged, seqs)
		}
		page := b.do("GET", "/alerts?state=all&sort="+sort, nil).Body.String()
		var shown []string
		for _, found := range rowSeqs.FindAllStringSubmatch(page, -1) {
			shown = append(shown, found[1])
		}
		if diff := slices.Compare(seqs, shown); diff != 0 {
			t.Errorf("%s on the page: %v, want %v", sort, shown, seqs)
		}
		for i, c := range want {
			before, after, err := order.Neighbours(t.Context(), w.db.Pool, pageBook, alerts.Filter{}, c)
			if err != nil || i > 0 && before != want[i-1].Alert || i == 0 && before != "" || i < len(want)-1 && after != want[i+1].Alert || i == len(want)-1 && after != "" {
				t.Errorf("%s: beside %d stand %q and %q, %v", sort, i, before, after, err)
			}
		}
	}
	// A link to the second page stays good when what it begins behind has moved.
	first := alerts.BySeverity.Of(slices.SortedFunc(slices.Values(all), func(a, b alerts.Current) int {
		return cmp.Or(cmp.Compare(severity(a), severity(b)), cmp.Compare(day(a), day(b)), newest(a, b))
	})[0])
	link := "/alerts?state=all&sort=level&past=" + string(first)
	before := len(picks(b.do("GET", link, nil).Body.String()))
	if _, err := w.db.Owner.Exec(t.Context(), `update alert.current set level = 'red', due = '2020-01-01' where raised_seq = (select max(raised_seq) from alert.current)`); err != nil {
		t.Fatal(err)
	}
	if after := len(picks(b.do("GET", link, nil).Body.String())); before != len(all)-1 || after < before-1 {
		t.Errorf("behind the first are %d, then %d", before, after)
	}
	for _, bad := range []string{"sort=name", "sort=level&past=1.2", "sort=due&past=x.1", "sort=amount&past=1.2.3"} {
		if got := b.do("GET", "/alerts?"+bad, nil).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", bad, got)
		}
	}
	if page := b.do("GET", "/alerts?state=all&queue=soon&days=30&sort=new", nil).Body.String(); !strings.Contains(page, `<option value="new" selected>`) {
		t.Error("a queue by days cannot be read by the newest")
	}
}

// TestNewRows: our script gets the rows after the last that it has, of the filter.
func TestNewRows(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	b, _ := w.auditor("auditor-1", "/alerts")
	second := w.warning("P13", 1)
	part := b.do("GET", fmt.Sprintf("/alerts?code=P13&state=all&after=%d", second.Raised), nil)
	found := rowSeqs.FindAllStringSubmatch(part.Body.String(), -1)
	if part.Code != 200 || len(found) != 1 || found[0][1] != fmt.Sprint(w.warning("P13", 2).Raised) || strings.Contains(part.Body.String(), "<html") || part.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("after %d: %d %s", second.Raised, part.Code, part.Body)
	}
	if got := b.do("GET", "/alerts?after=x", nil).Code; got != http.StatusUnprocessableEntity {
		t.Errorf("after x: %d", got)
	}
}

// TestBulkTellsEach: all or none, with what stands against each; the rest can go on;
// the form that comes twice is one act.
func TestBulkTellsEach(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	b, page := w.auditor("auditor-1", "/alerts?state=all&code=P13")
	all := picks(page)
	if len(all) != 3 {
		t.Fatalf("%d to pick", len(all))
	}
	form := url.Values{"form": {hiddenOf(t, strings.ReplaceAll(page, `class="bulk">`, `class="bulk"><i value="bulk">`), "bulk").Get("form")}, "id": {"bulk-1"}, "kind": {"alert.assigned"}, "pick": all, "unit": {"411025-NY"}, "opinion": {"请一并\r\n核实"}}
	look := b.do("POST", "/alerts?state=all&code=P13", form)
	if look.Code != http.StatusOK || !strings.Contains(look.Body.String(), "确认办理 3 件") || w.warning("P13", 1).Unit != "" {
		t.Fatalf("look: %d %s", look.Code, look.Body)
	}
	// The confirmed one can be assigned too, but not the one that was seen before.
	stale := slices.Clone(all)
	stale[0] = strings.Replace(stale[0], "~", "~9", 1)
	form["pick"], form["sure"] = stale, []string{"1"}
	refused := b.do("POST", "/alerts?state=all&code=P13", form)
	if got := problems.FindAllString(refused.Body.String(), -1); refused.Code != http.StatusConflict || len(got) != 1 || !strings.Contains(refused.Body.String(), "只办理其余 2 件") || !strings.Contains(refused.Body.String(), "请一并　核实") {
		t.Fatalf("refused: %d %v", refused.Code, got)
	}
	if w.warning("P13", 1).Unit != "" {
		t.Error("one of a refused batch was taken")
	}
	form["pick"], form["id"] = all, []string{"bulk-2"}
	for range 2 {
		done := b.do("POST", "/alerts?state=all&code=P13", form)
		if done.Code != http.StatusOK || strings.Count(done.Body.String(), `<span class="yes">✓</span>`) != 3 {
			t.Fatalf("done: %d %s", done.Code, done.Body)
		}
	}
	if got := w.warning("P13", 1); got.Unit != "411025-NY" || got.Step != 2 {
		t.Errorf("assigned: %+v", got)
	}
	dismiss := url.Values{"form": form["form"], "id": {"bulk-3"}, "kind": {"alert.dismissed"}, "sure": {"1"}, "pick": picks(b.do("GET", "/alerts?state=verifying", nil).Body.String())}
	if got := b.do("POST", "/alerts", dismiss); got.Code != http.StatusOK || strings.Count(got.Body.String(), "请填写") != 2 || w.warning("P13", 1).State != alerts.Verifying {
		t.Errorf("without ground and opinion: %d %s", got.Code, got.Body)
	}
	dismiss.Set("dismiss_ground", "explained")
	dismiss.Set("opinion", "两批材料")
	if got := b.do("POST", "/alerts", dismiss); got.Code != http.StatusOK || w.warning("P13", 1).State != alerts.Dismissing {
		t.Errorf("dismiss: %d %s", got.Code, got.Body)
	}
	second := url.Values{"form": form["form"], "id": {"bulk-4"}, "kind": {"alert.seconded"}, "sure": {"1"}, "pick": picks(b.do("GET", "/alerts?state=dismissing", nil).Body.String())}
	if got := b.do("POST", "/alerts", second); got.Code != http.StatusUnprocessableEntity || strings.Count(got.Body.String(), "须由第二人同意") != 2 {
		t.Errorf("the same person: %d %s", got.Code, got.Body)
	}
	other, _ := w.auditor("auditor-2", "/alerts")
	second.Set("form", sessionWord(t, other))
	if got := other.do("POST", "/alerts", second); got.Code != http.StatusOK || w.warning("P13", 1).State != alerts.Dismissed {
		t.Errorf("a second person: %d %s", got.Code, got.Body)
	}
	take := url.Values{"form": form["form"], "id": {"bulk-5"}, "take": {w.warning("P13", 0).Alert + "~" + strconv.FormatInt(w.warning("P13", 0).Step, 10)}}
	if got := b.do("POST", "/alerts?state=all", take); got.Code != http.StatusSeeOther || w.warning("P13", 0).Unit != "411025-SJ" {
		t.Errorf("take over: %d %s", got.Code, got.Body)
	}
	for _, bad := range []url.Values{{}, {"kind": {"fund.received"}, "id": {"x"}, "pick": all}, {"kind": {"alert.closed"}, "id": {"x"}}, {"kind": {"alert.closed"}, "id": {"x"}, "pick": {"a~b"}}, {"kind": {"alert.closed"}, "id": {"x"}, "pick": {all[0], all[0]}}} {
		bad.Set("form", form.Get("form"))
		if got := b.do("POST", "/alerts", bad).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, got)
		}
	}
}

// sessionWord is the session's own word.
func sessionWord(t *testing.T, b *browser) string {
	t.Helper()
	page := b.do("GET", "/alerts", nil).Body.String()
	for _, found := range hidden.FindAllStringSubmatch(page, -1) {
		if found[1] == "form" {
			return found[2]
		}
	}
	t.Fatal("no form")
	return ""
}

// TestTwoAuditorsTakeMany: of a batch in which another one was faster, the second is told
// what was done, and can take those cases too, with what was typed.
func TestTwoAuditorsTakeMany(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	at := "/alerts?state=all&code=P13"
	one, mine := w.auditor("auditor-1", at)
	two, theirs := w.auditor("auditor-2", at)
	bulk := func(page, id, opinion string, pick ...string) url.Values {
		form := hiddenOf(t, strings.ReplaceAll(page, `class="bulk">`, `class="bulk"><i value="bulk">`), "bulk")
		return url.Values{"form": {form.Get("form")}, "id": {id}, "kind": {"alert.commented"}, "sure": {"1"}, "pick": pick, "opinion": {opinion}}
	}
	all := picks(mine)
	if got := one.do("POST", at, bulk(mine, "first", "先看的", all[1])); got.Code != http.StatusOK {
		t.Fatalf("the first: %d %s", got.Code, got.Body)
	}
	refused := two.do("POST", at, bulk(theirs, "second", "后看的", all...))
	body := refused.Body.String()
	alert, _, _ := strings.Cut(all[1], "~")
	again := regexp.MustCompile(`<input type="checkbox" id="pick-` + alert + `" name="pick" value="([^"]*)">`).FindStringSubmatch(body)
	if refused.Code != http.StatusConflict || !strings.Contains(body, "<strong>办理意见</strong> 411025-SJ · auditor-1") || !strings.Contains(body, "后看的") || again == nil || again[1] == all[1] {
		t.Fatalf("the second: %d %s", refused.Code, mainOf(body))
	}
	if got := two.do("POST", at, bulk(theirs, "third", "后看的", all[0], again[1], all[2])); got.Code != http.StatusOK || strings.Count(got.Body.String(), `<span class="yes">✓</span>`) != 3 {
		t.Errorf("those too: %d %s", got.Code, mainOf(got.Body.String()))
	}
}

// TestTwoAuditorsCloseOneCase: the second sees what the first did, and keeps what he
// typed.
func TestTwoAuditorsCloseOneCase(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	c := w.warning("P13", 0)
	g := testEngine(w.l, w.db)
	w.take(g, ledger.By{Role: ledger.Checker, Unit: pageMaker.Unit, User: "checker-9"}, &ledger.AlertRectified{Step: at(c, c.Step), Entries: []ledger.Count{1}, Returned: yuan(3000)}, "已退回")
	path := "/alerts/" + c.Alert + "?state=all"
	one, mine := w.auditor("auditor-1", path)
	two, theirs := w.auditor("auditor-2", path)
	form := hiddenOf(t, mine, "alert.closed")
	form.Set("opinion", "已退回，同意销号")
	if got := one.do("POST", path, form); got.Code != http.StatusSeeOther || !strings.Contains(got.Header().Get("Location"), "state=all") {
		t.Fatalf("the first: %d %s", got.Code, got.Body)
	}
	form = hiddenOf(t, theirs, "alert.closed")
	form.Set("opinion", "我也同意销号")
	got := two.do("POST", path, form)
	body := got.Body.String()
	if got.Code != http.StatusConflict || !strings.Contains(body, "他人已作如下办理") || !strings.Contains(body, "已退回，同意销号") || !strings.Contains(body, "我也同意销号") || !strings.Contains(body, "auditor-1") {
		t.Errorf("the second: %d %s", got.Code, body)
	}
	form = hiddenOf(t, theirs, "alert.returned")
	form.Set("reason", "duplicate")
	form.Set("opinion", "退款单据不齐")
	_, lost, _ := strings.Cut(two.do("POST", path, form).Body.String(), "您刚才填写的内容")
	if lost, _, _ = strings.Cut(lost, "</dl>"); !strings.Contains(lost, "退款单据不齐") || !strings.Contains(lost, ledger.Reasons.Name("duplicate").Zh) {
		t.Errorf("what was typed for a step that is no more: %s", lost)
	}
	if now := w.warning("P13", 0); now.State != alerts.Closed {
		t.Errorf("the case: %+v", now)
	}
}

// TestAroundWarning: inputs as they were and are, the project's timeline, the payee's
// payments; and neighbours in the list.
func TestAroundWarning(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	w.day = "2020-06-29"
	w.mustPost(w.draft(&ledger.PaymentRejected{Payment: "ZF-0300", Reason: "duplicate"}, pageChecker), w.draft(&ledger.PaymentRejected{Payment: "ZF-0302", Reason: "duplicate"}, pageChecker), w.draft(&ledger.PaymentRejected{Payment: "ZF-0303", Reason: "duplicate"}, pageChecker), w.draft(&ledger.PaymentRejected{Payment: "ZF-0301", Reason: "duplicate"}, pageChecker))
	_, page := w.auditor("auditor-1", "/alerts/"+w.warning("P13", 1).Alert+"?state=all&code=P13")
	for _, want := range []string{
		"当时的值", "现在的值", "与当时不同", "项目时间轴", "同一收款人的付款", "ZF-0220", "XC2020-020", "规则文件原文", "params: {d: days", `rel="prev"`, `rel="next"`, "code=P13", "（本件）", "预警案卷",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	now, err := testEngine(w.l, w.db).Present(context.Background(), pageBook, w.warning("P13", 1).Entry, []string{"twin.exists", "payment.id"})
	if err != nil || len(now) != 2 || now[1].Value != "false" {
		t.Errorf("now: %v %v", now, err)
	}
	head, err := w.l.Head(context.Background(), pageBook)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.l.Head(context.Background(), pageBook); err != nil || again.Size != head.Size {
		t.Errorf("looking posted: %v %v", again, err)
	}
}

// privately has a warning about a payment to a private person.
func (w *watching) privately() alerts.Current {
	w.t.Helper()
	w.day = "2020-06-24"
	g := testEngine(w.l, w.db)
	for i := range 2 {
		d := w.draft(&ledger.PaymentRequested{Payment: fmt.Sprint("GR-", i), Project: "XC2020-002", Fund: "2020-SJ-1", Amount: yuan(777), Purpose: "奖补"}, pageMaker)
		d.Sealed = map[string]string{"payee_name": "李一", "id_number": idNumber(500)}
		if i == 0 {
			w.mustPost(d)
			continue
		}
		w.mustPost(w.draft(&ledger.AlertAcknowledged{Code: "P13", Version: 1, Of: d.ID, Ground: "agreed", File: ledger.File{Name: "说明.pdf", SHA256: strings.Repeat("A", 43) + "=", Size: 10}}, pageMaker), d)
	}
	for more, err := true, error(nil); more; {
		if more, err = g.Step(context.Background(), pageBook); err != nil {
			w.t.Fatal(err)
		}
	}
	return w.warning("P13", 3)
}

// TestRevealIsAnEntryFirst: a sealed value needs a reason, is logged, shown once, and in
// no page, file or address besides.
func TestRevealIsAnEntryFirst(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	c := w.privately()
	number := idNumber(500)
	path := "/alerts/" + c.Alert
	b, page := w.auditor("auditor-1", path)
	for _, secret := range []string{number, "李一", c.Payee} {
		if strings.Contains(page, secret) {
			t.Errorf("the page holds %q", secret)
		}
	}
	if !strings.Contains(page, "同一农户（人员）的补助和付款") || !strings.Contains(page, "ZF-0100") || !strings.Contains(page, "household_of="+c.Alert) {
		t.Errorf("other payments to the person: %s", page)
	}
	if n := len(picks(b.do("GET", "/alerts?state=all&household_of="+c.Alert, nil).Body.String())); n != 1 {
		t.Errorf("%d warnings about the person", n)
	}
	groups := b.do("GET", "/alerts?state=all&by=household", nil).Body.String()
	if !strings.Contains(groups, "某农户") || strings.Contains(groups, c.Payee) {
		t.Errorf("by household: %s", groups)
	}
	form := url.Values{"form": {sessionWord(t, b)}, "id": {"reveal-1"}, "field": {"id_number"}}
	if got := b.do("POST", path+"/reveal", form).Code; got != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", got)
	}
	form.Set("reason", "核对是否同一人")
	shown := b.do("POST", path+"/reveal", form)
	if shown.Code != http.StatusOK || !strings.Contains(shown.Body.String(), number) || shown.Header().Get("Cache-Control") != "private, no-store" {
		t.Fatalf("shown: %d %s", shown.Code, shown.Body)
	}
	again := b.do("POST", path+"/reveal", form)
	if again.Code != http.StatusConflict || strings.Contains(again.Body.String(), number) {
		t.Errorf("again: %d %s", again.Code, again.Body)
	}
	trail := b.do("GET", "/desk/acts?kind=seal.disclosed", nil).Body.String()
	if strings.Count(trail, `data-l="业务类型">向审计披露个人信息`) != 1 || !strings.Contains(trail, "auditor-1") || strings.Contains(trail, "核对是否同一人") {
		t.Errorf("the trail: %s", trail)
	}
	for _, bad := range [][2]string{{"field", "no_such"}, {"id", ""}, {"id", "a/b"}} {
		worse := url.Values{"form": form["form"], "id": {"reveal-2"}, "field": {"id_number"}, "reason": {"x"}}
		worse.Set(bad[0], bad[1])
		if got := b.do("POST", path+"/reveal", worse).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, got)
		}
	}
	maker, _ := w.officer(ledger.Maker, "m8", pageMaker.Unit, "/alerts")
	form.Set("form", sessionWord(t, maker))
	if got := maker.do("POST", path+"/reveal", form).Code; got != http.StatusForbidden {
		t.Errorf("a maker: %d", got)
	}
}

// TestPackageIsChecked: the case file holds what its manifest says, and every entry in
// it is proved to whoever has the policy, by the program that others use.
func TestPackageIsChecked(t *testing.T) {
	t.Parallel()
	public := t.TempDir()
	w := newWatching(t, func(c *Config) { c.Public = public })
	again := w.sign(public)
	c := w.warning("P13", 0)
	b, _ := w.auditor("auditor-1", "/alerts")
	again()
	got := b.do("GET", "/alerts/"+c.Alert+"/package.zip", nil)
	if got.Code != http.StatusOK || got.Header().Get("Cache-Control") != "private, no-store" {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	dir := t.TempDir()
	files := unpackCase(t, got.Body.Bytes(), dir)
	for _, name := range []string{"index.html", "warning.json", "rule.yaml", "HOWTO.txt", "policy.txt", "checkpoint.txt", "style.css", "SHA256SUMS"} {
		if files[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	for line := range strings.Lines(string(files["SHA256SUMS"])) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if got := sha256.Sum256(files[name]); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s is not as the manifest says", name)
		}
	}
	if html := string(files["index.html"]); !strings.Contains(html, "批次相同，应退回") || !strings.Contains(html, "未附PDF") || strings.Contains(html, "<script") {
		t.Errorf("the page: %s", html)
	}
	program := filepath.Join(dir, "yilu-verify")
	if out, err := exec.Command("go", "build", "-o", program, "yilu/cmd/yilu-verify").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	proofs := 0
	for name := range files {
		entry, ok := strings.CutSuffix(name, ".tlog-proof")
		if !ok {
			continue
		}
		proofs++
		args := []string{"proof", name, "--entry", entry + ".json", "--policy", "policy.txt"}
		for other := range files {
			if strings.HasPrefix(other, entry+"-") && strings.HasSuffix(other, ".disclosure.json") {
				args = append(args, "--disclosure", other)
			}
		}
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if proofs < 5 {
		t.Errorf("%d proofs", proofs)
	}
	// A changed entry does not pass.
	name := fmt.Sprintf("entries/%s-%d", pageBook, c.Entry)
	if err := os.WriteFile(filepath.Join(dir, name+".json"), bytes.Replace(files[name+".json"], []byte("3000.00"), []byte("3000.01"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "proof", name+".tlog-proof", "--entry", name+".json", "--policy", "policy.txt")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("a changed entry passed: %s", out)
	}
}

func unpackCase(t *testing.T, b []byte, dir string) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, files[f.Name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestPackageKeepsPersonsSealed: nothing in a case file links a private person's
// payments.
func TestPackageKeepsPersonsSealed(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	c := w.privately()
	b, _ := w.auditor("auditor-1", "/alerts")
	got := b.do("GET", "/alerts/"+c.Alert+"/package.zip", nil)
	for name, text := range unpackCase(t, got.Body.Bytes(), t.TempDir()) {
		for _, secret := range []string{c.Payee, idNumber(500), "李一"} {
			if bytes.Contains(text, []byte(secret)) {
				t.Errorf("%s holds %s", name, secret)
			}
		}
		if name == "index.html" && !bytes.Contains(text, []byte("尚未公布签名")) {
			t.Error("the page does not say that nothing is proved")
		}
	}
}

// TestReportAddsUp: each line counts the warnings of the list that it leads to, and all
// lines together every warning, to the fen.
func TestReportAddsUp(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	w.privately()
	if err := testEngine(w.l, w.db).Report(t.Context(), pageBook, alerts.Fault{Code: "L08", Subject: "signer", Entry: ledger.None, Sentence: ledger.Text{Zh: "签名已停止", En: "halted"}}); err != nil {
		t.Fatal(err) // about the county as a whole
	}
	b, page := w.auditor("auditor-1", "/desk/reports?from=2020-01-01&to=2020-12-31")
	list, err := alerts.List(t.Context(), w.db.Pool, pageBook, alerts.Filter{}, ledger.None, 1000)
	if err != nil {
		t.Fatal(err)
	}
	cells, err := alerts.Summarise(t.Context(), w.db.Pool, pageBook, alerts.Filter{}, "2020-06-30")
	if err != nil {
		t.Fatal(err)
	}
	var total, want alerts.Cell
	for _, x := range cells {
		total.Add(x)
		if x.Raised != x.Open+x.Dismissed+x.Closed+x.Recorded || x.Overdue > x.Open {
			t.Errorf("%s %s does not add up: %+v", x.Month, x.Township, x)
		}
		of, err := alerts.List(t.Context(), w.db.Pool, pageBook, alerts.Filter{Region: x.Township, Only: x.Township == string(pageBook), From: ledger.Date(x.Month + "-01"), To: ledger.Date(x.Month + "-30")}, ledger.None, 1000)
		if err != nil || int64(len(of)) != x.Raised {
			t.Errorf("%s %s: %d in the list, %d in the report: %v", x.Month, x.Township, len(of), x.Raised, err)
		}
	}
	for _, c := range list {
		want.ToReturn, want.Returned = want.ToReturn+c.ToReturn, want.Returned+c.Returned
	}
	if total.Raised != int64(len(list)) || total.ToReturn != want.ToReturn || total.ToReturn != yuan(3000) {
		t.Errorf("total %+v of %d warnings", total, len(list))
	}
	if !strings.Contains(page, "3,000.00") || !strings.Contains(page, "2020-06") {
		t.Errorf("the page: %s", page)
	}
	// Every line of the page leads to as many as it says.
	for _, found := range regexp.MustCompile(`<th scope="row"><a href="([^"]+)">[^<]*</a></th><td class="n" data-l="发出">(\d+)</td>`).FindAllStringSubmatch(page, -1) {
		if got := fmt.Sprint(len(picks(b.do("GET", strings.ReplaceAll(found[1], "&amp;", "&"), nil).Body.String()))); got != found[2] {
			t.Errorf("%s lists %s, the report says %s", found[1], got, found[2])
		}
	}
	file := b.do("GET", "/desk/reports/list.xlsx?from=2020-01-01&to=2020-12-31", nil)
	if file.Code != http.StatusOK || !bytes.HasPrefix(file.Body.Bytes(), []byte("PK")) {
		t.Errorf("the sheet: %d", file.Code)
	}
	var csv bytes.Buffer
	view, err := w.server.readReport(w.call("/desk/reports?from=2020-01-01&to=2020-12-31"), w.inside("/desk/reports"))
	if err != nil {
		t.Fatal(err)
	}
	if err := sheet.WriteLines(&csv, sheet.CSV, "x", view.lines()); err != nil || !strings.Contains(csv.String(), fmt.Sprintf("合计,,%d,", len(list))) {
		t.Errorf("%v %s", err, &csv)
	}
}

// call and inside are a request of an auditor without HTTP.
func (w *watching) call(path string) *call {
	_, e := newServer(w.server.Config)
	return &call{Context: e.NewContext(httptest.NewRequest("GET", path, nil), httptest.NewRecorder()), book: pageBook, who: &actor{Role: ledger.Auditor, Unit: "411025-SJ", User: "auditor-1"}}
}

func (w *watching) inside(path string) *officer {
	c := w.call(path)
	return &officer{frame: w.server.newFrame(c, "report", "reports"), Who: c.who}
}

// TestTrail: who did what, by user, unit, kind and day, page by page without a gap.
func TestTrail(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	b, _ := w.auditor("auditor-1", "/desk/acts")
	seen := map[string]bool{}
	entries := regexp.MustCompile(`data-l="分录号"><a href="[^"]+">(\d+)</a>`)
	for next := "/desk/acts"; next != ""; {
		page := b.do("GET", next, nil).Body.String()
		for _, found := range entries.FindAllStringSubmatch(page, -1) {
			if seen[found[1]] {
				t.Fatalf("entry %s twice", found[1])
			}
			seen[found[1]] = true
		}
		next = ""
		if found := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(page); found != nil {
			next = strings.ReplaceAll(found[1], "&amp;", "&")
		}
	}
	head, err := w.l.Head(t.Context(), pageBook)
	if err != nil {
		t.Fatal(err)
	}
	want := 0
	for from := ledger.Seq(0); int64(from) < head.Size; from += 100 {
		list, err := w.l.Entries(t.Context(), pageBook, from, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if !ledger.IsLine(e.Kind) && e.By.Role != ledger.Engine {
				want++
			}
		}
	}
	if len(seen) != want {
		t.Errorf("%d acts, want %d", len(seen), want)
	}
	count := func(query string) int {
		return len(entries.FindAllString(b.do("GET", "/desk/acts?"+query, nil).Body.String(), -1))
	}
	for query, want := range map[string]int{"user=checker-9": 1, "user=nobody": 0, "kind=alert.confirmed": 1, "unit=411025-SJ&kind=alert.assigned": 1, "from=2020-07-01": 0, "to=2020-06-29": 0, "from=2020-06-30&to=2020-06-30&user=checker-9": 1} {
		if got := count(query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	for _, bad := range []string{"kind=none", "from=x", "before=x"} {
		if got := b.do("GET", "/desk/acts?"+bad, nil).Code; got != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", bad, got)
		}
	}
	csv := b.do("GET", "/desk/acts/list.csv?user=checker-9", nil)
	if !strings.Contains(csv.Body.String(), "checker-9") || strings.Count(csv.Body.String(), "\n") != 2 {
		t.Errorf("csv: %s", csv.Body)
	}
	if got := b.do("GET", "/desk/acts/list.xlsx", nil); !bytes.HasPrefix(got.Body.Bytes(), []byte("PK")) {
		t.Errorf("xlsx: %d", got.Code)
	}
}

// TestProposal: a limit is proposed, tried on the past, submitted, and holds once a
// second person approves just that.
func TestProposal(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	one, page := w.auditor("auditor-1", "/desk/rules/P13")
	form := hiddenOf(t, page, "parameter.set")
	form.Del("id")
	for name, value := range map[string]string{"name": "d", "value": "abc", "region": "411025", "from": "2020-07-01", "basis": "襄财〔2020〕77号", "note": "误报偏多", "past_from": "2020-01-01", "past_to": "2020-06-30"} {
		form.Set(name, value)
	}
	bad := one.do("POST", "/desk/rules/P13", form)
	if bad.Code != http.StatusUnprocessableEntity || !strings.Contains(bad.Body.String(), `value="abc"`) || !strings.Contains(bad.Body.String(), "误报偏多") || !strings.Contains(bad.Body.String(), `aria-invalid="true"`) {
		t.Fatalf("a value that is none: %d %s", bad.Code, bad.Body)
	}
	form.Set("past_from", "2010-01-01")
	if got := one.do("POST", "/desk/rules/P13", form); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "最长三年") {
		t.Errorf("ten years: %d", got.Code)
	}
	form.Set("past_from", "2020-01-01")
	form.Set("value", "0")
	begun := one.do("POST", "/desk/rules/P13", form)
	if begun.Code != http.StatusSeeOther {
		t.Fatalf("try: %d %s", begun.Code, begun.Body)
	}
	test := begun.Header().Get("Location")
	result := ""
	for until := time.Now().Add(time.Minute); !strings.Contains(result, "SHA-256"); {
		if result = one.do("GET", test, nil).Body.String(); time.Now().After(until) {
			t.Fatalf("no result: %s", result)
		}
	}
	// All twins were asked for on one day: within no days there are as many.
	if !strings.Contains(result, "与现行相同</dt><dd>3<") || !strings.Contains(result, "比现行少</dt><dd>0<") {
		t.Errorf("the difference: %s", result)
	}
	exempt := hiddenOf(t, page, "exemption.set")
	for name, value := range map[string]string{"fact": "payment.id", "text": "ZF-0301", "from": "2020-07-01", "to": "2020-12-31", "basis": "襄财〔2020〕78号", "note": "分批付款", "past_from": "2020-01-01", "past_to": "2020-06-30"} {
		exempt.Set(name, value)
	}
	quiet := one.do("POST", "/desk/rules/P13", exempt)
	if quiet.Code != http.StatusSeeOther {
		t.Fatalf("try an exemption: %d %s", quiet.Code, quiet.Body)
	}
	for until := time.Now().Add(time.Minute); !strings.Contains(result, "列入白名单不提醒</dt><dd>1<"); {
		if result = one.do("GET", quiet.Header().Get("Location"), nil).Body.String(); time.Now().After(until) {
			t.Fatalf("no result: %s", result)
		}
	}
	two, _ := w.auditor("auditor-2", "/desk/rules")
	if got := two.do("GET", test, nil).Code; got != http.StatusNotFound {
		t.Errorf("another's test: %d", got)
	}
	u, _ := url.Parse(test)
	submit := url.Values{"form": {sessionWord(t, one)}, "test": {u.Query().Get("test")}}
	for range 2 {
		if got := one.do("POST", "/desk/rules/P13", submit); got.Code != http.StatusSeeOther {
			t.Fatalf("submit: %d %s", got.Code, got.Body)
		}
	}
	own := one.do("GET", "/desk/rules", nil).Body.String()
	if !strings.Contains(own, "本人提出的变更须由他人审批") || strings.Contains(own, `value="approve"`) {
		t.Errorf("one's own: %s", own)
	}
	_, read := w.officer(ledger.Leader, "leader-1", "411025-XZ", "/desk/rules")
	if !strings.Contains(read, `href="/rules/P13"`) || strings.Contains(read, `"/desk/rules/P13"`) || strings.Contains(read, `value="approve"`) || strings.Contains(read, "选择一条规则提出变更") || !strings.Contains(own, "选择一条规则提出变更") {
		t.Errorf("who reads only is offered what only auditors may do: %s", read)
	}
	if strings.Contains(read, "误报偏多") {
		t.Error("why it is proposed is shown to one who does not decide")
	}
	waiting := two.do("GET", "/desk/rules", nil).Body.String()
	want(t, waiting, "误报偏多（回测 2020-01-01 至 2020-06-30：命中事项 3，比现行多出 0、少 0，报告 SHA-256 ", "<dt>现行限额</dt><dd>30")
	decide := url.Values{"form": {sessionWord(t, two)}, "decision": {"approve"}}
	for _, name := range []string{"id", "submission", "hash"} {
		decide.Set(name, regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(waiting)[1])
	}
	decide.Set("hash", strings.ReplaceAll(decide.Get("hash"), "&#43;", "+"))
	wrong := url.Values{}
	for k, v := range decide {
		wrong[k] = v
	}
	wrong.Set("hash", strings.Repeat("A", 43)+"=")
	wrong.Set("id", "other")
	if got := two.do("POST", "/desk/rules", wrong).Code; got != http.StatusUnprocessableEntity {
		t.Errorf("another content: %d", got)
	}
	reject := url.Values{"form": decide["form"], "decision": {"reject"}, "id": {"r1"}, "submission": decide["submission"], "reason": {""}}
	if got := two.do("POST", "/desk/rules", reject); got.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Body.String(), "退回须选择原因") {
		t.Errorf("rejected without a reason: %d", got.Code)
	}
	if got := two.do("POST", "/desk/rules", decide); got.Code != http.StatusSeeOther {
		t.Fatalf("approve: %d %s", got.Code, got.Body)
	}
	rules, _, err := w.l.RulesOf(t.Context(), pageBook)
	if err != nil || len(rules.Parameters) != 1 || rules.Parameters[0].Value != "0" || rules.Parameters[0].From != "2020-07-01" {
		t.Errorf("in force: %+v %v", rules.Parameters, err)
	}
	open := url.Values{"form": decide["form"], "id": {"x9"}, "decision": {"approve"}, "submission": {"S1"}, "hash": decide["hash"]}
	if got := two.do("POST", "/desk/rules", open).Code; got != http.StatusNotFound {
		t.Errorf("a submission about money: %d", got)
	}
	w.submit("财务提出", w.draft(&ledger.ParameterSet{Code: "P13", Name: "d", Value: "1", Region: "411025", From: "2020-07-01", Basis: "襄财〔2020〕78号"}, pageMaker))
	if page := two.do("GET", "/desk/rules", nil).Body.String(); !strings.Contains(page, "由经办人员提出") || strings.Contains(page, `value="approve"`) {
		t.Errorf("what finance proposed: %s", page)
	}
}

// TestPrecision: decisions by rule and ground.
func TestPrecision(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	g := testEngine(w.l, w.db)
	c := w.warning("P13", 1)
	w.take(g, pageAuditor, &ledger.AlertAssigned{Step: at(c, 1), Unit: pageMaker.Unit}, "请核实")
	w.take(g, pageAuditor, &ledger.AlertDismissed{Step: at(c, 2), Ground: "explained"}, "有合同")
	w.take(g, ledger.By{Role: ledger.Auditor, Unit: "411025-SJ", User: "auditor-2"}, &ledger.AlertSeconded{Step: at(c, 3)}, "同意")
	found, err := g.Precisions(t.Context(), pageBook, "2020-06-01", "2020-06-30")
	if err != nil || len(found) != 1 || found[0].Confirmed != 1 || found[0].Dismissed != 1 || found[0].Grounds["explained"] != 1 || found[0].FalseShare() != 5000 || len(found[0].Months) != 1 {
		t.Fatalf("%+v %v", found, err)
	}
	_, page := w.auditor("auditor-1", "/desk/precision")
	if !strings.Contains(page, "50.00%") || !strings.Contains(page, "有合理解释并附证明") {
		t.Errorf("the page: %s", page)
	}
}

// TestHealthAnswers: also when what it asks about is not there.
func TestHealthAnswers(t *testing.T) {
	t.Parallel()
	asked := 0
	w := newWatching(t, func(c *Config) {
		c.Public = t.TempDir()
		c.Health = func(context.Context) []HealthLine {
			asked++
			return []HealthLine{{"disk data", "fail", ledger.Text{Zh: "已满", En: "full"}, ledger.Text{Zh: "扩容", En: "make room"}}}
		}
	})
	b, page := w.auditor("auditor-1", "/desk/health")
	for _, want := range []string{"有异常", "已满", "扩容", "尚未签名", "引擎自检", "每日摘要", "可以服务"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if b.do("GET", "/desk/health", nil); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// selfCheck is a check of the log that finds what it is told to, each time it is asked.
type selfCheck struct {
	found []SelfFault
	asked int
}

func (c *selfCheck) Found() []SelfFault { return c.found }
func (c *selfCheck) Ask()               { c.asked++ }
func (c *selfCheck) Last() (time.Time, bool) {
	if c.asked == 0 {
		return time.Time{}, false
	}
	return time.Date(2020, 6, 30, 1, 2, 3, 0, time.UTC), false
}

// TestEntriesAreCheckedWhenAsked: an auditor has every entry checked, and reads what was
// found there, on the public page of the log, and on the page of the warning.
func TestEntriesAreCheckedWhenAsked(t *testing.T) {
	t.Parallel()
	check := &selfCheck{}
	w := newWatching(t, func(c *Config) { c.SelfCheck = check })
	b, page := w.auditor("auditor-1", "/desk/health")
	want(t, page, "本次启动后尚未逐条核对", "立即逐条核对")
	if r := b.do("POST", "/desk/health", url.Values{}); r.Code/100 != 4 && !strings.Contains(r.Header().Get("Location"), "again") || check.asked != 0 {
		t.Errorf("without the session's word: %d, asked %d times", r.Code, check.asked)
	}
	if r := b.do("POST", "/desk/health", url.Values{"form": {wordOn(t, b, "/desk/health")}}); r.Code != http.StatusSeeOther || check.asked != 1 {
		t.Errorf("%d, asked %d times", r.Code, check.asked)
	}
	_, page = w.auditor("auditor-1", "/desk/health")
	want(t, page, "每条分录与其散列、签名一致，核对于 2020-06-30 09:02:03")
	text := ledger.Text{Zh: "账套 411025 第 7 号分录：散列不符", En: "entry 7 is not what it was"}
	check.found = []SelfFault{{7, text}}
	_, page = w.auditor("auditor-1", "/desk/health")
	want(t, page, text.Zh, "有异常")
	want(t, b.do("GET", "/log", nil).Body.String(), text.Zh)
	if err := testEngine(w.l, w.db).Report(t.Context(), pageBook, alerts.Fault{Code: "L01", Subject: text.En, Entry: 7, Sentence: text}); err != nil {
		t.Fatal(err)
	}
	_, page = w.auditor("auditor-1", "/alerts/"+w.warning("L01", 0).Alert)
	want(t, page, text.Zh, "断链", "每条分录的字节", `entry=7">`)
	if strings.Contains(page, text.En) || strings.Contains(page, "没有规则") {
		t.Errorf("the page: %s", page)
	}
}

// TestSweptLeadsToEntries: the page of what a sweep found leads to the entries that show it.
func TestSweptLeadsToEntries(t *testing.T) {
	t.Parallel()
	w := newWatching(t, nil)
	activateSome(t, w.l, pageBook, "sweeps", "A05")
	past := alerts.Backfill{Codes: []string{"A05"}, From: "2022-01-03", To: "2022-01-03"}
	done, err := past.Run(t.Context(), w.server.Alerts, pageBook)
	if err != nil || done[0].Found == 0 {
		t.Fatal(done, err)
	}
	_, page := w.auditor("auditor-1", "/alerts/"+w.warning("A05", 0).Alert)
	want(t, page, "截至日 <small><code>as_of</code>", "所涉分录 <small><code>entries</code></small></th><td><a href=\"/entries/")
}
