package document_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/migrations/pgtest"
)

// pruneBook opens a book for entries that name files.
func pruneBook(t *testing.T, db *pgtest.DB) *ledger.Ledger {
	t.Helper()
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer(t, 0), Now: func() time.Time { return now }})
	if err := l.CreateBook(t.Context(), book); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestPruneKeepsWhatAnythingNames hides what no entry and no draft names, shows it again
// when it is handed in or named meanwhile, and removes only the rest, days later.
func TestPruneKeepsWhatAnythingNames(t *testing.T) {
	t.Parallel()
	db, dir := pgtest.New(t), t.TempDir()
	s, err := document.Open(dir, db.Pool, sealer(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	l := pruneBook(t, db)
	files := map[string]document.Stored{}
	for _, name := range []string{"named", "late", "draft", "again", "old", "young"} {
		at := now.AddDate(-2, 0, 0)
		if name == "young" {
			at = now.AddDate(0, 0, -30)
		}
		f, err := s.Put(t.Context(), book, document.Stored{Unit: "u", User: "u", Name: name + ".pdf", At: at}, strings.NewReader("%PDF-"+name))
		if err != nil {
			t.Fatal(err)
		}
		sum := fmt.Sprintf("%x", f.SHA256)
		if err := os.Chtimes(filepath.Join(dir, "stored", sum[:2], sum), at, at); err != nil {
			t.Fatal(err)
		}
		files[name] = f
	}
	name := func(what string) {
		t.Helper()
		body := &ledger.FundReceived{Fund: "F-" + what, Name: "资金", Document: "豫财农〔2020〕1号", Issued: "2020-06-01", Level: "county", Year: "2020", Amount: 100, Files: []ledger.File{files[what].File()}}
		d := ledger.Draft{ID: "f-" + what, Kind: "fund.received", On: "2020-06-30", By: ledger.By{Role: ledger.Maker, Unit: "u", User: "u"}, Corrects: ledger.None, Body: body}
		if _, err := l.Submit(t.Context(), book, "s-"+what, ledger.SubmissionMade{Submission: "s-" + what, Title: "指标"}, []ledger.Draft{d}); err != nil {
			t.Fatal(err)
		}
	}
	name("named")
	prune := func(at time.Time) document.Pruned {
		t.Helper()
		p, err := s.Prune(t.Context(), book, []string{files["draft"].Hash(), "no hash"}, at.AddDate(-1, 0, 0), at)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	there := func(want ...string) {
		t.Helper()
		for what, f := range files {
			_, err := s.Find(t.Context(), book, f.Hash(), "")
			if wanted := strings.Contains(strings.Join(want, " "), what); wanted != (err == nil) || err != nil && !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if p := prune(now); p.Hidden != 3 || p.Rows != 0 || p.Files != 0 {
		t.Errorf("first night: %+v", p)
	}
	there("named", "draft", "young")
	name("late")
	if _, err := put(t, s, "again.pdf", "%PDF-again"); err != nil { // by another unit
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), book, document.Stored{Unit: "u", User: "u", Name: "again.pdf", At: now}, strings.NewReader("%PDF-again")); err != nil {
		t.Fatal(err)
	}
	there("named", "draft", "young", "again")
	if p := prune(now.AddDate(0, 0, 4)); p.Rows != 1 || p.Files != 1 {
		t.Errorf("after four days: %+v", p)
	}
	there("named", "draft", "young", "late", "again")
	sum := fmt.Sprintf("%x", files["old"].SHA256)
	if _, err := os.Stat(filepath.Join(dir, "stored", sum[:2], sum)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the bytes of what is gone: %v", err)
	}
	for _, what := range []string{"named", "late", "draft", "again", "young"} {
		if r, err := s.Content(files[what]); err != nil {
			t.Errorf("%s: %v", what, err)
		} else if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if faults, _, err := document.Check(t.Context(), db.Pool, dir); err != nil || len(faults) > 0 {
		t.Errorf("after pruning: %v %v", faults, err)
	}
}

// TestHandedInWhileItIsPruned: whoever hands in what is just being given up has it.
func TestHandedInWhileItIsPruned(t *testing.T) {
	t.Parallel()
	db, dir := pgtest.New(t), t.TempDir()
	s, err := document.Open(dir, db.Pool, sealer(t, 0))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	pruneBook(t, db)
	at := now.AddDate(-2, 0, 0)
	for round := range 10 {
		content := fmt.Sprintf("%%PDF-%d", round)
		f, err := s.Put(t.Context(), book, document.Stored{Unit: "u", User: "u", Name: "a.pdf", At: at}, strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		sum := fmt.Sprintf("%x", f.SHA256)
		if err := os.Chtimes(filepath.Join(dir, "stored", sum[:2], sum), at, at); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Prune(t.Context(), book, nil, now.AddDate(-1, 0, 0), now); err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, err := s.Prune(t.Context(), book, nil, now.AddDate(-1, 0, 0), now.AddDate(0, 0, 4)); err != nil {
				t.Error(err)
			}
		})
		wait.Go(func() {
			if _, err := s.Put(t.Context(), book, document.Stored{Unit: "u", User: "u", Name: "a.pdf", At: now.AddDate(0, 0, 4)}, strings.NewReader(content)); err != nil {
				t.Error(err)
			}
		})
		wait.Wait()
		if faults, _, err := document.Check(t.Context(), db.Pool, dir); err != nil || len(faults) > 0 {
			t.Fatalf("round %d: a row without its bytes: %v %v", round, faults, err)
		}
	}
}
