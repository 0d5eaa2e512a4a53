package hidden

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"safehouse/internal/evidence"
)

// pdfBytes writes objects, numbered from 1, as a PDF; the first is the catalog.
func pdfBytes(trailer string, objects ...string) []byte {
	b := []byte("%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
	return pdfVersion(b, 0, trailer, 1, objects...)
}

// pdfVersion adds a version to a PDF, with objects numbered from first.
func pdfVersion(b []byte, before int, trailer string, first int, objects ...string) []byte {
	var places []int
	for i, o := range objects {
		places = append(places, len(b))
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", first+i, o)
	}
	start := len(b)
	b = append(b, "xref\n"...)
	if first == 1 {
		b = append(b, "0 1\n0000000000 65535 f \n"...)
	}
	b = fmt.Appendf(b, "%d %d\n", first, len(objects))
	for _, at := range places {
		b = fmt.Appendf(b, "%010d 00000 n \n", at)
	}
	prev := ""
	if before > 0 {
		prev = fmt.Sprintf("/Prev %d", before)
	}
	return fmt.Appendf(b, "trailer\n<</Root 1 0 R/Size %d%s%s>>\nstartxref\n%d\n%%%%EOF\n", first+len(objects), prev, trailer, start)
}

func stream(dict, body string) string {
	return fmt.Sprintf("<<%s/Length %d>>\nstream\n%s\nendstream", dict, len(body), body)
}

// onePage is a PDF of one page that says Hello, with more for each part of it.
func onePage(catalog, page, resources, content, trailer string, more ...string) []byte {
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R" + catalog + ">>", "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 200 100]>>",
		"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>" + resources + ">>" + page + ">>",
		stream("", "BT /F1 12 Tf 20 50 Td (Hello) Tj ET\n"+content), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	return pdfBytes(trailer, append(objects, more...)...)
}

// drawn is a page as pixels.
func drawn(t *testing.T, path string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "page")
	run(t, "pdftoppm", "-r", "72", "-png", path, out)
	all, _ := filepath.Glob(out + "*.png")
	var b []byte
	for _, name := range all {
		b = append(b, read(t, name)...)
	}
	if len(b) == 0 {
		t.Fatal("no page")
	}
	return b
}

func TestPDFsNameAndLoseWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	m := "(" + mark + ")"
	xmp := `<x:xmpmeta xmlns:x="x"><rdf:Description xmlns:rdf="r" xmlns:pdf="p" pdf:Author="` + mark + `"/></x:xmpmeta>`
	photo := string(withSegment(jpegBytes(t), jpegApp0+1, markExif+exifBytes(0x013B, mark)))
	image := stream("/Type/XObject/Subtype/Image/Width 48/Height 32/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", photo)
	form := func(words string) string {
		return stream("/Type/XObject/Subtype/Form/BBox[0 0 50 20]/Resources<</Font<</F1 5 0 R>>>>", "BT /F1 8 Tf 2 5 Td ("+words+") Tj ET")
	}
	annotation := func(kind, rest string) string {
		return "/Annots[<</Type/Annot/Subtype/" + kind + "/Rect[100 50 150 70]" + rest + ">>]"
	}
	first := onePage("", "", "", "", "")
	for name, c := range map[string]struct {
		pdf  []byte
		want []string
	}{
		"info":                             {onePage("", "", "", "", "/Info 6 0 R/ID[<5A65756765>]", "<</Author"+m+"/Title"+m+"/CreationDate(D:20170315221000)/Secret"+m+">>"), []string{"person ~ Info ~ Author ~ " + mark, "text ~ Title", "time ~ CreationDate", "Secret ~ " + mark, "identifier ~ ID"}},
		"XMP":                              {onePage("/Metadata 6 0 R", "/Metadata 6 0 R", "", "", "", stream("/Type/Metadata/Subtype/XML", xmp)), []string{"person ~ pdf:Author ~ " + mark}},
		"a file":                           {onePage("/Names<</EmbeddedFiles<</Names["+m+" 6 0 R]>>>>", "", "", "", "", "<</Type/Filespec/F"+m+"/EF<</F 7 0 R>>>>", stream("", photo)), []string{"file ~ " + mark + " ~ JPEG 48x32", "Artist ~ " + mark}},
		"scripts":                          {onePage("/OpenAction<</S/JavaScript/JS"+m+">>/Names<</JavaScript<</Names["+m+"<</S/JavaScript/JS"+m+">>]>>>>", "/AA<</O<</S/JavaScript/JS"+m+">>>>", "", "", ""), []string{"script ~ open action ~ " + mark, "script ~ action ~ " + mark, "script ~ JavaScript ~ " + mark}},
		"a remark":                         {onePage("", annotation("Square", "/T"+m+"/Contents"+m+"/M(D:20170315)/NM"+m+"/AP<</N 6 0 R>>"), "", "", "", form("kept")), []string{"tag ~ annotation ~ Square " + mark, "person ~ author ~ " + mark, "time ~ modified ~ D:2017", "identifier ~ name of annotation"}},
		"a form field":                     {onePage("/AcroForm<</Fields[]/XFA"+m+">>", annotation("Widget", "/T"+m+"/V"+m+"/TU"+m+"/AP<</N 6 0 R>>"), "", "", "", form("kept")), []string{"tag ~ field name ~ " + mark, "text ~ field value ~ " + mark, "form ~ " + mark}},
		"hidden annotation":                {onePage("", annotation("FreeText", "/F 2/Contents"+m+"/AP<</N 6 0 R>>"), "", "", "", form(mark)), []string{"concealed ~ hidden annotation"}},
		"a path as link":                   {onePage("", annotation("Link", "/Border[0 0 0]/A<</S/URI/URI(file:///C:/Users/Zeuge7/a.txt)>>"), "", "", ""), []string{"link ~ Zeuge7"}},
		"an earlier version":               {pdfVersion(onePage("", "", "", "", "", "<</Was"+m+">>"), 700, "", 6, "<</Is(now)>>"), nil},
		"a superseded page":                {pdfVersion(bytes.Replace(first, []byte("(Hello)"), []byte("(Zeuge)"), 1), bytes.LastIndex(first, []byte("xref\n0")), "", 4, stream("", "BT /F1 12 Tf 20 50 Td (Hello) Tj ET\n")), []string{"revision ~ earlier versions ~ 1", "revision ~ objects of an earlier version ~ Zeuge"}},
		"a hidden layer":                   {onePage("/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>", "", "/Properties<</MC0 6 0 R>>", "/OC /MC0 BDC BT /F1 9 Tf 20 20 Td "+m+" Tj ET EMC", "", "<</Type/OCG/Name"+m+">>"), []string{"concealed ~ hidden layer ~ " + mark, "concealed ~ text of a hidden layer ~ " + mark}},
		"invisible text":                   {onePage("", "", "", "BT 3 Tr /F1 9 Tf 20 20 Td "+m+" Tj ET", ""), []string{"concealed ~ invisible text ~ " + mark}},
		"marked content":                   {onePage("/StructTreeRoot<</K<</S/P/Alt"+m+">>>>/Lang(ko)", "", "", "/Span<</ActualText"+m+">>BDC EMC % "+mark+"\n", ""), []string{"concealed ~ ActualText ~ " + mark, "concealed ~ structure tree ~ " + mark, "tag ~ language ~ ko", "text ~ comment ~ " + mark}},
		"thumbnail, pieces":                {onePage("", "/Thumb 6 0 R/PieceInfo<</X<</Private"+m+">>>>/LastModified(D:20170315)", "", "", "", stream("/Width 4/Height 3", mark)), []string{"picture ~ thumbnail ~ 4x3", "page piece ~ " + mark, "time ~ LastModified"}},
		"EXIF in a picture":                {onePage("", "", "/XObject<</I 6 0 R>>", "q 48 0 0 32 100 10 cm /I Do Q", "", image), []string{"person ~ Artist ~ " + mark}},
		"an object that nothing refers to": {onePage("", "", "", "", "", "<</Note"+m+">>"), []string{"concealed ~ object that nothing refers to ~ " + mark}},
		"behind the end":                   {append(onePage("", "", "", "", ""), mark...), []string{"bytes ~ after-the-end ~ " + mark}},
		"before the start":                 {append([]byte(mark+"\n"), onePage("", "", "", "", "")...), []string{"bytes ~ before-the-start ~ " + mark}},
		"between objects":                  {onePage("", "", "", "", "", "null\nendobj\n% "+mark), []string{"bytes ~ between ~ " + mark}},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "a.pdf", c.pdf)
			named(t, inspect(t, c.pdf), c.want...)
			to, _ := jury.cleaned(t, path)
			if text := string(run(t, "pdftotext", to, "-")); !strings.Contains(text, "Hello") {
				t.Errorf("the page says %q", text)
			}
			if !bytes.Equal(drawn(t, path), drawn(t, to)) {
				t.Error("the page looks different")
			}
		})
	}
}

