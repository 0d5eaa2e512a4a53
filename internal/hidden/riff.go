package hidden

import (
	"bytes"
	"fmt"
	"strings"
)

// A record is one chunk of a RIFF file: a name, a length, a content, and a byte to
// make it even.
type record struct {
	name     string
	at, body int64
	n        int64
}

func (r record) end() int64 { return r.body + r.n + r.n%2 }

// records takes the chunks of a stretch of a RIFF file apart and hands on each. It
// gives where the last one ends; false: one is longer than what it is in.
func (s *scan) records(p part, at, end int64, each func(record)) (int64, bool) {
	for at+8 <= end && s.more(p) {
		head, ok := s.bytes(p, at, 8)
		if !ok {
			return at, false
		}
		r := record{string(head[:4]), at, at + 8, int64(le.Uint32(head[4:]))}
		if r.body+r.n > end {
			return at, false
		}
		each(r)
		at = min(r.end(), end)
	}
	return at, true
}

// riff takes a RIFF file apart, and names what comes after its end.
func (s *scan) riff(p part, each func(record)) {
	head, ok := s.bytes(p, 0, 12)
	if !ok {
		s.damaged(p)
		return
	}
	end := 8 + int64(le.Uint32(head[4:]))
	if string(head[:4]) == "RF64" || end > p.size {
		end = p.size
		if string(head[:4]) != "RF64" {
			s.damaged(p)
		}
	}
	last, ok := s.records(p, 12, end, each)
	if !ok {
		s.damaged(p)
		return
	}
	if last < end {
		s.gapsWithin(p, nil, last, end)
	}
	if end+end%2 < p.size {
		s.trailing(p, end+end%2)
	}
}

// webpShown are the chunks that make a picture.
var webpShown = []string{"VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF"}

// webp names every chunk that makes no part of the picture.
func (s *scan) webp(p part) { s.riff(p, func(r record) { s.webpChunk(p, r) }) }

func (s *scan) webpChunk(p part, r record) {
	inner := p.cut(strings.TrimSpace(r.name), r.body, r.n)
	switch {
	case r.name == "EXIF":
		b, _ := s.bytes(p, r.body, min(r.n, 6))
		if string(b) == markExif {
			inner = p.cut("EXIF", r.body+6, r.n-6)
		}
		s.exif(inner)
	case r.name == "XMP ":
		s.xmp(inner, "XMP")
	case r.name == "ICCP":
		s.icc(inner)
	case r.name == "ANMF" && r.n > 16:
		if _, ok := s.records(p, r.body+16, r.body+r.n, func(c record) { s.webpChunk(p, c) }); !ok {
			s.damaged(p)
		}
	case contains(webpShown, r.name):
	default:
		s.unknownRecord(p, r)
	}
}

func (s *scan) unknownRecord(p part, r record) {
	b, _ := s.bytes(p, r.body, min(r.n, 4096))
	s.at(p, kindUnknown, "", r.name, sample(b, r.n), r.at, r.end()-r.at)
}

// Names of the texts in a LIST INFO (RIFF MCI, 1991, and what cameras write).
var infoNames = map[string]string{
	"IARL": "ArchivalLocation", "IART": "Artist", "ICMS": "Commissioned", "ICMT": "Comment", "ICOP": "Copyright", "ICRD": "DateCreated", "IDIT": "DateTimeOriginal",
	"IENG": "Engineer", "IGNR": "Genre", "IKEY": "Keywords", "IMED": "Medium", "INAM": "Title", "IPRD": "Product", "ISBJ": "Subject", "ISFT": "Software", "ISRC": "Source",
	"ITCH": "Technician", "ISMP": "TimeCode", "ILOC": "Location", "IMAK": "Make", "IMOD": "Model", "IAS1": "Language", "ITRK": "TrackNumber",
}

// info names each text of a LIST INFO.
func (s *scan) info(p part, from, end int64) {
	_, ok := s.records(p, from, end, func(r record) {
		b, _ := s.bytes(p, r.body, min(r.n, 4096))
		name, known := infoNames[r.name]
		if !known {
			name = r.name
		}
		s.at(p, kindByName(name, kindText), "INFO", name, sample(b, r.n), r.at, r.end()-r.at)
	})
	if !ok {
		s.damaged(p)
	}
}

// list is the kind of a LIST, empty where the record is none.
func (s *scan) list(p part, r record) string {
	if r.name != "LIST" || r.n < 4 {
		return ""
	}
	b, _ := s.bytes(p, r.body, 4)
	return string(b)
}

// wav names every chunk but the form of the sound and the sound.
func (s *scan) wav(p part) {
	s.riff(p, func(r record) {
		inner := p.cut(strings.TrimSpace(r.name), r.body, r.n)
		switch {
		case r.name == "fmt " || r.name == "data" || r.name == "fact" && r.n == 4 || r.name == "ds64":
		case s.list(p, r) == "INFO":
			s.info(p, r.body+4, r.body+r.n)
		case r.name == "bext":
			s.broadcast(p, r)
		case r.name == "iXML" || r.name == "axml" || r.name == "_PMX":
			s.xmp(inner, r.name)
		case r.name == "id3 " || r.name == "ID3 ":
			s.id3(inner)
		case r.name == "JUNK" || r.name == "junk" || r.name == "PAD " || r.name == "FLLR":
			s.filling(p, r)
		default:
			s.unknownRecord(p, r)
		}
	})
}

