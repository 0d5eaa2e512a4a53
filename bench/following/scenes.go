package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // the photos are JPEG
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"

	"safehouse/internal/evidence"
)

// The size of a scene, and how long it is: a seed in its middle has more than three
// seconds on both sides.
const (
	width  = 640
	height = 360
	frames = 160
	fps    = 25
)

// photos are those of npm @vladmandic/face-api, with one face of each that is seen
// well, checked by eye.
var photos = []struct {
	file string
	face evidence.Box
}{
	{"sample1.jpg", evidence.Box{828, 419, 1038, 655}},
	{"sample2.jpg", evidence.Box{884, 220, 1080, 462}},
	{"sample3.jpg", evidence.Box{1066, 200, 1306, 511}},
	{"sample4.jpg", evidence.Box{978, 185, 1165, 426}},
	{"sample5.jpg", evidence.Box{790, 112, 953, 330}},
	{"sample6.jpg", evidence.Box{1168, 308, 1386, 603}},
}

// A photo is one of them, an eighth, a quarter, a half and all of its size.
type photo struct {
	levels []*image.RGBA
	face   evidence.Box
}

func openPhoto(folder string, n int) (*photo, error) {
	f, err := os.Open(filepath.Join(folder, photos[n].file))
	if err != nil {
		return nil, fmt.Errorf("the photos of the package: %w; run \"make setup\"", err)
	}
	defer f.Close()
	raw, _, err := image.Decode(f)
	if err != nil {
		return nil, err
	}
	flat := image.NewRGBA(raw.Bounds())
	draw.Draw(flat, flat.Bounds(), raw, raw.Bounds().Min, draw.Src)
	p := &photo{levels: []*image.RGBA{flat}, face: photos[n].face}
	for range 3 {
		p.levels = append(p.levels, halved(p.levels[len(p.levels)-1]))
	}
	return p, nil
}

func halved(p *image.RGBA) *image.RGBA {
	h := image.NewRGBA(image.Rect(0, 0, p.Rect.Dx()/2, p.Rect.Dy()/2))
	for y := range h.Rect.Dy() {
		for x := range h.Rect.Dx() {
			i, j, to := p.PixOffset(2*x, 2*y), p.PixOffset(2*x, 2*y+1), h.PixOffset(x, y)
			for k := range 3 {
				h.Pix[to+k] = byte((int(p.Pix[i+k]) + int(p.Pix[i+4+k]) + int(p.Pix[j+k]) + int(p.Pix[j+4+k])) / 4)
			}
			h.Pix[to+3] = 255
		}
	}
	return h
}

// A shot is where a photo lies on one frame: its point (X, Y) at (AtX, AtY), scaled and
// turned about it. Only an ellipse of it is shown where Cut says so.
type shot struct {
	photo     *photo
	x, y      float64
	atX, atY  float64
	scale     float64
	turn      float64
	narrow    float64 // 1 is as it is; less is a head that turns away
	cut       bool
	hidden    bool // the face is behind something
	light     float64
	smear     float64 // pixels across that it moved while the shutter was open
	otherFace bool    // it is the one in front, not the one that is followed
}

// about shows a photo with its face in the middle of the frame.
func about(p *photo, scale float64) shot {
	b := p.face
	return shot{photo: p, x: (b[0] + b[2]) / 2, y: (b[1] + b[3]) / 2, atX: width / 2, atY: height / 2, scale: scale, narrow: 1, light: 1}
}

// box is where the face is: the bounds of the ellipse in its box.
func (s shot) box() evidence.Box {
	b := s.photo.face
	sin, cos := math.Sincos(s.turn)
	u, v := ((b[0]+b[2])/2-s.x)*s.scale*s.narrow, ((b[1]+b[3])/2-s.y)*s.scale
	cx, cy := s.atX+u*cos-v*sin, s.atY+u*sin+v*cos
	rx, ry := (b[2]-b[0])/2*s.scale*s.narrow, (b[3]-b[1])/2*s.scale
	ex, ey := math.Hypot(rx*cos, ry*sin), math.Hypot(rx*sin, ry*cos)
	return evidence.Box{cx - ex, cy - ey, cx + ex, cy + ey}
}

