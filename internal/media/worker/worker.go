// Package worker is what runs inside the child process that opens hostile files.
// Main reads one job on standard input, does it on file 3 (to read) and file 4
// (to write), tells how it goes on standard output, and ends. It has no keys, no
// configuration and an empty environment; so have the decoders that it starts.
package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"safehouse/internal/media"
)

// The files that a worker is given beside its three standard ones.
const (
	inFile  = 3
	outFile = 4
)

// Limits of a worker and of every program that it starts.
const (
	maxMemory = 6 << 30     // bytes of address space; the runtime maps much that it never touches
	maxCPU    = 4 * 60 * 60 // seconds of processor time, each
	maxFiles  = 64
)

// Limits of what is worth opening.
const (
	maxPixels = 8192 * 8192
	maxFrames = 2_000_000
)

// Main does one job and ends the process.
func Main() {
	w := &worker{out: json.NewEncoder(os.Stdout), in: os.NewFile(inFile, "in"), dst: os.NewFile(outFile, "out")}
	if err := w.work(); err != nil {
		w.say(media.Message{Failed: failure(err)})
	}
}

// A worker does one job.
type worker struct {
	job     media.Job
	in, dst *os.File // dst is not open when there is nothing to write
	mu      sync.Mutex
	out     *json.Encoder // guarded by mu

	hand    hand   // starts and ends the decoders; there is one once the worker is confined
	video   *video // that was probed, and the number of its stream in the file
	stream  int
	careful bool // what does not decode is passed over and told, see pieced
}

func (w *worker) say(m media.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.out.Encode(m); err != nil {
		os.Exit(1) // nobody listens any more
	}
}

func (w *worker) work() error {
	if err := limit(); err != nil {
		return err
	}
	if err := json.NewDecoder(os.Stdin).Decode(&w.job); err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	level, err := w.confine()
	if err != nil {
		return err
	}
	w.hand = newHand()
	w.say(media.Message{Level: &level})
	if w.job.Strict && !level.Full() {
		return &problem{code: "media.not_isolated", args: []string{level.String()}}
	}
	f, err := os.Open(fdPath(inFile))
	if err != nil {
		return fmt.Errorf("reopen the input: %w", err)
	}
	defer f.Close()
	kind, err := sniff(f)
	if err != nil {
		return err
	}
	if kind.still() {
		return w.still(f, kind)
	}
	if w.job.Kind == media.CleanJob {
		return w.clean()
	}
	return w.moving()
}

// moving does the job on a video.
func (w *worker) moving() error {
	v, err := w.probe()
	if err != nil {
		return err
	}
	switch w.job.Kind {
	case media.ProbeJob:
		w.say(media.Message{Clip: &v.clip})
		return nil
	case media.DetectJob:
		w.careful = w.job.Detect.Careful
		return w.detect(v)
	case media.RenderJob:
		return w.render(v)
	case media.GlimpseJob:
		return w.glimpse(v)
	case media.FollowJob:
		return w.follow(v)
	}
	return fmt.Errorf("unknown job %q", w.job.Kind)
}

// limit binds this process and its children.
func limit() error {
	return errors.Join(
		set(syscall.RLIMIT_AS, maxMemory),
		set(syscall.RLIMIT_CPU, maxCPU),
		set(syscall.RLIMIT_CORE, 0), // a crash leaves no picture of memory
		set(syscall.RLIMIT_NOFILE, maxFiles),
	)
}

func set(what int, to uint64) error {
	if err := syscall.Setrlimit(what, &syscall.Rlimit{Cur: to, Max: to}); err != nil {
		return fmt.Errorf("limit %d: %w", what, err)
	}
	return nil
}

func fdPath(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// A problem is a failure that has a sentence in the catalogues.
type problem struct {
	code   string
	args   []string
	detail string
}

func (p *problem) Error() string { return p.code + ": " + p.detail }

func failure(err error) *media.Failure {
	var p *problem
	switch {
	case errors.As(err, &p):
		return &media.Failure{Code: p.code, Args: p.args, Detail: p.detail}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &media.Failure{Code: "error.disk_full", Detail: err.Error()}
	case errors.Is(err, syscall.EACCES):
		return &media.Failure{Code: "media.not_yours", Detail: err.Error()}
	}
	return &media.Failure{Code: "media.failed", Detail: err.Error()}
}
