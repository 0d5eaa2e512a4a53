package names

import (
	"strings"
	"sync"

	"golang.org/x/text/unicode/norm"
)

// A scheme is one way to read letters. Hangul and Hanja are the same in each.
type scheme int

const (
	korean scheme = iota
	pinyin
	wadeGiles
	cantonese
	transcribed // Mandarin in Hangul, after the South's rules for foreign words
	schemes
)

// chineseSpellings are the syllables that letters may be in each scheme.
var chineseSpellings = sync.OnceValue(func() (all [schemes]map[string][]cand) {
	t := table()
	for i := range all {
		all[i] = map[string][]cand{}
	}
	put := func(in scheme, letters string, s sound, cost int16) {
		all[in][letters] = add(all[in][letters], cand{s, cost})
	}
	for id, s := range t.sounds {
		if jyutping, ok := strings.CutPrefix(s, "Y"); ok {
			for i, letters := range hongKong(jyutping) {
				put(cantonese, letters, sound(id), int16(min(i*5, 15)))
			}
			continue
		}
		if !strings.ContainsAny(s, "aeiouv") {
			continue // an interjection
		}
		put(pinyin, s, sound(id), 0)
		if h := transcribe(s); h != "" {
			put(transcribed, h, sound(id), 0)
		}
		if strings.Contains(s, "v") {
			put(pinyin, strings.Replace(s, "v", "u", 1), sound(id), 8)
			put(pinyin, strings.Replace(s, "v", "yu", 1), sound(id), 0)
		}
		wg := wade(s)
		put(wadeGiles, wg, sound(id), 0)
		put(wadeGiles, strings.ReplaceAll(strings.ReplaceAll(wg, "'", ""), "v", "u"), sound(id), 20)
	}
	return all
})

// Wade-Giles of pinyin, by initial and by final; the longest initial first.
var (
	wadeInitials = [][2]string{
		{"zh", "ch"}, {"ch", "ch'"}, {"sh", "sh"}, {"b", "p"}, {"p", "p'"}, {"d", "t"}, {"t", "t'"}, {"g", "k"}, {"k", "k'"},
		{"j", "ch"}, {"q", "ch'"}, {"x", "hs"}, {"r", "j"}, {"z", "ts"}, {"c", "ts'"},
	}
	wadeFinals = map[string]string{
		"ian": "ien", "ie": "ieh", "ong": "ung", "iong": "iung", "ve": "veh", "er": "erh",
	}
	wadeWhole = map[string]string{
		"zi": "tzu", "ci": "tz'u", "si": "ssu", "zhi": "chih", "chi": "ch'ih", "shi": "shih", "ri": "jih", "yan": "yen", "ye": "yeh", "yi": "i",
		"yong": "yung", "you": "yu", "yu": "yv", "yue": "yveh", "yuan": "yvan", "yun": "yvn", "ge": "ko", "ke": "k'o", "he": "ho", "e": "o",
		"guo": "kuo", "kuo": "k'uo", "huo": "huo", "shuo": "shuo", "gui": "kuei", "kui": "k'uei", "er": "erh",
	}
)

func wade(s string) string {
	if w, ok := wadeWhole[s]; ok {
		return w
	}
	initial, final := "", s
	for _, i := range wadeInitials {
		if rest, ok := strings.CutPrefix(s, i[0]); ok {
			initial, final = i[1], rest
			break
		}
	}
	if initial == "" && len(s) > 1 && strings.IndexByte("mnlfhwys", s[0]) >= 0 {
		initial, final = s[:1], s[1:]
	}
	if s[0] == 'j' || s[0] == 'q' || s[0] == 'x' {
		if rest, ok := strings.CutPrefix(final, "u"); ok {
			final = "v" + rest
		}
	}
	if w, ok := wadeFinals[final]; ok {
		final = w
	}
	if final == "uo" {
		final = "o"
	}
	return initial + final
}

