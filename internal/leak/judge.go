package leak

import "strings"

// A grade is how sure the gate is that a key found in a text is the person.
type grade int

const (
	none grade = iota
	review
	block
)

// From how many letters on chance is out of the question: likely a name if its
// words run together, and certainly one even inside a longer word.
const (
	someLetters = 6
	manyLetters = 8
	someDigits  = 7
	manyDigits  = 10
)

// judge says how sure it is that u[i:j] is k. Between is what lies between its
// letters, the edges are what touches it from outside.
func judge(u []unit, i, j int, k *key) grade {
	switch {
	case k.raw:
		return block
	case k.number:
		return min(numberBetween(u, i, j, k), numberEdges(u, i, j, k))
	case class(k.runes[0]) >= hangul && class(k.runes[len(k.runes)-1]) >= hangul:
		return min(full(k), syllablesBetween(u, i, j, k), syllableEdges(u, i, j, k))
	}
	return min(full(k), lettersBetween(u, i, j, k), letterEdges(u, i, j, k))
}

// full says how much a key tells at best. A given name alone belongs to many, and
// so do one or two letters.
func full(k *key) grade {
	n := len(k.runes)
	switch {
	case class(k.runes[0]) < hangul && n <= 2:
		return review
	case class(k.runes[0]) < hangul:
		return block
	case n == 1, n == 2 && k.person && !isFamily(k.runes[0]):
		return review
	}
	return block
}

// between counts what lies between the letters of u[i:j].
type between struct {
	gaps   int // places with anything visible
	wide   int // places inside a word with a space
	narrow int // places inside a word with a sign or a line's end
	apart  int // places between words with a sign and a space
	joined int // places between words with nothing
}

const visible = gapSpace | gapLine | gapPunct

func gapsOf(u []unit, i, j int, k *key) (b between) {
	for at := i + 1; at < j; at++ {
		gap := u[at].gap
		blank := gap&(gapSpace|gapLine) != 0 && gap&gapHyphen == 0
		if gap&visible != 0 {
			b.gaps++
		}
		switch {
		case k.token[at-i] && gap&visible == 0:
			b.joined++
		case k.token[at-i]:
			if gap&gapPunct != 0 && blank {
				b.apart++
			}
		case gap&gapSpace != 0 && gap&(gapLine|gapHyphen) == 0, gap&gapPunct != 0 && blank:
			b.wide++
		case gap&visible != 0:
			b.narrow++
		}
	}
	return b
}

func lettersBetween(u []unit, i, j int, k *key) grade {
	b, n := gapsOf(u, i, j, k), j-i
	switch {
	case n > 3 && b.gaps == n-1: // l e t t e r by letter
		return block
	case b.wide > 0 && n < manyLetters:
		return byLength(n, someLetters, review)
	case b.narrow > 0 && n < someLetters:
		return byLength(n, 4, review)
	case (b.apart > 0 || b.joined > 0) && n < someLetters:
		return review
	}
	return block
}

func byLength(n, enough int, g grade) grade {
	if n < enough {
		return none
	}
	return g
}

func syllablesBetween(u []unit, i, j int, k *key) grade {
	b, n := gapsOf(u, i, j, k), j-i
	spelled := b.gaps == n-1
	switch {
	case b.wide == 0:
		return block
	case class(u[i].r) == han: // written without spaces: one between two is meant
		return block
	case n == 2:
		return review
	case spelled, b.wide == 1 && u[i+1].gap&visible != 0: // the family name apart
		return block
	}
	return review
}

func numberBetween(u []unit, i, j int, k *key) grade {
	if b := gapsOf(u, i, j, k); j-i < someDigits && b.wide+b.narrow > 0 {
		return review
	}
	return block
}

// touches says whether u[at] goes on from the letter before it.
func touches(u []unit, at int) bool {
	return at > 0 && at < len(u) && u[at].gap == 0
}

func letterEdges(u []unit, i, j int, k *key) grade {
	left := touches(u, i) && class(u[i-1].r) == alphabetic && class(u[i].r) == alphabetic
	right := touches(u, j) && class(u[j].r) == alphabetic && class(u[j-1].r) == alphabetic
	if k.words > 1 { // DrKimCholsuVideo
		left = left && !(u[i].upper && !u[i-1].upper)
		right = right && !(u[j].upper && !u[j-1].upper)
	}
	switch {
	case !left && !right:
		return block
	case k.words < 2:
		return none // no Kim in Kimchi
	case j-i >= manyLetters:
		return block
	}
	return byLength(j-i, someLetters, review)
}

func numberEdges(u []unit, i, j int, k *key) grade {
	left := touches(u, i) && class(u[i-1].r) == digits && class(u[i].r) == digits
	right := touches(u, j) && class(u[j].r) == digits && class(u[j-1].r) == digits
	if left && k.phone && inFront(digitsBefore(u, i)) {
		left = false
	}
	if (left || right) && j-i < manyDigits {
		return none
	}
	return block
}

// digitsBefore are the digits that touch u[i] from the left, as far as they
// matter.
func digitsBefore(u []unit, i int) string {
	start := i
	for start > 0 && i-start < around && touches(u, start) && class(u[start-1].r) == digits {
		start--
	}
	var d strings.Builder
	for _, x := range u[start:i] {
		d.WriteRune(x.r)
	}
	return d.String()
}

// syllableEdges knows that Chinese has no spaces, and that Korean puts particles
// and titles behind a name and sometimes a title before it.
func syllableEdges(u []unit, i, j int, k *key) grade {
	n := j - i
	same := func(at, c int) bool { return touches(u, at) && class(u[at].r) == c && class(u[at-1].r) == c }
	if n == 1 && (same(i, han) || same(j, han)) {
		return none
	}
	left, right := same(i, hangul), same(j, hangul)
	if right && particle(u[j:]) {
		right = n == 1
	}
	if left && titled(u[:i]) {
		left = n == 1
	}
	switch {
	case !left && !right:
		return block
	case n == 1 || n == 2 && left && right:
		return none
	case n == 2 || left && right:
		return review
	}
	return block
}
