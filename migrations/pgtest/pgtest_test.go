package pgtest_test

import (
	"fmt"
	"testing"

	"yilu/migrations"
	"yilu/migrations/pgtest"
)

func TestEachTestHasItsOwnMigratedDatabase(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			if err := migrations.Check(t.Context(), db.Pool); err != nil {
				t.Error(err)
			}
			if _, err := db.Owner.Exec(t.Context(), `create table public.mine (v int)`); err != nil {
				t.Error(err)
			}
			var user string
			if err := db.Pool.QueryRow(t.Context(), `select current_user::text`).Scan(&user); err != nil || user != "yilu_service" {
				t.Errorf("Pool is %q, %v", user, err)
			}
			if _, err := db.Pool.Exec(t.Context(), `create temp table mine (v int)`); err == nil {
				t.Error("yilu_service may create temporary tables")
			}
		})
	}
}

func TestEmptyHasNoSchema(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	if err := migrations.Check(t.Context(), db.Owner); err == nil {
		t.Error("an empty database passes for a migrated one")
	}
}

func TestDurableSurvivesKill(t *testing.T) {
	t.Parallel()
	c := pgtest.Durable(t)
	url := c.ServiceURL()
	c.Kill()
	c.Start()
	if c.ServiceURL() != url {
		t.Errorf("url changed")
	}
	c.Stop()
	c.Start()
}
