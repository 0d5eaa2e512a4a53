package worker

import (
	"bytes"
	"image"
	"math/rand/v2"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

var faceBox = evidence.Box{20.3, 10.7, 83.9, 91.2}

// noisy is a frame of chance: as different from the next one as two faces can be.
func noisy(r *rand.Rand) *sheet {
	s := newSheet(128, 96)
	p := s.planes()
	for i, limits := range [3][2]int{{16, 235}, {90, 166}, {90, 166}} {
		low := limits[0] + r.IntN(limits[1]-limits[0])
		span := 1 + r.IntN(limits[1]-low)
		for j := range p[i].pix {
			p[i].pix[j] = byte(low + r.IntN(span))
		}
	}
	return s
}

func mosaicPlan(frames int) *evidence.MaskPlan {
	t := evidence.Track{ID: 3, To: frames - 1, Boxes: map[int]evidence.Box{}}
	for n := range frames {
		t.Boxes[n] = faceBox
	}
	return &evidence.MaskPlan{Tracks: []evidence.Track{t}}
}

// inBox is what is in the middle of the box: all three planes.
func inBox(s *sheet) []byte {
	var out []byte
	for _, p := range s.planes() {
		for y := 24 / p.step; y < 80/p.step; y++ {
			out = append(out, p.pix[y*p.w+34/p.step:y*p.w+70/p.step]...)
		}
	}
	return out
}

func TestAMosaicLetsOneOfFewColoursThroughAndNothingElse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	shown := map[string]tone{}
	for range 3000 {
		s := noisy(r)
		was := coarse(s.mean(faceBox))
		coverOf(mosaicPlan(1), media.Mosaic).draw(s, 0)
		key := string(inBox(s))
		if before, there := shown[key]; there && before != was {
			t.Fatalf("%v and %v look alike", before, was)
		}
		shown[key] = was
	}
	byTone := map[tone]int{}
	for _, of := range shown {
		byTone[of]++
	}
	for of, n := range byTone {
		if n != 1 {
			t.Errorf("faces of the same colour %v came out in %d ways", of, n)
		}
	}
	if len(shown) > mosaicTones || len(shown) < 9 {
		t.Errorf("%d mosaics of 3000 faces, and %d are possible", len(shown), mosaicTones)
	}
}

func TestAMosaicIsFrozenForItsTrackAndHasFewCells(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	c := coverOf(mosaicPlan(2), media.Mosaic)
	first, second := noisy(r), noisy(r)
	c.draw(first, 0)
	c.draw(second, 1)
	if !bytes.Equal(inBox(first), inBox(second)) {
		t.Error("the second frame of a track has other cells than the first")
	}
	changes := func(at func(i int) byte, n int) (k int) {
		for i := 1; i < n; i++ {
			if at(i) != at(i-1) {
				k++
			}
		}
		return k
	}
	y := first.planes()[0]
	for row := 26; row < 78; row++ {
		if k := changes(func(i int) byte { return y.pix[row*y.w+34+i] }, 36); k > mosaicCells-1 {
			t.Fatalf("row %d has %d cells", row, k+1)
		}
	}
	for x := 36; x < 70; x++ {
		if k := changes(func(i int) byte { return y.pix[(24+i)*y.w+x] }, 56); k > mosaicCells-1 || k == 0 {
			t.Fatalf("column %d has %d cells", x, k+1)
		}
	}
}

// Solid and mosaic cover the same samples: a mosaic has no hole that a box has not.
func TestAMosaicCoversWhatABoxCovers(t *testing.T) {
	for _, b := range []evidence.Box{faceBox, {-30, -20, 15.5, 200}, {100.2, 80.1, 400, 300}, {50, 50, 50.4, 50.4}} {
		plan := &evidence.MaskPlan{Tracks: []evidence.Track{{ID: 1, Boxes: map[int]evidence.Box{0: b}}}}
		touched := func(style string) []bool {
			// Cells come close to what was there only by chance, so two fillings show each touched sample.
			out := make([]bool, 128*96*3/2)
			for _, fill := range []byte{0, 255} {
				s := newSheet(128, 96)
				for i := range s.yuv {
					s.yuv[i] = fill
				}
				coverOf(plan, style).draw(s, 0)
				for i, v := range s.yuv {
					out[i] = out[i] || v != fill
				}
			}
			return out
		}
		solid, mosaic := touched(media.Solid), touched(media.Mosaic)
		for i := range solid {
			if solid[i] != mosaic[i] {
				t.Fatalf("%v: sample %d: solid %v, mosaic %v", b, i, solid[i], mosaic[i])
			}
		}
	}
}

func TestAPhotosMosaicIsLikeAVideos(t *testing.T) {
	seen := map[string]bool{}
	r := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		p := image.NewRGBA(image.Rect(0, 0, 128, 96))
		base := [3]int{r.IntN(200), r.IntN(200), r.IntN(200)}
		for i := range p.Pix {
			if p.Pix[i] = 255; i%4 < 3 {
				p.Pix[i] = byte(base[i%4] + r.IntN(56))
			}
		}
		coverOf(mosaicPlan(1), media.Mosaic).draw(photo{p}, 0)
		seen[string(p.SubImage(image.Rect(34, 24, 70, 25)).(*image.RGBA).Pix[:36*4])] = true
	}
	if len(seen) > mosaicTones || len(seen) < 4 {
		t.Errorf("%d mosaics of 500 faces", len(seen))
	}
}
