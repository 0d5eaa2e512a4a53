package leak

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// A key is one way in which a protected text may stand, folded: letters and digits
// only.
type key struct {
	runes   []rune
	token   []bool // token[i]: a word of it starts at runes[i]
	words   int
	id      string
	rule    string
	text    string // as it was given; compared, never shown
	number  bool
	phone   bool
	person  bool
	swapped bool // the words in another order than given
	raw     bool // runes are bytes of an older encoding
}

// The rules, as findings name them.
const (
	ruleName   = "leak.name"
	ruleNumber = "leak.number"
	ruleTerm   = "leak.term"
	ruleHidden = "leak.hidden"
)

func nameKeys(id string, n Name) []*key {
	text := n.Text.Reveal()
	k := newKey(id, ruleName, text, true)
	keys := []*key{k}
	for _, words := range orders(words(k)) {
		keys = append(keys, k.reordered(words))
	}
	return keys
}

func termKeys(t Term) []*key {
	k := newKey(t.ID, ruleTerm, t.Text.Reveal(), false)
	if t.Kind != phone && t.Kind != idNumber && t.Kind != account {
		return []*key{k}
	}
	k.rule, k.number, k.phone = ruleNumber, true, t.Kind == phone
	if k.phone {
		k.significant()
	}
	return []*key{k}
}

func newKey(id, rule, text string, person bool) *key {
	k := &key{id: id, rule: rule, text: text, person: person}
	for _, u := range compact(text) {
		start := len(k.runes) == 0 || u.gap&^gapSoft != 0
		k.runes = append(k.runes, u.r)
		k.token = append(k.token, start)
		if start && (len(k.runes) == 1 || u.gap&(gapSpace|gapLine) != 0) {
			k.words++
		}
	}
	return k
}

// words are the parts between spaces: "Kim Chol-su" has two. Each keeps its own
// inner starts.
func words(k *key) (parts [][2]int) {
	start := 0
	units := compact(k.text)
	for i := 1; i <= len(units); i++ {
		if i == len(units) || units[i].gap&(gapSpace|gapLine) != 0 {
			parts = append(parts, [2]int{start, i})
			start = i
		}
	}
	return parts
}

// orders are the other orders in which families and given names are put: the first
// word last, and the last word first.
func orders(parts [][2]int) (all [][][2]int) {
	if len(parts) < 2 {
		return nil
	}
	all = append(all, append(slices.Clone(parts[1:]), parts[0]))
	if last := len(parts) - 1; last > 1 {
		all = append(all, append([][2]int{parts[last]}, parts[:last]...))
	}
	return all
}

func (k *key) reordered(parts [][2]int) *key {
	o := *k
	o.runes, o.token, o.swapped = nil, nil, true
	for _, p := range parts {
		o.runes = append(o.runes, k.runes[p[0]:p[1]]...)
		o.token = append(o.token, k.token[p[0]:p[1]]...)
	}
	return &o
}

// Country codes whose numbers people write with and without them.
var countryCodes = []string{"850", "82", "86"}

// shortest is how many digits a telephone number keeps at least when its country
// code and leading zeros are cut.
const shortest = 7

// significant cuts a telephone number down to what every way of writing it has: no
// country code, no zero in front.
func (k *key) significant() {
	all := string(k.runes)
	cut := all
	if strings.Contains(k.text, "+") || strings.HasPrefix(all, "00") {
		cut = strings.TrimPrefix(cut, "00")
		for _, code := range countryCodes {
			if rest, ok := strings.CutPrefix(cut, code); ok {
				cut = rest
				break
			}
		}
	}
	cut = strings.TrimLeft(cut, "0")
	if utf8.RuneCountInString(cut) < shortest {
		return
	}
	n := utf8.RuneCountInString(all) - utf8.RuneCountInString(cut)
	k.runes, k.token = k.runes[n:], k.token[n:]
}

// inFront are the digits that may touch a significant number from the left.
func inFront(d string) bool {
	d = strings.TrimPrefix(d, "00")
	for _, code := range countryCodes {
		if rest, ok := strings.CutPrefix(d, code); ok {
			d = rest
			break
		}
	}
	return d == "" || d == "0"
}

// legacy are the encodings that old metadata is written in besides Unicode's.
var legacy = []encoding.Encoding{korean.EUCKR, simplifiedchinese.GB18030, traditionalchinese.Big5, japanese.ShiftJIS}

const leastBytes = 4 // two syllables

// legacyKeys are the bytes of keys in older encodings, as far as these have the
// letters.
func legacyKeys(keys []*key) (all []*key) {
	for _, k := range keys {
		if k.swapped || k.number {
			continue
		}
		for _, e := range legacy {
			b, err := e.NewEncoder().Bytes([]byte(k.text))
			if err != nil || len(b) < leastBytes || isASCII(b) {
				continue
			}
			o := &key{id: k.id, rule: k.rule, text: k.text, raw: true, words: 1}
			for _, c := range b {
				o.runes = append(o.runes, rune(c))
				o.token = append(o.token, false)
			}
			all = append(all, o)
		}
	}
	return all
}

func isASCII(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
}
