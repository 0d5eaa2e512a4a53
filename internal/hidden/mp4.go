package hidden

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// The boxes of ISO base media files (ISO/IEC 14496-12) and QuickTime. What is in none
// of these lists shows nothing.
var (
	firstBoxes = strings.Fields("ftyp moov mdat free skip wide pnot uuid moof styp meta sidx")
	boxHolders = strings.Fields("moov trak mdia minf dinf stbl edts moof traf mvex mfra tapt gmhd")
	boxTables  = strings.Fields("stts ctts stsc stsz stco co64 elst")
	boxEmpty   = strings.Fields("free skip wide")
	boxPlain   = strings.Fields("ftyp styp vmhd smhd hmhd nmhd sthd gmin stss sgpd sbgp sdtp cslg stps mfhd tfdt mehd sidx ssix tfra mfro clef prof enof iods subs padb stdp")
)

func isFirstBox(kind string) bool { return contains(firstBoxes, kind) }

// maxBox is the longest box that is read into memory: the tables of a film of many
// hours are shorter.
const maxBox = 64 << 20

// A box is a named stretch of a film: its header starts at at, its content at body.
type box struct {
	kind          string
	at, body, end int64
}

// A film is one MP4, MOV, 3GP, HEIC or AVIF being taken apart.
type film struct {
	*scan
	p      part
	scale  uint32 // of the movie: ticks a second
	data   []box  // the mdat boxes
	tracks []*track
	trex   map[uint32]uint32 // size of a sample of a fragment, by track
	used   []extent          // bytes of the data that are part of something
	items  *items            // of a picture in boxes
	moof   int64             // where the fragment that is looked at starts
}

// mp4 names every box that shows nothing, every track but picture and sound, frames
// that are not played, and bytes that are no part of a frame.
func (s *scan) mp4(p part) {
	f := &film{scan: s, p: p, trex: map[uint32]uint32{}}
	end, ok := f.level("", 0, p.size, nil, 0)
	if !ok {
		s.damaged(p)
		if end < p.size && len(f.tracks)+len(f.data) > 0 {
			f.at(p, kindBytes, "", "after-the-end", amount(p.size-end), end, p.size-end)
		}
	}
	if len(f.tracks) == 0 && f.items == nil {
		s.damaged(p)
		return
	}
	f.judge()
	f.pictures()
	f.units()
	for _, d := range f.data {
		f.gapsWithin(p, f.used, d.body, d.end)
	}
}

// level walks the boxes from at to end. It gives where it came to, and whether all
// held together.
func (f *film) level(path string, at, end int64, t *track, depth int) (int64, bool) {
	for at < end && f.more(f.p) {
		if end-at < 8 {
			f.loose(path, at, end)
			return at, true
		}
		b, ok := f.box(at, end)
		if !ok || depth > 20 {
			if path == "" && at > 0 && !isBoxNameAt(f, at) { // no box at all: something was put behind
				f.trailing(f.p, at)
				return at, true
			}
			return at, false
		}
		if !f.inside(path, b, t, depth) {
			return at, false
		}
		at = b.end
	}
	return at, f.alive()
}

// loose reports bytes at the end of a box that are too few for another.
func (f *film) loose(path string, at, end int64) {
	if !f.empty(f.p, at, end-at) {
		b, _ := f.bytes(f.p, at, end-at)
		f.at(f.p, kindBytes, path, "between", sample(b, end-at), at, end-at)
	}
}

func isBoxNameAt(f *film, at int64) bool {
	b, ok := f.bytes(f.p, at+4, 4)
	return ok && isBoxName(b)
}

func (f *film) box(at, end int64) (b box, ok bool) {
	h, ok := f.bytes(f.p, at, min(16, end-at))
	if !ok {
		return b, false
	}
	return boxAt(h, at, end)
}

func boxAt(h []byte, at, end int64) (box, bool) {
	if len(h) < 8 {
		return box{}, false
	}
	b := box{kind: string(h[4:8]), at: at, body: at + 8}
	switch size := int64(be.Uint32(h)); {
	case size == 0:
		b.end = end
	case size == 1 && len(h) == 16 && be.Uint64(h[8:]) <= uint64(end-at):
		b.body, b.end = at+16, at+int64(be.Uint64(h[8:]))
	default:
		b.end = at + size
	}
	return b, b.end >= b.body && b.end <= end
}

