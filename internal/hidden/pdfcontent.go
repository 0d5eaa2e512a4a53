package hidden

import (
	"bytes"
	"fmt"
	"strings"
)

// pdfLayers are the optional content of a document (8.11): what is shown of it.
type pdfLayers struct {
	groups map[int]bool   // by object: whether it is shown
	names  map[int]string // what the layer is called
	other  bool           // the first state is one that is not known
}

func (w *pdfWalk) readLayers() {
	w.layers = pdfLayers{map[int]bool{}, map[int]string{}, false}
	d, _ := w.get(w.root()["OCProperties"]).(pdfDict)
	all, _ := w.get(d["OCGs"]).(pdfArray)
	first, _ := w.get(d["D"]).(pdfDict)
	off := w.get(first["BaseState"]) == pdfName("OFF")
	for _, v := range all {
		if r, ok := v.(pdfRef); ok {
			group, _ := w.get(r).(pdfDict)
			w.layers.groups[r.num], w.layers.names[r.num] = !off, w.show(group["Name"])
		}
	}
	for _, state := range []struct {
		key  pdfName
		show bool
	}{{"ON", true}, {"OFF", false}} {
		list, _ := w.get(first[state.key]).(pdfArray)
		for _, v := range list {
			if r, ok := v.(pdfRef); ok {
				w.layers.groups[r.num] = state.show
			}
		}
	}
}

// hides says whether a layer, or a rule over several, keeps something from being
// shown.
func (l pdfLayers) hides(f *pdfFile, v any) bool {
	if v == nil {
		return false
	}
	if r, ok := v.(pdfRef); ok {
		if shown, ok := l.groups[r.num]; ok {
			return !shown
		}
	}
	d, _ := f.get(v).(pdfDict)
	if f.get(d["Type"]) != pdfName("OCMD") {
		return false
	}
	members, ok := f.get(d["OCGs"]).(pdfArray)
	if !ok && d["OCGs"] != nil {
		members = pdfArray{d["OCGs"]}
	}
	on, off := 0, 0
	for _, m := range members {
		r, _ := m.(pdfRef)
		if shown, ok := l.groups[r.num]; ok && shown {
			on++
		} else if ok {
			off++
		}
	}
	if on+off == 0 {
		return d["VE"] != nil // a rule that is not understood shows nothing
	}
	switch f.get(d["P"]) {
	case pdfName("AllOn"):
		return off > 0
	case pdfName("AnyOff"):
		return off == 0
	case pdfName("AllOff"):
		return on > 0
	}
	return on == 0
}

// tellLayers names the layers.
func (w *pdfWalk) tellLayers() {
	for _, num := range sortedNums(w.layers.groups) {
		kind, name := kindTag, "layer"
		if !w.layers.groups[num] {
			kind, name = kindConcealed, "hidden layer"
		}
		w.found(Finding{Kind: kind, Where: w.p.under("layers"), Name: name, Value: w.layers.names[num]})
	}
}

// A pdfPainter goes through content, operator by operator, and keeps what is shown.
type pdfPainter struct {
	*pdfWalk
	where     string
	resources pdfDict
	out       []byte
	args      []any
	marks     []bool // of each open mark, whether it hides
	hidden    int    // how many of them do
	mode      string // of text: "3" is invisible
	modes     []string
	told      map[string]bool
}

// maxArgs is how many operands an operator may have: the longest text array is shorter.
const maxArgs = 1 << 16

// content gives the content without what is not shown: marks and what they say,
// layers that are off, invisible text, comments.
func (w *pdfWalk) content(b []byte, resources pdfDict, where string) []byte {
	c := &pdfPainter{pdfWalk: w, where: where, resources: resources, mode: "0", told: map[string]bool{}}
	l := &pdfLexer{b: b, comment: func(at int, text []byte) {
		if len(bytes.TrimSpace(text)) > 1 {
			c.tell("comment", kindText, sample(text[1:], int64(len(text)-1)))
		}
	}}
	for w.alive() {
		l.space()
		if l.at >= len(b) {
			break
		}
		at := l.at
		v, err := c.token(l)
		if err != nil {
			l.at = max(l.at, at+1) // readers go on behind what they do not understand
			c.args = nil
			continue
		}
		word, ok := v.(pdfWord)
		if !ok || isNumber(word) || word == "true" || word == "false" || word == "null" {
			if len(c.args) < maxArgs {
				c.args = append(c.args, v)
			}
			continue
		}
		c.operator(string(word), l)
		c.args = nil
	}
	return c.out
}

// token reads an operand or an operator. There are no references in content.
func (c *pdfPainter) token(l *pdfLexer) (any, error) {
	if b := l.b[l.at]; !isSpace(b) && !isDelimiter(b) {
		return l.word(), nil
	}
	return l.value(0)
}

// tell names something once for each content.
func (c *pdfPainter) tell(name, kind, value string) {
	if key := name + value; !c.told[key] && len(c.told) < maxTold {
		c.told[key] = true
		c.found(Finding{Kind: kind, Where: c.p.under(c.where), Name: name, Value: value})
	}
}

var (
	paints    = strings.Fields("S s f F f* B B* b b*")
	showsText = strings.Fields("Tj TJ ' \"")
)

