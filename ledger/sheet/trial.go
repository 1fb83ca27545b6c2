package sheet

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"yilu/ledger"
)

// mostTried is how many drafts a trial judges: each takes some 4 KB of memory while it
// is judged. A longer batch is held against balances alone, see Batch.Needs.
const mostTried = 12_000

// Trial is what the book says of a batch before it is imported.
type Trial struct {
	// SameFile is the submission of the same file, nil for none.
	SameFile *Earlier `json:"same_file,omitempty"`
	// Judged is false for a batch that is too long to be judged as a whole.
	Judged bool `json:"judged"`
	// Needs are the balances that the batch draws on.
	Needs []Need `json:"needs,omitempty"`
}

// Earlier is a submission of the past and what became of it.
type Earlier struct {
	Submission string `json:"submission"`
	State      string `json:"state"`
}

// Need is what a batch asks of one balance: of a project's money of a fund (项目指标),
// or of what a fund has in hand (待分配).
type Need struct {
	Project string        `json:"project,omitempty"`
	Fund    string        `json:"fund"`
	Name    string        `json:"name"`
	Asked   ledger.Amount `json:"asked"`
	Have    ledger.Amount `json:"have"`
}

// Left is what would be left; negative when it is not enough.
func (n Need) Left() ledger.Amount { return n.Have - n.Asked }

// Try says what the book would answer if the batch were imported now. What would be
// refused, row by row, is added to its Problems; rows that are in the book are
// problems too, or left out, as the options say. Where rows rest on one another a batch with
// problems is not tried; else its good rows are, so that all bad rows are known at once.
// Nothing is written and no lock held, so Import judges again.
func (b *Batch) Try(ctx context.Context, l *ledger.Ledger) (Trial, error) {
	var t Trial
	if len(b.Problems) > 0 && !b.Form.apart || b.More > 0 {
		return t, nil
	}
	err := b.sameFile(ctx, l)
	if same, ok := errors.AsType[*SameFile](err); ok {
		t.SameFile, err = &Earlier{same.Submission.Submission, same.Submission.State}, nil
	}
	if err != nil {
		return t, err
	}
	id, attempt, err := b.submissionID(ctx, l)
	if err != nil {
		return t, fmt.Errorf("try %s: %w", b.File.Name, err)
	}
	drafts, err := b.fresh(ctx, l, attempt)
	if err != nil {
		return t, fmt.Errorf("try %s: %w", b.File.Name, err)
	}
	if t.Needs, err = b.needs(ctx, l, drafts); err != nil {
		return t, fmt.Errorf("try %s: %w", b.File.Name, err)
	}
	t.Judged = len(drafts) <= mostTried && !b.light
	if !t.Judged || len(drafts) == 0 {
		return t, nil
	}
	made := ledger.SubmissionMade{Submission: id, Title: b.title(), Form: b.Form.Name, File: b.File, AfterFact: b.opt.AfterFact}
	tried, err := l.Try(ctx, b.opt.Book, ledger.Submitted(id, made, drafts)...)
	if len(tried.Problems) > 0 {
		err = &ledger.Refused{Problems: tried.Problems}
	}
	if len(b.explain(id, drafts, err)) == 0 && err != nil && !b.blame(err) {
		return t, fmt.Errorf("try %s: %w", b.File.Name, err)
	}
	return t, nil
}

// needs adds up what payments ask of the money of projects, and allocations of that of
// funds.
func (b *Batch) needs(ctx context.Context, l *ledger.Ledger, drafts []ledger.Draft) ([]Need, error) {
	asked := map[Need]ledger.Amount{}
	for i, d := range drafts {
		switch body := d.Body.(type) {
		case *ledger.PaymentRequested:
			asked[Need{Project: body.Project, Fund: body.Fund}] += body.Amount
		case *ledger.GrantRequested:
			if b.standsIn(i) {
				continue
			}
			asked[Need{Project: body.Project, Fund: body.Fund}] += body.Amount
		case *ledger.FundAllocated:
			asked[Need{Fund: body.Fund}] += body.Amount
		}
	}
	var needs []Need
	for n, a := range asked {
		n.Asked = a
		if err := b.balance(ctx, l, &n); err != nil {
			return nil, err
		}
		needs = append(needs, n)
	}
	slices.SortFunc(needs, func(x, y Need) int {
		return cmp.Or(cmp.Compare(x.Left(), y.Left()), cmp.Compare(x.Project, y.Project), cmp.Compare(x.Fund, y.Fund))
	})
	return needs, nil
}

