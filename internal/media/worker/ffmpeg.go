package worker

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A tool is ffmpeg or ffprobe at work on the input. Its environment is empty and
// it may open files and pipes only: no playlist sends it elsewhere.
type tool struct {
	cmd    *exec.Cmd
	stderr *tail

	strict  bool       // whatever it complains of is a failure
	lenient bool       // that it failed is none: what it did not give is counted
	ended   chan error // not nil: somebody else waits for its end, and tells here
	hand    hand       // that started it
	failing string     // what it is called when it fails and does not say why; empty: media.damaged
}

// A hand is the one thread that starts programs and ends them: Landlock confines each
// thread by itself, and lets none send a signal to what another has started.
type hand chan func()

func newHand() hand {
	h := make(hand)
	go func() {
		runtime.LockOSThread() // for good: a program ends with the thread that started it
		for f := range h {
			f()
		}
	}()
	return h
}

// do has f done by the hand's thread, and gives what it gives.
func (h hand) do(f func() error) error {
	done := make(chan error)
	h <- func() { done <- f() }
	return <-done
}

var quiet = []string{"-hide_banner", "-loglevel", "error"}

// only keeps an input's demuxer from following addresses to other places, lets none
// but the containers that cameras and messengers write be opened (no playlist, no list
// of files), and bounds a picture's size also where it changes in mid-stream.
var only = []string{"-protocol_whitelist", "file,pipe", "-format_whitelist", containers}

const containers = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,gif,apng,webp_pipe"

// bounded is for decoders what only is for demuxers.
var bounded = []string{"-max_pixels", strconv.Itoa(maxPixels)}

// start starts program with files as its files 3, 4, …
func (w *worker) start(program string, args []string, stdin io.Reader, stdout io.Writer, files ...*os.File) (*tool, error) {
	t := &tool{cmd: exec.Command(program, args...), stderr: &tail{}, hand: w.hand}
	t.cmd.Env = []string{} // no keys, no proxies, no home
	t.cmd.Dir = "/"
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = stdin, stdout, t.stderr
	t.cmd.ExtraFiles = files
	return t, t.run()
}

func (t *tool) run() error {
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := t.hand.do(t.cmd.Start); err != nil {
		return &problem{code: "media.no_ffmpeg", detail: err.Error()}
	}
	return nil
}

// wait gives the program's own account of what went wrong.
func (t *tool) wait() error {
	err := t.end()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	return t.blame(err != nil)
}

func (t *tool) end() error {
	if t.ended != nil {
		return <-t.ended
	}
	return t.cmd.Wait()
}

// kill ends the program when we are through with it.
func (t *tool) kill() {
	_ = t.hand.do(t.cmd.Process.Kill) // an error says that it has ended
	_ = t.end()
}

// complaints are what ffmpeg says, and what that means for the user. The first
// that fits wins. Those marked always count even when ffmpeg went on.
var complaints = []struct {
	says   string
	code   string
	always bool
}{
	{"No space left on device", "error.disk_full", true},
	{"Disk quota exceeded", "error.disk_full", true},
	{"moov atom not found", "media.truncated", true},
	{"File ended prematurely", "media.truncated", true},
	{"partial file", "media.truncated", true},
	{"Truncating packet", "media.truncated", true},
	{"Invalid data found when processing input", "media.damaged", false},
	{"does not contain any stream", "media.no_video", false},
	{"matches no streams", "media.no_video", false},
	{"Cannot allocate memory", "media.too_large", false},
	{"Unknown encoder", "media.no_encoder", false},
	{"not found for output stream", "media.no_encoder", false},
}

func (t *tool) blame(failed bool) error {
	said := string(t.stderr.b)
	failed = failed && !t.lenient
	for _, c := range complaints {
		if (failed || c.always) && strings.Contains(said, c.says) {
			return &problem{code: c.code, detail: said}
		}
	}
	if failed || t.strict && said != "" {
		return &problem{code: cmp.Or(t.failing, "media.damaged"), detail: said}
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if n := len(t.b) - 4096; n > 0 {
		t.b = t.b[n:]
	}
	return len(p), nil
}

// frames starts the decoder: every frame of the picture, through the filter and
// in the given layout, one after the other and none twice. A frame that does not
// decode ends it, and so does anything that the decoder complains of: unless the
// job is careful, see [pieced].
func (w *worker) frames(filter, layout string) (*tool, io.ReadCloser, error) {
	r, pw, err := pipe()
	if err != nil {
		return nil, nil, err
	}
	defer pw.Close()
	if w.careful {
		return w.pieced(filter, layout, r, pw)
	}
	args := append(slices.Clone(quiet), "-nostdin", "-xerror", "-err_detect", "explode")
	t, err := w.start(w.job.FFmpeg, append(args, w.decoding(filter, layout)...), nil, pw, w.in)
	if err != nil {
		r.Close()
		return nil, nil, err
	}
	t.strict = true
	return t, r, nil
}

// decoding asks for the raw frames of the picture that was probed.
func (w *worker) decoding(filter, layout string) []string {
	args := append(slices.Clone(only), bounded...)
	return append(args, "-i", fdPath(inFile), "-map", fmt.Sprint("0:", w.stream), "-an", "-sn", "-dn", "-fps_mode", "passthrough",
		"-vf", filter, "-f", "rawvideo", "-pix_fmt", layout, "pipe:1")
}

// pipe is a pipe that holds more than the 64 KiB that the kernel gives by itself, where
// it may: fewer changes between the processes at its ends.
func pipe() (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err != nil {
		return nil, nil, err
	}
	if raw, err := w.SyscallConn(); err == nil { // not Fd: it would make the pipe block
		_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) }) // a smaller one does too
	}
	return r, w, nil
}

// ask runs ffprobe and gives what it printed.
func (w *worker) ask(args ...string) ([]byte, error) {
	all := append([]string{}, quiet...)
	all = append(all, only...)
	all = append(all, args...)
	all = append(all, "-i", fdPath(inFile))
	var out bytes.Buffer
	t, err := w.start(w.job.FFprobe, all, nil, &out, w.in)
	if err != nil {
		return nil, err
	}
	if err := t.wait(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// readFrame fills b with the next frame. io.EOF is the clean end; half a frame
// is not.
func readFrame(r io.Reader, b []byte) error {
	_, err := io.ReadFull(r, b)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("half a frame: %w", &problem{code: "media.damaged"})
	}
	return err
}
