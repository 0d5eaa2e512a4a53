package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
)

// A Runner starts workers. Its fields come from main.
type Runner struct {
	Program string // this program, to be started anew
	Share   string // folder with the runtime and the packaged model
	Models  string // folder with further models that the user named; may be empty
	Model   string // a YuNet file that the user named; may be empty
	FFmpeg  string // empty: not installed
	FFprobe string
	Heif    string // heif-convert of libheif; empty: not installed
	Strict  bool   // open nothing unless the worker is fully confined

	Patience time.Duration // how long a worker may say nothing before it is taken for hung; 0: a minute
}

func (r Runner) patience() time.Duration {
	if r.Patience > 0 {
		return r.Patience
	}
	return time.Minute
}

// Probe says what a file is.
func (r Runner) Probe(ctx context.Context, in *os.File) (Clip, error) {
	var clip Clip
	err := r.run(ctx, Job{Kind: ProbeJob}, in, nil, func(m Message) error {
		if m.Clip != nil {
			clip = *m.Clip
		}
		return nil
	})
	return clip, err
}

// Detect decodes every frame, looks for faces as d says, and hands each frame's
// Look to each, in order. Nothing grows with the clip's length.
func (r Runner) Detect(ctx context.Context, in *os.File, d Detection, each func(Look) error) (Detected, error) {
	var out Detected
	job := Job{Kind: DetectJob, Detect: &d, YuNet: r.Model}
	if job.YuNet == "" {
		path, err := face.FindYuNet(r.Models, r.Share)
		if err != nil {
			return out, &evidence.Problem{Code: "media.model", Args: []any{face.YuNetFile}, Err: err}
		}
		job.YuNet = path
	}
	err := r.run(ctx, job, in, nil, func(m Message) error {
		switch {
		case m.Look != nil:
			return each(*m.Look)
		case m.Detected != nil:
			out = *m.Detected
		}
		return nil
	})
	return out, err
}

// Render burns a plan into a copy. It is a pure function of the two: no clock, no
// chance, no detector.
func (r Runner) Render(ctx context.Context, in *os.File, plan evidence.MaskPlan, out *os.File, how Rendering, progress func(frames int)) (Rendered, error) {
	return r.draw(ctx, Job{Kind: RenderJob, Render: &how, Plan: &plan}, in, out, progress)
}

// Glimpse writes one frame as a small photo. What the plan covers on that frame is
// covered before anything is made smaller.
func (r Runner) Glimpse(ctx context.Context, in *os.File, plan evidence.MaskPlan, out *os.File, g Glimpse, progress func(frames int)) (Rendered, error) {
	return r.draw(ctx, Job{Kind: GlimpseJob, Glimpse: &g, Plan: &plan}, in, out, progress)
}

// Clean copies what a recording shows, or a photo in the position in which it is looked
// at, and nothing else.
func (r Runner) Clean(ctx context.Context, in, out *os.File, how Cleaning, progress func(frames int)) (Rendered, error) {
	return r.draw(ctx, Job{Kind: CleanJob, Clean: &how}, in, out, progress)
}

// Follow looks for each seed on the frames before and after it, for as long as it looks
// the same, and hands on every step. Those of one seed come in order, going away from
// it. It may end before the clip does: nothing is left to follow then.
func (r Runner) Follow(ctx context.Context, in *os.File, how Following, each func(Step), progress func(frames int)) error {
	return r.run(ctx, Job{Kind: FollowJob, Follow: &how}, in, nil, func(m Message) error {
		switch {
		case m.Step != nil:
			each(*m.Step)
		case m.Followed > 0:
			progress(m.Followed)
		}
		return nil
	})
}

func (r Runner) draw(ctx context.Context, job Job, in, out *os.File, progress func(frames int)) (Rendered, error) {
	var made Rendered
	err := r.run(ctx, job, in, out, func(m Message) error {
		switch {
		case m.Drawn > 0:
			progress(m.Drawn)
		case m.Rendered != nil:
			made = *m.Rendered
		}
		return nil
	})
	return made, err
}

