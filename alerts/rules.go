package alerts

import (
	"bytes"
	"cmp"
	"context"
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
	// kinds are those that a rule can be about, of this program or kept in a book.
	kinds map[ledger.Kind]bool

	mu    sync.Mutex
	books map[ledger.Book]*inForce
}

// LoadRules reads a folder of rule files with their tests and refuses it whole if
// any of them is not of the form. Formulas are compiled when a rule is first judged:
// most commands judge few, and the tests of this program compile all.
func LoadRules(folder fs.FS, calendar workday.Calendar) (*Rules, error) {
	r := &Rules{calendar: counter(calendar), files: map[string]*rule.Rule{}, tests: map[string][sha256.Size]byte{}, kinds: map[ledger.Kind]bool{}, books: map[ledger.Book]*inForce{}}
	for kind := range fact.Catalogue() {
		r.kinds[ledger.Kind(kind)] = true
	}
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
		all = append(all, &ledger.RuleActivated{
			Code: f.Code, Version: ledger.Count(f.Version), State: f.State, FileHash: encodeHash(f.Hash), TestHash: encodeHash(test),
			FileLines: strings.Split(strings.TrimSuffix(string(f.Text), "\n"), "\n"),
		})
	}
	return all
}

func encodeHash(h [sha256.Size]byte) string { return base64.StdEncoding.EncodeToString(h[:]) }

// inForce are the rules of one book as of one entry, compiled with its limits.
type inForce struct {
	text  []byte // of the rulebook
	rules map[string]*active
	kinds map[ledger.Kind]*kindRules
	// unset are the limits that rules lack, by code: these judge nothing.
	unset map[string]string
	// Hash is over the files in force.
	hash [sha256.Size]byte
}

// active is a rule in force.
type active struct {
	ledger.RuleActivated
	// file is the one that was put in force; nil if it is nowhere.
	file *rule.Rule
	// compiled makes the rule ready when it is first asked: many rules are put in
	// force one after the other, and each time most of them judge nothing. It is nil
	// for a rule that cannot be judged, which then says so.
	compiled func() *rule.Compiled
}

// kindRules are the rules judged at entries of one kind and the facts they read.
type kindRules struct {
	rules []*active
	// closes are deadlines that an entry of this kind meets.
	closes []closing
	facts  []string
	// reading is how facts are known, made when the first entry of the kind is judged.
	reading func() *fact.Reading
}

// gather asks the book for what the rules read of an entry.
func (k *kindRules) gather(v ledger.View, e *ledger.Entry) *fact.Facts {
	return k.reading().Gather(v, e)
}

// keeper gives the text of a file that was once put in force, by its hash, or
// ledger.ErrNotFound.
type keeper func(hash string) ([]byte, error)

// inView asks the book as it stands.
func inView(v ledger.View) keeper {
	return func(hash string) ([]byte, error) {
		text, ok := v.RuleFile(hash)
		if !ok {
			return nil, ledger.ErrNotFound
		}
		return text, nil
	}
}

// cached is what was compiled last of a book, if that is in force still.
func (r *Rules) cached(book ledger.Book, row ledger.Rulebook) *inForce {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.books[book]; f != nil && bytes.Equal(f.text, row.Rules) {
		return f
	}
	return nil
}

// inForceOf compiles what a rulebook puts in force; the last of each book is kept.
func (r *Rules) inForceOf(book ledger.Book, row ledger.Rulebook, kept keeper) (*inForce, error) {
	if f := r.cached(book, row); f != nil {
		return f, nil
	}
	f, err := r.compile(row.Rules, kept)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.books[book] = f
	return f, nil
}

// inForce are the rules that are in force in a book now.
func (g *Engine) inForce(ctx context.Context, book ledger.Book) (*inForce, error) {
	row, err := g.Ledger.Rulebook(ctx, book)
	if err != nil {
		return nil, err
	}
	return g.Rules.inForceOf(book, row, func(hash string) ([]byte, error) { return g.Ledger.RuleFile(ctx, book, hash) })
}

func (r *Rules) compile(text []byte, kept keeper) (*inForce, error) {
	f := &inForce{text: bytes.Clone(text), rules: map[string]*active{}, kinds: map[ledger.Kind]*kindRules{}, unset: map[string]string{}}
	book, err := (ledger.Rulebook{Rules: text}).Read()
	if err != nil {
		panic(fmt.Errorf("alerts: a rulebook that the ledger wrote: %w", err))
	}
	files := map[string]*rule.Rule{}
	compiler := sync.OnceValues(func() (*rule.Compiler, error) { return rule.NewCompiler(r.surroundings(book, files)) })
	sum := sha256.New()
	for _, a := range slices.SortedFunc(slices.Values(book.Rules), func(a, b ledger.RuleActivated) int { return strings.Compare(a.Code, b.Code) }) {
		if a.State == "frozen" || a.State == "retired" {
			continue
		}
		if files[a.Code], err = r.fileOf(a, kept); err != nil {
			return nil, err
		}
		x := &active{RuleActivated: a, file: files[a.Code], compiled: sync.OnceValue(func() *rule.Compiled { return compileOne(compiler, files[a.Code]) })}
		fmt.Fprintf(sum, "%s %d %s\n", a.Code, a.Version, a.FileHash)
		f.rules[a.Code] = x
		file := cmp.Or(x.file, r.files[ledger.Version(a.Code, a.Version)])
		if file == nil {
			file = r.newest(a.Code)
		}
		if x.file != nil {
			if limit := unset(x.file, book); limit != "" {
				f.unset[a.Code] = limit
				continue
			}
		}
		f.place(x, file)
	}
	sum.Sum(f.hash[:0])
	return f, nil
}

