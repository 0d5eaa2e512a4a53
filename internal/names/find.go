package names

import (
	"bytes"
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"
)

// A Found is a place in a text where somebody's name stands, in bytes.
type Found struct {
	Start, End int
	Surface    string
	ID         string
	Score      float64
	Band       string
}

// A Finder looks for people in texts. It is made once and may be used by many at
// the same time.
type Finder struct {
	index Index
	words map[string]bool // keys of the words of names that are neither Korean nor Chinese
}

// NewFinder is for the people of a list.
func NewFinder(people []Person) (*Finder, error) {
	f := &Finder{words: map[string]bool{}}
	for _, p := range people {
		for _, secret := range p.Names {
			if err := f.index.Add(p.ID, secret.Reveal()); err != nil {
				return nil, err
			}
			n, err := Parse(secret.Reveal())
			if err != nil {
				return nil, err
			}
			for _, k := range n.wordKeys() {
				f.words[k] = true
			}
		}
	}
	return f, nil
}

// The least scores that are findings: characters leave less open than letters, and
// letters without a capital are mostly words.
const (
	fromLetters    = FromLikely
	fromCharacters = 0.80
	mostWords      = 4 // of a name in running text
	mostSigns      = 5
)

// Find looks for people in a text, which must be UTF-8. Overlapping places are
// one finding for each person: the one with the best score, the longer of equals.
func (f *Finder) Find(text []byte) ([]Found, error) {
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, problem("names.not_text")
	}
	var all []Found
	pieces := split(text)
	seen := map[string]bool{}
	for i := range pieces {
		if pieces[i].script == inLatin {
			all = f.letters(all, text, pieces[i:], seen)
		} else {
			all = f.signs(all, text, pieces[i:])
		}
	}
	return apartFrom(all), nil
}

// A piece is a word in letters, or a run of Hangul or of Hanja.
type piece struct {
	start, end int
	script     int
	upper      bool
	linked     bool // no more than a space or a hyphen before it
	starts     []int
}

// split finds the words of a text. A run of single letters with the same sign
// between them is one word.
func split(text []byte) (all []piece) {
	at := -1
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		kind := scriptOf(r)
		switch {
		case at >= 0 && (kind == isMark || kind == all[at].script || all[at].script == inLatin && apostrophe(r) && inside(text, i+n)):
			all[at].end = i + n
			if kind >= 0 {
				all[at].starts = append(all[at].starts, i)
			}
		case kind == inLatin || kind == inHangul || kind == inHan:
			p := piece{start: i, end: i + n, script: kind, upper: unicode.IsUpper(r), starts: []int{i}}
			if at = len(all); at > 0 {
				p.linked = near(text[all[at-1].end:i])
			}
			all = append(all, p)
		default:
			at = -1
		}
		i += n
	}
	return apartLetters(text, all)
}

// inside is whether a letter follows an apostrophe: Ch'ŏl, but not 'Chol'.
func inside(text []byte, i int) bool {
	r, _ := utf8.DecodeRune(text[i:])
	return scriptOf(r) == inLatin
}

// near is whether what stands between two words can stand within a name.
func near(gap []byte) bool {
	if len(gap) > 8 || bytes.Count(gap, []byte("\n")) > 1 {
		return false
	}
	for _, r := range string(gap) {
		if !unicode.IsSpace(r) && !unicode.Is(unicode.Pd, r) && r != ',' && r != '·' && r != '.' && r != '_' {
			return false
		}
	}
	return true
}

// apartLetters joins letters that stand apart, four at least: K-I-M C-h-o-l.
func apartLetters(text []byte, all []piece) (out []piece) {
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].script == inLatin && len(all[j].starts) == 1 && (j == i || all[j].linked) {
			j++
		}
		if j-i < 4 {
			out = append(out, all[i])
			i++
			continue
		}
		p := all[i]
		p.end = all[j-1].end
		p.starts = append(p.starts, 0) // more than one letter
		out = append(out, p)
		i = j
	}
	return out
}

// letters looks at the names of one to four words that begin at the first piece.
// Words that no name is made of are remembered in dull.
func (f *Finder) letters(all []Found, text []byte, p []piece, dull map[string]bool) []Found {
	upper := false
	for n := 1; n <= min(mostWords, len(p)); n++ {
		last := p[n-1]
		if last.script != inLatin || n > 1 && !last.linked || f.dull(string(text[last.start:last.end]), dull) {
			break
		}
		upper = upper || last.upper
		least := fromLetters
		if !upper {
			least = fromCharacters
			if n == 1 {
				continue // "changing" sounds like a name, and hardly ever is one
			}
		}
		all = f.ask(all, text, p[0].start, last.end, least)
	}
	return all
}

// dull is whether a word can be no part of any name that is looked for.
func (f *Finder) dull(word string, seen map[string]bool) bool {
	d, ok := seen[word]
	if ok {
		return d
	}
	n, err := Parse(word)
	d = err != nil || len(n.readings) == 0 && surname().own[n.bare] == nil && len([]rune(n.bare)) > 1
	for i := 0; d && err == nil && i < len(n.tokens); i++ {
		d = !f.words[wordKey(n.tokens[i].plain)]
	}
	if len(seen) < mostRemembered {
		seen[word] = d
	}
	return d
}

// signs looks at the names of two to five syllables that begin anywhere in the
// first piece, and go on behind a space where a piece is whole.
func (f *Finder) signs(all []Found, text []byte, p []piece) []Found {
	for at := range p[0].starts {
		left := mostSigns
		for n := 0; n < len(p) && left > 0; n++ {
			if n > 0 && (!p[n].linked || p[n].script != p[0].script || at > 0) {
				break
			}
			from := 0
			if n == 0 {
				from = at
			}
			starts := p[n].starts[from:]
			for i := range min(left, len(starts)) {
				end := p[n].end
				if i+1 < len(starts) {
					end = starts[i+1]
				}
				if mostSigns-left+i+1 >= 2 {
					all = f.ask(all, text, p[0].starts[at], end, fromCharacters)
				}
			}
			left -= len(starts)
		}
	}
	return all
}

// ask looks one name up.
func (f *Finder) ask(all []Found, text []byte, start, end int, least float64) []Found {
	n, err := Parse(string(text[start:end]))
	if err != nil {
		return all
	}
	for _, h := range f.index.search(n, least) {
		all = append(all, Found{start, end, string(text[start:end]), h.ID, h.Score, h.Band})
	}
	return all
}

// apartFrom keeps of overlapping findings of one person the best.
func apartFrom(all []Found) (out []Found) {
	slices.SortStableFunc(all, func(a, b Found) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.End-b.Start, a.End-a.Start), cmp.Compare(a.Start, b.Start))
	})
	kept := map[string][][2]int{} // places of a person, in order, none over another
	for _, a := range all {
		of := kept[a.ID]
		at, _ := slices.BinarySearchFunc(of, a.Start, func(o [2]int, start int) int { return cmp.Compare(o[0], start) })
		if at < len(of) && of[at][0] < a.End || at > 0 && of[at-1][1] > a.Start {
			continue
		}
		kept[a.ID] = slices.Insert(of, at, [2]int{a.Start, a.End})
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b Found) int { return cmp.Compare(a.Start, b.Start) })
	return out
}
