package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"runtime/debug"
	"strings"
	"sync"
	"text/template/parse"

	rulefact "yilu/alerts/fact"
	"yilu/ledger"
)

//go:embed templates/*.html
var templateFiles embed.FS

// site is everything the pages are made of besides the book: templates,
// sentences and assets, for one base path. It never changes.
type site struct {
	base string
	// currency is that of the book.
	currency string
	// version names the program's part of every page, for ETags.
	version string
	assets  assets
	locales map[language]locale
	// pages are the parsed templates by language and name.
	pages map[language]map[string]*template.Template
}

// sites keeps the site of each base path and currency: making one is a pure function of
// the embedded files, and costs some milliseconds.
var sites sync.Map

// siteOf returns the site of a base path, of a book in yuan. A template that does not
// parse is a bug and ends the program at its start, not at a reader's request.
func siteOf(base string) *site { return siteIn(base, ledger.Yuan) }

// siteIn is siteOf for a book of a currency.
func siteIn(base, currency string) *site {
	key := [2]string{base, currency}
	if s, ok := sites.Load(key); ok {
		return s.(*site)
	}
	s, err := newSite(base, currency)
	if err != nil {
		panic("web: " + err.Error())
	}
	kept, _ := sites.LoadOrStore(key, s)
	return kept.(*site)
}

// foreign is the currency of the book where it is not yuan, else empty.
func (s *site) foreign() string {
	if s.currency == ledger.Yuan {
		return ""
	}
	return s.currency
}

