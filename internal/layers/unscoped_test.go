package layers

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// unscoped names the files that may look across the walls between cases, and how
// often. Whoever adds a line says in docs/design/cases.md what no member learns by it.
var unscoped = map[string]int{
	"internal/store/journal.go": 1, // the journal is published whole
	"internal/store/verify.go":  4, // and computed again whole
	"internal/vault/check.go":   3, // whether all content is whole
	"internal/store/keys.go":    1, // how long the journal is

	"internal/vault/withdraw.go": 1, // the end of a withdrawal that was begun by somebody who may
	"internal/vault/backup.go":   3, // what every backup holds is everything
	"internal/vault/restore.go":  2, // and so does what comes back

	"internal/release/gate.go": 1, // no name of any case may leave
}

func TestOnlyTheseLookAcrossCases(t *testing.T) {
	found := make(map[string]int)
	err := fs.WalkDir(os.DirFS("../.."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		b, err := os.ReadFile(filepath.Join("../..", name))
		if n := strings.Count(string(b), ".Unscoped("); n > 0 {
			found[name] = n
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(found, unscoped) {
		t.Errorf("these look across cases: %v; allowed are %v", found, unscoped)
	}
}
