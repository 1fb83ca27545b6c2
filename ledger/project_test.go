package ledger

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProjectBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*ProjectListed]{
		{func(b *ProjectListed) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *ProjectListed) { b.Name = "" }, "name", "必填", "is required"},
		{func(b *ProjectListed) { b.Content = strings.Repeat("长", MaxText+1) }, "content", "最多2000字", "at most 2000"},
		{func(b *ProjectListed) { b.Type = "roads" }, "type", "construction（乡村建设行动）", "want one of"},
		{func(b *ProjectListed) { b.Subtype = strings.Repeat("长", 101) }, "subtype", "最多100字", "at most 100"},
		{func(b *ProjectListed) { b.Nature = strings.Repeat("长", 51) }, "nature", "最多50字", "at most 50"},
		{func(b *ProjectListed) { b.Place = "41102510320" }, "place", "12位", "12-digit"},
		{func(b *ProjectListed) { b.PlaceName = "" }, "place_name", "必填", "is required"},
		{func(b *ProjectListed) { b.Unit = "" }, "unit", "必填", "is required"},
		{func(b *ProjectListed) { b.Estimate = -1 }, "estimate", "为负", "negative"},
		{func(b *ProjectListed) { b.Start = "2020-02-30" }, "start", "日期", "want a day"},
		{func(b *ProjectListed) { b.Finish = "2020-02-29" }, "finish", "不得早于2020-03-01", "must not be before 2020-03-01"},
		{func(b *ProjectListed) { b.Targets = "户主" + citizen(1) }, "targets", "身份证号", "ID number"},
		{func(b *ProjectListed) { b.Linkage = strings.Repeat("长", MaxText+1) }, "linkage", "最多2000字", "at most 2000"},
		{func(b *ProjectListed) { b.Sources = strings.Repeat("长", 201) }, "sources", "最多200字", "at most 200"},
		{func(b *ProjectListed) { b.Beneficiaries, b.Poor = -1, 0 }, "beneficiaries", "整数", "whole number"},
		{func(b *ProjectListed) { b.Poor = 121 }, "poor", "不能多于受益户", "more poor households"},
	})
	testBody(t, []badBody[*ProjectApproved]{
		{func(b *ProjectApproved) { b.Project = "a/b" }, "project", "字母", "letters"},
		{func(b *ProjectApproved) { b.Name = "" }, "name", "必填", "is required"},
		{func(b *ProjectApproved) { b.Document = "" }, "document", "必填", "is required"},
		{func(b *ProjectApproved) { b.Content = "" }, "content", "必填", "is required"},
		{func(b *ProjectApproved) { b.Targets = "" }, "targets", "必填", "is required"},
		{func(b *ProjectApproved) { b.Linkage = strings.Repeat("长", MaxText+1) }, "linkage", "最多2000字", "at most 2000"},
		{func(b *ProjectApproved) { b.Standard = strings.Repeat("长", 501) }, "standard", "最多500字", "at most 500"},
		{func(b *ProjectApproved) { b.Remark = strings.Repeat("长", 501) }, "remark", "最多500字", "at most 500"},
		{func(b *ProjectApproved) { b.Department = strings.Repeat("长", 101) }, "department", "最多100字", "at most 100"},
		{func(b *ProjectApproved) { b.Type = "" }, "type", "须为", "want one of"},
		{func(b *ProjectApproved) { b.Subtype = strings.Repeat("长", 101) }, "subtype", "最多100字", "at most 100"},
		{func(b *ProjectApproved) { b.Place = "" }, "place", "12位", "12-digit"},
		{func(b *ProjectApproved) { b.PlaceName = "" }, "place_name", "必填", "is required"},
		{func(b *ProjectApproved) { b.Unit = "" }, "unit", "必填", "is required"},
		{func(b *ProjectApproved) { b.Responsible.Name = "" }, "responsible.name", "必填", "is required"},
		{func(b *ProjectApproved) { b.Responsible.Post = "13800138000" }, "responsible.post", "手机号", "mobile"},
		{func(b *ProjectApproved) { b.Start = "" }, "start", "必填", "is required"},
		{func(b *ProjectApproved) { b.Finish = "" }, "finish", "必填", "is required"},
		{func(b *ProjectApproved) { b.Finish = "2020-02-01" }, "finish", "不得早于", "must not be before"},
		{func(b *ProjectApproved) { b.Beneficiaries = 39 }, "poor", "不能多于受益户", "more poor households"},
		{func(b *ProjectApproved) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
		{func(b *ProjectApproved) { b.Budget = nil }, "budget", "1–50行", "1 to 50 lines"},
		{func(b *ProjectApproved) { b.Budget = make([]BudgetLine, 0) }, "budget", "1–50行", "1 to 50 lines"},
		{func(b *ProjectApproved) { b.Budget[0].Amount = 0 }, "budget.0.amount", "大于零", "above zero"},
		{func(b *ProjectApproved) { b.Budget[0].Fund = "" }, "budget.0.fund", "字母", "letters"},
		{func(b *ProjectApproved) { b.Budget = append(b.Budget, b.Budget[0]) }, "budget.1.fund", "只能出现一行", "appear once"},
	})
	testBody(t, []badBody[*ProjectChanged]{
		{func(b *ProjectChanged) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *ProjectChanged) { b.Document = "" }, "document", "必填", "is required"},
		{func(b *ProjectChanged) { b.Reason = "" }, "reason", "计划调整", "want one of"},
		{func(b *ProjectChanged) { b.Place = "" }, "place", "同时填写", "together"},
		{func(b *ProjectChanged) { b.PlaceName = "" }, "place", "同时填写", "together"},
		{func(b *ProjectChanged) { b.Place = "4110" }, "place", "12位", "12-digit"},
		{func(b *ProjectChanged) { b.Name = strings.Repeat("长", 201) }, "name", "最多200字", "at most 200"},
		{func(b *ProjectChanged) { b.Content = "13800138000" }, "content", "手机号", "mobile"},
		{func(b *ProjectChanged) { b.Finish = "2020-01-01" }, "finish", "不得早于", "must not be before"},
		{func(b *ProjectChanged) { b.Start = "2020" }, "start", "日期", "want a day"},
		{func(b *ProjectChanged) { b.Targets = strings.Repeat("长", MaxText+1) }, "targets", "最多2000字", "at most 2000"},
		{func(b *ProjectChanged) { b.Linkage = strings.Repeat("长", MaxText+1) }, "linkage", "最多2000字", "at most 2000"},
		{func(b *ProjectChanged) { b.Standard = strings.Repeat("长", 501) }, "standard", "最多500字", "at most 500"},
		{func(b *ProjectChanged) { b.Unit = strings.Repeat("长", 101) }, "unit", "最多100字", "at most 100"},
		{func(b *ProjectChanged) { b.Responsible.Name = "" }, "responsible.name", "必填", "is required"},
		{func(b *ProjectChanged) { b.Budget[0].Amount = -1 }, "budget.0.amount", "大于零", "above zero"},
		{func(b *ProjectChanged) { b.Files[0].SHA256 = "" }, "files.0.sha256", "SHA-256", "SHA-256"},
	})
	testBody(t, []badBody[*ProjectCancelled]{
		{func(b *ProjectCancelled) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *ProjectCancelled) { b.Document = "" }, "document", "必填", "is required"},
		{func(b *ProjectCancelled) { b.Reason = "" }, "reason", "须为", "want one of"},
	})
}

