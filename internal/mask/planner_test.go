package mask

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
	"safehouse/internal/media"
)

var clip = media.Clip{Width: 640, Height: 360, Frames: 100, FPS: 25}

// A scene is what detectors saw, frame by frame.
type scene map[int][]face.Hit

func hit(x, y, size, score float64, detector string) face.Hit {
	return face.Hit{Box: evidence.Box{x, y, x + size, y + size}, Score: score, Detector: detector}
}

func (s scene) planned(t testing.TB, cuts ...int) ([]evidence.Track, []evidence.Doubt) {
	t.Helper()
	p := newPlanner(clip)
	for n := range clip.Frames {
		l := media.Look{Frame: n, Luma: 120, Sharp: 10, Looked: true, Hits: s[n]}
		if slices.Contains(cuts, n) {
			l.Cut = 1
		}
		if err := p.see(l); err != nil {
			t.Fatal(err)
		}
	}
	return p.plan()
}

// masked says whether a box lies whole under one mask of the frame.
func masked(tracks []evidence.Track, frame int, b evidence.Box) bool {
	return slices.ContainsFunc(tracks, func(tr evidence.Track) bool {
		m, ok := tr.Boxes[frame]
		return ok && shared(m, b) >= area(b)-1e-6
	})
}

func whys(q []evidence.Doubt) (out []string) {
	for _, d := range q {
		out = append(out, d.Why)
	}
	return out
}

func TestAFaceIsMaskedBeforeItIsFirstSeenAndAfterItIsLastSeen(t *testing.T) {
	s := scene{}
	for n := 40; n < 50; n++ {
		s[n] = []face.Hit{hit(300, 150, 50, .9, face.SSD)}
	}
	tracks, queue := s.planned(t)
	if len(tracks) != 1 {
		t.Fatalf("%d tracks", len(tracks))
	}
	pad := newPlanner(clip).frames(padSeconds)
	for n := 40 - pad; n < 50+pad; n++ {
		if !masked(tracks, n, evidence.Box{300, 150, 350, 200}) {
			t.Errorf("bare on frame %d", n)
		}
	}
	if tracks[0].From != 40-pad || tracks[0].To != 49+pad {
		t.Errorf("from %d to %d", tracks[0].From, tracks[0].To)
	}
	if got := whys(queue); !slices.Equal(got, []string{doubtEnds, doubtEnds}) {
		t.Errorf("a face that appears mid-picture raises %v", got)
	}
}

func TestWeakHitsGoOnWithAStrongOneInBothDirections(t *testing.T) {
	s := scene{}
	for n := 10; n <= 60; n++ {
		score := .22
		if n == 35 {
			score = .9
		}
		s[n] = []face.Hit{hit(300, 150, 50, score, face.SSD)}
	}
	tracks, _ := s.planned(t)
	if len(tracks) != 1 || len(tracks[0].Scores) != 51 {
		t.Fatalf("%d tracks", len(tracks))
	}
}

func TestWhatMayBeAFaceIsAskedAbout(t *testing.T) {
	s := scene{20: {hit(300, 150, 50, .4, face.SSD)}, 70: {hit(100, 50, 50, .25, face.SSD)}}
	tracks, queue := s.planned(t)
	if len(tracks) != 0 || !slices.Equal(whys(queue), []string{doubtMaybe}) || queue[0].Frame != 20 || queue[0].Track != noTrack {
		t.Errorf("%v %v", tracks, queue)
	}
}

func TestAGapIsFilledAndAskedAbout(t *testing.T) {
	s := scene{}
	for n := range clip.Frames {
		if n < 30 || n > 50 {
			s[n] = []face.Hit{hit(200+float64(n), 150, 50, .9, face.SSD)}
		}
	}
	tracks, queue := s.planned(t)
	for n := range clip.Frames {
		if !masked(tracks, n, evidence.Box{200 + float64(n), 150, 250 + float64(n), 200}) {
			t.Errorf("bare on frame %d", n)
		}
	}
	if len(tracks) != 1 || !slices.Equal(whys(queue), []string{doubtGap}) || len(tracks[0].Interpolated) != 21 {
		t.Errorf("%d tracks, queue %v", len(tracks), queue)
	}
}

func TestACutEndsATrackAndIsAskedAbout(t *testing.T) {
	s := scene{}
	for n := range clip.Frames {
		s[n] = []face.Hit{hit(300, 150, 50, .9, face.SSD)}
	}
	tracks, queue := s.planned(t, 50)
	if len(tracks) != 2 || tracks[0].To != 49 || tracks[1].From != 50 {
		t.Errorf("%d tracks", len(tracks))
	}
	if !slices.Equal(whys(queue), []string{doubtCut}) || queue[0].Frame != 50 {
		t.Errorf("%v", queue)
	}
}

func TestTwoDetectorsThatSeeOneFaceMakeOneTrackThatCoversBoth(t *testing.T) {
	s := scene{}
	for n := range clip.Frames {
		s[n] = []face.Hit{hit(300, 150, 50, .9, face.SSD), hit(290, 145, 60, .8, face.YuNet)}
	}
	tracks, _ := s.planned(t)
	if len(tracks) != 1 || !masked(tracks, 50, evidence.Box{290, 145, 350, 205}) {
		t.Errorf("%d tracks", len(tracks))
	}
}

