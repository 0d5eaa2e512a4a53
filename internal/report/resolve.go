package report

import (
	"cmp"
	"slices"
	"strings"
)

// A resolver says whom the words for a speaker mean: "he", "the group", a surname.
type resolver struct {
	d         *document
	surname   map[string][]int // known by first or last word
	noun      map[string][]int // known by what the text calls them
	spoke     []int            // known, in the order in which they spoke; -1 for one without a name
	spokeNoun []string
	nouns     map[string]int // the last one without or with a name who was called so
}

// entities gives the fullest name of each speech's speaker; empty where there is none.
func (d *document) entities(all []speech) []string {
	r := &resolver{d: d, surname: map[string][]int{}, noun: map[string][]int{}, nouns: map[string]int{}}
	for i, e := range d.known {
		if e.kind == person {
			words := strings.Fields(e.name)
			r.surname[words[len(words)-1]] = append(r.surname[words[len(words)-1]], i)
			if len(words) > 1 {
				r.surname[words[0]] = append(r.surname[words[0]], i)
			}
		}
	}
	r.introduce(all)
	for i, e := range d.known {
		for n := range e.nouns {
			r.noun[n] = append(r.noun[n], i)
		}
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[a].speaker.from, all[b].speaker.from) })
	out := make([]string, len(all))
	for _, i := range order {
		if k := r.whose(all[i]); k >= 0 {
			out[i] = d.known[k].name
		}
	}
	return out
}

// introduce learns who is named in the description of a speaker: "a pastor who asked
// to be identified by the pseudonym …, said".
func (r *resolver) introduce(all []speech) {
	for _, s := range all {
		if k := r.described(s); k >= 0 {
			r.d.known[k].nouns[strings.ToLower(lastWord(r.d.cut(s.speaker)))] = true
		}
	}
}

// described is the pseudonym that stands between a speaker and the verb.
func (r *resolver) described(s speech) int {
	i, _ := slices.BinarySearchFunc(r.d.known, s.speaker.to, func(e entity, at int) int { return cmp.Compare(e.at.from, at) })
	for ; i < len(r.d.known) && r.d.known[i].at.from < min(s.cue.from, s.speaker.to+300); i++ {
		if e := r.d.known[i]; e.kind == person && e.protected {
			return i
		}
	}
	return -1
}

// whose is the number of the known one who speaks; negative where nobody is known.
func (r *resolver) whose(s speech) int {
	text := r.d.cut(s.speaker)
	k := r.find(s, text, strings.ToLower(text))
	noun := strings.ToLower(lastWord(text))
	if !pronouns[noun] {
		r.nouns[noun] = k
	}
	if len(r.spoke) == 0 || r.spoke[len(r.spoke)-1] != k || k < 0 {
		r.spoke = append(r.spoke, k)
		r.spokeNoun = append(r.spokeNoun, noun)
	}
	return k
}

func (r *resolver) find(s speech, text, low string) int {
	if k := r.described(s); k >= 0 {
		return k
	}
	if pronouns[low] {
		return r.pronoun(low)
	}
	if k := r.named(s.speaker, text); k >= 0 {
		return k
	}
	if r.d.language != "en" {
		return r.asian(text)
	}
	words := strings.Fields(low)
	head := words[len(words)-1]
	switch words[0] {
	case "the", "this", "that", "his", "her", "its":
		return r.definite(head, len(words))
	case "a", "an":
		return r.introducedLater(head)
	}
	return -1
}

// named finds a name in the words for a speaker.
func (r *resolver) named(at stretch, text string) int {
	bare := strings.TrimPrefix(strings.TrimPrefix(text, "the "), "The ")
	if i := r.d.indexOf(bare); i >= 0 {
		return i
	}
	words := strings.Fields(bare)
	for from := range words {
		name := strings.Join(words[from:], " ")
		if i := r.d.indexOf(name); i >= 0 && r.d.known[i].kind == person {
			return i
		}
	}
	if k := r.surname[words[len(words)-1]]; len(k) > 0 && len(words) < 4 {
		return r.latest(k)
	}
	for to := len(words) - 1; to > 0; to-- {
		i := r.d.indexOf(strings.Join(words[:to], " "))
		if i >= 0 && r.d.known[i].kind == organisation && generic[strings.ToLower(strings.Join(words[to:], " "))] {
			return i
		}
	}
	return -1
}

// asian finds the name of a person in a Korean or Chinese speaker, or the
// organisation that the words end with.
func (r *resolver) asian(text string) int {
	switch text {
	case "그", "그는", "그녀", "他", "她":
		return r.pronoun("it_or_person")
	case "该组织", "该机构", "该团体", "이 단체", "단체", "이 기구":
		return r.pronoun("it")
	}
	best := -1
	for i, e := range r.d.known[:min(len(r.d.known), 400)] {
		switch {
		case e.kind == person && strings.Contains(text, e.name):
			return i
		case e.kind == organisation && strings.HasSuffix(text, e.name) && (best < 0 || len(e.name) > len(r.d.known[best].name)):
			best = i
		}
	}
	return best
}

// generic are words for an organisation beside its name.
var generic = set("group organisation organization agency watchdog body charity network ngo company newspaper foundation itself")

// latest prefers who spoke last, then who is named first.
func (r *resolver) latest(some []int) int {
	for i := len(r.spoke) - 1; i >= 0 && i > len(r.spoke)-50; i-- {
		if slices.Contains(some, r.spoke[i]) {
			return r.spoke[i]
		}
	}
	return some[0]
}

var (
	male   = set("man boy father brother son husband uncle spokesman chairman king mr mr. priest")
	female = set("woman girl mother sister daughter wife aunt spokeswoman chairwoman queen mrs ms ms. mrs. nun korean")
)

// pronoun is who spoke last and can be meant.
func (r *resolver) pronoun(low string) int {
	for i := len(r.spoke) - 1; i >= 0 && i > len(r.spoke)-12; i-- {
		k := r.spoke[i]
		kind := person
		if k >= 0 {
			kind = r.d.known[k].kind
		}
		noun := r.spokeNoun[i]
		switch low {
		case "he":
			if kind == person && !female[noun] && (k >= 0 || !strings.HasSuffix(noun, "s")) {
				return k
			}
		case "she":
			if kind == person && !male[noun] && (k >= 0 || !strings.HasSuffix(noun, "s")) {
				return k
			}
		case "it_or_person":
			if kind == person {
				return k
			}
		case "it":
			if kind != person || k < 0 && (orgWords[noun] || documents[noun]) {
				return k
			}
		default:
			return -1
		}
	}
	return -1
}

// definite is "the pastor", "the group": who was called so, or is of that kind.
func (r *resolver) definite(head string, words int) int {
	if k := r.noun[head]; len(k) == 1 {
		return k[0]
	} else if len(k) > 1 {
		return r.latest(k)
	}
	if words > 2 {
		return -1
	}
	if orgWords[head] || generic[head] {
		for i := len(r.spoke) - 1; i >= 0 && i > len(r.spoke)-50; i-- {
			if k := r.spoke[i]; k >= 0 && r.d.known[k].kind == organisation && (generic[head] || strings.Contains(strings.ToLower(r.d.known[k].name), head)) {
				return k
			}
		}
		found := -1
		for i, e := range r.d.known[:min(len(r.d.known), 200)] {
			if e.kind == organisation && strings.Contains(strings.ToLower(e.name), head) {
				if found >= 0 {
					return -1
				}
				found = i
			}
		}
		return found
	}
	return -1
}

// introducedLater is "a pastor" of the first paragraph whom a later one names, if
// there is one such person and the word says enough.
func (r *resolver) introducedLater(head string) int {
	if !roles[head] {
		return -1
	}
	if k := r.noun[head]; len(k) == 1 && r.d.known[k[0]].protected {
		return k[0]
	}
	return -1
}
