package worker

import (
	"cmp"
	"math"
	"slices"

	"safehouse/internal/evidence"
)

// A place is an upright or turned ellipse in a picture: where something is.
type place struct {
	x, y, w, h float32
	turn       float32 // radians, clockwise
}

func placeOf(b evidence.Box) place {
	return place{x: float32(b[0]+b[2])/2 - .5, y: float32(b[1]+b[3])/2 - .5, w: float32(b[2] - b[0]), h: float32(b[3] - b[1])}
}

// box is the upright box around the place.
func (p place) box() evidence.Box {
	sin, cos := math.Sincos(float64(p.turn))
	rx, ry := float64(p.w)/2, float64(p.h)/2
	ex, ey := math.Hypot(rx*cos, ry*sin), math.Hypot(rx*sin, ry*cos)
	x, y := float64(p.x)+.5, float64(p.y)+.5
	return evidence.Box{x - ex, y - ey, x + ex, y + ey}
}

// spot is the point of the picture at (u, v) of the place, both −1…1 across it.
func (p place) spot(u, v float32) point {
	sin, cos := math.Sincos(float64(p.turn))
	x, y := u*p.w/2, v*p.h/2
	return point{p.x + x*float32(cos) - y*float32(sin), p.y + x*float32(sin) + y*float32(cos)}
}

func (p place) by(m motion) place {
	return place{p.x + m.dx, p.y + m.dy, p.w * m.scale, p.h * m.scale, p.turn + m.turn}
}

// levels is how many smaller copies still show something of it.
func (p place) levels() int {
	n := 0
	for s := min(p.w, p.h); s >= 14 && n < 3; s /= 2 {
		n++
	}
	return n
}

// inside is the share of the place that lies in a picture.
func (p place) inside(g *grey) float32 {
	n := 0
	for _, u := range lookSpots {
		if at := p.spot(u.x, u.y); at.x >= -.5 && at.y >= -.5 && at.x < float32(g.w) && at.y < float32(g.h) {
			n++
		}
	}
	return float32(n) / float32(len(lookSpots))
}

// spots are the points of an n×n grid that lie in the circle, −1…1 both ways.
func spots(n int) []point {
	var all []point
	for i := range n {
		for k := range n {
			u, v := (2*float32(k)+1)/float32(n)-1, (2*float32(i)+1)/float32(n)-1
			if u*u+v*v <= 1 {
				all = append(all, point{u, v})
			}
		}
	}
	return all
}

// lookSpots are where the look of a place is taken.
var lookSpots = spots(14)

// A look is what a place looks like: one value a spot.
type look []float32

func (g *grey) look(p place) look {
	l := make(look, len(lookSpots))
	g.each(p, func(i int, v float32) { l[i] = v })
	return l
}

// each gives the value at each spot of a place that lies in the picture, on the copy
// whose pixels are about as far apart as the spots.
func (g *grey) each(p place, f func(i int, v float32)) {
	n := 0
	for d := min(p.w, p.h) / 14; d > 1.4; d /= 2 {
		n++
	}
	s, by := g.level(n)
	sin, cos := math.Sincos(float64(p.turn))
	ux, uy := p.w/2*float32(cos), p.w/2*float32(sin)
	vx, vy := -p.h/2*float32(sin), p.h/2*float32(cos)
	for i, u := range lookSpots {
		x, y := p.x+u.x*ux+u.y*vx, p.y+u.x*uy+u.y*vy
		if x < -.5 || y < -.5 || x >= float32(g.w) || y >= float32(g.h) {
			continue
		}
		f(i, s.at(down(x, by), down(y, by)))
	}
}

// like says how much a place looks like l, −1…1: the correlation, which brightness and
// contrast do not change. It is 0 where too little of it is in the picture, or where
// everything is of one grey.
func (l look) like(g *grey, p place) float32 {
	var n, a, b, aa, bb, ab float32
	g.each(p, func(i int, v float32) {
		n++
		a, b = a+l[i], b+v
		aa, bb, ab = aa+l[i]*l[i], bb+v*v, ab+l[i]*v
	})
	if n < leastSeen*float32(len(lookSpots)) {
		return 0
	}
	va, vb := aa-a*a/n, bb-b*b/n
	if va < n || vb < n { // less than a step of grey: nothing to know it by
		return 0
	}
	return (ab - a*b/n) / float32(math.Sqrt(float64(va)*float64(vb)))
}

// What a tracker works with. Measured by bench/following.
const (
	leastFollowed = 8   // pixels: less has no look
	leastSeen     = .35 // of it must be in the picture
	keepLike      = .70 // as long as it is so like the seed, it is the same
	findLike      = .80 // so like it must be at least to be found again,
	aboveRival    = .08 // and more like by so much than what lay beside the seed,
	surelyLike    = .94 // but nothing is ever more like than this
	flowLike      = .30 // less like, and the points follow something else
	flowFrames    = 12  // for so long the points may lead alone
)

