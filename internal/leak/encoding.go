package leak

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// A codec is an older encoding: letters of one or two bytes, of four now and then.
type codec struct {
	name string
	enc  encoding.Encoding
	of   func() *[1 << 16]rune // the letters of two bytes, 0 for none
}

func newCodec(name string, enc encoding.Encoding) *codec {
	return &codec{name, enc, sync.OnceValue(func() *[1 << 16]rune {
		var all [1 << 16]rune
		d := enc.NewDecoder()
		for hi := 0x81; hi <= 0xFE; hi++ {
			for lo := 0x30; lo <= 0xFE; lo++ {
				b, err := d.Bytes([]byte{byte(hi), byte(lo)})
				if r, n := utf8.DecodeRune(b); err == nil && n == len(b) && r != utf8.RuneError {
					all[hi<<8|lo] = r
				}
			}
		}
		return &all
	})}
}

// codecs are tried one after the other. A text may make sense in more than one, and
// then is read in all.
var codecs8 = []*codec{
	newCodec("euc-kr", korean.EUCKR), newCodec("gb18030", simplifiedchinese.GB18030),
	newCodec("big5", traditionalchinese.Big5), newCodec("shift_jis", japanese.ShiftJIS),
}

// charsets are the names of encodings as documents declare them.
var charsets = map[string]string{
	"euc-kr": "euc-kr", "ks_c_5601-1987": "euc-kr", "cp949": "euc-kr", "uhc": "euc-kr", "windows-949": "euc-kr", "ms949": "euc-kr",
	"gb18030": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "gb_2312-80": "gb18030",
	"big5": "big5", "big5-hkscs": "big5", "cp950": "big5", "shift_jis": "shift_jis", "sjis": "shift_jis", "windows-31j": "shift_jis",
}

func codecOf(name string) *codec {
	for _, c := range codecs8 {
		if c.name == name {
			return c
		}
	}
	return nil
}

// letter reads the letter at the start of b: 0 where none is.
func (c *codec) letter(b []byte) (rune, int) {
	switch {
	case b[0] < utf8.RuneSelf:
		return rune(b[0]), 1
	case len(b) < 2:
		return 0, 1
	case c.name == "gb18030" && b[1] >= '0' && b[1] <= '9' && len(b) >= 4:
		out, err := c.enc.NewDecoder().Bytes(b[:4])
		if r, n := utf8.DecodeRune(out); err == nil && n == len(out) && r != utf8.RuneError {
			return r, 4
		}
		return 0, 1
	case c.name == "shift_jis" && b[0] >= 0xA1 && b[0] <= 0xDF:
		return 0xFF61 + rune(b[0]-0xA1), 1
	}
	if r := c.of()[int(b[0])<<8|int(b[1])]; r != 0 {
		return r, 2
	}
	return 0, 1
}

// view makes a view of v in the encoding: nil where bytes are left that are none of
// its letters.
func (c *codec) view(v *view) *view {
	var m maker
	for i := 0; i < len(v.b); {
		if j := asciiRun(v.b, i); j > i {
			m.keep(v.b, i, j)
			i = j
			continue
		}
		r, n := c.letter(v.b[i:])
		if r == 0 || control(r) || r >= 0xE000 && r < 0xF900 {
			return nil
		}
		m.put(utf8.AppendRune(nil, r), i, n)
		i += n
	}
	return m.over(v, "leak.why.legacy")
}

func asciiRun(b []byte, i int) int {
	for i < len(b) && b[i] < utf8.RuneSelf && !control(rune(b[i])) {
		i++
	}
	return i
}

// decodings are all readings of bytes that are no text in Unicode.
func decodings(v *view) (all []*view) {
	for _, c := range codecs8 {
		if made := c.view(v); made != nil {
			all = append(all, made)
		}
	}
	if latin1(v.b) {
		var m maker
		for i, c := range v.b {
			m.put([]byte(string(charmap.Windows1252.DecodeByte(c))), i, 1)
		}
		all = append(all, m.over(v, "leak.why.legacy"))
	}
	return all
}

// latin1 says whether b can be a text in the West's encoding: few letters with marks,
// and never many in a row.
func latin1(b []byte) bool {
	high, row := 0, 0
	for _, c := range b {
		switch {
		case c >= 0x80 && c < 0xA0 && charmap.Windows1252.DecodeByte(c) < 0x100, control(rune(c)):
			return false
		case c >= 0x80:
			high++
			if row++; row > 3 {
				return false
			}
		default:
			row = 0
		}
	}
	return high*8 <= len(b)
}

// textIn gives the letters of bytes in a named encoding, and whether all are known.
func textIn(name string, b []byte) (string, bool) {
	switch name {
	case "utf-16":
		return utf16Text(b), len(b)%2 == 0
	case "utf-8":
		return string(b), utf8.Valid(b)
	}
	c := codecOf(name)
	var out strings.Builder
	known := true
	for len(b) > 0 {
		r, n := c.letter(b)
		if r == 0 {
			known, r = false, utf8.RuneError
		}
		out.WriteRune(r)
		b = b[n:]
	}
	return out.String(), known
}

// declaredAs is the older encoding that a document says it is in.
func declaredAs(b []byte) *codec {
	head := bytes.TrimLeft(b[:min(len(b), declared)], "\ufeff \t\r\n")
	if !bytes.HasPrefix(head, []byte("<")) && !bytes.HasPrefix(head, []byte("@charset")) {
		return nil
	}
	for _, m := range charset.FindAllSubmatch(head, -1) {
		if c := codecOf(charsets[strings.ToLower(string(m[1]))]); c != nil {
			return c
		}
	}
	return nil
}
