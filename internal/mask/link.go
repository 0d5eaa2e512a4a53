package mask

import (
	"maps"
	"slices"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
)

// A sight is one hit at one frame.
type sight struct {
	frame int
	box   evidence.Box
	score float64
	sure  bool // a high score is one: a second look agrees where the first was out of the way
}

// A chain is one face followed through its frames: sights in rising order of
// frames, never two on one.
type chain []sight

func (c chain) first() sight { return c[0] }
func (c chain) last() sight  { return c[len(c)-1] }

// family is the detectors whose scores mean the same and whose hits are linked
// together: SSD sees picture and copy in turn. Families are linked apart, so that
// none judges for another.
func family(detector string) string {
	if detector == face.SSDEqualised {
		return face.SSD
	}
	return detector
}

// A linker follows faces within one shot by hysteresis: a hit of at least seed makes a
// chain, so do several of at least begin; hits of at least extend go on with it, in both
// directions.
type linker struct {
	seed, begin, extend float64
	enough              int // hits of at least begin make a chain without a sure one
	gap                 int // most frames without a sight inside a chain
}

// link gives the chains of one family's sights, which are sorted by frame.
// Forwards finds how a face goes on, backwards how it began; what both followed
// is united.
func (l linker) link(sights []sight) []chain {
	sights = single(sights)
	return l.gather(sights, append(l.follow(sights, 1), l.follow(sights, -1)...))
}

// single makes one sight of all that are the same face on one frame, seen at several
// scales or in picture and copy.
func single(sights []sight) []sight {
	var out []sight
	for _, group := range byFrame(sights, 1) {
		slices.SortStableFunc(group, func(i, j int) int { return compare(sights[j].score, sights[i].score) })
		begin := len(out)
		best := len(out)
		var boxes []evidence.Box // of the best of each, before it grew
		for _, i := range group {
			s := sights[i]
			at := slices.IndexFunc(boxes, func(b evidence.Box) bool {
				return overlap(b, s.box) > .45 || area(s.box) < area(b) && shared(b, s.box) > .7*area(s.box) // half a face
			})
			if at < 0 {
				out, boxes = append(out, s), append(boxes, s.box)
				continue
			}
			out[best+at].box = hull(out[best+at].box, s.box)
			out[best+at].sure = out[best+at].sure || s.sure
		}
		slices.SortStableFunc(out[begin:], func(a, b sight) int { return compare(a.box[0], b.box[0]) })
	}
	return out
}

// follow walks through time in one direction and gives, for each chain, the
// indices of its sights.
func (l linker) follow(sights []sight, step int) [][]int {
	var open, ended [][]int
	for _, group := range byFrame(sights, step) {
		now := sights[group[0]].frame
		open = slices.DeleteFunc(open, func(c []int) bool {
			gone := abs(now-sights[c[len(c)-1]].frame) > l.gap+1
			if gone {
				ended = append(ended, c)
			}
			return gone
		})
		open = l.extendAll(sights, open, group)
	}
	return slices.DeleteFunc(append(ended, open...), func(c []int) bool { return !l.real(sights, c) })
}

// real says whether a chain is a face: it was seen surely once, or often enough.
func (l linker) real(sights []sight, c []int) bool {
	often := 0
	for _, i := range c {
		if sights[i].sure && sights[i].score >= l.seed {
			return true
		}
		if sights[i].score >= l.begin {
			often++
		}
	}
	return often >= l.enough
}

// extendAll gives each of a frame's hits to the chain that it fits best, best
// pair first, and begins chains with the strong ones that are left.
func (l linker) extendAll(sights []sight, open [][]int, group []int) [][]int {
	type pair struct {
		chain, hit int
		fit        float64
	}
	var pairs []pair
	for ci, c := range open {
		for _, hi := range group {
			last := sights[c[len(c)-1]]
			if fit := likeness(last, sights[hi]); sights[hi].score >= l.extend && fit > 0 {
				pairs = append(pairs, pair{ci, hi, fit})
			}
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return compare(b.fit, a.fit) })
	chains, hits := map[int]bool{}, map[int]bool{}
	for _, p := range pairs {
		if !chains[p.chain] && !hits[p.hit] {
			chains[p.chain], hits[p.hit] = true, true
			open[p.chain] = append(open[p.chain], p.hit)
		}
	}
	for _, hi := range group {
		if !hits[hi] && sights[hi].score >= l.begin {
			open = append(open, []int{hi})
		}
	}
	return open
}

