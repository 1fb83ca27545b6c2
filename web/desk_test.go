package web

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"yilu/ledger"
)

var inputValue = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// formOn reads the hidden inputs of a page's form of the desk.
func formOn(t *testing.T, page string) url.Values {
	t.Helper()
	_, form, ok := strings.Cut(page, `<form method="post" action="/desk/form"`)
	if !ok {
		_, form, ok = strings.Cut(page, ` class="desk">`)
	}
	if !ok {
		t.Fatalf("no form: %s", page)
	}
	form, _, _ = strings.Cut(form, "</form>")
	v := url.Values{}
	for _, found := range inputValue.FindAllStringSubmatch(form, -1) {
		v.Set(html.UnescapeString(found[1]), html.UnescapeString(found[2]))
	}
	return v
}

// desk is a county with officers at their desks.
type desk struct {
	*countyFixture
	h http.Handler
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	x := newTypical(t, plainText)
	return &desk{x, x.officers("", fixedNow)}
}

// as is a browser of an officer who has entered.
func (d *desk) as(t *testing.T, by ledger.By) *browser {
	t.Helper()
	b := &browser{t: t, h: d.h}
	b.enter(d.token(by.Role, by.User, by.Unit, pageNow), "/desk/drafts")
	return b
}

// fill opens the form of a kind, types a body and values into it, and sends it.
func fill(t *testing.T, b *browser, kind ledger.Kind, body ledger.Body, more url.Values) url.Values {
	t.Helper()
	w := b.do("GET", "/desk/new/"+string(kind), nil)
	if w.Code != http.StatusOK {
		t.Fatalf("form of %s: %d %s", kind, w.Code, w.Body)
	}
	form := formOn(t, w.Body.String())
	form.Set("0.on", "2020-06-29")
	if body != nil {
		typeBody(form, reflect.ValueOf(body).Elem(), "0.body")
	}
	for name, v := range more {
		form[name] = v
	}
	return form
}

// press sends a form with a button, and returns the answer.
func press(b *browser, form url.Values, act string) *httptest.ResponseRecorder {
	form.Set("act", act)
	return b.do("POST", "/desk/form", form)
}

// submitForm checks and submits, and wants it taken.
func submitForm(t *testing.T, b *browser, form url.Values) string {
	t.Helper()
	w := press(b, form, "check")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "预检通过") {
		t.Fatalf("check: %d %s", w.Code, problemsOf(w.Body.String()))
	}
	again := formOn(t, w.Body.String())
	for _, name := range []string{"version", "seen", "id", "draft"} {
		form.Set(name, again.Get(name))
	}
	w = press(b, form, "submit")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("submit: %d %s", w.Code, problemsOf(w.Body.String()))
	}
	return w.Header().Get("Location")
}

// problemsOf is the summary of what is wrong on a page.
func problemsOf(page string) string {
	_, page, _ = strings.Cut(page, `<main`)
	page, _, _ = strings.Cut(page, `<fieldset class="entry">`)
	return regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " ")
}

