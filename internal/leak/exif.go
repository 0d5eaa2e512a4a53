package leak

import (
	"bytes"
	"encoding/binary"
)

// The tags of EXIF that give somebody away without a name in them.
const (
	exifGPS       = 0x8825
	exifMakerNote = 0x927C
	exifSub       = 0x8769
	exifInterop   = 0xA005
	mostTags      = 1000
	longestIFD    = 8 // directories
)

// exif looks through the directories of EXIF data for a place, a small copy of the
// picture from before it was masked, and what only the camera's maker can read.
// base is where b starts in its part.
func (l *look) exif(label string, b []byte, base int) {
	order, ok := byteOrder(b)
	if !ok {
		l.unread(label, "leak.unread.damaged")
		return
	}
	queue := []uint32{order.Uint32(b[4:])}
	for seen := 0; len(queue) > 0; seen++ {
		if seen == longestIFD {
			l.unread(label, "leak.unread.damaged")
			return
		}
		at := int64(queue[0])
		queue = queue[1:]
		next, more, ok := l.tags(label, b, at, base, order)
		if !ok {
			l.unread(label, "leak.unread.damaged")
			return
		}
		queue = append(queue, more...)
		if next != 0 { // a second picture: the thumbnail
			l.hidden(label, int64(base), int64(base+len(b)), "leak.why.thumbnail")
		}
	}
}

func byteOrder(b []byte) (binary.ByteOrder, bool) {
	switch {
	case len(b) < 8:
	case bytes.HasPrefix(b, []byte("II*\x00")):
		return le, true
	case bytes.HasPrefix(b, []byte("MM\x00*")):
		return be, true
	}
	return nil, false
}

// tags reads one directory: where the next one is, and the directories in it.
func (l *look) tags(label string, b []byte, at int64, base int, order binary.ByteOrder) (next uint32, more []uint32, ok bool) {
	if at+2 > int64(len(b)) {
		return 0, nil, false
	}
	n := int64(order.Uint16(b[at:]))
	end := at + 2 + n*12
	if n > mostTags || end+4 > int64(len(b)) {
		return 0, nil, false
	}
	for t := at + 2; t < end; t += 12 {
		start, stop := int64(base)+t, int64(base)+t+12
		switch order.Uint16(b[t:]) {
		case exifGPS:
			l.hidden(label, start, stop, "leak.why.gps")
		case exifMakerNote:
			l.hidden(label, start, stop, "leak.why.metadata")
		case exifSub, exifInterop:
			more = append(more, order.Uint32(b[t+8:]))
		}
	}
	return order.Uint32(b[end:]), more, true
}
