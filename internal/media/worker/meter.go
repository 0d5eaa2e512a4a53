package worker

import (
	"math"

	"safehouse/internal/media"
)

// The grey picture on which cuts are found.
const (
	greyW = 64
	greyH = 36
)

// A meter measures frames against each other.
type meter struct {
	w, h   int
	grey   [greyW * greyH]float64
	before [greyW * greyH]float64
	sigma  float64 // of the frame before
	cell   []int   // of each pixel's column
}

func newMeter(w, h int) *meter {
	m := &meter{w: w, h: h, cell: make([]int, w)}
	for x := range m.cell {
		m.cell[x] = x * greyW / w
	}
	return m
}

// measure gives the frame's brightness, sharpness and distance from the frame
// before: mean difference / (σ₁+σ₂+1) on a 64×36 grey picture.
func (m *meter) measure(n int, rgb []byte) media.Look {
	m.before = m.grey
	mean, sharp := m.shrink(rgb)
	var diff, square float64
	for i, v := range m.grey {
		diff += math.Abs(v - m.before[i])
		square += (v - mean) * (v - mean)
	}
	cells := float64(greyW * greyH)
	sigma := math.Sqrt(square / cells)
	look := media.Look{Frame: n, Luma: mean, Sharp: sharp}
	if n > 0 {
		look.Cut = diff / cells / (m.sigma + sigma + 1)
	}
	m.sigma = sigma
	return look
}

// shrink fills the grey picture and gives the mean luma and the mean difference
// of neighbours.
func (m *meter) shrink(rgb []byte) (mean, sharp float64) {
	var sum, count [greyW * greyH]int
	edges := 0
	for y := range m.h {
		row := y * greyH / m.h * greyW
		line := rgb[y*m.w*3 : (y+1)*m.w*3]
		last := luma(line)
		for x := range m.w {
			l := luma(line[x*3:])
			c := row + m.cell[x]
			sum[c] += l
			count[c]++
			edges += max(l-last, last-l)
			last = l
		}
	}
	for i := range m.grey {
		if count[i] > 0 { // a picture smaller than the grey one leaves cells empty
			m.grey[i] = float64(sum[i]) / float64(count[i])
		}
		mean += m.grey[i]
	}
	return mean / (greyW * greyH), float64(edges) / float64(m.w*m.h)
}

// luma is as ITU-R BT.601 weighs it, in integers.
func luma(p []byte) int { return (77*int(p[0]) + 150*int(p[1]) + 29*int(p[2])) >> 8 }
