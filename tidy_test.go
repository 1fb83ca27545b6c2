// Package yilu_test holds the rules of CONTRIBUTING.md that a machine can hold.
// It reads the source as text and syntax and knows nothing of what it does.
package yilu_test

import (
	"cmp"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

const module = "yilu"

// source is one Go file of the module.
type source struct {
	path string // relative, with slashes
	file *ast.File
}

func (s source) isTest() bool   { return strings.HasSuffix(s.path, "_test.go") }
func (s source) folder() string { return path.Dir(s.path) }

// in says whether the file lies in one of the folders or below.
func (s source) in(folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return strings.HasPrefix(s.path, folder+"/")
	})
}

// imports lists what the file imports.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		paths = append(paths, unquote(spec.Path))
	}
	return paths
}

var (
	fileSet = token.NewFileSet()
	// skipped holds what is not ours or not code.
	skipped = []string{".git", "bin", "data", "node_modules", "testdata"}
)

// files lists the module's files that end in suffix.
func files(suffix string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(skipped, entry.Name()) {
			return filepath.SkipDir
		}
		if !entry.IsDir() && strings.HasSuffix(name, suffix) {
			found = append(found, filepath.ToSlash(name))
		}
		return nil
	})
	return found, err
}

var parseOnce = sync.OnceValues(func() ([]source, error) {
	names, err := files(".go")
	var all []source
	for _, name := range names {
		file, parseErr := parser.ParseFile(fileSet, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		err = errors.Join(err, parseErr)
		all = append(all, source{name, file})
	}
	return all, err
})

// sources returns every file, or only those that are not tests.
func sources(t *testing.T, tests bool) []source {
	t.Helper()
	all, err := parseOnce()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Clone(all), func(s source) bool { return s.isTest() && !tests })
}

func complain(t *testing.T, at token.Pos, format string, args ...any) {
	t.Helper()
	position := fileSet.Position(at)
	t.Errorf("%s:%d: "+format, append([]any{position.Filename, position.Line}, args...)...)
}

func unquote(literal *ast.BasicLit) string {
	value, err := strconv.Unquote(literal.Value)
	if err != nil {
		return literal.Value
	}
	return value
}

// literals calls f with every string of the file, imports left out.
func literals(s source, f func(literal *ast.BasicLit, value string)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if _, ok := n.(*ast.ImportSpec); ok {
			return false
		}
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			f(literal, unquote(literal))
		}
		return true
	})
}

func TestFunctionsAreShort(t *testing.T) {
	const mostLines = 70
	for _, s := range sources(t, false) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if lines := fileSet.Position(f.End()).Line - fileSet.Position(f.Pos()).Line + 1; lines > mostLines {
				complain(t, f.Pos(), "%s has %d lines, at most %d: let a part of it say what it does", f.Name.Name, lines, mostLines)
			}
		}
	}
}

func TestEverythingExportedIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t, false) {
		documented[s.folder()] = documented[s.folder()] || s.file.Doc != nil
		for _, d := range s.file.Decls {
			for _, name := range undocumented(d) {
				complain(t, name.Pos(), "%s has no doc comment: say why it exists and what is guaranteed", name.Name)
			}
		}
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("%s: the package has no doc comment", folder)
		}
	}
}

// wellKnown methods mean the same everywhere.
var wellKnown = []string{"Error", "String", "Unwrap"}

// undocumented returns the exported names of d without a comment. One comment
// may stand for a group of constants or variables.
func undocumented(d ast.Decl) []*ast.Ident {
	var names []*ast.Ident
	switch d := d.(type) {
	case *ast.FuncDecl:
		isWellKnown := d.Recv != nil && slices.Contains(wellKnown, d.Name.Name)
		if d.Doc == nil && !isWellKnown && (d.Recv == nil || ast.IsExported(receiver(d))) {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				if spec.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
					names = append(names, spec.Name)
				}
			case *ast.ValueSpec:
				if spec.Doc == nil && spec.Comment == nil && d.Doc == nil {
					names = append(names, spec.Names...)
				}
			}
		}
	}
	return slices.DeleteFunc(names, func(name *ast.Ident) bool { return !name.IsExported() })
}

// receiver is the name of a method's type.
func receiver(f *ast.FuncDecl) string {
	name := ""
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if ident, ok := n.(*ast.Ident); ok && name == "" {
			name = ident.Name
		}
		return true
	})
	return name
}

// rooms are the packages from left to right: each imports only those to its
// right. The longest name that matches a folder is its room.
var rooms = []string{"cmd", "web", "alerts", "publicity", "account", "ledger/ocds", "ledger/sheet", "ledger", "publicity/scan", "audit", "audit/proof"}

