package layers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// table says for each package which of ours it may import. What is in no row may
// not exist; what is not in a row may not be imported by it.
var table = map[string]string{
	"journal":           "",
	"bundle":            "journal",
	"bundle/bundletest": "journal bundle",

	"internal/evidence": "",
	"internal/access":   "evidence",

	// Mechanisms know nothing of stages.
	"internal/seal":          "",
	"internal/blob":          "",
	"internal/blob/dir":      "evidence blob",
	"internal/blob/blobtest": "evidence blob",
	"internal/store":         "evidence seal journal",
	"internal/queue":         "evidence access store",
	"internal/media":         "evidence face",
	"internal/media/worker":  "evidence face media",
	"internal/face":          "evidence",
	"internal/face/convert":  "face",
	"internal/edtf":          "evidence",
	"internal/report":        "evidence edtf",
	"internal/names":         "evidence",
	"internal/names/tables":  "",
	"internal/leak":          "evidence names",
	"internal/leak/leaktest": "",
	"internal/hidden":        "evidence media",
	"internal/locale":        "",
	"internal/layers":        "",
	"internal/licences":      "",

	// Stages, in the order of the work.
	"internal/intake":   "evidence access store vault",
	"internal/vault":    "evidence access seal blob blob/dir store journal",
	"internal/mask":     "evidence access store vault media face",
	"internal/casefile": "evidence access store vault report edtf",
	"internal/review":   "evidence access store locale bundle",
	"internal/release":  "evidence access store vault review leak bundle journal",
	"internal/followup": "evidence access store",

	"internal/web": "evidence access locale leak media store vault journal bundle casefile followup release",

	"cmd/safehouse": "web evidence access locale report edtf names leak hidden media media/worker intake vault mask casefile review " +
		"release followup store queue journal",
	"cmd/safehouse-verify": "journal bundle",
	"bench/following":      "evidence media media/worker",
	"bench/leaks":          "evidence leak leak/leaktest",
	"bench/masking":        "evidence media media/worker mask",
	"bench/names":          "names",
	"bench/store":          "evidence seal blob/dir store vault intake",
}

// What a package is, for the rules that no row may break.
var (
	mechanisms = strings.Fields("seal blob blob/dir blob/blobtest store queue media media/worker face face/convert edtf report names names/tables leak leak/leaktest hidden locale")
	stages     = strings.Fields("intake vault mask casefile review release followup")

	// apart opens what strangers sent, and may never hold a key, not even by way of
	// another package.
	apart    = strings.Fields("media media/worker face leak hidden")
	withKeys = strings.Fields("seal vault store queue")
)

// between are the imports from stage to stage: originals and renditions are the
// vault's to give, and a release is shown its approval.
var between = map[string]string{
	"intake": "vault", "mask": "vault", "casefile": "vault", "release": "vault review",
}

const module = "safehouse/"

type pkg struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// list asks the go command, the one that builds the program.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Standard,Imports,TestImports,XTestImports"}, args...)...)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v", args, err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatalf("go list %s: nothing", args)
	}
	return all
}

// ours gives a path within the module, as rows have it.
func ours(path string) (string, bool) { return strings.CutPrefix(path, module) }

// short is a path as the right side of the table has it.
func short(path string) string { return strings.TrimPrefix(path, "internal/") }

func TestEveryImportIsInTheTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, p := range list(t, "./...") {
		name, _ := ours(p.ImportPath)
		row, ok := table[name]
		if !ok {
			t.Errorf("%s has no row", name)
			continue
		}
		seen[name] = true
		for _, i := range p.Imports {
			if i, ok := ours(i); ok && !slices.Contains(strings.Fields(row), short(i)) {
				t.Errorf("%s may not import %s", name, i)
			}
		}
	}
	for name := range table {
		if !seen[name] {
			t.Errorf("%s has a row and is no package", name)
		}
	}
}

func TestRowsNameOnlyPackages(t *testing.T) {
	names := make(map[string]bool)
	for name := range table {
		names[short(name)] = true
	}
	for name, row := range table {
		for _, i := range strings.Fields(row) {
			if !names[i] {
				t.Errorf("the row of %s names %s, which has none", name, i)
			}
		}
	}
}

func TestTableHasNoArrowBack(t *testing.T) {
	for _, m := range mechanisms {
		for _, i := range strings.Fields(table["internal/"+m]) {
			if slices.Contains(stages, i) {
				t.Errorf("the mechanism %s would know the stage %s", m, i)
			}
		}
	}
	for _, s := range stages {
		for _, i := range strings.Fields(table["internal/"+s]) {
			if slices.Contains(stages, i) && !slices.Contains(strings.Fields(between[s]), i) {
				t.Errorf("the stage %s would know the stage %s", s, i)
			}
		}
	}
	for name, row := range table {
		for _, i := range strings.Fields(row) {
			if strings.HasPrefix(i, "cmd/") || strings.HasPrefix(i, "bench/") {
				t.Errorf("%s would import the program %s", name, i)
			}
		}
	}
}

func TestWhatOpensHostileFilesNeverReachesAKey(t *testing.T) {
	for _, name := range apart {
		// With the tests' imports: a helper for tests is the way in that nobody looks at.
		for _, p := range list(t, "-deps", "-test", "./internal/"+name) {
			path, _, _ := strings.Cut(p.ImportPath, " ")
			if path, ok := ours(path); ok && slices.Contains(withKeys, short(path)) {
				t.Errorf("%s reaches %s", name, path)
			}
		}
	}
}

func TestVerifierLinksNothingThatAStrangerMustTrust(t *testing.T) {
	allowed := strings.Fields(`safehouse/journal safehouse/bundle safehouse/cmd/safehouse-verify
		golang.org/x/mod/sumdb/note golang.org/x/mod/sumdb/tlog golang.org/x/mod/internal/lazyregexp`)
	found := 0
	for _, p := range list(t, "-deps", "./cmd/safehouse-verify") {
		switch {
		case p.Standard:
		case !slices.Contains(allowed, p.ImportPath):
			t.Errorf("safehouse-verify links %s", p.ImportPath)
		default:
			found++
		}
	}
	if found < 3 {
		t.Errorf("go list named %d packages: this test looked at something else", found)
	}
}

func TestEvidenceImportsNothingBeyondTheStandardLibrary(t *testing.T) {
	for _, p := range list(t, "-deps", "./internal/evidence") {
		if !p.Standard && p.ImportPath != module+"internal/evidence" {
			t.Errorf("evidence reaches %s", p.ImportPath)
		}
	}
}
