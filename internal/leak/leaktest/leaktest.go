// Package leaktest makes files that hold a given text in a given part, and ways to
// hide a name that people and programs use. It knows nothing of how the gate looks for
// them: it shares no table with it, and imports nothing of ours.
package leaktest

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// A Part is a place in a kind of file. Make gives the file, or nil where the part
// cannot hold the text.
type Part struct {
	File, Part string
	Make       func(text string) []byte
}

// Parts are all parts of all containers.
func Parts() []Part {
	all := []Part{
		{"plain.txt", "utf-8", func(t string) []byte { return []byte("They said that " + t + " was there.\n") }},
		{"wide.txt", "utf-16le", func(t string) []byte { return wide(binary.LittleEndian, "Then "+t+" left.") }},
		{"big.txt", "utf-16be", func(t string) []byte { return wide(binary.BigEndian, "Then "+t+" left.") }},
		{"korean.txt", "euc-kr", func(t string) []byte { return legacy(korean.EUCKR, "그때 "+t+" 있었다.") }},
		{"chinese.txt", "gb18030", func(t string) []byte { return legacy(simplifiedchinese.GB18030, "当时，"+t+"，在。") }},
		{"taiwan.txt", "big5", func(t string) []byte { return legacy(traditionalchinese.Big5, "當時，"+t+"，在。") }},
		{"table.csv", "cell", func(t string) []byte { return []byte("no,who\n1,\"" + strings.ReplaceAll(t, `"`, `""`) + "\"\n") }},
		{"film.srt", "cue", func(t string) []byte { return []byte("1\n00:00:01,000 --> 00:00:04,000\n" + t + "\n") }},
		{"film.vtt", "voice", func(t string) []byte {
			return []byte("WEBVTT\n\n00:01.000 --> 00:04.000\n<v " + t + ">Hello.</v>\n")
		}},
		{"data.json", "value", func(t string) []byte { return quoted(map[string]string{"said by": t}) }},
		{"data.json", "key", func(t string) []byte { return quoted(map[string]string{t: "said"}) }},
		{"data.json", "escaped", func(t string) []byte { return []byte(`{"who":"` + escaped(t) + `"}`) }},
	}
	return append(append(append(append(all, pages()...), offices()...), pictures()...), pdfs()...)
}

func wide(order binary.ByteOrder, text string) []byte {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		_ = binary.Write(&b, order, u)
	}
	return b.Bytes()
}

func legacy(e encoding.Encoding, text string) []byte {
	b, err := e.NewEncoder().Bytes([]byte(text))
	if err != nil {
		return nil // the encoding lacks the letters
	}
	return b
}

func quoted(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func escaped(text string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, `\u%04x`, u)
	}
	return b.String()
}

func pages() []Part {
	page := func(in string) func(string) []byte {
		return func(t string) []byte {
			return []byte("<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head><body>" + strings.ReplaceAll(in, "@", html.EscapeString(t)) + "</body></html>")
		}
	}
	return []Part{
		{"page.html", "text", page("<p>It was @.</p>")},
		{"page.html", "white", page(`<p style="color:#fff;background:#fff">@</p>`)},
		{"page.html", "attribute", page(`<img alt="@" src="x.png">`)},
		{"page.html", "comment", page("<p>Nobody.</p><!-- @ -->")},
		{"page.html", "script", page(`<script>var who = "@";</script>`)},
		{"page.html", "tags", func(t string) []byte {
			var b strings.Builder
			for i, r := range t {
				if i > 0 && i%2 == 0 {
					b.WriteString("<b></b>")
				}
				b.WriteString(html.EscapeString(string(r)))
			}
			return []byte("<p>" + b.String() + "</p>")
		}},
	}
}

// Archive makes a ZIP file of names and contents, in pairs.
func Archive(pairs ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err == nil {
			_, err = f.Write([]byte(pairs[i+1]))
		}
		if err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

const (
	xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`
	wordNS  = ` xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`
)

func word(body, file, more string) []byte {
	return Archive("[Content_Types].xml", xmlHead+`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"word/document.xml", xmlHead+"<w:document"+wordNS+"><w:body>"+body+"</w:body></w:document>", file, more)
}

