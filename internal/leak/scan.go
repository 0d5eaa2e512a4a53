package leak

import (
	"slices"
	"unicode/utf8"
)

const (
	blockUnits = 1 << 14 // looked at in one go
	around     = 12      // units kept before and behind a match, to judge its edges
)

// A hit is a key found in a view: bytes start to end of it.
type hit struct {
	key        *key
	grade      grade
	start, end int
	first      rune
	letters    int
	looks      bool // read through look-alikes
}

// A scanner finds keys in one text, fed in pieces of any size.
type scanner struct {
	t      *trie
	sounds *sounds
	s      stream
	done   int  // units before this were looked at as starts
	binary bool // bytes that are no text: only what cannot be chance counts
	found  func(hit)
	heard  func(u []unit, x said, looks bool)
	count  func(u []unit, from, to int) // looks at the numbers that start there
	reach  int                          // units that a match may have

	odd, changed []int // room for the disguises
	plain        []rune
	dull         map[uint64]bool // words that no name starts with
}

// newScanner looks for what a gate protects, as it is spelled; and, where heard is
// given, as it sounds.
func newScanner(g *Gate, found func(hit), heard func(u []unit, x said, looks bool)) *scanner {
	c := &scanner{t: g.text, s: stream{t: table()}, found: found, reach: g.text.longest}
	if heard != nil && len(g.sounds.names) > 0 {
		c.sounds, c.heard, c.reach, c.dull = g.sounds, heard, max(c.reach, longestSaid), map[uint64]bool{}
	}
	return c
}

// scanner gives the look's own scanner, made ready for another text: its room is used
// again, and what it learned of words stays.
func (l *look) scanner(found func(hit), heard func(u []unit, x said, looks bool)) *scanner {
	if l.own == nil {
		l.own = newScanner(l.gate, found, heard)
		return l.own
	}
	fresh := newScanner(l.gate, found, heard)
	if fresh.dull != nil && l.own.dull != nil {
		fresh.dull = l.own.dull
	}
	fresh.s.u, fresh.odd, fresh.changed, fresh.plain = l.own.s.u[:0], l.own.odd, l.own.changed, l.own.plain
	l.own = fresh
	return fresh
}

// scan looks through all of b, whose first byte is number base.
func (c *scanner) scan(b []byte, base int) {
	for i := 0; i < len(b); {
		i += c.s.feed(b[i:], base+i, blockUnits)
		if len(c.s.u) >= blockUnits {
			c.look(false)
		}
	}
}

// scanBytes looks through b byte by byte, for names in older encodings.
func (c *scanner) scanBytes(b []byte) {
	for i, x := range b {
		c.s.u = append(c.s.u, unit{r: rune(x), start: i, end: i + 1})
		if len(c.s.u) >= blockUnits {
			c.look(false)
		}
	}
	c.look(true)
}

// scanFrom looks through a long stream in pieces: rest is what the last piece left
// of a character. It returns what this one leaves.
func (c *scanner) scanFrom(b []byte, base int) (rest int) {
	for rest < utf8.UTFMax-1 && rest < len(b) && !utf8.FullRune(b[max(0, len(b)-rest-1):]) {
		rest++
	}
	c.scan(b[:len(b)-rest], base)
	return rest
}

// finish looks at what is left.
func (c *scanner) finish() {
	c.s.settle()
	c.s.ended()
	c.look(true)
}

// look tries every start whose longest key and context are there, and forgets all
// that no later start needs.
func (c *scanner) look(all bool) {
	u := c.s.u
	stop := len(u)
	if !all {
		stop = max(c.done, len(u)-c.reach-around)
	}
	c.starts(u, c.done, stop, nil)
	if c.count != nil {
		c.count(u, c.done, stop)
	}
	odd := c.oddities(u)
	for _, other := range disguises {
		c.disguised(u, odd, stop, other)
	}
	keep := max(0, stop-around)
	c.done = stop - keep
	c.s.forget(keep)
}

// starts looks for keys that start in u[from:to]. Where changed is given a match
// must hold one of these units: the others were found before.
func (c *scanner) starts(u []unit, from, to int, changed []int) {
	r := roll{at: -1}
	for i := from; i < to; i++ {
		if c.sounds != nil && (u[i].gap != 0 || u[i].upper || u[i].r >= syllables || i == 0 || class(u[i].r) != class(u[i-1].r) || u[i].r >= utf8.RuneSelf) {
			c.hear(u, i, changed)
		}
		if short, long := c.t.begins(u, i, &r); short || long {
			c.t.find(u, i, short, long, r.h, func(k *key, end int) {
				if changed == nil || holds(changed, i, end) {
					c.judge(u, i, end, k, changed != nil)
				}
			})
		}
	}
}

// hear looks for what sounds like a name and starts at u[i].
func (c *scanner) hear(u []unit, i int, changed []int) {
	if class(u[i].r) < hangul && (!wordStart(u, i) || u[i].small && !u[i].upper) {
		return
	}
	c.sounds.hear(u, i, c.dull, func(x said) {
		if changed == nil || holds(changed, x.from, x.to) {
			c.heard(u, x, changed != nil)
		}
	})
}

