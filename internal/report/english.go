package report

import (
	"strings"

	"safehouse/internal/evidence"
)

// A speech is an attributed statement before it has a number.
type speech struct {
	speaker, cue, content stretch
	form                  evidence.Form
	speakerOf             stretch // the words around the speaker that may name them more fully
}

// A listener goes through the paragraphs and keeps what one sentence needs of the
// ones before it.
type listener struct {
	d        *document
	out      []speech
	open     bool // a quotation was not closed when the paragraph ended
	pending  []stretch
	sentence sentence
}

// english drafts what the sentences of a paragraph attribute.
func (l *listener) english(p stretch) {
	carried := l.open && len(l.out) > 0
	l.open = false
	paragraph := len(l.out)
	l.pending = nil
	for i, s := range l.d.sentences(p) {
		l.sentence = s
		before := len(l.out)
		c := l.d.clause(s)
		c.find()
		l.acts(c)
		l.according(c)
		l.colon(c)
		switch {
		case len(l.out) > before:
			l.settle(before)
		case wholly(c):
			l.alone(c, carried && i == 0 || len(l.out) > paragraph)
		}
		if n := len(s.quotes); n > 0 && !l.closed(s.quotes[n-1]) {
			l.open = true
		}
	}
}

// closed says whether a quotation ends with its mark.
func (l *listener) closed(q stretch) bool {
	inner := l.d.inner(q)
	return inner.to < q.to
}

// wholly says whether a sentence is nothing but a quotation.
func wholly(c *clause) bool {
	quotes := 0
	for i := range c.toks {
		switch {
		case c.is(i, word):
			return false
		case c.is(i, quote):
			quotes++
		}
	}
	return quotes > 0
}

// alone takes a quotation without a verb: it belongs to who spoke last in the
// paragraph, or to who is named next.
func (l *listener) alone(c *clause, mine bool) {
	for _, t := range c.toks {
		if t.kind != quote {
			continue
		}
		if mine && len(l.out) > 0 {
			from := l.out[len(l.out)-1]
			l.add(speech{speaker: from.speaker, cue: from.cue, content: l.d.inner(t.stretch), form: evidence.Asserts})
			continue
		}
		l.pending = append(l.pending, t.stretch)
	}
}

// settle gives quotations that waited to the one who was named next.
func (l *listener) settle(from int) {
	for _, q := range l.pending {
		who := l.out[from]
		l.add(speech{speaker: who.speaker, cue: who.cue, content: l.d.inner(q), form: evidence.Asserts})
	}
	l.pending = nil
}

// inner is a quotation without its marks.
func (d *document) inner(q stretch) stretch {
	text := d.text[q.from:q.to]
	for open, shut := range closing {
		if rest, ok := strings.CutPrefix(text, string(open)); ok {
			q.from += len(text) - len(rest)
			if inside, ok := strings.CutSuffix(rest, string(shut)); ok {
				q.to -= len(rest) - len(inside)
			}
			break
		}
	}
	return d.trimmed(q)
}

func (l *listener) add(s speech) {
	s.content = l.d.tidy(s.content)
	if s.speaker.empty() || s.cue.empty() || s.content.empty() {
		return
	}
	l.out = append(l.out, s)
}

// tidy leaves out marks around a content.
func (d *document) tidy(s stretch) stretch {
	text := d.text[s.from:s.to]
	left := strings.TrimLeft(text, " \t\n,;:–—-\u00a0\u3000，：；、")
	s.from += len(text) - len(left)
	right := strings.TrimRight(left, " \t\n,;:–—-\u00a0\u3000，：；、")
	s.to -= len(left) - len(right)
	return s
}

// acts turns the acts of a sentence into speeches.
func (l *listener) acts(c *clause) {
	var subject []stretch
	for n := range c.acts {
		a := &c.acts[n]
		if a.shared {
			a.subject = subject
			if subject == nil {
				a.subject = c.mainSubject(a.verb)
			}
		} else if a.shape != participle {
			subject = a.subject
		}
		l.act(c, n)
	}
}

// mainSubject is who the sentence begins with.
func (c *clause) mainSubject(before int) []stretch {
	from := c.pastLead(0, before)
	if from >= before || c.is(from, quote) {
		return nil
	}
	return c.people(from, c.headEnd(from, before))
}

