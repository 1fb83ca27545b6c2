package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/ledger/sheet"
)

// 导入: a sheet is uploaded, read and tried, shown with everything that is wrong with
// it, and submitted when its officer confirms. Between upload and confirmation it waits
// on the disk, for its owner, for a day; nothing of it is in the book.

// useImport is what such uploads wait for.
const useImport = "import"

// importFacts is what is known of an upload.
type importFacts struct {
	Form string `json:"form"`
	// Said is what the officer said beside the file, by the name of the input.
	Said map[string]string `json:"said"`
	// Preview is what came of reading it, nil while that is under way.
	Preview *importPreview `json:"preview,omitempty"`
	// Result is the submission that it became.
	Result *sheet.Result `json:"result,omitempty"`
}

// importPreview is what a sheet would post, and what is wrong with it.
type importPreview struct {
	// Faults are what is wrong with the file as a whole; then nothing else is known.
	Faults []ledger.Text `json:"faults,omitempty"`
	// Unreadable says that nothing which can be said beside the file would change that,
	// Worksheet that the name of its worksheet would.
	Unreadable bool          `json:"unreadable,omitempty"`
	Worksheet  bool          `json:"worksheet,omitempty"`
	Rows       int           `json:"rows"`
	Amount     ledger.Amount `json:"amount"`
	Money      bool          `json:"money"`
	// Receipts is how many fund receipts there are, Received their total.
	Receipts int           `json:"receipts,omitempty"`
	Received ledger.Amount `json:"received,omitempty"`

	ByFund   []sheet.Total      `json:"by_fund,omitempty"`
	ByPlace  []sheet.Total      `json:"by_place,omitempty"`
	Ignored  []string           `json:"ignored,omitempty"`
	Problems []sheet.RowProblem `json:"problems,omitempty"`
	// BadRows counts rows with problems, More problems that are not listed.
	BadRows      int                `json:"bad_rows"`
	More         int                `json:"more"`
	Excluded     []sheet.RowProblem `json:"excluded,omitempty"`
	MoreExcluded int                `json:"more_excluded"`
	Warnings     []sheet.RowProblem `json:"warnings,omitempty"`
	MoreWarnings int                `json:"more_warnings"`
	Trial        sheet.Trial        `json:"trial"`
}

// mostListed is how many problems, warnings and excluded rows a page lists each; the
// file of bad rows has all of them.
const mostListed = 300

// newPreview sums a batch up.
func newPreview(b *sheet.Batch, t sheet.Trial) *importPreview {
	p := &importPreview{Rows: b.Rows, Amount: b.Amount, Receipts: b.Receipts, Received: b.Received, Money: b.Form.HoldsMoney(), ByFund: b.ByFund, ByPlace: b.ByPlace, Ignored: b.Ignored, Trial: t}
	rows := map[int]bool{}
	for _, x := range b.Problems {
		if x.Row > 0 { // else it is of the whole sheet
			rows[x.Row] = true
		}
	}
	p.BadRows = len(rows)
	p.Problems, p.More = listedRows(b.Problems)
	p.More += b.More
	p.Excluded, p.MoreExcluded = listedRows(b.Excluded)
	p.Warnings, p.MoreWarnings = listedRows(b.Warnings)
	return p
}

func listedRows(all []sheet.RowProblem) (listed []sheet.RowProblem, more int) {
	listed = slices.Clone(all[:min(len(all), mostListed)])
	for i := range listed {
		listed[i].Value = clip(listed[i].Value, 60)
	}
	return listed, len(all) - len(listed)
}

// Short says whether a balance is not enough for the batch.
func (p *importPreview) Short() bool {
	return slices.ContainsFunc(p.Trial.Needs, func(n sheet.Need) bool { return n.Left() < 0 })
}

// Held lists the rules that hold rows until they are explained; nil when anything else
// is wrong too.
func (p *importPreview) Held() []string {
	var codes []string
	for _, x := range p.Problems {
		if x.Needs != "acknowledgement" {
			return nil
		}
		if !slices.Contains(codes, x.Rule) {
			codes = append(codes, x.Rule)
		}
	}
	return codes
}

// Ready says whether the batch can be submitted, with an explanation where one is due.
func (p *importPreview) Ready() bool {
	return len(p.Faults) == 0 && p.Rows > 0 && p.More == 0 && !p.Short() && (len(p.Problems) == 0 || len(p.Held()) > 0)
}

// importView is the form for a new upload, with what was imported before.
type importView struct {
	*officer
	Forms []*sheet.Form
	// Chosen and Said are what was chosen and typed, when the page comes again.
	Chosen   string
	Said     map[string]string
	Problems []formProblem
	Rows     []importRow
	Next     string
	First    bool
}

// SheetForm, Inputs and AfterFact are for the template.
func (p *importView) SheetForm() string { return p.Chosen }
func (p *importView) AfterFact() bool   { return p.Said["after_fact"] != "" }
func (p *importView) Inputs() []typed   { return p.beside(p.Said, importInputs) }

