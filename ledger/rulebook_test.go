package ledger

import (
	"testing"
)

// TestRulesKeepTheirHistory: the last of each is in force, every change is kept, and
// what was only submitted is neither.
func TestRulesKeepTheirHistory(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	rule := func(state string, version Count) *RuleActivated {
		return &RuleActivated{Code: "P01", FileHash: zeroHash, State: state, TestHash: zeroHash, Version: version}
	}
	settle := func(id string, approve bool, bodies ...Body) {
		var ds []Draft
		for i, b := range bodies {
			ds = append(ds, draft(id+string(rune('a'+i)), b, maker))
		}
		if _, err := l.Submit(t.Context(), testBook, id, SubmissionMade{Submission: id, Title: "规则"}, ds); err != nil {
			t.Fatal(err)
		}
		if !approve {
			return
		}
		sub, err := l.Submission(t.Context(), testBook, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Approve(t.Context(), testBook, id+"-ok", id, sub.ContentHash, "2020-03-18", second); err != nil {
			t.Fatal(err)
		}
	}
	settle("S1", true, rule("shadow", 1), &ParameterSet{Code: "P01", Name: "p", Value: "0.20", Basis: "县财政局规定", From: "2020-01-01", Region: "411025"})
	settle("S2", true, rule("active", 2))
	settle("S3", false, rule("retired", 2))
	rules, changes, err := l.RulesOf(t.Context(), testBook)
	if err != nil || len(rules.Rules) != 1 || rules.Rules[0].State != "active" || len(rules.Parameters) != 1 {
		t.Fatalf("in force: %+v %v", rules, err)
	}
	if len(changes) != 3 || changes[0].Rule.State != "shadow" || changes[1].Parameter.Value != "0.20" || changes[2].Rule.Version != 2 || changes[2].Code() != "P01" || changes[2].Seq <= changes[2].Entry {
		t.Errorf("history: %+v", changes)
	}
	if r, err := Rebuild(t.Context(), db.Owner, testBook, Replay{}); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}
