package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"slices"

	"safehouse/internal/evidence"
	"safehouse/internal/mask"
)

// A result is one clip's score.
type result struct {
	truth   truth
	sum     mask.Summary
	faces   int      // boxes looked at
	bare    []string // those less than 70 % covered
	thin    int      // those less than 90 % covered
	lowest  float64
	exposed map[string]bool // people with a bare face in at least one frame
	false   float64         // share of the picture masked where no head is
}

// The limits of being seen.
const (
	seenBelow = .70
	thinBelow = .90
)

func (r *result) String() string {
	return fmt.Sprintf("%-12s %7d %6d %8d %8d %8d %6.0f%% %6.1f%% %6d %6.1f %v", r.truth.Clip, r.sum.Frames, r.faces,
		len(r.bare), len(r.exposed), r.thin, 100*r.lowest, 100*r.false, r.sum.Queue, r.sum.FPS, r.bare)
}

// measure decodes the masked clip beside the one that it was made of, and counts
// masked pixels.
func (r *result) measure(clip, path string) error {
	w, h, err := size(path)
	if err != nil {
		return err
	}
	r.lowest, r.exposed = 1, map[string]bool{}
	masked, err := decode(path, w, h)
	if err != nil {
		return err
	}
	source, err := decode(clip, w, h)
	if err != nil {
		return err
	}
	n := 0
	for ; ; n++ {
		p, err := masked.next()
		if errors.Is(err, io.EOF) {
			break
		}
		q, err2 := source.next()
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		r.frame(n, p, q)
	}
	r.false /= float64(max(n, 1))
	if n != r.truth.Frames {
		return fmt.Errorf("%d frames, not %d", n, r.truth.Frames)
	}
	return errors.Join(masked.cmd.Wait(), source.rest())
}

// A decoding is a clip frame by frame.
type decoding struct {
	cmd  *exec.Cmd
	in   *bufio.Reader
	w, h int
	yuv  []byte
}

func decode(path string, w, h int) (*decoding, error) {
	cmd := exec.Command("ffmpeg", "-v", "error", "-xerror", "-i", path, "-fps_mode", "passthrough",
		"-vf", fmt.Sprintf("scale=%d:%d", w, h), "-f", "rawvideo", "-pix_fmt", "yuv444p", "pipe:1")
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &decoding{cmd, bufio.NewReaderSize(pipe, 1<<20), w, h, make([]byte, w*h*3)}, cmd.Start()
}

func (d *decoding) next() (picture, error) {
	_, err := io.ReadFull(d.in, d.yuv)
	return picture{d.w, d.h, d.yuv}, err
}

// rest ends a decoding that must be at its end.
func (d *decoding) rest() error {
	if n, err := io.Copy(io.Discard, d.in); err != nil || n > 0 {
		return fmt.Errorf("%d bytes more: %w", n, err)
	}
	return d.cmd.Wait()
}

func size(path string) (w, h int, err error) {
	out, err := exec.Command("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0", path).Output()
	if err != nil {
		return 0, 0, err
	}
	_, err = fmt.Sscanf(string(out), "%d,%d", &w, &h)
	return w, h, err
}

// A picture is planar 4:4:4.
type picture struct {
	w, h int
	yuv  []byte
}

// masked says whether a pixel has the mask's colour, as near as H.264 keeps it.
func (p picture) masked(x, y int) bool {
	i := y*p.w + x
	near := func(v byte, want int) bool { return max(int(v)-want, want-int(v)) <= 14 }
	return near(p.yuv[i], 90) && near(p.yuv[p.w*p.h+i], 140) && near(p.yuv[2*p.w*p.h+i], 118)
}

func (r *result) frame(n int, p, source picture) {
	var heads []evidence.Box
	for _, t := range r.truth.Tracks {
		b, ok := t.Boxes[n]
		if !ok {
			continue
		}
		w, h := b[2]-b[0], b[3]-b[1]
		heads = append(heads, evidence.Box{b[0] - w, b[1] - h, b[2] + w, b[3] + h})
		if t.Ignore {
			continue
		}
		r.faces++
		share := p.share(b)
		r.lowest = min(r.lowest, share)
		if share < thinBelow {
			r.thin++
		}
		if share < seenBelow {
			r.bare = append(r.bare, fmt.Sprintf("%d@%d:%.0f%%", t.ID, n, 100*share))
			r.exposed[fmt.Sprint(t.Person)] = true
		}
	}
	r.false += p.outside(heads, source)
}

// share is how much of a box, as far as it is in the picture, is masked.
func (p picture) share(b evidence.Box) float64 {
	under, all := 0, 0
	for y := max(0, int(b[1])); y < min(p.h, int(math.Ceil(b[3]))); y++ {
		for x := max(0, int(b[0])); x < min(p.w, int(math.Ceil(b[2]))); x++ {
			all++
			if p.masked(x, y) {
				under++
			}
		}
	}
	if all == 0 {
		return 1
	}
	return float64(under) / float64(all)
}

// outside is the share of the picture that is masked though no head is near. What had the
// mask's colour before is not the mask's doing.
func (p picture) outside(heads []evidence.Box, source picture) float64 {
	n := 0
	for y := range p.h {
		for x := range p.w {
			in := func(b evidence.Box) bool {
				return float64(x) >= b[0] && float64(x) < b[2] && float64(y) >= b[1] && float64(y) < b[3]
			}
			if p.masked(x, y) && !source.masked(x, y) && !slices.ContainsFunc(heads, in) {
				n++
			}
		}
	}
	return float64(n) / float64(p.w*p.h)
}
