package hidden

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// An office is a document of Office Open XML (ECMA-376) being taken apart. Its parts
// go through the same functions for Inspect and for Clean: what they change is named.
type office struct {
	*archive
	parts      map[string][]byte // of the copy
	rels       map[string]map[string]relation
	dropped    map[string]bool // parts that go into no copy
	concealing map[string]bool // styles whose text is hidden
	blind      bool            // a part could not be read
}

type relation struct{ id, kind, target, mode string }

// The parts of a text document that show something.
var wordShown = regexp.MustCompile(`^(\[Content_Types\]\.xml|_rels/\.rels|word/_rels/[^/]+\.rels|word/(document|document2|styles|numbering|settings|fontTable|footnotes|endnotes|header\d*|footer\d*)\.xml` +
	`|word/theme/theme\d*\.xml|word/theme/_rels/[^/]+\.rels|word/media/[^/]+|word/fonts/[^/]+\.odttf|word/charts/(chart|style|colors)\d*\.xml|word/charts/_rels/[^/]+\.rels|word/diagrams/[a-z]+\d*\.xml|word/diagrams/_rels/[^/]+\.rels)$`)

// Other parts, and of what kind what is in them is.
var officeParts = []struct {
	name *regexp.Regexp
	kind string
}{
	{regexp.MustCompile(`^docProps/thumbnail`), kindPicture},
	{regexp.MustCompile(`vbaProject|vbaData|macrosheets|/ctrlProps/|/activeX/|customUI|userCustomization`), kindScript},
	{regexp.MustCompile(`/embeddings/`), kindFile},
	{regexp.MustCompile(`printerSettings`), kindDevice},
	{regexp.MustCompile(`omments|people\.xml|persons/|commentAuthors|/authors\.xml|/tags/`), kindPerson},
	{regexp.MustCompile(`notesSlides|handoutMasters`), kindConcealed},
	{regexp.MustCompile(`externalLinks|connections\.xml|queryTables`), kindLink},
	{regexp.MustCompile(`revisions/|revisionHeaders|userNames`), kindChange},
	{regexp.MustCompile(`_xmlsignatures|origin\.sigs`), kindPerson},
	{regexp.MustCompile(`glossary/`), kindConcealed},
	{regexp.MustCompile(`customXml/|docMetadata|webSettings|stylesWithEffects|webextensions|calcChain`), kindTag},
}

// Parts of spreadsheets and presentations that show something.
var otherShown = regexp.MustCompile(`^(\[Content_Types\]\.xml|.*\.rels|xl/(workbook|styles|sharedStrings|metadata)\.xml|xl/worksheets/sheet\d+\.xml|xl/chartsheets/sheet\d+\.xml|xl/theme/theme\d*\.xml` +
	`|xl/(drawings|charts|tables|media|pivotTables|pivotCache)/[^/]+|ppt/(presentation|presProps|viewProps|tableStyles)\.xml|ppt/(slides|slideLayouts|slideMasters|theme|media|charts|diagrams|notesMasters)/[^/]+|ppt/fonts/[^/]+)$`)

