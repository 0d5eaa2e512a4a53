package leak

import (
	"testing"
)

// looking makes a gate that protects nobody and looks for what gives anybody away.
func looking(t testing.TB, p Policy) *Gate {
	t.Helper()
	g, err := New(Terms{}, p)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestWhatNobodyListed(t *testing.T) {
	g := looking(t, Strict)
	for text, want := range map[string]string{
		"Call +82 10-1234-5678 now": Block, "010-1234-5678": Block, "call 01012345678": Block, "０１０－１２３４－５６７８": Block, "(+850) 2 18111 8888": Block,
		"+86 138 0013 8000": Block, "手机13800138000": Block, "02-312-4567": Review, "전화 312-4567": Review, "공일공 일이삼사 오육칠팔": Block,
		"zero one zero, one two three four, five six seven eight": Block, "零一零一二三四五六七八": Block,
		"900101-1234568": Block, "900101-1234567": Review, "9001011234568": Block, "11010519491231002X": Block, "110105194912310021": "",
		"4111 1111 1111 1111": Block, "4111 1111 1111 1112": "", "IBAN: DE89 3704 0044 0532 0130 00": Review, "계좌 110-234-567890": Review,
		"write to a.person@example.org.": Review, "39.7392, 125.7543": Block, "41.80, 123.43": "", "39°44'21\"N 125°45'15\"E": Block, "8FVC9G8F+6X": Block,
		"북위 39도 44분": Block, "host 203.0.113.7": Review, "version 1.2.3.4": "", "00:1b:44:11:3a:b7": Review, "12가 3456": Review, "辽A·12345 车": Review,
		"카카오톡 아이디: pastor77": Review, "WeChat: pastor_77": Review, "passport M12345678": Review, "https://maps.app.goo.gl/abcDEF": Review,
		"17 March 2017": "", "ISBN 978-3-16-148410-0": "", "2017-03-17 12:00:01": "", "page 1234, line 5678": "", "1 2 3 4 5 6 7 8 9": "", "1234567890123": "",
	} {
		r := check(t, g, "x.txt", []byte(text))
		if got := judged(r); got != want {
			t.Errorf("%q: %q, not %q %+v", text, got, want, r)
		}
	}
}

func TestPolicyOfDatesAndPlaces(t *testing.T) {
	month, year := looking(t, Policy{Date: "month"}), looking(t, Policy{Date: "year"})
	for _, text := range []string{"on 17 March 2017", "March 17", "2017-03-17", "2017년 3월 17일", "3월 17일에", "2017年3月17日", "三月十七日", "17th of March"} {
		if judged(check(t, month, "x.txt", []byte(text))) != Block {
			t.Errorf("%q tells the day", text)
		}
	}
	for _, text := range []string{"in March 2017", "2017년 3월", "2017年3月", "주체106(2017)년 3월", "Juche 106 3月"} {
		if got := judged(check(t, month, "x.txt", []byte(text))); got != "" {
			t.Errorf("%q tells no day: %s", text, got)
		}
		if judged(check(t, year, "x.txt", []byte(text))) != Block {
			t.Errorf("%q tells the month", text)
		}
	}
	if got := judged(check(t, year, "x.txt", []byte("in 2017 they went"))); got != "" {
		t.Errorf("a year: %s", got)
	}
	city := looking(t, Policy{Place: "city"})
	for text, want := range map[string]string{"41.80, 123.43": "", "41.805, 123.431": Block, "41.8057, 123.4315": Block, "沈阳市和平区中山路123号": Review, "세종대로 175": Review, "in Shenyang": ""} {
		if got := judged(check(t, city, "x.txt", []byte(text))); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	if got := judged(check(t, looking(t, Policy{Place: "exact"}), "x.txt", []byte("41.8057, 123.4315"))); got != "" {
		t.Errorf("an exact place is allowed: %s", got)
	}
}
