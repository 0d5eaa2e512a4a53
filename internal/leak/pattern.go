package leak

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
)

// The rules for what is protected although nobody listed it.
const (
	rulePattern = "leak.pattern"
	ruleDate    = "leak.date"
	rulePlace   = "leak.place"
)

// patterns looks through a view for what gives somebody away whoever it is.
func (x *explorer) patterns(v *view) {
	if !x.gate.policy.looks() {
		return
	}
	x.atSigns(v)
	x.devices(v)
	x.coordinates(v)
	for _, p := range shapes {
		x.shape(v, p)
	}
	if p := x.gate.policy.Date; p == "month" || p == "year" {
		x.dates(v, p)
	}
	if p := x.gate.policy.Place; p != "" && finer("exact", p) {
		for _, m := range addresses.FindAllIndex(v.b, mostMatches) {
			x.pattern(v, m[0], m[1], rulePlace, "leak.why.street", Review)
		}
	}
}

// pattern notes what was found, unless the text under v shows it too.
func (x *explorer) pattern(v *view, start, end int, rule, why, severity string) {
	r := []rune(string(v.b[start:min(end, start+8)]))
	if len(r) == 0 {
		return
	}
	x.hits = append(x.hits, Finding{Rule: rule, Severity: severity, Part: x.label, Start: v.start(start), End: v.end(end),
		Surface: surface(0, end-start), Why: why})
}

// numbersIn looks at the numbers among u[from:to].
func (x *explorer) numbersIn(v *view, u []unit, from, to int) {
	for i := from; i < to; {
		if !isDigit(u[i].r) || i > 0 && isDigit(u[i-1].r) && u[i].gap&(gapWall|gapLine) == 0 && u[i].start-u[i-1].end <= longestGap &&
			separates(v.b, u[i-1].end, u[i].start) {
			i++
			continue
		}
		r, next := runAt(v.b, u, i)
		i = next
		if n := plateNumber(r); n > 0 {
			x.pattern(v, r.start, r.end+n, rulePattern, "leak.why.plate", Review)
		}
		if len(r.digits) < 4 {
			continue
		}
		for _, k := range numbers {
			if k.is(r) {
				x.pattern(v, r.start, r.end, rulePattern, k.why, k.severity)
				break
			}
		}
	}
}

// mostMatches is how many places of one shape are looked at in one text.
const mostMatches = 10_000

// mail is an address of electronic mail around its sign.
var mail = regexp.MustCompile(`^[\pL\pN._%+-]{1,64}@[\pL\pN-]{1,63}(\.[\pL\pN-]{1,63})*\.\pL{2,24}$`)

func (x *explorer) atSigns(v *view) {
	b := v.b
	for i, n := 0, 0; n < mostMatches; n++ {
		at := bytes.IndexByte(b[i:], '@')
		if at < 0 {
			return
		}
		i += at
		start, end := i, i+1
		for start > 0 && i-start < 64 && inMail(b[start-1]) {
			start--
		}
		for end < len(b) && end-i < 128 && inMail(b[end]) {
			end++
		}
		for end > i+1 && b[end-1] == '.' {
			end--
		}
		if mail.Match(b[start:end]) {
			x.pattern(v, start, end, rulePattern, "leak.why.mail", Review)
		}
		i++
	}
}

// device is the address of a network card.
var device = regexp.MustCompile(`^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}$`)

func (x *explorer) devices(v *view) {
	const long = 17
	b := v.b
	for i := 2; i+long-2 <= len(b); i++ {
		at := bytes.IndexByte(b[i:], ':')
		if at < 0 || i+at+long-2 > len(b) {
			return
		}
		i += at
		if b[i+3] == ':' && device.Match(b[i-2:i+long-2]) && (i < 3 || !isAlnum(b[i-3]) && b[i-3] != ':') {
			x.pattern(v, i-2, i+long-2, rulePattern, "leak.why.device", Review)
			i += long - 2
		}
	}
}

func inMail(c byte) bool { return isAlnum(c) || strings.IndexByte("._%+-", c) >= 0 }

// A shape is looked for only where one of its marks stands.
type shape struct {
	why   string
	marks []string
	re    *regexp.Regexp
}

