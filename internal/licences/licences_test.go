package licences

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// modules says under which licence each module is that we build or test with, as
// SPDX writes it. A version is not in it: what matters is that the text stays.
var modules = map[string]string{
	"filippo.io/age":                                      "BSD-3-Clause",
	"filippo.io/hpke":                                     "BSD-3-Clause",
	"github.com/BurntSushi/toml":                          "MIT",
	"github.com/VividCortex/ewma":                         "MIT",
	"github.com/acarl005/stripansi":                       "MIT",
	"github.com/alecthomas/kong":                          "MIT",
	"github.com/chromedp/cdproto":                         "MIT",
	"github.com/chromedp/chromedp":                        "MIT",
	"github.com/clipperhouse/uax29/v2":                    "MIT",
	"github.com/elastic/go-seccomp-bpf":                   "Apache-2.0",
	"github.com/go-json-experiment/json":                  "BSD-3-Clause",
	"github.com/jinzhu/inflection":                        "MIT",
	"github.com/landlock-lsm/go-landlock":                 "MIT",
	"github.com/mattn/go-runewidth":                       "MIT",
	"github.com/mfridman/interpolate":                     "MIT",
	"github.com/ncruces/go-sqlite3":                       "MIT",
	"github.com/ncruces/go-sqlite3-wasm/v6":               "MIT",
	"github.com/ncruces/julianday":                        "MIT",
	"github.com/pressly/goose/v3":                         "MIT",
	"github.com/puzpuzpuz/xsync/v3":                       "Apache-2.0",
	"github.com/riverqueue/river":                         "MPL-2.0",
	"github.com/riverqueue/river/riverdriver":             "MPL-2.0",
	"github.com/riverqueue/river/riverdriver/riversqlite": "MPL-2.0",
	"github.com/riverqueue/river/rivershared":             "MPL-2.0",
	"github.com/riverqueue/river/rivertype":               "MPL-2.0",
	"github.com/rogpeppe/go-internal":                     "BSD-3-Clause",
	"github.com/sethvargo/go-retry":                       "Apache-2.0",
	"github.com/tidwall/gjson":                            "MIT",
	"github.com/tidwall/match":                            "MIT",
	"github.com/tidwall/pretty":                           "MIT",
	"github.com/tidwall/sjson":                            "MIT",
	"github.com/tmthrgd/go-hex":                           "BSD-3-Clause",
	"github.com/uptrace/bun":                              "BSD-2-Clause",
	"github.com/uptrace/bun/dialect/sqlitedialect":        "BSD-2-Clause",
	"github.com/vbauerster/cupwriter":                     "Unlicense",
	"github.com/vbauerster/mpb/v8":                        "Unlicense",
	"github.com/vmihailenco/msgpack/v5":                   "BSD-2-Clause",
	"github.com/vmihailenco/tagparser/v2":                 "BSD-2-Clause",
	"github.com/yalue/onnxruntime_go":                     "MIT",
	"go.uber.org/multierr":                                "MIT",
	"golang.org/x/crypto":                                 "BSD-3-Clause",
	"golang.org/x/exp/typeparams":                         "BSD-3-Clause",
	"golang.org/x/mod":                                    "BSD-3-Clause",
	"golang.org/x/net":                                    "BSD-3-Clause",
	"golang.org/x/sync":                                   "BSD-3-Clause",
	"golang.org/x/sys":                                    "BSD-3-Clause",
	"golang.org/x/term":                                   "BSD-3-Clause",
	"golang.org/x/text":                                   "BSD-3-Clause",
	"golang.org/x/tools":                                  "BSD-3-Clause",
	"google.golang.org/protobuf":                          "BSD-3-Clause",
	"honnef.co/go/tools":                                  "MIT",
	"kernel.org/pub/linux/libs/security/libcap/psx":       "BSD-3-Clause",
	"lukechampine.com/adiantum":                           "MIT",
	"pgregory.net/rapid":                                  "MPL-2.0",
}

