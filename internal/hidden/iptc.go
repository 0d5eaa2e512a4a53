package hidden

import (
	"fmt"
)

// Names of IPTC-IIM datasets (record 2; IIM 4.2).
var iptcNames = map[int]string{
	5: "ObjectName", 7: "EditStatus", 10: "Urgency", 15: "Category", 20: "SupplementalCategories", 22: "FixtureIdentifier", 25: "Keywords",
	26: "ContentLocationCode", 27: "ContentLocationName", 30: "ReleaseDate", 35: "ReleaseTime", 40: "SpecialInstructions", 55: "DateCreated",
	60: "TimeCreated", 62: "DigitalCreationDate", 63: "DigitalCreationTime", 65: "OriginatingProgram", 70: "ProgramVersion", 80: "By-line",
	85: "By-lineTitle", 90: "City", 92: "Sub-location", 95: "Province-State", 100: "CountryCode", 101: "Country", 103: "OriginalTransmissionReference",
	105: "Headline", 110: "Credit", 115: "Source", 116: "CopyrightNotice", 118: "Contact", 120: "Caption-Abstract", 122: "Writer-Editor",
}

// iptc reports each dataset of an IPTC record.
func (s *scan) iptc(p part) {
	b, ok := s.all(p)
	if !ok {
		return
	}
	for at := 0; at+5 <= len(b) && s.more(p); {
		if b[at] != 0x1C {
			if s.empty(p, int64(at), p.size-int64(at)) {
				return
			}
			s.at(p, kindBytes, "", "between", sample(b[at:], p.size-int64(at)), int64(at), p.size-int64(at))
			return
		}
		record, set, n := int(b[at+1]), int(b[at+2]), int(be.Uint16(b[at+3:]))
		if n >= 0x8000 || at+5+n > len(b) {
			s.damaged(p)
			return
		}
		name, known := iptcNames[set]
		if record != 2 || !known {
			name = fmt.Sprintf("%d:%d", record, set)
		}
		s.at(p, kindByName(name, kindTag), "", name, sample(b[at+5:at+5+n], int64(n)), int64(at), int64(5+n))
		at += 5 + n
	}
}

// Names of Photoshop's image resources.
var resourceNames = map[int]string{
	0x03ED: "ResolutionInfo", 0x03F3: "PrintFlags", 0x0404: "IPTC", 0x0406: "JPEGQuality", 0x0408: "GridGuides", 0x0409: "Thumbnail", 0x040A: "CopyrightFlag",
	0x040B: "URL", 0x040C: "Thumbnail", 0x040D: "GlobalAngle", 0x040F: "ICCProfile", 0x0414: "DocumentSpecificIDs", 0x0419: "GlobalAltitude", 0x041A: "Slices",
	0x0421: "VersionInfo", 0x0422: "EXIF", 0x0424: "XMP", 0x0425: "CaptionDigest", 0x0426: "PrintScale", 0x0428: "PixelAspectRatio", 0x2710: "PrintFlagsInfo",
}

// photoshop reports each image resource of a Photoshop block.
func (s *scan) photoshop(p part) {
	for at := int64(0); at+12 <= p.size && s.more(p); {
		head, ok := s.bytes(p, at, 7)
		if !ok || string(head[:4]) != "8BIM" {
			s.damaged(p)
			return
		}
		id, name := int(be.Uint16(head[4:])), int64(head[6])
		body := at + 7 + name
		body += (name + 1) % 2 // name and its length are even together
		size, ok := s.bytes(p, body, 4)
		if !ok || int64(be.Uint32(size)) > p.size-body-4 {
			s.damaged(p)
			return
		}
		n := int64(be.Uint32(size))
		s.resource(p, id, body+4, n)
		at = body + 4 + n + n%2
	}
}

func (s *scan) resource(p part, id int, at, n int64) {
	name, ok := resourceNames[id]
	if !ok {
		name = hexName(id)
	}
	inner := p.cut("8BIM-"+name, at, n)
	switch {
	case id == 0x0404:
		s.iptc(inner)
	case (id == 0x0409 || id == 0x040C) && n > 28:
		picture := p.cut("8BIM-"+name, at+28, n-28)
		s.at(p, kindPicture, "", "thumbnail", s.looksLike(picture), at, n)
		s.nested(picture)
	case id == 0x0422:
		s.exif(inner)
	case id == 0x0424:
		s.xmp(inner, "XMP")
	case id == 0x040F:
		s.icc(inner)
	default:
		b, _ := s.bytes(p, at, min(n, 4096))
		s.at(p, kindByName(name, kindTag), "", name, sample(b, n), at, n)
	}
}
