package leak

import (
	"bytes"
	"regexp"
)

// A reader takes one kind of file apart.
type reader func(l *look, label string, p part) error

// sniff tells by its first bytes what takes a file apart, nil where it may be text.
// Its name does not matter: a name can lie.
func sniff(head []byte) reader {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return (*look).zip
	case bytes.HasPrefix(head, []byte{0xFF, 0xD8, 0xFF}):
		return (*look).jpeg
	case bytes.HasPrefix(head, []byte(pngMark)):
		return (*look).png
	case bytes.Contains(head, []byte("%PDF-")):
		return (*look).pdf
	case isMP3(head):
		return (*look).mp3
	case len(head) >= 8 && isFirstBox(string(head[4:8])):
		return (*look).mp4
	case isForeign(head):
		return (*look).foreign
	}
	return nil
}

// foreignMarks start files that the gate does not take apart although parts of them, or
// all, read as text: what they show is not what their bytes say.
var foreignMarks = []string{"\x1f\x8b\x08", "GIF8", "\x1aE\xdf\xa3", "7z\xbc\xaf", "Rar!\x1a", "\xd0\xcf\x11\xe0", "\xfd7zXZ", "OggS", "%!PS", "BM", "II*\x00", "MM\x00*"}

// foreignText are those that need more than a mark.
var foreignText = regexp.MustCompile(`^\s*\{\\rtf|(?m:^begin(-base64)? [0-7]{3} )`)

func isForeign(head []byte) bool {
	for _, m := range foreignMarks {
		if bytes.HasPrefix(head, []byte(m)) && (m != "BM" || bytes.IndexByte(head, 0) >= 0) {
			return true
		}
	}
	if len(head) > 12 && bytes.HasPrefix(head, []byte("RIFF")) && string(head[8:12]) == "WEBP" {
		return true
	}
	return (bytes.Contains(head, []byte("rtf")) || bytes.Contains(head, []byte("begin"))) && foreignText.Match(head)
}

// foreign looks at what can be seen of a file that it does not take apart.
func (l *look) foreign(label string, p part) error {
	why := "leak.unread.kind"
	if b, err := l.bytes(p, 0, min(p.size, window)); err == nil && bytes.HasPrefix(b, []byte("\xd0\xcf\x11\xe0")) && bytes.Contains(b, encryptedPackage) {
		why = "leak.unread.encrypted"
	}
	l.unread(label, why)
	return l.bulk(label, p.r, 0, p.size)
}

// encryptedPackage is in the directory of a document of Office that has a password.
var encryptedPackage = []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
