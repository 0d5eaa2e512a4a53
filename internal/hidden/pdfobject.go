package hidden

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// The objects of PDF (ISO 32000-1, 7.3). A dictionary is a map, an array a slice, a
// number and a word are kept as they are written.
type (
	pdfName   string
	pdfString []byte
	pdfWord   string // a number, true, false, null, or an operator
	pdfRef    struct{ num, gen int }
	pdfArray  []any
	pdfDict   map[pdfName]any
	pdfStream struct {
		dict pdfDict
		at   int64  // where its bytes are in the file; -1: nowhere
		raw  []byte // as they are in the file
	}
)

var errPDF = errors.New("not a PDF object")

// maxNest is how deep objects may lie in each other.
const maxNest = 60

// A pdfLexer reads objects out of bytes.
type pdfLexer struct {
	b       []byte
	at      int
	comment func(at int, text []byte) // hears comments; may be nil
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool { return strings.IndexByte("()<>[]{}/%", c) >= 0 }

// space skips white space and comments.
func (l *pdfLexer) space() {
	for l.at < len(l.b) {
		switch c := l.b[l.at]; {
		case isSpace(c):
			l.at++
		case c == '%':
			from := l.at
			for l.at < len(l.b) && l.b[l.at] != '\n' && l.b[l.at] != '\r' {
				l.at++
			}
			if l.comment != nil {
				l.comment(from, l.b[from:l.at])
			}
		default:
			return
		}
	}
}

// value reads one object. A reference is read as one.
func (l *pdfLexer) value(depth int) (any, error) {
	l.space()
	if l.at >= len(l.b) || depth > maxNest {
		return nil, errPDF
	}
	switch c := l.b[l.at]; {
	case c == '/':
		return l.name(), nil
	case c == '(':
		return l.literal()
	case c == '<' && l.at+1 < len(l.b) && l.b[l.at+1] == '<':
		l.at += 2
		return l.dict(depth)
	case c == '<':
		return l.hex()
	case c == '[':
		l.at++
		return l.array(depth)
	case c == ']' || c == '>' || c == ')' || c == '{' || c == '}':
		return nil, errPDF
	}
	return l.reference(l.word()), nil
}

func (l *pdfLexer) word() pdfWord {
	from := l.at
	for l.at < len(l.b) && !isSpace(l.b[l.at]) && !isDelimiter(l.b[l.at]) {
		l.at++
	}
	if l.at == from && l.at < len(l.b) { // never stand still
		l.at++
	}
	return pdfWord(l.b[from:l.at])
}

func isNumber(w pdfWord) bool {
	for i, c := range []byte(w) {
		if (c < '0' || c > '9') && c != '.' && !(i == 0 && (c == '-' || c == '+')) {
			return false
		}
	}
	return len(w) > 0
}

func isDigits(w pdfWord) bool {
	return isNumber(w) && len(w) < 10 && strings.Trim(string(w), "0123456789") == ""
}

// reference makes "12 0 R" out of its first number; anything else stays.
func (l *pdfLexer) reference(first pdfWord) any {
	if !isDigits(first) {
		return first
	}
	back := l.at
	l.space()
	second := pdfWord("")
	if l.at < len(l.b) && l.b[l.at] >= '0' && l.b[l.at] <= '9' {
		second = l.word()
	}
	l.space()
	if isDigits(second) && l.at < len(l.b) && l.b[l.at] == 'R' && (l.at+1 == len(l.b) || isSpace(l.b[l.at+1]) || isDelimiter(l.b[l.at+1])) {
		l.at++
		return pdfRef{number10(first), number10(second)}
	}
	l.at = back
	return first
}

func number10(w pdfWord) int {
	n, _ := strconv.Atoi(string(w)) // digits only
	return n
}

func (l *pdfLexer) name() pdfName {
	l.at++
	var out []byte
	for l.at < len(l.b) && !isSpace(l.b[l.at]) && !isDelimiter(l.b[l.at]) {
		c := l.b[l.at]
		if c == '#' && l.at+2 < len(l.b) {
			if v, err := strconv.ParseUint(string(l.b[l.at+1:l.at+3]), 16, 8); err == nil {
				c = byte(v)
				l.at += 2
			}
		}
		out = append(out, c)
		l.at++
	}
	return pdfName(out)
}

// literal reads a string in parentheses.
func (l *pdfLexer) literal() (any, error) {
	var out []byte
	depth := 0
	for l.at < len(l.b) {
		c := l.b[l.at]
		l.at++
		switch c {
		case '(':
			if depth++; depth == 1 {
				continue
			}
		case ')':
			if depth--; depth == 0 {
				return pdfString(out), nil
			}
		case '\\':
			var ok bool
			if c, ok = l.escape(); !ok {
				continue
			}
		}
		out = append(out, c)
	}
	return nil, errPDF
}

// escape reads what comes after a backslash; false: it stands for nothing.
func (l *pdfLexer) escape() (byte, bool) {
	if l.at >= len(l.b) {
		return 0, false
	}
	c := l.b[l.at]
	l.at++
	if i := strings.IndexByte("nrtbf", c); i >= 0 {
		return "\n\r\t\b\f"[i], true
	}
	switch {
	case c == '\r':
		if l.at < len(l.b) && l.b[l.at] == '\n' {
			l.at++
		}
		return 0, false
	case c == '\n':
		return 0, false
	case c >= '0' && c <= '7':
		v := int(c - '0')
		for n := 0; n < 2 && l.at < len(l.b) && l.b[l.at] >= '0' && l.b[l.at] <= '7'; n++ {
			v = v*8 + int(l.b[l.at]-'0')
			l.at++
		}
		return byte(v), true
	}
	return c, true
}

func (l *pdfLexer) hex() (any, error) {
	end := bytes.IndexByte(l.b[l.at:], '>')
	if end < 0 {
		return nil, errPDF
	}
	var out []byte
	half := -1
	for _, c := range l.b[l.at+1 : l.at+end] {
		v := strings.IndexByte("0123456789abcdef", c|0x20)
		switch {
		case v < 0:
		case half < 0:
			half = v
		default:
			out, half = append(out, byte(half<<4|v)), -1
		}
	}
	if half >= 0 {
		out = append(out, byte(half<<4))
	}
	l.at += end + 1
	return pdfString(out), nil
}

func (l *pdfLexer) array(depth int) (any, error) {
	out := pdfArray{}
	for {
		l.space()
		if l.at < len(l.b) && l.b[l.at] == ']' {
			l.at++
			return out, nil
		}
		v, err := l.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
}

func (l *pdfLexer) dict(depth int) (any, error) {
	out := pdfDict{}
	for {
		l.space()
		if bytes.HasPrefix(l.b[l.at:], []byte(">>")) {
			l.at += 2
			return out, nil
		}
		if l.at >= len(l.b) || l.b[l.at] != '/' {
			return nil, errPDF
		}
		key := l.name()
		v, err := l.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out[key] = v
	}
}

// appendPDF writes an object.
func appendPDF(b []byte, v any) []byte {
	switch v := v.(type) {
	case pdfName:
		return appendName(b, v)
	case pdfString:
		b = append(b, '<')
		return append(append(b, hexOf(v)...), '>')
	case pdfWord:
		return append(b, v...)
	case pdfRef:
		b = strconv.AppendInt(b, int64(v.num), 10)
		return append(b, " 0 R"...)
	case pdfArray:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendPDF(b, e)
		}
		return append(b, ']')
	case pdfDict:
		b = append(b, "<<"...)
		for _, k := range v.keys() {
			b = append(appendPDF(append(appendName(b, k), ' '), v[k]), '\n')
		}
		return append(b, ">>"...)
	}
	return append(b, "null"...)
}

func appendName(b []byte, n pdfName) []byte {
	b = append(b, '/')
	for _, c := range []byte(n) {
		if c <= ' ' || c > '~' || c == '#' || isDelimiter(c) {
			b = append(b, '#', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

func (d pdfDict) keys() []pdfName {
	var keys []pdfName
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