// at gives the colour at a place of the frame, if the photo is there.
func (s shot) at(x, y float64) (c [3]float64, ok bool) {
	sin, cos := math.Sincos(-s.turn)
	dx, dy := (x-s.atX)/s.scale, (y-s.atY)/s.scale
	u, v := (dx*cos-dy*sin)/s.narrow, dx*sin+dy*cos
	if b := s.photo.face; s.cut {
		ru, rv := (b[2]-b[0])*.95, (b[3]-b[1])*.95
		if u*u/(ru*ru)+v*v/(rv*rv) > 1 {
			return c, false
		}
	}
	level := min(len(s.photo.levels)-1, max(0, int(math.Round(math.Log2(1/s.scale)))))
	p, by := s.photo.levels[level], float64(int(1)<<level)
	px, py := (u+s.x)/by-.5, (v+s.y)/by-.5
	x0, y0 := int(math.Floor(px)), int(math.Floor(py))
	if x0 < 0 || y0 < 0 || x0+1 >= p.Rect.Dx() || y0+1 >= p.Rect.Dy() {
		return c, false
	}
	fx, fy := px-float64(x0), py-float64(y0)
	i, j := p.PixOffset(x0, y0), p.PixOffset(x0, y0+1)
	for k := range c {
		c[k] = (float64(p.Pix[i+k])*(1-fx)+float64(p.Pix[i+4+k])*fx)*(1-fy) + (float64(p.Pix[j+k])*(1-fx)+float64(p.Pix[j+4+k])*fx)*fy
	}
	return c, true
}

// A scene is shots over each other, frame by frame, the last in front.
type scene struct {
	name   string
	frames [][]shot
	noise  float64
	encode []string
}

func made(name string, f func(n int, t float64) []shot) scene {
	s := scene{name: name, noise: 2}
	for n := range frames {
		s.frames = append(s.frames, f(n, float64(n)/float64(frames-1)))
	}
	return s
}

func scenes(p []*photo) []scene {
	one := func(name string, f func(s *shot, n int, t float64)) scene {
		i := len(name) % len(p)
		return made(name, func(n int, t float64) []shot {
			s := about(p[i], .3)
			f(&s, n, t)
			return []shot{s}
		})
	}
	all := []scene{
		one("still", func(*shot, int, float64) {}),
		one("pan", func(s *shot, _ int, t float64) { s.atX += 420 * (t - .5) }),
		one("shake", func(s *shot, n int, _ float64) {
			s.atX, s.atY = s.atX+14*math.Sin(float64(n)*.9), s.atY+9*math.Sin(float64(n)*1.3)
		}),
		one("fast", func(s *shot, _ int, t float64) {
			s.atX += 220 * math.Sin(8*math.Pi*t)
			s.smear = 220 * 8 * math.Pi * math.Cos(8*math.Pi*t) / frames * .5
		}),
		one("zoom", func(s *shot, _ int, t float64) { s.scale = .12 * math.Pow(6, t) }),
		one("spin", func(s *shot, _ int, t float64) { s.turn = 2 * math.Pi * t }),
		one("dark", func(s *shot, _ int, t float64) { s.light, s.atX = .15, s.atX+200*(t-.5) }),
		one("dusk", func(s *shot, _ int, t float64) { s.light, s.atX = 1-.8*t, s.atX+200*(t-.5) }),
		one("small", func(s *shot, _ int, t float64) { s.scale, s.atX = .11, s.atX+300*(t-.5) }),
		one("turns_away", func(s *shot, _ int, t float64) { s.narrow = 1 - .55*math.Pow(math.Sin(3*math.Pi*t), 2) }),
		one("leaves", func(s *shot, _ int, t float64) { s.atX += 520 * max(0, 2*t-1) }),
		crossing(p[5], p[1]),
	}
	squeezed := one("squeezed", func(s *shot, _ int, t float64) { s.atX += 300 * (t - .5) })
	squeezed.encode = []string{"-crf", "40"}
	all = append(all, squeezed)
	for _, n := range []int{1, 3, 10, 25, 60} {
		all = append(all, hidden(p[n%len(p)], n))
	}
	return all
}

