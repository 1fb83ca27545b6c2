package web

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// fileFormat is one of the formats of a list's files.
type fileFormat struct {
	name, mediaType string
	// packed says that it is compressed already.
	packed bool
	write  func(w io.Writer, f *frame, x outlet, filter url.Values, rows iter.Seq2[[]cell, error]) error
}

var fileFormats = []fileFormat{
	{"csv", "text/csv; charset=utf-8", false, writeSheet(sheet.CSV)},
	{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", true, writeSheet(sheet.XLSX)},
	{"json", "application/json", false, writeItems},
}

const (
	// mostMaking is how many files are made at once: each holds a connection of the
	// reading pool while it is read.
	mostMaking = 2
	// makingWait is how long a request waits for its turn.
	makingWait = 10 * time.Second
	// makingTime is how long making a file may take, sendingTime sending it.
	makingTime  = 10 * time.Minute
	sendingTime = 30 * time.Minute
)

// errMaking says that enough files are being made.
var errMaking = errors.New("enough files are being made")

// serveFile answers with a whole list in one format. The file is made from one
// state of the book, into memory or onto a nameless file, and sent from there: a slow
// reader holds no connection to the database, and nobody gets half a list. It is
// named by the head like the pages.
func (s *server) serveFile(x outlet, format fileFormat) echo.HandlerFunc {
	return func(c echo.Context) error {
		f := s.newFrame(c, "", "")
		filter := known(x, c.QueryParams())
		if err := closed(x, filter); err != nil {
			return err
		}
		title := f.t(x.title())
		return s.send(c, sending{name: f.County + title + "." + format.name, mediaType: format.mediaType, packed: format.packed}, func(ctx context.Context, w io.Writer, at *ledger.Ledger, head ledger.Head) error {
			if err := s.read(ctx, f, at); err != nil {
				return err
			}
			f.setHead(head)
			return format.write(w, f, x, filter, x.rows(ctx, f, at, filter))
		})
	}
}

// sending is how a file is sent.
type sending struct {
	// name is that under which a reader keeps it, "" to show it in the browser.
	name, mediaType string
	packed          bool
	// private is set for what only an officer may see: no cache keeps it.
	private bool
}

// send makes a file and sends it.
func (s *server) send(c echo.Context, how sending, write func(ctx context.Context, w io.Writer, at *ledger.Ledger, head ledger.Head) error) error {
	tag, err := s.headTag(c.Request().Context())
	if err != nil {
		return err
	}
	if !how.private && strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
		s.cacheHeaders(c, tag)
		return c.NoContent(http.StatusNotModified)
	}
	var made spool
	defer func() { _ = made.Close() }() // nameless: nothing is left
	if tag, err = s.makeFile(c.Request().Context(), &made, write); err != nil {
		return err
	}
	file, err := made.rewound()
	if err != nil {
		return err
	}
	if !how.private {
		s.cacheHeaders(c, tag)
	}
	c.Set(lasting, true)
	h := c.Response().Header()
	h.Set("Content-Type", how.mediaType)
	if how.name != "" {
		h.Set("Content-Disposition", dispositionOf(how.name))
	}
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(s.Now().Add(sendingTime)) // none to set in tests
	if !how.packed && acceptsGzip(c.Request()) {
		h.Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(c.Response(), gzip.BestSpeed)
		if _, err := io.Copy(z, file); err != nil {
			return gone(err)
		}
		return gone(z.Close())
	}
	h.Set("Content-Length", fmt.Sprint(made.size))
	_, err = io.Copy(c.Response(), file)
	return gone(err)
}

// dispositionOf lets a browser keep a file under a name.
func dispositionOf(name string) string {
	return "attachment; filename*=UTF-8''" + url.PathEscape(name)
}

// gone drops the connection when a file cannot be sent to its end: what is sent
// already cannot be taken back, and must not look whole.
func gone(err error) error {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// spool holds what is written to it: in memory, or from spoolMemory bytes on in a
// file without a name, of which nothing is left when it is closed.
type spool struct {
	memory bytes.Buffer
	file   *os.File
	size   int64
}

// spoolMemory is how many bytes of a file that is made stay in memory.
const spoolMemory = 1 << 20

func (p *spool) Write(b []byte) (int, error) {
	if p.file == nil && p.memory.Len()+len(b) > spoolMemory {
		file, err := os.CreateTemp("", "yilu-file-")
		if err != nil {
			return 0, fmt.Errorf("make file: %w", err)
		}
		p.file = file
		if err := os.Remove(file.Name()); err != nil {
			return 0, fmt.Errorf("make file: %w", err)
		}
		if _, err := p.memory.WriteTo(file); err != nil {
			return 0, fmt.Errorf("make file: %w", err)
		}
	}
	p.size += int64(len(b))
	if p.file != nil {
		return p.file.Write(b)
	}
	return p.memory.Write(b)
}

// rewound is what was written, from its beginning.
func (p *spool) rewound() (io.Reader, error) {
	if p.file == nil {
		return &p.memory, nil
	}
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("make file: %w", err)
	}
	return p.file, nil
}

