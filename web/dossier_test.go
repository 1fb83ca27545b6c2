package web

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

// sign signs and publishes the book as it is.
func (d *sheetDesk) sign() {
	d.t.Helper()
	key, err := signer.CreateKey(filepath.Join(d.t.TempDir(), "key"), "example.gov.cn/log/411025")
	if err != nil {
		d.t.Fatal(err)
	}
	c := signer.Config{
		Book: string(pageBook), Origin: "example.gov.cn/log/411025", Keys: []signer.Key{key}, State: filepath.Join(d.t.TempDir(), "state"), Public: tile.Dir(filepath.Join(d.public, string(pageBook))),
		Pool: d.l.Pool, Witnesses: "quorum none\n", Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	if err := signer.Init(d.t.Context(), c); err != nil {
		d.t.Fatal(err)
	}
	s, err := signer.Open(c)
	if err != nil {
		d.t.Fatal(err)
	}
	defer s.Close()
	if err := s.Round(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

func TestDocumentsAreHandedInAndTaken(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.Maker, "maker-1")
	w := b.upload("/desk/files", "名册.txt", []byte("身份证 "+secretNumber), "form", b.word("/desk/files"))
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
	}
	page := b.do("GET", w.Header().Get("Location"), nil).Body.String()
	want(t, page, "已保存：名册.txt", "含有身份证号")
	link := regexp.MustCompile(`/desk/files/[0-9a-f]{64}`).FindString(page)
	got := b.do("GET", link, nil)
	h := got.Header()
	if got.Body.String() != "身份证 "+secretNumber || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") || h.Get("X-Content-Type-Options") != "nosniff" ||
		h.Get("Cache-Control") != "private, no-store" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d %v %q", got.Code, h, got.Body)
	}
	stranger := &browser{t: t, h: d.h}
	for path, status := range map[string]int{link: http.StatusUnauthorized, "/desk/files": http.StatusUnauthorized} {
		if w := stranger.do("GET", path, nil); w.Code != status || strings.Contains(w.Body.String(), secretNumber) {
			t.Errorf("the public: %s is %d", path, w.Code)
		}
	}
	for _, path := range []string{"/desk/files/" + strings.Repeat("0", 64), "/desk/files/..%2f..%2fetc%2fpasswd", "/desk/files/zz"} {
		if w := b.do("GET", path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := b.upload("/desk/files", "a.exe", []byte("MZ"), "form", b.word("/desk/files")); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "不接收这类文件") {
		t.Errorf("a program: %d", w.Code)
	}
	want(t, b.do("GET", "/desk/files?text="+url.QueryEscape("没有的"), nil).Body.String(), "没有")
}

func TestDossierIsFiledTakenAndVerified(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.ProjectOfficer, "project-1")
	at := "/desk/dossier/XC2020-001"
	page := b.do("GET", at, nil).Body.String()
	want(t, page, "施工合同", "本系统未存原件", "缺少")
	want(t, b.do("GET", "/desk/dossier/XC2020-002", nil).Body.String(), "不适用")
	before := d.size()
	contract := []byte("%PDF-1.7 contract")
	for range 2 {
		if w := b.upload(at, "施工合同（正本）.pdf", contract, "form", b.word(at), "item", "20"); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
		}
	}
	if d.size() != before+1 {
		t.Errorf("filed twice: %d entries", d.size()-before)
	}
	if w := b.upload(at, "甲.pdf", contract, "form", b.word(at), "item", "99"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a paper that is not in the list: %d", w.Code)
	}
	if w := d.as(ledger.Auditor, "auditor-1").upload(at, "甲.pdf", contract, "form", "x", "item", "1"); w.Code != http.StatusForbidden {
		t.Errorf("an auditor files: %d", w.Code)
	}
	want(t, b.do("GET", at, nil).Body.String(), "施工合同（正本）.pdf")
	if w := b.do("GET", "/desk/dossier/none", nil); w.Code != http.StatusNotFound {
		t.Errorf("no project: %d", w.Code)
	}
	d.sign()
	w := d.as(ledger.Auditor, "auditor-1").do("GET", at+"/dossier.zip", nil)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	dir := unpack(t, w.Body.Bytes())
	var m dossierManifest
	if err := json.Unmarshal(mustRead(t, filepath.Join(dir, "manifest.json")), &m); err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Files {
		sum := sha256.Sum256(mustRead(t, filepath.Join(dir, f.Path)))
		if hex.EncodeToString(sum[:]) != f.SHA256 {
			t.Errorf("%s is not what the manifest says", f.Path)
		}
	}
	if len(m.Documents) != 2 || len(m.Papers) != 27 || len(m.Entries) < 20 {
		t.Errorf("%d documents, %d papers, %d entries", len(m.Documents), len(m.Papers), len(m.Entries))
	}
	for _, x := range m.Documents {
		if x.Name == "施工合同（正本）.pdf" && string(mustRead(t, filepath.Join(dir, x.Path))) != string(contract) {
			t.Error("the document is another")
		}
	}
	index := string(mustRead(t, filepath.Join(dir, "index.html")))
	want(t, index, "颍阳镇后楚村道路硬化", "534,000.00", "yilu-verify proof entries/")
	verifyDossier(t, dir, m)
}

