package audit

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/audit/proof"
)

// Tampered names the first entry of a book that is not what it must be. Seq
// equal to the head's size means the head itself.
type Tampered struct {
	Book   string
	Seq    uint64
	Reason string
}

// Error reads as one line of a report.
func (t *Tampered) Error() string {
	return fmt.Sprintf("book %s, entry %d: %s", t.Book, t.Seq, t.Reason)
}

// VerifyBook recomputes a whole log from its leaves and compares every stored
// byte: numbers, ids, leaf and node hashes, the order of instants, each leaf's
// form and SM3 digest, and at the end the head. The first difference is
// returned as *Tampered. progress, which may be nil, is told now and then how
// many entries are done.
//
// It finds what contradicts itself. A rewrite that recomputed every hash does
// not; only a checkpoint kept elsewhere shows it.
func VerifyBook(ctx context.Context, q Querier, book string, progress func(n uint64)) error {
	return verify(ctx, q, book, nil, progress)
}

// VerifySigned is VerifyBook, and holds the log to every checkpoint that is stored:
// each must be signed by a key of the policy, and the entries must be those it was
// signed for. So it also finds a rewrite that recomputed every hash, unless the
// checkpoints were signed anew too, which only one kept elsewhere shows.
func VerifySigned(ctx context.Context, q Querier, book string, p *proof.Policy, progress func(n uint64)) error {
	// First the last one: what it covers was entered before.
	last, err := LastNote(ctx, q, book)
	if err != nil {
		return err
	}
	next, stop := iter.Pull2(ReadNotes(ctx, q, book))
	defer stop()
	r := &signedRoots{policy: p, next: next, last: last.Size}
	if err := r.advance(); err != nil {
		return err
	}
	return verify(ctx, q, book, r, progress)
}

// signedRoots walks the stored checkpoints beside the entries.
type signedRoots struct {
	policy *proof.Policy
	next   func() (SignedNote, error, bool)
	// note is the next one to compare with, of size 0 after the last.
	note SignedNote
	// good is the last size at which the entries were those that were signed, last
	// that of the last checkpoint.
	good, last uint64
}

// advance reads the next checkpoint.
func (r *signedRoots) advance() error {
	n, err, ok := r.next()
	if !ok {
		n = SignedNote{}
	}
	r.note = n
	return err
}

// compare holds a log to the checkpoint of its size, if there is one.
func (r *signedRoots) compare(h *Head) error {
	if h.Size != r.note.Size {
		return nil
	}
	c, err := r.policy.Open([]byte(r.note.Note))
	switch {
	case err != nil || c.Size != h.Size:
		return &Tampered{h.Book, r.good, fmt.Sprintf("the checkpoint stored for size %d is not signed by the log for that size: %v", h.Size, err)}
	case c.Root != h.Root():
		return &Tampered{h.Book, r.good, fmt.Sprintf("one of the entries %d to %d is not the one that was signed", r.good, h.Size-1)}
	}
	r.good = h.Size
	return r.advance()
}

// verify recomputes a log and compares it with its signed roots, if given.
func verify(ctx context.Context, q Querier, book string, signed *signedRoots, progress func(n uint64)) error {
	stored, beyond, err := ReadEnds(ctx, q, book)
	if err != nil {
		return err
	}
	h := Head{Book: book}
	for row, err := range ReadLeaves(ctx, q, book, 0, stored.Size) {
		if err != nil {
			return err
		}
		seq := h.Size
		if seq == stored.Size {
			break // a limit of 0 means all
		}
		if reason := h.follow(row); reason != "" {
			return &Tampered{book, seq, reason}
		}
		if signed != nil {
			if err := signed.compare(&h); err != nil {
				return err
			}
		}
		if progress != nil && h.Size%pageSize == 0 {
			progress(h.Size)
		}
	}
	if progress != nil {
		progress(h.Size)
	}
	switch {
	case signed != nil && signed.last > stored.Size:
		return &Tampered{book, stored.Size, fmt.Sprintf("missing, %d entries were signed", signed.last)}
	case h.Size < stored.Size:
		return &Tampered{book, h.Size, fmt.Sprintf("missing, the head counts %d entries", stored.Size)}
	case beyond:
		return &Tampered{book, h.Size, "entries beyond the head"}
	case !slices.Equal(h.Edge, stored.Edge):
		return &Tampered{book, h.Size, "the head's edge is not that of the entries"}
	case h.Size > 0 && !h.LastAt.Equal(stored.LastAt):
		return &Tampered{book, h.Size, "the head's last instant is not the last entry's"}
	}
	return nil
}

// ReadEnds reads the head and, in the same snapshot, whether entries lie
// beyond it: by the ends of the key, since a bound that is only known at run time
// makes the planner read the whole table.
func ReadEnds(ctx context.Context, q Querier, book string) (h Head, beyond bool, err error) {
	h.Book = book
	err = h.scan(alsoScan{q.QueryRow(ctx, `
		select h.size, h.edge, h.last_at, 
			coalesce((select max(e.seq) from only log.entry e where e.book = h.book) >= h.size, false)
			or coalesce((select min(e.seq) from only log.entry e where e.book = h.book) < 0, false)
		from only log.head h
		where h.book = $1`, book), &beyond})
	return h, beyond, err
}

// alsoScan is a row with one more column than its scanner knows.
type alsoScan struct {
	pgx.Row
	extra any
}

// Scan adds the extra column at the end.
func (s alsoScan) Scan(dest ...any) error {
	return s.Row.Scan(append(dest, s.extra)...)
}

// follow checks that a stored row is the one that comes next and appends it.
// It returns what is wrong, "" if nothing is.
func (h *Head) follow(row Row) string {
	if row.Seq != h.Size {
		return "missing, the next entry found is " + strconv.FormatUint(row.Seq, 10)
	}
	l, err := ParseLeaf(row.Leaf)
	if err != nil {
		return err.Error()
	}
	if reason := h.misplaced(l, row); reason != "" {
		return reason
	}
	computed := h.appendLeaf(row.Leaf)
	h.LastAt = l.At
	switch {
	case computed.LeafHash != row.LeafHash:
		return "the stored leaf hash is not the leaf's"
	case !bytes.Equal(computed.Nodes, row.Nodes):
		return "the stored node hashes are not the tree's"
	}
	return ""
}

// misplaced compares what a leaf says about its place with where it was found.
func (h *Head) misplaced(l Leaf, row Row) string {
	switch {
	case l.Book != h.Book:
		return "a leaf of book " + l.Book
	case l.Seq != row.Seq:
		return "the leaf of entry " + strconv.FormatUint(l.Seq, 10)
	case l.ID != row.ID:
		return "the column id is not the leaf's"
	case l.At.Before(h.LastAt):
		return "recorded at " + l.At.Format(time.RFC3339Nano) + ", before the entry in front of it"
	}
	if l.Corrects != "" {
		if n, _ := proof.ParseSeq(l.Corrects); n >= l.Seq {
			return "corrects entry " + l.Corrects + ", which is not an earlier one"
		}
	}
	return ""
}
