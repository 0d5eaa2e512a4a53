package report

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"safehouse/internal/evidence"
)

// ours is the invented report of this project, where the sample is not there.
const ours = "../../examples/report.txt"

func theSample(t *testing.T) (text string, isSample bool) {
	t.Helper()
	if b, err := os.ReadFile(shared); err == nil {
		return string(b), true
	}
	return readFile(t, ours), false
}

// sampleClaims are the claims that a careful reader finds in the sample. Two sources
// of one sentence are two claims. The video is a source too.
var sampleClaims = []wanted{
	{"Human Rights Watch", ":", "Eight North Korean defectors in China at risk of deportation", "indirect", "asserts", "Human Rights Watch"},
	{"the Human Rights Watch group", "said", "Eight North Korean defectors in China face involuntary repatriation after being detained by Chinese police last month", "indirect", "asserts", "Human Rights Watch"},
	{"a pastor", "said", "Eight North Korean defectors in China face involuntary repatriation after being detained by Chinese police last month", "indirect", "asserts", "Stephan Kim"},
	{"Human Rights Watch", "said", "Chinese government authorities detained the eight North Koreans in mid-March during what appeared to be a random road check in northeastern China", "indirect", "asserts", "Human Rights Watch"},
	{"U.S. President Donald Trump", "pressured", "China to do more to rein in Pyongyang amid heightened tension over its nuclear and missile programs", "indirect", "demands", "Donald Trump"},
	{"Phil Robertson", "said", "By now, there are plenty of survivor accounts that reveal (North Korean leader) Kim Jong Un's administration is routinely persecuting those who are forced back to North Korea after departing illegally, and subjecting them to torture, sexual violence, forced labor – and even worse", "direct", "asserts", "Phil Robertson"},
	{"Robertson", "called on", "China not to deport the would-be defectors", "indirect", "demands", "Phil Robertson"},
	{"The United Nations", "said", "China is required under international law not to return defectors to North Korea, where they could face persecution, torture and possibly death", "indirect", "asserts", "United Nations"},
	{"China", "says", "North Korean defectors are illegal migrants who flee their country for economic reasons", "indirect", "asserts", "China"},
	{"North Korea", "calls", "them criminals", "indirect", "asserts", "North Korea"},
	{"North Korea", "describes", "those who try to bring them to South Korea as kidnappers", "indirect", "asserts", "North Korea"},
	{"Human Rights Watch", "said", "The eight North Koreans were in the city of Shenyang, where traffic police stopped their vehicle and took them to a police station because they did not have valid documentation", "indirect", "asserts", "Human Rights Watch"},
	{"A Christian pastor", "said", "they had sent him a video clip asking U.S. President Donald Trump and Chinese President Xi Jinping for help", "indirect", "asserts", "Stephan Kim"},
	{"a video clip", "asking", "U.S. President Donald Trump and Chinese President Xi Jinping for help", "indirect", "pleads", ""},
	{"a female North Korean", "said", "President Trump and Chinese President, please save us. If we go back to North Korea we will be dead", "direct", "pleads", ""},
	{"Another woman", "pleaded", "help", "indirect", "pleads", ""},
}

// besides are claims that one reader counts and another does not.
var besides = []wanted{
	{"The video", "shows", "North Korean defectors waiting inside a vehicle outside a Chinese police station", "indirect", "asserts", ""},
}

func TestReportIsTakenApart(t *testing.T) {
	text, sample := theSample(t)
	began := time.Now()
	r := draft(t, text)
	if took := time.Since(began); took > 200*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	for _, c := range r.Claims {
		if c.Speaker.Text == "" || strings.Contains(c.Speaker.Text, "Pavlich") || strings.Contains(c.Content.Text, "Pavlich") {
			t.Errorf("%+v", c)
		}
	}
	if !sample {
		if len(r.Claims) < 10 || len(r.Groups) == 0 {
			t.Errorf("%d claims, %d groups", len(r.Claims), len(r.Groups))
		}
		return
	}
	s, missed, _ := compare(t, r, sampleClaims)
	for _, w := range missed {
		t.Logf("missed: %+v", w)
	}
	if s.right < 15 || s.sourced < 15 {
		t.Errorf("%d of %d claims, %d with the right entity", s.right, s.wanted, s.sourced)
	}
	if extra := len(r.Claims) - s.right; extra > len(besides) {
		t.Errorf("%d claims that nobody makes", extra)
	}
	theRestOfTheSample(t, r)
}

