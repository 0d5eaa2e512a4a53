package worker

import (
	"math"
	"sync"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
	"safehouse/internal/media"
)

// turns are the quarter turns, clockwise, at which something is done: 1, 2 and 3. The
// picture as it is, is no turn.
type turns [4]bool

// An extra is what is done on a frame beside looking at the picture as it is.
type extra struct {
	turns turns
	both  bool // the turned picture and its equalised copy, not in turn
	parts bool
}

// sureTurn is the score from which a face in a turned picture is one.
const sureTurn = .4

// gaze gives what all detectors see, the ordinary way and by what is done beside it,
// in pixels of p; and by which turns a face was found.
func (e *eye) gaze(p face.Picture, d media.Detection, turn int, more extra) ([]face.Hit, turns, error) {
	all, err := e.look(p, d, turn)
	if err != nil {
		return nil, turns{}, err
	}
	var found turns
	for quarter, wanted := range more.turns {
		if !wanted {
			continue
		}
		how := d
		how.Both = d.Both || more.both
		hits, err := e.look(rotated(p, quarter), how, turn)
		if err != nil {
			return nil, found, err
		}
		for _, h := range hits {
			h.Box = upright(h.Box, quarter, p.W, p.H)
			all = append(all, h)
			found[quarter] = found[quarter] || h.Score >= sureTurn
		}
	}
	if !more.parts {
		return all, found, nil
	}
	for _, part := range partsOf(p.W, p.H, d.Parts) {
		hits, err := e.look(cropped(p, part), d, turn)
		if err != nil {
			return nil, found, err
		}
		for _, h := range hits {
			x, y := float64(part.x), float64(part.y)
			h.Box = evidence.Box{h.Box[0] + x, h.Box[1] + y, h.Box[2] + x, h.Box[3] + y}
			all = append(all, h)
		}
	}
	return all, found, nil
}

// look gives what all detectors see. Of picture and equalised copy SSD looks at
// the one whose turn it is, or at both.
func (e *eye) look(p face.Picture, d media.Detection, turn int) ([]face.Hit, error) {
	var all []face.Hit
	add := func(hits []face.Hit, err error) error {
		all = append(all, hits...)
		return err
	}
	if d.Both || (turn+d.Turn)%2 == 0 {
		if err := add(e.ssd.Detect(p, d.Min)); err != nil {
			return nil, err
		}
	}
	if d.Both || (turn+d.Turn)%2 == 1 {
		if err := add(e.ssd.DetectEqualised(p, d.Min)); err != nil {
			return nil, err
		}
	}
	if e.yunet == nil {
		return all, nil
	}
	return all, add(e.yunet.Detect(p, d.Min))
}

// lying remembers by which turns faces were found lately, so that the same clip is
// looked at in the same way every time: a frame goes by what was seen at least
// behind frames before it, which is known whoever was quicker.
type lying struct {
	behind int

	mu   sync.Mutex
	last [4]int // frame + 1 at which each turn last showed a face; guarded by mu
	past []noted
}

type noted struct {
	frame int
	found turns
}

// turnedFor is for how many frames a turn is looked at after it showed a face.
const turnedFor = 25

// extra says what is done on frame n, the turn-th that is looked at.
func (l *lying) extra(n, turn int, d media.Detection) extra {
	if d.Key == 0 {
		return extra{}
	}
	if turn%d.Key == 0 {
		return extra{turns: turns{false, true, true, true}, parts: d.Parts > 1}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.past) > 0 && l.past[0].frame <= n-l.behind {
		for quarter, found := range l.past[0].found {
			if found {
				l.last[quarter] = l.past[0].frame + 1
			}
		}
		l.past = l.past[1:]
	}
	e := extra{both: true} // somebody lies there: look well
	for quarter, at := range l.last {
		e.turns[quarter] = at > 0 && n-at < turnedFor+l.behind
	}
	return e
}

// note takes in what was found on a frame, in order of frames.
func (l *lying) note(frame int, found turns) {
	if found == (turns{}) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.past = append(l.past, noted{frame, found})
}

// rotated turns a picture clockwise by quarters of a full turn.
func rotated(p face.Picture, quarter int) face.Picture {
	out := face.Picture{W: p.W, H: p.H, RGB: make([]byte, len(p.RGB))}
	if quarter%2 == 1 {
		out.W, out.H = p.H, p.W
	}
	for y := range p.H {
		for x := range p.W {
			var tx, ty int
			switch quarter {
			case 1:
				tx, ty = p.H-1-y, x
			case 2:
				tx, ty = p.W-1-x, p.H-1-y
			case 3:
				tx, ty = y, p.W-1-x
			}
			copy(out.RGB[3*(ty*out.W+tx):][:3], p.RGB[3*(y*p.W+x):][:3])
		}
	}
	return out
}

// upright brings a box of the turned picture back into the w×h one.
func upright(b evidence.Box, quarter, w, h int) evidence.Box {
	fw, fh := float64(w), float64(h)
	switch quarter {
	case 1:
		return evidence.Box{b[1], fh - b[2], b[3], fh - b[0]}
	case 2:
		return evidence.Box{fw - b[2], fh - b[3], fw - b[0], fh - b[1]}
	case 3:
		return evidence.Box{fw - b[3], b[0], fw - b[1], b[2]}
	}
	return b
}

// A part is a rectangle of a picture.
type part struct{ x, y, w, h int }

// partsOf gives n parts along the longer side and as many of about the same shape
// along the other, each overlapping the next by a third: a face on a seam is whole in
// one of them.
func partsOf(w, h, n int) []part {
	side := int(math.Ceil(float64(max(w, h)) / (1 + float64(n-1)*2/3)))
	var all []part
	for _, y := range starts(h, side) {
		for _, x := range starts(w, side) {
			all = append(all, part{x, y, min(w, side), min(h, side)})
		}
	}
	return all
}

// starts are where parts of that side begin along a length.
func starts(length, side int) []int {
	room := length - side
	if room <= 0 {
		return []int{0}
	}
	steps := (3*room + 2*side - 1) / (2 * side)
	all := make([]int, steps+1)
	for i := range all {
		all[i] = room * i / steps
	}
	return all
}

func cropped(p face.Picture, c part) face.Picture {
	out := face.Picture{W: c.w, H: c.h, RGB: make([]byte, 0, 3*c.w*c.h)}
	for y := c.y; y < c.y+c.h; y++ {
		out.RGB = append(out.RGB, p.RGB[3*(y*p.W+c.x):3*(y*p.W+c.x+c.w)]...)
	}
	return out
}
