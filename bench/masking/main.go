// Command masking scores the masks that Safehouse makes: it masks recorded clips with
// checked face boxes, and scenes that it makes itself out of photos, so that it knows
// exactly where every face is. It decodes what came out and counts on its pixels the
// people who can be seen in at least one frame. It ends with status 3 when anybody can.
//
//	go run ./bench/masking [-models DIR] [-profile P] [-only SCENE] [-memory]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/mask"
	"safehouse/internal/media"
	"safehouse/internal/media/worker"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == media.Command {
		worker.Main()
		return
	}
	var s settings
	flag.StringVar(&s.media, "media", "../shared/media", "folder with clips and gt/*.json")
	flag.StringVar(&s.models, "models", "", "folder with YuNet, to have it look too")
	flag.StringVar(&s.share, "share", "share", "folder with the runtime and the packaged model")
	flag.StringVar(&s.profile, "profile", mask.Standard, "fast, standard or thorough")
	flag.StringVar(&s.keep, "keep", "", "folder to keep the masked clips in")
	flag.StringVar(&s.photos, "photos", "node_modules/@vladmandic/face-api/demo", "folder with the photos that scenes are made of")
	flag.StringVar(&s.only, "only", "", "try this clip or scene alone")
	flag.StringVar(&s.films, "films", "", "folder to keep the scenes in")
	flag.BoolVar(&s.recorded, "recorded", false, "recorded clips only, no scenes")
	flag.BoolVar(&s.memory, "memory", false, "also mask a clip 32 times as long and compare the memory")
	one := flag.String("peak", "", "mask this clip alone and print the peak memory of the worker in KiB")
	flag.Parse()
	if *one != "" {
		fatal(peak(s, *one))
		return
	}
	status, err := bench(s)
	fatal(err)
	os.Exit(status)
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "masking:", err)
		os.Exit(1)
	}
}

type settings struct {
	media, models, share, profile, keep string
	photos, only, films                 string
	memory, recorded                    bool
}

// A truth is what is known of a clip. Frames are keys because that is how the
// files are written.
type truth struct {
	Clip   string   `json:"clip"`
	Frames int      `json:"frames"`
	Tracks []person `json:"tracks"`
	nobody bool
}

// shows says whether a face is to be seen at all.
func (t truth) shows() bool {
	return slices.ContainsFunc(t.Tracks, func(p person) bool { return !p.Ignore && len(p.Boxes) > 0 })
}

// A person is one face through its frames.
type person struct {
	ID     int                  `json:"id"`
	Person any                  `json:"person"`
	Ignore bool                 `json:"ignore"`
	Boxes  map[int]evidence.Box `json:"boxes"`
}

// A trial is a clip with what is known of it.
type trial struct {
	truth truth
	clip  string
}

func bench(s settings) (int, error) {
	folder, err := os.MkdirTemp("", "masking")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder)
	trials, err := s.trials(folder)
	if err != nil {
		return 1, err
	}
	if len(trials) == 0 {
		return 1, fmt.Errorf("no clip to try: no gt/*.json in %s, and no scene called %q", s.media, s.only)
	}
	fmt.Printf("%d cores, profile %s, detectors %s\n", runtime.NumCPU(), s.profile, s.detectors())
	fmt.Printf("%-12s %7s %6s %8s %8s %8s %7s %7s %6s %6s\n",
		"clip", "frames", "faces", "exposed", "people", "<90 %", "lowest", "false", "queue", "fps")
	exposed, stopped := 0, 0
	for _, t := range trials {
		r, err := score(s, t)
		var bare *mask.Exposed
		if errors.As(err, &bare) { // nothing left, so nobody is exposed; but somebody has work to do
			fmt.Printf("%-12s %7d  stopped by the second look\n", t.truth.Clip, t.truth.Frames)
			stopped++
			continue
		}
		if err != nil {
			return 1, fmt.Errorf("%s: %w", t.truth.Clip, err)
		}
		fmt.Println(r)
		exposed += len(r.exposed)
	}
	if s.memory {
		if err := memory(s, trials[0].clip); err != nil {
			return 1, err
		}
	}
	fmt.Printf("clips: %d, stopped: %d, people exposed: %d\n", len(trials), stopped, exposed)
	if exposed > 0 {
		return 3, nil
	}
	return 0, nil
}

func (s settings) detectors() string {
	if s.models == "" {
		return "SSD"
	}
	return "SSD, YuNet"
}

