package sheet

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/ledger"
)

var libraryRows = []Record{
	{"乡镇": "颍阳镇", "村": "某村", "项目名称": "颍阳镇某村道路硬化项目", "项目子类型": "农村道路建设", "建设性质": "新建", "建设任务": "硬化道路1.2公里", "资金规模": "48.5", "筹资方式": "衔接资金", "时间进度": "2020/3-2020/6", "受益户": "320", "脱贫户": "40", "绩效目标": "改善320户出行", "利益联结机制": "优先使用本村劳力", "责任单位": "颍阳镇人民政府"},
	{"项目编号": "P7", "乡镇": "麦岭镇", "村": "二村", "项目名称": "麦岭镇二村水渠项目", "项目类型": "乡村建设行动", "建设任务": "修水渠2公里", "责任单位": "麦岭镇人民政府"},
}

// The library's sheet is approved, and the plan's sheet finds its projects there by name:
// nothing is typed twice.
func TestPlanApprovesTheLibrary(t *testing.T) {
	t.Parallel()
	for _, format := range []Format{XLSX, CSV} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			l := newLedger(t)
			// Beside what its projects get, a ledger tells what funds it enters.
			b, err := Read(open(t, "a.xlsx", file(t, FundLedger, XLSX, ledgerRows...)), FundLedger, options(t, l))
			if err != nil || b.Receipts != 1 || b.Received != 1_245_000_000 || b.Amount != 58_500_000 {
				t.Errorf("%d receipts, %s; projects get %s; %v", b.Receipts, b.Received, b.Amount, err)
			}
			load(t, l, FundLedger, options(t, l), file(t, FundLedger, XLSX, ledgerRows...))
			r := load(t, l, Library, options(t, l), file(t, Library, format, libraryRows...))
			if r.Amount != 48_500_000 {
				t.Errorf("total %s", r.Amount)
			}
			page, _, err := l.Projects(t.Context(), book, ledger.ProjectFilter{State: ledger.StateListed}, ledger.Page{Limit: 10})
			if err != nil || len(page) != 2 {
				t.Fatalf("listed %+v, %v", page, err)
			}
			road := page[slices.IndexFunc(page, func(p ledger.Project) bool { return p.Project != "P7" })]
			if got := [...]string{road.Type, road.Subtype, road.Place, road.PlaceName, string(road.Start), string(road.Finish), road.Targets, road.Linkage, road.Unit}; got !=
				[...]string{"construction", "农村道路建设", road.Place, "颍阳镇某村", "2020-03-01", "2020-06-30", "改善320户出行", "优先使用本村劳力", "颍阳镇人民政府"} || !strings.HasPrefix(road.Place, "411025") || road.Beneficiaries != 320 {
				t.Errorf("%q, %+v", got, road)
			}

			o := options(t, l)
			o.Fund = "F1"
			plan := file(t, Plan, format, Record{"乡镇": "颍阳镇", "村": "某村", "项目名称": "颍阳镇某村道路硬化项目", "项目类型": "乡村建设行动", "建设内容": "硬化道路1.2公里", "计划投入资金": "48.5",
				"实施期限": "2020/3-2020/6", "预期绩效目标": "改善320户出行", "责任单位": "颍阳镇人民政府", "责任人": "李某", "批复文号": "襄扶〔2020〕3号"})
			b, err = Read(open(t, "plan."+string(format), plan), Plan, o)
			if err != nil || len(b.Problems) > 0 {
				t.Fatalf("%v%s", err, problems(b))
			}
			if n := len(b.Warnings); n == 0 || !strings.Contains(b.Warnings[n-1].Zh, road.Project) {
				t.Errorf("warnings %+v: want it told what the row approves", b.Warnings)
			}
			load(t, l, Plan, o, plan)
			if p := project(t, l, road.Project); p.State != ledger.StateApproved {
				t.Errorf("the project of the library is %s", p.State)
			}
		})
	}
}

