package ledger

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"yilu/publicity/scan"
)

// checker collects what is wrong with a draft; all of it, not the first.
type checker struct {
	prefix   string
	problems []Problem
}

func problem(field, zh, en string) Problem {
	return Problem{Field: field, Rule: "form", Text: Text{zh, en}}
}

func (c *checker) bad(field, zh, en string) { c.rule(field, "form", zh, en) }

func (c *checker) rule(field, rule, zh, en string) {
	c.problems = append(c.problems, Problem{Field: c.prefix + field, Rule: rule, Text: Text{zh, en}})
}

// validID holds the ids of entries and things: they stand in URLs, account
// names and file names, so the alphabet is small.
func validID(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		alnum := c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
		if !alnum && (i == 0 || c != '-' && c != '.' && c != '_') {
			return false
		}
	}
	return true
}

// ValidID says whether a text can be the id of an entry, a thing, a unit or a person.
func ValidID(s string) bool { return validID(s) }

func (c *checker) id(field, v string) {
	if v == "" {
		c.bad(field, "必填，用字母、数字、点、横线或下划线", "is required, in letters, digits, dots, hyphens or underscores")
		return
	}
	if !validID(v) {
		c.bad(field, "须为1–64位字母、数字、点、横线或下划线，以字母或数字开头", "want 1 to 64 letters, digits, dots, hyphens or underscores, beginning with a letter or digit")
	}
}

func (c *checker) optionalID(field, v string) {
	if v != "" {
		c.id(field, v)
	}
}

// text holds a required public text: what is written here can never be
// withdrawn, so personal numbers are refused.
func (c *checker) text(field, v string, most int) {
	if strings.TrimSpace(v) == "" {
		c.bad(field, "必填", "is required")
		return
	}
	c.optional(field, v, most)
}

func (c *checker) optional(field, v string, most int) {
	if n := utf8.RuneCountInString(v); n > most {
		c.bad(field, fmt.Sprintf("最多%d字，现有%d字", most, n), fmt.Sprintf("at most %d characters, has %d", most, n))
	}
	if strings.ContainsFunc(v, Turns) {
		c.bad(field, "不得含改变文字方向的控制字符", "must not hold control characters that turn the direction of text")
	}
	c.impersonal(field, scan.Numbers(v))
}

