package leak

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// The boxes of ISO base media files (ISO/IEC 14496-12) that a film needs. What is in
// no list has no reason to be in a release.
var (
	firstBoxes = strings.Fields("ftyp moov mdat free skip wide pnot uuid moof styp")
	boxHolders = strings.Fields("moov trak mdia minf dinf stbl edts")
	boxTables  = strings.Fields("vmhd smhd stts ctts stss stsc stsz stco co64 sgpd sbgp sdtp elst")
	boxClocks  = strings.Fields("mvhd tkhd mdhd")
	boxEmpty   = strings.Fields("free skip wide")
	boxPieces  = strings.Fields("moof mvex sidx styp mfra")
)

func isFirstBox(kind string) bool { return slices.Contains(firstBoxes, kind) }

// A box is a named stretch of a film: its header starts at at, what is in it at body.
type box struct {
	kind          string
	at, body, end int64
}

// A film is one MP4 or MOV file being taken apart.
type film struct {
	*look
	p      part
	label  string
	data   []box // the mdat boxes
	tracks []*track
}

// mp4 takes a film apart: every box must be one that a film needs, every byte of its
// data must belong to a sample, and no sample may carry a message.
func (l *look) mp4(label string, p part) error {
	f := &film{look: l, p: p, label: label}
	at := int64(0)
	for at+8 <= p.size {
		b, err := f.box(at, p.size)
		if err != nil {
			return l.damaged(label, p, err)
		}
		if err := f.top(b); err != nil {
			return l.damaged(label, p, err)
		}
		at = b.end
	}
	if err := l.trailing(label, p, at); err != nil {
		return err
	}
	if len(f.tracks) == 0 {
		return l.damaged(label, p, errDamaged)
	}
	if err := f.samples(); err != nil {
		return l.damaged(label, p, err)
	}
	if slices.ContainsFunc(f.tracks, func(t *track) bool { return t.handler == "vide" }) {
		if err := l.frames(label, p); err != nil {
			return err
		}
	}
	return l.bulk(label, p.r, 0, p.size)
}

// box reads the header of the box at at, which must end before limit.
func (f *film) box(at, limit int64) (box, error) {
	h, err := f.bytes(f.p, at, min(16, limit-at))
	if err != nil {
		return box{}, err
	}
	return boxAt(h, at, limit)
}

func boxAt(h []byte, at, limit int64) (box, error) {
	if len(h) < 8 {
		return box{}, errDamaged
	}
	b := box{kind: string(h[4:8]), at: at, body: at + 8}
	switch size := int64(be.Uint32(h)); {
	case size == 0:
		b.end = limit
	case size == 1 && len(h) == 16 && be.Uint64(h[8:]) <= uint64(limit):
		b.body, b.end = at+16, at+int64(be.Uint64(h[8:]))
	default:
		b.end = at + size
	}
	if b.end < b.body || b.end > limit {
		return box{}, errDamaged
	}
	return b, nil
}

// top looks at a box that lies in no other.
func (f *film) top(b box) error {
	switch {
	case b.kind == "mdat":
		f.data = append(f.data, b)
		return nil
	case b.end-b.body > maxText:
		f.unread(f.label+"/"+printable(b.kind), "leak.unread.large")
		return nil
	}
	body, err := f.bytes(f.p, b.body, b.end-b.body)
	if err != nil {
		return err
	}
	if b.kind == "ftyp" {
		f.loose(f.label+"/ftyp", body)
		return nil
	}
	return f.inside(f.label, b, body, nil)
}

// inside looks at a box whose bytes are in memory, and at those in it.
func (f *film) inside(label string, b box, body []byte, t *track) error {
	label += "/" + printable(b.kind) + "@" + itoa(int(b.at))
	switch {
	case slices.Contains(boxHolders, b.kind):
		if b.kind == "trak" {
			t = &track{label: label}
			f.tracks = append(f.tracks, t)
		}
		return f.children(label, b.body, body, t)
	case slices.Contains(boxTables, b.kind):
		return t.table(b.kind, body)
	case slices.Contains(boxClocks, b.kind):
		f.clock(label, body)
	case slices.Contains(boxEmpty, b.kind):
		if len(bytes.Trim(body, "\x00")) > 0 {
			f.extra(label, body)
		}
	case b.kind == "hdlr" && t != nil:
		f.handler(label, body, t)
	case b.kind == "dref":
		f.reference(label, body)
	case b.kind == "stsd" && t != nil:
		return f.described(label, body, t)
	default:
		if slices.Contains(boxPieces, b.kind) {
			f.unread(label, "leak.unread.fragments")
		}
		f.extra(label, body)
	}
	return nil
}

// extra reports a box that no film needs, and what it says.
func (f *film) extra(label string, body []byte) {
	f.hidden(label, 0, int64(len(body)), "leak.why.metadata")
	f.loose(label, body)
}

// children walks the boxes in b, whose first byte is number base of the file.
func (f *film) children(label string, base int64, b []byte, t *track) error {
	for at := 0; at < len(b); {
		if len(b)-at < 8 {
			f.extra(label, b[at:])
			return nil
		}
		c, err := boxAt(b[at:min(len(b), at+16)], int64(at), int64(len(b)))
		if err != nil {
			return err
		}
		body := b[c.body:c.end]
		at = int(c.end)
		c.at, c.body, c.end = c.at+base, c.body+base, c.end+base
		if err := f.inside(label, c, body, t); err != nil {
			return err
		}
	}
	return nil
}