// Close lets go of the file.
func (p *spool) Close() error {
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// makeFile writes a file from one state of the book, and says which.
func (s *server) makeFile(ctx context.Context, p *spool, write func(ctx context.Context, w io.Writer, at *ledger.Ledger, head ledger.Head) error) (tag string, err error) {
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(s.Patience):
		return "", errMaking
	}
	ctx, cancel := context.WithTimeout(ctx, makingTime)
	defer cancel()
	b := bufio.NewWriterSize(p, 64<<10)
	err = s.ledger.Snapshot(ctx, s.Book, func(at *ledger.Ledger, head ledger.Head) error {
		tag = s.tag(siteOf(s.BasePath), head)
		return write(ctx, b, at, head)
	})
	return tag, errors.Join(err, b.Flush())
}

// writeSheet writes a list as a table with headings.
func writeSheet(format sheet.Format) func(w io.Writer, f *frame, x outlet, filter url.Values, rows iter.Seq2[[]cell, error]) error {
	return func(w io.Writer, f *frame, x outlet, _ url.Values, rows iter.Seq2[[]cell, error]) error {
		_, heads := x.columns(f)
		return sheet.WriteLines(w, format, f.t(x.title()), func(yield func([]string, error) bool) {
			if !yield(heads, nil) {
				return
			}
			for cells, err := range rows {
				line := make([]string, len(cells))
				for i, c := range cells {
					line[i] = c.inFile()
				}
				if !yield(line, err) {
					return
				}
			}
		})
	}
}

// listHead is what a JSON file says of itself before its items.
type listHead struct {
	Title   string            `json:"title"`
	Book    ledger.Book       `json:"book"`
	AsOf    ledger.Date       `json:"as_of"`
	Size    int64             `json:"log_size"`
	Root    string            `json:"log_root"`
	Unit    string            `json:"unit"`
	Licence string            `json:"licence,omitzero"`
	Demo    bool              `json:"demonstration,omitzero"`
	Note    string            `json:"note,omitzero"`
	Filters map[string]string `json:"filters"`
	Columns map[string]string `json:"columns"`
}

// writeItems writes a list for programs: one object with the items last.
func writeItems(w io.Writer, f *frame, x outlet, filter url.Values, rows iter.Seq2[[]cell, error]) error {
	names, heads := x.columns(f)
	head := listHead{
		Title: f.t(x.title()), Book: f.Book, AsOf: f.Day, Size: f.Head.Size, Root: hexText(f.Head.Root[:]), Unit: f.currency, Licence: f.licence, Demo: f.Demo,
		Filters: map[string]string{}, Columns: map[string]string{},
	}
	if x.note() != "" {
		head.Note = f.t(x.note())
	}
	for name := range filter {
		head.Filters[name] = filter.Get(name)
	}
	for i, name := range names {
		head.Columns[name] = heads[i]
	}
	raw, err := json.Marshal(head, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("write list: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s,\n\"items\":[", raw[:len(raw)-1]); err != nil {
		return err
	}
	n := 0
	for cells, err := range rows {
		if err != nil {
			return err
		}
		line, err := itemOf(names, cells)
		if err != nil {
			return err
		}
		separator := ",\n"
		if n++; n == 1 {
			separator = "\n"
		}
		if _, err := io.WriteString(w, separator+string(line)); err != nil {
			return err
		}
	}
	_, err = io.WriteString(w, "\n]}\n")
	return err
}

// itemOf is a row as an object; what is empty is left out.
func itemOf(names []string, cells []cell) ([]byte, error) {
	out := []byte{'{'}
	for i, c := range cells {
		v := c.inJSON()
		if v == "" {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), names[i]...), '"', ':')
		if c.Number {
			out = append(out, v...)
			continue
		}
		var err error
		if out, err = jsontext.AppendQuote(out, v); err != nil {
			return nil, fmt.Errorf("write item: %w", err)
		}
	}
	return append(out, '}'), nil
}
