package hidden

import (
	"bufio"
	"io"
)

// plainMP3 writes the frames of sound, and nothing else.
func (s *scan) plainMP3(p part, out io.Writer) error {
	all, ok := s.stretches(p)
	if !ok {
		return errDamaged
	}
	for _, r := range all {
		if r.kind != "sound" {
			continue
		}
		if err := s.copy(p, out, r.at, r.n); err != nil {
			return err
		}
	}
	return nil
}

// copy writes a stretch of a part.
func (s *scan) copy(p part, out io.Writer, at, n int64) error {
	b := make([]byte, 1<<20)
	for done := int64(0); done < n && s.alive(); {
		got, err := p.r.ReadAt(b[:min(n-done, int64(len(b)))], at+done)
		if _, err := out.Write(b[:got]); err != nil {
			return err
		}
		if done += int64(got); err != nil && done < n {
			return err
		}
		s.step(at+done, p.size)
	}
	return s.err
}

// plainFLAC writes what the stream is, and the frames up to the last.
func (s *scan) plainFLAC(p part, out io.Writer) error {
	all, sound, ok := s.flacBlocks(p)
	if !ok {
		return errDamaged
	}
	head := append([]byte("fLaC"), flacStream|128, 0, 0, 34)
	body, ok := s.bytes(p, all[0].at+4, 34)
	if !ok {
		return errDamaged
	}
	_, end := s.tagsBehind(p, nil, p.size)
	last, whole := s.lastFrame(p, sound, end)
	switch {
	case whole:
	case last < 0:
		return errDamaged
	default:
		end = last
	}
	if _, err := out.Write(append(head, body...)); err != nil {
		return err
	}
	return s.copy(p, out, sound, end-sound)
}

// plainWAV writes the form of the sound and the sound.
func (s *scan) plainWAV(p part, out io.Writer) error {
	var form, fact []byte
	var data record
	ok := true
	s.riff(p, func(r record) {
		switch r.name {
		case "fmt ":
			form, ok = s.bytes(p, r.body, min(r.n, 1<<16))
		case "fact":
			if r.n == 4 {
				fact, _ = s.bytes(p, r.body, r.n)
			}
		case "data":
			data = r
		}
	})
	if form == nil || data.name == "" || !ok || data.n > 1<<32-1<<17 {
		return errDamaged
	}
	head := appendRecord([]byte("WAVE"), "fmt ", form)
	if fact != nil {
		head = appendRecord(head, "fact", fact)
	}
	head = le.AppendUint32(append(head, "data"...), uint32(data.n))
	whole := le.AppendUint32([]byte("RIFF"), uint32(int64(len(head))+data.n+data.n%2))
	if _, err := out.Write(append(whole, head...)); err != nil {
		return err
	}
	if err := s.copy(p, out, data.body, data.n); err != nil || data.n%2 == 0 {
		return err
	}
	_, err := out.Write([]byte{0})
	return err
}

// plainOgg writes the first stream with empty comments. Its pages are counted anew.
func (s *scan) plainOgg(p part, out io.Writer) error {
	first, ok := s.page(p, 0)
	if !ok {
		return errDamaged
	}
	w := &oggWriter{out: bufio.NewWriterSize(out, 1<<16)}
	t := &oggStream{}
	at := int64(0)
	for at < p.size && s.more(p) {
		g, ok := s.page(p, at)
		if !ok {
			break
		}
		at = g.to
		s.parts = 0
		s.step(at, p.size)
		if g.serial != first.serial {
			continue
		}
		if t.kind != "" && t.complete >= headPackets[t.kind] {
			if err := s.soundPage(p, g, w); err != nil {
				return err
			}
			continue
		}
		before := t.complete
		if err := s.headPage(p, g, t, w, before); err != nil {
			return err
		}
	}
	if t.kind == "" || t.complete < headPackets[t.kind] {
		return errDamaged
	}
	return w.out.Flush()
}

// headPage collects the packets before the sound, and writes them when all are there.
func (s *scan) headPage(p part, g page, t *oggStream, w *oggWriter, before int) error {
	s.collect(p, t, g)
	if t.complete > 0 && t.kind == "" {
		if t.kind = oggKind(t.packets[0]); headPackets[t.kind] == 0 || t.kind == "flac" || t.kind == "speex" {
			return errDamaged
		}
	}
	if t.kind == "" || t.complete < headPackets[t.kind] {
		return nil
	}
	t.packets = t.packets[:headPackets[t.kind]]
	t.packets[1] = emptyComments[t.kind]
	for i, packet := range t.packets {
		flags := byte(0)
		if i == 0 {
			flags = 2
		}
		if err := w.packet(flags, packet); err != nil {
			return err
		}
	}
	return nil
}

// emptyComments are comments without a word.
var emptyComments = map[string][]byte{
	"vorbis": []byte("\x03vorbis\x00\x00\x00\x00\x00\x00\x00\x00\x01"),
	"opus":   []byte("OpusTags\x00\x00\x00\x00\x00\x00\x00\x00"),
}

// soundPage writes a page of sound as it is, but for its number.
func (s *scan) soundPage(p part, g page, w *oggWriter) error {
	body, ok := s.bytes(p, g.body, g.to-g.body)
	s.budget += g.to - g.body // it is not kept
	if !ok {
		return errDamaged
	}
	return w.page(g.flags, g.granule, g.laces, body)
}

// ownSerial is the number of the one stream: programs draw theirs by chance.
const ownSerial = 1

type oggWriter struct {
	out      *bufio.Writer
	sequence uint32
}

// packet writes one packet on pages of its own.
func (w *oggWriter) packet(flags byte, b []byte) error {
	for {
		n := min(len(b), 255*254)
		laces := make([]byte, 0, 255)
		for left := n; left >= 0; left -= 255 {
			laces = append(laces, byte(min(left, 255)))
		}
		granule := uint64(0)
		if n < len(b) {
			laces, granule = laces[:254], 1<<64-1 // it goes on
		}
		if err := w.page(flags, granule, laces, b[:n]); err != nil || n == len(b) {
			return err
		}
		b, flags = b[n:], 1
	}
}

func (w *oggWriter) page(flags byte, granule uint64, laces, body []byte) error {
	head := append([]byte("OggS\x00"), flags)
	head = le.AppendUint64(head, granule)
	head = le.AppendUint32(head, ownSerial)
	head = le.AppendUint32(head, w.sequence)
	head = append(append(head, 0, 0, 0, 0, byte(len(laces))), laces...)
	w.sequence++
	sum := oggSum(oggSum(0, head), body)
	le.PutUint32(head[22:], sum)
	if _, err := w.out.Write(head); err != nil {
		return err
	}
	_, err := w.out.Write(body)
	return err
}

var oggTable = func() (t [256]uint32) {
	for i := range t {
		v := uint32(i) << 24
		for range 8 {
			if v&(1<<31) != 0 {
				v = v<<1 ^ 0x04c11db7
			} else {
				v <<= 1
			}
		}
		t[i] = v
	}
	return t
}()

func oggSum(sum uint32, b []byte) uint32 {
	for _, c := range b {
		sum = sum<<8 ^ oggTable[byte(sum>>24)^c]
	}
	return sum
}
