package hidden

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// picture is a small picture with no symmetry.
func picture() *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, 48, 32))
	for y := range 32 {
		for x := range 48 {
			p.Set(x, y, color.RGBA{uint8(5 * x), uint8(7 * y), uint8(x * y), 255})
		}
	}
	return p
}

func jpegBytes(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, picture(), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngBytes(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, picture()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withSegment puts a segment behind the start of a JPEG.
func withSegment(b []byte, marker byte, body string) []byte {
	head := []byte{0xff, marker, byte((len(body) + 2) >> 8), byte(len(body) + 2)}
	return slices.Concat(b[:2], head, []byte(body), b[2:])
}

// withChunk puts a chunk behind the head of a PNG.
func withChunk(b []byte, kind, body string) []byte {
	return slices.Concat(b[:33], appendChunk(nil, kind, []byte(body)), b[33:])
}

// exifBytes makes EXIF data with one field in the first directory.
func exifBytes(tag uint16, value string) string {
	b := []byte("MM\x00*\x00\x00\x00\x08\x00\x01")
	b = be.AppendUint16(be.AppendUint16(b, tag), 7)
	b = be.AppendUint32(be.AppendUint32(b, uint32(len(value))), 26)
	return string(append(append(b, 0, 0, 0, 0), value...))
}

// tagged has exiftool write what it can.
func tagged(t *testing.T, name string, b []byte, args ...string) []byte {
	t.Helper()
	path := write(t, name, b)
	small := write(t, "small.jpg", withSegment(jpegBytes(t), jpegComment, mark))
	all := append([]string{"-q", "-m", "-overwrite_original", "-codedcharacterset=utf8", "-Artist=" + mark, "-ImageDescription=" + mark, "-UserComment=" + mark, "-EXIF:SerialNumber=" + mark,
		"-GPSLatitude=41.8057", "-GPSLatitudeRef=N", "-GPSLongitude=123.4315", "-GPSLongitudeRef=E", "-DateTimeOriginal=2017:03:15 22:10:00", "-XPAuthor=" + mark,
		"-XMP-dc:Creator=" + mark, "-XMP-photoshop:City=" + mark, "-XMP-exif:GPSLongitude=123.4315", "-XMP-xmpMM:DocumentID=" + mark,
		"-ThumbnailImage<=" + small}, args...)
	run(t, "exiftool", append(all, path)...)
	return read(t, path)
}

func TestJPEGNamesAndLosesWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	profile := func(words string) string {
		g := gamuts[1]
		g.name = words
		return markICC + "\x01\x01" + string(g.profile())
	}
	extended := func(b []byte) []byte {
		id := strings.Repeat("A", 32)
		body := `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="r"><rdf:Description xmlns:p="p" p:City="` + mark + `"/></rdf:RDF></x:xmpmeta>`
		return withSegment(b, jpegApp0+1, markMoreXMP+id+"\x00\x00\x00\x00\x00\x00\x00\x00"+body)
	}
	film := "\x00\x00\x00\x14ftypmp42\x00\x00\x00\x00mp42\x00\x00\x00\x10free" + mark[:8]
	for name, c := range map[string]struct {
		make func(b []byte) []byte
		want []string
	}{
		"exif, xmp, iptc, thumbnail": {func(b []byte) []byte {
			return tagged(t, "a.jpg", b, "-IPTC:By-line="+mark, "-IPTC:City="+mark, "-Photoshop:URL=http://x.example/Zeuge7", "-Comment="+mark)
		}, []string{"person ~ EXIF/IFD0 ~ Artist ~ " + mark, "text ~ ImageDescription ~ " + mark, "UserComment ~ " + mark, "device ~ BodySerialNumber ~ " + mark,
			"place ~ position ~ 41.805700, 123.431500", "time ~ DateTimeOriginal ~ 2017:03:15 22:10:00", "person ~ dc:creator ~ " + mark, "place ~ photoshop:City ~ " + mark,
			"picture ~ thumbnail ~ JPEG 48x32", "thumbnail ~ comment ~ " + mark, "person ~ By-line ~ " + mark, "text ~ comment ~ " + mark, "XPAuthor ~ " + mark, "URL ~ Zeuge7",
			"identifier ~ xmpMM:DocumentID"}},
		"maker note": {func(b []byte) []byte {
			return withSegment(b, jpegApp0+1, markExif+exifBytes(tagMakerNote, "Apple iOS\x00"+mark))
		}, []string{"device ~ MakerNote ~ Apple"}},
		"extended XMP": {extended, []string{"extended XMP", "p:City ~ " + mark}},
		"JFXX":         {func(b []byte) []byte { return withSegment(b, jpegApp0, markJFXX+"\x10"+mark) }, []string{"picture ~ thumbnail"}},
		"JFIF": {func(b []byte) []byte {
			return withSegment(b, jpegApp0, markJFIF+"\x01\x01\x00\x00\x01\x00\x01\x02\x04"+mark+"    ")
		}, []string{"picture ~ thumbnail ~ RGB 2x4"}},
		"MPF": {func(b []byte) []byte { return withSegment(b, jpegApp0+2, markMPF+exifBytes(0xB003, mark)) }, []string{"MPF ~ 0xB003"}},
		"C2PA": {func(b []byte) []byte {
			return withSegment(b, jpegApp0+11, "JP\x00\x01\x00\x00\x00\x01\x00\x00\x00\x40jumb\x00\x00\x00\x30jumd0123456789abcdef\x03c2pa "+mark+"\x00")
		}, []string{"JUMBF ~ c2pa " + mark}},
		"unknown APP":     {func(b []byte) []byte { return withSegment(b, jpegApp0+4, mark) }, []string{"unknown ~ APP4 ~ " + mark}},
		"reserved marker": {func(b []byte) []byte { return withSegment(b, 0xF5, mark) }, []string{"unknown ~ marker F5 ~ " + mark}},
		"profile words":   {func(b []byte) []byte { return withSegment(b, jpegApp0+2, profile("Zeuge7")) }, []string{"profile ~ description ~ Zeuge7"}},
		"second picture": {func(b []byte) []byte { return append(b, withSegment(jpegBytes(t), jpegComment, mark)...) },
			[]string{"picture ~ further picture ~ JPEG 48x32", "after-the-end-1 ~ comment ~ " + mark}},
		"motion photo":     {func(b []byte) []byte { return append(b, film+mark[8:]...) }, []string{"frames ~ motion photo ~ video/mp4"}},
		"behind the end":   {func(b []byte) []byte { return append(b, mark...) }, []string{"bytes ~ after-the-end ~ " + mark}},
		"between segments": {func(b []byte) []byte { return slices.Concat(b[:136], []byte(mark), b[136:]) }, []string{"bytes ~ between ~ " + mark}},
	} {
		t.Run(name, func(t *testing.T) {
			b := c.make(jpegBytes(t))
			named(t, inspect(t, b), c.want...)
			to, made := jury.cleaned(t, write(t, "a.jpg", b))
			if !made.Same {
				t.Error("it was encoded anew")
			}
			samePixels(t, jpegBytes(t), read(t, to))
		})
	}
}

func samePixels(t *testing.T, a, b []byte) {
	t.Helper()
	one, _, err := image.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	two, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if one.Bounds() != two.Bounds() {
		t.Fatalf("%v became %v", one.Bounds(), two.Bounds())
	}
	for y := range one.Bounds().Dy() {
		for x := range one.Bounds().Dx() {
			if one.At(x, y) != two.At(x, y) {
				t.Fatalf("the pixel at %d, %d changed", x, y)
			}
		}
	}
}

func TestPNGNamesAndLosesWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	packed := func(s string) string { return string(zlibbed([]byte(s))) }
	for name, c := range map[string]struct {
		make func(b []byte) []byte
		want []string
	}{
		"what exiftool writes": {func(b []byte) []byte { return tagged(t, "a.png", b) }, []string{"eXIf ~ Artist ~ " + mark, "place ~ position ~ 41.805700", "dc:creator ~ " + mark}},
		"tEXt":                 {func(b []byte) []byte { return withChunk(b, "tEXt", "Author\x00"+mark) }, []string{"person ~ tEXt ~ Author ~ " + mark}},
		"zTXt": {func(b []byte) []byte {
			return withChunk(withChunk(b, "zTXt", "Comment\x00\x00"+packed(mark)), "prVt", mark)
		}, []string{"text ~ zTXt ~ Comment ~ " + mark, "unknown ~ prVt ~ " + mark}},
		"iTXt": {func(b []byte) []byte {
			return withChunk(withChunk(b, "iTXt", "Title\x00\x01\x00ko\x00"+mark+"\x00"+packed(mark)), "tEXt", mark)
		}, []string{"iTXt ~ Title ~ " + mark}},
		"tIME": {func(b []byte) []byte {
			return withChunk(withChunk(b, "tIME", "\x07\xe1\x03\x0f\x16\x0a\x00"), "tEXt", mark)
		}, []string{"time ~ 2017-03-15 22:10:00"}},
		"iCCP": {func(b []byte) []byte {
			return withChunk(b, "iCCP", mark+"\x00\x00"+packed(string(gamuts[1].profile())))
		}, []string{"profile ~ profile name ~ " + mark}},
		"animation": {func(b []byte) []byte {
			return withChunk(withChunk(b, "acTL", "\x00\x00\x00\x02\x00\x00\x00\x00"), "fdAT", "\x00\x00\x00\x01"+mark)
		}, []string{"frames ~ animation ~ 2", "frames ~ fdAT"}},
		"behind the end": {func(b []byte) []byte { return append(b, mark...) }, []string{"bytes ~ after-the-end ~ " + mark}},
		"behind the pixels": {func(b []byte) []byte {
			return bytes.Replace(b, appendChunk(nil, "IEND", nil), append(appendChunk(nil, "IDAT", []byte(mark)), appendChunk(nil, "IEND", nil)...), 1)
		}, []string{"bytes ~ after-the-pixels ~ " + mark}},
	} {
		t.Run(name, func(t *testing.T) {
			b := c.make(pngBytes(t))
			named(t, inspect(t, b), c.want...)
			to, _ := jury.cleaned(t, write(t, "a.png", b))
			samePixels(t, pngBytes(t), read(t, to))
		})
	}
}

func TestGIFNamesAndLosesWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	palette := color.Palette{color.White, color.Black, color.RGBA{200, 0, 0, 255}}
	frame := func(n int) *image.Paletted {
		p := image.NewPaletted(image.Rect(0, 0, 20, 10), palette)
		p.SetColorIndex(n, 3, 2)
		return p
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame(1), frame(2)}, Delay: []int{5, 5}}); err != nil {
		t.Fatal(err)
	}
	plain := b.Bytes()
	with := slices.Concat(plain[:len(plain)-1], []byte("\x21\xfe"), []byte{byte(len(mark))}, []byte(mark), []byte("\x00\x21\xff\x0bMYPROGR1.00"), []byte{byte(len(mark))}, []byte(mark), []byte("\x00;"), []byte(mark))
	named(t, inspect(t, with), "text ~ comment ~ "+mark, "unknown ~ MYPROGR1.00 ~ "+mark, "bytes ~ after-the-end ~ "+mark)
	to, _ := jury.cleaned(t, write(t, "a.gif", with))
	if !bytes.Equal(read(t, to), plain) {
		t.Error("the pictures changed")
	}
}

func webpBytes(t *testing.T) []byte {
	t.Helper()
	from, to := write(t, "a.png", pngBytes(t)), filepath.Join(t.TempDir(), "a.webp")
	run(t, "ffmpeg", "-v", "error", "-i", from, "-c:v", "libwebp", "-lossless", "1", to)
	return read(t, to)
}

func TestWebPNamesAndLosesWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	b := tagged(t, "a.webp", webpBytes(t))
	b = appendRecord(b, "MYCH", []byte(mark))
	le.PutUint32(b[4:], uint32(len(b)-8))
	b = append(b, mark...)
	named(t, inspect(t, b), "EXIF ~ Artist ~ "+mark, "place ~ position ~ 41.805700", "dc:creator ~ "+mark, "unknown ~ MYCH ~ "+mark, "bytes ~ after-the-end ~ "+mark)
	path := write(t, "a.webp", b)
	to, _ := jury.cleaned(t, path)
	raw := func(path string) []byte {
		return run(t, "ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgba", "-")
	}
	if !bytes.Equal(raw(path), raw(to)) {
		t.Error("the picture changed")
	}
}

// What asks for turning must go, so the picture itself is turned.
func TestAPhotoThatAsksToBeTurnedIsTurned(t *testing.T) {
	jury := newCourt(t)
	for _, name := range []string{"a.jpg", "a.png"} {
		b := jpegBytes(t)
		if name == "a.png" {
			b = pngBytes(t)
		}
		path := write(t, name, b)
		run(t, "exiftool", "-q", "-m", "-overwrite_original", "-n", "-Orientation=6", "-Artist="+mark, path)
		to, made := jury.cleaned(t, path)
		p, _, err := image.Decode(bytes.NewReader(read(t, to)))
		if err != nil {
			t.Fatal(err)
		}
		if p.Bounds().Dx() != 32 || p.Bounds().Dy() != 48 || !slices.Contains(made.Notes, noteTurned) {
			t.Errorf("%s: %v, %v", name, p.Bounds(), made.Notes)
		}
		// What was at the top left is at the top right.
		r, g, bl, _ := p.At(31, 0).RGBA()
		if r>>8 > 40 || g>>8 > 40 || bl>>8 > 60 {
			t.Errorf("%s: the corner is %d %d %d", name, r>>8, g>>8, bl>>8)
		}
	}
}

