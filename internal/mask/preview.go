package mask

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"

	"safehouse/internal/access"
	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/store"
)

// previewSide is the longest side of a preview in pixels.
const previewSide = 480

// stagePreview is the stage of the work.
const stagePreview = "progress.preview"

// Preview makes a small still of the middle frame of what a plan is for, with its
// masks burned in, and looks at it again: what a detector still sees there is covered
// too, and where that does not help, the whole picture is. Done twice it gives what
// is there.
func (d *Desk) Preview(ctx context.Context, actor evidence.Actor, id evidence.PlanID, progress Progress) (evidence.Rendition, error) {
	if err := access.Check(actor, access.RenderMask); err != nil {
		return evidence.Rendition{}, err
	}
	var p evidence.Plan
	var had *evidence.Rendition
	err := d.DB.View(ctx, actor.ID, func(v *store.View) (err error) {
		if p, err = v.Plan(id); err != nil {
			return err
		}
		had, err = previewOf(v, p)
		return err
	})
	if err != nil {
		return evidence.Rendition{}, err
	}
	if had != nil {
		return *had, nil
	}
	in, err := d.original(ctx, actor, p.Item, "mask.preview")
	if err != nil {
		return evidence.Rendition{}, err
	}
	defer in.Close()
	out, err := memory("preview")
	if err != nil {
		return evidence.Rendition{}, err
	}
	defer out.Close()
	report, err := d.Studio.preview(ctx, in, p.Mask, out, progress)
	if err != nil {
		return evidence.Rendition{}, err
	}
	return d.store(ctx, actor, p, evidence.Preview, report, out)
}

// previewOf is the preview that was made by a plan, or nil.
func previewOf(v *store.View, p evidence.Plan) (*evidence.Rendition, error) {
	made, err := v.Renditions(p.Item)
	if err != nil {
		return nil, err
	}
	for _, r := range made {
		if r.Kind == evidence.Preview && r.Plan == p.ID {
			return &r, nil
		}
	}
	return nil, nil
}

// preview writes the still and looks at it until nothing is bare.
func (s Studio) preview(ctx context.Context, in *os.File, plan evidence.MaskPlan, out *os.File, progress Progress) (Report, error) {
	sum, err := fileDigest(in)
	if err != nil {
		return Report{}, err
	}
	if sum != plan.Source.SHA256 {
		return Report{}, &evidence.Problem{Code: "mask.other_source"}
	}
	frame := plan.Source.Frames / 2
	one := onFrame(plan, frame)
	for look := 0; ; look++ {
		r, bare, err := s.glimpse(ctx, in, one, out, frame, progress)
		if err != nil || len(bare) == 0 {
			return r, err
		}
		for i, b := range bare {
			one.Tracks = append(one.Tracks, evidence.Track{ID: len(one.Tracks) + i, Kind: evidence.FaceTrack, From: frame, To: frame, Boxes: map[int]evidence.Box{frame: b}})
		}
		if look == mends {
			one.WholeFrames = []int{frame} // then nothing of it is shown
		}
	}
}

// onFrame is what a plan covers on one frame.
func onFrame(plan evidence.MaskPlan, frame int) evidence.MaskPlan {
	one := evidence.MaskPlan{Source: plan.Source}
	for _, t := range plan.Tracks {
		if b, ok := t.Boxes[frame]; ok {
			one.Tracks = append(one.Tracks, evidence.Track{ID: t.ID, Kind: t.Kind, From: frame, To: frame, Boxes: map[int]evidence.Box{frame: b}})
		}
	}
	if slices.Contains(plan.WholeFrames, frame) {
		one.WholeFrames = []int{frame}
	}
	return one
}

// glimpse writes the still and gives the heads that are to be seen there, in pixels of
// the source.
func (s Studio) glimpse(ctx context.Context, in *os.File, plan evidence.MaskPlan, out *os.File, frame int, progress Progress) (Report, []evidence.Box, error) {
	made, err := s.Media.Glimpse(ctx, in, plan, out, media.Glimpse{Frame: frame, Longest: previewSide},
		func(n int) { progress(stagePreview, n, frame+1) })
	if err != nil {
		return Report{}, nil, err
	}
	covered := regions(plan)
	heads := map[evidence.Box]bool{}
	sx, sy := float64(plan.Source.Width)/float64(made.Clip.Width), float64(plan.Source.Height)/float64(made.Clip.Height)
	seen, err := s.Media.Detect(ctx, out, media.Detection{Every: 1, Both: true, Min: seedScore}, func(l media.Look) error {
		for _, h := range l.Hits {
			face := evidence.Box{h.Box[0] * sx, h.Box[1] * sy, h.Box[2] * sx, h.Box[3] * sy}
			if !covered.hide(frame, face) {
				heads[rounded(head(face))] = true
			}
		}
		return nil
	})
	if err != nil {
		return Report{}, nil, errors.Join(err, out.Truncate(0))
	}
	return Report{Tool: s.Tool, Media: made.Media, Detectors: seen.Detectors}, slices.Collect(maps.Keys(heads)), nil
}
