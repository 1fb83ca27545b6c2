package sheet

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// outline is what is known of a worksheet before its cells are read.
type outline struct {
	// merges are the merged ranges by their first row. They stand behind the rows, which
	// cannot be judged without them.
	merges []mergedRange
	// rows is the number of its last row: excelize takes the rows in front of a fault
	// for the whole sheet.
	rows int
	// hiddenRows and hiddenColumns are not shown to who looks at the sheet.
	hiddenRows, hiddenColumns []span
	// uncomputed are cells of a formula that has no result in the file, truths those that
	// hold true or false.
	uncomputed, truths map[cellAt]bool
	// dates are the rows of each column, from 1, whose cells are shown as days or times.
	dates map[int][]span
}

type (
	// cellAt is a cell by its row and column, from 1.
	cellAt struct{ row, column int }
	// span is from a row or column to another, both in it.
	span struct{ from, to int }
)

// maxUncomputed is the most formulas without a result that are named one by one.
const maxUncomputed = 10_000

// leafing is the way through a worksheet, tag by tag.
type leafing struct {
	outline
	// last is where the tag of the last row stands, open what is open around it.
	last       int64
	open       []xml.Name
	rowTags    int
	beyondRows bool
	// row and column are where we are; text, formula and computed are of the cell there.
	row, column             int
	text, formula, computed bool
	// dated are the numbers of styles that show a number as a day or time.
	dated map[string]bool
}

// outlineOf leafs through a worksheet tag by tag, and reads its last row and what is
// behind it as strict XML.
func outlineOf(z *zip.Reader, target string) (outline, error) {
	damaged := fileProblem("文件已损坏，不是完整的 .xlsx", "the file is damaged, not a whole .xlsx")
	i := slices.IndexFunc(z.File, func(part *zip.File) bool { return strings.EqualFold(partName(part), target) })
	if i < 0 {
		return outline{}, damaged
	}
	part, err := z.File[i].Open()
	if err != nil {
		return outline{}, damaged
	}
	defer func() { _ = part.Close() }() // reading only
	l := &leafing{outline: outline{uncomputed: map[cellAt]bool{}, truths: map[cellAt]bool{}, dates: map[int][]span{}}, dated: datedStyles(z)}
	var at int64
	for r := bufio.NewReaderSize(part, 64<<10); ; {
		tag, err := r.ReadSlice('>')
		before := int64(len(tag))
		if n := bytes.LastIndexByte(tag, '<'); n >= 0 {
			filled := len(bytes.TrimSpace(tag[:n])) > 0
			before, tag = int64(n), tag[n:]
			if err := l.tag(tag, at+before, filled); err != nil {
				return outline{}, err
			}
			before += int64(len(tag))
		}
		at += before
		if err == io.EOF {
			slices.SortFunc(l.merges, func(a, b mergedRange) int { return cmp.Compare(a.firstRow, b.firstRow) })
			return l.outline, checkPart(z.File[i], l.last, l.open...)
		}
		if err != nil && err != bufio.ErrBufferFull { // a long text is no tag
			return outline{}, damaged
		}
	}
}

// tag takes the next tag, at an offset; filled says that there is text in front of it.
func (l *leafing) tag(tag []byte, at int64, filled bool) error {
	switch name, closes := tagName(tag); {
	case bytes.HasPrefix(name, []byte("!")) && !bytes.HasPrefix(name, []byte("!--")) && !bytes.HasPrefix(name, []byte("![CDATA[")):
		return errEntities
	case string(name) == "c" && !closes:
		l.begin(tag)
	case string(name) == "f" && !closes:
		l.formula = true
	case string(name) == "v" && closes:
		l.computed = l.computed || filled
	case string(name) == "c":
		return l.end()
	case string(name) == "row" && !closes && !l.beyondRows:
		l.beginRow(tag, at)
	case string(name) == "sheetData" && closes:
		l.beyondRows = true
	case string(name) == "col" && !closes:
		l.hideColumns(tag)
	case string(name) == "mergeCell" && !closes:
		if m, ok := mergeIn(tag); ok {
			if l.merges = append(l.merges, m); len(l.merges) > maxMerges {
				return fileProblem("合并单元格过多，请取消合并", "too many merged cells, unmerge them")
			}
		}
	}
	return nil
}

// beginRow takes the tag <row r="7" hidden="1">.
func (l *leafing) beginRow(tag []byte, at int64) {
	start, _ := startOf(tag)
	l.last, l.rowTags = at, l.rowTags+1
	l.open = []xml.Name{{Space: start.Name.Space, Local: "worksheet"}, {Space: start.Name.Space, Local: "sheetData"}}
	l.rows = max(l.rows, l.rowTags, rowNumber(start))
	l.row, l.column = cmp.Or(rowNumber(start), l.row+1), 0
	if isSet(start, "hidden") {
		l.hiddenRows = extended(l.hiddenRows, l.row)
	}
}

// extended are ascending spans with one more row.
func extended(spans []span, row int) []span {
	if n := len(spans); n > 0 && spans[n-1].to+1 == row {
		spans[n-1].to = row
		return spans
	}
	return append(spans, span{row, row})
}

