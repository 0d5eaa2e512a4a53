package names

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The scripts that a token is in.
const (
	inLatin = iota // Cyrillic too, once it is in Latin letters
	inHangul
	inHan
	inOther
)

// A token is a part of a name between spaces, hyphens or other marks, in one
// script.
type token struct {
	script int
	text   string // as it is written
	runes  []rune // Hangul and Han
	// letters are for Korean sounds: a–z, O and U for ŏ and ŭ, ' after an aspirate.
	letters string
	plain   string // a–z alone, for everything else; ü is v
	marked  string // lower case with all its marks
	group   int    // tokens with hyphens between them are of one group
	ended   bool   // a comma follows
}

// Habits of spelling that a name shows somewhere. Each makes some readings
// likelier in all of it.
type habits struct {
	south    bool // eo, eu, oo, ee: the South's, or one's own
	breve    bool // ŏ and ŭ are marked, so a plain o or u is one
	aspirate bool // aspirates are marked, so a plain p, t or k is none
	glide    bool // j is y, as in Central Europe
	cyrillic bool

	assimilating bool // of one syllable: the next begins with n, m, r or l
}

// tokens cuts a name into its parts. The text must be valid UTF-8.
func tokens(text string) (all []token) {
	var piece []rune
	group, script := 0, inOther
	end := func() {
		if len(piece) > 0 {
			all = append(all, newToken(string(piece), script, group))
			piece = nil
		}
	}
	for _, r := range norm.NFKC.String(text) {
		switch kind := scriptOf(r); {
		case apostrophe(r) && len(piece) > 0 && script == inLatin:
			piece = append(piece, '\'')
		case kind == isMark:
			if len(piece) > 0 && !unicode.Is(unicode.Cf, r) {
				piece = append(piece, r)
			}
		case kind == isDigit && script == inLatin && len(piece) > 0:
			piece = append(piece, r)
		case kind < 0:
			end()
			if kind != isJoint {
				group++
			}
			if (r == ',' || r == '、') && len(all) > 0 {
				all[len(all)-1].ended = true
			}
		default:
			if len(piece) > 0 && kind != script {
				end()
			}
			script = kind
			piece = append(piece, r)
		}
	}
	end()
	return spelledOut(all)
}

// What a character is that is no letter.
const (
	isBreak = -1 - iota
	isJoint
	isMark
	isDigit
)

func scriptOf(r rune) int {
	switch {
	case isHangul(r):
		return inHangul
	case unicode.Is(unicode.Han, r):
		return inHan
	case unicode.Is(unicode.Latin, r), unicode.Is(unicode.Cyrillic, r):
		return inLatin
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return isMark
	case unicode.IsDigit(r):
		return isDigit
	case unicode.IsLetter(r):
		return inOther
	case unicode.Is(unicode.Pd, r), r == '·', r == '・', r == '‧', r == '•', r == '_':
		return isJoint
	}
	return isBreak
}

func apostrophe(r rune) bool { return strings.ContainsRune("'’‘ʼʻʹ`´′", r) }

func newToken(text string, script, group int) token {
	t := token{script: script, text: strings.TrimRight(text, "'"), group: group}
	switch script {
	case inHangul, inHan:
		t.runes = []rune(text)
		t.marked = text
		return t
	case inOther:
		t.marked = norm.NFD.String(strings.ToLower(text))
		t.plain = t.marked
		return t
	}
	t.marked = norm.NFD.String(strings.ToLower(t.text))
	t.letters, t.plain = latin(norm.NFC.String(strings.ToLower(text)))
	return t
}

// latin brings letters with marks and Cyrillic into the two forms of a token.
func latin(text string) (letters, plain string) {
	var l, p strings.Builder
	for _, r := range text {
		if in, ok := cyrillic[r]; ok {
			l.WriteString(in)
			p.WriteString(strings.ToLower(in))
			continue
		}
		if in, ok := whole[r]; ok {
			l.WriteString(in[0])
			p.WriteString(in[1])
			continue
		}
		for _, c := range norm.NFD.String(string(r)) {
			if c >= 'a' && c <= 'z' {
				l.WriteRune(c)
				p.WriteRune(c)
			} else if c == '\'' && aspirates(l.String()) {
				l.WriteRune(c)
			}
		}
	}
	return l.String(), p.String()
}

func aspirates(s string) bool {
	return strings.HasSuffix(s, "k") || strings.HasSuffix(s, "t") || strings.HasSuffix(s, "p") || strings.HasSuffix(s, "ch")
}

