package leak

import (
	"bytes"
	"strconv"
)

// tokens reads the objects of PDF from bytes.
type tokens struct {
	b []byte
	i int
}

// An operator is a word that is no value: of a content stream, or the end of something.
type operator string

func isBlank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

// space skips blanks and comments.
func (t *tokens) space() {
	for t.i < len(t.b) {
		switch c := t.b[t.i]; {
		case isBlank(c):
			t.i++
		case c == '%':
			for t.i < len(t.b) && t.b[t.i] != '\n' && t.b[t.i] != '\r' {
				t.i++
			}
		default:
			return
		}
	}
}

// value reads one object: nil at the end, an operator where a word stands that is no
// value.
func (t *tokens) value(depth int) any {
	t.space()
	if t.i >= len(t.b) || depth > mostDepth {
		t.i = len(t.b)
		return nil
	}
	switch c := t.b[t.i]; {
	case c == '/':
		return t.name()
	case c == '(':
		return t.literal()
	case bytes.HasPrefix(t.b[t.i:], []byte("<<")):
		t.i += 2
		return t.dict(depth)
	case c == '<':
		end := bytes.IndexByte(t.b[t.i:], '>')
		if end < 0 {
			end = len(t.b) - t.i - 1
		}
		s := unhexed(t.b[t.i+1 : t.i+end])
		t.i += end + 1
		return append([]byte{}, s...)
	case c == '[':
		t.i++
		return t.array(depth)
	case isDelimiter(c):
		t.i++
		if bytes.HasPrefix(t.b[t.i-1:], []byte(">>")) {
			t.i++
			return operator(">>")
		}
		return operator(c)
	}
	return t.word()
}

func (t *tokens) array(depth int) []any {
	all := []any{}
	for {
		v := t.value(depth + 1)
		if o, ok := v.(operator); ok {
			if o == "]" || o == ">>" || o == "endobj" {
				return all
			}
			continue
		}
		if v == nil && t.i >= len(t.b) {
			return all
		}
		all = append(all, v)
	}
}

func (t *tokens) dict(depth int) dict {
	d := dict{}
	for {
		k := t.value(depth + 1)
		if k == operator(">>") || k == operator("endobj") || k == nil && t.i >= len(t.b) {
			return d
		}
		name, ok := k.(pdfName)
		if !ok {
			continue
		}
		v := t.value(depth + 1)
		if v == operator(">>") {
			return d
		}
		d[name] = v
	}
}

func (t *tokens) name() pdfName {
	t.i++
	var out []byte
	for t.i < len(t.b) && !isBlank(t.b[t.i]) && !isDelimiter(t.b[t.i]) {
		c := t.b[t.i]
		if c == '#' && t.i+2 < len(t.b) && isHex(t.b[t.i+1]) && isHex(t.b[t.i+2]) {
			c = unhexed(t.b[t.i+1 : t.i+3])[0]
			t.i += 2
		}
		out = append(out, c)
		t.i++
	}
	return pdfName(out)
}

var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f'}

// literal reads a string in brackets.
func (t *tokens) literal() []byte {
	t.i++
	out := []byte{}
	for depth := 1; t.i < len(t.b); t.i++ {
		switch c := t.b[t.i]; c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				t.i++
				return out
			}
		case '\\':
			out = t.escaped(out)
			continue
		}
		out = append(out, t.b[t.i])
	}
	return out
}

func (t *tokens) escaped(out []byte) []byte {
	t.i++
	if t.i >= len(t.b) {
		return out
	}
	c := t.b[t.i]
	switch {
	case c >= '0' && c <= '7':
		n := 0
		for k := 0; k < 3 && t.i < len(t.b) && t.b[t.i] >= '0' && t.b[t.i] <= '7'; k++ {
			n = n<<3 | int(t.b[t.i]-'0')
			t.i++
		}
		t.i--
		return append(out, byte(n))
	case c == '\n':
		return out
	case c == '\r':
		if t.i+1 < len(t.b) && t.b[t.i+1] == '\n' {
			t.i++
		}
		return out
	case escapes[c] != 0:
		c = escapes[c]
	}
	return append(out, c)
}

// word reads a number, a reference, true, false, null or an operator.
func (t *tokens) word() any {
	start := t.i
	for t.i < len(t.b) && !isBlank(t.b[t.i]) && !isDelimiter(t.b[t.i]) {
		t.i++
	}
	w := string(t.b[start:t.i])
	switch w {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	}
	n, err := strconv.ParseFloat(w, 64)
	if err != nil {
		return operator(w)
	}
	if n >= 0 && n == float64(int(n)) && n < 1<<31 {
		if t.reference() {
			return ref{int(n)}
		}
	}
	return n
}

// reference reads the rest of "12 0 R", if it is one.
func (t *tokens) reference() bool {
	i := t.i
	for i < len(t.b) && isBlank(t.b[i]) {
		i++
	}
	digits := i
	for i < len(t.b) && isDigit(rune(t.b[i])) {
		i++
	}
	if i == digits || i-digits > 5 {
		return false
	}
	blank := i
	for i < len(t.b) && isBlank(t.b[i]) {
		i++
	}
	if i == blank || i >= len(t.b) || t.b[i] != 'R' || i+1 < len(t.b) && !isBlank(t.b[i+1]) && !isDelimiter(t.b[i+1]) {
		return false
	}
	t.i = i + 1
	return true
}
