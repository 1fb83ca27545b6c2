package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"yilu/migrations/pgtest"
)

// TestNoDatabaseIsMadeByASlip: a data folder that is none is said to be, and is none
// afterwards. It sets the environment, so it is not parallel.
func TestNoDatabaseIsMadeByASlip(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{"YILU_DATABASE_URL": "", "YILU_OWNER_URL": "", "YILU_DATA": none, "LC_ALL": "C"} {
		t.Setenv(name, value)
	}
	for _, line := range []string{
		"verify --all", "rebuild", "token list", "token --user u1 --unit z --role maker", "account list", "signer init", "demo alter", "reject S1 --user u1 --unit z",
		"disclose 1 note --to x --user u1 --unit z", "export ocds", "rules backfill --from 2020-01-01 --to 2020-12-31", "backup --out " + none + "-copy",
	} {
		args := strings.Fields(line)
		if code, out, said := yilu(args...); code != exitRefused || out != "" || !strings.Contains(said, "the data folder has no database") {
			t.Errorf("%q: code %d, %s%s", args, code, out, said)
		}
		if _, err := os.Lstat(none); err == nil {
			t.Fatalf("%q made %s", args, none)
		}
	}
	if code, _, said := yilu("demo", "alter", "--book", "411026"); code != exitUsage || !strings.Contains(said, "411025") {
		t.Errorf("another book altered: code %d, %s", code, said)
	}
}

// TestInterruptedIsSaid: who pressed Ctrl-C reads that, and not only what was cut off.
func TestInterruptedIsSaid(t *testing.T) {
	inShell(t, pgtest.New(t), "C")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var said bytes.Buffer
	if code := run(ctx, []string{"verify"}, io.Discard, &said); code != exitFailed || !strings.Contains(said.String(), "interrupted: ") {
		t.Errorf("code %d, %s", code, said.String())
	}
}

// TestCommandsShareAFolder: commands that come at once to a data folder without a server
// wait for each other, and none loses its database. It sets the environment, so it is not
// parallel.
func TestCommandsShareAFolder(t *testing.T) {
	dir := filepath.Join(newDataFolder(t), "data")
	for name, value := range map[string]string{"YILU_DATABASE_URL": "", "YILU_OWNER_URL": "", "YILU_DATA": dir, "LC_ALL": "C"} {
		t.Setenv(name, value)
	}
	succeed(t, "migrate")
	var told [6]string
	var waits sync.WaitGroup
	for i := range told {
		waits.Go(func() {
			for range 3 { // one starts while another stops
				if code, _, said := yilu("token", "list"); code != exitOK {
					told[i] += said
				}
			}
		})
	}
	waits.Wait()
	for _, said := range told {
		if said != "" {
			t.Error(said)
		}
	}
}
