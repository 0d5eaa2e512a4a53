package hidden

import (
	"fmt"
)

// A track is one stream of a film: what it is, and where its samples lie.
type track struct {
	path    string
	at, end int64
	id      uint32
	enabled bool
	kind    string // of its handler: vide, soun, text …
	codec   string
	scale   uint32 // ticks a second
	prefix  int    // bytes that say how long a unit of a picture is
	refs    []reference

	sizes, chunks, runs  []byte // the tables stsz, stco or co64, and stsc, without their heads
	steps, shifts, edits []byte // stts, ctts and elst, likewise
	frame                int64  // bytes of one sample of plain sound, all channels
	same                 int64  // the size of all samples, or 0
	count                int64  // of samples
	wide, wideEdits      bool   // places, and edits, are 64 bits
	pieces               []extent
}

// A reference is to another track, and as what.
type reference struct {
	kind string
	id   uint32
}

// table keeps the tables that say where the samples are and when they are shown.
func (t *track) table(kind string, b []byte) bool {
	if len(b) < 8 {
		return false
	}
	rows := func(width int) []byte {
		n := int64(be.Uint32(b[4:]))
		return b[8:min(int64(len(b)), 8+n*int64(width))]
	}
	switch kind {
	case "stsz":
		if len(b) < 12 {
			return false
		}
		t.same, t.count = int64(be.Uint32(b[4:])), int64(be.Uint32(b[8:]))
		if t.sizes = b[12:]; t.same == 0 && int64(len(t.sizes)) < 4*t.count {
			return false
		}
	case "stco":
		t.chunks = rows(4)
	case "co64":
		t.chunks, t.wide = rows(8), true
	case "stsc":
		t.runs = rows(12)
	case "stts":
		t.steps = rows(8)
	case "ctts":
		t.shifts = rows(8)
	case "elst":
		if t.wideEdits = b[0] == 1; t.wideEdits {
			t.edits = rows(20)
		} else {
			t.edits = rows(12)
		}
	}
	return true
}

// compact keeps sizes of few bits (stz2).
func (t *track) compact(b []byte) bool {
	if len(b) < 12 {
		return false
	}
	bits, n := int64(b[7]), int64(be.Uint32(b[8:]))
	if bits != 4 && bits != 8 && bits != 16 || (n*bits+7)/8 > int64(len(b)-12) {
		return false
	}
	t.count = n
	for i := range n {
		v := uint32(0)
		switch bits {
		case 4:
			v = uint32(b[12+i/2]>>(4*(1-i%2))) & 15
		case 8:
			v = uint32(b[12+i])
		default:
			v = uint32(be.Uint16(b[12+2*i:]))
		}
		t.sizes = be.AppendUint32(t.sizes, v)
	}
	return true
}

func (t *track) size(n int64) int64 {
	if t.same > 0 {
		return t.same
	}
	return int64(be.Uint32(t.sizes[4*n:]))
}

func (t *track) chunk(n int) int64 {
	if t.wide {
		return int64(be.Uint64(t.chunks[8*n:]) & (1<<62 - 1))
	}
	return int64(be.Uint32(t.chunks[4*n:]))
}

func (t *track) numChunks() int {
	if t.wide {
		return len(t.chunks) / 8
	}
	return len(t.chunks) / 4
}

// each calls do with the place of every sample until it says no. false: the tables do
// not agree with each other.
func (t *track) each(do func(e extent) bool) bool {
	sample, run := int64(0), 0
	for c := range t.numChunks() {
		for run+24 <= len(t.runs) && int64(be.Uint32(t.runs[run+12:])) <= int64(c)+1 {
			run += 12
		}
		if run+12 > len(t.runs) {
			return false
		}
		at := t.chunk(c)
		for range be.Uint32(t.runs[run+4:]) {
			if sample >= t.count {
				return false
			}
			n := t.size(sample)
			if at > 1<<61 {
				return false
			}
			if !do(extent{at, at + n}) {
				return true
			}
			at += n
			sample++
		}
	}
	for _, e := range t.pieces {
		if !do(e) {
			return true
		}
	}
	return sample == t.count
}

// extents calls do with the stretches that the track's samples fill. Samples of one
// size are not counted one by one: a second of plain sound has 48,000.
func (t *track) extents(do func(e extent) bool) bool {
	if t.same == 0 || len(t.pieces) > 0 {
		return t.each(do)
	}
	size, left, run := t.same, t.count, 0
	if size == 1 && t.frame > 1 { // QuickTime counts samples where it should count bytes
		size = t.frame
	}
	for c := range t.numChunks() {
		for run+24 <= len(t.runs) && int64(be.Uint32(t.runs[run+12:])) <= int64(c)+1 {
			run += 12
		}
		if run+12 > len(t.runs) || t.chunk(c) > 1<<61 {
			return false
		}
		n := int64(be.Uint32(t.runs[run+4:]))
		if left -= n; left < 0 {
			return false
		}
		if !do(extent{t.chunk(c), t.chunk(c) + n*size}) {
			return true
		}
	}
	return left == 0
}

