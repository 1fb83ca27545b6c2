package sheet

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"yilu/ledger"
)

// ErrBadRows is returned when rows of a sheet cannot be posted. They are listed
// in the batch's Problems, and nothing was posted.
var ErrBadRows = errors.New("the sheet has bad rows, nothing was posted")

// ErrNothingNew is returned when all rows were left out as duplicates.
var ErrNothingNew = errors.New("all rows of the sheet are in the book already, nothing was posted")

// SameFile is returned when the file was imported before.
type SameFile struct{ Submission ledger.Submission }

func (e *SameFile) Error() string {
	return fmt.Sprintf("this file was imported before, as submission %s (entries %d to %d, %s)", e.Submission.Submission, e.Submission.First, e.Submission.Last, e.Submission.State)
}

// Result is what an import posted: a submission that waits for its second
// person, who approves exactly the content of ContentHash.
type Result struct {
	Submission  string        `json:"submission"`
	ContentHash string        `json:"content_hash"`
	Entries     int           `json:"entries"`
	Rows        int           `json:"rows"`
	Amount      ledger.Amount `json:"amount"`
	Upper       string        `json:"amount_upper"`
	First       ledger.Seq    `json:"first_seq"`
	Last        ledger.Seq    `json:"last_seq"`
}

// Import posts a batch as one submission, whole or not at all. Rows that are in
// the book already, and the file itself, are refused unless the options allow
// duplicates; what was rejected or reversed may be entered again. When the
// outcome is unknown the same call may be made again, and the result names the submission.
func (b *Batch) Import(ctx context.Context, l *ledger.Ledger) (Result, error) {
	made, drafts, err := b.submission(ctx, l)
	if err != nil {
		return Result{}, err
	}
	id := made.Submission
	_, err = l.Submit(ctx, b.opt.Book, id, made, drafts)
	if acks := b.explain(id, drafts, err); len(acks) > 0 {
		b.acks = len(acks)
		drafts = append(acks, drafts...)
		_, err = l.Submit(ctx, b.opt.Book, id, made, drafts)
	}
	if b.blame(err) {
		return Result{}, ErrBadRows
	}
	if err != nil {
		return Result{Submission: id}, fmt.Errorf("import %s: %w", b.File.Name, err)
	}
	sub, err := l.Submission(ctx, b.opt.Book, id)
	if err != nil {
		return Result{}, fmt.Errorf("import %s: %w", b.File.Name, err)
	}
	return Result{
		Submission: id, ContentHash: sub.ContentHash, Entries: len(drafts), Rows: b.Rows, Amount: b.Amount, Upper: b.Upper(),
		First: sub.First, Last: sub.Last,
	}, nil
}

// submission is what a batch is posted as.
func (b *Batch) submission(ctx context.Context, l *ledger.Ledger) (made ledger.SubmissionMade, drafts []ledger.Draft, err error) {
	if b.opt.Known.token == nil || b.light {
		return made, nil, errors.New("import: the sheet was read without the book, or to be looked at, see KnownOf and Options.Look")
	}
	if len(b.Problems) > 0 {
		return made, nil, ErrBadRows
	}
	if err := b.sameFile(ctx, l); err != nil {
		if _, same := errors.AsType[*SameFile](err); !same || !b.opt.ExcludeDuplicates { // else its rows are known one by one
			return made, nil, err
		}
	}
	id, attempt, err := b.submissionID(ctx, l)
	if err != nil {
		return made, nil, fmt.Errorf("import %s: %w", b.File.Name, err)
	}
	if drafts, err = b.fresh(ctx, l, attempt); err != nil {
		return made, nil, fmt.Errorf("import %s: %w", b.File.Name, err)
	}
	if len(b.Problems) > 0 {
		return made, nil, ErrBadRows
	}
	if len(drafts) == 0 {
		return made, nil, ErrNothingNew
	}
	return ledger.SubmissionMade{Submission: id, Title: b.title(), Form: b.Form.Name, File: b.File, AfterFact: b.opt.AfterFact}, drafts, nil
}

