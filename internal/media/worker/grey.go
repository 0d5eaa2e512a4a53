package worker

// A grey is one frame, small and without colour, and copies of it, each half the one
// before.
type grey struct {
	w, h int
	pix  []byte
	half *grey // nil for the smallest
}

// smallestGrey is the shorter side below which no smaller copy is made.
const smallestGrey = 24

func newGrey(w, h int) *grey {
	g := &grey{w: w, h: h, pix: make([]byte, w*h)}
	if min(w, h)/2 >= smallestGrey {
		g.half = newGrey(w/2, h/2)
	}
	return g
}

// bytes is what it takes in memory with its copies.
func (g *grey) bytes() int {
	n := 0
	for ; g != nil; g = g.half {
		n += len(g.pix)
	}
	return n
}

// shrink makes the smaller copies anew after pix was filled.
func (g *grey) shrink() {
	for ; g.half != nil; g = g.half {
		s := g.half
		for y := range s.h {
			a, b := g.pix[2*y*g.w:][:2*s.w], g.pix[(2*y+1)*g.w:][:2*s.w]
			to := s.pix[y*s.w:][:s.w]
			for x := range to {
				to[x] = byte((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) / 4)
			}
		}
	}
}

// level gives the copy of which one pixel is 2ⁿ, or the smallest there is, and how many
// of this one's pixels one of its is.
func (g *grey) level(n int) (*grey, float32) {
	by := float32(1)
	for ; n > 0 && g.half != nil; n-- {
		g, by = g.half, by*2
	}
	return g, by
}

// at gives the value at a place, between pixels too. What lies outside the picture is as
// its edge. The middle of the first pixel is at 0, 0.
func (g *grey) at(x, y float32) float32 {
	x, y = min(max(x, 0), float32(g.w-1)), min(max(y, 0), float32(g.h-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, g.w-1), min(y0+1, g.h-1)
	fx, fy := x-float32(x0), y-float32(y0)
	top := float32(g.pix[y0*g.w+x0])*(1-fx) + float32(g.pix[y0*g.w+x1])*fx
	bottom := float32(g.pix[y1*g.w+x0])*(1-fx) + float32(g.pix[y1*g.w+x1])*fx
	return top*(1-fy) + bottom*fy
}

// patch fills out with n×n values around a place, a pixel apart.
func (g *grey) patch(x, y float32, n int, out []float32) {
	x, y = x-float32(n-1)/2, y-float32(n-1)/2
	x0, y0 := int(x), int(y)
	if x < 0 || y < 0 || x0+n >= g.w || y0+n >= g.h {
		for i := range n {
			for k := range n {
				out[i*n+k] = g.at(x+float32(k), y+float32(i))
			}
		}
		return
	}
	fx, fy := x-float32(x0), y-float32(y0)
	a, b, c, d := (1-fx)*(1-fy), fx*(1-fy), (1-fx)*fy, fx*fy
	for i := range n {
		top, bottom := g.pix[(y0+i)*g.w+x0:][:n+1], g.pix[(y0+i+1)*g.w+x0:][:n+1]
		row := out[i*n:][:n]
		for k := range row {
			row[k] = a*float32(top[k]) + b*float32(top[k+1]) + c*float32(bottom[k]) + d*float32(bottom[k+1])
		}
	}
}
