package names

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"safehouse/internal/evidence"
)

func compare(t testing.TB, a, b string) Match {
	t.Helper()
	m, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Heads of state and other leaders, as the press writes them.
func TestPublishedSpellingsOfOneNameMatch(t *testing.T) {
	for _, c := range []struct {
		a, b  string
		least float64
	}{
		{"김정은", "Kim Jong Un", FromSame}, {"김정은", "Kim Chŏng-ŭn", FromSame}, {"김정은", "Gim Jeongeun", FromSame},
		{"김정은", "金正恩", FromSame}, {"金正恩", "Kim Jong-un", FromSame}, {"김정은", "Ким Чен Ын", FromLikely}, {"金正恩", "Jin Zheng'en", FromLikely},
		{"김일성", "金日成", FromSame}, {"김일성", "Kim Il Sung", FromSame}, {"김일성", "Ким Ир Сен", FromLikely}, {"최룡해", "Choe Ryong Hae", FromSame},
		{"최룡해", "최용해", FromSame}, {"리설주", "이설주", FromSame}, {"리설주", "Ri Sol-ju", FromSame}, {"이설주", "Ri Sol-ju", FromSame},
		{"이승만", "Syngman Rhee", FromLikely}, {"박정희", "Park Chung-hee", FromSame}, {"朴正熙", "Pak Chŏng-hŭi", FromSame}, {"전두환", "Chun Doo-hwan", FromSame},
		{"노태우", "Roh Tae-woo", FromSame}, {"김대중", "Kim Dae-jung", FromSame}, {"노무현", "Roh Moo-hyun", FromSame}, {"이명박", "Lee Myung-bak", FromSame},
		{"박근혜", "Park Geun-hye", FromSame}, {"朴槿惠", "박근혜", FromSame}, {"문재인", "Moon Jae-in", FromSame}, {"윤석열", "Yoon Suk Yeol", FromSame},
		{"반기문", "Ban Ki-moon", FromSame}, {"潘基文", "Pan Kimun", FromSame}, {"Ban Ki-moon", "Ki-moon Ban", FromSame},
		{"习近平", "習近平", FromSame}, {"习近平", "Xi Jinping", FromLikely}, {"習近平", "Xí Jìnpíng", FromLikely}, {"习近平", "Xi2 Jin4ping2", FromLikely},
		{"Xi Jinping", "Hsi Chin-p'ing", FromSame}, {"习近平", "시진핑", FromLikely}, {"Xi Jinping", "시진핑", FromSame}, {"毛泽东", "Mao Tse-tung", FromLikely},
		{"Mao Zedong", "Mao Tse-tung", FromSame}, {"梁振英", "Leung Chun-ying", FromLikely}, {"竜", "龍", FromSame},
		{"Владимир Путин", "Vladimir Putin", FromSame}, {"Wladimir Putin", "Vladimir Putin", FromSame}, {"Putin, Vladimir", "Vladimir Putin", FromSame},
		{"François Mitterrand", "Francois MITTERRAND", FromSame}, {"A. Merkel", "Angela Merkel", FromLikely}, {"John F. Kennedy", "John Kennedy", FromLikely},
	} {
		if m := compare(t, c.a, c.b); m.Score < c.least {
			t.Errorf("%s and %s: %.3f %v", c.a, c.b, m.Score, m.Why)
		}
	}
}

func TestOtherPeopleDoNotMatch(t *testing.T) {
	for _, c := range [][2]string{
		{"김정은", "김정일"}, {"김정은", "Kim Jong Il"}, {"Kim Jong Un", "Kim Jong Il"}, {"金正恩", "金正日"}, {"Kim Jong-un", "Kim Yo-jong"},
		{"박정희", "박근혜"}, {"노태우", "Roh Moo-hyun"}, {"习近平", "李克强"}, {"Xi Jinping", "Li Keqiang"}, {"习近平", "Hu Jintao"},
		{"Barack Obama", "Michelle Obama"}, {"Vladimir Putin", "Vladimir Lenin"}, {"Angela Merkel", "Helmut Kohl"}, {"Kim", "Kim Jong Un"}, {"김정은", "Angela Merkel"},
	} {
		if m := compare(t, c[0], c[1]); m.Score >= FromLikely {
			t.Errorf("%s and %s: %.3f %v", c[0], c[1], m.Score, m.Why)
		}
	}
}

func TestWhatManyPeopleShareIsNeverOneClass(t *testing.T) {
	for _, c := range [][2]string{{"习近平", "Xi Jinping"}, {"金正恩", "Jin Zheng'en"}, {"A. Merkel", "Angela Merkel"}} {
		if m := compare(t, c[0], c[1]); m.Band == Same {
			t.Errorf("%s and %s: %.3f", c[0], c[1], m.Score)
		}
	}
}

func TestReasonsGoSyllableBySyllable(t *testing.T) {
	m := compare(t, "리설주", "Lee Sul-joo")
	want := []string{"설 sul", "주 joo"}
	var got []string
	for _, r := range m.Why {
		if r.Code == "spelling" {
			got = append(got, strings.Join(r.Values, " "))
		}
	}
	if len(got) != 3 || !slices.Equal(got[1:], want) {
		t.Errorf("%v", m.Why)
	}
	if m := compare(t, "리설주", "이설주"); m.Why[0].Code != "law" || m.Why[0].Cost == 0 {
		t.Errorf("%v", m.Why)
	}
}

var lastNames = []string{"김", "리", "박", "최", "정", "강", "류", "남궁"}
var firstNames = []string{"철", "수", "영", "희", "은", "일", "혁", "련", "옥", "성", "경", "준"}

// spelled draws a name and writes it in one of the ways that Variants knows.
func spelled(t *rapid.T, label string) string {
	text := rapid.SampledFrom(lastNames).Draw(t, label+" family") + rapid.SampledFrom(firstNames).Draw(t, label+" first") +
		rapid.SampledFrom(firstNames).Draw(t, label+" second")
	all, err := Variants(text, 12)
	if err != nil {
		t.Fatal(err)
	}
	i := rapid.IntRange(0, len(all)).Draw(t, label+" spelling")
	if i == len(all) {
		return text
	}
	return all[i].Text
}

func TestMatchIsSymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := spelled(t, "a"), spelled(t, "b")
		x, _ := Compare(a, b)
		y, _ := Compare(b, a)
		if x.Score != y.Score || x.Band != y.Band {
			t.Fatalf("%s and %s: %.3f, %.3f", a, b, x.Score, y.Score)
		}
	})
}

