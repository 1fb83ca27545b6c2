package demo

import (
	"context"
	"errors"

	"yilu/alerts"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// Sweep runs each sweep in force at its first slot after the year, by the month or on
// Monday, and that of money left for two years (A05) when it is: no server will see these
// days. Again, it does nothing.
func Sweep(ctx context.Context, engine *alerts.Engine) error {
	for _, file := range engine.Rules.Known() {
		if file.Kind != rule.OnSweep {
			continue
		}
		days := []ledger.Date{"2021-01-04", "2021-01-01"} // a Monday, and the month's first
		if file.Code == "A05" {
			days = []ledger.Date{"2022-01-03"}
		}
		for _, day := range days {
			past := alerts.Backfill{Codes: []string{file.Code}, From: day, To: day}
			done, err := past.Run(ctx, engine, Book)
			if errors.Is(err, alerts.ErrNotBackfilled) {
				break
			}
			if err != nil {
				return err
			}
			if done[0].Slots > 0 {
				break
			}
		}
	}
	return nil
}