func offices() []Part {
	esc := html.EscapeString
	run := func(t string) string { return "<w:r><w:t xml:space=\"preserve\">" + esc(t) + "</w:t></w:r>" }
	split := func(t string) string {
		r := []rune(t)
		at := len(r) / 2
		return "<w:p>" + run(string(r[:at])) + "<w:r><w:rPr><w:b/></w:rPr><w:t xml:space=\"preserve\">" + esc(string(r[at:])) + "</w:t></w:r></w:p>"
	}
	none := "<w:p>" + run("Nobody.") + "</w:p>"
	sheet := func(shared, more string) []byte {
		return Archive("xl/worksheets/sheet1.xml", xmlHead+`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1"><v>12</v></c></row></sheetData></worksheet>`,
			"xl/sharedStrings.xml", xmlHead+"<sst><si>"+shared+"</si></sst>", "xl/comments1.xml", xmlHead+"<comments>"+more+"</comments>")
	}
	return []Part{
		{"letter.docx", "body", func(t string) []byte { return word("<w:p>"+run("It was "+t+".")+"</w:p>", "x.xml", xmlHead+"<x/>") }},
		{"letter.docx", "two runs", func(t string) []byte { return word(split(t), "x.xml", xmlHead+"<x/>") }},
		{"letter.docx", "deleted", func(t string) []byte {
			return word(`<w:p><w:del w:id="1" w:author="a"><w:r><w:delText>`+esc(t)+"</w:delText></w:r></w:del></w:p>"+none, "x.xml", xmlHead+"<x/>")
		}},
		{"letter.docx", "hidden", func(t string) []byte {
			return word("<w:p><w:r><w:rPr><w:vanish/><w:color w:val=\"FFFFFF\"/></w:rPr><w:t>"+esc(t)+"</w:t></w:r></w:p>", "x.xml", xmlHead+"<x/>")
		}},
		{"letter.docx", "author of a change", func(t string) []byte {
			return word(`<w:p><w:ins w:id="1" w:author="`+esc(t)+`">`+run("x")+"</w:ins></w:p>", "x.xml", xmlHead+"<x/>")
		}},
		{"letter.docx", "header", func(t string) []byte {
			return word(none, "word/header1.xml", xmlHead+"<w:hdr"+wordNS+">"+split(t)+"</w:hdr>")
		}},
		{"letter.docx", "comment", func(t string) []byte {
			return word(none, "word/comments.xml", xmlHead+"<w:comments"+wordNS+"><w:comment>"+split(t)+"</w:comment></w:comments>")
		}},
		{"letter.docx", "properties", func(t string) []byte {
			return word(none, "docProps/core.xml", xmlHead+"<cp:coreProperties><dc:creator>"+esc(t)+"</dc:creator></cp:coreProperties>")
		}},
		{"letter.docx", "embedded", func(t string) []byte {
			return word(none, "word/embeddings/inner.docx", string(word("<w:p>"+run(t)+"</w:p>", "x.xml", xmlHead+"<x/>")))
		}},
		{"table.xlsx", "cell", func(t string) []byte { return sheet("<t>"+esc(t)+"</t>", "") }},
		{"table.xlsx", "rich cell", func(t string) []byte {
			r := []rune(t)
			return sheet("<r><t>"+esc(string(r[:len(r)/2]))+"</t></r><r><t>"+esc(string(r[len(r)/2:]))+"</t></r>", "")
		}},
		{"table.xlsx", "comment", func(t string) []byte { return sheet("<t>x</t>", "<comment><text><t>"+esc(t)+"</t></text></comment>") }},
		{"letter.odt", "body", func(t string) []byte {
			return Archive("mimetype", "application/vnd.oasis.opendocument.text", "content.xml", xmlHead+"<office:document-content><text:p>Then <text:span>"+esc(t)+"</text:span></text:p></office:document-content>")
		}},
		{"letter.odt", "meta", func(t string) []byte {
			return Archive("mimetype", "application/vnd.oasis.opendocument.text", "meta.xml", xmlHead+"<office:meta><dc:creator>"+esc(t)+"</dc:creator></office:meta>")
		}},
		{"book.epub", "chapter", func(t string) []byte {
			return Archive("mimetype", "application/epub+zip", "OEBPS/c1.xhtml", xmlHead+"<html><body><p>"+esc(t)+"</p></body></html>")
		}},
		{"files.zip", "in a zip in it", func(t string) []byte { return Archive("inner.zip", string(Archive("a.txt", "It was "+t+"."))) }},
		{"files.zip", "name of a file", func(t string) []byte {
			if strings.ContainsAny(t, "/\n") {
				return nil
			}
			return Archive(t+".txt", "nothing")
		}},
	}
}

