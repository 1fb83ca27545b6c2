package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/ledger/sheet"
)

// 支付录入: a grid of payment requests for those who would rather type or paste than
// upload. Its rows are read as a sheet of the payment form is, so that they take the
// same spellings and meet the same checks; a script helps with keys and pasting, and
// the page works without it.

const (
	// gridRows is how many rows an empty grid has, mostGridRows the most it may have:
	// what is longer comes as a file.
	gridRows     = 6
	mostGridRows = 200
)

// gridColumn is a column of the grid and the column of the form that it fills.
type gridColumn struct {
	Name, Head string
	// Named is the form's column for what is no id: a project's name, a fund's document.
	Named string
	// List is the datalist that its inputs draw on, Words the words of a choice.
	List  string
	Words map[string]ledger.Text
}

// Names are what sheets call the column, for pasting one with its heads.
func (c gridColumn) Names() string {
	var names []string
	for _, column := range sheet.Payment.Columns {
		if column.Name == c.Head || column.Name == c.Named {
			names = append(append(names, column.Name), column.Aliases...)
		}
	}
	return strings.Join(names, "|")
}

// isID says whether a text can be an id; else it is a name.
func isID(text string) bool { return plain(text) }

// Options are the words of a choice, as the form takes them.
func (c gridColumn) Options() []string {
	var out []string
	for _, w := range sortedWords(c.Words) {
		out = append(out, c.Words[w.(string)].Zh)
	}
	return out
}

// Also are what else is said for the words of a choice, for pasting: 预付=预付款|….
func (c gridColumn) Also() string {
	var out []string
	for _, w := range sortedWords(c.Words) {
		for _, said := range sheet.Synonyms(c.Head)[w.(string)] {
			out = append(out, said+"="+c.Words[w.(string)].Zh)
		}
	}
	return strings.Join(out, "|")
}

// read is what was typed into the column, as its input shows it.
func (c gridColumn) read(typed string) string {
	if code, ok := sheet.Word(c.Head, c.Words, typed); ok {
		return c.Words[code].Zh
	}
	if c.Named != "" || slices.Contains([]string{"contract", "code"}, c.Name) {
		return typedID(typed)
	}
	return typed
}

var gridColumns = []gridColumn{
	{"contract", "合同编号", "", "contracts", nil}, {"amount", "金额", "", "", nil}, {"purpose", "用途", "", "", nil}, {"stage", "款项性质", "", "", ledger.PayStages},
	{"fund", "资金编号", "指标文号", "funds", nil}, {"project", "项目编号", "项目名称", "projects", nil},
	{"payee", "收款人全称", "", "payees", nil}, {"code", "统一社会信用代码", "", "", nil}, {"idnumber", "身份证号", "", "", nil},
	{"account", "账号", "", "", nil}, {"bank", "开户行", "", "", nil}, {"method", "支付方式", "", "", ledger.PayMethods},
}

// gridCell is one input with what was typed and what is wrong with it.
type gridCell struct {
	gridColumn
	// Row is the row's number from 1.
	Row          int
	Value, Error string
}

// ID names the input.
func (c gridCell) ID() string { return c.Name + "-" + strconv.Itoa(c.Row) }

// gridRow is a row; Error is about the row as a whole.
type gridRow struct {
	Row   int
	Cells []gridCell
	Error string
}

// gridView is the grid with what was typed into it.
type gridView struct {
	*officer
	// ID makes the grid the same submission when it is sent twice.
	ID, Business string
	Columns      []gridColumn
	Rows         []gridRow
	Problems     []string
	// Checked is set once the rows were judged; then Sum, Upper and Needs say what they
	// come to.
	Checked    bool
	Sum        ledger.Amount
	Needs      []sheet.Need
	Held       []string
	Duplicates bool
	// filled are inputs that were empty and follow from the row's contract.
	filled map[string]string
	// same is the submission that this very grid became, nil for none.
	same *sheet.Earlier

	Explain   []explainInput
	Documents []document.Stored
	Choices   gridChoices
}

// gridChoices are what the inputs suggest, a bounded number of each.
type gridChoices struct {
	Funds     []ledger.Fund
	Projects  []ledger.Project
	Contracts []ledger.ContractLine
	Payees    []ledger.Payee
}

// Grounds are the words for an answer to a rule.
func (p *gridView) Grounds() []any { return sortedWords(ledger.AckGrounds) }