func theRestOfTheSample(t *testing.T, r Report) {
	t.Helper()
	if r.Published != "2017-04-24" || !strings.HasPrefix(r.Dateline, "SEOUL") || !strings.HasPrefix(r.Headline, "Eight North Korean") {
		t.Errorf("%q %q %q", r.Published, r.Dateline, r.Headline)
	}
	aside(t, r, "Believe Him\nKatie Pavlich", "promotion")
	aside(t, r, "(Reporting by Ju-min Park; Editing by Paul Tait)", "credit")
	dates := map[string]string{"last month": "2017-03", "mid-March": "2017-03-11~/2017-03-20~", "Monday": "2017-04-24"}
	for _, d := range r.Dates {
		if want, ok := dates[d.Text]; ok && d.EDTF != want {
			t.Errorf("%q is %q", d.Text, d.EDTF)
		}
		if d.Text == "Monday" && d.Role != "said" {
			t.Errorf("Monday is %q", d.Role)
		}
	}
	if len(r.Dates) < 5 {
		t.Errorf("%d dates", len(r.Dates))
	}
	if !slices.ContainsFunc(r.People, func(m Mention) bool { return m.Text == "Stephan Kim" && m.Protected }) {
		t.Errorf("the pseudonym is not protected: %+v", r.People)
	}
	if !slices.ContainsFunc(r.People, func(m Mention) bool { return m.Text == "Phil Robertson" && !m.Protected }) {
		t.Errorf("people: %+v", r.People)
	}
	for _, place := range []string{"China", "Shenyang", "North Korea", "Pyongyang"} {
		named(t, r.Places, place)
	}
	named(t, r.Organisations, "Human Rights Watch")
	named(t, r.Organisations, "United Nations")
	if g := r.Groups[0]; g.Min != 8 || g.Max != 8 || g.Estimate {
		t.Errorf("%+v", g)
	}
	counted(t, r, "Scores of North Koreans", 0, 0, true)
	counted(t, r, "About 30,000", 30000, 30000, true)
}

func aside(t *testing.T, r Report, text, kind string) {
	t.Helper()
	if !slices.ContainsFunc(r.Boilerplate, func(l Line) bool { return l.Text == text && l.Kind == kind }) {
		t.Errorf("%q is not left aside as %s: %+v", text, kind, r.Boilerplate)
	}
}

func named(t *testing.T, all []Mention, name string) {
	t.Helper()
	if !slices.ContainsFunc(all, func(m Mention) bool { return m.Text == name }) {
		t.Errorf("%q is not among %+v", name, all)
	}
}

func counted(t *testing.T, r Report, text string, least, most int, estimate bool) {
	t.Helper()
	i := slices.IndexFunc(r.Groups, func(g Group) bool { return g.Text == text })
	if i < 0 {
		t.Errorf("%q is not counted: %+v", text, r.Groups)
		return
	}
	if g := r.Groups[i]; g.Min != least || g.Max != most || g.Estimate != estimate {
		t.Errorf("%q is %d–%d, %v", text, g.Min, g.Max, g.Estimate)
	}
}

