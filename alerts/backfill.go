package alerts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yilu/alerts/fact"
	"yilu/alerts/notify"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// Backfill judges the past of a book by rules that are in force now (补评): after one was
// put in force, or after a fault by which it could not be judged. Nothing does so by
// itself. What it finds is raised with the origin backfill; what the rule has said
// already is not said again, and nothing of the past is refused.
//
// People are told once, when all of it is judged: one message with the count, for what
// was long ago is no news of today.
//
// A sweep is run at each slot that its schedule has between the days and that has come,
// as of the day of the slot but over all that the book knows by now: what was entered
// later of that time is seen too.
//
// It has a cursor of its own, which moves in the transaction of the warnings: who was
// cut off begins again and goes on where it was.
type Backfill struct {
	// Codes are the rules; none stands for all in force but the sweeps, of which one may
	// have hundreds of slots.
	Codes []string
	// From and To bound the days of the acts, and of the slots.
	From, To ledger.Date
	// Progress, which may be nil, is told how many entries, or slots of a sweep, are done.
	Progress func(done, of int64)
}

// Backfilled is what became of one rule.
type Backfilled struct {
	Code    string       `json:"code"`
	Version ledger.Count `json:"version"`
	// Judged is how many entries were looked at, Slots how often a sweep was run instead,
	// Found how often it hit something that had not been said, in all runs over this range.
	Judged int64 `json:"judged"`
	Slots  int64 `json:"slots"`
	Found  int64 `json:"found"`
}

// ErrNotBackfilled is a rule that cannot judge: it is not in force, or its file is
// nowhere.
var ErrNotBackfilled = errors.New("the rule cannot be back-filled")

// Run judges from where an earlier run was cut off, up to the last entry there was when
// the first one began. Entries are read once for all rules.
func (f *Backfill) Run(ctx context.Context, g *Engine, book ledger.Book) ([]Backfilled, error) {
	rules, err := g.inForce(ctx, book)
	if err != nil {
		return nil, err
	}
	r := &backfilling{Backfill: f, g: g, book: book, of: map[string]*filled{}}
	for _, x := range rules.rules {
		if len(f.Codes) == 0 && x.compiled() != nil && x.file.Kind != rule.OnSweep {
			r.of[x.Code] = &filled{active: x}
		}
	}
	for _, code := range f.Codes {
		x := rules.rules[code]
		if x == nil || x.compiled() == nil {
			return nil, fmt.Errorf("%s: %w", code, ErrNotBackfilled)
		}
		r.of[code] = &filled{active: x}
	}
	if err := r.run(ctx); err != nil {
		return nil, fmt.Errorf("back-fill book %s: %w", book, err)
	}
	var done []Backfilled
	for _, x := range r.all() {
		d := Backfilled{Code: x.Code, Version: x.Version, Found: x.found}
		if x.file.Kind == rule.OnSweep {
			d.Slots = int64(x.until) + 1
		} else {
			d.Judged = int64(x.until) + 1
		}
		done = append(done, d)
	}
	return done, nil
}

// backfilling is a back-fill under way.
type backfilling struct {
	*Backfill
	g    *Engine
	book ledger.Book
	// of are its rules by code, back judges entries by them.
	of   map[string]*filled
	back *backRun
	// notes are what was found and is not yet raised, last is the last entry that was seen.
	notes []judged
	last  ledger.Seq
}

// filled is a rule and how far it has come: pos is the last entry, or the index of the last
// slot, that is done, until the last one of all.
type filled struct {
	*active
	pos, until ledger.Seq
	found      int64
}

// all lists its rules by code.
func (f *backfilling) all() []*filled {
	return slices.SortedFunc(maps.Values(f.of), func(a, b *filled) int { return strings.Compare(a.Code, b.Code) })
}

// run judges the entries by the rules on events and deadlines, then runs each sweep.
func (f *backfilling) run(ctx context.Context) error {
	var events, sweeps []*filled
	for _, x := range f.all() {
		if x.file.Kind == rule.OnSweep {
			sweeps = append(sweeps, x)
		} else {
			events = append(events, x)
		}
	}
	if len(events) > 0 {
		if err := f.judgePast(ctx, events); err != nil {
			return err
		}
	}
	for _, x := range sweeps {
		if err := f.sweepPast(ctx, x); err != nil {
			return fmt.Errorf("sweep %s: %w", x.Code, err)
		}
	}
	return nil
}

