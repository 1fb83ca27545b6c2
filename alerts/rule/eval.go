package rule

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"yilu/alerts/formula"
)

// Facts answers for one entry what the catalogue promises for its kind. A fact
// that is not known is nothing and false. Answers must not change while a rule
// is judged, nor come from a clock.
type Facts interface {
	Fact(name string) (formula.Value, bool)
}

// Act is what is judged: an entry, or a draft before it is posted.
type Act struct {
	Book string
	// Day is the day of the act; it chooses the parameters.
	Day formula.Day
	// Region is the administrative code of the place, for the parameters.
	Region string
	// AfterFact marks what had happened already when it was recorded: it cannot
	// be stopped any more, so B becomes A, red.
	AfterFact bool
	// Foreign is the currency of amounts that are in another than yuan, else empty: the
	// limits in yuan of rule files do not hold for them, only those that were set in the
	// book, and sentences name it in the place of yuan.
	Foreign string
	Facts   Facts
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
	// Handling and Level are those of the band and of an act after the fact. A
	// B that is not evaluable holds the entry as A would: whoever posts sees to it.
	Handling string
	Level    string
	Value    formula.Value
	Limit    formula.Value
	Subject  []string
	Window   string
	// Fingerprint tells hits of the same matter from others; see [Fingerprint].
	Fingerprint [sha256.Size]byte
	// SuppressedBy is the basis of the white list's line, if one matched.
	SuppressedBy string
	Message      Names
	// text is what Message is written from.
	text *message
}

// Compiled is a rule ready to be judged, by any number of goroutines.
type Compiled struct {
	*Rule
	applies *formula.Formula
	when    *formula.Formula // nil for deadlines: the timer is the condition
	value   *formula.Formula
	limit   *formula.Formula
	bands   []band
	message message
	params  []*param
	types   map[string]formula.Type // of the declared facts and, with param., parameters
	exempt  []Exemption
	// missing says of each of them that there is none.
	missing map[string]formula.Value
	// calendar is for the end of deadlines; formulas have it already.
	calendar formula.Calendar
	// words say the codes in a subject.
	words  map[string]func(code string) Names
	inputs sync.Pool
}

type band struct {
	Band
	when    *formula.Formula
	limit   *formula.Formula
	message message
}

// Eval judges an act. The order is: data gate, applicability, formula, white
// list. For a deadline it judges the entry that opens the timer, and a flag is
// the alert to be raised if the timer fires.
func (c *Compiled) Eval(a Act) Result {
	r := c.Weigh(a)
	if r.State == Flag {
		c.Say(a, &r)
	}
	return r
}

// Weigh is Eval without the sentence of a flag.
func (c *Compiled) Weigh(a Act) (r Result) {
	r = Result{Code: c.Code, Version: c.Version, Handling: c.Handling, Level: c.Level}
	in := c.inputs.Get().(*inputs)
	in.act = a
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
func (c *Compiled) decide(f *formula.Formula, in *inputs, r *Result) (yes, ok bool) {
	if f == nil {
		return true, true
	}
	v, err := f.Eval(&in.activation)
	if err != nil {
		*r = c.broken(*r, err)
		return false, false
	}
	if yes, ok = v.Bool(); !ok {
		r.State, r.Reason = NotEvaluable, v.Reason()
	}
	return yes, ok
}

// Measure computes value and limit of an act that is clear, for those who want
// to see how near it came; flags have them already.
func (c *Compiled) Measure(a Act) (value, limit formula.Value) {
	in := newInputs(c)
	in.act = a
	return c.compute(c.value, in), c.compute(c.limit, in)
}

// compute runs what is shown and not judged: what cannot be computed stays empty.
func (c *Compiled) compute(f *formula.Formula, in *inputs) formula.Value {
	if f == nil {
		return formula.Value{}
	}
	v, err := f.Eval(&in.activation)
	if err != nil || v.Reason() != "" {
		return formula.Value{}
	}
	return v
}

// hit fills in the flag: band, measure, subject, fingerprint.
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
		v := in.Input(name)
		if reason := v.Reason(); reason != "" {
			r.State, r.Reason, r.Subject = NotEvaluable, reason, nil
			return
		}
		r.Subject = append(r.Subject, v.String())
	}
	r.Value, r.Limit = c.compute(c.value, in), c.compute(limit, in)
	if in.act.AfterFact && r.Handling == "B" {
		r.Handling, r.Level = "A", "red"
	}
	r.State = Flag
	r.Window = c.window(in.act.Day)
	r.Fingerprint = Fingerprint(in.act.Book, c.Code, r.Subject, r.Window)
	r.SuppressedBy = in.exempted()
	r.text = text
}

