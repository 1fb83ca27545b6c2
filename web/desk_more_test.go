package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"yilu/ledger"
)

// TestReversalByForm: what a reversal undoes is shown before, it takes effect with an
// approval, and the right entry follows. One that cannot be is refused in plain words.
func TestReversalByForm(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	maker, checker := d.as(t, pageMaker), d.as(t, pageChecker)
	r := d.settle("分配", &ledger.FundAllocated{Fund: "2020-SJ-1", Project: "XC2020-020", Document: "襄财〔2020〕60号", Amount: yuan(7)})
	entry := "/desk/entries/" + seqText(r[0].Seq)
	page := maker.do("GET", entry, nil).Body.String()
	for _, want := range []string{"资金 2020-SJ-1 在手", "项目 XC2020-020（资金 2020-SJ-1）", "-7.00", "corrects=" + seqText(r[0].Seq), "maker-1"} {
		if !strings.Contains(page, want) {
			t.Errorf("the entry lacks %q", want)
		}
	}
	w := maker.do("GET", "/desk/new/entry.reversed?corrects="+seqText(r[0].Seq), nil)
	if got := w.Body.String(); !strings.Contains(got, "将被冲销的分录") || !strings.Contains(got, "&#43;7.00") || !strings.Contains(got, "襄财〔2020〕60号") {
		t.Fatalf("what is undone is not shown: %s", problemsOf(got))
	}
	form := formOn(t, w.Body.String())
	form.Set("0.on", "2020-06-30")
	form.Set("0.corrects", seqText(r[0].Seq))
	form.Set("0.body.reason", "amount")
	to := strings.TrimSuffix(submitForm(t, maker, form), "?done=1")
	shown := checker.do("GET", to, nil).Body.String()
	if !strings.Contains(shown, "<dt>更正</dt><dd><a href=\"/desk/entries/"+seqText(r[0].Seq)) || !strings.Contains(shown, "襄财〔2020〕60号") {
		t.Error("the checker does not see what is undone")
	}
	decision := formOn(t, shown)
	decision.Set("act", "approve")
	if w := checker.do("POST", to, decision); w.Code != http.StatusSeeOther {
		t.Fatalf("approve: %d %s", w.Code, problemsOf(w.Body.String()))
	}
	page = maker.do("GET", entry, nil).Body.String()
	if !strings.Contains(page, "like="+seqText(r[0].Seq)) {
		t.Error("the right entry cannot be entered from the wrong one")
	}
	page = maker.do("GET", "/desk/new/fund.allocated?like="+seqText(r[0].Seq)+"&corrects="+seqText(r[0].Seq), nil).Body.String()
	if !strings.Contains(page, "襄财〔2020〕60号") || !strings.Contains(page, `name="0.corrects" value="`+seqText(r[0].Seq)+`"`) {
		t.Error("the form is not that of the wrong entry")
	}
	for what, seq := range map[string]ledger.Seq{"不能冲销": 3, "没有第 999999 号分录": 999999} {
		bad := fill(t, maker, "entry.reversed", &ledger.EntryReversed{Reason: "amount"}, url.Values{"0.corrects": {seqText(seq)}})
		if seq == 3 {
			p, err := d.l.Payment(t.Context(), pageBook, "ZF-0001")
			if err != nil {
				t.Fatal(err)
			}
			bad.Set("0.corrects", seqText(p.Approved))
		}
		if got := press(maker, bad, "check").Body.String(); !strings.Contains(got, what) || !strings.Contains(got, `href="#0.corrects"`) {
			t.Errorf("%s: %s", what, problemsOf(got))
		}
	}
}

// TestPayeeOfContract: a payment that names its contract alone is checked as one to the
// contract's supplier, the first time too.
func TestPayeeOfContract(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	maker := d.as(t, pageMaker)
	form := fill(t, maker, "payment.requested", &ledger.PaymentRequested{Payment: "ZF-900", Project: "XC2020-001", Fund: "2020-ZY-1", Contract: "HT-001", Amount: 100, Purpose: "结算款"}, nil)
	page := press(maker, form, "check").Body.String()
	if strings.Contains(page, "收款人：") || !strings.Contains(page, "预检结果") {
		t.Errorf("the payee is not the contract's: %s", problemsOf(page))
	}
}

