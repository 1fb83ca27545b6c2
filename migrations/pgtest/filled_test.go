package pgtest_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"yilu/migrations"
	"yilu/migrations/pgtest"
)

// TestFilledIsFilledOnce: each test has its own copy of what was written once, with the
// rights that New's has.
func TestFilledIsFilledOnce(t *testing.T) {
	t.Parallel()
	var filled atomic.Int64
	fill := func(db *pgtest.DB) {
		filled.Add(1)
		if _, err := db.Owner.Exec(t.Context(), `create table public.kept as select 1 as v; grant select on public.kept to yilu_service`); err != nil {
			t.Error(err)
		}
		if err := migrations.Check(t.Context(), db.Pool); err != nil {
			t.Error(err)
		}
	}
	t.Run("copies", func(t *testing.T) {
		for i := range 8 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				db := pgtest.Filled(t, "kept", fill)
				var sum int
				if err := db.Pool.QueryRow(t.Context(), `select sum(v) from public.kept`).Scan(&sum); err != nil || sum != 1 {
					t.Errorf("%d, %v", sum, err)
				}
				if _, err := db.Owner.Exec(t.Context(), `insert into public.kept values (2)`); err != nil {
					t.Error(err)
				}
				if _, err := db.Pool.Exec(t.Context(), `create temp table mine (v int)`); err == nil {
					t.Error("yilu_service may create temporary tables")
				}
			})
		}
	})
	if n := filled.Load(); n > 1 { // none if this binary ran a moment ago
		t.Errorf("filled %d times", n)
	}
}

// TestFilledHalfway: a fill that ends its test leaves no template and no lock.
func TestFilledHalfway(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		pgtest.Filled(t, "halfway", func(db *pgtest.DB) {
			if _, err := db.Owner.Exec(t.Context(), `create table public.half (v int)`); err != nil {
				t.Error(err)
			}
			runtime.Goexit() // as t.Fatal does
		})
	}()
	<-ended
	db := pgtest.Filled(t, "halfway", func(*pgtest.DB) {})
	var half bool
	if err := db.Owner.QueryRow(t.Context(), `select to_regclass('public.half') is not null`).Scan(&half); err != nil || half {
		t.Errorf("what was half filled is there: %t, %v", half, err)
	}
}
