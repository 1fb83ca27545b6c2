package web

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"yilu/alerts"
	"yilu/ledger"
)

// precheckRequest is whatever could be posted: an entry, a unit or a submission. Its
// members tell which.
type precheckRequest struct {
	ID         string            `json:"id,omitzero"`
	Kind       ledger.Kind       `json:"kind,omitzero"`
	On         ledger.Date       `json:"on,omitzero"`
	Corrects   *int64            `json:"corrects,omitzero"`
	Body       jsontext.Value    `json:"body,omitzero"`
	Sealed     map[string]string `json:"sealed,omitzero"`
	Submission string            `json:"submission,omitzero"`
	Title      string            `json:"title,omitzero"`
	AfterFact  bool              `json:"after_fact,omitzero"`
	Entries    []entryRequest    `json:"entries,omitzero"`
}

// precheck says what the book and the rules would answer, before anything is
// posted. Posting takes no digest in return: it judges again under the lock, a rule
// that stops an entry stops it then, with the new list, and one that does not must
// not become a reason to refuse. The digest is for the client: whether what an
// officer has seen is still what there is.
func (s *server) precheck(c *call) error {
	var in precheckRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	ds, submitted, err := in.drafts(c.who.by())
	if err != nil {
		return err
	}
	if err := s.mayTouch(c, ds); err != nil {
		return err
	}
	p, err := alerts.Check(c.ctx(), s.ledger, c.book, ds...)
	for i := range p.Findings {
		hideFinding(&p.Findings[i].Finding)
	}
	if !submitted {
		return c.answer(p, err)
	}
	for i := range p.Findings {
		p.Findings[i].Index--
	}
	if err == nil {
		p.Problems = countedFromEntries(p.Problems)
	}
	return c.answer(p, inSubmission(err))
}

// drafts decodes what would be posted; submitted says that submission.made stands in
// front.
func (in *precheckRequest) drafts(by ledger.By) (ds []ledger.Draft, submitted bool, err error) {
	if in.Entries == nil {
		one := entryRequest{in.ID, in.Kind, in.On, in.Corrects, in.Body, in.Sealed}
		d, err := one.draft(by)
		return []ledger.Draft{d}, false, err
	}
	if in.Kind != "" || in.Body != nil || in.Corrects != nil || in.Sealed != nil || in.On != "" {
		return nil, false, one("entries", "单条分录与多条分录只能给一种", "give one entry or several, not both")
	}
	if ds, err = drafts(in.Entries, by); err != nil || in.Submission == "" && in.Title == "" {
		return ds, false, err
	}
	return ledger.Submitted(in.Submission, ledger.SubmissionMade{Submission: in.Submission, Title: in.Title, AfterFact: in.AfterFact}, ds), true, nil
}

const (
	// maxAttempts is how many refused posts are kept at once, beside their answers.
	maxAttempts = 64
	// attemptDeadline bounds the keeping of one.
	attemptDeadline = 10 * time.Second
)

// keepAttempt keeps that a blocking rule refused a post. The answer does not wait
// for it, unless so many are being kept already that a flood could hide one: then
// this one is kept before it is answered. What goes wrong is logged without a word of
// the drafts.
func (s *server) keepAttempt(c *call, err error, ds []ledger.Draft) {
	refused, ok := errors.AsType[*ledger.Refused](err)
	if s.Alerts == nil || !ok || len(refused.Heard) == 0 {
		return
	}
	request, book := requestIDOf(c), c.book
	ctx := context.WithoutCancel(c.ctx())
	keep := func() {
		ctx, cancel := context.WithTimeout(ctx, attemptDeadline)
		defer cancel()
		if err := s.Alerts.Attempt(ctx, book, refused, ds...); err != nil {
			p := problemOf(err)
			attrs := []any{"request", request, "book", string(book), "problem", p.Type}
			if p.log { // a fault of ours; a refusal's text may quote the drafts
				attrs = append(attrs, "error", err)
			}
			s.Log.ErrorContext(ctx, "refused attempt not kept", attrs...)
		}
		s.watch.Wake()
	}
	select {
	case s.attempts <- struct{}{}:
		s.attempting.Go(func() {
			defer func() { <-s.attempts }()
			keep()
		})
	default:
		keep()
	}
}
