package rule

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"yilu/alerts/formula"
)

// Setting is one value of a parameter with the place, the category and the days
// it holds for. Rule files give the defaults, entries parameter.set the rest.
// The most specific wins: a township before its county, county before province,
// province before nation, and of one place the one with a category. Two that are
// equal in all of it are refused; none leaves a rule not evaluable.
type Setting struct {
	Code  string `yaml:"-"`
	Param string `yaml:"param"`
	Value Words  `yaml:"value"`
	// Region is the beginning of an administrative code: "" is the nation, 41 a
	// province, 411623 a county, 411623100 a township.
	Region   string `yaml:"region"`
	Category string `yaml:"category"`
	// From and To are the first and last day of the act; zero is open.
	From  formula.Day `yaml:"from"`
	To    formula.Day `yaml:"to"`
	Basis string      `yaml:"basis"`
}

var regionPattern = regexp.MustCompile(`^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$`)

// paramTypes are those a threshold can have.
var paramTypes = []formula.Type{
	formula.Amount, formula.Share, formula.Count, formula.Days, formula.Workdays, formula.Months, formula.Text, formula.Texts,
}

// holds says whether the days include d.
func holds(from, to, d formula.Day) bool { return from <= d && (to == 0 || d <= to) }

// ErrOverlap is two values of a parameter of which none is the more specific one.
var ErrOverlap = errors.New("two values")

// Parameter is one that no rule file declares, with its values.
type Parameter struct{ param *param }

// NewParameter types settings and refuses two that say different things of the same
// case. It also says whether they could stand in a rule file.
func NewParameter(name string, of formula.Type, settings []Setting) (Parameter, error) {
	if !slices.Contains(paramTypes, of) {
		return Parameter{}, fmt.Errorf("parameter %s: want one of the types %v", name, paramTypes)
	}
	p, err := newParam(name, of, settings)
	return Parameter{p}, err
}

// Choose finds the value for a place, a category and a day, and whether there is one.
func (p Parameter) Choose(region, category string, day formula.Day) (formula.Value, bool) {
	return p.param.choose(region, category, day, false)
}

// param is a parameter with its values.
type param struct {
	name     string // with param. before it
	of       formula.Type
	settings []typed
	scoped   bool // some value has a category
	// only is the one value that there is, if it holds everywhere, always and for all.
	only formula.Value
}

type typed struct {
	Setting
	value formula.Value
}

// BadValue is a value that is not of its parameter's type, or below zero.
type BadValue struct{ Value, Reason string }

func (e *BadValue) Error() string { return fmt.Sprintf("value %q: %s", e.Value, e.Reason) }

// newParam types the settings and refuses two that say different things of the
// same case.
func newParam(name string, of formula.Type, settings []Setting) (*param, error) {
	p := &param{name: paramPrefix + name, of: of}
	for _, s := range settings {
		value, err := formula.ParseValue(of, s.Value...)
		switch {
		case err != nil:
			return nil, &BadValue{strings.Join(s.Value, ", "), err.Error()}
		case of != formula.Text && of != formula.Texts && slices.ContainsFunc(s.Value, func(v string) bool { return strings.HasPrefix(v, "-") }):
			return nil, &BadValue{strings.Join(s.Value, ", "), "want no less than 0"}
		case !regionPattern.MatchString(s.Region):
			return nil, fmt.Errorf("region %q: want the first 2, 4, 6, 9 or 12 digits of an administrative code, or none", s.Region)
		case s.To != 0 && s.To < s.From:
			return nil, fmt.Errorf("it holds from %s to %s: want the first day before the last", s.From, s.To)
		case strings.TrimSpace(s.Basis) == "":
			return nil, fmt.Errorf("value %q has no basis: name the law, or write [assumed]", strings.Join(s.Value, ", "))
		}
		for _, o := range p.settings {
			if o.Region == s.Region && o.Category == s.Category && (o.To == 0 || s.From <= o.To) && (s.To == 0 || o.From <= s.To) {
				return nil, fmt.Errorf("%w for region %q, category %q on the same days: end the first before the second begins", ErrOverlap, s.Region, s.Category)
			}
		}
		p.settings = append(p.settings, typed{s, value})
		p.scoped = p.scoped || s.Category != ""
	}
	if len(p.settings) == 1 {
		if s := p.settings[0]; s.Region == "" && s.Category == "" && s.From == 0 && s.To == 0 && (s.Code != "" || of != formula.Amount) {
			p.only = s.value
		}
	}
	slices.SortFunc(p.settings, func(a, b typed) int { // the most specific first
		return cmp.Or(cmp.Compare(len(b.Region), len(a.Region)), cmp.Compare(b.Category, a.Category), cmp.Compare(a.Region, b.Region), cmp.Compare(b.From, a.From))
	})
	return p, nil
}

// choose finds the value for an act, and whether there is one, of those set by entries
// alone or of all.
func (p *param) choose(region, category string, day formula.Day, set bool) (formula.Value, bool) {
	for i := range p.settings {
		s := &p.settings[i]
		if set && s.Code == "" { // a default of the file
			continue
		}
		if strings.HasPrefix(region, s.Region) && (s.Category == "" || s.Category == category) && holds(s.From, s.To, day) {
			return s.value, true
		}
	}
	return formula.Value{}, false
}

// Exemption is a line of the white list: hits of a rule whose fact has this
// text are kept and marked, and notify nobody.
type Exemption struct {
	Code  string
	Fact  string // a payee, a project, a word: a fact of type text or list
	Text  string
	Basis string
	From  formula.Day
	To    formula.Day
}
