package fact

import (
	_ "embed"
	"regexp"
	"sync"

	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
)

//go:embed names.yaml
var namesFile []byte

// called is what people call each fact.
var called = sync.OnceValue(func() map[string]ledger.Text {
	var stored map[string]struct {
		Zh string `yaml:"zh"`
		En string `yaml:"en"`
	}
	if err := rule.Decode("names.yaml", namesFile, &stored); err != nil {
		panic("fact: " + err.Error()) // it is part of the program, and a test reads it
	}
	all := make(map[string]ledger.Text, len(stored))
	for name, text := range stored {
		all[name] = ledger.Text(text)
	}
	return all
})

// NameOf is what people call a fact (事实), as it stands in a table. One that is no
// longer known, in old evidence, is called as it was written.
func NameOf(fact string) ledger.Text {
	if text, ok := called()[fact]; ok {
		return text
	}
	return ledger.Text{Zh: fact, En: fact}
}

// typed is the type of each fact.
var typed = sync.OnceValue(func() map[string]formula.Type {
	all := map[string]formula.Type{}
	for _, facts := range Catalogue() {
		for _, f := range facts {
			all[f.Name] = f.Type
		}
	}
	return all
})

// TypeOf is the type of a fact, empty for one that is not known.
func TypeOf(fact string) formula.Type { return typed()[fact] }

var written = regexp.MustCompile(`[a-z_]+\.[a-z_0-9]+`)

// InWords is a condition with its facts as people call them.
func InWords(condition string, pick func(ledger.Text) string) string {
	return written.ReplaceAllStringFunc(condition, func(name string) string { return pick(NameOf(name)) })
}
