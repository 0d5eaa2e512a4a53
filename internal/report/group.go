package report

import (
	"strconv"
	"strings"
)

// peopleNouns are who can be counted.
var peopleNouns = set(`people persons person men man women woman children child boys girls defectors defector refugees refugee koreans korean detainees detainee
	prisoners prisoner protesters activists activist workers worker brokers broker victims survivors soldiers officers residents villagers families family members
	relatives civilians students journalists migrants escapees fugitives passengers individuals citizens adults minors teenagers infants babies witnesses guards
	others suspects patients asylum-seekers seekers inmates hostages fishermen pastors missionaries monks nuns lawyers teachers drivers dead bodies returnees
	demonstrators police policemen girl boy baby infant teenager driver travellers travelers farmers nationals believers christians parents daughters sons`)

var numerals = func() map[string]int {
	out := map[string]int{}
	for i, w := range strings.Fields(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen`) {
		out[w] = i
	}
	for i, w := range strings.Fields(`twenty thirty forty fifty sixty seventy eighty ninety`) {
		out[w] = 10 * (i + 2)
	}
	return out
}()

// uncounted are words for many that set no number.
var uncounted = set(`dozens scores hundreds thousands several many tens`)

// A tally is a count: how far it reaches, and how sure it is.
type tally struct {
	min, max int
	estimate bool
}

// groups lists the people who are counted, each count of the same people once.
func (d *document) groups() []Group {
	out := []Group{}
	seen := map[string]bool{}
	for _, c := range d.counted() {
		key := strconv.Itoa(c.min) + "-" + strconv.Itoa(c.max) + c.noun
		if seen[key] {
			continue
		}
		seen[key] = true
		out = append(out, Group{Piece: d.piece(c.stretch), Min: c.min, Max: c.max, Estimate: c.estimate})
	}
	return out
}

// A count is a tally in its place.
type count struct {
	stretch
	tally
	noun string
}

// counted finds every count of people, in order.
func (d *document) counted() []count {
	if d.counts != nil {
		return d.counts
	}
	d.counts = []count{}
	for _, p := range append([]stretch{d.headline}, d.paragraphs...) {
		switch d.language {
		case "en":
			d.counts = append(d.counts, d.countEnglish(p)...)
		default:
			d.counts = append(d.counts, d.countAsian(p)...)
		}
	}
	return d.counts
}

func (d *document) countEnglish(p stretch) []count {
	c := &clause{d: d, toks: d.tokens(sentence{stretch: p})}
	var out []count
	for i := 0; i < len(c.toks); i++ {
		from, t, next, ok := c.tally(i)
		if !ok {
			continue
		}
		noun := c.counted(next)
		if noun < 0 && t.estimate && t.min >= 10 && auxiliaries[c.low(next)] {
			noun = next - 1 // "About 30,000 have reached …"
		}
		if noun < 0 {
			continue
		}
		out = append(out, count{c.between(from, noun+1), t, strings.TrimSuffix(c.low(noun), "s")})
		i = noun
	}
	return out
}

// tally reads a number at token i with the words that bound it before it.
func (c *clause) tally(i int) (from int, t tally, next int, ok bool) {
	n, next, ok := c.number(i)
	if ok {
		t = tally{n, n, false}
	} else if uncounted[c.low(i)] && c.low(i-1) != "as" && c.low(i-1) != "how" {
		t, next = tally{estimate: true}, i+1
		if c.low(next) == "of" {
			next++
		}
	} else {
		return 0, t, 0, false
	}
	from = i
	if !ok {
		return from, t, next, true
	}
	for _, b := range bounders {
		if from-len(b.words) >= 0 && c.match(from-len(b.words), b.words) {
			t = b.of(n)
			from -= len(b.words)
			break
		}
	}
	if w := c.low(next); (w == "to" || w == "or" || w == "-" || w == "–") && t == (tally{n, n, false}) {
		if m, after, ok := c.number(next + 1); ok && m > n {
			return from, tally{n, m, false}, after, true
		}
	}
	return from, t, next, true
}

func (c *clause) match(i int, words []string) bool {
	for k, w := range words {
		if c.low(i+k) != w {
			return false
		}
	}
	return true
}

// bounders are words before a number that make it a bound or an estimate.
var bounders = []bounder{
	{strings.Fields("at least"), atLeast}, {strings.Fields("no fewer than"), atLeast}, {strings.Fields("no less than"), atLeast}, {strings.Fields("not less than"), atLeast},
	{strings.Fields("more than"), func(n int) tally { return tally{n + 1, 0, false} }}, {strings.Fields("over"), func(n int) tally { return tally{n, 0, true} }},
	{strings.Fields("as many as"), atMost}, {strings.Fields("up to"), atMost}, {strings.Fields("at most"), atMost}, {strings.Fields("no more than"), atMost}, {strings.Fields("not more than"), atMost},
	{strings.Fields("fewer than"), func(n int) tally { return tally{0, n - 1, false} }}, {strings.Fields("less than"), func(n int) tally { return tally{0, n - 1, false} }},
	{strings.Fields("nearly"), roughly}, {strings.Fields("almost"), roughly}, {strings.Fields("about"), roughly}, {strings.Fields("around"), roughly}, {strings.Fields("some"), roughly}, {strings.Fields("roughly"), roughly}, {strings.Fields("approximately"), roughly},
	{strings.Fields("an estimated"), roughly}, {strings.Fields("estimated"), roughly},
}

// A bounder is words, and what they make of a number.
type bounder struct {
	words []string
	of    func(int) tally
}

func atLeast(n int) tally { return tally{n, 0, false} }
func atMost(n int) tally  { return tally{0, n, false} }
func roughly(n int) tally { return tally{n, n, true} }

// number reads one: 8, 30,000, eight, twenty-one, two hundred, 2.5 million, a dozen.
func (c *clause) number(i int) (n, next int, ok bool) {
	w := c.low(i)
	if !c.is(i, word) || w == "" {
		return 0, 0, false
	}
	if w == "a" && (c.low(i+1) == "dozen" || c.low(i+1) == "hundred") {
		return map[string]int{"dozen": 12, "hundred": 100}[c.low(i+1)], i + 2, true
	}
	n, ok = numeral(w)
	if !ok {
		return 0, 0, false
	}
	next = i + 1
	for next < i+3 {
		factor, ok := map[string]int{"hundred": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12}[c.low(next)]
		if !ok || n > 1_000_000 {
			break
		}
		n *= factor
		next++
	}
	return n, next, true
}

func numeral(w string) (int, bool) {
	if n, ok := numerals[w]; ok {
		return n, n > 0
	}
	if ten, one, ok := strings.Cut(w, "-"); ok {
		a, b := numerals[ten], numerals[one]
		return a + b, a >= 20 && b > 0 && b < 10
	}
	if len(w) > 10 {
		return 0, false
	}
	n, err := strconv.Atoi(strings.ReplaceAll(w, ",", ""))
	return n, err == nil && n > 0
}

// counted is the token of the noun that is counted, from token i on; negative
// where nobody is.
func (c *clause) counted(i int) int {
	found := -1
	for n := i; n < i+6 && c.is(n, word); n++ {
		w := c.low(n)
		switch {
		case peopleNouns[w]:
			found = n
		case found >= 0, prepositions[w], joints[w], determiners[w] && w != "other", c.finite(n) && n > i, w == "year-old", w == "years", w == "months", w == "days", w == "percent", w == "weeks", w == "hours":
			return found
		}
	}
	return found
}
