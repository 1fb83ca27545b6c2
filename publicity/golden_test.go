package publicity

import (
	"strconv"
	"testing"

	"yilu/ledger"
	"yilu/publicity/workday"
)

// golden is a real notice, with the figures of domain §9: its rows and total in 万元.
type golden struct {
	id, source    string
	lines         []string
	total         string
	starts, ends  ledger.Date
	signed, shown ledger.Date
	// sums, strict and inclusive say what recomputing it finds.
	sums              bool
	strict, inclusive int
}

var goldens = []golden{
	{id: "G1 襄城 2019", source: "xiangchengxian.gov.cn", lines: []string{"1245", "54", "50", "1200", "8000"}, total: "10549", signed: "2019-01-07", shown: "2019-02-02", sums: true},
	{id: "G2 北关 2018", source: "beiguan.gov.cn/Item/3497.aspx", lines: []string{"20", "20", "73.5"}, total: "113.5", sums: true},
	{id: "G2 北关 2018, sources", source: "beiguan.gov.cn/Item/3497.aspx", lines: []string{"47", "66.5"}, total: "113.5", sums: true},
	{id: "G3 新乡高新区 2018", source: "domain §9", lines: []string{"125.5", "91.2", "24.6"}, total: "241.3", signed: "2018-09-01", shown: "2019-08-16", sums: true},
	{id: "G3 新乡高新区 2019", source: "domain §9", lines: []string{"0.9", "4", "10.8", "5.5", "3"}, total: "24.2", sums: true},
	{id: "G4 封丘 2018", source: "domain §9", lines: []string{"2069.985898", "24.444082", "1.8", "5.675918"}, total: "2101.905898", sums: true},
	{id: "G5 郑州 2018, central", source: "domain §9", lines: []string{"24", "1903", "106", "150", "798"}, total: "2981", sums: true},
	{id: "G5 郑州 2018, all", source: "domain §9", lines: []string{"2981", "2850", "27000"}, total: "32831", sums: true},
	{id: "G6 商丘 2019", source: "domain §9", lines: []string{"280", "280", "75", "800", "815", "732", "545", "753", "720"}, total: "5000", sums: true},
	{id: "G7 达川 2024, central", source: "dachuan.gov.cn/news-show-155664.html", lines: []string{"2993.7", "1050", "60", "480", "385", "258", "46.3"}, total: "5273", sums: true},
	{id: "G7 达川 2024, province", source: "dachuan.gov.cn/news-show-155664.html", lines: []string{"1843.72", "2705.39", "20", "844.8", "40", "55.09"}, total: "5509", sums: true},
	{id: "G8 大冶 2024, plan", source: "hbdaye.gov.cn", lines: []string{"0", "1000", "500", "1569.7"}, total: "3069.7", starts: "2024-08-09", ends: "2024-08-18", sums: true, strict: 9, inclusive: 10},
	{id: "G8 大冶 2024, announced against the plan", source: "hbdaye.gov.cn", lines: []string{"0", "1000", "500", "1569.7"}, total: "1000"},
	{id: "G9 大冶 2023", source: "hbdaye.gov.cn", starts: "2023-12-01", ends: "2023-12-06", sums: true, strict: 5, inclusive: 6},
	{id: "G10 温泉 2019", source: "xjwq.gov.cn/info/1654/41013.htm", lines: []string{"10", "10", "10", "15"}, total: "45", sums: true},
	{id: "G11 巩留 2020", source: "domain §9", lines: []string{"1250", "5263", "13500", "375"}, total: "20388", sums: true},
	{id: "G12 溆浦 2026", source: "xp.gov.cn", lines: []string{"11098", "13025.85", "204.2", "859.89", "1000", "40", "1170.5"}, total: "27398.44", sums: true},
	{id: "G13 五通桥 2024", source: "domain §9", lines: []string{"60", "172"}, total: "232", sums: true},
	{id: "G13 五通桥 2024, the province's lines", source: "domain §9", lines: []string{"54.27", "75.73", "20", "21"}, total: "172"}, // 171: one 万元 is not explained
	{id: "G14 牟定 2018", source: "domain §9", lines: []string{"115", "62", "23"}, total: "200", starts: "2018-12-14", ends: "2019-01-14", sums: true, strict: 31, inclusive: 32},
}

// TestGoldenNotices recomputes real notices to the 分 and counts their days.
func TestGoldenNotices(t *testing.T) {
	t.Parallel()
	for _, g := range goldens {
		var c ledger.NoticeContent
		for _, line := range g.lines {
			c.Lines = append(c.Lines, ledger.NoticeLine{Amount: wan(t, line)})
		}
		if g.total != "" {
			c.Total = wan(t, g.total)
		}
		if (c.Sum() == c.Total) != g.sums {
			t.Errorf("%s (%s): rows come to %s, printed %s", g.id, g.source, c.Sum(), c.Total)
		}
		if strict, inclusive := PostingDays(g.starts, g.ends); g.ends != "" && (strict != g.strict || inclusive != g.inclusive) {
			t.Errorf("%s: %d and %d days", g.id, strict, inclusive)
		}
	}
	if got := wan(t, "2101.905898"); got != 2_101_905_898 {
		t.Error("G4:", int64(got))
	}
	if got := wan(t, "10549"); got.Upper() != "壹亿零伍佰肆拾玖万元整" {
		t.Error("G1:", got.Upper())
	}
}

