package web

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yilu/account"
	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/ledger/sheet"
)

// sheetDesk is a server with documents, and the folder that they are in.
type sheetDesk struct {
	*countyFixture
	dir string
	// public is the folder of the public log.
	public string
	now    time.Time
	h      http.Handler
	// stopping ends the server when closed; nil for never.
	stopping chan struct{}
}

func newSheetDesk(t *testing.T) *sheetDesk {
	t.Helper()
	d := &sheetDesk{countyFixture: newTypical(t, plainText), dir: t.TempDir(), public: t.TempDir(), now: pageNow}
	d.start()
	return d
}

// start starts a server on the desk's folder, as after a restart.
func (d *sheetDesk) start() {
	d.t.Helper()
	store, err := document.Open(d.dir, d.db.Pool, d.l.Sealer)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = store.Close() })
	d.h = New(Config{
		Ledger: d.l, Pool: d.db.Pool, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return d.now }, Book: pageBook, Demo: true,
		Alerts: testEngine(d.l, d.db), Files: store, Public: d.public, Accounts: d.accounts(func() time.Time { return d.now }, true),
		Stopping: d.stopping,
	})
}

// as opens a session of a person.
func (d *sheetDesk) as(role ledger.Role, user string) *browser {
	d.t.Helper()
	b := &browser{t: d.t.(*testing.T), h: d.h}
	b.enter(d.token(role, user, "411025-CZ", d.now), "/alerts")
	return b
}