func (c *pdfPainter) operator(op string, l *pdfLexer) {
	switch {
	case op == "BMC" || op == "BDC":
		c.open(op)
		return
	case op == "EMC":
		if n := len(c.marks); n > 0 {
			if c.marks[n-1] {
				c.hidden--
			}
			c.marks = c.marks[:n-1]
		}
		return
	case op == "MP" || op == "DP":
		c.mark()
		return
	case op == "BI":
		c.inline(l)
		return
	case op == "q":
		if len(c.modes) < 1<<12 {
			c.modes = append(c.modes, c.mode)
		}
	case op == "Q":
		if n := len(c.modes); n > 0 {
			c.mode, c.modes = c.modes[n-1], c.modes[:n-1]
		}
	case op == "Tr" && len(c.args) == 1:
		c.mode = fmt.Sprint(c.args[0])
	case contains(showsText, op) && (c.mode == "3" || c.hidden > 0):
		c.unseen(op)
		return
	case c.hidden > 0 && contains(paints, op):
		c.write("n")
		return
	case c.hidden > 0 && (op == "sh" || op == "Do"):
		return
	case op == "Do" && c.offForm():
		return
	}
	c.write(op, c.args...)
}

func (c *pdfPainter) write(op string, args ...any) {
	for _, a := range args {
		c.out = append(appendPDF(c.out, a), ' ')
	}
	c.out = append(append(c.out, op...), '\n')
}

// unseen names text that is not shown. The line that it would have moved to is kept.
func (c *pdfPainter) unseen(op string) {
	name := "text of a hidden layer"
	if c.hidden == 0 {
		name = "invisible text"
	}
	var words []string
	for _, a := range c.args {
		c.words(a, &words, map[int]bool{}, 1)
	}
	c.tell(name, kindConcealed, strings.Join(words, ""))
	switch op {
	case "'":
		c.write("T*")
	case "\"":
		if len(c.args) == 3 {
			c.write("Tw", c.args[0])
			c.write("Tc", c.args[1])
		}
		c.write("T*")
	}
}

// open begins a mark. What it says beside the page is named.
func (c *pdfPainter) open(op string) {
	hides := false
	if op == "BDC" && len(c.args) == 2 {
		tag, _ := c.args[0].(pdfName)
		c.mark()
		if name, ok := c.args[1].(pdfName); ok && tag == "OC" {
			properties, _ := c.get(c.resources["Properties"]).(pdfDict)
			hides = c.layers.hides(c.pdfFile, properties[name])
		}
	}
	if len(c.marks) < 1<<12 {
		c.marks = append(c.marks, hides)
		if hides {
			c.hidden++
		}
	}
}

// mark names the words of a mark.
func (c *pdfPainter) mark() {
	v := c.args
	if len(v) != 2 {
		return
	}
	d, ok := v[1].(pdfDict)
	if name, is := v[1].(pdfName); is {
		properties, _ := c.get(c.resources["Properties"]).(pdfDict)
		c.note(properties[name])
		if d, ok = c.get(properties[name]).(pdfDict); ok && (d["Type"] == pdfName("OCG") || d["Type"] == pdfName("OCMD")) {
			return
		}
	}
	if !ok {
		return
	}
	for _, k := range d.keys() {
		switch k {
		case "MCID", "Type", "Subtype", "BBox", "Attached":
		default:
			kind := kindConcealed
			if k == "Lang" {
				kind = kindTag
			}
			c.tell(string(k), kind, c.show(d[k]))
		}
	}
}

// offForm says whether a form or picture belongs to a layer that is off.
func (c *pdfPainter) offForm() bool {
	name, ok := pdfName(""), len(c.args) == 1
	if ok {
		name, ok = c.args[0].(pdfName)
	}
	all, _ := c.get(c.resources["XObject"]).(pdfDict)
	st, is := c.get(all[name]).(*pdfStream)
	return ok && is && c.layers.hides(c.pdfFile, st.dict["OC"])
}

// inline copies a picture that stands in the content. Its end is a word of its own.
func (c *pdfPainter) inline(l *pdfLexer) {
	from := l.at
	for {
		i := bytes.Index(l.b[l.at:], []byte("ID"))
		if i < 0 {
			l.at = len(l.b)
			return
		}
		l.at += i + 2
		if l.at < len(l.b) && isSpace(l.b[l.at]) && isSpace(l.b[l.at-3]) || l.b[l.at-3] == '>' || l.b[l.at-3] == ']' {
			break
		}
	}
	for {
		i := bytes.Index(l.b[l.at:], []byte("EI"))
		if i < 0 {
			l.at = len(l.b)
			return
		}
		l.at += i + 2
		after := l.at >= len(l.b) || isSpace(l.b[l.at])
		if isSpace(l.b[l.at-3]) && after && plainAfter(l.b[l.at:]) {
			break
		}
	}
	if c.hidden == 0 {
		c.out = append(append(append(c.out, "BI"...), l.b[from:l.at]...), '\n')
	}
}

// plainAfter says whether what follows reads like content, not like pixels.
func plainAfter(b []byte) bool {
	for _, c := range b[:min(len(b), 12)] {
		if c > '~' || c < ' ' && !isSpace(c) {
			return false
		}
	}
	return true
}
