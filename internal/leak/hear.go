package leak

import (
	"hash/maphash"
	"slices"
	"strings"
	"unicode"

	"safehouse/internal/names"
)

// A said is a stretch of a text that sounds like somebody: units from to to, and the
// names that it sounds like.
type said struct {
	from, to int
	who      []int32
	signs    bool // Hangul or Han
}

// How long what is said may be, in letters and in syllables.
const (
	longestSaid  = 40
	longestSigns = 6
)

// hear calls found with all that sounds like a name and starts at u[i]. Dull are words
// that no name starts with: it is the caller's, and grows.
func (s *sounds) hear(u []unit, i int, dull map[uint64]bool, found func(said)) {
	switch r := u[i].r; {
	case len(s.names) == 0:
	case class(r) >= hangul:
		if s.signs.next != nil && (class(r) == han || !touches(u, i) || class(u[i-1].r) != hangul || titled(u[max(0, i-around):i])) {
			s.hearSigns(u, i, i, 0, found)
		}
	case spelled(r) && s.letters.next != nil && wordStart(u, i):
		s.hearLetters(u, i, dull, found)
	}
}

// wordStart says whether a word starts at u[i], if only by a capital.
func wordStart(u []unit, i int) bool {
	return i == 0 || u[i].gap != 0 || !spelled(u[i-1].r) || u[i].upper && !u[i-1].upper
}

// hearLetters reads the letters from u[i] on in every way that leads anywhere.
func (s *sounds) hearLetters(u []unit, i int, dull map[uint64]bool, found func(said)) {
	hash, end := s.word(u, i)
	if dull[hash] {
		return
	}
	e := ear{t: &s.letters, u: u, from: i, far: i, found: found}
	e.hear(i, 0, noSound)
	if e.far+1 < end && len(dull) < mostDull { // nothing led to its end, whatever comes after it
		dull[hash] = true
	}
}

const mostDull = 1 << 16

// word gives a hash of the letters that touch each other from u[i] on, and the unit after
// them.
func (s *sounds) word(u []unit, i int) (hash uint64, end int) {
	hash = s.seed
	for end = i; end < len(u) && (end == i || u[end].gap == 0) && spelled(u[end].r); end++ {
		hash = (hash ^ uint64(u[end].r)) * base
	}
	return hash ^ hash>>29, end
}

// hash is that of all that forms look at.
func (s *sounds) hash(u []unit) uint64 {
	hash := s.seed
	for _, x := range u {
		v := uint64(x.r)<<8 | uint64(x.gap)
		if x.upper {
			v |= 1 << 40
		}
		hash = (hash ^ v) * base
		hash ^= hash >> 32
	}
	return hash
}

// An ear follows one start through the trie.
type ear struct {
	t     *skeletons
	u     []unit
	from  int
	far   int       // the last unit that any way reached
	seen  [16]int64 // what was found from here: different ways lead to the same
	n     int
	found func(said)
}

// hear goes on at u[j]. Last is the class of the consonant before, if one stands
// there; a t has not been taken yet, for an s may follow.
func (e *ear) hear(j int, node, last int32) {
	for ; j < len(e.u) && j-e.from < longestSaid; j++ {
		if !spelled(e.u[j].r) || j > e.from && (e.u[j].gap&gapWall != 0 || e.u[j].small && !e.u[j].upper) {
			return
		}
		if is := vowelAt(e.u, j); is || glide(e.u, j) {
			if node, ok := e.settle(node, last); ok {
				e.nucleus(j, node)
			}
			if is {
				return
			}
		}
		var ok bool
		if node, last, ok = e.consonant(consonant(e.u, j), node, last); !ok {
			return
		}
		e.far = max(e.far, j)
		e.end(j+1, node, last)
	}
}

// consonant goes on by a consonant, if it adds anything.
func (e *ear) consonant(c, node, last int32) (int32, int32, bool) {
	switch {
	case c == noSound, c == last, c == soundK && last == soundN:
		return node, last, true
	case last == soundT && c != soundS:
		if node = e.t.next[node][soundT]; node == 0 {
			return 0, 0, false
		}
	}
	if c == soundT {
		return node, c, true
	}
	node = e.t.next[node][c]
	return node, c, node != 0
}

