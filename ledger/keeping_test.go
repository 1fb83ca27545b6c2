package ledger

import (
	"testing"

	"yilu/audit"
)

// TestErasure: a private value goes in the transaction that says so, once two
// persons agree; the entry, its proof and a rebuild stay as they were.
func TestErasure(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	ctx := t.Context()
	funded(t, l)
	r := mustPost(t, l, batch("G1", "G1", 2)...)
	line := r[1]
	left := func() (n int) {
		t.Helper()
		if err := db.Owner.QueryRow(ctx, `select count(*) from seal.private_field where seq = $1`, int64(line.Seq)).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	erase := func(id string, entry Seq, field string) error {
		_, err := l.Submit(ctx, testBook, id, SubmissionMade{Submission: id, Title: "依法删除"}, []Draft{
			draft(id+"-1", &SealErased{Entry: Count(entry), Field: field, Ground: "order"}, maker)})
		return err
	}
	wantRule(t, "two_persons", func() error {
		_, err := l.Post(ctx, testBook, draft("X0", &SealErased{Entry: Count(line.Seq), Field: fieldName, Ground: "order"}, maker))
		return err
	}())
	refuses(t, l,
		refusal{"an entry that is not there", []Draft{draft("", &SealErased{Entry: Count(line.Seq) + 100, Field: fieldName, Ground: "order"}, maker)}, []string{"0 body.entry not_found"}},
		refusal{"a field it does not have", []Draft{draft("", &SealErased{Entry: Count(line.Seq), Field: fieldNote, Ground: "order"}, maker)}, []string{"0 body.sealed_field not_found"}})
	if err := erase("E1", line.Seq, fieldName); err != nil || left() != 2 {
		t.Fatalf("submitted: %v, %d values left", err, left())
	}
	approve := func(id string) {
		t.Helper()
		sub, err := l.Submission(ctx, testBook, id)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Approve(ctx, testBook, id+"-ok", id, sub.ContentHash, "2020-03-19", second); err != nil {
			t.Fatal(err)
		}
	}
	approve("E1")
	if n := left(); n != 1 {
		t.Errorf("%d values left, want the ID number alone", n)
	}
	if err := erase("E2", line.Seq, fieldIDNumber); err != nil {
		t.Fatal(err)
	}
	approve("E2")
	if n := left(); n != 0 {
		t.Errorf("%d values left", n)
	}
	var person string
	if err := db.Owner.QueryRow(ctx, `select person from proj.grant_line where seq = $1`, int64(line.Seq)).Scan(&person); err != nil || person != "" {
		t.Errorf("the line still names %q: %v", person, err)
	}
	if err := audit.VerifyBook(ctx, db.Pool, string(testBook), nil); err != nil {
		t.Error(err)
	}
	if r, err := Rebuild(ctx, db.Owner, testBook, Replay{}); err != nil || len(r.Differing) > 0 {
		t.Errorf("rebuild: %+v %v", r, err)
	}
	// The same line again is still the same line.
	again := mustPost(t, l, batch("G1", "G1", 2)...)
	if !again[1].Repeated || again[1].LeafHash != line.LeafHash {
		t.Errorf("posted again: %+v", again[1])
	}
}
