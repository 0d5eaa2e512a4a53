package media_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// quarters is a picture of four colours: r g over b w.
func quarters() image.Image {
	p := image.NewNRGBA(image.Rect(0, 0, 96, 64))
	for y := range 64 {
		for x := range 96 {
			p.SetNRGBA(x, y, map[byte]color.NRGBA{'r': {220, 30, 30, 255}, 'g': {30, 200, 30, 255}, 'b': {30, 30, 220, 255}, 'w': {240, 240, 240, 255}}["rgbw"[y/32*2+x/48]])
		}
	}
	return p
}

// read says which colours a picture shows, by rows.
func read(p image.Image) string {
	b := p.Bounds()
	var out []byte
	for i := range 4 {
		x, y := b.Min.X+b.Dx()*(1+2*(i%2))/4, b.Min.Y+b.Dy()*(1+2*(i/2))/4
		r, g, bl, _ := p.At(x, y).RGBA()
		high := func(v uint32) bool { return v > 0x7fff }
		switch {
		case high(r) && high(g) && high(bl):
			out = append(out, 'w')
		case high(r) && !high(g) && !high(bl):
			out = append(out, 'r')
		case !high(r) && high(g) && !high(bl):
			out = append(out, 'g')
		case !high(r) && !high(g) && high(bl):
			out = append(out, 'b')
		default:
			out = append(out, '?')
		}
	}
	return string(out)
}

func pngOf(t *testing.T) *os.File {
	t.Helper()
	f := empty(t, "quarters.png")
	if err := png.Encode(f, quarters()); err != nil {
		t.Fatal(err)
	}
	return f
}

