package leak_test

import (
	"bytes"
	"context"
	"testing"

	"safehouse/internal/evidence"
	"safehouse/internal/leak"
	"safehouse/internal/leak/leaktest"
)

// protecting makes a gate for one name.
func protecting(t testing.TB, name string) *leak.Gate {
	t.Helper()
	terms := leak.Terms{People: []leak.Person{{ID: "per_1", Names: []leak.Name{{Text: evidence.Protect(name)}}}}}
	g, err := leak.New(terms, leak.Policy{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func caught(t testing.TB, g *leak.Gate, file string, b []byte) bool {
	t.Helper()
	r, err := g.Check(context.Background(), file, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if f.Term == "per_1" && f.Severity == leak.Block {
			return true
		}
	}
	return false
}

// What is listed is found in every part of every container, however it is hidden.
func TestMatrixOfExactForms(t *testing.T) {
	listed := []string{"Kim Chol-su", "김철수", "金哲洙", "Ким Чхоль Су"}
	for _, name := range listed {
		g := protecting(t, name)
		tried := 0
		for _, o := range leaktest.Obfuscations() {
			text := o.Do(name)
			if text == "" {
				continue
			}
			for _, p := range leaktest.Parts() {
				b := p.Make(text)
				if b == nil {
					continue
				}
				if tried++; !caught(t, g, p.File, b) {
					t.Errorf("%s, %s in %s of %s", name, o.Name, p.Part, p.File)
				}
			}
		}
		if tried < 300 {
			t.Errorf("%s: only %d were tried", name, tried)
		}
	}
}

// Forms that nobody listed are found as well; how many of those that are attested, the
// program in bench/leaks counts.
func TestMatrixOfOtherForms(t *testing.T) {
	for listed, forms := range map[string][]string{
		"김대중": {"Kim Dae-jung", "Kim Tae-jung", "金大中"}, "박정희": {"Park Chung-hee", "Pak Chŏnghŭi", "朴正熙"}, "金正日": {"Kim Jong-il", "김정일", "Jin Zhengri"},
		"최룡해": {"Choe Ryong-hae", "최용해"}, "Ban Ki-moon": {"반기문", "潘基文", "Pan Kimun"}, "Пак Кын Хе": {"박근혜", "Park Geun-hye"},
	} {
		g := protecting(t, listed)
		for _, form := range forms {
			for _, o := range leaktest.Obfuscations() {
				text := o.Do(form)
				if text == "" {
					continue
				}
				for _, p := range leaktest.Parts()[:1] {
					if !caught(t, g, p.File, p.Make(text)) {
						t.Errorf("%s is listed; %s, %s: %q", listed, form, o.Name, text)
					}
				}
			}
		}
	}
}