// verifyDossier checks every proof with the verifier, as somebody without us would, and
// that it notices a changed entry.
func verifyDossier(t *testing.T, dir string, m dossierManifest) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "yilu-verify")
	if out, err := exec.Command("go", "build", "-o", program, "yilu/cmd/yilu-verify").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	check := func(x dossierEntry) error {
		cmd := exec.Command(program, "proof", x.Proof, "--entry", x.Path, "--policy", "policy.txt")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Logf("%s", out)
		}
		return err
	}
	for _, x := range m.Entries {
		if x.Proof == "" {
			t.Fatalf("entry %d has no proof", x.Seq)
		}
		if err := check(x); err != nil {
			t.Errorf("entry %d: %v", x.Seq, err)
		}
	}
	x := m.Entries[3]
	name := filepath.Join(dir, x.Path)
	if err := os.WriteFile(name, bytes.Replace(mustRead(t, name), []byte(`"v":"1"`), []byte(`"v":"2"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := check(x); err == nil {
		t.Error("a changed entry passes")
	}
}

// unpack writes an archive to a folder, refusing what would leave it.
func unpack(t *testing.T, b []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, part := range z.File {
		if !filepath.IsLocal(part.Name) {
			t.Fatalf("a part is called %s", part.Name)
		}
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = r.Close()
		name := filepath.Join(dir, part.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestTwoOfficersWaiveOnePaper: of two who mark the same paper at the same moment one is
// told so, and a paper that applies again can be marked again.
func TestTwoOfficersWaiveOnePaper(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	at := "/desk/dossier/XC2020-001"
	type officer struct {
		b    *browser
		form string
	}
	var officers []officer
	for _, user := range []string{"project-1", "project-2"} {
		b := d.as(ledger.ProjectOfficer, user)
		officers = append(officers, officer{b, b.word(at)})
	}
	open := regexp.MustCompile(`<option value="([0-9]+)"`).FindAllStringSubmatch(officers[0].b.do("GET", at, nil).Body.String(), -1)
	papers := map[string]bool{}
	for _, x := range open {
		papers[x[1]] = true
	}
	marked, before := 0, d.size()
	for item := range papers {
		codes := make([]int, len(officers))
		var wait sync.WaitGroup
		for i, o := range officers {
			wait.Go(func() {
				form := url.Values{"form": {o.form}, "item": {item}, "explanation": {"不涉及"}}
				codes[i] = o.b.do("POST", at+"/waive", form).Code
			})
		}
		wait.Wait()
		slices.Sort(codes)
		switch {
		case codes[0] == http.StatusSeeOther && (codes[1] == http.StatusConflict || codes[1] == http.StatusUnprocessableEntity):
			marked++
		case codes[0] == http.StatusUnprocessableEntity && codes[1] == codes[0]: // not open
		default:
			t.Errorf("paper %s: %v", item, codes)
		}
	}
	if marked < 5 || d.size() != before+int64(marked) {
		t.Errorf("%d papers are marked by %d entries", marked, d.size()-before)
	}
	row := paperRow{Paper: ledger.Paper{Item: 3}}
	again := row
	again.waivers++
	if id := row.waiver("P1"); id != (paperRow{Paper: ledger.Paper{Item: 3}}).waiver("P1") || id == again.waiver("P1") || id == row.waiver("P2") || len(id) > 64 {
		t.Errorf("ids %s %s", id, again.waiver("P1"))
	}
}

func TestArchiveNamesAreNoPaths(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{"合同.pdf": "合同.pdf", "../../etc/passwd": "", `a\b:c.pdf`: "a_b_c.pdf", "..": "", "a\u202egpj.exe": "a_gpj.exe"} {
		if got := archiveName(title); strings.ContainsAny(got, `/\`) || strings.HasPrefix(got, "..") || want != "" && got != want {
			t.Errorf("%q becomes %q", title, got)
		}
	}
}

// TestAPaperThatDoesNotApply is said so with a reason, is not counted as missing, stands in
// the manifest, and is missing again once the entry is reversed.
func TestAPaperThatDoesNotApply(t *testing.T) {
	t.Parallel()
	d := newSheetDesk(t)
	b := d.as(ledger.ProjectOfficer, "project-1")
	at := "/desk/dossier/XC2020-001"
	missing := func() int {
		t.Helper()
		found := regexp.MustCompile(`<dt>缺少</dt><dd>([0-9]+)</dd>`).FindStringSubmatch(b.do("GET", at, nil).Body.String())
		n, err := strconv.Atoi(found[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before, size := missing(), d.size()
	form := url.Values{"form": {b.word(at)}, "item": {"26"}, "explanation": {"  "}}
	w := b.do("POST", at+"/waive", form)
	if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "必填") || !strings.Contains(w.Body.String(), `<option value="26" selected>`) {
		t.Errorf("without a reason: %d %s", w.Code, mainOf(w.Body.String()))
	}
	form.Set("explanation", "户主 "+secretNumber)
	if w := b.do("POST", at+"/waive", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "身份证") {
		t.Errorf("with a personal number: %d", w.Code)
	}
	form.Set("explanation", "公益性项目，资产随路面归村集体")
	for range 2 { // sent twice it is one
		if w := b.do("POST", at+"/waive", form); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, mainOf(w.Body.String()))
		}
	}
	if d.size() != size+1 || missing() != before-1 {
		t.Errorf("%d entries, %d missing, were %d", d.size()-size, missing(), before)
	}
	form.Set("explanation", "另一说明")
	for item, why := range map[string]string{"26": "已标为不适用", "20": "已归档", "28": "请选择", "x": "请选择"} {
		form.Set("item", item)
		if w := b.do("POST", at+"/waive", form); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), why) {
			t.Errorf("item %s: %d %s", item, w.Code, mainOf(w.Body.String()))
		}
	}
	page := b.do("GET", at, nil).Body.String()
	want(t, page, "不适用（经办说明）", "公益性项目，资产随路面归村集体", "/desk/new/entry.reversed?corrects=")
	var m dossierManifest
	dir := unpack(t, b.do("GET", at+"/dossier.zip", nil).Body.Bytes())
	if err := json.Unmarshal(mustRead(t, filepath.Join(dir, "manifest.json")), &m); err != nil {
		t.Fatal(err)
	}
	if p := m.Papers[25]; p.State != "waived" || p.Reason != "公益性项目，资产随路面归村集体" || p.Entry == nil || *p.Entry != ledger.Seq(size) {
		t.Errorf("manifest: %+v", p)
	}
	want(t, string(mustRead(t, filepath.Join(dir, "index.html"))), "不适用（经办说明）: 公益性项目")
	submitForm(t, b, fill(t, b, "entry.reversed", &ledger.EntryReversed{Reason: "other"}, url.Values{"0.corrects": {seqText(ledger.Seq(size))}}))
	sub, _, err := d.l.Submissions(t.Context(), pageBook, "", ledger.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sub {
		if s.First == ledger.Seq(d.size()-1) {
			d.mustPost(d.draft(&ledger.SubmissionApproved{Submission: s.Submission, ContentHash: s.ContentHash}, pageChecker))
		}
	}
	if missing() != before {
		t.Errorf("reversed: %d missing, were %d", missing(), before)
	}
	if w := d.as(ledger.Auditor, "auditor-1").do("POST", at+"/waive", form); w.Code != http.StatusForbidden {
		t.Errorf("an auditor: %d", w.Code)
	}
}
