package hidden

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// The markers of JPEG (ITU-T T.81, table B.1) that matter here.
const (
	jpegStart   = 0xD8
	jpegEnd     = 0xD9
	jpegScan    = 0xDA
	jpegApp0    = 0xE0
	jpegApp15   = 0xEF
	jpegComment = 0xFE
)

// A segment is one marker of a JPEG with what belongs to it: of a scan that is the
// coded picture too.
type segment struct {
	marker       byte
	at, body, to int64 // where it starts, its content, and where the next one is
	head         int64 // of a scan: where its own head ends
}

// What segments that begin with these words are.
const (
	markExif     = "Exif\x00\x00"
	markXMP      = "http://ns.adobe.com/xap/1.0/\x00"
	markMoreXMP  = "http://ns.adobe.com/xmp/extension/\x00"
	markICC      = "ICC_PROFILE\x00"
	markMPF      = "MPF\x00"
	markResource = "Photoshop 3.0\x00"
	markJFIF     = "JFIF\x00"
	markJFXX     = "JFXX\x00"
	markAdobe    = "Adobe"
	markJUMBF    = "JP"
)

// segments takes a JPEG apart up to its first end. whole: there is one. The bytes
// that are in no segment are left out.
func segments(b []byte) (all []segment, whole bool) {
	at := 2
	for at+2 <= len(b) {
		next := bytes.IndexByte(b[at:], 0xFF)
		if next < 0 || at+next+2 > len(b) {
			return all, false
		}
		at += next
		switch m := b[at+1]; {
		case m == 0xFF: // filling
			at++
		case m == 0:
			at += 2
		case m == jpegEnd:
			return append(all, segment{m, int64(at), int64(at) + 2, int64(at) + 2, 0}), true
		case m >= 0xD0 && m <= jpegStart || m == 0x01: // alone
			all = append(all, segment{m, int64(at), int64(at) + 2, int64(at) + 2, 0})
			at += 2
		default:
			if at+4 > len(b) || at+2+max(2, int(be.Uint16(b[at+2:]))) > len(b) {
				return all, false
			}
			g := segment{m, int64(at), int64(at) + 4, int64(at) + 2 + max(2, int64(be.Uint16(b[at+2:]))), 0}
			if g.head = g.to; m == jpegScan {
				g.to = int64(scanEnd(b, int(g.to)))
			}
			all = append(all, g)
			at = int(g.to)
		}
	}
	return all, false
}

// scanEnd finds the marker after the coded pixels at b[at:].
func scanEnd(b []byte, at int) int {
	for at+1 < len(b) {
		i := bytes.IndexByte(b[at:], 0xFF)
		if i < 0 || at+i+1 >= len(b) {
			return len(b)
		}
		at += i
		if m := b[at+1]; m != 0 && (m < 0xD0 || m > 0xD7) {
			return at
		}
		at += 2
	}
	return len(b)
}

// A photo is a JPEG being taken apart.
type photo struct {
	*scan
	p       part
	b       []byte
	xmps    map[string][]byte // extended XMP by its number
	profile []byte
	index   *segment // the multi-picture index
}

// jpeg names every segment that an application wrote, every byte between, and all
// that comes after the picture's end.
func (s *scan) jpeg(p part) {
	b, ok := s.all(p)
	if !ok {
		return
	}
	f := &photo{scan: s, p: p, b: b, xmps: map[string][]byte{}}
	all, whole := segments(b)
	used := []extent{{0, 2}}
	for _, g := range all {
		if !s.more(p) {
			return
		}
		from := g.at
		for from > 2 && b[from-1] == 0xFF { // filling belongs to the marker
			from--
		}
		used = append(used, extent{from, g.to})
		f.segment(g)
	}
	f.gathered()
	if !whole {
		s.damaged(p)
		return
	}
	end := all[len(all)-1].to
	s.gapsWithin(p, used, 0, end)
	f.after(end)
}

