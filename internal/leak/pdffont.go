package leak

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A font turns the codes of a string into letters, as far as the file says what they
// are.
type font struct {
	letters map[uint32]string
	size    int // bytes of a code
	decoder string
	plain   bool // letters for codes that are not in letters are those of Latin-1
}

// fontOf reads a font once.
func (f *pdf) fontOf(v any) *font {
	r, isRef := v.(ref)
	if isRef && f.fonts[r.n] != nil {
		return f.fonts[r.n]
	}
	d, ok := f.resolve(v).(dict)
	if !ok {
		return nil
	}
	made := f.newFont(d)
	if isRef {
		f.fonts[r.n] = made
	}
	return made
}

func (f *pdf) newFont(d dict) *font {
	t := &font{letters: map[uint32]string{}, size: 1}
	sub, _ := f.resolve(d["Subtype"]).(pdfName)
	encoding := f.resolve(d["Encoding"])
	if sub == "Type0" {
		t.size = 2
		name, _ := encoding.(pdfName)
		t.decoder = decoderOf(string(name))
	} else {
		f.simple(t, encoding, sub)
	}
	if r, ok := d["ToUnicode"].(ref); ok {
		if at, ok := f.latest[r.n]; ok {
			if m, ok := f.objects[at].value.(dict); ok {
				if b, rest := f.decode(m, f.objects[at].raw); rest == nil {
					t.cmap(b)
				}
			}
		}
	}
	return t
}

// simple is a font whose codes are bytes. Where it names the encoding, or changes one,
// its letters are known; a font of drawings has none but those it says.
func (f *pdf) simple(t *font, encoding any, sub pdfName) {
	t.plain = sub != "Type3"
	d, ok := encoding.(dict)
	if !ok {
		return
	}
	code := uint32(0)
	for _, x := range list(f.resolve(d["Differences"])) {
		switch x := x.(type) {
		case float64:
			code = uint32(x)
		case pdfName:
			t.letters[code] = glyphText(string(x))
			code++
		}
	}
}

// glyphText is the letter that a glyph's name stands for, "" if it says nothing.
func glyphText(name string) string {
	base, _, _ := strings.Cut(name, ".")
	for _, prefix := range []string{"uni", "u"} {
		if n, err := strconv.ParseUint(strings.TrimPrefix(base, prefix), 16, 32); err == nil && strings.HasPrefix(base, prefix) && len(base) > 4 {
			return string(rune(n))
		}
	}
	if utf8.RuneCountInString(base) == 1 {
		return base
	}
	return glyphNames[base]
}

// glyphNames are those of Adobe's list that names and numbers are written with.
var glyphNames = func() map[string]string {
	all := map[string]string{}
	for pair := range strings.FieldsSeq(`space=_ hyphen=- period=. comma=, colon=: semicolon=; quotesingle=' quoteright=’ quoteleft=‘ parenleft=( parenright=) plus=+ at=@ slash=/
		underscore=_ zero=0 one=1 two=2 three=3 four=4 five=5 six=6 seven=7 eight=8 nine=9 fi=fi fl=fl ff=ff ffi=ffi ffl=ffl endash=– emdash=— bullet=• minus=−
		aacute=á eacute=é iacute=í oacute=ó uacute=ú adieresis=ä odieresis=ö udieresis=ü obreve=ŏ ubreve=ŭ Obreve=Ŏ Ubreve=Ŭ ccedilla=ç ntilde=ñ germandbls=ß dotlessi=ı`) {
		name, text, _ := strings.Cut(pair, "=")
		if name == "space" {
			text = " "
		}
		all[name] = text
	}
	return all
}()

// decoderOf says which encoding the codes of a predefined map are in.
func decoderOf(cmap string) string {
	for _, p := range [][2]string{{"UTF16", "utf-16"}, {"UCS2", "utf-16"}, {"UTF8", "utf-8"}, {"KSC", "euc-kr"}, {"GBK", "gb18030"}, {"GB-EUC", "gb18030"},
		{"B5", "big5"}, {"HKscs", "big5"}, {"RKSJ", "shift_jis"}} {
		if strings.Contains(cmap, p[0]) {
			return p[1]
		}
	}
	return ""
}

// cmap reads what letters the codes stand for.
func (t *font) cmap(b []byte) {
	tk := tokens{b: b}
	var args []any
	for tk.i < len(b) {
		v := tk.value(0)
		op, ok := v.(operator)
		if !ok {
			args = append(args, v)
			continue
		}
		switch op {
		case "endcodespacerange":
			if len(args) > 1 {
				if s, ok := args[len(args)-1].([]byte); ok && len(s) > 0 && len(s) <= 4 {
					t.size = len(s)
				}
			}
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				t.put(args[i], 0, args[i+1])
			}
		case "endbfrange":
			for i := 0; i+2 < len(args); i += 3 {
				t.bfrange(args[i], args[i+1], args[i+2])
			}
		}
		args = args[:0]
	}
}

func number32(b []byte) (n uint32) {
	for _, c := range b[:min(len(b), 4)] {
		n = n<<8 | uint32(c)
	}
	return n
}

func (t *font) put(code any, more uint32, to any) {
	c, ok := code.([]byte)
	s, ok2 := to.([]byte)
	if !ok || !ok2 || len(t.letters) > 1<<17 {
		return
	}
	text := []rune(utf16Text(s))
	if more > 0 && len(text) > 0 {
		text[len(text)-1] += rune(more)
	}
	t.letters[number32(c)+more] = string(text)
}

func (t *font) bfrange(from, to, target any) {
	a, ok := from.([]byte)
	b, ok2 := to.([]byte)
	if !ok || !ok2 {
		return
	}
	for n := uint32(0); n <= number32(b)-number32(a) && n < 1<<16; n++ {
		if each, ok := target.([]any); ok {
			if int(n) < len(each) {
				s, _ := each[n].([]byte)
				t.letters[number32(a)+n] = utf16Text(s)
			}
			continue
		}
		t.put(a, n, target)
	}
}

// text gives the letters of a string, and whether all of them are known.
func (t *font) text(b []byte) (string, bool) {
	if t.decoder != "" && len(t.letters) == 0 {
		return textIn(t.decoder, b)
	}
	var out strings.Builder
	known := true
	for len(b) > 0 {
		n := min(t.size, len(b))
		code := number32(b[:n])
		b = b[n:]
		text, ok := t.letters[code]
		switch {
		case ok && text != "":
			out.WriteString(text)
		case !ok && t.plain && code < 256:
			out.WriteRune(charmap.Windows1252.DecodeByte(byte(code)))
		default:
			known = false
			out.WriteRune(utf8.RuneError)
		}
	}
	return out.String(), known
}
