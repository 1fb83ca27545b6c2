package web

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"yilu/audit/proof"
	"yilu/audit/signer"
	"yilu/audit/tile"
	"yilu/ledger"
)

// The public log as files, at the paths of c2sp.org/tlog-tiles: any program that
// knows these reads it; and each entry with its proof. It is served from disk, never from the database, and
// nothing beyond the published checkpoint is there.

// logRoutes are the files of one book's log.
func (s *server) logRoutes(g *echo.Group) {
	get := func(path string, h func(c echo.Context, d tile.Dir) error) {
		g.Match([]string{http.MethodGet, http.MethodHead}, path, func(c echo.Context) error { return s.showFile(c, h) })
	}
	get("/checkpoint", smallFile("checkpoint", "text/plain; charset=utf-8"))
	get("/policy", smallFile("policy", "text/plain; charset=utf-8"))
	get("/status.json", smallFile("status.json", "application/json"))
	get("/tile/*", showTile)
	get("/leaf/:seq", showLeaf)
	get("/proof/:seq", showProof)
}

// publicDir is the folder of a book's log. A book that cannot be one has none.
func (s *server) publicDir(book string) (tile.Dir, bool) {
	if s.Public == "" || !ledger.Book(book).Valid() {
		return "", false
	}
	return tile.Dir(filepath.Join(s.Public, book)), true
}

// showFile answers any page of any site, and says in plain words what is not here.
func (s *server) showFile(c echo.Context, show func(c echo.Context, d tile.Dir) error) error {
	c.Response().Header().Set("Access-Control-Allow-Origin", "*")
	err := error(fs.ErrNotExist)
	if d, ok := s.publicDir(c.Param("book")); ok {
		err = show(c, d)
	}
	if errors.Is(err, fs.ErrNotExist) {
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.String(http.StatusNotFound, "not in the published log\n")
	}
	return err
}

// smallFile serves a file that changes with every checkpoint.
func smallFile(name, mediaType string) func(c echo.Context, d tile.Dir) error {
	return func(c echo.Context, d tile.Dir) error {
		b, err := d.ReadFile(name)
		if err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "public, max-age=2")
		return c.Blob(http.StatusOK, mediaType, b)
	}
}

// showTile serves a tile or a bundle, which never changes: also one narrower than
// the log has now, since somebody may hold an older checkpoint.
func showTile(c echo.Context, d tile.Dir) error {
	t, err := proof.ParseTilePath("tile/" + c.Param("*"))
	if err != nil {
		return fs.ErrNotExist
	}
	b, err := d.Read(t)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	return c.Blob(http.StatusOK, "application/octet-stream", b)
}

// logView is how readers can check the book.
type logView struct {
	*frame
	// Log is how the log is doing, empty before its signer has written that.
	Log signer.Status
	// Public is the published checkpoint, its size 0 if there is none, and Base the
	// path of its files.
	Public     proof.Checkpoint
	PublicRoot string
	Base       string
	// SignedAt is when it was signed, "" if that is not known.
	SignedAt string
	// Alarms say why nothing is signed any more, and what our own checks found.
	Alarms []string
}

// Waits says whether a newer checkpoint is signed and not shown.
func (p *logView) Waits() bool { return p.Log.Waiting != "" }

// showLog is the page. It says what the signer's files say, which move by
// themselves, and so it is not kept like the pages of the book.
func (s *server) showLog(c echo.Context) error {
	head, err := s.ledger.Head(c.Request().Context(), s.Book)
	if err != nil {
		return err
	}
	p := &logView{frame: s.newFrame(c, "log", "log"), Base: s.BasePath + "/log/" + string(s.Book)}
	p.setHead(head)
	if s.SelfCheck != nil {
		for _, f := range s.SelfCheck.Found() {
			p.Alarms = append(p.Alarms, p.lang.pick(f.Text))
		}
	}
	if err := p.read(s.publicDir(string(s.Book))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c.Response().Header().Set("Cache-Control", "public, max-age=5")
	return s.render(c, http.StatusOK, p)
}

// read fills the page from the public files. The checkpoint may be there a moment
// before the status.
func (p *logView) read(d tile.Dir, ok bool) error {
	if !ok {
		return fs.ErrNotExist
	}
	var err error
	if p.Log, err = signer.ReadStatus(d); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if p.Log.Halted != "" {
		p.Alarms = append(p.Alarms, p.lang.pick(ledger.Text{Zh: p.Log.HaltedZh, En: p.Log.Halted}))
	}
	for i, w := range p.Log.Witnesses {
		p.Log.Witnesses[i].CosignedAt, p.Log.Witnesses[i].TroubleAt = shanghaiTime(w.CosignedAt), shanghaiTime(w.TroubleAt)
	}
	signed, err := d.Checkpoint()
	if err != nil {
		return err
	}
	if p.Public, err = proof.Unsigned(signed); err != nil {
		return err
	}
	p.PublicRoot = base64.StdEncoding.EncodeToString(p.Public.Root[:])
	if p.Log.Size == strconv.FormatUint(p.Public.Size, 10) {
		p.SignedAt = shanghaiTime(p.Log.At)
	}
	return nil
}

// shanghaiTime turns the files' UTC into what people read here.
func shanghaiTime(text string) string {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return ""
	}
	return inShanghai(at)
}

// inShanghai is an instant as pages show it.
func inShanghai(at time.Time) string {
	return at.In(ledger.Shanghai).Format("2006-01-02 15:04:05")
}
