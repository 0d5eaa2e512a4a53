package mask

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
	"safehouse/internal/media"
)

// seen is a plan of one face that was seen on some frames, standing still.
func seen(t testing.TB, from, to int, cuts ...int) evidence.MaskPlan {
	t.Helper()
	s := scene{}
	for n := from; n <= to; n++ {
		s[n] = []face.Hit{hit(300, 150, 50, .9, face.SSD)}
	}
	tracks, queue := s.planned(t, cuts...)
	return evidence.MaskPlan{Source: source, Cuts: cuts, Tracks: tracks, Queue: queue}
}

// stepped has each thread followed for so many frames, moving across.
func stepped(threads []Thread, frames int, across float64, sure bool) []Thread {
	for i, th := range threads {
		for k := 1; k <= frames; k++ {
			d := across * float64(k)
			b := th.Seed.Box
			st := media.Step{Seed: i, Box: evidence.Box{b[0] + d, b[1], b[2] + d, b[3]}, Score: .9, Sure: sure}
			if k <= th.Seed.Back {
				st.Frame = th.Seed.Frame - k
				threads[i].Steps = append(threads[i].Steps, st)
			}
			if k <= th.Seed.Ahead {
				st.Frame = th.Seed.Frame + k
				threads[i].Steps = append(threads[i].Steps, st)
			}
		}
	}
	return threads
}

func TestTheFaceUnderAMaskIsFoundAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.Float64Range(4, 400).Draw(t, "w"), rapid.Float64Range(4, 400).Draw(t, "h")
		b := evidence.Box{10, 20, 10 + w, 20 + h}
		got := underHead(head(b))
		for i := range b {
			if d := got[i] - b[i]; d > .3*minMargin || d < -.3*minMargin {
				t.Fatalf("under the mask of %v lies %v", b, got)
			}
		}
	})
}

func TestOneSureSightIsCarriedThroughItsShot(t *testing.T) {
	plan := seen(t, 50, 50, 20, 80)
	threads := Threads(plan)
	if len(threads) != 2 || threads[0].Seed.Back != 30 || threads[1].Seed.Ahead != 29 {
		t.Fatalf("%+v", threads)
	}
	got := Carry(plan, stepped(threads, 100, 1, true))
	for n := range source.Frames {
		d := float64(abs(n - 50))
		if in := n >= 20 && n < 80; masked(got.Tracks, n, evidence.Box{302 + d, 152, 348 + d, 198}) != in {
			t.Errorf("frame %d: masked %v", n, !in)
		}
	}
	for _, d := range got.Queue {
		if d.Why == doubtEnds {
			t.Errorf("it goes from cut to cut, and yet ends at %d", d.Frame)
		}
	}
}

func TestWhatWasSeenOnlyWeaklyIsNotCarried(t *testing.T) {
	plan := seen(t, 50, 50)
	plan.Tracks[0].Scores = map[int]float64{50: .3}
	if threads := Threads(plan); len(threads) > 0 {
		t.Errorf("%+v", threads)
	}
}

func TestWhereTheFollowingEndsAPersonIsAsked(t *testing.T) {
	plan := seen(t, 50, 50)
	got := Carry(plan, stepped(Threads(plan), 20, 0, true))
	want := []evidence.Doubt{{Track: 1, Frame: 30, Why: doubtEnds}, {Track: 1, Frame: 70, Why: doubtEnds}}
	if !slices.Equal(got.Queue, want) {
		t.Errorf("%v", got.Queue)
	}
	pad := frames(source, padSeconds)
	if tr := got.Tracks[0]; tr.From != 30-pad || tr.To != 70+pad {
		t.Errorf("from %d to %d", tr.From, tr.To)
	}
}