// act is one of them, by its frame.
func (l *listener) act(c *clause, n int) {
	a := c.acts[n]
	next := c.low(a.verb + 1)
	switch {
	case a.passive:
		l.passive(c, a)
	case a.frame == names && (next == "on" || next == "upon" || next == "for"):
		l.behind(c, n, a.verb+1, evidence.Demands)
	case a.frame == pleads:
		if next == "for" || next == "with" || next == "to" || next == "that" || c.is(a.verb+1, quote) || c.is(a.verb+1, mark) {
			l.pleads(c, n)
		}
	case a.frame == asks:
		if !isQuestion(c, a) {
			l.behind(c, n, a.verb, a.form)
		}
	case a.frame == names:
		if l.isNaming(c, a) {
			l.behind(c, n, a.verb, a.form)
		}
	case a.frame == of:
		if next != "of" {
			l.behind(c, n, a.verb, a.form)
		}
	case a.frame == as:
		l.behind(c, n, a.verb, a.form)
	case a.frame == declines:
		if next == "to" && set("comment confirm answer say discuss respond elaborate")[c.low(a.verb+2)] {
			l.behind(c, n, a.verb, evidence.NoComment)
		}
	case a.frame == shows:
		if len(a.subject) == 1 && documents[strings.ToLower(lastWord(l.d.cut(a.subject[0])))] && a.shape != participle {
			l.behind(c, n, a.verb, a.form)
		}
	case a.negated:
		l.silent(c, n)
	default:
		l.says(c, n)
	}
}

func lastWord(s string) string {
	f := strings.Fields(s)
	if len(f) == 0 {
		return ""
	}
	return f[len(f)-1]
}

// pleads keeps the preposition with the verb.
func (l *listener) pleads(c *clause, n int) {
	a := c.acts[n]
	to := a.verb
	if next := c.low(a.verb + 1); next == "for" {
		to++
	}
	l.behind(c, n, to, a.form)
}

// isQuestion says whether "asked" only asks, or asks for no more than not to be
// named.
func isQuestion(c *clause, a act) bool {
	i := a.verb + 1
	w := c.low(i)
	if w == "whether" || w == "if" || w == "about" || w == "what" || w == "why" || w == "how" || w == "who" || w == "where" || w == "when" {
		return true
	}
	for n := i; n < i+4; n++ {
		if c.low(n) == "to" && c.low(n+1) == "be" && set("identified named quoted called known described referred")[c.low(n+2)] {
			return true
		}
		if (c.low(n) == "about" || c.low(n) == "whether") && n < i+3 {
			return true
		}
	}
	return w == "not" && c.low(i+1) == "to" && c.low(i+2) == "be"
}

// isNaming says whether "called" gives somebody a name for what they are.
func (l *listener) isNaming(c *clause, a act) bool {
	w := c.low(a.verb + 1)
	return set("them him her it us me themselves the these those this that its their his")[w] || c.upper(a.verb+1) && a.shape == third
}

// behind makes a speech of what stands behind a verb.
func (l *listener) behind(c *clause, n, cueTo int, form evidence.Form) {
	a := c.acts[n]
	from := cueTo + 1
	for c.low(from) == "," || c.low(from) == ":" {
		from++
	}
	l.speak(a, c.between(a.verb, cueTo+1), c.between(from, c.contentEnd(n, from)), form, c)
}

// speak adds one speech for each of the speakers.
func (l *listener) speak(a act, cue, content stretch, form evidence.Form, c *clause) {
	if content.empty() {
		return
	}
	if weak[l.d.cut(cue)] && !l.saysSomething(c, a, content) {
		return
	}
	if inner, ok := c.quoted(content); ok {
		content = inner
	}
	for _, who := range a.subject {
		if l.canSpeak(who) {
			l.add(speech{speaker: who, cue: cue, content: content, form: refine(form, l.d.cut(content)), speakerOf: c.around()})
		}
	}
}

// saysSomething says whether a content is a clause or a quotation.
func (l *listener) saysSomething(c *clause, a act, content stretch) bool {
	for i, t := range c.toks {
		if t.from >= content.from && t.to <= content.to && (t.kind == quote || c.finite(i)) {
			return true
		}
	}
	return content.to <= c.toks[a.verb].from
}

func (c *clause) around() stretch { return c.between(0, len(c.toks)) }

// quoted gives the inside of a content that is one quotation and nothing else.
func (c *clause) quoted(content stretch) (stretch, bool) {
	for _, t := range c.toks {
		if t.kind == quote && t.from >= content.from && t.to <= content.to {
			if tidy := c.d.tidy(content); t.from <= tidy.from && t.to >= tidy.to {
				return c.d.inner(t.stretch), true
			}
		}
	}
	return content, false
}

// canSpeak says whether words can be somebody.
func (l *listener) canSpeak(who stretch) bool {
	words := strings.Fields(strings.ToLower(l.d.cut(who)))
	if len(words) == 0 || len(words) > 24 {
		return false
	}
	if prepositions[words[0]] || subordinate[words[0]] || unspeaking[words[0]] || auxiliaries[words[0]] {
		return false
	}
	return !isNumber(words[len(words)-1])
}

var unspeaking = set("there here this that what which who to being")

