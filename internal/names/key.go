package names

import (
	"cmp"
	"slices"
	"strings"
)

// Sounds that romanisations, ears and typists mix up have one letter in a key. The
// keys are made of the Hangul that letters may stand for, so the classes need
// not hold what spellings confuse, only what people do.
const (
	initialKeys = "KKNTTNMPPSS-JJJKTP-"
	medialKeys  = "AEAEOEOEOAEEOOOEIOOII"
	finalKeys   = "-KKKNNNTLKMPSTPLMPPSSGJJKTP-"
)

// How far from the cheapest a sound may be to have a key: names that are kept have
// more keys than names that are asked for, so that one of them is enough.
const (
	keepWithin = 40
	askWithin  = 20
	mostKeys   = 48
)

// Keys are the skeletons of a name: two spellings of one name share at least one
// with few exceptions, and many other names share it too. Whoever finds a key asks Match.
// They come in a fixed order, and each once.
func (n *Name) Keys() []string { return n.keys(keepWithin) }

func (n *Name) keys(within int16) []string {
	var all []string
	for i := range n.readings {
		all = append(all, n.readings[i].keys(within)...)
	}
	all = append(all, n.wordKeys()...)
	slices.Sort(all)
	return slices.Compact(all)
}

func (r *reading) keys(within int16) (all []string) {
	if r.in == korean || r.in == pinyin || r.in == wadeGiles {
		all = product(r.slots, func(s *slot) []string { return skeletons(s.ko, within) }, "ko")
	}
	for _, cantonese := range []bool{false, true} {
		all = append(all, product(r.slots, func(s *slot) []string { return chineseKeys(s.zh, cantonese) }, "zh")...)
	}
	return all
}

// product puts the keys of the syllables together in every way, up to a limit.
func product(slots []slot, of func(*slot) []string, start string) []string {
	all := []string{start}
	for i := range slots {
		var longer []string
		for _, k := range of(&slots[i]) {
			for _, head := range all {
				if len(longer) < mostKeys {
					longer = append(longer, head+k)
				}
			}
		}
		all = longer
	}
	return all
}

// skeletons are those of the likeliest Hangul syllables, the cheapest first.
func skeletons(list []cand, within int16) (all []string) {
	if len(list) == 0 {
		return nil
	}
	sorted := slices.SortedStableFunc(slices.Values(list), func(a, b cand) int { return cmp.Compare(a.cost, b.cost) })
	for _, c := range sorted {
		if c.cost > sorted[0].cost+within {
			break
		}
		i, m, f := c.sound.parts()
		if k := " " + initialKeys[i:i+1] + medialKeys[m:m+1] + finalKeys[f:f+1]; !slices.Contains(all, k) {
			all = append(all, k)
		}
	}
	return all
}

func chineseKeys(list []cand, cantonese bool) (all []string) {
	for _, c := range list {
		if k := table().sounds[c.sound]; strings.HasPrefix(k, "Y") == cantonese {
			all = append(all, " "+k)
		}
	}
	return all
}

// wordKeys are for names that are neither Korean nor Chinese: the skeletons of
// their longer words.
func (n *Name) wordKeys() (all []string) {
	if n.asian {
		return nil
	}
	for _, t := range n.tokens {
		if k := wordKey(t.plain); k != "" {
			all = append(all, k)
		}
	}
	return all
}

// wordKey is the skeleton of a word, or nothing where too little is left of it.
func wordKey(plain string) string {
	plain = common(plain)
	if len(plain) < 3 {
		return ""
	}
	b := []byte("w ")
	for i := range len(plain) {
		k := wordClass(plain[i])
		if k != 0 && k != b[len(b)-1] && (k != 'V' || len(b) == 2) {
			b = append(b, k)
		}
	}
	return string(b)
}

func wordClass(c byte) byte {
	switch c {
	case 'a', 'e', 'i', 'o', 'u', 'y', 'j':
		return 'V'
	case 'c', 'k', 'g', 'q':
		return 'K'
	case 's', 'z':
		return 'S'
	case 't', 'd':
		return 'T'
	case 'b', 'p':
		return 'P'
	case 'f', 'v':
		return 'F'
	case 'm', 'n':
		return 'N'
	case 'l', 'r':
		return c
	case 'h':
		return 0
	}
	return c
}
