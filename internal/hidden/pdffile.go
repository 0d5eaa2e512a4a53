package hidden

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"io"
	"regexp"
	"slices"
	"strconv"
)

// A pdfFile is a PDF being taken apart: where its objects are, and those read so far.
type pdfFile struct {
	*scan
	p        part
	b        []byte
	from     int // where the file begins: bytes before its head are possible
	entries  map[int]pdfEntry
	trailer  pdfDict
	sections []int // places of the tables of objects, the newest first
	used     []extent
	objects  map[int]any
	packed   map[int]map[int]any // of streams that hold objects
	damage   bool
}

// A pdfEntry says where an object is: in the file, or the index-th of a stream.
type pdfEntry struct {
	at     int
	stream int // 0: not in one
	index  int
}

// maxSections is how many versions of a file are followed.
const maxSections = 1000

// openPDF reads the tables of objects. nil: there are none, and none can be made.
func (s *scan) openPDF(p part) *pdfFile {
	b, ok := s.all(p)
	if !ok {
		return nil
	}
	f := &pdfFile{scan: s, p: p, b: b, entries: map[int]pdfEntry{}, objects: map[int]any{}, packed: map[int]map[int]any{}}
	f.from = max(0, bytes.Index(b[:min(len(b), 1024)], []byte("%PDF-")))
	if at := f.start(); at >= 0 && f.tables(at) && f.root() != nil {
		return f
	}
	f.rebuild()
	if f.root() == nil {
		return nil
	}
	return f
}

func (f *pdfFile) root() pdfDict {
	if f.trailer == nil {
		return nil
	}
	d, _ := f.get(f.trailer["Root"]).(pdfDict)
	return d
}

// start gives the place that the last startxref names.
func (f *pdfFile) start() int {
	i := bytes.LastIndex(f.b, []byte("startxref"))
	if i < 0 {
		return -1
	}
	l := &pdfLexer{b: f.b, at: i + 9}
	l.space()
	w := l.word()
	if !isDigits(w) {
		return -1
	}
	f.use(i, l.at)
	return number10(w) + f.from
}

func (f *pdfFile) use(from, to int) { f.used = append(f.used, extent{int64(from), int64(to)}) }

