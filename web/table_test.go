package web

import (
	"bytes"
	"html/template"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

// TestTablesAreWhatATemplateMakes holds the writer of tables to html/template, with
// whatever people type in every place.
func TestTablesAreWhatATemplateMakes(t *testing.T) {
	t.Parallel()
	site := siteOf("/zt")
	hostile := []string{"", "颍阳镇", `<script>alert("1")</script>`, "a & b + c = 'd'", "&lt;b&gt;", "\x00\x1f\u202e\xff\xfe", "javascript:alert(1)", "`${x}` {{.}} %41 %zz", "𬴊\ufdd0", "</td></table>"}
	for _, l := range languages {
		reference := template.Must(template.New("table.html").Funcs(site.functions(l)).ParseFiles("testdata/table.html"))
		for i, text := range hostile {
			next := hostile[(i+1)%len(hostile)]
			table := table{
				Caption: text, Note: next, english: l == english, filesLabel: site.sentence(l, "files.label"),
				Files: files{{"CSV", site.href(l, "/p/", text)}, {text, site.query(l, "/projects", "text", text)}},
				Heads: []cell{{Text: text, Class: "n"}, {Text: next}},
				Foot:  []cell{{Text: text}, {Text: next, Class: "n", Label: text}, {}},
			}
			for _, form := range []string{"", "tag", "day", "del"} {
				for _, to := range []string{"", site.href(l, "/p/", text), site.entry(l, i), site.query(l, "/documents", "no", text)} {
					plain, marked := cell{Text: text, To: to, Form: form, Label: next}, cell{Text: text, To: to, Form: form, Zh: true, More: next, Class: "n"}
					table.Rows = append(table.Rows, tableRow{Cells: []cell{plain, marked}}, tableRow{Gone: true, Cells: []cell{marked, plain, {Text: next}}})
				}
			}
			holdTo(t, reference, table)
			table.Foot, table.Note, table.Files, table.Rows = nil, "", nil, nil
			holdTo(t, reference, table)
		}
	}
}

func holdTo(t *testing.T, reference *template.Template, table table) {
	t.Helper()
	var want bytes.Buffer
	if err := reference.ExecuteTemplate(&want, "table", table); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(table.HTML())); diff != "" {
		t.Errorf("%q (-template +ours):\n%s", table.Caption, diff)
	}
}

// TestOnlyPathsAreLinks: an address that is no path of ours leads nowhere.
func TestOnlyPathsAreLinks(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"javascript:alert(1)", "data:text/html,x", "x"} {
		w := &htmlWriter{}
		if got := w.cell(&cell{Text: "x", To: to}).html(); got != `<a href="#">x</a>` {
			t.Errorf("%s: %s", to, got)
		}
	}
}

// TestStepsAreWhatATemplateMakes holds the lines of a timeline to html/template, too.
func TestStepsAreWhatATemplateMakes(t *testing.T) {
	t.Parallel()
	site := siteOf("/zt")
	for _, l := range languages {
		reference := template.Must(template.New("steps.html").Funcs(site.functions(l)).ParseFiles("testdata/steps.html"))
		var steps []step
		for i, text := range []string{"", "〔2020〕1号", `<b>&"'+`, "\x00`%"} {
			for _, state := range []string{"", ledger.StateRequested, ledger.StateRejected} {
				for _, by := range []ledger.Seq{ledger.None, 7} {
					st := step{On: "2020-03-18", Kind: "payment.requested", Amount: ledger.Amount(i * 123456), Entry: ledger.Seq(i), ReversedBy: by, State: state, Note: text}
					inFund, paid := st, st
					inFund.Fund, paid.Payment = "ZJ-1", "P-1"+text
					filed, other := st, st
					filed.Paper, other.Paper = ledger.Text{Zh: "合同" + text, En: "contract" + text}, ledger.Text{Zh: text}
					steps = append(steps, st, inFund, paid, filed, other)
				}
			}
		}
		var want bytes.Buffer
		if err := reference.ExecuteTemplate(&want, "steps", steps); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), string((&frame{site: site, lang: l}).Lines(steps))); diff != "" {
			t.Errorf("%s (-template +ours):\n%s", l.Code, diff)
		}
	}
}