func TestAtThePicturesEdgeTheMaskIsHeld(t *testing.T) {
	plan := seen(t, 50, 50)
	got := Carry(plan, stepped(Threads(plan), 30, 10, true)) // to 600–650 of 640
	if to := got.Tracks[0].To; to != min(source.Frames-1, 80+frames(source, edgeSeconds)) {
		t.Errorf("held to frame %d", to)
	}
	if len(got.Queue) != 0 {
		t.Errorf("nobody vanished in mid-picture: %v", got.Queue)
	}
}

func TestWhatOnlyThePointsLeadToIsHeldShortly(t *testing.T) {
	plan := seen(t, 50, 50)
	got := Carry(plan, stepped(Threads(plan), 40, 0, false))
	if to := got.Tracks[0].To; to != 50+2*frames(source, padSeconds) {
		t.Errorf("to frame %d", to)
	}
	small, large := area(got.Tracks[0].Boxes[52]), area(got.Tracks[0].Boxes[57])
	if large <= small {
		t.Errorf("unsure, the mask does not grow: %.0f, then %.0f", small, large)
	}
}

// Where another track goes on, nobody vanished.
func TestAnEndThatAnotherTrackCoversIsNone(t *testing.T) {
	s := scene{}
	for n := range clip.Frames {
		if n < 40 || n > 70 {
			s[n] = []face.Hit{hit(300, 150, 50, .9, face.SSD)}
		}
	}
	tracks, queue := s.planned(t)
	plan := evidence.MaskPlan{Source: source, Tracks: tracks, Queue: queue}
	if len(tracks) != 2 || len(queue) != 2 {
		t.Fatalf("%d tracks, %v", len(tracks), queue)
	}
	got := Carry(plan, stepped(Threads(plan), 40, 0, true))
	if len(got.Queue) != 0 {
		t.Errorf("%v", got.Queue)
	}
	for n := range clip.Frames {
		if !masked(got.Tracks, n, evidence.Box{300, 150, 350, 200}) {
			t.Errorf("bare on frame %d", n)
		}
	}
}

// Whatever is followed, wherever to: nothing that was masked is bare, nothing crosses a
// cut, and what comes out is a plan.
func TestCarryingTakesNothingAway(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.IntRange(1, 99).Draw(t, "cut")
		s := scene{}
		for range rapid.IntRange(1, 30).Draw(t, "hits") {
			n := rapid.IntRange(0, 99).Draw(t, "frame")
			s[n] = append(s[n], hit(rapid.Float64Range(0, 600).Draw(t, "x"), rapid.Float64Range(0, 300).Draw(t, "y"), rapid.Float64Range(8, 90).Draw(t, "size"), .9, face.SSD))
		}
		p := newPlanner(clip)
		for n := range clip.Frames {
			l := media.Look{Frame: n, Hits: s[n]}
			if n == cut {
				l.Cut = 1
			}
			if err := p.see(l); err != nil {
				t.Fatal(err)
			}
		}
		tracks, queue := p.plan()
		plan := evidence.MaskPlan{Source: source, Cuts: []int{cut}, Tracks: tracks, Queue: queue}
		threads := Threads(plan)
		for i := range threads {
			for range rapid.IntRange(0, 20).Draw(t, "steps") {
				x, y := rapid.Float64Range(-50, 640).Draw(t, "x"), rapid.Float64Range(-50, 360).Draw(t, "y")
				threads[i].Steps = append(threads[i].Steps, media.Step{
					Seed: i, Frame: rapid.IntRange(-5, 105).Draw(t, "frame"), Sure: rapid.Bool().Draw(t, "sure"), Box: evidence.Box{x, y, x + 30, y + 40},
				})
			}
		}
		got := Carry(plan, threads)
		if err := validPlan(got); err != nil {
			t.Fatal(err)
		}
		for i, tr := range plan.Tracks {
			for n, b := range tr.Boxes {
				if !masked(got.Tracks[i:i+1], n, b) {
					t.Errorf("frame %d of track %d is bare", n, tr.ID)
				}
			}
			first, last := shot(plan, slices.Min(slices.Collect(maps.Keys(tr.Scores))))
			if got.Tracks[i].From < first || got.Tracks[i].To > last {
				t.Errorf("track %d goes from %d to %d, and its shot from %d to %d", tr.ID, got.Tracks[i].From, got.Tracks[i].To, first, last)
			}
		}
	})
}