// A tracker follows one seed in one direction. It goes where the points in it go, and
// looks at every step whether what is there is still what the seed looked like: the
// seed's look never changes, so that it cannot drift to the wall behind.
type tracker struct {
	seed   int
	ends   int // no further than this frame
	sure   look
	find   float32 // so like it must be to be found again
	at     place
	known  place // where it last looked like the seed
	before *grey // the picture that at is in; nil when it was lost there
	speed  point
	alone  int // frames that the points led alone
	lost   int // frames since it was last found
}

func newTracker(seed, ends int, g *grey, p place) *tracker {
	t := &tracker{seed: seed, ends: ends, sure: g.look(p), at: p, known: p, before: g}
	_, rival := t.around(g, p, 2.4, .7)
	t.find = min(max(findLike, rival+aboveRival), surelyLike)
	return t
}

// next looks for it in the next picture. Found is false when it is not there; sure is
// false when only the points say that it is there.
func (t *tracker) next(g *grey) (score float32, found, sure bool) {
	if t.before == nil {
		return t.again(g)
	}
	ahead, held := t.predict(g)
	best, score := t.sure.climb(g, ahead, .06, t.sure.like(g, ahead))
	switch {
	case score >= keepLike && t.near(best):
		t.step(g, best)
		t.alone, t.known = 0, best
		return score, true, true
	case held && score >= flowLike && t.alone < flowFrames && best.inside(g) >= leastSeen:
		t.step(g, ahead)
		t.alone++
		return score, true, false
	}
	t.before, t.speed = nil, point{}
	return t.again(g)
}

// predict says where the points go, or else where it was going.
func (t *tracker) predict(g *grey) (place, bool) {
	m, ok := moved(t.before, g, t.at, t.speed)
	if !ok {
		m, ok = moved(t.before, g, t.at, point{})
	}
	if ok {
		return t.at.by(m), true
	}
	p := t.at
	p.x, p.y = p.x+t.speed.x, p.y+t.speed.y
	return p, false
}

// near refuses a leap.
func (t *tracker) near(p place) bool {
	far := max(t.at.w, t.at.h) + float32(math.Hypot(float64(t.speed.x), float64(t.speed.y)))
	return distance2(point{p.x, p.y}, point{t.at.x, t.at.y}) <= far*far
}

func (t *tracker) step(g *grey, p place) {
	t.speed = point{p.x - t.at.x, p.y - t.at.y}
	t.at, t.before, t.lost = p, g, 0
}

// again looks for it around where it was last seen, further out the longer it is gone.
func (t *tracker) again(g *grey) (score float32, found, sure bool) {
	t.lost++
	from := t.known
	if t.lost%2 == 0 {
		from = t.at // the points may have led astray, or right
	}
	best, score := t.around(g, from, min(1.2, .5+.05*float32(t.lost)), 0)
	if score < t.find {
		return score, false, false
	}
	t.step(g, best)
	t.speed, t.alone, t.known = point{}, 0, best
	return score, true, true
}

// around gives the most alike place that is at most far from a place, in sizes of that,
// and further than near.
func (t *tracker) around(g *grey, from place, far, near float32) (best place, score float32) {
	const stride, tries = .2, 4
	type candidate struct {
		at   place
		like float32
	}
	var top []candidate
	for dy := -far; dy <= far; dy += stride {
		for dx := -far; dx <= far; dx += stride {
			p := from
			p.x, p.y = p.x+dx*p.w, p.y+dy*p.h
			if max(dx, -dx, dy, -dy) >= near {
				top = append(top, candidate{p, t.sure.like(g, p)})
			}
		}
	}
	slices.SortFunc(top, func(a, b candidate) int { return cmp.Compare(b.like, a.like) })
	for _, c := range top[:min(tries, len(top))] {
		p, s := t.sure.climb(g, c.at, .1, c.like)
		if dx, dy := (p.x-from.x)/p.w, (p.y-from.y)/p.h; s > score && max(dx, -dx, dy, -dy) >= near-.2 {
			best, score = p, s
		}
	}
	return best, score
}

// climb goes by small steps of place, size and turn to where it is most alike.
func (l look) climb(g *grey, p place, stride, score float32) (place, float32) {
	for ; stride > .015; stride /= 2.5 {
		for range 5 {
			best := p
			for _, q := range [...]place{
				{p.x + stride*p.w, p.y, p.w, p.h, p.turn}, {p.x - stride*p.w, p.y, p.w, p.h, p.turn},
				{p.x, p.y + stride*p.h, p.w, p.h, p.turn}, {p.x, p.y - stride*p.h, p.w, p.h, p.turn},
				{p.x, p.y, p.w * (1 + stride), p.h * (1 + stride), p.turn}, {p.x, p.y, p.w / (1 + stride), p.h / (1 + stride), p.turn},
				{p.x, p.y, p.w, p.h, p.turn + stride}, {p.x, p.y, p.w, p.h, p.turn - stride},
			} {
				if s := l.like(g, q); s > score {
					best, score = q, s
				}
			}
			if best == p {
				break
			}
			p = best
		}
	}
	return p, score
}
