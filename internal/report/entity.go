package report

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// An entity is somebody or something that the text names.
type entity struct {
	name      string // the fullest
	kind      string
	at        stretch // its first mention
	protected bool
	nouns     map[string]bool // what the text calls them besides: pastor, director
}

// The kinds of entity.
const (
	person       = "person"
	organisation = "organisation"
	place        = "place"
)

// A run is words with capitals that stand together.
type run struct {
	stretch
	words        []string
	heads        []stretch // of the words
	before       string    // the word before it, in small letters
	earlier      string    // and the one before that
	after, later string    // what follows
	first        bool      // it begins a sentence: the capital says nothing
}

// names lists who and what is named, each once, where it is named first.
func (d *document) names() (people, organisations, places []Mention) {
	people, organisations, places = []Mention{}, []Mention{}, []Mention{}
	d.byName = map[string]int{}
	if d.language == "en" {
		d.englishNames()
	} else {
		d.asianNames()
	}
	slices.SortStableFunc(d.known, func(a, b entity) int { return cmp.Compare(a.at.from, b.at.from) })
	for i, e := range d.known {
		d.byName[e.name] = i
		m := Mention{d.piece(e.at), e.protected}
		switch e.kind {
		case person:
			people = append(people, m)
		case organisation:
			organisations = append(organisations, m)
		default:
			places = append(places, m)
		}
	}
	return people, organisations, places
}

// maxNames is how many names a text may have: more is no report.
const maxNames = 4000

// know takes an entity in, or what is new about one that is known.
func (d *document) know(e entity) {
	if i, ok := d.byName[e.name]; ok {
		d.known[i].protected = d.known[i].protected || e.protected
		for n := range e.nouns {
			d.known[i].nouns[n] = true
		}
		return
	}
	if e.nouns == nil {
		e.nouns = map[string]bool{}
	}
	if len(d.known) < maxNames {
		d.byName[e.name] = len(d.known)
		d.known = append(d.known, e)
	}
}

func (d *document) englishNames() {
	var single []entity // of one word: it may be the surname of somebody
	for _, r := range d.runs() {
		e, ok := d.entityOf(r)
		switch {
		case !ok:
		case e.kind != organisation && !strings.Contains(e.name, " ") && !countries[strings.ToLower(e.name)]:
			single = append(single, e)
		default:
			d.know(e)
		}
	}
	if place := d.datelinePlace(); !place.empty() {
		d.know(entity{name: d.cut(place), kind: "place", at: place})
	}
	surnames := map[string]int{}
	for i, e := range d.known {
		if e.kind == person {
			words := strings.Fields(e.name)
			surnames[words[0]], surnames[words[len(words)-1]] = i, i
		}
	}
	for _, e := range single {
		if i, ok := surnames[e.name]; ok {
			d.known[i].protected = d.known[i].protected || e.protected
			continue
		}
		d.know(e)
	}
}

var datelineCity = regexp.MustCompile(`^[\p{L}.'’ -]+`)

// datelinePlace is the town before the comma or the bracket of a dateline.
func (d *document) datelinePlace() stretch {
	m := datelineCity.FindString(d.cut(d.dateline))
	return d.trimmed(stretch{d.dateline.from, d.dateline.from + len(m)})
}

var joined = set("of for against de del al bin van von und da")

