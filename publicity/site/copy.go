package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Copy is one copying of a site.
type Copy struct {
	// Handler is the site.
	Handler http.Handler
	// Base is the path the site is mounted at, "" or "/yilu".
	Base string
	// Origin begins the addresses that the site names in full, "" if it names none.
	Origin string
	// Start are the paths to begin at, below Base: what links do not lead to as well.
	Start []string
	// Live are paths below Base that only a running server answers, in any language: they
	// are not copied.
	Live []string
	// Folder is where the copy goes. It may hold an earlier copy, or nothing.
	Folder string
	// Workers is how many pages are asked for at once.
	Workers int
	// Progress is told how many files are written, and how many are known of; nil is
	// fine.
	Progress func(done, known int64)
}

// Summary says what was copied.
type Summary struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

// Broken is a link that leads nowhere.
type Broken struct {
	Path, From string
	Status     int
}

func (e *Broken) Error() string {
	return fmt.Sprintf("%s, which %s links to: status %d", e.Path, e.From, e.Status)
}

// copying is the state of a Copy under way.
type copying struct {
	*Copy
	folder string

	mu   sync.Mutex
	wake *sync.Cond
	// from names every path that is known by where it was first seen; queue are those
	// that are yet to be asked for, and busy how many are being asked for.
	from  map[string]string
	queue []string
	busy  int
	err   error
	sums  map[string]string
	// made are the folders that are there: to ask for all above each file took as long as
	// to write it.
	made map[string]bool
	Summary
}

// Run copies the site. A link that leads nowhere is *Broken; then, or when the
// context ends, the folder stays as it was.
func (c *Copy) Run(ctx context.Context) (Summary, error) {
	p, err := begin(c.Folder)
	if err != nil {
		return Summary{}, err
	}
	defer p.end()
	w := &copying{Copy: c, folder: p.folder, from: map[string]string{}, sums: map[string]string{}, made: map[string]bool{}}
	w.wake = sync.NewCond(&w.mu)
	for _, start := range c.Start {
		w.add(c.Base+start, "the start")
	}
	stop := context.AfterFunc(ctx, func() { w.fail(ctx.Err()) })
	defer stop()
	var all sync.WaitGroup
	for range max(c.Workers, 1) {
		all.Go(func() { w.work(ctx) })
	}
	all.Wait()
	if w.err != nil {
		return Summary{}, w.err
	}
	if err := w.writeSums(); err != nil {
		return Summary{}, err
	}
	return w.Summary, p.replace()
}

// add notes a path that something links to.
func (w *copying) add(to, from string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.from[to]; known {
		return
	}
	w.from[to] = from
	w.queue = append(w.queue, to)
	w.wake.Signal()
}

func (w *copying) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.wake.Broadcast()
}

// next is a path to ask for, "" when all is done.
func (w *copying) next() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) == 0 && w.busy > 0 && w.err == nil {
		w.wake.Wait()
	}
	if len(w.queue) == 0 || w.err != nil {
		w.wake.Broadcast()
		return ""
	}
	// The newest first: what it links to is not asked for before, and the queue is
	// short.
	last := len(w.queue) - 1
	to := w.queue[last]
	w.queue = w.queue[:last]
	w.busy++
	return to
}

func (w *copying) work(ctx context.Context) {
	for {
		to := w.next()
		if to == "" {
			return
		}
		if err := w.copyOne(ctx, to); err != nil {
			w.fail(err)
		}
		w.mu.Lock()
		w.busy--
		done, known := w.Files, int64(len(w.from))
		w.wake.Broadcast()
		w.mu.Unlock()
		if w.Progress != nil {
			w.Progress(done, known)
		}
	}
}

// copyOne asks for a path, writes what comes, and follows its links.
func (w *copying) copyOne(ctx context.Context, to string) error {
	a, err := ask(ctx, w.Handler, to)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		w.mu.Lock()
		defer w.mu.Unlock()
		return &Broken{to, w.from[to], a.status}
	}
	name, err := fileOf(w.Base, to, a.isPage())
	if err != nil {
		return err
	}
	if err := w.write(name, a.body.Bytes()); err != nil {
		return err
	}
	for _, link := range a.links() {
		if target, ok := w.inside(link); ok {
			w.add(target, to)
		}
	}
	return nil
}

