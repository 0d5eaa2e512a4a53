package leak

import (
	"bytes"
	"compress/zlib"
	"io"
	"slices"
	"strings"
)

const pngMark = "\x89PNG\r\n\x1a\n"

// pngShown are the chunks that make the picture and hold no text.
var pngShown = strings.Fields("PLTE IEND tRNS gAMA cHRM sRGB sBIT pHYs bKGD hIST cICP")

// png takes a picture apart, chunk by chunk.
func (l *look) png(label string, p part) error {
	b, err := l.whole(label, p)
	if b == nil {
		return err
	}
	var head, pixels []byte
	for at := len(pngMark); at+12 <= len(b); {
		n := int(be.Uint32(b[at:]))
		if n > len(b)-at-12 {
			break
		}
		kind, body := string(b[at+4:at+8]), b[at+8:at+8+n]
		switch kind {
		case "IHDR":
			head = body
		case "IDAT":
			pixels = append(pixels, body...)
		default:
			l.chunk(label+"/"+printable(kind)+"@"+itoa(at), kind, body)
		}
		at += 12 + n
		if kind == "IEND" {
			l.pixels(label+"/IDAT", head, pixels)
			l.picture(label, b[:at])
			return l.trailing(label, p, int64(at))
		}
	}
	return l.damaged(label, p, errDamaged)
}

// printable makes the name of a chunk or box safe to show.
func printable(kind string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7E {
			return '·'
		}
		return r
	}, kind)
}

func (l *look) chunk(label, kind string, body []byte) {
	switch {
	case slices.Contains(pngShown, kind):
		return
	case kind == "tEXt":
		l.loose(label, body)
	case kind == "zTXt", kind == "iCCP":
		_, rest, _ := bytes.Cut(body, []byte{0})
		l.loose(label, body[:len(body)-len(rest)])
		l.packed(label, rest, 1)
	case kind == "iTXt":
		l.international(label, body)
	case kind == "eXIf":
		l.loose(label, body)
		l.exif(label, body, 0)
	default: // times, further pictures, a program's own
		l.loose(label, body)
		l.hidden(label, 0, int64(len(body)), "leak.why.metadata")
	}
}

// packed looks at compressed text after skip bytes that say how it is compressed.
func (l *look) packed(label string, b []byte, skip int) {
	if len(b) < skip {
		l.unread(label, "leak.unread.damaged")
		return
	}
	r := bytes.NewReader(b[skip:])
	text, ok := l.unpack(r)
	if !ok || r.Len() > 0 {
		l.unread(label, "leak.unread.damaged")
	}
	l.loose(label+"/text", text)
}

// unpack reads a zlib stream whole, or says that it is not.
func (l *look) unpack(r *bytes.Reader) ([]byte, bool) {
	z, err := zlib.NewReader(r)
	if err != nil {
		return nil, false
	}
	limit := min(maxText, max(0, l.budget))
	b, err := io.ReadAll(io.LimitReader(z, limit+1))
	return b, err == nil && int64(len(b)) <= limit && l.spend(len(b))
}

// international looks at an iTXt chunk: keyword, two flags, language, translated
// keyword, and the text, compressed or not.
func (l *look) international(label string, body []byte) {
	keyword, rest, ok := bytes.Cut(body, []byte{0})
	if !ok || len(rest) < 2 {
		l.loose(label, body)
		l.unread(label, "leak.unread.damaged")
		return
	}
	if rest[0] == 0 {
		l.loose(label, body)
		return
	}
	parts := bytes.SplitN(rest[2:], []byte{0}, 3)
	l.loose(label, keyword)
	for _, b := range parts[:len(parts)-1] {
		l.loose(label, b)
	}
	l.packed(label, parts[len(parts)-1], 0)
}

// pixels makes sure that the pixels' data ends where their compression does.
func (l *look) pixels(label string, head, b []byte) {
	r := bytes.NewReader(b)
	z, err := zlib.NewReader(r)
	if err != nil {
		l.unread(label, "leak.unread.damaged")
		return
	}
	n, err := io.Copy(io.Discard, io.LimitReader(z, maxBudget))
	if err != nil || n == maxBudget {
		l.unread(label, "leak.unread.damaged")
		return
	}
	if r.Len() > 0 {
		l.hidden(label, int64(len(b)-r.Len()), int64(len(b)), "leak.why.trailing")
		l.loose(label, b[len(b)-r.Len():])
	}
	if want := rows(head); n != want {
		l.hidden(label, 0, int64(len(b)), "leak.why.trailing")
	}
}

// channels gives for each colour type how many numbers a pixel has.
var channels = map[byte]int64{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}

// rows says how many bytes the pixels that IHDR announces take (PNG, 7.2 and 8.2).
func rows(head []byte) (n int64) {
	if len(head) < 13 {
		return -1
	}
	width, height := int64(be.Uint32(head)), int64(be.Uint32(head[4:]))
	bits := int64(head[8]) * channels[head[9]]
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
