package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// pages is a site by path; what begins with < is a page.
type pages map[string]string

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := p[r.URL.Path]
	switch {
	case !ok:
		http.NotFound(w, r)
		return
	case strings.HasPrefix(body, "<?xml"):
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	case strings.HasPrefix(body, "<"):
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	default:
		w.Header().Set("Content-Type", "text/csv")
	}
	_, _ = w.Write([]byte(body))
}

var small = pages{
	"/zt/":            `<a href="/zt/projects"></a><a href="/zt/projects/-/place=411/text=路">x</a><a href="https://example.com/x">y</a><a href="/other">z</a><img src="/zt/a/1/x.svg"><form method="get" action="/zt/projects/-/"></form>`,
	"/zt/projects":    `<a href="/zt/projects/list.csv"></a><a href="/zt/search?q=a&amp;b">s</a><a href="#x"></a><a href="/zt/#top"></a>`,
	"/zt/projects/-/": `<p>all`, "/zt/projects/-/place=411/text=路": `<p>some`, "/zt/projects/list.csv": "a,b", "/zt/search": `<form method="post" action="/zt/alerts/enter">`,
	"/zt/a/1/x.svg": "svg", "/zt/sitemap.xml": `<?xml version="1.0"?><loc>https://site.test/zt/p/1</loc>`, "/zt/p/1": `<p>one`,
}

// tree reads a folder.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(name)
		relative, _ := filepath.Rel(folder, name)
		got[relative] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCopyHasWhatTheSiteServes(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "made", "copy")
	c := &Copy{Handler: small, Base: "/zt", Origin: "https://site.test", Start: []string{"/", "/sitemap.xml"}, Folder: folder, Workers: 3}
	for range 2 { // anew, and in place of the old one
		s, err := c.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := tree(t, folder)
		if s.Files != int64(len(small)) || len(got) != len(small)+1 {
			t.Fatalf("%+v, %d files", s, len(got))
		}
		for path, body := range small {
			name, err := fileOf("/zt", path, strings.HasPrefix(body, "<") && !strings.HasPrefix(body, "<?xml"))
			if err != nil || got[name] != body {
				t.Errorf("%s in %s is %q: %v", path, name, got[name], err)
			}
		}
		check := exec.Command("sha256sum", "--check", "--quiet", sumsFile)
		check.Dir = folder
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	}
	if left, err := os.ReadDir(filepath.Dir(folder)); err != nil || len(left) != 2 { // the copy and its lock
		t.Errorf("beside the copy: %v %v", left, err)
	}
}

func TestBrokenLinksLeaveTheOldCopy(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "copy")
	old := &Copy{Handler: pages{"/": "<p>old"}, Start: []string{"/"}, Folder: folder, Workers: 2}
	if _, err := old.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, site := range map[string]pages{
		"dead link": {"/": `<a href="/none"></a>`},
		"odd names": {"/": `<a href="/x/..%2f..%2fetc"></a>`, "/x/../../etc": "x"},
		"our name":  {"/": `<a href="/` + sumsFile + `"></a>`, "/" + sumsFile: "x"},
	} {
		c := &Copy{Handler: site, Start: []string{"/"}, Folder: folder, Workers: 2}
		_, err := c.Run(t.Context())
		if err == nil || tree(t, folder)["index.html"] != "<p>old" {
			t.Errorf("%s: %v %v", name, err, tree(t, folder))
		}
		if broken, ok := errors.AsType[*Broken](err); name == "dead link" && (!ok || broken.Path != "/none" || broken.From != "/" || broken.Status != 404) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlyCopiesAreReplaced(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "thesis.txt"), []byte("years"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &Copy{Handler: pages{"/": "<p>"}, Start: []string{"/"}, Folder: folder}
	if _, err := c.Run(t.Context()); !errors.Is(err, ErrNotACopy) || tree(t, folder)["thesis.txt"] != "years" {
		t.Errorf("%v", err)
	}
}

// TestOneCopyingAtATime: the second is told, and a cancelled one leaves what was.
func TestOneCopyingAtATime(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "copy")
	ctx, cancel := context.WithCancel(t.Context())
	asked, ended := make(chan struct{}), make(chan error)
	var once atomic.Bool
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if once.CompareAndSwap(false, true) {
			close(asked)
		}
		<-r.Context().Done()
	})
	go func() {
		_, err := (&Copy{Handler: slow, Start: []string{"/"}, Folder: folder, Workers: 2}).Run(ctx)
		ended <- err
	}()
	<-asked
	if _, err := (&Copy{Handler: pages{"/": "<p>"}, Start: []string{"/"}, Folder: folder}).Run(t.Context()); !errors.Is(err, ErrUnderWay) {
		t.Errorf("the second: %v", err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the first: %v", err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Error("half a copy stands")
	}
	if _, err := (&Copy{Handler: pages{"/": "<p>"}, Start: []string{"/"}, Folder: folder}).Run(t.Context()); err != nil {
		t.Errorf("after both: %v", err)
	}
}

// TestKilledCopying kills a process while it copies, again and again: what stands in
// the folder is always one whole copy.
func TestKilledCopying(t *testing.T) {
	if folder := os.Getenv("YILU_COPY_INTO"); folder != "" {
		for n := 0; ; n++ {
			site := pages{"/": "<p>" + fmt.Sprint(n)}
			for i := range 300 {
				site["/"] += fmt.Sprintf(` href="/%d"`, i)
				site[fmt.Sprintf("/%d", i)] = fmt.Sprint(n)
			}
			if _, err := (&Copy{Handler: site, Start: []string{"/"}, Folder: folder, Workers: 2}).Run(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "copy")
	whole := 0
	for round := 0; whole < 4 && round < 60; round++ { // a busy machine needs longer for the first
		child := exec.Command(os.Args[0], "-test.run", "^TestKilledCopying$")
		child.Env = append(os.Environ(), "YILU_COPY_INTO="+folder)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(100+round*67) * time.Millisecond) // the moment of the kill is what is tried
		_ = child.Process.Kill()
		_ = child.Wait()
		if _, err := os.Stat(folder); os.IsNotExist(err) {
			continue // not even the first was done
		}
		got := tree(t, folder)
		number := got["0"]
		if len(got) != 302 || !strings.HasPrefix(got["index.html"], "<p>"+number+" ") {
			t.Fatalf("round %d: %d files, %.20s", round, len(got), got["index.html"])
		}
		for i := range 300 {
			if got[fmt.Sprint(i)] != number {
				t.Fatalf("round %d: file %d is of copy %s, others of %s", round, i, got[fmt.Sprint(i)], number)
			}
		}
		whole++
	}
	if whole == 0 {
		t.Error("no copy was ever done: the test has seen nothing")
	}
}
