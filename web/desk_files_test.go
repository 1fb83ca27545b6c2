package web

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
)

// filesPost sends a form with files, each under the name of its input.
func filesPost(b *browser, path string, form url.Values, files ...[3]string) *httptest.ResponseRecorder {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, v := range values {
			if err := w.WriteField(name, v); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	for _, f := range files {
		part, err := w.CreateFormFile(f[0], f[1])
		if err != nil {
			b.t.Fatal(err)
		}
		_, _ = part.Write([]byte(f[2]))
	}
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

// filesChosen are the hashes that a page has as chosen, in selects or check boxes.
func filesChosen(page string) []string {
	var out []string
	for _, found := range regexp.MustCompile(`value="([A-Za-z0-9+/&#;]{43,60}=)" (?:selected|checked)`).FindAllStringSubmatch(page, -1) {
		out = append(out, html.UnescapeString(found[1]))
	}
	return out
}

// TestFormsTakeDocumentsWithoutAHash uploads a document in a form, keeps it over an error
// and a lost session, chooses one that is there, and finds both in the entry.
func TestFormsTakeDocumentsWithoutAHash(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	if w := b.upload("/desk/dossier/XC2020-020", "验收报告.pdf", []byte("%PDF-1.7 report"), "form", b.word("/desk/dossier/XC2020-020"), "item", "23"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
	}
	if w := b.upload("/desk/files", "会议纪要.txt", []byte("纪要"), "form", b.word("/desk/files")); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
	}
	body := &ledger.PaymentRequested{Payment: "ZF-9001", Project: "XC2020-020", Fund: "2020-SJ-1", Purpose: "水表采购款", Payee: ledger.Party{Name: "襄城县惠民水务设备有限公司"}}
	form := fill(t, b, "payment.requested", body, nil)
	form.Set("act", "save")
	w := filesPost(b, "/desk/form", form, [3]string{"0.body.files.0.upload", "发票.exe", "MZ"})
	want(t, w.Body.String(), "不接收这类文件", "本项目已归档", "验收报告.pdf", "会议纪要.txt")
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a program: %d", w.Code)
	}
	form.Set("version", formOn(t, w.Body.String()).Get("version"))
	w = filesPost(b, "/desk/form", form, [3]string{"0.body.files.0.upload", `C:\扫描\发票.pdf`, "%PDF-1.7 invoice"})
	page := w.Body.String()
	invoice := filesChosen(page)
	if w.Code != http.StatusOK || len(invoice) != 1 {
		t.Fatalf("upload: %d, chosen %q: %s", w.Code, invoice, problemsOf(page))
	}
	if strings.Contains(page, `<input id="0.body.files.0.sha256"`) {
		t.Error("a hash is asked for")
	}
	draft := formOn(t, page).Get("draft")
	again := b.do("GET", "/desk/drafts/"+draft, nil).Body.String()
	if got := filesChosen(again); !slices.Equal(got, invoice) {
		t.Errorf("the draft has %q, want %q", got, invoice)
	}

	// The second document is one of those that are there; an amount is still missing.
	sent := url.Values{}
	for name, v := range form {
		sent[name] = v
	}
	for name, v := range formOn(t, again) {
		sent[name] = v
	}
	report := html.UnescapeString(regexp.MustCompile(`value="([^"]+)">验收报告.pdf`).FindStringSubmatch(again)[1])
	sent.Set("0.body.files.0.sha256", invoice[0])
	sent.Set("0.body.files.1.sha256", report)
	sent.Set("act", "check")
	w = filesPost(b, "/desk/form", sent)
	if got := filesChosen(w.Body.String()); w.Code != http.StatusUnprocessableEntity || !slices.Equal(got, []string{invoice[0], report}) {
		t.Fatalf("with an error: %d, chosen %q", w.Code, got)
	}
	sent.Set("version", formOn(t, w.Body.String()).Get("version"))
	sent.Set("0.body.amount", "12345.67")

	// The session is lost: the form is offered again with what was chosen.
	cookie := b.cookie
	d.now = d.now.Add(16 * 60e9)
	w = filesPost(b, "/desk/form", sent)
	if w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), `name="kept"`) {
		t.Fatalf("after the session: %d", w.Code)
	}
	kept := regexp.MustCompile(`name="kept" value="([^"]+)"`).FindStringSubmatch(w.Body.String())[1]
	offered := b.do("POST", "/desk/enter", url.Values{"account": {"maker-1"}, "password": {officerPassword}, "kept": {kept}}).Body.String()
	want(t, offered, "<dd>12345.67</dd>", `href="/desk/grid"`)
	b = d.as(ledger.Maker, "maker-1")
	if b.cookie == cookie {
		t.Fatal("the session goes on")
	}
	sent.Set("form", b.word("/desk/drafts"))
	to := submitForm(t, b, sent)
	e := enteredBy(t, &desk{d.countyFixture, d.h}, to)
	files := e.Body.(*ledger.PaymentRequested).Files
	if len(files) != 2 || files[0].Name != "发票.pdf" || files[0].Size != 16 || files[0].SM3 == "" || files[0].SHA256 != invoice[0] || files[1].Name != "验收报告.pdf" || files[1].SHA256 != report {
		t.Errorf("entered with %+v", files)
	}
	sum, _ := base64.StdEncoding.DecodeString(report)
	link := `<a href="/desk/files/` + hex.EncodeToString(sum) + `"`
	checker := d.as(ledger.Checker, "checker-1")
	for at, page := range map[string]string{"the entry": b.do("GET", to, nil).Body.String(), "the approval": checker.do("GET", "/desk/payments/"+e.Body.(*ledger.PaymentRequested).Payment, nil).Body.String()} {
		if !strings.Contains(page, link) {
			t.Errorf("%s does not open its document: %s", at, mainOf(page))
		}
	}
	if public := checker.do("GET", "/entries/"+seqText(e.Seq), nil).Body.String(); !strings.Contains(public, "验收报告.pdf") || strings.Contains(public, "/desk/files") {
		t.Error("the public page of the entry leads to its documents")
	}
}

