// Command names measures how well and how fast names are matched, on published
// lists of public figures. It ends with status 1 when a figure is below its floor
// or the lists are not there.
//
//	go run ./bench/names [-data ../shared/names] [-errors]
//
// Costs were tuned on the even rows of each list only, and so is the threshold;
// figures are for the even rows (tuned), the odd ones (held back), and all. The
// lists had been read before the spellings were written down: odd is not unseen.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

func main() {
	var b bench
	flag.StringVar(&b.data, "data", "../shared/names", "folder with kr-assembly20.tsv and nk-wikidata.tsv")
	flag.BoolVar(&b.errors, "errors", false, "print what the even rows get wrong")
	flag.Parse()
	if err := b.run(); err != nil {
		fmt.Fprintln(os.Stderr, "names:", err)
		os.Exit(1)
	}
	if b.below > 0 {
		fmt.Printf("%d figures are below their floor\n", b.below)
		os.Exit(1)
	}
	fmt.Println("every figure is at or above its floor")
}

type bench struct {
	data   string
	errors bool
	below  int
}

// A person is one row: all the ways in which one name is written.
type person struct {
	hangul       string
	hanja, latin []string
}

func (b *bench) run() error {
	south, err := b.south()
	if err != nil {
		return err
	}
	north, err := b.north()
	if err != nil {
		return err
	}
	fmt.Printf("%d cores; %d names of the South, %d of the North\n", runtime.NumCPU(), len(south), len(north))
	fmt.Printf("%-26s %5s | %-21s| %-21s| %-21s| %s\n", "", "at", "tuned  P     R     F1", "held   P     R     F1", "all    P     R     F1", "floor")
	b.score("South: Hangul, Latin", south, hangulOf, latinOf, .97)
	b.score("South: Hanja, Latin", south, hanjaOf, latinOf, .97)
	b.score("South: Hanja, Hangul", south, hanjaOf, hangulOf, .99)
	b.score("North: Hangul, Latin", north, hangulOf, latinOf, .97)
	b.score("North: Hanja, Hangul", north, hanjaOf, hangulOf, .97)
	b.score("North: Latin, Latin", north, latinOf, nil, .80)
	return b.speed(append(south, north...))
}

func hangulOf(p person) []string { return []string{p.hangul} }
func hanjaOf(p person) []string  { return p.hanja }
func latinOf(p person) []string  { return p.latin }

// rows reads a list. An empty one is an error: nothing could fail.
func (b *bench) rows(name string) (all [][]string, err error) {
	text, err := os.ReadFile(filepath.Join(b.data, name))
	if err != nil {
		return nil, fmt.Errorf("the lists of names are not there: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, strings.Split(line, "\t"))
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no names in it", name)
	}
	return all, nil
}

func (b *bench) south() (all []person, err error) {
	rows, err := b.rows("kr-assembly20.tsv")
	for _, r := range rows {
		if len(r) < 3 {
			return nil, fmt.Errorf("kr-assembly20.tsv: a line of %d fields", len(r))
		}
		all = append(all, person{r[0], []string{r[1]}, []string{r[2]}})
	}
	return all, err
}

// north leaves out rows without Hangul and what the list itself says is wrong.
func (b *bench) north() (all []person, err error) {
	rows, err := b.rows("nk-wikidata.tsv")
	for _, r := range rows {
		if len(r) < 4 {
			return nil, fmt.Errorf("nk-wikidata.tsv: a line of %d fields", len(r))
		}
		if r[1] == "" {
			continue
		}
		p := person{hangul: r[1], latin: strings.Split(r[3], "|")}
		if r[2] != "" && len(r) > 4 && !strings.Contains(r[4], "alternative") && !strings.Contains(r[4], "error") {
			p.hanja = strings.Split(r[2], "|")
		}
		all = append(all, p)
	}
	return all, err
}
