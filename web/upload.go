package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/ledger/sheet"
)

// Files that officers hand in: sheets that are read and confirmed, documents that are
// kept. What comes is written to the disk and never held in memory.

// sheetRoutes are the pages of sheets and documents in one language.
func (s *server) sheetRoutes(g *echo.Group, l language) {
	if s.Files == nil {
		return
	}
	get := func(path string, want right, section string, h func(*call, *officer) error) {
		g.Match([]string{http.MethodGet, http.MethodHead}, l.Prefix+path, s.staff(want, section, h))
	}
	post := func(path string, want right, section string, h func(*call, *officer) error) {
		g.POST(l.Prefix+path, s.staff(want, section, h))
	}
	upload := func(path string, want right, section string, h func(*call, *officer) error) {
		s.large[s.BasePath+l.Prefix+path] = true
		post(path, want, section, h)
	}
	for _, path := range []string{"/desk/form", "/alerts/:alert"} { // with attachments
		s.large[s.BasePath+l.Prefix+path] = true
	}
	get("/desk/import", enterForms, "import", s.importPage)
	upload("/desk/import", enterForms, "import", s.takeImport)
	get("/desk/import/template/:form", enterForms, "import", s.importTemplate)
	get("/desk/import/:upload", enterForms, "import", s.previewPage)
	post("/desk/import/:upload", enterForms, "import", s.confirmImport)
	get("/desk/import/:upload/errors.xlsx", enterForms, "import", s.importErrors)
	get("/desk/ledger", useDesk, "ledger", s.ledgersPage)
	for path, read := range map[string]func(*call, *officer) (*ledgerSheet, error){"/desk/ledger/funds/:fund": s.fundLedger, "/desk/ledger/projects/:project": s.projectLedger} {
		get(path, useDesk, "ledger", s.sheetPage(read))
		get(path+"/list.csv", useDesk, "ledger", s.sheetFile(sheet.CSV, read))
		get(path+"/list.xlsx", useDesk, "ledger", s.sheetFile(sheet.XLSX, read))
	}
	get("/desk/bank", useDesk, "bank", s.bankDesk)
	get("/desk/bank/:payment", useDesk, "bank", s.bankPage)
	upload("/desk/bank/:payment", pay, "bank", s.takeReturn)
	post("/desk/bank/:payment/again", enterForms, "bank", s.askAgain)
	get("/desk/bank/:payment/bank.csv", pay, "bank", s.bankFile(sheet.CSV))
	get("/desk/bank/:payment/bank.xlsx", pay, "bank", s.bankFile(sheet.XLSX))
	get("/desk/return/:upload", pay, "bank", s.returnPage)
	post("/desk/return/:upload", pay, "bank", s.postReturn)
	get("/desk/notices/:notice/hung", publish, "compose", s.hungPage)
	upload("/desk/notices/:notice/hung", publish, "compose", s.takeHung)
	get("/desk/photos", publish, "photos", s.photosDesk)
	get("/desk/photos/:entry/:hash", publish, "photos", s.photoPage)
	post("/desk/photos/:entry/:hash", publish, "photos", s.takePhotoStep)
	get("/desk/files", useDesk, "files", s.documentsDesk)
	upload("/desk/files", useDesk, "files", s.takeDocument)
	get("/desk/files/:hash", useDesk, "files", s.documentFile)
	get("/desk/dossier", useDesk, "files", s.dossiersPage)
	get("/desk/dossier/:project", useDesk, "files", s.dossierPage)
	upload("/desk/dossier/:project", enterForms, "files", s.takePaper)
	post("/desk/dossier/:project/waive", enterForms, "files", s.waivePaper)
	get("/desk/dossier/:project/dossier.zip", useDesk, "files", s.dossierFile)
	get("/desk/grid", enterForms, "grid", s.gridPage)
	post("/desk/grid", enterForms, "grid", s.takeGrid)
	get("/desk/batches/:submission", useDesk, "import", s.importedPage)
	post("/desk/batches/:submission", enterForms, "import", s.reverseBatch)
}

// formMemory is how much of a form stays in memory; what is longer goes to the disk.
const formMemory = 64 << 10

// spoolForm reads the form of a post: a file in it goes to the disk, and goes away with
// the request.
func spoolForm(r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return errForm
	case kind == "application/x-www-form-urlencoded":
		err = r.ParseForm()
	case kind == "multipart/form-data":
		err = r.ParseMultipartForm(formMemory)
	default:
		return errForm
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); err == nil || large {
		return err
	}
	return errForm
}

// sentFile is a file that came in an input of a form.
type sentFile struct {
	input  string
	header *multipart.FileHeader
}

// filesOf are the files of a form that has been read, by the names of their inputs.
func filesOf(r *http.Request) []sentFile {
	if r.MultipartForm == nil {
		return nil
	}
	var files []sentFile
	for _, input := range slices.Sorted(maps.Keys(r.MultipartForm.File)) {
		for _, header := range r.MultipartForm.File[input] {
			files = append(files, sentFile{input, header})
		}
	}
	return files
}

