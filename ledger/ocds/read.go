package ocds

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/cockroachdb/apd/v3"
	"github.com/go-json-experiment/json"

	"yilu/audit/proof"
	"yilu/ledger"
)

// Readings of single values. Each takes what stands there, whatever it is, and
// notes what it had to make of it.

// amountForm is a plain decimal; grouped is one with unmistakable thousands, by threes
// or as in India, where lakhs and crores go by twos.
var (
	amountForm = regexp.MustCompile(`^[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]{1,3})?$`)
	grouped    = regexp.MustCompile(`^-?[0-9]{1,3}([,' \x{00a0}\x{202f}][0-9]{3})+(\.[0-9]{1,2})?$|^-?[0-9]{1,3}(,[0-9]{3}){2,}$|^-?[0-9]{1,2}(,[0-9]{2})+,[0-9]{3}(\.[0-9]{1,2})?$`)
	european   = regexp.MustCompile(`^-?[0-9]{1,3}([. \x{00a0}\x{202f}][0-9]{3})+,[0-9]{1,2}$|^-?[0-9]+,[0-9]{1,2}$|^-?[0-9]{1,3}(\.[0-9]{3}){2,}$`)
	ambiguous  = regexp.MustCompile(`^-?[1-9][0-9]{0,2}[,.][0-9]{3}$`)
)

// decimal turns the text of a number into one that can be parsed.
func decimal(s string) (string, bool) {
	s = strings.TrimSpace(s)
	keep := func(r rune) rune {
		if r == '-' || r == '.' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}
	switch {
	case ambiguous.MatchString(s): // 1,234 and 1.234 are a thousand to some
		return "", false
	case amountForm.MatchString(s):
		return s, true
	case grouped.MatchString(s):
		return strings.Map(keep, s), true
	case european.MatchString(s):
		return strings.Map(keep, strings.ReplaceAll(strings.ReplaceAll(s, ".", ""), ",", ".")), true
	}
	return "", false
}

// roundAmount reads a decimal and rounds it half up to hundredths, the one place
// where money is rounded here.
func roundAmount(s string) (a ledger.Amount, rounded bool, err error) {
	d, _, err := apd.NewFromString(s)
	if err != nil || d.Form != apd.Finite || d.NumDigits() > 60 || d.Exponent > 30 || d.Exponent < -60 {
		return 0, false, fmt.Errorf("%q is no amount", s)
	}
	ctx := apd.BaseContext.WithPrecision(100)
	ctx.Rounding = apd.RoundHalfUp
	var whole apd.Decimal
	condition, err := ctx.Quantize(&whole, d, -2)
	if err != nil {
		return 0, false, err
	}
	whole.Exponent = 0
	fen, err := whole.Int64()
	if err != nil || ledger.Amount(fen) > ledger.MaxAmount || ledger.Amount(fen) < -ledger.MaxAmount {
		return 0, false, errBig
	}
	return ledger.Amount(fen), condition.Inexact(), nil
}

var errBig = fmt.Errorf("beyond %s", ledger.MaxAmount)

// money reads a Value: the amount if it is in the book's currency, else the
// currency because of which it was left out.
func (n *notes) money(path string, v any) (a ledger.Amount, foreign string) {
	if v == nil {
		return 0, ""
	}
	told, currency := v, any(nil)
	if o, ok := v.(map[string]any); ok {
		told, currency = o["amount"], o["currency"]
		if gross := o["amountGross"]; told == nil && gross != nil {
			n.add("amount_gross", path+"/amountGross", short(gross), "")
		}
		path += "/amount"
	}
	alone := told
	number, may := parted(told)
	if len(may) > 0 {
		n.add("amount_currency", path, short(told), number)
		alone = number
	}
	a, ok := n.amount(path, alone)
	if !ok {
		return 0, ""
	}
	switch code := n.currencyOf(path, currency, told, may); code {
	case "":
		return 0, ""
	case n.currency:
		if a == 0 {
			n.add("amount_zero", path, short(told), "")
		}
		return a, ""
	default:
		n.add("currency_other", path, short(told)+" "+code, "")
		return 0, code
	}
}

// wrapped is what MongoDB's export wraps with the name of its type, such as
// {"$numberLong": "500"}; other values are as they are.
func wrapped(v any, types ...string) any {
	o, ok := v.(map[string]any)
	if !ok || len(o) != 1 {
		return v
	}
	for _, name := range types {
		if inner := o[name]; inner != nil {
			return inner
		}
	}
	return v
}

