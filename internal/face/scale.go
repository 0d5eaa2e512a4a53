package face

import "math"

// A canvas brings pictures of one size into the form that a network reads:
// scaled to a longest side, padded to a multiple, normalised, plane by plane. It
// keeps its memory between pictures.
type canvas struct {
	w, h       int     // of the network's input, padded
	inW, inH   int     // of the picture within it
	scale      float64 // input pixels per picture pixel
	planes     []float32
	rows       []float32 // scaled across, not yet down
	across     []taps
	down       []taps
	normalise  [256]float32
	bgr        bool
	identical  bool // the picture goes in as it is
	srcW, srcH int
}

// taps are the source pixels that make one target pixel, and their weights.
type taps struct {
	from    int
	weights []float32
}

// newCanvas prepares for pictures of w×h. Each value v becomes v·gain + offset.
func newCanvas(w, h, longest, multiple int, gain, offset float32, bgr bool) *canvas {
	c := &canvas{srcW: w, srcH: h, scale: float64(longest) / float64(max(w, h)), bgr: bgr}
	c.inW, c.inH = atLeastOne(float64(w)*c.scale), atLeastOne(float64(h)*c.scale)
	c.w, c.h = roundUp(c.inW, multiple), roundUp(c.inH, multiple)
	c.identical = c.inW == w && c.inH == h
	for i := range c.normalise {
		c.normalise[i] = float32(i)*gain + offset
	}
	c.planes = make([]float32, 3*c.w*c.h)
	for i := range c.planes {
		c.planes[i] = c.normalise[0] // the padding is black
	}
	c.across, c.down = triangle(w, c.inW), triangle(h, c.inH)
	c.rows = make([]float32, 3*c.inW*h)
	return c
}

// An easel keeps the canvases for the last few sizes of pictures: a clip is looked at
// as a whole, turned, and in parts, over and over.
type easel struct {
	sizes []size
}

type size struct {
	w, h     int
	canvases []*canvas
}

// maxSizes bounds an easel's memory.
const maxSizes = 6

// of gives the canvases for a picture's size, one a scale.
func (e *easel) of(p Picture, scales []int, prepare func(longest int) *canvas) []*canvas {
	for _, s := range e.sizes {
		if s.w == p.W && s.h == p.H {
			return s.canvases
		}
	}
	s := size{w: p.W, h: p.H}
	for _, longest := range scales {
		s.canvases = append(s.canvases, prepare(longest))
	}
	if len(e.sizes) == maxSizes {
		e.sizes = e.sizes[1:]
	}
	e.sizes = append(e.sizes, s)
	return s.canvases
}

func atLeastOne(x float64) int    { return max(1, int(math.Round(x))) }
func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

// triangle gives the taps of a linear filter that covers every source pixel when
// it shrinks: a face four pixels wide must not fall between samples.
func triangle(from, to int) []taps {
	step := float64(from) / float64(to)
	reach := max(step, 1)
	out := make([]taps, to)
	for i := range out {
		centre := (float64(i)+.5)*step - .5
		first := max(0, int(math.Ceil(centre-reach)))
		last := min(from-1, int(math.Floor(centre+reach)))
		t := taps{from: first}
		sum := 0.0
		for j := first; j <= last; j++ {
			w := max(0, 1-math.Abs(float64(j)-centre)/reach)
			t.weights = append(t.weights, float32(w))
			sum += w
		}
		for k := range t.weights {
			t.weights[k] /= float32(sum)
		}
		out[i] = t
	}
	return out
}

// draw fills the planes from rgb.
func (c *canvas) draw(rgb []byte) {
	if c.identical {
		c.copy(rgb)
		return
	}
	c.scaleAcross(rgb)
	c.scaleDown()
}

func (c *canvas) copy(rgb []byte) {
	first, second, third := c.split()
	for y := range c.inH {
		src := rgb[3*c.inW*y : 3*c.inW*(y+1)]
		at := y * c.w
		for x := 0; x < len(src); x += 3 {
			first[at], second[at], third[at] = c.normalise[src[x]], c.normalise[src[x+1]], c.normalise[src[x+2]]
			at++
		}
	}
}

// split gives the planes of red, green and blue, in the order of the network.
func (c *canvas) split() (r, g, b []float32) {
	n := c.w * c.h
	r, g, b = c.planes[:n], c.planes[n:2*n], c.planes[2*n:]
	if c.bgr {
		r, b = b, r
	}
	return r, g, b
}

func (c *canvas) scaleAcross(rgb []byte) {
	for y := range c.srcH {
		src := rgb[3*c.srcW*y : 3*c.srcW*(y+1)]
		dst := c.rows[3*c.inW*y : 3*c.inW*(y+1)]
		for x, t := range c.across {
			var r, g, b float32
			at := 3 * t.from
			for _, w := range t.weights {
				r += w * c.normalise[src[at]]
				g += w * c.normalise[src[at+1]]
				b += w * c.normalise[src[at+2]]
				at += 3
			}
			dst[3*x], dst[3*x+1], dst[3*x+2] = r, g, b
		}
	}
}

func (c *canvas) scaleDown() {
	first, second, third := c.split()
	line := make([]float32, 3*c.inW)
	for y, t := range c.down {
		clear(line)
		for k, w := range t.weights {
			src := c.rows[3*c.inW*(t.from+k):][:len(line)]
			for i, v := range src {
				line[i] += w * v
			}
		}
		at := y * c.w
		for i := 0; i < len(line); i += 3 {
			first[at], second[at], third[at] = line[i], line[i+1], line[i+2]
			at++
		}
	}
}
