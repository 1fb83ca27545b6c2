package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
)

// Judge weighs entries by rules that are no concern of the book (预警规则). It is
// asked about each entry that takes effect, in the order in which they do, under
// the book's lock, with the state just before the entry: the same for a post, a
// trial and a replay. The book only keeps what it says.
//
// Its answers must follow from the view and the entry alone: no clock, no random
// order, no reading elsewhere.
type Judge struct {
	// Touch asks the view for what Weigh will read: a matter of speed only. It is false
	// while it cannot know that yet, and is asked again then.
	Touch func(v View, e *Entry) bool
	Weigh func(v View, e *Entry) Verdict
}

// Verdict is what a Judge says of one entry.
type Verdict struct {
	// Problems refuse the entry. A replay passes them over: what stands in the log
	// was not refused.
	Problems []Problem
	// Note is kept beside the entry for those who read on; nil keeps nothing.
	Note []byte
}

// Note is a verdict as it is kept: what was said of an entry when it took effect.
type Note struct {
	// At is the entry by which it took effect, Entry the one it is about: they
	// differ for what a second person approved later.
	At    Seq    `db:"at_seq"`
	Entry Seq    `db:"entry_seq"`
	Note  []byte `db:"note"`
}

// Heard is what the judge said of an entry while a unit was tried.
type Heard struct {
	// Index is the place in the unit of the draft that was judged: the entry itself,
	// or the approval by which an earlier entry would take effect.
	Index int
	// Entry is the entry that it is about, None if that is the draft itself.
	Entry Seq
	Note  []byte
}

// weigh asks the judge about an entry that is about to take effect, and returns
// what to do once it has. A judge that fails is a bug of one unit only.
func (s *state) weigh(e *Entry) (after func()) {
	if s.rules == nil {
		return func() {}
	}
	verdict := s.rules.Weigh(View{s}, e)
	if s.trial && verdict.Note != nil {
		heard := Heard{Index: s.index, Entry: None, Note: verdict.Note}
		if e.Seq < s.unit[0].Seq {
			heard.Entry = e.Seq
		}
		s.heard = append(s.heard, heard)
	}
	before := len(s.problems)
	return func() {
		if len(s.problems) > before && !s.keepAll { // arithmetic and states come first
			return
		}
		if s.trial {
			s.problems = append(s.problems, verdict.Problems...)
		}
		if verdict.Note != nil {
			s.undo = append(s.undo, func() { s.notes = s.notes[:len(s.notes)-1] })
			s.notes = append(s.notes, Note{At: s.at(e), Entry: e.Seq, Note: verdict.Note})
		}
	}
}

// Verdicts are the entries of a book after a seq, as far as they were read: Until is
// the last of them, Entries how many there are, fewer than there should be if some
// are missing, and Notes what the judge said when they took effect.
type Verdicts struct {
	Until   Seq
	Entries int64
	Notes   []Note
}

// ReadVerdicts reads on after a seq, at most so many entries, in one round trip.
func ReadVerdicts(ctx context.Context, q querier, book Book, after Seq, most int) (Verdicts, error) {
	v := Verdicts{Until: after}
	b := &pgx.Batch{}
	audit.QueueExtent(b, string(book), int64(after), int64(after)+int64(most), func(last, entries int64) {
		v.Until, v.Entries = Seq(last), entries
	})
	// These are read after the entries, and may be more.
	b.Queue(`
		select at_seq, entry_seq, note from proj.verdict
		where book = $1 and at_seq > $2 and at_seq <= $3
		order by at_seq, entry_seq`, book, after, int64(after)+int64(most)).Query(func(rows pgx.Rows) (err error) {
		v.Notes, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Note])
		return err
	})
	if err := q.SendBatch(ctx, b).Close(); err != nil {
		return v, fmt.Errorf("read verdicts of book %s after %d: %w", book, after, err)
	}
	v.Notes = slices.DeleteFunc(v.Notes, func(n Note) bool { return n.At > v.Until })
	return v, nil
}

// Rider is what a caller stores in the transaction of its own post, once the
// entries are written and before they are committed. It takes effect at most once,
// and does not run at all when the post turns out to be a repeat. A *TakeBack takes
// the post back and is its answer; any other error is a fault of the database, and
// the post is tried again.
type Rider func(ctx context.Context, tx pgx.Tx, receipts []Receipt) error

// TakeBack is a rider's refusal of its post.
type TakeBack struct{ Reason error }

func (e *TakeBack) Error() string { return e.Reason.Error() }
func (e *TakeBack) Unwrap() error { return e.Reason }

// PostWith is Post with a rider. The unit has a transaction to itself, so that
// nobody else's entries depend on what the rider does.
func (l *Ledger) PostWith(ctx context.Context, book Book, rider Rider, drafts ...Draft) ([]Receipt, error) {
	if len(drafts) == 0 || len(drafts) > MaxUnit {
		return nil, &Invalid{[]Problem{problem("entries", fmt.Sprintf("须有1–%d条", MaxUnit), fmt.Sprintf("want 1 to %d entries", MaxUnit))}}
	}
	items, err := l.prepareAll(book, drafts)
	if err != nil {
		return nil, err
	}
	if rider == nil {
		if invalid := needsRider(drafts); invalid != nil {
			return nil, invalid
		}
	}
	return l.post(ctx, book, &unit{items: items, rider: rider, done: make(chan struct{})})
}

// needsRider refuses warnings and steps of their cases that come alone: whether they
// may be taken is for package alerts, in the same transaction.
func needsRider(drafts []Draft) error {
	for i, d := range drafts {
		_, step := d.Body.(CaseStep)
		if step || d.Kind == "alert.raised" || d.Kind == "alert.repeated" {
			p := problem("kind", "预警及其办理须经预警办理入口登记", "warnings and steps of cases are posted through their case")
			p.Index = i
			return &Invalid{[]Problem{p}}
		}
	}
	return nil
}

// ride runs the rider of a group, which then is of one unit.
func (g *group) ride(ctx context.Context, tx pgx.Tx) error {
	rider := g.units[0].rider
	if rider == nil || len(g.accepted) == 0 {
		return nil
	}
	g.answer()
	if err := rider(ctx, tx, g.units[0].receipts); err != nil {
		return fmt.Errorf("post with a rider: %w", err)
	}
	return nil
}