func TestSpacingHyphensCaseAndFormOfUnicodeSayNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := spelled(t, "a")
		b := rapid.SampledFrom([]func(string) string{
			strings.ToUpper, strings.ToLower, norm.NFD.String, norm.NFKD.String,
			func(s string) string { return strings.ReplaceAll(s, "-", " ") },
			func(s string) string { return strings.ReplaceAll(s, "-", "") },
			func(s string) string { return strings.ReplaceAll(s, " ", "") },
			func(s string) string { return "  " + strings.ReplaceAll(s, " ", "\u00a0\t") + "\n" },
		}).Draw(t, "change")(a)
		if m, err := Compare(a, b); err != nil || m.Score < .99 {
			t.Fatalf("%q and %q: %.3f %v", a, b, m.Score, err)
		}
	})
}

func TestTheOrderOfFamilyAndGivenNameSaysLittle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := spelled(t, "a"), spelled(t, "b")
		family, given, ok := strings.Cut(b, " ")
		if !ok {
			return
		}
		x, _ := Compare(a, b)
		y, _ := Compare(a, given+" "+family)
		if x.Score >= FromLikely && y.Score < x.Score-.06 {
			t.Fatalf("%s and %s: %.3f, turned round %.3f", a, b, x.Score, y.Score)
		}
	})
}

func TestEveryVariantMatchesItsSource(t *testing.T) {
	sources := []string{"김철수", "리설주", "남궁민", "金正恩", "金正恩", "朴正熙", "习近平", "鉄男", "Kim Jong Un", "Xi Jinping", "Владимир Путин", "François Mitterrand", "시진핑"}
	for _, text := range sources {
		all, err := Variants(text, 50)
		if err != nil || len(all) == 0 {
			t.Errorf("%s: %d variants, %v", text, len(all), err)
		}
		for _, v := range all {
			if m := compare(t, text, v.Text); m.Score < FromLikely || m.Score != v.Score {
				t.Errorf("%s, %s: %.3f, said %.3f", text, v.Text, m.Score, v.Score)
			}
		}
	}
}