// A wide space of colours is kept as one: without it the picture would look pale.
func TestAWideSpaceOfColoursIsKeptWithoutItsWords(t *testing.T) {
	jury := newCourt(t)
	wide := gamuts[1]
	wide.name = "Zeuge7"
	for name, b := range map[string][]byte{
		"a.jpg": withSegment(jpegBytes(t), jpegApp0+2, markICC+"\x01\x01"+string(wide.profile())),
		"a.png": withChunk(withChunk(pngBytes(t), "iCCP", "Zeuge7\x00\x00"+string(zlibbed(wide.profile()))), "tEXt", mark),
	} {
		path := write(t, name, b)
		to, _ := jury.cleaned(t, path)
		if out := string(run(t, "exiftool", "-s3", "-ProfileDescription", to)); strings.TrimSpace(out) != "Display P3" {
			t.Errorf("%s: %q", name, out)
		}
		run(t, "exiftool", "-q", "-m", "-overwrite_original", "-n", "-Orientation=6", path)
		to, _ = jury.cleaned(t, path)
		if out := string(run(t, "exiftool", "-s3", "-ProfileDescription", to)); strings.TrimSpace(out) != "Display P3" {
			t.Errorf("%s, turned: %q", name, out)
		}
	}
}

func TestTIFFAndHEICNameWhatIsHidden(t *testing.T) {
	folder := t.TempDir()
	photo := write(t, "a.png", pngBytes(t))
	tiff, avif := filepath.Join(folder, "a.tiff"), filepath.Join(folder, "a.avif")
	run(t, "ffmpeg", "-v", "error", "-i", photo, tiff)
	named(t, inspect(t, append(tagged(t, "b.tiff", read(t, tiff)), mark...)), "person ~ IFD0 ~ Artist ~ "+mark, "place ~ position ~ 41.805700", "dc:creator ~ "+mark, "bytes ~ after-the-end ~ "+mark)
	run(t, "ffmpeg", "-v", "error", "-i", photo, "-c:v", "libaom-av1", "-still-picture", "1", avif)
	b := heicWith(t, read(t, avif))
	named(t, inspect(t, b), "person ~ EXIF ~ Artist ~ "+mark, "dc:creator ~ "+mark, "text ~ item name", "picture ~ thumbnail")
}

