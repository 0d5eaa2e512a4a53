package names

import (
	"math"
	"slices"
	"strings"
)

// The bands of a score. None of them is a decision.
const (
	Same     = "same_spelling" // spellings of one class
	Likely   = "likely"
	Possible = "possible"
	None     = "none"
)

// The least scores of the bands.
const (
	FromSame     = 0.85
	FromLikely   = 0.60
	FromPossible = 0.45
)

// A Reason is one part of why. Code is the end of a key in the catalogues, Values
// fill the sentence, Cost is in hundredths of one differing jamo.
type Reason struct {
	Code   string
	Values []string
	Cost   int
}

// A Match is how near two names are.
type Match struct {
	Score float64
	Band  string
	Why   []Reason
}

// What it costs, in hundredths.
const (
	costMarks     = 8  // only one of the two has marks
	costHan       = 45 // another character of the same sound
	costForm      = 2
	costVariant   = 10
	costMandarin  = 28 // through the Chinese reading: many people share it
	costRomanised = 12 // between two romanisations of Chinese
	familyWeight  = 3  // halves: the family name counts one and a half times
	tooFar        = 300
)

// Compare parses both names and matches them.
func Compare(a, b string) (Match, error) {
	x, err := Parse(a)
	if err != nil {
		return Match{}, err
	}
	y, err := Parse(b)
	if err != nil {
		return Match{}, err
	}
	return x.Match(y), nil
}

// Match compares two names. It is symmetric but for the order of the values.
func (n *Name) Match(o *Name) Match {
	cost, why := n.near(o)
	if cost >= tooFar {
		return Match{Band: None, Why: []Reason{{Code: "nothing"}}}
	}
	score := math.Round(1000*math.Exp(-0.006*float64(cost))) / 1000
	return Match{Score: score, Band: band(score), Why: why()}
}

func band(score float64) string {
	switch {
	case score >= FromSame:
		return Same
	case score >= FromLikely:
		return Likely
	case score >= FromPossible:
		return Possible
	}
	return None
}

// near finds the cheapest way from one name to the other, and how to explain it.
func (n *Name) near(o *Name) (int, func() []Reason) {
	if n.letters == o.letters {
		return 0, func() []Reason { return []Reason{{Code: "letters"}} }
	}
	cost, why := tooFar, func() []Reason { return nil }
	if n.bare == o.bare && n.bare != "" && !(n.marks() && o.marks()) {
		cost, why = costMarks, func() []Reason { return []Reason{{Code: "marks", Cost: costMarks}} }
	} else if n.groups == o.groups && n.groups != "" && !(n.marks() && o.marks()) {
		cost, why = costTurned, func() []Reason { return []Reason{{Code: "order", Cost: costTurned}} }
	}
	if p := n.bestPath(o, cost); p.cost < cost {
		cost, why = p.cost, p.why
	}
	if !n.asian || !o.asian {
		if c, w := n.byWords(o); c < cost {
			cost, why = c, w
		}
	}
	return cost, why
}

func (n *Name) marks() bool { return n.letters != n.bare }

// The ways in which two syllables can be the same.
const (
	viaHangul = iota
	viaHan
	viaChinese
	ways
)

// A path is one way to lay two readings on each other.
type path struct {
	a, b reading
	via  int
	cost int
	own  int // of the way itself
}

func (n *Name) bestPath(o *Name, limit int) path {
	best := path{cost: limit}
	for i := range n.readings {
		for j := range o.readings {
			a, b := &n.readings[i], &o.readings[j]
			if len(a.slots) != len(b.slots) || a.cost+b.cost >= best.cost {
				continue
			}
			for via := range ways {
				own, ok := usable(a, b, via)
				if !ok {
					continue
				}
				if cost := along(a, b, via, a.cost+b.cost+own, best.cost); cost < best.cost {
					best = path{*a, *b, via, cost, own}
				}
			}
		}
	}
	return best
}

// usable says whether two readings can be compared in a way, and what the way
// costs whatever the syllables are.
func usable(a, b *reading, via int) (int, bool) {
	ah, bh := a.slots[len(a.slots)-1].han != 0, b.slots[len(b.slots)-1].han != 0
	switch via {
	case viaHan:
		return 0, ah && bh
	case viaChinese:
		az, bz := a.in != korean, b.in != korean
		switch {
		case az && bz && a.in == b.in:
			return 0, true
		case az && bz:
			return costRomanised, true
		}
		return costMandarin, az && bh || ah && bz
	}
	if ah && bh {
		return 0, false
	}
	return 0, a.in == korean || b.in == korean
}

func along(a, b *reading, via, cost, limit int) int {
	for i := range a.slots {
		if cost >= limit {
			return limit
		}
		weight := 2
		if i == 0 {
			weight = familyWeight
		}
		s, _, _ := between(&a.slots[i], &b.slots[i], via)
		cost += weight * s / 2
	}
	return cost
}

