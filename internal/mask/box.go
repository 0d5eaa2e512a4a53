package mask

import (
	"cmp"
	"math"

	"safehouse/internal/evidence"
)

func width(b evidence.Box) float64  { return b[2] - b[0] }
func height(b evidence.Box) float64 { return b[3] - b[1] }
func area(b evidence.Box) float64   { return max(0, width(b)) * max(0, height(b)) }

// shared is the area that two boxes have in common.
func shared(a, b evidence.Box) float64 {
	return area(evidence.Box{max(a[0], b[0]), max(a[1], b[1]), max(min(a[2], b[2]), max(a[0], b[0])), max(min(a[3], b[3]), max(a[1], b[1]))})
}

// overlap is the share that two boxes have in common of all that they cover.
func overlap(a, b evidence.Box) float64 {
	s := shared(a, b)
	if s == 0 {
		return 0
	}
	return s / (area(a) + area(b) - s)
}

// hull is the smallest box around both.
func hull(a, b evidence.Box) evidence.Box {
	return evidence.Box{min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])}
}

// distance is between the middles of two boxes.
func distance(a, b evidence.Box) float64 {
	return math.Hypot((a[0]+a[2]-b[0]-b[2])/2, (a[1]+a[3]-b[1]-b[3])/2)
}

// between is the box a share of the way from a to b.
func between(a, b evidence.Box, share float64) evidence.Box {
	var out evidence.Box
	for i := range out {
		out[i] = a[i] + (b[i]-a[i])*share
	}
	return out
}

// grown is the box with a share of its size added on every side.
func grown(b evidence.Box, share float64) evidence.Box {
	w, h := width(b)*share, height(b)*share
	return evidence.Box{b[0] - w, b[1] - h, b[2] + w, b[3] + h}
}

// head is the box of a whole head around that of a face: a detector's box ends at
// brow and chin. It is not cut off at the picture's edge, where that would leave
// a corner bare.
func head(face evidence.Box) evidence.Box {
	side := max(minMargin, sideMargin*width(face))
	top := max(minMargin, topMargin*height(face))
	bottom := max(minMargin, bottomMargin*height(face))
	return evidence.Box{face[0] - side, face[1] - top, face[2] + side, face[3] + bottom}
}

// The margins of a mask around a face, as shares of the face's size, and the
// least of them in pixels.
const (
	sideMargin   = .35
	topMargin    = .50
	bottomMargin = .35
	minMargin    = 8
)

// rounded keeps a tenth of a pixel: a plan is read by people.
func rounded(b evidence.Box) evidence.Box {
	for i, v := range b {
		b[i] = math.Round(v*10) / 10
	}
	return b
}

func abs(n int) int            { return max(n, -n) }
func compare(a, b float64) int { return cmp.Compare(a, b) }
