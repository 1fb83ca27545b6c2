package rule

import (
	"cmp"
	"crypto/sha256"
	"fmt"

	"go.yaml.in/yaml/v4"

	"yilu/alerts/formula"
)

// Rule is a rule file as written. Its keys are the names in lower case; unknown
// and repeated keys are refused. The hash of the exact bytes stands for the
// rule in the log.
type Rule struct {
	Code    string   `yaml:"code"`
	Version int      `yaml:"version"`
	Kind    Trigger  `yaml:"kind"`
	Stage   string   `yaml:"stage"`
	State   string   `yaml:"state"` // active, or shadow: recorded, and nobody is notified. Statistics begin in shadow
	Name    Names    `yaml:"name"`
	Kinds   []string `yaml:"kinds"`
	// Handling is B 拦截, A 预警需附件, W 预警, N 提醒 or L 记录.
	Handling string `yaml:"handling"`
	Level    string `yaml:"level"`
	Category string `yaml:"category"` // 向 速 量 他
	Basis    string `yaml:"basis"`
	// From and To bound the days of the acts that the rule looks at; zero is open.
	From formula.Day `yaml:"from"`
	To   formula.Day `yaml:"to"`
	// Formula and Exclusions say in words what is compared and what is left out.
	Formula    Names `yaml:"formula"`
	Exclusions Names `yaml:"exclusions"`

	Facts []string `yaml:"facts"`
	// Required facts stop the rule when missing, even where the rest decides.
	Required []string                `yaml:"required"`
	Minimum  Minimum                 `yaml:"minimum"`
	Params   map[string]formula.Type `yaml:"params"`
	// Scope names the fact that selects among parameters by category.
	Scope    string    `yaml:"scope"`
	Defaults []Setting `yaml:"defaults"`

	Applies string   `yaml:"applies"`
	When    string   `yaml:"when"`
	Value   string   `yaml:"value"`
	Limit   string   `yaml:"limit"`
	Bands   []Band   `yaml:"bands"`
	Subject []string `yaml:"subject"`
	Window  string   `yaml:"window"` // none day month fiscal_year
	Message Names    `yaml:"message"`

	Deadline `yaml:",inline"`
	Sweep    `yaml:",inline"`

	File string            `yaml:"-"`
	Hash [sha256.Size]byte `yaml:"-"`
	// Text are the bytes of the file.
	Text []byte `yaml:"-"`
}

// Trigger is when a rule is judged.
type Trigger string

// The three kinds of rules.
const (
	OnEvent    Trigger = "event"
	OnDeadline Trigger = "deadline"
	OnSweep    Trigger = "sweep"
)

// Names is a text in Chinese and English.
type Names struct {
	Zh string `yaml:"zh"`
	En string `yaml:"en"`
}

// Minimum is the least number of observations: below it nothing is said.
type Minimum struct {
	Fact string `yaml:"fact"`
	N    int64  `yaml:"n"`
}

// Band is a narrower condition of a hit with a handling of its own. The first
// that holds, in the order of the file, counts; the severest stands first.
type Band struct {
	When     string `yaml:"when"`
	Handling string `yaml:"handling"`
	Level    string `yaml:"level"`
	Limit    string `yaml:"limit"`   // as the rule's, if left out
	Message  Names  `yaml:"message"` // as the rule's, if left out
}

// Deadline is "Y must follow X within n days". An entry of kind Start opens a
// timer, one of a kind of Expect with the same Match closes it.
type Deadline struct {
	Start  string   `yaml:"start"`
	Expect Words    `yaml:"expect"`
	Match  []string `yaml:"match"`
	Within Within   `yaml:"within"`
	Remind []string `yaml:"remind"` // before the end, such as 14d or 3wd
}

// Within is the length of a deadline: a parameter and d, wd or mo. It is counted
// from the day of the act, or from a day that a fact gives, such as the planned
// start of works.
type Within struct {
	Param string `yaml:"param"`
	Unit  string `yaml:"unit"`
	From  string `yaml:"from"`
}

// Sweep is a reviewed query at the slots of a schedule.
type Sweep struct {
	Schedule string `yaml:"schedule"`
	TZ       string `yaml:"tz"`
	CatchUp  string `yaml:"catch_up"` // all, latest
	SQL      string `yaml:"sql"`
	// Said says of each part of a subject what kind of code it is, for the sentence;
	// empty, or none, for what is said as it is.
	Said []string `yaml:"said"`
	// Values say in words what stands in value and limit, by the first word of it; {1}
	// and {2} are the words after that. What begins with none of them is said as it is.
	Values map[string]Names `yaml:"values"`
}

// Invalid is something wrong in a rule file: where, and what would be right.
type Invalid struct{ File, Key, Reason string }

func (e *Invalid) Error() string {
	if e.Key == "" {
		return e.File + ": " + e.Reason
	}
	return e.File + ": " + e.Key + ": " + e.Reason
}

// Parse reads one rule file strictly. It checks the form only; [Load] checks
// the rest.
func Parse(file string, data []byte) (*Rule, error) {
	r := &Rule{File: file, Hash: sha256.Sum256(data), Text: data}
	if err := Decode(file, data, r); err != nil {
		return nil, err
	}
	r.State, r.Window = cmp.Or(r.State, "active"), cmp.Or(r.Window, "none")
	return r, nil
}

// Words is a value as a file writes it: a text, or a list of texts.
type Words []string

// UnmarshalYAML takes a scalar or a sequence of scalars, letter by letter.
func (w *Words) UnmarshalYAML(n *yaml.Node) error {
	elements := n.Content
	if n.Kind == yaml.ScalarNode {
		elements = []*yaml.Node{n}
	} else if n.Kind != yaml.SequenceNode {
		return fmt.Errorf("line %d: want a text or a list of texts", n.Line)
	}
	*w = Words{}
	for _, e := range elements {
		if e.Kind != yaml.ScalarNode || e.ShortTag() == "!!null" {
			return fmt.Errorf("line %d: want texts", e.Line)
		}
		*w = append(*w, e.Value)
	}
	return nil
}