// whole are letters that are more than their base: for Korean sounds, and for
// everything else.
var whole = map[rune][2]string{
	'ŏ': {"O", "o"}, 'ǒ': {"O", "o"}, 'ô': {"O", "o"}, 'ŭ': {"U", "u"}, 'ǔ': {"U", "u"}, 'û': {"U", "u"},
	'č': {"ch", "ch"}, 'ć': {"ch", "ch"}, 'š': {"sh", "sh"}, 'ś': {"sh", "sh"}, 'ž': {"zh", "zh"}, 'ż': {"zh", "zh"}, 'ź': {"zh", "zh"},
	'ĝ': {"j", "g"}, 'ĵ': {"j", "j"}, 'ŝ': {"sh", "s"}, 'ĉ': {"ch", "c"}, 'ö': {"oe", "o"},
	'ü': {"wi", "v"}, 'ǖ': {"wi", "v"}, 'ǘ': {"wi", "v"}, 'ǚ': {"wi", "v"}, 'ǜ': {"wi", "v"},
	'ß': {"ss", "ss"}, 'æ': {"ae", "ae"}, 'œ': {"oe", "oe"}, 'ø': {"o", "o"}, 'ł': {"l", "l"}, 'đ': {"d", "d"}, 'ð': {"d", "d"},
	'þ': {"th", "th"}, 'ı': {"i", "i"},
}

// cyrillic is after the romanisation of passports, but for ё and ы, which stand
// for Korean sounds that e and y do not.
var cyrillic = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'ґ': "g", 'д': "d", 'е': "e", 'ё': "yo", 'ж': "zh", 'з': "z", 'и': "i", 'й': "y", 'к': "k",
	'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "h", 'ц': "ts",
	'ч': "ch", 'ш': "sh", 'щ': "shch", 'ъ': "", 'ы': "U", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya", 'і': "i", 'ї': "yi", 'є': "ye",
	'ў': "u", 'ј': "y", 'љ': "l", 'њ': "n", 'ћ': "ch", 'ђ': "dj", 'џ': "dzh", 'қ': "k", 'ғ': "g", 'ң': "ng", 'ө': "o", 'ү': "u", 'ұ': "u", 'һ': "h", 'ә': "a",
}

// spelledOut joins letters that stand apart: K-I-M, K I M C H U L S O O.
func spelledOut(all []token) (out []token) {
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && len(all[j].letters) == 1 && (j == i || all[j].group == all[i].group) {
			j++
		}
		if j-i < 2 {
			for j = i; j < len(all) && len(all[j].letters) == 1; j++ {
			}
			if j-i < 5 {
				j = i
			}
		}
		if j-i < 2 {
			out = append(out, all[i])
			i++
			continue
		}
		out = append(out, joined(all[i:j]))
		i = j
	}
	return out
}

func joined(all []token) token {
	t := all[0]
	for _, o := range all[1:] {
		t.text += o.text
		t.letters += o.letters
		t.plain += o.plain
		t.marked += o.marked
		t.ended = o.ended
	}
	return t
}

// habitsOf looks at all of a name's letters.
func habitsOf(all []token) (h habits) {
	for _, t := range all {
		l := t.letters
		h.south = h.south || hasAny(l, "eo", "eu", "oo", "ee", "young", "hyun", "kyung", "myung", "byung", "you", "chul") || southern[l]
		h.breve = h.breve || strings.ContainsAny(l, "OU")
		h.aspirate = h.aspirate || hasAny(l, "'", "kh", "th", "ph", "chh")
		h.glide = h.glide || centralEurope(t.marked)
		for _, r := range t.text {
			h.cyrillic = h.cyrillic || r >= 0x400 && r < 0x530
		}
	}
	h.breve = h.breve && !h.cyrillic
	h.aspirate = h.aspirate || h.cyrillic
	return h
}

var southern = map[string]bool{"lee": true, "park": true, "choi": true, "shin": true, "shim": true, "lim": true, "roh": true, "noh": true, "yoo": true, "ahn": true}

func hasAny(s string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// centralEurope is whether a word shows that its j is a y: Szong, Gjonghi, Čong.
func centralEurope(marked string) bool {
	if hasAny(marked, "sz", "cs", "dzs", "c\u030c", "z\u030c", "dz") {
		return true
	}
	for i := 1; i < len(marked); i++ {
		if marked[i] == 'j' && strings.IndexByte("bcghkmnprst", marked[i-1]) >= 0 && (i < 2 || marked[i-2:i] != "ng") && i == 1 {
			return true
		}
	}
	return false
}

// words is how many tokens a name may have, and longest how many bytes.
const (
	words   = 12
	longest = 400
)

// readable sorts out what is no name.
func readable(text string) error {
	switch {
	case len(text) > longest:
		return problem("names.too_long", longest)
	case !utf8.ValidString(text), strings.ContainsRune(text, utf8.RuneError): // the sign for what was unreadable before it came here
		return problem("names.not_text")
	}
	return nil
}
