package hidden

import (
	"bytes"
)

// jfif is the one segment of an application that a clean photo has (ITU-T T.871).
var jfif = []byte{0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0}

// plainJPEG keeps the segments that decode a picture, as they are. oriented says
// whether the photo asks to be turned; with a profile, its colour space is kept.
func plainJPEG(b []byte, profile bool) (out []byte, oriented bool, err error) {
	all, whole := segments(b)
	if !whole || len(b) < 4 {
		return nil, false, errDamaged
	}
	out = append(out, b[:2]...)
	var icc []byte
	var body bytes.Buffer
	adobe := false
	for _, g := range all {
		data := b[g.body:max(g.body, g.head)]
		switch {
		case g.marker == jpegApp0+14 && bytes.HasPrefix(data, []byte(markAdobe)) && len(data) >= 12: // says how colours are coded
			adobe = true
			body.Write([]byte{0xff, jpegApp0 + 14, 0, 14})
			body.Write(data[:12])
		case g.marker == jpegApp0+2 && bytes.HasPrefix(data, []byte(markICC)) && len(data) > 14:
			icc = append(icc, data[14:]...)
		case g.marker == jpegApp0+1 && bytes.HasPrefix(data, []byte(markExif)):
			oriented = oriented || orientation(data[6:]) > 1
		case decodes(g.marker):
			body.Write(b[g.at:g.to])
		}
	}
	if !adobe {
		out = append(out, jfif...)
	}
	if g := gamutOf(icc); profile && g != nil && g.name != gamuts[0].name {
		p := g.profile()
		out = append(out, 0xff, jpegApp0+2, byte((len(p)+16)>>8), byte(len(p)+16))
		out = append(append(append(out, markICC...), 1, 1), p...)
	}
	return append(out, body.Bytes()...), oriented, nil
}
