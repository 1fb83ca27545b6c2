package formula

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// Bounds of a formula. A list holds at most mostElements, or its rule is not
// evaluable: no tender has that many bidders.
const (
	mostRunes    = 2000
	mostDepth    = 40
	mostNesting  = 2
	mostElements = 200
	mostText     = 500
	mostCost     = 600_000
)

// subset of the standard library. What is not here does not compile: division,
// double, dyn, conversions, regular expressions, indexes, maps.
var subset = &env.LibrarySubset{
	IncludeMacros: []string{operators.All, operators.Exists, operators.ExistsOne, operators.Filter},
	IncludeFunctions: []*env.Function{
		{Name: operators.LogicalAnd}, {Name: operators.LogicalOr}, {Name: operators.LogicalNot},
		{Name: operators.NotStrictlyFalse}, {Name: operators.Conditional},
		{Name: operators.Equals}, {Name: operators.NotEquals},
		only(operators.Less, overloads.LessInt64, overloads.LessTimestamp),
		only(operators.LessEquals, overloads.LessEqualsInt64, overloads.LessEqualsTimestamp),
		only(operators.Greater, overloads.GreaterInt64, overloads.GreaterTimestamp),
		only(operators.GreaterEquals, overloads.GreaterEqualsInt64, overloads.GreaterEqualsTimestamp),
		only(operators.Add, overloads.AddInt64, overloads.AddList), // lists: filter adds what it keeps
		only(operators.Subtract, overloads.SubtractInt64),
		only(operators.Multiply, overloads.MultiplyInt64),
		only(operators.In, overloads.InList),
		only(overloads.Size, overloads.SizeList, overloads.SizeListInst, overloads.SizeString, overloads.SizeStringInst),
		{Name: overloads.Contains}, {Name: overloads.StartsWith}, {Name: overloads.EndsWith},
	},
}

func only(function string, ids ...string) *env.Function {
	f := env.NewFunction(function)
	for _, id := range ids {
		f.Overloads = append(f.Overloads, &env.Overload{ID: id})
	}
	return f
}

const decFunction = "dec"

// Language is what a formula may say: exact decimals, days, instants, texts,
// lists of them, and its inputs.
type Language struct {
	env      *cel.Env
	calendar Calendar
}

// NewLanguage makes the language without inputs. The calendar may be nil: wd()
// is then never decided.
func NewLanguage(calendar Calendar) (*Language, error) {
	options := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(subset)),
		cel.EnableMacroCallTracking(),
		cel.ParserExpressionSizeLimit(mostRunes),
		cel.ParserRecursionLimit(mostDepth),
		cel.ASTValidators(cel.ValidateComprehensionNestingLimit(mostNesting)),
		cel.Types(decimalType, dayType),
		cel.Function(decFunction, cel.Overload("dec_string", []*cel.Type{cel.StringType}, decimalType, cel.UnaryBinding(decimalOf))),
		two("dd", dayType, cel.IntType, daysBetween),
		two("wd", dayType, cel.IntType, calendar.between),
		two("months", dayType, cel.IntType, monthsBetween),
		two("sim", cel.StringType, decimalType, similarity),
		anyOf(holdsFunction, strings.Contains),
		anyOf(beginsFunction, strings.HasPrefix),
		cel.Function("day", cel.Overload("day_instant", []*cel.Type{cel.TimestampType}, dayType, cel.UnaryBinding(dayOf))),
		cel.Function("norm", cel.Overload("norm_string", []*cel.Type{cel.StringType}, cel.StringType,
			cel.UnaryBinding(normOf))),
	}
	for _, op := range []string{operators.Add, operators.Subtract, operators.Multiply} {
		options = append(options, cel.Function(op, cel.Overload("decimal"+op, []*cel.Type{decimalType, decimalType}, decimalType)))
	}
	for _, op := range []string{operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals} {
		options = append(options, cel.Function(op,
			cel.Overload("decimal"+op, []*cel.Type{decimalType, decimalType}, cel.BoolType),
			cel.Overload("day"+op, []*cel.Type{dayType, dayType}, cel.BoolType)))
	}
	env, err := cel.NewCustomEnv(options...)
	return &Language{env, calendar}, err
}

// With adds inputs. Their names are flat and have a dot: contract.paid.
func (l *Language) With(inputs map[string]Type) (*Language, error) {
	var options []cel.EnvOption
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		options = append(options, cel.Variable(name, inputs[name].cel()))
	}
	env, err := l.env.Extend(options...)
	return &Language{env, l.calendar}, err
}

