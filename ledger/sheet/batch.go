package sheet

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"yilu/ledger"
)

// RowProblem is one thing wrong with one row, named as the spreadsheet names it.
type RowProblem struct {
	Row int `json:"row"`
	// Column is the letter of the column, empty where the row as a whole is
	// meant; Header and Value are what stands there. Personal numbers are left
	// out of Value.
	Column string `json:"column,omitempty"`
	Header string `json:"header,omitempty"`
	Value  string `json:"value,omitempty"`
	// Rule is a stable word for programs.
	Rule string `json:"rule"`
	// Needs is "acknowledgement" when the row can be posted with an explanation.
	Needs string `json:"needs,omitempty"`
	ledger.Text
}

// Cell is the cell as a spreadsheet shows it, "D5".
func (p RowProblem) Cell() string { return fmt.Sprintf("%s%d", p.Column, p.Row) }

// Total is a sum of a batch by fund, place or project.
type Total struct {
	Key    string        `json:"key"`
	Name   string        `json:"name"`
	Rows   int           `json:"rows"`
	Amount ledger.Amount `json:"amount"`
}

// Batch is a sheet that was read: what it would post, and what is wrong with it.
type Batch struct {
	Form *Form
	File ledger.File
	// Drafts are in the order of posting; DraftRows are the rows they came from.
	Drafts    []ledger.Draft
	DraftRows []int
	// Rows is the number of data rows, good and bad.
	Rows     int
	Problems []RowProblem
	// More counts problems beyond those kept.
	More     int
	Warnings []RowProblem
	// Excluded are rows that were left out since they are in the book, or in the sheet,
	// already; see Options.ExcludeDuplicates.
	Excluded []RowProblem
	// Ignored are headers that the form does not know: their columns were not read.
	Ignored []string
	// Receipts is how many fund receipts (指标下达) a fund ledger enters beside what projects
	// get, Received their total.
	Receipts int
	Received ledger.Amount
	// Amount is the total of the good rows, and its parts: of a fund ledger what projects get,
	// of one without projects its receipts.
	Amount  ledger.Amount
	ByFund  []Total
	ByPlace []Total

	opt   Options
	table *table
	// shares are the parts of the total, row by row.
	shares []piece
	// light is set when personal values were not kept, see Options.Look.
	light bool
	// bank are the rows of a bank's file.
	bank []*record
	// standIns are rows whose grant header was refused: another stands there in the trial,
	// so that the lines are tried.
	standIns map[int]bool
	// acks is how many explanations stand before the drafts when they are posted.
	acks int
}

// Upper is the total in capital numerals, as previews show it.
func (b *Batch) Upper() string { return b.Amount.Upper() }

// Known is what the book already has, so that sheets may name things by their
// document or name, and the key that makes row ids tell nothing.
type Known struct {
	Funds    []ledger.Fund
	Projects []ledger.Project
	// Places are the names of places.
	Places ledger.Places
	// Rules are in force, with the parameters that rows are held to.
	Rules ledger.Rules
	// token is a keyed hash: a row's id covers personal values, and anybody could
	// guess those from a plain hash.
	token func(string) string
}

// KnownOf reads what a book has.
func KnownOf(ctx context.Context, l *ledger.Ledger, book ledger.Book) (Known, error) {
	k := Known{token: func(s string) string {
		t := l.Sealer.Token("yilu sheet row " + s)
		return hex.EncodeToString(t[:])
	}}
	var err error
	if k.Funds, err = l.Funds(ctx, book); err != nil {
		return Known{}, err
	}
	if k.Places, err = l.Places(ctx, book); err != nil {
		return Known{}, err
	}
	row, err := l.Rulebook(ctx, book)
	if err != nil {
		return Known{}, err
	}
	if k.Rules, err = row.Read(); err != nil {
		return Known{}, fmt.Errorf("read rulebook: %w", err)
	}
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		ps, next, err := l.Projects(ctx, book, ledger.ProjectFilter{}, page)
		if err != nil {
			return Known{}, err
		}
		k.Projects = append(k.Projects, ps...)
		if next == "" {
			return k, nil
		}
		page.After = next
	}
}