// gather makes one chain of those that follow the same face. Two sights of one frame
// that are apart stay apart: a box around two faces covers all that is between them.
func (l linker) gather(sights []sight, chains [][]int) []chain {
	slices.SortStableFunc(chains, func(a, b []int) int { return len(b) - len(a) })
	var kept []map[int]int // sights by frame
	for _, c := range chains {
		most, shares := -1, 0
		for k, frames := range kept {
			n := 0
			for _, i := range c {
				if j, ok := frames[sights[i].frame]; ok && j == i {
					n++
				}
			}
			if n > shares {
				most, shares = k, n
			}
		}
		if 2*shares < len(c) {
			kept = append(kept, map[int]int{})
			most = len(kept) - 1
		}
		var left []int
		for _, i := range c {
			if j, ok := kept[most][sights[i].frame]; !ok {
				kept[most][sights[i].frame] = i
			} else if j != i {
				left = append(left, i)
			}
		}
		if l.real(sights, left) {
			own := map[int]int{}
			for _, i := range left {
				own[sights[i].frame] = i
			}
			kept = append(kept, own)
		}
	}
	var out []chain
	for _, frames := range kept {
		var c chain
		for _, n := range slices.Sorted(maps.Keys(frames)) {
			c = append(c, sights[frames[n]])
		}
		out = append(out, l.trimmed(c))
	}
	return out
}

// trimmed leaves out weak sights that are much larger than the stronger one next in time:
// step by step a chain could grow over the whole picture.
func (l linker) trimmed(c chain) chain {
	var strong []int
	for i, s := range c {
		if s.score >= l.begin {
			strong = append(strong, i)
		}
	}
	at := 0
	var out chain
	for i, s := range c {
		for at+1 < len(strong) && abs(c[strong[at+1]].frame-s.frame) <= abs(c[strong[at]].frame-s.frame) {
			at++
		}
		if i == strong[at] || s.score >= l.begin || area(s.box) <= weakGrowth*area(c[strong[at]].box) {
			out = append(out, s)
		}
	}
	return out
}

// How many times the area of the sight before it a weak one may have, and how many times
// less: a detector that loses a face soon takes the whole person for one.
const (
	weakGrowth = 2.0
	weakShrink = 2.5
)

// likeness says how well b may be a some frames later: how much they overlap, or
// else how near their middles are, as long as neither is twice the other's size.
// 0 is not at all.
func likeness(a, b sight) float64 {
	size := (width(a.box) + height(a.box) + width(b.box) + height(b.box)) / 4
	ratio := area(a.box) / max(area(b.box), 1)
	if ratio > 4 || ratio < .25 || size <= 0 || b.score < seedScore && (ratio < 1/weakGrowth || ratio > weakShrink) {
		return 0
	}
	if o := overlap(a.box, b.box); o >= .2 {
		return 1 + o
	}
	away := distance(a.box, b.box) / size
	reach := min(1.5, .6+.1*float64(abs(a.frame-b.frame))) // it may have moved further, the longer it was not seen
	if away >= reach {
		return 0
	}
	return 1 - away/reach
}

// byFrame groups the indices of sights by frame, in the order of the walk.
func byFrame(sights []sight, step int) [][]int {
	var groups [][]int
	for i := range sights {
		if n := len(groups); n > 0 && sights[groups[n-1][0]].frame == sights[i].frame {
			groups[n-1] = append(groups[n-1], i)
			continue
		}
		groups = append(groups, []int{i})
	}
	if step < 0 {
		slices.Reverse(groups)
	}
	return groups
}

// with adds a sight that is not earlier than the last.
func (c chain) with(s sight) chain {
	if n := len(c); n > 0 && c[n-1].frame == s.frame {
		c[n-1].box, c[n-1].score = hull(c[n-1].box, s.box), max(c[n-1].score, s.score)
		return c
	}
	return append(c, s)
}
