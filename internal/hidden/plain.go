package hidden

import (
	"bytes"
	"compress/zlib"
	"hash/crc32"
)

// plainPicture gives a picture without what is hidden in it, as it stands: it is not
// turned.
func (s *scan) plainPicture(p part, b []byte) ([]byte, error) {
	var out []byte
	var err error
	switch s.sniff(p).media {
	case "image/jpeg":
		out, _, err = plainJPEG(b, true)
	case "image/png":
		out, _, err = s.plainPNG(b)
	case "image/gif":
		out, err = plainGIF(b)
	case "image/webp":
		out, _, err = plainWebP(b)
	default:
		err = errDamaged
	}
	return out, err
}

// plainPNG keeps the chunks that make the picture. Of an animation it keeps the first
// picture, which is the one that every reader shows.
func (s *scan) plainPNG(b []byte) (out []byte, oriented bool, err error) {
	all, whole := chunks(b)
	if !whole {
		return nil, false, errDamaged
	}
	out = append(out, pngMark...)
	pixels := s.plainPixels(b, all)
	for _, c := range all {
		body := b[c.body : c.body+c.n]
		switch {
		case c.kind == "eXIf":
			oriented = oriented || orientation(body) > 1
		case c.kind == "iCCP":
			_, packed, _ := bytes.Cut(body, []byte{0})
			if len(packed) > 1 {
				profile, _, _ := s.unpack(packed[1:])
				if g := gamutOf(profile); g != nil && g.name != gamuts[0].name {
					out = appendChunk(out, "iCCP", append([]byte(ownProfileName+"\x00\x00"), zlibbed(g.profile())...))
				}
			}
		case c.kind == "IDAT" && pixels != nil: // in one piece, at the place of the first
			if len(pixels) > 0 {
				out, pixels = appendChunk(out, "IDAT", pixels), []byte{}
			}
		case c.kind == "IEND":
			out = appendChunk(out, "IEND", nil)
		case c.shows():
			out = append(out, b[c.at:c.end()]...)
		}
	}
	return out, oriented, nil
}

// plainPixels packs the picture anew where there is more than the picture in its data,
// nil where there is not.
func (s *scan) plainPixels(b []byte, all []chunk) []byte {
	var packed []byte
	for _, c := range all {
		if c.kind == "IDAT" {
			packed = append(packed, b[c.body:c.body+c.n]...)
		}
	}
	out, rest, ok := s.unpack(packed)
	want := pngSize(b[all[0].body : all[0].body+all[0].n])
	if !ok || want < 0 || int64(len(out)) < want || rest == 0 && int64(len(out)) == want {
		return nil
	}
	return zlibbed(out[:want])
}

func appendChunk(b []byte, kind string, body []byte) []byte {
	b = be.AppendUint32(b, uint32(len(body)))
	from := len(b)
	b = append(append(b, kind...), body...)
	return be.AppendUint32(b, crc32.ChecksumIEEE(b[from:]))
}

func zlibbed(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	z.Write(b) // into memory: it cannot fail
	z.Close()
	return out.Bytes()
}

// plainGIF keeps the pictures, their timing, and how often they are shown.
func plainGIF(b []byte) ([]byte, error) {
	all, _, whole := blocks(b)
	if !whole {
		return nil, errDamaged
	}
	var out []byte
	for _, g := range all {
		if g.label == 0 || g.label == gifPicture || g.label == gifControl || isLoop(g) {
			out = append(out, b[g.at:g.to]...)
		}
	}
	return append(out, gifEnd), nil
}

// The flags of a WebP that announce a profile, EXIF and XMP (RFC 9649, 2.7).
const (
	webpICC  = 0x20
	webpExif = 0x08
	webpXMP  = 0x04
)

// plainWebP keeps the chunks that make the pictures.
func plainWebP(b []byte) (out []byte, oriented bool, err error) {
	if len(b) < 12 {
		return nil, false, errDamaged
	}
	out = append(out, "RIFF\x00\x00\x00\x00WEBP"...)
	end := max(12, min(len(b), 8+int(le.Uint32(b[4:]))))
	flags := -1 // where the flags are in out
	err = eachRecord(b[12:end], func(name string, body []byte) {
		switch name {
		case "EXIF":
			oriented = oriented || orientation(bytes.TrimPrefix(body, []byte(markExif))) > 1
		case "ICCP":
			if g := gamutOf(body); g != nil && g.name != gamuts[0].name && flags >= 0 {
				out[flags] |= webpICC
				out = appendRecord(out, name, g.profile())
			}
		case "VP8X":
			if len(body) >= 10 {
				flags = len(out) + 8
				out = appendRecord(out, name, body[:10])
				out[flags] &^= webpICC | webpExif | webpXMP
			}
		case "ANMF":
			out = appendRecord(out, name, plainFrame(body))
		default:
			if contains(webpShown, name) {
				out = appendRecord(out, name, body)
			}
		}
	})
	le.PutUint32(out[4:], uint32(len(out)-8))
	return out, oriented, err
}

// plainFrame keeps what makes one picture of an animation.
func plainFrame(b []byte) []byte {
	if len(b) < 16 {
		return b
	}
	out := bytes.Clone(b[:16])
	eachRecord(b[16:], func(name string, body []byte) {
		if contains(webpShown, name) && name != "ANMF" {
			out = appendRecord(out, name, body)
		}
	})
	return out
}

func eachRecord(b []byte, do func(name string, body []byte)) error {
	for len(b) >= 8 {
		n := int64(le.Uint32(b[4:]))
		if n > int64(len(b))-8 {
			return errDamaged
		}
		do(string(b[:4]), b[8:8+n])
		b = b[min(int64(len(b)), 8+n+n%2):]
	}
	return nil
}

func appendRecord(b []byte, name string, body []byte) []byte {
	b = le.AppendUint32(append(b, name...), uint32(len(body)))
	b = append(b, body...)
	if len(body)%2 == 1 {
		b = append(b, 0)
	}
	return b
}