// Turns says of a character that it shows what follows in another order than it stands in the
// leaf: a public text would read as what it is not. Programs put such around what is copied
// from them, so those who read what people type, or sheets, leave them out.
func Turns(r rune) bool { return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' }

// impersonal refuses kinds of personal numbers in a public text.
func (c *checker) impersonal(field string, found []scan.Kind) {
	for _, what := range found {
		c.rule(field, "personal_data", "公开文字中不得含"+string(what)+"，请改填到保密字段", "public text must not hold "+what.English()+"; use a sealed field")
	}
}

// contact holds an official contact (监督电话、邮箱), which may be a mobile number.
func (c *checker) contact(field, v string) {
	if n := utf8.RuneCountInString(v); n > 200 {
		c.bad(field, fmt.Sprintf("最多200字，现有%d字", n), fmt.Sprintf("at most 200 characters, has %d", n))
	}
	c.impersonal(field, slices.DeleteFunc(scan.Numbers(v), func(k scan.Kind) bool { return k == scan.Mobile }))
}

func (c *checker) positive(field string, a Amount) {
	if a <= 0 {
		c.bad(field, "须为大于零的金额，如 1234.56", "want an amount above zero, such as 1234.56")
	}
	c.size(field, a)
}

func (c *checker) nonZero(field string, a Amount) {
	if a == 0 {
		c.bad(field, "须为不等于零的金额", "want an amount other than zero")
	}
	c.size(field, a)
}

func (c *checker) notNegative(field string, a Amount) {
	if a < 0 {
		c.bad(field, "不得为负", "must not be negative")
	}
	c.size(field, a)
}

// size refuses amounts that sums could not hold.
func (c *checker) size(field string, a Amount) {
	if a > MaxAmount || a < -MaxAmount {
		c.bad(field, "单笔最多"+MaxAmount.Comma()+"元", "at most "+MaxAmount.Comma()+" yuan in one entry")
	}
}

func (c *checker) day(field string, d Date) {
	if d == "" {
		c.bad(field, "必填，形如 2020-03-18", "is required, such as 2020-03-18")
		return
	}
	c.optionalDay(field, d)
}

// optionalDay refuses what could not be read back from the leaf.
func (c *checker) optionalDay(field string, d Date) {
	if _, err := ParseDate(string(d)); d != "" && err != nil {
		c.bad(field, "日期须形如 2020-03-18，且确有这一天", "want a day of the calendar such as 2020-03-18")
	}
}

// order refuses an end before its start; either may be missing.
func (c *checker) order(from, until Date, field string) {
	if from != "" && until != "" && until < from {
		c.bad(field, "不得早于"+string(from), "must not be before "+string(from))
	}
}

func (c *checker) oneOf(field, v string, set codes) {
	if _, ok := set[v]; !ok {
		c.bad(field, "须为："+set.listZh(), "want one of "+set.list())
	}
}

func (c *checker) count(field string, n Count) {
	if n < 0 || n > 1_000_000_000 {
		c.bad(field, "须为不小于零的整数", "want a whole number from 0")
	}
}

var (
	placePattern    = regexp.MustCompile(`^[0-9]{12}$`)
	functionPattern = regexp.MustCompile(`^[0-9]{3}([0-9]{2}){0,2}$`)
	economicPattern = regexp.MustCompile(`^[0-9]{3}([0-9]{2})?$`)
	hashPattern     = regexp.MustCompile(`^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$`)
	percentPattern  = regexp.MustCompile(`^(0|[1-9][0-9]?|100)(\.[0-9]{1,2})?$`)
	quantityPattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$`)
)

// place holds a 12-digit division code (统计用区划代码): province, prefecture,
// county, township, village.
func (c *checker) place(field, v string) {
	if !placePattern.MatchString(v) {
		c.bad(field, "须为12位区划代码", "want a 12-digit division code")
	}
}

func (c *checker) function(field, v string) {
	if v != "" && !functionPattern.MatchString(v) {
		c.bad(field, "功能科目须为3、5或7位数字，如 2130599", "want a function code of 3, 5 or 7 digits, such as 2130599")
	}
}

func (c *checker) hash(field, v string) {
	if !hashPattern.MatchString(v) {
		c.bad(field, "须为SHA-256的base64（44字符）", "want base64 of a SHA-256, 44 characters")
	}
}

// sealed holds the form of the personal fields that any kind may seal.
func (c *checker) sealed(name, v string) {
	field := "sealed." + name
	most := MaxText
	if name == fieldEvidence {
		most = maxEvidence
	}
	if v == "" || utf8.RuneCountInString(v) > most {
		c.bad(field, fmt.Sprintf("须为1–%d字", most), fmt.Sprintf("want 1 to %d characters", most))
		return
	}
	for _, r := range v {
		if unicode.IsControl(r) || r == utf8.RuneError || Turns(r) {
			c.bad(field, "不得含控制字符", "must not hold control characters")
			return
		}
	}
	if name == fieldIDNumber && !ValidIDNumber(v) {
		c.bad(field, "身份证号不对：须18位，出生日期与校验码有效（GB 11643）", "not a valid ID number: 18 characters with a real birth date and check digit (GB 11643)")
	}
}

// Names of the sealed fields.
const (
	fieldIDNumber = "id_number"      // 身份证号
	fieldName     = "payee_name"     // 收款人姓名, 户主
	fieldAccount  = "payee_account"  // 账号, 社保卡号
	fieldHolder   = "account_holder" // 户名: whose account it is
	fieldBank     = "payee_bank"     // 开户行
	fieldPhone    = "phone"          // 电话
	fieldNote     = "note"           // 备注, free text: people type names
	// Of the members of comparison registers.
	fieldPerson    = "name"      // 姓名
	fieldHousehold = "household" // 户编号
	fieldClass     = "class"     // 户类别: 脱贫户, 监测户 …; 帮扶措施; 政策
	fieldPost      = "post"      // 单位职务
	fieldDied      = "died_on"   // 死亡日期
	fieldFirst     = "first_on"  // 起始日期 of a measure or an entitlement
	fieldLast      = "last_on"   // 截止日期, none while it goes on
)

// ValidIDNumber says whether s is a citizen's number (GB 11643), see scan.
func ValidIDNumber(s string) bool { return scan.ValidIDNumber(s) }

// BirthDay is the day of birth that a valid ID number states, else empty.
func BirthDay(id string) Date {
	if !ValidIDNumber(id) {
		return ""
	}
	return Date(id[6:10] + "-" + id[10:12] + "-" + id[12:14])
}

// ValidUSCC says whether s is a unified social credit code (统一社会信用代码)
// with the right check character (GB 32100). Some early codes fail in reality:
// callers warn, and never refuse by it.
func ValidUSCC(s string) bool {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	if len(s) != 18 {
		return false
	}
	sum, weight := 0, 1
	for i := 0; i < 17; i++ {
		v := strings.IndexByte(alphabet, s[i])
		if v < 0 {
			return false
		}
		sum += v * weight
		weight = weight * 3 % 31
	}
	return strings.IndexByte(alphabet, s[17]) == (31-sum%31)%31
}

func digitCount(s string) int {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' || r >= '０' && r <= '９' {
			n++
		}
	}
	return n
}