// TestAllFilesOfAFormAreKept: the attachments of a form and of a step that came when the
// session had ended go with it, each in its place, when it is sent again; a new choice
// goes before the kept one.
func TestAllFilesOfAFormAreKept(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	d.warned()
	late := func(role ledger.Role, user, path string, form url.Values, files ...[3]string) (b *browser, page string, kept []string) {
		t.Helper()
		b = d.as(role, user)
		form.Set("form", b.word("/desk/me"))
		d.now = d.now.Add(16 * time.Minute)
		w := filesPost(b, path, form, files...)
		sealed := regexp.MustCompile(`name="kept" value="([^"]+)"`).FindStringSubmatch(w.Body.String())
		if w.Code != http.StatusUnauthorized || sealed == nil {
			t.Fatalf("after the session: %d", w.Code)
		}
		page = b.do("POST", "/desk/enter", url.Values{"account": {user}, "password": {officerPassword}, "kept": {sealed[1]}}).Body.String()
		for _, found := range regexp.MustCompile(`name="kept_file" value="([^"]+)"`).FindAllStringSubmatch(page, -1) {
			kept = append(kept, found[1])
		}
		b = d.as(role, user)
		return b, page, kept
	}

	form := fill(t, d.as(ledger.Maker, "maker-1"), "payment.requested", &ledger.PaymentRequested{Payment: "ZF-9001", Project: "XC2020-020", Fund: "2020-SJ-1", Purpose: "水表采购款", Payee: ledger.Party{Name: "襄城县惠民水务设备有限公司"}}, nil)
	form.Set("act", "save")
	b, page, kept := late(ledger.Maker, "maker-1", "/desk/form", form, [3]string{"0.body.files.0.upload", "发票.pdf", "%PDF-1.7 invoice"}, [3]string{"0.body.files.1.upload", "验收报告.pdf", "%PDF-1.7 report"})
	want(t, mainOf(page), "文件也已保留", "<b>发票.pdf</b> <b>验收报告.pdf</b>", "<dd>水表采购款</dd>")
	if len(kept) != 2 || strings.Contains(page, "附件不能保留") {
		t.Fatalf("kept %q: %s", kept, mainOf(page))
	}
	form.Set("form", b.word("/desk/me"))
	form["kept_file"] = kept
	w := filesPost(b, "/desk/form", form, [3]string{"0.body.files.1.upload", "验收报告（盖章）.pdf", "%PDF-1.7 sealed"})
	if got := filesChosen(w.Body.String()); w.Code != http.StatusOK || len(got) != 2 || strings.Contains(w.Body.String(), `"验收报告.pdf`) {
		t.Errorf("sent again: %d, chosen %q: %s", w.Code, got, problemsOf(w.Body.String()))
	}
	want(t, w.Body.String(), "发票.pdf", "验收报告（盖章）.pdf")

	c := d.warning("P13", 1)
	at := "/alerts/" + c.Alert
	page = d.as(ledger.Auditor, "auditor-1").do("GET", at, nil).Body.String()
	step := url.Values{"kind": {"alert.commented"}, "seen": {regexp.MustCompile(`name="seen" value="([0-9]+)"`).FindStringSubmatch(page)[1]}, "id": {newID()}, "opinion": {"附底稿和照片"}}
	b, page, kept = late(ledger.Auditor, "auditor-1", at, step, [3]string{"upload", "底稿.txt", "底稿"}, [3]string{"upload", "照片.png", "\x89PNG\r\n\x1a\n photo"})
	want(t, mainOf(page), "<dd>办理意见</dd>", "<dd>附底稿和照片</dd>")
	if len(kept) != 2 {
		t.Fatalf("kept %q: %s", kept, mainOf(page))
	}
	step.Set("form", b.word("/desk/me"))
	step["kept_file"] = kept
	if w := b.do("POST", at, step); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
	}
	want(t, mainOf(b.do("GET", at, nil).Body.String()), "底稿.txt</a>", "照片.png</a>")

	files := make([][3]string, 21)
	for i := range files {
		files[i] = [3]string{"upload", fmt.Sprintf("第%d页.txt", i+1), fmt.Sprint(i)}
	}
	_, page, kept = late(ledger.Auditor, "auditor-1", at, step, files...)
	if len(kept) < 20 || !strings.Contains(mainOf(page), "附件不能保留，请重新打开原来的页面再选： <b>第21页.txt</b>") {
		t.Errorf("kept %d of 21: %s", len(kept), mainOf(page))
	}
}

