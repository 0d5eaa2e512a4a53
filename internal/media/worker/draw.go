package worker

import (
	"math"

	"safehouse/internal/evidence"
)

// A tone is a colour in BT.601, limited range.
type tone struct{ y, u, v byte }

// maskTone is the colour of every solid mask: a muted blue that no skin has.
var maskTone = tone{90, 140, 118}

// cornerShare is the radius of a mask's corners as a share of its shorter side.
const cornerShare = .2

// An ink is what a box is painted with: cells by rows, as many across as down. A
// solid one has a single cell.
type ink struct {
	across int
	cells  []tone
}

var solidInk = ink{1, []tone{maskTone}}

// A surface is a picture that boxes are painted on.
type surface interface {
	// mean is the mean colour of what of b lies in the picture; of nothing it is grey.
	mean(b evidence.Box) (y, u, v float64)
	// paint covers b, with rounded corners, opaquely: nothing of what was there has a
	// part in what is there then. What lies outside the picture is cut off, never
	// moved in. A sample that the box touches at all is painted: half a pixel of a
	// face is too much.
	paint(b evidence.Box, k ink)
}

// A sheet is one frame of planar 4:2:0: luma, then two planes of half the size.
type sheet struct {
	w, h int // even
	yuv  []byte
}

func newSheet(w, h int) *sheet { return &sheet{w, h, make([]byte, w*h*3/2)} }

// planes gives the three planes. Samples of the second and third stand for 2×2 pixels.
func (s *sheet) planes() [3]plane {
	n := s.w * s.h
	return [3]plane{
		{s.yuv[:n], s.w, s.h, 1}, {s.yuv[n : n*5/4], s.w / 2, s.h / 2, 2}, {s.yuv[n*5/4:], s.w / 2, s.h / 2, 2},
	}
}

func (s *sheet) mean(b evidence.Box) (y, u, v float64) {
	p := s.planes()
	return p[0].mean(b), p[1].mean(b), p[2].mean(b)
}

func (s *sheet) paint(b evidence.Box, k ink) {
	p := s.planes()
	p[0].paint(b, k, func(t tone) byte { return t.y })
	p[1].paint(b, k, func(t tone) byte { return t.u })
	p[2].paint(b, k, func(t tone) byte { return t.v })
}

// A plane is one component of a picture. Its samples stand for step×step pixels.
type plane struct {
	pix  []byte
	w, h int
	step int
}

// rows are those that the box touches.
func (p plane) rows(b evidence.Box) (top, bottom int) {
	step := float64(p.step)
	return clampInt(math.Floor(b[1]/step), p.h), clampInt(math.Ceil(b[3]/step), p.h)
}

// columns are those that the box touches on a row, which is shorter near its corners.
func (p plane) columns(b evidence.Box, radius float64, row int) (left, right int) {
	step := float64(p.step)
	inset := corner(b, radius, float64(row)*step, float64(row+1)*step)
	return clampInt(math.Floor((b[0]+inset)/step), p.w), clampInt(math.Ceil((b[2]-inset)/step), p.w)
}

func (p plane) mean(b evidence.Box) float64 {
	sum, n := 0, 0
	top, bottom := p.rows(b)
	for row := top; row < bottom; row++ {
		left, right := p.columns(b, 0, row)
		for _, v := range p.pix[row*p.w+left : row*p.w+max(left, right)] {
			sum += int(v)
		}
		n += max(0, right-left)
	}
	if n == 0 {
		return 128
	}
	return float64(sum) / float64(n)
}

func (p plane) paint(b evidence.Box, k ink, of func(tone) byte) {
	radius := roundness(b)
	top, bottom := p.rows(b)
	for row := top; row < bottom; row++ {
		left, right := p.columns(b, radius, row)
		cells := k.row(b, float64(row*p.step))
		if value := of(cells[0]); k.across == 1 {
			for x := left; x < right; x++ {
				p.pix[row*p.w+x] = value
			}
			continue
		}
		for x := left; x < right; x++ {
			p.pix[row*p.w+x] = of(cells[k.column(b, float64(x*p.step))])
		}
	}
}

func roundness(b evidence.Box) float64 { return min(b[2]-b[0], b[3]-b[1]) * cornerShare }

// row is the cells in which a height lies, column the place of one of them.
func (k ink) row(b evidence.Box, y float64) []tone {
	at := k.part(y-b[1], b[3]-b[1])
	return k.cells[at*k.across : (at+1)*k.across]
}

func (k ink) column(b evidence.Box, x float64) int { return k.part(x-b[0], b[2]-b[0]) }

func (k ink) part(at, of float64) int {
	if k.across == 1 {
		return 0
	}
	return min(clampInt(at/of*float64(k.across), k.across), k.across-1)
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

// everything is a box that no picture reaches out of, corners and all.
var everything = evidence.Box{-1e5, -1e5, 2e5, 2e5}

// A patch is a box and the track that it is of.
type patch struct {
	track int
	box   evidence.Box
}

// A cover burns a plan in, frame by frame.
type cover struct {
	patches map[int][]patch // by frame
	whole   map[int]bool
	inks    inks
}

func coverOf(p *evidence.MaskPlan, style string) cover {
	c := cover{map[int][]patch{}, map[int]bool{}, inksOf(style)}
	for _, t := range p.Tracks {
		for frame, b := range t.Boxes {
			c.patches[frame] = append(c.patches[frame], patch{t.ID, b})
		}
	}
	for _, frame := range p.WholeFrames {
		c.whole[frame] = true
	}
	return c
}

// draw covers what the plan covers on this frame. All that an ink takes from the
// picture it takes before anything is painted.
func (c cover) draw(s surface, frame int) {
	if c.whole[frame] {
		s.paint(everything, solidInk)
		return
	}
	for _, p := range c.patches[frame] {
		c.inks.mix(s, p)
	}
	for _, p := range c.patches[frame] {
		s.paint(p.box, c.inks.of(p.track))
	}
}
