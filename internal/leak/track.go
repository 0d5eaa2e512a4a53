package leak

import (
	"bytes"
)

// A track is one stream of a film: what it is, and where its samples lie.
type track struct {
	label   string
	handler string
	codec   string
	prefix  int // bytes that say how long a unit of a picture is

	sizes, chunks, runs []byte // the tables stsz, stco or co64, and stsc, without their heads
	same                int64  // the size of all samples, or 0
	count               int64  // of samples
	wide                bool   // chunks are 64 bits
}

// An extent is the bytes from to to of a file.
type extent struct{ from, to int64 }

// table keeps the tables that say where the samples are.
func (t *track) table(kind string, b []byte) error {
	if t == nil || len(b) < 8 && (kind == "stsz" || kind == "stco" || kind == "co64" || kind == "stsc") {
		return errDamaged
	}
	switch kind {
	case "stsz":
		if len(b) < 12 {
			return errDamaged
		}
		t.same, t.count = int64(be.Uint32(b[4:])), int64(be.Uint32(b[8:]))
		if t.sizes = b[12:]; t.same == 0 && int64(len(t.sizes)) != 4*t.count {
			return errDamaged
		}
	case "stco", "co64":
		t.chunks, t.wide = b[8:], kind == "co64"
	case "stsc":
		if t.runs = b[8:]; len(t.runs)%12 != 0 {
			return errDamaged
		}
	}
	return nil
}

func (t *track) size(n int64) int64 {
	if t.same > 0 {
		return t.same
	}
	return int64(be.Uint32(t.sizes[4*n:]))
}

func (t *track) chunk(n int) int64 {
	if t.wide {
		return int64(be.Uint64(t.chunks[8*n:]) & (1<<63 - 1))
	}
	return int64(be.Uint32(t.chunks[4*n:]))
}

func (t *track) numChunks() int {
	if t.wide {
		return len(t.chunks) / 8
	}
	return len(t.chunks) / 4
}

// each calls do with the place of every sample, in the order of the file.
func (t *track) each(do func(e extent) error) error {
	sample, run := int64(0), 0
	for c := range t.numChunks() {
		for run+24 <= len(t.runs) && int64(be.Uint32(t.runs[run+12:])) <= int64(c)+1 {
			run += 12
		}
		if run+12 > len(t.runs) {
			return errDamaged
		}
		at := t.chunk(c)
		for range be.Uint32(t.runs[run+4:]) {
			if sample >= t.count {
				return errDamaged
			}
			n := t.size(sample)
			if at > 1<<62 {
				return errDamaged
			}
			if err := do(extent{at, at + n}); err != nil {
				return err
			}
			at += n
			sample++
		}
	}
	if sample != t.count {
		return errDamaged
	}
	return nil
}

// extents are the bytes that the track uses, neighbours joined.
func (t *track) extents() (all []extent, err error) {
	err = t.each(func(e extent) error {
		if n := len(all); n > 0 && all[n-1].to == e.from {
			all[n-1].to = e.to
		} else {
			all = append(all, e)
		}
		return nil
	})
	return all, err
}

// A peeker reads a few bytes here and there, mostly forwards, through a window.
type peeker struct {
	l  *look
	p  part
	b  []byte
	at int64
}

func (k *peeker) read(at int64, n int) ([]byte, error) {
	if at < k.at || at+int64(n) > k.at+int64(len(k.b)) {
		if at+int64(n) > k.p.size {
			return nil, errDamaged
		}
		b, err := k.l.bytes(k.p, at, min(max(window/4, int64(n)), k.p.size-at))
		if err != nil {
			return nil, err
		}
		k.b, k.at = b, at
	}
	return k.b[at-k.at:][:n], nil
}

// Types of units of H.264 (ITU-T H.264, table 7-1) and H.265 (ITU-T H.265, table
// 7-1).
const (
	avcMessage   = 6
	hevcMessage  = 39
	hevcMessage2 = 40
)

// messages looks at every unit of every picture: what it is must be part of a
// picture, or a message without words.
func (f *film) messages(t *track) error {
	k := &peeker{l: f.look, p: f.p}
	if t.prefix == 0 || t.prefix == 3 {
		return errDamaged
	}
	return t.each(func(e extent) error {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		for at := e.from; at < e.to; {
			head, err := k.read(at, t.prefix+1)
			if err != nil {
				return err
			}
			n := int64(0)
			for _, c := range head[:t.prefix] {
				n = n<<8 | int64(c)
			}
			unit := extent{at + int64(t.prefix), at + int64(t.prefix) + n}
			if n == 0 || unit.to > e.to {
				return errDamaged
			}
			if err := f.unit(t, k, unit, head[t.prefix]); err != nil {
				return err
			}
			at = unit.to
		}
		return nil
	})
}

// unit looks at one unit of a picture.
func (f *film) unit(t *track, k *peeker, e extent, head byte) error {
	kind, header := head&31, 1
	message, picture := kind == avcMessage, kind >= 1 && kind <= 11
	if t.codec != "avc1" {
		kind, header = head>>1&63, 2
		message, picture = kind == hevcMessage || kind == hevcMessage2, kind <= 37
	}
	if picture && !message {
		return nil
	}
	n := e.to - e.from
	if n > window {
		f.unread(f.label+"/mdat/unit@"+itoa(int(e.from)), "leak.unread.large")
		return nil
	}
	b, err := k.read(e.from, int(n))
	if err != nil {
		return err
	}
	label := f.label + "/mdat/unit@" + itoa(int(e.from))
	if !message { // filling, or what no picture needs
		f.extra(label, bytes.Clone(b))
		return nil
	}
	f.message(label, bytes.Clone(b[min(header, len(b)):]))
	return nil
}

// Kinds of message that carry anything that a program wants to say.
const (
	registered   = 4
	unregistered = 5
)

// message takes a message apart (ITU-T H.264, 7.3.2.3). Timing and recovery points are
// let through; words are not.
func (f *film) message(label string, b []byte) {
	b = bytes.ReplaceAll(b, []byte{0, 0, 3}, []byte{0, 0})
	for len(b) > 1 {
		kind, rest := number255(b)
		size, rest := number255(rest)
		if size > len(rest) {
			f.extra(label, b)
			return
		}
		if kind == registered || kind == unregistered || kind > 47 && kind != 137 && kind != 144 && kind != 147 {
			f.extra(label, rest[:size])
		}
		b = rest[size:]
	}
}

// number255 reads a number written as bytes 255 and a last one.
func number255(b []byte) (n int, rest []byte) {
	for len(b) > 0 {
		c := b[0]
		n, b = n+int(c), b[1:]
		if c != 255 {
			break
		}
	}
	return n, b
}
