package pgserver_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"yilu/migrations/pgserver"
)

// TestAdoptAnotherServersCopy makes a copy of a server whose database has another
// name and whose settings point elsewhere, and runs it as ours.
func TestAdoptAnotherServersCopy(t *testing.T) {
	t.Parallel()
	theirs := start(t, pgserver.Config{Dir: newFolder(t)})
	run := func(url string, statements ...string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		for _, sql := range statements {
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatalf("%s: %v", sql, err)
			}
		}
	}
	run(theirs.OwnerURL("postgres"), `drop database yilu`, `create database county`, `alter system set archive_command = 'false'`)
	run(theirs.OwnerURL("county"), `create table kept as select generate_series(1, 1000) as n`)
	backup := filepath.Join(t.TempDir(), "copy")
	var done, of int64
	if err := pgserver.BaseBackup(t.Context(), "", theirs.OwnerURL("county"), backup, func(d, o int64) { done, of = d, o }); err != nil {
		t.Fatal(err)
	}
	if of == 0 || done == 0 {
		t.Errorf("no progress was told: %d of %d", done, of)
	}
	if err := pgserver.BaseBackup(t.Context(), "", theirs.ServiceURL("county"), backup+"2", nil); !errors.Is(err, pgserver.ErrNoReplication) {
		t.Errorf("a login without rights: %v", err)
	}

	dir := newFolder(t)
	if err := pgserver.Adopt(t.Context(), pgserver.Config{Dir: dir}, backup, "county", nil); err != nil {
		t.Fatal(err)
	}
	ours := start(t, pgserver.Config{Dir: dir})
	conn, err := pgx.Connect(t.Context(), ours.OwnerURL("yilu"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var n int
	var archive string
	if err := conn.QueryRow(t.Context(), `select count(*), current_setting('archive_command') from kept`).Scan(&n, &archive); err != nil || n != 1000 || archive == "false" {
		t.Errorf("%d rows, archive_command %q: %v", n, archive, err)
	}
	if err := pgserver.Adopt(t.Context(), pgserver.Config{Dir: dir}, backup, "county", nil); err == nil || !strings.Contains(err.Error(), "another yilu is using") {
		t.Errorf("adopted into a folder in use: %v", err)
	}

	// One byte of the copy is another.
	changed, err := filepath.Glob(filepath.Join(backup, "base", "*", "1259"))
	if err != nil || len(changed) == 0 {
		t.Fatal(changed, err)
	}
	text, err := os.ReadFile(changed[0])
	if err != nil {
		t.Fatal(err)
	}
	text[100] ^= 1
	if err := os.WriteFile(changed[0], text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := pgserver.VerifyBackup(t.Context(), "", backup); err == nil || !strings.Contains(err.Error(), "checksum mismatch") {
		t.Errorf("a changed copy: %v", err)
	}
	if err := os.Remove(changed[0]); err != nil {
		t.Fatal(err)
	}
	if err := pgserver.VerifyBackup(t.Context(), "", backup); err == nil || !strings.Contains(err.Error(), "not on disk") {
		t.Errorf("a copy with a file missing: %v", err)
	}
}
