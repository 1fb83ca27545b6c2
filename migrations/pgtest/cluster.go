package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/migrations"
	"yilu/migrations/pgserver"
)

// cluster is the server all tests of this process use.
type cluster struct {
	admin      *pgxpool.Pool // superuser on database postgres
	ownerURL   func(db string) string
	serviceURL func(db string) string
	// users is held open for its lock. nil for a given server.
	users *os.File
	// strategy is how databases are copied. Where fsync is off, copying files takes less
	// than half the processor's time of PostgreSQL's own choice, to write all pages to the
	// WAL; where it is on, the checkpoints of that cost more.
	strategy string

	templateOnce sync.Once
	templateName string
	templateErr  error

	// filling is held while Filled makes a template, filled names those it has made.
	filling sync.Mutex
	filled  map[string]bool
}

// The one cluster of the process: tests of a package share it as the packages
// do, and it ends with the process.
var (
	sharedOnce sync.Once
	shared     *cluster
	sharedErr  error
)

func sharedCluster(t testing.TB) *cluster {
	t.Helper()
	given := os.Getenv("YILU_TEST_DATABASE_URL")
	major := 0
	if given == "" {
		major = requireBinaries(t)
	}
	sharedOnce.Do(func() {
		// Not t's context: the cluster outlives the test that came first.
		ctx := context.Background()
		if given != "" {
			shared, sharedErr = givenCluster(ctx, given)
		} else {
			shared, sharedErr = keptCluster(ctx, major)
		}
	})
	if sharedErr != nil {
		t.Fatalf("pgtest: %v", sharedErr)
	}
	return shared
}

// givenCluster uses a server that somebody else runs. Its yilu_service gets a
// password that every test process can compute.
func givenCluster(ctx context.Context, given string) (*cluster, error) {
	owner, err := url.Parse(given)
	if err != nil || owner.Host == "" && owner.RawQuery == "" {
		return nil, errors.New("YILU_TEST_DATABASE_URL must be a URL: postgres://user:password@host/postgres")
	}
	sum := sha256.Sum256([]byte("yilu_service for tests\n" + given))
	withDatabase := func(user *url.Userinfo, db string) string {
		u := *owner
		u.User, u.Path = user, "/"+db
		return u.String()
	}
	service := url.UserPassword("yilu_service", hex.EncodeToString(sum[:16]))
	c := &cluster{
		ownerURL:   func(db string) string { return withDatabase(owner.User, db) },
		serviceURL: func(db string) string { return withDatabase(service, db) },
		filled:     map[string]bool{},
	}
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	password, _ := service.Password()
	return c, c.locked(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `
			do $$ begin
			  if not exists (select from pg_roles where rolname = 'yilu_service') then
			    create role yilu_service login;
			  end if;
			end $$`)
		if err != nil {
			return err
		}
		var set string
		err = conn.QueryRow(ctx, `select format('alter role yilu_service login password %L', $1::text)`, password).Scan(&set)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, set)
		return err
	})
}

// newCluster wraps the keeper's server.
func newCluster(ctx context.Context, s *pgserver.Server) (*cluster, error) {
	c := &cluster{ownerURL: s.OwnerURL, serviceURL: s.ServiceURL, strategy: " strategy file_copy", filled: map[string]bool{}}
	return c, c.connect(ctx)
}

func (c *cluster) connect(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(c.ownerURL("postgres"))
	if err != nil {
		return err
	}
	config.MaxConns = 4
	if c.admin, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	if err := c.admin.Ping(ctx); err != nil {
		c.admin.Close()
		return err
	}
	return nil
}

// locked runs f while no other process of the test run does: the lock lives in
// the database postgres, which all of them use for this.
func (c *cluster) locked(ctx context.Context, f func(*pgx.Conn) error) (err error) {
	conn, err := c.admin.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `select pg_advisory_lock(hashtext('yilu.pgtest'))`); err != nil {
		return err
	}
	defer func() { // also when f ends its test
		_, unlockErr := conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock(hashtext('yilu.pgtest'))`)
		err = errors.Join(err, unlockErr)
	}()
	return f(conn.Conn())
}

// template returns the name of the migrated database that New copies. Its name
// holds the fingerprint of the migrations.
func (c *cluster) template(ctx context.Context) (string, error) {
	c.templateOnce.Do(func() {
		c.templateName = "yilu_template_" + migrations.Fingerprint()[:16]
		ctx := context.WithoutCancel(ctx) // the result is every test's
		c.templateErr = c.makeTemplate(ctx, c.templateName, "template0", func(unfinished string) error {
			return migrations.Up(ctx, c.ownerURL(unfinished))
		})
	})
	if c.templateErr != nil {
		return "", fmt.Errorf("pgtest: make template: %w", c.templateErr)
	}
	return c.templateName, nil
}

// makeTemplate copies a database and has fill go on with the copy, which takes its
// name only when complete: one that exists is right.
func (c *cluster) makeTemplate(ctx context.Context, name, from string, fill func(unfinished string) error) error {
	return c.locked(ctx, func(conn *pgx.Conn) error {
		var exists bool
		err := conn.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, name).Scan(&exists)
		if err != nil || exists {
			return err
		}
		const unfinished = "yilu_template_unfinished"
		for _, sql := range []string{
			"drop database if exists " + unfinished + " with (force)",
			"create database " + unfinished + " template " + quote(from) + c.strategy,
		} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		if err := fill(unfinished); err != nil {
			return err
		}
		// Without connections it can always be copied, also while others copy it.
		for _, sql := range []string{
			"alter database " + unfinished + " rename to " + quote(name),
			"alter database " + quote(name) + " allow_connections false",
		} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return err
			}
		}
		return nil
	})
}
