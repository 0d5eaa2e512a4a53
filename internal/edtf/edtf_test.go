package edtf

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"safehouse/internal/evidence"
)

// monday is when the words below were said: Monday 24 April 2017.
var monday = time.Date(2017, 4, 24, 0, 44, 0, 0, time.UTC)

var said = []struct{ lang, words, edtf, earliest, latest string }{
	{"en", "mid-March 2017", "2017-03-11~/2017-03-20~", "2017-03-11", "2017-03-20"},
	{"en", "mid-March", "2017-03-11~/2017-03-20~", "2017-03-11", "2017-03-20"},
	{"en", "in mid-March", "2017-03-11~/2017-03-20~", "2017-03-11", "2017-03-20"},
	{"en", "late 2016", "2016-09~/2016-12~", "2016-09-01", "2016-12-31"},
	{"en", "early this month", "2017-04-01~/2017-04-10~", "2017-04-01", "2017-04-10"},
	{"en", "the end of March", "2017-03-21~/2017-03-31~", "2017-03-21", "2017-03-31"},
	{"en", "late February 2016", "2016-02-21~/2016-02-29~", "2016-02-21", "2016-02-29"},
	{"en", "last month", "2017-03", "2017-03-01", "2017-03-31"},
	{"en", "on Monday", "2017-04-24", "2017-04-24", "2017-04-24"},
	{"en", "Tuesday", "2017-04-18", "2017-04-18", "2017-04-18"},
	{"en", "last Monday", "2017-04-17", "2017-04-17", "2017-04-17"},
	{"en", "next Friday", "2017-04-28", "2017-04-28", "2017-04-28"},
	{"en", "yesterday", "2017-04-23", "2017-04-23", "2017-04-23"},
	{"en", "last week", "2017-04-17/2017-04-23", "2017-04-17", "2017-04-23"},
	{"en", "last year", "2016", "2016-01-01", "2016-12-31"},
	{"en", "in December", "2016-12", "2016-12-01", "2016-12-31"},
	{"en", "last December", "2016-12", "2016-12-01", "2016-12-31"},
	{"en", "March 2017", "2017-03", "2017-03-01", "2017-03-31"},
	{"en", "Apr 24, 2017 12:44 AM", "2017-04-24", "2017-04-24", "2017-04-24"},
	{"en", "24 April 2017", "2017-04-24", "2017-04-24", "2017-04-24"},
	{"en", "the 3rd of May 2016", "2016-05-03", "2016-05-03", "2016-05-03"},
	{"en", "15 March", "2017-03-15", "2017-03-15", "2017-03-15"},
	{"en", "May 2", "2016-05-02", "2016-05-02", "2016-05-02"},
	{"en", "24/4/2017", "2017-04-24", "2017-04-24", "2017-04-24"},
	{"en", "4/5/2017", "", "", ""},
	{"en", "2017-04-24", "2017-04-24", "2017-04-24", "2017-04-24"},
	{"en", "since 2011", "2011/..", "2011-01-01", ""},
	{"en", "until March 2017", "../2017-03", "", "2017-03-31"},
	{"en", "by the end of March", "../2017-03-31~", "", "2017-03-31"},
	{"en", "around 2011", "2011~", "2011-01-01", "2011-12-31"},
	{"en", "between March and May 2017", "2017-03/2017-05", "2017-03-01", "2017-05-31"},
	{"en", "from July 2016 to June 2017", "2016-07/2017-06", "2016-07-01", "2017-06-30"},
	{"en", "July and August 2017", "2017-07/2017-08", "2017-07-01", "2017-08-31"},
	{"en", "the 1990s", "199X", "1990-01-01", "1999-12-31"},
	{"en", "the late 1990s", "1997~/1999~", "1997-01-01", "1999-12-31"},
	{"en", "summer 2016", "2016-22", "2016-06-01", "2016-08-31"},
	{"en", "the first quarter of 2017", "2017-33", "2017-01-01", "2017-03-31"},
	{"en", "the first half of 2016", "2016", "2016-01-01", "2016-12-31"},
	{"en", "two months ago", "2017-02~", "2017-02-01", "2017-02-28"},
	{"en", "ten years ago", "2007~", "2007-01-01", "2007-12-31"},
	{"en", "the past two weeks", "2017-04-10/2017-04-24", "2017-04-10", "2017-04-24"},
	{"en", "every year", "", "", ""},
	{"en", "in nine months", "", "", ""},

	{"ko", "2017년 3월 중순", "2017-03-11~/2017-03-20~", "2017-03-11", "2017-03-20"},
	{"ko", "2017년 3월 15일", "2017-03-15", "2017-03-15", "2017-03-15"},
	{"ko", "2017. 3. 15.", "2017-03-15", "2017-03-15", "2017-03-15"},
	{"ko", "지난달 중순", "2017-03-11~/2017-03-20~", "2017-03-11", "2017-03-20"},
	{"ko", "지난달", "2017-03", "2017-03-01", "2017-03-31"},
	{"ko", "지난달 17일", "2017-03-17", "2017-03-17", "2017-03-17"},
	{"ko", "작년 말", "2016-09~/2016-12~", "2016-09-01", "2016-12-31"},
	{"ko", "작년 12월", "2016-12", "2016-12-01", "2016-12-31"},
	{"ko", "올해 초", "2017-01~/2017-04~", "2017-01-01", "2017-04-30"},
	{"ko", "3월 중순", "2017-03-11~/2017-03-20~", "2017-03-11", "2017-03-20"},
	{"ko", "12월", "2016-12", "2016-12-01", "2016-12-31"},
	{"ko", "어제", "2017-04-23", "2017-04-23", "2017-04-23"},
	{"ko", "월요일", "2017-04-24", "2017-04-24", "2017-04-24"},
	{"ko", "지난주 금요일", "2017-04-21", "2017-04-21", "2017-04-21"},
	{"ko", "2011년부터", "2011/..", "2011-01-01", ""},
	{"ko", "2011년 이후", "2011/..", "2011-01-01", ""},
	{"ko", "3월까지", "../2017-03", "", "2017-03-31"},
	{"ko", "2011년경", "2011~", "2011-01-01", "2011-12-31"},
	{"ko", "두 달 전", "2017-02~", "2017-02-01", "2017-02-28"},
	{"ko", "1990년대 후반", "1997~/1999~", "1997-01-01", "1999-12-31"},
	{"ko", "주체106년", "2017", "2017-01-01", "2017-12-31"},
	{"ko", "주체106(2017)년", "", "-", ""},
	{"ko", "2016년 7월부터 2017년 6월까지", "2016-07/2017-06", "2016-07-01", "2017-06-30"},
	{"ko", "매년", "", "", ""},
	{"ko", "설날", "", "", ""},

	{"zh", "2017年3月中旬", "2017-03-11~/2017-03-20~", "2017-03-11", "2017-03-20"},
	{"zh", "二〇一七年三月十五日", "2017-03-15", "2017-03-15", "2017-03-15"},
	{"zh", "2017年3月15號", "2017-03-15", "2017-03-15", "2017-03-15"},
	{"zh", "十二月三十一日", "2016-12-31", "2016-12-31", "2016-12-31"},
	{"zh", "去年底", "2016-09~/2016-12~", "2016-09-01", "2016-12-31"},
	{"zh", "去年12月", "2016-12", "2016-12-01", "2016-12-31"},
	{"zh", "今年年初", "2017-01~/2017-04~", "2017-01-01", "2017-04-30"},
	{"zh", "上个月", "2017-03", "2017-03-01", "2017-03-31"},
	{"zh", "上個月中旬", "2017-03-11~/2017-03-20~", "2017-03-11", "2017-03-20"},
	{"zh", "昨天", "2017-04-23", "2017-04-23", "2017-04-23"},
	{"zh", "星期一", "2017-04-24", "2017-04-24", "2017-04-24"},
	{"zh", "上周五", "2017-04-21", "2017-04-21", "2017-04-21"},
	{"zh", "两年前", "2015~", "2015-01-01", "2015-12-31"},
	{"zh", "自2011年以来", "2011/..", "2011-01-01", ""},
	{"zh", "2011年左右", "2011~", "2011-01-01", "2011-12-31"},
	{"zh", "从2016年7月到2017年6月", "2016-07/2017-06", "2016-07-01", "2017-06-30"},
	{"zh", "20世纪90年代末", "1997~/1999~", "1997-01-01", "1999-12-31"},
	{"zh", "主体106年", "2017", "2017-01-01", "2017-12-31"},
	{"zh", "每年", "", "", ""},
}