// hidden has something stand before the face for n frames, twice.
func hidden(p *photo, n int) scene {
	return made(fmt.Sprintf("hidden_%d", n), func(i int, t float64) []shot {
		s := about(p, .3)
		s.atX += 120 * (t - .5)
		for _, begin := range []int{15, 95} {
			s.hidden = s.hidden || i >= begin && i < begin+n
		}
		return []shot{s}
	})
}

// crossing has another head pass in front.
func crossing(p, other *photo) scene {
	return made("crossing", func(_ int, t float64) []shot {
		a, b := about(p, .3), about(other, .36)
		b.cut, b.otherFace = true, true
		b.atX = -80 + 800*math.Abs(math.Mod(2*t, 1))
		return []shot{a, b}
	})
}

// truth is where the face is on a frame, and whether it can be seen.
func (s scene) truth(n int) (evidence.Box, bool) {
	f := s.frames[n]
	b := f[0].box()
	if f[0].hidden {
		return b, false
	}
	out := max(0, min(b[2], width)-max(b[0], 0)) * max(0, min(b[3], height)-max(b[1], 0)) / ((b[2] - b[0]) * (b[3] - b[1]))
	for _, other := range f[1:] {
		out -= shared(b, other.box()) / ((b[2] - b[0]) * (b[3] - b[1]))
	}
	return b, out >= .5
}

// draw gives a frame, packed RGB.
func (s scene) draw(n int, dice *rand.Rand) []byte {
	out := make([]byte, 0, 3*width*height)
	for y := range height {
		for x := range width {
			c := s.exposed(n, float64(x)+.5, float64(y)+.5)
			for _, v := range c {
				out = append(out, byte(min(max(v+dice.NormFloat64()*s.noise, 0), 255)))
			}
		}
	}
	if f := s.frames[n][0]; f.hidden {
		over(out, f.box())
	}
	return out
}

// exposed is the colour at a place while the shutter was open.
func (s scene) exposed(n int, x, y float64) (sum [3]float64) {
	moments := 1
	if s.frames[n][0].smear != 0 {
		moments = 7
	}
	for m := range moments {
		c := [3]float64{96, 100, 104} // a wall
		for i := len(s.frames[n]) - 1; i >= 0; i-- {
			f := s.frames[n][i]
			if v, ok := f.at(x+f.smear*(float64(m)/float64(max(1, moments-1))-.5), y); ok {
				c = [3]float64{v[0] * f.light, v[1] * f.light, v[2] * f.light}
				break
			}
		}
		for k := range sum {
			sum[k] += c[k] / float64(moments)
		}
	}
	return sum
}

// over paints what stands before the face.
func over(rgb []byte, b evidence.Box) {
	c := color.RGBA{88, 84, 80, 255}
	for y := max(0, int(b[1])-12); y < min(height, int(b[3])+12); y++ {
		for x := max(0, int(b[0])-12); x < min(width, int(b[2])+12); x++ {
			copy(rgb[3*(y*width+x):], []byte{c.R, c.G, c.B})
		}
	}
}

// film writes the clip. The same scene gives the same frames every time.
func (s scene) film(path string) error {
	args := []string{"-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", width, height), "-r", fmt.Sprint(fps),
		"-i", "pipe:0", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-crf", "21"}
	cmd := exec.Command("ffmpeg", append(append(args, s.encode...), path)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	dice := rand.New(rand.NewPCG(7, 7))
	for n := range s.frames {
		if _, err = in.Write(s.draw(n, dice)); err != nil {
			break
		}
	}
	in.Close()
	if werr := cmd.Wait(); werr != nil {
		return fmt.Errorf("film %s: %w: %s", s.name, werr, said.Bytes())
	}
	return err
}
