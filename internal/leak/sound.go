package leak

import (
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"safehouse/internal/names"
)

// sounds finds the names of people in spellings and scripts that nobody listed: by a
// coarse skeleton of how they sound, in one pass, and then by comparing what was
// found with the names themselves. The first lets too much through and the second
// decides.
type sounds struct {
	letters skeletons // of Latin and Cyrillic letters
	signs   lattice   // syllables of Hangul and Han
	names   []*spoken
	ids     map[string]int32 // numbers of syllables

	of         []atomic.Pointer[[]int32] // the numbers of a rune, once it was met
	known      sync.Map                  // what was asked before
	remembered atomic.Int32
	seed       uint64 // of hashes that nobody may foresee
}

// A spoken is one name of one person. It is parsed when it is first compared.
type spoken struct {
	id   string
	text string // compared, never shown
	name func() *names.Name

	given bool // it has no family name: a person decides
}

// A lattice is a trie over small numbers whose ends say which names sound like that.
type lattice struct {
	next    []map[int32]int32
	ends    map[int32][]int32
	longest int
}

func (t *lattice) add(path []int32, name int32) {
	if len(path) == 0 {
		return
	}
	if t.next == nil {
		t.next, t.ends = []map[int32]int32{{}}, map[int32][]int32{}
	}
	node := int32(0)
	for _, s := range path {
		to, ok := t.next[node][s]
		if !ok {
			to = int32(len(t.next))
			t.next = append(t.next, nil)
			if t.next[node] == nil {
				t.next[node] = map[int32]int32{}
			}
			t.next[node][s] = to
		}
		node = to
	}
	t.longest = max(t.longest, len(path))
	if all := t.ends[node]; len(all) == 0 || all[len(all)-1] != name {
		t.ends[node] = append(all, name)
	}
}

func (t *lattice) step(node, s int32) (int32, bool) {
	to, ok := t.next[node][s]
	return to, ok
}

// skeletons is the same over the few classes of letters.
type skeletons struct {
	next [][soundN + 1]int32
	ends [][]int32
}

func (t *skeletons) add(k skeleton, name int32) {
	if t.next == nil {
		t.next, t.ends = make([][soundN + 1]int32, 1), make([][]int32, 1)
	}
	node := int32(0)
	for _, c := range k {
		to := t.next[node][c]
		if to == 0 {
			to = int32(len(t.next))
			t.next, t.ends = append(t.next, [soundN + 1]int32{}), append(t.ends, nil)
			t.next[node][c] = to
		}
		node = to
	}
	if all := t.ends[node]; len(all) == 0 || all[len(all)-1] != name {
		t.ends[node] = append(all, name)
	}
}

func newSounds(people []Person) *sounds {
	s := &sounds{ids: map[string]int32{}, seed: rand.Uint64()}
	for _, p := range people {
		for _, n := range p.Names {
			s.add(p.ID, n.Text.Reveal())
		}
	}
	if s.signs.next != nil {
		s.of = make([]atomic.Pointer[[]int32], folded)
	}
	return s
}

// add puts a name into both tries, in both orders. One that is no name to the
// lattice has its exact form only.
func (s *sounds) add(id, text string) {
	name, err := names.Parse(text)
	if err != nil {
		return
	}
	at := int32(len(s.names))
	s.names = append(s.names, &spoken{id: id, text: text, given: full(newKey(id, ruleName, text, true)) == review, name: sync.OnceValue(func() *names.Name {
		n, _ := names.Parse(text) // it was parsed before
		return n
	})})
	for _, k := range name.Keys() {
		parts := strings.Split(k, " ")
		if len(parts) < 3 || parts[0] != "ko" && parts[0] != "zh" {
			continue // words of other languages, and what would be a single syllable
		}
		for _, order := range turns(parts[1:]) {
			s.signs.add(s.numbers(parts[0], order), at)
			for _, skeleton := range spelledAs(parts[0], order) {
				s.letters.add(skeleton, at)
			}
		}
	}
}

// turns gives the syllables with the family name first, and last: of one syllable, or
// of two.
func turns(parts []string) [][]string {
	all := [][]string{parts, append(parts[1:len(parts):len(parts)], parts[0])}
	if len(parts) > 3 {
		all = append(all, append(parts[2:len(parts):len(parts)], parts[:2]...))
	}
	return all
}

func (s *sounds) numbers(kind string, parts []string) (all []int32) {
	for _, p := range parts {
		key := kind + " " + p
		if s.ids[key] == 0 {
			s.ids[key] = int32(len(s.ids) + 1)
		}
		all = append(all, s.ids[key])
	}
	return all
}

// The classes of letters. Sounds that spellings mix up are one.
const (
	noSound = iota
	soundA
	soundE
	soundI
	soundO // o and u, and all between
	soundK
	soundT
	soundP
	soundS // all that hisses: s, z, j, ch, ts
	soundM
	soundN // n, ng, l, r
)

// A skeleton is what is left of letters: classes, without doubled consonants, without
// a k after an n (it may be ng), without a t before an s, and without an r that only
// lengthens a vowel.
type skeleton []int32

