// Package mask covers the faces in a recording. Propose looks at every frame, its
// past and its future, and makes a plan: data that a person can look at and
// change. Render burns a plan into a new file and then looks again, at the
// finished pixels: when it returns nil, no detector sees a face there that the
// plan does not cover. What covers a face is opaque and cannot be undone; sound
// and every hidden datum stay behind.
//
// A Studio needs no vault. A Desk is a Studio within one.
package mask

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// A Studio makes masks.
type Studio struct {
	Media media.Runner
	Tool  string // what a rendition says it was made with
}

// The profiles: how much looking is worth the time.
const (
	Fast     = "fast"     // every third frame
	Standard = "standard" // every frame: picture and equalised copy in turn
	Thorough = "thorough" // every frame: picture and equalised copy both, and more beside
)

// keyLooks is how often a face is looked for that lies, or is small: at every so many
// looks.
const keyLooks = 12

// Options say how to mask. The zero Options are the safe ones.
type Options struct {
	Profile string // empty: Standard
	Model   string // a file with YuNet, UltraFace or CenterFace that the user names
	Audio   string // "keep" keeps the sound; all else removes it
	Style   string // media.Solid or media.Mosaic; empty is Solid
	Still   string // what a photo becomes: media.PNG or media.JPEG; empty is PNG where it was one
	Strict  bool   // a doubt stops the work
}

// Progress hears how far the work is: a key of the catalogues, and frames.
type Progress func(stage string, done, total int)

// The stages of the work.
const (
	stageDetect = "progress.detect"
	stageRender = "progress.render"
	stageLook   = "progress.look"
)

// A Report says what was made.
type Report struct {
	Tool      string
	Media     string // MIME type
	Detectors []string
	Padded    bool
	Sound     bool // kept
	Style     string
	Whole     int // frames that were covered whole
}

// An Exposed is a face that the second look found in the finished file.
type Exposed struct {
	*evidence.Problem
	sights map[string][]sight
	clip   media.Clip
}

// Unwrap gives the problem.
func (e *Exposed) Unwrap() error { return e.Problem }

// detection is what a profile means.
func (o Options) detection() (media.Detection, error) {
	d := media.Detection{Every: 1, Min: lowest}
	switch o.Profile {
	case "", Standard:
		d.Key, d.Parts = keyLooks, 2
	case Fast:
		d.Every, d.Key = 3, keyLooks
	case Thorough:
		d.Both, d.Key, d.Parts = true, 5, 5
	default:
		return d, &evidence.Problem{Code: "mask.profile", Args: []any{o.Profile}}
	}
	return d, nil
}

// Propose looks for faces in a file and makes a plan.
func (s Studio) Propose(ctx context.Context, in *os.File, opt Options, progress Progress) (evidence.MaskPlan, error) {
	d, err := opt.detection()
	if err != nil {
		return evidence.MaskPlan{}, err
	}
	sum, err := fileDigest(in)
	if err != nil {
		return evidence.MaskPlan{}, err
	}
	p, seen, err := s.watch(ctx, in, opt, d, progress)
	if isProblem(err, "media.damaged") {
		d.Careful = true // slower
		p, seen, err = s.watch(ctx, in, opt, d, progress)
	}
	if err != nil {
		return evidence.MaskPlan{}, err
	}
	tracks, queue := p.plan()
	plan := evidence.MaskPlan{
		Source:  evidence.PlanSource{SHA256: sum, Width: p.clip.Width, Height: p.clip.Height, Frames: p.clip.Frames, FPS: p.clip.FPS},
		Profile: profileName(opt.Profile), Detectors: seen.Detectors, Cuts: append([]int{}, p.shots[1:]...),
		Tracks: tracks, Queue: queue, WholeFrames: append([]int{}, seen.Clip.Broken...),
	}
	if opt.Profile == Fast {
		return plan, nil
	}
	return s.Carry(ctx, in, plan, progress)
}

// watch hands all frames of a recording to a new planner.
func (s Studio) watch(ctx context.Context, in *os.File, opt Options, d media.Detection, progress Progress) (*planner, media.Detected, error) {
	p := newPlanner(media.Clip{})
	seen, err := s.with(opt).Detect(ctx, in, d, func(l media.Look) error {
		progress(stageDetect, l.Frame+1, l.Of)
		return p.see(l)
	})
	p.clip = seen.Clip
	return p, seen, err
}

// isProblem says whether an error is the problem with that code.
func isProblem(err error, code string) bool {
	var p *evidence.Problem
	return errors.As(err, &p) && p.Code == code
}

func profileName(p string) string {
	if p == "" {
		return Standard
	}
	return p
}

func (s Studio) with(opt Options) media.Runner {
	r := s.Media
	if opt.Model != "" {
		r.Model = opt.Model
	}
	return r
}

