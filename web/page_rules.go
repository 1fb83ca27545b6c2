package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"yilu/alerts"
	"yilu/alerts/rule"
	"yilu/ledger"
)

// rulesView is the public page of the rules: whoever is judged by them can read them.
// It names no warning: only how often each rule hit.
type rulesView struct {
	*frame
	Rules []ruleCard
	// Judged is how many entries were judged in all.
	Judged int64
}

// ruleView is the public page of one rule.
type ruleView struct {
	*frame
	Rule  ruleCard
	Today ledger.Date
}

// ruleCard is one rule in plain words.
type ruleCard struct {
	*rule.Rule
	Name, Formula, Exclusions string
	Stage                     string
	// InForce is a word of ledger.RuleStates, "" while no entry has put it in force.
	InForce string
	// Version is the one in force, and Other that of our file if it differs.
	Version, Other int64
	Parameters     []ruleParameter
	Hits           alertCounts
	basis          string
	History        []ruleLine
}

// alertCounts are what became of judging.
type alertCounts struct{ Flagged, NotEvaluable, Attempts, Judged int64 }

// Rate is how many of a hundred judged entries were hits, as "0.25". Judged are those of
// the days that are over.
func (a alertCounts) Rate() string {
	basisPoints := a.Flagged * 10000 / max(a.Judged, 1)
	return fmt.Sprintf("%d.%02d", basisPoints/100, basisPoints%100)
}

// ruleParameter is a limit that holds today.
type ruleParameter struct {
	// Name is how the rule's formula calls it, Of what it is: an amount, a share, days.
	Name, Of, Value, Region, Category, Basis string
	From, To                                 ledger.Date
	// Assumed is set when no law gives it.
	Assumed bool
}

// BasisText is the law or reason behind the rule.
func (r ruleCard) BasisText() string { return r.basis }

// ruleLine is one change.
type ruleLine struct {
	ledger.RuleChange
	Version int64
}

// showRules lists the rules. Their counts move without an entry, so the page is not
// kept by the head of the book, only for a minute.
func (s *server) showRules(c echo.Context) error {
	p := &rulesView{frame: s.newFrame(c, "rules", "rules")}
	past, err := s.pastOfRules(c, p.frame)
	if err != nil {
		return err
	}
	p.Judged = past.judged
	for _, r := range s.Alerts.Rules.Known() {
		p.Rules = append(p.Rules, p.card(r, past))
	}
	return s.render(c, http.StatusOK, p)
}

// showRule shows one rule in plain words, with its limits and its history.
func (s *server) showRule(c echo.Context) error {
	p := &ruleView{frame: s.newFrame(c, "rule", "rules")}
	known := s.Alerts.Rules.Known()
	i := slices.IndexFunc(known, func(r *rule.Rule) bool { return r.Code == c.Param("code") })
	if i < 0 {
		return echo.ErrNotFound
	}
	past, err := s.pastOfRules(c, p.frame)
	if err != nil {
		return err
	}
	p.Rule, p.Today = p.card(known[i], past), past.today
	return s.render(c, http.StatusOK, p)
}

// pastOfRules is what the log and the counts tell of all rules.
type pastOfRules struct {
	inForce ledger.Rules
	changes []ledger.RuleChange
	counts  map[string]alertCounts
	judged  int64
	today   ledger.Date
}

func (s *server) pastOfRules(c echo.Context, f *frame) (pastOfRules, error) {
	ctx := c.Request().Context()
	past := pastOfRules{today: ledger.DateOf(s.Now())}
	head, err := s.ledger.Head(ctx, s.Book)
	if err != nil {
		return past, err
	}
	f.setHead(head)
	if past.inForce, past.changes, err = s.ledger.RulesOf(ctx, s.Book); err != nil {
		return past, err
	}
	if past.counts, err = s.tallies(ctx); err != nil {
		return past, err
	}
	past.judged = past.counts[""].Judged
	c.Response().Header().Set("Cache-Control", "public, max-age=60")
	return past, nil
}

// tallies are the counts of each rule; those of "" count entries.
func (s *server) tallies(ctx context.Context) (map[string]alertCounts, error) {
	tallies, err := alerts.Tallies(ctx, s.Alerts.Pool, s.Book)
	if err != nil {
		return nil, err
	}
	counts := map[string]alertCounts{}
	for _, t := range tallies {
		n := counts[t.Code]
		switch t.State {
		case "judged":
			n.Judged += t.Count
		case "flag":
			n.Flagged += t.Count
		case "not_evaluable":
			n.NotEvaluable += t.Count
		case "attempt":
			n.Attempts += t.Count
		}
		counts[t.Code] = n
	}
	return counts, nil
}

