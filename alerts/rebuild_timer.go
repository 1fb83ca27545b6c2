package alerts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"yilu/alerts/rule"
	"yilu/ledger"
)

// keptTimer is a deadline as the verdicts say it stands.
type keptTimer struct {
	Code, Match   string
	Opened, Entry ledger.Seq
	Project       string
	State         string
	Closed        ledger.Seq
	finding       Finding
	region        string
	makers        []string
}

// open says whether it can be met still. Whether a last day is known is a matter of the
// calendar.
func (t *keptTimer) open() bool { return t.State == timerRunning }

func (t *keptTimer) text() string {
	return fmt.Sprint(t.Code, " ", strconv.Quote(t.Match), " ", t.Opened, " ", t.Entry, " ", t.Project, " ", t.State, " ", t.Closed)
}

// rebuildTimers makes the deadlines and the counts of a book anew from the verdicts and
// compares them with those that are kept.
func (g *Engine) rebuildTimers(ctx context.Context, tx pgx.Tx, book ledger.Book, replace bool) error {
	pos, err := g.cursor(ctx, book)
	if err != nil {
		return err
	}
	again := &timerReplay{byMatch: map[Input][]*keptTimer{}, tally: map[tallyKey]int64{}}
	if again.fired, again.erased, err = g.firings(ctx, tx, book); err != nil {
		return err
	}
	for from := ledger.None; from < pos; {
		v, err := ledger.ReadVerdicts(ctx, g.Pool, book, from, int(min(batchSize, int64(pos-from))))
		if err != nil {
			return err
		}
		b := g.newBatch(book, "live")
		b.from, b.until = from, v.Until
		if err := b.read(ctx, v.Notes); err != nil {
			return err
		}
		again.take(b.notes)
		from = v.Until
	}
	again.fireUpTo(1 << 62)
	kept, err := readTimers(ctx, tx, book)
	if err != nil {
		return err
	}
	counts, err := g.readTally(ctx, tx, book)
	if err != nil {
		return err
	}
	for key := range again.tally {
		if g.isSweep(key.code) {
			delete(again.tally, key)
		}
	}
	if again.agrees(kept) && maps.Equal(counts, again.tally) {
		return nil
	}
	if !replace {
		return fmt.Errorf("%w: deadlines or counts of results", ErrDiverged)
	}
	return again.store(ctx, tx, g, book, counts)
}

// timerReplay takes the steps of deadlines again.
type timerReplay struct {
	timers []*keptTimer
	// byMatch are the same by their rule and what meets them.
	byMatch map[Input][]*keptTimer
	fired   []firing
	erased  bool
	tally   map[tallyKey]int64
}

// firing is a warning of a deadline that passed.
type firing struct {
	seq         ledger.Seq
	code, match string
	at          ledger.Seq
}

// take takes the verdicts of a run of entries.
func (r *timerReplay) take(notes []judged) {
	for _, j := range notes {
		r.fireUpTo(j.at)
		for _, f := range j.Findings {
			r.tally[tallyKey{j.month, f.Code, string(f.State)}]++
			if f.Waiting != nil {
				f = *f.Waiting
			}
			if f.Term == nil {
				continue
			}
			key := Input{f.Code, f.Match}
			if same := func(t *keptTimer) bool { return t.Opened == j.at }; !slices.ContainsFunc(r.byMatch[key], same) {
				t := &keptTimer{f.Code, f.Match, j.at, j.entry, j.Project, timerRunning, ledger.None, f, j.Region, j.makers}
				r.timers, r.byMatch[key] = append(r.timers, t), append(r.byMatch[key], t)
			}
		}
		for _, met := range j.Met {
			closeThose(r.byMatch[met], timerMet, j.entry, func(t *keptTimer) bool { return t.Opened <= j.at })
		}
		if j.Cancelled != "" {
			closeThose(r.timers, timerEnded, j.entry, func(t *keptTimer) bool { return t.Project == j.Cancelled && t.Opened <= j.at })
		}
		if target, err := strconv.ParseInt(j.Reversed, 10, 64); err == nil {
			closeThose(r.timers, timerEnded, j.entry, func(t *keptTimer) bool { return t.Entry == ledger.Seq(target) })
			for _, t := range r.timers {
				if t.Closed == ledger.Seq(target) && t.State != timerFired {
					t.State, t.Closed = timerRunning, ledger.None
				}
			}
		}
	}
}

func closeThose(timers []*keptTimer, state string, by ledger.Seq, which func(*keptTimer) bool) {
	for _, t := range timers {
		if t.open() && which(t) {
			t.State, t.Closed = state, by
		}
	}
}

// fireUpTo takes the warnings that were raised before a seq.
func (r *timerReplay) fireUpTo(seq ledger.Seq) {
	for len(r.fired) > 0 && r.fired[0].seq < seq {
		f := r.fired[0]
		for _, t := range r.byMatch[Input{f.code, f.match}] {
			if t.open() && t.Opened == f.at {
				t.State = timerFired
			}
		}
		r.fired = r.fired[1:]
	}
}

