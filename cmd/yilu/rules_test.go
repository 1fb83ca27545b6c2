package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"yilu/alerts"
	"yilu/migrations/pgtest"
)

// TestRulesFromFileToForce checks the rules, submits them, has a second person approve
// them, explains one and judges the past by it.
func TestRulesFromFileToForce(t *testing.T) {
	db := pgtest.New(t)
	t.Setenv("YILU_DATABASE_URL", db.ServiceURL)
	t.Setenv("YILU_OWNER_URL", db.OwnerURL)
	t.Setenv("LC_ALL", "C")
	data := filepath.Join(t.TempDir(), "data")
	do := func(want int, args ...string) string {
		t.Helper()
		code, out, said := yilu(append(args, "--data", data)...)
		if code != want {
			t.Fatalf("%v: %d, want %d\n%s\n%s", args, code, want, out, said)
		}
		return out
	}
	if _, err := db.Pool.Exec(t.Context(), `insert into log.head (book) values ('411025')`); err != nil {
		t.Fatal(err)
	}
	if out := do(exitOK, "rules", "test", "P13", "A05", "--sweeps"); !strings.Contains(out, "A05: 7 cases, 9 mutants, 0 survive, 0 equivalent, 1 cases not run") || !strings.Contains(out, "P13: ") {
		t.Errorf("test: %s", out)
	}
	do(exitUsage, "rules")
	do(exitUsage, "rules", "test", "P99")
	do(exitUsage, "rules", "backtest", "P13", "--from", "2020-01-01")
	do(exitUsage, "rules", "backtest", "P13", "--from", "2020-12-31", "--to", "2020-01-01")
	do(exitUsage, "rules", "backfill", "P13", "--from", "2020-12-31", "--to", "2020-01-01")
	do(exitRefused, "rules", "check", "--rules", t.TempDir())

	own := t.TempDir()
	test := "rule: P13@1\nstart: \"2020-03-31T09:00:00+08:00\"\ncases:\n  - {name: nothing like it, facts: {payment.id: Z9, entry.amount: \"1.00\", entry.on: \"2020-03-31\", twin.invoiced: \"0\", twin.exists: \"false\"}, expect: [{result: flag}]}\n"
	if err := os.WriteFile(filepath.Join(own, "P13.test.yaml"), []byte(test), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := do(exitDiverged, "rules", "test", "--tests", own); !strings.Contains(out, "P13: 1 cases, 1 differ") {
		t.Errorf("own tests: %s", out)
	}

	report := filepath.Join(own, "report.json")
	if out := do(exitOK, "rules", "backtest", "P13@1", "--from", "2020-01-01", "--to", "2020-12-31", "--diff", "live", "-o", report); !strings.Contains(out, "P13@1: 0 hits, 0 matters; against live: 0 new") || !strings.Contains(out, alerts.Hash(mustRead(t, report))) {
		t.Errorf("back-test: %s", out)
	}
	out := do(exitOK, "rules", "submit", "P13", "A05", "--user", "a", "--unit", "z", "--report", report)
	parts := regexp.MustCompile(`yilu approve (\S+) --hash (\S+)`).FindStringSubmatch(out)
	if parts == nil || !strings.Contains(out, "submitted 2 rules") || !strings.Contains(out, " --book 411025 ") {
		t.Fatalf("submit: %s", out)
	}
	if out := do(exitOK, "rules", "explain", "P13"); !strings.Contains(out, "not in force") {
		t.Errorf("explain: %s", out)
	}
	do(exitOK, "approve", parts[1], "--hash", parts[2], "--user", "b", "--unit", "z")
	out = do(exitOK, "rules", "explain", "A05")
	for _, want := range []string{"A05@1 two-year carry-over", "basis", "schedule  30 6 * * 1", "default  y = 1", "state  A05@1 active"} {
		if !strings.Contains(out, want) {
			t.Errorf("explain lacks %q: %s", want, out)
		}
	}
	var explained struct {
		InForce struct {
			Rules []struct {
				ReportHash string `json:"report_hash"`
			} `json:"rules"`
		} `json:"in_force"`
	}
	if err := json.Unmarshal([]byte(do(exitOK, "rules", "explain", "P13", "--json")), &explained); err != nil || len(explained.InForce.Rules) != 1 || explained.InForce.Rules[0].ReportHash != alerts.Hash(mustRead(t, report)) {
		t.Errorf("%+v %v", explained, err)
	}
	if out := do(exitOK, "rules", "explain", "A05", "--history"); !regexp.MustCompile(`\n  \d+  \S+  a  A05@1 active\n`).MatchString(out) {
		t.Errorf("history: %s", out)
	}
	do(exitRefused, "rules", "explain", "--alert", "a-0")
	if out := do(exitOK, "rules", "submit", "P13", "A05", "--user", "c", "--unit", "z"); out != "" {
		t.Errorf("what is in force is submitted again: %s", out)
	}
	if out := do(exitOK, "rules", "submit", "P13", "A05", "C03", "--user", "c", "--unit", "z"); !strings.Contains(out, "submitted 1 rules") {
		t.Errorf("one that is not in force: %s", out)
	}
	if out := do(exitOK, "rules", "submit", "P13", "--role", "auditor", "--report", filepath.Join(own, "P13.test.yaml"), "--user", "c", "--unit", "z"); !strings.Contains(out, "submitted 1 rules") {
		t.Errorf("as an auditor: %s", out)
	}
	do(exitRefused, "rules", "submit", "C13", "--role", "leader", "--user", "c", "--unit", "z")
}
