package hidden

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// An editor takes out of a part of a document what is not shown: tracked changes are
// accepted, comments go, hidden text goes. What it does it names.
type editor struct {
	*office
	p    part
	part string
	word bool
	told map[string]int
}

// name tells one thing; of many alike only the first ones.
func (e *editor) name(kind, name, value string) {
	if e.told == nil {
		e.told = map[string]int{}
	}
	key := kind + name
	if e.told[key]++; e.told[key] <= maxTold {
		e.at(e.p, kind, "", name, value, 0, e.p.size)
	}
}

func (e *editor) run(root *node) {
	if e.word {
		e.fields(root)
	}
	root.edited(e.judge)
	root.each(e.attributes)
	for key, n := range e.told {
		if n > maxTold {
			e.at(e.p, kindTag, "", "more of "+key, fmt.Sprint(n-maxTold), 0, e.p.size)
		}
	}
	e.identifiers(root)
}

var (
	revised = regexp.MustCompile(`^w:(rPrChange|pPrChange|sectPrChange|tblPrChange|tblGridChange|trPrChange|tcPrChange|tblPrExChange|numberingChange)$`)
	ranges  = regexp.MustCompile(`^w:(move(From|To)Range(Start|End)|customXml(Ins|Del|MoveFrom|MoveTo)Range(Start|End)|perm(Start|End)|proofErr)$`)
)

// judge says what becomes of an element of any part.
func (e *editor) judge(n *node) edit {
	switch n.kind {
	case "w:del", "w:moveFrom":
		if len(n.kids) > 0 { // else it marks the end of a paragraph, a row or a cell
			e.change(n, "deleted text")
			return drop
		}
		e.change(n, "deleted mark")
		return drop
	case "w:ins", "w:moveTo":
		e.change(n, "inserted text")
		return unwrap
	case "w:cellDel", "w:cellIns", "w:cellMerge":
		e.change(n, "changed cell")
		return drop
	case "w:commentRangeStart", "w:commentRangeEnd", "w:commentReference", "w:annotationRef":
		e.name(kindText, "comment mark", n.get("w:id"))
		return drop
	case "w:tr":
		if pr := n.child("w:trPr"); pr != nil && pr.child("w:del") != nil {
			e.change(pr.child("w:del"), "deleted row")
			return drop
		}
	case "w:r":
		if e.vanished(n) {
			e.name(kindConcealed, "hidden text", n.text())
			return drop
		}
	case "w:p":
		if style := e.style(n, "w:pPr", "w:pStyle"); e.concealing[style] && style != "" && n.text() != "" {
			e.name(kindConcealed, "hidden text", n.text())
			n.edited(func(k *node) edit {
				if k.kind == "w:pPr" {
					return keep
				}
				return drop
			})
		}
	case "w:bookmarkStart":
		if n.get("w:name") == "_GoBack" {
			e.name(kindTag, "last place of work", "_GoBack")
			return drop
		}
	case "w:sdt", "w:sdtContent", "w:smartTag", "w:customXml":
		return unwrap
	case "w:sdtPr", "w:sdtEndPr", "w:smartTagPr", "w:customXmlPr":
		e.control(n)
		return drop
	case "o:OLEObject", "w:objectEmbed", "w:objectLink", "w:control":
		e.name(kindFile, "embedded object", n.get("ProgID"))
		return drop
	case "w:altChunk", "w:subDoc":
		e.name(kindFile, "inserted document", "")
		return drop
	case "c:externalData":
		e.name(kindLink, "data of a chart", "")
		return drop
	}
	return e.judgeMore(n)
}

func (e *editor) judgeMore(n *node) edit {
	switch {
	case revised.MatchString(n.kind):
		e.change(n, "changed format")
		return drop
	case ranges.MatchString(n.kind):
		if n.kind != "w:proofErr" {
			e.change(n, "range of a change")
		}
		return drop
	case e.part == "word/settings.xml":
		return e.setting(n)
	case e.part == "xl/workbook.xml":
		e.sheet(n)
	case strings.HasPrefix(e.part, "xl/worksheets/"):
		e.cells(n)
	case strings.HasPrefix(e.part, "ppt/slides/") && n.kind == "p:sld" && n.get("show") == "0":
		e.name(kindConcealed, "hidden slide", path.Base(e.part))
	}
	return keep
}

// change names a tracked change with who made it and when.
func (e *editor) change(n *node, name string) {
	e.name(kindChange, name, n.text())
	if who := n.get("w:author"); who != "" {
		e.name(kindPerson, "author of a change", strings.TrimSpace(who+" "+n.get("w:date")))
	}
}

func (e *editor) style(n *node, properties, name string) string {
	pr := n.child(properties)
	if pr == nil || pr.child(name) == nil {
		return ""
	}
	return pr.child(name).get("w:val")
}

