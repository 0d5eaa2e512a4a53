package hidden

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// Elements of Matroska and WebM (RFC 9559) that hold others.
var elementHolders = map[uint32]string{
	0x1A45DFA3: "EBML", 0x18538067: "Segment", 0x1549A966: "Info", 0x1654AE6B: "Tracks", 0xAE: "TrackEntry", 0xE0: "Video", 0xE1: "Audio", 0x1F43B675: "Cluster",
	0xA0: "BlockGroup", 0x1043A770: "Chapters", 0x45B9: "EditionEntry", 0xB6: "ChapterAtom", 0x80: "ChapterDisplay", 0x1254C367: "Tags", 0x7373: "Tag", 0x63C0: "Targets",
	0x67C8: "SimpleTag", 0x1941A469: "Attachments", 0x61A7: "AttachedFile", 0x6D80: "ContentEncodings", 0x6240: "ContentEncoding", 0x5034: "ContentCompression",
	0x75A1: "BlockAdditions", 0xA6: "BlockMore", 0x55B0: "Colour", 0x55D0: "MasteringMetadata",
}

// elementsShown are the leaves without which nothing is played.
var elementsShown = setOf(0x4286, 0x42F7, 0x42F2, 0x42F3, 0x4282, 0x4287, 0x4285, // of the head
	0x2AD7B1, 0x4489, // time scale, duration
	0xD7, 0x73C5, 0x83, 0xB9, 0x88, 0x55AA, 0x9C, 0x6DE7, 0x23E383, 0x234E7A, 0x23314F, 0x55EE, 0x86, 0x63A2, 0x56AA, 0x56BB, 0xAA, // of a track
	0x9A, 0x9D, 0x53B8, 0x53C0, 0xB0, 0xBA, 0x54AA, 0x54BB, 0x54CC, 0x54DD, 0x54B0, 0x54BA, 0x54B2, 0x2EB524, // of its picture
	0xB5, 0x78B5, 0x9F, 0x6264, // of its sound
	0x55B1, 0x55B2, 0x55B3, 0x55B4, 0x55B5, 0x55B6, 0x55B7, 0x55B8, 0x55B9, 0x55BA, 0x55BB, 0x55BC, 0x55BD, // of its colours
	0x55D1, 0x55D2, 0x55D3, 0x55D4, 0x55D5, 0x55D6, 0x55D7, 0x55D8, 0x55D9, 0x55DA,
	0xE7, 0xA3, 0xA1, 0x9B, 0xFB, 0xAB, 0xA7, 0x75A2, 0xFD, // of a cluster
	0x1C53BB6B, 0x114D9B74, 0xBF, // cues, seek head, checks
	0x5031, 0x5032, 0x5033, 0x4254, 0x4255) // how a track is packed

func setOf(ids ...uint32) map[uint32]bool {
	m := map[uint32]bool{}
	for _, id := range ids {
		m[id] = true
	}
	return m
}

// Names of leaves that tell something.
var elementNames = map[uint32]string{
	0x7BA9: "title", 0x4D80: "muxing application", 0x5741: "writing application", 0x4461: "date", 0x73A4: "segment identifier", 0x7384: "segment file name",
	0x3CB923: "previous segment identifier", 0x3C83AB: "previous file name", 0x3EB923: "next segment identifier", 0x3E83BB: "next file name", 0x4444: "segment family identifier",
	0x536E: "track name", 0x22B59C: "language", 0x22B59D: "language", 0x258688: "codec name", 0x45A3: "tag name", 0x4487: "tag value", 0x4485: "tag value (binary)", 0x447A: "tag language",
	0x467E: "file description", 0x466E: "file name", 0x4660: "file type", 0x465C: "file data", 0x46AE: "file identifier", 0x85: "chapter title", 0x437C: "chapter language",
	0x5654: "chapter identifier", 0x73C4: "chapter identifier", 0x91: "chapter start", 0x92: "chapter end", 0x45BC: "edition identifier", 0x1B538667: "signature",
}

// Leaves of Tags, Attachments and Chapters that only order what they are in.
var elementsQuiet = setOf(0x68CA, 0x63CA, 0x63C5, 0x63C9, 0x63C4, 0x63C6, 0x4484, 0x44B4, 0x45BD, 0x45DB, 0x45DD, 0x98, 0x4598, 0x89, 0x8F, 0x437E, 0x437C, 0x447A,
	0x4660, 0x46AE, 0x91, 0x92, 0x45BC, 0x73C4, 0x46754)

const (
	idVoid     = 0xEC
	idBlock    = 0xA1
	idSimple   = 0xA3
	idTrack    = 0xAE
	idCluster  = 0x1F43B675
	idSegment  = 0x18538067
	idPrivate  = 0x63A2
	idUIDs     = 0x73C5
	idCRC      = 0xBF
	idFileData = 0x465C
)

// A film of Matroska being taken apart.
type mkv struct {
	*scan
	p       part
	tracks  []*mkvTrack
	track   *mkvTrack
	tag     string // name of the tag whose value comes next
	k       *peeker
	teller  *teller
	decided bool  // which tracks are shown
	blocks  int64 // of this cluster
}

