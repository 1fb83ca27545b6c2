package web

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
)

// Links of the public pages. A list with filters stands at
//
//	/projects/-/place=411025101/state=approved        the page
//	/projects/-/place=411025101/state=approved/list.csv   its file
//
// as well as at /projects?place=…, which is what a browser makes of a form. The
// pages link to the first kind only: any web server can keep a page as a file
// under such a name, so that an export of the site has the same bytes as the site.

// mark parts a path from the filters behind it.
const mark = "/-/"

// mostSegment is the most bytes of a name in most file systems.
const mostSegment = 255

// filterPath writes filters, names and values in turn, as segments of a path,
// which url.PathEscape leaves legible. Values that are empty are left out.
func filterPath(values url.Values) (string, bool) {
	var b strings.Builder
	for _, name := range slices.Sorted(keysOf(values)) {
		if values.Get(name) == "" {
			continue
		}
		segment := name + "=" + fileSafe(values.Get(name))
		if len(segment) > mostSegment {
			return "", false
		}
		b.WriteString("/" + url.PathEscape(segment))
	}
	return b.String(), true
}

func keysOf(values url.Values) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range values {
			if !yield(name) {
				return
			}
		}
	}
}

// fileSafe writes what cannot be in a file's name on every system as ~ and two hex
// digits for each byte.
func fileSafe(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_〔〕（）", r) || r == '.' && b.Len() > 0) {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			b.WriteString("~" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	return b.String()
}

// fromFileSafe reads what fileSafe wrote.
func fromFileSafe(s string) (string, bool) {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '~' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		c, err := hex.DecodeString(s[i+1 : i+3])
		if err != nil {
			return "", false
		}
		out = append(out, c[0])
		i += 2
	}
	return string(out), true
}

// address is where a page or file with filters stands: path is that of the list,
// file the name of its file, "" for the page.
func (s *site) address(l language, path string, values url.Values, file string) string {
	filters, ok := filterPath(values)
	if file != "" {
		file = "/" + file
	}
	switch {
	case !ok: // too long for a file's name: live only
		return s.href(l, path+file) + "?" + values.Encode()
	case filters == "" && file == "":
		return s.href(l, path)
	case filters == "":
		return s.href(l, strings.TrimSuffix(path, "/")+file)
	}
	return s.href(l, strings.TrimSuffix(path, "/")+mark[:2]+filters+file)
}

// query is the URL of a list with its filters, names and values in turn.
func (s *site) query(l language, to string, pairs ...any) string {
	return s.address(l, to, valuesOf(pairs), "")
}

// valuesOf are names and values in turn; empty values are left out.
func valuesOf(pairs []any) url.Values {
	v := url.Values{}
	for pair := range slices.Chunk(pairs, 2) {
		if value := argument(pair[1]); value != "" {
			v.Set(argument(pair[0]), value)
		}
	}
	return v
}

// entry is the URL of an entry's page. There are as many as entries, which a copy of
// the site need not have one by one: its question is one that only a running server
// answers, and a copy has the list of all entries there.
func (s *site) entry(l language, seq any) string {
	return s.href(l, "/entries"+mark) + "?entry=" + argument(seq)
}

// live is the URL of a page that only a running server can answer, such as those of
// officers.
func (s *site) live(l language, to string, pairs ...any) string {
	v := valuesOf(pairs)
	if len(v) == 0 {
		return s.href(l, to)
	}
	return s.href(l, to) + "?" + v.Encode()
}

// LivePages are those that a copy of the site cannot have: forms that enter something,
// and what answers a number that was typed.
var LivePages = []string{"/object", "/receipt", "/mine", "/c"}

// unfiltered marks a request for a list by the address of its form, and without
// filters: whoever answers it as a file cannot filter.
const unfiltered = "unfiltered"

// readFilterPath turns the address of a list with filters into the list's path and
// a query, before routes are looked for. It changes nothing else.
func readFilterPath(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		before, after, found := strings.Cut(r.URL.EscapedPath(), mark)
		if !found || r.Method != http.MethodGet && r.Method != http.MethodHead {
			return next(c)
		}
		u := *r.URL
		values := u.Query()
		for segment := range strings.SplitSeq(after, "/") {
			text, err := url.PathUnescape(segment)
			name, value, isFilter := strings.Cut(text, "=")
			switch {
			case err != nil:
				return next(c) // there is no such route
			case segment == "":
			case isFilter:
				v, ok := fromFileSafe(value)
				if !ok {
					return next(c)
				}
				values.Set(name, v)
			default: // the file of the list
				before += "/" + segment
			}
		}
		path, err := url.PathUnescape(before)
		if err != nil {
			return next(c)
		}
		if after == "" && r.URL.RawQuery == "" {
			c.Set(unfiltered, true)
		}
		u.Path, u.RawPath, u.RawQuery = path, before, values.Encode()
		if u.RawPath == u.Path {
			u.RawPath = ""
		}
		r.URL = &u // echo finds the route by the request itself
		return next(c)
	}
}