// How Hong Kong writes Cantonese, by initial and final of jyutping. There is no
// rule: these are the customary letters, the most usual first.
const (
	hongKongInitials = "b b p|p p|m m|f f|d d t|t t|n n|l l|gw kw gw|kw kw|g k g|k k|ng ng|h h|w w|z ch ts j tz|c ch ts tz|s s sh|j y| "
	hongKongFinals   = `aa a ah|aai ai|aau au|aam am|aan an|aang ang|aap ap|aat at|aak ak|ai ai|au au ow|am am um|an an un|ang ang ung|ap ap up
at at ut|ak ak uk|e e eh|ei ei ee i ay|eng eng ing|ek ek ik|i i ze ee|iu iu ew|im im|in in|ing ing|ip ip|it it|ik ik|o o oh|oi oi oy|ou o ou|on on|ong ong
ot ot|ok ok|u u oo|ui ui|un un oon|ung ung|ut ut oot|uk uk|oe oe|oeng eung ong|oek euk eok|eoi ui|eon un on|eot ut|yu u yu ue|yun un uen|yut ut uet`
)

var hongKongTables = sync.OnceValue(func() (all [2]map[string][]string) {
	for i, text := range []string{hongKongInitials, hongKongFinals} {
		all[i] = map[string][]string{}
		for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '|' || r == '\n' }) {
			parts := strings.Split(line, " ")
			all[i][parts[0]] = parts[1:]
		}
	}
	return all
})

func hongKong(jyutping string) (all []string) {
	if jyutping == "m" || jyutping == "ng" {
		return []string{"ng", "eng"}
	}
	t := hongKongTables()
	for n := 2; n >= 0; n-- {
		if n > len(jyutping) {
			continue
		}
		initial, ok := t[0][jyutping[:n]]
		finals := t[1][jyutping[n:]]
		if !ok || len(finals) == 0 {
			continue
		}
		for _, f := range finals {
			for _, i := range initial {
				if i == "y" && (f[0] == 'i' || f == "u" && jyutping[n:] == "yu") {
					all = append(all, i+f)
					if len(f) > 1 {
						f = f[1:] // yam is j-im too: yim
					}
				}
				all = append(all, i+f)
			}
		}
		return all
	}
	return nil
}

// doubles are Chinese family names of two syllables.
var doubles = map[string]bool{
	"ou yang": true, "si ma": true, "zhu ge": true, "shang guan": true, "huang fu": true, "ling hu": true, "dong fang": true,
	"mu rong": true, "xia hou": true, "si tu": true, "nan gong": true, "gong sun": true, "zhang sun": true, "yu wen": true, "wei chi": true,
}

// families are the sounds of the frequent Chinese family names.
const families = ` wang li zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo liang song zheng xie han tang feng yu dong
xiao cheng cao yuan deng fu shen zeng peng lv su lu jiang cai jia ding wei xue ye yan pan du dai xia zhong tian ren fan fang shi yao tan sheng zou
xiong jin hao kong bai cui kang mao qiu qin gu hou shao meng long wan duan zhang qian lei tang yin li yi chang wu qiao he lai gong wen pang lan
yin an ni qi mi jiao bi nie shu niu ji bao geng zuo qu cui tao ge you bian xin miao lian che guan zhan mu ling mei ru piao pu jing ai lang
shan xi ou sang jie kuang mo dan shui ba hua yang si tong min tu chi gan nan kan cen shuai zhuo ruan `

func cutChinese(t token, in scheme) []cut {
	letters := t.chinese(in)
	if len(letters) > longestWord {
		return nil
	}
	spellings := chineseSyllables()[in]
	at := make([][]edge, len(letters))
	for i := range at {
		for n := 1; n <= 9 && i+n <= len(letters); n++ {
			if e, ok := spellings[letters[i:i+n]]; ok {
				e.end = i + n
				at[i] = append(at[i], e)
			}
		}
	}
	return walk(letters, at)
}

// chineseSyllables are chineseSpellings with the Hangul that they may stand for.
var chineseSyllables = sync.OnceValue(func() (all [schemes]map[string]edge) {
	for in, spellings := range chineseSpellings() {
		all[in] = make(map[string]edge, len(spellings))
		for letters, zh := range spellings {
			e := edge{zh: zh}
			if scheme(in) == pinyin || scheme(in) == wadeGiles {
				e.ko = hangulOf(zh)
			}
			all[in][letters] = e
		}
	}
	return all
})

// chinese are the letters of a token that a scheme looks at.
func (t token) chinese(in scheme) string {
	switch {
	case in == wadeGiles:
		return aspirated(t.text)
	case in == transcribed && t.script == inHangul:
		return t.text
	case in == transcribed:
		return ""
	}
	return t.plain
}

// familyOf are the Korean family names that a Mandarin syllable may be.
func familyOf(zh []cand) (all []cand) {
	for _, z := range zh {
		for _, k := range familySounds()[z.sound] {
			all = add(all, cand{k.sound, k.cost + z.cost})
		}
	}
	return all
}