// fileOf is the file that an activation names: one of this program, or the one that
// the book keeps. It is nil when neither is what was activated.
func (r *Rules) fileOf(a ledger.RuleActivated, kept keeper) (*rule.Rule, error) {
	if f := r.files[ledger.Version(a.Code, a.Version)]; f != nil && encodeHash(f.Hash) == a.FileHash {
		return f, nil
	}
	text, err := kept(a.FileHash)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read file of rule %s: %w", ledger.Version(a.Code, a.Version), err)
	}
	f, err := rule.Parse(a.Code+".yaml", text)
	if err != nil || f.Code != a.Code || ledger.Count(f.Version) != a.Version {
		return nil, nil // it was put in force, and cannot be judged by
	}
	return f, nil
}

// compileOne compiles a file with the limits of the book. It is nil when there is no
// file, and when it does not compile.
func compileOne(compiler func() (*rule.Compiler, error), file *rule.Rule) *rule.Compiled {
	c, err := compiler()
	if err != nil || file == nil {
		return nil
	}
	compiled, problems := c.Compile(file)
	if len(problems) > 0 {
		return nil
	}
	return compiled
}

// newest is the newest file of a rule that this program has, nil for none.
func (r *Rules) newest(code string) *rule.Rule {
	return r.files[ledger.Version(code, r.Version(code))]
}

// File is the file of a version of a rule: of this program, or as a book had it in
// force once. A version that neither has is ledger.ErrNotFound.
func (r *Rules) File(ctx context.Context, l *ledger.Ledger, book ledger.Book, code string, version ledger.Count) (*rule.Rule, error) {
	if f := r.files[ledger.Version(code, version)]; f != nil {
		return f, nil
	}
	a, err := activated(ctx, l, book, code, version)
	if err != nil {
		return nil, err
	}
	f, err := r.fileOf(a, func(hash string) ([]byte, error) { return l.RuleFile(ctx, book, hash) })
	if err == nil && f == nil {
		err = fmt.Errorf("file of rule %s: %w", ledger.Version(code, version), ledger.ErrNotFound)
	}
	return f, err
}

// activated is how a version of a rule was put in force last.
func activated(ctx context.Context, l *ledger.Ledger, book ledger.Book, code string, version ledger.Count) (ledger.RuleActivated, error) {
	_, changes, err := l.RulesOf(ctx, book)
	if err != nil {
		return ledger.RuleActivated{}, err
	}
	for _, c := range slices.Backward(changes) {
		if c.Rule != nil && c.Rule.Code == code && c.Rule.Version == version {
			return *c.Rule, nil
		}
	}
	return ledger.RuleActivated{}, fmt.Errorf("rule %s: %w", ledger.Version(code, version), ledger.ErrNotFound)
}

// closing is a deadline with what an entry has to share with the one that opened it.
type closing struct {
	*active
	match []string
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
			k.reading = sync.OnceValue(func() *fact.Reading { return fact.NewReading(ledger.Kind(kind), k.facts) })
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
		for _, kind := range file.Expect {
			k = at(kind)
			k.closes = append(k.closes, closing{x, file.Match})
			need(k, file.Match)
		}
	}
}

// surroundings are the limits and the white list of a book, for some files of rules.
func (r *Rules) surroundings(book ledger.Rules, files map[string]*rule.Rule) rule.Surroundings {
	s := fact.Surroundings(r.calendar)
	for _, p := range book.Parameters {
		s.Settings = append(s.Settings, settingOf(files[p.Code], p))
	}
	for _, x := range book.Exemptions {
		s.Exemptions = append(s.Exemptions, rule.Exemption{Code: x.Code, Fact: x.Fact, Text: x.Text, Basis: x.Basis, From: fact.Day(x.From), To: fact.Day(x.To)})
	}
	return s
}

// hashOf is the hash of a rule's file as entries have it; of a file that is nowhere it
// is that of nothing.
func (g *Engine) hashOf(ctx context.Context, book ledger.Book, code string, version ledger.Count) (string, error) {
	if f := g.Rules.files[ledger.Version(code, version)]; f != nil {
		return encodeHash(f.Hash), nil
	}
	a, err := activated(ctx, g.Ledger, book, code, version)
	if errors.Is(err, ledger.ErrNotFound) {
		return encodeHash([sha256.Size]byte{}), nil
	}
	return a.FileHash, err
}
