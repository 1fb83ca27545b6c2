package ledger

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTryIsPostWithoutAnyTrace: it names constraints and rules at once, hears the
// judge also where something is refused, and leaves the book as it was.
func TestTryIsPostWithoutAnyTrace(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	l.Judge = payNoter
	funded(t, l)
	before, err := l.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	held := request("Z1", 6660)
	for _, c := range []struct {
		name   string
		drafts []Draft
		rules  []string
		heard  []string
	}{
		{"fit", []Draft{draft("z1", request("Z1", 100), maker), draft("z2", request("Z2", 200), maker)}, nil, []string{"0 -1 Z1 600.00", "1 -1 Z2 599.00"}},
		{"held by a rule", []Draft{draft("z1", held, maker)}, []string{"0 P99"}, []string{"0 -1 Z1 600.00"}},
		{"acknowledged", []Draft{draft("ack", &AlertAcknowledged{Code: "P99", Version: 1, Of: "z1", Ground: "agreed", File: paper}, maker), draft("z1", held, maker)}, nil, []string{"1 -1 Z1 600.00"}},
		{"constraint and rule", []Draft{draft("z1", request("Z1", 100000), maker), draft("z2", held, maker)}, []string{"0 over_payment", "1 P99"}, []string{"0 -1 Z1 600.00", "1 -1 Z1 600.00"}},
	} {
		got, err := l.Try(t.Context(), testBook, c.drafts...)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var heard []string
		for _, h := range got.Heard {
			heard = append(heard, fmt.Sprint(h.Index, h.Entry, " ", string(h.Note)))
		}
		var rules []string
		for _, p := range got.Problems {
			rules = append(rules, fmt.Sprint(p.Index, " ", p.Rule))
		}
		if diff := cmp.Diff(c.heard, heard); diff != "" {
			t.Errorf("%s: heard (-want +got):\n%s", c.name, diff)
		}
		if diff := cmp.Diff(c.rules, rules); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", c.name, diff)
		}
	}
	after, err := l.Head(t.Context(), testBook)
	if err != nil || after != before || len(notes(t, db)) != 0 {
		t.Errorf("a trial left a trace: %+v, was %+v: %v", after, before, err)
	}
	mustPost(t, l, draft("z1", request("Z1", 100), maker))
	if got, err := l.Try(t.Context(), testBook, draft("z1", request("Z1", 100), maker)); err != nil || !got.Repeated || got.Problems != nil {
		t.Errorf("posted already: %+v %v", got, err)
	}
	_, err = l.Try(t.Context(), testBook, draft("z1", request("Z1", 101), maker))
	if _, taken := errors.AsType[*Conflict](err); !taken {
		t.Errorf("the id of another: %v", err)
	}
	if _, err = l.Try(t.Context(), "999999", draft("z1", request("Z1", 101), maker)); !errors.Is(err, ErrNotFound) {
		t.Errorf("no such book: %v", err)
	}
	_, err = l.Try(t.Context(), testBook, draft("z9", request("", 101), maker))
	if _, bad := errors.AsType[*Invalid](err); !bad {
		t.Errorf("no payment: %v", err)
	}
}

// TestRefusedHearsTheJudge: what a rule refused carries the rule's evidence, also of
// entries that an approval would put in effect.
func TestRefusedHearsTheJudge(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	l.Judge = payNoter
	funded(t, l)
	_, err := l.Post(t.Context(), testBook, draft("z0", request("Z0", 100), maker), draft("z1", request("Z1", 6660), maker))
	refused, ok := errors.AsType[*Refused](err)
	if !ok || len(refused.Heard) != 2 || refused.Heard[1].Index != 1 || string(refused.Heard[1].Note) != "Z1 599.00" {
		t.Fatalf("heard %+v: %v", refused.Heard, err)
	}
	r, err := l.Submit(t.Context(), testBook, "SX", SubmissionMade{Submission: "SX", Title: "测试"}, []Draft{draft("z5", request("Z5", 100), maker)})
	if err != nil {
		t.Fatal(err)
	}
	sub, err := l.Submission(t.Context(), testBook, "SX")
	if err != nil {
		t.Fatal(err)
	}
	approval := Draft{ID: "SX-ok", Kind: "submission.approved", On: "2020-03-18", By: second, Corrects: None, Body: &SubmissionApproved{Submission: "SX", ContentHash: sub.ContentHash}}
	got, err := l.Try(t.Context(), testBook, approval)
	if err != nil || len(got.Heard) != 1 || got.Heard[0].Entry != r[1].Seq || got.Heard[0].Index != 0 {
		t.Errorf("before approval: %+v %v", got, err)
	}
}
