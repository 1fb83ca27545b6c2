package ledger

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAcceptanceBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*WorksStarted]{
		{func(b *WorksStarted) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *WorksStarted) { b.Contract = "合同" }, "contract", "字母", "letters"},
	})
	testBody(t, []badBody[*WorksProgressed]{
		{func(b *WorksProgressed) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *WorksProgressed) { b.Content = "" }, "content", "必填", "is required"},
		{func(b *WorksProgressed) { b.Value = -1 }, "value", "为负", "negative"},
		{func(b *WorksProgressed) { b.Percent = 101 }, "percent", "0–100", "0 to 100"},
		{func(b *WorksProgressed) { b.Percent = -1 }, "percent", "0–100", "0 to 100"},
		{func(b *WorksProgressed) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*WorksCompleted]{
		{func(b *WorksCompleted) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *WorksCompleted) { b.Content = " " }, "content", "必填", "is required"},
	})
	testBody(t, []badBody[*AcceptancePassed]{
		{func(b *AcceptancePassed) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *AcceptancePassed) { b.Level = "village" }, "level", "乡镇初验", "want one of"},
		{func(b *AcceptancePassed) { b.Conclusion = "" }, "conclusion", "必填", "is required"},
		{func(b *AcceptancePassed) { b.Acceptors[0].Name = "" }, "acceptors.0.name", "必填", "is required"},
		{func(b *AcceptancePassed) { b.Acceptors = slices.Repeat(b.Acceptors, 21) }, "acceptors", "最多20个", "at most 20"},
		{func(b *AcceptancePassed) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*AcceptancePassed]{
		{func(b *AcceptancePassed) { b.Quantities[0].Contract = "" }, "quantities.0.contract", "字母", "letters"},
		{func(b *AcceptancePassed) { b.Quantities[0].Item = "" }, "quantities.0.item", "必填", "is required"},
		{func(b *AcceptancePassed) { b.Quantities[0].Quantity = "-1" }, "quantities.0.quantity", "数量须为数字", "want a number"},
		{func(b *AcceptancePassed) { b.Quantities = append(b.Quantities, b.Quantities[0]) }, "quantities.1.item", "只能出现一次", "once"},
		{func(b *AcceptancePassed) {
			for i := range 200 {
				b.Quantities = append(b.Quantities, AcceptedQuantity{"K1", fmt.Sprint(i), "1"})
			}
		}, "quantities", "最多200项", "at most 200"},
	})
	testBody(t, []badBody[*AssetDisposed]{
		{func(b *AssetDisposed) { b.Asset = "" }, "asset", "字母", "letters"},
		{func(b *AssetDisposed) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *AssetDisposed) { b.Decision = strings.Repeat("长", 201) }, "decision", "最多200字", "at most 200"},
		{func(b *AssetDisposed) { b.Proceeds = -1 }, "proceeds", "为负", "negative"},
		{func(b *AssetDisposed) { b.Value = 0 }, "value", "大于零", "above zero"},
		{func(b *AssetDisposed) { b.Way = "given" }, "disposal_way", "出售", "want one of"},
		{func(b *AssetDisposed) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*AcceptanceFailed]{
		{func(b *AcceptanceFailed) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *AcceptanceFailed) { b.Level = "" }, "level", "乡镇初验", "want one of"},
		{func(b *AcceptanceFailed) { b.Conclusion = strings.Repeat("长", 501) }, "conclusion", "最多500字", "at most 500"},
		{func(b *AcceptanceFailed) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*SettlementAudited]{
		{func(b *SettlementAudited) { b.Contract = "" }, "contract", "字母", "letters"},
		{func(b *SettlementAudited) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *SettlementAudited) { b.Auditor.Name = "" }, "auditor.name", "必填", "is required"},
		{func(b *SettlementAudited) { b.Document = "" }, "document", "必填", "is required"},
		{func(b *SettlementAudited) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
	testBody(t, []badBody[*AssetRegistered]{
		{func(b *AssetRegistered) { b.Asset = "" }, "asset", "字母", "letters"},
		{func(b *AssetRegistered) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *AssetRegistered) { b.Name = "" }, "name", "必填", "is required"},
		{func(b *AssetRegistered) { b.Class = "road" }, "class", "公益性", "want one of"},
		{func(b *AssetRegistered) { b.Owner = "" }, "owner", "必填", "is required"},
		{func(b *AssetRegistered) { b.Keeper = "张三13800138000" }, "keeper", "手机号", "mobile"},
		{func(b *AssetRegistered) { b.Operator = strings.Repeat("长", 101) }, "operator", "最多100字", "at most 100"},
		{func(b *AssetRegistered) { b.Income = strings.Repeat("长", 501) }, "income", "最多500字", "at most 500"},
		{func(b *AssetRegistered) { b.State = "lost" }, "state", "闲置", "want one of"},
		{func(b *AssetRegistered) { b.Place = "" }, "place", "12位", "12-digit"},
		{func(b *AssetRegistered) { b.Value = 0 }, "value", "大于零", "above zero"},
	})
	testBody(t, []badBody[*DocumentFiled]{
		{func(b *DocumentFiled) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *DocumentFiled) { b.File.Name = "" }, "file.name", "必填", "is required"},
		{func(b *DocumentFiled) { b.File.SHA256 = "" }, "file.sha256", "SHA-256", "SHA-256"},
		{func(b *DocumentFiled) { b.File.Size = -1 }, "file.size", "整数", "whole number"},
		{func(b *DocumentFiled) { b.Item = 28 }, "item", "0–27", "0 to 27"},
	})
	testBody(t, []badBody[*DocumentWaived]{
		{func(b *DocumentWaived) { b.Project = "" }, "project", "字母", "letters"},
		{func(b *DocumentWaived) { b.Explanation = " " }, "explanation", "必填", "is required"},
		{func(b *DocumentWaived) { b.Explanation = strings.Repeat("长", 201) }, "explanation", "最多200字", "at most 200"},
		{func(b *DocumentWaived) { b.Explanation = "户主 11010519491231002X" }, "explanation", "身份证", "ID number"},
		{func(b *DocumentWaived) { b.Item = 0 }, "item", "1–27", "1 to 27"},
		{func(b *DocumentWaived) { b.Item = 28 }, "item", "1–27", "1 to 27"},
	})
}

