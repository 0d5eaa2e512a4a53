package leak

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

//go:embed lookalikes.txt
var lookalikes string

// What a character is to the scanner.
const (
	isPunct  = iota // visible, and no part of a word
	isLetter        // a letter or digit, folded
	isMany          // folds into several letters
	isMark          // goes with the letter before it
	isSoft          // nobody sees it
	isSpace
	isLine
)

// A folding is one character after folding: a rune in the low 21 bits, then what it
// is, then whether it was a capital.
type folding uint32

const (
	kindShift = 21
	runeMask  = 1<<kindShift - 1
	upperBit  = 1 << 25
	folded    = 0x30000 // characters below this are in the table
)

func (f folding) rune() rune  { return rune(f & runeMask) }
func (f folding) kind() int   { return int(f >> kindShift & 15) }
func (f folding) upper() bool { return f&upperBit != 0 }

// foldings is the table, and the characters that fold into several. It is made
// once, on first use, and only read afterwards.
type foldings struct {
	one   [folded]folding
	many  map[rune][]rune
	looks map[rune]rune // what a character looks like, where that is another letter
}

var table = sync.OnceValue(newFoldings)

func newFoldings() *foldings {
	t := &foldings{many: map[rune][]rune{}, looks: looksLike()}
	for r := rune(0); r < folded; r++ {
		t.one[r] = t.fold(r)
	}
	return t
}

func looksLike() map[rune]rune {
	looks := map[rune]rune{}
	for line := range strings.Lines(lookalikes) {
		to, from, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		for _, r := range from {
			looks[r] = rune(to[0])
		}
	}
	return looks
}

// of gives the folding of any rune.
func (t *foldings) of(r rune) folding {
	switch {
	case r < folded:
		return t.one[r]
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return isSoft << kindShift
	case unicode.IsLetter(r) || unicode.IsDigit(r):
		return folding(r) | isLetter<<kindShift
	}
	return isPunct << kindShift
}

func (t *foldings) fold(r rune) folding {
	if kind := nothing(r); kind != isLetter {
		return folding(kind) << kindShift
	}
	if r >= 0x3400 && r <= 0x9FFF && unicode.IsLetter(r) || r >= 0x20000 && r < 0x2F800 {
		return folding(r) | isLetter<<kindShift
	}
	letters := spell(r)
	upper := folding(0)
	if unicode.IsUpper(r) || unicode.IsTitle(r) {
		upper = upperBit
	}
	switch len(letters) {
	case 0:
		if t.looks[r] != 0 { // a sign that looks like a letter: only that counts
			return folding(t.looks[r]) | isLetter<<kindShift | upper
		}
		return isPunct << kindShift
	case 1:
		return folding(letters[0]) | isLetter<<kindShift | upper
	}
	t.many[r] = letters
	return folding(r) | isMany<<kindShift | upper
}

// nothing sorts out what is no letter whatever it folds to.
func nothing(r rune) int {
	switch {
	case r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
		return isLine
	case unicode.IsSpace(r):
		return isSpace
	case r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0: // Hangul fillers: letters that are blank
		return isSoft
	case unicode.In(r, unicode.Mn, unicode.Me):
		return isMark
	case unicode.Is(unicode.Cf, r):
		return isSoft
	}
	return isLetter
}

// special are letters that decomposition leaves whole although people write them
// in others.
var special = map[rune]string{'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'þ': "th", 'Þ': "th", 'ς': "σ"}

// spell gives the letters and digits of r: decomposed, without marks, in lower case.
func spell(r rune) (letters []rune) {
	text, ok := special[r]
	if !ok {
		text = norm.NFKD.String(string(r))
		if r >= 0xAC00 && r <= 0xD7A3 {
			text = string(r)
		}
	}
	for _, c := range text {
		switch {
		case unicode.IsDigit(c):
			letters = append(letters, digit(c))
		case unicode.IsLetter(c) && nothing(c) == isLetter:
			letters = append(letters, unicode.ToLower(c))
		case unicode.IsNumber(c), unicode.Is(unicode.Mc, c):
			letters = append(letters, c)
		}
	}
	return letters
}

// digit gives the ASCII digit of a decimal digit in any script: their ranges are
// whole tens.
func digit(r rune) rune {
	for _, x := range unicode.Nd.R16 {
		if lo, hi := rune(x.Lo), rune(x.Hi); lo <= r && r <= hi {
			return '0' + (r-lo)%10
		}
	}
	for _, x := range unicode.Nd.R32 {
		if lo, hi := rune(x.Lo), rune(x.Hi); lo <= r && r <= hi {
			return '0' + (r-lo)%10
		}
	}
	return r
}

// The classes that decide where a word ends.
const (
	alphabetic = iota
	digits
	hangul
	han
)

func class(r rune) int {
	switch {
	case r < utf8.RuneSelf:
		if r <= '9' {
			return digits
		}
		return alphabetic
	case isHangul(r):
		return hangul
	case isHan(r):
		return han
	}
	return alphabetic
}

func isHangul(r rune) bool { return r >= 0xAC00 && r <= 0xD7A3 || r >= 0x1100 && r <= 0x11FF }

// isHan includes kana: neither is written with spaces.
func isHan(r rune) bool {
	return r >= 0x2E80 && r <= 0x2FDF || r >= 0x3005 && r <= 0x30FF || r >= 0x3400 && r <= 0x9FFF || r >= 0xF900 && r <= 0xFAFF || r >= 0x20000 && r < 0x40000
}
