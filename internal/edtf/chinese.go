package edtf

import (
	"regexp"
	"strings"
)

const (
	zhNum   = `(?:\d{1,2}|[一二三四五六七八九十]{1,3})`
	zhYear  = `(?:\d{4}|[〇○零一二三四五六七八九]{4})`
	zhPart  = `(?:上旬|初|中旬|中|下旬|底|末)`
	zhMonth = `(?:` + zhNum + `)`
	zhDay   = `[一二三四五六日天]`
)

// chinese reads dates in Chinese, in simplified and traditional characters.
func chinese() *grammar {
	return &grammar{
		rules: []rule{
			zh(`(?P<iso>\d{4}-\d\d-\d\d)`, func(g groups, _ moment) string { return g["iso"] }),
			zh(`(?P<y>`+zhYear+`)年(?P<m>`+zhMonth+`)月(?P<d>`+zhNum+`)[日号號]`, func(g groups, _ moment) string {
				return ymd(zhCount(g["y"]), zhCount(g["m"]), zhCount(g["d"]))
			}),
			zh(`(?P<y>`+zhYear+`)年(?P<m>`+zhMonth+`)月(?P<p>`+zhPart+`)?`, func(g groups, _ moment) string {
				return zhMonthPart(zhCount(g["y"]), zhCount(g["m"]), g["p"])
			}),
			zh(`(?P<y>`+zhYear+`)年(?P<p>年?(?:初|中|底|末))?`, func(g groups, _ moment) string { return zhYearPart(zhCount(g["y"]), g["p"]) }),
			zh(`(?P<y>`+zhYear+`)年(?P<q>春|夏|秋|冬)[季天]?`, func(g groups, _ moment) string {
				return month(zhCount(g["y"]), map[string]int{"春": 21, "夏": 22, "秋": 23, "冬": 24}[g["q"]])
			}),
			zh(`主[体體](?P<j>\d{1,3})年`, func(g groups, _ moment) string { return year(1911 + g.num("j")) }),
			zh(`(?P<y>\d{3}0)年代(?P<p>初|中|末)?`, zhDecade),
			zh(`(?P<c>20|21)世[纪紀](?P<y>\d0)年代(?P<p>初|中|末)?`, func(g groups, at moment) string {
				return zhDecade(groups{"y": year((g.num("c")-1)*100 + g.num("y")), "p": g["p"]}, at)
			}),
			zh(`(?P<s>去年|前年|今年|明年)(?:(?P<m>`+zhMonth+`)月(?:(?P<d>`+zhNum+`)[日号號]|(?P<q>`+zhPart+`))?|(?P<p>年?(?:初|中|底|末)))?`, zhYearStep),
			zh(`(?:(?P<s>上|本|这|這|下)[个個]?月)(?:(?P<d>`+zhNum+`)[日号號]|(?P<p>`+zhPart+`))?`, zhMonthStep),
			zh(`(?P<m>`+zhMonth+`)月(?P<d>`+zhNum+`)[日号號]`, func(g groups, at moment) string {
				m, d := zhCount(g["m"]), zhCount(g["d"])
				if y, ok := at.pick(m, d); ok {
					return ymd(y, m, d)
				}
				return ""
			}),
			zh(`(?P<m>`+zhMonth+`)月(?P<p>`+zhPart+`)?`, func(g groups, at moment) string {
				m := zhCount(g["m"])
				if y, ok := at.pick(m, 1); ok {
					return zhMonthPart(y, m, g["p"])
				}
				return ""
			}),
			zh(`(?P<w>前天|昨天|昨日|今天|今日|明天|明日|后天|後天)`, func(g groups, at moment) string {
				return at.dayOff(map[rune]int{'前': -2, '昨': -1, '今': 0, '明': 1, '后': 2, '後': 2}[[]rune(g["w"])[0]])
			}),
			zh(`(?P<s>上|本|这|這|下)?[个個]?(?:星期|周|週|礼拜|禮拜)(?P<w>`+zhDay+`)`, zhWeekday),
			zh(`(?P<s>上|本|这|這|下)[个個]?(?:星期|周|週)`, func(g groups, at moment) string {
				if !at.known() {
					return ""
				}
				return at.week(zhSteps[g["s"]])
			}),
			zh(`(?P<n>`+zhNum+`|[两兩]) ?(?P<u>天|日|周|週|个星期|個星期|个月|個月|年)(?:之)?前`, func(g groups, at moment) string {
				if !at.known() {
					return ""
				}
				return at.ago(zhCount(g["n"]), zhUnit(g["u"]))
			}),
			zh(`每年|每月|每[周週]|每天|每日|近日|近来|最近`, unplaced),
			zh(`春[节節]|[农農][历曆]新年|中秋[节節]?`, unplaced),
		},
		frame: []frame{
			{after: "以来", change: fromFirst}, {after: "以來", change: fromFirst}, {after: "之后", change: fromFirst}, {after: "之後", change: fromFirst},
			{after: "以后", change: fromFirst}, {after: "以後", change: fromFirst}, {after: "起", change: fromFirst}, {after: "后", change: fromFirst},
			{after: "以前", change: toSecond}, {after: "之前", change: toSecond}, {after: "为止", change: toSecond}, {after: "為止", change: toSecond},
			{before: "截至", change: toSecond}, {before: "直到", change: toSecond},
			{after: "左右", change: about}, {after: "前后", change: about}, {after: "前後", change: about}, {before: "大约", change: about}, {before: "大約", change: about}, {before: "约", change: about}, {before: "約", change: about},
			{before: "自从", change: fromFirst}, {before: "自從", change: fromFirst}, {before: "自", change: fromFirst},
		},
		trim:  regexp.MustCompile(`^[在于於]|[的]$`),
		ahead: regexp.MustCompile(`将|將|预计|預計|下`),
	}
}

