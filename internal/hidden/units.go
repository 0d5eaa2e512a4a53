package hidden

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
)

func float(b []byte) float64 { return math.Float64frombits(le.Uint64(b)) }

// Types of units of H.264 (ITU-T H.264, table 7-1) and H.265 (ITU-T H.265, table
// 7-1).
const (
	avcMessage   = 6
	hevcMessage  = 39
	hevcMessage2 = 40
)

// A peeker reads a few bytes here and there, mostly forwards, through a window.
type peeker struct {
	*scan
	p      part
	b      []byte
	at     int64
	window int64
}

func (k *peeker) read(at, n int64) ([]byte, bool) {
	if at < k.at || at+n > k.at+int64(len(k.b)) {
		if at < 0 || at+n > k.p.size || !k.alive() {
			return nil, false
		}
		size := min(max(k.window, n), k.p.size-at)
		if int64(cap(k.b)) < size {
			if !k.spend(size) {
				return nil, false
			}
			k.b = make([]byte, size)
		}
		k.b = k.b[:size]
		got, err := k.p.r.ReadAt(k.b, at)
		k.at, k.b = at, k.b[:got]
		k.report.Read += int64(got)
		if int64(got) < n {
			if err != nil && !isEOF(err) {
				k.err = err
			}
			return nil, false
		}
	}
	return k.b[at-k.at:][:n], true
}

// units looks into the samples of the tracks that are shown, for what is said between
// the pictures.
func (f *film) units() {
	told := map[string]bool{}
	for _, t := range f.tracks {
		if told[t.kind] || t.kind != "vide" && t.kind != "soun" {
			continue
		}
		told[t.kind] = t.enabled
		w := &teller{film: f, where: t.path + "/samples", track: t, seen: map[string]*Finding{}, times: map[string]int{}}
		switch codecs[t.codec].messages {
		case unitMessages:
			w.eachUnit()
		case userData:
			w.few(1<<20, 1<<16, func(e extent, b []byte) { f.userWords(w.where, e.from, b) })
		case oneJPEG:
			w.few(8, 1<<26, func(e extent, b []byte) { f.nested(f.p.cut(t.path+"/sample", e.from, e.to-e.from)) })
		case bitMessages:
			w.few(1<<20, 1<<26, w.obus)
		case soundWords:
			w.few(4, 1<<16, w.soundWords)
		}
		w.tell()
	}
}

// A teller reports what is in the samples of one track. What is there again and again
// is reported once, with how often.
type teller struct {
	*film
	where string
	track *track
	seen  map[string]*Finding
	times map[string]int
	order []string
}

// add notes one thing of a sort.
func (w *teller) add(sort string, f Finding) {
	if w.seen == nil { // in the settings: each is told
		w.found(f)
		return
	}
	w.times[sort]++
	if w.seen[sort] == nil {
		w.seen[sort] = &f
		w.order = append(w.order, sort)
	}
}

func (w *teller) tell() {
	for _, sort := range w.order {
		f := *w.seen[sort]
		if n := w.times[sort]; n > 1 {
			f.Value = fmt.Sprintf("%s (%d×)", f.Value, n)
		}
		w.found(f)
	}
}

// few hands on the first bytes of the first samples.
func (w *teller) few(samples, limit int64, do func(e extent, b []byte)) {
	n := int64(0)
	w.track.each(func(e extent) bool {
		if e.to <= w.p.size {
			if b, ok := w.bytes(w.p, e.from, min(e.to-e.from, limit)); ok {
				do(e, b)
			}
			w.budget += min(e.to-e.from, limit) // it is not kept
		}
		n++
		return n < samples && w.alive()
	})
}

// encoders are names that encoders write into the filling of sound.
var encoders = regexp.MustCompile(`(Lavc|Lavf|libfaac|FAAC|LAME|iTunes|Nero|Xiph|GOGO)[ -~]{0,40}`)

func (w *teller) soundWords(e extent, b []byte) {
	if i := encoders.FindIndex(b); i != nil {
		w.recodeSound = true
		w.add("encoder", Finding{kindProgram, w.p.under(w.where), "encoder", string(b[i[0]:i[1]]), w.p.base + e.from + int64(i[0]), int64(i[1] - i[0])})
	}
}

// eachUnit looks at the head of every unit of every picture. Only messages are read
// whole.
func (w *teller) eachUnit() {
	t := w.track
	if t.prefix == 0 || t.prefix == 3 {
		w.unread(w.p.under(w.where), whyCodec)
		return
	}
	k := &peeker{scan: w.scan, p: w.p, window: 4096}
	ok := true
	t.each(func(e extent) bool {
		if e.to > w.p.size {
			return false
		}
		w.step(e.from, w.p.size)
		ok = w.sample(k, e)
		return ok && w.alive()
	})
	if !ok {
		w.damaged(w.p)
	}
}

