package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/ledger"
	"yilu/migrations/pgtest"
)

// interrupted runs a command, presses Ctrl-C while its post waits for the book's lock, and
// lets go of the lock once the command asks what became of it.
func interrupted(t *testing.T, db *pgtest.DB, args ...string) (code int, said string) {
	t.Helper()
	tx, err := db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := tx.Exec(t.Context(), `select size from log.head where book = '411025' for update`); err != nil {
		t.Fatal(err)
	}
	until := func(what string, done func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("it never %s", what)
			}
		}
	}
	ctx, ctrlC := context.WithCancel(t.Context())
	var out, errs lockedBuffer
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, args, &out, &errs) }()
	until("waited for the lock", func() (waits bool) {
		err := db.Owner.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waits)
		return err == nil && waits
	})
	ctrlC()
	until("asked what became of it", func() bool { return strings.Contains(errs.String(), "asking the book") })
	if err := tx.Commit(t.Context()); err != nil && err != pgx.ErrTxClosed {
		t.Fatal(err)
	}
	return <-ended, errs.String()
}

// TestCtrlCWhilePosting: who was cut off while posting reads what became of it. It sets
// the environment, so it is not parallel.
func TestCtrlCWhilePosting(t *testing.T) {
	db := pgtest.New(t)
	dir := inShell(t, db, "C")
	l := emptyBook(t, db, nil)
	path := filepath.Join(dir, "台账.csv")
	if err := os.WriteFile(path, []byte("资金编号,资金文号,资金名称,级次,下达日期,指标金额（万元）\nF1,豫财农〔2019〕1号,扶贫资金,中央,2020-01-07,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, said := interrupted(t, db, "import", "ledger", path, "--user", "u1", "--unit", "411025-CZ")
	if code != exitFailed || !strings.Contains(said, "it was entered all the same: imp-ledger-") || !strings.Contains(said, "entry 0") || !strings.Contains(said, "content hash: ") {
		t.Errorf("code %d, %s", code, said)
	}
	_, id, _ := strings.Cut(said, "the same: ")
	id, _, _ = strings.Cut(id, ",")
	waiting, err := l.Submission(t.Context(), "411025", id)
	if err != nil {
		t.Fatal(err)
	}
	code, said = interrupted(t, db, "approve", waiting.Submission, "--hash", waiting.ContentHash, "--user", "u2", "--unit", "411025-CZ")
	if code != exitFailed || !strings.Contains(said, "it was entered all the same: cli-") {
		t.Errorf("code %d, %s", code, said)
	}
	if sub, err := l.Submission(t.Context(), "411025", waiting.Submission); err != nil || sub.State != ledger.StateApproved {
		t.Errorf("%+v %v", sub, err)
	}
}
