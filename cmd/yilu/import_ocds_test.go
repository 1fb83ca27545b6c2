package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"yilu/migrations/pgtest"
)

// TestImportOCDSFromTheShell walks a file of published records from a look at it
// to a book of its own. It sets the environment, so it is not parallel.
func TestImportOCDSFromTheShell(t *testing.T) {
	db := pgtest.New(t)
	dir := inShell(t, db, "C")
	t.Chdir(dir)
	t.Setenv("YILU_BOOK", "")
	file := func(name, content string) string {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	release := func(ocid, amount string) string {
		return `{"ocid":"` + ocid + `","date":"2020-01-01T00:00:00Z","tender":{"title":"x","value":{"amount":` + amount + `,"currency":"UAH"}}}` + "\n"
	}
	good := file("good.jsonl", release("o1", "1")+release("o2", `"2"`)+release("o3", "3"))
	who := []string{"--user", "u1", "--unit", "411025-SJ"}
	want := func(code int, says string, args ...string) string {
		t.Helper()
		got, out, errs := yilu(append([]string{"import", "ocds"}, args...)...)
		if got != code || !strings.Contains(out+errs, says) {
			t.Fatalf("%q: code %d, want %d with %q:\n%s%s", args, got, code, says, out, errs)
		}
		return out
	}
	want(exitOK, "3 releases, 3 processes, 3 objects (UAH)", good, "--currency", "uah", "--dry-run")
	want(exitUsage, "name the book", append(who, good, "--currency", "UAH")...)
	want(exitUsage, "the book of a county", append(who, good, "--book", "411025", "--currency", "UAH")...)
	want(exitUsage, "--user", good, "--book", "ocds-ua", "--currency", "UAH")
	want(exitUsage, "three letters", append(who, good, "--book", "ocds-ua", "--currency", "hryvnia")...)
	want(exitUsage, "--on", append(who, good, "--book", "ocds-ua", "--on", "today")...)
	want(exitUsage, "name its currency", append(who, good, "--book", "ocds-ua")...)
	want(exitRefused, "a name such as ocds-ua", append(who, good, "--book", "UA", "--currency", "UAH")...)
	want(exitRefused, "no such file", append(who, "none.json", "--book", "ocds-ua", "--currency", "UAH")...)
	if _, err := os.Stat("none.json.findings.jsonl"); err == nil {
		t.Error("findings of a file that is not there")
	}
	want(exitRefused, "nothing was changed", append(who, file("cut.json", "["+release("o1", "1")), "--book", "ocds-ua", "--currency", "UAH")...)
	want(exitRefused, "nothing was changed", append(who, file("other.json", `{"a":1}`), "--book", "ocds-ua", "--currency", "UAH")...)
	l := besideProgram(t, db, nil)
	if books, err := l.Books(t.Context()); err != nil || len(books) > 0 {
		t.Fatalf("books before the first import: %v %v", books, err)
	}
	out := want(exitOK, "", append(who, good, "--book", "ocds-ua", "--currency", "UAH", "--json")...)
	var answer ocdsAnswer
	if err := json.Unmarshal([]byte(out), &answer); err != nil || answer.Summary.New["process.tender"] != 3 || answer.Findings["amount_text"] != 1 || answer.Currency != "UAH" {
		t.Errorf("%+v %v", answer, err)
	}
	if lines, err := os.ReadFile(answer.Listed); err != nil || strings.Count(string(lines), "amount_text") != 1 {
		t.Errorf("%s: %s %v", answer.Listed, lines, err)
	}
	want(exitOK, "held already, the same: 3", append(who, good, "--book", "ocds-ua")...)
	want(exitRefused, "is UAH, not EUR", append(who, good, "--book", "ocds-ua", "--currency", "EUR")...)
	want(exitOK, "changed tender on record: 1", append(who, file("new.jsonl", strings.Replace(release("o1", "5"), "2020-01-01", "2020-01-02", 1)+release("o2", "2")), "--book", "ocds-ua")...)
	head, err := l.Head(t.Context(), "ocds-ua")
	if err != nil || head.Size != 1+3+1+1+1+1 { // opened, tenders, findings of o2, file; tender of o1, file
		t.Errorf("%+v %v", head, err)
	}
	for _, command := range []string{"verify", "rebuild"} {
		if code, out, errs := yilu(command, "--book", "ocds-ua"); code != exitOK {
			t.Errorf("%s: code %d, %s%s", command, code, out, errs)
		}
	}
	if code, errs, _ := yilu("import", "ocds", "--help"); code != exitOK || !strings.Contains(errs, "--dry-run") || !strings.Contains(errs, "exit codes") {
		t.Errorf("help: code %d\n%s", code, errs)
	}
}

// TestImportOCDSDrawsToItsEnd: the bars for a person are full when all is done,
// else the program would wait for them. The null device passes for a terminal.
func TestImportOCDSDrawsToItsEnd(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("CI", "")
	t.Setenv("NO_COLOR", "")
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	for content, want := range map[string]int{
		strings.Repeat(`{"ocid":"o1","date":"2020-01-01T00:00:00Z","tender":{}}`+"\n", 3): exitOK,
		`{"ocid":"o1","tender":{}}`:  exitOK,
		`[{"ocid":"o1","tender":{}}`: exitRefused,
		`[]`:                         exitRefused,
	} {
		if err := os.WriteFile("x.json", []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		ended := make(chan int, 1)
		go func() {
			ended <- run(t.Context(), []string{"import", "ocds", "x.json", "--dry-run", "--currency", "CNY"}, io.Discard, terminal)
		}()
		select {
		case code := <-ended:
			if code != want {
				t.Errorf("%.40s: code %d, want %d", content, code, want)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%.40s: it does not end", content)
		}
	}
}
