package alerts

import (
	"context"
	"encoding/hex"
	"fmt"

	"yilu/alerts/rule"
	"yilu/ledger"
)

// Fault is what the service's own checks found about a book's log: a witness that
// refuses a checkpoint, a stored byte that was changed, a guard that is gone (L08
// 锚点不符, L01 断链). No rule file stands behind it, since it is about the ground that
// rules stand on.
type Fault struct {
	// Code is the rule of the catalogue, such as L08.
	Code     string
	Subject  string
	Sentence ledger.Text
}

// Report raises a red warning of a fault, unless one about the same is open.
func (g *Engine) Report(ctx context.Context, book ledger.Book, f Fault) error {
	if err := again(func() error { return g.report(ctx, book, f) }); err != nil {
		return fmt.Errorf("report a fault of book %s: %w", book, err)
	}
	return nil
}

func (g *Engine) report(ctx context.Context, book ledger.Book, f Fault) error {
	b := &batch{g: g, book: book, now: g.Ledger.Now().UTC(), known: map[string]*Current{}, tally: map[tallyKey]int64{}}
	print := rule.Fingerprint(string(book), f.Code, []string{f.Subject}, "")
	m := matter{origin: "system", region: string(book), at: ledger.None, entry: ledger.None, makers: []string{}, day: ledger.DateOf(b.now), Finding: Finding{
		Code: f.Code, Version: 1, State: rule.Flag, Handling: "W", Level: "red", Subject: []string{f.Subject}, Fingerprint: hex.EncodeToString(print[:]), Sentence: f.Sentence,
	}}
	if err := b.find(ctx, []string{m.Fingerprint}); err != nil {
		return err
	}
	if b.known[m.Fingerprint] != nil {
		return nil
	}
	if err := b.raise(ctx, m); err != nil {
		return err
	}
	return b.enter(ctx, unmarked)
}