// settle takes a t that waited.
func (e *ear) settle(node, last int32) (int32, bool) {
	if last != soundT {
		return node, true
	}
	node = e.t.next[node][soundT]
	return node, node != 0
}

// nucleus reads the vowel at u[j] in every way.
func (e *ear) nucleus(j int, node int32) {
	for n := 1; n <= min(longestNucleus, len(e.u)-j); n++ {
		if n > 1 && (!spelled(e.u[j+n-1].r) || e.u[j+n-1].gap&gapWall != 0) {
			return
		}
		for c, classes := int32(soundA), nucleusAt(e.u, j, n); classes>>c != 0; c++ {
			if to := e.t.next[node][c]; to != 0 && classes>>c&1 != 0 {
				e.far = max(e.far, j+n-1)
				e.end(j+n, to, noSound)
				e.hear(j+n, to, noSound)
			}
		}
		if n == 1 && e.u[j].r == 'e' { // June
			e.end(j+1, node, noSound)
			if j+1 < len(e.u) && wordStart(e.u, j+1) {
				e.hear(j+1, node, noSound)
			}
		}
	}
}

// end hands on what ends before u[j], where a word ends.
func (e *ear) end(j int, node, last int32) {
	if j < len(e.u) && !wordStart(e.u, j) && spelled(e.u[j].r) {
		return
	}
	node, ok := e.settle(node, last)
	if !ok || len(e.t.ends[node]) == 0 {
		return
	}
	key := int64(node)<<16 | int64(j-e.from)
	if slices.Contains(e.seen[:e.n], key) {
		return
	}
	if e.n < len(e.seen) {
		e.seen[e.n] = key
		e.n++
	}
	e.found(said{from: e.from, to: j, who: e.t.ends[node]})
}

// hearSigns goes on at u[j] with every way to read it.
func (s *sounds) hearSigns(u []unit, i, j int, node int32, found func(said)) {
	if j == len(u) || j-i >= longestSigns || class(u[j].r) < hangul || j > i && u[j].gap&(gapWall) != 0 {
		return
	}
	for _, n := range s.syllable(u[j].r) {
		to, ok := s.signs.step(node, n)
		if !ok {
			continue
		}
		if who := s.signs.ends[to]; len(who) > 0 {
			found(said{from: i, to: j + 1, who: who, signs: true})
		}
		s.hearSigns(u, i, j+1, to, found)
	}
}

// syllable gives the numbers of all syllables that r may be, as far as a name has
// them.
func (s *sounds) syllable(r rune) []int32 {
	if r >= folded {
		return s.numbered(r)
	}
	if known := s.of[r].Load(); known != nil {
		return *known
	}
	all := s.numbered(r)
	s.of[r].Store(&all)
	return all
}

func (s *sounds) numbered(r rune) (all []int32) {
	n, err := names.Parse(string(r))
	if err != nil {
		return nil
	}
	for _, k := range n.Keys() {
		if id := s.ids[k]; id != 0 {
			all = append(all, id)
		}
	}
	return all
}

// A match is a name and how near a text comes to it.
type match struct {
	name   *spoken
	score  float64
	turned bool // the family name stands at the other end
}