func wan(t *testing.T, text string) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseWan(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestGoldenDeadlines: G1 was on the web on the 20th working day, where 15 were over.
func TestGoldenDeadlines(t *testing.T) {
	t.Parallel()
	c := workday.StateCouncil()
	d, _ := DutyOf("P1", "county", "2019-01-07")
	if due := d.due(c, "2019-01-07"); due != "2019-01-28" {
		t.Error("15 working days after G1 was signed:", due)
	}
	if n, err := c.Between("2019-01-07", "2019-02-02"); err != nil || n != 20 {
		t.Error("G1 was on the web on working day", n, err)
	}
	if due := d.due(c, "2018-09-01"); due >= "2019-08-16" {
		t.Error("G3 was shown a year late, and is not found:", due)
	}
}

// TestGoldenShares: G11 printed 1.9 for 1.84 so that its shares reach 100; G6 and G7
// are right.
func TestGoldenShares(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ part, whole, want string }{
		{"1250", "20388", "6.13%"}, {"5263", "20388", "25.81%"}, {"13500", "20388", "66.22%"}, {"375", "20388", "1.84%"},
		{"4365", "5000", "87.30%"}, {"2993.7", "5273", "56.77%"},
	} {
		if got := wan(t, x.part).Percent(wan(t, x.whole)); got != x.want {
			t.Errorf("%s of %s is %s, want %s", x.part, x.whole, got, x.want)
		}
	}
	// The fee of G7 is 1 % of the central base less two tasks, not of all of it.
	if fee := (wan(t, "5273") - wan(t, "385") - wan(t, "258")) / 100; fee != wan(t, "46.3") {
		t.Error("G7's fee:", fee)
	}
	if naive := wan(t, "5273") / 100; naive != wan(t, "52.73") || naive == wan(t, "46.3") {
		t.Error("the naive base:", naive)
	}
	if fee := wan(t, "5509") / 100; fee != wan(t, "55.09") {
		t.Error("G7's fee of the province:", fee)
	}
}

// TestGoldenDoubts finds G5's slip of the year and G8's phone.
func TestGoldenDoubts(t *testing.T) {
	t.Parallel()
	for i, x := range []struct {
		words, phone string
		want         int
	}{
		{"郑财预〔2016〕833号、郑财预〔2017〕833号", "0371-67180000", 1}, // G5
		{"郑财预〔2017〕833号、郑财预〔2017〕834号", "0371-67180000", 0},
		{"豫财农〔2019〕12号、豫财农[2019]12号", "12317", 0},
		{"", "0714-871488", 1}, // G8: a digit short
		{"", "0714-8714888", 0},
		{"", "010-123456789", 1},
		{"", "13800138000、0374-3565432", 0},
	} {
		c := &ledger.NoticeContent{Facts: []ledger.NoticeFact{{Field: "document", Value: x.words}}, Contacts: ledger.NoticeContacts{Phone: x.phone}}
		if got := Doubts(c); len(got) != x.want || x.want > 0 && (got[0].Zh == "" || got[0].En == "") {
			t.Errorf("case %s: %v", strconv.Itoa(i), got)
		}
	}
}

// TestG8IsHeldToWhatItAnnounced posts the plan of 大冶 2024: the notice announces the
// province's column, and is right against it and wrong against the whole plan.
func TestG8IsHeldToWhatItAnnounced(t *testing.T) {
	t.Parallel()
	c := newCounty(t)
	c.day = "2024-08-07"
	fund := func(id, level string, a string) ledger.Body {
		return &ledger.FundReceived{Fund: id, Document: "鄂财农〔2024〕1号", Name: "衔接资金" + id, Level: level, Amount: wan(t, a), Issued: "2024-01-07", Year: "2024"}
	}
	p := plan9Project("P1", "411025103205", 1)
	p.Budget = []ledger.BudgetLine{{Fund: "F1", Amount: wan(t, "1000")}, {Fund: "F2", Amount: wan(t, "500")}, {Fund: "F3", Amount: wan(t, "1569.7")}}
	seqs := c.settle(fund("F1", "province", "1000"), fund("F2", "city", "500"), fund("F3", "county", "1569.7"), p)
	b := c.compose(Order{Stage: "P3", Level: "village", Channel: "board", Entries: seqs[3:]})
	if b.Total != wan(t, "3069.7") {
		t.Error("the whole plan:", b.Total)
	}
	b.Total = wan(t, "1000")
	b.Lines[0].Amount = b.Total
	post := func(id string) error {
		_, err := c.l.Post(t.Context(), testBook, c.draft(&ledger.NoticePosted{Notice: id, Content: b}, maker))
		return err
	}
	if err := post("N1"); err == nil {
		t.Error("the province's column passes for the whole plan")
	}
	b.Sources = []string{"province"}
	if err := post("N2"); err != nil {
		t.Error("the province's column:", err)
	}
	b.Total++
	b.Lines[0].Amount++
	if err := post("N3"); err == nil {
		t.Error("a fen more than the province's column")
	}
}