// vanished says whether the text of a run is hidden.
func (e *editor) vanished(n *node) bool {
	if pr := n.child("w:rPr"); pr != nil && pr.child("w:vanish") != nil {
		return isOn(pr.child("w:vanish")) && n.text() != ""
	}
	return e.concealing[e.style(n, "w:rPr", "w:rStyle")] && n.text() != ""
}

// control names what a field that is bound to data says of itself.
func (e *editor) control(n *node) {
	n.each(func(k *node) {
		switch k.kind {
		case "w:alias", "w:tag":
			e.name(kindTag, strings.TrimPrefix(k.kind, "w:"), k.get("w:val"))
		case "w:dataBinding":
			e.name(kindLink, "data binding", k.get("w:xpath"))
		}
	})
}

// settingsShown are the settings that change how a document looks.
var settingsShown = strings.Fields("zoom mirrorMargins alignBordersAndEdges bordersDoNotSurroundHeader bordersDoNotSurroundFooter gutterAtTop evenAndOddHeaders bookFoldPrinting " +
	"defaultTabStop autoHyphenation consecutiveHyphenLimit hyphenationZone doNotHyphenateCaps drawingGridHorizontalSpacing drawingGridVerticalSpacing displayHorizontalDrawingGridEvery " +
	"displayVerticalDrawingGridEvery doNotUseMarginsForDrawingGridOrigin characterSpacingControl noLineBreaksAfter noLineBreaksBefore footnotePr endnotePr compat themeFontLang clrSchemeMapping " +
	"doNotShadeFormData decimalSymbol listSeparator embedTrueTypeFonts saveSubsetFonts embedSystemFonts updateFields defaultTableStyle strictFirstAndLastChars displayBackgroundShape proofState " +
	"stylePaneFormatFilter hideSpellingErrors hideGrammaticalErrors doNotTrackMoves doNotTrackFormatting formsDesign linkStyles view removePersonalInformation removeDateAndTime shapeDefaults hdrShapeDefaults")

// settingsTold are settings that say something, and of what kind.
var settingsTold = map[string]struct{ kind, name string }{
	"rsids": {kindIdentifier, "rsids"}, "attachedTemplate": {kindLink, "template"}, "docVars": {kindText, "document variables"}, "mailMerge": {kindLink, "mail merge"},
	"trackRevisions": {kindTag, "track changes"}, "documentProtection": {kindTag, "protection"}, "writeProtection": {kindTag, "protection"}, "docId": {kindIdentifier, "document identifier"},
	"chartTrackingRefBased": {kindTag, "chart tracking"}, "activeWritingStyle": {kindTag, "writing style"}, "schemaLibrary": {kindTag, "schemas"},
	"attachedSchema": {kindTag, "schema"}, "smartTagType": {kindTag, "smart tags"}, "saveThroughXslt": {kindLink, "stylesheet"}, "captions": {kindTag, "captions"},
}

// setting keeps what changes the look, and names the rest.
func (e *editor) setting(n *node) edit {
	if n.kind == "w:settings" || !strings.Contains(n.raw, ":") || strings.HasPrefix(n.kind, "kept:") {
		return keep
	}
	local := n.raw[strings.Index(n.raw, ":")+1:]
	if strings.HasPrefix(n.kind, "w:") && contains(settingsShown, local) || local == "mathPr" {
		if local == "shapeDefaults" || local == "hdrShapeDefaults" || local == "proofState" {
			return drop // of the program, without words
		}
		return keepWhole(n)
	}
	if local == "settings" {
		return keep
	}
	told, ok := settingsTold[local]
	if !ok {
		told.kind, told.name = kindTag, local
	}
	value := n.get("w:val")
	if value == "" && len(n.kids) > 0 {
		value = fmt.Sprintf("%d", len(n.kids))
		for _, v := range n.kids {
			if words := v.get("w:name") + v.get("w:val"); words != "" && local == "docVars" {
				value = v.get("w:name") + " = " + v.get("w:val")
				break
			}
		}
	}
	e.name(told.kind, told.name, value)
	return drop
}

// keepWhole keeps an element whose children are settings of their own: they are not
// judged by the list.
func keepWhole(n *node) edit {
	for _, k := range n.kids {
		if k.kind != "" {
			k.kind = "kept:" + k.kind
			keepWhole(k)
		}
	}
	return keep
}

// sheet names sheets that are not shown, and names of ranges that are hidden.
func (e *editor) sheet(n *node) {
	switch n.kind {
	case "x:sheet":
		if state := n.get("state"); state == "hidden" || state == "veryHidden" {
			e.name(kindConcealed, "hidden sheet", n.get("name"))
		}
	case "x:definedName":
		if n.get("hidden") == "1" {
			e.name(kindConcealed, "hidden name", n.get("name")+" "+n.text())
		}
	case "x:fileVersion", "x:workbookProtection", "x:fileSharing":
		e.name(kindProgram, strings.TrimPrefix(n.kind, "x:"), n.get("appName")+" "+n.get("userName"))
	}
	if strings.HasSuffix(n.kind, ":absPath") {
		for _, a := range n.attr {
			if strings.HasSuffix(a.raw, "url") {
				e.name(kindLink, "path of the file", a.value)
			}
		}
	}
}