func roomOf(folder string) (place int, ok bool) {
	place = -1
	for i, room := range rooms {
		if (folder == room || strings.HasPrefix(folder, room+"/")) && (place < 0 || len(room) > len(rooms[place])) {
			place = i
		}
	}
	return place, place >= 0
}

func TestImportsGoToTheRight(t *testing.T) {
	for _, s := range sources(t, false) {
		from, ok := roomOf(s.folder())
		for _, imported := range s.imports() {
			target, ours := strings.CutPrefix(imported, module+"/")
			if !ok || !ours {
				continue
			}
			to, known := roomOf(target)
			switch {
			case strings.HasPrefix(s.folder(), "cmd/yilu-verify") && target != "audit/proof":
				t.Errorf("%s imports %s: the verifier shares audit/proof with us and nothing else", s.path, imported)
			case !known && !s.in("cmd", "web"):
				t.Errorf("%s imports %s: migrations stand apart", s.path, imported)
			case known && to < from, strings.HasPrefix(rooms[from], "ledger/") && strings.HasPrefix(target, "ledger/") && to != from:
				t.Errorf("%s imports %s: imports go to the right only in %s", s.path, imported, strings.Join(rooms, " → "))
			}
		}
	}
}

// TestPlacesOfLibraries keeps some imports where one change can reach them all.
func TestPlacesOfLibraries(t *testing.T) {
	for _, s := range sources(t, true) {
		for _, imported := range s.imports() {
			switch {
			case strings.HasPrefix(imported, "github.com/labstack/echo") && !s.in("web"):
				t.Errorf("%s imports %s: only web knows echo", s.path, imported)
			case strings.HasPrefix(imported, "cel.dev/cel-go") && !s.in("alerts/formula"):
				t.Errorf("%s imports %s: only alerts/formula knows cel-go", s.path, imported)
			case strings.HasPrefix(imported, module+"/migrations/pgtest") && !s.isTest():
				t.Errorf("%s imports %s: only tests may", s.path, imported)
			case s.in("alerts/formula", "alerts/rule", "alerts/rules") && !s.isTest() && strings.HasPrefix(imported, module+"/ledger"):
				t.Errorf("%s imports %s: a rule is judged on facts, whoever gives them", s.path, imported)
			case s.in("migrations") && !slices.ContainsFunc([]string{module + "/migrations", "github.com/jackc/pgx/", "github.com/pressly/goose/"},
				func(prefix string) bool { return strings.HasPrefix(imported, prefix) }) && strings.Contains(imported, "."):
				t.Errorf("%s imports %s: migrations stand apart, on pgx and goose alone", s.path, imported)
			case s.in("migrations/pgserver", "migrations/pgtest") && strings.Contains(imported, "goose"):
				t.Errorf("%s imports %s: only migrations itself knows goose", s.path, imported)
			}
		}
	}
}

// TestVerifierIsIndependent asks the compiler what really gets linked.
func TestVerifierIsIndependent(t *testing.T) {
	for _, folder := range []string{"audit/proof", "cmd/yilu-verify"} {
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		out, err := exec.Command("go", "list", "-deps", "./"+folder).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for dependency := range strings.Lines(string(out)) {
			dependency = strings.TrimSpace(dependency)
			switch {
			case strings.HasPrefix(dependency, "github.com/jackc/"), dependency == "database/sql":
				t.Errorf("%s links %s: it must work without a database", folder, dependency)
			case strings.HasPrefix(dependency, module+"/") && dependency != module+"/audit/proof" && dependency != module+"/"+folder:
				t.Errorf("%s links %s: it must not trust our server", folder, dependency)
			}
		}
	}
}

func TestMoneyIsNeverFloat(t *testing.T) {
	banned := []string{"float64", "float32", "ParseFloat", "FormatFloat"}
	for _, s := range sources(t, false) {
		if !s.in("ledger", "publicity", "audit") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if ident, ok := n.(*ast.Ident); ok && slices.Contains(banned, ident.Name) {
				complain(t, ident.Pos(), "%s: shares and rates are apd, money is ledger.Amount", ident.Name)
			}
			return true
		})
	}
}

func TestClockIsReadAtTheEdge(t *testing.T) {
	for _, s := range sources(t, false) {
		if s.in("cmd", "web") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			from, ok := selector.X.(*ast.Ident)
			if ok && from.Name == "time" && slices.Contains([]string{"Now", "Since", "Until"}, selector.Sel.Name) {
				complain(t, n.Pos(), "time.%s: take now from the caller; cmd and web read the clock", selector.Sel.Name)
			}
			return true
		})
	}
}