// card puts a rule in words.
func (f *frame) card(r *rule.Rule, past pastOfRules) ruleCard {
	card := ruleCard{
		Rule: r, Name: f.lang.pick(ledger.Text(r.Name)), Formula: f.lang.pick(ledger.Text(r.Formula)), Exclusions: f.lang.pick(ledger.Text(r.Exclusions)),
		basis: f.basisText(r.Basis), Version: int64(r.Version), Parameters: f.parameters(r, past.inForce.Parameters, past.today), Hits: past.counts[r.Code],
	}
	for _, a := range past.inForce.Rules {
		if a.Code != r.Code {
			continue
		}
		card.InForce = a.State
		if a.Version != ledger.Count(r.Version) {
			card.Version, card.Other = int64(a.Version), int64(r.Version)
		}
	}
	for _, c := range slices.Backward(past.changes) {
		if c.Code() == r.Code {
			line := ruleLine{RuleChange: c}
			if c.Rule != nil {
				line.Version = int64(c.Rule.Version)
			}
			card.History = append(card.History, line)
		}
	}
	return card
}

// Looks lists the kinds of entries that a rule looks at.
func (r ruleCard) Looks() []string {
	if r.Kind == rule.OnDeadline {
		return append([]string{r.Start}, r.Expect...)
	}
	return r.Rule.Kinds
}

// assumed marks in a basis that no law gives the number.
const assumed = "[assumed]"

// parameters are the limits of a rule that hold on a day, the book's own before those
// of the file.
func (f *frame) parameters(r *rule.Rule, set []ledger.ParameterSet, today ledger.Date) []ruleParameter {
	var out []ruleParameter
	for _, p := range set {
		if p.Code == r.Code && p.From <= today && (p.To == "" || today <= p.To) {
			out = append(out, ruleParameter{Name: p.Name, Value: strings.ReplaceAll(p.Value, "\n", "、"), Region: p.Region, Category: p.Category, Basis: p.Basis, From: p.From, To: p.To})
		}
	}
	for _, d := range r.Defaults {
		x := ruleParameter{Name: d.Param, Value: strings.Join(d.Value, "、"), Region: d.Region, Category: d.Category, Basis: d.Basis}
		if d.From != 0 {
			x.From = ledger.Date(d.From.String())
		}
		if d.To != 0 {
			x.To = ledger.Date(d.To.String())
		}
		if x.From <= today && (x.To == "" || today <= x.To) {
			out = append(out, x)
		}
	}
	for i := range out {
		of := fmt.Sprint(r.Params[out[i].Name])
		out[i].Of, out[i].Value = f.t("param.name_"+of), f.limit(of, out[i].Value)
		if c := out[i].Category; c != "" {
			out[i].Category = f.name("type", c)
			if _, ok := ledger.Categories[c]; ok {
				out[i].Category = f.name("category", c)
			}
		}
		if rest, ok := strings.CutPrefix(out[i].Basis, assumed); ok {
			out[i].Basis, out[i].Assumed = strings.TrimLeft(rest, " ：:;；,，"), true
		}
		out[i].Basis = f.basisText(out[i].Basis)
	}
	return out
}

// basisText says in words what the rules' files mark.
func (f *frame) basisText(basis string) string {
	return strings.NewReplacer(assumed, f.t("rule.assumed"), "†", f.t("rule.unseen")).Replace(basis)
}

// limit writes a parameter's value for people: yuan, percent, days, names of codes.
func (f *frame) limit(of, value string) string {
	amount, err := ledger.ParseAmount(value)
	switch {
	case of == "amount" && err == nil:
		return f.t("yuan", amount.Comma())
	case of == "share" && err == nil:
		return fmt.Sprintf("%d%%", amount)
	case of == "days" || of == "workdays" || of == "months":
		return f.t("param."+of, value)
	case of == "text" || of == "list":
		words := strings.Split(value, "、")
		for i, w := range words {
			if _, ok := ledger.Methods[w]; ok {
				words[i] = f.name("method", w)
			}
		}
		return strings.Join(words, f.t("comma"))
	}
	return value
}
