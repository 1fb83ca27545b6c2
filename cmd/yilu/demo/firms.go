package demo

import (
	"fmt"
	"strings"

	"yilu/ledger"
)

// firm is a made-up supplier with its account.
type firm struct {
	ledger.Party
	account, bank string
}

// creditCode is the n-th made-up unified social credit code: a firm registered
// in 411025 whose organisation code begins with MADEM. Both check characters
// are right (GB 32100, GB 11714).
func creditCode(n int) string {
	organisation := fmt.Sprintf("MADEM%03d", n)
	weights := [8]int{3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		v := int(organisation[i] - '0')
		if organisation[i] >= 'A' {
			v = int(organisation[i]-'A') + 10
		}
		sum += v * w
	}
	code := "91411025" + organisation + "0123456789X0"[11-sum%11:12-sum%11]
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	total, weight := 0, 1
	for i := range len(code) {
		total += strings.IndexByte(alphabet, code[i]) * weight
		weight = weight * 3 % 31
	}
	check := (31 - total%31) % 31
	return code + alphabet[check:check+1]
}

func newFirm(n int, name string) firm {
	return firm{
		Party:   ledger.Party{Code: creditCode(n), Name: name},
		account: fmt.Sprintf("4110250000%08d", n), bank: "示例农村商业银行营业部",
	}
}

func newFirms(from int, names, suffix string) []firm {
	var out []firm
	for i, name := range strings.Fields(names) {
		out = append(out, newFirm(from+i, "河南示例"+name+suffix))
	}
	return out
}

// The market of the demonstration; 示例 in each name says that it is made up.
var (
	builders = newFirms(100, "恒源 宏达 中原 颍川 汝河 首山 紫云 兴业 四方 金桥 永固 华筑 润泽 通达 鼎盛 众合 天正 瑞丰 安居 广厦 同创 博远 嘉禾 新城 国泰 盛世", "建设工程有限公司")
	dealers  = newFirms(200, "农丰 绿源 惠农 科创 光华 明达 佳禾 利民 丰泽 迅捷", "设备有限公司")
	auditors = newFirms(300, "正信 公允 诚明", "工程造价咨询有限公司")
	advisers = newFirms(320, "方圆 智谋", "项目咨询有限公司")
	school   = newFirm(340, "河南示例职业技能培训学校有限公司")
	lender   = newFirm(341, "示例农村商业银行股份有限公司")
)

// bidders draws n different firms of a market.
func (s *story) bidders(market []firm, n int) []firm {
	out := make([]firm, n)
	for i, k := range s.rand.Perm(len(market))[:n] {
		out[i] = market[k]
	}
	return out
}
