package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"yilu/migrations/pgtest"
)

// examined is what the doctor says, by check.
type examined struct {
	State  string    `json:"state"`
	Checks []finding `json:"checks"`
}

func examine(t *testing.T, want int, args ...string) examined {
	t.Helper()
	code, out, said := yilu(append([]string{"doctor", "--json"}, args...)...)
	if code != want {
		t.Errorf("doctor ended with %d, want %d: %s %s", code, want, out, said)
	}
	var e examined
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return e
}

// says looks for a finding of a check in a state whose text holds a word.
func (e examined) says(t *testing.T, check, state, word string) {
	t.Helper()
	for _, f := range e.Checks {
		if f.Check == check && f.State == state && strings.Contains(f.Found, word) {
			return
		}
	}
	t.Errorf("no %s: %s with %q in %+v", check, state, word, e.Checks)
}

// TestDoctor sees each thing that is wrong. The tests' PostgreSQL has fsync off,
// which is the first.
func TestDoctor(t *testing.T) {
	db := pgtest.New(t)
	t.Setenv("LC_ALL", "C")
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	data := t.TempDir()
	if _, err := db.Owner.Exec(t.Context(), `insert into log.head (book) values ('411025')`); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(data, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("seal.secret", strings.Repeat("s", 32), 0o644)
	write(lastBackupFile, `{"made_at":"2020-01-01T00:00:00Z","folder":"/b"}`, 0o644)
	e := examine(t, exitDiverged, "--data", data, "--listen", "0.0.0.0:80", "--public-url", "http://a.example")
	if e.State != fail {
		t.Errorf("state %s", e.State)
	}
	for _, want := range [][3]string{
		{"fsync", fail, "off"}, {"data_checksums", well, "on"}, {"schema", well, ""}, {"service rights", well, "appends only"}, {"guards", well, ""}, {"clock", well, ""},
		{"log 411025", well, "0 entries"}, {"backup", warn, "2020-01-01"}, {"seal.secret", fail, "644"}, {"signing key", warn, "no such file"},
		{"settings", warn, "--listen 0.0.0.0:80"}, {"settings", warn, "not https"}, {"settings", warn, "no witnesses"}, {"disk public", warn, "not there yet"},
	} {
		e.says(t, want[0], want[1], want[2])
	}

	// An old backup, rights given away, a guard taken off, a backup that is half restored.
	write("public/411025/checkpoint", "localhost:8080/log/411025\n9\nAAAA\n", 0o644)
	write("restored.json", `{"at":"","from":"/b","whole":true,"books":{}}`, 0o644)
	write("seal.secret", strings.Repeat("s", 32), 0o600)
	if _, err := db.Owner.Exec(t.Context(), `grant delete on log.entry to yilu_service; alter table log.entry disable trigger all`); err != nil {
		t.Fatal(err)
	}
	e = examine(t, exitDiverged, "--data", data)
	for _, want := range [][3]string{
		{"service rights", fail, "delete on log.entry"}, {"guards", fail, "missing: trigger on log.entry"}, {"log", fail, "has 0 entries, 9 were signed"},
		{"restored", warn, "not yet held"},
	} {
		e.says(t, want[0], want[1], want[2])
	}

	t.Setenv("YILU_DATABASE_URL", "")
	nothing := filepath.Join(t.TempDir(), "none")
	examine(t, exitDiverged, "--data", nothing).says(t, "database", fail, "the data folder has no database")
	if _, err := os.Stat(nothing); err == nil {
		t.Error("the doctor made a data folder")
	}
}
