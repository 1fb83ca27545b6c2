package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Amount is money (金额) in whole 分 (fen), one hundredth of a yuan. It is the
// only money type anywhere: exact, ordered, and bigint in SQL. Its text form is
// yuan with exactly two decimals, "1234.56"; JSON carries it as a string.
type Amount int64

// MaxAmount is the largest amount an entry may state: 16 digits of yuan would
// overflow int64 分 in sums, so one entry is held to one hundred billion yuan.
// A sum of MaxAmount over a million entries still fits.
const MaxAmount Amount = 100_000_000_000_00

var errAmount = errors.New("want yuan as digits with no or two decimals, such as 1234.56")

// ParseAmount reads yuan in the strict form of the API,
// -?(0|[1-9][0-9]*)(\.[0-9]{2})?, and refuses everything else, also "-0.00".
func ParseAmount(s string) (Amount, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, cents, dotted := strings.Cut(digits, ".")
	if whole == "" || (len(whole) > 1 && whole[0] == '0') || len(whole) > 16 || (dotted && len(cents) != 2) {
		return 0, errAmount
	}
	if !dotted {
		cents = "00"
	}
	var fen int64
	for _, c := range whole + cents {
		if c < '0' || c > '9' {
			return 0, errAmount
		}
		fen = fen*10 + int64(c-'0')
	}
	if negative && fen == 0 {
		return 0, errAmount
	}
	if negative {
		fen = -fen
	}
	return Amount(fen), nil
}

// ParseWan reads 万元 (ten thousand yuan) with up to six decimals, since
// 0.000001 万元 is exactly one 分. A seventh non-zero decimal is refused, never
// rounded.
func ParseWan(s string) (Amount, error) { return parseScaled(s, 6) }

// ParseYuan reads yuan as a spreadsheet may hold it: any decimal notation whose
// value is a whole number of 分.
func ParseYuan(s string) (Amount, error) { return parseScaled(s, 2) }

// parseScaled reads a finite decimal and shifts it by places to whole 分.
func parseScaled(s string, places int32) (Amount, error) {
	d, _, err := apd.NewFromString(s)
	if err != nil || d.Form != apd.Finite {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	if d.Exponent > 20 || d.Exponent < -40 || d.NumDigits() > 40 {
		return 0, fmt.Errorf("%q is out of range", s)
	}
	d.Exponent += places
	d.Reduce(d)
	if d.Exponent < 0 {
		return 0, fmt.Errorf("%q is not a whole number of 分", s)
	}
	fen, err := d.Int64()
	if err != nil || fen > int64(MaxAmount) || fen < -int64(MaxAmount) {
		return 0, fmt.Errorf("%q is out of range", s)
	}
	return Amount(fen), nil
}

// String is yuan with exactly two decimals: "-0.05", "1234.56".
func (a Amount) String() string {
	sign := ""
	u := uint64(a)
	if a < 0 {
		sign, u = "-", uint64(-a)
	}
	return fmt.Sprintf("%s%d.%02d", sign, u/100, u%100)
}

// Comma is String with thousands commas, as tables show money: "12,863,500.00".
func (a Amount) Comma() string {
	s := strings.TrimPrefix(a.String(), "-")
	whole, cents := s[:len(s)-3], s[len(s)-3:]
	var b strings.Builder
	if a < 0 {
		b.WriteByte('-')
	}
	for i, c := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String() + cents
}

// Wan is the amount in 万元 without trailing zeros, exact: "1286.35".
func (a Amount) Wan() string {
	d := apd.New(int64(a), -6)
	if d.IsZero() {
		return "0"
	}
	d.Reduce(d)
	return d.Text('f')
}

// Add returns a+b and whether it fits.
func (a Amount) Add(b Amount) (Amount, bool) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, false
	}
	return a + b, true
}

// Percent is a÷whole in percent with two decimals, rounded half up once, here.
// It is "—" when whole is not positive: no share of nothing.
func (a Amount) Percent(whole Amount) string {
	if whole <= 0 {
		return "—"
	}
	ctx := apd.BaseContext.WithPrecision(40)
	ctx.Rounding = apd.RoundHalfUp
	share := new(apd.Decimal)
	if _, err := ctx.Quo(share, apd.New(int64(a), 2), apd.New(int64(whole), 0)); err != nil {
		return "—"
	}
	if _, err := ctx.Quantize(share, share, -2); err != nil {
		return "—"
	}
	return share.Text('f') + "%"
}

// MarshalText writes the canonical form; JSON encoders put it in a string.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads the strict form of ParseAmount.
func (a *Amount) UnmarshalText(b []byte) error {
	v, err := ParseAmount(string(b))
	if err != nil {
		return err
	}
	*a = v
	return nil
}

const upperDigits = "零壹贰叁肆伍陆柒捌玖"

