package worker

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"sync"

	"safehouse/internal/evidence"
	"safehouse/internal/face"
	"safehouse/internal/media"
)

// The longest side is as large as the largest scale of any detector that looks, and
// larger where the picture is looked at part by part too.
const (
	longestSSD    = 512
	longestBeside = 640
	longestMost   = 1280
)

// detect decodes every frame once, small, and looks for faces as the job says.
func (w *worker) detect(v *video) error {
	width, height := fit(v.clip.Width, v.clip.Height, longest(*w.job.Detect, w.job.YuNet != ""))
	t, r, err := w.frames(fmt.Sprintf("scale=%d:%d:flags=area", width, height), "rgb24") // it starts while the detectors open
	if err != nil {
		return err
	}
	defer r.Close()
	eyes, err := w.eyes()
	if err != nil {
		t.kill()
		return err
	}
	defer closeAll(eyes)
	seen, err := w.watch(r, eyes, *w.job.Detect, view{width, height, float64(v.clip.Width) / float64(width), float64(v.clip.Height) / float64(height), v.clip.Frames})
	if err != nil {
		t.kill()
		return err
	}
	if err := t.wait(); err != nil {
		return err
	}
	if seen != v.clip.Frames {
		if v.times, err = w.decodedTimes(); err != nil {
			return err
		}
		if len(v.times) != seen {
			return &problem{code: "media.damaged", detail: fmt.Sprint(seen, " frames, ", len(v.times), " times")}
		}
		v.clip.Frames = seen
	}
	w.say(media.Message{Detected: &media.Detected{Clip: v.clip, Detectors: eyes[0].names()}})
	return nil
}

// fit gives the size of a w×h picture whose longest side is at most longest.
func fit(w, h, longest int) (int, int) {
	f := min(1, float64(longest)/float64(max(w, h)))
	return max(1, int(math.Round(float64(w)*f))), max(1, int(math.Round(float64(h)*f)))
}

// An eye is the detectors of one core.
type eye struct {
	ssd    *face.SSDDetector
	beside face.Model // nil where none is given
	half   []byte     // memory for halved
}

// eyes opens the detectors, a set for each core.
func (w *worker) eyes() ([]*eye, error) {
	if err := face.Start(w.job.Share); err != nil {
		return nil, &problem{code: "media.model", args: []string{face.RuntimeFile}, detail: err.Error()}
	}
	first, err := w.eye()
	if err != nil {
		return nil, err
	}
	all := []*eye{first}
	for range min(runtime.NumCPU(), 8) - 1 {
		e := &eye{ssd: first.ssd.Twin()}
		if first.beside != nil {
			e.beside = first.beside.Twin()
		}
		all = append(all, e)
	}
	return all, nil
}

func (w *worker) eye() (*eye, error) {
	ssd, err := face.OpenSSD(w.job.Share)
	if err != nil {
		return nil, &problem{code: "media.model", args: []string{face.SSDInUse()}, detail: err.Error()}
	}
	e := &eye{ssd: ssd}
	if w.job.YuNet == "" {
		return e, nil
	}
	if e.beside, err = face.OpenModel(w.job.YuNet); err != nil {
		ssd.Close()
		code := "media.model"
		if errors.Is(err, face.ErrUnknownModel) {
			code = "media.unknown_model"
		}
		return nil, &problem{code: code, args: []string{filepath.Base(w.job.YuNet)}, detail: err.Error()}
	}
	return e, nil
}

func closeAll(eyes []*eye) {
	eyes[0].ssd.Close() // the others are its twins
	if eyes[0].beside != nil {
		eyes[0].beside.Close()
	}
}

// longest is the longest side at which a moving picture is looked at.
func longest(d media.Detection, beside bool) int {
	whole := longestSSD
	if beside {
		whole = longestBeside
	}
	switch {
	case d.Parts > 2:
		return longestMost
	case d.Parts == 2:
		return 2 * whole
	}
	return whole
}