// explain answers the warnings by which rows were held, if the officer gave an answer
// to every one of them. The answers stand before all rows: nothing may come between a
// grant batch and its lines.
func (b *Batch) explain(submission string, drafts []ledger.Draft, err error) []ledger.Draft {
	held, ok := errors.AsType[*ledger.Refused](err)
	if !ok {
		return nil
	}
	var acks []ledger.Draft
	for _, p := range held.Problems {
		why, given := b.opt.Explain[p.Rule]
		if p.Needs == "" || !given || p.Index < 1 {
			return nil
		}
		of := drafts[p.Index-1]
		acks = append(acks, ledger.Draft{
			ID: "ack-" + hash(submission, p.Rule, of.ID)[:32], Kind: "alert.acknowledged", On: of.On, By: of.By, Corrects: ledger.None,
			Body: &ledger.AlertAcknowledged{Code: p.Rule, Version: why.Version, Of: of.ID, Ground: why.Ground, File: why.File},
		})
	}
	return acks
}

// Answered gives the batch answers to the warnings that hold its rows, in place of those
// it was read with, and forgets what stood against it: the import judges anew.
func (b *Batch) Answered(explain map[string]Explanation) *Batch {
	b.opt.Explain, b.Problems = explain, slices.DeleteFunc(b.Problems, func(p RowProblem) bool { return p.Needs != "" })
	return b
}

// sameFile is an error when the file was imported and some of it still counts.
func (b *Batch) sameFile(ctx context.Context, l *ledger.Ledger) error {
	sub, err := l.SubmissionByFile(ctx, b.opt.Book, b.File.SHA256)
	if errors.Is(err, ledger.ErrNotFound) || err == nil && b.opt.AllowDuplicates {
		return nil
	}
	if err != nil {
		return fmt.Errorf("import %s: %w", b.File.Name, err)
	}
	var seqs []ledger.Seq
	for seq := sub.First; seq <= sub.Last; seq++ {
		seqs = append(seqs, seq)
	}
	gone, err := l.Withdrawn(ctx, b.opt.Book, seqs)
	if err != nil {
		return fmt.Errorf("import %s: %w", b.File.Name, err)
	}
	if len(gone) == len(seqs) {
		return nil
	}
	return &SameFile{sub}
}

func (b *Batch) title() string {
	if b.Form.list != "" {
		return fmt.Sprintf("%s %d 行", b.Form.Zh, b.Rows)
	}
	return fmt.Sprintf("%s %d 行 %s 元", b.Form.Zh, b.Rows, b.Amount.Comma())
}

// maxAttempts is how often one file can be imported, rejected or reversed, and
// imported again.
const maxAttempts = 50

// submissionID is made from the file, so that the same import sent twice is
// one, with a number behind it once an earlier one was rejected.
func (b *Batch) submissionID(ctx context.Context, l *ledger.Ledger) (string, int, error) {
	sum, err := base64.StdEncoding.DecodeString(b.File.SHA256)
	if err != nil {
		return "", 0, err
	}
	return freeID(ctx, l, b.opt.Book, "imp-"+b.Form.Name+"-"+hex.EncodeToString(sum[:12]))
}

func freeID(ctx context.Context, l *ledger.Ledger, book ledger.Book, base string) (string, int, error) {
	ids := []string{base}
	for n := 2; n <= maxAttempts; n++ {
		ids = append(ids, base+"-"+strconv.Itoa(n))
	}
	found, err := l.FindIDs(ctx, book, ids)
	if err != nil {
		return "", 0, err
	}
	for n, id := range ids {
		if _, taken := found[id]; !taken {
			return id, n + 1, nil
		}
	}
	return "", 0, fmt.Errorf("%s was tried %d times", base, maxAttempts)
}

