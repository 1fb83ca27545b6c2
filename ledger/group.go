package ledger

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yilu/audit"
	"yilu/audit/rowset"
)

const (
	// groupDeadline bounds all tries of one group, with entryDeadline more for each
	// entry; callers then learn that the outcome is unknown, or that nothing was
	// posted.
	groupDeadline = 20 * time.Second
	entryDeadline = time.Millisecond
	// commitDeadline is the commit's own: it is never cut short by a caller.
	commitDeadline = 10 * time.Second
)

// errCommit marks a commit whose outcome is not known.
var errCommit = errors.New("commit failed")

// postGroup posts units in one transaction, tries again after faults that pass,
// and after any other fault with half as many, so that one bad unit cannot hurt
// the rest. It leaves an answer in every unit.
func (l *Ledger) postGroup(q *queue, units []*unit) {
	deadline := groupDeadline
	for _, u := range units {
		deadline += time.Duration(len(u.items)) * entryDeadline
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	unknown := false
	var taken *TakeBack
	for wait := 20 * time.Millisecond; ; wait *= 2 {
		err := l.tryGroup(ctx, q, units)
		if err == nil {
			return
		}
		q.state = nil
		unknown = unknown || errors.Is(err, errCommit)
		switch {
		case errors.As(err, &taken):
			answerAll(units, taken.Reason)
			return
		case errors.Is(err, audit.ErrNoBook):
			answerAll(units, fmt.Errorf("book %s: %w", q.book, ErrNotFound))
			return
		case passes(err) && ctx.Err() == nil && wait < 5*time.Second:
			l.Log.Warn("post group failed, trying again", "book", string(q.book), "error", err)
			time.Sleep(wait)
		case len(units) > 1 && ctx.Err() == nil && !passes(err):
			l.postGroup(q, units[:len(units)/2])
			l.postGroup(q, units[len(units)/2:])
			return
		default:
			l.Log.Error("post group failed", "book", string(q.book), "units", len(units), "unknown", unknown, "error", err)
			answerAll(units, failure(err, unknown))
			return
		}
	}
}

func failure(err error, unknown bool) error {
	switch {
	case unknown:
		return ErrUnknown
	case passes(err):
		return ErrUnavailable
	}
	return fmt.Errorf("post: %w", err)
}

func answerAll(units []*unit, err error) {
	for _, u := range units {
		if u.receipts, u.err = nil, err; u.again > 0 && errors.Is(err, ErrUnavailable) {
			u.err = ErrUnknown
		}
	}
}

// passes says whether a fault may be gone at the next try: serialization, a
// lost or refused connection, a server that shuts down or is out of slots.
func passes(err error) bool {
	if p, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case strings.HasPrefix(p.Code, "40"), strings.HasPrefix(p.Code, "08"), strings.HasPrefix(p.Code, "57P"), strings.HasPrefix(p.Code, "53"):
			return true
		}
		return false
	}
	if errors.Is(err, audit.ErrMoved) || errors.Is(err, errCommit) {
		return true
	}
	if errors.Is(err, audit.ErrUnsealable) {
		return false
	}
	_, bug := errors.AsType[*bugError](err)
	return !bug // all else is the connection: net, io, context
}

// group is one try to post some units in one transaction.
type group struct {
	l     *Ledger
	book  Book
	units []*unit
	state *state
	head  audit.Head
	// at is when the group's entries are recorded, as they are judged and written.
	at time.Time
	// found are entries already in the book under ids of the group.
	found map[string]audit.Row
	// answers by unit, given only after the commit: what was judged beside an
	// entry that did not commit may not be true.
	answers  []answer
	accepted []*prepared
	repeated bool
	// ids are the accepted by id.
	ids map[string]*prepared
	// early is set when the commit does not wait for the disk, see settle.
	early bool
}

type answer struct {
	receipts []Receipt
	err      error
	done     bool
}