func TestWordsBecomeDatesThatAreNoFinerThanTheyWere(t *testing.T) {
	for _, s := range said {
		w, err := Parse(s.words, s.lang, monday)
		if s.earliest == "-" { // not understood, and said so
			if err == nil {
				t.Errorf("%s: %+v", s.words, w)
			}
			continue
		}
		if err != nil || w.EDTF != s.edtf || w.Earliest != s.earliest || w.Latest != s.latest || w.Words != s.words || w.Language != s.lang {
			t.Errorf("%s: %q %q %q, want %q %q %q (%v)", s.words, w.EDTF, w.Earliest, w.Latest, s.edtf, s.earliest, s.latest, err)
		}
	}
}

func TestWithoutADayToCountFromNothingIsInvented(t *testing.T) {
	for words, edtf := range map[string]string{
		"last month": "", "on Monday": "", "mid-March": "", "yesterday": "", "two months ago": "", "지난달": "", "3월 중순": "", "上个月": "", "星期一": "",
		"mid-March 2017": "2017-03-11~/2017-03-20~", "2011年左右": "2011~",
	} {
		if w, err := Parse(words, "", time.Time{}); err != nil || w.EDTF != edtf {
			t.Errorf("%s: %+v %v", words, w, err)
		}
	}
}

func TestWhatIsNoDateIsAProblem(t *testing.T) {
	for _, words := range []string{"", "soon", "eight people", "the vehicle", "2017-13", "2017-02-30", "31 February 2017", "곧", "不久", strings.Repeat("since ", 5000)} {
		_, err := Parse(words, "", monday)
		var p *evidence.Problem
		if !errors.As(err, &p) || p.Code != "edtf.unclear" {
			t.Errorf("%.20s: %v", words, err)
		}
	}
}

