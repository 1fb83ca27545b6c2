package web

import (
	"context"
	"fmt"
	"iter"
	"net/url"
	"strings"

	"yilu/ledger"
)

// A listing is a public list that describes its columns once: the table on the
// page, and its CSV, XLSX and JSON files, come from that. Read gives one page of
// it for the filters of a query string; files hold all pages.
type listing[R any] struct {
	// Path is where the list stands, such as "/projects"; its files stand under it.
	Path string
	// Title and Caption are keys of sentences: the name of files, and of tables.
	Title, Caption string
	// Note is the key of what a reader must know of the list, such as what is left
	// out; "" for none.
	Note string
	// Filters are the parameters that Read understands, Words those of them that take a
	// word of a closed list.
	Filters []string
	Words   map[string][]string
	Columns []column[R]
	Read    func(ctx context.Context, l *ledger.Ledger, book ledger.Book, filter url.Values, p ledger.Page) ([]R, string, error)
	// Gone says of a row that it counts no more; nil for never.
	Gone func(r R) bool
}

// column is one column of a listing.
type column[R any] struct {
	// Name is what programs call it, Head the key of its heading.
	Name, Head string
	// Class is that of the cells: "n" for numbers.
	Class string
	// InFiles leaves the column out of the page.
	InFiles bool
	Cell    func(f *frame, r R) cell
}

// cell is one value of a list.
type cell struct {
	// Text is what a reader sees. File is what files hold where that differs, and
	// Code what programs get in place of a word.
	Text, File, Code string
	// To is where it leads.
	To string
	// Form is how it looks: "", "tag", "day", or "del" for what counts no more.
	Form string
	// Zh marks what stands in the book in Chinese.
	Zh bool
	// Number is set for whole numbers, which are numbers in JSON too.
	Number bool
	// More stands behind it, in smaller letters.
	More string
	// Class and Label are its column's.
	Class, Label string
}

// inFile is what a file holds.
func (c cell) inFile() string {
	if c.File != "" {
		return c.File
	}
	return c.Text
}

// inJSON is what programs get.
func (c cell) inJSON() string {
	if c.Code != "" {
		return c.Code
	}
	return c.inFile()
}

// outlet is a listing of whatever rows.
type outlet interface {
	path() string
	title() string
	note() string
	filters() []string
	words() map[string][]string
	// columns are the names and headings of all columns.
	columns(f *frame) (names, heads []string)
	// rows reads the whole list.
	rows(ctx context.Context, f *frame, l *ledger.Ledger, filter url.Values) iter.Seq2[[]cell, error]
}

func (x *listing[R]) path() string      { return x.Path }
func (x *listing[R]) title() string     { return x.Title }
func (x *listing[R]) note() string      { return x.Note }
func (x *listing[R]) filters() []string { return x.Filters }

func (x *listing[R]) words() map[string][]string { return x.Words }

func (x *listing[R]) columns(f *frame) (names, heads []string) {
	for _, c := range x.Columns {
		names, heads = append(names, c.Name), append(heads, f.t(c.Head))
	}
	return names, heads
}

