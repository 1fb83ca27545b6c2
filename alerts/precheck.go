package alerts

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"yilu/alerts/rule"
	"yilu/ledger"
)

// Precheck is everything that the book and the rules would say of a unit if it were
// posted now. Posting judges again: another entry may come in between.
type Precheck struct {
	// Accepted is set when nothing would refuse the unit.
	Accepted bool `json:"accepted"`
	// Repeated is set when it is in the book already.
	Repeated bool `json:"repeated,omitzero"`
	// Problems are what would refuse it, constraints and rules, Findings what the rules
	// found, whether or not that refuses anything.
	Problems []ledger.Problem `json:"problems"`
	Findings []Checked        `json:"findings"`
	// Digest is SHA-256 over code, version, fingerprint and state of the findings:
	// equal digests are the same findings.
	Digest [sha256.Size]byte `json:"digest"`
	// Size is the size of the book that was looked at.
	Size int64 `json:"size"`
}

// Checked is a finding of a pre-check with the draft it is about.
type Checked struct {
	// Index is the draft's place in the unit, from 0; Entry the entry that an approval
	// would put in effect, None for the draft itself.
	Index int        `json:"index"`
	Entry ledger.Seq `json:"entry"`
	// Needs is what has to happen before the unit can be posted: "acknowledgement",
	// "correction", or nothing.
	Needs string `json:"needs,omitzero"`
	Finding
}

// Check judges drafts as a post would, and writes nothing.
func Check(ctx context.Context, l *ledger.Ledger, book ledger.Book, drafts ...ledger.Draft) (Precheck, error) {
	tried, err := l.Try(ctx, book, drafts...)
	if err != nil {
		return Precheck{}, err
	}
	p := Precheck{Accepted: len(tried.Problems) == 0, Repeated: tried.Repeated, Problems: tried.Problems, Size: tried.Size}
	for _, h := range tried.Heard {
		var note Note
		if err := json.Unmarshal(h.Note, &note); err != nil {
			return Precheck{}, fmt.Errorf("verdict on draft %d: %w", h.Index, err)
		}
		nowhere := slices.ContainsFunc(tried.Problems, func(x ledger.Problem) bool { return x.Index == h.Index && x.Rule == "not_found" })
		for _, f := range note.Findings {
			if nowhere && f.State == rule.NotEvaluable { // what it names has to be there first: nobody is asked to explain that
				p.Problems = slices.DeleteFunc(p.Problems, func(x ledger.Problem) bool { return x.Index == h.Index && x.Rule == f.Code })
				continue
			}
			p.Findings = append(p.Findings, Checked{h.Index, h.Entry, f.needs(), f})
		}
	}
	p.Digest = digestOf(p.Findings)
	return p, nil
}

// needs says what a finding asks for.
func (f Finding) needs() string {
	p, stops := f.problem()
	switch {
	case !stops:
		return ""
	case p.Needs == "":
		return "correction"
	}
	return p.Needs
}

// digestOf does not depend on the order of entries: a unit that is sorted anew has the
// same findings. Parts are written with their lengths.
func digestOf(findings []Checked) [sha256.Size]byte {
	var lines []string
	for _, f := range findings {
		var line strings.Builder
		for _, part := range []string{f.Code, fmt.Sprint(f.Version), f.Fingerprint, string(f.State)} {
			fmt.Fprintf(&line, "%d:%s", len(part), part)
		}
		lines = append(lines, line.String())
	}
	slices.Sort(lines)
	sum := sha256.New()
	for _, line := range lines {
		fmt.Fprintf(sum, "%d:%s", len(line), line)
	}
	return [sha256.Size]byte(sum.Sum(nil))
}