// Upper is the sum in capital numerals.
func (p *gridView) Upper() string { return p.Sum.Upper() }

// Most is how many rows the grid may have.
func (p *gridView) Most() int { return mostGridRows }

func (s *server) gridPage(c *call, o *officer) error {
	p := &gridView{officer: o, ID: newWord(), Business: string(s.today())}
	p.addRows(gridRows)
	return s.showGrid(c, http.StatusOK, p)
}

// showGrid shows the grid with what its inputs suggest.
func (s *server) showGrid(c *call, status int, p *gridView) error {
	p.template, p.Columns, p.script = "grid", gridColumns, true
	page := ledger.Page{Limit: ledger.MaxPage}
	var err error
	if p.Choices.Funds, err = fundsInOrder(c.ctx(), s.ledger, s.Book); err != nil {
		return err
	}
	if p.Choices.Projects, _, err = s.ledger.Projects(c.ctx(), s.Book, ledger.ProjectFilter{}, page); err != nil {
		return err
	}
	if p.Choices.Contracts, _, err = s.ledger.ContractLines(c.ctx(), s.Book, ledger.TenderFilter{}, page); err != nil {
		return err
	}
	if p.Choices.Payees, _, err = s.ledger.Payees(c.ctx(), s.Book, page); err != nil {
		return err
	}
	p.Choices.Payees = slices.DeleteFunc(p.Choices.Payees, func(y ledger.Payee) bool { return strings.HasPrefix(y.Payee, "g-") })
	return s.showStaff(c, status, p)
}

// addRows adds empty rows, up to the most.
func (p *gridView) addRows(n int) {
	for range n {
		if len(p.Rows) == mostGridRows {
			return
		}
		row := gridRow{Row: len(p.Rows) + 1}
		for _, column := range gridColumns {
			row.Cells = append(row.Cells, gridCell{gridColumn: column, Row: row.Row})
		}
		p.Rows = append(p.Rows, row)
	}
}

// readGrid takes what was typed, and fills in what follows from it.
func (s *server) readGrid(c *call, o *officer) (*gridView, error) {
	p := &gridView{officer: o, ID: c.FormValue("id"), Business: c.said("day"), Duplicates: c.FormValue("duplicates") != ""}
	if !plain(p.ID) || len(p.ID) != len(newWord()) {
		p.ID = newWord()
	}
	n, err := strconv.Atoi(c.FormValue("rows"))
	if err != nil || n < 1 {
		n = gridRows
	}
	p.addRows(n)
	for i := range p.Rows {
		for j := range p.Rows[i].Cells {
			x := &p.Rows[i].Cells[j]
			x.Value = x.read(clip(oneLine(c.FormValue(x.ID())), 300))
		}
	}
	return p, s.fillGrid(c.ctx(), p)
}

// cell is the input of a column.
func (r *gridRow) cell(name string) *gridCell {
	return &r.Cells[slices.IndexFunc(r.Cells, func(x gridCell) bool { return x.Name == name })]
}

// fillGrid fills the empty inputs of rows that name a contract: its project and supplier
// stand in the book, and so does the fund when only one has money left for the project.
func (s *server) fillGrid(ctx context.Context, p *gridView) error {
	p.filled = map[string]string{}
	known := map[string]map[string]string{}
	for i := range p.Rows {
		row := &p.Rows[i]
		id := row.cell("contract").Value
		if id == "" || !isID(id) {
			continue
		}
		values, ok := known[id]
		if !ok {
			var err error
			if values, err = s.ofContract(ctx, id); err != nil {
				return err
			}
			known[id] = values
		}
		if values == nil { // what would follow from it is wanted, and would seem to be what is wrong
			missing, err := s.noContract(ctx, p.frame, id)
			if err != nil {
				return err
			}
			row.cell("contract").Error = missing
			continue
		}
		if to := row.cell("project").Value; to != "" && to != values["project"] || row.cell("idnumber").Value != "" {
			continue // another's: the checks say so
		}
		for name, value := range values {
			if x := row.cell(name); x.Value == "" && value != "" {
				x.Value = value
				p.filled[x.ID()] = value
			}
		}
	}
	return nil
}

