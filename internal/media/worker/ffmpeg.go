package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// A tool is ffmpeg or ffprobe at work on the input. Its environment is empty and
// it may open files and pipes only: no playlist sends it elsewhere.
type tool struct {
	cmd    *exec.Cmd
	stderr *tail
}

var quiet = []string{"-hide_banner", "-loglevel", "error"}

// only keeps an input's demuxer from following addresses to other places.
var only = []string{"-protocol_whitelist", "file,pipe"}

// start starts program with files as its files 3, 4, …
func start(program string, args []string, stdin io.Reader, stdout io.Writer, files ...*os.File) (*tool, error) {
	t := &tool{cmd: exec.Command(program, args...), stderr: &tail{}}
	t.cmd.Env = []string{} // no keys, no proxies, no home
	t.cmd.Dir = "/"
	t.cmd.Stdin, t.cmd.Stdout, t.cmd.Stderr = stdin, stdout, t.stderr
	t.cmd.ExtraFiles = files
	t.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := t.cmd.Start(); err != nil {
		return nil, &problem{code: "media.no_ffmpeg", detail: err.Error()}
	}
	return t, nil
}

// wait gives the program's own account of what went wrong.
func (t *tool) wait() error {
	err := t.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	return t.blame(err != nil)
}

// kill ends the program when we are through with it.
func (t *tool) kill() {
	t.cmd.Process.Kill()
	t.cmd.Wait()
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
	for _, c := range complaints {
		if (failed || c.always) && strings.Contains(said, c.says) {
			return &problem{code: c.code, detail: said}
		}
	}
	if failed {
		return &problem{code: "media.damaged", detail: said}
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
// decode ends it.
func (w *worker) frames(filter, layout string) (*tool, io.ReadCloser, error) {
	args := append([]string{}, quiet...)
	args = append(args, "-nostdin", "-xerror", "-err_detect", "explode")
	args = append(args, only...)
	args = append(args, "-i", fdPath(inFile), "-map", "0:v:0", "-an", "-sn", "-dn", "-fps_mode", "passthrough",
		"-vf", filter, "-f", "rawvideo", "-pix_fmt", layout, "pipe:1")
	r, pw, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer pw.Close()
	t, err := start(w.job.FFmpeg, args, nil, pw, w.in)
	if err != nil {
		r.Close()
		return nil, nil, err
	}
	return t, r, nil
}

// ask runs ffprobe and gives what it printed.
func (w *worker) ask(args ...string) ([]byte, error) {
	all := append([]string{}, quiet...)
	all = append(all, only...)
	all = append(all, args...)
	all = append(all, "-i", fdPath(inFile))
	var out bytes.Buffer
	t, err := start(w.job.FFprobe, all, nil, &out, w.in)
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
