package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Limits of the zip archive that an XLSX file is. A sheet of 100,000 payments
// unpacks to some 100 MB.
const (
	maxParts    = 200
	maxUnpacked = 256 << 20
	maxRatio    = 100
	// spill is where excelize moves a part of the archive to a temporary file.
	spill = 4 << 20
)

// instructions are worksheets of our templates that hold no rows.
var instructions = []string{"填写说明", "代码表"}

// templateSheet is the hidden worksheet that says which form and version a
// template was made for.
const templateSheet = "yilu"

func (s *Source) openXLSX(sheet string) error {
	z, err := zip.NewReader(io.NewSectionReader(s.r, 0, s.size), s.size)
	if err != nil {
		return fileProblem("文件已损坏，不是完整的 .xlsx", "the file is damaged, not a whole .xlsx")
	}
	if err := checkArchive(z); err != nil {
		return err
	}
	f, err := excelize.OpenReader(io.NewSectionReader(s.r, 0, s.size), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: spill,
	})
	if err != nil {
		return fileProblem("文件无法打开，不是完整的 .xlsx", "the file cannot be opened as .xlsx")
	}
	s.close = f.Close
	props, err := f.GetWorkbookProps()
	if err != nil {
		return fileProblem("文件无法打开，不是完整的 .xlsx", "the file cannot be opened as .xlsx")
	}
	s.From1904 = props.Date1904 != nil && *props.Date1904
	name, err := s.chooseSheet(f, sheet)
	if err != nil {
		return err
	}
	target, err := partOf(z, name)
	if err != nil {
		return err
	}
	if err := checkParts(z); err != nil {
		return err
	}
	outline, err := outlineOf(z, target)
	if err != nil {
		return err
	}
	s.outline = outline
	s.lines = readAhead(func(yield func(Line, error) bool) { readRows(f, name, s.rows, yield) })
	return nil
}

// checkArchive judges the zip directory before anything is unpacked. Go's zip
// reader holds every part to the size the directory states.
func checkArchive(z *zip.Reader) error {
	bad := fileProblem("文件结构异常，拒绝读取；请在表格软件中另存为新的 .xlsx", "the archive looks wrong and is not read; save it anew as .xlsx")
	if len(z.File) > maxParts {
		return bad
	}
	var sum uint64
	workbook := false
	for _, part := range z.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, "\\", "/"))
		sum += part.UncompressedSize64
		switch {
		case sum > maxUnpacked, part.UncompressedSize64 > maxUnpacked:
			return fileProblem("解压后超过 %d MB，拒绝读取", "unpacks to more than %d MB and is not read", maxUnpacked>>20)
		case part.UncompressedSize64 > 1<<20 && part.UncompressedSize64 > maxRatio*part.CompressedSize64:
			return fileProblem("压缩比异常，疑似压缩炸弹，拒绝读取", "the compression ratio is that of a zip bomb, not read")
		case strings.HasPrefix(name, "/"), slices.Contains(strings.Split(name, "/"), ".."), !part.Mode().IsRegular() && !part.Mode().IsDir():
			return bad
		case path.Base(name) == "vbaproject.bin", strings.HasPrefix(name, "xl/macrosheets/"), strings.HasPrefix(name, "xl/activex/"):
			return fileProblem("文件含宏，请另存为 .xlsx", "the file holds macros, save it as .xlsx")
		case strings.HasPrefix(name, "xl/externallinks/"):
			return fileProblem("文件含外部链接，请断开链接并粘贴为数值后另存", "the file links to other files; break the links, paste values and save it")
		case name == "xl/workbook.xml":
			workbook = true
		}
	}
	if !workbook {
		return fileProblem("不是 .xlsx 表格，请另存为 .xlsx", "this is no .xlsx, save it as .xlsx")
	}
	return nil
}

// chooseSheet finds the worksheet to read: the named one, or the only one with
// anything on it. Two filled ones are not guessed between.
func (s *Source) chooseSheet(f *excelize.File, want string) (string, error) {
	var filled []string
	for _, name := range f.GetSheetList() {
		if name == templateSheet {
			s.template = firstCell(f, name)
			continue
		}
		if name == want {
			return name, nil
		}
		visible, err := f.GetSheetVisible(name)
		switch {
		case err != nil, slices.Contains(instructions, name), firstCell(f, name) == "":
		case visible:
			filled = append(filled, name)
		default:
			s.unseen = append(s.unseen, name)
		}
	}
	switch {
	case want != "":
		return "", worksheetProblem("没有工作表“%s”，有：%s", "there is no worksheet %q, but these: %s", want, strings.Join(slices.Concat(filled, s.unseen), "、"))
	case len(filled) == 0:
		return "", fileProblem("没有读到任何内容：工作表是空的或已损坏", "nothing was read: the sheet is empty or damaged")
	case len(filled) > 1:
		return "", worksheetProblem("有多个工作表有内容（%s），请指明读取哪一个", "several worksheets are filled (%s), say which one to read", strings.Join(filled, "、"))
	}
	return filled[0], nil
}