// refine reads the form out of the content, where the verb leaves it open.
func refine(form evidence.Form, content string) evidence.Form {
	low := strings.ToLower(strings.ReplaceAll(content, "’", "'"))
	if form != evidence.Asserts {
		return form
	}
	for _, w := range []string{"not aware of", "unaware of", "no knowledge of", "no information about", "no information on", "not familiar with", "aware of no", "not have any information", "not have information", "not know about"} {
		if strings.Contains(low, w) && len(low) < 300 {
			return evidence.NotAware
		}
	}
	if strings.Contains(low, "no comment") || strings.Contains(low, "nothing to say about") {
		return evidence.NoComment
	}
	for _, w := range []string{"please save", "please help", "save us", "help us", "we beg", "rescue us", "i beg"} {
		if strings.Contains(low, w) {
			return evidence.Pleads
		}
	}
	return form
}

// silent is "did not respond to a request for comment", and nothing else.
func (l *listener) silent(c *clause, n int) {
	a := c.acts[n]
	if !set("respond reply answer comment return")[c.low(a.verb)] {
		return
	}
	l.speak(a, c.between(a.group, a.verb+1), c.between(a.verb+1, c.contentEnd(n, a.verb+1)), evidence.NoComment, c)
}

// passive is "he was told by the police that": the police said it.
func (l *listener) passive(c *clause, a act) {
	if a.frame != tells {
		return
	}
	if c.low(a.verb+1) != "by" {
		return
	}
	who, i := c.nounPhrase(a.verb + 2)
	a.subject = who
	l.speak(a, c.between(a.group, a.verb+1), c.between(c.afterThat(i), c.end()), evidence.Asserts, c)
}

func (c *clause) afterThat(i int) int {
	i = c.adjuncts(i)
	if c.low(i) == "," {
		i++
	}
	if c.low(i) == "that" {
		i++
	}
	return i
}

// says is the widest frame: the content before the verb, behind it, or on both sides.
func (l *listener) says(c *clause, n int) {
	a := c.acts[n]
	cue := c.between(a.verb, a.verb+1)
	if a.shared && a.shape != participle && c.inverts(a) {
		a.subject, _ = c.nounPhrase(a.verb + 1)
		l.before(c, a, a.group, cue)
		_, next := c.nounPhrase(a.verb + 1)
		l.quotesFrom(c, a, next, cue)
		return
	}
	rest := a.verb + 1
	form := a.form
	if a.frame == tells {
		rest = c.object(rest)
		if c.low(rest) == "to" || c.low(rest) == "not" && c.low(rest+1) == "to" {
			l.behind(c, n, a.verb, evidence.Demands)
			return
		}
	}
	rest = c.adjuncts(rest)
	switch {
	case rest >= c.end():
		l.before(c, a, a.start, cue)
	case c.low(rest) == "," && (c.is(a.start-1, quote) || c.low(a.start-1) == ",") && !c.is(rest+1, quote):
		l.parenthesis(c, a, rest, cue)
	case c.is(a.start-1, quote) && c.is(rest, mark):
		l.before(c, a, a.start, cue)
		l.quotesFrom(c, a, rest, cue)
	case c.is(a.start-1, quote) && !a.shared && !c.is(rest, quote) && c.low(rest) != "that":
		l.before(c, a, a.start, cue)
	default:
		if c.low(rest) == "," || c.low(rest) == ":" {
			rest++
		}
		if c.low(rest) == "that" {
			rest++
		}
		l.speak(a, cue, c.between(rest, c.contentEnd(n, rest)), form, c)
	}
}

// inverts says whether the verb stands before its subject: "…," said a woman.
func (c *clause) inverts(a act) bool {
	if a.group == 0 || !c.is(a.group-1, quote) && c.low(a.group-1) != "," {
		return false
	}
	return !c.clauseFollows(a.verb+1) && (c.is(a.verb+1, word) && c.couldBegin(a.verb+1) || pronouns[c.low(a.verb+1)] || c.is(a.verb+1, word) && !prepositions[c.low(a.verb+1)])
}

// before takes what stands before the words of attribution: the quotation there, or
// the clause.
func (l *listener) before(c *clause, a act, to int, cue stretch) {
	for to > 0 && c.is(to-1, mark) {
		to--
	}
	if to == 0 {
		return
	}
	if c.is(to-1, quote) && (to == 1 || !c.hasFinite(0, to-1)) {
		for i := range to {
			if c.is(i, quote) {
				l.speak(a, cue, c.toks[i].stretch, a.form, c)
			}
		}
		return
	}
	from := 0
	if joints[c.low(0)] {
		from = 1
	}
	l.speak(a, cue, c.between(from, to), a.form, c)
}

