package demo

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/ledger/sheet"
	"yilu/publicity"
	councils "yilu/publicity/workday"
)

// ErrForeign is a book that holds something else: the demonstration never mixes
// with anybody's data.
var ErrForeign = errors.New("the book holds other entries than the demonstration's")

// Load posts the demonstration to the book of 襄城县, which it opens if there is
// none. What is there already is skipped, so a load that was cut off is finished
// by the next, with the same result. ErrForeign if the book holds other entries.
//
// Entries are posted one unit after another, so that the order of the book is
// always the same. That two loads run at once is not provided for.
func Load(ctx context.Context, l *ledger.Ledger, o Options) error {
	steps := tell(o.Rules).steps()
	n := &loading{ledger: l, files: o.Files, duties: &publicity.Duties{Ledger: l, Pool: l.Pool, Calendar: councils.StateCouncil()}, submissions: map[string]*submission{}, places: map[string]place{}, rows: map[*submission][]ledger.Seq{}, explain: answers(o.Rules), tried: o.Tried}
	of := 0
	for _, s := range steps {
		n.remember(s)
		of += s.size()
	}
	begin, err := n.posted(ctx, steps)
	if err != nil {
		return err
	}
	grown, stop := n.follow(ctx)
	defer stop()
	done := 0
	for i, s := range steps {
		if i >= begin {
			if err := n.post(ctx, s); err != nil {
				return fmt.Errorf("load demonstration, %s: %w", s.id, err)
			}
			grown()
		}
		done += s.size()
		if o.Progress != nil {
			o.Progress(done, of)
		}
	}
	return nil
}

// Options say what a load leaves open.
type Options struct {
	// Rules are put in force in the first days of the year; none leaves the book
	// without warnings.
	Rules []*ledger.RuleActivated
	// Files, which may be nil, keeps the documents that are there in fact: one photograph.
	// The entries are the same without.
	Files *document.Store
	// Tried, which may be nil, keeps what a rule refused, as a server does.
	Tried func(context.Context, *ledger.Refused, ...ledger.Draft) error
	// Progress, which may be nil, is told how many entries are done.
	Progress func(done, of int)
}

// loading is one run of Load.
type loading struct {
	ledger *ledger.Ledger
	files  *document.Store
	// duties composes the notices.
	duties      *publicity.Duties
	submissions map[string]*submission
	// places are acts in sheets: their entries are found by where they stand.
	places map[string]place
	// rows are the entries of submissions that were looked up, row by row of their sheets.
	rows map[*submission][]ledger.Seq
	// explain is what the officers answer to warnings that hold rows of sheets.
	explain map[string]sheet.Explanation
	// tried keeps what a rule refused, if anybody does.
	tried func(context.Context, *ledger.Refused, ...ledger.Draft) error
}

// place is where an act stands in a submission.
type place struct {
	submission *submission
	index      int
}

// follow derives what must be published while the next step is posted: a notice, which
// needs all of it, then waits for little. Tell grown after each step; stop waits for the
// end. What goes wrong here is told by the notice that needs it.
func (n *loading) follow(ctx context.Context) (grown, stop func()) {
	news, ended := make(chan struct{}, 1), make(chan struct{})
	go func() {
		defer close(ended)
		for range news {
			_ = n.duties.CatchUp(ctx, Book)
		}
	}()
	grown = func() {
		select {
		case news <- struct{}{}:
		default: // it is behind, and will see this step as well
		}
	}
	return grown, func() { close(news); <-ended }
}

// remember notes a submission and the acts of a sheet.
func (n *loading) remember(s step) {
	sub := s.submission
	if sub == nil {
		return
	}
	n.submissions[sub.id] = sub
	if sub.form == nil {
		return
	}
	for i, a := range sub.acts {
		n.places[a.ID] = place{sub, i}
	}
}

// size is how many entries the step posts.
func (s step) size() int {
	switch {
	case s.submission != nil:
		return 1 + len(s.acts)
	case s.tried:
		return 0
	}
	return len(s.acts)
}

// posted opens the book, makes sure it is empty or ours, and says where to go
// on: after the last step whose id is there. Sheets have none, but were posted
// before what follows them.
func (n *loading) posted(ctx context.Context, steps []step) (int, error) {
	if err := n.ledger.CreateBook(ctx, Book); err != nil {
		return 0, fmt.Errorf("open book %s: %w", Book, err)
	}
	// A load that was cut off may be committing still: Outcome waits for it.
	if _, err := n.ledger.Outcome(ctx, Book, steps[0].id); err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return 0, err
	}
	first, err := n.ledger.Entries(ctx, Book, 0, 1)
	if err != nil {
		return 0, err
	}
	if len(first) == 1 && first[0].ID != steps[0].id {
		return 0, fmt.Errorf("book %s: %w", Book, ErrForeign)
	}
	ids := make([]string, len(steps))
	for i, s := range steps {
		ids[i] = s.id
	}
	found, err := n.ledger.FindIDs(ctx, Book, ids)
	if err != nil {
		return 0, err
	}
	for i := len(ids) - 1; i >= 0; i-- {
		if _, there := found[ids[i]]; there {
			return i + 1, nil
		}
	}
	return 0, nil
}

// post posts one step.
func (n *loading) post(ctx context.Context, s step) error {
	if s.submission != nil && s.submission.form != nil {
		return n.importSheet(ctx, s.submission)
	}
	drafts, err := n.complete(ctx, s.acts)
	if err != nil {
		return err
	}
	if s.tried {
		return n.try(ctx, s, drafts)
	}
	if s.submission == nil {
		_, err = n.ledger.Post(ctx, Book, drafts...)
		return err
	}
	_, err = n.ledger.Submit(ctx, Book, s.id, ledger.SubmissionMade{Submission: s.id, Title: s.submission.title}, drafts)
	return err
}

