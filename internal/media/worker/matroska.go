package worker

import (
	"encoding/binary"
	"io"
	"math"
)

// A rawMuxer wraps raw frames so that each carries its own time to the encoder:
// Matroska (RFC 9559) of unknown length with one uncompressed I420 track and a
// cluster a frame, times in microseconds.
type rawMuxer struct {
	w io.Writer
}

// IDs of the elements that are written.
const (
	idEBML       = 0x1A45DFA3
	idDocType    = 0x4282
	idSegment    = 0x18538067
	idInfo       = 0x1549A966
	idScale      = 0x2AD7B1
	idMuxer      = 0x4D80
	idWriter     = 0x5741
	idTracks     = 0x1654AE6B
	idTrack      = 0xAE
	idNumber     = 0xD7
	idUID        = 0x73C5
	idType       = 0x83
	idCodec      = 0x86
	idVideo      = 0xE0
	idWidth      = 0xB0
	idHeight     = 0xBA
	idFourCC     = 0x2EB524
	idCluster    = 0x1F43B675
	idTimestamp  = 0xE7
	idSimple     = 0xA3
	unknownSize  = 0x01FFFFFFFFFFFFFF
	keyframeFlag = 0x80
)

func newRawMuxer(w io.Writer, width, height int) (*rawMuxer, error) {
	head := element(idEBML, element(idDocType, []byte("matroska")))
	head = append(head, id(idSegment)...)
	head = binary.BigEndian.AppendUint64(head, unknownSize)
	head = append(head, element(idInfo,
		number(idScale, 1000), element(idMuxer, []byte("-")), element(idWriter, []byte("-")))...)
	head = append(head, element(idTracks, element(idTrack,
		number(idNumber, 1), number(idUID, 1), number(idType, 1), element(idCodec, []byte("V_UNCOMPRESSED")),
		element(idVideo, number(idWidth, uint64(width)), number(idHeight, uint64(height)), element(idFourCC, []byte("I420")))))...)
	_, err := w.Write(head)
	return &rawMuxer{w}, err
}

// write adds one frame that is shown at the given microsecond.
func (m *rawMuxer) write(at int64, frame []byte) error {
	stamp := number(idTimestamp, uint64(at))
	simple := append(id(idSimple), size(uint64(len(frame)+4))...)
	simple = append(simple, 0x81, 0, 0, keyframeFlag) // track 1, at the cluster's time
	head := append(id(idCluster), size(uint64(len(stamp)+len(simple)+len(frame)))...)
	head = append(append(head, stamp...), simple...)
	if _, err := m.w.Write(head); err != nil {
		return err
	}
	_, err := m.w.Write(frame)
	return err
}

func element(which uint32, parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	out := append(id(which), size(uint64(n))...)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func number(which uint32, v uint64) []byte {
	return element(which, binary.BigEndian.AppendUint64(nil, v))
}

// id drops the leading zero bytes: an ID carries its own length.
func id(which uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, which)
	for b[0] == 0 {
		b = b[1:]
	}
	return b
}

// size writes a length in eight bytes.
func size(n uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, n|1<<56)
}

// micros is a time in microseconds.
func micros(ticks int64, tick ratio) int64 {
	return int64(math.Round(float64(ticks) * float64(tick.num) / float64(tick.den) * 1e6))
}
