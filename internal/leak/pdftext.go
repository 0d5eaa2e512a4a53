package leak

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// strings looks at every string of every object: what documents say of themselves,
// what is noted on pages, what fields hold, what scripts do.
func (f *pdf) strings() {
	for _, o := range f.objects {
		var texts []string
		texts = stringsOf(o.value, texts, 0)
		if len(texts) > 0 {
			f.text(f.label+"/object"+itoa(o.n), strings.Join(texts, "\n"))
		}
	}
}

// text looks at text that was made: its offsets are its own.
func (f *pdf) text(label, text string) {
	if !f.spend(len(text)) {
		f.unread(label, "leak.unread.large")
		return
	}
	f.look.read(label, &view{b: []byte(text)}, f.depth)
}

func stringsOf(v any, texts []string, depth int) []string {
	switch v := v.(type) {
	case []byte:
		if t := documentText(v); t != "" {
			texts = append(texts, t)
		}
	case pdfName:
		if !isASCII([]byte(v)) || len(v) > 20 {
			texts = append(texts, strings.ToValidUTF8(string(v), "\uFFFD"))
		}
	case []any:
		for _, x := range v {
			texts = stringsOf(x, texts, depth+1)
		}
	case dict:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, string(k))
		}
		sort.Strings(keys)
		for _, k := range keys {
			texts = stringsOf(pdfName(k), texts, depth+1)
			texts = stringsOf(v[pdfName(k)], texts, depth+1)
		}
	}
	return texts
}

// documentText decodes a string outside of pages: UTF-16 or UTF-8 with a mark, or
// PDFDocEncoding, which is Latin-1 where it matters. Bytes that are UTF-8 without a
// mark are read as that.
func documentText(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return utf16Text(b[2:])
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return strings.ToValidUTF8(string(b[3:]), "\uFFFD")
	case utf8.Valid(b):
		return string(b)
	}
	out, _ := charmap.Windows1252.NewDecoder().Bytes(b)
	return string(out)
}

func utf16Text(b []byte) string {
	var u []uint16
	for ; len(b) > 1; b = b[2:] {
		u = append(u, be.Uint16(b))
	}
	return string(utf16.Decode(u))
}

// pages reads what each page shows, with the fonts that it names.
func (f *pdf) pages() {
	for _, o := range f.objects {
		d, ok := o.value.(dict)
		if !ok || d["Type"] != pdfName("Page") {
			continue
		}
		var all []byte
		for _, c := range list(d["Contents"]) {
			f.contents(c, &all, 0)
		}
		f.shown(f.label+"/page"+itoa(o.n), all, f.resources(d))
	}
}

// contents puts the streams of a page into one.
func (f *pdf) contents(v any, all *[]byte, depth int) {
	r, ok := v.(ref)
	if !ok || depth > 4 {
		return
	}
	at, ok := f.latest[r.n]
	if !ok {
		return
	}
	o := f.objects[at]
	if more, ok := o.value.([]any); ok {
		for _, x := range more {
			f.contents(x, all, depth+1)
		}
		return
	}
	if d, ok := o.value.(dict); ok {
		b, rest := f.decode(d, o.raw)
		if rest != nil {
			f.unread(f.here(o), "leak.unread.damaged")
			return
		}
		f.used[at] = true
		*all = append(append(*all, b...), '\n')
	}
}

// resources are those of a page, or of the nodes above it.
func (f *pdf) resources(d dict) dict {
	for range mostDepth {
		if r, ok := f.resolve(d["Resources"]).(dict); ok {
			return r
		}
		up, ok := f.resolve(d["Parent"]).(dict)
		if !ok {
			return nil
		}
		d = up
	}
	return nil
}

// Kinds of stream that are no page's content.
var notShown = map[pdfName]bool{"XRef": true, "ObjStm": true, "Metadata": true, "EmbeddedFile": true, "CMap": true}

// streams looks at every stream that no page has shown: forms, earlier revisions,
// what nothing refers to; pictures; files within; metadata.
func (f *pdf) streams() {
	inFonts := f.fontFiles()
	for i, o := range f.objects {
		d, ok := o.value.(dict)
		if !ok || o.at == 0 || f.used[i] || f.ctx.Err() != nil {
			continue
		}
		kind, _ := f.resolve(d["Type"]).(pdfName)
		sub, _ := f.resolve(d["Subtype"]).(pdfName)
		switch {
		case sub == "Image":
			f.picture(o, d)
		case kind == "XRef" || kind == "ObjStm":
		case inFonts[o.n]:
			b, _ := f.decode(d, o.raw)
			_ = f.bulk(f.here(o), bytes.NewReader(b), 0, int64(len(b)))
		default:
			f.stray(o, d, kind)
		}
	}
}

// fontFiles are the objects that hold the outlines of letters, and what letters codes
// stand for.
func (f *pdf) fontFiles() map[int]bool {
	all := map[int]bool{}
	for _, o := range f.objects {
		d, _ := o.value.(dict)
		for _, k := range []pdfName{"FontFile", "FontFile2", "FontFile3", "ToUnicode", "CIDToGIDMap", "CIDSet"} {
			if r, ok := d[k].(ref); ok {
				all[r.n] = true
			}
		}
	}
	return all
}

