package names

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// The spellings of each jamo in all romanisations and by habit, each with what it
// costs in hundredths. A letter behind the cost ties it to a habit of the whole
// name: n a North Korean or unmarked spelling, a an aspirate without its mark, u a
// breve left out, j the j of Central Europe, c Cyrillic.
//
// Sources: the Revised Romanization of 2000, McCune-Reischauer of 1939, the North's
// rules of 1992 and Kontsevich's for Cyrillic. The costs of habits are judged by ear.
const onsetSpellings = `
g ㄱ0 ㄲ30|k ㄱ0 ㅋ15a ㄲ40|kh ㅋ0 ㄱ40|k' ㅋ0|gh ㄱ30|c ㄱ60|q ㅋ60|kk ㄲ0|gg ㄲ10|gk ㄱ20
n ㄴ0 ㄹ20|d ㄷ0 ㄸ40|t ㄷ0 ㅌ15a|th ㅌ0 ㄷ50|t' ㅌ0|dd ㄸ0|tt ㄸ0|dt ㄷ20
r ㄹ0|l ㄹ5|rh ㄹ10|m ㅁ0|b ㅂ0 ㅃ40|p ㅂ0 ㅍ15a|ph ㅍ0 ㅂ40|p' ㅍ0|f ㅍ30|bh ㅂ30|v ㅂ60|bb ㅃ0|pp ㅃ0
s ㅅ0 ㅆ30|sh ㅅ3|ss ㅆ0 ㅅ30|sz ㅅ5|si ㅅ40|x ㅅ60
j ㅈ0|ch ㅊ0 ㅈ5|ch' ㅊ0|chh ㅊ0|chch ㅊ0|tch ㅊ20 ㅉ10|tsch ㅊ10 ㅈ20|ts ㅊ20 ㅈ20|tz ㅈ30 ㅊ30|z ㅈ30|zh ㅈ20|dzh ㅈ0|dj ㅈ20|dz ㅈ20|dzs ㅈ0|jh ㅈ20
cs ㅊ5 ㅈ10|cz ㅊ10 ㅈ10|tj ㅊ40 ㅈ40|jj ㅉ0|gi ㅈ70|h ㅎ0| ㅇ0`

const nucleusSpellings = `
a ㅏ0 ㅐ75|ah ㅏ5|aa ㅏ15|ar ㅏ40|ae ㅐ0 ㅔ25|ai ㅐ5 ㅔ60|ay ㅐ10 ㅔ25|ei ㅔ20 ㅐ50|e ㅔ0 ㅐ20 ㅓ85 ㅡ85 ㅓ20c ㅖ40c|eh ㅔ5 ㅐ30|ea ㅐ40 ㅣ60 ㅓ60
ya ㅑ0|yah ㅑ5|ia ㅑ30|yae ㅒ0 ㅖ40|eo ㅓ0 ㅕ60|o ㅗ0 ㅓ8n|oh ㅗ3 ㅓ60|ow ㅗ40|O ㅓ0|uh ㅓ5|er ㅓ40|ur ㅓ40|eoh ㅓ5|eou ㅓ15 ㅡ50
yeo ㅕ0|yo ㅛ0 ㅕ8n|yO ㅕ0|you ㅕ4 ㅠ8|yuh ㅕ10|yea ㅕ30|yeou ㅕ15|yeu ㅕ20 ㅠ20|yu ㅠ0 ㅕ12|yoo ㅠ0 ㅛ60|yuu ㅠ10|yoe ㅕ40|ye ㅖ0 ㅕ45 ㅔ50|yeh ㅖ5|io ㅛ30 ㅕ30|iu ㅠ30|eeo ㅕ40|ew ㅠ40|ewe ㅠ60|ue ㅠ40 ㅜ50|yui ㅠ50
wa ㅘ0|wah ㅘ5|oa ㅘ15|ua ㅘ30 ㅓ80|va ㅘ40|wae ㅙ0 ㅚ40|wai ㅙ5|way ㅙ20|oe ㅚ0|oi ㅚ0|oy ㅚ15|we ㅞ0 ㅚ20 ㅙ20 ㅝ60|wei ㅞ20 ㅙ40 ㅚ40|ve ㅚ60
u ㅜ0 ㅓ15 ㅡ10u|oo ㅜ0 ㅡ55|ou ㅜ20 ㅓ25 ㅗ40|woo ㅜ0|wu ㅜ20 ㅝ30|uu ㅜ20|uo ㅝ30
wo ㅝ0 ㅜ40|weo ㅝ0|wO ㅝ0|wuh ㅝ10|vo ㅝ40|wi ㅟ0|wee ㅟ5|wie ㅟ10|we ㅟ60|vi ㅟ40
eu ㅡ0 ㅓ60 ㅠ60|U ㅡ0|eui ㅢ0|Ui ㅢ0|ui ㅢ0 ㅟ10|uy ㅢ20|uey ㅟ40|eu ㅢ70|Uy ㅢ0|eey ㅢ40|yi ㅢ30 ㅣ5|uee ㅟ15 ㅢ30
i ㅣ0 ㅢ15|ee ㅣ0 ㅢ5|y ㅣ20 ㅢ40 ㅡ50|ie ㅣ15 ㅢ30|ii ㅣ10|ih ㅣ15|ey ㅣ30 ㅢ40|iy ㅣ25|iey ㅣ40|e ㅣ85|ye ㅣ60
ja ㅑ0j|jo ㅛ0j ㅕ3j|jO ㅕ0j|ju ㅠ0j|je ㅖ0j ㅕ50j|jae ㅒ0j`

