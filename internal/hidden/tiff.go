package hidden

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// Limits of TIFF and EXIF data.
const (
	maxIFDs = 64
	maxTags = 2000
)

// A tiff is one TIFF structure being taken apart (TIFF 6.0; EXIF 2.32 is one too).
type tiff struct {
	*scan
	p     part
	order binary.ByteOrder
	file  bool // it is a picture of its own, not the metadata of one
	seen  map[int64]bool
	used  []extent
	maker string // of the camera, for its own note
	noted bool   // there is such a note: what it points at is known to its maker only
	gps   map[uint16][]float64
	refs  map[uint16]string
}

// A field is one entry of a directory.
type field struct {
	tag, typ  uint16
	at, count int64 // where its value is
	size      int64 // of the value, in bytes
	b         []byte
}

// fieldSizes gives the size of one value for each type.
var fieldSizes = []int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8}

func (s *scan) tiffFile(p part) {
	t := s.tiff(p, true)
	if t == nil {
		return
	}
	if t.file && t.noted {
		return
	}
	s.gaps(p, t.used)
}

// exif looks at EXIF data. It gives nil where it is none.
func (s *scan) exif(p part) *tiff {
	t := s.tiff(p, false)
	if t != nil && !t.noted {
		s.gaps(p, t.used)
	}
	return t
}

func (s *scan) tiff(p part, file bool) *tiff {
	t := &tiff{scan: s, p: p, file: file, seen: map[int64]bool{}, gps: map[uint16][]float64{}, refs: map[uint16]string{}}
	head, ok := s.bytes(p, 0, 8)
	switch {
	case ok && string(head[:4]) == "II*\x00":
		t.order = le
	case ok && string(head[:4]) == "MM\x00*":
		t.order = be
	default:
		s.damaged(p)
		return nil
	}
	t.used = append(t.used, extent{0, 8})
	at := int64(t.order.Uint32(head[4:]))
	for n := 0; at != 0 && s.more(p); n++ {
		next, ok := t.directory(at, fmt.Sprintf("IFD%d", n), tiffTags, n)
		if !ok {
			s.damaged(p)
			return t
		}
		at = next
	}
	t.position()
	return t
}

// directory reads one directory and those in it, and says where the next is.
func (t *tiff) directory(at int64, group string, names map[uint16]string, n int) (next int64, ok bool) {
	if t.seen[at] || len(t.seen) == maxIFDs {
		return 0, false
	}
	t.seen[at] = true
	b, ok := t.bytes(t.p, at, 2)
	if !ok {
		return 0, false
	}
	count := int64(t.order.Uint16(b))
	if b, ok = t.bytes(t.p, at+2, count*12); !ok || count > maxTags {
		return 0, false
	}
	tail, whole := t.bytes(t.p, at+2+count*12, 4)
	t.use(at, 2+count*12+4)
	fields := make(map[uint16]field)
	for i := int64(0); i < count; i++ {
		f, good := t.field(b[i*12:], at+2+i*12)
		if !good {
			ok = false
			continue
		}
		fields[f.tag] = f
		if !t.pointer(f, group) && !t.structure(f, group) {
			t.tell(f, group, names)
		}
	}
	t.pictures(fields, group, n)
	if !whole { // some writers leave the last link out
		return 0, ok
	}
	return int64(t.order.Uint32(tail)), ok
}

func (t *tiff) use(at, n int64) { t.used = append(t.used, extent{at, min(at+n, t.p.size)}) }

// field reads one entry.
func (t *tiff) field(b []byte, entry int64) (f field, ok bool) {
	f = field{tag: t.order.Uint16(b), typ: t.order.Uint16(b[2:]), count: int64(t.order.Uint32(b[4:])), at: entry + 8}
	if int(f.typ) >= len(fieldSizes) || fieldSizes[f.typ] == 0 {
		return f, false
	}
	if f.size = f.count * fieldSizes[f.typ]; f.size > 4 {
		f.at = int64(t.order.Uint32(b[8:]))
	}
	if f.at > t.p.size || f.size > t.p.size-f.at {
		return f, false
	}
	t.use(f.at, f.size)
	f.b, ok = t.bytes(t.p, f.at, min(f.size, 1<<16))
	return f, ok
}

// Tags that lead to other directories or hold data of another form.
const (
	tagSubIFDs    = 0x014A
	tagXMP        = 0x02BC
	tagIPTC       = 0x83BB
	tagPhotoshop  = 0x8649
	tagExif       = 0x8769
	tagICC        = 0x8773
	tagGPS        = 0x8825
	tagMakerNote  = 0x927C
	tagInterop    = 0xA005
	tagMake       = 0x010F
	tagJPEG       = 0x0201
	tagJPEGLength = 0x0202
)

