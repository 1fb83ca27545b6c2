package rule

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"yilu/alerts/formula"
)

// Surroundings are what rules are compiled against.
type Surroundings struct {
	Catalogue Catalogue
	Calendar  formula.Calendar
	// Settings are the values set by entries, beside the defaults of the files.
	Settings []Setting
	// Exemptions are the white list.
	Exemptions []Exemption
	// Words say the codes of a kind in words, for the sentences of sweeps.
	Words map[string]func(code string) Names
}

// Compiler makes rules ready. It is safe for use by many goroutines.
type Compiler struct {
	Surroundings
	language *formula.Language
}

// NewCompiler checks the catalogue and sets up the language of formulas.
func NewCompiler(s Surroundings) (*Compiler, error) {
	if err := s.Catalogue.check(); err != nil {
		return nil, err
	}
	language, err := formula.NewLanguage(s.Calendar)
	if err != nil {
		return nil, fmt.Errorf("formulas: %w", err)
	}
	return &Compiler{s, language}, nil
}

// compilation is one run of Compile; it collects all that is wrong.
type compilation struct {
	*Compiler
	rule *Rule
	out  *Compiled
	env  *formula.Language
	// strict refuses also what a reader would stumble over.
	strict bool
	used   map[string]bool
	wrong  []error
}

func (c *compilation) bad(key, format string, args ...any) {
	c.wrong = append(c.wrong, &Invalid{c.rule.File, key, fmt.Sprintf(format, args...)})
}

// Compile checks a rule completely and reports everything that is wrong at once.
func (c *Compiler) Compile(r *Rule) (*Compiled, []error) { return c.compile(r, true) }

// CompileMutant compiles a rule that was changed to see whether its tests notice.
// It may declare what it no longer uses and write numbers that are no
// parameters; everything else is checked as ever.
func (c *Compiler) CompileMutant(r *Rule) (*Compiled, []error) { return c.compile(r, false) }

func (c *Compiler) compile(r *Rule, strict bool) (*Compiled, []error) {
	w := &compilation{Compiler: c, rule: r, strict: strict, used: map[string]bool{}}
	w.out = &Compiled{Rule: r, types: map[string]formula.Type{}, missing: map[string]formula.Value{}, calendar: c.Calendar, words: c.Words}
	w.out.inputs.New = func() any { return newInputs(w.out) }
	w.checkHead()
	w.checkTrigger()
	before := len(w.wrong)
	w.declare()
	if len(w.wrong) == before { // else formulas would only repeat it
		w.compileAll()
	}
	if strict && len(w.wrong) == before {
		w.checkUse()
	}
	if len(w.wrong) > 0 {
		return nil, w.wrong
	}
	return w.out, nil
}

// JudgedAt lists the kinds of entries at which the rule is judged: none for a
// sweep, and for a deadline the one that opens it.
func (r *Rule) JudgedAt() []string {
	if r.Kind == OnDeadline {
		return []string{r.Start}
	}
	return r.Kinds
}

// declare gives facts and parameters their types and makes the environment.
func (c *compilation) declare() {
	for _, name := range c.rule.Facts {
		if _, twice := c.out.types[name]; twice {
			c.bad("facts", "%s stands there twice", name)
			continue
		}
		for _, kind := range c.rule.JudgedAt() {
			f, ok := c.Catalogue.Fact(kind, name)
			if !ok {
				c.bad("facts", "%s is not a fact of %s; %s", name, kind, nearest(name, c.Catalogue[kind]))
				continue
			}
			c.out.types[name] = f.Type
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.rule.Params)) {
		if p := c.declareParam(name); p != nil {
			c.out.params = append(c.out.params, p)
			c.out.types[p.name] = p.of
		}
	}
	for i, s := range c.rule.Defaults {
		if c.rule.Params[s.Param] == "" {
			c.bad(fmt.Sprintf("defaults[%d].param", i), "%q is not declared under params", s.Param)
		}
	}
	for _, e := range c.Exemptions {
		if e.Code != c.rule.Code {
			continue
		}
		if t := c.out.types[e.Fact]; t != formula.Text && t != formula.Texts && (c.rule.Kind != OnSweep || e.Fact != SubjectName) {
			c.bad("facts", "the white list names %s, which is no text of this rule", e.Fact)
		}
		c.out.exempt = append(c.out.exempt, e)
	}
	if c.rule.Kind == OnSweep {
		c.out.types[SubjectName], c.used[SubjectName] = formula.Texts, true
	}
	for name := range c.out.types {
		reason := "field:" + name
		if param, is := strings.CutPrefix(name, paramPrefix); is {
			reason = "param:" + param
		}
		c.out.missing[name] = formula.Unfit(reason)
	}
	var err error
	if c.env, err = c.language.With(c.out.types); err != nil {
		c.bad("facts", "%v", err)
	}
}