// judgePast judges the entries of the range.
func (f *backfilling) judgePast(ctx context.Context, rules []*filled) error {
	f.back = &backRun{BackTest: &BackTest{From: f.From, To: f.To}, rules: f.g.Rules, states: map[string]string{}}
	head, err := f.g.Ledger.Head(ctx, f.book)
	if err != nil {
		return err
	}
	f.last = ledger.Seq(head.Size) - 1
	until := ledger.None
	for _, x := range rules {
		if err := f.begin(ctx, x, head.Size); err != nil {
			return err
		}
		f.back.Rules, f.back.states[x.Code] = append(f.back.Rules, x.file), x.State
		if x.pos < x.until {
			f.last, until = min(f.last, x.pos), max(until, x.until)
		}
	}
	if until == ledger.None {
		return nil
	}
	fold := ledger.NewFold(f.book, &ledger.Judge{Weigh: f.weigh})
	return f.g.Ledger.FoldUpTo(ctx, fold, until, func(e *ledger.Entry) error {
		if f.back.err != nil {
			return f.back.err
		}
		if f.Progress != nil && (e.Seq%batchSize == batchSize-1 || e.Seq == until) {
			f.Progress(int64(e.Seq)+1, int64(until)+1)
		}
		if e.Seq <= f.last || e.Seq-f.last < batchSize && e.Seq < until {
			return nil
		}
		return f.raise(ctx, rules, e.Seq)
	})
}

// weigh judges an entry by the limits of its time, as a fact of the past.
func (f *backfilling) weigh(v ledger.View, e *ledger.Entry) ledger.Verdict {
	at := e.Seq
	if a := v.Approval(); a != nil {
		at = a.Seq
	}
	due := func(code string) bool { x := f.of[code]; return x.pos < at && at <= x.until }
	j := judged{Note: ending(e), at: at, entry: e.Seq}
	row, _ := v.Rulebook()
	if f.back.err = errors.Join(f.back.err, f.back.compile(row, e.Kind)); f.back.err != nil {
		return ledger.Verdict{}
	}
	if k := f.back.kinds.kinds[e.Kind]; k != nil && fact.Judged(v, e) {
		facts := k.gather(v, e)
		act := actOf(v, e, facts)
		act.AfterFact = true
		j.Region, j.Project = act.Region, fact.Project(v, e)
		for _, x := range k.rules {
			if e.On < f.From || e.On > f.To || !due(x.Code) {
				continue
			}
			if finding, found := x.judge(act); found {
				j.Findings = append(j.Findings, finding)
			}
		}
		for _, x := range k.closes {
			if key, ok := matchOf(facts, x.match); ok && due(x.Code) {
				j.Met = append(j.Met, Input{x.Code, key})
			}
		}
	}
	if !j.nothing() && at > f.last {
		j.makers, j.month = []string{e.By.User}, e.On.Month()
		if a := v.Approval(); a != nil {
			j.makers = append(j.makers, a.By.User)
		}
		f.notes = append(f.notes, j)
	}
	return ledger.Verdict{}
}

// raise enters what was found up to a seq.
func (f *backfilling) raise(ctx context.Context, rules []*filled, upto ledger.Seq) error {
	said, err := f.said(ctx, upto)
	if err != nil {
		return err
	}
	for i, j := range f.notes {
		f.notes[i].Findings = slices.DeleteFunc(j.Findings, func(x Finding) bool { return said[spoken{x.Code, j.at, j.entry}] })
	}
	matters, err := f.leaveOut(ctx)
	if err != nil {
		return err
	}
	f.last = upto
	err = f.enter(ctx, rules, upto, func(b *batch) (found map[string]int64, err error) {
		if err := b.find(ctx, matters); err != nil {
			return nil, err
		}
		found = map[string]int64{}
		for _, j := range f.notes {
			for _, finding := range j.Findings {
				if finding.State == rule.Flag || finding.Waiting != nil {
					found[finding.Code]++
				}
				b.count(j.month, finding)
				if err := b.take(ctx, j, finding); err != nil {
					return nil, err
				}
			}
			b.close(j)
		}
		return found, nil
	})
	f.notes = nil
	return err
}

