package leak

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"safehouse/internal/evidence"
)

func village(t *testing.T, more int) *Gate {
	t.Helper()
	traits := []Trait{{"age", []string{"aged 34", "34세"}}, {"place", []string{"Musan", "무산"}}, {"occupation", []string{"miner", "광부"}}}
	list := Terms{}
	for i := range 1 + more {
		list.People = append(list.People, Person{ID: "per_" + itoa(i), Names: []Name{{Text: evidence.Protect("김철수")}}, Traits: traits})
	}
	list.People = append(list.People, Person{ID: "per_far", Names: []Name{{Text: evidence.Protect("이영희")}}, Traits: traits[1:2]})
	g, err := New(list, Policy{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func combined(t *testing.T, g *Gate, text string, earlier ...string) Report {
	t.Helper()
	var before []Report
	for _, e := range earlier {
		before = append(before, check(t, g, "earlier.txt", []byte(e)))
	}
	r := check(t, g, "now.txt", []byte(text))
	g.Combine(&r, before...)
	return r
}

func TestTraitsTogetherTellWhoItIs(t *testing.T) {
	g := village(t, 0)
	for text, want := range map[string]string{
		"A miner from Musan, aged 34, said": Block, "34세 광부, 무산에서": Block, "A miner from Musan said": Review, "Somebody from Musan said": "", "nobody": "",
	} {
		if got := judged(combined(t, g, text)); got != want {
			t.Errorf("%q: %q, not %q", text, got, want)
		}
	}
	r := combined(t, g, "The man is aged 34.", "He is a miner.", "It was in Musan.")
	if judged(r) != Block || r.Findings[0].File != "now.txt" || r.Findings[0].Term != "per_0" {
		t.Errorf("earlier releases and this one: %+v", r)
	}
	if r := combined(t, g, "Nothing new.", "A miner from Musan, aged 34"); judged(r) != "" {
		t.Errorf("this release tells nothing: %+v", r)
	}
	if got := judged(combined(t, village(t, 5), "A miner from Musan, aged 34")); got != Review {
		t.Errorf("six share it: %q", got)
	}
	if got := judged(combined(t, village(t, 12), "A miner from Musan, aged 34")); got != "" {
		t.Errorf("thirteen share it: %q", got)
	}
}

func TestExceptionsAreSignedBoundAndEnd(t *testing.T) {
	private, public, err := note.GenerateKey(rand.Reader, "second")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("It was 김철수.")
	found := check(t, protect(t, []string{"김철수"}), "a.txt", text).Findings
	if len(found) != 1 || found[0].Fingerprint == "" || found[0].Document == "" {
		t.Fatalf("%+v", found)
	}
	today := time.Now().UTC()
	sign := func(f, d, until string) string {
		e, err := Exception{f, d, until}.Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	under := func(exception string, b []byte) Report {
		list := Terms{People: []Person{{ID: "per_0", Names: []Name{{Text: evidence.Protect("김철수")}}}}}
		g, err := New(list, Policy{Exceptions: []string{exception}, Key: public})
		if err != nil {
			t.Fatal(err)
		}
		return check(t, g, "a.txt", b)
	}
	good := sign(found[0].Fingerprint, found[0].Document, today.AddDate(0, 0, 1).Format(dayForm))
	if r := under(good, text); len(r.Findings) != 0 || len(r.Excepted) != 1 || r.Excepted[0].By != "second" || r.Status() != 0 {
		t.Errorf("a good exception: %+v", r)
	}
	if r := under(good, append([]byte(" "), text...)); judged(r) != Block {
		t.Error("the exception passed another document")
	}
	if r := under(good, append(text, " 김철수"...)); judged(r) != Block {
		t.Error("the exception passed another finding")
	}
	if r := under(sign(found[0].Fingerprint, found[0].Document, today.AddDate(0, 0, -1).Format(dayForm)), text); judged(r) != Block {
		t.Error("the exception outlived its day")
	}
	for _, bad := range []string{"", strings.Replace(good, "until 2", "until 3", 1), "x" + good} {
		if _, err := New(Terms{}, Policy{Exceptions: []string{bad}, Key: public}); err == nil {
			t.Errorf("%q was taken for an exception", bad)
		}
	}
	_, other, err := note.GenerateKey(rand.Reader, "second")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Terms{}, Policy{Exceptions: []string{good}, Key: other}); err == nil {
		t.Error("another key signed it")
	}
}
