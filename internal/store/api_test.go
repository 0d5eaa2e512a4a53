package store

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// writes are the ways in which SQL is changed, ours and the libraries'.
var writes = strings.Fields(`insert insertAll NewInsert NewUpdate NewDelete NewMerge NewRaw NewCreateTable NewCreateIndex NewDropTable
	NewDropIndex NewTruncateTable NewAddColumn NewDropColumn Exec ExecContext Prepare PrepareContext Begin BeginTx RunInTx Conn Up UpTo ApplyVersion`)

// mayWrite lists what writes without being a method of Tx.
var mayWrite = map[string]string{
	"openSQLite": "Exec",    // PRAGMA, on each new connection
	"migrate":    "Up",      // the schema, before anybody has it
	"insertAll":  "insert",  // takes a *Tx
	"DB.view":    "BeginTx", // read only: see the test below
	"DB.Found":   "insert",  // through the Tx of Update

	"DB.Snapshot": "Conn BeginTx", // read only, into another file
	"DB.Wipe":     "Conn",         // changes no row
	"wipeSQLite":  "ExecContext",
	"DB.commit":   "BeginTx", // under Update

	"DB.Succeed":   "insert NewUpdate Exec", // through the Tx of commit
	"pages.copyTo": "Exec ExecContext",      // writes another file
}

type function struct {
	name, on string
	exported bool
	body     *ast.BlockStmt
	results  *ast.FieldList
}

// functions parses this package without its tests.
func functions(t *testing.T) (all []function) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
				all = append(all, function{d.Name.Name, receiver(d), d.Name.IsExported(), d.Body, d.Type.Results})
			}
		}
	}
	if len(all) < 50 {
		t.Fatalf("%d functions: this test looked at something else", len(all))
	}
	return all
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	on := d.Recv.List[0].Type
	if star, ok := on.(*ast.StarExpr); ok {
		on = star.X
	}
	if name, ok := on.(*ast.Ident); ok {
		return name.Name
	}
	return "?"
}

// calls lists the names of everything that is called.
func (f function) calls() (names []string) {
	ast.Inspect(f.body, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			names = append(names, called(c))
		}
		return true
	})
	return names
}

func called(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.IndexExpr:
		if id, ok := f.X.(*ast.Ident); ok {
			return id.Name
		}
	}
	return ""
}

func (f function) String() string {
	if f.on == "" {
		return f.name
	}
	return f.on + "." + f.name
}

// A Tx exists only inside Update, which refuses what recorded nothing: so nothing
// but its methods may write.
func TestNothingWritesButATx(t *testing.T) {
	found := 0
	for _, f := range functions(t) {
		for _, c := range f.calls() {
			if !slices.Contains(writes, c) {
				continue
			}
			found++
			if f.on != "Tx" && !slices.Contains(strings.Fields(mayWrite[f.String()]), c) {
				t.Errorf("%s calls %s and is no method of Tx", f, c)
			}
		}
	}
	if found < 10 {
		t.Errorf("%d writes: this test looked at something else", found)
	}
}

// commit is the one place that makes a Tx and commits; Update and nothing else calls
// it.
func TestATxComesFromUpdateOnly(t *testing.T) {
	for _, f := range functions(t) {
		ast.Inspect(f.body, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok {
				if id, ok := lit.Type.(*ast.Ident); ok && id.Name == "Tx" && f.String() != "DB.commit" {
					t.Errorf("%s makes a Tx", f)
				}
			}
			return true
		})
		calls := f.calls()
		if slices.Contains(calls, "commit") && f.String() != "DB.Update" && f.String() != "DB.Succeed" { // which is an Update under the next key
			t.Errorf("%s commits", f)
		}
		if slices.Contains(calls, "Commit") && f.String() != "DB.commit" {
			t.Errorf("%s commits", f)
		}
		if f.results == nil || !f.exported || f.String() == "DB.JobDriver" { // for package queue alone: see below
			continue
		}
		for _, r := range f.results.List {
			ast.Inspect(r.Type, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					if p, ok := s.X.(*ast.Ident); ok && (p.Name == "bun" || p.Name == "sql") {
						t.Errorf("%s gives away %s.%s", f, p.Name, s.Sel.Name)
					}
				}
				if id, ok := n.(*ast.Ident); ok && id.Name == "Tx" {
					t.Errorf("%s gives away a Tx", f)
				}
				return true
			})
		}
	}
}

// What is asked in words must begin with SELECT, and stand in the program: nothing
// is put together.
func TestQueriesInWordsOnlyRead(t *testing.T) {
	found := 0
	for _, f := range functions(t) {
		ast.Inspect(f.body, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok || !slices.Contains([]string{"Query", "QueryContext", "QueryRow", "QueryRowContext"}, called(c)) {
				return true
			}
			found++
			words := ""
			for _, a := range c.Args {
				if lit, ok := a.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					words, _ = strconv.Unquote(lit.Value)
					break
				}
			}
			if !strings.HasPrefix(words, "SELECT ") || strings.Contains(words, ";") {
				t.Errorf("%s asks %q", f, words)
			}
			return true
		})
	}
	if found < 3 {
		t.Errorf("%d queries: this test looked at something else", found)
	}
}

// What View is given cannot write even by mistake: the engine refuses.
func TestAViewCannotWrite(t *testing.T) {
	db, m, _, _ := founded(t)
	before := size(t, db)
	err := db.Unscoped(t.Context(), "test", func(v *View) error {
		_, err := v.tx.Exec(`DELETE FROM members WHERE id = ?`, string(m.ID))
		return err
	})
	if err == nil || size(t, db) != before {
		t.Errorf("a view wrote: %v", err)
	}
	if err := db.Unscoped(t.Context(), "test", func(v *View) error { _, err := v.Member(m.ID); return err }); err != nil {
		t.Errorf("the member is gone: %v", err)
	}
}

// engineOf keeps those of some imports by which SQL can be spoken.
func engineOf(imports []string) (out []string) {
	for _, i := range imports {
		for _, engine := range []string{"database/sql", "github.com/uptrace/bun", "github.com/ncruces/go-sqlite3", "github.com/pressly/goose", "github.com/jackc/pgx"} {
			if i == engine || strings.HasPrefix(i, engine+"/") {
				out = append(out, i)
			}
		}
	}
	return out
}

// Who has the engine in hand can go around the journal.
func TestNobodyElseSpeaksSQL(t *testing.T) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); ; seen++ {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath == "safehouse/internal/store" {
			continue
		}
		if p.ImportPath == "safehouse/internal/queue" && slices.Equal(engineOf(p.Imports), []string{"database/sql"}) {
			continue // it runs the engine of jobs, on tables of that engine's own
		}
		for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			if len(engineOf([]string{i})) > 0 {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
	}
	if seen < 20 {
		t.Errorf("%d packages: this test looked at something else", seen)
	}
}