func TestDatesAreFoundInRunningText(t *testing.T) {
	for text, want := range map[string]string{
		"They were detained in mid-March during a road check.":               "mid-March=2017-03-11~/2017-03-20~",
		"He said on Monday that eight had been held since 2011.":             "Monday=2017-04-24|since 2011=2011/..",
		"He will speak on Wednesday.":                                        "Wednesday=2017-04-26",
		"He spoke on Wednesday.":                                             "Wednesday=2017-04-19",
		"At least 41 were detained between July 2016 and June 2017.":         "July 2016 and June 2017=2016-07/2017-06",
		"Scores try to flee every year.":                                     "every year=",
		"Posted: Apr 24, 2017 12:44 AM":                                      "Apr 24, 2017 12:44 AM=2017-04-24",
		"They may march on; the second of 2017 people came with 1990 others": "",
		"중국 공안이 지난달 중순 이들을 억류했다고 24일 밝혔다.":                                   "지난달 중순=2017-03-11~/2017-03-20~",
		"2011년부터 매년 수십 명이 탈북한다.":                                             "2011년부터=2011/..|매년=",
		"他们于3月中旬在沈阳被拘留,星期一消息传出。":                                             "3月中旬=2017-03-11~/2017-03-20~|星期一=2017-04-24",
		"Call 2017-04-2488 or 12017年":                                        "",
	} {
		var got []string
		for _, f := range Find(text, "", monday) {
			got = append(got, f.When.Words+"="+f.When.EDTF)
			if text[f.Start:f.End] != f.When.Words {
				t.Errorf("%q is not at %d", f.When.Words, f.Start)
			}
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s\n got %v\nwant %v", text, got, want)
		}
	}
}

