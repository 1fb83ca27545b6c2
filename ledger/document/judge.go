package document

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"

	"yilu/publicity/scan"
)

// Kinds are the sorts of files that are taken, by their endings.
var Kinds = []string{"pdf", "jpg", "png", "xlsx", "docx", "ofd", "txt", "csv"}

// magic is how a file of each sort begins; texts begin in any way.
var magic = map[string]string{
	"pdf": "%PDF-", "jpg": "\xFF\xD8\xFF", "png": "\x89PNG\r\n\x1a\n", "xlsx": "PK\x03\x04", "docx": "PK\x03\x04", "ofd": "PK\x03\x04",
}

// heart is the part that makes an archive a file of its sort.
var heart = map[string]string{"xlsx": "xl/workbook.xml", "docx": "word/document.xml", "ofd": "ofd.xml"}

// judge says of what sort a file is. Its ending says what it claims to be, its content
// whether that is so.
func judge(name string, r io.ReaderAt, size int64) (string, error) {
	kind := strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")
	if kind == "jpeg" {
		kind = "jpg"
	}
	if !slices.Contains(Kinds, kind) {
		return "", bad("不接收这类文件，只接收："+strings.Join(Kinds, "、"), "files of this sort are not taken, only: "+strings.Join(Kinds, ", "))
	}
	head := make([]byte, 16)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", err
	}
	begins, binary := magic[kind]
	switch {
	case binary && !bytes.HasPrefix(head[:n], []byte(begins)):
		return "", bad("文件内容与扩展名 ."+kind+" 不符", "the content is not that of a ."+kind+" file")
	case heart[kind] != "":
		return kind, checkArchive(kind, r, size)
	case !binary && !isText(io.NewSectionReader(r, 0, size)):
		return "", bad("不是文本文件（须为 UTF-8 或 GB18030）", "this is no text in UTF-8 or GB18030")
	}
	return kind, nil
}

// Limits of an archive, judged by its directory before anything is unpacked.
const (
	maxParts    = 500
	maxUnpacked = 64 << 20
	maxRatio    = 100
)

// checkArchive refuses archives that could hurt, that run programs, or that are of
// another sort. Go's reader holds each part to the size that the directory states.
func checkArchive(kind string, r io.ReaderAt, size int64) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return bad("文件已损坏，无法打开", "the file is damaged and cannot be opened")
	}
	strange := bad("文件结构异常，不予接收；请重新另存后再上传", "the archive looks wrong and is not taken; save it anew")
	if len(z.File) > maxParts {
		return strange
	}
	var sum uint64
	whole := false
	for _, part := range z.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, `\`, "/"))
		sum += part.UncompressedSize64
		switch {
		case part.UncompressedSize64 > maxUnpacked, sum > maxUnpacked,
			part.UncompressedSize64 > 1<<20 && part.UncompressedSize64 > maxRatio*part.CompressedSize64:
			return bad("解压后过大，疑似压缩炸弹，不予接收", "it unpacks to too much, like a zip bomb, and is not taken")
		case strings.HasPrefix(name, "/"), slices.Contains(strings.Split(name, "/"), ".."), !part.Mode().IsRegular() && !part.Mode().IsDir():
			return strange
		case path.Base(name) == "vbaproject.bin", strings.Contains(name, "/activex/"), strings.Contains(name, "/macrosheets/"):
			return bad("文件含宏，请另存为不含宏的文件", "the file holds macros, save it without them")
		case name == heart[kind]:
			whole = true
		}
	}
	if !whole {
		return bad("文件内容与扩展名 ."+kind+" 不符", "the content is not that of a ."+kind+" file")
	}
	return nil
}

// isText says whether a file is text in one of the two encodings, without control
// characters.
func isText(r io.Reader) bool {
	_, err := decoded(r, func(line string) error {
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' && r != '\f' && r != '\r' || r == utf8.RuneError }) {
			return errors.New("control characters")
		}
		return nil
	})
	return err == nil
}

// decoded reads the lines of a text: UTF-8 if all of it is, else GB18030.
func decoded(r io.Reader, each func(line string) error) (lines int, err error) {
	b := bufio.NewReaderSize(r, 64<<10)
	start, err := io.ReadAll(io.LimitReader(b, LargestFile+1)) // no text is larger than a file may be
	if err != nil {
		return 0, err
	}
	var with encoding.Encoding = encoding.Nop
	if !utf8.Valid(start) {
		with = simplifiedchinese.GB18030
	}
	words := bufio.NewScanner(transform.NewReader(bytes.NewReader(bytes.TrimPrefix(start, []byte("\ufeff"))), with.NewDecoder()))
	words.Buffer(make([]byte, 64<<10), LargestFile*2)
	for words.Scan() {
		lines++
		if err := each(words.Text()); err != nil {
			return lines, err
		}
	}
	return lines, words.Err()
}

// numbersIn looks for personal numbers in what can be read of a file; readable says
// whether anything can.
func numbersIn(kind string, r io.ReaderAt, size int64) (found []scan.Kind, readable bool, err error) {
	note := func(text string) error {
		for _, k := range scan.Numbers(text) {
			if !slices.Contains(found, k) {
				found = append(found, k)
			}
		}
		return nil
	}
	found = []scan.Kind{}
	switch kind {
	case "txt", "csv":
		_, err = decoded(io.NewSectionReader(r, 0, size), note)
		return found, true, err
	case "xlsx", "docx", "ofd":
		z, err := zip.NewReader(r, size)
		if err != nil {
			return nil, false, err
		}
		for _, part := range z.File {
			if strings.EqualFold(path.Ext(part.Name), ".xml") {
				if err := textOf(part, note); err != nil {
					return nil, false, err
				}
			}
		}
		return found, true, nil
	}
	return found, false, nil
}

// pieces are the elements whose text stands together: paragraphs, cells, shared
// strings and the text codes of OFD.
var pieces = []string{"p", "c", "si", "TextCode"}

// textOf tells the text of a part of an archive, piece by piece. Office programs cut a
// paragraph's text into runs, so the runs of a piece are joined first.
func textOf(part *zip.File, note func(string) error) error {
	r, err := part.Open()
	if err != nil {
		return bad("文件已损坏，无法打开", "the file is damaged and cannot be opened")
	}
	defer func() { _ = r.Close() }() // reading only
	dec := xml.NewDecoder(r)
	dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("not UTF-8") }
	var text strings.Builder
	for {
		token, err := dec.RawToken()
		if err == io.EOF {
			return note(text.String())
		}
		if err != nil {
			return bad("文件已损坏，无法读取其中的文字", "the file is damaged, its text cannot be read")
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.Directive:
			return bad("文件含实体定义（DOCTYPE），不予接收", "the file defines entities (DOCTYPE) and is not taken")
		case xml.EndElement:
			if !slices.Contains(pieces, t.Name.Local) {
				continue
			}
			if err := note(text.String()); err != nil {
				return err
			}
			text.Reset()
		}
	}
}
