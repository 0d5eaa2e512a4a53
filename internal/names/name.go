package names

import (
	"slices"
	"strings"

	"safehouse/internal/evidence"
)

// A Name is parsed once and may be compared by many at the same time.
type Name struct {
	tokens   []token
	readings []reading
	letters  string // all of it in lower case with its marks, nothing between
	bare     string // without marks
	groups   string // the groups in an order of their own, for names turned round
	asian    bool   // reads well as a Korean or Chinese name
	han      bool   // written in Hanja alone
	hangul   bool
}

// A slot is one syllable of a name.
type slot struct {
	text   string
	han    rune // zero where it is not written in Hanja
	hangul bool
	ko, zh []cand
}

// A reading is a name as a row of syllables, the family name first.
type reading struct {
	slots  []slot
	cost   int
	in     scheme
	turned bool // it was written with the family name last
}

// What it costs, in hundredths, to take a name in another way than it looks.
const (
	costTurned   = 3
	costNoFamily = 25
	costBackward = 40 // a family name of several syllables that is none
	costWade     = 5
	mostReadings = 10
	slack        = 45 // how much dearer than the cheapest a reading may be
	hardlyKorean = 150
)

func problem(code string, args ...any) error { return &evidence.Problem{Code: code, Args: args} }

// Parse reads a name in any script. A Problem says what is no name.
func Parse(text string) (*Name, error) {
	if err := readable(text); err != nil {
		return nil, err
	}
	n := &Name{tokens: tokens(text)}
	if len(n.tokens) > words {
		return nil, problem("names.too_long", longest)
	}
	n.keep()
	if n.letters == "" {
		return nil, problem("names.empty")
	}
	n.read()
	return n, nil
}

func (n *Name) keep() {
	var groups []string
	last := -1
	n.han, n.hangul = true, true
	for _, t := range n.tokens {
		n.letters += t.marked
		bare := t.plain
		if t.script == inHangul || t.script == inHan {
			bare = t.marked
		}
		n.bare += bare
		if t.group != last {
			groups = append(groups, "")
		}
		last = t.group
		groups[len(groups)-1] += bare
		n.han = n.han && t.script == inHan
		n.hangul = n.hangul && t.script == inHangul
	}
	slices.Sort(groups)
	n.groups = strings.Join(groups, " ")
}

// read finds the readings of a name in each scheme.
func (n *Name) read() {
	h := habitsOf(n.tokens)
	in := func(script int) bool {
		return slices.ContainsFunc(n.tokens, func(t token) bool { return t.script == script })
	}
	look := []scheme{korean}
	if in(inLatin) && !h.cyrillic {
		look = append(look, pinyin, wadeGiles, cantonese)
	}
	if in(inHangul) && !in(inLatin) {
		look = append(look, transcribed)
	}
	for _, in := range look {
		n.readings = append(n.readings, n.readIn(in, h)...)
	}
	for _, r := range n.readings {
		n.asian = n.asian || r.worth() < 70
	}
}

func (n *Name) readIn(in scheme, h habits) []reading {
	cuts := make([][]cut, len(n.tokens))
	for i, t := range n.tokens {
		cuts[i] = t.cuts(in, h)
	}
	all := n.order(in, n.tokens, cuts, false)
	if at := n.lastGroup(); at > 0 {
		turned := append(slices.Clone(n.tokens[at:]), n.tokens[:at]...)
		all = append(all, n.order(in, turned, append(slices.Clone(cuts[at:]), cuts[:at]...), true)...)
	}
	return best(all)
}

// lastGroup is where the last group starts, when it may be the family name.
func (n *Name) lastGroup() int {
	at := len(n.tokens) - 1
	for at > 0 && n.tokens[at].group == n.tokens[at-1].group {
		at--
	}
	if n.tokens[0].ended {
		return 0
	}
	return at
}

// best keeps the likeliest readings.
func best(all []reading) []reading {
	slices.SortStableFunc(all, func(a, b reading) int { return a.worth() - b.worth() })
	for i, r := range all {
		if i >= mostReadings || r.worth() > all[0].worth()+slack || r.worth() > hardlyKorean {
			return all[:i]
		}
	}
	return all
}

func (r reading) worth() int { return r.cost + cut(r.slots).worth() - 8*len(r.slots) }

func (t token) cuts(in scheme, h habits) []cut {
	switch {
	case t.script == inHangul && in == transcribed:
		return cutChinese(t, in)
	case t.script == inHangul || t.script == inHan:
		if len(t.runes) > mostSyllables {
			return nil
		}
		c := make(cut, len(t.runes))
		for i, r := range t.runes {
			c[i] = written(r)
		}
		return []cut{c}
	case t.script == inOther:
		return nil
	case in == korean:
		return cutKorean(t, h)
	}
	return cutChinese(t, in)
}

// written is the slot of a Hangul syllable or a Hanja.
func written(r rune) slot {
	s := slot{text: string(r)}
	if isHangul(r) {
		s.hangul = true
		s.ko = lawful([]cand{{sound(r - hangulFirst), 0}})
		return s
	}
	s.han = r
	if c := table().chars[r]; c != nil {
		s.ko, s.zh = lawful(c.ko), c.zh
		if len(s.zh) == 0 {
			for _, f := range c.others() {
				if of := table().chars[f]; of != nil {
					s.zh = append(s.zh, of.zh...)
				}
			}
		}
	}
	return s
}

