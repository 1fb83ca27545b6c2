package web

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"yilu/ledger"
)

// batch is an approved batch of six households.
func (d *sheetDesk) batch(payment string) {
	d.t.Helper()
	d.day = "2020-06-10"
	drafts := []ledger.Draft{d.draft(&ledger.GrantRequested{Payment: payment, Project: "XC2020-002", Fund: "2020-ZY-2", Item: "产业奖补", Lines: 6, Amount: yuan(6 * 1000), Period: "2020-06"}, pageMaker)}
	for i := range 6 {
		x := d.draft(&ledger.GrantLine{Payment: payment, Line: ledger.Count(i + 1), Place: "411025101201", Standard: yuan(500), Quantity: "2", Amount: yuan(1000), Category: "脱贫户"}, pageMaker)
		x.Sealed = map[string]string{"payee_name": "=王" + fmt.Sprint(i), "id_number": idNumber(100 + i), "payee_account": fmt.Sprintf("62000000000000%02d", i)}
		drafts = append(drafts, x)
	}
	r, err := d.l.Post(d.t.Context(), pageBook, drafts...)
	if err != nil {
		d.t.Fatal(err)
	}
	d.post(pageChecker, &ledger.PaymentApproved{Payment: payment, Hash: base64.StdEncoding.EncodeToString(r[0].Hash[:])})
}

// answers makes the file of a bank, in its own words.
func answers(t *testing.T, rows ...[]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(append([][]string{{"襄城农商银行代发结果"}, {"流水序号", "客户名称", "卡号", "交易金额", "交易状态", "返回信息"}}, rows...)); err != nil {
		t.Fatal(err)
	}
	gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return gbk
}

func credited(i int, state, why string) []string {
	return []string{fmt.Sprint(100 + i), "=王" + fmt.Sprint(i), fmt.Sprintf("62000000000000%02d", i), "1,000.00", state, why}
}

func TestBankBatchGoesOutComesBackAndIsAskedForAgain(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	d.batch("DF-0009")
	b := d.as(ledger.Payer, "payer-1")
	want(t, b.do("GET", "/desk/bank", nil).Body.String(), "DF-0009", "DF-0001")
	at := "/desk/bank/DF-0009"
	file := b.do("GET", at+"/bank.csv", nil)
	if got := file.Body.String(); !strings.Contains(got, "'=王0,'6200000000000000,1000.00") || file.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("file for the bank: %q", got)
	}
	if w := d.as(ledger.Maker, "maker-1").do("GET", at+"/bank.xlsx", nil); w.Code != http.StatusForbidden {
		t.Errorf("a maker takes it: %d", w.Code)
	}
	upload := func(content []byte, more ...string) (string, string) {
		t.Helper()
		w := b.upload(at, "回盘.csv", content, append([]string{"form", b.word(at), "day", "2020-06-12"}, more...)...)
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
		}
		return w.Header().Get("Location"), b.do("GET", w.Header().Get("Location"), nil).Body.String()
	}
	_, page := upload(answers(t, credited(0, "交易成功", ""), credited(1, "看不清", ""), []string{"7", "李四", "123456", "1000", "成功", ""}))
	want(t, page, "看不出是成功还是失败", "本批次没有这一行", "没有提到其中 5 户", "还不能登记")
	_, page = upload(answers(t, credited(1, "失败", "账号不存在")))
	want(t, page, "没有提到其中 5 户", "还不能登记")
	before := d.size()
	to, page := upload(answers(t, credited(0, "交易成功", ""), credited(1, "失败", "账号不存在"), credited(2, "已入账", ""), credited(3, "退汇", "客户已迁移"), credited(4, "成功", ""), credited(5, "00", "")))
	want(t, page, "账号有误", "银行退回", "2,000.00", "****0001")
	if strings.Contains(page, "6200000000000001") || strings.Contains(page, "王1") {
		t.Error("a page shows a whole account or name")
	}
	var wait sync.WaitGroup
	form := url.Values{"form": {b.word(to)}}
	for range 2 { // two clicks at once
		wait.Go(func() {
			other := &browser{t: t, h: d.h, cookie: b.cookie}
			if w := other.do("POST", to, form); w.Code != http.StatusSeeOther {
				t.Errorf("post: %d %s", w.Code, w.Body)
			}
		})
	}
	wait.Wait()
	pay, err := d.l.Payment(t.Context(), pageBook, "DF-0009")
	if err != nil || pay.State != ledger.StatePaid || pay.Returned != yuan(2000) || d.size() != before+3 || pay.PaidOn != "2020-06-12" {
		t.Fatalf("%+v %v, %d entries", pay, err, d.size()-before)
	}
	_, page = upload(answers(t, credited(1, "失败", "账号不存在")), "others", "1")
	want(t, page, "没有带来新的情况")
	d.againIsAskedFor(t, at)
}

// againIsAskedFor asks for the lines that came back, one of them with another account.
func (d *sheetDesk) againIsAskedFor(t *testing.T, at string) {
	m := d.as(ledger.Maker, "maker-1")
	page := m.do("GET", at, nil).Body.String()
	want(t, page, "退回未重发的户", "DF-0009-R1", `name="line" value="2"`, `name="line" value="4"`)
	form := url.Values{"line": {"2"}, "account-2": {"6.2E+18"}}
	for _, found := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(found[1], found[2])
	}
	before := d.size()
	w := m.do("POST", at+"/again", form)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "第 2 行 账号") || !strings.Contains(w.Body.String(), `value="6.2E&#43;18"`) {
		t.Errorf("a wrong account: %d %s", w.Code, mainOf(w.Body.String()))
	}
	form.Set("account-2", "6200000000000005")
	w = m.do("POST", at+"/again", form)
	batch := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || d.size() != before+3 {
		t.Fatalf("%d, %d entries: %s", w.Code, d.size()-before, mainOf(w.Body.String()))
	}
	sub, err := d.l.Submission(t.Context(), pageBook, strings.TrimPrefix(batch, "/desk/batches/"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.l.Approve(t.Context(), pageBook, "ok-again", sub.Submission, sub.ContentHash, "2020-06-30", pageChecker); err != nil {
		t.Fatal(err)
	}
	pay, err := d.l.Payment(t.Context(), pageBook, "DF-0009-R1")
	if err != nil || pay.State != ledger.StateApproved || pay.Amount != yuan(1000) || pay.Lines != 1 {
		t.Errorf("%+v %v", pay, err)
	}
	page = m.do("GET", at, nil).Body.String()
	want(t, page, "已重发的批次", "DF-0009-R2", `name="line" value="4"`)
	if strings.Contains(page, `name="line" value="2"`) {
		t.Error("a line that was asked for again can be asked for once more")
	}
	file := d.as(ledger.Payer, "payer-1").do("GET", "/desk/bank/DF-0009-R1/bank.csv", nil).Body.String()
	want(t, file, "6200000000000005")
}
