package worker

import (
	"math"
	"slices"
)

// A point is a place in a picture.
type point struct{ x, y float32 }

// What a point is followed by: a window of so many pixels on each level, for so many
// steps at most (Lucas, Kanade 1981; Bouguet 2001).
const (
	window    = 7
	flowSteps = 8
	flowEnds  = .03 // of a pixel: a step so short is the last
	flowFlat  = 40  // the least gradient that tells where a point is, squared
)

// flow follows a point from a to b, from the smallest copies to the largest. It begins at
// guess, and is false where there is nothing to hold on to.
func flow(a, b *grey, p, guess point, levels int) (point, bool) {
	d := point{guess.x - p.x, guess.y - p.y}
	sure := false
	for n := levels; n >= 0; n-- {
		ga, by := a.level(n)
		gb, _ := b.level(n)
		at := point{down(p.x, by), down(p.y, by)}
		moved, ok := settle(ga, gb, at, point{d.x / by, d.y / by})
		if ok {
			d = point{moved.x * by, moved.y * by}
		}
		sure = ok
	}
	return point{p.x + d.x, p.y + d.y}, sure
}

// down is where a place of the full picture lies in a copy that is smaller by that much:
// pixels are areas, and it is their middles that have numbers.
func down(v, by float32) float32 { return (v+.5)/by - .5 }

// settle finds by how much a window has moved on one level.
func settle(a, b *grey, p, d point) (point, bool) {
	const wide = window + 2
	var around [wide * wide]float32
	var now, gx, gy [window * window]float32
	a.patch(p.x, p.y, wide, around[:])
	var xx, xy, yy float32
	for i := range window {
		for k := range window {
			m := (i+1)*wide + k + 1
			x, y := (around[m+1]-around[m-1])/2, (around[m+wide]-around[m-wide])/2
			gx[i*window+k], gy[i*window+k] = x, y
			xx, xy, yy = xx+x*x, xy+x*y, yy+y*y
		}
	}
	det := xx*yy - xy*xy
	least := (xx + yy - float32(math.Sqrt(float64((xx-yy)*(xx-yy)+4*xy*xy)))) / 2
	if least < flowFlat || det <= 0 {
		return d, false
	}
	for range flowSteps {
		if x, y := p.x+d.x, p.y+d.y; x < -window || y < -window || x > float32(b.w+window) || y > float32(b.h+window) {
			return d, false
		}
		b.patch(p.x+d.x, p.y+d.y, window, now[:])
		var ex, ey float32
		for i := range window {
			for k := range window {
				e := around[(i+1)*wide+k+1] - now[i*window+k]
				ex, ey = ex+e*gx[i*window+k], ey+e*gy[i*window+k]
			}
		}
		sx, sy := (yy*ex-xy*ey)/det, (xx*ey-xy*ex)/det
		d.x, d.y = d.x+sx, d.y+sy
		if sx*sx+sy*sy < flowEnds*flowEnds {
			break
		}
	}
	return d, true
}

// A motion is how what lies in a place has moved from one picture to the next.
type motion struct {
	dx, dy, scale, turn float32
	held                float32 // share of the points that came back to where they began
}

// grid is how many points lie across a place.
const grid = 7

// median flow (Kalal, Mikolajczyk, Matas 2010): points on a grid are followed there and
// back; those that come out where they began vote, and the middle vote counts.
func moved(a, b *grey, p place, guess point) (motion, bool) {
	levels := p.levels()
	limit := max(.7, .06*min(p.w, p.h))
	var from, to []point
	all := 0
	for _, u := range spots(grid) {
		at := p.spot(u.x*.85, u.y*.85)
		if at.x < 0 || at.y < 0 || at.x > float32(a.w-1) || at.y > float32(a.h-1) {
			continue
		}
		all++
		there, ok := flow(a, b, at, point{at.x + guess.x, at.y + guess.y}, levels)
		if !ok {
			continue
		}
		back, ok := flow(b, a, there, at, levels)
		if ok && distance2(back, at) <= limit*limit {
			from, to = append(from, at), append(to, there)
		}
	}
	if len(from) < leastPoints || len(from)*5 < all*2 {
		return motion{}, false
	}
	m := votes(from, to)
	m.held = float32(len(from)) / float32(all)
	return m, m.scale > .75 && m.scale < 1.33 && m.turn > -.4 && m.turn < .4
}

// leastPoints is how many points must hold for their votes to count.
const leastPoints = 6

func votes(from, to []point) motion {
	var xs, ys, scales, turns []float32
	for i := range from {
		xs, ys = append(xs, to[i].x-from[i].x), append(ys, to[i].y-from[i].y)
		for k := range i {
			ax, ay := from[i].x-from[k].x, from[i].y-from[k].y
			bx, by := to[i].x-to[k].x, to[i].y-to[k].y
			if la := ax*ax + ay*ay; la > 1 {
				scales = append(scales, (bx*bx+by*by)/la)
				turns = append(turns, (ax*by-ay*bx)/la) // of small turns the angle itself
			}
		}
	}
	m := motion{dx: middle(xs), dy: middle(ys), scale: 1}
	if len(scales) > 0 {
		m.scale, m.turn = float32(math.Sqrt(float64(middle(scales)))), middle(turns)
	}
	return m
}

// middle is the median. It sorts what it is given.
func middle(v []float32) float32 {
	slices.Sort(v)
	return v[len(v)/2]
}

func distance2(a, b point) float32 { return (a.x-b.x)*(a.x-b.x) + (a.y-b.y)*(a.y-b.y) }
