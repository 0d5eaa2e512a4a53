package worker

import (
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// heif has libheif's tool turn a HEIF photo into a JPEG of the best quality, in the
// position in which it is looked at. It comes through a named pipe.
func (w *worker) heif() ([]byte, error) {
	if w.job.Heif == "" || w.job.Passage == "" {
		return nil, &problem{code: "media.no_heif"}
	}
	var b []byte
	read := make(chan error, 1)
	go func() {
		f, err := os.Open(w.job.Passage) // waits for somebody to write
		if err == nil {
			defer f.Close()
			b, err = io.ReadAll(io.LimitReader(f, maxStill+1))
		}
		read <- err
	}()
	t, err := w.start(w.job.Heif, []string{"-q", "100", fdPath(inFile), w.job.Passage}, nil, nil, w.in)
	if err != nil {
		return nil, &problem{code: "media.no_heif", detail: err.Error()}
	}
	ended := t.wait()
	if err := w.passed(read); err != nil {
		return nil, err
	}
	switch {
	case len(b) > maxStill:
		return nil, &problem{code: "media.too_large", detail: "heif"}
	case ended != nil || len(b) == 0:
		return nil, &problem{code: "media.damaged", detail: strings.TrimSpace(string(t.stderr.b))}
	}
	return b, nil
}

// passed waits for the reader of the pipe when the tool has ended. Where the tool never
// opened the pipe, the reader waits for somebody to do so, now or soon.
func (w *worker) passed(read <-chan error) error {
	for {
		select {
		case err := <-read:
			return err
		case <-time.After(10 * time.Millisecond):
		}
		if fd, err := unix.Open(w.job.Passage, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err == nil {
			_ = unix.Close(fd)
		}
	}
}