func two(name string, of, result *cel.Type, f func(a, b ref.Val) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_two", []*cel.Type{of, of}, result, cel.BinaryBinding(f)))
}

const holdsFunction, beginsFunction = "holds", "begins"

// anyOf is a function of a text and a list of words: is one of them so in the text?
// exists() says the same at many times the cost.
func anyOf(name string, is func(text, word string) bool) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_any", []*cel.Type{cel.StringType, cel.ListType(cel.StringType)}, cel.BoolType,
		cel.BinaryBinding(holdsAny(is))))
}

func holdsAny(is func(text, word string) bool) func(text, words ref.Val) ref.Val {
	return func(text, words ref.Val) ref.Val {
		t, list := string(text.(types.String)), words.(traits.Lister)
		for i := range list.Size().(types.Int) {
			if word, ok := list.Get(i).(types.String); ok && is(t, string(word)) {
				return types.True
			}
		}
		return types.False
	}
}

// decimalOf is dec('…').
func decimalOf(s ref.Val) ref.Val {
	d, err := ParseDecimal(string(s.(types.String)))
	if err != nil {
		return types.WrapErr(err)
	}
	return d
}

// Formula is one compiled expression, to be used by any number of goroutines.
type Formula struct {
	// run computes it. A formula that has no steps, or meets a list that is too long for
	// them, is run by cel-go: program, nil where neither can be.
	run     step
	program cel.Program
	// tracked is the same with every step recorded, for explanations.
	tracked cel.Program
	ast     *ast.AST
	// inputs are the variables read, sorted.
	inputs []string
}

// Compile checks an expression against everything that can be known before it
// runs: types, literals, nesting and the most it can cost. It must come to one
// of the wanted types.
func (l *Language) Compile(text string, want ...Type) (*Formula, error) {
	parsed, issues := l.env.Compile(text)
	if issues.Err() != nil {
		return nil, firstLine(issues.Err())
	}
	tree := parsed.NativeRep()
	if !slices.ContainsFunc(want, func(t Type) bool { return t.cel().IsExactType(parsed.OutputType()) }) {
		return nil, fmt.Errorf("it is %s, want %s", parsed.OutputType(), want)
	}
	var foreign []string
	for _, t := range tree.TypeMap() {
		if !ours(t) {
			foreign = append(foreign, t.String())
		}
	}
	if len(foreign) > 0 { // in the order of a map
		return nil, fmt.Errorf("%s is not used in formulas: amounts and shares are decimals, written dec('0.05')", slices.Min(foreign))
	}
	if err := checkDecimals(tree); err != nil {
		return nil, err
	}
	estimate, err := l.env.EstimateCost(parsed, estimator{})
	if err != nil {
		return nil, err
	}
	if estimate.Max > mostCost {
		return nil, fmt.Errorf("it may take %d steps, at most %d", estimate.Max, mostCost)
	}
	f := &Formula{ast: tree}
	for _, r := range tree.ReferenceMap() {
		if r.Name != "" && strings.Contains(r.Name, ".") {
			f.inputs = append(f.inputs, r.Name)
		}
	}
	slices.Sort(f.inputs)
	f.inputs = slices.Compact(f.inputs)
	options := []cel.ProgramOption{cel.CustomDecoratorV2(constantDecimals)}
	f.run = (planner{l.calendar}).plan(tree.Expr())
	loops := loops(tree)
	if loops { // the limit costs time, and only a loop can exceed the estimate
		options = append(options, cel.CostLimit(mostCost))
	}
	if loops || f.run == nil {
		if f.program, err = l.env.Program(parsed, options...); err != nil {
			return nil, err
		}
	}
	f.tracked, err = l.env.Program(parsed, append(options, cel.EvalOptions(cel.OptTrackState))...)
	return f, err
}

// Inputs lists the names of what the formula reads, sorted.
func (f *Formula) Inputs() []string { return f.inputs }

