package mask

import (
	"cmp"
	"maps"
	"slices"

	"safehouse/internal/evidence"
)

// The reasons why a person must look, worst first, as keys of the catalogues.
const (
	doubtMaybe   = "doubt.maybe_face"
	doubtEnds    = "doubt.ends_mid_picture"
	doubtGap     = "doubt.gap"
	doubtWeak    = "doubt.weak"
	doubtJump    = "doubt.jump"
	doubtDark    = "doubt.dark"
	doubtBlurred = "doubt.blurred"
	doubtCut     = "doubt.cut"
	doubtAgain   = "doubt.second_look"
)

var worst = []string{doubtAgain, doubtMaybe, doubtEnds, doubtGap, doubtWeak, doubtJump, doubtDark, doubtBlurred, doubtCut}

// When a moment is doubtful.
const (
	gapDoubt   = .30 // seconds unseen inside a track
	weakScore  = .35
	weakFrames = 5
	jumpFactor = 2.0 // in area from one sight to the next
	darkLuma   = 24
	blurShare  = .35 // of the clip's usual sharpness
)

// noTrack is the track of a doubt about a whole frame.
const noTrack = -1

// doubts makes the queue. A track's number is its place in found, from 1.
func (p *planner) doubts(found []*followed) []evidence.Doubt {
	q := []evidence.Doubt{}
	add := func(track, frame int, why string) {
		q = append(q, evidence.Doubt{Track: track, Frame: frame, Why: why})
	}
	for i, f := range found {
		p.ends(f, i+1, add)
		p.gaps(f, i+1, add)
		weak(f.seen, i+1, add)
		p.jumps(f.seen, i+1, add)
	}
	p.maybes(found, add)
	p.poor(add)
	for _, c := range p.shots[1:] {
		add(noTrack, c, doubtCut)
	}
	slices.SortStableFunc(q, func(a, b evidence.Doubt) int {
		return cmp.Or(cmp.Compare(slices.Index(worst, a.Why), slices.Index(worst, b.Why)), cmp.Compare(a.Frame, b.Frame))
	})
	return q
}

type adder func(track, frame int, why string)

// ends doubts a face that comes or goes where nobody could have: inside the
// picture and inside a shot.
func (p *planner) ends(f *followed, track int, add adder) {
	first, last := f.seen.first(), f.seen.last()
	if first.frame > 0 && !p.atEdge(first.box) && !p.atCut(first.frame) {
		add(track, first.frame, doubtEnds)
	}
	if last.frame < p.clip.Frames-1 && !p.atEdge(last.box) && !p.atCut(last.frame+1) {
		add(track, last.frame, doubtEnds)
	}
}

// atCut says whether a shot begins within a frame or two.
func (p *planner) atCut(frame int) bool {
	return slices.ContainsFunc(p.shots[1:], func(c int) bool { return abs(c-frame) <= 2 })
}

func (p *planner) gaps(f *followed, track int, add adder) {
	for i := 1; i < len(f.seen); i++ {
		if f.seen[i].frame-f.seen[i-1].frame > p.frames(gapDoubt) {
			add(track, (f.seen[i].frame+f.seen[i-1].frame)/2, doubtGap)
		}
	}
}

func weak(c chain, track int, add adder) {
	run := 0
	for i, s := range c {
		if s.score >= weakScore {
			run = 0
			continue
		}
		if run++; run == weakFrames+1 {
			add(track, c[i-weakFrames/2].frame, doubtWeak)
		}
	}
}

// jumps asks once a second: whoever looks at one jump sees those that follow it.
func (p *planner) jumps(c chain, track int, add adder) {
	asked := -p.frames(gapSeconds)
	for i := 1; i < len(c); i++ {
		ratio := area(c[i].box) / area(c[i-1].box)
		if (ratio > jumpFactor || ratio < 1/jumpFactor) && c[i].frame-asked >= p.frames(gapSeconds) {
			add(track, c[i].frame, doubtJump)
			asked = c[i].frame
		}
	}
}

// maybes asks about what no track took up and yet may be a face: once for each
// place.
func (p *planner) maybes(found []*followed, add adder) {
	loose := linker{seed: maybeScore, begin: maybeScore, extend: maybeScore, enough: 1, gap: p.frames(gapSeconds)}
	for _, name := range slices.Sorted(maps.Keys(p.sights)) {
		left := slices.DeleteFunc(slices.Clone(p.sights[name]), func(s sight) bool {
			return slices.ContainsFunc(found, func(f *followed) bool {
				b, ok := f.boxes[s.frame]
				return ok && shared(head(b), s.box) > .5*area(s.box)
			})
		})
		for _, c := range loose.link(left) {
			best := slices.MaxFunc(c, func(a, b sight) int { return compare(a.score, b.score) })
			add(noTrack, best.frame, doubtMaybe)
		}
	}
}

// poor asks about stretches on which no detector sees well.
func (p *planner) poor(add adder) {
	usual := median(p.light)
	stretch(p.light, func(l light) bool { return l.luma < darkLuma }, func(n int) { add(noTrack, n, doubtDark) })
	stretch(p.light, func(l light) bool { return l.luma >= darkLuma && l.sharp < blurShare*usual },
		func(n int) { add(noTrack, n, doubtBlurred) })
}

func median(all []light) float32 {
	if len(all) == 0 {
		return 0
	}
	sharp := make([]float32, len(all))
	for i, l := range all {
		sharp[i] = l.sharp
	}
	slices.Sort(sharp)
	return sharp[len(sharp)/2]
}

// stretch calls f with the middle of each run of frames that is poor.
func stretch(all []light, poor func(light) bool, f func(frame int)) {
	begin := -1
	for n := 0; n <= len(all); n++ {
		switch is := n < len(all) && poor(all[n]); {
		case is && begin < 0:
			begin = n
		case !is && begin >= 0:
			f((begin + n - 1) / 2)
			begin = -1
		}
	}
}