func chunk(kind string, body []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	b = append(append(b, kind...), body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// Packed compresses b as zlib does.
func Packed(b []byte) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

// PNG is a grey picture of one pixel with further chunks.
func PNG(more ...[]byte) []byte {
	head := []byte{0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0}
	b := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", head)...)
	for _, m := range more {
		b = append(b, m...)
	}
	return append(append(b, chunk("IDAT", Packed([]byte{0, 128}))...), chunk("IEND", nil)...)
}

// MP3 is a recording of two silent frames behind a tag of one frame.
func MP3(kind string, body []byte) []byte {
	frame := append([]byte(kind), byte(len(body)>>24), byte(len(body)>>16), byte(len(body)>>8), byte(len(body)), 0, 0)
	frame = append(frame, body...)
	n := len(frame)
	b := append([]byte{'I', 'D', '3', 3, 0, 0, byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}, frame...)
	silent := append([]byte{0xFF, 0xFB, 0x90, 0x00}, make([]byte, 413)...)
	return append(append(b, silent...), silent...)
}

func pictures() []Part {
	return []Part{
		{"picture.png", "tEXt", func(t string) []byte { return PNG(chunk("tEXt", []byte("Comment\x00"+t))) }},
		{"picture.png", "zTXt", func(t string) []byte {
			return PNG(chunk("zTXt", append([]byte("Comment\x00\x00"), Packed([]byte(t))...)))
		}},
		{"picture.png", "iTXt", func(t string) []byte { return PNG(chunk("iTXt", []byte("Comment\x00\x00\x00ko\x00\x00"+t))) }},
		{"sound.mp3", "title", func(t string) []byte { return MP3("TIT2", append([]byte{1}, wide(binary.LittleEndian, t)...)) }},
		{"sound.mp3", "comment", func(t string) []byte { return MP3("COMM", append([]byte{3, 'e', 'n', 'g', 0}, t...)) }},
	}
}

// An Obfuscation writes a name otherwise. It gives "" where it has no meaning for a
// name: Hangul has no capitals.
type Obfuscation struct {
	Name string
	Do   func(name string) string
}

// Latin says whether a name is written in letters that have capitals.
func Latin(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Latin, r) })
}

func joined(name string) string {
	return strings.NewReplacer(" ", "", "-", "", "'", "", "’", "").Replace(name)
}

func between(sign string) func(string) string {
	return func(name string) string { return strings.Join(strings.Split(joined(name), ""), sign) }
}

// alike are letters that look like those of Latin.
var alike = strings.NewReplacer("a", "а", "e", "е", "o", "о", "i", "і", "K", "К", "C", "С", "H", "Н", "M", "М", "P", "Р", "A", "А", "E", "Е", "O", "О", "c", "с", "y", "у")

func fullWidth(name string) string {
	return strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7F {
			return r - '!' + '！'
		}
		return r
	}, name)
}

func reordered(name string) string {
	w := strings.Fields(name)
	if len(w) < 2 {
		return ""
	}
	return strings.Join(append(append([]string{}, w[1:]...), w[0]), " ")
}

func broken(name string) string {
	if w := strings.Fields(name); len(w) > 1 {
		return strings.Join(w, "\n")
	}
	r := []rune(name)
	return string(r[:1]) + "\n" + string(r[1:])
}

func ifLatin(do func(string) string) func(string) string {
	return func(name string) string {
		if !Latin(name) {
			return ""
		}
		return do(name)
	}
}

// Obfuscations are all of them.
func Obfuscations() []Obfuscation {
	return []Obfuscation{
		{"as it is", func(n string) string { return n }},
		{"spaced", between(" ")},
		{"hyphenated", func(n string) string { return strings.ReplaceAll(strings.ReplaceAll(n, "-", " "), " ", "-") }},
		{"zero width", between("\u200b")},
		{"look-alikes", ifLatin(alike.Replace)},
		{"full width", ifLatin(fullWidth)},
		{"reordered", reordered},
		{"line break", broken},
		{"upper case", ifLatin(strings.ToUpper)},
		{"without separators", joined},
		{"particle", func(n string) string { return n + "에게" }},
		{"in an address", func(n string) string { return "https://example.org/?who=" + url.QueryEscape(n) + "&x=1" }},
		{"base64", func(n string) string { return base64.StdEncoding.EncodeToString([]byte("who: " + n + ", there")) }},
	}
}
