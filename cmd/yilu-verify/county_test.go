package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
	"yilu/cmd/yilu/demo"
	"yilu/ledger"
	"yilu/migrations/pgtest"
)

// The server's own book of the demonstration county is published and verified:
// two replays that share no code come to the same money, and every rule that this
// program holds entries to is one that the server keeps.
func TestDemonstrationCounty(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := serversLedger(t, db)
	if err := demo.Load(t.Context(), l, demo.Options{}); err != nil {
		t.Fatal(err)
	}
	var leaves [][]byte
	for row, err := range audit.ReadLeaves(t.Context(), db.Pool, string(demo.Book), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, row.Leaf)
	}
	k := newKeys(t, "")
	f, _ := publish(t, leaves, k.log, k.witness)
	r := inspect(t, f, k.policy)
	if r.exit() != exitPassed {
		t.Fatal(r.Sentence.En)
	}
	funds, projects := ledgerFigures(t, l)
	if diff := cmp.Diff(funds, r.Funds); diff != "" {
		t.Errorf("funds differ, - server:\n%s", diff)
	}
	if diff := cmp.Diff(projects, r.Projects); diff != "" {
		t.Errorf("projects differ, - server:\n%s", diff)
	}
	t.Logf("%d entries, %d funds, %d projects", len(leaves), len(funds), len(projects))
	hideOne(t, leaves, k)
}

// serversLedger is a ledger as the server has it.
func serversLedger(t *testing.T, db *pgtest.DB) *ledger.Ledger {
	t.Helper()
	sealer, err := audit.NewSealer(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	return l
}

// ledgerFigures are what the server would publish.
func ledgerFigures(t *testing.T, l *ledger.Ledger) (funds []fundFigure, projects []projectFigure) {
	t.Helper()
	fs, err := l.Funds(t.Context(), demo.Book)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fs {
		funds = append(funds, fundFigure{f.Fund, f.Received.String(), f.InHand.String(), f.Allocated.String(), f.Paid.String(), f.Returned.String()})
	}
	for page := (ledger.Page{Limit: ledger.MaxPage}); ; {
		ps, next, err := l.Projects(t.Context(), demo.Book, ledger.ProjectFilter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ps {
			projects = append(projects, projectFigure{p.Project, p.Budget.String(), p.Allocated.String(), p.Requested.String(), p.Paid.String(), p.Contracts.String()})
		}
		if page.After = next; next == "" {
			break
		}
	}
	byName := func(a, b fundFigure) int { return strings.Compare(a.Fund, b.Fund) }
	slices.SortFunc(funds, byName)
	slices.SortFunc(projects, func(a, b projectFigure) int { return strings.Compare(a.Project, b.Project) })
	return funds, projects
}

// hideOne leaves one paid payment out of the log, as if a server kept it from the
// auditor: whatever is signed then, the entries contradict each other.
func hideOne(t *testing.T, leaves [][]byte, k keys) {
	t.Helper()
	for i, leaf := range leaves {
		if bytes.Contains(leaf, []byte(`"kind":"payment.paid"`)) {
			f, _ := publish(t, slices.Delete(slices.Clone(leaves), i, i+1), k.log, k.witness)
			if r := inspect(t, f, k.policy); r.exit() != exitWrong || int(r.FirstBad.Seq) != i {
				t.Errorf("without entry %d: %s", i, r.Sentence.En)
			}
			return
		}
	}
	t.Error("nothing was paid")
}
