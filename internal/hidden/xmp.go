package hidden

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"io"
	"strings"
)

// maxXML is the longest XML that is looked through, in bytes.
const maxXML = 64 << 20

// xmp reports each property of an XMP packet (ISO 16684-1).
func (s *scan) xmp(p part, name string) {
	b, ok := s.all(p)
	if !ok {
		return
	}
	s.found(Finding{Kind: kindTag, Where: p.label, Name: name, Value: amount(p.size), Offset: p.base, Length: p.size})
	if bytes.HasPrefix(b, []byte{0xFE, 0xFF}) || bytes.HasPrefix(b, []byte{0xFF, 0xFE}) {
		b = []byte(wide(b[2:], b[0] == 0xFE))
	}
	d := xml.NewDecoder(bytes.NewReader(bytes.Trim(b, "\x00")))
	d.Strict = false
	var path []string
	for s.more(p) {
		at := d.InputOffset()
		t, err := d.RawToken()
		if err != nil {
			if err != io.EOF {
				s.found(Finding{Kind: kindText, Where: p.label, Name: name, Value: sample(b, p.size), Offset: p.base, Length: p.size})
			}
			return
		}
		switch t := t.(type) {
		case xml.StartElement:
			path = append(path, full(t.Name))
			s.attributes(p, t, at, d.InputOffset()-at, name)
		case xml.EndElement:
			path = path[:max(0, len(path)-1)]
		case xml.CharData:
			s.property(p, name, property(path), strings.TrimSpace(string(t)), at, int64(len(t)))
		case xml.Comment:
			s.property(p, name, "comment", strings.TrimSpace(string(t)), at, int64(len(t)))
		}
	}
}

func full(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// property is the name of the innermost property: the lists around its values have
// none.
func property(path []string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if !strings.HasPrefix(path[i], "rdf:") {
			return path[i]
		}
	}
	return "text"
}

func (s *scan) attributes(p part, t xml.StartElement, at, n int64, name string) {
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" || a.Name.Local == "xmlns" || a.Name.Space == "rdf" && a.Value == "" || a.Name.Space == "xml" ||
			full(a.Name) == "rdf:parseType" {
			continue
		}
		s.property(p, name, full(a.Name), a.Value, at, n)
	}
}

// property reports one; a picture in letters is shown as one.
func (s *scan) property(p part, name, property, value string, at, n int64) {
	if value == "" {
		return
	}
	kind := kindByName(property, kindTag)
	if strings.HasSuffix(property, ":image") || len(value) > 2000 {
		clean := strings.NewReplacer("\n", "", "\r", "", " ", "", "\t", "").Replace(value)
		if b, err := base64.StdEncoding.DecodeString(clean); err == nil && s.spend(int64(len(b))) {
			inner := part{p.under(property), bytes.NewReader(b), int64(len(b)), 0, p.depth + 1}
			kind, value = kindPicture, s.looksLike(inner)
			s.nested(inner)
		}
	}
	s.found(Finding{Kind: kind, Where: p.label, Name: property, Value: value, Offset: p.base + at, Length: n})
}
