package names

import (
	"strconv"
	"strings"
	"sync"
)

// surnames are Korean family names as censuses of the South list them, with the
// Hanja of the frequent ones, most frequent first. The North says 리, 류, 림, 로, 라 …
const surnames = `김金 이李 박朴 최崔 정鄭丁程 강姜康強 조趙曺 윤尹 장張蔣 임林任 한韓 오吳 서徐西 신申辛愼 권權 황黃 안安 송宋 전全田錢 홍洪 유柳劉兪庾
고高 문文 양梁楊樑 손孫 배裵 백白 허許 남南 심沈 노盧魯 하河夏 곽郭 성成星 차車 주朱周 우禹 구具丘邱 나羅 민閔 진陳秦晉 지池智 엄嚴 채蔡 원元袁 천千天 방方房 공孔公 현玄 함咸 변卞邊 염廉
여呂余 추秋鄒 도都陶道 소蘇邵 석石昔 선宣 설薛偰 마馬麻 길吉 연延燕 위魏韋 표表 명明 기奇 반潘班 왕王 금琴 옥玉 육陸 인印 맹孟 제諸 모牟毛 탁卓 국鞠國 어魚 은殷 편片 용龍 예芮 경慶景 봉奉鳳 사史謝舍 부夫
가賈 복卜 태太 목睦 형邢 계桂 피皮 두杜 감甘 음陰 빈賓 동董 온溫 호扈 범范 좌左 팽彭 승承 간簡 상尙 시施柴 갈葛 단段單 견甄 당唐 화化 순荀舜 점占 평平 하何 화 율 강 평 탄 난 필 로 리 림 류 려 렴 련 륙 량 라 랑
남궁南宮 황보皇甫 제갈諸葛 사공司空 선우鮮于 서문西門 독고獨孤 동방東方`

// spelledOwn are family names whose customary spelling says little of their sound.
const spelledOwn = `
lee 이0 리0|rhee 이0 리0|yi 이0 리15|li 이5 리3|ri 리0 이3|i 이0|yee 이5|rie 리5 이10|rhie 리5 이10|reeh 이10|leigh 이20|lie 이20|ree 이10 리5|e 이40
park 박0|pak 박0|bak 박0|bark 박10|parc 박20|pakh 박20|bahk 박5|pahk 박5|paak 박10|pock 박30
choi 최0|choe 최0|choy 최3|chwe 최10|chey 최20|che 최35 채30 제10|tsoi 최0|tsoy 최0|coi 최20|zoi 최30|chhoe 최0|tshoe 최10|choie 최15|chche 최3|chhve 최3|choj 최5|tsoj 최3
jung 정0 중20|chung 정0 중30|cheong 정0 청10|choung 정3|jeung 정3|jong 정3 종0|chong 정3 종0|jeong 정0|tcheng 정20|juhng 정10|joung 정5|cheung 정15|djung 정10
cho 조0|jo 조0|joe 조5|chough 조20|jou 조20|jow 조20|joh 조3|choh 조5
kang 강0|gang 강0|khang 강5|kahng 강5|whang 황0|hwang 황0|huang 황10
lim 임0 림0|rim 림0 임3|im 임0|yim 임3|leem 임5|rhim 임5|lym 임10|yeam 임40|ihm 임5
oh 오0|o 오0 어10|oe 오40|seo 서0|suh 서0|so 소0 서5|sur 서20|surh 서10|seoh 서3|su 서15 수0|sir 서50
kwon 권0|gwon 권0|kweon 권0|kwun 권5|kwan 권40 관0|kuon 권10|khwon 권10
ahn 안0|an 안0|ann 안5|aan 안10|yoon 윤0|yun 윤0 연15|youn 윤3 연5|yune 윤10|yeun 윤20|yuen 윤25
ryu 류0 유3|yoo 유0|you 유0|yu 유0 여30|ryoo 류3|lyu 류5|liu 류15|lew 류20|yoe 유30|rou 류30|lyou 류10
jeon 전0|jun 전0 준10|chun 천5 전3|chon 전3 천3|jean 전20|jeun 전10|jhun 전5|chen 전30 진40|cheon 천0 전20|chyun 전30|choun 천10 전10
ko 고0|koh 고0|go 고0|goh 고3|ghoe 고30|kho 고15|moon 문0|mun 문0|mon 문30
bae 배0|pae 배0|bai 배5|pai 배5|bay 배10|pay 배10|bea 배10|paik 백0|baik 백0|paek 백0|baek 백0|back 백3|pack 백20|beak 백10|paick 백5|beck 백30
hur 허0|heo 허0|huh 허0|her 허5|ho 호0 허3|hoh 호5 허10|hough 허20|hu 허20 후0
roh 노0 로0|noh 노0 로5|no 노0 로3|ro 로0 노3|rho 노5 로5|nho 노20|ra 라0 나3|na 나0 라3|nah 나3|rha 라5 나5|la 라5 나10|law 나40
shim 심0|sim 심0|shin 신0|sin 신0|shinn 신5|son 손0 선8|sohn 손0|sonn 손10|shon 손20|woo 우0|wu 우0|u 우0|ou 우15|wou 우10
joo 주0|ju 주0|chu 주3 추3|choo 추0 주5|jou 주15|chew 주30 추40|koo 구0|ku 구0|goo 구0|gu 구0|khoo 구15|coo 구30|kuh 구30
um 엄0 음20|eom 엄0|uhm 엄0|om 엄3|ohm 엄10|aum 엄20|yeom 염0|yum 염0|yom 염3|yeum 염10|youm 염10|eum 음0 엄10
byun 변0|byon 변0|pyon 변0 편10|byeon 변0|bion 변15|pyun 변10 편0|eo 어0|uh 어0|eoh 어0|yeo 여0|yuh 여5|yo 여10|ryo 려0 여5|yeu 여15|lyuh 려10 여10
nam 남0|nahm 남5|han 한0|hahn 한3|hann 한5|ha 하0|hah 하5|cha 차0|char 차20|tcha 차20|in 인0|ihn 인10|pyo 표0|min 민0|mihn 민10|sung 성0 송30|song 송0 성10|seong 성0
kook 국0|gook 국0|gill 길5|gil 길0|kil 길0|keum 금0|kum 금0|geum 금0|eun 은0|un 은0|unn 은20|suk 석0|seok 석0|sok 석3|seog 석3|sock 석10|sul 설0|sol 설5|seol 설0
kim 김0|gim 김0|khim 김10|keem 김10|ghim 김10|kimm 김10|qim 김40|kym 김30|gym 김40`