// pointer follows a field that is one of those. It says whether it was.
func (t *tiff) pointer(f field, group string) bool {
	inner := t.p.cut(group, f.at, f.size)
	switch f.tag {
	case tagExif:
		t.follow(f, "Exif", exifTags)
	case tagGPS:
		t.follow(f, "GPS", gpsTags)
	case tagInterop:
		t.follow(f, "Interop", interopTags)
	case tagSubIFDs:
		t.follow(f, group+"/SubIFD", tiffTags)
	case tagXMP:
		t.xmp(inner, "XMP")
	case tagIPTC:
		t.iptc(inner)
	case tagPhotoshop:
		t.photoshop(inner)
	case tagICC:
		t.icc(inner)
	case tagMakerNote:
		t.noted = true
		t.at(t.p, kindDevice, group, "MakerNote", maker(f.b, t.maker)+", "+amount(f.size), f.at, f.size)
	default:
		return false
	}
	return true
}

func (t *tiff) follow(f field, group string, names map[uint16]string) {
	for _, at := range t.numbers(f, 16) {
		if _, ok := t.directory(int64(at), group, names, 1); !ok {
			t.damaged(t.p)
		}
	}
}

// makers are the first bytes of cameras' own notes.
var makers = []struct{ mark, name string }{
	{"Apple iOS", "Apple"}, {"Nikon", "Nikon"}, {"SONY", "Sony"}, {"OLYMP", "Olympus"}, {"OM SYSTEM", "OM System"},
	{"Panasonic", "Panasonic"}, {"FUJIFILM", "Fujifilm"}, {"AOC", "Pentax"}, {"PENTAX", "Pentax"}, {"SIGMA", "Sigma"},
	{"LEICA", "Leica"}, {"HUAWEI", "Huawei"}, {"QVC", "Casio"}, {"Ricoh", "Ricoh"}, {"KDK", "Kodak"}, {"DJI", "DJI"},
}

// maker names whose note it is: by its first bytes, else by the field Make.
func maker(b []byte, made string) string {
	for _, m := range makers {
		if strings.HasPrefix(string(b), m.mark) {
			return m.name
		}
	}
	return made
}

// structure says whether a field is one that a TIFF file cannot be shown without.
func (t *tiff) structure(f field, group string) bool {
	if !t.file || strings.HasPrefix(group, "Exif") || strings.HasPrefix(group, "GPS") {
		return false
	}
	_, ok := tiffStructure[f.tag]
	return ok
}

// tell reports a field.
func (t *tiff) tell(f field, group string, names map[uint16]string) {
	name, known := names[f.tag]
	kind := kindTag
	if group == "GPS" {
		kind = kindPlace
		t.gps[f.tag], t.refs[f.tag] = t.decimals(f, 3), text(f.b)
	}
	if known {
		kind = kindByName(name, kind)
	} else {
		name = hexName(int(f.tag))
	}
	if f.tag == tagMake {
		t.maker = text(f.b)
	}
	if f.tag == tagJPEG || f.tag == tagJPEGLength {
		return // told with the picture
	}
	t.at(t.p, kind, group, name, t.value(f), f.at, f.size)
}

