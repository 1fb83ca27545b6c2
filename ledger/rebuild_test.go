package ledger

import (
	"fmt"
	"testing"
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
	if r, err := Rebuild(t.Context(), db.Owner, testBook, false, nil); err != nil {
		t.Errorf("rebuild: %+v %v", r, err)
	}
}
