package leak

import (
	"unicode/utf8"
)

// What lies between a letter and the one before it, as bits. None: they touch.
const (
	gapSoft   = 1 << iota // what nobody sees: format characters, tags
	gapSpace              // blank
	gapLine               // a line ended
	gapPunct              // visible signs
	gapHyphen             // a hyphen and then a line's end: a word goes on
	gapWall               // bytes that are no text, or too much: nothing goes on
)

// tooMuch is how many visible signs two letters of one name may have between
// them.
const tooMuch = 40

// A unit is one folded letter or digit of a text and where it came from.
type unit struct {
	r          rune
	looks      rune // another letter that it looks like, or 0
	gap        uint8
	upper      bool
	loose      bool // a syllable put together from letters: a consonant may still join it
	small      bool // a word that sentences are full of starts here
	start, end int
}

// A stream turns text into units. It drops all that people look past.
type stream struct {
	t     *foldings
	u     []unit
	gap   uint8
	signs int
	last  rune // the sign before, for hyphens at a line's end
	open  bool // a consonant waits to know which syllable it belongs to

	word uint64 // the letters of the word under way, as far as they fit
	from int    // where it starts
}

// feed adds text that starts at byte base. It returns how much it took: it stops
// when there are enough units to look at.
func (s *stream) feed(b []byte, base, enough int) int {
	i := 0
	for i < len(b) && len(s.u) < enough {
		c := b[i]
		if c < utf8.RuneSelf {
			if f := s.t.one[c]; s.gap == 0 && !s.open && f.kind() == isLetter { // most of most texts
				s.word = s.word<<8 | uint64(f.rune())
				s.u = append(s.u, unit{r: f.rune(), upper: f.upper(), start: base + i, end: base + i + 1})
			} else {
				s.ascii(c, base+i)
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			s.gap |= gapWall
		case r >= 0xAC00 && r <= 0xD7A3 || r >= 0x4E00 && r <= 0x9FFF:
			s.add(r, 0, false, base+i, base+i+n)
		default:
			s.other(r, base+i, base+i+n)
		}
		i += n
	}
	return i
}

func (s *stream) ascii(c byte, at int) {
	switch f := s.t.one[c]; f.kind() {
	case isLetter:
		s.add(f.rune(), 0, f.upper(), at, at+1)
	case isSpace:
		s.gap |= gapSpace
	case isLine:
		s.line()
	default:
		s.sign(rune(c))
	}
}

func (s *stream) other(r rune, start, end int) {
	f := s.t.of(r)
	switch f.kind() {
	case isLetter:
		looks := s.t.looks[r]
		if looks == f.rune() {
			looks = 0
		}
		s.letter(f.rune(), looks, f.upper(), start, end)
	case isMany:
		for _, l := range s.t.many[r] {
			s.letter(l, 0, f.upper(), start, end)
		}
	case isMark:
		if n := len(s.u); n > 0 && s.gap == 0 {
			s.u[n-1].end = end
		}
	case isSoft:
		if r != 0xAD { // a soft hyphen stands inside a word
			s.gap |= gapSoft
		}
	case isSpace:
		s.gap |= gapSpace
	case isLine:
		s.line()
	default:
		s.sign(r)
	}
}

func (s *stream) line() {
	if s.last == '-' || s.last == 0x2010 || s.last == '=' {
		s.gap |= gapHyphen
	}
	s.gap |= gapLine
}

func (s *stream) sign(r rune) {
	s.gap |= gapPunct
	s.last = r
	if s.signs++; s.signs > tooMuch {
		s.gap |= gapWall
	}
}

func (s *stream) add(r, looks rune, upper bool, start, end int) {
	if s.open {
		s.settle()
	}
	if s.gap != 0 {
		s.ended()
	}
	s.word = s.word<<8 | uint64(r&0xFF)
	if r >= utf8.RuneSelf {
		s.word |= 1 << 63
	}
	s.u = append(s.u, unit{r: r, looks: looks, gap: s.gap, upper: upper, start: start, end: end})
	s.gap, s.signs, s.last = 0, 0, 0
}

// ended marks a word that sentences are full of.
func (s *stream) ended() {
	if s.from >= 0 && s.from < len(s.u) && len(s.u)-s.from > 1 && len(s.u)-s.from <= longestSmall && small[s.word] {
		s.u[s.from].small = true
	}
	s.word, s.from = 0, len(s.u)
}

// forget drops the first n units.
func (s *stream) forget(n int) {
	s.u = append(s.u[:0], s.u[n:]...)
	s.from -= n
}

// letter adds a letter, and puts single Hangul letters together into syllables.
func (s *stream) letter(r, looks rune, upper bool, start, end int) {
	if r < 0x1100 || r > 0x11FF {
		s.add(r, looks, upper, start, end)
		return
	}
	n := len(s.u)
	if n > 0 && s.gap&gapWall == 0 {
		before := s.u[n-1].r
		switch {
		case isLead(before) && isVowel(r):
			s.join(syllable(before, r), true, end)
			return
		case isOpen(before) && isTail(r):
			s.join(before+r-tailBase, false, end)
			return
		}
	}
	s.add(r, looks, upper, start, end)
	n = len(s.u)
	s.open = n > 1 && s.u[n-2].loose && isLead(r)
}

func (s *stream) join(r rune, loose bool, end int) {
	u := &s.u[len(s.u)-1]
	u.r, u.loose, u.end = r, loose, end
	s.gap, s.signs, s.last, s.open = 0, 0, 0, false
}

// settle lets a consonant that stands alone close the syllable before it, as in
// text typed letter by letter: no vowel followed that would have claimed it.
func (s *stream) settle() {
	s.open = false
	n := len(s.u)
	if n < 2 || !s.u[n-2].loose || !isLead(s.u[n-1].r) || s.u[n-1].gap&gapWall != 0 {
		return
	}
	if t := tailOf(s.u[n-1].r); t != 0 {
		s.u[n-2].r += t
		s.u[n-2].loose = false
		s.u[n-2].end = s.u[n-1].end
		s.u = s.u[:n-1]
	}
}

// Conjoining Hangul letters and the arithmetic of syllables (Unicode, 3.12).
const (
	leadBase, vowelBase, tailBase = 0x1100, 0x1161, 0x11A7
	leads, vowels, tails          = 19, 21, 28
	syllables                     = 0xAC00
)

func isLead(r rune) bool  { return r >= leadBase && r < leadBase+leads }
func isVowel(r rune) bool { return r >= vowelBase && r < vowelBase+vowels }
func isTail(r rune) bool  { return r > tailBase && r < tailBase+tails }
func isOpen(r rune) bool {
	return r >= syllables && r <= 0xD7A3 && (r-syllables)%tails == 0
}

func syllable(lead, vowel rune) rune {
	return syllables + ((lead-leadBase)*vowels+vowel-vowelBase)*tails
}

// tailsOf gives for each leading consonant its place among the closing ones, 0
// where it closes nothing.
var tailsOf = [leads]rune{1, 2, 4, 7, 0, 8, 16, 17, 0, 19, 20, 21, 22, 0, 23, 24, 25, 26, 27}

func tailOf(lead rune) rune { return tailsOf[lead-leadBase] }

// compact gives the units of a short text.
func compact(text string) []unit {
	s := stream{t: table()}
	b := []byte(text)
	for i := 0; i < len(b); {
		i += s.feed(b[i:], i, len(b)*8+64)
	}
	s.settle()
	return s.u
}
