package pgtest

import (
	"context"
	"syscall"
	"testing"

	"yilu/migrations"
	"yilu/migrations/pgserver"
)

// Cluster is a private PostgreSQL with fsync on and a migrated database yilu,
// for tests that kill it.
type Cluster struct {
	t      testing.TB
	config pgserver.Config
	server *pgserver.Server
}

// Durable starts a private cluster, which costs two seconds, and stops and
// removes it when the test ends.
func Durable(t testing.TB) *Cluster {
	t.Helper()
	requireBinaries(t)
	c := &Cluster{t: t, config: pgserver.Config{Dir: newFolder(t), BinDir: binDir()}}
	c.Start()
	if err := migrations.Up(t.Context(), c.OwnerURL()); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := c.server.Stop(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return c
}

// OwnerURL leads the superuser to the database yilu. It stays the same through
// restarts.
func (c *Cluster) OwnerURL() string { return c.server.OwnerURL("yilu") }

// ServiceURL leads yilu_service there.
func (c *Cluster) ServiceURL() string { return c.server.ServiceURL("yilu") }

// Dir is the folder the cluster lives in, for tests that forge bytes on disk.
func (c *Cluster) Dir() string { return c.config.Dir }

// Postmaster is the process to freeze or kill.
func (c *Cluster) Postmaster() int { return c.server.PID() }

// Kill ends the postmaster with SIGKILL, as a crash does, and returns when it
// is gone.
func (c *Cluster) Kill() {
	c.t.Helper()
	if err := syscall.Kill(c.server.PID(), syscall.SIGKILL); err != nil {
		c.t.Fatalf("pgtest: kill postmaster: %v", err)
	}
	<-c.server.Done()
}

// Stop ends PostgreSQL cleanly.
func (c *Cluster) Stop() {
	c.t.Helper()
	if err := c.server.Stop(); err != nil {
		c.t.Fatalf("pgtest: %v", err)
	}
}

// Start runs PostgreSQL again after Kill or Stop.
func (c *Cluster) Start() {
	c.t.Helper()
	server, err := pgserver.Start(context.WithoutCancel(c.t.Context()), c.config)
	if err != nil {
		c.t.Fatalf("pgtest: %v", err)
	}
	c.server = server
}
