package media_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// real is a runner with the decoders of this machine.
func real(t *testing.T) media.Runner {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	share, err := filepath.Abs("../../share")
	if err != nil {
		t.Fatal(err)
	}
	r := media.Runner{Program: self, Share: share}
	for name, at := range map[string]*string{"ffmpeg": &r.FFmpeg, "ffprobe": &r.FFprobe, "heif-convert": &r.Heif} {
		if *at, err = exec.LookPath(name); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// made is a file that a command of this machine made: its last argument is the name.
func made(t *testing.T, args ...string) *os.File {
	t.Helper()
	name := filepath.Join(t.TempDir(), args[len(args)-1])
	all := append(slices.Clone(args[:len(args)-1]), name)
	if all[0] == "ffmpeg" {
		all = append([]string{"ffmpeg", "-v", "error", "-y"}, all[1:]...)
	}
	if out, err := exec.Command(all[0], all[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v: %s", all, err, out)
	}
	return opened(t, name)
}

func opened(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func empty(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// boxed is a plan that covers the left upper quarter of every frame.
func boxed(c media.Clip) evidence.MaskPlan {
	tr := evidence.Track{ID: 1, Kind: evidence.ManualTrack, To: c.Frames - 1, Boxes: map[int]evidence.Box{}}
	for n := range c.Frames {
		tr.Boxes[n] = evidence.Box{-40, -40, float64(c.Width) / 2, float64(c.Height) / 2}
	}
	return evidence.MaskPlan{Source: evidence.PlanSource{Width: c.Width, Height: c.Height, Frames: c.Frames}, Tracks: []evidence.Track{tr}}
}

// rendered is a clip with its left upper quarter covered.
func rendered(t *testing.T, in *os.File, name string, how media.Rendering) (media.Clip, media.Rendered, *os.File) {
	t.Helper()
	r := real(t)
	clip, err := r.Probe(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if !clip.Still {
		clip.Frames = len(moments(t, in.Name()))
	}
	out := empty(t, name)
	done, err := r.Render(t.Context(), in, boxed(clip), out, how, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return clip, done, out
}

// moments are when frames are shown, in seconds from the first.
func moments(t *testing.T, name string) []float64 {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=best_effort_timestamp_time", "-of", "csv=p=0", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []float64
	for line := range strings.Lines(string(out)) {
		at, _, _ := strings.Cut(strings.TrimSpace(line), ",")
		if at == "" {
			continue
		}
		if n := len(all); at == "N/A" && n > 1 { // AVI's last frames
			all = append(all, 2*all[n-1]-all[n-2])
			continue
		}
		s, err := strconv.ParseFloat(at, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		t.Fatal("no frame")
	}
	slices.Sort(all)
	for i := len(all) - 1; i >= 0; i-- {
		all[i] -= all[0]
	}
	return all
}

// shown is every frame as it is seen, in 24-bit colours, scaled to w×h.
func shown(t *testing.T, name string, w, h int) [][]byte {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-v", "error", "-i", name, "-map", "0:v:0", "-fps_mode", "passthrough",
		"-vf", fmt.Sprintf("scale=%d:%d", w, h), "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1").Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(slices.Chunk(out, w*h*3))
}

// apart is the mean difference of what two frames show in a part of the picture.
func apart(a, b []byte, w, x0, y0, x1, y1 int) float64 {
	sum, n := 0, 0
	for y := y0; y < y1; y++ {
		for i := (y*w + x0) * 3; i < (y*w+x1)*3; i++ {
			d := int(a[i]) - int(b[i])
			sum, n = sum+max(d, -d), n+1
		}
	}
	return float64(sum) / float64(n)
}

type stream struct {
	Codec  string `json:"codec_name"`
	Type   string `json:"codec_type"`
	Pixels string `json:"pix_fmt"`
	Shape  string `json:"sample_aspect_ratio"`
	Width  int
	Height int
}

func streams(t *testing.T, name string) []stream {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-show_streams", "-of", "json", name).Output()
	var p struct{ Streams []stream }
	if err == nil {
		err = json.Unmarshal(out, &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p.Streams
}

const source = "testsrc2=s=160x120:r=25:d=0.6"

// What phones, cameras and messengers write. Each comes back as H.264 in MP4 with its
// size, the shape of its pixels, its colours, and each of its frames at its time.
func TestEveryKindOfVideoKeepsItsGeometryItsTimesAndItsColours(t *testing.T) {
	x264 := []string{"-c:v", "libx264", "-preset", "ultrafast"}
	with := func(first []string, more ...string) []string { return append(slices.Clone(first), more...) }
	for name, args := range map[string][]string{
		"H.264 with B-frames in MP4":     {"-c:v", "libx264", "-bf", "3", "-g", "10", "o.mp4"},
		"HEVC in MOV":                    {"-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1", "o.mov"},
		"HEVC of 10 bit":                 {"-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", "o.mp4"},
		"VP8 in WebM":                    {"-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "10", "o.webm"},
		"VP9 in WebM":                    {"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "o.webm"},
		"VP9 of full range":              {"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-vf", "scale=out_range=pc", "-color_range", "pc", "o.mkv"},
		"AV1 in MP4":                     {"-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=1", "o.mp4"},
		"MPEG-4 part 2 with B-frames":    {"-c:v", "mpeg4", "-bf", "2", "o.mp4"},
		"MPEG-4 part 2 in AVI":           {"-c:v", "mpeg4", "-bf", "2", "o.avi"},
		"MJPEG in AVI":                   {"-c:v", "mjpeg", "-pix_fmt", "yuvj422p", "o.avi"},
		"H.263 in 3GP":                   {"-c:v", "h263", "-s", "176x144", "o.3gp"},
		"H.264 in Matroska":              with(x264, "o.mkv"),
		"full range":                     with(x264, "-pix_fmt", "yuvj420p", "o.mp4"),
		"times that are uneven":          with(x264, "-vf", "select='not(mod(n,3))+not(mod(n,5))'", "-fps_mode", "vfr", "o.mp4"),
		"times that are uneven, WebM":    {"-c:v", "libvpx", "-deadline", "realtime", "-vf", "select='not(mod(n,3))+not(mod(n,5))'", "-fps_mode", "vfr", "o.webm"},
		"29.97 frames a second":          with(x264, "-r", "30000/1001", "o.mp4"),
		"a clock of a million ticks":     with(x264, "-video_track_timescale", "1000000", "o.mp4"),
		"a start that is not at 0":       with(x264, "-output_ts_offset", "100", "o.ts"),
		"interlaced H.264":               {"-vf", "interlace,setfield=tff", "-c:v", "libx264", "-flags", "+ildct+ilme", "-x264opts", "tff=1", "o.mp4"},
		"interlaced MPEG-2":              {"-vf", "interlace,setfield=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-b:v", "2M", "o.ts"},
		"pixels that are not square":     with(x264, "-vf", "setsar=16/11", "o.mp4"),
		"an odd size":                    with(x264, "-vf", "scale=161:121", "-pix_fmt", "yuv444p", "o.mp4"),
		"a picture 1 pixel wide":         with(x264, "-vf", "scale=1:120", "-pix_fmt", "yuv444p", "o.mkv"),
		"a single frame":                 with(x264, "-frames:v", "1", "o.mp4"),
		"animated GIF":                   {"-r", "10", "o.gif"},
		"animated PNG":                   {"-r", "10", "-f", "apng", "o.png"},
		"a packet's time in nanoseconds": {"-c:v", "libx264", "-preset", "ultrafast", "-r", "24000/1001", "o.flv"},
	} {
		t.Run(name, func(t *testing.T) {
			in := made(t, append([]string{"ffmpeg", "-f", "lavfi", "-i", source}, args...)...)
			same(t, in)
		})
	}
}

// same renders a clip and compares the copy with it.
func same(t *testing.T, in *os.File) {
	t.Helper()
	clip, done, out := rendered(t, in, "masked.mp4", media.Rendering{})
	w, h := clip.Width+clip.Width%2, clip.Height+clip.Height%2
	all := streams(t, out.Name())
	if len(all) != 1 || all[0].Codec != "h264" || all[0].Pixels != "yuv420p" || all[0].Width != w || all[0].Height != h {
		t.Fatalf("%d×%d became %+v", clip.Width, clip.Height, all)
	}
	if done.Padded != (w != clip.Width || h != clip.Height) {
		t.Errorf("padded: %v", done.Padded)
	}
	square := func(s string) string { return strings.Replace(strings.Replace(s, "N/A", "1:1", 1), "0:1", "1:1", 1) }
	if was := shape(streams(t, in.Name())); clip.Rotation%180 == 0 && square(was) != square(all[0].Shape) {
		t.Errorf("pixels of %s became %s", was, all[0].Shape)
	}
	want, got := moments(t, in.Name()), moments(t, out.Name())
	if len(want) != len(got) {
		t.Fatalf("%d frames became %d", len(want), len(got))
	}
	for i := range want {
		if math.Abs(want[i]-got[i]) > .001 {
			t.Fatalf("frame %d at %.4f s, not %.4f", i, got[i], want[i])
		}
	}
	looksAlike(t, in, out, clip)
}

func shape(all []stream) string {
	for _, s := range all {
		if s.Type == "video" {
			return s.Shape
		}
	}
	return ""
}

// looksAlike compares what is not covered, and sees that the rest is of one colour.
func looksAlike(t *testing.T, in, out *os.File, clip media.Clip) {
	t.Helper()
	if clip.Width < 16 {
		return
	}
	a := shown(t, in.Name(), clip.Width, clip.Height)
	b := shown(t, out.Name(), clip.Width+clip.Width%2, clip.Height+clip.Height%2)
	w := clip.Width + clip.Width%2
	if len(a) != len(b) {
		t.Fatalf("%d frames are shown as %d", len(a), len(b))
	}
	for n := range a {
		cropped := b[n]
		if w != clip.Width {
			cropped = nil
			for y := range clip.Height {
				cropped = append(cropped, b[n][y*w*3:(y*w+clip.Width)*3]...)
			}
		}
		if d := apart(a[n], cropped, clip.Width, clip.Width/2+4, clip.Height/2+4, clip.Width, clip.Height); d > 12 {
			t.Fatalf("frame %d: what is not covered differs by %.1f", n, d)
		}
		mask := bytes.Repeat([]byte{70, 90, 110}, clip.Width*clip.Height)
		if d := apart(mask, cropped, clip.Width, 0, 0, clip.Width/2-6, clip.Height/2-6); d > 6 {
			t.Fatalf("frame %d: what is covered differs from the mask by %.1f", n, d)
		}
	}
}

func TestATurnedVideoIsMaskedAsItIsShown(t *testing.T) {
	plain := made(t, "ffmpeg", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "ultrafast", "plain.mp4")
	for _, turned := range []string{"90", "180", "270"} {
		in := made(t, "ffmpeg", "-i", plain.Name(), "-c", "copy", "-metadata:s:v", "rotate="+turned, "turned.mp4")
		clip, err := real(t).Probe(t.Context(), in)
		if err != nil || (turned != "180") != (clip.Width == 120 && clip.Height == 160) {
			t.Errorf("%s°: %+v: %v", turned, clip, err)
		}
		same(t, in)
	}
}

// An edit list hides frames at both ends. They are not shown, so they are not in the copy.
func TestWhatAnEditListHidesIsNotInTheCopy(t *testing.T) {
	whole := made(t, "ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", "-c:v", "libx264", "-g", "50", "-preset", "ultrafast", "whole.mp4")
	in := made(t, "ffmpeg", "-ss", "0.8", "-i", whole.Name(), "-c", "copy", "cut.mp4")
	stored, err := exec.Command("ffprobe", "-v", "error", "-ignore_editlist", "1", "-count_packets", "-select_streams", "v", "-show_entries", "stream=nb_read_packets", "-of", "csv=p=0", in.Name()).Output()
	if err != nil || strings.TrimSpace(string(stored)) != "50" {
		t.Fatalf("nothing is hidden in it: %s %v", stored, err)
	}
	if n := len(moments(t, in.Name())); n > 31 {
		t.Fatalf("%d frames are shown", n)
	}
	same(t, in)
}

// A call over a bad line changes its size in mid-stream. The copy keeps the first.
func TestASizeThatChangesInMidStreamKeepsMasksInPlace(t *testing.T) {
	var both []byte
	for _, size := range []string{"320x240", "160x120"} {
		part := made(t, "ffmpeg", "-f", "lavfi", "-i", "testsrc2=s="+size+":r=25:d=0.4", "-c:v", "libx264", "-preset", "ultrafast", "part.h264")
		b, err := os.ReadFile(part.Name())
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, b...)
	}
	name := filepath.Join(t.TempDir(), "both.h264")
	if err := os.WriteFile(name, both, 0o600); err != nil {
		t.Fatal(err)
	}
	name = made(t, "ffmpeg", "-r", "25", "-i", name, "-c", "copy", "both.mkv").Name()
	in := opened(t, name)
	clip, _, out := rendered(t, in, "masked.mp4", media.Rendering{})
	if clip.Width != 320 || clip.Frames != 20 {
		t.Fatalf("%+v", clip)
	}
	looksAlike(t, in, out, clip)
}

func TestSoundThatIsKeptStaysWithThePicture(t *testing.T) {
	in := made(t, "ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "o.ts")
	_, done, out := rendered(t, in, "masked.mp4", media.Rendering{KeepSound: true})
	if all := streams(t, out.Name()); !done.Clip.Sound || len(all) != 2 || all[1].Codec != "aac" {
		t.Errorf("%+v", all)
	}
}
