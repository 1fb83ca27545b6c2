package alerts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	// Clock is what slots are due by; nil is the database's clock.
	Clock func() time.Time
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
	for range 10 {
		more, err = g.step(ctx, book)
		if !errors.Is(err, errRaced) {
			break
		}
	}
	if err != nil {
		return false, fmt.Errorf("raise warnings of book %s: %w", book, err)
	}
	return more, nil
}

func (g *Engine) step(ctx context.Context, book ledger.Book) (bool, error) {
	pos, err := g.cursor(ctx, book)
	if err != nil {
		return false, err
	}
	head, err := g.Ledger.Head(ctx, book)
	if err != nil {
		return false, err
	}
	until := min(pos+batchSize, ledger.Seq(head.Size)-1)
	if until <= pos {
		return false, nil
	}
	b := &batch{g: g, book: book, from: pos, until: until, now: g.Ledger.Now().UTC(), known: map[string]*Current{}}
	if err := b.read(ctx); err != nil {
		return false, err
	}
	if err := b.plan(ctx); err != nil {
		return false, err
	}
	return true, b.post(ctx)
}

// cursor is the last entry that was judged, -1 for none.
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
func moveCursor(ctx context.Context, tx pgx.Tx, book ledger.Book, from, until ledger.Seq) error {
	if _, err := tx.Exec(ctx, `insert into alert.cursor (book, pos) values ($1, -1) on conflict do nothing`, book); err != nil {
		return fmt.Errorf("move cursor: %w", err)
	}
	tag, err := tx.Exec(ctx, `update alert.cursor set pos = $3 where book = $1 and pos = $2`, book, from, until)
	if err != nil {
		return fmt.Errorf("move cursor: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return &ledger.TakeBack{Reason: errRaced}
	}
	return nil
}

// batch is one step: what was read, and what will be posted.
type batch struct {
	g           *Engine
	book        ledger.Book
	from, until ledger.Seq
	now         time.Time
	notes       []judged
	// known are the open cases by fingerprint, with what this batch adds.
	known  map[string]*Current
	drafts []ledger.Draft
	// then is what each draft leaves behind, in the order of the drafts.
	then []func(context.Context, pgx.Tx, ledger.Receipt) error
	// timers are opened and met in the order of the entries.
	timers []func(context.Context, pgx.Tx) error
	tally  map[tallyKey]int64
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

// read reads the verdicts of the batch, and sees that no entry is missing.
func (b *batch) read(ctx context.Context) error {
	notes, err := ledger.Notes(ctx, b.g.Pool, b.book, b.from, b.until)
	if err != nil {
		return err
	}
	there, err := b.g.Ledger.Count(ctx, b.book, b.from, b.until)
	if err != nil {
		return err
	}
	if there != int64(b.until-b.from) {
		return fmt.Errorf("%w: %d of %d after %d", ErrGap, there, b.until-b.from, b.from)
	}
	b.tally = map[tallyKey]int64{{b.now.Format("2006-01"), "", "judged"}: there}
	for _, n := range notes {
		j := judged{at: n.At, entry: n.Entry}
		if err := json.Unmarshal(n.Note, &j.Note); err != nil {
			return fmt.Errorf("verdict at %d on entry %d: %w", n.At, n.Entry, err)
		}
		for _, seq := range slices.Compact([]ledger.Seq{n.Entry, n.At}) {
			e, err := b.g.Ledger.Entry(ctx, b.book, seq)
			if err != nil {
				return err
			}
			j.makers = append(j.makers, e.By.User)
			if seq == n.Entry {
				j.month = e.On.Month()
			}
		}
		b.notes = append(b.notes, j)
	}
	return nil
}

// plan decides what each finding becomes.
func (b *batch) plan(ctx context.Context) error {
	for _, j := range b.notes {
		for _, f := range j.Findings {
			b.tally[tallyKey{j.month, f.Code, string(f.State)}]++
			if f.Due != "" {
				b.timers = append(b.timers, b.openTimer(j, f))
				continue
			}
			if err := b.raise(ctx, matter{f, "live", j.Region, j.at, j.entry, j.makers}); err != nil {
				return err
			}
		}
		for _, met := range j.Met {
			b.timers = append(b.timers, b.meetTimer(j, met))
		}
	}
	return nil
}

// matter is a finding with where it comes from.
type matter struct {
	Finding
	origin    string
	region    string
	at, entry ledger.Seq
	makers    []string
}

// raise makes a warning of a finding, or adds it to the open one about the same.
func (b *batch) raise(ctx context.Context, m matter) error {
	c, err := b.open(ctx, m.Fingerprint)
	if err != nil {
		return err
	}
	if c != nil {
		if m.State == rule.Flag {
			return b.repeat(c, m)
		}
		return nil // that an input is missing is said once a day
	}
	episode, err := b.episode(ctx, m.Fingerprint)
	if err != nil {
		return err
	}
	c = b.newCase(m, episode)
	b.known[m.Fingerprint] = c
	sealed, err := sealedOf(m)
	if err != nil {
		return err
	}
	hash := b.g.Rules.hashOf(m.Code, m.Version)
	b.add(ledger.Draft{ID: c.Alert, Kind: "alert.raised", Body: &ledger.AlertRaised{
		Alert: c.Alert, Code: m.Code, Version: m.Version, RuleHash: hash, Level: m.Level, Handling: m.Handling, Origin: m.origin,
		Outcome: string(m.State), Reason: m.Reason, Episode: ledger.Count(episode), Shadow: m.Shadow, Suppressed: m.Suppressed,
	}, Sealed: sealed}, func(ctx context.Context, tx pgx.Tx, r ledger.Receipt) error {
		stored := *c
		stored.Raised, stored.Last, stored.RaisedAt, stored.Count, stored.Step = r.Seq, r.Seq, r.At, 1, 1
		err := insert(ctx, tx, b.book, stored)
		if taken(err) {
			return &ledger.TakeBack{Reason: errRaced}
		}
		if err == nil && stored.State == Open {
			err = b.tell(ctx, tx, stored, notify.Raised)
		}
		return err
	})
	return nil
}

// newCase is a case that nobody has looked at.
func (b *batch) newCase(m matter, episode int64) *Current {
	c := &Current{
		Alert: alertID(b.book, m), Code: m.Code, Version: m.Version, Level: m.Level, Handling: m.Handling, Origin: m.origin, Outcome: string(m.State), Reason: m.Reason,
		State: Open, Episode: episode, Count: 1, Fingerprint: m.Fingerprint, Subject: m.Subject, Region: m.region, Entry: m.entry, At: m.at,
		Makers: m.makers, Shadow: m.Shadow, Suppressed: m.Suppressed, Zh: m.Sentence.Zh, En: m.Sentence.En, Value: m.Value, Limit: m.Limit, Step: 1,
	}
	if m.Shadow || m.Suppressed != "" || m.Handling == "L" || m.State == rule.NotEvaluable {
		c.State = Recorded
		return c
	}
	c.Due = b.g.dueAfter(ledger.DateOf(b.now), c.Level)
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
	id := hashID("r", c.Alert, fmt.Sprint(m.at), fmt.Sprint(m.entry))
	b.add(ledger.Draft{ID: id, Kind: "alert.repeated", Body: &ledger.AlertRepeated{Alert: c.Alert, Count: ledger.Count(seen.Count), Level: seen.Level}, Sealed: sealed},
		func(ctx context.Context, tx pgx.Tx, r ledger.Receipt) error {
			tag, err := tx.Exec(ctx, `
				update alert.current set count = $3, level = $4, last_seq = $5
				where book = $1 and alert = $2 and count = $3 - 1 and state not in ('dismissed', 'closed')`, b.book, seen.Alert, seen.Count, seen.Level, r.Seq)
			if err != nil {
				return fmt.Errorf("repeat warning %s: %w", seen.Alert, err)
			}
			if tag.RowsAffected() != 1 {
				return &ledger.TakeBack{Reason: errRaced}
			}
			if rises && seen.State != Recorded {
				seen.Last = r.Seq
				return b.tell(ctx, tx, seen, notify.LevelRaised)
			}
			return nil
		})
	return nil
}

// add queues a draft of the engine and what it leaves behind.
func (b *batch) add(d ledger.Draft, then func(context.Context, pgx.Tx, ledger.Receipt) error) {
	d.On, d.Corrects = ledger.DateOf(b.now), ledger.None
	d.By = ledger.By{Role: ledger.Engine, Unit: string(b.book), User: "engine"}
	b.drafts = append(b.drafts, d)
	b.then = append(b.then, then)
}

// open is the open case about a matter, nil if there is none.
func (b *batch) open(ctx context.Context, fingerprint string) (*Current, error) {
	if c, ok := b.known[fingerprint]; ok {
		return c, nil
	}
	c, err := one(ctx, b.g.Pool, `select `+columns+` from alert.current where fingerprint = $2 and book = $1 and state not in ('dismissed', 'closed')`, b.book, fingerprint)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b.known[fingerprint] = &c
	return &c, nil
}

// episode counts the cases about a matter, the next included.
func (b *batch) episode(ctx context.Context, fingerprint string) (int64, error) {
	var n int64
	err := b.g.Pool.QueryRow(ctx, `select coalesce(max(episode), 0) + 1 from alert.current where fingerprint = $2 and book = $1`, b.book, fingerprint).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count episodes: %w", err)
	}
	return n, nil
}

// post enters the warnings, with the cursor and all that follows in one transaction.
func (b *batch) post(ctx context.Context) error {
	return b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error { return moveCursor(ctx, tx, b.book, b.from, b.until) })
}

