package mask

import (
	"context"
	"errors"
	"math"
	"os"
	"time"

	"safehouse/internal/evidence"
)

// mends is how often a plan of our own is mended by what the second look found.
const mends = 2

// A Summary is what came of masking one file.
type Summary struct {
	Frames      int      `json:"frames"`
	Tracks      int      `json:"tracks"`
	Queue       int      `json:"queue"`
	LowestScore float64  `json:"lowest_score"` // 0 where nothing was seen
	Seconds     float64  `json:"seconds"`
	FPS         float64  `json:"fps"`
	Detectors   []string `json:"detectors"`
	Sound       bool     `json:"sound"`
	Padded      bool     `json:"padded"`       // by one column or row
	Style       string   `json:"style"`        // solid or mosaic
	Whole       int      `json:"whole_frames"` // covered whole: nobody can say what they show
}

// Mask does it all on one file: plan, render, look again. A face that the second
// look finds is added to a plan of our own, at most twice. When given is not
// nil, that plan is rendered as it is, and a face it leaves bare is an error: a
// person's plan is never changed.
func (s Studio) Mask(ctx context.Context, in, out *os.File, given *evidence.MaskPlan, opt Options, progress Progress) (evidence.MaskPlan, Summary, error) {
	began := time.Now()
	plan, err := s.planFor(ctx, in, given, opt, progress)
	if err != nil {
		return plan, Summary{}, err
	}
	if opt.Strict && len(plan.Queue) > 0 {
		return plan, Summary{}, &evidence.Refusal{
			Problem: &evidence.Problem{Code: "mask.doubtful", Args: []any{len(plan.Queue)}}, Status: 3,
		}
	}
	report, err := s.Render(ctx, in, plan, out, opt, progress)
	var bare *Exposed
	for i := 0; i < mends && given == nil && errors.As(err, &bare); i++ {
		plan = s.Mend(plan, bare)
		report, err = s.Render(ctx, in, plan, out, opt, progress)
	}
	if err != nil {
		return plan, Summary{}, err
	}
	return plan, summary(plan, report, time.Since(began)), nil
}

func (s Studio) planFor(ctx context.Context, in *os.File, given *evidence.MaskPlan, opt Options, progress Progress) (evidence.MaskPlan, error) {
	if given != nil {
		return *given, nil
	}
	return s.Propose(ctx, in, opt, progress)
}

func summary(plan evidence.MaskPlan, r Report, took time.Duration) Summary {
	out := Summary{
		Frames: plan.Source.Frames, Tracks: len(plan.Tracks), Queue: len(plan.Queue),
		Seconds: math.Round(took.Seconds()*100) / 100, Detectors: r.Detectors, Sound: r.Sound, Padded: r.Padded,
		Style: r.Style, Whole: r.Whole,
	}
	out.FPS = math.Round(float64(out.Frames)/took.Seconds()*10) / 10
	for _, t := range plan.Tracks {
		for _, score := range t.Scores {
			if out.LowestScore == 0 || score < out.LowestScore {
				out.LowestScore = score
			}
		}
	}
	return out
}