func (k skeleton) with(c int32) skeleton {
	n := len(k)
	switch {
	case c == noSound, n > 0 && k[n-1] == c && c > soundO, n > 0 && c == soundK && k[n-1] == soundN:
		return k
	case n > 0 && c == soundS && k[n-1] == soundT:
		return k[:n-1].with(soundS)
	}
	return append(k, c)
}

// nucleusSpellings says which vowels letters may be, after any glide.
const nucleusSpellings = `
a AE|aa A|ae EA|ai E|ay E|e EOI|ea EIO|ee I|ei EI|eo O|eou O|eu OI|eui I|ew O|ey IE|eey I|i IO|ia AEI|ie IE|iey I|ii I|io O|iu O
iy I|o O|oa A|oe E|oi E|oo O|ou O|ow O|oy E|u O|ua AO|uae E|ue EOI|uee I|uey I|ui IEO|uo O|uu O|uy I|wa A|wae E|wai E|way E|we EOI
wee I|wei EI|weo O|wi I|wie I|wo O|woo O|wu O|y IO|ya AE|yae E|ye EO|yea O|yeo O|yeou O|yeu O|yi I|yo O|yoe O|yoo O|you O|yu O
yui OI|yuu O|ja A|jae E|je EO|jo O|ju O|va A|vi I|vo O|ve E
ë EO|U O|ju O|ja A|vë EO|Ui I`

// vowelCodes number the letters that vowels and glides are written with. Cyrillic has
// three of its own: е, which is e or yŏ, ы, and the signs for yu and ya.
const (
	vowelCodes = "aeiouywvjëUJA"
	codeBits   = 4
)

// cyrillicVowels are those that are the same as a Latin letter.
var cyrillicVowels = map[rune]rune{'а': 'a', 'и': 'i', 'і': 'i', 'о': 'o', 'у': 'u', 'э': 'e', 'в': 'v', 'е': 'ë', 'ы': 'U', 'ю': 'J', 'я': 'A'}

// vowelCode gives the code of a letter, 0 for none.
var vowelCode = func() (all [0x460]uint8) {
	at := uint8(1)
	for _, r := range vowelCodes {
		if r >= 'a' && r <= 'z' {
			all[r] = at
		}
		for from, to := range cyrillicVowels {
			if to == r {
				all[from] = at
			}
		}
		at++
	}
	return all
}()

// nuclei has, for up to four codes, a bit for each class that they may be.
var nuclei = func() *[1 << (codeBits * longestNucleus)]uint8 {
	var all [1 << (codeBits * longestNucleus)]uint8
	put := func(letters, classes string) {
		key := 0
		for _, r := range letters {
			key = key<<codeBits | 1 + utf8.RuneCountInString(vowelCodes[:strings.IndexRune(vowelCodes, r)])
		}
		for _, c := range classes {
			all[key] |= 1 << vowelOf[byte(c)]
		}
	}
	for group := range strings.FieldsFuncSeq(nucleusSpellings, func(r rune) bool { return r == '|' || r == '\n' }) {
		letters, classes, _ := strings.Cut(group, " ")
		put(letters, classes)
	}
	put("J", "O")
	put("A", "A")
	return &all
}()

// vowelOf are the letters of the middle of a syllable, in names' keys for Korean.
var vowelOf = map[byte]int32{'A': soundA, 'E': soundE, 'I': soundI, 'O': soundO}

const longestNucleus = 4

// initialSounds and finalSounds translate the letters of names' keys for Korean. A
// closing consonant may be written in more than one way.
var (
	initialSounds = map[byte]int32{'K': soundK, 'N': soundN, 'T': soundT, 'M': soundM, 'P': soundP, 'S': soundS, 'J': soundS}
	finalSounds   = map[byte][]int32{'-': {noSound}, 'K': {soundK}, 'N': {soundN}, 'T': {soundT, soundS}, 'L': {soundN, noSound},
		'M': {soundM}, 'P': {soundP}, 'S': {soundT, soundS}, 'G': {soundN}, 'J': {soundT, soundS}}
)

// mostSkeletons is how many skeletons one row of syllables may have.
const mostSkeletons = 16

// spelledAs gives the skeletons of all spellings of a row of syllables.
func spelledAs(kind string, parts []string) (all []skeleton) {
	all = []skeleton{nil}
	for i, p := range parts {
		var longer []skeleton
		for _, piece := range pieces(kind, p, i+1 < len(parts)) {
			for _, head := range all {
				k := append(skeleton(nil), head...)
				for _, c := range piece {
					k = k.with(c)
				}
				if len(longer) < mostSkeletons {
					longer = append(longer, k)
				}
			}
		}
		all = longer
	}
	return all
}

