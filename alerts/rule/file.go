package rule

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

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
	State   string   `yaml:"state"` // shadow, which is recorded and notifies nobody, or active
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
// timer, one of kind Expect with the same Match closes it.
type Deadline struct {
	Start  string   `yaml:"start"`
	Expect string   `yaml:"expect"`
	Match  []string `yaml:"match"`
	Within Within   `yaml:"within"`
	Remind []string `yaml:"remind"` // before the end, such as 14d or 3wd
}

// Within is the length of a deadline: a parameter and d, wd or mo.
type Within struct {
	Param string `yaml:"param"`
	Unit  string `yaml:"unit"`
}

// Sweep is a reviewed query at the slots of a schedule.
type Sweep struct {
	Schedule string `yaml:"schedule"`
	TZ       string `yaml:"tz"`
	CatchUp  string `yaml:"catch_up"` // all, latest
	SQL      string `yaml:"sql"`
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
	r := &Rule{File: file, Hash: sha256.Sum256(data)}
	if err := Decode(file, data, r); err != nil {
		return nil, err
	}
	return r, nil
}

// Decode reads the one YAML document of a file into a struct and refuses unknown
// and repeated keys, aliases and a second document.
func Decode(file string, data []byte, into any) (err error) {
	defer func() { // a hostile file must not end the process
		if broken := recover(); broken != nil {
			err = &Invalid{file, "", fmt.Sprint("cannot be read: ", broken)}
		}
	}()
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithUniqueKeys())
	if err != nil {
		return err
	}
	var document, second yaml.Node
	if err := loader.Load(&document); err != nil {
		return &Invalid{file, "", "want one YAML document: " + err.Error()}
	}
	if err := loader.Load(&second); !errors.Is(err, io.EOF) {
		return &Invalid{file, "", "want one YAML document, not several"}
	}
	if wrong := unknownKeys(file, "", &document, reflect.TypeOf(into)); wrong != nil {
		return errors.Join(wrong...)
	}
	if err := document.Load(into, yaml.WithUniqueKeys()); err != nil {
		return &Invalid{file, "", err.Error()}
	}
	return nil
}

// unknownKeys walks a document beside the type it will be read into.
func unknownKeys(file, key string, n *yaml.Node, t reflect.Type) (wrong []error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	within := func(name string) string { return strings.TrimPrefix(key+"."+name, ".") }
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return []error{&Invalid{file, key, fmt.Sprintf("line %d: write the value out, without anchor or alias", n.Line)}}
	case n.Kind == yaml.DocumentNode && len(n.Content) == 1:
		return unknownKeys(file, key, n.Content[0], t)
	case t == reflect.TypeFor[yaml.Node](), reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]()):
		return nil // it reads itself
	case n.Kind == yaml.SequenceNode && t.Kind() == reflect.Slice:
		for i, element := range n.Content {
			wrong = append(wrong, unknownKeys(file, fmt.Sprintf("%s[%d]", key, i), element, t.Elem())...)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Map:
		for i := 0; i+1 < len(n.Content); i += 2 {
			wrong = append(wrong, unknownKeys(file, within(n.Content[i].Value), n.Content[i+1], t.Elem())...)
		}
	case n.Kind == yaml.MappingNode && t.Kind() == reflect.Struct:
		known := keysOf(t)
		var names []string
		for _, f := range known {
			names = append(names, f.name)
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			name, found := n.Content[i].Value, false
			for _, f := range known {
				if f.name == name {
					found = true
					wrong = append(wrong, unknownKeys(file, within(name), n.Content[i+1], f.of)...)
				}
			}
			if !found {
				wrong = append(wrong, &Invalid{file, within(name), fmt.Sprintf("line %d: unknown key; known are %s", n.Content[i].Line, strings.Join(names, ", "))})
			}
		}
	}
	return wrong
}

type keyOf struct {
	name string
	of   reflect.Type
}

func keysOf(t reflect.Type) (keys []keyOf) {
	for i := range t.NumField() {
		f := t.Field(i)
		switch name, option, _ := strings.Cut(f.Tag.Get("yaml"), ","); {
		case option == "inline":
			keys = append(keys, keysOf(f.Type)...)
		case name != "-":
			keys = append(keys, keyOf{name, f.Type})
		}
	}
	return keys
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
