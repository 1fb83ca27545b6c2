package alerts

import (
	"strings"

	"yilu/alerts/fact"
	"yilu/ledger"
)

// causes are the words of what a verdict lacks (无法判定的原因), by its code; § stands for
// what follows the code. Limits go by the names that the rule's page has.
var causes = map[string]ledger.Text{
	"field":       {Zh: "缺少数据“§”", En: "the input “§” is missing"},
	"param":       {Zh: "没有设定限额“§”", En: "the limit “§” is not set"},
	"calendar":    {Zh: "没有§年的工作日历", En: "there is no calendar of working days for §"},
	"register":    {Zh: "没有登记“§”", En: "no list “§” is loaded"},
	"grants":      {Zh: "本账簿没有“§”的发放，可能由他处发放", En: "this book has no grants of “§”; they may be paid elsewhere"},
	"stale":       {Zh: "比对名单已过有效期", En: "the list held against is out of date"},
	"n<":          {Zh: "可比的不足§个", En: "there are fewer than § to compare"},
	"s0":          {Zh: "可比的数值全部相同", En: "all values compared are the same"},
	"mute_fence":  {Zh: "可比的数值画不出界线", En: "the values compared draw no line that could be crossed"},
	"dates":       {Zh: "日期前后矛盾", En: "the dates contradict each other"},
	"value":       {Zh: "数值不可用", En: "a value cannot be used"},
	"currency":    {Zh: "币种不同或不明", En: "currencies differ or are not told"},
	"zone":        {Zh: "时刻没有时区", En: "a time has no zone"},
	"dup":         {Zh: "记录重复", En: "the record is there twice"},
	"placeholder": {Zh: "填的是占位内容", En: "a placeholder stands where the value should"},
	"checksum":    {Zh: "校验码不符", En: "a check digit is wrong"},
	"status":      {Zh: "有投标或中标的状态不明", En: "of a bid or an award it is not known whether it counts"},
	"lot":         {Zh: "不知是哪个标段的", En: "it is not told which lot it is for"},
	"many":        {Zh: "采购过程的内容太多", En: "the process has more objects than are looked at"},
	"shared":      {Zh: "一项中标对应多份合同或多个供应商", En: "an award has several contracts or suppliers"},
	"error":       {Zh: "规则出错", En: "the rule has an error"},
}

// lacks puts the reason of a verdict that could not be had into words. A reason that is
// not known stays as it is.
func lacks(reason string) ledger.Text {
	var zh, en []string
	for part := range strings.SplitSeq(reason, ", ") {
		code, of, _ := strings.Cut(part, ":")
		named := ledger.Text{Zh: of, En: of}
		switch {
		case strings.HasPrefix(part, "n<"):
			code, named = "n<", ledger.Text{Zh: part[2:], En: part[2:]}
		case code == "field":
			named = fact.NameOf(of)
		case code == "register":
			if list, ok := ledger.Lists[of]; ok {
				named = list
			}
		}
		words, ok := causes[code]
		if !ok {
			words = ledger.Text{Zh: part, En: part}
		}
		zh = append(zh, strings.ReplaceAll(words.Zh, "§", named.Zh))
		en = append(en, strings.ReplaceAll(words.En, "§", named.En))
	}
	return ledger.Text{Zh: strings.Join(zh, "，"), En: strings.Join(en, ", ")}
}