// handedFile is a file of a form, or one that was kept of it when a session had ended.
type handedFile struct {
	Input, Name string
	Open        func() (io.ReadCloser, error)
}

// handed are the files that came with a form or were kept of it; of inputs that have a new
// one, that.
func (s *server) handed(c *call) ([]handedFile, error) {
	var files []handedFile
	for _, x := range filesOf(c.Request()) {
		files = append(files, handedFile{x.input, x.header.Filename, func() (io.ReadCloser, error) { return x.header.Open() }})
	}
	values, err := c.FormParams()
	if err != nil {
		return nil, readError(err)
	}
	came := len(files)
	for _, id := range values[keptFiles] {
		if s.Files == nil || len(files) >= came+document.MostEach {
			break
		}
		w, err := s.Files.Waiting(id, c.who.User, useAgain, s.Now())
		if isNotFound(err) {
			continue
		}
		var input string
		if err == nil {
			err = json.Unmarshal(w.Facts, &input)
		}
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(files[:came], func(x handedFile) bool { return x.Input == input }) {
			files = append(files, handedFile{input, w.Name, func() (io.ReadCloser, error) { return s.openKept(w) }})
		}
	}
	return files, nil
}

// openKept opens an upload that was kept.
func (s *server) openKept(w document.Waiting) (io.ReadCloser, error) {
	kept, err := s.Files.Upload(w)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(kept, 0, kept.Size()), kept}, nil
}

// uploaded is the file of a form with one, or a problem when none was chosen.
func (s *server) uploaded(c *call) (io.ReadCloser, string, error) {
	files, err := s.handed(c)
	if err != nil {
		return nil, "", err
	}
	at := slices.IndexFunc(files, func(x handedFile) bool { return x.Input == "file" })
	if at < 0 {
		return nil, "", one("file", "请选择要上传的文件", "choose a file")
	}
	f, err := files[at].Open()
	return f, files[at].Name, err
}

// owner names the officer in what is kept for them between two requests.
func (a *actor) owner() string { return a.Unit + "/" + a.User }

// mostReadings is how many uploads may be read or wait for it, mostReadingNow how many
// are read at once: a long sheet takes some 60 MB meanwhile.
const (
	mostReadings   = 8
	mostReadingNow = 2
	// readingTime is how long the reading of an upload may take, readingPatience how long
	// a request waits for it before it shows how far it is.
	readingTime     = 3 * time.Minute
	readingPatience = 2 * time.Second
)

// errReading says that enough uploads are being read.
var errReading = errors.New("enough uploads are being read")

// readings are the uploads of this process that are being read: one of each officer,
// and a few in all.
type readings struct {
	mu   *sync.Mutex
	open map[string]*reading
	turn chan struct{}
	// stopping ends them with the server: they begin anew, or are submitted again.
	stopping <-chan struct{}
}

func newReadings(stopping <-chan struct{}) readings {
	return readings{mu: &sync.Mutex{}, open: map[string]*reading{}, turn: make(chan struct{}, mostReadingNow), stopping: stopping}
}

// reading is one of them.
type reading struct {
	owner string
	rows  atomic.Int64
	done  chan struct{}
}

// of is the reading of an upload that is under way, or nil.
func (r readings) of(id string) *reading {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[id]
}

// begin works on an upload in the background, unless that is under way already.
func (r readings) begin(ctx context.Context, w document.Waiting, work func(ctx context.Context, now *reading)) (*reading, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.open[w.ID]; now != nil {
		return now, nil
	}
	if len(r.open) >= mostReadings {
		return nil, errReading
	}
	for _, other := range r.open {
		if other.owner == w.Owner {
			return nil, errReading
		}
	}
	now := &reading{owner: w.Owner, done: make(chan struct{})}
	r.open[w.ID] = now
	ctx, cancel := behind(ctx, r.stopping, readingTime)
	go func() {
		defer cancel()
		defer func() {
			r.mu.Lock()
			delete(r.open, w.ID)
			r.mu.Unlock()
			close(now.done)
		}()
		r.turn <- struct{}{}
		defer func() { <-r.turn }()
		work(ctx, now)
	}()
	return now, nil
}

// wait waits until a reading is over, or long enough.
func (now *reading) wait(ctx context.Context) {
	select {
	case <-now.done:
	case <-time.After(readingPatience):
	case <-ctx.Done():
	}
}

// sheetProblems are the problems that a file or form has, if the error is of that sort.
func sheetProblems(err error) ([]ledger.Problem, bool) {
	if bad, ok := errors.AsType[*ledger.Invalid](err); ok {
		return bad.Problems, true
	}
	if refused, ok := errors.AsType[*ledger.Refused](err); ok {
		return refused.Problems, true
	}
	return nil, false
}

// attachment lets the browser keep what follows as a file, and nobody else.
func attachment(c echo.Context, name, mediaType string) {
	h := c.Response().Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", dispositionOf(name))
	h.Set("Cache-Control", "private, no-store")
}

const mediaXLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// hashText is the SHA-256 of a text in hex.
func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// said is a text that was typed, trimmed.
func (c *call) said(name string) string { return strings.TrimSpace(c.FormValue(name)) }