// TestWorksAllTheWay follows a project from its start to its archive, through a
// failed acceptance, and looks at its state and its timeline.
func TestWorksAllTheWay(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	settle(t, l, "S2", draft("k1", &ContractSigned{Contract: "K1", Project: "P1", Name: "合同", Supplier: builder, Amount: 50000}, maker))
	levels := func(level string) *AcceptancePassed {
		return &AcceptancePassed{Project: "P1", Level: level, Conclusion: "合格"}
	}
	steps := []struct {
		body  Body
		state string
	}{
		{&WorksStarted{Project: "P1", Contract: "K1"}, StateStarted},
		{&WorksProgressed{Project: "P1", Content: "路基", Percent: 40, Value: 20000}, StateStarted},
		{&WorksCompleted{Project: "P1", Content: "硬化1公里"}, StateCompleted},
		{levels("township"), StateCompleted},
		{&AcceptanceFailed{Project: "P1", Level: "county", Conclusion: "厚度不足"}, StateStarted},
		{&WorksProgressed{Project: "P1", Content: "返工", Percent: 90, Value: 45000}, StateStarted},
		{&WorksCompleted{Project: "P1", Content: "硬化1公里，厚18厘米"}, StateCompleted},
		{levels("county"), StateAccepted},
		{&SettlementAudited{Contract: "K1", Amount: 48000, Auditor: stranger, Document: "审字〔2020〕5号"}, StateAccepted},
		{&AssetRegistered{Asset: "A1", Project: "P1", Name: "通村路", Class: "public", Owner: "某村", Place: aVillage, Value: 48000}, StateAccepted},
		{&DocumentFiled{Project: "P1", File: paper, Item: 24}, StateAccepted},
	}
	var kindsWanted []Kind
	for i, step := range steps {
		d := draft("w"+string(rune('a'+i)), step.body, maker)
		if kinds[d.Kind].TwoPersons {
			settle(t, l, "S"+d.ID, d)
		} else {
			mustPost(t, l, d)
		}
		kindsWanted = append(kindsWanted, d.Kind)
		p, err := l.Project(ctx, testBook, "P1")
		if err != nil || p.State != step.state {
			t.Errorf("after %s the project is %s, %v; want %s", d.Kind, p.State, err, step.state)
		}
	}
	k, err := l.Contract(ctx, testBook, "K1")
	if err != nil || k.Settled != 48000 || k.Limit() != 48000 {
		t.Errorf("%+v %v", k, err)
	}
	events, err := l.Timeline(ctx, testBook, "P1")
	if err != nil {
		t.Fatal(err)
	}
	var got []Kind
	for _, e := range events {
		got = append(got, e.Kind)
	}
	if diff := cmp.Diff(append([]Kind{"project.approved", "contract.signed"}, kindsWanted...), got); diff != "" {
		t.Error("timeline (-want +got):\n" + diff)
	}
	refuses(t, l,
		refusal{"started again", []Draft{draft("", &WorksStarted{Project: "P1"}, maker)}, []string{"0 body.project state"}},
		refusal{"progress after the end", []Draft{draft("", &WorksProgressed{Project: "P1", Content: "x"}, maker)}, []string{"0 body.project state"}},
		refusal{"completed after acceptance", []Draft{draft("", &WorksCompleted{Project: "P1", Content: "x"}, maker)}, []string{"0 body.project state"}},
		refusal{"accepted twice", []Draft{draft("", levels("county"), maker)}, []string{"0 body.project state"}},
		refusal{"failed after acceptance", []Draft{draft("", &AcceptanceFailed{Project: "P1", Level: "county", Conclusion: "x"}, maker)}, []string{"0 body.project state"}},
	)
	rebuilds(t, db)
}

