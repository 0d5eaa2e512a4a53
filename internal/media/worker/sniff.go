package worker

import (
	"bytes"
	"encoding/binary"
	"io"

	"safehouse/internal/media"
)

// kind is what the first bytes of a file say that it is. The name says nothing.
type kind int

const (
	moving kind = iota // whatever ffmpeg makes of it
	jpegStill
	pngStill
	webpStill
	gifStill
	heifStill
)

func (k kind) still() bool { return k != moving }

// codec is the name of what a photo is written in.
func (k kind) codec() string {
	return map[kind]string{jpegStill: "jpeg", pngStill: "png", webpStill: "webp", gifStill: "gif", heifStill: "heif"}[k]
}

// sniff reads the first bytes. An empty file and one that is plainly something
// else are refused here, with a better word than a decoder's. PNG and GIF pictures
// that move are videos; WebP and HEIF ones are refused, as no decoder here shows
// all of their frames.
func sniff(r io.ReaderAt) (kind, error) {
	head := make([]byte, 64)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return moving, err
	}
	head = head[:n]
	switch {
	case n == 0:
		return moving, &problem{code: "media.empty"}
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return jpegStill, nil
	case bytes.HasPrefix(head, []byte(pngHead)):
		return unless(animatedPNG(r), pngStill), nil
	case bytes.HasPrefix(head, []byte("GIF8")):
		images, err := gifImages(r)
		return unless(images > 1, gifStill), err
	case bytes.HasPrefix(head, []byte("RIFF")) && n > 20 && string(head[8:12]) == "WEBP":
		if string(head[12:16]) == "VP8X" && head[20]&0x02 != 0 {
			return moving, &problem{code: "media.animated", args: []string{"WebP"}}
		}
		return webpStill, nil
	case media.IsHEIF(head):
		if bytes.HasPrefix(head[8:], []byte("hevc")) || bytes.HasPrefix(head[8:], []byte("msf1")) || bytes.HasPrefix(head[8:], []byte("avis")) {
			return moving, &problem{code: "media.animated", args: []string{"HEIF"}}
		}
		return heifStill, nil
	case bytes.HasPrefix(head, []byte("%PDF")), bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return moving, &problem{code: "media.not_video"}
	}
	return moving, nil
}

func unless(moves bool, k kind) kind {
	if moves {
		return moving
	}
	return k
}

const pngHead = "\x89PNG\r\n\x1a\n"

// animatedPNG says whether a PNG moves: before its picture it then has an acTL chunk,
// which begins with the number of frames.
func animatedPNG(r io.ReaderAt) bool {
	b := chunk(r, "acTL", "IDAT")
	return len(b) >= 4 && binary.BigEndian.Uint32(b) > 1
}

// maxChunk is the longest chunk of metadata that is read, in bytes.
const maxChunk = 1 << 20

// chunk gives the content of the first chunk of that type in a PNG that comes before
// one of the other type; nil where there is none.
func chunk(r io.ReaderAt, which, before string) []byte {
	for at := int64(len(pngHead)); ; {
		var head [8]byte
		if _, err := r.ReadAt(head[:], at); err != nil {
			return nil
		}
		size := int64(binary.BigEndian.Uint32(head[:]))
		switch string(head[4:]) {
		case before, "IEND":
			return nil
		case which:
			return piece(r, at+8, size)
		}
		at += 12 + size
	}
}

// riffChunk gives the content of the first chunk of that type in a WebP.
func riffChunk(r io.ReaderAt, which string) []byte {
	for at := int64(12); ; {
		var head [8]byte
		if _, err := r.ReadAt(head[:], at); err != nil {
			return nil
		}
		size := int64(binary.LittleEndian.Uint32(head[4:]))
		if string(head[:4]) == which {
			return piece(r, at+8, size)
		}
		at += 8 + size + size&1
	}
}

func piece(r io.ReaderAt, at, size int64) []byte {
	if size > maxChunk {
		return nil
	}
	b := make([]byte, size)
	if _, err := r.ReadAt(b, at); err != nil {
		return nil
	}
	return b
}

// gifImages counts the pictures in a GIF, to two: more make no difference. (GIF89a,
// appendix A.)
func gifImages(r io.ReaderAt) (n int, err error) {
	g := gif{r: io.NewSectionReader(r, 6, maxStill)}
	g.colours(g.bytes(7)[4]) // the screen: its flags are its fifth byte
	for g.err == nil && n < 2 {
		switch g.bytes(1)[0] {
		case 0x21: // an extension
			g.bytes(1)
			g.blocks()
		case 0x2c: // a picture
			n++
			g.colours(g.bytes(9)[8])
			g.bytes(1)
			g.blocks()
		default:
			return n, nil
		}
	}
	if g.err != nil && n == 0 {
		return 0, &problem{code: "media.truncated", detail: g.err.Error()}
	}
	return n, nil
}

type gif struct {
	r   io.Reader
	err error
	b   [768]byte
}

func (g *gif) bytes(n int) []byte {
	if g.err == nil {
		_, g.err = io.ReadFull(g.r, g.b[:n])
	}
	if g.err != nil {
		clear(g.b[:n])
	}
	return g.b[:n]
}

// colours passes over a table of colours, if flags say that there is one.
func (g *gif) colours(flags byte) {
	if flags&0x80 != 0 {
		g.bytes(3 << (flags&7 + 1))
	}
}

// blocks passes over blocks of data up to the empty one.
func (g *gif) blocks() {
	for g.err == nil {
		n := g.bytes(1)[0]
		if n == 0 {
			return
		}
		g.bytes(int(n))
	}
}
