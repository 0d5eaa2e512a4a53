package leak

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"io"
	"strconv"
)

// Bounds of one PDF file.
const (
	mostObjects = 400_000
	mostDepth   = 40 // arrays and dictionaries in one another
	mostFilters = 4
)

// A ref names an object of a PDF file.
type ref struct{ n int }

// A pdfName is a name, its escapes undone.
type pdfName string

// A pdfObject is one object as it stands somewhere in the file, current or not.
type pdfObject struct {
	n     int
	value any // nil, bool, float64, pdfName, []byte (a string), []any, dict or ref
	raw   []byte
	at    int // where its stream starts, 0 for none
}

type dict map[pdfName]any

// A pdf is a file being taken apart. All objects of all revisions are read, used or
// not, in the order of the bytes: nothing is followed but to learn a font's letters, so
// that cycles and thousands of revisions cost what their bytes cost.
type pdf struct {
	*look
	label   string
	depth   int
	b       []byte
	objects []pdfObject
	latest  map[int]int // the last object of each number
	fonts   map[int]*font
	used    map[int]bool // content streams that a page has shown
	called  map[pdfName][]any
}

// pdf takes a PDF file apart.
func (l *look) pdf(label string, p part) error {
	b, err := l.whole(label, p)
	if b == nil {
		return err
	}
	f := &pdf{look: l, label: label, depth: p.depth, b: b, latest: map[int]int{}, fonts: map[int]*font{}, used: map[int]bool{}}
	if at := bytes.Index(b, []byte("%PDF-")); at > 0 {
		l.hidden(label, 0, int64(at), "leak.why.between")
	}
	f.all()
	if f.encrypted() {
		l.unread(label, "leak.unread.encrypted")
		return l.bulk(label, p.r, 0, p.size)
	}
	if len(f.objects) == 0 {
		return l.damaged(label, p, errDamaged)
	}
	f.packed()
	f.strings()
	f.pages()
	f.streams()
	if at := bytes.LastIndex(b, []byte("%%EOF")); at < 0 {
		l.unread(label, "leak.unread.damaged")
	} else if rest := bytes.TrimRight(b[at+5:], "\r\n \x00"); len(rest) > 0 {
		l.hidden(label, int64(at+5), int64(len(b)), "leak.why.trailing")
		l.loose(label+"@"+itoa(at+5), rest)
	}
	return l.bulk(label, p.r, 0, p.size)
}

// all finds every object in the bytes, whatever the tables say.
func (f *pdf) all() {
	for i := 0; i < len(f.b); {
		at := bytes.Index(f.b[i:], []byte("obj"))
		if at < 0 {
			return
		}
		i += at
		n, ok := f.header(i)
		i += 3
		if !ok {
			continue
		}
		if len(f.objects) == mostObjects {
			f.unread(f.label, "leak.unread.large")
			return
		}
		t := tokens{b: f.b, i: i}
		o := pdfObject{n: n, value: t.value(0)}
		t.space()
		if d, ok := o.value.(dict); ok && bytes.HasPrefix(f.b[t.i:], []byte("stream")) {
			o.at = t.i + len("stream")
			o.raw = f.stream(d, o.at)
			t.i = o.at + len(o.raw)
		}
		f.keep(o)
		i = max(i, t.i)
	}
}

func (f *pdf) keep(o pdfObject) {
	f.latest[o.n] = len(f.objects)
	f.objects = append(f.objects, o)
}

// header reads the two numbers before "obj" at b[i:]. A stream in which those letters
// stand by chance is looked at twice, and no harm done.
func (f *pdf) header(i int) (int, bool) {
	if i > 2 && bytes.Equal(f.b[i-3:i], []byte("end")) {
		return 0, false
	}
	number := func(end int) (int, int) {
		for end > 0 && isBlank(f.b[end-1]) {
			end--
		}
		start := end
		for start > 0 && end-start < 10 && isDigit(rune(f.b[start-1])) {
			start--
		}
		n, err := strconv.Atoi(string(f.b[start:end]))
		if err != nil {
			return -1, start
		}
		return n, start
	}
	generation, at := number(i)
	n, _ := number(at)
	return n, generation >= 0 && n >= 0 && at < i
}

// stream gives the bytes of a stream that starts after the word at b[at:]. Its end is
// where it says, if the word for the end stands there; else where that word is.
func (f *pdf) stream(d dict, at int) []byte {
	if bytes.HasPrefix(f.b[at:], []byte("\r\n")) {
		at += 2
	} else if bytes.HasPrefix(f.b[at:], []byte("\n")) {
		at++
	}
	if n, ok := f.resolve(d["Length"]).(float64); ok && n >= 0 && at+int(n) <= len(f.b) {
		end := at + int(n)
		if bytes.HasPrefix(bytes.TrimLeft(f.b[end:min(len(f.b), end+12)], "\r\n "), []byte("endstream")) {
			return f.b[at:end]
		}
	}
	if n := bytes.Index(f.b[at:], []byte("endstream")); n >= 0 {
		return f.b[at : at+n]
	}
	return f.b[at:]
}

// resolve follows a reference to the last object of its number, a few steps at most.
func (f *pdf) resolve(v any) any {
	for range 8 {
		r, ok := v.(ref)
		if !ok {
			return v
		}
		at, ok := f.latest[r.n]
		if !ok {
			return nil
		}
		v = f.objects[at].value
	}
	return nil
}

