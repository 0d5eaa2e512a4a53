package report

import (
	"strings"
)

// A clause is the tokens of one English sentence, with the verbs that attribute.
type clause struct {
	d    *document
	toks []token
	acts []act

	finites []int // how many verbs stand before each token
}

// maxWords is how many words and marks of a sentence are read: more is no sentence,
// and would cost time without an end.
const maxWords = 250

func (d *document) clause(s sentence) *clause {
	c := &clause{d: d, toks: d.tokens(s)}
	c.toks = c.toks[:min(len(c.toks), maxWords)]
	c.finites = make([]int, len(c.toks)+1)
	for i := range c.toks {
		c.finites[i+1] = c.finites[i]
		if c.finite(i) {
			c.finites[i+1]++
		}
	}
	return c
}

// An act is one verb of saying in its sentence. Token numbers: the verb group, with
// its auxiliaries, is [group, verb], and its clause begins at start.
type act struct {
	cue
	verb, group, start int
	passive, negated   bool
	subject            []stretch // more than one: they said it together
	shared             bool      // it takes its subject from an earlier act
}

func (c *clause) low(i int) string {
	if i < 0 || i >= len(c.toks) {
		return ""
	}
	return c.toks[i].low
}

func (c *clause) is(i int, k kind) bool { return i >= 0 && i < len(c.toks) && c.toks[i].kind == k }

func (c *clause) upper(i int) bool { return i >= 0 && i < len(c.toks) && c.d.upper(c.toks[i]) }

// end is the token after the last one of the sentence's words.
func (c *clause) end() int {
	n := len(c.toks)
	for n > 0 && c.is(n-1, mark) && strings.Contains(".!?…", c.toks[n-1].low) {
		n--
	}
	return n
}

// between is the stretch of tokens [a, b) without marks at its ends.
func (c *clause) between(a, b int) stretch {
	for a < b && c.is(a, mark) && strings.Contains(",:;-–—", c.low(a)) {
		a++
	}
	for a < b && c.is(b-1, mark) && strings.Contains(",:;-–—", c.low(b-1)) {
		b--
	}
	if a >= b {
		return stretch{}
	}
	return stretch{c.toks[a].from, c.toks[b-1].to}
}

// find lists the acts of the sentence from left to right.
func (c *clause) find() {
	for i, t := range c.toks {
		q, ok := cues[t.low]
		if !ok || t.kind != word || c.upper(i) && !c.shouts(i) {
			continue
		}
		a := act{cue: q, verb: i, group: i}
		for a.group > 0 && (adverbs[c.low(a.group-1)] || auxiliaries[c.low(a.group-1)]) {
			a.group--
			switch w := c.low(a.group); {
			case w == "not", w == "never", strings.HasSuffix(w, "n't"):
				a.negated = true
			case be[w] && q.shape == past:
				a.passive = true
			}
		}
		if c.isVerb(a) {
			c.acts = append(c.acts, c.withSubject(a))
		}
	}
}

var be = set("is are was were be been being get got")

// shouts says whether the words around are in capitals too.
func (c *clause) shouts(i int) bool {
	t := c.toks[i]
	return t.to-t.from > 2 && strings.ToUpper(t.low) == c.d.text[t.from:t.to] && c.upper(i-1)
}

// nouns are forms that are as often nouns.
var nouns = set(`claims reports calls demands notes states orders requests fears shows labels terms estimates brands holds presses remarks stresses
	claim report call demand note state order request fear show label term estimate brand hold press remark stress reply observe comment comments pressure pressures`)

// isVerb tells a verb from a noun, and one that attributes from one that does not.
func (c *clause) isVerb(a act) bool {
	before, after := c.low(a.group-1), c.low(a.verb+1)
	switch {
	case c.low(a.verb-1) == "to", before == "to":
		return false
	case a.shape == participle:
		return true
	case a.shape == past:
		return true
	case determiners[before] || prepositions[before] || a.group == 0, nouns[a.word(c)] && strings.HasSuffix(before, "ing"):
		return false
	case a.shape == bare && a.group == a.verb:
		plural := strings.HasSuffix(before, "s") && before != "'s" || set("they we i you who police people men women officials and")[before]
		plural = plural || c.upper(a.group-1) && !nouns[a.word(c)] || after == "that"
		return plural && (!nouns[a.word(c)] || startsContent[after] || c.upper(a.verb+1))
	case a.shape == bare:
		return true
	case nouns[a.word(c)]:
		return startsContent[after] || c.upper(a.verb+1) || c.is(a.verb+1, quote)
	}
	return true
}

