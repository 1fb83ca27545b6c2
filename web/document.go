package web

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"yilu/ledger"
	"yilu/ledger/document"
)

// 附件: documents that officers handed in, by the hash that entries name them by. They
// are served to officers alone, as files to keep: no browser opens one on our pages.

// mediaTypes are those of documents by their kind.
var mediaTypes = map[string]string{
	"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png", "xlsx": mediaXLSX, "ofd": "application/ofd", "txt": "text/plain; charset=utf-8",
	"csv": "text/csv; charset=utf-8", "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

// documentsDesk lists documents, newest first, with the form for one more.
type documentsDesk struct {
	*officer
	Text     string
	Rows     []documentRow
	Older    string
	Problems []formProblem
	// New is the document that was just handed in, nil for none.
	New *documentRow
}

// documentRow is a document in a list.
type documentRow struct {
	document.Stored
	Day ledger.Date
}

// Key names the document in addresses.
func (r documentRow) Key() string { return hex.EncodeToString(r.SHA256) }

// Bytes is its size for people.
func (r documentRow) Bytes() string { return sizeText(r.Size) }

func sizeText(n int64) string {
	if n < 1<<20 {
		return strconv.FormatInt((n+1023)>>10, 10) + " KB"
	}
	return strconv.FormatInt(n>>20, 10) + "." + strconv.FormatInt(n%(1<<20)*10>>20, 10) + " MB"
}

// unitSeen is the unit whose documents an officer sees: an officer of a township their
// own unit's, others all.
func (a *actor) unitSeen() string {
	if a.Area != "" {
		return a.Unit
	}
	return ""
}

// openFiles says where the files among facts are opened, those that are kept and that the
// officer may see: of the others the book has only the hash.
func (s *server) openFiles(c *call, all ...[]fact) error {
	if s.Files == nil {
		return nil
	}
	named := map[string][]*fact{}
	for len(all) > 0 {
		facts := all[0]
		all = all[1:]
		for i := range facts {
			if x := &facts[i]; x.Kind == "file" {
				named[x.Key] = append(named[x.Key], x)
			}
			if len(facts[i].List) > 0 {
				all = append(all, facts[i].List)
			}
		}
	}
	if len(named) == 0 {
		return nil
	}
	kept, err := s.Files.FindMany(c.ctx(), s.Book, slices.Collect(maps.Keys(named)), c.who.unitSeen())
	for hash, f := range kept {
		for _, x := range named[hash] {
			x.To = "/desk/files/" + documentRow{Stored: f}.Key()
		}
	}
	return err
}

func (s *server) documentsDesk(c *call, o *officer) error {
	if err := c.query("text", "before", "new").err(); err != nil {
		return err
	}
	return s.showDocuments(c, http.StatusOK, &documentsDesk{officer: o})
}

func (s *server) showDocuments(c *call, status int, p *documentsDesk) error {
	p.template, p.Text = "files", clip(c.QueryParam("text"), 100)
	before := s.Now().Add(time.Minute)
	if at, err := time.Parse(time.RFC3339Nano, c.QueryParam("before")); err == nil {
		before = at
	}
	list, more, err := s.Files.List(c.ctx(), s.Book, c.who.unitSeen(), p.Text, before)
	if err != nil {
		return err
	}
	for _, f := range list {
		row := documentRow{f, ledger.DateOf(f.At)}
		p.Rows = append(p.Rows, row)
		if row.Key() == c.QueryParam("new") {
			p.New = &row
		}
	}
	if more {
		p.Older = list[len(list)-1].At.Format(time.RFC3339Nano)
	}
	return s.showStaff(c, status, p)
}

// takeDocument stores a document.
func (s *server) takeDocument(c *call, o *officer) error {
	f, err := s.storeDocument(c)
	if problems, ok := sheetProblems(err); ok {
		p := &documentsDesk{officer: o}
		for _, x := range problems {
			p.Problems = append(p.Problems, formProblem{x.Field, o.lang.pick(x.Text)})
		}
		return s.showDocuments(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, o.site.live(o.lang, "/desk/files", "new", documentRow{Stored: f}.Key()))
}

// storeDocument stores the file of a form.
func (s *server) storeDocument(c *call) (document.Stored, error) {
	f, name, err := s.uploaded(c)
	if err != nil {
		return document.Stored{}, err
	}
	defer func() { _ = f.Close() }() // reading only
	return s.Files.Put(c.ctx(), s.Book, document.Stored{Unit: c.who.Unit, User: c.who.User, Name: name, At: s.Now()}, f)
}

// documentFile gives a document to keep. Who took it is in the log of the server.
func (s *server) documentFile(c *call, _ *officer) error {
	sum, err := hex.DecodeString(c.Param("hash"))
	if err != nil {
		return ledger.ErrNotFound
	}
	f, err := s.Files.Find(c.ctx(), s.Book, base64.StdEncoding.EncodeToString(sum), c.who.unitSeen())
	if err != nil {
		return err
	}
	content, err := s.Files.Content(f)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // reading only
	s.Log.InfoContext(c.ctx(), "document taken", "request", requestIDOf(c), "book", string(s.Book), "by", c.who.ID, "sha256", f.Hash())
	attachment(c, f.Name, mediaTypes[f.Kind])
	h := c.Response().Header()
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	_, err = io.Copy(c.Response(), content)
	return gone(err)
}