func holds(sorted []int, from, to int) bool {
	at, _ := slices.BinarySearch(sorted, from)
	return at < len(sorted) && sorted[at] < to
}

func (c *scanner) judge(u []unit, i, end int, k *key, looks bool) {
	g := judge(u, i, end, k)
	if c.binary && (looks || !certain(u, i, end)) {
		g = none
	}
	if g == none {
		return
	}
	c.found(hit{k, g, u[i].start, u[end-1].end, u[i].r, end - i, looks})
}

// certain says whether u[i:j] is more than noise may hold: enough bytes, and
// nothing odd between them.
func certain(u []unit, i, j int) bool {
	for at := i + 1; at < j; at++ {
		if u[at].start-u[at-1].end > 2 {
			return false
		}
	}
	return u[j-1].end-u[i].start >= 7 || class(u[i].r) >= hangul && j-i >= 2
}

// A disguise reads single characters as others: what to read u[i] as, or 0.
type disguise func(u []unit, i int) rune

// disguises are all readings besides the plain one.
var disguises = []disguise{byLook, leet('l'), leet('i'), asDigit}

// byLook reads what looks like a Latin letter as that.
func byLook(u []unit, i int) rune { return u[i].looks }

// leet reads digits among letters as the letters they stand for, and a capital I
// among small letters as an l.
func leet(one rune) disguise {
	like := map[rune]rune{'0': 'o', '1': one, '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b'}
	return func(u []unit, i int) rune {
		if u[i].looks != 0 {
			return u[i].looks
		}
		if one == 'l' && capitalI(u, i) {
			return 'l'
		}
		if u[i].r > '9' || u[i].r < '0' || !beside(u, i, alphabetic) || !amongLetters(u, i) {
			return 0
		}
		return like[u[i].r]
	}
}

// amongLetters says whether a digit stands in a word, or between letters that stand
// apart.
func amongLetters(u []unit, i int) bool {
	alone := func(at int) bool {
		return at >= 0 && at < len(u) && !touches(u, at) && !touches(u, at+1) && class(u[at].r) == alphabetic
	}
	return touches(u, i) || touches(u, i+1) || alone(i-1) || alone(i+1)
}

// capitalI says whether u[i] is a capital I inside a word in small letters.
func capitalI(u []unit, i int) bool {
	if u[i].r != 'i' || !u[i].upper || !touches(u, i) {
		return false
	}
	return !u[i-1].upper || touches(u, i+1) && !u[i+1].upper
}

// asDigit reads letters among digits as the digits they look like.
func asDigit(u []unit, i int) rune {
	r := u[i].r
	if u[i].looks != 0 {
		r = u[i].looks
	}
	if r != 'o' && r != 'l' && r != 'i' || !beside(u, i, digits) {
		return 0
	}
	if r == 'o' {
		return '0'
	}
	return '1'
}

// beside says whether a neighbour of u[i] is of a class; a run of disguised
// characters counts by what stands at its nearer end.
func beside(u []unit, i, c int) bool {
	const reach = 3
	for d := 1; d <= reach; d++ {
		if i-d >= 0 && class(u[i-d].r) == c || i+d < len(u) && class(u[i+d].r) == c {
			return true
		}
	}
	return false
}

// nearChange is how far before a disguised letter a name that is only heard may start.
const nearChange = 24

// disguised looks again at what is near the units that can be read otherwise, which
// are among odd.
func (c *scanner) disguised(u []unit, odd []int, stop int, read disguise) {
	c.changed, c.plain = c.changed[:0], c.plain[:0]
	for _, i := range odd {
		if r := read(u, i); r != 0 && r != u[i].r {
			c.changed = append(c.changed, i)
			c.plain = append(c.plain, r)
		}
	}
	if len(c.changed) == 0 {
		return
	}
	swap := func() {
		for n, i := range c.changed {
			u[i].r, c.plain[n] = c.plain[n], u[i].r
		}
	}
	swap()
	at := c.done
	for _, i := range c.changed {
		from := max(at, i-max(c.t.longest, nearChange))
		to := min(i+1, stop)
		if from < to {
			c.starts(u, from, to, c.changed)
			at = to
		}
	}
	swap()
}

// oddities are the units that any disguise may read otherwise: look-alikes, digits,
// capital I, and the letters that look like digits where these are near.
func (c *scanner) oddities(u []unit) []int {
	const reach = 3
	odd, digit := c.odd[:0], -reach-1
	for i := range u {
		r := u[i].r
		switch {
		case r >= syllables && u[i].looks == 0:
		case r >= '0' && r <= '9':
			for at := max(digit+1, i-reach, 0); at < i; at++ {
				if r := u[at].r; r == 'o' || r == 'l' || r == 'i' {
					odd = append(odd, at)
				}
			}
			digit = i
			odd = append(odd, i)
		case u[i].looks != 0, r == 'i' && u[i].upper, (r == 'o' || r == 'l' || r == 'i') && i-digit <= reach:
			odd = append(odd, i)
		}
	}
	slices.Sort(odd)
	c.odd = slices.Compact(odd)
	return c.odd
}