func isUnreadable(err error) bool {
	var r *evidence.Refusal
	return errors.As(err, &r) && r.Status == statusUnread
}

func TestAPDFThatIsEncryptedCannotBeRead(t *testing.T) {
	b := onePage("", "", "", "", "/Encrypt 6 0 R", "<</Filter/Standard/V 1/R 2/O(x)/U(y)/P -4>>")
	if r := inspect(t, b); r.Status() != statusUnread || r.Unread[0].Why != whyEncrypted {
		t.Errorf("%+v", r)
	}
	if _, _, err := clean(t, write(t, "a.pdf", b)); !isUnreadable(err) || !strings.Contains(err.Error(), "hidden.encrypted") {
		t.Errorf("%v", err)
	}
}

// A value that only the reader of a PDF draws would be gone from the copy: a status of
// somebody, say.
func TestAFormWhoseValuesNobodyDrewIsNotCopied(t *testing.T) {
	b := onePage("", "/Annots[<</Subtype/Widget/FT/Tx/T(status)/V(alive)/Rect[20 10 70 30]>>]", "", "", "")
	if _, _, err := clean(t, write(t, "a.pdf", b)); err == nil || !strings.Contains(err.Error(), "hidden.undrawn") {
		t.Errorf("%v", err)
	}
}

// zipped makes an archive whose entries come in order of their names.
func zipped(t *testing.T, files map[string]string, change func(h *zip.FileHeader)) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	names := sortedKeys(files)
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	for _, name := range names {
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if name == "mimetype" {
			h.Method = zip.Store
		}
		if change != nil {
			change(h)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(files[name]))
	}
	if change != nil {
		z.SetComment(mark)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	wordNS = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" ` +
		`xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" ` +
		`xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:o="urn:schemas-microsoft-com:office:office"`
	relNS  = `xmlns="http://schemas.openxmlformats.org/package/2006/relationships"`
	relDoc = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
	ctNS   = `xmlns="http://schemas.openxmlformats.org/package/2006/content-types"`
)

