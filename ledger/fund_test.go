package ledger

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFundBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*FundReceived]{
		{func(b *FundReceived) { b.Fund = "资金" }, "fund", "以字母或数字开头", "letters, digits"},
		{func(b *FundReceived) { b.Document = " " }, "document", "必填", "is required"},
		{func(b *FundReceived) { b.Name = strings.Repeat("长", 201) }, "name", "最多200字，现有201字", "at most 200 characters"},
		{func(b *FundReceived) { b.Level = "town" }, "level", "须为", "want one of"},
		{func(b *FundReceived) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *FundReceived) { b.Amount = MaxAmount + 1 }, "amount", "单笔最多", "at most"},
		{func(b *FundReceived) { b.FunctionCode = "2130" }, "function_code", "3、5或7位", "3, 5 or 7 digits"},
		{func(b *FundReceived) { b.Issued = "" }, "issued", "必填", "is required"},
		{func(b *FundReceived) { b.Year = "20" }, "year", "四位年份", "four digits"},
		{func(b *FundReceived) { b.Principle = "联系人13800138000" }, "principle", "手机号", "a mobile number"},
		{func(b *FundReceived) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
		{func(b *FundReceived) { b.Files[0].SHA256 = "x" }, "files.0.sha256", "SHA-256", "SHA-256"},
		{func(b *FundReceived) { b.Files[0].Size = -1 }, "files.0.size", "不小于零", "from 0"},
		{func(b *FundReceived) { b.Files = manyFiles(31) }, "files", "最多30个", "at most 30"},
		{func(b *FundReceived) { b.Uses = []string{"industry", "roads"} }, "uses.1", "须为", "want one of"},
	})
	testBody(t, []badBody[*FundAdjusted]{
		{func(b *FundAdjusted) { b.Fund = "" }, "fund", "字母", "letters"},
		{func(b *FundAdjusted) { b.Amount = 0 }, "amount", "不等于零", "other than zero"},
		{func(b *FundAdjusted) { b.Amount = -MaxAmount - 1 }, "amount", "单笔最多", "at most"},
		{func(b *FundAdjusted) { b.Document = "" }, "document", "必填", "is required"},
		{func(b *FundAdjusted) { b.Files[0].SHA256 = "" }, "files.0.sha256", "SHA-256", "SHA-256"},
	})
	testBody(t, []badBody[*FundRecalled]{
		{func(b *FundRecalled) { b.Fund = "a b" }, "fund", "字母", "letters"},
		{func(b *FundRecalled) { b.Document = "" }, "document", "必填", "is required"},
		{func(b *FundRecalled) { b.Amount = -1 }, "amount", "大于零", "above zero"},
		{func(b *FundRecalled) { b.Project = "/" }, "project", "字母", "letters"},
		{func(b *FundRecalled) { b.Project, b.Unit = "", "乡" }, "unit", "字母", "letters"},
		{func(b *FundRecalled) { b.Unit = "U1" }, "unit", "只能填一个", "not both"},
		{func(b *FundRecalled) { b.Reason = "因为" }, "reason", "须为", "want one of"},
	})
	testBody(t, []badBody[*FundAllocated]{
		{func(b *FundAllocated) { b.Fund = "" }, "fund", "字母", "letters"},
		{func(b *FundAllocated) { b.Document = "" }, "document", "必填", "is required"},
		{func(b *FundAllocated) { b.Amount = 0 }, "amount", "大于零", "above zero"},
		{func(b *FundAllocated) { b.Project = "P/1" }, "project", "字母", "letters"},
		{func(b *FundAllocated) { b.Unit = "U2" }, "project", "且只填一个", "either"},
		{func(b *FundAllocated) { b.Project = "" }, "project", "且只填一个", "either"},
		{func(b *FundAllocated) { b.Project, b.Unit = "", "U1" }, "from_unit", "自己", "itself"},
		{func(b *FundAllocated) { b.FromUnit = "?" }, "from_unit", "字母", "letters"},
		{func(b *FundAllocated) { b.Files[0].Name = "" }, "files.0.name", "必填", "is required"},
	})
}

