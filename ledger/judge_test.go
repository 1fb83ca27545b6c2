package ledger

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"yilu/migrations/pgtest"
)

// payNoter is a judge that notes what was left for a project just before each
// payment, and refuses payments of 66.60.
var payNoter = &Judge{Weigh: func(v View, e *Entry) Verdict {
	b, ok := e.Body.(*PaymentRequested)
	if !ok {
		return Verdict{}
	}
	q, _ := v.Quota(b.Project, b.Fund)
	verdict := Verdict{Note: fmt.Appendf(nil, "%s %s", b.Payment, q.Available())}
	if b.Amount == 6660 && len(v.Acknowledged(e.ID)) == 0 {
		verdict.Problems = []Problem{{Field: "body.amount", Rule: "P99", Text: Text{"请说明", "explain"}}}
	}
	return verdict
}}

func notes(t *testing.T, db *pgtest.DB) []string {
	t.Helper()
	found, err := ReadVerdicts(t.Context(), db.Pool, testBook, None, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if int64(found.Until)+1 != found.Entries {
		t.Errorf("%d entries up to %d", found.Entries, found.Until)
	}
	var out []string
	for _, n := range found.Notes {
		out = append(out, string(n.Note))
	}
	return out
}

// TestJudgeSeesTheStateJustBefore: within one group, through a refusal beside it,
// and at the approval of what was submitted, not at its submission.
func TestJudgeSeesTheStateJustBefore(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	l.Judge = payNoter
	funded(t, l)
	mustPost(t, l, draft("z1", request("Z1", 100), maker), draft("z2", request("Z2", 200), maker))
	if _, err := l.Post(t.Context(), testBook, draft("z3", request("Z3", 6660), maker)); !refusedBy(err, "P99") {
		t.Errorf("a payment of 66.60: %v", err)
	}
	if _, err := l.Submit(t.Context(), testBook, "SX", SubmissionMade{Submission: "SX", Title: "测试"}, []Draft{
		draft("z4", request("Z4", 300), maker),
		draft("ack", &AlertAcknowledged{Code: "P99", Version: 1, Of: "z5", Ground: "agreed", File: paper}, maker), draft("z5", request("Z5", 6660), maker),
	}); err != nil {
		t.Fatal(err)
	}
	if got := notes(t, db); len(got) != 2 {
		t.Errorf("noted before approval: %q", got)
	}
	sub, err := l.Submission(t.Context(), testBook, "SX")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Approve(t.Context(), testBook, "SX-ok", "SX", sub.ContentHash, "2020-03-18", second); err != nil {
		t.Fatal(err)
	}
	want := []string{"Z1 600.00", "Z2 599.00", "Z4 597.00", "Z5 594.00"}
	if diff := cmp.Diff(want, notes(t, db)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if r, err := Rebuild(t.Context(), db.Owner, testBook, Replay{Judge: payNoter}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}

func refusedBy(err error, rule string) bool {
	refused, ok := errors.AsType[*Refused](err)
	return ok && len(refused.Problems) == 1 && refused.Problems[0].Rule == rule
}

// TestRiderTravelsWithItsPost: what it stores is there exactly when the entry is.
func TestRiderTravelsWithItsPost(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	if _, err := db.Owner.Exec(t.Context(), `create table public.ridden (seq bigint); grant all on public.ridden to yilu_service`); err != nil {
		t.Fatal(err)
	}
	ride := func(ctx context.Context, tx pgx.Tx, receipts []Receipt) error {
		_, err := tx.Exec(ctx, `insert into public.ridden (seq) values ($1)`, receipts[0].Seq)
		return err
	}
	r, err := l.PostWith(t.Context(), testBook, ride, draft("z1", request("Z1", 100), maker))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.PostWith(t.Context(), testBook, ride, draft("z1", request("Z1", 100), maker)); err != nil || !again[0].Repeated {
		t.Errorf("again: %+v %v", again, err)
	}
	reason := errors.New("somebody was faster")
	_, err = l.PostWith(t.Context(), testBook, func(ctx context.Context, tx pgx.Tx, receipts []Receipt) error {
		_ = ride(ctx, tx, receipts)
		return &TakeBack{reason}
	}, draft("z2", request("Z2", 100), maker))
	if !errors.Is(err, reason) {
		t.Errorf("taken back: %v", err)
	}
	if _, err := l.Outcome(t.Context(), testBook, "z2"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an entry that was taken back: %v", err)
	}
	mustPost(t, l, draft("z2", request("Z2", 100), maker)) // its place is free, and the state is not spoilt
	var seqs []Seq
	rows, err := db.Pool.Query(t.Context(), `select seq from public.ridden`)
	if err == nil {
		seqs, err = pgx.CollectRows(rows, pgx.RowTo[Seq])
	}
	if err != nil || len(seqs) != 1 || seqs[0] != r[0].Seq {
		t.Errorf("ridden %v, want %d only: %v", seqs, r[0].Seq, err)
	}
}