// order makes the readings of tokens that stand with the family name first.
func (n *Name) order(in scheme, tokens []token, cuts [][]cut, turned bool) (all []reading) {
	rows := [][]slot{nil}
	for i, t := range tokens {
		ways := cuts[i]
		if i == 0 && in == korean && t.script == inLatin {
			ways = withFamily(t, ways, len(tokens) == 1)
		}
		if i == 0 && t.script == inHan {
			ways = withHanFamily(ways)
		}
		if i == 0 && (in == pinyin || in == wadeGiles) {
			ways = withChineseFamily(ways)
		}
		rows = extend(rows, ways)
	}
	for _, row := range rows {
		r := reading{slots: row, in: in, turned: turned}
		r.price(tokens)
		all = append(all, r)
	}
	return all
}

func extend(rows [][]slot, ways []cut) (longer [][]slot) {
	for _, row := range rows {
		for _, c := range ways {
			if len(row)+len(c) <= mostSyllables && len(longer) < 4*mostReadings {
				longer = append(longer, append(slices.Clone(row), c...))
			}
		}
	}
	return longer
}

// withFamily reads a word as, or as beginning with, a family name: by its customary
// spelling, or else by its sound, where that is one.
func withFamily(t token, ways []cut, alone bool) (all []cut) {
	own := surname().own[t.letters]
	for _, w := range ways {
		if len(w) > 1 || own == nil {
			all = append(all, append(cut{w[0].asFamily(0)}, w[1:]...))
		}
	}
	if own != nil {
		s := slot{text: t.letters, ko: lawful(own)}
		if i := slices.IndexFunc(ways, func(w cut) bool { return len(w) == 1 }); i >= 0 {
			for _, k := range ways[i][0].asFamily(10).ko {
				s.ko = add(s.ko, k)
			}
		}
		all = append(all, cut{s})
	}
	if alone && len(t.letters) <= longestWord {
		all = append(all, beginning(t)...)
	}
	return all
}

// withHanFamily prefers the reading that a Hanja has as a family name: 金 is 김.
func withHanFamily(ways []cut) (all []cut) {
	for _, w := range ways {
		s := w[0]
		if read := surname().read[s.han]; len(read) > 0 {
			s.ko = slices.Clone(s.ko)
			for i := range s.ko {
				if !slices.Contains(read, s.ko[i].sound) {
					s.ko[i].cost += costRareReading
				}
			}
		}
		all = append(all, append(cut{s}, w[1:]...))
	}
	return all
}

func withChineseFamily(ways []cut) (all []cut) {
	for _, w := range ways {
		s := w[0]
		s.ko = slices.Clone(s.ko)
		for _, k := range familyOf(s.zh) {
			s.ko = add(s.ko, k)
		}
		all = append(all, append(cut{s}, w[1:]...))
	}
	return all
}

// asFamily makes all but family names dearer.
func (s slot) asFamily(more int16) slot {
	s.ko = slices.Clone(s.ko)
	for i := range s.ko {
		s.ko[i].cost += more
		if !surname().known[s.ko[i].sound] {
			s.ko[i].cost += costNoFamily
		}
	}
	return s
}

// beginning cuts a customary family name off the front of a word.
func beginning(t token) (all []cut) {
	for n := 3; n <= 5 && n+1 < len(t.letters); n++ {
		own := surname().own[t.letters[:n]]
		if own == nil {
			continue
		}
		rest := t
		rest.letters = t.letters[n:]
		for _, w := range cutKorean(rest, habitsOf([]token{t})) {
			all = append(all, append(cut{{text: t.letters[:n], ko: lawful(own)}}, w...))
		}
	}
	return all
}

// price finds what a reading costs before it is compared.
func (r *reading) price(tokens []token) {
	if r.turned {
		r.cost = costTurned
	}
	if r.in == wadeGiles {
		r.cost += costWade
	}
	first := r.firstGroup(tokens)
	single := tokens[len(tokens)-1].group == tokens[0].group
	double := len(r.slots) > 2 && r.double()
	if first > 1 && !single && (first > 2 || !double) {
		r.cost += costBackward
	}
	if !r.family() && !double {
		r.cost += costNoFamily
	}
}

// firstGroup is how many syllables stand in the first group.
func (r *reading) firstGroup(tokens []token) int {
	letters := 0
	for _, t := range tokens {
		if t.group != tokens[0].group {
			break
		}
		letters += r.size(t)
	}
	count := 0
	for ; count < len(r.slots) && letters > 0; count++ {
		letters -= len(r.slots[count].text)
	}
	return count
}

// size is how many bytes of slots' texts a token fills.
func (r *reading) size(t token) int {
	switch {
	case t.script == inHangul || t.script == inHan:
		return len(t.text)
	case r.in == korean:
		return len(t.letters)
	}
	return len(t.chinese(r.in))
}

func (r *reading) double() bool {
	if r.in != korean {
		for _, a := range r.slots[0].zh {
			for _, b := range r.slots[1].zh {
				if doubles[table().sounds[a.sound]+" "+table().sounds[b.sound]] {
					return true
				}
			}
		}
		return false
	}
	for _, a := range r.slots[0].ko {
		for _, b := range r.slots[1].ko {
			if surname().double[[2]sound{a.sound, b.sound}] {
				return true
			}
		}
	}
	return false
}

// family is whether the first syllable can be a family name. Who writes Hangul or
// Hanja is believed.
func (r *reading) family() bool {
	s := r.slots[0]
	if r.in == transcribed {
		return true
	}
	if s.han != 0 || s.hangul {
		return !r.turned || s.han != 0 || surname().known[s.ko[0].sound]
	}
	switch r.in {
	case korean:
		return slices.ContainsFunc(s.ko, func(c cand) bool { return c.cost <= 40 && surname().known[c.sound] })
	case cantonese:
		return true
	}
	return slices.ContainsFunc(s.zh, func(c cand) bool { return strings.Contains(families, " "+table().sounds[c.sound]+" ") })
}
