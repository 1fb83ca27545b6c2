package web

import (
	"fmt"
	"html/template"
	"strings"
)

// The tables of lists are most of what pages are made of, a thousand cells on some. They
// are written here, and all else by templates: a template finds each field and calls each
// function by reflection, which took nine tenths of drawing such a page. The bytes are
// those that html/template makes of testdata/table.html; a test holds both to it.

// HTML is the table on its page, with the line of its files.
func (t table) HTML() template.HTML {
	w := &htmlWriter{english: t.english}
	w.raw(`<table class="cards"><caption>`).text(t.Caption).raw("</caption>\n<thead><tr>")
	for _, h := range t.Heads {
		w.raw(`<th scope="col"`).class(h.Class).raw(">").text(h.Text).raw("</th>")
	}
	w.raw("</tr></thead>\n<tbody>\n")
	for _, r := range t.Rows {
		w.row(r)
	}
	w.raw("</tbody>")
	if len(t.Foot) > 0 {
		w.foot(t.Foot)
	}
	w.raw("</table>\n")
	if t.Note != "" {
		w.raw(`<p class="note">`).text(t.Note).raw("</p>\n")
	}
	if len(t.Files) > 0 {
		w.raw(`<p class="files">`).text(t.filesLabel)
		for i, x := range t.Files {
			if i > 0 {
				w.raw(" ·")
			}
			w.raw(` <a href="`).address(x.To).raw(`" download>`).text(x.Format).raw("</a>")
		}
		w.raw("</p>")
	}
	return w.html()
}

// row writes a line; its first cell is its heading.
func (w *htmlWriter) row(r tableRow) {
	w.raw("<tr")
	if r.Gone {
		w.raw(` class="gone"`)
	}
	w.raw(">")
	for i := range r.Cells {
		if i == 0 {
			w.raw(`<th scope="row">`).cell(&r.Cells[i]).raw("</th>")
			continue
		}
		w.raw("\n<td").class(r.Cells[i].Class).raw(` data-l="`).text(r.Cells[i].Label).raw(`">`).cell(&r.Cells[i]).raw("</td>")
	}
	w.raw("</tr>\n")
}

// foot writes the line of totals.
func (w *htmlWriter) foot(cells []cell) {
	w.raw("\n<tfoot><tr>")
	for i, c := range cells {
		switch {
		case i == 0:
			w.raw(`<th scope="row">`).text(c.Text).raw("</th>")
		case c.Text == "":
			w.raw("<td></td>")
		default:
			w.raw("<td").class(c.Class).raw(` data-l="`).text(c.Label).raw(`">`).text(c.Text).raw("</td>")
		}
	}
	w.raw("</tr></tfoot>")
}

// cell writes what stands in a cell.
func (w *htmlWriter) cell(c *cell) *htmlWriter {
	switch {
	case c.To != "":
		w.raw(`<a href="`).address(c.To).raw(`"`).inChinese(c.Zh).raw(">")
		if c.Form == "del" {
			w.raw("<del>").text(c.Text).raw("</del>")
		} else {
			w.text(c.Text)
		}
		w.raw("</a>")
	case c.Text == "":
	case c.Form == "tag":
		w.raw(`<span class="tag">`).text(c.Text).raw("</span>")
	case c.Form == "day":
		w.raw("<time>").text(c.Text).raw("</time>")
	case c.Form == "del":
		w.raw("<del>").text(c.Text).raw("</del>")
	case c.Zh && w.english:
		w.raw("<span").inChinese(true).raw(">").text(c.Text).raw("</span>")
	default:
		w.text(c.Text)
	}
	if c.More != "" {
		w.raw(" <small>").text(c.More).raw("</small>")
	}
	return w
}

// htmlWriter writes a part of a page. What comes from the book goes through text or
// address, what is written here through raw.
type htmlWriter struct {
	b       strings.Builder
	english bool
}

func (w *htmlWriter) raw(html string) *htmlWriter {
	w.b.WriteString(html)
	return w
}

// textEscapes are the characters that html/template writes otherwise in a text or a
// quoted attribute.
var textEscapes = [256]string{0: "\ufffd", '"': "&#34;", '&': "&amp;", '\'': "&#39;", '+': "&#43;", '<': "&lt;", '>': "&gt;"}

// text writes what may be anything, as a text or in a quoted attribute.
func (w *htmlWriter) text(s string) *htmlWriter {
	from := 0
	for i := range len(s) {
		if escape := textEscapes[s[i]]; escape != "" {
			w.b.WriteString(s[from:i])
			w.b.WriteString(escape)
			from = i + 1
		}
	}
	w.b.WriteString(s[from:])
	return w
}

// address writes where a link of ours leads. It is a path, so that no scheme can run;
// what is none leads nowhere.
func (w *htmlWriter) address(to string) *htmlWriter {
	if !strings.HasPrefix(to, "/") {
		to = "#"
	}
	from := 0
	for i := range len(to) {
		if c := to[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"'()<>\\^`{|}", c) >= 0 {
			w.text(to[from:i]).raw(fmt.Sprintf("%%%02x", c))
			from = i + 1
		}
	}
	return w.text(to[from:])
}

func (w *htmlWriter) class(name string) *htmlWriter {
	if name == "" {
		return w
	}
	return w.raw(` class="`).text(name).raw(`"`)
}

// inChinese marks what stands in the book in Chinese, on pages in another language.
func (w *htmlWriter) inChinese(zh bool) *htmlWriter {
	if zh && w.english {
		w.raw(` lang="zh-CN"`)
	}
	return w
}

func (w *htmlWriter) html() template.HTML { return template.HTML(w.b.String()) }
