package ledger

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

// TestBarrierIsCut: a group is committed, and the connection that should have proved
// it durable is gone. Its units are there once, and their callers learn where.
func TestBarrierIsCut(t *testing.T) {
	t.Parallel()
	l, db := testLedger(t)
	funded(t, l)
	linked, cut := linkedLedger(t, db)
	var mu sync.Mutex
	got := map[string]Receipt{}
	var posts []func()
	for n := range 6 {
		posts = append(posts, func() {
			id := fmt.Sprintf("z%d", n)
			rs, err := linked.Post(t.Context(), testBook, draft(id, request(id, 1), maker))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			got[id] = rs[0]
		})
	}
	cut.arm(beforeBarrier)
	inOneGroup(t, linked, db, posts...)
	if cut.peek() != never {
		t.Fatal("no barrier was cut: the test proves nothing")
	}
	for id, r := range got {
		stored, err := l.Outcome(t.Context(), testBook, id)
		if err != nil || stored.Seq != r.Seq || stored.LeafHash != r.LeafHash || r.Repeated {
			t.Errorf("%s: told %+v, stored %+v %v", id, r, stored, err)
		}
	}
	if len(got) != 6 {
		t.Errorf("%d of 6 were answered", len(got))
	}
}

// TestLostGroupIsSeen: a barrier that does not see the entry proves nothing.
func TestLostGroupIsSeen(t *testing.T) {
	t.Parallel()
	l, _ := testLedger(t)
	funded(t, l)
	r := mustPost(t, l, draft("z", request("z", 1), maker))[0]
	if err := l.passBarrier(testBook, mark{uint64(r.Seq), r.LeafHash}); err != nil {
		t.Errorf("the entry is there: %v", err)
	}
	for _, m := range []mark{{uint64(r.Seq) + 1, r.LeafHash}, {uint64(r.Seq) - 1, r.LeafHash}} {
		if err := l.passBarrier(testBook, m); !errors.Is(err, errLost) {
			t.Errorf("entry %d: %v", m.seq, err)
		}
	}
}

// TestRepeatsProveNothingOfOthers: whoever posts an old entry again does not make the
// new ones before it durable.
func TestRepeatsProveNothingOfOthers(t *testing.T) {
	t.Parallel()
	got := furthest([]settling{{mark: &mark{seq: 110}}, {}, {mark: &mark{seq: 5}}})
	if got == nil || got.seq != 110 {
		t.Errorf("rests on %+v, want entry 110", got)
	}
	if got := furthest([]settling{{}}); got != nil {
		t.Errorf("rests on %+v, want nothing", got)
	}
}

// TestBookGoesOnWhileTheStandbyWaits: groups follow one another while none of them is
// durable, and nobody is answered before.
func TestBookGoesOnWhileTheStandbyWaits(t *testing.T) {
	t.Parallel()
	l, owner, standby := standbyLedger(t)
	stored := func() (n int) {
		if err := owner.QueryRow(t.Context(), `select count(*) from log.entry where id like 'z%'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	standby("nobody")
	answers := make(chan error, 12)
	for group := range 3 {
		tx, err := owner.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), `select from log.head where book = $1 for update`, testBook); err != nil {
			t.Fatal(err)
		}
		for n := range 4 {
			id := fmt.Sprintf("z%d-%d", group, n)
			go func() {
				_, err := l.Post(t.Context(), testBook, draft(id, request(id, 1), maker))
				answers <- err
			}()
			eventually(t, "the unit is taken or waits", func() bool { return working(l) })
		}
		eventually(t, "others wait behind the first", func() bool { return units(l) > 0 })
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the group is written", func() bool { return stored() == 4*(group+1) })
	}
	select {
	case err := <-answers:
		t.Fatalf("answered (%v) though no standby has it", err)
	default:
	}
	standby("")
	for range 12 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if n := stored(); n != 12 {
		t.Errorf("%d entries, want 12", n)
	}
}
