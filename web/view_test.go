package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestViewsHideNothingOfTheFrame: a field of a page with the name of one of the frame's would
// be taken for it by the layout, which then leaves out a menu or names a wrong address.
func TestViewsHideNothingOfTheFrame(t *testing.T) {
	t.Parallel()
	structs := map[string]*ast.StructType{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range files {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok {
				if s, ok := spec.Type.(*ast.StructType); ok {
					structs[spec.Name.Name] = s
				}
			}
			return true
		})
	}
	own := func(name string) (fields, embeds []string) {
		for _, f := range structs[name].Fields.List {
			for _, n := range f.Names {
				fields = append(fields, n.Name)
			}
			if star, ok := f.Type.(*ast.StarExpr); ok && f.Names == nil {
				if id, ok := star.X.(*ast.Ident); ok && structs[id.Name] != nil {
					embeds = append(embeds, id.Name)
				}
			}
		}
		return fields, embeds
	}
	frame, _ := own("frame")
	views := 0
	var inside func(name string) bool // whether it has the frame in it
	inside = func(name string) bool {
		_, embeds := own(name)
		return slices.ContainsFunc(embeds, func(e string) bool { return e == "frame" || inside(e) })
	}
	for _, name := range slices.Sorted(maps.Keys(structs)) {
		if !inside(name) {
			continue
		}
		views++
		fields, _ := own(name)
		for _, f := range fields {
			if ast.IsExported(f) && slices.Contains(frame, f) {
				t.Errorf("%s.%s hides the frame's", name, f)
			}
		}
	}
	if views < 40 {
		t.Errorf("only %d pages found", views)
	}
}