// Options say what a sheet leaves open.
type Options struct {
	Book ledger.Book
	// By is who imports.
	By ledger.By
	// On is the business day of rows that name none.
	On ledger.Date
	// Known is what the book has; without it a batch can be previewed only.
	Known Known
	// Fund and Project hold for rows that name none; Item, Payment and Period for a
	// grant sheet without them.
	Fund, Project, Item, Payment, Period string
	// Funds says which fund a column of the plan sheet means, by the column's
	// header (中央衔接) or by its level (central).
	Funds map[string]string
	// Document is the approval's number, Responsible the person in charge and
	// Type the project type, where a plan has no such column.
	Document, Responsible, Type string
	// AfterFact says that what the rows tell had happened before (补录).
	AfterFact bool
	// Source, Stated, From, To and Region say of a comparison list what its header wants,
	// see ledger.RegisterLoaded; the region is the county if left out.
	Source           string
	Stated, From, To ledger.Date
	Region           string
	// Explain answers warnings that hold rows, by the code of the rule.
	Explain map[string]Explanation
	// AllowDuplicates posts rows that are in the book already once more.
	AllowDuplicates bool
	// ExcludeDuplicates leaves out rows that are in the book, or in the sheet, already,
	// and posts the others.
	ExcludeDuplicates bool
	// Look says that the batch is looked at and never imported: of a long one the personal
	// values are not kept once they are checked.
	Look bool
	// Progress is told how many rows are read.
	Progress func(rows int)
}

// Explanation is what an officer answers to a warning (预警说明): why the rows are right
// all the same, and the file that shows it.
type Explanation struct {
	Version ledger.Count
	// Ground is one of ledger.AckGrounds.
	Ground string
	File   ledger.File
}

// builder is a batch while it is read.
type builder struct {
	form  *Form
	src   *Source
	opt   Options
	table *table
	batch *Batch
	// drafts that came out so far, unless there are more than can be posted.
	drafts  []draft
	tooMany bool
	// seen is the row of each digest.
	seen map[[16]byte]int
	sums sums
	// row is the row that is being read; hidden are rows read that the sheet does not show.
	row       int
	hidden    []span
	townships []ledger.Division
	// projects are the ids of the book's projects by their folded names, known the projects
	// by their ids.
	projects map[string][]string
	known    map[string]ledger.Project
	merges   []mergedRange
	// groups, received and approved collect what stands on several rows.
	groups   []*grantGroup
	received map[string]*ledger.FundReceived
	approved map[string]*ledger.ProjectApproved
	// contracts are those an earlier row has signed.
	contracts map[string]bool
	// named are the rows that named each place.
	named map[string]int
	// unheaded are the first rows with something in columns that have no header.
	unheaded map[int]int
	// receipts are the fund receipts of a ledger, row by row.
	receipts []piece
	cumul    []shareRow
	years    map[string]int
}

type draft struct {
	ledger.Draft
	row int
}

type shareRow struct {
	r    *record
	part ledger.Amount
}

// maxKept is how many problems are listed; the rest is counted.
const maxKept = 20_000

func (b *builder) add(p RowProblem) {
	if len(b.batch.Problems) >= maxKept {
		b.batch.More++
		return
	}
	b.batch.Problems = append(b.batch.Problems, p)
}

// Read reads a sheet of a form. What is wrong with rows is in the batch; an
// error means the file as a whole cannot be read as this form.
func Read(src *Source, form *Form, o Options) (*Batch, error) {
	if o.Known.token == nil {
		o.Known.token = func(s string) string { return s[:32] }
	}
	b := &builder{
		form: form, src: src, opt: o, seen: map[[16]byte]int{}, batch: &Batch{Form: form, File: src.File, opt: o, standIns: map[int]bool{}},
		townships: o.Known.Places.Townships(o.Book), projects: map[string][]string{}, known: map[string]ledger.Project{},
		received: map[string]*ledger.FundReceived{}, approved: map[string]*ledger.ProjectApproved{}, years: map[string]int{}, contracts: map[string]bool{}, named: map[string]int{}, unheaded: map[int]int{},
	}
	if err := src.isTemplateOf(form); err != nil {
		return nil, err
	}
	for _, p := range o.Known.Projects {
		b.known[p.Project] = p
		if p.State != ledger.StateCancelled && p.State != ledger.StateWithdrawn {
			b.projects[fold(p.Name)] = append(b.projects[fold(p.Name)], p.Project)
		}
	}
	if err := b.lines(); err != nil {
		return nil, err
	}
	if form.done != nil {
		form.done(b)
	}
	b.finish()
	return b.batch, nil
}

