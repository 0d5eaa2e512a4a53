package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"safehouse/internal/evidence"
	"safehouse/internal/leak"
)

// A person is one row of a list: one name in all the ways that are attested.
type person struct {
	hangul, hanja string
	latin         []string
}

func (b *bench) people() (all []person, err error) {
	for _, file := range []struct {
		name             string
		hangul, han, lat int
	}{{"kr-assembly20.tsv", 0, 1, 2}, {"nk-wikidata.tsv", 1, 2, 3}} {
		text, err := os.ReadFile(filepath.Join(b.data, file.name))
		if err != nil {
			return nil, fmt.Errorf("the lists of names are not there: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
			if strings.HasPrefix(line, "#") || len(f) <= file.lat || f[file.hangul] == "" {
				continue
			}
			hanja, _, _ := strings.Cut(f[file.han], "|")
			all = append(all, person{f[file.hangul], hanja, strings.Split(f[file.lat], "|")})
		}
	}
	if len(all) < 300 {
		return nil, fmt.Errorf("only %d names", len(all))
	}
	return all, nil
}

// protected makes n people of the list: first those in it, each under one of its
// forms, then mixtures of their names.
func protected(list []person, n int) (t leak.Terms) {
	add := func(name string) {
		t.People = append(t.People, leak.Person{ID: fmt.Sprint("per_", len(t.People)), Names: []leak.Name{{Text: evidence.Protect(name)}}})
	}
	for i, p := range list {
		switch {
		case i%3 == 0 || i%3 == 1 && p.hanja == "":
			add(p.hangul)
		case i%3 == 1:
			add(p.hanja)
		default:
			add(p.latin[0])
		}
	}
	for i := 0; len(t.People) < n; i++ {
		a, b, c := []rune(list[i*7%len(list)].hangul), []rune(list[(i*13+5)%len(list)].hangul), []rune(list[(i*17+11)%len(list)].hangul)
		add(string([]rune{a[0], b[1], c[len(c)-1]}))
	}
	t.People = t.People[:n]
	return t
}

// A prose is running text of one language that protects nobody.
type prose struct {
	language string
	text     []byte
}

// enough is how much of a language is read.
const enough = 6 << 20

// proses reads what packages of Debian hold: manuals, licences and help.
func proses() (all []prose, err error) {
	for _, p := range []struct {
		language string
		from     []string
		least    int
	}{
		{"English", []string{"/usr/share/man/man*/*.gz", "/usr/share/doc/*/copyright"}, 1 << 20},
		{"Korean", []string{"/usr/share/gimp/2.0/help/ko/*.html"}, 1 << 20},
		{"Chinese", []string{"/usr/share/man/zh_CN/man*/*.gz", "/usr/share/gimp/2.0/help/zh_CN/*.html"}, 1 << 20},
	} {
		var text []byte
		for _, pattern := range p.from {
			files, _ := filepath.Glob(pattern)
			for _, f := range files {
				if len(text) < enough {
					text = append(text, readable(f)...)
				}
			}
		}
		if len(text) < p.least {
			return nil, fmt.Errorf("%s prose is not there: run scripts/setup.sh test", p.language)
		}
		all = append(all, prose{p.language, text})
	}
	return all, nil
}

var (
	tags     = regexp.MustCompile(`(?s)<(?:script|style).*?</(?:script|style)>|<[^>]*>`)
	roff     = regexp.MustCompile(`(?m)^[.'].*$|\\f.|\\[&-]|\\`)
	controls = regexp.MustCompile(`[\x00-\x08\x0b-\x1f\x7f]`)
)

// readable gives the words of a manual or of a page.
func readable(name string) []byte {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil
		}
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	if strings.HasSuffix(name, ".html") {
		text = tags.ReplaceAll(text, nil)
	} else {
		text = roff.ReplaceAll(text, nil)
	}
	return controls.ReplaceAll([]byte(strings.ToValidUTF8(string(text), "")), nil)
}
