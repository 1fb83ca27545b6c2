package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"yilu/audit"
	"yilu/migrations/pgtest"
)

// asProgram is set for a child that is to be the program itself.
const asProgram = "YILU_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// killRows are so many that an import of them is under way for a while.
const killRows = 6_000

// TestImportKilledInTheMiddle kills `yilu import` while it writes: after each kill the
// sheet is in the book whole or not at all, the next run goes on as if nothing had been,
// and in the end each row is there once.
func TestImportKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	dir := t.TempDir()
	l := emptyBook(t, db, nil)
	var rows bytes.Buffer
	rows.WriteString("资金编号,资金文号,资金名称,级次,下达日期,指标金额（万元）\n")
	for i := range killRows {
		fmt.Fprintf(&rows, "F%d,豫财农〔2019〕%d号,扶贫资金,中央,2020-01-07,1.000001\n", i, i)
	}
	path := filepath.Join(dir, "台账.csv")
	if err := os.WriteFile(path, rows.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), self, "import", "ledger", path, "--user", "u1", "--unit", "411025-CZ")
		cmd.Env = append(os.Environ(), asProgram+"=1", "LC_ALL=C", "YILU_DATA="+dir, "YILU_DATABASE_URL="+withName(db.ServiceURL))
		return cmd
	}
	posted := int64(0)
	for round := range 4 {
		killWhileWriting(t, db, victim(), time.Duration(round*round)*20*time.Millisecond)
		head, err := l.Head(t.Context(), "411025")
		if err != nil || head.Size != 0 && head.Size != killRows+1 {
			t.Fatalf("round %d left %d entries, want none or %d (%v)", round, head.Size, killRows+1, err)
		}
		if posted = head.Size; posted > 0 { // it was killed too late
			break
		}
	}
	out, err := victim().CombinedOutput()
	if exit, refused := errors.AsType[*exec.ExitError](err); posted > 0 && (!refused || exit.ExitCode() != exitRefused || !strings.Contains(string(out), "imported before")) || posted == 0 && err != nil {
		t.Fatalf("the last run, with %d entries there: %v\n%s", posted, err, out)
	}
	var entries, ids int64
	if err := db.Owner.QueryRow(t.Context(), `select count(*), count(distinct id) from log.entry where book = '411025'`).Scan(&entries, &ids); err != nil || entries != killRows+1 || ids != entries {
		t.Errorf("%d entries, %d ids, %v", entries, ids, err)
	}
	if err := audit.VerifyBook(t.Context(), db.Owner, "411025", nil); err != nil {
		t.Error(err)
	}
}

// withName marks the sessions of a child.
func withName(url string) string {
	mark := "?"
	if strings.Contains(url, "?") {
		mark = "&"
	}
	return url + mark + "application_name=victim"
}

// killWhileWriting kills a child some time after its transaction has begun to write, and
// waits until its sessions have ended.
func killWhileWriting(t *testing.T, db *pgtest.DB, child *exec.Cmd, after time.Duration) {
	t.Helper()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	sessions := func(condition string) (n int) {
		t.Helper()
		if err := db.Owner.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and application_name = 'victim'`+condition).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	deadline := time.Now().Add(time.Minute)
	for writing := false; !writing; {
		select {
		case <-ended:
			return // it was faster
		case <-time.After(time.Millisecond):
		}
		if writing = sessions(` and backend_xid is not null`) > 0; time.Now().After(deadline) {
			t.Fatal("the import never began to write")
		}
	}
	select {
	case <-ended:
		return
	case <-time.After(after):
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	for sessions("") > 0 {
		if time.Now().After(deadline) {
			t.Fatal("sessions of a killed import stay")
		}
		time.Sleep(time.Millisecond)
	}
}
