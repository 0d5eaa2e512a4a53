package names

import (
	"slices"
	"strings"
)

// What it costs, in hundredths, where only letters can be compared.
const (
	costLetters  = 12 // the score never reaches what a shared syllable gives
	costSpelled  = 8  // x for ks, ph for f
	costInitial  = 25
	costMissing  = 30 // a word that the other name does not have
	costReorder  = 8
	farthestWord = 90
)

// byWords compares names of any language word by word, in any order. It claims
// less than the way by syllables does.
func (n *Name) byWords(o *Name) (int, func() []Reason) {
	a, b := n.tokens, o.tokens
	swapped := len(a) > len(b)
	if swapped {
		a, b = b, a
	}
	cost, pairs := assign(a, b)
	if cost >= tooFar {
		return tooFar, nil
	}
	if !slices.IsSorted(pairs) {
		cost += costReorder
	}
	cost += costLetters + costMissing*(len(b)-len(a))
	return cost, func() []Reason {
		var all []Reason
		for i, j := range pairs {
			x, y := a[i], b[j]
			if swapped {
				x, y = y, x
			}
			all = append(all, explainWords(x, y))
		}
		if !slices.IsSorted(pairs) {
			all = append(all, Reason{Code: "order", Cost: costReorder})
		}
		if more := len(b) - len(a); more > 0 {
			all = append(all, Reason{Code: "missing", Cost: costMissing * more})
		}
		return append(all, Reason{Code: "letters_only", Cost: costLetters})
	}
}

func explainWords(a, b token) Reason {
	cost := wordCost(a, b)
	code := "near"
	switch {
	case cost == 0:
		return Reason{"same", []string{a.text}, 0}
	case len(a.plain) == 1 || len(b.plain) == 1:
		code = "initial"
	}
	return Reason{code, []string{a.text, b.text}, cost}
}

// assign gives each word of the shorter name one of the longer, the nearest pairs
// first. One pair must be whole words that agree; a single word needs a single word.
func assign(a, b []token) (int, []int) {
	if len(a) == 1 && len(b) > 1 {
		return tooFar, nil
	}
	type pair struct{ cost, i, j int }
	var all []pair
	for i := range a {
		for j := range b {
			if c := wordCost(a[i], b[j]); c < farthestWord {
				all = append(all, pair{c, i, j})
			}
		}
	}
	slices.SortStableFunc(all, func(p, q pair) int { return 100*(p.cost-q.cost) + abs(p.i-p.j) - abs(q.i-q.j) })
	of, used := make([]int, len(a)), make([]bool, len(b))
	for i := range of {
		of[i] = -1
	}
	sum, whole, done := 0, false, 0
	for _, p := range all {
		if of[p.i] >= 0 || used[p.j] {
			continue
		}
		of[p.i], used[p.j] = p.j, true
		sum += p.cost
		done++
		whole = whole || len(a[p.i].plain) > 1 && len(b[p.j].plain) > 1
	}
	if done < len(a) || !whole {
		return tooFar, nil
	}
	return sum, of
}

func abs(n int) int { return max(n, -n) }

func wordCost(a, b token) int {
	x, y := a.plain, b.plain
	switch {
	case x == "" || y == "":
		if a.marked == b.marked {
			return 0
		}
		return tooFar
	case x == y:
		return 0
	case len(x) == 1 || len(y) == 1:
		if x[0] == y[0] {
			return costInitial
		}
		return tooFar
	}
	x, y = common(x), common(y)
	if x == y {
		return costSpelled
	}
	if longer := max(len(x), len(y)); longer <= 32 && min(len(x), len(y)) > 2 {
		return costSpelled + 350*edits(x, y)/(100*longer)
	}
	return tooFar
}

var commonSpelling = strings.NewReplacer(
	"tsch", "c", "sch", "s", "tch", "c", "ch", "c", "sh", "s", "zh", "j", "ph", "f", "kh", "h", "ck", "k", "x", "ks", "qu", "k", "w", "v", "th", "t",
)

// common takes away what languages spell differently and say alike.
func common(s string) string { return commonSpelling.Replace(s) }

// edits is a distance in hundredths of a letter: vowels are near each other, and
// so are consonants that languages exchange.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range b {
		row[j+1] = row[j] + lost(b, j)
	}
	for i := range a {
		corner := row[0]
		row[0] += lost(a, i)
		for j := range b {
			old := row[j+1]
			row[j+1] = min(corner+changed(a[i], b[j]), old+lost(a, i), row[j]+lost(b, j))
			corner = old
		}
	}
	return row[len(b)]
}

func lost(s string, i int) int {
	if s[i] == 'h' || i > 0 && s[i] == s[i-1] {
		return 30
	}
	return 100
}

var exchanged = []string{"ckg", "szc", "fv", "jyi", "dt", "bp", "gj", "aeiouy", "mn"}

func changed(a, b byte) int {
	if a == b {
		return 0
	}
	for _, set := range exchanged {
		if strings.IndexByte(set, a) >= 0 && strings.IndexByte(set, b) >= 0 {
			return 50
		}
	}
	return 100
}
