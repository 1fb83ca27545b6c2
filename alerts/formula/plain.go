package formula

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// step computes one part of a formula from the inputs. Like a step of cel-go's it gives
// a value, an unknown or an error.
type step func(in Inputs) ref.Val

// planner makes steps of a checked expression, which run at a fraction of what the general
// interpreter takes for frames, names, overloads and costs. What they come to is what
// cel-go comes to; the tests hold each rule's formulas to that, with inputs missing and
// wrong.
type planner struct{ calendar Calendar }

// plan is nil for what only cel-go runs.
func (p planner) plan(e ast.Expr) step {
	switch e.Kind() {
	case ast.LiteralKind:
		return constant(e.AsLiteral())
	case ast.IdentKind:
		name := e.AsIdent()
		return func(in Inputs) ref.Val { return in.Input(name).v }
	case ast.ListKind:
		return list(e.AsList().Elements())
	case ast.CallKind:
		return p.call(e)
	case ast.ComprehensionKind:
		return p.loop(e.AsComprehension())
	}
	return nil
}

// loop is all() or exists(): a chain of && or || over a list.
func (p planner) loop(c ast.ComprehensionExpr) step {
	if c.LoopStep().Kind() != ast.CallKind || c.Result().Kind() != ast.IdentKind {
		return nil
	}
	call := c.LoopStep().AsCall()
	early, known := map[string]types.Bool{operators.LogicalAnd: types.False, operators.LogicalOr: types.True}[call.FunctionName()]
	if !known {
		return nil
	}
	elements, part := p.plan(c.IterRange()), p.plan(call.Args()[1])
	if elements == nil || part == nil {
		return nil
	}
	return func(in Inputs) ref.Val {
		v := elements(in)
		if types.IsUnknownOrError(v) {
			return v
		}
		list := v.(traits.Lister)
		size := list.Size().(types.Int)
		if size > mostElements {
			return tooLong
		}
		inside, chain := &within{Inputs: in, name: c.IterVar()}, chain{early: early}
		for i := types.Int(0); i < size && !chain.decided; i++ {
			inside.element = Value{list.Get(i)}
			chain.add(part(inside))
		}
		return chain.value()
	}
}

// within are the inputs inside a loop.
type within struct {
	Inputs
	name    string
	element Value
}

// Input is the element at hand, or an input of the formula.
func (w *within) Input(name string) Value {
	if name == w.name {
		return w.element
	}
	return w.Inputs.Input(name)
}

// tooLong says that a list is longer than formulas are made for: cel-go then runs the
// formula, and counts what it costs.
var tooLong = types.NewErr("a list of more than %d elements", mostElements)

func constant(v ref.Val) step { return func(Inputs) ref.Val { return v } }

// list makes a list of literals, once.
func list(elements []ast.Expr) step {
	values := make([]ref.Val, len(elements))
	for i, e := range elements {
		if e.Kind() != ast.LiteralKind {
			return nil
		}
		values[i] = e.AsLiteral()
	}
	return constant(types.NewRefValList(types.DefaultTypeAdapter, values))
}

func (p planner) call(e ast.Expr) step {
	call := e.AsCall()
	arguments := call.Args()
	if call.IsMemberFunction() {
		arguments = append([]ast.Expr{call.Target()}, arguments...)
	}
	name := call.FunctionName()
	if name == decFunction {
		return constant(decimalOf(arguments[0].AsLiteral()))
	}
	var parts []step
	for _, a := range arguments {
		part := p.plan(a)
		if part == nil {
			return nil
		}
		parts = append(parts, part)
	}
	switch {
	case name == operators.LogicalAnd:
		return decided(parts, types.False)
	case name == operators.LogicalOr:
		return decided(parts, types.True)
	case name == operators.Conditional:
		return choice(parts[0], parts[1], parts[2])
	case name == operators.Equals:
		return equality(parts[0], parts[1], types.True)
	case name == operators.NotEquals:
		return equality(parts[0], parts[1], types.False)
	case len(parts) == 1 && unaries[name] != nil:
		return unary(unaries[name], parts[0])
	case name == "wd":
		return binary(p.calendar.between, parts[0], parts[1])
	case len(parts) == 2 && binaries[name] != nil:
		return binary(binaries[name], parts[0], parts[1])
	}
	return nil
}

// decided is && or ||.
func decided(parts []step, early types.Bool) step {
	return func(in Inputs) ref.Val {
		chain := chain{early: early}
		for _, part := range parts {
			if chain.add(part(in)); chain.decided {
				break
			}
		}
		return chain.value()
	}
}

// chain is a row of && or || under way: the first part that is early decides, whatever
// the others lack.
type chain struct {
	early   types.Bool
	decided bool
	unknown *types.Unknown
	failed  ref.Val
}

