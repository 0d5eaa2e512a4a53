// Command following scores how well a face is followed by its appearance: in scenes
// made of photos, so that it is known exactly where the face is on every frame, and in
// recorded clips whose faces were marked by hand. A seed in the middle is followed both ways, at the face's true place and a little
// beside it, as a detector or a hand would put it.
//
//	go run ./bench/following [-only SCENE] [-media DIR]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/media/worker"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == media.Command {
		worker.Main()
		return
	}
	var o options
	flag.StringVar(&o.photos, "photos", "node_modules/@vladmandic/face-api/demo", "folder with the photos that scenes are made of")
	flag.StringVar(&o.media, "media", "../shared/media", "folder with clips and gt/*.json")
	flag.StringVar(&o.only, "only", "", "try this scene or clip alone")
	flag.Parse()
	if err := bench(o); err != nil {
		fmt.Fprintln(os.Stderr, "following:", err)
		os.Exit(1)
	}
}

func bench(o options) error {
	trials, err := o.trials()
	if err != nil {
		return err
	}
	defer os.RemoveAll(o.films)
	run, err := runner()
	if err != nil {
		return err
	}
	fmt.Printf("%-16s %21s   %21s   \n", "", "within 1 s", "within 3 s")
	fmt.Printf("%-16s %6s %7s %6s   %6s %7s %6s   %6s %6s\n",
		"scene", "held", "overlap", "off", "held", "overlap", "off", "wrong", "false")
	var sum score
	for _, t := range trials {
		sc, err := t.try(run)
		if err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
		fmt.Printf("%-16s %s\n", t.name, sc)
		sum.add(sc)
	}
	fmt.Printf("%-16s %s\n", "all", sum)
	return nil
}

type options struct{ photos, media, only, films string }

// A trial is one face in one clip, of which it is known where it is.
type trial struct {
	name, path    string
	width, height float64
	from, to      int // the frames of its shot
	seed          int // the frame from which it is followed
	fps           int
	truth         func(frame int) (b evidence.Box, visible bool)
}

