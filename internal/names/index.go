package names

import (
	"cmp"
	"slices"
	"strings"
)

// An Index finds one name among many. Add is not safe with anything else at the
// same time; searches are with each other.
type Index struct {
	entries []entry
	keys    map[string][]int32
}

type entry struct {
	id, text string
}

// A Hit is an entry that is near a name.
type Hit struct {
	ID   string
	Text string
	Match
}

// Add puts a name into the index. An ID may have many names. A name that Parse
// refuses is not added, and the Problem says why.
func (x *Index) Add(id, text string) error {
	n, err := Parse(text)
	if err != nil {
		return err
	}
	if x.keys == nil {
		x.keys = map[string][]int32{}
	}
	at := int32(len(x.entries))
	x.entries = append(x.entries, entry{id, strings.Clone(text)})
	for _, k := range n.Keys() {
		x.keys[k] = append(x.keys[k], at)
	}
	if len(n.Keys()) == 0 {
		k := "= " + n.letters
		x.keys[k] = append(x.keys[k], at)
	}
	return nil
}

// Len is how many names the index holds.
func (x *Index) Len() int { return len(x.entries) }

// Search gives the entries that score at least least, best first; of an ID with
// many names all that do.
func (x *Index) Search(text string, least float64) ([]Hit, error) {
	n, err := Parse(text)
	if err != nil {
		return nil, err
	}
	return x.search(n, least), nil
}

func (x *Index) search(n *Name, least float64) (hits []Hit) {
	for _, i := range x.candidates(n) {
		e := x.entries[i]
		o, err := Parse(e.text)
		if err != nil {
			continue // Add parsed it: it cannot be
		}
		if m := n.Match(o); m.Score >= least {
			hits = append(hits, Hit{e.id, e.text, m})
		}
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return hits
}

// candidates are the entries that share a key, in the order they came.
func (x *Index) candidates(n *Name) (all []int32) {
	for _, k := range append(n.keys(askWithin), "= "+n.letters) {
		all = append(all, x.keys[k]...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
