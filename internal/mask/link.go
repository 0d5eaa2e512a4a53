package mask

import (
	"slices"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
)

// A sight is one hit at one frame.
type sight struct {
	frame int
	box   evidence.Box
	score float64
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

// A linker follows faces within one shot by hysteresis: a hit of at least seed
// begins a chain, hits of at least extend go on with it, in both directions.
type linker struct {
	seed, extend float64
	gap          int // most frames without a sight inside a chain
}

// link gives the chains of one family's sights, which are sorted by frame.
// Forwards finds how a face goes on, backwards how it began; what both followed
// is united.
func (l linker) link(sights []sight) []chain {
	forward := l.follow(sights, 1)
	backward := l.follow(sights, -1)
	return unite(sights, append(forward, backward...))
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
	return append(ended, open...)
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
		if !hits[hi] && sights[hi].score >= l.seed {
			open = append(open, []int{hi})
		}
	}
	return open
}

// likeness says how well b may be a some frames later: how much they overlap, or
// else how near their middles are, as long as neither is twice the other's size.
// 0 is not at all.
func likeness(a, b sight) float64 {
	if o := overlap(a.box, b.box); o >= .2 {
		return 1 + o
	}
	size := (width(a.box) + height(a.box) + width(b.box) + height(b.box)) / 4
	ratio := area(a.box) / max(area(b.box), 1)
	if ratio > 4 || ratio < .25 || size <= 0 {
		return 0
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

// unite joins chains that share a sight. Where two sights of one frame come
// together their boxes do too.
func unite(sights []sight, chains [][]int) []chain {
	root := make([]int, len(sights))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	used := make([]bool, len(sights))
	for _, c := range chains {
		for _, i := range c {
			used[i] = true
			root[find(i)] = find(c[0])
		}
	}
	at := map[int]int{}
	var out []chain
	for i, s := range sights {
		if !used[i] {
			continue
		}
		r := find(i)
		if _, ok := at[r]; !ok {
			at[r] = len(out)
			out = append(out, nil)
		}
		out[at[r]] = out[at[r]].with(s)
	}
	return out
}

// with adds a sight that is not earlier than the last.
func (c chain) with(s sight) chain {
	if n := len(c); n > 0 && c[n-1].frame == s.frame {
		c[n-1].box, c[n-1].score = hull(c[n-1].box, s.box), max(c[n-1].score, s.score)
		return c
	}
	return append(c, s)
}
