package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"yilu/alerts/rule"
	"yilu/ledger"
)

// position is how far an engine has come in a book: up to seen it has judged, up to
// stored the table says so. What lies between warns of nothing, and is judged again
// after a crash.
type position struct{ stored, seen ledger.Seq }

// positions are those of all books. They are only memories of the table: whoever acts
// on one that is out of date is taken back when it moves the cursor.
type positions struct {
	mu sync.Mutex
	of map[ledger.Book]position
}

func (p *positions) keep(book ledger.Book, at position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == nil {
		p.of = map[ledger.Book]position{}
	}
	p.of[book] = at
}

func (p *positions) forget(book ledger.Book) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.of, book)
}

// position is where the engine goes on.
func (g *Engine) position(ctx context.Context, book ledger.Book) (position, error) {
	g.positions.mu.Lock()
	at, known := g.positions.of[book]
	g.positions.mu.Unlock()
	if known {
		return at, nil
	}
	pos, err := g.cursor(ctx, book)
	return position{pos, pos}, err
}

// cursor is the last entry that is known to all to be judged, -1 for none.
func (g *Engine) cursor(ctx context.Context, book ledger.Book) (ledger.Seq, error) {
	var pos ledger.Seq
	err := g.Pool.QueryRow(ctx, `select pos from alert.cursor where book = $1`, book).Scan(&pos)
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.None, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read cursor: %w", err)
	}
	return pos, nil
}

// moveCursor moves it, or says that it is not where it was read.
func moveCursor(q *pgx.Batch, book ledger.Book, from, until ledger.Seq) {
	q.Queue(`
		insert into alert.cursor (book, pos)
		select $1, $3 where $2 = -1 or exists (select from alert.cursor where book = $1)
		on conflict (book) do update set pos = excluded.pos where cursor.pos = $2`, book, from, until).Exec(onlyOne)
}

// mostSaid bounds the matters that are remembered.
const mostSaid = 10_000

// said are matters that an input is missing for, and that are in the feed: such a
// matter is of one rule, reason and day or month, and is told of once. Of a county
// without a list that is one for each payment, which nobody has to look up again.
type said struct {
	mu      sync.Mutex
	matters map[string]struct{}
}

// leaveOut takes the findings out of a note that are in the feed already, and counts
// them.
func (s *said) leaveOut(n *Note, tally map[tallyKey]int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n.Findings = slices.DeleteFunc(n.Findings, func(f Finding) bool {
		_, known := s.matters[f.Fingerprint]
		if known && f.saidOnce() {
			tally[tallyKey{ledger.Date(f.Window).Month(), f.Code, string(f.State)}]++
			return true
		}
		return false
	})
	if len(n.Findings) == 0 {
		n.Findings = nil
	}
}

// remember notes what has been said.
func (s *said) remember(notes []judged) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range notes {
		for _, f := range n.Findings {
			if !f.saidOnce() {
				continue
			}
			if s.matters == nil || len(s.matters) == mostSaid {
				s.matters = map[string]struct{}{}
			}
			s.matters[f.Fingerprint] = struct{}{}
		}
	}
}

// saidOnce says whether one warning a day or month is all that there is to say; its
// window is that day or month.
func (f Finding) saidOnce() bool {
	return f.State == rule.NotEvaluable && f.Waiting == nil && f.Due == "" && len(f.Window) >= len("2006-01")
}