// encrypted says whether any trailer, or table that is a stream, names a key.
func (f *pdf) encrypted() bool {
	for i := 0; ; {
		at := bytes.Index(f.b[i:], []byte("trailer"))
		if at < 0 {
			break
		}
		i += at + len("trailer")
		t := tokens{b: f.b, i: i}
		if d, ok := t.value(0).(dict); ok && d["Encrypt"] != nil {
			return true
		}
	}
	for _, o := range f.objects {
		if d, ok := o.value.(dict); ok && d["Type"] == pdfName("XRef") && d["Encrypt"] != nil {
			return true
		}
	}
	return false
}

// packed reads the objects that lie in streams.
func (f *pdf) packed() {
	for _, o := range f.objects[:len(f.objects):len(f.objects)] {
		d, ok := o.value.(dict)
		if !ok || d["Type"] != pdfName("ObjStm") {
			continue
		}
		b, rest := f.decode(d, o.raw)
		if rest != nil {
			f.unread(f.here(o), "leak.unread.damaged")
			continue
		}
		first, _ := d["First"].(float64)
		count, _ := d["N"].(float64)
		t := tokens{b: b}
		for range int(min(count, mostObjects)) {
			n, ok := t.value(0).(float64)
			at, ok2 := t.value(0).(float64)
			if !ok || !ok2 || len(f.objects) == mostObjects || int(first+at) > len(b) || at < 0 {
				break
			}
			inner := tokens{b: b, i: int(first + at)}
			f.keep(pdfObject{n: int(n), value: inner.value(0)})
		}
		f.loose(f.here(o), b)
	}
}

func (f *pdf) here(o pdfObject) string { return f.label + "/object" + itoa(o.n) + "@" + itoa(o.at) }

// decode undoes the filters of a stream. What is left to undo, a picture's coding, is
// the second answer.
func (f *pdf) decode(d dict, b []byte) ([]byte, []pdfName) {
	filters := list(f.resolve(d["Filter"]))
	parms := list(f.resolve(d["DecodeParms"]))
	for i, x := range filters {
		name, _ := f.resolve(x).(pdfName)
		var p dict
		if i < len(parms) {
			p, _ = f.resolve(parms[i]).(dict)
		}
		made, ok := f.unfilter(name, b, p)
		if !ok || i == mostFilters {
			var rest []pdfName
			for _, x := range filters[i:] {
				n, _ := f.resolve(x).(pdfName)
				rest = append(rest, n)
			}
			return b, rest
		}
		b = made
	}
	return b, nil
}

func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func (f *pdf) unfilter(name pdfName, b []byte, p dict) ([]byte, bool) {
	var r io.Reader
	switch name {
	case "FlateDecode", "Fl":
		z, err := zlib.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, false
		}
		r = z
	case "ASCIIHexDecode", "AHx":
		return unhexed(b), true
	case "ASCII85Decode", "A85":
		b = bytes.TrimPrefix(bytes.TrimSpace(b), []byte("<~"))
		if at := bytes.Index(b, []byte("~>")); at >= 0 {
			b = b[:at]
		}
		r = ascii85.NewDecoder(bytes.NewReader(b))
	default:
		return nil, false
	}
	limit := min(maxText, max(0, f.budget))
	out, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil && len(out) == 0 || int64(len(out)) > limit || !f.spend(len(out)) {
		return nil, false
	}
	return predicted(out, p)
}

func unhexed(b []byte) (out []byte) {
	high, half := byte(0), false
	for _, c := range b {
		if c == '>' {
			break
		}
		if !isHex(c) {
			continue
		}
		n := c&15 + c>>6*9
		if half = !half; half {
			high = n << 4
		} else {
			out = append(out, high|n)
		}
	}
	if half {
		out = append(out, high)
	}
	return out
}

// predicted undoes the predictors of PNG, which tables and object streams use.
func predicted(b []byte, p dict) ([]byte, bool) {
	n, _ := p["Predictor"].(float64)
	if n < 2 {
		return b, true
	}
	if n < 10 {
		return nil, false
	}
	number := func(key pdfName, otherwise int) int {
		if v, ok := p[key].(float64); ok && v > 0 && v < 1<<16 {
			return int(v)
		}
		return otherwise
	}
	size := (number("Colors", 1)*number("BitsPerComponent", 8) + 7) / 8
	row := (number("Colors", 1)*number("BitsPerComponent", 8)*number("Columns", 1) + 7) / 8
	before := make([]byte, row)
	var out []byte
	for len(b) > 1 {
		kind, line := b[0], append([]byte(nil), b[1:min(len(b), 1+row)]...)
		b = b[1+len(line):]
		for i := range line {
			left, corner := byte(0), byte(0)
			if i >= size {
				left, corner = line[i-size], before[i-size]
			}
			switch kind {
			case 1:
				line[i] += left
			case 2:
				line[i] += before[i]
			case 3:
				line[i] += byte((int(left) + int(before[i])) / 2)
			case 4:
				line[i] += paeth(left, before[i], corner)
			}
		}
		out = append(out, line...)
		copy(before, line)
	}
	return out, true
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	near := func(x byte) int { return max(p-int(x), int(x)-p) }
	switch {
	case near(a) <= near(b) && near(a) <= near(c):
		return a
	case near(b) <= near(c):
		return b
	}
	return c
}
