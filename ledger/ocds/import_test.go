package ocds

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"yilu/audit"
	"yilu/ledger"
	"yilu/migrations/pgtest"
)

const book = ledger.Book("ocds-test")

// shelf is a ledger with a book in yuan that holds nothing.
type shelf struct {
	testing.TB
	ledger *ledger.Ledger
	db     *pgtest.DB
}

func newShelf(t testing.TB) *shelf {
	t.Helper()
	db := pgtest.New(t)
	sealer, err := audit.NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New(ledger.Config{Pool: db.Pool, Sealer: sealer, Now: time.Now})
	t.Cleanup(l.Close)
	if err := l.CreateBook(t.Context(), book); err != nil {
		t.Fatal(err)
	}
	return &shelf{t, l, db}
}

// run imports a file and returns what it did, with the findings of the book.
func (s *shelf) run(ctx context.Context, content string, change ...func(*Import)) (Summary, map[string]int64, error) {
	s.Helper()
	f := NewFindings(nil)
	g, err := Gather(ctx, "test.json", strings.NewReader(content), Options{Currency: "CNY", Report: f.Report, Temp: s.TempDir()})
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	im := &Import{Ledger: s.ledger, Book: book, By: maker, On: "2020-06-01", Findings: f}
	for _, c := range change {
		c(im)
	}
	sum, err := im.Run(ctx, g)
	return sum, f.Book, err
}

// must is run without a fault, and with no more than the findings that are wanted.
func (s *shelf) must(content string, want ...string) Summary {
	s.Helper()
	sum, said, err := s.run(s.Context(), content)
	if err != nil {
		s.Fatal(err)
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(said))); diff != "" && len(want)+len(said) > 0 {
		s.Errorf("findings of the book (-want +got):\n%s", diff)
	}
	return sum
}

