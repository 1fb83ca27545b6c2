package ledger

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// What the desks of officers ask: what waits for whom, what an entry has moved, and what
// was said of it.

// Waiting counts what waits for a second person or for the payer (待办). What a user
// entered does not wait for that user.
type Waiting struct {
	Submissions int64 `json:"submissions"`
	// Requests are payments and grant batches to be decided.
	Requests       int64  `json:"requests"`
	RequestsAmount Amount `json:"requests_amount"`
	// Payable are those approved and not yet paid.
	Payable       int64  `json:"payable"`
	PayableAmount Amount `json:"payable_amount"`
}

// WaitingFor counts what waits for a user.
func (l *Ledger) WaitingFor(ctx context.Context, book Book, user string) (Waiting, error) {
	rows, err := collect[Waiting](ctx, l.Read, "what waits", `
		select (select count(*) from proj.submission where book = $1 and state = 'open' and maker <> $2),
			r.n, r.amount, p.n, p.amount
		from (select count(*) as n, coalesce(sum(amount), 0)::bigint as amount from proj.payment where book = $1 and state = 'requested' and requested_by <> $2) r,
			(select count(*) as n, coalesce(sum(amount), 0)::bigint as amount from proj.payment where book = $1 and state = 'approved') p`, book, user)
	if err != nil {
		return Waiting{}, err
	}
	return rows[0], nil
}

// SubmissionFilter narrows a list of submissions; empty fields do not.
type SubmissionFilter struct {
	State string
	// Maker made them, NotBy did not.
	Maker, NotBy string
	// Text is looked for in id and title.
	Text string
}

// FindSubmissions lists submissions, newest first.
func (l *Ledger) FindSubmissions(ctx context.Context, book Book, f SubmissionFilter, p Page) ([]Submission, string, error) {
	rows, err := collect[Submission](ctx, l.Read, "submissions", submissionSchema.read+`
		where book = $1 and seq < $2 and ($3 = '' or state = $3) and ($4 = '' or maker = $4) and ($5 = '' or maker <> $5)
		and ($6 = '' or strpos(title, $6) > 0 or strpos(submission, $6) > 0)
		order by seq desc limit $7`, book, p.before(), f.State, f.Maker, f.NotBy, f.Text, p.limit()+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := paged(rows, p.limit(), func(r Submission) string { return seqKey(r.Seq) })
	return rows, next, nil
}

// CoverOf returns the submission that an entry was posted in, or ErrNotFound.
func (l *Ledger) CoverOf(ctx context.Context, book Book, seq Seq) (Submission, error) {
	subs, _, err := l.Submissions(ctx, book, "", Page{After: seqKey(seq), Limit: 1})
	if err == nil && (len(subs) == 0 || subs[0].Last < seq) {
		err = fmt.Errorf("submission of entry %d: %w", seq, ErrNotFound)
	}
	if err != nil {
		return Submission{}, err
	}
	return subs[0], nil
}

// Movements lists the legs by which an entry moved money when it took effect, at itself
// or at the approval of its submission.
func (l *Ledger) Movements(ctx context.Context, book Book, e *Entry, at Seq) ([]Leg, error) {
	accounts, err := l.accountsOf(ctx, book, e.Body)
	if err != nil || len(accounts) == 0 {
		return nil, err
	}
	return collect[Leg](ctx, l.Read, "movements", `
		select account, at_seq, entry_seq, fund, on_day::text, amount, balance from proj.leg
		where book = $1 and account = any($2) and at_seq = $3 and entry_seq = $4 order by amount, account`, book, accounts, at, e.Seq)
}

// accountsOf are the accounts that a body may move money between.
func (l *Ledger) accountsOf(ctx context.Context, book Book, body Body) ([]string, error) {
	switch b := body.(type) {
	case *FundReceived:
		return []string{sourceAccount(b.Fund), handAccount(b.Fund)}, nil
	case *FundAdjusted:
		return []string{sourceAccount(b.Fund), handAccount(b.Fund)}, nil
	case *FundRecalled:
		return []string{sourceAccount(b.Fund), handAccount(b.Fund), projectAccount(b.Project, b.Fund), unitAccount(b.Unit, b.Fund)}, nil
	case *FundAllocated:
		return []string{handAccount(b.Fund), projectAccount(b.Project, b.Fund), unitAccount(b.Unit, b.Fund), unitAccount(b.FromUnit, b.Fund)}, nil
	case *PaymentPaid:
		return l.accountsOfPayment(ctx, book, b.Payment)
	case *PaymentReturned:
		return l.accountsOfPayment(ctx, book, b.Payment)
	}
	return nil, nil
}

func (l *Ledger) accountsOfPayment(ctx context.Context, book Book, id string) ([]string, error) {
	p, err := l.Payment(ctx, book, id)
	if err != nil {
		return nil, err
	}
	return []string{projectAccount(p.Project, p.Fund), payeeAccount(p.Payee)}, nil
}

// Notes are what the judge said at an entry: of itself, or of those that took effect
// with it.
func (l *Ledger) Notes(ctx context.Context, book Book, at Seq) ([]Note, error) {
	rows, err := l.Read.Query(ctx, `select at_seq, entry_seq, note from proj.verdict where book = $1 and at_seq = $2 order by entry_seq limit 1000`, book, at)
	if err != nil {
		return nil, fmt.Errorf("read verdicts at entry %d: %w", at, err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Note])
}

// Reversible says whether entries of a kind can be taken back by entry.reversed.
func Reversible(k Kind) bool {
	_, ok := NewBody(k).(reversible)
	return ok && !IsLine(k)
}
