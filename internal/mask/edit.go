package mask

import (
	"context"
	"maps"
	"os"
	"slices"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// An Edit is what a person changes in a plan. It may cover more; and it may take a track
// out, but only whole, and only with a reason.
type Edit struct {
	Boxes  []Box // each becomes a track
	Unmask []int // tracks, by their IDs
	Reason evidence.Secret
	Mask   []int    // tracks that were taken out, to be put back
	Whole  [][2]int // from and to: frames that are covered whole
}

// A Box is drawn by a person on one frame. It is followed both ways through its shot,
// unless Exact.
type Box struct {
	Frame int
	Box   evidence.Box
	Exact bool
}

// doubtUnmasked asks about a track that covers nothing. It comes before all others.
const doubtUnmasked = "doubt.unmasked"

// check refuses what cannot be meant, before any work is done.
func (e Edit) check(plan evidence.MaskPlan) error {
	if len(e.Boxes)+len(e.Unmask)+len(e.Mask)+len(e.Whole) == 0 {
		return &evidence.Problem{Code: "plan.no_edit"}
	}
	if (len(e.Unmask) == 0) != e.Reason.Empty() {
		return &evidence.Problem{Code: "plan.reason"}
	}
	s := plan.Source
	picture := evidence.Box{0, 0, float64(s.Width), float64(s.Height)}
	for _, b := range e.Boxes {
		if b.Frame < 0 || b.Frame >= s.Frames {
			return &evidence.Problem{Code: "plan.no_such_frame", Args: []any{b.Frame, s.Frames}}
		}
		if !fits(b.Box) || shared(b.Box, picture) <= 0 {
			return &evidence.Problem{Code: "plan.box_outside", Args: []any{s.Width, s.Height}}
		}
	}
	for _, w := range e.Whole {
		if w[0] < 0 || w[1] >= s.Frames || w[0] > w[1] {
			return &evidence.Problem{Code: "plan.no_such_frame", Args: []any{w[1], s.Frames}}
		}
	}
	return nil
}

// apply gives the plan with what is changed beside the boxes.
func (e Edit) apply(plan evidence.MaskPlan) (evidence.MaskPlan, error) {
	plan.Tracks, plan.Unmasked = slices.Clone(plan.Tracks), slices.Clone(plan.Unmasked)
	plan.Queue, plan.WholeFrames = slices.Clone(plan.Queue), slices.Clone(plan.WholeFrames)
	var err error
	for _, id := range e.Unmask {
		if plan.Tracks, plan.Unmasked, err = over(plan.Tracks, plan.Unmasked, id); err != nil {
			return plan, err
		}
		t := plan.Unmasked[len(plan.Unmasked)-1]
		plan.Queue = append([]evidence.Doubt{{Track: id, Frame: t.From, Why: doubtUnmasked}}, plan.Queue...)
	}
	for _, id := range e.Mask {
		if plan.Unmasked, plan.Tracks, err = over(plan.Unmasked, plan.Tracks, id); err != nil {
			return plan, err
		}
		plan.Queue = slices.DeleteFunc(plan.Queue, func(d evidence.Doubt) bool { return d.Track == id && d.Why == doubtUnmasked })
	}
	if len(plan.Unmasked) == 0 {
		plan.Unmasked = nil // as it was before there ever was one
	}
	for _, w := range e.Whole {
		for n := w[0]; n <= w[1]; n++ {
			if !slices.Contains(plan.WholeFrames, n) {
				plan.WholeFrames = append(plan.WholeFrames, n)
			}
		}
	}
	slices.Sort(plan.WholeFrames)
	return plan, nil
}

// over takes a track from one list to the other.
func over(from, to []evidence.Track, id int) (left, more []evidence.Track, err error) {
	i := slices.IndexFunc(from, func(t evidence.Track) bool { return t.ID == id })
	if i < 0 {
		return from, to, &evidence.Problem{Code: "plan.no_such_track", Args: []any{id}}
	}
	to = append(to, from[i])
	return slices.Delete(from, i, i+1), to, nil
}

// Edited gives a plan with an edit made in it. The plan that it is given stays as it is.
func (s Studio) Edited(ctx context.Context, in *os.File, plan evidence.MaskPlan, e Edit, progress Progress) (evidence.MaskPlan, error) {
	if err := e.check(plan); err != nil {
		return plan, err
	}
	plan, err := e.apply(plan)
	if err != nil {
		return plan, err
	}
	threads := make([]Thread, len(e.Boxes))
	for i, b := range e.Boxes {
		threads[i] = threadOf(plan, nextTrack(plan)+i, b)
	}
	follow := slices.DeleteFunc(slices.Clone(threads), func(t Thread) bool { return t.Seed.Back+t.Seed.Ahead == 0 })
	follow, err = s.followed(ctx, in, plan, follow, progress)
	if err != nil {
		return plan, err
	}
	for _, t := range follow {
		threads[t.Track-threads[0].Track].Steps = t.Steps
	}
	for i, b := range e.Boxes {
		t, doubts := drawn(plan, b, threads[i])
		plan.Tracks = append(plan.Tracks, t)
		plan.Queue = append(plan.Queue, doubts...)
	}
	slices.SortStableFunc(plan.Queue, worseFirst)
	return plan, nil
}

// nextTrack is an ID that no track has.
func nextTrack(plan evidence.MaskPlan) int {
	next := 1
	for _, t := range slices.Concat(plan.Tracks, plan.Unmasked) {
		next = max(next, t.ID+1)
	}
	return next
}

// inner is the part of a drawn box by which it is followed: at its rim is what stands
// behind.
const inner = .8

func threadOf(plan evidence.MaskPlan, id int, b Box) Thread {
	t := Thread{Track: id, Seed: media.Seed{Frame: b.Frame, Box: grown(b.Box, (inner-1)/2)}}
	if b.Exact {
		return t
	}
	first, last := shot(plan, b.Frame)
	t.Seed.Back, t.Seed.Ahead = min(b.Frame-first, frames(plan.Source, backSeconds)), last-b.Frame
	return t
}

// drawn makes a track of a box and of where it was followed to, with a doubt where
// that ends in mid-picture.
func drawn(plan evidence.MaskPlan, b Box, th Thread) (evidence.Track, []evidence.Doubt) {
	t := evidence.Track{
		ID: th.Track, Kind: evidence.ManualTrack, From: b.Frame, To: b.Frame,
		Boxes: map[int]evidence.Box{b.Frame: rounded(b.Box)}, Scores: map[int]float64{}, Interpolated: []int{},
	}
	if b.Exact || plan.Source.Frames < 2 {
		return t, nil
	}
	var ends []end
	for _, way := range []int{-1, 1} {
		p := pathOf(plan, th, way)
		ends = append(ends, end{t.ID, p.last().frame, way, p.last().box})
		p.pad()
		t = lengthened(t, p.covered(func(b evidence.Box) evidence.Box { return grown(b, (1/inner-1)/2) }))
	}
	return t, stillOpen(plan, ends)
}

// carrySeen gives the doubts of a new version that were looked at in an old one: those
// that are the same about a track that is the same.
func carrySeen(old evidence.Plan, now evidence.MaskPlan) (seen []int) {
	looked := map[evidence.Doubt]bool{}
	for _, i := range old.Seen {
		if i >= 0 && i < len(old.Mask.Queue) {
			looked[old.Mask.Queue[i]] = true
		}
	}
	for i, d := range now.Queue {
		if looked[d] && (d.Track == noTrack || sameTrack(old.Mask, now, d.Track)) {
			seen = append(seen, i)
		}
	}
	return seen
}

// sameTrack says whether a track has the same boxes in both, masked or not: that it was
// taken out is a doubt of its own.
func sameTrack(a, b evidence.MaskPlan, id int) bool {
	boxes := func(p evidence.MaskPlan) map[int]evidence.Box {
		for _, t := range slices.Concat(p.Tracks, p.Unmasked) {
			if t.ID == id {
				return t.Boxes
			}
		}
		return nil
	}
	return maps.Equal(boxes(a), boxes(b))
}

// allowed is what need not be covered again: what a plan hides, and what a person took
// out of it.
func allowed(plan evidence.MaskPlan) covered {
	plan.Tracks = slices.Concat(plan.Tracks, plan.Unmasked)
	return regions(plan)
}

// Follow is for a plan file that a person wrote boxes into: each box of a manual track
// is followed both ways through its shot, and what it comes to is covered too.
func (s Studio) Follow(ctx context.Context, in *os.File, plan evidence.MaskPlan, progress Progress) (evidence.MaskPlan, error) {
	sum, err := fileDigest(in)
	if err != nil {
		return plan, err
	}
	if sum != plan.Source.SHA256 {
		return plan, &evidence.Problem{Code: "mask.other_source"}
	}
	var threads []Thread
	for _, t := range plan.Tracks {
		if t.Kind != evidence.ManualTrack {
			continue
		}
		for _, n := range slices.Sorted(maps.Keys(t.Boxes)) {
			threads = append(threads, threadOf(plan, t.ID, Box{Frame: n, Box: t.Boxes[n]}))
		}
	}
	threads, err = s.followed(ctx, in, plan, threads, progress)
	if err != nil {
		return plan, err
	}
	plan.Tracks = slices.Clone(plan.Tracks)
	for _, th := range threads {
		i := slices.IndexFunc(plan.Tracks, func(t evidence.Track) bool { return t.ID == th.Track })
		b := Box{Frame: th.Seed.Frame, Box: plan.Tracks[i].Boxes[th.Seed.Frame]}
		more, doubts := drawn(plan, b, th)
		plan.Tracks[i] = lengthened(plan.Tracks[i], more.Boxes)
		doubts = slices.DeleteFunc(doubts, func(d evidence.Doubt) bool { return slices.Contains(plan.Queue, d) })
		plan.Queue = append(slices.Clone(plan.Queue), doubts...)
	}
	slices.SortStableFunc(plan.Queue, worseFirst)
	return plan, nil
}

// Digest identifies what a plan masks: the SHA-256 of its JSON, in hex.
func Digest(p evidence.MaskPlan) (string, error) { return digest(p) }
