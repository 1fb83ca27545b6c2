package ledger

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
)

// Fold is a book in memory, made of its entries from the first on by the code that
// posts them. It reads no projection, so it can stand at any entry of the past, and
// writes nothing. It is for back-tests and for tests of rules.
//
// It holds a row for everything that the entries speak of, some 500 bytes for each
// payment and less for all else, and the last entries. One goroutine may use it.
type Fold struct {
	s    *state
	next Seq
}

// NewFold is an empty book, with a judge who is asked about each entry; nil for none.
func NewFold(book Book, judge *Judge) *Fold {
	s := newState(book)
	s.trial, s.whole, s.rules, s.shared = false, true, judge, map[string]string{}
	return &Fold{s: s}
}

// View is the book as it stands.
func (f *Fold) View() View { return View{f.s} }

// keptEntries is how many of the latest entries a fold keeps that can fetch others.
const keptEntries = 20_000

// Apply takes the next entry of a log, which was posted and so is not refused.
func (f *Fold) Apply(e *Entry) error {
	s := f.s
	if e.Seq != f.next {
		return fmt.Errorf("%w: entry %d comes after %d", ErrDiverged, e.Seq, f.next-1)
	}
	s.problems, s.approvedBy = nil, nil
	if _, err := s.attempt(0, func() { s.judge(e) }); err != nil {
		return fmt.Errorf("entry %d: %w", e.Seq, err)
	}
	if len(s.problems) > 0 {
		return fmt.Errorf("%w: entry %d would be refused: %s", ErrDiverged, e.Seq, list(s.problems))
	}
	f.settle(e)
	return nil
}

// sharedTexts bounds how many texts are known to be shared.
const sharedTexts = 50_000

// share makes texts of a row that stays one with the equal ones of rows before: payments
// name the same projects, payees and purposes over and over.
func (s *state) share(texts ...*string) {
	if !s.whole {
		return
	}
	if len(s.shared) >= sharedTexts {
		clear(s.shared)
	}
	for _, text := range texts {
		known, ok := s.shared[*text]
		if !ok {
			known = strings.Clone(*text) // it may be a part of something larger
			s.shared[known] = known
		}
		*text = known
	}
}

// settle makes what was applied the past: it cannot be undone any more.
func (f *Fold) settle(entries ...*Entry) {
	s := f.s
	for _, e := range entries {
		s.entries[e.Seq] = e
		if f.next = e.Seq + 1; s.fetch != nil {
			delete(s.entries, e.Seq-keptEntries)
		}
	}
	clear(s.undo)
	s.undo = s.undo[:0]
	s.legs, s.events, s.notes, s.erasures = s.legs[:0], s.events[:0], nil, nil
	if f.next%1024 == 0 {
		for _, t := range s.tables {
			t.settle()
		}
	}
}

// Post judges drafts as a ledger would and takes them, all or none: for tests of
// rules. Errors are *Invalid and *Refused.
func (f *Fold) Post(at time.Time, drafts ...Draft) ([]*Entry, error) {
	items, err := (&Ledger{}).prepareAll(f.s.book, drafts)
	if err != nil {
		return nil, err
	}
	entries := make([]*Entry, len(items))
	for i, p := range items {
		p.entry.Seq, p.entry.At = f.next+Seq(i), at.UTC().Truncate(time.Microsecond)
		entries[i] = p.entry
	}
	s := f.s
	s.trial = true
	defer func() { s.trial = false }()
	var problems []Problem
	if _, err := s.attempt(0, func() { problems = s.judgeUnit(entries) }); err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, &Refused{Problems: problems}
	}
	f.settle(entries...)
	return entries, nil
}

