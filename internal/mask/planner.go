package mask

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// What the planner works with. Measured on the clips of docs/design/mask-planning.md.
const (
	lowest     = .20 // the least score worth hearing of
	seedScore  = .50 // begins a track
	maybeScore = .35 // alone it begins none, but a person is asked
	enough     = 3   // so often it is a face too
	cutScore   = .30 // distance of two frames that makes a new shot
	sureCut    = .45 // from here on nothing is carried across

	gapSeconds  = 1.0 // a face unseen for so long is still the same
	padSeconds  = .30 // masked before it is first seen and after it is last seen
	edgeSeconds = .60 // the same where it left through the picture's edge
	edgeShare   = .10 // of the picture: so near is at the edge
	edgeStays   = .25 // of a face that leaves
	growth      = .04 // a frame, where a box is inferred
	mostGrowth  = .25
)

// A planner collects what was seen and makes the plan of it.
type planner struct {
	clip   media.Clip
	shots  []int // first frame of each, the first one 0
	sure   map[int]bool
	sights map[string][]sight // by family, in order of frames
	light  []light
}

// light is what a frame is like apart from faces.
type light struct{ luma, sharp float32 }

func newPlanner(clip media.Clip) *planner {
	return &planner{clip: clip, shots: []int{0}, sure: map[int]bool{}, sights: map[string][]sight{}}
}

// see takes in one frame.
func (p *planner) see(l media.Look) error {
	if l.Cut > cutScore {
		p.shots = append(p.shots, l.Frame)
		p.sure[l.Frame] = l.Cut > sureCut
	}
	for _, h := range l.Hits {
		if area(h.Box) > 0 && h.Score >= lowest {
			f := family(h.Detector)
			p.sights[f] = append(p.sights[f], sight{l.Frame, h.Box, h.Score, !h.Alone})
		}
	}
	p.light = append(p.light, light{float32(l.Luma), float32(l.Sharp)})
	return nil
}

// frames converts seconds, at least one.
func (p *planner) frames(seconds float64) int {
	fps := p.clip.FPS
	if fps <= 0 || math.IsNaN(fps) {
		fps = 25
	}
	return max(1, int(math.Ceil(seconds*fps)))
}

// plan makes the tracks and the queue of doubts.
func (p *planner) plan() ([]evidence.Track, []evidence.Doubt) {
	var found []*followed
	l := linker{seed: seedScore, begin: maybeScore, extend: lowest, enough: enough, gap: p.frames(gapSeconds)}
	for _, name := range slices.Sorted(maps.Keys(p.sights)) {
		for _, part := range p.byShot(p.sights[name]) {
			for _, c := range l.link(part) {
				found = append(found, p.fill(c))
			}
		}
	}
	found = merge(found)
	slices.SortStableFunc(found, func(a, b *followed) int {
		return cmp.Or(cmp.Compare(a.seen.first().frame, b.seen.first().frame), compare(a.seen.first().box[0], b.seen.first().box[0]))
	})
	q := p.doubts(found)
	tracks := make([]evidence.Track, 0, len(found))
	for i, f := range found {
		tracks = append(tracks, p.track(i+1, f))
	}
	return tracks, q
}

// byShot cuts the sights where the picture does.
func (p *planner) byShot(sights []sight) [][]sight {
	var out [][]sight
	next := 1
	begin := 0
	for i, s := range sights {
		for next < len(p.shots) && s.frame >= p.shots[next] {
			if i > begin {
				out = append(out, sights[begin:i])
			}
			begin = i
			next++
		}
	}
	if begin < len(sights) {
		out = append(out, sights[begin:])
	}
	return out
}

// followed is one face from its first sight to its last, with every frame in
// between.
type followed struct {
	seen  chain
	boxes map[int]evidence.Box // of the face, seen or inferred, pads included
}

// fill infers the frames between the sights and pads both ends.
func (p *planner) fill(c chain) *followed {
	f := &followed{seen: c, boxes: map[int]evidence.Box{}}
	for i, s := range c {
		f.boxes[s.frame] = s.box
		if i == 0 {
			continue
		}
		before := c[i-1]
		for n := before.frame + 1; n < s.frame; n++ {
			share := float64(n-before.frame) / float64(s.frame-before.frame)
			unsure := float64(min(n-before.frame, s.frame-n))
			f.boxes[n] = grown(between(before.box, s.box, share), min(mostGrowth, growth*unsure))
		}
	}
	p.pad(f, c.first(), -1)
	p.pad(f, c.last(), 1)
	return f
}

// pad goes on beyond an end: with the box that was last seen and the way it was
// moving, growing, as far as the shot goes, and longer at the picture's edge,
// where part of a face may stay.
func (p *planner) pad(f *followed, end sight, step int) {
	n := p.frames(padSeconds)
	if p.atEdge(end.box) {
		n = p.frames(edgeSeconds)
	}
	moving := f.motion(end, step)
	for i := 1; i <= n; i++ {
		frame := end.frame + i*step
		if frame < 0 || frame >= p.clip.Frames || p.cutBetween(end.frame, frame) {
			return
		}
		where := func(i int) evidence.Box { return p.kept(end.box, moving, i) }
		f.boxes[frame] = grown(hull(where(i/2), where(i)), min(mostGrowth, growth*float64(min(i, p.frames(padSeconds)))))
	}
}

