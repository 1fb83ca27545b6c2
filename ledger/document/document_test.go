package document_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/migrations/pgtest"
	"yilu/publicity/scan"
)

const book = ledger.Book("411025")

var now = time.Date(2020, 6, 30, 2, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string) *document.Store {
	t.Helper()
	s, err := document.Open(dir, pgtest.New(t).Pool, sealer(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t *testing.T, s *document.Store, name, content string) (document.Stored, error) {
	t.Helper()
	return s.Put(t.Context(), book, document.Stored{Unit: "411025-CZ", User: "u1", Name: name, At: now}, strings.NewReader(content))
}

// archive makes a zip file of parts.
func archive(t *testing.T, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i+1 < len(parts); i += 2 {
		w, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, parts[i+1])
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDocumentsAreKeptByTheirContent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	f, err := put(t, s, `C:\用户\合同 .pdf`, "%PDF-1.7 contract")
	if err != nil || f.Name != "合同 .pdf" || f.Kind != "pdf" || f.Readable || f.Size != 17 || len(f.Found) > 0 {
		t.Fatalf("%+v %v", f, err)
	}
	again, err := put(t, s, "改名.pdf", "%PDF-1.7 contract")
	if err != nil || again.Name != f.Name {
		t.Errorf("the same content again: %+v %v", again, err)
	}
	if _, err := s.Put(t.Context(), book, document.Stored{Unit: "other", User: "u2", Name: "b.pdf", At: now.Add(time.Second)}, strings.NewReader("%PDF-1.7 contract")); err != nil {
		t.Fatal(err)
	}
	list, more, err := s.List(t.Context(), book, "411025-CZ", "", now.Add(time.Hour))
	if err != nil || more || len(list) != 1 {
		t.Errorf("list %+v %t %v", list, more, err)
	}
	if _, err := s.Find(t.Context(), book, f.Hash(), "third"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("another unit: %v", err)
	}
	if problems := ledger.Check(ledger.Draft{ID: "x", Kind: "document.filed", On: "2020-06-30", By: ledger.By{Role: ledger.Maker, Unit: "u", User: "u"}, Corrects: ledger.None, Body: &ledger.DocumentFiled{Project: "P1", Item: 20, File: f.File()}}); len(problems) > 0 {
		t.Errorf("entries do not take it: %v", problems)
	}
	r, err := s.Content(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil || string(b) != "%PDF-1.7 contract" {
		t.Errorf("%q %v", b, err)
	}
	var at string
	_ = filepath.WalkDir(filepath.Join(dir, "stored"), func(p string, e os.DirEntry, err error) error {
		if !e.IsDir() {
			at = p
		}
		return err
	})
	if err := os.WriteFile(at, []byte("%PDF-1.7 forged!!"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Content(f); err == nil {
		t.Error("bytes that were changed on the disk are given out")
	}
	if left, _ := os.ReadDir(filepath.Join(dir, "incoming")); len(left) > 0 {
		t.Errorf("%d files are left on their way", len(left))
	}
}

func TestFilesAreJudgedByTheirContent(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	zeros := strings.Repeat("0", 8<<20)
	for _, c := range []struct{ name, content, want string }{
		{"a.exe", "MZ", "不接收"},
		{"a.html", "<script>", "不接收"},
		{"a.svg", "<svg/>", "不接收"},
		{"a", "x", "不接收"},
		{"a.pdf", "<html>", "不符"},
		{"a.png", "\xFF\xD8\xFF", "不符"},
		{"a.jpg", "", "空的"},
		{"a.docx", "PK\x03\x04 broken", "已损坏"},
		{"a.docx", archive(t, "xl/workbook.xml", "<a/>"), "不符"},
		{"a.xlsx", archive(t, "xl/workbook.xml", "<a/>", "xl/vbaProject.bin", "x"), "含宏"},
		{"a.xlsx", archive(t, "xl/workbook.xml", "<a/>", "../../etc/passwd", "x"), "结构异常"},
		{"a.xlsx", archive(t, "xl/workbook.xml", "<a/>", "xl/big.xml", zeros), "压缩炸弹"},
		{"a.docx", archive(t, "word/document.xml", `<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>`), "DOCTYPE"},
		{"a.docx", archive(t, "word/document.xml", "<x><y></x"), "损坏"},
		{"a.txt", "a\x00b", "不是文本"},
		{"11010519491231002X.pdf", "%PDF-", "不得含身份证号"},
		{"  ", "%PDF-", "没有名称"},
		{"..", "%PDF-", "没有名称"},
		{strings.Repeat("长", 201) + ".pdf", "%PDF-", "最多 200 字"},
		{"big.txt", strings.Repeat("字", document.MaxFile/3+1), "超过 10 MB"},
	} {
		_, err := put(t, s, c.name, c.content)
		bad, ok := errors.AsType[*ledger.Invalid](err)
		if !ok || !strings.Contains(bad.Problems[0].Zh, c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestPersonalNumbersInTextAreFound(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	gbk, err := simplifiedchinese.GB18030.NewEncoder().String("户主张三，身份证 11010519491231002X")
	if err != nil {
		t.Fatal(err)
	}
	number := []scan.Kind{scan.IDNumber}
	for name, c := range map[string]struct {
		content string
		want    []scan.Kind
	}{
		"a.txt":  {"无", []scan.Kind{}},
		"b.txt":  {gbk, number},
		"c.csv":  {"电话,13800138000\n", []scan.Kind{scan.Mobile}},
		"d.docx": {archive(t, "word/document.xml", `<w:p xmlns:w="w"><w:r><w:t>1101051949</w:t></w:r><w:r><w:t>1231002X</w:t></w:r></w:p>`), number},
		"e.xlsx": {archive(t, "xl/workbook.xml", "<a/>", "xl/sharedStrings.xml", "<sst><si><t>11010519491231002X</t></si><si><t>2</t></si></sst>"), number},
		"f.ofd":  {archive(t, "OFD.xml", "<a/>", "Doc_0/Pages/Page_0/Content.xml", "<p><TextCode>11010519491231002X</TextCode></p>"), number},
	} {
		f, err := put(t, s, name, c.content)
		if err != nil || !f.Readable || cmp.Diff(c.want, f.Found) != "" {
			t.Errorf("%s: %v %+v", name, err, f)
		}
	}
}

func TestTwoHandInTheSameAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := s.Put(t.Context(), book, document.Stored{Unit: "u", User: "u", Name: "a.pdf", At: now}, strings.NewReader("%PDF-x")); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	list, _, err := s.List(t.Context(), book, "", "", now.Add(time.Hour))
	if err != nil || len(list) != 1 {
		t.Errorf("%d documents: %v", len(list), err)
	}
}

func TestUploadsWait(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	keep := func(owner string, at time.Time) document.Waiting {
		t.Helper()
		w, err := s.Keep(document.Waiting{Owner: owner, Use: "import", Name: "表.csv", At: at, Facts: []byte(`{"a":1}`)}, strings.NewReader("a,b\n"))
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := keep("u1", now)
	got, err := s.Waiting(w.ID, "u1", "import", now.Add(time.Hour))
	if err != nil || string(got.Facts) != `{"a":1}` {
		t.Errorf("%+v %v", got, err)
	}
	for what, find := range map[string]func() (document.Waiting, error){
		"another":     func() (document.Waiting, error) { return s.Waiting(w.ID, "u2", "import", now) },
		"another use": func() (document.Waiting, error) { return s.Waiting(w.ID, "u1", "bank", now) },
		"a day later": func() (document.Waiting, error) { return s.Waiting(w.ID, "u1", "import", now.Add(25*time.Hour)) },
		"a path":      func() (document.Waiting, error) { return s.Waiting("../"+w.ID, "u1", "import", now) },
		"upper case":  func() (document.Waiting, error) { return s.Waiting(strings.ToUpper(w.ID), "u1", "import", now) },
		"none":        func() (document.Waiting, error) { return s.Waiting(strings.Repeat("0", 32), "u1", "import", now) },
	} {
		if _, err := find(); !errors.Is(err, ledger.ErrNotFound) && !(what == "upper case" && w.ID == strings.ToUpper(w.ID)) {
			t.Errorf("%s: %v", what, err)
		}
	}
	got.Facts = []byte(`{"a":2}`)
	if err := s.Note(got); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Waiting(w.ID, "u1", "import", now); err != nil || string(got.Facts) != `{"a":2}` {
		t.Errorf("%+v %v", got, err)
	}
	for i := range 25 {
		keep("u1", now.Add(time.Duration(i+1)*time.Second))
	}
	if _, err := s.Waiting(w.ID, "u1", "import", now); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("the oldest of too many: %v", err)
	}
	for i := range 180 {
		keep("v"+string(rune('a'+i/19)), now)
	}
	if _, err := s.Keep(document.Waiting{Owner: "w", Use: "import", Name: "a.csv", At: now}, strings.NewReader("x")); !errors.Is(err, document.ErrFull) {
		t.Errorf("too many: %v", err)
	}
	keep("w", now.Add(48*time.Hour)) // the others have expired
	if left, _ := os.ReadDir(filepath.Join(dir, "waiting")); len(left) != 2 {
		t.Errorf("%d files are left", len(left))
	}
}