// Say writes the sentence of a flag that Weigh has raised on the act.
func (c *Compiled) Say(a Act, r *Result) {
	defer func() {
		if broken := recover(); broken != nil {
			*r = c.broken(*r, fmt.Errorf("panic: %v", broken))
		}
	}()
	in := newInputs(c)
	in.act = a
	r.Message = r.text.fill(in, r)
}

// window names the stretch of time within which hits are one matter.
func (c *Compiled) window(d formula.Day) string {
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

// inputs answers the formulas of one rule at one act. A fact is asked for only
// when a formula reads it.
type inputs struct {
	rule       *Compiled
	act        Act
	activation formula.Activation
	// said is the subject of a row in words.
	said Names
}

func newInputs(c *Compiled) *inputs {
	in := &inputs{rule: c}
	in.activation.Inputs = in
	return in
}

const paramPrefix = "param."

// Input is the fact or parameter, or a value that says why there is none.
func (in *inputs) Input(name string) formula.Value {
	if strings.HasPrefix(name, paramPrefix) {
		return in.param(name)
	}
	v, ok := in.act.Facts.Fact(name)
	if !ok || v.IsZero() {
		return in.rule.missing[name]
	}
	return v
}

func (in *inputs) param(name string) formula.Value {
	i := slices.IndexFunc(in.rule.params, func(p *param) bool { return p.name == name })
	p, category := in.rule.params[i], ""
	if !p.only.IsZero() {
		return p.only
	}
	if p.scoped {
		v := in.Input(in.rule.Scope)
		if v.Reason() != "" {
			return v
		}
		category, _ = v.Text()
	}
	v, ok := p.choose(in.act.Region, category, in.act.Day, in.act.Foreign != "" && p.of == formula.Amount)
	if !ok {
		return in.rule.missing[name]
	}
	return v
}

// fact is an input for people: nothing when it is missing.
func (in *inputs) fact(name string) formula.Value {
	v := in.Input(name)
	if v.Reason() != "" {
		return formula.Value{}
	}
	return v
}

// gate is the data gate: what must be there is there and fit, and there are
// enough observations.
func (in *inputs) gate() string {
	for _, name := range in.rule.Required {
		if reason := in.Input(name).Reason(); reason != "" {
			return reason
		}
	}
	least := in.rule.Minimum
	if least.Fact == "" {
		return ""
	}
	v := in.Input(least.Fact)
	if n, ok := v.Int(); ok && n < least.N {
		return fmt.Sprintf("n<%d", least.N)
	}
	return v.Reason()
}

// exempted looks the act up in the white list.
func (in *inputs) exempted() string {
	for _, e := range in.rule.exempt {
		if holds(e.From, e.To, in.act.Day) && in.fact(e.Fact).Holds(e.Text) {
			return e.Basis
		}
	}
	return ""
}

// Explain judges the condition once more with every step recorded, and lists the
// values of its parts, the innermost first. It is for hits, which are few.
func (c *Compiled) Explain(a Act) ([]formula.Step, error) {
	f := c.when
	if f == nil {
		f = c.applies
	}
	if f == nil {
		return nil, nil
	}
	in := newInputs(c)
	in.act = a
	steps, err := f.Explain(&in.activation)
	if err != nil {
		return nil, fmt.Errorf("explain %s: %w", c.Code, err)
	}
	return steps, nil
}