type surnameTables struct {
	known   map[sound]bool     // syllables that are or begin a family name
	double  map[[2]sound]bool  // family names of two syllables
	hanja   map[string]string  // Hangul to the Hanja of the family name
	own     map[string][]cand  // customary spellings
	spelled map[sound][]string // and back, most usual first
	read    map[rune][]sound   // Hanja of family names to how they are read in one
}

var surname = sync.OnceValue(func() *surnameTables {
	s := &surnameTables{map[sound]bool{}, map[[2]sound]bool{}, map[string]string{}, map[string][]cand{}, map[sound][]string{}, map[rune][]sound{}}
	for _, entry := range strings.Fields(surnames) {
		n := strings.IndexFunc(entry, func(r rune) bool { return !isHangul(r) })
		if n < 0 {
			n = len(entry)
		}
		s.family([]rune(entry[:n]), entry[n:])
	}
	for line := range strings.FieldsFuncSeq(spelledOwn, func(r rune) bool { return r == '|' || r == '\n' }) {
		parts := strings.Fields(line)
		for _, p := range parts[1:] {
			r := []rune(p)
			n, err := strconv.Atoi(string(r[1:]))
			if err != nil {
				panic(err) // a mistake in a table of ours
			}
			c := cand{sound(r[0] - hangulFirst), int16(n)}
			s.own[parts[0]] = add(s.own[parts[0]], c)
			if n <= 3 {
				s.spelled[c.sound] = append(s.spelled[c.sound], parts[0])
			}
		}
	}
	return s
})

func (s *surnameTables) family(hangul []rune, hanja string) {
	first := sound(hangul[0] - hangulFirst)
	if len(hangul) == 1 {
		s.known[first] = true
		for _, l := range law(first) {
			if l.cost <= costLaw {
				s.known[l.sound] = true
			}
		}
		for _, r := range hanja {
			s.read[r] = append(s.read[r], first)
			for _, l := range law(first) {
				s.read[r] = append(s.read[r], l.sound)
			}
		}
	} else {
		s.double[[2]sound{first, sound(hangul[1] - hangulFirst)}] = true
	}
	s.hanja[string(hangul)] += hanja
}