var (
	selectStar = regexp.MustCompile(`(?i)\bselect\s+(\w+\.)?\*`)
	statement  = regexp.MustCompile(`(?is)\b(select\s.*\sfrom\s|insert\s+into\s|update\s+[\w.%]+\s+set\s|delete\s+from\s|` +
		`(create|alter|drop)\s+(table|schema|database|role|index|view)\s)`)
)

func TestSQLIsWrittenOut(t *testing.T) {
	for _, s := range sources(t, false) {
		literals(s, func(literal *ast.BasicLit, value string) {
			if selectStar.MatchString(value) {
				complain(t, literal.Pos(), "select *: name the columns")
			}
		})
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			f, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Sprintf", "Sprint", "Fprintf"}, f.Sel.Name) {
				return true
			}
			for _, argument := range call.Args {
				if literal, ok := argument.(*ast.BasicLit); ok && statement.MatchString(literal.Value) {
					complain(t, literal.Pos(), "SQL by %s: pass values as $1", f.Sel.Name)
				}
			}
			return true
		})
	}
	for _, name := range mustFiles(t, ".sql") {
		if selectStar.MatchString(withoutComments(read(t, name))) {
			t.Errorf("%s: select *: name the columns", name)
		}
	}
}

// owners says which package may name the tables of a schema. Tables elsewhere
// need a line here first.
var owners = map[string]string{"log": "audit", "seal": "audit", "proj": "ledger", "alert": "alerts", "rules_v1": "alerts", "publicity": "publicity", "web": "web", "notify": "alerts/notify", "account": "account", "files": "ledger/document"}

var createTable = regexp.MustCompile(`(?i)create\s+(?:unlogged\s+)?(?:table|view|materialized\s+view)\s+(?:if\s+not\s+exists\s+)?"?(\w+)"?(?:\."?(\w+)"?)?`)

func TestTablesAreNamedByTheirOwner(t *testing.T) {
	var tables []string
	owner := map[string]string{}
	for _, name := range mustFiles(t, ".sql") {
		if !strings.HasPrefix(name, "migrations/") {
			continue
		}
		for _, found := range createTable.FindAllStringSubmatch(withoutComments(read(t, name)), -1) {
			schema, table := found[1], found[1]+"."+found[2]
			if owners[schema] == "" {
				t.Errorf("%s creates %s: name its schema, and the schema's owner in tidy_test.go", name, strings.TrimSuffix(table, "."))
				continue
			}
			tables = append(tables, regexp.QuoteMeta(table))
			owner[table] = owners[schema]
		}
	}
	if len(tables) == 0 {
		return
	}
	named := regexp.MustCompile(`\b(` + strings.Join(tables, "|") + `)\b`)
	for _, s := range sources(t, false) {
		if s.in("migrations") {
			continue
		}
		literals(s, func(literal *ast.BasicLit, value string) {
			for _, table := range named.FindAllString(value, -1) {
				if !s.in(owner[table]) {
					complain(t, literal.Pos(), "%s belongs to %s: ask it through its functions", table, owner[table])
				}
			}
		})
	}
}

func TestPackagesAreNouns(t *testing.T) {
	banned := []string{"util", "utils", "common", "helper", "helpers", "model", "models", "types", "service", "services", "repository", "misc", "shared"}
	for _, s := range sources(t, true) {
		if name := strings.TrimSuffix(s.file.Name.Name, "_test"); slices.Contains(banned, name) || slices.Contains(banned, path.Base(s.folder())) {
			t.Errorf("%s: package %s says nothing: name it after what it owns", s.path, name)
		}
	}
}

func TestTodosNameAnIssue(t *testing.T) {
	todo := regexp.MustCompile(`\b(TODO(\(#[0-9]+\))?|FIXME|XXX)\b`)
	for _, s := range sources(t, true) {
		if s.path == "tidy_test.go" {
			continue
		}
		for _, group := range s.file.Comments {
			for _, comment := range group.List {
				for _, mark := range todo.FindAllString(comment.Text, -1) {
					if !strings.HasPrefix(mark, "TODO(#") {
						complain(t, comment.Pos(), "%s: write TODO(#issue)", mark)
					}
				}
			}
		}
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	names, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		number, _, _ := strings.Cut(filepath.Base(name), "_")
		if got, err := strconv.Atoi(number); err != nil || len(number) != 5 || got != i+1 {
			t.Errorf("%s: the number should be %05d", name, i+1)
		}
	}
}

