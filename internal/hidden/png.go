package hidden

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
)

// pngShown are the chunks that make the picture and hold no words, with the most bytes
// that each may have (PNG 3rd edition).
var pngShown = map[string]int64{"IHDR": 13, "PLTE": 768, "IDAT": 1<<31 - 1, "IEND": 0, "tRNS": 256, "gAMA": 4, "cHRM": 32, "sRGB": 1, "sBIT": 4, "pHYs": 9,
	"bKGD": 6, "hIST": 512, "cICP": 4, "mDCV": 24, "cLLI": 8}

// shows says whether a chunk makes a part of the picture and no more.
func (c chunk) shows() bool {
	most, ok := pngShown[c.kind]
	return ok && c.n <= most
}

// A chunk is one of a PNG: its content is at body, its check after it.
type chunk struct {
	kind     string
	at, body int64
	n        int64 // of the content
}

func (c chunk) end() int64 { return c.body + c.n + 4 }

// chunks takes a PNG apart up to its end. whole: there is one.
func chunks(b []byte) (all []chunk, whole bool) {
	for at := int64(len(pngMark)); at+12 <= int64(len(b)); {
		c := chunk{string(b[at+4 : at+8]), at, at + 8, int64(be.Uint32(b[at:]))}
		if c.n > int64(len(b))-at-12 {
			return all, false
		}
		all = append(all, c)
		if c.kind == "IEND" {
			return all, true
		}
		at = c.end()
	}
	return all, false
}

// png names every chunk that makes no part of the picture, and what comes after its
// end.
func (s *scan) png(p part) {
	b, ok := s.all(p)
	if !ok {
		return
	}
	all, whole := chunks(b)
	var pixels []byte
	frames := 0
	for _, c := range all {
		if !s.more(p) {
			return
		}
		switch c.kind {
		case "IDAT":
			pixels = append(pixels, b[c.body:c.body+c.n]...)
		case "fcTL", "fdAT":
			frames++
		}
		if !c.shows() {
			s.chunk(p, c, b[c.body:c.body+c.n])
		}
	}
	if !whole {
		s.damaged(p)
		return
	}
	s.pixels(p, all, b, pixels)
	s.trailing(p, all[len(all)-1].end())
}

