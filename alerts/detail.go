package alerts

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"yilu/audit"
	"yilu/ledger"
)

// Detail is a warning with what it was raised on and what was done about it.
type Detail struct {
	Current
	// Evidence is what was found at each hit, as it was then: the first and the last
	// hits. It is sealed in their entries, and was opened here.
	Evidence []Evidence `json:"evidence"`
	// History are the entries about it, oldest first.
	History []Step `json:"history"`
}

// Evidence is one hit.
type Evidence struct {
	// Raised is the entry of the warning, Entry the one it is about, At that by which
	// it took effect; None for an attempt.
	Raised ledger.Seq `json:"raised_seq"`
	Entry  ledger.Seq `json:"entry"`
	At     ledger.Seq `json:"at_seq"`
	// Erased is set when the evidence was erased by law.
	Erased bool `json:"erased,omitzero"`
	Finding
}

// Step is an entry about a warning with what it says.
type Step struct {
	Event
	Role ledger.Role `json:"role"`
	// Entry is the step itself.
	Entry *ledger.Entry `json:"-"`
	// Opinion is what the officer wrote; sealed, and opened here.
	Opinion string `json:"opinion,omitzero"`
}

const (
	// maxEvidence is how many hits of one warning are shown, the first among them.
	maxEvidence = 20
	// maxHistory is how many entries of one warning are shown.
	maxHistory = 500
)

// Open reads a warning with its evidence, for those who may see it: Find says whose
// it is.
func (g *Engine) Open(ctx context.Context, book ledger.Book, alert string) (Detail, error) {
	c, err := Find(ctx, g.Pool, book, alert)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Current: c}
	list, err := Events(ctx, g.Pool, book, alert)
	if err != nil {
		return d, err
	}
	if over := len(list) - maxHistory; over > 0 { // a warning that repeats for ever
		list = append(list[:1], list[1+over:]...)
	}
	seqs, numbers := make([]ledger.Seq, len(list)), make([]uint64, len(list))
	for i, e := range list {
		seqs[i], numbers[i] = e.Seq, uint64(e.Seq)
	}
	entries, err := g.Ledger.EntriesAt(ctx, book, seqs)
	if err != nil {
		return d, err
	}
	opened, err := g.Ledger.Sealer.OpenMany(ctx, g.Ledger.Read, string(book), numbers)
	if err != nil {
		return d, fmt.Errorf("open warning %s: %w", alert, err)
	}
	for _, e := range list {
		entry := entries[e.Seq]
		if entry == nil {
			return d, fmt.Errorf("entry %d of warning %s: %w", e.Seq, alert, ErrGap)
		}
		fields := opened[uint64(e.Seq)]
		d.History = append(d.History, Step{Event: e, Role: entry.By.Role, Entry: entry, Opinion: fields["opinion"].Value})
		if e.Kind == "alert.raised" || e.Kind == "alert.repeated" {
			hit, err := evidenceOf(e.Seq, fields)
			if err != nil {
				return d, fmt.Errorf("evidence of warning %s: %w", alert, err)
			}
			d.Evidence = append(d.Evidence, hit)
		}
	}
	if over := len(d.Evidence) - maxEvidence; over > 0 {
		d.Evidence = append(d.Evidence[:1], d.Evidence[1+over:]...)
	}
	return d, nil
}

// evidenceOf reads what was sealed with a hit.
func evidenceOf(seq ledger.Seq, fields map[string]audit.Opened) (Evidence, error) {
	hit := Evidence{Raised: seq, Entry: ledger.None, At: ledger.None}
	evidence, there := fields["evidence"]
	concerns, known := fields["subject"]
	if !there || !known {
		hit.Erased = true
		return hit, nil
	}
	var a about
	err := errors.Join(json.Unmarshal([]byte(evidence.Value), &hit.Finding), json.Unmarshal([]byte(concerns.Value), &a))
	hit.Entry, hit.At = ledger.Seq(a.Entry), ledger.Seq(a.At)
	return hit, err
}

// Moved is a case that somebody else has taken a step of meanwhile.
type Moved struct {
	Current
	// Since are the steps after the version that was seen.
	Since []Event `json:"since"`
}

// Review says what stands against each of several steps, of all and not only of the
// first, and which cases have moved on since they were seen. It is for telling people
// after Take has refused: it takes nothing.
func (g *Engine) Review(ctx context.Context, book ledger.Book, drafts ...ledger.Draft) (*ledger.Refused, []Moved, error) {
	t, err := g.terms(ctx, g.Pool, book)
	if err != nil {
		return nil, nil, err
	}
	refused := &ledger.Refused{}
	var moved []Moved
	for i, d := range drafts {
		step := d.Body.(ledger.CaseStep).Case()
		c, err := Find(ctx, g.Pool, book, step.Alert)
		if errors.Is(err, ledger.ErrNotFound) {
			err = refusal("body.alert", "not_found", "没有预警 "+step.Alert, "there is no warning "+step.Alert)
		} else if err == nil {
			err = g.allowed(ctx, book, t, c, d, len(drafts) > 1)
		}
		if no, ok := errors.AsType[*ledger.Refused](err); ok {
			for _, p := range no.Problems {
				p.Index = i
				refused.Problems = append(refused.Problems, p)
			}
		} else if err != nil {
			return nil, nil, err
		}
		if c.Alert != "" && int64(step.Seen) != c.Step {
			m := Moved{Current: c}
			if m.Since, err = g.since(ctx, book, c, int64(step.Seen)); err != nil {
				return nil, nil, err
			}
			moved = append(moved, m)
		}
	}
	return refused, moved, nil
}

// since lists the steps of a case after a version of it.
func (g *Engine) since(ctx context.Context, book ledger.Book, c Current, seen int64) ([]Event, error) {
	list, err := Events(ctx, g.Pool, book, c.Alert)
	if err != nil {
		return nil, err
	}
	var steps []Event
	for _, e := range list {
		if e.Kind != "alert.raised" && e.Kind != "alert.repeated" {
			steps = append(steps, e)
		}
	}
	// The case was raised in version 1, and each step makes the next.
	return steps[min(max(seen-1, 0), int64(len(steps))):], nil
}
