package demo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"yilu/ledger"
)

// ErrForeign is a book that holds something else: the demonstration never mixes
// with anybody's data.
var ErrForeign = errors.New("the book holds other entries than the demonstration's")

// Load posts the demonstration to the book of 襄城县, which it opens if there is
// none. What is there already is skipped, so a load that was cut off is finished
// by the next, with the same result; two at once do no harm. ErrForeign if the
// book holds other entries. progress, which may be nil, is told how many entries
// are done.
func Load(ctx context.Context, l *ledger.Ledger, progress func(done, of int)) error {
	steps := tell().steps()
	n := &loading{ledger: l, progress: progress}
	for _, s := range steps {
		n.of += s.size()
	}
	done, err := n.posted(ctx, steps)
	if err != nil {
		return err
	}
	for _, s := range steps {
		if !done[s.id] {
			if err := n.post(ctx, s); err != nil {
				return fmt.Errorf("load demonstration, %s: %w", s.id, err)
			}
		}
		n.done += s.size()
		if progress != nil {
			progress(n.done, n.of)
		}
	}
	return nil
}

// loading is one run of Load.
type loading struct {
	ledger   *ledger.Ledger
	progress func(done, of int)
	done, of int
}

// size is how many entries the step posts.
func (s step) size() int {
	if s.submission != nil {
		return 1 + len(s.acts)
	}
	return len(s.acts)
}

// posted opens the book, makes sure it is empty or ours, and says which steps it
// has.
func (n *loading) posted(ctx context.Context, steps []step) (map[string]bool, error) {
	if err := n.ledger.CreateBook(ctx, Book); err != nil {
		return nil, fmt.Errorf("open book %s: %w", Book, err)
	}
	first, err := n.ledger.Entries(ctx, Book, 0, 1)
	if err != nil {
		return nil, err
	}
	if len(first) == 1 && first[0].ID != steps[0].id {
		return nil, fmt.Errorf("book %s: %w", Book, ErrForeign)
	}
	ids := make([]string, len(steps))
	for i, s := range steps {
		ids[i] = s.id
	}
	found, err := n.ledger.FindIDs(ctx, Book, ids)
	if err != nil {
		return nil, err
	}
	done := make(map[string]bool, len(found))
	for id := range found {
		done[id] = true
	}
	return done, nil
}

// post posts one step.
func (n *loading) post(ctx context.Context, s step) error {
	drafts, err := n.complete(ctx, s.acts)
	if err != nil {
		return err
	}
	if s.submission == nil {
		_, err = n.ledger.Post(ctx, Book, drafts...)
		return err
	}
	_, err = n.ledger.Submit(ctx, Book, s.id, ledger.SubmissionMade{Submission: s.id, Title: s.submission.title}, drafts)
	return err
}

// complete fills in what only the book knows.
func (n *loading) complete(ctx context.Context, acts []act) ([]ledger.Draft, error) {
	var targets []string
	for _, a := range acts {
		if a.corrects != "" {
			targets = append(targets, a.corrects)
		}
	}
	seqs, err := n.ledger.FindIDs(ctx, Book, targets)
	if err != nil {
		return nil, err
	}
	drafts := make([]ledger.Draft, len(acts))
	for i, a := range acts {
		d := a.Draft
		if a.corrects != "" {
			seq, ok := seqs[a.corrects]
			if !ok {
				return nil, fmt.Errorf("entry %s, which %s corrects, is not in the book", a.corrects, a.ID)
			}
			d.Corrects = seq
		}
		if d.Body, err = n.signOff(ctx, d.Body); err != nil {
			return nil, err
		}
		drafts[i] = d
	}
	return drafts, nil
}

// signOff puts the hash of what an approver sees into the approval.
func (n *loading) signOff(ctx context.Context, body ledger.Body) (ledger.Body, error) {
	switch b := body.(type) {
	case *ledger.SubmissionApproved:
		s, err := n.ledger.Submission(ctx, Book, b.Submission)
		return &ledger.SubmissionApproved{Submission: b.Submission, ContentHash: s.ContentHash}, err
	case *ledger.PaymentApproved:
		p, err := n.ledger.Payment(ctx, Book, b.Payment)
		return &ledger.PaymentApproved{Payment: b.Payment, Hash: base64.StdEncoding.EncodeToString(p.Hash)}, err
	}
	return body, nil
}