// trials are the scenes, filmed into a folder that is to be removed, and the recorded
// clips.
func (o *options) trials() (all []trial, err error) {
	if o.films, err = os.MkdirTemp("", "following"); err != nil {
		return nil, err
	}
	var photographs []*photo
	for n := range photos {
		p, err := openPhoto(o.photos, n)
		if err != nil {
			return nil, err
		}
		photographs = append(photographs, p)
	}
	for _, s := range scenes(photographs) {
		if o.only != "" && s.name != o.only {
			continue
		}
		t := trial{s.name, filepath.Join(o.films, s.name+".mp4"), width, height, 0, frames - 1, frames / 2, fps, s.truth}
		if err := s.film(t.path); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	recorded, err := o.recorded()
	if all = append(all, recorded...); len(all) == 0 && err == nil {
		err = fmt.Errorf("no scene is called %q", o.only)
	}
	return all, err
}

func runner() (media.Runner, error) {
	self, err := os.Executable()
	if err != nil {
		return media.Runner{}, err
	}
	r := media.Runner{Program: self}
	if r.FFmpeg, err = exec.LookPath("ffmpeg"); err == nil {
		r.FFprobe, err = exec.LookPath("ffprobe")
	}
	return r, err
}

// beside are the seeds: the true place, and four that are off by a tenth, too large or
// too small.
var beside = [][3]float64{{0, 0, 1}, {.1, 0, 1}, {0, -.1, 1}, {.05, .05, 1.15}, {-.05, .05, .87}}

func (t trial) try(run media.Runner) (score, error) {
	in, err := os.Open(t.path)
	if err != nil {
		return score{}, err
	}
	defer in.Close()
	b, ok := t.truth(t.seed)
	if !ok {
		return score{}, fmt.Errorf("there is no face on frame %d", t.seed)
	}
	how := media.Following{Lost: 3 * t.fps, Cuts: []int{t.from, t.to + 1}}
	for _, d := range beside {
		how.Seeds = append(how.Seeds, media.Seed{Frame: t.seed, Box: moved(b, d), Back: t.seed, Ahead: t.to - t.seed})
	}
	steps := make([]map[int]media.Step, len(how.Seeds))
	for i := range steps {
		steps[i] = map[int]media.Step{}
	}
	err = run.Follow(context.Background(), in, how, func(st media.Step) { steps[st.Seed][st.Frame] = st }, func(int) {})
	var sc score
	for _, s := range steps {
		sc.count(t, s)
	}
	return sc, err
}

func moved(b evidence.Box, d [3]float64) evidence.Box {
	w, h := b[2]-b[0], b[3]-b[1]
	x, y := (b[0]+b[2])/2+d[0]*w, (b[1]+b[3])/2+d[1]*h
	return evidence.Box{x - w*d[2]/2, y - h*d[2]/2, x + w*d[2]/2, y + h*d[2]/2}
}

// A score counts frames. Held is a frame on which the face can be seen and is followed
// to; wrong one on which something else is followed.
type score struct {
	seen, held   [2]int // within one second, within three
	overlap, off [2]float64
	told, wrong  int
	outside, all float64 // area that is followed and is not the face with its margins
}

// wide is how far off the middle may be, in sizes of the face, for it to be that face.
const wide = .5

func (c *score) count(t trial, steps map[int]media.Step) {
	for n := t.from; n <= t.to; n++ {
		truth, visible := t.truth(n)
		st, found := steps[n]
		c.all += t.width * t.height
		if truth == (evidence.Box{}) { // nobody knows where it is
			continue
		}
		if found {
			c.told++
			c.outside += area(st.Box) - shared(st.Box, moved(truth, [3]float64{0, 0, 1.5}))
		}
		far := math.Hypot(st.Box[0]+st.Box[2]-truth[0]-truth[2], st.Box[1]+st.Box[3]-truth[1]-truth[3]) / (truth[2] - truth[0] + truth[3] - truth[1])
		if found && far > wide {
			c.wrong++
		}
		if !visible {
			continue
		}
		for i, seconds := range []int{1, 3} {
			if away := max(n-t.seed, t.seed-n); away == 0 || away > seconds*t.fps {
				continue
			}
			c.seen[i]++
			if found && far <= wide {
				c.held[i]++
				c.overlap[i] += shared(st.Box, truth) / (area(st.Box) + area(truth) - shared(st.Box, truth))
				c.off[i] += far
			}
		}
	}
}

func (c *score) add(d score) {
	for i := range c.seen {
		c.seen[i], c.held[i] = c.seen[i]+d.seen[i], c.held[i]+d.held[i]
		c.overlap[i], c.off[i] = c.overlap[i]+d.overlap[i], c.off[i]+d.off[i]
	}
	c.told, c.wrong = c.told+d.told, c.wrong+d.wrong
	c.outside, c.all = c.outside+d.outside, c.all+d.all
}

func (c score) String() string {
	part := func(a, b int) float64 { return 100 * float64(a) / float64(max(b, 1)) }
	out := ""
	for i := range c.seen {
		n := float64(max(c.held[i], 1))
		out += fmt.Sprintf("%5.1f%% %7.2f %5.1f%%   ", part(c.held[i], c.seen[i]), c.overlap[i]/n, 100*c.off[i]/n)
	}
	return out + fmt.Sprintf("%5.1f%% %5.2f%%", part(c.wrong, c.told), 100*c.outside/c.all)
}

func area(b evidence.Box) float64 { return max(0, b[2]-b[0]) * max(0, b[3]-b[1]) }

func shared(a, b evidence.Box) float64 {
	return max(0, min(a[2], b[2])-max(a[0], b[0])) * max(0, min(a[3], b[3])-max(a[1], b[1]))
}

// recorded are the faces of recorded clips that are marked on at least a second.
func (o options) recorded() (all []trial, err error) {
	paths, err := filepath.Glob(filepath.Join(o.media, "gt", "*.json"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var m marked
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if o.only != "" && o.only != strings.TrimSuffix(filepath.Base(path), ".json") {
			continue
		}
		clips, err := filepath.Glob(filepath.Join(o.media, m.Clip+".*"))
		if err != nil || len(clips) != 1 {
			return nil, fmt.Errorf("%s: %d clips of that name: %w", m.Clip, len(clips), err)
		}
		made, err := m.trials(m.Clip, clips[0])
		if err != nil {
			return nil, err
		}
		all = append(all, made...)
	}
	return all, nil
}

// marked is a clip's marks as they are kept.
type marked struct {
	Clip   string `json:"clip"`
	Frames int    `json:"frames"`
	Cuts   []int  `json:"cuts"`
	Tracks []struct {
		Ignore bool                 `json:"ignore"`
		Boxes  map[int]evidence.Box `json:"boxes"`
	} `json:"tracks"`
}

func (m marked) trials(name, path string) (all []trial, err error) {
	run, err := runner()
	if err != nil {
		return nil, err
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	clip, err := run.Probe(context.Background(), in)
	if err != nil {
		return nil, err
	}
	for i, tr := range m.Tracks {
		t := trial{
			name: fmt.Sprintf("%s %d", name, i+1), path: path, width: float64(clip.Width), height: float64(clip.Height), fps: int(math.Round(clip.FPS)),
			truth: func(n int) (evidence.Box, bool) { b, ok := tr.Boxes[n]; return b, ok },
		}
		at := slices.Sorted(maps.Keys(tr.Boxes))
		if tr.Ignore || len(at) < t.fps {
			continue
		}
		t.seed = at[len(at)/2]
		t.from, t.to = m.shot(t.seed)
		all = append(all, t)
	}
	return all, nil
}

// shot gives the first and last frame of the shot that a frame is in.
func (m marked) shot(frame int) (from, to int) {
	to = m.Frames - 1
	for _, c := range m.Cuts {
		if c <= frame {
			from = max(from, c)
		} else {
			to = min(to, c-1)
		}
	}
	return from, to
}