// TestProjectsAllTheWay: listed, approved, changed, cancelled, with every fact.
func TestProjectsAllTheWay(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	settle(t, l, "S1",
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "专项", Level: "central", Amount: 100000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("f2", &FundReceived{Fund: "F2", Document: "豫财农〔2019〕1号", Name: "专项", Level: "county", Amount: 100000, Issued: "2020-01-07", Year: "2020"}, maker))
	project := func() Project {
		t.Helper()
		p, err := l.Project(ctx, testBook, "P1")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	all := samples()
	listed := mustPost(t, l, all["project.listed"])
	want := Project{ProjectFacts{Project: "P1", State: StateListed, Name: "道路硬化", Type: "construction", Subtype: "通村路", Place: aVillage, PlaceName: "颍阳镇某村",
		Content: "硬化道路1公里", Unit: "颍阳镇政府", Start: "2020-03-01", Finish: "2020-06-30", Targets: "通行改善", Linkage: "务工就业", Beneficiaries: 120,
		Listed: listed[0].Seq, Approved: None, Exempted: None}, Total{}}
	if diff := cmp.Diff(want, project()); diff != "" {
		t.Error("listed (-want +got):\n" + diff)
	}
	approved := settle(t, l, "S2", all["project.approved"])
	want.State, want.Approved, want.Responsible, want.Document = StateApproved, approved[0].Seq, "张某", "襄扶〔2020〕3号"
	want.Total = Total{Of: "P1", Budget: 80000}
	if diff := cmp.Diff(want, project()); diff != "" {
		t.Error("approved (-want +got):\n" + diff)
	}
	changed := all["project.changed"]
	changed.Body.(*ProjectChanged).Budget = []BudgetLine{{Fund: "F2", Amount: 7000}}
	settle(t, l, "S3", changed)
	want.Name, want.Content, want.Start, want.Finish, want.Responsible, want.Budget = "道路硬化(二期)", "硬化道路1.2公里", "2020-03-10", "2020-07-31", "李某", 87000
	if diff := cmp.Diff(want, project()); diff != "" {
		t.Error("changed (-want +got):\n" + diff)
	}
	settle(t, l, "S4", draft("c2", &ProjectChanged{Project: "P1", Document: "文", Reason: "plan", Budget: []BudgetLine{{Fund: "F1", Amount: 1}}}, maker))
	want.Budget = 7001
	if diff := cmp.Diff(want, project()); diff != "" {
		t.Error("budget changed alone (-want +got):\n" + diff)
	}
	settle(t, l, "S5", all["project.cancelled"])
	want.State, want.Trail = StateCancelled, "15:approved"
	if diff := cmp.Diff(want, project()); diff != "" {
		t.Error("cancelled (-want +got):\n" + diff)
	}
	rebuilds(t, db)
}

func TestProjectRefusals(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l) // P1: approved for 80,000 of F1, has 60,000
	settle(t, l, "S2",
		draft("f2", &FundReceived{Fund: "F2", Document: "豫财农〔2020〕1号", Name: "专项", Level: "county", Amount: 1000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("p9", approvedProject("P9", "F1", 1), maker),
		draft("p9c", &ProjectCancelled{Project: "P9", Document: "文", Reason: "plan"}, maker))
	listed := samples()["project.listed"].Body.(*ProjectListed)
	listed.Project = "P8"
	mustPost(t, l, draft("p8", listed, maker))
	settle(t, l, "S3", draft("a8", &FundAllocated{Fund: "F1", Project: "P8", Document: "文", Amount: 500}, maker))
	taken := *listed
	taken.Project = "P1"
	otherFund := approvedProject("P8", "F2", 900)
	change := func(b ProjectChanged) []Draft {
		b.Document, b.Reason = "文", "plan"
		return []Draft{draft("", &b, maker)}
	}
	refuses(t, l,
		refusal{"listed twice", []Draft{draft("", &taken, maker)}, []string{"0 body.project exists"}},
		refusal{"approved twice", []Draft{draft("", approvedProject("P1", "F1", 1), maker)}, []string{"0 body.project state"}},
		refusal{"approved when cancelled", []Draft{draft("", approvedProject("P9", "F1", 1), maker)}, []string{"0 body.project state"}},
		refusal{"approved for less than it has", []Draft{draft("", approvedProject("P8", "F1", 499), maker)}, []string{"0 body.budget.0.amount below_allocated"}},
		refusal{"approved without a fund it has", []Draft{draft("", otherFund, maker)}, []string{"0 body.budget below_allocated"}},
		refusal{"approved for a fund that is not", []Draft{draft("", approvedProject("P7", "F404", 1), maker)}, []string{"0 body.budget.0.fund not_found"}},
		refusal{"changed without approval", change(ProjectChanged{Project: "P8", Content: "x"}), []string{"0 body.project unapproved"}},
		refusal{"changed when cancelled", change(ProjectChanged{Project: "P9", Content: "x"}), []string{"0 body.project cancelled"}},
		refusal{"changed when there is none", change(ProjectChanged{Project: "P404", Content: "x"}), []string{"0 body.project not_found"}},
		refusal{"changed below what it has", change(ProjectChanged{Project: "P1", Budget: []BudgetLine{{Fund: "F1", Amount: 59999}}}), []string{"0 body.budget.0.amount below_allocated"}},
		refusal{"cancelled with money", []Draft{draft("", &ProjectCancelled{Project: "P1", Document: "文", Reason: "plan"}, maker)}, []string{"0 body.project in_use"}},
		refusal{"cancelled twice", []Draft{draft("", &ProjectCancelled{Project: "P9", Document: "文", Reason: "plan"}, maker)}, []string{"0 body.project state"}},
		refusal{"cancelled when there is none", []Draft{draft("", &ProjectCancelled{Project: "P404", Document: "文", Reason: "plan"}, maker)}, []string{"0 body.project not_found"}},
	)
}

// TestProjectReversals: a listing or an approval that nothing rests on goes away,
// its number stays taken.
func TestProjectReversals(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l) // P1 was approved by entry 2 and has money
	listed := samples()["project.listed"].Body.(*ProjectListed)
	listed.Project = "P8"
	list := mustPost(t, l, draft("p8", listed, maker))[0].Seq
	approve := settle(t, l, "S2", draft("p8a", approvedProject("P8", "F1", 500), maker))[0].Seq
	refuses(t, l,
		refusal{"an approval with money", []Draft{reversal(2, maker)}, []string{"0 corrects in_use"}},
		refusal{"a listing with an approval", []Draft{reversal(list, maker)}, []string{"0 corrects in_use"}},
	)
	if err := reverse(t, l, "x1", approve); err != nil {
		t.Fatal(err)
	}
	p, err := l.Project(t.Context(), testBook, "P8")
	if err != nil || p.State != StateListed || p.Budget != 0 || p.Approved != None {
		t.Errorf("approval reversed: %+v %v", p, err)
	}
	if err := reverse(t, l, "x2", list); err != nil {
		t.Fatal(err)
	}
	if p, err = l.Project(t.Context(), testBook, "P8"); err != nil || p.State != StateWithdrawn {
		t.Errorf("listing reversed: %+v %v", p, err)
	}
	refuses(t, l,
		refusal{"listed again", []Draft{draft("", listed, maker)}, []string{"0 body.project exists"}},
		refusal{"approved again", []Draft{draft("", approvedProject("P8", "F1", 500), maker)}, []string{"0 body.project state"}},
		refusal{"cancelled", []Draft{draft("", &ProjectCancelled{Project: "P8", Document: "文", Reason: "plan"}, maker)}, []string{"0 body.project state"}},
	)
	rebuilds(t, db)
}

// TestUnlistedProjectTakenBack: an approval of what is in no library goes away whole, and
// the project may come anew, by another approval or by the library.
func TestUnlistedProjectTakenBack(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	gone := func(what string, seq Seq) {
		t.Helper()
		if err := reverse(t, l, what, seq); err != nil {
			t.Fatal(err)
		}
		if p, err := l.Project(t.Context(), testBook, "P8"); err != nil || p.State != StateWithdrawn || p.Budget != 0 || p.Approved != None || p.Listed != None {
			t.Errorf("%s: %+v %v", what, p, err)
		}
		refuses(t, l,
			refusal{"cancelled", []Draft{draft("", &ProjectCancelled{Project: "P8", Document: "文", Reason: "plan"}, maker)}, []string{"0 body.project state"}},
			refusal{"allocated", []Draft{draft("", &FundAllocated{Fund: "F1", Project: "P8", Document: "文", Amount: 1}, maker)}, []string{"0 body.project cancelled"}},
		)
	}
	gone("x1", settle(t, l, "A1", draft("p8a", approvedProject("P8", "F1", 500), maker))[0].Seq)
	gone("x2", settle(t, l, "A2", draft("p8b", approvedProject("P8", "F1", 500), maker))[0].Seq)
	listed := samples()["project.listed"].Body.(*ProjectListed)
	listed.Project = "P8"
	seq := mustPost(t, l, draft("p8", listed, maker))[0].Seq
	p, err := l.Project(t.Context(), testBook, "P8")
	if err != nil || p.State != StateListed || p.Listed != seq || p.Name != listed.Name || p.Responsible != "" || p.Document != "" {
		t.Errorf("listed: %+v %v", p, err)
	}
	settle(t, l, "A3", draft("p8c", approvedProject("P8", "F1", 500), maker))
	refuses(t, l, refusal{"listed again", []Draft{draft("", listed, maker)}, []string{"0 body.project exists"}})
	rebuilds(t, db)
}
