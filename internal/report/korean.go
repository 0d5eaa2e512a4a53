package report

import (
	"regexp"
	"strings"

	"safehouse/internal/evidence"
)

// In Korean the verb comes last: speaker with a particle, content with 고, verb.
var korean = phrasebook{
	cue: regexp.MustCompile(`((?:말|전|주장|설명|강조|지적|비판|촉구|요구|호소|부인|보도|발표|반박|증언|경고|우려|요청|확인|답|토로|당부|규탄|인정|거부|언급|진술|고백|일축|비난|애원|제안|선언|공개|답변|회고|추정|평가)(?:했|하였|한|해 왔|해왔)|밝혔|밝힌|덧붙였|알렸|털어놨|내다봤|되풀이했|물었)(?:다|으며|고|지만|는데|습니다|던)?`),
	forms: []struct {
		words string
		form  evidence.Form
	}{
		{"촉구", evidence.Demands}, {"요구", evidence.Demands}, {"당부", evidence.Demands}, {"요청", evidence.Demands},
		{"호소", evidence.Pleads}, {"애원", evidence.Pleads}, {"부인", evidence.Denies}, {"일축", evidence.Denies}, {"반박", evidence.Denies},
	},
	notAware:  regexp.MustCompile(`(?:알지 못|모른다|아는 바 없|알고 있지 않|파악하지 못|들은 바 없|구체적인 상황을 알지)`),
	noComment: regexp.MustCompile(`(?:논평|언급|답변|확인)(?:을|를|은|에)? ?(?:거부|피|하지 않|응하지 않|삼가)|노코멘트`),
	pleading:  regexp.MustCompile(`살려 ?(?:주|달)|도와 ?(?:주|달)|구해 ?(?:주|달)`),
}

var (
	// koTopic is a word with the particle of a subject. The first that is no verb in
	// disguise ends the words for who speaks.
	koTopic    = regexp.MustCompile(`([^\s,.\x01]+?)(은|는|측은|측이|이|가|께서)(?:[\s,]|$)`)
	koNoTopic  = regexp.MustCompile(`(?:하|되|있|없|받|않|같|많|했|였|았|었|려|라|다|지|오|가|주|보|사|에서|에게|에|으로|까지|부터|이라|이하|입|먹|찍|남|숨|죽|좋|작|맞|갖|넘|늦|싶|앉|잡|밝히|알리|따르|모르|다니|떠나|숨기|이|놓|짓|늙)$`)
	koLead     = regexp.MustCompile(`^(?:그러나|하지만|한편|이어|또|또한|그리고|이에 대해|이에|앞서|특히|다만|아울러|반면|반면에|그런데|이와 관련해|그러면서)[\s,]+`)
	koManner   = regexp.MustCompile(`^(?:이날|같은 날|현지시간|\([^)]{1,20}\)|(?:[^\s\x01]{1,12} ){0,3}[^\s\x01]{0,12}(?:성명|회견|기자회견|브리핑|인터뷰|통화|보고서|논평|자료|담화|연설|방송|회의|청문회|보도자료|전화)(?:에서|을 통해|를 통해|에)|[^\s\x01]{1,10}(?:에게|와의 통화에서|과의 통화에서)|이같이|이렇게|거듭|재차|공식|다시)[\s,]*`)
	koAccord   = regexp.MustCompile(`(에 따르면|에 의하면)[\s,]*`)
	koCiting   = regexp.MustCompile(`([^\s,\x01]+(?: [^\s,\x01]+){0,3}?)(?:을|를|의 말을) (인용해|인용하여|인용,)`)
	koParticle = regexp.MustCompile(`^\s?(?:이?라고도?|고도?|이?라며|며|이?라면서|면서|는|이?라는)`)
	koSaid     = regexp.MustCompile(`(다|라|자|냐|달라|말라)(고도?|며|면서)[\s,]*[^\s\x01]{0,8}[\s,]*$`)
	koObject   = regexp.MustCompile(`(?:것을|을|를)[\s,]*(?:강력히|거듭|강하게|공식|전면)?\s*$`)
)

// koreanSentence drafts what one sentence attributes.
func (l *listener) koreanSentence(s sentence, paragraph int) {
	text := l.outside(s)
	from := 0
	if m := koAccord.FindStringSubmatchIndex(text); m != nil && m[0] > 0 {
		from = l.koreanAccording(s, text, m)
	}
	for _, m := range korean.cue.FindAllStringSubmatchIndex(text, -1) {
		if m[0] < from {
			continue
		}
		if l.koreanCue(s, text, from, m, paragraph) {
			from = m[1]
		}
	}
}

