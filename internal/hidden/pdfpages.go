package hidden

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strconv"
	"strings"
)

// maxPages is how many pages are looked at.
const maxPages = 20_000

// pdf names what a document holds beside its pages.
func (s *scan) pdf(p part) {
	f := s.openPDF(p)
	if f == nil {
		s.damaged(p)
		return
	}
	if f.trailer["Encrypt"] != nil {
		s.unread(p.label, whyEncrypted)
		return
	}
	w := newPDFWalk(f)
	w.document()
	damage := w.damage // entries of the table that nobody follows may lead nowhere
	w.unreached()
	w.between()
	if damage || w.refuse == whyDamaged {
		s.damaged(p)
	}
}

// document goes through all that the trailer leads to, and gives the copy's root.
func (w *pdfWalk) document() pdfRef {
	w.note(w.trailer["Root"])
	w.heading()
	root := w.root()
	pages := w.pages(root["Pages"])
	catalog := pdfDict{"Type": pdfName("Catalog"), "Pages": pages}
	for _, k := range root.keys() {
		switch k {
		case "Type", "Pages", "Version", "Extensions":
		case "Outlines", "Dests", "PageLabels":
			role := "plain"
			if k == "Outlines" {
				role = "outline"
			} else if k == "Dests" {
				role = "each"
			}
			catalog[k] = w.value(root[k], role, "catalog", 0)
		case "Names":
			if names := w.nameTrees(root[k]); len(names) > 0 {
				catalog[k] = names
			}
		case "OCProperties":
			w.noteAll(root[k], 0)
			w.tellLayers()
		case "OpenAction":
			w.noteAll(root[k], 0)
			if d, ok := w.get(root[k]).(pdfDict); ok && !w.harmless(d) {
				w.left(k, root[k], "catalog")
			}
		default:
			w.left(k, root[k], "catalog")
		}
	}
	w.finish()
	return w.add(catalog)
}

// heading names what the trailer says of the file.
func (w *pdfWalk) heading() {
	w.note(w.trailer["Info"])
	info, _ := w.get(w.trailer["Info"]).(pdfDict)
	for _, k := range info.keys() {
		kind := kindByName(string(k), kindTag)
		if k == "Creator" { // here it is the program that the pages were written in
			kind = kindProgram
		}
		if k != "Trapped" {
			w.found(Finding{Kind: kind, Where: w.p.under("Info"), Name: string(k), Value: w.show(info[k])})
		}
	}
	if id, ok := w.get(w.trailer["ID"]).(pdfArray); ok && len(id) > 0 {
		w.note(w.trailer["ID"])
		first, _ := w.get(id[0]).(pdfString)
		w.found(Finding{Kind: kindIdentifier, Where: w.p.under("trailer"), Name: "ID", Value: hexOf(first)})
	}
	for _, k := range w.trailer.keys() {
		switch k {
		case "Root", "Info", "ID", "Size", "Prev", "XRefStm", "Type", "W", "Index", "Length", "Filter", "DecodeParms":
		default:
			w.left(k, w.trailer[k], "trailer")
		}
	}
}

// nameTrees keeps the named places, and names the rest.
func (w *pdfWalk) nameTrees(v any) pdfDict {
	w.note(v)
	d, _ := w.get(v).(pdfDict)
	out := pdfDict{}
	for _, k := range d.keys() {
		if k == "Dests" {
			out[k] = w.value(d[k], "plain", "names", 0)
			continue
		}
		w.left(k, d[k], "names")
	}
	return out
}

// A pdfPage is one with what it inherits.
type pdfPage struct {
	dict pdfDict
	num  int
}

// pages makes one flat tree of all pages.
func (w *pdfWalk) pages(tree any) pdfRef {
	var all []pdfPage
	w.collect(tree, pdfDict{}, map[int]bool{}, &all, 0)
	parent := w.add(nil)
	kids := pdfArray{}
	refs := make([]pdfRef, len(all))
	for i, p := range all { // before their content: it may refer to any of them
		refs[i] = w.add(nil)
		w.known[p.num] = refs[i]
		kids = append(kids, refs[i])
	}
	for i, p := range all {
		if !w.more(w.p) {
			break
		}
		w.out[refs[i].num-1] = w.page(p, i+1, parent)
		w.step(int64(i), int64(len(all)))
		w.finish()
	}
	w.out[parent.num-1] = pdfDict{"Type": pdfName("Pages"), "Kids": kids, "Count": pdfWord(strconv.Itoa(len(kids)))}
	return parent
}