func (w *teller) sample(k *peeker, e extent) bool {
	prefix := int64(w.track.prefix)
	for at := e.from; at < e.to; {
		head, ok := k.read(at, prefix+1)
		if !ok || at+prefix+1 > e.to {
			return false
		}
		n := int64(number(head[:prefix]))
		if n == 0 || at+prefix+n > e.to {
			return false
		}
		w.unit(k, at+prefix, n, head[prefix])
		at += prefix + n
	}
	return true
}

// avcShown and hevcShown are the units that a picture is made of, and those that only
// end or fill something.
var (
	avcShown   = []byte{1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 15, 19, 20}
	hevcShown  = []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20, 21, 32, 33, 34, 35, 36, 37}
	avcFilling = byte(12)
	hevcFiller = byte(38)
)

func (w *teller) unit(k *peeker, at, n int64, head byte) {
	kind, headSize := head&31, int64(1)
	message, shown := kind == avcMessage, slices.Contains(avcShown, kind)
	filling := kind == avcFilling
	if c := w.track.codec; c != "avc1" && c != "avc3" {
		kind, headSize = head>>1&63, 2
		message, shown = kind == hevcMessage || kind == hevcMessage2, slices.Contains(hevcShown, kind)
		filling = kind == hevcFiller
	}
	if shown {
		return
	}
	if n > 1<<20 {
		w.add("long", Finding{kindUnknown, w.p.under(w.where), fmt.Sprintf("unit %d", kind), amount(n), w.p.base + at, n})
		return
	}
	b, ok := k.read(at, n)
	if !ok {
		return
	}
	b = b[min(headSize, n):]
	switch {
	case message:
		w.message(at, b)
	case filling && len(bytes.Trim(b, "\xff\x80")) == 0:
	default:
		w.add(fmt.Sprint("unit", kind), Finding{kindUnknown, w.p.under(w.where), fmt.Sprintf("unit %d", kind), sample(b, n), w.p.base + at, n})
	}
}

// Kinds of message that only time, frame and recover the picture.
var plainMessages = []int{0, 1, 3, 6, 45, 47, 128, 129, 130, 132, 136, 137, 144, 147}

// message takes a message apart (ITU-T H.264, 7.3.2.3).
func (w *teller) message(at int64, b []byte) {
	b = bytes.ReplaceAll(b, []byte{0, 0, 3}, []byte{0, 0})
	for len(b) > 1 {
		kind, rest := number255(b)
		size, rest := number255(rest)
		if size > len(rest) {
			size = len(rest)
		}
		if !slices.Contains(plainMessages, kind) {
			w.said(at, kind, rest[:size])
		}
		b = rest[size:]
	}
}

// said reports one message.
func (w *teller) said(at int64, kind int, b []byte) {
	f := Finding{kindText, w.p.under(w.where), fmt.Sprintf("message %d", kind), sample(b, int64(len(b))), w.p.base + at, int64(len(b))}
	sort := f.Name
	switch {
	case kind == 5 && len(b) >= 16:
		id := hexOf(b[:16])
		f.Name, f.Value = "user data "+id[:8], sample(b[16:], int64(len(b)-16))
		if bytes.Contains(b, []byte("x264")) || bytes.Contains(b, []byte("x265")) || bytes.Contains(b, []byte("Lavc")) {
			f.Kind = kindProgram
		}
		sort = id
	case kind == 4:
		f.Name = "user data (registered)"
	}
	w.add(sort, f)
}

// number255 reads a number written as bytes 255 and a last one.
func number255(b []byte) (n int, rest []byte) {
	for len(b) > 0 {
		c := b[0]
		n, b = n+int(c), b[1:]
		if c != 255 {
			break
		}
	}
	return n, b
}

// obus looks at the units of AV1 for metadata (AV1, 5.3).
func (w *teller) obus(e extent, b []byte) {
	for at := 0; at < len(b); {
		head := b[at]
		kind, body := head>>3&15, at+1
		if head&4 != 0 {
			body++
		}
		n := len(b) - body
		if head&2 != 0 {
			size, used := leb128(b[min(body, len(b)):])
			body, n = body+used, size
		}
		if body > len(b) || n < 0 || n > len(b)-body {
			return
		}
		if kind == 5 || kind == 15 && len(bytes.Trim(b[body:body+n], "\x00\x80")) > 0 {
			f := Finding{kindText, w.p.under(w.where), fmt.Sprintf("unit %d", kind), sample(b[body:body+n], int64(n)), w.p.base + e.from + int64(at), int64(n)}
			w.add(f.Name, f)
		}
		at = body + n
	}
}

func leb128(b []byte) (n, used int) {
	for i := 0; i < len(b) && i < 8; i++ {
		n |= int(b[i]&127) << (7 * i)
		if used++; b[i] < 128 {
			break
		}
	}
	return n, used
}
