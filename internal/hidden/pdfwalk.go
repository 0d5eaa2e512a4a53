package hidden

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A pdfWalk goes through a document from its root, by lists of what shows a page. What
// is in a list goes into the copy; the rest is a finding. So Inspect and Clean cannot
// differ about what is hidden.
type pdfWalk struct {
	*pdfFile
	out     []any // the objects of the copy, numbered from 1
	known   map[int]pdfRef
	queue   []pdfTask
	reached map[int]bool
	layers  pdfLayers
	refuse  string // why no copy can be made; empty: one can
	marks   map[string]int
}

type pdfTask struct {
	from int // the object
	to   pdfRef
	role string
}

// The keys that each sort of dictionary may have in a copy. A key with a sort after
// the equals sign leads to one of that sort; one without to a plain one.
var pdfRoles = map[string]map[pdfName]string{
	"page":      pdfKeys("MediaBox CropBox TrimBox BleedBox ArtBox Rotate UserUnit Group Type Tabs Trans Dur"),
	"resources": pdfKeys("ExtGState=each ColorSpace=each Pattern=eachpattern Shading=each XObject=eachxobject Font=eachfont ProcSet"),
	"image": pdfKeys("Type Subtype Width Height ColorSpace BitsPerComponent Intent ImageMask Mask=image SMask=image Decode Interpolate SMaskInData " +
		"Filter DecodeParms Length Matte Name"),
	"form":    pdfKeys("Type Subtype FormType BBox Matrix Resources=resources Group Length Filter DecodeParms Name"),
	"pattern": pdfKeys("Type PatternType PaintType TilingType BBox XStep YStep Resources=resources Matrix Shading ExtGState Length Filter DecodeParms"),
	"font": pdfKeys("Type Subtype BaseFont FirstChar LastChar Widths FontDescriptor Encoding ToUnicode DescendantFonts=font CIDSystemInfo W DW W2 DW2 " +
		"CIDToGIDMap FontMatrix FontBBox CharProcs=eachglyph Resources=resources Name"),
	"glyph":   pdfKeys("Length Filter DecodeParms"),
	"outline": pdfKeys("Type First=outline Last=outline Next=outline Prev=outline Parent=outline Count Title Dest A=jump C F"),
	"jump":    pdfKeys("S D URI Type"),
	"link":    pdfKeys("Type Subtype Rect Border C H BS QuadPoints F Dest A=jump"),
	"plain": pdfKeys("Type Subtype Length Filter DecodeParms Length1 Length2 Length3 FontName FontFamily FontStretch FontWeight Flags FontBBox ItalicAngle Ascent " +
		"Descent Leading CapHeight XHeight StemV StemH AvgWidth MaxWidth MissingWidth FontFile FontFile2 FontFile3 CharSet CIDSet Style FD BaseEncoding Differences " +
		"Registry Ordering Supplement CMapName WMode UseCMap FunctionType Domain Range C0 C1 N Functions Bounds Encode Size BitsPerSample Order Decode ShadingType ColorSpace " +
		"Background BBox AntiAlias Coords Extend Function BitsPerCoordinate BitsPerComponent BitsPerFlag VerticesPerRow Matrix LW LC LJ ML D RI OP op OPM Font=font BG BG2 UCR UCR2 " +
		"TR TR2 HT FL SM SA BM SMask=softmask CA ca AIS TK S CS I K Alternate WhitePoint BlackPoint Gamma Colorants=each Process Components MixingHints Solidities PrintingOrder " +
		"DotGain Predictor Colors Columns EarlyChange BlackIs1 EndOfLine EncodedByteAlign EndOfBlock Rows DamagedRowsBeforeError JBIG2Globals ColorTransform W Width Height " +
		"Names Kids Limits Nums St P HalftoneType Frequency Angle SpotFunction TransferFunction Xsquare Ysquare Default PaintType TilingType XStep YStep PatternType Shading"),
	"softmask": pdfKeys("Type S G=form BC TR"),
}

