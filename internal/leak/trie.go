package leak

// A trie finds all keys in a stream of units. It is made once and then only read.
// Most places in a text are sorted out by a set of the first three letters of all
// keys, so its size hardly matters to its speed.
type trie struct {
	next    map[uint64]int32
	ends    map[int32][]*key
	nodes   int32
	first3  [1 << 12]uint64 // a set of hashes
	first2  map[[2]rune]bool
	first1  map[rune]bool
	longest int
}

func newTrie(keys []*key) *trie {
	t := &trie{next: map[uint64]int32{}, ends: map[int32][]*key{}, first2: map[[2]rune]bool{}, first1: map[rune]bool{}}
	for _, k := range keys {
		t.add(k)
	}
	return t
}

func (t *trie) add(k *key) {
	switch r := k.runes; len(r) {
	case 1:
		t.first1[r[0]] = true
	case 2:
		t.first2[[2]rune{r[0], r[1]}] = true
	default:
		h := hash3(r[0], r[1], r[2])
		t.first3[h>>6] |= 1 << (h & 63)
	}
	t.longest = max(t.longest, len(k.runes))
	node := int32(0)
	for _, r := range k.runes {
		step := step(node, r)
		to, ok := t.next[step]
		if !ok {
			t.nodes++
			to = t.nodes
			t.next[step] = to
		}
		node = to
	}
	for _, other := range t.ends[node] {
		if other.id == k.id && !other.swapped && other.rule == k.rule {
			return // the same person under the same letters
		}
	}
	t.ends[node] = append(t.ends[node], k)
}

func step(node int32, r rune) uint64 { return uint64(node)<<kindShift | uint64(r) }

func hash3(a, b, c rune) uint32 {
	h := (uint32(a)*0x9E3779B1+uint32(b))*0x85EBCA6B + uint32(c)
	return h * 0xC2B2AE35 >> 14 // 18 bits
}

// may says whether a key may start at u[i].
func (t *trie) may(u []unit, i int) bool {
	if i+2 < len(u) {
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

// walk calls found with every key that starts at u[i] and the place where it ends.
func (t *trie) walk(u []unit, i int, found func(k *key, end int)) {
	node := int32(0)
	for j := i; j < len(u); j++ {
		if j > i && u[j].gap&gapWall != 0 {
			return
		}
		to, ok := t.next[step(node, u[j].r)]
		if !ok {
			return
		}
		node = to
		for _, k := range t.ends[node] {
			found(k, j+1)
		}
	}
}
