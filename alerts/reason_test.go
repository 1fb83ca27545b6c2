package alerts

import (
	"testing"

	"yilu/ledger"
)

func TestReasonsAreSaidInWords(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]ledger.Text{
		"register:payroll":                  {Zh: "没有登记“财政供养人员名单”", En: "no list “persons paid by the budget” is loaded"},
		"register:unheard":                  {Zh: "没有登记“unheard”", En: "no list “unheard” is loaded"},
		"stale:register":                    {Zh: "比对名单已过有效期", En: "the list held against is out of date"},
		"grants:低保":                         {Zh: "本账簿没有“低保”的发放，可能由他处发放", En: "this book has no grants of “低保”; they may be paid elsewhere"},
		"param:limit":                       {Zh: "没有设定限额“limit”", En: "the limit “limit” is not set"},
		"calendar:2031":                     {Zh: "没有2031年的工作日历", En: "there is no calendar of working days for 2031"},
		"n<20":                              {Zh: "可比的不足20个", En: "there are fewer than 20 to compare"},
		"field:book.currency, field:person": {Zh: "缺少数据“账套币种”，缺少数据“person”", En: "the input “currency of the book” is missing, the input “person” is missing"},
		"s0":                                {Zh: "可比的数值全部相同", En: "all values compared are the same"},
		"unheard of":                        {Zh: "unheard of", En: "unheard of"},
	} {
		if got := lacks(reason); got != want {
			t.Errorf("%s: %+v, want %+v", reason, got, want)
		}
	}
}
