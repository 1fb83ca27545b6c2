package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
// It has a cursor of its own, which moves in the transaction of the warnings: who was
// cut off begins again and goes on where it was.
type Backfill struct {
	Code string
	// From and To bound the days of the acts.
	From, To ledger.Date
	// Progress, which may be nil, is told how many entries are done.
	Progress func(done, of int64)
}

// Backfilled is what became of it.
type Backfilled struct {
	Code    string       `json:"code"`
	Version ledger.Count `json:"version"`
	// Judged is how many entries were looked at, Found what was raised of them, in all
	// runs over this range.
	Judged int64 `json:"judged"`
	Found  int64 `json:"found"`
}

// ErrNotBackfilled is a rule that has nothing to catch up with: it is not in force, its
// file is nowhere, or it is a sweep, which sees the past at its next slot.
var ErrNotBackfilled = errors.New("the rule cannot be back-filled")

// Run judges from where an earlier run was cut off, up to the last entry there was when
// the first one began.
func (f *Backfill) Run(ctx context.Context, g *Engine, book ledger.Book) (Backfilled, error) {
	rules, err := g.inForce(ctx, book)
	if err != nil {
		return Backfilled{}, err
	}
	x := rules.rules[f.Code]
	if x == nil || x.compiled() == nil || x.file.Kind == rule.OnSweep {
		return Backfilled{}, fmt.Errorf("%s: %w", f.Code, ErrNotBackfilled)
	}
	r := &backfilling{Backfill: f, g: g, book: book, rule: x, back: &backRun{BackTest: &BackTest{Rules: []*rule.Rule{x.file}, From: f.From, To: f.To}, rules: g.Rules}}
	if err := r.begin(ctx); err != nil {
		return Backfilled{}, err
	}
	fold := ledger.NewFold(book, &ledger.Judge{Weigh: r.weigh})
	err = g.Ledger.FoldUpTo(ctx, fold, r.until, func(e *ledger.Entry) error {
		if r.back.err != nil {
			return r.back.err
		}
		if f.Progress != nil && (e.Seq%batchSize == batchSize-1 || e.Seq == r.until) {
			f.Progress(int64(e.Seq)+1, int64(r.until)+1)
		}
		if e.Seq <= r.pos || e.Seq-r.pos < batchSize && e.Seq < r.until {
			return nil
		}
		return r.raise(ctx, e.Seq)
	})
	if err != nil {
		return Backfilled{}, fmt.Errorf("back-fill %s of book %s: %w", f.Code, book, err)
	}
	return Backfilled{x.Code, x.Version, int64(r.until) + 1, r.found}, nil
}

// backfilling is a back-fill under way.
type backfilling struct {
	*Backfill
	g     *Engine
	book  ledger.Book
	rule  *active
	back  *backRun
	pos   ledger.Seq
	until ledger.Seq
	found int64
	// notes are what was found since pos.
	notes []judged
}

// begin reads how far it came, or begins.
func (f *backfilling) begin(ctx context.Context) error {
	head, err := f.g.Ledger.Head(ctx, f.book)
	if err != nil {
		return err
	}
	if _, err := f.g.Pool.Exec(ctx, `
		insert into alert.backfill (book, code, version, file_hash, from_day, to_day, until, pos, found, at)
		values ($1, $2, $3, $4, $5::date, $6::date, $7, -1, 0, clock_timestamp()) on conflict do nothing`, append(f.key(), head.Size-1)...); err != nil {
		return fmt.Errorf("begin back-fill: %w", err)
	}
	err = f.g.Pool.QueryRow(ctx, `
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
	var found int64
	err = again(func() error {
		b := &batch{g: f.g, book: f.book, now: f.g.Ledger.Now().UTC(), known: map[string]*Current{}, tally: map[tallyKey]int64{}, quiet: true}
		found = 0
		for _, j := range f.notes {
			for _, finding := range j.Findings {
				if said[[2]ledger.Seq{j.at, j.entry}] {
					continue
				}
				found++
				b.tally[tallyKey{j.month, f.Code, "backfill"}]++
				if err := b.take(ctx, j, finding, "backfill"); err != nil {
					return err
				}
			}
			b.close(j)
		}
		if err := b.calm(ctx); err != nil {
			return err
		}
		return b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error {
			if err := f.move(ctx, tx, upto, found); err != nil || upto < f.until {
				return err
			}
			return f.tell(ctx, tx, f.found+found)
		})
	})
	if err != nil {
		return err
	}
	f.notes, f.pos, f.found = nil, upto, f.found+found
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
		Alert: hashID("b", key...), Code: f.Code, Level: f.rule.file.Level, Region: string(f.book), Step: 1, Last: f.until,
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
