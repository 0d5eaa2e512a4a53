package hidden

import (
	"cmp"
	"slices"
)

// An extent is the bytes from up to, not including, to.
type extent struct{ from, to int64 }

// joined sorts extents and joins those that touch or overlap.
func joined(all []extent) []extent {
	slices.SortFunc(all, func(a, b extent) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	out := all[:0:0]
	for _, e := range all {
		if n := len(out); n > 0 && e.from <= out[n-1].to {
			out[n-1].to = max(out[n-1].to, e.to)
		} else if e.to > e.from {
			out = append(out, e)
		}
	}
	return out
}

// between gives what of the bytes from up to to no extent covers.
func between(all []extent, from, to int64) (gaps []extent) {
	for _, e := range joined(all) {
		if e.from > from && from < to {
			gaps = append(gaps, extent{from, min(e.from, to)})
		}
		from = max(from, e.to)
	}
	if from < to {
		gaps = append(gaps, extent{from, to})
	}
	return gaps
}

// gaps reports the bytes of a part that belong to nothing and are not zero.
func (s *scan) gaps(p part, used []extent) { s.gapsWithin(p, used, 0, p.size) }

func (s *scan) gapsWithin(p part, used []extent, from, to int64) {
	for _, g := range between(used, from, to) {
		if n := g.to - g.from; !s.empty(p, g.from, n) {
			name := "between"
			if g.to == p.size {
				name = "after-the-end"
			}
			rest := p.cut(name, g.from, n)
			s.at(p, kindBytes, "", name, s.looksLike(rest), g.from, n)
			s.nested(rest)
		}
	}
}
