package report

import (
	"regexp"
	"sort"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"safehouse/internal/edtf"
	"safehouse/internal/evidence"
)

// A stretch is bytes [from, to) of the text.
type stretch struct{ from, to int }

func (s stretch) empty() bool { return s.to <= s.from }

// A document is a text taken apart.
type document struct {
	text     string
	marks    []int // the number of code points before each block of blockSize bytes
	language string

	headline, dateline, byline stretch
	aside                      []Line
	paragraphs                 []stretch

	published time.Time
	found     []dated     // in order
	dateStart map[int]int // where a date begins: where it ends
	dateEnd   map[int]int // the other way round
	quotes    []stretch   // in order
	known     []entity    // in order
	byName    map[string]int
	counts    []count
}

// The kinds of line that stand aside.
const (
	promotion = "promotion"
	heading   = "heading"
	credit    = "credit"
	published = "published"
	byline    = "byline"
)

const blockSize = 256

func read(text string) *document {
	d := &document{text: text, language: script(text), aside: []Line{}}
	count := 0
	for i := 0; i < len(text); i += blockSize {
		d.marks = append(d.marks, count)
		count += starts(text[i:min(i+blockSize, len(text))])
	}
	d.classify(blocks(text))
	return d
}

// starts counts the bytes that begin a code point.
func starts(s string) (n int) {
	for i := range len(s) {
		if utf8.RuneStart(s[i]) {
			n++
		}
	}
	return n
}

// point is the number of code points before byte at.
func (d *document) point(at int) int {
	if at >= len(d.text) {
		at = len(d.text)
	}
	block := min(at/blockSize, len(d.marks)-1)
	return d.marks[block] + starts(d.text[block*blockSize:at])
}

func (d *document) piece(s stretch) Piece {
	return Piece{d.text[s.from:s.to], evidence.Span{d.point(s.from), d.point(s.to)}}
}

func (d *document) cut(s stretch) string { return d.text[s.from:s.to] }

// at is the other way round: the bytes of a span.
func (d *document) at(span evidence.Span) stretch {
	return stretch{d.byteAt(span[0]), d.byteAt(span[1])}
}

func (d *document) byteAt(point int) int {
	block := sort.Search(len(d.marks), func(i int) bool { return d.marks[i] > point }) - 1
	n := d.marks[block]
	for i := block * blockSize; i < len(d.text); i++ {
		if utf8.RuneStart(d.text[i]) {
			if n == point {
				return i
			}
			n++
		}
	}
	return len(d.text)
}

// trimmed leaves blanks at both ends out.
func (d *document) trimmed(s stretch) stretch { return trimmed(d.text, s) }

func trimmed(text string, s stretch) stretch {
	inner := text[s.from:s.to]
	s.from += len(inner) - len(strings.TrimLeftFunc(inner, blank))
	s.to -= len(inner) - len(strings.TrimRightFunc(inner, blank))
	return stretch{s.from, max(s.from, s.to)}
}

// script tells the language from the letters.
func script(text string) string {
	hangul, han, latin := 0, 0, 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Hangul, r):
			hangul++
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.Is(unicode.Latin, r):
			latin++
		}
	}
	switch {
	case hangul*3 > latin && hangul > 0:
		return "ko"
	case han*3 > latin && han > 0:
		return "zh"
	}
	return "en"
}

// blocks are lines that belong together: what an empty line parts. A text without
// empty lines has a paragraph a line.
func blocks(text string) []stretch {
	lines := linesOf(text)
	parted := false
	for i := 1; i+1 < len(lines); i++ {
		parted = parted || lines[i].empty() && !lines[i-1].empty()
	}
	var out []stretch
	open := false
	for _, l := range lines {
		switch {
		case l.empty():
			open = false
		case open && parted:
			out[len(out)-1].to = l.to
		default:
			out = append(out, l)
			open = true
		}
	}
	return out
}

func linesOf(text string) []stretch {
	var out []stretch
	at := 0
	for line := range strings.Lines(text) {
		out = append(out, trimmed(text, stretch{at, at + len(line)}))
		at += len(line)
	}
	return out
}

