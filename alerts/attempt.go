package alerts

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"

	"yilu/ledger"
)

// Attempt keeps that somebody tried what a blocking rule refuses (拦截时间): a
// warning with origin "attempt", or one more hit of the open one about the same
// matter, once for each matter and day. refused is the answer of the ledger to the
// drafts, which arithmetic may have given before the rule could; of what no blocking
// rule finds nothing is kept.
//
// The post itself left no trace, so this is a post of its own: it may fail where the
// answer was given already, and then the attempt is not known. Trying again is safe.
func (g *Engine) Attempt(ctx context.Context, book ledger.Book, refused *ledger.Refused, drafts ...ledger.Draft) error {
	if err := again(func() error { return g.attempt(ctx, book, refused, drafts) }); err != nil {
		return fmt.Errorf("keep a refused attempt in book %s: %w", book, err)
	}
	return nil
}

func (g *Engine) attempt(ctx context.Context, book ledger.Book, refused *ledger.Refused, drafts []ledger.Draft) error {
	b := g.newBatch(book, "attempt")
	for _, h := range refused.Heard {
		if err := b.attempted(ctx, h, refused.Problems, drafts); err != nil {
			return err
		}
	}
	if len(b.drafts) == 0 {
		return nil
	}
	return b.enter(ctx, unmarked)
}

// attempted raises what refused one draft, unless today's attempt is known already.
func (b *batch) attempted(ctx context.Context, h ledger.Heard, problems []ledger.Problem, drafts []ledger.Draft) error {
	var note Note
	if err := json.Unmarshal(h.Note, &note); err != nil {
		return fmt.Errorf("verdict on draft %d: %w", h.Index, err)
	}
	for _, f := range note.Findings {
		if !blocked(f, h.Index, problems) || b.known[f.Fingerprint] != nil {
			continue
		}
		m := matter{Finding: f, origin: b.origin, region: note.Region, at: ledger.None, entry: h.Entry, day: ledger.DateOf(b.now)}
		var err error
		if m.makers, err = b.attempters(ctx, h, drafts); err != nil {
			return err
		}
		known, err := b.knownToday(ctx, m)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if err := b.raise(ctx, m); err != nil {
			return err
		}
		b.count(m.day.Month(), f)
	}
	return nil
}

// blocked says whether a finding refuses a draft, whatever else did.
func blocked(f Finding, index int, problems []ledger.Problem) bool {
	p, stops := f.problem()
	return stops && p.Needs == "" && slices.ContainsFunc(problems, func(p ledger.Problem) bool { return p.Index == index })
}

// attempters tried it, or made what they tried to put in effect.
func (b *batch) attempters(ctx context.Context, h ledger.Heard, drafts []ledger.Draft) ([]string, error) {
	var users []string
	if h.Index < len(drafts) {
		users = append(users, drafts[h.Index].By.User)
	}
	if h.Entry != ledger.None {
		e, err := b.g.Ledger.Entry(ctx, b.book, h.Entry)
		if err != nil {
			return nil, err
		}
		users = append(users, e.By.User)
	}
	return users, nil
}

// knownToday says whether an attempt on the same matter was kept today.
func (b *batch) knownToday(ctx context.Context, m matter) (bool, error) {
	ids := []string{alertID(b.book, m)}
	if err := b.find(ctx, []string{m.Fingerprint}); err != nil {
		return false, err
	}
	if c := b.known[m.Fingerprint]; c != nil {
		ids = append(ids, repeatID(c.Alert, m))
	}
	found, err := b.g.Ledger.FindIDs(ctx, b.book, ids)
	return len(found) > 0, err
}
