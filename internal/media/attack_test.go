package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/locale"
	"safehouse/internal/media"
)

// tried renders a hostile file without any box: what comes out is refused with a
// sentence, or a copy with as many frames as were promised. It gives the copy or nil.
func tried(t *testing.T, content []byte) (media.Rendered, *os.File, error) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "in.mp4")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	in, out := opened(t, name), empty(t, "out")
	r := real(t)
	clip, err := r.Probe(t.Context(), in)
	var done media.Rendered
	if err == nil {
		plan := evidence.MaskPlan{Source: evidence.PlanSource{Width: clip.Width, Height: clip.Height, Frames: clip.Frames}}
		done, err = r.Render(t.Context(), in, plan, out, media.Rendering{}, func(int) {})
	}
	if err == nil {
		if !clip.Still && len(moments(t, out.Name())) != clip.Frames {
			t.Errorf("%d frames of %d", len(moments(t, out.Name())), clip.Frames)
		}
		return done, out, nil
	}
	var p *evidence.Problem
	if !errors.As(err, &p) || !slices.Contains(locale.Codes(), p.Code) {
		t.Errorf("no sentence says what is wrong: %v", err)
	}
	return done, nil, err
}

func content(t *testing.T, args ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(made(t, args...).Name())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const attacked = "testsrc2=s=160x120:r=25:d=1.2"

// A file that breaks off, wherever it does: refused, or each frame of the copy is one of
// the recording, or is covered whole.
func TestAFileThatBreaksOffShowsNothingThatWasNotLookedAt(t *testing.T) {
	for _, name := range []string{"o.mp4", "first.mp4", "o.mkv", "o.ts"} {
		args := []string{"ffmpeg", "-f", "lavfi", "-i", attacked, "-c:v", "libx264", "-bf", "2", "-g", "10", "-preset", "veryfast"}
		if name == "first.mp4" {
			args = append(args, "-movflags", "+faststart")
		}
		from := made(t, append(args, name)...)
		whole, err := os.ReadFile(from.Name())
		if err != nil {
			t.Fatal(err)
		}
		before := shown(t, from.Name(), 160, 120)
		mask := bytes.Repeat([]byte{70, 90, 110}, 160*120)
		refused, step := 0, (len(whole)>>10+6)/7<<10
		for at := 1024; at < len(whole)-64; at += step {
			_, out, err := tried(t, whole[:at])
			if err != nil {
				refused++
				continue
			}
			for n, frame := range shown(t, out.Name(), 160, 120) {
				near := func(f []byte) bool { return apart(f, frame, 160, 0, 0, 160, 120) < 8 }
				if !near(mask) && !slices.ContainsFunc(before, near) {
					t.Errorf("%s, %d of %d bytes: frame %d is none of the recording's", name, at, len(whole), n)
				}
			}
		}
		if refused == 0 && name != "o.ts" { // a stream has no end that could be missing
			t.Errorf("%s: no part was refused", name)
		}
	}
}

func TestDamagedHeadsAreRefusedOrRenderedWhole(t *testing.T) {
	whole := content(t, "ffmpeg", "-f", "lavfi", "-i", attacked, "-c:v", "libx264", "-preset", "veryfast", "-movflags", "+faststart", "o.mp4")
	r := rand.New(rand.NewPCG(7, 8))
	refused := 0
	for range 12 {
		b := bytes.Clone(whole)
		for range 6 {
			b[r.IntN(1200)] ^= byte(1 + r.IntN(255))
		}
		if _, _, err := tried(t, b); err != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Error("none was refused: the damage does none")
	}
}

// Files that ask a player to open others. None may be followed.
func TestAFileThatNamesOthersIsNotFollowed(t *testing.T) {
	other := made(t, "ffmpeg", "-f", "lavfi", "-i", attacked, "-c:v", "libx264", "-preset", "ultrafast", "other.mp4").Name()
	for name, text := range map[string]string{
		"a playlist":            "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://" + other + "\n#EXT-X-ENDLIST\n",
		"a playlist by concat":  "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\nconcat:" + other + "|" + other + "\n#EXT-X-ENDLIST\n",
		"a playlist of itself":  "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///proc/self/fd/3\n#EXT-X-ENDLIST\n",
		"a playlist elsewhere":  "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
		"a list of files":       "ffconcat version 1.0\nfile " + other + "\n",
		"a manifest":            `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>file://` + other + `</BaseURL></Representation></AdaptationSet></Period></MPD>`,
		"a session description": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
		"a vector picture":      `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file://` + other + `"/></svg>`,
		"a text":                strings.Repeat("Dear all, attached is the video.\n", 50),
	} {
		if _, _, err := tried(t, []byte(text)); code(err) != "media.not_video" {
			t.Errorf("%s: %v", name, err)
		}
	}
	moved := content(t, "ffmpeg", "-i", other, "-c", "copy", "o.mov")
	at := bytes.Index(moved, []byte("url \x00\x00\x00\x01"))
	if at < 0 {
		t.Fatal("there is no reference in the MOV")
	}
	moved[at+7] = 0 // the frames are said to be in another file
	if _, out, err := tried(t, moved); err == nil && len(streams(t, out.Name())) != 1 {
		t.Error("a film whose frames are elsewhere")
	}
}

func TestAFileWithoutAPictureIsRefused(t *testing.T) {
	for want, b := range map[string][]byte{
		"media.no_video":  content(t, "ffmpeg", "-f", "lavfi", "-i", "sine=d=1", "o.mp4"),
		"media.truncated": content(t, "ffmpeg", "-f", "lavfi", "-i", attacked, "-frames:v", "0", "-c:v", "libx264", "-movflags", "frag_keyframe+empty_moov", "o.mp4"),
		"media.empty":     {},
		"media.not_video": bytes.Repeat([]byte{0}, 5000),
	} {
		if _, _, err := tried(t, b); code(err) != want {
			t.Errorf("want %s: %v", want, err)
		}
	}
}

// The picture that a player shows is the one that is masked, whatever else is there.
func TestOfManyStreamsOneIsTakenAndNothingElseGoesWithIt(t *testing.T) {
	args := []string{"ffmpeg"}
	for i := range 6 {
		args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("color=c=%s:s=160x120:r=5:d=1", []string{"red", "blue", "green", "white", "black", "gray"}[i]))
	}
	for range 6 {
		args = append(args, "-f", "lavfi", "-i", "sine=d=1")
	}
	for i := range 12 {
		args = append(args, "-map", strconv.Itoa(i))
	}
	b := content(t, append(args, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "o.mkv")...)
	_, out, err := tried(t, b)
	if err != nil {
		t.Fatal(err)
	}
	if all := streams(t, out.Name()); len(all) != 1 || all[0].Type != "video" {
		t.Errorf("%+v", all)
	}
	if frame := shown(t, out.Name(), 160, 120)[0]; frame[0] < 200 || frame[1] > 60 || frame[2] > 60 {
		t.Errorf("it is not the first picture: %v", frame[:3])
	}
}