// quotesFrom takes the quotations that go on behind the attribution.
func (l *listener) quotesFrom(c *clause, a act, from int, cue stretch) {
	for i := from; i < len(c.toks); i++ {
		if c.is(i, word) && cues[c.low(i)].isSaying() {
			return
		}
		if c.is(i, quote) && c.toks[i].to-c.toks[i].from > 12 {
			l.speak(a, cue, c.toks[i].stretch, a.form, c)
		}
	}
}

// parenthesis is "C, S said, C": the longer of both sides is the content.
func (l *listener) parenthesis(c *clause, a act, rest int, cue stretch) {
	if c.is(a.start-1, quote) || a.start > len(c.toks)-rest {
		l.before(c, a, a.start, cue)
		return
	}
	l.speak(a, cue, c.between(rest+1, c.end()), a.form, c)
}

// object goes past the one who is told.
func (c *clause) object(i int) int {
	switch {
	case c.is(i, quote), c.is(i, mark), c.low(i) == "that":
		return i
	case set("him her them us me it you")[c.low(i)]:
		return i + 1
	}
	for n := i; n < len(c.toks) && n < i+9; n++ {
		switch {
		case c.low(n) == "that", c.is(n, mark), c.is(n, quote), c.low(n) == "to", c.low(n) == "not":
			return n
		case n > i && c.upper(n-1) && !c.upper(n) && c.low(n) != "of" && c.low(n) != "and" && c.low(n) != "'s":
			return n
		case n > i && (determiners[c.low(n)] && c.low(n) != "'s" || pronouns[c.low(n)] || occasions[c.low(n-1)] || prepositions[c.low(n)] && c.low(n) != "of"):
			return n
		case n > i && c.upper(n) && !c.upper(n-1) && !determiners[c.low(n-1)]:
			return n
		}
	}
	return i + 1
}

// contentEnd is where the content of an act ends: at the end of the sentence, or
// where the next attribution begins.
func (c *clause) contentEnd(n, from int) int {
	end := c.end()
	for _, b := range c.acts[n+1:] {
		if b.passive || b.verb <= from {
			continue
		}
		i := min(b.start, b.group)
		joined := joints[c.low(i-1)] || bounds[c.low(i-1)] && c.low(i-2) == ","
		switch {
		case b.shape == participle && b.shared && c.low(b.group-1) == ",", b.shape == participle && joints[c.low(b.group-1)]:
			return min(end, b.group-1)
		case b.shared && joints[c.low(b.group-1)] && b.shape == c.acts[n].shape && i > from+1:
			return min(end, b.group-1)
		case joined && i-2 > from && c.low(i-2) == ",":
			return min(end, i-2)
		}
	}
	for i := from; i < end; i++ {
		if c.low(i) == "," && (c.low(i+1) == "according" || c.low(i+1) == "citing" || c.low(i+1) == "quoting") {
			return i
		}
	}
	return end
}

// according reads "according to S" and "citing S".
func (l *listener) according(c *clause) {
	for i := range c.toks {
		switch w := c.low(i); {
		case w == "according" && c.low(i+1) == "to":
			l.accordingTo(c, i)
		case (w == "citing" || w == "quoting") && c.is(i+1, word):
			l.citing(c, i)
		}
	}
}

func (l *listener) accordingTo(c *clause, i int) {
	who, next := c.nounPhrase(i + 2)
	a := act{subject: who, cue: cue{form: evidence.Asserts}}
	content := c.between(0, i)
	if i == 0 || i == 1 && !c.is(0, quote) || content.empty() {
		for next < len(c.toks) && c.low(next) != "," {
			next++
		}
		content = c.between(next, c.end())
	}
	l.speak(a, c.between(i, i+2), content, evidence.Asserts, c)
}

// citing is "Yonhap reported, citing an activist, that": what is reported is the
// activist's, and Yonhap only reports it.
func (l *listener) citing(c *clause, i int) {
	who, _ := c.nounPhrase(i + 1)
	a := act{subject: who}
	content := c.between(0, i)
	for k := len(l.out) - 1; k >= 0; k-- {
		if s := &l.out[k]; s.cue.from >= c.toks[0].from && s.content.from >= c.toks[0].from {
			content = s.content
			if s.form != evidence.Asserts {
				return
			}
			s.form = evidence.Reports
		}
	}
	l.speak(a, c.between(i, i+1), content, evidence.Asserts, c)
}

// colon is "Ada Brook: “…”".
func (l *listener) colon(c *clause) {
	for i := 1; i+1 < len(c.toks) && i < 12; i++ {
		if c.low(i) == ":" && c.is(i+1, quote) && len(c.acts) == 0 && c.upper(0) && !c.hasFinite(0, i) {
			a := act{subject: c.people(0, c.headEnd(0, i))}
			l.speak(a, c.toks[i].stretch, c.toks[i+1].stretch, evidence.Asserts, c)
			return
		}
	}
}
