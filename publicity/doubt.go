package publicity

import (
	"regexp"
	"slices"
	"strings"

	"yilu/ledger"
)

var (
	documentPattern = regexp.MustCompile(`[〔﹝\[（(]\s*([0-9]{4})\s*[〕﹞\]）)]\s*([0-9]+)`)
	landlinePattern = regexp.MustCompile(`\b0[0-9]{2,3}[-－—]([0-9]+)`)
)

// Doubts are what looks mistyped in a notice, though no arithmetic says so: a local
// phone with a digit too few or too many, and two documents that are alike but for
// their year.
func Doubts(c *ledger.NoticeContent) []ledger.Text {
	var doubts []ledger.Text
	for _, m := range landlinePattern.FindAllStringSubmatch(c.Contacts.Phone+" "+c.Contacts.Hotline, -1) {
		if n := len(m[1]); n < 7 || n > 8 {
			doubts = append(doubts, ledger.Text{Zh: "电话 " + m[0] + " 的位数不对", En: "the phone " + m[0] + " has the wrong number of digits"})
		}
	}
	years := map[string][]string{}
	for _, m := range documentPattern.FindAllStringSubmatch(words(c), -1) {
		if !slices.Contains(years[m[2]], m[1]) {
			years[m[2]] = append(years[m[2]], m[1])
		}
	}
	for number, of := range years {
		if len(of) > 1 {
			slices.Sort(of)
			list := strings.Join(of, "、")
			doubts = append(doubts, ledger.Text{Zh: "文号 " + number + " 有不同年份：" + list, En: "document " + number + " is of different years: " + list})
		}
	}
	slices.SortFunc(doubts, func(a, b ledger.Text) int { return strings.Compare(a.En, b.En) })
	return doubts
}

// words are all free texts of a notice.
func words(c *ledger.NoticeContent) string {
	all := []string{c.Title}
	for _, f := range c.Facts {
		all = append(all, f.Value)
	}
	for _, l := range c.Lines {
		all = append(all, l.Values...)
	}
	return strings.Join(all, "\n")
}
