package migrations_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"yilu/migrations"
	"yilu/migrations/pgserver"
	"yilu/migrations/pgtest"
)

func TestConcurrentStartsMigrateOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	if err := migrations.Check(t.Context(), db.Owner); !errors.Is(err, migrations.ErrOlder) {
		t.Errorf("empty database: %v, want ErrOlder", err)
	}
	upAtOnce(t, db.OwnerURL, db.OwnerURL, db.OwnerURL, db.OwnerURL)

	var applied, distinct int64
	err := db.Owner.QueryRow(t.Context(), `
		select count(*), count(distinct version_id) from public.goose_db_version where version_id > 0`).Scan(&applied, &distinct)
	if err != nil || applied != migrations.Version() || distinct != applied {
		t.Errorf("%d rows for %d versions, want %d: %v", applied, distinct, migrations.Version(), err)
	}
	if err := migrations.Check(t.Context(), db.Pool); err != nil {
		t.Errorf("as yilu_service: %v", err)
	}
}

// TestDatabasesOfOneClusterMigrateAtOnce needs a cluster that does not have
// the roles yet: they are what the databases compete for.
func TestDatabasesOfOneClusterMigrateAtOnce(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("/tmp", "yilu-migrations-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if _, _, err := pgserver.Installed(os.Getenv("YILU_PG_BIN")); err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	s, err := pgserver.Start(t.Context(), pgserver.Config{Dir: dir, BinDir: os.Getenv("YILU_PG_BIN")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	urls := make([]string, 4)
	for i := range urls {
		name := fmt.Sprintf("county%d", i)
		execute(t, s.OwnerURL("postgres"), "create database "+name)
		urls[i] = s.OwnerURL(name)
	}
	execute(t, s.OwnerURL("postgres"), "drop role yilu_service") // pgserver made it
	upAtOnce(t, urls...)
}

func upAtOnce(t *testing.T, urls ...string) {
	t.Helper()
	var wait sync.WaitGroup
	for _, ownerURL := range urls {
		wait.Go(func() {
			if err := migrations.Up(t.Context(), ownerURL); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func execute(t *testing.T, connURL, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), connURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// TestOwnerOfTheDatabaseIsEnough: a rented PostgreSQL gives no superuser.
func TestOwnerOfTheDatabaseIsEnough(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	role := db.Name + "_owner"
	execute(t, db.OwnerURL, `create role `+role+` login createrole password 'x'`)
	execute(t, db.OwnerURL, `alter database `+db.Name+` owner to `+role)
	t.Cleanup(func() {
		// The role must own nothing and hold no grants before it can go.
		ctx := context.Background()
		for _, sql := range []string{`reassign owned by ` + role + ` to current_user`, `drop owned by ` + role, `drop role ` + role} {
			if _, err := db.Owner.Exec(ctx, sql); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
		}
	})
	owner, err := url.Parse(db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	owner.User = url.UserPassword(role, "x")
	if err := migrations.Up(t.Context(), owner.String()); err != nil {
		t.Error(err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	_, err := db.Owner.Exec(t.Context(),
		`insert into public.goose_db_version (version_id, is_applied) values ($1, true)`, migrations.Version()+1)
	if err != nil {
		t.Fatal(err)
	}
	if err := migrations.Check(t.Context(), db.Pool); !errors.Is(err, migrations.ErrNewer) {
		t.Errorf("Check: %v, want ErrNewer", err)
	}
	if err := migrations.Up(t.Context(), db.OwnerURL); !errors.Is(err, migrations.ErrNewer) {
		t.Errorf("Up: %v, want ErrNewer", err)
	}
}

func TestNothingForPublic(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	rows, err := db.Owner.Query(t.Context(), `
		select 'schema ' || nspname from pg_namespace n, aclexplode(nspacl) a
		 where a.grantee = 0 and nspname !~ '^(pg_|information_schema)'
		union all
		select 'database ' || datname from pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) a
		 where a.grantee = 0 and datname = current_database()
		union all
		select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = relnamespace, aclexplode(relacl) a
		 where a.grantee = 0 and nspname in ('log', 'proj', 'seal', 'public')
		union all
		select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = pronamespace,
		       aclexplode(coalesce(proacl, acldefault('f', proowner))) a
		 where a.grantee = 0 and nspname in ('log', 'proj', 'seal', 'public')`)
	if err != nil {
		t.Fatal(err)
	}
	open, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(open) > 0 {
		t.Errorf("open to everyone: %q, %v", open, err)
	}
}

func TestTablesBelongToTheOwnerWhoCannotLogIn(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	rows, err := db.Owner.Query(t.Context(), `
		select c.oid::regclass::text || ' of ' || relowner::regrole::text
		  from pg_class c join pg_namespace n on n.oid = relnamespace
		 where nspname in ('log', 'proj', 'seal') and relowner <> 'yilu_owner'::regrole
		union all
		select rolname || ' can log in' from pg_roles where rolname = 'yilu_owner' and (rolcanlogin or rolsuper)
		union all
		select rolname || ' is powerful' from pg_roles
		 where rolname = 'yilu_service' and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication)`)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(wrong) > 0 {
		t.Errorf("wrong owners or rights: %q, %v", wrong, err)
	}
}

// TestLandedFilesAreUnchanged: a database that says it is at version n has run
// the very bytes of file n. A file not listed yet may still be worked on, but
// not in CI: what passes there can be running somewhere tomorrow.
func TestLandedFilesAreUnchanged(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("checksums.txt")
	if err != nil {
		t.Fatal(err)
	}
	landed := map[string]string{}
	for line := range bytes.Lines(list) {
		sum, name, ok := strings.Cut(strings.TrimSpace(string(line)), "  ")
		if !ok {
			t.Fatalf("checksums.txt: bad line %q", line)
		}
		landed[name] = sum
	}
	names, err := filepath.Glob("*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		switch got, want := hex.EncodeToString(sum[:]), landed[name]; {
		case want == "" && os.Getenv("CI") == "":
			t.Logf("%s has not landed yet: (cd migrations && sha256sum %s >> checksums.txt)", name, name)
		case want == "":
			t.Errorf("%s is not protected: (cd migrations && sha256sum %s >> checksums.txt)", name, name)
		case got != want:
			t.Errorf("%s has changed after landing: write a new migration instead", name)
		}
		delete(landed, name)
	}
	for name := range landed {
		t.Errorf("%s has landed and is gone", name)
	}
}

func TestFilesOnlyGoForwardInOneTransaction(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var marks []string
		for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
			mark, ok := strings.CutPrefix(lines.Text(), "-- +goose ")
			if ok && !strings.HasPrefix(mark, "Statement") {
				marks = append(marks, mark)
			}
		}
		if len(marks) != 1 || marks[0] != "Up" {
			t.Errorf("%s has marks %q, want Up alone", name, marks)
		}
	}
}
