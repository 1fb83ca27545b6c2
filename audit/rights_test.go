package audit_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
	"yilu/migrations/pgtest"
)

// TestExcessRights finds nothing of the service's login, and each right that is
// given to it.
func TestExcessRights(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	rights := func(q audit.Querier) []string {
		t.Helper()
		found, err := audit.ExcessRights(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := rights(db.Pool); len(found) > 0 {
		t.Errorf("the service may %q", found)
	}
	if _, err := db.Owner.Exec(t.Context(), `grant delete on log.entry to yilu_service; grant update (leaf) on log.entry to yilu_service`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"delete on log.entry", "update of column on log.entry"}, rights(db.Pool)); diff != "" {
		t.Error(diff)
	}
	if found := rights(db.Owner); len(found) < 12 {
		t.Errorf("a superuser may only %q", found)
	}
}
