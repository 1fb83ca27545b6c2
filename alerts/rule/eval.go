package rule

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Facts answers for one entry what the catalogue promises for its kind. A fact
// that is not known is (Value{}, false). Answers must not change while a rule
// is judged, nor come from a clock.
type Facts interface {
	Fact(name string) (Value, bool)
}

// Act is what is judged: an entry, or a draft before it is posted.
type Act struct {
	Book string
	// Day is the day of the act; it chooses the parameters.
	Day Day
	// Region is the administrative code of the place, for the parameters.
	Region string
	// AfterFact marks what had happened already when it was recorded: it cannot
	// be stopped any more, so B becomes A, red.
	AfterFact bool
	Facts     Facts
}

// State is what became of a rule at an act.
type State string

// The states. A missing verdict is NotEvaluable and never Clear.
const (
	Flag          State = "flag"
	Clear         State = "clear"
	NotApplicable State = "not_applicable"
	NotEvaluable  State = "not_evaluable"
)

// Result is a rule's verdict on an act: a reason to look, or none.
type Result struct {
	Code    string
	Version int
	State   State
	// Reason says why it is not evaluable: field:contract.amount, param:p,
	// calendar:2027, zone, n<3, error. Several are in alphabetical order.
	Reason string
	// Err is set when the reason is error; it is for the operators of the system.
	Err error
	// Handling and Level are those of the band and of an act after the fact.
	Handling string
	Level    string
	Value    Value
	Limit    Value
	Subject  []string
	Window   string
	// Fingerprint tells hits of the same matter from others; see [Fingerprint].
	Fingerprint [sha256.Size]byte
	// SuppressedBy is the basis of the white list's line, if one matched.
	SuppressedBy string
	Message      Names
}

// Compiled is a rule ready to be judged, by any number of goroutines.
type Compiled struct {
	*Rule
	applies *formula
	when    *formula // nil for deadlines: the timer is the condition
	value   *formula
	limit   *formula
	bands   []band
	message message
	params  []*param
	types   map[string]Type // of the declared facts and, with param., parameters
	exempt  []Exemption
	inputs  sync.Pool
}

type band struct {
	Band
	when    *formula
	limit   *formula
	message message
}

// Eval judges an act. The order is: data gate, applicability, formula, white
// list. For a deadline it judges the entry that opens the timer, and a flag is
// the alert to be raised if the timer fires.
func (c *Compiled) Eval(a Act) (r Result) {
	r = Result{Code: c.Code, Version: c.Version, Handling: c.Handling, Level: c.Level}
	in := c.inputs.Get().(*inputs)
	in.rule, in.act = c, a
	defer func() {
		in.act = Act{}
		c.inputs.Put(in)
		if broken := recover(); broken != nil {
			r = c.broken(r, fmt.Errorf("panic: %v", broken))
		}
	}()
	if !holds(c.From, c.To, a.Day) {
		r.State = NotApplicable
		return r
	}
	if reason := in.gate(); reason != "" {
		r.State, r.Reason = NotEvaluable, reason
		return r
	}
	if yes, ok := c.decide(c.applies, in, &r); !ok {
		return r
	} else if !yes {
		r.State = NotApplicable
		return r
	}
	if c.when != nil {
		if yes, ok := c.decide(c.when, in, &r); !ok {
			return r
		} else if !yes {
			r.State = Clear
			return r
		}
	}
	c.hit(in, &r)
	return r
}

// broken reports a fault of the rule itself.
func (c *Compiled) broken(r Result, err error) Result {
	return Result{Code: r.Code, Version: r.Version, Handling: c.Handling, Level: c.Level, State: NotEvaluable, Reason: "error", Err: err}
}

// decide runs a condition. When it cannot be decided, r says so and ok is false.
func (c *Compiled) decide(f *formula, in *inputs, r *Result) (yes, ok bool) {
	if f == nil {
		return true, true
	}
	out, _, err := f.program.Eval(in)
	if err != nil {
		*r = c.broken(*r, err)
		return false, false
	}
	switch out := out.(type) {
	case types.Bool:
		return bool(out), true
	case *types.Unknown: // err is nil here: a missing input is no error to cel-go
		r.State, r.Reason = NotEvaluable, reasons(out)
		return false, false
	}
	*r = c.broken(*r, fmt.Errorf("a condition gave %T", out))
	return false, false
}