// inherited are the keys that a page takes from the tree above it.
var inherited = []pdfName{"Resources", "MediaBox", "CropBox", "Rotate"}

func (w *pdfWalk) collect(v any, above pdfDict, seen map[int]bool, all *[]pdfPage, depth int) {
	r, ok := v.(pdfRef)
	if !ok || seen[r.num] || depth > maxNest || len(*all) >= maxPages || !w.more(w.p) {
		w.damage = w.damage || !ok || depth > maxNest
		return
	}
	seen[r.num] = true
	w.note(r)
	d, ok := w.get(r).(pdfDict)
	if !ok {
		w.damage = true
		return
	}
	mine := pdfDict{}
	for _, k := range inherited {
		if mine[k] = above[k]; d[k] != nil {
			mine[k] = d[k]
		}
	}
	kids, ok := w.get(d["Kids"]).(pdfArray)
	if !ok {
		page := pdfDict{}
		for k, v := range d {
			page[k] = v
		}
		for _, k := range inherited {
			if mine[k] != nil {
				page[k] = mine[k]
			}
		}
		*all = append(*all, pdfPage{page, r.num})
		return
	}
	w.note(d["Kids"])
	for _, kid := range kids {
		w.collect(kid, mine, seen, all, depth+1)
	}
}

// page copies one page: its content without what is not shown, and what its
// annotations draw as part of it.
func (w *pdfWalk) page(p pdfPage, n int, parent pdfRef) pdfDict {
	where := fmt.Sprintf("page %d", n)
	out := w.keys(p.dict, "page", where, 0)
	out["Type"], out["Parent"] = pdfName("Page"), parent
	w.note(p.dict["Resources"])
	resources, _ := w.get(p.dict["Resources"]).(pdfDict)
	own, _ := w.dict(resources, "resources", where, 0).(pdfDict)
	content := w.content(w.joinContents(p.dict["Contents"]), resources, where)
	links, drawn := w.annotations(p.dict["Annots"], own, where)
	if len(drawn) > 0 {
		content = append(append(append([]byte("q\n"), content...), "\nQ\n"...), drawn...)
	}
	out["Resources"] = own
	out["Contents"] = w.add(packedStream(pdfDict{}, content))
	if len(links) > 0 {
		out["Annots"] = links
	}
	return out
}

// packedStream makes a stream of the copy.
func packedStream(d pdfDict, b []byte) *pdfStream {
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	z.Write(b) // into memory: it cannot fail
	z.Close()
	d["Filter"], d["Length"] = pdfName("FlateDecode"), pdfWord(strconv.Itoa(packed.Len()))
	return &pdfStream{d, -1, packed.Bytes()}
}

// joinContents puts the pieces of a page's content together.
func (w *pdfWalk) joinContents(v any) (b []byte) {
	w.note(v)
	switch v := w.get(v).(type) {
	case pdfArray:
		for _, e := range v {
			w.note(e)
			if st, ok := w.get(e).(*pdfStream); ok {
				b = append(append(b, w.contentBytes(st)...), '\n')
			}
		}
	case *pdfStream:
		return w.contentBytes(v)
	}
	return b
}

// contentBytes unpacks content. What cannot be unpacked cannot be looked through, and
// no copy is made.
func (w *pdfWalk) contentBytes(st *pdfStream) []byte {
	for _, k := range st.dict.keys() {
		if _, ok := pdfRoles["glyph"][k]; !ok && k != "DL" {
			w.left(k, st.dict[k], "contents")
		} else {
			w.note(st.dict[k])
		}
	}
	w.checkPacked(st, "contents")
	b, rest := w.decode(st)
	if rest != "" {
		w.unread(w.p.under("contents"), whyFilter)
		w.refuse = whyFilter
	}
	return b
}