// between is the least cost from one syllable to another, and the sounds that it
// is reached by.
func between(a, b *slot, via int) (int, sound, sound) {
	switch via {
	case viaHan:
		return betweenHan(a, b)
	case viaChinese:
		return nearest(a.zh, b.zh, false)
	}
	return nearest(a.ko, b.ko, true)
}

func betweenHan(a, b *slot) (int, sound, sound) {
	switch {
	case a.han == b.han:
		return 0, 0, 0
	case sameForm(a.han, b.han, false):
		return costForm, 0, 0
	case sameForm(a.han, b.han, true):
		return costVariant, 0, 0
	}
	k, x, y := nearest(a.ko, b.ko, true)
	z, _, _ := nearest(a.zh, b.zh, false)
	return costHan + min(k, z), x, y
}

// sameForm is whether one of two characters is a form of the other, or both of a
// third.
func sameForm(a, b rune, variants bool) bool {
	of := func(r rune) []rune {
		c := table().chars[r]
		switch {
		case c == nil:
			return nil
		case variants:
			return c.others()
		}
		return c.forms
	}
	af, bf := of(a), of(b)
	return slices.Contains(af, b) || slices.Contains(bf, a) ||
		slices.ContainsFunc(af, func(r rune) bool { return slices.Contains(bf, r) })
}

// nearest goes through both lists of sounds at once, and then, where Hangul may
// differ in a jamo, through all pairs.
func nearest(a, b []cand, jamo bool) (cost int, x, y sound) {
	cost = tooFar
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].sound < b[j].sound:
			i++
		case a[i].sound > b[j].sound:
			j++
		default:
			if c := int(a[i].cost + b[j].cost); c < cost {
				cost, x, y = c, a[i].sound, b[j].sound
			}
			i++
			j++
		}
	}
	if !jamo || cost <= costNear {
		return cost, x, y
	}
	for _, p := range a {
		for _, q := range b {
			c := int(p.cost + q.cost)
			if c+costNear >= cost {
				continue
			}
			if c += apart(p.sound, q.sound); c < cost {
				cost, x, y = c, p.sound, q.sound
			}
		}
	}
	return cost, x, y
}

// why explains a path syllable by syllable.
func (p path) why() (all []Reason) {
	for i := range p.a.slots {
		cost, x, y := between(&p.a.slots[i], &p.b.slots[i], p.via)
		if i == 0 {
			cost = familyWeight * cost / 2
		}
		all = append(all, explain(&p.a.slots[i], &p.b.slots[i], p.via, x, y, cost)...)
	}
	if p.a.turned != p.b.turned {
		all = append(all, Reason{Code: "order", Cost: costTurned})
	}
	if p.via == viaChinese && p.own > 0 {
		all = append(all, Reason{Code: "chinese_shared", Cost: p.own})
	}
	if p.via == viaHangul && p.a.in != p.b.in {
		all = append(all, Reason{Code: "through_chinese"})
	}
	return all
}

func explain(a, b *slot, via int, x, y sound, cost int) []Reason {
	at, bt := shown(a.text), shown(b.text)
	reason := func(code string, values ...string) []Reason { return []Reason{{code, values, cost}} }
	switch {
	case strings.EqualFold(at, bt):
		return reason("same", at)
	case via == viaHan && sameForm(a.han, b.han, true):
		return reason("form", at, bt)
	case via == viaHan:
		return reason("characters", at, bt, x.hangul())
	case via == viaChinese:
		return reason("chinese", at, bt)
	case x != y:
		return reason("differs", x.hangul(), y.hangul(), at, bt)
	}
	return explainHangul(a, b, at, bt, x, cost)
}

// explainHangul is for two syllables that meet in one of Hangul.
func explainHangul(a, b *slot, at, bt string, x sound, cost int) []Reason {
	if a.hangul && b.hangul {
		return []Reason{{"law", []string{at, bt}, cost}}
	}
	var all []Reason
	switch {
	case a.hangul:
		all = append(all, Reason{"spelling", []string{x.hangul(), bt}, cost})
	case b.hangul:
		all = append(all, Reason{"spelling", []string{x.hangul(), at}, cost})
	default:
		all = append(all, Reason{"both", []string{x.hangul(), at, bt}, cost})
	}
	for _, s := range []*slot{a, b} {
		if s.hangul && s.text != x.hangul() {
			all = append(all, Reason{"law", []string{s.text, x.hangul()}, 0})
		}
	}
	return all
}

// shown turns the letters of a slot back into what people write.
func shown(text string) string { return strings.NewReplacer("O", "ŏ", "U", "ŭ").Replace(text) }
