package worker

import (
	"bytes"
	"image"
	"image/draw"
	_ "image/jpeg" // the photo is one
	"math"
	"os"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// A photo of a package and the place of a face in it, a third of its size.
func greyPhoto(t testing.TB) (*grey, evidence.Box) {
	t.Helper()
	f, err := os.Open("../../../node_modules/@vladmandic/face-api/demo/sample6.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	flat := image.NewGray(image.Rect(0, 0, p.Bounds().Dx(), p.Bounds().Dy()))
	draw.Draw(flat, flat.Rect, p, p.Bounds().Min, draw.Src)
	g := &grey{w: flat.Rect.Dx(), h: flat.Rect.Dy(), pix: flat.Pix, half: newGrey(flat.Rect.Dx()/2, flat.Rect.Dy()/2)}
	g.shrink()
	return g, evidence.Box{1168, 308, 1386, 603}
}

// filmed is what a camera sees that shows place from of the photo at place to.
func filmed(p *grey, from, to place) *grey {
	g := newGrey(320, 180)
	by := to.w / from.w
	n := int(math.Round(math.Log2(float64(1 / by))))
	s, level := p.level(max(n, 0))
	sin, cos := math.Sincos(-float64(to.turn))
	for y := range g.h {
		for x := range g.w {
			dx, dy := (float32(x)-to.x)/by, (float32(y)-to.y)/by
			u, v := dx*float32(cos)-dy*float32(sin)+from.x, dx*float32(sin)+dy*float32(cos)+from.y
			g.pix[y*g.w+x] = byte(s.at(down(u, level), down(v, level)))
		}
	}
	g.shrink()
	return g
}

// A film is what a follower reads, and what it says.
type film struct {
	frames []*grey
	steps  map[int]map[int]media.Step // by seed and frame
}

// follow has the frames followed, each as a clip's of twice the size.
func (f *film) follow(t *testing.T, how media.Following) *follower {
	t.Helper()
	w := &worker{job: media.Job{Follow: &how}}
	at := newFollower(w, media.Clip{Width: 2 * f.frames[0].w, Height: 2 * f.frames[0].h, Frames: len(f.frames)})
	if at.w != f.frames[0].w {
		t.Fatalf("followed at %d×%d", at.w, at.h)
	}
	f.steps = map[int]map[int]media.Step{}
	at.say = func(m media.Message) {
		if m.Step == nil {
			return
		}
		if f.steps[m.Step.Seed] == nil {
			f.steps[m.Step.Seed] = map[int]media.Step{}
		}
		f.steps[m.Step.Seed][m.Step.Frame] = *m.Step
	}
	var raw bytes.Buffer
	for _, g := range f.frames {
		raw.Write(g.pix)
	}
	if _, err := at.all(&raw); err != nil {
		t.Fatal(err)
	}
	return at
}

// off is how far a step's middle is from a place, in sizes of that.
func off(st media.Step, p place) float64 {
	b := p.box()
	x, y := (st.Box[0]+st.Box[2])/4-(b[0]+b[2])/2, (st.Box[1]+st.Box[3])/4-(b[1]+b[3])/2
	return math.Hypot(x, y) / (b[3] - b[1])
}

// doubled is a place of the small picture in the clip.
func doubled(p place) evidence.Box {
	b := p.box()
	return evidence.Box{2 * b[0], 2 * b[1], 2 * b[2], 2 * b[3]}
}

const long = 61

// facing is a film in which a face moves, and where it is.
func facing(t *testing.T, move func(p *place, n float32)) (*film, []place) {
	t.Helper()
	p, b := greyPhoto(t)
	f, at := &film{}, []place{}
	for n := range long {
		to := place{x: 160, y: 90, w: 30, h: 40}
		move(&to, float32(n)-long/2)
		f.frames, at = append(f.frames, filmed(p, placeOf(b), to)), append(at, to)
	}
	return f, at
}

func both(p place) media.Following {
	return media.Following{Seeds: []media.Seed{{Frame: long / 2, Box: doubled(p), Back: long, Ahead: long}}, Lost: 30}
}

func TestAFaceIsFollowedBothWaysHoweverTheCameraMoves(t *testing.T) {
	for name, move := range map[string]func(p *place, n float32){
		"still":  func(*place, float32) {},
		"pan":    func(p *place, n float32) { p.x += 3 * n },
		"fast":   func(p *place, n float32) { p.x += 90 * float32(math.Sin(float64(n)*.15)) },
		"zoom":   func(p *place, n float32) { s := float32(math.Exp(float64(n) * .02)); p.w, p.h = p.w*s, p.h*s },
		"turned": func(p *place, n float32) { p.turn = n * .08 },
	} {
		f, at := facing(t, move)
		f.follow(t, both(at[long/2]))
		for n, p := range at {
			st, found := f.steps[0][n]
			switch {
			case n == long/2:
			case !found || !st.Sure:
				t.Errorf("%s: lost on frame %d", name, n)
			case off(st, p) > .15:
				t.Errorf("%s: frame %d is off by %.2f", name, n, off(st, p))
			}
		}
	}
}

// hide paints something grey over a place.
func hide(g *grey, p place) {
	b := p.box()
	for y := max(0, int(b[1])-4); y < min(g.h, int(b[3])+4); y++ {
		for x := max(0, int(b[0])-4); x < min(g.w, int(b[2])+4); x++ {
			g.pix[y*g.w+x] = 85
		}
	}
}

func TestWhatIsHiddenIsLostAndFoundAgain(t *testing.T) {
	f, at := facing(t, func(p *place, n float32) { p.x += n })
	for n := 40; n < 50; n++ {
		hide(f.frames[n], at[n])
	}
	f.follow(t, both(at[long/2]))
	for n := 40; n < long; n++ {
		st, found := f.steps[0][n]
		if hidden := n < 50; hidden && found {
			t.Errorf("frame %d: it is hidden, and found at %v", n, st.Box)
		} else if !hidden && (!found || off(st, at[n]) > .15) {
			t.Errorf("frame %d: not found again", n)
		}
	}
}

// alike puts something beside a place that looks much like it: the same, with its lower
// part in grey.
func alike(g *grey, p place) place {
	beside := p
	beside.x += 1.3 * p.w
	b := p.box()
	for y := int(b[1]); y < int(b[3]); y++ {
		for x := int(b[0]); x < int(b[2]); x++ {
			v := g.pix[y*g.w+x]
			if float64(y) > b[1]+.65*(b[3]-b[1]) {
				v = 120
			}
			g.pix[y*g.w+x+int(1.3*p.w)] = v
		}
	}
	g.shrink()
	return beside
}

func TestWhatOnlyLooksMuchLikeItIsNotTakenForIt(t *testing.T) {
	f, at := facing(t, func(*place, float32) {})
	sure := f.frames[long/2].look(at[long/2])
	for n, g := range f.frames {
		other := alike(g, at[n])
		if like := sure.like(g, other); like < findLike || like > surelyLike {
			t.Fatalf("frame %d: %.2f alike, so this test shows nothing", n, like)
		}
		if n >= 40 {
			hide(g, at[n])
		}
		g.shrink()
	}
	f.follow(t, both(at[long/2]))
	for n := 40; n < long; n++ {
		if st, found := f.steps[0][n]; found {
			t.Errorf("frame %d: it is hidden, and found at %v", n, st.Box)
		}
	}
}

func TestWhatStaysHiddenIsGivenUp(t *testing.T) {
	f, at := facing(t, func(p *place, n float32) { p.x += n })
	for n := 35; n < 45; n++ {
		hide(f.frames[n], at[n])
	}
	how := both(at[long/2])
	how.Lost = 5
	f.follow(t, how)
	if st, found := f.steps[0][long-1]; found {
		t.Errorf("found again after it was given up: %v", st)
	}
}

func TestWhatLeavesThePictureIsFollowedToItsEdge(t *testing.T) {
	f, at := facing(t, func(p *place, n float32) { p.x += 6 * max(0, n) })
	f.follow(t, both(at[long/2]))
	last := 0
	for n := long / 2; n < long; n++ {
		if st, found := f.steps[0][n]; found {
			last = n
			if off(st, at[n]) > .3 {
				t.Errorf("frame %d is off by %.2f", n, off(st, at[n]))
			}
		}
	}
	if in := at[last].inside(f.frames[0]); in > .75 || last == long-1 {
		t.Errorf("it was followed to frame %d, where %.0f %% of it is in the picture", last, 100*in)
	}
}

func TestNothingIsFollowedIntoAnotherShot(t *testing.T) {
	f, at := facing(t, func(*place, float32) {})
	how := both(at[long/2])
	how.Cuts = []int{20, 40} // whatever is seen beyond is somebody else
	f.follow(t, how)
	for n := range long {
		if _, found := f.steps[0][n]; found != (n >= 20 && n < 40 && n != long/2) {
			t.Errorf("frame %d: found %v", n, found)
		}
	}
}

func TestASeedIsFollowedNoFurtherThanAsked(t *testing.T) {
	f, at := facing(t, func(*place, float32) {})
	how := both(at[long/2])
	how.Seeds[0].Back, how.Seeds[0].Ahead = 3, 4
	f.follow(t, how)
	if n := len(f.steps[0]); n != 7 || f.steps[0][long/2-3].Box == (evidence.Box{}) || f.steps[0][long/2+4].Box == (evidence.Box{}) {
		t.Errorf("%d steps", n)
	}
}

func TestAPlaceWithoutALookIsNotFollowed(t *testing.T) {
	f := &film{}
	for range 9 {
		f.frames = append(f.frames, newGrey(320, 180))
	}
	how := media.Following{Seeds: []media.Seed{{Frame: 4, Box: evidence.Box{200, 100, 280, 180}, Back: 9, Ahead: 9}, {Frame: 4, Box: evidence.Box{900, 900, 960, 960}, Back: 9, Ahead: 9}}, Lost: 3}
	f.follow(t, how)
	if len(f.steps) > 0 {
		t.Errorf("%v", f.steps)
	}
}

// What is kept does not grow with the clip.
func TestFramesBeforeAreKeptOnlyAsFarAsAsked(t *testing.T) {
	f := &film{}
	for range 400 {
		f.frames = append(f.frames, newGrey(320, 180))
	}
	at := f.follow(t, media.Following{Seeds: []media.Seed{{Frame: 399, Box: evidence.Box{200, 100, 280, 180}, Back: 25}}})
	if n := len(at.past) + len(at.free); n > 28 {
		t.Errorf("%d frames are kept, not 25", n)
	}
	if n := newFollower(&worker{job: media.Job{Follow: &media.Following{Seeds: []media.Seed{{Back: 1 << 40}}}}}, media.Clip{Width: 1920, Height: 1080}).keep; n*newGrey(320, 180).bytes() > 2*maxPast {
		t.Errorf("%d frames would be kept", n)
	}
}

func BenchmarkTracker(b *testing.B) {
	p, face := greyPhoto(b)
	from, to := placeOf(face), place{x: 160, y: 90, w: 30, h: 40}
	var film []*grey
	for n := range 40 {
		at := to
		at.x += float32(n)
		film = append(film, filmed(p, from, at))
	}
	for b.Loop() {
		t := newTracker(0, 1000, film[0], to)
		for _, g := range film[1:] {
			if _, found, _ := t.next(g); !found {
				b.Fatal("lost")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*39), "µs/step")
}
