package hidden

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
)

// The records of a ZIP file (PKWARE APPNOTE 6.3): signature and fixed length.
const (
	zipLocal     = 0x04034b50
	zipCentral   = 0x02014b50
	zipEnd       = 0x06054b50
	zipAfter     = 0x08074b50
	localLength  = 30
	centralSize  = 46
	endLength    = 22
	longComment  = 1<<16 - 1
	zipEncrypted = 1
	zipTrailer   = 8 // sizes come after the data
	zipStored    = 0
	zipDeflated  = 8
	zipNoDate    = 0x0021 // 1 January 1980, the first day that can be written
	maxEntries   = 20_000
)

// An entry is one file of an archive.
type entry struct {
	name            string
	extra, comment  []byte
	flags, method   uint16
	date, time      uint16
	crc             uint32
	size, packed    int64
	header, data, n int64 // where it starts, where its bytes are, its whole length
}

// An archive is a ZIP that holds together.
type archive struct {
	*scan
	p          part
	entries    []entry
	start, end int64 // of the directory
	comment    []byte
}

// openZIP reads the directory of an archive. false: it does not hold together.
func (s *scan) openZIP(p part) (*archive, bool) {
	a := &archive{scan: s, p: p}
	tail, ok := s.bytes(p, max(0, p.size-endLength-longComment), min(p.size, endLength+longComment))
	if !ok {
		return nil, false
	}
	i := len(tail) - endLength
	for ; i >= 0; i-- {
		if le.Uint32(tail[i:]) == zipEnd && i+endLength+int(le.Uint16(tail[i+20:])) <= len(tail) {
			break
		}
	}
	if i < 0 {
		return nil, false
	}
	count, size, start := int(le.Uint16(tail[i+10:])), int64(le.Uint32(tail[i+12:])), int64(le.Uint32(tail[i+16:]))
	a.start, a.end = start, p.size-int64(len(tail))+int64(i)+endLength
	if start+size > a.end-endLength || count > maxEntries || le.Uint16(tail[i+8:]) != le.Uint16(tail[i+10:]) {
		return nil, false // split, or of another form
	}
	a.comment = tail[i+endLength : i+endLength+int(le.Uint16(tail[i+20:]))]
	a.end += int64(len(a.comment))
	b, ok := s.bytes(p, start, size)
	for range count {
		e, n := central(b)
		if n == 0 || !ok {
			return nil, false
		}
		b = b[n:]
		if !a.local(&e) {
			return nil, false
		}
		a.entries = append(a.entries, e)
	}
	slices.SortStableFunc(a.entries, func(a, b entry) int { return cmp.Compare(a.header, b.header) })
	return a, len(b) == 0 && s.alive()
}

// central reads one record of the directory and its length, 0 where it is none.
func central(b []byte) (entry, int) {
	if len(b) < centralSize || le.Uint32(b) != zipCentral {
		return entry{}, 0
	}
	name, extra, comment := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
	n := centralSize + name + extra + comment
	if len(b) < n {
		return entry{}, 0
	}
	return entry{
		flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]), time: le.Uint16(b[12:]), date: le.Uint16(b[14:]), crc: le.Uint32(b[16:]),
		packed: int64(le.Uint32(b[20:])), size: int64(le.Uint32(b[24:])), header: int64(le.Uint32(b[42:])),
		name:    string(b[centralSize : centralSize+name]),
		extra:   b[centralSize+name : centralSize+name+extra],
		comment: b[n-comment : n],
	}, n
}

// local reads the entry's own header, which must agree with the directory: programs
// differ in which of the two they believe.
func (a *archive) local(e *entry) bool {
	h, ok := a.bytes(a.p, e.header, localLength)
	if !ok || le.Uint32(h) != zipLocal || le.Uint16(h[8:]) != e.method {
		return false
	}
	name, extra := int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	e.data = e.header + localLength + name + extra
	own, ok := a.bytes(a.p, e.header+localLength, name+extra)
	if !ok || e.data+e.packed > a.p.size || string(own[:name]) != e.name {
		return false
	}
	e.extra = slices.Concat(e.extra, own[name:])
	e.n = e.data + e.packed - e.header
	if e.flags&zipTrailer == 0 {
		return true
	}
	b, ok := a.bytes(a.p, e.data+e.packed, 4)
	if !ok {
		return false
	}
	if e.n += 12; le.Uint32(b) == zipAfter {
		e.n += 4
	}
	return true
}

