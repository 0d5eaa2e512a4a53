package leak

import (
	"bytes"
	"encoding/binary"
)

var be = binary.BigEndian

// The markers of JPEG (ITU-T T.81, table B.1) that matter here.
const (
	jpegStart   = 0xD8
	jpegEnd     = 0xD9
	jpegScan    = 0xDA
	jpegApp0    = 0xE0
	jpegApp15   = 0xEF
	jpegComment = 0xFE
)

// jpeg takes a picture apart: every segment that an application wrote, and every
// byte after the picture's end.
func (l *look) jpeg(label string, p part) error {
	b, err := l.whole(label, p)
	if b == nil {
		return err
	}
	at, whole := 2, false
	for at+2 <= len(b) && !whole {
		if b[at] != 0xFF {
			l.hidden(label, int64(at), int64(len(b)), "leak.why.between")
			break
		}
		switch marker := b[at+1]; {
		case marker == 0xFF: // filling
			at++
		case marker == jpegEnd:
			at, whole = at+2, true
		case marker >= 0xD0 && marker <= jpegStart || marker == 0x01: // alone
			at += 2
		default:
			n := l.segment(label, b, at, p.depth)
			if n == 0 {
				return l.damaged(label, p, errDamaged)
			}
			at += n
			if marker == jpegScan {
				at = scanEnd(b, at)
			}
		}
	}
	if !whole {
		return l.damaged(label, p, errDamaged)
	}
	l.picture(label, b)
	return l.trailing(label, p, int64(at))
}

// trailing reports what comes after the end of a file.
func (l *look) trailing(label string, p part, at int64) error {
	if at >= p.size {
		return nil
	}
	l.hidden(label, at, p.size, "leak.why.trailing")
	return l.piece(label+"@"+itoa(int(at)), p, at, p.size)
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

// segment looks at the segment at b[at:] and gives its length, 0 where it has none.
func (l *look) segment(label string, b []byte, at, depth int) int {
	if at+4 > len(b) {
		return 0
	}
	n := 2 + int(be.Uint16(b[at+2:]))
	if n < 4 || at+n > len(b) {
		return 0
	}
	marker, body := b[at+1], b[at+4:at+n]
	here := label + "/" + "APP" + itoa(int(marker)-jpegApp0) + "@" + itoa(at)
	switch {
	case marker == jpegComment:
		here = label + "/COM@" + itoa(at)
		l.loose(here, body)
	case marker >= jpegApp0 && marker <= jpegApp15:
		l.loose(here, body)
		l.app(here, marker-jpegApp0, body, depth)
	}
	return n
}

// app judges an application's segment: what it is for, and whether a release has a
// reason to hold it.
func (l *look) app(label string, n byte, body []byte, depth int) {
	size := int64(len(body))
	has := func(mark string) bool { return bytes.HasPrefix(body, []byte(mark)) }
	const xmp = "http://ns.adobe.com/xap/1.0/\x00"
	switch {
	case n == 0 && has("JFIF\x00") && size >= 14:
		if size > 14 {
			l.hidden(label, 14, size, "leak.why.thumbnail")
		}
	case n == 1 && has("Exif\x00\x00"):
		l.exif(label, body[6:], 6)
	case n == 1 && has(xmp):
		l.textPart(label+"/XMP", body[len(xmp):], depth)
	case n == 2 && has("ICC_PROFILE\x00"), n == 14 && has("Adobe"):
	default: // thumbnails, second pictures, a camera's own
		l.hidden(label, 0, size, "leak.why.metadata")
	}
}