// fresh returns the drafts with ids that are free: rows that are in the book
// and in effect become problems, or get another id where that is allowed.
func (b *Batch) fresh(ctx context.Context, l *ledger.Ledger, attempt int) ([]ledger.Draft, error) {
	found := map[string]ledger.Seq{}
	for chunk := range slices.Chunk(b.Drafts, 5000) {
		ids := make([]string, len(chunk))
		for i, d := range chunk {
			ids[i] = d.ID
		}
		some, err := l.FindIDs(ctx, b.opt.Book, ids)
		if err != nil {
			return nil, err
		}
		for id, seq := range some {
			found[id] = seq
		}
	}
	if len(found) == 0 {
		return b.Drafts, nil
	}
	var seqs []ledger.Seq
	for _, seq := range found {
		seqs = append(seqs, seq)
	}
	gone, err := l.Withdrawn(ctx, b.opt.Book, seqs)
	if err != nil {
		return nil, err
	}
	if b.opt.ExcludeDuplicates && !b.opt.AllowDuplicates {
		b.exclude(func(d ledger.Draft) ledger.Seq {
			if seq, known := found[d.ID]; known && !gone[seq] {
				return seq
			}
			return ledger.None
		})
	}
	mark := "-" + b.opt.Known.token(hash(b.File.SHA256, strconv.Itoa(attempt)))[:8]
	renamed := map[string]string{}
	drafts := slices.Clone(b.Drafts)
	for i := range drafts {
		seq, known := found[drafts[i].ID]
		if known && !gone[seq] && !b.opt.AllowDuplicates {
			b.Problems = append(b.Problems, RowProblem{Row: b.DraftRows[i], Rule: "duplicate", Text: ledger.Text{
				Zh: fmt.Sprintf("可能重复：账簿第 %d 号分录已有同样内容", seq), En: fmt.Sprintf("may be a duplicate: entry %d of the book says the same", seq)}})
		}
		if known {
			drafts[i] = renew(drafts[i], mark, renamed)
		}
		if line, ok := drafts[i].Body.(*ledger.GrantLine); ok && renamed[line.Payment] != "" {
			body := *line
			body.Payment = renamed[line.Payment]
			drafts[i].Body = &body
		}
	}
	return drafts, nil
}

// renew gives a draft another id, and the thing it makes another number where
// that was made from the row and not written in it.
func renew(d ledger.Draft, mark string, renamed map[string]string) ledger.Draft {
	d = renewRegister(d, mark)
	_, token, _ := strings.Cut(d.ID, "-")
	switch body := d.Body.(type) {
	case *ledger.PaymentRequested:
		if body.Payment == "Z-"+token {
			c := *body
			c.Payment += mark
			d.Body = &c
		}
	case *ledger.GrantRequested:
		if strings.HasPrefix(body.Payment, "G-") {
			c := *body
			c.Payment += mark
			renamed[body.Payment] = c.Payment
			d.Body = &c
		}
	}
	d.ID += mark
	return d
}

// standsIn says of a draft that it is a header in the place of one that was refused.
func (b *Batch) standsIn(i int) bool {
	return b.Drafts[i].Kind == "grant.requested" && b.standIns[b.DraftRows[i]]
}

// blame turns what the book refused into problems of rows. It is false when the
// error is no refusal.
func (b *Batch) blame(err error) bool {
	var problems []ledger.Problem
	if invalid, ok := errors.AsType[*ledger.Invalid](err); ok {
		problems = invalid.Problems
	} else if refused, ok := errors.AsType[*ledger.Refused](err); ok {
		problems = refused.Problems
	} else if taken, ok := errors.AsType[*ledger.Conflict](err); ok {
		problems = []ledger.Problem{{Rule: "duplicate", Text: ledger.Text{
			Zh: fmt.Sprintf("可能重复：账簿第 %d 号分录已有同样编号", taken.Seq), En: fmt.Sprintf("may be a duplicate: entry %d has the same id", taken.Seq)}}}
		problems[0].Index = 1 + b.acks + slices.IndexFunc(b.Drafts, func(d ledger.Draft) bool { return d.ID == taken.ID })
	}
	for _, p := range problems {
		q := RowProblem{Rule: p.Rule, Needs: p.Needs, Text: p.Text}
		if i := p.Index - 1 - b.acks; i >= 0 && i < len(b.Drafts) { // before them are submission.made and answers
			if b.standsIn(i) {
				continue
			}
			q.Row = b.DraftRows[i]
			if c := b.Form.columnOf(b.Drafts[i].Kind, p.Field); c != "" {
				if n := b.table.at[b.Form.column(c)]; n >= 0 {
					q.Column, q.Header = columnName(n), clean(b.table.headers[n])
				}
			}
		}
		b.Problems = append(b.Problems, q)
	}
	return len(problems) > 0
}

