package web

import (
	"encoding"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"yilu/ledger"
	"yilu/ledger/sheet"
)

// What was typed becomes a body, and a body what can be typed again. Reading is
// tolerant of how people write amounts, days and numbers; what it makes of them is the
// strict form of the ledger.

// formFault is something typed that cannot be read: at which input, and the key of what
// would be right.
type formFault struct{ name, key string }

// bodyReader fills bodies from a form.
type bodyReader struct {
	values url.Values
	faults []formFault
}

func (r *bodyReader) bad(name, key string) { r.faults = append(r.faults, formFault{name, key}) }

// fill reads the members of a struct from where they stand in the form.
func (r *bodyReader) fill(v reflect.Value, at string) {
	for _, m := range membersOf(v.Type()) {
		r.member(v.Type(), m, v.FieldByIndex(m.at), at+"."+m.name)
	}
}

func (r *bodyReader) member(of reflect.Type, m member, v reflect.Value, name string) {
	typed := strings.TrimSpace(r.values.Get(name))
	switch formOf(of, m) {
	case formGroup, formFile:
		r.fill(v, name)
	case formRows:
		n := r.compact(name)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			r.fill(v.Index(i), name+"."+strconv.Itoa(i))
		}
		if n == 0 {
			v.SetZero()
		}
	case formChoices:
		for _, word := range r.values[name] {
			if word != "" {
				v.Set(reflect.Append(v, reflect.ValueOf(word).Convert(v.Type().Elem())))
			}
		}
	case formLines:
		for line := range strings.Lines(r.values.Get(name)) {
			if line = strings.TrimRight(line, "\r\n"); line != "" || m.name == "values" || m.name == "file_lines" {
				v.Set(reflect.Append(v, reflect.ValueOf(line)))
			}
		}
	case formNumbers:
		r.numbers(v, name, typed)
	case formCheck:
		v.SetBool(typed == "1")
	case formAmount:
		a, err := typedAmount(typed)
		if err != nil {
			r.bad(name, "step.amount")
		}
		v.SetInt(int64(a))
	default:
		r.text(m, v, name, typed)
	}
}

// text reads a member that is written as one text.
func (r *bodyReader) text(m member, v reflect.Value, name, typed string) {
	key := ""
	switch m.kind {
	case reflect.TypeFor[ledger.Count](), reflect.TypeFor[ledger.Seq]():
		typed, key = strings.ReplaceAll(width.Narrow.String(typed), ",", ""), "form.bad_count"
	case reflect.TypeFor[ledger.Date]():
		typed, key = plainDate(typed), "form.bad_day"
	case reflect.TypeOf(ledger.Instant(time.Time{})):
		typed, key = plainInstant(typed), "form.bad_instant"
	case reflect.TypeFor[ledger.Moment]():
		key = "form.bad_moment"
	default:
		v.SetString(oneLine(typed))
		return
	}
	if typed == "" {
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(typed)); err != nil {
		r.bad(name, key)
	}
}

// numbers reads numbers of entries, parted by anything.
func (r *bodyReader) numbers(v reflect.Value, name, typed string) {
	if typed == "" {
		return
	}
	all := entrySeqs(width.Narrow.String(typed))
	if all == nil {
		r.bad(name, "step.seqs")
	}
	for _, n := range all {
		v.Set(reflect.Append(v, reflect.ValueOf(n).Convert(v.Type().Elem())))
	}
}

// compact takes blank rows out of a list, so that those that are left are numbered as
// the body numbers them, and says how many there are.
func (r *bodyReader) compact(at string) int {
	rows := rowsTyped(r.values, at)
	kept := 0
	for i := range rows {
		from, blank := at+"."+strconv.Itoa(i)+".", true
		row := url.Values{}
		for name, v := range r.values {
			if strings.HasPrefix(name, from) {
				row[strings.TrimPrefix(name, from)] = v
				blank = blank && !slices.ContainsFunc(v, func(s string) bool { return strings.TrimSpace(s) != "" })
			}
		}
		for name := range row {
			r.values.Del(from + name)
		}
		if blank {
			continue
		}
		for name, v := range row {
			r.values[at+"."+strconv.Itoa(kept)+"."+name] = v
		}
		kept++
	}
	return kept
}

// typedID is an id as it was meant: letters and digits in full width are plain ones, as in
// sheets. What is no id even so, such as a name, stays as it was typed.
func typedID(text string) string {
	id := sheet.ID(text)
	if !plain(id) || strings.ContainsFunc(strings.TrimSpace(text), unicode.IsSpace) {
		return text
	}
	return id
}

var (
	typedDay    = regexp.MustCompile(`^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$`)
	digitsOfDay = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
)

// plainDate makes 2020-03-18 of the ways in which people write it; what it does not
// know it leaves.
func plainDate(s string) string {
	s = width.Narrow.String(unturned(s))
	m := typedDay.FindStringSubmatch(s)
	if m == nil {
		m = digitsOfDay.FindStringSubmatch(s)
	}
	if m == nil {
		return s
	}
	return m[1] + "-" + strings.Repeat("0", 2-len(m[2])) + m[2] + "-" + strings.Repeat("0", 2-len(m[3])) + m[3]
}

// plainInstant gives a time without a zone that of Shanghai.
func plainInstant(s string) string {
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02 15:04:05"} {
		if t, err := time.ParseInLocation(form, s, ledger.Shanghai); err == nil {
			return t.Format(time.RFC3339)
		}
	}
	return s
}

// typedAmount reads yuan as people type them, with commas, in full width, or in 万元;
// nothing is zero.
func typedAmount(s string) (ledger.Amount, error) {
	s = strings.NewReplacer(",", "", "，", "", " ", "", "　", "", "¥", "", "￥", "").Replace(width.Narrow.String(unturned(s)))
	s = strings.TrimSuffix(s, "元")
	if s == "" {
		return 0, nil
	}
	parse := ledger.ParseYuan
	if wan, ok := strings.CutSuffix(s, "万"); ok {
		s, parse = wan, ledger.ParseWan
	}
	if !plainNumber.MatchString(s) {
		return ledger.ParseAmount(s)
	}
	return parse(s)
}

// typeBody writes the members of a struct into a form.
func typeBody(values url.Values, v reflect.Value, at string) {
	for _, m := range membersOf(v.Type()) {
		x, name := v.FieldByIndex(m.at), at+"."+m.name
		if x.IsZero() {
			continue
		}
		switch formOf(v.Type(), m) {
		case formGroup, formFile:
			typeBody(values, x, name)
		case formRows:
			for i := range x.Len() {
				typeBody(values, x.Index(i), name+"."+strconv.Itoa(i))
			}
		case formChoices, formLines, formNumbers:
			typeList(values, formOf(v.Type(), m), x, name)
		case formCheck:
			values.Set(name, "1")
		case formInstant:
			if t, err := time.Parse(time.RFC3339Nano, x.String()); err == nil {
				values.Set(name, t.In(ledger.Shanghai).Format("2006-01-02T15:04:05"))
			}
		default:
			values.Set(name, textOf(x))
		}
	}
}

// typeList writes a list of texts or numbers.
func typeList(values url.Values, form string, x reflect.Value, name string) {
	var texts []string
	for i := range x.Len() {
		texts = append(texts, textOf(x.Index(i)))
	}
	switch form {
	case formChoices:
		values[name] = texts
	case formLines:
		values.Set(name, strings.Join(texts, "\n"))
	default:
		values.Set(name, strings.Join(texts, ", "))
	}
}

// textOf is a value in its text form.
func textOf(x reflect.Value) string {
	if m, ok := x.Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	return x.String()
}