// pdfQuiet are keys that are left out of a copy and say nothing: numbers that
// structure counts by, and hints for the reader.
var pdfQuiet = map[pdfName]bool{"Parent": true, "StructParents": true, "StructParent": true, "MarkInfo": true, "ViewerPreferences": true, "Properties": true,
	"DL": true, "PZ": true, "Tabs": true, "Trans": true, "Dur": true, "P": true, "Pg": true, "PageMode": true, "PageLayout": true, "AP": true, "AS": true,
	"Linearized": true, "DA": true, "DR": true, "MK": true, "Ff": true, "FT": true, "Q": true, "SE": true, "Cached": true}

// pageOwn are the keys of a page that are copied in a way of their own.
var pageOwn = []string{"Contents", "Resources", "Annots", "Parent", "Kids", "Count"}

func pdfKeys(list string) map[pdfName]string {
	m := map[pdfName]string{}
	for _, word := range strings.Fields(list) {
		key, role, ok := strings.Cut(word, "=")
		if !ok {
			role = "plain"
		}
		m[pdfName(key)] = role
	}
	return m
}

func newPDFWalk(f *pdfFile) *pdfWalk {
	w := &pdfWalk{pdfFile: f, known: map[int]pdfRef{}, reached: map[int]bool{}, marks: map[string]int{}}
	w.readLayers()
	return w
}

// add puts an object into the copy.
func (w *pdfWalk) add(v any) pdfRef {
	w.out = append(w.out, v)
	return pdfRef{len(w.out), 0}
}

// note marks an object as reached.
func (w *pdfWalk) note(v any) {
	if r, ok := v.(pdfRef); ok {
		w.reached[r.num] = true
		if e := w.entries[r.num]; e.stream > 0 {
			w.reached[e.stream] = true
		}
	}
}

// ref gives the object of the copy that stands for one of the file, and has it copied.
func (w *pdfWalk) ref(r pdfRef, role string) any {
	if to, ok := w.known[r.num]; ok {
		return to
	}
	w.note(r)
	v := w.get(r)
	if d, ok := v.(pdfDict); ok && (d["Type"] == pdfName("Page") || d["Type"] == pdfName("Pages")) || v == nil {
		return pdfWord("null") // pages are known before: this one is in no tree
	}
	to := w.add(nil)
	w.known[r.num] = to
	w.queue = append(w.queue, pdfTask{r.num, to, role})
	return to
}

// finish copies what is waiting.
func (w *pdfWalk) finish() {
	for len(w.queue) > 0 && w.more(w.p) {
		t := w.queue[0]
		w.queue = w.queue[1:]
		w.out[t.to.num-1] = w.value(w.get(pdfRef{t.from, 0}), t.role, w.where(t.from), 0)
	}
}

// where names an object.
func (w *pdfWalk) where(num int) string { return fmt.Sprintf("object %d", num) }

// value copies an object as one of a sort.
func (w *pdfWalk) value(v any, role, where string, depth int) any {
	if depth > maxNest {
		return pdfWord("null")
	}
	switch v := v.(type) {
	case pdfRef:
		return w.ref(v, role)
	case pdfArray:
		return w.array(v, role, where, depth)
	case pdfDict:
		return w.dict(v, role, where, depth)
	case *pdfStream:
		return w.copyStream(v, role, where)
	case nil:
		return pdfWord("null")
	}
	return v
}

func (w *pdfWalk) array(v pdfArray, role, where string, depth int) any {
	if len(v) > 1 && v[0] == pdfName("ICCBased") {
		return w.colours(v[1], where)
	}
	out := make(pdfArray, 0, len(v))
	for _, e := range v {
		out = append(out, w.value(e, role, where, depth+1))
	}
	return out
}

