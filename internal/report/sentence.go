package report

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A sentence is one, with the quotations in it. A quotation of several sentences is
// not cut: who said it may stand behind it.
type sentence struct {
	stretch
	quotes []stretch // with their marks; in order
}

// maxSentence cuts what never ends, in bytes.
const maxSentence = 3000

var closing = map[rune]rune{'“': '”', '„': '“', '«': '»', '「': '」', '『': '』', '‘': '’', '"': '"', '\'': '\''}

// quotations finds the quotations of a paragraph. One that is not closed goes to
// the end of it.
func quotations(text string, p stretch, single bool) []stretch {
	var out []stretch
	var want rune
	begin := 0
	before := ' '
	for i, r := range text[p.from:p.to] {
		at := p.from + i
		after, _ := utf8.DecodeRuneInString(text[at+utf8.RuneLen(r) : p.to])
		switch {
		case want != 0 && r == want && closes(r, before, after):
			out = append(out, stretch{begin, at + utf8.RuneLen(r)})
			want = 0
		case want == 0 && closing[r] != 0 && opens(r, before, after, single):
			want, begin = closing[r], at
		}
		before = r
	}
	if want != 0 && want != '\'' && want != '’' {
		out = append(out, stretch{begin, p.to})
	}
	return out
}

func opens(r, before, after rune, single bool) bool {
	switch r {
	case '\'':
		return single && !unicode.IsLetter(before) && !unicode.IsDigit(before) && (unicode.IsLetter(after) || unicode.IsDigit(after))
	case '‘':
		return !unicode.IsLetter(before)
	}
	return true
}

// closes tells a closing mark from an apostrophe.
func closes(r, before, after rune) bool {
	if r != '\'' && r != '’' {
		return true
	}
	return !unicode.IsLetter(after) && !unicode.IsSpace(before)
}

// singleQuotes says whether single marks are the quotation marks of the text.
func (d *document) singleQuotes() bool { return !strings.ContainsAny(d.text, "\"“") }

// sentences cuts a paragraph.
func (d *document) sentences(p stretch) []sentence {
	quotes := quotations(d.text, p, d.singleQuotes())
	var out []sentence
	begin, next := p.from, 0
	end := func(at int) {
		s := sentence{stretch: trimmed(d.text, stretch{begin, at})}
		for next < len(quotes) && quotes[next].from < at {
			s.quotes = append(s.quotes, quotes[next])
			next++
		}
		if !s.empty() {
			out = append(out, s)
		}
		begin = at
	}
	inside := 0
	for at := p.from; at < p.to; {
		for inside < len(quotes) && quotes[inside].to <= at {
			inside++
		}
		if inside < len(quotes) && at > quotes[inside].from && at < lastIn(d.text, quotes[inside].to) {
			at = lastIn(d.text, quotes[inside].to)
			continue
		}
		r, n := utf8.DecodeRuneInString(d.text[at:p.to])
		at += n
		switch {
		case strings.ContainsRune(".!?。！？", r) && d.stops(begin, at, p.to):
			end(d.pastMarks(at, p.to))
			at = begin
		case at-begin > maxSentence && (unicode.IsSpace(r) || unicode.Is(unicode.Han, r)), at-begin > 2*maxSentence:
			end(at)
		case closesWithStop(d.text, at, r) && d.stopsAfterQuote(at, p.to):
			end(at)
		}
	}
	end(p.to)
	return out
}

// lastIn is where the closing mark of a quotation begins.
func lastIn(text string, to int) int {
	_, n := utf8.DecodeLastRuneInString(text[:to])
	return to - n
}

// pastMarks goes on past closing marks.
func (d *document) pastMarks(at, end int) int {
	for at < end {
		r, n := utf8.DecodeRuneInString(d.text[at:end])
		if !strings.ContainsRune("\"'”’」』»)）]", r) {
			break
		}
		at += n
	}
	return at
}

var abbreviated = regexp.MustCompile(`(?:^|[\s("“‘'])(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Col|Capt|Lt|Sgt|Rev|Fr|St|Jr|Sr|No|vs|etc|e\.g|i\.e|approx|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|Inc|Ltd|Co|Corp|[A-Z]|(?:[A-Z]\.)+[A-Z])\.$`)

// stops says whether the mark before at ends a sentence.
func (d *document) stops(begin, at, end int) bool {
	r, _ := utf8.DecodeLastRuneInString(d.text[:at])
	if strings.ContainsRune("。！？", r) {
		return true
	}
	rest := d.text[d.pastMarks(at, end):end]
	next, _ := utf8.DecodeRuneInString(rest)
	if rest != "" && !unicode.IsSpace(next) {
		return false
	}
	if r == '.' && abbreviated.MatchString(d.text[max(begin, at-14):at]) {
		return false
	}
	word := strings.TrimLeftFunc(rest, blank)
	first, _ := utf8.DecodeRuneInString(word)
	return word == "" || !unicode.IsLower(first)
}

// closesWithStop says whether r closes a quotation that ended with a full stop.
func closesWithStop(text string, at int, r rune) bool {
	if !strings.ContainsRune("\"”’'」』»", r) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:at-utf8.RuneLen(r)])
	return strings.ContainsRune(".!?。！？", before)
}

var attribution = regexp.MustCompile(`^\s*(?:[\p{L}\p{N}.,'’ -]{0,80}?\b(?:` + sayWords + `)\b|(?:라고|이라고|고|며)[\s,])`)

// stopsAfterQuote says whether a new sentence begins behind a quotation, rather than
// the words that say whose it is.
func (d *document) stopsAfterQuote(at, end int) bool {
	rest := strings.TrimLeftFunc(d.text[at:end], blank)
	if rest == "" {
		return true
	}
	line := rest[:min(len(rest), 160)]
	if i := strings.IndexAny(line, ".!?\"“"); i >= 0 {
		line = line[:i]
	}
	first, _ := utf8.DecodeRuneInString(rest)
	return first != ',' && !unicode.IsLower(first) && !attribution.MatchString(line) && !unicode.Is(unicode.Hangul, first)
}