// Numbers lists the numbers that are written in the formula itself, sorted.
func (f *Formula) Numbers() (numbers []string) {
	for _, e := range ast.MatchDescendants(ast.NavigateAST(f.ast), ast.KindMatcher(ast.LiteralKind)) {
		parent, within := e.Parent()
		switch literal := e.AsLiteral().(type) {
		case types.Int:
			numbers = append(numbers, fmt.Sprint(literal.Value()))
		case types.String:
			if within && parent.Kind() == ast.CallKind && parent.AsCall().FunctionName() == decFunction {
				numbers = append(numbers, string(literal))
			}
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// Inputs answers by name. What is not there is [Unfit] with a reason.
type Inputs interface {
	Input(name string) Value
}

// Activation lends inputs to formulas without allocating.
type Activation struct{ Inputs }

// ResolveName asks for an input when a formula reads it.
func (a *Activation) ResolveName(name string) (any, bool) {
	if !strings.Contains(name, ".") { // a name of the language; unknown inputs do not compile
		return nil, false
	}
	return a.Input(name).v, true
}

// Parent is none.
func (a *Activation) Parent() cel.Activation { return nil }

// Eval runs the formula. A missing input is no error to cel-go, nor to us: the
// value then has a Reason. Only what has none is a verdict.
func (f *Formula) Eval(a *Activation) (Value, error) {
	if f.run != nil {
		v := f.run(a.Inputs)
		failed, is := v.(*types.Err)
		if !is {
			return Value{v}, nil
		}
		if failed != tooLong.(*types.Err) {
			return Value{}, failed
		}
	}
	out, _, err := f.program.Eval(a)
	if err != nil {
		return Value{}, err
	}
	return Value{out}, nil
}

// firstLine drops the drawing below a compiler's message.
func firstLine(err error) error {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return errors.New(strings.TrimPrefix(line, "ERROR: <input>:"))
}

// ours says whether a type may occur in a formula. The checker gives every part
// of an expression a type, so this finds double and null literals, dyn and
// mixed lists wherever they hide.
func ours(t *cel.Type) bool {
	switch t.Kind() {
	case types.BoolKind, types.IntKind, types.StringKind, types.TimestampKind:
		return true
	case types.StructKind:
		return t.IsExactType(decimalType) || t.IsExactType(dayType)
	case types.ListKind:
		return ours(t.Parameters()[0])
	}
	return false
}

// checkDecimals parses every dec('…'): cel-go compiles dec('abc').
func checkDecimals(tree *ast.AST) error {
	for _, call := range ast.MatchDescendants(ast.NavigateAST(tree), ast.FunctionMatcher(decFunction)) {
		argument := call.AsCall().Args()[0]
		if argument.Kind() != ast.LiteralKind {
			return errors.New("dec() takes a literal: dec('0.05')")
		}
		text := string(argument.AsLiteral().(types.String))
		if _, err := ParseDecimal(text); err != nil {
			return fmt.Errorf("dec('%s'): %w", text, err)
		}
	}
	return nil
}

func loops(tree *ast.AST) bool {
	return len(ast.MatchDescendants(ast.NavigateAST(tree), ast.KindMatcher(ast.ComprehensionKind))) > 0
}

// constantDecimals parses dec('…') once, when the program is made.
func constantDecimals(step interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := step.(interpreter.InterpretableCall)
	if !ok || call.Function() != decFunction {
		return step, nil
	}
	if literal, ok := call.Args()[0].(interpreter.InterpretableConst); ok {
		return interpreter.NewConstValue(call.ID(), decimalOf(literal.Value())), nil
	}
	return step, nil
}

// estimator says how large inputs can be.
type estimator struct{}

// EstimateSize bounds lists and texts.
func (estimator) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	text := cost.RangedSizeEstimate(0, mostText)
	switch kind, input := n.Type().Kind(), len(n.Path()) > 0; {
	case !input && (kind == types.ListKind || kind == types.StringKind):
		return nil // cel-go knows best what it made of the inputs
	case kind == types.ListKind:
		elements := cost.RangedSizeEstimate(0, mostElements)
		if elements.Elem = new(cost.FixedSizeEstimate(1)); n.Type().Parameters()[0].Kind() == types.StringKind {
			elements.Elem = &text
		}
		return &elements
	case kind == types.StringKind:
		return &text
	}
	return new(cost.FixedSizeEstimate(1))
}

// EstimateCallCost knows that comparing names costs more than adding amounts.
func (estimator) EstimateCallCost(function, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	switch function {
	case holdsFunction, beginsFunction:
		return &cost.CallEstimate{CostEstimate: cost.FixedCostEstimate(mostElements)}
	case "sim", "norm":
		size := cost.RangedSizeEstimate(0, mostText)
		return &cost.CallEstimate{CostEstimate: cost.FixedCostEstimate(mostText), ResultSize: &size}
	}
	return nil
}
