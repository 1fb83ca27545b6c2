package ledger

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatWaits(t *testing.T) {
	t.Parallel()
	l := county(t)
	r := request("W1", 10)
	r.Project, r.Fund = "P01", "F2"
	mustPost(t, l, draft("w1", r, maker))
	if _, err := l.Submit(t.Context(), testBook, "S2", SubmissionMade{Submission: "S2", Title: "收回"}, []Draft{draft("w2", &FundRecalled{Fund: "F1", Document: "襄财〔2020〕9号", Amount: 1, Reason: "plan"}, maker)}); err != nil {
		t.Fatal(err)
	}
	for user, want := range map[string]Waiting{
		second.User: {Submissions: 1, Requests: 1, RequestsAmount: 10, Payable: 12, PayableAmount: 600},
		maker.User:  {Payable: 12, PayableAmount: 600},
	} {
		if got, err := l.WaitingFor(t.Context(), testBook, user); err != nil || got != want {
			t.Errorf("for %s: %+v %v", user, got, err)
		}
	}
	for name, c := range map[string]struct {
		filter SubmissionFilter
		want   int
	}{
		"all": {SubmissionFilter{}, 2}, "open": {SubmissionFilter{State: StateOpen}, 1}, "made": {SubmissionFilter{Maker: maker.User}, 2}, "not by": {SubmissionFilter{NotBy: maker.User}, 0},
		"title": {SubmissionFilter{Text: "收"}, 1}, "id": {SubmissionFilter{Text: "S1"}, 1}, "wild": {SubmissionFilter{Text: "%"}, 0},
	} {
		got := pages(t, 1, func(ctx context.Context, p Page) ([]Submission, string, error) {
			return l.FindSubmissions(ctx, testBook, c.filter, p)
		})
		if len(got) != c.want {
			t.Errorf("%s: %d submissions, want %d", name, len(got), c.want)
		}
	}
	if got, _, err := l.Payments(t.Context(), testBook, PaymentFilter{Maker: maker.User, State: StateRequested}, Page{}); err != nil || len(got) != 1 || got[0].Payment != "W1" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestMovementsOfEntries(t *testing.T) {
	t.Parallel()
	l := county(t)
	sub, err := l.Submission(t.Context(), testBook, "S1")
	if err != nil {
		t.Fatal(err)
	}
	moved := func(seq, at Seq) map[string]Amount {
		e, err := l.Entry(t.Context(), testBook, seq)
		if err != nil {
			t.Fatal(err)
		}
		legs, err := l.Movements(t.Context(), testBook, e, at)
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]Amount{}
		for _, leg := range legs {
			out[leg.Account] = leg.Amount
		}
		return out
	}
	pay, err := l.Payment(t.Context(), testBook, "Z010")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		seq, at Seq
		want    map[string]Amount
	}{
		"received":  {sub.First, sub.Decided, map[string]Amount{"source/F1": -1000000, "hand/F1": 1000000}},
		"allocated": {sub.First + 2, sub.Decided, map[string]Amount{"hand/F1": -7000, "unit/U1/F1": 7000}},
		"approved":  {sub.First + 3, sub.Decided, map[string]Amount{}},
		"paid":      {pay.Paid, pay.Paid, map[string]Amount{"project/P01/F2": -100, "payee/" + pay.Payee: 100}},
		"elsewhere": {sub.First, sub.First, map[string]Amount{}},
	} {
		if diff := cmp.Diff(c.want, moved(c.seq, c.at)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if cover, err := l.CoverOf(t.Context(), testBook, sub.First); err != nil || cover.Submission != "S1" {
		t.Errorf("%+v %v", cover, err)
	}
	if _, err := l.CoverOf(t.Context(), testBook, pay.Paid); !errors.Is(err, ErrNotFound) {
		t.Errorf("an entry by itself: %v", err)
	}
	if notes, err := l.Notes(t.Context(), testBook, sub.Decided); err != nil || len(notes) != 0 {
		t.Errorf("%d notes without a judge: %v", len(notes), err)
	}
	if !Reversible("fund.received") || Reversible("payment.approved") || Reversible("grant.line") || Reversible("none") {
		t.Error("what can be reversed")
	}
}