func TestTheWidestVideoAndTheSmallestAreTaken(t *testing.T) {
	for _, size := range []string{"1x1", "16384x16"} {
		b := content(t, "ffmpeg", "-f", "lavfi", "-i", "color=c=red:s=16384x16:r=5:d=0.6,format=yuv444p,crop="+strings.Replace(size, "x", ":", 1), "-c:v", "ffv1", "-pix_fmt", "yuv444p", "o.mkv")
		if done, _, err := tried(t, b); err != nil || done.Clip.Width%2 != 0 {
			t.Errorf("%s: %+v: %v", size, done, err)
		}
	}
	large := content(t, "ffmpeg", "-f", "lavfi", "-i", "color=c=red:s=4096x2048:r=1:d=1", "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "o.avi")
	b := bytes.Replace(large, []byte("\xff\xc0\x00\x11\x08\x08\x00\x10\x00"), []byte("\xff\xc0\x00\x11\x08\xff\xf0\xff\xf0"), 1) // 65,520² pixels
	if bytes.Equal(b, large) {
		t.Fatal("its size is not where it was thought to be")
	}
	if _, _, err := tried(t, b); err == nil {
		t.Error("a picture of thousands of millions of pixels was opened")
	}
}

func TestAPhotoUnderAVideosNameIsAPhoto(t *testing.T) {
	b, err := os.ReadFile(pngOf(t).Name())
	if err != nil {
		t.Fatal(err)
	}
	if done, _, err := tried(t, b); err != nil || done.Media != "image/png" {
		t.Errorf("%+v: %v", done, err)
	}
}

// children are the processes that this one started, and what those started.
func children(pid int) (all []int) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		b, _ := os.ReadFile(task)
		for _, f := range strings.Fields(string(b)) {
			child, _ := strconv.Atoi(f)
			all = append(append(all, child), children(child)...)
		}
	}
	return all
}

