package formula

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// turned are the operators that are mistaken for each other.
var turned = map[string]string{
	operators.Greater: operators.GreaterEquals, operators.GreaterEquals: operators.Greater,
	operators.Less: operators.LessEquals, operators.LessEquals: operators.Less,
	operators.Equals: operators.NotEquals, operators.NotEquals: operators.Equals,
	operators.Add: operators.Subtract, operators.Subtract: operators.Add,
}

// Mutants lists the expressions that differ from text in one place: an operator
// turned, a condition, a negation or an element of a list dropped, a whole
// number moved by one, an input swapped for another of the names. Some will not
// compile. Tests that cannot tell a formula from its mutants do not test it.
func Mutants(text string, names []string) ([]string, error) {
	// Macros stay calls, so that what is changed inside them is written out again.
	env, err := cel.NewCustomEnv(cel.ClearMacros())
	if err != nil {
		return nil, err
	}
	parsed, issues := env.Parse(text)
	if issues.Err() != nil {
		return nil, firstLine(issues.Err())
	}
	m := &mutation{make: ast.NewExprFactory()}
	for _, name := range names {
		input, issues := env.Parse(name)
		if issues.Err() != nil {
			return nil, fmt.Errorf("input %s: %w", name, firstLine(issues.Err()))
		}
		m.inputs = append(m.inputs, input.NativeRep().Expr())
		m.names = append(m.names, name)
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

// mutation makes variants of expressions.
type mutation struct {
	make   ast.ExprFactory
	inputs []ast.Expr
	names  []string
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
	case name == operators.In || name == holdsFunction || name == beginsFunction:
		all = append(all, m.make.NewCall(0, operators.LogicalNot, m.make.NewCall(0, name, args...)))
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

// swaps puts every other input in the place of one.
func (m *mutation) swaps(e ast.Expr) (all []ast.Expr) {
	own, err := cel.ExprToString(e, nil)
	for i, name := range m.names {
		if err == nil && name != own {
			all = append(all, m.inputs[i])
		}
	}
	return all
}