// FoldUpTo applies a book's entries from the first up to a seq, and calls each after
// every one, if it is not nil.
func (l *Ledger) FoldUpTo(ctx context.Context, f *Fold, until Seq, each func(*Entry) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	f.s.fetch = l.fetchPast(ctx, f.s.book, pastBlocks)
	for c := range l.foldChunks(ctx, f.s.book, f.next, until) {
		entries, err := c.entries, c.err
		for i := 0; err == nil && i < len(entries); i++ {
			if err = f.Apply(entries[i]); err == nil && each != nil {
				err = each(entries[i])
			}
		}
		if err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if f.next <= until {
		return fmt.Errorf("%w: entry %d is missing", ErrDiverged, f.next)
	}
	return nil
}

// Entries that a fold has let go are read again in blocks, of which the latest stay: what is
// known of a project lies far apart in a book, and is asked for with each of its payments.
const (
	pastBlock  = 64
	pastBlocks = 400
)

// fetchPast reads entries that a fold has let go, and keeps so many blocks of them.
func (l *Ledger) fetchPast(ctx context.Context, book Book, most int) func(Seq) *Entry {
	blocks, order := map[Seq]*foldChunk{}, []Seq{}
	read := func(at Seq) *foldChunk {
		c := &foldChunk{}
		for row, err := range audit.ReadLeaves(ctx, l.Read, string(book), uint64(at*pastBlock), pastBlock) {
			if err != nil {
				panic(fmt.Errorf("read entries from %d: %w", at*pastBlock, err)) // attempt turns it into an error
			}
			c.rows = append(c.rows, row)
		}
		if err := l.decodeChunk(ctx, book, c); err != nil {
			panic(fmt.Errorf("read entries from %d: %w", at*pastBlock, err))
		}
		if blocks[at], order = c, append(order, at); len(order) > most {
			delete(blocks, order[0])
			order = order[1:]
		}
		return c
	}
	return func(q Seq) *Entry {
		c, known := blocks[q/pastBlock]
		if !known {
			c = read(q / pastBlock)
		}
		if i := int(q % pastBlock); i < len(c.entries) {
			return c.entries[i]
		}
		return nil
	}
}

// foldChunk is a run of entries that was read and decoded.
type foldChunk struct {
	rows    []audit.Row
	entries []*Entry
	err     error
	ready   chan struct{}
}

const foldChunkSize = 1000

// foldChunks yields the entries in order. They are read ahead by one goroutine and
// decoded by others, since decoding costs more than applying.
func (l *Ledger) foldChunks(ctx context.Context, book Book, from, until Seq) func(yield func(*foldChunk) bool) {
	work, ordered := make(chan *foldChunk), make(chan *foldChunk, 2*runtime.GOMAXPROCS(0))
	go func() {
		defer close(ordered)
		defer close(work)
		c := &foldChunk{ready: make(chan struct{})}
		send := func() bool {
			select {
			case ordered <- c:
			case <-ctx.Done():
				return false
			}
			select {
			case work <- c:
			case <-ctx.Done():
				return false
			}
			c = &foldChunk{ready: make(chan struct{})}
			return true
		}
		for row, err := range audit.ReadLeaves(ctx, l.Read, string(book), uint64(from), uint64(max(until-from+1, 0))) {
			if until < from {
				return
			}
			if c.err = err; err == nil {
				c.rows = append(c.rows, row)
			}
			if (err != nil || len(c.rows) == foldChunkSize) && !send() || err != nil {
				return
			}
		}
		if len(c.rows) > 0 {
			send()
		}
	}()
	for range runtime.GOMAXPROCS(0) {
		go func() {
			for c := range work {
				if c.err == nil {
					c.err = l.decodeChunk(ctx, book, c)
				}
				close(c.ready)
			}
		}()
	}
	return func(yield func(*foldChunk) bool) {
		for c := range ordered {
			select {
			case <-c.ready:
			case <-ctx.Done():
				return
			}
			if !yield(c) {
				return
			}
		}
	}
}

// decodeChunk decodes entries and reads what their effect needs of what they seal.
func (l *Ledger) decodeChunk(ctx context.Context, book Book, c *foldChunk) error {
	c.entries = make([]*Entry, len(c.rows))
	var private []uint64
	bySeq := map[uint64]*Entry{}
	for i, row := range c.rows {
		e, err := DecodeEntry(row.Leaf)
		if err != nil {
			return err
		}
		e.LeafHash = row.LeafHash
		if len(e.Commitments) > 0 {
			private = append(private, row.Seq)
			bySeq[row.Seq] = e
		}
		c.entries[i] = e
	}
	c.rows = nil
	if len(private) == 0 {
		return nil
	}
	b := &pgx.Batch{}
	audit.QueueSealed(b, string(book), private, openedFields, func(r audit.PrivateRow) error { return unseal(l.Sealer, bySeq[r.Seq], r) })
	if err := l.Read.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("read what is sealed: %w", err)
	}
	return nil
}
