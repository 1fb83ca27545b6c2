package sheet

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// openCSV finds the encoding and the separator: a byte order mark decides, then
// valid UTF-8, else GB18030, which is what Chinese spreadsheets write.
func (s *Source) openCSV() error {
	enc, err := s.encoding()
	if err != nil {
		return err
	}
	decode := func() io.Reader {
		return transform.NewReader(io.NewSectionReader(s.r, 0, s.size), enc.NewDecoder())
	}
	comma, returns, err := separator(decode())
	if err != nil {
		return err
	}
	s.lines = func(yield func(Line, error) bool) {
		r := decode()
		if returns {
			r = newlines{r}
		}
		readCSV(r, comma, yield)
	}
	return nil
}

func (s *Source) encoding() (encoding.Encoding, error) {
	head := make([]byte, 3)
	n, err := s.r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read file: %w", err)
	}
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		return unicode.UTF8BOM, nil
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")):
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	}
	r := bufio.NewReaderSize(io.NewSectionReader(s.r, 0, s.size), 64<<10)
	for {
		c, width, err := r.ReadRune()
		if err == io.EOF {
			return unicode.UTF8, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read file: %w", err)
		}
		if c == 0 {
			return nil, fileProblem("这不是表格文件，请另存为 .xlsx 或 .csv", "this is no spreadsheet, save it as .xlsx or .csv")
		}
		if c == utf8.RuneError && width == 1 {
			return simplifiedchinese.GB18030, nil
		}
	}
}

// separator is what stands most often in the first lines: comma, tab or
// semicolon, and only where there is none of them a bar or the comma of Chinese
// texts. returns says that lines end with carriage returns alone.
func separator(r io.Reader) (comma rune, returns bool, err error) {
	head := make([]byte, 16<<10)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return 0, false, fmt.Errorf("read file: %w", err)
	}
	text := string(head[:n])
	best, most := ',', 0
	for _, among := range []string{",\t;", "|，"} {
		for _, c := range among {
			if n := strings.Count(text, string(c)); n > most {
				best, most = c, n
			}
		}
		if most > 0 {
			break
		}
	}
	return best, strings.Contains(text, "\r") && !strings.Contains(text, "\n"), nil
}

// newlines passes a text in UTF-8 on with line feeds for carriage returns.
type newlines struct{ r io.Reader }

func (n newlines) Read(p []byte) (int, error) {
	got, err := n.r.Read(p)
	for i, c := range p[:got] {
		if c == '\r' {
			p[i] = '\n'
		}
	}
	return got, err
}

// readCSV yields records with the row numbers a spreadsheet would show: blank
// lines count, line breaks inside a cell do not.
func readCSV(r io.Reader, comma rune, yield func(Line, error) bool) {
	c := csv.NewReader(r)
	c.Comma, c.FieldsPerRecord = comma, -1
	row, last := 0, 0
	for {
		cells, err := c.Read()
		if err == io.EOF {
			return
		}
		if p, ok := errors.AsType[*csv.ParseError](err); ok {
			yield(Line{}, fileProblem("第 %d 行开始的引号不成对（读到第 %d 行），无法读取", "quotes that begin in line %d do not match (read up to line %d)", p.StartLine, p.Line))
			return
		}
		if err != nil {
			yield(Line{}, fmt.Errorf("read file: %w", err))
			return
		}
		line, _ := c.FieldPos(0)
		row += line - last
		last = line
		for i, cell := range cells {
			last += strings.Count(cell, "\n")
			if strings.ContainsRune(cell, utf8.RuneError) {
				yield(Line{}, fileProblem("单元格 %s%d 的文字编码无法识别，请另存为 UTF-8 或 GB18030 的 CSV，或 .xlsx", "the encoding of cell %s%d is not UTF-8 or GB18030", columnName(i), row))
				return
			}
		}
		if !yield(Line{row, cells}, nil) {
			return
		}
	}
}