// koreanAccording reads "X에 따르면 …": all that follows is X's.
func (l *listener) koreanAccording(s sentence, text string, m []int) int {
	begin := len(koLead.FindString(text))
	if i := strings.LastIndexAny(text[:m[0]], ",\x01"); i >= 0 {
		begin = i + 1
	}
	begin = l.pastManner(s, text, begin, m[0])
	if strings.TrimSpace(text[begin:m[0]]) == "" {
		return m[1]
	}
	l.attributed(s, s.shift(begin, m[0]), s.shift(m[2], m[3]), s.shift(m[1], len(strings.TrimRight(text, ". "))), evidence.Asserts)
	return len(text)
}

// pastManner goes past when and how something was said.
func (l *listener) pastManner(s sentence, text string, at, end int) int {
	for at < end {
		n := at + len(text[at:end]) - len(strings.TrimLeft(text[at:end], " ,"))
		if to, ok := l.d.dateStart[s.from+n]; ok && to-s.from < end {
			n = to - s.from
			for _, p := range []string{"에는", "에", "자"} {
				if strings.HasPrefix(text[n:end], p) {
					n += len(p)
					break
				}
			}
		} else {
			n += len(koManner.FindString(text[n:end]))
		}
		if n == at {
			return at
		}
		at = n
	}
	return end
}

// koreanCue drafts what stands before one verb.
func (l *listener) koreanCue(s sentence, text string, from int, m []int, paragraph int) bool {
	cue := s.shift(m[2], m[1])
	speaker, after := l.koreanSpeaker(s, text, from, m[0])
	if speaker.empty() {
		speaker, after = l.lastSpeaker(paragraph), from
	}
	if speaker.empty() {
		return false
	}
	said := false
	for _, q := range s.quotes {
		a, b := q.from-s.from, q.to-s.from
		if a >= from && b <= m[0] && koParticle.MatchString(text[b:]) {
			l.attributed(s, speaker, cue, q, korean.form(l.d.cut(cue), l.d.cut(q)))
			said = true
		}
	}
	if said {
		return true
	}
	begin := l.pastManner(s, text, after, m[0])
	end := -1
	if t := koSaid.FindStringSubmatchIndex(text[begin:m[0]]); t != nil {
		end = begin + t[3]
	} else if t := koObject.FindStringIndex(text[begin:m[0]]); t != nil {
		end = begin + t[0]
		if strings.HasPrefix(text[end:], "것을") {
			end += len("것")
		}
	}
	if end <= begin {
		return false
	}
	content := s.shift(begin, end)
	form := korean.form(l.d.cut(cue), l.d.cut(content))
	if strings.Contains(text[m[2]:m[3]], "거부") {
		if !strings.Contains(text[begin:m[0]], "논평") && !strings.Contains(text[begin:m[0]], "언급") && !strings.Contains(text[begin:m[0]], "답변") {
			return false
		}
		form = evidence.NoComment
	}
	if c := koCiting.FindStringSubmatchIndex(text[begin:end]); c != nil {
		inner := s.shift(begin+c[1], end)
		l.attributed(s, speaker, cue, inner, evidence.Reports)
		l.attributed(s, s.shift(begin+c[2], begin+c[3]), s.shift(begin+c[4], begin+c[5]), inner, evidence.Asserts)
		return true
	}
	l.attributed(s, speaker, cue, content, form)
	return true
}

// koreanSpeaker finds who is the subject: the first topic, else the last subject
// before the verb. It gives the place after it.
func (l *listener) koreanSpeaker(s sentence, text string, from, to int) (stretch, int) {
	from += len(text[from:to]) - len(strings.TrimLeft(text[from:to], " ,"))
	from += len(koLead.FindString(text[from:to]))
	begin, found, after := from, stretch{}, from
	for at := from; at < to; {
		m := koTopic.FindStringSubmatchIndex(text[at:to])
		if m == nil {
			break
		}
		stem, particle := text[at+m[2]:at+m[3]], text[at+m[4]:at+m[5]]
		end := at + m[3]
		topic := particle == "은" || particle == "는" || particle == "측은"
		bad := koNoTopic.MatchString(stem) && !strings.HasSuffix(stem, "관계자") && stem != "그" && stem != "이들"
		if !bad && (topic || found.empty()) {
			if i := strings.LastIndexAny(text[begin:end], ",\x01"); i >= 0 {
				begin += i + 1
			}
			begin = l.pastManner(s, text, begin, at+m[2])
			found, after = s.shift(begin, end), at+m[5]
			if topic {
				break
			}
		}
		at += m[5]
	}
	if !found.empty() && len([]rune(l.d.cut(found))) > 50 {
		return stretch{}, from
	}
	return l.d.trimmed(found), after
}
