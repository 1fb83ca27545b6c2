package alerts

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"yilu/ledger"
)

// runReplay judges the entries of the day before the slot once more, from the log
// alone, and raises a red warning when it comes to other verdicts than are stored
// (复算不符, L20). Each entry is judged by the rules of its time, whose files the log
// holds.
//
// On the way it finds the payments that a change of limits or rules let pass (see easing).
//
// It folds the book from its first entry, so it costs as much as a back-test.
func (g *Engine) runReplay(ctx context.Context, s slot) error {
	from, err := g.LastSeqOf(ctx, s.book, s.day().AddDays(-2))
	if err != nil {
		return err
	}
	until, err := g.LastSeqOf(ctx, s.book, s.day().AddDays(-1))
	if err != nil {
		return err
	}
	x, err := g.easing(ctx, s)
	if err != nil {
		return err
	}
	differ, err := g.rejudge(ctx, s.book, from, until, x)
	if err != nil {
		return err
	}
	b := g.newBatch(s.book, "sweep")
	if len(differ) > 0 {
		day := s.day().AddDays(-1)
		numbers := make([]string, min(len(differ), 10))
		for i := range numbers {
			numbers[i] = fmt.Sprint(differ[i])
		}
		err := b.fault(ctx, Fault{Code: "L20", Subject: "replay " + string(day), Sentence: ledger.Text{
			Zh: fmt.Sprintf("%s 有 %d 条分录复算的判定与留存的不符，请核查：第 %s 号", day, len(differ), strings.Join(numbers, "、")),
			En: fmt.Sprintf("the verdicts on %d entries of %s differ from those stored, please check: %s", len(differ), day, strings.Join(numbers, ", ")),
		}})
		if err != nil {
			return err
		}
	}
	if x != nil {
		if err := x.raise(ctx, b, s); err != nil {
			return err
		}
	}
	return b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return record(ctx, tx, s, fmt.Sprintf("%d of %d differ", len(differ), until-from))
	})
}

// rejudge lists the entries after one up to another whose verdicts are not those that
// are stored, and shows each to x, which may be nil.
func (g *Engine) rejudge(ctx context.Context, book ledger.Book, from, until ledger.Seq, x *easing) (differ []ledger.Seq, err error) {
	stored, err := ledger.ReadVerdicts(ctx, g.Pool, book, from, int(until-from))
	if err != nil {
		return nil, err
	}
	type place struct{ at, entry ledger.Seq }
	left := map[place][]byte{}
	for _, n := range stored.Notes {
		left[place{n.At, n.Entry}] = n.Note
	}
	rules := g.Rules.apart()
	fold := ledger.NewFold(book, &ledger.Judge{Weigh: func(v ledger.View, e *ledger.Entry) ledger.Verdict {
		p, at := place{e.Seq, e.Seq}, e.At
		if a := v.Approval(); a != nil {
			p.at, at = a.Seq, a.At
		}
		if x != nil {
			x.follow(v, at)
		}
		if p.at <= from || p.at > until {
			return ledger.Verdict{}
		}
		if x != nil {
			x.judge(v, e, at)
		}
		if !sameVerdict(left[p], rules.weigh(v, e).Note) && !erased(e) {
			differ = append(differ, p.entry)
		}
		delete(left, p)
		return ledger.Verdict{}
	}})
	if until <= from {
		return nil, nil
	}
	if err := g.Ledger.FoldUpTo(ctx, fold, until, nil); err != nil {
		return nil, fmt.Errorf("judge book %s again: %w", book, err)
	}
	for p := range left { // on what never took effect
		differ = append(differ, p.entry)
	}
	slices.Sort(differ)
	return slices.Compact(differ), nil
}

// erased says whether the person of an entry is no longer known: what was judged of
// them cannot be judged again.
func erased(e *ledger.Entry) bool {
	_, sealed := e.Commitments["id_number"]
	return sealed && e.Person == ledger.Entry{}.Person
}

// sameVerdict compares verdicts. What could not be judged for want of a calendar may be
// judged by now, and that a limit was set nowhere was once said beside each entry.
func sameVerdict(stored, again []byte) bool {
	if bytes.Equal(stored, again) {
		return true
	}
	var a, b Note
	if stored != nil && json.Unmarshal(stored, &a) != nil || again != nil && json.Unmarshal(again, &b) != nil {
		return false
	}
	waited := map[string]bool{}
	for _, f := range a.Findings {
		if strings.Contains(f.Reason, "calendar:") || strings.HasPrefix(f.Reason, "param:") {
			waited[f.Code] = true
		}
	}
	if len(waited) == 0 {
		return false
	}
	for _, n := range []*Note{&a, &b} {
		n.Region = ""
		n.Findings = slices.DeleteFunc(n.Findings, func(f Finding) bool { return waited[f.Code] })
	}
	x, errX := json.Marshal(&a, json.Deterministic(true))
	y, errY := json.Marshal(&b, json.Deterministic(true))
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