func (c *compilation) declareParam(name string) *param {
	key, of := "params."+name, c.rule.Params[name]
	if !slices.Contains(paramTypes, of) || !partPattern.MatchString(name) {
		c.bad(key, "want a lower-case name with one of the types %v", paramTypes)
		return nil
	}
	var settings []Setting
	for _, s := range c.rule.Defaults {
		if s.Param == name {
			settings = append(settings, s)
		}
	}
	for _, s := range c.Settings {
		if s.Code == c.rule.Code && s.Param == name {
			settings = append(settings, s)
		}
	}
	p, err := newParam(name, of, settings)
	if err != nil {
		c.bad(key, "%v", err)
		return nil
	}
	if p.scoped {
		c.used[c.rule.Scope] = true
		if c.out.types[c.rule.Scope] != formula.Text {
			c.bad("scope", "name the declared text that selects among the values of %s by category", name)
		}
	}
	return p
}

// nearest helps whoever mistyped a fact.
func nearest(name string, facts []Fact) string {
	if len(facts) == 0 {
		return "the catalogue has no such kind"
	}
	best := slices.MaxFunc(facts, func(a, b Fact) int { return formula.Similarity(name, a.Name).Cmp(formula.Similarity(name, b.Name)) })
	return "did you mean " + best.Name + "?"
}

// shown are the types that value and limit can have.
var shown = []formula.Type{formula.Amount, formula.Civil, formula.Count, formula.Text, formula.Instant}

// compileAll compiles the expressions and sentences of the rule.
func (c *compilation) compileAll() {
	r, o := c.rule, c.out
	if r.Kind == OnSweep {
		o.message = c.sentence("message", r.Message)
		return
	}
	o.applies = c.expression("applies", r.Applies, formula.Bool)
	o.when = c.expression("when", r.When, formula.Bool)
	o.value = c.expression("value", r.Value, shown...)
	o.limit = c.expression("limit", r.Limit, shown...)
	o.message = c.sentence("message", r.Message)
	for i, b := range r.Bands {
		key := fmt.Sprintf("bands[%d].", i)
		compiled := band{Band: b, when: c.expression(key+"when", b.When, formula.Bool), limit: o.limit, message: o.message}
		if b.Limit != "" {
			compiled.limit = c.expression(key+"limit", b.Limit, shown...)
		}
		if b.Message != (Names{}) {
			compiled.message = c.sentence(key+"message", b.Message)
		}
		o.bands = append(o.bands, compiled)
	}
}

func (c *compilation) expression(key, text string, want ...formula.Type) *formula.Formula {
	if text == "" {
		return nil
	}
	f, err := c.env.Compile(text, want...)
	if err != nil {
		hint := ""
		if strings.Contains(err.Error(), "undeclared reference to") {
			hint = " (declare it under facts or params)"
		}
		c.bad(key, "%v%s", err, hint)
		return nil
	}
	for _, name := range f.Inputs() {
		c.used[name] = true
	}
	for _, n := range f.Numbers() {
		if c.strict && n != "0" && n != "1" {
			c.bad(key, "%s is a threshold: declare it under params, with its basis", n)
		}
	}
	return f
}

func (c *compilation) sentence(key string, text Names) message {
	m, err := newMessage(text, func(name string) bool {
		switch name {
		case "value":
			return c.rule.Value != "" || c.rule.Kind == OnSweep
		case "limit":
			return c.rule.Limit != "" || c.rule.Kind == OnSweep
		}
		return c.out.types[name] != ""
	})
	if err != nil {
		c.bad(key, "%v", err)
	}
	for _, name := range m.names {
		c.used[name] = true
	}
	return m
}

// checkUse refuses facts and parameters that are declared and used nowhere: they
// would tell a reader that something is looked at which is not.
func (c *compilation) checkUse() {
	for _, name := range slices.Concat(c.rule.Subject, c.rule.Required, c.rule.Match, []string{c.rule.Minimum.Fact}) {
		c.used[name] = true
		if name != "" && c.out.types[name] == "" && c.rule.Kind != OnSweep {
			c.bad("facts", "%s is used and not declared", name)
		}
	}
	if n := c.rule.Minimum.Fact; n != "" && c.out.types[n] != formula.Count {
		c.bad("minimum.fact", "%s is no count", n)
	}
	if s := c.rule.Scope; s != "" && !c.used[s] {
		c.bad("scope", "no parameter has a value by category")
	}
	if c.rule.Kind == OnDeadline {
		c.used[paramPrefix+c.rule.Within.Param] = true
	}
	if from := c.rule.Within.From; from != "" && c.out.types[from] == "" {
		c.bad("facts", "%s is used and not declared", from)
	} else {
		c.used[from] = true
	}
	if c.rule.Kind == OnSweep {
		for name := range c.rule.Params {
			c.used[paramPrefix+name] = c.used[paramPrefix+name] || slices.Contains(placeholders(c.rule.SQL), name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.out.types)) {
		if !c.used[name] {
			c.bad("facts", "%s is declared and used nowhere", name)
		}
	}
}