// balance fills in the name of a balance and what it has.
func (b *Batch) balance(ctx context.Context, l *ledger.Ledger, n *Need) error {
	n.Name = cmp.Or(n.Project, n.Fund)
	if n.Project == "" {
		f, err := l.Fund(ctx, b.opt.Book, n.Fund)
		if err == nil {
			n.Name, n.Have = f.Name, f.InHand
		}
		return known(err)
	}
	i := slices.IndexFunc(b.opt.Known.Projects, func(p ledger.Project) bool { return p.Project == n.Project })
	if i >= 0 {
		n.Name = b.opt.Known.Projects[i].Name
	}
	quotas, err := l.Quotas(ctx, b.opt.Book, n.Project)
	for _, q := range quotas {
		if q.Fund == n.Fund {
			n.Have = q.Available()
		}
	}
	return err
}

// known drops the error of what is not in the book: it has nothing.
func known(err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}

// leaveOut notes a row that is not posted.
func (b *Batch) leaveOut(p RowProblem) {
	b.Excluded = append(b.Excluded, p)
	b.Rows--
}

// exclude leaves out the drafts of rows that are in the book: seq says where, or
// ledger.None. The header of a grant batch is made anew for the lines that stay.
func (b *Batch) exclude(seq func(ledger.Draft) ledger.Seq) {
	var drafts []ledger.Draft
	var rows []int
	gone := map[int]bool{}
	keep := func(i int) bool {
		at := seq(b.Drafts[i])
		if at == ledger.None {
			drafts, rows = append(drafts, b.Drafts[i]), append(rows, b.DraftRows[i])
			return true
		}
		if !gone[b.DraftRows[i]] {
			gone[b.DraftRows[i]] = true
			b.leaveOut(RowProblem{Row: b.DraftRows[i], Rule: "duplicate", Text: ledger.Text{
				Zh: fmt.Sprintf("可能重复：账簿第 %d 号分录已有同样内容", at), En: fmt.Sprintf("may be a duplicate: entry %d of the book says the same", at)}})
		}
		return false
	}
	for i := 0; i < len(b.Drafts); {
		head, ok := b.Drafts[i].Body.(*ledger.GrantRequested)
		if !ok {
			keep(i)
			i++
			continue
		}
		at := len(drafts)
		drafts, rows = append(drafts, b.Drafts[i]), append(rows, b.DraftRows[i])
		for i++; i < len(b.Drafts) && ledger.IsLine(b.Drafts[i].Kind); i++ {
			keep(i)
		}
		if drafts = reheaded(drafts, at, head); len(drafts) == at {
			rows = rows[:at]
		}
	}
	b.Drafts, b.DraftRows = drafts, rows
	b.shares = slices.DeleteFunc(b.shares, func(s piece) bool {
		if gone[s.row] {
			b.Amount -= s.amount
		}
		return gone[s.row]
	})
	b.total()
}

// reheaded makes the header at a place fit the lines behind it, and drops one without.
func reheaded(drafts []ledger.Draft, at int, head *ledger.GrantRequested) []ledger.Draft {
	lines := drafts[at+1:]
	if len(lines) == int(head.Lines) {
		return drafts
	}
	if len(lines) == 0 {
		return drafts[:at]
	}
	c := *head
	c.Lines, c.Amount = ledger.Count(len(lines)), 0
	ids := []string{drafts[at].ID}
	for i := range lines {
		line := *lines[i].Body.(*ledger.GrantLine)
		line.Line = ledger.Count(i + 1)
		c.Amount += line.Amount
		lines[i].Body = &line
		ids = append(ids, lines[i].ID)
	}
	drafts[at].Body, drafts[at].ID = &c, "grant-"+hash(ids...)[:32]
	return drafts
}