// allowed are the libraries of the program. One more needs a reason under
// "Decisions" in ARCHITECTURE.md.
var allowed = []string{
	"cel.dev/cel-go",
	"github.com/alexedwards/scs/v2",
	"github.com/boombuler/barcode",
	"github.com/cockroachdb/apd/v3",
	"github.com/coreos/go-oidc/v3",
	"github.com/emmansun/gmsm",
	"github.com/go-json-experiment/json",
	"github.com/google/cel-go",
	"github.com/gowebpki/jcs",
	"github.com/jackc/pgx/v5",
	"github.com/labstack/echo/v4",
	"github.com/pquerna/otp",
	"github.com/pressly/goose/v3",
	"github.com/prometheus/client_golang",
	"github.com/robfig/cron/v3",
	"github.com/transparency-dev/formats",
	"github.com/vbauerster/mpb/v8",
	"github.com/wneessen/go-mail",
	"github.com/xuri/excelize/v2",
	"go.yaml.in/yaml/v4",
	"golang.org/x/crypto",
	"golang.org/x/mod",
	"golang.org/x/oauth2",
	"golang.org/x/sync",
	"golang.org/x/sys",
	"golang.org/x/text",
}

// allowedInTests are linked into tests only.
var allowedInTests = []string{
	"github.com/anishathalye/porcupine",
	"github.com/emersion/go-sasl",
	"github.com/emersion/go-smtp",
	"github.com/getkin/kin-openapi",
	"github.com/google/go-cmp",
	"github.com/rogpeppe/go-internal",
	"github.com/santhosh-tekuri/jsonschema/v6",
	"github.com/transparency-dev/merkle",
	"golang.org/x/net",
	"pgregory.net/rapid",
}

// floors are the oldest versions without a hole or fault that we know of. They
// hold also where govulncheck cannot reach its database.
var floors = map[string]string{
	"github.com/cockroachdb/apd/v3":       "v3.2.3",
	"github.com/emmansun/gmsm":            "v0.44.1",
	"github.com/go-jose/go-jose/v4":       "v4.1.4",
	"github.com/jackc/pgx/v5":             "v5.9.2",
	"github.com/xuri/excelize/v2":         "v2.11.0",
	"cel.dev/cel-go":                      "v0.33.2",
	"go.yaml.in/yaml/v4":                  "v4.0.0",
	"github.com/wneessen/go-mail":         "v0.7.1",
	"golang.org/x/mod":                    "v0.42.0",
	"github.com/pressly/goose/v3":         "v3.29.0",
	"github.com/robfig/cron/v3":           "v3.0.1",
	"github.com/labstack/echo/v4":         "v4.16.0",
	"github.com/alexedwards/scs/v2":       "v2.9.0",
	"github.com/coreos/go-oidc/v3":        "v3.21.0",
	"github.com/transparency-dev/formats": "v0.1.1",
}

func requirements(t *testing.T) []*modfile.Require {
	t.Helper()
	mod, err := modfile.Parse("go.mod", []byte(read(t, "go.mod")), nil)
	if err != nil {
		t.Fatal(err)
	}
	return mod.Require
}

func TestDependenciesAreChosen(t *testing.T) {
	required := requirements(t)
	slices.SortFunc(required, func(a, b *modfile.Require) int { return cmp.Compare(len(b.Mod.Path), len(a.Mod.Path)) })
	for _, s := range sources(t, true) {
		for _, imported := range s.imports() {
			for _, r := range required { // longest first
				if imported != r.Mod.Path && !strings.HasPrefix(imported, r.Mod.Path+"/") {
					continue
				}
				if !slices.Contains(allowed, r.Mod.Path) && !(s.isTest() && slices.Contains(allowedInTests, r.Mod.Path)) {
					t.Errorf("%s imports %s: not on the list of dependencies", s.path, imported)
				}
				break
			}
		}
	}
	for _, r := range required {
		if !r.Indirect && !slices.Contains(allowed, r.Mod.Path) && !slices.Contains(allowedInTests, r.Mod.Path) {
			t.Errorf("go.mod: %s is not on the list of dependencies", r.Mod.Path)
		}
		if floor := floors[r.Mod.Path]; floor != "" && semver.Compare(r.Mod.Version, floor) < 0 {
			t.Errorf("go.mod: %s %s is older than %s, which mended what we know of", r.Mod.Path, r.Mod.Version, floor)
		}
	}
}

func TestTopLevelHoldsWhatIsListed(t *testing.T) {
	listed := []string{
		"go.mod", "go.sum", "Makefile", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "LICENSE",
		".ci", ".gitignore", "tidy_test.go",
		"account", "alerts", "audit", "cmd", "ledger", "migrations", "publicity", "web",
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !slices.Contains(listed, entry.Name()) && !slices.Contains(skipped, entry.Name()) {
			t.Errorf("%s: the top level holds only %s", entry.Name(), strings.Join(listed, ", "))
		}
	}
}

func mustFiles(t *testing.T, suffix string) []string {
	t.Helper()
	names, err := files(suffix)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var sqlComment = regexp.MustCompile(`(?m)--.*$`)

func withoutComments(sql string) string { return sqlComment.ReplaceAllString(sql, "") }
