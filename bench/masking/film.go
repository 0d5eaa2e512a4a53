package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"slices"

	"safehouse/internal/evidence"
)

// A layer is a part of a photo somewhere in the frame: turned about the middle of the
// part and scaled. A part without a mask shows a rectangle, with one an ellipse.
type layer struct {
	photo *photo
	part  evidence.Box // of the photo
	x, y  float64      // where its middle is in the frame
	scale float64      // frame pixels a photo pixel
	turn  float64      // radians, clockwise
	round bool
	bare  bool // its faces are no faces to find: too small, or not one any more
}

// A frame is layers over each other, what hides them, and how it was filmed.
type frame struct {
	layers []layer
	hides  []evidence.Box // opaque, in front
	light  float64        // 1 is as it was taken
	noise  float64        // standard deviation, 0–255
	smear  [2]float64     // how far everything moved while the shutter was open, in pixels
}

// A scene is a clip to be made.
type scene struct {
	name   string
	w, h   int
	frames []frame
	encode []string // further arguments for ffmpeg
	turned int      // the frames lie on their side in the file, and the container says so: 90, 180, 270
	uneven bool     // frames are shown for different times
	noFace bool     // there is nobody in it
}

// shutter is how many moments of a smeared frame are averaged.
const shutter = 9

// draw gives the frame's pixels, packed RGB.
func (f frame) draw(w, h int, dice *rand.Rand) []byte {
	sum := make([]float64, 3*w*h)
	moments := 1
	if f.smear != [2]float64{} {
		moments = shutter
	}
	for m := range moments {
		part := 0.0
		if moments > 1 {
			part = float64(m)/float64(moments-1) - .5
		}
		f.expose(sum, w, h, f.smear[0]*part, f.smear[1]*part)
	}
	out := make([]byte, 3*w*h)
	for i, v := range sum {
		v = v/float64(moments)*f.light + dice.NormFloat64()*f.noise
		out[i] = byte(max(0, min(255, v)))
	}
	for _, b := range f.hides {
		for y := max(0, int(b[1])); y < min(h, int(b[3])); y++ {
			for x := max(0, int(b[0])); x < min(w, int(b[2])); x++ {
				copy(out[3*(y*w+x):], []byte{88, 84, 80})
			}
		}
	}
	return out
}

// expose adds one moment.
func (f frame) expose(sum []float64, w, h int, dx, dy float64) {
	for y := range h {
		for x := range w {
			r, g, b := 96.0, 100.0, 104.0 // a wall
			for _, l := range slices.Backward(f.layers) {
				if lr, lg, lb, ok := l.at(float64(x)+.5-dx, float64(y)+.5-dy); ok {
					r, g, b = lr, lg, lb
					break
				}
			}
			i := 3 * (y*w + x)
			sum[i], sum[i+1], sum[i+2] = sum[i]+r, sum[i+1]+g, sum[i+2]+b
		}
	}
}

func (l layer) at(x, y float64) (r, g, b float64, ok bool) {
	sin, cos := math.Sincos(-l.turn)
	dx, dy := (x-l.x)/l.scale, (y-l.y)/l.scale
	u, v := dx*cos-dy*sin, dx*sin+dy*cos
	rx, ry := (l.part[2]-l.part[0])/2, (l.part[3]-l.part[1])/2
	if math.Abs(u) > rx || math.Abs(v) > ry || l.round && u*u/(rx*rx)+v*v/(ry*ry) > 1 {
		return 0, 0, 0, false
	}
	return l.photo.at(u+(l.part[0]+l.part[2])/2, v+(l.part[1]+l.part[3])/2, l.scale)
}

// place gives where a box of the photo is in the frame: the bounds of the ellipse in
// it, because a face has no corners.
func (l layer) place(b evidence.Box) evidence.Box {
	sin, cos := math.Sincos(l.turn)
	u, v := (b[0]+b[2]-l.part[0]-l.part[2])/2*l.scale, (b[1]+b[3]-l.part[1]-l.part[3])/2*l.scale
	cx, cy := l.x+u*cos-v*sin, l.y+u*sin+v*cos
	rx, ry := (b[2]-b[0])/2*l.scale, (b[3]-b[1])/2*l.scale
	ex, ey := math.Hypot(rx*cos, ry*sin), math.Hypot(rx*sin, ry*cos)
	return evidence.Box{cx - ex, cy - ey, cx + ex, cy + ey}
}