func (a act) word(c *clause) string { return c.toks[a.verb].low }

// startsContent can stand behind a verb, and not behind the noun that looks like it.
var startsContent = set(`that the a an this these those it they them he she him her we us there its their his on for as no some many more at all`)

// withSubject finds who did it.
func (c *clause) withSubject(a act) act {
	a.start = c.begin(a)
	from := c.pastLead(a.start, a.group)
	if noun := c.nounBefore(a); a.shape == participle && a.group == a.verb {
		if noun.empty() {
			a.shared = true
		} else {
			a.subject = []stretch{noun}
		}
		return a
	}
	if from >= a.group {
		a.shared = true
		return a
	}
	a.subject = c.speakers(from, a.group)
	return a
}

// nounBefore is the noun phrase directly before a participle: "a letter asking".
func (c *clause) nounBefore(a act) stretch {
	i := a.verb - 1
	if !c.is(i, word) || prepositions[c.low(i)] || joints[c.low(i)] || adverbs[c.low(i)] || subordinate[c.low(i)] {
		return stretch{}
	}
	from := i
	for from > 0 && i-from < 6 && c.is(from-1, word) && !prepositions[c.low(from-1)] && !c.finite(from-1) && !determiners[c.low(from)] && !pronouns[c.low(from-1)] && c.low(from-1) != "him" {
		from--
	}
	return c.between(from, i+1)
}

// begin is the token at which the clause of an act begins.
func (c *clause) begin(a act) int {
	i := a.group
	closed := c.low(i-1) == ","
	if closed && a.shape != participle {
		open := i - 2
		for open >= 0 && c.low(open) != "," && !c.is(open, quote) {
			open--
		}
		switch {
		case open < 0:
			if c.hasFinite(0, i-1) && !c.clauseFollows(a.verb+1) {
				return i // "It fell, said a man"
			}
			return 0
		case c.is(open, quote):
			if open == i-2 {
				return i
			}
			return open + 1
		case c.hasFinite(open+1, i-1) && !relatives[c.low(open+1)] && !c.clauseFollows(a.verb+1):
			return i
		case relatives[c.low(open+1)] || !c.hasFinite(open+1, i-1):
			i = open
		default:
			return i
		}
	}
	for i > 0 {
		k := i - 1
		switch {
		case c.is(k, quote), c.is(k, mark) && strings.Contains(",;:—–(", c.low(k)):
			return i
		case c.low(k) == "that" && (c.is(k-1, quote) || c.low(k-1) == "," || cues[c.low(k-1)].isSaying()):
			return i
		case k < a.group-1 && c.reports(k):
			return i
		case (bounds[c.low(k)] || loose[c.low(k)] && c.hasFinite(0, k)) && k < a.group-1:
			return i
		case c.low(k) == ")":
			for i = k; i > 0 && c.low(i) != "("; {
				i--
			}
			continue
		case joints[c.low(k)] && (k == a.group-1 || c.hasFinite(c.sinceComma(k), k) && !c.relativeSince(k)):
			return i
		}
		i--
	}
	return 0
}

// bounds begin a clause of their own.
var bounds = set("because while when although though whereas whether if but how why what unless")

// loose ones do so behind a verb; before one they are prepositions.
var loose = set("as after before since until")

func (q cue) isSaying() bool { return q.form != "" }

// reports says whether token k is a verb behind which another's words can begin:
// "Brook said a sailor told her".
func (c *clause) reports(k int) bool {
	q := cues[c.low(k)]
	return q.isSaying() && q.frame == says && q.shape == past && k > 0 && c.is(k-1, word) && !relatives[c.low(k-1)] && !be[c.low(k-1)] && !weak[c.low(k)]
}

