package alerts

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"yilu/alerts/notify"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// stormy is what the warning of many is about.
var stormy = []string{"storm"}

// fresh is a new case of a batch and its draft.
type fresh struct {
	c     *Current
	draft int
}

// calm makes one warning of each storm (预警风暴): of a rule that has found more new
// matters in one batch than people can be told of. Each of them stays a case by itself,
// with its own evidence and days, and names the one that tells of all.
func (b *batch) calm(ctx context.Context) error {
	byCode := map[string][]fresh{}
	for _, f := range b.fresh {
		byCode[f.c.Code] = append(byCode[f.c.Code], f)
	}
	var t *terms
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		list := byCode[code]
		if len(list) < 2 {
			continue
		}
		if t == nil {
			var err error
			if t, err = b.g.terms(ctx, b.g.Pool, b.book); err != nil {
				return err
			}
		}
		most := t.number("storm", string(b.book), "", ledger.DateOf(b.now))
		if len(list) <= most {
			continue
		}
		if err := b.storm(ctx, list, most); err != nil {
			return err
		}
	}
	return nil
}

// storm raises the warning of many, one a day for a rule, and has them name it.
func (b *batch) storm(ctx context.Context, list []fresh, most int) error {
	first, day := list[0].c, string(ledger.DateOf(b.now))
	print := rule.Fingerprint(string(b.book), first.Code, stormy, day)
	m := matter{origin: first.Origin, region: string(b.book), at: first.At, entry: first.Entry, Finding: Finding{
		Code: first.Code, Version: first.Version, State: rule.Flag, Handling: "W", Level: first.Level, Subject: stormy, Window: day, Fingerprint: hex.EncodeToString(print[:]),
		Value: fmt.Sprint(len(list)), Limit: fmt.Sprint(most), Sentence: ledger.Text{
			Zh: fmt.Sprintf("规则%s一次提出%d件预警，超过%d件，合为一件通知，请逐件核实", first.Code, len(list), most),
			En: fmt.Sprintf("rule %s raised %d warnings at once, more than %d; this one tells of all, please verify each", first.Code, len(list), most),
		}}}
	for _, f := range list {
		if severity(f.c.Level) < severity(m.Level) {
			m.Level = f.c.Level
		}
		m.makers = append(m.makers, f.c.Makers...)
	}
	slices.Sort(m.makers)
	m.makers = slices.Compact(m.makers)
	if err := b.raise(ctx, m); err != nil {
		return err
	}
	parent := b.known[m.Fingerprint].Alert
	for _, f := range list {
		f.c.Parent = parent
		b.drafts[f.draft].Body.(*ledger.AlertRaised).Parent = parent
	}
	return nil
}

// told is what people are told about a case.
type told struct {
	c    Current
	what notify.Event
}

// tell notes what is to be told.
func (b *batch) tell(c Current, what notify.Event) { b.told = append(b.told, told{c, what}) }

// tell queues messages about cases.
func (g *Engine) tell(ctx context.Context, tx pgx.Tx, book ledger.Book, all ...told) error {
	if g.Notify == nil {
		return nil
	}
	var messages []notify.Message
	for _, t := range all {
		if t.c.Parent != "" && t.what != notify.Reopened { // of a storm its parent tells
			continue
		}
		m, err := g.message(book, t.c, t.what)
		if err != nil {
			return err
		}
		messages = append(messages, m)
	}
	return g.Notify.Enqueue(ctx, tx, messages...)
}

// message is what is told about a case.
func (g *Engine) message(book ledger.Book, c Current, what notify.Event) (m notify.Message, err error) {
	var level notify.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return m, err
	}
	region := c.Region
	if n := len(region); n != 6 && n != 9 && n != 12 {
		region = string(book)
	}
	return notify.Message{
		Book: book, Alert: c.Alert, Version: c.Step, Event: what, Seq: c.Last, Code: c.Code, Level: level, Region: region,
		Sentence: ledger.Text{Zh: c.Zh, En: c.En}, Link: g.Link(c.Alert), Due: c.Due,
	}, nil
}
