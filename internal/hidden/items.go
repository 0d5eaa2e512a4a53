package hidden

import (
	"bytes"
	"fmt"
)

// items are the pictures and data of a HEIC or AVIF (ISO/IEC 14496-12, 8.11, and
// 23008-12).
type items struct {
	primary uint32
	all     []*item
	refs    []itemRef
	holder  box // the idat box
}

type item struct {
	id     uint32
	kind   string
	name   string
	form   string // MIME type
	inBox  bool   // its bytes are in the idat box
	placed []extent
}

type itemRef struct {
	kind     string
	from, to uint32
}

// box looks at a box of the metadata of pictures. false: it is none of these.
func (m *items) box(f *film, path string, c box) bool {
	b, ok := []byte(nil), true
	if c.kind != "idat" && c.kind != "iprp" {
		if c.end-c.body > 1<<24 {
			return false
		}
		if b, ok = f.bytes(f.p, c.body, c.end-c.body); !ok || len(b) < 4 {
			return false
		}
	}
	switch c.kind {
	case "pitm":
		m.primary = uint32(number(b[4:]))
	case "iinf":
		m.names(f, c, b)
	case "iloc":
		m.places(b)
	case "iref":
		m.references(f, c, b)
	case "idat":
		m.holder = c
	case "iprp":
		m.properties(f, joinPath(path, c.kind), c)
	case "dinf", "grpl":
	default:
		return false
	}
	return true
}

func (m *items) get(id uint32) *item {
	for _, i := range m.all {
		if i.id == id {
			return i
		}
	}
	if len(m.all) > 4096 {
		return &item{}
	}
	i := &item{id: id}
	m.all = append(m.all, i)
	return i
}

// names reads what each item is.
func (m *items) names(f *film, c box, b []byte) {
	at := int64(6)
	if b[0] > 0 {
		at = 8
	}
	for at+8 <= int64(len(b)) && f.more(f.p) {
		e, ok := boxAt(b[at:min(int64(len(b)), at+16)], at, int64(len(b)))
		if !ok {
			return
		}
		v := b[e.body:e.end]
		at = e.end
		wide := 2
		if len(v) > 0 && v[0] >= 3 {
			wide = 4
		}
		if e.kind != "infe" || len(v) < 4+wide+2+4 || v[0] < 2 {
			continue
		}
		i := m.get(uint32(number(v[4 : 4+wide])))
		rest := v[4+wide+2:]
		i.kind = string(rest[:4])
		name, more, _ := bytes.Cut(rest[4:], []byte{0})
		form, _, _ := bytes.Cut(more, []byte{0})
		i.name = text(name)
		if i.kind == "mime" {
			i.form = text(form)
		}
	}
}

// places reads where each item is.
func (m *items) places(b []byte) {
	if len(b) < 8 {
		return
	}
	version := b[0]
	sizes := [4]int{int(b[4] >> 4), int(b[4] & 15), int(b[5] >> 4), int(b[5] & 15)} // offset, length, base, index
	at := 6
	take := func(n int) uint64 {
		if n > 8 || at+n > len(b) {
			at = len(b) + 1
			return 0
		}
		at += n
		return number(b[at-n : at])
	}
	width := 2
	if version == 2 {
		width = 4
	}
	for range take(width) {
		i := m.get(uint32(take(width)))
		if version > 0 {
			i.inBox = take(2)&15 == 1
		}
		take(2)
		base := take(sizes[2])
		for range take(2) {
			if version > 0 {
				take(sizes[3])
			}
			from, n := base+take(sizes[0]), take(sizes[1])
			if at > len(b) {
				return
			}
			if from < 1<<61 && n < 1<<61 && len(i.placed) < 4096 {
				i.placed = append(i.placed, extent{int64(from), int64(from + n)})
			}
		}
		if at > len(b) {
			return
		}
	}
}

// references reads what each item is to another.
func (m *items) references(f *film, c box, b []byte) {
	wide := 2
	if b[0] > 0 {
		wide = 4
	}
	for at := int64(4); at+8 <= int64(len(b)) && f.more(f.p); {
		e, ok := boxAt(b[at:min(int64(len(b)), at+16)], at, int64(len(b)))
		if !ok {
			return
		}
		at = e.end
		v := b[e.body:e.end]
		if len(v) < wide+2 {
			return
		}
		from, rest := uint32(number(v[:wide])), v[wide+2:]
		for ; len(rest) >= wide && len(m.refs) < 1<<16; rest = rest[wide:] {
			m.refs = append(m.refs, itemRef{e.kind, from, uint32(number(rest[:wide]))})
		}
	}
}

