package alerts

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"yilu/alerts/fact"
	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// easing finds payments that a change of limits or rules let pass (临改规则, L15): judged
// by the rulebook of some days before, a rule would have hit what it does not hit now.
// White lists are a matter of the file of L15: their hits are kept.
type easing struct {
	by  *active
	act rule.Act
	// days is the parameter t of the rule.
	days int
	// then and now judge by a past rulebook and by that of the payment's time.
	then, now *Rules
	// past are the rulebooks with the instants since which they were in force.
	past []ruled
	// rows are by the rule that was eased, changes the entries by which it was.
	rows    map[string]*rule.Row
	changes map[string][]int64
}

type ruled struct {
	since time.Time
	book  ledger.Rulebook
}

// easing is nil where L15 is not in force, or has no limit.
func (g *Engine) easing(ctx context.Context, s slot) (*easing, error) {
	f, err := g.inForce(ctx, s.book)
	if err != nil {
		return nil, err
	}
	x := f.rules["L15"]
	if x == nil || x.compiled() == nil {
		return nil, nil
	}
	act, err := g.sweepAct(ctx, s.book, s.day())
	if err != nil {
		return nil, err
	}
	for _, p := range x.compiled().Settings(act) {
		if days, err := strconv.Atoi(p.Value.String()); p.Expression == "param.t" && err == nil {
			return &easing{by: x, act: act, days: days, then: g.Rules.apart(), now: g.Rules.apart(), rows: map[string]*rule.Row{}, changes: map[string][]int64{}}, nil
		}
	}
	return nil, nil
}

// apart are the same files with nothing compiled: else past and present would take turns.
func (r *Rules) apart() *Rules {
	return &Rules{calendar: r.calendar, files: r.files, tests: r.tests, kinds: r.kinds, books: map[ledger.Book]*inForce{}}
}

// follow keeps the rulebook as it stands before an entry. It is asked of every one: the
// changes of one submission come one after the other, under the number of its approval.
func (x *easing) follow(v ledger.View, at time.Time) {
	row, ok := v.Rulebook()
	if !ok {
		return
	}
	if n := len(x.past); n > 0 && x.past[n-1].book.Seq == row.Seq {
		x.past[n-1].book = row
		return
	}
	if e, known := v.Entry(row.Seq); known {
		at = e.At
	}
	x.past = append(x.past, ruled{at, row})
}

// judge compares what the rules of then and of now say of a payment.
func (x *easing) judge(v ledger.View, e *ledger.Entry, at time.Time) {
	switch e.Kind {
	case "payment.requested", "payment.approved", "payment.paid", "grant.requested", "grant.line":
	default:
		return
	}
	day := ledger.DateOf(at)
	i := len(x.past) - 1
	if i < 0 || ledger.DateOf(x.past[i].since).AddDays(x.days) < day {
		return // nothing was changed lately
	}
	latest := x.past[i]
	for i >= 0 && ledger.DateOf(x.past[i].since).AddDays(x.days) >= day {
		i--
	}
	if i < 0 {
		return // there were no rules then
	}
	before, _ := x.then.hits(v, e, x.past[i].book)
	hit, listed := x.now.hits(v, e, latest.book)
	for code := range before {
		if !hit[code] && !listed[code] {
			x.add(v, code, e.Seq, day, latest)
		}
	}
}

// hits are the rules that warn of an entry under a rulebook, and those whose white list
// lets it pass.
func (r *Rules) hits(v ledger.View, e *ledger.Entry, book ledger.Rulebook) (hit, listed map[string]bool) {
	f, err := r.inForceOf(v.Book(), book, inView(v))
	if err != nil {
		panic(err) // a view has no other error than that there is none
	}
	hit, listed = map[string]bool{}, map[string]bool{}
	k := f.kinds[e.Kind]
	if k == nil {
		return hit, listed
	}
	var note Note
	k.weigh(v, e, &note)
	for _, f := range note.Findings {
		switch {
		case f.State != rule.Flag || f.Shadow || f.Term != nil:
		case f.Suppressed != "":
			listed[f.Code] = true
		default:
			hit[f.Code] = true
		}
	}
	return hit, listed
}

// add takes a payment of a day into the row of the rule that would have hit it, before the
// submission and the approval of the change: the case is about the payment, and those who
// made the change cannot decide on it either.
func (x *easing) add(v ledger.View, code string, seq ledger.Seq, day ledger.Date, change ruled) {
	row := x.rows[code]
	if row == nil {
		days := fact.Day(day) - fact.Day(ledger.DateOf(change.since))
		row = &rule.Row{Subject: []string{code, "参数或规则"}, Value: formula.Whole(int64(days)), Limit: formula.Whole(int64(x.days))}
		x.rows[code] = row
	}
	row.Entries = append(row.Entries, int64(seq))
	x.changes[code] = []int64{int64(change.book.Seq)}
	if e, ok := v.Entry(change.book.Seq); ok {
		if b, ok := e.Body.(*ledger.SubmissionApproved); ok {
			if sub, ok := v.Submission(b.Submission); ok {
				x.changes[code] = append(x.changes[code], int64(sub.Seq))
			}
		}
	}
}

// raise warns of what was found, one case a rule.
func (x *easing) raise(ctx context.Context, b *batch, s slot) error {
	for _, code := range slices.Sorted(maps.Keys(x.rows)) {
		row := *x.rows[code]
		slices.Sort(row.Entries)
		row.Entries = slices.Compact(row.Entries)
		row.Entries = append(row.Entries[:min(len(row.Entries), mostEntries-2)], x.changes[code]...)
		f, err := x.by.find(x.act, row)
		if err != nil {
			return fmt.Errorf("find what a change of %s let pass: %w", code, err)
		}
		if err := b.sweepHit(ctx, s, f, row); err != nil {
			return err
		}
	}
	return nil
}