// beside are the inputs for what a sheet leaves open, with what was typed.
func (f *frame) beside(said map[string]string, names []string) []typed {
	var out []typed
	for _, name := range names {
		if name != "after_fact" && name != "duplicates" {
			out = append(out, typed{name, f.t("import.in." + name), said[name], slices.Contains(dayInputs, name)})
		}
	}
	return out
}

// typed is an input with what was typed.
type typed struct {
	Name, Label, Value string
	Day                bool
}

// importRow is an import of the past.
type importRow struct {
	ledger.Submission
	FormName string
}

// Entries is how many entries it has.
func (r importRow) Entries() int64 { return int64(r.Last-r.First) + 1 }

// importInputs are what a sheet may leave open, in the order of the page.
var importInputs = []string{
	"sheet", "on", "fund", "project", "payment", "item", "period", "document", "responsible", "type",
	"central", "province", "city", "county", "other", "source", "stated", "valid_from", "valid_to", "region", "after_fact", "duplicates",
}

// listInputs are those of a comparison list.
var listInputs = []string{"source", "stated", "valid_from", "valid_to", "region", "on"}

// dayInputs are those that are days.
var dayInputs = []string{"on", "stated", "valid_from", "valid_to"}

// takeSaid reads what was typed beside a sheet, as far as the form asks for it.
func takeSaid(c *call, said map[string]string) {
	for _, name := range importInputs {
		v := clip(c.said(name), 200)
		if _, sent := c.Request().Form[name]; !sent {
			continue
		}
		if delete(said, name); v != "" {
			said[name] = v
		}
	}
}

func (s *server) importPage(c *call, o *officer) error {
	return s.showImport(c, http.StatusOK, &importView{officer: o, Chosen: c.QueryParam("form"), Said: map[string]string{}})
}

// showImport shows the form, with imports of the past below it.
func (s *server) showImport(c *call, status int, p *importView) error {
	p.template, p.Forms = "import", sheet.Forms
	after := c.QueryParam("after")
	subs, next, err := s.ledger.Imports(c.ctx(), s.Book, ledger.Page{After: after, Limit: 20})
	if err != nil {
		return err
	}
	p.Next, p.First = next, after != ""
	for _, sub := range subs {
		p.Rows = append(p.Rows, importRow{sub, p.formName(sub.Form)})
	}
	return s.showStaff(c, status, p)
}

// formName is the title of a form by its word.
func (f *frame) formName(name string) string {
	if form, ok := sheet.FormOf(name); ok {
		return f.lang.pick(form.Text)
	}
	return name
}

// importTemplate gives an empty form.
func (s *server) importTemplate(c *call, o *officer) error {
	form, ok := sheet.FormOf(c.Param("form"))
	if !ok {
		return ledger.ErrNotFound
	}
	var made spool
	defer func() { _ = made.Close() }() // nameless: nothing is left
	if err := sheet.Template(&made, form); err != nil {
		return err
	}
	return sendSpool(c, &made, form.Zh+".xlsx", mediaXLSX)
}

// sendSpool sends what was made for one officer.
func sendSpool(c *call, made *spool, name, mediaType string) error {
	r, err := made.rewound()
	if err != nil {
		return err
	}
	attachment(c, name, mediaType)
	c.Response().Header().Set("Content-Length", strconv.FormatInt(made.size, 10))
	_, err = io.Copy(c.Response(), r)
	return gone(err)
}