// begin takes the tag of a cell. Most hold no formula, so that little is done here.
func (l *leafing) begin(tag []byte) {
	l.column++
	l.text, l.formula, l.computed = bytes.Contains(tag, []byte(`t="str"`)), false, false
	if _, after, ok := bytes.Cut(tag, []byte(` r="`)); ok {
		if n := columnOf(after); n > 0 {
			l.column = n
		}
	}
	if bytes.Contains(tag, []byte(`t="b"`)) && len(l.truths) < maxUncomputed {
		l.truths[cellAt{l.row, l.column}] = true
	}
	if len(l.dated) == 0 {
		return
	}
	if _, after, ok := bytes.Cut(tag, []byte(` s="`)); ok {
		if style, _, _ := bytes.Cut(after, []byte(`"`)); l.dated[string(style)] {
			l.dates[l.column] = extended(l.dates[l.column], l.row)
		}
	}
}

// datedStyles are the numbers of the workbook's styles that show a number as a day or a
// time (ECMA-376 part 1, 18.8.30). A workbook without styles has none.
func datedStyles(z *zip.Reader) map[string]bool {
	var sheet struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Styles []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if decodePart(z, "xl/styles.xml", &sheet) != nil {
		return nil
	}
	own := map[int]bool{}
	for _, f := range sheet.Formats {
		own[f.ID] = strings.ContainsAny(strings.ToLower(notShown.ReplaceAllString(f.Code, "")), "ydhs年月日")
	}
	dated := map[string]bool{}
	for i, style := range sheet.Styles {
		n := style.Format
		if own[n] || n >= 14 && n <= 22 || n >= 27 && n <= 36 || n >= 45 && n <= 47 || n >= 50 && n <= 58 {
			dated[strconv.Itoa(i)] = true
		}
	}
	return dated
}

// notShown are the parts of a number format that say nothing of days: texts, colours,
// languages and currencies, single characters.
var notShown = regexp.MustCompile(`"[^"]*"|\[[^\]]*\]|\\.|_.`)

// columnOf is the number of the column that a reference such as AB12 begins with, 0 for
// none.
func columnOf(reference []byte) (n int) {
	for _, c := range reference {
		if c < 'A' || c > 'Z' || n > excelize.MaxColumns {
			break
		}
		n = n*26 + int(c-'A') + 1
	}
	return n
}

// end notes a cell whose formula was never computed: programs that write workbooks leave
// that to who opens them. A formula whose result is an empty text has one.
func (l *leafing) end() error {
	if l.formula && !l.computed && !l.text {
		if l.uncomputed[cellAt{l.row, l.column}] = true; len(l.uncomputed) > maxUncomputed {
			return fileProblem("很多公式没有计算结果，请用表格软件打开并保存后再导入", "many formulas have no result; open and save the file in a spreadsheet program first")
		}
	}
	l.formula = false
	return nil
}

// hideColumns takes the tag <col min="7" max="8" hidden="1"/>.
func (l *leafing) hideColumns(tag []byte) {
	start, ok := startOf(tag)
	if !ok || !isSet(start, "hidden") {
		return
	}
	l.hiddenColumns = append(l.hiddenColumns, span{numberOf(start, "min"), numberOf(start, "max")})
}

// tagName is the name of a tag without its prefix, and whether it closes: row of
// <x:row r="1"> and of </x:row>. A sheet has millions of tags: nothing is copied.
func tagName(tag []byte) (name []byte, closes bool) {
	name, closes = bytes.CutPrefix(tag[1:], []byte("/"))
	if end := bytes.IndexAny(name, " \t\r\n/>"); end >= 0 {
		name = name[:end]
	}
	return name[bytes.IndexByte(name, ':')+1:], closes
}

// startOf reads an opening tag, with or without a prefix.
func startOf(tag []byte) (xml.StartElement, bool) {
	token, err := xml.NewDecoder(bytes.NewReader(tag)).RawToken()
	start, ok := token.(xml.StartElement)
	return start, ok && err == nil
}

// rowNumber is that of the tag <row r="7">, 0 without one.
func rowNumber(row xml.StartElement) int { return numberOf(row, "r") }

// numberOf is a number that a tag has, 0 without one. What is no number, excelize passes
// over as well.
func numberOf(tag xml.StartElement, name string) int {
	n, _ := strconv.Atoi(attribute(tag, name)) // 0 then
	return n
}

// isSet says whether a tag sets something.
func isSet(tag xml.StartElement, name string) bool {
	set, _ := strconv.ParseBool(attribute(tag, name)) // false without a value
	return set
}

func attribute(tag xml.StartElement, name string) string {
	for _, a := range tag.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// mergeIn reads the tag <mergeCell ref="A1:B2"/>, with or without a prefix.
func mergeIn(tag []byte) (mergedRange, bool) {
	start, ok := startOf(tag)
	if !ok {
		return mergedRange{}, false
	}
	for _, a := range start.Attr {
		from, until, ok := strings.Cut(a.Value, ":")
		if a.Name.Local != "ref" || !ok {
			continue
		}
		c1, r1, err1 := excelize.CellNameToCoordinates(from)
		c2, r2, err2 := excelize.CellNameToCoordinates(until)
		return mergedRange{a.Value, min(r1, r2), max(r1, r2), min(c1, c2), max(c1, c2)}, errors.Join(err1, err2) == nil
	}
	return mergedRange{}, false
}

// mergedRange is a merged range of cells, from 1.
type mergedRange struct {
	text                                       string
	firstRow, lastRow, firstColumn, lastColumn int
}

// maxMerges is the most merged ranges that are looked at.
const maxMerges = 10_000