// spoken is what a rule has said of an entry.
type spoken struct {
	code      string
	at, entry ledger.Seq
}

// said is what the rules found when the entries took effect, in this version or another.
func (f *backfilling) said(ctx context.Context, upto ledger.Seq) (map[spoken]bool, error) {
	v, err := ledger.ReadVerdicts(ctx, f.g.Pool, f.book, f.last, int(upto-f.last))
	if err != nil {
		return nil, err
	}
	said := map[spoken]bool{}
	for _, n := range v.Notes {
		note, err := readNote(n)
		if err != nil {
			return nil, err
		}
		for _, x := range note.Findings {
			if x.State == rule.Flag || x.Waiting != nil {
				said[spoken{x.Code, n.At, n.Entry}] = true
			}
		}
	}
	return said, nil
}

// leaveOut leaves out what an earlier back-fill over other days has said, and lists what
// the rest is about.
func (f *backfilling) leaveOut(ctx context.Context) (matters []string, err error) {
	for _, j := range f.notes {
		for _, x := range j.Findings {
			matters = append(matters, x.Fingerprint)
		}
	}
	rows, err := f.g.Pool.Query(ctx, `select fingerprint, alert, at_seq, entry_seq from alert.current where fingerprint = any ($2) and book || '' = $1`, f.book, matters)
	if err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	type raised struct {
		alert     string
		at, entry ledger.Seq
	}
	cases := map[string][]raised{}
	var print string
	var c raised
	if _, err := pgx.ForEachRow(rows, []any{&print, &c.alert, &c.at, &c.entry}, func() error {
		cases[print] = append(cases[print], c)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read cases: %w", err)
	}
	var ids []string
	for _, j := range f.notes {
		for _, x := range j.Findings {
			for _, c := range cases[x.Fingerprint] {
				ids = append(ids, repeatID(c.alert, matter{at: j.at, entry: j.entry}))
			}
		}
	}
	repeats, err := f.g.Ledger.FindIDs(ctx, f.book, ids)
	if err != nil {
		return nil, err
	}
	for i, j := range f.notes {
		f.notes[i].Findings = slices.DeleteFunc(j.Findings, func(x Finding) bool {
			return slices.ContainsFunc(cases[x.Fingerprint], func(c raised) bool {
				_, repeated := repeats[repeatID(c.alert, matter{at: j.at, entry: j.entry})]
				return repeated || c.at == j.at && c.entry == j.entry
			})
		})
	}
	return matters, nil
}

// sweepPast runs a sweep at the slots of the range that have come.
func (f *backfilling) sweepPast(ctx context.Context, x *filled) error {
	slots, err := slotsBetween(x.compiled().Schedule, f.From, f.To)
	if err != nil {
		return err
	}
	now, err := f.g.clock(ctx)
	if err != nil {
		return err
	}
	slots = slices.DeleteFunc(slots, func(at time.Time) bool { return at.After(now) })
	if err := f.begin(ctx, x, int64(len(slots))); err != nil {
		return err
	}
	for x.pos < x.until {
		if err := f.sweepSlot(ctx, x, slots[x.pos+1]); err != nil {
			return err
		}
		if f.Progress != nil {
			f.Progress(int64(x.pos)+1, int64(x.until)+1)
		}
	}
	return nil
}

// sweepSlot raises what a sweep finds as of the day of its next slot.
func (f *backfilling) sweepSlot(ctx context.Context, x *filled, at time.Time) error {
	head, err := f.g.Ledger.Head(ctx, f.book)
	if err != nil {
		return err
	}
	s := slot{book: f.book, job: "sweep." + x.Code, at: at, upto: ledger.Seq(head.Size) - 1}
	swept, err := f.g.sweepAsOf(ctx, x.active, s.book, s.day(), s.upto)
	if err != nil {
		return err
	}
	f.last = s.upto
	return f.enter(ctx, []*filled{x}, x.pos+1, func(b *batch) (map[string]int64, error) {
		hits, err := b.takeSwept(ctx, s, swept)
		return map[string]int64{x.Code: hits}, err
	})
}

// enter enters what find finds, with the cursors of rules at pos, in one transaction.
func (f *backfilling) enter(ctx context.Context, rules []*filled, pos ledger.Seq, find func(*batch) (found map[string]int64, err error)) error {
	rules = slices.DeleteFunc(slices.Clone(rules), func(x *filled) bool { return x.pos >= min(pos, x.until) })
	var found map[string]int64
	err := again(func() (err error) {
		b := f.g.newBatch(f.book, "backfill")
		if found, err = find(b); err != nil {
			return err
		}
		if err := b.calm(ctx); err != nil {
			return err
		}
		return b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error { return f.move(ctx, tx, rules, pos, found) })
	})
	if err != nil {
		return err
	}
	for _, x := range rules {
		x.pos, x.found = min(pos, x.until), x.found+found[x.Code]
	}
	return nil
}