// filling names what is in a chunk that should be empty.
func (s *scan) filling(p part, r record) {
	if !s.empty(p, r.body, r.n) {
		b, _ := s.bytes(p, r.body, min(r.n, 4096))
		s.at(p, kindBytes, "", r.name, sample(bytes.TrimLeft(b, "\x00"), r.n), r.at, r.end()-r.at)
	}
}

// broadcast names the fields of a bext chunk (EBU Tech 3285).
func (s *scan) broadcast(p part, r record) {
	b, ok := s.bytes(p, r.body, min(r.n, 1<<20))
	if !ok {
		s.damaged(p)
		return
	}
	at := 0
	for _, f := range []struct {
		name string
		n    int
	}{{"Description", 256}, {"Originator", 32}, {"OriginatorReference", 32}, {"OriginationDate", 10}, {"OriginationTime", 8}, {"", 8 + 2}, {"UMID", 64},
		{"", 190}, {"CodingHistory", 1 << 20}} {
		if at >= len(b) {
			return
		}
		v := b[at:min(len(b), at+f.n)]
		if f.name != "" && len(bytes.Trim(v, "\x00 ")) > 0 {
			kind := kindByName(f.name, kindText)
			if f.name == "Originator" {
				kind = kindPerson
			}
			s.at(p, kind, "bext", f.name, sample(v, int64(len(v))), r.body+int64(at), int64(len(v)))
		}
		at += f.n
	}
}

// avi names the texts, times, fillings and further streams of an AVI.
func (s *scan) avi(p part) {
	v := &aviFile{scan: s, p: p}
	s.riff(p, v.record)
	v.streams()
}

type aviFile struct {
	*scan
	p     part
	kinds []string
}

func (v *aviFile) record(r record) {
	switch l := v.list(v.p, r); {
	case l == "INFO":
		v.info(v.p, r.body+4, r.body+r.n)
	case l == "movi":
		v.movie(r)
	case l == "hdrl" || l == "strl" || l == "odml" || l == "rec ":
		if _, ok := v.records(v.p, r.body+4, r.body+r.n, v.record); !ok {
			v.damaged(v.p)
		}
	case r.name == "strh" && r.n >= 8:
		b, _ := v.bytes(v.p, r.body, 8)
		v.kinds = append(v.kinds, string(b))
	case r.name == "strn":
		v.text(r, kindText, "stream name")
	case r.name == "IDIT":
		v.text(r, kindTime, "DateTimeOriginal")
	case r.name == "JUNK" || r.name == "PAD ":
		v.filling(v.p, r)
	case contains(strings.Fields("avih strf idx1 indx dmlh vprp"), r.name):
	default:
		v.unknownRecord(v.p, r)
	}
}

func (v *aviFile) text(r record, kind, name string) {
	b, _ := v.bytes(v.p, r.body, min(r.n, 4096))
	v.at(v.p, kind, "", name, sample(b, r.n), r.at, r.end()-r.at)
}

// movie counts on nothing but the names of its chunks: picture, sound, index.
func (v *aviFile) movie(r record) {
	_, ok := v.records(v.p, r.body+4, r.body+r.n, func(c record) {
		switch {
		case v.list(v.p, c) == "rec ":
			v.record(c)
		case c.name == "JUNK":
			v.filling(v.p, c)
		case len(c.name) == 4 && contains(strings.Fields("dc db wb pc tx"), c.name[2:]), strings.HasPrefix(c.name, "ix"):
			if int(c.name[0]-'0')*10+int(c.name[1]-'0') < len(v.kinds) || strings.HasPrefix(c.name, "ix") {
				v.userData(c)
				return
			}
			fallthrough
		default:
			v.unknownRecord(v.p, c)
		}
	})
	if !ok {
		v.damaged(v.p)
	}
}

// userData looks for what an MPEG-4 encoder writes into its frames.
func (v *aviFile) userData(c record) {
	if c.name[2:] != "dc" || c.n == 0 {
		return
	}
	b, _ := v.bytes(v.p, c.body, min(c.n, 512))
	if i := bytes.Index(b, []byte("\x00\x00\x01\xb2")); i >= 0 {
		end := bytes.Index(b[i+4:], []byte("\x00\x00\x01"))
		if end < 0 {
			end = len(b) - i - 4
		}
		v.at(v.p, kindProgram, "movi", "user data", sample(b[i+4:i+4+end], int64(end)), c.body+int64(i), int64(end))
	}
}

// streams names every stream but the first picture and the first sound.
func (v *aviFile) streams() {
	have := map[string]bool{}
	for i, k := range v.kinds {
		kind := k[:4]
		if (kind == "vids" || kind == "auds") && !have[kind] {
			have[kind] = true
			continue
		}
		v.at(v.p, kindTrack, "", fmt.Sprintf("stream %d", i), k, 0, 0)
	}
}