func TestVariantsHoldTheUsualSpellings(t *testing.T) {
	for text, want := range map[string][]string{
		"김정은":         {"Kim Jong-un", "Gim Jeongeun", "Kim Chŏngŭn"},
		"리설주":         {"Ri Sol-ju", "이설주", "Lee Sul-joo"},
		"金正恩":         {"김정은", "Kim Jong-un", "Jin Zhengen"},
		"習近平":         {"习近平", "Xi Jinping", "Hsi Chin-p'ing"},
		"Kim Jong Un": {"김정은"},
	} {
		all, err := Variants(text, 60)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !slices.ContainsFunc(all, func(v Variant) bool { return v.Text == w }) {
				t.Errorf("%s has no %s: %v", text, w, all)
			}
		}
	}
	if all, _ := Variants("김정은", 3); len(all) != 3 {
		t.Errorf("%d of at most 3", len(all))
	}
}

func TestWhatIsNoNameIsAProblem(t *testing.T) {
	for text, code := range map[string]string{
		"": "names.empty", " -·, ": "names.empty", "123": "names.empty", "\xff\xfe": "names.not_text", "Kim \xc3": "names.not_text", "Kim \ufffd": "names.not_text",
		strings.Repeat("김", 400_000): "names.too_long", strings.Repeat("ab ", 13): "names.too_long", "\u0301\u200d": "names.empty",
	} {
		var p *evidence.Problem
		if _, err := Compare("Kim", text); !errors.As(err, &p) || p.Code != code {
			t.Errorf("%.20q: %v", text, err)
		}
		if _, err := Variants(text, 5); !errors.As(err, &p) || p.Code != code {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestAnIndexFindsOtherSpellings(t *testing.T) {
	var x Index
	for id, text := range map[string]string{"un": "김정은", "il": "김정일", "xi": "习近平", "pu": "Владимир Путин", "me": "Angela Merkel", "sol": "Ri Sol-ju"} {
		if err := x.Add(id, text); err != nil {
			t.Fatal(err)
		}
	}
	for text, id := range map[string]string{
		"Kim Jong Un": "un", "金正恩": "un", "KIM JONGIL": "il", "Xi Jinping": "xi", "Hsi Chin-p'ing": "xi", "Wladimir Putin": "pu", "Merkel, A.": "me", "이설주": "sol",
	} {
		hits, err := x.Search(text, FromLikely)
		if err != nil || len(hits) == 0 || hits[0].ID != id {
			t.Errorf("%s: %v %v", text, hits, err)
		}
	}
	if hits, err := x.Search("Helmut Kohl", FromPossible); err != nil || len(hits) > 0 {
		t.Errorf("%v %v", hits, err)
	}
}

func TestTheTableHoldsWhatItMust(t *testing.T) {
	c := table()
	if len(c.chars) < 10_000 || len(c.sounds) < 900 {
		t.Errorf("%d characters, %d sounds", len(c.chars), len(c.sounds))
	}
	if len(tablesText) > 400_000 {
		t.Errorf("the table has %d bytes", len(tablesText))
	}
}

// slow is far above what any name takes, and far below what an unbounded search would.
const slow = 2 * time.Second

func FuzzMatch(f *testing.F) {
	for _, s := range []string{"김철수", "Kim Chol-su", "金哲洙", "Ким Чен Ын", "K-I-M", "ŏŭ''--", strings.Repeat("yongyang", 40), strings.Repeat("a b ", 6), "\u1100\u1161", "ﷺ"} {
		f.Add(s, "Kim Chol-su")
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		began := time.Now()
		x, err := Compare(a, b)
		y, again := Compare(b, a)
		if (err == nil) != (again == nil) || x.Score != y.Score {
			t.Errorf("%.3f %v, turned round %.3f %v", x.Score, err, y.Score, again)
		}
		if x.Score < 0 || x.Score > 1 || err == nil && len(x.Why) == 0 {
			t.Errorf("%+v", x)
		}
		if same, err := Compare(a, a); err == nil && same.Score != 1 {
			t.Errorf("%q and itself: %.3f", a, same.Score)
		}
		if took := time.Since(began); took > slow {
			t.Errorf("%v", took)
		}
	})
}

func FuzzVariants(f *testing.F) {
	for _, s := range []string{"김철수", "Kim Chol-su", "金哲洙", "习近平", "Ким Чен Ын", strings.Repeat("樂", 6), strings.Repeat("jong", 6)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		began := time.Now()
		all, err := Variants(text, 10)
		if err != nil {
			return
		}
		for _, v := range all {
			if !utf8.ValidString(v.Text) || v.Score < FromLikely {
				t.Errorf("%+v", v)
			}
		}
		if took := time.Since(began); took > slow {
			t.Errorf("%v", took)
		}
	})
}