// enter enters the warnings, with what marks them as raised in the same transaction.
func (b *batch) enter(ctx context.Context, mark func(context.Context, pgx.Tx) error) error {
	ride := func(ctx context.Context, tx pgx.Tx, receipts []ledger.Receipt) error {
		if err := mark(ctx, tx); err != nil {
			return err
		}
		return b.leave(ctx, tx, receipts)
	}
	if len(b.drafts) == 0 {
		return takenBack(pgx.BeginFunc(ctx, b.g.Pool, func(tx pgx.Tx) error { return ride(ctx, tx, nil) }))
	}
	_, err := b.g.Ledger.PostWith(ctx, b.book, ride, b.drafts...)
	if err == nil && b.g.Notify != nil {
		b.g.Notify.Wake()
	}
	return err
}

// leave stores what the drafts, timers and counts of the batch leave behind.
func (b *batch) leave(ctx context.Context, tx pgx.Tx, receipts []ledger.Receipt) error {
	for i, r := range receipts {
		if err := b.then[i](ctx, tx, r); err != nil {
			return err
		}
		d := b.drafts[i]
		if err := insertEvent(ctx, tx, b.book, alertOf(d.Body), d.Kind, d.By, r); err != nil {
			return err
		}
	}
	for _, do := range b.timers {
		if err := do(ctx, tx); err != nil {
			return err
		}
	}
	for k, n := range b.tally {
		_, err := tx.Exec(ctx, `
			insert into alert.tally (book, month, code, state, count) values ($1, $2, $3, $4, $5)
			on conflict (book, month, code, state) do update set count = tally.count + excluded.count`, b.book, k.month, k.code, k.state, n)
		if err != nil {
			return fmt.Errorf("count results: %w", err)
		}
	}
	return nil
}

