package hidden

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// Names of the fields that telephones, cameras and editors write into a film.
var userNames = map[string]string{
	"©xyz": "location", "©nam": "title", "©ART": "artist", "©day": "date", "©cmt": "comment", "©des": "description", "©too": "encoder", "©swr": "software",
	"©mak": "make", "©mod": "model", "©inf": "information", "©cpy": "copyright", "©aut": "author", "©enc": "encoded by", "©fmt": "format", "©alb": "album",
	"©wrt": "writer", "©gen": "genre", "©lyr": "lyrics", "©prd": "producer", "©dir": "director", "cprt": "copyright", "auth": "author", "titl": "title",
	"dscp": "description", "perf": "performer", "gnre": "genre", "name": "name", "desc": "description", "ldes": "long description", "aART": "album artist",
	"covr": "cover", "purd": "purchase date", "apID": "account identifier", "ownr": "owner", "albm": "album", "yrrc": "year", "rtng": "rating", "clsf": "classification",
	"kywd": "keywords", "xid ": "identifier", "meid": "media identifier", "CNCV": "camera firmware version", "FIRM": "camera firmware", "CAME": "camera serial hash",
	"LENS": "lens serial", "MUID": "media unique identifier", "GPMF": "telemetry", "SETT": "settings", "smta": "maker metadata", "mcvr": "preview", "thmb": "thumbnail",
}

// userData names everything in a udta box: nothing in it shows a picture.
func (f *film) userData(path string, b box, depth int) bool {
	for at := b.body; at < b.end && f.more(f.p); {
		if b.end-at < 8 { // QuickTime ends the list with four zeros
			f.loose(path, at, b.end)
			return true
		}
		c, ok := f.box(at, b.end)
		if !ok {
			f.loose(path, at, b.end)
			return true
		}
		if at = c.end; !f.userField(path, c, depth) {
			return false
		}
	}
	return true
}

func (f *film) userField(path string, c box, depth int) bool {
	where := joinPath(path, c.kind)
	switch c.kind {
	case "meta":
		return f.meta(where, c, depth+1)
	case "XMP_":
		f.xmp(f.p.cut(where, c.body, c.end-c.body), "XMP")
		return true
	case "uuid":
		f.uuid(path, c)
		return true
	case "free", "skip", "wide":
		return f.inside(path, c, nil, depth+1)
	}
	body, ok := f.bytes(f.p, c.body, min(c.end-c.body, 1<<20))
	if !ok {
		return false
	}
	name, value := boxName(c.kind), ""
	kind := kindTag
	switch {
	case c.kind == "chpl":
		f.chapters(where, c, body)
		return true
	case c.kind == "loci":
		kind, value = kindPlace, located(body)
	case c.kind[0] == 0xA9 && len(body) >= 4 && int(be.Uint16(body)) <= len(body)-4:
		value = text(body[4 : 4+int(be.Uint16(body))])
	case len(body) > 6 && bytes.Equal(body[:4], []byte{0, 0, 0, 0}) && c.kind != "thmb": // 3GPP: version, language, words
		value = sample(body[6:], int64(len(body)))
	default:
		value = sample(body, c.end-c.body)
	}
	if known, ok := userNames[name]; ok {
		name, kind = known, kindByName(known, kind)
	} else {
		kind = kindByName(name, kind)
	}
	f.at(f.p, kind, where, name, value, c.at, c.end-c.at)
	f.nested(f.p.cut(where, c.body, c.end-c.body))
	return true
}

// located reads a place as 3GPP writes it (TS 26.244, 8.3).
func located(b []byte) string {
	if len(b) < 6 {
		return sample(b, int64(len(b)))
	}
	name, rest, ok := bytes.Cut(b[6:], []byte{0})
	if !ok || len(rest) < 13 {
		return text(name)
	}
	lon, lat := float64(int32(be.Uint32(rest[1:])))/65536, float64(int32(be.Uint32(rest[5:])))/65536
	return coordinates(lat, lon) + " " + text(name)
}

// chapters names the chapters as Nero writes them.
func (f *film) chapters(where string, c box, b []byte) {
	at := 9
	if len(b) > 0 && b[0] == 0 {
		at = 5
	}
	for at+9 <= len(b) && f.more(f.p) {
		n := int(b[at+8])
		title := b[at+9 : min(len(b), at+9+n)]
		f.at(f.p, kindText, where, "chapter", text(title), c.body+int64(at), int64(9+n))
		at += 9 + n
	}
}