// noContract says that there is no such contract, and which one was probably meant.
func (s *server) noContract(ctx context.Context, f *frame, id string) (string, error) {
	found, err := s.ledger.InCapitals(ctx, s.Book, "contract", id)
	text := ledger.Text{Zh: f.t("grid.no_contract", id), En: f.t("grid.no_contract", id)}
	if found[id] != "" {
		text = ledger.Suggested(text, "contract", found[id])
	}
	return f.lang.pick(text), err
}

// ofContract is what the grid's inputs are of payments under a contract.
func (s *server) ofContract(ctx context.Context, id string) (map[string]string, error) {
	k, err := s.ledger.Contract(ctx, s.Book, id)
	if errors.Is(err, ledger.ErrNotFound) || err == nil && k.Withdrawn {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	values := map[string]string{"project": k.Project, "payee": k.SupplierName}
	if ledger.ValidUSCC(k.Supplier) {
		values["code"] = k.Supplier
	}
	quotas, err := s.ledger.Quotas(ctx, s.Book, k.Project)
	if err != nil {
		return nil, err
	}
	quotas = slices.DeleteFunc(quotas, func(q ledger.Quota) bool { return q.Available() <= 0 })
	if len(quotas) == 1 {
		values["fund"] = quotas[0].Fund
	}
	return values, nil
}

// gridTop is how many rows of the sheet stand above those of the grid.
const gridTop = 2

// sheet writes the grid as a sheet. Its title holds the grid's random name: nobody can
// find what stands in it by guessing at the hash of its file, which is public.
func (p *gridView) sheet() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	heads := []string{"日期"}
	for _, column := range gridColumns {
		if heads = append(heads, column.Head); column.Named != "" {
			heads = append(heads, column.Named)
		}
	}
	lines := [][]string{{sheet.Payment.Zh, p.ID}, heads}
	for _, row := range p.Rows {
		line := []string{p.Business}
		empty := true
		for _, x := range row.Cells {
			empty = empty && x.Value == ""
			switch {
			case x.Named == "":
				line = append(line, x.Value)
			case isID(x.Value):
				line = append(line, x.Value, "")
			default:
				line = append(line, "", x.Value)
			}
		}
		if empty { // the number of the row stays
			line[0] = ""
		}
		lines = append(lines, line)
	}
	if err := w.WriteAll(lines); err != nil {
		return nil, fmt.Errorf("write grid: %w", err)
	}
	return b.Bytes(), nil
}

// judgeGrid reads the grid as a sheet and asks the book about it.
func (s *server) judgeGrid(c *call, p *gridView) (*sheet.Batch, error) {
	content, err := p.sheet()
	if err != nil {
		return nil, err
	}
	src, err := sheet.Open("支付录入.csv", bytes.NewReader(content), int64(len(content)), "")
	if err != nil {
		return nil, err
	}
	defer func() { _ = src.Close() }() // in memory
	o := sheet.Options{Book: s.Book, By: c.who.by(), On: s.today(), AllowDuplicates: p.Duplicates, Explain: map[string]sheet.Explanation{}}
	if o.Known, err = sheet.KnownOf(c.ctx(), s.ledger, s.Book); err != nil {
		return nil, err
	}
	b, err := sheet.Read(src, sheet.Payment, o)
	if err != nil {
		return nil, err
	}
	p.Sum, p.Checked = b.Amount, true
	if len(b.Problems) == 0 {
		trial, err := b.Try(c.ctx(), s.ledger)
		if err != nil {
			return nil, err
		}
		p.Needs, p.same = trial.Needs, trial.SameFile
	}
	p.mark(b.Problems)
	return b, nil
}

// mark puts what is wrong beside its input, or on top.
func (p *gridView) mark(problems []sheet.RowProblem) {
	for _, x := range problems {
		text := p.lang.pick(x.Text)
		i := x.Row - gridTop - 1
		switch {
		case i < 0 || i >= len(p.Rows):
			p.Problems = append(p.Problems, text)
			continue
		case x.Needs == "acknowledgement" && !slices.Contains(p.Held, x.Rule):
			p.Held = append(p.Held, x.Rule)
		}
		row := &p.Rows[i]
		j := slices.IndexFunc(row.Cells, func(cell gridCell) bool { return cell.Head == x.Header || cell.Named != "" && cell.Named == x.Header })
		if j >= 0 && row.Cells[j].Error == text {
			continue
		}
		if j < 0 || row.Cells[j].Error != "" {
			row.Error = joined(row.Error, text)
			continue
		}
		row.Cells[j].Error = text
	}
}

