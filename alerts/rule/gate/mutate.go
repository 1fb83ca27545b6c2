package gate

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
)

// mutant is a rule with one thing changed.
type mutant struct {
	what string
	rule *rule.Rule
}

// place is an expression of a rule that can be replaced.
type place struct {
	what string
	at   func(*rule.Rule) *string
}

// mutate lists every rule that differs from r in one place of a formula, or in
// one number by its smallest step.
func mutate(r *rule.Rule) ([]mutant, error) {
	places := []place{
		{"applies", func(r *rule.Rule) *string { return &r.Applies }},
		{"when", func(r *rule.Rule) *string { return &r.When }},
		{"value", func(r *rule.Rule) *string { return &r.Value }},
		{"limit", func(r *rule.Rule) *string { return &r.Limit }},
	}
	for i := range r.Bands {
		places = append(places,
			place{fmt.Sprintf("bands[%d].when", i), func(r *rule.Rule) *string { return &r.Bands[i].When }},
			place{fmt.Sprintf("bands[%d].limit", i), func(r *rule.Rule) *string { return &r.Bands[i].Limit }})
	}
	names := slices.Clone(r.Facts)
	for _, p := range slices.Sorted(maps.Keys(r.Params)) {
		names = append(names, "param."+p)
	}
	var mutants []mutant
	for _, p := range places {
		if *p.at(r) == "" {
			continue
		}
		texts, err := formula.Mutants(*p.at(r), names)
		if err != nil {
			return nil, fmt.Errorf("mutate %s of %s: %w", p.what, r.Code, err)
		}
		for _, text := range texts {
			changed := *r
			changed.Bands = slices.Clone(r.Bands)
			*p.at(&changed) = text
			mutants = append(mutants, mutant{p.what + ": " + text, &changed})
		}
	}
	if r.Applies != "" {
		changed := *r
		changed.Applies = ""
		mutants = append(mutants, mutant{"applies: to all", &changed})
	}
	return slices.Concat(mutants, turnSQL(r), moveNumbers(r), moveDays(r)), nil
}

// comparisonSQL finds comparisons of sizes in SQL, not arrows or <>.
var comparisonSQL = regexp.MustCompile(`(^|[^-<>=])(<=|>=|<|>)([^<>=]|$)`)

// turnSQL makes each comparison of a sweep strict or not strict, whichever it was not.
func turnSQL(r *rule.Rule) (mutants []mutant) {
	for _, at := range comparisonSQL.FindAllStringSubmatchIndex(r.SQL, -1) {
		sign := r.SQL[at[4]:at[5]]
		turned := map[string]string{"<": "<=", "<=": "<", ">": ">=", ">=": ">"}[sign]
		changed := *r
		changed.SQL = r.SQL[:at[4]] + turned + r.SQL[at[5]:]
		around := strings.Join(strings.Fields(r.SQL[max(0, at[4]-25):at[4]]+turned+r.SQL[at[5]:min(len(r.SQL), at[5]+25)]), " ")
		mutants = append(mutants, mutant{"sql: " + around, &changed})
	}
	return mutants
}

// moveDays moves the first and last day of the rule and of each value by one.
func moveDays(r *rule.Rule) (mutants []mutant) {
	move := func(what string, day formula.Day, set func(*rule.Rule, formula.Day)) {
		for by := formula.Day(-1); by <= 1 && day != 0; by += 2 {
			changed := *r
			changed.Defaults = slices.Clone(r.Defaults)
			set(&changed, day+by)
			mutants = append(mutants, mutant{fmt.Sprintf("%s = %s", what, day+by), &changed})
		}
	}
	move("from", r.From, func(r *rule.Rule, d formula.Day) { r.From = d })
	move("to", r.To, func(r *rule.Rule, d formula.Day) { r.To = d })
	for i, s := range r.Defaults {
		move(fmt.Sprintf("defaults[%d].from", i), s.From, func(r *rule.Rule, d formula.Day) { r.Defaults[i].From = d })
		move(fmt.Sprintf("defaults[%d].to", i), s.To, func(r *rule.Rule, d formula.Day) { r.Defaults[i].To = d })
	}
	return mutants
}

// moveNumbers moves every value of every parameter and the least number of
// observations by one step, and asks for one required fact less.
func moveNumbers(r *rule.Rule) (mutants []mutant) {
	for i, s := range r.Defaults {
		for _, value := range moves(r.Params[s.Param], s.Value) {
			changed := *r
			changed.Defaults = slices.Clone(r.Defaults)
			changed.Defaults[i].Value = value
			mutants = append(mutants, mutant{fmt.Sprintf("defaults[%d]: %s = %s", i, s.Param, strings.Join(value, ", ")), &changed})
		}
	}
	for by := int64(-1); by <= 1 && r.Minimum.N > 0; by += 2 {
		changed := *r
		changed.Minimum.N += by
		mutants = append(mutants, mutant{"minimum: n = " + strconv.FormatInt(changed.Minimum.N, 10), &changed})
	}
	for i, name := range r.Required {
		changed := *r
		changed.Required = slices.Delete(slices.Clone(r.Required), i, i+1)
		mutants = append(mutants, mutant{"required: without " + name, &changed})
	}
	return mutants
}

func moves(t formula.Type, value rule.Words) (all []rule.Words) {
	switch t {
	case formula.Text:
		return []rule.Words{{value[0] + "x"}}
	case formula.Texts:
		for i := range value {
			all = append(all, slices.Delete(slices.Clone(value), i, i+1))
		}
		return all
	}
	step := map[formula.Type]string{formula.Amount: "0.01", formula.Share: "0.0001"}[t]
	if step == "" {
		step = "1"
	}
	for _, by := range []string{step, "-" + step} {
		all = append(all, rule.Words{moved(value[0], by)})
	}
	return all
}

// moved adds two plain numbers; "" if they are none.
func moved(a, b string) string {
	x, errX := formula.ParseDecimal(a)
	y, errY := formula.ParseDecimal(b)
	if errX != nil || errY != nil {
		return ""
	}
	return fmt.Sprint(x.Add(y))
}
