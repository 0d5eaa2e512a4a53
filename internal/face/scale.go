package face

import "math"

// A canvas brings pictures of one size into the form that a network reads:
// scaled to a longest side, padded to a multiple with black, plane by plane. It keeps
// its memory between pictures.
type canvas struct {
	w, h       int     // of the network's input, padded
	inW, inH   int     // of the picture within it
	scale      float64 // input pixels per picture pixel
	pixels     []byte  // the three planes
	planes     []float32
	rows       []uint16 // scaled across, not yet down; in 256ths
	across     []taps
	down       []taps
	line       []uint32
	normalise  [256]float32 // what a byte is to a network that reads real numbers
	bgr        bool
	identical  bool // the picture goes in as it is
	srcW, srcH int
}

// taps are the source pixels that make one target pixel, and their weights, which
// come to one.
type taps struct {
	from    int
	weights []uint32 // in 65536ths
}

const one = 1 << 16

// newCanvas prepares for pictures of w×h.
func newCanvas(w, h, longest, multiple int, bgr bool) *canvas {
	c := &canvas{srcW: w, srcH: h, scale: float64(longest) / float64(max(w, h)), bgr: bgr}
	c.inW, c.inH = atLeastOne(float64(w)*c.scale), atLeastOne(float64(h)*c.scale)
	c.w, c.h = roundUp(c.inW, multiple), roundUp(c.inH, multiple)
	c.identical = c.inW == w && c.inH == h
	c.pixels = make([]byte, 3*c.w*c.h)
	c.across, c.down = triangle(w, c.inW), triangle(h, c.inH)
	c.rows, c.line = make([]uint16, 3*c.inW*h), make([]uint32, 3*c.inW)
	return c
}

// newFitting prepares for pictures of w×h that go into an input of one size.
func newFitting(w, h, inW, inH int) *canvas {
	scale := min(float64(inW)/float64(w), float64(inH)/float64(h))
	c := newCanvas(w, h, max(1, int(float64(max(w, h))*scale)), 1, false)
	c.w, c.h = inW, inH
	c.inW, c.inH = min(c.inW, inW), min(c.inH, inH)
	c.pixels = make([]byte, 3*inW*inH)
	c.across, c.down = triangle(w, c.inW), triangle(h, c.inH)
	c.rows, c.line = make([]uint16, 3*c.inW*h), make([]uint32, 3*c.inW)
	c.identical = c.inW == w && c.inH == h
	return c
}

// reals gives the planes for a network to which a byte v is v·gain + offset.
func (c *canvas) reals(gain, offset float32) []float32 {
	if c.planes == nil {
		c.planes = make([]float32, len(c.pixels))
		for i := range c.normalise {
			c.normalise[i] = float32(i)*gain + offset
		}
	}
	for i, v := range c.pixels {
		c.planes[i] = c.normalise[v]
	}
	return c.planes
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
		var shares []float64
		sum := 0.0
		for j := first; j <= last; j++ {
			shares = append(shares, max(0, 1-math.Abs(float64(j)-centre)/reach))
			sum += shares[len(shares)-1]
		}
		left, largest := uint32(one), 0
		for k, share := range shares {
			t.weights = append(t.weights, uint32(share/sum*one))
			left -= t.weights[k]
			if t.weights[k] > t.weights[largest] {
				largest = k
			}
		}
		t.weights[largest] += left // what rounding took
		out[i] = t
	}
	return out
}

// draw fills the pixels from rgb.
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
			first[at], second[at], third[at] = src[x], src[x+1], src[x+2]
			at++
		}
	}
}

// split gives the planes of red, green and blue, in the order of the network.
func (c *canvas) split() (r, g, b []byte) {
	n := c.w * c.h
	r, g, b = c.pixels[:n], c.pixels[n:2*n], c.pixels[2*n:]
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
			var r, g, b uint32
			from := src[3*t.from:]
			for k, w := range t.weights {
				p := from[3*k : 3*k+3 : 3*k+3]
				r += w * uint32(p[0])
				g += w * uint32(p[1])
				b += w * uint32(p[2])
			}
			p := dst[3*x : 3*x+3 : 3*x+3]
			p[0], p[1], p[2] = uint16(r>>8), uint16(g>>8), uint16(b>>8)
		}
	}
}

func (c *canvas) scaleDown() {
	first, second, third := c.split()
	for y, t := range c.down {
		clear(c.line)
		for k, w := range t.weights {
			src := c.rows[len(c.line)*(t.from+k):][:len(c.line)]
			w >>= 4 // a weight and 256 values of 8 bits fit into 32
			for i, v := range src {
				c.line[i] += w * uint32(v)
			}
		}
		at := y * c.w
		for i := 0; i+2 < len(c.line); i += 3 {
			first[at], second[at], third[at] = down(c.line[i]), down(c.line[i+1]), down(c.line[i+2])
			at++
		}
	}
}

// down rounds a sum of scaleDown to a byte.
func down(sum uint32) byte { return byte(min(255, (sum+1<<19)>>20)) }
