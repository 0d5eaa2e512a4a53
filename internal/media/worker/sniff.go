package worker

import (
	"bytes"
	"io"
)

// kind is what the first bytes of a file say that it is. The name says nothing.
type kind int

const (
	moving kind = iota // whatever ffmpeg makes of it
	jpegStill
	pngStill
)

func (k kind) still() bool { return k != moving }

// sniff reads the first bytes. An empty file and one that is plainly something
// else are refused here, with a better word than a decoder's.
func sniff(r io.ReaderAt) (kind, error) {
	head := make([]byte, 16)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return moving, err
	}
	head = head[:n]
	switch {
	case n == 0:
		return moving, &problem{code: "media.empty"}
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return jpegStill, nil
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return pngStill, nil
	case bytes.HasPrefix(head, []byte("%PDF")), bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return moving, &problem{code: "media.not_video"}
	}
	return moving, nil
}
