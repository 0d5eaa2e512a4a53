package edtf

import (
	"regexp"
	"strings"
	"time"
)

const (
	enMonth = `(?:jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?|july?|aug(?:ust|\.)?|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)`
	enDay   = `(?:mon|tues|wednes|thurs|fri|satur|sun)day`
	enNum   = `(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)`
	enUnit  = `(?:days?|weeks?|months?|years?)`
	enPart  = `(?:early|mid|late|the (?:very )?(?:beginning|start|middle|end) of|the (?:first|second) half of)`
	enYear  = `(?:1[5-9]\d\d|20\d\d)`
	enClock = `(?:,? (?:at )?\d{1,2}(?::\d\d)?\s?(?:[ap]\.?m\.?|GMT|UTC)(?:\s[A-Z]{2,4})?)?`
)

// english reads dates in English.
func english() *grammar {
	return &grammar{
		rules: []rule{
			en(`(?P<iso>\d{4}-\d\d-\d\d)`, func(g groups, _ moment) string { return g["iso"] }),
			en(`(?P<m>`+enMonth+`)\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?,? (?P<y>\d{4})`+enClock, enFull),
			en(`(?:the )?(?P<d>\d{1,2})(?:st|nd|rd|th)?(?: of)? (?P<m>`+enMonth+`)\.?,? (?P<y>\d{4})`+enClock, enFull),
			en(`(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{4})`, enSlashes),
			en(`(?P<m>`+enMonth+`)\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?`, enDayOfMonth),
			en(`(?:the )?(?P<d>\d{1,2})(?:st|nd|rd|th)?(?: of)? (?P<m>`+enMonth+`)`, enDayOfMonth),
			en(`(?P<m>`+enMonth+`) (?:and|to|through) (?P<n>`+enMonth+`),? (?P<y>\d{4})`, func(g groups, _ moment) string {
				return between(month(g.num("y"), enMonths(g["m"])), month(g.num("y"), enMonths(g["n"])))
			}),
			en(`(?P<p>`+enPart+`)[ -](?P<m>`+enMonth+`)(?:,? (?:of )?(?P<y>\d{4}))?`, enPartOfMonth),
			en(`(?P<p>`+enPart+`)[ -](?P<s>last|this|next) (?P<u>month|year)`, enPartOfStep),
			en(`(?P<p>`+enPart+`)[ -](?P<y>`+enYear+`)`, func(g groups, _ moment) string {
				return half(g["p"], partOfYear(g.num("y"), enThird(g["p"])), g["y"])
			}),
			en(`(?P<m>`+enMonth+`)\.?,? (?:of )?(?P<y>`+enYear+`)`, func(g groups, _ moment) string { return month(g.num("y"), enMonths(g["m"])) }),
			en(`(?P<s>last|this|next) (?P<m>`+enMonth+`)`, enStepMonth),
			enAfter(`(?:in|since|by|during|until|till|through|from|of|before|after|every) `, `(?P<m>`+enMonth+`)`, enBareMonth),
			en(`(?:the )?(?:(?P<p>early|mid|late)[ -])?(?P<y>\d{3}0)s`, enDecade),
			en(`(?:the )?(?P<q>first|second|third|fourth|last) quarter of (?P<y>`+enYear+`)`, func(g groups, _ moment) string {
				q := map[string]int{"first": 33, "second": 34, "third": 35, "fourth": 36, "last": 36}[strings.ToLower(g["q"])]
				return month(g.num("y"), q)
			}),
			en(`(?:the )?(?P<q>spring|summer|autumn|fall|winter)(?: of)? (?P<y>`+enYear+`)`, func(g groups, _ moment) string {
				q := map[string]int{"spring": 21, "summer": 22, "autumn": 23, "fall": 23, "winter": 24}[strings.ToLower(g["q"])]
				return month(g.num("y"), q)
			}),
			enAfter(`(?:in|since|by|during|until|till|through|from|between|before|after|year|(?:from|between) \d{4} (?:to|and)) `, `(?P<y>`+enYear+`)`,
				func(g groups, _ moment) string { return g["y"] }),
			en(`(?P<w>yesterday|today|tomorrow|tonight|the day before yesterday)`, enWord),
			en(`(?:earlier |later )?(?P<s>last|this|next) (?P<u>weekend|week|month|year)`, enStep),
			en(`(?:(?P<s>last|this|next|the previous|the following) )?(?P<w>`+enDay+`)(?: (?:morning|afternoon|evening|night))?`, enWeekday),
			en(`(?P<n>`+enNum+`) (?P<u>`+enUnit+`) ago`, enAgo),
			en(`(?:the )?(?:past|last|previous) (?P<n>`+enNum+`) (?P<u>`+enUnit+`)`, enPast),
			en(`(?:every|each) (?:year|month|week|day|`+enDay+`)|annually|yearly|monthly|weekly|daily`, unplaced),
			en(`(?:in|within|over|for) `+enNum+` `+enUnit, unplaced),
			en(`(?:recently|in recent (?:days|weeks|months|years)|(?:several|some|a few|many) (?:days|weeks|months|years) ago)`, unplaced),
			en(`lunar new year|the lunar new year`, unplaced),
		},
		frame: []frame{
			{before: "since ", change: fromFirst}, {before: "after ", change: fromFirst},
			{before: "until ", change: toSecond}, {before: "till ", change: toSecond}, {before: "before ", change: toSecond},
			{before: "by ", change: toSecond}, {before: "up to ", change: toSecond},
			{before: "about ", change: about}, {before: "around ", change: about}, {before: "circa ", change: about}, {before: "approximately ", change: about},
			{after: " onwards", change: fromFirst}, {after: " or so", change: about},
		},
		trim:  regexp.MustCompile(`(?i)^(?:on|in|at|during)\s+`),
		ahead: regexp.MustCompile(`(?i)\b(?:will|shall|going to|expected|scheduled|due|plans? to|is to|are to|is set to|are set to)\b`),
	}
}

