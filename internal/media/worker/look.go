package worker

import (
	"math"
	"slices"
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
	both  bool // the picture and its equalised copy, not in turn
	parts bool

	// Where nobody is known to lie, it is enough to look beside at the one of picture and
	// copy whose turn it is, and at the other where that showed something.
	first bool
	turn  int
}

// extraLeast is the least score that counts of what is done beside looking at the picture
// as it is. Lower ones are noise there: on the recorded clips each turn had ten times as
// many false hits as the upright picture (docs/design/mask-planning.md).
const extraLeast = .5

// gaze gives what all detectors see, the ordinary way and by what is done beside it,
// in pixels of p; and by which turns a face was found.
func (e *eye) gaze(p face.Picture, d media.Detection, turn int, more extra) ([]face.Hit, turns, error) {
	well := d
	well.Both = d.Both || more.both
	small, times := e.smaller(p)
	upright, err := e.look(small, well, turn)
	if err != nil {
		return nil, turns{}, err
	}
	enlarge(upright, times)
	d.Both = d.Both || more.both && !more.first
	var beside [4][]face.Hit // by quarter turns; 0: in parts
	for quarter, wanted := range more.turns {
		if !wanted {
			continue
		}
		if beside[quarter], err = e.lookTurned(small, times, quarter, d, more.turn, upright); err != nil {
			return nil, turns{}, err
		}
	}
	if more.parts {
		if beside[0], err = e.lookAtParts(p, d, more.turn, upright); err != nil {
			return nil, turns{}, err
		}
	}
	all, found := weigh(upright, beside)
	return all, found, nil
}

func enlarge(hits []face.Hit, times float64) {
	for i := range hits {
		for k := range hits[i].Box {
			hits[i].Box[k] *= times
		}
	}
}

// lookUntilSure looks at the one of picture and copy whose turn it is, and at the other
// only where that showed something new, to confirm it. Back brings hits to their place.
func (e *eye) lookUntilSure(p face.Picture, d media.Detection, turn int, known []face.Hit, back func([]face.Hit) []face.Hit) ([]face.Hit, error) {
	hits, err := e.look(p, d, turn)
	hits = back(hits)
	fresh := func(h face.Hit) bool { return h.Score >= extraLeast && !around(h, known) }
	if err != nil || d.Both || !slices.ContainsFunc(hits, fresh) {
		return hits, err
	}
	more, err := e.look(p, d, turn+1)
	return append(hits, back(more)...), err
}

func (e *eye) lookTurned(p face.Picture, times float64, quarter int, d media.Detection, turn int, known []face.Hit) ([]face.Hit, error) {
	return e.lookUntilSure(rotated(p, quarter), d, turn, known, func(hits []face.Hit) []face.Hit {
		hits = slices.DeleteFunc(hits, func(h face.Hit) bool { return boxArea(h.Box) > turnedMost*float64(p.W*p.H) })
		for i, h := range hits {
			hits[i].Box = upright(h.Box, quarter, p.W, p.H)
		}
		enlarge(hits, times)
		return hits
	})
}

// What is looked for beside is lying, or small. Larger hits are mostly false there: a
// whole person taken for a face.
const (
	turnedMost = .3     // of the picture's area
	partMost   = 1. / 3 // of the part's longer side
)

func boxArea(b evidence.Box) float64 { return (b[2] - b[0]) * (b[3] - b[1]) }

func (e *eye) lookAtParts(p face.Picture, d media.Detection, turn int, known []face.Hit) ([]face.Hit, error) {
	var all []face.Hit
	for _, part := range partsOf(p.W, p.H, d.Parts) {
		hits, err := e.lookUntilSure(cropped(p, part), d, turn, known, func(hits []face.Hit) []face.Hit {
			hits = slices.DeleteFunc(hits, func(h face.Hit) bool {
				return max(h.Box[2]-h.Box[0], h.Box[3]-h.Box[1]) > partMost*float64(max(part.w, part.h))
			})
			x, y := float64(part.x), float64(part.y)
			for i, h := range hits {
				hits[i].Box = evidence.Box{h.Box[0] + x, h.Box[1] + y, h.Box[2] + x, h.Box[3] + y}
			}
			return hits
		})
		if err != nil {
			return nil, err
		}
		all = append(all, hits...)
	}
	return all, nil
}

// weigh adds to what was seen upright what was seen beside it, and says by which turns
// a face was found. A hit around a face that is seen upright says nothing new: there is
// one face to a head. A hit that only one of picture and copy gave is marked.
func weigh(upright []face.Hit, beside [4][]face.Hit) ([]face.Hit, turns) {
	all := slices.Clone(upright)
	var found turns
	for quarter, hits := range beside {
		for _, h := range hits {
			if h.Score < extraLeast || around(h, upright) {
				continue
			}
			h.Alone = !agreed(h, upright, beside[0], beside[1], beside[2], beside[3])
			found[quarter] = found[quarter] || quarter > 0 && !h.Alone
			all = append(all, h)
		}
	}
	return all, found
}

// around says whether the middle of a sure face lies in a hit.
func around(h face.Hit, sure []face.Hit) bool {
	return slices.ContainsFunc(sure, func(k face.Hit) bool {
		x, y := (k.Box[0]+k.Box[2])/2, (k.Box[1]+k.Box[3])/2
		return k.Score >= extraLeast && x > h.Box[0] && x < h.Box[2] && y > h.Box[1] && y < h.Box[3]
	})
}

// agreed says whether another detector, or the same one on the other of picture and
// copy, sees that face too.
func agreed(h face.Hit, others ...[]face.Hit) bool {
	for _, hits := range others {
		if slices.ContainsFunc(hits, func(k face.Hit) bool {
			return k.Detector != h.Detector && k.Score >= agreeLeast && face.Overlap(h.Box, k.Box) > agreeOverlap
		}) {
			return true
		}
	}
	return false
}

const (
	agreeLeast   = .4
	agreeOverlap = .4
)

// smaller is the picture, or where it is much larger than what is looked at as a whole,
// half of it, and what leads back.
func (e *eye) smaller(p face.Picture) (face.Picture, float64) {
	if 2*max(p.W, p.H) < 3*longest(media.Detection{}, e.beside != nil) {
		return p, 1
	}
	half := face.Picture{W: p.W / 2, H: p.H / 2}
	if need := 3 * half.W * half.H; len(e.half) != need {
		e.half = make([]byte, need)
	}
	half.RGB = e.half
	halve(half, p)
	return half, 2
}

// halve makes a pixel of each four.
func halve(to, from face.Picture) {
	for y := range to.H {
		upper, lower := from.RGB[6*y*from.W:], from.RGB[(6*y+3)*from.W:]
		out := to.RGB[3*y*to.W : 3*(y+1)*to.W]
		for x := 0; x < len(out); x += 3 {
			u, l := upper[2*x:2*x+6:2*x+6], lower[2*x:2*x+6:2*x+6]
			for c := range 3 {
				out[x+c] = byte((uint(u[c]) + uint(u[c+3]) + uint(l[c]) + uint(l[c+3]) + 2) / 4)
			}
		}
	}
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
	if e.beside == nil {
		return all, nil
	}
	return all, add(e.beside.Detect(p, d.Min))
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
		return extra{turns: turns{false, true, true, true}, both: true, parts: d.Parts > 1, first: true, turn: turn / d.Key}
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
	var e extra
	for quarter, at := range l.last {
		e.turns[quarter] = at > 0 && n-at < turnedFor+l.behind
		e.both = e.both || e.turns[quarter] // somebody lies there: look well
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
