package face

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) < .01 }

// The numbers are worked out by hand from the networks' papers.
func TestCenterFaceIsDecoded(t *testing.T) {
	c := newCanvas(64, 32, 64, 32, false) // as large as its input: 16×8 cells
	n := 16 * 8
	maps := [][]float32{make([]float32, n), make([]float32, 2*n), make([]float32, 2*n)}
	at := 3*16 + 5 // row 3, column 5
	maps[0][at] = .8
	maps[1][at], maps[1][n+at] = float32(math.Log(4)), float32(math.Log(3)) // height, width in cells
	maps[2][at], maps[2][n+at] = .25, -.25                                  // down, across
	hits := decodeCenterFace(maps, c, .5)
	if len(hits) != 1 {
		t.Fatalf("%d hits", len(hits))
	}
	// The middle is at ((5-.25+.5)·4, (3+.25+.5)·4) = (21, 15), the size 12×16.
	for i, want := range []float64{15, 7, 27, 23} {
		if !near(hits[0].Box[i], want) {
			t.Errorf("%v", hits[0].Box)
		}
	}
	maps[0][at] = float32(math.NaN())
	if hits := decodeCenterFace(maps, c, .5); len(hits) != 0 {
		t.Errorf("no number is taken for a face")
	}
}

func TestUltraFaceIsDecoded(t *testing.T) {
	c := newFitting(640, 240, 320, 240) // 320×120 of the input
	hits := decodeUltraFace([]float32{.9, .1, .2, .8}, []float32{0, 0, 1, 1, .25, .125, .5, .25}, c, .5)
	if len(hits) != 1 {
		t.Fatalf("%d hits", len(hits))
	}
	for i, want := range []float64{160, 60, 320, 120} {
		if !near(hits[0].Box[i], want) {
			t.Errorf("%v", hits[0].Box)
		}
	}
}

func TestAPictureIsFittedWhole(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {640, 360}, {360, 640}, {3000, 10}, {320, 240}} {
		c := newFitting(size[0], size[1], 320, 240)
		if c.w != 320 || c.h != 240 || c.inW > 320 || c.inH > 240 {
			t.Errorf("%v: %d×%d in %d×%d", size, c.inW, c.inH, c.w, c.h)
		}
		c.draw(make([]byte, 3*size[0]*size[1]))
	}
}

func TestAnotherNetworkDoesNotFitTheSlot(t *testing.T) {
	if _, err := OpenModel(filepath.Join(share(t), SSDFile)); !errors.Is(err, ErrUnknownModel) {
		t.Errorf("the packaged network: %v", err)
	}
	name := filepath.Join(t.TempDir(), "model.onnx")
	if err := os.WriteFile(name, []byte("no network"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenModel(name); err == nil {
		t.Error("rubbish is opened")
	}
}