// panned is a clip of a photo that moves four pixels a frame, and where one of its faces
// is.
func panned(t *testing.T) (*os.File, func(frame int) evidence.Box) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pan.mp4")
	out, err := exec.Command("ffmpeg", "-v", "error", "-loop", "1", "-r", "25", "-i", "../../node_modules/@vladmandic/face-api/demo/sample6.jpg",
		"-vf", "scale=960:-2,crop=640:360:4*n:40,format=yuv420p", "-frames:v", "50", "-c:v", "libx264", "-preset", "veryfast", name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return open(t, name), func(n int) evidence.Box {
		x := 4 * float64(n)
		return evidence.Box{584 - x, 114, 693 - x, 261}
	}
}

func planFor(t *testing.T, f *os.File) evidence.MaskPlan {
	t.Helper()
	sum, err := fileDigest(f)
	if err != nil {
		t.Fatal(err)
	}
	clip, err := studio(t).Media.Probe(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return evidence.MaskPlan{
		Source: evidence.PlanSource{SHA256: sum, Width: clip.Width, Height: clip.Height, Frames: clip.Frames, FPS: clip.FPS},
		Cuts:   []int{}, Tracks: []evidence.Track{}, Queue: []evidence.Doubt{}, WholeFrames: []int{},
	}
}

func TestABoxDrawnOnOneFrameCoversTheFaceOnAll(t *testing.T) {
	f, at := panned(t)
	plan := planFor(t, f)
	got, err := studio(t).Edited(t.Context(), f, plan, Edit{Boxes: []Box{{Frame: 30, Box: grown(at(30), .1)}}}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Tracks) != 1 || got.Tracks[0].Kind != evidence.ManualTrack || len(got.Queue) != 0 {
		t.Fatalf("%d tracks, %v", len(got.Tracks), got.Queue)
	}
	for n := range plan.Source.Frames {
		b := at(n)
		if in := shared(b, evidence.Box{0, 0, 640, 360}) / area(b); in > .5 && !masked(got.Tracks, n, grown(b, -.05)) {
			t.Errorf("bare on frame %d: %v under %v", n, b, got.Tracks[0].Boxes[n])
		}
		if m := got.Tracks[0].Boxes[n]; area(m) > 2.2*area(b) && n < 48 && n > 8 {
			t.Errorf("frame %d: a mask of %v over a face of %v", n, m, b)
		}
	}
	if err := validPlan(got); err != nil {
		t.Error(err)
	}
}

// A plan file may be written by hand: a box on some frames covers those, and is followed
// where that is asked for.
func TestABoxInAPlanFileIsFollowedWhenAskedFor(t *testing.T) {
	f, at := panned(t)
	plan := planFor(t, f)
	plan.Tracks = []evidence.Track{{ID: 7, Kind: evidence.ManualTrack, From: 20, To: 30, Boxes: map[int]evidence.Box{20: at(20), 30: at(30)}}}
	if err := validPlan(plan); err != nil {
		t.Fatal(err)
	}
	got, err := studio(t).Follow(t.Context(), f, plan, quiet)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{15, 25, 35, 45} {
		if !masked(got.Tracks, n, grown(at(n), -.1)) {
			t.Errorf("bare on frame %d", n)
		}
	}
	if got.Tracks[0].Boxes[20] == (evidence.Box{}) || len(plan.Tracks[0].Boxes) != 2 {
		t.Error("the plan that was given is changed")
	}
	plan.Source.SHA256 = source.SHA256
	if _, err := studio(t).Follow(t.Context(), f, plan, quiet); !isProblem(err, "mask.other_source") {
		t.Errorf("in another file: %v", err)
	}
}