func en(pattern string, read func(groups, moment) string) rule { return enAfter("", pattern, read) }

func enAfter(lead, pattern string, read func(groups, moment) string) rule {
	return say(`(?i)`, lead, `\b`, pattern, read)
}

func unplaced(groups, moment) string { return "" }

// enMonths is the number of a month by its first letters.
func enMonths(s string) int {
	return strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(s[:3]))/3 + 1
}

func enThird(s string) third {
	s = strings.ToLower(s)
	switch {
	case strings.Contains(s, "late"), strings.Contains(s, "end"):
		return late
	case strings.Contains(s, "mid"):
		return mid
	}
	return early
}

func enFull(g groups, _ moment) string { return ymd(g.num("y"), enMonths(g["m"]), g.num("d")) }

// enSlashes reads 24/4/2017, and 4/24/2017; 4/5/2017 means two days and is not placed.
func enSlashes(g groups, _ moment) string {
	a, b := g.num("a"), g.num("b")
	switch {
	case a > 12 && b <= 12:
		return ymd(g.num("y"), b, a)
	case b > 12 && a <= 12:
		return ymd(g.num("y"), a, b)
	}
	return ""
}

func enDayOfMonth(g groups, at moment) string {
	m, d := enMonths(g["m"]), g.num("d")
	if y, ok := at.pick(m, d); ok {
		return ymd(y, m, d)
	}
	return ""
}

func enPartOfMonth(g groups, at moment) string {
	y, m, p := g.num("y"), enMonths(g["m"]), enThird(g["p"])
	if y == 0 {
		var ok bool
		if y, ok = at.pick(m, 1); !ok {
			return ""
		}
	}
	return half(g["p"], partOfMonth(y, m, p), month(y, m))
}

// half gives up a third where the words spoke of a half: the whole holds both.
func half(words, third, whole string) string {
	if strings.Contains(strings.ToLower(words), "half") {
		return whole
	}
	return third
}

func enPartOfStep(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	step := steps[strings.ToLower(g["s"])]
	if strings.EqualFold(g["u"], "year") {
		return half(g["p"], partOfYear(at.yearOf(step), enThird(g["p"])), year(at.yearOf(step)))
	}
	y, m := at.monthOf(step)
	return half(g["p"], partOfMonth(y, m, enThird(g["p"])), month(y, m))
}

var steps = map[string]int{"last": -1, "this": 0, "next": 1, "the previous": -1, "the following": 1}

func enStepMonth(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	m, now := enMonths(g["m"]), int(at.said.Month())
	y := at.said.Year()
	switch steps[strings.ToLower(g["s"])] {
	case -1:
		if m >= now {
			y--
		}
	case 1:
		if m <= now {
			y++
		}
	}
	return month(y, m)
}

func enBareMonth(g groups, at moment) string {
	m := enMonths(g["m"])
	if y, ok := at.pick(m, 1); ok {
		return month(y, m)
	}
	return ""
}

func enDecade(g groups, _ moment) string {
	y := g.num("y")
	if g["p"] != "" {
		return partOfDecade(y, enThird(g["p"]))
	}
	return year(y)[:3] + "X"
}

func enWord(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	return day(at.shift(map[string]int{
		"yesterday": -1, "today": 0, "tonight": 0, "tomorrow": 1, "the day before yesterday": -2,
	}[strings.ToLower(g["w"])], days1))
}

func enStep(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	step := steps[strings.ToLower(g["s"])]
	switch strings.ToLower(g["u"]) {
	case "week":
		return at.week(step)
	case "weekend":
		if step < 0 {
			return at.pastWeekend()
		}
		return at.weekend(step)
	case "year":
		return year(at.yearOf(step))
	}
	return month(at.monthOf(step))
}

func enWeekday(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	wd := time.Weekday(strings.Index("sunmontuewedthufrisat", strings.ToLower(g["w"][:3])) / 3)
	switch steps[strings.ToLower(g["s"])] {
	case -1:
		return day(at.earlierWeekday(wd))
	case 1:
		return day(moment{said: at.said, future: true}.weekday(wd))
	}
	return day(at.weekday(wd))
}

func enCount(s string) int {
	for i, w := range strings.Fields("a one two three four five six seven eight nine ten eleven twelve") {
		if strings.EqualFold(s, w) {
			return max(1, i)
		}
	}
	if strings.EqualFold(s, "an") {
		return 1
	}
	return groups{"n": s}.num("n")
}

var enUnits = map[byte]unit{'d': days1, 'w': weeks, 'm': months, 'y': years}

func enAgo(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	return at.ago(enCount(g["n"]), enUnits[strings.ToLower(g["u"])[0]])
}

func enPast(g groups, at moment) string {
	if !at.known() {
		return ""
	}
	return at.past(enCount(g["n"]), enUnits[strings.ToLower(g["u"])[0]])
}