// inside looks at one box. false: it does not hold together.
func (f *film) inside(path string, b box, t *track, depth int) bool {
	where := joinPath(path, b.kind)
	switch {
	case b.kind == "mdat":
		f.data = append(f.data, b)
		return true
	case b.kind == "trak":
		t = &track{path: fmt.Sprintf("%s[%d]", where, len(f.tracks)+1), at: b.at, end: b.end, enabled: true}
		f.tracks = append(f.tracks, t)
		where = t.path
	case b.kind == "moof":
		f.moof = b.at
	case b.kind == "traf":
		return f.fragment(where, b, depth)
	}
	if contains(boxHolders, b.kind) {
		_, ok := f.level(where, b.body, b.end, t, depth+1)
		return ok
	}
	if contains(boxEmpty, b.kind) {
		if !f.empty(f.p, b.body, b.end-b.body) {
			f.report(kindBytes, path, b)
		}
		return true
	}
	if b.end-b.body > maxBox {
		f.report(kindUnknown, path, b)
		return true
	}
	return f.leaf(path, b, t, depth)
}

func joinPath(path, kind string) string {
	kind = safe(boxName(kind), 12)
	if path == "" {
		return kind
	}
	return path + "/" + kind
}

// boxName shows the name of a box: its first byte may be the sign © in Latin-1.
func boxName(kind string) string {
	r := make([]rune, 0, 4)
	for _, c := range []byte(kind) {
		r = append(r, rune(c))
	}
	return string(r)
}

// report names a box as a whole, with what is in it if that is a file or words.
func (f *film) report(kind, path string, b box) {
	inner := f.p.cut(joinPath(path, b.kind), b.body, b.end-b.body)
	f.at(f.p, kind, path, boxName(b.kind), f.looksLike(inner), b.at, b.end-b.at)
	f.nested(inner)
}

// leaf looks at a box whose content is short enough to be read.
func (f *film) leaf(path string, b box, t *track, depth int) bool {
	where := joinPath(path, b.kind)
	switch {
	case contains(boxPlain, b.kind):
		return true
	case b.kind == "udta":
		return f.userData(where, b, depth)
	case b.kind == "meta":
		return f.meta(where, b, depth)
	case b.kind == "uuid":
		f.uuid(path, b)
		return true
	case b.kind == "tref":
		return f.references(where, b, t)
	case b.kind == "XMP_":
		f.xmp(f.p.cut(where, b.body, b.end-b.body), "XMP")
		return true
	}
	body, ok := f.bytes(f.p, b.body, b.end-b.body)
	if !ok {
		return false
	}
	switch {
	case b.kind == "mvhd" || b.kind == "tkhd" || b.kind == "mdhd":
		return f.clock(path, b, body, t)
	case contains(boxTables, b.kind):
		return t != nil && t.table(b.kind, body)
	case b.kind == "stz2":
		return t != nil && t.compact(body)
	case b.kind == "hdlr" && t != nil:
		return f.handler(path, b, body, t)
	case b.kind == "dref":
		f.source(path, b, body)
	case b.kind == "stsd" && t != nil:
		return f.described(where, b, body, t)
	case b.kind == "trex":
		if len(body) >= 24 {
			f.trex[be.Uint32(body[4:])] = be.Uint32(body[16:])
		}
	case b.kind == "prft":
		f.report(kindTime, path, b)
	default:
		f.report(kindByName(boxName(b.kind), kindUnknown), path, b)
	}
	return true
}

// epoch is when times in these boxes begin.
var epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)

