package rules_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"yilu/alerts"
	"yilu/alerts/fact"
	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/alerts/rules"
	"yilu/publicity/workday"
)

var verbose = flag.Bool("reports", false, "print every report of the gate")

// workdays counts Mondays to Fridays of 2020 and knows no other year: enough to load
// rules and to compare what formulas say.
func workdays(from, to formula.Day) (int, error) {
	n := 0
	for d := from + 1; d <= to; d++ {
		t, err := time.Parse(time.DateOnly, d.String())
		if err != nil {
			return 0, err
		}
		if t.Year() != 2020 {
			return 0, fmt.Errorf("count working days: %w", formula.YearUnknown(t.Year()))
		}
		if t.Weekday() != time.Saturday && t.Weekday() != time.Sunday {
			n++
		}
	}
	return n, nil
}

func surroundings() rule.Surroundings {
	return fact.Surroundings(workdays)
}

func TestRulesLoad(t *testing.T) {
	set, err := rule.Load(rules.Files, surroundings())
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Rules) == 0 {
		t.Fatal("no rules")
	}
}

// TestSweepsSpeakBothLanguages: what a query writes itself is read by both, so it writes
// codes, which values says in words.
func TestSweepsSpeakBothLanguages(t *testing.T) {
	set, err := rule.Load(rules.Files, surroundings())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range set.Rules {
		if i := strings.IndexFunc(r.SQL, func(c rune) bool { return unicode.Is(unicode.Han, c) || c == '、' || c == '，' }); i >= 0 {
			t.Errorf("%s: its query writes %.40s", r.Code, r.SQL[i:])
		}
	}
}

// TestRulesPassTheirGate runs every test file and every mutant by the gate of "yilu rules
// check", with its calendar; entries are posted to a book in memory. Of sweeps only the form
// is looked at: package alerts runs them.
func TestRulesPassTheirGate(t *testing.T) {
	g, err := alerts.NewGate(workday.StateCouncil(), nil)
	if err != nil {
		t.Fatal(err)
	}
	reports, err := g.Folder(rules.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		if !r.Passed() {
			t.Error(r)
		} else if *verbose {
			t.Log(r)
		}
	}
}