// wordFiles are the parts of a text document with something in every hidden place.
func wordFiles(t *testing.T) map[string]string {
	photo := string(withSegment(jpegBytes(t), jpegApp0+1, markExif+exifBytes(0x013B, mark)))
	by := `w:id="1" w:author="` + mark + `" w:date="2017-03-15T22:10:00Z"`
	body := `<w:p w:rsidR="00AB12CD" w14:paraId="12345678"><w:r><w:t>Hello</w:t></w:r>` +
		`<w:ins ` + by + `><w:r><w:t xml:space="preserve"> kept</w:t></w:r></w:ins><w:del ` + by + `><w:r><w:delText>` + mark + `</w:delText></w:r></w:del>` +
		`<w:r><w:rPr><w:rPrChange ` + by + `><w:rPr/></w:rPrChange></w:rPr><w:t> too</w:t></w:r>` +
		`<w:commentRangeStart w:id="0"/><w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>` +
		`<w:r><w:rPr><w:vanish/></w:rPr><w:t>` + mark + `</w:t></w:r><w:r><w:rPr><w:rStyle w:val="Gone"/></w:rPr><w:t>` + mark + `</w:t></w:r>` +
		`<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>INCLUDETEXT "C:\Users\Zeuge7\a.docx"</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t> result</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>` +
		`<w:sdt><w:sdtPr><w:alias w:val="` + mark + `"/></w:sdtPr><w:sdtContent><w:r><w:t> inside</w:t></w:r></w:sdtContent></w:sdt>` +
		`<w:r><w:drawing><wp:inline><wp:docPr id="1" name="` + mark + `" descr="` + mark + `"/><a:graphic><a:graphicData><pic:pic><pic:nvPicPr><pic:cNvPr id="2" name="Zeuge7.jpg"/></pic:nvPicPr><pic:blipFill><a:blip r:embed="rId4"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>` +
		`<w:hyperlink r:id="rId6"><w:r><w:t> link</w:t></w:r></w:hyperlink><w:object><o:OLEObject ProgID="Zeuge7.Sheet" r:id="rId7"/></w:object></w:p><!-- ` + mark + ` -->`
	return map[string]string{
		"[Content_Types].xml": `<?xml version="1.0"?><Types ` + ctNS + `><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="jpg" ContentType="image/jpeg"/><Default Extension="bin" ContentType="x"/>` +
			`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/comments.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"/></Types>`,
		"_rels/.rels": `<Relationships ` + relNS + `><Relationship Id="rId1" Type="` + relDoc + `officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="x/core-properties" Target="docProps/core.xml"/></Relationships>`,
		"word/_rels/document.xml.rels": `<Relationships ` + relNS + `><Relationship Id="rId1" Type="` + relDoc + `styles" Target="styles.xml"/><Relationship Id="rId2" Type="` + relDoc + `settings" Target="settings.xml"/><Relationship Id="rId3" Type="` + relDoc + `comments" Target="comments.xml"/>` +
			`<Relationship Id="rId4" Type="` + relDoc + `image" Target="media/image1.jpg"/><Relationship Id="rId5" Type="` + relDoc + `hyperlink" Target="https://example.org/" TargetMode="External"/><Relationship Id="rId6" Type="` + relDoc + `hyperlink" Target="file:///C:/Users/Zeuge7/" TargetMode="External"/><Relationship Id="rId7" Type="` + relDoc + `oleObject" Target="embeddings/oleObject1.bin"/><Relationship Id="rId8" Type="` + relDoc + `image" Target="media/Zeuge7.jpg"/></Relationships>`,
		"word/document.xml":            `<?xml version="1.0"?><w:document ` + wordNS + `><w:body>` + body + `</w:body></w:document>`,
		"word/styles.xml":              `<w:styles ` + wordNS + `><w:style w:type="character" w:styleId="Gone"><w:rPr><w:vanish/></w:rPr></w:style></w:styles>`,
		"word/settings.xml":            `<w:settings ` + wordNS + `><w:zoom w:percent="100"/><w:attachedTemplate r:id="rId1"/><w:rsids><w:rsidRoot w:val="00AB12CD"/></w:rsids><w:docVars><w:docVar w:name="n" w:val="` + mark + `"/></w:docVars><w:compat><w:compatSetting w:name="a" w:uri="b" w:val="15"/></w:compat></w:settings>`,
		"word/_rels/settings.xml.rels": `<Relationships ` + relNS + `><Relationship Id="rId1" Type="` + relDoc + `attachedTemplate" Target="file:///C:/Users/Zeuge7/Normal.dotm" TargetMode="External"/></Relationships>`,
		"word/comments.xml":            `<w:comments ` + wordNS + `><w:comment w:id="0" w:author="` + mark + `" w:initials="Z"><w:p><w:r><w:t>` + mark + `</w:t></w:r></w:p></w:comment></w:comments>`,
		"word/people.xml":              `<w:people ` + wordNS + `><w:person w:author="` + mark + `"/></w:people>`,
		"word/media/image1.jpg":        photo, "word/media/Zeuge7.jpg": string(jpegBytes(t)),
		"word/embeddings/oleObject1.bin": mark,
		"word/vbaProject.bin":            mark,
		"customXml/item1.xml":            `<a>` + mark + `</a>`,
		"docProps/core.xml":              `<cp:coreProperties xmlns:cp="c" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>` + mark + `</dc:creator><cp:lastModifiedBy>` + mark + `</cp:lastModifiedBy></cp:coreProperties>`,
		"docProps/app.xml":               `<Properties><Template>Zeuge7.dotm</Template><Company>` + mark + `</Company></Properties>`,
		"docProps/custom.xml":            `<Properties xmlns:vt="v"><property name="Case ` + mark + `"><vt:lpwstr>secret</vt:lpwstr></property></Properties>`,
		"docProps/thumbnail.jpeg":        photo,
	}
}

func TestTextDocumentsNameAndLoseWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	b := zipped(t, wordFiles(t), func(h *zip.FileHeader) {
		h.Modified, h.Comment = time.Date(2017, 3, 15, 22, 10, 0, 0, time.UTC), mark
	})
	b = append(b, mark...)
	named(t, inspect(t, b), "person ~ docProps/core.xml ~ creator ~ "+mark, "person ~ lastModifiedBy ~ "+mark, "person ~ Company ~ "+mark, "Case "+mark, "picture ~ thumbnail.jpeg", "change ~ deleted text ~ "+mark,
		"change ~ inserted text ~ kept", "person ~ author of a change ~ "+mark+" 2017-03-15", "change ~ changed format", "text ~ comment mark", "person ~ comments.xml", "author ~ "+mark, "concealed ~ hidden text ~ "+mark,
		"link ~ field ~ INCLUDETEXT", "tag ~ alias ~ "+mark, "text ~ descr of a picture ~ "+mark, "text ~ name of a picture ~ Zeuge7.jpg", "link ~ hyperlink ~ file:///C:/Users/Zeuge7/", "file ~ embedded object ~ Zeuge7", "file ~ oleObject1.bin ~ "+mark,
		"script ~ vbaProject.bin", "customXml/item1.xml ~ "+mark, "link ~ attachedTemplate ~ Normal.dotm", "identifier ~ rsids", "text ~ document variables ~ "+mark, "identifier ~ numbers of savings ~ 00AB12CD", "person ~ image1.jpg ~ Artist ~ "+mark,
		"text ~ name of a part ~ Zeuge7.jpg", "text ~ comment ~ "+mark, "time ~ times of files ~ 2017-03-15", "time ~ time stamps", "bytes ~ after-the-end ~ "+mark)
	to, _ := jury.cleaned(t, write(t, "a.docx", b))
	words := partOf(t, to, "word/document.xml")
	for _, want := range []string{"Hello", " kept", " too", " result", " inside", " link", `r:embed="rId4"`} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is gone", want)
		}
	}
	for _, gone := range []string{"w:ins ", "w:del", "rsid", "paraId", "comment", "fldChar", "vanish", "rId6", "rId7"} {
		if strings.Contains(words, gone) {
			t.Errorf("%q is left", gone)
		}
	}
	if types := partOf(t, to, "[Content_Types].xml"); strings.Contains(types, "comments") || !strings.Contains(types, "/word/document.xml") {
		t.Error(types)
	}
	for _, text := range []string{partOf(t, to, "word/document.xml"), partOf(t, to, "word/settings.xml"), partOf(t, to, "word/_rels/document.xml.rels")} {
		if left := traces([]byte(text)); len(left) > 0 {
			t.Error(left)
		}
	}
}

func partOf(t *testing.T, path, name string) string {
	t.Helper()
	out, err := exec.Command("unzip", "-p", path, strings.NewReplacer("[", `\[`, "]", `\]`).Replace(name)).Output()
	if err != nil {
		t.Fatal(name, err)
	}
	return string(out)
}

const odfNS = `xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" ` +
	`xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" ` +
	`xmlns:officeooo="http://openoffice.org/2009/office" xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0" xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0"`

func TestOpenDocumentsNameAndLoseWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	who := `<dc:creator>` + mark + `</dc:creator><dc:date>2017-03-15T22:10:00</dc:date>`
	photo := string(withSegment(jpegBytes(t), jpegApp0+1, markExif+exifBytes(0x013B, mark)))
	files := map[string]string{
		"mimetype": "application/vnd.oasis.opendocument.text",
		"content.xml": `<office:document-content ` + odfNS + `><office:scripts><script:x>` + mark + `</script:x></office:scripts><office:automatic-styles><style:style style:name="Gone"><style:text-properties text:display="none" officeooo:rsid="00ab12cd"/></style:style></office:automatic-styles><office:body><office:text>` +
			`<text:tracked-changes><text:changed-region><text:deletion><office:change-info>` + who + `</office:change-info><text:p>` + mark + `</text:p></text:deletion></text:changed-region></text:tracked-changes>` +
			`<text:p>Hello<text:change text:change-id="c"/><office:annotation>` + who + `<text:p>` + mark + `</text:p></office:annotation><text:hidden-text text:string-value="` + mark + `"/><text:span text:style-name="Gone">` + mark + `</text:span>` +
			`<draw:frame draw:name="` + mark + `"><draw:image xlink:href="Pictures/a.jpg"/><svg:desc>` + mark + `</svg:desc></draw:frame><text:a xlink:href="file:///home/Zeuge7/"> link</text:a></text:p><text:section text:display="none"><text:p>` + mark + `</text:p></text:section></office:text></office:body></office:document-content>`,
		"styles.xml":                `<office:document-styles ` + odfNS + `/>`,
		"meta.xml":                  `<office:document-meta ` + odfNS + `><office:meta><meta:initial-creator>` + mark + `</meta:initial-creator></office:meta></office:document-meta>`,
		"settings.xml":              `<office:document-settings ` + odfNS + `><config:config-item config:name="PrinterName">` + mark + `</config:config-item></office:document-settings>`,
		"Pictures/a.jpg":            photo,
		"Thumbnails/thumbnail.png":  string(pngBytes(t)),
		"Basic/Standard/Module.xml": `<a>` + mark + `</a>`,
		"META-INF/manifest.xml": `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.text"/>` +
			`<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/><manifest:file-entry manifest:full-path="meta.xml" manifest:media-type="text/xml"/></manifest:manifest>`,
	}
	b := zipped(t, files, nil)
	named(t, inspect(t, b), "person ~ initial-creator ~ "+mark, "device ~ PrinterName ~ "+mark, "picture ~ thumbnail.png", "script ~ Module.xml", "change ~ deleted text ~ "+mark, "person ~ author of a change ~ "+mark, "time ~ date of a change",
		"person ~ author of a comment ~ "+mark, "text ~ comment ~ "+mark, "concealed ~ hidden text ~ "+mark, "concealed ~ hidden section ~ "+mark, "text ~ name of a picture ~ "+mark, "text ~ svg:desc ~ "+mark, "link ~ Zeuge7",
		"person ~ a.jpg ~ Artist ~ "+mark, "identifier ~ numbers of savings", "script ~ office:scripts")
	to, _ := jury.cleaned(t, write(t, "a.odt", b))
	words := partOf(t, to, "content.xml")
	if !strings.Contains(words, "Hello") || !strings.Contains(words, " link") || len(traces([]byte(words))) > 0 {
		t.Error(words)
	}
	if list := partOf(t, to, "META-INF/manifest.xml"); strings.Contains(list, "meta.xml") || !strings.Contains(list, "content.xml") {
		t.Error(list)
	}
}

