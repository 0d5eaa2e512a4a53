package leak

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The byte orders of UTF-16.
const (
	littleEndian = 'l'
	bigEndian    = 'b'
)

// likeUTF16 says in which byte order b reads as text of letters, 0 for none. Both
// orders of anything are some characters: it must be mostly of one known script.
func likeUTF16(b []byte) byte {
	for _, order := range []byte{littleEndian, bigEndian} {
		known, all := 0, 0
		for i := 0; i+1 < len(b); i += 2 {
			r := unit16(b[i:], order)
			if control(r) || r == 0 {
				known = -len(b)
			}
			if r < 0x250 || isHangul(r) || r >= 0x3000 && r < 0x9FFF {
				known++
			}
			all++
		}
		if all > 0 && known == all && nulls(b, order)*2 >= all {
			return order
		}
	}
	return 0
}

// nulls counts the characters whose high byte is that of a script that names are
// written in: 0 for Latin, or one of Hangul or Han.
func nulls(b []byte, order byte) (n int) {
	for i := 0; i+1 < len(b); i += 2 {
		r := unit16(b[i:], order)
		if r < 0x100 && unicode.IsPrint(r) || isHangul(r) || isHan(r) {
			n++
		}
	}
	return n
}

func unit16(b []byte, order byte) rune {
	if order == littleEndian {
		return rune(b[0]) | rune(b[1])<<8
	}
	return rune(b[1]) | rune(b[0])<<8
}

// fromUTF16 makes a view of UTF-16 text that starts at byte from.
func fromUTF16(v *view, from int, order byte) *view {
	var m maker
	for i := from; i+1 < len(v.b); {
		r, took := unit16(v.b[i:], order), 2
		if utf16.IsSurrogate(r) && i+3 < len(v.b) {
			r, took = utf16.DecodeRune(r, unit16(v.b[i+2:], order)), 4
			if r == utf8.RuneError {
				took = 2
			}
		}
		m.put(utf8.AppendRune(nil, r), i, took)
		i += took
	}
	return m.over(v, "")
}

// asText gives v as text: itself in UTF-8, a view of it in UTF-16, or nil.
func asText(v *view) *view {
	b := v.b
	switch {
	case utf8.Valid(b) && bytes.IndexFunc(b, control) < 0:
		return v
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE, 0, 0}):
		return nil // UTF-32
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return wellFormed(fromUTF16(v, 2, littleEndian), len(b))
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return wellFormed(fromUTF16(v, 2, bigEndian), len(b))
	}
	if v.under != nil { // what was decoded may lack its first bytes, and the mark
		if order := likeUTF16(b); order != 0 {
			return fromUTF16(v, 0, order)
		}
		if likeUTF8(b) {
			return v
		}
	}
	return nil
}

func wellFormed(v *view, size int) *view {
	if size%2 != 0 || bytes.IndexFunc(v.b, control) >= 0 || bytes.ContainsRune(v.b, utf8.RuneError) {
		return nil
	}
	return v
}

// textPart looks at a part that is no container: text, or it is unread.
func (l *look) textPart(label string, b []byte, depth int) {
	v := &view{b: b}
	text := asText(v)
	if text == nil {
		l.loose(label, b)
		all := decodings(v)
		if len(all) == 0 {
			l.unread(label, "leak.unread.kind")
		}
		for _, text := range all {
			l.read(label, text, depth)
		}
		return
	}
	if why := misread(text.b, text == v); why != "" {
		l.unread(label, why)
	}
	l.read(label, text, depth)
	if c := declaredAs(text.b); c != nil && text == v {
		if as := c.view(v); as != nil {
			l.read(label, as, depth)
		} else {
			l.unread(label, "leak.unread.charset")
		}
	}
}

var (
	charset = regexp.MustCompile(`(?i)(?:charset|encoding)\s*=?\s*["']?\s*([a-z0-9_:.-]+)`)
	known   = regexp.MustCompile(`(?i)^(utf-?8|us-ascii|ascii|iso-8859-1|latin-?1|windows-1252)$`)
)

const declared = 4096 // bytes in which a document says how it is encoded

// misread says why a program may show something else than the bytes say: another
// encoding that they claim to be in, or names for
// pieces of text.
func misread(b []byte, bytewise bool) string {
	head := bytes.TrimLeft(b[:min(len(b), declared)], "\ufeff \t\r\n")
	if bytewise && (bytes.HasPrefix(head, []byte("<")) || bytes.HasPrefix(head, []byte("@charset"))) {
		for _, m := range charset.FindAllSubmatch(head, -1) {
			if !known.Match(m[1]) && codecOf(charsets[strings.ToLower(string(m[1]))]) == nil {
				return "leak.unread.charset"
			}
		}
	}
	if bytes.Contains(b, []byte("<!ENTITY")) {
		return "leak.unread.entity"
	}
	return ""
}

// loose looks at bytes of which only some are text: in UTF-8, UTF-16 and the older
// encodings of Korean and Chinese.
func (l *look) loose(label string, b []byte) {
	v := &view{b: b}
	x := l.explorer(label, maxDepth)
	x.explore(v, 2)
	for from := range 2 {
		for _, order := range []byte{littleEndian, bigEndian} {
			if bytes.IndexByte(b, 0) >= 0 || hasWide(b) {
				x.scan(fromUTF16(v, from, order))
			}
		}
	}
	s := &scanner{t: l.gate.bytes, found: func(h hit) { x.hit(v, h) }, reach: l.gate.bytes.longest}
	s.scanBytes(b)
	x.report()
}

// hasWide says whether b has bytes that are no UTF-8: it may be UTF-16 without a
// single Latin letter.
func hasWide(b []byte) bool { return !utf8.Valid(b) }