const codaSpellings = `
k ㄱ0|g ㄱ3|ck ㄱ5|c ㄱ15|gg ㄱ20|kk ㄱ20|gk ㄱ20|q ㄱ40|n ㄴ0 ㅇ15c|ne ㄴ35|nn ㄴ20|hn ㄴ25|ng ㅇ0|l ㄹ0|ll ㄹ5|r ㄹ15|lh ㄹ30
m ㅁ0|mm ㅁ20|p ㅂ0|b ㅂ3|pp ㅂ20|t ㅅ5 ㄷ5|s ㅅ5|d ㄷ10 ㅅ20| -0`

// A spell is one jamo that letters may stand for.
type spell struct {
	jamo  int
	cost  int16
	habit byte
}

type spellings map[string][]spell

var romaja = sync.OnceValue(func() (all [3]spellings) {
	for i, lists := range [][2]string{{onsetSpellings, initials}, {nucleusSpellings, medials}, {codaSpellings, finals}} {
		all[i] = readSpellings(lists[0], lists[1])
	}
	return all
})

func readSpellings(text, jamo string) spellings {
	all := spellings{}
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '|' || r == '\n' }) {
		parts := strings.Split(line, " ")
		for _, p := range parts[1:] {
			r := []rune(p)
			s := spell{jamo: place(jamo, string(r[0]))}
			cost := string(r[1:])
			if last := cost[len(cost)-1]; last > '9' {
				s.habit, cost = last, cost[:len(cost)-1]
			}
			n, err := strconv.Atoi(cost)
			if err != nil {
				panic(err) // a mistake in a table of ours
			}
			s.cost = int16(n)
			all[parts[0]] = append(all[parts[0]], s)
		}
	}
	return all
}

// in is what a spelling costs in a name of such habits.
func (s spell) in(h habits) int16 {
	switch s.habit {
	case 'n':
		if h.breve {
			return s.cost + 50
		}
		if h.south {
			return s.cost + 32
		}
	case 'a':
		if h.aspirate {
			return s.cost + 40
		}
	case 'u':
		if h.breve {
			return s.cost + 50
		}
		if h.south {
			return s.cost + 15
		}
	case 'j':
		if !h.glide {
			return s.cost + 90
		}
		return s.cost + 25
	case 'c':
		if !h.cyrillic {
			return s.cost + 60
		}
	}
	return s.cost
}

// An edge is one syllable of letters: what it may be, and where it ends.
type edge struct {
	end    int
	ko, zh []cand
}

// dearest is the most that a candidate may cost.
const dearest = 110

// longestSyllable is how many letters one has at most: an onset, a nucleus, a coda.
const longestSyllable = 4 + 4 + 2

