package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yilu/alerts/notify"
	"yilu/alerts/rule"
	"yilu/ledger"
	"yilu/publicity/workday"
)

// Engine turns verdicts into warnings. Any number of processes may run one on the
// same books: each batch is one post that moves the cursor from where it was read,
// so of two that try the same batch one is taken back.
type Engine struct {
	Ledger   *ledger.Ledger
	Pool     *pgxpool.Pool
	Rules    *Rules
	Calendar workday.Calendar
	// Notify queues what is to be told; nil tells nobody.
	Notify *notify.Notifier
	// Link is the address of a warning's page.
	Link func(alert string) string
	Log  *slog.Logger
	// Raised is told without waiting when warnings were raised; it may be nil.
	Raised chan<- struct{}
	// Clock is what slots are due by; nil is the database's clock.
	Clock func() time.Time

	positions positions
	said      said
	limits    termsKept
}

// ErrGap is returned when entries before the head cannot be read: the log was
// damaged, and nothing is judged past the gap.
var ErrGap = errors.New("entries are missing from the log")

// errRaced takes a batch back when somebody else got ahead of it.
var errRaced = errors.New("another process was faster")

// batchSize is how many entries one step looks at.
const batchSize = 1000

// Step turns the verdicts of the next entries into warnings, and says whether there
// were any entries. It may be called again after any error.
func (g *Engine) Step(ctx context.Context, book ledger.Book) (more bool, err error) {
	return g.advance(ctx, book, 1)
}