// unpackEntry gives the bytes of an entry. false: they are not what the directory
// says.
func (a *archive) unpackEntry(e entry) ([]byte, bool) {
	switch {
	case e.flags&zipEncrypted != 0:
		a.unread(a.p.under(e.name), whyEncrypted)
		return nil, false
	case e.size > maxPiece || !a.spend(e.size):
		a.unread(a.p.under(e.name), whyLarge)
		return nil, false
	case e.method == zipStored && e.size == e.packed:
		return a.bytes(a.p, e.data, e.size)
	case e.method != zipDeflated:
		a.unread(a.p.under(e.name), whyFilter)
		return nil, false
	}
	packed := bufio.NewReader(io.NewSectionReader(a.p.r, e.data, e.packed))
	b, err := io.ReadAll(io.LimitReader(flate.NewReader(packed), e.size+1))
	if err != nil || int64(len(b)) != e.size || crc32.ChecksumIEEE(b) != e.crc {
		a.unread(a.p.under(e.name), whyDamaged)
		return nil, false
	}
	if _, err := packed.ReadByte(); err != io.EOF {
		a.at(a.p, kindBytes, e.name, "after-the-packed", amount(e.packed), e.data, e.packed)
	}
	a.report.Read += e.packed
	return b, true
}

// zip names what the archive itself tells, and what is in its files.
func (s *scan) zip(p part) {
	a, ok := s.openZIP(p)
	if !ok {
		s.damaged(p)
		return
	}
	a.envelope()
	switch {
	case a.has("[Content_Types].xml"):
		a.officeOpen()
	case a.has("META-INF/manifest.xml") && a.has("content.xml"):
		a.openDocument()
	default:
		for _, e := range a.entries {
			if strings.HasSuffix(e.name, "/") && e.size == 0 {
				continue
			}
			if b, ok := a.unpackEntry(e); ok && s.more(p) {
				inner := part{p.under(e.name), bytes.NewReader(b), int64(len(b)), 0, p.depth + 1}
				s.take(inner, s.sniff(inner))
			}
		}
	}
}

func (a *archive) has(name string) bool {
	return slices.ContainsFunc(a.entries, func(e entry) bool { return e.name == name })
}

// envelope names comments, times, fields beside the entries, and bytes between them.
func (a *archive) envelope() {
	used := []extent{{a.start, a.end}}
	var first, last string
	seen := map[string]bool{}
	for _, e := range a.entries {
		used = append(used, extent{e.header, e.header + e.n})
		if seen[e.name] {
			a.at(a.p, kindConcealed, "", "second file of this name", e.name, e.header, e.n)
		}
		seen[e.name] = true
		if len(e.comment) > 0 {
			a.at(a.p, kindText, e.name, "comment", sample(e.comment, int64(len(e.comment))), e.header, e.n)
		}
		a.extras(e)
		if e.date != zipNoDate && e.date != 0 || e.time != 0 {
			when := fmt.Sprintf("%04d-%02d-%02d %02d:%02d:%02d", 1980+int(e.date>>9), e.date>>5&15, e.date&31, e.time>>11, e.time>>5&63, e.time&31*2)
			if first == "" || when < first {
				first = when
			}
			last = max(last, when)
		}
	}
	if first != "" {
		a.at(a.p, kindTime, "", "times of files", first+" – "+last, a.start, a.end-a.start)
	}
	if len(a.comment) > 0 {
		a.at(a.p, kindText, "", "comment", sample(a.comment, int64(len(a.comment))), a.end-int64(len(a.comment)), int64(len(a.comment)))
	}
	a.gaps(a.p, used)
}

// Names of the fields that programs put beside entries.
var extraNames = map[uint16]string{0x5455: "time stamps", 0x7875: "user and group", 0x5855: "user and group (old)", 0x000A: "NTFS times", 0x7075: "name in Unicode",
	0x6375: "comment in Unicode", 0x000D: "Unix", 0x9901: "encryption", 0xA220: "growth hint"}

func (a *archive) extras(e entry) {
	told := map[uint16]bool{}
	for b := e.extra; len(b) >= 4; {
		id, n := le.Uint16(b), int(le.Uint16(b[2:]))
		n = min(n, len(b)-4)
		name, known := extraNames[id]
		if !known {
			name = "extra " + hexName(int(id))
		}
		kind := kindByName(name, kindTag)
		if id == 0x7875 || id == 0x5855 {
			kind = kindPerson
		}
		if v := b[4 : 4+n]; !told[id] && len(bytes.Trim(v, "\x00")) > 0 {
			told[id] = true
			a.at(a.p, kind, e.name, name, sample(v, int64(n)), e.header, e.n)
		}
		b = b[4+n:]
	}
}