// dict copies the keys of a sort, and names the others.
func (w *pdfWalk) dict(d pdfDict, role, where string, depth int) any {
	if each, ok := strings.CutPrefix(role, "each"); ok { // keys are names that the pages use
		out := pdfDict{}
		for _, k := range d.keys() {
			out[k] = w.value(d[k], eachRole(each), where, depth+1)
		}
		return out
	}
	if role == "xobject" || role == "glyph" || role == "form" || role == "pattern" && d["PatternType"] == nil {
		role = "plain"
	}
	return w.keys(d, role, where, depth)
}

func eachRole(role string) string {
	if role == "" {
		return "plain"
	}
	return role
}

func (w *pdfWalk) keys(d pdfDict, role, where string, depth int) pdfDict {
	allowed, out := pdfRoles[role], pdfDict{}
	for _, k := range d.keys() {
		next, ok := allowed[k]
		switch {
		case role == "page" && contains(pageOwn, string(k)):
		case !ok:
			w.left(k, d[k], where)
		case role == "jump" && !w.harmless(d):
			w.found(Finding{kindLink, w.p.under(where), string(k), w.show(d[k]), 0, 0})
		default:
			out[k] = w.value(d[k], next, where, depth+1)
		}
	}
	return out
}

// harmless says whether an action only leads to a page or to a public address.
func (w *pdfWalk) harmless(d pdfDict) bool {
	switch w.get(d["S"]) {
	case pdfName("GoTo"):
		return d["URI"] == nil
	case pdfName("URI"):
		address, _ := w.get(d["URI"]).(pdfString)
		lower := strings.ToLower(string(address))
		return strings.HasPrefix(lower, "https:") || strings.HasPrefix(lower, "http:") || strings.HasPrefix(lower, "mailto:") || strings.HasPrefix(lower, "tel:")
	}
	return false
}

// pdfKinds says of what kind the things are that certain keys lead to.
var pdfKinds = map[pdfName]struct{ kind, name string }{
	"PieceInfo": {kindTag, "page piece"}, "LastModified": {kindTime, "LastModified"}, "Thumb": {kindPicture, "thumbnail"}, "AF": {kindFile, "associated file"},
	"JS": {kindScript, "JavaScript"}, "JavaScript": {kindScript, "JavaScript"}, "AA": {kindScript, "action"}, "OpenAction": {kindScript, "open action"}, "A": {kindScript, "action"},
	"EmbeddedFiles": {kindFile, "embedded file"}, "EF": {kindFile, "embedded file"}, "FS": {kindFile, "file"}, "AcroForm": {kindTag, "form"}, "XFA": {kindScript, "XFA form"},
	"StructTreeRoot": {kindConcealed, "structure tree"}, "ActualText": {kindConcealed, "ActualText"}, "Alt": {kindConcealed, "Alt"}, "E": {kindConcealed, "expansion"},
	"Lang": {kindTag, "language"}, "Perms": {kindTag, "permissions"}, "DSS": {kindTag, "signatures"}, "OutputIntents": {kindProfile, "output intent"}, "Collection": {kindFile, "collection"},
	"ID": {kindIdentifier, "ID"}, "UR3": {kindTag, "usage rights"}, "VP": {kindPlace, "viewport"}, "Measure": {kindPlace, "measure"}, "LGIDict": {kindPlace, "map"},
	"T": {kindPerson, "author"}, "NM": {kindIdentifier, "name of annotation"}, "M": {kindTime, "modified"}, "CreationDate": {kindTime, "created"}, "RC": {kindText, "rich text"},
	"V": {kindText, "field value"}, "DV": {kindText, "default value"}, "TU": {kindText, "field label"}, "TM": {kindText, "field mapping"}, "Subj": {kindText, "subject"},
	"Alternates": {kindPicture, "alternate picture"}, "OPI": {kindLink, "OPI"}, "URI": {kindLink, "base address"}, "Sound": {kindTrack, "sound"}, "Movie": {kindTrack, "film"},
	"OC": {kindConcealed, "layer"}, "BX": {kindUnknown, "BX"}, "Private": {kindTag, "private data"}, "SpiderInfo": {kindTag, "web capture"}, "PresSteps": {kindTag, "steps"},
}

