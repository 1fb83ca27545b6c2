package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Record is a row to be written: values by column name, such as 项目名称.
type Record map[string]string

// Format is how a sheet is written.
type Format string

// The formats.
const (
	XLSX Format = "xlsx"
	CSV  Format = "csv"
)

// version of the templates; a newer one is refused, since its columns may mean
// something else.
const version = 1

// errorHeader is the column that WriteErrors adds and every import leaves out.
const errorHeader = "错误原因"

// Write writes a filled sheet of a form that Read reads back. Columns that no
// record may fill can be left out by naming the others; none named means all.
// Every cell is text: spreadsheets then keep long numbers whole.
func Write(w io.Writer, form *Form, format Format, columns []string, rows iter.Seq[Record]) error {
	if len(columns) == 0 {
		for _, c := range form.Columns {
			columns = append(columns, c.Name)
		}
	}
	for _, c := range columns {
		if form.column(c) < 0 {
			return fmt.Errorf("write %s: there is no column %s", form.Name, c)
		}
	}
	lines := func(yield func([]string) bool) {
		if !yield([]string{form.Zh}) || form.list == "" && !yield([]string{"单位：" + form.unit()}) || !yield(columns) {
			return
		}
		for r := range rows {
			cells := make([]string, len(columns))
			for i, c := range columns {
				cells[i] = guard(r[c])
			}
			if !yield(cells) {
				return
			}
		}
	}
	if format == CSV {
		return writeCSV(w, lines)
	}
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // temporary files only
	if err := writeSheet(f, form.Zh, lines); err != nil {
		return fmt.Errorf("write %s: %w", form.Name, err)
	}
	return save(w, f, form)
}

func (f *Form) unit() string {
	if f.Wan {
		return "万元"
	}
	return "元"
}