// Reversal says how to take back a whole submission.
type Reversal struct {
	Submission string
	// Reason is one of ledger.Reasons.
	Reason string
	On     ledger.Date
	By     ledger.By
}

// Reverse submits the reversal (红字冲销) of every entry of an approved
// submission that still has effect, last first. It takes effect when a second
// person approves it. Whatever the outcome of the post, the result names it. Of a grant batch the header is reversed, its lines go
// with it. The book refuses what others rest on, such as a paid payment.
func Reverse(ctx context.Context, l *ledger.Ledger, book ledger.Book, v Reversal) (Result, error) {
	sub, err := l.Submission(ctx, book, v.Submission)
	if err != nil {
		return Result{}, err
	}
	if sub.State != ledger.StateApproved {
		return Result{}, &ledger.Refused{Problems: []ledger.Problem{{Field: "submission", Rule: "no_effect", Text: ledger.Text{
			Zh: "提交 " + v.Submission + " 未经审批，没有生效，无须冲销", En: "submission " + v.Submission + " is " + sub.State + " and has no effect to take back"}}}}
	}
	base, attempt, err := freeID(ctx, l, book, "rev-"+hash(v.Submission)[:24])
	if err != nil {
		return Result{}, err
	}
	drafts, err := reversals(ctx, l, sub, book, v)
	if err != nil {
		return Result{}, fmt.Errorf("reverse submission %s: %w", v.Submission, err)
	}
	if len(drafts) == 0 {
		return Result{}, &ledger.Refused{Problems: []ledger.Problem{{Field: "submission", Rule: "reversed", Text: ledger.Text{
			Zh: "提交 " + v.Submission + " 已全部冲销", En: "submission " + v.Submission + " is reversed already"}}}}
	}
	for i := range drafts {
		drafts[i].ID = fmt.Sprintf("rev-%d-%d-%s", drafts[i].Corrects, attempt, hash(v.Submission)[:12])
	}
	if _, err := l.Submit(ctx, book, base, ledger.SubmissionMade{Submission: base, Title: "整批冲销：" + sub.Title}, drafts); err != nil {
		return Result{Submission: base}, fmt.Errorf("reverse submission %s: %w", v.Submission, err)
	}
	if sub, err = l.Submission(ctx, book, base); err != nil {
		return Result{}, err
	}
	return Result{Submission: base, ContentHash: sub.ContentHash, Entries: len(drafts), First: sub.First, Last: sub.Last}, nil
}

// reversals are the drafts that take back a submission's entries, last first.
func reversals(ctx context.Context, l *ledger.Ledger, sub ledger.Submission, book ledger.Book, v Reversal) ([]ledger.Draft, error) {
	const page = 1000
	var seqs []ledger.Seq
	for from := sub.First; from <= sub.Last; from += page {
		entries, err := l.Entries(ctx, book, from, int(min(page, sub.Last-from+1)))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if !ledger.IsLine(e.Kind) {
				seqs = append(seqs, e.Seq)
			}
		}
	}
	gone, err := l.Withdrawn(ctx, book, seqs)
	if err != nil {
		return nil, err
	}
	var drafts []ledger.Draft
	for _, seq := range slices.Backward(seqs) {
		if !gone[seq] {
			drafts = append(drafts, ledger.Draft{Kind: "entry.reversed", On: v.On, By: v.By, Corrects: seq, Body: &ledger.EntryReversed{Reason: v.Reason}})
		}
	}
	return drafts, nil
}