// printed is a photo without a mask, anew.
func printed(t *testing.T, in *os.File, name string, how media.Rendering) (media.Clip, image.Image, []byte) {
	t.Helper()
	r := real(t)
	clip, err := r.Probe(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	out := empty(t, name)
	plan := evidence.MaskPlan{Source: evidence.PlanSource{Width: clip.Width, Height: clip.Height, Frames: 1}}
	done, err := r.Render(t.Context(), in, plan, out, how, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	p, kind, err := image.Decode(bytes.NewReader(b))
	if err != nil || "image/"+kind != done.Media {
		t.Fatalf("%s, said to be %s: %v", kind, done.Media, err)
	}
	if p.Bounds().Dx() != clip.Width || p.Bounds().Dy() != clip.Height {
		t.Errorf("%v, not %d×%d", p.Bounds(), clip.Width, clip.Height)
	}
	nothingElse(t, kind, b)
	return clip, p, b
}

// nothingElse walks a picture: it holds nothing but the picture.
func nothingElse(t *testing.T, kind string, b []byte) {
	t.Helper()
	var parts []string
	if kind == "png" {
		for at := 8; at+8 <= len(b); at += 12 + int(binary.BigEndian.Uint32(b[at:])) {
			parts = append(parts, string(b[at+4:at+8]))
		}
		if got := strings.Join(slices.Compact(parts), " "); got != "IHDR IDAT IEND" || !bytes.HasSuffix(b, []byte("IEND\xae\x42\x60\x82")) {
			t.Errorf("a PNG of %s", got)
		}
		return
	}
	at := 2
	for ; at+4 <= len(b) && b[at+1] != 0xda; at += 2 + int(binary.BigEndian.Uint16(b[at+2:])) {
		parts = append(parts, map[byte]string{0xe0: "APP0", 0xdb: "DQT", 0xc0: "SOF0", 0xc4: "DHT"}[b[at+1]])
	}
	if got := strings.Join(slices.Compact(parts), " "); got != "APP0 DQT SOF0 DHT" || !bytes.HasSuffix(b, []byte{0xff, 0xd9}) {
		t.Errorf("a JPEG of %s", got)
	}
	for i := at; i+1 < len(b)-2; i++ { // within the picture a marker is none but a stuffed byte
		if b[i] == 0xff && b[i+1] == 0xd9 {
			t.Error("a JPEG goes on after its end")
		}
	}
}

func TestEveryKindOfPhotoIsShownAsItWas(t *testing.T) {
	from := pngOf(t)
	encoded := func(args ...string) func(t *testing.T) *os.File {
		return func(t *testing.T) *os.File { return made(t, append([]string{"ffmpeg", "-i", from.Name()}, args...)...) }
	}
	for name, c := range map[string]struct {
		make func(t *testing.T) *os.File
		want string
	}{
		"PNG":                      {func(*testing.T) *os.File { return from }, "rgbw"},
		"PNG of 16 bit":            {encoded("-pix_fmt", "rgb48be", "o.png"), "rgbw"},
		"PNG with a palette":       {encoded("-pix_fmt", "pal8", "o.png"), "rgbw"},
		"PNG, interlaced":          {encoded("-flags", "+ildct", "o.png"), "rgbw"},
		"PNG that is see-through":  {encoded("-vf", "format=rgba,colorchannelmixer=aa=0", "o.png"), "wwww"},
		"JPEG":                     {encoded("o.jpg"), "rgbw"},
		"JPEG, grey":               {encoded("-vf", "format=gray,negate", "-pix_fmt", "gray", "o.jpg"), ""},
		"JPEG of ink colours":      {func(t *testing.T) *os.File { return inkJPEG(t, false) }, "rgbw"},
		"JPEG, progressive":        {func(t *testing.T) *os.File { return inkJPEG(t, true) }, "rgbw"},
		"WebP":                     {encoded("-c:v", "libwebp", "o.webp"), "rgbw"},
		"WebP without loss":        {encoded("-c:v", "libwebp", "-lossless", "1", "o.webp"), "rgbw"},
		"WebP that is see-through": {encoded("-vf", "format=rgba,colorchannelmixer=aa=0", "-c:v", "libwebp", "-lossless", "1", "o.webp"), "wwww"},
		"GIF":                      {encoded("o.gif"), "rgbw"},
		"HEIC":                     {func(t *testing.T) *os.File { return made(t, "heif-enc", from.Name(), "-o", "o.heic") }, "rgbw"},
		"AVIF":                     {func(t *testing.T) *os.File { return made(t, "heif-enc", "-A", from.Name(), "-o", "o.avif") }, "rgbw"},
	} {
		t.Run(name, func(t *testing.T) {
			in := c.make(t)
			clip, p, _ := printed(t, in, "o", media.Rendering{})
			if got := read(p); c.want != "" && got != c.want {
				t.Errorf("%s, not %s", got, c.want)
			}
			if !clip.Still || clip.Frames != 1 {
				t.Errorf("%+v", clip)
			}
		})
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "safehouse-*", "photo.jpg")); len(left) > 0 {
		t.Errorf("pipes are left: %v", left)
	}
}

func TestAPhotoBecomesWhatTheJobSays(t *testing.T) {
	in := pngOf(t)
	for still, want := range map[string]string{"": "\x89PNG", media.PNG: "\x89PNG", media.JPEG: "\xff\xd8"} {
		if _, _, b := printed(t, in, "o", media.Rendering{Still: still}); !bytes.HasPrefix(b, []byte(want)) {
			t.Errorf("%q became %q", still, b[:4])
		}
	}
}

// The eight ways in which a camera may have been held (EXIF 2.32, 4.6.4, tag 274).
func TestAPhotoIsTurnedAsItsMetadataAsk(t *testing.T) {
	from := pngOf(t)
	for _, name := range []string{"o.jpg", "o.png", "o.webp"} {
		for i, want := range []string{"rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb"} {
			if name != "o.jpg" && i != 5 {
				continue
			}
			in := made(t, "ffmpeg", "-i", from.Name(), name)
			if out, err := exec.Command("exiftool", "-q", "-overwrite_original", "-n", "-Orientation="+string(rune('1'+i)), in.Name()).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			clip, p, _ := printed(t, opened(t, in.Name()), "o", media.Rendering{})
			if got := read(p); got != want || (clip.Width == 64) != (i >= 4) {
				t.Errorf("%s, orientation %d: %s of %d×%d, not %s", name, i+1, got, clip.Width, clip.Height, want)
			}
		}
	}
}

// What every tool that cleans files would complain of.
func TestOtherToolsFindNothingInAPhoto(t *testing.T) {
	from := pngOf(t)
	in := made(t, "ffmpeg", "-i", from.Name(), "o.jpg")
	args := []string{"-q", "-overwrite_original", "-GPSLatitude=41.8", "-GPSLatitudeRef=N", "-Artist=planted", "-XMP:Creator=planted", "-IPTC:By-line=planted",
		"-Comment=planted", "-ThumbnailImage<=" + in.Name(), in.Name()}
	if out, err := exec.Command("exiftool", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	in = opened(t, in.Name())
	for _, name := range []string{"masked.jpg", "masked.png"} {
		_, _, b := printed(t, in, name, media.Rendering{Still: map[string]string{"masked.jpg": media.JPEG, "masked.png": media.PNG}[name]})
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command("exiftool", "-a", "-G1", "-validate", "-warning", "-error", file).CombinedOutput(); err != nil || !strings.Contains(string(said), ": OK") || strings.Contains(string(said), "Warning") {
			t.Errorf("exiftool of %s: %v: %s", name, err, said)
		}
		if said, err := exec.Command("mat2", "--show", file).CombinedOutput(); err != nil || !strings.Contains(string(said), "No metadata found") {
			t.Errorf("mat2 of %s: %v: %s", name, err, said)
		}
		if bytes.Contains(b, []byte("planted")) {
			t.Error("the mark is in it")
		}
	}
}

func TestPhotosThatCannotBeMaskedAreRefusedWithAReason(t *testing.T) {
	from := pngOf(t)
	whole, err := os.ReadFile(from.Name())
	if err != nil {
		t.Fatal(err)
	}
	heic, err := os.ReadFile(made(t, "heif-enc", from.Name(), "-o", "o.heic").Name())
	if err != nil {
		t.Fatal(err)
	}
	webp, err := os.ReadFile(made(t, "ffmpeg", "-i", from.Name(), "-c:v", "libwebp", "o.webp").Name())
	if err != nil {
		t.Fatal(err)
	}
	moving, err := os.ReadFile(made(t, "ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=32x32:r=5:d=1", "-c:v", "libwebp_anim", "o.webp").Name())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		content []byte
		codes   string
	}{
		"a WebP that moves":                  {moving, "media.animated"},
		"a PNG 60,000 pixels wide":           {header(60000, 60000), "media.too_large"},
		"a GIF of 4 thousand million pixels": {[]byte("GIF89a\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\xff\xff\xff\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x44\x01\x00\x3b"), "media.too_large"},
		"a PNG without its end":              {whole[:len(whole)/2], "media.truncated media.damaged"},
		"a GIF without a picture":            {[]byte("GIF89a\x01\x00\x01\x00"), "media.truncated"},
		"a WebP without its end":             {webp[:len(webp)/2], "media.truncated media.damaged media.not_video"},
		"a HEIC without its end":             {heic[:len(heic)-40], "media.damaged"},
		"a HEIC that is none":                {append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "and then nothing more"...), "media.damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "in.mp4") // whatever it is called
			if err := os.WriteFile(file, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := real(t).Probe(t.Context(), opened(t, file))
			if !slices.Contains(strings.Fields(c.codes), code(err)) {
				t.Errorf("want %s, got %v", c.codes, err)
			}
		})
	}
	t.Run("a HEIC where its reader is not installed", func(t *testing.T) {
		r := real(t)
		r.Heif = ""
		if _, err := r.Probe(t.Context(), made(t, "heif-enc", from.Name(), "-o", "o.heic")); code(err) != "media.no_heif" {
			t.Error(err)
		}
	})
}

