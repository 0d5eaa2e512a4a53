package edtf

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"safehouse/internal/evidence"

	"golang.org/x/text/unicode/norm"
)

// A moment is what words are read against: the day they were said, and whether
// they speak of what is still to come.
type moment struct {
	said   time.Time // zero where nobody knows
	future bool
}

// A rule reads one way of saying a date. Its function gets the named groups of
// the pattern and gives an EDTF string, or an empty one where the words are a
// date that cannot be placed.
type rule struct {
	text  *regexp.Regexp // in running text; what it needs before it is not in group x
	whole *regexp.Regexp // nothing but the date
	read  func(g groups, at moment) string
}

// say makes a rule. In running text the pattern stands after lead, which is a
// pattern too: "May" is a month only after "in".
func say(flags, lead, edge, pattern string, read func(g groups, at moment) string) rule {
	return rule{
		text:  regexp.MustCompile(flags + edge + lead + `(?P<x>` + pattern + `)` + edge),
		whole: regexp.MustCompile(flags + `^(?:` + pattern + `)$`),
		read:  read,
	}
}

type groups map[string]string

func (g groups) num(name string) int {
	n, _ := strconv.Atoi(g[name])
	return n
}

// A grammar is one language's rules and the words that open or blur a date.
type grammar struct {
	rules []rule
	frame []frame
	trim  *regexp.Regexp // around a date, without a meaning of their own
	ahead *regexp.Regexp // in the same sentence before a date: it is still to come
}

// A frame is a word before or after a date that changes what it spans.
type frame struct {
	before, after string
	change        func(edtf string) string
}

// grammars are made when a language is first read: it takes milliseconds, and few
// commands read dates.
var grammars = map[string]func() *grammar{
	"en": sync.OnceValue(english), "ko": sync.OnceValue(korean), "zh": sync.OnceValue(chinese),
}

// Parse reads words as a date said on the day said, which may be zero. A lang
// that it does not know is told from the script of the words.
func Parse(words, lang string, said time.Time) (evidence.When, error) {
	w := evidence.When{Words: words, Language: language(words, lang)}
	text := strings.TrimSpace(norm.NFC.String(words))
	if Valid(text) == nil {
		return place(w, text), nil
	}
	if len(text) > maxWords {
		return evidence.When{}, &evidence.Problem{Code: "edtf.unclear"}
	}
	edtf, ok := grammars[w.Language]().parse(text, moment{said: said}, maxFrames)
	if !ok {
		return evidence.When{}, &evidence.Problem{Code: "edtf.unclear"}
	}
	return place(w, edtf), nil
}

// place fills in the EDTF and the days, if there are any.
func place(w evidence.When, edtf string) evidence.When {
	if first, last, err := Bounds(edtf); err == nil {
		w.EDTF, w.Earliest, w.Latest = edtf, first, last
	}
	return w
}

// language is lang as far as we have a grammar for it, else what the script says.
func language(words, lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(lang, "_", "-")), "-")
	if _, ok := grammars[base]; ok {
		return base
	}
	found := "en"
	for _, r := range words {
		switch {
		case unicode.Is(unicode.Hangul, r):
			return "ko"
		case unicode.Is(unicode.Han, r):
			found = "zh"
		}
	}
	return found
}

// No date has more words (bytes) or more frames around it.
const (
	maxWords  = 200
	maxFrames = 4
)

// parse reads a whole text; frames ("since", "about") are taken off from outside.
func (g *grammar) parse(text string, at moment, frames int) (string, bool) {
	for _, t := range []string{text, strings.TrimSpace(g.trim.ReplaceAllString(text, ""))} {
		for _, r := range g.rules {
			if m := r.whole.FindStringSubmatch(t); m != nil {
				edtf := r.read(named(r.whole, m), at)
				return edtf, edtf == "" || Valid(edtf) == nil
			}
		}
		text = t
	}
	if frames == 0 {
		return "", false
	}
	if edtf, ok := g.parseRange(text, at, frames-1); ok {
		return edtf, true
	}
	for _, f := range g.frame {
		inner, ok := f.strip(text)
		if !ok {
			continue
		}
		if edtf, ok := g.parse(inner, at, frames-1); ok {
			return f.apply(edtf), true
		}
	}
	return "", false
}

func (f frame) strip(text string) (string, bool) {
	if f.before != "" && len(text) > len(f.before) && strings.EqualFold(text[:len(f.before)], f.before) {
		return text[len(f.before):], true
	}
	if f.after != "" && strings.HasSuffix(text, f.after) && len(text) > len(f.after) {
		return strings.TrimSuffix(text, f.after), true
	}
	return "", false
}

func (f frame) apply(edtf string) string {
	if edtf == "" {
		return ""
	}
	if changed := f.change(edtf); Valid(changed) == nil {
		return changed
	}
	return edtf
}

// joints stand between the two ends of a range.
var joints = regexp.MustCompile(`(?i) (?:to|and|until|through) |\s*[–—~〜至到]\s*|부터\s*|에서\s*| - `)

var openers = regexp.MustCompile(`(?i)^(?:between|from) |^[从自]|(?:까지|期间|之间)$`)

func (g *grammar) parseRange(text string, at moment, frames int) (string, bool) {
	text = openers.ReplaceAllString(text, "")
	for _, j := range joints.FindAllStringIndex(text, -1) {
		if j[0] == 0 || j[1] == len(text) {
			continue
		}
		b, okB := g.parse(text[j[1]:], at, frames)
		a, okA := g.parse(text[:j[0]], at, frames)
		if !okA || !okB || a == "" || b == "" {
			continue
		}
		if r := between(a, b); Valid(r) == nil {
			return r, true
		}
	}
	return "", false
}

func named(re *regexp.Regexp, m []string) groups {
	g := make(groups)
	for i, name := range re.SubexpNames() {
		if name != "" && m[i] != "" {
			g[name] = m[i]
		}
	}
	return g
}

func toSecond(edtf string) string { return "../" + end(edtf) }

func fromFirst(edtf string) string { return start(edtf) + "/.." }
