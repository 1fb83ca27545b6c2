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
	b := g.newBatch(book, "system")
	if err := b.fault(ctx, f); err != nil {
		return err
	}
	if len(b.drafts) == 0 {
		return nil
	}
	return b.enter(ctx, unmarked)
}

// fault raises a red warning, unless one about the same is open.
func (b *batch) fault(ctx context.Context, f Fault) error {
	print := rule.Fingerprint(string(b.book), f.Code, []string{f.Subject}, "")
	m := matter{origin: "system", region: string(b.book), at: ledger.None, entry: ledger.None, makers: []string{}, day: ledger.DateOf(b.now), Finding: Finding{
		Code: f.Code, Version: 1, State: rule.Flag, Handling: "W", Level: "red", Subject: []string{f.Subject}, Fingerprint: hex.EncodeToString(print[:]), Sentence: f.Sentence,
	}}
	if err := b.find(ctx, []string{m.Fingerprint}); err != nil || b.known[m.Fingerprint] != nil {
		return err
	}
	return b.raise(ctx, m)
}