// visible is the least share of a face that can be seen for it to count, and
// smallest its least width in pixels.
const (
	visible  = .5
	smallest = 12
)

// truth says where every face is that can be seen, and to be ignored, where heads are
// whose face cannot: a mask over one is neither missed nor false.
func (s scene) truth() truth {
	t := truth{Clip: s.name, Frames: len(s.frames), nobody: s.noFace}
	at := map[string]int{}
	for n, f := range s.frames {
		for li, l := range f.layers {
			for fi, face := range l.photo.faces {
				b := l.place(face)
				if l.bare || !inside(face, l.part) {
					continue
				}
				who := fmt.Sprintf("photo %d face %d", l.photo.number, fi+1)
				unseen := b[2]-b[0] < smallest || f.seen(b, li, s.w, s.h) < visible
				if unseen {
					who += " unseen"
				}
				i, ok := at[who]
				if !ok {
					i = len(t.Tracks)
					at[who] = i
					t.Tracks = append(t.Tracks, person{ID: i, Person: who, Ignore: unseen, Boxes: map[int]evidence.Box{}})
				}
				t.Tracks[i].Boxes[n] = b
			}
		}
	}
	return t
}

// inside says whether a part of a photo shows a face of it.
func inside(face, part evidence.Box) bool {
	x, y := (face[0]+face[2])/2, (face[1]+face[3])/2
	return x > part[0] && x < part[2] && y > part[1] && y < part[3]
}

// seen is the share of a box that is in the picture and behind nothing.
func (f frame) seen(b evidence.Box, li, w, h int) float64 {
	const grid = 12
	n := 0
	for i := range grid * grid {
		x := b[0] + (float64(i%grid)+.5)/grid*(b[2]-b[0])
		y := b[1] + (float64(i/grid)+.5)/grid*(b[3]-b[1])
		if x < 0 || y < 0 || x >= float64(w) || y >= float64(h) {
			continue
		}
		hidden := slices.ContainsFunc(f.hides, func(o evidence.Box) bool { return x >= o[0] && x < o[2] && y >= o[1] && y < o[3] })
		for _, l := range f.layers[li+1:] {
			_, _, _, over := l.at(x, y)
			hidden = hidden || over
		}
		if !hidden {
			n++
		}
	}
	return float64(n) / (grid * grid)
}

// film writes the clip. The same scene gives the same frames every time.
func (s scene) film(path string) error {
	args := []string{"-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", s.w, s.h), "-r", "25", "-i", "pipe:0"}
	filter := "format=yuv420p"
	switch s.turned { // stored on its side: a player turns it back
	case 90:
		filter = "transpose=cclock," + filter
	case 180:
		filter = "hflip,vflip," + filter
	case 270:
		filter = "transpose=clock," + filter
	}
	if s.uneven {
		filter += ",setpts='(N+0.6*mod(N*7,5)/5)/25/TB'"
		args = append(args, "-fps_mode", "vfr")
	}
	args = append(args, "-vf", filter, "-c:v", "libx264", "-preset", "veryfast", "-crf", "21", "-threads", "2")
	args = append(append(args, s.encode...), path)
	cmd := exec.Command("ffmpeg", args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	var said tail
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return err
	}
	dice := rand.New(rand.NewPCG(7, uint64(len(s.frames))))
	for _, f := range s.frames {
		if _, err = in.Write(f.draw(s.w, s.h, dice)); err != nil {
			break
		}
	}
	in.Close()
	if werr := cmd.Wait(); werr != nil {
		return fmt.Errorf("film %s: %w: %s", s.name, werr, said.b)
	}
	if err != nil || s.turned == 0 {
		return err
	}
	return sideways(path, s.turned)
}

// sideways has the container say by how much a player must turn the picture.
func sideways(path string, degrees int) error {
	whole := path + ".turned.mp4"
	out, err := exec.Command("ffmpeg", "-v", "error", "-y", "-i", path, "-c", "copy", "-metadata:s:v:0", fmt.Sprint("rotate=", 360-degrees), whole).CombinedOutput()
	if err != nil {
		return fmt.Errorf("turn %s: %w: %s", path, err, out)
	}
	return exec.Command("mv", whole, path).Run()
}

type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	return len(p), nil
}
