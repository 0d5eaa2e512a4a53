package hidden

import (
	"fmt"
)

// A block is one of a GIF (GIF89a): an extension, a picture, or the head.
type block struct {
	label  byte // of an extension; 0x2C for a picture; 0 for the head
	name   string
	at, to int64
	data   []byte // of an extension, its pieces joined
}

const (
	gifPicture     = 0x2C
	gifExtension   = 0x21
	gifEnd         = 0x3B
	gifComment     = 0xFE
	gifApplication = 0xFF
	gifControl     = 0xF9
	gifText        = 0x01
)

// blocks takes a GIF apart. whole: it has its end, which is at end.
func blocks(b []byte) (all []block, end int64, whole bool) {
	if len(b) < 13 {
		return nil, 0, false
	}
	at := 13 + colours(b[10])
	all = append(all, block{at: 0, to: int64(at)})
	for at < len(b) {
		g := block{at: int64(at)}
		switch b[at] {
		case gifEnd:
			return all, int64(at) + 1, true
		case gifExtension:
			if at+2 > len(b) {
				return all, 0, false
			}
			g.label = b[at+1]
			at += 2
		case gifPicture:
			if at+10 > len(b) {
				return all, 0, false
			}
			g.label = gifPicture
			at += 10 + colours(b[at+9]) + 1
		default:
			return all, 0, false
		}
		ok := false
		if g.data, at, ok = pieces(b, at); !ok {
			return all, 0, false
		}
		if g.label == gifApplication && len(g.data) >= 11 {
			g.name = string(g.data[:11])
		}
		g.to = int64(at)
		all = append(all, g)
	}
	return all, 0, false
}

// colours is the length of the table of colours that a flag announces.
func colours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// pieces joins the data at b[at:], which comes in pieces of up to 255 bytes.
func pieces(b []byte, at int) (data []byte, end int, ok bool) {
	for at < len(b) {
		n := int(b[at])
		at++
		if n == 0 {
			return data, at, true
		}
		if at+n > len(b) {
			return nil, at, false
		}
		data, at = append(data, b[at:at+n]...), at+n
	}
	return nil, at, false
}

// gif names comments, what programs wrote, and what comes after the end.
func (s *scan) gif(p part) {
	b, ok := s.all(p)
	if !ok {
		return
	}
	all, end, whole := blocks(b)
	for _, g := range all {
		if !s.more(p) {
			return
		}
		tell := func(kind, name, value string) { s.at(p, kind, "", name, value, g.at, g.to-g.at) }
		switch {
		case g.label == 0 || g.label == gifPicture || g.label == gifControl || isLoop(g):
		case g.label == gifComment:
			tell(kindText, "comment", sample(g.data, int64(len(g.data))))
		case g.label == gifText:
			tell(kindText, "plain text", sample(g.data, int64(len(g.data))))
		case g.name == "XMP DataXMP":
			s.xmp(p.cut("XMP", g.at+14, max(0, g.to-g.at-14-258)), "XMP") // the last 258 bytes lead older readers out
		case g.name == "ICCRGBG1012" && len(g.data) > 11:
			s.icc(p.cut("ICC", g.at, g.to-g.at))
		default:
			tell(kindUnknown, fmt.Sprintf("extension %02X %s", g.label, g.name), sample(g.data[min(len(g.data), len(g.name)):], int64(len(g.data))))
		}
	}
	if !whole {
		s.damaged(p)
		return
	}
	s.trailing(p, end)
}

// isLoop says whether an extension only tells how often to show an animation.
func isLoop(g block) bool {
	return (g.name == "NETSCAPE2.0" || g.name == "ANIMEXTS1.0") && len(g.data) == 14 && g.data[11] == 1
}
