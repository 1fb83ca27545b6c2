package sheet

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/cockroachdb/apd/v3"
	"golang.org/x/text/width"

	"yilu/ledger"
)

// reason is why a cell cannot be taken, in both languages.
type reason = ledger.Text

// fold makes what people type in many ways comparable: full-width digits and
// letters become plain, blanks go, brackets of document numbers are one kind.
func fold(s string) string {
	if isPlain(s) {
		return s
	}
	s = width.Fold.String(s)
	return strings.Map(func(r rune) rune {
		switch r {
		case '〔', '﹝', '[', '【', '［', '〖':
			return '('
		case '〕', '﹞', ']', '】', '］', '〗':
			return ')'
		case '—', '–', '－', '―', '─':
			return '-'
		case '：':
			return ':'
		case '\ufeff', '\u200b', '\u200c', '\u200d', '\u2060':
			return -1
		}
		if unicode.IsSpace(r) || unicode.IsControl(r) || ledger.Turns(r) {
			return -1
		}
		return r
	}, s)
}

// ID is an id as it was meant by whoever typed it.
func ID(typed string) string { return fold(typed) }

// isPlain says whether there is nothing to fold: printable ASCII, no blanks.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '[' || c == ']' {
			return false
		}
	}
	return true
}

// clean keeps a text as it was written, but for blanks around it, invisible
// characters and line breaks, which no public line needs. It takes off the mark
// that exports put before what a spreadsheet would run as a formula.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\ufeff' || r == '\u200b' || r == '\u2060' || ledger.Turns(r):
			return -1
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if rest, ok := strings.CutPrefix(s, "'"); ok && dangerous(rest) {
		return rest
	}
	return s
}

// none says whether a cell says in words that it is empty.
func none(s string) bool {
	switch s {
	case "", "-", "--", "/", "\\", "无":
		return true
	}
	return false
}

