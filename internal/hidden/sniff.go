package hidden

import (
	"bytes"
	"io"
	"strings"
)

// A kind is what the first bytes of a part say that it is: the name says nothing.
type kind struct {
	media string // MIME type; empty: not known
	read  func(*scan, part)
}

const pngMark = "\x89PNG\r\n\x1a\n"

// sniff tells a part's kind. One without a reader cannot be taken apart.
func (s *scan) sniff(p part) kind {
	head := make([]byte, min(max(p.size, 0), 1100))
	n, err := p.r.ReadAt(head, 0)
	if err != nil && err != io.EOF && n < len(head) {
		s.err = err
	}
	return kindOf(head[:n])
}

func kindOf(head []byte) kind {
	has := func(at int, mark string) bool {
		return len(head) >= at+len(mark) && string(head[at:at+len(mark)]) == mark
	}
	switch {
	case has(0, "\xff\xd8\xff"):
		return kind{"image/jpeg", (*scan).jpeg}
	case has(0, pngMark):
		return kind{"image/png", (*scan).png}
	case has(0, "GIF87a"), has(0, "GIF89a"):
		return kind{"image/gif", (*scan).gif}
	case has(0, "II*\x00"), has(0, "MM\x00*"):
		return kind{"image/tiff", (*scan).tiffFile}
	case has(0, "RIFF") || has(0, "RF64"):
		return riffKind(head)
	case len(head) >= 8 && isFirstBox(string(head[4:8])):
		return boxKind(head)
	case has(0, "\x1aE\xdf\xa3"):
		return kind{"video/x-matroska", (*scan).matroska}
	case has(0, "fLaC"):
		return kind{"audio/flac", (*scan).flac}
	case has(0, "OggS"):
		return kind{"audio/ogg", (*scan).ogg}
	case has(0, "ID3"), isMP3(head):
		return kind{"audio/mpeg", (*scan).mp3}
	case has(0, "PK\x03\x04"), has(0, "PK\x05\x06"):
		return kind{"application/zip", (*scan).zip}
	case bytes.Contains(head[:min(len(head), 1024)], []byte("%PDF-")):
		return kind{"application/pdf", (*scan).pdf}
	}
	return kind{}
}

func riffKind(head []byte) kind {
	if len(head) < 12 {
		return kind{}
	}
	switch string(head[8:12]) {
	case "WEBP":
		return kind{"image/webp", (*scan).webp}
	case "WAVE":
		return kind{"audio/wav", (*scan).wav}
	case "AVI ":
		return kind{"video/x-msvideo", (*scan).avi}
	}
	return kind{}
}

// stillBrands are the brands of pictures in boxes (ISO/IEC 23008-12, AVIF).
var stillBrands = strings.Fields("heic heix heim heis hevc hevx mif1 msf1 avif avis")

func boxKind(head []byte) kind {
	brand := ""
	if len(head) >= 12 && string(head[4:8]) == "ftyp" {
		brand = string(head[8:12])
	}
	switch {
	case brand == "avif" || brand == "avis":
		return kind{"image/avif", (*scan).mp4}
	case contains(stillBrands, brand):
		return kind{"image/heic", (*scan).mp4}
	case brand == "qt  " || brand == "":
		return kind{"video/quicktime", (*scan).mp4}
	case brand == "M4A " || brand == "M4B ":
		return kind{"audio/mp4", (*scan).mp4}
	case strings.HasPrefix(brand, "3g"):
		return kind{"video/3gpp", (*scan).mp4}
	}
	return kind{"video/mp4", (*scan).mp4}
}

func contains(all []string, s string) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}