// try does what a rule refuses, and has that kept.
func (n *loading) try(ctx context.Context, s step, drafts []ledger.Draft) error {
	var err error
	if spec, _ := ledger.SpecOf(drafts[0].Kind); spec.TwoPersons {
		_, err = n.ledger.Submit(ctx, Book, s.id+".ti", ledger.SubmissionMade{Submission: s.id + ".ti", Title: "演示数据-" + spec.Zh}, drafts)
		drafts = append(drafts[:1:1], drafts...) // the submission stands first, by the same maker
	} else {
		_, err = n.ledger.Post(ctx, Book, drafts...)
	}
	refused, ok := errors.AsType[*ledger.Refused](err)
	if !ok {
		return fmt.Errorf("want it refused: %w", cmp.Or(err, errNotRefused))
	}
	if n.tried == nil {
		return nil
	}
	return n.tried(ctx, refused, drafts...)
}

var errNotRefused = errors.New("it was not")

// complete fills in what only the book knows.
func (n *loading) complete(ctx context.Context, acts []act) ([]ledger.Draft, error) {
	drafts := make([]ledger.Draft, len(acts))
	for i, a := range acts {
		d := a.Draft
		var err error
		if a.corrects != "" {
			if d.Corrects, err = n.seqOf(ctx, a.corrects); err != nil {
				return nil, err
			}
		}
		switch {
		case a.notice != nil:
			d.Body, err = n.compose(ctx, a)
		case a.shows != "":
			d.Body, err = n.release(ctx, a)
		default:
			d.Body, err = n.signOff(ctx, d.Body)
		}
		if err != nil {
			return nil, err
		}
		drafts[i] = d
	}
	return drafts, nil
}

// compose makes the notice that the story has ordered.
func (n *loading) compose(ctx context.Context, a act) (ledger.Body, error) {
	o := a.notice.order
	found, err := n.ledger.FindIDs(ctx, Book, a.notice.about)
	if err != nil {
		return nil, err
	}
	for _, id := range a.notice.about {
		seq, ok := found[id]
		if !ok { // it came in a sheet
			if seq, err = n.seqOf(ctx, id); err != nil {
				return nil, err
			}
		}
		o.Entries = append(o.Entries, seq)
	}
	content, err := n.duties.Compose(ctx, Book, o)
	if err != nil {
		return nil, fmt.Errorf("compose %s: %w", a.ID, err)
	}
	content.Copy, content.Total = a.notice.copied, content.Total+a.notice.slip
	return &ledger.NoticePosted{Notice: a.Body.(*ledger.NoticePosted).Notice, Content: content}, nil
}

// seqOf finds an act's entry in the book.
func (n *loading) seqOf(ctx context.Context, id string) (ledger.Seq, error) {
	if p, ok := n.places[id]; ok {
		rows, err := n.rowsOf(ctx, p.submission)
		if err != nil {
			return ledger.None, err
		}
		return rows[p.index], nil
	}
	found, err := n.ledger.FindIDs(ctx, Book, []string{id})
	if err != nil {
		return ledger.None, err
	}
	seq, ok := found[id]
	if !ok {
		return ledger.None, fmt.Errorf("entry %s: %w", id, ledger.ErrNotFound)
	}
	return seq, nil
}

// rowsOf are the entries that the rows of a sheet became: those of its submission but
// for the answers to warnings between them.
func (n *loading) rowsOf(ctx context.Context, of *submission) ([]ledger.Seq, error) {
	if rows, known := n.rows[of]; known {
		return rows, nil
	}
	s, err := n.importedAs(ctx, of)
	if err != nil {
		return nil, err
	}
	var seqs, rows []ledger.Seq
	for q := s.First; q <= s.Last; q++ {
		seqs = append(seqs, q)
	}
	entries, err := n.ledger.EntriesAt(ctx, Book, seqs)
	if err != nil {
		return nil, err
	}
	for _, q := range seqs {
		if entries[q].Kind != "alert.acknowledged" {
			rows = append(rows, q)
		}
	}
	n.rows[of] = rows
	return rows, nil
}

// signOff puts what an approver sees into the decision: the submission that a
// sheet became, and the hash of the content.
func (n *loading) signOff(ctx context.Context, body ledger.Body) (ledger.Body, error) {
	switch b := body.(type) {
	case *ledger.SubmissionApproved:
		s, err := n.submission(ctx, b.Submission)
		return &ledger.SubmissionApproved{Submission: s.Submission, ContentHash: s.ContentHash}, err
	case *ledger.SubmissionRejected:
		s, err := n.submission(ctx, b.Submission)
		return &ledger.SubmissionRejected{Submission: s.Submission, Reason: b.Reason}, err
	case *ledger.PaymentApproved:
		p, err := n.ledger.Payment(ctx, Book, b.Payment)
		return &ledger.PaymentApproved{Payment: b.Payment, Hash: base64.StdEncoding.EncodeToString(p.Hash)}, err
	}
	return body, nil
}

// submission finds a submission of the story in the book.
func (n *loading) submission(ctx context.Context, id string) (ledger.Submission, error) {
	if sub := n.submissions[id]; sub.form != nil {
		return n.importedAs(ctx, sub)
	}
	return n.ledger.Submission(ctx, Book, id)
}
