package audit

import (
	"errors"
	"sync"
	"testing"
)

// TestForgedIsFound: by the number of the entry, while the guards are as they were. Two at
// once follow one another, and one that is broken off leaves nothing.
func TestForgedIsFound(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	fill(t, db, "F", 8)
	longer := func(a Act) (Act, error) { a.By.User += "x"; return a, nil }
	if err := Forge(t.Context(), db.Owner, testBook, 3, func(Act) (Act, error) { return Act{}, errors.New("broken off") }); err == nil {
		t.Error("a change that failed was made")
	}
	if err := VerifyBook(t.Context(), db.Owner, testBook, nil); err != nil {
		t.Fatal(err)
	}
	before, err := ReadLeaf(t.Context(), db.Owner, testBook, 3)
	if err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := Forge(t.Context(), db.Owner, testBook, 3, longer); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	after, err := ReadLeaf(t.Context(), db.Owner, testBook, 3)
	if err != nil || len(after.Leaf) != len(before.Leaf)+2 {
		t.Errorf("one of two changes is lost: %s (%v)", after.Leaf, err)
	}
	if found, ok := errors.AsType[*Tampered](VerifyBook(t.Context(), db.Owner, testBook, nil)); !ok || found.Seq != 3 {
		t.Errorf("found %v, want entry 3", found)
	}
	if differences, err := CheckSchema(t.Context(), db.Owner); err != nil || len(differences) > 0 {
		t.Errorf("the guards are not as they were: %v (%v)", differences, err)
	}
}