// tell queues a message about a case.
func (b *batch) tell(ctx context.Context, tx pgx.Tx, c Current, what notify.Event) error {
	return b.g.tell(ctx, tx, b.book, c, what)
}

func (g *Engine) tell(ctx context.Context, tx pgx.Tx, book ledger.Book, c Current, what notify.Event) error {
	if g.Notify == nil {
		return nil
	}
	var level notify.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return err
	}
	region := c.Region
	if n := len(region); n != 6 && n != 9 && n != 12 {
		region = string(book)
	}
	return g.Notify.Enqueue(ctx, tx, notify.Message{
		Book: book, Alert: c.Alert, Version: c.Step, Event: what, Seq: c.Last, Code: c.Code, Level: level, Region: region,
		Sentence: ledger.Text{Zh: c.Zh, En: c.En}, Link: g.Link(c.Alert), Due: c.Due,
	})
}

// answerWithin is how many working days a step of a case may take [assumed].
var answerWithin = map[string]int{"red": 3, "orange": 5, "yellow": 10, "blue": 20}

// dueAfter is the last day for a step that begins on a day. It is empty when the
// calendar of that year is not known yet.
func (g *Engine) dueAfter(day ledger.Date, level string) ledger.Date {
	due, err := g.Calendar.Add(day, answerWithin[level])
	if err != nil {
		return ""
	}
	return due
}

// severity orders levels, the most severe first.
func severity(level string) int {
	return slices.Index([]string{"red", "orange", "yellow", "blue"}, level)
}

// alertID names a case by what it is about: the same log gives the same names.
func alertID(book ledger.Book, m matter) string {
	return hashID("a", string(book), m.Code, fmt.Sprint(m.Version), fmt.Sprint(m.at), fmt.Sprint(m.entry), m.Fingerprint)
}

func hashID(prefix string, parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	return prefix + "-" + hex.EncodeToString(sum.Sum(nil)[:20])
}

// sealedOf are the parts of a warning that are not public.
func sealedOf(m matter) (map[string]string, error) {
	evidence, err := json.Marshal(&m.Finding, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write evidence: %w", err)
	}
	about, err := json.Marshal(about{m.region, m.at, m.entry, m.makers}, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("write evidence: %w", err)
	}
	return map[string]string{
		"fingerprint": m.Fingerprint, "evidence": string(evidence), "subject": string(about), "sentence_zh": m.Sentence.Zh, "sentence_en": m.Sentence.En,
	}, nil
}

// about is what a warning concerns, in its sealed subject.
type about struct {
	Region string     `json:"region"`
	At     ledger.Seq `json:"at"`
	Entry  ledger.Seq `json:"entry"`
	Makers []string   `json:"makers"`
}

// alertOf is the case that an entry belongs to.
func alertOf(b ledger.Body) string {
	switch b := b.(type) {
	case *ledger.AlertRaised:
		return b.Alert
	case *ledger.AlertRepeated:
		return b.Alert
	case ledger.CaseStep:
		return b.Case().Alert
	}
	return ""
}
