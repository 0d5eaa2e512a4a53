package leaktest

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
)

// A PDF collects objects and writes them.
type PDF struct {
	b  bytes.Buffer
	at map[int]int
}

// Object writes an object.
func (p *PDF) Object(n int, body string) {
	if p.at == nil {
		p.at = map[int]int{}
		p.b.WriteString("%PDF-1.7\n")
	}
	p.at[n] = p.b.Len()
	fmt.Fprintf(&p.b, "%d 0 obj\n%s\nendobj\n", n, body)
}

// Stream writes an object with a stream, packed.
func (p *PDF) Stream(n int, dict string, b []byte) {
	z := Packed(b)
	p.Object(n, fmt.Sprintf("<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream", len(z), dict, z))
}

// End writes the table of the objects and the trailer: one revision.
func (p *PDF) End(trailer string) {
	at := p.b.Len()
	fmt.Fprintf(&p.b, "xref\n0 1\n0000000000 65535 f \n")
	for n, o := range p.at {
		fmt.Fprintf(&p.b, "%d 1\n%010d 00000 n \n", n, o)
	}
	fmt.Fprintf(&p.b, "trailer\n<</Size 100/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", trailer, at)
}

// Bytes is the file so far.
func (p *PDF) Bytes() []byte { return p.b.Bytes() }

// coded gives a string in codes of two bytes, and the map that says what they are.
func coded(text string) (codes []string, cmap string) {
	var m strings.Builder
	m.WriteString("/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange\n")
	for i, r := range []rune(text) {
		var u strings.Builder
		for _, x := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&u, "%04X", x)
		}
		codes = append(codes, fmt.Sprintf("%04X", i+5))
		fmt.Fprintf(&m, "1 beginbfchar <%04X> <%s> endbfchar\n", i+5, u.String())
	}
	return codes, m.String() + "endcmap"
}

// start writes a catalogue, a page and a font for a text; show puts its codes into
// operators.
func start(text, page string, show func(codes []string) string, toUnicode bool) *PDF {
	p := &PDF{}
	codes, cmap := coded(text)
	p.Object(1, "<</Type/Catalog/Pages 2 0 R>>")
	p.Object(2, "<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R>>>>>>")
	p.Object(3, "<</Type/Page/Parent 2 0 R/Contents 4 0 R"+page+">>")
	p.Stream(4, "", []byte("BT /F1 12 Tf 70 700 Td "+show(codes)+" ET"))
	font := "<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/DescendantFonts[7 0 R]"
	if toUnicode {
		font += "/ToUnicode 6 0 R"
	}
	p.Object(5, font+">>")
	p.Stream(6, "", []byte(cmap))
	p.Object(7, "<</Type/Font/Subtype/CIDFontType2/BaseFont/X>>")
	return p
}

func whole(codes []string) string { return "<" + strings.Join(codes, "") + "> Tj" }

func runs(codes []string) string {
	at := len(codes) / 2
	return "<" + strings.Join(codes[:at], "") + "> Tj 60 0 Td <" + strings.Join(codes[at:], "") + "> Tj"
}

func shuffled(codes []string) string {
	var b strings.Builder
	for i := len(codes) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "1 0 0 1 %d 700 Tm <%s> Tj ", 70+12*i, codes[i])
	}
	return b.String()
}

// WithoutLetters is a page whose font does not say what its glyphs are.
func WithoutLetters(text string) []byte {
	p := start(text, "", whole, false)
	p.End("")
	return p.Bytes()
}

// hexText is a string of a PDF in UTF-16.
func hexText(text string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

func pdfs() []Part {
	shown := func(show func([]string) string) func(string) []byte {
		return func(t string) []byte {
			p := start(t, "", show, true)
			p.End("")
			return p.Bytes()
		}
	}
	said := func(do func(p *PDF, t string) string) func(string) []byte {
		return func(t string) []byte {
			p := start("Nobody", "/Annots[8 0 R]", whole, true)
			p.End(do(p, t))
			return p.Bytes()
		}
	}
	return []Part{
		{"paper.pdf", "text", shown(whole)},
		{"paper.pdf", "two runs", shown(runs)},
		{"paper.pdf", "letter by letter, backwards", func(t string) []byte {
			if strings.Contains(t, "\n") {
				return nil
			}
			return shown(shuffled)(t)
		}},
		{"paper.pdf", "white", shown(func(c []string) string { return "1 1 1 rg " + whole(c) })},
		{"paper.pdf", "annotation", said(func(p *PDF, t string) string {
			p.Object(8, "<</Type/Annot/Subtype/Text/Contents"+hexText(t)+">>")
			return ""
		})},
		{"paper.pdf", "title", said(func(p *PDF, t string) string {
			p.Object(9, "<</Title"+hexText(t)+">>")
			return "/Info 9 0 R"
		})},
		{"paper.pdf", "XMP", said(func(p *PDF, t string) string {
			p.Stream(9, "/Type/Metadata/Subtype/XML", []byte("<x:xmpmeta><dc:creator>"+t+"</dc:creator></x:xmpmeta>"))
			return ""
		})},
		{"paper.pdf", "attachment", said(func(p *PDF, t string) string {
			p.Stream(9, "/Type/EmbeddedFile", []byte("It was "+t+"."))
			return ""
		})},
		{"paper.pdf", "earlier revision", func(t string) []byte {
			p := start(t, "", whole, true)
			p.End("")
			p.Stream(4, "", []byte("BT ET"))
			p.End("/Prev 1")
			return p.Bytes()
		}},
	}
}
