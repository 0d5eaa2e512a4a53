package worker

import (
	"errors"
	"fmt"
	"image"
	"io"

	"safehouse/internal/media"
)

// glimpse makes a small covered photo of one frame. Frames are counted from the
// first, as the plan counted them: a jump to a time could land on another frame, and
// its faces would lie beside the boxes.
func (w *worker) glimpse(v *video) error {
	if err := w.pair(v); err != nil {
		return err
	}
	w.careful = len(w.job.Plan.WholeFrames) > 0
	p, err := w.frame(v, w.job.Glimpse.Frame)
	if err != nil {
		return err
	}
	if v.broken(w.job.Glimpse.Frame) {
		w.job.Plan.WholeFrames = append(w.job.Plan.WholeFrames, w.job.Glimpse.Frame)
	}
	w.coverFrame(p, w.job.Glimpse.Frame)
	return w.small(p)
}

// frame decodes up to the frame with this number.
func (w *worker) frame(v *video, number int) (*image.RGBA, error) {
	t, frames, err := w.frames("null", "rgba")
	if err != nil {
		return nil, err
	}
	defer t.kill()
	defer frames.Close()
	p := image.NewRGBA(image.Rect(0, 0, v.clip.Width, v.clip.Height))
	for n := 0; n <= number; n++ {
		err := readFrame(frames, p.Pix)
		if errors.Is(err, io.EOF) {
			return nil, &problem{code: "media.damaged", detail: fmt.Sprint(n, " frames, asked for ", number)}
		}
		if err != nil {
			return nil, err
		}
		w.say(media.Message{Drawn: n + 1})
	}
	for i := 3; i < len(p.Pix); i += 4 {
		p.Pix[i] = 0xff // what a transparent pixel hides is not kept
	}
	return p, nil
}

// small writes a small copy of what was covered, as a JPEG.
func (w *worker) small(p *image.RGBA) error {
	little, _ := reduce(p, p.Bounds(), w.job.Glimpse.Longest)
	out := image.NewRGBA(image.Rect(0, 0, little.W, little.H))
	for i := range little.W * little.H {
		copy(out.Pix[i*4:], little.RGB[i*3:i*3+3])
		out.Pix[i*4+3] = 0xff
	}
	clip := media.Clip{Width: little.W, Height: little.H, Frames: 1, Codec: jpegStill.codec(), Still: true, Streams: 1}
	return w.write(out, clip, jpegStill)
}