func TestBoundsTakeOneFormAndRefuseTheRest(t *testing.T) {
	for edtf, want := range map[string]string{
		"2017": "2017-01-01 2017-12-31", "201X": "2010-01-01 2019-12-31", "19XX": "1900-01-01 1999-12-31", "2017-02": "2017-02-01 2017-02-28",
		"2016-02-29": "2016-02-29 2016-02-29", "2017-XX": "2017-01-01 2017-12-31", "2017-03-XX": "2017-03-01 2017-03-31", "2017?": "2017-01-01 2017-12-31",
		"2017-03-15~": "2017-03-15 2017-03-15", "2017-24": "2017-12-01 2018-02-28", "2017-36": "2017-10-01 2017-12-31", "2017/..": "2017-01-01 ",
		"/2017": " 2017-12-31", "2017-03/2017-05": "2017-03-01 2017-05-31",
	} {
		from, to, err := Bounds(edtf)
		if got := from + " " + to; err != nil || got != want {
			t.Errorf("%s: %q %v", edtf, got, err)
		}
	}
	for _, edtf := range []string{"", "..", "../..", "/", "2017-00", "2017-13", "2017-1", "2017-02-29", "2017-33-01", "20170424", "2018/2017", "2017-04-24T00:00", "X017", "0000", "٢٠١٧"} {
		if err := Valid(edtf); err == nil {
			t.Errorf("%q was taken", edtf)
		}
	}
}

// Whatever pieces of dates are put together: what comes out is sound, and its EDTF
// reads back as the same days.
func TestWhatIsFoundIsSound(t *testing.T) {
	pieces := strings.Fields(`since until mid-March early late 2017 2016-02-29 Monday on in the of ago two months last year every to between and
		지난달 중순 2017년 3월 부터 까지 매년 약 去年 底 三月 十五日 以来 每年 左右 自 . , — / ~ ?`)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom(pieces)).Draw(t, "pieces"), rapid.SampledFrom([]string{" ", ""}).Draw(t, "space"))
		for _, lang := range []string{"en", "ko", "zh"} {
			end := 0
			for _, f := range Find(text, lang, monday) {
				sound(t, text, end, f)
				end = f.End
			}
		}
	})
}

func sound(t interface{ Errorf(string, ...any) }, text string, after int, f Found) {
	w := f.When
	if f.Start < after || f.End <= f.Start || f.End > len(text) || text[f.Start:f.End] != w.Words || !utf8.ValidString(w.Words) {
		t.Errorf("%q: %+v after %d", text, f, after)
		return
	}
	if w.EDTF == "" {
		return
	}
	back, err := Parse(w.EDTF, "en", time.Time{})
	if err != nil || back.Earliest != w.Earliest || back.Latest != w.Latest || w.Earliest != "" && w.Latest != "" && w.Earliest > w.Latest {
		t.Errorf("%q: %+v %v", text, w, err)
	}
}

func TestHostileTextTakesNoLongTime(t *testing.T) {
	for _, piece := range []string{"1", "to ", "since ", "2017", "2017-04-24 to ", "년", "三", "between 2016 and ", "early "} {
		text := strings.Repeat(piece, 60_000/len(piece))
		for _, lang := range []string{"en", "ko", "zh"} {
			began := time.Now()
			Find(text, lang, monday)
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("%q in %s: %v", piece, lang, took)
			}
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range said {
		f.Add(s.words)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		for _, lang := range []string{"en", "ko", "zh"} {
			end := 0
			for _, found := range Find(text, lang, monday) {
				sound(t, text, end, found)
				end = found.End
			}
			_, _ = Parse(text, lang, monday)
		}
	})
}