// TestWholeSubmissionReversed: the last first, as one submission; what the money rests
// on is named.
func TestWholeSubmissionReversed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	maker := d.as(t, pageMaker)
	d.settle("一批", d.plan("XC2020-901", "甲", "411025105208", "雪楼村", "governance", ledger.BudgetLine{Fund: "2020-XJ-1", Amount: yuan(50)}),
		&ledger.FundAllocated{Fund: "2020-XJ-1", Project: "XC2020-901", Document: "襄财〔2020〕61号", Amount: yuan(50)})
	subs, _, err := d.l.FindSubmissions(t.Context(), pageBook, ledger.SubmissionFilter{Text: "一批"}, ledger.Page{})
	if err != nil || len(subs) != 1 {
		t.Fatalf("%d %v", len(subs), err)
	}
	path := "/desk/submissions/" + subs[0].Submission
	if page := maker.do("GET", path, nil).Body.String(); !strings.Contains(page, "整批冲销（2 条可冲销）") {
		t.Fatal(problemsOf(page))
	}
	form := formOn(t, maker.do("GET", path+"/undo", nil).Body.String())
	if w := maker.do("POST", path+"/undo", form); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", w.Code)
	}
	form.Set("reason", "duplicate")
	var to string
	for range 2 {
		w := maker.do("POST", path+"/undo", form)
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, problemsOf(w.Body.String()))
		}
		to = w.Header().Get("Location")
	}
	id := strings.TrimSuffix(strings.TrimPrefix(to, "/desk/submissions/"), "?done=1")
	sub, err := d.l.Submission(t.Context(), pageBook, id)
	if err != nil || sub.Last-sub.First != 1 || sub.Title != "整批冲销：一批" {
		t.Fatalf("%+v %v", sub, err)
	}
	if _, err := d.l.Approve(t.Context(), pageBook, "undo-ok", id, sub.ContentHash, "2020-06-30", pageChecker); err != nil {
		t.Fatal(err)
	}
	if p, err := d.l.Project(t.Context(), pageBook, "XC2020-901"); err != nil || p.Allocated != 0 || p.Budget != 0 {
		t.Errorf("%+v %v", p, err)
	}
	if page := maker.do("GET", path, nil).Body.String(); strings.Contains(page, "/undo") {
		t.Error("it can be reversed twice")
	}
	used, _, err := d.l.FindSubmissions(t.Context(), pageBook, ledger.SubmissionFilter{Text: "合同"}, ledger.Page{})
	if err != nil || len(used) == 0 {
		t.Fatalf("%d %v", len(used), err)
	}
	w := maker.do("GET", "/desk/submissions/"+used[0].Submission+"/undo", nil)
	form = formOn(t, w.Body.String())
	form.Set("reason", "duplicate")
	if w := maker.do("POST", "/desk/submissions/"+used[0].Submission+"/undo", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "合同已有支付申请") {
		t.Errorf("in use: %d %s", w.Code, problemsOf(w.Body.String()))
	}
}

// TestMend: what was sent back comes again, whole, and is submitted anew.
func TestMend(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	maker := d.as(t, pageMaker)
	page := maker.do("GET", "/desk", nil).Body.String()
	for _, want := range []string{"待退回", "/desk/mend/S", "被退回的支付申请", "like=", "在手资金", "2020 年支出进度", "序时进度 50.00%"} {
		if !strings.Contains(page, want) {
			t.Errorf("the desk lacks %q", want)
		}
	}
	_, path, _ := strings.Cut(page, `href="/desk/mend/`)
	path, _, _ = strings.Cut(path, `"`)
	w := maker.do("GET", "/desk/mend/"+path, nil)
	if !strings.Contains(w.Body.String(), `value="2020-XX"`) || !strings.Contains(w.Body.String(), "误录资金") {
		t.Fatal("the form is not what was sent back")
	}
	if w := d.as(t, ledger.By{Role: ledger.Maker, Unit: pageMaker.Unit, User: "maker-2"}).do("GET", "/desk/mend/"+path, nil); w.Code != http.StatusNotFound {
		t.Errorf("another's: %d", w.Code)
	}
}

