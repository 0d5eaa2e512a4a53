package names

import (
	"errors"
	"strings"
	"testing"

	"safehouse/internal/evidence"
)

func finder(t testing.TB, list string) *Finder {
	t.Helper()
	people, err := ReadPeople(strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFinder(people)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

const leaders = `{"people":[{"id":"un","names":[{"text":"김정은"}]},{"id":"xi","names":[{"text":"习近平","script":"Hans"}]},
	{"id":"me","names":[{"text":"Angela Merkel"}]}],"terms":[{"id":"t","text":"x","kind":"other"}]}`

func TestNamesAreFoundInTextsOfAnyScript(t *testing.T) {
	f := finder(t, leaders)
	for text, want := range map[string]string{
		"Yesterday Kim Jong Un spoke.":   "un Kim Jong Un",
		"Yesterday KIM Jong-\nun spoke.": "un KIM Jong-\nun",
		"the leader, Kim Chŏng-ŭn, said": "un Kim Chŏng-ŭn",
		"어제 김정은은 말했다":                    "un 김정은",
		"김 정은 위원장":                       "un 김 정은",
		"朝鮮領導人金正恩說":                      "un 金正恩",
		"国家主席习近平发表讲话":                    "xi 习近平",
		"國家主席習近平發表講話":                    "xi 習近平",
		"President Xi Jinping said":      "xi Xi Jinping",
		"시진핑 주석은":                        "xi 시진핑",
		"Chancellor Angela Merkel, and":  "me Angela Merkel",
		"signed: K-I-M J-o-n-g U-n":      "un K-I-M J-o-n-g U-n",
		"Ким Чен Ын сказал":              "un Ким Чен Ын",
	} {
		found, err := f.Find([]byte(text))
		if err != nil || len(found) != 1 {
			t.Errorf("%s: %+v %v", text, found, err)
			continue
		}
		g := found[0]
		if got := g.ID + " " + g.Surface; got != want || text[g.Start:g.End] != g.Surface {
			t.Errorf("%s: %q at %d–%d", text, got, g.Start, g.End)
		}
	}
}

func TestWordsAreNotNames(t *testing.T) {
	f := finder(t, leaders)
	text := "The changing song in Hong Kong was sung among the young. 김정은행은 아니다, 정은 좋다. 他们正在学习近代史。 Angela sings."
	found, err := f.Find([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range found {
		if g.Surface != "김정은" { // inside 김정은행: a person looks
			t.Errorf("%+v", g)
		}
	}
}

func TestTheBestOfOverlappingFindingsStays(t *testing.T) {
	found, err := finder(t, leaders).Find([]byte("Kim Jong Un Kim Jong Un 김정은"))
	if err != nil || len(found) != 3 {
		t.Fatalf("%+v %v", found, err)
	}
	for i := 1; i < len(found); i++ {
		if found[i].Start < found[i-1].End {
			t.Errorf("%+v", found)
		}
	}
}

func TestWhatIsNoTextIsNotClean(t *testing.T) {
	var p *evidence.Problem
	for _, text := range []string{"\xff\xfeK\x00i\x00m\x00", "Kim\x00", "\xc3("} {
		if _, err := finder(t, leaders).Find([]byte(text)); !errors.As(err, &p) || p.Code != "names.not_text" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAListThatIsHalfUnderstoodIsRefused(t *testing.T) {
	for list, code := range map[string]string{
		``: "names.terms", `{"people":[]}`: "names.nobody", `{"persons":[]}`: "names.terms", `{"people":[]}{}`: "names.terms",
		`{"people":[{"id":"","names":[{"text":"Kim"}]}]}`:  "names.term",
		`{"people":[{"id":"a","names":[]}]}`:               "names.term",
		`{"people":[{"id":"a","names":[{"text":"- -"}]}]}`: "names.term",
	} {
		var p *evidence.Problem
		if _, err := ReadPeople(strings.NewReader(list)); !errors.As(err, &p) || p.Code != code {
			t.Errorf("%s: %v", list, err)
		}
	}
}