// runs finds the words with capitals in the paragraphs and the headline.
func (d *document) runs() []run {
	var out []run
	for i, p := range append([]stretch{d.headline}, d.paragraphs...) {
		c := &clause{d: d, toks: d.tokens(sentence{stretch: p})}
		if i == 0 && c.capitals() > 1 || c.capitals() > 3 && len(c.toks) > 8 {
			continue
		}
		for i := 0; i < len(c.toks); i++ {
			if c.upper(i) {
				var r run
				if r, i = c.run(i); len(r.words) > 0 {
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// capitals is how many words with a capital there are for one without, among the
// longer ones: where they are most, capitals name nobody.
func (c *clause) capitals() int {
	large, small := 0, 0
	for i, t := range c.toks {
		switch {
		case t.to-t.from < 4:
		case c.upper(i):
			large++
		case c.is(i, word):
			small++
		}
	}
	return large / max(1, small)
}

// run reads the words with capitals from token i, and gives the last one's number.
func (c *clause) run(i int) (run, int) {
	to := i + 1
	for to < len(c.toks) && to-i < 10 && (c.upper(to) || joined[c.low(to)] && c.upper(to+1) || c.low(to) == "and" && c.isTitleList(i, to)) {
		to++
	}
	last := to - 1
	first := i == 0 || c.is(i-1, mark) && strings.Contains(".!?\"“”:‘'(", c.low(i-1))
	for i < to && (determiners[c.low(i)] || pronouns[c.low(i)] || prepositions[c.low(i)] || adverbs[c.low(i)] || joints[c.low(i)] || bounds[c.low(i)] || leads[c.low(i)] || openers[c.low(i)] && first || isMonth[c.low(i)]) {
		i++
	}
	for to > i && isMonth[c.low(to-1)] {
		to--
	}
	if i >= to {
		return run{}, last
	}
	r := run{stretch: c.between(i, to), before: c.low(i - 1), earlier: c.low(i - 2), after: c.low(to), later: c.low(to + 1), first: first}
	for k := i; k < to; k++ {
		r.words = append(r.words, c.low(k))
		r.heads = append(r.heads, c.toks[k].stretch)
	}
	return r, last
}

// isTitleList says whether an "and" is part of a name that began at i: "Ministry of
// Trade and Industry", "Peace and Justice Network".
func (c *clause) isTitleList(i, and int) bool {
	if !c.upper(and + 1) {
		return false
	}
	for k := i; k < and; k++ {
		if joined[c.low(k)] {
			return true
		}
	}
	return !determiners[c.low(and+1)] && c.upper(and+2) && orgWords[c.low(and+2)] && and == i+1
}

// openers begin sentences and no names.
var openers = set(`he she they it we according asked asking speaking citing police authorities officials activists witnesses residents two three four five six seven eight nine ten eleven twelve
	scores dozens hundreds thousands people men women children families most nobody somebody everyone nothing there please no yes earlier late last next relatives
	neither none whoever release let help save stop send tell say says said`)

var isMonth = set(`january february march april june july august september october november december jan feb mar apr jun jul aug sept sep oct nov dec
	monday tuesday wednesday thursday friday saturday sunday`)

// entityOf says what a run names, if it does.
func (d *document) entityOf(r run) (entity, bool) {
	hidden := d.calledPseudonym(r.stretch)
	if r, rest, ok := d.titled(r); ok {
		return entity{name: d.cut(rest), kind: person, at: rest, protected: hidden || d.calledPseudonym(rest), nouns: r.roles()}, true
	}
	e := entity{name: d.cut(r.stretch), at: r.stretch, protected: hidden}
	low := strings.ToLower(e.name)
	last := r.words[len(r.words)-1]
	switch {
	case hidden && !isOrganisation(r.words):
		e.kind = person
	case countries[low]:
		e.kind = place
	case nationalities[last] || countries[last] && len(r.words) > 1 && !isOrganisation(r.words):
		return e, false
	case orgWords[r.before] || generic[r.before] && r.before != "itself":
		e.kind = organisation
	case placeWords[last] && len(r.words) > 1, len(r.words) == 1 && rulers[r.after]:
		e.kind = place
	case isOrganisation(r.words), d.isAcronym(r):
		e.kind = organisation
	case r.isWhere(), r.before == "," && placeBefore(d, r):
		e.kind = place
	case len(r.words) >= 2 && len(r.words) <= 4 && r.before != "the" && !strings.ContainsFunc(e.name, unicode.IsDigit) && !isTitle(last):
		e.kind = person
		e.nouns = d.apposition(r)
	case len(r.words) >= 2 && len(r.words) <= 6 && r.before == "the" && !isTitle(last):
		e.kind = organisation
	case len(r.words) == 1 && roles[r.before] && !r.first:
		e.kind = person
		e.nouns = set(r.before)
	default:
		return e, false
	}
	if e.kind == person && roles[r.before] {
		e.nouns[r.before] = true
	}
	return e, true
}

func isTitle(w string) bool { return titles[w] || roles[w] }

func placeBefore(d *document, r run) bool {
	if len(r.words) > 2 || !strings.Contains(",.;", r.after) || r.after == "" || len(d.known) == 0 {
		return false
	}
	last := d.known[len(d.known)-1]
	return last.kind == place && r.from-last.at.to <= 3 && r.from > last.at.to
}

// rulers stand behind the name of a country or a town.
var rulers = set("authorities government police officials army regime border parliament")

// isWhere says whether a run stands where a place does.
func (r run) isWhere() bool {
	switch r.before {
	case "in", "near", "outside", "across", "towards", "toward", "at":
		return len(r.words) <= 3
	case "from", "to", "through", "into", "around", "over":
		return len(r.words) == 1 && r.earlier != "according" && r.after != "'s" && !cues[r.after].isSaying()
	case "of":
		return placeWords[r.earlier]
	case "and", "or":
		return false
	}
	return false
}

// titled strips a country, a nationality and titles: "U.S. President Donald Trump".
func (d *document) titled(r run) (run, stretch, bool) {
	at := -1
	for i, w := range r.words {
		if titles[w] || roles[w] {
			at = i
		}
	}
	n := len(r.words) - at - 1
	if at < 0 || n < 1 || n > 3 || joined[r.words[at+1]] {
		return r, stretch{}, false
	}
	if orgWords[r.words[len(r.words)-1]] || countries[r.words[at+1]] || nationalities[r.words[at+1]] {
		return r, stretch{}, false
	}
	return r, stretch{r.heads[at+1].from, r.to}, true
}

// roles are what a run calls somebody besides the name.
func (r run) roles() map[string]bool {
	out := map[string]bool{}
	for _, w := range r.words {
		if titles[w] || roles[w] {
			out[w] = true
		}
	}
	return out
}

// apposition reads what stands behind a name: "Ada Brook, the group's director,".
func (d *document) apposition(r run) map[string]bool {
	out := map[string]bool{}
	if r.after != "," {
		return out
	}
	rest := d.text[r.to:min(len(d.text), r.to+120)]
	for _, w := range strings.FieldsFunc(strings.ToLower(strings.TrimPrefix(rest, ",")), func(c rune) bool { return !unicode.IsLetter(c) && c != ',' && c != '.' && c != '-' }) {
		w, end := strings.CutSuffix(strings.TrimSuffix(w, "."), ",")
		if roles[w] {
			out[w] = true
		}
		if end {
			break
		}
	}
	return out
}

func isOrganisation(words []string) bool {
	if len(words) == 1 {
		return famous[words[0]]
	}
	for i, w := range words {
		if orgWords[w] && (i == len(words)-1 || i == 0 || joined[words[i+1]] || len(words) > 2) {
			return true
		}
	}
	return false
}

// isAcronym says whether a run is one: UNHCR, not U.S.
func (d *document) isAcronym(r run) bool {
	name := d.cut(r.stretch)
	return len(r.words) == 1 && len(name) >= 2 && len(name) <= 7 && strings.ToUpper(name) == name && strings.ToLower(name) != name &&
		!strings.Contains(name, ".") && !countries[r.words[0]] && !set("am pm gmt utc est ok tv video id dna pdf usd html br div lead urgent update end photo new")[r.words[0]]
}

var (
	saysPseudonym  = regexp.MustCompile(`(?i)(?:pseudonym|alias|(?:identified|named|known|referred to|called|gave (?:his|her|their) name)(?: here)? only(?: as| by)?|asked to be (?:called|identified|known|named)(?: only)?(?: as| by)?|(?:whom|who) we (?:call|are calling)|not (?:his|her|their) real name)(?:,| of| as| by| is)? ?["“']?$`)
	thenPseudonym  = regexp.MustCompile(`(?i)^["”']?(?:,| \(| is| –| -)? ?(?:is )?(?:a |an |the |his |her |their )?(?:pseudonym|not (?:his|her|their|the) (?:real|true) name|whose (?:real )?name (?:has been|was|is) (?:changed|withheld)|name (?:has been )?changed|assumed name|real name withheld|alias)`)
	asianPseudonym = regexp.MustCompile(`^[(（]?\s*(?:가명|化名)`)
	zhPseudonym    = regexp.MustCompile(`(?:化名|가명)(?:为|叫|是|“|"|인|으로|\s)*$`)
)

// calledPseudonym says whether the words around a name say that it is not the real
// one.
func (d *document) calledPseudonym(s stretch) bool {
	before, after := d.near(s, 60)
	return saysPseudonym.MatchString(before) || thenPseudonym.MatchString(after) || asianPseudonym.MatchString(after) || zhPseudonym.MatchString(before)
}

// near is what stands around a stretch, whole code points.
func (d *document) near(s stretch, n int) (before, after string) {
	from, to := max(0, s.from-n), min(len(d.text), s.to+n)
	return strings.ToValidUTF8(d.text[from:s.from], ""), strings.ToValidUTF8(d.text[s.to:to], "")
}

// isNamed says whether a stretch is the name of a person, an organisation or a state.
func (d *document) isNamed(s stretch) bool {
	name := strings.TrimPrefix(strings.TrimPrefix(d.cut(d.trimmed(s)), "the "), "The ")
	i := d.indexOf(name)
	return i >= 0 && (d.known[i].kind != place || countries[strings.ToLower(name)])
}

// indexOf is the number of a name among the known; negative for none.
func (d *document) indexOf(name string) int {
	if i, ok := d.byName[name]; ok {
		return i
	}
	return -1
}