func TestCountsAreNeverMadeUp(t *testing.T) {
	r := draft(t, "Counts\n\nAt least four women, as many as 14 men, scores of children, about 30,000 refugees, seven defectors and one Chinese broker, "+
		"more than 20 prisoners, two to three guards, a dozen students, 12 trucks, 3,500 tonnes and 1,200 villagers were there.\n")
	counted(t, r, "At least four women", 4, 0, false)
	counted(t, r, "as many as 14 men", 0, 14, false)
	counted(t, r, "scores of children", 0, 0, true)
	counted(t, r, "about 30,000 refugees", 30000, 30000, true)
	counted(t, r, "seven defectors", 7, 7, false)
	counted(t, r, "one Chinese broker", 1, 1, false)
	counted(t, r, "more than 20 prisoners", 21, 0, false)
	counted(t, r, "two to three guards", 2, 3, false)
	counted(t, r, "a dozen students", 12, 12, false)
	counted(t, r, "1,200 villagers", 1200, 1200, false)
	if len(r.Groups) != 10 {
		t.Errorf("%d groups: %+v", len(r.Groups), r.Groups)
	}
	ko := draft(t, "탈북민 8명이 잡혔다.\n\n최소 4명이 여성이고, 약 3만 명이 한국에 왔다. 수십 명이 남았다. 여덟 명이 있다.\n")
	counted(t, ko, "탈북민 8명", 8, 8, false)
	counted(t, ko, "최소 4명", 4, 0, false)
	counted(t, ko, "약 3만 명", 30000, 30000, true)
	counted(t, ko, "수십 명", 0, 0, true)
	zh := draft(t, "八名脱北者被捕\n\n至少四名妇女在内。多达十四人被带走。约三万人到达韩国。数十名村民在场。共有三十八名难民。\n")
	counted(t, zh, "八名脱北者", 8, 8, false)
	counted(t, zh, "至少四名妇女", 4, 0, false)
	counted(t, zh, "多达十四人", 0, 14, false)
	counted(t, zh, "约三万人", 30000, 30000, true)
	counted(t, zh, "三十八名难民", 38, 38, false)
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	for text, code := range map[string]string{"": "report.empty", " \n\ufeff\t": "report.empty", "a\x00b": "report.not_text", "\xff\xfe": "report.not_text"} {
		_, err := Draft(text, Options{})
		var p *evidence.Problem
		if !errors.As(err, &p) || p.Code != code {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestDayOfPublicationCanBeGiven(t *testing.T) {
	text := "Two held\n\nTwo men were detained, Ada Brook said on Monday.\n"
	if r := draft(t, text); r.Published != "" || r.Claims[0].SaidWhen.EDTF != "" || r.Claims[0].SaidWhen.Words == "" {
		t.Errorf("a day was made up: %+v", r.Claims)
	}
	r, err := Draft(text, Options{Published: time.Date(2017, 4, 26, 0, 0, 0, 0, time.UTC)})
	if err != nil || r.Claims[0].SaidWhen.EDTF != "2017-04-24" || r.Published != "2017-04-26" {
		t.Errorf("%v %+v", err, r)
	}
}

func TestNobodySpeaksWhereNobodyIsNamed(t *testing.T) {
	for _, text := range []string{
		"It was reported that ten people had fled.",
		"The men were told that they could go home.",
		"He was accused of spying and called a traitor.",
		"The detained women had been asked to sign papers.",
		"The phone calls stopped. The claims were never tested. A report on the camp is due.",
		"She asked to be identified only by her family name.",
		"She asked whether the road was open.",
	} {
		if r := draft(t, "Title\n\n"+text+"\n"); len(r.Claims) != 0 {
			t.Errorf("%q: %+v", text, r.Claims)
		}
	}
}

func TestPseudonymStaysOne(t *testing.T) {
	for text, name := range map[string]string{
		"A guide, identified here by the pseudonym Tomas Reed, said that the road was closed. Reed said nobody was there.": "Tomas Reed",
		"\"They left,\" said Mira Holt, a pseudonym used for her safety.":                                                  "Mira Holt",
		"Lena Marsh (not her real name) told us that the guards took her phone.":                                           "Lena Marsh",
		"박하늘(가명) 씨는 \"매일 기다린다\"고 말했다.":                                                                                     "박하늘",
		"一名化名何田的救援者说，他没有收到消息。":                                                                                             "何田",
	} {
		r := draft(t, "Title\n\n"+text+"\n")
		if !slices.ContainsFunc(r.People, func(m Mention) bool { return m.Text == name && m.Protected }) {
			t.Errorf("%q: %+v", text, r.People)
		}
		for _, c := range r.Claims {
			if c.Speaker.Entity != name {
				t.Errorf("%q: %q spoke", text, c.Speaker.Entity)
			}
		}
		if len(r.Claims) == 0 {
			t.Errorf("%q: no claims", text)
		}
	}
}

func TestQuotationGoesOnInTheNextParagraph(t *testing.T) {
	r := draft(t, "Title\n\n“They came at night,” Ada Brook said. “They broke the door.\n\n“They took the children first.”\n\n“Nobody came back,” said Jon Feld.\n")
	want := []string{"They came at night", "They broke the door.", "They took the children first.", "Nobody came back"}
	if len(r.Claims) != len(want) {
		t.Fatalf("%+v", r.Claims)
	}
	for i, c := range r.Claims {
		who := "Ada Brook"
		if i == 3 {
			who = "Jon Feld"
		}
		if c.Content.Text != want[i] || c.Speaker.Entity != who || c.Type != "direct" {
			t.Errorf("%q by %q", c.Content.Text, c.Speaker.Entity)
		}
	}
}

// hostile are texts that no newspaper prints.
func hostile(size int) map[string]string {
	sentence := `Brook said "they left" and Feld denied that eight people, who said he told them, were accused of it on Monday. `
	return map[string]string{
		"one line":    strings.Repeat(sentence, size/len(sentence)),
		"no close":    "T\n\n“" + strings.Repeat(sentence, size/len(sentence)),
		"capitals":    strings.ToUpper(strings.Repeat(sentence, size/len(sentence))),
		"html":        strings.Repeat(`<p class="said">`+sentence+`</p><script>said("`, size/160),
		"said":        strings.Repeat("said ", size/5),
		"commas":      strings.Repeat("A, ", size/3),
		"and":         "T\n\nX said " + strings.Repeat("and that he said ", size/17),
		"quotes":      strings.Repeat(`"`, size),
		"numbers":     strings.Repeat("8 ", size/2),
		"names":       strings.Repeat("Ada Brook, ", size/11),
		"new names":   newNames(size / 14),
		"no space":    strings.Repeat("said", size/4),
		"according":   strings.Repeat("according to ", size/13),
		"citing":      strings.Repeat("Brook said, citing Feld, ", size/25),
		"brackets":    strings.Repeat("A )( said he. ", size/14),
		"korean":      strings.Repeat("그는 \"간다\"고 말했다며 또 밝혔고 ", size/50),
		"chinese":     strings.Repeat("他说，她表示，据他称，", size/33),
		"chinese one": strings.Repeat("说", size/3),
		"paragraphs":  strings.Repeat("\"A b c,\" he said.\n\n", size/19),
	}
}

func newNames(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("Ab" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + string(rune('a'+i/17576%26)) + " Brook, ")
	}
	return b.String()
}

func TestHostileTextTakesNoLongTime(t *testing.T) {
	all := hostile(60_000)
	all["500 kB"] = hostile(500_000)["no close"]
	all["500 kB in one line"] = hostile(500_000)["one line"]
	for name, text := range all {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			r, err := Draft(text, Options{})
			took := time.Since(began)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d kB in %v: %d claims, %d people", len(text)/1000, took, len(r.Claims), len(r.People))
			if took > 15*time.Second {
				t.Errorf("it took %v", took)
			}
			exact(t, text, r)
		})
	}
}