// left names a key that goes into no copy.
func (w *pdfWalk) left(k pdfName, v any, where string) {
	w.noteAll(v, 0)
	switch st, _ := w.get(v).(*pdfStream); {
	case pdfQuiet[k]:
		return
	case k == "Metadata" && st != nil:
		b, rest := w.decode(st)
		if rest == "" {
			w.xmp(part{w.p.under(where, "Metadata"), bytes.NewReader(b), int64(len(b)), 0, w.p.depth + 1}, "XMP")
			return
		}
	case k == "Thumb" && st != nil:
		w.found(Finding{kindPicture, w.p.under(where), "thumbnail", fmt.Sprintf("%vx%v", w.get(st.dict["Width"]), w.get(st.dict["Height"])), w.p.base + st.at, int64(len(st.raw))})
		return
	}
	f := Finding{Kind: kindByName(string(k), kindUnknown), Where: w.p.under(where), Name: string(k), Value: w.show(v)}
	if known, ok := pdfKinds[k]; ok {
		f.Kind, f.Name = known.kind, known.name
	}
	w.found(f)
	w.files(v, where, 0)
}

// noteAll marks what a left key leads to as reached: it is named by its key.
func (w *pdfWalk) noteAll(v any, depth int) {
	if depth > 24 || !w.more(w.p) {
		return
	}
	if r, ok := v.(pdfRef); ok {
		if w.reached[r.num] {
			return
		}
		if d, ok := w.get(r).(pdfDict); ok && (d["Type"] == pdfName("Page") || d["Type"] == pdfName("Pages") || d["Type"] == pdfName("Catalog")) {
			return
		}
		w.note(r)
	}
	switch v := w.get(v).(type) {
	case pdfArray:
		for _, e := range v {
			w.noteAll(e, depth+1)
		}
	case pdfDict:
		for _, k := range v.keys() {
			w.noteAll(v[k], depth+1)
		}
	case *pdfStream:
		for _, k := range v.dict.keys() {
			w.noteAll(v.dict[k], depth+1)
		}
	}
}

// files looks for files and scripts in what a left key leads to, and names each.
func (w *pdfWalk) files(v any, where string, depth int) {
	if depth > 12 || !w.more(w.p) {
		return
	}
	switch v := w.get(v).(type) {
	case pdfArray:
		for _, e := range v[:min(len(v), 64)] {
			w.files(e, where, depth+1)
		}
	case pdfDict:
		if name := w.get(v["UF"]); name == nil && v["F"] == nil && v["EF"] == nil {
			for _, k := range v.keys() {
				if k == "JS" {
					w.found(Finding{Kind: kindScript, Where: w.p.under(where), Name: "JavaScript", Value: w.show(v[k])})
				} else if k != "Parent" && k != "P" && k != "Popup" {
					w.files(v[k], where, depth+1)
				}
			}
			return
		}
		name := w.show(v["UF"])
		if v["UF"] == nil {
			name = w.show(v["F"])
		}
		ef, _ := w.get(v["EF"]).(pdfDict)
		if st, ok := w.get(ef["F"]).(*pdfStream); ok {
			b, _ := w.decode(st)
			inner := part{w.p.under(where, safe(name, maxName)), bytes.NewReader(b), int64(len(b)), 0, w.p.depth + 1}
			w.found(Finding{kindFile, w.p.under(where), name, w.looksLike(inner), w.p.base + st.at, int64(len(st.raw))})
			w.nested(inner)
		}
	}
}

// show gives the words in an object, at most a line.
func (w *pdfWalk) show(v any) string {
	var words []string
	w.words(v, &words, map[int]bool{}, 0)
	return strings.Join(words, " | ")
}