// log is every entry of the book without what differs from book to book: its
// time.
func (s *shelf) log() []string {
	s.Helper()
	var out []string
	for from := ledger.Seq(0); ; {
		entries, err := s.ledger.Entries(s.Context(), book, from, 500)
		if err != nil {
			s.Fatal(err)
		}
		for _, e := range entries {
			body, err := ledger.EncodeBody(e.Body)
			if err != nil {
				s.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%d %s %s %s %s", e.Seq, e.ID, e.Kind, e.On, body))
		}
		if len(entries) < 500 {
			return out
		}
		from += 500
	}
}

func (s *shelf) rebuilds() {
	s.Helper()
	if r, err := ledger.Rebuild(s.Context(), s.db.Owner, book, ledger.Replay{}); err != nil {
		s.Errorf("rebuild: %+v %v", r, err)
	}
}

func total(m map[ledger.Kind]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

func TestImportOnceAndAgain(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	sum := s.must(clean)
	want := Summary{Processes: 1, Objects: 6, New: map[ledger.Kind]int64{"process.tender": 1, "process.bid": 2, "process.award": 1, "process.contract": 1, "process.transaction": 1}, Changed: map[ledger.Kind]int64{}}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Error("(-want +got):\n" + diff)
	}
	first := s.log()
	if len(first) != 7 || !strings.Contains(first[6], "import.recorded") || !strings.Contains(first[6], `"objects":"6"`) {
		t.Errorf("the log:\n%s", strings.Join(first, "\n"))
	}
	if sum := s.must(clean); sum.Unchanged != 6 || total(sum.New)+total(sum.Changed) != 0 {
		t.Errorf("again: %+v", sum)
	}
	if diff := cmp.Diff(first, s.log()); diff != "" {
		t.Error("the same file changed the log:\n" + diff)
	}
	s.rebuilds()
}

// TestImportOfWhatChanged: a newer release changes only what it changes, an older
// one only fills gaps, and neither does so twice.
func TestImportOfWhatChanged(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	s.must(clean)
	newer := `{"ocid":"ocds-abc-1","id":"r2","date":"2020-05-01T00:00:00Z","contracts":[{"id":"c1","status":"terminated","value":{"amount":950,"currency":"CNY"}}],
		"bids":{"details":[{"id":"b3","status":"withdrawn"}]}}`
	sum := s.must(newer)
	if sum.Changed["process.contract"] != 1 || sum.New["process.bid"] != 1 || sum.New["process.findings"] != 1 || total(sum.New)+total(sum.Changed) != 3 {
		t.Errorf("newer: %+v", sum)
	}
	contract := s.current("process.contract", "c1").Body.(*ledger.ProcessContract)
	if contract.Amount != 95000 || contract.Status != "terminated" || contract.Signed != "2020-02-28T00:00:00Z" || contract.Version != 2 || contract.Released != "2020-05-01T00:00:00Z" {
		t.Errorf("the contract: %+v", contract)
	}
	older := `{"ocid":"ocds-abc-1","id":"r0","date":"2020-01-01T00:00:00Z","contracts":[{"id":"c1","title":"Road works","status":"pending"}]}`
	if sum := s.must(older, "older"); total(sum.Changed) != 1 {
		t.Errorf("older: %+v", sum)
	}
	if contract := s.current("process.contract", "c1").Body.(*ledger.ProcessContract); contract.Name != "Road works" || contract.Status != "terminated" {
		t.Errorf("the contract: %+v", contract)
	}
	before := s.log()
	s.must(newer)
	s.must(older, "older")
	s.must(clean, "older")
	if diff := cmp.Diff(before, s.log()); diff != "" {
		t.Error("files that were there already changed the log:\n" + diff)
	}
	s.rebuilds()
}

// current is the newest entry of an object.
func (s *shelf) current(kind ledger.Kind, object string) *ledger.Entry {
	s.Helper()
	records, err := s.ledger.Records(s.Context(), book, "ocds-abc-1")
	if err != nil {
		s.Fatal(err)
	}
	for _, r := range records {
		if r.Kind == kind && r.Object == object {
			e, err := s.ledger.Entry(s.Context(), book, r.Seq)
			if err != nil {
				s.Fatal(err)
			}
			return e
		}
	}
	s.Fatalf("no %s %s", kind, object)
	return nil
}

// TestImportOfCompiledReleases: they say all there is. What is missing in a newer
// one is noted and kept, an older one changes nothing.
func TestImportOfCompiledReleases(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	record := func(day, rest string) string {
		return `{"records":[{"ocid":"o","compiledRelease":{"ocid":"o","date":"2020-01-` + day + `T00:00:00Z","tender":{"title":"x"` + rest + `}}]}`
	}
	s.must(record("02", `,"description":"two"},"awards":[{"id":"a"}]`))
	if sum := s.must(record("03", `}`), "vanished"); sum.Changed["process.tender"] != 1 || total(sum.Changed) != 1 {
		t.Errorf("%+v", sum)
	}
	before := s.log()
	if sum := s.must(record("01", `,"description":"one"},"awards":[{"id":"a","title":"y"}]`), "older"); sum.Unchanged != 2 {
		t.Errorf("%+v", sum)
	}
	if diff := cmp.Diff(len(before)+1, len(s.log())); diff != "" { // the file is recorded
		t.Error(diff)
	}
}

// TestKilledAndAgain: wherever an import ends, running it again makes the log
// that it would have made at once.
func TestKilledAndAgain(t *testing.T) {
	t.Parallel()
	content := strings.Join(excerpt(t), "\n") + "\n" + oneLine(clean) + "\n"
	whole := newShelf(t)
	whole.must(content)
	want := whole.log()
	for _, after := range []int64{1, 3, 6} {
		s := newShelf(t)
		ctx, kill := context.WithCancel(t.Context())
		_, _, err := s.run(ctx, content, func(im *Import) {
			im.Progress = func(done int64) {
				if done == after {
					kill()
				}
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("after %d: %v", after, err)
		}
		if n := len(s.log()); n == 0 || n >= len(want) {
			t.Errorf("after %d: %d of %d entries", after, n, len(want))
		}
		s.must(content)
		if diff := cmp.Diff(want, s.log()); diff != "" {
			t.Errorf("after %d (-want +got):\n%s", after, diff)
		}
		s.rebuilds()
	}
}

// TestTwoImportsAtOnce: the same file from two sides is one.
func TestTwoImportsAtOnce(t *testing.T) {
	t.Parallel()
	content := strings.Join(excerpt(t), "\n") + "\n" + oneLine(clean) + "\n"
	s := newShelf(t)
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, _, err := s.run(t.Context(), content)
			errs <- err
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	seen := map[string]bool{}
	for _, line := range s.log() {
		_, rest, _ := strings.Cut(line, " ")
		if seen[rest] {
			t.Errorf("twice: %s", rest)
		}
		seen[rest] = true
	}
	s.must(content)
	s.rebuilds()
}

// TestDryRun posts nothing, with a book and without.
func TestDryRun(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	dry := func(im *Import) { im.DryRun = true }
	sum, _, err := s.run(t.Context(), clean, dry)
	if err != nil || total(sum.New) != 6 || len(s.log()) != 0 {
		t.Errorf("%+v %v", sum, err)
	}
	s.must(clean)
	if sum, _, err = s.run(t.Context(), clean, dry); err != nil || sum.Unchanged != 6 || total(sum.New) != 0 {
		t.Errorf("%+v %v", sum, err)
	}
	if sum, _, err = s.run(t.Context(), clean, dry, func(im *Import) { im.Ledger = nil }); err != nil || total(sum.New) != 6 {
		t.Errorf("without a book: %+v %v", sum, err)
	}
}

// TestRefusedProcess: what the book does not take costs that process only.
func TestRefusedProcess(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	// The month of one process is closed.
	closing := ledger.Draft{ID: "c-1", Kind: "period.closed", On: "2020-03-01", By: maker, Corrects: ledger.None, Body: &ledger.PeriodClosed{Period: "2020-01"}}
	if _, err := s.ledger.Submit(t.Context(), book, "S", ledger.SubmissionMade{Submission: "S", Title: "结账"}, []ledger.Draft{closing}); err != nil {
		t.Fatal(err)
	}
	sub, err := s.ledger.Submission(t.Context(), book, "S")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ledger.Approve(t.Context(), book, "S-ok", "S", sub.ContentHash, "2020-03-01", ledger.By{Role: ledger.Checker, Unit: "411025-CZ", User: "u2"}); err != nil {
		t.Fatal(err)
	}
	early := `{"ocid":"early","date":"2020-01-10T00:00:00Z","tender":{"title":"x"}}`
	sum := s.must(early+"\n"+oneLine(clean)+"\n", "refused")
	if sum.Refused != 1 || total(sum.New) != 6 {
		t.Errorf("%+v", sum)
	}
}

// TestFindingsAreEntered: with the process by count and the first in detail, with
// the file by count, and all of them in the file of findings.
func TestFindingsAreEntered(t *testing.T) {
	t.Parallel()
	s := newShelf(t)
	bad := strings.ReplaceAll(clean, `:00Z"`, `:00"`)
	var lines bytes.Buffer
	f := NewFindings(&lines)
	g, err := Gather(t.Context(), "bad.json", strings.NewReader(bad), Options{Currency: "CNY", Report: f.Report, Temp: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.Close() }()
	if _, err := (&Import{Ledger: s.ledger, Book: book, By: maker, On: "2020-06-01", Findings: f}).Run(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	e := s.current("process.findings", "").Body.(*ledger.ProcessFindings)
	want := []ledger.FindingCount{{Code: "bid_time_unknown", Count: 2}, {Code: "date_no_zone", Count: 10}}
	if diff := cmp.Diff(want, e.Counts); diff != "" || len(e.Details) != 12 {
		t.Errorf("%d details, (-want +got):\n%s", len(e.Details), diff)
	}
	log := s.log()
	if last := log[len(log)-1]; !strings.Contains(last, `"counts":[{"code":"bid_time_unknown","count":"2"},{"code":"date_no_zone","count":"10"}]`) {
		t.Error(last)
	}
	n := 0
	for line := range strings.Lines(lines.String()) {
		var r struct{ Process, Code, Zh, En string }
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Process != "ocds-abc-1" || r.Zh == "" || r.En == "" || Codes[r.Code].En != r.En {
			t.Errorf("%s: %v", line, err)
		}
		n++
	}
	if n != 12 {
		t.Errorf("%d lines of findings", n)
	}
}

// BenchmarkImport enters processes of seven objects each, one commit a process.
func BenchmarkImport(b *testing.B) {
	s := newShelf(b)
	made := 0
	for b.Loop() {
		var content strings.Builder
		for range 500 {
			made++
			content.WriteString(strings.Replace(oneLine(clean), "ocds-abc-1", fmt.Sprintf("ocds-abc-%d", made), 1) + "\n")
		}
		if sum := s.must(content.String()); total(sum.New) != 3000 {
			b.Fatalf("%+v", sum)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(made), "ms/process")
}