// A plan's row that names no number is refused where the library has two of its name.
func TestPlanTellsProjectsOfOneNameApart(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	load(t, l, FundLedger, options(t, l), file(t, FundLedger, XLSX, ledgerRows...))
	twin := Record{"项目编号": "P8", "乡镇": "麦岭镇", "村": "三村", "项目名称": "麦岭镇二村水渠项目", "项目类型": "乡村建设行动", "建设任务": "修水渠1公里", "责任单位": "麦岭镇人民政府"}
	load(t, l, Library, options(t, l), file(t, Library, CSV, append(slices.Clone(libraryRows), twin)...))
	o := options(t, l)
	o.Fund = "F1"
	row := Record{"乡镇": "麦岭镇", "村": "二村", "项目名称": "麦岭镇二村水渠项目", "项目类型": "乡村建设行动", "建设内容": "修水渠", "计划投入资金": "10", "实施期限": "2020/3-2020/6", "预期绩效目标": "灌溉", "责任单位": "麦岭镇人民政府", "责任人": "李某", "批复文号": "襄扶〔2020〕3号"}
	b, err := Read(open(t, "a.csv", file(t, Plan, CSV, row)), Plan, o)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"C4 ambiguous"}, seen(b.Problems)); diff != "" {
		t.Error("problems (-want +got):\n" + diff)
	}
}

// A bad row of the library is told with its cell, and the same row is noticed again.
func TestLibraryRowsAreHeld(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	bad := Record{"乡镇": "麦岭镇", "村": "二村", "项目名称": "水渠", "项目类型": "不知道", "建设任务": "修水渠2公里", "受益户": "3", "脱贫户": "5", "责任单位": "麦岭镇人民政府"}
	b, err := Read(open(t, "a.csv", file(t, Library, CSV, libraryRows[0], libraryRows[0], bad)), Library, options(t, l))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"5 duplicate", "D6 form", "L6 form"}, seen(b.Problems)); diff != "" {
		t.Error("problems (-want +got):\n" + diff)
	}
}

// Assets are registered from the sheet that the county keeps of them.
func TestAssetsAreRegistered(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	load(t, l, FundLedger, options(t, l), file(t, FundLedger, XLSX, ledgerRows...))
	rows := []Record{
		{"资产编号": "ZC1", "资产名称": "颍阳镇道路", "资产类别": "公益性", "项目名称": "颍阳镇道路硬化", "原值": "47.123456", "所有权": "某村集体", "管护人": "某村村委会", "状态": "正常使用"},
		{"资产名称": "麦岭镇羊舍", "资产类别": "经营性资产", "项目编号": "P2", "原值": "5", "乡镇": "颍阳镇", "所有权": "二村集体", "经营权": "某合作社", "收益及分配": "年租金2万元"},
	}
	r := load(t, l, Assets, options(t, l), file(t, Assets, CSV, rows...))
	if r.Amount != 52_123_456 {
		t.Errorf("total %s", r.Amount)
	}
	var got []ledger.AssetRegistered
	for _, q := range []ledger.Seq{r.Last - 1, r.Last} {
		e, err := l.Entry(t.Context(), book, q)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, *e.Body.(*ledger.AssetRegistered))
	}
	want := []ledger.AssetRegistered{
		{Asset: "ZC1", Name: "颍阳镇道路", Class: "public", Project: "P1", Value: 47_123_456, Place: "411025103000", Owner: "某村集体", Keeper: "某村村委会", State: "used"},
		{Asset: got[1].Asset, Name: "麦岭镇羊舍", Class: "operating", Project: "P2", Value: 5_000_000, Place: "411025103000", Owner: "二村集体", Operator: "某合作社", Income: "年租金2万元"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("assets (-want +got):\n" + diff)
	}
	bad := Record{"资产编号": "ZC9", "资产名称": "路", "资产类别": "公益", "项目名称": "没有的项目", "原值": "0", "所有权": "集体"}
	b, err := Read(open(t, "b.csv", file(t, Assets, CSV, bad)), Assets, options(t, l))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"D4 not_found", "E4 form"}, seen(b.Problems)); diff != "" {
		t.Errorf("problems (-want +got):\n%s%s", diff, problems(b))
	}
}
