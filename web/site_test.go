package web

import (
	"bytes"
	"encoding/xml"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/publicity/photo"
	copying "yilu/publicity/site"
)

// TestCopyIsTheSite copies the county's site while the book moves on, and walks
// through the files as a reader of the copy does: every file has the bytes that are
// served, and every link leads to a file.
func TestCopyIsTheSite(t *testing.T) {
	t.Parallel()
	const base, origin = "/zt/yilu", "https://example.gov.cn"
	x := newTypical(t, hostile)
	folder := filepath.Join(t.TempDir(), "site")
	files, picture := x.releasePhoto(t)
	err := x.l.Freeze(t.Context(), pageBook, 3, func(frozen *ledger.Ledger) error {
		h := New(Config{Ledger: frozen, Log: slog.New(slog.DiscardHandler), Now: time.Now, Book: pageBook, BasePath: base, Origin: origin, Demo: true, Files: files})
		x.post(pageMaker, &ledger.ProjectListed{Project: "LATER", Name: "后来的项目", Content: "路", Type: "other", Place: "411025103205", PlaceName: "村", Unit: "镇"})
		posted, err := x.l.Notice(t.Context(), pageBook, "GG-001")
		if err != nil {
			return err
		}
		e, err := x.l.Entry(t.Context(), pageBook, posted.Posted)
		if err != nil {
			return err
		}
		again := e.Body.(*ledger.NoticePosted).Content
		again.Title = "后来的项目公告"
		x.post(pageMaker, &ledger.NoticePosted{Notice: "GG-LATER", Content: again})
		c := &copying.Copy{Handler: h, Base: base, Origin: origin, Folder: folder, Workers: 3, Live: LivePages, Start: []string{"/", "/en/", "/robots.txt", "/sitemap.xml"}}
		s, err := c.Run(t.Context())
		if err != nil {
			return err
		}
		if s.Files < 500 {
			t.Errorf("only %+v", s)
		}
		link := regexp.MustCompile(` (?:href|src)="([^"]*)"|<form method="get" action="([^"]*)"`)
		return filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || d.Name() == "SHA256SUMS" {
				return err
			}
			body, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			relative, _ := filepath.Rel(folder, name)
			path := base + "/" + strings.TrimSuffix(relative, "index.html")
			if relative != "index.html" && relative != "en/index.html" && !strings.HasSuffix(relative, "-/index.html") {
				path = strings.TrimSuffix(path, "/")
			}
			if served := answerTo(h, escapedPath(path)).Body.String(); served != string(body) {
				t.Errorf("%s is not what is served at %s", relative, path)
			}
			if strings.Contains(string(body), "后来的项目") {
				t.Errorf("%s has seen what came later", relative)
			}
			if !strings.HasSuffix(name, ".html") {
				return nil
			}
			for _, found := range link.FindAllStringSubmatch(string(body), -1) {
				to := strings.ReplaceAll(found[1]+found[2], "&amp;", "&")
				u, err := url.Parse(to)
				if err == nil && u.Host != "" && slices.ContainsFunc(LivePages, func(live string) bool { return strings.HasSuffix(u.Path, live) }) {
					continue
				}
				if err != nil || !strings.HasPrefix(u.Path, base+"/") && u.Path != "" {
					t.Errorf("%s leads to %q: %v", relative, to, err)
					continue
				}
				at := filepath.Join(folder, filepath.FromSlash(strings.TrimPrefix(u.Path, base)))
				if info, err := os.Stat(at); u.Path != "" && (err != nil || info.IsDir() && !exists(filepath.Join(at, "index.html"))) {
					t.Errorf("%s leads to %s, which is no file", relative, to)
				}
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	checkMap(t, folder, origin+base)
	if copied, err := os.ReadFile(filepath.Join(folder, "photos", picture)); err != nil || !photo.IsPublic(copied) {
		t.Errorf("the public picture: %v", err)
	}
}

// releasePhoto makes the photograph of the first posting public, and returns the store
// that has its picture and the picture's name.
func (x *countyFixture) releasePhoto(t *testing.T) (*document.Store, string) {
	t.Helper()
	store, err := document.Open(t.TempDir(), x.db.Pool, x.l.Sealer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	made, err := photo.Of(bytes.NewReader(boardPhoto(t, 60)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := store.Put(t.Context(), pageBook, document.Stored{Unit: "411025-CZ", User: "u", Name: "公开图片.jpg", At: time.Now()}, bytes.NewReader(made.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	proofs, err := x.l.NoticeProofs(t.Context(), pageBook, "GS-001")
	if err != nil {
		t.Fatal(err)
	}
	x.settle("公开照片", &ledger.PhotoReleased{Basis: "政府信息公开条例20", Caption: "公示栏", Entry: proofs[0].Seq, Height: ledger.Count(made.Height), Looked: "nobody", Original: proofs[0].Photo, Picture: f.File(), Width: ledger.Count(made.Width)})
	return store, pictureName(f.Hash())
}

func exists(name string) bool { _, err := os.Stat(name); return err == nil }

// checkMap holds the map of the site and the feeds to what they name.
func checkMap(t *testing.T, folder, at string) {
	t.Helper()
	read := func(name string, into any) {
		b, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		if err == nil {
			err = xml.Unmarshal(b, into)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	local := func(address string) string {
		path, found := strings.CutPrefix(address, at)
		if !found {
			t.Errorf("%s is not below %s", address, at)
		}
		path, _ = url.PathUnescape(path)
		return path
	}
	var index, pages struct {
		Pages []string `xml:"url>loc"`
		Parts []string `xml:"sitemap>loc"`
	}
	read("sitemap.xml", &index)
	total := 0
	for _, part := range index.Parts {
		pages.Pages = nil
		read(local(part), &pages)
		for _, page := range pages.Pages {
			if !exists(filepath.Join(folder, filepath.FromSlash(local(page)), "index.html")) {
				t.Errorf("the map names %s, which is no page", page)
			}
			total++
		}
	}
	if len(index.Parts) < 10 || total < 30 {
		t.Errorf("%d parts with %d pages", len(index.Parts), total)
	}
	for _, name := range []string{"feed.atom", "en/feed.atom", "places/411025103205/feed.atom", "places/411025101/feed.atom"} {
		var feed struct {
			ID      string `xml:"id"`
			Updated string `xml:"updated"`
			Entries []struct {
				ID      string `xml:"id"`
				Title   string `xml:"title"`
				Updated string `xml:"updated"`
				Link    struct {
					Href string `xml:"href,attr"`
				} `xml:"link"`
			} `xml:"entry"`
		}
		read(name, &feed)
		seen := map[string]bool{}
		for i, e := range feed.Entries {
			if seen[e.ID] || e.Title == "" || !exists(filepath.Join(folder, filepath.FromSlash(local(e.Link.Href)), "index.html")) {
				t.Errorf("%s: %+v", name, e)
			}
			seen[e.ID] = true
			if when, err := time.Parse(time.RFC3339Nano, e.Updated); err != nil || when.Year() < 2020 || i > 0 && e.Updated > feed.Entries[i-1].Updated {
				t.Errorf("%s: %s after %s", name, e.Updated, feed.Entries[max(i-1, 0)].Updated)
			}
			if strings.Contains(e.Title, "李一") || strings.Contains(e.ID, "p-0") {
				t.Errorf("%s tells of a person: %+v", name, e)
			}
		}
		if len(feed.Entries) == 0 || !strings.HasPrefix(feed.ID, "tag:") || feed.Updated == "" {
			t.Errorf("%s: %d entries, %s %s", name, len(feed.Entries), feed.ID, feed.Updated)
		}
	}
}

// TestFeedsOfAnEmptyCounty are feeds too.
func TestFeedsOfAnEmptyCounty(t *testing.T) {
	t.Parallel()
	h := newFixture(t, plainText).site("")
	for _, path := range []string{"/feed.atom", "/places/411025103/feed.atom", "/sitemap.xml", "/sitemap/pages.xml", "/sitemap/-/place=411025103/projects.xml", "/robots.txt"} {
		if w := answerTo(h, path); w.Code != 200 || w.Body.Len() == 0 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/places/9/feed.atom", "/sitemap/none.xml", "/sitemap/projects.xml", "/ocds/records.json", "/p/none/ocds/records.json"} {
		if w := answerTo(h, path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
