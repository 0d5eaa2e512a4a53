package report

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// A wanted is a claim that a careful reader finds in a text.
type wanted struct{ speaker, cue, content, kind, form, entity string }

// shared is where the sample report lies when it is there at all.
const shared = "../../../shared/samples/report-2017-04-24.txt"

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// claimsOf reads "speaker | cue | content | type | form | entity" lines.
func claimsOf(t *testing.T, path string) []wanted {
	t.Helper()
	var out []wanted
	lines := bufio.NewScanner(strings.NewReader(readFile(t, path)))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		f := strings.Split(lines.Text(), "|")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if len(f) != 6 {
			t.Fatalf("%s: %q", path, lines.Text())
		}
		out = append(out, wanted{f[0], f[1], f[2], f[3], f[4], f[5]})
	}
	if len(out) == 0 {
		t.Fatalf("%s: no claims", path)
	}
	return out
}

func draft(t testing.TB, text string) Report {
	t.Helper()
	r, err := Draft(text, Options{})
	if err != nil {
		t.Fatal(err)
	}
	exact(t, text, r)
	return r
}

// A score counts what was found of what was wanted.
type score struct{ right, found, wanted, sourced int }

func (s score) f1() float64 { return 2 * float64(s.right) / float64(s.found+s.wanted) }

// compare pairs each wanted claim with one of the draft: the words of the speaker
// lie in one another, and the contents share most of their words.
func compare(t *testing.T, r Report, want []wanted) (s score, missed []wanted, extra []Claim) {
	t.Helper()
	left := slices.Clone(r.Claims)
	for _, w := range want {
		i := slices.IndexFunc(left, func(c Claim) bool { return w.matches(c) })
		if i < 0 {
			missed = append(missed, w)
			continue
		}
		s.right++
		if w.entity == "" || left[i].Speaker.Entity == w.entity {
			s.sourced++
		} else {
			t.Logf("entity of %q is %q, not %q", w.content, left[i].Speaker.Entity, w.entity)
		}
		left = slices.Delete(left, i, i+1)
	}
	s.found, s.wanted = len(r.Claims), len(want)
	return s, missed, left
}

// matches is strict about cue, type and form, and lets the ends of a content move by
// a word or two.
func (w wanted) matches(c Claim) bool {
	who := strings.Contains(c.Speaker.Text, w.speaker) || strings.Contains(w.speaker, c.Speaker.Text)
	cue := strings.Contains(c.Cue.Text, w.cue) || strings.Contains(w.cue, c.Cue.Text)
	return who && cue && c.Type == w.kind && string(c.Form) == w.form && overlap(c.Content.Text, w.content) >= .8
}

// overlap is the F1 of the letters that two contents share, one within the other.
func overlap(a, b string) float64 {
	if !strings.Contains(a, b) && !strings.Contains(b, a) {
		return 0
	}
	x, y := utf8.RuneCountInString(a), utf8.RuneCountInString(b)
	return 2 * float64(min(x, y)) / float64(x+y)
}

// A floor is what a text must reach. On their first run, before the rules had been
// mended for them, the six came to .85 together; these floors keep what was mended.
var floors = map[string]float64{"agency": .95, "daily": .85, "wire": .95, "release": .95, "statement": .95, "korean": .95, "chinese": .90}

func TestClaimsOfWellFormedTextsAreFound(t *testing.T) {
	files, err := filepath.Glob("testdata/*.claims")
	if err != nil || len(files) != len(floors) {
		t.Fatalf("%d texts with claims, %d floors, %v", len(files), len(floors), err)
	}
	var all score
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".claims")
		t.Run(name, func(t *testing.T) {
			text := readFile(t, strings.TrimSuffix(file, ".claims")+".txt")
			want := claimsOf(t, file)
			for _, w := range want {
				if !strings.Contains(text, w.content) || !strings.Contains(text, w.speaker) || !strings.Contains(text, w.cue) {
					t.Errorf("not in the text: %+v", w)
				}
			}
			s, missed, extra := compare(t, draft(t, text), want)
			for _, w := range missed {
				t.Logf("missed: %+v", w)
			}
			for _, c := range extra {
				t.Logf("extra: %s [%s] %s (%s, %s) %q", c.ID, c.Speaker.Text, c.Cue.Text, c.Type, c.Form, c.Content.Text)
			}
			t.Logf("F1 %.3f: %d right, %d found, %d wanted, %d with the right entity", s.f1(), s.right, s.found, s.wanted, s.sourced)
			if s.f1() < floors[name] {
				t.Errorf("F1 %.3f is under %.2f", s.f1(), floors[name])
			}
			all = score{all.right + s.right, all.found + s.found, all.wanted + s.wanted, all.sourced + s.sourced}
		})
	}
	t.Logf("all: F1 %.3f, right entity %.3f", all.f1(), float64(all.sourced)/float64(all.right))
}

// exact says that every piece stands where it says it does.
func exact(t testing.TB, text string, r Report) {
	t.Helper()
	points := []rune(text)
	check := func(what string, p Piece) {
		if p.Span[0] < 0 || p.Span[1] > len(points) || p.Span[0] >= p.Span[1] || string(points[p.Span[0]:p.Span[1]]) != p.Text {
			t.Errorf("%s %q is not at %v", what, p.Text, p.Span)
		}
	}
	for _, c := range r.Claims {
		check("speaker", c.Speaker.Piece)
		check("cue", c.Cue)
		check("content", c.Content)
	}
	for _, l := range r.Boilerplate {
		check("line", l.Piece)
	}
	for _, m := range slices.Concat(r.People, r.Organisations, r.Places) {
		check("name", m.Piece)
	}
	for _, g := range r.Groups {
		check("group", g.Piece)
	}
	for _, d := range r.Dates {
		check("date", d.Piece)
	}
}
