package worker

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// boxes lists what a masked file may hold, by path (ISO/IEC 14496-12 and -15).
// Containers end in a slash. Anything else is something that nobody meant to
// publish.
var boxes = map[string]bool{
	"ftyp": true, "moov/": true, "mdat": true, "free": true,
	"moov/free": true, "moov/mvhd": true, "moov/trak/": true, "moov/trak/tkhd": true, "moov/trak/mdia/": true,
	"moov/trak/mdia/mdhd": true, "moov/trak/mdia/hdlr": true, "moov/trak/mdia/minf/": true,
	"moov/trak/mdia/minf/vmhd": true, "moov/trak/mdia/minf/smhd": true, "moov/trak/mdia/minf/dinf/": true,
	"moov/trak/mdia/minf/dinf/dref": true, "moov/trak/mdia/minf/stbl/": true,
	"moov/trak/mdia/minf/stbl/stsd": true, "moov/trak/mdia/minf/stbl/stts": true,
	"moov/trak/mdia/minf/stbl/stss": true, "moov/trak/mdia/minf/stbl/stsc": true,
	"moov/trak/mdia/minf/stbl/stsz": true, "moov/trak/mdia/minf/stbl/stco": true,
	"moov/trak/mdia/minf/stbl/co64": true, "moov/trak/mdia/minf/stbl/sgpd": true,
	"moov/trak/mdia/minf/stbl/sbgp": true,
}

// maxTable is the longest box that is read into memory: a sample table of two
// million frames is shorter.
const maxTable = 64 << 20

// handlers are the names that the encoder gives its tracks.
var handlers = []string{"", "VideoHandler", "SoundHandler"}

// ownMedia is the body of a dref box that says that the frames are in this file
// and nowhere else; unused is what stands in fields without a meaning.
const (
	ownMedia = "\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x0curl \x00\x00\x00\x01"
	unused   = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
)

// walkMP4 looks at every byte of a masked file: only boxes of the list, no
// times, no names, no supplemental information between the frames, and no byte
// of the media that is not part of a frame.
func walkMP4(r io.ReaderAt) error {
	w := &mp4{r: r}
	end, err := length(r)
	if err != nil {
		return err
	}
	if err := w.level("", 0, end); err != nil {
		return err
	}
	if !slices.ContainsFunc(w.tracks, func(t *table) bool { return t.video && len(t.sizes) > 0 }) {
		return fmt.Errorf("no picture")
	}
	return w.samples()
}

func length(r io.ReaderAt) (int64, error) {
	s, ok := r.(io.Seeker)
	if !ok {
		return 0, fmt.Errorf("not a file")
	}
	return s.Seek(0, io.SeekEnd)
}

type mp4 struct {
	r      io.ReaderAt
	media  [2]int64 // where mdat's content begins and ends
	tracks []*table
}

// A table says where a track's samples are.
type table struct {
	video   bool
	sizes   []uint32
	chunks  []int64
	perRun  [][2]uint32 // first chunk, samples a chunk
	nalSize int
}

// scrub takes out, in place, what the encoder writes even when asked not to: a
// box for metadata and its own name in the description of the picture.
func scrub(f *os.File) error {
	at, size, err := find(f, "moov", "udta")
	if err != nil {
		return err
	}
	if size > 0 {
		if _, err := f.WriteAt(append([]byte("free"), make([]byte, size-8)...), at+4); err != nil {
			return err
		}
	}
	at, size, err = find(f, "moov", "trak", "mdia", "minf", "stbl", "stsd")
	if err != nil || size < 8+compressor+compressorSize {
		return err
	}
	var codec [4]byte
	if _, err := f.ReadAt(codec[:], at+8+12); err != nil || string(codec[:]) == "mp4a" { // a sound has no such name
		return err
	}
	_, err = f.WriteAt(make([]byte, compressorSize), at+8+compressor)
	return err
}

// Where the name of the compressor stands in the body of an stsd box whose first
// entry is a picture's (ISO/IEC 14496-12, 12.1.3), and how long it is, in bytes.
const compressor, compressorSize = 58, 32