func (w *pdfWalk) words(v any, out *[]string, seen map[int]bool, depth int) {
	if r, ok := v.(pdfRef); ok {
		if seen[r.num] {
			return
		}
		seen[r.num] = true
	}
	if depth > 10 || len(*out) >= 12 || !w.more(w.p) {
		return
	}
	switch v := w.get(v).(type) {
	case pdfString:
		if t := pdfText(v); t != "" {
			*out = append(*out, t)
		}
	case pdfName:
		if depth == 0 {
			*out = append(*out, string(v))
		}
	case pdfWord:
		if depth == 0 {
			*out = append(*out, string(v))
		}
	case pdfArray:
		for _, e := range v[:min(len(v), 200)] {
			w.words(e, out, seen, depth+1)
		}
	case pdfDict:
		if t := v["Type"]; t == pdfName("Page") || t == pdfName("Pages") || t == pdfName("Catalog") {
			return
		}
		for _, k := range v.keys() {
			if k != "Parent" && k != "P" && k != "Pg" {
				w.words(v[k], out, seen, depth+1)
			}
		}
	case *pdfStream:
		b, _ := w.decode(v)
		*out = append(*out, sample(b[:min(len(b), 400)], int64(len(b))))
	}
}

// pdfText makes words of a string: UTF-16 with a mark, UTF-8, or Latin-1.
func pdfText(s pdfString) string { return text(s) }

// colours replaces a colour profile by one that says nothing but the space, or by the
// plain space with as many colours.
func (w *pdfWalk) colours(v any, where string) any {
	w.note(v)
	st, ok := w.get(v).(*pdfStream)
	if !ok {
		return pdfName("DeviceRGB")
	}
	b, _ := w.decode(st)
	w.icc(part{w.p.under(where, "ICC"), bytes.NewReader(b), int64(len(b)), 0, w.p.depth + 1})
	if g := gamutOf(b); g == nil {
		w.marks["colours"]++
	}
	switch n := w.get(st.dict["N"]); n {
	case pdfWord("1"):
		return pdfName("DeviceGray")
	case pdfWord("4"):
		return pdfName("DeviceCMYK")
	}
	g := gamutOf(b)
	if g == nil {
		g = &gamuts[0]
	}
	key := "profile " + g.name
	if w.marks[key] == 0 {
		w.marks[key] = w.add(packedStream(pdfDict{"N": pdfWord("3"), "Alternate": pdfName("DeviceRGB")}, g.profile())).num
	}
	return pdfArray{pdfName("ICCBased"), pdfRef{w.marks[key], 0}}
}

// copyStream copies a stream of a sort.
func (w *pdfWalk) copyStream(st *pdfStream, role, where string) any {
	if role == "xobject" {
		if role = "form"; w.get(st.dict["Subtype"]) == pdfName("Image") {
			role = "image"
		}
	}
	if role == "pattern" || role == "glyph" || role == "form" {
		return w.copyContent(st, role, where)
	}
	if _, ok := pdfRoles[role]; !ok || role == "font" || role == "resources" || role == "outline" {
		role = "plain"
	}
	raw, rest := w.decode(st)
	switch {
	case rest == "DCTDecode" || rest == "DCT":
		return w.copyJPEG(st, w.settings(st, role, where, "Filter", "DecodeParms"), raw, where)
	case rest == "JPXDecode":
		return w.copyJP2(st, w.settings(st, role, where, "Filter", "DecodeParms"), raw, where)
	}
	dict := w.settings(st, role, where)
	dict["Length"] = pdfWord(fmt.Sprint(len(st.raw)))
	w.checkPacked(st, where)
	return &pdfStream{dict, -1, st.raw}
}

// settings copies the dictionary of a stream, without the keys that its new bytes need
// in another form.
func (w *pdfWalk) settings(st *pdfStream, role, where string, without ...pdfName) pdfDict {
	own := pdfDict{}
	for k, v := range st.dict {
		if k == "Length" || slices.Contains(without, k) {
			w.noteAll(v, 0)
			continue
		}
		own[k] = v
	}
	return w.keys(own, role, where, 0)
}

