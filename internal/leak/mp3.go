package leak

import (
	"bytes"
)

// isMP3 says whether a file starts like sound in MPEG layers, with or without tags.
func isMP3(head []byte) bool {
	return bytes.HasPrefix(head, []byte("ID3")) && len(head) > 10 && head[3] < 5 || len(head) > 4 && mpegFrame(head) > 0
}

// mp3 takes a recording apart: the tags before it and behind it, and the frames, whose
// bytes must follow one another.
func (l *look) mp3(label string, p part) error {
	b, err := l.whole(label, p)
	if b == nil {
		return err
	}
	at := 0
	for bytes.HasPrefix(b[at:], []byte("ID3")) && len(b)-at > 10 {
		n := 10 + synchsafe(b[at+6:at+10])
		if b[at+5]&0x10 != 0 {
			n += 10
		}
		if n > len(b)-at {
			return l.damaged(label, p, errDamaged)
		}
		l.tag(label+"/ID3@"+itoa(at), b[at:at+n], p.depth)
		at += n
	}
	frames := 0
	for at+4 <= len(b) {
		n := mpegFrame(b[at:])
		if n == 0 || at+n > len(b) {
			break
		}
		at += n
		frames++
	}
	if frames == 0 {
		return l.damaged(label, p, errDamaged)
	}
	if rest := b[at:]; len(rest) == 128 && bytes.HasPrefix(rest, []byte("TAG")) {
		l.textPart(label+"/TAG", bytes.ReplaceAll(rest[3:127], []byte{0}, []byte{'\n'}), p.depth)
	} else if len(bytes.Trim(rest, "\x00")) > 0 {
		if err := l.trailing(label, p, int64(at)); err != nil {
			return err
		}
	}
	return l.bulk(label, p.r, 0, p.size)
}

// synchsafe is a number of four bytes of seven bits.
func synchsafe(b []byte) int {
	return int(b[0]&127)<<21 | int(b[1]&127)<<14 | int(b[2]&127)<<7 | int(b[3]&127)
}

// tag looks at the frames of an ID3 tag (id3.org, versions 2.2 to 2.4).
func (l *look) tag(label string, b []byte, depth int) {
	version, body := b[3], b[10:]
	if b[5]&0x80 != 0 { // bytes were put in so that no frame of sound seems to start
		body = bytes.ReplaceAll(body, []byte{0xFF, 0}, []byte{0xFF})
	}
	head, size := 10, 4
	if version == 2 {
		head, size = 6, 3
	}
	for len(body) > head && body[0] != 0 {
		n := 0
		for _, c := range body[size : 2*size] {
			n = n<<8 | int(c)
		}
		if version == 4 {
			n = synchsafe(body[4:8])
		}
		if n <= 0 || n > len(body)-head {
			l.unread(label, "leak.unread.damaged")
			l.loose(label, body)
			return
		}
		l.tagFrame(label+"/"+printable(string(body[:size])), body[head:head+n], depth)
		body = body[head+n:]
	}
	if rest := bytes.Trim(body, "\x00"); len(rest) > 0 {
		l.hidden(label, 0, int64(len(rest)), "leak.why.trailing")
		l.loose(label, rest)
	}
}

// tagFrame looks at one frame: words in one of four encodings, a picture, or whatever a
// program left.
func (l *look) tagFrame(label string, b []byte, depth int) {
	l.loose(label, b)
	if len(b) > 3 && (b[0] == 1 || b[0] == 2) {
		v, order := &view{b: b}, byte(bigEndian)
		if b[1] == 0xFF {
			order = littleEndian
		}
		l.read(label, fromUTF16(v, 1, order), depth)
	}
	for i := range min(len(b), 128) { // a picture stands behind its kind and its description
		if read := sniff(b[i:min(len(b), i+sniffed)]); read != nil && len(b)-i >= leastContainer {
			l.hidden(label, int64(i), int64(len(b)), "leak.why.thumbnail")
			if err := l.part(label+"@"+itoa(i), part{bytes.NewReader(b[i:]), int64(len(b) - i), depth + 1}); err != nil {
				l.unread(label, "leak.unread.damaged")
			}
			return
		}
	}
}

// mpegFrame gives the length of the frame at the start of b, 0 where none is
// (ISO/IEC 11172-3, 2.4.1.3).
func mpegFrame(b []byte) int {
	if b[0] != 0xFF || b[1]&0xE0 != 0xE0 {
		return 0
	}
	version, layer, rate, clock := b[1]>>3&3, b[1]>>1&3, int(b[2]>>4), int(b[2]>>2&3)
	if version == 1 || layer != 1 || rate == 0 || rate == 15 || clock == 3 {
		return 0 // only layer III: what phones and recorders write
	}
	rates := [15]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}
	clocks, samples := [3]int{44100, 48000, 32000}, 144
	if version != 3 {
		rates = [15]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}
		samples = 72
		clocks = [3]int{22050, 24000, 16000}
		if version == 0 {
			clocks = [3]int{11025, 12000, 8000}
		}
	}
	return samples*rates[rate]*1000/clocks[clock] + int(b[2]>>1&1)
}