// begin reads how far a rule came, or begins with so many entries or slots to do.
func (f *backfilling) begin(ctx context.Context, x *filled, of int64) error {
	if _, err := f.g.Pool.Exec(ctx, `
		insert into alert.backfill (book, code, version, file_hash, from_day, to_day, until, pos, found, at)
		values ($1, $2, $3, $4, $5::date, $6::date, $7, -1, 0, clock_timestamp()) on conflict do nothing`, append(f.key(x), of-1)...); err != nil {
		return fmt.Errorf("begin back-fill: %w", err)
	}
	err := f.g.Pool.QueryRow(ctx, `
		select until, pos, found from alert.backfill
		where book = $1 and code = $2 and version = $3 and file_hash = $4 and from_day = $5::date and to_day = $6::date`, f.key(x)...).Scan(&x.until, &x.pos, &x.found)
	if err != nil {
		return fmt.Errorf("begin back-fill: %w", err)
	}
	return nil
}

func (f *backfilling) key(x *filled) []any {
	return []any{f.book, x.Code, int64(x.Version), x.FileHash, string(f.From), string(f.To)}
}

// move moves the cursors and tells of the rules that are done with it, or says that
// another process moved one.
func (f *backfilling) move(ctx context.Context, tx pgx.Tx, rules []*filled, pos ledger.Seq, found map[string]int64) error {
	if err := send(ctx, tx, func(q *pgx.Batch) {
		for _, x := range rules {
			q.Queue(`
				update alert.backfill set pos = $7, found = found + $8, at = clock_timestamp()
				where book = $1 and code = $2 and version = $3 and file_hash = $4 and from_day = $5::date and to_day = $6::date and pos = $9`,
				append(f.key(x), min(pos, x.until), found[x.Code], x.pos)...).Exec(func(tag pgconn.CommandTag) error {
				if tag.RowsAffected() != 1 {
					return &ledger.TakeBack{Reason: errors.New("another process back-fills the same")}
				}
				return nil
			})
		}
	}); err != nil {
		return err
	}
	for _, x := range rules {
		if pos < x.until {
			continue
		}
		if err := f.tell(ctx, tx, x, x.found+found[x.Code]); err != nil {
			return err
		}
	}
	return nil
}

// tell tells once of all that a rule found.
func (f *backfilling) tell(ctx context.Context, tx pgx.Tx, x *filled, found int64) error {
	if found == 0 || x.State == "shadow" {
		return nil
	}
	key := []string{}
	for _, part := range f.key(x) {
		key = append(key, fmt.Sprint(part))
	}
	return f.g.tellOfMany(ctx, tx, f.book, Current{
		Alert: hashID("b", key...), Code: x.Code, Level: x.file.Level, Region: string(f.book), Step: 1, Last: f.last,
		Zh: fmt.Sprintf("规则%s补评%s至%s，得%d项，请到预警列表核实", x.Code, f.From, f.To, found),
		En: fmt.Sprintf("rule %s was judged for %s to %s and found %d, please see the list of warnings", x.Code, f.From, f.To, found),
	}, notify.Raised)
}
