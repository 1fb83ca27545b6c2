package sheet

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"yilu/ledger"
)

// record is one data row with its cells read by column.
type record struct {
	b      *builder
	row    int
	cells  []string
	values []string
	bad    bool
	// wrong are the columns with a problem.
	wrong []string
}

// read turns the cells of a line into values in their canonical form: amounts
// in yuan, days as 2020-03-18, numbers without blanks.
func (b *builder) read(l Line) *record {
	r := &record{b: b, row: l.Row, cells: l.Cells, values: make([]string, len(b.form.Columns))}
	for i, c := range b.form.Columns {
		n := b.table.at[i]
		if n < 0 || n >= len(l.Cells) {
			if c.required && n >= 0 {
				r.problem(c.Name, "required", "必填", "is required")
			}
			continue
		}
		cell := clean(l.Cells[n])
		if why := b.spoilt(l.Row, n, cell, c.kind); why != nil {
			r.problem(c.Name, "formula", why.Zh, why.En)
			continue
		}
		if c.kind != text && none(fold(cell)) {
			cell = ""
		}
		if cell == "" {
			if c.required {
				r.problem(c.Name, "required", "必填", "is required")
			}
			continue
		}
		v, wrong := b.canonical(i, cell)
		if wrong != nil {
			r.problem(c.Name, "form", wrong.Zh, wrong.En)
			continue
		}
		r.values[i] = v
	}
	if m, ok := b.merged(l.Row); ok {
		r.bad = true
		b.add(RowProblem{Row: l.Row, Column: columnName(m.firstColumn - 1), Rule: "merged",
			Text: ledger.Text{Zh: "数据区有合并单元格 " + m.text + "，请取消合并并逐行填写", En: "cells " + m.text + " are merged; unmerge them and fill in each row"}})
	}
	return r
}