// meta looks at a metadata box: texts, or the items of a picture in boxes.
func (f *film) meta(path string, b box, depth int) bool {
	at := b.body
	if head, ok := f.bytes(f.p, at, min(8, b.end-at)); ok && len(head) == 8 && string(head[4:]) != "hdlr" {
		at += 4 // a version and flags, which QuickTime leaves out
	}
	handler, keys := "", []string(nil)
	if path == "meta" {
		f.items = &items{}
	}
	for at < b.end && f.more(f.p) {
		if b.end-at < 8 {
			f.loose(path, at, b.end)
			return true
		}
		c, ok := f.box(at, b.end)
		if !ok || depth > 20 {
			return false
		}
		at = c.end
		switch c.kind {
		case "hdlr":
			body, ok := f.bytes(f.p, c.body, min(c.end-c.body, 4096))
			if !ok || len(body) < 12 {
				return false
			}
			handler = string(body[8:12])
			if name := text(body[min(24, len(body)):]); path == "meta" && name != "" {
				f.at(f.p, kindProgram, path, "handler name", name, c.at, c.end-c.at)
			}
		case "keys":
			keys = f.keys(c)
		case "ilst":
			f.list(path, c, keys, handler)
		case "free", "skip":
			if !f.inside(path, c, nil, depth+1) {
				return false
			}
		default:
			if path == "meta" && f.items.box(f, path, c) {
				continue
			}
			f.report(kindByName(boxName(c.kind), kindUnknown), path, c)
		}
	}
	return true
}

// keys reads the names of the fields that a list then counts.
func (f *film) keys(c box) (names []string) {
	b, ok := f.bytes(f.p, c.body, c.end-c.body)
	for at := 8; ok && at+8 <= len(b); {
		n := int(be.Uint32(b[at:]))
		if n < 8 || n > len(b)-at {
			break
		}
		names = append(names, text(b[at+8:at+n]))
		at += n
	}
	return names
}

// list names each field of an item list, with its value.
func (f *film) list(path string, c box, keys []string, handler string) {
	for at := c.body; at+8 <= c.end && f.more(f.p); {
		item, ok := f.box(at, c.end)
		if !ok {
			f.damaged(f.p)
			return
		}
		at = item.end
		name := boxName(item.kind)
		if i := int(be.Uint32([]byte(item.kind))); handler == "mdta" && i >= 1 && i <= len(keys) {
			name = keys[i-1]
		}
		if known, ok := userNames[name]; ok {
			name = known
		}
		f.listed(path+"/ilst", item, name)
	}
}

// listed names one field: its value is in boxes of its own.
func (f *film) listed(path string, item box, name string) {
	value, kind := "", ""
	for at := item.body; at+8 <= item.end && f.more(f.p); {
		d, ok := f.box(at, item.end)
		if !ok {
			break
		}
		at = d.end
		b, _ := f.bytes(f.p, d.body, min(d.end-d.body, 1<<16))
		switch {
		case d.kind == "name" && len(b) > 4:
			name = text(b[4:])
		case d.kind == "data" && len(b) >= 8:
			inner := f.p.cut(joinPath(path, item.kind), d.body+8, d.end-d.body-8)
			switch form := be.Uint32(b) & 0xFFFFFF; {
			case form == 13 || form == 14 || form == 27:
				value, kind = f.looksLike(inner), kindPicture
				f.nested(inner)
			case form == 1 || form == 2:
				value = text(b[8:])
			case len(b) <= 16:
				value = fmt.Sprint(number(b[8:]))
			default:
				value = sample(b[8:], d.end-d.body-8)
			}
		}
	}
	if kind == "" {
		kind = kindByName(name, kindTag)
	}
	f.at(f.p, kind, path, name, value, item.at, item.end-item.at)
}

// xmpUUID is the box in which XMP lies (XMP part 3, 1.2.2).
const xmpUUID = "be7acfcb97a942e89c71999491e3afac"

func (f *film) uuid(path string, b box) {
	id, ok := f.bytes(f.p, b.body, min(16, b.end-b.body))
	where := joinPath(path, b.kind)
	switch {
	case !ok || len(id) < 16:
		f.report(kindUnknown, path, b)
	case hex.EncodeToString(id) == xmpUUID:
		f.xmp(f.p.cut(where, b.body+16, b.end-b.body-16), "XMP")
	default:
		inner := f.p.cut(where, b.body+16, b.end-b.body-16)
		f.at(f.p, kindUnknown, path, "uuid "+hex.EncodeToString(id), f.looksLike(inner), b.at, b.end-b.at)
		f.boxesIn(inner)
		f.nested(inner)
	}
}

// boxesIn names what makers put into boxes of boxes of their own.
func (f *film) boxesIn(p part) {
	inner := &film{scan: f.scan, p: p}
	var all []box
	for at := int64(0); at+8 <= p.size && f.more(p); {
		b, ok := inner.box(at, p.size)
		if !ok || !isBoxName([]byte(b.kind)) {
			return
		}
		all, at = append(all, b), b.end
	}
	for _, b := range all {
		inner.userField("", b, 1)
	}
}
