package main

import (
	"os"
	"path/filepath"
	"testing"

	"yilu/audit"
	"yilu/ledger"
	"yilu/ledger/ocds"
	"yilu/migrations/pgtest"
)

// A log of published records is followed to its end: nothing in it moves money,
// and no kind of it is passed over as one that might.
func TestLogOfPublishedRecords(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	l := serversLedger(t, db)
	if err := l.CreateBook(t.Context(), testBook); err != nil {
		t.Fatal(err)
	}
	by := ledger.By{Role: ledger.Maker, Unit: "411025-SJ", User: "u1"}
	if _, err := l.Post(t.Context(), testBook, ledger.Draft{ID: "o", Kind: "book.opened", On: "2020-01-01", By: by, Corrects: ledger.None, Body: &ledger.BookOpened{Currency: "PYG", Name: "Paraguay"}}); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.FromSlash("../../ledger/ocds/testdata/excerpt.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	f := ocds.NewFindings(nil)
	g, err := ocds.Gather(t.Context(), "excerpt.jsonl", file, ocds.Options{Currency: "PYG", Report: f.Report, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	if s, err := (&ocds.Import{Ledger: l, Book: testBook, By: by, On: "2020-01-01", Findings: f}).Run(t.Context(), g); err != nil || s.Refused > 0 {
		t.Fatal(s, err)
	}
	var leaves [][]byte
	for row, err := range audit.ReadLeaves(t.Context(), db.Pool, testBook, 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, row.Leaf)
	}
	k := newKeys(t, "")
	published, _ := publish(t, leaves, k.log, k.witness)
	if r := inspect(t, published, k.policy); r.exit() != exitPassed || len(r.Funds) > 0 || len(leaves) < 15 {
		t.Errorf("%d entries: %s", len(leaves), r.Sentence.En)
	}
}
