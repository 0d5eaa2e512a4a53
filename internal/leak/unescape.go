package leak

import (
	"bytes"
	"html"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const hiddenCode = "leak.why.encoded"

// unescape undoes one layer of the escapes of HTML, URLs, JSON, JavaScript and CSS,
// and of tag characters, which nobody sees. It gives nil where there are none.
func unescape(v *view) *view {
	var m maker
	b, from := v.b, 0
	for i := 0; i < len(b); {
		if !marks[b[i]] {
			i++
			continue
		}
		piece, took := escape(b[i:])
		if took == 0 {
			i++
			continue
		}
		m.copy(b, from, i)
		m.put(piece, i, took)
		i += took
		from = i
	}
	if from == 0 {
		return nil
	}
	m.copy(b, from, len(b))
	return m.over(v, hiddenCode)
}

// marks are the bytes that an escape starts with.
var marks = [256]bool{'&': true, '%': true, '\\': true, 0xF3: true}

// escape reads the escape at the start of b: what it means, and how long it is. 0:
// there is none.
func escape(b []byte) ([]byte, int) {
	switch b[0] {
	case '&':
		return entity(b)
	case '%':
		if len(b) > 5 && (b[1] == 'u' || b[1] == 'U') {
			return point(b[2:6], 6)
		}
		return octet(b)
	case '\\':
		return backslash(b)
	}
	if r, n := utf8.DecodeRune(b); r > 0xE0020 && r < 0xE007F {
		return []byte{byte(r)}, n
	}
	return nil, 0
}

const longestEntity = 33

func entity(b []byte) ([]byte, int) {
	end := 1
	for end < len(b) && end < longestEntity && (isAlnum(b[end]) || end == 1 && b[end] == '#') {
		end++
	}
	if end < len(b) && b[end] == ';' {
		end++
	}
	if end < 3 {
		return nil, 0
	}
	text := string(b[:end])
	made := html.UnescapeString(text)
	if made == text {
		return nil, 0
	}
	return []byte(made), end
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func unhex(b []byte) (uint64, bool) {
	n, err := strconv.ParseUint(string(b), 16, 32)
	return n, err == nil && b[0] != '+' && b[0] != '-'
}

// octet is %XX, or after a backslash xXX.
func octet(b []byte) ([]byte, int) {
	if len(b) < 3 {
		return nil, 0
	}
	n, ok := unhex(b[1:3])
	if !ok {
		return nil, 0
	}
	return []byte{byte(n)}, 3
}

// point is one code point in hexadecimal digits.
func point(hex []byte, took int) ([]byte, int) {
	n, ok := unhex(hex)
	if !ok || !utf8.ValidRune(rune(n)) {
		return nil, 0
	}
	return utf8.AppendRune(nil, rune(n)), took
}

func backslash(b []byte) ([]byte, int) {
	if len(b) < 2 {
		return nil, 0
	}
	switch b[1] {
	case 'u':
		return unicodeEscape(b)
	case 'U':
		if len(b) >= 10 {
			return point(b[2:10], 10)
		}
	case 'x':
		made, took := octet(b[1:])
		if took > 0 {
			took++
		}
		return made, took
	case 'n', 'r':
		return []byte{'\n'}, 2
	case 't':
		return []byte{'\t'}, 2
	case '\\', '/', '"', '\'', '-', '.', ' ', '_', '*':
		return b[1:2], 2
	case '\n': // a string that goes on
		return []byte(softBreak), 2
	}
	return cssEscape(b)
}

// unicodeEscape is \uXXXX, also as a surrogate pair, and \u{X}.
func unicodeEscape(b []byte) ([]byte, int) {
	if len(b) > 3 && b[2] == '{' {
		end := bytes.IndexByte(b[:min(len(b), 12)], '}')
		if end < 4 {
			return nil, 0
		}
		return point(b[3:end], end+1)
	}
	if len(b) < 6 {
		return nil, 0
	}
	n, ok := unhex(b[2:6])
	if ok && utf16.IsSurrogate(rune(n)) && len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
		low, _ := unhex(b[8:12])
		if r := utf16.DecodeRune(rune(n), rune(low)); r != utf8.RuneError {
			return utf8.AppendRune(nil, r), 12
		}
	}
	return point(b[2:6], 6)
}

// cssEscape is a backslash, two to six hexadecimal digits and at most one blank.
func cssEscape(b []byte) ([]byte, int) {
	end := 1
	for end < len(b) && end < 7 && isHex(b[end]) {
		end++
	}
	if end < 3 {
		return nil, 0
	}
	made, _ := point(b[1:end], end)
	if made == nil {
		return nil, 0
	}
	if end < len(b) && (b[end] == ' ' || b[end] == '\n') {
		end++
	}
	return made, end
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|32 >= 'a' && c|32 <= 'f' }

// unquote undoes quoted-printable, as in mail. It is a layer of its own: "=Ed" also
// stands in addresses, where it means what it says.
func unquote(v *view) *view {
	b := v.b
	if !quoted(b) {
		return nil
	}
	var m maker
	from := 0
	for i := 0; i+2 <= len(b); i++ {
		if b[i] != '=' {
			continue
		}
		piece, took := quotedByte(b[i:])
		if took == 0 {
			continue
		}
		m.copy(b, from, i)
		m.put(piece, i, took)
		from = i + took
		i = from - 1
	}
	if from == 0 {
		return nil
	}
	m.copy(b, from, len(b))
	return m.over(v, hiddenCode)
}

// quoted says whether anything in b looks quoted: two bytes in a row, or a soft
// break.
func quoted(b []byte) bool {
	for i := 0; ; i++ {
		at := bytes.IndexByte(b[i:], '=')
		if at < 0 {
			return false
		}
		i += at
		if _, took := quotedByte(b[i:]); took > 0 && took < 4 {
			return true
		}
	}
}

func quotedByte(b []byte) ([]byte, int) {
	switch {
	case len(b) >= 2 && b[1] == '\n':
		return []byte(softBreak), 2
	case len(b) >= 3 && b[1] == '\r' && b[2] == '\n':
		return []byte(softBreak), 3
	case len(b) >= 3 && isHex(b[1]) && isHex(b[2]) && b[1] < 'a' && b[2] < 'a':
		return octet(b)
	}
	return nil, 0
}

// softs are characters that nobody sees, in UTF-8.
var softs = [][]byte{[]byte("\u200b"), []byte("\u200c"), []byte("\u200d"), []byte("\u2060"), []byte("\ufeff"), []byte("\u00ad")}

// unsoften takes out what nobody sees, so that codes which it splits can be undone. It
// gives nil where there is none.
func unsoften(v *view) *view {
	var m maker
	b, from := v.b, 0
	for i := 0; i < len(b); {
		if b[i] != 0xE2 && b[i] != 0xEF && b[i] != 0xC2 {
			i++
			continue
		}
		n := 0
		for _, s := range softs {
			if bytes.HasPrefix(b[i:], s) {
				n = len(s)
			}
		}
		if n == 0 {
			i++
			continue
		}
		m.copy(b, from, i)
		i += n
		from = i
	}
	if from == 0 {
		return nil
	}
	m.copy(b, from, len(b))
	return m.over(v, hiddenCode)
}
