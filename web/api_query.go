package web

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"yilu/ledger"
)

// query reads the parameters of a GET strictly and gathers what is wrong.
type query struct {
	values   url.Values
	problems []ledger.Problem
}

// query takes the parameters a handler knows; others, and any given twice, are
// wrong: a misspelt filter must not show everything.
func (c *call) query(names ...string) *query {
	values, err := url.ParseQuery(c.Request().URL.RawQuery)
	q := knownQuery(values, names...)
	if err != nil {
		q.bad("query", "查询串不合格式", "the query string is malformed")
	}
	return q
}

// knownQuery is query for an address that has been read.
func knownQuery(values url.Values, names ...string) *query {
	q := &query{values: values}
	for name, v := range values {
		switch {
		case !slices.Contains(names, name):
			q.bad("query", "没有参数“"+clip(name, 40)+"”，可用："+strings.Join(names, ", "), "there is no parameter "+strconv.Quote(clip(name, 40))+"; there are: "+strings.Join(names, ", "))
		case len(v) > 1:
			q.bad(name, "只能给一次", "give it once")
		}
	}
	return q
}

// carried says of a parameter that messengers and portals hang it on a link that people
// send each other: it is no filter of ours, and the link has to go on working.
func carried(name, value string) bool {
	switch {
	case name == "from": // of WeChat; ours is a day
		return slices.Contains([]string{"singlemessage", "groupmessage", "timeline", "message"}, value)
	case strings.HasPrefix(name, "utm_"), strings.HasPrefix(name, "share_"), strings.HasPrefix(name, "wx"), strings.HasPrefix(name, "dd_"):
		return true
	}
	return slices.Contains([]string{"isappinstalled", "nsukey", "scene", "subscene", "ascene", "clicktime", "enterid", "devicetype", "ddtab", "dtaction", "spm"}, name)
}

// withoutCarried is the query of an address without what is carried.
func withoutCarried(raw string) string {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return raw
	}
	before := len(values)
	maps.DeleteFunc(values, func(name string, v []string) bool { return carried(name, v[0]) })
	if len(values) == before {
		return raw
	}
	return values.Encode()
}

func (q *query) bad(field, zh, en string) {
	q.problems = append(q.problems, one(field, zh, en).Problems...)
}

func (q *query) err() error {
	if len(q.problems) > 0 {
		return &ledger.Invalid{Problems: q.problems}
	}
	return nil
}

// text is a filter: short, UTF-8, without control characters, which PostgreSQL
// would not take.
func (q *query) text(name string) string {
	v := q.values.Get(name)
	if !utf8.ValidString(v) || utf8.RuneCountInString(v) > 200 || strings.IndexFunc(v, unicode.IsControl) >= 0 {
		q.bad(name, "最多200字，不得含控制字符", "at most 200 characters, no control characters")
		return ""
	}
	return v
}

// id is a filter by an id, as people type it.
func (q *query) id(name string) string { return typedID(q.text(name)) }

// word is a filter by one of a closed list of words: one that is none of them would
// find nothing, which looks like an answer.
func word[W ~string](q *query, name string, known []W) W {
	v := W(q.text(name))
	if v != "" && !slices.Contains(known, v) {
		all := strings.ReplaceAll(strings.Trim(fmt.Sprint(known), "[]"), " ", ", ")
		q.bad(name, "没有“"+string(v)+"”，可用："+all, "there is no "+strconv.Quote(string(v))+"; there are: "+all)
	}
	return v
}

var (
	digits      = regexp.MustCompile(`^[0-9]{0,18}$`)
	placeDigits = regexp.MustCompile(`^[0-9]{0,12}$`)
)

// number is a whole number, or otherwise where there is none.
func (q *query) number(name string, otherwise int64) int64 {
	v := q.values.Get(name)
	n, err := strconv.ParseInt(v, 10, 64)
	switch {
	case v == "":
		return otherwise
	case err != nil || !digits.MatchString(v):
		q.bad(name, "须为数字", "want digits")
		return otherwise
	}
	return n
}

// place is a division code or the beginning of one.
func (q *query) place(name string) string {
	v := q.values.Get(name)
	if !placeDigits.MatchString(v) {
		q.bad(name, "须为区划代码或其前几位", "want a division code or the beginning of one")
	}
	return v
}

// payee is a filter by a payee that may be known.
func (q *query) payee(name string) string {
	v := q.text(name)
	if isPrivate(v) {
		q.bad(name, "不能按个人查询", "private persons cannot be asked for")
	}
	return v
}

func (q *query) limit() int {
	n := q.number("limit", 50)
	if n < 1 || n > ledger.MaxPage {
		q.bad("limit", "须为1–"+strconv.Itoa(ledger.MaxPage), "want 1 to "+strconv.Itoa(ledger.MaxPage))
	}
	return int(n)
}

// page is where a list goes on. A cursor is whatever the page before said.
func (q *query) page() ledger.Page { return ledger.Page{After: q.text("after"), Limit: q.limit()} }

// numbered is a page of a list whose cursors are numbers.
func (q *query) numbered() ledger.Page {
	q.number("after", 0)
	return q.page()
}