type mkvTrack struct {
	number  uint64
	kind    uint64 // 1 picture, 2 sound, 17 subtitles …
	codec   string
	enabled bool
	private []byte
	at, n   int64
	packed  bool
	shown   bool
	told    int
}

// matroska names every element that plays nothing, every track but the first picture
// and sound, and messages between the pictures.
func (s *scan) matroska(p part) {
	m := &mkv{scan: s, p: p, k: &peeker{scan: s, p: p, window: 4096}}
	end, ok := m.level("", 0, p.size, 0)
	m.judge()
	if m.teller != nil {
		m.teller.tell()
	}
	if !ok || len(m.tracks) == 0 {
		s.damaged(p)
		return
	}
	s.trailing(p, end)
}

// element reads an ID and a length. unknown: the length is not given.
func (m *mkv) element(at, end int64) (id uint32, body, n int64, unknown, ok bool) {
	b, ok := m.k.read(at, min(12, end-at))
	if !ok || len(b) < 2 || b[0] == 0 {
		return 0, 0, 0, false, false
	}
	w := bits.LeadingZeros8(b[0]) + 1
	if w > 4 || w >= len(b) || b[w] == 0 {
		return 0, 0, 0, false, false
	}
	id = uint32(number(b[:w]))
	v := bits.LeadingZeros8(b[w]) + 1
	if w+v > len(b) {
		return 0, 0, 0, false, false
	}
	size := number(b[w:w+v]) &^ (1 << (7 * v))
	return id, at + int64(w+v), int64(size), size == 1<<(7*v)-1, true
}

func (m *mkv) level(path string, at, end int64, depth int) (int64, bool) {
	for at < end && m.more(m.p) {
		id, body, n, unknown, ok := m.element(at, end)
		if !ok || depth > 12 {
			return at, path == "" && at > 0 && depth == 0
		}
		if unknown {
			if id != idSegment && id != idCluster {
				return at, false
			}
			n = end - body
		}
		if n > end-body {
			return at, false
		}
		if path == "" && id != 0x1A45DFA3 && id != idSegment && id != idVoid && id != idCRC {
			return at, true // behind the end
		}
		if unknown && id == idCluster { // it ends where the next one begins
			n = m.unknownEnd(body, end) - body
		}
		if !m.one(path, id, at, body, n, depth) {
			return at, false
		}
		at = body + n
		if id == idCluster {
			m.parts = max(0, m.parts-int(m.blocks)) // frames are many and small: the limit is for the rest
			m.blocks = 0
			m.step(at, m.p.size)
		}
	}
	return at, m.alive()
}

// unknownEnd finds the first element after a cluster of unknown length.
func (m *mkv) unknownEnd(at, end int64) int64 {
	for at < end && m.alive() {
		id, body, n, unknown, ok := m.element(at, end)
		if !ok || unknown || n > end-body {
			return at
		}
		if !elementsShown[id] && id != 0xA0 && id != idVoid || id == 0x1C53BB6B {
			return at
		}
		at = body + n
	}
	return at
}

func (m *mkv) one(path string, id uint32, at, body, n int64, depth int) bool {
	if name, ok := elementHolders[id]; ok {
		if id == idTrack {
			m.track = &mkvTrack{enabled: true, at: at, n: body + n - at}
			m.tracks = append(m.tracks, m.track)
			name = fmt.Sprintf("TrackEntry[%d]", len(m.tracks))
		}
		_, ok := m.level(joinStep(path, name), body, body+n, depth+1)
		return ok
	}
	switch {
	case id == idVoid:
		if !m.empty(m.p, body, n) {
			b, _ := m.bytes(m.p, body, min(n, 4096))
			m.at(m.p, kindBytes, path, "void", sample(b, n), at, body+n-at)
		}
	case id == idBlock || id == idSimple:
		m.blocks++
		return m.block(path, body, n)
	case elementsShown[id]:
		return m.setting(path, id, body, n)
	case elementsQuiet[id]:
	default:
		m.leaf(path, id, at, body, n)
	}
	return true
}

func joinStep(path, name string) string {
	if path == "" {
		return name
	}
	return path + "/" + name
}

// setting keeps what a track is.
func (m *mkv) setting(path string, id uint32, body, n int64) bool {
	if m.track == nil || !strings.Contains(path, "TrackEntry") || n > 1<<20 {
		return true
	}
	b, ok := m.bytes(m.p, body, n)
	if !ok {
		return false
	}
	t := m.track
	switch id {
	case 0xD7:
		t.number = number(b[:min(8, len(b))])
	case 0x83:
		t.kind = number(b[:min(8, len(b))])
	case 0xB9:
		t.enabled = number(b[:min(8, len(b))]) != 0
	case 0x86:
		t.codec = text(b)
	case idPrivate:
		t.private = b
	case 0x5031, 0x4254:
		t.packed = true
	case idUIDs:
		if v := number(b[:min(8, len(b))]); v > 64 { // small ones are counted, others drawn by chance
			m.at(m.p, kindIdentifier, path, "track identifier", fmt.Sprint(v), body, n)
		}
	}
	return true
}

