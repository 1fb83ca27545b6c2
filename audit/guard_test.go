package audit

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/migrations/pgtest"
)

// asRole runs one statement in a session of a role, as if it had logged in, and
// rolls it back.
func asRole(t *testing.T, db *pgtest.DB, role, sql string) error {
	t.Helper()
	conn, err := db.Owner.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, prepare := range []string{`begin`, `set local session authorization ` + role} {
		if _, err := conn.Exec(t.Context(), prepare); err != nil {
			t.Fatal(err)
		}
	}
	_, err = conn.Exec(t.Context(), sql)
	if _, err := conn.Exec(t.Context(), `rollback`); err != nil {
		t.Fatal(err)
	}
	return err
}

// ways are what an owner could do to a log if DDL were open to him: each swallows,
// forges or unguards entries.
var ways = []string{
	`create rule swallow as on insert to log.entry do instead nothing`,
	`create trigger swallow before insert on log.entry for each row execute function log.refuse()`,
	`create policy hide on log.entry using (false)`,
	`alter table log.entry enable row level security`,
	`grant update on log.entry to yilu_service`,
	`grant yilu_owner to yilu_service`,
	`revoke insert on log.entry from yilu_service`,
	`alter default privileges in schema log grant all on tables to yilu_service`,
	`create table proj.fake () inherits (log.entry)`,
	`create table proj.fake (like log.entry)`,
	`alter table log.entry set schema proj`,
	`alter schema log rename to old`,
	`alter table log.entry disable trigger entry_unchanged`,
	`alter table log.entry drop constraint entry_leaf_hash`,
	`drop trigger entry_unchanged on log.entry`,
	`drop table log.entry cascade`,
	`drop owned by yilu_owner cascade`,
	`create or replace function log.refuse() returns trigger language plpgsql as 'begin return new; end'`,
	`create view proj.v as select seq from log.entry`,
	`comment on table log.entry is 'x'`,
	`do 'begin execute ''create table proj.fake (x int)''; end'`,
	`select 1 as x into proj.fake`,
}

func TestOwnerIsRefusedDDL(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	for _, sql := range ways {
		if strings.HasPrefix(sql, "grant yilu_owner") {
			continue // a role is not of this database: see TestChangedSchemaIsNamed
		}
		wantCode(t, "as owner: "+sql, asRole(t, db, "yilu_owner", sql), denied)
		if err := asRole(t, db, "yilu_service", sql); err == nil {
			t.Errorf("as service: %s: done", sql)
		}
	}
	// A migration is a superuser who acts as the owner.
	if err := asRole(t, db, "default; set local role yilu_owner", `create table proj.next (x int)`); err != nil {
		t.Errorf("migration: %v", err)
	}
}

// TestSecondNet: with one event trigger taken away the others still refuse.
func TestSecondNet(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	for _, off := range []string{"yilu_ddl_start", "yilu_ddl_end"} {
		if _, err := db.Owner.Exec(t.Context(), `alter event trigger `+off+` disable`); err != nil {
			t.Fatal(err)
		}
		sql := `create rule swallow as on insert to log.entry do instead nothing`
		if off == "yilu_ddl_end" { // now both
			sql = `drop trigger entry_unchanged on log.entry`
		}
		wantCode(t, sql, asRole(t, db, "yilu_owner", sql), denied)
	}
}

// TestCheckpointsOnlyGrow: signed notes are never changed, smaller, twice for a
// size, or beyond the entries.
func TestCheckpointsOnlyGrow(t *testing.T) {
	t.Parallel()
	db := newLog(t)
	fill(t, db, "A", 9)
	insert := `insert into log.checkpoint (book, size, note, at) values ('411025', $1::bigint, e'o\n' || $1::bigint::text || e'\nroot\n', 'epoch')`
	add := func(pool *pgxpool.Pool, size int64) error {
		_, err := pool.Exec(context.Background(), insert, size)
		return err
	}
	if err := add(db.Pool, 5); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "same size", add(db.Owner, 5), twice)
	wantCode(t, "smaller", add(db.Owner, 4), checked)
	wantCode(t, "beyond the head", add(db.Owner, 10), checked)
	wantCode(t, "empty", add(db.Owner, 0), checked)
	if err := add(db.Pool, 9); err != nil {
		t.Error(err)
	}
	line := `insert into log.cosignature (book, size, witness, line) values ('411025', 5, 'w', e'\u2014 w AAAA')`
	if _, err := db.Pool.Exec(t.Context(), line); err != nil {
		t.Error(err)
	}
	for _, sql := range []string{
		`update log.checkpoint set note = note`, `delete from log.checkpoint`, `truncate log.checkpoint cascade`,
		`update log.cosignature set line = line`, `delete from log.cosignature`, `truncate log.cosignature`,
	} {
		_, err := db.Pool.Exec(t.Context(), sql)
		wantCode(t, "as service: "+sql, err, denied)
		_, err = db.Owner.Exec(t.Context(), `set session_replication_role = replica; `+sql)
		wantCode(t, "as superuser: "+sql, err, denied)
	}
	for _, sql := range []string{`insert into log.entry (book) values ('411025')`, `update log.head set size = 10`, `select name from seal.private_field`} {
		wantCode(t, "as signer: "+sql, asRole(t, db, "yilu_signer", sql), denied)
	}
	if err := asRole(t, db, "yilu_signer", strings.ReplaceAll(line, "'w'", "'x'")); err != nil {
		t.Errorf("as signer: %v", err)
	}
}