// wrongBut says whether anything but a rule that wants an explanation stands against it.
func wrongBut(problems []sheet.RowProblem) bool {
	return slices.ContainsFunc(problems, func(x sheet.RowProblem) bool { return x.Needs != "acknowledgement" })
}

// takeGrid adds rows, checks or submits. What was typed stays on the page whatever
// comes of it.
func (s *server) takeGrid(c *call, o *officer) error {
	p, err := s.readGrid(c, o)
	if err != nil {
		return err
	}
	if c.FormValue("do") == "more" {
		p.addRows(gridRows)
		return s.showGrid(c, http.StatusOK, p)
	}
	b, err := s.judgeGrid(c, p)
	if problems, ok := sheetProblems(err); ok { // of the sheet as a whole
		for _, x := range problems {
			p.Problems = append(p.Problems, o.lang.pick(x.Text))
		}
		err = nil
	}
	if err != nil {
		return err
	}
	asked := strings.Contains(c.Request().Header.Get(echo.HeaderAccept), "application/json")
	if asked {
		return p.tell(c)
	}
	status := http.StatusOK
	if c.FormValue("do") == "submit" {
		if p.same != nil { // sent twice
			return c.Redirect(http.StatusSeeOther, o.site.href(o.lang, "/desk/batches/", p.same.Submission))
		}
		if b != nil && !wrongBut(b.Problems) && len(p.Problems) == 0 {
			return s.submitGrid(c, p)
		}
		status = http.StatusUnprocessableEntity
	}
	if err := s.explainGrid(c, p); err != nil {
		return err
	}
	return s.showGrid(c, status, p)
}

// explainGrid prepares the answers to rules that hold rows.
func (s *server) explainGrid(c *call, p *gridView) (err error) {
	p.Explain, p.Documents, err = s.explains(c, p.officer, p.Held)
	return err
}

// submitGrid submits the rows, all or none. Sent twice it is one submission.
func (s *server) submitGrid(c *call, p *gridView) error {
	if err := s.mayEnter(); err != nil {
		return err
	}
	held := p.Held
	fresh, err := s.readGrid(c, p.officer)
	if err != nil {
		return err
	}
	fresh.ID = p.ID
	b, err := s.judgeGrid(c, fresh)
	if err != nil {
		return err
	}
	o := sheet.Options{Explain: map[string]sheet.Explanation{}}
	if missing := s.explained(c, p.officer, held, &o); len(missing) > 0 {
		p.Problems = missing
		if err := s.explainGrid(c, p); err != nil {
			return err
		}
		return s.showGrid(c, http.StatusUnprocessableEntity, p)
	}
	r, err := b.Answered(o.Explain).Import(c.ctx(), s.ledger)
	if same, ok := errors.AsType[*sheet.SameFile](err); ok { // the grid's own name is in its file
		r.Submission, err = same.Submission.Submission, nil
	}
	if errors.Is(err, sheet.ErrBadRows) { // the book moved since
		if p, err = s.readGrid(c, p.officer); err != nil {
			return err
		}
		p.Checked, p.Sum = true, b.Amount
		p.mark(b.Problems)
		return s.showGrid(c, http.StatusConflict, p)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, p.site.href(p.lang, "/desk/batches/", r.Submission))
}

// gridAnswer is what the page's script gets.
type gridAnswer struct {
	Sum      string            `json:"sum"`
	Upper    string            `json:"upper"`
	Cells    map[string]string `json:"cells"`
	Rows     map[string]string `json:"rows"`
	Problems []string          `json:"problems"`
	Needs    []string          `json:"needs"`
	Fill     map[string]string `json:"fill"`
}

// tell answers the page's script.
func (p *gridView) tell(c *call) error {
	a := gridAnswer{Sum: p.Sum.Comma(), Upper: p.Upper(), Cells: map[string]string{}, Rows: map[string]string{}, Problems: p.Problems, Fill: p.filled}
	for _, row := range p.Rows {
		if row.Error != "" {
			a.Rows[strconv.Itoa(row.Row)] = row.Error
		}
		for _, x := range row.Cells {
			if x.Error != "" {
				a.Cells[x.ID()] = x.Error
			}
		}
	}
	for _, n := range p.Needs {
		a.Needs = append(a.Needs, p.t("grid.need", n.Name, n.Have.Comma(), n.Asked.Comma(), n.Left().Comma()))
	}
	return c.JSON(http.StatusOK, a)
}