// TestFundsMove follows every kind of the stage and looks at each balance.
func TestFundsMove(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	received := settle(t, l, "S1",
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "专项", Level: "central", Amount: 100000, Issued: "2020-01-07", Year: "2020", FunctionCode: "2130599", Principle: "按人口"}, maker),
		draft("p1", approvedProject("P1", "F1", 80000), maker))
	got, err := l.Fund(t.Context(), testBook, "F1")
	if err != nil {
		t.Fatal(err)
	}
	want := Fund{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "专项", Level: "central", Year: "2020", FunctionCode: "2130599", Principle: "按人口",
		Issued: "2020-01-07", Received: 100000, InHand: 100000, Seq: received[0].Seq}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("fund (-want +got):\n" + diff)
	}
	for _, step := range []struct {
		name  string
		body  Body
		fund  [5]Amount
		where map[string]Amount
	}{
		{"more", &FundAdjusted{Fund: "F1", Document: "豫财农〔2020〕2号", Amount: 5000}, [5]Amount{105000, 105000}, map[string]Amount{"source/F1": -105000, "hand/F1": 105000}},
		{"less", &FundAdjusted{Fund: "F1", Document: "豫财农〔2020〕3号", Amount: -3000}, [5]Amount{102000, 102000}, map[string]Amount{"source/F1": -102000, "hand/F1": 102000}},
		{"to a unit", &FundAllocated{Fund: "F1", Unit: "U1", Document: "襄财〔2020〕1号", Amount: 50000}, [5]Amount{102000, 52000, 50000}, map[string]Amount{"source/F1": -102000, "hand/F1": 52000, "unit/U1/F1": 50000}},
		{"unit to unit", &FundAllocated{Fund: "F1", FromUnit: "U1", Unit: "U2", Document: "襄农〔2020〕1号", Amount: 20000}, [5]Amount{102000, 52000, 50000}, map[string]Amount{"source/F1": -102000, "hand/F1": 52000, "unit/U1/F1": 30000, "unit/U2/F1": 20000}},
		{"unit to project", &FundAllocated{Fund: "F1", FromUnit: "U2", Project: "P1", Document: "襄农〔2020〕2号", Amount: 20000}, [5]Amount{102000, 52000, 50000}, map[string]Amount{"source/F1": -102000, "hand/F1": 52000, "unit/U1/F1": 30000, "project/P1/F1": 20000}},
		{"to the project", &FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕2号", Amount: 40000}, [5]Amount{102000, 12000, 90000}, map[string]Amount{"source/F1": -102000, "hand/F1": 12000, "unit/U1/F1": 30000, "project/P1/F1": 60000}},
		{"back from the unit", &FundRecalled{Fund: "F1", Unit: "U1", Document: "襄财〔2020〕3号", Amount: 30000, Reason: "plan"}, [5]Amount{102000, 42000, 60000}, map[string]Amount{"source/F1": -102000, "hand/F1": 42000, "project/P1/F1": 60000}},
		{"back from the project", &FundRecalled{Fund: "F1", Project: "P1", Document: "襄财〔2020〕4号", Amount: 10000, Reason: "surplus"}, [5]Amount{102000, 52000, 50000}, map[string]Amount{"source/F1": -102000, "hand/F1": 52000, "project/P1/F1": 50000}},
		{"back to the province", &FundRecalled{Fund: "F1", Document: "襄财〔2020〕5号", Amount: 52000, Reason: "idle"}, [5]Amount{102000, 0, 50000, 0, 52000}, map[string]Amount{"source/F1": -50000, "project/P1/F1": 50000}},
	} {
		r := settle(t, l, "S-"+strings.ReplaceAll(step.name, " ", "-"), draft(strings.ReplaceAll(step.name, " ", "-"), step.body, maker))
		if diff := cmp.Diff(step.fund, moneyOf(t, l, "F1")); diff != "" {
			t.Errorf("%s: fund (-want +got):\n%s", step.name, diff)
		}
		if diff := cmp.Diff(step.where, balances(t, l)); diff != "" {
			t.Errorf("%s: accounts (-want +got):\n%s", step.name, diff)
		}
		if r[0].Seq == None {
			t.Errorf("%s has no seq", step.name)
		}
	}
	q, err := l.Quotas(t.Context(), testBook, "P1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Quota{{Quota: "P1/F1", Project: "P1", Fund: "F1", Budget: 80000, Allocated: 50000}}, q); diff != "" {
		t.Error("quotas (-want +got):\n" + diff)
	}
	rebuilds(t, db)
}

