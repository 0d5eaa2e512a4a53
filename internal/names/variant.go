package names

import (
	"cmp"
	"slices"
	"strings"
)

// The kinds of a variant.
const (
	VariantHangul   = "hangul"
	VariantHanja    = "hanja"
	VariantNorth    = "north"   // the North's romanisation
	VariantRevised  = "revised" // the South's, of 2000
	VariantMcCune   = "mccune"  // with marks, and without
	VariantHabit    = "habit"   // as people spell themselves
	VariantMandarin = "mandarin"
	VariantWade     = "wade_giles"
	VariantLatin    = "latin" // from Cyrillic, or without marks
)

// A Variant is another way to write a name. Score is how near it is to the name
// that was given: no variant is below FromLikely.
type Variant struct {
	Text  string
	Kind  string
	Score float64
}

// mostVariants is how many are tried before the best are kept.
const mostVariants = 400

// Variants gives other ways to write a name, likeliest first, at most limit.
// From Hangul and Hanja these are romanisations, from Latin the Hangul that it may
// stand for. Hanja are given as other forms of Hanja only: which characters a
// name in another script has cannot be known.
func Variants(text string, limit int) ([]Variant, error) {
	n, err := Parse(text)
	if err != nil {
		return nil, err
	}
	var w writer
	switch {
	case n.han || n.hangul:
		w.fromCharacters(n)
	default:
		w.fromLetters(n)
	}
	return w.best(n, limit), nil
}

// A writer collects variants, likeliest first within a kind.
type writer struct {
	all []draft
}

type draft struct {
	text, kind string
	rank       int // of its likelihood: the lower the likelier
}

func (w *writer) add(kind, text string, rank int) {
	if text != "" && len(w.all) < mostVariants {
		w.all = append(w.all, draft{text, kind, rank})
	}
}

// best checks every variant against the name before it is given out.
func (w *writer) best(n *Name, limit int) (out []Variant) {
	slices.SortStableFunc(w.all, func(a, b draft) int { return cmp.Compare(a.rank, b.rank) })
	seen := map[string]bool{n.letters: true}
	for _, d := range w.all {
		if len(out) >= limit {
			break
		}
		v, err := Parse(d.text)
		if err != nil || seen[d.text] || d.text == n.written() {
			continue
		}
		seen[d.text] = true
		if m := n.Match(v); m.Score >= FromLikely {
			out = append(out, Variant{d.text, d.kind, m.Score})
		}
	}
	return out
}

// written is the name as it was given, its parts with spaces between.
func (n *Name) written() string {
	var parts []string
	for _, t := range n.tokens {
		parts = append(parts, t.text)
	}
	return strings.Join(parts, " ")
}

// fromCharacters writes a name in Hangul or Hanja in all other ways.
func (w *writer) fromCharacters(n *Name) {
	for _, r := range n.readings {
		if r.in != korean {
			continue
		}
		if n.han {
			w.forms(r)
			w.mandarin(r)
		}
		for i, row := range hangulRows(r.slots) {
			dearer := i + rowCost(r.slots, row)
			if i > 0 || n.han {
				w.add(VariantHangul, hangulText(row), dearer)
			}
			w.romanised(row, dearer)
		}
	}
	for _, r := range n.readings {
		if r.in == transcribed {
			w.mandarin(r)
		}
	}
}

// fromLetters gives the Hangul that letters may stand for.
func (w *writer) fromLetters(n *Name) {
	seen := map[scheme]bool{}
	for _, r := range n.readings {
		switch {
		case r.in == pinyin || r.in == wadeGiles:
			if !seen[r.in] {
				w.mandarin(r)
			}
			seen[r.in] = true
			fallthrough
		case r.in == korean:
			for _, row := range hangulRows(r.slots) {
				w.add(VariantHangul, hangulText(row), r.cost+rowCost(r.slots, row)+unusual(row))
			}
		}
	}
	var plain []string
	for _, t := range n.tokens {
		if t.plain != strings.ToLower(t.text) && t.script == inLatin {
			plain = append(plain, capital(t.plain))
		} else {
			plain = append(plain, t.text)
		}
	}
	w.add(VariantLatin, strings.Join(plain, " "), 20)
}