func (f *pdf) stray(o pdfObject, d dict, kind pdfName) {
	b, rest := f.decode(d, o.raw)
	here := f.here(o)
	if rest != nil {
		f.unread(here, "leak.unread.kind")
		return
	}
	if kind == "EmbeddedFile" || sniff(b[:min(len(b), sniffed)]) != nil {
		if err := f.part(here, part{bytes.NewReader(b), int64(len(b)), f.depth + 1}); err != nil {
			f.unread(here, "leak.unread.damaged")
		}
		return
	}
	if v := (&view{b: b}); asText(v) != nil {
		f.look.read(here, v, f.depth)
	} else {
		f.loose(here, b)
	}
	if notShown[kind] || !drawsText(b) {
		return
	}
	if res, ok := f.resolve(d["Resources"]).(dict); ok {
		f.shown(here, b, res)
		return
	}
	for i := range mostAlike { // which fonts it meant nobody says: all of each name
		fonts, more := f.fontsCalled(i)
		f.shown(here, b, dict{"Font": fonts})
		if !more {
			return
		}
	}
}

// mostAlike is how many fonts of one name are tried.
const mostAlike = 8

// fontsCalled gives for each name of a font the one of number i that any page calls so,
// and whether there are more.
func (f *pdf) fontsCalled(i int) (dict, bool) {
	if f.called == nil {
		f.called = map[pdfName][]any{}
		for _, o := range f.objects {
			f.call(o.value, 0)
		}
	}
	fonts, more := dict{}, false
	for name, all := range f.called {
		fonts[name] = all[min(i, len(all)-1)]
		more = more || i+1 < len(all)
	}
	return fonts, more
}

// call notes the fonts that any dictionary in v names.
func (f *pdf) call(v any, depth int) {
	d, ok := v.(dict)
	if !ok || depth > mostDepth {
		return
	}
	for k, x := range d {
		if fonts, ok := f.resolve(x).(dict); ok && k == "Font" {
			for name, font := range fonts {
				if r, ok := font.(ref); ok && !slices.Contains(f.called[name], any(r)) && len(f.called[name]) < mostAlike {
					f.called[name] = append(f.called[name], r)
				}
			}
			continue
		}
		f.call(x, depth+1)
	}
}

// drawsText says whether b may be what a page shows.
func drawsText(b []byte) bool {
	return bytes.Contains(b, []byte("BT")) || bytes.Contains(b, []byte("Tj")) || bytes.Contains(b, []byte("TJ")) || bytes.Contains(b, []byte(" c\n"))
}

// A glyphs is one piece of shown text and where it stands.
type glyphs struct {
	x, y float64
	text string
}

// A screen runs the operators of a content stream, as far as they move or show text.
type screen struct {
	*pdf
	label  string
	fonts  dict
	font   *font
	ctm    [6]float64
	stack  [][6]float64
	tm     [6]float64
	line   [6]float64
	lead   float64
	out    strings.Builder
	pieces []glyphs
	y      float64
	curves int
}

var identity = [6]float64{1, 0, 0, 1, 0, 0}

func times(a, b [6]float64) [6]float64 {
	return [6]float64{
		a[0]*b[0] + a[1]*b[2], a[0]*b[1] + a[1]*b[3], a[2]*b[0] + a[3]*b[2], a[2]*b[1] + a[3]*b[3],
		a[4]*b[0] + a[5]*b[2] + b[4], a[4]*b[1] + a[5]*b[3] + b[5],
	}
}

// mostCurves is from how many curves on a drawing may be letters.
const mostCurves = 60

// shown looks at the text of a content stream twice: in the order of the bytes, and by
// where it stands on the page.
func (f *pdf) shown(label string, b []byte, resources dict) {
	s := &screen{pdf: f, label: label, ctm: identity, tm: identity, line: identity}
	s.fonts, _ = f.resolve(resources["Font"]).(dict)
	t := tokens{b: b}
	var args []any
	for t.i < len(b) && f.ctx.Err() == nil {
		switch v := t.value(0).(type) {
		case operator:
			if v == "ID" {
				s.inline(&t)
			}
			s.do(v, args)
			args = args[:0]
		default:
			if args = append(args, v); len(args) > 1000 {
				args = args[:0]
			}
		}
	}
	f.text(label, s.out.String())
	if sorted := s.sorted(); sorted != "" {
		f.text(label+"#order", sorted)
	}
	if s.curves > mostCurves {
		f.picturesUnread(label, "leak.unread.drawing")
	}
}

// sorted puts the pieces into the order in which a reader sees them.
func (s *screen) sorted() string {
	row := func(g glyphs) int { return -int(g.y / 2) }
	order := func(a, b glyphs) int { return cmp.Or(cmp.Compare(row(a), row(b)), cmp.Compare(a.x, b.x)) }
	if slices.IsSortedFunc(s.pieces, order) {
		return ""
	}
	slices.SortStableFunc(s.pieces, order)
	var b strings.Builder
	for i, g := range s.pieces {
		if i > 0 && row(g) != row(s.pieces[i-1]) {
			b.WriteString(lineBreak)
		} else {
			b.WriteString(softBreak)
		}
		b.WriteString(g.text)
	}
	return b.String()
}

