package edtf

import (
	"regexp"
	"strings"
	"time"
)

const (
	koPart = `(?:초순|초반|초|중순|중반|하순|후반|말)`
	koUnit = `(?:일|주일?|개월|달|년)`
)

// korean reads dates in Korean, South and North.
func korean() *grammar {
	return &grammar{
		rules: []rule{
			ko(`(?P<iso>\d{4}-\d\d-\d\d)`, func(g groups, _ moment) string { return g["iso"] }),
			ko(`(?P<y>\d{4})\. ?(?P<m>\d{1,2})\. ?(?P<d>\d{1,2})\.?`, koFull),
			ko(`(?P<y>\d{4})년 ?(?P<m>\d{1,2})월 ?(?P<d>\d{1,2})일`, koFull),
			ko(`주체 ?\(?(?P<j>\d{1,3})\)?(?: ?년 ?(?P<m>\d{1,2})월 ?(?P<d>\d{1,2})일)`, koJuche),
			ko(`주체 ?\(?(?P<j>\d{1,3})\)? ?년(?: ?(?P<m>\d{1,2})월)?`, koJuche),
			ko(`(?P<y>\d{4})년 ?(?P<m>\d{1,2})월(?: ?(?P<p>`+koPart+`))?`, koMonth),
			ko(`(?P<y>\d{4})년(?: ?(?P<p>`+koPart+`))?`, func(g groups, _ moment) string {
				if g["p"] == "" {
					return g["y"]
				}
				return partOfYear(g.num("y"), koThird(g["p"]))
			}),
			ko(`(?P<y>\d{4})년 ?(?P<q>봄|여름|가을|겨울)`, func(g groups, _ moment) string {
				return month(g.num("y"), map[string]int{"봄": 21, "여름": 22, "가을": 23, "겨울": 24}[g["q"]])
			}),
			ko(`(?P<y>\d{3}0)년대(?: ?(?P<p>`+koPart+`))?`, func(g groups, _ moment) string {
				if g["p"] == "" {
					return g["y"][:3] + "X"
				}
				return partOfDecade(g.num("y"), koThird(g["p"]))
			}),
			ko(`(?P<s>지난해|작년|재작년|올해|금년|내년|지난 해)(?: ?(?P<m>\d{1,2})월)?(?: ?(?P<d>\d{1,2})일)?(?: ?(?P<p>`+koPart+`))?`, koYearStep),
			ko(`(?P<s>지난달|지난 달|저번 달|이달|이번 달|다음 달|다음달)(?: ?(?P<d>\d{1,2})일)?(?: ?(?P<p>`+koPart+`))?`, koMonthStep),
			ko(`(?P<m>\d{1,2})월 ?(?P<d>\d{1,2})일`, koMonthDay),
			ko(`(?P<m>\d{1,2})월(?: ?(?P<p>`+koPart+`))?`, koBareMonth),
			ko(`(?P<w>그저께|그제|어제|오늘|내일|모레)`, func(g groups, at moment) string {
				return at.dayOff(map[string]int{"그저께": -2, "그제": -2, "어제": -1, "오늘": 0, "내일": 1, "모레": 2}[g["w"]])
			}),
			ko(`(?P<s>지난주|지난 주|이번 주|이번주|다음 주|다음주)(?: ?(?P<w>[월화수목금토일])요일)?`, koWeek),
			ko(`(?P<s>지난 )?(?P<w>[월화수목금토일])요일`, koWeekday),
			ko(`(?P<n>\d{1,3}|한|두|세|네|다섯|여섯) ?(?P<u>`+koUnit+`) 전`, func(g groups, at moment) string {
				if !at.known() {
					return ""
				}
				return at.ago(koCount(g["n"]), koUnits(g["u"]))
			}),
			ko(`매년|해마다|매달|매월|매주|매일|최근`, unplaced),
			ko(`설날|음력 설|추석|구정`, unplaced),
		},
		frame: []frame{
			{after: "부터", change: fromFirst}, {after: " 이후", change: fromFirst}, {after: " 이래", change: fromFirst},
			{after: "까지", change: toSecond}, {after: " 이전", change: toSecond},
			{after: "경", change: about}, {after: "쯤", change: about}, {after: "께", change: about}, {after: " 무렵", change: about}, {after: " 전후", change: about},
			{before: "약 ", change: about}, {before: "대략 ", change: about},
		},
		trim:  regexp.MustCompile(`(?:에|에는|의)$`),
		ahead: regexp.MustCompile(`다음|앞으로|예정`),
	}
}

