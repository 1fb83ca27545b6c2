package web

import (
	"html/template"

	"yilu/ledger"
)

// Lines are the steps of a stage on a project's page, a line each; they are written like
// tables, and held to testdata/steps.html.
func (f *frame) Lines(steps []step) template.HTML {
	w := &htmlWriter{english: f.lang == english}
	for i := range steps {
		w.step(f, &steps[i])
	}
	return w.html()
}

func (w *htmlWriter) step(f *frame, st *step) {
	w.raw("<li>")
	if st.Fund == "" {
		w.raw("<time>").text(string(st.On)).raw("</time>")
	}
	w.deed(f, st)
	switch {
	case st.Paper.En != "":
		w.raw(" ").text(f.lang.pick(st.Paper))
	case st.Paper.Zh != "":
		w.raw(" <span").inChinese(true).raw(">").text(st.Paper.Zh).raw("</span>")
	}
	switch {
	case st.Fund != "":
		w.raw(" ").link(f.site.query(f.lang, "/documents", "no", st.Note), st.Note, true).raw(" ").text(f.t("step.issued", st.On))
	case st.Note != "":
		w.raw(" <span").inChinese(true).raw(">").text(st.Note).raw("</span>")
	}
	if st.Payment != "" {
		w.raw(" ").link(f.site.href(f.lang, "/payments/", st.Payment), st.Payment, false)
	}
	w.raw(" ").entry(f, st.Entry, "entry.no").raw("</li>\n")
}

// deed writes what was done in a step, and what became of it.
func (w *htmlWriter) deed(f *frame, st *step) {
	kind, amount := f.name("kind", string(st.Kind)), st.Amount.Comma()
	switch {
	case st.Struck():
		w.raw("<del>").text(kind)
		if st.Amount != 0 {
			w.raw(" ").text(amount)
		}
		w.raw("</del> ").entry(f, st.ReversedBy, "step.reversed")
	case st.Void():
		w.raw("<del>").text(kind).raw(" ").text(amount).raw(`</del> <span class="tag">`).text(f.name("state", st.State)).raw("</span>")
	default:
		w.text(kind)
		if st.Amount != 0 {
			w.raw(" <b>").text(f.t("yuan", amount)).raw("</b>")
		}
		if st.State != "" {
			w.raw(` <span class="tag">`).text(f.name("state", st.State)).raw("</span>")
		}
	}
}

// link writes a link with its text.
func (w *htmlWriter) link(to, text string, zh bool) *htmlWriter {
	return w.raw(`<a href="`).address(to).raw(`"`).inChinese(zh).raw(">").text(text).raw("</a>")
}

// entry writes a link to an entry, in the words of a sentence.
func (w *htmlWriter) entry(f *frame, seq ledger.Seq, key string) *htmlWriter {
	return w.link(f.site.entry(f.lang, seq), f.t(key, seq), false)
}
