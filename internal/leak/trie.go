package leak

import "math/bits"

// A trie finds all keys in a stream of units. It is made once and then only read.
// Short keys and long ones are apart: where a long one may start a hash of its first
// letters says, which sorts out nearly every place in a text, so that the number of
// keys hardly matters to its speed.
type trie struct {
	next    steps
	lists   [][]*key        // the keys that end together
	ends    []int32         // for each node the number of its list, from 1 on
	first3  [1 << 12]uint64 // a set of hashes, for keys shorter than long
	firsts  []uint64        // the same for long ones
	deep    map[uint64][]deep
	first2  map[[2]rune]bool
	first1  map[rune]bool
	short   bool // there are keys of three letters and more that are not long
	longest int
}

// longKey is from how many letters on a key is long.
const longKey = 8

// A deep is where the first letters of a long key lead.
type deep struct {
	letters [longKey]rune
	node    int32
}

const firstsBits = 22

func newTrie(keys []*key) *trie {
	t := &trie{ends: []int32{0}, deep: map[uint64][]deep{}, first2: map[[2]rune]bool{}, first1: map[rune]bool{}}
	for _, k := range keys {
		t.add(k)
	}
	return t
}

func (t *trie) add(k *key) {
	switch r := k.runes; {
	case len(r) == 1:
		t.first1[r[0]] = true
	case len(r) == 2:
		t.first2[[2]rune{r[0], r[1]}] = true
	case len(r) < longKey:
		t.short = true
		h := hash3(r[0], r[1], r[2])
		t.first3[h>>6] |= 1 << (h & 63)
	}
	t.longest = max(t.longest, len(k.runes))
	node := int32(0)
	for i, r := range k.runes {
		to := t.next.get(step(node, r))
		if to == 0 {
			to = int32(len(t.ends))
			t.ends = append(t.ends, 0)
			t.next.put(step(node, r), to)
		}
		if node = to; i == longKey-1 {
			t.start(k.runes, node)
		}
	}
	if t.ends[node] == 0 {
		t.lists = append(t.lists, nil)
		t.ends[node] = int32(len(t.lists))
	}
	list := &t.lists[t.ends[node]-1]
	for _, other := range *list {
		if other.id == k.id && !other.swapped && other.rule == k.rule {
			return // the same person under the same letters
		}
	}
	*list = append(*list, k)
}

// ending are the keys that end at a node.
func (t *trie) ending(node int32) []*key {
	if at := t.ends[node]; at != 0 {
		return t.lists[at-1]
	}
	return nil
}

// start notes where the first letters of a long key lead.
func (t *trie) start(runes []rune, node int32) {
	if t.firsts == nil {
		t.firsts = make([]uint64, 1<<firstsBits/64)
	}
	h := uint64(0)
	for _, r := range runes[:longKey] {
		h = h*base + uint64(r)
	}
	for _, d := range t.deep[h] {
		if d.node == node {
			return
		}
	}
	t.deep[h] = append(t.deep[h], deep{[longKey]rune(runes), node})
	bit := h * spread >> (64 - firstsBits)
	t.firsts[bit>>6] |= 1 << (bit & 63)
}

func step(node int32, r rune) uint64 { return uint64(node+1)<<kindShift | uint64(r) }

func hash3(a, b, c rune) uint32 {
	h := (uint32(a)*0x9E3779B1+uint32(b))*0x85EBCA6B + uint32(c)
	return h * 0xC2B2AE35 >> 14 // 18 bits
}

// The rolling hash of as many letters as a long key has at least.
const (
	base   = 0x9E3779B97F4A7C15
	spread = 0xD6E8FEB86659FD93
)

// power is base to the number of letters less one: what the first of them weighs.
var power = func() uint64 {
	p := uint64(1)
	for range longKey - 1 {
		p *= base
	}
	return p
}()

// A roll is the hash of the letters from one unit on.
type roll struct {
	h  uint64
	at int // the unit, -1 for none yet
}