// A picture in boxes becomes a JPEG that says nothing.
func TestHEICLosesWhatIsHidden(t *testing.T) {
	jury := newCourt(t)
	photo, heic := write(t, "a.png", pngBytes(t)), filepath.Join(t.TempDir(), "a.heic")
	run(t, "heif-enc", "-o", heic, photo)
	run(t, "exiftool", "-q", "-m", "-overwrite_original", "-Artist="+mark, "-XMP-dc:Creator="+mark, heic)
	named(t, inspect(t, read(t, heic)), "person ~ EXIF ~ Artist ~ "+mark)
	to, made := jury.cleaned(t, heic)
	p, format, err := image.Decode(bytes.NewReader(read(t, to)))
	if err != nil || format != "jpeg" || p.Bounds().Dx() != 48 || !slices.Contains(made.Notes, noteJPEG) {
		t.Errorf("%v %s %v", err, format, made)
	}
}

// heicWith has exiftool put metadata into pictures in boxes, and adds a thumbnail: an
// item that refers to the first as its small picture.
func heicWith(t *testing.T, b []byte) []byte {
	t.Helper()
	path := write(t, "b.avif", b)
	run(t, "exiftool", "-q", "-m", "-overwrite_original", "-Artist="+mark, "-XMP-dc:Creator="+mark, path)
	b = read(t, path)
	shift0 := bytes.Index(b, []byte("iloc"))
	if b[shift0+8] != 0x44 {
		t.Fatalf("places of another form: %x", b[shift0:shift0+16])
	}
	infe := "\x00\x00\x00\x1ainfe\x02\x00\x00\x00\x00\x63\x00\x00hvc1" + "Zeuge7"[:5] + "\x00"
	iinf := bytes.Index(b, []byte("iinf"))
	count := be.Uint16(b[iinf+8:])
	be.PutUint16(b[iinf+8:], count+1)
	b = grow(b, iinf-4, iinf-4+int(be.Uint32(b[iinf-4:])), []byte(infe))
	iref := "\x00\x00\x00\x0ethmb\x00\x63\x00\x01\x00\x01"
	if at := bytes.Index(b, []byte("iref")); at > 0 {
		return grow(b, at-4, at-4+int(be.Uint32(b[at-4:])), []byte(iref))
	}
	meta := bytes.Index(b, []byte("meta")) - 4
	return grow(b, meta, meta+int(be.Uint32(b[meta:])), []byte("\x00\x00\x00\x1airef\x00\x00\x00\x00"+iref))
}

// grow puts bytes at the end of the box at at, and makes it and the meta box around it
// longer.
func grow(b []byte, at, end int, extra []byte) []byte {
	meta := bytes.Index(b, []byte("meta")) - 4
	be.PutUint32(b[at:], be.Uint32(b[at:])+uint32(len(extra)))
	if at != meta {
		be.PutUint32(b[meta:], be.Uint32(b[meta:])+uint32(len(extra)))
	}
	shift(b[bytes.Index(b, []byte("iloc"))+4:], uint32(len(extra)))
	return slices.Concat(b[:end], extra, b[end:])
}

// shift moves the places of all items: each has one piece, places and lengths are of
// four bytes.
func shift(iloc []byte, by uint32) {
	version, base, at := iloc[0], int(iloc[5]>>4), 8
	for range be.Uint16(iloc[6:]) {
		if at += 4; version > 0 {
			at += 2
		}
		at += base
		n := be.Uint16(iloc[at:])
		at += 2
		for range n {
			be.PutUint32(iloc[at:], be.Uint32(iloc[at:])+by)
			at += 8
		}
	}
}

func TestACleanFileHidesNothing(t *testing.T) {
	for name, b := range map[string][]byte{"a.png": pngBytes(t), "a.jpg": jpegBytes(t)} {
		if r := inspect(t, b); r.Status() != statusClean {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for _, b := range [][]byte{nil, []byte("x"), []byte("Kim Chol-su\n"), []byte("\x7fELF")} {
		if r := inspect(t, b); r.Status() != statusUnread {
			t.Errorf("%q: status %d", b, r.Status())
		}
	}
	if _, err := os.Stat("testdata"); err == nil {
		t.Log("seeds of the fuzz targets are there")
	}
}