// sinceComma is the token behind the last comma or quotation before token k.
func (c *clause) sinceComma(k int) int {
	for k > 0 && c.low(k-1) != "," && !c.is(k-1, quote) {
		k--
	}
	return k
}

// relativeSince says whether a relative clause is open before token k.
func (c *clause) relativeSince(k int) bool {
	for i := k - 1; i >= 0 && c.low(i) != "," && !c.is(i, quote); i-- {
		if relatives[c.low(i)] {
			return true
		}
	}
	return false
}

// clauseFollows says whether what follows has a subject and a verb, rather than
// being somebody.
func (c *clause) clauseFollows(i int) bool {
	if c.low(i) == "that" || pronouns[c.low(i)] {
		return true
	}
	for n := 0; i < len(c.toks) && n < 14; i, n = i+1, n+1 {
		switch {
		case c.is(i, mark) && c.low(i) != "-", relatives[c.low(i)], c.is(i, quote):
			return false
		case c.finite(i):
			return true
		}
	}
	return false
}

func (c *clause) hasFinite(from, to int) bool {
	return from < to && from < len(c.toks) && c.finites[min(to, len(c.toks))] > c.finites[from]
}

// finite guesses whether a word is a verb that makes a clause.
func (c *clause) finite(i int) bool {
	w := c.low(i)
	switch {
	case !c.is(i, word) || c.upper(i):
		return false
	case auxiliaries[w] && w != "being" && w != "been" && w != "be", strongPast[w]:
		return true
	case cues[w].isSaying() && cues[w].shape == past:
		return !determiners[c.low(i-1)]
	case strings.HasSuffix(w, "ed") && len(w) > 4 && i > 0:
		before := c.low(i - 1)
		return c.is(i-1, word) && !determiners[before] && !prepositions[before] && !adverbs[before] && !auxiliaries[before] && !isNumber(before)
	}
	return false
}

func isNumber(w string) bool { return w != "" && w[0] >= '0' && w[0] <= '9' }

// pastLead skips what stands before a subject: "But", "On Monday,", "However,".
func (c *clause) pastLead(i, to int) int {
	for i < to {
		w := c.low(i)
		switch {
		case joints[w] || adverbs[w] || leads[w] || c.is(i, mark) && w != "(":
			i++
		case prepositions[w] || subordinate[w] && w != "what":
			n := i + 1
			for n < to && c.low(n) != "," && !c.dateEnds(n) {
				n++
			}
			if n >= to {
				return to
			}
			i = n + 1
		case c.dateEnds(i):
			i++
		default:
			return i
		}
	}
	return i
}

var leads = set(`however moreover furthermore nevertheless yesterday today so yet instead too therefore thus in addition meanwhile elsewhere`)

// dateEnds says whether a date ends with token i.
func (c *clause) dateEnds(i int) bool {
	if !c.is(i, word) {
		return false
	}
	_, ok := c.d.dateEnd[c.toks[i].to]
	return ok
}

// headEnd cuts a noun phrase before what describes it further.
func (c *clause) headEnd(from, to int) int {
	for i := from + 1; i < to; i++ {
		w := c.low(i)
		switch {
		case c.is(i, mark) && w != "-", relatives[w], w == "that", c.finite(i):
			return i
		case strings.HasSuffix(w, "ing") && len(w) > 5 && !c.upper(i) && !determiners[c.low(i-1)] && (i > from+1 || c.upper(i-1)):
			return i
		}
	}
	return to
}

// speakers is who acts in [from, to): the name, where one stands between commas
// behind what they are, else the noun phrase without what describes it.
func (c *clause) speakers(from, to int) []stretch {
	head := c.headEnd(from, to)
	if name := head + 1; c.low(head) == "," && !c.upper(head-1) && c.upper(name) {
		end := name
		for end < to && c.upper(end) {
			end++
		}
		if (c.low(end) == "," || end == to) && end-name >= 2 && end-name <= 4 {
			return []stretch{c.between(name, end)}
		}
	}
	return c.people(from, head)
}

