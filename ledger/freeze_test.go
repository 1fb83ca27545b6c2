package ledger

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// TestFreezeAndLift: once each, by two persons, and a rebuild knows it.
func TestFreezeAndLift(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	set := func(id string, b *FreezeSet, want string) {
		t.Helper()
		_, err := l.Submit(t.Context(), testBook, id, SubmissionMade{Submission: id, Title: "冻结"}, []Draft{draft(id+"-1", b, maker)})
		var refused *Refused
		if got := ""; errors.As(err, &refused) {
			p := refused.Problems[0]
			got = fmt.Sprintf("%d %s %s", p.Index, p.Field, p.Rule)
			if got != want {
				t.Errorf("%s: refused by %s, want %q", id, got, want)
			}
			return
		}
		if err != nil || want != "" {
			t.Fatalf("%s: %v, want %q", id, err, want)
		}
		sub, err := l.Submission(t.Context(), testBook, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Approve(t.Context(), testBook, id+"-ok", id, sub.ContentHash, "2020-03-18", second); err != nil {
			t.Fatal(err)
		}
	}
	set("S1", &FreezeSet{What: "project", Subject: "P1", Document: "襄审〔2020〕1号"}, "")
	set("S2", &FreezeSet{What: "project", Subject: "P1", Document: "襄审〔2020〕1号"}, "1 body.frozen_id frozen")
	set("S3", &FreezeSet{What: "fund", Subject: "P1", Document: "襄审〔2020〕1号", Lifted: true}, "1 body.frozen_id not_frozen")
	set("S4", &FreezeSet{What: "payee", Subject: "91350100M000100Y43", Document: "襄审〔2020〕2号"}, "")
	set("S5", &FreezeSet{What: "project", Subject: "P1", Document: "襄审〔2020〕3号", Lifted: true}, "")
	set("S6", &FreezeSet{What: "project", Subject: "P1", Document: "襄审〔2020〕4号"}, "")
	if _, err := Rebuild(t.Context(), db.Owner, testBook, Replay{}); err != nil {
		t.Error(err)
	}
	fold := NewFold(testBook, nil)
	head, err := l.Head(t.Context(), testBook)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.FoldUpTo(t.Context(), fold, Seq(head.Size-1), nil); err != nil {
		t.Fatal(err)
	}
	if got := fold.View().Freezes(); !slices.Equal(got, []Freeze{{"payee", "91350100M000100Y43"}, {"project", "P1"}}) {
		t.Errorf("frozen: %v", got)
	}
}
