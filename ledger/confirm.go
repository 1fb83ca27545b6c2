package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"yilu/audit"
	"yilu/audit/proof"
)

// A group that others wait behind, or that a rider rides in, is committed without waiting
// for the disk (synchronous_commit = off): the book's row is free for the next group, and
// a warning can be read, while the bytes are still being flushed. Its callers are answered
// only after a later commit that did wait, the barrier. That one proves it: it sees the
// group's last entry where it was written, so the group's commit stands before its own in
// the WAL, and the disk, or the standby, has both. After a crash in between the entry is
// not there, whatever connection asks, and the units are posted again under the same ids,
// a rider with its unit.

// mark is the last entry that a group rests on.
type mark struct {
	seq  uint64
	leaf proof.Hash
}

// settling is a group whose units wait until it is durable.
type settling struct {
	units []*unit
	mark  *mark
}

// mostSettling bounds the groups of a book that wait for the disk.
const mostSettling = 8

// errLost says that a group that was committed is not there.
var errLost = errors.New("the last entry of a group is not there")

// settle answers the units of a group: at once if all they rest on is durable, and
// else in their turn.
func (l *Ledger) settle(q *queue, units []*unit) {
	for _, u := range units {
		u.stand()
	}
	g := settling{units, q.mark}
	q.mark = nil
	l.mu.Lock()
	if g.mark == nil && !q.confirming {
		l.mu.Unlock()
		answerUnits(units)
		return
	}
	q.settling = append(q.settling, g)
	if !q.confirming {
		q.confirming = true
		l.workers.Add(1)
		go l.confirm(q)
	}
	l.mu.Unlock()
	q.room <- struct{}{}
}

// stand gives a unit that was posted again the receipts it had, if they stand: nobody
// but us has posted it twice.
func (u *unit) stand() {
	same := func(a, b Receipt) bool { return a.Seq == b.Seq && a.LeafHash == b.LeafHash }
	if u.err == nil && u.first != nil && slices.EqualFunc(u.first, u.receipts, same) {
		u.receipts = u.first
	}
}

func answerUnits(units []*unit) {
	for _, u := range units {
		close(u.done)
	}
}

// confirm passes barriers until nothing waits for one.
func (l *Ledger) confirm(q *queue) {
	defer l.workers.Done()
	for {
		l.mu.Lock()
		groups := q.settling
		if q.settling = nil; len(groups) == 0 {
			q.confirming = false
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		var err error
		if last := furthest(groups); last != nil {
			err = l.passBarrier(q.book, *last)
		}
		if err != nil {
			l.Log.Warn("a group is not known to be durable, posting it again", "book", string(q.book), "error", err)
		}
		for _, g := range groups {
			if err != nil {
				l.postAgain(q, g.units)
			} else {
				answerUnits(g.units)
			}
			<-q.room
		}
	}
}

// furthest is the last entry that any of the groups rests on: a group that was only
// posted again may rest on an old one, which proves nothing of those before it.
func furthest(groups []settling) (last *mark) {
	for _, g := range groups {
		if g.mark != nil && (last == nil || g.mark.seq > last.seq) {
			last = g.mark
		}
	}
	return last
}

// passBarrier returns nil once all that was committed up to a mark is durable.
func (l *Ledger) passBarrier(book Book, m mark) error {
	ctx, cancel := context.WithTimeout(context.Background(), cmp.Or(l.commitWithin, commitDeadline))
	defer cancel()
	conn, err := l.Pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire: %w", err)
	}
	defer conn.Release()
	there, err := audit.PassBarrier(ctx, conn, string(book), m.seq, m.leaf)
	if _, cancelled := conn.Conn().PgConn().CustomData()[syncCancelled]; cancelled {
		_ = conn.Conn().Close(ctx)
		return fmt.Errorf("%w: not confirmed by a standby", errCommit)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errCommit, err)
	}
	if !there {
		return errLost
	}
	return nil
}

// mostAgain is how often a unit is posted again before its outcome is unknown.
const mostAgain = 3

// postAgain puts units back at the head of the queue: they are in the book already, or
// were lost in a crash.
func (l *Ledger) postAgain(q *queue, units []*unit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var again []*unit
	for _, u := range units {
		if u.again++; u.again > mostAgain {
			u.receipts, u.err = nil, ErrUnknown
			close(u.done)
			continue
		}
		u.first = u.receipts
		again = append(again, u)
		q.entries += len(u.items)
	}
	q.units = append(again, q.units...)
	if !q.working && len(q.units) > 0 {
		q.working = true
		l.workers.Add(1)
		go l.work(q)
	}
}