// TestPaymentFromFormToVoucher walks one payment through the desks of three officers.
func TestPaymentFromFormToVoucher(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	maker, checker, payer := d.as(t, pageMaker), d.as(t, pageChecker), d.as(t, pagePayer)
	body := &ledger.PaymentRequested{Payment: "ZF-9001", Project: "XC2020-020", Fund: "2020-SJ-1", Purpose: "水表采购款", Payee: ledger.Party{Name: "襄城县惠民水务设备有限公司"}}
	form := fill(t, maker, "payment.requested", body, url.Values{"0.body.amount": {"１２，３４５．６７元"}})
	w := press(maker, form, "check")
	page := w.Body.String()
	for _, want := range []string{"壹万贰仟叁佰肆拾伍元陆角柒分", "指标余额", `value="１２，３４５．６７元"`, "预检通过", `value="submit"`} {
		if !strings.Contains(page, want) {
			t.Fatalf("the checked form lacks %q: %s", want, problemsOf(page))
		}
	}
	to := submitForm(t, maker, form)
	if !strings.HasPrefix(to, "/desk/entries/") {
		t.Fatalf("to %s", to)
	}
	if page := maker.do("GET", to, nil).Body.String(); !strings.Contains(page, "已入账") || !strings.Contains(page, "12,345.67") {
		t.Errorf("entry: %s", problemsOf(page))
	}
	for _, own := range []string{"/desk/payments/ZF-9001"} {
		if page := maker.do("GET", own, nil).Body.String(); strings.Contains(page, `value="approve"`) {
			t.Error("a maker is offered an approval")
		}
	}
	if page := checker.do("GET", "/desk", nil).Body.String(); !strings.Contains(page, "/desk/payments/ZF-9001") {
		t.Error("the payment does not wait on the checker's desk")
	}
	page = checker.do("GET", "/desk/payments/ZF-9001", nil).Body.String()
	decision := formOn(t, page)
	decision.Set("act", "approve")
	if w := checker.do("POST", "/desk/payments/ZF-9001", decision); w.Code != http.StatusSeeOther {
		t.Fatalf("approve: %d %s", w.Code, problemsOf(w.Body.String()))
	}
	if page := payer.do("GET", "/desk/pay", nil).Body.String(); !strings.Contains(page, "payment=ZF-9001") {
		t.Error("the payment does not wait for the payer")
	}
	w = payer.do("GET", "/desk/new/payment.paid?payment=ZF-9001", nil)
	paid := formOn(t, w.Body.String())
	paid.Set("0.on", "2020-06-30")
	paid.Set("0.body.payment", "ZF-9001")
	paid.Set("0.body.voucher", "0012")
	submitForm(t, payer, paid)
	if p, err := d.l.Payment(t.Context(), pageBook, "ZF-9001"); err != nil || p.State != ledger.StatePaid || p.Amount != 1234567 {
		t.Fatalf("%+v %v", p, err)
	}
	page = payer.do("GET", "/desk/payments/ZF-9001/voucher", nil).Body.String()
	for _, want := range []string{"人民币壹万贰仟叁佰肆拾伍元陆角柒分", "maker-1", "checker-1", "payer-1", "0012", "襄城县惠民水务设备有限公司"} {
		if !strings.Contains(page, want) {
			t.Errorf("the voucher lacks %q", want)
		}
	}
}

// TestFormKeepsWhatWasTyped: errors stand in the summary and at their fields, and
// nothing typed is lost.
func TestFormKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	b := d.as(t, pageMaker)
	form := fill(t, b, "payment.requested", &ledger.PaymentRequested{Payment: "ZF 9", Project: "XC2020-020", Fund: "2020-SJ-1", Purpose: "电话13800138000"}, url.Values{
		"0.body.amount": {"十二万"}, "0.sealed.note": {"<b>张三</b>\n来电"},
	})
	w := press(b, form, "submit")
	if w.Code != http.StatusUnprocessableEntity {
		t.Fatalf("%d", w.Code)
	}
	page := w.Body.String()
	for _, want := range []string{`<a href="#0.body.amount">`, `id="0.body.amount-error"`, `value="十二万"`, "电话13800138000", "&lt;b&gt;张三&lt;/b&gt;", `aria-invalid="true"`} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %q", want)
		}
	}
	form.Set("0.body.amount", "1,000")
	form.Set("version", formOn(t, page).Get("version"))
	page = press(b, form, "submit").Body.String()
	for _, want := range []string{`<a href="#0.body.payment">支付编号：须为`, `<a href="#0.body.purpose">用途：公开文字中不得含`, `<a href="#0.sealed.payee_name">收款人姓名：付给单位的填`} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %q: %s", want, problemsOf(page))
		}
	}
	over := fill(t, b, "payment.requested", &ledger.PaymentRequested{Payment: "ZF-9", Project: "XC2020-020", Fund: "2020-SJ-1", Purpose: "水表", Payee: ledger.Party{Name: "某公司"}}, url.Values{"0.body.amount": {"9000万"}})
	page = press(b, over, "check").Body.String()
	if !strings.Contains(page, `<a href="#0.body.amount">支付金额：超过指标`) || strings.Contains(page, `value="submit"`) {
		t.Errorf("over the quota: %s", problemsOf(page))
	}
	for name, typed := range map[string][2]string{
		"0.on":          {"2020-02-30", "业务日期：日期须形如 2020-03-18，且确有这一天"},
		"0.body.amount": {"1.234", "支付金额：请写金额（元），最多两位小数"},
		"0.body.fund":   {"2020-SJ-99", "资金：项目 XC2020-020 没有分到资金 2020-SJ-99 的钱"},
	} {
		form := fill(t, b, "payment.requested", &ledger.PaymentRequested{Payment: "ZF-10", Project: "XC2020-020", Fund: "2020-SJ-1", Purpose: "水表", Amount: 100, Payee: ledger.Party{Name: "某公司"}}, url.Values{name: {typed[0]}})
		if page := press(b, form, "check").Body.String(); !strings.Contains(page, `<a href="#`+name+`">`+typed[1]) {
			t.Errorf("%s %q: %s", name, typed[0], problemsOf(page))
		}
	}
	undo := fill(t, b, "entry.reversed", &ledger.EntryReversed{}, url.Values{"0.corrects": {"1"}})
	if page := press(b, undo, "check").Body.String(); !strings.Contains(page, `<a href="#0.body.reason">原因：请选择<`) {
		t.Errorf("no reason chosen: %s", problemsOf(page))
	}
}