// Whoever of them dies in the middle: it is an error, and everybody is gone.
func TestAWorkerOrDecoderThatIsKilledMakesNoCopy(t *testing.T) {
	in := made(t, "ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=8", "-c:v", "libx264", "-preset", "ultrafast", "o.mp4")
	clip, err := real(t).Probe(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for which := range 3 { // the worker, the decoder, the encoder
		var once bool
		out := empty(t, "out.mp4")
		_, err := real(t).Render(t.Context(), in, boxed(clip), out, media.Rendering{}, func(n int) {
			if n < 30 || once {
				return
			}
			once = true
			if all := children(os.Getpid()); which < len(all) {
				_ = syscall.Kill(all[which], syscall.SIGKILL)
			} else {
				t.Errorf("only %d processes at work", len(all))
			}
		})
		// A decoder is started anew, as one that met damage is: then all is there.
		if anew := which == 1 && err == nil && len(moments(t, out.Name())) == clip.Frames; !anew && code(err) == "" {
			t.Errorf("process %d was killed: %v", which, err)
		}
		for range 50 {
			if len(children(os.Getpid())) == 0 {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if left := children(os.Getpid()); len(left) > 0 {
			t.Errorf("%v are left", left)
		}
	}
}

func TestCancellingARenderingIsImmediate(t *testing.T) {
	in := made(t, "ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=20", "-c:v", "libx264", "-preset", "ultrafast", "o.mp4")
	clip, err := real(t).Probe(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var asked time.Time
	_, err = real(t).Render(ctx, in, boxed(clip), empty(t, "out.mp4"), media.Rendering{}, func(n int) {
		if n == 30 {
			asked = time.Now()
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || time.Since(asked) > time.Second {
		t.Errorf("after %v: %v", time.Since(asked), err)
	}
}

// A disk that is full in the middle of the copy: a limit on the file's length stands in
// for it where the file is written.
func TestAFullDiskIsSaidToBeOne(t *testing.T) {
	in := made(t, "ffmpeg", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=4,noise=alls=30:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "o.mp4")
	clip, err := real(t).Probe(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("unshare", "--user", "--map-root-user", "--mount", os.Args[0], "full", in.Name(), strconv.Itoa(clip.Frames)).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "error.disk_full") {
		t.Errorf("%v: %s", err, out)
	}
}

// onFullDisk renders to a disk of its own of 256 KiB.
func onFullDisk(name string, frames int) error {
	dir, err := os.MkdirTemp("", "full")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=256k"); err != nil {
		return err
	}
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(dir, "out.mp4"))
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r := media.Runner{Program: self, Share: "/usr/share"}
	r.FFmpeg, _ = exec.LookPath("ffmpeg")
	r.FFprobe, _ = exec.LookPath("ffprobe")
	plan := evidence.MaskPlan{Source: evidence.PlanSource{Width: 640, Height: 360, Frames: frames}}
	_, err = r.Render(context.Background(), in, plan, out, media.Rendering{}, func(int) {})
	fmt.Println(err)
	return nil
}
