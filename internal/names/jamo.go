package names

import "strings"

// Hangul syllables are 19 initials times 21 medials times 28 finals, in order.
const (
	hangulFirst = 0xAC00
	hangulCount = 19 * 21 * 28
	initials    = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
	medials     = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
	finals      = "-ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
)

func isHangul(r rune) bool { return r >= hangulFirst && r < hangulFirst+hangulCount }

func (s sound) hangul() string { return string(hangulFirst + rune(s)) }

func (s sound) parts() (i, m, f int) { return int(s) / 588, int(s) % 588 / 28, int(s) % 28 }

func compose(i, m, f int) sound { return sound(i*588 + m*28 + f) }

// place is where a jamo stands in one of the lists.
func place(list, jamo string) int {
	i := strings.Index(list, jamo)
	if i < 0 {
		panic("no jamo " + jamo) // a mistake in a table of ours
	}
	return len([]rune(list[:i]))
}

// What one differing jamo costs, and pairs that are nearer than that.
const (
	costJamo = 120
	costNear = 75
)

var (
	initialFar = far(initials, "ㄱㅋ ㄱㄲ ㄷㅌ ㄷㄸ ㅂㅍ ㅂㅃ ㅈㅊ ㅈㅉ ㅅㅆ ㄴㄹ ㅇㅎ ㅅㅈ")
	medialFar  = far(medials, "ㅐㅔ ㅓㅗ ㅓㅡ ㅡㅜ ㅓㅜ ㅕㅛ ㅕㅠ ㅢㅣ ㅚㅙ ㅚㅞ ㅙㅞ ㅕㅖ ㅐㅒ ㅔㅖ ㅏㅑ ㅓㅕ ㅗㅛ ㅜㅠ ㅟㅢ ㅗㅜ ㅝㅜ ㅝㅓ ㅏㅓ")
	finalFar   = far(finals, "ㄴㅇ ㄱㅋ ㅅㄷ ㄷㅌ ㄱㅇ ㅂㅁ ㄴㅁ ㄴㄹ ㅂㅍ ㅅㅈ")
)

func far(list, near string) (d [28][28]int) {
	for i := range d {
		for j := range d[i] {
			if i != j {
				d[i][j] = costJamo
			}
		}
	}
	for _, pair := range strings.Fields(near) {
		r := []rune(pair)
		i, j := place(list, string(r[0])), place(list, string(r[1]))
		d[i][j], d[j][i] = costNear, costNear
	}
	return d
}

// apart is how far two syllables are from each other.
func apart(a, b sound) int {
	if a == b {
		return 0
	}
	ai, am, af := a.parts()
	bi, bm, bf := b.parts()
	return initialFar[ai][bi] + medialFar[am][bm] + finalFar[af][bf]
}

// Jamo that the initial-sound law and assimilation are about.
var (
	iN, iR, iNone = place(initials, "ㄴ"), place(initials, "ㄹ"), place(initials, "ㅇ")
	fG            = place(finals, "ㄱ")
	narrow        = [21]bool{2: true, 3: true, 6: true, 7: true, 12: true, 17: true, 20: true} // ㅑㅒㅕㅖㅛㅠㅣ
)

// What it costs that one writer kept an initial sound which another dropped.
const (
	costLaw     = 10
	costLawRare = 25
)

// law gives what a syllable becomes, or was, under the initial-sound law of the
// South: 리 and 이, 녀 and 여, 로 and 노.
func law(s sound) []cand {
	i, m, f := s.parts()
	to := func(i int, cost int16) cand { return cand{compose(i, m, f), cost} }
	switch {
	case i == iR && narrow[m]:
		return []cand{to(iNone, costLaw), to(iN, costLawRare)}
	case i == iR:
		return []cand{to(iN, costLaw)}
	case i == iN && narrow[m]:
		return []cand{to(iNone, costLaw+5), to(iR, costLawRare)}
	case i == iN:
		return []cand{to(iR, costLaw)}
	case i == iNone && narrow[m]:
		return []cand{to(iR, costLaw), to(iN, costLaw+5)}
	}
	return nil
}

// lawful adds to a slot's syllables what the law makes of them.
func lawful(list []cand) []cand {
	all := append([]cand(nil), list...)
	for _, c := range list {
		for _, l := range law(c.sound) {
			all = add(all, cand{l.sound, c.cost + l.cost})
		}
	}
	return all
}
