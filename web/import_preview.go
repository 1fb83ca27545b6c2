package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/ledger/sheet"
)

// previewView shows what an upload would post.
type previewView struct {
	*officer
	Upload   document.Waiting
	Facts    *importFacts
	FormName string
	// Preview is nil while the sheet is read; Read is how many rows are read by then.
	Preview *importPreview
	Read    int64
	// Problems are what was wrong with the form that confirms.
	Problems []string
	// Explain are what was answered to rules that hold rows, Documents the files that
	// can be named with it.
	Explain   []explainInput
	Documents []document.Stored
}

// explainInput is the answer to one rule.
type explainInput struct{ Code, Name, Ground, File string }

// Grounds are the words for an answer.
func (p *previewView) Grounds() []any { return sortedWords(ledger.AckGrounds) }

// Allows says whether duplicates are posted too.
func (p *previewView) Allows() bool { return p.Facts.Said["duplicates"] == "allow" }

// Inputs are for what the sheet leaves open, with what was said; Asks says that more may
// have to be.
func (p *previewView) Inputs() []typed {
	names := importInputs
	if form, ok := sheet.FormOf(p.Facts.Form); ok && form.IsList() {
		names = append([]string{"sheet"}, listInputs...)
	}
	return p.beside(p.Facts.Said, slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "sheet" && !p.Preview.Worksheet }))
}

func (p *previewView) Asks() bool {
	return p.Preview.Worksheet || slices.ContainsFunc(p.Preview.Problems, func(x sheet.RowProblem) bool {
		return x.Rule == "fund" || x.Rule == "required" && (x.Row == 0 || slices.Contains(saidBeside, x.Header))
	})
}

// saidBeside are columns that may stand beside the sheet instead.
var saidBeside = []string{"资金编号", "指标文号", "补助项目", "项目名称", "项目类型"}

// AfterFact says whether what the rows tell had happened before.
func (p *previewView) AfterFact() bool { return p.Facts.Said["after_fact"] != "" }

// Left is how many rows were left out.
func (p *previewView) Left() int { return len(p.Preview.Excluded) + p.Preview.MoreExcluded }

// Where names the cell of a problem.
func (p *previewView) Where(x sheet.RowProblem) string {
	if x.Column == "" {
		return ""
	}
	return x.Cell()
}

// Say picks the page's language.
func (p *previewView) Say(zh, en string) string { return p.lang.pick(ledger.Text{Zh: zh, En: en}) }

// beginReading reads an upload in the background and notes what came of it.
func (s *server) beginReading(ctx context.Context, w document.Waiting, who *actor) (*reading, error) {
	return s.readings.begin(ctx, w, func(ctx context.Context, now *reading) {
		err := s.readUpload(ctx, w, who, now)
		if err != nil && !stopped(ctx) {
			s.Log.ErrorContext(ctx, "upload not read", "book", string(s.Book), "upload", w.ID, "error", err)
		}
	})
}

// readUpload reads and tries an upload.
func (s *server) readUpload(ctx context.Context, w document.Waiting, who *actor, now *reading) error {
	w, err := s.Files.Waiting(w.ID, w.Owner, w.Use, s.Now())
	if err != nil {
		return err
	}
	facts, err := factsOf[importFacts](w)
	if err != nil {
		return err
	}
	facts.Preview, err = s.preview(ctx, w, facts, who, now)
	if stopped(ctx) { // it begins anew
		return err
	}
	if err != nil { // a fault of ours: say so rather than reading for ever
		text := ledger.Text{Zh: "读取时出错，请稍后重新检查", En: "reading failed, check again later"}
		facts.Preview = &importPreview{Faults: []ledger.Text{text}}
	}
	return errors.Join(err, s.noteImport(w, facts))
}

// preview reads a sheet and asks the book about it.
func (s *server) preview(ctx context.Context, w document.Waiting, facts *importFacts, who *actor, now *reading) (*importPreview, error) {
	o, err := s.importOptions(who, facts.Form, facts.Said)
	if err != nil {
		return nil, err
	}
	o.Look, o.Progress = true, func(rows int) { now.rows.Store(int64(rows)) }
	src, b, err := s.readSheet(ctx, w, facts, o)
	if problems, ok := sheetProblems(err); ok {
		named := facts.Said["sheet"] != ""
		p := &importPreview{Unreadable: !named, Worksheet: named}
		for _, x := range problems {
			p.Faults = append(p.Faults, x.Text)
			p.Unreadable = p.Unreadable && x.Rule == sheet.RuleFile
			p.Worksheet = p.Worksheet || x.Rule == sheet.RuleWorksheet
		}
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = src.Close() }() // reading only
	t, err := b.Try(ctx, s.ledger)
	if err != nil {
		return nil, err
	}
	return newPreview(b, t), nil
}