func TestTwoPeopleWhoPassEachOtherStayMasked(t *testing.T) {
	s := scene{}
	for n := range clip.Frames {
		x := 5 * float64(n)
		s[n] = []face.Hit{hit(x, 150, 50, .9, face.SSD), hit(500-x, 160, 50, .9, face.SSD)}
		if n > 45 && n < 55 {
			s[n] = s[n][:1] // one hides the other
		}
	}
	tracks, _ := s.planned(t)
	for n := range clip.Frames {
		x := 5 * float64(n)
		for _, b := range []evidence.Box{{x, 150, x + 50, 200}, {500 - x, 160, 550 - x, 210}} {
			if !masked(tracks, n, b) {
				t.Errorf("bare on frame %d: %v", n, b)
			}
		}
	}
}

// Whatever is seen, wherever and in whatever order: a sure hit is never left bare,
// tracks have no holes, and the same sights give the same plan.
func TestNoSureHitIsLeftBare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := scene{}
		for range rapid.IntRange(0, 60).Draw(t, "hits") {
			n := rapid.IntRange(0, clip.Frames-1).Draw(t, "frame")
			s[n] = append(s[n], hit(
				rapid.Float64Range(-20, 640).Draw(t, "x"), rapid.Float64Range(-20, 360).Draw(t, "y"),
				rapid.Float64Range(4, 200).Draw(t, "size"), rapid.Float64Range(0, 1).Draw(t, "score"),
				rapid.SampledFrom([]string{face.SSD, face.SSDEqualised, face.YuNet}).Draw(t, "detector")))
		}
		cuts := rapid.SliceOfN(rapid.IntRange(1, clip.Frames-1), 0, 4).Draw(t, "cuts")
		p := newPlanner(clip)
		for n := range clip.Frames {
			l := media.Look{Frame: n, Hits: s[n]}
			if slices.Contains(cuts, n) {
				l.Cut = 1
			}
			if err := p.see(l); err != nil {
				t.Fatal(err)
			}
		}
		tracks, queue := p.plan()
		for n, hits := range s {
			for _, h := range hits {
				if h.Score >= seedScore && !masked(tracks, n, h.Box) {
					t.Errorf("bare on frame %d: %v", n, h)
				}
			}
		}
		plan := evidence.MaskPlan{Source: source, Tracks: tracks, Queue: queue}
		if err := validPlan(plan); err != nil {
			t.Errorf("our own plan is refused: %v", err)
		}
	})
}

var source = evidence.PlanSource{
	SHA256: "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", Width: 640, Height: 360, Frames: 100, FPS: 25,
}

// Two who pass each other are two: a box around both would cover what is between them.
func TestWhoIsApartIsNotMaskedAsOne(t *testing.T) {
	s := scene{}
	for n := 10; n <= 70; n++ {
		at := float64(8 * (n - 10))
		s[n] = []face.Hit{hit(60+at, 150, 40, .9, face.SSD), hit(540-at, 150, 40, .9, face.SSD)}
		if n%3 == 0 { // one of them goes unseen now and then, and the other may take its place
			s[n] = s[n][n%2 : n%2+1]
		}
	}
	tracks, _ := s.planned(t)
	for _, n := range []int{15, 20, 60, 65} {
		between := evidence.Box{290, 150, 310, 190}
		if slices.ContainsFunc(tracks, func(tr evidence.Track) bool { return shared(tr.Boxes[n], between) > 0 }) {
			t.Errorf("frame %d: what lies between two faces is masked", n)
		}
	}
}

func TestHitsThatNobodyConfirmsBeginNoTrack(t *testing.T) {
	s := scene{}
	h := hit(300, 150, 50, .9, face.SSD)
	h.Alone = true
	s[40] = []face.Hit{h}
	tracks, queue := s.planned(t)
	if len(tracks) != 0 {
		t.Errorf("%d tracks", len(tracks))
	}
	if got := whys(queue); !slices.Equal(got, []string{doubtMaybe}) {
		t.Errorf("a person is asked %v", got)
	}
	for n := 40; n < 40+enough; n++ {
		s[n] = []face.Hit{h}
	}
	if tracks, _ = s.planned(t); len(tracks) != 1 {
		t.Errorf("seen %d times: %d tracks", enough, len(tracks))
	}
}

// Where a face leaves through an edge a mask stays at the edge for a while, and no longer
// covers the picture's middle.
func TestAMaskStaysAtTheEdgeWhereAFaceLeft(t *testing.T) {
	s := scene{}
	for n := range 20 {
		s[n] = []face.Hit{hit(200-10*float64(n), 150, 50, .9, face.SSD)}
	}
	tracks, _ := s.planned(t)
	last := 19 + newPlanner(clip).frames(edgeSeconds)
	if !masked(tracks, last, evidence.Box{0, 150, 8, 200}) {
		t.Errorf("the edge is bare on frame %d", last)
	}
	if masked(tracks, last, evidence.Box{80, 150, 90, 200}) {
		t.Errorf("on frame %d the mask is where the face was long before", last)
	}
}