// advance is Step, but of entries that warn of nothing it stores that they were judged
// only once there are so many.
func (g *Engine) advance(ctx context.Context, book ledger.Book, least int64) (more bool, err error) {
	err = again(func() (err error) {
		more, err = g.step(ctx, book, least)
		if err != nil {
			g.positions.forget(book)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("raise warnings of book %s: %w", book, err)
	}
	return more, nil
}

// again does something until nobody was faster, ten times at most.
func again(do func() error) error {
	err := errRaced
	for n := 0; n < 10 && errors.Is(err, errRaced); n++ {
		err = do()
	}
	return err
}

func (g *Engine) step(ctx context.Context, book ledger.Book, least int64) (bool, error) {
	at, err := g.position(ctx, book)
	if err != nil {
		return false, err
	}
	v, err := ledger.ReadVerdicts(ctx, g.Pool, book, at.seen, batchSize)
	if err != nil {
		return false, err
	}
	if v.Entries != int64(v.Until-at.seen) {
		return false, fmt.Errorf("%w: %d of %d after %d", ErrGap, v.Entries, v.Until-at.seen, at.seen)
	}
	if waiting := int64(v.Until - at.stored); len(v.Notes) == 0 && waiting < least {
		g.positions.keep(book, position{at.stored, v.Until})
		return v.Entries == batchSize, nil // who posts more wakes us
	} else if waiting == 0 {
		return false, nil
	}
	b := g.newBatch(book, "live")
	b.from, b.until, b.said = at.stored, v.Until, &g.said
	if err := b.read(ctx, v.Notes); err != nil {
		return false, err
	}
	if err := b.plan(ctx); err != nil {
		return false, err
	}
	if err := b.calm(ctx); err != nil {
		return false, err
	}
	if err := b.post(ctx); err != nil {
		return false, err
	}
	g.said.remember(b.notes)
	g.positions.keep(book, position{v.Until, v.Until})
	return v.Until > at.seen, nil
}

// batch is one step: what was read, and what will be posted.
type batch struct {
	g    *Engine
	book ledger.Book
	// origin is how its findings came to be: a key of ledger.Origins.
	origin      string
	from, until ledger.Seq
	now         time.Time
	notes       []judged
	// known are the open cases by fingerprint, with what this batch adds.
	known map[string]*Current
	// episodes counts the cases there were about a matter.
	episodes map[string]int64
	drafts   []ledger.Draft
	// then is what each draft leaves behind, in the order of the drafts.
	then []func(*pgx.Batch, ledger.Receipt)
	// timers are opened and met in the order of the entries.
	timers []func(*pgx.Batch)
	// said, if not nil, are matters of which nothing more is to be said.
	said *said
	// move moves the cursor; nil for what has none.
	move func(*pgx.Batch)
	// told is what people are told once all is stored; of a quiet batch they are not.
	told  []told
	quiet bool
	tally map[tallyKey]int64
	// fresh are the new cases that people are to be told of.
	fresh []fresh
	// terms are those in effect when the warnings are entered.
	terms *terms
}

// newBatch begins a batch; people are not told of what was found in a past that is judged
// later.
func (g *Engine) newBatch(book ledger.Book, origin string) *batch {
	return &batch{g: g, book: book, origin: origin, now: g.Ledger.Now().UTC(), known: map[string]*Current{}, tally: map[tallyKey]int64{}, quiet: origin == "backfill"}
}

// count adds a finding to what its rule found in a month; what was judged later, or was
// but tried, is counted apart.
func (b *batch) count(month string, f Finding) {
	state := string(f.State)
	if b.origin == "backfill" || b.origin == "attempt" {
		state = b.origin
	}
	b.tally[tallyKey{month, f.Code, state}]++
}

// judged is a verdict with the entries it is about.
type judged struct {
	Note
	at, entry ledger.Seq
	// makers entered or approved it.
	makers []string
	// month of the entry's business day.
	month string
}

type tallyKey struct{ month, code, state string }

// read takes the verdicts, with the entries and the open cases they are about.
func (b *batch) read(ctx context.Context, notes []ledger.Note) error {
	b.tally[tallyKey{b.now.Format("2006-01"), "", "judged"}] = int64(b.until - b.from)
	var seqs []ledger.Seq
	for _, n := range notes {
		note, err := readNote(n)
		if err != nil {
			return err
		}
		if b.said != nil {
			if b.said.leaveOut(&note, b.tally); note.nothing() {
				continue
			}
		}
		b.notes = append(b.notes, judged{Note: note, at: n.At, entry: n.Entry})
		seqs = append(seqs, n.Entry, n.At)
	}
	if len(b.notes) == 0 {
		return nil
	}
	var matters []string
	for _, j := range b.notes {
		for _, f := range j.Findings {
			if f.Due == "" {
				matters = append(matters, f.Fingerprint)
			}
		}
	}
	found := make(chan error, 1) // both are asked at once: somebody waits for the warning
	go func() { found <- b.find(ctx, matters) }()
	entries, err := b.g.Ledger.EntriesAt(ctx, b.book, seqs)
	if err := errors.Join(err, <-found); err != nil {
		return err
	}
	for i := range b.notes {
		j := &b.notes[i]
		for _, seq := range slices.Compact([]ledger.Seq{j.entry, j.at}) {
			if entries[seq] == nil {
				return fmt.Errorf("%w: %d", ErrGap, seq)
			}
			j.makers = append(j.makers, entries[seq].By.User)
		}
		j.month = entries[j.entry].On.Month()
	}
	return nil
}

// readNote reads what was kept of an entry's verdict.
func readNote(n ledger.Note) (note Note, err error) {
	if err := json.Unmarshal(n.Note, &note); err != nil {
		return note, fmt.Errorf("verdict at %d on entry %d: %w", n.At, n.Entry, err)
	}
	return note, nil
}

// find reads the open cases about some matters and how many there were before.
func (b *batch) find(ctx context.Context, matters []string) error {
	rows, err := b.g.Pool.Query(ctx, `
		select `+columns+` from alert.current
		where fingerprint = any ($2) and book || '' = $1`, b.book, matters)
	if err != nil {
		return fmt.Errorf("read cases: %w", err)
	}
	cases, err := pgx.CollectRows(rows, pgx.RowToStructByName[Current])
	if err != nil {
		return fmt.Errorf("read cases: %w", err)
	}
	if b.episodes == nil {
		b.episodes = map[string]int64{}
	}
	for _, m := range matters {
		b.known[m] = nil
	}
	for _, c := range cases {
		b.episodes[c.Fingerprint] = max(b.episodes[c.Fingerprint], c.Episode)
		if c.State != Dismissed && c.State != Closed {
			b.known[c.Fingerprint] = &c
		}
	}
	return nil
}

// plan decides what each finding becomes.
func (b *batch) plan(ctx context.Context) error {
	for _, j := range b.notes {
		for _, f := range j.Findings {
			b.count(j.month, f)
			if err := b.take(ctx, j, f); err != nil {
				return err
			}
		}
		b.close(j)
	}
	return nil
}

// take makes a deadline or a warning of a finding.
func (b *batch) take(ctx context.Context, j judged, f Finding) error {
	if f.Due != "" {
		b.timers = append(b.timers, b.openTimer(j, f))
		return nil
	}
	if f.Waiting != nil {
		b.timers = append(b.timers, b.openTimer(j, *f.Waiting))
		f.Waiting = nil
	}
	return b.raise(ctx, matter{Finding: f, origin: b.origin, region: j.Region, at: j.at, entry: j.entry, makers: j.makers})
}

// close ends the deadlines that an entry meets, or that end with it.
func (b *batch) close(j judged) {
	for _, met := range j.Met {
		b.timers = append(b.timers, b.meetTimer(j, met))
	}
	if j.Cancelled != "" {
		b.timers = append(b.timers, b.cancelTimers(j))
	}
	if j.Reversed != "" {
		b.timers = append(b.timers, b.reverseTimers(j)...)
	}
}

// matter is a finding with where it comes from.
type matter struct {
	Finding
	origin    string
	region    string
	at, entry ledger.Seq
	makers    []string
	// day is that of a refused attempt, which has no entry to tell it by.
	day ledger.Date
}

// place tells the hits on one matter apart.
func (m matter) place() []string {
	if m.day != "" {
		return []string{m.origin, string(m.day)}
	}
	return []string{fmt.Sprint(m.at), fmt.Sprint(m.entry)}
}

// repeatID names the entry by which a hit is added to an open case.
func repeatID(alert string, m matter) string {
	return hashID("r", append([]string{alert}, m.place()...)...)
}

// raise makes a warning of a finding, or adds it to the open one about the same.
func (b *batch) raise(ctx context.Context, m matter) error {
	if _, asked := b.known[m.Fingerprint]; !asked {
		if err := b.find(ctx, []string{m.Fingerprint}); err != nil {
			return err
		}
	}
	if c := b.known[m.Fingerprint]; c != nil {
		if m.State == rule.Flag {
			return b.repeat(c, m)
		}
		return nil // that an input is missing is said once a day
	}
	episode := b.episodes[m.Fingerprint] + 1
	c := b.g.newCase(b.book, m, episode)
	b.known[m.Fingerprint] = c
	sealed, err := sealedOf(m)
	if err != nil {
		return err
	}
	hash, err := b.g.hashOf(ctx, b.book, m.Code, m.Version)
	if err != nil {
		return err
	}
	if c.State == Open {
		b.fresh = append(b.fresh, fresh{c, len(b.drafts)})
	}
	b.add(ledger.Draft{ID: c.Alert, Kind: "alert.raised", Body: &ledger.AlertRaised{
		Alert: c.Alert, Code: m.Code, Version: m.Version, RuleHash: hash, Level: m.Level, Handling: m.Handling, Origin: m.origin,
		Outcome: string(m.State), Reason: m.Reason, Episode: ledger.Count(episode), Shadow: m.Shadow, Suppressed: m.Suppressed,
	}, Sealed: sealed}, func(q *pgx.Batch, r ledger.Receipt) {
		stored := c.raised(b.terms, r)
		queueCase(q, b.book, stored)
		if stored.State == Open {
			b.tell(stored, notify.Raised)
		}
	})
	return nil
}

// newCase is a case that nobody has looked at.
func (g *Engine) newCase(book ledger.Book, m matter, episode int64) *Current {
	c := &Current{
		Alert: alertID(book, m), Code: m.Code, Version: m.Version, Level: m.Level, Handling: m.Handling, Origin: m.origin, Outcome: string(m.State), Reason: m.Reason,
		State: Open, Episode: episode, Count: 1, Fingerprint: m.Fingerprint, Subject: m.Subject, Region: m.region, Entry: m.entry, At: m.at,
		Makers: m.makers, Shadow: m.Shadow, Suppressed: m.Suppressed, Zh: m.Sentence.Zh, En: m.Sentence.En, Value: m.Value, Limit: m.Limit, Step: 1,
	}
	if m.Shadow || m.Suppressed != "" || m.Handling == "L" || m.State == rule.NotEvaluable {
		c.State = Recorded
	}
	return c
}

// raised is the case as its entry leaves it.
func (c Current) raised(t *terms, r ledger.Receipt) Current {
	c.Raised, c.Last, c.RaisedAt, c.Count, c.Step = r.Seq, r.Seq, r.At, 1, 1
	if c.State == Open {
		c.Due = t.dueAfter(ledger.DateOf(r.At), c)
	}
	return c
}

// repeat adds a hit to an open case.
func (b *batch) repeat(c *Current, m matter) error {
	sealed, err := sealedOf(m)
	if err != nil {
		return err
	}
	c.Count++
	rises := severity(m.Level) < severity(c.Level)
	if rises {
		c.Level = m.Level
	}
	seen := *c
	b.add(ledger.Draft{ID: repeatID(c.Alert, m), Kind: "alert.repeated", Body: &ledger.AlertRepeated{Alert: c.Alert, Count: ledger.Count(seen.Count), Level: seen.Level}, Sealed: sealed},
		func(q *pgx.Batch, r ledger.Receipt) {
			q.Queue(`
				update alert.current set count = $3, level = $4, last_seq = $5
				where book = $1 and alert = $2 and count = $3 - 1 and state not in ('dismissed', 'closed')`, b.book, seen.Alert, seen.Count, seen.Level, r.Seq).Exec(onlyOne)
			if rises && seen.State != Recorded {
				seen.Last = r.Seq
				b.tell(seen, notify.LevelRaised)
			}
		})
	return nil
}
