package web

import (
	"io/fs"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"yilu/ledger"
)

func TestEverySentenceIsInBothLanguages(t *testing.T) {
	zh, en := mustLocale(t, chinese), mustLocale(t, english)
	place := regexp.MustCompile(`\{[0-9]\}`)
	for key, s := range zh {
		other, ok := en[key]
		if !ok {
			t.Errorf("en.json lacks %q", key)
			continue
		}
		if s.Other == "" || other.Other == "" {
			t.Errorf("%q is empty", key)
		}
		for _, p := range place.FindAllString(s.Other, -1) {
			if !strings.Contains(other.Other, p) {
				t.Errorf("%q has %s in Chinese only", key, p)
			}
		}
	}
	for key := range en {
		if !zh.has(key) {
			t.Errorf("zh.json lacks %q", key)
		}
	}
}

func mustLocale(t *testing.T, l language) locale {
	t.Helper()
	m, err := readLocale(l)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestEveryKeyHasASentence looks at keys written in templates and code, and at
// those made from the codes of the ledger.
func TestEveryKeyHasASentence(t *testing.T) {
	m := mustLocale(t, chinese)
	call := regexp.MustCompile(`[({ ]t "([a-z0-9_.]+)"`)
	for name, text := range templates(t) {
		for _, found := range call.FindAllStringSubmatch(text, -1) {
			if !m.has(found[1]) {
				t.Errorf("%s: no sentence %q", name, found[1])
			}
		}
	}
	var keys []string
	for _, class := range classOrder {
		keys = append(keys, "class."+class)
	}
	for _, role := range append(roleOrder, ledger.Engine, ledger.Public) {
		keys = append(keys, "role."+string(role))
	}
	for _, key := range []string{"missing", "busy", "error", "refused"} {
		keys = append(keys, key+".title", key+".text")
	}
	for _, kind := range ledger.Kinds() {
		for _, name := range kind.Sealed {
			keys = append(keys, "sealed."+name)
		}
		if kind.Stage != ledger.StageGovernance {
			keys = append(keys, "stage."+string(kind.Stage))
		}
		body := reflect.TypeOf(ledger.NewBody(kind.Kind)).Elem()
		for _, field := range reflect.VisibleFields(body) {
			if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
				keys = append(keys, "field."+name)
			}
		}
	}
	for _, key := range keys {
		if !m.has(key) {
			t.Errorf("no sentence %q", key)
		}
	}
}

// TestTemplatesHaveNoBareText holds every word that a reader sees to the
// locales: between tags, and in the attributes that are read out.
func TestTemplatesHaveNoBareText(t *testing.T) {
	spoken := regexp.MustCompile(`(?:aria-label|alt|title|placeholder|data-l|content)="([^"]*)"`)
	tag := regexp.MustCompile(`(?s)<[^>]*>`)
	for name, text := range templates(t) {
		text = withoutActions(text)
		for _, found := range spoken.FindAllStringSubmatch(text, -1) {
			if !isTechnical(found[1]) && hasWord(found[1]) {
				t.Errorf("%s: bare text in an attribute: %q", name, found[1])
			}
		}
		for line := range strings.Lines(tag.ReplaceAllString(text, "\n")) {
			if hasWord(line) {
				t.Errorf("%s: bare text: %q", name, strings.TrimSpace(line))
			}
		}
	}
}

// withoutActions removes {{…}} whatever quotes it holds.
func withoutActions(text string) string {
	return regexp.MustCompile(`(?s)\{\{.*?\}\}`).ReplaceAllString(text, "")
}

// isTechnical are attribute values for browsers, not for readers.
func isTechnical(v string) bool {
	return v == "width=device-width, initial-scale=1" || v == "light dark"
}

func hasWord(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) >= 0 }

func templates(t *testing.T) map[string]string {
	t.Helper()
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		b, err := templateFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(b)
	}
	return all
}

func TestSentences(t *testing.T) {
	m := locale{"n": {One: "{0} household", Other: "{0} households"}, "two": {Other: "{0} of {1}"}, "odd": {Other: "{{0}{x}{2}{00}{"}}
	for _, c := range []struct {
		key  string
		args []any
		want string
	}{
		{"n", []any{1}, "1 household"},
		{"n", []any{int64(2)}, "2 households"},
		{"two", []any{"{1}", "x"}, "{1} of x"},
		{"odd", []any{ledger.Seq(7), ledger.Date("2020-03-18")}, "{7{x}{2}{00}{"},
	} {
		if got, err := m.text(c.key, c.args...); err != nil || got != c.want {
			t.Errorf("%s %v: %q %v, want %q", c.key, c.args, got, err, c.want)
		}
	}
	if _, err := m.text("none"); err == nil {
		t.Error("a missing key was no error")
	}
}

// TestMenuIsOneList: what stands in one row of the English menu begins alike.
func TestMenuIsOneList(t *testing.T) {
	t.Parallel()
	for _, item := range menu {
		text := siteIn("", "CNY").sentence(english, item.Key())
		if r, _ := utf8.DecodeRuneInString(text); !unicode.IsUpper(r) {
			t.Errorf("%s is called %q", item.Key(), text)
		}
	}
}