// formulaErrors are what a spreadsheet shows, and saves, in place of a result.
var formulaErrors = []string{"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}

// spoilt says why what a cell holds is not what was meant: a formula failed or was never
// computed, or the spreadsheet made a day or a truth of what was typed.
func (b *builder) spoilt(row, column int, cell string, k kind) *reason {
	at := cellAt{row, column + 1}
	switch {
	case slices.Contains(formulaErrors, cell):
		return &reason{Zh: "公式出错：" + short(cell), En: "a formula failed: " + short(cell)}
	case cell == "" && b.src.uncomputed[at]:
		return &reason{Zh: "公式没有计算结果，请用表格软件打开并保存，或粘贴为数值", En: "the formula has no result in the file: open and save it in a spreadsheet program, or paste values"}
	case b.src.truths[at]:
		return &reason{Zh: "单元格是逻辑值（TRUE 或 FALSE）", En: "the cell holds TRUE or FALSE"}
	case (k == amount || k == quantity || k == count) && isIn(b.src.dates[at.column], row) && numberPattern.MatchString(cell):
		return &reason{Zh: "单元格显示为日期，表格软件可能改动了所填的数：请设为数值格式后重新填写", En: "the cell is shown as a day; the spreadsheet may have changed what was typed: format it as a number and enter it again"}
	}
	return nil
}

// canonical reads one cell of a form column.
func (b *builder) canonical(column int, cell string) (string, *reason) {
	switch b.form.Columns[column].kind {
	case id:
		return strings.TrimSuffix(fold(cell), ".0"), nil
	case amount:
		a, bad := parseAmount(cell, b.table.wan[column])
		return a.String(), bad
	case day:
		d, bad := parseDay(cell, b.src.From1904)
		return string(d), bad
	case period:
		from, until, bad := parsePeriod(cell)
		return string(from) + "/" + string(until), bad
	case count:
		return parseCount(cell)
	case quantity:
		return parseQuantity(cell)
	case number:
		return parseNumber(cell)
	case share:
		return parseQuantity(strings.TrimSuffix(fold(cell), "%"))
	case upper:
		a, err := ledger.ParseUpper(strings.NewReplacer("(", "", ")", "", ":", "").Replace(fold(cell)))
		if err != nil {
			return "", &reason{Zh: "不是大写金额：" + short(cell), En: "not an amount in capital numerals: " + short(cell)}
		}
		return a.String(), nil
	}
	return cell, nil
}

// get is the value of a column, "" where it is empty or missing.
func (r *record) get(column string) string {
	if i := r.b.form.column(column); i >= 0 {
		return r.values[i]
	}
	return ""
}

// amount is the value of a money column, zero where it is empty.
func (r *record) amount(column string) ledger.Amount {
	a, err := ledger.ParseAmount(r.get(column))
	if err != nil {
		return 0
	}
	return a
}

// count is the value of a column of whole numbers.
func (r *record) count(column string) ledger.Count {
	var n ledger.Count
	if n.UnmarshalText([]byte(r.get(column))) != nil {
		return 0
	}
	return n
}

// problem reports a cell of this row; the row makes no drafts then.
func (r *record) problem(column, rule, zh, en string) {
	r.bad, r.wrong = true, append(r.wrong, column)
	r.b.add(r.at(column, rule, zh, en))
}

// beside are the columns that say the same thing in two ways.
var beside = map[string]string{"项目编号": "项目名称", "指标文号": "资金编号", "资金编号": "指标文号", "区划代码": "乡镇"}

// told says whether the row has a problem with what a column says.
func (r *record) told(column string) bool {
	return column != "" && (slices.Contains(r.wrong, column) || slices.Contains(r.wrong, beside[column]))
}

// warn reports what looks wrong and is taken all the same.
func (r *record) warn(column, zh, en string) {
	r.b.batch.Warnings = append(r.b.batch.Warnings, r.at(column, "warning", zh, en))
}

func (r *record) at(column, rule, zh, en string) RowProblem {
	p := RowProblem{Row: r.row, Header: column, Rule: rule, Text: ledger.Text{Zh: zh, En: en}}
	if i := r.b.form.column(column); i >= 0 && r.b.table.at[i] >= 0 {
		n := r.b.table.at[i]
		p.Column, p.Header = columnName(n), clean(r.b.table.headers[n])
		if n < len(r.cells) && r.b.form.Columns[i].kind != number {
			p.Value = clean(r.cells[n])
		}
	}
	return p
}

// digest is what the row says, whatever file it stands in and however its
// numbers are written. It is never shown: it covers personal values.
func (r *record) digest(also ...string) [32]byte {
	h := sha256.New()
	for i, c := range r.b.form.Columns {
		if !c.unhashed {
			fmt.Fprintf(h, "%s\x1f%s\x1e", c.Name, r.values[i])
		}
	}
	for _, s := range also {
		fmt.Fprintf(h, "%s\x1e", s)
	}
	return [32]byte(h.Sum(nil))
}

// code reads a word of a closed list, reporting any other word.
func (r *record) code(column string, list map[string]ledger.Text) string {
	v := r.get(column)
	if v == "" {
		return ""
	}
	if code, ok := Word(column, list, v); ok {
		return code
	}
	var names []string
	for _, t := range list {
		names = append(names, t.Zh)
	}
	r.problem(column, "form", "须为："+sorted(names), "want one of: "+sorted(names))
	return ""
}

// place finds the division code and the name of where a row's money goes: the
// column 区划代码, or the village by its name if the book knows it, or else its township
// with 000 for the whole of it.
func (r *record) place() (code, name string) {
	town, village := r.get("乡镇"), r.get("村")
	name = town + village
	if code = r.get("区划代码"); code != "" {
		if len(code) == 9 {
			code += "000"
		}
		if !strings.HasPrefix(code, string(r.b.opt.Book)) {
			r.problem("区划代码", "place", "不在本县（"+string(r.b.opt.Book)+"）", "is not in this county ("+string(r.b.opt.Book)+")")
		}
		if name == "" {
			name = r.b.opt.Known.Places.Of(code).Name
		}
		return code, name
	}
	if town == "" {
		county := r.b.opt.Known.Places.Of(string(r.b.opt.Book)).Name
		return string(r.b.opt.Book) + "000000", county + village
	}
	if code = r.b.township(town); code == "" {
		r.problem("乡镇", "place", "本县没有这个乡镇，请核对名称或填写区划代码", "there is no such township in this county; check the name or give its division code")
		return "", name
	}
	for _, d := range r.b.opt.Known.Places.Villages(code) {
		if village != "" && (d.Name == village || d.Name == village+"村") {
			return d.Code, name
		}
	}
	return code + "000", name
}

// township is the nine-digit code of a township by its name, with or without
// the county in front and 镇, 乡 or 街道 behind.
func (b *builder) township(name string) string {
	n := strings.TrimPrefix(fold(name), b.opt.Known.Places.Of(string(b.opt.Book)).Name)
	for _, d := range b.townships {
		bare := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(d.Name, "街道"), "镇"), "乡")
		if n == d.Name || n == bare || n == d.Name+"办事处" || n == bare+"镇" {
			return d.Code
		}
	}
	return ""
}

