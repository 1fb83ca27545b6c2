package ledger

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reversal is a draft that reverses an entry.
func reversal(target Seq, by By) Draft {
	d := draft("", &EntryReversed{Reason: "amount"}, by)
	d.Corrects = target
	return d
}

func TestGovernanceBodies(t *testing.T) {
	t.Parallel()
	testBody(t, []badBody[*SubmissionMade]{
		{func(b *SubmissionMade) { b.Submission = "" }, "submission", "字母", "letters"},
		{func(b *SubmissionMade) { b.Title = "" }, "title", "必填", "is required"},
		{func(b *SubmissionMade) { b.ContentHash = "x" }, "content_hash", "SHA-256", "SHA-256"},
		{func(b *SubmissionMade) { b.Entries = 0 }, "entries", "须有1–120001条", "1 to 120001"},
		{func(b *SubmissionMade) { b.Entries = MaxUnit }, "entries", "须有1–120001条", "1 to 120001"},
		{func(b *SubmissionMade) { b.Form = "支付表" }, "form", "字母", "letters"},
		{func(b *SubmissionMade) { b.File.SHA256 = "x" }, "file.sha256", "SHA-256", "SHA-256"},
	})
	testBody(t, []badBody[*SubmissionApproved]{
		{func(b *SubmissionApproved) { b.Submission = "" }, "submission", "字母", "letters"},
		{func(b *SubmissionApproved) { b.ContentHash = "" }, "content_hash", "SHA-256", "SHA-256"},
	})
	testBody(t, []badBody[*SubmissionRejected]{
		{func(b *SubmissionRejected) { b.Submission = "" }, "submission", "字母", "letters"},
		{func(b *SubmissionRejected) { b.Reason = "" }, "reason", "须为", "want one of"},
	})
	testBody(t, []badBody[*EntryReversed]{
		{func(b *EntryReversed) { b.Reason = "手误" }, "reason", "金额错误", "want one of"},
	})
	testBody(t, []badBody[*PeriodClosed]{
		{func(b *PeriodClosed) { b.Period = "2020-13" }, "period", "2020-03", "month"},
		{func(b *PeriodClosed) { b.Period = "2020-3" }, "period", "2020-03", "month"},
	})
	testBody(t, []badBody[*KeyRotated]{
		{func(b *KeyRotated) { b.Next = "" }, "next_key", "公钥", "want a key"},
		{func(b *KeyRotated) { b.Old = "a+b" }, "old_key", "公钥", "want a key"},
		{func(b *KeyRotated) { b.Next = b.Old }, "next_key", "相同", "old key"},
		{func(b *KeyRotated) { b.Until = "soon" }, "until", "日期", "day"},
	})
	testBody(t, []badBody[*SealErased]{
		{func(b *SealErased) { b.Entry = -1 }, "entry", "整数", "whole number"},
		{func(b *SealErased) { b.Field = "" }, "sealed_field", "字母", "letters"},
		{func(b *SealErased) { b.Ground = "asked" }, "erasure_ground", "须为", "want one of"},
	})
	testBody(t, []badBody[*SealDisclosed]{
		{func(b *SealDisclosed) { b.Entry = -1 }, "entry", "整数", "whole number"},
		{func(b *SealDisclosed) { b.Field = "" }, "sealed_field", "字母", "letters"},
		{func(b *SealDisclosed) { b.To = "" }, "disclosed_to", "必填", "required"},
	})
}

// TestReversalNeedsTheRoleOfItsTarget: who may not enter an allocation may not
// propose to take one back.
func TestReversalNeedsTheRoleOfItsTarget(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	officer := By{Role: ProjectOfficer, Unit: "411025-103", User: "u4"}
	refuses(t, l, refusal{"an allocation by a project officer", []Draft{reversal(3, officer)}, []string{"0 by.role role"}})
}