// leaf reports an element that plays nothing.
func (m *mkv) leaf(path string, id uint32, at, body, n int64) {
	name, known := elementNames[id]
	if !known {
		name = fmt.Sprintf("element %X", id)
	}
	b, _ := m.bytes(m.p, body, min(n, 4096))
	kind, value := kindByName(name, kindTag), sample(b, n)
	switch {
	case id == 0x4461 && len(b) == 8:
		value = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(number(b))).Format("2006-01-02 15:04:05")
	case id == 0x22B59C && (value == "und" || value == "mul"):
		return
	case id == 0x45A3:
		m.tag = value
		return
	case id == 0x4487 || id == 0x4485:
		name, kind = m.tag, kindByName(m.tag, kindTag)
	case id == idFileData:
		inner := m.p.cut(joinStep(path, "file"), body, n)
		kind, value = kindFile, m.looksLike(inner)
		m.nested(inner)
	case !known:
		kind = kindUnknown
	case kind == kindIdentifier:
		value = fmt.Sprintf("% x", b[:min(16, len(b))])
	}
	m.at(m.p, kind, path, name, value, at, body+n-at)
}

// block looks at one frame: of the picture for messages, of other tracks for what it
// says.
func (m *mkv) block(path string, body, n int64) bool {
	head, ok := m.k.read(body, min(n, 12))
	if !ok || len(head) < 4 || head[0] == 0 {
		return false
	}
	w := bits.LeadingZeros8(head[0]) + 1
	if w+3 > len(head) {
		return false
	}
	t := m.byNumber(number(head[:w]) &^ (1 << (7 * w)))
	laced := head[w+2]&6 != 0
	e := extent{body + int64(w) + 3, body + n}
	if t == nil {
		m.at(m.p, kindBytes, path, "block", amount(n), body, n)
		return true
	}
	m.decide()
	switch {
	case !t.shown:
		if t.told++; t.told <= maxTold && t.kind != 1 && t.kind != 2 {
			b, _ := m.bytes(m.p, e.from, min(e.to-e.from, 4096))
			m.at(m.p, kindText, "tracks", trackKind(t.kind), sample(b, e.to-e.from), e.from, e.to-e.from)
		}
	case t.kind == 2:
		if t.told++; t.told <= 4 {
			m.words(path, e)
		}
	case t.packed || laced || m.teller == nil:
	case !m.teller.sample(m.k, e):
		m.damaged(m.p)
		m.teller = nil
	}
	return true
}

// words looks for an encoder's name in the first frames of sound.
func (m *mkv) words(path string, e extent) {
	b, _ := m.bytes(m.p, e.from, min(max(0, e.to-e.from), 1<<13))
	if i := encoders.FindIndex(b); i != nil {
		m.recodeSound = true
		m.at(m.p, kindProgram, path, "encoder", string(b[i[0]:i[1]]), e.from+int64(i[0]), int64(i[1]-i[0]))
	}
}

func (m *mkv) byNumber(n uint64) *mkvTrack {
	for _, t := range m.tracks {
		if t.number == n {
			return t
		}
	}
	return nil
}

// decide says which tracks are shown: the first enabled picture and sound.
func (m *mkv) decide() {
	if m.decided {
		return
	}
	m.decided = true
	have := map[uint64]bool{}
	for _, t := range m.tracks {
		if t.enabled && (t.kind == 1 || t.kind == 2) && !have[t.kind] {
			have[t.kind], t.shown = true, true
			if t.kind == 1 {
				m.listen(t)
			}
		}
	}
}

// listen gets ready for the messages of the picture's codec.
func (m *mkv) listen(t *mkvTrack) {
	f := &film{scan: m.scan, p: m.p}
	w := &teller{film: f, where: "samples", track: &track{}, seen: map[string]*Finding{}, times: map[string]int{}}
	switch {
	case strings.HasPrefix(t.codec, "V_MPEG4/ISO/AVC") && len(t.private) > 4:
		w.track.codec, w.track.prefix = "avc1", int(t.private[4]&3)+1
	case strings.HasPrefix(t.codec, "V_MPEGH/ISO/HEVC") && len(t.private) > 22:
		w.track.codec, w.track.prefix = "hvc1", int(t.private[21]&3)+1
		f.hevcSettings("settings", 0, t.private, w.track)
	case t.codec == "V_VP8" || t.codec == "V_VP9":
		return
	default:
		m.unread(m.p.under(t.codec), whyCodec)
		return
	}
	m.teller = w
}

func trackKind(kind uint64) string {
	switch kind {
	case 1:
		return "picture"
	case 2:
		return "sound"
	case 0x11:
		return "subtitles"
	case 0x21:
		return "metadata"
	}
	return fmt.Sprintf("track kind %d", kind)
}

// judge names the tracks that are not shown.
func (m *mkv) judge() {
	m.decide()
	for i, t := range m.tracks {
		if !t.shown {
			m.at(m.p, kindTrack, fmt.Sprintf("TrackEntry[%d]", i+1), trackKind(t.kind), t.codec, t.at, t.n)
		}
	}
}
