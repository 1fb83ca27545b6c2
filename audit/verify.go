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
	Book string
	Seq  uint64
	// Reason and ReasonZh say what is wrong.
	Reason, ReasonZh string
}

// Error reads as one line of a report.
func (t *Tampered) Error() string {
	return fmt.Sprintf("book %s, entry %d: %s", t.Book, t.Seq, t.Reason)
}

// Zh is the same in Chinese.
func (t *Tampered) Zh() string {
	return fmt.Sprintf("账套 %s 第 %d 号分录：%s", t.Book, t.Seq, t.ReasonZh)
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
		return &Tampered{h.Book, r.good, fmt.Sprintf("the checkpoint stored for size %d is not signed by the log for that size: %v", h.Size, err),
			fmt.Sprintf("为前 %d 条保存的检查点不是本日志为该数签的：%v", h.Size, err)}
	case c.Root != h.Root():
		return &Tampered{h.Book, r.good, fmt.Sprintf("one of the entries %d to %d is not the one that was signed", r.good, h.Size-1),
			fmt.Sprintf("第 %d 至 %d 号中有分录与签名时不同", r.good, h.Size-1)}
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
		if h.Size == stored.Size {
			break // a limit of 0 means all
		}
		if wrong := h.follow(row); wrong != nil {
			return wrong
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
		return &Tampered{book, stored.Size, fmt.Sprintf("missing, %d entries were signed", signed.last), fmt.Sprintf("缺失，已签名的有 %d 条", signed.last)}
	case h.Size < stored.Size:
		return &Tampered{book, h.Size, fmt.Sprintf("missing, the head counts %d entries", stored.Size), fmt.Sprintf("缺失，账首记有 %d 条", stored.Size)}
	case beyond:
		return &Tampered{book, h.Size, "entries beyond the head", "账首之后还有分录"}
	case !slices.Equal(h.Edge, stored.Edge):
		return &Tampered{book, h.Size, "the head's edge is not that of the entries", "账首的树边与分录不符"}
	case h.Size > 0 && !h.LastAt.Equal(stored.LastAt):
		return &Tampered{book, h.Size, "the head's last instant is not the last entry's", "账首的时间不是最后一条分录的"}
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

// follow checks that a stored row is the one that comes next and appends it. It returns
// what is wrong, nil if nothing is.
func (h *Head) follow(row Row) *Tampered {
	seq := h.Size
	wrong := func(en, zh string) *Tampered { return &Tampered{h.Book, seq, en, zh} }
	if row.Seq != h.Size {
		next := strconv.FormatUint(row.Seq, 10)
		return wrong("missing, the next entry found is "+next, "缺失，其后的分录是第 "+next+" 号")
	}
	l, err := ParseLeaf(row.Leaf)
	if err != nil {
		return wrong(err.Error(), "存储的字节不成分录："+err.Error())
	}
	if en, zh := h.misplaced(l, row); en != "" {
		return wrong(en, zh)
	}
	computed := h.appendLeaf(row.Leaf)
	h.LastAt = l.At
	switch {
	case computed.LeafHash != row.LeafHash:
		return wrong("the stored leaf hash is not the leaf's", "存储的叶散列不是这条分录的")
	case !bytes.Equal(computed.Nodes, row.Nodes):
		return wrong("the stored node hashes are not the tree's", "存储的节点散列不是这棵树的")
	}
	return nil
}

// misplaced compares what a leaf says about its place with where it was found, and says
// what differs, in English and in Chinese.
func (h *Head) misplaced(l Leaf, row Row) (en, zh string) {
	switch {
	case l.Book != h.Book:
		return "a leaf of book " + l.Book, "是账套 " + l.Book + " 的叶"
	case l.Seq != row.Seq:
		other := strconv.FormatUint(l.Seq, 10)
		return "the leaf of entry " + other, "是第 " + other + " 号分录的叶"
	case l.ID != row.ID:
		return "the column id is not the leaf's", "编号列与叶不符"
	case l.At.Before(h.LastAt):
		at := l.At.Format(time.RFC3339Nano)
		return "recorded at " + at + ", before the entry in front of it", "记录时间 " + at + " 早于前一条分录"
	}
	if l.Corrects != "" {
		if n, _ := proof.ParseSeq(l.Corrects); n >= l.Seq {
			return "corrects entry " + l.Corrects + ", which is not an earlier one", "所更正的第 " + l.Corrects + " 号不是更早的分录"
		}
	}
	return "", ""
}
