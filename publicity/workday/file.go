package workday

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"yilu/ledger"
)

//go:embed days.csv
var builtIn []byte

var stateCouncil = sync.OnceValue(func() Calendar {
	days, err := Read(bytes.NewReader(builtIn))
	if err != nil {
		panic(fmt.Sprintf("workday: days.csv: %v", err)) // embedded, and a test reads it
	}
	calendar, err := Calendar{}.With(days...)
	if err != nil {
		panic(fmt.Sprintf("workday: days.csv: %v", err))
	}
	return calendar
})

// StateCouncil returns the calendar that this program carries: the notices in
// days.csv, each compared with two independent collections.
func StateCouncil() Calendar { return stateCouncil() }

// columns are the first line of the file, and the only one Read takes.
var columns = []string{"day", "status", "holiday", "notice", "source"}

// rest and work are how Chinese calendars mark such days.
const rest, work = "休", "班"

func status(works bool) string {
	if works {
		return work
	}
	return rest
}

// BadRow is one thing wrong with a file: where, and what would be right.
type BadRow struct {
	Line   int    // as an editor counts, from 1
	Column string // "" if it concerns the whole line
	ledger.Text
}

// BadFile is a file of days that was refused as a whole, with all that is wrong
// in it.
type BadFile struct{ Rows []BadRow }

func (e *BadFile) Error() string {
	var b strings.Builder
	for i, r := range e.Rows {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "line %d", r.Line)
		if r.Column != "" {
			fmt.Fprintf(&b, ", %s", r.Column)
		}
		fmt.Fprintf(&b, ": %s / %s", r.En, r.Zh)
	}
	return b.String()
}

// mostBytes is some thirty times days.csv.
const mostBytes = 1 << 20

// Read reads days in the form of days.csv, which is UTF-8 with or without a byte
// order mark:
//
//	day,status,holiday,notice,source
//	2020-02-01,休,春节,国办发明电〔2020〕1号,http://www.gov.cn/…
//
// status is 休 (rest) or 班 (work). A day may stand once under each notice. All
// that is wrong is returned at once, as a *BadFile.
func Read(r io.Reader) ([]Day, error) {
	data, err := io.ReadAll(io.LimitReader(r, mostBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read working days: %w", err)
	}
	data = bytes.TrimPrefix(data, []byte("\xEF\xBB\xBF"))
	if len(data) > mostBytes || !utf8.Valid(data) {
		return nil, &BadFile{[]BadRow{{Line: 1, Text: ledger.Text{
			Zh: "须为不超过 1 MiB 的 UTF-8 文本", En: "want UTF-8 text of at most 1 MiB"}}}}
	}
	file := reading{seen: map[[2]string]int{}}
	file.read(csv.NewReader(bytes.NewReader(data)))
	if len(file.bad) > 0 {
		return nil, &BadFile{file.bad}
	}
	return file.days, nil
}

// reading is one file on its way in.
type reading struct {
	days []Day
	bad  []BadRow
	seen map[[2]string]int // the line of a day and notice
}

func (f *reading) refuse(line int, column, zh, en string) {
	f.bad = append(f.bad, BadRow{line, column, ledger.Text{Zh: zh, En: en}})
}

func (f *reading) read(lines *csv.Reader) {
	lines.FieldsPerRecord = -1
	for first := true; ; first = false {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			if len(f.days) == 0 && len(f.bad) == 0 {
				f.refuse(1, "", "文件中没有日期", "the file holds no day")
			}
			return
		}
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			f.refuse(parse.Line, "", "引号有误，从此行起无法读取", "a quotation mark is out of place: nothing from here on can be read")
			return
		}
		line, _ := lines.FieldPos(0)
		switch {
		case first && strings.Join(fields, ",") != strings.Join(columns, ","):
			f.refuse(line, "", "第一行须为 "+strings.Join(columns, ","), "the first line must be "+strings.Join(columns, ","))
			return
		case first:
		case len(fields) != len(columns):
			f.refuse(line, "", fmt.Sprintf("有 %d 列，应为 %d 列", len(fields), len(columns)),
				fmt.Sprintf("%d columns, want %d", len(fields), len(columns)))
		default:
			f.row(line, fields)
		}
	}
}

func (f *reading) row(line int, fields []string) {
	before := len(f.bad)
	day, err := ledger.ParseDate(fields[0])
	if err != nil {
		f.refuse(line, "day", "须为日期，如 2020-01-31", err.Error())
	}
	if fields[1] != rest && fields[1] != work {
		f.refuse(line, "status", "须为 休 或 班", "want 休 (rest) or 班 (work)")
	}
	if !plain(fields[2], 30) {
		f.refuse(line, "holiday", "须为节日名称，不超过 30 字", "want the name of the holiday, at most 30 characters")
	}
	if !Notice(fields[3]).valid() {
		f.refuse(line, "notice", "须为文号，如 国办发明电〔2020〕1号", "want the notice's number, such as 国办发明电〔2020〕1号")
	}
	if u, err := url.Parse(fields[4]); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || !plain(fields[4], 300) {
		f.refuse(line, "source", "须为通知的网址", "want the web address of the notice")
	}
	key := [2]string{fields[0], fields[3]}
	if earlier := f.seen[key]; earlier > 0 {
		f.refuse(line, "day", fmt.Sprintf("同一文号的同一天已在第 %d 行", earlier), fmt.Sprintf("line %d has this day of this notice", earlier))
	}
	f.seen[key] = line
	if len(f.bad) == before {
		f.days = append(f.days, Day{day, fields[1] == work, fields[2], Notice(fields[3]), fields[4]})
	}
}

// plain says whether text is short and has nothing invisible in it.
func plain(text string, most int) bool {
	return text != "" && utf8.RuneCountInString(text) <= most && text == strings.TrimSpace(text) &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}
