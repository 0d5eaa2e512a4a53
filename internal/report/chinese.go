package report

import (
	"regexp"
	"strings"

	"safehouse/internal/evidence"
)

// In Chinese the speaker stands before the verb, and the content behind it or, as a
// quotation, before both.
var chinese = phrasebook{
	cue: regexp.MustCompile(`(补充说|补充道|说道|表示|指出|声称|宣称|强调|透露|认为|呼吁|要求|敦促|谴责|否认|警告|承认|证实|恳求|请求|哀求|写道|批评|宣布|指控|报道称|报道说|回应称|回应说|告诉[^，：:“\x01\s]{1,10}|坚称|声明称|反驳|拒绝|不予|未予|报道|称|说)`),
	forms: []struct {
		words string
		form  evidence.Form
	}{
		{"呼吁", evidence.Demands}, {"要求", evidence.Demands}, {"敦促", evidence.Demands}, {"恳求", evidence.Pleads}, {"请求", evidence.Pleads},
		{"哀求", evidence.Pleads}, {"否认", evidence.Denies}, {"反驳", evidence.Denies},
	},
	notAware:  regexp.MustCompile(`不了解|不知情|不清楚|不掌握|没有掌握|未听说|没有听说`),
	noComment: regexp.MustCompile(`置评|不作评论|无可奉告`),
	pleading:  regexp.MustCompile(`救救我们|请救|请帮|求求|帮帮我们`),
}

var (
	zhNotCue   = regexp.MustCompile(`^(?:说明|说法|说服|称为|称号|称之|要求者|报道员|表示了?(?:感谢|敬意|欢迎))`)
	zhNotAfter = regexp.MustCompile(`(?:小|据|听|名|职|号|被|所|可以|就是|传|简|俗|统|自|堪|的|人)$`)
	zhLead     = regexp.MustCompile(`^(?:但是?|而|不过|然而|另外|此外|同时|随后|并且?|对此|其后|之后|与此同时|另一方面|还|也|又)[，\s]*`)
	zhManner   = regexp.MustCompile(`(?:在(?:[^，。\x01]{0,20}?)(?:声明|发布会|采访|记者会|报告|会上|会议|讲话|电话|通报|记者|访问|视频|文章|网站|例行)|当天|当日|日前|近日|通过|对(?:[^，。\x01]{1,14})(?:说|表示|称|透露)?$|向(?:[^，。\x01]{1,12})$|接受|周[一二三四五六日]|星期[一二三四五六日]|[早稍]些时候|随后|再次|也|还|则|曾|均|都|已|进一步|公开|明确|于|并)`)
	zhAccord   = regexp.MustCompile(`(?:根据|据)([^，。：“\x01\s]{2,30}?)(?:的)?(报道|消息|称|说|透露|表示|介绍|说法|报告|声明|通报)(?:称|说)?[，：:]`)
	zhCiting   = regexp.MustCompile(`(援引|引述|引用)([^，。：“\x01\s]{2,24}?)(?:的话|的说法|的消息)?(?:报道|说|称|表示|指出|透露)*[，：:]`)
	zhBreak    = regexp.MustCompile(`[，；。]`)
)

// chineseSentence drafts what one sentence attributes.
func (l *listener) chineseSentence(s sentence, paragraph int) {
	text := l.outside(s)
	end := len(strings.TrimRight(text, "。！？.!? "))
	from := 0
	if m := zhAccord.FindStringSubmatchIndex(text); m != nil {
		l.attributed(s, s.shift(m[2], m[3]), s.shift(m[4], m[5]), s.shift(m[1], end), evidence.Asserts)
		return
	}
	reported := stretch{}
	if m := zhCiting.FindStringSubmatchIndex(text); m != nil {
		reported = s.shift(m[1], end)
		if speaker := l.chineseSpeaker(s, text, 0, m[0]); !speaker.empty() {
			l.attributed(s, speaker, s.shift(m[2], m[3]), reported, evidence.Reports)
		}
		l.attributed(s, s.shift(m[4], m[5]), s.shift(m[2], m[3]), reported, evidence.Asserts)
		return
	}
	for from < end {
		m := chinese.cue.FindStringSubmatchIndex(text[from:end])
		if m == nil {
			return
		}
		a, b := from+m[2], from+m[3]
		from = b
		if zhNotCue.MatchString(text[a:]) || zhNotAfter.MatchString(text[:a]) && text[a:b] != "报道称" {
			continue
		}
		if to, ok := l.chineseCue(s, text, a, b, end, paragraph); ok {
			from = max(from, to)
		}
	}
}