var shapes = []shape{
	{"leak.why.account", []string{"IBAN", "iban"}, regexp.MustCompile(`(?i)iban[:\s]{1,3}([A-Z]{2}\d{2}[A-Z0-9 ]{11,36})`)},
	{"leak.why.messenger", []string{"카카오", "카톡", "kakao", "Kakao", "KAKAO", "wechat", "WeChat", "Wechat", "微信", "위챗", "telegram", "Telegram", "텔레그램", "QQ"},
		regexp.MustCompile(`(?i)(?:카카오톡?|카톡|kakao(?:talk)?|wechat|微信|위챗|telegram|텔레그램|qq)[ \t]*(?:id|아이디|号|號|account)?[ \t]*[:：=@][ \t]*@?([A-Za-z0-9][A-Za-z0-9_.-]{4,30})`)},
	{"leak.why.plate", []string{"차량", "plate", "Plate", "车", "車", "牌"},
		regexp.MustCompile(`(?:[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·. ]?[A-Z0-9]{5,6})`)},
	{"leak.why.passport", []string{"passport", "Passport", "PASSPORT", "여권", "护照", "護照"},
		regexp.MustCompile(`(?i)(?:passport|여권|护照|護照)[^\n]{0,20}?\b([A-Z]{1,2}\d{6,8})\b`)},
}

func (x *explorer) shape(v *view, p shape) {
	for _, w := range windows(v.b, p.marks) {
		for _, m := range p.re.FindAllIndex(v.b[w[0]:w[1]], mostMatches) {
			x.pattern(v, w[0]+m[0], w[0]+m[1], rulePattern, p.why, Review)
		}
	}
}

// nearMark is how far from its mark a shape is looked for.
const nearMark = 64

// windows are the stretches of b around the marks.
func windows(b []byte, marks []string) (all [][2]int) {
	for _, mark := range marks {
		if len(mark) == 1 || len(all) > mostMatches {
			continue
		}
		for i := 0; i < len(b); {
			at := bytes.Index(b[i:], []byte(mark))
			if at < 0 {
				break
			}
			i += at
			start, end := max(0, i-nearMark), min(len(b), i+nearMark)
			if n := len(all); n > 0 && all[n-1][1] >= start && all[n-1][0] <= start {
				all[n-1][1] = end
			} else {
				all = append(all, [2]int{start, end})
			}
			i += len(mark)
		}
	}
	return all
}

// Coordinates in degrees with a fraction, in degrees, minutes and seconds, as plus
// codes and in links to maps.
var (
	decimals = regexp.MustCompile(`(-?\d{1,2}\.\d{2,9})[°]?\s*[NSns北남북]?\s*[,;]?\s*(-?\d{1,3}\.\d{2,9})[°]?\s*[EWew东東동서]?`)
	degrees  = regexp.MustCompile(`\d{1,3}\s*[°º度도]\s*\d{1,2}\s*['′’分분](?:\s*\d{1,2}(?:\.\d+)?\s*(?:["″”秒초]|''))?\s*[NSEWnsew北南东東西]?`)
	plusCode = regexp.MustCompile(`\b(?:[23456789CFGHJMPQRVWX]{2}){2,4}\+[23456789CFGHJMPQRVWX]{2,3}\b`)
	mapLink  = regexp.MustCompile(`(?i)(?:google\.[a-z.]+/maps|maps\.app\.goo\.gl|openstreetmap\.org|map\.naver\.com|map\.kakao\.com|naver\.me|map\.baidu\.com|amap\.com|geo:)\S{3,}`)
)

func (x *explorer) coordinates(v *view) {
	place := x.gate.policy.Place
	if place == "exact" {
		return
	}
	for _, w := range dotted(v.b) {
		for _, m := range decimals.FindAllSubmatchIndex(v.b[w[0]:w[1]], mostMatches) {
			b := v.b[w[0]:w[1]]
			if onEarth(b[m[2]:m[3]], 90) && onEarth(b[m[4]:m[5]], 180) && finer(precision(b[m[2]:m[3]]), place) {
				x.pattern(v, w[0]+m[0], w[0]+m[1], rulePlace, "leak.why.coordinates", sureOfPlace(b[m[0]:m[1]], b[m[2]:m[3]], b[m[4]:m[5]]))
			}
		}
	}
	for _, w := range windows(v.b, []string{"°", "º", "度", "도"}) {
		for _, m := range degrees.FindAllIndex(v.b[w[0]:w[1]], mostMatches) {
			x.pattern(v, w[0]+m[0], w[0]+m[1], rulePlace, "leak.why.coordinates", Block)
		}
	}
	for _, w := range windows(v.b, []string{"/maps", "maps.app", "openstreetmap", "map.naver", "map.kakao", "naver.me", "map.baidu", "amap.com", "geo:"}) {
		for _, m := range mapLink.FindAllIndex(v.b[w[0]:w[1]], mostMatches) {
			x.pattern(v, w[0]+m[0], w[0]+m[1], rulePlace, "leak.why.coordinates", Review)
		}
	}
	for i := 0; ; i++ {
		at := bytes.IndexByte(v.b[i:], '+')
		if at < 0 {
			return
		}
		i += at
		start, end := max(0, i-8), min(len(v.b), i+4)
		if m := plusCode.FindIndex(v.b[start:end]); m != nil && letters(v.b[start+m[0]:i]) > 1 && letters(v.b[start+m[0]:i]) < i-start-m[0] {
			x.pattern(v, start+m[0], start+m[1], rulePlace, "leak.why.coordinates", Block)
		}
	}
}