// cells names rows and columns that are not shown.
func (e *editor) cells(n *node) {
	if n.kind != "x:row" && n.kind != "x:col" || n.get("hidden") != "1" && n.get("hidden") != "true" {
		return
	}
	if n.kind == "x:row" {
		e.name(kindConcealed, "hidden row", strings.TrimSpace(n.get("r")+" "+n.text()))
		return
	}
	e.name(kindConcealed, "hidden column", n.get("min")+"–"+n.get("max"))
}

// fieldsShown are the fields whose instruction says only how to count or refer.
var fieldsShown = setWords("PAGE NUMPAGES SECTIONPAGES SECTION PAGEREF REF NOTEREF TOC TC SEQ SYMBOL EQ ADVANCE HYPERLINK STYLEREF INDEX XE = FORMTEXT FORMCHECKBOX FORMDROPDOWN QUOTE IF LISTNUM")

func setWords(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// fields turns fields into their results where the instruction tells something: a
// path, a name, a time.
func (e *editor) fields(root *node) {
	type open struct {
		parts []*node // the marks and instructions of one field
		text  string
		shown bool // past its separator
	}
	var stack []*open
	gone := map[*node]bool{}
	root.each(func(n *node) {
		top := func() *open {
			if len(stack) == 0 {
				return &open{}
			}
			return stack[len(stack)-1]
		}
		switch n.kind {
		case "w:fldChar":
			switch n.get("w:fldCharType") {
			case "begin":
				stack = append(stack, &open{parts: []*node{n}})
			case "separate":
				top().parts, top().shown = append(top().parts, n), true
			case "end":
				f := top()
				if f.parts = append(f.parts, n); e.instruction(f.text) {
					for _, part := range f.parts {
						gone[part] = true
					}
				}
				stack = stack[:max(0, len(stack)-1)]
			}
		case "w:instrText":
			if f := top(); !f.shown {
				f.parts, f.text = append(f.parts, n), f.text+n.text()
			}
		}
	})
	root.edited(func(n *node) edit {
		switch {
		case gone[n]:
			return drop
		case n.kind == "w:delInstrText":
			return drop
		case n.kind == "w:fldSimple" && e.instruction(n.get("w:instr")):
			return unwrap
		}
		return keep
	})
}

// instruction says whether a field tells more than it shows, and names it.
func (e *editor) instruction(text string) bool {
	words := strings.Fields(text)
	if len(words) == 0 || fieldsShown[strings.ToUpper(words[0])] {
		if len(words) > 1 && strings.EqualFold(words[0], "HYPERLINK") && !isPublic(strings.Trim(words[1], `"`)) && words[1] != `\l` {
			e.name(kindLink, "field", text)
			return true
		}
		return false
	}
	e.name(kindLink, "field", text)
	return true
}

// described are the elements that carry a name and a description of a drawing.
var described = regexp.MustCompile(`^(wp:docPr|[^:]+:cNvPr|p:cNvPr|a:cNvPr)$`)

// attributes takes off what elements carry beside what they show.
func (e *editor) attributes(n *node) {
	if described.MatchString(strings.TrimPrefix(n.kind, "kept:")) {
		for _, key := range []string{"descr", "title", "name"} {
			if v := n.get(key); v != "" {
				e.name(kindText, key+" of a picture", v)
				n.set(key, "")
			}
		}
		n.cut(func(a attribute) bool { return a.kind == "descr" || a.kind == "title" })
	}
	if strings.HasPrefix(n.kind, "v:") {
		for _, key := range []string{"alt", "o:title", "title", "href", "src"} {
			if v := n.get(key); v != "" {
				e.name(kindText, key+" of a picture", v)
			}
		}
		n.cut(func(a attribute) bool {
			return contains([]string{"alt", "o:title", "title", "href", "src", "o:href"}, a.kind)
		})
	}
	related := e.rels[e.part]
	n.cut(func(a attribute) bool {
		if !strings.HasPrefix(a.kind, "r:") {
			return false
		}
		_, ok := related[a.value]
		return !ok && a.value != ""
	})
}

var saving = regexp.MustCompile(`^(w:rsid.*|w14:paraId|w14:textId|w16:.*)$`)

// identifiers takes off the numbers that programs give to paragraphs and to each time
// a document was saved.
func (e *editor) identifiers(root *node) {
	seen := map[string]bool{}
	n := 0
	first := ""
	root.each(func(k *node) {
		k.cut(func(a attribute) bool {
			if !saving.MatchString(a.kind) {
				return false
			}
			if n++; !seen[a.value] && len(seen) < 1<<16 {
				seen[a.value] = true
			}
			if first == "" {
				first = a.raw + "=" + a.value
			}
			return true
		})
	})
	if n > 0 {
		e.at(e.p, kindIdentifier, "", "numbers of savings", fmt.Sprintf("%s, %d (%d×)", first, len(seen), n), 0, e.p.size)
	}
}