// to moves the roll to u[i], which has enough letters behind it.
func (r *roll) to(u []unit, i int) {
	if r.at == i-1 && i > 0 {
		r.h = (r.h-uint64(u[i-1].r)*power)*base + uint64(u[i+longKey-1].r)
	} else {
		r.h = 0
		for _, x := range u[i : i+longKey] {
			r.h = r.h*base + uint64(x.r)
		}
	}
	r.at = i
}

// begins says whether any key may start at u[i]. The roll is the caller's, for one pass
// over u.
func (t *trie) begins(u []unit, i int, r *roll) (short, long bool) {
	short = t.may(u, i)
	if t.firsts != nil && i+longKey <= len(u) {
		r.to(u, i)
		bit := r.h * spread >> (64 - firstsBits)
		long = t.firsts[bit>>6]>>(bit&63)&1 != 0
	}
	return short, long
}

// find calls found with every key that starts at u[i], where begins said so, and the
// unit after it.
func (t *trie) find(u []unit, i int, short, long bool, hash uint64, found func(k *key, end int)) {
	if short {
		t.walk(u, i, i, 0, longKey-1, found)
	}
	if !long {
		return
	}
	for _, d := range t.deep[hash] {
		if d.is(u[i:]) {
			t.walk(u, i, i+longKey, d.node, len(u), found)
		}
	}
}

func (d *deep) is(u []unit) bool {
	for j, r := range d.letters {
		if u[j].r != r || j > 0 && u[j].gap&gapWall != 0 {
			return false
		}
	}
	return true
}

// may says whether a short key may start at u[i].
func (t *trie) may(u []unit, i int) bool {
	if t.short && i+2 < len(u) {
		h := hash3(u[i].r, u[i+1].r, u[i+2].r)
		if t.first3[h>>6]>>(h&63)&1 != 0 {
			return true
		}
	}
	if len(t.first2) > 0 && i+1 < len(u) && t.first2[[2]rune{u[i].r, u[i+1].r}] {
		return true
	}
	return len(t.first1) > 0 && t.first1[u[i].r]
}

// walk goes on at u[j], at most to so many letters, and calls found with every key.
func (t *trie) walk(u []unit, i, j int, node int32, most int, found func(k *key, end int)) {
	if node != 0 {
		for _, k := range t.ending(node) {
			found(k, j)
		}
	}
	for ; j < len(u) && j-i < most; j++ {
		if j > i && u[j].gap&gapWall != 0 {
			return
		}
		if node = t.next.get(step(node, u[j].r)); node == 0 {
			return
		}
		for _, k := range t.ending(node) {
			found(k, j+1)
		}
	}
}

// steps is a table from steps to nodes. Neither is ever 0.
type steps struct {
	keys  []uint64
	nodes []int32
	n     int
}

func (s *steps) slot(key uint64) int {
	return int(key * spread >> (64 - bits.Len(uint(len(s.keys)-1))))
}

func (s *steps) get(key uint64) int32 {
	if s.n == 0 {
		return 0
	}
	for i := s.slot(key); ; i = (i + 1) & (len(s.keys) - 1) {
		switch s.keys[i] {
		case key:
			return s.nodes[i]
		case 0:
			return 0
		}
	}
}

// leastSteps is the size of a small table.
const leastSteps = 64

func (s *steps) put(key uint64, node int32) {
	if 2*s.n >= len(s.keys) {
		old := *s
		*s = steps{keys: make([]uint64, max(leastSteps, 2*len(old.keys))), nodes: make([]int32, max(leastSteps, 2*len(old.keys)))}
		for i, k := range old.keys {
			if k != 0 {
				s.put(k, old.nodes[i])
			}
		}
	}
	i := s.slot(key)
	for s.keys[i] != 0 {
		i = (i + 1) & (len(s.keys) - 1)
	}
	s.keys[i], s.nodes[i] = key, node
	s.n++
}