// takeImport keeps an upload and begins to read it. What is wrong with the form or the
// file's sort is said at once, with everything that was typed.
func (s *server) takeImport(c *call, o *officer) error {
	p := &importView{officer: o, Chosen: c.FormValue("sheetform"), Said: map[string]string{}}
	takeSaid(c, p.Said)
	w, err := s.keepUpload(c, useImport, importFacts{Form: p.Chosen, Said: p.Said}, func() error {
		_, err := s.importOptions(c.who, p.Chosen, p.Said)
		return err
	})
	if problems, ok := sheetProblems(err); ok {
		for _, x := range problems {
			p.Problems = append(p.Problems, formProblem{x.Field, o.lang.pick(x.Text)})
		}
		return s.showImport(c, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return s.goRead(c, w, o.site.href(o.lang, "/desk/import/", w.ID))
}

// goRead begins to read an upload and goes on to its page. When enough others are being
// read, the page asks again until it is its turn.
func (s *server) goRead(c *call, w document.Waiting, here string) error {
	now, err := s.beginReading(c.ctx(), w, c.who)
	if err != nil && !errors.Is(err, errReading) {
		return err
	}
	if now != nil {
		now.wait(c.ctx())
	}
	return c.Redirect(http.StatusSeeOther, here)
}

// keepUpload keeps the file of a form for a use, once check has nothing against the
// rest of the form.
func (s *server) keepUpload(c *call, use string, facts any, check func() error) (document.Waiting, error) {
	f, name, err := s.uploaded(c)
	if err == nil {
		defer func() { _ = f.Close() }() // reading only
	}
	if err := errors.Join(err, check()); err != nil {
		return document.Waiting{}, joinedInvalid(err)
	}
	w := document.Waiting{Owner: c.who.owner(), Use: use, Name: name, At: s.Now()}
	if w.Facts, err = json.Marshal(facts); err != nil {
		return w, err
	}
	return s.Files.Keep(w, f)
}

// joinedInvalid makes one list of problems of several errors, if all are of that sort.
func joinedInvalid(err error) error {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	all := &ledger.Invalid{}
	for _, one := range many.Unwrap() {
		bad, ok := errors.AsType[*ledger.Invalid](one)
		if !ok {
			return one
		}
		all.Problems = append(all.Problems, bad.Problems...)
	}
	return all
}

// importOptions are what was said beside a file, as the reader of sheets takes it.
func (s *server) importOptions(who *actor, form string, said map[string]string) (sheet.Options, error) {
	o := sheet.Options{
		Book: s.Book, By: who.by(), On: s.today(), Fund: said["fund"], Project: said["project"], Payment: said["payment"], Item: said["item"], Period: said["period"],
		Document: said["document"], Responsible: said["responsible"], Type: said["type"], Funds: map[string]string{}, Source: said["source"], Region: said["region"],
		AfterFact: said["after_fact"] != "", AllowDuplicates: said["duplicates"] == "allow", Explain: map[string]sheet.Explanation{},
	}
	wrong := &ledger.Invalid{}
	f, ok := sheet.FormOf(form)
	if !ok {
		wrong.Problems = append(wrong.Problems, one("sheetform", "请选择表种", "choose a form").Problems...)
	} else {
		o.ExcludeDuplicates = f.LeavesOut() && !o.AllowDuplicates
	}
	for level := range ledger.Levels {
		if v := said[level]; v != "" {
			o.Funds[level] = v
		}
	}
	for name, to := range map[string]*ledger.Date{"on": &o.On, "stated": &o.Stated, "valid_from": &o.From, "valid_to": &o.To} {
		if said[name] == "" {
			continue
		}
		day, err := ledger.ParseDate(said[name])
		if err != nil {
			wrong.Problems = append(wrong.Problems, one(name, "日期须形如 2020-03-18，且确有这一天", "want a day of the calendar such as 2020-03-18").Problems...)
		}
		*to = day
	}
	if len(wrong.Problems) > 0 {
		return o, wrong
	}
	return o, nil
}

// readSheet reads an upload as a sheet. The caller closes it.
func (s *server) readSheet(ctx context.Context, w document.Waiting, facts *importFacts, o sheet.Options) (*openedSheet, *sheet.Batch, error) {
	form, ok := sheet.FormOf(facts.Form)
	if !ok {
		return nil, nil, one("sheetform", "请选择表种", "choose a form")
	}
	src, err := s.openSheet(w, facts.Said["sheet"])
	if err != nil {
		return nil, nil, err
	}
	if o.Known, err = sheet.KnownOf(ctx, s.ledger, s.Book); err == nil {
		var b *sheet.Batch
		if b, err = sheet.Read(src.Source, form, o); err == nil {
			return src, b, nil
		}
	}
	return nil, nil, errors.Join(err, src.Close())
}

// openedSheet is a sheet with the file that it reads.
type openedSheet struct {
	*sheet.Source
	file io.Closer
}

// Close gives back both.
func (o *openedSheet) Close() error { return errors.Join(o.Source.Close(), o.file.Close()) }

// openSheet opens an upload as a sheet.
func (s *server) openSheet(w document.Waiting, worksheet string) (*openedSheet, error) {
	f, err := s.Files.Upload(w)
	if err != nil {
		return nil, err
	}
	src, err := sheet.Open(w.Name, f, f.Size(), worksheet)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &openedSheet{src, f}, nil
}

// importOf finds an upload of this officer and what is known of it.
func (s *server) importOf(c *call) (document.Waiting, *importFacts, error) {
	w, err := s.Files.Waiting(c.Param("upload"), c.who.owner(), useImport, s.Now())
	if err != nil {
		return w, nil, err
	}
	facts, err := factsOf[importFacts](w)
	return w, facts, err
}

// factsOf are what is known of an upload.
func factsOf[F any](w document.Waiting) (*F, error) {
	facts := new(F)
	return facts, json.Unmarshal(w.Facts, facts)
}

// noteImport keeps what is known of an upload.
func (s *server) noteImport(w document.Waiting, facts *importFacts) error {
	var err error
	if w.Facts, err = json.Marshal(facts); err != nil {
		return err
	}
	return s.Files.Note(w)
}
