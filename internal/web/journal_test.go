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
func TestEveryActionOfTheJournalHasASentence(t *testing.T) {
	found := make(map[string]bool)
	err := filepath.WalkDir("..", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		pkgs, err := parser.ParseDir(token.NewFileSet(), name, func(i fs.FileInfo) bool { return !strings.HasSuffix(i.Name(), "_test.go") }, 0)
		for _, pkg := range pkgs {
			recorded(t, pkg, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 20 || !found["mask.look"] || !found["mask.preview"] || !found["job.retry"] {
		t.Errorf("found %d actions: this test looks for the wrong thing", len(found))
	}
	for action := range found {
		if !locale.For("en").Has("journal.did." + action) {
			t.Errorf("nothing says what %s is", action)
		}
	}
}

func recorded(t *testing.T, pkg *ast.Package, found map[string]bool) {
	add := func(e ast.Expr) bool {
		lit, ok := e.(*ast.BasicLit)
		if ok && lit.Kind == token.STRING {
			action, _ := strconv.Unquote(lit.Value)
			found[action] = true
		}
		return ok
	}
	for _, file := range pkg.Files {
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || pkg.Name == "store" && strings.HasPrefix(fn.Name.Name, "Record") {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || !named(call, "Record") && !named(call, "RecordWhy") || add(call.Args[0]) {
					return true
				}
				switch arg := call.Args[0].(type) {
				case *ast.Ident:
					handedOn(t, pkg, fn, arg.Name, add)
				case *ast.IndexExpr:
					values(t, pkg, arg.X.(*ast.Ident).Name, add)
				default:
					t.Errorf("%s.%s records what this test cannot follow", pkg.Name, fn.Name.Name)
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
func handedOn(t *testing.T, pkg *ast.Package, fn *ast.FuncDecl, param string, add func(ast.Expr) bool) {
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
	ast.Inspect(pkg, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && at >= 0 && named(call, fn.Name.Name) && len(call.Args) > at && add(call.Args[at]) {
			calls++
		}
		return true
	})
	if calls == 0 {
		t.Errorf("%s.%s records %s: nobody is seen to hand it on", pkg.Name, fn.Name.Name, param)
	}
}

// values adds what stands in a table.
func values(t *testing.T, pkg *ast.Package, table string, add func(ast.Expr) bool) {
	n := 0
	ast.Inspect(pkg, func(node ast.Node) bool {
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
		t.Errorf("%s.%s holds no actions", pkg.Name, table)
	}
}