// properties looks for the words of colour profiles.
func (m *items) properties(f *film, path string, c box) {
	for at := c.body; at+8 <= c.end && f.more(f.p); {
		b, ok := f.box(at, c.end)
		if !ok {
			return
		}
		at = b.end
		switch b.kind {
		case "ipco":
			m.properties(f, path+"/ipco", b)
		case "colr":
			if v, ok := f.bytes(f.p, b.body, 4); ok && (string(v) == "prof" || string(v) == "rICC") {
				f.icc(f.p.cut(path+"/colr", b.body+4, b.end-b.body-4))
			}
		case "udes":
			f.report(kindText, path, b)
		case "uuid":
			f.uuid(path, b)
		}
	}
}

// shown are the items that the first picture is made of.
func (m *items) shown() map[uint32]bool {
	shown := map[uint32]bool{m.primary: true}
	for range 8 { // pictures of pictures
		for _, r := range m.refs {
			if shown[r.from] && r.kind == "dimg" {
				shown[r.to] = true
			}
		}
	}
	return shown
}

// pictures names every item that the first picture is not made of.
func (f *film) pictures() {
	m := f.items
	if m == nil {
		return
	}
	shown := m.shown()
	for _, i := range m.all {
		if !f.alive() {
			return
		}
		if !i.inBox {
			f.used = append(f.used, i.placed...)
		}
		if i.name != "" {
			f.at(f.p, kindText, "items", "item name", i.name, 0, 0)
		}
		if !shown[i.id] {
			f.item(i)
		} else if i.kind == "hvc1" || i.kind == "avc1" {
			f.itemUnits(i)
		}
	}
}

// bytesOf joins the bytes of an item; its place in the file where it is in one piece.
func (f *film) bytesOf(i *item) (part, bool) {
	base := int64(0)
	if i.inBox {
		base = f.items.holder.body
	}
	where := fmt.Sprintf("item-%d", i.id)
	var b []byte
	for n, e := range i.placed {
		size := e.to - e.from
		if base+e.from+size > f.p.size {
			return part{}, false
		}
		if len(i.placed) == 1 {
			return f.p.cut(where, base+e.from, size), true
		}
		piece, ok := f.bytes(f.p, base+e.from, size)
		if !ok || n > 4096 {
			return part{}, false
		}
		b = append(b, piece...)
	}
	return part{f.p.under(where), bytes.NewReader(b), int64(len(b)), 0, f.p.depth + 1}, len(i.placed) > 0
}

// item names one.
func (f *film) item(i *item) {
	p, ok := f.bytesOf(i)
	if !ok && (i.kind == "Exif" || i.kind == "mime" || i.kind == "uri ") {
		f.damaged(f.p)
		return
	}
	if !ok {
		f.at(f.p, kindPicture, "items", f.role(i), i.kind, 0, 0)
		return
	}
	switch {
	case i.kind == "Exif":
		head, _ := f.bytes(p, 0, min(4, p.size))
		skip := int64(4)
		if len(head) == 4 {
			skip += int64(be.Uint32(head))
		}
		if skip < p.size {
			f.exif(p.cut("EXIF", skip, p.size-skip))
		}
	case i.kind == "mime" && i.form == "application/rdf+xml":
		f.xmp(p, "XMP")
	case i.kind == "mime" || i.kind == "uri ":
		f.at(p, kindText, "", "item "+i.form, f.looksLike(p), 0, p.size)
	default:
		f.at(p, kindPicture, "", f.role(i), i.kind+", "+amount(p.size), 0, p.size)
	}
}

// role says what a picture is to the first one.
func (f *film) role(i *item) string {
	for _, r := range f.items.refs {
		if r.from == i.id {
			switch r.kind {
			case "thmb":
				return "thumbnail"
			case "auxl":
				return "auxiliary picture"
			}
		}
	}
	return "further picture"
}

// itemUnits looks for messages between the units of a coded picture.
func (f *film) itemUnits(i *item) {
	p, ok := f.bytesOf(i)
	if !ok {
		f.damaged(f.p)
		return
	}
	inner := &film{scan: f.scan, p: p}
	w := &teller{film: inner, where: "units", track: &track{codec: i.kind, prefix: 4}}
	if !w.sample(&peeker{scan: f.scan, p: p, window: 4096}, extent{0, p.size}) {
		f.damaged(p)
	}
}
