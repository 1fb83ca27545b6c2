package alerts

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"yilu/alerts/fact"
	"yilu/ledger"
)

// Present says what the inputs of a rule are now, for an entry that it once judged: the
// same facts by the same code, over the book as it is. What was counted just before the
// entry counts the entry itself by now, and what came after. Inputs that are not known
// now are left out; nil means that the entry cannot be looked at.
func (g *Engine) Present(ctx context.Context, book ledger.Book, seq ledger.Seq, names []string) ([]Input, error) {
	e, err := g.Ledger.Entry(ctx, book, seq)
	if errors.Is(err, ledger.ErrNotFound) || err == nil && (strings.HasPrefix(string(e.Kind), "alert.") || ledger.IsLine(e.Kind)) {
		return nil, nil // what a line is about is sealed
	}
	if err != nil {
		return nil, err
	}
	names = slices.Sorted(slices.Values(names))
	var inputs []Input
	weigh := func(v ledger.View, _ *ledger.Entry) ledger.Verdict {
		inputs = nil
		facts := fact.Gather(v, e, names)
		for _, name := range names {
			if value, ok := facts.Fact(name); ok {
				inputs = append(inputs, Input{name, value.String()})
			}
		}
		return ledger.Verdict{}
	}
	config := g.Ledger.Config
	config.Judge = &ledger.Judge{Weigh: weigh}
	// An entry that changes nothing is tried, and never posted: what the judge sees then
	// is the book as it is.
	day := ledger.DateOf(g.Ledger.Now())
	look := ledger.Draft{
		ID: fmt.Sprintf("look-%d", seq), Kind: "alert.summary", On: day, By: ledger.By{Role: ledger.Engine, Unit: string(book), User: "engine"}, Corrects: ledger.None,
		Body: &ledger.AlertSummary{Day: day, Rules: base64.StdEncoding.EncodeToString(make([]byte, 32))},
	}
	looking := ledger.New(config)
	defer looking.Close()
	if _, err := looking.Try(ctx, book, look); err != nil {
		return nil, fmt.Errorf("look at entry %d: %w", seq, err)
	}
	return inputs, nil
}