// run has one worker do one job and hands on what it says until it ends.
func (r Runner) run(ctx context.Context, job Job, in, out *os.File, hear func(Message) error) error {
	if r.FFmpeg == "" || r.FFprobe == "" {
		return &evidence.Problem{Code: "media.no_ffmpeg"}
	}
	job.FFmpeg, job.FFprobe, job.Heif, job.Share, job.Strict = r.FFmpeg, r.FFprobe, r.Heif, r.Share, r.Strict
	remove, err := passage(in, &job)
	if err != nil {
		return fmt.Errorf("a pipe for a photo: %w", err)
	}
	defer remove()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &worker{cancel: cancel, job: job, files: []*os.File{in}, patience: r.patience()}
	if out != nil {
		w.files = append(w.files, out)
	}
	if err := w.start(ctx, r.Program); err != nil {
		return err
	}
	heard := w.listen(hear)
	ended := w.cmd.Wait()
	w.watch.Stop()
	if cause := context.Cause(ctx); cause != nil {
		return cause // it was stopped, whatever it says of it
	}
	return w.verdict(heard, ended)
}

// A worker is one child.
type worker struct {
	cancel context.CancelCauseFunc
	cmd    *exec.Cmd
	job    Job
	files  []*os.File
	says   io.ReadCloser
	stderr tail
	watch  *time.Timer

	patience time.Duration
}

// spaces is whether this kernel gives a worker namespaces of its own. 0 is not
// tried yet.
var spaces atomic.Int32

const (
	untried = iota
	given
	denied
)

// reached is the Level of the last worker.
var reached atomic.Pointer[Level]

// Reached says how far the last worker was confined. It is known after the first
// job: before that it is nothing.
func Reached() Level {
	if l := reached.Load(); l != nil {
		return *l
	}
	return Level{}
}

func (w *worker) start(ctx context.Context, program string) error {
	if spaces.Load() != denied {
		w.job.Namespaces = true
		err := w.try(ctx, program, isolating())
		if err == nil {
			spaces.Store(given)
			return nil
		}
		if !errors.Is(err, syscall.EPERM) && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOSPC) {
			return fmt.Errorf("start a worker: %w", err)
		}
		spaces.Store(denied) // this kernel does not let us
	}
	w.job.Namespaces = false
	if err := w.try(ctx, program, &syscall.SysProcAttr{}); err != nil {
		return fmt.Errorf("start a worker: %w", err)
	}
	return nil
}

// isolating asks for namespaces of the worker's own: users, so that root in it is
// nobody outside, and a network with no way out.
func isolating() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
	}
}

func (w *worker) try(ctx context.Context, program string, attr *syscall.SysProcAttr) (err error) {
	attr.Pdeathsig = syscall.SIGKILL // it does not outlive us
	attr.Setpgid = true              // and what it starts goes with it
	told, err := json.Marshal(w.job)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, Command)
	cmd.Env = []string{} // no keys, no proxies, no home
	cmd.Dir = "/"
	cmd.SysProcAttr = attr
	cmd.Stdin = bytes.NewReader(told)
	cmd.Stderr = &w.stderr
	cmd.ExtraFiles = w.files
	cmd.WaitDelay = 5 * time.Second
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if w.says, err = cmd.StdoutPipe(); err != nil {
		return err
	}
	w.cmd = cmd
	if err := cmd.Start(); err != nil {
		return err
	}
	w.watch = time.AfterFunc(w.patience, func() {
		w.cancel(&evidence.Problem{Code: "media.hung", Args: []any{int(w.patience.Seconds())}})
	})
	return nil
}

// listen hands on what the worker says. A worker that says what cannot be
// understood is stopped: it has met something that it should not have.
func (w *worker) listen(hear func(Message) error) error {
	says := json.NewDecoder(w.says)
	for {
		var m Message
		switch err := says.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			err = fmt.Errorf("hear the worker: %w", err)
			w.cancel(err)
			return err
		}
		w.watch.Reset(w.patience)
		err := error(nil)
		switch {
		case m.Failed != nil:
			err = m.Failed.problem()
		case m.Level != nil:
			reached.Store(m.Level)
		default:
			err = hear(m)
		}
		if err != nil {
			w.cancel(err)
			return err
		}
	}
}

func (f *Failure) problem() error {
	p := &evidence.Problem{Code: f.Code}
	for _, a := range f.Args {
		p.Args = append(p.Args, a)
	}
	if f.Detail != "" {
		p.Err = errors.New(f.Detail)
	}
	return p
}

// verdict is how it went when nobody stopped it.
func (w *worker) verdict(heard, ended error) error {
	switch {
	case heard != nil:
		return heard
	case ended != nil:
		return &evidence.Problem{Code: "media.worker_died", Err: fmt.Errorf("%w: %s", ended, w.stderr.b)}
	}
	return nil
}

// tail keeps the end of what is written to it: an error message, not a flood.
type tail struct{ b []byte }

const tailSize = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > tailSize {
		t.b = t.b[len(t.b)-tailSize:]
	}
	return len(p), nil
}