// clock reports when the film was made, if it says so.
func (f *film) clock(label string, body []byte) {
	size := 4
	if len(body) > 0 && body[0] == 1 {
		size = 8
	}
	if len(body) < 4+2*size {
		f.unread(label, "leak.unread.damaged")
		return
	}
	if times := body[4 : 4+2*size]; len(bytes.Trim(times, "\x00")) > 0 {
		f.hidden(label, 4, int64(4+2*size), "leak.why.clock")
	}
}

// handler says what a track is. Only pictures and sound are let through: text,
// time codes and data are not what was masked.
func (f *film) handler(label string, body []byte, t *track) {
	f.loose(label, body)
	if len(body) < 12 {
		f.unread(label, "leak.unread.damaged")
		return
	}
	kind := string(body[8:12])
	if strings.HasSuffix(label, "/minf") || strings.Contains(label, "/minf@") { // QuickTime's second handler
		return
	}
	t.handler = kind
	if kind != "vide" && kind != "soun" {
		f.hidden(t.label, 0, int64(len(body)), "leak.why.track")
	}
}

// selfContained is the whole of a reference that says: the data is in this file.
var selfContained = []byte{0, 0, 0, 12, 'u', 'r', 'l', ' ', 0, 0, 0, 1}

// reference looks at where the data is said to be: anywhere but here is an address.
func (f *film) reference(label string, body []byte) {
	if len(body) < 8 || !bytes.Equal(body[8:], bytes.Repeat(selfContained, int(min(be.Uint32(body[4:]), 8)))) {
		f.extra(label, body)
	}
}

// Codecs: how much of a sample's description is fixed, and which boxes may follow.
var codecs = map[string]struct {
	fixed int
	boxes []string
}{
	"avc1": {78, strings.Fields("avcC pasp btrt colr fiel clap")},
	"hvc1": {78, strings.Fields("hvcC pasp btrt colr fiel clap")},
	"hev1": {78, strings.Fields("hvcC pasp btrt colr fiel clap")},
	"mp4a": {28, strings.Fields("esds btrt")},
}

// described looks at how the samples of a track are coded. A codec whose messages the
// gate cannot find is unread.
func (f *film) described(label string, body []byte, t *track) error {
	f.loose(label, body)
	if len(body) < 16 {
		return errDamaged
	}
	for at := 8; at < len(body); {
		b, err := boxAt(body[at:min(len(body), at+16)], int64(at), int64(len(body)))
		if err != nil {
			return err
		}
		at = int(b.end)
		codec, ok := codecs[b.kind]
		if !ok {
			f.unread(label+"/"+printable(b.kind), "leak.unread.codec")
			continue
		}
		if t.codec != "" && t.codec != b.kind {
			f.unread(label, "leak.unread.codec")
		}
		t.codec = b.kind
		if b.end-b.body < int64(codec.fixed) {
			return errDamaged
		}
		if err := f.settings(label, body[b.body+int64(codec.fixed):b.end], codec.boxes, t); err != nil {
			return err
		}
	}
	return nil
}

// settings looks at the boxes that a decoder is set up from.
func (f *film) settings(label string, b []byte, allowed []string, t *track) error {
	for len(b) > 0 {
		c, err := boxAt(b[:min(len(b), 16)], 0, int64(len(b)))
		if err != nil {
			f.extra(label, b)
			return nil
		}
		body := b[c.body:c.end]
		switch {
		case !slices.Contains(allowed, c.kind):
			f.extra(label+"/"+printable(c.kind), body)
		case c.kind == "avcC" && len(body) > 4:
			t.prefix = int(body[4]&3) + 1
		case c.kind == "hvcC" && len(body) > 21:
			t.prefix = int(body[21]&3) + 1
		}
		b = b[c.end:]
	}
	return nil
}

// samples makes sure that every byte of the film's data belongs to a sample, and
// looks for messages in those of the pictures.
func (f *film) samples() error {
	var used []extent
	for _, t := range f.tracks {
		chunks, err := t.extents()
		if err != nil {
			return err
		}
		used = append(used, chunks...)
		if slices.Contains([]string{"avc1", "hvc1", "hev1"}, t.codec) {
			if err := f.messages(t); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(used, func(a, b extent) int { return cmp.Compare(a.from, b.from) })
	for _, d := range f.data {
		if err := f.uncovered(d, used); err != nil {
			return err
		}
	}
	return f.outside(used)
}

// uncovered reports the bytes of d that no sample uses.
func (f *film) uncovered(d box, used []extent) error {
	at := d.body
	for _, e := range used {
		if e.to <= d.body || e.from >= d.end {
			continue
		}
		if e.from > at {
			if err := f.gap(f.label+"/mdat", f.p, at, e.from); err != nil {
				return err
			}
		}
		at = max(at, e.to)
	}
	return f.gap(f.label+"/mdat", f.p, at, d.end)
}

// outside refuses samples that lie in no data box.
func (f *film) outside(used []extent) error {
	for _, e := range used {
		in := func(d box) bool { return d.body <= e.from && e.to <= d.end }
		if e.from < e.to && !slices.ContainsFunc(f.data, in) {
			return fmt.Errorf("a sample outside the data: %w", errDamaged)
		}
	}
	return nil
}
