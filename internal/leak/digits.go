package leak

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// digitWords are the names of the digits in Korean, Chinese and English, as people
// spell out a number that they hide.
var digitWords = [10][]string{
	{"zero", "oh", "nought", "영", "공", "零", "〇", "○"}, {"one", "일", "하나", "一", "壹", "幺"}, {"two", "이", "둘", "二", "贰", "貳", "两", "兩"},
	{"three", "삼", "셋", "三", "叁", "參"}, {"four", "사", "넷", "四", "肆"}, {"five", "오", "다섯", "五", "伍"}, {"six", "육", "륙", "여섯", "六", "陆", "陸"},
	{"seven", "칠", "일곱", "七", "柒"}, {"eight", "팔", "여덟", "八", "捌"}, {"nine", "구", "아홉", "九", "玖"},
}

// wordsFrom has for each first byte the words that start with it, longest first, and
// what they mean.
var wordsFrom = func() (all [256][]digitWord) {
	for d, words := range digitWords {
		for _, w := range words {
			all[w[0]] = append(all[w[0]], digitWord{w, byte('0' + d)})
			if w[0] < utf8.RuneSelf {
				all[w[0]-'a'+'A'] = append(all[w[0]-'a'+'A'], digitWord{w, byte('0' + d)})
			}
		}
	}
	return all
}()

type digitWord struct {
	word  string
	digit byte
}

const (
	leastWords  = 3  // of a number that is spelled out
	leastNumber = 5  // digits in all
	betweenWord = 3  // bytes of spaces and signs
	mostNumber  = 40 // digits
)

// number turns numbers that are spelled out into digits. It gives nil where there are
// none.
func spelledDigits(v *view) *view {
	var m maker
	b, from := v.b, 0
	for i := 0; i < len(b); {
		if len(wordsFrom[b[i]]) == 0 || i > 0 && isAlpha(b[i]) && isAlpha(b[i-1]) {
			i++
			continue
		}
		digits, ends := numberWords(b, i)
		if digits == nil {
			i += max(1, ends)
			continue
		}
		m.copy(b, from, i)
		m.put(digits, i, ends)
		i += ends
		from = i
	}
	if from == 0 {
		return nil
	}
	m.copy(b, from, len(b))
	return m.over(v, "leak.why.number_words")
}

func isAlpha(c byte) bool { return c|32 >= 'a' && c|32 <= 'z' }

// numberWords reads a number in words at b[i:]: its digits, nil if it is none, and how
// many bytes it takes.
func numberWords(b []byte, i int) (digits []byte, took int) {
	words, at := 0, i
	for len(digits) < mostNumber {
		d, n := digitAt(b, at)
		if n == 0 {
			break
		}
		if n > 1 {
			words++
		}
		digits = append(digits, d)
		at += n
		took = at - i
		for gap := 0; gap < betweenWord && at < len(b) && strings.IndexByte(" -.,\t\n", b[at]) >= 0; gap++ {
			at++
		}
	}
	if words < leastWords || len(digits) < leastNumber {
		return nil, took
	}
	return digits, took
}

// digitAt reads one digit or the word for one.
func digitAt(b []byte, i int) (byte, int) {
	if i >= len(b) {
		return 0, 0
	}
	if c := b[i]; c >= '0' && c <= '9' {
		return c, 1
	}
	for _, w := range wordsFrom[b[i]] {
		end := i + len(w.word)
		if end > len(b) || w.word[1]|32 != b[i+1]|32 || !strings.EqualFold(string(b[i:end]), w.word) {
			continue
		}
		if isAlpha(b[i]) && end < len(b) && isAlpha(b[end]) {
			continue
		}
		return w.digit, len(w.word)
	}
	return 0, 0
}

// plateLetters are the syllables on the plates of the South's cars.
const plateLetters = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주허하호"

// plateNumber is 12가 3456: it says how many bytes follow the digits.
func plateNumber(r run) int {
	if len(r.digits) != len(r.text) || len(r.digits) < 2 || len(r.digits) > 3 || len(r.before) > 0 && isAlnum(r.before[len(r.before)-1]) {
		return 0
	}
	letter, n := utf8.DecodeRune(r.after)
	if !strings.ContainsRune(plateLetters, letter) {
		return 0
	}
	rest := r.after[n:]
	if len(rest) > 0 && rest[0] == ' ' {
		rest, n = rest[1:], n+1
	}
	for i := range 4 {
		if i >= len(rest) || !isDigit(rune(rest[i])) {
			return 0
		}
	}
	if len(rest) > 4 && isAlnum(rest[4]) {
		return 0
	}
	return n + 4
}