// edges are the syllables that may start at letters[at].
func edges(letters string, at int, h habits) (all []edge) {
	for end := at + 1; end <= len(letters) && end <= at+longestSyllable; end++ {
		// ng may be a k before a sound that turns k into ng: Kŭngnyŏl is 극렬.
		h.assimilating = end < len(letters) && strings.IndexByte("nmrl", letters[end]) >= 0
		if c := syllable(letters[at:end], h); len(c) > 0 {
			all = append(all, edge{end: end, ko: c})
		}
	}
	return all
}

// syllables remembers what letters may stand for: a name asks for the same few
// over and over. The lists in it are never changed. It is full at mostRemembered,
// so that hostile names do not fill the memory.
var syllables struct {
	sync.RWMutex
	of map[spelling][]cand
}

type spelling struct {
	letters string
	habits  habits
}

const mostRemembered = 1 << 17

// syllable gives what the letters of one syllable may stand for, under the law.
func syllable(letters string, h habits) []cand {
	key := spelling{letters, h}
	syllables.RLock()
	list, ok := syllables.of[key]
	syllables.RUnlock()
	if ok {
		return list
	}
	list = lawful(combinations(letters, h))
	syllables.Lock()
	defer syllables.Unlock()
	if syllables.of == nil {
		syllables.of = map[spelling][]cand{}
	}
	if len(syllables.of) < mostRemembered {
		key.letters = strings.Clone(letters)
		syllables.of[key] = list
	}
	return list
}

// combinations goes through every onset, nucleus and coda that the letters are.
func combinations(letters string, h habits) (all []cand) {
	r := romaja()
	for o := 0; o <= min(4, len(letters)); o++ {
		onsets := r[0][letters[:o]]
		for n := o + 1; n <= min(o+4, len(letters)) && len(onsets) > 0; n++ {
			nuclei, codas := r[1][letters[o:n]], r[2][letters[n:]]
			if h.assimilating && letters[n:] == "ng" {
				codas = append(slices.Clip(codas), spell{jamo: fG, cost: 15})
			}
			all = combine(all, onsets, nuclei, codas, h, o == 0)
		}
	}
	return all
}

func combine(all []cand, onsets, nuclei, codas []spell, h habits, bare bool) []cand {
	names := &table().inNames
	for _, n := range nuclei {
		nc := n.in(h)
		if bare && n.habit == 'j' {
			nc += 5 // at the start of a syllable j is more often a consonant
		}
		for _, o := range onsets {
			for _, c := range codas {
				cost := o.in(h) + nc + c.in(h)
				if s := compose(o.jamo, n.jamo, c.jamo); cost <= dearest && names[s] {
					all = add(all, cand{s, cost})
				}
			}
		}
	}
	return all
}

// A cut is one way to cut a word into syllables.
type cut []slot

// How many ways and how many syllables are looked at.
const (
	mostCuts      = 8
	mostSyllables = 6
	longestWord   = 24
)

// cutKorean gives the ways to read a word as Korean syllables.
func cutKorean(t token, h habits) []cut {
	if len(t.letters) > longestWord {
		return nil
	}
	letters := strings.ReplaceAll(t.letters, "wh", "hw")
	if h.cyrillic || h.glide {
		letters = strings.ReplaceAll(letters, "hv", "hw")
	}
	at := make([][]edge, len(letters))
	for i := range at {
		at[i] = edges(letters, i, h)
	}
	return walk(letters, at)
}

func walk(letters string, at [][]edge) (all []cut) {
	if letters == "" {
		return nil
	}
	var path cut
	steps := 0
	var step func(i int)
	step = func(i int) {
		if steps++; steps > 300 || len(path) > mostSyllables {
			return
		}
		if i == len(letters) {
			all = append(all, slices.Clone(path))
			return
		}
		for _, e := range at[i] {
			path = append(path, slot{text: letters[i:e.end], ko: e.ko, zh: e.zh})
			step(e.end)
			path = path[:len(path)-1]
		}
	}
	step(0)
	slices.SortStableFunc(all, func(a, b cut) int { return a.worth() - b.worth() })
	return all[:min(len(all), mostCuts)]
}

// worth is what a cut costs at least; few syllables come first.
func (c cut) worth() int {
	sum := 8 * len(c)
	for _, s := range c {
		list := s.zh
		if len(list) == 0 || s.han != 0 {
			list = s.ko
		}
		least := int16(dearest)
		for _, k := range list {
			least = min(least, k.cost)
		}
		sum += int(least)
	}
	return sum
}
