package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
}