// fund finds the fund a row names: by its id, or by its document and level.
func (r *record) fund(documentColumn string) string {
	if v := r.get("资金编号"); v != "" {
		return v
	}
	document := r.get(documentColumn)
	if document == "" {
		return r.b.opt.Fund
	}
	level, _ := levelOf(r.get("级次"))
	var found []string
	for _, f := range r.b.opt.Known.Funds {
		if foldDocument(f.Document) == foldDocument(document) && (level == "" || f.Level == level) {
			found = append(found, f.Fund)
		}
	}
	switch len(found) {
	case 1:
		return found[0]
	case 0:
		r.problem(documentColumn, "not_found", "账簿里没有这个文号的资金，请先登记指标文", "no fund of this document is in the book; record the document first")
	default:
		r.problem(documentColumn, "ambiguous", "这个文号有多笔资金（"+strings.Join(found, "、")+"），请填写资金编号或级次", "several funds have this document ("+strings.Join(found, ", ")+"); give the fund's id or its level")
	}
	return ""
}

// foldDocument makes spellings of one document number equal.
func foldDocument(s string) string { return strings.ReplaceAll(fold(s), "号", "") }

// project finds the project a row names: by its id, or by its name.
func (r *record) project() string {
	if v := r.get("项目编号"); v != "" {
		return v
	}
	name := r.get("项目名称")
	if name == "" {
		if r.b.opt.Project == "" {
			r.problem("项目名称", "required", "须填写项目编号或项目名称", "give the project's id or its name")
		}
		return r.b.opt.Project
	}
	found := r.b.projects[fold(name)]
	switch len(found) {
	case 1:
		return found[0]
	case 0:
		r.problem("项目名称", "not_found", "账簿里没有这个项目，请核对名称或填写项目编号", "no project of this name is in the book; check the name or give its id")
	default:
		r.problem("项目名称", "ambiguous", "有多个同名项目（"+strings.Join(found, "、")+"），请填写项目编号", "several projects have this name ("+strings.Join(found, ", ")+"); give the id")
	}
	return ""
}

// checkShare holds a printed share against the amounts; 0.05 points are
// rounding [assumed domain §1].
func checkShare(r *record, column string, part, whole ledger.Amount) {
	printed := r.get(column)
	if printed == "" || whole <= 0 {
		return
	}
	p, _, err := apd.NewFromString(printed)
	if err != nil {
		return
	}
	// |printed/100·whole − part| ≤ 0.0005·whole, all in ten-thousandths of 分.
	ctx := apd.BaseContext.WithPrecision(60)
	left, right := new(apd.Decimal), new(apd.Decimal)
	if _, err := ctx.Mul(left, p, apd.New(int64(whole), -2)); err != nil {
		return
	}
	if _, err := ctx.Sub(left, left, apd.New(int64(part), 0)); err != nil {
		return
	}
	if _, err := ctx.Mul(right, apd.New(5, -4), apd.New(int64(whole), 0)); err != nil {
		return
	}
	if left.Abs(left).Cmp(right) > 0 {
		real := part.Percent(whole)
		r.warn(column, "占比与金额不符：按金额应为 "+real, "the share is not that of the amounts, which give "+real)
	}
}