// A run is a number with all that stands between its digits.
type run struct {
	digits []byte
	text   []byte // as it is written, folded digits aside
	before []byte // a few bytes before it
	after  []byte
	start  int // in the view
	end    int
}

// how much is looked at around a number.
const aroundRun = 24

// longestGap is how many bytes may stand between two digits of a number.
const longestGap = 3

// runAt gives the number that starts at u[i], in the view b, and the unit after it.
func runAt(b []byte, u []unit, i int) (run, int) {
	j := i + 1
	for j < len(u) && isDigit(u[j].r) && u[j].gap&(gapWall|gapLine) == 0 && u[j].start-u[j-1].end <= longestGap && separates(b, u[j-1].end, u[j].start) {
		j++
	}
	r := run{start: u[i].start, end: u[j-1].end}
	if j-i > mostNumber {
		return r, j
	}
	for k := i; k < j; k++ {
		if k > i && u[k].start > u[k-1].end { // ½ is two digits in one place
			r.text = append(r.text, b[u[k-1].end:u[k].start]...)
		}
		r.digits = append(r.digits, byte(u[k].r))
		r.text = append(r.text, byte(u[k].r))
	}
	r.before = b[max(0, r.start-aroundRun):r.start]
	r.after = b[r.end:min(len(b), r.end+aroundRun)]
	return r, j
}