// clock reports when the film or track was made and changed, and keeps what is
// needed to know which frames are played.
func (f *film) clock(path string, b box, body []byte, t *track) bool {
	size := 4
	if len(body) > 0 && body[0] == 1 {
		size = 8
	}
	if len(body) < 4+3*size+8 {
		return false
	}
	for i, name := range []string{"creation time", "modification time"} {
		at := 4 + i*size
		if v := number(body[at : at+size]); v != 0 {
			when := epoch.Add(time.Duration(min(v, 1<<33)) * time.Second).Format("2006-01-02 15:04:05")
			f.at(f.p, kindTime, joinPath(path, b.kind), name, when, b.body+int64(at), int64(size))
		}
	}
	rest := body[4+2*size:]
	switch {
	case b.kind == "mvhd":
		f.scale = be.Uint32(rest)
	case t == nil:
	case b.kind == "tkhd":
		t.id, t.enabled = be.Uint32(rest), body[3]&1 != 0
	default:
		t.scale = be.Uint32(rest)
		if at := 4 + size; at+2 <= len(rest) {
			f.language(path, b, t, be.Uint16(rest[at:]), int64(4+2*size+at))
		}
	}
	return true
}

// Languages that say nothing: not given, as the standard and as QuickTime write it.
const (
	noLanguage  = 0x55C4
	noLanguageQ = 0x7FFF
)

func (f *film) language(path string, b box, t *track, packed uint16, at int64) {
	if packed == noLanguage || packed == noLanguageQ || packed == 0 {
		return
	}
	name := fmt.Sprint(packed) // QuickTime counts its languages
	if packed >= 0x400 {
		name = string([]byte{byte(packed>>10&31) + 0x60, byte(packed>>5&31) + 0x60, byte(packed&31) + 0x60})
	}
	f.at(f.p, kindTag, joinPath(path, b.kind), "language", name, b.body+at, 2)
}

func number(b []byte) (n uint64) {
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n
}

// plainNames are names of tracks that say nothing of where a film comes from.
var plainNames = []string{"", "VideoHandler", "SoundHandler"}

// handler says what a track is, and reports its name where it has one.
func (f *film) handler(path string, b box, body []byte, t *track) bool {
	if len(body) < 24 {
		return false
	}
	if !strings.HasSuffix(path, "/minf") { // QuickTime's second handler says where the data is
		t.kind = string(body[8:12])
	}
	name := text(body[24:])
	if n := int(body[min(24, len(body)-1)]); len(body) > 24 && n == len(body)-25 {
		name = text(body[25:]) // QuickTime counts its letters first
	}
	if !contains(plainNames, name) {
		f.at(f.p, kindText, joinPath(path, b.kind), "handler name", name, b.body+24, int64(len(body)-24))
	}
	if rest := bytes.Trim(body[12:24], "\x00"); len(rest) > 0 {
		f.at(f.p, kindDevice, joinPath(path, b.kind), "manufacturer", sample(rest, 12), b.body+12, 12)
	}
	return true
}

// selfContained is the whole of a reference that says: the data is in this file.
var selfContained = [][]byte{
	{0, 0, 0, 12, 'u', 'r', 'l', ' ', 0, 0, 0, 1}, {0, 0, 0, 12, 'a', 'l', 'i', 's', 0, 0, 0, 1}, {0, 0, 0, 12, 'u', 'r', 'n', ' ', 0, 0, 0, 1},
}

// source reports a reference to data in another file.
func (f *film) source(path string, b box, body []byte) {
	rest := body[min(8, len(body)):]
	for len(rest) > 0 {
		if len(rest) < 12 || !bytes.Equal(rest[:12], selfContained[0]) && !bytes.Equal(rest[:12], selfContained[1]) && !bytes.Equal(rest[:12], selfContained[2]) {
			f.at(f.p, kindLink, path, "dref", sample(rest, int64(len(rest))), b.at, b.end-b.at)
			return
		}
		rest = rest[12:]
	}
}

// references notes which tracks this one names, and as what.
func (f *film) references(where string, b box, t *track) bool {
	for at := b.body; at < b.end && f.more(f.p); {
		r, ok := f.box(at, b.end)
		if !ok || t == nil {
			return false
		}
		ids, ok := f.bytes(f.p, r.body, min(r.end-r.body, 4096))
		if !ok {
			return false
		}
		for ; len(ids) >= 4; ids = ids[4:] {
			t.refs = append(t.refs, reference{r.kind, be.Uint32(ids)})
		}
		at = r.end
	}
	return true
}
