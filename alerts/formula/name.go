package formula

import (
	"strings"
	"unicode"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"golang.org/x/text/unicode/norm"
)

// suffixes of company names, the longest first.
var suffixes = []string{"有限责任公司", "股份有限公司", "农民专业合作社", "专业合作社", "有限公司", "合作社", "集团", "公司"}

// NormalName brings a name into the form in which names are compared: NFKC,
// lower case, without spaces and without the suffix of a company.
func NormalName(name string) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(name))
	for _, suffix := range suffixes {
		if short, ok := strings.CutSuffix(s, suffix); ok && short != "" {
			return short
		}
	}
	return s
}

// normOf is norm(s).
func normOf(s ref.Val) ref.Val { return types.String(NormalName(string(s.(types.String)))) }

// Similarity is the share of trigrams that two names have in common, cut to
// four decimals: 1 for equal names, 0 where one is empty. Names are normalised
// and padded as pg_trgm pads a word: a sweep in SQL finds the same for names that
// it does not cut at punctuation.
func Similarity(a, b string) *Decimal {
	x, y := trigrams(NormalName(a)), trigrams(NormalName(b))
	both := 0
	for t := range x {
		if y[t] {
			both++
		}
	}
	d := new(Decimal)
	if all := len(x) + len(y) - both; all > 0 {
		d.n.SetFinite(int64(both*1_0000/all), -4)
	}
	return d
}

func trigrams(name string) map[[3]rune]bool {
	if name == "" {
		return nil
	}
	runes := append(append([]rune("  "), []rune(name)...), ' ')
	set := make(map[[3]rune]bool, len(runes))
	for i := 0; i+3 <= len(runes); i++ {
		set[[3]rune(runes[i:i+3])] = true
	}
	return set
}

// similarity is sim(a, b).
func similarity(a, b ref.Val) ref.Val {
	return Similarity(string(a.(types.String)), string(b.(types.String)))
}