// TestFormReadsIDs: ids in full width are those in plain letters, one in small letters is
// answered by the one that there is, and no rule says what such a project was allocated.
func TestFormReadsIDs(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	activateSome(t, d.l, pageBook, "P02", "P02")
	b := d.as(t, pageMaker)
	asked := func(project string, amount ledger.Amount) url.Values {
		body := &ledger.PaymentRequested{Payment: "ＺＦ-９００１", Project: project, Fund: "２０２０－ＳＪ－１", Purpose: "水表", Amount: amount, Payee: ledger.Party{Name: "某公司"}}
		return fill(t, b, "payment.requested", body, nil)
	}
	page := press(b, asked("ＸＣ2020-020", 100), "check").Body.String()
	for _, want := range []string{`value="XC2020-020"`, `value="ZF-9001"`, `value="2020-SJ-1"`, "预检通过"} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %q: %s", want, problemsOf(page))
		}
	}
	page = press(b, asked("xc2020-020", 100), "check").Body.String()
	if got := problemsOf(page); !strings.Contains(got, "没有项目 xc2020-020；同编号的项目 XC2020-020 是大写的，请核对") || strings.Contains(got, "指标0.00元") || strings.Contains(page, "无法判定") {
		t.Errorf("in small letters: %s", got)
	}
	page = press(b, asked("XC2020-020", 9_000_000_000), "check").Body.String()
	if got := problemsOf(page); !strings.Contains(got, "P02") || !strings.Contains(got, "指标") {
		t.Errorf("over the quota: %s", got)
	}
}

// TestSubmissionOfSeveral: entries of one submission, rows of one list, a double
// click, and a change after it.
func TestSubmissionOfSeveral(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	b := d.as(t, pageMaker)
	plan := d.plan("XC2020-900", "新项目", "411025105208", "雪楼村", "governance", ledger.BudgetLine{Fund: "2020-XJ-1", Amount: yuan(1000)}, ledger.BudgetLine{Fund: "2020-SJ-1", Amount: yuan(500)})
	form := fill(t, b, "project.approved", plan, nil)
	page := press(b, form, "more:0.body.budget").Body.String()
	if strings.Count(page, `name="0.body.budget.2.`) == 0 {
		t.Fatal("no third row")
	}
	form.Set("version", formOn(t, page).Get("version"))
	form.Set("0.body.budget.4.fund", "") // a blank row
	form.Set("0.body.budget.5.fund", form.Get("0.body.budget.1.fund"))
	form.Set("0.body.budget.5.amount", form.Get("0.body.budget.1.amount"))
	form.Del("0.body.budget.1.fund")
	form.Del("0.body.budget.1.amount")
	form.Set("another", "fund.allocated")
	page = press(b, form, "another").Body.String()
	again := formOn(t, page)
	if again.Get("1.kind") != "fund.allocated" || !strings.Contains(page, `name="1.body.project" value="XC2020-900"`) {
		t.Fatalf("one more: %s", page)
	}
	form.Set("1.kind", "fund.allocated")
	form.Set("1.on", "2020-06-29")
	typeBody(form, reflect.ValueOf(&ledger.FundAllocated{Fund: "2020-XJ-1", Project: "XC2020-900", Document: "襄财〔2020〕50号", Amount: yuan(1000)}).Elem(), "1.body")
	form.Set("version", again.Get("version"))
	to := submitForm(t, b, form)
	if w := press(b, form, "submit"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
		t.Errorf("sent twice: %d %s", w.Code, w.Header().Get("Location"))
	}
	form.Set("1.body.amount", "999")
	if w := press(b, form, "submit"); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "已经提交过") {
		t.Errorf("changed after that: %d", w.Code)
	}
	id := strings.TrimSuffix(strings.TrimPrefix(to, "/desk/submissions/"), "?done=1")
	sub, err := d.l.Submission(t.Context(), pageBook, id)
	if err != nil || sub.Last-sub.First != 1 || sub.Title != "项目批复等2条" {
		t.Fatalf("%+v %v", sub, err)
	}
	e, err := d.l.Entry(t.Context(), pageBook, sub.First)
	if err != nil {
		t.Fatal(err)
	}
	if got := e.Body.(*ledger.ProjectApproved); len(got.Budget) != 2 || got.Budget[1].Fund != "2020-SJ-1" {
		t.Errorf("budget %+v", got.Budget)
	}
	if w := b.do("POST", "/desk/submissions/"+id, formOnOrEmpty(b.do("GET", to, nil).Body.String(), form)); w.Code != http.StatusForbidden {
		t.Errorf("a maker approves: %d", w.Code)
	}
}