// agrees compares with the rows that are kept. Which of them fired cannot be told when
// evidence was erased by law.
func (r *timerReplay) agrees(kept []*keptTimer) bool {
	var a, b []string
	for _, t := range r.timers {
		a = append(a, t.text())
	}
	for i, t := range kept {
		if r.erased && t.State == timerFired && i < len(r.timers) {
			t.State = timerRunning
		}
		b = append(b, t.text())
	}
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// firings lists the warnings of deadlines, in their order.
func (g *Engine) firings(ctx context.Context, tx pgx.Tx, book ledger.Book) (all []firing, erased bool, err error) {
	rows, err := tx.Query(ctx, `
		select e.seq from alert.event e join alert.current c on c.book = e.book and c.alert = e.alert
		where e.book = $1 and e.kind in ('alert.raised', 'alert.repeated') and c.origin = 'deadline' order by e.seq`, book)
	if err != nil {
		return nil, false, fmt.Errorf("read warnings of deadlines: %w", err)
	}
	seqs, err := pgx.CollectRows(rows, pgx.RowTo[ledger.Seq])
	if err != nil {
		return nil, false, fmt.Errorf("read warnings of deadlines: %w", err)
	}
	for _, seq := range seqs {
		var f Finding
		what, there, err := g.unseal(ctx, tx, book, seq, &f)
		if err != nil {
			return nil, false, err
		}
		if erased = erased || !there; there {
			all = append(all, firing{seq, f.Code, f.Match, ledger.Seq(what.At)})
		}
	}
	return all, erased, nil
}

// readTimers reads the deadlines that were found as their entries took effect.
func readTimers(ctx context.Context, tx pgx.Tx, book ledger.Book) (kept []*keptTimer, err error) {
	rows, err := tx.Query(ctx, `
		select code, match, opened_seq, entry_seq, project, case state when 'waiting' then 'running' else state end, closed_entry
		from alert.timer where book = $1 and origin = 'live'`, book)
	if err != nil {
		return nil, fmt.Errorf("read deadlines: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*keptTimer, error) {
		t := &keptTimer{}
		return t, row.Scan(&t.Code, &t.Match, &t.Opened, &t.Entry, &t.Project, &t.State, &t.Closed)
	})
}

// readTally reads the counts of what was judged as entries took effect; sweeps have
// none of that kind.
func (g *Engine) readTally(ctx context.Context, tx pgx.Tx, book ledger.Book) (map[tallyKey]int64, error) {
	rows, err := tx.Query(ctx, `select month, code, state, count from alert.tally where book = $1 and state in ('flag', 'not_evaluable')`, book)
	if err != nil {
		return nil, fmt.Errorf("read counts: %w", err)
	}
	counts := map[tallyKey]int64{}
	var k tallyKey
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&k.month, &k.code, &k.state, &n}, func() error {
		if !g.isSweep(k.code) {
			counts[k] = n
		}
		return nil
	})
	return counts, err
}

// isSweep says whether a rule is judged at slots.
func (g *Engine) isSweep(code string) bool {
	f := g.Rules.newest(code)
	return f != nil && f.Kind == rule.OnSweep
}

// store puts the deadlines and counts in the place of those that differ.
func (r *timerReplay) store(ctx context.Context, tx pgx.Tx, g *Engine, book ledger.Book, counts map[tallyKey]int64) error {
	if _, err := tx.Exec(ctx, `delete from alert.timer where book = $1 and origin = 'live'`, book); err != nil {
		return fmt.Errorf("clear deadlines: %w", err)
	}
	for _, t := range r.timers {
		due, err := t.finding.retimed(g.Rules)
		if err != nil {
			return err
		}
		if t.finding.Due = due; due == "" && t.open() {
			t.State = timerWaiting
		}
		text, err := json.Marshal(&t.finding, json.Deterministic(true))
		if err != nil {
			return fmt.Errorf("store deadline: %w", err)
		}
		if _, err := tx.Exec(ctx, `
			insert into alert.timer (book, code, match, opened_seq, entry_seq, project, due, finding, region, makers, state, closed_entry)
			values ($1, $2, $3, $4, $5, $6, nullif($7, '')::date, $8, $9, $10, $11, $12)`,
			book, t.Code, t.Match, t.Opened, t.Entry, t.Project, string(due), text, t.region, t.makers, t.State, t.Closed); err != nil {
			return fmt.Errorf("store deadline of rule %s: %w", t.Code, err)
		}
	}
	for k := range counts {
		if _, err := tx.Exec(ctx, `delete from alert.tally where book = $1 and month = $2 and code = $3 and state = $4`, book, k.month, k.code, k.state); err != nil {
			return fmt.Errorf("clear counts: %w", err)
		}
	}
	for k, n := range r.tally {
		if _, err := tx.Exec(ctx, `insert into alert.tally (book, month, code, state, count) values ($1, $2, $3, $4, $5)`, book, k.month, k.code, k.state, n); err != nil {
			return fmt.Errorf("store counts: %w", err)
		}
	}
	return nil
}

// retimed is the last day of a deadline by the calendar of now, empty if it cannot be
// told.
func (f Finding) retimed(r *Rules) (ledger.Date, error) {
	if f.Term == nil {
		return f.Due, nil
	}
	due, reason, err := rule.Term{From: Today(f.Term.From), Length: int64(f.Term.Length), Unit: f.Term.Unit}.End(r.calendar)
	if err != nil || reason != "" {
		return "", errors.Join(err)
	}
	return ledger.Date(due.String()), nil
}
