package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/audit"
)

// ahead is what was read for the next group while this one was being written:
// PostgreSQL looks up keys on one core while it writes on another.
//
// It counts only if nobody else posts in between. This group holds the book's
// lock when the reading starts; if the next one finds the head where this one
// left it, then what this group did not touch is as it was read, and what it did
// touch is in the kept state. Look-ups wait for the lock: what this group added to
// one that nobody had asked for is not in the kept state.
type ahead struct {
	done chan struct{}
	err  error
	// asked are the ids that were looked for, found the entries that have them.
	asked map[string]struct{}
	found map[string]audit.Row
	// keep puts the rows that were read into the kept state.
	keep []func()
}

// aheadDeadline bounds the reading ahead, on which the next group waits.
const aheadDeadline = 2 * time.Second

// lookAhead starts to read what the units that wait now will need. It is called
// between judging and writing, when the state has everything this group knows.
func (g *group) lookAhead(q *queue) *ahead {
	items := g.l.waitingItems(q)
	if len(items) == 0 {
		return nil
	}
	a := &ahead{done: make(chan struct{}), asked: make(map[string]struct{}, len(items)), found: map[string]audit.Row{}}
	var ids []string
	for _, p := range items {
		g.state.prepare(p)
		if g.ids[p.entry.ID] == nil { // this group's own are not to be seen yet
			a.asked[p.entry.ID] = struct{}{}
			ids = append(ids, p.entry.ID)
		}
	}
	b := &pgx.Batch{}
	b.Queue(settings, "on") // the statements of a group, and plans are the connection's
	audit.QueueFindIDs(b, string(g.book), ids, a.found)
	for _, t := range g.state.tables {
		if keep := t.queueLoad(b, g.book); keep != nil {
			a.keep = append(a.keep, keep)
		}
	}
	go func() {
		defer close(a.done)
		ctx, cancel := context.WithTimeout(context.Background(), aheadDeadline)
		defer cancel()
		a.err = g.l.Pool.SendBatch(ctx, b).Close()
	}()
	return a
}

// takeAhead waits for what was read ahead and puts its rows into the kept state.
// Without a kept state, or after a fault, there is nothing to take.
func (q *queue) takeAhead() *ahead {
	a := q.ahead
	q.ahead = nil
	if a == nil {
		return &ahead{}
	}
	<-a.done
	if a.err != nil || q.state == nil {
		return &ahead{}
	}
	for _, keep := range a.keep {
		keep()
	}
	return a
}

// waitingItems lists what the next group will be, as far as it is there.
func (l *Ledger) waitingItems(q *queue) []*prepared {
	l.mu.Lock()
	defer l.mu.Unlock()
	var items []*prepared
	for _, u := range q.units {
		if len(items) > 0 && (len(items)+len(u.items) > groupSize || u.rider != nil) {
			break
		}
		items = append(items, u.items...)
	}
	return items
}
