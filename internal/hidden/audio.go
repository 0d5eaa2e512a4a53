package hidden

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/bits"
	"strings"
)

// isMP3 says whether MPEG sound begins there: two frames, one after the other.
func isMP3(b []byte) bool {
	n := frameLength(b)
	if n <= 0 {
		return false
	}
	return n >= len(b) || frameLength(b[n:]) > 0 || len(b)-n < 4
}

// Bit rates in kbit/s of MPEG-1 layers 1–3 and of MPEG-2 layers 1 and 2–3.
var bitRates = [5][16]int{
	{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
	{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
	{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}

var sampleRates = [4][3]int{{11025, 12000, 8000}, {}, {22050, 24000, 16000}, {44100, 48000, 32000}}

// frameLength is the length of the frame of MPEG sound (ISO/IEC 11172-3, 2.4.1) that
// begins there, 0 where none does.
func frameLength(b []byte) int {
	if len(b) < 4 || b[0] != 0xFF || b[1]&0xE0 != 0xE0 {
		return 0
	}
	version, layer := b[1]>>3&3, 4-int(b[1]>>1&3)
	rate, hz, pad := int(b[2]>>4), int(b[2]>>2&3), int(b[2]>>1&1)
	if version == 1 || layer == 4 || rate == 0 || rate == 15 || hz == 3 {
		return 0
	}
	row := layer - 1
	if version != 3 {
		row = 3 + min(1, layer-1)
	}
	speed, samples := bitRates[row][rate]*1000, sampleRates[version][hz]
	switch {
	case layer == 1:
		return (12*speed/samples + pad) * 4
	case layer == 3 && version != 3:
		return 72*speed/samples + pad
	}
	return 144*speed/samples + pad
}

// A stretch is a run of an MP3: frames of sound, or a tag.
type stretch struct {
	kind string // "sound", "id3", "id3v1", "ape", "lyrics", "info", "junk"
	at   int64
	n    int64
}

// stretches takes an MP3 apart: tags before, between and behind, and runs of frames.
func (s *scan) stretches(p part) (all []stretch, ok bool) {
	k := &peeker{scan: s, p: p, window: 1 << 16}
	end := p.size
	all, end = s.tagsBehind(p, all, end)
	var front []stretch
	frames := 0
	add := func(kind string, at, n int64) {
		if m := len(front); m > 0 && front[m-1].kind == kind && front[m-1].at+front[m-1].n == at && (kind == "sound" || kind == "junk") {
			front[m-1].n += n
			return
		}
		front = append(front, stretch{kind, at, n})
	}
	for at := int64(0); at < end; {
		b, got := k.read(at, min(10, end-at))
		if !got {
			return nil, false
		}
		if string(b[:min(3, len(b))]) == "ID3" && len(b) == 10 {
			n := min(id3Length(b), end-at)
			add("id3", at, n)
			at += n
			continue
		}
		n := int64(frameLength(b))
		if n == 0 || at+n > end {
			add("junk", at, 1)
			at++
			if len(front) > maxTags {
				return nil, false
			}
			continue
		}
		kind := "sound"
		if frames == 0 && s.infoFrame(k, at, n) {
			kind = "info"
		}
		frames++
		add(kind, at, n)
		at += n
	}
	s.parts += frames / 1024
	return append(front, all...), frames > 0
}

// infoFrame says whether a frame holds no sound but what an encoder says of it.
func (s *scan) infoFrame(k *peeker, at, n int64) bool {
	b, ok := k.read(at, min(n, 200))
	return ok && (bytes.Contains(b[:min(len(b), 48)], []byte("Xing")) || bytes.Contains(b[:min(len(b), 48)], []byte("Info")) ||
		bytes.Contains(b[:min(len(b), 48)], []byte("VBRI")))
}

// tagsBehind takes off what taggers put behind the sound.
func (s *scan) tagsBehind(p part, all []stretch, end int64) ([]stretch, int64) {
	for range 8 {
		switch {
		case s.has(p, end-128, "TAG"):
			all = append([]stretch{{"id3v1", end - 128, 128}}, all...)
			end -= 128
		case s.has(p, end-32, "APETAGEX"):
			b, ok := s.bytes(p, end-32, 32)
			n := int64(le.Uint32(b[12:]))
			if le.Uint32(b[20:])&(1<<31) != 0 {
				n += 32 // a head of its own
			}
			if !ok || n > end {
				return all, end
			}
			all = append([]stretch{{"ape", end - n, n}}, all...)
			end -= n
		case s.has(p, end-9, "LYRICS200"):
			b, ok := s.bytes(p, end-15, 6)
			size := int64(0)
			for _, c := range b {
				if c < '0' || c > '9' {
					return all, end
				}
				size = size*10 + int64(c-'0')
			}
			n := size + 15
			if !ok || n > end {
				return all, end
			}
			all = append([]stretch{{"lyrics", end - n, n}}, all...)
			end -= n
		default:
			return all, end
		}
	}
	return all, end
}

func (s *scan) has(p part, at int64, mark string) bool {
	if at < 0 || at+int64(len(mark)) > p.size {
		return false
	}
	b, ok := s.bytes(p, at, int64(len(mark)))
	return ok && string(b) == mark
}

// id3Length is the whole length of an ID3v2 tag (id3.org, 2.4, 3.1).
func id3Length(b []byte) int64 {
	n := int64(b[6]&127)<<21 | int64(b[7]&127)<<14 | int64(b[8]&127)<<7 | int64(b[9]&127)
	if b[5]&0x10 != 0 {
		n += 10
	}
	return n + 10
}

// mp3 names every tag, and every byte that is in no frame.
func (s *scan) mp3(p part) {
	all, ok := s.stretches(p)
	for _, r := range all {
		if !s.more(p) {
			return
		}
		inner := p.cut(r.kind, r.at, r.n)
		switch r.kind {
		case "id3":
			s.id3(inner)
		case "id3v1":
			s.id3v1(inner)
		case "ape":
			s.ape(inner)
		case "lyrics":
			b, _ := s.bytes(p, r.at, min(r.n, 4096))
			s.at(p, kindText, "", "lyrics", sample(b, r.n), r.at, r.n)
		case "info":
			b, _ := s.bytes(p, r.at, min(r.n, 1024))
			name := "encoder"
			if i := encoders.Find(b); i != nil {
				b = i
			} else {
				name, b = "stream information", nil
			}
			s.at(p, kindProgram, "", name, text(b), r.at, r.n)
		case "junk":
			if !s.empty(p, r.at, r.n) {
				b, _ := s.bytes(p, r.at, min(r.n, 4096))
				s.at(p, kindBytes, "", "between", sample(b, r.n), r.at, r.n)
			}
		case "sound":
			s.soundWords(p, r)
		}
	}
	if !ok {
		s.damaged(p)
	}
}

// soundWords looks for an encoder's name in the first frames.
func (s *scan) soundWords(p part, r stretch) {
	b, _ := s.bytes(p, r.at, min(r.n, 1<<13))
	if i := encoders.FindIndex(b); i != nil {
		s.at(p, kindProgram, "", "encoder", string(b[i[0]:i[1]]), r.at+int64(i[0]), int64(i[1]-i[0]))
	}
}

// Names of frames of ID3v2.
var id3Names = map[string]string{
	"TIT1": "group", "TIT2": "title", "TIT3": "subtitle", "TPE1": "artist", "TPE2": "band", "TPE3": "conductor artist", "TPE4": "remixer artist", "TALB": "album",
	"TYER": "year", "TDRC": "recording time", "TDEN": "encoding time", "TDTG": "tagging time", "TCOM": "composer author", "TENC": "encoded by", "TSSE": "encoder settings", "TCOP": "copyright",
	"TOWN": "owner", "TPUB": "publisher", "COMM": "comment", "USLT": "lyrics", "APIC": "picture", "GEOB": "file", "PRIV": "private data", "UFID": "unique identifier", "WXXX": "address",
	"TXXX": "user text", "TCON": "genre", "TRCK": "track", "CHAP": "chapter", "CTOC": "contents", "TT2": "title", "TP1": "artist", "TAL": "album", "PIC": "picture", "COM": "comment", "TSS": "encoder settings",
}

// id3 names each frame of an ID3v2 tag.
func (s *scan) id3(p part) {
	b, ok := s.all(p)
	if !ok || len(b) < 10 {
		s.damaged(p)
		return
	}
	version, at := b[3], 10
	s.at(p, kindTag, "", "ID3v2", fmt.Sprintf("2.%d, %s", version, amount(p.size)), 0, p.size)
	if b[5]&0x40 != 0 && len(b) > 14 && version > 2 {
		at += int(be.Uint32(b[10:]) & 0xFFFF)
	}
	head := 10
	if version == 2 {
		head = 6
	}
	for at+head <= len(b) && b[at] != 0 && s.more(p) {
		var name string
		var n int
		switch version {
		case 2:
			name, n = string(b[at:at+3]), int(number(b[at+3:at+6]))
		case 3:
			name, n = string(b[at:at+4]), int(be.Uint32(b[at+4:]))
		default:
			name, n = string(b[at:at+4]), int(b[at+4]&127)<<21|int(b[at+5]&127)<<14|int(b[at+6]&127)<<7|int(b[at+7]&127)
		}
		if n > len(b)-at-head {
			s.damaged(p)
			return
		}
		s.id3Frame(p, name, b[at+head:at+head+n], int64(at), int64(head+n))
		at += head + n
	}
	if at < len(b) && !s.empty(p, int64(at), p.size-int64(at)) {
		s.at(p, kindBytes, "", "padding", sample(bytes.TrimLeft(b[at:], "\x00"), p.size-int64(at)), int64(at), p.size-int64(at))
	}
}

func (s *scan) id3Frame(p part, frame string, b []byte, at, n int64) {
	name, known := id3Names[frame]
	if !known {
		name = frame
	}
	value := ""
	switch {
	case frame == "APIC" || frame == "PIC" || frame == "GEOB":
		if i := pictureAt(b); i >= 0 {
			inner := part{p.under(frame), bytes.NewReader(b[i:]), int64(len(b) - i), 0, p.depth + 1}
			s.at(p, kindPicture, "", name, s.looksLike(inner), at, n)
			s.nested(inner)
			return
		}
		value = sample(b, int64(len(b)))
	case (frame[0] == 'T' || strings.HasPrefix(frame, "COM") || frame == "USLT") && len(b) > 1:
		value = encoded(b, strings.HasPrefix(frame, "COM") || frame == "USLT")
	default:
		value = sample(b, int64(len(b)))
	}
	s.at(p, kindByName(name, kindTag), "", name, value, at, n)
}

// encoded reads words after a byte that says how they are written.
func encoded(b []byte, language bool) string {
	form, rest := b[0], b[1:]
	if language && len(rest) > 3 {
		rest = rest[3:]
	}
	switch form {
	case 1:
		var out []string
		for _, piece := range splitWide(rest) {
			out = append(out, text(piece))
		}
		return strings.TrimSpace(strings.Join(out, " "))
	case 2:
		return wide(rest, true)
	}
	return text(bytes.ReplaceAll(rest, []byte{0}, []byte{' '}))
}

// splitWide cuts UTF-16 at its ends: each piece has a mark of its own.
func splitWide(b []byte) (all [][]byte) {
	from := 0
	for i := 0; i+1 < len(b); i += 2 {
		if b[i] == 0 && b[i+1] == 0 {
			all = append(all, b[from:i])
			from = i + 2
		}
	}
	return append(all, b[from:])
}

// pictureAt finds where a picture begins in a frame that has words before it.
func pictureAt(b []byte) int {
	for _, mark := range []string{"\xff\xd8\xff", pngMark, "GIF8", "RIFF"} {
		if i := bytes.Index(b[:min(len(b), 1024)], []byte(mark)); i >= 0 {
			return i
		}
	}
	return -1
}

func (s *scan) id3v1(p part) {
	b, ok := s.all(p)
	if !ok || len(b) < 128 {
		return
	}
	s.at(p, kindTag, "", "ID3v1", amount(p.size), 0, p.size)
	for _, f := range []struct {
		name     string
		from, to int
	}{{"title", 3, 33}, {"artist", 33, 63}, {"album", 63, 93}, {"year", 93, 97}, {"comment", 97, 127}} {
		if v := text(bytes.Trim(b[f.from:f.to], "\x00 ")); v != "" {
			s.at(p, kindByName(f.name, kindTag), "", f.name, v, int64(f.from), int64(f.to-f.from))
		}
	}
}

// ape names each item of an APE tag.
func (s *scan) ape(p part) {
	b, ok := s.all(p)
	if !ok {
		return
	}
	s.at(p, kindTag, "", "APE", amount(p.size), 0, p.size)
	at := 0
	if bytes.HasPrefix(b, []byte("APETAGEX")) && len(b) > 64 {
		at = 32
	}
	for at+8 < len(b)-32 && s.more(p) {
		n := int(le.Uint32(b[at:]))
		key, _, ok := bytes.Cut(b[at+8:], []byte{0})
		from := at + 8 + len(key) + 1
		if !ok || n > len(b)-from {
			s.damaged(p)
			return
		}
		s.at(p, kindByName(text(key), kindTag), "", text(key), sample(b[from:from+n], int64(n)), int64(at), int64(from+n-at))
		at = from + n
	}
}

// A flacBlock is a block before the sound (RFC 9639, 8).
type flacBlock struct {
	kind byte
	at   int64
	n    int64
}

const (
	flacStream  = 0
	flacPadding = 1
	flacSeek    = 3
	flacComment = 4
	flacCue     = 5
	flacPicture = 6
)

// flacBlocks gives the blocks, and where the sound begins.
func (s *scan) flacBlocks(p part) (all []flacBlock, sound int64, ok bool) {
	for at := int64(4); s.more(p); {
		head, got := s.bytes(p, at, 4)
		n := int64(0)
		if got {
			n = int64(number(head[1:]))
		}
		if !got || n > p.size-at-4 {
			return all, at, false
		}
		all = append(all, flacBlock{head[0] & 127, at, n})
		if at += 4 + n; head[0]&128 != 0 {
			return all, at, all[0].kind == flacStream && all[0].n == 34
		}
	}
	return all, 0, false
}

func (s *scan) flac(p part) {
	all, sound, ok := s.flacBlocks(p)
	for _, k := range all {
		inner := p.cut("block", k.at+4, k.n)
		switch k.kind {
		case flacStream, flacSeek:
		case flacPadding:
			if !s.empty(p, k.at+4, k.n) {
				b, _ := s.bytes(p, k.at+4, min(k.n, 4096))
				s.at(p, kindBytes, "", "padding", sample(bytes.TrimLeft(b, "\x00"), k.n), k.at, k.n+4)
			}
		case flacComment:
			if b, ok := s.all(inner); ok {
				s.vorbisComments(inner, b)
			}
		case flacPicture:
			if b, ok := s.all(inner); ok {
				s.flacPicture(inner, b)
			}
		case flacCue:
			b, _ := s.bytes(p, k.at+4, min(k.n, 4096))
			s.at(p, kindTag, "", "cue sheet", sample(b, k.n), k.at, k.n+4)
		default:
			b, _ := s.bytes(p, k.at+4, min(k.n, 4096))
			s.at(p, kindUnknown, "", fmt.Sprintf("block %d", k.kind), sample(b, k.n), k.at, k.n+4)
		}
	}
	if !ok {
		s.damaged(p)
		return
	}
	s.flacEnd(p, sound)
}

// flacEnd makes sure that the file ends where its last frame does.
func (s *scan) flacEnd(p part, sound int64) {
	tags, end := s.tagsBehind(p, nil, p.size)
	for _, r := range tags {
		inner := p.cut(r.kind, r.at, r.n)
		if r.kind == "id3v1" {
			s.id3v1(inner)
		} else {
			s.ape(inner)
		}
	}
	last, whole := s.lastFrame(p, sound, end)
	switch {
	case whole:
	case last < 0:
		s.damaged(p)
	default:
		s.at(p, kindBytes, "", "after-the-end", amount(end-last), last, end-last)
	}
}

// maxFLAC is more than the longest frame of FLAC that is looked for, in bytes.
const maxFLAC = 1 << 20

// lastFrame finds the last frame: whole says that its check says it ends at end.
// Otherwise it gives where the last whole frame ends, -1 where there is none.
func (s *scan) lastFrame(p part, sound, end int64) (int64, bool) {
	from := max(sound, end-maxFLAC)
	b, ok := s.bytes(p, from, end-from)
	if !ok || len(b) < 8 {
		return -1, false
	}
	for i := len(b) - 7; i >= 0; i-- {
		if b[i] == 0xFF && b[i+1]&0xFE == 0xF8 && flacHead(b[i:]) {
			if crc16(b[i:]) == 0 {
				return end, true
			}
			if n := flacStops(b[i:]); n > 0 {
				return from + int64(i+n), false
			}
		}
	}
	return -1, false
}

// flacStops looks for where a frame that does not end at the end does: the first
// place from where on its check agrees.
func flacStops(b []byte) int {
	sum := uint16(0)
	for i, c := range b {
		sum = sum<<8 ^ crc16Table[byte(sum>>8)^c]
		if sum == 0 && i > 16 {
			return i + 1
		}
	}
	return 0
}

// flacHead says whether the head of a frame is whole: its last byte is its check.
func flacHead(b []byte) bool {
	if len(b) < 7 || b[3]&1 != 0 {
		return false
	}
	n := 4 + max(1, bits.LeadingZeros8(^b[4])) // a number as UTF-8 writes it
	switch b[2] >> 4 {
	case 6:
		n++
	case 7:
		n += 2
	}
	switch b[2] & 15 {
	case 12:
		n++
	case 13, 14:
		n += 2
	}
	return n < len(b) && crc8(b[:n]) == b[n]
}

func crc8(b []byte) (sum byte) {
	for _, c := range b {
		sum ^= c
		for range 8 {
			if sum&0x80 != 0 {
				sum = sum<<1 ^ 7
			} else {
				sum <<= 1
			}
		}
	}
	return sum
}

var crc16Table = func() (t [256]uint16) {
	for i := range t {
		v := uint16(i) << 8
		for range 8 {
			if v&0x8000 != 0 {
				v = v<<1 ^ 0x8005
			} else {
				v <<= 1
			}
		}
		t[i] = v
	}
	return t
}()

func crc16(b []byte) (sum uint16) {
	for _, c := range b {
		sum = sum<<8 ^ crc16Table[byte(sum>>8)^c]
	}
	return sum
}

// vorbisComments names each comment of a Vorbis comment (also of FLAC and Opus).
func (s *scan) vorbisComments(p part, b []byte) {
	take := func() []byte {
		if len(b) < 4 || int64(le.Uint32(b)) > int64(len(b)-4) {
			b = nil
			return nil
		}
		v := b[4 : 4+le.Uint32(b)]
		b = b[4+len(v):]
		return v
	}
	if vendor := take(); len(vendor) > 0 {
		s.at(p, kindProgram, "", "vendor", text(vendor), 0, int64(len(vendor)))
	}
	if len(b) < 4 {
		return
	}
	n := le.Uint32(b)
	b = b[4:]
	for i := uint32(0); i < n && len(b) >= 4 && s.more(p); i++ {
		at := p.size - int64(len(b))
		key, value, _ := strings.Cut(string(take()), "=")
		if upper := strings.ToUpper(key); upper == "METADATA_BLOCK_PICTURE" {
			if picture, err := base64.StdEncoding.DecodeString(value); err == nil {
				s.flacPicture(part{p.under("picture"), bytes.NewReader(picture), int64(len(picture)), 0, p.depth + 1}, picture)
				continue
			}
		}
		s.at(p, kindByName(key, kindText), "", key, value, at, int64(len(key)+len(value)+5))
	}
}

func (s *scan) flacPicture(p part, b []byte) {
	at := 4
	skip := func() bool {
		if at+4 > len(b) || int64(be.Uint32(b[at:])) > int64(len(b)-at-4) {
			return false
		}
		at += 4 + int(be.Uint32(b[at:]))
		return true
	}
	mime := skip() // then the description
	if !mime || !skip() || at+20 > len(b) {
		s.at(p, kindPicture, "", "picture", amount(p.size), 0, p.size)
		return
	}
	at += 20
	inner := p.cut("picture", int64(at), p.size-int64(at))
	s.at(p, kindPicture, "", "picture", s.looksLike(inner), 0, p.size)
	s.nested(inner)
}
