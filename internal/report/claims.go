package report

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"safehouse/internal/evidence"
)

// claims drafts every attributed statement, in the order of the text.
func (d *document) claims() []Claim {
	l := &listener{d: d}
	l.headline()
	for _, p := range d.paragraphs {
		switch d.language {
		case "ko", "zh":
			l.asian(p)
		default:
			l.english(p)
		}
	}
	out := []Claim{}
	l.nest()
	slices.SortStableFunc(l.out, func(a, b speech) int {
		return cmp.Or(cmp.Compare(min(a.content.from, a.cue.from), min(b.content.from, b.cue.from)), cmp.Compare(a.speaker.from, b.speaker.from))
	})
	who := d.entities(l.out)
	for i, s := range l.out {
		c := Claim{
			ID:      "c" + strconv.Itoa(len(out)+1),
			Speaker: Speaker{d.piece(s.speaker), who[i]},
			Cue:     d.piece(s.cue), Content: d.piece(s.content), Form: s.form,
		}
		c.Type = d.typeOf(s.content)
		c.SaidWhen = d.saidWhen(s)
		out = append(out, c)
	}
	return out
}

// nest marks what reports that another said.
func (l *listener) nest() {
	for i := range l.out {
		for j := i + 1; j < len(l.out) && l.out[j].cue.from < l.out[i].content.to; j++ {
			a, b := &l.out[i], l.out[j]
			if a.form == evidence.Asserts && b.speaker != a.speaker && b.cue.from > a.content.from && b.cue.to <= a.content.to && b.speaker.from-a.content.from < 6 && b.speaker.from >= a.content.from {
				a.form = evidence.Reports
			}
		}
	}
}

// typeOf says whether a content is a quotation, holds one, or holds none.
func (d *document) typeOf(s stretch) string {
	i, _ := slices.BinarySearchFunc(d.quotes, s.from, func(q stretch, at int) int { return cmp.Compare(q.to, at+1) })
	switch {
	case i == len(d.quotes) || d.quotes[i].from >= s.to:
		return "indirect"
	case d.quotes[i].from < s.from && d.quotes[i].to >= s.to:
		return "direct"
	}
	return "mixed"
}

// saidWhen is the date that stands with the words of attribution.
func (d *document) saidWhen(s speech) evidence.When {
	from, to := s.speakerOf.from, s.speakerOf.to
	best, far := -1, 45
	i, _ := slices.BinarySearchFunc(d.found, from, func(f dated, at int) int { return cmp.Compare(f.from, at) })
	for ; i < len(d.found) && d.found[i].from < to; i++ {
		f := d.found[i]
		if f.from >= s.content.from && f.to <= s.content.to {
			continue
		}
		gap := max(f.from-s.cue.to, s.speaker.from-f.to)
		if gap < far {
			best, far = i, gap
		}
	}
	if best < 0 {
		return evidence.When{}
	}
	d.found[best].said = true
	return d.found[best].When
}

// couldSay says whether a piece of a headline is somebody without a name:
// "activist", "rights groups".
func couldSay(s string) bool {
	words := strings.Fields(strings.ToLower(s))
	if len(words) == 0 || len(words) > 4 {
		return false
	}
	last := words[len(words)-1]
	single := strings.TrimSuffix(last, "s")
	return roles[single] || orgWords[last] || last == "police" || last == "sources" || last == "media" || last == "un"
}

// headline is "What happened: who says so", or the other way round, or a sentence.
func (l *listener) headline() {
	d := l.d
	text := d.cut(d.headline)
	if d.language != "en" {
		l.asianHeadline(text)
		return
	}
	before := len(l.out)
	c := d.clause(sentence{d.headline, quotations(d.text, d.headline, true)})
	i := strings.LastIndex(text, ": ")
	if i >= 0 {
		left := stretch{d.headline.from, d.headline.from + i}
		right := stretch{left.to + 2, d.headline.to}
		mark := stretch{left.to, left.to + 1}
		switch {
		case d.isNamed(right) || couldSay(d.cut(right)):
			l.add(speech{speaker: right, cue: mark, content: left, form: evidence.Asserts, speakerOf: d.headline})
		case d.isNamed(left) || couldSay(d.cut(left)):
			l.add(speech{speaker: left, cue: mark, content: right, form: evidence.Asserts, speakerOf: d.headline})
		}
	}
	if len(l.out) == before {
		c.find()
		l.acts(c)
		l.according(c)
	}
}

var asianHeadline = regexp.MustCompile(`^(\p{Han}{2,14}|[\p{Hangul} ]{2,20})([：:]) ?(.{4,})$`)

// asianHeadline is "who: what", or who before a quotation.
func (l *listener) asianHeadline(text string) {
	if m := asianHeadline.FindStringSubmatchIndex(text); m != nil {
		at := func(g int) stretch {
			return stretch{l.d.headline.from + m[2*g], l.d.headline.from + m[2*g+1]}
		}
		l.add(speech{speaker: at(1), cue: at(2), content: at(3), form: evidence.Asserts, speakerOf: l.d.headline})
	}
}
