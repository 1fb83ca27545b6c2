package ledger

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/migrations/pgtest"
)

// What reversals and refusals must not leave behind. Each of these was found by
// the simulation or while it was written.

// citizen is a valid made-up ID number (GB 11643), one for each n below 1000.
func citizen(n int) string {
	s := fmt.Sprintf("41102519600101%03d", n)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(s[i]-'0') * w
	}
	return s + string("10X98765432"[sum%11])
}

// batch is a grant batch of one yuan per line with its lines.
func batch(id, payment string, lines int) []Draft {
	drafts := []Draft{draft(id, &GrantRequested{Payment: payment, Project: "P1", Fund: "F1", Item: "产业奖补", Amount: Amount(100 * lines), Lines: Count(lines)}, maker)}
	for i := 1; i <= lines; i++ {
		d := draft(fmt.Sprintf("%s-%d", id, i), &GrantLine{Payment: payment, Line: Count(i), Place: "411025103205", Standard: 100, Quantity: "1", Amount: 100}, maker)
		d.Sealed = map[string]string{fieldName: "张某", fieldIDNumber: citizen(i)}
		drafts = append(drafts, d)
	}
	return drafts
}

func mustPost(t testing.TB, l *Ledger, drafts ...Draft) []Receipt {
	t.Helper()
	r, err := l.Post(t.Context(), testBook, drafts...)
	if err != nil {
		t.Fatalf("post %s: %v", drafts[0].ID, err)
	}
	return r
}

// wantRule posts drafts that must be refused by a rule.
func wantRule(t testing.TB, rule string, err error) {
	t.Helper()
	refused, ok := errors.AsType[*Refused](err)
	if !ok || refused.Problems[0].Rule != rule {
		t.Errorf("got %v, want refusal by %s", err, rule)
	}
}