func (f *photo) segment(g segment) {
	body := f.b[g.body:max(g.body, g.head)]
	has := func(mark string) bool { return bytes.HasPrefix(body, []byte(mark)) }
	n, size := int(g.marker)-jpegApp0, int64(len(body))
	where := fmt.Sprintf("APP%d", n)
	inner := func(mark string) part { return f.p.cut(where, g.body+int64(len(mark)), size-int64(len(mark))) }
	switch {
	case g.marker == jpegComment:
		f.at(f.p, kindText, "", "comment", sample(body, size), g.at, g.to-g.at)
	case decodes(g.marker):
	case g.marker < jpegApp0 || g.marker > jpegApp15:
		f.at(f.p, kindUnknown, "", fmt.Sprintf("marker %02X", g.marker), sample(body, size), g.at, g.to-g.at)
	case n == 0 && has(markJFIF) && size >= 14:
		if size > 14 {
			f.at(f.p, kindPicture, where, "thumbnail", fmt.Sprintf("RGB %dx%d, %s", body[12], body[13], amount(size-14)), g.body+14, size-14)
		}
	case n == 0 && has(markJFXX):
		f.smallPicture(inner(markJFXX))
	case n == 1 && has(markExif):
		f.exif(f.p.cut("EXIF", g.body+6, size-6))
	case n == 1 && has(markXMP):
		f.xmp(inner(markXMP), "XMP")
	case n == 1 && has(markMoreXMP) && size >= int64(len(markMoreXMP))+40:
		id := string(body[len(markMoreXMP):][:32])
		f.xmps[id] = append(f.xmps[id], body[len(markMoreXMP)+40:]...)
	case n == 2 && has(markICC) && size > 14:
		f.profile = append(f.profile, body[14:]...)
	case n == 2 && has(markMPF):
		f.index = &g
		f.tiff(f.p.cut("MPF", g.body+4, size-4), false)
	case n == 11 && has(markJUMBF):
		f.at(f.p, kindTag, where, "JUMBF", provenance(body), g.at, g.to-g.at)
	case n == 13 && has(markResource):
		f.photoshop(inner(markResource))
	case n == 14 && has(markAdobe) && size >= 12:
		if size > 12 {
			f.at(f.p, kindBytes, where, "between", sample(body[12:], size-12), g.body+12, size-12)
		}
	default:
		f.at(f.p, kindUnknown, "", where, sample(body, size), g.at, g.to-g.at)
	}
}

// decodes says whether a marker has a part in decoding the picture (table B.1).
func decodes(m byte) bool { return m >= 0xC0 && m <= 0xDF && m != 0xC8 && m != jpegStart }

// smallPicture is the thumbnail of an extended JFIF segment.
func (f *photo) smallPicture(p part) {
	inner := p.cut("JFXX", min(1, p.size), max(0, p.size-1))
	f.at(p, kindPicture, "", "thumbnail", f.looksLike(inner), 0, p.size)
	f.nested(inner)
}

// provenance names what a JUMBF box (ISO/IEC 19566-5) says it is: C2PA mostly.
func provenance(b []byte) string {
	var labels []string
	for rest := b; len(labels) < 6; {
		i := bytes.Index(rest, []byte("jumd"))
		if i < 0 || i+22 > len(rest) {
			break
		}
		label, _, _ := bytes.Cut(rest[i+21:min(len(rest), i+80)], []byte{0})
		labels, rest = append(labels, text(label)), rest[i+21:]
	}
	return strings.Join(append(labels, amount(int64(len(b)))), ", ")
}

// gathered looks at what comes in several segments.
func (f *photo) gathered() {
	if len(f.profile) > 0 {
		f.icc(part{f.p.under("ICC"), bytes.NewReader(f.profile), int64(len(f.profile)), 0, f.p.depth + 1})
	}
	for _, id := range sortedKeys(f.xmps) {
		b := f.xmps[id]
		f.xmp(part{f.p.under("extended-XMP"), bytes.NewReader(b), int64(len(b)), 0, f.p.depth + 1}, "extended XMP")
	}
}

func sortedKeys[V any](m map[string]V) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// after names what comes after the end: further pictures, a film, a maker's trailer,
// or bytes.
func (f *photo) after(end int64) {
	at := end
	for n := 1; at < f.p.size && n < 32; n++ {
		next := f.nextFile(at)
		if next > at && !f.empty(f.p, at, next-at) {
			f.at(f.p, kindBytes, "", "after-the-end", sample(f.b[at:next], next-at), at, next-at)
		}
		if next == f.p.size {
			return
		}
		stop := f.fileEnd(next)
		inner := f.p.cut(fmt.Sprintf("after-the-end-%d", n), next, stop-next)
		kind, name := kindPicture, "further picture"
		if f.sniff(inner).media != "image/jpeg" {
			kind, name = kindFrames, "motion photo"
		}
		f.at(f.p, kind, "", name, f.looksLike(inner), next, stop-next)
		f.nested(inner)
		at = stop
	}
	if at < f.p.size {
		f.trailing(f.p, at)
	}
}

// nextFile finds where a picture or a film begins in what comes after the end.
func (f *photo) nextFile(at int64) int64 {
	best := f.p.size
	if i := bytes.Index(f.b[at:], []byte("\xff\xd8\xff")); i >= 0 {
		best = at + int64(i)
	}
	if i := bytes.Index(f.b[at:best], []byte("ftyp")); i >= 4 {
		best = at + int64(i) - 4
	}
	return best
}

// fileEnd finds where the picture or film that begins there ends.
func (f *photo) fileEnd(at int64) int64 {
	rest := f.b[at:]
	if !bytes.HasPrefix(rest, []byte("\xff\xd8\xff")) {
		to := at
		for to+8 <= f.p.size {
			n := int64(be.Uint32(f.b[to:]))
			if n < 8 || n > f.p.size-to || !isBoxName(f.b[to+4:to+8]) {
				break
			}
			to += n
		}
		return max(to, at+8)
	}
	if all, whole := segments(rest); whole {
		return at + all[len(all)-1].to
	}
	return f.p.size
}

func isBoxName(b []byte) bool {
	for _, c := range b {
		if c < 0x20 || c > 0x7E && c != 0xA9 {
			return false
		}
	}
	return true
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }
