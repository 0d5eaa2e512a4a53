package worker

import (
	"image"
	"image/draw"
	_ "image/jpeg" // the photo is one
	"math"
	"os"
	"testing"

	"safehouse/internal/evidence"
)

// A photo of a package and the place of a face in it, a third of its size.
func photo(t testing.TB) (*grey, evidence.Box) {
	t.Helper()
	f, err := os.Open("../../../node_modules/@vladmandic/face-api/demo/sample6.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	flat := image.NewGray(image.Rect(0, 0, p.Bounds().Dx(), p.Bounds().Dy()))
	draw.Draw(flat, flat.Rect, p, p.Bounds().Min, draw.Src)
	g := &grey{w: flat.Rect.Dx(), h: flat.Rect.Dy(), pix: flat.Pix, half: newGrey(flat.Rect.Dx()/2, flat.Rect.Dy()/2)}
	g.shrink()
	return g, evidence.Box{1168, 308, 1386, 603}
}

// filmed is what a camera sees that shows place from of the photo at place to.
func filmed(p *grey, from, to place) *grey {
	g := newGrey(320, 180)
	by := to.w / from.w
	n := int(math.Round(math.Log2(float64(1 / by))))
	s, level := p.level(max(n, 0))
	sin, cos := math.Sincos(-float64(to.turn))
	for y := range g.h {
		for x := range g.w {
			dx, dy := (float32(x)-to.x)/by, (float32(y)-to.y)/by
			u, v := dx*float32(cos)-dy*float32(sin)+from.x, dx*float32(sin)+dy*float32(cos)+from.y
			g.pix[y*g.w+x] = byte(s.at(down(u, level), down(v, level)))
		}
	}
	g.shrink()
	return g
}

func BenchmarkTracker(b *testing.B) {
	p, face := photo(b)
	from, to := placeOf(face), place{x: 160, y: 90, w: 30, h: 40}
	var film []*grey
	for n := range 40 {
		at := to
		at.x += float32(n)
		film = append(film, filmed(p, from, at))
	}
	for b.Loop() {
		t := newTracker(0, 1000, film[0], to)
		for _, g := range film[1:] {
			if _, found, _ := t.next(g); !found {
				b.Fatal("lost")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*39), "µs/step")
}
