package hidden

import (
	"bytes"
	"html"
	"slices"
	"strings"
)

// A node is an element of XML with its text as it stands, so that what is not changed
// is written back byte for byte. One without a name is text.
type node struct {
	kind string // the name with the prefix that its namespace has in this program
	raw  string // the name as written; for text: the text
	attr []attribute
	kids []*node
	open bool // written as <a></a>, not as <a/>
}

type attribute struct {
	kind  string // as of a node
	raw   string
	value string // between its quotes, as written
	quote byte
}

// namespaces that this program knows, by the prefix that it uses for them. Both forms
// of Office Open XML count as one.
var namespaces = map[string]string{
	"http://schemas.openxmlformats.org/wordprocessingml/2006/main":           "w",
	"http://purl.oclc.org/ooxml/wordprocessingml/main":                       "w",
	"http://schemas.openxmlformats.org/officeDocument/2006/relationships":    "r",
	"http://purl.oclc.org/ooxml/officeDocument/relationships":                "r",
	"http://schemas.openxmlformats.org/drawingml/2006/main":                  "a",
	"http://purl.oclc.org/ooxml/drawingml/main":                              "a",
	"http://schemas.openxmlformats.org/drawingml/2006/picture":               "pic",
	"http://purl.oclc.org/ooxml/drawingml/picture":                           "pic",
	"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing": "wp",
	"http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing":             "wp",
	"http://schemas.openxmlformats.org/drawingml/2006/chart":                 "c",
	"http://schemas.openxmlformats.org/spreadsheetml/2006/main":              "x",
	"http://purl.oclc.org/ooxml/spreadsheetml/main":                          "x",
	"http://schemas.openxmlformats.org/presentationml/2006/main":             "p",
	"http://purl.oclc.org/ooxml/presentationml/main":                         "p",
	"http://schemas.openxmlformats.org/markup-compatibility/2006":            "mc",
	"http://schemas.microsoft.com/office/word/2010/wordml":                   "w14",
	"http://schemas.microsoft.com/office/word/2012/wordml":                   "w15",
	"http://schemas.microsoft.com/office/word/2016/wordml/cid":               "w16",
	"http://schemas.microsoft.com/office/word/2010/wordprocessingShape":      "wps",
	"http://schemas.microsoft.com/office/word/2010/wordprocessingDrawing":    "wp14",
	"http://schemas.openxmlformats.org/package/2006/relationships":           "rel",
	"http://schemas.openxmlformats.org/package/2006/content-types":           "ct",
	"urn:schemas-microsoft-com:vml":                                          "v",
	"urn:schemas-microsoft-com:office:office":                                "o",
	"urn:oasis:names:tc:opendocument:xmlns:office:1.0":                       "office",
	"urn:oasis:names:tc:opendocument:xmlns:text:1.0":                         "text",
	"urn:oasis:names:tc:opendocument:xmlns:meta:1.0":                         "meta",
	"urn:oasis:names:tc:opendocument:xmlns:drawing:1.0":                      "draw",
	"urn:oasis:names:tc:opendocument:xmlns:style:1.0":                        "style",
	"urn:oasis:names:tc:opendocument:xmlns:table:1.0":                        "table",
	"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0":                     "manifest",
	"urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0":            "fo",
	"urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0":               "svg",
	"urn:oasis:names:tc:opendocument:xmlns:script:1.0":                       "script",
	"urn:oasis:names:tc:opendocument:xmlns:presentation:1.0":                 "presentation",
	"http://purl.org/dc/elements/1.1/":                                       "dc",
	"http://www.w3.org/1999/xlink":                                           "xlink",
	"http://openoffice.org/2004/office":                                      "ooo",
	"http://openoffice.org/2009/office":                                      "officeooo",
	"urn:org:documentfoundation:names:experimental:office:xmlns:loext:1.0":   "loext",
}

// maxNodes is how many elements and attributes one XML may have.
const maxNodes = 4 << 20

// A reader of XML. It knows no entities but the five, and refuses a DOCTYPE.
type xmlReader struct {
	b       []byte
	at      int
	spaces  []map[string]string // prefix to namespace, innermost last
	nodes   int
	comment func(text string)
}

