package ocds

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"yilu/ledger"
)

// Findings counts findings and writes each as a line of JSON, with its meaning
// in both languages, so that none is lost.
type Findings struct {
	// Counts are of the file alone, Book of what the book had to say to it.
	Counts, Book map[string]int64
	w            io.Writer
}

// NewFindings writes to w, or only counts if that is nil.
func NewFindings(w io.Writer) *Findings {
	return &Findings{Counts: map[string]int64{}, Book: map[string]int64{}, w: w}
}

// Report takes a finding.
func (f *Findings) Report(r Report) error {
	switch r.Code {
	case "older", "vanished", "refused":
		f.Book[r.Code]++
	default:
		f.Counts[r.Code]++
	}
	if f.w == nil {
		return nil
	}
	line, err := json.Marshal(struct {
		Report
		ledger.Text
	}{r, Codes[r.Code]}, jsontext.AllowInvalidUTF8(true))
	if err == nil {
		_, err = f.w.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// counts are findings by code, as entries hold them.
func counts(m map[string]int64) []ledger.FindingCount {
	var out []ledger.FindingCount
	for _, code := range slices.Sorted(maps.Keys(m)) {
		out = append(out, ledger.FindingCount{Code: code, Count: ledger.Count(m[code])})
	}
	return out
}

// Import brings what was gathered into a book.
type Import struct {
	// Ledger is nil for a look at the file without a book.
	Ledger *ledger.Ledger
	Book   ledger.Book
	By     ledger.By
	// On is the business day of what has no day of its own.
	On ledger.Date
	// DryRun compares with the book and posts nothing.
	DryRun   bool
	Findings *Findings
	// Progress is told how many releases are done; nil is fine.
	Progress func(releases int64)
}

// Summary says what an import did, or would do.
type Summary struct {
	Processes int64 `json:"processes"`
	Objects   int64 `json:"objects"`
	// New and Changed are entries by kind; Unchanged are objects that the book
	// holds as they are, Refused processes that it did not take.
	New       map[ledger.Kind]int64 `json:"new"`
	Changed   map[ledger.Kind]int64 `json:"changed"`
	Unchanged int64                 `json:"unchanged"`
	Refused   int64                 `json:"refused"`
}

// window is how many objects are compared with the book at once.
const window = 1000

// Run posts what is new or changed, process by process: a process with all its
// objects stands or falls together. Whatever ends it, running it again goes on
// where it ended. The summary is of what was done so far, also with an error.
func (im *Import) Run(ctx context.Context, g *Gathered) (Summary, error) {
	s := Summary{New: map[ledger.Kind]int64{}, Changed: map[ledger.Kind]int64{}}
	var waiting []*Process
	objects := 0
	for p, err := range g.Processes(ctx) {
		if err != nil {
			return s, err
		}
		waiting = append(waiting, p)
		if objects += len(p.Bodies); objects < window && len(waiting) < window {
			continue
		}
		if err := im.enter(ctx, waiting, &s); err != nil {
			return s, err
		}
		waiting, objects = nil, 0
	}
	if err := im.enter(ctx, waiting, &s); err != nil {
		return s, err
	}
	if im.DryRun || s.Processes == 0 {
		return s, nil
	}
	return s, im.close(ctx, g, s)
}

// close records the file, once.
func (im *Import) close(ctx context.Context, g *Gathered, s Summary) error {
	sum, err := base64.StdEncoding.DecodeString(g.File.SHA256)
	if err != nil {
		return err
	}
	id := "ocds-file-" + hex.EncodeToString(sum[:20])
	found, err := im.Ledger.FindIDs(ctx, im.Book, []string{id})
	if err != nil || len(found) > 0 {
		return err
	}
	return im.post(ctx, []ledger.Draft{{ID: id, Kind: "import.recorded", On: im.On, By: im.By, Corrects: ledger.None, Body: &ledger.ImportRecorded{
		Counts: counts(im.Findings.Counts), File: g.File, Licences: g.Licences, Publishers: g.Publishers,
		Objects: ledger.Count(s.Objects), Processes: ledger.Count(s.Processes),
	}}})
}

// enter compares processes with the book and posts what it does not hold yet.
func (im *Import) enter(ctx context.Context, ps []*Process, s *Summary) error {
	ids := make([]string, len(ps))
	for i, p := range ps {
		ids[i] = p.ID
	}
	held, err := im.held(ctx, ids...)
	if err != nil {
		return err
	}
	for _, p := range ps {
		s.Processes++
		s.Objects += int64(len(p.Bodies))
		if err := im.enterOne(ctx, p, held, s); err != nil {
			return fmt.Errorf("process %s: %w", p.ID, err)
		}
		if im.Progress != nil {
			im.Progress(s.Processes)
		}
	}
	return nil
}

// held are the book's records of some processes, by kind, process and object.
func (im *Import) held(ctx context.Context, ids ...string) (map[string]ledger.Record, error) {
	out := map[string]ledger.Record{}
	if im.Ledger == nil || len(ids) == 0 {
		return out, nil
	}
	records, err := im.Ledger.Records(ctx, im.Book, ids...)
	for _, r := range records {
		out[place(r.Kind, r.Process, r.Object)] = r
	}
	return out, err
}

func place(kind ledger.Kind, process, object string) string {
	return string(kind) + "\n" + process + "\n" + object
}

// enterOne posts one process. If the book has moved on under it, it is compared
// and posted once more.
func (im *Import) enterOne(ctx context.Context, p *Process, held map[string]ledger.Record, s *Summary) error {
	for try := 0; ; try++ {
		plan, err := im.plan(ctx, p, held)
		if err != nil {
			return err
		}
		if len(plan.drafts) > 0 && !im.DryRun {
			err = im.post(ctx, plan.drafts)
		}
		_, isRefused := errors.AsType[*ledger.Refused](err)
		_, isInvalid := errors.AsType[*ledger.Invalid](err)
		_, isConflict := errors.AsType[*ledger.Conflict](err)
		switch {
		case err == nil:
			plan.count(s)
			return im.reportAll(p.ID, plan.findings)
		case (isRefused || isConflict) && try == 0:
			if held, err = im.held(ctx, p.ID); err != nil {
				return err
			}
		case isRefused || isInvalid || isConflict:
			s.Refused++
			return im.Findings.Report(Report{p.ID, ledger.Finding{Code: "refused", Found: shown(err.Error(), 500)}})
		default:
			return err
		}
	}
}

func (im *Import) reportAll(process string, findings []ledger.Finding) error {
	for _, f := range findings {
		if err := im.Findings.Report(Report{process, f}); err != nil {
			return err
		}
	}
	return nil
}

// plan is what has to be posted of a process.
type plan struct {
	drafts    []ledger.Draft
	changed   []bool // for each draft, whether the book held another version
	unchanged int64
	findings  []ledger.Finding
}

func (pl *plan) count(s *Summary) {
	for i, d := range pl.drafts {
		if pl.changed[i] {
			s.Changed[d.Kind]++
		} else {
			s.New[d.Kind]++
		}
	}
	s.Unchanged += pl.unchanged
}

func (im *Import) plan(ctx context.Context, p *Process, held map[string]ledger.Record) (*plan, error) {
	pl := &plan{}
	seen := map[string]bool{}
	for _, b := range p.Bodies {
		r := ledger.RecordedOf(b)
		at := place(kindOf(b), r.Process, r.Object)
		seen[at] = true
		if err := im.add(ctx, pl, p, b, held[at]); err != nil {
			return nil, err
		}
	}
	for _, at := range slices.Sorted(maps.Keys(held)) {
		if row := held[at]; p.Whole && row.Process == p.ID && row.Kind != "process.findings" && !seen[at] {
			pl.findings = append(pl.findings, ledger.Finding{Code: "vanished", Path: shown(string(row.Kind)+" "+row.Object, 200)})
		}
	}
	// Findings go with what they are about, and change nothing by themselves. That
	// contact points are left out is said once, of the file.
	row, known := held[place("process.findings", p.ID, "")]
	said := slices.ContainsFunc(p.Findings, func(f ledger.Finding) bool { return f.Code != "contacts" })
	if len(pl.drafts) == 0 || !said && !known {
		return pl, nil
	}
	b := findingsOf(p, ledger.RecordedOf(pl.drafts[0].Body).Currency)
	if known && ledger.RecordDigest(b) == row.Digest {
		return pl, nil
	}
	pl.append(im, b, row)
	return pl, nil
}

// mostDetails is how many findings of a process are entered in detail; the file
// of findings has them all.
const mostDetails = 20

func findingsOf(p *Process, currency string) *ledger.ProcessFindings {
	n := map[string]int64{}
	for _, f := range p.Findings {
		n[f.Code]++
	}
	return &ledger.ProcessFindings{
		Recorded: ledger.Recorded{Currency: currency, Process: p.ID, Released: p.Released},
		Counts:   counts(n), Details: p.Findings[:min(len(p.Findings), mostDetails)],
	}
}

// add plans one object: nothing if the book holds it as it is.
func (im *Import) add(ctx context.Context, pl *plan, p *Process, b ledger.Body, row ledger.Record) error {
	if row.Version == 0 {
		pl.append(im, b, row)
		return nil
	}
	r := ledger.RecordedOf(b)
	older := orderOf(r.Released).Before(orderOf(row.Released))
	if ledger.RecordDigest(b) == row.Digest {
		pl.unchanged++
		return nil
	}
	if older {
		pl.findings = append(pl.findings, ledger.Finding{Code: "older", Path: shown(string(row.Kind)+" "+row.Object, 200), Found: string(r.Released), Made: string(row.Released)})
	}
	if older && p.Whole {
		pl.unchanged++
		return nil
	}
	if !p.Whole {
		stored, err := im.Ledger.Entry(ctx, im.Book, row.Seq)
		if err != nil {
			return err
		}
		if b, err = overlay(stored.Body, b, row.Kind, older); err != nil {
			return err
		}
		if ledger.RecordDigest(b) == row.Digest {
			pl.unchanged++
			return nil
		}
	}
	pl.append(im, b, row)
	return nil
}

// overlay makes of what the book holds and what a single release says one body:
// the later has the word, the other fills the gaps.
func overlay(stored, told ledger.Body, kind ledger.Kind, older bool) (ledger.Body, error) {
	under, over := map[string]jsontext.Value{}, map[string]jsontext.Value{}
	for _, x := range []struct {
		body ledger.Body
		to   map[string]jsontext.Value
	}{{stored, under}, {told, over}} {
		raw, err := ledger.EncodeBody(x.body)
		if err == nil {
			err = json.Unmarshal(raw, &x.to)
		}
		if err != nil {
			return nil, err
		}
	}
	if older {
		under, over = over, under
	}
	if over["amount"] != nil {
		delete(under, "foreign_currency")
	}
	if over["foreign_currency"] != nil {
		delete(under, "amount")
	}
	maps.Copy(under, over)
	raw, err := json.Marshal(under, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return ledger.DecodeBody(kind, raw)
}

// append plans an entry on top of a record, which may be none. Its id follows
// from what it says, so that the same post made twice is one.
func (pl *plan) append(im *Import, b ledger.Body, row ledger.Record) {
	r := ledger.RecordedOf(b)
	r.Version = ledger.Count(row.Version + 1)
	kind, on := kindOf(b), day(b, im.On)
	sum := sha256.Sum256([]byte(place(kind, r.Process, r.Object) + "\n" + strconv.FormatInt(int64(r.Version), 10) + "\n" + ledger.RecordDigest(b) + "\n" + string(r.Released) + "\n" + string(on)))
	pl.drafts = append(pl.drafts, ledger.Draft{ID: "ocds-" + hex.EncodeToString(sum[:20]), Kind: kind, On: on, By: im.By, Corrects: ledger.None, Body: b})
	pl.changed = append(pl.changed, row.Version > 0)
}

// kindOf is the kind of a record.
func kindOf(b ledger.Body) ledger.Kind {
	switch b.(type) {
	case *ledger.ProcessTender:
		return "process.tender"
	case *ledger.ProcessBid:
		return "process.bid"
	case *ledger.ProcessAward:
		return "process.award"
	case *ledger.ProcessContract:
		return "process.contract"
	case *ledger.ProcessTransaction:
		return "process.transaction"
	}
	return "process.findings"
}

// maxTries bounds how often a post is sent again whose outcome is not known.
const maxTries = 5

// post posts one unit, and waits while the book is busy.
func (im *Import) post(ctx context.Context, drafts []ledger.Draft) error {
	for try := 1; ; try++ {
		_, err := im.Ledger.Post(ctx, im.Book, drafts...)
		busy, isBusy := errors.AsType[*ledger.Busy](err)
		switch {
		case isBusy:
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(busy.RetryAfter):
			}
		case errors.Is(err, ledger.ErrUnknown) && try < maxTries && ctx.Err() == nil:
		default:
			return err
		}
	}
}
