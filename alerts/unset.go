package alerts

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"yilu/alerts/rule"
	"yilu/ledger"
)

// unset names a limit that a rule cannot flag anything without, and that nobody has set
// for any place or day (未设定的参数), such as a county's own limit of approval. It is a
// matter of the rulebook and not of the entries: what it cannot judge is said once a
// month, and not beside each of them. A rule that refuses is judged all the same, since
// what it cannot judge it holds.
func unset(file *rule.Rule, book ledger.Rules) string {
	refuses := slices.ContainsFunc(file.Bands, func(b rule.Band) bool { return b.Handling == "B" }) || file.Handling == "B"
	if file.Kind != rule.OnEvent || refuses || strings.Contains(file.When, "||") {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(file.Params)) {
		known := slices.ContainsFunc(file.Defaults, func(s rule.Setting) bool { return s.Param == name }) ||
			slices.ContainsFunc(book.Parameters, func(p ledger.ParameterSet) bool { return p.Code == file.Code && p.Name == name })
		if !known && strings.Contains(file.When, "param."+name) {
			return name
		}
	}
	return ""
}

// runUnset says once a month of each rule in force that a limit is missing.
func (g *Engine) runUnset(ctx context.Context, s slot, rules *inForce) error {
	b := g.newBatch(s.book, "system")
	act, err := g.sweepAct(ctx, s.book, s.day())
	if err != nil {
		return err
	}
	for _, code := range slices.Sorted(maps.Keys(rules.unset)) {
		f := rules.rules[code].unjudged(act, "param:"+rules.unset[code])
		if err := b.raise(ctx, matter{Finding: f, origin: b.origin, region: act.Region, at: s.upto, entry: ledger.None, makers: []string{}}); err != nil {
			return err
		}
	}
	outcome := fmt.Sprintf("%d missing", len(rules.unset))
	return b.enter(ctx, func(ctx context.Context, tx pgx.Tx) error { return record(ctx, tx, s, outcome) })
}
