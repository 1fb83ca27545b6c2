package web

import (
	"errors"
	"html/template"
	"strings"
	"testing"
)

// TestFoldedTemplatesSayTheSame draws templates with and without what is worked out when
// they are parsed.
func TestFoldedTemplatesSayTheSame(t *testing.T) {
	t.Parallel()
	functions := template.FuncMap{
		"t":    func(key string, args ...any) (string, error) { return key + `<&"'+> 元`, nil },
		"href": func(to string, parts ...any) string { return to }, "top": func(to string) string { return to },
		"asset": func(name string) (string, error) { return "/a/" + name, nil },
		"name":  func(list string, code any) (string, error) { return list, nil },
		"label": func(field string) (string, error) { return field, nil },
		"zh":    func() template.HTMLAttr { return ` lang="zh-CN"` }, "english": func() bool { return true },
		"query": func(to string, pairs ...any) string { return to },
	}
	for text, folded := range map[string]bool{
		`<title>{{t "a"}}</title><p title="{{t "a"}}"{{zh}}>{{t "a"}}</p>`:                                       true,
		`<a href="{{href "/x/-/"}}">{{name "state" "paid"}}</a><form action="{{href (print "/y" "/z")}}">`:       true,
		`{{if english}}<b>{{t "b"}}</b>{{else}}{{.}}{{end}}{{if not english}}{{.}}{{end}}`:                       true,
		`{{if not english}}{{.}}{{else}}<i>{{end}}{{range .}}<u{{zh}}>{{t "c"}}</u>{{else}}{{t "d"}}{{end}}`:     true,
		`<a href="{{href "/p/" .}}">{{t "n" .}}{{t (print "a" .)}}</a>{{with $x := t "e"}}{{$x}}{{end}}`:         false,
		`{{if english | not}}x{{end}}{{printf "%s" "y"}}{{if and . english}}z{{end}}{{len "four"}}{{t "x"|len}}`: false,
	} {
		plain := template.Must(template.New("x").Funcs(functions).Parse(text))
		once := template.Must(template.New("x").Funcs(functions).Parse(text))
		before := once.Tree.Root.String()
		if err := newFolder(functions).fold(once.Tree.Root); err != nil {
			t.Fatal(err)
		}
		if (once.Tree.Root.String() != before) != folded {
			t.Errorf("%s became %s", text, once.Tree.Root)
		}
		for _, data := range []string{"", "x", `<&"'+>`} {
			var want, got strings.Builder
			var rows any = data
			if strings.Contains(text, "{{range") {
				rows = strings.Split(data, "")
			}
			if err := errors.Join(plain.Execute(&want, rows), once.Execute(&got, rows)); err != nil || want.String() != got.String() {
				t.Errorf("%s of %q: %v\n%s\n%s", text, data, err, want.String(), got.String())
			}
		}
	}
}

// TestFoldingNamesWhatIsWrong: a sentence that is not there ends the program at its start.
func TestFoldingNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	functions := siteOf("").functions(chinese)
	x := template.Must(template.New("x").Funcs(functions).Parse(`{{t "no.such.sentence"}}`))
	if err := newFolder(functions).fold(x.Tree.Root); err == nil || !strings.Contains(err.Error(), "no.such.sentence") {
		t.Errorf("%v", err)
	}
}
