package report

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"safehouse/internal/evidence"
)

// A phrasebook is what Korean and Chinese paragraphs share: which words attribute,
// and what each makes of the content.
type phrasebook struct {
	cue   *regexp.Regexp // group 1 is the words that attribute
	forms []struct {
		words string
		form  evidence.Form
	}
	notAware, noComment *regexp.Regexp
	pleading            *regexp.Regexp
}

func (b *phrasebook) form(cue, content string) evidence.Form {
	form := evidence.Asserts
	for _, f := range b.forms {
		if strings.Contains(cue, f.words) {
			form = f.form
		}
	}
	switch {
	case form != evidence.Asserts:
		return form
	case b.noComment.MatchString(content):
		return evidence.NoComment
	case b.notAware.MatchString(content):
		return evidence.NotAware
	case b.pleading.MatchString(content):
		return evidence.Pleads
	}
	return form
}

// asian drafts what a Korean or Chinese paragraph attributes.
func (l *listener) asian(p stretch) {
	paragraph := len(l.out)
	for _, s := range l.d.sentences(p) {
		before := len(l.out)
		if l.d.language == "ko" {
			l.koreanSentence(s, paragraph)
		} else {
			l.chineseSentence(s, paragraph)
		}
		if len(l.out) == before && len(l.out) > paragraph && len(s.quotes) > 0 && l.nothingBut(s) {
			last := l.out[len(l.out)-1]
			for _, q := range s.quotes {
				l.attributed(s, last.speaker, last.cue, q, evidence.Asserts)
			}
		}
	}
}

// nothingBut says whether a sentence is only quotations and marks.
func (l *listener) nothingBut(s sentence) bool {
	return strings.IndexFunc(l.outside(s), unicode.IsLetter) < 0
}

// outside is a sentence in which every byte of a quotation is a blank: places stay
// as they are, and words that attribute are looked for outside only.
func (l *listener) outside(s sentence) string {
	b := []byte(l.d.cut(s.stretch))
	for _, q := range s.quotes {
		for i := max(0, q.from-s.from); i < min(len(b), q.to-s.from); i++ {
			b[i] = 0x01
		}
	}
	return string(b)
}

// attributed adds one speech; a content that is a quotation loses its marks.
func (l *listener) attributed(s sentence, speaker, cue, content stretch, form evidence.Form) {
	content = l.d.tidy(content)
	for _, q := range s.quotes {
		if q.from <= content.from && q.to >= content.to {
			content = l.d.inner(q)
		}
	}
	l.add(speech{speaker: l.d.tidy(speaker), cue: cue, content: content, form: form, speakerOf: s.stretch})
}

// shift moves a match in a sentence to its place in the text.
func (s sentence) shift(from, to int) stretch { return stretch{s.from + from, s.from + to} }

// lastSpeaker is who spoke last in the paragraph.
func (l *listener) lastSpeaker(paragraph int) stretch {
	if len(l.out) > paragraph {
		return l.out[len(l.out)-1].speaker
	}
	return stretch{}
}

// Names in Korean and Chinese stand without capitals: only what a word of its own
// marks is taken for one.
var (
	koOrganisation = regexp.MustCompile(`[\p{Hangul}A-Za-z]{1,15}(?:위원회|협회|연대|연합|재단|통신|뉴스|방송|신문|대사관|영사관|외교부|통일부|국방부|공안부|정보원|경찰청|법원|대학교|단체|기구|센터|워치|사무소|인권회|시민연합)`)
	koPlace        = regexp.MustCompile(`(?:중국|북한|한국|남한|일본|미국|러시아|몽골|태국|라오스|베트남|미얀마|캄보디아|서울|평양|베이징|선양|단둥|옌지|신의주|혜산)|[\p{Hangul}]{2,4}(?:시|성|도|군|현|구|읍)에서`)
	koPerson       = regexp.MustCompile(`([\p{Hangul}]{2,4}) ?(?:씨|목사|대변인|대표|국장|부국장|소장|변호사|기자|교수|연구원|활동가|사무총장|위원장|장관|의원|팀장)(?:는|은|이|가|의|에게|,| |$)`)
	koLocative     = regexp.MustCompile(`에서$`)
	koAlias        = regexp.MustCompile(`([\p{Hangul}]{2,4}|[A-Z]) ?(?:씨|목사|모 씨)? ?[(（] ?가명`)
	zhOrganisation = regexp.MustCompile(`[\p{Han}·]{0,10}?(?:人权观察|国际特赦组织|大赦国际|联合国|委员会|协会|基金会|通讯社|电视台|外交部|国防部|统一部|公安局|大使馆|领事馆|法院|人权组织|救援组织|联盟|新闻社|日报|办公室|办事处|中心)`)
	zhPlace        = regexp.MustCompile(`中国|朝鲜|韩国|日本|美国|俄罗斯|蒙古|泰国|老挝|越南|缅甸|柬埔寨|首尔|平壤|北京|沈阳|丹东|延吉|[^小在的从到和与自各本全\P{Han}]\p{Han}{1,2}(?:市|省|县|镇|州)`)
	zhPerson       = regexp.MustCompile(`(?:发言人|主任|牧师|律师|教授|记者|研究员|会长|部长|主席|总统|活动人士|负责人|代表|秘书长)([^会们的在说\P{Han}]\p{Han}{1,2}?|[\p{Han}]{1,6}·[\p{Han}]{1,6})(?:在|说|表示|称|指出|周|星期|告诉|，|于|昨|今|对|\d)`)
	zhAlias        = regexp.MustCompile(`(?:化名(?:为|叫|是)?[“"]?([\p{Han}]{2,3}?)(?:的|”|"|，|。|说|是|告诉|表示|在)|([\p{Han}]{2,3}) ?[(（]化名)`)
)