// hangulRows are the likeliest ways to read slots as Hangul, likeliest first.
func hangulRows(slots []slot) [][]sound {
	rows := [][]sound{nil}
	for _, s := range slots {
		list := slices.SortedStableFunc(slices.Values(s.ko), func(a, b cand) int { return cmp.Compare(a.cost, b.cost) })
		var longer [][]sound
		for _, row := range rows {
			for _, c := range list[:min(len(list), 6)] {
				longer = append(longer, append(slices.Clone(row), c.sound))
			}
		}
		slices.SortStableFunc(longer, func(a, b []sound) int {
			return cmp.Compare(rowCost(slots, a), rowCost(slots, b))
		})
		rows = longer[:min(len(longer), 24)]
	}
	return rows
}

func rowCost(slots []slot, row []sound) (sum int) {
	for i, s := range row {
		if at, ok := slices.BinarySearchFunc(slots[i].ko, s, func(c cand, s sound) int { return cmp.Compare(c.sound, s) }); ok {
			sum += int(slots[i].ko[at].cost)
		}
	}
	return sum
}

// unusual is for given names: the fewer Hanja for names a syllable has, the fewer
// names have it. Names mostly have three syllables.
func unusual(row []sound) int {
	sum := 20 * max(0, len(row)-3)
	for _, s := range row[min(1, len(row)):] {
		sum += min(30, 80/(1+len(table().common[s])/3))
	}
	return sum
}

func hangulText(row []sound) string {
	var b strings.Builder
	for _, s := range row {
		b.WriteString(s.hangul())
	}
	return b.String()
}

// forms writes a name in the other forms of its characters: all traditional, all
// simplified.
func (w *writer) forms(r reading) {
	simple, full := "", ""
	for _, s := range r.slots {
		f := traditional(s.han)
		full += string(f)
		if to, ok := table().simple[f]; ok {
			f = to
		}
		simple += string(f)
	}
	w.add(VariantHanja, full, 1)
	w.add(VariantHanja, simple, 2)
}

// traditional is the form that Korean reads.
func traditional(r rune) rune {
	c := table().chars[r]
	if c == nil {
		return r
	}
	if len(c.forms) == 0 && slices.ContainsFunc(c.ko, func(k cand) bool { return k.cost == 0 }) {
		return r
	}
	for _, f := range c.others() {
		if of := table().chars[f]; of != nil && slices.ContainsFunc(of.ko, func(k cand) bool { return k.cost == 0 }) {
			return f
		}
	}
	return r
}

// mandarin writes the Chinese reading in pinyin and Wade-Giles.
func (w *writer) mandarin(r reading) {
	var py, wg []string
	for _, s := range r.slots {
		i := slices.IndexFunc(s.zh, func(c cand) bool { return c.cost == 0 && !strings.HasPrefix(table().sounds[c.sound], "Y") })
		if i < 0 {
			return
		}
		sounds := table().sounds[s.zh[i].sound]
		py = append(py, strings.ReplaceAll(sounds, "v", "ü"))
		wg = append(wg, strings.ReplaceAll(wade(sounds), "v", "ü"))
	}
	family := 1
	if len(r.slots) > 2 && r.double() {
		family = 2
	}
	w.add(VariantMandarin, capital(strings.Join(py[:family], ""))+given(py[family:], ""), 6)
	w.add(VariantWade, capital(strings.Join(wg[:family], "-"))+given(wg[family:], "-"), 30)
}

// given is the given name behind a space, where there is one.
func given(syllables []string, between string) string {
	if len(syllables) == 0 {
		return ""
	}
	return " " + capital(strings.Join(syllables, between))
}

func capital(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}