// copyContent copies a form, a pattern or a glyph: content with a dictionary.
func (w *pdfWalk) copyContent(st *pdfStream, role, where string) any {
	dict := w.settings(st, role, where, "Filter", "DecodeParms")
	w.note(st.dict["Resources"])
	resources, _ := w.get(st.dict["Resources"]).(pdfDict)
	b, rest := w.decode(st)
	if rest != "" {
		w.unread(w.p.under(where), whyFilter)
		w.refuse = whyFilter
	}
	w.checkPacked(st, where)
	return packedStream(dict, w.content(b, resources, where))
}

// annotations gives the links of a page, and content that draws what the others draw.
func (w *pdfWalk) annotations(v any, resources pdfDict, where string) (links pdfArray, drawn []byte) {
	w.note(v)
	all, _ := w.get(v).(pdfArray)
	for i, a := range all {
		w.note(a)
		d, ok := w.get(a).(pdfDict)
		if !ok || !w.more(w.p) {
			continue
		}
		subtype, _ := w.get(d["Subtype"]).(pdfName)
		here := fmt.Sprintf("%s/%s %d", where, subtype, i+1)
		if subtype == "Link" {
			if link := w.keys(d, "link", here, 0); link["A"] != nil || link["Dest"] != nil {
				if action, ok := link["A"].(pdfDict); !ok || len(action) > 0 {
					links = append(links, w.add(link))
				}
			}
			continue
		}
		w.annotation(d, subtype, here)
		drawn = append(drawn, w.draw(d, subtype, resources, here)...)
	}
	return links, drawn
}

// annotation names one, and what it says beside what it draws.
func (w *pdfWalk) annotation(d pdfDict, subtype pdfName, where string) {
	w.marks["drawn"]++
	kind := kindTag
	switch subtype {
	case "Text", "Popup", "FreeText", "Highlight", "Underline", "StrikeOut", "Squiggly", "Caret":
		kind = kindText
	case "FileAttachment":
		kind = kindFile
	case "Redact":
		kind = kindConcealed
	case "Sound", "Movie", "Screen", "3D", "RichMedia":
		kind = kindTrack
	}
	w.found(Finding{Kind: kind, Where: w.p.under(where), Name: "annotation", Value: string(subtype) + " " + w.show(d["Contents"])})
	for _, k := range d.keys() {
		switch k {
		case "Type", "Subtype", "Rect", "F", "C", "Border", "BS", "BE", "QuadPoints", "IC", "CA", "ca", "L", "LE", "Vertices", "InkList", "P", "Popup", "RD", "CL", "H", "Name", "Open",
			"Contents", "StateModel", "State", "IT", "RT", "DS", "LL", "LLE", "Cap":
		case "AP":
			w.note(d[k])
		case "T":
			if subtype == "Widget" {
				w.found(Finding{Kind: kindTag, Where: w.p.under(where), Name: "field name", Value: w.show(d[k])})
				continue
			}
			fallthrough
		default:
			w.left(k, d[k], where)
		}
	}
}

// The flags of annotations that keep them from being shown (12.5.3).
const annotationHidden = 1<<1 | 1<<5

// draw copies an annotation's picture, and gives what puts it in its place (12.5.5).
func (w *pdfWalk) draw(d pdfDict, subtype pdfName, resources pdfDict, where string) []byte {
	flags, _ := w.get(d["F"]).(pdfWord)
	if n, _ := strconv.Atoi(string(flags)); n&annotationHidden != 0 {
		w.noteAll(d["AP"], 0)
		w.found(Finding{Kind: kindConcealed, Where: w.p.under(where), Name: "hidden annotation", Value: w.show(d["V"])})
		return nil
	}
	v := w.appearance(d)
	st, ok := w.get(v).(*pdfStream)
	if !ok || contains([]string{"Popup", "Text", "FileAttachment", "Sound", "Redact"}, string(subtype)) || w.layers.hides(w.pdfFile, d["OC"]) {
		w.noteAll(d["AP"], 0)
		if !ok && subtype == "Widget" && w.shows(d) {
			w.refuse = refuseUndrawn
		}
		return nil
	}
	matrix, ok := w.fit(st.dict, w.numbersOf(d["Rect"]))
	if !ok {
		return nil
	}
	xobjects := w.own(resources, "XObject")
	name := pdfName(fmt.Sprintf("Drawn%d", w.marks["drawn"])) // each has a number of its own
	if r, ok := v.(pdfRef); ok {
		xobjects[name] = w.ref(r, "form")
	} else {
		xobjects[name] = w.add(w.copyContent(st, "form", where))
	}
	mode := ""
	if subtype == "Highlight" { // it lets the words under it through
		mode = "/" + string(w.multiply(resources)) + " gs "
	}
	return []byte(fmt.Sprintf("q %s%s cm /%s Do Q\n", mode, matrix, name))
}

