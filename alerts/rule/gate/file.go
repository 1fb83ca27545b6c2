package gate

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
)

// File is the test file of a rule, X.test.yaml.
type File struct {
	// Rule is code and version, P08@3: a new version asks for its tests anew.
	Rule string `yaml:"rule"`
	// Start is the instant of 0d, with offset.
	Start string `yaml:"start"`
	// Params stand in for all values of a parameter.
	Params map[string]rule.Words `yaml:"params"`
	// Region is the administrative code of the acts.
	Region string `yaml:"region"`
	// Facts and Given come before those of each case; Facts are for cases without
	// entries.
	Facts map[string]Input `yaml:"facts"`
	Given []Event          `yaml:"given"`
	// Rows are planted for a sweep, before those of each case.
	Rows  Rows   `yaml:"rows"`
	Cases []Case `yaml:"cases"`
	// Equivalent lists mutants that mean the same as the rule, each with why.
	Equivalent map[string]string `yaml:"equivalent"`
	// Workflow is for those who run the handling of alerts.
	Workflow []yaml.Node `yaml:"workflow"`

	name  string
	start time.Time
}

// Case is one act, or entries to be posted, and what is to be expected.
type Case struct {
	Name string `yaml:"name"`
	// Facts is the direct form: the inputs, without any ledger.
	Facts     map[string]Input `yaml:"facts"`
	Day       formula.Day      `yaml:"day"` // the day of Start, if left out
	Region    string           `yaml:"region"`
	AfterFact bool             `yaml:"after_fact"`
	// Given is posted unjudged, When is judged.
	Given []Event `yaml:"given"`
	When  []Event `yaml:"when"`
	// Rows are what a sweep reads in this case, up to the entry Upto (1000).
	Rows   Rows     `yaml:"rows"`
	Upto   int64    `yaml:"upto"`
	Expect []Expect `yaml:"expect"`
}

// Rows are rows of the views that sweeps read, by the view's name. What a row leaves
// out is "", 0 or false, a day is nothing; book is the test's. A row with the key
// times stands for so many, and {i} in it for their number, from 1.
type Rows map[string][]map[string]string

// Event is an entry to be posted. What Post says is for the World to read.
type Event struct {
	At   string    `yaml:"at"` // since Start: 0d, 1d, 8wd
	Post yaml.Node `yaml:"post"`
}

// Expect is a verdict. What is left out is not compared.
type Expect struct {
	Result       rule.State `yaml:"result"`
	Field        string     `yaml:"field"` // short for reason field:…
	Reason       string     `yaml:"reason"`
	Subject      rule.Words `yaml:"subject"`
	Value        string     `yaml:"value"`
	Limit        string     `yaml:"limit"`
	Handling     string     `yaml:"handling"`
	Level        string     `yaml:"level"`
	Message      rule.Names `yaml:"message"`
	SuppressedBy string     `yaml:"suppressed_by"`
	Episode      int        `yaml:"episode"`
	// Due is the last day of a deadline that opens, or calendar:2027.
	Due string `yaml:"due"`
}

// Input is a fact as a test gives it: a text, a list, {unfit: reason}, or ~,
// which stays the zero Input and takes away what the file gives.
type Input struct {
	Texts rule.Words
	Unfit string
}

// UnmarshalYAML tells the forms apart. The reader does not call it for ~.
func (i *Input) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "unfit" {
		i.Unfit = n.Content[1].Value
		return nil
	}
	return i.Texts.UnmarshalYAML(n)
}

func (i Input) missing() bool { return i.Texts == nil && i.Unfit == "" }

// Parse reads a test file strictly.
func Parse(name string, data []byte) (*File, error) {
	f := &File{name: name}
	if err := rule.Decode(name, data, f); err != nil {
		return nil, err
	}
	var err error
	if f.start, err = time.Parse(time.RFC3339, f.Start); err != nil {
		return nil, &rule.Invalid{File: name, Key: "start", Reason: "want an instant with offset, such as 2026-03-02T09:00:00+08:00"}
	}
	for i, c := range f.Cases {
		direct := len(c.Facts) > 0 || len(f.Facts) > 0 && len(c.When) == 0 // those of the file are for cases without entries
		planted := len(f.Rows)+len(c.Rows)+len(f.Given)+len(c.Given) > 0 && len(c.When) == 0
		switch key := fmt.Sprintf("cases[%d]", i); {
		case c.Name == "" || len(c.Expect) == 0:
			return nil, &rule.Invalid{File: name, Key: key, Reason: "want name and expect"}
		case direct == (len(c.When) > 0) && !planted || direct && planted:
			return nil, &rule.Invalid{File: name, Key: key, Reason: "want either facts, or entries under when, or rows"}
		case direct && len(c.Expect) != 1:
			return nil, &rule.Invalid{File: name, Key: key, Reason: "facts are one act: want one expectation"}
		}
	}
	return f, nil
}

// facts are the inputs of a case: those of the file, with the case's own.
func (f *File) facts(c *Case) map[string]Input {
	all := maps.Clone(f.Facts)
	if all == nil {
		all = map[string]Input{}
	}
	maps.Copy(all, c.Facts)
	maps.DeleteFunc(all, func(_ string, i Input) bool { return i.missing() })
	return all
}

// flat writes all inputs of a case as lines of text, to find pairs that differ
// in one of them.
func (f *File) flat(c *Case) map[string]string {
	flat := map[string]string{"day": c.Day.String(), "region": c.Region, "after_fact": fmt.Sprint(c.AfterFact)}
	facts := f.facts(c)
	if len(c.When) > 0 {
		facts = nil
	}
	for name, in := range facts {
		for i, text := range in.Texts {
			flat[fmt.Sprintf("%s[%d]", name, i)] = text
		}
		flat[name+" unfit"] = in.Unfit
	}
	for _, rows := range []Rows{f.Rows, c.Rows} {
		for table, list := range rows {
			for i, row := range list {
				for column, text := range row {
					flat[fmt.Sprintf("%s[%d].%s", table, i, column)] = text
				}
			}
		}
	}
	for i, e := range append(append([]Event{}, c.Given...), c.When...) {
		flat[fmt.Sprintf("[%d].at", i)] = e.At
		flatten(fmt.Sprintf("[%d]", i), &e.Post, flat)
	}
	return flat
}

func flatten(at string, n *yaml.Node, into map[string]string) {
	switch n.Kind {
	case yaml.ScalarNode:
		into[at] = n.Value
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			flatten(at+"."+n.Content[i].Value, n.Content[i+1], into)
		}
	default:
		for i, e := range n.Content {
			flatten(fmt.Sprintf("%s[%d]", at, i), e, into)
		}
	}
}

// ofRule says whether the tests are of this version of the rule.
func (f *File) ofRule(r *rule.Rule) bool {
	return strings.TrimSpace(f.Rule) == fmt.Sprintf("%s@%d", r.Code, r.Version)
}
