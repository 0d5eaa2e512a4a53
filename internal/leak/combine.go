package leak

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// A Trait is something about a person that others share, and that tells who it is when
// enough of it stands together: an age, a village, a day, a trade, a family. Texts are
// the wordings in which it may stand.
type Trait struct {
	Kind  string
	Texts []string
}

// traitKinds lists the kinds of trait.
var traitKinds = []string{"age", "place", "date", "occupation", "family", "event", "other"}

const (
	ruleTrait       = "leak.trait" // never in a report: traits are counted, not found
	ruleCombination = "leak.combination"
)

// How many kinds of trait tell a person among so few: five who share them all are a
// crowd to nobody, and ten hardly.
const (
	fewTogether  = 2
	manyTogether = 3
	blockBelow   = 5
	reviewBelow  = 11
)

// A fact is one trait, of all people who share it.
type fact struct {
	kind string
	of   map[string]bool // people
}

// traitKeys are the wordings of everybody's traits, each trait that people share under
// one number.
func traitKeys(people []Person) (keys []*key, facts []fact) {
	known := map[string]int{}
	for _, p := range people {
		for _, t := range p.Traits {
			at := -1
			for _, text := range t.Texts {
				if n, ok := known[t.Kind+" "+string(newKey("", "", text, false).runes)]; ok {
					at = n
				}
			}
			if at < 0 {
				at = len(facts)
				facts = append(facts, fact{t.Kind, map[string]bool{}})
			}
			facts[at].of[p.ID] = true
			for _, text := range t.Texts {
				k := newKey(itoa(at), ruleTrait, text, false)
				known[t.Kind+" "+string(k.runes)] = at
				keys = append(keys, k)
			}
		}
	}
	return keys, facts
}

// tell notes that a text tells a trait, and where it does so first.
func (r *Report) tell(n int, f Finding) {
	if r.told == nil {
		r.told = map[int]Finding{}
	}
	if _, ok := r.told[n]; !ok {
		r.told[n] = f
	}
}

// Combine adds to a report what its texts, together with earlier ones, tell of people
// who are not named in them. Of the earlier reports only the traits count.
func (g *Gate) Combine(r *Report, earlier ...Report) {
	if len(r.told) == 0 {
		return // nothing that is told now
	}
	told := maps.Clone(r.told)
	for _, e := range earlier {
		for n, f := range e.told {
			if _, ok := told[n]; !ok {
				told[n] = f
			}
		}
	}
	people := map[string][]int{}
	for n := range told {
		for id := range g.facts[n].of {
			people[id] = append(people[id], n)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(people)) {
		if f, ok := g.together(id, people[id], told, r.told); ok {
			r.Findings = append(r.Findings, f)
		}
	}
	g.policy.except(r, time.Now().UTC().Format(dayForm))
}

// together judges what is told of one person. The finding stands where this report
// tells the last of it: without that there is nothing new.
func (g *Gate) together(id string, facts []int, told, now map[int]Finding) (Finding, bool) {
	slices.Sort(facts)
	kinds := map[string]bool{}
	class := 0
	for _, n := range facts {
		kinds[g.facts[n].kind] = true
	}
	for other := range g.facts[facts[0]].of {
		if !slices.ContainsFunc(facts, func(n int) bool { return !g.facts[n].of[other] }) {
			class++
		}
	}
	var at Finding
	for _, n := range facts {
		if f, ok := now[n]; ok && cmp.Or(cmp.Compare(f.File, at.File), cmp.Compare(f.Part, at.Part), cmp.Compare(f.Start, at.Start)) >= 0 {
			at = f
		}
	}
	severity := Review
	switch {
	case at.Part == "" || len(kinds) < fewTogether || class >= reviewBelow:
		return at, false
	case len(kinds) >= manyTogether && class < blockBelow:
		severity = Block
	}
	at.Rule, at.Term, at.Severity, at.Surface, at.Why = ruleCombination, id, severity, surface(0, len(kinds)), "leak.why.together"
	at.Fingerprint = fingerprint(at, at.Document)
	return at, true
}
