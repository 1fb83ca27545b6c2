package publicity

import (
	"testing"

	"yilu/ledger"
)

// TestTitles: a title says of which year its entries are, whenever it is signed, and names
// a project that it is about alone. Forms: G1 to G14 of the domain's real notices.
func TestTitles(t *testing.T) {
	t.Parallel()
	county := ledger.NoticeContent{Level: "county", PlaceName: "襄城县", Starts: "2021-01-08"}
	village := ledger.NoticeContent{Level: "village", PlaceName: "颍阳镇后楚村", Starts: "2021-01-08"}
	site := village
	site.Level = "unit"
	of := func(c ledger.NoticeContent, stage, period string) ledger.NoticeContent {
		c.Stage, c.Period, c.Signed = stage, period, "2021-01-08"
		return c
	}
	road := map[string]ledger.Project{"P1": {ProjectFacts: ledger.ProjectFacts{Name: "后楚村道路硬化"}}}
	two := map[string]ledger.Project{"P1": road["P1"], "P2": {}}
	for _, c := range []struct {
		out      ledger.NoticeContent
		years    []string
		projects map[string]ledger.Project
		want     string
	}{
		{of(county, "P0", ""), []string{"2020"}, nil, "襄城县2020年财政扶贫资金文件公告"},
		{of(county, "P1", ""), []string{"2019", "2019"}, two, "襄城县2019年财政扶贫资金分配结果公告"},
		{of(county, "P1", ""), []string{"2024"}, two, "襄城县2024年财政衔接资金分配结果公告"},
		{of(county, "P1", ""), []string{"2026"}, two, "襄城县2026年常态化帮扶资金分配结果公告"},
		{of(county, "P1", ""), []string{"2020", "2021"}, two, "襄城县财政扶贫资金分配结果公告"},
		{of(village, "P2", ""), []string{"2020"}, two, "颍阳镇后楚村2020年项目库入库项目公示"},
		{of(county, "P3", ""), []string{"2020", "2020"}, two, "襄城县2020年度项目计划公告"},
		{of(village, "P3", ""), []string{"2020"}, road, "颍阳镇后楚村2020年度项目计划公示"},
		{of(site, "P4", ""), []string{"2020"}, road, "后楚村道路硬化实施前公示"},
		{of(site, "P4", ""), []string{"2020"}, two, "颍阳镇后楚村2020年项目实施前公示"},
		{of(county, "P5c", ""), []string{"2020"}, road, "后楚村道路硬化采购结果和合同公告"},
		{of(village, "P6", "2020-Q2"), []string{"2020"}, road, "颍阳镇后楚村2020年第二季度资金拨付公示"},
		{of(village, "P6", ""), []string{"2020"}, road, "颍阳镇后楚村2020年资金拨付公示"},
		{of(village, "P7", ""), []string{"2020"}, road, "后楚村道路硬化竣工验收公示"},
		{of(village, "P8", ""), []string{"2020"}, road, "颍阳镇后楚村2020年到户补助发放公示"},
		{of(county, "P9", "2020"), []string{"2020"}, two, "襄城县2020年度项目计划完成情况公告"},
		{of(county, "P11", "2020"), nil, nil, "襄城县2020年度逾期未支付中小企业款项情况公告"},
		{of(county, "P11", ""), nil, nil, "襄城县逾期未支付中小企业款项情况公告"},
	} {
		k := &composer{out: c.out, years: c.years, projects: c.projects}
		if got := k.title(); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.out.Stage, c.years, got, c.want)
		}
	}
	for stage := range layouts {
		if titles[stage].what == "" {
			t.Error("no title for", stage)
		}
	}
	for period, want := range map[string]string{"2020": "2020年", "2020-03": "2020年3月", "2020-12": "2020年12月", "2020-Q4": "2020年第四季度", "2020-13": "2020年", "春季": "", "20": "", "": ""} {
		if got := periodWords(period, false); got != want {
			t.Errorf("%q: %q, want %q", period, got, want)
		}
	}
}

// TestTitleFollowsTheEntries composes of the book: money of 2020 that is announced in 2021
// is of 2020, and villages are called as the book calls them.
func TestTitleFollowsTheEntries(t *testing.T) {
	t.Parallel()
	c, seqs := funded(t)
	c.settle(&ledger.PlaceNamed{Basis: "名单", Name: "后楚社区", Place: "411025103205"}, &ledger.PlaceNamed{Basis: "名单", Name: "新襄县", Place: "411025000000"})
	grants := c.grants("G1", "P1")
	c.day = "2021-01-08"
	if got := c.compose(Order{Stage: "P3", Level: "county", Channel: "portal", Entries: seqs[1:2]}); got.Title != "新襄县2020年度项目计划公告" {
		t.Error(got.Title)
	}
	if got := c.compose(Order{Stage: "P8", Level: "village", Channel: "board", Entries: []ledger.Seq{grants}}); len(got.Lines) != 1 || got.Lines[0].Values[1] != "后楚社区" {
		t.Error(got.Lines)
	}
	if got := c.compose(Order{Stage: "P3", Level: "county", Channel: "portal", Entries: seqs[1:2], Title: "自拟标题"}); got.Title != "自拟标题" {
		t.Error(got.Title)
	}
}