func letters(b []byte) (n int) {
	for _, c := range b {
		if isAlpha(c) {
			n++
		}
	}
	return n
}

// dotted are the stretches of b around numbers with at least four digits after a
// point.
func dotted(b []byte) (all [][2]int) {
	for i := 1; i+4 < len(b); i++ {
		at := bytes.IndexByte(b[i:], '.')
		if at < 0 || i+at+4 >= len(b) {
			break
		}
		i += at
		if !isDigit(rune(b[i-1])) || !isDigit(rune(b[i+1])) || !isDigit(rune(b[i+2])) || !isDigit(rune(b[i+3])) {
			continue
		}
		start, end := max(0, i-nearMark), min(len(b), i+nearMark)
		if n := len(all); n > 0 && all[n-1][1] >= start {
			all[n-1][1] = end
		} else {
			all = append(all, [2]int{start, end})
		}
	}
	return all
}

// sureOfPlace says how sure it is that two numbers are a place: they say so, or they
// lie in the part of Asia that the work is about and have a comma between them.
func sureOfPlace(all, latitude, longitude []byte) string {
	north, _ := strconv.ParseFloat(string(latitude), 64)
	east, _ := strconv.ParseFloat(string(longitude), 64)
	if bytes.ContainsAny(all, "°NSEW北东東西") || north > 5 && north < 56 && east > 70 && east < 150 && bytes.ContainsAny(all, ",;") {
		return Block
	}
	return Review
}

func onEarth(b []byte, most float64) bool {
	n, err := strconv.ParseFloat(string(b), 64)
	return err == nil && n >= -most && n <= most
}

// precision is the finest place that a number of degrees may be: three digits after
// the point are a hundred metres.
func precision(b []byte) string {
	_, fraction, _ := strings.Cut(string(b), ".")
	switch n := len(fraction); {
	case n >= 4:
		return "exact"
	case n == 3:
		return "vicinity"
	}
	return "locality"
}

// finer says whether a place of one precision tells more than a policy allows. Where
// the policy says nothing, only what is exact or nearly so tells too much.
func finer(place, policy string) bool {
	order := func(p string) int {
		for i, q := range places {
			if p == q {
				return i
			}
		}
		return 0
	}
	if policy == "" {
		return order(place) <= order("vicinity")
	}
	return order(place) < order(policy)
}

// Dates to the day, and to the month, in English, Korean and Chinese, after the era
// of the North too.
var (
	months  = `(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?`
	dayDate = regexp.MustCompile(`(?i)\b\d{4}[-./]\d{1,2}[-./]\d{1,2}\b|\b\d{1,2}[-./]\d{1,2}[-./]\d{4}\b|\b\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?` + months +
		`\b(?:,?\s+\d{4})?|\b` + months + `\s+\d{1,2}(?:st|nd|rd|th)?\b(?:,?\s+\d{4}\b)?|\d{1,2}\s*[월月]\s*\d{1,2}\s*[일日号號]|[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}[日号號]`)
	monthDate = regexp.MustCompile(`(?i)\b` + months + `,?\s+\d{4}\b|\b\d{4}[-./]\d{1,2}\b|\d{4}\s*[년年]\s*\d{1,2}\s*[월月]|(?:주체|主体|主體|juche)\s*\d{2,3}(?:\s*\(\d{4}\))?\s*[년年]?\s*\d{1,2}\s*[월月]`)
)

func (x *explorer) dates(v *view, policy string) {
	for _, m := range dayDate.FindAllIndex(v.b, mostMatches) {
		x.pattern(v, m[0], m[1], ruleDate, "leak.why.day", Block)
	}
	if policy != "year" {
		return
	}
	for _, m := range monthDate.FindAllIndex(v.b, mostMatches) {
		x.pattern(v, m[0], m[1], ruleDate, "leak.why.month", Block)
	}
}

// addresses are streets with numbers as they are written in the three countries.
var addresses = regexp.MustCompile(`[가-힣]{1,10}(?:로|길)\s?\d{1,4}(?:-\d{1,3})?(?:번길)?\s?(?:\d{1,4})?호?|[가-힣]{1,8}(?:동|리)\s?\d{1,4}(?:-\d{1,4})?\s?번지|` +
	`[\p{Han}]{2,10}(?:路|街|道|巷|弄)\s?\d{1,5}\s?[号號]|\b\d{1,5}\s+(?:[A-Z][a-z]+\s+){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Boulevard|Blvd)\b`)