var (
	datelineForm = regexp.MustCompile(`^((?:[A-Z][A-Z.'’]+(?:[ ,/-]+[A-Z][A-Z.'’]+)*(?:, [A-Z][A-Za-z. ]{1,20})?(?:, [A-Z][a-z]+\.? \d{1,2})?|[\p{Hangul}\p{Han}]{2,8}) ?(?:\([^()\n]{2,40}\))?) ?(?:--|[-–—=])\s*`)
	datelineMore = regexp.MustCompile(`^([(（【\[][^()（）【】\n]{2,50}[)）】\]])(?:(?: ?[\p{Hangul}]{2,4} (?:기자|특파원))? ?(?:--|[-–—=])\s*|\s*)|^(\p{Han}{2,12}\d{1,2}月\d{1,2}日[电電讯訊])\s*`)
	postedForm   = regexp.MustCompile(`(?i)^(?:posted|published|updated|last updated|first published|date|입력|등록|수정|发布|發布|时间|時間|更新)\b?[^\n]{0,80}$`)
	bylineForm   = regexp.MustCompile(`^(?:By|BY) [\p{Lu}][^\n.!?]{2,80}$|^[\p{Hangul}]{2,4} (?:기자|특파원)(?:[ =·,(][^\n]{0,40})?$|^(?:记者|記者)[ :：]?\p{Han}{2,4}$`)
	creditForm   = regexp.MustCompile(`(?i)^[(（\[]?(?:additional )?(?:reporting|writing|editing|compiled|translation|edited|written|source|photo|©|copyright|all rights reserved|责任编辑|責任編輯|저작권|무단)[^\n]*[)）\].]?$`)
	promoteForm  = regexp.MustCompile(`(?i)^(?:advertisement|read more|related|sign up|subscribe|click here|follow us|share this|most read|sponsored|watch|listen|more from|continue reading|관련 기사|광고|相关|相關|广告|廣告)\b?[^.!?]{0,90}$`)
	sentenceEnd  = regexp.MustCompile(`[.!?。！？…]["'”’」』)）\]]*$|["”」』]$`)
)

// classify tells headline, lines aside and paragraphs apart.
func (d *document) classify(all []stretch) {
	body := false // the first paragraph has been seen
	for i, b := range all {
		words := d.text[b.from:b.to]
		kind := d.kind(words, body)
		switch {
		case i == 0 && d.isHeadline(words):
			d.headline = b
		case kind == byline:
			d.byline = b
			d.setAside(b, kind)
		case kind != "":
			d.setAside(b, kind)
		default:
			d.paragraph(b, !body)
			body = true
		}
	}
}

func (d *document) setAside(b stretch, kind string) {
	d.aside = append(d.aside, Line{d.piece(b), kind})
}

// paragraph takes a block in, without a dateline before it.
func (d *document) paragraph(b stretch, first bool) {
	if first {
		b.from = d.takeDateline(b)
	}
	if b = d.trimmed(b); !b.empty() {
		d.paragraphs = append(d.paragraphs, b)
	}
}

// takeDateline keeps the dateline of the first paragraph, and gives the place behind
// it.
func (d *document) takeDateline(b stretch) int {
	text := d.cut(b)
	m := datelineForm.FindStringSubmatchIndex(text)
	if m == nil {
		if m = datelineMore.FindStringSubmatchIndex(text); m == nil {
			return b.from
		}
		if m[2] < 0 {
			m[2], m[3] = m[4], m[5]
		}
	}
	d.dateline = d.trimmed(stretch{b.from + m[2], b.from + m[3]})
	return b.from + m[1]
}

// isHeadline says whether the first block can be one.
func (d *document) isHeadline(words string) bool {
	return utf8.RuneCountInString(words) <= 250 && strings.Count(words, "\n") <= 2 &&
		!strings.HasSuffix(words, ".") && !strings.HasSuffix(words, "。") && !datelineForm.MatchString(words)
}

// kind says which kind of line aside a block is; empty for a paragraph.
func (d *document) kind(words string, body bool) string {
	long := utf8.RuneCountInString(words) > 160
	switch {
	case long:
		return ""
	case postedForm.MatchString(words), !body && d.isDate(words):
		return published
	case bylineForm.MatchString(words):
		return byline
	case creditForm.MatchString(words):
		return credit
	case promoteForm.MatchString(words):
		return promotion
	case sentenceEnd.MatchString(words) || datelineForm.MatchString(words):
		return ""
	case !body, strings.Contains(words, "\n"):
		return promotion
	}
	return heading
}

// isDate says whether a line is little more than a date.
func (d *document) isDate(words string) bool {
	for _, f := range edtf.Find(words, d.language, time.Time{}) {
		if f.When.Earliest != "" && f.When.Earliest == f.When.Latest && f.End-f.Start > len(words)/3 {
			return true
		}
	}
	return false
}