// find gives the place and size of the first box of that path, with its head; no
// size where there is none.
func find(f *os.File, path ...string) (at, size int64, err error) {
	end, err := f.Seek(0, io.SeekEnd)
	for depth := 0; err == nil && at < end; {
		var head [8]byte
		if _, err = f.ReadAt(head[:], at); err != nil {
			break
		}
		size = int64(binary.BigEndian.Uint32(head[:]))
		switch {
		case size < 8 || at+size > end: // a long one, or a wrong one: none of ours
			return 0, 0, nil
		case string(head[4:]) != path[depth]:
			at += size
		case depth+1 < len(path):
			depth, end, at = depth+1, at+size, at+8
		default:
			return at, size, nil
		}
	}
	return 0, 0, err
}

func (m *mp4) level(path string, at, end int64) error {
	for at < end {
		var head [16]byte
		if _, err := m.r.ReadAt(head[:8], at); err != nil {
			return fmt.Errorf("box at %d: %w", at, err)
		}
		size, body := int64(binary.BigEndian.Uint32(head[:])), at+8
		name := path + string(head[4:8])
		if size == 1 {
			if _, err := m.r.ReadAt(head[8:], at+8); err != nil {
				return fmt.Errorf("box at %d: %w", at, err)
			}
			size, body = int64(binary.BigEndian.Uint64(head[8:])), at+16
		}
		if size < body-at || at+size > end {
			return fmt.Errorf("box %q at %d has a wrong length", name, at)
		}
		if err := m.box(name, body, at+size); err != nil {
			return err
		}
		at += size
	}
	return nil
}

func (m *mp4) box(name string, body, end int64) error {
	switch {
	case boxes[name+"/"]:
		if strings.HasSuffix(name, "/trak") {
			m.tracks = append(m.tracks, &table{})
		}
		return m.level(name+"/", body, end)
	case !boxes[name]:
		return fmt.Errorf("box %q", name)
	case name == "mdat":
		if m.media[1] != 0 {
			return fmt.Errorf("two boxes of media")
		}
		m.media = [2]int64{body, end}
		return nil
	case end-body > maxTable:
		return fmt.Errorf("box %q has %d bytes", name, end-body)
	}
	b := make([]byte, end-body)
	if _, err := m.r.ReadAt(b, body); err != nil {
		return err
	}
	return m.content(name, b)
}

// content looks into the boxes that could carry something.
func (m *mp4) content(name string, b []byte) error {
	kind := name[strings.LastIndex(name, "/")+1:]
	bad := fmt.Errorf("box %q holds what it should not", name)
	switch kind {
	case "free":
		if slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) {
			return bad
		}
	case "mvhd", "tkhd", "mdhd":
		if len(b) < 12 || b[0] != 0 || binary.BigEndian.Uint64(b[4:]) != 0 { // times of creation and change
			return bad
		}
	case "dref":
		if string(b) != ownMedia {
			return bad
		}
	case "hdlr":
		if len(b) < 24 || !slices.Contains(handlers, strings.TrimRight(string(b[24:]), "\x00")) {
			return bad
		}
		if string(b[:8]) != unused[:8] || string(b[12:24]) != unused {
			return bad
		}
		m.last().video = string(b[8:12]) == "vide"
		if !m.last().video && string(b[8:12]) != "soun" {
			return bad
		}
	case "stsd", "stsz", "stco", "co64", "stsc":
		if !m.last().read(kind, b) {
			return bad
		}
	}
	return nil
}

func (m *mp4) last() *table {
	if len(m.tracks) == 0 {
		m.tracks = append(m.tracks, &table{}) // a track's box outside of a track: its samples will not add up
	}
	return m.tracks[len(m.tracks)-1]
}