func rebuilds(t testing.TB, db *pgtest.DB) {
	t.Helper()
	if r, err := Rebuild(t.Context(), db.Owner, testBook, Replay{}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

// reverse submits the reversal of an entry and tells how that went.
func reverse(t testing.TB, l *Ledger, id string, target Seq) error {
	t.Helper()
	d := draft(id, &EntryReversed{Reason: "other"}, maker)
	d.Corrects = target
	_, err := l.Submit(t.Context(), testBook, "S-"+id, SubmissionMade{Submission: "S-" + id, Title: "冲销"}, []Draft{d})
	if err != nil {
		return err
	}
	sub, err := l.Submission(t.Context(), testBook, "S-"+id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = l.Approve(t.Context(), testBook, id+"-ok", "S-"+id, sub.ContentHash, "2020-03-18", second)
	return err
}

func paid(t testing.TB, l *Ledger, payment, hash string) {
	t.Helper()
	mustPost(t, l, draft(payment+"-ok", &PaymentApproved{Payment: payment, Hash: hash}, second))
	mustPost(t, l, draft(payment+"-paid", &PaymentPaid{Payment: payment}, payer))
}

// TestRefusedBatchLeavesLinesAlone posts a second batch under a taken payment
// number: its lines have the keys of the first one's.
func TestRefusedBatchLeavesLinesAlone(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	r := mustPost(t, l, batch("g1", "G1", 3)...)
	paid(t, l, "G1", encodeHash(r[0].Hash[:]))
	_, err := l.Post(t.Context(), testBook, batch("g2", "G1", 2)...)
	wantRule(t, "exists", err)
	mustPost(t, l, draft("back", &PaymentReturned{Payment: "G1", Line: 2, Amount: 40, Reason: "account"}, payer))
	rebuilds(t, db)
}

// TestRefusedBatchInSameGroup has both batches judged in one transaction.
func TestRefusedBatchInSameGroup(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	var errs [2]error
	inOneGroup(t, l, db,
		func() { _, errs[0] = l.Post(t.Context(), testBook, batch("g1", "G1", 3)...) },
		func() { _, errs[1] = l.Post(t.Context(), testBook, batch("g2", "G1", 2)...) })
	if errs[0] != nil {
		t.Error(errs[0])
	}
	wantRule(t, "exists", errs[1])
	rebuilds(t, db)
}

// contractPaid pays the whole of contract K1, 100 yuan, and has it returned.
func contractPaid(t testing.TB, l *Ledger) (signed, returned Seq) {
	t.Helper()
	funded(t, l)
	firm := Party{Name: "某建筑公司", Code: "91350100M000100Y43"}
	s := settle(t, l, "SK", draft("k1", &ContractSigned{Contract: "K1", Project: "P1", Name: "道路硬化施工", Supplier: firm, Amount: 10000}, maker))
	b := request("Z1", 10000)
	b.Contract = "K1"
	r := mustPost(t, l, draft("z1", b, maker))
	paid(t, l, "Z1", encodeHash(r[0].Hash[:]))
	back := mustPost(t, l, draft("back", &PaymentReturned{Payment: "Z1", Amount: 10000, Reason: "account"}, payer))
	return s[0].Seq, back[0].Seq
}

func TestReversedReturnIsHeldToContract(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	_, returned := contractPaid(t, l)
	again := request("Z2", 1)
	again.Contract = "K1"
	mustPost(t, l, draft("z2", again, maker))
	wantRule(t, "over_contract", reverse(t, l, "x1", returned))
	rebuilds(t, db)
}

func TestReversedReturnNeedsItsContract(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	signed, returned := contractPaid(t, l)
	if err := reverse(t, l, "x1", signed); err != nil {
		t.Fatal(err)
	}
	wantRule(t, "not_found", reverse(t, l, "x2", returned))
	rebuilds(t, db)
}

// TestReversedRecallIsAnAllocation: money that goes back into a project needs
// a project that may have it.
func TestReversedRecallIsAnAllocation(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	r := settle(t, l, "SR", draft("rc", &FundRecalled{Fund: "F1", Project: "P1", Document: "襄财〔2020〕2号", Amount: 60000, Reason: "plan"}, maker))
	settle(t, l, "SB", draft("ch", &ProjectChanged{Project: "P1", Document: "襄扶〔2020〕9号", Reason: "plan", Budget: []BudgetLine{{Fund: "F1", Amount: 59999}}}, maker))
	wantRule(t, "over_budget", reverse(t, l, "x1", r[0].Seq))
	settle(t, l, "SC", draft("cc", &ProjectCancelled{Project: "P1", Document: "襄扶〔2020〕10号", Reason: "plan"}, maker))
	wantRule(t, "cancelled", reverse(t, l, "x2", r[0].Seq))
	rebuilds(t, db)
}

// TestReversedApprovalLeavesNoBudget: a changed approval cannot be taken back,
// for the change's budget would stay.
func TestReversedApprovalLeavesNoBudget(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	r := settle(t, l, "S1",
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "专项", Level: "central", Amount: 100000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("f2", &FundReceived{Fund: "F2", Document: "豫财农〔2019〕1号", Name: "专项", Level: "county", Amount: 100000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("p1", approvedProject("P1", "F1", 80000), maker))
	settle(t, l, "S2", draft("ch", &ProjectChanged{Project: "P1", Document: "襄扶〔2020〕9号", Reason: "plan", Budget: []BudgetLine{{Fund: "F2", Amount: 500}}}, maker))
	wantRule(t, "in_use", reverse(t, l, "x1", r[2].Seq))
	rebuilds(t, db)
}

// TestReversedChangeRestoresTheProject: the last change that stands can be taken back, and
// then the one before; never below what was given since, and not once the project ended.
func TestReversedChangeRestoresTheProject(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l) // P1: approved for 80,000 of F1, has 60,000
	settle(t, l, "SF", draft("f2", &FundReceived{Fund: "F2", Document: "豫财农〔2020〕1号", Name: "专项", Level: "county", Amount: 1000, Issued: "2020-01-07", Year: "2020"}, maker))
	project := func() Project {
		t.Helper()
		p, err := l.Project(t.Context(), testBook, "P1")
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	change := func(id string, b ProjectChanged) Seq {
		t.Helper()
		b.Project, b.Document, b.Reason = "P1", "襄扶〔2020〕9号", "plan"
		return settle(t, l, "S-"+id, draft(id, &b, maker))[0].Seq
	}
	approved := project()
	first := change("c1", ProjectChanged{Name: "改名", Place: aVillage, PlaceName: "别村", Start: "2020-03-02", Finish: "2020-12-31", Content: "改内容", Targets: "改目标", Linkage: "改机制", Unit: "改单位",
		Responsible: Person{Name: "李某"}, Budget: []BudgetLine{{Fund: "F1", Amount: 70000}, {Fund: "F2", Amount: 500}}})
	once := project()
	second := change("c2", ProjectChanged{Budget: []BudgetLine{{Fund: "F2", Amount: 900}}})
	wantRule(t, "in_use", reverse(t, l, "x1", first))
	given := settle(t, l, "SA", draft("a2", &FundAllocated{Fund: "F2", Project: "P1", Document: "襄财〔2020〕3号", Amount: 600}, maker))[0].Seq
	wantRule(t, "below_allocated", reverse(t, l, "x2", second))
	if err := reverse(t, l, "x3", given); err != nil {
		t.Fatal(err)
	}
	if err := reverse(t, l, "x4", second); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(once, project()); diff != "" {
		t.Error("the second change taken back (-want +got):\n" + diff)
	}
	wantRule(t, "reversed", reverse(t, l, "x5", second))
	if err := reverse(t, l, "x6", first); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(approved, project()); diff != "" {
		t.Error("both changes taken back (-want +got):\n" + diff)
	}
	third := change("c3", ProjectChanged{Name: "再改名"})
	r := settle(t, l, "SR", draft("rc", &FundRecalled{Fund: "F1", Project: "P1", Document: "襄财〔2020〕4号", Amount: 60000, Reason: "plan"}, maker))
	settle(t, l, "SC", draft("cc", &ProjectCancelled{Project: "P1", Document: "襄扶〔2020〕10号", Reason: "plan"}, maker))
	wantRule(t, "cancelled", reverse(t, l, "x7", third))
	_ = r
	rebuilds(t, db)
}

// TestChangeBeforeANewApprovalStays: what an approval states holds as it is, whatever was
// changed under the one before.
func TestChangeBeforeANewApprovalStays(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	r := settle(t, l, "S1",
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "专项", Level: "central", Amount: 100000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("p1", approvedProject("P1", "F1", 80000), maker))
	changed := settle(t, l, "S2", draft("c1", &ProjectChanged{Project: "P1", Document: "文", Reason: "plan", Name: "改名"}, maker))[0].Seq
	if err := reverse(t, l, "x1", r[1].Seq); err != nil {
		t.Fatal(err)
	}
	wantRule(t, "cancelled", reverse(t, l, "x2", changed)) // it was in no library
	settle(t, l, "S3", draft("p2", approvedProject("P1", "F1", 50000), maker))
	wantRule(t, "in_use", reverse(t, l, "x3", changed))
	if p, err := l.Project(t.Context(), testBook, "P1"); err != nil || p.Name == "改名" || p.Budget != 50000 {
		t.Errorf("%+v %v", p, err)
	}
	rebuilds(t, db)
}

// TestWithdrawnProjectGetsNoMoney lists a project and takes that back.
func TestWithdrawnProjectGetsNoMoney(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	r := mustPost(t, l, draft("p2", &ProjectListed{Project: "P2", Name: "桥", Content: "建桥", Type: "construction", Place: "411025103205", PlaceName: "某村", Unit: "镇政府"}, maker))
	if err := reverse(t, l, "x1", r[0].Seq); err != nil {
		t.Fatal(err)
	}
	_, err := l.Submit(t.Context(), testBook, "S2", SubmissionMade{Submission: "S2", Title: "分配"}, []Draft{
		draft("a2", &FundAllocated{Fund: "F1", Project: "P2", Document: "襄财〔2020〕1号", Amount: 1}, maker)})
	wantRule(t, "cancelled", err)
}

// TestInstantStaysReadable: what is posted must be read again for ever.
func TestInstantStaysReadable(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"9999-12-31T23:59:59-23:00", "0000-01-01T00:00:00+23:00"} {
		var v instant
		if err := v.UnmarshalText([]byte(s)); err != nil {
			continue
		}
		if err := v.UnmarshalText([]byte(v)); err != nil {
			t.Errorf("%s is kept as %s, which cannot be read: %v", s, v, err)
		}
	}
}
