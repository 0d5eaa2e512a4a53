// Package locale holds every sentence that people read, in English, Korean and
// simplified Chinese: one catalogue a language, the same keys in each. What it
// prints is safe to show: a file name with a line break or a change of writing
// direction in it shows these as escapes, and a Secret shows "[protected]".
package locale

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

//go:embed en.json
var en []byte

//go:embed ko.json
var ko []byte

//go:embed zh.json
var zh []byte

var catalogues = map[string]map[string]string{"en": read(en), "ko": read(ko), "zh": read(zh)}

func read(b []byte) map[string]string {
	var c map[string]string
	if err := json.Unmarshal(b, &c); err != nil {
		panic(err) // it is embedded: the test of this package reads it first
	}
	return c
}

// Languages lists the languages, English first.
var Languages = []string{"en", "ko", "zh"}

// Known says whether there is a catalogue for lang.
func Known(lang string) bool { return slices.Contains(Languages, lang) }

// Codes lists every key.
func Codes() []string { return slices.Sorted(maps.Keys(catalogues["en"])) }

// A Printer speaks one language.
type Printer struct {
	lang string
}

// For gives the printer for a language as environments write it ("ko_KR.UTF-8",
// "zh-CN"). What there is no catalogue for is answered in English.
func For(lang string) *Printer {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(lang, "-", "_")), "_")
	base, _, _ = strings.Cut(base, ".")
	if !Known(base) {
		base = "en"
	}
	return &Printer{lang: base}
}

// Lang is the language that the printer speaks.
func (p *Printer) Lang() string { return p.lang }

// Has says whether there is a sentence for code.
func (p *Printer) Has(code string) bool { _, ok := catalogues[p.lang][code]; return ok }

// Say gives the sentence for code, with {1}, {2} … replaced by args. A code
// without a sentence shows itself, so that nothing is ever lost.
func (p *Printer) Say(code string, args ...any) string {
	text, ok := catalogues[p.lang][code]
	if !ok {
		return Safe(strings.TrimSuffix(fmt.Sprintln(append([]any{code}, args...)...), "\n"))
	}
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+strconv.Itoa(i+1)+"}", Safe(fmt.Sprint(a)))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Safe shows text on one line: control characters, line breaks and marks that
// change the writing direction become escapes; letters of every script stay.
func Safe(s string) string {
	clean := func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) && r != ' ' }
	if strings.IndexFunc(s, clean) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if clean(r) {
			q := strconv.QuoteRune(r)
			b.WriteString(q[1 : len(q)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