func formOnOrEmpty(page string, form url.Values) url.Values {
	return url.Values{"form": {form.Get("form")}, "act": {"approve"}}
}

// TestTwoApprovers: the second is told, swapped content is refused, and nobody approves
// their own.
func TestTwoApprovers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	subs, _, err := d.l.Submissions(t.Context(), pageBook, ledger.StateOpen, ledger.Page{})
	if err != nil || len(subs) != 1 {
		t.Fatalf("%d open: %v", len(subs), err)
	}
	path := "/desk/submissions/" + subs[0].Submission
	one, two := d.as(t, pageChecker), d.as(t, ledger.By{Role: ledger.Checker, Unit: pageMaker.Unit, User: "checker-2"})
	mine, theirs := formOn(t, one.do("GET", path, nil).Body.String()), formOn(t, two.do("GET", path, nil).Body.String())
	swapped := url.Values{}
	for name, v := range mine {
		swapped[name] = v
	}
	swapped.Set("hash", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	swapped.Set("act", "approve")
	if w := one.do("POST", path, swapped); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "与审批人所见不一致") {
		t.Errorf("swapped: %d %s", w.Code, problemsOf(w.Body.String()))
	}
	stale := url.Values{}
	for name, v := range mine {
		stale[name] = v
	}
	stale.Set("seen", "00")
	stale.Set("act", "approve")
	if w := one.do("POST", path, stale); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "请看过以后再决定") {
		t.Errorf("not seen: %d", w.Code)
	}
	theirs.Set("act", "reject")
	if w := two.do("POST", path, theirs); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "退回须选择原因") {
		t.Errorf("without a reason: %d", w.Code)
	}
	mine.Set("act", "approve")
	if w := one.do("POST", path, mine); w.Code != http.StatusSeeOther {
		t.Fatalf("approve: %d %s", w.Code, problemsOf(w.Body.String()))
	}
	theirs.Set("act", "approve")
	if w := two.do("POST", path, theirs); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "checker-1") {
		t.Errorf("the second: %d %s", w.Code, problemsOf(w.Body.String()))
	}
	if w := one.do("POST", path, mine); w.Code != http.StatusSeeOther {
		t.Errorf("sent twice: %d", w.Code)
	}
	own := d.as(t, ledger.By{Role: ledger.Checker, Unit: pageMaker.Unit, User: pageMaker.User})
	sub, _ := d.submit("自己的", d.draft(&ledger.FundRecalled{Fund: "2020-SJ-2", Document: "许财预〔2020〕41号", Amount: yuan(1), Reason: "plan"}, pageMaker))
	page := own.do("GET", "/desk/submissions/"+sub.Submission, nil).Body.String()
	if strings.Contains(page, `value="approve"`) || !strings.Contains(page, "您本人提交的") {
		t.Errorf("own: %s", problemsOf(page))
	}
}

