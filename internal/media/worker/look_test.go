package worker

import (
	"testing"

	"pgregory.net/rapid"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
	"safehouse/internal/media"
)

// A box that is drawn in the picture is found where it was drawn, whichever way the
// picture was turned to look at it.
func TestATurnedBoxComesBackToItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(2, 40).Draw(t, "w"), rapid.IntRange(2, 40).Draw(t, "h")
		x, y := rapid.IntRange(0, w-1).Draw(t, "x"), rapid.IntRange(0, h-1).Draw(t, "y")
		p := face.Picture{W: w, H: h, RGB: make([]byte, 3*w*h)}
		p.RGB[3*(y*w+x)] = 255
		for quarter := 1; quarter <= 3; quarter++ {
			turned := rotated(p, quarter)
			for i := 0; i < len(turned.RGB); i += 3 {
				if turned.RGB[i] != 255 {
					continue
				}
				tx, ty := float64(i/3%turned.W), float64(i/3/turned.W)
				got := upright(evidence.Box{tx, ty, tx + 1, ty + 1}, quarter, w, h)
				if want := (evidence.Box{float64(x), float64(y), float64(x) + 1, float64(y) + 1}); got != want {
					t.Fatalf("turned by %d quarters: %v, not %v", quarter, got, want)
				}
			}
		}
	})
}

func TestPartsCoverThePictureAndOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h, n := rapid.IntRange(1, 2000).Draw(t, "w"), rapid.IntRange(1, 2000).Draw(t, "h"), rapid.IntRange(2, 6).Draw(t, "n")
		parts := partsOf(w, h, n)
		for range 20 {
			x, y := rapid.IntRange(0, w-1).Draw(t, "x"), rapid.IntRange(0, h-1).Draw(t, "y")
			in := 0
			for _, c := range parts {
				if c.x < 0 || c.y < 0 || c.x+c.w > w || c.y+c.h > h || c.w < 1 || c.h < 1 {
					t.Fatalf("part %+v of %d×%d", c, w, h)
				}
				if x >= c.x && x < c.x+c.w && y >= c.y && y < c.y+c.h {
					in++
				}
			}
			if in == 0 {
				t.Fatalf("(%d, %d) of %d×%d is in no part of %+v", x, y, w, h, parts)
			}
		}
	})
}

// What is done on a frame goes by frames that are far enough behind to be known, so that
// a clip is looked at in the same way every time.
func TestATurnIsKeptUpAfterItShowedAFaceAndNotForEver(t *testing.T) {
	l := lying{behind: 8}
	d := media.Detection{Key: 1000}
	if !l.extra(0, 0, d).turns[1] {
		t.Error("the first frame is not turned")
	}
	l.note(0, turns{1: true})
	if l.extra(4, 4, d).turns[1] {
		t.Error("frame 4 goes by what is not known yet")
	}
	if e := l.extra(8, 8, d); !e.turns[1] || e.turns[2] || e.turns[3] {
		t.Errorf("after a face that lay: %v", e.turns)
	}
	if l.extra(8+turnedFor+8, 41, d).turns[1] {
		t.Error("it goes on for ever")
	}
	if (&lying{behind: 8}).extra(0, 0, media.Detection{}) != (extra{}) {
		t.Error("without a key nothing more is done")
	}
}

func TestWhatIsSeenBesideIsWeighed(t *testing.T) {
	at := func(x, size, score float64, detector string) face.Hit {
		return face.Hit{Box: evidence.Box{x, 100, x + size, 100 + size}, Score: score, Detector: detector}
	}
	sure := at(120, 20, .9, face.SSD)
	var beside [4][]face.Hit
	beside[0] = []face.Hit{at(300, 15, .8, face.SSD), at(301, 15, .45, face.SSDEqualised)}
	beside[1] = []face.Hit{at(100, 60, .9, face.SSD)}                            // around the face that is seen upright
	beside[2] = []face.Hit{at(500, 40, .7, face.SSD), at(500, 41, .6, face.SSD)} // at two scales of one picture
	beside[3] = []face.Hit{at(700, 40, .7, face.SSD), at(702, 40, .6, face.SSDEqualised), at(900, 40, .45, face.SSD)}
	all, found := weigh([]face.Hit{sure}, beside)
	want := map[float64]bool{120: false, 300: false, 500: true, 700: false, 702: false} // alone?
	for _, h := range all {
		alone, ok := want[h.Box[0]]
		if !ok || alone != h.Alone {
			t.Errorf("%v alone %v", h.Box, h.Alone)
		}
	}
	if len(all) != 6 || found != (turns{false, false, false, true}) {
		t.Errorf("%d hits, found %v", len(all), found)
	}
}

func TestHalfAPictureIsItsMean(t *testing.T) {
	p := face.Picture{W: 5, H: 3, RGB: make([]byte, 45)}
	for i := range p.RGB {
		p.RGB[i] = byte(i)
	}
	half := face.Picture{W: 2, H: 1, RGB: make([]byte, 6)}
	halve(half, p)
	for x := range 2 {
		for c := range 3 {
			i := 6*x + c
			want := byte((i + i + 3 + i + 15 + i + 18 + 2) / 4)
			if half.RGB[3*x+c] != want {
				t.Errorf("pixel %d, channel %d: %d, not %d", x, c, half.RGB[3*x+c], want)
			}
		}
	}
}