// inside is the path of a link, if it is one of the site.
func (w *copying) inside(link string) (string, bool) {
	if w.Origin != "" {
		link = strings.TrimPrefix(link, w.Origin)
	}
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path == "" || u.Path[0] != '/' {
		return "", false
	}
	target := u.EscapedPath()
	if slices.ContainsFunc(w.Live, func(live string) bool { return strings.HasSuffix(target, live) }) {
		return "", false
	}
	return target, w.Base == "" || target == w.Base || strings.HasPrefix(target, w.Base+"/")
}

// write writes a file of the copy.
func (w *copying) write(name string, body []byte) error {
	at := filepath.Join(w.folder, filepath.FromSlash(name))
	if err := errors.Join(w.makeFolder(filepath.Dir(at)), os.WriteFile(at, body, 0o644)); err != nil {
		return fmt.Errorf("write copy: %w", err)
	}
	sum := sha256.Sum256(body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sums[name] = hex.EncodeToString(sum[:])
	w.Files++
	w.Bytes += int64(len(body))
	return nil
}

// makeFolder makes a folder of the copy, with those above it.
func (w *copying) makeFolder(folder string) error {
	w.mu.Lock()
	made := w.made[folder]
	w.mu.Unlock()
	if made || folder == w.folder {
		return nil
	}
	if err := w.makeFolder(filepath.Dir(folder)); err != nil {
		return err
	}
	if err := os.Mkdir(folder, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made[folder] = true
	return nil
}

// sumsFile names every file of a copy with its hash, and marks a folder as a copy.
const sumsFile = "SHA256SUMS"

func (w *copying) writeSums() error {
	var b bytes.Buffer
	for _, name := range slices.Sorted(keys(w.sums)) {
		fmt.Fprintf(&b, "%s  %s\n", w.sums[name], name)
	}
	if err := os.WriteFile(filepath.Join(w.folder, sumsFile), b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write copy: %w", err)
	}
	return nil
}

func keys(m map[string]string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range m {
			if !yield(name) {
				return
			}
		}
	}
}

// fileOf is the file of a path: that of a page is the index of its folder.
func fileOf(base, to string, isPage bool) (string, error) {
	var parts []string
	for segment := range strings.SplitSeq(strings.Trim(strings.TrimPrefix(to, base), "/"), "/") {
		name, err := url.PathUnescape(segment)
		if err != nil || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") || len(name) > 255 || name == sumsFile {
			return "", fmt.Errorf("%s: %q cannot be the name of a file", to, segment)
		}
		if name != "" {
			parts = append(parts, name)
		}
	}
	if isPage {
		parts = append(parts, "index.html")
	}
	if len(parts) == 0 {
		return "", fmt.Errorf("%s is no page, and has no name for a file", to)
	}
	return path.Join(parts...), nil
}

// marks stand before the places where our pages lead, and end where a place does. A
// form counts if it asks; one that posts only works on a running server.
var (
	pageMarks = [][]byte{[]byte(` href="`), []byte(` src="`), []byte(`<form method="get" action="`)}
	mapMarks  = [][]byte{[]byte(`<loc>`)}
)

// links are where a page or a map of the site leads, without questions and
// fragments.
func (a *answer) links() []string {
	marks := mapMarks
	switch {
	case a.isPage():
		marks = pageMarks
	case !strings.HasPrefix(a.header.Get("Content-Type"), "application/xml"):
		return nil
	}
	var all []string
	for _, mark := range marks {
		for rest := a.body.Bytes(); ; {
			_, after, found := bytes.Cut(rest, mark)
			if !found {
				break
			}
			end := bytes.IndexAny(after, `"#?<`)
			if end < 0 {
				break
			}
			if rest = after[end:]; end > 0 {
				all = append(all, html.UnescapeString(string(after[:end])))
			}
		}
	}
	return all
}

// answer is what the site said.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}
func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

func (a *answer) isPage() bool { return strings.HasPrefix(a.header.Get("Content-Type"), "text/html") }

// ask asks the site for a path as a reader would.
func ask(ctx context.Context, site http.Handler, to string) (*answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", to, err)
	}
	r.RequestURI = to
	a := &answer{header: http.Header{}}
	site.ServeHTTP(a, r)
	return a, ctx.Err()
}