func (e *eye) names() []string {
	names := e.ssd.Names()
	if e.beside != nil {
		names = append(names, e.beside.Name())
	}
	return names
}

// A view is the size at which frames are looked at, and what leads back from it
// to the clip's pixels.
type view struct {
	w, h   int
	sx, sy float64
	frames int // that the file says it has
}

func (v view) back(hits []face.Hit) []face.Hit {
	for i, h := range hits {
		hits[i].Box = evidence.Box{h.Box[0] * v.sx, h.Box[1] * v.sy, h.Box[2] * v.sx, h.Box[3] * v.sy}
	}
	return hits
}

// A glance is one frame on its way through an eye.
type glance struct {
	look media.Look
	turn int
	more extra
	rgb  []byte
	err  error
	done chan struct{} // closed when what follows from looking holds

	turned turns // by which turns a face was found
}

// watch reads frames, has the eyes look at them side by side, and says what they
// saw in order. It never holds more frames than it has buffers.
func (w *worker) watch(r io.Reader, eyes []*eye, d media.Detection, v view) (int, error) {
	q := newQueue(4*len(eyes), v)
	var working sync.WaitGroup
	for _, e := range eyes {
		working.Go(func() { gaze(e, q.todo, d, v) })
	}
	var readErr error
	working.Go(func() { readErr = q.read(r, d, v) })
	seen, err := w.report(q)
	close(q.stop)
	for range q.inOrder { // what was read before the reader saw that it should stop
	}
	working.Wait()
	return seen, errors.Join(err, readErr)
}

// A queue is the way of frames from the decoder to the report.
type queue struct {
	free    chan []byte   // buffers that wait for a frame
	todo    chan *glance  // for whichever eye is free
	inOrder chan *glance  // for the report
	stop    chan struct{} // closed when the report has ended
	lying   lying
}

func newQueue(n int, v view) *queue {
	q := &queue{
		free: make(chan []byte, n), todo: make(chan *glance, n), inOrder: make(chan *glance, n), stop: make(chan struct{}),
		lying: lying{behind: n},
	}
	for range n {
		q.free <- make([]byte, v.w*v.h*3)
	}
	return q
}

func gaze(e *eye, todo <-chan *glance, d media.Detection, v view) {
	for g := range todo {
		hits, turned, err := e.gaze(face.Picture{W: v.w, H: v.h, RGB: g.rgb}, d, g.turn, g.more)
		g.look.Hits, g.turned, g.err = v.back(hits), turned, err
		close(g.done)
	}
}

// read measures each frame against the one before and queues it.
func (q *queue) read(r io.Reader, d media.Detection, v view) error {
	defer close(q.inOrder)
	defer close(q.todo)
	m := newMeter(v.w, v.h)
	for n, turn := 0, 0; ; n++ {
		g := &glance{turn: turn, done: make(chan struct{})}
		select {
		case g.rgb = <-q.free:
		case <-q.stop:
			return nil
		}
		switch err := readFrame(r, g.rgb); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case n >= maxFrames:
			return &problem{code: "media.too_large", detail: "frames"}
		}
		g.look = m.measure(n, g.rgb)
		g.look.Of = v.frames
		g.look.Looked = d.Every <= 1 || n%d.Every == d.Offset
		if g.look.Looked {
			g.more = q.lying.extra(n, turn, d)
			turn++
			q.todo <- g
		} else {
			close(g.done)
		}
		q.inOrder <- g
	}
}

// report says what was seen, in the order of the frames.
func (w *worker) report(q *queue) (seen int, err error) {
	for g := range q.inOrder {
		<-g.done
		if g.err != nil {
			return seen, fmt.Errorf("look at frame %d: %w", g.look.Frame, g.err)
		}
		q.lying.note(g.look.Frame, g.turned)
		q.free <- g.rgb
		w.say(media.Message{Look: &g.look})
		seen++
	}
	return seen, nil
}
