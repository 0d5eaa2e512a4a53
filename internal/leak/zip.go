package leak

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
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
)

var le = binary.LittleEndian

// An entry is one file of an archive, as its central directory has it.
type entry struct {
	name            string
	extra, comment  []byte
	flags, method   uint16
	crc             uint32
	size, packed    int64
	header, data, n int64 // where it starts, where its bytes are, its whole length
}

// zip takes an archive apart, and with it DOCX and ODT. All of its bytes must belong
// to something: an entry, the directory, a comment.
func (l *look) zip(label string, p part) error {
	entries, directory, end, err := l.directory(p)
	if err != nil {
		return l.damaged(label, p, err)
	}
	for i := range entries {
		if err := l.local(p, &entries[i]); err != nil {
			return l.damaged(label, p, err)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.header, b.header) })
	at := int64(0)
	for i, e := range entries {
		if err := l.gap(label, p, at, e.header); err != nil {
			return err
		}
		if e.header < at {
			return l.damaged(label, p, errDamaged)
		}
		at = e.header + e.n
		if err := l.entry(label, i, p, e); err != nil {
			return err
		}
	}
	if at > directory {
		return l.damaged(label, p, errDamaged)
	}
	if err := l.gap(label, p, at, directory); err != nil {
		return err
	}
	if end < p.size {
		return l.piece(label+"/comment", p, end, p.size)
	}
	return nil
}

var errDamaged = errors.New("damaged")

// damaged reports a file that does not hold together. An error of the file's reader is
// another matter and is handed on.
func (l *look) damaged(label string, p part, err error) error {
	if err != nil && !errors.Is(err, errDamaged) {
		return err
	}
	l.unread(label, "leak.unread.damaged")
	return l.bulk(label, p.r, 0, p.size)
}

// gap reports bytes of a file that belong to nothing.
func (l *look) gap(label string, p part, from, to int64) error {
	if from >= to {
		return nil
	}
	l.hidden(label, from, to, "leak.why.between")
	return l.piece(label+"@"+itoa(int(from)), p, from, to)
}

// piece looks at bytes of a file of which only some may be text.
func (l *look) piece(label string, p part, from, to int64) error {
	if to-from > maxText {
		l.unread(label, "leak.unread.large")
		return l.bulk(label, p.r, from, to)
	}
	b, err := l.bytes(p, from, to-from)
	if err == nil {
		l.loose(label, b)
	}
	return err
}

// directory reads the entries, where the directory starts, and where the comment
// does.
func (l *look) directory(p part) (entries []entry, start, end int64, err error) {
	tail, err := l.bytes(p, max(0, p.size-endLength-longComment), min(p.size, endLength+longComment))
	if err != nil {
		return nil, 0, 0, err
	}
	i := len(tail) - endLength
	for ; i >= 0; i-- { // the comment must reach to the very end
		if le.Uint32(tail[i:]) == zipEnd && i+endLength+int(le.Uint16(tail[i+20:])) == len(tail) {
			break
		}
	}
	if i < 0 {
		return nil, 0, 0, errDamaged
	}
	count, size, start := int(le.Uint16(tail[i+10:])), int64(le.Uint32(tail[i+12:])), int64(le.Uint32(tail[i+16:]))
	at := p.size - int64(len(tail)) + int64(i)
	if start+size != at || count > maxEntries || le.Uint16(tail[i+8:]) != le.Uint16(tail[i+10:]) {
		return nil, 0, 0, errDamaged // split, of another form, or with something between
	}
	b, err := l.bytes(p, start, size)
	if err != nil {
		return nil, 0, 0, err
	}
	for range count {
		e, n := central(b)
		if n == 0 {
			return nil, 0, 0, errDamaged
		}
		entries, b = append(entries, e), b[n:]
	}
	if len(b) > 0 {
		return nil, 0, 0, errDamaged
	}
	return entries, start, at + endLength, nil
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
		flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]), crc: le.Uint32(b[16:]),
		packed: int64(le.Uint32(b[20:])), size: int64(le.Uint32(b[24:])), header: int64(le.Uint32(b[42:])),
		name:    string(b[centralSize : centralSize+name]),
		extra:   b[centralSize+name : centralSize+name+extra],
		comment: b[n-comment : n],
	}, n
}

// local reads the entry's own header, which must agree with the directory: programs
// differ in which of the two they believe.
func (l *look) local(p part, e *entry) error {
	if e.header+localLength > p.size {
		return errDamaged
	}
	h, err := l.bytes(p, e.header, localLength)
	if err != nil {
		return err
	}
	name, extra := int64(le.Uint16(h[26:])), int64(le.Uint16(h[28:]))
	e.data = e.header + localLength + name + extra
	if le.Uint32(h) != zipLocal || e.data+e.packed > p.size || le.Uint16(h[8:]) != e.method || le.Uint16(h[6:]) != e.flags {
		return errDamaged
	}
	own, err := l.bytes(p, e.header+localLength, name+extra)
	if err != nil {
		return err
	}
	if string(own[:name]) != e.name {
		return errDamaged
	}
	e.extra = slices.Concat(e.extra, own[name:])
	e.n = e.data + e.packed - e.header
	if e.flags&zipTrailer != 0 {
		return l.trailer(p, e)
	}
	return nil
}

// trailer counts the sizes that come after the data, with or without a signature.
func (l *look) trailer(p part, e *entry) error {
	at := e.data + e.packed
	if at+12 > p.size {
		return errDamaged
	}
	b, err := l.bytes(p, at, 4)
	if err != nil {
		return err
	}
	e.n += 12
	if le.Uint32(b) == zipAfter {
		e.n += 4
	}
	return nil
}

// entry looks at one file of an archive: its name, what is noted beside it, its
// bytes.
func (l *look) entry(label string, i int, p part, e entry) error {
	here := label + "/" + l.safe(e.name)
	l.read(here+"#"+fileName, &view{b: []byte(strings.ToValidUTF8(e.name, "\uFFFD"))}, p.depth)
	if !utf8.ValidString(e.name) {
		l.unread(label+"/"+itoa(i+1), "leak.unread.name")
	}
	l.loose(here+"#comment", e.comment)
	l.loose(here+"#extra", e.extra)
	if strings.Contains(strings.ToLower(e.name), "thumbnail") {
		l.hidden(here, 0, e.size, "leak.why.thumbnail")
	}
	switch {
	case e.flags&zipEncrypted != 0:
		l.unread(here, "leak.unread.encrypted")
	case e.method == zipStored && e.size == e.packed:
		return l.part(here, part{io.NewSectionReader(p.r, e.data, e.size), e.size, p.depth + 1})
	case e.method == zipDeflated:
		return l.inflate(here, p, e)
	default:
		l.unread(here, "leak.unread.kind")
	}
	return nil
}

// inflate unpacks an entry in memory. One that is larger than it says, or that has
// bytes left over, is unread.
func (l *look) inflate(label string, p part, e entry) error {
	if e.size > maxText || !l.spend(int(e.size)) {
		l.unread(label, "leak.unread.large")
		return nil
	}
	packed := bufio.NewReader(io.NewSectionReader(p.r, e.data, e.packed))
	b, err := io.ReadAll(io.LimitReader(flate.NewReader(packed), e.size+1))
	_, more := packed.ReadByte()
	if err != nil || int64(len(b)) != e.size || crc32.ChecksumIEEE(b) != e.crc || more != io.EOF {
		l.unread(label, "leak.unread.damaged")
	}
	return l.part(label, part{bytes.NewReader(b), int64(len(b)), p.depth + 1})
}