// read takes a sample table in.
func (t *table) read(kind string, b []byte) bool {
	if len(b) < 8 {
		return false
	}
	u32 := func(i int) uint32 { return binary.BigEndian.Uint32(b[i:]) }
	rows := func(at, width int) int {
		n := int(u32(at - 4))
		if at+n*width != len(b) {
			return -1
		}
		return n
	}
	switch kind {
	case "stsd":
		return t.describe(b)
	case "stsz":
		if len(b) < 12 {
			return false
		}
		if all := u32(4); all != 0 { // one size for all
			if len(b) != 12 || u32(8) > maxFrames {
				return false
			}
			t.sizes = slices.Repeat([]uint32{all}, int(u32(8)))
			return true
		}
		if rows(12, 4) < 0 {
			return false
		}
		for i := range rows(12, 4) {
			t.sizes = append(t.sizes, u32(12+4*i))
		}
	case "stco":
		for i := range max(0, rows(8, 4)) {
			t.chunks = append(t.chunks, int64(u32(8+4*i)))
		}
		return rows(8, 4) >= 0
	case "co64":
		for i := range max(0, rows(8, 8)) {
			t.chunks = append(t.chunks, int64(binary.BigEndian.Uint64(b[8+8*i:])))
		}
		return rows(8, 8) >= 0
	case "stsc":
		for i := range max(0, rows(8, 12)) {
			t.perRun = append(t.perRun, [2]uint32{u32(8 + 12*i), u32(12 + 12*i)})
		}
		return rows(8, 12) >= 0
	}
	return true
}

// describe takes the sample description: one entry, H.264 or AAC.
func (t *table) describe(b []byte) bool {
	if len(b) < 16 || binary.BigEndian.Uint32(b[4:]) != 1 {
		return false
	}
	if !t.video {
		return string(b[12:16]) == "mp4a"
	}
	i := strings.Index(string(b), "avcC")
	if string(b[12:16]) != "avc1" || i < 0 || i+9 > len(b) {
		return false
	}
	if i < compressor || slices.ContainsFunc(b[compressor:compressor+compressorSize], func(c byte) bool { return c != 0 }) {
		return false
	}
	t.nalSize = int(b[i+8]&3) + 1
	return true
}

// samples walks every frame: its bytes must be in the media box, all of them
// together must fill it, and none may hold supplemental information.
func (m *mp4) samples() error {
	var total int64
	for _, t := range m.tracks {
		err := t.each(func(at int64, size uint32) error {
			total += int64(size)
			if at < m.media[0] || at+int64(size) > m.media[1] {
				return fmt.Errorf("a frame at %d lies outside", at)
			}
			if !t.video {
				return nil
			}
			return m.nals(t, at, at+int64(size))
		})
		if err != nil {
			return err
		}
	}
	if want := m.media[1] - m.media[0]; total != want {
		return fmt.Errorf("%d bytes of media, %d in frames", want, total)
	}
	return nil
}

// each gives every sample's place.
func (t *table) each(f func(at int64, size uint32) error) error {
	next, run := 0, 0
	for c, at := range t.chunks {
		for run+1 < len(t.perRun) && int(t.perRun[run+1][0]) <= c+1 {
			run++
		}
		if run >= len(t.perRun) {
			break
		}
		for range t.perRun[run][1] {
			if next == len(t.sizes) {
				return fmt.Errorf("more places than frames")
			}
			if err := f(at, t.sizes[next]); err != nil {
				return err
			}
			at += int64(t.sizes[next])
			next++
		}
	}
	if next != len(t.sizes) {
		return fmt.Errorf("%d frames, %d places", len(t.sizes), next)
	}
	return nil
}

// units are the kinds of H.264 unit that show a picture: slices and the two
// parameter sets.
var units = []byte{1, 2, 3, 4, 5, 7, 8}

func (m *mp4) nals(t *table, at, end int64) error {
	for at < end {
		var head [5]byte
		if _, err := m.r.ReadAt(head[:t.nalSize+1], at); err != nil {
			return err
		}
		n := int64(0)
		for _, b := range head[:t.nalSize] {
			n = n<<8 | int64(b)
		}
		if kind := head[t.nalSize] & 31; n == 0 || !slices.Contains(units, kind) {
			return fmt.Errorf("a unit of kind %d at %d", kind, at)
		}
		at += int64(t.nalSize) + n
	}
	if at != end {
		return fmt.Errorf("a frame ends at %d, not %d", at, end)
	}
	return nil
}