func FuzzDraft(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 6 {
		f.Fatalf("%d texts, %v", len(files), err)
	}
	for _, file := range files {
		f.Add(readFile(f, file))
	}
	for _, text := range hostile(2000) {
		f.Add(strings.ToValidUTF8(text[:400], ""))
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Draft(text, Options{})
		again, errAgain := Draft(text, Options{})
		if (err == nil) != (errAgain == nil) || !reflect.DeepEqual(r, again) {
			t.Errorf("two drafts of one text differ")
		}
		if err != nil {
			return
		}
		exact(t, text, r)
		for _, c := range r.Claims {
			if !slices.Contains(evidence.Forms, c.Form) || !slices.Contains([]string{"direct", "indirect", "mixed"}, c.Type) || !utf8.ValidString(c.Content.Text) {
				t.Errorf("%+v", c)
			}
		}
	})
}

func TestClaimsThatDoNotAgreeStandSideBySide(t *testing.T) {
	text := "Held\n\nEight refugees were detained in mid-March, Ada Brook said. Jon Feld said seven defectors were arrested in March. " +
		"At least four women were detained, Lena Marsh said.\n\nThe ministry denied that anybody had been detained.\n\n" +
		"Ines Vall said 41 people were detained in July 2016. Brook called on the ministry to see that 12 detained people are freed.\n"
	r, err := Draft(text, Options{Published: time.Date(2017, 4, 24, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]string{}
	for _, c := range r.Claims {
		by[c.ID] = c.Speaker.Text
	}
	var got []string
	for _, c := range r.Conflicts {
		got = append(got, by[c.Claims[0]]+" / "+by[c.Claims[1]]+": "+c.What)
	}
	want := []string{"Ada Brook / Jon Feld: count", "Ada Brook / The ministry: denial", "Jon Feld / The ministry: denial", "Lena Marsh / The ministry: denial", "The ministry / Ines Vall: denial"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
