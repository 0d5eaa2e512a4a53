package face

// Contrast-limited adaptive histogram equalisation (Zuiderveld, Graphics Gems IV,
// 1994) on lightness, as a dim face needs it: 8×8 tiles, clip limit 4.

const (
	tiles     = 8
	clipLimit = 4.0
)

// An equaliser keeps its memory between pictures.
type equaliser struct {
	luma  []byte
	out   []byte
	curve [tiles * tiles][256]byte
}

// apply gives the equalised copy of p. It is overwritten by the next call.
func (e *equaliser) apply(p Picture) Picture {
	if len(e.luma) != p.W*p.H {
		e.luma, e.out = make([]byte, p.W*p.H), make([]byte, 3*p.W*p.H)
	}
	for i := range e.luma {
		e.luma[i] = lightness(p.RGB[3*i], p.RGB[3*i+1], p.RGB[3*i+2])
	}
	e.curves(p.W, p.H)
	e.remap(p)
	return Picture{p.W, p.H, e.out}
}

// lightness is luma as ITU-R BT.601 weighs it, in integers.
func lightness(r, g, b byte) byte {
	return byte((77*int(r) + 150*int(g) + 29*int(b) + 128) >> 8)
}

// curves makes the equalising curve of every tile.
func (e *equaliser) curves(w, h int) {
	for ty := range tiles {
		for tx := range tiles {
			x0, x1 := tx*w/tiles, (tx+1)*w/tiles
			y0, y1 := ty*h/tiles, (ty+1)*h/tiles
			var histogram [256]int
			for y := y0; y < y1; y++ {
				for _, v := range e.luma[y*w+x0 : y*w+x1] {
					histogram[v]++
				}
			}
			e.curve[ty*tiles+tx] = curve(&histogram, (x1-x0)*(y1-y0))
		}
	}
}

// curve cuts the histogram's peaks, spreads what was cut, and sums up.
func curve(histogram *[256]int, pixels int) (out [256]byte) {
	if pixels == 0 {
		for i := range out {
			out[i] = byte(i)
		}
		return out
	}
	limit := max(1, int(clipLimit*float64(pixels)/256))
	excess := 0
	for i, n := range histogram {
		if n > limit {
			excess += n - limit
			histogram[i] = limit
		}
	}
	each, rest := excess/256, excess%256
	sum := 0
	for i, n := range histogram {
		sum += n + each
		if i < rest {
			sum++
		}
		out[i] = byte(min(255, sum*255/pixels))
	}
	return out
}

// remap moves every pixel by the curves of the four nearest tiles, blended, and
// keeps its colour.
func (e *equaliser) remap(p Picture) {
	cols := make([]blend, p.W)
	for x := range cols {
		cols[x] = between(x, p.W)
	}
	for y := range p.H {
		row := between(y, p.H)
		upper, lower := row.low*tiles, row.high*tiles
		for x, c := range cols {
			i := y*p.W + x
			v := e.luma[i]
			top := int(e.curve[upper+c.low][v])*(256-c.part) + int(e.curve[upper+c.high][v])*c.part
			bottom := int(e.curve[lower+c.low][v])*(256-c.part) + int(e.curve[lower+c.high][v])*c.part
			by := (top*(256-row.part)+bottom*row.part+1<<15)>>16 - int(v)
			for k := 3 * i; k < 3*i+3; k++ {
				e.out[k] = byte(min(255, max(0, int(p.RGB[k])+by)))
			}
		}
	}
}

// A blend says between which two tiles a pixel lies; part is of 256.
type blend struct{ low, high, part int }

func between(at, size int) blend {
	pos := (2*at + 1) * tiles * 128 / size // in 256ths of a tile
	pos -= 128                             // a tile's curve holds at its centre
	low := pos >> 8
	part := pos & 255
	if low < 0 {
		low, part = 0, 0
	}
	return blend{min(low, tiles-1), min(low+1, tiles-1), part}
}
