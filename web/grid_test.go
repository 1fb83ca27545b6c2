package web

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"yilu/ledger"
)

// gridForm is an empty grid as a browser sends it.
func (b *browser) gridForm() url.Values {
	b.t.Helper()
	page := b.do("GET", "/desk/grid", nil).Body.String()
	form := url.Values{"day": {"2020-06-20"}, "rows": {"6"}}
	for _, found := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(found[1], found[2])
	}
	if form.Get("id") == "" {
		b.t.Fatalf("no grid: %s", page)
	}
	return form
}

func fillRows(form url.Values, row, amount string, more ...string) {
	for name, v := range map[string]string{"fund": "2020-SJ-1", "project": "XC2020-020", "payee": "襄城县惠民水务设备有限公司", "amount": amount, "purpose": "水表采购款"} {
		form.Set(name+"-"+row, v)
	}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i]+"-"+row, more[i+1])
	}
}

func TestGridChecksKeepsAndSubmits(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	before := d.size()
	form := b.gridForm()
	fillRows(form, "1", "１，２３４．５０", "stage", "进度款")
	fillRows(form, "3", "12.345")
	fillRows(form, "5", "10", "payee", "张三")
	form.Set("do", "submit")
	w := b.do("POST", "/desk/grid", form)
	page := w.Body.String()
	want(t, page, `value="１，２３４．５０"`, `id="amount-3-e">✗ 不是整分`, `id="payee-5-e">✗ 像是个人姓名`, `<option selected>进度款</option>`)
	if w.Code != http.StatusUnprocessableEntity || d.size() != before {
		t.Fatalf("%d, %d entries", w.Code, d.size()-before)
	}
	form.Set("do", "more")
	want(t, b.do("POST", "/desk/grid", form).Body.String(), `name="rows" value="12"`, `value="12.345"`)
	form.Set("amount-3", "300000")
	form.Set("idnumber-5", idNumber(7))
	fillRows(form, "2", "80000")
	form.Set("do", "check")
	page = b.do("POST", "/desk/grid", form).Body.String()
	want(t, page, "超过指标", "381,244.50", "叁拾捌万壹仟贰佰肆拾肆元伍角")
	var told gridAnswer
	if err := json.Unmarshal(b.do("POST", "/desk/grid", form, "Accept", "application/json").Body.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	if told.Sum != "381,244.50" || len(told.Needs) != 1 || len(told.Cells)+len(told.Rows) == 0 {
		t.Errorf("told %+v", told)
	}
	form.Set("amount-3", "30.00")
	form.Set("do", "submit")
	w = b.do("POST", "/desk/grid", form)
	at := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || d.size() != before+5 {
		t.Fatalf("submit: %d, %d entries: %s", w.Code, d.size()-before, mainOf(w.Body.String()))
	}
	want(t, b.do("GET", at, nil).Body.String(), "支付表 4 行 81,274.50 元")
	if again := b.do("POST", "/desk/grid", form); again.Header().Get("Location") != at || d.size() != before+5 {
		t.Errorf("sent twice: %d to %s, %d entries", again.Code, again.Header().Get("Location"), d.size()-before)
	}
	other := b.gridForm()
	fillRows(other, "1", "30")
	other.Set("do", "submit")
	w = b.do("POST", "/desk/grid", other)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "可能重复") {
		t.Errorf("a row that is in the book: %d", w.Code)
	}
	other.Set("duplicates", "1")
	if w = b.do("POST", "/desk/grid", other); w.Code != http.StatusSeeOther || d.size() != before+7 {
		t.Errorf("the same once more, on purpose: %d, %d entries", w.Code, d.size()-before)
	}
}

