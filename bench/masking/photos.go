package main

import (
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // the photos are JPEG
	"math"
	"os"
	"path/filepath"

	"safehouse/internal/evidence"
)

// photos are those of npm @vladmandic/face-api, with the boxes of their faces:
// two detectors' boxes, joined, then checked and mended by eye.
var photos = []struct {
	file  string
	faces []evidence.Box
}{
	{"sample1.jpg", []evidence.Box{{414, 355, 596, 592}, {828, 419, 1038, 655}, {1475, 208, 1700, 434}}},
	{"sample2.jpg", []evidence.Box{{352, 134, 542, 420}, {884, 220, 1080, 462}, {1434, 152, 1650, 397}}}, // the first is in profile
	{"sample3.jpg", []evidence.Box{{585, 333, 799, 608}, {1066, 200, 1306, 511}, {1498, 292, 1694, 587}}},
	{"sample4.jpg", []evidence.Box{{252, 195, 432, 457}, {654, 68, 845, 308}, {978, 185, 1165, 426}, {1260, 155, 1438, 398}}},
	{"sample5.jpg", []evidence.Box{{373, 880, 568, 1160}, {605, 430, 775, 665}, {790, 112, 953, 330}, {1112, 203, 1282, 433}, {1406, 396, 1602, 670}}},
	{"sample6.jpg", []evidence.Box{{253, 495, 470, 772}, {663, 338, 862, 630}, {1168, 308, 1386, 603}, {1473, 262, 1716, 575}}},
}

// A photo is one of them, decoded, with smaller copies of itself: what is shown
// small is taken from one of these, as a camera would average it.
type photo struct {
	number int
	levels []*image.RGBA // each half the one before
	faces  []evidence.Box
}

func openPhotos(folder string) ([]*photo, error) {
	var all []*photo
	for i, p := range photos {
		f, err := os.Open(filepath.Join(folder, p.file))
		if err != nil {
			return nil, fmt.Errorf("the photos of the package: %w; run \"make setup\"", err)
		}
		raw, _, err := image.Decode(f)
		f.Close()
		if err != nil {
			return nil, err
		}
		flat := image.NewRGBA(image.Rect(0, 0, raw.Bounds().Dx(), raw.Bounds().Dy()))
		draw.Draw(flat, flat.Bounds(), raw, raw.Bounds().Min, draw.Src)
		all = append(all, &photo{number: i + 1, levels: smaller(flat), faces: p.faces})
	}
	return all, nil
}

// smaller gives the picture and its halves, quarters, …
func smaller(p *image.RGBA) []*image.RGBA {
	levels := []*image.RGBA{p}
	for p.Bounds().Dx() > 32 {
		w, h := p.Bounds().Dx()/2, p.Bounds().Dy()/2
		half := image.NewRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				a, b := p.PixOffset(2*x, 2*y), p.PixOffset(2*x, 2*y+1)
				to := half.Pix[half.PixOffset(x, y):]
				for k := range 3 {
					to[k] = byte((int(p.Pix[a+k]) + int(p.Pix[a+4+k]) + int(p.Pix[b+k]) + int(p.Pix[b+4+k])) / 4)
				}
				to[3] = 255
			}
		}
		levels, p = append(levels, half), half
	}
	return levels
}

// at gives the colour at a place of the full picture, shown at scale (frame pixels a
// photo pixel), and whether the place is in it.
func (p *photo) at(x, y, scale float64) (r, g, b float64, ok bool) {
	level := min(len(p.levels)-1, max(0, int(math.Round(math.Log2(1/scale)))))
	im := p.levels[level]
	f := 1 / float64(int(1)<<level)
	x, y = x*f-.5, y*f-.5
	x0, y0 := int(math.Floor(x)), int(math.Floor(y))
	if x0 < 0 || y0 < 0 || x0+1 >= im.Bounds().Dx() || y0+1 >= im.Bounds().Dy() {
		return 0, 0, 0, false
	}
	u, v := x-float64(x0), y-float64(y0)
	i, j := im.PixOffset(x0, y0), im.PixOffset(x0, y0+1)
	mix := func(k int) float64 {
		top := float64(im.Pix[i+k])*(1-u) + float64(im.Pix[i+4+k])*u
		bottom := float64(im.Pix[j+k])*(1-u) + float64(im.Pix[j+4+k])*u
		return top*(1-v) + bottom*v
	}
	return mix(0), mix(1), mix(2), true
}