// clauseBegin is where the clause of a place begins.
func clauseBegin(text string, at int) int {
	i := strings.LastIndexAny(text[:at], "，；。：:\x01,")
	if i < 0 {
		return 0
	}
	if text[i] == 0x01 || text[i] == ':' || text[i] == ',' {
		return i + 1
	}
	return i + 3
}

// chineseCue drafts the content of one verb, and says where it ends.
func (l *listener) chineseCue(s sentence, text string, a, b, end, paragraph int) (int, bool) {
	begin := clauseBegin(text, a)
	speaker := l.chineseSpeaker(s, text, begin, a)
	if speaker.empty() {
		if speaker = l.lastSpeaker(paragraph); speaker.empty() || strings.TrimSpace(zhLead.ReplaceAllString(text[begin:a], "")) != "" {
			return 0, false
		}
	}
	cue := s.shift(a, b)
	words := text[a:b]
	if words == "拒绝" || words == "不予" || words == "未予" {
		if !strings.HasPrefix(text[b:], "置评") && !strings.HasPrefix(text[b:], "评论") && !strings.HasPrefix(text[b:], "回应") {
			return 0, false
		}
		l.attributed(s, speaker, cue, s.shift(b, l.chineseEnd(text, b, end)), evidence.NoComment)
		return end, true
	}
	rest := b + len(text[b:end]) - len(strings.TrimLeft(text[b:end], "，：: ,"))
	if rest >= end || strings.HasPrefix(text[rest:], "\x01") {
		return l.chineseQuotes(s, speaker, cue, begin, rest, end)
	}
	if words == "报道" || (words == "要求" || words == "请求") && strings.HasPrefix(text[b:], "，") {
		return 0, false
	}
	to := l.chineseEnd(text, rest, end)
	content := s.shift(rest, to)
	l.attributed(s, speaker, cue, content, chinese.form(words, l.d.cut(content)))
	return to, true
}

// chineseQuotes takes the quotations behind a verb; where there are none, those
// before it.
func (l *listener) chineseQuotes(s sentence, speaker, cue stretch, begin, rest, end int) (int, bool) {
	done := false
	for _, q := range s.quotes {
		behind := q.from-s.from >= rest
		if behind == (rest < end) {
			l.attributed(s, speaker, cue, q, chinese.form(l.d.cut(cue), l.d.cut(q)))
			done = true
		}
	}
	if !done && begin > 6 {
		l.attributed(s, speaker, cue, s.shift(0, begin), chinese.form(l.d.cut(cue), l.d.cut(s.shift(0, begin))))
		done = true
	}
	return end, done
}

// chineseEnd is where a content ends: before a clause with a verb of its own that
// attributes.
func (l *listener) chineseEnd(text string, from, end int) int {
	for at := from; at < end; {
		m := zhBreak.FindStringIndex(text[at:end])
		if m == nil {
			return end
		}
		next := at + m[1]
		clause := text[next:end]
		if i := strings.IndexAny(clause, "，；"); i >= 0 {
			clause = clause[:i]
		}
		c := chinese.cue.FindStringIndex(clause)
		if c != nil && (c[0] == 0 || zhLead.FindString(clause) != "" || c[0] < 36 && strings.HasSuffix(clause, clause[c[0]:c[1]])) && !zhNotCue.MatchString(clause[c[0]:]) && !zhNotAfter.MatchString(clause[:c[0]]) {
			return at + m[0]
		}
		at = next
	}
	return end
}

// chineseSpeaker is what stands between the beginning of the clause and the verb,
// without when and how.
func (l *listener) chineseSpeaker(s sentence, text string, begin, a int) stretch {
	begin += len(zhLead.FindString(text[begin:a]))
	for begin < a {
		to, ok := l.d.dateStart[s.from+begin]
		if !ok || to > s.from+a {
			break
		}
		begin = to - s.from
	}
	speaker := text[begin:a]
	if i := strings.LastIndexAny(speaker, "\x01"); i >= 0 {
		begin, speaker = begin+i+1, speaker[i+1:]
	}
	cut := len(speaker)
	for i := range speaker {
		if _, ok := l.d.dateStart[s.from+begin+i]; ok && i > 0 {
			cut = i
			break
		}
	}
	if m := zhManner.FindStringIndex(speaker[:cut]); m != nil {
		if m[0] == 0 {
			return stretch{}
		}
		cut = m[0]
	}
	speaker = speaker[:cut]
	if n := len([]rune(strings.TrimSpace(speaker))); n < 1 || n > 36 {
		return stretch{}
	}
	return l.d.trimmed(s.shift(begin, begin+len(speaker)))
}