func (l *Ledger) tryGroup(ctx context.Context, q *queue, units []*unit) error {
	conn, err := l.Pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire: %w", err)
	}
	defer conn.Release()
	if err := rowset.Learn(ctx, conn.Conn()); err != nil {
		return err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer rollback(ctx, tx)
	g := &group{l: l, book: q.book, units: units, state: q.state, found: map[string]audit.Row{}, answers: make([]answer, len(units))}
	g.early = units[0].rider != nil || len(units) > 1 || len(l.waitingItems(q)) > 0
	if err := g.load(ctx, tx, q); err != nil {
		return err
	}
	if err := g.answerRepeats(ctx, tx); err != nil {
		return err
	}
	if err := g.judge(ctx, tx); err != nil {
		return err
	}
	q.ahead = g.lookAhead(q)
	if err := g.write(ctx, tx); err != nil {
		return err
	}
	if err := g.ride(ctx, tx); err != nil {
		return err
	}
	if len(g.accepted) > 0 || g.repeated {
		if err := l.commit(ctx, tx); err != nil {
			return err
		}
	}
	g.keep(q)
	g.leaveMark(q)
	g.answer()
	if l.Committed != nil && len(g.accepted) > 0 {
		l.Committed(g.book, len(g.accepted))
	}
	return nil
}

func rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = tx.Rollback(ctx) // after a commit this does nothing
}

// commit ends a transaction under its own deadline. A commit that PostgreSQL
// gave up waiting for (no standby confirmed it) says success with a notice;
// such a commit may be lost in a fail-over, so it counts as unknown and its
// connection is closed.
func (l *Ledger) commit(ctx context.Context, tx pgx.Tx) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(l.commitWithin, commitDeadline))
	defer cancel()
	conn := tx.Conn()
	err := tx.Commit(ctx)
	if _, cancelled := conn.PgConn().CustomData()[syncCancelled]; cancelled {
		_ = conn.Close(ctx)
		return fmt.Errorf("%w: not confirmed by a standby", errCommit)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errCommit, err)
	}
	return nil
}

// settings hold for a group's transaction: its statements are planned once, for whatever
// they are given, and never read whole tables, since a plan that was made while the table
// was small stays prepared as it grows; and its commit waits for the disk, or does not.
const settings = `
	select set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true), set_config('synchronous_commit', $1, true)`

// load locks the head and reads what the group touches and was not read ahead,
// mostly in one round trip. The rows kept from the last group are good if nobody
// posted since.
func (g *group) load(ctx context.Context, tx pgx.Tx, q *queue) error {
	early := q.takeAhead()
	if q.state == nil {
		g.state = g.l.newState(g.book)
	}
	var ids []string
	for _, id := range g.unitIDs() {
		if _, asked := early.asked[id]; !asked {
			ids = append(ids, id)
		} else if row, ok := early.found[id]; ok {
			g.found[id] = row
		}
	}
	waits := "on"
	if g.early {
		waits = "off"
	}
	b := &pgx.Batch{}
	b.Queue(settings, waits)
	audit.QueueLock(b, string(g.book), &g.head)
	if len(ids) > 0 {
		audit.QueueFindIDs(b, string(g.book), ids, g.found)
	}
	g.touch()
	keep := g.state.queueLoad(b)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("lock and load: %w", err)
	}
	if q.state != nil && !slices.Equal(g.head.Edge, q.edge) { // another process has posted, or a crash has taken
		g.state = g.l.newState(g.book)
		var err error
		if g.found, err = audit.FindIDs(ctx, tx, string(g.book), g.unitIDs()); err != nil {
			return err
		}
		keep = nil
	}
	for _, k := range keep {
		k()
	}
	g.setInstant(q)
	// What was loaded may name more: a payment its project, a submission its
	// entries.
	for range 5 {
		g.touch()
		if loaded, err := g.state.load(ctx, tx); err != nil || !loaded {
			return err
		}
	}
	return nil
}

// clockBack is how far the clock may be behind the last entry before that is told.
const clockBack = time.Second

// setInstant sets when the group is recorded. That the clock is behind the book's last
// entry is told once, until it no longer is; entries get the last one's instant.
func (g *group) setInstant(q *queue) {
	now := g.l.Now()
	g.at = g.head.Instant(now)
	behind := g.at.Sub(now)
	if behind > clockBack && !q.behind {
		g.l.Log.Warn("clock is behind the last entry", "book", string(g.book), "behind", behind)
	}
	q.behind = behind > clockBack
}

// unitIDs are the ids of all entries of the group.
func (g *group) unitIDs() []string {
	var ids []string
	for _, u := range g.units {
		for _, p := range u.items {
			ids = append(ids, p.entry.ID)
		}
	}
	return ids
}

