package account

import (
	"testing"
	"time"
)

// TestPruneKeepsHalfAYear gives up what is old, keeps what the law wants kept, and lets
// nobody delete a younger line, whatever is asked.
func TestPruneKeepsHalfAYear(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := t.Context()
	r.enrolled("wang")
	count := func(table string) (n int) {
		t.Helper()
		if err := r.db.Owner.QueryRow(ctx, `select count(*) from `+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	young := map[string]int{}
	tables := []string{"account.session", "account.attempt", "account.event"}
	// The database's clock is the real one, and what the rig made is as old as its own says.
	for _, sql := range []string{
		`update account.session set begun_at = now() - interval '183 days', used_at = now(), proved_at = null`, `update account.attempt set at = now() - interval '183 days', state = 'failed'`, `update account.event set at = now() - interval '183 days'`,
		`insert into account.event (book, at, who, what, about) select book, now() - interval '3 days', who, what, about from account.event limit 1`,
	} {
		if _, err := r.db.Owner.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range tables {
		if young[table] = count(table); young[table] == 0 {
			t.Fatalf("%s is empty", table)
		}
	}
	for _, sql := range []string{
		`insert into account.session (hash, id, book, person, duty, form, agent, begun_at, used_at) select sha256(hash), id || 'x', book, person, duty, form, agent, now() - interval '400 days', now() - interval '400 days' from account.session`,
		`insert into account.attempt (book, person, network, at, state) select book, person, network, now() - interval '400 days', 'past' from account.attempt`,
		`insert into account.attempt (book, person, network, at, state) select book, person, network, now() - interval '2 days', 'held' from account.attempt limit 3`,
		`insert into account.event (book, at, who, what, about) select book, now() - interval '1200 days', who, what, about from account.event limit 2`,
	} {
		if _, err := r.db.Owner.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	*r.clock = now
	p, err := r.Prune(ctx, now.AddDate(0, 0, -366), now.AddDate(0, 0, -1096))
	if err != nil {
		t.Fatal(err)
	}
	if p.Sessions == 0 || p.Attempts < 4 || p.Events != 2 {
		t.Errorf("%+v", p)
	}
	for _, table := range tables {
		if n := count(table); n != young[table] {
			t.Errorf("%s: %d rows are left of %d", table, n, young[table])
		}
		if _, err := r.db.Pool.Exec(ctx, `delete from `+table); err == nil {
			t.Errorf("the service may delete young lines of %s", table)
		}
		if _, err := r.db.Owner.Exec(ctx, `delete from `+table); err == nil {
			t.Errorf("the owner may delete young lines of %s", table)
		}
	}
	if _, err := r.Prune(ctx, now, now); err == nil {
		t.Error("asked to keep nothing, it keeps nothing")
	}
}

// TestFailuresStayOnRecord: after the right password they do not count, and are still there.
func TestFailuresStayOnRecord(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.enrolled("wang")
	for range 3 {
		if try, err := r.begin(t.Context(), "wang", "10.0.0.0/24"); err != nil {
			t.Fatal(err)
		} else if err := r.settle(t.Context(), try, "failed"); err != nil {
			t.Fatal(err)
		}
	}
	try, err := r.begin(t.Context(), "wang", "10.0.0.0/24")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.settle(t.Context(), try, "good"); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Failures(t.Context(), "wang"); err != nil || n != 0 {
		t.Errorf("%d failures count: %v", n, err)
	}
	var past int
	if err := r.db.Pool.QueryRow(t.Context(), `select count(*) from account.attempt where state = 'past' and network = '10.0.0.0/24'`).Scan(&past); err != nil || past != 3 {
		t.Errorf("%d failures are on record: %v", past, err)
	}
}