// value shows what a field says.
func (t *tiff) value(f field) string {
	switch {
	case f.typ == 2:
		return text(f.b)
	case f.tag >= 0x9C9B && f.tag <= 0x9C9F: // XPTitle … XPSubject
		return wide(f.b, false)
	case f.tag == 0x9286 && len(f.b) > 8: // UserComment
		return userComment(f.b, t.order == be)
	case f.typ == 1 || f.typ == 6 || f.typ == 7:
		if f.size <= 4 {
			return strings.Trim(fmt.Sprint(f.b), "[]")
		}
		return sample(f.b, f.size)
	}
	var out []string
	for _, v := range t.decimals(f, 8) {
		out = append(out, strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.6f", v), "0"), "."))
	}
	if f.count > 8 {
		out = append(out, "…")
	}
	return strings.Join(out, " ")
}

func userComment(b []byte, big bool) string {
	if strings.HasPrefix(string(b), "UNICODE") {
		return wide(b[8:], big)
	}
	return text(b[8:])
}

// numbers gives at most n values as they stand.
func (t *tiff) numbers(f field, n int) (all []uint32) {
	for i := 0; i < n && int64(i) < f.count; i++ {
		switch at := i * int(fieldSizes[f.typ]); {
		case at+int(fieldSizes[f.typ]) > len(f.b):
			return all
		case f.typ == 3:
			all = append(all, uint32(t.order.Uint16(f.b[at:])))
		case f.typ == 4 || f.typ == 9 || f.typ == 13:
			all = append(all, t.order.Uint32(f.b[at:]))
		case f.typ == 1 || f.typ == 7:
			all = append(all, uint32(f.b[at]))
		}
	}
	return all
}

// decimals gives at most n values as numbers.
func (t *tiff) decimals(f field, n int) (all []float64) {
	size := int(fieldSizes[f.typ])
	for i := 0; i < n && int64(i) < f.count && (i+1)*size <= len(f.b); i++ {
		b := f.b[i*size:]
		v := 0.0
		switch f.typ {
		case 1, 2, 7:
			v = float64(b[0])
		case 6:
			v = float64(int8(b[0]))
		case 3:
			v = float64(t.order.Uint16(b))
		case 8:
			v = float64(int16(t.order.Uint16(b)))
		case 4, 13:
			v = float64(t.order.Uint32(b))
		case 9:
			v = float64(int32(t.order.Uint32(b)))
		case 5:
			v = float64(t.order.Uint32(b)) / float64(t.order.Uint32(b[4:]))
		case 10:
			v = float64(int32(t.order.Uint32(b))) / float64(int32(t.order.Uint32(b[4:])))
		case 11:
			v = float64(math.Float32frombits(t.order.Uint32(b)))
		case 12:
			v = math.Float64frombits(t.order.Uint64(b))
		case 16, 17, 18:
			v = float64(t.order.Uint64(b))
		}
		all = append(all, v)
	}
	return all
}

// position puts latitude and longitude together.
func (t *tiff) position() {
	lat, lon := degrees(t.gps[2], t.refs[1]), degrees(t.gps[4], t.refs[3])
	if len(t.gps[2]) > 0 && len(t.gps[4]) > 0 {
		t.at(t.p, kindPlace, "GPS", "position", coordinates(lat, lon), 0, t.p.size)
	}
}

func degrees(v []float64, ref string) (d float64) {
	for i, unit := range []float64{1, 60, 3600} {
		if i < len(v) {
			d += v[i] / unit
		}
	}
	if ref == "S" || ref == "W" {
		return -d
	}
	return d
}

// Tags of the places and lengths of a picture's data, and of its size.
const (
	tagWidth       = 0x0100
	tagHeight      = 0x0101
	tagStrips      = 0x0111
	tagStripCounts = 0x0117
	tagTiles       = 0x0144
	tagTileCounts  = 0x0145
)

// pictures reports the pictures of a directory that is not the first, and the small
// ones of EXIF.
func (t *tiff) pictures(f map[uint16]field, group string, n int) {
	at, size := t.numbers(f[tagJPEG], 1), t.numbers(f[tagJPEGLength], 1)
	if len(at) == 1 && len(size) == 1 && int64(at[0])+int64(size[0]) <= t.p.size {
		thumbnail := t.p.cut(group+"/thumbnail", int64(at[0]), int64(size[0]))
		t.use(int64(at[0]), int64(size[0]))
		t.at(t.p, kindPicture, group, "thumbnail", t.looksLike(thumbnail), int64(at[0]), int64(size[0]))
		t.nested(thumbnail)
	}
	for _, tags := range [][2]uint16{{tagStrips, tagStripCounts}, {tagTiles, tagTileCounts}} {
		t.strips(f[tags[0]], f[tags[1]])
	}
	if _, ok := f[tagStrips]; (ok || f[tagTiles].count > 0) && n > 0 {
		w, h := t.numbers(f[tagWidth], 1), t.numbers(f[tagHeight], 1)
		t.at(t.p, kindPicture, group, "further picture", strings.Trim(fmt.Sprint(w, "x", h), "[]"), 0, t.p.size)
	}
}

// strips counts the data of a picture as used.
func (t *tiff) strips(at, size field) {
	places, lengths := t.every(at), t.every(size)
	for i := range min(len(places), len(lengths)) {
		t.use(int64(places[i]), int64(lengths[i]))
	}
}

// every gives all values of a field of places or lengths.
func (t *tiff) every(f field) []uint32 {
	if f.count == 0 || f.count > 1<<22 {
		return nil
	}
	b, ok := t.bytes(t.p, f.at, f.size)
	if !ok {
		return nil
	}
	f.b = b
	return t.numbers(f, int(f.count))
}
