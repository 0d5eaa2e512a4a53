package locale

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

func TestCataloguesHaveTheSameKeys(t *testing.T) {
	if len(Codes()) == 0 {
		t.Fatal("no sentences")
	}
	for _, lang := range Languages {
		for _, code := range Codes() {
			if strings.TrimSpace(catalogues[lang][code]) == "" {
				t.Errorf("%s: nothing for %s", lang, code)
			}
		}
		for code := range catalogues[lang] {
			if _, ok := catalogues["en"][code]; !ok {
				t.Errorf("%s: %s is not in English", lang, code)
			}
		}
	}
}

// A key that stands twice in a file would hide a sentence.
func TestNoKeyStandsTwice(t *testing.T) {
	for lang, file := range map[string][]byte{"en": en, "ko": ko, "zh": zh} {
		keys := regexp.MustCompile(`(?m)^\s*"([^"]+)":`).FindAllSubmatch(file, -1)
		if len(keys) != len(catalogues[lang]) {
			t.Errorf("%s: %d lines with a key, %d keys", lang, len(keys), len(catalogues[lang]))
		}
		if !json.Valid(file) {
			t.Errorf("%s is no JSON", lang)
		}
	}
}

var gap = regexp.MustCompile(`\{[^}]*\}?`)

// gaps are the distinct placeholders: a language may name one twice.
func gaps(text string) []string {
	all := gap.FindAllString(text, -1)
	slices.Sort(all)
	return slices.Compact(all)
}

func TestSentencesHaveTheSameGaps(t *testing.T) {
	for _, code := range Codes() {
		want := gaps(catalogues["en"][code])
		for i, g := range want {
			if g != "{"+strconv.Itoa(i+1)+"}" {
				t.Errorf("%s: %v are not counted from {1}", code, want)
				break
			}
		}
		for _, lang := range Languages {
			if got := gaps(catalogues[lang][code]); !slices.Equal(got, want) {
				t.Errorf("%s: %s has %v, English %v", lang, code, got, want)
			}
		}
	}
}

// sameInAll are sentences of names and signs only.
var sameInAll = regexp.MustCompile(`^[\s\d\p{P}\p{S}]*$`)

func TestEachCatalogueIsInItsLanguage(t *testing.T) {
	for _, code := range Codes() {
		if words := gap.ReplaceAllString(catalogues["en"][code], ""); sameInAll.MatchString(words) {
			continue
		}
		if !has(catalogues["ko"][code], unicode.Hangul) {
			t.Errorf("ko: %s has no Hangul: %s", code, catalogues["ko"][code])
		}
		if zh := catalogues["zh"][code]; !has(zh, unicode.Han) || has(zh, unicode.Hangul) {
			t.Errorf("zh: %s is not Chinese: %s", code, zh)
		}
		if has(catalogues["en"][code], unicode.Han) || has(catalogues["en"][code], unicode.Hangul) {
			t.Errorf("en: %s is not English: %s", code, catalogues["en"][code])
		}
	}
}

func has(s string, script *unicode.RangeTable) bool {
	return strings.IndexFunc(s, func(r rune) bool { return unicode.Is(script, r) }) >= 0
}

// built are the keys that the program makes at run time out of these and a code.
var built = []string{"doctor.part.", "draft.is.", "draft.state.", "form.", "hidden.kind.", "job.is.", "job.state.", "material.", "names.band.", "names.kind.", "names.why.", "priority.", "reliability.", "role.", "status.is.", "step.", "track."}

