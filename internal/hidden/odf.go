package hidden

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// The parts of an OpenDocument (ISO/IEC 26300) that show something.
var odfShown = regexp.MustCompile(`^(mimetype|content\.xml|styles\.xml|META-INF/manifest\.xml|(Pictures|media|ObjectReplacements|Fonts)/[^/]+)$`)

// odfParts are other parts, and of what kind what is in them is.
var odfParts = []struct {
	name *regexp.Regexp
	kind string
}{
	{regexp.MustCompile(`^Thumbnails/`), kindPicture},
	{regexp.MustCompile(`^(Basic|Scripts|Dialogs)/`), kindScript},
	{regexp.MustCompile(`^(Object|Replacement)`), kindFile},
	{regexp.MustCompile(`^Versions/|^VersionList`), kindRevision},
	{regexp.MustCompile(`signatures\.xml$`), kindPerson},
	{regexp.MustCompile(`^(Configurations2|settings\.xml|manifest\.rdf|layout-cache|meta\.xml)`), kindTag},
}

// openDocument names what an OpenDocument holds.
func (a *archive) openDocument() {
	o := &office{archive: a, parts: map[string][]byte{}, dropped: map[string]bool{}, concealing: map[string]bool{}}
	o.document()
}

// document goes through every part. Styles come first: they say what is hidden.
func (o *office) document() {
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
		if e.name == "mimetype" {
			o.report.Media = pick(o.p, o.report.Media, safe(string(b), maxName))
		}
		if !odfShown.MatchString(e.name) {
			o.dropped[e.name] = true
			o.otherODF(e.name, b)
		}
	}
	o.hidingStyles(content["styles.xml"])
	o.hidingStyles(content["content.xml"])
	for _, e := range o.entries {
		if b, ok := content[e.name]; ok && !o.dropped[e.name] && o.more(o.p) {
			o.shownODF(e.name, b)
		}
	}
}

func (o *office) otherODF(name string, b []byte) {
	p := o.inner(name, b)
	if name == "meta.xml" {
		o.properties(p, b)
		o.at(p, kindTag, "", "meta.xml", amount(p.size), 0, p.size)
		return
	}
	kind := kindUnknown
	for _, k := range odfParts {
		if k.name.MatchString(name) {
			kind = k.kind
			break
		}
	}
	if name == "settings.xml" {
		o.settingsODF(p, b)
	}
	if strings.HasSuffix(name, ".xml") || strings.HasSuffix(name, ".rdf") {
		o.at(p, kind, "", path.Base(name), amount(p.size), 0, p.size)
		if name != "settings.xml" {
			o.wordsOf(p, b, kind)
		}
		return
	}
	o.at(p, kind, "", path.Base(name), o.looksLike(p), 0, p.size)
	o.nested(p)
}

// settingsODF names the settings that tell of a printer, a database or a saving.
func (o *office) settingsODF(p part, b []byte) {
	root, ok := o.readXML(b, nil)
	if !ok {
		return
	}
	told := regexp.MustCompile(`Printer|Database|Rsid|Redline|Path|URL`)
	root.each(func(n *node) {
		for _, a := range n.attr {
			if strings.HasSuffix(a.raw, ":name") && told.MatchString(a.value) && n.text() != "" && len(n.kids) == 1 {
				kind := kindTag
				if strings.Contains(a.value, "Printer") {
					kind = kindDevice
				}
				o.at(p, kind, "", a.value, n.text(), 0, p.size)
			}
		}
	})
}

// hidingStyles finds the styles whose text is not shown.
func (o *office) hidingStyles(b []byte) {
	root, ok := o.readXML(b, nil)
	if !ok {
		return // told when the part itself is read
	}
	root.each(func(n *node) {
		if n.kind == "style:style" {
			if pr := n.child("style:text-properties"); pr != nil && pr.get("text:display") == "none" {
				o.concealing[n.get("style:name")] = true
			}
		}
	})
}

