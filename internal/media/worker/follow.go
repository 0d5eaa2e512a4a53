package worker

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// The size at which frames are followed: their longest side, more where a seed would be
// smaller than fineSide otherwise.
const (
	longestFollow = 320
	finestFollow  = 640
	fineSide      = 16
)

// maxPast is how much memory the frames before take that are kept for following back.
const maxPast = 48 << 20

// follow decodes every frame once, small and grey, and follows each seed backwards
// through the frames that were kept and forwards through those to come. What it keeps
// does not grow with the clip.
func (w *worker) follow(v *video) error {
	f := newFollower(w, v.clip)
	t, r, err := w.frames(fmt.Sprintf("scale=%d:%d:flags=area", f.w, f.h), "gray")
	if err != nil {
		return err
	}
	defer r.Close()
	whole, err := f.all(r)
	if err != nil || !whole {
		t.kill()
		return err
	}
	return t.wait()
}

// A follower is at work on one clip.
type follower struct {
	say    func(media.Message)
	job    media.Following
	order  []int // the seeds by their frames
	w, h   int
	sx, sy float64 // from the small picture to the clip's
	keep   int     // frames before

	past []*grey // the last frames, newest last
	free []*grey
	open []*tracker
}

func newFollower(w *worker, clip media.Clip) *follower {
	f := &follower{say: w.say, job: *w.job.Follow, order: make([]int, len(w.job.Follow.Seeds))}
	least, back := float64(max(clip.Width, clip.Height)), 0
	for i, s := range f.job.Seeds {
		f.order[i] = i
		least, back = min(least, s.Box[2]-s.Box[0], s.Box[3]-s.Box[1]), max(back, s.Back)
	}
	slices.SortStableFunc(f.order, func(a, b int) int { return cmp.Compare(f.job.Seeds[a].Frame, f.job.Seeds[b].Frame) })
	longest := float64(max(clip.Width, clip.Height)) * fineSide / max(least, 1)
	f.w, f.h = fit(clip.Width, clip.Height, int(min(max(longest, longestFollow), finestFollow)))
	f.sx, f.sy = float64(clip.Width)/float64(f.w), float64(clip.Height)/float64(f.h)
	f.keep = min(back, maxPast/newGrey(f.w, f.h).bytes()) + 1
	return f
}

// all reads frame by frame, until there is nothing left to follow. Whole says that the
// clip ended first.
func (f *follower) all(r io.Reader) (whole bool, err error) {
	next := 0
	for n := 0; next < len(f.order) || len(f.open) > 0; n++ {
		if slices.Contains(f.job.Cuts, n) {
			f.forget()
		}
		g := f.blank()
		if err := readFrame(r, g.pix); errors.Is(err, io.EOF) {
			return true, nil
		} else if err != nil {
			return false, err
		}
		g.shrink()
		f.ahead(n, g)
		f.past = append(f.past, g)
		for ; next < len(f.order) && f.job.Seeds[f.order[next]].Frame <= n; next++ {
			f.begin(f.order[next], n)
		}
		f.say(media.Message{Followed: n + 1})
	}
	return false, nil
}

// blank gives a picture to fill: the oldest one that nobody needs any more.
func (f *follower) blank() *grey {
	for len(f.past) > f.keep {
		f.free, f.past = append(f.free, f.past[0]), f.past[1:]
	}
	if n := len(f.free); n > 0 {
		g := f.free[n-1]
		f.free = f.free[:n-1]
		return g
	}
	return newGrey(f.w, f.h)
}

// forget lets go of everything: a new shot begins.
func (f *follower) forget() {
	f.free, f.past, f.open = append(f.free, f.past...), nil, nil
}

// ahead has every open tracker look at the next frame.
func (f *follower) ahead(n int, g *grey) {
	f.open = slices.DeleteFunc(f.open, func(t *tracker) bool {
		if n > t.ends {
			return true
		}
		f.tell(t, n, g)
		return t.lost > f.job.Lost
	})
}

// begin follows a seed back through the frames that are kept, and from now on ahead.
func (f *follower) begin(seed, n int) {
	s := f.job.Seeds[seed]
	at := placeOf(evidence.Box{s.Box[0] / f.sx, s.Box[1] / f.sy, s.Box[2] / f.sx, s.Box[3] / f.sy})
	now := f.past[len(f.past)-1]
	if s.Frame != n || at.w < leastFollowed || at.h < leastFollowed || at.inside(now) < leastSeen {
		return
	}
	back := newTracker(seed, n-s.Back, now, at)
	for i := len(f.past) - 2; i >= 0 && n-(len(f.past)-1-i) >= back.ends && back.lost <= f.job.Lost; i-- {
		f.tell(back, n-(len(f.past)-1-i), f.past[i])
	}
	if s.Ahead > 0 {
		f.open = append(f.open, newTracker(seed, n+s.Ahead, now, at))
	}
}

// tell has a tracker take one step, and says where it came to.
func (f *follower) tell(t *tracker, frame int, g *grey) {
	score, found, sure := t.next(g)
	if !found {
		return
	}
	b := t.at.box()
	f.say(media.Message{Step: &media.Step{
		Seed: t.seed, Frame: frame, Score: float64(score), Sure: sure,
		Box: evidence.Box{b[0] * f.sx, b[1] * f.sy, b[2] * f.sx, b[3] * f.sy},
	}})
}