// sources are the program's own files but for the tests, parsed.
func sources(t *testing.T) (files []*ast.File, text string) {
	t.Helper()
	for _, folder := range []string{"../../internal", "../../cmd/safehouse"} {
		err := filepath.WalkDir(folder, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			code := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
			if !code && !strings.HasSuffix(name, ".html") {
				return nil
			}
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text += string(b)
			if code {
				f, err := parser.ParseFile(token.NewFileSet(), name, b, 0)
				if err != nil {
					return err
				}
				files = append(files, f)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) == 0 {
		t.Fatal("no files")
	}
	return files, text
}

// onlySaid are the areas in which every key is a sentence. In the others a step
// of the journal or a permission may read like one ("item.open").
var onlySaid = regexp.MustCompile(`^(cli|doubt|error|media|passphrase)\.[a-z_]+$`)

// said finds the keys that code hands on to be said: the code of a Problem, the
// first argument of Say and line, what is assigned to code, and the keys of
// onlySaid wherever they stand.
func said(n ast.Node) (exprs []ast.Expr) {
	switch n := n.(type) {
	case *ast.CompositeLit:
		name := n.Type
		if s, ok := name.(*ast.SelectorExpr); ok {
			name = s.Sel
		}
		if id, ok := name.(*ast.Ident); !ok || !strings.EqualFold(id.Name, "problem") {
			return nil
		}
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && strings.EqualFold(kv.Key.(*ast.Ident).Name, "code") {
				exprs = append(exprs, kv.Value)
			}
		}
	case *ast.BasicLit:
		if text, err := strconv.Unquote(n.Value); err == nil && onlySaid.MatchString(text) {
			exprs = append(exprs, n)
		}
	case *ast.CallExpr:
		if s, ok := n.Fun.(*ast.SelectorExpr); ok && (s.Sel.Name == "Say" || s.Sel.Name == "line") && len(n.Args) > 0 {
			exprs = n.Args[:1]
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if id, ok := left.(*ast.Ident); ok && id.Name == "code" && i < len(n.Rhs) {
				exprs = append(exprs, n.Rhs[i])
			}
		}
	}
	return exprs
}

var keyForm = regexp.MustCompile(`^[a-z]+(\.[a-z0-9_]+)+$`)

func TestEverySentenceThatIsSaidExists(t *testing.T) {
	files, _ := sources(t)
	found := 0
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			for _, e := range said(n) {
				lit, ok := e.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				code, err := strconv.Unquote(lit.Value)
				if err != nil || !keyForm.MatchString(code) {
					continue
				}
				found++
				if _, ok := catalogues["en"][code]; !ok {
					t.Errorf("package %s says %s: there is no such sentence", f.Name.Name, code)
				}
			}
			return true
		})
	}
	if found == 0 {
		t.Error("nothing is said: this test looks for the wrong thing")
	}
}

func TestEverySentenceIsSaid(t *testing.T) {
	_, text := sources(t)
	for _, code := range Codes() {
		if slices.ContainsFunc(built, func(p string) bool { return strings.HasPrefix(code, p) }) {
			continue
		}
		help := "${" + strings.ReplaceAll(code, ".", "_") + "}" // in a field's tag, for kong
		if !strings.Contains(text, `"`+code+`"`) && !strings.Contains(text, help) {
			t.Errorf("nobody says %s", code)
		}
	}
	for _, p := range built {
		if !strings.Contains(text, `"`+p+`"`) {
			t.Errorf("nobody builds a key out of %s", p)
		}
	}
}

func TestSayFillsTheGaps(t *testing.T) {
	if got := For("en").Say("case.added", "SY-2017", "cas_1"); !strings.Contains(got, "SY-2017") || strings.Contains(got, "{") {
		t.Errorf("%s", got)
	}
	if got := For("en").Say("no.such", 7); got != "no.such 7" {
		t.Errorf("a code without a sentence is lost: %q", got)
	}
	if got := For("en").Say("case.added", "{2}", "x"); strings.Count(got, "x") != 1 {
		t.Errorf("an argument was filled again: %q", got)
	}
}

func TestLanguageOfAnEnvironment(t *testing.T) {
	for lang, want := range map[string]string{"ko_KR.UTF-8": "ko", "zh-CN": "zh", "zh_TW": "zh", "KO": "ko", "C": "en", "": "en",
		"fr_FR": "en", "ko.UTF-8": "ko"} {
		if got := For(lang).Lang(); got != want {
			t.Errorf("%q: %s, not %s", lang, got, want)
		}
	}
}

func TestWhatIsShownPlaysNoTricks(t *testing.T) {
	for text, want := range map[string]string{
		"김철수.mp4":       "김철수.mp4",
		"a\nb":          `a\nb`,
		"\x1b[31mred":   `\x1b[31mred`,
		"gpj\u202e.exe": `gpj\u202e.exe`,
		"a\u200bb":      `a\u200bb`,
		"\xff":          `�`,
	} {
		if got := Safe(text); got != want && !(text == "\xff" && !strings.Contains(got, "\xff")) {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}