func (g *group) touch() {
	for _, u := range g.units {
		for _, p := range u.items {
			if _, repeat := g.found[p.entry.ID]; !repeat {
				g.state.prepare(p)
			}
		}
	}
}

// answerRepeats answers the units whose ids are in the book already.
func (g *group) answerRepeats(ctx context.Context, tx pgx.Tx) error {
	if len(g.found) == 0 {
		return nil
	}
	for i, u := range g.units {
		known := 0
		for _, p := range u.items {
			row, ok := g.found[p.entry.ID]
			if !ok {
				continue
			}
			known++
			same, err := g.l.repeats(ctx, tx, row, p)
			if err != nil {
				return err
			}
			if !same {
				g.answers[i] = answer{err: &Conflict{p.entry.ID, Seq(row.Seq)}, done: true}
				break
			}
			r, err := receiptOf(row)
			if err != nil {
				return err
			}
			r.Repeated = true
			g.answers[i].receipts = append(g.answers[i].receipts, r)
		}
		switch {
		case g.answers[i].err != nil || known == 0:
		case known < len(u.items): // an id was used in another unit
			first := g.answers[i].receipts[0]
			g.answers[i] = answer{err: &Conflict{first.ID, first.Seq}, done: true}
		default:
			g.answers[i].done, g.repeated = true, true
		}
	}
	return nil
}

// repeats says whether a stored entry is the one that is posted again. Salts
// are fresh each time, so sealed fields are compared by their values, and
// headers without their hash.
func (l *Ledger) repeats(ctx context.Context, tx pgx.Tx, row audit.Row, p *prepared) (bool, error) {
	if p.act.Same(row.Leaf) {
		return true, nil
	}
	leaf, err := audit.ParseLeaf(row.Leaf)
	if err != nil {
		return false, fmt.Errorf("entry %d: %w", row.Seq, err)
	}
	again := p.act.Act
	if h, ok := p.entry.Body.(header); ok && leaf.Kind == again.Kind {
		stored, err := DecodeBody(Kind(leaf.Kind), leaf.Body)
		if err != nil {
			return false, fmt.Errorf("entry %d: %w", row.Seq, err)
		}
		if again.Body, err = EncodeBody(h.withHash(stored.(header).hash())); err != nil {
			return false, err
		}
		if again.Body, err = audit.Canonical(again.Body); err != nil {
			return false, err
		}
	}
	same, err := l.Sealer.Repeats(ctx, tx, leaf, again, l.fields(p.entry.Sealed))
	if err != nil {
		return false, fmt.Errorf("compare entry %d: %w", row.Seq, err)
	}
	return same, nil
}

func receiptOf(row audit.Row) (Receipt, error) {
	leaf, err := audit.ParseLeaf(row.Leaf)
	if err != nil {
		return Receipt{}, fmt.Errorf("entry %d: %w", row.Seq, err)
	}
	return Receipt{ID: row.ID, Seq: Seq(row.Seq), At: leaf.At, Hash: leaf.Hash, LeafHash: row.LeafHash}, nil
}

// judge judges all units in order, loading what turns out to be missing.
func (g *group) judge(ctx context.Context, tx pgx.Tx) error {
	for {
		complete, err := g.judgeAll()
		if err != nil || complete {
			return err
		}
		g.touch()
		loaded, err := g.state.load(ctx, tx)
		if err != nil {
			return err
		}
		if !loaded {
			return &bugError{"a row is missing that nothing loads"}
		}
	}
}

// judgeAll is false when a row was missing: everything is undone then.
func (g *group) judgeAll() (complete bool, err error) {
	s := g.state
	return s.attempt(0, func() {
		g.accepted = g.accepted[:0]
		maps.DeleteFunc(s.entries, func(q Seq, e *Entry) bool { return e != nil && uint64(q) >= g.head.Size })
		g.ids = map[string]*prepared{}
		for i, u := range g.units {
			if !g.answers[i].done {
				g.answers[i] = answer{}
				g.judgeUnit(i, u)
			}
		}
	})
}