// kept is where a face that was last seen in a box may be some frames on: further along
// its way, but not out of the picture, at whose edge a part of it may stay.
func (p *planner) kept(b evidence.Box, moving [2]float64, frames int) evidence.Box {
	for axis, size := range [2]float64{float64(p.clip.Width), float64(p.clip.Height)} {
		by := moving[axis] * float64(frames)
		stays := edgeStays * (b[axis+2] - b[axis])
		by = max(by, min(0, stays-b[axis+2]))    // to the left or above
		by = min(by, max(0, size-stays-b[axis])) // to the right or below
		b[axis], b[axis+2] = b[axis]+by, b[axis+2]+by
	}
	return b
}

// motion is how far the face moved a frame near an end, across and down, at most
// a fifth of its size.
func (f *followed) motion(end sight, step int) [2]float64 {
	const reach = 4
	for back := reach; back > 0; back-- {
		b, ok := f.boxes[end.frame-back*step]
		if !ok {
			continue
		}
		limit := .2 * max(width(end.box), height(end.box))
		clip := func(v float64) float64 { return max(-limit, min(limit, v/float64(back))) }
		return [2]float64{
			clip((end.box[0] + end.box[2] - b[0] - b[2]) / 2),
			clip((end.box[1] + end.box[3] - b[1] - b[3]) / 2),
		}
	}
	return [2]float64{}
}

func (p *planner) atEdge(b evidence.Box) bool {
	w, h := float64(p.clip.Width), float64(p.clip.Height)
	near := edgeShare * min(w, h)
	return b[0] < near || b[1] < near || b[2] > w-near || b[3] > h-near
}

// cutBetween says whether a cut that is surely one lies between two frames. An
// uncertain one stops no mask.
func (p *planner) cutBetween(a, b int) bool {
	for _, c := range p.shots {
		if p.sure[c] && c > min(a, b) && c <= max(a, b) {
			return true
		}
	}
	return false
}

// merge makes one of two that follow the same face, whichever detectors saw it.
func merge(all []*followed) []*followed {
	for i := 0; i < len(all); i++ {
		for j := len(all) - 1; j > i; j-- {
			if !all[i].same(all[j]) {
				continue
			}
			if left := all[i].take(all[j]); left != nil {
				all[j] = left
				continue
			}
			all = slices.Delete(all, j, j+1)
			j = len(all) // the larger one may reach others now
		}
	}
	return all
}

// same says whether two lie over each other wherever both were seen.
func (f *followed) same(g *followed) bool {
	if f.seen.first().frame > g.seen.last().frame || g.seen.first().frame > f.seen.last().frame {
		return false
	}
	common, alike := 0, 0
	for n := max(f.seen.first().frame, g.seen.first().frame); n <= min(f.seen.last().frame, g.seen.last().frame); n++ {
		common++
		if overlap(f.boxes[n], g.boxes[n]) > .3 {
			alike++
		}
	}
	return alike*10 >= common*7
}

// take adds another that is the same face. What was seen of it elsewhere is left: a box
// around both places would cover what lies between them.
func (f *followed) take(g *followed) *followed {
	left := &followed{boxes: map[int]evidence.Box{}}
	for n, b := range g.boxes {
		mine, ok := f.boxes[n]
		switch {
		case !ok:
			f.boxes[n] = b
		case overlap(mine, b) > 0:
			f.boxes[n] = hull(mine, b)
		default:
			left.boxes[n] = b
		}
	}
	both := slices.Clone(f.seen)
	for _, s := range g.seen {
		if _, apart := left.boxes[s.frame]; apart {
			left.seen = append(left.seen, s)
		} else {
			both = append(both, s)
		}
	}
	slices.SortStableFunc(both, func(a, b sight) int { return cmp.Compare(a.frame, b.frame) })
	f.seen = nil
	for _, s := range both {
		f.seen = f.seen.with(s)
	}
	if len(left.seen) == 0 {
		return nil // inferred there, while the face was seen elsewhere
	}
	return left
}

// track turns a followed face into what is masked: the head, and on each frame
// also where it is a frame earlier and later.
func (p *planner) track(id int, f *followed) evidence.Track {
	t := evidence.Track{ID: id, Kind: evidence.FaceTrack, Boxes: map[int]evidence.Box{}, Scores: map[int]float64{}, Interpolated: []int{}}
	frames := make([]int, 0, len(f.boxes))
	for n := range f.boxes {
		frames = append(frames, n)
	}
	slices.Sort(frames)
	for _, n := range frames {
		b := f.boxes[n]
		for _, beside := range []int{n - 1, n + 1} {
			if other, ok := f.boxes[beside]; ok && !p.cutBetween(n, beside) {
				b = hull(b, other)
			}
		}
		t.Boxes[n] = rounded(head(b))
	}
	for _, s := range f.seen {
		t.Scores[s.frame] = math.Round(s.score*1000) / 1000
	}
	for _, n := range frames {
		if _, seen := t.Scores[n]; !seen {
			t.Interpolated = append(t.Interpolated, n)
		}
	}
	t.From, t.To = frames[0], frames[len(frames)-1]
	return t
}