// packages says the same of npm packages.
var packages = map[string]string{
	"@vladmandic/face-api":     "MIT",
	"axe-core":                 "MPL-2.0",
	"adm-zip":                  "MIT",
	"define-data-property":     "MIT",
	"define-properties":        "MIT",
	"es-define-property":       "MIT",
	"es-errors":                "MIT",
	"escape-string-regexp":     "MIT",
	"global-agent":             "BSD-3-Clause",
	"globalthis":               "MIT",
	"gopd":                     "MIT",
	"has-property-descriptors": "MIT",
	"matcher":                  "MIT",
	"object-keys":              "MIT",
	"onnxruntime-common":       "MIT",
	"onnxruntime-node":         "MIT",
	"semver":                   "ISC",
	"serialize-error":          "MIT",
	"type-fest":                "MIT",
}

// untold are npm packages that name a licence and carry no text of it.
var untold = []string{"onnxruntime-common", "onnxruntime-node"}

// marks are words of each licence's text that no other has, all of which must be
// there.
var marks = []struct {
	id    string
	words []string
}{
	{"Apache-2.0", []string{"apache license version 2.0", "grant of patent license"}},
	{"MPL-2.0", []string{"mozilla public license", "covered software"}},
	{"MIT", []string{"permission is hereby granted free of charge to any person obtaining a copy", "the software is provided as is"}},
	{"ISC", []string{"permission to use copy modify and or distribute this software for any purpose with or without fee"}},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}},
	{"CC0-1.0", []string{"cc0 1.0 universal"}},
	{"OFL-1.1", []string{"sil open font license", "reserved font name"}},
	{"Unicode-3.0", []string{"unicode license v3", "data files"}},
}

var notWords = regexp.MustCompile(`[^a-z0-9.]+`)

// plain leaves the words of a text: licences are wrapped and quoted in many ways.
func plain(text string) string { return notWords.ReplaceAllString(strings.ToLower(text), " ") }

// recognised says under which licence a text puts what it comes with; empty where
// it is none that we know, or more than one.
func recognised(text string) string {
	words := plain(text)
	var found []string
	for _, m := range marks {
		if !slices.ContainsFunc(m.words, func(w string) bool { return !strings.Contains(words, w) }) {
			found = append(found, m.id)
		}
	}
	if id := bsd(words); id != "" {
		found = append(found, id)
	}
	if len(found) != 1 || found[0] != "MPL-2.0" && gnu(words) { // the MPL itself names the GNU licences
		return ""
	}
	return found[0]
}

// gnu says whether a text binds whoever takes it to a GNU licence: it may leave the
// choice.
func gnu(words string) bool {
	return strings.Contains(words, "gnu") && strings.Contains(words, "general public license") &&
		!strings.Contains(words, "alternatively this product may be distributed under the terms of the gnu")
}

func bsd(words string) string {
	switch {
	case !strings.Contains(words, "redistributions of source code must retain"),
		!strings.Contains(words, "redistributions in binary form must reproduce"):
		return ""
	case strings.Contains(words, "endorse or promote products"):
		return "BSD-3-Clause"
	}
	return "BSD-2-Clause"
}