// shown are the stretches of the track's own time that the edit list plays, nil where
// there is no list and all is played.
func (t *track) shown(movie uint32) (all []extent) {
	width := 12
	if t.wideEdits {
		width = 20
	}
	for at := 0; at+width <= len(t.edits); at += width {
		length, from := int64(be.Uint32(t.edits[at:])), int64(int32(be.Uint32(t.edits[at+4:])))
		if t.wideEdits {
			length, from = int64(be.Uint64(t.edits[at:])&(1<<62-1)), int64(be.Uint64(t.edits[at+8:]))
		}
		if from < 0 || movie == 0 { // a pause
			continue
		}
		ticks := float64(length) * float64(t.scale) / float64(movie)
		if length == 0 { // of a fragmented film: to the end
			ticks = 1 << 60
		}
		all = append(all, extent{from, from + int64(min(ticks, 1<<60))})
	}
	return all
}

// concealed counts the samples that the edit list does not play, and their seconds.
func (t *track) concealed(movie uint32) (n int64, seconds float64) {
	if len(t.edits) == 0 || t.scale == 0 || movie == 0 {
		return 0, 0
	}
	shown := t.shown(movie)
	slack := int64(t.scale)/int64(movie) + 1 // lengths are rounded to ticks of the movie
	shifts := &ladder{b: t.shifts}
	at, ticks := int64(0), int64(0)
	for row := 0; row+8 <= len(t.steps); row += 8 {
		step := int64(be.Uint32(t.steps[row+4:]))
		for range min(be.Uint32(t.steps[row:]), 1<<24) {
			from := at + int64(int32(shifts.next()))
			if !plays(shown, from, from+step, min(slack, step/2)) {
				n, ticks = n+1, ticks+step
			}
			at += step
		}
		if n > 1<<24 {
			break
		}
	}
	return n, float64(ticks) / float64(t.scale)
}

func plays(shown []extent, from, to, slack int64) bool {
	for _, e := range shown {
		if min(to, e.to)-max(from, e.from) > slack || from == to && from >= e.from && from < e.to {
			return true
		}
	}
	return false
}

// A ladder gives the values of a table of counts and values, one after the other.
type ladder struct {
	b    []byte
	left uint32
	v    uint32
}

func (l *ladder) next() uint32 {
	for l.left == 0 {
		if len(l.b) < 8 {
			return 0
		}
		l.left, l.v, l.b = be.Uint32(l.b), be.Uint32(l.b[4:]), l.b[8:]
	}
	l.left--
	return l.v
}

// maxPieces is how many samples of fragments are kept.
const maxPieces = 4 << 20

// fragment takes the samples of a piece of a fragmented film in.
func (f *film) fragment(path string, b box, depth int) bool {
	var t *track
	base, size := f.moof, uint32(0)
	next := base
	for at := b.body; at < b.end && f.more(f.p); {
		c, ok := f.box(at, b.end)
		if !ok {
			return false
		}
		at = c.end
		body, ok := f.bytes(f.p, c.body, min(c.end-c.body, maxBox))
		if !ok || len(body) < 8 {
			return false
		}
		switch c.kind {
		case "tfhd":
			t = f.byID(be.Uint32(body[4:]))
			base, size = fragmentHead(body, base, f.trex[be.Uint32(body[4:])])
			next = base
		case "trun":
			if t == nil {
				return false
			}
			if next, ok = t.run(body, base, next, size); !ok {
				return false
			}
		case "tfdt", "sbgp", "sgpd", "sdtp", "subs":
		default:
			f.report(kindUnknown, path, c)
		}
	}
	return true
}

func (f *film) byID(id uint32) *track {
	for _, t := range f.tracks {
		if t.id == id {
			return t
		}
	}
	return nil
}

// fragmentHead reads where the samples of a fragment start and how long each is by
// default.
func fragmentHead(b []byte, base int64, size uint32) (int64, uint32) {
	flags, at := be.Uint32(b)&0xFFFFFF, 8
	take := func(bit uint32, n int) []byte {
		if flags&bit == 0 || at+n > len(b) {
			return nil
		}
		at += n
		return b[at-n : at]
	}
	if v := take(1, 8); v != nil {
		base = int64(be.Uint64(v) & (1<<62 - 1))
	}
	take(2, 4)
	take(8, 4)
	if v := take(16, 4); v != nil {
		size = be.Uint32(v)
	}
	return base, size
}

// run adds the samples of one run.
func (t *track) run(b []byte, base, next int64, size uint32) (int64, bool) {
	flags, n, at := be.Uint32(b)&0xFFFFFF, int(be.Uint32(b[4:])), 8
	if flags&1 != 0 {
		if at+4 > len(b) {
			return next, false
		}
		next = base + int64(int32(be.Uint32(b[at:])))
		at += 4
	}
	if flags&4 != 0 {
		at += 4
	}
	width, before := 0, 0
	for _, bit := range []uint32{0x100, 0x200, 0x400, 0x800} {
		if flags&bit != 0 {
			if bit < 0x200 {
				before += 4
			}
			width += 4
		}
	}
	if n > maxPieces-len(t.pieces) || at+n*width > len(b) {
		return next, false
	}
	for i := range n {
		if flags&0x200 != 0 {
			size = be.Uint32(b[at+i*width+before:])
		}
		t.pieces = append(t.pieces, extent{next, next + int64(size)})
		next += int64(size)
	}
	return next, true
}

// describe says in a few words what a track is.
func (t *track) describe() string {
	words := fmt.Sprintf("%s %s, %d samples", safe(boxName(t.kind), 8), safe(boxName(t.codec), 8), t.count+int64(len(t.pieces)))
	return words
}