var (
	numberPattern  = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,2})?$`)
	groupedPattern = regexp.MustCompile(`^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$`)
	countPattern   = regexp.MustCompile(`^\d{1,9}(\.0+)?$`)
	lostPattern    = regexp.MustCompile(`^\d(\.\d+)?[eE]\+?\d+$`)
)

var currency = strings.NewReplacer("¥", "", "￥", "", "\\", "", "人民币", "")

// parseAmount reads money as sheets hold it. A unit behind the number counts
// more than the column's. Numbers of a spreadsheet carry binary noise behind
// the 15th digit, 54.270000000000003 for 54.27: within a millionth of a yuan of
// a whole 分 that is taken off, and nothing else is.
func parseAmount(cell string, wan bool) (ledger.Amount, *reason) {
	s := currency.Replace(fold(cell))
	switch {
	case strings.HasSuffix(s, "万元"):
		s, wan = strings.TrimSuffix(s, "万元"), true
	case strings.HasSuffix(s, "万"):
		s, wan = strings.TrimSuffix(s, "万"), true
	case strings.HasSuffix(s, "元"):
		s, wan = strings.TrimSuffix(s, "元"), false
	}
	if groupedPattern.MatchString(s) {
		s = strings.ReplaceAll(s, ",", "")
	}
	if !numberPattern.MatchString(s) {
		return 0, &reason{Zh: "不是金额：" + short(cell), En: "not an amount: " + short(cell)}
	}
	parse := ledger.ParseYuan
	if wan {
		parse = ledger.ParseWan
	}
	a, err := parse(s)
	if err == nil {
		return a, nil
	}
	if a, ok := snap(s, wan); ok {
		return a, nil
	}
	if wan {
		return 0, &reason{Zh: "换算后不是整分或过大（万元最多六位小数）：" + short(cell), En: "not a whole 分, or too large (万元 has at most six decimals): " + short(cell)}
	}
	return 0, &reason{Zh: "不是整分或过大（元最多两位小数）：" + short(cell), En: "not a whole 分, or too large (元 has at most two decimals): " + short(cell)}
}

// noiseDigits is how many digits a decimal must have before it can be the
// noise of a binary number.
const noiseDigits = 15

// snap takes the noise off a spreadsheet's number, if it is noise.
func snap(s string, wan bool) (ledger.Amount, bool) {
	d, _, err := apd.NewFromString(s)
	if err != nil || d.NumDigits() < noiseDigits || d.NumDigits() > 30 {
		return 0, false
	}
	d.Exponent += 2
	if wan {
		d.Exponent += 4
	}
	ctx := apd.BaseContext.WithPrecision(40)
	ctx.Rounding = apd.RoundHalfEven
	whole, off := new(apd.Decimal), new(apd.Decimal)
	if _, err := ctx.Quantize(whole, d, 0); err != nil {
		return 0, false
	}
	if _, err := ctx.Sub(off, d, whole); err != nil || off.Abs(off).Cmp(apd.New(1, -4)) > 0 {
		return 0, false
	}
	fen, err := whole.Int64()
	if err != nil || fen > int64(ledger.MaxAmount) || fen < -int64(ledger.MaxAmount) {
		return 0, false
	}
	return ledger.Amount(fen), true
}

// parseQuantity reads a quantity (亩, 只, 人) with at most six decimals, written
// without exponent or trailing zeros.
func parseQuantity(cell string) (string, *reason) {
	bad := &reason{Zh: "不是数量（最多六位小数）：" + short(cell), En: "not a quantity of at most six decimals: " + short(cell)}
	s := fold(cell)
	if groupedPattern.MatchString(s) {
		s = strings.ReplaceAll(s, ",", "")
	}
	d, _, err := apd.NewFromString(s)
	if err != nil || !numberPattern.MatchString(s) || d.Negative || d.NumDigits() > 30 || d.Exponent > 12 || d.Exponent < -30 {
		return "", bad
	}
	ctx := apd.BaseContext.WithPrecision(40)
	ctx.Rounding = apd.RoundHalfEven
	cut, off := new(apd.Decimal), new(apd.Decimal)
	if _, err := ctx.Quantize(cut, d, -6); err != nil {
		return "", bad
	}
	if _, err := ctx.Sub(off, d, cut); err != nil || !off.IsZero() && (d.NumDigits() < noiseDigits || off.Abs(off).Cmp(apd.New(1, -9)) > 0) {
		return "", bad
	}
	if cut.IsZero() {
		return "0", nil
	}
	cut.Reduce(cut)
	return cut.Text('f'), nil
}

func parseCount(cell string) (string, *reason) {
	s := strings.TrimRight(fold(cell), "户人个名口")
	if !countPattern.MatchString(s) {
		return "", &reason{Zh: "不是整数：" + short(cell), En: "not a whole number: " + short(cell)}
	}
	s, _, _ = strings.Cut(s, ".")
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return "", &reason{Zh: "不是整数：" + short(cell), En: "not a whole number: " + short(cell)}
	}
	return strconv.FormatInt(n, 10), nil
}

// parseNumber reads an identifying number (身份证号, 账号, 电话). What a
// spreadsheet turned into a power of ten has lost its last digits.
func parseNumber(cell string) (string, *reason) {
	s := strings.ToUpper(strings.ReplaceAll(fold(cell), "-", ""))
	if rest, ok := strings.CutPrefix(s, "'"); ok {
		s = rest
	}
	if lostPattern.MatchString(s) {
		return "", &reason{Zh: "号码被表格软件存成了数值，末位已丢失：请把该列设为文本后重新填写", En: "the spreadsheet stored this number as a value and lost its last digits: format the column as text and enter it again"}
	}
	return strings.TrimSuffix(s, ".0"), nil
}

var (
	dayPattern    = regexp.MustCompile(`^(\d{4})[年/.-](\d{1,2})[月/.-](\d{1,2})[日号]?(?:T?00:00:00.*)?$`)
	plainDay      = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	serialPattern = regexp.MustCompile(`^(\d{5,6})(\.\d+)?$`)
)

// parseDay reads a day in any of the ways sheets hold it, also as the serial
// number of the 1900 or 1904 system.
func parseDay(cell string, from1904 bool) (ledger.Date, *reason) {
	bad := &reason{Zh: "不是日期（如 2020-03-18、2020年3月18日）：" + short(cell), En: "not a day such as 2020-03-18: " + short(cell)}
	s := fold(cell)
	if m := serialPattern.FindStringSubmatch(s); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return "", bad
		}
		zero := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
		if from1904 {
			zero = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		s = zero.AddDate(0, 0, n).Format(time.DateOnly)
	}
	m := dayPattern.FindStringSubmatch(s)
	if m == nil {
		m = plainDay.FindStringSubmatch(s)
	}
	if m == nil {
		return "", bad
	}
	d, err := ledger.ParseDate(m[1] + "-" + two(m[2]) + "-" + two(m[3]))
	if err != nil {
		return "", bad
	}
	return d, nil
}

func two(s string) string {
	if len(s) == 1 {
		return "0" + s
	}
	return s
}

const rangeMark = `(?:-+|~|～|至|到)`

var (
	monthsPattern = regexp.MustCompile(`^(\d{4})[年/.-](\d{1,2})月?` + rangeMark + `(?:(\d{4})[年/.-])?(\d{1,2})月?底?$`)
	daysPattern   = regexp.MustCompile(`^(\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}日?)` + rangeMark + `(\d{4}[年/.-]\d{1,2}[月/.-]\d{1,2}日?)$`)
	yearPattern   = regexp.MustCompile(`^(\d{4})年度?$`)
)

// parsePeriod reads a period of works (实施期限) such as 2020/3-2020/6 and
// returns its first and last day.
func parsePeriod(cell string) (start, finish ledger.Date, bad *reason) {
	bad = &reason{Zh: "不是期限（如 2020/3-2020/6）：" + short(cell), En: "not a period such as 2020/3-2020/6: " + short(cell)}
	s := fold(cell)
	if m := daysPattern.FindStringSubmatch(s); m != nil {
		from, wrong := parseDay(m[1], false)
		until, wrong2 := parseDay(m[2], false)
		if wrong == nil && wrong2 == nil && from <= until {
			return from, until, nil
		}
		return "", "", bad
	}
	m := monthsPattern.FindStringSubmatch(s)
	if y := yearPattern.FindStringSubmatch(s); y != nil {
		m = []string{"", y[1], "1", y[1], "12"}
	}
	if m == nil {
		return "", "", bad
	}
	if m[3] == "" {
		m[3] = m[1]
	}
	from, err := ledger.ParseDate(m[1] + "-" + two(m[2]) + "-01")
	if err != nil {
		return "", "", bad
	}
	last, err := time.Parse(time.DateOnly, m[3]+"-"+two(m[4])+"-01")
	if err != nil {
		return "", "", bad
	}
	until := ledger.Date(last.AddDate(0, 1, -1).Format(time.DateOnly))
	if until < from {
		return "", "", bad
	}
	return from, until, nil
}

// short cuts a value for a message.
func short(s string) string {
	const most = 30
	r := []rune(clean(s))
	if len(r) > most {
		return "“" + string(r[:most]) + "…”"
	}
	return "“" + string(r) + "”"
}

// lookup finds a word of a closed list by its code or one of its names.
func lookup(list map[string]ledger.Text, word string) (string, bool) {
	w := strings.ToLower(fold(word))
	for code, t := range list {
		if w == code || w == fold(t.Zh) || w == strings.ToLower(t.En) {
			return code, true
		}
	}
	return "", false
}

// synonyms are what officers write for the words of a column. A word that could be meant
// for two of them is none: 尾款 is a final settlement or a retention.
var synonyms = map[string]map[string][]string{
	"款项性质": {
		"advance":   {"预付", "预付工程款", "工程预付款"},
		"progress":  {"进度", "工程进度款", "进度付款"},
		"final":     {"结算", "工程结算款", "竣工结算款"},
		"retention": {"质保", "质保款", "质量保证金", "工程质保金", "工程质量保证金"},
		"whole":     {"一次性付款", "一次性支付", "一次付清"},
		"other":     {"其它"},
	},
	"支付方式": {
		"direct":   {"直接支付", "财政直付"},
		"entrust":  {"财政授权支付"},
		"passbook": {"惠农一卡通", "一卡通发放"},
		"claim":    {"报账", "报账支付"},
	},
	"资产类别": {
		"operating": {"经营", "经营性资产", "经营类", "经营性固定资产"},
		"public":    {"公益", "公益性资产", "公益类", "公益性固定资产"},
		"household": {"到户类资产", "到户", "到户资产"},
	},
	"状态": {
		"used":     {"正常", "使用中", "在用", "正常运营", "运行正常"},
		"idle":     {"闲置中", "未使用"},
		"damaged":  {"毁损", "已损毁"},
		"disposed": {"处置", "已处理"},
	},
}

// Synonyms are the words that a column takes for one of its own, by its code.
func Synonyms(column string) map[string][]string { return synonyms[column] }

// Word finds a word of a column's closed list by its code, one of its names, or what
// officers write for it.
func Word(column string, list map[string]ledger.Text, word string) (code string, ok bool) {
	if code, ok = lookup(list, word); ok {
		return code, true
	}
	w := fold(word)
	for code, also := range synonyms[column] {
		if slices.Contains(also, w) {
			return code, true
		}
	}
	return "", false
}

// levelOf reads a level of government (级次), however it is abbreviated.
func levelOf(word string) (string, bool) {
	w := fold(word)
	for _, l := range []struct{ begin, code string }{{"中央", "central"}, {"省", "province"}, {"市", "city"}, {"县", "county"}, {"区", "county"}, {"其他", "other"}, {"其它", "other"}} {
		if strings.HasPrefix(w, l.begin) {
			return l.code, true
		}
	}
	return lookup(ledger.Levels, word)
}

// dangerous says whether a spreadsheet might run a text as a formula.
func dangerous(s string) bool {
	if s == "" || numberPattern.MatchString(s) {
		return false
	}
	return strings.ContainsAny(string([]rune(s)[:1]), "=+-@\t\r\n\x00＝＋－＠")
}

// guard marks such a text so that it stays a text.
func guard(s string) string {
	if dangerous(s) {
		return "'" + s
	}
	return s
}

// columnName is the letters a spreadsheet shows over a column, from 0.
func columnName(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('A'+(i-1)%26)) + s
	}
	return s
}

func fileProblem(zh, en string, args ...any) error {
	return problemOf(RuleFile, zh, en, args)
}

func worksheetProblem(zh, en string, args ...any) error {
	return problemOf(RuleWorksheet, zh, en, args)
}

// What is wrong with a file as a whole: with what is in it, or with the worksheet that is
// to be read of it.
const (
	RuleFile      = "file"
	RuleWorksheet = "worksheet"
)

func problemOf(rule, zh, en string, args []any) error {
	return &ledger.Invalid{Problems: []ledger.Problem{{Field: "file", Rule: rule, Text: ledger.Text{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}}}}
}