// writeCSV writes UTF-8 with a byte order mark, without which Excel shows 乱码.
func writeCSV(w io.Writer, lines iter.Seq[[]string]) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	for l := range lines {
		if err := c.Write(l); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// writeSheet streams lines into the workbook's first worksheet, as text.
func writeSheet(f *excelize.File, name string, lines iter.Seq[[]string]) error {
	if err := f.SetSheetName(f.GetSheetName(0), name); err != nil {
		return err
	}
	style, err := f.NewStyle(&excelize.Style{NumFmt: textFormat})
	if err != nil {
		return err
	}
	s, err := f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	row := 0
	for l := range lines {
		row++
		cells := make([]any, len(l))
		for i, v := range l {
			cells[i] = excelize.Cell{StyleID: style, Value: v}
		}
		if err := s.SetRow("A"+strconv.Itoa(row), cells); err != nil {
			return err
		}
	}
	return s.Flush()
}

// textFormat is the number format @ of spreadsheets.
const textFormat = 49

// save adds the hidden sheet that names the form and writes the file.
func save(w io.Writer, f *excelize.File, form *Form) error {
	if _, err := f.NewSheet(templateSheet); err != nil {
		return err
	}
	if err := f.SetCellStr(templateSheet, "A1", fmt.Sprintf("%s/%d", form.Name, version)); err != nil {
		return err
	}
	if err := f.SetSheetVisible(templateSheet, false, true); err != nil {
		return err
	}
	return f.Write(w)
}

// isTemplateOf refuses a template of another form or of a newer program.
func (s *Source) isTemplateOf(form *Form) error {
	if s.template == "" {
		return nil
	}
	name, v, _ := strings.Cut(s.template, "/")
	if other, ok := FormOf(name); ok && other != form {
		return fileProblem("这是%s的模板，不是%s", "this is the template of %s, not of %s", other.Zh, form.Zh)
	}
	if n, err := strconv.Atoi(v); err != nil || n > version {
		return fileProblem("模板版本 %s 不认识，请用本系统导出的模板", "the template's version %s is unknown, export a new one", s.template)
	}
	return nil
}

// Template writes the empty form as XLSX: header, text format for every column,
// instructions and the lists of words. It can be filled and imported as it is.
func Template(w io.Writer, form *Form) error {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // temporary files only
	header := make([]string, len(form.Columns))
	for i, c := range form.Columns {
		header[i] = c.Name
	}
	err := writeSheet(f, form.Zh, slices.Values([][]string{{form.Zh}, {"单位：" + form.unit()}, header}))
	if err != nil {
		return fmt.Errorf("template %s: %w", form.Name, err)
	}
	style, err := f.NewStyle(&excelize.Style{NumFmt: textFormat})
	if err != nil {
		return fmt.Errorf("template %s: %w", form.Name, err)
	}
	last := columnName(len(header) - 1)
	if err := firstError(f.SetColStyle(form.Zh, "A:"+last, style), f.SetColWidth(form.Zh, "A", last, 16)); err != nil {
		return fmt.Errorf("template %s: %w", form.Name, err)
	}
	for name, rows := range map[string][][]string{instructions[0]: form.instructions(), instructions[1]: codeTable()} {
		if _, err := f.NewSheet(name); err != nil {
			return fmt.Errorf("template %s: %w", form.Name, err)
		}
		for i, r := range rows {
			if err := f.SetSheetRow(name, "A"+strconv.Itoa(i+1), &r); err != nil {
				return fmt.Errorf("template %s: %w", form.Name, err)
			}
		}
		if err := f.SetColWidth(name, "A", "D", 28); err != nil {
			return fmt.Errorf("template %s: %w", form.Name, err)
		}
	}
	return save(w, f, form)
}

// how tells a clerk how to fill in a kind of column.
var how = map[kind]string{
	text: "文字", id: "编号：字母、数字、点、横线", day: "日期，如 2020-03-18", period: "起止年月，如 2020/3-2020/6", count: "整数", quantity: "数字，最多六位小数",
	number: "号码，按文本填写", share: "百分数，如 25.8", upper: "大写金额，如 壹佰元整",
}

func (f *Form) instructions() [][]string {
	rows := [][]string{{f.Zh + " 填写说明"}, {"列名", "是否必填", "填写方法", "示例"}}
	for _, c := range f.Columns {
		need, way := "可不填", how[c.kind]
		if c.required {
			need = "必填"
		}
		if c.kind == amount {
			way = "金额，单位：元，最多两位小数"
			if f.Wan {
				way = "金额，单位：万元，最多六位小数"
			}
		}
		rows = append(rows, []string{c.Name, need, way, c.example})
	}
	return append(rows, []string{""}, []string{"不要合并单元格；可以删去不用的列、调整列的次序；合计行会与明细核对。"})
}

// WriteErrors writes the bad rows of a file as XLSX: all that stands above the
// rows, then each bad row as it was, with its reasons in an added column. Once
// mended it can be imported as it is.
func WriteErrors(w io.Writer, src *Source, b *Batch) error {
	why := map[int][]string{}
	for _, p := range b.Problems {
		said := p.Zh
		if p.Header != "" {
			said = p.Header + "：" + said
		}
		why[p.Row] = append(why[p.Row], said)
	}
	var failed error
	width := len(b.table.headers)
	lines := func(yield func([]string) bool) {
		for l, err := range src.Lines() {
			if err != nil {
				failed = err
				return
			}
			reasons, bad := why[l.Row]
			if l.Row >= b.table.from && (!bad || b.table.totalOf(l.Cells) != "") {
				continue
			}
			if !yield(errorRow(l, b.table.from-1, width, reasons)) {
				return
			}
		}
	}
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // temporary files only
	if err := f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &src.From1904}); err != nil {
		return fmt.Errorf("write bad rows: %w", err)
	}
	if err := writeSheet(f, "问题行", lines); err != nil {
		return fmt.Errorf("write bad rows: %w", err)
	}
	if failed != nil {
		return fmt.Errorf("write bad rows: %w", failed)
	}
	return save(w, f, b.Form)
}

// errorRow is a line with its reasons behind the last column of the header.
func errorRow(l Line, header, width int, reasons []string) []string {
	cells := make([]string, max(width, len(l.Cells)), max(width, len(l.Cells))+1)
	for i, c := range l.Cells {
		cells[i] = guard(clean(c))
	}
	switch {
	case l.Row == header && slices.Contains(cells, errorHeader):
		return cells
	case l.Row == header:
		return append(cells[:width], errorHeader)
	case l.Row < header:
		return cells
	}
	return append(cells[:width], strings.Join(reasons, "；"))
}