// TestFundReversals takes the steps back in the opposite order and ends where it
// began.
func TestFundReversals(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l) // F1: 100,000, of them 60,000 in P1 (seq 3)
	before := balances(t, l)
	bodies := []Body{
		&FundAdjusted{Fund: "F1", Document: "豫财农〔2020〕2号", Amount: -500},
		&FundAllocated{Fund: "F1", Unit: "U1", Document: "襄财〔2020〕2号", Amount: 10000},
		&FundAllocated{Fund: "F1", FromUnit: "U1", Project: "P1", Document: "襄财〔2020〕3号", Amount: 4000},
		&FundRecalled{Fund: "F1", Project: "P1", Document: "襄财〔2020〕4号", Amount: 1000, Reason: "plan"},
		&FundRecalled{Fund: "F1", Unit: "U1", Document: "襄财〔2020〕5号", Amount: 600, Reason: "plan"},
		&FundRecalled{Fund: "F1", Document: "襄财〔2020〕6号", Amount: 300, Reason: "plan"},
	}
	var seqs []Seq
	for i, b := range bodies {
		id := string(rune('a' + i))
		seqs = append(seqs, settle(t, l, "S-"+id, draft(id, b, maker))[0].Seq)
	}
	for i := len(seqs) - 1; i >= 0; i-- {
		if err := reverse(t, l, "x"+string(rune('a'+i)), seqs[i]); err != nil {
			t.Fatalf("reverse %T: %v", bodies[i], err)
		}
	}
	if diff := cmp.Diff(before, balances(t, l)); diff != "" {
		t.Error("accounts (-want +got):\n" + diff)
	}
	if diff := cmp.Diff([5]Amount{100000, 40000, 60000}, moneyOf(t, l, "F1")); diff != "" {
		t.Error("fund (-want +got):\n" + diff)
	}
	rebuilds(t, db)
}