// header is a PNG that says how large it is and holds nothing.
func header(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR")
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, w), h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

func TestTheWidestPhotoAndTheSmallestAreTaken(t *testing.T) {
	for _, size := range []image.Point{{16384, 8}, {1, 1}, {1, 3000}} {
		f := empty(t, "o.png")
		if err := png.Encode(f, image.NewGray(image.Rectangle{Max: size})); err != nil {
			t.Fatal(err)
		}
		if clip, _, _ := printed(t, f, "o", media.Rendering{}); clip.Width != size.X || clip.Height != size.Y {
			t.Errorf("%+v", clip)
		}
	}
}

// inkJPEG is the four quarters in cyan, magenta, yellow and black as printers have
// them, inverted as Adobe's programs write them: baseline, or progressive with a single
// scan. Each block is of one colour, so that only its mean is written.
func inkJPEG(t *testing.T, progressive bool) *os.File {
	t.Helper()
	quarter := [4][4]byte{{250, 10, 10, 250}, {10, 250, 10, 250}, {10, 10, 250, 250}, {250, 250, 250, 250}}
	sof, end := byte(0xc0), byte(63)
	if progressive {
		sof, end = 0xc2, 0
	}
	var b bytes.Buffer
	segment := func(kind byte, body []byte) {
		b.Write([]byte{0xff, kind, byte((len(body) + 2) >> 8), byte(len(body) + 2)})
		b.Write(body)
	}
	b.Write([]byte{0xff, 0xd8})
	segment(0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x00"))
	segment(0xdb, append([]byte{0}, bytes.Repeat([]byte{1}, 64)...))
	segment(sof, []byte{8, 0, 64, 0, 96, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0})
	segment(0xc4, append(append([]byte{0}, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))
	if !progressive {
		segment(0xc4, append([]byte{0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0)) // the rest of a block is nothing: bit 0
	}
	segment(0xda, []byte{4, 1, 0, 2, 0, 3, 0, 4, 0, 0, end, 0})
	var bits, held uint32
	put := func(v, n uint32) {
		for i := int(n) - 1; i >= 0; i-- {
			if bits, held = bits<<1|v>>i&1, held+1; held == 8 {
				if b.WriteByte(byte(bits)); byte(bits) == 0xff {
					b.WriteByte(0)
				}
				bits, held = 0, 0
			}
		}
	}
	var last [4]int
	for block := range 8 * 12 {
		for c := range 4 {
			mean := 8 * (int(quarter[block/12/4*2+block%12/6][c]) - 128)
			diff, size := mean-last[c], uint32(0)
			last[c] = mean
			for d := max(diff, -diff); d > 0; d >>= 1 {
				size++
			}
			if diff < 0 {
				diff += 1<<size - 1
			}
			put(size, 4)
			put(uint32(diff), size)
			if !progressive {
				put(0, 1)
			}
		}
	}
	put(0x7f, (8-held)%8)
	b.Write([]byte{0xff, 0xd9})
	f := empty(t, "ink.jpg")
	if _, err := f.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	if _, err := jpeg.Decode(bytes.NewReader(b.Bytes())); err != nil {
		t.Fatalf("the test's own photo: %v", err)
	}
	return f
}