// tables follows the tables from the newest to the oldest: the first entry of an
// object counts.
func (f *pdfFile) tables(at int) bool {
	queue, seen := []int{at}, map[int]bool{}
	for len(queue) > 0 && len(seen) < maxSections && f.more(f.p) {
		at, queue = queue[0], queue[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		if at < 0 || at >= len(f.b) {
			return false
		}
		d, ok := f.table(at)
		if !ok {
			return false
		}
		if f.trailer == nil {
			f.trailer = d
		}
		f.sections = append(f.sections, at)
		if w, ok := d["XRefStm"].(pdfWord); ok && isDigits(w) { // the other half of a hybrid
			if half, ok := f.table(number10(w) + f.from); !ok || half == nil {
				return false
			}
		}
		if w, ok := d["Prev"].(pdfWord); ok && isDigits(w) {
			queue = append(queue, number10(w)+f.from)
		}
	}
	return f.trailer != nil
}

// table reads one, in either form, and gives its trailer.
func (f *pdfFile) table(at int) (pdfDict, bool) {
	l := &pdfLexer{b: f.b, at: at}
	l.space()
	if !bytes.HasPrefix(f.b[min(l.at, len(f.b)):], []byte("xref")) {
		return f.tableStream(at)
	}
	l.at += 4
	for f.alive() {
		l.space()
		if bytes.HasPrefix(f.b[l.at:], []byte("trailer")) {
			l.at += 7
			break
		}
		first, count := l.word(), pdfWord("")
		l.space()
		if count = l.word(); !isDigits(first) || !isDigits(count) {
			return nil, false
		}
		for i := range number10(count) {
			if !f.row(l, number10(first)+i) {
				return nil, false
			}
		}
	}
	v, err := l.value(0)
	d, ok := v.(pdfDict)
	f.use(at, l.at)
	f.useEnd(l.at)
	return d, err == nil && ok
}

// row reads one entry of a table of letters.
func (f *pdfFile) row(l *pdfLexer, num int) bool {
	l.space()
	at := l.word()
	l.space()
	l.word()
	l.space()
	if kind := l.word(); kind == "n" && isNumber(at) && len(at) < 12 {
		if n, err := strconv.Atoi(string(at)); err == nil && n > 0 {
			f.enter(num, pdfEntry{at: n + f.from})
		}
	} else if kind != "f" {
		return false
	} else {
		f.enter(num, pdfEntry{at: -1})
	}
	return l.at < len(f.b) && len(f.entries) < maxParts
}

func (f *pdfFile) enter(num int, e pdfEntry) {
	if _, ok := f.entries[num]; !ok {
		f.entries[num] = e
	}
}

// useEnd counts the marks of the end of a version as used.
func (f *pdfFile) useEnd(at int) {
	l := &pdfLexer{b: f.b, at: at}
	for l.at < len(f.b) && isSpace(f.b[l.at]) {
		l.at++
	}
	if bytes.HasPrefix(f.b[l.at:], []byte("startxref")) {
		l.at += 9
		for l.at < len(f.b) && (isSpace(f.b[l.at]) || f.b[l.at] >= '0' && f.b[l.at] <= '9') {
			l.at++
		}
	}
	if bytes.HasPrefix(f.b[l.at:], []byte("%%EOF")) {
		l.at += 5
	}
	f.use(at, l.at)
}

// tableStream reads a table that is packed in a stream (7.5.8).
func (f *pdfFile) tableStream(at int) (pdfDict, bool) {
	v, end, ok := f.objectAt(at)
	st, is := v.(*pdfStream)
	if !ok || !is {
		return nil, false
	}
	f.use(at, end)
	f.useEnd(end)
	b, rest := f.decode(st)
	widths, _ := st.dict["W"].(pdfArray)
	if rest != "" || len(widths) != 3 {
		return nil, false
	}
	var w [3]int
	for i := range w {
		word, _ := widths[i].(pdfWord)
		if w[i] = number10(word); w[i] < 0 || w[i] > 8 {
			return nil, false
		}
	}
	index, _ := st.dict["Index"].(pdfArray)
	if len(index) == 0 {
		index = pdfArray{pdfWord("0"), st.dict["Size"]}
	}
	for i := 0; i+1 < len(index); i += 2 {
		first, _ := index[i].(pdfWord)
		count, _ := index[i+1].(pdfWord)
		if !isDigits(first) || !isDigits(count) {
			return nil, false
		}
		for n := range number10(count) {
			size := w[0] + w[1] + w[2]
			if len(b) < size || size == 0 || len(f.entries) > maxParts {
				return st.dict, true
			}
			f.packedRow(number10(first)+n, b[:w[0]], b[w[0]:w[0]+w[1]], b[w[0]+w[1]:size])
			b = b[size:]
		}
	}
	return st.dict, true
}

func (f *pdfFile) packedRow(num int, kind, second, third []byte) {
	k := number(kind)
	if len(kind) == 0 {
		k = 1
	}
	switch n := int(number(second) & (1<<40 - 1)); k {
	case 0:
		f.enter(num, pdfEntry{at: -1})
	case 1:
		f.enter(num, pdfEntry{at: n + f.from})
	case 2:
		f.enter(num, pdfEntry{stream: n, index: int(number(third) & (1<<30 - 1))})
	}
}

var objectHead = regexp.MustCompile(`(?:^|[\s>])(\d{1,9})[ \t\r\n]+(\d{1,5})[ \t\r\n]+obj\b`)

// rebuild finds the objects of a file whose tables are wrong, as readers do: of two
// with one number the later counts.
func (f *pdfFile) rebuild() {
	f.entries, f.trailer, f.sections, f.damage = map[int]pdfEntry{}, nil, nil, true
	f.objects, f.packed = map[int]any{}, map[int]map[int]any{}
	for _, m := range objectHead.FindAllSubmatchIndex(f.b, maxParts) {
		f.entries[number10(pdfWord(f.b[m[2]:m[3]]))] = pdfEntry{at: m[2]}
	}
	for at := 0; ; {
		i := bytes.Index(f.b[at:], []byte("trailer"))
		if i < 0 {
			break
		}
		l := &pdfLexer{b: f.b, at: at + i + 7}
		if v, err := l.value(0); err == nil {
			if d, ok := v.(pdfDict); ok && d["Root"] != nil {
				f.trailer = d
				f.use(at+i, l.at)
				f.useEnd(l.at)
			}
		}
		at += i + 7
	}
	if f.trailer != nil {
		return
	}
	for _, num := range sortedNums(f.entries) {
		switch d := f.get(pdfRef{num, 0}).(type) {
		case *pdfStream:
			if d.dict["Type"] == pdfName("XRef") && d.dict["Root"] != nil {
				f.trailer = d.dict
			}
		case pdfDict:
			if d["Type"] == pdfName("Catalog") && f.trailer == nil {
				f.trailer = pdfDict{"Root": pdfRef{num, 0}}
			}
		}
	}
}

func sortedNums[V any](m map[int]V) (keys []int) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// objectAt reads the object that begins at at, and where it ends.
func (f *pdfFile) objectAt(at int) (v any, end int, ok bool) {
	if at < 0 || at >= len(f.b) {
		return nil, at, false
	}
	l := &pdfLexer{b: f.b, at: at}
	l.space()
	num := l.word()
	l.space()
	gen := l.word()
	l.space()
	if word := l.word(); word != "obj" || !isDigits(num) || !isDigits(gen) {
		return nil, at, false
	}
	v, err := l.value(0)
	if err != nil {
		return nil, at, false
	}
	l.space()
	if d, is := v.(pdfDict); is && bytes.HasPrefix(f.b[l.at:], []byte("stream")) {
		st, end := f.stream(d, l.at+6)
		v, l.at = st, end
	}
	l.space()
	if bytes.HasPrefix(f.b[min(l.at, len(f.b)):], []byte("endobj")) {
		l.at += 6
	}
	return v, l.at, true
}

// stream reads the bytes of a stream, by its length, or up to its end where that is
// wrong.
func (f *pdfFile) stream(d pdfDict, at int) (*pdfStream, int) {
	if at < len(f.b) && f.b[at] == '\r' {
		at++
	}
	if at < len(f.b) && f.b[at] == '\n' {
		at++
	}
	n := -1
	if w, ok := f.get(d["Length"]).(pdfWord); ok && isDigits(w) {
		n = number10(w)
	}
	if n >= 0 && n <= len(f.b)-at {
		l := &pdfLexer{b: f.b, at: at + n}
		l.space()
		if bytes.HasPrefix(f.b[l.at:], []byte("endstream")) {
			return &pdfStream{d, int64(at), f.b[at : at+n]}, l.at + 9
		}
	}
	i := bytes.Index(f.b[at:], []byte("endstream"))
	if i < 0 {
		return &pdfStream{d, int64(at), nil}, at
	}
	raw := f.b[at : at+i]
	raw = bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
	return &pdfStream{d, int64(at), raw}, at + i + 9
}

// get follows references to what they stand for, nil where that is nothing.
func (f *pdfFile) get(v any) any {
	for range 32 {
		r, ok := v.(pdfRef)
		if !ok {
			return v
		}
		v = f.object(r.num)
	}
	return nil
}

func (f *pdfFile) object(num int) any {
	if v, ok := f.objects[num]; ok {
		return v
	}
	f.objects[num] = nil // an object that stands for itself is nothing
	e, ok := f.entries[num]
	if !ok || !f.more(f.p) {
		return nil
	}
	var v any
	if e.stream > 0 {
		v = f.packedObjects(e.stream)[num]
	} else if e.at > 0 {
		var end int
		if v, end, ok = f.objectAt(e.at); ok {
			f.use(e.at, end)
		} else {
			f.damage = true
		}
	}
	f.objects[num] = v
	return v
}

// packedObjects reads the objects of a stream that holds some (7.5.7).
func (f *pdfFile) packedObjects(num int) map[int]any {
	if all, ok := f.packed[num]; ok {
		return all
	}
	all := map[int]any{}
	f.packed[num] = all
	if f.entries[num].stream > 0 {
		return all
	}
	st, ok := f.object(num).(*pdfStream)
	if !ok {
		return all
	}
	b, rest := f.decode(st)
	n, _ := f.get(st.dict["N"]).(pdfWord)
	first, _ := f.get(st.dict["First"]).(pdfWord)
	if rest != "" || !isDigits(n) || !isDigits(first) || number10(first) > len(b) {
		f.damage = true
		return all
	}
	l := &pdfLexer{b: b}
	for range number10(n) {
		l.space()
		id := l.word()
		l.space()
		at := l.word()
		if !isDigits(id) || !isDigits(at) || !f.more(f.p) {
			return all
		}
		inner := &pdfLexer{b: b, at: min(len(b), number10(first)+number10(at))}
		if v, err := inner.value(0); err == nil {
			all[number10(id)] = v
		}
	}
	return all
}

// decode takes off the filters that pack bytes. rest names the first that it does not
// know: those of pictures mostly.
func (f *pdfFile) decode(st *pdfStream) (b []byte, rest pdfName) {
	b = st.raw
	names, params := f.filters(st.dict)
	for i, name := range names {
		ok := true
		switch name {
		case "FlateDecode", "Fl":
			b, ok = f.inflate(b)
			if ok {
				b, ok = f.predict(b, params[i])
			}
		case "ASCIIHexDecode", "AHx":
			v, err := (&pdfLexer{b: append([]byte("<"), append(bytes.TrimSuffix(bytes.TrimSpace(b), []byte(">")), '>')...)}).hex()
			s, _ := v.(pdfString)
			b, ok = s, err == nil
		case "ASCII85Decode", "A85":
			out, err := io.ReadAll(ascii85.NewDecoder(bytes.NewReader(bytes.TrimSuffix(bytes.TrimSpace(b), []byte("~>")))))
			b, ok = out, err == nil
		case "RunLengthDecode", "RL":
			b, ok = f.runs(b)
		default:
			return b, name
		}
		if !ok {
			return nil, "damaged"
		}
	}
	return b, ""
}

func (f *pdfFile) filters(d pdfDict) (names []pdfName, params []pdfDict) {
	both := func(long, short pdfName) any {
		if v := f.get(d[long]); v != nil {
			return v
		}
		return f.get(d[short])
	}
	list := func(v any) []any {
		if a, ok := v.(pdfArray); ok {
			return a
		}
		return []any{v}
	}
	all := list(both("DecodeParms", "DP"))
	for i, v := range list(both("Filter", "F")) {
		n, ok := f.get(v).(pdfName)
		if !ok || len(names) == 16 {
			break
		}
		var p pdfDict
		if i < len(all) {
			p, _ = f.get(all[i]).(pdfDict)
		}
		names, params = append(names, n), append(params, p)
	}
	return names, params
}

func (f *pdfFile) inflate(b []byte) ([]byte, bool) {
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, false
	}
	limit := min(maxPiece, f.budget)
	out, err := io.ReadAll(io.LimitReader(z, limit+1))
	if int64(len(out)) > limit || !f.spend(int64(len(out))) {
		f.unread(f.p.label, whyLarge)
		return nil, false
	}
	return out, err == nil || len(out) > 0 // readers show what came before the damage
}