func (d *document) asianNames() {
	find := func(re *regexp.Regexp, kind string, protected bool, trim *regexp.Regexp) {
		for _, p := range append([]stretch{d.headline}, d.paragraphs...) {
			for _, m := range re.FindAllStringSubmatchIndex(d.cut(p), -1) {
				from, to := m[0], m[1]
				for g := 2; g+1 < len(m); g += 2 {
					if m[g] >= 0 {
						from, to = m[g], m[g+1]
					}
				}
				at := stretch{p.from + from, p.from + to}
				if trim != nil {
					at.to -= len(trim.FindString(d.cut(at)))
				}
				at = d.trimmed(at)
				if !at.empty() {
					d.know(entity{name: d.cut(at), kind: kind, at: at, protected: protected || kind == person && d.calledPseudonym(at)})
				}
			}
		}
	}
	if d.language == "ko" {
		find(koAlias, person, true, nil)
		find(koPerson, person, false, nil)
		find(koOrganisation, organisation, false, nil)
		find(koPlace, place, false, koLocative)
		return
	}
	find(zhAlias, person, true, nil)
	find(zhPerson, person, false, nil)
	find(zhOrganisation, organisation, false, nil)
	find(zhPlace, place, false, nil)
}

var (
	koCount = regexp.MustCompile(`(?:(약|최소|적어도|최대|최고|거의) ?)?(\d[\d,]{0,9}|수십|수백|수천|[한두세네]|다섯|여섯|일곱|여덟|아홉|열)(만|천|백)?(여)? ?(?:명|인(?:의| ))`)
	koNoun  = regexp.MustCompile(`(?:[\p{Hangul}]{1,8} )?([\p{Hangul}]{2,8}) ?$`)
	zhCount = regexp.MustCompile(`(约|大约|至少|最少|最多|多达|近|超过|不到)?(\d[\d,]{0,9}|数十|数百|数千|[一二两三四五六七八九十百千]{1,6})(万|千|百)?(多|余)?(?:名|位|个人|人)`)
	zhNoun  = regexp.MustCompile(`^(?:[\p{Han}]{0,4}?(?:脱北者|难民|朝鲜人|韩国人|中国人|男子|女子|妇女|女性|男性|儿童|孩子|公民|警察|士兵|活动人士|工人|村民|学生|证人|记者|律师|经纪人|家属|人|人员|渔民|牧师|逃亡者|幸存者))`)
)

// countAsian finds counts with a counter: 8명, 八名.
func (d *document) countAsian(p stretch) []count {
	re := koCount
	if d.language == "zh" {
		re = zhCount
	}
	text := d.cut(p)
	var out []count
	for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
		sub := func(g int) string {
			if m[2*g] < 0 {
				return ""
			}
			return text[m[2*g]:m[2*g+1]]
		}
		if r, _ := utf8.DecodeLastRuneInString(text[:m[0]]); unicode.IsDigit(r) || r == '第' {
			continue
		}
		c := count{stretch: d.trimmed(stretch{p.from + m[0], p.from + m[1]}), tally: asianTally(sub(1), sub(2), sub(3), sub(4))}
		if d.language == "ko" {
			before := text[max(0, m[0]-60):m[0]]
			if n := koNoun.FindStringSubmatchIndex(before); n != nil && koPeople[before[n[2]:n[3]]] {
				c.from -= len(before) - n[2]
				c.noun = before[n[2]:n[3]]
			}
		} else if n := zhNoun.FindString(text[m[1]:]); n != "" {
			c.to = p.from + m[1] + len(n)
			c.noun = n
		}
		if c.tally != (tally{1, 1, false}) || c.noun != "" {
			out = append(out, c)
		}
	}
	return out
}

var koPeople = set(`탈북자 탈북민 주민 북한이탈주민 난민 남성 여성 남자 여자 어린이 아동 시민 경찰 군인 활동가 노동자 학생 목격자 기자 변호사 브로커 중개인 가족 사람 피해자 생존자 수감자 북한인 중국인 한국인 승객 어부 일행 청년 여성들 사람들`)

func asianTally(bound, digits, factor, more string) tally {
	if strings.HasPrefix(digits, "수") || strings.HasPrefix(digits, "数") {
		return tally{estimate: true}
	}
	n, ok := numeral(digits)
	if !ok {
		n = asianNumber(digits)
	}
	n *= map[string]int{"": 1, "百": 100, "백": 100, "千": 1000, "천": 1000, "万": 10_000, "만": 10_000}[factor]
	switch bound {
	case "최소", "적어도", "至少", "最少":
		return atLeast(n)
	case "최대", "최고", "最多", "多达":
		return atMost(n)
	case "超过":
		return tally{n + 1, 0, true}
	case "不到":
		return tally{0, n - 1, true}
	case "":
		if more != "" {
			return tally{n, 0, true}
		}
		return tally{n, n, false}
	}
	return roughly(n)
}

var asianDigits = map[rune]int{'一': 1, '二': 2, '两': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}

// asianNumber reads 三十八 and 여덟.
func asianNumber(s string) int {
	for i, w := range strings.Fields("한 두 세 네 다섯 여섯 일곱 여덟 아홉 열") {
		if s == w {
			return i + 1
		}
	}
	total, digit := 0, 0
	for _, r := range s {
		switch unit := map[rune]int{'十': 10, '百': 100, '千': 1000}[r]; {
		case unit > 0:
			total += max(1, digit) * unit
			digit = 0
		default:
			digit = asianDigits[r]
		}
	}
	return total + digit
}