// inline skips the bytes of a picture that stands among the operators.
func (s *screen) inline(t *tokens) {
	s.picturesUnread(s.label, "leak.unread.picture")
	if at := bytes.Index(t.b[t.i:], []byte("EI")); at >= 0 {
		t.i += at
	}
}

func numbersOf(args []any) (n [6]float64, ok bool) {
	if len(args) < 6 {
		return n, false
	}
	for i := range n {
		n[i], ok = args[len(args)-6+i].(float64)
		if !ok {
			return n, false
		}
	}
	return n, true
}

func last(args []any, n int) float64 {
	if len(args) < n {
		return 0
	}
	x, _ := args[len(args)-n].(float64)
	return x
}

// do runs one operator (ISO 32000-1, annex A).
func (s *screen) do(op operator, args []any) {
	switch op {
	case "q":
		if len(s.stack) < 1000 {
			s.stack = append(s.stack, s.ctm)
		}
	case "Q":
		if n := len(s.stack); n > 0 {
			s.ctm, s.stack = s.stack[n-1], s.stack[:n-1]
		}
	case "cm":
		if m, ok := numbersOf(args); ok {
			s.ctm = times(m, s.ctm)
		}
	case "BT":
		s.tm, s.line = identity, identity
	case "Tf":
		if len(args) > 1 {
			name, _ := args[len(args)-2].(pdfName)
			s.font = s.fontOf(s.fonts[name])
		}
	case "TL":
		s.lead = last(args, 1)
	case "Td":
		s.move(last(args, 2), last(args, 1))
	case "TD":
		s.lead = -last(args, 1)
		s.move(last(args, 2), last(args, 1))
	case "T*":
		s.move(0, -s.lead)
	case "Tm":
		if m, ok := numbersOf(args); ok {
			s.tm, s.line = m, m
		}
	case "Tj", "TJ":
		s.show(args)
	case "'", "\"":
		s.move(0, -s.lead)
		s.show(args)
	case "c", "v", "y":
		s.curves++
	default: // marked content may say what it is meant to be
		for _, t := range stringsOf(args, nil, 0) {
			s.out.WriteString(lineBreak + t + lineBreak)
		}
	}
}

func (s *screen) move(x, y float64) {
	s.line = times([6]float64{1, 0, 0, 1, x, y}, s.line)
	s.tm = s.line
}

// show writes a string, or an array of strings and of steps between them.
func (s *screen) show(args []any) {
	if len(args) == 0 {
		return
	}
	place := times(s.tm, s.ctm)
	var b strings.Builder
	for _, x := range list(args[len(args)-1]) {
		switch x := x.(type) {
		case []byte:
			if s.font == nil {
				s.unread(s.label, "leak.unread.glyphs")
				b.WriteString(documentText(x))
				continue
			}
			text, ok := s.font.text(x)
			if !ok {
				s.unread(s.label, "leak.unread.glyphs")
			}
			b.WriteString(text)
		case float64:
			if x < -180 {
				b.WriteByte(' ')
			}
		}
	}
	if s.out.Len() > 0 {
		if d := place[5] - s.y; d > 1 || d < -1 {
			s.out.WriteString(lineBreak)
		} else {
			s.out.WriteString(softBreak)
		}
	}
	s.y = place[5]
	s.out.WriteString(b.String())
	if len(s.pieces) < mostObjects {
		s.pieces = append(s.pieces, glyphs{place[4], place[5], b.String()})
	}
	s.tm[4] += 0.01 // what follows stands behind it
}

// picture looks at a picture of a page: as a file where it is one, or as rows of
// numbers where these are simple.
func (f *pdf) picture(o pdfObject, d dict) {
	b, rest := f.decode(d, o.raw)
	here := f.here(o)
	if len(rest) > 0 && (rest[0] == "DCTDecode" || rest[0] == "DCT") {
		if err := f.part(here, part{bytes.NewReader(b), int64(len(b)), f.depth + 1}); err != nil {
			f.unread(here, "leak.unread.damaged")
		}
		return
	}
	width, _ := f.resolve(d["Width"]).(float64)
	height, _ := f.resolve(d["Height"]).(float64)
	bits, _ := f.resolve(d["BitsPerComponent"]).(float64)
	kind := map[pdfName]string{"DeviceGray": "P5", "DeviceRGB": "P6"}[nameOf(f.resolve(d["ColorSpace"]))]
	if len(rest) > 0 || bits != 8 || kind == "" {
		f.picturesUnread(here, "leak.unread.picture")
		return
	}
	f.look.picture(here, append([]byte(kind+" "+itoa(int(width))+" "+itoa(int(height))+" 255\n"), b...))
}

func nameOf(v any) pdfName {
	n, _ := v.(pdfName)
	return n
}
