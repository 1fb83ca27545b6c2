package rule

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"yilu/alerts/formula"
)

// Fact is a named input of formulas: a field of the entry, or the state of
// something in the book just before the entry.
type Fact struct {
	// Name is flat and lower case: "contract.paid".
	Name string
	Type formula.Type
	// Unit is 元, 天 and so on, for people.
	Unit string
	// Source says what the fact is computed from.
	Source string
}

// Catalogue lists, for each kind of entry, the facts that exist when one is
// judged. Whoever judges provides exactly these.
type Catalogue map[string][]Fact

// Fact finds a fact of a kind.
func (c Catalogue) Fact(kind, name string) (Fact, bool) {
	i := slices.IndexFunc(c[kind], func(f Fact) bool { return f.Name == name })
	if i < 0 {
		return Fact{}, false
	}
	return c[kind][i], true
}

// check refuses a catalogue in which one name has two meanings.
func (c Catalogue) check() error {
	first := map[string]Fact{}
	for _, kind := range slices.Sorted(maps.Keys(c)) {
		for _, f := range c[kind] {
			if !f.Type.Known() || !namePattern.MatchString(f.Name) || strings.HasPrefix(f.Name, "param.") || f.Source == "" {
				return fmt.Errorf("catalogue: %s of %s: want a name such as contract.paid, a known type and a source", f.Name, kind)
			}
			if g := cmp.Or(first[f.Name], f); g.Type != f.Type || g.Unit != f.Unit {
				return fmt.Errorf("catalogue: %s is %s %s and %s %s", f.Name, g.Type, g.Unit, f.Type, f.Unit)
			}
			first[f.Name] = f
		}
	}
	return nil
}
