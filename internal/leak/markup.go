package leak

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// What takes the place of a tag: a reader does not see it, and yet a word may end
// there.
const (
	softBreak = "\u200b"
	lineBreak = "\n"
)

const splitByTags = "leak.why.split"

// untag takes every tag and comment out, so that a name in two runs of a document
// stands in one piece. It gives nil where there are no tags.
func untag(v *view) *view {
	var m maker
	b, from := v.b, 0
	for i := 0; i < len(b); {
		at := bytes.IndexByte(b[i:], '<')
		if at < 0 {
			break
		}
		i += at
		end := tagEnd(b, i)
		if end == 0 {
			i++
			continue
		}
		m.copy(b, from, i)
		m.put([]byte(breakOf(tagName(b[i:end]))), i, end-i)
		i, from = end, end
	}
	if from == 0 {
		return nil
	}
	m.copy(b, from, len(b))
	return m.over(v, splitByTags)
}

// tagEnd gives the byte after the tag that starts at b[i], 0 where none does.
func tagEnd(b []byte, i int) int {
	rest := b[i:]
	switch {
	case len(rest) < 3:
		return 0
	case bytes.HasPrefix(rest, []byte("<!--")):
		return after(b, i, "-->")
	case bytes.HasPrefix(rest, []byte("<![CDATA[")): // what is in it is text
		return i + len("<![CDATA[")
	case rest[1] == '?':
		return after(b, i, "?>")
	case rest[1] == '/', rest[1] == '!', isAlnum(rest[1]):
		return quotedEnd(b, i)
	}
	return 0
}

func after(b []byte, i int, closing string) int {
	if at := bytes.Index(b[i:], []byte(closing)); at >= 0 {
		return i + at + len(closing)
	}
	return 0
}

// longestTag is how far a tag is followed.
const longestTag = 1 << 20

// quotedEnd finds the > that ends a tag: one in quotes does not.
func quotedEnd(b []byte, i int) int {
	quote := byte(0)
	for j := i; j < len(b) && j < i+longestTag; j++ {
		switch c := b[j]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && j > i && (b[j-1] == '=' || b[j-1] == ' '):
			quote = c
		case c == '>':
			return j + 1
		case c == '<' && j > i:
			return 0
		}
	}
	return 0
}

func tagName(tag []byte) string {
	name := bytes.TrimLeft(tag, "</")
	if end := bytes.IndexFunc(name, func(r rune) bool { return r != ':' && r != '-' && (r > 'z' || !isAlnum(byte(r))) }); end >= 0 {
		name = name[:end]
	}
	return strings.ToLower(string(name))
}

// blocks are elements that a reader sees as a line of their own.
var blocks = strings.Fields("p div br tr li ul ol table h1 h2 h3 h4 h5 h6 section article header footer blockquote title body head " +
	"td th dt dd w:p w:br w:tr w:tc w:tab c row si text:p text:h text:line-break text:tab table:table-cell text:list-item")

func breakOf(name string) string {
	if slices.Contains(blocks, name) {
		return lineBreak
	}
	return softBreak
}

// unseen are elements whose text a reader does not see where it stands, so that it
// may split a word: code, deleted and ruby text.
var unseen = strings.Fields("script style template noscript iframe object rp rt w:deltext w:instrtext w:flddata")

// unscript gives the text of a document as a browser shows it, by the rules of HTML,
// without the elements that are unseen. It gives nil where there are none.
func unscript(v *view) *view {
	if !hasUnseen(v.b) {
		return nil
	}
	var m maker
	z := html.NewTokenizer(bytes.NewReader(v.b))
	hidden, depth, at := "", 0, 0
	for {
		kind := z.Next()
		raw := len(z.Raw())
		if kind == html.ErrorToken {
			raw = len(v.b) - at // what an unfinished tag left
		}
		switch {
		case kind == html.TextToken && depth == 0:
			m.copy(v.b, at, at+raw)
		case kind == html.TextToken, raw == 0:
		default:
			name := tagName(v.b[at : at+raw])
			hidden, depth = nest(kind, name, hidden, depth)
			m.put([]byte(breakOf(name)), at, raw)
		}
		at += raw
		if kind == html.ErrorToken {
			return m.over(v, splitByTags)
		}
	}
}

// nest follows how deep the text is in an element that is unseen.
func nest(kind html.TokenType, name, hidden string, depth int) (string, int) {
	switch {
	case depth == 0 && kind == html.StartTagToken && slices.Contains(unseen, name):
		return name, 1
	case depth > 0 && name == hidden && kind == html.StartTagToken:
		return hidden, depth + 1
	case depth > 0 && name == hidden && kind == html.EndTagToken:
		return hidden, depth - 1
	}
	return hidden, depth
}

func hasUnseen(b []byte) bool {
	for i := 0; i < len(b); i++ {
		at := bytes.IndexByte(b[i:], '<')
		if at < 0 {
			return false
		}
		i += at
		name := tagName(b[i:min(len(b), i+16)])
		if slices.Contains(unseen, name) {
			return true
		}
	}
	return false
}
