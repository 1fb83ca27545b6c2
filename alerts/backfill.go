package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yilu/alerts/fact"
	"yilu/alerts/notify"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// Backfill judges the past of a book by a rule that is in force now (补评): after it was
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
	Code string
	// From and To bound the days of the acts, and of the slots.
	From, To ledger.Date
	// Progress, which may be nil, is told how many entries, or slots, are done.
	Progress func(done, of int64)
}

// Backfilled is what became of it.
type Backfilled struct {
	Code    string       `json:"code"`
	Version ledger.Count `json:"version"`
	// Judged is how many entries were looked at, Slots how often a sweep was run instead,
	// Found what was raised, in all runs over this range.
	Judged int64 `json:"judged"`
	Slots  int64 `json:"slots"`
	Found  int64 `json:"found"`
}

// ErrNotBackfilled is a rule that cannot judge: it is not in force, or its file is
// nowhere.
var ErrNotBackfilled = errors.New("the rule cannot be back-filled")

// Run judges from where an earlier run was cut off, up to the last entry there was when
// the first one began.
func (f *Backfill) Run(ctx context.Context, g *Engine, book ledger.Book) (Backfilled, error) {
	rules, err := g.inForce(ctx, book)
	if err != nil {
		return Backfilled{}, err
	}
	x := rules.rules[f.Code]
	if x == nil || x.compiled() == nil {
		return Backfilled{}, fmt.Errorf("%s: %w", f.Code, ErrNotBackfilled)
	}
	r := &backfilling{Backfill: f, g: g, book: book, rule: x}
	done := Backfilled{Code: x.Code, Version: x.Version}
	if x.file.Kind == rule.OnSweep {
		done.Slots, err = r.sweepPast(ctx)
	} else {
		done.Judged, err = r.judgePast(ctx)
	}
	if err != nil {
		return Backfilled{}, fmt.Errorf("back-fill %s of book %s: %w", f.Code, book, err)
	}
	done.Found = r.found
	return done, nil
}

// backfilling is a back-fill under way.
type backfilling struct {
	*Backfill
	g    *Engine
	book ledger.Book
	rule *active
	// back judges entries; a sweep has none.
	back *backRun
	// pos is the last entry, or the index of the last slot, that is done, until the last
	// one of all.
	pos   ledger.Seq
	until ledger.Seq
	found int64
	// last is the last entry that was seen.
	last ledger.Seq
	// notes are what was found since pos.
	notes []judged
}

// judgePast judges the entries of the range by a rule on events or deadlines.
func (f *backfilling) judgePast(ctx context.Context) (entries int64, err error) {
	f.back = &backRun{BackTest: &BackTest{Rules: []*rule.Rule{f.rule.file}, From: f.From, To: f.To}, rules: f.g.Rules}
	head, err := f.g.Ledger.Head(ctx, f.book)
	if err != nil {
		return 0, err
	}
	if err := f.begin(ctx, head.Size); err != nil {
		return 0, err
	}
	fold := ledger.NewFold(f.book, &ledger.Judge{Weigh: f.weigh})
	err = f.g.Ledger.FoldUpTo(ctx, fold, f.until, func(e *ledger.Entry) error {
		if f.back.err != nil {
			return f.back.err
		}
		if f.Progress != nil && (e.Seq%batchSize == batchSize-1 || e.Seq == f.until) {
			f.Progress(int64(e.Seq)+1, int64(f.until)+1)
		}
		if e.Seq <= f.pos || e.Seq-f.pos < batchSize && e.Seq < f.until {
			return nil
		}
		return f.raise(ctx, e.Seq)
	})
	return int64(f.until) + 1, err
}

// sweepPast runs a sweep at the slots of the range that have come.
func (f *backfilling) sweepPast(ctx context.Context) (slots int64, err error) {
	all, err := slotsBetween(f.rule.compiled().Schedule, f.From, f.To)
	if err != nil {
		return 0, err
	}
	now, err := f.g.clock(ctx)
	if err != nil {
		return 0, err
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return at.After(now) })
	if err := f.begin(ctx, int64(len(all))); err != nil {
		return 0, err
	}
	for f.pos < f.until {
		i := f.pos + 1
		if err := f.sweepSlot(ctx, all[i], i); err != nil {
			return 0, err
		}
		if f.Progress != nil {
			f.Progress(int64(i)+1, int64(f.until)+1)
		}
	}
	return int64(f.until) + 1, nil
}

// sweepSlot raises what a sweep finds as of the day of one slot, the i-th of the range.
func (f *backfilling) sweepSlot(ctx context.Context, at time.Time, i ledger.Seq) error {
	head, err := f.g.Ledger.Head(ctx, f.book)
	if err != nil {
		return err
	}
	s := slot{book: f.book, job: "sweep." + f.Code, at: at, upto: ledger.Seq(head.Size) - 1}
	swept, err := f.g.sweepAsOf(ctx, f.rule, s.book, s.day(), s.upto)
	if err != nil {
		return err
	}
	f.last = s.upto
	return f.enter(ctx, i, func(b *batch) (int64, error) {
		err := b.takeSwept(ctx, s, swept)
		return int64(len(b.drafts)), err
	})
}

// begin reads how far it came, or begins with so many entries or slots to do.
func (f *backfilling) begin(ctx context.Context, of int64) error {
	if _, err := f.g.Pool.Exec(ctx, `
		insert into alert.backfill (book, code, version, file_hash, from_day, to_day, until, pos, found, at)
		values ($1, $2, $3, $4, $5::date, $6::date, $7, -1, 0, clock_timestamp()) on conflict do nothing`, append(f.key(), of-1)...); err != nil {
		return fmt.Errorf("begin back-fill: %w", err)
	}
	err := f.g.Pool.QueryRow(ctx, `
		select until, pos, found from alert.backfill
		where book = $1 and code = $2 and version = $3 and file_hash = $4 and from_day = $5::date and to_day = $6::date`, f.key()...).Scan(&f.until, &f.pos, &f.found)
	if err != nil {
		return fmt.Errorf("begin back-fill: %w", err)
	}
	return nil
}