// word is the session's own word, from a page.
func (b *browser) word(path string) string {
	b.t.Helper()
	page := b.do("GET", path, nil).Body.String()
	found := regexp.MustCompile(`name="form" value="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		b.t.Fatalf("%s has no form: %s", path, page)
	}
	return found[1]
}

// upload sends a file with a form.
func (b *browser) upload(path, name string, content []byte, fields ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			b.t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		b.t.Fatal(err)
	}
	_, _ = part.Write(content)
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Cookie", sessionCookie+"="+b.cookie)
	answer := httptest.NewRecorder()
	b.h.ServeHTTP(answer, r)
	return answer
}

// hand uploads a sheet and waits for its preview.
func (b *browser) hand(form, name string, content []byte, fields ...string) (at, page string) {
	b.t.Helper()
	w := b.upload("/desk/import", name, content, append([]string{"form", b.word("/desk/import"), "sheetform", form}, fields...)...)
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("upload: %d %s", w.Code, mainOf(w.Body.String()))
	}
	at = w.Header().Get("Location")
	return at, b.settled(at)
}

// settled waits until an upload is no longer worked on.
func (b *browser) settled(at string) string {
	b.t.Helper()
	for until := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		w := b.do("GET", at, nil)
		if w.Code != http.StatusOK {
			b.t.Fatalf("%s: %d %s", at, w.Code, w.Body)
		}
		if w.Header().Get("Refresh") == "" {
			return mainOf(w.Body.String())
		}
		if time.Now().After(until) {
			b.t.Fatalf("%s is still being read", at)
		}
	}
}

// TestReadingEndsWithItsServer: a sheet that is being read holds connections, which the
// server's end waits for. It is read anew by the next server.
func TestReadingEndsWithItsServer(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	d.stopping = make(chan struct{})
	d.start()
	b := d.as(ledger.Maker, "maker-1")
	locked, err := d.db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = locked.Rollback(context.Background()) }()
	word := b.word("/desk/import")
	if _, err := locked.Exec(t.Context(), `lock table proj.fund in access exclusive mode`); err != nil {
		t.Fatal(err)
	}
	w := b.upload("/desk/import", "支付表.csv", paySheet(t, payRow("ZF-1001", "1234.56")), "form", word, "sheetform", "payment")
	at := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || b.do("GET", at, nil).Header().Get("Refresh") == "" {
		t.Fatalf("the sheet is not being read: %d %s", w.Code, w.Body)
	}
	if d.db.Pool.Stat().AcquiredConns() == 0 {
		t.Fatal("reading holds no connection")
	}
	close(d.stopping)
	for until := time.Now().Add(time.Minute); d.db.Pool.Stat().AcquiredConns() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("reading goes on in a server that stops")
		}
	}
	if err := locked.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.stopping = nil
	d.start()
	b.h = d.h
	want(t, b.settled(at), "1,234.56", "确认无误")
}

// decide sends the form of a preview.
func (b *browser) decide(at, do string, fields ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	form := url.Values{"form": {b.word(at)}, "do": {do}}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.do("POST", at, form)
}

// paySheet is a payment sheet in CSV.
func paySheet(t *testing.T, rows ...[]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(append([][]string{{"申请号", "日期", "资金编号", "项目编号", "收款人全称", "统一社会信用代码", "金额", "用途"}}, rows...)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func payRow(id, amount string) []string {
	return []string{id, "2020-06-20", "2020-SJ-1", "XC2020-020", "襄城县惠民水务设备有限公司", "", amount, "水表采购款"}
}

func (d *sheetDesk) size() int64 {
	d.t.Helper()
	head, err := d.l.Head(d.t.Context(), pageBook)
	if err != nil {
		d.t.Fatal(err)
	}
	return head.Size
}

func want(t *testing.T, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %q: %s", text, page)
		}
	}
}

func TestSheetIsPreviewedSubmittedAndReversed(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	before := d.size()
	at, page := b.hand("payment", "支付表.csv", paySheet(t, payRow("ZF-1001", "1234.56"), payRow("ZF-1002", "100")))
	want(t, page, "1,334.56", "壹仟叁佰叁拾肆元伍角陆分", "王洛镇", "可用", "380,000.00", "确认无误")
	if d.size() != before {
		t.Fatal("a preview entered something")
	}
	if w := b.decide(at, "submit"); w.Code != http.StatusSeeOther {
		t.Fatalf("submit: %d %s", w.Code, w.Body)
	}
	want(t, b.settled(at), "已提交待审批")
	if d.size() != before+3 {
		t.Errorf("%d entries, want submission.made and two requests", d.size()-before)
	}
	batch := b.decide(at, "submit").Header().Get("Location") // sent twice
	if d.size() != before+3 || !strings.HasPrefix(batch, "/desk/batches/imp-payment-") {
		t.Errorf("confirmed twice: %d entries, to %s", d.size()-before, batch)
	}
	want(t, b.do("GET", "/desk/import", nil).Body.String(), "支付表 2 行 1,334.56 元")
	page = b.do("GET", batch, nil).Body.String()
	want(t, page, "等待另一人审批", "1,234.56")
	if strings.Contains(page, `name="reason"`) {
		t.Error("what has no effect can be reversed")
	}
	sub, err := d.l.Submission(t.Context(), pageBook, strings.TrimPrefix(batch, "/desk/batches/"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.l.Approve(t.Context(), pageBook, "ok-import", sub.Submission, sub.ContentHash, "2020-06-30", pageChecker); err != nil {
		t.Fatal(err)
	}
	if w := b.do("POST", batch, url.Values{"form": {b.word(batch)}, "reason": {"none"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("no reason: %d", w.Code)
	}
	w := b.do("POST", batch, url.Values{"form": {b.word(batch)}, "reason": {"duplicate"}})
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/desk/batches/rev-") {
		t.Fatalf("reverse: %d %s", w.Code, w.Body)
	}
	want(t, b.do("GET", w.Header().Get("Location"), nil).Body.String(), "整批冲销")
}

func TestBadRowsAreSaidAtOnceAndTakenHome(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	at, page := b.hand("payment", "支付表.csv", paySheet(t, payRow("ZF-1001", "12.345"), payRow("ZF-1002", "100"), payRow("一", "约5"), payRow("ZF-1004", "=1+1")))
	want(t, page, "第 2 行", "G2", "不是整分", "第 4 行", "G4", "第 5 行", "问题行.xlsx", "还不能提交")
	if w := b.decide(at, "submit"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("submitted with bad rows: %d", w.Code)
	}
	w := b.do("GET", at+"/errors.xlsx", nil)
	f, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.Rows("问题行")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join(cells, "|"))
	}
	if len(got) != 4 || !strings.HasSuffix(got[0], "|错误原因") || !strings.Contains(got[3], "|'=1+1|") {
		t.Errorf("sheet of bad rows: %q", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("it may be kept: %q", got)
	}
}

// TestListSaysWhatStandsBesideIt: what a list's sheet cannot say is asked for on the page of
// the upload, once, and not of a row; what was typed there stays, also when it is wrong.
func TestListSaysWhatStandsBesideIt(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	at, page := b.hand("deceased", "死亡.csv", []byte("姓名,身份证号,死亡日期\n张三,11010519491231002X,2020-02-03\n"))
	want(t, page, "整张表", "表外须说明数据来源单位", "<dt>问题行</dt><dd>0</dd>", `name="valid_to"`, "<details class=\"long\" open>")
	if strings.Contains(page, `name="period"`) {
		t.Error("a list is asked for a period of grants")
	}
	w := b.decide(at, "again", "source", "县公安局", "stated", "2020年2月", "valid_from", "2020-03-01", "valid_to", "2020-04-30")
	if w.Code != http.StatusUnprocessableEntity {
		t.Fatalf("a day that is none: %d", w.Code)
	}
	want(t, mainOf(w.Body.String()), "数据截止日（名单）：日期须形如 2020-03-18", `value="县公安局"`, `value="2020-04-30"`)
	w = b.decide(at, "again", "source", "县公安局", "stated", "2020-02-29", "valid_from", "2020-03-01", "valid_to", "2020-04-30")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("read again: %d %s", w.Code, w.Body)
	}
	want(t, b.settled(at), `value="submit"`, `value="县公安局"`)
	if w = b.decide(at, "submit"); w.Code != http.StatusSeeOther {
		t.Fatalf("submit: %d %s", w.Code, w.Body)
	}
	want(t, b.settled(at), "/desk/batches/imp-deceased-")
}

func TestWhatTheBookWouldRefuseIsSaidBefore(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	_, page := b.hand("payment", "支付表.csv", paySheet(t, payRow("ZF-1001", "300000"), payRow("ZF-1002", "80000.01")))
	want(t, page, "超过指标", "第 3 行", "-0.01", "还不能提交")
	_, page = b.hand("payment", "又一.csv", paySheet(t, payRow("ZF-0001", "1")))
	want(t, page, "已存在", "还不能提交")
}

// TestUnreadableFile: what no word beside it could make readable is given up or uploaded
// anew; a workbook of several filled worksheets is asked which one is meant.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	at, page := b.hand("payment", "支付表.xlsx", []byte("PK\x03\x04 broken"))
	want(t, page, "文件不能读取", `value="drop"`, `href="/desk/import?form=payment">重新上传</a>`)
	if strings.Contains(page, `value="again"`) || strings.Contains(page, `name="duplicates"`) {
		t.Errorf("an unreadable file can be read again: %s", mainOf(page))
	}
	if w := b.decide(at, "drop"); w.Code != http.StatusSeeOther {
		t.Errorf("given up: %d", w.Code)
	}
	f := excelize.NewFile()
	for _, name := range []string{"Sheet1", "四月"} {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, row := range [][]string{{"项目编号", "资金编号", "收款人全称", "金额", "用途"}, {"XC2020-020", "2020-SJ-1", "襄城县惠民水务设备有限公司", "5", "水表"}} {
			if err := f.SetSheetRow(name, fmt.Sprint("A", i+1), &row); err != nil {
				t.Fatal(err)
			}
		}
	}
	var book bytes.Buffer
	if err := f.Write(&book); err != nil {
		t.Fatal(err)
	}
	at, page = b.hand("payment", "两月.xlsx", book.Bytes())
	want(t, page, "有多个工作表有内容", `name="sheet"`, `value="again"`, "工作表名称")
	b.decide(at, "again", "sheet", "五月")
	want(t, b.settled(at), "没有工作表“五月”", `name="sheet" value="五月"`)
	b.decide(at, "again", "sheet", "四月")
	want(t, b.settled(at), `value="submit"`)
}

// TestDuplicatesAreLeftOut: rows that are in the book are named and left out, unless
// one switch says otherwise.
func TestDuplicatesAreLeftOut(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	row := func(amount string) []string { r := payRow("", amount); return r }
	at, _ := b.hand("payment", "一.csv", paySheet(t, row("10.00"), row("20.00")))
	b.decide(at, "submit")
	b.settled(at)
	before := d.size()
	at, page := b.hand("payment", "二.csv", paySheet(t, row("10"), row("30"), row("30.00")))
	want(t, page, "已剔除的重复行", "（2）", "30.00", "可能重复")
	b.decide(at, "again", "duplicates", "allow")
	want(t, b.settled(at), "70.00")
	b.decide(at, "again", "duplicates", "")
	b.settled(at)
	b.decide(at, "submit")
	want(t, b.settled(at), "已提交待审批")
	if d.size() != before+2 {
		t.Errorf("%d entries, want submission.made and the one new row", d.size()-before)
	}
	at, page = b.hand("payment", "一改名.csv", paySheet(t, row("10.00"), row("20.00")))
	want(t, page, "同一文件已导入过", "还不能提交")
	_ = at
}

// TestUploadsBelongToTheirOwner: another officer, a forged name and a day later find
// nothing; a restart in between loses nothing.
func TestUploadsBelongToTheirOwner(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	at, _ := b.hand("payment", "支付表.csv", paySheet(t, payRow("ZF-1001", "10")))
	other := d.as(ledger.Maker, "maker-2")
	for _, path := range []string{at, at + "/errors.xlsx", "/desk/import/..%2f..%2fetc%2fpasswd", "/desk/import/00000000000000000000000000000000", "/desk/import/%2e%2e"} {
		if w := other.do("GET", path, nil); w.Code != http.StatusNotFound {
			t.Errorf("another officer: %s is %d", path, w.Code)
		}
	}
	if w := other.do("POST", at, url.Values{"form": {other.word("/desk/import")}, "do": {"submit"}}); w.Code != http.StatusNotFound {
		t.Errorf("another officer confirms: %d", w.Code)
	}
	d.start() // the process ended between preview and confirmation
	b = d.as(ledger.Maker, "maker-1")
	before := d.size()
	b.decide(at, "submit")
	want(t, b.settled(at), "已提交待审批")
	if d.size() != before+2 {
		t.Errorf("%d entries after a restart", d.size()-before)
	}
	d.now = d.now.Add(25 * time.Hour)
	b = d.as(ledger.Maker, "maker-1")
	if w := b.do("GET", at, nil); w.Code != http.StatusNotFound {
		t.Errorf("a day later: %d", w.Code)
	}
	if w := d.as(ledger.Auditor, "auditor-1").do("GET", "/desk/import", nil); w.Code != http.StatusForbidden {
		t.Errorf("an auditor imports: %d", w.Code)
	}
}

// TestFilesThatAreNoSheets are refused in words, whatever their names say.
func TestFilesThatAreNoSheets(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	for _, name := range []string{"xl/workbook.xml", "xl/worksheets/sheet1.xml"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(bytes.Repeat([]byte("0"), 8<<20))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	var macros bytes.Buffer
	z = zip.NewWriter(&macros)
	for _, name := range []string{"xl/workbook.xml", "xl/vbaProject.bin"} {
		if _, err := z.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	sparse := excelize.NewFile()
	defer sparse.Close()
	for cell, v := range map[string]string{"A1": "申请号", "B1": "金额", "C1": "收款人全称", "D1": "用途", "B1048576": "1"} {
		if err := sparse.SetCellStr("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	var far bytes.Buffer
	if err := sparse.Write(&far); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"bomb.xlsx":   {bomb.Bytes(), "压缩炸弹"},
		"macros.xlsx": {macros.Bytes(), "含宏"},
		"old.xls":     {[]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1rest"), "旧版 .xls"},
		"photo.csv":   {[]byte("\xFF\xD8\xFF\xE0rest"), "不是表格文件"},
		"words.csv":   {[]byte("随便写的\n几行字\n"), "找不到支付表的表头"},
		"sparse.xlsx": {far.Bytes(), "第 1048576 行"},
	} {
		_, page := b.hand("payment", name, c.content)
		want(t, page, c.says)
	}
	for _, c := range []struct {
		name, says string
		content    []byte
		fields     []string
	}{
		{"a.csv", "请选择表种", []byte("x"), []string{"sheetform", "none"}},
		{"empty.csv", "文件是空的", nil, []string{"sheetform", "payment"}},
		{"a.csv", "日期须形如", []byte("x"), []string{"sheetform", "payment", "on", "昨天"}},
		{secretNumber + ".csv", "不得含身份证号", []byte("x"), []string{"sheetform", "payment"}},
	} {
		w := b.upload("/desk/import", c.name, c.content, append([]string{"form", b.word("/desk/import")}, c.fields...)...)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d, lacks %q", c.name, w.Code, c.says)
		}
	}
}

// TestUploadsHaveLimits: what is too large or no form is refused in people's words, and
// nothing of it stays on the disk.
func TestUploadsHaveLimits(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	word := b.word("/desk/import")
	if w := b.upload("/desk/import", "big.csv", make([]byte, document.MaxFile+formRoom), "form", word, "sheetform", "payment"); w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "最多上传 10 MB") {
		t.Errorf("too large: %d %s", w.Code, w.Body)
	}
	if w := b.do("POST", "/desk/import", nil, "Content-Type", "application/json"); w.Code != http.StatusUnsupportedMediaType || !strings.Contains(w.Body.String(), "页面上的表单") {
		t.Errorf("no form: %d", w.Code)
	}
	if w := b.upload("/desk/import", "a.csv", []byte("x"), "sheetform", "payment"); w.Code != http.StatusForbidden {
		t.Errorf("without the session's word: %d", w.Code)
	}
	stranger := &browser{t: t, h: d.h}
	if w := stranger.upload("/desk/import", "a.csv", make([]byte, 1<<20), "form", word, "sheetform", "payment"); w.Code != http.StatusUnauthorized {
		t.Errorf("without a session: %d", w.Code)
	}
	for _, folder := range []string{"incoming", "waiting"} {
		left, err := os.ReadDir(filepath.Join(d.dir, folder))
		if err != nil || len(left) > 0 {
			t.Errorf("%s holds %d files: %v", folder, len(left), err)
		}
	}
	for i := range 25 { // the oldest of an owner go
		b.hand("payment", fmt.Sprintf("%d.csv", i), paySheet(t, payRow("ZF-1001", fmt.Sprintf("%d", i+1))))
	}
	left, err := os.ReadDir(filepath.Join(d.dir, "waiting"))
	if err != nil || len(left) != 2*20 {
		t.Errorf("%d files wait: %v", len(left), err)
	}
}

func TestSheetsOfAllSorts(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	plain := paySheet(t, payRow("ZF-1001", "￥１，２３４．５６"))
	gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes(plain)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"gbk.csv": gbk, "bom.csv": append([]byte("\ufeff"), plain...)} {
		_, page := b.hand("payment", name, content)
		want(t, page, "1,234.56", "确认无误")
	}
	for _, from1904 := range []bool{false, true} {
		f := excelize.NewFile()
		serial := 44002 // 2020-06-20 counted from 1900
		if from1904 {
			serial -= 1462
		}
		row := []any{"ZF-1001", serial, "2020-SJ-1", "XC2020-020", "襄城县惠民水务设备有限公司", 54.27, "款"}
		if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904}); err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetRow("Sheet1", "A1", &[]any{"申请号", "日期", "资金编号", "项目编号", "收款人全称", "金额", "用途"}); err != nil {
			t.Fatal(err)
		}
		if err := f.SetSheetRow("Sheet1", "A2", &row); err != nil {
			t.Fatal(err)
		}
		var content bytes.Buffer
		if err := f.Write(&content); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		at, page := b.hand("payment", "serial.xlsx", content.Bytes())
		want(t, page, "54.27", "确认无误")
		b.decide(at, "drop")
		if w := b.do("GET", at, nil); w.Code != http.StatusNotFound {
			t.Errorf("a dropped upload: %d", w.Code)
		}
	}
	f := excelize.NewFile()
	defer f.Close()
	for i, r := range [][]any{{"申请号", "日期", "资金编号", "项目编号", "收款人全称", "金额", "用途"}, {"Z1", "2020-06-20", "2020-SJ-1", "XC2020-020", "某某设备有限公司", 1, "款"}, {"Z2", "2020-06-20", nil, "XC2020-020", "某某设备有限公司", 2, "款"}} {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.MergeCell("Sheet1", "C2", "C3"); err != nil {
		t.Fatal(err)
	}
	var merged bytes.Buffer
	if err := f.Write(&merged); err != nil {
		t.Fatal(err)
	}
	_, page := b.hand("payment", "merged.xlsx", merged.Bytes())
	want(t, page, "合并单元格 C2:C3")
	for _, form := range sheet.Forms {
		w := b.do("GET", "/desk/import/template/"+form.Name, nil)
		if w.Code != http.StatusOK || !bytes.HasPrefix(w.Body.Bytes(), []byte("PK")) || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("template %s: %d", form.Name, w.Code)
		}
	}
}

// TestRowsThatARuleHoldsAreExplained: a rule holds a payment asked for twice until it is
// explained with a document, on the page of a sheet and in the grid.
func TestRowsThatARuleHoldsAreExplained(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	activate(t, d.l, pageBook)
	b := d.as(ledger.Maker, "maker-1")
	d.day = "2020-06-19"
	d.mustPost(d.draft(&ledger.PaymentRequested{Payment: "ZF-0300", Project: "XC2020-020", Fund: "2020-SJ-1", Amount: yuan(3000), Purpose: "水表采购款", Payee: ledger.Party{Name: "襄城县惠民水务设备有限公司"}}, pageMaker))
	at, page := b.hand("payment", "支付表.csv", paySheet(t, payRow("ZF-1001", "3000")))
	want(t, page, `<span class="tag">P13</span>`, `name="ground-P13"`, "确认无误")
	before := d.size()
	w := b.decide(at, "submit")
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "规则 P13：请选择理由") {
		t.Errorf("without an explanation: %d %s", w.Code, mainOf(w.Body.String()))
	}
	stored := b.upload("/desk/files", "说明.pdf", []byte("%PDF-why"), "form", b.word("/desk/files"))
	if stored.Code != http.StatusSeeOther {
		t.Fatal(stored.Code)
	}
	file := regexp.MustCompile(`<option value="([A-Za-z0-9&#;+/]+=)"`).FindStringSubmatch(b.do("GET", at, nil).Body.String())
	if file == nil {
		t.Fatal("the document cannot be named")
	}
	hash := strings.ReplaceAll(file[1], "&#43;", "+")
	if w := b.decide(at, "submit", "ground-P13", "agreed", "file-P13", hash); w.Code != http.StatusSeeOther {
		t.Fatalf("explained: %d %s", w.Code, mainOf(w.Body.String()))
	}
	want(t, b.settled(at), "已提交待审批")
	if got := d.size() - before; got != 3 {
		t.Errorf("%d entries, want submission.made, the answer and the request", got)
	}
	form := b.gridForm()
	fillRows(form, "1", "3000.00", "purpose", "水表尾款")
	form.Set("do", "submit")
	w = b.do("POST", "/desk/grid", form)
	want(t, w.Body.String(), `name="ground-P13"`, "规则 P13：请选择理由")
	form.Set("ground-P13", "agreed")
	form.Set("file-P13", hash)
	if w := b.do("POST", "/desk/grid", form); w.Code != http.StatusSeeOther || d.size()-before != 6 {
		t.Errorf("explained in the grid: %d, %d entries: %s", w.Code, d.size()-before, mainOf(w.Body.String()))
	}
}

// TestGrantLinesThatAreKnownAreLeftOut: the header of a batch fits the lines that stay.
func TestGrantLinesThatAreKnownAreLeftOut(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	grants := func(households ...int) []byte {
		var out bytes.Buffer
		w := csv.NewWriter(&out)
		lines := [][]string{{"户主", "身份证号", "账号", "区划代码", "资金编号", "项目编号", "补助项目", "标准", "数量", "金额"}}
		for _, n := range households {
			lines = append(lines, []string{"赵" + fmt.Sprint(n), idNumber(200 + n), "6200000000000005", "411025101201", "2020-ZY-2", "XC2020-002", "产业奖补", "500", "1", "500"})
		}
		if err := w.WriteAll(lines); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	at, page := b.hand("grant", "甲.csv", grants(1, 2, 3))
	want(t, page, "1,500.00", "确认无误")
	b.decide(at, "submit")
	want(t, b.settled(at), "已提交待审批")
	before := d.size()
	at, page = b.hand("grant", "乙.csv", grants(2, 4, 3, 5))
	want(t, page, "（2）", "1,000.00", "壹仟元整", "确认无误")
	b.decide(at, "submit")
	want(t, b.settled(at), "已提交待审批")
	if got := d.size() - before; got != 4 {
		t.Fatalf("%d entries, want submission.made, a header and two lines", got)
	}
	e, err := d.l.Entry(t.Context(), pageBook, ledger.Seq(before+1))
	if err != nil {
		t.Fatal(err)
	}
	if head, ok := e.Body.(*ledger.GrantRequested); !ok || head.Lines != 2 || head.Amount != yuan(1000) {
		t.Errorf("header %+v", e.Body)
	}
}

// TestRefusedHeaderAndItsLines: what is wrong with a whole batch of grants does not hide
// what is wrong with its lines, whether the sheet, the book or a rule says it.
func TestRefusedHeaderAndItsLines(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	activateSome(t, d.l, pageBook, "rules", "E03")
	b := d.as(ledger.Maker, "maker-1")
	grants := func(project, fund, period string, standard, amount int) []byte {
		text := "户主,身份证号,账号,区划代码,项目编号,资金编号,补助项目,发放期间,标准,数量,金额\n"
		for i, n := range []int{1, 2, 1} { // the first household twice
			text += fmt.Sprintf("赵%d,%s,6200000000000005,411025101201,%s,%s,产业奖补,%s,%d,%d,%d\n", n, idNumber(200+n), project, fund, period, standard, i+1, amount*(i+1))
		}
		return []byte(text)
	}
	for name, c := range map[string]struct {
		sheet []byte
		want  []string
	}{
		"beyond what is allocated": {grants("XC2020-002", "2020-ZY-2", "2020-03", 900000, 900000), []string{"超过指标", "已有1行发放", "第 4 行"}},
		"a project that is not":    {grants("XC2020-999", "2020-ZY-2", "2020-03", 5, 5), []string{"没有项目", "已有1行发放", "第 4 行"}},
		"a period that is none":    {grants("XC2020-002", "2020-ZY-2", "2020上半年", 5, 5), []string{"发放期间须形如", "已有1行发放", "第 4 行"}},
		"its first line is bad":    {bytes.Replace(grants("XC2020-002", "2020-ZY-2", "2020-03", 900000, 900000), []byte("赵1,"), []byte("赵1"+strings.Repeat("长", 3000)+","), 1), []string{"超过指标", "第 2 行", "须为1–", "4,500,000.00"}},
		"a line that is bad":       {bytes.Replace(grants("XC2020-002", "2020-ZY-2", "2020-03", 5, 5), []byte(",2,10\n"), []byte(",2,11\n"), 1), []string{"金额应等于标准×数量", "已有1行发放", "第 3 行", "第 4 行"}},
		"no fund":                  {grants("XC2020-002", "", "2020-03", 5, 9), []string{"须填写资金编号", "金额应等于标准×数量", "第 3 行"}},
	} {
		_, page := b.hand("grant", name+".csv", c.sheet)
		want(t, page, append(c.want, "还不能提交")...)
	}
}

// TestKeptFileOfAForm: a file that was sent when the session had ended waits for whoever
// sent it, and for nobody else; it is sent again with the form.
func TestKeptFileOfAForm(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	sheet := paySheet(t, payRow("ZF-1001", "12.00"))
	late := func(path string, fields ...string) (kept string) {
		word := b.word(path)
		d.now = d.now.Add(account.DefaultLimits.Idle + time.Second)
		w := b.upload(path, "支付表.csv", sheet, append(fields, "form", word)...)
		found := regexp.MustCompile(`name="kept" value="([^"]+)"`).FindStringSubmatch(w.Body.String())
		if w.Code != http.StatusUnauthorized || found == nil {
			t.Fatalf("%s after the session: %d %s", path, w.Code, w.Body)
		}
		return found[1]
	}
	in := func(user, kept string) (page string, file []string) {
		w := b.do("POST", "/desk/enter", url.Values{"account": {d.token(ledger.Maker, user, "411025-CZ", d.now)}, "password": {officerPassword}, "kept": {kept}})
		return w.Body.String(), regexp.MustCompile(`name="kept_file" value="([^"]+)"`).FindStringSubmatch(w.Body.String())
	}
	kept := late("/desk/import", "sheetform", "payment")
	page, file := in("maker-1", kept)
	want(t, mainOf(page), "文件也已保留", "支付表.csv", `name="sheetform" value="payment"`)
	if file == nil || strings.Contains(page, "附件不能保留") {
		t.Fatal(mainOf(page))
	}
	again := url.Values{"form": {b.word("/desk/import")}, "sheetform": {"payment"}, "kept_file": {file[1]}}
	w := b.do("POST", "/desk/import", again)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("sent again: %d %s", w.Code, mainOf(w.Body.String()))
	}
	want(t, b.settled(w.Header().Get("Location")), "支付表.csv", "12.00", "确认无误")
	other := d.as(ledger.Maker, "maker-2")
	again.Set("form", other.word("/desk/import"))
	if w := other.do("POST", "/desk/import", again); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "请选择要上传的文件") {
		t.Errorf("another's file: %d", w.Code)
	}
	// A form that is nothing but its file, and one in whose session nobody was known.
	if page, file = in("maker-1", late("/desk/files")); file == nil {
		t.Errorf("a document: %s", mainOf(page))
	}
	w = b.do("POST", "/desk/files", url.Values{"form": {b.word("/desk/files")}, "kept_file": {file[1]}})
	if w.Code != http.StatusSeeOther {
		t.Errorf("a document sent again: %d %s", w.Code, mainOf(w.Body.String()))
	}
	word := b.word("/desk/import")
	stranger := &browser{t: t, h: d.h, cookie: strings.Repeat("A", 43)}
	found := regexp.MustCompile(`name="kept" value="([^"]+)"`).FindStringSubmatch(stranger.upload("/desk/import", "a.csv", sheet, "form", word, "sheetform", "payment").Body.String())
	if page, file = in("maker-1", found[1]); file != nil || !strings.Contains(page, "附件不能保留") {
		t.Errorf("a stranger's file is kept: %s", mainOf(page))
	}
}
