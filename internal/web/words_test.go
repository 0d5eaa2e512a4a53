package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"safehouse/internal/locale"
)

// Every action that the code records has its sentence. Where Record is given a
// variable, what callers hand on for it counts, and so does every value of a table
// that it is taken from.
func TestEveryStepHasWordsInEveryLanguage(t *testing.T) {
	found := make(map[string]bool)
	err := filepath.WalkDir("..", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		p, err := parsed(name)
		p.recorded(t, found)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 20 || !found["mask.look"] || !found["mask.preview"] || !found["job.retry"] {
		t.Errorf("found %d actions: this test looks for the wrong thing", len(found))
	}
	for action := range found {
		for _, lang := range locale.Languages {
			if !locale.For(lang).Has("step." + action) {
				t.Errorf("%s: no words for %s", lang, action)
			}
		}
	}
}

// sources are those of one package, parsed, without its tests.
type sources struct {
	name  string
	files []*ast.File
}

func parsed(name string) (f sources, err error) {
	names, err := filepath.Glob(filepath.Join(name, "*.go"))
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), n, nil, 0)
		if err != nil {
			return f, err
		}
		f.name, f.files = file.Name.Name, append(f.files, file)
	}
	return f, err
}

func (pkg sources) inspect(look func(ast.Node) bool) {
	for _, file := range pkg.files {
		ast.Inspect(file, look)
	}
}

func (pkg sources) recorded(t *testing.T, found map[string]bool) {
	add := func(e ast.Expr) bool {
		lit, ok := e.(*ast.BasicLit)
		if ok && lit.Kind == token.STRING {
			action, _ := strconv.Unquote(lit.Value)
			found[action] = true
		}
		return ok
	}
	for _, file := range pkg.files {
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || pkg.name == "store" && strings.HasPrefix(fn.Name.Name, "Record") {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || !named(call, "Record") && !named(call, "RecordWhy") || add(call.Args[0]) {
					return true
				}
				switch arg := call.Args[0].(type) {
				case *ast.Ident:
					pkg.handedOn(t, fn, arg.Name, add)
				case *ast.IndexExpr:
					pkg.values(t, arg.X.(*ast.Ident).Name, add)
				default:
					t.Errorf("%s.%s records what this test cannot follow", pkg.name, fn.Name.Name)
				}
				return true
			})
		}
	}
}

func named(call *ast.CallExpr, name string) bool {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name == name
	case *ast.Ident:
		return f.Name == name
	}
	return false
}

// handedOn adds what callers of fn give for one of its parameters.
func (pkg sources) handedOn(t *testing.T, fn *ast.FuncDecl, param string, add func(ast.Expr) bool) {
	at, i := -1, 0
	for _, f := range fn.Type.Params.List {
		for _, n := range f.Names {
			if n.Name == param {
				at = i
			}
			i++
		}
	}
	calls := 0
	pkg.inspect(func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && at >= 0 && named(call, fn.Name.Name) && len(call.Args) > at && add(call.Args[at]) {
			calls++
		}
		return true
	})
	if calls == 0 {
		t.Errorf("%s.%s records %s: nobody is seen to hand it on", pkg.name, fn.Name.Name, param)
	}
}

// values adds what stands in a table.
func (pkg sources) values(t *testing.T, table string, add func(ast.Expr) bool) {
	n := 0
	pkg.inspect(func(node ast.Node) bool {
		v, ok := node.(*ast.ValueSpec)
		if !ok || v.Names[0].Name != table || len(v.Values) == 0 {
			return true
		}
		for _, e := range v.Values[0].(*ast.CompositeLit).Elts {
			if add(e.(*ast.KeyValueExpr).Value) {
				n++
			}
		}
		return true
	})
	if n == 0 {
		t.Errorf("%s.%s holds no actions", pkg.name, table)
	}
}