// checkPacked reports what lies behind the packed bytes of a stream.
func (w *pdfWalk) checkPacked(st *pdfStream, where string) {
	names, _ := w.filters(st.dict)
	if len(names) == 0 || names[0] != "FlateDecode" && names[0] != "Fl" {
		return
	}
	out, rest, ok := w.unpack(st.raw)
	w.budget += int64(len(out))
	if behind := st.raw[len(st.raw)-rest:]; ok && len(bytes.TrimSpace(behind)) > 0 {
		w.found(Finding{kindBytes, w.p.under(where), "after-the-packed", sample(behind, int64(rest)), w.p.base + st.at, int64(rest)})
	}
}

// copyJPEG copies a photo without what is hidden in it.
func (w *pdfWalk) copyJPEG(st *pdfStream, dict pdfDict, raw []byte, where string) any {
	inner := part{w.p.under(where, "picture"), bytes.NewReader(raw), int64(len(raw)), 0, w.p.depth + 1}
	if names, _ := w.filters(st.dict); len(names) == 1 && st.at >= 0 {
		inner.base = w.p.base + st.at
	}
	w.jpeg(inner)
	clean, _, err := plainJPEG(raw, false)
	if err != nil {
		w.refuse = whyDamaged
		return &pdfStream{dict, -1, nil}
	}
	dict["Filter"] = pdfName("DCTDecode")
	if names, params := w.filters(st.dict); len(params) > 0 && params[len(names)-1] != nil {
		dict["DecodeParms"] = w.keys(params[len(names)-1], "plain", where, 0)
	}
	dict["Length"] = pdfWord(fmt.Sprint(len(clean)))
	return &pdfStream{dict, -1, clean}
}

// jp2Shown are the boxes of JPEG 2000 that show a picture (ISO/IEC 15444-1, annex I).
var jp2Shown = []string{"jP  ", "ftyp", "jp2h", "jp2c"}

func (w *pdfWalk) copyJP2(st *pdfStream, dict pdfDict, raw []byte, where string) any {
	inner := part{w.p.under(where, "picture"), bytes.NewReader(raw), int64(len(raw)), 0, w.p.depth + 1}
	var out []byte
	for at := int64(0); at < inner.size && w.more(w.p); {
		b, ok := boxAt(raw[at:min(inner.size, at+16)], at, inner.size)
		if at == 0 && bytes.HasPrefix(raw, []byte("\xff\x4f\xff\x51")) { // without boxes
			out = raw
			break
		}
		switch {
		case !ok:
			w.damaged(inner)
			w.refuse = whyDamaged
			at = inner.size
			continue
		case contains(jp2Shown, b.kind):
			out = append(out, raw[b.at:b.end]...)
		default:
			w.at(inner, kindByName(b.kind, kindTag), "", b.kind, sample(raw[b.body:b.end], b.end-b.body), b.at, b.end-b.at)
		}
		at = b.end
	}
	dict["Filter"] = pdfName("JPXDecode")
	dict["Length"] = pdfWord(fmt.Sprint(len(out)))
	return &pdfStream{dict, -1, out}
}

// unreached names the objects that nothing refers to, and what is between the objects.
func (w *pdfWalk) unreached() {
	var lost []int
	for _, num := range sortedNums(w.entries) {
		if e := w.entries[num]; e.at < 0 || w.reached[num] {
			continue
		}
		v := w.get(pdfRef{num, 0})
		st, _ := v.(*pdfStream)
		if v == nil || st != nil && (st.dict["Type"] == pdfName("XRef") || st.dict["Type"] == pdfName("ObjStm")) {
			continue
		}
		if d, ok := v.(pdfDict); ok && d["Linearized"] != nil {
			continue
		}
		lost = append(lost, num)
	}
	for _, num := range lost[:min(len(lost), maxTold)] {
		w.found(Finding{kindConcealed, w.p.under(w.where(num)), "object that nothing refers to", w.show(pdfRef{num, 0}), w.p.base + int64(max(0, w.entries[num].at)), 0})
	}
	if len(lost) > maxTold {
		w.found(Finding{kindConcealed, w.p.under("objects"), "objects that nothing refers to", fmt.Sprint(len(lost)), 0, 0})
	}
}

