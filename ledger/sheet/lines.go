package sheet

import (
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/xuri/excelize/v2"
)

// mostRows is how many rows a worksheet holds (ECMA-376); a longer table goes on
// in the next worksheet.
const mostRows = excelize.TotalRows

// WriteLines writes a table of texts for people to take with them: the first line
// is its header. No cell is taken for a formula, and none for a number, so that
// long ones stay whole: XLSX cells are text, and CSV is UTF-8 with a byte order
// mark. Memory does not grow with the table; the same lines give the same bytes.
// An error that lines yield ends the writing and is returned.
func WriteLines(w io.Writer, format Format, title string, lines iter.Seq2[[]string, error]) error {
	if format == CSV {
		return writeLinesCSV(w, lines)
	}
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // temporary files only
	b := &worksheets{file: f, title: title}
	if err := b.fill(lines); err != nil {
		return fmt.Errorf("write %s: %w", title, err)
	}
	return f.Write(w)
}

func writeLinesCSV(w io.Writer, lines iter.Seq2[[]string, error]) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	for line, err := range lines {
		if err != nil {
			return err
		}
		cells := make([]string, len(line))
		for i, v := range line {
			cells[i] = textOf(v)
		}
		if err := c.Write(cells); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// longNumber is from how many digits on a spreadsheet rounds what it takes for a
// number; 11 are shown as 1.2E+10 already.
const longNumber = 11

// textOf is a cell of a CSV file: what a spreadsheet would run, or round, is marked
// as text.
func textOf(v string) string {
	if dangerous(v) || len(v) >= longNumber && isDigits(v) {
		return "'" + v
	}
	return v
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// worksheets are filled one after the other.
type worksheets struct {
	file   *excelize.File
	title  string
	sheets int
	stream *excelize.StreamWriter
	style  int
}

func (b *worksheets) fill(lines iter.Seq2[[]string, error]) error {
	var err error
	if b.style, err = b.file.NewStyle(&excelize.Style{NumFmt: textFormat}); err != nil {
		return err
	}
	var header []string
	row := mostRows
	for line, err := range lines {
		if err != nil {
			return err
		}
		if row == mostRows {
			if err := b.next(); err != nil {
				return err
			}
			row = 0
			if header == nil {
				header = line
			} else {
				row++
				if err := b.write(row, header); err != nil {
					return err
				}
			}
		}
		row++
		if err := b.write(row, line); err != nil {
			return err
		}
	}
	if b.stream == nil {
		return nil
	}
	return b.stream.Flush()
}

// next begins a worksheet.
func (b *worksheets) next() error {
	name := b.title
	if b.sheets++; b.sheets > 1 {
		if err := b.stream.Flush(); err != nil {
			return err
		}
		name += " " + strconv.Itoa(b.sheets)
		if _, err := b.file.NewSheet(name); err != nil {
			return err
		}
	} else if err := b.file.SetSheetName(b.file.GetSheetName(0), name); err != nil {
		return err
	}
	var err error
	b.stream, err = b.file.NewStreamWriter(name)
	return err
}

func (b *worksheets) write(row int, line []string) error {
	cells := make([]any, len(line))
	for i, v := range line {
		cells[i] = excelize.Cell{StyleID: b.style, Value: v}
	}
	return b.stream.SetRow("A"+strconv.Itoa(row), cells)
}
