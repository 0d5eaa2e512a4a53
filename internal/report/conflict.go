package report

import (
	"cmp"
	"slices"
	"strings"

	"safehouse/internal/evidence"
)

// events are kinds of happening, each with the stems of its words in the three
// languages. Claims can only conflict about the same one.
var events = []struct {
	name  string
	stems []string
}{
	{"detention", strings.Fields("detain detention arrest custody caught captur seized imprison jailed 체포 억류 구금 붙잡 被捕 逮捕 拘留 抓捕 关押 扣押 被抓 带走")},
	{"return", strings.Fields("deport repatriat refoul returned forcibly expel 송환 추방 遣返 遣送 驱逐")},
	{"death", strings.Fields("kill died dead death drown executed 사망 숨졌 숨진 처형 죽 死亡 丧生 遇难 处决")},
	{"injury", strings.Fields("injur wound hurt beat beaten tortur 부상 다쳤 고문 폭행 受伤 殴打 酷刑")},
	{"flight", strings.Fields("fled flee escap cross defected 탈출 탈북했 도주 逃离 逃出 越境")},
	{"disappearance", strings.Fields("missing vanish disappear 실종 행방불명 失踪 下落不明")},
	{"release", strings.Fields("released freed 석방 풀려 获释 释放")},
}

// maxRivals is how many claims about one event are held against each other.
const maxRivals = 60

// conflicts lists pairs of claims that do not agree: other numbers of people for the
// same event, or a denial of what another asserts. Whether they speak of the same
// people and day is for a person to say.
func (d *document) conflicts(claims []Claim) []Conflict {
	out := []Conflict{}
	seen := map[[2]int]bool{}
	for e := range events {
		about := d.about(claims, e)
		for i, a := range about {
			for _, b := range about[i+1:] {
				what := d.disagree(claims[a], claims[b])
				if what == "" || seen[[2]int{a, b}] {
					continue
				}
				seen[[2]int{a, b}] = true
				out = append(out, Conflict{Claims: []string{claims[a].ID, claims[b].ID}, What: what})
			}
		}
	}
	return out
}

// about lists the claims that speak of an event. What is demanded or feared has not
// happened.
func (d *document) about(claims []Claim, event int) []int {
	var out []int
	for i, c := range claims {
		if c.Form != evidence.Asserts && c.Form != evidence.Denies && c.Form != evidence.Reports {
			continue
		}
		low := strings.ToLower(c.Content.Text)
		if len(low) < 2000 && len(out) < maxRivals && slices.ContainsFunc(events[event].stems, func(s string) bool { return hasStem(low, s) }) {
			out = append(out, i)
		}
	}
	return out
}

// hasStem says whether a word begins with a stem; scripts without blanks have no
// such places.
func hasStem(low, stem string) bool {
	i := strings.Index(low, stem)
	return i >= 0 && (stem[0] >= 0x80 || i == 0 || !(low[i-1] >= 'a' && low[i-1] <= 'z'))
}

// disagree says in what two claims about the same event do.
func (d *document) disagree(a, b Claim) string {
	if a.Speaker.Span == b.Speaker.Span || a.Speaker.Entity != "" && a.Speaker.Entity == b.Speaker.Entity {
		if a.Content.Span == b.Content.Span {
			return ""
		}
	} else if (a.Form == evidence.Denies) != (b.Form == evidence.Denies) {
		return "denial"
	}
	if a.Form == evidence.Denies || b.Form == evidence.Denies || !d.sameTime(a, b) {
		return ""
	}
	x, y := d.countsIn(a), d.countsIn(b)
	if len(x) == 0 || len(y) == 0 {
		return ""
	}
	for _, one := range x {
		for _, other := range y {
			if sameKind(one.noun, other.noun) && one.meets(other.tally) {
				return ""
			}
		}
	}
	for _, one := range x {
		for _, other := range y {
			if sameKind(one.noun, other.noun) {
				return "count"
			}
		}
	}
	return ""
}

// countsIn lists the counts with a number in the content of a claim.
func (d *document) countsIn(c Claim) []count {
	s := d.at(c.Content.Span)
	all := d.counted()
	i, _ := slices.BinarySearchFunc(all, s.from, func(c count, at int) int { return cmp.Compare(c.from, at) })
	var out []count
	for ; i < len(all) && all[i].to <= s.to; i++ {
		if all[i].min > 1 || all[i].max > 1 {
			out = append(out, all[i])
		}
	}
	return out
}

// meets says whether two tallies can both be right. An estimate leaves a tenth.
func (t tally) meets(o tally) bool {
	low, high := t.bounds()
	otherLow, otherHigh := o.bounds()
	return low <= otherHigh && otherLow <= high
}

func (t tally) bounds() (low, high int) {
	low, high = t.min, t.max
	if high == 0 {
		high = 1 << 40
	}
	if t.estimate {
		low -= low / 10
		high += high / 10
	}
	return low, high
}

// kinds are words for a part of people: four women and eight people do not differ.
var kinds = set(`women woman men man children child girl boy girls boys infant babies baby broker brokers guard guards officers officer police soldiers soldier activist activists
	worker workers lawyer lawyers family families guide driver
	여성 남성 어린이 아동 여자 남자 브로커 경찰 군인 활동가 妇女 女性 男性 儿童 孩子 男子 女子 警察 士兵 活动人士`)

// sameKind says whether two nouns can count the same people.
func sameKind(a, b string) bool { return a == b || !special(a) && !special(b) }

func special(noun string) bool {
	if kinds[noun] || kinds[noun+"s"] {
		return true
	}
	for _, k := range []string{"妇女", "女性", "男性", "儿童", "孩子", "男子", "女子", "警察"} {
		if strings.Contains(noun, k) {
			return true
		}
	}
	return false
}

// sameTime says whether the days that two contents name can be the same.
func (d *document) sameTime(a, b Claim) bool {
	x, y := d.datesIn(a), d.datesIn(b)
	if len(x) == 0 || len(y) == 0 {
		return true
	}
	for _, one := range x {
		for _, other := range y {
			if one.Earliest <= other.Latest && other.Earliest <= one.Latest {
				return true
			}
		}
	}
	return false
}

// datesIn lists the placed dates in the content of a claim.
func (d *document) datesIn(c Claim) []dated {
	s := d.at(c.Content.Span)
	i, _ := slices.BinarySearchFunc(d.found, s.from, func(f dated, at int) int { return cmp.Compare(f.from, at) })
	var out []dated
	for ; i < len(d.found) && d.found[i].to <= s.to; i++ {
		if d.found[i].Earliest != "" && d.found[i].Latest != "" {
			out = append(out, d.found[i])
		}
	}
	return out
}