func (x *listing[R]) rows(ctx context.Context, f *frame, l *ledger.Ledger, filter url.Values) iter.Seq2[[]cell, error] {
	return func(yield func([]cell, error) bool) {
		for after := ""; ; {
			got, err := ledger.Once(l, x.Path+"?"+filter.Encode()+"#"+after, func() (p piece[R], err error) {
				p.rows, p.next, err = x.Read(ctx, l, f.Book, filter, ledger.Page{After: after, Limit: ledger.MaxPage})
				return p, err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range got.rows {
				cells := make([]cell, len(x.Columns))
				for i, c := range x.Columns {
					cells[i] = c.Cell(f, r)
				}
				if !yield(cells, nil) {
					return
				}
			}
			if got.next == "" {
				return
			}
			after = got.next
		}
	}
}

// piece is a part of a list, and where the next one begins, "" for nowhere.
type piece[R any] struct {
	rows []R
	next string
}

// table is a listing's rows on a page.
type table struct {
	Caption string
	Heads   []cell
	Rows    []tableRow
	// Foot is the line of totals, nil for none.
	Foot []cell
	// Note is what a reader must know of it.
	Note  string
	Files files
	// english and filesLabel are of the page's language.
	english    bool
	filesLabel string
}

// tableRow is a line of a table.
type tableRow struct {
	Gone  bool
	Cells []cell
}

// files are a list's files.
type files []fileLink

// fileLink is a file in one format.
type fileLink struct{ Format, To string }

// filesAt are the files of all formats; at says where each is.
func filesAt(at func(name string) string) files {
	var all files
	for _, format := range fileFormats {
		all = append(all, fileLink{strings.ToUpper(format.name), at("list." + format.name)})
	}
	return all
}

// table shows some rows on a page, with links to the files of the whole list under
// some filters.
func (x *listing[R]) table(f *frame, rows []R, filter url.Values) table {
	t := table{Caption: f.t(x.Caption), Files: x.files(f, filter), english: f.lang == english, filesLabel: f.t("files.label")}
	if x.Note != "" {
		t.Note = f.t(x.Note)
	}
	var shown []column[R]
	for _, c := range x.Columns {
		if !c.InFiles {
			shown = append(shown, c)
			t.Heads = append(t.Heads, cell{Text: f.t(c.Head), Code: c.Name, Class: c.Class})
		}
	}
	for _, r := range rows {
		row := tableRow{Gone: x.Gone != nil && x.Gone(r), Cells: make([]cell, 0, len(shown))}
		for i, c := range shown {
			v := c.Cell(f, r)
			v.Class, v.Label = c.Class, t.Heads[i].Text
			row.Cells = append(row.Cells, v)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// files are the addresses of the files of a list under some filters; those it does
// not know, such as where a page begins, make no difference to a whole list.
func (x *listing[R]) files(f *frame, filter url.Values) files {
	known := url.Values{}
	for _, name := range x.Filters {
		if v := filter.Get(name); v != "" {
			known.Set(name, v)
		}
	}
	return filesAt(func(name string) string { return f.site.address(f.lang, x.Path, known, name) })
}

// total adds a line of totals: what stands under some columns, by name.
func (t table) total(f *frame, sums map[string]ledger.Amount) table {
	t.Foot = make([]cell, len(t.Heads))
	for i, h := range t.Heads {
		t.Foot[i] = cell{Class: h.Class, Label: h.Text}
		if a, ok := sums[h.Code]; ok {
			t.Foot[i].Text = a.Comma()
		}
	}
	if len(t.Foot) > 0 {
		t.Foot[0].Text = f.t("col.total")
	}
	return t
}

// The kinds of cells that many lists have.

func amountCell(a ledger.Amount) cell { return cell{Text: a.Comma(), File: a.String()} }

func countCell(n int64) cell {
	return cell{Text: countText(n), File: fmt.Sprint(n), Number: true}
}

func dayCell(d ledger.Date) cell { return cell{Text: string(d), Form: "day"} }

func bookCell(s string) cell { return cell{Text: s, Zh: true} }

func codeCell(f *frame, list, code string) cell {
	if code == "" {
		return cell{}
	}
	return cell{Text: f.name(list, code), Code: code}
}

func tagCell(f *frame, list, code string) cell {
	c := codeCell(f, list, code)
	c.Form = "tag"
	return c
}

func (f *frame) linkCell(text, to string, parts ...any) cell {
	return cell{Text: text, Zh: true, To: f.site.href(f.lang, to, parts...)}
}

func (f *frame) entryCell(seq ledger.Seq) cell {
	if seq == ledger.None {
		return cell{}
	}
	return cell{Text: f.t("entry.no", seq), File: fmt.Sprint(seq), Number: true, To: f.site.entry(f.lang, seq)}
}

func (f *frame) documentCell(no string) cell {
	return cell{Text: no, Zh: true, To: f.site.query(f.lang, "/documents", "no", no)}
}

// placeCell leads to the township.
func (f *frame) placeCell(code, name string) cell {
	if code == "" {
		return cell{}
	}
	return f.linkCell(name, "/places/", code[:min(len(code), 9)])
}

// payeeCell never holds the token of a private person.
func (f *frame) payeeCell(key, name string, lines int64) cell {
	p, err := payeeOf(f.site.locales[f.lang], key, name, lines)
	if err != nil {
		panic("web: " + err.Error()) // the test of the locales holds every key
	}
	switch {
	case p.Firm != "":
		return f.linkCell(p.Name, "/payees/", p.Firm)
	case p.Batch != "":
		return cell{Text: p.Name, To: f.site.href(f.lang, "/payments/", p.Batch)}
	}
	return cell{Text: p.Name}
}

// payeeCode is the public code of a firm, nothing for anybody else.
func payeeCode(key string) cell {
	if isPrivate(key) || strings.HasPrefix(key, "g-") {
		return cell{}
	}
	return cell{Text: key}
}
