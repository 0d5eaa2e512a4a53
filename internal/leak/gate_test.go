package leak

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"safehouse/internal/evidence"
)

// protect makes a gate for names of one person and further terms.
func protect(t testing.TB, names []string, terms ...Term) *Gate {
	t.Helper()
	list := Terms{Terms: terms}
	for i, n := range names {
		list.People = append(list.People, Person{ID: "per_" + itoa(i), Names: []Name{{Text: evidence.Protect(n)}}})
	}
	g, err := New(list, Policy{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func check(t testing.TB, g *Gate, name string, b []byte) Report {
	t.Helper()
	r, err := g.Check(context.Background(), name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// judged says how a text is judged: "block", "review", "unread" or "".
func judged(r Report) string {
	switch {
	case len(r.Unread) > 0:
		return "unread"
	case r.Status() == 3:
		return Block
	case len(r.Findings) > 0:
		return Review
	}
	return ""
}

func number(kind, text string) Term {
	return Term{ID: "trm_0", Kind: kind, Text: evidence.Protect(text)}
}

var listed = []string{"Kim Chol-su", "김철수", "金哲洙", "Ali", "Li Na", "이슬", "철수", "王伟", "Ким Чхоль Су", "Zoë Brontë", "남궁 민수", "J"}

func TestNames(t *testing.T) {
	g := protect(t, listed)
	for text, want := range map[string]string{
		"Kim Chol-su said": Block, "KIM CHOL SU": Block, "kim cholsu": Block, "KimCholsu": Block, "Chol-su Kim": Block, "Kim, Chol-su": Block,
		"Kim-Chol-su": Block, "K I M C H O L S U": Block, "K.i.m. C.h.o.l. s.u.": Block, "Kim\nChol-su": Block, "Kim Chol-\nsu": Block, "Kim Cho-\nlsu": Block,
		"Kim\u00a0Chol\u2011su": Block, "K\u200bi\u200bm Chol\u00adsu": Block, "Ｋｉｍ　Ｃｈｏｌ－ｓｕ": Block, "Kím Chöl-sü": Block, "Ki\u0301m Cho\u0308l-su": Block,
		"Кim Сhol-su": Block, "Κim Chοl-su": Block, "K1m Ch0l-su": Block, "KIM CH0L-SU": Block, "𝐊𝐢𝐦 𝐂𝐡𝐨𝐥-𝐬𝐮": Block, "🄺🄸🄼 🄲🄷🄾🄻-🅂🅄": Block, "ᴋɪᴍ ᴄʜᴏʟ-ꜱᴜ": Block,
		"mr_kimcholsu_2017": Block, "DrKimCholsuVideo": Block, "thekimcholsucase": Block, "Kim Ch olsu": Block, "Kim Chol-su's": Block, "Kim Chol-su가": Block,
		"Kim &#67;hol-su": Block, "Kim%20Chol-su": Block, "Kim\\u0020Chol-su": Block, "K<b>im</b> Chol<i class=\"a>b\">-su": Block,
		"Kim": "", "Chol-su": "", "Kim Il": "", "Kimchi": "", "Kim Chul-soo": Block, "skim cholsum": Block, "Kim Jong Un": "",
		"Ali said": Block, "Alibi": "", "all": "", "AIi said": Block, "Italian": "",
		"Li Na": Block, "Na Li": Block, "lina": Review, "Carolina": "", "Lin a": "", "Li, Na": Review,
		"김철수": Block, "김철수가 말했다": Block, "김철수씨": Block, "김 철수": Block, "김-철-수": Block, "김 철 수": Block, "김\n철수": Block, "탈북자김철수는": Block, "김철수네집": Block,
		"김철": "", "철수가": Review, "가철수하": "", "이슬이 맺힌": Block, "참이슬": Review, "참이슬톡톡": "",
		"\u1100\u1175\u11b7\u110e\u1165\u11af\u1109\u116e": Block, "ㄱㅣㅁㅊㅓㄹㅅㅜ": Block, "ㄱㅣㅁ철수": Block, "\u1100\u200b\u1175\u200b\u11b7철수": Block,
		"金哲洙說": Block, "金 哲 洙": Block, "⾦哲洙": Block, "王伟说": Block, "王 伟": Block, "大王伟": Block, "王": "", "哲洙": Review,
		"Ким Чхоль Су": Block, "КИМ ЧХОЛЬ СУ": Block, "Zoe Bronte": Block, "ZOË BRONTË": Block,
		"남궁민수": Block, "민수 남궁": Block, "J. said": Review, "Jump": "",
		"The eight were in the city": "", "": "",
	} {
		r := check(t, g, "x.txt", []byte(text))
		if got := judged(r); got != want {
			t.Errorf("%q: %q, not %q %+v", text, got, want, r)
		}
	}
}

func TestNumbers(t *testing.T) {
	g := protect(t, nil, number(phone, "+82 10-1234-5678"), number(idNumber, "850101-1234567"), number(account, "12345"), number(idNumber, "M1234 5678"))
	for text, want := range map[string]string{
		"010-1234-5678": Block, "01012345678": Block, "+82 10 1234 5678": Block, "00821012345678": Block, "(010) 1234.5678": Block, "０１０－１２３４－５６７８": Block,
		"0 1 0 1 2 3 4 5 6 7 8": Block, "O1O-l234-5678": Block, "8501011234567": Block, "850101 1234567": Block, "85 01 01 12 34 56 7": Block,
		"12345": Block, "123456": "", "12 345": Review, "m12345678": Block, "99M12345678": Block, "2017-03-17": "", "٠١٠١٢٣٤٥٦٧٨": Block, "①⓪①②③④⑤⑥⑦⑧": Block,
		"1012345679": "", "공일공 일이삼사 오육칠팔": Block, "zero one zero, one two three four, five six seven eight": Block, "零一零一二三四五六七八": Block,
		"one zero, one two three": "", "팔오공일공일-일이삼사오육칠": Block,
	} {
		r := check(t, g, "x.txt", []byte(text))
		if got := judged(r); got != want {
			t.Errorf("%q: %q, not %q %+v", text, got, want, r)
		}
	}
}

func TestReportHoldsNoSecret(t *testing.T) {
	g := protect(t, listed)
	r := check(t, g, "out/Kim Chol-su 김철수.txt", []byte("Kim Chol-su, 김철수, 金哲洙, J"))
	if len(r.Findings) < 6 {
		t.Fatalf("%+v", r)
	}
	for _, f := range r.Findings {
		for _, s := range []string{f.File, f.Part, f.Surface, f.Why, f.Term} {
			for _, n := range append(listed[:3:3], "Chol", "철수") {
				if strings.Contains(s, n) {
					t.Errorf("the report shows %q", s)
				}
			}
		}
	}
}

// One form of a name is listed, and the others are found: Hangul, Hanja, Latin after
// every scheme and none, Cyrillic, pinyin where the characters are known.
func TestOneFormFindsAllOthers(t *testing.T) {
	forms := []string{"김철수", "金哲洙", "Kim Chol-su", "Kim Ch'ŏlsu", "Kim Cheolsu", "Gim Cheolsu", "KIM CHUL SOO", "Chul-soo Kim", "Ким Чхоль Су",
		"kim-chul-soo", "kimchulsoo", "KimChulSoo", "K i m C h u l S o o", "Kim Chul-\nsoo", "Kim Chul Soo가"}
	for _, listed := range forms[:9] {
		g := protect(t, []string{listed})
		for _, text := range forms {
			if r := check(t, g, "x.txt", []byte("It was "+text+", they said.")); judged(r) != Block {
				t.Errorf("%q is listed, %q is written: %+v", listed, text, r)
			}
		}
	}
	g := protect(t, []string{"金哲洙", "王偉", "이영희"})
	for _, text := range []string{"Jin Zhezhu", "Wang Wei", "王伟说", "리영희가", "Ri Yong-hui", "Rhee Young Hee", "李英姬"} {
		if r := check(t, g, "x.txt", []byte("It was "+text+", they said.")); judged(r) != Block {
			t.Errorf("%q: %+v", text, r)
		}
	}
}

// Words that only sound like somebody are not taken for a name.
func TestProseIsNoName(t *testing.T) {
	g := protect(t, []string{"김철수", "장인", "Lee Hyun-jae", "안소가", "李雄"})
	for _, text := range []string{"The changing of the guard", "an so ga", "we can see the kim", "He was changing.", "현재 이 사건은", "可以现在就去"} {
		if r := check(t, g, "x.txt", []byte(text)); judged(r) == Block {
			t.Errorf("%q: %+v", text, r)
		}
	}
}