// lines finds the header and goes through the rows.
func (b *builder) lines() error {
	var top []Line
	for l, err := range b.src.Lines() {
		switch {
		case err != nil:
			return err
		case b.table == nil && len(top) < maxTop:
			top = append(top, Line{l.Row, slices.Clone(l.Cells)})
		case b.table == nil:
			if err := b.begin(top); err != nil {
				return err
			}
			b.line(l)
		default:
			b.line(l)
		}
	}
	if b.table == nil {
		return b.begin(top)
	}
	return nil
}

// begin takes the lines that were held back until the header was known.
func (b *builder) begin(top []Line) error {
	t, err := b.form.findTable(top)
	if err != nil {
		return err
	}
	b.table, b.batch.table, b.batch.Ignored = t, t, t.ignored
	b.sums = newSums(len(b.form.Columns))
	for _, m := range b.src.merges {
		if m.lastRow >= t.from {
			b.merges = append(b.merges, m)
		}
	}
	for _, l := range top {
		if l.Row >= t.from {
			b.line(l)
		}
	}
	return nil
}

// line sorts a row: header again, total, note, or data.
func (b *builder) line(l Line) {
	if b.table.repeats(l.Cells) {
		return
	}
	if word := b.table.totalOf(l.Cells); word != "" {
		b.total(l, word)
		return
	}
	if b.table.foot(l.Cells) {
		return
	}
	b.batch.Rows++
	b.row = l.Row
	if isIn(b.src.hiddenRows, l.Row) {
		b.hidden = extended(b.hidden, l.Row)
	}
	if b.opt.Progress != nil && b.batch.Rows%1000 == 0 {
		b.opt.Progress(b.batch.Rows)
	}
	for n := range l.Cells {
		if (n >= len(b.table.headers) || clean(b.table.headers[n]) == "") && b.unheaded[n] == 0 && clean(l.Cells[n]) != "" {
			b.unheaded[n] = l.Row
		}
	}
	r := b.read(l)
	b.sum(r)
	if !r.bad {
		b.form.row(b, r)
	}
}

// merged finds a merged range that reaches into a row.
func (b *builder) merged(row int) (mergedRange, bool) {
	for len(b.merges) > 0 && b.merges[0].lastRow < row {
		b.merges = b.merges[1:]
	}
	for _, m := range b.merges {
		if m.firstRow > row {
			break
		}
		if m.lastRow >= row {
			return m, true
		}
	}
	return mergedRange{}, false
}

// again reports a row that says the same as an earlier one of this sheet.
func (b *builder) again(r *record, digest [32]byte) bool {
	key := [16]byte(digest[:16])
	first, twice := b.seen[key]
	if !twice {
		b.seen[key] = r.row
		return false
	}
	if b.opt.AllowDuplicates {
		return false
	}
	zh, en := fmt.Sprintf("可能重复：与第 %d 行内容相同", first), fmt.Sprintf("may be a duplicate: the same as row %d", first)
	if b.opt.ExcludeDuplicates {
		b.batch.leaveOut(r.at("", "duplicate", zh, en))
		return true
	}
	r.problem("", "duplicate", zh, en)
	return true
}

// rowID makes the entry id of something a row says. It is the same in whatever
// file the row stands; the same row once more in one file, where allowed, gets
// an id of its own.
func (b *builder) rowID(r *record, digest [32]byte, what string) string {
	content := hex.EncodeToString(digest[:])
	if first := b.seen[[16]byte(digest[:16])]; first != 0 && first != r.row {
		content = fmt.Sprintf("%s row %d", content, r.row)
	}
	return what + "-" + b.opt.Known.token(content)
}

// emit checks a draft as the book would and keeps it. That of a bad row is checked, so that
// all that is wrong with the row is known at once, and not kept. It returns what is wrong
// with the draft.
func (b *builder) emit(r *record, d ledger.Draft) (wrong []ledger.Problem) {
	if d.By == (ledger.By{}) {
		d.By = b.opt.By
	}
	if d.On == "" {
		d.On = b.opt.On
	}
	d.Corrects = ledger.None
	wrong = ledger.Check(d)
	for _, p := range wrong {
		if column := b.form.columnOf(d.Kind, p.Field); !r.told(column) {
			b.add(b.locate(d.Kind, r, p))
		}
		r.bad = true
	}
	if !r.bad {
		b.keep(r.row, d)
	}
	return wrong
}