func TestSpreadsheetsAndPresentationsNameWhatIsHidden(t *testing.T) {
	ns := `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	sheets := zipped(t, map[string]string{
		"[Content_Types].xml":      `<Types ` + ctNS + `/>`,
		"xl/workbook.xml":          `<workbook ` + ns + `><sheets><sheet name="` + mark + `" sheetId="1" state="veryHidden"/></sheets></workbook>`,
		"xl/worksheets/sheet1.xml": `<worksheet ` + ns + `><cols><col min="2" max="3" hidden="1"/></cols><sheetData><row r="4" hidden="1"><c><v>` + mark + `</v></c></row></sheetData></worksheet>`,
		"xl/comments1.xml":         `<comments ` + ns + `><authors><author>` + mark + `</author></authors></comments>`,
		"xl/externalLinks/a.xml":   `<a>` + mark + `</a>`,
	}, nil)
	named(t, inspect(t, sheets), "concealed ~ hidden sheet ~ "+mark, "concealed ~ hidden row ~ "+mark, "concealed ~ hidden column ~ 2–3", "comments1.xml ~ "+mark, "link ~ externalLinks")
	ns = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"`
	slides := zipped(t, map[string]string{
		"[Content_Types].xml":             `<Types ` + ctNS + `/>`,
		"ppt/presentation.xml":            `<p:presentation ` + ns + `/>`,
		"ppt/slides/slide1.xml":           `<p:sld ` + ns + ` show="0"/>`,
		"ppt/notesSlides/notesSlide1.xml": `<p:notes ` + ns + `><a>` + mark + `</a></p:notes>`,
	}, nil)
	named(t, inspect(t, slides), "concealed ~ hidden slide", "concealed ~ notesSlide1.xml", "text ~ "+mark)
	for name, b := range map[string][]byte{"a.xlsx": sheets, "a.pptx": slides} {
		if _, _, err := clean(t, write(t, name, b)); !isUnreadable(err) || !strings.Contains(err.Error(), "hidden.no_cleaner") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingIsWrittenForWhatCannotBeRead(t *testing.T) {
	for name, b := range map[string][]byte{"a.txt": []byte("words"), "a.jpg": jpegBytes(t)[:400], "a.docx": []byte("PK\x03\x04"), "a.pdf": []byte("%PDF-1.7\n"), "a.mp4": boxed("ftyp", "isom")} {
		to, _, err := clean(t, write(t, name, b))
		if err == nil {
			t.Errorf("%s: a copy was made", name)
		}
		if _, err := os.Stat(to); err != nil {
			t.Error(err)
		}
	}
}
