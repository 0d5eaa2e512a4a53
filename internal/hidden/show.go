package hidden

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // for the size of thumbnails
	_ "image/jpeg"
	_ "image/png"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// How many characters of a finding are shown.
const (
	maxWhere = 300
	maxName  = 80
	maxValue = 160
)

// safe shows text on one line of at most n characters. Control characters and marks
// that change the writing direction become escapes.
func safe(s string, n int) string {
	var b strings.Builder
	count := 0
	for _, r := range s {
		if count++; count > n {
			b.WriteString("…")
			break
		}
		if unicode.IsPrint(r) || r == ' ' {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRune(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}

// text makes words of bytes whose encoding nobody says: UTF-16 with a mark, UTF-8,
// else Latin-1.
func text(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return wide(b[2:], true)
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return wide(b[2:], false)
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		b = b[3:]
	}
	b = bytes.Trim(b, "\x00")
	if len(b) > 4096 {
		b = b[:4096]
		for range 3 { // not in the middle of a character
			if r, n := utf8.DecodeLastRune(b); r == utf8.RuneError && n == 1 {
				b = b[:len(b)-1]
			}
		}
	}
	if utf8.Valid(b) {
		return strings.TrimSpace(string(b))
	}
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return strings.TrimSpace(string(out))
}

// wide makes words of UTF-16.
func wide(b []byte, big bool) string {
	u := make([]uint16, 0, min(len(b)/2, 2048))
	for i := 0; i+1 < len(b) && len(u) < 2048; i += 2 {
		if big {
			u = append(u, be.Uint16(b[i:]))
		} else {
			u = append(u, le.Uint16(b[i:]))
		}
	}
	return strings.TrimSpace(strings.Trim(string(utf16.Decode(u)), "\x00"))
}

// amount says how many bytes.
func amount(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%d kB", (n+500)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// looksLike names what a part is: a picture with its size, a kind of file, words,
// or bytes.
func (s *scan) looksLike(p part) string {
	k := s.sniff(p)
	head := make([]byte, min(p.size, 1<<16))
	n, _ := p.r.ReadAt(head, 0)
	if c, format, err := image.DecodeConfig(bytes.NewReader(head[:n])); err == nil {
		return fmt.Sprintf("%s %dx%d, %s", strings.ToUpper(format), c.Width, c.Height, amount(p.size))
	}
	if k.media != "" {
		return k.media + ", " + amount(p.size)
	}
	return sample(head[:n], p.size)
}

// sample shows bytes as words where they are that, else as numbers.
func sample(b []byte, size int64) string {
	if t := text(b[:min(len(b), 400)]); wordy(t) {
		return t
	}
	if len(bytes.Trim(b, "\x00")) == 0 {
		return amount(size)
	}
	return fmt.Sprintf("% x, %s", b[:min(len(b), 16)], amount(size))
}

// wordy says whether nearly all of it can be read.
func wordy(t string) bool {
	good, all := 0, 0
	for _, r := range t {
		all++
		if unicode.IsPrint(r) || unicode.IsSpace(r) {
			good++
		}
	}
	return all > 0 && good*10 >= all*9
}

// empty says whether there is nothing but zeros in a stretch of a part.
func (s *scan) empty(p part, at, n int64) bool {
	b := make([]byte, min(n, 1<<16))
	r := io.NewSectionReader(p.r, at, n)
	for s.alive() {
		got, err := r.Read(b)
		if len(bytes.Trim(b[:got], "\x00")) > 0 {
			return false
		}
		s.report.Read += int64(got)
		if err != nil {
			return true
		}
	}
	return true
}

// coordinates shows a place as degrees.
func coordinates(lat, lon float64) string { return fmt.Sprintf("%.6f, %.6f", lat, lon) }

func hexName(n int) string { return fmt.Sprintf("0x%04X", n) }

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// unhex reads hexadecimal digits.
func unhex(b []byte) ([]byte, error) { return hex.DecodeString(string(b)) }
