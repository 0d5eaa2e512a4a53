// Command following scores how well a face is followed by its appearance: in scenes
// made of photos, so that it is known exactly where the face is on every frame. A seed in
// the middle of each scene is followed both ways, at the face's true place and a little
// beside it, as a detector or a hand would put it.
//
//	go run ./bench/following [-only SCENE] [-keep DIR]
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
	"safehouse/internal/media/worker"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == media.Command {
		worker.Main()
		return
	}
	folder := flag.String("photos", "node_modules/@vladmandic/face-api/demo", "folder with the photos that scenes are made of")
	only := flag.String("only", "", "try this scene alone")
	keep := flag.String("keep", "", "folder to keep the scenes in: those that are there are not made again")
	flag.Parse()
	if err := bench(*folder, *only, *keep); err != nil {
		fmt.Fprintln(os.Stderr, "following:", err)
		os.Exit(1)
	}
}

func bench(folder, only, keep string) error {
	var all []*photo
	for n := range photos {
		p, err := openPhoto(folder, n)
		if err != nil {
			return err
		}
		all = append(all, p)
	}
	if keep == "" {
		var err error
		if keep, err = os.MkdirTemp("", "following"); err != nil {
			return err
		}
		defer os.RemoveAll(keep)
	}
	run, err := runner()
	if err != nil {
		return err
	}
	fmt.Printf("%-12s %21s   %21s   %6s %6s %7s\n", "", "within 1 s", "within 3 s", "", "", "ms a")
	fmt.Printf("%-12s %6s %7s %6s   %6s %7s %6s   %6s %6s %7s\n",
		"scene", "held", "overlap", "off", "held", "overlap", "off", "wrong", "false", "step")
	var sum score
	tried := 0
	for _, s := range scenes(all) {
		if only != "" && s.name != only {
			continue
		}
		sc, err := try(run, s, keep)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Printf("%-12s %s\n", s.name, sc)
		sum.add(sc)
		tried++
	}
	if tried == 0 {
		return fmt.Errorf("no scene is called %q", only)
	}
	fmt.Printf("%-12s %s\n", "all", sum)
	return nil
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

func try(run media.Runner, s scene, keep string) (score, error) {
	path := filepath.Join(keep, s.name+".mp4")
	if _, err := os.Stat(path); err != nil {
		if err := s.film(path); err != nil {
			return score{}, err
		}
	}
	in, err := os.Open(path)
	if err != nil {
		return score{}, err
	}
	defer in.Close()
	const middle = frames / 2
	b, ok := s.truth(middle)
	if !ok {
		return score{}, fmt.Errorf("there is no face on frame %d", middle)
	}
	how := media.Following{Lost: 3 * fps}
	for _, d := range beside {
		how.Seeds = append(how.Seeds, media.Seed{Frame: middle, Box: moved(b, d), Back: frames, Ahead: frames})
	}
	steps := make([]map[int]media.Step, len(how.Seeds))
	for i := range steps {
		steps[i] = map[int]media.Step{}
	}
	n, began := 0, time.Now()
	err = run.Follow(context.Background(), in, how, func(st media.Step) { steps[st.Seed][st.Frame] = st; n++ }, func(int) {})
	took := time.Since(began)
	if os.Getenv("DBG") != "" {
		for i := range steps {
			for f := range s.frames {
				t, v := s.truth(f)
				st, ok := steps[i][f]
				far := math.Hypot(st.Box[0]+st.Box[2]-t[0]-t[2], st.Box[1]+st.Box[3]-t[1]-t[3]) / (t[2] - t[0] + t[3] - t[1])
				if ok && far > .5 {
					fmt.Printf("seed %d frame %d vis=%v truth=%.0f %.0f %.2f %v\n", i, f, v, t, st.Box, st.Score, st.Sure)
				}
			}
		}
	}
	var sc score
	for i := range steps {
		sc.count(s, middle, steps[i])
	}
	sc.steps, sc.took = n, took
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
	steps        int
	took         time.Duration
}

// wide is how far off the middle may be, in sizes of the face, for it to be that face.
const wide = .5

func (c *score) count(s scene, middle int, steps map[int]media.Step) {
	for n := range s.frames {
		truth, visible := s.truth(n)
		st, found := steps[n]
		c.all += width * height
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
			if away := max(n-middle, middle-n); away == 0 || away > seconds*fps {
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
	c.steps, c.took = c.steps+d.steps, c.took+d.took
}

func (c score) String() string {
	part := func(a, b int) float64 { return 100 * float64(a) / float64(max(b, 1)) }
	out := ""
	for i := range c.seen {
		n := float64(max(c.held[i], 1))
		out += fmt.Sprintf("%5.1f%% %7.2f %5.1f%%   ", part(c.held[i], c.seen[i]), c.overlap[i]/n, 100*c.off[i]/n)
	}
	return out + fmt.Sprintf("%5.1f%% %5.2f%% %7.2f", part(c.wrong, c.told), 100*c.outside/c.all,
		float64(c.took.Milliseconds())/float64(max(c.steps, 1)))
}

func area(b evidence.Box) float64 { return max(0, b[2]-b[0]) * max(0, b[3]-b[1]) }

func shared(a, b evidence.Box) float64 {
	return max(0, min(a[2], b[2])-max(a[0], b[0])) * max(0, min(a[3], b[3])-max(a[1], b[1]))
}