// TestTwoPersons: the kinds that move money or limits say nothing alone.
func TestTwoPersons(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	for kind, d := range samples() {
		if !kinds[kind].TwoPersons {
			continue
		}
		_, err := l.Post(t.Context(), testBook, d)
		if diff := cmp.Diff([]string{"0 kind two_persons"}, said(err, false)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
	}
}

// TestSubmissionsTakeOnlyWhatIsNotAnAct lists what cannot be submitted: acts of
// approval, and what the bank did.
func TestSubmissionsTakeOnlyWhatIsNotAnAct(t *testing.T) {
	t.Parallel()
	var acts []Kind
	for _, spec := range Kinds() {
		if !coverable(spec.Kind) {
			acts = append(acts, spec.Kind)
		}
		if spec.TwoPersons && !coverable(spec.Kind) {
			t.Errorf("%s can never be posted", spec.Kind)
		}
	}
	want := []Kind{"payment.approved", "payment.paid", "payment.rejected", "submission.approved", "submission.made", "submission.rejected"}
	if diff := cmp.Diff(want, acts); diff != "" {
		t.Error("acts (-want +got):\n" + diff)
	}
}

// stepsOf is a submission that only fits in its order: receive, approve,
// allocate, request.
func stepsOf(n int) []Draft {
	fund, project := fmt.Sprintf("F%d", n), fmt.Sprintf("P%d", n)
	r := request(fmt.Sprintf("Z%d", n), 300)
	r.Fund, r.Project = fund, project
	return []Draft{
		draft(fmt.Sprintf("f%d", n), &FundReceived{Fund: fund, Document: "豫财农〔2020〕2号", Name: "专项", Level: "county", Amount: 1000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft(fmt.Sprintf("p%d", n), approvedProject(project, fund, 800), maker),
		draft(fmt.Sprintf("a%d", n), &FundAllocated{Fund: fund, Project: project, Document: "襄财〔2020〕1号", Amount: 500}, maker),
		draft(fmt.Sprintf("r%d", n), r, maker),
	}
}

// TestSubmissionAllTheWay: nothing takes effect before approval, then all of it
// does, in order; a payment in it is approved with it.
func TestSubmissionAllTheWay(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	r, err := l.Submit(ctx, testBook, "s7", SubmissionMade{Submission: "S7", Title: "三月资金", Form: "fund", File: paper}, stepsOf(7))
	if err != nil {
		t.Fatal(err)
	}
	if len(r) != 5 || r[0].Seq != 0 || r[4].Seq != 4 {
		t.Errorf("receipts %+v", r)
	}
	if _, err := l.Fund(ctx, testBook, "F7"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the fund is there before its approval: %v", err)
	}
	if got := balances(t, l); len(got) != 0 {
		t.Errorf("money moved before the approval: %v", got)
	}
	sub, err := l.Submission(ctx, testBook, "S7")
	if err != nil {
		t.Fatal(err)
	}
	want := Submission{Submission: "S7", State: StateOpen, Maker: "u1", Title: "三月资金", Form: "fund", File: paper.SHA256, ContentHash: sub.ContentHash, On: "2020-03-18", Seq: 0, First: 1, Last: 4, Decided: None}
	if diff := cmp.Diff(want, sub); diff != "" {
		t.Error("submission (-want +got):\n" + diff)
	}
	if same, err := l.SubmissionByFile(ctx, testBook, paper.SHA256); err != nil || same.Submission != "S7" {
		t.Errorf("the same file is not recognised: %+v %v", same, err)
	}
	self := second
	self.User = maker.User
	refuses(t, l,
		refusal{"one's own", []Draft{draft("", &SubmissionApproved{Submission: "S7", ContentHash: sub.ContentHash}, self)}, []string{"0 by.user self_approval"}},
		refusal{"what was not seen", []Draft{draft("", &SubmissionApproved{Submission: "S7", ContentHash: zeroHash}, second)}, []string{"0 body.hash other_content"}},
	)
	ok, err := l.Approve(ctx, testBook, "s7-ok", "S7", sub.ContentHash, "2020-03-19", second)
	if err != nil {
		t.Fatal(err)
	}
	sub, err = l.Submission(ctx, testBook, "S7")
	if err != nil {
		t.Fatal(err)
	}
	want.State, want.Decided, want.Decider = StateApproved, ok.Seq, "u2"
	if diff := cmp.Diff(want, sub); diff != "" {
		t.Error("submission (-want +got):\n" + diff)
	}
	if diff := cmp.Diff(map[string]Amount{"source/F7": -1000, "hand/F7": 500, "project/P7/F7": 500}, balances(t, l)); diff != "" {
		t.Error("accounts (-want +got):\n" + diff)
	}
	p, err := l.Payment(ctx, testBook, "Z7")
	if err != nil || p.State != StateApproved || p.Approved != ok.Seq || p.Requested != r[4].Seq {
		t.Errorf("payment %+v %v", p, err)
	}
	refuses(t, l,
		refusal{"approved twice", []Draft{draft("", &SubmissionApproved{Submission: "S7", ContentHash: sub.ContentHash}, second)}, []string{"0 body.submission state"}},
		refusal{"rejected when approved", []Draft{draft("", &SubmissionRejected{Submission: "S7", Reason: "plan"}, second)}, []string{"0 body.submission state"}},
	)
	rebuilds(t, db)
}

// TestRejectedSubmissionHasNoEffect: its entries stay in the log, its numbers are
// free again, and it cannot be approved any more.
func TestRejectedSubmissionHasNoEffect(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	r, err := l.Submit(ctx, testBook, "s7", SubmissionMade{Submission: "S7", Title: "三月资金", File: paper}, stepsOf(7))
	if err != nil {
		t.Fatal(err)
	}
	mustPost(t, l, draft("no", &SubmissionRejected{Submission: "S7", Reason: "incomplete"}, second))
	if got := balances(t, l); len(got) != 0 {
		t.Errorf("money moved: %v", got)
	}
	gone, err := l.Withdrawn(ctx, testBook, []Seq{r[0].Seq, r[1].Seq, r[4].Seq, 99})
	if diff := cmp.Diff(map[Seq]bool{1: true, 4: true}, gone); diff != "" || err != nil {
		t.Errorf("withdrawn %v (-want +got):\n%s", err, diff)
	}
	if _, err := l.SubmissionByFile(ctx, testBook, paper.SHA256); !errors.Is(err, ErrNotFound) {
		t.Errorf("a rejected file is still known: %v", err)
	}
	sub, err := l.Submission(ctx, testBook, "S7")
	if err != nil || sub.State != StateRejected || sub.Decider != "u2" {
		t.Errorf("%+v %v", sub, err)
	}
	refuses(t, l,
		refusal{"approved when rejected", []Draft{draft("", &SubmissionApproved{Submission: "S7", ContentHash: sub.ContentHash}, second)}, []string{"0 body.submission state"}},
		refusal{"reversed without effect", []Draft{reversal(r[1].Seq, maker)}, []string{"0 corrects no_effect"}},
	)
	again := stepsOf(7)
	for i := range again {
		again[i].ID += "-again"
	}
	settle(t, l, "S8", again...)
	rebuilds(t, db)
}

// TestTrialNamesEveryBadEntry: a maker learns at once what would be refused, for
// all entries, each by its place.
func TestTrialNamesEveryBadEntry(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	steps := stepsOf(7)
	steps[2].Body.(*FundAllocated).Amount = 900
	steps[3].Body.(*PaymentRequested).Amount = 501
	missing := draft("x", &FundAdjusted{Fund: "F404", Document: "文", Amount: 1}, maker)
	late := draft("y", &DocumentFiled{Project: "P404", File: paper}, maker)
	refuses(t, l, refusal{"three of six", append(steps, missing, late), []string{
		"2 body.amount over_budget", "3 body.amount over_payment", "4 body.fund not_found", "5 body.project not_found",
	}})
	// What is wrong with the form is told for all entries at once, too.
	steps = stepsOf(7)
	steps[0].Body.(*FundReceived).Level = "town"
	steps[2].Body.(*FundAllocated).Amount = 0
	steps[3].Sealed = map[string]string{"illness": "x"}
	_, err := l.Submit(t.Context(), testBook, "s7", SubmissionMade{Submission: "S7", Title: "三月资金"}, steps)
	bad, ok := errors.AsType[*Invalid](err)
	if !ok {
		t.Fatal(err)
	}
	var got []string
	for _, p := range bad.Problems {
		got = append(got, fmt.Sprint(p.Index, " ", p.Field))
	}
	if diff := cmp.Diff([]string{"1 body.level", "3 body.amount", "4 sealed.illness"}, got); diff != "" {
		t.Error("problems (-want +got):\n" + diff)
	}
}

// TestApprovalIsRefusedAsAWhole: when one entry no longer fits, none takes
// effect, and the answer names it by its place in the submission.
func TestApprovalIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l) // 40,000 in hand
	for _, s := range []string{"S2", "S3"} {
		_, err := l.Submit(ctx, testBook, s, SubmissionMade{Submission: s, Title: "分配"}, []Draft{
			draft(s+"a", &FundAllocated{Fund: "F1", Unit: "U1", Document: "襄财〔2020〕2号", Amount: 10000}, maker),
			draft(s+"b", &FundAllocated{Fund: "F1", Unit: "U2", Document: "襄财〔2020〕2号", Amount: 15000}, maker),
			draft(s+"c", &FundAllocated{Fund: "F1", Unit: "U3", Document: "襄财〔2020〕2号", Amount: 1}, maker)})
		if err != nil {
			t.Fatal(err)
		}
	}
	approve := func(s string) error {
		sub, err := l.Submission(ctx, testBook, s)
		if err != nil {
			t.Fatal(err)
		}
		_, err = l.Approve(ctx, testBook, s+"-ok", s, sub.ContentHash, "2020-03-18", second)
		return err
	}
	if err := approve("S3"); err != nil {
		t.Fatal(err)
	}
	before := balances(t, l)
	refused, ok := errors.AsType[*Refused](approve("S2"))
	if !ok {
		t.Fatal("S2 was approved")
	}
	if diff := cmp.Diff([]string{"0 entries.1.body.amount insufficient"}, said(refused, false)); diff != "" {
		t.Error("problems (-want +got):\n" + diff)
	}
	if diff := cmp.Diff(before, balances(t, l)); diff != "" {
		t.Error("accounts (-want +got):\n" + diff)
	}
	if sub, err := l.Submission(ctx, testBook, "S2"); err != nil || sub.State != StateOpen {
		t.Errorf("%+v %v", sub, err)
	}
	rebuilds(t, db)
}

// TestTakenSubmissionSaysOnlyThat: the entries of a submission whose number is
// taken are not blamed for standing outside of one.
func TestTakenSubmissionSaysOnlyThat(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	refuses(t, l, refusal{"S1 again", []Draft{
		draft("", &SubmissionMade{Submission: "S1", Title: "测试", Entries: 2}, maker),
		draft("", &FundAdjusted{Fund: "F1", Document: "文", Amount: 1}, maker),
		draft("", &FundAdjusted{Fund: "F1", Document: "文", Amount: -40002}, maker),
	}, []string{"0 body.submission exists", "2 body.amount insufficient"}})
}

// TestClosedPeriods: a closed month takes no entry, and no approval of one that
// was submitted before.
func TestClosedPeriods(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	on := func(day Date, d Draft) Draft { d.On = day; return d }
	_, err := l.Submit(ctx, testBook, "S2", SubmissionMade{Submission: "S2", Title: "二月调整"}, []Draft{
		on("2020-03-01", draft("m", &FundAdjusted{Fund: "F1", Document: "文", Amount: 1}, maker)),
		on("2020-02-29", draft("f", &FundAdjusted{Fund: "F1", Document: "文", Amount: 1}, maker))})
	if err != nil {
		t.Fatal(err)
	}
	settle(t, l, "S3", draft("close", &PeriodClosed{Period: "2020-02"}, maker))
	sub, err := l.Submission(ctx, testBook, "S2")
	if err != nil {
		t.Fatal(err)
	}
	refuses(t, l,
		refusal{"approval of an entry in it", []Draft{draft("", &SubmissionApproved{Submission: "S2", ContentHash: sub.ContentHash}, second)}, []string{"0 entries.1.on closed_period"}},
		refusal{"a new entry", []Draft{on("2020-02-29", draft("", &DocumentFiled{Project: "P1", File: paper}, maker))}, []string{"0 on closed_period"}},
		refusal{"a new submission", []Draft{on("2020-02-29", draft("", &FundAdjusted{Fund: "F1", Document: "文", Amount: 1}, maker))}, []string{"-1 on closed_period", "0 on closed_period"}},
		refusal{"an approval dated in it", []Draft{on("2020-01-31", draft("", &SubmissionRejected{Submission: "S2", Reason: "date"}, second))}, []string{"0 on closed_period"}},
		refusal{"closing what is closed", []Draft{draft("", &PeriodClosed{Period: "2020-02"}, maker)}, []string{"0 body.period closed"}},
		refusal{"closing before the end", []Draft{draft("", &PeriodClosed{Period: "2020-03"}, maker)}, []string{"0 on closed"}},
	)
	mustPost(t, l, on("2020-03-01", draft("d", &DocumentFiled{Project: "P1", File: paper}, maker)))
	settle(t, l, "S4", on("2020-05-01", draft("close2", &PeriodClosed{Period: "2020-03"}, maker)))
	refuses(t, l, refusal{"March now", []Draft{draft("", &DocumentFiled{Project: "P1", File: paper}, maker)}, []string{"0 on closed_period"}})
	// A reversal stands in the open month, whatever month its target stands in.
	x := on("2020-05-02", reversal(3, maker))
	x.ID = "x"
	settleOn(t, l, "S5", "2020-05-03", x)
	if diff := cmp.Diff([5]Amount{100000, 100000}, moneyOf(t, l, "F1")); diff != "" {
		t.Error("fund (-want +got):\n" + diff)
	}
	rebuilds(t, db)
}

// settleOn is settle with the day of the approval.
func settleOn(t testing.TB, l *Ledger, id string, on Date, drafts ...Draft) {
	t.Helper()
	if _, err := l.Submit(t.Context(), testBook, id, SubmissionMade{Submission: id, Title: "测试"}, drafts); err != nil {
		t.Fatal(err)
	}
	sub, err := l.Submission(t.Context(), testBook, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Approve(t.Context(), testBook, id+"-ok", id, sub.ContentHash, on, second); err != nil {
		t.Fatal(err)
	}
}

// TestCorrection: the right entry names the wrong one, once that is reversed.
func TestCorrection(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	right := draft("a1b", &FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕1号", Amount: 50000}, maker)
	right.Corrects = 3
	early := right
	early.ID = ""
	refuses(t, l, refusal{"before its reversal", []Draft{early}, []string{"0 corrects not_reversed", "0 body.amount over_budget"}})
	x := reversal(3, maker)
	x.ID = "x"
	settle(t, l, "S2", x, right)
	if diff := cmp.Diff(map[string]Amount{"source/F1": -100000, "hand/F1": 50000, "project/P1/F1": 50000}, balances(t, l)); diff != "" {
		t.Error("accounts (-want +got):\n" + diff)
	}
	refuses(t, l,
		refusal{"a reversal of the reversal", []Draft{reversal(6, maker)}, []string{"0 corrects kind"}},
		refusal{"a second one", []Draft{reversal(3, maker)}, []string{"0 corrects reversed"}},
		refusal{"an entry to come", []Draft{reversal(11, maker)}, []string{"0 corrects not_found"}},
		refusal{"no entry named", []Draft{reversal(None, maker)}, []string{"0 corrects required"}},
	)
	rebuilds(t, db)
}