// pieces are the ways to spell one syllable. Before another syllable a stop may
// sound like the nose: 국 before 남 is kung.
func pieces(kind, key string, more bool) (all [][]int32) {
	if kind == "zh" {
		return chinese(strings.TrimPrefix(key, "Y"))
	}
	vowel := vowelOf[key[1]]
	for _, last := range finalSounds[key[2]] {
		all = append(all, []int32{initialSounds[key[0]], vowel, last})
		if key[0] == '-' { // Jong, in Central Europe, for what others write Yong
			all = append(all, []int32{soundS, vowel, last})
		}
	}
	switch {
	case more && key[2] == 'K':
		all = append(all, []int32{initialSounds[key[0]], vowel, soundN})
	case more && key[2] == 'P':
		all = append(all, []int32{initialSounds[key[0]], vowel, soundM})
	}
	return all
}

// chinese are the ways to spell a syllable of pinyin: as it stands, and after Wade and
// Giles.
func chinese(pinyin string) (all [][]int32) {
	for _, p := range []string{pinyin, wade.Replace(pinyin)} {
		u := make([]unit, 0, len(p))
		for _, r := range p {
			u = append(u, unit{r: r})
		}
		for _, path := range heard(u, 0) {
			all = append(all, path)
		}
	}
	return all
}

// wade turns what Wade and Giles spell with other classes.
var wade = strings.NewReplacer("ian", "ien", "yan", "yen", "zi", "tzu", "ci", "tsu", "si", "ssu", "r", "j", "you", "yu")

// heard are all skeletons of u[i:].
func heard(u []unit, i int) (all []skeleton) {
	if i >= len(u) {
		return []skeleton{nil}
	}
	each := func(c int32, rest []skeleton) {
		for _, r := range rest {
			k := skeleton(nil).with(c)
			for _, s := range r {
				k = k.with(s)
			}
			all = append(all, k)
		}
	}
	if !vowelAt(u, i) {
		each(consonant(u, i), heard(u, i+1))
		return all
	}
	for n := min(longestNucleus, len(u)-i); n > 0; n-- {
		classes := nucleusAt(u, i, n)
		for c := int32(soundA); c <= soundO; c++ {
			if classes>>c&1 != 0 {
				each(c, heard(u, i+n))
			}
		}
		if classes != 0 {
			break // the longest is enough for a key: a text is read in all ways
		}
	}
	return all
}

// vowelAt says whether a vowel starts at u[i]: v and j are glides after some
// consonants.
func vowelAt(u []unit, i int) bool {
	switch r := u[i].r; r {
	case 'j': // Gjong, in Central Europe
		return i > 0 && u[i].gap == 0 && (i == 1 || u[i-1].gap != 0) && !vowel(u[i-1].r) && i+1 < len(u) && vowel(u[i+1].r)
	case 'w': // Whan, for Hwan
		return !(i+2 < len(u) && u[i+1].r == 'h' && vowel(u[i+2].r))
	case 'v', 'в': // Hvang
		return i > 0 && strings.ContainsRune("hkgхкг", u[i-1].r) && i+1 < len(u)
	default:
		return vowel(r)
	}
}

// glide says whether a j may be a vowel where letters stand apart and nobody sees which
// of them begin a word.
func glide(u []unit, i int) bool {
	return u[i].r == 'j' && i > 1 && u[i].gap != 0 && u[i-1].gap != 0 && !vowel(u[i-1].r) && i+1 < len(u) && vowel(u[i+1].r)
}

// vowel leaves out v and j, which are glides now and then.
func vowel(r rune) bool { return code(r) != 0 && r != 'v' && r != 'в' && r != 'j' }

// nucleusAt gives a bit for each vowel that the n letters from u[i] may be.
func nucleusAt(u []unit, i, n int) uint8 {
	key := 0
	for _, x := range u[i : i+n] {
		code := code(x.r)
		if code == 0 {
			return 0
		}
		key = key<<codeBits | int(code)
	}
	return nuclei[key]
}

func code(r rune) uint8 {
	if r < rune(len(vowelCode)) {
		return vowelCode[r]
	}
	return 0
}

// consonant is the class of u[i], which the letters around it decide.
func consonant(u []unit, i int) int32 {
	after := rune(0)
	if i+1 < len(u) {
		after = u[i+1].r
	}
	switch u[i].r {
	case 'g', 'k', 'к', 'г':
		return soundK
	case 'c':
		switch {
		case after == 'c' || after == 's':
			return noSound
		case after == 'h' || vowel(after):
			return soundS
		}
		return soundK
	case 't', 'd', 'т', 'д':
		return soundT
	case 'p', 'b', 'f', 'v', 'п', 'б', 'ф', 'в':
		return soundP
	case 's', 'z', 'j', 'x', 'q', 'с', 'з', 'ж', 'ц', 'ч', 'ш', 'щ':
		return soundS
	case 'm', 'м':
		return soundM
	case 'n', 'l', 'н', 'л', 'р':
		return soundN
	case 'r':
		if i > 0 && vowel(u[i-1].r) && !vowel(after) { // Park, Hur
			return noSound
		}
		return soundN
	}
	return noSound
}

// spelled says whether r can be part of a name in letters.
func spelled(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 0x430 && r <= 0x45F
}
