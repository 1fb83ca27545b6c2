package demo

import (
	"fmt"
	"strconv"

	"yilu/ledger"
)

// The offices of the demonstration. User names are made up.
var (
	// financeMaker and financeChecker are 经办 and 复核 of the finance bureau.
	financeMaker   = ledger.By{Role: ledger.Maker, Unit: "411025-CZ", User: "demo-cz-jingban"}
	financeChecker = ledger.By{Role: ledger.Checker, Unit: "411025-CZ", User: "demo-cz-fuhe"}
	// treasury pays what was approved (国库支付中心).
	treasury = ledger.By{Role: ledger.Payer, Unit: "411025-GK", User: "demo-gk-zhifu"}
	// reliefMaker and reliefChecker are the poverty-relief office's (扶贫办).
	reliefMaker   = ledger.By{Role: ledger.Maker, Unit: "411025-FP", User: "demo-fp-jingban"}
	reliefChecker = ledger.By{Role: ledger.Checker, Unit: "411025-FP", User: "demo-fp-fuhe"}
)

// auditor and secondAuditor are the audit bureau's (审计局).
var (
	auditor       = ledger.By{Role: ledger.Auditor, Unit: "411025-SJ", User: "demo-sj-shenji"}
	secondAuditor = ledger.By{Role: ledger.Auditor, Unit: "411025-SJ", User: "demo-sj-fuhe"}
)

// secondOf is who decides what a maker handed in.
func secondOf(maker ledger.By) ledger.By {
	switch maker.Unit {
	case reliefMaker.Unit:
		return reliefChecker
	case auditor.Unit:
		return secondAuditor
	}
	return financeChecker
}

// officer is the project officer of a township.
func officer(township string) ledger.By {
	return ledger.By{Role: ledger.ProjectOfficer, Unit: township, User: "demo-" + township + "-xmy"}
}

// cashier is the maker of a township's finance office (乡镇财政所).
func cashier(township string) ledger.By {
	return ledger.By{Role: ledger.Maker, Unit: township, User: "demo-" + township + "-czs"}
}

var (
	surnames = []string{"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马", "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾", "彭", "吕", "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛", "叶", "阎", "余", "潘", "杜", "戴", "夏", "钟", "汪", "田", "任", "姜", "范"}
	given    = []string{"国", "建", "军", "明", "文", "志", "永", "春", "玉", "秀", "英", "兰", "梅", "芳", "红", "霞", "丽", "萍", "强", "伟", "勇", "平", "刚", "杰", "峰", "超", "亮", "海", "山", "林", "清", "福", "贵", "全", "顺", "义", "民", "根", "栓", "合", "新", "安", "喜", "成", "保", "双", "运", "来", "有", "存"}
)

// name makes up a person's name.
func (s *story) name() string {
	n := pick(s, surnames) + pick(s, given)
	if s.rand.IntN(10) < 7 {
		n += pick(s, given)
	}
	return n
}

// household is a made-up family out of poverty.
type household struct {
	number          int
	head, id, phone string
	place           string
	watched         bool
	account         string
}

// IDNumber is the n-th made-up citizen number: region 411025, a day from 1950
// on, and one of the order codes 996 to 999 that are kept for people of a
// hundred years (GB 11643 practice), so that it was never given to anybody.
func IDNumber(n int) string {
	born := timeOf("1950-01-01").AddDate(0, 0, n*37%14_600)
	s := string(Book) + born.Format("20060102") + strconv.Itoa(996+n/14_600%2*2+n%2)
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return s + "10X98765432"[sum%11:sum%11+1]
}

// Card is the n-th made-up card of a household: 19 digits that pass Luhn, of a
// range whose account part is nearly all zeros.
func Card(n int) string {
	s := fmt.Sprintf("62170000000%07d", n)
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return s + strconv.Itoa((10-sum%10)%10)
}

// household makes up the n-th household of a village.
func (s *story) household(n int, place string) household {
	return household{
		number: n, head: s.name(), id: IDNumber(n), phone: fmt.Sprintf("199000%05d", n), place: place, account: Card(n),
		watched: n*watchedHouseholds/households != (n-1)*watchedHouseholds/households,
	}
}
