package names

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// tables.txt has a line for each reading: N, K Korean (of characters for names, of
// others), M, m Mandarin (the usual one, another), Y Cantonese, and then the
// characters. After F stands a character and what it is simplified to, after V one
// and its variants.
//
//go:embed tables.txt
var tablesText string

// A sound is a Hangul syllable, counted from 가, or a Chinese one, from the tables.
type sound uint16

// A cand is a sound that something may stand for, at a cost in hundredths.
type cand struct {
	sound sound
	cost  int16
}

// A character is what the tables say of one Hanja.
type character struct {
	ko, zh   []cand
	forms    []rune // what it is simplified from
	variants []rune
}

// others are all characters that this one is a form of.
func (c *character) others() []rune { return append(slices.Clip(c.forms), c.variants...) }

type tables struct {
	chars   map[rune]*character
	sounds  []string // of Chinese, Cantonese ones with a capital Y in front
	ids     map[string]sound
	inNames [hangulCount]bool // syllables that names are made of
	korean  map[sound][]cand  // Hangul that a Mandarin sound may stand for
	simple  map[rune]rune     // the simplified form of a traditional character
	common  map[sound]string  // characters for names of a Hangul syllable
}

// table is made once, on first use, and only read afterwards.
var table = sync.OnceValue(load)

// What a reading costs that is not the one that names have.
const (
	costRareReading = 15
	costOtherForm   = 3
)

// native are syllables of names that have no Hanja.
const native = "늘빛슬솔샘별봄꽃들람름롬루힘벼래새찬울결길온솜잎뜰참벗돌쇠달봉둘낙빈나다라마바사아자차카타파하리니미비시디라로모보소노도고조초코토포호누두무부수우주추쿠투푸후네레베세에제테페헤개내대배애재채태해"

func load() *tables {
	t := &tables{
		chars: map[rune]*character{}, ids: map[string]sound{}, korean: map[sound][]cand{},
		simple: map[rune]rune{}, common: map[sound]string{},
	}
	for _, r := range native {
		t.inNames[r-hangulFirst] = true
	}
	for line := range strings.Lines(tablesText) {
		head, chars, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		t.line(head[0], head[1:], chars)
	}
	for _, c := range t.chars {
		t.inherit(c)
	}
	for r, list := range moreReadings {
		for _, s := range strings.Fields(list) {
			t.char(r).zh = add(t.char(r).zh, cand{t.sound(s), 0})
		}
	}
	t.meet()
	return t
}

func (t *tables) char(r rune) *character {
	c := t.chars[r]
	if c == nil {
		c = &character{}
		t.chars[r] = c
	}
	return c
}

func (t *tables) sound(s string) sound {
	id, ok := t.ids[s]
	if !ok {
		id = sound(len(t.sounds))
		t.ids[s] = id
		t.sounds = append(t.sounds, s)
	}
	return id
}

func (t *tables) line(kind byte, head, chars string) {
	var c cand
	switch kind {
	case 'N', 'K':
		c.sound = sound([]rune(head)[0] - hangulFirst)
		if kind == 'K' {
			c.cost = costRareReading
			break
		}
		t.inNames[c.sound] = true
		t.common[c.sound] = chars
	case 'M':
		c.sound = t.sound(head)
	case 'm':
		c = cand{t.sound(head), costRareReading}
	case 'Y':
		c = cand{t.sound("Y" + head), 0}
	}
	for _, r := range chars {
		switch kind {
		case 'N', 'K':
			t.char(r).ko = add(t.char(r).ko, c)
		case 'F':
			t.char(r).forms = append(t.char(r).forms, []rune(head)...)
		case 'V':
			t.char(r).variants = append(t.char(r).variants, []rune(head)...)
		default:
			t.char(r).zh = add(t.char(r).zh, c)
		}
	}
	if kind == 'F' {
		t.simplified([]rune(head)[0], []rune(chars))
	}
}

// simplified remembers the form of a traditional character that Mandarin lists as
// simplified: one that Korean gives no reading for.
func (t *tables) simplified(r rune, forms []rune) {
	for _, f := range forms {
		if len(t.char(f).ko) == 0 {
			t.simple[r] = f
		}
	}
}

// inherit gives a form that Korean does not read what it is a form of.
func (t *tables) inherit(c *character) {
	if len(c.ko) > 0 && len(c.forms) == 0 {
		return
	}
	own := len(c.ko) > 0
	for _, f := range c.others() {
		of := t.chars[f]
		if of == nil {
			continue
		}
		for _, k := range of.ko {
			if own {
				k.cost += costOtherForm
			}
			c.ko = add(c.ko, k)
		}
	}
}

// meet finds the Hangul of each Mandarin sound through the characters that have
// both: the more of them, the cheaper.
func (t *tables) meet() {
	counts := map[sound]map[sound]int{}
	for _, c := range t.chars {
		for _, z := range c.zh {
			if z.cost > 0 || strings.HasPrefix(t.sounds[z.sound], "Y") {
				continue
			}
			for _, k := range c.ko {
				if k.cost == 0 {
					if counts[z.sound] == nil {
						counts[z.sound] = map[sound]int{}
					}
					counts[z.sound][k.sound]++
				}
			}
		}
	}
	for z, of := range counts {
		most := 0
		for _, n := range of {
			most = max(most, n)
		}
		for k, n := range of {
			t.korean[z] = add(t.korean[z], cand{k, int16(25 + min(60, 12*most/n-12))})
		}
	}
}

// add keeps a list of candidates in order, each sound once, at its least cost.
func add(list []cand, c cand) []cand {
	i, ok := slices.BinarySearchFunc(list, c, func(a, b cand) int { return int(a.sound) - int(b.sound) })
	if ok {
		list[i].cost = min(list[i].cost, c.cost)
		return list
	}
	return slices.Insert(list, i, c)
}

// moreReadings are how characters sound in Chinese family names, where that is not
// their usual reading.
var moreReadings = map[rune]string{
	'单': "shan", '單': "shan", '曾': "zeng", '解': "xie", '仇': "qiu", '查': "zha", '盖': "ge", '蓋': "ge",
	'任': "ren", '朴': "piao pu", '区': "ou", '區': "ou", '尉': "yu", '乐': "yue le", '樂': "yue le", '覃': "qin tan", '缪': "miao",
	'繆': "miao", '翟': "zhai", '冼': "xian", '洗': "xian", '员': "yun", '員': "yun", '宓': "mi", '折': "she", '黑': "he",
	'秘': "bi", '祕': "bi", '逄': "pang", '尹': "yin", '沈': "shen", '瀋': "shen", '卜': "bu", '华': "hua", '華': "hua",
}
