package publicity

import (
	"cmp"
	"slices"
	"strings"

	"yilu/ledger"
)

// Titles as real notices have them: whose, of which year, what (襄城县2020年财政扶贫资金分配结果公告).

// titled is how the title of a stage is made.
type titled struct {
	// what stands after the year. Of one project alone, named puts the project's name
	// before it, without a year.
	what  string
	named bool
	// yearly is set for what is of a budget year: 2020年度; others are of a year: 2020年.
	yearly bool
	// funds puts the name before what, by which poverty-relief money went in the year.
	funds bool
}

var titles = map[string]titled{
	"P0": {what: "文件", funds: true}, "P1": {what: "分配结果", funds: true}, "P2": {what: "项目库入库项目"}, "P3": {what: "项目计划", yearly: true},
	"P4": {what: "项目实施前", named: true}, "P5b": {what: "中标候选人", named: true}, "P5c": {what: "采购结果和合同", named: true}, "P6": {what: "资金拨付"},
	"P7": {what: "竣工验收", named: true}, "P8": {what: "到户补助发放"}, "P9": {what: "项目计划完成情况", yearly: true}, "P11": {what: "逾期未支付中小企业款项情况", yearly: true},
}

// fundNames are what poverty-relief money is called, by the first year of each name
// [doc domain §1].
var fundNames = []struct{ from, name string }{{"2026", "常态化帮扶资金"}, {"2021", "财政衔接资金"}, {"", "财政扶贫资金"}}

// title is the notice's title: made from what its entries are of, not from the day on
// which it is signed.
func (c *composer) title() string {
	t := titles[c.out.Stage]
	sort := "公告"
	if d, ok := DutyOf(c.out.Stage, c.out.Level, c.out.Starts); ok && d.Minimum > 0 {
		sort = "公示"
	}
	if t.named && len(c.projects) == 1 {
		for _, p := range c.projects {
			return p.Name + strings.TrimPrefix(t.what, "项目") + sort
		}
	}
	year, when := c.when(t.yearly)
	what := t.what
	if t.funds {
		i := slices.IndexFunc(fundNames, func(f struct{ from, name string }) bool { return cmp.Or(year, "0") >= f.from })
		what = fundNames[i].name + what
	}
	return c.out.PlaceName + when + what + sort
}

// when is of which year or period the notice is, as a number and in words; "" where its
// entries are of several.
func (c *composer) when(yearly bool) (year, words string) {
	if c.out.Period != "" {
		return c.out.Period[:min(len(c.out.Period), 4)], periodWords(c.out.Period, yearly)
	}
	years := slices.Compact(slices.Sorted(slices.Values(c.years)))
	if len(years) != 1 {
		return "", ""
	}
	return years[0], periodWords(years[0], yearly)
}

var quarters = map[string]string{"Q1": "第一季度", "Q2": "第二季度", "Q3": "第三季度", "Q4": "第四季度"}

// periodWords writes a year, quarter or month as titles do; anything else is left out.
func periodWords(period string, yearly bool) string {
	year, part, parted := strings.Cut(period, "-")
	switch {
	case len(year) != 4 || strings.Trim(year, "0123456789") != "":
		return ""
	case !parted && yearly:
		return year + "年度"
	case !parted:
		return year + "年"
	case quarters[part] != "":
		return year + "年" + quarters[part]
	case len(part) == 2 && part >= "01" && part <= "12":
		return year + "年" + strings.TrimPrefix(part, "0") + "月"
	}
	return year + "年"
}

// of notes of which year an entry of the notice is.
func (c *composer) of(year string) {
	if len(year) >= 4 {
		c.years = append(c.years, year[:4])
	}
}

// ofFunds notes the budget years of a project's money, or that of the entry's day while it
// has none.
func (c *composer) ofFunds(funds []ledger.Fund, on ledger.Date) {
	for _, f := range funds {
		c.of(f.Year)
	}
	if len(funds) == 0 {
		c.of(string(on))
	}
}