// reasons lists why an unknown is unknown.
func reasons(u *types.Unknown) string {
	var all []string
	for _, id := range u.IDs() {
		trails, _ := u.GetAttributeTrails(id)
		for _, t := range trails {
			all = append(all, t.Variable())
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

// Measure computes value and limit of an act that is clear, for those who want
// to see how near it came; flags have them already.
func (c *Compiled) Measure(a Act) (value, limit Value) {
	in := &inputs{rule: c, act: a}
	return c.compute(c.value, in), c.compute(c.limit, in)
}

// compute runs what is shown and not judged: what cannot be computed stays empty.
func (c *Compiled) compute(f *formula, in *inputs) Value {
	if f == nil {
		return Value{}
	}
	out, _, err := f.program.Eval(in)
	if err != nil || types.IsUnknownOrError(out) {
		return Value{}
	}
	return Value{out}
}

// hit fills in the flag: band, measure, subject, fingerprint, sentence.
func (c *Compiled) hit(in *inputs, r *Result) {
	text, limit := &c.message, c.limit
	for i := range c.bands {
		b := &c.bands[i]
		yes, ok := c.decide(b.when, in, r)
		if !ok {
			return
		}
		if yes {
			r.Handling, r.Level, limit, text = b.Handling, b.Level, b.limit, &b.message
			break
		}
	}
	for _, name := range c.Subject {
		v, _ := in.ResolveName(name)
		if u, missing := v.(*types.Unknown); missing {
			r.State, r.Reason, r.Subject = NotEvaluable, reasons(u), nil
			return
		}
		r.Subject = append(r.Subject, in.value(name).String())
	}
	r.Value, r.Limit = c.compute(c.value, in), c.compute(limit, in)
	if in.act.AfterFact && r.Handling == "B" {
		r.Handling, r.Level = "A", "red"
	}
	r.State = Flag
	r.Window = c.window(in.act.Day)
	r.Fingerprint = Fingerprint(in.act.Book, c.Code, r.Subject, r.Window)
	r.SuppressedBy = in.exempted()
	r.Message = text.fill(in, r)
}

// window names the stretch of time within which hits are one matter.
func (c *Compiled) window(d Day) string {
	day := d.String()
	switch c.Window {
	case "day":
		return day
	case "month":
		return day[:len("2006-01")]
	case "fiscal_year": // the calendar year (预算法 18)
		return day[:len("2006")]
	}
	return ""
}

// Fingerprint is SHA-256 over book, code, each subject and window, every one
// with its length in four bytes, big-endian, before it: in Fingerprint("B", "P01",
// ["K1"], "") the hashed bytes are 00000001 B 00000003 P01 00000002 K1 00000000.
// Version, amount and wording are no part of it: a hit after a new version of
// the rule is still the same matter.
func Fingerprint(book, code string, subject []string, window string) (f [sha256.Size]byte) {
	h := sha256.New()
	for _, s := range append(append([]string{book, code}, subject...), window) {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(s)))
		h.Write(length[:])
		h.Write([]byte(s))
	}
	h.Sum(f[:0])
	return f
}

// inputs is the activation of one evaluation. It asks for a fact only when the
// formula reads it.
type inputs struct {
	rule *Compiled
	act  Act
}

const paramPrefix = "param."

// ResolveName answers with the value, or with an unknown that carries the reason.
func (in *inputs) ResolveName(name string) (any, bool) {
	if strings.HasPrefix(name, paramPrefix) {
		return in.param(name)
	}
	if !strings.Contains(name, ".") { // a name of the language; facts that are not declared do not compile
		return nil, false
	}
	v, ok := in.act.Facts.Fact(name)
	if !ok || v.v == nil {
		return trail("field:" + name), true
	}
	return v.v, true
}

// Parent is none.
func (in *inputs) Parent() cel.Activation { return nil }

func (in *inputs) param(name string) (any, bool) {
	for _, p := range in.rule.params {
		if p.name != name {
			continue
		}
		category := ""
		if p.scoped && in.rule.Scope != "" {
			c, _ := in.ResolveName(in.rule.Scope)
			text, ok := c.(types.String)
			if !ok {
				return c, true
			}
			category = string(text)
		}
		if v, ok := p.choose(in.act.Region, category, in.act.Day); ok {
			return v.v, true
		}
		return trail("param:" + strings.TrimPrefix(name, paramPrefix)), true
	}
	return nil, false
}

// value is a fact or parameter for people; nothing when it is missing.
func (in *inputs) value(name string) Value {
	v, _ := in.ResolveName(name)
	val, ok := v.(ref.Val)
	if !ok || types.IsUnknownOrError(val) {
		return Value{}
	}
	return Value{val}
}

// gate is the data gate: what must be there is there and fit, and there are
// enough observations.
func (in *inputs) gate() string {
	for _, name := range in.rule.Required {
		v, _ := in.ResolveName(name)
		if u, missing := v.(*types.Unknown); missing {
			return reasons(u)
		}
	}
	if least := in.rule.Minimum; least.Fact != "" {
		switch n, _ := in.ResolveName(least.Fact); n := n.(type) {
		case *types.Unknown:
			return reasons(n)
		case types.Int:
			if int64(n) < least.N {
				return fmt.Sprintf("n<%d", least.N)
			}
		}
	}
	return ""
}

// exempted looks the act up in the white list.
func (in *inputs) exempted() string {
	for _, e := range in.rule.exempt {
		if !holds(e.From, e.To, in.act.Day) {
			continue
		}
		v := in.value(e.Fact)
		if one, ok := v.v.(types.String); ok && string(one) == e.Text {
			return e.Basis
		}
		if list, ok := v.v.(container); ok && list.Contains(types.String(e.Text)) == types.True {
			return e.Basis
		}
	}
	return ""
}

// Explain judges once more with every step recorded, and lists the values of
// all parts of the condition, the innermost first. It is for hits, which are few.
func (c *Compiled) Explain(a Act) ([]Step, error) {
	f := c.when
	if f == nil {
		if f = c.applies; f == nil {
			return nil, nil
		}
	}
	_, details, err := f.tracked.Eval(&inputs{rule: c, act: a})
	if err != nil {
		return nil, fmt.Errorf("explain %s: %w", c.Code, err)
	}
	if details == nil || details.State() == nil {
		return nil, errors.New("explain " + c.Code + ": no steps were recorded")
	}
	return f.steps(details.State())
}