// firstCell is the first filled cell of a worksheet.
func firstCell(f *excelize.File, name string) string {
	found := ""
	readRows(f, name, 0, func(l Line, err error) bool {
		for _, c := range l.Cells {
			if err == nil && found == "" {
				found = strings.TrimSpace(c)
			}
		}
		return err == nil && found == ""
	})
	return found
}

// readRows streams a worksheet that has so many rows at least. Cells come raw, as the
// file stores them: the displayed form eats digits and turns days around.
func readRows(f *excelize.File, name string, least int, yield func(Line, error) bool) {
	broken := func(err error) error {
		return fileProblem("工作表“%s”无法读取：%v", "worksheet %s cannot be read: %v", name, err)
	}
	rows, err := f.Rows(name)
	if err != nil {
		yield(Line{}, broken(err))
		return
	}
	defer func() { _ = rows.Close() }() // a read-only temporary file
	row := 1
	for ; rows.Next(); row++ {
		cells, err := rows.Columns()
		if err != nil {
			yield(Line{}, broken(err))
			return
		}
		if len(cells) > 0 && !yield(Line{row, cells}, nil) {
			return
		}
	}
	if err := rows.Error(); err != nil {
		yield(Line{}, broken(err))
	} else if row <= least { // at a fault it ends without a word
		yield(Line{}, fileProblem("文件已损坏：工作表“%s”第 %d 行之后无法读取", "the file is damaged: worksheet %s cannot be read after row %d", name, row-1))
	}
}

// checkParts reads the parts beside the worksheets as strict XML. Entities are refused.
func checkParts(z *zip.Reader) error {
	for _, part := range z.File {
		name := partName(part)
		if !strings.HasSuffix(strings.ToLower(name), ".xml") || strings.HasPrefix(name, "xl/worksheets/") {
			continue
		}
		if err := checkPart(part, 0); err != nil {
			return err
		}
	}
	return nil
}

func partName(part *zip.File) string {
	return strings.TrimPrefix(strings.ReplaceAll(part.Name, "\\", "/"), "/")
}

// checkPart reads a part as strict XML, from an offset on where some elements are open.
func checkPart(part *zip.File, from int64, open ...xml.Name) error {
	r, err := part.Open()
	if err != nil {
		return fileProblem("文件已损坏，不是完整的 .xlsx", "the file is damaged, not a whole .xlsx")
	}
	defer func() { _ = r.Close() }() // reading only
	damaged := func(err error) error {
		return fileProblem("文件已损坏（%s）：%v", "the file is damaged (%s): %v", path.Base(part.Name), err)
	}
	if _, err := io.CopyN(io.Discard, r, from); err != nil {
		return damaged(err)
	}
	dec := xml.NewDecoder(r)
	for {
		token, err := dec.RawToken()
		if err == io.EOF && len(open) == 0 {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		switch token := token.(type) {
		case xml.Directive:
			return errEntities
		case xml.StartElement:
			open = append(open, token.Name)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != token.Name {
				return damaged(fmt.Errorf("</%s> closes nothing", token.Name.Local))
			}
			open = open[:len(open)-1]
		}
	}
}

var errEntities = fileProblem("文件含实体定义（DOCTYPE），拒绝读取", "the file defines entities (DOCTYPE) and is not read")

// partOf finds the archive part of a worksheet through the workbook's relations.
func partOf(z *zip.Reader, name string) (string, error) {
	var book struct {
		Sheets []struct {
			Name string     `xml:"name,attr"`
			Attr []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	var rels struct {
		List []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(decodePart(z, "xl/workbook.xml", &book), decodePart(z, "xl/_rels/workbook.xml.rels", &rels)); err != nil {
		return "", fileProblem("文件已损坏，不是完整的 .xlsx", "the file is damaged, not a whole .xlsx")
	}
	for _, sh := range book.Sheets {
		for _, a := range sh.Attr {
			for _, r := range rels.List {
				if sh.Name == name && a.Name.Local == "id" && a.Value == r.ID {
					if strings.HasPrefix(r.Target, "/") {
						return r.Target[1:], nil
					}
					return path.Join("xl", r.Target), nil
				}
			}
		}
	}
	return "", fileProblem("文件已损坏：找不到工作表“%s”", "the file is damaged: worksheet %s is missing", name)
}

func decodePart(z *zip.Reader, name string, into any) error {
	for _, part := range z.File {
		if !strings.EqualFold(strings.TrimPrefix(part.Name, "/"), name) {
			continue
		}
		r, err := part.Open()
		if err != nil {
			return err
		}
		defer func() { _ = r.Close() }() // reading only
		b, err := io.ReadAll(io.LimitReader(r, 4<<20))
		if err != nil {
			return err
		}
		return xml.NewDecoder(bytes.NewReader(b)).Decode(into)
	}
	return fmt.Errorf("part %s: missing", name)
}