func newSite(base, currency string) (*site, error) {
	s := &site{base: base, currency: currency, locales: map[language]locale{}, pages: map[language]map[string]*template.Template{}}
	var err error
	if s.assets, err = readAssets(); err != nil {
		return nil, err
	}
	if s.version, err = versionOf(templateFiles, localeFiles, assetFiles); err != nil {
		return nil, err
	}
	for _, l := range languages {
		m, err := readLocale(l)
		if err != nil {
			return nil, err
		}
		s.locales[l] = m.in(l, currency)
		if s.pages[l], err = s.parse(l); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// parse reads every page's template together with those of the shared ones that it
// uses: a set for each page, since all name their parts alike, but not all of them in
// all sets, which would be most of what the server keeps in memory.
func (s *site) parse(l language) (map[string]*template.Template, error) {
	functions := s.functions(l)
	known := newFolder(functions)
	shared, err := template.New("").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/part_*.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, name := range names {
		base := strings.TrimSuffix(path.Base(name), ".html")
		if base == "layout" || strings.HasPrefix(base, "part_") {
			continue
		}
		page, err := template.New("").Option("missingkey=error").Funcs(functions).ParseFS(templateFiles, name)
		if err != nil {
			return nil, err
		}
		if err := include(page, shared, "layout"); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, own := range page.Templates() {
			if err := includeUsed(page, shared, own.Tree); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		for _, own := range page.Templates() {
			if own.Tree == nil {
				continue
			}
			if err := known.fold(own.Tree.Root); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		pages[base] = page
	}
	return pages, nil
}

// include adds a shared template to a page that has none of that name, and what it uses.
func include(page, shared *template.Template, name string) error {
	if page.Lookup(name) != nil {
		return nil
	}
	t := shared.Lookup(name)
	if t == nil {
		return fmt.Errorf("no template %q", name)
	}
	if _, err := page.AddParseTree(name, t.Tree.Copy()); err != nil { // escaping changes it
		return err
	}
	return includeUsed(page, shared, t.Tree)
}

// includeUsed adds the shared templates that a tree names.
func includeUsed(page, shared *template.Template, tree *parse.Tree) error {
	if tree == nil {
		return nil
	}
	for _, name := range used(tree.Root) {
		if err := include(page, shared, name); err != nil {
			return err
		}
	}
	return nil
}

// used lists the names of the templates below a node.
func used(n parse.Node) (names []string) {
	branch := func(b *parse.BranchNode) []string { return append(used(b.List), used(b.ElseList)...) }
	switch n := n.(type) {
	case *parse.TemplateNode:
		return []string{n.Name}
	case *parse.IfNode:
		return branch(&n.BranchNode)
	case *parse.RangeNode:
		return branch(&n.BranchNode)
	case *parse.WithNode:
		return branch(&n.BranchNode)
	case *parse.ListNode:
		if n != nil { // nil for no else
			for _, child := range n.Nodes {
				names = append(names, used(child)...)
			}
		}
	}
	return names
}

// versionOf hashes what is embedded, with the revision of the program.
func versionOf(trees ...embed.FS) (string, error) {
	sum := sha256.New()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, set := range info.Settings {
			fmt.Fprintln(sum, set.Key, set.Value)
		}
	}
	for _, tree := range trees {
		err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := tree.ReadFile(name)
			fmt.Fprintln(sum, name, len(b))
			sum.Write(b)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

// functions are what templates may call, bound to a language.
func (s *site) functions(l language) template.FuncMap {
	m := s.locales[l]
	return template.FuncMap{
		"t":     m.text,
		"href":  func(to string, parts ...any) string { return s.href(l, to, parts...) },
		"query": func(to string, pairs ...any) string { return s.query(l, to, pairs...) },
		// top is the URL of what stands once for all languages.
		"top":   func(to string) string { return s.href(chinese, to) },
		"live":  func(to string, pairs ...any) string { return s.live(l, to, pairs...) },
		"entry": func(seq any) string { return s.entry(l, seq) },
		"asset": func(name string) (string, error) {
			a := s.assets[name]
			if a == nil {
				return "", fmt.Errorf("no asset %q", name)
			}
			return s.base + a.url, nil
		},
		"name": func(list string, code any) (string, error) {
			name, ok := codeNames[list]
			if !ok {
				return "", fmt.Errorf("no list of codes %q", list)
			}
			return l.pick(name(argument(code))), nil
		},
		// fact and condition are what a rule reads and asks, as people call it.
		"factname": func(name string) (string, error) {
			if strings.HasPrefix(name, "param.") {
				return m.text("rule.parameter")
			}
			return l.pick(rulefact.NameOf(name)), nil
		},
		"condition": func(formula string) string { return rulefact.InWords(formula, l.pick) },
		"yuan":      ledger.Amount.Comma,
		"wan":       ledger.Amount.Wan,
		"count":     countText,
		"percent":   ledger.Amount.Percent,
		"payee":     func(key, name string, lines int64) (payeeRef, error) { return payeeOf(m, key, name, lines) },
		// zh marks what stands in the book in Chinese, on pages in another language.
		"zh": func() template.HTMLAttr {
			if l == chinese {
				return ""
			}
			return ` lang="zh-CN"`
		},
		"grouped":  grouped,
		"hex":      func(hash string) string { return strings.TrimSuffix(pictureName(hash), ".jpg") },
		"upper":    ledger.Amount.Upper,
		"number":   func(i int) int { return i + 1 },
		"label":    func(field string) (string, error) { return fieldLabel(l, m, field) },
		"english":  func() bool { return l == english },
		"village":  func(code string) bool { return isVillage(code) },
		"township": func(code string) string { return code[:min(len(code), 9)] },
	}
}

// fieldLabel names a field of a notice.
func fieldLabel(l language, m locale, field string) (string, error) {
	if text, ok := ledger.NoticeFields[field]; ok {
		return l.pick(text), nil
	}
	return m.text("notice." + field)
}

// countText is a whole number with commas.
func countText(n int64) string { return strings.TrimSuffix(ledger.Amount(n*100).Comma(), ".00") }

// sentence is a sentence in a language.
func (s *site) sentence(l language, key string, args ...any) string {
	text, err := s.locales[l].text(key, args...)
	if err != nil {
		panic("web: " + err.Error()) // the test of the locales holds every key
	}
	return text
}

// isVillage says whether a 12-digit code is that of a village; a township or a
// county as a whole ends in zeros.
func isVillage(code string) bool { return len(code) == 12 && !strings.HasSuffix(code, "000") }

// href is the URL of a page in a language; parts are escaped and appended.
func (s *site) href(l language, to string, parts ...any) string {
	var b strings.Builder
	b.WriteString(s.base + l.Prefix + to)
	for _, p := range parts {
		b.WriteString(url.PathEscape(argument(p)))
	}
	return b.String()
}

// payeeRef is how a payee is shown: a firm by its name, a batch of grants by
// what it is for, and a private person not at all.
type payeeRef struct {
	Name string
	// Firm or Batch is what can be looked up further; both are empty for a person.
	Firm, Batch string
}

// payeeOf keeps the tokens of private persons off the pages: the same token in
// two places would tell that it is the same person.
func payeeOf(m locale, key, name string, lines int64) (payeeRef, error) {
	switch {
	case isPrivate(key):
		text, err := m.text("payee.person")
		return payeeRef{Name: text}, err
	case strings.HasPrefix(key, "g-"):
		text, err := m.text("payee.batch", lines, name)
		if lines == 0 { // a list that does not know how many
			text, err = m.text("payee.grant", name)
		}
		return payeeRef{Name: text, Batch: strings.TrimPrefix(key, "g-")}, err
	}
	return payeeRef{Name: name, Firm: key}, nil
}