func (f *pdfFile) runs(b []byte) (out []byte, ok bool) {
	for i := 0; i < len(b) && b[i] != 128; {
		n := int(b[i])
		if n < 128 {
			if i+2+n > len(b) {
				return out, false
			}
			out, i = append(out, b[i+1:i+2+n]...), i+2+n
			continue
		}
		if i+1 >= len(b) || len(out) > maxPiece {
			return out, false
		}
		out, i = append(out, bytes.Repeat(b[i+1:i+2], 257-n)...), i+2
	}
	return out, f.spend(int64(len(out)))
}

// predict undoes the differences between rows (7.4.4.4): those of PNG. Others are
// only used by pictures, which stay packed.
func (f *pdfFile) predict(b []byte, p pdfDict) ([]byte, bool) {
	num := func(key pdfName, otherwise int) int {
		if w, ok := f.get(p[key]).(pdfWord); ok && isDigits(w) {
			return number10(w)
		}
		return otherwise
	}
	kind := num("Predictor", 1)
	if kind < 10 {
		return b, kind <= 1
	}
	bits := num("Colors", 1) * num("BitsPerComponent", 8)
	pixel, row := max(1, (bits+7)/8), (bits*num("Columns", 1)+7)/8
	if row <= 0 || row > 1<<20 || pixel > 64 {
		return nil, false
	}
	out, before := make([]byte, 0, len(b)), make([]byte, row)
	for len(b) > 0 {
		line := make([]byte, row)
		copy(line, b[1:])
		unfilter(b[0], line, before, pixel)
		out, before = append(out, line...), line
		b = b[min(len(b), row+1):]
	}
	return out, true
}

// unfilter undoes the filter of one row (PNG, 9.2).
func unfilter(kind byte, line, before []byte, pixel int) {
	for i := range line {
		left, corner := byte(0), byte(0)
		if i >= pixel {
			left, corner = line[i-pixel], before[i-pixel]
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
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int { return max(n, -n) }