// TestEntriesOfMine: mine, my unit's, filters, names for filters, and exactly what is
// seen as a file.
func TestEntriesOfMine(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	maker, payer := d.as(t, pageMaker), d.as(t, pagePayer)
	count := func(b *browser, query string) int {
		w := b.do("GET", "/desk/entries"+query, nil)
		if w.Code != http.StatusOK {
			t.Fatalf("%s: %d", query, w.Code)
		}
		return strings.Count(w.Body.String(), `<th scope="row"><a href="/desk/entries/`)
	}
	for query, want := range map[string]int{"": entriesPerPage, "?kind=payment.requested&project=XC2020-001": 4, "?text=ZF-0004": 1, "?amount=1,780,000": 3, "?kind=fund.received&from=2020-01-15&to=2020-01-15": 6, "?text=%E6%B2%A1%E6%9C%89%E8%BF%99%E6%A0%B7": 0, "?kind=grant.line": 0} {
		if got := count(maker, query); got != want {
			t.Errorf("%q: %d entries, want %d", query, got, want)
		}
	}
	if mine, unit := count(payer, "?kind=payment.paid"), count(payer, "?kind=payment.paid&whose=unit"); mine == 0 || mine != unit {
		t.Errorf("%d of the payer, %d of the unit", mine, unit)
	}
	if got := count(payer, "?kind=payment.requested"); got != 0 {
		t.Errorf("a payer sees %d requests among his own", got)
	}
	for _, bad := range []string{"?from=2020-02-31", "?amount=x", "?kind=none", "?user=maker-1", "?after=x"} {
		if w := maker.do("GET", "/desk/entries"+bad, nil); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	w := maker.do("GET", "/desk/entries/list.csv?kind=payment.requested&project=XC2020-001&whose=mine", nil)
	if got := w.Body.String(); w.Code != http.StatusOK || strings.Count(got, "\n") != 5 || !strings.Contains(got, "ZF-0004") || w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("ETag") != "" {
		t.Errorf("%d %v %q", w.Code, w.Header(), got)
	}
	if w := maker.do("GET", "/desk/entries/list.xlsx", nil); w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), "PK") {
		t.Errorf("xlsx: %d", w.Code)
	}
	form := wordOn(t, maker, "/desk/entries")
	keep := url.Values{"form": {form}, "name": {"道路付款"}, "query": {"kind=payment.requested&project=XC2020-001&evil=1"}, "act": {"keep"}}
	if w := maker.do("POST", "/desk/entries", keep); w.Code != http.StatusSeeOther || strings.Contains(w.Header().Get("Location"), "evil") {
		t.Errorf("keep: %d %s", w.Code, w.Header().Get("Location"))
	}
	if page := maker.do("GET", "/desk/entries", nil).Body.String(); !strings.Contains(page, `href="/desk/entries?kind=payment.requested&amp;project=XC2020-001">道路付款`) {
		t.Error("the filter has no name")
	}
	if page := payer.do("GET", "/desk/entries", nil).Body.String(); strings.Contains(page, "道路付款") {
		t.Error("another's filter")
	}
	keep.Set("act", "forget")
	maker.do("POST", "/desk/entries", keep)
	if page := maker.do("GET", "/desk/entries", nil).Body.String(); strings.Contains(page, "道路付款") {
		t.Error("the filter is not forgotten")
	}
	d.post(pageMaker, &ledger.WorksStarted{Project: "XC2020-022"})
	if got := count(maker, "?kind=works.started&project=XC2020-022"); got != 1 {
		t.Errorf("what was just entered: %d", got)
	}
}

// wordOn is the session's word on a page.
func wordOn(t *testing.T, b *browser, path string) string {
	t.Helper()
	_, word, ok := strings.Cut(b.do("GET", path, nil).Body.String(), `name="form" value="`)
	if !ok {
		t.Fatalf("no form on %s", path)
	}
	word, _, _ = strings.Cut(word, `"`)
	return word
}