// TestApprovalsAtOnce: of two who press the button in one moment one approves.
func TestApprovalsAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.post(pageMaker, &ledger.PaymentRequested{Payment: "ZF-9501", Project: "XC2020-020", Fund: "2020-SJ-1", Amount: yuan(100), Purpose: "水表", Payee: ledger.Party{Name: "某水务公司"}})
	const path = "/desk/payments/ZF-9501"
	people := []*browser{d.as(t, pageChecker), d.as(t, ledger.By{Role: ledger.Checker, Unit: pageMaker.Unit, User: "checker-2"})}
	var forms []url.Values
	for _, b := range people {
		form := formOn(t, b.do("GET", path, nil).Body.String())
		form.Set("act", "approve")
		forms = append(forms, form)
	}
	codes := make([]int, len(people))
	var all sync.WaitGroup
	for i, b := range people {
		all.Go(func() { codes[i] = b.do("POST", path, forms[i]).Code })
	}
	all.Wait()
	slices.Sort(codes)
	if codes[0] != http.StatusSeeOther || codes[1] != http.StatusUnprocessableEntity && codes[1] != http.StatusConflict {
		t.Errorf("answers %v", codes)
	}
}

// TestBulk: each item by itself.
func TestBulk(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, id := range []string{"ZF-9101", "ZF-9102", "ZF-9103"} {
		d.post(pageMaker, &ledger.PaymentRequested{Payment: id, Project: "XC2020-020", Fund: "2020-SJ-1", Amount: yuan(100), Purpose: "水表 " + id, Payee: ledger.Party{Name: "某水务公司"}})
	}
	b := d.as(t, pageChecker)
	page := b.do("GET", "/desk/approvals?what=payment", nil).Body.String()
	form := formOn(t, page)
	items := regexp.MustCompile(`name="item" value="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(items) != 3 {
		t.Fatalf("%d items", len(items))
	}
	for _, bad := range []url.Values{{"act": {"approve"}}, {"act": {"reject"}, "item": {html.UnescapeString(items[0][1])}}} {
		bad.Set("form", form.Get("form"))
		if w := b.do("POST", "/desk/approvals?what=payment", bad); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%v: %d", bad, w.Code)
		}
	}
	form["item"] = []string{html.UnescapeString(items[0][1]), html.UnescapeString(items[1][1])[:len("payment/ZF-9102/")] + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "payment/none/x", "house/x/y"}
	form.Set("act", "approve")
	w := b.do("POST", "/desk/approvals?what=payment", form)
	if got := w.Body.String(); w.Code != http.StatusOK || strings.Count(got, "✓ 已办") != 1 || strings.Count(got, "✗ 未办成") != 3 {
		t.Errorf("%d %s", w.Code, problemsOf(w.Body.String()))
	}
	for id, want := range map[string]string{"ZF-9103": ledger.StateApproved, "ZF-9102": ledger.StateRequested, "ZF-9101": ledger.StateRequested} {
		if p, err := d.l.Payment(t.Context(), pageBook, id); err != nil || p.State != want {
			t.Errorf("%s is %s: %v", id, p.State, err)
		}
	}
}

// TestDrafts: kept at each round trip, for its user alone, over sessions and servers;
// two windows are told of each other; there are not too many.
func TestDrafts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	b := d.as(t, pageMaker)
	form := fill(t, b, "payment.requested", &ledger.PaymentRequested{Purpose: "草稿甲"}, url.Values{"0.sealed.payee_name": {"李四"}})
	form.Set("0.body.amount", "１.2万")
	page := press(b, form, "save").Body.String()
	if !strings.Contains(page, "草稿已保存") {
		t.Fatal(problemsOf(page))
	}
	first := formOn(t, page)
	var kept []byte
	if err := d.db.Pool.QueryRow(t.Context(), `select form from web.draft`).Scan(&kept); err != nil || strings.Contains(string(kept), "ZF") || len(kept) < 50 {
		t.Fatalf("%d bytes %v", len(kept), err)
	}
	other := &desk{d.countyFixture, d.officers("", fixedNow)} // another process, and a new session
	b = other.as(t, pageMaker)
	list := b.do("GET", "/desk/drafts", nil).Body.String()
	path := "/desk/drafts/" + first.Get("draft")
	if !strings.Contains(list, path) {
		t.Fatal("the draft is not listed")
	}
	want(t, list, ">12,000.00</td>")
	page = b.do("GET", path, nil).Body.String()
	if !strings.Contains(page, "草稿甲") || !strings.Contains(page, "李四") {
		t.Fatal("the draft is not whole")
	}
	here, there := formOn(t, page), formOn(t, page)
	here.Set("0.body.purpose", "窗口一")
	there.Set("0.body.purpose", "窗口二")
	for _, f := range []url.Values{here, there} {
		f.Set("0.kind", "payment.requested")
	}
	if w := press(b, here, "keep"); w.Code != http.StatusNoContent || w.Header().Get("Draft-Version") != "2" {
		t.Errorf("kept by the script: %d %s", w.Code, w.Header().Get("Draft-Version"))
	}
	if w := press(b, there, "keep"); w.Code != http.StatusConflict {
		t.Errorf("kept by the script of the other window: %d", w.Code)
	}
	page = press(b, there, "check").Body.String()
	for _, want := range []string{"另一窗口", "窗口一", "窗口二", "草稿已在另一窗口修改"} {
		if !strings.Contains(page, want) {
			t.Errorf("the second window is not told %q", want)
		}
	}
	there.Set("version", formOn(t, page).Get("version"))
	if page := press(b, there, "save").Body.String(); !strings.Contains(page, "草稿已保存") {
		t.Errorf("the second window cannot go on: %s", problemsOf(page))
	}
	stranger := d.as(t, ledger.By{Role: ledger.Maker, Unit: pageMaker.Unit, User: "maker-9"})
	if w := stranger.do("GET", path, nil); w.Code != http.StatusNotFound {
		t.Errorf("another's draft: %d", w.Code)
	}
	if strings.Contains(stranger.do("GET", "/desk/drafts", nil).Body.String(), path) {
		t.Error("another's draft is listed")
	}
	if w := b.do("POST", "/desk/drafts", url.Values{"form": {there.Get("form")}, "draft": {first.Get("draft")}}); w.Code != http.StatusSeeOther {
		t.Errorf("delete: %d", w.Code)
	}
	if w := b.do("GET", path, nil); w.Code != http.StatusNotFound {
		t.Errorf("deleted: %d", w.Code)
	}
	page = press(b, there, "check").Body.String()
	if !strings.Contains(page, "已在另一窗口提交或删除") {
		t.Errorf("a deleted draft: %s", problemsOf(page))
	}
	store := draftStore{pool: d.db.Pool, sealer: d.l.Sealer}
	who := &actor{Book: pageBook, User: "maker-full"}
	for range mostDrafts {
		if err := store.save(context.Background(), who, newForm("works.started", "2020-01-01", nil), pageNow); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.save(context.Background(), who, newForm("works.started", "2020-01-01", nil), pageNow); err != errFull {
		t.Errorf("one too many: %v", err)
	}
	long := newForm("works.started", "2020-01-01", url.Values{})
	long.values.Set("0.body.content", strings.Repeat("长", mostDraft))
	if err := store.save(context.Background(), &actor{Book: pageBook, User: "m"}, long, pageNow); err != errFull {
		t.Errorf("too long: %v", err)
	}
}

// TestKindsHaveForms: whatever a person may post has a form, or a page elsewhere.
func TestKindsHaveForms(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	browsers := map[ledger.Role]*browser{ledger.Maker: d.as(t, pageMaker), ledger.Payer: d.as(t, pagePayer), ledger.ProjectOfficer: d.as(t, ledger.By{Role: ledger.ProjectOfficer, Unit: "411025103", User: "project-1"})}
	for role, b := range browsers {
		menu := b.do("GET", "/desk/new", nil).Body.String()
		for _, spec := range ledger.Kinds() {
			may := slices.Contains(spec.Roles, role)
			_, step := ledger.NewBody(spec.Kind).(ledger.CaseStep)
			if may && !step && elsewhereKinds[spec.Kind] == "" && !strings.Contains(menu, `"/desk/new/`+string(spec.Kind)+`"`) {
				t.Errorf("%s has no form for %s", role, spec.Kind)
			}
			w := b.do("GET", "/desk/new/"+string(spec.Kind), nil)
			want := http.StatusOK
			if !mayFill(spec, role) {
				want = http.StatusForbidden
			}
			if w.Code != want {
				t.Errorf("%s opens %s: %d", role, spec.Kind, w.Code)
			}
			if want == http.StatusOK && strings.Count(w.Body.String(), "<h1") != 1 {
				t.Errorf("%s: h1", spec.Kind)
			}
		}
	}
	if w := browsers[ledger.Maker].do("GET", "/desk/new/none", nil); w.Code != http.StatusNotFound {
		t.Errorf("no kind: %d", w.Code)
	}
}