// officeOpen names what a text document, spreadsheet or presentation holds.
func (a *archive) officeOpen() {
	o := &office{archive: a, parts: map[string][]byte{}, rels: map[string]map[string]relation{}, dropped: map[string]bool{}, concealing: map[string]bool{}}
	word := a.has("word/document.xml")
	switch {
	case word:
		a.report.Media = pick(a.p, a.report.Media, "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
	case a.has("xl/workbook.xml"):
		a.report.Media = pick(a.p, a.report.Media, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
	case a.has("ppt/presentation.xml"):
		a.report.Media = pick(a.p, a.report.Media, "application/vnd.openxmlformats-officedocument.presentationml.presentation")
	}
	shown := otherShown
	if word {
		shown = wordShown
	}
	o.all(shown, word)
}

// pick changes the type of the file itself, not of one in it.
func pick(p part, was, now string) string {
	if p.label != "" {
		return was
	}
	return now
}

// all goes through every part. Relations and styles come first: others depend on them.
func (o *office) all(shown *regexp.Regexp, word bool) {
	content := map[string][]byte{}
	for _, e := range o.entries {
		if strings.HasSuffix(e.name, "/") && e.size == 0 {
			continue
		}
		b, ok := o.unpackEntry(e)
		if !ok {
			o.blind = true
			continue
		}
		content[e.name] = b
		if !shown.MatchString(e.name) {
			o.dropped[e.name] = true
			o.other(e.name, b)
		}
	}
	for _, e := range o.entries {
		if b, ok := content[e.name]; ok && strings.HasSuffix(e.name, ".rels") && !o.dropped[e.name] {
			o.relations(e.name, b)
		}
	}
	if b, ok := content["word/styles.xml"]; ok {
		o.styles(b)
	}
	for _, e := range o.entries {
		b, ok := content[e.name]
		if ok && !o.dropped[e.name] && o.more(o.p) {
			o.shownPart(e.name, b, word)
		}
	}
}

// countedNames are names of pictures that programs give: counted, or drawn from the
// content. Any other was given by a person.
var countedNames = regexp.MustCompile(`^((image|media|video|audio|font|hdphoto|renamed)\d{0,5}|[0-9A-F]{16,64})\.[A-Za-z0-9]{1,5}$`)

// inFolder are the parts whose names are free.
var inFolder = regexp.MustCompile(`^(word/media|word/fonts|Pictures|media|Fonts|ObjectReplacements)/`)

// renamed gives the name of a part in the copy: one that was given by a person is
// counted instead.
func (o *office) renamed(name string) string {
	if !inFolder.MatchString(name) || countedNames.MatchString(path.Base(name)) {
		return name
	}
	for i, e := range o.entries {
		if e.name == name {
			ext := path.Ext(name)
			if !countedNames.MatchString("image" + ext) {
				ext = ""
			}
			return fmt.Sprintf("%s/renamed%d%s", path.Dir(name), i, ext)
		}
	}
	return name
}

func (o *office) inner(name string, b []byte) part {
	return part{o.p.under(name), bytes.NewReader(b), int64(len(b)), 0, o.p.depth + 1}
}

// other names a part that shows nothing, and the words in it.
func (o *office) other(name string, b []byte) {
	p := o.inner(name, b)
	if strings.HasPrefix(name, "docProps/") && strings.HasSuffix(name, ".xml") {
		o.properties(p, b)
		return
	}
	kind := kindUnknown
	for _, k := range officeParts {
		if k.name.MatchString(name) {
			kind = k.kind
			break
		}
	}
	if strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".rels") {
		o.at(p, kind, "", path.Base(name), amount(p.size), 0, p.size)
		o.wordsOf(p, b, kind)
		return
	}
	o.at(p, kind, "", path.Base(name), o.looksLike(p), 0, p.size)
	o.nested(p)
}

// properties names each field of a document's properties.
func (o *office) properties(p part, b []byte) {
	root, ok := o.readXML(b, nil)
	if !ok {
		o.damaged(p)
		o.blind = true
		return
	}
	root.each(func(n *node) {
		if n.kind == "" || n.kind == "root" || len(n.kids) != 1 || n.kids[0].kind != "" {
			return
		}
		name := n.raw[strings.Index(n.raw, ":")+1:]
		if value := n.text(); value != "" {
			o.at(p, kindByName(name, kindTag), "", name, value, 0, p.size)
		}
	})
	root.each(func(n *node) { // custom properties have their names beside their values
		if name := n.get("name"); name != "" {
			o.at(p, kindTag, "", name, n.text(), 0, p.size)
		}
	})
}

// wordsOf names who wrote, when and what in a part of comments and the like.
func (o *office) wordsOf(p part, b []byte, kind string) {
	root, ok := o.readXML(b, nil)
	if !ok {
		return
	}
	told := 0
	root.each(func(n *node) {
		for _, a := range n.attr {
			local := strings.ToLower(a.raw[strings.Index(a.raw, ":")+1:])
			if told < maxTold && a.value != "" && contains([]string{"author", "initials", "date", "username", "name", "userid", "providerid", "displayname", "dt", "command", "connection"}, local) {
				told++
				o.at(p, kindByName(local, kind), "", local, n.get(a.kind), 0, p.size)
			}
		}
		if n.kind == "" && told < maxTold && strings.TrimSpace(n.raw) != "" {
			told++
			o.at(p, kindText, "", "text", n.text(), 0, p.size)
		}
	})
}

// relations reads what a part refers to, and keeps what leads to shown parts.
func (o *office) relations(name string, b []byte) {
	root, ok := o.readXML(b, nil)
	if !ok {
		o.damaged(o.inner(name, b))
		o.blind = true
		return
	}
	folder := path.Dir(path.Dir(name)) // word/_rels/document.xml.rels is about word/document.xml
	owner := path.Join(folder, strings.TrimSuffix(path.Base(name), ".rels"))
	all := map[string]relation{}
	root.edited(func(n *node) edit {
		if n.kind != "rel:Relationship" {
			return keep
		}
		r := relation{n.get("Id"), n.get("Type"), n.get("Target"), n.get("TargetMode")}
		if !o.leads(name, folder, r) {
			return drop
		}
		all[r.id] = r
		if r.mode != "External" {
			to := path.Join(folder, r.target)
			if strings.HasPrefix(r.target, "/") {
				to = strings.TrimPrefix(r.target, "/")
			}
			if now := o.renamed(to); now != to {
				n.set("Target", "/"+now)
			}
		}
		return keep
	})
	o.rels[owner] = all
	o.parts[name] = root.write(nil)
}

// leads says whether a relation leads to what is shown, and names it otherwise.
func (o *office) leads(name, folder string, r relation) bool {
	if r.mode == "External" {
		if strings.HasSuffix(r.kind, "/hyperlink") && isPublic(r.target) {
			return true
		}
		o.at(o.inner(name, nil), kindLink, "", path.Base(r.kind), r.target, 0, 0)
		return false
	}
	to := strings.TrimPrefix(r.target, "/")
	if !strings.HasPrefix(r.target, "/") {
		to = path.Join(folder, r.target)
	}
	if o.dropped[to] || !o.has(to) {
		return false // the part itself is named
	}
	return true
}

func isPublic(address string) bool {
	lower := strings.ToLower(address)
	for _, scheme := range []string{"http://", "https://", "mailto:", "tel:", "#"} {
		if strings.HasPrefix(lower, scheme) {
			return true
		}
	}
	return false
}

// styles finds the styles whose text is hidden.
func (o *office) styles(b []byte) {
	root, ok := o.readXML(b, nil)
	if !ok {
		return // told when the part itself is read
	}
	root.each(func(n *node) {
		if n.kind != "w:style" {
			return
		}
		if rpr := n.child("w:rPr"); rpr != nil && isOn(rpr.child("w:vanish")) {
			o.concealing[n.get("w:styleId")] = true
		}
	})
}

// isOn says whether a property that is there is not switched off.
func isOn(n *node) bool {
	if n == nil {
		return false
	}
	v := n.get("w:val")
	return v != "0" && v != "false" && v != "off"
}

// shownPart goes through a part that shows something.
func (o *office) shownPart(name string, b []byte, word bool) {
	p := o.inner(name, b)
	switch {
	case strings.HasSuffix(name, ".rels"):
		return
	case name == "[Content_Types].xml":
		o.types(p, b)
		return
	case !strings.HasSuffix(name, ".xml"):
		o.media(p, name, b)
		return
	}
	root, ok := o.readXML(b, func(text string) { o.at(p, kindText, "", "comment", text, 0, p.size) })
	if !ok {
		o.damaged(p)
		o.blind = true
		return
	}
	e := &editor{office: o, p: p, part: name, word: word}
	e.run(root)
	o.parts[name] = root.write(nil)
}

// media goes through a picture: a photo has its own hidden data.
func (o *office) media(p part, name string, b []byte) {
	if o.renamed(name) != name {
		o.at(p, kindText, "", "name of a part", path.Base(name), 0, p.size)
	}
	if strings.HasSuffix(name, ".odttf") {
		o.parts[name] = b
		return
	}
	o.take(p, o.sniff(p))
	if clean, err := o.plainPicture(p, b); err == nil {
		o.parts[name] = clean
	} else {
		o.blind = true
	}
}

// types keeps the types of the parts that stay.
func (o *office) types(p part, b []byte) {
	root, ok := o.readXML(b, nil)
	if !ok {
		o.damaged(p)
		o.blind = true
		return
	}
	root.edited(func(n *node) edit {
		if n.kind == "ct:Override" {
			if to := strings.TrimPrefix(n.get("PartName"), "/"); o.dropped[to] || !o.has(to) {
				return drop
			}
			if t := n.get("ContentType"); strings.Contains(t, "macroEnabled") || strings.Contains(t, ".template.") {
				n.set("ContentType", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml")
			}
		}
		return keep
	})
	o.parts[p.label[strings.LastIndex(p.label, "/")+1:]] = root.write(nil)
}