var licenceFile = regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying)(\.txt|\.md)?$`)

// told reads the licence that lies in a folder.
func told(dir string) (string, error) {
	all, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var ids []string
	for _, f := range all {
		if !licenceFile.MatchString(f.Name()) {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return "", err
		}
		if id := recognised(string(b)); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	switch {
	case len(ids) == 0:
		return "", errors.New("no licence lies with it")
	case len(ids) > 1 || ids[0] == "":
		return "", errors.New("its licence is none that is known here")
	}
	return ids[0], nil
}

// linked lists the modules that packages are built from, and where they lie.
func linked(t *testing.T, args ...string) map[string]string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-deps", "-json=Module"}, args...)...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	dirs := make(map[string]string)
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module != nil && !p.Module.Main {
			dirs[p.Module.Path] = p.Module.Dir
		}
	}
	if len(dirs) == 0 {
		t.Fatalf("go list %v: no module", args)
	}
	return dirs
}

func TestEveryModuleHasTheLicenceThatTheTableSays(t *testing.T) {
	dirs := linked(t, "-test", "./...", "tool")
	for path, dir := range dirs {
		agree(t, path, dir, modules)
	}
	for path := range modules {
		if dirs[path] == "" {
			t.Errorf("%s is in the table and nothing is built with it", path)
		}
	}
}

func agree(t *testing.T, name, dir string, table map[string]string) {
	t.Helper()
	id, err := told(dir)
	switch want := table[name]; {
	case err != nil:
		t.Errorf("%s: %v", name, err)
	case want == "":
		t.Errorf("%s (%s) is not in the table: may we build with it?", name, id)
	case id != want:
		t.Errorf("%s is under %s now, not %s", name, id, want)
	}
}

func TestEveryPackageHasTheLicenceThatTheTableSays(t *testing.T) {
	b, err := os.ReadFile("../../package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ License string }
	}
	if err := json.Unmarshal(b, &lock); err != nil || len(lock.Packages) < 2 {
		t.Fatalf("%d packages: %v", len(lock.Packages), err)
	}
	for at, p := range lock.Packages {
		name := at[strings.LastIndex(at, "node_modules/")+1:]
		if name = strings.TrimPrefix(name, "ode_modules/"); at == "" {
			continue
		}
		if !says(p.License, packages[name]) {
			t.Errorf("%s says %q, the table %q", name, p.License, packages[name])
		}
		if !slices.Contains(untold, name) {
			agree(t, name, filepath.Join("../..", at), packages)
		}
	}
	for name := range packages {
		if _, ok := lock.Packages["node_modules/"+name]; !ok {
			t.Errorf("%s is in the table and nothing needs it", name)
		}
	}
}

// says whether a package's own word allows the licence: it may leave the choice.
func says(word, id string) bool {
	return id != "" && slices.Contains(strings.Split(strings.Trim(word, "()"), " OR "), id)
}

// headings of NOTICE.
var headings = map[string]string{
	"BSD 3-Clause": "BSD-3-Clause", "BSD 2-Clause": "BSD-2-Clause", "MIT": "MIT", "Apache License 2.0": "Apache-2.0",
	"The Unlicense": "Unlicense", "ISC": "ISC", "Mozilla Public License 2.0": "MPL-2.0",
}

// noticed reads which modules NOTICE names under which licence.
func noticed(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile("../../NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	_, list, ok := strings.Cut(string(b), "Go modules linked into bin/safehouse")
	if !ok {
		t.Fatal("NOTICE lists no modules")
	}
	out, id := make(map[string]string), ""
	for line := range strings.Lines(list) {
		if h := headings[strings.TrimSpace(line)]; h != "" {
			id = h
		}
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(", \n", r) }) {
			if first, _, ok := strings.Cut(word, "/"); ok && strings.Contains(first, ".") && id != "" {
				out[word] = id
			}
		}
	}
	return out
}

func TestNoticeNamesWhatIsLinkedAndNothingElse(t *testing.T) {
	names, used := noticed(t), make(map[string]bool)
	for path := range linked(t, "./cmd/safehouse", "./cmd/safehouse-verify") {
		name := named(path, names)
		used[name] = true
		switch {
		case name == "":
			t.Errorf("NOTICE does not name %s (%s), which is linked", path, modules[path])
		case names[name] != modules[path]:
			t.Errorf("NOTICE has %s under %s, the table under %s", path, names[name], modules[path])
		}
	}
	for name := range names {
		if !used[name] {
			t.Errorf("NOTICE names %s, which is not linked", name)
		}
	}
}

// named finds the words of NOTICE that stand for a module: its path, one above it,
// or "golang.org/x/...".
func named(path string, names map[string]string) string {
	for name := range names {
		above := strings.TrimSuffix(name, "...")
		if path == name || strings.HasPrefix(path, strings.TrimSuffix(above, "/")+"/") {
			return name
		}
	}
	return ""
}

func TestWhatIsNoKnownLicenceIsNotTakenForOne(t *testing.T) {
	mit := "Permission is hereby granted, free of charge, to any person obtaining a copy. THE SOFTWARE IS PROVIDED \"AS IS\"."
	for text, want := range map[string]string{
		mit:                    "MIT",
		"":                     "",
		"All rights reserved.": "",
		mit + " GNU AFFERO GENERAL PUBLIC LICENSE Version 3": "",
		mit + " Mozilla Public License, Covered Software":    "",
		"GNU GENERAL PUBLIC LICENSE Version 3":               "",
		"MIT License":                                        "",
	} {
		if got := recognised(text); got != want {
			t.Errorf("%q is taken for %q", text, got)
		}
	}
}
