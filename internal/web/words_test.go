package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"safehouse/internal/locale"
)

// recorded finds what the program writes into the journal.
var recorded = regexp.MustCompile(`\.Record(?:Why)?\("([a-z._]+)"`)

func TestEveryStepHasWordsInEveryLanguage(t *testing.T) {
	found := 0
	err := filepath.WalkDir("..", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(filepath.Dir(name), "test") {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range recorded.FindAllStringSubmatch(string(b), -1) {
			found++
			for _, lang := range locale.Languages {
				if !locale.For(lang).Has("step." + m[1]) {
					t.Errorf("%s: no words for %s, which %s records", lang, m[1], name)
				}
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Fatalf("%d steps: this test looks at something else (%v)", found, err)
	}
}
