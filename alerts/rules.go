package alerts

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"yilu/alerts/fact"
	"yilu/alerts/formula"
	"yilu/alerts/rule"
	"yilu/ledger"
	"yilu/publicity/workday"
)

// Rules are the rules that this program has files of. Which of them are in force in
// a book, and with which limits, its entries say. Safe for concurrent use.
type Rules struct {
	calendar formula.Calendar
	files    map[string]*rule.Rule // by code and version, as P01@3
	tests    map[string][sha256.Size]byte

	mu    sync.Mutex
	books map[ledger.Book]*inForce
}

// LoadRules reads a folder of rule files with their tests and refuses it whole if
// any of them is not of the form. Formulas are compiled when a rule is first judged:
// most commands judge few, and the tests of this program compile all.
func LoadRules(folder fs.FS, calendar workday.Calendar) (*Rules, error) {
	r := &Rules{calendar: counter(calendar), files: map[string]*rule.Rule{}, tests: map[string][sha256.Size]byte{}, books: map[ledger.Book]*inForce{}}
	names, err := fs.Glob(folder, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	var wrong []error
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, fmt.Errorf("load rules: %w", err)
		}
		if code, test := strings.CutSuffix(name, ".test.yaml"); test {
			r.tests[code] = sha256.Sum256(data)
			continue
		}
		file, err := rule.Parse(name, data)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		r.files[ledger.Version(file.Code, ledger.Count(file.Version))] = file
	}
	for _, f := range r.files {
		if _, ok := r.tests[f.Code]; !ok {
			wrong = append(wrong, fmt.Errorf("rule %s has no tests", f.Code))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	return r, nil
}

// counter is a calendar as formulas ask it.
func counter(c workday.Calendar) formula.Calendar {
	return func(from, to formula.Day) (int, error) {
		n, err := c.Between(ledger.Date(from.String()), ledger.Date(to.String()))
		if unknown, ok := errors.AsType[*workday.UnknownYear](err); ok {
			return 0, formula.YearUnknown(unknown.Year)
		}
		return n, err
	}
}

// Known lists the rules there are files of, by code.
func (r *Rules) Known() []*rule.Rule {
	return slices.SortedFunc(maps.Values(r.files), func(a, b *rule.Rule) int { return strings.Compare(a.Code, b.Code) })
}

// Version is the newest version of a rule that there is a file of, 0 for none.
func (r *Rules) Version(code string) ledger.Count {
	newest := 0
	for _, f := range r.files {
		if f.Code == code {
			newest = max(newest, f.Version)
		}
	}
	return ledger.Count(newest)
}

// Activations are the entries that would put every known rule in force as its file
// proposes, active or in shadow.
func (r *Rules) Activations() []*ledger.RuleActivated {
	var all []*ledger.RuleActivated
	for _, f := range r.Known() {
		test := r.tests[f.Code]
		all = append(all, &ledger.RuleActivated{Code: f.Code, Version: ledger.Count(f.Version), State: f.State, FileHash: encodeHash(f.Hash), TestHash: encodeHash(test)})
	}
	return all
}

func encodeHash(h [sha256.Size]byte) string { return base64.StdEncoding.EncodeToString(h[:]) }

// inForce are the rules of one book as of one entry, compiled with its limits.
type inForce struct {
	text  []byte // of the rulebook
	rules map[string]*active
	kinds map[ledger.Kind]*kindRules
	// Hash is over the files in force.
	hash [sha256.Size]byte
}

// active is a rule in force.
type active struct {
	ledger.RuleActivated
	// compiled makes the rule ready when it is first asked: many rules are put in
	// force one after the other, and each time most of them judge nothing. It is nil
	// for a rule that cannot be judged, which then says so.
	compiled func() *rule.Compiled
}

// kindRules are the rules judged at entries of one kind and the facts they read.
type kindRules struct {
	rules []*active
	// closes are deadlines that an entry of this kind meets.
	closes []*active
	facts  []string
}

// inForceOf compiles what a rulebook puts in force; the last of each book is kept.
func (r *Rules) inForceOf(book ledger.Book, row ledger.Rulebook) *inForce {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.books[book]; f != nil && bytes.Equal(f.text, row.Rules) {
		return f
	}
	f := r.compile(row.Rules)
	r.books[book] = f
	return f
}

func (r *Rules) compile(text []byte) *inForce {
	f := &inForce{text: bytes.Clone(text), rules: map[string]*active{}, kinds: map[ledger.Kind]*kindRules{}}
	book, err := (ledger.Rulebook{Rules: text}).Read()
	if err != nil {
		panic(fmt.Errorf("alerts: a rulebook that the ledger wrote: %w", err))
	}
	compiler := sync.OnceValues(func() (*rule.Compiler, error) { return rule.NewCompiler(r.surroundings(book)) })
	sum := sha256.New()
	for _, a := range slices.SortedFunc(slices.Values(book.Rules), func(a, b ledger.RuleActivated) int { return strings.Compare(a.Code, b.Code) }) {
		if a.State == "frozen" || a.State == "retired" {
			continue
		}
		x := &active{RuleActivated: a, compiled: sync.OnceValue(func() *rule.Compiled { return r.compileOne(compiler, a) })}
		fmt.Fprintf(sum, "%s %d %s\n", a.Code, a.Version, a.FileHash)
		f.rules[a.Code] = x
		f.place(x, r.files[ledger.Version(a.Code, a.Version)])
	}
	sum.Sum(f.hash[:0])
	return f
}

// compileOne compiles the file that an activation names. It is nil when this
// program has no such file, when the file is not the one that was activated, and
// when it does not compile with the limits of the book.
func (r *Rules) compileOne(compiler func() (*rule.Compiler, error), a ledger.RuleActivated) *rule.Compiled {
	file := r.files[ledger.Version(a.Code, a.Version)]
	if file == nil || encodeHash(file.Hash) != a.FileHash {
		return nil
	}
	c, err := compiler()
	if err != nil {
		return nil
	}
	compiled, problems := c.Compile(file)
	if len(problems) > 0 {
		return nil
	}
	return compiled
}

// place files a rule under the kinds it is judged at.
func (f *inForce) place(x *active, file *rule.Rule) {
	if file == nil {
		return
	}
	at := func(kind string) *kindRules {
		k := f.kinds[ledger.Kind(kind)]
		if k == nil {
			k = &kindRules{}
			f.kinds[ledger.Kind(kind)] = k
		}
		return k
	}
	need := func(k *kindRules, facts []string) {
		for _, name := range facts {
			if i, known := slices.BinarySearch(k.facts, name); !known {
				k.facts = slices.Insert(k.facts, i, name)
			}
		}
	}
	switch file.Kind {
	case rule.OnEvent:
		for _, kind := range file.Kinds {
			k := at(kind)
			k.rules = append(k.rules, x)
			need(k, file.Facts)
		}
	case rule.OnDeadline:
		k := at(file.Start)
		k.rules = append(k.rules, x)
		need(k, file.Facts)
		k = at(file.Expect)
		k.closes = append(k.closes, x)
		need(k, file.Match)
	}
}

// surroundings are the limits and the white list of a book.
func (r *Rules) surroundings(book ledger.Rules) rule.Surroundings {
	s := rule.Surroundings{Catalogue: fact.Catalogue(), Calendar: r.calendar}
	for _, p := range book.Parameters {
		to := formula.Day(0)
		if p.To != "" {
			to = fact.Day(p.To)
		}
		s.Settings = append(s.Settings, rule.Setting{
			Code: p.Code, Param: p.Name, Value: r.valueOf(book, p), Region: strings.TrimRight(p.Region, "0"), Category: p.Category,
			From: fact.Day(p.From), To: to, Basis: p.Basis,
		})
	}
	for _, x := range book.Exemptions {
		s.Exemptions = append(s.Exemptions, rule.Exemption{Code: x.Code, Fact: x.Fact, Text: x.Text, Basis: x.Basis, From: fact.Day(x.From), To: fact.Day(x.To)})
	}
	return s
}

// file is the file of a rule in force, nil if it is not at hand.
func (r *Rules) file(x *active) *rule.Rule { return r.files[ledger.Version(x.Code, x.Version)] }

// valueOf reads the value of a parameter: a list is written with commas between
// its texts, since public texts have no line breaks.
func (r *Rules) valueOf(book ledger.Rules, p ledger.ParameterSet) rule.Words {
	for _, a := range book.Rules {
		if a.Code != p.Code {
			continue
		}
		if file := r.files[ledger.Version(a.Code, a.Version)]; file != nil && file.Params[p.Name] == formula.Texts {
			var words rule.Words
			for word := range strings.FieldsFuncSeq(p.Value, func(c rune) bool { return strings.ContainsRune(",，、", c) }) {
				words = append(words, strings.TrimSpace(word))
			}
			return words
		}
	}
	return rule.Words{p.Value}
}

// hashOf is the hash of a rule's file as entries have it; of a file that is not at
// hand it is that of nothing.
func (r *Rules) hashOf(code string, version ledger.Count) string {
	if f := r.files[ledger.Version(code, version)]; f != nil {
		return encodeHash(f.Hash)
	}
	return encodeHash([sha256.Size]byte{})
}
