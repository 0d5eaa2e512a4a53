package leak

import "strings"

// Family names, Korean and Chinese, in Hangul, traditional and simplified
// characters. They decide only whether two syllables are a whole name.
const families = "가간갈감강견경계고곡공곽교구국궁권금기길김나난남낭내노뇌뉴단담당대도독돈동두라랑려로뢰류리마만맹" +
	"명모목묘무묵문미민박반방배백범변복봉부빈빙사삼상서석선설섭성소손송수순승시신심십아안애야양어엄여연염엽영예오옥" +
	"온옹왕요용우운원위유육윤은음이인임자장저전점정제조종좌주증지진차창채천초최추탁탄탕태판팽편평포표풍피필하학한함해" +
	"허현형호홍화환황후흥" +
	"金李朴崔鄭郑姜趙赵尹張张林任吳吴韓韩申徐權权黃黄安宋柳洪全高文梁孫孙裵裴白曺曹許许劉刘南沈盧卢丁河郭成車车朱禹具" +
	"羅罗閔闵俞兪陳陈池嚴严蔡元千方孔康玄咸邊边廉楊杨呂吕秋都魯鲁石蘇苏愼慎馬马吉延魏表明奇房潘玉王琴陸陆孟印卓魚鱼" +
	"殷片龍龙慶庆賈贾葉叶智周何胡謝谢鄧邓馮冯程傅曾彭蔣蒋餘余董袁于杜鍾钟汪田姚廖鄒邹熊譚谭邱丘侯龔龚賴赖雷段湯汤" +
	"尚黎常武喬乔龐庞樊史陶毛江施顧顾鬱郁萬万錢钱戴夏"

func isFamily(r rune) bool { return strings.ContainsRune(families, r) }

// particles follow a name without a space: particles proper, titles, and the words
// that make of a name a household, a side or a work.
var particles = strings.Fields(`
	은 는 이 가 을 를 의 에 에게 에게서 께 께서 한테 와 과 도 만 로 으로 라 라고 라는 란 랑 이랑 며 이며 나 이나 야 아 여 이여
	부터 까지 조차 마저 처럼 보다 같은 같이 뿐 밖에 대로 마다 든 이든 씩 및 등 들 네 측 집 건 입니다 이다 였다 이었다 인
	씨 님 군 양 옹 동무 동지 선생 선생님 여사 목사 전도사 신부 수녀 장로 집사 교수 박사 기자 대표 회장 사장 위원장 위원 의원 부장 과장
	국장 소장 원장 대장 중장 소위 대위 하사 장군 사령관 변호사 판사 검사 의사 간호사 언니 오빠 누나 형 동생 삼촌 이모 고모 엄마 아빠 어머니 아버지
	할머니 할아버지 아저씨 아줌마 가족 사건 영상 사진 본인 모친 부친`)

// titles stand before a name, now and then without a space.
var titles = strings.Fields(`
	탈북자 탈북민 탈북인 새터민 난민 목사 전도사 선교사 신부 대표 회장 사장 위원장 의원 기자 교수 박사 선생 동무 동지 장관 총리 대통령 여성 남성
	아동 소녀 소년 증인 피해자 가해자 브로커 본명 이름 성명 실명 가명`)

// particle says whether the Hangul that touches a name goes on as one may.
func particle(after []unit) bool {
	return startsWithAny(hangulRun(after), particles)
}

func startsWithAny(text string, words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(text, w) {
			return true
		}
	}
	return false
}

// hangulRun is the start of u up to the first gap or other script.
func hangulRun(u []unit) string {
	var b strings.Builder
	for i, x := range u {
		if i > 0 && x.gap != 0 || class(x.r) != hangul || i == around {
			break
		}
		b.WriteRune(x.r)
	}
	return b.String()
}

// titled says whether the whole word before a name is a title.
func titled(before []unit) bool {
	start := len(before)
	for start > 0 && len(before)-start < around {
		start--
		if before[start].gap != 0 {
			break
		}
	}
	var b strings.Builder
	for _, x := range before[start:] {
		b.WriteRune(x.r)
	}
	text := b.String()
	for _, t := range titles {
		if strings.HasSuffix(text, t) {
			return true
		}
	}
	return false
}