// forms gives the ways to read u[from:to] as a name, likeliest first: as it is cut
// into words, as it is written, with one word as the family name, and in one word.
func forms(u []unit, x said, written []byte) (all []string) {
	var cut, plain strings.Builder
	var ends []int
	for j := x.from; j < x.to; j++ {
		if j > x.from {
			gap := u[j].gap
			apart := gap&(gapSpace|gapLine) != 0 || gap == 0 && u[j].upper && !u[j-1].upper
			switch {
			case gap&gapHyphen != 0:
			case apart:
				cut.WriteByte(' ')
				ends = append(ends, plain.Len())
			case gap&gapPunct != 0:
				cut.WriteByte('-')
			}
		}
		cut.WriteRune(u[j].r)
		plain.WriteRune(u[j].r)
	}
	text := plain.String()
	all = append(all, cut.String())
	if len(written) > 0 && !isASCII(written) {
		all = append(all, string(written))
		if len(ends) == x.to-x.from-1 {
			all = append(all, together(string(written)))
		}
	}
	w := wordsOf(u, x)
	switch n := len(ends); {
	case x.signs:
		return append(all, text)
	case w.capitals < 2 && w.spaces > 0 && w.gaps < x.to-x.from-1:
		return all // words of a sentence, if it is no name as it stands
	case n > 1:
		first, last := ends[0], ends[n-1]
		all = append(all, text[:first]+" "+text[first:], text[last:]+" "+text[:last])
	}
	if all[0] != text {
		all = append(all, text)
	}
	if w.gaps == 0 && !u[x.from+1].upper && len(text) > 2 && w.capitals < 2 {
		return append(all, text[:2]+" "+text[2:]) // a longer family name is known by itself
	}
	if spelledOut := len(ends) == 0 || len(ends) == x.to-x.from-1; spelledOut && isASCII([]byte(text)) {
		for n := 1; n <= 6 && n < len(text)-2; n++ { // a family name that nothing sets apart
			all = append(all, text[:n]+" "+text[n:])
		}
		if len(ends) > 0 || u[x.from+1].upper { // and syllables
			all = append(all, syllablesOf(text)...)
		}
	}
	return all
}

// together joins letters that stand apart, and starts a word at a capital behind a small
// letter.
func together(written string) string {
	var b strings.Builder
	before := rune(0)
	for _, r := range written {
		if unicode.IsSpace(r) {
			continue
		}
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		before = r
	}
	return b.String()
}

// syllablesOf cuts letters in three in all ways that a name can be.
func syllablesOf(text string) (all []string) {
	for i := 2; i <= 5; i++ {
		for j := i + 2; j <= i+6 && j < len(text)-1 && len(text)-j <= 6; j++ {
			all = append(all, text[:i]+" "+text[i:j]+" "+text[j:])
		}
	}
	return all
}

// asked is what a verdict was asked for: a hash of the text, and those who it may be.
type asked struct {
	text uint64
	who  *int32
}

const mostAsked = 1 << 16

// near compares what is said with those who it sounds like, and gives the best score
// of each. Texts repeat themselves, so it remembers.
func (s *sounds) near(u []unit, x said, written []byte) []match {
	key := asked{s.hash(u[x.from:x.to]), &x.who[0]}
	if len(written) > 0 && !isASCII(written) {
		key.text ^= maphash.Bytes(seed, written)
	}
	if known, ok := s.known.Load(key); ok {
		return known.([]match)
	}
	out := s.compare(forms(u, x, written), x.who)
	if s.remembered.Add(1) < mostAsked {
		s.known.Store(key, out)
	}
	return out
}

func (s *sounds) compare(all []string, who []int32) (out []match) {
	best := make([]match, len(who))
	for _, f := range all {
		n, err := names.Parse(f)
		if err != nil {
			continue
		}
		enough := true
		for i, w := range who {
			if m := n.Match(s.names[w].name()); m.Score > best[i].score {
				turned := func(r names.Reason) bool { return r.Code == "order" }
				best[i] = match{s.names[w], m.Score, slices.ContainsFunc(m.Why, turned)}
			}
			enough = enough && best[i].score >= names.FromSame
		}
		if enough {
			break
		}
	}
	for _, m := range best {
		if m.score >= names.FromPossible {
			out = append(out, m)
		}
	}
	return out
}

// How sure the gate must be of what only sounds like a name, by how it is written.
const (
	fromCapitals = names.FromLikely // Kim Chol-su, KIM CHOL SU
	fromJoined   = names.FromLikely // kim-chol-su, as in addresses
	fromWord     = 0.70             // kimcholsu
	fromSmall    = 0.80             // kim chol su
	fromSigns    = 0.75
)

// From how many letters on what is written small, or in one word, can be a name.
const (
	leastSaid  = 4
	shortSaid  = 6
	joinedSaid = 7
	wordSaid   = 8
)