func (g *group) judgeUnit(i int, u *unit) {
	same := 0
	for _, p := range u.items {
		first := g.ids[p.entry.ID]
		if first == nil {
			continue
		}
		if !sameAct(first, p) {
			g.answers[i].err = &Conflict{p.entry.ID, first.entry.Seq}
			return
		}
		same++
	}
	if same == len(u.items) { // the same unit twice in one group: one answer
		return
	}
	if same > 0 {
		g.answers[i].err = &Conflict{u.items[0].entry.ID, None}
		return
	}
	entries := make([]*Entry, len(u.items))
	for n, p := range u.items {
		p.entry.Seq, p.entry.At = Seq(g.head.Size)+Seq(len(g.accepted)+n), g.at
		entries[n] = p.entry
	}
	if problems := g.state.judgeUnit(entries); len(problems) > 0 {
		g.answers[i].err = &Refused{Problems: problems, Heard: g.state.heard}
		return
	}
	for _, p := range u.items {
		g.ids[p.entry.ID] = p
	}
	g.accepted = append(g.accepted, u.items...)
	for _, e := range entries { // later units of the group may name them
		g.state.entries[e.Seq] = e
	}
}

// sameAct compares two drafts in memory: sealed fields by value, headers
// without their hash.
func sameAct(a, b *prepared) bool {
	x, y := a.act.Act, b.act.Act
	if x.ID != y.ID || x.Kind != y.Kind || x.On != y.On || x.By != y.By || x.Corrects != y.Corrects || !maps.Equal(a.entry.Sealed, b.entry.Sealed) {
		return false
	}
	if _, ok := a.entry.Body.(header); !ok {
		return bytes.Equal(x.Body, y.Body)
	}
	p, errP := withoutHash(a.entry.Body)
	q, errQ := withoutHash(b.entry.Body)
	return errP == nil && errQ == nil && bytes.Equal(p, q)
}

// write numbers, hashes and stores the accepted entries and what follows from
// them. A group of repeats only passes a barrier instead: a commit that writes
// WAL, so that the repeated answer is as durable as the first.
func (g *group) write(ctx context.Context, tx pgx.Tx) error {
	if len(g.accepted) == 0 && g.repeated && !g.early {
		return audit.Barrier(ctx, tx)
	}
	w := &writer{tx: tx, book: g.book}
	for chunk := range slices.Chunk(g.accepted, writeChunk) {
		rows := make([]audit.Row, len(chunk))
		var private []audit.PrivateRow
		for i, p := range chunk {
			rows[i] = g.head.Append(p.act, g.at)
			p.entry.LeafHash = rows[i].LeafHash
			for n := range p.sealed {
				p.sealed[n].Seq = rows[i].Seq
			}
			private = append(private, p.sealed...)
		}
		audit.QueueAppend(&w.batch, g.head, rows)
		audit.QueuePrivate(&w.batch, string(g.book), private)
		if err := w.queued(ctx, len(rows)+len(private)); err != nil {
			return err // nothing is on its way
		}
	}
	return g.state.save(ctx, w)
}

// keptRows bounds the memory of a book's kept state.
const keptRows = 20_000

// keep leaves the state to the next group.
func (g *group) keep(q *queue) {
	g.state.forget()
	q.state, q.edge = g.state, g.head.Edge
	if g.state.rows() > keptRows {
		q.state = g.l.newState(g.book)
	}
}

// leaveMark says on which entry a group rests that did not wait for the disk: its
// own last one, or the last of those that were posted again.
func (g *group) leaveMark(q *queue) {
	if !g.early {
		return
	}
	if n := len(g.accepted); n > 0 {
		e := g.accepted[n-1].entry
		q.mark = &mark{uint64(e.Seq), e.LeafHash}
		return
	}
	for _, row := range g.found {
		if q.mark == nil || row.Seq > q.mark.seq {
			q.mark = &mark{row.Seq, row.LeafHash}
		}
	}
}

// answer gives each unit what became of it.
func (g *group) answer() {
	receipts := make(map[string]Receipt, len(g.accepted))
	for _, p := range g.accepted {
		e := p.entry
		receipts[e.ID] = Receipt{ID: e.ID, Seq: e.Seq, At: e.At, Hash: e.Hash, LeafHash: e.LeafHash}
	}
	first := make(map[*prepared]bool, len(g.accepted))
	for _, p := range g.accepted {
		first[p] = true
	}
	for i, u := range g.units {
		a := g.answers[i]
		u.receipts, u.err = a.receipts, a.err
		if a.done || a.err != nil {
			continue
		}
		u.receipts = make([]Receipt, len(u.items))
		for n, p := range u.items {
			u.receipts[n] = receipts[p.entry.ID]
			u.receipts[n].Repeated = !first[p]
		}
	}
}
