package leak

import (
	"encoding/hex"
	"iter"
	"slices"
	"unicode/utf8"
)

// An encoded is a stretch of text that may be base64 or hexadecimal.
type encoded struct {
	start int
	text  []byte // without line breaks
	lines []line // where it stands in the text; nil: all of it from start on
	hex   bool
}

// A line is where a piece of an encoded stretch stands: at in it, from in the text.
type line struct{ at, from int }

const (
	leastRun       = 8  // characters: a name of two syllables in base64
	leastHex       = 10 // characters: a name of five letters
	leastLine      = 40 // characters before a line's end that a run goes on after
	leastContainer = 64 // bytes: shorter ones hold nothing
	probed         = 12 // characters from which on chance reads as nobody's name
)

// alphabet of both kinds of base64, and of hexadecimal.
var inBase64, inHex = func() (b, h [256]bool) {
	for c := range 256 {
		x := byte(c)
		b[c] = isAlnum(x) || x == '+' || x == '/' || x == '-' || x == '_'
		h[c] = isHex(x)
	}
	return b, h
}()

// encodings gives all stretches of b that decode to something that may be text or a
// file.
func encodings(b []byte) iter.Seq[encoded] {
	room := make([]byte, 0, 4096) // for what runs decode to
	return func(yield func(encoded) bool) {
		for i := 0; i < len(b); {
			if !inBase64[b[i]] {
				i++
				continue
			}
			end := i + 1
			for end < len(b) && inBase64[b[end]] {
				end++
			}
			if end-i < leastRun {
				i = end
				continue
			}
			run := encoded{start: i, text: b[i:end:end]}
			if end-i >= leastLine {
				run = gather(b, i, end)
			}
			if !candidates(run, room, yield) {
				return
			}
			last := run.places()[len(run.places())-1]
			i = last.from + len(run.text) - last.at
		}
	}
}

// gather takes the run at b[i:end] and the lines on which it goes on.
func gather(b []byte, i, end int) encoded {
	run := encoded{start: i, text: b[i:end:end], lines: []line{{0, i}}}
	for end-run.lines[len(run.lines)-1].from >= leastLine {
		next := end
		for next < len(b) && (b[next] == '\n' || b[next] == '\r' || b[next] == ' ' && next > end) {
			next++
		}
		if next == end || next >= len(b) || !inBase64[b[next]] {
			break
		}
		run.lines = append(run.lines, line{len(run.text), next})
		for end = next; end < len(b) && inBase64[b[end]]; end++ {
		}
		run.text = append(run.text, b[next:end]...)
	}
	return run
}

// candidates tries a run from each of the places at which a group may start: what
// stands before it may belong to the alphabet too.
func candidates(run encoded, room []byte, yield func(encoded) bool) bool {
	plain := !mixed(run.text)
	for shift := range 4 {
		n := len(run.text) - shift
		if n < leastRun {
			break
		}
		piece := run.text[shift:]
		start := decode64(room[:0], piece[:min(n, 4*probed)])
		if plain { // a word, most likely: what is in it must be text from its start on
			if likeUTF8(start) && !yield(run.from(shift)) {
				return false
			}
			continue
		}
		says := plausible(start) || n >= probed && (speaks(start) || n > 4*probed && speaks(decode64(room[:0], piece)))
		if says && !yield(run.from(shift)) {
			return false
		}
	}
	for _, h := range hexRuns(run) {
		if plausible(h.bytes(min(len(h.text), 2*probed))) && !yield(h) {
			return false
		}
	}
	return true
}

// mixed says whether a run has more than small letters, besides a capital in front: few
// words have, and nearly all codes.
func mixed(run []byte) bool {
	return slices.ContainsFunc(run[1:], func(c byte) bool { return c < 'a' || c > 'z' })
}

// speaks says whether anything in b can be a name although b is no text: letters for
// as long as a name is, and little between them.
func speaks(b []byte) bool {
	const between = 3
	from, last := -1, -1
	for i := 0; i < len(b); {
		c, n := b[i], 1
		letter := isAlnum(c)
		if c >= 0xC3 {
			r, size := utf8.DecodeRune(b[i:])
			letter, n = r != utf8.RuneError, size
		}
		switch {
		case !letter:
		case last < 0 || i-last > between:
			from, last = i, i+n
		default:
			last = i + n
		}
		if last-from >= leastSpoken && from >= 0 {
			return true
		}
		i += n
	}
	return false
}

