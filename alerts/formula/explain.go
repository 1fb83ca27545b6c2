package formula

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
)

// Step is a part of a formula and what it came to.
type Step struct {
	Expression string
	Value      Value
}

// Interpret runs the formula by cel-go alone, step by step, as Explain does. It is what
// the faster [Formula.Eval] is held to.
func (f *Formula) Interpret(a *Activation) (Value, error) {
	v, _, err := f.tracked.Eval(a)
	return Value{v}, err
}

// Explain runs the formula once more with every step recorded, and lists the
// values of its parts, the innermost first.
func (f *Formula) Explain(a *Activation) ([]Step, error) {
	_, details, err := f.tracked.Eval(a)
	if err != nil {
		return nil, err
	}
	return f.steps(details.State())
}

// steps reads the recorded values, leaving out literals, what was not run, and
// the inside of loops, of which only the last round is recorded.
func (f *Formula) steps(state interpreter.EvalState) ([]Step, error) {
	var steps []Step
	seen := map[string]bool{}
	var walk func(e ast.Expr) error
	walk = func(e ast.Expr) error {
		switch e.Kind() {
		case ast.LiteralKind:
			return nil
		case ast.CallKind:
			if e.AsCall().FunctionName() == decFunction {
				return nil
			}
			for _, argument := range e.AsCall().Args() {
				if err := walk(argument); err != nil {
					return err
				}
			}
			if e.AsCall().IsMemberFunction() {
				if err := walk(e.AsCall().Target()); err != nil {
					return err
				}
			}
		}
		v, ok := state.Value(e.ID())
		if !ok || types.IsUnknownOrError(v) {
			return nil
		}
		text, err := cel.ExprToString(e, f.ast.SourceInfo())
		if err != nil || seen[text] {
			return err
		}
		seen[text] = true
		steps = append(steps, Step{text, Value{v}})
		return nil
	}
	if err := walk(f.ast.Expr()); err != nil {
		return nil, err
	}
	return steps, nil
}
