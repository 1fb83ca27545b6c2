package ledger

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRebuildOfASubmissionLongerThanAChunk(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	drafts := make([]Draft, replayChunk+10)
	for i := range drafts {
		drafts[i] = draft(fmt.Sprintf("d%d", i), &DocumentFiled{Project: "P1", Item: 24, File: File{Name: "照片", SHA256: encodeHash(make([]byte, 32)), Size: 1}}, maker)
	}
	settle(t, l, "S2", drafts...)
	if r, err := Rebuild(t.Context(), db.Owner, testBook, Replay{}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

// everything is a book in which every projection has rows.
func everything(t *testing.T, l *Ledger) {
	t.Helper()
	funded(t, l)
	all := samples()
	mustPost(t, l, all["tender.announced"], all["tender.bid"])
	settle(t, l, "S2", draft("k1", &ContractSigned{Contract: "K1", Project: "P1", Tender: "T1", Name: "合同", Supplier: builder, Amount: 30000}, maker),
		draft("close", &PeriodClosed{Period: "2020-02"}, maker), all["rule.activated"])
	b := request("Z1", 20000)
	b.Contract = "K1"
	r := mustPost(t, l, draft("z1", b, maker))
	paid(t, l, "Z1", encodeHash(r[0].Hash[:]))
	r = mustPost(t, l, batch("g1", "G1", 3)...)
	paid(t, l, "G1", encodeHash(r[0].Hash[:]))
	settle(t, l, "S3", load("R1", ListPoor, "411025", "2020-03-01", "2020-12-31", 1, 2)...)
	r = mustPost(t, l, draft("n1", planNotice("N1", 2), maker), draft("h1", all["notice.hung"].Body, maker), all["objection.received"])
	settle(t, l, "S4", draft("ph1", releaseOf(r[1].Seq), maker), all["place.named"])
	back := mustPost(t, l, draft("back", &PaymentReturned{Payment: "G1", Line: 2, Amount: 40, Reason: "account"}, payer))
	if err := reverse(t, l, "x", back[0].Seq); err != nil {
		t.Fatal(err)
	}
}

// TestTamperedProjectionsAreNamed changes one value of each projection as its
// owner could, and wants the rebuild to name it, and to mend it when asked.
func TestTamperedProjectionsAreNamed(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	l.Judge = payNoter
	everything(t, l)
	administered(t, l)
	settle(t, l, "S9", draft("ch", &ProjectChanged{Project: "P1", Document: "襄扶〔2020〕9号", Reason: "plan", Name: "改名"}, maker))
	for v := range Count(3) {
		mustPost(t, l, draft("rec"+string('1'+rune(v)), &ProcessBid{Recorded: recordOf("B1", v+1), Amount: Amount(v)}, maker))
	}
	how := Replay{Judge: payNoter, Sealer: l.Sealer}
	first, err := Rebuild(ctx, db.Owner, testBook, how)
	if err != nil || len(first.Differing) != 0 || first.Rows == 0 {
		t.Fatalf("%+v %v", first, err)
	}
	tampered := map[string]string{
		"proj.fund":            `update proj.fund set received = received + 1, in_hand = in_hand + 1`,
		"proj.project":         `update proj.project set place_name = '别处'`,
		"proj.project_changes": `update proj.project_changes set trail = '[]'`,
		"proj.project_total":   `update proj.project_total set contracts = contracts - 1`,
		"proj.quota":           `update proj.quota set budget = budget + 1`,
		"proj.account":         `update proj.account set balance = balance + 1 where account = 'payee/g-G1'`,
		"proj.leg":             `update proj.leg set amount = amount + 1 where account = 'hand/F1'`,
		"proj.turnover":        `delete from proj.turnover where account = 'hand/F1'`,
		"proj.tender":          `update proj.tender set winner_name = '某公司'`,
		"proj.bid":             `update proj.bid set amount = amount - 1`,
		"proj.contract":        `update proj.contract set signed = signed + 1`,
		"proj.payment":         `update proj.payment set payee_name = '别人' where payment = 'Z1'`,
		"proj.payee":           `update proj.payee set paid = paid - 1 where payee = '91350100M000100Y43'`,
		"proj.grant_line":      `update proj.grant_line set place = '411025103299' where line = 3`,
		"proj.submission":      `update proj.submission set decider = 'u9' where submission = 'S1'`,
		"proj.reversal":        `delete from proj.reversal`,
		"proj.period":          `update proj.period set period = '2020-01'`,
		"proj.record":          `update proj.record set digest = 'x'`,
		"proj.event":           `delete from proj.event where kind = 'tender.bid'`,
		"proj.rulebook":        `update proj.rulebook set rules = '{}'`,
		"proj.verdict":         `delete from proj.verdict`,
		"proj.register":        `update proj.register set to_day = '2029-12-31'`,
		"proj.register_member": `update proj.register_member set household = '' where line = 2`,
		"proj.role":            `update proj.role set area = '411025103' where grant_id = 'G-sys-1-system'`,
		"proj.holder":          `update proj.holder set at_seq = at_seq + 1`,
		"proj.notice":          `update proj.notice set ends = ends + 1`,
		"proj.notice_version":  `delete from proj.notice_version`,
		"proj.notice_project":  `delete from proj.notice_project`,
		"proj.notice_proof":    `update proj.notice_proof set board = '别处'`,
		"proj.objection":       `update proj.objection set state = 'answered'`,
		"proj.photo":           `update proj.photo set caption = '别处'`,
		"proj.place":           `update proj.place set name = '别处'`,
	}
	for _, name := range projections {
		tag, err := db.Owner.Exec(ctx, tampered[name])
		if err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("tamper with %s: %v %v", name, tag, err)
		}
		for range 2 { // finding it changes nothing
			got, err := Rebuild(ctx, db.Owner, testBook, how)
			if diff := cmp.Diff([]string{name}, got.Differing); diff != "" || !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
		}
		var told []int64
		got, err := Rebuild(ctx, db.Owner, testBook, Replay{Judge: payNoter, Sealer: l.Sealer, Replace: true, Progress: func(done, of int64) { told = append(told, done, of) }})
		if diff := cmp.Diff(Rebuilt{Entries: first.Entries, Rows: first.Rows, Differing: []string{name}}, got); diff != "" || err != nil {
			t.Errorf("mend %s: %v (-want +got):\n%s", name, err, diff)
		}
		if diff := cmp.Diff([]int64{first.Entries, first.Entries}, told); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
		if got, err := Rebuild(ctx, db.Owner, testBook, how); err != nil {
			t.Errorf("%s is not mended: %+v %v", name, got, err)
		}
	}
	if _, err := Rebuild(ctx, db.Owner, "999999", Replay{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such book: %v", err)
	}
}

// TestRebuildOfABatchLongerThanAChunk has the lines of a grant in two chunks,
// once alone and once in a submission.
func TestRebuildOfABatchLongerThanAChunk(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	settle(t, l, "S1",
		draft("f1", &FundReceived{Fund: "F1", Document: "豫财农〔2019〕1号", Name: "专项", Level: "central", Amount: 1000000, Issued: "2020-01-07", Year: "2020"}, maker),
		draft("p1", approvedProject("P1", "F1", 1000000), maker),
		draft("a1", &FundAllocated{Fund: "F1", Project: "P1", Document: "襄财〔2020〕1号", Amount: 1000000}, maker))
	for _, covered := range []bool{false, true} {
		id := fmt.Sprint("g", covered)
		drafts := batch(id, id, replayChunk+10)
		for i := range drafts[1:] {
			drafts[i+1].Sealed[fieldIDNumber] = citizen(i % 1000)
		}
		if covered {
			settle(t, l, "S2", drafts...)
		} else {
			mustPost(t, l, drafts...)
		}
	}
	rebuilds(t, db)
}
