// Package face finds faces: a picture in, boxes with scores out. It runs inside
// the worker that opens hostile files and nowhere else, has no keys and knows
// neither vault nor case.
//
// A Detector never judges for another: each gives all that it saw at every scale
// it looked at, and whoever links hits over time unites them. A second scale may
// only add. Which detectors there are on a machine is said by [Open], and goes
// into every plan.
package face

import "safehouse/internal/evidence"

// A Hit is one face as one detector saw it, in pixels of the picture it was
// given. Score is between 0 and 1 and comparable only within a detector.
type Hit struct {
	Box      evidence.Box `json:"box"`
	Score    float64      `json:"score"`
	Detector string       `json:"detector"`

	// Alone marks a hit of an unusual way of looking that no other detector confirms: a
	// face, perhaps.
	Alone bool `json:"alone,omitempty"`
}

// The detectors' names, as plans and reports show them.
const (
	SSD          = "ssd"           // on the picture
	SSDEqualised = "ssd_equalised" // the same network on the contrast-equalised copy
	YuNet        = "yunet"
)

// A Picture is packed RGB, 8 bits a channel, rows without padding.
type Picture struct {
	W, H int
	RGB  []byte
}

// A Detector finds faces. It is used by one goroutine at a time; each core has
// one of its own.
type Detector interface {
	// Detect gives every face with at least the score min.
	Detect(p Picture, min float64) ([]Hit, error)
	// Close lets go of the network.
	Close() error
}

// Overlap is the share that two boxes have in common of all that they cover.
func Overlap(a, b evidence.Box) float64 {
	w := min(a[2], b[2]) - max(a[0], b[0])
	h := min(a[3], b[3]) - max(a[1], b[1])
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h / (area(a) + area(b) - w*h)
}

func area(b evidence.Box) float64 { return (b[2] - b[0]) * (b[3] - b[1]) }
