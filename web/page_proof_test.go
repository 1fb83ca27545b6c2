package web

import (
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"yilu/audit"
	"yilu/audit/proof"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

const testOrigin = "fund.example.gov.cn/log/411025"

// sign makes a signer for the county and signs what there is. The func it
// returns signs what has come since.
func (x *countyFixture) sign(public string) (again func()) {
	x.t.Helper()
	dir := x.t.TempDir()
	key, err := signer.CreateKey(filepath.Join(dir, "key"), testOrigin)
	if err != nil {
		x.t.Fatal(err)
	}
	c := signer.Config{
		Book: string(pageBook), Origin: testOrigin, Keys: []signer.Key{key}, State: filepath.Join(dir, "state"),
		Public: tile.Dir(filepath.Join(public, string(pageBook))), Pool: x.l.Pool, Witnesses: "quorum none\n",
		Now: func() time.Time { return time.Date(2020, 6, 30, 2, 0, 0, 0, time.UTC) }, Log: slog.New(slog.DiscardHandler),
	}
	if err := signer.Init(x.t.Context(), c); err != nil {
		x.t.Fatal(err)
	}
	s, err := signer.Open(c)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() {
		if err := s.Close(); err != nil {
			x.t.Error(err)
		}
	})
	again = func() {
		x.t.Helper()
		if err := s.Round(x.t.Context()); err != nil {
			x.t.Fatal(err)
		}
	}
	again()
	return again
}

// signedSite serves the county with its public log.
func (x *countyFixture) signedSite(public string) http.Handler {
	return New(Config{Ledger: x.l, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: pageBook, Public: public})
}