var familySounds = sync.OnceValue(func() map[sound][]cand {
	all := map[sound][]cand{}
	for hangul, hanja := range surname().hanja {
		r := []rune(hangul)
		for _, h := range hanja {
			if c := table().chars[h]; c != nil && len(r) == 1 {
				for _, z := range c.zh {
					all[z.sound] = add(all[z.sound], cand{sound(r[0] - hangulFirst), 12 + z.cost})
				}
			}
		}
	}
	return all
})

// hangulOf are the Korean syllables that a Mandarin one may stand for.
func hangulOf(zh []cand) (all []cand) {
	for _, z := range zh {
		for _, k := range table().korean[z.sound] {
			all = add(all, cand{k.sound, k.cost + z.cost})
		}
	}
	return all
}

// aspirated keeps the marks that Wade-Giles needs.
func aspirated(text string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToLower(text)) {
		switch {
		case r >= 'a' && r <= 'z':
			b.WriteRune(r)
		case r == 'ü':
			b.WriteByte('v')
		case r == 'ê':
			b.WriteByte('e')
		case r == '\'' && b.Len() > 0:
			b.WriteByte('\'')
		}
	}
	return b.String()
}

// How the South's rules for foreign words put Mandarin into Hangul.
var (
	transcribedInitials = [][2]string{
		{"zh", "ㅈ"}, {"ch", "ㅊ"}, {"sh", "ㅅ"}, {"b", "ㅂ"}, {"p", "ㅍ"}, {"m", "ㅁ"}, {"f", "ㅍ"}, {"d", "ㄷ"}, {"t", "ㅌ"}, {"n", "ㄴ"}, {"l", "ㄹ"},
		{"g", "ㄱ"}, {"k", "ㅋ"}, {"h", "ㅎ"}, {"j", "ㅈ"}, {"q", "ㅊ"}, {"x", "ㅅ"}, {"r", "ㄹ"}, {"z", "ㅉ"}, {"c", "ㅊ"}, {"s", "ㅆ"},
	}
	transcribedFinals = map[string]string{
		"a": "아", "o": "오", "e": "어", "ai": "아이", "ei": "에이", "ao": "아오", "ou": "어우", "an": "안", "en": "언", "ang": "앙", "eng": "엉", "er": "얼",
		"i": "이", "ia": "야", "ie": "예", "iao": "야오", "iu": "유", "ian": "옌", "in": "인", "iang": "양", "ing": "잉", "iong": "융",
		"u": "우", "ua": "와", "uo": "워", "uai": "와이", "ui": "우이", "uan": "완", "un": "운", "uang": "왕", "ong": "웅",
		"v": "위", "ve": "웨", "van": "위안", "vn": "윈",
		"yi": "이", "ya": "야", "ye": "예", "yao": "야오", "you": "유", "yan": "옌", "yin": "인", "yang": "양", "ying": "잉", "yong": "융", "yo": "요", "yu": "위",
		"yue": "웨", "yuan": "위안", "yun": "윈", "wu": "우", "wa": "와", "wo": "워", "wai": "와이", "wei": "웨이", "wan": "완", "wen": "원", "wang": "왕", "weng": "웡",
		"hissed": "으",
	}
	plainMedials = strings.NewReplacer("ㅑ", "ㅏ", "ㅖ", "ㅔ", "ㅛ", "ㅗ", "ㅠ", "ㅜ")
)

func transcribe(s string) string {
	initial, final := "ㅇ", s
	for _, i := range transcribedInitials {
		if rest, ok := strings.CutPrefix(s, i[0]); ok {
			initial, final = i[1], rest
			break
		}
	}
	if final == "i" && strings.IndexByte("zcsr", s[0]) >= 0 {
		final = "hissed"
	}
	if rest, ok := strings.CutPrefix(final, "u"); ok && strings.IndexByte("jqx", s[0]) >= 0 {
		final = "v" + rest
	}
	hangul := []rune(transcribedFinals[final])
	if len(hangul) == 0 {
		return ""
	}
	_, m, f := sound(hangul[0] - hangulFirst).parts()
	if strings.Contains("ㅈㅉㅊ", initial) {
		m = place(medials, plainMedials.Replace(string([]rune(medials)[m])))
	}
	return compose(place(initials, initial), m, f).hangul() + string(hangul[1:])
}
