package sheet

import (
	"fmt"
	"strings"
	"testing"

	"yilu/ledger"
)

// The notices of domain §9 whose tables are money, as allocation sheets in 万元.
// Each must give its printed total to the 分.
func TestGoldenNotices(t *testing.T) {
	t.Parallel()
	for _, n := range []struct {
		name  string
		parts []string
		total string
		fen   ledger.Amount
	}{
		{"G1 襄城 2019", []string{"1245", "54", "50", "1200", "8000"}, "10549", 10_549_000_000},
		{"G2 北关 2018 sources", []string{"47", "66.5"}, "113.5", 113_500_000},
		{"G2 北关 2018 lines", []string{"20", "20", "73.5"}, "113.5", 113_500_000},
		{"G3 新乡高新区 2018", []string{"125.5", "91.2", "24.6"}, "241.3", 241_300_000},
		{"G3 新乡高新区 2019", []string{"0.9", "4", "10.8", "5.5", "3"}, "24.2", 24_200_000},
		{"G4 封丘 2018", []string{"2069.985898", "24.444082", "1.8", "5.675918"}, "2101.905898", 2_101_905_898},
		{"G6 商丘 2019", []string{"280", "280", "75", "800", "815", "732", "545", "753", "720"}, "5000", 5_000_000_000},
		{"G7 达川 2024 central", []string{"2993.7", "1050", "60", "480", "385", "258", "46.3"}, "5273", 5_273_000_000},
		{"G7 达川 2024 province", []string{"1843.72", "2705.39", "20", "844.8", "40", "55.09"}, "5509", 5_509_000_000},
		{"G8 大冶 2024", []string{"0", "1000", "500", "1569.7"}, "3069.7", 3_069_700_000},
		{"G12 溆浦 2026", []string{"11098", "13025.85", "204.2", "859.89", "1000", "40", "1170.5"}, "27398.44", 27_398_440_000},
		{"G14 牟定 2018", []string{"115", "62", "23"}, "200", 200_000_000},
	} {
		b := read(t, "n.csv", notice(t, n.parts, "合计", n.total), Allocation)
		// A line of nothing (G8) is no allocation; its refusal is expected.
		zero := 0
		for _, p := range n.parts {
			if p == "0" {
				zero++
			}
		}
		if len(b.Problems) != zero || b.Amount != n.fen {
			t.Errorf("%s: %s 分 %d, want %d%s", n.name, b.Amount, b.Amount, n.fen, problems(b))
		}
	}
}

// notice is an allocation sheet of parts with a total row; further cells may
// hold the shares.
func notice(t testing.TB, parts []string, word, total string, shares ...string) []byte {
	t.Helper()
	rows := [][]string{{"资金分配表"}, {"单位：万元"}, {"序号", "资金编号", "分配文号", "单位编号", "责任单位", "分配金额", "占比（%）"}}
	for i, p := range parts {
		row := []string{fmt.Sprint(i + 1), "F1", "〔2018〕1号", fmt.Sprintf("U%d", i+1), "某局", p, ""}
		if i < len(shares) {
			row[6] = shares[i]
		}
		rows = append(rows, row)
	}
	return lines(t, append(rows, []string{"", "", "", "", word, total, ""})...)
}

func TestGolden05YearTypo(t *testing.T) {
	t.Parallel()
	content := lines(t, []string{"单位：万元"}, []string{"指标文号", "资金编号", "单位编号", "分配金额"},
		[]string{"郑财预〔2017〕833号", "F1", "U1", "24"}, []string{"郑财预[2017]8 33号", "F1", "U2", "1903"}, []string{"郑财预〔2016〕833号", "F1", "U3", "106"},
		[]string{"郑财预〔2017〕833号", "F1", "U4", "150"}, []string{"郑财预〔2017〕833号", "F1", "U5", "798"}, []string{"小计", "", "", "2981"},
		[]string{"郑财预〔2018〕1号", "F1", "U6", "2850"}, []string{"郑财预〔2018〕1号", "F1", "U7", "27000"}, []string{"小 计", "", "", "29,850"},
		[]string{"合  计", "", "", "32831"})
	b := read(t, "g5.csv", content, Allocation)
	if len(b.Problems) > 0 || b.Amount != 32_831_000_000 {
		t.Errorf("%s%s", b.Amount, problems(b))
	}
	if len(b.Warnings) != 1 || b.Warnings[0].Cell() != "A5" || !strings.Contains(b.Warnings[0].Zh, "2017") {
		t.Errorf("warnings %v", b.Warnings)
	}
}

func TestGolden10StandardTimesQuantity(t *testing.T) {
	t.Parallel()
	b := read(t, "g10.csv", lines(t, []string{"户主", "身份证号", "项目编号", "资金编号", "补助项目", "标准", "数量", "金额"},
		[]string{"张三", "11010519491231002X", "P1", "F1", "保鲜库", "5000元", "20", "10万元"}, []string{"李四", "440524188001010014", "P1", "F1", "保鲜库", "5000", "20", "100,000"},
		[]string{"王五", "440308199901101512", "P1", "F1", "保鲜库", "5000", "20", "100000"}, []string{"赵六", "411025199001010012", "P1", "F1", "保鲜库", "5000", "30", "15万元"},
		[]string{"合计", "", "", "", "", "", "", "45万元"}), Grant)
	if len(b.Problems) > 0 || b.Amount != 45_000_000 || b.Upper() != "肆拾伍万元整" {
		t.Errorf("%s%s", b.Amount, problems(b))
	}
}

func TestGolden11PrintedShare(t *testing.T) {
	t.Parallel()
	parts := []string{"1250", "5263", "13500", "375"}
	b := read(t, "g11.csv", notice(t, parts, "总计", "20388", "6.1", "25.8", "66.2", "1.9"), Allocation)
	if len(b.Problems) > 0 || b.Amount != 20_388_000_000 {
		t.Errorf("%s%s", b.Amount, problems(b))
	}
	if len(b.Warnings) != 1 || b.Warnings[0].Cell() != "G7" || !strings.Contains(b.Warnings[0].Zh, "1.84%") {
		t.Errorf("warnings %v", b.Warnings)
	}
}

func TestGolden13OneUnexplained(t *testing.T) {
	t.Parallel()
	b := read(t, "g13.csv", notice(t, []string{"60", "54.27", "75.73", "20", "21"}, "合计", "232"), Allocation)
	if len(b.Problems) != 1 || b.Problems[0].Cell() != "F9" || b.Problems[0].Rule != "total" {
		t.Fatalf("got%s", problems(b))
	}
	for _, figure := range []string{"2,320,000.00", "2,310,000.00", "10,000.00"} {
		if !strings.Contains(b.Problems[0].Zh, figure) {
			t.Errorf("%s does not name %s", b.Problems[0].Zh, figure)
		}
	}
}