func (s *scan) chunk(p part, c chunk, body []byte) {
	tell := func(kind, name, value string) { s.at(p, kind, c.kind, name, value, c.at, c.n+12) }
	inner := p.cut(c.kind, c.body, c.n)
	switch c.kind {
	case "tEXt":
		key, value, _ := bytes.Cut(body, []byte{0})
		s.keyword(p, c, text(key), value)
	case "zTXt":
		key, rest, _ := bytes.Cut(body, []byte{0})
		s.keyword(p, c, text(key), s.inflated(p, rest, 1))
	case "iTXt":
		s.international(p, c, body)
	case "iCCP":
		name, rest, _ := bytes.Cut(body, []byte{0})
		profile := s.inflated(p, rest, 1)
		if string(name) != ownProfileName || !isOurProfile(profile) {
			tell(kindProfile, "profile name", text(name))
			s.icc(part{inner.label, bytes.NewReader(profile), int64(len(profile)), 0, p.depth + 1})
		}
	case "eXIf":
		s.exif(inner)
	case "tIME":
		if len(body) == 7 {
			tell(kindTime, "tIME", fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d", be.Uint16(body), body[2], body[3], body[4], body[5], body[6]))
		} else {
			tell(kindTime, "tIME", sample(body, c.n))
		}
	case "acTL":
		if len(body) >= 4 {
			tell(kindFrames, "animation", fmt.Sprint(be.Uint32(body)))
		}
	case "fcTL", "fdAT":
		tell(kindFrames, c.kind, amount(c.n))
	default:
		tell(kindUnknown, c.kind, sample(body, c.n))
	}
}

// ownProfileName is the name that Clean gives to a profile.
const ownProfileName = "-"

// keyword reports a text of a PNG. Some programs write other metadata into texts.
func (s *scan) keyword(p part, c chunk, key string, value []byte) {
	inner := part{p.under(c.kind, safe(key, maxName)), bytes.NewReader(value), int64(len(value)), 0, p.depth + 1}
	switch {
	case key == "XML:com.adobe.xmp":
		s.xmp(inner, "XMP")
	case strings.HasPrefix(key, "Raw profile type "):
		s.rawProfile(p, c, key, value)
	default:
		s.at(p, kindByName(key, kindText), c.kind, key, sample(value, int64(len(value))), c.at, c.n+12)
	}
}

// rawProfile reads metadata that a program wrote in hexadecimal digits.
func (s *scan) rawProfile(p part, c chunk, key string, value []byte) {
	s.at(p, kindTag, c.kind, key, amount(int64(len(value))), c.at, c.n+12)
	lines := bytes.SplitN(bytes.TrimSpace(value), []byte("\n"), 3) // its name, its length, its digits
	if len(lines) < 3 {
		return
	}
	b, err := unhex(bytes.Join(bytes.Fields(lines[2]), nil))
	if err != nil {
		return
	}
	b = bytes.TrimPrefix(b, []byte(markExif))
	inner := part{p.under(c.kind, safe(key, maxName)), bytes.NewReader(b), int64(len(b)), 0, p.depth + 1}
	switch name := strings.TrimPrefix(key, "Raw profile type "); {
	case name == "xmp":
		s.xmp(inner, "XMP")
	case (name == "iptc" || name == "8bim") && bytes.HasPrefix(b, []byte("8BIM")):
		s.photoshop(inner)
	case name == "iptc":
		s.iptc(inner)
	case s.sniff(inner).media == "image/tiff":
		s.exif(inner)
	}
}

func (s *scan) international(p part, c chunk, body []byte) {
	key, rest, ok := bytes.Cut(body, []byte{0})
	if !ok || len(rest) < 2 {
		s.at(p, kindText, c.kind, text(key), "", c.at, c.n+12)
		return
	}
	parts := bytes.SplitN(rest[2:], []byte{0}, 3)
	value := parts[len(parts)-1]
	if rest[0] == 1 {
		value = s.inflated(p, value, 0)
	}
	if len(parts) == 3 && len(parts[1]) > 0 {
		s.at(p, kindText, c.kind, text(key), text(parts[1]), c.at, c.n+12)
	}
	s.keyword(p, c, text(key), value)
}

// inflated unpacks b after skip bytes.
func (s *scan) inflated(p part, b []byte, skip int) []byte {
	if len(b) < skip {
		s.damaged(p)
		return nil
	}
	out, rest, ok := s.unpack(b[skip:])
	if !ok {
		s.damaged(p)
	}
	if rest > 0 {
		s.at(p, kindBytes, "", "after-the-packed", sample(b[len(b)-rest:], int64(rest)), 0, int64(rest))
	}
	return out
}

// unpack reads a zlib stream, and says how many bytes of b come after it.
func (s *scan) unpack(b []byte) (out []byte, rest int, ok bool) {
	r := bytes.NewReader(b)
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, 0, false
	}
	limit := min(maxPiece, s.budget)
	out, err = io.ReadAll(io.LimitReader(z, limit+1))
	if int64(len(out)) > limit || !s.spend(int64(len(out))) {
		return nil, 0, false
	}
	return out, r.Len(), err == nil
}

// pixels makes sure that the picture's data ends where its compression does, and has
// as many bytes as the picture has pixels.
func (s *scan) pixels(p part, all []chunk, b, pixels []byte) {
	r := bytes.NewReader(pixels)
	z, err := zlib.NewReader(r)
	if err != nil || len(all) == 0 {
		s.damaged(p)
		return
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, maxPNG))
	want := pngSize(b[all[0].body : all[0].body+all[0].n])
	switch {
	case err != nil || n < want:
		s.damaged(p)
	case n > want:
		s.at(p, kindBytes, "IDAT", "after-the-pixels", amount(n-want), all[0].at, n-want)
	case r.Len() > 0:
		s.at(p, kindBytes, "IDAT", "after-the-pixels", sample(pixels[len(pixels)-r.Len():], int64(r.Len())), all[0].at, int64(r.Len()))
	}
}

// maxPNG is how many bytes of pixels are counted.
const maxPNG = 4 << 30

// channels gives for each colour type how many numbers a pixel has.
var channels = map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

// pngSize says how many bytes the pixels that IHDR announces take (PNG, 7.2 and 8.2).
func pngSize(head []byte) (n int64) {
	if len(head) < 13 {
		return -1
	}
	width, height := int64(be.Uint32(head)), int64(be.Uint32(head[4:]))
	bits := int64(head[8]) * channels[head[9]]
	if width > 1<<24 || height > 1<<24 {
		return -1
	}
	passes := [][4]int64{{0, 0, 1, 1}}
	if head[12] == 1 {
		passes = [][4]int64{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}
	}
	for _, p := range passes { // first column and row, then the steps
		w, h := (width-p[0]+p[2]-1)/p[2], (height-p[1]+p[3]-1)/p[3]
		if w > 0 && h > 0 {
			n += h * (1 + (w*bits+7)/8)
		}
	}
	return n
}