// multiply gives the name of a state that darkens what is there.
func (w *pdfWalk) multiply(resources pdfDict) pdfName {
	states := w.own(resources, "ExtGState")
	if states["DrawnOver"] == nil {
		states["DrawnOver"] = pdfDict{"Type": pdfName("ExtGState"), "BM": pdfName("Multiply")}
	}
	return "DrawnOver"
}

// own gives a table of the page's resources to which names may be added.
func (w *pdfWalk) own(resources pdfDict, key pdfName) pdfDict {
	table, _ := resources[key].(pdfDict)
	if r, ok := resources[key].(pdfRef); ok { // one that waits to be copied
		w.finish()
		table, _ = w.out[r.num-1].(pdfDict)
	}
	if table == nil {
		table = pdfDict{}
		resources[key] = table
	}
	return table
}

// refuseUndrawn is why no copy is made of a form whose values only a reader would draw:
// they would be gone from the page.
const refuseUndrawn = "hidden.undrawn"

// shows says whether a field has words that a reader draws: its own, or those of the
// field that it is a part of.
func (w *pdfWalk) shows(d pdfDict) bool {
	for range 8 {
		kind := w.get(d["FT"])
		if words, _ := w.get(d["V"]).(pdfString); len(words) > 0 && kind != pdfName("Sig") {
			return true
		}
		parent, ok := w.get(d["Parent"]).(pdfDict)
		if !ok {
			return false
		}
		d = parent
	}
	return false
}

// appearance gives the picture that an annotation has now.
func (w *pdfWalk) appearance(d pdfDict) any {
	ap, _ := w.get(d["AP"]).(pdfDict)
	states, ok := w.get(ap["N"]).(pdfDict)
	if !ok {
		return ap["N"]
	}
	state, _ := w.get(d["AS"]).(pdfName)
	w.note(ap["N"])
	for _, k := range states.keys() {
		if k != state {
			w.noteAll(states[k], 0)
		}
	}
	return states[state]
}

func (w *pdfWalk) numbersOf(v any) (out []float64) {
	a, _ := w.get(v).(pdfArray)
	for _, e := range a[:min(len(a), 8)] {
		word, _ := w.get(e).(pdfWord)
		n, err := strconv.ParseFloat(string(word), 64)
		if err != nil {
			return nil
		}
		out = append(out, n)
	}
	return out
}

// fit gives the matrix that brings a form's box into a rectangle.
func (w *pdfWalk) fit(form pdfDict, rect []float64) (string, bool) {
	box, m := w.numbersOf(form["BBox"]), w.numbersOf(form["Matrix"])
	if len(box) != 4 || len(rect) != 4 {
		return "", false
	}
	if len(m) != 6 {
		m = []float64{1, 0, 0, 1, 0, 0}
	}
	var xs, ys []float64
	for _, c := range [][2]float64{{box[0], box[1]}, {box[2], box[1]}, {box[0], box[3]}, {box[2], box[3]}} {
		xs, ys = append(xs, m[0]*c[0]+m[2]*c[1]+m[4]), append(ys, m[1]*c[0]+m[3]*c[1]+m[5])
	}
	x0, x1 := min(xs[0], xs[1], xs[2], xs[3]), max(xs[0], xs[1], xs[2], xs[3])
	y0, y1 := min(ys[0], ys[1], ys[2], ys[3]), max(ys[0], ys[1], ys[2], ys[3])
	if x1 == x0 || y1 == y0 {
		return "", false
	}
	left, bottom := min(rect[0], rect[2]), min(rect[1], rect[3])
	sx, sy := (max(rect[0], rect[2])-left)/(x1-x0), (max(rect[1], rect[3])-bottom)/(y1-y0)
	var words []string
	for _, n := range []float64{sx, 0, 0, sy, left - sx*x0, bottom - sy*y0} {
		words = append(words, strconv.FormatFloat(n, 'f', -1, 64))
	}
	return strings.Join(words, " "), true
}