// Upper is the amount in capital Chinese numerals (大写金额) as vouchers print
// it after 人民币: 1,409.50 is 壹仟肆佰零玖元伍角. Whole yuan end in 整, nothing
// follows 分 (支付结算办法 附一). Negative amounts begin with 负.
func (a Amount) Upper() string {
	if a == 0 {
		return "零元整"
	}
	sign, u := "", uint64(a)
	if a < 0 {
		sign, u = "负", uint64(-a)
	}
	digit := []rune(upperDigits)
	yuan, jiao, fen := u/100, u/10%10, u%10
	s := ""
	if yuan > 0 {
		s = upperYuan(yuan) + "元"
	}
	switch {
	case jiao == 0 && fen == 0:
		return sign + s + "整"
	case jiao == 0 && yuan > 0:
		s += "零"
	case jiao > 0:
		if yuan > 0 && yuan%10 == 0 {
			// 1,680.32 is written 壹仟陆佰捌拾元零叁角贰分.
			s += "零"
		}
		s += string(digit[jiao]) + "角"
	}
	if fen > 0 {
		s += string(digit[fen]) + "分"
	}
	return sign + s
}

// upperYuan writes a positive whole number in capital numerals, with one 零 for
// any run of zeros inside. 亿 is a unit of numbers that may have 万 of their own:
// 壹万伍仟亿.
func upperYuan(n uint64) string {
	for _, unit := range []struct {
		size uint64
		name string
	}{{1e8, "亿"}, {1e4, "万"}} {
		if n < unit.size {
			continue
		}
		s := upperYuan(n/unit.size) + unit.name
		switch rest := n % unit.size; {
		case rest == 0:
			return s
		case rest < unit.size/10:
			return s + "零" + upperYuan(rest)
		default:
			return s + upperYuan(rest)
		}
	}
	digit := []rune(upperDigits)
	s, zero := "", false
	for i, div := range []uint64{1000, 100, 10, 1} {
		d := n / div % 10
		if d == 0 {
			zero = s != ""
			continue
		}
		if zero {
			s, zero = s+"零", false
		}
		s += string(digit[d]) + []string{"仟", "佰", "拾", ""}[i]
	}
	return s
}

// plainUpper undoes what may differ between two spellings of one amount:
// traditional characters, which banks must accept (支付结算办法 附一), 圆 for
// 元, and where 零 and 整 stand.
var plainUpper = strings.NewReplacer("貳", "贰", "貮", "贰", "參", "叁", "叄", "叁", "陸", "陆", "萬", "万", "億", "亿",
	"圆", "元", "圓", "元", "整", "", "正", "", "零角", "", "零分", "", "零", "", "〇", "", "負", "负", " ", "", "\u3000", "")

// ParseUpper reads capital numerals as notices write them: with or without 零,
// 正 for 整, 圆 for 元, traditional characters, an optional 人民币 before. It is
// the inverse of Upper, used to compare the two amounts of a payment sheet, and
// takes nothing that Upper would not write but for these spellings.
func ParseUpper(s string) (Amount, error) {
	wrong := fmt.Errorf("%q is not an amount in capital numerals", s)
	if len(s) > 200 {
		return 0, wrong
	}
	for _, before := range []string{"人民币", "人民幣", "（大写）", "大写", "：", " "} {
		s = strings.TrimPrefix(strings.TrimSpace(s), before)
	}
	plain := plainUpper.Replace(s)
	digits, negative := strings.CutPrefix(plain, "负")
	digits = strings.TrimPrefix(digits, "元") // of 零元伍角
	if strings.HasPrefix(digits, "拾") {
		digits = "壹" + digits
	}
	a, ok := readUpper(digits)
	if !ok || digits == "" && !strings.ContainsAny(s, "零〇") || plainUpper.Replace(a.Upper()) != cmp.Or(digits, "元") || negative && a == 0 {
		return 0, wrong
	}
	if negative {
		a = -a
	}
	return a, nil
}

// readUpper adds up numerals and units without a look at their order.
func readUpper(s string) (Amount, bool) {
	var total, section, group, digit Amount
	for _, r := range s {
		if i := strings.IndexRune(upperDigits, r); i >= 0 {
			digit = Amount(i / len("零"))
			continue
		}
		switch r {
		case '拾':
			group += digit * 10
		case '佰':
			group += digit * 100
		case '仟':
			group += digit * 1000
		case '万':
			section += (group + digit) * 10_000
			group = 0
		case '亿':
			section = (section + group + digit) * 100_000_000
			group = 0
		case '元':
			total += (section + group + digit) * 100
			section, group = 0, 0
		case '角':
			total += digit * 10
		case '分':
			total += digit
		default:
			return 0, false
		}
		if section > MaxAmount/100 {
			return 0, false
		}
		digit = 0
	}
	return total, total <= MaxAmount && section+group+digit == 0
}