// TestGridFillsInFromTheContract: a row that names its contract needs no project, payee,
// code or fund besides; a row of another project is left to the checks; and a project may
// be called by its name.
func TestGridFillsInFromTheContract(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	supplier := ledger.Party{Name: "襄城县惠民水务设备有限公司", Code: "91350100M000100Y43"}
	d.settle("合同", &ledger.ContractSigned{Contract: "HT-901", Project: "XC2020-020", Name: "水表采购合同", Supplier: supplier, Amount: yuan(1000)})
	project, err := d.l.Project(t.Context(), pageBook, "XC2020-020")
	if err != nil {
		t.Fatal(err)
	}
	b := d.as(ledger.Maker, "maker-1")
	before, form := d.size(), b.gridForm()
	for name, v := range map[string]string{
		"contract-1": "HT-901", "amount-1": "5", "purpose-1": "进度款",
		"contract-2": "HT-901", "project-2": "XC2020-001", "amount-2": "6", "purpose-2": "进度款",
		"contract-3": "HT-404", "amount-3": "7", "purpose-3": "进度款",
		"contract-4": "HT-901", "payee-4": "另一公司", "amount-4": "8", "purpose-4": "进度款",
	} {
		form.Set(name, v)
	}
	form.Set("do", "check")
	var told gridAnswer
	if err := json.Unmarshal(b.do("POST", "/desk/grid", form, "Accept", "application/json").Body.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	filled := map[string]string{
		"project-1": "XC2020-020", "payee-1": supplier.Name, "code-1": supplier.Code, "fund-1": "2020-SJ-1",
		"project-4": "XC2020-020", "code-4": supplier.Code, "fund-4": "2020-SJ-1",
	}
	if !maps.Equal(told.Fill, filled) {
		t.Errorf("filled in %v", told.Fill)
	}
	if got := told.Cells["contract-3"]; got != "没有合同 HT-404" {
		t.Errorf("a contract that is not there: %q", got)
	}
	want(t, b.do("POST", "/desk/grid", form).Body.String(), `id="project-1" name="project-1" value="XC2020-020"`, `id="payee-4" name="payee-4" value="另一公司"`)
	for _, row := range []string{"2", "3", "4"} {
		for _, name := range []string{"contract-", "project-", "payee-", "amount-", "purpose-"} {
			form.Del(name + row)
		}
	}
	fillRows(form, "2", "9", "project", project.Name)
	form.Set("do", "submit")
	w := b.do("POST", "/desk/grid", form)
	if w.Code != http.StatusSeeOther || d.size() != before+3 {
		t.Fatalf("submit: %d, %d entries: %s", w.Code, d.size()-before, mainOf(w.Body.String()))
	}
	want(t, b.do("GET", w.Header().Get("Location"), nil).Body.String(), "支付表 2 行 14.00 元")
	other := b.gridForm()
	fillRows(other, "1", "9", "project", "没有的项目")
	other.Set("do", "check")
	want(t, b.do("POST", "/desk/grid", other).Body.String(), `id="project-1-e">✗ 账簿里没有这个项目`)
	page := b.do("GET", "/desk/grid", nil).Body.String()
	want(t, page, `data-names="项目编号|项目代码|项目编码|项目库编号|项目名称|项目"`, `data-names="金额|金额(小写)|支付金额|申请金额|小写金额|小写"`)
}

// TestGridReadsWhatOfficersType: ids in full width, short words for a stage; an id in small
// letters is answered by the one that there is.
func TestGridReadsWhatOfficersType(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	supplier := ledger.Party{Name: "襄城县惠民水务设备有限公司", Code: "91350100M000100Y43"}
	d.settle("合同", &ledger.ContractSigned{Contract: "HT-901", Project: "XC2020-020", Name: "水表采购合同", Supplier: supplier, Amount: yuan(1000)})
	b := d.as(ledger.Maker, "maker-1")
	form := b.gridForm()
	fillRows(form, "1", "5", "project", "ＸＣ2020－020", "fund", "２０２０-SJ-1", "contract", "ＨＴ-901", "code", "９１350100M000100Y43", "stage", "预付")
	form.Set("do", "check")
	page := b.do("POST", "/desk/grid", form).Body.String()
	want(t, page, `name="project-1" value="XC2020-020"`, `name="fund-1" value="2020-SJ-1"`, `name="contract-1" value="HT-901"`, "<option selected>预付款</option>", `data-also="预付=预付款|`)
	form.Set("do", "submit")
	if w := b.do("POST", "/desk/grid", form); w.Code != http.StatusSeeOther {
		t.Fatalf("submit: %d %s", w.Code, mainOf(w.Body.String()))
	}
	small := b.gridForm()
	fillRows(small, "1", "5", "project", "xc2020-020")
	fillRows(small, "2", "6", "fund", "2020-sj-1")
	fillRows(small, "3", "7", "contract", "ht-901")
	fillRows(small, "4", "900000000")
	fillRows(small, "5", "8", "project", "XC-NONE")
	small.Set("do", "check")
	var told gridAnswer
	if err := json.Unmarshal(b.do("POST", "/desk/grid", small, "Accept", "application/json").Body.Bytes(), &told); err != nil {
		t.Fatal(err)
	}
	for cell, said := range map[string]string{
		"project-1": "没有项目 xc2020-020；同编号的项目 XC2020-020 是大写的，请核对", "fund-2": "同编号的资金 2020-SJ-1 是大写的",
		"contract-3": "没有合同 ht-901；同编号的合同 HT-901 是大写的，请核对", "amount-4": "超过指标", "project-5": "没有项目 XC-NONE",
	} {
		if !strings.Contains(told.Cells[cell], said) {
			t.Errorf("%s: %q", cell, told.Cells[cell])
		}
	}
}

func TestGridHasLimits(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	form := b.gridForm()
	form.Set("rows", "100000")
	form.Set("do", "more")
	page := b.do("POST", "/desk/grid", form).Body.String()
	if n := strings.Count(page, `name="amount-`); n != mostGridRows {
		t.Errorf("%d rows", n)
	}
	for _, rows := range []string{"-1", "x", ""} {
		form.Set("rows", rows)
		form.Set("do", "check")
		if w := b.do("POST", "/desk/grid", form); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "没有数据行") {
			t.Errorf("rows %q: %d", rows, w.Code)
		}
	}
	form.Set("rows", "2")
	fillRows(form, "1", "1", "purpose", "=cmd|'/C calc'!A0\n第二行", "payee", strings.Repeat("长", 4000))
	w := b.do("POST", "/desk/grid", form)
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), strings.Repeat("长", 301)) {
		t.Errorf("hostile text: %d", w.Code)
	}
	if w := d.as(ledger.Auditor, "auditor-1").do("GET", "/desk/grid", nil); w.Code != http.StatusForbidden {
		t.Errorf("an auditor: %d", w.Code)
	}
	w = b.do("GET", "/desk/grid", nil)
	if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "script-src 'self'") || strings.Contains(got, "unsafe") {
		t.Errorf("policy %q", got)
	}
}