func (o *office) shownODF(name string, b []byte) {
	p := o.inner(name, b)
	switch {
	case name == "mimetype":
		o.parts[name] = b
		return
	case strings.HasPrefix(name, "Fonts/"):
		o.parts[name] = b
		if o.renamed(name) != name {
			o.at(p, kindText, "", "name of a part", path.Base(name), 0, p.size)
		}
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
	e := &editor{office: o, p: p, part: name}
	if name == "META-INF/manifest.xml" {
		root.edited(e.manifest)
	} else {
		root.edited(e.judgeODF)
		root.each(e.attributesODF)
		e.identifiersODF(root)
	}
	o.parts[name] = root.write(nil)
}

// manifest keeps the entries of the parts that stay. One that is encrypted cannot be
// read.
func (e *editor) manifest(n *node) edit {
	if n.kind == "manifest:encryption-data" {
		e.unread(e.p.label, whyEncrypted)
		e.blind = true
	}
	if n.kind == "manifest:file-entry" {
		to := n.get("manifest:full-path")
		if to != "/" && (e.dropped[to] || !e.has(to)) {
			return drop
		}
		n.set("manifest:full-path", e.renamed(to))
		n.cut(func(a attribute) bool { return a.kind == "manifest:preferred-view-mode" || a.kind == "manifest:size" })
	}
	return keep
}

// judgeODF says what becomes of an element.
func (e *editor) judgeODF(n *node) edit {
	switch n.kind {
	case "text:tracked-changes", "table:tracked-changes":
		e.tracked(n)
		return drop
	case "text:change", "text:change-start", "text:change-end":
		e.name(kindChange, "mark of a change", n.get("text:change-id"))
		return drop
	case "office:annotation":
		e.remark(n)
		return drop
	case "office:annotation-end":
		return drop
	case "text:hidden-text", "text:hidden-paragraph":
		e.name(kindConcealed, "hidden text", n.get("text:string-value")+n.text())
		return drop
	case "text:conditional-text":
		e.name(kindConcealed, "conditional text", n.get("text:string-value-if-true")+" | "+n.get("text:string-value-if-false"))
		return unwrap
	case "text:section":
		if n.get("text:display") == "none" || n.get("text:is-hidden") == "true" {
			e.name(kindConcealed, "hidden section", n.text())
			return drop
		}
	case "text:span", "text:p", "text:h":
		if e.concealing[n.get("text:style-name")] && n.text() != "" {
			e.name(kindConcealed, "hidden text", n.text())
			return drop
		}
	case "office:scripts", "office:event-listeners":
		if len(n.kids) > 0 {
			e.name(kindScript, n.kind, n.text())
		}
		return drop
	case "office:meta", "office:settings":
		e.name(kindTag, n.kind, n.text())
		return drop
	case "draw:object", "draw:object-ole", "draw:plugin", "draw:applet", "draw:floating-frame":
		e.name(kindFile, "embedded object", n.get("xlink:href"))
		return drop
	case "svg:title", "svg:desc":
		e.name(kindText, n.kind, n.text())
		return drop
	case "presentation:notes":
		if n.text() != "" {
			e.name(kindConcealed, "speaker notes", n.text())
		}
	case "text:meta", "text:meta-field":
		return unwrap
	}
	if v := n.get("table:visibility"); v == "collapse" || v == "filter" {
		e.name(kindConcealed, "hidden "+strings.TrimPrefix(n.kind, "table:"), n.text())
	}
	return keep
}

// tracked names each change with its author.
func (e *editor) tracked(n *node) {
	n.each(func(k *node) {
		switch k.kind {
		case "text:insertion":
			e.name(kindChange, "inserted text", "")
		case "text:deletion":
			var words string
			for _, inner := range k.kids {
				if inner.kind != "" && inner.kind != "office:change-info" {
					words += inner.text() + " "
				}
			}
			e.name(kindChange, "deleted text", words)
		case "text:format-change":
			e.name(kindChange, "changed format", "")
		case "dc:creator":
			e.name(kindPerson, "author of a change", k.text())
		case "dc:date":
			e.name(kindTime, "date of a change", k.text())
		}
	})
}

// remark names a comment with its author.
func (e *editor) remark(n *node) {
	words := ""
	for _, k := range n.kids {
		switch k.kind {
		case "dc:creator", "meta:creator-initials":
			e.name(kindPerson, "author of a comment", k.text())
		case "dc:date":
			e.name(kindTime, "date of a comment", k.text())
		default:
			words += k.text() + " "
		}
	}
	e.name(kindText, "comment", words)
}

// attributesODF takes off what elements carry beside what they show.
func (e *editor) attributesODF(n *node) {
	if v := n.get("draw:name"); v != "" && strings.HasPrefix(n.kind, "draw:") {
		e.name(kindText, "name of a picture", v)
		n.cut(func(a attribute) bool { return a.kind == "draw:name" })
	}
	href := n.get("xlink:href")
	if href == "" || isPublic(href) {
		return
	}
	clean := path.Clean(href)
	if n.set("xlink:href", e.renamed(clean)); !e.has(clean) || e.dropped[clean] {
		e.name(kindLink, "link", href)
		n.cut(func(a attribute) bool { return a.kind == "xlink:href" })
	}
}

// identifiersODF takes off the numbers that each saving gives.
func (e *editor) identifiersODF(root *node) {
	n, first := 0, ""
	root.each(func(k *node) {
		k.cut(func(a attribute) bool {
			local := a.raw[strings.Index(a.raw, ":")+1:]
			if !strings.Contains(local, "rsid") {
				return false
			}
			if n++; first == "" {
				first = a.raw + "=" + a.value
			}
			return true
		})
	})
	if n > 0 {
		e.at(e.p, kindIdentifier, "", "numbers of savings", fmt.Sprintf("%s (%d×)", first, n), 0, e.p.size)
	}
}