// between names earlier versions, and every byte that is in no object.
func (w *pdfWalk) between() {
	w.versions()
	if w.from > 0 {
		w.at(w.p, kindBytes, "", "before-the-start", sample(w.b[:w.from], int64(w.from)), 0, int64(w.from))
	}
	head := w.from + 8
	for _, num := range sortedNums(w.packed) { // what a stream of objects holds beside those that count
		for _, inner := range sortedNums(w.packed[num]) {
			if e := w.entries[inner]; e.stream != num {
				w.at(w.p, kindRevision, w.where(num), "earlier object", w.showOf(w.packed[num][inner]), 0, 0)
			}
		}
	}
	for _, g := range between(w.used, int64(head), w.p.size) {
		b := w.b[g.from:g.to]
		rest := bytes.Trim(b, " \t\r\n\f\x00")
		rest = bytes.Trim(bytes.TrimSuffix(bytes.TrimPrefix(rest, []byte("%%EOF")), []byte("%%EOF")), " \t\r\n\f\x00")
		switch {
		case len(rest) == 0:
		case g.from == int64(head) && rest[0] == '%' && len(rest) <= 12 && !bytes.ContainsAny(rest, "\r\n"): // says that it is not text
		case objectHead.Match(b):
			w.at(w.p, kindRevision, "", "objects of an earlier version", earlierWords(rest), g.from, g.to-g.from)
		case g.to == w.p.size:
			inner := w.p.cut("after-the-end", g.from, g.to-g.from)
			w.at(w.p, kindBytes, "", "after-the-end", sample(rest, int64(len(rest))), g.from, g.to-g.from)
			w.nested(inner)
		default:
			w.at(w.p, kindBytes, "", "between", sample(rest, int64(len(rest))), g.from, g.to-g.from)
		}
	}
}

func (w *pdfWalk) showOf(v any) string {
	var words []string
	w.words(v, &words, map[int]bool{}, 1)
	return strings.Join(words, " | ")
}

// earlierWords are the strings in superseded objects.
func earlierWords(b []byte) string {
	var words []string
	l := &pdfLexer{b: b}
	for l.at < len(b) && len(words) < 12 {
		i := bytes.IndexByte(b[l.at:], '(')
		if i < 0 {
			break
		}
		l.at += i
		v, err := l.literal()
		if err != nil {
			break
		}
		if t := pdfText(v.(pdfString)); wordy(t) {
			words = append(words, t)
		}
	}
	return strings.Join(append(words, amount(int64(len(b)))), " | ")
}

// versions names how many earlier versions the tables speak of.
func (w *pdfWalk) versions() {
	n := len(w.sections) - 1
	if first, _, ok := w.objectAt(w.firstObject()); ok && n > 0 {
		if d, ok := first.(pdfDict); ok && d["Linearized"] != nil {
			n-- // one that is laid out for the web has two tables
		}
	}
	if n <= 0 {
		return
	}
	ends := bytes.Count(w.b, []byte("%%EOF"))
	slices.Sort(w.sections)
	w.at(w.p, kindRevision, "", "earlier versions", fmt.Sprintf("%d, %d × %%%%EOF", n, ends), int64(w.sections[0]), 0)
}

func (w *pdfWalk) firstObject() int {
	if m := objectHead.FindSubmatchIndex(w.b[:min(len(w.b), 2048)]); m != nil {
		return m[2]
	}
	return -1
}