// readXML makes a tree. false: it is not well formed, or more than this program takes.
func (s *scan) readXML(b []byte, comment func(text string)) (*node, bool) {
	if bytes.HasPrefix(b, []byte{0xFE, 0xFF}) || bytes.HasPrefix(b, []byte{0xFF, 0xFE}) || len(b) > maxXML || !s.spend(int64(len(b))*4) {
		return nil, false
	}
	r := &xmlReader{b: bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), comment: comment}
	root := &node{kind: "root"}
	stack := []*node{root}
	for r.at < len(r.b) && s.alive() {
		top := stack[len(stack)-1]
		if r.b[r.at] != '<' {
			end := bytes.IndexByte(r.b[r.at:], '<')
			if end < 0 {
				end = len(r.b) - r.at
			}
			top.kids = append(top.kids, &node{raw: string(r.b[r.at : r.at+end])})
			r.at += end
			continue
		}
		n, closes, ok := r.tag()
		if r.nodes++; !ok || r.nodes > maxNodes || len(stack) > 400 {
			return nil, false
		}
		switch {
		case n == nil: // a comment, an instruction, CDATA as text
		case closes:
			if len(stack) == 1 || top.raw != n.raw {
				return nil, false
			}
			stack, r.spaces = stack[:len(stack)-1], r.spaces[:len(r.spaces)-1]
		default:
			top.kids = append(top.kids, n)
			if n.open {
				stack = append(stack, n)
			} else if n.kind != "" {
				r.spaces = r.spaces[:len(r.spaces)-1]
			}
		}
	}
	return root, len(stack) == 1 && slices.ContainsFunc(root.kids, func(n *node) bool { return n.kind != "" })
}

// tag reads what begins with <. nil: nothing that is kept.
func (r *xmlReader) tag() (n *node, closes, ok bool) {
	rest := r.b[r.at:]
	skip := func(start, end string) (string, bool) {
		i := bytes.Index(rest[len(start):], []byte(end))
		if i < 0 {
			return "", false
		}
		r.at += len(start) + i + len(end)
		return string(rest[len(start) : len(start)+i]), true
	}
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		text, ok := skip("<!--", "-->")
		if ok && r.comment != nil && strings.TrimSpace(text) != "" {
			r.comment(text)
		}
		return nil, false, ok
	case bytes.HasPrefix(rest, []byte("<?")):
		text, ok := skip("<?", "?>")
		if ok && r.comment != nil && !strings.HasPrefix(text, "xml ") && !strings.HasPrefix(text, "mso-") {
			r.comment(text)
		}
		return nil, false, ok
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		text, ok := skip("<![CDATA[", "]]>")
		return &node{raw: html.EscapeString(text)}, false, ok
	case bytes.HasPrefix(rest, []byte("<!")):
		return nil, false, false
	case bytes.HasPrefix(rest, []byte("</")):
		text, ok := skip("</", ">")
		return &node{kind: "close", raw: strings.TrimSpace(text)}, true, ok
	}
	n, ok = r.element()
	return n, false, ok
}

func isNameEnd(c byte) bool { return isSpace(c) || c == '>' || c == '/' || c == '=' }

func (r *xmlReader) name() string {
	from := r.at
	for r.at < len(r.b) && !isNameEnd(r.b[r.at]) {
		r.at++
	}
	return string(r.b[from:r.at])
}

func (r *xmlReader) space() {
	for r.at < len(r.b) && isSpace(r.b[r.at]) {
		r.at++
	}
}

func (r *xmlReader) element() (*node, bool) {
	r.at++
	n := &node{raw: r.name(), open: true}
	own := map[string]string(nil)
	for {
		r.space()
		if r.at >= len(r.b) || n.raw == "" {
			return nil, false
		}
		if r.b[r.at] == '>' {
			r.at++
			break
		}
		if r.b[r.at] == '/' {
			if r.at+1 >= len(r.b) || r.b[r.at+1] != '>' {
				return nil, false
			}
			r.at += 2
			n.open = false
			break
		}
		a, ok := r.attribute()
		if r.nodes++; !ok {
			return nil, false
		}
		if prefix, is := strings.CutPrefix(a.raw, "xmlns"); is && (prefix == "" || prefix[0] == ':') {
			if own == nil {
				own = map[string]string{}
			}
			own[strings.TrimPrefix(prefix, ":")] = html.UnescapeString(a.value)
		}
		n.attr = append(n.attr, a)
	}
	r.spaces = append(r.spaces, own)
	n.kind = r.known(n.raw, true)
	for i := range n.attr {
		n.attr[i].kind = r.known(n.attr[i].raw, false)
	}
	return n, true
}