// keep adds a draft to the batch, unless there are more than can be posted.
func (b *builder) keep(row int, d ledger.Draft) {
	if len(b.drafts) >= ledger.MaxUnit-1 {
		b.tooMany, b.drafts = true, nil
	}
	if b.tooMany {
		return
	}
	if b.opt.Look && len(b.drafts) >= mostTried {
		d.Sealed, b.batch.light = nil, true
	}
	b.drafts = append(b.drafts, draft{d, row})
}

// locate names the cell that a field of a draft came from.
func (b *builder) locate(kind ledger.Kind, r *record, p ledger.Problem) RowProblem {
	column := b.form.columnOf(kind, p.Field)
	q := r.at(column, p.Rule, p.Zh, p.En)
	if column == "" {
		q.Header = ""
		q.Zh, q.En = p.Field+"："+p.Zh, p.Field+": "+p.En
	}
	return q
}

// columnOf is the form column behind a field of an entry, by the longest prefix
// that the form lists, or "".
func (f *Form) columnOf(kind ledger.Kind, field string) string {
	for field != "" {
		for _, key := range []string{string(kind) + ":" + field, field} {
			if c, ok := f.fields[key]; ok {
				return c
			}
		}
		i := strings.LastIndexByte(field, '.')
		if i < 0 {
			return ""
		}
		field = field[:i]
	}
	return ""
}

// piece is a part of a batch's total.
type piece struct {
	row         int
	fund, place string
	amount      ledger.Amount
}

// tally adds to the totals of the preview.
func (b *builder) tally(fund, place string, a ledger.Amount) {
	b.batch.Amount += a
	b.batch.shares = append(b.batch.shares, piece{b.row, fund, place, a})
}

// total adds the shares up by fund and by township.
func (b *Batch) total() {
	funds, places := map[string]*Total{}, map[string]*Total{}
	for _, s := range b.shares {
		addTo(funds, s.fund, s.amount)
		if len(s.place) == 12 {
			addTo(places, s.place[:9], s.amount)
		}
	}
	for _, f := range b.opt.Known.Funds {
		if t := funds[f.Fund]; t != nil {
			t.Name = f.Name + " " + f.Document
		}
	}
	for _, t := range places {
		t.Name = b.opt.Known.Places.Of(t.Key).Name
	}
	b.ByFund, b.ByPlace = byKey(funds), byKey(places)
}

func addTo(m map[string]*Total, key string, a ledger.Amount) {
	if key == "" {
		return
	}
	t := m[key]
	if t == nil {
		t = &Total{Key: key, Name: key}
		m[key] = t
	}
	t.Rows++
	t.Amount += a
}

// finish puts the batch together.
func (b *builder) finish() {
	for _, s := range b.cumul {
		checkShare(s.r, "占比", s.part, b.batch.Amount)
	}
	b.checkTotals()
	b.tellHidden()
	if b.tooMany {
		b.add(RowProblem{Rule: "too_many", Text: ledger.Text{
			Zh: fmt.Sprintf("共 %d 行，一次最多导入 %d 条，请拆分文件", b.batch.Rows, ledger.MaxUnit-1),
			En: fmt.Sprintf("%d rows: at most %d entries can be imported at once, split the file", b.batch.Rows, ledger.MaxUnit-1)}})
	}
	if b.batch.Rows == 0 && b.form.list != ledger.ListDebarred { // that nobody is debarred is worth saying
		b.add(RowProblem{Row: b.table.from, Rule: "empty", Text: ledger.Text{Zh: "表头之下没有数据行", En: "there are no rows below the header"}})
	}
	b.batch.Drafts = make([]ledger.Draft, len(b.drafts))
	b.batch.DraftRows = make([]int, len(b.drafts))
	for i, d := range b.drafts {
		b.batch.Drafts[i], b.batch.DraftRows[i] = d.Draft, d.row
	}
	b.drafts = nil
	slices.SortStableFunc(b.batch.Problems, func(x, y RowProblem) int { return cmp.Compare(x.Row, y.Row) })
	b.batch.total()
}

func byKey(m map[string]*Total) []Total {
	var out []Total
	for _, t := range m {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Total) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, "、")
}