// people cuts "the group and a pastor who helps them" into those who are named
// together. What is behind the last one's "who" was cut off before, what is behind
// the first one's here.
func (c *clause) people(from, to int) []stretch {
	if c.low(from) == "both" {
		from++
	}
	for i := from + 1; i+1 < to; i++ {
		if c.low(i) == "and" && c.couldBegin(i+1) && (c.couldBegin(from) || strings.HasSuffix(c.low(i-1), "s")) && !c.isOneName(from, i) {
			return append([]stretch{c.between(from, c.headEnd(from, i))}, c.people(i+1, to)...)
		}
	}
	if s := c.between(from, to); !s.empty() {
		return []stretch{s}
	}
	return nil
}

// couldBegin says whether somebody could be named from token i on.
func (c *clause) couldBegin(i int) bool {
	return determiners[c.low(i)] || c.upper(i) || isNumber(c.low(i))
}

// isOneName says whether the "and" at i joins words of one name: "the Ministry of
// Trade and Industry".
func (c *clause) isOneName(from, i int) bool {
	if !c.upper(i+1) || !c.upper(i-1) {
		return false
	}
	for k := from; k < i; k++ {
		if (c.low(k) == "of" || c.low(k) == "for") && c.upper(k-1) {
			return true
		}
	}
	return false
}

// nounPhrase is who is named from token i on: after "said" or "according to".
func (c *clause) nounPhrase(i int) (people []stretch, next int) {
	to := i
	for to < len(c.toks) && !c.is(to, quote) && (!c.is(to, mark) || c.low(to) == "-") && !relatives[c.low(to)] {
		w := c.low(to)
		if to > i && (c.finite(to) || (w == "on" || w == "in" || w == "at" || w == "during" || w == "by" || w == "after") && c.adjunct(to) > to || c.dateBegins(to) || w == "as" || w == "when" || w == "that" || w == "because" || w == "while") {
			break
		}
		to++
	}
	return c.people(i, c.headEnd(i, to)), to
}

func (c *clause) dateBegins(i int) bool {
	if !c.is(i, word) {
		return false
	}
	_, ok := c.d.dateStart[c.toks[i].from]
	return ok
}

// occasions are how or where something is said.
var occasions = set(`statement statements interview interviews report reports conference briefing website email e-mail message letter phone telephone speech post release tweet
	hearing meeting reporters journalists page comment comments broadcast editorial article note video testimony forum event ceremony`)

// adjunct goes past when, where and how something was said: "on Monday", "in a
// statement", "to reporters". It gives i back where there is nothing of that kind.
func (c *clause) adjunct(i int) int {
	w := c.low(i)
	if c.dateBegins(i) {
		return c.pastDate(i)
	}
	if (w == "on" || w == "in" || w == "at" || w == "during" || w == "late" || w == "early" || w == "earlier" || w == "later") && c.dateBegins(i+1) {
		return c.pastDate(i + 1)
	}
	if w == "earlier" || w == "later" || w == "separately" || w == "afterwards" || w == "again" {
		return i + 1
	}
	if w != "in" && w != "at" && w != "on" && w != "by" && w != "via" && w != "through" && w != "to" && w != "during" && w != "after" {
		return i
	}
	for n := i + 1; n < len(c.toks) && n < i+8 && c.is(n, word); n++ {
		switch {
		case occasions[c.low(n)]:
			return n + 1
		case c.finite(n), pronouns[c.low(n)], c.low(n) == "that":
			return i
		}
	}
	if w == "to" && c.upper(i+1) {
		return i + 2
	}
	return i
}

func (c *clause) pastDate(i int) int {
	to := c.d.dateStart[c.toks[i].from]
	for i < len(c.toks) && c.toks[i].from < to {
		i++
	}
	return i
}

// adjuncts goes past all of them, and past the commas between them.
func (c *clause) adjuncts(i int) int {
	for {
		n := c.adjunct(i)
		if n == i && c.low(i) == "," {
			if n = c.adjunct(i + 1); n == i+1 {
				return i
			}
		}
		if n == i {
			return i
		}
		i = n
	}
}