// leastSpoken is how many bytes two syllables of Hangul have, and less than any name in
// letters that could not be chance.
const leastSpoken = 6

// sextets gives the value of a character of either alphabet.
var sextets = func() (all [256]byte) {
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		all[c] = byte(i)
	}
	all['-'], all['_'] = 62, 63
	return all
}()

// decode64 appends what whole groups of text, and the rest, say.
func decode64(out, text []byte) []byte {
	for len(text) >= 4 {
		a, b, c, d := sextets[text[0]], sextets[text[1]], sextets[text[2]], sextets[text[3]]
		out = append(out, a<<2|b>>4, b<<4|c>>2, c<<6|d)
		text = text[4:]
	}
	if len(text) >= 2 {
		out = append(out, sextets[text[0]]<<2|sextets[text[1]]>>4)
	}
	if len(text) == 3 {
		out = append(out, sextets[text[1]]<<4|sextets[text[2]]>>2)
	}
	return out
}

// places are the lines of a run.
func (e encoded) places() []line {
	if e.lines == nil {
		return []line{{0, e.start}}
	}
	return e.lines
}

// from leaves out the first n characters.
func (e encoded) from(n int) encoded {
	if n == 0 {
		return e
	}
	o := encoded{start: e.origin(n), text: e.text[n:], hex: e.hex}
	o.lines = append(o.lines, line{0, o.start})
	for _, l := range e.places() {
		if l.at > n {
			o.lines = append(o.lines, line{l.at - n, l.from})
		}
	}
	return o
}

// origin says where character n of the run stands in the text.
func (e encoded) origin(n int) int {
	at := e.places()[0]
	for _, l := range e.places() {
		if l.at <= n {
			at = l
		}
	}
	return at.from + n - at.at
}

// hexRuns are the stretches of a run that are hexadecimal, from both places at which
// a pair may start.
func hexRuns(run encoded) (all []encoded) {
	for i := 0; i < len(run.text); i++ {
		end := i
		for end < len(run.text) && inHex[run.text[end]] {
			end++
		}
		if end-i < leastHex {
			i = max(i, end)
			continue
		}
		for shift := 0; shift < 2 && end-i-shift >= leastHex; shift++ {
			h := run.from(i + shift)
			h.text, h.hex = h.text[:end-i-shift], true
			all = append(all, h)
		}
		i = max(i, end)
	}
	return all
}

// bytes decodes the first n characters, as far as whole groups go.
func (e encoded) bytes(n int) []byte {
	if e.hex {
		out := make([]byte, n/2)
		_, _ = hex.Decode(out, e.text[:n/2*2])
		return out
	}
	return decode64(make([]byte, 0, n), e.text[:n])
}

// decode makes a view of what the run says.
func (e encoded) decode(v *view) *view {
	var m maker
	all := e.bytes(len(e.text))
	made, took := 3, 4
	if e.hex {
		made, took = 1, 2
	}
	lines := e.places()
	for i, l := range lines {
		end := len(all)
		if i+1 < len(lines) {
			end = min(end, lines[i+1].at*made/took)
		}
		start := l.at * made / took
		if l.at >= len(e.text) || start >= end {
			continue
		}
		m.v.segs = append(m.v.segs, segment{start, l.from, made, took})
	}
	m.v.b = all
	return m.over(v, hiddenCode)
}

// plausible says whether b starts like text in UTF-8 or UTF-16, or like a file that
// the gate knows.
func plausible(b []byte) bool {
	return sniff(b) != nil || likeUTF8(b) || likeUTF16(b) != 0
}

// likeUTF8 allows a letter cut off at the end, and at the start what stood before
// it.
func likeUTF8(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return len(b) < utf8.UTFMax && !utf8.FullRune(b)
		}
		if control(r) {
			return false
		}
		b = b[n:]
	}
	return true
}

// control says whether r has no place in a text.
func control(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == 0x7F
}