// TestStepsOfACaseTakeDocuments answers a warning with an upload and a document that is
// there, keeps both when the step is refused, and lets nobody attach what they do not see.
func TestStepsOfACaseTakeDocuments(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	d.warned()
	c := d.warning("P13", 1)
	b := d.as(ledger.Auditor, "auditor-1")
	if w := b.upload("/desk/files", "底稿.txt", []byte("底稿"), "form", b.word("/desk/files")); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
	}
	at := "/alerts/" + c.Alert
	page := b.do("GET", at, nil).Body.String()
	want(t, page, `name="upload" type="file" multiple`, "本单位最近上传", "底稿.txt")
	there := html.UnescapeString(regexp.MustCompile(`name="files" value="([^"]+)"> <span[^>]*>底稿.txt`).FindStringSubmatch(page)[1])
	form := url.Values{"form": {b.word(at)}, "kind": {"alert.commented"}, "seen": {regexp.MustCompile(`name="seen" value="([0-9]+)"`).FindStringSubmatch(page)[1]}, "id": {newID()}, "files": {there}}
	w := filesPost(b, at, form, [3]string{"upload", "照片.png", "\x89PNG\r\n\x1a\n photo"})
	got := filesChosen(w.Body.String())
	if w.Code != http.StatusUnprocessableEntity || len(got) != 2 || !slices.Contains(got, there) {
		t.Fatalf("without an opinion: %d, chosen %q: %s", w.Code, got, mainOf(w.Body.String()))
	}
	form["files"] = got
	form.Set("opinion", "附底稿和照片")
	if w := filesPost(b, at, form, [3]string{"upload", "程序.exe", "MZ"}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "不接收这类文件") || len(filesChosen(w.Body.String())) != 2 {
		t.Errorf("a program: %d %s", w.Code, mainOf(w.Body.String()))
	}
	form["files"] = append(slices.Clone(got), strings.Repeat("A", 43)+"=")
	if w := filesPost(b, at, form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "附件已不在") {
		t.Errorf("a document that is nowhere: %d", w.Code)
	}
	form["files"] = got
	if w := filesPost(b, at, form); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
	}
	head, err := d.l.Head(t.Context(), pageBook)
	if err != nil {
		t.Fatal(err)
	}
	e, err := d.l.Entry(t.Context(), pageBook, ledger.Seq(head.Size-1))
	if err != nil {
		t.Fatal(err)
	}
	if files := e.Body.(*ledger.AlertCommented).Files; len(files) != 2 {
		t.Errorf("the step has %+v", files)
	}
	for page, i := b.do("GET", at, nil).Body.String(), 0; i < 2; i++ {
		sum, _ := base64.StdEncoding.DecodeString(got[i])
		if !strings.Contains(page, `<a href="/desk/files/`+hex.EncodeToString(sum)+`"`) {
			t.Errorf("the history does not open document %d", i)
		}
	}
}
