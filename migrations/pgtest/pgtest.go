package pgtest

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/migrations/pgserver"
)

// DB is one test's own database. It is dropped when the test ends.
type DB struct {
	Name string
	// OwnerURL and Owner are the cluster's superuser: what migrations use, and
	// what a tamperer would be.
	OwnerURL string
	Owner    *pgxpool.Pool
	// ServiceURL and Pool are yilu_service: what the server uses. Tests of our
	// code take these, or they will not notice a missing grant.
	ServiceURL string
	Pool       *pgxpool.Pool
}

// New returns a database at the newest migration. Without PostgreSQL the test
// is skipped, or fails where CI is set.
func New(t testing.TB) *DB {
	t.Helper()
	c := sharedCluster(t)
	template, err := c.template(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.copyOf(t, template)
}

// Empty returns a database before the first migration, for tests of the
// migrations themselves. Its Pool works only once they have run.
func Empty(t testing.TB) *DB {
	t.Helper()
	return sharedCluster(t).create(t, "template0")
}

// unavailable skips, except in CI, where a skipped test would pass for a
// working one.
func unavailable(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("pgtest: %v", err)
	}
	t.Skipf("pgtest: %v", err)
}

// copyOf makes a migrated database.
func (c *cluster) copyOf(t testing.TB, template string) *DB {
	t.Helper()
	db := c.create(t, template)
	c.guard(t, db.Name)
	return db
}

// guard repeats 00001_roles.sql and 00005_checkpoints.sql: a copy has the template's
// tables, but not its rights on the database.
func (c *cluster) guard(t testing.TB, name string) {
	t.Helper()
	name = quote(name)
	_, err := c.admin.Exec(t.Context(), "revoke all on database "+name+" from public;"+
		"grant connect on database "+name+" to yilu_service, yilu_signer;"+
		"grant create on database "+name+" to yilu_owner")
	if err != nil {
		t.Fatalf("pgtest: close database: %v", err)
	}
}

// create makes a database and both pools, and sees to their end.
func (c *cluster) create(t testing.TB, template string) *DB {
	t.Helper()
	name := "t_" + strings.ToLower(rand.Text())
	_, err := c.admin.Exec(t.Context(), "create database "+quote(name)+" template "+quote(template)+c.strategy)
	if err != nil {
		t.Fatalf("pgtest: create database: %v", err)
	}
	t.Cleanup(func() {
		// force also ends what a test has left open, even on purpose.
		if _, err := c.admin.Exec(context.Background(), "drop database "+quote(name)+" with (force)"); err != nil {
			t.Errorf("pgtest: drop database: %v", err)
		}
	})
	db := c.open(t, name)
	t.Cleanup(func() { db.shut(t) })
	return db
}

// open makes both pools.
func (c *cluster) open(t testing.TB, name string) *DB {
	t.Helper()
	db := &DB{Name: name, OwnerURL: c.ownerURL(name), ServiceURL: c.serviceURL(name)}
	db.Owner, db.Pool = openPool(t, db.OwnerURL), openPool(t, db.ServiceURL)
	return db
}

// shut closes both pools. That waits for connections in use, so a test that forgets
// to give one back would hang: it is told instead.
func (db *DB) shut(t testing.TB) {
	t.Helper()
	for _, pool := range []*pgxpool.Pool{db.Pool, db.Owner} {
		closed := make(chan struct{})
		go func() { pool.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(5 * time.Second):
			t.Errorf("pgtest: %d connections of the pool were not given back", pool.Stat().AcquiredConns())
		}
	}
}

func quote(identifier string) string { return pgx.Identifier{identifier}.Sanitize() }

// openPool connects on first use.
func openPool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	config.MaxConns = 8
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return pool
}

// newFolder returns a folder that PostgreSQL's user can reach, which it cannot
// with t.TempDir.
func newFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "yilu-durable-")
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return dir
}

// binDir chooses the PostgreSQL of the tests, so that one machine can try each
// version we support.
func binDir() string { return os.Getenv("YILU_PG_BIN") }

// requireBinaries stops the test if there is no PostgreSQL to start.
func requireBinaries(t testing.TB) (major int) {
	t.Helper()
	_, major, err := pgserver.Installed(binDir())
	if err != nil {
		unavailable(t, err)
	}
	return major
}