// Every entry's two files prove it to whoever has the policy, and the page shows
// what is in them.
func TestEveryEntryCanBeChecked(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	public := t.TempDir()
	x.sign(public)
	h := x.signedSite(public)
	policy, err := proof.ParsePolicy(answerTo(h, "/log/411025/policy").Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	head, err := x.l.Head(t.Context(), pageBook)
	if err != nil {
		t.Fatal(err)
	}
	for seq := range head.Size {
		file, err := proof.ParseFile(answerTo(h, fmt.Sprint("/log/411025/proof/", seq)).Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		signed, err := policy.Open(file.Note)
		if err != nil {
			t.Fatal(err)
		}
		leaf := answerTo(h, fmt.Sprint("/log/411025/leaf/", seq)).Body.Bytes()
		if err := proof.CheckInclusion(file.Hashes, signed.Size, signed.Root, uint64(seq), proof.LeafHash(leaf)); err != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
	}
	page := answerTo(h, "/entries/10/proof")
	leaf := answerTo(h, "/log/411025/leaf/10")
	for _, want := range []string{leaf.Body.String(), testOrigin, "/log/411025/proof/10", "verify.js"} {
		if !strings.Contains(html.UnescapeString(page.Body.String()), want) {
			t.Errorf("the page does not show %s", want)
		}
	}
	if got := page.Header().Get("Content-Security-Policy"); !strings.Contains(got, "; script-src 'self'") {
		t.Errorf("policy %q", got)
	}
	if got := leaf.Header().Get("Content-Disposition"); got != "attachment; filename=411025-10.json" {
		t.Errorf("file name %q", got)
	}
}

// TestAlteredEntryIsToldWhereItIsChecked: the published text still proves what was entered,
// so the page must not say that all is well when the others show something else.
func TestAlteredEntryIsToldWhereItIsChecked(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	public := t.TempDir()
	x.sign(public)
	h := x.signedSite(public)
	shown := regexp.MustCompile(`data-shown="([0-9a-f]{64})"`)
	same := func(page string) bool {
		t.Helper()
		found := shown.FindStringSubmatch(page)
		if found == nil {
			t.Fatal(page)
		}
		return strings.Contains(page, `id="leaf-hash">`+found[1])
	}
	if page := answerTo(h, "/entries/10/proof").Body.String(); !same(page) || strings.Contains(page, "数据库被改动过") {
		t.Errorf("before: %s", page)
	}
	err := audit.Forge(t.Context(), x.db.Owner, string(pageBook), 10, func(a audit.Act) (audit.Act, error) {
		a.On = "2020-01-03"
		return a, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h = x.signedSite(public) // nothing is kept of before
	if page := answerTo(h, "/entries/10/proof").Body.String(); same(page) || !strings.Contains(page, "数据库被改动过") {
		t.Errorf("after: %s", page)
	}
}

// What is not public yet has a page that says so, and no files.
func TestProofWaitsForTheCheckpoint(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	public := t.TempDir()
	again := x.sign(public)
	h := x.signedSite(public)
	seq := x.post(pageMaker, &ledger.DocumentFiled{Project: "XC2020-001", Item: 1, File: ledger.File{Name: "a.pdf", SHA256: strings.Repeat("A", 43) + "=", Size: 1}})
	page, leaf := fmt.Sprintf("/entries/%d/proof", seq), fmt.Sprint("/log/411025/leaf/", seq)
	if w := answerTo(h, page); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "尚未公开签名") || strings.Contains(w.Body.String(), "<script") {
		t.Errorf("before: %d %s", w.Code, w.Body)
	}
	if w := answerTo(h, leaf); w.Code != http.StatusNotFound {
		t.Errorf("before: the leaf is %d", w.Code)
	}
	root := regexp.MustCompile(`账簿根 [0-9a-f]{12}<`)
	if w := answerTo(h, page); !root.MatchString(w.Body.String()) {
		t.Errorf("before: the foot does not name the book's root: %s", w.Body)
	}
	again()
	if w := answerTo(h, page); !strings.Contains(w.Body.String(), "现在核验") || !root.MatchString(w.Body.String()) {
		t.Errorf("after: %s", w.Body)
	}
	for _, path := range []string{fmt.Sprintf("/entries/%d/proof", seq+1), "/entries/01/proof", "/entries/-1/proof", "/log/411025/leaf/x", "/log/411025/proof/18446744073709551616", "/log/999999/leaf/0", "/log/..%2f411025/leaf/0"} {
		if w := answerTo(h, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, w.Code)
		}
	}
	if w := answerTo(x.site(""), page); !strings.Contains(w.Body.String(), "尚未公开签名") {
		t.Errorf("without a public log: %s", w.Body)
	}
}

// A damaged file is a fault of ours, never a proof of something else.
func TestNothingIsProvenFromDamagedFiles(t *testing.T) {
	t.Parallel()
	x := newTypical(t, plainText)
	public := t.TempDir()
	x.sign(public)
	h := x.signedSite(public)
	for _, name := range []string{"tile/entries/000.p/*", "tile/0/000.p/*"} {
		found, err := filepath.Glob(filepath.Join(public, "411025", name))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v %v", name, found, err)
		}
		whole, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		spoilt := append([]byte{}, whole...)
		spoilt[len(spoilt)-1]++
		write(t, found[0], spoilt)
		last := strings.TrimPrefix(filepath.Ext(filepath.Dir(found[0])), ".") // "p"
		width := filepath.Base(found[0])
		var n int
		if _, err := fmt.Sscan(width, &n); err != nil || last != "p" {
			t.Fatal(found[0])
		}
		for _, path := range []string{"/log/411025/leaf/%d", "/log/411025/proof/%d", "/entries/%d/proof"} {
			if w := answerTo(h, fmt.Sprintf(path, n-1)); w.Code != http.StatusInternalServerError {
				t.Errorf("%s spoilt, "+path+": %d, want 500", name, n-1, w.Code)
			}
		}
		write(t, found[0], whole)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkProofPage(b *testing.B) {
	x := newTypical(b, plainText)
	public := b.TempDir()
	x.sign(public)
	h := x.signedSite(public)
	for b.Loop() {
		if w := answerTo(h, "/entries/10/proof"); w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