// TestWarningsBeforeSubmission: what the rules find is shown before; what asks for an
// explanation is explained beside it; the approver sees the same, and what differs.
func TestWarningsBeforeSubmission(t *testing.T) {
	t.Parallel()
	x := newWarned(t, plainText)
	d := &desk{x, x.officers("", fixedNow)}
	maker, checker := d.as(t, pageMaker), d.as(t, pageChecker)
	twin := &ledger.PaymentRequested{Payment: "ZF-9401", Project: "XC2020-020", Fund: "2020-SJ-1", Amount: yuan(3000), Purpose: "水表采购款", Payee: ledger.Party{Name: "襄城县惠民水务设备有限公司"}}
	form := fill(t, maker, "payment.requested", twin, url.Values{"0.on": {"2020-06-22"}})
	w := press(maker, form, "submit")
	page := w.Body.String()
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, `name="0.ack.P13.ground"`) || !strings.Contains(page, "P13") || strings.Contains(page, `value="submit"`) {
		t.Fatalf("%d %s", w.Code, problemsOf(page))
	}
	form.Set("version", formOn(t, page).Get("version"))
	for name, v := range map[string]string{"version": "1", "ground": "agreed", "file.name": "说明.pdf", "file.sha256": deskPaper.SHA256, "file.size": "10", "note": "两批"} {
		form.Set("0.ack.P13."+name, v)
	}
	w = press(maker, form, "submit") // nobody has seen what the rules say of it now
	page = w.Body.String()
	if w.Code != http.StatusOK || !strings.Contains(page, "已说明并附件") || !strings.Contains(page, `<option value="`+deskPaper.SHA256+`" selected`) {
		t.Fatalf("%d %s", w.Code, problemsOf(page))
	}
	again := formOn(t, page)
	form.Set("version", again.Get("version"))
	form.Set("seen", again.Get("seen"))
	if w = press(maker, form, "submit"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, problemsOf(w.Body.String()))
	}
	page = checker.do("GET", "/desk/payments/ZF-9401", nil).Body.String()
	if _, then, _ := strings.Cut(page, "提交时的预检结果"); !strings.Contains(then, "P13") {
		t.Errorf("the approver does not see the warning: %s", problemsOf(page))
	}

	contract := &ledger.ContractSigned{Contract: "HT-950", Project: "XC2020-020", Name: "合同", Supplier: ledger.Party{Name: "某公司"}, Amount: yuan(10)}
	to := strings.TrimSuffix(submitForm(t, maker, fill(t, maker, "contract.signed", contract, nil)), "?done=1")
	page = checker.do("GET", to, nil).Body.String()
	if !strings.Contains(page, "与经办人提交时看到的一致") {
		t.Errorf("then and now: %s", problemsOf(page))
	}
	if _, err := d.db.Owner.Exec(t.Context(), `update web.precheck set findings = '[{"entry":0,"code":"P99","version":"1","state":"flag","handling":"N","level":"blue","fingerprint":"x","sentence":{"zh":"当时的提示","en":"then"}}]'`); err != nil {
		t.Fatal(err)
	}
	page = checker.do("GET", to, nil).Body.String()
	if !strings.Contains(page, "－ 当时的提示") || !strings.Contains(page, "与提交时相比有变化") {
		t.Errorf("what differs: %s", problemsOf(page))
	}
}