// judgeSaid says how sure it is that what is said is a name.
func judgeSaid(u []unit, x said, m match) grade {
	if x.signs {
		return judgeSigns(u, x, m)
	}
	w := wordsOf(u, x)
	n := x.to - x.from
	if m.name != nil && m.name.given && m.score > 0 {
		m.score = min(m.score, fromCapitals-0.01) // a given name alone belongs to many
	}
	switch {
	case n < leastSaid:
		return none
	case n == leastSaid: // Li Na
		if w.capitals < 2 || m.score < names.FromSame {
			return none
		}
		return review
	case w.capitals > 1 || w.gaps == n-1:
		return least(m.score, fromCapitals, names.FromPossible)
	case w.spaces == 0 && w.gaps > 0 && n >= joinedSaid:
		return least(m.score, fromJoined, names.FromPossible)
	case w.gaps == 0 && n >= wordSaid:
		return least(m.score, fromWord, names.FromLikely)
	case w.gaps == 0 && n >= shortSaid && w.capitals > 0 && m.score >= fromWord: // LEEHOON
		return review
	case w.gaps > 0 && n >= joinedSaid && w.apart == 0 && !sentence(u, x):
		return least(m.score, fromSmall, names.FromLikely)
	}
	return none
}

func least(score, from, possible float64) grade {
	switch {
	case score >= from:
		return block
	case score >= possible:
		return review
	}
	return none
}

// small are words that sentences are full of and that sound like syllables. Where one
// stands among words without capitals, they are no name.
var small = func() map[uint64]bool {
	all := map[uint64]bool{}
	for _, w := range strings.Fields(`a an and any are as at be been but by can cannot case come do done each either else even ever for from get give given go goes gone
		had has have he hence her here him his how i if in into is it its join just keep know last less like line long made make many may me mean men might mine more most much
		must my name near need never new no nor not now of off on once one only onto open or our out over own per put ran run said same saw say see seen set she show since so
		some soon such sure take than that the their them then there these they this those time to too turn under until up upon us use used user uses using very was way we
		well were what when where which while who whom whose why will with word would yes yet you your zero file files data mode type list lines size code`) {
		key := uint64(0)
		for _, r := range w {
			key = key<<8 | uint64(r)
		}
		all[key] = true
	}
	return all
}()

const longestSmall = 7

// sentence says whether a word of u[x.from:x.to] is one that sentences are full of.
func sentence(u []unit, x said) bool {
	return slices.ContainsFunc(u[x.from:x.to], func(x unit) bool { return x.small })
}

// A writing is how words are written: how many start with a capital, and how many gaps
// are between them, with spaces, and with a sign and a space.
type writing struct{ capitals, gaps, spaces, apart int }

func wordsOf(u []unit, x said) (w writing) {
	for j := x.from; j < x.to; j++ {
		start := j == x.from || u[j].gap&visible != 0 && u[j].gap&gapHyphen == 0 || u[j].upper && !u[j-1].upper
		if start && u[j].upper {
			w.capitals++
		}
		if j > x.from && u[j].gap&visible != 0 && u[j].gap&gapHyphen == 0 {
			w.gaps++
			if u[j].gap&(gapSpace|gapLine) != 0 {
				w.spaces++
				w.apart += int(u[j].gap & gapPunct / gapPunct)
			}
		}
	}
	return w
}

// judgeSigns: syllables that only sound like a name are one where nothing of the same
// script touches them. Another form of the same characters is the name itself.
func judgeSigns(u []unit, x said, m match) grade {
	edges := syllableEdges(u, x.from, x.to, nil)
	form := class(u[x.from].r) == han && m.score >= 0.9 && isHan([]rune(m.name.text)[0])
	switch n := x.to - x.from; {
	case m.score < fromSigns, edges == none:
		return none
	case form:
		return edges
	case n == 2, m.name.given, m.turned && wordsOf(u, x).gaps > 0:
		return review
	}
	if class(u[x.from].r) == han && (!isFamily(u[x.from].r) || touches(u, x.from) && class(u[x.from-1].r) == han || touches(u, x.to) && class(u[x.to].r) == han) {
		return review
	}
	return edges
}