// previewPage shows an upload: how far it is read, or what came of it. A reading that
// ended with its process begins anew.
func (s *server) previewPage(c *call, o *officer) error {
	w, facts, err := s.importOf(c)
	if err != nil {
		return err
	}
	return s.showPreview(c, http.StatusOK, &previewView{officer: o, Upload: w, Facts: facts})
}

func (s *server) showPreview(c *call, status int, p *previewView) error {
	p.template, p.FormName, p.Preview = "preview", p.formName(p.Facts.Form), p.Facts.Preview
	now := s.readings.of(p.Upload.ID)
	if p.Preview == nil && now == nil {
		var err error
		if now, err = s.beginReading(c.ctx(), p.Upload, c.who); err != nil && !errors.Is(err, errReading) {
			return err
		}
	}
	if now != nil { // also while it is submitted
		p.Preview, p.Read = nil, now.rows.Load()
	}
	if p.Preview == nil {
		c.Response().Header().Set("Refresh", "1") // no script, and gone with the answer
		return s.showStaff(c, status, p)
	}
	if err := s.fillExplain(c, p); err != nil {
		return err
	}
	return s.showStaff(c, status, p)
}

// fillExplain prepares the answers to rules that hold rows.
func (s *server) fillExplain(c *call, p *previewView) (err error) {
	p.Explain, p.Documents, err = s.explains(c, p.officer, p.Preview.Held())
	return err
}

// explains are the inputs for answers to rules that hold rows, as they were sent, and
// the documents of the officer's unit that can go with them.
func (s *server) explains(c *call, o *officer, held []string) (inputs []explainInput, documents []document.Stored, err error) {
	if len(held) == 0 || s.Alerts == nil {
		return nil, nil, nil
	}
	names := s.ruleNames(o.lang)
	for _, code := range held {
		inputs = append(inputs, explainInput{code, names[code], c.said("ground-" + code), c.said("file-" + code)})
	}
	documents, _, err = s.Files.List(c.ctx(), s.Book, c.who.Unit, "", s.Now().Add(time.Minute))
	return inputs, documents, err
}

// importErrors gives the bad rows of an upload as a sheet that can be mended and
// uploaded again.
func (s *server) importErrors(c *call, o *officer) error {
	w, facts, err := s.importOf(c)
	if err != nil {
		return err
	}
	options, err := s.importOptions(c.who, facts.Form, facts.Said)
	if err != nil {
		return err
	}
	var made spool
	defer func() { _ = made.Close() }() // nameless: nothing is left
	failed := errReading                // unless it is its turn
	now, err := s.readings.begin(c.ctx(), w, func(ctx context.Context, _ *reading) { failed = s.writeErrors(ctx, w, facts, options, &made) })
	if err != nil {
		return err
	}
	if <-now.done; failed != nil {
		return failed
	}
	return sendSpool(c, &made, "问题行-"+strings.TrimSuffix(w.Name, ".xlsx")+".xlsx", mediaXLSX)
}

func (s *server) writeErrors(ctx context.Context, w document.Waiting, facts *importFacts, o sheet.Options, to *spool) error {
	src, b, err := s.readSheet(ctx, w, facts, o)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // reading only
	if _, err := b.Try(ctx, s.ledger); err != nil {
		return err
	}
	if len(b.Problems) == 0 {
		return ledger.ErrNotFound
	}
	return sheet.WriteErrors(to, src.Source, b)
}

