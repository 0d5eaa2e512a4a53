package report

import (
	"strings"
	"unicode"
)

// An entity is somebody or something that the text names.
type entity struct {
	name      string // the fullest
	kind      string // person, organisation, place
	at        stretch
	protected bool
	noun      string // what the text calls them besides: pastor, director
}

const (
	person       = "person"
	organisation = "organisation"
	place        = "place"
)

var orgWords = set(`watch group ministry university council committee agency news international organisation organization party association foundation court
	police army embassy department commission union institute centre center network alliance church bureau office service services times post press fund company
	corporation corp coalition movement federation parliament congress senate nations board authority administration initiative project society trust hospital
	school college force forces command rights amnesty reuters yonhap mission secretariat tribunal bank forum campaign wire herald gazette tribune monitor`)

var titles = set(`president mr mrs ms dr pastor reverend rev prime minister sen senator rep gov general gen col professor prof chairman chancellor king queen
	secretary ambassador director judge bishop father sister brother leader spokesman spokeswoman spokesperson`)

// run is a stretch of capitalised words.
type run struct {
	stretch
	words  []string
	before string // the word before it, in small letters
	after  string
	first  bool // at the beginning of a sentence
}

var inside = set("of for and the on to de del al bin van von")

// names lists who and what is named.
func (d *document) names() (people, organisations, places []Mention) {
	people, organisations, places = []Mention{}, []Mention{}, []Mention{}
	seen := map[string]int{}
	add := func(e entity) {
		if i, ok := seen[e.name]; ok {
			d.known[i].protected = d.known[i].protected || e.protected
			return
		}
		seen[e.name] = len(d.known)
		d.known = append(d.known, e)
	}
	for _, r := range d.runs() {
		if e, ok := d.classifyRun(r); ok {
			add(e)
		}
	}
	d.pseudonyms()
	for _, e := range d.known {
		m := Mention{d.piece(e.at), e.protected}
		switch e.kind {
		case person:
			people = append(people, m)
		case organisation:
			organisations = append(organisations, m)
		case place:
			places = append(places, m)
		}
	}
	return people, organisations, places
}

// runs finds the capitalised words of the paragraphs and the headline.
func (d *document) runs() []run {
	if d.language != "en" {
		return nil
	}
	var out []run
	for _, p := range append([]stretch{d.headline}, d.paragraphs...) {
		c := &clause{d: d, toks: d.tokens(sentence{stretch: p})}
		for i := 0; i < len(c.toks); i++ {
			if !c.upper(i) {
				continue
			}
			to := i + 1
			for to < len(c.toks) && (c.upper(to) || inside[c.low(to)] && c.upper(to+1) && c.low(to) != "and" && c.low(to) != "to" && c.low(to) != "on" && c.low(to) != "the") {
				to++
			}
			first := i == 0 || c.is(i-1, mark) && strings.Contains(".!?\"“:", c.low(i-1))
			for first && i < to && (determiners[c.low(i)] || pronouns[c.low(i)] || prepositions[c.low(i)] || adverbs[c.low(i)] || joints[c.low(i)] || subordinate[c.low(i)]) {
				i++
			}
			if i >= to {
				i = to - 1
				continue
			}
			r := run{stretch: c.between(i, to), before: c.low(i - 1), after: c.low(to), first: first}
			for k := i; k < to; k++ {
				r.words = append(r.words, c.low(k))
			}
			out = append(out, r)
			i = to - 1
		}
	}
	return out
}

// classifyRun says what a run names.
func (d *document) classifyRun(r run) (entity, bool) {
	e := entity{name: d.cut(r.stretch), at: r.stretch}
	last := r.words[len(r.words)-1]
	switch {
	case countries[strings.ToLower(e.name)]:
		e.kind = place
	case orgWords[last] && len(r.words) > 1, len(r.words) > 1 && orgWords[r.words[0]]:
		e.kind = organisation
	case len(r.words) >= 2 && len(r.words) <= 4 && titles[r.words[0]]:
		e.kind = person
		e.noun = r.words[0]
		e.at.from += strings.Index(e.name, " ") + 1
		e.name = d.cut(e.at)
	case len(r.words) == 1 && (r.before == "in" || r.before == "near" || r.before == "at" || r.before == "of" && !r.first) && !isMonth(last) && strings.ToUpper(e.name) != e.name:
		e.kind = place
	case len(r.words) >= 2 && len(r.words) <= 4 && !strings.ContainsFunc(e.name, unicode.IsDigit) && (r.after == "," || cues[r.after].isSaying()) && !nationality(last):
		e.kind = person
	default:
		return e, false
	}
	return e, true
}

func isMonth(w string) bool {
	return set("january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday")[w]
}

func nationality(w string) bool {
	return set("korean koreans chinese american americans japanese russian russians")[w]
}

var countries = set("china japan russia")

// pseudonyms protects the names that the text calls so.
func (d *document) pseudonyms() {
	low := strings.ToLower(d.text)
	for i := range d.known {
		e := &d.known[i]
		before := low[max(0, min(len(low), e.at.from)-60):min(len(low), e.at.from)]
		e.protected = e.protected || strings.Contains(before, "pseudonym")
	}
}

type resolver struct{ d *document }

func (d *document) resolver() *resolver { return &resolver{d} }

func (r *resolver) entity(s speech) string {
	text := r.d.cut(s.speaker)
	for _, e := range r.d.known {
		if strings.Contains(text, e.name) || len(text) > 2 && strings.HasSuffix(e.name, " "+text) {
			return e.name
		}
	}
	return ""
}

// isNamed says whether a stretch is the name of a person or an organisation.
func (d *document) isNamed(s stretch) bool {
	for _, e := range d.known {
		if e.name == d.cut(d.trimmed(s)) && e.kind != place {
			return true
		}
	}
	return false
}
