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

// foreign are files that the gate does not take apart although parts of them, or
// all, read as text: what they show is not what their bytes say.
var foreign = regexp.MustCompile(`^(?s:\x1f\x8b\x08|GIF8|RIFF....WEBP|\x1aE\xdf\xa3|7z\xbc\xaf|Rar!\x1a|\xd0\xcf\x11\xe0|\xfd7zXZ|OggS` +
	`|\s*\{\\rtf|%!PS)|(?m:^begin(-base64)? [0-7]{3} )`)

func isForeign(head []byte) bool {
	if len(head) > 0 && !foreignStart[head[0]] && !bytes.Contains(head, []byte("begin")) {
		return false
	}
	return foreign.Match(head)
}

// foreignStart are the bytes that most of them start with.
var foreignStart = [256]bool{0x1f: true, 'G': true, 'R': true, 0x1a: true, '7': true, 0xd0: true, 0xfd: true, 'O': true, '{': true, '%': true,
	' ': true, '\t': true, '\n': true, '\r': true, '\f': true, '\v': true}

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
