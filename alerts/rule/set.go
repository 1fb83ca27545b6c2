package rule

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Set is all rules of a folder, compiled together.
type Set struct {
	// Rules are in the order of their codes.
	Rules []*Compiled
	// Hash stands for the exact files: SHA-256 over the lines that
	// sha256sum prints of the rule files, in alphabetical order.
	Hash   [sha256.Size]byte
	byKind map[string][]*Compiled
}

// Load reads every *.yaml of a folder but the *.test.yaml, and reports all that
// is wrong in any of them at once.
func Load(folder fs.FS, s Surroundings) (*Set, error) {
	compiler, err := NewCompiler(s)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the rules: %w", err)
	}
	var wrong []error
	set, sum := &Set{byKind: map[string][]*Compiled{}}, sha256.New()
	for _, name := range names { // in alphabetical order
		if strings.HasSuffix(name, ".test.yaml") {
			continue
		}
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("read rule %s: %w", name, err)
		}
		r, err := Parse(path.Base(name), data)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		compiled, problems := compiler.Compile(r)
		if wrong = append(wrong, problems...); compiled != nil {
			set.Rules = append(set.Rules, compiled)
		}
		fmt.Fprintf(sum, "%x  %s\n", r.Hash, name)
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	slices.SortFunc(set.Rules, func(a, b *Compiled) int { return cmp.Compare(a.Code, b.Code) })
	for _, r := range set.Rules {
		for _, kind := range r.JudgedAt() {
			set.byKind[kind] = append(set.byKind[kind], r)
		}
	}
	sum.Sum(set.Hash[:0])
	return set, nil
}

// Rule finds a rule by its code, or nil.
func (s *Set) Rule(code string) *Compiled {
	i := slices.IndexFunc(s.Rules, func(r *Compiled) bool { return r.Code == code })
	if i < 0 {
		return nil
	}
	return s.Rules[i]
}

// At lists the event rules and deadlines that are judged at entries of a kind.
func (s *Set) At(kind string) []*Compiled { return s.byKind[kind] }