// Render burns a plan into out and looks again. An *Exposed error says that a
// face is to be seen there: then out must not be kept.
func (s Studio) Render(ctx context.Context, in *os.File, plan evidence.MaskPlan, out *os.File, opt Options, progress Progress) (Report, error) {
	if opt.Style == "" {
		opt.Style = media.Solid
	}
	if opt.Style != media.Solid && opt.Style != media.Mosaic {
		return Report{}, &evidence.Problem{Code: "mask.style", Args: []any{opt.Style}}
	}
	sum, err := fileDigest(in)
	if err != nil {
		return Report{}, err
	}
	if sum != plan.Source.SHA256 {
		return Report{}, &evidence.Problem{Code: "mask.other_source"}
	}
	how := media.Rendering{KeepSound: opt.Audio == "keep", Style: opt.Style, Still: opt.Still}
	made, err := s.Media.Render(ctx, in, plan, out, how, func(n int) { progress(stageRender, n, plan.Source.Frames) })
	if err != nil {
		return Report{}, err
	}
	seen, err := s.lookAgain(ctx, plan, out, opt, progress)
	if err != nil {
		return Report{}, err
	}
	whole := map[int]bool{}
	for _, n := range slices.Concat(plan.WholeFrames, made.Clip.Broken) {
		whole[n] = true
	}
	return Report{
		Tool: s.Tool, Media: made.Media, Detectors: seen, Padded: made.Padded, Sound: made.Clip.Sound, Style: opt.Style, Whole: len(whole),
	}, nil
}

// lookAgain runs detection on the finished file. It takes picture and copy in the
// other order than the first look, so that each frame is seen in the other way.
func (s Studio) lookAgain(ctx context.Context, plan evidence.MaskPlan, out *os.File, opt Options, progress Progress) ([]string, error) {
	covered := allowed(plan)
	bare := map[string][]sight{}
	frames := map[int]bool{}
	d := media.Detection{Every: 2, Turn: 1, Min: seedScore, Key: keyLooks}
	if opt.Profile == Thorough {
		d.Every = 1
	}
	seen, err := s.with(opt).Detect(ctx, out, d, func(l media.Look) error {
		progress(stageLook, l.Frame+1, plan.Source.Frames)
		for _, h := range l.Hits {
			if !h.Alone && !covered.hide(l.Frame, h.Box) {
				f := family(h.Detector)
				bare[f] = append(bare[f], sight{l.Frame, h.Box, h.Score, !h.Alone})
				frames[l.Frame] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if seen.Clip.Frames != plan.Source.Frames {
		return nil, fmt.Errorf("%d frames went in, %d came out", plan.Source.Frames, seen.Clip.Frames)
	}
	if len(frames) > 0 {
		first := slices.Sorted(maps.Keys(frames))[0]
		return nil, &Exposed{&evidence.Problem{Code: "mask.exposed", Args: []any{len(frames), first}}, bare, seen.Clip}
	}
	return seen.Detectors, nil
}

// covered is what a plan hides, frame by frame.
type covered struct {
	boxes map[int][]evidence.Box
	whole map[int]bool
}

func regions(plan evidence.MaskPlan) covered {
	c := covered{map[int][]evidence.Box{}, map[int]bool{}}
	for _, t := range plan.Tracks {
		for n, b := range t.Boxes {
			c.boxes[n] = append(c.boxes[n], b)
		}
	}
	for _, n := range plan.WholeFrames {
		c.whole[n] = true
	}
	return c
}

// hiddenShare is how much of a hit must lie under masks for it to be the mask
// itself that was taken for a face.
const hiddenShare = .70

// hide says whether most of a box is covered: by sampling, as masks may lie over
// each other.
func (c covered) hide(frame int, b evidence.Box) bool {
	if c.whole[frame] {
		return true
	}
	const n = 12
	under := 0
	for i := range n * n {
		x := b[0] + width(b)*(float64(i%n)+.5)/n
		y := b[1] + height(b)*(float64(i/n)+.5)/n
		if slices.ContainsFunc(c.boxes[frame], func(m evidence.Box) bool {
			return x >= m[0] && x < m[2] && y >= m[1] && y < m[3]
		}) {
			under++
		}
	}
	return under >= int(math.Ceil(hiddenShare*n*n))
}

// Mend adds what the second look found to a plan, with a doubt for each.
func (s Studio) Mend(plan evidence.MaskPlan, e *Exposed) evidence.MaskPlan {
	p := newPlanner(e.clip)
	for _, c := range plan.Cuts {
		p.shots = append(p.shots, c)
		p.sure[c] = true
	}
	p.sights = e.sights
	tracks, _ := p.plan()
	last := 0
	for _, t := range plan.Tracks {
		last = max(last, t.ID)
	}
	plan.Tracks, plan.Queue = slices.Clone(plan.Tracks), slices.Clone(plan.Queue)
	var again []evidence.Doubt
	for _, t := range tracks {
		t.ID += last
		plan.Tracks = append(plan.Tracks, t)
		again = append(again, evidence.Doubt{Track: t.ID, Frame: slices.Min(slices.Collect(maps.Keys(t.Scores))), Why: doubtAgain})
	}
	plan.Queue = append(again, plan.Queue...)
	return plan
}

// fileDigest is the SHA-256 of a whole file, in hex.
func fileDigest(f *os.File) (string, error) {
	sum := sha256.New()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, end)); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// digest identifies a plan: the SHA-256 of its JSON, in hex.
func digest(p evidence.MaskPlan) (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}
