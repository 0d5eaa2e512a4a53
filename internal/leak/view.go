package leak

import "sort"

// A view is bytes made out of the bytes of a part by undoing one layer of what
// hides text: escapes, tags, an encoding. Every offset in it leads back to bytes of
// the part.
type view struct {
	b     []byte
	segs  []segment // ascending; none: the offsets are those of under
	under *view     // what it was made of; nil for the part itself
	why   string    // what its findings are: leak.why.encoded, leak.why.split, or ""
}

// A segment starts at byte to of a view and came from byte from of what is under
// it. A group of made bytes there came from a group of took.
type segment struct {
	to, from   int
	made, took int
}

// start maps the first byte of something back to the part.
func (v *view) start(x int) int {
	if v.under == nil {
		return x
	}
	if len(v.segs) > 0 {
		s := v.segs[sort.Search(len(v.segs), func(i int) bool { return v.segs[i].to > x })-1]
		x = s.from + (x-s.to)*s.took/s.made
	}
	return v.under.start(x)
}

// end maps the byte after something back to the part.
func (v *view) end(x int) int {
	if v.under == nil {
		return x
	}
	if len(v.segs) > 0 && x > 0 {
		s := v.segs[sort.Search(len(v.segs), func(i int) bool { return v.segs[i].to >= x })-1]
		x = s.from + ((x-s.to)*s.took+s.made-1)/s.made
	}
	return v.under.end(x)
}

// A maker builds a view piece by piece.
type maker struct{ v view }

func (m *maker) at() int { return len(m.v.b) }

// margin is how much of what stays as it is a view keeps on either side of what
// changes. The rest was looked at in what the view is made of.
const margin = 2048

// wall stands for what was left out: no name goes on behind it.
var wall = []byte{0xFF}

// copy takes b[from:to] as it is, without what is far from both of its ends. Nothing
// was changed before the start of b, nor behind its end.
func (m *maker) copy(b []byte, from, to int) {
	left, right := margin, margin
	if from == 0 {
		left = 0
	}
	if to == len(b) {
		right = 0
	}
	if to-from <= left+right {
		m.keep(b, from, to)
		return
	}
	m.keep(b, from, from+left)
	if left > 0 {
		m.put(wall, from+left, to-from-left-right)
	}
	m.keep(b, to-right, to)
}

func (m *maker) keep(b []byte, from, to int) {
	if from < to {
		m.ratio(from, 1, 1)
		m.v.b = append(m.v.b, b[from:to]...)
	}
}

// put writes piece for the took bytes at from.
func (m *maker) put(piece []byte, from, took int) {
	if len(piece) > 0 {
		m.ratio(from, len(piece), took)
		m.v.b = append(m.v.b, piece...)
	}
}

// ratio starts a segment unless the last one goes on.
func (m *maker) ratio(from, made, took int) {
	if n := len(m.v.segs); n > 0 {
		s := m.v.segs[n-1]
		if s.made == made && s.took == took && (m.at()-s.to)%made == 0 && s.from+(m.at()-s.to)/made*took == from {
			return
		}
	}
	m.v.segs = append(m.v.segs, segment{m.at(), from, made, took})
}

// over makes the view of v.
func (m *maker) over(v *view, why string) *view {
	if why == "" {
		why = v.why
	}
	return &view{b: m.v.b, segs: m.v.segs, under: v, why: why}
}
