package worker

import (
	"math"

	"safehouse/internal/evidence"
)

// The colour of every mask: a muted blue that no skin has, in BT.601 limited
// range.
const (
	maskY = 90
	maskU = 140
	maskV = 118
)

// cornerShare is the radius of a mask's corners as a share of its shorter side.
const cornerShare = .2

// A sheet is one frame of planar 4:2:0: luma, then two planes of half the size.
type sheet struct {
	w, h int // even
	yuv  []byte
}

func newSheet(w, h int) *sheet { return &sheet{w, h, make([]byte, w*h*3/2)} }

// cover draws an opaque box with rounded corners. What lies outside the picture
// is cut off, never moved in.
func (s *sheet) cover(b evidence.Box) {
	radius := min(b[2]-b[0], b[3]-b[1]) * cornerShare
	y, u, v := s.yuv[:s.w*s.h], s.yuv[s.w*s.h:s.w*s.h*5/4], s.yuv[s.w*s.h*5/4:]
	fill(y, s.w, s.h, 1, b, radius, maskY)
	fill(u, s.w/2, s.h/2, 2, b, radius, maskU)
	fill(v, s.w/2, s.h/2, 2, b, radius, maskV)
}

// whole covers everything.
func (s *sheet) whole() { s.cover(evidence.Box{-1e4, -1e4, 2e4, 2e4}) }

// fill paints one plane whose samples stand for step×step pixels. A sample that
// the box touches at all is painted: half a pixel of a face is too much.
func fill(plane []byte, w, h, step int, b evidence.Box, radius float64, value byte) {
	top, bottom := clampInt(math.Floor(b[1]/float64(step)), h), clampInt(math.Ceil(b[3]/float64(step)), h)
	for row := top; row < bottom; row++ {
		inset := corner(b, radius, float64(row*step), float64((row+1)*step))
		left := clampInt(math.Floor((b[0]+inset)/float64(step)), w)
		right := clampInt(math.Ceil((b[2]-inset)/float64(step)), w)
		for x := left; x < right; x++ {
			plane[row*w+x] = value
		}
	}
}

// corner is by how much a rounded box is narrower at the rows from..to: at the
// one of them that is nearest to its middle.
func corner(b evidence.Box, radius, from, to float64) float64 {
	middle := (b[1] + b[3]) / 2
	y := min(max(middle, from), to)
	depth := radius - min(y-b[1], b[3]-y) // how far into the corner's circle
	if depth <= 0 || radius <= 0 {
		return 0
	}
	depth = min(depth, radius)
	return radius - math.Sqrt(radius*radius-depth*depth)
}

func clampInt(f float64, limit int) int { return int(min(max(f, 0), float64(limit))) }

// regions gathers what a plan covers, frame by frame.
type regions struct {
	boxes map[int][]evidence.Box
	whole map[int]bool
}

func regionsOf(p *evidence.MaskPlan) regions {
	r := regions{make(map[int][]evidence.Box), make(map[int]bool)}
	for _, t := range p.Tracks {
		for frame, b := range t.Boxes {
			r.boxes[frame] = append(r.boxes[frame], b)
		}
	}
	for _, frame := range p.WholeFrames {
		r.whole[frame] = true
	}
	return r
}

// draw covers what the plan covers on this frame.
func (r regions) draw(s *sheet, frame int) {
	if r.whole[frame] {
		s.whole()
		return
	}
	for _, b := range r.boxes[frame] {
		s.cover(b)
	}
}