func ko(pattern string, read func(groups, moment) string) rule { return say("", "", "", pattern, read) }

func koThird(s string) third {
	switch s {
	case "초순", "초반", "초":
		return early
	case "중순", "중반":
		return mid
	}
	return late
}

func koFull(g groups, _ moment) string { return ymd(g.num("y"), g.num("m"), g.num("d")) }

// koJuche counts from 1912, the first year Juche.
func koJuche(g groups, _ moment) string {
	y := 1911 + g.num("j")
	switch {
	case g["d"] != "":
		return ymd(y, g.num("m"), g.num("d"))
	case g["m"] != "":
		return month(y, g.num("m"))
	}
	return year(y)
}

func koMonth(g groups, _ moment) string { return monthPart(g.num("y"), g.num("m"), g["p"]) }

func monthPart(y, m int, part string) string {
	if part == "" {
		return month(y, m)
	}
	return partOfMonth(y, m, koThird(part))
}

func koYearStep(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	y := at.yearOf(map[string]int{"지난해": -1, "지난 해": -1, "작년": -1, "재작년": -2, "올해": 0, "금년": 0, "내년": 1}[g["s"]])
	switch {
	case g["d"] != "" && g["m"] != "":
		return ymd(y, g.num("m"), g.num("d"))
	case g["m"] != "":
		return monthPart(y, g.num("m"), g["p"])
	case g["p"] != "":
		return partOfYear(y, koThird(g["p"]))
	}
	return year(y)
}

func koMonthStep(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	step := map[rune]int{'지': -1, '저': -1, '이': 0, '다': 1}[[]rune(g["s"])[0]]
	y, m := at.monthOf(step)
	if g["d"] != "" {
		return ymd(y, m, g.num("d"))
	}
	return monthPart(y, m, g["p"])
}

func koMonthDay(g groups, at moment) string {
	m, d := g.num("m"), g.num("d")
	if y, ok := at.pick(m, d); ok {
		return ymd(y, m, d)
	}
	return ""
}

func koBareMonth(g groups, at moment) string {
	m := g.num("m")
	if y, ok := at.pick(m, 1); ok {
		return monthPart(y, m, g["p"])
	}
	return ""
}

func koWeek(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	step := map[rune]int{'지': -1, '이': 0, '다': 1}[[]rune(g["s"])[0]]
	if g["w"] == "" {
		return at.week(step)
	}
	return day(at.weekdayOf(weekdayIn("일월화수목금토", g["w"]), step))
}

func koWeekday(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	wd := weekdayIn("일월화수목금토", g["w"])
	if g["s"] != "" {
		return day(at.earlierWeekday(wd))
	}
	return day(at.weekday(wd))
}

// weekdayIn is the place of a letter in a week that begins on Sunday.
func weekdayIn(week, letter string) time.Weekday {
	return time.Weekday(len([]rune(week[:strings.Index(week, letter)])))
}

func koCount(s string) int {
	if n, ok := map[string]int{"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6}[s]; ok {
		return n
	}
	return groups{"n": s}.num("n")
}

func koUnits(s string) unit {
	switch s {
	case "일":
		return days1
	case "주", "주일":
		return weeks
	case "개월", "달":
		return months
	}
	return years
}