func (f *backfilling) key() []any {
	return []any{f.book, f.Code, int64(f.rule.Version), f.rule.FileHash, string(f.From), string(f.To)}
}

// weigh judges an entry by the limits of its time, as a fact of the past.
func (f *backfilling) weigh(v ledger.View, e *ledger.Entry) ledger.Verdict {
	at := e.Seq
	if a := v.Approval(); a != nil {
		at = a.Seq
	}
	n := ending(e)
	j := judged{Note: n, at: at, entry: e.Seq}
	row, _ := v.Rulebook()
	if f.back.err = errors.Join(f.back.err, f.back.compile(row)); f.back.err != nil {
		return ledger.Verdict{}
	}
	if k := f.back.kinds.kinds[e.Kind]; k != nil && fact.Judged(v, e) {
		facts := k.gather(v, e)
		act := actOf(v, e, facts)
		act.AfterFact = true
		j.Region, j.Project = act.Region, fact.Project(v, e)
		for _, x := range k.rules {
			if e.On < f.From || e.On > f.To {
				continue
			}
			if finding, found := x.judge(act); found {
				j.Findings = append(j.Findings, finding)
			}
		}
		for _, x := range k.closes {
			if key, ok := matchOf(facts, x.match); ok {
				j.Met = append(j.Met, Input{x.Code, key})
			}
		}
	}
	if !j.nothing() && at > f.pos {
		j.makers, j.month = []string{e.By.User}, e.On.Month()
		if a := v.Approval(); a != nil {
			j.makers = append(j.makers, a.By.User)
		}
		f.notes = append(f.notes, j)
	}
	return ledger.Verdict{}
}

// raise enters what was found up to a seq.
func (f *backfilling) raise(ctx context.Context, upto ledger.Seq) error {
	said, err := f.said(ctx, upto)
	if err != nil {
		return err
	}
	f.last = upto
	err = f.enter(ctx, upto, func(b *batch) (found int64, err error) {
		for _, j := range f.notes {
			for _, finding := range j.Findings {
				if said[[2]ledger.Seq{j.at, j.entry}] {
					continue
				}
				found++
				b.count(j.month, finding)
				if err := b.take(ctx, j, finding); err != nil {
					return found, err
				}
			}
			b.close(j)
		}
		return found, nil
	})
	f.notes = nil
	return err
}

// enter enters what find finds, with the cursor at pos, in one transaction.
func (f *backfilling) enter(ctx context.Context, pos ledger.Seq, find func(*batch) (found int64, err error)) error {
	var found int64
	err := again(func() (err error) {
		b := f.g.newBatch(f.book, "backfill")
		if found, err = find(b); err != nil {
			return err
		}
		if err := b.calm(ctx); err != nil {
			return err
		}
		return b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error {
			if err := f.move(ctx, tx, pos, found); err != nil || pos < f.until {
				return err
			}
			return f.tell(ctx, tx, f.found+found)
		})
	})
	if err != nil {
		return err
	}
	f.pos, f.found = pos, f.found+found
	return nil
}

// tell tells once of all that was found.
func (f *backfilling) tell(ctx context.Context, tx pgx.Tx, found int64) error {
	if found == 0 || f.rule.State == "shadow" {
		return nil
	}
	key := []string{}
	for _, part := range f.key() {
		key = append(key, fmt.Sprint(part))
	}
	return f.g.tellOfMany(ctx, tx, f.book, Current{
		Alert: hashID("b", key...), Code: f.Code, Level: f.rule.file.Level, Region: string(f.book), Step: 1, Last: f.last,
		Zh: fmt.Sprintf("规则%s补评%s至%s，得%d项，请到预警列表核实", f.Code, f.From, f.To, found),
		En: fmt.Sprintf("rule %s was judged for %s to %s and found %d, please see the list of warnings", f.Code, f.From, f.To, found),
	}, notify.Raised)
}

// said are the entries of which the rule has found something when they took effect, in
// this version or another.
func (f *backfilling) said(ctx context.Context, upto ledger.Seq) (map[[2]ledger.Seq]bool, error) {
	v, err := ledger.ReadVerdicts(ctx, f.g.Pool, f.book, f.pos, int(upto-f.pos))
	if err != nil {
		return nil, err
	}
	said := map[[2]ledger.Seq]bool{}
	for _, n := range v.Notes {
		note, err := readNote(n)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(note.Findings, func(x Finding) bool { return x.Code == f.Code && (x.State == rule.Flag || x.Waiting != nil) }) {
			said[[2]ledger.Seq{n.At, n.Entry}] = true
		}
	}
	return said, nil
}

// move moves the cursor, or says that another process did.
func (f *backfilling) move(ctx context.Context, tx pgx.Tx, upto ledger.Seq, found int64) error {
	tag, err := tx.Exec(ctx, `
		update alert.backfill set pos = $7, found = found + $8, at = clock_timestamp()
		where book = $1 and code = $2 and version = $3 and file_hash = $4 and from_day = $5::date and to_day = $6::date and pos = $9`,
		append(f.key(), upto, found, f.pos)...)
	if err != nil {
		return fmt.Errorf("move back-fill: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return &ledger.TakeBack{Reason: errors.New("another process back-fills the same")}
	}
	return nil
}