// confirmImport does what the officer decided: submit, read again, or forget.
func (s *server) confirmImport(c *call, o *officer) error {
	w, facts, err := s.importOf(c)
	if err != nil {
		return err
	}
	here := o.site.href(o.lang, "/desk/import/", w.ID)
	switch {
	case facts.Result != nil:
		return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/batches/", facts.Result.Submission))
	case c.FormValue("do") == "drop":
		if err := s.Files.Forget(w.ID); err != nil {
			return err
		}
		return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/import"))
	case s.readings.of(w.ID) != nil:
		return c.Redirect(http.StatusSeeOther, here)
	case c.FormValue("do") == "again":
		return s.readAgain(c, o, w, facts)
	}
	p := &previewView{officer: o, Upload: w, Facts: facts}
	if facts.Preview == nil || !facts.Preview.Ready() {
		return s.showPreview(c, http.StatusUnprocessableEntity, p)
	}
	if err := s.mayEnter(); err != nil {
		return err
	}
	options, err := s.importOptions(c.who, facts.Form, facts.Said)
	if err != nil {
		return err
	}
	if p.Problems = s.explained(c, o, facts.Preview.Held(), &options); len(p.Problems) > 0 {
		return s.showPreview(c, http.StatusUnprocessableEntity, p)
	}
	now, err := s.readings.begin(c.ctx(), w, func(ctx context.Context, now *reading) { s.submitUpload(ctx, w, options, now) })
	if errors.Is(err, errReading) {
		p.Problems = []string{o.t("import.busy")}
		return s.showPreview(c, http.StatusServiceUnavailable, p)
	}
	if err != nil {
		return err
	}
	now.wait(c.ctx())
	return c.Redirect(http.StatusSeeOther, here)
}

// readAgain reads an upload once more, with other answers to duplicates and to what the
// sheet leaves open.
func (s *server) readAgain(c *call, o *officer, w document.Waiting, facts *importFacts) error {
	takeSaid(c, facts.Said)
	if c.said("after_fact") == "" { // a box that is not ticked is not sent
		delete(facts.Said, "after_fact")
	}
	if _, err := s.importOptions(c.who, facts.Form, facts.Said); err != nil {
		problems, ok := sheetProblems(err)
		if !ok {
			return err
		}
		p := &previewView{officer: o, Upload: w, Facts: facts}
		for _, x := range problems {
			p.Problems = append(p.Problems, o.t("import.in."+x.Field)+"："+o.lang.pick(x.Text))
		}
		return s.showPreview(c, http.StatusUnprocessableEntity, p)
	}
	facts.Preview = nil
	if err := s.noteImport(w, facts); err != nil {
		return err
	}
	return s.goRead(c, w, o.site.href(o.lang, "/desk/import/", w.ID))
}

// explained reads the answers to rules that hold rows into the options, and says what
// is missing.
func (s *server) explained(c *call, o *officer, held []string, to *sheet.Options) (missing []string) {
	for _, code := range held {
		f, err := s.Files.Find(c.ctx(), s.Book, c.said("file-"+code), c.who.Unit)
		_, known := ledger.AckGrounds[c.said("ground-"+code)]
		if err != nil || !known || s.Alerts == nil {
			missing = append(missing, o.t("import.explain_missing", code))
			continue
		}
		to.Explain[code] = sheet.Explanation{Version: s.Alerts.Rules.Version(code), Ground: c.said("ground-" + code), File: f.File()}
	}
	return missing
}

// submitUpload submits an upload, whole or not at all, and notes what came of it. Sent
// twice it is one submission: its id follows from the file.
func (s *server) submitUpload(ctx context.Context, w document.Waiting, o sheet.Options, now *reading) {
	facts, err := factsOf[importFacts](w)
	if err == nil {
		o.Progress = func(rows int) { now.rows.Store(int64(rows)) }
		err = s.submitSheet(ctx, w, facts, o)
	}
	if err == nil {
		err = s.noteImport(w, facts)
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "upload not submitted", "book", string(s.Book), "upload", w.ID, "error", err)
	}
}

func (s *server) submitSheet(ctx context.Context, w document.Waiting, facts *importFacts, o sheet.Options) error {
	src, b, err := s.readSheet(ctx, w, facts, o)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // reading only
	r, err := b.Import(ctx, s.ledger)
	same, twice := errors.AsType[*sheet.SameFile](err)
	switch {
	case err == nil:
		facts.Result = &r
	case twice:
		facts.Preview = newPreview(b, sheet.Trial{SameFile: &sheet.Earlier{Submission: same.Submission.Submission, State: same.Submission.State}})
	case errors.Is(err, sheet.ErrBadRows), errors.Is(err, sheet.ErrNothingNew): // what has changed since the preview
		facts.Preview = newPreview(b, sheet.Trial{})
	case stopped(ctx): // whether it was submitted is found out by who submits it again
		return err
	default:
		p := problemOf(err)
		facts.Preview.Faults = []ledger.Text{p.detail}
		if p.log {
			return errors.Join(err, s.noteImport(w, facts))
		}
	}
	return nil
}
