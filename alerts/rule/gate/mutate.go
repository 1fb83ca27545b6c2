package gate

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"yilu/alerts/rule"
)

// mutant is a rule with one thing changed.
type mutant struct {
	what string
	rule *rule.Rule
}

// turned are the operators that are mistaken for each other.
var turned = map[string]string{
	operators.Greater: operators.GreaterEquals, operators.GreaterEquals: operators.Greater,
	operators.Less: operators.LessEquals, operators.LessEquals: operators.Less,
	operators.Equals: operators.NotEquals, operators.NotEquals: operators.Equals,
	operators.Add: operators.Subtract, operators.Subtract: operators.Add,
}

// mutate lists every rule that differs from r in one place of a formula or by
// one step of a parameter.
func mutate(r *rule.Rule) ([]mutant, error) {
	// Macros stay calls, so that what is changed inside them is written out again.
	env, err := cel.NewCustomEnv(cel.ClearMacros())
	if err != nil {
		return nil, err
	}
	m := &mutation{env: env, make: ast.NewExprFactory(), rule: r}
	var mutants []mutant
	change := func(what, text string, set func(changed *rule.Rule, text string)) error {
		variants, err := m.texts(text)
		if err != nil {
			return fmt.Errorf("mutate %s of %s: %w", what, r.Code, err)
		}
		for _, variant := range variants {
			changed := *r
			changed.Bands = slices.Clone(r.Bands)
			set(&changed, variant)
			mutants = append(mutants, mutant{what + ": " + variant, &changed})
		}
		return nil
	}
	for what, part := range map[string]struct {
		text string
		set  func(*rule.Rule, string)
	}{
		"applies": {r.Applies, func(c *rule.Rule, text string) { c.Applies = text }},
		"when":    {r.When, func(c *rule.Rule, text string) { c.When = text }},
		"value":   {r.Value, func(c *rule.Rule, text string) { c.Value = text }},
		"limit":   {r.Limit, func(c *rule.Rule, text string) { c.Limit = text }},
	} {
		if err := change(what, part.text, part.set); err != nil {
			return nil, err
		}
	}
	for i, b := range r.Bands {
		err := change(fmt.Sprintf("bands[%d].when", i), b.When, func(c *rule.Rule, text string) { c.Bands[i].When = text })
		if err == nil {
			err = change(fmt.Sprintf("bands[%d].limit", i), b.Limit, func(c *rule.Rule, text string) { c.Bands[i].Limit = text })
		}
		if err != nil {
			return nil, err
		}
	}
	mutants = append(mutants, moveParams(r)...)
	slices.SortFunc(mutants, func(a, b mutant) int { return strings.Compare(a.what, b.what) })
	return mutants, nil
}

// mutation makes variants of expressions.
type mutation struct {
	env  *cel.Env
	make ast.ExprFactory
	rule *rule.Rule
}

// texts lists the expressions that differ from text in one place.
func (m *mutation) texts(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	parsed, issues := m.env.Parse(text)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	var all []string
	for _, e := range m.variants(parsed.NativeRep().Expr()) {
		variant, err := cel.ExprToString(e, parsed.NativeRep().SourceInfo())
		if err != nil {
			return nil, err
		}
		all = append(all, variant)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

func (m *mutation) variants(e ast.Expr) (all []ast.Expr) {
	switch e.Kind() {
	case ast.SelectKind:
		return m.swaps(e)
	case ast.LiteralKind:
		if n, ok := e.AsLiteral().(types.Int); ok {
			return []ast.Expr{m.make.NewLiteral(0, n+1), m.make.NewLiteral(0, n-1)}
		}
	case ast.ListKind:
		elements := e.AsList().Elements()
		for i := range elements {
			all = append(all, m.make.NewList(0, slices.Delete(slices.Clone(elements), i, i+1), nil))
			for _, v := range m.variants(elements[i]) {
				all = append(all, m.make.NewList(0, replace(elements, i, v), nil))
			}
		}
	case ast.CallKind:
		return m.ofCall(e.AsCall())
	}
	return all
}

func (m *mutation) ofCall(call ast.CallExpr) (all []ast.Expr) {
	name, args := call.FunctionName(), call.Args()
	again := func(args []ast.Expr) ast.Expr {
		if call.IsMemberFunction() {
			return m.make.NewMemberCall(0, name, call.Target(), args...)
		}
		return m.make.NewCall(0, name, args...)
	}
	switch other := turned[name]; {
	case other != "" && len(args) == 2:
		all = append(all, m.make.NewCall(0, other, args...))
	case name == operators.LogicalAnd || name == operators.LogicalOr || name == operators.LogicalNot:
		all = append(all, args...) // one part alone, or without the negation
	case name == operators.Conditional:
		all = append(all, args[1], args[2])
	}
	for i := range args {
		for _, v := range m.variants(args[i]) {
			all = append(all, again(replace(args, i, v)))
		}
	}
	if call.IsMemberFunction() {
		for _, v := range m.variants(call.Target()) {
			all = append(all, m.make.NewMemberCall(0, name, v, args...))
		}
	}
	return all
}

func replace(list []ast.Expr, i int, e ast.Expr) []ast.Expr {
	changed := slices.Clone(list)
	changed[i] = e
	return changed
}

// swaps puts every other declared input in the place of one. Those of another
// type do not compile and count for nothing.
func (m *mutation) swaps(e ast.Expr) (all []ast.Expr) {
	name, err := cel.ExprToString(e, nil)
	if err != nil {
		return nil
	}
	names := slices.Clone(m.rule.Facts)
	for p := range m.rule.Params {
		names = append(names, "param."+p)
	}
	for _, other := range names {
		if other == name {
			continue
		}
		if parsed, issues := m.env.Parse(other); issues.Err() == nil {
			all = append(all, parsed.NativeRep().Expr())
		}
	}
	return all
}

// moveParams moves every value of every parameter by its smallest step.
func moveParams(r *rule.Rule) (mutants []mutant) {
	for i, s := range r.Defaults {
		for _, value := range moves(r.Params[s.Param], s.Value) {
			changed := *r
			changed.Defaults = slices.Clone(r.Defaults)
			changed.Defaults[i].Value = value
			mutants = append(mutants, mutant{fmt.Sprintf("defaults[%d]: %s = %s", i, s.Param, strings.Join(value, ", ")), &changed})
		}
	}
	return mutants
}

func moves(t rule.Type, value rule.Words) (all []rule.Words) {
	switch t {
	case rule.Text:
		return []rule.Words{{value[0] + "x"}}
	case rule.Texts:
		for i := range value {
			all = append(all, slices.Delete(slices.Clone(value), i, i+1))
		}
		return all
	}
	step := map[rule.Type]string{rule.Amount: "0.01", rule.Share: "0.0001"}[t]
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
	x, errX := rule.ParseDecimal(a)
	y, errY := rule.ParseDecimal(b)
	if errX != nil || errY != nil {
		return ""
	}
	return fmt.Sprint(x.Add(y))
}
