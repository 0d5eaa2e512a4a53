package media_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/media"
)

// spoilt is a copy of a file in which one packet of the picture is other than it was. All
// of it: decoders notice a wrong head, and seldom a wrong bit in what they draw.
func spoilt(t *testing.T, from *os.File, which int) *os.File {
	t.Helper()
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size,pos", "-of", "csv=p=0", from.Name()).Output()
	if err != nil {
		t.Fatal(err)
	}
	var size, pos int
	if _, err := fmt.Sscanf(strings.Fields(string(out))[which], "%d,%d", &size, &pos); err != nil || size < 40 {
		t.Fatalf("packet %d: %d bytes: %v", which, size, err)
	}
	b, err := os.ReadFile(from.Name())
	if err != nil {
		t.Fatal(err)
	}
	for i := pos; i < pos+size; i++ {
		b[i] ^= 0xa5
	}
	name := filepath.Join(t.TempDir(), filepath.Base(from.Name()))
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return opened(t, name)
}

// looked is what a careful look finds, and that one which is not stops.
func looked(t *testing.T, in *os.File) media.Clip {
	t.Helper()
	pass := func(media.Look) error { return nil }
	if _, err := real(t).Detect(t.Context(), in, media.Detection{Every: 100}, pass); code(err) != "media.damaged" {
		t.Fatalf("a damaged recording was taken for whole: %v", err)
	}
	seen, err := real(t).Detect(t.Context(), in, media.Detection{Every: 100, Careful: true}, pass)
	if err != nil {
		t.Fatal(err)
	}
	return seen.Clip
}

// Each frame of the copy is that of the recording before it was damaged, or is covered
// whole and listed.
func TestWhatDoesNotDecodeIsCoveredWhole(t *testing.T) {
	for name, args := range map[string][]string{
		"H.264 in MP4":      {"-c:v", "libx264", "-bf", "2", "-g", "10", "-preset", "veryfast", "o.mp4"},
		"open groups":       {"-c:v", "libx264", "-bf", "3", "-x264-params", "open-gop=1:keyint=10:min-keyint=10", "o.mkv"},
		"H.264 in a stream": {"-c:v", "libx264", "-bf", "2", "-g", "10", "-b:v", "2M", "o.ts"},
		"HEVC in MP4":       {"-c:v", "libx265", "-x265-params", "log-level=none:keyint=10", "-tag:v", "hvc1", "o.mp4"},
		"MPEG-4 part 2":     {"-c:v", "mpeg4", "-g", "10", "-b:v", "2M", "o.mp4"},
		"VP9 in WebM":       {"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "10", "-b:v", "2M", "o.webm"},
		"AV1 in Matroska":   {"-c:v", "libsvtav1", "-preset", "12", "-g", "10", "-svtav1-params", "lp=1", "o.mkv"},
	} {
		t.Run(name, func(t *testing.T) {
			whole := made(t, append([]string{"ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=1.6,noise=alls=12:allf=t"}, args...)...)
			in := spoilt(t, whole, 13)
			clip := looked(t, in)
			if stored := len(moments(t, whole.Name())); clip.Frames-len(clip.Broken) >= stored || clip.Frames < stored/2 {
				t.Fatalf("%d frames of %d, broken %v", clip.Frames, stored, clip.Broken)
			}
			plan := evidence.MaskPlan{Source: evidence.PlanSource{Width: clip.Width, Height: clip.Height, Frames: clip.Frames}}
			out := empty(t, "masked.mp4")
			done, err := real(t).Render(t.Context(), in, plan, out, media.Rendering{}, func(int) {})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(done.Clip.Broken, clip.Broken) {
				t.Errorf("covered %v, listed %v", done.Clip.Broken, clip.Broken)
			}
			genuine(t, whole, out, clip)
		})
	}
}

// genuine compares each frame of a copy with the one that the recording shows then.
func genuine(t *testing.T, whole, out *os.File, clip media.Clip) {
	t.Helper()
	a, b := shown(t, whole.Name(), clip.Width, clip.Height), shown(t, out.Name(), clip.Width, clip.Height)
	when, now := moments(t, whole.Name()), moments(t, out.Name())
	if len(b) != clip.Frames || len(b) != len(now) {
		t.Fatalf("%d frames became %d", clip.Frames, len(b))
	}
	mask := bytes.Repeat([]byte{70, 90, 110}, clip.Width*clip.Height)
	for n := range b {
		covered := apart(mask, b[n], clip.Width, 0, 0, clip.Width, clip.Height) < 3
		if covered != slices.Contains(clip.Broken, n) {
			t.Errorf("frame %d: covered %v, listed %v", n, covered, !covered)
		}
		k := slices.IndexFunc(when, func(s float64) bool { return math.Abs(s-now[n]) < .01 })
		if k < 0 {
			t.Fatalf("frame %d is at %.3f s, when there was none", n, now[n])
		}
		if d := apart(a[k], b[n], clip.Width, 0, 0, clip.Width, clip.Height); !covered && d > 12 {
			t.Errorf("frame %d is not that of the recording: %.1f", n, d)
		}
	}
}

// A container that lost packets between others: a part of a stream that was overwritten.
func TestLostPacketsAreNotPassedOver(t *testing.T) {
	whole := made(t, "ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2,noise=alls=12:allf=t", "-c:v", "libx264", "-bf", "2", "-g", "10", "-b:v", "2M", "o.ts")
	b, err := os.ReadFile(whole.Name())
	if err != nil {
		t.Fatal(err)
	}
	at := len(b) / 188 / 3 * 188
	name := filepath.Join(t.TempDir(), "lost.ts")
	if err := os.WriteFile(name, append(bytes.Clone(b[:at]), b[at+188*60:]...), 0o600); err != nil {
		t.Fatal(err)
	}
	in := opened(t, name)
	clip := looked(t, in)
	plan := evidence.MaskPlan{Source: evidence.PlanSource{Width: clip.Width, Height: clip.Height, Frames: clip.Frames}}
	out := empty(t, "masked.mp4")
	if _, err := real(t).Render(t.Context(), in, plan, out, media.Rendering{}, func(int) {}); err != nil {
		t.Fatal(err)
	}
	before := shown(t, whole.Name(), 160, 120)
	mask := bytes.Repeat([]byte{70, 90, 110}, 160*120)
	bare := 0
	for n, frame := range shown(t, out.Name(), 160, 120) {
		if apart(mask, frame, 160, 0, 0, 160, 120) < 3 {
			continue
		}
		bare++
		if !slices.ContainsFunc(before, func(f []byte) bool { return apart(f, frame, 160, 0, 0, 160, 120) < 12 }) {
			t.Errorf("frame %d is none of the recording's", n)
		}
	}
	if bare < 20 || len(clip.Broken) == 0 {
		t.Errorf("%d frames are shown, %d broken", bare, len(clip.Broken))
	}
}