// TestDeskRights: each page of the desk asks for a right, and a form for the session's
// own word.
func TestDeskRights(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	people := map[ledger.Role]*browser{
		ledger.Maker: d.as(t, pageMaker), ledger.Checker: d.as(t, pageChecker), ledger.Payer: d.as(t, pagePayer),
		ledger.ProjectOfficer: d.as(t, ledger.By{Role: ledger.ProjectOfficer, Unit: "411025103", User: "project-1"}), ledger.Auditor: d.as(t, pageAuditor),
	}
	pages := map[string]right{
		"/desk": useDesk, "/desk/new": enterForms, "/desk/new/payment.requested": enterForms, "/desk/drafts": enterForms, "/desk/approvals": useDesk, "/desk/pay": pay,
		"/desk/entries": useDesk, "/desk/entries/10": useDesk, "/desk/payments/ZF-0001": useDesk, "/desk/payments/ZF-0001/voucher": useDesk, "/desk/rest?fund=2020-SJ-1": enterForms, "/desk/entries/list.csv": useDesk,
	}
	for path, want := range pages {
		if w := (&browser{t: t, h: d.h}).do("GET", path, nil); w.Code != http.StatusUnauthorized || w.Header().Get("Cache-Control") != "private, no-store" {
			t.Errorf("%s without a session: %d", path, w.Code)
		}
		for role, b := range people {
			w := b.do("GET", path, nil)
			status := http.StatusForbidden
			if b := (&actor{Role: role}); b.may(want) && !(path == "/desk/new/payment.requested" && role != ledger.Maker) {
				status = http.StatusOK
			}
			if w.Code != status || w.Header().Get("Cache-Control") != "private, no-store" && status == http.StatusOK {
				t.Errorf("%s opens %s: %d %s", role, path, w.Code, w.Header().Get("Cache-Control"))
			}
		}
	}
	for _, path := range []string{"/desk/form", "/desk/drafts", "/desk/approvals", "/desk/submissions/S1", "/desk/payments/ZF-0001", "/desk/submissions/S1/undo", "/desk/entries"} {
		for role, b := range people {
			if w := b.do("POST", path, url.Values{"form": {"x"}, "act": {"approve"}}); w.Code != http.StatusForbidden {
				t.Errorf("%s posts to %s with a foreign word: %d", role, path, w.Code)
			}
		}
	}
	for _, path := range []string{"/desk/entries/999999", "/desk/entries/x", "/desk/submissions/none", "/desk/payments/none", "/desk/payments/none/voucher", "/desk/mend/none", "/desk/drafts/none"} {
		if w := people[ledger.Maker].do("GET", path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	page := people[ledger.Payer].do("GET", "/desk/payments/ZF-0100", nil).Body.String()
	if !strings.Contains(page, "李一") || strings.Contains(page, idNumber(500)) || !strings.Contains(page, "****"+idNumber(500)[14:]) {
		t.Error("a private payee is not shown by name and the end of the number")
	}
	if page := people[ledger.ProjectOfficer].do("GET", "/desk/payments/ZF-0100", nil).Body.String(); strings.Contains(page, "李一") {
		t.Error("a private payee is shown to a project officer")
	}
}

// TestTypedValues: how people write amounts, days and times.
func TestTypedValues(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]ledger.Amount{"": 0, "1,234.5": 123450, "１２３４．５６": 123456, "￥12元": 1200, "12.5万": 12500000, "0.000001万元": 1, "-5": -500, "1 000": 100000, "１，０００": 100000, "\u202d12,345.00\u202c": 1234500} {
		if got, err := typedAmount(typed); err != nil || got != want {
			t.Errorf("%q: %s %v", typed, got, err)
		}
	}
	for _, bad := range []string{"1.234", "1e3", "x", "1.2.3", "0.0000001万", "十二", "--1", "999999999999999999"} {
		if got, err := typedAmount(bad); err == nil {
			t.Errorf("%q is %s", bad, got)
		}
	}
	for typed, want := range map[string]string{"2020-3-1": "2020-03-01", "2020年3月18日": "2020-03-18", "2020/03/18": "2020-03-18", "2020.3.18": "2020-03-18", "\u202a2020-03-18\u202c": "2020-03-18", "20200318": "2020-03-18", "２０２０-０３-１８": "2020-03-18", "18.3.2020": "18.3.2020"} {
		if got := plainDate(typed); got != want {
			t.Errorf("%q: %q", typed, got)
		}
	}
	for typed, want := range map[string]string{"2020-03-18T09:00": "2020-03-18T09:00:00+08:00", "2020-03-18 09:00": "2020-03-18T09:00:00+08:00", "2020-03-18T09:00:00Z": "2020-03-18T09:00:00Z"} {
		if got := plainInstant(typed); got != want {
			t.Errorf("%q: %q", typed, got)
		}
	}
}