func TestFundRefusals(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	settle(t, l, "S2",
		draft("f2", &FundReceived{Fund: "F2", Document: "豫财农〔2020〕1号", Name: "专项", Level: "county", Amount: 1000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("p9", approvedProject("P9", "F1", 1), maker),
		draft("p9c", &ProjectCancelled{Project: "P9", Document: "襄扶〔2020〕9号", Reason: "plan"}, maker),
		draft("u1", &FundAllocated{Fund: "F1", Unit: "U1", Document: "襄财〔2020〕1号", Amount: 100}, maker))
	mustPost(t, l, draft("p8", &ProjectListed{Project: "P8", Name: "桥", Content: "建桥", Type: "construction", Place: aVillage, PlaceName: "某村", Unit: "镇政府"}, maker))
	mustPost(t, l, draft("r1", request("Z1", 20000), maker))
	again := samples()["fund.received"].Body.(*FundReceived)
	give := func(b FundAllocated) []Draft {
		b.Document = "襄财〔2020〕1号"
		return []Draft{draft("", &b, maker)}
	}
	take := func(b FundRecalled) []Draft {
		b.Document, b.Reason = "襄财〔2020〕1号", "plan"
		return []Draft{draft("", &b, maker)}
	}
	refuses(t, l,
		refusal{"taken number", []Draft{draft("", again, maker)}, []string{"0 body.fund exists"}},
		refusal{"adjust nothing", []Draft{draft("", &FundAdjusted{Fund: "F9", Document: "文", Amount: 1}, maker)}, []string{"0 body.fund not_found"}},
		refusal{"adjust below what is in hand", []Draft{draft("", &FundAdjusted{Fund: "F1", Document: "文", Amount: -39901}, maker)}, []string{"0 body.amount insufficient"}},
		refusal{"allocate from nothing", give(FundAllocated{Fund: "F9", Project: "P1", Amount: 1}), []string{"0 body.fund not_found"}},
		refusal{"allocate to nothing", give(FundAllocated{Fund: "F1", Project: "P404", Amount: 1}), []string{"0 body.project not_found"}},
		refusal{"allocate to a cancelled project", give(FundAllocated{Fund: "F1", Project: "P9", Amount: 1}), []string{"0 body.project cancelled"}},
		refusal{"more than approved", give(FundAllocated{Fund: "F1", Project: "P1", Amount: 20001}), []string{"0 body.amount over_budget"}},
		refusal{"a fund that is not approved", give(FundAllocated{Fund: "F2", Project: "P1", Amount: 1}), []string{"0 body.amount over_budget"}},
		refusal{"more than in hand", give(FundAllocated{Fund: "F1", Unit: "U1", Amount: 39901}), []string{"0 body.amount insufficient"}},
		refusal{"more than the unit has", give(FundAllocated{Fund: "F1", FromUnit: "U1", Project: "P1", Amount: 101}), []string{"0 body.amount insufficient"}},
		refusal{"more than in hand, though listed only", give(FundAllocated{Fund: "F2", Project: "P8", Amount: 1001}), []string{"0 body.amount insufficient"}},
		refusal{"recall what is requested", take(FundRecalled{Fund: "F1", Project: "P1", Amount: 40001}), []string{"0 body.amount not_available"}},
		refusal{"recall what never was", take(FundRecalled{Fund: "F2", Project: "P1", Amount: 1}), []string{"0 body.amount not_available"}},
		refusal{"recall more than the unit has", take(FundRecalled{Fund: "F1", Unit: "U1", Amount: 101}), []string{"0 body.amount insufficient"}},
		refusal{"recall from nothing", take(FundRecalled{Fund: "F9", Amount: 1}), []string{"0 body.fund not_found"}},
		refusal{"return more than in hand", take(FundRecalled{Fund: "F2", Amount: 1001}), []string{"0 body.amount insufficient"}},
		refusal{"two entries that fit alone", append(give(FundAllocated{Fund: "F1", Project: "P1", Amount: 15000}), give(FundAllocated{Fund: "F1", Project: "P1", Amount: 15000})...), []string{"1 body.amount over_budget"}},
	)
	if diff := cmp.Diff([5]Amount{100000, 39900, 60100}, moneyOf(t, l, "F1")); diff != "" {
		t.Error("fund (-want +got):\n" + diff)
	}
}

// TestReversalOfFundsIsBlockedByUse: what was allocated, paid or passed on cannot
// be taken from where it no longer is.
func TestReversalOfFundsIsBlockedByUse(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	unit := settle(t, l, "S2",
		draft("u1", &FundAllocated{Fund: "F1", Unit: "U1", Document: "襄财〔2020〕1号", Amount: 10000}, maker),
		draft("u2", &FundAllocated{Fund: "F1", FromUnit: "U1", Project: "P1", Document: "襄财〔2020〕1号", Amount: 9999}, maker))
	mustPost(t, l, draft("r1", request("Z1", 60000), maker))
	for _, c := range []struct {
		name   string
		target Seq
		want   []string
	}{
		{"received, but allocated", 1, []string{"0 corrects insufficient"}},
		{"allocated, but requested", 3, []string{"0 corrects not_available"}},
		{"allocated to a unit, but passed on", unit[0].Seq, []string{"0 corrects insufficient"}},
	} {
		if diff := cmp.Diff(c.want, said(reverse(t, l, "x-"+seqKey(c.target), c.target), true)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