// amount reads the number of a Value, and whether there is one.
func (n *notes) amount(path string, told any) (ledger.Amount, bool) {
	var s string
	switch x := wrapped(told, "$numberDecimal", "$numberLong", "$numberInt", "$numberDouble").(type) {
	case nil:
		return 0, false
	case number:
		if s = string(x); at(told) != x {
			n.add("amount_text", path, s, s)
		}
	case string:
		if strings.TrimSpace(x) == "" {
			return 0, false
		}
		var ok bool
		if s, ok = decimal(x); !ok {
			n.add("amount_unread", path, x, "")
			return 0, false
		}
		n.add("amount_text", path, x, s)
	default:
		n.add("amount_unread", path, short(told), "")
		return 0, false
	}
	a, rounded, err := roundAmount(s)
	switch {
	case err == errBig:
		n.add("amount_big", path, s, "")
		return 0, false
	case err != nil:
		n.add("amount_unread", path, s, "")
		return 0, false
	case rounded:
		n.add("amount_rounded", path, s, a.String())
	}
	return a, true
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// currencyCode is the currency of an amount, "" if it cannot be known.
func (n *notes) currencyCode(path string, v, told any) string {
	s, isText := v.(string)
	code := strings.ToUpper(strings.TrimSpace(s))
	if may := signs[strings.ToLower(code)]; len(may) == 1 {
		code = may[0]
	}
	switch {
	case v != nil && !isText, code != "" && !currencyForm.MatchString(code):
		n.add("currency_unread", path, short(v), "")
		return ""
	case code == "" && n.assume != "":
		n.add("currency_assumed", path, short(told), n.assume)
		return n.assume
	case code == "":
		n.add("currency_missing", path, short(told), "")
	case code != s:
		n.add("currency_form", path, s, code)
	}
	return code
}

// positive is money that cannot be negative.
func (n *notes) positive(path string, v any) (ledger.Amount, string) {
	a, foreign := n.money(path, v)
	if a < 0 {
		n.add("amount_negative", path, a.String(), "")
		return 0, foreign
	}
	return a, foreign
}

// mostCounted is the largest number of bidders that is believed.
const mostCounted = 100_000

// count reads how many of something there are.
func (n *notes) count(path string, v any) ledger.Count {
	if v == nil {
		return 0
	}
	a, ok := n.silent().amount(path, v)
	if whole := a / 100; ok && a >= 0 && a%100 == 0 && whole <= mostCounted {
		return ledger.Count(whole)
	}
	n.add("count_unread", path, short(v), "")
	return 0
}

// timeForms are the forms in which times are met, the standard one first. A form
// of figures that begins with the day or month is taken only if these cannot be
// mistaken for each other; with points the day is always first.
var timeForms = []struct {
	form  string
	zoned bool
}{
	{time.RFC3339, true}, {"2006-01-02T15:04:05", false}, {time.DateOnly, false},
	{"2006-01-02T15:04:05Z0700", true}, {"2006-01-02T15:04:05Z07", true}, {"2006-01-02T15:04Z07:00", true}, {"2006-01-02T15:04Z0700", true}, {"2006-01-02T15:04", false},
	{"2006-01-02 15:04:05Z07:00", true}, {"2006-01-02 15:04:05 Z0700", true}, {"2006-01-02 15:04:05Z0700", true}, {"2006-01-02 15:04:05Z07", true},
	{"2006-01-02T15:04:05 Z07:00", true}, {"2006-01-02 15:04:05 Z07:00", true}, {"2006-01-02 15:04:05", false}, {"2006-01-02 15:04", false},
	{"2006-1-2", false}, {"2006/1/2", false}, {"2006.1.2", false}, {"20060102", false}, {"20060102150405", false}, {"2006/1/2 15:04:05", false}, {"2006/1/2 15:04", false},
	{"2/1/2006", false}, {"1/2/2006", false}, {"2.1.2006", false}, {"2-1-2006", false}, {"2.1.2006 15:04:05", false}, {"2/1/2006 15:04:05", false}, {"1/2/2006 15:04:05", false},
	{"2006-01-02 15:04:05 UTC", true}, {"Mon, 02 Jan 2006 15:04:05 GMT", true}, {"2.1.2006 15:04", false}, {"2/1/2006 15:04", false}, {"1/2/2006 15:04", false},
	{"2-1-2006 15:04:05", false}, {"2-1-2006 15:04", false}, {"2/1/2006 3:04:05 PM", false}, {"1/2/2006 3:04:05 PM", false}, {"2/1/2006 3:04 PM", false}, {"1/2/2006 3:04 PM", false},
	{"2 January 2006", false}, {"2 Jan 2006", false}, {"2-Jan-2006", false}, {"January 2, 2006", false}, {"Jan 2, 2006", false},
}

// eitherFirst is a form in which day and month may be mistaken for each other.
var eitherFirst = regexp.MustCompile(`^(2[/-]1|1/2)[/-]`)

// moment reads a time as told.
func (n *notes) moment(path string, v any) ledger.Moment {
	if at(v, "$date") != nil {
		told := wrapped(v, "$date")
		v = exported(told)
		n.add("date_form", path, short(told), short(v))
	}
	s := strings.TrimSpace(idText(v))
	if _, isText := v.(string); v == nil || isText && s == "" {
		return ""
	}
	m := momentOf(strings.ToUpper(s))
	if m == "" {
		n.add("date_unread", path, short(v), "")
		return ""
	}
	if _, zoned := m.Instant(); !sameTime(s, string(m)) {
		n.add("date_form", path, s, string(m))
	} else if !zoned && len(m) == len(time.DateOnly) {
		n.add("date_day", path, s, "")
	}
	if _, zoned := m.Instant(); !zoned && len(m) > len(time.DateOnly) {
		n.add("date_no_zone", path, s, string(m))
	}
	return m
}

// exported is a time as MongoDB's export has it: a text, or milliseconds since 1970.
func exported(v any) any {
	ms, err := strconv.ParseInt(idText(wrapped(v, "$numberLong")), 10, 64)
	if err != nil {
		return v
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.999Z07:00")
}

// sinceEpoch are seconds since 1970, maybe with decimals, or milliseconds.
var sinceEpoch = regexp.MustCompile(`^([1-9][0-9]{9})(?:(\.[0-9]{1,9})|([0-9]{3}))?$`)

// epoch turns seconds or milliseconds since 1970 into a time as text, and leaves others as
// they are. 2020022810 is none: to some it is the tenth hour of a day.
func epoch(s string) string {
	m := sinceEpoch.FindStringSubmatch(s)
	if m == nil {
		return s
	}
	if hour, err := time.Parse("2006010215", s); err == nil && hour.Year() >= 1900 {
		return s
	}
	seconds, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil { // ten digits are not too many
		return s
	}
	fraction := strings.TrimPrefix(m[2], ".") + m[3]
	nanoseconds, _ := strconv.Atoi((fraction + "000000000")[:9]) // digits alone
	return time.Unix(seconds, int64(nanoseconds)).UTC().Format(time.RFC3339Nano)
}

func momentOf(s string) ledger.Moment {
	s = epoch(s)
	for _, f := range timeForms {
		t, err := time.Parse(f.form, s)
		if err != nil || eitherFirst.MatchString(f.form) && t.Day() <= 12 && t.Day() != int(t.Month()) {
			continue
		}
		form := time.DateOnly
		if strings.Contains(f.form, "04") {
			form = "2006-01-02T15:04:05.999999"
		}
		if f.zoned {
			form += "Z07:00"
		}
		m, err := ledger.ParseMoment(t.Format(form))
		if err != nil {
			return ""
		}
		return m
	}
	return ""
}

// sameTime says whether two texts differ at most in what nobody would call a
// repair: the spelling of UTC, and zeros behind the seconds.
func sameTime(told, made string) bool {
	told = strings.Replace(strings.Replace(told, "+00:00", "Z", 1), "-00:00", "Z", 1)
	if seconds, rest, ok := strings.Cut(told, "."); ok {
		digits := strings.TrimRight(rest, "Z+-:0123456789")
		zone := strings.TrimLeft(rest, "0123456789")
		fraction := strings.TrimRight(rest[:len(rest)-len(zone)], "0")
		if digits == "" && len(fraction) <= 6 {
			told = seconds + zone
			if fraction != "" {
				told = seconds + "." + fraction + zone
			}
		}
	}
	return told == made
}

// plain is a text in one line, without what a leaf or a public text cannot hold.
func plain(s string) string {
	s = strings.ToValidUTF8(s, "�")
	s = strings.Map(func(r rune) rune {
		if ledger.Turns(r) {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if proof.TextFault(s) != "" {
		s = strings.Map(func(r rune) rune {
			if proof.TextFault(string(r)) != "" {
				return -1
			}
			return r
		}, s)
	}
	return s
}

var markup = regexp.MustCompile(`</?[a-zA-Z][^<>]*>`)

// text reads a text of at most so many characters, without markup and without
// what may be personal.
func (n *notes) text(path string, v any, most int) string {
	var s string
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		s = x
	case number:
		s = string(x)
		n.add("text_wanted", path, s, s)
	default:
		n.add("text_wanted", path, short(v), "")
		return ""
	}
	if markup.MatchString(s) {
		n.add("text_html", path, "", "")
		s = markup.ReplaceAllString(s, " ")
	}
	s = plain(html.UnescapeString(s))
	s, masked := mask(s)
	if masked {
		n.add("text_masked", path, "", "")
	}
	short := cut(s, most)
	if short != s {
		n.add("text_cut", path, "", strconv.Itoa(most))
	}
	return short
}

// maxID is the longest id in bytes.
const maxID = 200

// id reads an id; "" if there is none.
func (n *notes) id(path string, v any) string {
	var s string
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		s = plain(x)
	case number:
		s = string(x)
		n.add("id_number", path, s, s)
	default:
		n.add("text_wanted", path, short(v), "")
		return ""
	}
	if !keeps(s) {
		made := "sha256-" + hashed(s)
		n.add("id_hashed", path, "", made)
		return made
	}
	return s
}

// keeps says whether the book takes an id as it is.
func keeps(s string) bool {
	return len(s) <= maxID-8 && !ledger.HoldsCitizenNumber(s) && !(strings.ContainsRune(s, '@') && email.MatchString(s))
}

// code reads a word of a closed list.
func (n *notes) code(path string, v any, list map[string]ledger.Text, note string) string {
	s, isText := v.(string)
	if v == nil || isText && strings.TrimSpace(s) == "" {
		return ""
	}
	if word := strings.TrimSpace(s); isText {
		for _, w := range []string{word, strings.ToLower(word), word[:1] + strings.ToLower(word[1:])} {
			if _, ok := list[w]; ok {
				if w != s {
					n.add(note, path, s, w)
				}
				return w
			}
		}
	}
	n.add(note, path, short(v), "")
	return ""
}

// quantity reads a plain decimal, up to six places behind the point.
func (n *notes) quantity(path string, v any) string {
	told := strings.TrimSpace(idText(v))
	if _, isText := v.(string); v == nil || isText && told == "" {
		return ""
	}
	d, _, err := apd.NewFromString(told)
	if err != nil || d.Form != apd.Finite || d.Negative || d.Exponent > 12 || d.Exponent < -20 || d.NumDigits() > 30 {
		n.add("quantity_unread", path, short(v), "")
		return ""
	}
	d.Reduce(d)
	s := d.Text('f')
	if !quantityForm.MatchString(s) {
		n.add("quantity_unread", path, short(v), "")
		return ""
	}
	return s
}

var quantityForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$`)

// list reads a list; a single thing is a list of one.
func (n *notes) list(path string, v any) []any {
	switch x := v.(type) {
	case nil:
		return nil
	case []any:
		return x
	case map[string]any, string, number:
		n.add("list_wanted", path, short(v), "")
		return []any{x}
	}
	n.add("list_wanted", path, short(v), "")
	return nil
}

// objects reads a list of objects: what is none stays in its place, and is said to be none.
func (n *notes) objects(path string, v any) []any {
	list := n.list(path, v)
	for i, x := range list {
		if _, ok := x.(map[string]any); !ok && x != nil {
			n.add("object_wanted", path+"/"+strconv.Itoa(i), short(x), "")
		}
	}
	return list
}

// ids reads a list of ids, each once, in order.
func (n *notes) ids(path string, v any) []string {
	var out []string
	for i, x := range n.list(path, v) {
		if o, ok := x.(map[string]any); ok { // a reference with an id
			if x = o["id"]; x == nil {
				n.add("text_wanted", path+"/"+strconv.Itoa(i), short(o), "")
			}
		}
		if id := n.id(path+"/"+strconv.Itoa(i), x); id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return capped(n, path, out, roomOfIDs)
}

// mostItems is the most items of any list in an entry; the rooms are the most
// bytes of one, so that all lists of an entry together fit a leaf.
const (
	mostItems      = 200
	roomOfIDs      = 6_000
	roomOfChanges  = 12_000
	roomOfItems    = 18_000
	roomOfParties  = 28_000
	smallestOfItem = 30
)

// capped cuts a list that is too long for an entry, and notes it.
func capped[T any](n *notes, path string, list []T, room int) []T {
	keep := min(len(list), mostItems)
	if keep*1000 > room { // else there is no need to look
		for i, x := range list[:keep] {
			b, err := json.Marshal(x)
			if room -= max(len(b), smallestOfItem); err != nil || room < 0 {
				keep = i
				break
			}
		}
	}
	if keep < len(list) {
		n.add("list_cut", path, strconv.Itoa(len(list)), strconv.Itoa(keep))
	}
	return list[:keep]
}