func TestAcceptanceRefusals(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	listed := samples()["project.listed"].Body.(*ProjectListed)
	listed.Project = "P8"
	mustPost(t, l, draft("p8", listed, maker))
	settle(t, l, "S2",
		draft("p9", approvedProject("P9", "F1", 1), maker),
		draft("p7", approvedProject("P7", "F1", 1), maker),
		draft("k7", &ContractSigned{Contract: "K7", Project: "P7", Name: "合同", Supplier: builder, Amount: 1}, maker),
		draft("p9c", &ProjectCancelled{Project: "P9", Document: "文", Reason: "plan"}, maker))
	asset := func(project string) []Draft {
		return []Draft{draft("", &AssetRegistered{Asset: "A1", Project: project, Name: "路", Class: "public", Owner: "某村", Place: aVillage, Value: 1}, maker)}
	}
	refuses(t, l,
		refusal{"started none", []Draft{draft("", &WorksStarted{Project: "P404"}, maker)}, []string{"0 body.project not_found"}},
		refusal{"started unapproved", []Draft{draft("", &WorksStarted{Project: "P8"}, maker)}, []string{"0 body.project unapproved"}},
		refusal{"started when cancelled", []Draft{draft("", &WorksStarted{Project: "P9"}, maker)}, []string{"0 body.project cancelled"}},
		refusal{"started under no contract", []Draft{draft("", &WorksStarted{Project: "P1", Contract: "K404"}, maker)}, []string{"0 body.contract not_found"}},
		refusal{"started under another's", []Draft{draft("", &WorksStarted{Project: "P1", Contract: "K7"}, maker)}, []string{"0 body.contract other_project"}},
		refusal{"accepted unfinished", []Draft{draft("", &AcceptancePassed{Project: "P1", Level: "county", Conclusion: "x"}, maker)}, []string{"0 body.project state"}},
		refusal{"failed unfinished", []Draft{draft("", &AcceptanceFailed{Project: "P1", Level: "county", Conclusion: "x"}, maker)}, []string{"0 body.project state"}},
		refusal{"settled none", []Draft{draft("", &SettlementAudited{Contract: "K404", Amount: 1, Auditor: stranger, Document: "文"}, maker)}, []string{"0 body.contract not_found"}},
		refusal{"asset of none", asset("P404"), []string{"0 body.project not_found"}},
		refusal{"asset unapproved", asset("P8"), []string{"0 body.project unapproved"}},
		refusal{"paper of none", []Draft{draft("", &DocumentFiled{Project: "P404", File: paper}, maker)}, []string{"0 body.project not_found"}},
		refusal{"no paper of none", []Draft{draft("", &DocumentWaived{Project: "P404", Item: 20, Explanation: "自建"}, maker)}, []string{"0 body.project not_found"}},
	)
	// Papers are filed before the approval and after the cancellation, too.
	mustPost(t, l, draft("d8", &DocumentFiled{Project: "P8", File: paper}, maker), draft("d9", &DocumentFiled{Project: "P9", File: paper}, maker))
	started := mustPost(t, l, draft("s1", &WorksStarted{Project: "P1"}, maker))[0].Seq
	filed := mustPost(t, l, draft("d1", &DocumentFiled{Project: "P1", File: paper}, maker))[0].Seq
	registered := mustPost(t, l, func() Draft { d := asset("P1")[0]; d.ID = "asset"; return d }())[0].Seq
	for i, target := range []Seq{filed, registered, started} {
		if err := reverse(t, l, "x"+string(rune('a'+i)), target); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := l.Project(t.Context(), testBook, "P1"); err != nil || p.State != StateApproved {
		t.Errorf("%+v %v", p, err)
	}
	again := mustPost(t, l, draft("s2", &WorksStarted{Project: "P1"}, maker), draft("c", &WorksCompleted{Project: "P1", Content: "完成"}, maker))
	refuses(t, l,
		refusal{"start reversed when completed", []Draft{reversal(again[0].Seq, maker)}, []string{"0 corrects in_use"}},
	)
	rebuilds(t, db)
}