func (r *xmlReader) attribute() (a attribute, ok bool) {
	a.raw = r.name()
	r.space()
	if a.raw == "" || r.at >= len(r.b) || r.b[r.at] != '=' {
		return a, false
	}
	r.at++
	r.space()
	if r.at >= len(r.b) || r.b[r.at] != '"' && r.b[r.at] != '\'' {
		return a, false
	}
	a.quote = r.b[r.at]
	end := bytes.IndexByte(r.b[r.at+1:], a.quote)
	if end < 0 {
		return a, false
	}
	a.value = string(r.b[r.at+1 : r.at+1+end])
	r.at += end + 2
	return a, true
}

// known gives a name with the prefix of this program; "?" stands for a namespace that
// it does not know.
func (r *xmlReader) known(raw string, element bool) string {
	prefix, local, ok := strings.Cut(raw, ":")
	if !ok {
		prefix, local = "", raw
		if !element { // an attribute without a prefix is in no namespace
			return local
		}
	}
	if prefix == "xmlns" || prefix == "xml" {
		return raw
	}
	for i := len(r.spaces) - 1; i >= 0; i-- {
		if uri, ok := r.spaces[i][prefix]; ok {
			if short, ok := namespaces[uri]; ok {
				return short + ":" + local
			}
			return "?:" + local
		}
	}
	return "?:" + local
}

// write appends the tree as XML.
func (n *node) write(b []byte) []byte {
	switch n.kind {
	case "":
		return append(b, n.raw...)
	case "root":
		b = append(b, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`+"\n"...)
		for _, k := range n.kids {
			b = k.write(b)
		}
		return b
	}
	b = append(append(b, '<'), n.raw...)
	for _, a := range n.attr {
		b = append(append(append(append(append(append(b, ' '), a.raw...), '='), a.quote), a.value...), a.quote)
	}
	if len(n.kids) == 0 {
		return append(b, "/>"...)
	}
	b = append(b, '>')
	for _, k := range n.kids {
		b = k.write(b)
	}
	return append(append(append(b, "</"...), n.raw...), '>')
}

// get gives an attribute by this program's name for it.
func (n *node) get(kind string) string {
	for _, a := range n.attr {
		if a.kind == kind {
			return html.UnescapeString(a.value)
		}
	}
	return ""
}

// cut takes out the attributes that which says yes to.
func (n *node) cut(which func(a attribute) bool) { n.attr = slices.DeleteFunc(n.attr, which) }

// set changes an attribute that is there.
func (n *node) set(kind, value string) {
	for i := range n.attr {
		if n.attr[i].kind == kind {
			n.attr[i].value = html.EscapeString(value)
		}
	}
}

// child gives the first element of that name.
func (n *node) child(kind string) *node {
	for _, k := range n.kids {
		if k.kind == kind {
			return k
		}
	}
	return nil
}

// text joins all text in the tree.
func (n *node) text() string {
	var b strings.Builder
	n.each(func(k *node) {
		if k.kind == "" {
			b.WriteString(html.UnescapeString(k.raw))
		}
	})
	return strings.TrimSpace(b.String())
}

// each visits the tree, parents first.
func (n *node) each(do func(*node)) {
	do(n)
	for _, k := range n.kids {
		k.each(do)
	}
}

// What an edit does with an element.
type edit int

const (
	keep   edit = iota
	drop        // with all that is in it
	unwrap      // its content takes its place
)

// edited goes through the tree and does with each element what judge says. Children
// come after their parents.
func (n *node) edited(judge func(*node) edit) {
	var out []*node
	for _, k := range n.kids {
		if k.kind == "" {
			out = append(out, k)
			continue
		}
		switch judge(k) {
		case keep:
			k.edited(judge)
			out = append(out, k)
		case unwrap:
			k.edited(judge)
			for _, inner := range k.kids {
				inner.inherit(k)
			}
			out = append(out, k.kids...)
		}
	}
	n.kids = out
}

// inherit takes over the namespaces that are declared at an element which goes.
func (n *node) inherit(from *node) {
	if n.kind == "" {
		return
	}
	for _, a := range from.attr {
		if strings.HasPrefix(a.raw, "xmlns") && !slices.ContainsFunc(n.attr, func(own attribute) bool { return own.raw == a.raw }) {
			n.attr = append(n.attr, a)
		}
	}
}
