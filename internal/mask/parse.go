package mask

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"safehouse/internal/evidence"
)

// maxPlan is the longest plan that is read, in bytes.
const maxPlan = 256 << 20

// ParsePlan reads a plan that a person may have edited. What it does not
// understand it refuses, with the place: a mask that is quietly ignored would
// leave a face bare.
func ParsePlan(r io.Reader) (evidence.MaskPlan, error) {
	var p evidence.MaskPlan
	dec := json.NewDecoder(io.LimitReader(r, maxPlan))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return p, wrongPlan(err.Error())
	}
	if _, err := dec.Token(); err != io.EOF {
		return p, wrongPlan("more than one document")
	}
	return p, validPlan(p)
}

func wrongPlan(what string) error {
	return &evidence.Problem{Code: "mask.plan", Args: []any{what}}
}

func validPlan(p evidence.MaskPlan) error {
	s := p.Source
	if b, err := hex.DecodeString(s.SHA256); err != nil || len(b) != 32 {
		return wrongPlan("source.sha256")
	}
	if s.Width <= 0 || s.Height <= 0 || s.Frames <= 0 {
		return wrongPlan("source")
	}
	inside := func(n int) bool { return n >= 0 && n < s.Frames }
	for _, list := range [][]int{p.Cuts, p.WholeFrames} {
		if !slices.ContainsFunc(list, func(n int) bool { return !inside(n) }) {
			continue
		}
		return wrongPlan("cuts, whole_frames")
	}
	ids := map[int]bool{}
	for _, t := range slices.Concat(p.Tracks, p.Unmasked) {
		if ids[t.ID] {
			return wrongPlan(fmt.Sprintf("tracks: id %d twice", t.ID))
		}
		ids[t.ID] = true
		if err := validTrack(t, inside); err != nil {
			return err
		}
	}
	for i, d := range p.Queue {
		if !inside(d.Frame) || d.Track != noTrack && !ids[d.Track] {
			return wrongPlan(fmt.Sprintf("queue[%d]", i))
		}
	}
	return nil
}

func validTrack(t evidence.Track, inside func(int) bool) error {
	at := func(what string) error { return wrongPlan(fmt.Sprintf("track %d: %s", t.ID, what)) }
	switch {
	case t.Kind != evidence.FaceTrack && t.Kind != evidence.PersonTrack && t.Kind != evidence.ManualTrack:
		return at("kind")
	case !inside(t.From) || !inside(t.To) || t.From > t.To:
		return at("from, to")
	case len(t.Boxes) == 0:
		return at("boxes")
	}
	for n := t.From; n <= t.To; n++ { // a hole in a track would be a bare face; where a person drew, they mean these frames
		if _, ok := t.Boxes[n]; !ok && t.Kind != evidence.ManualTrack {
			return at(fmt.Sprintf("no box on frame %d", n))
		}
	}
	for n, b := range t.Boxes {
		if n < t.From || n > t.To {
			return at(fmt.Sprintf("box on frame %d", n))
		}
		if !fits(b) {
			return at(fmt.Sprintf("box on frame %d", n))
		}
	}
	return nil
}

// fits says whether a box is one.
func fits(b evidence.Box) bool {
	return !slices.ContainsFunc(b[:], func(v float64) bool { return !(math.Abs(v) <= 1e6) }) && area(b) > 0
}
