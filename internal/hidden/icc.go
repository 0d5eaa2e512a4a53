package hidden

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// The words that a colour profile carries (ICC.1:2022, 9.2).
var profileWords = map[string]string{
	"desc": "description", "cprt": "copyright", "dmnd": "manufacturer", "dmdd": "model", "vued": "viewing conditions", "targ": "target", "scrd": "screening",
	"tech": "technology", "meta": "metadata", "calt": "calibration time", "pseq": "profile sequence", "psid": "profile identifiers", "mmod": "monitor",
}

const profileHead = 128

// icc reports the words, times and numbers of a colour profile that say where it
// comes from. The profiles that Clean writes carry none.
func (s *scan) icc(p part) {
	b, ok := s.all(p)
	if !ok || isOurProfile(b) {
		return
	}
	if len(b) < profileHead+4 || string(b[36:40]) != "acsp" {
		s.at(p, kindProfile, "", "profile", sample(b, p.size), 0, p.size)
		return
	}
	s.at(p, kindProfile, "", "profile", fmt.Sprintf("%s %s, %s", bytes.TrimSpace(b[12:16]), bytes.TrimSpace(b[16:20]), amount(p.size)), 0, p.size)
	if stamp := b[24:36]; len(bytes.Trim(stamp, "\x00")) > 0 {
		s.at(p, kindTime, "", "profile date", fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d", be.Uint16(stamp), be.Uint16(stamp[2:]), be.Uint16(stamp[4:]),
			be.Uint16(stamp[6:]), be.Uint16(stamp[8:]), be.Uint16(stamp[10:])), 24, 12)
	}
	for i := range int(min(be.Uint32(b[profileHead:]), 100)) {
		at := profileHead + 4 + 12*i
		if at+12 > len(b) {
			s.damaged(p)
			return
		}
		name, known := profileWords[string(b[at:at+4])]
		from, n := int64(be.Uint32(b[at+4:])), int64(be.Uint32(b[at+8:]))
		if !known || from+n > p.size {
			continue
		}
		s.at(p, kindProfile, "", name, words(b[from:from+n]), from, n)
	}
}

// words reads a tag of text in its three forms.
func words(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte("desc")) && len(b) > 12:
		return text(b[12:min(len(b), 12+int(be.Uint32(b[8:])&0xFFFF))])
	case bytes.HasPrefix(b, []byte("text")) && len(b) > 8:
		return text(b[8:])
	case bytes.HasPrefix(b, []byte("mluc")) && len(b) >= 28:
		n, at := int64(be.Uint32(b[20:])), int64(be.Uint32(b[24:]))
		if at+n <= int64(len(b)) {
			return wide(b[at:at+n], true)
		}
	}
	return sample(b, int64(len(b)))
}

// A gamut is a colour space that pictures are commonly made in: the three primaries,
// adapted to D50 as profiles have them, and how values become light.
type gamut struct {
	name      string
	primaries [9]float64 // x, y, z of red, green, blue
	gamma     float64    // 0: the curve of sRGB
}

var gamuts = []gamut{
	{"sRGB", [9]float64{.4361, .2225, .0139, .3851, .7169, .0971, .1431, .0606, .7141}, 0},
	{"Display P3", [9]float64{.5151, .2412, -.0011, .2920, .6922, .0419, .1571, .0666, .7841}, 0},
	{"Adobe RGB (1998)", [9]float64{.6097, .3111, .0195, .2053, .6257, .0609, .1492, .0632, .7446}, 2.19921875},
	{"ProPhoto RGB", [9]float64{.7977, .2880, 0, .1352, .7119, 0, .0313, .0001, .8249}, 1.8},
}

// near is how far a primary of a profile may be from that of a known space.
const near = .004

// gamutOf tells a profile's space, nil where it is none of the known ones.
func gamutOf(b []byte) *gamut {
	if len(b) < profileHead+4 || string(b[16:20]) != "RGB " {
		return nil
	}
	var have [9]float64
	for i, tag := range []string{"rXYZ", "gXYZ", "bXYZ"} {
		v := profileTag(b, tag)
		if len(v) < 20 {
			return nil
		}
		for j := range 3 {
			have[3*i+j] = float64(int32(be.Uint32(v[8+4*j:]))) / 65536
		}
	}
	for i := range gamuts {
		if closeTo(have, gamuts[i].primaries) {
			return &gamuts[i]
		}
	}
	return nil
}

func closeTo(a, b [9]float64) bool {
	for i := range a {
		if math.Abs(a[i]-b[i]) > near {
			return false
		}
	}
	return true
}

func profileTag(b []byte, name string) []byte {
	for i := range int(min(be.Uint32(b[profileHead:]), 100)) {
		at := profileHead + 4 + 12*i
		if at+12 > len(b) {
			return nil
		}
		from, n := int64(be.Uint32(b[at+4:])), int64(be.Uint32(b[at+8:]))
		if string(b[at:at+4]) == name && from+n <= int64(len(b)) {
			return b[from : from+n]
		}
	}
	return nil
}

// profile makes a profile of a space anew, with nothing in it but the space: the
// same bytes for every picture.
func (g gamut) profile() []byte {
	curve := append([]byte("para\x00\x00\x00\x00\x00\x03\x00\x00"), fixed(2.4, 1/1.055, .055/1.055, 1/12.92, .04045)...)
	if g.gamma > 0 {
		curve = append([]byte("para\x00\x00\x00\x00\x00\x00\x00\x00"), fixed(g.gamma)...)
	}
	xyz := func(v ...float64) []byte { return append([]byte("XYZ \x00\x00\x00\x00"), fixed(v...)...) }
	tags := []struct {
		name string
		body []byte
	}{
		{"desc", phrase(g.name)}, {"cprt", phrase("-")}, {"wtpt", xyz(.9642, 1, .8249)},
		{"rXYZ", xyz(g.primaries[:3]...)}, {"gXYZ", xyz(g.primaries[3:6]...)}, {"bXYZ", xyz(g.primaries[6:]...)}, {"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	table, body := binary.BigEndian.AppendUint32(nil, uint32(len(tags))), []byte{}
	start := profileHead + 4 + 12*len(tags)
	for i, t := range tags {
		at := start + len(body)
		if i < len(tags)-2 {
			for body = append(body, t.body...); len(body)%4 != 0; {
				body = append(body, 0)
			}
		} else { // the three curves are one
			at -= (len(t.body) + 3) / 4 * 4
		}
		table = append(table, t.name...)
		table = be.AppendUint32(be.AppendUint32(table, uint32(at)), uint32(len(t.body)))
	}
	head := make([]byte, profileHead)
	be.PutUint32(head, uint32(start+len(body)))
	copy(head[8:], "\x04\x00\x00\x00mntrRGB XYZ ")
	copy(head[36:], "acsp")
	copy(head[68:], fixed(.9642, 1, .8249))
	return append(append(head, table...), body...)
}

// phrase is a text of a profile in English.
func phrase(s string) []byte {
	b := append([]byte("mluc\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0cenUS"), 0, 0, 0, byte(2*len(s)), 0, 0, 0, 28)
	for _, c := range []byte(s) {
		b = append(b, 0, c)
	}
	return b
}

func fixed(all ...float64) (b []byte) {
	for _, v := range all {
		b = be.AppendUint32(b, uint32(int32(math.Round(v*65536))))
	}
	return b
}

// isOurProfile says whether a profile is, to the byte, one that Clean writes.
func isOurProfile(b []byte) bool {
	for _, g := range gamuts {
		if bytes.Equal(b, g.profile()) {
			return true
		}
	}
	return false
}
