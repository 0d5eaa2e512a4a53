package face

import (
	"bytes"
	"errors"
	"image"
	_ "image/jpeg"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// root is the checkout: set-up fills its share/ and node_modules/.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

func share(t testing.TB) string {
	dir := filepath.Join(root(), "share")
	if _, err := os.Stat(filepath.Join(dir, SSDFile)); err != nil {
		t.Fatalf("%v: run make setup", err)
	}
	return dir
}

func TestMain(m *testing.M) {
	if err := Start(filepath.Join(root(), "share")); err != nil {
		println("run make setup:", err.Error())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// photo reads one of the package's sample photos.
func photo(t testing.TB, name string) Picture {
	t.Helper()
	f, err := os.Open(filepath.Join(root(), "node_modules/@vladmandic/face-api/demo", name))
	if err != nil {
		t.Fatalf("%v: run make setup", err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	p := Picture{W: b.Dx(), H: b.Dy()}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, _ := img.At(x, y).RGBA()
			p.RGB = append(p.RGB, byte(r>>8), byte(g>>8), byte(bl>>8))
		}
	}
	return p
}

// darker scales every value: what a dark hall does.
func darker(p Picture, by float64) Picture {
	q := Picture{p.W, p.H, make([]byte, len(p.RGB))}
	for i, v := range p.RGB {
		q.RGB[i] = byte(float64(v) * by)
	}
	return q
}

func best(hits []Hit) (s float64) {
	for _, h := range hits {
		s = max(s, h.Score)
	}
	return s
}

func TestFacesOfThePackagePhotosAreFound(t *testing.T) {
	d, err := OpenSSD(share(t))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for name, faces := range map[string]int{"sample1.jpg": 1, "sample2.jpg": 1, "sample3.jpg": 1, "sample5.jpg": 1} {
		hits, err := d.Detect(photo(t, name), .5)
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) < faces {
			t.Errorf("%s: %d hits, at least %d faces", name, len(hits), faces)
		}
		for _, h := range hits {
			t.Logf("%s %v %.2f", name, h.Box, h.Score)
		}
	}
}

func TestEqualisedCopyFindsADarkFace(t *testing.T) {
	d, err := OpenSSD(share(t))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	dark := darker(photo(t, "sample1.jpg"), .06)
	plain, err := d.Detect(dark, .05)
	if err != nil {
		t.Fatal(err)
	}
	equalised, err := d.DetectEqualised(dark, .05)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("plain %.2f, equalised %.2f", best(plain), best(equalised))
	if best(equalised) < .5 || best(equalised) <= best(plain) {
		t.Errorf("equalising does not help: %.2f against %.2f", best(equalised), best(plain))
	}
}

func TestARuntimeThatIsNotOursIsNotLoaded(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, RuntimeFile), []byte("\x7fELF"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Start(dir); !errors.Is(err, ErrHash) {
		t.Fatalf("loaded: %v", err)
	}
	libc, err := filepath.Glob("/lib/*-linux-gnu/libcurl*.so*")
	if err != nil || len(libc) == 0 {
		libc, _ = filepath.Glob("/lib/*-linux-gnu/libresolv.so*")
	}
	if len(libc) == 0 {
		t.Fatal("no library with network symbols to try")
	}
	if err := offline(libc[0]); !errors.Is(err, ErrHash) {
		t.Fatalf("%s passes for offline: %v", libc[0], err)
	}
}

func TestAModelThatIsNotOursIsNotLoaded(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{SSDFile, SSDBytesFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, inBytes := range []bool{false, true} {
		if _, err := openSSD(dir, inBytes); !errors.Is(err, ErrHash) {
			t.Fatalf("loaded: %v", err)
		}
	}
}

// A processor without the instructions for it computes the same in bytes only where no
// sum is cut off, which is why OpenSSD does not use them there.
func TestBytesSeeWhatFloatingPointSees(t *testing.T) {
	if !quickBytes() {
		t.Log("this processor has no instructions for sums of 8-bit products: only floating point is used on it")
		return
	}
	var detectors [2]*SSDDetector
	for i, inBytes := range []bool{false, true} {
		d, err := openSSD(share(t), inBytes)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		detectors[i] = d
	}
	for _, name := range []string{"sample1.jpg", "sample2.jpg", "sample3.jpg", "sample4.jpg", "sample5.jpg", "sample6.jpg"} {
		p := photo(t, name)
		reals, err1 := detectors[0].Detect(p, .2)
		bytes, err2 := detectors[1].Detect(p, .1)
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		for _, h := range reals {
			same := func(k Hit) bool { return Overlap(h.Box, k.Box) > .85 && math.Abs(h.Score-k.Score) < .12 }
			if !slices.ContainsFunc(bytes, same) {
				t.Errorf("%s: %v with %.2f is not among %v", name, h.Box, h.Score, bytes)
			}
		}
	}
}

func TestScalingKeepsWhatIsFlat(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {7, 3}, {511, 287}, {1280, 720}, {33, 900}} {
		for _, v := range []byte{0, 1, 128, 254, 255} {
			rgb := bytes.Repeat([]byte{v}, 3*size[0]*size[1])
			c := newCanvas(size[0], size[1], 320, 64, false)
			c.draw(rgb)
			for y := range c.inH {
				for x := range c.inW {
					if got := int(c.pixels[y*c.w+x]); abs(got-int(v)) > 1 {
						t.Fatalf("%v: %d became %d at %d,%d", size, v, got, x, y)
					}
				}
			}
		}
	}
}

func abs(n int) int { return max(n, -n) }

func TestEqualisingFlatPicturesChangesNoSize(t *testing.T) {
	var e equaliser
	for _, size := range [][2]int{{1, 1}, {7, 3}, {8, 8}, {513, 17}} {
		p := Picture{size[0], size[1], make([]byte, 3*size[0]*size[1])}
		if q := e.apply(p); q.W != p.W || q.H != p.H || len(q.RGB) != len(p.RGB) {
			t.Errorf("%v became %d×%d", size, q.W, q.H)
		}
	}
}

func BenchmarkSSD(b *testing.B) {
	for name, inBytes := range map[string]bool{"bytes": true, "reals": false} {
		b.Run(name, func(b *testing.B) {
			d, err := openSSD(share(b), inBytes)
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			p := Picture{512, 288, make([]byte, 3*512*288)}
			for b.Loop() {
				if _, err := d.Detect(p, .15); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEqualise(b *testing.B) {
	var e equaliser
	p := Picture{512, 288, make([]byte, 3*512*288)}
	for b.Loop() {
		e.apply(p)
	}
}

func BenchmarkCanvas(b *testing.B) {
	c := newCanvas(512, 288, 320, 64, false)
	rgb := make([]byte, 3*512*288)
	for b.Loop() {
		c.draw(rgb)
	}
}
