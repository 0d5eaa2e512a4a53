package names

import (
	"slices"
	"strings"
)

// Spellings of jamo, in the order of the lists in jamo.go. McCune-Reischauer's are
// those between vowels, too, where they differ.
var (
	northInitials   = strings.Split("k kk n t tt r m p pp s ss - j jj ch kh th ph h", " ")
	northMedials    = strings.Split("a ae ya yae o e yo ye o wa wae oe yo u wo we wi yu u ui i", " ")
	northFinals     = strings.Split("- k k k n n n t l k m l l l p l m p p t t ng t t k t p -", " ")
	revisedInitials = strings.Split("g kk n d tt r m b pp s ss - j jj ch k t p h", " ")
	revisedMedials  = strings.Split("a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i", " ")
	mccuneInitials  = strings.Split("k kk n t tt r m p pp s ss - ch tch ch' k' t' p' h", " ")
	mccuneVoiced    = strings.Split("g kk n d tt r m b pp s ss - j tch ch' k' t' p' h", " ")
	mccuneMedials   = strings.Split("a ae ya yae ŏ e yŏ ye o wa wae oe yo u wŏ we wi yu ŭ ŭi i", " ")
	habitInitials   = strings.Split("k,g kk n d,t tt r,l m b,p pp s ss - j,ch jj ch k t p h", " ")
	habitMedials    = strings.Split("a ae,ai ya yae eo,u,o e yeo,you,yu,yo ye o wa wae oe,oi yo u,oo wo we wi yoo,yu eu,u ui,ee,eui i,ee", " ")
	habitFinals     = strings.Split("- k,g k k n n n t l k m l l l p l m p p t t ng t t k t p -", " ")
)

func letters(list []string, i int) string { return strings.Trim(list[i], "-") }

// spell writes one syllable with three lists.
func (s sound) spell(initials, medials, finals []string) string {
	i, m, f := s.parts()
	return letters(initials, i) + letters(medials, m) + letters(finals, f)
}

// romanised adds the romanisations of a row of Hangul syllables.
func (w *writer) romanised(row []sound, rank int) {
	family := 1
	if len(row) > 2 && surname().double[[2]sound{row[0], row[1]}] {
		family = 2
	}
	each := func(initials, medials, finals []string) (all []string) {
		for _, s := range row {
			all = append(all, s.spell(initials, medials, finals))
		}
		return all
	}
	write := func(all []string, between string) string {
		return capital(strings.Join(all[:family], "")) + given(all[family:], between)
	}
	mccune := mccune(row, family)
	w.add(VariantNorth, write(each(northInitials, northMedials, northFinals), "-"), rank)
	w.add(VariantRevised, write(each(revisedInitials, revisedMedials, northFinals), ""), rank+1)
	w.add(VariantMcCune, write(mccune, ""), rank+4)
	w.add(VariantMcCune, strings.NewReplacer("ŏ", "o", "ŭ", "u", "'", "").Replace(write(mccune, "")), rank+5)
	for i, all := range ownSpellings(row, family) {
		w.add(VariantHabit, write(all, "-"), rank+2+i/2)
	}
}

// mccune voices what stands between vowels, n, l, m and ng within the given name, and
// lets n and r change as they do in speech.
func mccune(row []sound, family int) (all []string) {
	for at, s := range row {
		i, m, f := s.parts()
		initials := mccuneInitials
		if at > family || at == 1 && family == 2 {
			_, _, before := row[at-1].parts()
			switch k := letters(northFinals, before); {
			case k == "" || k == "n" || k == "l" || k == "m" || k == "ng":
				initials = mccuneVoiced
				if i == iR && (k == "m" || k == "ng") {
					i = iN
				}
			case i == iR:
				i = iN
			}
		}
		initial := letters(initials, i)
		if (i == 9 || i == 10) && m == 16 {
			initial = "sh" // swi is written shwi
		}
		all = append(all, initial+letters(mccuneMedials, m)+letters(northFinals, f))
	}
	return all
}

// usual are the spellings that people choose for the syllables that many names have.
var usual = map[string]string{
	"영": "young yeong yung", "현": "hyun hyeon", "경": "kyung kyeong gyeong", "명": "myung myeong", "병": "byung byeong", "성": "sung seong",
	"정": "jung jeong chung", "철": "chul cheol chol", "순": "soon sun", "수": "soo su", "준": "joon jun", "훈": "hoon hun", "희": "hee hui",
	"승": "seung", "은": "eun", "석": "seok suk", "선": "sun seon", "우": "woo wu", "주": "joo ju", "춘": "choon chun", "숙": "sook suk",
	"국": "kook guk", "구": "koo gu", "규": "kyu gyu", "기": "ki gi", "근": "geun keun", "환": "hwan", "형": "hyung hyeong", "용": "yong",
	"태": "tae", "재": "jae", "진": "jin", "문": "moon mun", "무": "moo mu", "운": "woon un", "윤": "yoon yun", "연": "yeon yun", "열": "yeol yul",
}

// ownSpellings are spellings that people choose for themselves, likeliest first.
func ownSpellings(row []sound, family int) [][]string {
	rows := [][]string{nil}
	for at, s := range row {
		i, m, f := s.parts()
		var ways []string
		for _, in := range strings.Split(habitInitials[i], ",") {
			for _, mid := range strings.Split(habitMedials[m], ",") {
				for _, fin := range strings.Split(habitFinals[f], ",") {
					ways = append(ways, strings.Trim(in, "-")+mid+strings.Trim(fin, "-"))
				}
			}
		}
		if own := usual[s.hangul()]; own != "" {
			ways = strings.Split(own, " ")
		}
		if at == 0 && family == 1 && len(surname().spelled[s]) > 0 {
			ways = surname().spelled[s]
		}
		rows = crossed(rows, ways)
	}
	return rows
}

// crossed puts two lists together so that the first of both come first.
func crossed(rows [][]string, ways []string) (all [][]string) {
	for sum := 0; sum < len(rows)+len(ways)-1 && len(all) < 60; sum++ {
		for i := max(0, sum-len(ways)+1); i <= min(sum, len(rows)-1); i++ {
			all = append(all, append(slices.Clone(rows[i]), ways[sum-i]))
		}
	}
	return all
}
