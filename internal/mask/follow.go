package mask

import (
	"cmp"
	"context"
	"maps"
	"math"
	"os"
	"slices"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// stageFollow is the stage of the work.
const stageFollow = "progress.follow"

// How far something is followed by its appearance. Measured by bench/following.
const (
	sureScore   = .50 // a track with one such hit is carried on
	backSeconds = 20  // the frames before must be kept in memory: the worker may keep fewer
	lostSeconds = 2.0 // hidden for so long it is still looked for
	leastHole   = .12 // seconds: a shorter one is filled in by what is on both sides
)

// A Thread is one seed, what it belongs to, and where it was followed to: steps going
// away from the seed, those before it apart from those after.
type Thread struct {
	Track int // ID
	Seed  media.Seed
	Steps []media.Step
}

// Carry is for the studio: it follows each track that was surely seen once through its
// shot for as long as it looks the same, and fills its holes, and gives the plan with
// what that adds. It takes away nothing.
func (s Studio) Carry(ctx context.Context, in *os.File, plan evidence.MaskPlan, progress Progress) (evidence.MaskPlan, error) {
	threads, err := s.followed(ctx, in, plan, Threads(plan), progress)
	return Carry(plan, threads), err
}

// followed fills in the steps of threads.
func (s Studio) followed(ctx context.Context, in *os.File, plan evidence.MaskPlan, threads []Thread, progress Progress) ([]Thread, error) {
	if len(threads) == 0 || plan.Source.Frames < 2 {
		return threads, nil
	}
	how := media.Following{Cuts: plan.Cuts, Lost: frames(plan.Source, lostSeconds)}
	for _, t := range threads {
		how.Seeds = append(how.Seeds, t.Seed)
	}
	return threads, s.Media.Follow(ctx, in, how, func(st media.Step) {
		if st.Seed >= 0 && st.Seed < len(threads) && len(threads[st.Seed].Steps) < plan.Source.Frames {
			threads[st.Seed].Steps = append(threads[st.Seed].Steps, st)
		}
	}, func(n int) { progress(stageFollow, n, plan.Source.Frames) })
}

// frames converts seconds, at least one.
func frames(s evidence.PlanSource, seconds float64) int {
	fps := s.FPS
	if fps <= 0 || math.IsNaN(fps) {
		fps = 25
	}
	return max(1, int(math.Ceil(seconds*fps)))
}

// shot gives the first and the last frame of the shot that a frame is in.
func shot(plan evidence.MaskPlan, frame int) (first, last int) {
	last = plan.Source.Frames - 1
	for _, c := range plan.Cuts {
		if c <= frame {
			first = max(first, c)
		} else {
			last = min(last, c-1)
		}
	}
	return first, last
}

// Threads are the seeds that are worth following in a plan: both ends of every track
// that was surely seen, and both sides of its holes.
func Threads(plan evidence.MaskPlan) (all []Thread) {
	for _, t := range plan.Tracks {
		seen := slices.Sorted(maps.Keys(t.Scores))
		sure := slices.ContainsFunc(seen, func(n int) bool { return t.Scores[n] >= sureScore })
		if t.Kind != evidence.FaceTrack || !sure {
			continue
		}
		add := func(frame, back, ahead int) {
			if back > 0 || ahead > 0 {
				all = append(all, Thread{Track: t.ID, Seed: media.Seed{Frame: frame, Box: faceOf(t, frame), Back: back, Ahead: ahead}})
			}
		}
		begin, _ := shot(plan, seen[0])
		_, end := shot(plan, seen[len(seen)-1])
		add(seen[0], min(seen[0]-begin, frames(plan.Source, backSeconds)), 0)
		add(seen[len(seen)-1], 0, end-seen[len(seen)-1])
		for i, n := range seen[1:] {
			if hole := n - seen[i] - 1; hole >= frames(plan.Source, leastHole) {
				add(seen[i], 0, hole)
				add(n, hole, 0)
			}
		}
	}
	return all
}

// faceOf is the face under a track's mask: without the margins, and without what the
// mask covers because of the frames before and after.
func faceOf(t evidence.Track, frame int) evidence.Box {
	b := t.Boxes[frame]
	before, ok := t.Boxes[frame-1]
	after, too := t.Boxes[frame+1]
	if ok && too {
		dx := math.Abs(after[0]+after[2]-before[0]-before[2]) / 4
		dy := math.Abs(after[1]+after[3]-before[1]-before[3]) / 4
		dx, dy = min(dx, .2*width(b)), min(dy, .2*height(b))
		b = evidence.Box{b[0] + dx, b[1] + dy, b[2] - dx, b[3] - dy}
	}
	return underHead(b)
}

// underHead is the face of which head would make b.
func underHead(b evidence.Box) evidence.Box {
	left, w := within(width(b), sideMargin, sideMargin)
	top, h := within(height(b), topMargin, bottomMargin)
	return evidence.Box{b[0] + left, b[1] + top, b[0] + left + w, b[1] + top + h}
}

// within takes the margins off a length: the larger one comes first, and none is less
// than minMargin.
func within(whole, share, other float64) (margin, size float64) {
	size = whole / (1 + share + other)
	if other*size < minMargin {
		size = (whole - minMargin) / (1 + share)
	}
	if share*size < minMargin {
		size = max(1, whole-2*minMargin)
	}
	return max(minMargin, share*size), size
}

// Carry gives the plan with what the threads add to its tracks, and with the doubts
// about their ends where they are now.
func Carry(plan evidence.MaskPlan, threads []Thread) evidence.MaskPlan {
	plan.Tracks = slices.Clone(plan.Tracks)
	ends, queue := openEnds(plan)
	for _, th := range threads {
		i := slices.IndexFunc(plan.Tracks, func(t evidence.Track) bool { return t.ID == th.Track })
		if i < 0 {
			continue
		}
		for _, way := range []int{-1, 1} {
			p := pathOf(plan, th, way)
			if len(p.at) == 1 {
				continue
			}
			for j, e := range ends {
				if e.track == th.Track && e.frame == th.Seed.Frame && e.way == way {
					ends[j].frame, ends[j].box = p.last().frame, p.last().box
				}
			}
			first, last := seenSpan(plan.Tracks[i])
			if way < 0 && th.Seed.Frame == first || way > 0 && th.Seed.Frame == last {
				p.pad()
			}
			plan.Tracks[i] = lengthened(plan.Tracks[i], p.covered(head))
		}
	}
	plan.Queue = append(queue, stillOpen(plan, ends)...)
	slices.SortStableFunc(plan.Queue, worseFirst)
	return plan
}

// seenSpan gives the first and the last frame on which a track was seen.
func seenSpan(t evidence.Track) (first, last int) {
	seen := slices.Sorted(maps.Keys(t.Scores))
	return seen[0], seen[len(seen)-1]
}

func worseFirst(a, b evidence.Doubt) int {
	return cmp.Or(cmp.Compare(slices.Index(worst, a.Why), slices.Index(worst, b.Why)), cmp.Compare(a.Frame, b.Frame))
}

// An end is where a track begins or ends in mid-picture and mid-shot.
type end struct {
	track, frame, way int
	box               evidence.Box // of the face
}

func (e end) doubt() evidence.Doubt {
	return evidence.Doubt{Track: e.track, Frame: e.frame, Why: doubtEnds}
}

// openEnds takes the doubts about ends out of the queue.
func openEnds(plan evidence.MaskPlan) (ends []end, rest []evidence.Doubt) {
	rest = []evidence.Doubt{}
	for _, d := range plan.Queue {
		i := slices.IndexFunc(plan.Tracks, func(t evidence.Track) bool { return t.ID == d.Track && len(t.Scores) > 0 })
		if d.Why != doubtEnds || i < 0 {
			rest = append(rest, d)
			continue
		}
		t := plan.Tracks[i]
		first, _ := seenSpan(t)
		e := end{track: d.Track, frame: d.Frame, way: 1, box: faceOf(t, d.Frame)}
		if begins := (end{e.track, e.frame, -1, e.box}); d.Frame == first && !slices.Contains(ends, begins) {
			e = begins
		}
		ends = append(ends, e)
	}
	return ends, rest
}

// stillOpen gives the doubts about ends that remain: not those at the picture's edge, at
// a cut or at the clip's end, nor those where another track goes on.
func stillOpen(plan evidence.MaskPlan, ends []end) (open []evidence.Doubt) {
	for _, e := range ends {
		first, last := shot(plan, e.frame)
		if e.frame-first < 2 && e.way < 0 || last-e.frame < 2 && e.way > 0 || atEdge(plan.Source, e.box) {
			continue
		}
		others := plan
		others.Tracks = slices.DeleteFunc(slices.Clone(plan.Tracks), func(t evidence.Track) bool { return t.ID == e.track })
		by := regions(others)
		if !by.hide(e.frame+e.way, e.box) || !by.hide(e.frame+2*e.way, e.box) {
			open = append(open, e.doubt())
		}
	}
	return open
}

func atEdge(s evidence.PlanSource, b evidence.Box) bool {
	w, h := float64(s.Width), float64(s.Height)
	near := edgeShare * min(w, h)
	return b[0] < near || b[1] < near || b[2] > w-near || b[3] > h-near
}

// lengthened is a track with more under its mask. What was under it stays.
func lengthened(t evidence.Track, more map[int]evidence.Box) evidence.Track {
	t.Boxes, t.Interpolated = maps.Clone(t.Boxes), slices.Clone(t.Interpolated)
	for n, b := range more {
		had, ok := t.Boxes[n]
		if ok {
			b = hull(had, b)
		} else {
			t.Interpolated = append(t.Interpolated, n)
		}
		t.Boxes[n] = b
		t.From, t.To = min(t.From, n), max(t.To, n)
	}
	slices.Sort(t.Interpolated)
	return t
}

// A path is where something was followed to in one direction, frame by frame.
type path struct {
	plan evidence.MaskPlan
	way  int // 1 or −1
	at   []sight
	grow []float64 // how unsure each place is: by so much its box grows
}

// pathOf gives the way of a thread in one direction, its seed first. Where only the
// points led it counts for as long as a mask is held anyway. What is missing in between
// is inferred.
func pathOf(plan evidence.MaskPlan, th Thread, way int) *path {
	p := &path{plan: plan, way: way, at: []sight{{frame: th.Seed.Frame, box: th.Seed.Box, score: 1}}, grow: []float64{0}}
	limit := th.Seed.Ahead
	if way < 0 {
		limit = th.Seed.Back
	}
	sure, furthest := th.Seed.Frame, 0
	var unsure []media.Step
	for _, st := range th.Steps {
		if far := (st.Frame - th.Seed.Frame) * way; far <= furthest || far > limit {
			continue // of the other direction, or what nobody asked for
		}
		furthest = (st.Frame - th.Seed.Frame) * way
		unsure = append(unsure, st)
		if st.Sure {
			p.take(unsure, sure)
			unsure, sure = nil, st.Frame
		}
	}
	unsure = slices.DeleteFunc(unsure, func(st media.Step) bool { return abs(st.Frame-sure) > frames(plan.Source, padSeconds) })
	p.take(unsure, sure)
	return p
}

func (p *path) last() sight { return p.at[len(p.at)-1] }

func (p *path) add(s sight, grow float64) {
	p.at, p.grow = append(p.at, s), append(p.grow, min(mostGrowth, grow))
}

// take goes on by steps, of which the last may be sure and the others are not.
func (p *path) take(steps []media.Step, sure int) {
	for _, st := range steps {
		before := p.last()
		gap := abs(st.Frame - before.frame)
		for i := 1; i < gap; i++ {
			b := between(before.box, st.Box, float64(i)/float64(gap))
			p.add(sight{frame: before.frame + i*p.way, box: b}, growth*float64(min(i, gap-i)))
		}
		grow := 0.0
		if !st.Sure {
			grow = growth * float64(abs(st.Frame-sure))
		}
		p.add(sight{frame: st.Frame, box: st.Box, score: st.Score}, grow)
	}
}

// pad holds the mask beyond the end, moving as it moved, longer at the picture's edge,
// where part of it may stay.
func (p *path) pad() {
	from := p.last()
	seconds := padSeconds
	if atEdge(p.plan.Source, from.box) {
		seconds = edgeSeconds
	}
	var dx, dy float64
	if n := len(p.at); n > 4 {
		before := p.at[n-5]
		limit := .1 * max(width(from.box), height(from.box))
		dx = max(-limit, min(limit, (from.box[0]+from.box[2]-before.box[0]-before.box[2])/8))
		dy = max(-limit, min(limit, (from.box[1]+from.box[3]-before.box[1]-before.box[3])/8))
	}
	first, last := shot(p.plan, from.frame)
	for i := 1; i <= frames(p.plan.Source, seconds); i++ {
		n := from.frame + i*p.way
		if n < first || n > last {
			break
		}
		x, y := dx*float64(i), dy*float64(i)
		p.add(sight{frame: n, box: hull(from.box, evidence.Box{from.box[0] + x, from.box[1] + y, from.box[2] + x, from.box[3] + y})}, growth*float64(i))
	}
}

// covered gives what is masked: on each frame also where it is a frame earlier and later.
func (p *path) covered(region func(evidence.Box) evidence.Box) map[int]evidence.Box {
	out := map[int]evidence.Box{}
	for i := range p.at {
		b := grown(p.at[i].box, p.grow[i])
		for k := max(0, i-1); k <= min(len(p.at)-1, i+1); k++ {
			b = hull(b, p.at[k].box)
		}
		out[p.at[i].frame] = rounded(region(b))
	}
	return out
}
