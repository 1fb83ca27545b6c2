package scan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestNumbers has the vectors of domain §5 and the ways in which people write.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]Kind{
		"": nil,
		"硬化道路3.2公里，总投资1280000.00元":            nil,
		"身份证11010519491231002X":               {IDNumber},
		"1101 0519 4912 3100 2X":              {IDNumber},
		"１１０１０５１９４９１２３１００２Ｘ":                  {IDNumber},
		"440524188001010014":                  {IDNumber},
		"411025199001010012":                  {IDNumber},
		"41102519720229004X":                  {IDNumber}, // a leap day
		"110105194912310021":                  nil,        // check digit
		"411025199002300011":                  nil,        // 30 February
		"114110250056890110":                  nil,        // a credit code that passes the digit
		"13812345678":                         {Mobile},
		"电话 138-1234-5678":                    {Mobile},
		"+86 138 1234 5678":                   {Mobile},
		"１３８１２３４５６７８":                         {Mobile},
		"138\u200b1234\u200b5678":             {Mobile},
		"监督电话0374-3565432、12317":              nil,
		"卡号6200000000000005":                  {BankCard},
		"6217 0000 0000 0000 004":             {BankCard},
		"6217000000000000006":                 nil, // Luhn
		"91350100M000100Y43":                  nil,
		"豫财农〔2019〕112号，2019-01-07至2019-02-02": nil,
		"13812345678 与 6200000000000005":      {Mobile, BankCard},
		"户主411025199001010012":                {IDNumber},
		"11010519491231002x":                  {IDNumber},
		"编号0411025199001010012":               {IDNumber},
		"411025 19900101 0012":                {IDNumber},
		"411025-19900101-0012":                {IDNumber},
		"４１１０２５１９９００１０１００１２":                  {IDNumber},
		"411025\u200b199001010012":            {IDNumber},
		"411025\u2009199001010012":            {IDNumber},
		"411025—19900101—0012":                {IDNumber},
		"电话13800138000":                       {Mobile},
		"138-0013-8000":                       {Mobile},
		"138 0013 8000转":                      {Mobile},
		"+86 13800138000":                     {Mobile},
		"008613800138000":                     {Mobile},
		"第3 13800138000":                      {Mobile},
		"13800138000 13900139000":             {Mobile},
		"卡号6217000000000000004":               {BankCard},
		"6217 0000 0000 0000 004 农商行":         {BankCard},
		"卡6217000000000000006":                nil,
		"代码114110250056890110":                nil,
		"豫财农〔2019〕12号":                        nil,
		"监督电话12317，0374-3563000":              nil,
		"0374-3563000 0374-3563001":           nil,
		"2020-03-01至2020-06-30":               nil,
		"投资 1286350000 元":                     nil,
		"硬化道路1.2公里，宽4.5米，厚0.18米":              nil,
		"41.10.25 1990.01.01":                 nil,
		"项目XC2020-0001，长1300000米":             nil,
		"统一社会信用代码91350100M000100Y43":          nil,
		"襄城县2020年第1批 12800138000":             nil,
	} {
		if diff := cmp.Diff(want, Numbers(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// TestBlanksHideNothing: whatever stands between the digits of an ID number.
func TestBlanksHideNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.SampledFrom([]string{"11010519491231002X", "411025199001010012", "41102519720229004X"}).Draw(t, "id")
		text := rapid.SampledFrom([]string{"", "户主张三", "合计"}).Draw(t, "before")
		for _, r := range id {
			if rapid.Bool().Draw(t, "wide") && r >= '0' && r <= '9' {
				r += '０' - '0'
			}
			text += string(r) + rapid.SampledFrom([]string{"", "", " ", "-", "\u3000", "\u200b"}).Draw(t, "gap")
		}
		if got := Numbers(text + "，"); len(got) == 0 || got[0] != IDNumber {
			t.Fatalf("%q: %v", text, got)
		}
	})
}

func TestCards(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"6200000000000005": true, "6217000000000000004": true, "6217000000000000006": false, "6200000000000050": false} {
		if got := ValidCard(s); got != want {
			t.Errorf("%s: %v, want %v", s, got, want)
		}
	}
}

func TestKindsHaveNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, k := range []Kind{IDNumber, Mobile, BankCard} {
		if seen[k.English()] {
			t.Error(k)
		}
		seen[k.English()] = true
	}
}