func (c *chain) add(v ref.Val) {
	switch v := v.(type) {
	case types.Bool:
		c.decided = v == c.early
	case *types.Unknown:
		c.unknown = types.MergeUnknowns(c.unknown, v)
	default:
		if c.decided = v == tooLong; c.decided || c.failed == nil {
			c.failed = types.MaybeNoSuchOverloadErr(v)
		}
	}
}

func (c *chain) value() ref.Val {
	switch {
	case c.failed == tooLong:
		return tooLong
	case c.decided:
		return c.early
	case c.unknown != nil:
		return c.unknown
	case c.failed != nil:
		return c.failed
	}
	return !c.early
}

func choice(condition, then, otherwise step) step {
	return func(in Inputs) ref.Val {
		switch v := condition(in).(type) {
		case types.Bool:
			if v {
				return then(in)
			}
			return otherwise(in)
		case *types.Unknown:
			return v
		default:
			return types.MaybeNoSuchOverloadErr(v)
		}
	}
}

func unary(f func(ref.Val) ref.Val, argument step) step {
	return func(in Inputs) ref.Val {
		v := argument(in)
		if types.IsUnknownOrError(v) {
			return v
		}
		return f(v)
	}
}

// binary computes what needs both of its parts. An unknown on the left hides an error on
// the right.
func binary(f func(a, b ref.Val) ref.Val, left, right step) step {
	return func(in Inputs) ref.Val {
		a := left(in)
		if types.IsError(a) {
			return a
		}
		b := right(in)
		if unknown, is := a.(*types.Unknown); is {
			other, _ := b.(*types.Unknown)
			return types.MergeUnknowns(unknown, other)
		}
		if types.IsUnknownOrError(b) {
			return b
		}
		return f(a, b)
	}
}

// equality is == (holds is true) or !=. An error on either side comes before an unknown.
func equality(left, right step, holds types.Bool) step {
	return func(in Inputs) ref.Val {
		a := left(in)
		if types.IsError(a) {
			return a
		}
		b := right(in)
		if types.IsError(b) {
			return b
		}
		unknown, isUnknown := a.(*types.Unknown)
		other, isOther := b.(*types.Unknown)
		if isUnknown || isOther {
			return types.MergeUnknowns(unknown, other)
		}
		if x, isText := a.(types.String); isText {
			if y, isText := b.(types.String); isText {
				return types.Bool((x == y) == bool(holds))
			}
		}
		return types.Bool((types.Equal(a, b) == types.True) == bool(holds))
	}
}

var unaries = map[string]func(ref.Val) ref.Val{
	operators.LogicalNot: func(v ref.Val) ref.Val { return !v.(types.Bool) },
	overloads.Size:       func(v ref.Val) ref.Val { return v.(traits.Sizer).Size() },
	"day":                dayOf,
	"norm":               normOf,
}

var binaries = map[string]func(a, b ref.Val) ref.Val{
	operators.Less:          ordered(types.IntNegOne),
	operators.LessEquals:    ordered(types.IntNegOne, types.IntZero),
	operators.Greater:       ordered(types.IntOne),
	operators.GreaterEquals: ordered(types.IntOne, types.IntZero),
	operators.Add:           func(a, b ref.Val) ref.Val { return a.(traits.Adder).Add(b) },
	operators.Subtract:      func(a, b ref.Val) ref.Val { return a.(traits.Subtractor).Subtract(b) },
	operators.Multiply:      func(a, b ref.Val) ref.Val { return a.(traits.Multiplier).Multiply(b) },
	operators.In:            func(a, b ref.Val) ref.Val { return b.(traits.Container).Contains(a) },
	overloads.Contains:      texts(strings.Contains),
	overloads.StartsWith:    texts(strings.HasPrefix),
	overloads.EndsWith:      texts(strings.HasSuffix),
	"dd":                    daysBetween,
	"months":                monthsBetween,
	"sim":                   similarity,
	holdsFunction:           holdsAny(strings.Contains),
	beginsFunction:          holdsAny(strings.HasPrefix),
}

// ordered is a comparison that holds for some of -1, 0 and 1.
func ordered(when ...types.Int) func(a, b ref.Val) ref.Val {
	return func(a, b ref.Val) ref.Val {
		order := a.(traits.Comparer).Compare(b)
		n, ok := order.(types.Int)
		if !ok {
			return order
		}
		return types.Bool(slices.Contains(when, n))
	}
}

func texts(is func(text, part string) bool) func(a, b ref.Val) ref.Val {
	return func(a, b ref.Val) ref.Val { return types.Bool(is(string(a.(types.String)), string(b.(types.String)))) }
}
