package store

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"safehouse/internal/evidence"
	"safehouse/internal/seal"
)

// Jobs that would tell something.
type (
	namedJob   struct{ Name string }
	secretJob  struct{ Who evidence.Secret }
	listJob    struct{ Items []evidence.ItemID }
	otherIDJob struct{ ID otherID }
	otherID    string
)

func (namedJob) Kind() string   { return "test.named" }
func (secretJob) Kind() string  { return "test.secret" }
func (listJob) Kind() string    { return "test.list" }
func (otherIDJob) Kind() string { return "test.other" }

func TestJobThatCouldTellSomethingIsRefused(t *testing.T) {
	db, m, _, _ := founded(t)
	item := evidence.NewID[evidence.ItemID]("itm")
	for _, job := range []evidence.Job{
		namedJob{"a"}, secretJob{evidence.Protect("a")}, listJob{[]evidence.ItemID{item}}, otherIDJob{otherID(item)},
		evidence.ProposeMask{Item: "김철수"}, evidence.ProposeMask{}, &evidence.ProposeMask{Item: item},
	} {
		err := db.Update(t.Context(), m.ID, func(tx *Tx) error {
			tx.Record("test.ask", string(m.ID))
			return tx.Enqueue(job)
		})
		if !errors.Is(err, errTelling) {
			t.Errorf("%T %v: %v", job, job, err)
		}
	}
}

// Every job of the vocabulary, as its source says it.
func TestEveryJobHoldsOnlyIDsAndNumbers(t *testing.T) {
	structs, jobs := make(map[string]*ast.StructType), []string{}
	files, err := filepath.Glob("../evidence/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok {
					structs[n.Name.Name] = s
				}
			case *ast.FuncDecl:
				if n.Name.Name == "Kind" && n.Recv != nil {
					jobs = append(jobs, n.Recv.List[0].Type.(*ast.Ident).Name)
				}
			}
			return true
		})
	}
	if len(jobs) < 2 {
		t.Fatalf("found %v: this test looks at something else", jobs)
	}
	plain := []string{"int", "int64", "uint", "float64", "bool"}
	for _, job := range jobs {
		for _, f := range structs[job].Fields.List {
			kind, ok := f.Type.(*ast.Ident)
			if !ok || !strings.HasSuffix(kind.Name, "ID") && !slices.Contains(plain, kind.Name) {
				t.Errorf("%s holds a field %v", job, f.Names)
			}
		}
	}
}

// A newer engine that wants other tables needs a migration of ours.
func TestSchemaOfJobsIsTheEnginesNewest(t *testing.T) {
	m, err := rivermigrate.New(riversqlite.New(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if all := m.AllVersions(); all[len(all)-1].Version != jobsSchema {
		t.Fatalf("the engine is at %d, our migration makes %d: add a migration", all[len(all)-1].Version, jobsSchema)
	}
}

func TestVaultFromBeforeThereWereJobsGetsThem(t *testing.T) {
	dir, root := t.TempDir(), seal.NewRoot()
	pages, err := newPages(filepath.Join(dir, "safehouse.db"), root.Key(seal.Database))
	if err != nil {
		t.Fatal(err)
	}
	defer pages.forget()
	old, err := openSQLite(pages)
	if err != nil {
		t.Fatal(err)
	}
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, old.DB, sub)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	old.Close()
	db, err := Open(t.Context(), dir, keys(root))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	m := evidence.Member{ID: evidence.NewID[evidence.MemberID]("mem"), Role: evidence.Researcher}
	if err := db.Found(t.Context(), "safehouse/test", false, m); err != nil {
		t.Fatal(err)
	}
	item := evidence.NewID[evidence.ItemID]("itm")
	err = db.Update(t.Context(), m.ID, func(tx *Tx) error {
		tx.Record("test.ask", string(m.ID))
		if err := tx.AddItem(&evidence.Item{ID: item, Material: evidence.Video, By: m.ID}, Sealed{"b", []byte("k")}); err != nil {
			return err
		}
		return tx.Enqueue(evidence.ProposeMask{Item: item})
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(t.Context(), m.ID, func(v *View) error {
		jobs, err := v.Jobs()
		if err != nil || len(jobs) != 1 || jobs[0].Subject != string(item) || jobs[0].State != JobWaits {
			t.Errorf("%+v: %v", jobs, err)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
