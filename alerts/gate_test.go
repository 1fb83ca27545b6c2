package alerts

import (
	"flag"
	"io/fs"
	"strings"
	"testing"

	"yilu/alerts/fact"
	"yilu/alerts/rule"
	"yilu/alerts/rule/gate"
	"yilu/alerts/rules"
	"yilu/migrations/pgtest"
	"yilu/publicity/workday"
)

var only = flag.String("rule", "", "check the tests of one rule and print its report")

// TestSweepsPassTheirGate runs the tests and the mutants of every sweep; those of the
// other rules run without a database, in package rules.
func TestSweepsPassTheirGate(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	g, err := gate.New(rule.Surroundings{Catalogue: fact.Catalogue(), Calendar: counter(workday.StateCouncil())}, nil)
	if err != nil {
		t.Fatal(err)
	}
	g.Sweeps = PlantedSweeps(t.Context(), db.Pool)
	names, err := fs.Glob(rules.Files, "*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".test.yaml") || *only != "" && name != *only+".yaml" {
			continue
		}
		r, err := rule.Parse(name, read(t, name))
		if err != nil {
			t.Error(err)
			continue
		}
		if r.Kind != rule.OnSweep {
			continue
		}
		f, err := gate.Parse(r.Code+".test.yaml", read(t, r.Code+".test.yaml"))
		if err != nil {
			t.Error(err)
			continue
		}
		report, err := g.Check(r, f)
		if err != nil || !report.Passed() || *only != "" {
			t.Error(report, err)
		}
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(rules.Files, name)
	if err != nil {
		t.Error(err)
	}
	return data
}

// TestSweepsAreRead: PostgreSQL knows every table and column, as the reader alone.
func TestSweepsAreRead(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	known, err := LoadRules(rules.Files, workday.StateCouncil())
	if err != nil {
		t.Fatal(err)
	}
	if err := known.CheckSweeps(t.Context(), db.Pool); err != nil {
		t.Error(err)
	}
}
