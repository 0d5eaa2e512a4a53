package edtf

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"safehouse/internal/evidence"
)

// Found is a date in a running text: bytes [Start, End) of it.
type Found struct {
	Start, End int
	When       evidence.When
}

// Find gives every date in a text that was said on a day, in order and without
// overlap. What cannot be placed ("every year") has no EDTF.
func Find(text, lang string, said time.Time) []Found {
	g := grammars[language(text, lang)]()
	var out []Found
	for _, c := range g.candidates(text) {
		at := moment{said: said, future: g.ahead.MatchString(sentenceBefore(text, c.start))}
		edtf := c.rule.read(c.groups, at)
		if edtf != "" && Valid(edtf) != nil {
			continue
		}
		f := Found{c.start, c.end, evidence.When{Words: text[c.start:c.end], Language: language(text, lang)}}
		f.When = place(f.When, edtf)
		out = append(out, g.framed(text, f, at))
	}
	return g.ranges(text, distinct(out), said)
}

type candidate struct {
	start, end int
	rule       rule
	groups     groups
}

// candidates gives what any rule takes for a date, the longest at each place.
func (g *grammar) candidates(text string) []candidate {
	var all []candidate
	for _, r := range g.rules {
		x := 2 * r.text.SubexpIndex("x")
		for _, m := range r.text.FindAllStringSubmatchIndex(text, -1) {
			c := candidate{m[x], m[x+1], r, groups{}}
			for i, name := range r.text.SubexpNames() {
				if name != "" && m[2*i] >= 0 {
					c.groups[name] = text[m[2*i]:m[2*i+1]]
				}
			}
			if !insideNumber(text, c.start, c.end) {
				all = append(all, c)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end)) })
	var out []candidate
	for _, c := range all {
		if len(out) == 0 || c.start >= out[len(out)-1].end {
			out = append(out, c)
		}
	}
	return out
}

// insideNumber says whether what was found is a piece of a longer number.
func insideNumber(text string, start, end int) bool {
	first, _ := utf8.DecodeRuneInString(text[start:])
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	last, _ := utf8.DecodeLastRuneInString(text[:end])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return unicode.IsDigit(first) && unicode.IsDigit(before) || unicode.IsDigit(last) && unicode.IsDigit(after)
}

// sentenceBefore is what stands in the same sentence before a place.
func sentenceBefore(text string, at int) string {
	from := max(0, at-200)
	if i := strings.LastIndexAny(text[from:at], ".!?\n\"“”"); i >= 0 {
		from += i
	}
	return text[from:at]
}

// framed takes in the word that opens or blurs a date: "since 2011", 2011년부터.
func (g *grammar) framed(text string, f Found, at moment) Found {
	for _, w := range g.frame {
		start, end := f.Start-len(w.before), f.End+len(w.after)
		if start < 0 || end > len(text) || !strings.EqualFold(text[start:f.Start], w.before) || text[f.End:end] != w.after {
			continue
		}
		if w.before != "" && start > 0 && insideWord(text[:start], text[start:]) {
			continue
		}
		f.Start, f.End = start, end
		f.When = place(evidence.When{Words: text[start:end], Language: f.When.Language}, w.apply(f.When.EDTF))
		return f
	}
	return f
}

// insideWord says whether Latin letters meet at a place.
func insideWord(before, after string) bool {
	a, _ := utf8.DecodeLastRuneInString(before)
	b, _ := utf8.DecodeRuneInString(after)
	return unicode.Is(unicode.Latin, a) && unicode.Is(unicode.Latin, b)
}

func distinct(all []Found) []Found {
	var out []Found
	for _, f := range all {
		if len(out) == 0 || f.Start >= out[len(out)-1].End {
			out = append(out, f)
		}
	}
	return out
}

// opening are the words that make a range of two dates with a joint between them.
var opening = []string{"between ", "from ", "从", "自", "從"}

// ranges joins "from March to May 2017".
func (g *grammar) ranges(text string, all []Found, said time.Time) []Found {
	var out []Found
	for i := 0; i < len(all); i++ {
		f := all[i]
		if i+1 < len(all) && all[i+1].Start-f.End <= 12 {
			if r, ok := g.rangeOf(text, f, all[i+1], said); ok {
				out = append(out, r)
				i++
				continue
			}
		}
		out = append(out, f)
	}
	return out
}

func (g *grammar) rangeOf(text string, a, b Found, said time.Time) (Found, bool) {
	joint := text[a.End:b.Start]
	opened := slices.ContainsFunc(opening, func(o string) bool {
		return a.Start >= len(o) && strings.EqualFold(text[a.Start-len(o):a.Start], o)
	})
	whole := joints.FindString(joint) == joint && joint != ""
	if !whole || !opened && (joint == " and " || joint == " to ") {
		return a, false
	}
	edtf, ok := g.parseRange(text[a.Start:b.End], moment{said: said}, 2)
	if !ok {
		return a, false
	}
	f := Found{a.Start, b.End, evidence.When{Words: text[a.Start:b.End], Language: a.When.Language}}
	f.When = place(f.When, edtf)
	return f, true
}
