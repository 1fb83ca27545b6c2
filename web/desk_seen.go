package web

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"yilu/alerts"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// What a maker was shown by the pre-check, for whoever approves.

// mostSeen bounds the findings that are kept of one submission.
const mostSeen = 500

// seenFinding is a finding as it is kept and compared: no facts, no subject, only what
// the page said.
type seenFinding struct {
	// Entry counts the entries of the submission from 0.
	Entry       int          `json:"entry"`
	Code        string       `json:"code"`
	Version     ledger.Count `json:"version"`
	State       rule.State   `json:"state"`
	Reason      string       `json:"reason,omitzero"`
	Handling    string       `json:"handling"`
	Level       string       `json:"level"`
	Fingerprint string       `json:"fingerprint"`
	Sentence    ledger.Text  `json:"sentence"`
	// Acknowledged is set when it was explained with a file.
	Acknowledged bool        `json:"acknowledged,omitzero"`
	Due          ledger.Date `json:"due,omitzero"`
}

// same says whether two findings say the same of the same matter.
func (f seenFinding) same(g seenFinding) bool {
	return f.Code == g.Code && f.Version == g.Version && f.State == g.State && f.Fingerprint == g.Fingerprint
}

// seenOf is what is kept of a finding; a rule on trial says nothing to officers.
func seenOf(found alerts.Finding, entry int) (seenFinding, bool) {
	if found.Shadow {
		return seenFinding{}, false
	}
	hideFinding(&found)
	return seenFinding{
		Entry: entry, Code: found.Code, Version: found.Version, State: found.State, Reason: found.Reason, Handling: found.Handling, Level: found.Level,
		Fingerprint: found.Fingerprint, Sentence: found.Sentence, Acknowledged: found.Acknowledged, Due: found.Due,
	}, true
}

// keepPrecheck stores what the pre-check of a submission has shown, in the transaction
// of the submission.
func keepPrecheck(book ledger.Book, submission string, check alerts.Precheck) ledger.Rider {
	return func(ctx context.Context, tx pgx.Tx, _ []ledger.Receipt) error {
		var seen []seenFinding
		for _, f := range check.Findings {
			if one, ok := seenOf(f.Finding, f.Index-1); ok && len(seen) < mostSeen {
				seen = append(seen, one)
			}
		}
		text, err := json.Marshal(seen)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `insert into web.precheck (book, submission, size, digest, findings) values ($1, $2, $3, $4, $5)`,
			book, submission, check.Size, check.Digest[:], string(text))
		return err
	}
}

// readPrecheck is what a maker was shown; known is false for submissions that were not
// made on a page.
func (s *server) readPrecheck(ctx context.Context, submission string) (seen []seenFinding, known bool, err error) {
	var text string
	err = s.Pool.QueryRow(ctx, `select findings from web.precheck where book = $1 and submission = $2`, s.Book, submission).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &seen)
	}
	if err != nil {
		return nil, false, fmt.Errorf("read pre-check: %w", err)
	}
	return seen, true, nil
}

// readVerdict is what the rules said of an entry that took effect by itself.
func (s *server) readVerdict(ctx context.Context, at ledger.Seq) ([]seenFinding, error) {
	notes, err := s.ledger.Notes(ctx, s.Book, at)
	if err != nil {
		return nil, err
	}
	var seen []seenFinding
	for _, n := range notes {
		var note alerts.Note
		if err := json.Unmarshal(n.Note, &note); err != nil {
			return nil, fmt.Errorf("read verdict at entry %d: %w", at, err)
		}
		for _, f := range note.Findings {
			if one, ok := seenOf(f, 0); ok {
				seen = append(seen, one)
			}
		}
	}
	return seen, nil
}
