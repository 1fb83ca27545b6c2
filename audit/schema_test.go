package audit

import (
	"context"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"yilu/migrations"
	"yilu/migrations/pgtest"
)

// TestSchemaIsThatOfTheMigrations: a fresh database has every guard, and schema.txt
// says so.
func TestSchemaIsThatOfTheMigrations(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	lines, err := readSchema(t.Context(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("YILU_GOLDEN") == "write" {
		if err := os.WriteFile("schema.txt", []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	differences, err := CheckSchema(t.Context(), db.Pool)
	if err != nil || len(differences) > 0 {
		t.Errorf("make golden writes it: %q %v", differences, err)
	}
}

// TestChangedSchemaIsNamed takes each guard off as a superuser, and does all that
// an owner could do if he were let: each is named.
func TestChangedSchemaIsNamed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	before, err := Fingerprint(t.Context(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	changes := slices.DeleteFunc(slices.Clone(ways), func(sql string) bool {
		// These touch nothing of the log: a view or table elsewhere, a comment.
		return strings.Contains(sql, "like log.entry") || strings.Contains(sql, "proj.v") || strings.HasPrefix(sql, "comment") || strings.HasPrefix(sql, "do ") || strings.HasPrefix(sql, "select")
	})
	changes = append(changes,
		`alter event trigger yilu_ddl_start disable`, `alter event trigger yilu_ddl_end enable replica`, `drop event trigger yilu_ddl_drop`,
		`alter table log.entry enable trigger entry_unchanged`, `alter table log.entry disable trigger all`,
		`alter table log.cosignature disable trigger all`, `alter table log.checkpoint drop constraint checkpoint_pkey cascade`,
		`create or replace function log.refuse_ddl() returns event_trigger language plpgsql as 'begin end'`,
		`alter function log.refuse() security definer`, `alter function log.refuse() reset search_path`,
		`alter table log.head owner to yilu_service`, `reassign owned by yilu_owner to yilu_service`, `alter role yilu_owner login`, `alter role yilu_service superuser`,
		`grant yilu_service to yilu_signer`, `grant delete on log.checkpoint to yilu_service`, `grant update (note) on log.checkpoint to yilu_service`,
		`grant usage on schema log to public`, `grant temporary on database `+db.Name+` to public`, `alter table log.entry alter column leaf drop not null`,
		`alter table log.entry drop constraint entry_id_once`, `alter table log.head rename to tail`,
		`alter table log.entry force row level security; alter table log.entry enable row level security`,
	)
	for _, sql := range changes {
		for again := true; again; { // roles are of the cluster: other tests change them at the same time
			again = changeIsNamed(t, db, sql, before)
		}
	}
}

// changeIsNamed makes a change in a transaction that is taken back, and wants it named.
// again is set when another database of the cluster changed or dropped the same row of a
// catalogue that they share.
func changeIsNamed(t *testing.T, db *pgtest.DB, sql, before string) (again bool) {
	t.Helper()
	tx, err := db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}()
	if _, err := tx.Exec(t.Context(), sql); err != nil {
		fault, ok := errors.AsType[*pgconn.PgError](err)
		if again = ok && (strings.HasPrefix(fault.Message, "tuple concurrently ") || fault.Code == "40P01"); !again {
			t.Errorf("%s: %v", sql, err)
		}
		return again
	}
	if differences, err := CheckSchema(t.Context(), tx); err != nil || len(differences) == 0 {
		t.Errorf("%s: not noticed: %v", sql, err)
	} else if after, err := Fingerprint(t.Context(), tx); err != nil || after == before {
		t.Errorf("%s: the same fingerprint: %v", sql, err)
	}
	return false
}

// TestPartialGuards: where no superuser migrates the event triggers are left out,
// and the rest is as it must be.
func TestPartialGuards(t *testing.T) {
	t.Parallel()
	db := pgtest.Empty(t)
	ctx := t.Context()
	role := db.Name + "_owner"
	for _, sql := range []string{`create role ` + role + ` login createrole password 'x'`, `alter database ` + db.Name + ` owner to ` + role} {
		if _, err := db.Owner.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for _, sql := range []string{`reassign owned by ` + role + ` to current_user`, `drop owned by ` + role, `drop role ` + role} {
			if _, err := db.Owner.Exec(context.Background(), sql); err != nil {
				t.Errorf("%s: %v", sql, err)
			}
		}
	})
	owner, err := url.Parse(db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	owner.User = url.UserPassword(role, "x")
	if err := migrations.Up(ctx, owner.String()); err != nil {
		t.Fatal(err)
	}
	differences, err := CheckSchema(ctx, db.Pool)
	if err != nil || len(differences) == 0 || !Partial(differences) || !slices.ContainsFunc(differences, func(d string) bool { return strings.HasPrefix(d, "missing: event trigger yilu_ddl_start") }) {
		t.Errorf("%q %v", differences, err)
	}
	if Partial(append(differences, "missing: trigger on log.entry")) {
		t.Error("anything counts as partial")
	}
}