// separates says whether nothing but signs that group digits stands in b[from:to].
func separates(b []byte, from, to int) bool {
	for i := from; i < to; i++ {
		if b[i] < utf8.RuneSelf && strings.IndexByte(" -.()/", b[i]) < 0 {
			return false
		}
	}
	return true
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// A kind of number that gives somebody away whoever it belongs to: how it is told, and
// what is done about it.
type kind struct {
	why      string
	severity string
	is       func(r run) bool
}

// numbers are tried in this order; the first that fits counts.
var numbers = []kind{
	{"leak.why.resident_kr", Block, koreanResident},
	{"leak.why.resident_cn", Block, chineseResident},
	{"leak.why.card", Block, cardNumber},
	{"leak.why.phone", Block, phoneNumber},
	{"leak.why.resident_kr", Review, likeKoreanResident},
	{"leak.why.phone", Review, likePhone},
	{"leak.why.account", Review, accountNumber},
	{"leak.why.passport", Review, passportNumber},
	{"leak.why.address_ip", Review, ipAddress},
}

func number2(d []byte) int { return int(d[0]-'0')*10 + int(d[1]-'0') }

func validDay(month, day []byte) bool {
	m, d := number2(month), number2(day)
	return m >= 1 && m <= 12 && d >= 1 && d <= 31
}

// alone says whether nothing goes on where the number ends.
func (r run) alone() bool {
	return (len(r.before) == 0 || !isAlnum(r.before[len(r.before)-1])) && (len(r.after) == 0 || !isAlnum(r.after[0]))
}

// groups are the lengths of the groups of digits.
func (r run) groups() (all []int) {
	n := 0
	for _, c := range r.text {
		if isDigit(rune(c)) {
			n++
			continue
		}
		if n > 0 {
			all = append(all, n)
		}
		n = 0
	}
	return append(all, n)
}

// koreanResident is the number of a South Korean: a day of birth, a sex, and a last
// digit that checks the others.
func koreanResident(r run) bool {
	if !likeKoreanResident(r) {
		return false
	}
	weights := []int{2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5}
	sum := 0
	for i, w := range weights {
		sum += w * int(r.digits[i]-'0')
	}
	return (11-sum%11)%10 == int(r.digits[12]-'0')
}

func likeKoreanResident(r run) bool {
	d := r.digits
	return len(d) == 13 && r.alone() && validDay(d[2:4], d[4:6]) && d[6] >= '1' && d[6] <= '8' && (len(r.text) == 13 || r.groups()[0] == 6)
}

// chineseResident is the number of a Chinese citizen (GB 11643), whose last character
// checks the others (ISO 7064, MOD 11-2) and may be an X.
func chineseResident(r run) bool {
	d := r.digits
	last := byte(0)
	switch {
	case len(d) == 18:
		last, d = d[17], d[:17]
	case len(d) == 17 && len(r.after) > 0 && (r.after[0] == 'X' || r.after[0] == 'x'):
		last = 'X'
	default:
		return false
	}
	century := number2(d[6:8])
	if century != 19 && century != 20 || !validDay(d[10:12], d[12:14]) || d[0] == '0' || d[0] == '9' {
		return false
	}
	sum := 0
	for _, c := range d {
		sum = (sum + int(c-'0')) * 2
	}
	return "10X98765432"[sum%11] == last
}

// cardNumber is a payment card: its issuer's digits, and the check after Luhn.
func cardNumber(r run) bool {
	d := r.digits
	if len(d) < 15 || len(d) > 19 || !r.alone() || d[0] < '3' || d[0] > '6' || bytes.Count(d, d[:1]) > len(d)-3 {
		return false
	}
	if g := r.groups(); len(g) > 1 && (g[0] != 4 || len(g) > 5) {
		return false
	}
	sum := 0
	for i, c := range d {
		n := int(c - '0')
		if (len(d)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// international says whether the number stands behind a plus.
func (r run) international() bool {
	return bytes.HasSuffix(bytes.TrimRight(r.before, "( "), []byte("+"))
}

// phoneNumber is one that is certainly a telephone's in Korea or China: with the
// country in front, or a mobile one.
func phoneNumber(r run) bool {
	d := string(r.digits)
	if !r.apart() {
		return false
	}
	switch {
	case r.international():
		return len(d) >= 10 && len(d) <= 14 && (strings.HasPrefix(d, "82") || strings.HasPrefix(d, "86") || strings.HasPrefix(d, "850"))
	case strings.HasPrefix(d, "0082"), strings.HasPrefix(d, "0086"), strings.HasPrefix(d, "00850"):
		return len(d) >= 12 && len(d) <= 16
	case strings.HasPrefix(d, "01") && strings.IndexByte("016789", d[2]) >= 0: // 010-1234-5678
		return len(d) == 11 && (len(r.text) == 11 || r.groups()[0] == 3) || len(d) == 10 && len(r.groups()) == 3 && r.groups()[0] == 3
	case len(d) == 11 && d[0] == '1' && d[1] >= '3': // 138 0013 8000
		g := r.groups()
		return g[0] == 3 && len(g) == 3 || len(g) == 1 && !bytes.HasSuffix(r.before, []byte(".")) && mentions(r, easternTelephone)
	}
	return false
}

// apart says whether no letter, and no fraction, touches the number.
func (r run) apart() bool {
	fraction := len(r.after) > 1 && r.after[0] == '.' && isDigit(rune(r.after[1]))
	return len(r.digits) >= 3 && r.alone() && !fraction
}

// likePhone is one that may be: as the South groups its numbers, or beside a word for
// telephone.
func likePhone(r run) bool {
	n := len(r.digits)
	if n < 7 || n > 15 || !r.alone() {
		return false
	}
	if r.international() && n >= 9 && r.digits[0] != '0' {
		return true
	}
	g := r.groups()
	if len(g) == 3 && r.digits[0] == '0' && g[1] >= 3 && g[2] == 4 && n >= 9 && n <= 11 {
		return true
	}
	return mentions(r, telephone)
}

var (
	telephone        = strings.Fields("tel tel. tel: phone mobile cell fax 전화 휴대폰 핸드폰 연락처 电话 電話 手机 手機 whatsapp signal")
	easternTelephone = strings.Fields("전화 휴대폰 핸드폰 연락처 电话 電話 手机 手機")
	accounts         = strings.Fields("account iban 계좌 账号 帳號 账户 帳戶 银行 은행")
	passports        = strings.Fields("passport 여권 护照 護照")
)

// mentions says whether one of the words stands before the number.
func mentions(r run, words []string) bool {
	before := strings.ToLower(string(r.before))
	for _, w := range words {
		if strings.Contains(before, w) {
			return true
		}
	}
	return false
}

func accountNumber(r run) bool {
	return len(r.digits) >= 8 && len(r.digits) <= 20 && mentions(r, accounts)
}

// passportNumber stands beside the word, behind a letter or two.
func passportNumber(r run) bool {
	return len(r.digits) >= 6 && len(r.digits) <= 9 && mentions(r, passports)
}

func ipAddress(r run) bool {
	g := r.groups()
	if len(g) != 4 || bytes.Count(r.text, []byte(".")) != 3 || len(r.text) != len(r.digits)+3 || !r.alone() {
		return false
	}
	before := string(r.before)
	if strings.HasSuffix(before, "/") && !strings.HasSuffix(before, "//") || strings.HasSuffix(string(r.text), ".0.0.0") {
		return false // a version
	}
	parts := strings.Split(string(r.text), ".")
	for _, p := range parts {
		if len(p) > 3 || len(p) == 3 && p > "255" {
			return false
		}
	}
	return len(parts[0]) > 1 && parts[0] != "127" // a version is no address
}
