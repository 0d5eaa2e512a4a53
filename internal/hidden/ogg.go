package hidden

import (
	"bytes"
	"fmt"
)

// A page is one of an Ogg stream (RFC 3533).
type page struct {
	at, body, to int64
	flags        byte
	granule      uint64
	serial       uint32
	sequence     uint32
	laces        []byte
}

// page reads the page at at.
func (s *scan) page(p part, at int64) (g page, ok bool) {
	head, ok := s.bytes(p, at, 27)
	if !ok || string(head[:4]) != "OggS" || head[4] != 0 {
		return g, false
	}
	laces, ok := s.bytes(p, at+27, int64(head[26]))
	if !ok {
		return g, false
	}
	g = page{at: at, body: at + 27 + int64(len(laces)), flags: head[5], granule: le.Uint64(head[6:]), serial: le.Uint32(head[14:]), sequence: le.Uint32(head[18:]), laces: laces}
	g.to = g.body
	for _, n := range laces {
		g.to += int64(n)
	}
	return g, g.to <= p.size
}

// An oggStream is one of the streams that share a file.
type oggStream struct {
	packets  [][]byte // the first ones: heads and comments
	open     []byte
	complete int
	kind     string
}

// headPackets is how many packets come before the sound.
var headPackets = map[string]int{"vorbis": 3, "opus": 2, "flac": 2, "speex": 2}

// ogg names the comments, every stream but the first, and what lies between and behind.
func (s *scan) ogg(p part) {
	streams := map[uint32]*oggStream{}
	var first uint32
	at := int64(0)
	for at < p.size && s.more(p) {
		g, ok := s.page(p, at)
		if !ok {
			break
		}
		t := streams[g.serial]
		if t == nil {
			if len(streams) == 0 {
				first = g.serial
			}
			if len(streams) > 32 {
				break
			}
			t = &oggStream{}
			streams[g.serial] = t
		}
		if s.collect(p, t, g); t.complete >= 1 && t.kind == "" {
			t.kind = oggKind(t.packets[0])
			if g.serial != first {
				s.at(p, kindTrack, "", "stream "+fmt.Sprint(g.serial), t.kind, g.at, g.to-g.at)
			}
		}
		s.step(at, p.size)
		at = g.to
	}
	if len(streams) == 0 || streams[first].complete < 2 {
		s.damaged(p)
		return
	}
	for _, t := range streams {
		s.oggHeads(p, t)
	}
	s.trailing(p, at)
}

// collect keeps the first packets of a stream.
func (s *scan) collect(p part, t *oggStream, g page) {
	if t.complete >= max(3, headPackets[t.kind]) {
		return
	}
	at := g.body
	for _, n := range g.laces {
		b, ok := s.bytes(p, at, int64(n))
		if !ok || len(t.open) > 1<<24 {
			return
		}
		t.open = append(t.open, b...)
		at += int64(n)
		if n < 255 {
			t.packets, t.open = append(t.packets, t.open), nil
			if t.complete++; t.complete >= 3 {
				return
			}
		}
	}
}

func oggKind(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("\x01vorbis")):
		return "vorbis"
	case bytes.HasPrefix(b, []byte("OpusHead")):
		return "opus"
	case bytes.HasPrefix(b, []byte("\x7fFLAC")):
		return "flac"
	case bytes.HasPrefix(b, []byte("Speex")):
		return "speex"
	case bytes.HasPrefix(b, []byte("\x80theora")):
		return "theora"
	}
	return safe(text(b[:min(len(b), 8)]), 8)
}

func (s *scan) oggHeads(p part, t *oggStream) {
	if len(t.packets) < 2 {
		return
	}
	body := t.packets[1]
	inner := part{p.under("comments"), bytes.NewReader(body), int64(len(body)), 0, p.depth + 1}
	switch t.kind {
	case "vorbis", "theora":
		s.vorbisComments(inner, body[min(7, len(body)):])
	case "opus":
		s.opusTags(inner, body)
	case "speex":
		s.vorbisComments(inner, body)
	case "flac":
		s.vorbisComments(inner, body[min(4, len(body)):])
	default:
		s.unread(p.under(t.kind), whyCodec)
	}
}

// opusTags names the comments of Opus, and what is behind them (RFC 7845, 5.2).
func (s *scan) opusTags(p part, b []byte) {
	if !bytes.HasPrefix(b, []byte("OpusTags")) {
		s.damaged(p)
		return
	}
	s.vorbisComments(p, b[8:])
}
