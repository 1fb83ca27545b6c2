package alerts

import (
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/alerts/fact"
	"yilu/alerts/rule"
	"yilu/alerts/rule/gate"
	"yilu/alerts/rules"
	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
	"yilu/publicity/workday"
)

var only = flag.String("rule", "", "check the tests of one rule and print its report")

// TestSweepsPassTheirGate runs the tests and the mutants of every sweep; those of the
// other rules run without a database, in package rules.
func TestSweepsPassTheirGate(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	g, err := gate.New(fact.Surroundings(counter(workday.StateCouncil())), nil)
	if err != nil {
		t.Fatal(err)
	}
	planted, posted := PlantedSweeps(t.Context(), db.Pool), postedSweeps(t)
	g.Sweeps = func(r *rule.Compiled, a rule.Act, p gate.Planted) ([]rule.Result, error) {
		if len(p.Given) > 0 {
			return posted(r, a, p)
		}
		return planted(r, a, p)
	}
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

// postedSweeps posts the entries of a test to a real ledger and runs the sweep over its
// views, up to the last entry. The same entries are posted once.
func postedSweeps(t *testing.T) gate.Sweeps {
	t.Helper()
	ledgers := map[string]*pgtest.DB{}
	return func(r *rule.Compiled, a rule.Act, p gate.Planted) (results []rule.Result, err error) {
		key := fmt.Sprint(p.Given)
		db := ledgers[key]
		if db == nil {
			db = pgtest.New(t)
			if err := postAll(t, db, p); err != nil {
				return nil, err
			}
			ledgers[key] = db
		}
		q, state, reason := r.Query(a, 1<<40)
		if state != "" {
			return []rule.Result{{State: state, Reason: reason}}, nil
		}
		err = pgx.BeginTxFunc(t.Context(), db.Pool, readOnly, func(tx pgx.Tx) error {
			if err := becomeReader(t.Context(), tx); err != nil {
				return err
			}
			results, err = judgeRows(t.Context(), tx, r, a, q)
			return err
		})
		return results, err
	}
}

// postAll posts the entries of a test to a ledger of its own.
func postAll(t *testing.T, db *pgtest.DB, p gate.Planted) error {
	t.Helper()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		return err
	}
	now := p.Start
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: func() time.Time { return now }})
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), worldBook); err != nil {
		return err
	}
	w := &script{book: ledger.NewFold(worldBook, nil), calendar: workday.StateCouncil(), start: p.Start, seqs: map[string]ledger.Seq{}, also: func(at time.Time, drafts []ledger.Draft) error {
		now = at
		_, err := l.Post(t.Context(), worldBook, drafts...)
		return err
	}}
	for _, e := range p.Given {
		if _, err := w.post(e); err != nil {
			return err
		}
	}
	return nil
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