func zh(pattern string, read func(groups, moment) string) rule { return say("", "", "", pattern, read) }

// zhCount reads a number in figures, as digits in a row (二〇一七) or up to 99 (三十一).
func zhCount(s string) int {
	if s == "两" || s == "兩" {
		return 2
	}
	digit := func(r rune) int {
		if r >= '0' && r <= '9' {
			return int(r - '0')
		}
		return strings.Index("〇一二三四五六七八九", string(r)) / len("一")
	}
	n := 0
	for _, r := range strings.NewReplacer("零", "〇", "○", "〇").Replace(s) {
		if r != '十' {
			if n >= 10 && n%10 == 0 && strings.ContainsRune(s, '十') {
				n += digit(r)
				continue
			}
			n = n*10 + digit(r)
			continue
		}
		n = max(1, n) * 10
	}
	return n
}

func zhThird(s string) third {
	switch strings.TrimPrefix(s, "年") {
	case "上旬", "初":
		return early
	case "中旬", "中":
		return mid
	}
	return late
}

func zhMonthPart(y, m int, part string) string {
	if part == "" {
		return month(y, m)
	}
	return partOfMonth(y, m, zhThird(part))
}

func zhYearPart(y int, part string) string {
	if part == "" {
		return year(y)
	}
	return partOfYear(y, zhThird(part))
}

func zhDecade(g groups, _ moment) string {
	if g["p"] == "" {
		return g["y"][:3] + "X"
	}
	return partOfDecade(g.num("y"), zhThird(g["p"]))
}

func zhYearStep(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	y := at.yearOf(map[string]int{"前年": -2, "去年": -1, "今年": 0, "明年": 1}[g["s"]])
	switch {
	case g["d"] != "":
		return ymd(y, zhCount(g["m"]), zhCount(g["d"]))
	case g["m"] != "":
		return zhMonthPart(y, zhCount(g["m"]), g["q"])
	}
	return zhYearPart(y, g["p"])
}

var zhSteps = map[string]int{"上": -1, "本": 0, "这": 0, "這": 0, "下": 1}

func zhMonthStep(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	y, m := at.monthOf(zhSteps[g["s"]])
	if g["d"] != "" {
		return ymd(y, m, zhCount(g["d"]))
	}
	return zhMonthPart(y, m, g["p"])
}

func zhWeekday(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	wd := weekdayIn("日一二三四五六", strings.Replace(g["w"], "天", "日", 1))
	if g["s"] != "" {
		return day(at.weekdayOf(wd, zhSteps[g["s"]]))
	}
	return day(at.weekday(wd))
}

func zhUnit(s string) unit {
	switch []rune(s)[len([]rune(s))-1] {
	case '天', '日':
		return days1
	case '周', '週', '期':
		return weeks
	case '月':
		return months
	}
	return years
}
