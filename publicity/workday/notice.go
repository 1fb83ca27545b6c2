package workday

import (
	"cmp"
	"regexp"
	"strconv"
)

// Notice is the number of a document, such as 国办发明电〔2020〕1号.
type Notice string

var noticeForm = regexp.MustCompile(`^(\p{Han}{2,12})〔((?:19|20|21)\d{2})〕([1-9]\d{0,4})号$`)

func (n Notice) valid() bool { return noticeForm.MatchString(string(n)) }

// compare orders notices by year and number. Numbers of one year can only be
// compared within a series, such as 国办发明电.
func (n Notice) compare(other Notice) (order int, comparable bool) {
	a, b := noticeForm.FindStringSubmatch(string(n)), noticeForm.FindStringSubmatch(string(other))
	if a == nil || b == nil {
		return 0, false
	}
	if a[2] != b[2] {
		return cmp.Compare(a[2], b[2]), true
	}
	// The form bounds both numbers, so neither conversion fails.
	i, _ := strconv.Atoi(a[3])
	j, _ := strconv.Atoi(b[3])
	return cmp.Compare(i, j), a[1] == b[1]
}
