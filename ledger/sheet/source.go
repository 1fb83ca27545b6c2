package sheet

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/emmansun/gmsm/sm3"

	"yilu/ledger"
)

// Limits of a file. They are far above what a county hands in and far below
// what hurts the server.
const (
	// MaxFile is the largest file in bytes.
	MaxFile = 32 << 20
	// MaxRows is the most filled rows of one sheet.
	MaxRows = 120_000
	// MaxColumns is the most columns of one sheet.
	MaxColumns = 256
	// maxCell is the longest cell in bytes.
	maxCell = 32_767
)

// Line is one row of a sheet with its number as the spreadsheet shows it.
type Line struct {
	Row   int
	Cells []string
}

// Source is a file that was opened and found safe to read. It can be read again
// and again, so that bad rows can be written back; it is not safe for
// concurrent use.
type Source struct {
	// File names the file by its content, as submission.made records it.
	File ledger.File
	// From1904 is set when dates count from 1904 (old Mac workbooks).
	From1904 bool

	r     io.ReaderAt
	size  int64
	close func() error
	lines func(yield func(Line, error) bool)
	// outline is what is known of a worksheet; a CSV file has none.
	outline
	// unseen are hidden worksheets with something on them, which are not read.
	unseen []string
	// template is the form a template was made for, if this is one.
	template string
}

// FileOf names a file by its content, as entries do.
func FileOf(name string, r io.Reader) (ledger.File, error) {
	sum, national := sha256.New(), sm3.New()
	size, err := io.Copy(io.MultiWriter(sum, national), r)
	if err != nil {
		return ledger.File{}, fmt.Errorf("read %s: %w", name, err)
	}
	return ledger.File{
		Name: filepath.Base(name), SHA256: base64.StdEncoding.EncodeToString(sum.Sum(nil)),
		SM3: base64.StdEncoding.EncodeToString(national.Sum(nil)), Size: ledger.Count(size),
	}, nil
}

// Open judges a file by its content, not by its name: XLSX or CSV. Whatever
// cannot be read completely is refused with a reason a clerk can act on. Sheet
// chooses a worksheet; empty means the only one that is filled.
func Open(name string, r io.ReaderAt, size int64, sheet string) (*Source, error) {
	if size == 0 {
		return nil, fileProblem("文件是空的", "the file is empty")
	}
	if size > MaxFile {
		return nil, fileProblem("文件超过 %d MB，请拆分", "the file is larger than %d MB, split it", MaxFile>>20)
	}
	file, err := FileOf(name, io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	s := &Source{File: file, r: r, size: size, close: func() error { return nil }}
	head := make([]byte, 8)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		err = s.openXLSX(sheet)
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0")):
		err = fileProblem("这是旧版 .xls 文件，请另存为 .xlsx", "this is an old .xls, save it as .xlsx")
		if hasPassword(r, size) {
			err = fileProblem("文件有打开密码，请取消密码后另存为 .xlsx", "the file has a password, save it as .xlsx without one")
		}
	case bytes.HasPrefix(head, []byte("%PDF")), bytes.HasPrefix(head, []byte("<")), bytes.HasPrefix(head, []byte("\x89PNG")), bytes.HasPrefix(head, []byte("\xFF\xD8\xFF")):
		err = fileProblem("这不是表格文件，请另存为 .xlsx 或 .csv", "this is no spreadsheet, save it as .xlsx or .csv")
	default:
		err = s.openCSV()
	}
	if err != nil {
		_ = s.close() // the first error is the one that matters
		return nil, err
	}
	return s, nil
}

// encryptedPart names what an Office file with a password holds, in UTF-16.
var encryptedPart = []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")

// hasPassword says whether an old Office container holds a new file under a password.
func hasPassword(r io.ReaderAt, size int64) bool {
	const sector = 64 << 10
	piece := make([]byte, sector+len(encryptedPart))
	for at := int64(0); at < size; at += sector {
		n, err := r.ReadAt(piece, at)
		if bytes.Contains(piece[:n], encryptedPart) {
			return true
		}
		if err != nil {
			return false
		}
	}
	return false
}

// OpenFile opens a file on disk.
func OpenFile(path, sheet string) (*Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	s, err := Open(path, f, info.Size(), sheet)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	inner := s.close
	s.close = func() error { return firstError(inner(), f.Close()) }
	return s, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Close gives back temporary files.
func (s *Source) Close() error { return s.close() }

// Lines reads the filled rows in order. It ends with an error when the file
// turns out to be broken or too large: then nothing read from it may be used.
func (s *Source) Lines() iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		filled := 0
		for l, err := range s.lines {
			if err == nil {
				if empty(l.Cells) {
					continue
				}
				filled++
				err = checkLine(l, filled)
			}
			if !yield(l, err) || err != nil {
				return
			}
		}
		if filled == 0 {
			yield(Line{}, fileProblem("没有读到任何内容：工作表是空的或已损坏", "nothing was read: the sheet is empty or damaged"))
		}
	}
}

func checkLine(l Line, filled int) error {
	if filled > MaxRows {
		return fileProblem("超过 %d 行，请拆分", "more than %d rows, split the file", MaxRows)
	}
	if len(l.Cells) > MaxColumns {
		return fileProblem("第 %d 行超过 %d 列", "row %d has more than %d columns", l.Row, MaxColumns)
	}
	for i, c := range l.Cells {
		if len(c) > maxCell {
			return fileProblem("单元格 %s%d 过长", "cell %s%d is too long", columnName(i), l.Row)
		}
	}
	return nil
}

func empty(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}
