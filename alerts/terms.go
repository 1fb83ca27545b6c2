package alerts

import (
	"context"
	_ "embed"
	"fmt"
	"sync"

	"yilu/alerts/fact"
	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/audit"
	"yilu/ledger"
	"yilu/publicity/workday"
)

// termsCode is the rule under whose code the limits of handling are set: 预警超期.
const termsCode = "L18"

//go:embed terms.yaml
var termsFile []byte

// termsForm is what terms.yaml holds.
type termsForm struct {
	Params   map[string]formula.Type `yaml:"params"`
	Defaults []rule.Setting          `yaml:"defaults"`
}

var termsForms = sync.OnceValue(func() (f termsForm) {
	if err := rule.Decode("terms.yaml", termsFile, &f); err != nil {
		panic(err) // it is part of the program, and a test reads it
	}
	return f
})

// terms are the limits of the handling of warnings in a book at some time: how many
// working days a step may take, how long a case may be silenced, how many go in one
// act, how many of one rule in a batch are a storm.
type terms struct {
	calendar workday.Calendar
	params   map[string]rule.Parameter
}

// termsKept are those of each book as of the entry that last changed its rules: they
// are asked for with every warning, and change a few times a year.
type termsKept struct {
	mu sync.Mutex
	of map[ledger.Book]termsAt
}

type termsAt struct {
	changed ledger.Seq
	terms   *terms
}

// terms are those in effect as of the transaction that is asked, which has changed none.
func (g *Engine) terms(ctx context.Context, q audit.Querier, book ledger.Book) (*terms, error) {
	changed, err := ledger.RulesChanged(ctx, q, book)
	if err != nil {
		return nil, err
	}
	g.limits.mu.Lock()
	kept, known := g.limits.of[book]
	g.limits.mu.Unlock()
	if known && kept.changed == changed {
		return kept.terms, nil
	}
	changes, err := ledger.ParameterChanges(ctx, q, book, termsCode)
	if err != nil {
		return nil, err
	}
	t, err := newTerms(g.Calendar, changes)
	if err != nil {
		return nil, err
	}
	g.limits.mu.Lock()
	defer g.limits.mu.Unlock()
	if g.limits.of == nil {
		g.limits.of = map[ledger.Book]termsAt{}
	}
	g.limits.of[book] = termsAt{changed, t}
	return t, nil
}

func newTerms(calendar workday.Calendar, changes []ledger.RuleChange) (*terms, error) {
	t := &terms{calendar: calendar, params: map[string]rule.Parameter{}}
	form := termsForms()
	for name, of := range form.Params {
		settings := defaultsOf(form.Defaults, name)
		var set []ledger.ParameterSet
		for _, c := range changes {
			set = replaceParameter(set, *c.Parameter)
		}
		for _, p := range set {
			if p.Name == name {
				settings = append(settings, settingOf(nil, p))
			}
		}
		var err error
		if t.params[name], err = rule.NewParameter(name, of, settings); err != nil {
			return nil, fmt.Errorf("limits of handling: %s: %w", name, err)
		}
	}
	return t, nil
}

// number is the limit of that name; each has a default.
func (t *terms) number(name, region, category string, day ledger.Date) int {
	v, _ := t.params[name].Choose(region, category, fact.Day(day))
	n, _ := v.Int()
	return int(n)
}

// dueAfter is the last day for a step of a case that begins on a day. It is empty when
// the calendar of that year is not known yet.
func (t *terms) dueAfter(day ledger.Date, c Current) ledger.Date {
	due, err := t.calendar.Add(day, t.number("answer", c.Region, c.Level, day))
	if err != nil {
		return ""
	}
	return due
}