// trials are the recorded clips, and the scenes, filmed into the folder.
func (s settings) trials(folder string) ([]trial, error) {
	var all []trial
	paths, err := filepath.Glob(filepath.Join(s.media, "gt", "*.json"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if s.only == "" || s.only == strings.TrimSuffix(filepath.Base(path), ".json") {
			t, err := recorded(s, path)
			if err != nil {
				return nil, err
			}
			all = append(all, t)
		}
	}
	if s.recorded {
		return all, nil
	}
	photos, err := openPhotos(s.photos)
	if err != nil {
		return nil, err
	}
	if s.films != "" {
		folder = s.films
	}
	for _, sc := range byName(scenes(photos), s.only) {
		t := trial{sc.truth(), filepath.Join(folder, sc.name+".mp4")}
		if !t.truth.shows() && !sc.noFace {
			return nil, fmt.Errorf("scene %s shows nobody: nothing could fail", sc.name)
		}
		if err := sc.film(t.clip); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func recorded(s settings, path string) (trial, error) {
	var t trial
	b, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(b, &t.truth); err != nil {
		return t, err
	}
	if !t.truth.shows() {
		return t, fmt.Errorf("no faces in %s: nothing could fail", path)
	}
	t.clip, err = clipOf(s, t.truth.Clip)
	return t, err
}

func (s settings) studio() (mask.Studio, error) {
	self, err := os.Executable()
	if err != nil {
		return mask.Studio{}, err
	}
	share, err := filepath.Abs(s.share)
	if err != nil {
		return mask.Studio{}, err
	}
	r := media.Runner{Program: self, Share: share, Models: s.models}
	if r.FFmpeg, err = exec.LookPath("ffmpeg"); err != nil {
		return mask.Studio{}, err
	}
	r.FFprobe, err = exec.LookPath("ffprobe")
	return mask.Studio{Media: r, Tool: "bench"}, err
}

func clipOf(s settings, name string) (string, error) {
	found, err := filepath.Glob(filepath.Join(s.media, name+".*"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("%d clips called %s in %s", len(found), name, s.media)
	}
	return found[0], nil
}

// masked masks one clip into a file and gives it, open.
func masked(s settings, clip string) (*os.File, mask.Summary, error) {
	studio, err := s.studio()
	if err != nil {
		return nil, mask.Summary{}, err
	}
	in, err := os.Open(clip)
	if err != nil {
		return nil, mask.Summary{}, err
	}
	defer in.Close()
	out, err := os.CreateTemp(s.keep, "masked-*.mp4")
	if err != nil {
		return nil, mask.Summary{}, err
	}
	_, sum, err := studio.Mask(context.Background(), in, out, nil, mask.Options{Profile: s.profile}, func(string, int, int) {})
	return out, sum, err
}

func score(s settings, t trial) (*result, error) {
	out, sum, err := masked(s, t.clip)
	if out != nil {
		defer out.Close()
		if s.keep == "" {
			defer os.Remove(out.Name())
		}
	}
	if err != nil {
		return nil, err
	}
	r := &result{truth: t.truth, sum: sum}
	return r, r.measure(t.clip, out.Name())
}

// peak masks one clip and tells how much memory the largest process took.
func peak(s settings, clip string) error {
	out, _, err := masked(s, clip)
	if out != nil {
		os.Remove(out.Name())
	}
	if err != nil {
		return err
	}
	var mine, theirs syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &mine); err != nil {
		return err
	}
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &theirs); err != nil {
		return err
	}
	fmt.Println(mine.Maxrss, theirs.Maxrss)
	return nil
}

// memory compares the peaks for a clip and for the same 32 times over.
func memory(s settings, clip string) error {
	dir, err := os.MkdirTemp("", "masking")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	long := filepath.Join(dir, "long.mp4")
	if out, err := exec.Command("ffmpeg", "-v", "error", "-stream_loop", "31", "-i", clip, "-c", "copy", "-an", long).CombinedOutput(); err != nil {
		return fmt.Errorf("make the long clip: %w: %s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, c := range []string{clip, long} {
		began := time.Now()
		cmd := exec.Command(self, "-media", s.media, "-models", s.models, "-share", s.share, "-profile", s.profile, "-peak", c)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		var mine, theirs int
		if _, err := fmt.Sscan(string(out), &mine, &theirs); err != nil {
			return err
		}
		fmt.Printf("%-12s peak of the program %d MB, of its largest worker %d MB, %.1f s\n",
			filepath.Base(c), mine>>10, theirs>>10, time.Since(began).Seconds())
	}
	return nil
}
